"""The benchmark's PostgreSQL: the embedded one on a TCP port, or the server that DATABASE_URL names."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import quote

import asyncpg

from gateway import starting
from gateway.settings import Settings
from storage.embedded import Embedded
from storage.engine import connect

HOST: Final = "127.0.0.1"


class BenchError(Exception):
    """The benchmark cannot go on; the message is one line for people."""


class Server(Embedded):
    """The embedded PostgreSQL, which every server under test reaches by TCP with a password alike."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self._port = free_port()

    def tcp_url(self, database: str) -> str:
        """Return the superuser's URL by TCP."""
        return f"postgresql://postgres:{quote(self._password, safe='')}@{HOST}:{self._port}/{database}"

    def _arguments(self) -> list[str]:
        return [*super()._arguments(), f"--listen_addresses={HOST}", f"--port={self._port}"]


@contextmanager
def running(settings: Settings) -> Iterator[tuple[str, int | None]]:
    """Give the owner's URL of a migrated database, and the process id of its server where that is on this machine.

    Raises:
        EmbeddedError: the embedded server cannot be started.
        DatabaseUnreachableError: the configured database cannot be reached.
    """
    if settings.database_url is not None:
        yield settings.database_url.get_secret_value(), None
        return
    with Server(settings.data_dir) as server:
        yield server.tcp_url(starting.DATABASE), server.pid


async def create(owner_url: str) -> None:
    """Create the database where the embedded server has none yet."""
    server_url, _, name = owner_url.rpartition("/")
    connection = await connect(f"{server_url}/postgres")
    try:
        await connection.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")
    except asyncpg.DuplicateDatabaseError:
        return
    finally:
        await connection.close()


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def cores() -> tuple[int, int]:
    """Return the core that the servers get, and the one for PostgreSQL and the load.

    Raises:
        BenchError: this process may use one core only, or the system cannot pin.
    """
    if not hasattr(os, "sched_getaffinity"):
        message = "The benchmark pins processes to cores, which takes Linux."
        raise BenchError(message)
    usable = sorted(os.sched_getaffinity(0))
    if len(usable) < 2:  # noqa: PLR2004 - one each
        message = "The benchmark needs two cores: one for the server, one for PostgreSQL and the load."
        raise BenchError(message)
    return usable[0], usable[1]
