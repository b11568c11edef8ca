"""What the embedded server's directory holds beside the data: lock, password, sockets.

Part of `storage.embedded`; nothing else imports this module.
"""

import fcntl
import hashlib
import os
import secrets
import stat
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from storage.embedded_programs import EmbeddedError, running, without_passwd_entry

NAME: Final = "reseller-gateway"
PORT: Final = 5432
SOCKET: Final = f".s.PGSQL.{PORT}"
LONGEST_SOCKET_DIRECTORY: Final = 90
"""Bytes; an address is at most 107 (Linux) or 103 (macOS), the socket's name and the
name of its lock file included."""
LIVE_HOLDER_GRACE: Final = 2.0
DEAD_HOLDER_GRACE: Final = 30.0
"""Seconds to wait for the lock of an owner that runs, or that has ended and left a
PostgreSQL which is still writing its last checkpoint."""


def make_root(root: Path) -> None:
    """Create the directory, or refuse one in which others could plant files."""
    if not root.exists():
        root.mkdir(parents=True)
        # The user that PostgreSQL runs as, if we are root, passes through to data/.
        root.chmod(0o711 if os.geteuid() == 0 else 0o700)
    if root.stat().st_mode & 0o022:
        message = f"{root} can be changed by other users; choose a directory inside it, or another, with --data-dir."
        raise EmbeddedError(message)


def take_lock(file: Path) -> int:
    """Lock `file` for this process and return its descriptor.

    PostgreSQL inherits the descriptor, so the lock is free only when the owner and
    every server process have ended: who holds it is alone on the data.
    """
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    began = time.monotonic()
    while not _locked(descriptor):
        holder = os.pread(descriptor, 20, 0).decode(errors="replace").strip()
        alive = holder.isdecimal() and running(int(holder)) is not None
        grace = LIVE_HOLDER_GRACE if alive else DEAD_HOLDER_GRACE
        if time.monotonic() - began > grace:
            os.close(descriptor)
            whose = f"process {holder}" if alive else _left_server(file.parent)
            message = f"{file.parent} is in use by another gateway ({whose})."
            raise EmbeddedError(message)
        time.sleep(0.05)
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, str(os.getpid()).encode(), 0)
    return descriptor


def _left_server(root: Path) -> str:
    lines = pid_file_lines(root / "data")
    return f"its PostgreSQL, process {lines[0] if lines else '?'}, has not ended"


def pid_file_lines(data: Path) -> list[str]:
    """Return what the server on `data` says of itself; nothing if there is none."""
    try:
        text = (data / "postmaster.pid").read_text()
    except FileNotFoundError:
        return []
    return [line.strip() for line in text.splitlines()]


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def serving_sockets(root: Path) -> Path | None:
    """Return the socket directory of the server that another process runs on `root`; None where none answers."""
    try:
        descriptor = os.open(root / "lock", os.O_RDWR | os.O_NOFOLLOW)
    except FileNotFoundError:
        return None
    try:
        if _locked(descriptor):
            return None
    finally:
        os.close(descriptor)
    lines = pid_file_lines(root / "data")
    return Path(lines[4]) if lines[7:8] == ["ready"] else None


def release_lock(descriptor: int) -> None:
    """Give the lock up; a server process that is left keeps it until it ends."""
    os.ftruncate(descriptor, 0)
    os.close(descriptor)  # and no LOCK_UN, which would free it for all


def write_private(file: Path, text: str, owner: tuple[int, int] | None) -> None:
    """Replace `file` atomically by `text`, readable by `owner` alone."""
    draft = file.with_name(f"{file.name}.new")
    draft.unlink(missing_ok=True)
    # O_EXCL follows no symbolic link: the directory may belong to the server's user.
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as stream:
        if owner:
            os.fchown(descriptor, *owner)
        stream.write(text)
        stream.flush()
        os.fsync(descriptor)
    draft.replace(file)


def superuser_password(file: Path, owner: tuple[int, int] | None) -> str:
    """Return the password in `file`, which is made on first use."""
    if not file.exists():
        write_private(file, secrets.token_urlsafe(24), owner)
    return file.read_text().strip()


def socket_directory(root: Path, owner: tuple[int, int] | None) -> Path:
    """Return a directory for the server's sockets that only `owner` can enter."""
    for directory in _socket_candidates(root, as_root=owner is not None):
        if _fits(directory):
            _make_private(directory, owner)
            return directory
    message = f"No directory for sockets has a short, plain path ({root}, TMPDIR, /tmp)."
    raise EmbeddedError(message)


def _socket_candidates(root: Path, *, as_root: bool) -> Iterator[Path]:
    yield root / "run"
    digest = hashlib.sha256(os.fsencode(root)).hexdigest()[:16]
    name = f"{NAME}-{os.geteuid()}-{digest}"
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    # Root's own runtime directory is closed to the user PostgreSQL runs as.
    if not as_root and runtime.startswith("/") and Path(runtime).is_dir():
        yield Path(runtime) / name
    yield Path(tempfile.gettempdir()).absolute() / name
    yield Path("/tmp") / name  # noqa: S108 - ownership and mode are checked below


def _fits(directory: Path) -> bool:
    # PostgreSQL and the drivers split a list at the comma; quoting differs among them.
    plain = not set(str(directory)) & set(',"')
    return plain and len(os.fsencode(directory)) <= LONGEST_SOCKET_DIRECTORY


def _make_private(directory: Path, owner: tuple[int, int] | None) -> None:
    """Create `directory`, or refuse one that others own, planted or can enter."""
    directory.mkdir(mode=0o700, exist_ok=True)
    found = directory.lstat()
    uid = owner[0] if owner else os.geteuid()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {uid, os.geteuid()} or found.st_mode & 0o077:
        message = (
            f"{directory} is not a private directory of user id {uid}; somebody else may have put it there. Remove it."
        )
        raise EmbeddedError(message)
    if owner and found.st_uid != uid:
        os.chown(directory, *owner, follow_symlinks=False)


def default_data_dir() -> Path:
    """Return where a user's data lives unless `--data-dir` says otherwise.

    For root that is outside /root, which the user PostgreSQL runs as cannot enter.
    """
    if os.geteuid() == 0:
        return Path("/var/lib") / NAME
    try:
        home = Path.home()
    except RuntimeError:
        raise without_passwd_entry(os.geteuid()) from None
    if sys.platform == "darwin":
        return home / "Library" / "Application Support" / NAME
    configured = os.environ.get("XDG_DATA_HOME", "")
    base = Path(configured) if configured.startswith("/") else home / ".local" / "share"
    return base / NAME
