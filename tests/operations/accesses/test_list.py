"""Listing the partner's accesses; what holds for every list is in test_lists."""

import pytest

from storage.accesses import AccessState
from storage.partners import PartnerRole
from tests.operations.changes import Shop
from tests.operations.worlds import LONG_AGO, node_id

LIST = """query($filter: PartnerAccessFilter) {
  partnerAccesses(filter: $filter) {
    nodes {
      id state fullAdministration privileges reason days extendable extendedAt requestedByName decidedAt decidedByName
      startsAt expiresAt endedAt endedBy organisation { id domain }
    }
  }
}"""
LONG_AGO_TOLD = "2025-01-01T00:00:00.000000Z"


@pytest.mark.parametrize("role", PartnerRole)
async def test_is_seen_by_every_role(role: PartnerRole, shop: Shop) -> None:
    row = await shop.world.access(
        shop.organisation,
        state=AccessState.ENDED,
        full_administration=False,
        privileges=["ORG_READ", "DOMAIN_ADD"],
        reason="The mail moves to us",
        days=90,
        extendable=True,
        extended_at=LONG_AGO,
        requested_by_name="Ada",
        decided_at=LONG_AGO,
        decided_by_name="Ben",
        expires_at=LONG_AGO,
        ended_at=LONG_AGO,
        ended_by="SUPER_ADMIN",
    )
    answer = await shop.world.acting(role).run(LIST, filter={"state": "ENDED"})
    assert answer.data["partnerAccesses"]["nodes"] == [
        {
            "id": node_id("PartnerAccess", row),
            "state": "ENDED",
            "fullAdministration": False,
            "privileges": ["ORG_READ", "DOMAIN_ADD"],
            "reason": "The mail moves to us",
            "days": 90,
            "extendable": True,
            "extendedAt": LONG_AGO_TOLD,
            "requestedByName": "Ada",
            "decidedAt": LONG_AGO_TOLD,
            "decidedByName": "Ben",
            "startsAt": LONG_AGO_TOLD,
            "expiresAt": LONG_AGO_TOLD,
            "endedAt": LONG_AGO_TOLD,
            "endedBy": "SUPER_ADMIN",
            "organisation": {"id": node_id("ChildOrg", shop.organisation), "domain": "harbour.example"},
        }
    ]


async def test_lists_those_of_one_organisation_beside_it_and_by_filter(shop: Shop) -> None:
    other = await shop.world.organisation(shop.client, "other.example")
    await shop.world.access(other)
    answer = await shop.world.boss.run(
        "{ organisations { nodes { id domain accesses { nodes { organisation { domain } } } } } }"
    )
    for node in answer.data["organisations"]["nodes"]:
        assert node["accesses"]["nodes"] == [{"organisation": {"domain": node["domain"]}}]
        filtered = await shop.world.boss.run(LIST, filter={"organisationId": node["id"]})
        (found,) = filtered.data["partnerAccesses"]["nodes"]
        assert found["organisation"] == {"id": node["id"], "domain": node["domain"]}


async def test_is_not_seen_by_a_member_of_the_organisation(shop: Shop) -> None:
    answer = await shop.as_user.run(LIST)
    assert (answer.partial, answer.codes) == ({"partnerAccesses": None}, ["FORBIDDEN"])
    assert answer.errors[0]["extensions"]["rule"] == "ORG_MEMBER_MAY_NOT_ACCESS_READ"
