"""Turns: a few at once, and nobody waits for the slow for long."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

AT_ONCE: Final = 2
"""How many take their turn at once."""
PATIENCE_SECONDS: Final = 0.1
"""How long anybody waits for a turn before going on without one."""


class Turns:
    """Statements about many keys take turns within one process.

    The process reads their rows more slowly than PostgreSQL makes them. Where many run at once, all of them end at
    once, and the process has nothing to do until they do; in turn, it reads the first while the next is made.
    """

    def __init__(self) -> None:
        self._places = asyncio.Semaphore(AT_ONCE)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a turn, but no longer than for a while."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self._places.acquire()
        except TimeoutError:
            yield
            return
        try:
            yield
        finally:
            self._places.release()
