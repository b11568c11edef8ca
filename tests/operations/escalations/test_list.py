"""Listing escalations; what holds for every list is in test_lists."""

import pytest

from storage.escalations import EscalationState
from storage.identity import ContactPermission
from storage.partners import PartnerRole
from tests.operations.changes import Shop
from tests.operations.escalations.examples import stored_escalation
from tests.operations.worlds import node_id, strange_ids

LIST = """
query($filter: EscalationFilter) {
  escalations(filter: $filter) {
    nodes { id task reason state requestedByName organisation { domain } }
  }
}"""
USERS = "{ escalations { nodes { id user { id } } } }"


@pytest.mark.parametrize("who", ["user", "contact"])
async def test_denies(who: str, shop: Shop) -> None:
    await stored_escalation(shop)
    contact = await shop.world.contact(shop.client, *ContactPermission)
    caller = {"user": shop.as_user, "contact": shop.world.being(contact["id"])}[who]
    answer = await caller.run(LIST)
    assert (answer.codes, answer.partial) == (["FORBIDDEN"], {"escalations": None})


@pytest.mark.parametrize("role", PartnerRole)
async def test_is_seen_by_every_role_but_for_the_user(role: PartnerRole, shop: Shop) -> None:
    row = await stored_escalation(shop)
    seen = {
        "id": node_id("Escalation", row),
        "task": "USER_RESET_PASSWORD",
        "reason": row["reason"],
        "state": "REQUESTED",
        "requestedByName": "Admin",
        "organisation": {"domain": "harbour.example"},
    }
    caller = shop.world.acting(role)
    assert (await caller.run(LIST)).data["escalations"]["nodes"] == [seen]
    answer = await caller.run(USERS)
    assert (answer.codes, answer.errors[0]["extensions"]["rule"]) == (["FORBIDDEN"], "PARTNER_NOT_ACTING_ORG_READ")
    assert answer.partial["escalations"]["nodes"] == [{"id": seen["id"], "user": None}]


@pytest.mark.parametrize("who", ["super admin", "administrator", "acting"])
async def test_is_seen_with_the_user_inside_the_organisation(who: str, shop: Shop) -> None:
    row = await stored_escalation(shop)
    sibling = await shop.world.organisation(shop.client, "sibling.example")
    access = await shop.world.access(sibling)
    await stored_escalation(shop, child_org_id=sibling["id"], access_id=access["id"])
    caller = {"super admin": shop.as_super_admin, "administrator": shop.as_admin, "acting": shop.as_acting}[who]
    assert (await caller.run(USERS)).data["escalations"]["nodes"] == [
        {"id": node_id("Escalation", row), "user": {"id": node_id("OrgUser", shop.user)}}
    ]


async def test_filters_by_state_and_organisation(shop: Shop, other_shop: Shop) -> None:
    sibling = await shop.world.organisation(shop.client, "sibling.example")
    access = await shop.world.access(sibling)
    there = {"child_org_id": sibling["id"], "access_id": access["id"]}
    elsewhere = await stored_escalation(shop, **there)
    used = await stored_escalation(shop, state=EscalationState.USED)
    await stored_escalation(other_shop, state=EscalationState.USED)
    for where, row in (({"state": "USED"}, used), ({"organisationId": node_id("ChildOrg", sibling)}, elsewhere)):
        nodes = (await shop.world.boss.run(LIST, filter=where)).data["escalations"]["nodes"]
        assert [node["id"] for node in nodes] == [node_id("Escalation", row)]
    foreign = {"foreign": node_id("ChildOrg", other_shop.organisation)}
    for why, identifier in {**strange_ids("ChildOrg"), **foreign}.items():
        data = (await shop.world.boss.run(LIST, filter={"organisationId": identifier})).data
        assert data["escalations"]["nodes"] == [], why
