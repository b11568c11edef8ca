"""Creating a client; what holds for every change is in test_changes."""

from typing import Any, Final

import pytest

from schema import node_ids
from storage.base import fold
from storage.clients import client, client_word
from tests.factories.clients import Answer, GatewayClient
from tests.operations.changes import ERRORS, put, trail_of
from tests.operations.conftest import Unchanged
from tests.operations.worlds import World

CREATE: Final = f"""
mutation($input: ClientCreateInput!) {{
  clientCreate(input: $input) {{
    client {{
      id version createdAt updatedAt displayName firstName lastName companyName email phone language currency status
      defaultPaymentMethod vatNumber website lateFeeExempt overdueNoticesOff taxExempt separateInvoices
      cardProcessingDisabled marketingOptOut automaticStatusDisabled singleSignOnAllowed adminNotes
      address {{ line1 line2 city region postcode country }}
      billingAddress {{ line1 line2 city region postcode country }}
      shippingAddress {{ line1 }}
      defaultCard {{ id }}
      cards {{ totalCount }} organisations {{ totalCount }} subscriptions {{ totalCount }} invoices {{ totalCount }}
    }}
    {ERRORS}
  }}
}}"""

LEAST: Final = {"companyName": "Søren's Bakery", "email": "Desk@Bakery.example"}

FULL: Final = {
    "firstName": " Åse ",
    "lastName": "Lind",
    "companyName": "Lind & Søn",
    "email": "ase@lind.example",
    "phone": "+45 33 12 34 56",
    "addressLine1": "Havnegade 1",
    "addressLine2": "2. sal",
    "city": "København",
    "region": "Hovedstaden",
    "postcode": "1058",
    "country": "DK",
    "billingAddress": {"line1": "Postboks 1", "country": "DK"},
    "shippingAddress": {"line1": "Kaj 4"},
    "vatNumber": "DK12345678",
    "website": "https://lind.example",
    "language": "da",
    "currency": "DKK",
    "defaultPaymentMethod": "BANK_TRANSFER",
    "lateFeeExempt": True,
    "overdueNoticesOff": True,
    "taxExempt": True,
    "separateInvoices": True,
    "cardProcessingDisabled": True,
    "marketingOptOut": True,
    "automaticStatusDisabled": True,
    "singleSignOnAllowed": False,
    "adminNotes": "Calls back.",
}


async def create(caller: GatewayClient, given: dict[str, Any]) -> Answer:
    return await caller.run(CREATE, input=given)


async def test_fills_in_what_was_not_given(world: World) -> None:
    made = (await create(world.boss, LEAST)).payload["client"]
    nothing = dict.fromkeys(("line1", "line2", "city", "region", "postcode", "country"))
    assert {name: value for name, value in made.items() if name not in {"id", "createdAt", "updatedAt"}} == {
        "version": 1,
        "displayName": "Søren's Bakery",
        "firstName": None,
        "lastName": None,
        "companyName": "Søren's Bakery",
        "email": "desk@bakery.example",
        "phone": None,
        "language": "en",
        "currency": "EUR",
        "status": "ACTIVE",
        "defaultPaymentMethod": "CARD",
        "vatNumber": None,
        "website": None,
        "lateFeeExempt": False,
        "overdueNoticesOff": False,
        "taxExempt": False,
        "separateInvoices": False,
        "cardProcessingDisabled": False,
        "marketingOptOut": False,
        "automaticStatusDisabled": False,
        "singleSignOnAllowed": True,
        "adminNotes": None,
        "address": nothing,
        "billingAddress": None,
        "shippingAddress": None,
        "defaultCard": None,
        **{name: {"totalCount": 0} for name in ("cards", "organisations", "subscriptions", "invoices")},
    }
    assert made["createdAt"] == made["updatedAt"]


