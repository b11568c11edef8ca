"""Subscriptions: how they are found, created and resized."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import bindparam, select

from resolvers.context import Request
from resolvers.errors import (
    CardNotUsableError,
    IllegalTransitionError,
    NoPriceError,
    NotFoundError,
    PlanNotOnSaleError,
)
from resolvers.loading import ById, PageBy, equals
from resolvers.rules.periods import period_end
from resolvers.rules.seats import Seats, change_seats
from storage.cards import CardHolder, CardStatus, payment_card
from storage.clients import ClientStatus, client
from storage.organisations import child_org
from storage.plans import PlanStatus, plan, plan_price
from storage.subscriptions import SubscriptionId, SubscriptionRecord, SubscriptionStatus, subscription
from tenancy.audit import Change
from tenancy.privileges import Privilege
from tenancy.scope import WriteScope

_FILTERS: Final = {
    "status": equals("status"),
    "client_id": equals("client_id"),
    "child_org_id": equals("child_org_id"),
    "plan_id": equals("plan_id"),
}
_ENDED: Final = (SubscriptionStatus.CANCELLED, SubscriptionStatus.TERMINATED)

subscription_by_id: Final = ById(subscription, SubscriptionRecord)
subscriptions: Final = PageBy(subscription, SubscriptionRecord, filters=_FILTERS)
subscriptions_by_client: Final = PageBy(subscription, SubscriptionRecord, by="client_id", filters=_FILTERS)
subscriptions_by_organisation: Final = PageBy(subscription, SubscriptionRecord, by="child_org_id", filters=_FILTERS)


async def create(  # noqa: PLR0913 - what a subscription starts with
    request: Request,
    *,
    organisation_id: UUID,
    plan_id: UUID,
    seats: int,
    cycle: str,
    card_id: UUID | None = None,
    trial: bool = True,
) -> SubscriptionRecord:
    """Subscribe an organisation to a plan at its price of today.

    Raises:
        NotFoundError: the scope has no such organisation, plan or card.
        PlanNotOnSaleError: the plan is no longer sold.
        IllegalTransitionError: the client is closed.
        SeatsOutOfRangeError: the plan does not sell that many seats.
        NoPriceError: the plan has no price in the client's currency and this cycle.
        CardNotUsableError: the card is removed, expired or another client's.
        ForbiddenError: the caller may not choose a card of this holder.
    """
    async with request.write() as db:
        organisation = await db.get(child_org, organisation_id, what="organisation", path=("organisationId",))
        bought = await demand_plan(db, plan_id)
        sized = change_seats(
            Seats(seats), seats, assigned=0, least=bought["seats_min"], most=bought["seats_max"], now=db.now
        )
        buyer = await db.get(client, organisation["client_id"], what="client", lock=False)
        if buyer["status"] == ClientStatus.CLOSED:
            raise IllegalTransitionError("client", buyer["status"], "subscribed")
        price = await demand_price(db, bought, currency=buyer["currency"], cycle=cycle)
        await _demand_usable_card(db, card_id, client_id=buyer["id"])
        row = await db.insert(
            subscription,
            {
                "client_id": buyer["id"],
                "child_org_id": organisation["id"],
                "plan_id": plan_id,
                **_columns(sized),
                "seats_assigned": 0,
                "extra_storage_gb": 0,
                "cycle": cycle,
                "currency": buyer["currency"],
                "unit_price_minor": price,
                "card_id": card_id,
                "organisation_name": organisation["name"],
                "organisation_domain": organisation["domain"],
                **_beginning(db, bought, cycle=cycle, trial=trial),
            },
        )
        await db.announce(Change("subscription.created", subscription, row))
    return SubscriptionRecord(**row)


async def change_seat_count(
    request: Request, target: SubscriptionId, *, seats: int, expected_version: int | None = None
) -> SubscriptionRecord:
    """Change how many seats a subscription has: more at once, fewer from the renewal on.

    Raises:
        NotFoundError: the scope has no such subscription.
        StaleVersionError: it changed since the caller read it.
        IllegalTransitionError: it is cancelled or terminated.
        SeatsOutOfRangeError: the plan does not sell that many.
        SeatsBelowAssignedError: more seats are assigned than would be left.
    """
    async with request.write() as db:
        before = await db.get(subscription, target, what="subscription", path=("id",))
        await db.expect(subscription, before, expected_version)
        demand_live(before, "resized")
        bought = await demand_plan(db, before["plan_id"], for_sale=False)
        sized = change_seats(
            _seats(before),
            seats,
            assigned=before["seats_assigned"],
            least=bought["seats_min"],
            most=bought["seats_max"],
            now=db.now,
        )
        row = await db.update(subscription, before, _columns(sized))
        if row is not before:
            await db.announce(Change("subscription.seats_changed", subscription, row, before=before))
    return SubscriptionRecord(**row)


def demand_live(row: Mapping[str, Any], wanted: str) -> None:
    """Refuse to change a subscription that has ended.

    Raises:
        IllegalTransitionError: it is cancelled or terminated.
    """
    if row["status"] in _ENDED:
        raise IllegalTransitionError("subscription", row["status"], wanted)


def _seats(row: Mapping[str, Any]) -> Seats:
    return Seats(
        row["seats"],
        at_renewal=row["seats_at_renewal"],
        before_increase=row["seats_before_increase"],
        increased_at=row["seats_increased_at"],
    )


def _columns(sized: Seats) -> dict[str, Any]:
    return {
        "seats": sized.seats,
        "seats_at_renewal": sized.at_renewal,
        "seats_before_increase": sized.before_increase,
        "seats_increased_at": sized.increased_at,
    }


def _beginning(db: WriteScope, bought: Mapping[str, Any], *, cycle: str, trial: bool) -> dict[str, Any]:
    on_trial = trial and bought["trial_days"] > 0
    ends = db.now + timedelta(days=bought["trial_days"]) if on_trial else period_end(db.now, cycle)
    return {
        "status": SubscriptionStatus.TRIALING if on_trial else SubscriptionStatus.ACTIVE,
        "started_at": db.now,
        "current_period_start": db.now,
        "current_period_end": ends,
        "trial_ends_at": ends if on_trial else None,
    }


async def demand_plan(db: WriteScope, plan_id: UUID, *, for_sale: bool = True) -> Mapping[str, Any]:
    """Read a plan.

    Raises:
        NotFoundError: there is no such plan.
        PlanNotOnSaleError: it is to be bought, and is no longer sold.
    """
    rows = await db.fetch(lambda _bounds: select(plan).where(plan.c.id == bindparam("target")), target=plan_id)
    if not rows:
        raise NotFoundError("plan", path=("planId",))
    if for_sale and rows[0]["status"] != PlanStatus.ON_SALE:
        raise PlanNotOnSaleError
    return rows[0]


async def demand_price(
    db: WriteScope, bought: Mapping[str, Any], *, currency: str, cycle: str, path: tuple[str, ...] = ("cycle",)
) -> int:
    """Read what a seat of a plan costs today, in minor units.

    Raises:
        NoPriceError: the plan has no price in this currency and cycle.
    """
    rows = await db.fetch(
        lambda _bounds: select(plan_price.c.amount_minor).where(
            plan_price.c.plan_id == bindparam("target"),
            plan_price.c.currency == bindparam("currency"),
            plan_price.c.cycle == bindparam("cycle"),
        ),
        target=bought["id"],
        currency=currency,
        cycle=cycle,
    )
    if not rows:
        raise NoPriceError(currency, cycle, path=path)
    amount: int = rows[0]["amount_minor"]
    return amount


async def _demand_usable_card(db: WriteScope, card_id: UUID | None, *, client_id: UUID) -> None:
    if card_id is None:
        return
    card = await db.get(payment_card, card_id, what="card", path=("cardId",), lock=False)
    own = card["holder"] == CardHolder.RESELLER
    db.demand(Privilege.RESELLER_CARD_CHOOSE if own else Privilege.CUSTOMER_CARD_CHOOSE)
    theirs = own or card["client_id"] == client_id
    valid = (card["expiry_year"], card["expiry_month"]) >= (db.now.year, db.now.month)
    if not theirs or not valid or card["status"] != CardStatus.ACTIVE:
        raise CardNotUsableError
