"""Reads inside a scope: one snapshot for a whole operation, on one connection.

The first statement of its transaction reads the live membership and takes reach and keys from that row; every later
one is checked by the query scope and filtered by row-level security.
"""

import asyncio
import time
from collections.abc import Callable, Hashable
from contextlib import suppress
from typing import Any, Final

import asyncpg
from sqlalchemy.sql.selectable import Select

from tenancy import entering, predicates
from tenancy.boundary import Boundary, Standing
from tenancy.errors import BusyError, UnauthenticatedError, UnavailableError
from tenancy.outcomes import UNREACHABLE
from tenancy.predicates import Bounds
from tenancy.principal import Identity

RECHECK_SECONDS: Final = 0.5
"""A read that took longer asks again whether the membership still lives before its answer leaves."""

MANY_KEYS: Final = 256
"""About how many keys a statement is asked that takes its turn."""
_BEGIN: Final = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
# Begins the next reader's transaction, which is of the same kind, with the end of this one.
_COMMIT: Final = "COMMIT AND CHAIN"
# A statement that ran or waited too long, and those that come after it in the same snapshot.
_STOPPED: Final = (asyncpg.QueryCanceledError, asyncpg.LockNotAvailableError, asyncpg.InFailedSQLTransactionError)


class ReadScope:
    """One read-only snapshot: statements run one after another on one connection."""

    def __init__(self, boundary: Boundary, connection: Any, standing: Standing, identity: Identity) -> None:
        self.standing = standing
        self.principal = standing.principal
        self._boundary = boundary
        self._connection = connection
        self._identity = identity
        self._began = time.monotonic()
        self._bound = predicates.values(standing.principal)
        self._lock = asyncio.Lock()
        self._running: set[asyncio.Task[Any] | None] = set()

    async def fetch(
        self, key: Hashable, build: Callable[[Bounds], Select[Any]], *, asked: int = 1, **parameters: Any
    ) -> list["asyncpg.Record"]:
        """Run a question's statement; `key` names it, so that it is built and checked once.

        `asked` is about how many keys: where these are many, the statement takes its turn.
        """
        standing = self.standing
        text, names, defaults = self._boundary.compiled(self.principal.reach, key, build, seen=standing.seen)
        bound = {**defaults, **parameters, **self._bound}
        given = [bound[name] for name in names]
        task = asyncio.current_task()
        self._running.add(task)
        try:
            async with self._lock:
                if asked < MANY_KEYS:
                    return await self._connection.fetch(text, *given)  # type: ignore[no-any-return]  # the driver's
                async with self._boundary.turns.turn():
                    return await self._connection.fetch(text, *given)  # type: ignore[no-any-return]  # the driver's
        except _STOPPED as error:
            raise BusyError from error
        except UNREACHABLE as error:
            raise UnavailableError from error
        finally:
            self._running.discard(task)

    async def close(self) -> None:
        """Give the snapshot back, once what runs in it and what waits for it is gone.

        Raises:
            UnauthenticatedError: the membership ended while a long read ran.
            UnavailableError: the database went away.
        """
        await self._stop()
        clean = False
        try:
            late = time.monotonic() - self._began > RECHECK_SECONDS
            await self._connection.execute("COMMIT" if late else _COMMIT)
            clean = True
            if late:
                await self._recheck()
        except UNREACHABLE as error:
            raise UnavailableError from error
        finally:
            self._boundary.database.reads.release(self._connection, clean=clean)

    async def _stop(self) -> None:
        stragglers = [task for task in self._running if task is not None and task is not asyncio.current_task()]
        if stragglers:
            for task in stragglers:
                task.cancel()
            await asyncio.gather(*stragglers, return_exceptions=True)

    async def _recheck(self) -> None:
        """Refuse the answer of a long read whose membership ended meanwhile."""
        if not await self._connection.fetchval(entering.ALIVE, *entering.alive_parameters(self._identity)):
            raise UnauthenticatedError


async def open_read(boundary: Boundary, identity: Identity | None) -> ReadScope:
    """Open a snapshot for somebody.

    Raises:
        UnauthenticatedError: nobody asks, or the membership is not alive at this epoch.
        UnavailableError: the database cannot be reached.
    """
    if identity is None:
        raise UnauthenticatedError
    connections = boundary.database.reads
    reading, clean = None, False
    try:
        connection = await connections.acquire()
        try:
            reading = await _entered(boundary, connection, identity)
            clean = True
        except asyncio.CancelledError:
            with suppress(*UNREACHABLE):
                await connection.execute("ROLLBACK")
                clean = True
            raise
        finally:
            if reading is None:
                connections.release(connection, clean=clean)
    except UNREACHABLE as error:
        raise UnavailableError from error
    if reading is None:
        raise UnauthenticatedError
    return reading


async def _entered(boundary: Boundary, connection: Any, identity: Identity) -> ReadScope | None:
    """Begin the transaction and read who asks; it is ended again where that is nobody."""
    if not connection.is_in_transaction():
        await connection.execute(_BEGIN)
    row = await connection.fetchrow(entering.ENTER, *entering.alive_parameters(identity), *boundary.roles)
    if row is None:
        await connection.execute("ROLLBACK")
        return None
    if row["stale"]:
        raise entering.LeftoverSettingError
    return ReadScope(boundary, connection, boundary.standing(row), identity)
