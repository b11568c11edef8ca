"""Partner accesses: delegated administration of an organisation."""

from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Annotated

import strawberry

from resolvers import accesses, organisations
from resolvers.paging import Order
from schema.changing import NODE
from schema.connections import Connection, Direction, paged
from schema.guarded import column, edge, entity, listing, mutation, node_id
from schema.nodes import Node, Versioned
from schema.payloads import UserError, user_errors
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
    reason: str | None = column(doc="Why it was requested; null where it came with the organisation.")
    days: int | None = column(doc="For how many days it was requested.")
    extendable: bool = column(doc="Whether it can be extended, once.")
    extended_at: datetime | None = column(doc="When it was extended.")
    requested_by_name: str | None = column(doc="Who requested it.")
    decided_at: datetime | None = column(doc="When that was approved or declined.")
    decided_by_name: str | None = column(doc="Who approved or declined it.")
    starts_at: datetime = column(doc="From when on; of one that was never active, when it was requested.")
    expires_at: datetime | None = column(doc="Until when; null where it does not expire.")
    ended_at: datetime | None = column(doc="When it was ended.")
    ended_by: str | None = column(doc="Who ended it: SUPER_ADMIN, ADMIN or PARTNER.")
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
    child_org_id: strawberry.ID | None = strawberry.field(
        default=None, name="organisationId", description="Only to this organisation.", metadata={NODE: "ChildOrg"}
    )


access_page = paged(where=PartnerAccessFilter, order=PartnerAccessOrder, default=Order("created_at", descending=True))


@strawberry.input(description="Access to an organisation, as the partner would like it.")
class PartnerAccessRequestInput:
    """Access to an organisation, as the partner would like it."""

    subscription_id: strawberry.ID = node_id(
        "Subscription", doc="A subscription of the organisation, which may have left the partner's lists."
    )
    privileges: list[Privilege] | None = strawberry.field(
        default=strawberry.UNSET, description="What is needed; give either this or full administration."
    )
    full_administration: bool = strawberry.field(
        default=False, description="Whether everything is needed that a partner may do there."
    )
    days: int = strawberry.field(description="For how many days, from the approval on: 1 to 730.")
    extendable: bool = strawberry.field(
        default=False, description="Whether to let it be extended, once, by 180 days; never full administration."
    )
    reason: str = strawberry.field(description="Why; the super admin reads it.")
    idempotency_key: str | None = strawberry.field(
        default=strawberry.UNSET, description="Makes a retry safe: the same key requests once. Kept for 30 days."
    )


@strawberry.input(description="An access that is to change.")
class _Access:
    """An access that is to change."""

    id: strawberry.ID = node_id("PartnerAccess", doc="The access.")
    expected_version: int | None = strawberry.field(
        default=strawberry.UNSET, description="Refuse if the access is not at this version."
    )
    idempotency_key: str | None = strawberry.field(
        default=strawberry.UNSET, description="Makes a retry safe: the same key changes once. Kept for 30 days."
    )


@strawberry.input(description="A request for access to take back.")
class PartnerAccessWithdrawInput(_Access):
    """A request for access to take back."""


@strawberry.input(description="A request for access to approve.")
class PartnerAccessApproveInput(_Access):
    """A request for access to approve."""

    note: str | None = strawberry.field(
        default=strawberry.UNSET, description="What the partner shall know; it is kept in the audit trail."
    )


@strawberry.input(description="A request for access to decline.")
class PartnerAccessDeclineInput(_Access):
    """A request for access to decline."""

    note: str | None = strawberry.field(
        default=strawberry.UNSET, description="What the partner shall know; it is kept in the audit trail."
    )


@strawberry.input(description="The partner's access to revoke.")
class PartnerAccessRevokeInput(_Access):
    """The partner's access to revoke."""

    reason: str | None = strawberry.field(default=strawberry.UNSET, description="Why; it is kept in the audit trail.")


@strawberry.input(description="An access of one's own to end.")
class PartnerAccessEndInput(_Access):
    """An access of one's own to end."""

    reason: str | None = strawberry.field(default=strawberry.UNSET, description="Why; it is kept in the audit trail.")


@strawberry.input(description="An access of one's own to extend.")
class PartnerAccessExtendInput(_Access):
    """An access of one's own to extend."""


