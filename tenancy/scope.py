"""Transactions inside a scope: the only way to a tenant's rows.

A transaction's first statement reads the live membership and takes reach and keys from that row; every later one
is checked by the query scope and filtered by row-level security. Nobody else begins, commits or sets a setting.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from storage.base import Reach
from tenancy import conditions, entering
from tenancy.audit import Attempt
from tenancy.boundary import Boundary, Standing
from tenancy.decide import ALLOW, Allow, Decision, Deny, When
from tenancy.errors import ExpectedError, ForbiddenError, UnauthenticatedError
from tenancy.judging import Judge
from tenancy.outcomes import expected_outcomes
from tenancy.principal import NO_PARTNER, Identity, Principal
from tenancy.privileges import Privilege
from tenancy.reading import ReadScope, open_read
from tenancy.writing import WriteScope


class Scope:
    """What one operation may reach: opens its snapshot and its changes for one identity, and decides what it may do.

    What it denied is kept in `denied`, to be recorded when the operation has ended.
    """

    def __init__(self, boundary: Boundary, identity: Identity | None) -> None:
        self.boundary = boundary
        self.identity = identity
        self.principal: Principal | None = None
        self.denied: dict[tuple[Privilege, str], str] = {}
        self._expected: frozenset[Privilege] = frozenset()
        self._standing: Standing | None = None
        self._reading: ReadScope | None = None
        self._opening = asyncio.Lock()

    def expect(self, privileges: frozenset[Privilege]) -> None:
        """Name what the operation's selection needs: it is decided as soon as it is known who asks."""
        self._expected = privileges

    def decision(self, privilege: Privilege) -> Decision:
        """Decide a privilege for the principal that the open transaction found.

        Raises:
            UnauthenticatedError: no transaction has found one.
        """
        if self._standing is None:
            raise UnauthenticatedError
        return self._standing.decision(privilege)

    def demand(self, privilege: Privilege, *, operation: str = "query") -> None:
        """Raise unless the privilege is held, or hangs on the target, which is judged where it is read.

        Raises:
            ForbiddenError: the decision denies it.
        """
        decision = self.decision(privilege)
        if isinstance(decision, Deny):
            self.denied.setdefault((privilege, decision.rule), operation)
            raise ForbiddenError(decision)

    def verdict(
        self, privilege: Privilege, *, table: str | None = None, row: Mapping[str, Any] | None = None
    ) -> Decision:
        """Tell whether a privilege is held towards a row, as a denial or not; nothing is recorded of it."""
        decision = self.decision(privilege)
        if not isinstance(decision, When) or self.principal is None or table is None or row is None:
            return decision
        held = conditions.holds(decision.condition, table, row, membership_id=self.principal.membership_id)
        return decision if held is None else ALLOW if held else decision.otherwise

    def _entered(self, standing: Standing) -> None:
        self._standing = standing
        self.principal = standing.principal
        for privilege in self._expected:
            standing.decision(privilege)

    async def read(self) -> ReadScope:
        """Return the operation's one snapshot, opening it when it is first asked for.

        Raises:
            UnauthenticatedError: the membership is not alive at this epoch.
            UnavailableError: the database cannot be reached.
        """
        if self._reading is not None:
            return self._reading
        async with self._opening:
            if self._reading is None:
                self._reading = await open_read(self.boundary, self.identity)
                self._entered(self._reading.standing)
            return self._reading

    async def end_read(self) -> None:
        """Give the snapshot back; the next read sees what was committed since.

        Raises:
            UnauthenticatedError: the membership ended while a long read ran.
        """
        reading, self._reading = self._reading, None
        if reading is not None:
            await reading.close()

    async def abandon(self) -> None:
        """Give the snapshot back after an error; what is wrong with it now interests nobody."""
        if self._reading is not None:
            with suppress(ExpectedError):
                await self.end_read()

    @asynccontextmanager
    async def write(self, attempt: Attempt) -> AsyncIterator[WriteScope]:
        """Open one transaction for one change; leaving it commits, an exception leaves nothing behind.

        Raises:
            UnauthenticatedError: the membership is not alive at this epoch.
            ForbiddenError: the attempt's privilege is not held.
            ReplayedError: the attempt's idempotency key has an outcome already.
            IdempotencyMismatchError: the key was used with another input.
            IdempotencyInFlightError: the key's change is still being made.
            BusyError: somebody else holds what this needs.
        """
        await self.end_read()
        if self.identity is None:
            raise UnauthenticatedError
        try:
            with expected_outcomes():
                async with self.boundary.database.writes.begin() as connection:
                    parameters = (*entering.alive_parameters(self.identity), *self.boundary.roles)
                    row = await _enter(connection, entering.ENTER_LOCKED, parameters)
                    standing = Standing(entering.principal_of(row), self.boundary.decide)
                    self._entered(standing)
                    writing = self._writing(connection, attempt, standing)
                    await writing.begin()
                    yield writing
                    await writing.settle()
        except ForbiddenError as error:
            privilege = error.privilege or attempt.privilege
            if privilege is not None:
                self.denied.setdefault((privilege, error.denial.rule), attempt.operation)
            raise

    def _writing(self, connection: AsyncConnection, attempt: Attempt, standing: Standing) -> WriteScope:
        return WriteScope(
            self.boundary.query_scope,
            connection,
            standing.principal,
            attempt,
            judge=Judge(self.boundary.decide, standing.principal, attempt),
            seen=dict(standing.seen),
        )

    async def record_denials(self, *, request_id: str, address: str | None) -> None:
        """Write what was denied into the audit trail, in a transaction of its own: one entry for each rule.

        Nobody's partner has no trail; the platform's staff, and whoever is not signed in, leave none.
        """
        denied, principal = self.denied, self.principal
        self.denied = {}
        if not denied or principal is None or principal.partner_id == NO_PARTNER:
            return
        attempt = Attempt("denial", None, request_id, address=address)
        async with system_write(self.boundary, principal.partner_id, attempt) as writing:
            await writing.note_denials(principal, denied)


@asynccontextmanager
async def system_write(boundary: Boundary, partner_id: UUID, attempt: Attempt) -> AsyncIterator[WriteScope]:
    """Open one transaction of the system on one partner's rows: imports and jobs, which nobody signed in for."""
    with expected_outcomes():
        async with boundary.database.writes.begin() as connection:
            await _enter(connection, entering.SYSTEM, (boundary.role(Reach.SYSTEM), str(partner_id)))
            writing = WriteScope(boundary.query_scope, connection, None, attempt, partner_id=partner_id)
            await writing.begin()
            yield writing
            await writing.settle()


async def _enter(connection: AsyncConnection, statement: str, parameters: tuple[Any, ...]) -> Any:
    """Run the first statement of a change and return its row, None where the membership is not alive."""
    row = (await connection.exec_driver_sql(statement, parameters)).mappings().first()
    if row is not None and row["stale"]:
        await connection.invalidate()
        raise entering.LeftoverSettingError
    return row


__all__ = ["Allow", "Boundary", "ReadScope", "Scope", "WriteScope", "system_write"]
