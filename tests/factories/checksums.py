"""Which rows a database holds, summed up and kept: to prove that nothing changed, and to undo what did."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias
from uuid import UUID

from sqlalchemy import Table

from storage.audit import AuditOutcome, audit_entry
from storage.identity import membership
from storage.tables import metadata
from tests.factories.worlds import TENANT_TABLES

KEPT: Final = (*TENANT_TABLES, membership)
"""The tables whose rows belong to a partner, those that a token's reach is read from among them."""
_SHADOW: Final = "kept"

Sums: TypeAlias = dict[str, tuple[int, int]]
"""For each table how many rows were counted, and a sum over where each lies and which transaction put it there."""


def _one(table: Table, where: str) -> str:
    """Sum up one table; what is written anew lies elsewhere, even where nothing in it changes, so no row is read."""
    return (
        f"SELECT '{table.name}' AS name, count(*) AS rows,"
        f" coalesce(sum(hashtidextended(t.ctid, t.xmin::text::bigint)), 0) AS sum FROM {table} AS t WHERE {where}"
    )


async def _summed(owner: Any, conditions: Mapping[Table, str], *arguments: Any) -> Sums:
    sql = " UNION ALL ".join(_one(table, where) for table, where in conditions.items())
    return {row["name"]: (row["rows"], int(row["sum"])) for row in await owner.fetch(sql, *arguments)}


async def _done(owner: Any, conditions: Mapping[Table, str], *arguments: Any) -> Sums:
    """Sum up what is not the entry of a denial, which is no change."""
    done = {audit_entry: f"{conditions[audit_entry]} AND t.outcome = '{AuditOutcome.DONE}'"}
    return await _summed(owner, {**conditions, **done}, *arguments)


async def everything(owner: Any) -> Sums:
    """Count and sum up all rows that there are, but for the entries of denials; of every table."""
    return await _done(owner, dict.fromkeys(metadata.sorted_tables, "true"))


async def sums(owner: Any, *partners: UUID) -> Sums:
    """Count and sum up all rows that some partners have, but for the entries of denials; of every table."""
    return await _done(owner, dict.fromkeys(KEPT, "t.partner_id = ANY ($1::uuid[])"), list(partners))


async def sums_outside(
    owner: Any, *, partner: UUID, others: Sequence[UUID], client: UUID | None = None, organisation: UUID | None = None
) -> Sums:
    """Sum up what lies outside a scope: other partners' rows, and the own partner's of other clients or organisations.

    A scope that is confined to an organisation, or a client, holds of each table only what bears its key.
    """
    conditions = {
        table: f"(t.partner_id = ANY ($1) OR (t.partner_id = $2 AND {_beyond(table, client, organisation)}))"
        for table in KEPT
    }
    asked = "$3::uuid IS NOT DISTINCT FROM $3 AND $4::uuid IS NOT DISTINCT FROM $4"
    conditions = {table: f"{where} AND {asked}" for table, where in conditions.items()}
    return await _done(owner, conditions, list(others), partner, client, organisation)


def _beyond(table: Table, client: UUID | None, organisation: UUID | None) -> str:
    own = {"client": ("id", None), "child_org": ("client_id", "id")}
    named = {name: name if name in table.c else None for name in ("client_id", "child_org_id")}
    client_column, organisation_column = own.get(table.name, (named["client_id"], named["child_org_id"]))
    if organisation is not None and organisation_column is not None:
        return f"t.{organisation_column} IS DISTINCT FROM $4"
    if client is not None:
        return f"t.{client_column} IS DISTINCT FROM $3" if client_column else "true"
    return "false" if organisation is None else "true"


@dataclass
class Kept:
    """The rows of some partners as they once were; the owner's connection is a superuser's that took its role."""

    owner: Any
    partners: Sequence[UUID]
    _untouched: Sums = field(default_factory=dict)

    async def keep(self) -> None:
        """Copy every row."""
        await self._whole(
            f"CREATE SCHEMA {_SHADOW}",
            *(f"CREATE TABLE {_SHADOW}.{table.name} AS SELECT * FROM {table} WHERE {self._kept}" for table in KEPT),
        )
        self._untouched = await self._found()

    async def restore(self) -> None:
        """Put every row back that was changed, and take away what came since."""
        found = await self._found()
        touched = [table for table in KEPT if found[table.name] != self._untouched[table.name]]
        if not touched:
            return
        await self._whole(
            *(
                step
                for table in touched
                for step in (
                    f"DELETE FROM {table} WHERE {self._kept}",
                    f"INSERT INTO {table} SELECT * FROM {_SHADOW}.{table.name}",
                )
            )
        )
        self._untouched = await self._found()

    @property
    def _kept(self) -> str:
        """What is kept: the partners' rows, and the memberships of nobody's partner."""
        return f"coalesce(partner_id = ANY ('{{{', '.join(map(str, self.partners))}}}'), true)"

    async def _found(self) -> Sums:
        return await _summed(self.owner, dict.fromkeys(KEPT, self._kept))

    async def _whole(self, *steps: str) -> None:
        """Run statements in one transaction, in which rows go and come without the rows that they point to."""
        await self.owner.execute("RESET ROLE")
        try:
            async with self.owner.transaction():
                await self.owner.execute("; ".join(["SET LOCAL session_replication_role = replica", *steps]))
        finally:
            await self.owner.execute("SET ROLE gateway_owner")
