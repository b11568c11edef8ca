"""Making a user an administrator, or a member again; what holds for every change is in test_changes."""

from typing import Any
from uuid import UUID

import pytest

from storage.identity import MembershipKind, membership
from storage.org_users import OrgRole, OrgUserStatus, org_user
from storage.partners import PartnerRole, partner_org
from tenancy.privileges import Privilege
from tests.operations.changes import Shop, trail_of
from tests.operations.conftest import Unchanged
from tests.operations.org_users.people import (
    ACTING_ROLES,
    acting,
    anew,
    approved,
    assert_denied,
    change,
    made,
    now_of,
    of,
    seen_as,
)
from tests.operations.worlds import LONG_AGO, Row

FIELD = "orgUserSetAdministrator"


async def working_for(shop: Shop, partner: UUID, **values: Any) -> Row:
    """Store a user of the organisation whose login works for a partner too."""
    user = await shop.world.user(shop.organisation)
    person = (await shop.world.row(membership, user["membership_id"]))["login_id"]
    await shop.world.membership(
        MembershipKind.PARTNER_MEMBER, role=PartnerRole.VIEWER, login_id=person, partner_id=partner, **values
    )
    return user


@pytest.mark.parametrize("role", ACTING_ROLES)
@pytest.mark.parametrize("administrator", [True, False])
async def test_denies_whoever_acts_for_the_partner(
    role: PartnerRole, shop: Shop, unchanged: Unchanged, *, administrator: bool
) -> None:
    caller, user = await acting(shop, role), shop.user if administrator else shop.admin
    async with unchanged():
        answer = await change(caller, FIELD, id=of(user), administrator=administrator)
    assert_denied(answer, "PARTNER_DENIED_ADMIN_ROLE")
    assert await seen_as(shop.world.being(user["membership_id"])) == user["role"]


async def test_denies_an_administrator_and_a_member(shop: Shop, unchanged: Unchanged) -> None:
    async with unchanged():
        for caller, relation in ((shop.as_admin, "ADMINISTRATOR"), (shop.as_user, "ORG_MEMBER")):
            answer = await change(caller, FIELD, id=of(shop.user), administrator=True)
            assert_denied(answer, f"{relation}_MAY_NOT_USER_ROLE_SET_ADMIN")


async def test_gives_the_role_and_takes_it_away_from_the_next_sign_in_on(shop: Shop) -> None:
    user = await made(shop.as_super_admin, FIELD, id=of(shop.user), administrator=True, reason="Helps out")
    assert (user["role"], user["version"]) == ("ADMIN", 2)
    assert await seen_as(shop.as_user) is None
    promoted = await anew(shop.world, shop.user)
    assert await seen_as(promoted) == "ADMIN"
    assert await made(promoted, "orgUserCreate", name="Ada", email="ada@quay.example")
    user = await made(shop.as_super_admin, FIELD, id=of(shop.user), administrator=False, expectedVersion=2)
    assert user["role"] == "MEMBER"
    assert await seen_as(promoted) is None
    assert await seen_as(await anew(shop.world, shop.user)) == "MEMBER"
    trail = await trail_of(shop.world)
    assert trail.types == ["org_user.role_changed", "org_user.created", "org_user.role_changed"]
    assert (trail.entries[0]["before"], trail.entries[0]["reason"]) == ({"role": "MEMBER"}, "Helps out")


async def test_ends_no_token_where_nothing_changes(shop: Shop, unchanged: Unchanged) -> None:
    async with unchanged():
        await made(shop.as_super_admin, FIELD, id=of(shop.admin), administrator=True)
    assert await seen_as(shop.as_admin) == "ADMIN"


async def test_gives_the_role_to_somebody_who_was_only_invited(shop: Shop) -> None:
    invited = await shop.world.user(shop.organisation, signs_in=False)
    assert (await made(shop.as_super_admin, FIELD, id=of(invited), administrator=True))["role"] == "ADMIN"


@pytest.mark.parametrize("administrator", [True, False])
async def test_refuses_the_super_admin_and_says_what_comes_first(
    shop: Shop, unchanged: Unchanged, *, administrator: bool
) -> None:
    async with unchanged():
        answer = await change(shop.as_super_admin, FIELD, id=of(shop.super_admin), administrator=administrator)
    assert answer.user_codes == ["ILLEGAL_TRANSITION"]
    assert answer.user_errors[0]["message"].endswith("Make another user the super admin first.")


async def test_refuses_somebody_who_is_deleted(shop: Shop, unchanged: Unchanged) -> None:
    await shop.world.change(org_user, shop.user["id"], status=OrgUserStatus.DELETED)
    async with unchanged():
        answer = await change(shop.as_super_admin, FIELD, id=of(shop.user), administrator=True)
    assert answer.user_codes == ["ILLEGAL_TRANSITION"]


async def test_refuses_who_works_for_the_managing_partner(shop: Shop, unchanged: Unchanged) -> None:
    user = await working_for(shop, shop.world.partner_id)
    async with unchanged():
        answer = await change(shop.as_super_admin, FIELD, id=of(user), administrator=True)
    assert answer.user_codes == ["PARTNER_STAFF_REFUSED"]
    assert answer.user_errors[0]["path"] == ["input", "id"]


async def test_refuses_who_works_for_a_partner_above_it(shop: Shop, other_shop: Shop, unchanged: Unchanged) -> None:
    user = await working_for(shop, other_shop.world.partner_id)
    assert await made(shop.as_super_admin, FIELD, id=of(user), administrator=True)
    assert await made(shop.as_super_admin, FIELD, id=of(user), administrator=False)
    await shop.world.change(partner_org, shop.world.partner_id, parent_partner_id=other_shop.world.partner_id)
    async with unchanged():
        answer = await change(shop.as_super_admin, FIELD, id=of(user), administrator=True)
    assert answer.user_codes == ["PARTNER_STAFF_REFUSED"]


async def test_takes_the_role_away_from_who_works_there_and_gives_it_to_who_used_to(shop: Shop) -> None:
    staff = await working_for(shop, shop.world.partner_id)
    await shop.world.change(org_user, staff["id"], role=OrgRole.ADMIN)
    assert (await made(shop.as_super_admin, FIELD, id=of(staff), administrator=False))["role"] == "MEMBER"
    gone = await working_for(shop, shop.world.partner_id, valid_until=LONG_AGO)
    assert (await made(shop.as_super_admin, FIELD, id=of(gone), administrator=True))["role"] == "ADMIN"


async def test_refuses_the_very_person_who_acts_for_the_partner(shop: Shop, unchanged: Unchanged) -> None:
    actor = await shop.world.row(membership, shop.world.memberships[PartnerRole.ADMIN])
    place = await shop.world.membership(
        MembershipKind.ORG_USER, login_id=actor["login_id"], role="MEMBER", child_org_id=shop.organisation["id"]
    )
    await shop.world.change(org_user, shop.user["id"], membership_id=place["id"])
    await approved(shop, Privilege.USER_ROLE_SET_ADMIN, shop.user)
    async with unchanged():
        answer = await change(shop.as_acting, FIELD, id=of(shop.user), administrator=True)
    assert answer.user_codes == ["PARTNER_STAFF_REFUSED"]


async def test_knows_no_user_of_another_organisation(shop: Shop, other_shop: Shop, unchanged: Unchanged) -> None:
    async with unchanged():
        answer = await change(shop.as_super_admin, FIELD, id=of(other_shop.user), administrator=True)
    assert answer.user_codes == ["NOT_FOUND"]
    assert (await now_of(other_shop, other_shop.user))["role"] == "MEMBER"
