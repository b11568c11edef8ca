"""Inviting somebody into an organisation; what holds for every change is in test_changes."""

import asyncio

import pytest

from schema import node_ids
from storage.events import outbox
from storage.identity import login
from storage.org_users import org_user
from storage.partners import PartnerRole
from tenancy.privileges import Privilege
from tests.factories.clients import GatewayClient
from tests.operations.changes import Shop, assert_told, trail_of
from tests.operations.conftest import Unchanged
from tests.operations.org_users.people import ACTING_ROLES, acting, approved, assert_denied, change, made
from tests.operations.worlds import stored

ADA = {"name": "Ada Quay", "email": "ada@quay.example"}


def may(shop: Shop) -> dict[str, GatewayClient]:
    return {"super admin": shop.as_super_admin, "administrator": shop.as_admin, "acting": shop.as_acting}


@pytest.mark.parametrize("role", ACTING_ROLES)
async def test_denies_whoever_acts_for_the_partner_an_administrator(
    role: PartnerRole, shop: Shop, unchanged: Unchanged
) -> None:
    caller = await acting(shop, role)
    await approved(shop, Privilege.USER_ROLE_SET_ADMIN, shop.user)
    async with unchanged():
        answer = await change(caller, "orgUserCreate", **ADA, administrator=True)
    assert_denied(answer, "PARTNER_DENIED_ADMIN_ROLE")
    assert answer.payload["user"] is None


async def test_denies_an_administrator_another_and_a_member_anybody(shop: Shop, unchanged: Unchanged) -> None:
    async with unchanged():
        assert_denied(
            await change(shop.as_admin, "orgUserCreate", **ADA, administrator=True),
            "ADMINISTRATOR_MAY_NOT_USER_ROLE_SET_ADMIN",
        )
        assert_denied(await change(shop.as_user, "orgUserCreate", **ADA), "ORG_MEMBER_MAY_NOT_USER_CREATE")


async def test_denies_whoever_does_not_act_and_an_access_that_lacks_it(shop: Shop, unchanged: Unchanged) -> None:
    lesser = await shop.world.organisation(shop.client, "lesser.example")
    access = await shop.world.access(lesser, full_administration=False, privileges=["ORG_READ", "USER_EDIT"])
    limited = shop.world.acting_in(await shop.world.session(access))
    async with unchanged():
        answer = await change(shop.world.boss, "orgUserCreate", **ADA)
        assert answer.user_errors[0]["rule"] == "PARTNER_NOT_ACTING_USER_CREATE"
        assert_denied(await change(limited, "orgUserCreate", **ADA), "ACCESS_LACKS_USER_CREATE")


@pytest.mark.parametrize("who", ["super admin", "administrator", "acting"])
async def test_invites_a_member_who_has_no_membership_yet(who: str, shop: Shop) -> None:
    given = {"name": " Ada Quay ", "email": "Ada@Quay.example", "department": " Sales ", "phone": "+34 600 123 456"}
    user = await made(may(shop)[who], "orgUserCreate", **given)
    row = await shop.world.row(org_user, node_ids.of_kind(user["id"], "OrgUser"))
    assert {**user, "id": ""} == {
        "id": "",
        "version": 1,
        "name": "Ada Quay",
        "email": "ada@quay.example",
        "role": "MEMBER",
        "status": "INVITED",
        "department": "Sales",
        "phone": "+34600123456",
        "profileImage": None,
        "deletedAt": None,
        "passwordInvalidBefore": None,
    }
    assert (row["child_org_id"], row["membership_id"]) == (shop.organisation["id"], None)
    assert row["name_sort"] == "ada quay"


async def test_lets_the_super_admin_invite_an_administrator(shop: Shop) -> None:
    assert (await made(shop.as_super_admin, "orgUserCreate", **ADA, administrator=True))["role"] == "ADMIN"


