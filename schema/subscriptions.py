"""Subscriptions."""

from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Annotated

import strawberry

from resolvers import cards, change_requests, clients, organisations, plans, subscriptions
from resolvers.paging import Order
from schema.cards import PaymentCard
from schema.change_requests import ChangeRequest, change_request_page
from schema.connections import Connection, Direction, paged
from schema.guarded import column, computed, edge, entity, listing, mutation, node_id
from schema.money import Money, money
from schema.nodes import Node, Versioned
from schema.payloads import UserError, user_errors
from schema.plans import Plan
from schema.scalars import DomainName
from storage.plans import BillingCycle
from storage.subscriptions import SubscriptionRecord, SubscriptionStatus
from tenancy.privileges import Privilege

if TYPE_CHECKING:
    from schema.clients import Client
    from schema.organisations import ChildOrg


@entity(read=Privilege.SUBSCRIPTION_READ, record=SubscriptionRecord, doc="An organisation's subscription to a plan.")
class Subscription(Node, Versioned):
    """An organisation's subscription to a plan."""

    status: SubscriptionStatus = column(doc="Where it is in its life.")
    seats: int = column(doc="How many seats are paid for.")
    seats_assigned: int = column(doc="How many of them the organisation has given to users.")
    seats_at_renewal: int | None = column(doc="How many there will be from the renewal on, where they shrink then.")
    cycle: BillingCycle = column(doc="How often it renews.")
    unit_price: Money = computed(
        money,
        needs=("unit_price_minor", "currency"),
        doc="What one seat costs for one cycle.",
    )
    extra_storage_gb: int = column(doc="How many gigabytes of storage it has beyond those that the plan includes.")
    started_at: datetime = column(doc="When it began.")
    current_period_start: datetime = column(doc="When the period that is paid for began.")
    current_period_end: datetime = column(doc="When it renews.")
    trial_ends_at: datetime | None = column(doc="When its trial ends; null where it has none.")
    organisation_name: str = column(doc="The organisation's name, which the partner keeps seeing.")
    organisation_domain: DomainName = column(doc="The organisation's domain, which the partner keeps seeing.")
    plan: Plan | None = edge(plans.plan_by_id, key="plan_id", guard=Privilege.PLAN_READ, doc="What is subscribed to.")
    plan_at_renewal: Plan | None = edge(
        plans.plan_by_id,
        key="plan_id_at_renewal",
        guard=Privilege.PLAN_READ,
        doc="What will be subscribed to from the renewal on, where that changes then.",
    )
    card: PaymentCard | None = edge(
        cards.card_by_id, key="card_id", guard=Privilege.CARD_READ, doc="The card that is charged, where one is named."
    )
    organisation: Annotated["ChildOrg", strawberry.lazy("schema.organisations")] | None = edge(
        organisations.organisation_by_id,
        key="child_org_id",
        guard=Privilege.ORGANISATION_READ,
        doc="The organisation; null once it has left the partner's lists.",
    )
    client: Annotated["Client", strawberry.lazy("schema.clients")] | None = edge(
        clients.client_by_id, key="client_id", guard=Privilege.CLIENT_READ, doc="The client who pays."
    )
    change_requests: Connection[ChangeRequest] | None = edge(
        change_requests.change_requests_by_subscription,
        key="id",
        guard=Privilege.CHANGE_REQUEST_READ,
        args=change_request_page,
        doc="What its organisation and its client asked the partner for.",
        cost=25,
    )


@strawberry.enum(description="What subscriptions are sorted by.")
class SubscriptionOrderField(Enum):
    """What subscriptions are sorted by."""

    CREATED_AT = strawberry.enum_value("created_at", description="By when they were made.")
    CURRENT_PERIOD_END = strawberry.enum_value("current_period_end", description="By when they renew.")


@strawberry.input(description="How subscriptions are sorted.")
class SubscriptionOrder:
    """How subscriptions are sorted."""

    field: SubscriptionOrderField = strawberry.field(default=SubscriptionOrderField.CREATED_AT, description="By what.")
    direction: Direction = strawberry.field(default=Direction.ASC, description="Which way.")


