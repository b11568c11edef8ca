"""Answering a request for access, and taking it back; what holds for every change is in test_changes."""

from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from storage.accesses import AccessState, partner_access
from storage.base import FOREVER
from storage.identity import MembershipKind, membership
from storage.partners import PartnerRole
from tenancy.privileges import Privilege
from tests.factories.clients import GatewayClient
from tests.operations.accesses.life import (
    A_DAY,
    domains,
    ended,
    left_to_do,
    limited,
    make,
    requested,
    seen_until,
    stored,
)
from tests.operations.changes import Shop, assert_told, trail_of
from tests.operations.conftest import Unchanged
from tests.operations.worlds import LONG_AGO, node_id

ANSWERS: Final = ("partnerAccessApprove", "partnerAccessDecline")

answers = pytest.mark.parametrize("change", ANSWERS)
every = pytest.mark.parametrize("change", [*ANSWERS, "partnerAccessWithdraw"])


@answers
async def test_is_denied_to_everybody_but_the_super_admin(change: str, shop: Shop, unchanged: Unchanged) -> None:
    access = await requested(shop)
    script = await shop.world.credential(*Privilege)
    askers = {
        "ADMINISTRATOR_MAY_NOT_PARTNER_ACCESS_APPROVE": shop.as_admin,
        "ORG_MEMBER_MAY_NOT_PARTNER_ACCESS_APPROVE": shop.as_user,
        "API_CREDENTIAL_NEVER_PARTNER_ACCESS_APPROVE": shop.world.being(script["id"]),
    }
    async with unchanged():
        told = {rule: await make(asker, change, access) for rule, asker in askers.items()}
        partners = [await make(shop.world.acting(role), change, access) for role in PartnerRole]
        acting = await make(shop.as_acting, change, access)
    assert {rule: answer.user_errors[0]["rule"] for rule, answer in told.items()} == {rule: rule for rule in askers}
    assert acting.user_errors[0]["rule"] == "SUPER_ADMIN_ONLY"
    assert {answer.user_errors[0]["code"] for answer in partners} == {"FORBIDDEN"}
    assert (await stored(shop, access))["state"] == "REQUESTED"


@answers
async def test_is_denied_to_a_super_admin_who_works_for_the_partner(
    change: str, shop: Shop, unchanged: Unchanged
) -> None:
    access = await requested(shop)
    owner = shop.world.owner
    login = await owner.fetchval(f"SELECT login_id FROM {membership} WHERE id = $1", shop.super_admin["membership_id"])
    staff = await shop.world.membership(MembershipKind.PARTNER_MEMBER, role=PartnerRole.VIEWER, login_id=login)
    async with unchanged():
        answer = await make(shop.as_super_admin, change, access)
    assert answer.user_errors[0]["rule"] == "PARTNER_STAFF_MAY_NOT_PARTNER_ACCESS_APPROVE"
    await owner.execute(f"UPDATE {membership} SET valid_until = $2 WHERE id = $1", staff["id"], LONG_AGO)
    await ended(shop)
    assert (await make(shop.as_super_admin, change, access)).user_errors == []


@answers
async def test_is_not_given_to_another_organisation_s_super_admin(
    change: str, shop: Shop, unchanged: Unchanged
) -> None:
    access = await requested(shop)
    sibling = await shop.world.organisation(shop.client, "sibling.example")
    stranger = await shop.world.user(sibling, shop.super_admin["role"])
    async with unchanged():
        answer = await make(shop.world.being(stranger["membership_id"]), change, access)
    assert answer.user_codes == ["NOT_FOUND"]


async def test_withdrawing_is_denied_to_the_organisation(shop: Shop, unchanged: Unchanged) -> None:
    access = await requested(shop)
    async with unchanged():
        answer = await make(shop.as_super_admin, "partnerAccessWithdraw", access)
    assert answer.user_errors[0]["rule"] == "SUPER_ADMIN_MAY_NOT_PARTNER_ACCESS_REQUEST"


