"""The demo's plans and what they cost."""

from typing import Final
from uuid import UUID

import msgspec

from storage.plans import BillingCycle, PlanStatus, plan, plan_price
from storage.seeding.draft import Draft

_YEARLY_MONTHS: Final = 10
"""A year costs as much as this many months."""

_STORED_SINCE_DAYS: Final = 800


class Plan(msgspec.Struct, frozen=True):
    """A plan; prices are minor units a seat and month, by currency."""

    code: str
    name: str
    features: tuple[str, ...]
    seats: tuple[int, int]
    storage_gb: int
    trial_days: int
    monthly: dict[str, int]
    status: PlanStatus = PlanStatus.ON_SALE
    id: UUID = UUID(int=0)

    def price(self, currency: str, cycle: BillingCycle) -> int:
        """Return the price a seat and cycle, in minor units."""
        months = _YEARLY_MONTHS if cycle is BillingCycle.YEARLY else 1
        return self.monthly[currency] * months


_PLANS: Final = (
    Plan(
        code="mail-lite",
        name="Mail Lite",
        features=("Mailboxes of 5 GB", "Webmail", "Spam filter"),
        seats=(1, 50),
        storage_gb=5,
        trial_days=15,
        monthly={"EUR": 99, "USD": 100, "GBP": 90, "JPY": 150},
    ),
    Plan(
        code="mail-standard",
        name="Mail Standard",
        features=("Mailboxes of 30 GB", "Webmail", "Spam filter", "Shared calendars", "Mobile synchronisation"),
        seats=(1, 300),
        storage_gb=30,
        trial_days=15,
        monthly={"EUR": 299, "USD": 300, "GBP": 250, "JPY": 420},
    ),
    Plan(
        code="mail-premium",
        name="Mail Premium",
        features=("Mailboxes of 50 GB", "Shared calendars", "S/MIME", "Mail archive", "Large attachments"),
        seats=(5, 1000),
        storage_gb=50,
        trial_days=30,
        monthly={"EUR": 399, "USD": 400, "GBP": 349, "JPY": 580},
    ),
    Plan(
        code="workplace-standard",
        name="Workplace Standard",
        features=("Mailboxes of 30 GB", "Documents", "Chat", "Meetings of 100 people", "Team folders"),
        seats=(3, 500),
        storage_gb=100,
        trial_days=30,
        monthly={"EUR": 549, "USD": 600, "GBP": 499, "JPY": 780},
    ),
    Plan(
        code="workplace-professional",
        name="Workplace Professional",
        features=("Mailboxes of 100 GB", "Documents", "Chat", "Meetings of 250 people", "Retention", "eDiscovery"),
        seats=(10, 2000),
        storage_gb=1000,
        trial_days=30,
        monthly={"EUR": 1095, "USD": 1200, "GBP": 990, "JPY": 1650},
    ),
    Plan(
        code="archive-basic",
        name="Archive Basic",
        features=("Mail archive of 10 years", "Search"),
        seats=(1, 100),
        storage_gb=20,
        trial_days=0,
        monthly={"EUR": 149, "USD": 150, "GBP": 129, "JPY": 210},
        status=PlanStatus.WITHDRAWN,
    ),
)


def add_plans(draft: Draft) -> tuple[Plan, ...]:
    """Add every plan with its prices."""
    return tuple(_add(draft, declared) for declared in _PLANS)


def _add(draft: Draft, declared: Plan) -> Plan:
    created_at = draft.ago(_STORED_SINCE_DAYS)
    added = msgspec.structs.replace(declared, id=draft.id_at(created_at))
    values = {name: getattr(added, name) for name in ("id", "code", "name", "storage_gb", "trial_days", "status")}
    seats = {"seats_min": added.seats[0], "seats_max": added.seats[1]}
    stamp = {"version": 1, "created_at": created_at, "updated_at": created_at}
    draft.add(plan, {**values, **seats, **stamp, "features": list(added.features)})
    for currency in added.monthly:
        for cycle in BillingCycle:
            price = {"currency": currency, "cycle": cycle, "amount_minor": added.price(currency, cycle)}
            draft.add(plan_price, {"id": draft.id_at(created_at), "plan_id": added.id, **price})
    return added
