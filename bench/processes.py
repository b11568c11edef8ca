"""Processes of the benchmark's own: pinned to a core, measured from outside, put to rest and always ended."""

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from bench.database import BenchError

_TICKS: Final = os.sysconf("SC_CLK_TCK")
_PATIENCE_SECONDS: Final = 10
_TIED: Final = ("setpriv", "--pdeathsig", "KILL")
"""A server that rests would outlast a benchmark that is killed."""


class Child:
    """A server under test, pinned to one core; what it prints goes to a file."""

    def __init__(  # noqa: PLR0913 - what a process is started with
        self,
        name: str,
        command: Sequence[str],
        *,
        environment: Mapping[str, str],
        directory: Path,
        core: int,
        log: Path,
    ) -> None:
        self.name = name
        self._log = log
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                (*_TIED, "taskset", "--cpu-list", str(core), *command),
                env={**os.environ, **environment},
                cwd=directory,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,  # Ctrl-C at a terminal is for the benchmark to handle
            )

    @property
    def pid(self) -> int:
        """The process id: what pins and ties it becomes the server."""
        return self._process.pid

    def demand_alive(self) -> None:
        """Refuse to go on with a server that has ended.

        Raises:
            BenchError: it has; the message holds its last words.
        """
        if self._process.poll() is not None:
            words = self._log.read_text(errors="replace").strip().splitlines()[-8:]
            message = f"The server {self.name} ended: {' / '.join(words) or 'it said nothing'}"
            raise BenchError(message)

    def rest(self) -> None:
        """Stop the process where it stands, so that it takes no time from the one that is measured."""
        self._process.send_signal(signal.SIGSTOP)

    def wake(self) -> None:
        """Let the process go on."""
        self._process.send_signal(signal.SIGCONT)

    def end(self) -> None:
        """End the process, politely at first, and wait until it is gone."""
        self.wake()
        self._process.terminate()
        try:
            self._process.wait(_PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def cpu_seconds(pid: int) -> float:
    """Return the processor time that a process and all below it have taken, those that have ended included."""
    numbers = _stats()
    return sum(sum(numbers[member][1]) for member in _tree(pid, numbers)) / _TICKS


def resident_megabytes(pid: int) -> float:
    """Return the memory that a process holds in RAM."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def _stats() -> dict[int, tuple[int, tuple[int, ...]]]:
    """Read of every process its parent and its ticks: in user and kernel mode, its own and its ended children's."""
    found = {}
    for directory in Path("/proc").iterdir():
        if directory.name.isdecimal():
            try:
                # The name in parentheses may hold anything, so count from behind it.
                fields = (directory / "stat").read_text().rpartition(")")[2].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            found[int(directory.name)] = (int(fields[1]), tuple(int(ticks) for ticks in fields[11:15]))
    return found


def _tree(pid: int, numbers: Mapping[int, tuple[int, tuple[int, ...]]]) -> Iterator[int]:
    if pid in numbers:
        yield pid
        for child, (parent, _ticks) in numbers.items():
            if parent == pid:
                yield from _tree(child, numbers)