@strawberry.type(description="The access that was requested, or why it was not.")
class PartnerAccessRequestPayload:
    """The access that was requested, or why it was not."""

    access: PartnerAccess | None = strawberry.field(description="The access as it now is.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="The access that was withdrawn, or why it was not.")
class PartnerAccessWithdrawPayload:
    """The access that was withdrawn, or why it was not."""

    access: PartnerAccess | None = strawberry.field(description="The access as it now is.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="The access that was approved, or why it was not.")
class PartnerAccessApprovePayload:
    """The access that was approved, or why it was not."""

    access: PartnerAccess | None = strawberry.field(description="The access as it now is.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="The access that was declined, or why it was not.")
class PartnerAccessDeclinePayload:
    """The access that was declined, or why it was not."""

    access: PartnerAccess | None = strawberry.field(description="The access as it now is.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="The access that was revoked, or why it was not.")
class PartnerAccessRevokePayload:
    """The access that was revoked, or why it was not."""

    access: PartnerAccess | None = strawberry.field(description="The access as it now is.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="The access that was ended, or why it was not.")
class PartnerAccessEndPayload:
    """The access that was ended, or why it was not."""

    access: PartnerAccess | None = strawberry.field(description="The access as it now is.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="The access that was extended, or why it was not.")
class PartnerAccessExtendPayload:
    """The access that was extended, or why it was not."""

    access: PartnerAccess | None = strawberry.field(description="The access as it now is.")
    user_errors: list[UserError] = user_errors()


@strawberry.type
class AccessQuery:
    """The accesses of the root."""

    partner_accesses: Connection[PartnerAccess] | None = listing(
        accesses.accesses, guard=Privilege.ACCESS_READ, args=access_page, doc="The partner's accesses to organisations."
    )


@strawberry.type
class AccessMutation:
    """The life of a partner's access."""

    partner_access_request: PartnerAccessRequestPayload = mutation(
        accesses.request_access,
        privilege=Privilege.PARTNER_ACCESS_REQUEST,
        takes=PartnerAccessRequestInput,
        gives=PartnerAccessRequestPayload,
        outcome=accesses.access_by_id,
        doc="Ask an organisation's super admin for access to it.",
    )
    partner_access_withdraw: PartnerAccessWithdrawPayload = mutation(
        accesses.withdraw,
        privilege=Privilege.PARTNER_ACCESS_REQUEST,
        takes=PartnerAccessWithdrawInput,
        gives=PartnerAccessWithdrawPayload,
        outcome=accesses.access_by_id,
        target="id",
        doc="Take back a request that is not answered yet.",
    )
    partner_access_approve: PartnerAccessApprovePayload = mutation(
        accesses.approve,
        privilege=Privilege.PARTNER_ACCESS_APPROVE,
        takes=PartnerAccessApproveInput,
        gives=PartnerAccessApprovePayload,
        outcome=accesses.access_by_id,
        target="id",
        doc="Grant the partner what it asked for, from now on.",
    )
    partner_access_decline: PartnerAccessDeclinePayload = mutation(
        accesses.decline,
        privilege=Privilege.PARTNER_ACCESS_APPROVE,
        takes=PartnerAccessDeclineInput,
        gives=PartnerAccessDeclinePayload,
        outcome=accesses.access_by_id,
        target="id",
        doc="Refuse the partner what it asked for.",
    )
    partner_access_revoke: PartnerAccessRevokePayload = mutation(
        accesses.end,
        privilege=Privilege.PARTNER_ACCESS_REVOKE,
        takes=PartnerAccessRevokeInput,
        gives=PartnerAccessRevokePayload,
        outcome=accesses.access_by_id,
        target="id",
        doc="End the partner's access at once: the organisation leaves its lists, and whoever acts there is out.",
    )
    partner_access_end: PartnerAccessEndPayload = mutation(
        accesses.end,
        privilege=Privilege.PARTNER_ACCESS_END,
        takes=PartnerAccessEndInput,
        gives=PartnerAccessEndPayload,
        outcome=accesses.access_by_id,
        target="id",
        doc="End an access of one's own at once; the organisation leaves the lists.",
    )
    partner_access_extend: PartnerAccessExtendPayload = mutation(
        accesses.extend,
        privilege=Privilege.PARTNER_ACCESS_EXTEND,
        takes=PartnerAccessExtendInput,
        gives=PartnerAccessExtendPayload,
        outcome=accesses.access_by_id,
        target="id",
        doc="Lengthen an access that was granted with an extension by 180 days, once.",
    )
