"""Listing plans; what holds for every list is in test_lists."""

import pytest

from storage.partners import PartnerRole
from tests.operations.worlds import Row, World, node_id

LIST = """
query($filter: PlanFilter) {
  plans(filter: $filter) {
    nodes {
      id code name features seatsMin seatsMax storageGb trialDays status
      prices { currency cycle amount { amount currency } }
    }
  }
}"""


@pytest.mark.parametrize("role", PartnerRole)
async def test_tells_every_role_what_a_plan_costs(role: PartnerRole, world: World, plans: dict[str, Row]) -> None:
    answer = await world.acting(role).run(LIST, filter={"code": "mail-standard"})
    row = plans["mail-standard"]
    prices = {"EUR": ("2.99", "29.90"), "GBP": ("2.50", "25.00"), "JPY": ("420", "4200"), "USD": ("3.00", "30.00")}
    assert answer.data["plans"]["nodes"] == [
        {
            "id": node_id("Plan", row),
            "code": "mail-standard",
            "name": "Mail Standard",
            "features": row["features"],
            "seatsMin": 1,
            "seatsMax": 300,
            "storageGb": 30,
            "trialDays": 15,
            "status": "ON_SALE",
            "prices": [
                {"currency": currency, "cycle": cycle, "amount": {"amount": amount, "currency": currency}}
                for currency, both in prices.items()
                for cycle, amount in zip(("MONTHLY", "YEARLY"), both, strict=True)
            ],
        }
    ]


async def test_lists_what_is_no_longer_sold_too(world: World) -> None:
    nodes = (await world.boss.run(LIST, filter={"status": "WITHDRAWN"})).data["plans"]["nodes"]
    assert "archive-basic" in {node["code"] for node in nodes}
    assert {node["status"] for node in nodes} == {"WITHDRAWN"}


async def test_knows_no_plan_of_another_name(world: World) -> None:
    assert (await world.boss.run(LIST, filter={"code": "MAIL-standard"})).data["plans"]["nodes"] == []
