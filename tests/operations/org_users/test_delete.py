"""Deleting an organisation's user; what holds for every change is in test_changes."""

from datetime import timedelta

import pytest

from storage.events import outbox
from storage.org_users import OrgRole, OrgUserStatus, org_user
from storage.partners import PartnerRole
from tests.operations.changes import Shop, trail_of
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

FIELD = "orgUserDelete"


@pytest.mark.parametrize("role", ACTING_ROLES)
async def test_denies_whoever_acts_for_the_partner(role: PartnerRole, shop: Shop, unchanged: Unchanged) -> None:
    caller = await acting(shop, role)
    async with unchanged():
        for user in (shop.user, shop.admin, shop.super_admin):
            assert_denied(await change(caller, FIELD, id=of(user)), "PARTNER_DENIED_DELETE_USER")
    assert await seen_as(shop.as_user) == "MEMBER"
    assert await shop.world.rows(outbox) == []


async def test_denies_an_administrator_the_others_and_a_member_everybody(shop: Shop, unchanged: Unchanged) -> None:
    other = await shop.world.user(shop.organisation, OrgRole.ADMIN)
    async with unchanged():
        for user in (shop.super_admin, other, shop.admin):
            answer = await change(shop.as_admin, FIELD, id=of(user))
            assert_denied(answer, "ADMINISTRATOR_MAY_NOT_USER_DELETE_OF_ADMINISTRATOR")
        assert_denied(await change(shop.as_user, FIELD, id=of(shop.user)), "ORG_MEMBER_MAY_NOT_USER_DELETE")


@pytest.mark.parametrize("who", ["super admin", "administrator"])
async def test_puts_the_user_out_at_once_and_leaves_the_rest_to_be_purged(who: str, shop: Shop) -> None:
    caller = {"super admin": shop.as_super_admin, "administrator": shop.as_admin}[who]
    user = await made(caller, FIELD, id=of(shop.user), reason="Has left")
    row = await now_of(shop, shop.user)
    assert (user["status"], user["version"]) == ("DELETED", 2)
    assert instant(user["deletedAt"]) == row["deleted_at"]
    assert (row["name"], row["email"]) == (shop.user["name"], shop.user["email"])
    assert await seen_as(shop.as_user) is None
    assert await seen_as(await anew(shop.world, shop.user)) is None
    (job,) = await shop.world.rows(outbox)
    assert (job["kind"], job["due_at"] - row["deleted_at"]) == ("user.purge", timedelta(days=30))
    assert str(row["id"]) in str(job["payload"])
    trail = await trail_of(shop.world)
    assert (trail.types, trail.entries[0]["reason"]) == (["org_user.deleted"], "Has left")


async def test_lets_the_super_admin_delete_an_administrator(shop: Shop) -> None:
    assert (await made(shop.as_super_admin, FIELD, id=of(shop.admin)))["status"] == "DELETED"
    assert await seen_as(shop.as_admin) is None


async def test_deletes_somebody_who_has_not_signed_in_yet(shop: Shop) -> None:
    invited = await shop.world.user(shop.organisation, signs_in=False)
    assert (await made(shop.as_admin, FIELD, id=of(invited)))["status"] == "DELETED"


async def test_keeps_the_super_admin_until_there_is_another(shop: Shop, unchanged: Unchanged) -> None:
    async with unchanged():
        answer = await change(shop.as_super_admin, FIELD, id=of(shop.super_admin))
    assert answer.user_codes == ["ILLEGAL_TRANSITION"]
    assert answer.user_errors[0]["message"] == (
        "A user that is SUPER_ADMIN cannot be deleted. Make another user the super admin first."
    )
    assert await seen_as(shop.as_super_admin) == "SUPER_ADMIN"


async def test_refuses_somebody_who_is_deleted_already(shop: Shop, unchanged: Unchanged) -> None:
    await shop.world.change(org_user, shop.user["id"], status=OrgUserStatus.DELETED)
    async with unchanged():
        answer = await change(shop.as_admin, FIELD, id=of(shop.user))
    assert answer.user_codes == ["ILLEGAL_TRANSITION"]


async def test_refuses_a_stale_version_and_knows_nobody_elsewhere(
    shop: Shop, other_shop: Shop, unchanged: Unchanged
) -> None:
    async with unchanged():
        assert (await change(shop.as_admin, FIELD, id=of(shop.user), expectedVersion=2)).user_codes == ["STALE_VERSION"]
        assert (await change(shop.as_super_admin, FIELD, id=of(other_shop.user))).user_codes == ["NOT_FOUND"]
