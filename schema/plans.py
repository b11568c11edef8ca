"""Plans and their prices."""

from enum import Enum

import strawberry

from resolvers import plans
from resolvers.paging import Order
from schema.connections import Connection, Direction, paged
from schema.guarded import column, computed, edge, entity, listing
from schema.money import Money, money
from schema.nodes import Node, Versioned
from schema.scalars import CurrencyCode
from storage.plans import BillingCycle, PlanPriceRecord, PlanRecord, PlanStatus
from tenancy.privileges import Privilege


@entity(read=Privilege.PLAN_READ, record=PlanPriceRecord, doc="What a plan costs, a seat and cycle.")
class PlanPrice:
    """What a plan costs."""

    currency: CurrencyCode = column(doc="The currency of the price.")
    cycle: BillingCycle = column(doc="How often it is due.")
    amount: Money = computed(
        money,
        needs=("amount_minor", "currency"),
        doc="The price of one seat for one cycle.",
    )


@entity(read=Privilege.PLAN_READ, record=PlanRecord, doc="What can be subscribed to.")
class Plan(Node, Versioned):
    """What can be subscribed to."""

    code: str = column(doc="The plan's short name, unique on the platform.")
    name: str = column(doc="The plan's name for people.")
    features: list[str] = column(doc="What the plan includes.")
    seats_min: int = column(doc="The fewest seats that are sold.")
    seats_max: int = column(doc="The most seats that are sold.")
    storage_gb: int = column(doc="Included storage, in gigabytes.")
    trial_days: int = column(doc="How many days a trial lasts; 0 where there is none.")
    status: PlanStatus = column(doc="Whether it can be bought.")
    prices: list[PlanPrice] | None = edge(
        plans.prices_by_plan, key="id", guard=Privilege.PLAN_READ, doc="Every price, by currency and cycle.", cost=8
    )


@strawberry.enum(description="What plans are sorted by.")
class PlanOrderField(Enum):
    """What plans are sorted by."""

    CODE = strawberry.enum_value("code", description="By the short name.")


@strawberry.input(description="How plans are sorted.")
class PlanOrder:
    """How plans are sorted."""

    field: PlanOrderField = strawberry.field(default=PlanOrderField.CODE, description="By what.")
    direction: Direction = strawberry.field(default=Direction.ASC, description="Which way.")


@strawberry.input(description="Which plans to list.")
class PlanFilter:
    """Which plans to list."""

    status: PlanStatus | None = strawberry.field(default=strawberry.UNSET, description="Only of this status.")
    code: str | None = strawberry.field(default=strawberry.UNSET, description="Only the one with this short name.")


plan_page = paged(where=PlanFilter, order=PlanOrder, default=Order("code"))


@strawberry.type
class PlanQuery:
    """The plans of the root."""

    plans: Connection[Plan] | None = listing(
        plans.plans, guard=Privilege.PLAN_READ, args=plan_page, doc="Plans that can be, or once could be, bought."
    )
