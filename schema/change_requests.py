"""Change requests: what a customer asks of the partner that manages its subscriptions."""

from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Annotated

import strawberry

from resolvers import change_requests, clients, organisations, plans, subscriptions
from resolvers.paging import Order
from schema.connections import Connection, Direction, paged
from schema.guarded import column, edge, entity, listing, mutation, node_id
from schema.nodes import Node, Versioned
from schema.payloads import UserError, user_errors
from schema.plans import Plan
from storage.change_requests import ChangeRequestKind, ChangeRequestRecord, ChangeRequestState
from tenancy.privileges import Privilege

if TYPE_CHECKING:
    from schema.clients import Client
    from schema.organisations import ChildOrg
    from schema.subscriptions import Subscription


@entity(
    read=Privilege.CHANGE_REQUEST_READ,
    record=ChangeRequestRecord,
    doc="A change of a subscription that an organisation or a client asks its partner for.",
)
class ChangeRequest(Node, Versioned):
    """A change of a subscription that the partner is asked for."""

    kind: ChangeRequestKind = column(doc="What is asked for.")
    storage_gb: int | None = column(doc="How many gigabytes more, where storage is asked for.")
    note: str | None = column(doc="What whoever asked says about it.")
    state: ChangeRequestState = column(doc="What became of it.")
    requested_by_name: str = column(doc="Who asked.")
    decided_at: datetime | None = column(doc="When the partner answered.")
    decided_by_name: str | None = column(doc="Who answered.")
    decision_note: str | None = column(doc="What was noted with the answer.")
    plan: Plan | None = edge(
        plans.plan_by_id, key="plan_id", guard=Privilege.PLAN_READ, doc="The plan that is asked for, if one is."
    )
    subscription: Annotated["Subscription", strawberry.lazy("schema.subscriptions")] | None = edge(
        subscriptions.subscription_by_id,
        key="subscription_id",
        guard=Privilege.SUBSCRIPTION_READ,
        doc="The subscription that shall change.",
    )
    client: Annotated["Client", strawberry.lazy("schema.clients")] | None = edge(
        clients.client_by_id, key="client_id", guard=Privilege.CLIENT_READ, doc="The client who pays."
    )
    organisation: Annotated["ChildOrg", strawberry.lazy("schema.organisations")] | None = edge(
        organisations.organisation_by_id,
        key="child_org_id",
        guard=Privilege.ORGANISATION_READ,
        doc="The organisation; null once it has left the partner's lists.",
    )


@strawberry.enum(description="What change requests are sorted by.")
class ChangeRequestOrderField(Enum):
    """What change requests are sorted by."""

    CREATED_AT = strawberry.enum_value("created_at", description="By when they were made.")


@strawberry.input(description="How change requests are sorted.")
class ChangeRequestOrder:
    """How change requests are sorted."""

    field: ChangeRequestOrderField = strawberry.field(
        default=ChangeRequestOrderField.CREATED_AT, description="By what."
    )
    direction: Direction = strawberry.field(default=Direction.DESC, description="Which way.")


@strawberry.input(description="Which change requests to list.")
class ChangeRequestFilter:
    """Which change requests to list."""

    state: ChangeRequestState | None = strawberry.field(default=strawberry.UNSET, description="Only in this state.")
    subscription_id: strawberry.ID | None = node_id("Subscription", default=None, doc="Only of this subscription.")
    client_id: strawberry.ID | None = node_id("Client", default=None, doc="Only of this client.")


change_request_page = paged(
    where=ChangeRequestFilter, order=ChangeRequestOrder, default=Order("created_at", descending=True)
)


@strawberry.input(description="A change to ask the partner for.")
class ChangeRequestCreateInput:
    """A change to ask the partner for."""

    subscription_id: strawberry.ID = node_id("Subscription", doc="The subscription that shall change.")
    kind: ChangeRequestKind = strawberry.field(description="What is asked for.")
    plan_id: strawberry.ID | None = node_id(
        "Plan", default=None, doc="The plan: only, and always, for an upgrade or a downgrade."
    )
    storage_gb: int | None = strawberry.field(
        default=strawberry.UNSET, description="How many gigabytes more, 1 to 10,000: only, and always, for storage."
    )
    note: str | None = strawberry.field(
        default=strawberry.UNSET, description="What to say about it. At most 1,000 characters."
    )
    idempotency_key: str | None = strawberry.field(
        default=strawberry.UNSET, description="Makes a retry safe: the same key asks once. Kept for 30 days."
    )


