"""Who waits for whom in the database, and a line to it that can be cut."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlencode, urlsplit, urlunsplit

import asyncpg
from sqlalchemy import func, select

from storage.clients import client
from tenancy.principal import Identity
from tests.tenancy.conftest import Ground


def count_clients(bounds: Any) -> Any:
    """Ask how many clients there are."""
    return select(func.count(client.c.id)).where(bounds(client))


async def until(owner: Any, question: str, *arguments: Any) -> None:
    """Return once the server answers yes."""
    while not await owner.fetchval(question, *arguments):  # noqa: ASYNC110 - the server tells nobody who waits for whom
        await asyncio.sleep(0)


async def blocked(owner: Any, pid: int) -> None:
    """Return once some connection waits for what another holds."""
    await until(owner, "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE $1 = ANY (pg_blocking_pids(pid)))", pid)


@asynccontextmanager
async def holding(ground: Ground, statement: str, *arguments: Any) -> AsyncIterator[Any]:
    """Hold what a statement locks, in a transaction of the owner's that is rolled back unless it is ended."""
    connection = await asyncpg.connect(ground.url)
    await connection.execute("SET ROLE gateway_owner")
    transaction = connection.transaction()
    await transaction.start()
    await connection.execute(statement, *arguments)
    connection_pid = connection.get_server_pid()
    try:
        yield _Held(transaction, connection_pid)
    finally:
        await connection.close()


class _Held:
    def __init__(self, transaction: Any, pid: int) -> None:
        self.commit = transaction.commit
        self.rollback = transaction.rollback
        self.pid = pid


async def a_client(ground: Ground) -> dict[str, Any]:
    """Make up a client's row but for its partner and id."""
    row = dict(await ground.owner.fetchrow("SELECT * FROM gateway.client LIMIT 1"))
    for name in ("partner_id", "id", "default_card_id", "import_source", "import_ref", "billing_address"):
        row.pop(name)
    return {**row, "shipping_address": None}


class Line:
    """A line to the database server that can be cut."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        asked = parse_qs(parts.query)
        self._host = unquote(asked.get("host", [parts.hostname or "localhost"])[0])
        self._port = int(asked.get("port", [parts.port or 5432])[0])
        self._directory = Path(tempfile.mkdtemp(prefix="line-"))
        query = urlencode({"host": str(self._directory), "port": self._port})
        place = parts.netloc.rpartition("@")[0] + "@"
        self.url = urlunsplit(parts._replace(netloc=place, query=query))
        self._server: asyncio.Server | None = None
        self._writers: list[asyncio.StreamWriter] = []

    async def mend(self) -> None:
        """Take calls."""
        path = self._directory / f".s.PGSQL.{self._port}"
        self._server = await asyncio.start_unix_server(self._joined, path=path)

    async def cut(self) -> None:
        """Drop every call and take no more."""
        if self._server is not None:
            self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()
        (self._directory / f".s.PGSQL.{self._port}").unlink(missing_ok=True)

    async def remove(self) -> None:
        """Cut, and leave nothing behind."""
        await self.cut()
        shutil.rmtree(self._directory)

    async def _joined(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._host.startswith("/"):
            far_reader, far_writer = await asyncio.open_unix_connection(f"{self._host}/.s.PGSQL.{self._port}")
        else:
            far_reader, far_writer = await asyncio.open_connection(self._host, self._port)
        self._writers += [writer, far_writer]
        await asyncio.gather(_copied(reader, far_writer), _copied(far_reader, writer))


async def _copied(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while chunk := await reader.read(65536):
            writer.write(chunk)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.transport.abort()


ENDINGS: Final = {
    "run out": "UPDATE gateway.membership SET valid_until = '2020-01-01' WHERE id = $1",
    "at another epoch": "UPDATE gateway.membership SET epoch = epoch + 1 WHERE id = $1",
    "deleted": "DELETE FROM gateway.membership WHERE id = $1",
}


async def member(ground: Ground, role: str = "OWNER") -> Identity:
    """Add a member of my partner's that a test may end."""
    return await ground.join("PARTNER_MEMBER", role=role)
