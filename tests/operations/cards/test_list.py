"""Listing cards; what holds for every list is in test_lists."""

import pytest

from storage.partners import PartnerRole
from tests.operations.changes import SCHEMA, Shop
from tests.operations.worlds import node_id

LIST = """
query($filter: PaymentCardFilter) {
  cards(filter: $filter) { nodes { id holder brand lastFour expiryMonth expiryYear holderName status } }
}"""


@pytest.mark.parametrize("role", PartnerRole)
async def test_is_seen_by_every_role(role: PartnerRole, shop: Shop) -> None:
    own, customers = await shop.world.card(), await shop.world.card(shop.client, holder_name="Ada Ng")
    nodes = (await shop.world.acting(role).run(LIST)).data["cards"]["nodes"]
    shown = {"brand": "visa", "lastFour": "4242", "expiryMonth": 12, "expiryYear": 2099, "status": "ACTIVE"}
    assert sorted(nodes, key=lambda node: str(node["holder"])) == [
        {"id": node_id("PaymentCard", customers), "holder": "CUSTOMER", "holderName": "Ada Ng", **shown},
        {"id": node_id("PaymentCard", own), "holder": "RESELLER", "holderName": None, **shown},
    ]


async def test_lists_a_client_s_own_cards_beside_it(shop: Shop) -> None:
    await shop.world.card()
    card = await shop.world.card(shop.client)
    answer = await shop.world.boss.run("{ clients { nodes { cards { nodes { id } } } } }")
    assert answer.data["clients"]["nodes"] == [{"cards": {"nodes": [{"id": node_id("PaymentCard", card)}]}}]


def test_has_no_field_for_a_secret() -> None:
    kind = SCHEMA.get_type("PaymentCard")
    assert not {"token", "fingerprint", "number", "processor"} & set(getattr(kind, "fields", {}))
