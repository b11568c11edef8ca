"""Listing subscriptions; what holds for every list is in test_lists."""

import pytest

from storage.partners import PartnerRole
from tests.operations.changes import Shop
from tests.operations.worlds import node_id, strange_ids

LIST = """
query($filter: SubscriptionFilter) {
  subscriptions(filter: $filter) {
    totalCount
    nodes {
      id status seats seatsAssigned seatsAtRenewal cycle unitPrice { amount currency }
      plan { code } card { lastFour } organisation { domain } client { displayName }
    }
  }
}"""


@pytest.mark.parametrize("role", PartnerRole)
async def test_is_seen_by_every_role(role: PartnerRole, shop: Shop) -> None:
    data = (await shop.world.acting(role).run(LIST)).data["subscriptions"]
    assert data == {
        "totalCount": 1,
        "nodes": [
            {
                "id": node_id("Subscription", shop.subscription),
                "status": "ACTIVE",
                "seats": 10,
                "seatsAssigned": 4,
                "seatsAtRenewal": None,
                "cycle": "MONTHLY",
                "unitPrice": {"amount": "2.99", "currency": "EUR"},
                "plan": {"code": "mail-standard"},
                "card": None,
                "organisation": {"domain": "harbour.example"},
                "client": {"displayName": "Harbour Ltd"},
            }
        ],
    }


@pytest.mark.parametrize(("name", "kind"), [("clientId", "Client"), ("organisationId", "ChildOrg"), ("planId", "Plan")])
async def test_finds_nothing_by_a_strange_id(name: str, kind: str, shop: Shop, other_shop: Shop) -> None:
    rows = {"clientId": other_shop.client, "organisationId": other_shop.organisation}
    foreign = {"foreign": node_id(kind, rows[name])} if name in rows else {}
    for why, identifier in {**strange_ids(kind), **foreign}.items():
        data = (await shop.world.boss.run(LIST, filter={name: identifier})).data["subscriptions"]
        assert data == {"totalCount": 0, "nodes": []}, why
    assert (await shop.world.boss.run(LIST, filter={name: None})).data["subscriptions"]["totalCount"] == 1
