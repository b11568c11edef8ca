"""Listing change requests; what holds for every list is in test_lists."""

import pytest

from storage.change_requests import ChangeRequestState
from storage.identity import ContactPermission
from storage.partners import PartnerRole
from tests.operations.change_requests.examples import stored_request
from tests.operations.changes import Shop
from tests.operations.worlds import node_id, strange_ids

LIST = """
query($filter: ChangeRequestFilter) {
  changeRequests(filter: $filter) { nodes { id kind storageGb state requestedByName plan { code } } }
}"""
AROUND = """{
  changeRequests {
    nodes { id client { displayName } organisation { domain } subscription { id changeRequests { nodes { id } } } }
  }
}"""


@pytest.mark.parametrize("who", ["member", "contact"])
async def test_denies(who: str, shop: Shop) -> None:
    await stored_request(shop)
    contact = await shop.world.contact(shop.client, ContactPermission.INVOICES)
    caller = {"member": shop.as_user, "contact": shop.world.being(contact["id"])}[who]
    answer = await caller.run(LIST)
    assert (answer.codes, answer.partial) == (["FORBIDDEN"], {"changeRequests": None})


@pytest.mark.parametrize("role", PartnerRole)
async def test_is_seen_by_every_role_with_all_that_it_is_about(role: PartnerRole, shop: Shop) -> None:
    row = await stored_request(shop)
    caller = shop.world.acting(role)
    identifier = node_id("ChangeRequest", row)
    assert (await caller.run(LIST)).data["changeRequests"]["nodes"] == [
        {
            "id": identifier,
            "kind": "STORAGE",
            "storageGb": 50,
            "state": "REQUESTED",
            "requestedByName": "Super_Admin",
            "plan": None,
        }
    ]
    assert (await caller.run(AROUND)).data["changeRequests"]["nodes"] == [
        {
            "id": identifier,
            "client": {"displayName": "Harbour Ltd"},
            "organisation": {"domain": "harbour.example"},
            "subscription": {
                "id": node_id("Subscription", shop.subscription),
                "changeRequests": {"nodes": [{"id": identifier}]},
            },
        }
    ]


@pytest.mark.parametrize("who", ["super admin", "administrator", "contact"])
async def test_shows_the_customer_its_own(who: str, shop: Shop) -> None:
    row = await stored_request(shop)
    buyer = await shop.world.client("Neighbour Ltd")
    sibling = await shop.world.organisation(buyer, "neighbour.example")
    bought = await shop.world.subscription(sibling, shop.plan)
    there = {"client_id": buyer["id"], "child_org_id": sibling["id"], "subscription_id": bought["id"]}
    await stored_request(shop, **there)
    contact = await shop.world.contact(shop.client, ContactPermission.SUBSCRIPTIONS)
    callers = {
        "super admin": shop.as_super_admin,
        "administrator": shop.as_admin,
        "contact": shop.world.being(contact["id"]),
    }
    nodes = (await callers[who].run(LIST)).data["changeRequests"]["nodes"]
    assert [node["id"] for node in nodes] == [node_id("ChangeRequest", row)]


async def test_filters_by_state_subscription_and_client(shop: Shop, other_shop: Shop) -> None:
    buyer = await shop.world.client("Neighbour Ltd")
    sibling = await shop.world.organisation(buyer, "neighbour.example")
    bought = await shop.world.subscription(sibling, shop.plan)
    there = {"client_id": buyer["id"], "child_org_id": sibling["id"], "subscription_id": bought["id"]}
    theirs = await stored_request(shop, **there)
    declined = await stored_request(shop, state=ChangeRequestState.DECLINED)
    cases = (
        ({"state": "DECLINED"}, declined),
        ({"subscriptionId": node_id("Subscription", bought)}, theirs),
        ({"clientId": node_id("Client", buyer)}, theirs),
    )
    for where, row in cases:
        nodes = (await shop.world.boss.run(LIST, filter=where)).data["changeRequests"]["nodes"]
        assert [node["id"] for node in nodes] == [node_id("ChangeRequest", row)], where
    foreign = {"subscriptionId": ("Subscription", other_shop.subscription), "clientId": ("Client", other_shop.client)}
    for name, (kind, row) in foreign.items():
        for why, identifier in {**strange_ids(kind), "foreign": node_id(kind, row)}.items():
            data = (await shop.world.boss.run(LIST, filter={name: identifier})).data
            assert data["changeRequests"]["nodes"] == [], (name, why)
