"""Making another user the super admin; what holds for every change is in test_changes."""

import asyncio

import pytest

from storage.identity import MembershipKind, membership
from storage.org_users import OrgRole, OrgUserStatus, org_user
from storage.partners import PartnerRole
from tenancy.privileges import Privilege
from tests.operations.changes import Shop, trail_of
from tests.operations.conftest import Unchanged
from tests.operations.org_users.people import ACTING_ROLES, acting, anew, approved, assert_denied, change, of, seen_as
from tests.operations.worlds import node_id

FIELD = "organisationChangeSuperAdmin"
ENTITY = "organisation"


async def roles(shop: Shop) -> dict[str, str]:
    """Return who of the shop's people is what, by its row and by its membership, which must agree."""
    made = {}
    for name, user in (("super admin", shop.super_admin), ("administrator", shop.admin), ("user", shop.user)):
        row = await shop.world.row(org_user, user["id"])
        assert (await shop.world.row(membership, user["membership_id"]))["role"] == row["role"]
        made[name] = row["role"]
    return made


@pytest.mark.parametrize("role", ACTING_ROLES)
async def test_denies_whoever_acts_for_the_partner(role: PartnerRole, shop: Shop, unchanged: Unchanged) -> None:
    caller = await acting(shop, role)
    async with unchanged():
        answer = await change(caller, FIELD, ENTITY, userId=of(shop.user))
    assert_denied(answer, "PARTNER_DENIED_CHANGE_SUPER_ADMIN")
    assert await seen_as(shop.as_super_admin) == "SUPER_ADMIN"


async def test_denies_an_administrator_and_a_member(shop: Shop, unchanged: Unchanged) -> None:
    async with unchanged():
        for caller, relation in ((shop.as_admin, "ADMINISTRATOR"), (shop.as_user, "ORG_MEMBER")):
            answer = await change(caller, FIELD, ENTITY, userId=of(shop.admin))
            assert_denied(answer, f"{relation}_MAY_NOT_ORG_CHANGE_SUPER_ADMIN")


async def test_makes_one_the_super_admin_and_the_former_an_administrator(shop: Shop) -> None:
    answer = await change(shop.as_super_admin, FIELD, ENTITY, userId=of(shop.user), reason="Retires")
    assert answer.payload == {
        "organisation": {"id": node_id("ChildOrg", shop.organisation), "version": 1, "status": "ACTIVE"},
        "userErrors": [],
    }
    assert await roles(shop) == {"super admin": "ADMIN", "administrator": "ADMIN", "user": "SUPER_ADMIN"}
    assert await seen_as(shop.as_super_admin) is None
    assert await seen_as(shop.as_user) is None
    assert await seen_as(shop.as_admin) == "ADMIN"
    former, successor = await anew(shop.world, shop.super_admin), await anew(shop.world, shop.user)
    assert (await seen_as(former), await seen_as(successor)) == ("ADMIN", "SUPER_ADMIN")
    assert_denied(
        await change(former, FIELD, ENTITY, userId=of(shop.super_admin)), "ADMINISTRATOR_MAY_NOT_ORG_CHANGE_SUPER_ADMIN"
    )
    assert (await change(successor, FIELD, ENTITY, userId=of(shop.super_admin))).user_errors == []


async def test_tells_the_trail_of_both(shop: Shop) -> None:
    await change(shop.as_super_admin, FIELD, ENTITY, userId=of(shop.user), reason="Retires")
    trail = await trail_of(shop.world)
    assert trail.types == ["org_user.role_changed"] * 2
    assert [(entry["target_id"], entry["after"], entry["reason"]) for entry in trail.entries] == [
        (shop.user["id"], {"role": "SUPER_ADMIN"}, "Retires"),
        (shop.super_admin["id"], {"role": "ADMIN"}, "Retires"),
    ]


