"""Creating a subscription; what holds for every change is in test_changes."""

from datetime import timedelta
from typing import Any, Final

import pytest

from resolvers.rules.periods import period_end
from schema import node_ids
from storage.cards import CardStatus, payment_card
from storage.clients import ClientStatus, client
from storage.organisations import child_org
from storage.subscriptions import subscription
from tests.factories.clients import Answer
from tests.operations.changes import ERRORS, Shop, trail_of
from tests.operations.conftest import Unchanged
from tests.operations.worlds import LONG_AGO, Row, node_id

CREATE: Final = f"""
mutation($input: SubscriptionCreateInput!) {{
  subscriptionCreate(input: $input) {{
    subscription {{
      id version status seats seatsAssigned seatsAtRenewal cycle unitPrice {{ amount currency }}
      startedAt currentPeriodStart currentPeriodEnd trialEndsAt organisationName organisationDomain
      plan {{ code prices {{ currency cycle amount {{ amount currency }} }} }}
      card {{ id lastFour }} organisation {{ id }} client {{ id }}
    }}
    {ERRORS}
  }}
}}"""


async def create(shop: Shop, **values: Any) -> Answer:
    given = {
        "organisationId": node_id("ChildOrg", shop.organisation),
        "planId": node_id("Plan", shop.plan),
        "seats": 7,
        "cycle": "MONTHLY",
        **values,
    }
    return await shop.world.boss.run(CREATE, input=given)


async def stored(shop: Shop, answer: Answer) -> Row:
    assert answer.user_errors == []
    made = answer.payload["subscription"]["id"]
    return await shop.world.row(subscription, node_ids.of_kind(made, "Subscription"))


@pytest.mark.parametrize(("cycle", "minor", "amount"), [("MONTHLY", 299, "2.99"), ("YEARLY", 2990, "29.90")])
async def test_begins_a_period_at_the_price_of_today(cycle: str, minor: int, amount: str, shop: Shop) -> None:
    answer = await create(shop, cycle=cycle, trial=False)
    row = await stored(shop, answer)
    made = answer.payload["subscription"]
    assert (made["status"], made["version"], made["cycle"]) == ("ACTIVE", 1, cycle)
    assert (made["seats"], made["seatsAssigned"], made["seatsAtRenewal"]) == (7, 0, None)
    assert made["unitPrice"] == {"amount": amount, "currency": "EUR"}
    assert (row["unit_price_minor"], row["currency"]) == (minor, "EUR")
    assert made["startedAt"] == made["currentPeriodStart"]
    assert made["trialEndsAt"] is None
    assert row["current_period_end"] == period_end(row["started_at"], cycle)
    assert made["organisation"] == {"id": node_id("ChildOrg", shop.organisation)}
    assert made["client"] == {"id": node_id("Client", shop.client)}
    assert (made["organisationName"], made["organisationDomain"]) == ("harbour.example", "harbour.example")
    assert made["plan"]["code"] == "mail-standard"
    assert {"currency": "EUR", "cycle": cycle, "amount": {"amount": amount, "currency": "EUR"}} in made["plan"][
        "prices"
    ]
    assert (row["seats_before_increase"], row["seats_increased_at"], row["card_id"]) == (None, None, None)


async def test_begins_with_the_plan_s_trial_unless_told_otherwise(shop: Shop) -> None:
    row = await stored(shop, await create(shop))
    assert row["status"] == "TRIALING"
    assert row["trial_ends_at"] == row["current_period_end"] == row["started_at"] + timedelta(days=15)


async def test_begins_at_once_where_the_plan_has_no_trial(shop: Shop, plans: dict[str, Row]) -> None:
    other = await _plan(shop, trial_days=0, prices=True)
    row = await stored(shop, await create(shop, planId=node_id("Plan", other)))
    assert (row["status"], row["trial_ends_at"]) == ("ACTIVE", None)
    assert plans["mail-standard"]["trial_days"] > 0


async def test_tells_the_trail(shop: Shop) -> None:
    row = await stored(shop, await create(shop))
    trail = await trail_of(shop.world)
    assert trail.types == ["subscription.created"]
    (entry,) = trail.entries
    assert entry["privilege"] == "SUBSCRIPTION_CREATE"
    assert (entry["client_id"], entry["child_org_id"]) == (shop.client["id"], shop.organisation["id"])
    assert (entry["target_id"], entry["before"]) == (row["id"], None)
    assert (entry["after"]["seats"], entry["after"]["unit_price_minor"]) == (7, 299)
    assert entry["after"]["plan_id"] == str(shop.plan["id"])
    assert entry["after"]["started_at"] == row["started_at"].isoformat()


@pytest.mark.parametrize("seats", [0, -1, 301, 2**31 - 1])
async def test_refuses_seats_that_the_plan_does_not_sell(seats: int, shop: Shop, unchanged: Unchanged) -> None:
    async with unchanged():
        answer = await create(shop, seats=seats)
    assert answer.user_codes == ["SEATS_OUT_OF_RANGE"]
    assert answer.user_errors[0]["path"] == ["input", "seats"]
    assert answer.user_errors[0]["message"] == "This plan sells 1 to 300 seats."


