"""Listing the sessions of acting; what holds for every list is in test_lists."""

from typing import Final

import pytest

from storage.partners import PartnerRole
from tests.operations.accesses.life import ended
from tests.operations.changes import Shop
from tests.operations.worlds import node_id

SHOWN: Final = "id memberName reason organisationDomain banner createdAt expiresAt organisation { id }"
LIST: Final = (
    f"query($filter: ActingSessionFilter) {{ actingSessions(filter: $filter) {{ totalCount nodes {{ {SHOWN} }} }} }}"
)


@pytest.mark.parametrize("role", PartnerRole)
async def test_is_read_by_owners_and_administrators_of_the_partner(role: PartnerRole, shop: Shop) -> None:
    answer = await shop.world.acting(role).run(LIST)
    if role not in {PartnerRole.OWNER, PartnerRole.ADMIN}:
        assert answer.codes == ["FORBIDDEN"]
        assert answer.errors[0]["extensions"]["rule"] == f"{role}_MAY_NOT_ACTING_READ"
        return
    assert answer.data["actingSessions"]["totalCount"] == 1


async def test_is_read_by_those_who_run_the_organisation(shop: Shop) -> None:
    sibling = await shop.world.organisation(shop.client, "sibling.example")
    await shop.world.session(await shop.world.access(sibling))
    for caller in (shop.as_super_admin, shop.as_admin):
        (found,) = (await caller.run(LIST)).data["actingSessions"]["nodes"]
        assert found == {
            "id": node_id("ActingSession", shop.session),
            "memberName": "Admin",
            "reason": "Setting up mail",
            "organisationDomain": "harbour.example",
            "banner": "You are managing your customer harbour.example",
            "createdAt": "2025-01-01T00:00:00.000000Z",
            "expiresAt": found["expiresAt"],
            "organisation": {"id": node_id("ChildOrg", shop.organisation)},
        }
    for caller, rule in (
        (shop.as_user, "ORG_MEMBER_MAY_NOT_ACTING_READ"),
        (shop.as_acting, "PARTNER_MAY_NOT_ACTING_READ"),
    ):
        answer = await caller.run(LIST)
        assert (answer.codes, answer.errors[0]["extensions"]["rule"]) == (["FORBIDDEN"], rule)


async def test_lists_those_of_one_organisation_beside_it_and_by_filter(shop: Shop) -> None:
    sibling = await shop.world.organisation(shop.client, "sibling.example")
    await shop.world.session(await shop.world.access(sibling))
    answer = await shop.world.boss.run("{ organisations { nodes { id actingSessions { nodes { id } } } } }")
    nodes = answer.data["organisations"]["nodes"]
    assert len(nodes) == 2
    for node in nodes:
        (beside,) = node["actingSessions"]["nodes"]
        filtered = (await shop.world.boss.run(LIST, filter={"organisationId": node["id"]})).data["actingSessions"]
        assert [found["id"] for found in filtered["nodes"]] == [beside["id"]]
        assert filtered["nodes"][0]["organisation"] == {"id": node["id"]}


async def test_stays_to_be_read_when_the_access_is_over(shop: Shop) -> None:
    await ended(shop)
    (found,) = (await shop.world.boss.run(LIST)).data["actingSessions"]["nodes"]
    assert (found["organisationDomain"], found["organisation"]) == ("harbour.example", None)
