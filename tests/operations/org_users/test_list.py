"""Reading an organisation's users and their backups: who sees whom; what holds for every list is in test_lists."""

from typing import Any, Final

import pytest
import pytest_asyncio

from storage.org_users import BackupState, OrgRole, user_backup
from storage.partners import PartnerRole
from tests.factories.clients import GatewayClient
from tests.operations.changes import Shop
from tests.operations.org_users.people import of
from tests.operations.worlds import Row, node_id

NODE: Final = "query($id: ID!) { node(id: $id) { id } }"
PATHS: Final = {
    "the root": ("{ orgUsers { totalCount nodes { id } edges { node { id } } } }", ("orgUsers",)),
    "the organisation": (
        "query($id: ID!) { node(id: $id) { ... on ChildOrg { users { totalCount nodes { id } } } } }",
        ("node", "users"),
    ),
    "a user's organisation": (
        "{ orgUsers { nodes { organisation { users { totalCount nodes { id } } } } } }",
        ("orgUsers", "nodes", 0, "organisation", "users"),
    ),
    "by role": ("{ orgUsers(filter: {role: ADMIN}) { totalCount nodes { id } } }", ("orgUsers",)),
}


async def backed_up(shop: Shop, user: Row, asker: Row, state: BackupState = BackupState.READY) -> Row:
    """Store a backup."""
    return await shop.world.add(
        user_backup,
        child_org_id=user["child_org_id"],
        user_id=user["id"],
        state=state,
        requested_by=asker["membership_id"],
        requested_by_name=asker["name"],
    )


@pytest_asyncio.fixture
async def neighbour(shop: Shop) -> Row:
    """A user of another organisation of the same client."""
    return await shop.world.user(await shop.world.organisation(shop.client, "next.example"))


async def page(caller: GatewayClient, path: str, shop: Shop) -> Any:
    document, way = PATHS[path]
    takes = {"id": node_id("ChildOrg", shop.organisation)} if "$id" in document else {}
    found = (await caller.run(document, **takes)).data
    for step in way:
        found = found[step]
    return found


@pytest.mark.parametrize("path", ["the root", "the organisation", "a user's organisation"])
async def test_shows_a_member_itself_and_nobody_else(path: str, shop: Shop, neighbour: Row) -> None:
    found = await page(shop.as_user, path, shop)
    assert (found["totalCount"], found["nodes"]) == (1, [{"id": of(shop.user)}])


async def test_shows_a_member_nobody_through_a_filter_an_id_or_a_backup(shop: Shop, neighbour: Row) -> None:
    assert await page(shop.as_user, "by role", shop) == {"totalCount": 0, "nodes": []}
    for user in (shop.admin, shop.super_admin, neighbour):
        answer = await shop.as_user.run(NODE, id=of(user))
        assert (answer.codes, answer.partial) == (["NOT_FOUND"], {"node": None})
    assert (await shop.as_user.run(NODE, id=of(shop.user))).data["node"] == {"id": of(shop.user)}
    # A backup of another user's data that the member asked for, as an administrator, before it was made a member.
    await backed_up(shop, shop.admin, shop.user)
    answer = await shop.as_user.run("{ userBackups { nodes { requestedByName user { id name } } } }")
    assert answer.data["userBackups"]["nodes"] == [{"requestedByName": shop.user["name"], "user": None}]


@pytest.mark.parametrize("who", ["super admin", "administrator", "acting"])
@pytest.mark.parametrize("path", ["the root", "the organisation", "a user's organisation"])
async def test_shows_everybody_of_the_organisation_and_nobody_of_another(
    who: str, path: str, shop: Shop, neighbour: Row, other_shop: Shop
) -> None:
    caller = {"super admin": shop.as_super_admin, "administrator": shop.as_admin, "acting": shop.as_acting}[who]
    found = await page(caller, path, shop)
    everybody = {of(user) for user in (shop.super_admin, shop.admin, shop.user)}
    assert (found["totalCount"], {node["id"] for node in found["nodes"]}) == (3, everybody)
    for user in (neighbour, other_shop.user):
        assert (await caller.run(NODE, id=of(user))).codes == ["NOT_FOUND"]


@pytest.mark.parametrize("role", PartnerRole)
async def test_denies_every_role_of_the_partner_that_does_not_act(role: PartnerRole, shop: Shop) -> None:
    caller = shop.world.acting(role)
    for ask, takes in (
        ("{ orgUsers { nodes { id } } }", {}),
        (NODE, {"id": of(shop.user)}),
        ("{ organisations { nodes { users { nodes { id } } } } }", {}),
    ):
        answer = await caller.run(ask, **takes)
        assert answer.codes == ["FORBIDDEN"]
        assert answer.errors[0]["extensions"]["rule"] == "PARTNER_NOT_ACTING_ORG_READ"
        assert of(shop.user) not in str(answer.body)