@pytest.mark.parametrize("status", [OrgUserStatus.INVITED, OrgUserStatus.SUSPENDED, OrgUserStatus.DELETED])
async def test_refuses_somebody_who_is(status: OrgUserStatus, shop: Shop, unchanged: Unchanged) -> None:
    await shop.world.change(org_user, shop.user["id"], status=status)
    async with unchanged():
        answer = await change(shop.as_super_admin, FIELD, ENTITY, userId=of(shop.user))
    assert answer.user_codes == ["ILLEGAL_TRANSITION"]
    assert answer.user_errors[0]["message"] == f"A user that is {status} cannot be made the super admin."


async def test_refuses_the_super_admin_and_who_never_signed_in(shop: Shop, unchanged: Unchanged) -> None:
    silent = await shop.world.user(shop.organisation, signs_in=False, status=OrgUserStatus.ACTIVE)
    async with unchanged():
        for user in (shop.super_admin, silent):
            answer = await change(shop.as_super_admin, FIELD, ENTITY, userId=of(user))
            assert answer.user_codes == ["ILLEGAL_TRANSITION"]
    assert await seen_as(shop.as_super_admin) == "SUPER_ADMIN"


async def test_refuses_who_works_for_the_managing_partner(shop: Shop, unchanged: Unchanged) -> None:
    person = (await shop.world.row(membership, shop.user["membership_id"]))["login_id"]
    await shop.world.membership(MembershipKind.PARTNER_MEMBER, role=PartnerRole.VIEWER, login_id=person)
    async with unchanged():
        answer = await change(shop.as_super_admin, FIELD, ENTITY, userId=of(shop.user))
    assert answer.user_codes == ["PARTNER_STAFF_REFUSED"]
    assert answer.user_errors[0]["path"] == ["input", "userId"]


async def test_knows_no_user_of_another_organisation(shop: Shop, other_shop: Shop, unchanged: Unchanged) -> None:
    sibling = await shop.world.user(await shop.world.organisation(shop.client, "other.example"))
    async with unchanged():
        for user in (sibling, other_shop.user):
            answer = await change(shop.as_super_admin, FIELD, ENTITY, userId=of(user))
            assert answer.user_codes == ["NOT_FOUND"]
            assert answer.user_errors[0]["path"] == ["input", "userId"]


async def test_makes_one_of_two_that_are_named_at_the_same_time(shop: Shop) -> None:
    answers = await asyncio.gather(
        *(change(shop.as_super_admin, FIELD, ENTITY, userId=of(user)) for user in (shop.user, shop.admin))
    )
    refused = [answer for answer in answers if answer.status == 401 or answer.user_codes == ["BUSY"]]
    held = sorted((await roles(shop)).values())
    assert held in (["ADMIN", "ADMIN", "SUPER_ADMIN"], ["ADMIN", "MEMBER", "SUPER_ADMIN"])
    assert len(refused) >= 1
    if len(refused) == 1:
        assert (await roles(shop))["super admin"] == "ADMIN"


async def test_lets_those_who_act_by_escalations_come_one_after_the_other(shop: Shop) -> None:
    for user in (shop.user, shop.admin):
        await approved(shop, Privilege.ORG_CHANGE_SUPER_ADMIN, user)
    answers = await asyncio.gather(
        *(change(shop.as_acting, FIELD, ENTITY, userId=of(user)) for user in (shop.user, shop.admin))
    )
    done = [answer for answer in answers if not answer.user_codes]
    assert {code for answer in answers for code in answer.user_codes} <= {"BUSY"}
    assert done
    held = [row for row in await shop.world.rows(org_user) if row["role"] == OrgRole.SUPER_ADMIN]
    assert len(held) == 1
    assert held[0]["id"] in {shop.user["id"], shop.admin["id"]}


async def test_answers_a_retry_with_the_organisation(shop: Shop, unchanged: Unchanged) -> None:
    await approved(shop, Privilege.ORG_CHANGE_SUPER_ADMIN, shop.user)
    given = {"userId": of(shop.user), "idempotencyKey": "once"}
    first = await change(shop.as_acting, FIELD, ENTITY, **given)
    assert first.payload["organisation"]["id"] == node_id("ChildOrg", shop.organisation)
    async with unchanged():
        assert (await change(shop.as_acting, FIELD, ENTITY, **given)).payload == first.payload
