"""Transactions inside a scope: the only way to a tenant's rows.

A transaction's first statement reads the live membership and takes reach and keys from that row; every later one
is checked by the query scope and filtered by row-level security. Nobody else begins, commits or sets a setting.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Hashable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any, Final, TypeAlias
from uuid import UUID

import asyncpg
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.selectable import Select

from storage.base import Reach
from storage.engine import DIALECT, Database
from tenancy import conditions, entering, predicates
from tenancy.audit import Attempt
from tenancy.conditions import Condition
from tenancy.decide import ALLOW, Allow, Decide, Decision, Deny, When
from tenancy.errors import BusyError, ExpectedError, ForbiddenError, UnauthenticatedError, UnavailableError
from tenancy.judging import Judge
from tenancy.outcomes import UNREACHABLE, expected_outcomes
from tenancy.policy import READING
from tenancy.predicates import Bounds, QueryScope
from tenancy.principal import NO_PARTNER, Identity, Principal
from tenancy.privileges import Privilege
from tenancy.writing import WriteScope

REMEMBERED: Final = 2_000
"""How many compiled statements are kept: the oldest go, for a caller chooses the columns."""
RECHECK_SECONDS: Final = 0.5
"""A read that took longer asks again whether the membership still lives before its answer leaves."""

# A statement that ran or waited too long, and those that come after it in the same snapshot.
_STOPPED: Final = (asyncpg.QueryCanceledError, asyncpg.LockNotAvailableError, asyncpg.InFailedSQLTransactionError)


Seen: TypeAlias = tuple[tuple[str, Condition], ...]
"""On what it hangs which rows of some tables a caller sees."""


class Boundary:
    """The tenant boundary as composed: the decision, the query scope and the database login.

    Compiled statements are kept here, one for each reach and question.
    """

    def __init__(self, database: Database, *, decide: Decide, query_scope: QueryScope) -> None:
        self.database = database
        self.decide = decide
        self.query_scope = query_scope
        self._compiled: OrderedDict[tuple[Reach, Seen, Hashable], tuple[str, tuple[str, ...], dict[str, Any]]] = (
            OrderedDict()
        )

    def compiled(
        self, reach: Reach, key: Hashable, build: Callable[[Bounds], Select[Any]], *, seen: Seen = ()
    ) -> tuple[str, tuple[str, ...], dict[str, Any]]:
        """Return a question's statement for a reach: text, the names of its parameters in order, their defaults.

        `seen` is on what it hangs which rows the caller sees.

        Raises:
            UnscopedStatementError: the statement lacks a key of the scope.
        """
        known = self._compiled.get((reach, seen, key))
        if known is None:
            statement = build(predicates.narrowed(self.query_scope.bounds(reach), dict(seen)))
            self.query_scope.check(statement, reach)
            compiled = statement.compile(dialect=DIALECT)
            defaults = {name: bind.value for name, bind in compiled.binds.items() if not bind.required}
            known = (str(compiled), tuple(compiled.positiontup or ()), defaults)
            self._compiled[reach, seen, key] = known
            if len(self._compiled) > REMEMBERED:
                self._compiled.popitem(last=False)
        return known

    def role(self, reach: Reach) -> str:
        """Return the database role of a reach."""
        return self.database.roles[reach]

    def seen(self, principal: Principal) -> Seen:
        """Return, of the tables of whose rows some may be seen, on what it hangs which."""
        made = ((table, self.decide(principal, privilege)) for table, privilege in READING.items())
        return tuple((table, decision.condition) for table, decision in made if isinstance(decision, When))


class ReadScope:
    """One read-only snapshot: statements run one after another on one connection."""

    def __init__(self, boundary: Boundary, connection: Any, principal: Principal) -> None:
        self.principal = principal
        self._boundary = boundary
        self._connection = connection
        self._bound = predicates.values(principal)
        self._seen = boundary.seen(principal)
        self._lock = asyncio.Lock()
        self._running: set[asyncio.Task[Any] | None] = set()

    async def fetch(
        self, key: Hashable, build: Callable[[Bounds], Select[Any]], **parameters: Any
    ) -> list["asyncpg.Record"]:
        """Run a question's statement; `key` names it, so that it is built and checked once."""
        text, names, defaults = self._boundary.compiled(self.principal.reach, key, build, seen=self._seen)
        bound = {**defaults, **parameters, **self._bound}
        task = asyncio.current_task()
        self._running.add(task)
        try:
            async with self._lock:
                rows: list[asyncpg.Record] = await self._connection.fetch(text, *[bound[name] for name in names])
                return rows
        except _STOPPED as error:
            raise BusyError from error
        except UNREACHABLE as error:
            raise UnavailableError from error
        finally:
            self._running.discard(task)

    async def stop(self) -> None:
        """Cancel the statement that is running and those that wait, and wait until they are gone."""
        stragglers = [task for task in self._running if task is not None and task is not asyncio.current_task()]
        for task in stragglers:
            task.cancel()
        await asyncio.gather(*stragglers, return_exceptions=True)


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
        self._decided: dict[Privilege, Decision] = {}
        self._reading: ReadScope | None = None
        self._close: Callable[[], Any] | None = None
        self._opening = asyncio.Lock()

    def expect(self, privileges: frozenset[Privilege]) -> None:
        """Name what the operation's selection needs: it is decided as soon as it is known who asks."""
        self._expected = privileges

    def decision(self, privilege: Privilege) -> Decision:
        """Decide a privilege for the principal that the open transaction found.

        Raises:
            UnauthenticatedError: no transaction has found one.
        """
        if self.principal is None:
            raise UnauthenticatedError
        decided = self._decided.get(privilege)
        return self.boundary.decide(self.principal, privilege) if decided is None else decided

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

    def _entered(self, principal: Principal) -> None:
        self.principal = principal
        self._decided = {privilege: self.boundary.decide(principal, privilege) for privilege in self._expected}

    async def read(self) -> ReadScope:
        """Return the operation's one snapshot, opening it when it is first asked for.

        Raises:
            UnauthenticatedError: the membership is not alive at this epoch.
            UnavailableError: the database cannot be reached.
        """
        async with self._opening:
            if self._reading is None:
                context = _reading(self.boundary, self.identity)
                self._reading = await context.__aenter__()
                self._close = lambda: context.__aexit__(None, None, None)
                self._entered(self._reading.principal)
            return self._reading

    async def end_read(self) -> None:
        """Give the snapshot back; the next read sees what was committed since.

        Raises:
            UnauthenticatedError: the membership ended while a long read ran.
        """
        reading, close = self._reading, self._close
        self._reading = self._close = None
        if reading is not None and close is not None:
            await reading.stop()
            await close()

    async def abandon(self) -> None:
        """Give the snapshot back after an error; what is wrong with it now interests nobody."""
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
                    parameters = entering.enter_parameters(self.identity, self.boundary.database.roles)
                    row = await _enter(connection, entering.ENTER_LOCKED, parameters)
                    self._entered(entering.principal_of(row))
                    writing = self._writing(connection, attempt)
                    await writing.begin()
                    yield writing
                    await writing.settle()
        except ForbiddenError as error:
            privilege = error.privilege or attempt.privilege
            if privilege is not None:
                self.denied.setdefault((privilege, error.denial.rule), attempt.operation)
            raise

    def _writing(self, connection: AsyncConnection, attempt: Attempt) -> WriteScope:
        principal = self.principal
        if principal is None:  # pragma: no cover - the transaction was entered
            raise UnauthenticatedError
        return WriteScope(
            self.boundary.query_scope,
            connection,
            principal,
            attempt,
            judge=Judge(self.boundary.decide, principal, attempt),
            seen=dict(self.boundary.seen(principal)),
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


@asynccontextmanager
async def _reading(boundary: Boundary, identity: Identity | None) -> AsyncIterator[ReadScope]:
    if identity is None:
        raise UnauthenticatedError
    began = time.monotonic()
    parameters = entering.enter_parameters(identity, boundary.database.roles)
    try:
        async with boundary.database.reads.acquire() as connection:
            async with connection.transaction(isolation="repeatable_read", readonly=True):
                row = await connection.fetchrow(entering.ENTER, *parameters)
                if row is None or not row["stale"]:
                    yield ReadScope(boundary, connection, entering.principal_of(row))
            if row is not None and row["stale"]:
                connection.terminate()
                raise entering.LeftoverSettingError
            await _recheck(connection, identity, since=began)
    except UNREACHABLE as error:
        raise UnavailableError from error


async def _recheck(connection: Any, identity: Identity, *, since: float) -> None:
    """Refuse the answer of a long read whose membership ended meanwhile."""
    if time.monotonic() - since <= RECHECK_SECONDS:
        return
    if not await connection.fetchval(entering.ALIVE, *entering.alive_parameters(identity)):
        raise UnauthenticatedError


async def _enter(connection: AsyncConnection, statement: str, parameters: tuple[Any, ...]) -> Any:
    """Run the first statement of a change and return its row, None where the membership is not alive."""
    row = (await connection.exec_driver_sql(statement, parameters)).mappings().first()
    if row is not None and row["stale"]:
        await connection.invalidate()
        raise entering.LeftoverSettingError
    return row


__all__ = ["Allow", "Boundary", "ReadScope", "Scope", "WriteScope", "system_write"]
