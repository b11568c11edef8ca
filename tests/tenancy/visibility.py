"""Which rows somebody reaches, by the tables of the architecture and not by what the tables of the code declare."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Final
from uuid import UUID

from schema import node_ids
from storage.base import SCHEMA
from storage.identity import MembershipKind
from storage.tables import metadata
from tests.factories.principals import Asker, Joined
from tests.factories.worlds import TENANT_KINDS, table_name
from tests.tenancy.expectations import SELF, expected
from tests.tenancy.stages import House, Plot


class Level(Enum):
    """Whose rows a kind of node is."""

    PARTNER = auto()
    CLIENT = auto()
    DIRECTORY = auto()
    BOTH = auto()
    INSIDE = auto()
    TRAIL = auto()


LEVELS: Final[Mapping[str, Level]] = {
    "PartnerOrg": Level.PARTNER,
    "PartnerMember": Level.PARTNER,
    "Client": Level.CLIENT,
    "PaymentCard": Level.CLIENT,
    "Invoice": Level.CLIENT,
    "ChildOrg": Level.DIRECTORY,
    "Subscription": Level.BOTH,
    "PartnerAccess": Level.BOTH,
    "ActingSession": Level.BOTH,
    "Escalation": Level.BOTH,
    "ChangeRequest": Level.BOTH,
    "OrgUser": Level.INSIDE,
    "OrgSettings": Level.INSIDE,
    "UserBackup": Level.INSIDE,
    "AuditEntry": Level.TRAIL,
}
"""A new kind of node needs a level."""

_OWN: Final = {"OrgUser": "membership_id", "UserBackup": "requested_by"}
"""The column that makes a row somebody's own, where some see only that."""


_LEFT: Final = "partner_sees_until <= statement_timestamp()"


@dataclass(frozen=True)
class Row:
    """One node: whose it is, whether it is inside an organisation only, and whether the partner has lost it.

    `names` are the ids that stand in its columns.
    """

    kind: str
    id: str
    partner: UUID
    client: UUID | None
    organisation: UUID | None
    internal: bool
    left: bool
    own: UUID | None
    names: frozenset[UUID]


async def every_row(owner: Any, *plots: Plot) -> list[Row]:
    """Read every node of some partners as the owner."""
    partners = [plot.partner_id for plot in plots]
    return [
        _row(kind, found)
        for kind in TENANT_KINDS
        for found in await owner.fetch(
            f"SELECT *, {_LEFT if kind == 'ChildOrg' else 'false'} AS has_left"
            f" FROM {SCHEMA}.{table_name(kind)} WHERE partner_id = ANY ($1)",
            partners,
        )
    ]


def _row(kind: str, found: Mapping[str, Any]) -> Row:
    columns = metadata.tables[f"{SCHEMA}.{table_name(kind)}"].c
    client = found["client_id"] if "client_id" in columns else None
    organisation = found["child_org_id"] if "child_org_id" in columns else None
    return Row(
        kind,
        node_ids.encode(kind, found["id"]),
        found["partner_id"],
        found["id"] if kind == "Client" else client,
        found["id"] if kind == "ChildOrg" else organisation,
        internal="org_internal" in columns and found["org_internal"],
        left=found["has_left"],
        own=found[_OWN[kind]] if kind in _OWN else None,
        names=frozenset(value for value in found.values() if isinstance(value, UUID)),
    )


def reached(asker: Asker, plot: Plot, row: Row) -> bool:
    """Tell whether somebody's scope holds a row, whatever the decision says."""
    if row.partner != plot.partner_id or asker.kind in {None, MembershipKind.OPERATOR}:
        return False
    house, level = plot.houses[asker.house], LEVELS[row.kind]
    if asker.acts is not None or asker.kind is MembershipKind.ORG_USER:
        if level is Level.CLIENT:
            return asker.acts is not None and row.client == house.client_id
        return level is not Level.PARTNER and row.organisation == house.organisation_id
    if asker.is_partners and (row.internal or row.left):
        return False
    confined = asker.fenced or asker.kind is MembershipKind.CONTACT
    if confined and (level is Level.PARTNER or row.client != plot.home.client_id):
        return False
    return level is not Level.INSIDE


def seen(joined: Joined, plot: Plot, row: Row, privilege: str) -> bool:
    """Tell whether somebody who holds a privilege to read sees a row: all that it reaches, or its own."""
    own = expected(joined.asker, privilege).condition == SELF and row.kind in _OWN
    return reached(joined.asker, plot, row) and (not own or row.own == joined.membership_id)


def elsewhere(asker: Asker, plots: Sequence[Plot], rows: Sequence[Row], kind: str) -> Iterator[tuple[str, str]]:
    """Walk ids of a kind in every other scope than somebody's: where it is, and the id."""
    mine = plots[0]
    for plot in plots:
        for name, house in plot.houses.items():
            identifier = house.chosen[kind]
            row = next(found for found in rows if found.id == identifier)
            if not reached(asker, mine, row):
                yield f"{'their' if plot is not mine else 'my'} {name}", identifier


def named(asker: Asker, plot: Plot, rows: Sequence[Row], identifier: str) -> bool:
    """Tell whether a row that somebody reaches names a thing: the client of one's own organisation, for one."""
    decoded = node_ids.decode(identifier)
    return decoded is not None and any(reached(asker, plot, row) and decoded[1] in row.names for row in rows)


def house_of(asker: Asker, plot: Plot) -> House:
    """Return the house that somebody is at home in."""
    return plot.houses[asker.house]


assert set(LEVELS) == set(TENANT_KINDS), sorted(set(LEVELS) ^ set(TENANT_KINDS))