async def test_denies_who_acts_without_reading_in_the_access(shop: Shop) -> None:
    lesser = await shop.world.organisation(shop.client, "lesser.example")
    access = await shop.world.access(lesser, full_administration=False, privileges=["DOMAIN_ADD"])
    answer = await shop.world.acting_in(await shop.world.session(access)).run("{ orgUsers { nodes { id } } }")
    assert answer.errors[0]["extensions"]["rule"] == "ACCESS_LACKS_ORG_READ"


async def test_tells_a_user_with_all_of_its_columns(shop: Shop) -> None:
    user = await shop.world.user(
        shop.organisation,
        OrgRole.ADMIN,
        name="Ada Quay",
        email="ada@quay.example",
        department="Sales",
        phone="+34600123456",
        profile_image="https://images.example/ada.png",
    )
    ask = """query($id: ID!) { node(id: $id) { ... on OrgUser {
        id version name email role status department phone profileImage deletedAt passwordInvalidBefore
        organisation { id domain }
        may: viewerCan(privilege: USER_DELETE) { allowed rule }
    } } }"""
    assert (await shop.as_admin.run(ask, id=of(user))).data["node"] == {
        "id": of(user),
        "version": 1,
        "name": "Ada Quay",
        "email": "ada@quay.example",
        "role": "ADMIN",
        "status": "ACTIVE",
        "department": "Sales",
        "phone": "+34600123456",
        "profileImage": "https://images.example/ada.png",
        "deletedAt": None,
        "passwordInvalidBefore": None,
        "organisation": {"id": node_id("ChildOrg", shop.organisation), "domain": "harbour.example"},
        "may": {"allowed": False, "rule": "ADMINISTRATOR_MAY_NOT_USER_DELETE_OF_ADMINISTRATOR"},
    }


BACKUPS: Final = "{ userBackups { totalCount nodes { id state } } orgUsers { nodes { backups { nodes { id } } } } }"


async def test_shows_a_member_the_backups_that_it_asked_for(shop: Shop) -> None:
    mine = await backed_up(shop, shop.user, shop.user)
    other = await backed_up(shop, shop.user, shop.super_admin)
    data = (await shop.as_user.run(BACKUPS)).data
    assert data["userBackups"] == {
        "totalCount": 1,
        "nodes": [{"id": node_id("UserBackup", mine), "state": "READY"}],
    }
    assert data["orgUsers"]["nodes"] == [{"backups": {"nodes": [{"id": node_id("UserBackup", mine)}]}}]
    assert (await shop.as_user.run(NODE, id=node_id("UserBackup", other))).codes == ["NOT_FOUND"]


async def test_shows_the_super_admin_every_backup_latest_first(shop: Shop, other_shop: Shop) -> None:
    rows = [await backed_up(shop, shop.user, shop.user), await backed_up(shop, shop.admin, shop.super_admin)]
    await backed_up(other_shop, other_shop.user, other_shop.user)
    data = (await shop.as_super_admin.run(BACKUPS)).data
    wanted = [node_id("UserBackup", row) for row in sorted(rows, key=lambda row: row["id"], reverse=True)]
    assert [node["id"] for node in data["userBackups"]["nodes"]] == wanted
    assert sum(len(node["backups"]["nodes"]) for node in data["orgUsers"]["nodes"]) == 2


@pytest.mark.parametrize("who", ["administrator", "acting"])
async def test_denies_the_backups_beside_the_users(who: str, shop: Shop) -> None:
    caller = {"administrator": shop.as_admin, "acting": shop.as_acting}[who]
    await backed_up(shop, shop.user, shop.user)
    rule = {"administrator": "ADMINISTRATOR_MAY_NOT_USER_BACKUP", "acting": "PARTNER_DENIED_USER_BACKUP"}[who]
    answer = await caller.run("{ userBackups { nodes { id } } }")
    assert (answer.partial, answer.errors[0]["extensions"]["rule"]) == ({"userBackups": None}, rule)
    answer = await caller.run("{ orgUsers(first: 1) { nodes { id backups { nodes { id } } } } }")
    assert answer.partial["orgUsers"]["nodes"][0]["backups"] is None
    assert {error["extensions"]["rule"] for error in answer.errors} == {rule}
