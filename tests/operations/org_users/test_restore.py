"""Bringing a deleted user back; what holds for every change is in test_changes."""

from datetime import timedelta

import pytest

from resolvers.jobs import KEPT_AFTER_DELETION
from storage.base import now
from storage.org_users import OrgUserStatus, org_user
from storage.partners import PartnerRole
from tests.operations.changes import Shop, trail_of
from tests.operations.conftest import Unchanged
from tests.operations.org_users.people import ACTING_ROLES, acting, anew, assert_denied, change, made, of, seen_as

FIELD = "orgUserRestore"


@pytest.mark.parametrize("role", ACTING_ROLES)
async def test_denies_whoever_acts_for_the_partner(role: PartnerRole, shop: Shop, unchanged: Unchanged) -> None:
    caller = await acting(shop, role)
    await made(shop.as_admin, "orgUserDelete", id=of(shop.user))
    async with unchanged():
        assert_denied(await change(caller, FIELD, id=of(shop.user)), "PARTNER_DENIED_DELETE_USER")
    assert await seen_as(await anew(shop.world, shop.user)) is None


async def test_denies_an_administrator_another_and_a_member_everybody(shop: Shop, unchanged: Unchanged) -> None:
    other = await shop.world.user(shop.organisation, shop.admin["role"])
    await made(shop.as_super_admin, "orgUserDelete", id=of(other))
    async with unchanged():
        answer = await change(shop.as_admin, FIELD, id=of(other))
        assert_denied(answer, "ADMINISTRATOR_MAY_NOT_USER_DELETE_OF_ADMINISTRATOR")
        assert_denied(await change(shop.as_user, FIELD, id=of(shop.user)), "ORG_MEMBER_MAY_NOT_USER_DELETE")


async def test_lets_the_user_sign_in_anew(shop: Shop) -> None:
    await made(shop.as_admin, "orgUserDelete", id=of(shop.user))
    user = await made(shop.as_admin, FIELD, id=of(shop.user), expectedVersion=2, reason="A mistake")
    assert (user["status"], user["deletedAt"], user["version"]) == ("ACTIVE", None, 3)
    assert await seen_as(shop.as_user) is None
    assert await seen_as(await anew(shop.world, shop.user)) == "MEMBER"
    trail = await trail_of(shop.world)
    assert trail.types == ["org_user.deleted", "org_user.restored"]
    assert trail.entries[1]["reason"] == "A mistake"


async def test_leaves_somebody_who_never_signed_in_invited(shop: Shop) -> None:
    invited = await shop.world.user(shop.organisation, signs_in=False)
    await made(shop.as_admin, "orgUserDelete", id=of(invited))
    assert (await made(shop.as_admin, FIELD, id=of(invited)))["status"] == "INVITED"


@pytest.mark.parametrize("late", [True, False], ids=["after 30 days", "shortly before"])
async def test_is_possible_for_30_days(shop: Shop, unchanged: Unchanged, *, late: bool) -> None:
    margin = timedelta() if late else timedelta(minutes=5)
    deleted_at = now() - KEPT_AFTER_DELETION + margin
    await shop.world.change(org_user, shop.user["id"], status=OrgUserStatus.DELETED, deleted_at=deleted_at)
    if not late:
        assert await made(shop.as_admin, FIELD, id=of(shop.user))
        return
    async with unchanged():
        answer = await change(shop.as_admin, FIELD, id=of(shop.user))
    assert answer.user_codes == ["RESTORE_TOO_LATE"]
    assert "30 days" in answer.user_errors[0]["message"]


@pytest.mark.parametrize("status", [OrgUserStatus.ACTIVE, OrgUserStatus.INVITED, OrgUserStatus.SUSPENDED])
async def test_refuses_somebody_who_is(status: OrgUserStatus, shop: Shop, unchanged: Unchanged) -> None:
    await shop.world.change(org_user, shop.user["id"], status=status)
    async with unchanged():
        answer = await change(shop.as_admin, FIELD, id=of(shop.user))
    assert answer.user_codes == ["ILLEGAL_TRANSITION"]