async def test_approves_for_the_days_that_were_asked_for(shop: Shop) -> None:
    await ended(shop)
    access = await requested(shop)
    assert await domains(shop.world.boss) == []
    answer = await make(shop.as_super_admin, "partnerAccessApprove", access, note=" Until the move is done ")
    made, row = answer.payload["access"], await stored(shop, access)
    assert (made["state"], made["decidedByName"], made["version"]) == ("ACTIVE", shop.super_admin["name"], 2)
    assert row["decided_at"] == row["starts_at"] == row["updated_at"]
    assert row["expires_at"] - row["starts_at"] == timedelta(days=90)
    assert abs(row["starts_at"] - datetime.now(UTC)) < A_DAY
    assert await seen_until(shop) == row["expires_at"]
    assert await domains(shop.world.boss) == ["harbour.example"]
    trail = await trail_of(shop.world)
    actor = (shop.super_admin["membership_id"], "ORG_USER")
    assert_told(trail, shop.world, answer, "partnerAccessApprove", actor=actor)
    assert (trail.types, trail.entries[0]["reason"]) == (["access.granted"], "Until the move is done")


async def test_leaves_the_end_and_its_notices_to_be_done(shop: Shop) -> None:
    await ended(shop)
    access = await requested(shop)
    await make(shop.as_super_admin, "partnerAccessApprove", access)
    ends = (await stored(shop, access))["expires_at"]
    expiry, *mails = await left_to_do(shop.world)
    assert (expiry[0], expiry[1], expiry[2]) == ("access.expire", ends, {"access_id": str(access["id"])})
    assert {kind for kind, _due, _about in mails} == {"mail.access_notice"}
    assert [(ends - due).days for _kind, due, _about in mails] == [30, 7, 1]
    assert [about for _kind, _due, about in mails] == [
        {"access_id": str(access["id"]), "days": days, "expires_at": ends.isoformat()} for days in (30, 7, 1)
    ]


@pytest.mark.parametrize(("days", "told"), [(1, []), (2, [1]), (7, [1]), (8, [7, 1]), (31, [30, 7, 1])])
async def test_gives_no_notice_of_what_is_over(days: int, told: list[int], shop: Shop) -> None:
    await ended(shop)
    await make(shop.as_super_admin, "partnerAccessApprove", await requested(shop, days=days))
    _expiry, *mails = await left_to_do(shop.world)
    assert [about["days"] for _kind, _due, about in mails] == told


async def test_grants_without_end_what_was_asked_for_without_days(shop: Shop) -> None:
    await ended(shop)
    access = await requested(shop, days=None)
    made = (await make(shop.as_super_admin, "partnerAccessApprove", access)).payload["access"]
    assert (made["state"], made["expiresAt"]) == ("ACTIVE", None)
    assert await seen_until(shop) == FOREVER
    assert await left_to_do(shop.world) == []


async def test_refuses_a_second_active_access(shop: Shop, unchanged: Unchanged) -> None:
    access = await requested(shop)
    async with unchanged():
        answer = await make(shop.as_super_admin, "partnerAccessApprove", access)
    assert (answer.user_codes, answer.user_errors[0]["path"]) == (["ACCESS_ACTIVE"], ["input", "id"])
    await make(shop.as_super_admin, "partnerAccessRevoke", shop.access)
    assert (await make(shop.as_super_admin, "partnerAccessApprove", access)).user_errors == []
    assert await domains(shop.world.boss) == ["harbour.example"]


async def test_expires_an_access_whose_time_is_up_before_it_grants_the_next(shop: Shop) -> None:
    old = await limited(shop, left=-A_DAY)
    access = await requested(shop)
    key = {"idempotencyKey": "once"}
    answer = await make(shop.as_super_admin, "partnerAccessApprove", access, **key)
    assert answer.user_errors == []
    assert (await stored(shop, old))["state"] == "EXPIRED"
    assert (await trail_of(shop.world)).types == ["access.granted", "access.expired"]
    assert await seen_until(shop) == (await stored(shop, access))["expires_at"]
    again = await make(shop.as_super_admin, "partnerAccessApprove", access, **key)
    assert again.payload == answer.payload


