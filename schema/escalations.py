"""Escalations: one use of a task that is denied to partners, asked for and approved."""

from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Annotated

import strawberry

from resolvers import escalations, org_users, organisations
from resolvers.paging import Order
from schema.connections import Connection, Direction, paged
from schema.guarded import column, edge, entity, listing, mutation, node_id
from schema.nodes import Node, Versioned
from schema.payloads import UserError, user_errors
from storage.escalations import EscalationRecord, EscalationState
from tenancy.privileges import Privilege

if TYPE_CHECKING:
    from schema.org_users import OrgUser
    from schema.organisations import ChildOrg


@entity(
    read=Privilege.ESCALATION_READ,
    record=EscalationRecord,
    doc="One use of a task that is denied to partners, asked for by a member who acts in the organisation.",
)
class Escalation(Node, Versioned):
    """One use of a task that is denied to partners."""

    task: Privilege = column(doc="What shall be done.")
    reason: str = column(doc="Why, as whoever asked says.")
    state: EscalationState = column(doc="Where it is in its life.")
    requested_by_name: str = column(doc="Who asked, and alone can use it.")
    decided_at: datetime | None = column(doc="When the super admin answered.")
    decided_by_name: str | None = column(doc="Who answered.")
    decision_note: str | None = column(doc="What was noted with the answer.")
    usable_until: datetime | None = column(doc="Until when it can be used: 60 minutes from the approval on.")
    used_at: datetime | None = column(doc="When it was used.")
    user: Annotated["OrgUser", strawberry.lazy("schema.org_users")] | None = edge(
        org_users.user_by_id,
        key="user_id",
        guard=Privilege.ORG_READ,
        doc="The user whom it is about; null where it is about the organisation itself.",
    )
    organisation: Annotated["ChildOrg", strawberry.lazy("schema.organisations")] | None = edge(
        organisations.organisation_by_id,
        key="child_org_id",
        guard=Privilege.ORGANISATION_READ,
        doc="The organisation; null once it has left the partner's lists.",
    )


@strawberry.enum(description="What escalations are sorted by.")
class EscalationOrderField(Enum):
    """What escalations are sorted by."""

    CREATED_AT = strawberry.enum_value("created_at", description="By when they were asked for.")


@strawberry.input(description="How escalations are sorted.")
class EscalationOrder:
    """How escalations are sorted."""

    field: EscalationOrderField = strawberry.field(default=EscalationOrderField.CREATED_AT, description="By what.")
    direction: Direction = strawberry.field(default=Direction.DESC, description="Which way.")


@strawberry.input(description="Which escalations to list.")
class EscalationFilter:
    """Which escalations to list."""

    state: EscalationState | None = strawberry.field(default=strawberry.UNSET, description="Only in this state.")
    child_org_id: strawberry.ID | None = strawberry.field(
        default=None,
        name="organisationId",
        description="Only of this organisation.",
        metadata={"node": "ChildOrg"},
    )


escalation_page = paged(where=EscalationFilter, order=EscalationOrder, default=Order("created_at", descending=True))


@strawberry.input(description="One use of a task to ask the super admin for.")
class EscalationRequestInput:
    """One use of a task to ask the super admin for."""

    task: Privilege = strawberry.field(description="What shall be done; one of the tasks that are denied to partners.")
    user_id: strawberry.ID | None = node_id(
        "OrgUser", default=None, doc="The user whom it is about; only, and always, where the task is about one."
    )
    reason: str = strawberry.field(description="Why; the super admin reads it. At most 1,000 characters.")
    idempotency_key: str | None = strawberry.field(
        default=strawberry.UNSET, description="Makes a retry safe: the same key asks once. Kept for 30 days."
    )


@strawberry.input(description="An escalation to take back.")
class EscalationWithdrawInput:
    """An escalation to take back."""

    id: strawberry.ID = node_id("Escalation", doc="The escalation.")
    expected_version: int | None = strawberry.field(
        default=strawberry.UNSET, description="Refuse if the escalation is not at this version."
    )
    idempotency_key: str | None = strawberry.field(
        default=strawberry.UNSET, description="Makes a retry safe: the same key withdraws once. Kept for 30 days."
    )


