"""Joining the referral programme and leaving it; what holds for every change is in test_changes."""

import re

import pytest

from storage.org_settings import org_settings
from storage.partners import PartnerRole
from tests.operations.changes import Shop, trail_of
from tests.operations.conftest import Unchanged
from tests.operations.org_users.people import ACTING_ROLES, acting, assert_denied, change, made

FIELD = "organisationSetReferral"
ENTITY = "settings"


@pytest.mark.parametrize("role", ACTING_ROLES)
@pytest.mark.parametrize("member", [True, False], ids=["join", "leave"])
async def test_denies_whoever_acts_for_the_partner(
    role: PartnerRole, shop: Shop, unchanged: Unchanged, *, member: bool
) -> None:
    caller = await acting(shop, role)
    async with unchanged():
        assert_denied(await change(caller, FIELD, ENTITY, member=member), "PARTNER_DENIED_REFERRAL")


async def test_denies_a_member(shop: Shop, unchanged: Unchanged) -> None:
    async with unchanged():
        answer = await change(shop.as_user, FIELD, ENTITY, member=True)
    assert_denied(answer, "ORG_MEMBER_MAY_NOT_ORG_REFERRAL_USE")


@pytest.mark.parametrize("who", ["super admin", "administrator"])
async def test_makes_a_code_once_and_keeps_it(who: str, shop: Shop) -> None:
    caller = {"super admin": shop.as_super_admin, "administrator": shop.as_admin}[who]
    told = []
    for member in (False, True, False, True):
        await made(caller, FIELD, ENTITY, member=member)
        (row,) = await shop.world.rows(org_settings)
        assert row["referral_member"] is member
        told.append(row["referral_code"])
    assert told[0] is None
    assert re.fullmatch("[2-9A-HJ-NP-Z]{10}", told[1])
    assert len(set(told[1:])) == 1
    assert (await trail_of(shop.world)).types == ["org_settings.referral_set"] * 4


async def test_gives_every_organisation_a_code_of_its_own(shop: Shop, other_shop: Shop) -> None:
    codes = set()
    for mine in (shop, other_shop):
        await made(mine.as_super_admin, FIELD, ENTITY, member=True)
        (row,) = await mine.world.rows(org_settings)
        codes.add(row["referral_code"])
    assert len(codes) == 2
