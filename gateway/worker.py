"""The worker: numbers the trails and runs the jobs, over and over, until it is told to stop."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Final
from uuid import UUID

import structlog

from resolvers.errors import BusyError, UnavailableError
from resolvers.jobs import HANDLERS
from tenancy.relay import Outcome, Ran, Relay
from tenancy.scope import Boundary

log: Final = structlog.get_logger()

IDLE_SECONDS: Final = 0.25
"""How long to rest when there is nothing to do: what was committed is numbered well within a second."""
FIRST_PAUSE_SECONDS: Final = 0.5
LONGEST_PAUSE_SECONDS: Final = 5.0
"""How long to rest at most while the database is gone, or before a partner that something is wrong with is tried."""
JOBS_AT_A_TIME: Final = 10
"""How many jobs of one kind a partner gets before it is the next one's turn."""
GRACE_SECONDS: Final = 10.0
"""How long the transactions in hand may take once the worker is told to stop."""


class Worker:
    """One worker; any number of them, in as many processes, share the work.

    Numbering goes on beside the jobs, so that it waits for none. One partner's failure holds up no other, and while the
    database is gone the worker waits for it.
    """

    def __init__(self, boundary: Boundary) -> None:
        self._relay = Relay(boundary, HANDLERS)
        self._stopping = asyncio.Event()
        self._resting: dict[UUID, float] = {}

    async def dead(self) -> int:
        """Count the jobs that nobody tries any more."""
        return await self._relay.dead()

    def stop(self) -> None:
        """End after the transactions in hand."""
        self._stopping.set()

    async def run(self) -> None:
        """Work until stopped or cancelled; either way the transactions in hand are finished first."""
        work = asyncio.gather(self._repeat("numbering", self._number), self._repeat("jobs", self._run_jobs))
        try:
            await self._stopping.wait()
        finally:
            self.stop()
            await asyncio.wait({work}, timeout=GRACE_SECONDS)
            if work.cancel():
                log.warning("worker.abandoned")
            with suppress(asyncio.CancelledError):
                await work

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Work beside what is done inside."""
        task = asyncio.create_task(self.run())
        try:
            yield
        finally:
            self.stop()
            await task

    async def _repeat(self, what: str, turn: Callable[[], Awaitable[bool]]) -> None:
        pause = 0.0
        while not self._stopping.is_set():
            try:
                busy = await turn()
            except Exception as error:  # noqa: BLE001 - the worker outlives whatever goes wrong
                if not pause:
                    log.warning("worker.interrupted", what=what, error=type(error).__name__)
                pause = min(2 * pause or FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS)
                await self._rest(pause)
                continue
            if pause:
                log.info("worker.resumed", what=what)
            pause = 0.0
            await self._rest(0 if busy else IDLE_SECONDS)

    async def _rest(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)

    async def _number(self) -> bool:
        """Give each partner with unnumbered rows one turn, and tell whether anything was numbered."""
        numbered = 0
        for partner_id in await self._relay.unnumbered():
            if self._stopping.is_set():
                break
            if self._resting.get(partner_id, 0) <= time.monotonic():
                numbered += await self._number_one(partner_id)
        return numbered > 0

    async def _number_one(self, partner_id: UUID) -> int:
        try:
            return await self._relay.number(partner_id)
        except UnavailableError:
            raise
        except BusyError:
            return 0
        except Exception as error:  # noqa: BLE001 - what is wrong with one partner is not to hold up the others
            log.error("worker.trail_stuck", partner_id=str(partner_id), error=type(error).__name__)  # noqa: TRY400 - a traceback could quote rows
            self._resting[partner_id] = time.monotonic() + LONGEST_PAUSE_SECONDS
            return 0

    async def _run_jobs(self) -> bool:
        """Give each partner and kind with due jobs one turn, and tell whether any job was run."""
        ran = 0
        for partner_id, kind in await self._relay.due():
            for _ in range(JOBS_AT_A_TIME):
                if self._stopping.is_set() or not await self._run_next(partner_id, kind):
                    break
                ran += 1
        return ran > 0

    async def _run_next(self, partner_id: UUID, kind: str) -> bool:
        try:
            ran = await self._relay.run_next(partner_id, kind)
        except BusyError:
            return False
        if ran is not None:
            await self._tell(ran)
        return ran is not None

    async def _tell(self, ran: Ran) -> None:
        about = {"kind": ran.kind, "job_id": str(ran.job_id), "attempt": ran.attempt}
        if ran.outcome is Outcome.DONE:
            log.info("job.done", **about)
        elif ran.outcome is Outcome.FAILED:
            log.warning("job.failed", **about, error=ran.error)
        else:
            log.error("job.dead", **about, error=ran.error, dead=await self.dead())
