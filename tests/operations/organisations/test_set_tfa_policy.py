"""Setting the policy of the second factor; what holds for every change is in test_changes."""

import pytest

from storage.org_settings import DEFAULT_SETTINGS, org_settings
from storage.partners import PartnerRole
from tests.operations.changes import Shop, assert_told, trail_of
from tests.operations.conftest import Unchanged
from tests.operations.org_users.people import ACTING_ROLES, acting, assert_denied, change, made

FIELD = "organisationSetTfaPolicy"
ENTITY = "settings"


@pytest.mark.parametrize("role", ACTING_ROLES)
async def test_denies_whoever_acts_for_the_partner(role: PartnerRole, shop: Shop, unchanged: Unchanged) -> None:
    caller = await acting(shop, role)
    async with unchanged():
        assert_denied(await change(caller, FIELD, ENTITY, policy="OFF"), "PARTNER_DENIED_TFA_POLICY")
    assert await shop.world.rows(org_settings) == []


async def test_denies_an_administrator_and_a_member(shop: Shop, unchanged: Unchanged) -> None:
    async with unchanged():
        for caller, relation in ((shop.as_admin, "ADMINISTRATOR"), (shop.as_user, "ORG_MEMBER")):
            answer = await change(caller, FIELD, ENTITY, policy="OFF")
            assert_denied(answer, f"{relation}_MAY_NOT_ORG_TFA_POLICY_SET")


async def test_makes_the_row_with_the_defaults_and_then_changes_it(shop: Shop) -> None:
    answer = await change(shop.as_super_admin, FIELD, ENTITY, policy="REQUIRED")
    assert answer.user_errors == []
    (row,) = await shop.world.rows(org_settings)
    defaults = {**DEFAULT_SETTINGS, "tfa_policy": "REQUIRED"}
    assert {name: row[name] for name in defaults} == defaults
    assert row["child_org_id"] == shop.organisation["id"]
    trail = await trail_of(shop.world)
    assert_told(trail, shop.world, answer, FIELD, actor=(shop.super_admin["membership_id"], "ORG_USER"))
    settings = await made(shop.as_super_admin, FIELD, ENTITY, policy="OFF", expectedVersion=1)
    assert (settings["tfaPolicy"], settings["version"]) == ("OFF", 2)
    trail = await trail_of(shop.world)
    assert trail.types == ["org_settings.tfa_policy_set"] * 2
    assert (trail.entries[1]["before"], trail.entries[1]["after"]) == (
        {"tfa_policy": "REQUIRED"},
        {"tfa_policy": "OFF"},
    )


async def test_writes_nothing_where_nothing_changes(shop: Shop, unchanged: Unchanged) -> None:
    first = await made(shop.as_super_admin, FIELD, ENTITY, policy="REQUIRED")
    async with unchanged():
        assert await made(shop.as_super_admin, FIELD, ENTITY, policy="REQUIRED") == first


async def test_refuses_a_policy_that_is_none(shop: Shop, unchanged: Unchanged) -> None:
    async with unchanged():
        answer = await shop.as_super_admin.run(
            "mutation { organisationSetTfaPolicy(input: {policy: MAYBE}) { settings { id } } }"
        )
    assert answer.status == 400
