"""The last step before PostgreSQL: drop root, end with the parent, become the program.

Run as a script by `storage.embedded`, with the standard library alone:

    embedded_process.py PARENT_PID DEATH_SIGNAL UID:GID|'' PROGRAM [ARGUMENT ...]

A script and not `preexec_fn`: that runs Python between fork and exec, where a lock
held by any other thread (a logger, an allocator, a DNS lookup) is held for ever, and
Python 3.12 warns about it.  And not `Popen(user=…)`: the interpreter itself may lie in
a directory, such as /root, which the unprivileged user cannot enter, so it has to be
running before the change of user.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
CLEAN_ENVIRONMENT = {"LC_ALL": "C", "TZ": "UTC", "HOME": "/", "PATH": os.defpath}
"""All that PostgreSQL inherits: no PG*, LD_* or locale variable of the caller."""


def become(parent: int, death_signal: int, account: str, command: list[str]) -> None:
    """Replace this process by `command`; returns only by an exception."""
    # Loaded while still root, for the same reason as above.
    libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
    # Python catches SIGINT and would swallow one that arrives just before the exec.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    os.umask(0o077)
    if account:
        uid, gid = map(int, account.split(":"))
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    # After the change of user, for the kernel forgets the death signal at one.
    if libc is not None and libc.prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    # A parent that died before the call above sends no signal any more.
    if os.getppid() != parent:
        sys.exit("The parent process has ended.")
    os.execve(command[0], command, CLEAN_ENVIRONMENT)  # noqa: S606 - a shell adds nothing


if __name__ == "__main__":
    _, parent_pid, signal_number, user, *program = sys.argv
    try:
        become(int(parent_pid), int(signal_number), user, program)
    except OSError as error:
        sys.exit(f"{program[0]}: {error.strerror}")