async def test_leaves_the_invitation_to_be_mailed_and_tells_the_trail(shop: Shop) -> None:
    answer = await change(shop.as_admin, "orgUserCreate", **ADA)
    (row,) = [row for row in await shop.world.rows(org_user) if row["email"] == ADA["email"]]
    (mail,) = await shop.world.rows(outbox)
    assert (mail["kind"], mail["child_org_id"]) == ("mail.invitation", shop.organisation["id"])
    assert str(row["id"]) in str(mail["payload"])
    trail = await trail_of(shop.world)
    assert_told(trail, shop.world, answer, "orgUserCreate", actor=(shop.admin["membership_id"], "ORG_USER"))
    assert trail.types == ["org_user.created"]
    (entry,) = trail.entries
    assert (entry["privilege"], entry["target_id"], entry["org_internal"]) == ("USER_CREATE", row["id"], True)


async def test_does_not_tell_whether_an_address_signs_in_somewhere(shop: Shop) -> None:
    known = {"name": "Ada Quay", "email": "known@quay.example"}
    await stored(shop.world.owner, login, email=known["email"], display_name="Somebody else")
    there = await made(shop.as_admin, "orgUserCreate", **known)
    fresh = await made(shop.as_admin, "orgUserCreate", **{**known, "email": "fresh@quay.example"})
    assert {**there, "id": "", "email": ""} == {**fresh, "id": "", "email": ""}
    for email in (known["email"], "fresh@quay.example"):
        (row,) = [row for row in await shop.world.rows(org_user) if row["email"] == email]
        assert row["membership_id"] is None


@pytest.mark.parametrize("status", ["ACTIVE", "DELETED"])
async def test_refuses_an_address_that_the_organisation_has(status: str, shop: Shop, unchanged: Unchanged) -> None:
    await shop.world.change(org_user, shop.user["id"], status=status, email="taken@quay.example")
    async with unchanged():
        answer = await change(shop.as_admin, "orgUserCreate", name="Ada", email="Taken@quay.example")
    assert answer.user_codes == ["EMAIL_TAKEN"]
    assert answer.user_errors[0]["path"] == ["input", "email"]


async def test_lets_two_organisations_have_the_same_address(shop: Shop) -> None:
    other = await shop.world.organisation(shop.client, "other.example")
    boss = await shop.world.user(other)
    await shop.world.change(org_user, boss["id"], email=ADA["email"])
    assert await made(shop.as_admin, "orgUserCreate", **ADA)


async def test_gives_an_address_to_one_of_two_that_ask_at_the_same_time(shop: Shop) -> None:
    answers = await asyncio.gather(*(change(shop.as_admin, "orgUserCreate", **ADA) for _ in range(3)))
    codes = sorted(code for answer in answers for code in answer.user_codes)
    assert len(codes) == 2
    assert set(codes) <= {"ALREADY_EXISTS", "EMAIL_TAKEN", "BUSY"}
    assert len(await shop.world.rows(outbox)) == 1


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [
        ("name", "", "REQUIRED"),
        ("name", " \t", "REQUIRED"),
        ("name", "x" * 201, "TOO_LONG"),
        ("department", "x" * 201, "TOO_LONG"),
    ],
    ids=["no name", "a blank name", "a long name", "a long department"],
)
async def test_refuses_a_text_that_is_none(name: str, text: str, code: str, shop: Shop, unchanged: Unchanged) -> None:
    async with unchanged():
        answer = await change(shop.as_admin, "orgUserCreate", **{**ADA, name: text})
    assert answer.user_codes == [code]
    assert answer.user_errors[0]["path"] == ["input", name]


async def test_creates_once_for_one_key_and_only_within_the_organisation(shop: Shop, other_shop: Shop) -> None:
    given = {**ADA, "idempotencyKey": "once"}
    first = await made(shop.as_admin, "orgUserCreate", **given)
    assert await made(shop.as_admin, "orgUserCreate", **given) == first
    other = await shop.world.organisation(shop.client, "other.example")
    elsewhere = shop.world.being((await shop.world.user(other, shop.admin["role"]))["membership_id"])
    for caller in (elsewhere, other_shop.as_admin):
        assert (await made(caller, "orgUserCreate", **given))["id"] != first["id"]
