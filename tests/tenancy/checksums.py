"""What the partners of a database hold, summed up and kept, so that a test can prove that nothing changed or undo it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from storage.base import SCHEMA
from storage.identity import membership
from storage.tables import metadata
from tests.factories.worlds import TENANT_TABLES

KEPT: Final = (*TENANT_TABLES, membership)
"""The tables whose rows belong to a partner, those that a token's reach is read from among them."""
_SHADOW: Final = "kept"
_CHANGED: Final = {"audit_entry": " AND t.outcome = 'DONE'"}
"""What is no change: the entry of a denial."""

Sums = dict[str, tuple[int, int]]


def _one(name: str) -> str:
    return (
        f"SELECT '{name}' AS name, count(*) AS rows, coalesce(sum(hashtextextended(t::text, 0)), 0)::numeric AS sum"
        f" FROM {SCHEMA}.{name} AS t WHERE t.partner_id = ANY ($1::uuid[]){_CHANGED.get(name, '')}"
    )


_SUMS: Final = " UNION ALL ".join(_one(table.name) for table in KEPT)


async def sums(owner: Any, *partners: UUID) -> Sums:
    """Count and sum up all rows that some partners have, but for the entries of denials; of every table."""
    return {row["name"]: (row["rows"], int(row["sum"])) for row in await owner.fetch(_SUMS, list(partners))}


@dataclass(frozen=True)
class Kept:
    """The rows of some partners as they once were; the owner's connection is a superuser's that took its role."""

    owner: Any
    partners: Sequence[UUID]

    async def keep(self) -> None:
        """Copy every row."""
        await self.owner.execute("RESET ROLE")
        await self.owner.execute(f"CREATE SCHEMA {_SHADOW}")
        for table in KEPT:
            await self.owner.execute(
                f"CREATE TABLE {_SHADOW}.{table.name} AS SELECT * FROM {table} WHERE partner_id = ANY ($1)",
                list(self.partners),
            )
        await self.owner.execute("SET ROLE gateway_owner")

    async def restore(self) -> None:
        """Put every row back that was changed, and take away what came since."""
        quoted = ", ".join(f"'{partner}'" for partner in self.partners)
        steps = [
            step
            for table in KEPT
            for step in (
                f"DELETE FROM {table} WHERE partner_id IN ({quoted})",
                f"INSERT INTO {table} SELECT * FROM {_SHADOW}.{table.name}",
            )
        ]
        # Without this every deletion asks after the rows that point there; rows of all of them are being exchanged.
        script = ["RESET ROLE", "BEGIN", "SET LOCAL session_replication_role = replica", *steps, "COMMIT"]
        await self.owner.execute("; ".join([*script, "SET ROLE gateway_owner"]))


__all__ = ["KEPT", "Kept", "Sums", "metadata", "sums"]