async def test_stores_all_that_was_given(world: World) -> None:
    made = (await create(world.boss, FULL)).payload["client"]
    (row,) = await world.rows(client)
    assert made["id"] == node_ids.encode("Client", row["id"])
    assert {name: row[name] for name in row if name not in {"id", "partner_id", "created_at", "updated_at"}} == {
        "version": 1,
        "display_name": "Lind & Søn",
        "name_sort": fold("Lind & Søn"),
        "first_name": "Åse",
        "last_name": "Lind",
        "company_name": "Lind & Søn",
        "email": "ase@lind.example",
        "phone": "+4533123456",
        "address_line1": "Havnegade 1",
        "address_line2": "2. sal",
        "city": "København",
        "region": "Hovedstaden",
        "postcode": "1058",
        "country": "DK",
        "vat_number": "DK12345678",
        "website": "https://lind.example",
        "language": "da",
        "currency": "DKK",
        "status": "ACTIVE",
        "default_payment_method": "BANK_TRANSFER",
        "late_fee_exempt": True,
        "overdue_notices_off": True,
        "tax_exempt": True,
        "separate_invoices": True,
        "card_processing_disabled": True,
        "marketing_opt_out": True,
        "automatic_status_disabled": True,
        "single_sign_on_allowed": False,
        "billing_address": {"line1": "Postboks 1", "country": "DK"},
        "shipping_address": {"line1": "Kaj 4"},
        "admin_notes": "Calls back.",
        "default_card_id": None,
        "import_source": None,
        "import_ref": None,
    }
    assert made["billingAddress"] == {
        **dict.fromkeys(("line2", "city", "region", "postcode")),
        "line1": "Postboks 1",
        "country": "DK",
    }
    assert made["address"]["city"] == "København"


async def test_tells_the_trail_what_the_client_is(world: World) -> None:
    await create(world.boss, FULL)
    trail = await trail_of(world)
    (row,) = await world.rows(client)
    assert trail.types == ["client.created"]
    (entry,) = trail.entries
    assert entry["privilege"] == "CLIENT_CREATE"
    assert (entry["client_id"], entry["child_org_id"], entry["org_internal"]) == (row["id"], None, False)
    assert entry["before"] is None
    housekeeping = {"partner_id", "id", "version", "created_at", "updated_at", "name_sort"}
    assert entry["after"] == {
        name: value for name, value in row.items() if value is not None and name not in housekeeping
    }


async def test_is_found_by_its_words_at_once(world: World) -> None:
    await create(world.boss, FULL)
    words = {row["word"] for row in await world.rows(client_word)}
    assert words == {"lind", "son", "ase", "ase@lind.example", "lind.example", "example"}
    for search in ("lin", "ÅSE", "ase@li", "lind ase"):
        answer = await world.boss.run(
            "query($s: String!) { clients(filter: {search: $s}) { nodes { displayName } } }", s=search
        )
        assert answer.data["clients"]["nodes"] == [{"displayName": "Lind & Søn"}], search


async def test_takes_a_person_without_a_company(world: World) -> None:
    answer = await create(world.boss, {"firstName": "Ada", "lastName": "Ng", "email": "ada@ng.example"})
    assert answer.payload["client"]["displayName"] == "Ada Ng"


async def test_takes_null_like_what_was_not_given(world: World) -> None:
    nothing = {name: None for name in FULL if name not in {"companyName", "email"}}
    answer = await create(world.boss, {**LEAST, **nothing})
    assert answer.payload["client"]["language"] == "en"
    assert answer.payload["client"]["singleSignOnAllowed"] is True


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"companyName": ""}, "firstName"),
        ({"companyName": " \t "}, "firstName"),
        ({"companyName": None}, "firstName"),
        ({"companyName": None, "firstName": "Ada"}, "lastName"),
        ({"companyName": None, "firstName": "Ada", "lastName": "  "}, "lastName"),
        ({"companyName": None, "lastName": "Ng"}, "firstName"),
    ],
)
async def test_needs_a_name(given: dict[str, Any], path: str, world: World, unchanged: Unchanged) -> None:
    async with unchanged():
        answer = await create(world.boss, {**LEAST, **given})
    assert answer.user_codes == ["REQUIRED"]
    assert answer.user_errors[0]["path"] == ["input", path]
    assert answer.user_errors[0]["message"] == "Give a company name, or a first name and a last name."


