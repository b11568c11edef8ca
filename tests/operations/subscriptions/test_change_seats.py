"""Changing a subscription's seats; what holds for every change is in test_changes."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from storage.subscriptions import SubscriptionStatus, subscription
from tests.factories.clients import Answer
from tests.operations.changes import ERRORS, Shop, trail_of
from tests.operations.conftest import Unchanged
from tests.operations.worlds import Row, node_id

CHANGE: Final = f"""
mutation($input: SubscriptionChangeSeatsInput!) {{
  subscriptionChangeSeats(input: $input) {{
    subscription {{ version status seats seatsAssigned seatsAtRenewal unitPrice {{ amount }} }}
    {ERRORS}
  }}
}}"""

LIVE: Final = [
    status
    for status in SubscriptionStatus
    if status not in {SubscriptionStatus.CANCELLED, SubscriptionStatus.TERMINATED}
]


async def change(shop: Shop, seats: int, **values: Any) -> Answer:
    given = {"id": node_id("Subscription", shop.subscription), "seats": seats, **values}
    return await shop.world.boss.run(CHANGE, input=given)


async def stored(shop: Shop) -> Row:
    return await shop.world.row(subscription, shop.subscription["id"])


async def test_adds_seats_at_once(shop: Shop) -> None:
    made = (await change(shop, 25)).payload["subscription"]
    assert (made["seats"], made["seatsAtRenewal"], made["version"]) == (25, None, 2)
    row = await stored(shop)
    assert (row["seats"], row["seats_before_increase"]) == (25, 10)
    assert row["seats_increased_at"] == row["updated_at"]
    untouched = {"version", "updated_at", "seats", "seats_before_increase", "seats_increased_at"}
    assert {name: row[name] for name in row if name not in untouched} == {
        name: shop.subscription[name] for name in row if name not in untouched
    }


async def test_takes_seats_away_from_the_renewal_on(shop: Shop) -> None:
    made = (await change(shop, 4)).payload["subscription"]
    assert (made["seats"], made["seatsAtRenewal"]) == (10, 4)


async def test_takes_a_fresh_increase_back_at_once(shop: Shop) -> None:
    await change(shop, 25)
    made = (await change(shop, 15)).payload["subscription"]
    assert (made["seats"], made["seatsAtRenewal"], made["version"]) == (15, None, 3)


async def test_takes_an_old_increase_back_from_the_renewal_on(shop: Shop) -> None:
    await change(shop, 25)
    long_enough = datetime.now(UTC) - timedelta(days=7, seconds=1)
    await shop.world.change(subscription, shop.subscription["id"], seats_increased_at=long_enough)
    made = (await change(shop, 15)).payload["subscription"]
    assert (made["seats"], made["seatsAtRenewal"]) == (25, 15)


async def test_takes_no_more_back_at_once_than_was_added(shop: Shop) -> None:
    await change(shop, 25)
    made = (await change(shop, 9)).payload["subscription"]
    assert (made["seats"], made["seatsAtRenewal"]) == (25, 9)


async def test_forgets_the_smaller_number_when_the_present_one_is_asked_for(shop: Shop) -> None:
    await change(shop, 4)
    made = (await change(shop, 10)).payload["subscription"]
    assert (made["seats"], made["seatsAtRenewal"], made["version"]) == (10, None, 3)


async def test_tells_the_trail_what_stood_before_and_after(shop: Shop) -> None:
    await change(shop, 4)
    trail = await trail_of(shop.world)
    assert trail.types == ["subscription.seats_changed"]
    (entry,) = trail.entries
    assert (entry["privilege"], entry["target_version"]) == ("SUBSCRIPTION_CHANGE", 2)
    assert (entry["before"], entry["after"]) == ({"seats_at_renewal": None}, {"seats_at_renewal": 4})
    assert (entry["client_id"], entry["child_org_id"]) == (shop.client["id"], shop.organisation["id"])


@pytest.mark.parametrize("seats", [0, -5, 301])
async def test_refuses_seats_that_the_plan_does_not_sell(seats: int, shop: Shop, unchanged: Unchanged) -> None:
    async with unchanged():
        answer = await change(shop, seats)
    assert answer.user_codes == ["SEATS_OUT_OF_RANGE"]
    assert answer.user_errors[0]["path"] == ["input", "seats"]


async def test_refuses_fewer_seats_than_are_assigned(shop: Shop, unchanged: Unchanged) -> None:
    async with unchanged():
        answer = await change(shop, 3)
    assert answer.user_codes == ["SEATS_BELOW_ASSIGNED"]
    assert answer.user_errors[0]["path"] == ["input", "seats"]
    assert answer.user_errors[0]["message"] == "4 seats are assigned; free some first."


@pytest.mark.parametrize("status", [SubscriptionStatus.CANCELLED, SubscriptionStatus.TERMINATED])
async def test_refuses_what_has_ended(status: str, shop: Shop, unchanged: Unchanged) -> None:
    await shop.world.change(subscription, shop.subscription["id"], status=status)
    async with unchanged():
        answer = await change(shop, 12)
    assert answer.user_codes == ["ILLEGAL_TRANSITION"]
    assert answer.user_errors[0]["message"] == f"A subscription that is {status} cannot be resized."
    assert answer.payload["subscription"] is None


@pytest.mark.parametrize("status", LIVE)
async def test_resizes_whatever_lives(status: str, shop: Shop) -> None:
    await shop.world.change(subscription, shop.subscription["id"], status=status)
    made = (await change(shop, 12)).payload["subscription"]
    assert (made["seats"], made["status"]) == (12, status)


async def test_resizes_what_is_no_longer_sold(shop: Shop, plans: dict[str, Row]) -> None:
    old = plans["archive-basic"]
    assert old["status"] == "WITHDRAWN"
    await shop.world.change(subscription, shop.subscription["id"], plan_id=old["id"])
    assert (await change(shop, 12)).payload["subscription"]["seats"] == 12


async def test_locks_the_subscription_while_it_is_changed(shop: Shop, unchanged: Unchanged) -> None:
    owner = shop.world.owner
    await (holding := owner.transaction()).start()
    await owner.execute("SELECT FROM gateway.subscription WHERE id = $1 FOR UPDATE", shop.subscription["id"])
    async with unchanged():
        answer = await change(shop, 12)
    await holding.rollback()
    assert answer.user_codes == ["BUSY"]
    assert answer.user_errors[0]["retryable"] is True
    assert (await change(shop, 12)).user_errors == []