@pytest.mark.parametrize("seats", [1, 300])
async def test_sells_the_fewest_and_the_most_seats(seats: int, shop: Shop) -> None:
    assert (await stored(shop, await create(shop, seats=seats)))["seats"] == seats


@pytest.mark.parametrize("seats", [2**31, 1.5, "7", None])
async def test_refuses_seats_that_are_no_number(seats: object, shop: Shop, unchanged: Unchanged) -> None:
    async with unchanged():
        answer = await create(shop, seats=seats)
    assert (answer.status, answer.codes) == (400, ["BAD_USER_INPUT"])


async def test_refuses_a_plan_that_is_no_longer_sold(shop: Shop, plans: dict[str, Row], unchanged: Unchanged) -> None:
    async with unchanged():
        answer = await create(shop, planId=node_id("Plan", plans["archive-basic"]))
    assert answer.user_codes == ["PLAN_NOT_ON_SALE"]
    assert answer.user_errors[0]["path"] == ["input", "planId"]


async def test_refuses_a_plan_without_a_price_in_the_client_s_currency(shop: Shop, unchanged: Unchanged) -> None:
    await shop.world.change(client, shop.client["id"], currency="CHF")
    async with unchanged():
        answer = await create(shop, cycle="YEARLY")
    assert answer.user_codes == ["NO_PRICE"]
    assert answer.user_errors[0]["path"] == ["input", "cycle"]
    assert answer.user_errors[0]["message"] == "This plan has no yearly price in CHF."


async def test_sells_nothing_to_a_closed_client(shop: Shop, unchanged: Unchanged) -> None:
    await shop.world.change(client, shop.client["id"], status=ClientStatus.CLOSED)
    async with unchanged():
        answer = await create(shop)
    assert answer.user_codes == ["ILLEGAL_TRANSITION"]
    assert answer.user_errors[0]["message"] == "A client that is CLOSED cannot be subscribed."


async def test_sells_nothing_for_an_organisation_that_left(shop: Shop, unchanged: Unchanged) -> None:
    await shop.world.change(child_org, shop.organisation["id"], partner_sees_until=LONG_AGO)
    async with unchanged():
        answer = await create(shop)
    assert answer.user_codes == ["NOT_FOUND"]


async def test_takes_the_partner_s_card_or_the_client_s(shop: Shop) -> None:
    for card in (await shop.world.card(), await shop.world.card(shop.client)):
        answer = await create(shop, cardId=node_id("PaymentCard", card))
        assert (await stored(shop, answer))["card_id"] == card["id"]
        assert answer.payload["subscription"]["card"] == {"id": node_id("PaymentCard", card), "lastFour": "4242"}


async def test_takes_a_card_until_the_end_of_its_last_month(shop: Shop) -> None:
    card = await shop.world.card()
    now = (await stored(shop, await create(shop)))["started_at"]
    await shop.world.change(payment_card, card["id"], expiry_year=now.year, expiry_month=now.month)
    assert (await create(shop, cardId=node_id("PaymentCard", card))).user_errors == []


@pytest.mark.parametrize("why", ["removed", "expired", "another client's"])
async def test_refuses_a_card_that_is(why: str, shop: Shop, unchanged: Unchanged) -> None:
    card = {
        "removed": lambda: shop.world.card(shop.client, status=CardStatus.REMOVED),
        "expired": lambda: shop.world.card(expiry_year=2020, expiry_month=12),
        "another client's": _foreign_card(shop),
    }[why]
    identifier = node_id("PaymentCard", await card())
    async with unchanged():
        answer = await create(shop, cardId=identifier)
    assert answer.user_codes == ["CARD_NOT_USABLE"]
    assert answer.user_errors[0]["path"] == ["input", "cardId"]


async def test_answers_another_partner_s_card_like_an_unknown_one(
    shop: Shop, other_shop: Shop, unchanged: Unchanged
) -> None:
    card = node_id("PaymentCard", await other_shop.world.card())
    async with unchanged():
        answer = await create(shop, cardId=card)
    assert answer.user_codes == ["NOT_FOUND"]
    assert answer.user_errors[0]["path"] == ["input", "cardId"]


def _foreign_card(shop: Shop) -> Any:
    async def make() -> Row:
        return await shop.world.card(await shop.world.client("Neighbour Ltd"))

    return make


async def _plan(shop: Shop, *, trial_days: int, prices: bool) -> Row:
    """Store a plan like Mail Standard."""
    sql = """
        INSERT INTO gateway.plan
        SELECT (jsonb_populate_record(plan, jsonb_build_object(
            'id', gen_random_uuid(), 'code', 'test-' || gen_random_uuid(), 'trial_days', $2::int))).*
        FROM gateway.plan WHERE id = $1 RETURNING *"""
    made = dict(await shop.world.owner.fetchrow(sql, shop.plan["id"], trial_days))
    if prices:
        await shop.world.owner.execute(
            """INSERT INTO gateway.plan_price (id, plan_id, currency, cycle, amount_minor)
               SELECT gen_random_uuid(), $1, currency, cycle, amount_minor
               FROM gateway.plan_price WHERE plan_id = $2""",
            made["id"],
            shop.plan["id"],
        )
    return made
