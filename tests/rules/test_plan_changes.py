"""Changes that a customer asks for: an upgrade costs more, a downgrade less, and the seats fit."""

from collections.abc import Callable
from typing import Final
from uuid import UUID

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from resolvers.errors import (
    InvalidInputError,
    NotADowngradeError,
    NotAnUpgradeError,
    SamePlanError,
    SeatsOutOfRangeError,
    StorageOutOfRangeError,
)
from resolvers.rules.plan_changes import Held, Offer, demand_downgrade, demand_storage, demand_upgrade

NOW, THEN, WANTED = UUID(int=1), UUID(int=2), UUID(int=3)
ROOMY: Final = {"seats_min": 1, "seats_max": 100}

prices = st.integers(0, 50)
counts = st.integers(1, 30)


@st.composite
def holdings(draw: st.DrawFn) -> Held:
    """Make what a subscription may hold."""
    seats = draw(counts)
    return Held(
        NOW,
        draw(prices),
        seats,
        plan_id_at_renewal=draw(st.none() | st.just(THEN)),
        seats_at_renewal=draw(st.none() | st.integers(1, seats)),
    )


@st.composite
def offers(draw: st.DrawFn) -> Offer:
    """Make what a plan may offer."""
    least = draw(counts)
    plan = draw(st.sampled_from((NOW, THEN, WANTED, WANTED)))
    return Offer(plan, draw(prices), seats_min=least, seats_max=draw(st.integers(least, 30)))


def refusal_of(demand: Callable[[Held, Offer], None], held: Held, offer: Offer) -> type[InvalidInputError] | None:
    try:
        demand(held, offer)
    except InvalidInputError as error:
        return type(error) if error.path == ("planId",) else None
    return None


@given(held=holdings(), offer=offers())
def test_no_plan_is_both_and_neither_is_the_present_one(held: Held, offer: Offer) -> None:
    up, down = refusal_of(demand_upgrade, held, offer), refusal_of(demand_downgrade, held, offer)
    assert up or down
    if offer.plan_id == held.plan_id:
        assert (up, down) == (SamePlanError, SamePlanError)


@given(held=holdings(), offer=offers())
def test_an_upgrade_costs_more_and_sells_the_seats_of_now_and_then(held: Held, offer: Offer) -> None:
    refused = refusal_of(demand_upgrade, held, offer)
    assume(refused is not SamePlanError)
    both = [held.seats, held.seats_at_renewal or held.seats]
    fits = all(offer.seats_min <= seats <= offer.seats_max for seats in both)
    assert (refused is SeatsOutOfRangeError) is not fits
    if fits:
        assert refused == (None if offer.unit_price_minor > held.unit_price_minor else NotAnUpgradeError)


@given(held=holdings(), offer=offers())
def test_a_downgrade_costs_less_and_sells_the_seats_of_then(held: Held, offer: Offer) -> None:
    refused = refusal_of(demand_downgrade, held, offer)
    assert (refused is SamePlanError) is (offer.plan_id in {held.plan_id, held.plan_id_at_renewal})
    assume(refused is not SamePlanError)
    fits = offer.seats_min <= (held.seats_at_renewal or held.seats) <= offer.seats_max
    assert (refused is SeatsOutOfRangeError) is not fits
    if fits:
        assert refused == (None if offer.unit_price_minor < held.unit_price_minor else NotADowngradeError)


def test_an_upgrade_may_lead_to_what_waits_for_the_renewal() -> None:
    held = Held(NOW, 10, 5, plan_id_at_renewal=THEN)
    demand_upgrade(held, Offer(THEN, 11, **ROOMY))
    with pytest.raises(SamePlanError):
        demand_downgrade(held, Offer(THEN, 9, **ROOMY))


def test_says_how_many_seats_the_plan_sells() -> None:
    with pytest.raises(SeatsOutOfRangeError) as refused:
        demand_downgrade(Held(NOW, 10, 5), Offer(WANTED, 9, seats_min=1, seats_max=4))
    assert (refused.value.message, refused.value.path) == ("This plan sells 1 to 4 seats.", ("planId",))


@pytest.mark.parametrize("gigabytes", [1, 2, 10_000])
def test_takes_storage(gigabytes: int) -> None:
    demand_storage(gigabytes)


@pytest.mark.parametrize("gigabytes", [-(2**31), -1, 0, 10_001, 2**31 - 1])
def test_refuses_storage(gigabytes: int) -> None:
    with pytest.raises(StorageOutOfRangeError) as refused:
        demand_storage(gigabytes)
    assert refused.value.message == "One request is for 1 to 10,000 gigabytes."
    assert refused.value.path == ("storageGb",)
