"""Listing invoices; what holds for every list is in test_lists."""

from datetime import date

import pytest

from storage.invoices import InvoiceState
from storage.partners import PartnerRole
from tests.operations.changes import Shop
from tests.operations.worlds import node_id

LIST = """
query($filter: InvoiceFilter) {
  invoices(filter: $filter) {
    nodes { id number state issuedOn dueOn total { amount currency } client { displayName } }
  }
}"""


@pytest.mark.parametrize("role", PartnerRole)
async def test_is_seen_by_every_role(role: PartnerRole, shop: Shop) -> None:
    row = await shop.world.invoice(
        shop.client,
        state=InvoiceState.OPEN,
        number="2026-000001",
        issued_on=date(2026, 1, 31),
        due_on=date(2026, 2, 14),
        total_minor=123456,
    )
    assert (await shop.world.acting(role).run(LIST)).data["invoices"]["nodes"] == [
        {
            "id": node_id("Invoice", row),
            "number": "2026-000001",
            "state": "OPEN",
            "issuedOn": "2026-01-31",
            "dueOn": "2026-02-14",
            "total": {"amount": "1234.56", "currency": "EUR"},
            "client": {"displayName": "Harbour Ltd"},
        }
    ]


@pytest.mark.parametrize(
    ("currency", "minor", "amount"),
    [
        ("EUR", 0, "0.00"),
        ("EUR", -5, "-0.05"),
        ("JPY", 4900, "4900"),
        ("KWD", 12345, "12.345"),
        ("EUR", 2**63 - 1, "92233720368547758.07"),
    ],
)
async def test_writes_money_in_the_currency_s_own_digits(currency: str, minor: int, amount: str, shop: Shop) -> None:
    await shop.world.invoice(shop.client, currency=currency, total_minor=minor)
    (node,) = (await shop.world.boss.run(LIST)).data["invoices"]["nodes"]
    assert node["total"] == {"amount": amount, "currency": currency}


async def test_has_no_number_while_it_is_a_draft(shop: Shop) -> None:
    await shop.world.invoice(shop.client)
    (node,) = (await shop.world.boss.run(LIST, filter={"state": "DRAFT"})).data["invoices"]["nodes"]
    assert (node["number"], node["issuedOn"], node["dueOn"]) == (None, None, None)
