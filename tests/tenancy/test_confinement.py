"""Whoever is confined inside the partner, held against what the tables declare: with no decision nothing more is seen."""

from typing import Any, Final
from uuid import UUID

import pytest

from schema import node_ids
from storage.base import Key, Reach, metadata, rows_of
from storage.identity import MembershipKind
from storage.partners import PartnerRole
from tests.factories.layers import UNDECIDED, Weakness
from tests.factories.worlds import LISTS, item_of, of_a_tenant, query_fields, table_name
from tests.tenancy.conftest import Ground

NO_DECISION: Final = UNDECIDED["no decision"]
CLIENTS: Final = "{ clients(first: 100) { nodes { id } } }"
ORGANISATIONS: Final = "{ childOrgs(first: 100) { nodes { id } } }"
_TESTS: Final = {
    Key.PARTNER: "partner_id = $1",
    Key.CLIENTS: "{} = ANY ($2)",
    Key.ORG: "{} = $3",
    Key.NOT_ORG_INTERNAL: "NOT org_internal",
    Key.PARTNER_SEES: "partner_sees_until > statement_timestamp()",
}
REACHES: Final = {
    "contact with everything": Reach.CLIENT,
    "fenced script": Reach.FENCE,
    "super admin": Reach.ORG,
    "admin acting": Reach.ORG,
    "operator": Reach.PLATFORM,
}


async def _declared(ground: Ground, kind: str, reach: Reach, clients: list[UUID], organisation: UUID) -> set[str]:
    """Return the ids that a reach sees of a kind, from the declaration and as the owner."""
    rows = rows_of(metadata.tables[f"gateway.{table_name(kind)}"])
    assert rows is not None
    needed = rows.keys[reach]
    if needed is None:
        return set()
    where = " AND ".join(_TESTS[key].format(rows.column(key)) for key in needed)
    asked = "$1::uuid IS NOT NULL AND $2::uuid[] IS NOT NULL AND $3::uuid IS NOT NULL"
    found = await ground.owner.fetch(
        f"SELECT id FROM gateway.{table_name(kind)} WHERE {where} AND {asked}",
        ground.mine.partner_id,
        clients,
        organisation,
    )
    return {node_ids.encode(kind, row["id"]) for row in found}


def _nodes(answer: Any, name: str) -> set[str]:
    page = (answer.partial or {}).get(name) or {"nodes": []}
    return {node["id"] for node in page["nodes"]}


@pytest.mark.parametrize("weakness", UNDECIDED.values(), ids=UNDECIDED)
@pytest.mark.parametrize(("name", "reach"), REACHES.items(), ids=REACHES)
async def test_who_is_confined_sees_what_is_declared_and_nothing_beside(
    ground: Ground, name: str, reach: Reach, weakness: Weakness
) -> None:
    await ground.kept.restore()
    home, asking = ground.mine.home, ground.ask(name, weakness)
    clients = [] if name == "super admin" else [home.client_id]
    for listed in LISTS:
        kind = item_of(query_fields()[listed]).name
        if not of_a_tenant(kind):
            continue
        visible = await _declared(ground, kind, reach, clients, home.organisation_id)
        answer = await asking.run(f"{{ {listed}(first: 100) {{ nodes {{ id }} }} }}")
        assert _nodes(answer, listed) == visible, listed
        for plot in (ground.mine, ground.theirs):
            for house in plot.houses.values():
                if house.chosen[kind] not in visible:
                    found = await asking.run("query($id: ID!) { node(id: $id) { id } }", id=house.chosen[kind])
                    assert found.partial == {"node": None}, listed


async def _script(ground: Ground, fence: list[UUID] | None) -> UUID:
    world = ground.mine.world
    made = await world.membership(
        MembershipKind.API_CREDENTIAL,
        privileges=["CLIENT_READ", "ORGANISATION_READ"],
        created_by=world.memberships[PartnerRole.OWNER],
        client_ids=fence,
    )
    identifier: UUID = made["id"]
    return identifier


async def test_a_script_without_a_fence_reaches_the_partner_and_no_other(ground: Ground) -> None:
    answer = await ground.being(await _script(ground, None), NO_DECISION).run(CLIENTS)
    mine = await ground.owner.fetch("SELECT id FROM gateway.client WHERE partner_id = $1", ground.mine.partner_id)
    assert _nodes(answer, "clients") == {node_ids.encode("Client", row["id"]) for row in mine}


async def test_a_script_reaches_each_client_of_its_fence_and_no_organisation_that_left_the_partner(
    ground: Ground,
) -> None:
    houses = ground.mine.houses
    fence = [houses["home"].client_id, houses["cottage"].client_id]
    asking = ground.being(await _script(ground, fence))
    assert _nodes(await asking.run(CLIENTS), "clients") == {node_ids.encode("Client", one) for one in fence}
    organisations = _nodes(await asking.run(ORGANISATIONS), "childOrgs")
    assert organisations == {house.chosen["ChildOrg"] for name, house in houses.items() if name != "ruin"}


@pytest.mark.parametrize("fence", [[], ["theirs"]], ids=["of nobody", "of another partner's client"])
async def test_a_script_with_a_fence_around_nothing_of_its_partners_reaches_nothing(
    ground: Ground, fence: list[str]
) -> None:
    clients = [ground.theirs.home.client_id for _ in fence]
    for weakness in UNDECIDED.values():
        asking = ground.being(await _script(ground, clients), weakness)
        assert _nodes(await asking.run(CLIENTS), "clients") == set()
        assert _nodes(await asking.run(ORGANISATIONS), "childOrgs") == set()
