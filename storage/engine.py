"""The database: asyncpg's connections for reads, a SQLAlchemy engine for writes, and the rules both keep."""

import re
from collections.abc import Mapping
from typing import Any, Final

import asyncpg
import orjson
from sqlalchemy import event
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from storage.base import Reach
from storage.connections import Connections
from storage.rls import REACH_ROLES

DIALECT: Final = PGDialect_asyncpg()  # type: ignore[no-untyped-call]  # SQLAlchemy leaves its dialects untyped
"""Compiles the statements that the read pool runs."""

_BLANK: Final = r"(?:\s|--[^\n]*(?:\n|$)|/\*.*?\*/)*"
_LASTING_SET: Final = re.compile(rf"^{_BLANK}SET\s+(?!LOCAL\b|TRANSACTION\b|CONSTRAINTS\b)", re.IGNORECASE | re.DOTALL)
_SET_CONFIG: Final = re.compile(r"set_config\W*\(", re.IGNORECASE)
_LOCAL_END: Final = re.compile(r",\s*true\s*$", re.IGNORECASE)


class LastingSettingError(RuntimeError):
    """A statement would change a setting beyond its transaction, and so beyond its tenant."""


class DatabaseUnreachableError(Exception):
    """The database does not answer; the message is one line for people and holds no password."""


def dsn_for_asyncpg(url: str) -> str:
    """Strip SQLAlchemy's driver name from a database URL."""
    return re.sub(r"^postgres(?:ql)?(?:\+\w+)?://", "postgresql://", url)


async def connect(url: str) -> "asyncpg.Connection[asyncpg.Record]":
    """Open one connection, prepared as the pools prepare theirs.

    Raises:
        DatabaseUnreachableError: the server cannot be reached or refuses the login.
    """
    try:
        connection = await asyncpg.connect(dsn_for_asyncpg(url), timeout=10)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, ValueError) as error:
        message = f"The database cannot be reached: {_one_line(error)}"
        raise DatabaseUnreachableError(message) from error
    await _prepare(connection)
    return connection


def _one_line(error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return "it did not answer within 10 seconds."
    return (str(error).splitlines() or [type(error).__name__])[0]


async def _prepare(connection: Any) -> None:
    await connection.set_type_codec(
        "jsonb", schema="pg_catalog", encoder=lambda value: orjson.dumps(value).decode(), decoder=orjson.loads
    )
    # asyncpg looks up array types when it first meets them: here, not in somebody's request.
    await connection.fetchrow("SELECT NULL::uuid[], NULL::text[]")


class Database:
    """One database as the unprivileged login: where reads and writes get their connections.

    `roles` maps each reach to the role a transaction takes; production passes the declared ones.
    """

    def __init__(self, url: str, *, roles: Mapping[Reach, str] = REACH_ROLES, size: int = 10) -> None:
        self.url = url
        self.roles = roles
        self._size = size
        self._reads: Connections | None = None
        self._writes: AsyncEngine | None = None

    async def open(self) -> None:
        """Connect.

        Raises:
            DatabaseUnreachableError: the server cannot be reached or refuses the login.
        """
        first = await connect(self.url)
        self._reads = Connections(self._connected, size=self._size)
        self._reads.adopt(first)
        self._writes = create_async_engine(
            "postgresql+asyncpg://",
            async_creator=lambda: asyncpg.connect(dsn_for_asyncpg(self.url)),
            pool_size=self._size,
            max_overflow=0,
            json_serializer=lambda value: orjson.dumps(value).decode(),
            json_deserializer=orjson.loads,
        )
        event.listen(self._writes.sync_engine, "before_cursor_execute", refuse_lasting_settings)

    async def _connected(self) -> "asyncpg.Connection[asyncpg.Record]":
        connection = await asyncpg.connect(dsn_for_asyncpg(self.url))
        await _prepare(connection)
        return connection

    async def close(self) -> None:
        """Give every connection back to the server."""
        if self._reads is not None:
            await self._reads.close()
        if self._writes is not None:
            await self._writes.dispose()
        self._reads = self._writes = None

    @property
    def reads(self) -> Connections:
        """The connections that read-only transactions borrow."""
        if self._reads is None:
            message = "the database is not open"
            raise RuntimeError(message)
        return self._reads

    @property
    def writes(self) -> AsyncEngine:
        """The engine that read-write transactions borrow from."""
        if self._writes is None:
            message = "the database is not open"
            raise RuntimeError(message)
        return self._writes


def refuse_lasting_settings(
    _connection: Any, _cursor: Any, statement: str, _parameters: Any, _context: Any, _many: Any
) -> None:
    """Refuse a SET that outlives its transaction.

    Raises:
        LastingSettingError: the statement is such a SET.
    """
    if _LASTING_SET.search(statement) or not all(
        _LOCAL_END.search(_arguments(statement, found.end())) for found in _SET_CONFIG.finditer(statement)
    ):
        raise LastingSettingError(statement.split("=", maxsplit=1)[0])


def _arguments(statement: str, start: int) -> str:
    """Return what stands between a parenthesis and the one that closes it."""
    depth = 1
    for end, letter in enumerate(statement[start:], start):
        depth += (letter == "(") - (letter == ")")
        if depth == 0:
            return statement[start:end]
    return statement[start:]
