"""Partner accesses: delegated administration of an organisation."""

from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Annotated

import strawberry

from resolvers import accesses, organisations
from resolvers.paging import Order
from schema.connections import Connection, Direction, paged
from schema.guarded import column, edge, entity, listing
from schema.nodes import Node, Versioned
from storage.accesses import AccessState, PartnerAccessRecord
from tenancy.privileges import Privilege

if TYPE_CHECKING:
    from schema.organisations import ChildOrg


@entity(
    read=Privilege.ACCESS_READ,
    record=PartnerAccessRecord,
    doc="The partner's delegated administration of one organisation; it belongs to the partner, not to a person.",
)
class PartnerAccess(Node, Versioned):
    """The partner's delegated administration of one organisation."""

    state: AccessState = column(doc="Where it is in its life.")
    full_administration: bool = column(doc="Whether it holds everything that a partner may do there.")
    privileges: list[str] = column(doc="What it holds, where it is not full administration.")
    starts_at: datetime = column(doc="From when on.")
    expires_at: datetime | None = column(doc="Until when; null where it does not expire.")
    ended_at: datetime | None = column(doc="When it was ended.")
    ended_by: str | None = column(doc="Which side ended it.")
    organisation: Annotated["ChildOrg", strawberry.lazy("schema.organisations")] | None = edge(
        organisations.organisation_by_id,
        key="child_org_id",
        guard=Privilege.ORGANISATION_READ,
        doc="The organisation; null once it has left the partner's lists.",
    )


@strawberry.enum(description="What accesses are sorted by.")
class PartnerAccessOrderField(Enum):
    """What accesses are sorted by."""

    CREATED_AT = strawberry.enum_value("created_at", description="By when they were made.")


@strawberry.input(description="How accesses are sorted.")
class PartnerAccessOrder:
    """How accesses are sorted."""

    field: PartnerAccessOrderField = strawberry.field(
        default=PartnerAccessOrderField.CREATED_AT, description="By what."
    )
    direction: Direction = strawberry.field(default=Direction.DESC, description="Which way.")


@strawberry.input(description="Which accesses to list.")
class PartnerAccessFilter:
    """Which accesses to list."""

    state: AccessState | None = strawberry.field(default=strawberry.UNSET, description="Only in this state.")


access_page = paged(where=PartnerAccessFilter, order=PartnerAccessOrder, default=Order("created_at", descending=True))


@strawberry.type
class AccessQuery:
    """The accesses of the root."""

    partner_accesses: Connection[PartnerAccess] | None = listing(
        accesses.accesses, guard=Privilege.ACCESS_READ, args=access_page, doc="The partner's accesses to organisations."
    )
