"""Listing the partner's accesses; what holds for every list is in test_lists."""

import pytest

from storage.accesses import AccessState
from storage.partners import PartnerRole
from tests.operations.changes import Shop
from tests.operations.worlds import LONG_AGO, node_id

LIST = """{
  partnerAccesses {
    nodes { id state fullAdministration privileges startsAt expiresAt endedAt endedBy organisation { id domain } }
  }
}"""


@pytest.mark.parametrize("role", PartnerRole)
async def test_is_seen_by_every_role(role: PartnerRole, shop: Shop) -> None:
    row = await shop.world.access(
        shop.organisation,
        state=AccessState.ENDED,
        full_administration=False,
        privileges=["ORG_READ", "DOMAIN_ADD"],
        ended_at=LONG_AGO,
        ended_by="SUPER_ADMIN",
    )
    assert (await shop.world.acting(role).run(LIST)).data["partnerAccesses"]["nodes"] == [
        {
            "id": node_id("PartnerAccess", row),
            "state": "ENDED",
            "fullAdministration": False,
            "privileges": ["ORG_READ", "DOMAIN_ADD"],
            "startsAt": "2025-01-01T00:00:00.000000Z",
            "expiresAt": None,
            "endedAt": "2025-01-01T00:00:00.000000Z",
            "endedBy": "SUPER_ADMIN",
            "organisation": {"id": node_id("ChildOrg", shop.organisation), "domain": "harbour.example"},
        }
    ]


async def test_lists_those_of_one_organisation_beside_it(shop: Shop) -> None:
    other = await shop.world.organisation(shop.client, "other.example")
    for organisation in (shop.organisation, other):
        await shop.world.access(organisation)
    answer = await shop.world.boss.run(
        "{ organisations { nodes { domain accesses { nodes { organisation { domain } } } } } }"
    )
    for node in answer.data["organisations"]["nodes"]:
        assert node["accesses"]["nodes"] == [{"organisation": {"domain": node["domain"]}}]
