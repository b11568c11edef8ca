"""Resetting a user's password; what holds for every change is in test_changes."""

import asyncio

import pytest

from storage.events import outbox
from storage.org_users import OrgUserStatus, org_user
from storage.partners import PartnerRole
from tests.operations.changes import Shop, assert_told, trail_of
from tests.operations.conftest import Unchanged
from tests.operations.org_users.people import (
    ACTING_ROLES,
    acting,
    anew,
    assert_denied,
    change,
    instant,
    made,
    now_of,
    of,
    seen_as,
)

FIELD = "orgUserResetPassword"


@pytest.mark.parametrize("role", ACTING_ROLES)
async def test_denies_whoever_acts_for_the_partner(role: PartnerRole, shop: Shop, unchanged: Unchanged) -> None:
    caller = await acting(shop, role)
    async with unchanged():
        for user in (shop.user, shop.admin, shop.super_admin):
            assert_denied(await change(caller, FIELD, id=of(user)), "PARTNER_DENIED_RESET_PASSWORD")
    assert await seen_as(shop.as_user) == "MEMBER"
    assert await shop.world.rows(outbox) == []


async def test_denies_an_administrator_the_super_admin_and_a_member_everybody_else(
    shop: Shop, unchanged: Unchanged
) -> None:
    async with unchanged():
        answer = await change(shop.as_admin, FIELD, id=of(shop.super_admin))
        assert_denied(answer, "ADMINISTRATOR_MAY_NOT_USER_RESET_PASSWORD_OF_SUPER_ADMIN")
        assert (await change(shop.as_user, FIELD, id=of(shop.admin))).user_codes == ["NOT_FOUND"]
    assert await shop.world.rows(outbox) == []


@pytest.mark.parametrize("who", ["super admin", "administrator", "member"])
async def test_ends_the_user_s_sessions_and_leaves_a_link_to_be_mailed(who: str, shop: Shop) -> None:
    caller = {"super admin": shop.as_super_admin, "administrator": shop.as_admin, "member": shop.as_user}[who]
    answer = await change(caller, FIELD, id=of(shop.user))
    assert answer.user_errors == []
    user, row = answer.payload["user"], await now_of(shop, shop.user)
    assert (user["version"], user["status"]) == (2, "ACTIVE")
    assert instant(user["passwordInvalidBefore"]) == row["password_invalid_before"]
    assert await seen_as(shop.as_user) is None
    assert await seen_as(await anew(shop.world, shop.user)) == "MEMBER"
    (mail,) = await shop.world.rows(outbox)
    assert (mail["kind"], mail["child_org_id"]) == ("mail.password_link", shop.organisation["id"])
    assert str(row["id"]) in str(mail["payload"])
    trail = await trail_of(shop.world)
    actor = {"super admin": shop.super_admin, "administrator": shop.admin, "member": shop.user}[who]
    assert_told(trail, shop.world, answer, FIELD, actor=(actor["membership_id"], "ORG_USER"))
    assert trail.types == ["org_user.password_reset"]
    assert set(trail.entries[0]["after"]) == {"password_invalid_before"}


async def test_lets_the_super_admin_reset_its_own(shop: Shop) -> None:
    await made(shop.as_super_admin, FIELD, id=of(shop.super_admin))
    assert await seen_as(shop.as_super_admin) is None


async def test_resets_once_for_one_key(shop: Shop) -> None:
    given = {"id": of(shop.user), "idempotencyKey": "once"}
    first = await made(shop.as_admin, FIELD, **given)
    assert await made(shop.as_admin, FIELD, **given) == first
    assert len(await shop.world.rows(outbox)) == 1
    answers = await asyncio.gather(*(change(shop.as_admin, FIELD, **given) for _ in range(2)))
    assert {code for answer in answers for code in answer.user_codes} <= {"IDEMPOTENCY_IN_FLIGHT"}
    assert len(await shop.world.rows(outbox)) == 1
    again = await made(shop.as_admin, FIELD, id=of(shop.user), idempotencyKey="another")
    assert again["version"] == 3
    assert len(await shop.world.rows(outbox)) == 2


@pytest.mark.parametrize("status", [OrgUserStatus.INVITED, OrgUserStatus.DELETED])
async def test_refuses_somebody_who_has_no_password(status: OrgUserStatus, shop: Shop, unchanged: Unchanged) -> None:
    await shop.world.change(org_user, shop.user["id"], status=status)
    async with unchanged():
        answer = await change(shop.as_admin, FIELD, id=of(shop.user))
    assert answer.user_codes == ["ILLEGAL_TRANSITION"]
    assert answer.user_errors[0]["message"] == f"A user that is {status} cannot be given a new password."


async def test_resets_somebody_who_is_suspended_without_letting_it_in(shop: Shop) -> None:
    await made(shop.as_admin, "orgUserSuspend", id=of(shop.user))
    assert (await made(shop.as_admin, FIELD, id=of(shop.user)))["status"] == "SUSPENDED"
    assert await seen_as(await anew(shop.world, shop.user)) is None


async def test_takes_no_password(shop: Shop) -> None:
    answer = await shop.as_super_admin.run('{ __type(name: "OrgUserResetPasswordInput") { inputFields { name } } }')
    names = {field["name"] for field in answer.data["__type"]["inputFields"]}
    assert names == {"id", "expectedVersion", "idempotencyKey"}


async def test_refuses_a_stale_version(shop: Shop, unchanged: Unchanged) -> None:
    async with unchanged():
        answer = await change(shop.as_admin, FIELD, id=of(shop.user), expectedVersion=2)
    assert answer.user_codes == ["STALE_VERSION"]
    assert await seen_as(shop.as_user) == "MEMBER"
