"""The connections that reads borrow: kept open, lent to one reader at a time, and thrown away where in doubt.

A read borrows a connection for every request, which is worth a pool that does nothing else; the driver's own runs
sixty functions for each loan.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Final, TypeAlias

import asyncpg

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
IDLE_SECONDS: Final = 300.0
"""How long a connection that nobody needs is kept; one stays open always."""
BEGUN_SECONDS: Final = 0.05
"""How long a connection lies ready inside a transaction that was begun for its next reader."""
_END: Final = "ROLLBACK"
_CLOSED: Final = "the connections are closed"


class Connections:
    """At most `size` connections; whoever finds none waits, and is served in turn.

    A reader may give a connection back with the next transaction begun already (`COMMIT AND CHAIN`), which spares the
    next reader a round trip. Nothing has run in it, so that it holds no snapshot and no lock; one that nobody uses at
    once is ended.
    """

    def __init__(self, connect: Callable[[], Awaitable[Connection]], *, size: int) -> None:
        self._connect = connect
        self._size = size
        self._open: set[Connection] = set()
        self._opening = 0
        self._free: list[tuple[Connection, float]] = []
        self._waiting: deque[asyncio.Future[Connection | None]] = deque()
        self._closed = False
        self._loop = asyncio.get_running_loop()
        self._clock = self._loop.time
        self._sweeping: asyncio.TimerHandle | None = None
        self._ending: set[asyncio.Task[None]] = set()

    @property
    def idle(self) -> list[Connection]:
        """Those that nobody has borrowed."""
        return [connection for connection, _ in self._free if not connection.is_closed()]

    def adopt(self, connection: Connection) -> None:
        """Take a connection that was opened elsewhere."""
        self._open.add(connection)
        self.release(connection)

    async def acquire(self) -> Connection:
        """Borrow a connection, which `release` gives back; it may be in a transaction that nothing has run in.

        Raises:
            InterfaceError: all of them are closed for good.
            OSError: the server cannot be reached; so may the driver's own errors say.
        """
        while True:
            if self._closed:
                raise asyncpg.InterfaceError(_CLOSED)
            while self._free:
                connection, _ = self._free.pop()
                if not connection.is_closed():
                    return connection
                self._open.discard(connection)
            # One whose transaction is being ended comes back sooner than a new one is opened.
            coming = len(self._ending) > len(self._waiting)
            if not coming and len(self._open) + self._opening < self._size:
                return await self._opened()
            lent = await self._turn()
            if lent is not None:
                return lent

    def release(self, connection: Connection, *, clean: bool = True) -> None:
        """Give a connection back; one that is not `clean`, as when its transaction may be open, is thrown away."""
        if not clean or self._closed:
            connection.terminate()
        if connection.is_closed():
            self._open.discard(connection)
            self._next(None)
        elif not self._next(connection):
            now = self._clock()
            self._free.append((connection, now))
            if self._sweeping is None and connection.is_in_transaction():
                self._sweeping = self._loop.call_later(BEGUN_SECONDS, self._sweep)
            oldest, since = self._free[0]
            if now - since > IDLE_SECONDS:
                del self._free[0]
                self._open.discard(oldest)
                oldest.terminate()

    @asynccontextmanager
    async def borrowed(self) -> AsyncIterator[Connection]:
        """Borrow a connection for a while, outside any transaction."""
        connection = await self.acquire()
        try:
            if connection.is_in_transaction():
                await connection.execute(_END)
            yield connection
        finally:
            self.release(connection, clean=not connection.is_in_transaction())

    async def close(self) -> None:
        """Close all of them; those that are lent end at once."""
        self._closed = True
        if self._sweeping is not None:
            self._sweeping.cancel()
        while self._next(None):
            pass
        free = self.idle
        self._free.clear()
        for connection in self._open.difference(free):
            connection.terminate()
        for connection in free:
            await connection.close()
        self._open.clear()
        await asyncio.gather(*self._ending)

    async def _opened(self) -> Connection:
        self._opening += 1
        try:
            connection = await self._connect()
        except BaseException:
            self._opening -= 1
            self._next(None)
            raise
        self._opening -= 1
        if self._closed:
            connection.terminate()
            raise asyncpg.InterfaceError(_CLOSED)
        self._open.add(connection)
        return connection

    def _sweep(self) -> None:
        """End the transactions that were begun for nobody."""
        self._sweeping = None
        now = self._clock()
        begun = [(lying, since) for lying, since in self._free if lying.is_in_transaction()]
        for lying, since in begun:
            if now - since < BEGUN_SECONDS:
                self._sweeping = self._loop.call_later(BEGUN_SECONDS, self._sweep)
                return
            self._free.remove((lying, since))
            ending = self._loop.create_task(self._end(lying))
            self._ending.add(ending)
            ending.add_done_callback(self._ending.discard)

    async def _end(self, connection: Connection) -> None:
        clean = False
        try:
            with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                await connection.execute(_END)
                clean = True
        finally:
            self.release(connection, clean=clean)

    async def _turn(self) -> "Connection | None":
        """Wait for a connection; None where there is none, but room for another."""
        turn: asyncio.Future[Connection | None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.cancelled():
                with suppress(ValueError):  # who came to it in the queue took it out
                    self._waiting.remove(turn)
            elif (lent := turn.result()) is not None:
                self.release(lent)
            else:
                self._next(None)
            raise

    def _next(self, connection: "Connection | None") -> bool:
        """Wake who waits longest; False where nobody waits."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(connection)
                return True
        return False
