"""Switching the synchronisation of contacts; what holds for every change is in test_changes."""

import pytest

from storage.org_settings import org_settings
from storage.partners import PartnerRole
from tests.operations.changes import Shop, trail_of
from tests.operations.conftest import Unchanged
from tests.operations.org_users.people import ACTING_ROLES, acting, assert_denied, change, made

FIELD = "organisationSetContactSync"
ENTITY = "settings"


@pytest.mark.parametrize("role", ACTING_ROLES)
async def test_denies_whoever_acts_for_the_partner(role: PartnerRole, shop: Shop, unchanged: Unchanged) -> None:
    caller = await acting(shop, role)
    async with unchanged():
        assert_denied(await change(caller, FIELD, ENTITY, enabled=True), "PARTNER_DENIED_CONTACT_SYNC")
    assert await shop.world.rows(org_settings) == []


async def test_denies_an_administrator_and_a_member(shop: Shop, unchanged: Unchanged) -> None:
    async with unchanged():
        for caller, relation in ((shop.as_admin, "ADMINISTRATOR"), (shop.as_user, "ORG_MEMBER")):
            answer = await change(caller, FIELD, ENTITY, enabled=True)
            assert_denied(answer, f"{relation}_MAY_NOT_ORG_CONTACT_SYNC_SET")


async def test_switches_it_on_and_off(shop: Shop) -> None:
    assert (await made(shop.as_super_admin, FIELD, ENTITY, enabled=True))["contactSync"] is True
    settings = await made(shop.as_super_admin, FIELD, ENTITY, enabled=False, expectedVersion=1)
    assert (settings["contactSync"], settings["version"]) == (False, 2)
    assert (await trail_of(shop.world)).types == ["org_settings.contact_sync_set"] * 2
