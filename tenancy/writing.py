"""One change in one transaction: rows, their event and audit entry, and the outcome kept for its key."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Table, bindparam, delete, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.selectable import Select

from storage import events
from storage.audit import audit_entry
from storage.base import Reach, new_id, now
from storage.escalations import EscalationState, escalation
from storage.identity import membership
from tenancy import audit, escalating, predicates
from tenancy.audit import Attempt, Change
from tenancy.conditions import Condition
from tenancy.decide import Deny
from tenancy.errors import (
    ForbiddenError,
    IdempotencyInFlightError,
    IdempotencyMismatchError,
    NotFoundError,
    ReplayedError,
    StaleVersionError,
)
from tenancy.judging import Judge
from tenancy.outcomes import sqlstate
from tenancy.predicates import Bounds, QueryScope
from tenancy.principal import Principal
from tenancy.privileges import Privilege

KEPT: Final = timedelta(days=30)
"""How long the outcome of an idempotency key is kept."""

_RENEWED: Final = ("input_hash", "expires_at", "created_at", "updated_at")


class UnannouncedChangeError(RuntimeError):
    """A transaction changed rows without an event and an audit entry; it is rolled back."""


class WriteScope:
    """A read-write transaction inside one scope."""

    def __init__(  # noqa: PLR0913 - all that a transaction stands on
        self,
        query_scope: QueryScope,
        connection: AsyncConnection,
        principal: Principal | None,
        attempt: Attempt,
        *,
        partner_id: UUID | None = None,
        judge: Judge | None = None,
        seen: Mapping[str, Condition] | None = None,
    ) -> None:
        self.principal = principal
        self._judge = judge
        self._escalation: UUID | None = None
        self.now: datetime = now()
        self._connection = connection
        self._query_scope = query_scope
        self._attempt = attempt
        self._reach = principal.reach if principal else Reach.SYSTEM
        self._bound = predicates.values(principal) if principal else {predicates.PARTNER: partner_id}
        self._bounds = predicates.narrowed(query_scope.bounds(self._reach), seen or {})
        self._target: tuple[str, UUID] | None = None
        self._outcome: tuple[str, UUID] | None = None
        self._record: UUID | None = None
        self._changed = False
        self._announced = False

    async def begin(self) -> None:
        """Decide what the attempt needs and take its idempotency key; where it is denied, use an escalation.

        Raises:
            ForbiddenError: the attempt's privilege is not held.
            ReplayedError: the same change was made before.
            IdempotencyMismatchError: the key was used with another input.
            IdempotencyInFlightError: the key's change has not ended within the lock's time-out.
        """
        denial = self._judge.begin() if self._judge else None
        await self.claim()
        if denial is not None:
            await self._escalate(denial)

    def demand(self, privilege: Privilege) -> None:
        """Refuse a change that needs a further privilege; one that hangs on the target is not enough.

        Raises:
            ForbiddenError: the privilege is not held.
        """
        if self._judge:
            self._judge.demand(privilege)

    async def _escalate(self, denial: Deny) -> None:
        """Use the caller's approved escalation for this task and target, and note that it is used.

        Raises:
            ForbiddenError: there is none that can still be used.
        """
        principal, task = self.principal, self._attempt.privilege
        if principal is None or principal.acting is None or task is None:
            raise ForbiddenError(denial)
        rows = await self._run(
            escalating.usable(self._bounds, task),
            escalating.parameters(principal, principal.acting, task, self._attempt.target),
        )
        if not rows:
            raise ForbiddenError(denial)
        self._escalation = rows[0]["id"]
        used = await self.update(escalation, rows[0], {"state": EscalationState.USED, "used_at": self.now})
        await self._tell(Change("escalation.used", escalation, used, before=rows[0]))
        self._changed = False

    async def steer(self, membership_id: UUID | None, **values: Any) -> None:
        """Change what a membership of the organisation may do, and end every token that names it as it was.

        Takes `role` and `valid_until`; somebody without a membership has not signed in yet.
        """
        if membership_id is None:
            return
        self._demand_judged()
        table = membership
        statement = (
            update(table)
            .where(self._bounds(table), table.c.id == bindparam("target"))
            .values(epoch=table.c.epoch + 1, **values)
            .returning(table.c.id)
        )
        self._changed = True
        await self._run(statement, {"target": membership_id})

    async def enqueue(
        self, kind: str, payload: Mapping[str, Any], *, due_at: datetime | None = None, about: Mapping[str, Any]
    ) -> None:
        """Leave something to be done after the commit, at a moment or at once; `about` is the row that it follows from.

        A job's handler is found by its kind; what starts with `mail.` waits for the sender of mails.
        """
        organisation = about.get("child_org_id") or (self.principal.child_org_id if self.principal else None)
        row = {
            "client_id": about.get("client_id"),
            "child_org_id": organisation,
            "kind": kind,
            "payload": dict(payload),
            "due_at": due_at or self.now,
            "attempts": 0,
            **dict.fromkeys(("locked_until", "done_at", "last_error")),
        }
        self._changed = True
        await self._insert_all(events.outbox, [self._stamped(row)])

    async def note_denials(self, principal: Principal, denied: Mapping[tuple[Privilege, str], str]) -> None:
        """Write what somebody was denied into the audit trail."""
        told: dict[str, Any] = {"principal": principal, "attempt": self._attempt, "at": self.now}
        rows = [
            {"seq": None, "hash": None, **audit.denial_values(privilege, rule, operation, **told)}
            for (privilege, rule), operation in denied.items()
        ]
        await self._insert_all(audit_entry, rows)

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
            ForbiddenError: the attempt's privilege hangs on this row, and is not held towards it.
        """
        row = await self.find(table, identifier, lock=lock)
        if row is None:
            raise NotFoundError(what, path=path)
        if lock and self._target is None:
            self._target = (table.name, row["id"])
        if self._judge:
            self._judge.judge(table, row)
        return row

    async def insert(self, table: Table, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Add a row: id, version and times are given to it unless the values hold them."""
        row = self._stamped(values)
        self._check_rows(table, [row])
        statement = insert(table).values(partner_id=predicates.partner_value(), **row).returning(table)
        self._changed = True
        return (await self._run(statement, {}))[0]

    async def insert_many(self, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        """Add rows of a table without returning them; each holds every column but the partner."""
        self._changed = self._changed or bool(rows)
        await self._insert_all(table, rows)

    async def _insert_all(self, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        if not rows:
            return
        self._check_rows(table, rows)
        names = [name for name in table.c.keys() if name != "partner_id"]  # noqa: SIM118 - not a dict
        statement = insert(table).values(
            partner_id=predicates.partner_value(),
            **{name: bindparam(f"v_{name}", type_=table.c[name].type) for name in names},
        )
        self._query_scope.check(statement, self._reach)
        partner = {predicates.PARTNER: self._bound[predicates.PARTNER]}
        await self._connection.execute(
            statement, [{**{f"v_{name}": row[name] for name in names}, **partner} for row in rows]
        )

    async def update(self, table: Table, row: Mapping[str, Any], values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Change a locked row and count its version up; values that it holds already change nothing."""
        self._demand_judged()
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
        self._demand_judged()
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
        entry = audit_entry
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
        await self._tell(*changes)
        self._announced = self._announced or bool(changes)
        if self._outcome is None and changes:
            self._outcome = (changes[0].table.name, changes[0].row["id"])

    def _check_rows(self, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        self._demand_judged()
        if self.principal is not None:
            for row in rows:
                self._query_scope.check_row(table, row, self.principal)

    async def _tell(self, *changes: Change) -> None:
        for table, make in ((events.event, self._event), (audit_entry, self._entry)):
            await self._insert_all(table, [make(change) for change in changes])

    def _demand_judged(self) -> None:
        if self._judge:
            self._judge.demand_judged()

    def _event(self, change: Change) -> dict[str, Any]:
        return {"seq": None, **audit.event_values(change, at=self.now)}

    def _entry(self, change: Change) -> dict[str, Any]:
        made = audit.audit_values(change, self._attempt, self.principal, at=self.now, escalation=self._escalation)
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
                **self._fence(),
            }
        )
        statement = (
            upsert(table)
            .values(partner_id=predicates.partner_value(), **values)
            .on_conflict_do_update(
                constraint="uq_idempotency_record_key",
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

    def _fence(self) -> dict[str, UUID | None]:
        """Return whose the key is: those who are confined have keys of their own."""
        principal = self.principal
        if principal is None or self._reach not in {Reach.ORG, Reach.CLIENT, Reach.FENCE}:
            return {"client_id": None, "child_org_id": None}
        organisation = principal.child_org_id if self._reach is Reach.ORG else None
        return {"client_id": min(principal.client_ids, default=None), "child_org_id": organisation}

    async def _replay(self, table: Table) -> None:
        rows = await self.fetch(
            lambda bounds: select(table).where(
                bounds(table),
                table.c.operation == bindparam("operation"),
                table.c.key == bindparam("idempotency_key"),
                *(table.c[name].is_not_distinct_from(value) for name, value in self._fence().items()),
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

    async def finish_job(self, identifier: UUID) -> bool:
        """Mark a row of the outbox done, which by itself is nothing to announce; False where it was done before."""
        table = events.outbox
        statement = (
            update(table)
            .where(self._bounds(table), table.c.id == bindparam("target"), table.c.done_at.is_(None))
            .values(version=table.c.version + 1, updated_at=self.now, done_at=self.now, locked_until=None)
            .returning(table.c.id)
        )
        return bool(await self._run(statement, {"target": identifier}))
