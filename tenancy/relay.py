"""The relay: numbers every partner's events and audit entries once they are committed, and runs the outbox's jobs.

It works beside those who write and only on what they committed, so nobody waits for it. Each partner takes one short
transaction at a time, and any number of relays share the work by passing over what another holds.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from enum import StrEnum
from typing import Any, Final, TypeAlias
from uuid import UUID

import msgspec
import orjson
from sqlalchemy import Table, bindparam, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.selectable import Select

from storage import rls
from storage.audit import audit_entry, trail_head
from storage.base import now
from storage.events import event, outbox
from tenancy.audit import Attempt
from tenancy.outcomes import expected_outcomes
from tenancy.scope import Boundary, system_write
from tenancy.trail import GENESIS, Link, chained
from tenancy.writing import WriteScope

BATCH: Final = 500
"""How many events, and how many entries, one transaction numbers at most."""
CLAIM_SECONDS: Final = 60
"""How long a job belongs to the relay that claimed it; if that was killed, another takes the job then."""
ATTEMPTS: Final = 10
"""How often a job is tried before it is left alone."""
FIRST_PAUSE_SECONDS: Final = 10
"""How long a job rests after it failed, and twice as long after each further time: 85 minutes in all."""

Handler: TypeAlias = Callable[[WriteScope, Mapping[str, Any]], Awaitable[None]]
"""Does jobs of one kind: inside the transaction that marks the job done, it changes what is still to be changed."""


class NumberedByAnotherError(RuntimeError):
    """Rows were numbered without their partner's head being held; this transaction leaves nothing behind."""

    def __init__(self) -> None:
        super().__init__("somebody numbers a trail without holding its head")


class Outcome(StrEnum):
    """What came of trying a job."""

    DONE = "DONE"
    FAILED = "FAILED"
    DEAD = "DEAD"


class Ran(msgspec.Struct, frozen=True):
    """One try of a job; of an error only the type is told."""

    job_id: UUID
    kind: str
    attempt: int
    outcome: Outcome
    error: str | None = None


class _Job(msgspec.Struct, frozen=True):
    partner_id: UUID
    id: UUID
    kind: str
    payload: dict[str, Any]
    attempt: int


class _Head(msgspec.Struct, frozen=True):
    events: int
    audit: Link


def _each_partner(table: Table, waiting: str) -> str:
    """Render the partners that have rows in a partial index: one descent for each, however many rows it has."""
    first = f"SELECT partner_id FROM {table} WHERE {waiting}"  # noqa: S608 - the names are constants of ours
    further = f"{first} AND partner_id > found.partner_id ORDER BY partner_id LIMIT 1"
    return (
        f"(({first} ORDER BY partner_id LIMIT 1)"  # noqa: S608 - as above
        f" UNION ALL SELECT ({further}) FROM found WHERE found.partner_id IS NOT NULL)"
    )


_ENTER: Final = "SELECT set_config('role', $1, true)"
_UNNUMBERED: Final = " UNION ".join(
    f"(WITH RECURSIVE found (partner_id) AS {_each_partner(table, 'seq IS NULL')}"  # noqa: S608 - as above
    " SELECT partner_id FROM found WHERE partner_id IS NOT NULL)"
    for table in (event, audit_entry)
)
_CLAIMABLE: Final = (
    f"done_at IS NULL AND due_at <= statement_timestamp() AND attempts < {ATTEMPTS}"
    " AND (locked_until IS NULL OR locked_until <= statement_timestamp())"
)
# LATERAL with LIMIT looks each pair up in the index; EXISTS could be planned as a join with all that waits.
_DUE: Final = f"""
WITH RECURSIVE found (partner_id) AS {_each_partner(outbox, "done_at IS NULL")}
SELECT found.partner_id, handled.kind
  FROM found CROSS JOIN unnest($1::text[]) AS handled (kind)
 CROSS JOIN LATERAL (
       SELECT true FROM {outbox} AS job
        WHERE job.partner_id = found.partner_id AND job.kind = handled.kind AND {_CLAIMABLE} LIMIT 1) AS due
 WHERE found.partner_id IS NOT NULL
"""  # noqa: S608 - the names are constants of ours
_CLAIM: Final = f"""
WITH next AS MATERIALIZED (
       SELECT id FROM {outbox} WHERE partner_id = $1 AND kind = $2 AND {_CLAIMABLE}
        ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED)
UPDATE {outbox} AS job
   SET attempts = attempts + 1, locked_until = statement_timestamp() + make_interval(secs => {CLAIM_SECONDS})
  FROM next WHERE job.partner_id = $1 AND job.id = next.id
RETURNING job.id, job.attempts, job.payload::text AS payload
"""  # noqa: S608 - as above
# A relay that claimed the job meanwhile counted `attempts` up, and what becomes of the job is its to say.
_FAILED: Final = f"""
UPDATE {outbox}
   SET last_error = $4, locked_until = statement_timestamp() + make_interval(secs => $5)
 WHERE partner_id = $1 AND id = $2 AND attempts = $3 AND done_at IS NULL
"""  # noqa: S608 - as above
_DEAD: Final = (
    f"SELECT count(*) FROM {outbox} WHERE done_at IS NULL AND attempts >= {ATTEMPTS}"  # noqa: S608 - as above
    " AND locked_until <= statement_timestamp()"
)
_NUMBER_EVENTS: Final = f"""
UPDATE {event} AS event SET seq = given.seq
  FROM unnest($2::uuid[], $3::bigint[]) AS given (id, seq)
 WHERE event.partner_id = $1 AND event.id = given.id
"""  # noqa: S608 - as above
_CHAIN_ENTRIES: Final = f"""
UPDATE {audit_entry} AS entry SET seq = given.seq, hash = given.hash
  FROM unnest($2::uuid[], $3::bigint[], $4::bytea[]) AS given (id, seq, hash)
 WHERE entry.partner_id = $1 AND entry.id = given.id
"""  # noqa: S608 - as above


