"""The demo's subscriptions: a plan, seats, a price, a period around now, and who pays with which card."""

import calendar
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec

from storage.clients import ClientStatus
from storage.plans import BillingCycle, PlanStatus
from storage.seeding.draft import Draft
from storage.seeding.organisations import Organisation
from storage.seeding.plans import Plan
from storage.subscriptions import SubscriptionStatus, subscription

_POPULARITY: Final = {
    "mail-standard": 34,
    "workplace-standard": 24,
    "mail-lite": 18,
    "mail-premium": 10,
    "workplace-professional": 8,
    "archive-basic": 6,
}
_STATUSES: Final = {
    SubscriptionStatus.ACTIVE: 86,
    SubscriptionStatus.TRIALING: 5,
    SubscriptionStatus.PAST_DUE: 4,
    SubscriptionStatus.SUSPENDED: 3,
    SubscriptionStatus.CANCELLED: 2,
}
_CYCLES: Final = {BillingCycle.MONTHLY: 68, BillingCycle.YEARLY: 32}
_SPARE_SEATS: Final = (0, 0, 0, 1, 2, 2, 5, 10, 20)
_RECENT_INCREASE_DAYS: Final = 7
"""Seats can go down again this long after an increase."""


class Bought(msgspec.Struct, frozen=True):
    """What an invoice needs to know of a subscription; the amount is due once a cycle, in minor units."""

    cycle: BillingCycle
    amount_minor: int
    past_due: bool = False


class _Times(msgspec.Struct, frozen=True):
    started_at: datetime
    start: datetime
    end: datetime
    trial_ends_at: datetime | None = None


def add_subscriptions(draft: Draft, organisation: Organisation, plans: Sequence[Plan], count: int) -> Iterator[Bought]:
    """Add the subscriptions of an organisation; a plan comes twice only when there are no others."""
    left: list[Plan] = []
    for _ in range(count):
        left = left or list(plans)
        plan = draft.chance.choices(left, [_POPULARITY[plan.code] for plan in left])[0]
        left.remove(plan)
        yield _add(draft, organisation, plan)


def _add(draft: Draft, organisation: Organisation, plan: Plan) -> Bought:
    customer = organisation.customer
    status = _status(draft, organisation, plan)
    cycle = draft.weighted(_CYCLES)
    times = _times(draft, organisation, plan, status, cycle)
    seats = _seats(draft, organisation, plan, times)
    price = plan.price(customer.country.currency, cycle)
    draft.add_tenant(
        subscription,
        customer.partner.id,
        times.started_at,
        {
            **seats,
            "client_id": customer.id,
            "child_org_id": organisation.id,
            "plan_id": plan.id,
            "status": status,
            "cycle": cycle,
            "currency": customer.country.currency,
            "unit_price_minor": price,
            "started_at": times.started_at,
            "current_period_start": times.start,
            "current_period_end": times.end,
            "trial_ends_at": times.trial_ends_at,
            "card_id": _card(draft, organisation),
            "organisation_name": organisation.name,
            "organisation_domain": organisation.domain,
        },
    )
    return Bought(cycle, seats["seats"] * price, past_due=status is SubscriptionStatus.PAST_DUE)


def _status(draft: Draft, organisation: Organisation, plan: Plan) -> SubscriptionStatus:
    # Only a client with a live subscription is active, and closing one ends them.
    if organisation.customer.status != ClientStatus.ACTIVE:
        return SubscriptionStatus.CANCELLED
    status = draft.weighted(_STATUSES)
    if status is SubscriptionStatus.TRIALING and not (plan.trial_days and plan.status is PlanStatus.ON_SALE):
        return SubscriptionStatus.ACTIVE
    return status


def _times(
    draft: Draft, organisation: Organisation, plan: Plan, status: SubscriptionStatus, cycle: BillingCycle
) -> _Times:
    """Place a subscription in time: its period holds this moment, or the one at which it was cancelled."""
    earliest = organisation.created_at
    if status is SubscriptionStatus.TRIALING:
        started_at = draft.between(max(earliest, draft.ago(plan.trial_days - 1)), draft.ago(1))
        ends_at = started_at + timedelta(days=plan.trial_days)
        return _Times(started_at, started_at, ends_at, ends_at)
    started_at = draft.between(earliest, min(earliest + timedelta(days=120), draft.ago(1)))
    moment = draft.now
    if status is SubscriptionStatus.CANCELLED:
        moment = draft.between(started_at, draft.ago(0.5))
    months = 1 if cycle is BillingCycle.MONTHLY else 12
    passed = 0
    while add_months(started_at, passed + months) <= moment:
        passed += months
    return _Times(started_at, add_months(started_at, passed), add_months(started_at, passed + months))


def add_months(moment: datetime, months: int) -> datetime:
    """Return the moment some months later, on the last day of a month that is too short."""
    years, month = divmod(moment.month - 1 + months, 12)
    year, month = moment.year + years, month + 1
    return moment.replace(year=year, month=month, day=min(moment.day, calendar.monthrange(year, month)[1]))


def _seats(draft: Draft, organisation: Organisation, plan: Plan, times: _Times) -> dict[str, Any]:
    least, most = plan.seats
    seats = min(max(organisation.users + draft.chance.choice(_SPARE_SEATS), least), most)
    assigned = organisation.users - draft.chance.randint(0, 1)
    values: dict[str, Any] = {"seats": seats, "seats_assigned": assigned, "extra_storage_gb": 0}
    if seats > max(least, assigned) and draft.happens(6):
        values["seats_at_renewal"] = draft.chance.randint(max(least, assigned), seats - 1)
    elif seats > least and draft.happens(3):
        since = max(times.start, draft.ago(_RECENT_INCREASE_DAYS))
        values["seats_before_increase"] = draft.chance.randint(least, seats - 1)
        values["seats_increased_at"] = draft.between(since, draft.now)
    return values


def _card(draft: Draft, organisation: Organisation) -> UUID | None:
    customer = organisation.customer
    if customer.default_card is not None and draft.happens(62):
        return customer.default_card
    return draft.chance.choice(customer.partner.cards) if draft.happens(35) else None
