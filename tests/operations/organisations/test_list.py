"""Listing organisations; what holds for every list is in test_lists."""

from datetime import UTC, datetime, timedelta

import pytest

from storage.organisations import child_org
from storage.partners import PartnerRole
from tests.operations.changes import Shop
from tests.operations.worlds import LONG_AGO, node_id

LIST = "{ organisations { totalCount nodes { id name domain domainStatus status client { displayName } } } }"


@pytest.mark.parametrize("role", PartnerRole)
async def test_is_seen_by_every_role(role: PartnerRole, shop: Shop) -> None:
    data = (await shop.world.acting(role).run(LIST)).data["organisations"]
    assert data == {
        "totalCount": 1,
        "nodes": [
            {
                "id": node_id("ChildOrg", shop.organisation),
                "name": "harbour.example",
                "domain": "harbour.example",
                "domainStatus": "VERIFIED",
                "status": "ACTIVE",
                "client": {"displayName": "Harbour Ltd"},
            }
        ],
    }


async def test_leaves_the_lists_when_the_access_ends_but_its_subscription_stays(shop: Shop) -> None:
    await shop.world.change(child_org, shop.organisation["id"], partner_sees_until=LONG_AGO)
    identifier = node_id("ChildOrg", shop.organisation)
    assert (await shop.world.boss.run(LIST)).data["organisations"] == {"totalCount": 0, "nodes": []}
    gone = await shop.world.boss.run("query($id: ID!) { node(id: $id) { id } }", id=identifier)
    assert gone.codes == ["NOT_FOUND"]
    kept = await shop.world.boss.run(
        """{
          clients { nodes { organisations { totalCount nodes { id } } subscriptions { totalCount } } }
          subscriptions { nodes { organisationName organisationDomain organisation { id } client { displayName } } }
          partnerAccesses { nodes { state organisation { id } } }
        }"""
    )
    assert kept.data == {
        "clients": {"nodes": [{"organisations": {"totalCount": 0, "nodes": []}, "subscriptions": {"totalCount": 1}}]},
        "subscriptions": {
            "nodes": [
                {
                    "organisationName": "harbour.example",
                    "organisationDomain": "harbour.example",
                    "organisation": None,
                    "client": {"displayName": "Harbour Ltd"},
                }
            ]
        },
        "partnerAccesses": {"nodes": [{"state": "ACTIVE", "organisation": None}]},
    }


async def test_stays_in_the_lists_until_that_moment(shop: Shop) -> None:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    await shop.world.change(child_org, shop.organisation["id"], partner_sees_until=tomorrow)
    assert (await shop.world.boss.run(LIST)).data["organisations"]["totalCount"] == 1


async def test_filters_by_a_domain_in_any_of_its_forms(shop: Shop) -> None:
    await shop.world.organisation(shop.client, "xn--bcher-kva.example")
    ask = "query($domain: DomainName) { organisations(filter: {domain: $domain}) { nodes { domain } } }"
    for domain in ("bücher.example", "BÜCHER.example", "xn--bcher-kva.example"):
        nodes = (await shop.world.boss.run(ask, domain=domain)).data["organisations"]["nodes"]
        assert nodes == [{"domain": "xn--bcher-kva.example"}]