def _fresh(table: Table, *columns: Any) -> Select[Any]:
    """Make the question for a partner's next rows without a number, in the order in which they are numbered."""
    waiting = select(*columns).where(table.c.partner_id == bindparam("partner"), table.c.seq.is_(None))
    return waiting.order_by(table.c.created_at, table.c.id).limit(BATCH)


_FRESH_EVENTS: Final = _fresh(event, event.c.id)
_FRESH_ENTRIES: Final = _fresh(audit_entry, *audit_entry.c)
_HOLD_HEAD: Final = select(trail_head).where(trail_head.c.id == bindparam("partner")).with_for_update(skip_locked=True)
_MAKE_HEAD: Final = (
    upsert(trail_head)
    .values(id=bindparam("partner"), event_seq=0, audit_seq=0, audit_hash=GENESIS, updated_at=bindparam("at"))
    .on_conflict_do_nothing()
    .returning(trail_head)
)
_MOVE_HEAD: Final = (
    update(trail_head)
    .where(trail_head.c.id == bindparam("partner"))
    .values(
        event_seq=bindparam("events"),
        audit_seq=bindparam("entries"),
        audit_hash=bindparam("last_hash"),
        updated_at=bindparam("at"),
    )
)


class Relay:
    """Numbers trails, and runs the jobs of the kinds that have a handler; what has none is left for others.

    Every method raises `UnavailableError` when the database cannot be reached and `BusyError` when something held what
    it needs for too long; then nothing was changed, and asking again is all that is to be done.
    """

    def __init__(self, boundary: Boundary, handlers: Mapping[str, Handler]) -> None:
        self._boundary = boundary
        self._handlers = handlers

    async def unnumbered(self) -> Sequence[UUID]:
        """Find the partners that have committed rows without a number."""
        async with self._entered() as connection:
            return (await connection.exec_driver_sql(_UNNUMBERED)).scalars().all()

    async def number(self, partner_id: UUID) -> int:
        """Number a partner's next events and entries, chain the entries, and return how many rows that were.

        There is nothing to do where another relay holds the partner's head.

        Raises:
            NumberedByAnotherError: somebody numbers the same rows without holding the head.
        """
        async with self._entered() as connection:
            head = await _held_head(connection, partner_id)
            if head is None:
                return 0
            events = await _number_events(connection, partner_id, head.events)
            audit = await _chain_entries(connection, partner_id, head.audit)
            numbered = events - head.events + audit.seq - head.audit.seq
            if numbered:
                place = {"partner": partner_id, "events": events, "entries": audit.seq, "last_hash": audit.hash}
                await connection.execute(_MOVE_HEAD, {**place, "at": now()})
            return numbered

    async def due(self) -> Sequence[tuple[UUID, str]]:
        """Find the partners that have jobs to be run now, and of which kinds."""
        async with self._entered() as connection:
            found = await connection.exec_driver_sql(_DUE, (list(self._handlers),))
            return [(row.partner_id, row.kind) for row in found]

    async def run_next(self, partner_id: UUID, kind: str) -> Ran | None:
        """Claim a partner's next job of a kind and run it; None where there is none left to be run now.

        The job's effect and its being done are committed together, so that it has its effect once however often it
        is tried. A job that failed rests, longer each time; one that failed `ATTEMPTS` times is dead.
        """
        job = await self._claim(partner_id, kind)
        if job is None:
            return None
        try:
            await self._run(job)
        except Exception as error:  # noqa: BLE001 - whatever a handler raises, the job is tried again
            return await self._failed(job, type(error).__name__)
        return Ran(job.id, job.kind, job.attempt, Outcome.DONE)

    async def dead(self) -> int:
        """Count the jobs that were tried `ATTEMPTS` times in vain."""
        async with self._entered() as connection:
            count: int = (await connection.exec_driver_sql(_DEAD)).scalar_one()
            return count

    async def _claim(self, partner_id: UUID, kind: str) -> _Job | None:
        async with self._entered() as connection:
            row = (await connection.exec_driver_sql(_CLAIM, (partner_id, kind))).mappings().first()
        if row is None:
            return None
        return _Job(partner_id, row["id"], kind, orjson.loads(row["payload"]), row["attempts"])

    async def _run(self, job: _Job) -> None:
        async with system_write(self._boundary, job.partner_id, Attempt(job.kind, None, str(job.id))) as db:
            if await db.finish_job(job.id):
                await self._handlers[job.kind](db, job.payload)

    async def _failed(self, job: _Job, error: str) -> Ran:
        dead = job.attempt >= ATTEMPTS
        pause = 0 if dead else FIRST_PAUSE_SECONDS * 2 ** (job.attempt - 1)
        async with self._entered() as connection:
            await connection.exec_driver_sql(_FAILED, (job.partner_id, job.id, job.attempt, error, pause))
        return Ran(job.id, job.kind, job.attempt, Outcome.DEAD if dead else Outcome.FAILED, error)

    @asynccontextmanager
    async def _entered(self) -> AsyncIterator[AsyncConnection]:
        """Open a transaction as the relay's role, which ends with it."""
        with expected_outcomes():
            async with self._boundary.database.writes.begin() as connection:
                await connection.exec_driver_sql(_ENTER, (rls.RELAY,))
                yield connection