@strawberry.input(description="A change request to take back.")
class ChangeRequestWithdrawInput:
    """A change request to take back."""

    id: strawberry.ID = node_id("ChangeRequest", doc="The change request.")
    expected_version: int | None = strawberry.field(
        default=strawberry.UNSET, description="Refuse if the change request is not at this version."
    )
    idempotency_key: str | None = strawberry.field(
        default=strawberry.UNSET, description="Makes a retry safe: the same key withdraws once. Kept for 30 days."
    )


@strawberry.input(description="A change request to approve.")
class ChangeRequestApproveInput:
    """A change request to approve."""

    id: strawberry.ID = node_id("ChangeRequest", doc="The change request.")
    note: str | None = strawberry.field(
        default=strawberry.UNSET, description="What to say with the answer. At most 1,000 characters."
    )
    expected_version: int | None = strawberry.field(
        default=strawberry.UNSET, description="Refuse if the change request is not at this version."
    )
    idempotency_key: str | None = strawberry.field(
        default=strawberry.UNSET, description="Makes a retry safe: the same key approves once. Kept for 30 days."
    )


@strawberry.input(description="A change request to decline.")
class ChangeRequestDeclineInput:
    """A change request to decline."""

    id: strawberry.ID = node_id("ChangeRequest", doc="The change request.")
    note: str | None = strawberry.field(
        default=strawberry.UNSET, description="What to say with the answer. At most 1,000 characters."
    )
    expected_version: int | None = strawberry.field(
        default=strawberry.UNSET, description="Refuse if the change request is not at this version."
    )
    idempotency_key: str | None = strawberry.field(
        default=strawberry.UNSET, description="Makes a retry safe: the same key declines once. Kept for 30 days."
    )


@strawberry.type(description="The change request that was made, or why it was not.")
class ChangeRequestCreatePayload:
    """The change request that was made, or why it was not."""

    change_request: ChangeRequest | None = strawberry.field(description="The change request as it now is.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="The change request that was taken back, or why it was not.")
class ChangeRequestWithdrawPayload:
    """The change request that was taken back, or why it was not."""

    change_request: ChangeRequest | None = strawberry.field(description="The change request as it now is.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="The change request that was approved, or why it was not.")
class ChangeRequestApprovePayload:
    """The change request that was approved, or why it was not."""

    change_request: ChangeRequest | None = strawberry.field(description="The change request as it now is.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="The change request that was declined, or why it was not.")
class ChangeRequestDeclinePayload:
    """The change request that was declined, or why it was not."""

    change_request: ChangeRequest | None = strawberry.field(description="The change request as it now is.")
    user_errors: list[UserError] = user_errors()


@strawberry.type
class ChangeRequestQuery:
    """The change requests of the root."""

    change_requests: Connection[ChangeRequest] | None = listing(
        change_requests.change_requests,
        guard=Privilege.CHANGE_REQUEST_READ,
        args=change_request_page,
        doc="What customers ask of the partner, and what became of it.",
    )


@strawberry.type
class ChangeRequestMutation:
    """Changes of change requests."""

    change_request_create: ChangeRequestCreatePayload = mutation(
        change_requests.create,
        privilege=Privilege.CHANGE_REQUEST_CREATE,
        takes=ChangeRequestCreateInput,
        gives=ChangeRequestCreatePayload,
        outcome=change_requests.change_request_by_id,
        doc="Ask the partner for another plan or more storage; one open request of a kind for each subscription.",
    )
    change_request_withdraw: ChangeRequestWithdrawPayload = mutation(
        change_requests.withdraw,
        privilege=Privilege.CHANGE_REQUEST_CREATE,
        takes=ChangeRequestWithdrawInput,
        gives=ChangeRequestWithdrawPayload,
        outcome=change_requests.change_request_by_id,
        target="id",
        doc="Take a request back that waits for an answer.",
    )
    change_request_approve: ChangeRequestApprovePayload = mutation(
        change_requests.approve,
        privilege=Privilege.CHANGE_REQUEST_DECIDE,
        takes=ChangeRequestApproveInput,
        gives=ChangeRequestApprovePayload,
        outcome=change_requests.change_request_by_id,
        target="id",
        doc="Approve a request and apply it: an upgrade, at its price of today, and storage at once, a downgrade from "
        "the renewal on. Nothing is prorated or charged yet.",
    )
    change_request_decline: ChangeRequestDeclinePayload = mutation(
        change_requests.decline,
        privilege=Privilege.CHANGE_REQUEST_DECIDE,
        takes=ChangeRequestDeclineInput,
        gives=ChangeRequestDeclinePayload,
        outcome=change_requests.change_request_by_id,
        target="id",
        doc="Decline a request.",
    )
