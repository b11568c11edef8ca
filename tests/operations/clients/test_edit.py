"""Editing a client; what holds for every change is in test_changes."""

from typing import Any, Final

import pytest

from storage.clients import client, client_word
from storage.invoices import InvoiceState
from storage.subscriptions import SubscriptionStatus, subscription
from tests.factories.clients import Answer
from tests.operations.changes import ERRORS, Shop, trail_of
from tests.operations.conftest import Unchanged
from tests.operations.worlds import World, node_id

EDIT: Final = f"""
mutation($input: ClientEditInput!) {{
  clientEdit(input: $input) {{
    client {{ id version displayName firstName companyName email currency adminNotes city: address {{ city }} }}
    {ERRORS}
  }}
}}"""


async def edit(shop: Shop, **values: Any) -> Answer:
    return await shop.world.boss.run(EDIT, input={"id": node_id("Client", shop.client), **values})


async def test_changes_what_is_given_and_nothing_else(shop: Shop) -> None:
    before = await shop.world.row(client, shop.client["id"])
    made = (await edit(shop, city=" Hull ", adminNotes="Ring first.")).payload["client"]
    assert (made["version"], made["city"], made["adminNotes"]) == (2, {"city": "Hull"}, "Ring first.")
    after = await shop.world.row(client, shop.client["id"])
    assert {name for name in after if after[name] != before[name]} == {"version", "updated_at", "city", "admin_notes"}


async def test_tells_the_trail_what_stood_before_and_after(shop: Shop) -> None:
    await shop.world.change(client, shop.client["id"], city="York")
    await edit(shop, city="Hull", companyName="Harbour Ltd")
    trail = await trail_of(shop.world)
    assert trail.types == ["client.edited"]
    (entry,) = trail.entries
    assert (entry["privilege"], entry["target_version"]) == ("CLIENT_EDIT", 2)
    assert (entry["before"], entry["after"]) == ({"city": "York"}, {"city": "Hull"})


async def test_empties_a_field_by_null_or_blanks(shop: Shop) -> None:
    await shop.world.change(client, shop.client["id"], city="York", admin_notes="Old.", first_name="Ada")
    made = (await edit(shop, adminNotes=None, city="  ", firstName="")).payload["client"]
    assert (made["city"], made["adminNotes"], made["firstName"]) == ({"city": None}, None, None)


async def test_is_found_by_its_new_words_only(shop: Shop) -> None:
    await edit(shop, companyName="Quay Ltd", email="ada@quay.example")
    words = {row["word"] for row in await shop.world.rows(client_word)}
    assert {"quay", "ltd", "ada@quay.example"} <= words
    assert not any("harbour" in word for word in words)
    row = await shop.world.row(client, shop.client["id"])
    assert (row["display_name"], row["name_sort"]) == ("Quay Ltd", "quay ltd")


@pytest.mark.parametrize(
    "name",
    [
        "email",
        "currency",
        "language",
        "defaultPaymentMethod",
        "lateFeeExempt",
        "overdueNoticesOff",
        "taxExempt",
        "separateInvoices",
        "cardProcessingDisabled",
        "marketingOptOut",
        "automaticStatusDisabled",
        "singleSignOnAllowed",
    ],
)
async def test_refuses_to_empty_what_must_hold_something(name: str, shop: Shop, unchanged: Unchanged) -> None:
    async with unchanged():
        answer = await edit(shop, **{name: None})
    assert answer.user_codes == ["REQUIRED"]
    assert answer.user_errors[0]["path"] == ["input", name]


@pytest.mark.parametrize("given", [{"companyName": None}, {"companyName": " "}, {"companyName": "", "firstName": "A"}])
async def test_refuses_to_take_the_last_name_away(given: dict[str, Any], shop: Shop, unchanged: Unchanged) -> None:
    async with unchanged():
        answer = await edit(shop, **given)
    assert answer.user_codes == ["REQUIRED"]
    assert answer.payload["client"] is None


@pytest.mark.parametrize(("name", "most"), [("companyName", 200), ("addressLine1", 500), ("adminNotes", 20_000)])
async def test_refuses_a_text_that_is_too_long(name: str, most: int, shop: Shop, unchanged: Unchanged) -> None:
    async with unchanged():
        answer = await edit(shop, **{name: "x" * (most + 1)})
    assert answer.user_codes == ["TOO_LONG"]
    assert answer.user_errors[0]["path"] == ["input", name]


async def test_keeps_the_currency_while_a_subscription_lives(shop: Shop, unchanged: Unchanged) -> None:
    async with unchanged():
        answer = await edit(shop, currency="USD")
    assert answer.user_codes == ["CURRENCY_FIXED"]
    assert answer.user_errors[0]["path"] == ["input", "currency"]
    assert answer.user_errors[0]["message"] == "The currency is fixed: there are 0 invoices and 1 live subscriptions."
    assert (await edit(shop, currency="EUR")).user_errors == []


async def test_keeps_the_currency_once_there_is_an_invoice(world: World, unchanged: Unchanged) -> None:
    buyer = await world.client()
    await world.invoice(buyer, state=InvoiceState.VOID)
    async with unchanged():
        answer = await world.boss.run(EDIT, input={"id": node_id("Client", buyer), "currency": "USD"})
    assert answer.user_codes == ["CURRENCY_FIXED"]
    assert "1 invoices and 0 live" in answer.user_errors[0]["message"]


@pytest.mark.parametrize("status", [SubscriptionStatus.CANCELLED, SubscriptionStatus.TERMINATED])
async def test_changes_the_currency_once_every_subscription_has_ended(status: str, shop: Shop) -> None:
    await shop.world.change(subscription, shop.subscription["id"], status=status)
    assert (await edit(shop, currency="USD")).payload["client"]["currency"] == "USD"


async def test_counts_neither_another_client_s_nor_another_partner_s_rows(shop: Shop, other_shop: Shop) -> None:
    fresh = await shop.world.client("Fresh Ltd")
    answer = await shop.world.boss.run(EDIT, input={"id": node_id("Client", fresh), "currency": "USD"})
    assert answer.payload["client"]["currency"] == "USD"
    assert (await edit(other_shop, currency="USD")).user_codes == ["CURRENCY_FIXED"]


async def test_names_every_field_that_changed_since(shop: Shop) -> None:
    await edit(shop, city="Hull", addressLine1="Quay 1")
    await edit(shop, adminNotes="Ring.", expectedVersion=2)
    (error,) = (await edit(shop, firstName="Ada", expectedVersion=1)).user_errors
    assert error["currentVersion"] == 3
    assert sorted(error["changedFields"]) == ["addressLine1", "adminNotes", "city"]
    (error,) = (await edit(shop, firstName="Ada", expectedVersion=2)).user_errors
    assert error["changedFields"] == ["adminNotes"]


async def test_shows_notes_to_nobody_who_may_not_read_them(shop: Shop) -> None:
    await edit(shop, adminNotes="Between us.")
    ask = "query($id: ID!) { node(id: $id) { ... on Client { displayName adminNotes } } }"
    answer = await shop.world.viewer.run(ask, id=node_id("Client", shop.client))
    assert answer.codes == ["FORBIDDEN"]
    assert answer.errors[0]["extensions"]["rule"] == "VIEWER_MAY_NOT_CLIENT_NOTES_READ"
    assert answer.partial == {"node": {"displayName": "Harbour Ltd", "adminNotes": None}}
    assert "Between us" not in str(answer.body)
