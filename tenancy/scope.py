"""Transactions inside a scope: the only way to a tenant's rows.

A transaction's first statement reads the live membership and takes reach and keys from that row; every later one
is checked by the query scope and filtered by row-level security. Nobody else begins, commits or sets a setting.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Hashable
from contextlib import asynccontextmanager, suppress
from typing import Any, Final
from uuid import UUID

import asyncpg
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.selectable import Select

from storage import rls
from storage.base import Reach
from storage.engine import DIALECT, Database
from tenancy import predicates
from tenancy.audit import Attempt
from tenancy.decide import Allow, Decide, Decision, Deny
from tenancy.errors import BusyError, ExpectedError, ForbiddenError, UnauthenticatedError, UnavailableError
from tenancy.predicates import Bounds, QueryScope
from tenancy.principal import Identity, Principal, reach_of
from tenancy.privileges import Privilege
from tenancy.writing import UNREACHABLE, WriteScope, expected_outcomes

REMEMBERED: Final = 2_000
"""How many compiled statements are kept: the oldest go, for a caller chooses the columns."""
RECHECK_SECONDS: Final = 0.5
"""A read that took longer asks again whether the membership still lives before its answer leaves."""

_STALE: Final = (
    "concat("
    + ", ".join(
        f"current_setting('{name}', true)" for name in (rls.PARTNER_SETTING, rls.CLIENTS_SETTING, rls.ORG_SETTING)
    )
    + ") AS stale"
)
# What locks the row stands in a subquery: beside FOR SHARE, settings would be made before the lock is had, and again
# when the row was changed meanwhile.
_MEMBERSHIP_FORM: Final = f"""
SELECT {_STALE},
       set_config('role', CASE
           WHEN kind = 'PARTNER_MEMBER' THEN $3
           WHEN kind = 'API_CREDENTIAL' AND client_ids IS NULL THEN $3
           WHEN kind IN ('API_CREDENTIAL', 'CONTACT') THEN $4
           WHEN kind = 'ORG_USER' THEN $5 END, true),
       set_config('{rls.PARTNER_SETTING}', partner_id::text, true),
       set_config('{rls.CLIENTS_SETTING}', coalesce(client_ids::text, ''), true),
       set_config('{rls.ORG_SETTING}', coalesce(child_org_id::text, ''), true),
       id, login_id, kind, role, partner_id, client_ids, child_org_id
  FROM (SELECT * FROM gateway.membership
         WHERE id = $1 AND epoch = $2 AND valid_until > statement_timestamp() AND kind <> 'OPERATOR'%s) AS alive
"""  # noqa: S608 - the names are constants of ours
_MEMBERSHIP: Final = _MEMBERSHIP_FORM % ""
_MEMBERSHIP_LOCKED: Final = _MEMBERSHIP_FORM % " FOR SHARE"
_SYSTEM: Final = f"""
SELECT {_STALE},
       set_config('role', $1, true),
       set_config('{rls.PARTNER_SETTING}', $2, true)
"""
_ALIVE: Final = (
    "SELECT true FROM gateway.membership WHERE id = $1 AND epoch = $2 AND valid_until > statement_timestamp()"
)


# A statement that ran or waited too long, and those that come after it in the same snapshot.
_STOPPED: Final = (asyncpg.QueryCanceledError, asyncpg.LockNotAvailableError, asyncpg.InFailedSQLTransactionError)


class LeftoverSettingError(RuntimeError):
    """A connection came back with a tenant's setting still on it; it is thrown away."""

    def __init__(self) -> None:
        super().__init__("a tenant's setting outlived its transaction")


class Boundary:
    """The tenant boundary as composed: the decision, the query scope and the database login.

    Compiled statements are kept here, one for each reach and question.
    """

    def __init__(self, database: Database, *, decide: Decide, query_scope: QueryScope) -> None:
        self.database = database
        self.decide = decide
        self.query_scope = query_scope
        self._compiled: OrderedDict[tuple[Reach, Hashable], tuple[str, tuple[str, ...], dict[str, Any]]] = OrderedDict()

    def compiled(
        self, reach: Reach, key: Hashable, build: Callable[[Bounds], Select[Any]]
    ) -> tuple[str, tuple[str, ...], dict[str, Any]]:
        """Return a question's statement for a reach: text, the names of its parameters in order, their defaults.

        Raises:
            UnscopedStatementError: the statement lacks a key of the scope.
        """
        known = self._compiled.get((reach, key))
        if known is None:
            statement = build(self.query_scope.bounds(reach))
            self.query_scope.check(statement, reach)
            compiled = statement.compile(dialect=DIALECT)
            defaults = {name: bind.value for name, bind in compiled.binds.items() if not bind.required}
            known = (str(compiled), tuple(compiled.positiontup or ()), defaults)
            self._compiled[reach, key] = known
            if len(self._compiled) > REMEMBERED:
                self._compiled.popitem(last=False)
        return known

    def role(self, reach: Reach) -> str:
        """Return the database role of a reach."""
        return self.database.roles[reach]

    def membership_parameters(self, identity: Identity) -> tuple[Any, ...]:
        """Return what the first statement of a transaction is bound to."""
        return (
            identity.membership_id,
            identity.epoch,
            self.role(Reach.STAFF),
            self.role(Reach.CLIENT),
            self.role(Reach.ORG),
        )


