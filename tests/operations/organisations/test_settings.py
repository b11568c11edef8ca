"""What an organisation decides for itself: who reads it, and two first changes at the same moment."""

import asyncio
from typing import Any, Final

import pytest

from storage.org_settings import DEFAULT_SETTINGS, DashboardWidget, org_settings
from storage.partners import PartnerRole
from tests.operations.changes import Shop
from tests.operations.conftest import Unchanged
from tests.operations.org_users.people import change, made
from tests.operations.worlds import Row, node_id

ASK: Final = "{ organisations { nodes { settings { id version tfaPolicy contactSync dashboard } } } }"
REFERRAL: Final = "{ organisations { nodes { settings { id referralMember referralCode } } } }"


async def stored_settings(shop: Shop, **values: Any) -> Row:
    return await shop.world.add(org_settings, **{"child_org_id": shop.organisation["id"], **DEFAULT_SETTINGS, **values})


def settings_of(answer: Any) -> Any:
    (node,) = answer["organisations"]["nodes"]
    return node["settings"]


@pytest.mark.parametrize("who", ["super admin", "administrator", "acting"])
async def test_shows_what_was_decided_and_nothing_of_another_organisation(who: str, shop: Shop) -> None:
    caller = {"super admin": shop.as_super_admin, "administrator": shop.as_admin, "acting": shop.as_acting}[who]
    other = await shop.world.organisation(shop.client, "other.example")
    theirs = await shop.world.add(org_settings, child_org_id=other["id"], **DEFAULT_SETTINGS)
    assert settings_of((await caller.run(ASK)).data) is None
    row = await stored_settings(shop, tfa_policy="REQUIRED", contact_sync=True, dashboard=["NEWS", "USERS"])
    assert settings_of((await caller.run(ASK)).data) == {
        "id": node_id("OrgSettings", row),
        "version": 1,
        "tfaPolicy": "REQUIRED",
        "contactSync": True,
        "dashboard": ["NEWS", "USERS"],
    }
    node = "query($id: ID!) { node(id: $id) { id } }"
    assert (await caller.run(node, id=node_id("OrgSettings", row))).data["node"]
    assert (await caller.run(node, id=node_id("OrgSettings", theirs))).codes == ["NOT_FOUND"]


@pytest.mark.parametrize("role", PartnerRole)
async def test_denies_who_does_not_act_and_a_member(role: PartnerRole, shop: Shop) -> None:
    await stored_settings(shop)
    rules = {"PARTNER_NOT_ACTING_ORG_SETTINGS_READ": shop.world.acting(role)}
    for rule, caller in {**rules, "ORG_MEMBER_MAY_NOT_ORG_SETTINGS_READ": shop.as_user}.items():
        answer = await caller.run(ASK)
        assert answer.errors[0]["extensions"]["rule"] == rule
        assert settings_of(answer.partial) is None


async def test_keeps_the_referral_programme_between_the_organisation_and_the_platform(shop: Shop) -> None:
    row = await stored_settings(shop, referral_member=True, referral_code="AB23CD45EF")
    shown = {"id": node_id("OrgSettings", row), "referralMember": True, "referralCode": "AB23CD45EF"}
    for caller in (shop.as_super_admin, shop.as_admin):
        assert settings_of((await caller.run(REFERRAL)).data) == shown
    answer = await shop.as_acting.run(REFERRAL)
    assert settings_of(answer.partial) == {**shown, "referralMember": None, "referralCode": None}
    assert [error["extensions"]["rule"] for error in answer.errors] == ["PARTNER_DENIED_REFERRAL"] * 2
    assert "AB23CD45EF" not in str(answer.body)


async def test_makes_one_row_of_two_first_changes_at_the_same_time(shop: Shop) -> None:
    answers = await asyncio.gather(
        change(shop.as_super_admin, "organisationSetTfaPolicy", "settings", policy="REQUIRED"),
        change(shop.as_super_admin, "organisationSetContactSync", "settings", enabled=True),
        change(shop.as_admin, "organisationSetDashboard", "settings", widgets=["NEWS"]),
    )
    assert {code for answer in answers for code in answer.user_codes} <= {"BUSY"}
    (row,) = await shop.world.rows(org_settings)
    done = [not answer.user_codes for answer in answers]
    assert row["version"] == sum(done) >= 1
    every = [widget.value for widget in DashboardWidget]
    assert row["tfa_policy"] == ("REQUIRED" if done[0] else "OPTIONAL")
    assert row["contact_sync"] is done[1]
    assert row["dashboard"] == (["NEWS"] if done[2] else every)


async def test_refuses_a_version_that_does_not_stand(shop: Shop, unchanged: Unchanged) -> None:
    async with unchanged():
        answer = await change(
            shop.as_super_admin, "organisationSetTfaPolicy", "settings", policy="OFF", expectedVersion=1
        )
    (error,) = answer.user_errors
    assert (error["code"], error["currentVersion"], error["changedFields"]) == ("STALE_VERSION", 0, [])
    settings = await made(shop.as_super_admin, "organisationSetTfaPolicy", "settings", policy="OFF", expectedVersion=0)
    assert settings["version"] == 1
    async with unchanged():
        answer = await change(
            shop.as_super_admin, "organisationSetContactSync", "settings", enabled=True, expectedVersion=0
        )
    (error,) = answer.user_errors
    assert (error["code"], error["currentVersion"]) == ("STALE_VERSION", 1)
    assert "tfaPolicy" in error["changedFields"]
