"""Letting a suspended user in again; what holds for every change is in test_changes."""

import pytest

from storage.org_users import OrgUserStatus, org_user
from storage.partners import PartnerRole
from tests.operations.changes import Shop, trail_of
from tests.operations.conftest import Unchanged
from tests.operations.org_users.people import ACTING_ROLES, acting, anew, assert_denied, change, made, of, seen_as

FIELD = "orgUserReactivate"


@pytest.mark.parametrize("role", ACTING_ROLES)
async def test_denies_whoever_acts_for_the_partner_an_administrator(
    role: PartnerRole, shop: Shop, unchanged: Unchanged
) -> None:
    caller = await acting(shop, role)
    await shop.world.change(org_user, shop.admin["id"], status=OrgUserStatus.SUSPENDED)
    async with unchanged():
        answer = await change(caller, FIELD, id=of(shop.admin))
    assert_denied(answer, "PARTNER_MAY_NOT_USER_SUSPEND_OF_ADMINISTRATOR")


async def test_denies_a_member(shop: Shop, unchanged: Unchanged) -> None:
    async with unchanged():
        assert_denied(await change(shop.as_user, FIELD, id=of(shop.user)), "ORG_MEMBER_MAY_NOT_USER_SUSPEND")


@pytest.mark.parametrize("who", ["super admin", "administrator", "acting"])
async def test_lets_the_user_sign_in_anew_and_keeps_the_old_token_dead(who: str, shop: Shop) -> None:
    caller = {"super admin": shop.as_super_admin, "administrator": shop.as_admin, "acting": shop.as_acting}[who]
    await made(caller, "orgUserSuspend", id=of(shop.user))
    user = await made(caller, FIELD, id=of(shop.user), reason="Back from leave", expectedVersion=2)
    assert (user["status"], user["version"]) == ("ACTIVE", 3)
    assert await seen_as(shop.as_user) is None
    assert await seen_as(await anew(shop.world, shop.user)) == "MEMBER"
    trail = await trail_of(shop.world)
    assert trail.types == ["org_user.suspended", "org_user.reactivated"]
    assert trail.entries[1]["reason"] == "Back from leave"


async def test_leaves_somebody_who_never_signed_in_invited(shop: Shop) -> None:
    invited = await shop.world.user(shop.organisation, signs_in=False, status=OrgUserStatus.SUSPENDED)
    assert (await made(shop.as_admin, FIELD, id=of(invited)))["status"] == "INVITED"


@pytest.mark.parametrize("status", [OrgUserStatus.ACTIVE, OrgUserStatus.INVITED, OrgUserStatus.DELETED])
async def test_refuses_somebody_who_is(status: OrgUserStatus, shop: Shop, unchanged: Unchanged) -> None:
    await shop.world.change(org_user, shop.user["id"], status=status)
    async with unchanged():
        answer = await change(shop.as_admin, FIELD, id=of(shop.user))
    assert answer.user_codes == ["ILLEGAL_TRANSITION"]
