"""Adding one of the partner's own cards; what holds for every change is in test_changes."""

from typing import Any, Final

import pytest

from schema import node_ids
from storage.audit import audit_entry
from storage.cards import payment_card
from storage.events import event
from tests.factories.clients import Answer
from tests.operations.changes import ERRORS, assert_told, trail_of
from tests.operations.conftest import Unchanged
from tests.operations.worlds import World

ATTACH: Final = f"""
mutation($input: ResellerCardAttachInput!) {{
  resellerCardAttach(input: $input) {{
    card {{ id version holder brand lastFour expiryMonth expiryYear holderName status }}
    {ERRORS}
  }}
}}"""


async def attach(world: World, *tokens: str, **values: Any) -> Answer:
    (given,) = tokens or ("tok_visa:1",)
    return await world.boss.run(ATTACH, input={"token": given, **values})


async def test_stores_the_card_behind_the_token(world: World) -> None:
    made = (await attach(world, " tok_amex:own ", holderName="  Ada Ng ")).payload["card"]
    (row,) = await world.rows(payment_card)
    assert made == {
        "id": node_ids.encode("PaymentCard", row["id"]),
        "version": 1,
        "holder": "RESELLER",
        "brand": "amex",
        "lastFour": "8431",
        "expiryMonth": 12,
        "expiryYear": 2034,
        "holderName": "Ada Ng",
        "status": "ACTIVE",
    }
    assert (row["client_id"], row["processor"], row["token"]) == (None, "sandbox", "tok_amex:own")
    assert row["fingerprint"]


@pytest.mark.parametrize("name", [None, "", "  "])
async def test_takes_a_card_without_a_name(name: str | None, world: World) -> None:
    assert (await attach(world, holderName=name)).payload["card"]["holderName"] is None


async def test_tells_the_trail_but_no_secret(world: World) -> None:
    answer = await attach(world, "tok_visa:verysecret")
    trail = await trail_of(world)
    assert_told(trail, world, answer, "resellerCardAttach")
    assert trail.types == ["card.attached"]
    (entry,) = trail.entries
    (row,) = await world.rows(payment_card)
    assert entry["privilege"] == "RESELLER_CARD_ATTACH"
    assert (entry["target_id"], entry["before"], entry["client_id"]) == (row["id"], None, None)
    assert entry["after"] == {
        "holder": "RESELLER",
        "processor": "sandbox",
        "token": "[redacted]",
        "fingerprint": "[redacted]",
        "brand": "visa",
        "last_four": "4242",
        "expiry_month": 12,
        "expiry_year": 2034,
        "status": "ACTIVE",
    }
    for table in (event, audit_entry):
        written = str(await world.rows(table))
        assert "verysecret" not in written
        assert row["fingerprint"] not in written
    assert "verysecret" not in str(answer.body)


@pytest.mark.parametrize("token", ["tok_none", "", " ", "visa", "TOK_VISA", ":tok_visa"])
async def test_refuses_a_token_that_the_processor_does_not_know(token: str, world: World, unchanged: Unchanged) -> None:
    async with unchanged():
        answer = await attach(world, token)
    assert answer.user_codes == ["CARD_TOKEN_UNKNOWN"]
    assert answer.user_errors[0]["path"] == ["input", "token"]
    assert answer.payload["card"] is None


async def test_refuses_a_card_that_is_there_already(world: World, unchanged: Unchanged) -> None:
    await attach(world)
    async with unchanged():
        answer = await attach(world, " tok_visa:1")
    assert answer.user_codes == ["ALREADY_EXISTS"]
    assert answer.user_errors[0]["retryable"] is False


async def test_lets_two_partners_have_the_same_card(world: World, alder: Any) -> None:
    token = f"tok_visa:{world.partner_id}"
    assert (await attach(world, token)).user_errors == []
    assert (await alder.run(ATTACH, input={"token": token})).user_errors == []


@pytest.mark.parametrize(("name", "most"), [("token", 500), ("holderName", 200)])
async def test_refuses_a_text_that_is_too_long(name: str, most: int, world: World, unchanged: Unchanged) -> None:
    longest = f"tok_visa:{'x' * most}"[:most]
    async with unchanged():
        answer = await attach(world, **{name: f"{longest}x"})
    assert answer.user_codes == ["TOO_LONG"]
    assert answer.user_errors[0]["path"] == ["input", name]
    assert (await attach(world, **{name: longest})).user_errors == []


@pytest.mark.parametrize(
    "number",
    [
        "4242424242424242",
        "4242 4242 4242 4242",
        "4242-4242-4242-4242",
        "378282246310005",
        "".join(chr(ord(digit) - ord("0") + 0xFF10) for digit in "4242424242424242"),
        "+4242424242424242",
    ],
)
async def test_refuses_a_number_in_place_of_a_token_and_does_not_repeat_it(
    number: str, world: World, unchanged: Unchanged, capsys: pytest.CaptureFixture[str]
) -> None:
    async with unchanged():
        answer = await attach(world, number)
    assert answer.user_codes == ["CARD_NUMBER_REFUSED"]
    assert answer.user_errors[0]["path"] == ["input", "token"]
    written = "".join(capsys.readouterr())
    assert number not in str(answer.body)
    assert number not in written
