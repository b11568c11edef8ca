"""Checking audit trails: every partner's chain, walked as the database holds it."""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final
from uuid import UUID

import msgspec

from gateway import partners, starting
from storage import rls
from storage.audit import audit_entry
from storage.base import SCHEMA
from storage.engine import connect
from tenancy.outcomes import UNREACHABLE
from tenancy.trail import COLUMNS, Link, Report, Walk

AT_A_TIME: Final = 500
"""How many entries are fetched at once."""
MOST_SHOWN: Final = 20
"""How many faults of one trail are written out."""

# A trail whose partner is gone is a trail still. Each is found by one descent of the index.
_PARTNERS: Final = f"""
WITH RECURSIVE written (partner_id) AS (
      (SELECT partner_id FROM {audit_entry} ORDER BY partner_id LIMIT 1) UNION ALL
      SELECT (SELECT partner_id FROM {audit_entry} WHERE partner_id > written.partner_id ORDER BY partner_id LIMIT 1)
        FROM written WHERE written.partner_id IS NOT NULL)
SELECT id, coalesce(partner.name, id::text) AS name
  FROM (SELECT partner_id AS id FROM written WHERE partner_id IS NOT NULL
         UNION SELECT id FROM {SCHEMA}.trail_head UNION SELECT id FROM {SCHEMA}.partner_org) AS every
  LEFT JOIN {SCHEMA}.partner_org AS partner USING (id)
 ORDER BY name, id
"""  # noqa: S608 - the names are constants of ours
_HEAD: Final = f"SELECT audit_seq, audit_hash FROM {SCHEMA}.trail_head WHERE id = $1"  # noqa: S608 - as above
_WAITING: Final = f"SELECT count(*) FROM {audit_entry} WHERE partner_id = $1 AND seq IS NULL"  # noqa: S608 - as above
_ENTRIES: Final = (
    f"SELECT hash, {', '.join(COLUMNS)} FROM {audit_entry}"  # noqa: S608 - as above
    " WHERE partner_id = $1 AND seq IS NOT NULL ORDER BY seq"
)


class CannotVerifyError(Exception):
    """What is asked for cannot be checked; the message is one line for people."""


class Trail(msgspec.Struct, frozen=True):
    """What was found of one partner's trail."""

    partner: str
    report: Report

    def __str__(self) -> str:
        """Tell it in one line; `SEQ:HASH` is what an anchor is made of."""
        report = self.report
        head = f"head {report.head}" if report.head else "no head"
        found = f"{self.partner}: {report.entries} entries, {head}, {report.waiting} not yet chained"
        return f"{found}: {'; '.join(self._faults()) or 'OK'}"

    def _faults(self) -> Sequence[str]:
        faults = [str(fault) for fault in self.report.faults]
        more = len(faults) - MOST_SHOWN
        return [*faults[:MOST_SHOWN], f"and {more} more faults"] if more > 0 else faults


async def verify(
    owner_url: str, *, partner: str | None = None, anchor: str | None = None
) -> AsyncGenerator[Trail, None]:
    """Check the trail of each partner, or of the one that is named by its id or its name.

    Each trail is read in one snapshot, so that nothing need stop meanwhile.

    Raises:
        CannotVerifyError: there is no such partner, the anchor is none or is nobody's, or the database went away.
        CannotStartError: the database must be migrated first.
        DatabaseUnreachableError: the database cannot be reached.
    """
    if anchor is not None and partner is None:
        message = "An anchor is of one partner: name it with --partner."
        raise CannotVerifyError(message)
    kept = None if anchor is None else _anchor(anchor)
    await starting.demand_current(owner_url)
    connection = await connect(owner_url)
    try:
        async with _snapshot(connection):
            rows = await connection.fetch(_PARTNERS)
        for row in rows if partner is None else [_named(rows, partner)]:
            async with _snapshot(connection):
                yield Trail(row["name"], await _walk(connection, row["id"], kept))
    except UNREACHABLE as error:
        message = "The database went away before every trail was checked."
        raise CannotVerifyError(message) from error
    finally:
        await connection.close()


@asynccontextmanager
async def _snapshot(connection: Any) -> AsyncIterator[None]:
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        await connection.execute(f"SET LOCAL ROLE {rls.OWNER}")
        yield


async def _walk(connection: Any, partner_id: UUID, anchor: Link | None) -> Report:
    head = await connection.fetchrow(_HEAD, partner_id)
    walk = Walk(None if head is None else Link(head["audit_seq"], head["audit_hash"]), anchor)
    async for entry in connection.cursor(_ENTRIES, partner_id, prefetch=AT_A_TIME):
        walk.see(entry)
    return walk.report(waiting=await connection.fetchval(_WAITING, partner_id))


def _anchor(text: str) -> Link:
    try:
        return Link.parse(text)
    except ValueError as error:
        raise CannotVerifyError(str(error)) from error


def _named(rows: Sequence[Any], wanted: str) -> Any:
    try:
        return partners.named(rows, wanted)
    except partners.UnknownPartnerError as error:
        raise CannotVerifyError(str(error)) from error