@strawberry.input(description="Which subscriptions to list.")
class SubscriptionFilter:
    """Which subscriptions to list."""

    status: SubscriptionStatus | None = strawberry.field(default=strawberry.UNSET, description="Only of this status.")
    client_id: strawberry.ID | None = node_id("Client", default=None, doc="Only of this client.")
    child_org_id: strawberry.ID | None = strawberry.field(
        default=None,
        name="organisationId",
        description="Only of this organisation.",
        metadata={"node": "ChildOrg"},
    )
    plan_id: strawberry.ID | None = node_id("Plan", default=None, doc="Only to this plan.")


subscription_page = paged(where=SubscriptionFilter, order=SubscriptionOrder, default=Order("created_at"))


@strawberry.input(description="A subscription to create.")
class SubscriptionCreateInput:
    """A subscription to create."""

    organisation_id: strawberry.ID = node_id("ChildOrg", doc="The organisation that is subscribed.")
    plan_id: strawberry.ID = node_id("Plan", doc="What it is subscribed to.")
    seats: int = strawberry.field(description="How many seats.")
    cycle: BillingCycle = strawberry.field(description="How often it renews.")
    card_id: strawberry.ID | None = node_id(
        "PaymentCard",
        default=None,
        doc="The card to charge: the partner's own, or the client's; it takes the privilege to choose that holder's.",
    )
    trial: bool = strawberry.field(default=True, description="Whether to begin with the plan's trial, if it has one.")
    idempotency_key: str | None = strawberry.field(
        default=strawberry.UNSET, description="Makes a retry safe: the same key creates once. Kept for 30 days."
    )


@strawberry.input(description="How many seats a subscription shall have.")
class SubscriptionChangeSeatsInput:
    """How many seats a subscription shall have."""

    id: strawberry.ID = node_id("Subscription", doc="The subscription.")
    seats: int = strawberry.field(description="How many seats it shall have.")
    expected_version: int | None = strawberry.field(
        default=strawberry.UNSET, description="Refuse if the subscription is not at this version."
    )
    idempotency_key: str | None = strawberry.field(
        default=strawberry.UNSET, description="Makes a retry safe: the same key changes once. Kept for 30 days."
    )


@strawberry.type(description="The subscription that was created, or why it was not.")
class SubscriptionCreatePayload:
    """The subscription that was created, or why it was not."""

    subscription: Subscription | None = strawberry.field(description="The subscription as it now is.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="The subscription that was changed, or why it was not.")
class SubscriptionChangeSeatsPayload:
    """The subscription that was changed, or why it was not."""

    subscription: Subscription | None = strawberry.field(description="The subscription as it now is.")
    user_errors: list[UserError] = user_errors()


@strawberry.type
class SubscriptionQuery:
    """The subscriptions of the root."""

    subscriptions: Connection[Subscription] | None = listing(
        subscriptions.subscriptions,
        guard=Privilege.SUBSCRIPTION_READ,
        args=subscription_page,
        doc="The subscriptions of the partner's customers.",
    )


@strawberry.type
class SubscriptionMutation:
    """Changes of subscriptions."""

    subscription_create: SubscriptionCreatePayload = mutation(
        subscriptions.create,
        privilege=Privilege.SUBSCRIPTION_CREATE,
        takes=SubscriptionCreateInput,
        gives=SubscriptionCreatePayload,
        outcome=subscriptions.subscription_by_id,
        doc="Subscribe an organisation to a plan, at its price of today.",
    )
    subscription_change_seats: SubscriptionChangeSeatsPayload = mutation(
        subscriptions.change_seat_count,
        privilege=Privilege.SUBSCRIPTION_CHANGE,
        takes=SubscriptionChangeSeatsInput,
        gives=SubscriptionChangeSeatsPayload,
        outcome=subscriptions.subscription_by_id,
        target="id",
        doc="Change how many seats a subscription has: more at once, fewer from the renewal on.",
    )