async def _held_head(connection: AsyncConnection, partner_id: UUID) -> _Head | None:
    """Lock a partner's head, which is made with its first rows; None where another relay holds it.

    Of two that make it at once, the second waits for the first one's transaction, and then finds it made.
    """
    row = (await connection.execute(_HOLD_HEAD, {"partner": partner_id})).mappings().first()
    if row is None:
        row = (await connection.execute(_MAKE_HEAD, {"partner": partner_id, "at": now()})).mappings().first()
    return None if row is None else _Head(row["event_seq"], Link(row["audit_seq"], row["audit_hash"]))


async def _number_events(connection: AsyncConnection, partner_id: UUID, last: int) -> int:
    """Number a partner's next events from after `last`, and return the last number given."""
    ids = (await connection.execute(_FRESH_EVENTS, {"partner": partner_id})).scalars().all()
    numbers = list(range(last + 1, last + 1 + len(ids)))
    await _mark(connection, _NUMBER_EVENTS, partner_id, ids, numbers)
    return last + len(ids)


async def _chain_entries(connection: AsyncConnection, partner_id: UUID, last: Link) -> Link:
    """Number and chain a partner's next entries from after `last`, and return the last link made."""
    rows = (await connection.execute(_FRESH_ENTRIES, {"partner": partner_id})).mappings().all()
    links: list[Link] = []
    for seq, row in enumerate(rows, last.seq + 1):
        before = links[-1] if links else last
        links.append(Link(seq, chained(before.hash, {**row, "seq": seq})))
    numbers, hashes = [link.seq for link in links], [link.hash for link in links]
    await _mark(connection, _CHAIN_ENTRIES, partner_id, [row["id"] for row in rows], numbers, hashes)
    return links[-1] if links else last


async def _mark(
    connection: AsyncConnection, statement: str, partner_id: UUID, ids: Sequence[UUID], *marks: Sequence[Any]
) -> None:
    if not ids:
        return
    marked = await connection.exec_driver_sql(statement, (partner_id, list(ids), *marks))
    if marked.rowcount != len(ids):
        raise NumberedByAnotherError
