"""Suspending an organisation's user; what holds for every change is in test_changes."""

import asyncio

import pytest

from storage.org_users import OrgUserStatus, org_user
from storage.partners import PartnerRole
from tests.operations.changes import Shop, trail_of
from tests.operations.conftest import Unchanged
from tests.operations.org_users.people import (
    ACTING_ROLES,
    acting,
    anew,
    assert_denied,
    change,
    made,
    now_of,
    of,
    seen_as,
)

FIELD = "orgUserSuspend"


@pytest.mark.parametrize("role", ACTING_ROLES)
async def test_denies_whoever_acts_for_the_partner_the_organisation_s_administrators(
    role: PartnerRole, shop: Shop, unchanged: Unchanged
) -> None:
    caller = await acting(shop, role)
    async with unchanged():
        for user in (shop.admin, shop.super_admin):
            answer = await change(caller, FIELD, id=of(user))
            assert_denied(answer, "PARTNER_MAY_NOT_USER_SUSPEND_OF_ADMINISTRATOR")
    assert await seen_as(shop.as_admin) == "ADMIN"


async def test_denies_everybody_the_super_admin_and_a_member_everybody(shop: Shop, unchanged: Unchanged) -> None:
    async with unchanged():
        for caller, relation in ((shop.as_admin, "ADMINISTRATOR"), (shop.as_super_admin, "SUPER_ADMIN")):
            answer = await change(caller, FIELD, id=of(shop.super_admin))
            assert_denied(answer, f"{relation}_MAY_NOT_USER_SUSPEND_OF_SUPER_ADMIN")
        assert_denied(await change(shop.as_user, FIELD, id=of(shop.user)), "ORG_MEMBER_MAY_NOT_USER_SUSPEND")
    assert await seen_as(shop.as_super_admin) == "SUPER_ADMIN"


@pytest.mark.parametrize("who", ["super admin", "administrator", "acting"])
async def test_keeps_the_user_out_from_its_next_request_on(who: str, shop: Shop) -> None:
    caller = {"super admin": shop.as_super_admin, "administrator": shop.as_admin, "acting": shop.as_acting}[who]
    assert await seen_as(shop.as_user) == "MEMBER"
    user = await made(caller, FIELD, id=of(shop.user))
    assert (user["status"], user["version"]) == ("SUSPENDED", 2)
    assert await seen_as(shop.as_user) is None
    assert await seen_as(await anew(shop.world, shop.user)) is None
    assert await seen_as(shop.as_admin) == "ADMIN"


async def test_lets_an_administrator_suspend_another(shop: Shop) -> None:
    other = await shop.world.user(shop.organisation, shop.admin["role"])
    await made(shop.as_admin, FIELD, id=of(other))
    assert await seen_as(shop.world.being(other["membership_id"])) is None


async def test_suspends_somebody_who_has_not_signed_in_yet(shop: Shop) -> None:
    invited = await shop.world.user(shop.organisation, signs_in=False)
    assert (await made(shop.as_admin, FIELD, id=of(invited)))["status"] == "SUSPENDED"


async def test_tells_the_trail_why(shop: Shop) -> None:
    await made(shop.as_admin, FIELD, id=of(shop.user), reason=" On leave ")
    trail = await trail_of(shop.world)
    assert trail.types == ["org_user.suspended"]
    (entry,) = trail.entries
    assert (entry["before"], entry["after"]) == ({"status": "ACTIVE"}, {"status": "SUSPENDED"})
    assert (entry["reason"], entry["privilege"]) == ("On leave", "USER_SUSPEND")


async def test_refuses_a_reason_that_is_too_long(shop: Shop, unchanged: Unchanged) -> None:
    async with unchanged():
        answer = await change(shop.as_admin, FIELD, id=of(shop.user), reason="x" * 501)
    assert answer.user_codes == ["TOO_LONG"]
    assert answer.user_errors[0]["path"] == ["input", "reason"]
    assert await seen_as(shop.as_user) == "MEMBER"


@pytest.mark.parametrize("status", [OrgUserStatus.SUSPENDED, OrgUserStatus.DELETED])
async def test_refuses_somebody_who_is(status: OrgUserStatus, shop: Shop, unchanged: Unchanged) -> None:
    await shop.world.change(org_user, shop.user["id"], status=status)
    async with unchanged():
        answer = await change(shop.as_admin, FIELD, id=of(shop.user))
    assert answer.user_codes == ["ILLEGAL_TRANSITION"]
    assert answer.user_errors[0]["message"] == f"A user that is {status} cannot be suspended."


async def test_refuses_a_stale_version_before_anything_else(shop: Shop, unchanged: Unchanged) -> None:
    async with unchanged():
        answer = await change(shop.as_admin, FIELD, id=of(shop.user), expectedVersion=7, reason="x" * 501)
    assert answer.user_codes == ["STALE_VERSION"]
    assert await seen_as(shop.as_user) == "MEMBER"


async def test_suspends_once_when_two_ask_at_the_same_time(shop: Shop) -> None:
    answers = await asyncio.gather(*(change(shop.as_admin, FIELD, id=of(shop.user)) for _ in range(2)))
    codes = [code for answer in answers for code in answer.user_codes]
    assert codes in (["ILLEGAL_TRANSITION"], ["BUSY"])
    assert (await now_of(shop, shop.user))["version"] == 2
