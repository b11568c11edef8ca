"""What a subscription tells of its extra storage and of the plan that waits for the renewal."""

from storage.subscriptions import subscription
from tests.operations.changes import Shop
from tests.operations.worlds import Row

READ = "{ subscriptions { nodes { extraStorageGb plan { code } planAtRenewal { code name } } } }"


async def test_tells_what_it_has_and_what_it_will_have(shop: Shop, plans: dict[str, Row]) -> None:
    (node,) = (await shop.world.viewer.run(READ)).data["subscriptions"]["nodes"]
    assert node == {"extraStorageGb": 0, "plan": {"code": "mail-standard"}, "planAtRenewal": None}
    later = {"extra_storage_gb": 12, "plan_id_at_renewal": plans["mail-lite"]["id"]}
    await shop.world.change(subscription, shop.subscription["id"], **later)
    (node,) = (await shop.world.viewer.run(READ)).data["subscriptions"]["nodes"]
    assert node["extraStorageGb"] == 12
    assert node["planAtRenewal"] == {"code": "mail-lite", "name": "Mail Lite"}