async def test_declines_and_shows_nothing(shop: Shop) -> None:
    await ended(shop)
    access = await requested(shop)
    answer = await make(shop.as_super_admin, "partnerAccessDecline", access, note="Not now")
    made, row = answer.payload["access"], await stored(shop, access)
    assert (made["state"], made["decidedByName"], made["expiresAt"]) == ("DECLINED", shop.super_admin["name"], None)
    assert row["decided_at"] == row["updated_at"]
    assert await seen_until(shop) == LONG_AGO
    trail = await trail_of(shop.world)
    assert (trail.types, trail.entries[0]["reason"]) == (["access.declined"], "Not now")
    assert await left_to_do(shop.world) == []


async def test_withdraws(shop: Shop) -> None:
    access = await requested(shop)
    answer = await make(shop.world.acting(PartnerRole.ADMIN), "partnerAccessWithdraw", access)
    made = answer.payload["access"]
    assert (made["state"], made["decidedAt"], made["decidedByName"]) == ("WITHDRAWN", None, None)
    trail = await trail_of(shop.world)
    assert_told(trail, shop.world, answer, "partnerAccessWithdraw", PartnerRole.ADMIN)
    assert trail.types == ["access.withdrawn"]


def who(shop: Shop, change: str) -> GatewayClient:
    return shop.world.boss if change == "partnerAccessWithdraw" else shop.as_super_admin


@every
@pytest.mark.parametrize("state", [state for state in AccessState if state is not AccessState.REQUESTED])
async def test_answers_only_what_is_open(change: str, state: AccessState, shop: Shop, unchanged: Unchanged) -> None:
    await shop.world.change(partner_access, shop.access["id"], state=AccessState.ENDED)
    access = await requested(shop, state=state)
    async with unchanged():
        answer = await make(who(shop, change), change, access)
    assert answer.user_codes == ["ILLEGAL_TRANSITION"]
    assert state in answer.user_errors[0]["message"]


@answers
async def test_refuses_a_note_that_is_too_long(change: str, shop: Shop, unchanged: Unchanged) -> None:
    await ended(shop)
    access = await requested(shop)
    async with unchanged():
        answer = await make(shop.as_super_admin, change, access, note="x" * 501)
    assert (answer.user_codes, answer.user_errors[0]["path"]) == (["TOO_LONG"], ["input", "note"])


@every
async def test_does_not_answer_for_another_partner(
    change: str, shop: Shop, other_shop: Shop, unchanged: Unchanged
) -> None:
    access = await requested(other_shop)
    async with unchanged():
        answer = await make(who(shop, change), change, access)
    assert answer.user_codes == ["NOT_FOUND"]


async def test_grants_what_was_named_and_nothing_else(shop: Shop) -> None:
    await ended(shop)
    access = await requested(shop, privileges=["ORG_READ", "USER_EDIT"])
    await make(shop.as_super_admin, "partnerAccessApprove", access)
    acting = shop.world.acting_in(await shop.world.session(access))
    asked = " ".join(f"{name}: viewerCan(privilege: {name}) {{ allowed rule }}" for name in GRANTED)
    told = (await acting.run(f"{{ {asked} }}")).data
    assert {name for name, verdict in told.items() if verdict["allowed"]} == {"ORG_READ", "USER_EDIT"}
    lacking = {name: verdict["rule"] for name, verdict in told.items() if not verdict["allowed"]}
    assert lacking == {name: f"ACCESS_LACKS_{name}" for name in lacking}
    assert (
        node_id("ChildOrg", shop.organisation)
        == ((await acting.run("{ viewer { organisation { id } } }")).data["viewer"]["organisation"]["id"])
    )


GRANTED: Final = (
    "ORG_READ",
    "USER_EDIT",
    "USER_CREATE",
    "USER_SUSPEND",
    "ALIAS_MANAGE",
    "DOMAIN_ADD",
    "MAIL_POLICY_MANAGE",
    "USER_GROUP_MANAGE",
)
