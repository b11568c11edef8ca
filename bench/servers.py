"""The servers under test: how each is installed, started and named."""

import asyncio
import hashlib
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

from bench.database import HOST, BenchError, free_port
from bench.dialects import Dialect, PostGraphile
from bench.load import connect, http_request
from bench.processes import Child
from bench.setting import VARIABLE

ROOT: Final = Path(__file__).resolve().parent.parent
PEERS: Final = ROOT / "bench" / "peers"
OURS: Final = Dialect()
_PATIENCE_SECONDS: Final = 60
_NODE: Final = {"NODE_ENV": "production", "GRAPHILE_ENV": "production"}
_LIMIT: Final = (
    *("-m", "uvicorn", "--factory", "bench.limit:app", "--host", HOST, "--loop", "uvloop", "--http", "httptools"),
    *("--no-access-log", "--log-level", "warning", "--port"),
)


class Kind(msgspec.Struct, frozen=True):
    """One kind of server; `peer` marks those that others make, `packages` are the directories of its npm packages."""

    name: str
    title: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = {}
    packages: tuple[Path, ...] = ()
    peer: bool = False
    dialect: Dialect = OURS


def _node(name: str, title: str, *packages: Path, dialect: Dialect = OURS) -> Kind:
    script = PEERS / name / "server.js"
    # Room for young objects spares the collector work: D1 costs a peer about a tenth less.
    command = ("node", "--max-semi-space-size=64", str(script))
    return Kind(name, title, command, _NODE, packages, peer=True, dialect=dialect)


KINDS: Final = {
    kind.name: kind
    for kind in (
        Kind("gateway", "this gateway", (sys.executable, "-m", "gateway", "serve", "--port")),
        Kind(
            "stock",
            "stock Strawberry",
            (sys.executable, "-m", "gateway", "serve", "--port"),
            {"GATEWAY_EXECUTOR": "reference"},
        ),
        _node("mercurius", "Mercurius, jit", PEERS),
        _node("apollo", "Apollo Server", PEERS),
        _node("yoga", "GraphQL Yoga", PEERS),
        _node("postgraphile", "PostGraphile", PEERS, PEERS / "postgraphile", dialect=PostGraphile()),
        Kind("limit", "the limit: SQL by hand", (sys.executable, *_LIMIT)),
    )
}


class Running(msgspec.Struct, frozen=True):
    """A server that runs, and where."""

    kind: Kind
    port: int
    child: Child


class Place(msgspec.Struct, frozen=True):
    """What every server is started with."""

    setting: Path
    environment: Mapping[str, str]
    core: int
    logs: Path


def chosen(names: str | None) -> list[Kind]:
    """Return the kinds of a list of names with commas; all where there is none.

    Raises:
        BenchError: a name is unknown.
    """
    wanted = list(KINDS) if names is None else [name.strip() for name in names.split(",")]
    unknown = [name for name in wanted if name not in KINDS]
    if unknown:
        message = f"There is no server {unknown[0]}; there are {', '.join(KINDS)}."
        raise BenchError(message)
    return [KINDS[name] for name in KINDS if name in wanted]


def install(kinds: Sequence[Kind]) -> None:
    """Install the packages of the peers, as their lock names them, unless they are there.

    Raises:
        BenchError: node or npm is missing, or npm failed.
    """
    for directory in sorted({directory for kind in kinds for directory in kind.packages}):
        npm = shutil.which("npm")
        if npm is None or shutil.which("node") is None:
            message = "The peers need node and npm; leave them out with --servers gateway,stock,limit."
            raise BenchError(message)
        stamp = directory / "node_modules" / ".bench-lock"
        wanted = hashlib.sha256((directory / "package-lock.json").read_bytes()).hexdigest()
        if stamp.exists() and stamp.read_text() == wanted:
            continue
        made = subprocess.run((npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"), cwd=directory, check=False)
        if made.returncode:
            message = f"npm ci failed in {directory}; its messages are above."
            raise BenchError(message)
        stamp.write_text(wanted)


async def start(kind: Kind, place: Place, token: str) -> Running:
    """Start a server and wait until it answers.

    Raises:
        BenchError: it ended, or did not answer in time.
    """
    port = free_port()
    command = (*kind.command, str(port))
    environment = {**place.environment, **kind.environment, VARIABLE: str(place.setting)}
    log = place.logs / f"{kind.name}.log"
    child = Child(kind.name, command, environment=environment, directory=ROOT, core=place.core, log=log)
    try:
        await _answering(child, port, http_request(token, kind.dialect.text("viewer"), {}))
    except BaseException:
        child.end()
        raise
    return Running(kind, port, child)


async def _answering(child: Child, port: int, request: bytes) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        child.demand_alive()
        try:
            connection = await connect(port)
        except OSError:
            if time.monotonic() > deadline:
                message = f"The server {child.name} does not listen after {_PATIENCE_SECONDS} s."
                raise BenchError(message) from None
            await asyncio.sleep(0.05)
            continue
        answer = await asyncio.wait_for(connection.ask(request), _PATIENCE_SECONDS)
        connection.close()
        if answer.status != b"200":
            message = f"The server {child.name} says {answer.status.decode()}: {answer.body[:300]!r}"
            raise BenchError(message)
        return
