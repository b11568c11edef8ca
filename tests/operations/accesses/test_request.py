"""Asking for access to an organisation; what holds for every change is in test_changes."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from storage.accesses import AccessState, partner_access
from storage.partners import PartnerRole
from tenancy.policy import DENIED_TO_PARTNERS, GRANTABLE
from tenancy.privileges import Privilege
from tests.operations.accesses.life import A_DAY, ask, domains, ended, left_to_do, requested, stored
from tests.operations.changes import Shop, assert_told, trail_of
from tests.operations.conftest import Unchanged
from tests.operations.worlds import node_id


async def test_is_denied_to_those_who_do_not_work_for_the_partner(shop: Shop, unchanged: Unchanged) -> None:
    script = await shop.world.credential(*Privilege)
    askers = {
        "SUPER_ADMIN_MAY_NOT_PARTNER_ACCESS_REQUEST": shop.as_super_admin,
        "ADMINISTRATOR_MAY_NOT_PARTNER_ACCESS_REQUEST": shop.as_admin,
        "ORG_MEMBER_MAY_NOT_PARTNER_ACCESS_REQUEST": shop.as_user,
        "PARTNER_ACTING_MAY_NOT_PARTNER_ACCESS_REQUEST": shop.as_acting,
        "API_CREDENTIAL_NEVER_PARTNER_ACCESS_REQUEST": shop.world.being(script["id"]),
    }
    async with unchanged():
        answers = {rule: await ask(shop, by=asker) for rule, asker in askers.items()}
    assert {rule: answer.user_errors[0]["rule"] for rule, answer in answers.items()} == {rule: rule for rule in askers}
    assert all(answer.payload["access"] is None for answer in answers.values())


@pytest.mark.parametrize("role", [PartnerRole.BILLING, PartnerRole.SUPPORT, PartnerRole.VIEWER])
async def test_is_denied_to_lesser_roles(role: PartnerRole, shop: Shop, unchanged: Unchanged) -> None:
    async with unchanged():
        answer = await ask(shop, by=shop.world.acting(role))
    assert answer.user_errors[0]["rule"] == f"{role}_MAY_NOT_PARTNER_ACCESS_REQUEST"


async def test_asks_for_privileges_for_some_days(shop: Shop) -> None:
    began = datetime.now(UTC)
    answer = await ask(shop, privileges=["ORG_READ", "USER_EDIT"], extendable=True, reason=" The mail moves to us ")
    made = answer.payload["access"]
    row = await stored(shop, made["id"])
    assert (made["state"], made["fullAdministration"], made["privileges"]) == (
        "REQUESTED",
        False,
        ["ORG_READ", "USER_EDIT"],
    )
    assert (made["reason"], made["days"], made["extendable"]) == ("The mail moves to us", 90, True)
    assert (made["requestedByName"], made["decidedAt"], made["expiresAt"]) == ("Owner", None, None)
    assert row["requested_by"] == shop.world.memberships[PartnerRole.OWNER]
    assert (row["client_id"], row["child_org_id"]) == (shop.client["id"], shop.organisation["id"])
    assert row["share_lock"] is False
    assert row["starts_at"] >= began - A_DAY
    trail = await trail_of(shop.world)
    assert_told(trail, shop.world, answer, "partnerAccessRequest")
    assert (trail.types, trail.entries[0]["reason"]) == (["access.requested"], "The mail moves to us")
    ((kind, due, about),) = await left_to_do(shop.world)
    assert (kind, about) == ("mail.access_requested", {"access_id": str(row["id"])})
    assert due == row["created_at"]


async def test_asks_for_full_administration(shop: Shop) -> None:
    made = (await ask(shop, privileges=None, fullAdministration=True, days=730)).payload["access"]
    assert (made["fullAdministration"], made["privileges"], made["days"]) == (True, [], 730)


async def test_asks_for_an_organisation_that_left_the_lists_and_does_not_bring_it_back(shop: Shop) -> None:
    await ended(shop)
    made = (await ask(shop)).payload["access"]
    assert (made["state"], made["organisation"]) == ("REQUESTED", None)
    assert (await stored(shop, made["id"]))["child_org_id"] == shop.organisation["id"]
    assert await domains(shop.world.boss) == []


@pytest.mark.parametrize("privilege", sorted(set(Privilege) - GRANTABLE))
async def test_refuses_what_no_access_holds(privilege: Privilege, shop: Shop, unchanged: Unchanged) -> None:
    async with unchanged():
        answer = await ask(shop, privileges=["ORG_READ", privilege])
    (error,) = answer.user_errors
    assert (error["code"], error["path"]) == ("PRIVILEGE_NOT_GRANTABLE", ["input", "privileges", "1"])
    assert ("escalation" in error["message"]) is (privilege in DENIED_TO_PARTNERS)
    assert privilege in error["message"]


@pytest.mark.parametrize(
    ("values", "code", "path"),
    [
        ({"privileges": None}, "REQUIRED", ["privileges"]),
        ({"privileges": []}, "REQUIRED", ["privileges"]),
        ({"fullAdministration": True}, "OUT_OF_PLACE", ["privileges"]),
        ({"privileges": None, "fullAdministration": True, "extendable": True}, "OUT_OF_PLACE", ["extendable"]),
        ({"privileges": ["ORG_READ", "DOMAIN_ADD", "ORG_READ"]}, "REPEATED", ["privileges", "2"]),
        ({"days": 0}, "DAYS_OUT_OF_RANGE", ["days"]),
        ({"days": -1}, "DAYS_OUT_OF_RANGE", ["days"]),
        ({"days": 731}, "DAYS_OUT_OF_RANGE", ["days"]),
        ({"reason": ""}, "REQUIRED", ["reason"]),
        ({"reason": " \t"}, "REQUIRED", ["reason"]),
        ({"reason": "x" * 501}, "TOO_LONG", ["reason"]),
    ],
    ids=str,
)
async def test_refuses_what_says_nothing_or_too_much(
    values: dict[str, Any], code: str, path: list[str], shop: Shop, unchanged: Unchanged
) -> None:
    async with unchanged():
        answer = await ask(shop, **values)
    (error,) = answer.user_errors
    assert (error["code"], error["path"]) == (code, ["input", *path])
    assert answer.payload["access"] is None


async def test_refuses_a_second_open_request_whichever_subscription_names_the_organisation(
    shop: Shop, unchanged: Unchanged
) -> None:
    await requested(shop)
    other = await shop.world.subscription(shop.organisation, shop.plan)
    async with unchanged():
        answers = [await ask(shop), await ask(shop, subscriptionId=node_id("Subscription", other))]
    assert [answer.user_codes for answer in answers] == [["ALREADY_REQUESTED"]] * 2


@pytest.mark.parametrize("state", [state for state in AccessState if state is not AccessState.REQUESTED])
async def test_asks_again_after_an_answer(state: AccessState, shop: Shop) -> None:
    await shop.world.change(partner_access, shop.access["id"], state=state)
    assert (await ask(shop)).user_errors == []


async def test_makes_one_request_where_several_ask_at_the_same_time(shop: Shop) -> None:
    other = await shop.world.subscription(shop.organisation, shop.plan)
    named = [node_id("Subscription", row) for row in (shop.subscription, other, shop.subscription)]
    answers = await asyncio.gather(*(ask(shop, subscriptionId=name) for name in named))
    codes = [code for answer in answers for code in answer.user_codes]
    assert len(codes) == 2
    assert set(codes) <= {"ALREADY_REQUESTED", "BUSY"}
    rows = await shop.world.rows(partner_access)
    assert [row["state"] for row in rows].count("REQUESTED") == 1
