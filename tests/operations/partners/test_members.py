"""Listing members; what holds for every list is in test_lists."""

import pytest

from storage.partners import PartnerRole, partner_member
from tests.operations.worlds import World

LIST = "{ members { totalCount nodes { name email role status version } } }"


@pytest.mark.parametrize("role", [PartnerRole.BILLING, PartnerRole.SUPPORT, PartnerRole.VIEWER])
async def test_is_denied_to_whom_staff_is_no_business(role: PartnerRole, world: World, statements: list[str]) -> None:
    answer = await world.acting(role).run(LIST)
    assert (answer.status, answer.codes, answer.partial) == (200, ["FORBIDDEN"], {"members": None})
    (error,) = answer.errors
    assert error["path"] == ["members"]
    assert error["extensions"]["rule"] == f"{role}_MAY_NOT_MEMBER_READ"
    assert error["extensions"]["whoCan"] == "The owner or administrator of your company can."
    assert error["extensions"]["howToRequest"]
    assert not [text for text in statements if "partner_member" in text]


@pytest.mark.parametrize("role", [PartnerRole.OWNER, PartnerRole.ADMIN])
async def test_lists_who_works_for_the_partner(role: PartnerRole, world: World) -> None:
    data = (await world.acting(role).run(LIST)).data["members"]
    rows = sorted(await world.rows(partner_member), key=lambda row: row["name_sort"])
    assert data["totalCount"] == len(PartnerRole)
    assert data["nodes"] == [
        {name: row[name] for name in ("name", "email", "role", "status", "version")} for row in rows
    ]


async def test_finds_a_member_by_its_id_for_whom_may_see_it_only(world: World) -> None:
    node = (await world.boss.run("{ members(first: 1) { nodes { id name } } }")).data["members"]["nodes"][0]
    ask = "query($id: ID!) { node(id: $id) { id ... on PartnerMember { name } } }"
    assert (await world.boss.run(ask, id=node["id"])).data["node"] == node
    assert (await world.viewer.run(ask, id=node["id"])).codes == ["FORBIDDEN"]