@strawberry.input(description="An escalation to approve.")
class EscalationApproveInput:
    """An escalation to approve."""

    id: strawberry.ID = node_id("Escalation", doc="The escalation.")
    note: str | None = strawberry.field(
        default=strawberry.UNSET, description="What to say with the answer. At most 1,000 characters."
    )
    expected_version: int | None = strawberry.field(
        default=strawberry.UNSET, description="Refuse if the escalation is not at this version."
    )
    idempotency_key: str | None = strawberry.field(
        default=strawberry.UNSET, description="Makes a retry safe: the same key approves once. Kept for 30 days."
    )


@strawberry.input(description="An escalation to decline.")
class EscalationDeclineInput:
    """An escalation to decline."""

    id: strawberry.ID = node_id("Escalation", doc="The escalation.")
    note: str | None = strawberry.field(
        default=strawberry.UNSET, description="What to say with the answer. At most 1,000 characters."
    )
    expected_version: int | None = strawberry.field(
        default=strawberry.UNSET, description="Refuse if the escalation is not at this version."
    )
    idempotency_key: str | None = strawberry.field(
        default=strawberry.UNSET, description="Makes a retry safe: the same key declines once. Kept for 30 days."
    )


@strawberry.type(description="The escalation that was asked for, or why it was not.")
class EscalationRequestPayload:
    """The escalation that was asked for, or why it was not."""

    escalation: Escalation | None = strawberry.field(description="The escalation as it now is.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="The escalation that was taken back, or why it was not.")
class EscalationWithdrawPayload:
    """The escalation that was taken back, or why it was not."""

    escalation: Escalation | None = strawberry.field(description="The escalation as it now is.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="The escalation that was approved, or why it was not.")
class EscalationApprovePayload:
    """The escalation that was approved, or why it was not."""

    escalation: Escalation | None = strawberry.field(description="The escalation as it now is.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="The escalation that was declined, or why it was not.")
class EscalationDeclinePayload:
    """The escalation that was declined, or why it was not."""

    escalation: Escalation | None = strawberry.field(description="The escalation as it now is.")
    user_errors: list[UserError] = user_errors()


@strawberry.type
class EscalationQuery:
    """The escalations of the root."""

    escalations: Connection[Escalation] | None = listing(
        escalations.escalations,
        guard=Privilege.ESCALATION_READ,
        args=escalation_page,
        doc="What was asked of super admins, and what became of it.",
    )


@strawberry.type
class EscalationMutation:
    """Changes of escalations."""

    escalation_request: EscalationRequestPayload = mutation(
        escalations.ask,
        privilege=Privilege.ESCALATION_REQUEST,
        takes=EscalationRequestInput,
        gives=EscalationRequestPayload,
        outcome=escalations.escalation_by_id,
        doc="Ask the super admin for one use of a task that is denied to partners; an answer is awaited for 7 days.",
    )
    escalation_withdraw: EscalationWithdrawPayload = mutation(
        escalations.withdraw,
        privilege=Privilege.ESCALATION_REQUEST,
        takes=EscalationWithdrawInput,
        gives=EscalationWithdrawPayload,
        outcome=escalations.escalation_by_id,
        target="id",
        doc="Take an escalation back that was not used; only whoever asked for it can.",
    )
    escalation_approve: EscalationApprovePayload = mutation(
        escalations.approve,
        privilege=Privilege.ESCALATION_APPROVE,
        takes=EscalationApproveInput,
        gives=EscalationApprovePayload,
        outcome=escalations.escalation_by_id,
        target="id",
        doc="Approve an escalation: whoever asked for it can use it once within 60 minutes, under the same access.",
    )
    escalation_decline: EscalationDeclinePayload = mutation(
        escalations.decline,
        privilege=Privilege.ESCALATION_APPROVE,
        takes=EscalationDeclineInput,
        gives=EscalationDeclinePayload,
        outcome=escalations.escalation_by_id,
        target="id",
        doc="Decline an escalation.",
    )