@pytest.mark.parametrize(
    ("name", "most"),
    [
        *[(name, 200) for name in ("firstName", "lastName", "companyName", "city", "region")],
        *[(name, 500) for name in ("addressLine1", "addressLine2", "website")],
        *[(name, 40) for name in ("postcode", "vatNumber")],
        ("adminNotes", 20_000),
    ],
)
async def test_refuses_a_text_that_is_too_long(name: str, most: int, world: World, unchanged: Unchanged) -> None:
    async with unchanged():
        answer = await create(world.boss, {**LEAST, name: "é" * (most + 1)})
    assert answer.user_codes == ["TOO_LONG"]
    assert answer.user_errors[0]["path"] == ["input", name]
    assert str(most) in answer.user_errors[0]["message"]
    assert (await create(world.boss, {**LEAST, name: f" {'é' * most} "})).user_errors == []


async def test_refuses_a_card_number_inside_a_longer_text(world: World, unchanged: Unchanged) -> None:
    async with unchanged():
        answer = await create(world.boss, {**LEAST, "adminNotes": "Said on the phone: 4242 4242 4242 4242, 12/34"})
    assert answer.user_codes == ["CARD_NUMBER_REFUSED"]
    assert answer.user_errors[0]["path"] == ["input", "adminNotes"]


@pytest.mark.parametrize("address", ["billingAddress", "shippingAddress"])
async def test_refuses_an_address_that_is_too_long(address: str, world: World) -> None:
    answer = await create(world.boss, put(LEAST, (address, "line1"), "x" * 501))
    assert answer.user_codes == ["TOO_LONG"]
    assert answer.user_errors[0]["path"] == ["input", address, "line1"]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("country",), "XX"),
        (("country",), "es"),
        (("billingAddress", "country"), "Spain"),
        (("currency",), "EURO"),
        (("email",), "nobody"),
        (("phone",), "12"),
        (("language",), "English!"),
        (("defaultPaymentMethod",), "CASH"),
    ],
)
async def test_refuses_a_bad_value_wherever_it_stands(
    path: tuple[str, ...], value: str, world: World, unchanged: Unchanged
) -> None:
    literal = value if path[0] == "defaultPaymentMethod" else f'"{value}"'
    for name in reversed(path):
        literal = f"{name}: {literal}" if name == path[0] else f"{{{name}: {literal}}}"
    email = "" if path == ("email",) else ', email: "a@b.example"'
    async with unchanged():
        by_variable = await create(world.boss, put(LEAST, path, value))
        by_literal = await world.boss.run(
            f'mutation {{ clientCreate(input: {{companyName: "X"{email}, {literal}}}) {{ client {{ id }} }} }}'
        )
    assert (by_variable.status, by_variable.codes) == (400, ["BAD_USER_INPUT"])
    assert by_variable.errors[0]["extensions"]["inputPath"] == ["input", *path]
    assert by_literal.status == 400
    assert by_literal.codes in (["BAD_USER_INPUT"], ["GRAPHQL_VALIDATION_FAILED"])


@pytest.mark.parametrize("name", ["email", "phone"])
async def test_repeats_no_card_number_that_a_scalar_refuses(name: str, world: World, unchanged: Unchanged) -> None:
    async with unchanged():
        by_variable = await create(world.boss, {**LEAST, name: "4242 4242 4242 4242"})
        literal = f'{{companyName: "X", {name}: "4242424242424242"}}'
        by_literal = await world.boss.run(f"mutation {{ clientCreate(input: {literal}) {{ client {{ id }} }} }}")
    for answer in (by_variable, by_literal):
        assert answer.status == 400
        assert "4242" not in str(answer.body)


async def test_takes_the_partner_s_currency(world: World) -> None:
    await world.owner.execute("UPDATE gateway.partner_org SET currency = 'JPY' WHERE id = $1", world.partner_id)
    assert (await create(world.boss, LEAST)).payload["client"]["currency"] == "JPY"
    assert (await create(world.boss, {**LEAST, "currency": "USD"})).payload["client"]["currency"] == "USD"


async def test_lets_two_clients_share_name_and_address(world: World) -> None:
    first, second = [(await create(world.boss, LEAST)).payload["client"]["id"] for _ in range(2)]
    assert first != second
