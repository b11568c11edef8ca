"""Where it was measured: the machine, and the versions of all that took part."""

import os
import platform
import re
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Final

import orjson

from bench.servers import PEERS
from storage.engine import connect

_OURS: Final = ("strawberry-graphql", "graphql-core", "starlette", "uvicorn", "uvloop", "httptools", "asyncpg")
_THEIRS: Final = ("mercurius", "fastify", "@apollo/server", "graphql-yoga", "graphql", "dataloader", "postgres")
_KIBI: Final = 1024
_MODEL: Final = re.compile(r"^model name\s*:\s*(.+)$", re.MULTILINE)
_MEMORY: Final = re.compile(r"^MemTotal:\s*(\d+) kB$", re.MULTILINE)


def machine() -> str:
    """Describe the machine in one line."""
    model = _MODEL.search(Path("/proc/cpuinfo").read_text())
    memory = _MEMORY.search(Path("/proc/meminfo").read_text())
    gigabytes = int(memory[1]) / _KIBI / _KIBI if memory else 0
    name = model[1] if model else platform.machine()
    return f"{name}, {os.cpu_count()} cores, {gigabytes:.0f} GB, Linux {platform.release()}"


async def versions(owner_url: str) -> dict[str, str]:
    """Return the versions of the database, the languages and the packages that matter."""
    connection = await connect(owner_url)
    try:
        postgresql = await connection.fetchval("SHOW server_version")
    finally:
        await connection.close()
    found = {"PostgreSQL": str(postgresql).split()[0], "Python": platform.python_version(), "Node": _node()}
    return (
        found
        | {name: version(name) for name in _OURS}
        | _installed(PEERS, _THEIRS)
        | _installed(PEERS / "postgraphile", ("postgraphile",))
    )


def _node() -> str:
    try:
        said = subprocess.run(("node", "--version"), capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return "none"
    return said.stdout.strip().removeprefix("v")


def _installed(directory: Path, names: tuple[str, ...]) -> dict[str, str]:
    wanted = orjson.loads((directory / "package.json").read_bytes())["dependencies"]
    return {name: wanted[name] for name in names}
