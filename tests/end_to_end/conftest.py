"""The gateway as its user starts it: a process of its own, on a free port, with an embedded server of its own."""

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PATIENCE = 120.0
STOPPED = 130
"""The exit code of what was interrupted."""


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for(condition: Callable[[], object], *, what: str) -> None:
    """Wait until something is so; fail when it never is."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"never: {what}"
        time.sleep(0.01)


@dataclass
class Served:
    """One `gateway serve` process."""

    process: subprocess.Popen[bytes]
    port: int
    data_dir: Path
    log: Path
    options: tuple[str, ...] = ()

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def output(self) -> str:
        """What it printed so far, without colours."""
        return re.sub(r"\x1b\[[0-9;]*m", "", self.log.read_text(errors="replace"))

    @property
    def example(self) -> str | None:
        """The command that it printed last, to be tried; None before it did."""
        found = re.search(r"^curl -s .*\}'$", self.output, re.DOTALL | re.MULTILINE)
        return found and found[0]

    @property
    def token(self) -> str:
        """The token in that command, which the owner of the first partner asks with."""
        found = re.search("Bearer ([^']+)'", self.example or "")
        assert found, self.output
        return found[1]

    def answers(self) -> bool:
        """Whether it said that it answers; fails when it ended instead."""
        assert self.process.poll() is None, self.output
        return "answers at" in self.output and ("--no-demo" in self.options or self.example is not None)

    def wait(self) -> "Served":
        """Wait until it answers."""
        wait_for(self.answers, what="the gateway answers")
        return self

    def stop(self, how: signal.Signals = signal.SIGINT) -> int:
        """Stop it and return its exit code."""
        self.process.send_signal(how)
        return self.process.wait(PATIENCE)


def environment(**more: str) -> dict[str, str]:
    """Return the environment without what configures a gateway."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GATEWAY_", "DATABASE_"))}
    return {**kept, **more}


def start(data_dir: Path, *options: str, port: int | None = None, **env: str) -> Served:
    """Start a gateway."""
    port = port or free_port()
    data_dir.parent.mkdir(parents=True, exist_ok=True)
    log = data_dir.with_name(f"{data_dir.name}.{port}.log")
    command = [sys.executable, "-m", "gateway", "serve", "--port", str(port), "--data-dir", str(data_dir), *options]
    with log.open("wb") as stream:
        process = subprocess.Popen(command, cwd=ROOT, env=environment(**env), stdout=stream, stderr=stream)
    return Served(process, port, data_dir, log, options)


@pytest.fixture
def serving(reachable: Path) -> Iterator[Callable[..., Served]]:
    """Start gateways that end with the test."""
    started: list[Served] = []

    def begin(*options: str, name: str = "data", **given: object) -> Served:
        made = start(reachable / name, *options, **given)  # type: ignore[arg-type]  # a port, or the environment
        started.append(made)
        return made

    yield begin
    for served in started:
        if served.process.poll() is None:
            served.process.kill()
            served.process.wait()


@contextmanager
def passable_directory() -> Iterator[Path]:
    """Make a directory that every user can pass through, as PostgreSQL's user must when root runs the tests."""
    with tempfile.TemporaryDirectory(prefix="gateway-served-", ignore_cleanup_errors=True) as made:
        Path(made).chmod(0o755)
        yield Path(made)


@pytest.fixture(scope="session")
def demo() -> Iterator[Path]:
    """A data directory with the demo that no process uses, to be copied."""
    with passable_directory() as made:
        served = start(made / "data").wait()
        assert served.stop() == STOPPED
        yield served.data_dir


@pytest.fixture
def furnished(demo: Path, reachable: Path) -> Path:
    """The same for one test's gateways: they find at once what a first start takes seconds to make."""
    return copied(demo, reachable / "data")


def copied(source: Path, target: Path) -> Path:
    """Copy a data directory, whose files are PostgreSQL's user's."""
    subprocess.run(["cp", "-a", source, target], check=True)
    return target


@pytest.fixture
def reachable() -> Iterator[Path]:
    """A directory for one test's gateways."""
    with passable_directory() as made:
        yield made


@pytest.fixture(scope="session")
def explorer_url(demo: Path) -> Iterator[str]:
    """The explorer's address on a running gateway with its demo."""
    with passable_directory() as made:
        served = start(copied(demo, made / "data")).wait()
        yield f"{served.url}/explorer/"
        served.stop()