class ReadScope:
    """One read-only snapshot: statements run one after another on one connection."""

    def __init__(self, boundary: Boundary, connection: Any, principal: Principal) -> None:
        self.principal = principal
        self._boundary = boundary
        self._connection = connection
        self._bound = predicates.values(principal)
        self._lock = asyncio.Lock()
        self._running: set[asyncio.Task[Any] | None] = set()

    async def fetch(
        self, key: Hashable, build: Callable[[Bounds], Select[Any]], **parameters: Any
    ) -> list["asyncpg.Record"]:
        """Run a question's statement; `key` names it, so that it is built and checked once."""
        text, names, defaults = self._boundary.compiled(self.principal.reach, key, build)
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
    """What one operation may reach: opens its snapshot and its changes for one identity."""

    def __init__(self, boundary: Boundary, identity: Identity | None) -> None:
        self.boundary = boundary
        self.identity = identity
        self.principal: Principal | None = None
        self._reading: ReadScope | None = None
        self._close: Callable[[], Any] | None = None
        self._opening = asyncio.Lock()

    def decision(self, privilege: Privilege) -> Decision:
        """Decide a privilege for the principal that the open transaction found.

        Raises:
            UnauthenticatedError: no transaction has found one.
        """
        if self.principal is None:
            raise UnauthenticatedError
        return self.boundary.decide(self.principal, privilege)

    def demand(self, privilege: Privilege) -> None:
        """Raise unless the privilege is held.

        Raises:
            ForbiddenError: the decision denies it.
        """
        decision = self.decision(privilege)
        if isinstance(decision, Deny):
            raise ForbiddenError(decision)

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
                self.principal = self._reading.principal
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
        with expected_outcomes():
            async with self.boundary.database.writes.begin() as connection:
                parameters = self.boundary.membership_parameters(self.identity)
                self.principal = _principal(await _entered(connection, _MEMBERSHIP_LOCKED, parameters))
                if attempt.privilege is not None:
                    self.demand(attempt.privilege)
                writing = WriteScope(self.boundary.query_scope, connection, self.principal, attempt)
                await writing.claim()
                yield writing
                await writing.settle()


@asynccontextmanager
async def system_write(boundary: Boundary, partner_id: UUID, attempt: Attempt) -> AsyncIterator[WriteScope]:
    """Open one transaction of the system on one partner's rows: imports and jobs, which nobody signed in for."""
    with expected_outcomes():
        async with boundary.database.writes.begin() as connection:
            await _entered(connection, _SYSTEM, (boundary.role(Reach.SYSTEM), str(partner_id)))
            writing = WriteScope(boundary.query_scope, connection, None, attempt, partner_id=partner_id)
            await writing.claim()
            yield writing
            await writing.settle()


@asynccontextmanager
async def _reading(boundary: Boundary, identity: Identity | None) -> AsyncIterator[ReadScope]:
    if identity is None:
        raise UnauthenticatedError
    began = time.monotonic()
    parameters = boundary.membership_parameters(identity)
    try:
        async with boundary.database.reads.acquire() as connection:
            async with connection.transaction(isolation="repeatable_read", readonly=True):
                row = await connection.fetchrow(_MEMBERSHIP, *parameters)
                if row is None or not row["stale"]:
                    yield ReadScope(boundary, connection, _principal(row))
            if row is not None and row["stale"]:
                connection.terminate()
                raise LeftoverSettingError
            await _recheck(connection, identity, since=began)
    except UNREACHABLE as error:
        raise UnavailableError from error


async def _recheck(connection: Any, identity: Identity, *, since: float) -> None:
    """Refuse the answer of a long read whose membership ended meanwhile."""
    if time.monotonic() - since <= RECHECK_SECONDS:
        return
    if not await connection.fetchval(_ALIVE, identity.membership_id, identity.epoch):
        raise UnauthenticatedError


async def _entered(connection: AsyncConnection, statement: str, parameters: tuple[Any, ...]) -> Any:
    """Run the first statement of a change and return its row, None where the membership is not alive."""
    row = (await connection.exec_driver_sql(statement, parameters)).mappings().first()
    if row is not None and row["stale"]:
        await connection.invalidate()
        raise LeftoverSettingError
    return row


def _principal(row: Any) -> Principal:
    if row is None:
        raise UnauthenticatedError
    reach = reach_of(row["kind"], fenced=row["client_ids"] is not None)
    if reach is None:
        raise UnauthenticatedError
    return Principal(
        membership_id=row["id"],
        login_id=row["login_id"],
        kind=row["kind"],
        role=row["role"],
        partner_id=row["partner_id"],
        reach=reach,
        client_ids=tuple(row["client_ids"] or ()),
        child_org_id=row["child_org_id"],
    )


__all__ = ["Allow", "Boundary", "ReadScope", "Scope", "WriteScope", "system_write"]
