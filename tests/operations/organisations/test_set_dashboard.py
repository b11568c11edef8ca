"""Arranging an organisation's dashboard; what holds for every change is in test_changes."""

from typing import Any

import pytest

from storage.org_settings import DashboardWidget, org_settings
from storage.partners import PartnerRole
from tests.operations.changes import Shop, trail_of
from tests.operations.conftest import Unchanged
from tests.operations.org_users.people import ACTING_ROLES, acting, assert_denied, change, made

FIELD = "organisationSetDashboard"
ENTITY = "settings"


@pytest.mark.parametrize("role", ACTING_ROLES)
async def test_denies_whoever_acts_for_the_partner(role: PartnerRole, shop: Shop, unchanged: Unchanged) -> None:
    caller = await acting(shop, role)
    async with unchanged():
        assert_denied(await change(caller, FIELD, ENTITY, widgets=["NEWS"]), "PARTNER_DENIED_DASHBOARD")


async def test_denies_a_member(shop: Shop, unchanged: Unchanged) -> None:
    async with unchanged():
        answer = await change(shop.as_user, FIELD, ENTITY, widgets=["NEWS"])
    assert_denied(answer, "ORG_MEMBER_MAY_NOT_ORG_DASHBOARD_EDIT")


@pytest.mark.parametrize("who", ["super admin", "administrator"])
async def test_shows_the_widgets_in_the_order_that_is_given(who: str, shop: Shop) -> None:
    caller = {"super admin": shop.as_super_admin, "administrator": shop.as_admin}[who]
    wanted = [widget.value for widget in reversed(DashboardWidget)]
    assert (await made(caller, FIELD, ENTITY, widgets=wanted))["dashboard"] == wanted
    settings = await made(caller, FIELD, ENTITY, widgets=["MAIL", "NEWS"], expectedVersion=1)
    assert (settings["dashboard"], settings["version"]) == (["MAIL", "NEWS"], 2)
    assert (await trail_of(shop.world)).types == ["org_settings.dashboard_set"] * 2


@pytest.mark.parametrize(
    ("widgets", "code"), [([], "REQUIRED"), (["NEWS", "MAIL", "NEWS"], "REPEATED")], ids=["none", "one twice"]
)
async def test_refuses_nothing_and_the_same_twice(widgets: Any, code: str, shop: Shop, unchanged: Unchanged) -> None:
    async with unchanged():
        answer = await change(shop.as_admin, FIELD, ENTITY, widgets=widgets)
    assert answer.user_codes == [code]
    assert answer.user_errors[0]["path"] == ["input", "widgets"]
    assert await shop.world.rows(org_settings) == []
