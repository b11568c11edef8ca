"""One operation of one caller: its request, its scope and its deadline."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, TypeVar

import structlog

from connectors.cards import CardProcessor
from resolvers.context import Request
from resolvers.errors import DeadlineExceededError, ExpectedError, UnauthenticatedError
from tenancy.decide import Deny
from tenancy.principal import Identity
from tenancy.privileges import Privilege
from tenancy.scope import Boundary, ReadScope, Scope

log: Final = structlog.get_logger()
Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class HttpCaller:
    """The caller of one HTTP request."""

    boundary: Boundary
    identity: Identity | None
    request_id: str
    cards: CardProcessor
    deadline_seconds: float
    address: str | None = None

    def begin(self) -> "RunningOperation":
        """Begin one operation, with a request, a scope and loaders of its own."""
        scope = Scope(self.boundary, self.identity)
        return RunningOperation(
            Request(scope, request_id=self.request_id, cards=self.cards, address=self.address),
            deadline_seconds=self.deadline_seconds,
        )


class RunningOperation:
    """One operation while it runs."""

    def __init__(self, request: Request, *, deadline_seconds: float) -> None:
        self.context = request
        self._deadline_seconds = deadline_seconds

    def expect(self, guards: frozenset[Privilege]) -> None:
        """Take the privileges that what was selected needs: they are decided before anything of it runs."""
        self.context.scope.expect(guards)

    async def read(self) -> ReadScope:
        """Return the operation's one snapshot."""
        return await self.context.scope.read()

    def denial(self, guard: Privilege) -> ExpectedError | None:
        """Return why a field is not given, None where it is."""
        scope = self.context.scope
        if not isinstance(scope.decision(guard), Deny):
            return None
        try:
            scope.demand(guard)
        except ExpectedError as error:
            return error
        return None  # pragma: no cover - what is denied raises

    async def within(self, kind: str, execute: Callable[[], Awaitable[Made]], *, touches_data: bool) -> Made:
        """Execute inside a query's snapshot, opened before anything runs; a mutation opens a transaction a change.

        Raises:
            UnauthenticatedError: nobody is signed in, or the membership has ended.
            DeadlineExceededError: it took too long; what was running was cancelled.
        """
        if not touches_data:
            return await execute()
        scope = self.context.scope
        if scope.identity is None:
            raise UnauthenticatedError
        try:
            async with asyncio.timeout(self._deadline_seconds):
                if kind == "query":
                    await scope.read()
                made = await execute()
                await scope.end_read()
                return made
        except TimeoutError as error:
            raise DeadlineExceededError(self._deadline_seconds) from error
        finally:
            await scope.abandon()
            if scope.denied:
                await self._record_denials()

    async def _record_denials(self) -> None:
        """Write what was denied into the audit trail; what is in the way of that is logged, the answer stands."""
        context = self.context
        try:
            await context.scope.record_denials(request_id=context.request_id, address=context.address)
        except ExpectedError as error:
            log.warning("denials not recorded", request_id=context.request_id, code=error.code)
