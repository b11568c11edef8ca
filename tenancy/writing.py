"""One change in one transaction: rows, their event and audit entry, and the outcome kept for its key."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import asyncpg
from sqlalchemy import Table, bindparam, delete, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.selectable import Select

from storage import events
from storage.base import Reach, new_id, now
from tenancy import audit, predicates
from tenancy.audit import Attempt, Change
from tenancy.errors import (
    AlreadyExistsError,
    BusyError,
    IdempotencyInFlightError,
    IdempotencyMismatchError,
    NotFoundError,
    ReplayedError,
    StaleVersionError,
    UnavailableError,
)
from tenancy.predicates import Bounds, QueryScope
from tenancy.principal import Principal

KEPT: Final = timedelta(days=30)
"""How long the outcome of an idempotency key is kept."""

_RENEWED: Final = ("input_hash", "expires_at", "created_at", "updated_at")
_BUSY: Final = frozenset({"55P03", "40001", "40P01", "57014"})
_UNIQUE: Final = "23505"
_GONE: Final = frozenset({"57P01", "57P02", "57P03", "53300"})
UNREACHABLE: Final = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.InvalidAuthorizationSpecificationError,
)
"""What the driver raises when the database is gone."""


class UnannouncedChangeError(RuntimeError):
    """A transaction changed rows without an event and an audit entry; it is rolled back."""


class WriteScope:
    """A read-write transaction inside one scope."""

    def __init__(
        self,
        query_scope: QueryScope,
        connection: AsyncConnection,
        principal: Principal | None,
        attempt: Attempt,
        *,
        partner_id: UUID | None = None,
    ) -> None:
        self.principal = principal
        self.now: datetime = now()
        self._connection = connection
        self._query_scope = query_scope
        self._attempt = attempt
        self._reach = principal.reach if principal else Reach.SYSTEM
        self._bound = predicates.values(principal) if principal else {predicates.PARTNER: partner_id}
        self._bounds = query_scope.bounds(self._reach)
        self._target: tuple[str, UUID] | None = None
        self._outcome: tuple[str, UUID] | None = None
        self._record: UUID | None = None
        self._changed = False
        self._announced = False

    async def fetch(self, build: Callable[[Bounds], Select[Any]], **parameters: Any) -> Sequence[Mapping[str, Any]]:
        """Read rows inside the scope."""
        return await self._run(build(self._bounds), parameters)

    async def find(self, table: Table, identifier: UUID, *, lock: bool = True) -> Mapping[str, Any] | None:
        """Read one row by its id, locked for the transaction; None where the scope has no such row."""
        statement = select(table).where(self._bounds(table), table.c.id == bindparam("target"))
        rows = await self._run(statement.with_for_update() if lock else statement, {"target": identifier})
        return rows[0] if rows else None

    async def get(
        self, table: Table, identifier: UUID, *, what: str, path: tuple[str, ...] = (), lock: bool = True
    ) -> Mapping[str, Any]:
        """Read one row by its id, locked for the transaction.

        Raises:
            NotFoundError: the scope has no such row.
        """
        row = await self.find(table, identifier, lock=lock)
        if row is None:
            raise NotFoundError(what, path=path)
        if lock and self._target is None:
            self._target = (table.name, row["id"])
        return row

    async def insert(self, table: Table, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Add a row: id, version and times are given to it unless the values hold them."""
        statement = (
            insert(table).values(partner_id=predicates.partner_value(), **self._stamped(values)).returning(table)
        )
        self._changed = True
        return (await self._run(statement, {}))[0]

    async def insert_many(self, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        """Add rows of a table without returning them; each holds every column but the partner."""
        if not rows:
            return
        names = [name for name in table.c.keys() if name != "partner_id"]  # noqa: SIM118 - not a dict
        statement = insert(table).values(
            partner_id=predicates.partner_value(),
            **{name: bindparam(f"v_{name}", type_=table.c[name].type) for name in names},
        )
        self._query_scope.check(statement, self._reach)
        self._changed = True
        partner = {predicates.PARTNER: self._bound[predicates.PARTNER]}
        await self._connection.execute(
            statement, [{**{f"v_{name}": row[name] for name in names}, **partner} for row in rows]
        )

    async def update(self, table: Table, row: Mapping[str, Any], values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Change a locked row and count its version up; values that it holds already change nothing."""
        fresh = {name: value for name, value in values.items() if row[name] != value}
        if not fresh:
            self._outcome = self._outcome or (table.name, row["id"])
            return row
        statement = (
            update(table)
            .where(self._bounds(table), table.c.id == bindparam("target"))
            .values(version=row["version"] + 1, updated_at=self.now, **fresh)
            .returning(table)
        )
        self._changed = True
        return (await self._run(statement, {"target": row["id"]}))[0]

    async def delete_links(self, table: Table, column: str, identifier: UUID) -> None:
        """Delete the rows of a link table that belong to one row."""
        statement = delete(table).where(self._bounds(table), table.c[column] == bindparam("target"))
        self._query_scope.check(statement, self._reach)
        self._changed = True
        await self._connection.execute(statement, {**self._bound, "target": identifier})

    async def expect(self, table: Table, row: Mapping[str, Any], version: int | None) -> None:
        """Refuse to change a row that is not at the version the caller read.

        Raises:
            StaleVersionError: names the current version and the fields that changed since.
        """
        if version is None or row["version"] == version:
            return
        entry = events.audit_entry
        rows = await self.fetch(
            lambda bounds: select(entry.c.after).where(
                bounds(entry), entry.c.target_id == bindparam("target"), entry.c.target_version > bindparam("since")
            ),
            target=row["id"],
            since=version,
        )
        changed = {name for found in rows for name in found["after"] or ()}
        raise StaleVersionError(row["version"], tuple(sorted(changed & set(table.c.keys()))))

    async def announce(self, *changes: Change) -> None:
        """Write the event and the audit entry of each change; the first is the outcome that a retry gets."""
        for table, make in ((events.event, self._event), (events.audit_entry, self._entry)):
            await self.insert_many(table, [make(change) for change in changes])
        self._announced = self._announced or bool(changes)
        if self._outcome is None and changes:
            self._outcome = (changes[0].table.name, changes[0].row["id"])

    def _event(self, change: Change) -> dict[str, Any]:
        return {"seq": None, **audit.event_values(change, at=self.now)}

    def _entry(self, change: Change) -> dict[str, Any]:
        made = audit.audit_values(change, self._attempt, self.principal, at=self.now)
        return {"seq": None, "hash": None, **made}

    async def claim(self) -> None:
        """Take the attempt's idempotency key, or learn that it was used.

        Raises:
            ReplayedError: the same change was made before.
            IdempotencyMismatchError: the key was used with another input.
            IdempotencyInFlightError: the key's change has not ended within the lock's time-out.
        """
        if self._attempt.idempotency_key is None:
            return
        table = events.idempotency_record
        values = self._stamped(
            {
                "operation": self._attempt.operation,
                "key": self._attempt.idempotency_key,
                "input_hash": self._attempt.input_hash,
                "expires_at": self.now + KEPT,
            }
        )
        statement = (
            upsert(table)
            .values(partner_id=predicates.partner_value(), **values)
            .on_conflict_do_update(
                index_elements=["partner_id", "operation", "key"],
                set_={**{name: values[name] for name in _RENEWED}, "outcome_kind": None, "outcome_id": None},
                where=table.c.expires_at <= self.now,
            )
            .returning(table.c.id)
        )
        try:
            taken = await self._run(statement, {})
        except DBAPIError as error:
            if sqlstate(error) == "55P03":
                raise IdempotencyInFlightError from error
            raise
        if not taken:
            await self._replay(table)
        self._record = taken[0]["id"]

    async def _replay(self, table: Table) -> None:
        rows = await self.fetch(
            lambda bounds: select(table).where(
                bounds(table),
                table.c.operation == bindparam("operation"),
                table.c.key == bindparam("idempotency_key"),
            ),
            operation=self._attempt.operation,
            idempotency_key=self._attempt.idempotency_key,
        )
        if rows[0]["input_hash"] != self._attempt.input_hash:
            raise IdempotencyMismatchError
        raise ReplayedError(rows[0]["outcome_kind"], rows[0]["outcome_id"])

    async def settle(self) -> None:
        """Keep the outcome for the attempt's key, just before the commit.

        Raises:
            UnannouncedChangeError: rows changed and nothing was written about it.
        """
        if self._changed and not self._announced:
            message = f"{self._attempt.operation} changed rows without an event and an audit entry"
            raise UnannouncedChangeError(message)
        outcome = self._outcome or self._target  # a change that found nothing to do is about what it locked first
        if self._record is None or outcome is None:
            return
        table = events.idempotency_record
        kind, identifier = outcome
        statement = (
            update(table)
            .where(self._bounds(table), table.c.id == bindparam("target"))
            .values(outcome_kind=kind, outcome_id=identifier)
            .returning(table.c.id)
        )
        await self._run(statement, {"target": self._record})

    def _stamped(self, values: Mapping[str, Any]) -> dict[str, Any]:
        return {"id": new_id(), "version": 1, "created_at": self.now, "updated_at": self.now, **values}

    async def _run(self, statement: Any, parameters: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
        self._query_scope.check(statement, self._reach)
        found = await self._connection.execute(statement, {**parameters, **self._bound})
        return [dict(row) for row in found.mappings()]


def sqlstate(error: DBAPIError) -> str | None:
    """Return the five characters that PostgreSQL names an error by."""
    return getattr(error.orig, "sqlstate", None)


def input_hash(canonical: bytes) -> bytes:
    """Return what an idempotency key's input is compared by."""
    return hashlib.sha256(canonical).digest()


@contextmanager
def expected_outcomes() -> Iterator[None]:
    """Turn what the database says of contention and absence into errors that a caller can act on.

    Raises:
        BusyError: a lock, a deadlock or a time-out; nothing was changed.
        AlreadyExistsError: another transaction was first.
        UnavailableError: the database cannot be reached.
    """
    try:
        yield
    except DBAPIError as error:
        if sqlstate(error) in _BUSY:
            raise BusyError from error
        if sqlstate(error) == _UNIQUE:
            raise AlreadyExistsError from error
        if error.connection_invalidated or sqlstate(error) in _GONE:
            raise UnavailableError from error
        raise
    except UNREACHABLE as error:
        raise UnavailableError from error


__all__ = ["WriteScope", "expected_outcomes", "input_hash", "sqlstate"]
