"""Approving and declining an escalation; what holds for every change is in test_changes."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from resolvers.escalations import ANSWERABLE, USABLE
from storage.accesses import AccessState, partner_access
from storage.base import now
from storage.escalations import EscalationState, escalation
from storage.identity import MembershipKind, membership
from storage.org_users import OrgRole
from storage.partners import PartnerRole
from tenancy.privileges import Privilege
from tests.factories.clients import GatewayClient
from tests.operations.changes import Shop, trail_of
from tests.operations.conftest import Unchanged
from tests.operations.escalations.examples import stored_escalation
from tests.operations.escalations.steps import answered, asked, change, mails
from tests.operations.org_users.people import instant
from tests.operations.worlds import Row, node_id

DECISIONS = {"escalationApprove": EscalationState.APPROVED, "escalationDecline": EscalationState.DECLINED}
decided = pytest.mark.parametrize("field", DECISIONS)


async def callers(shop: Shop) -> dict[str, tuple[GatewayClient, str]]:
    """Return who may not answer, and by which rule."""
    login = (await shop.world.row(membership, shop.world.memberships[PartnerRole.ADMIN]))["login_id"]
    there = {"login_id": login, "role": OrgRole.SUPER_ADMIN, "child_org_id": shop.organisation["id"]}
    staff = await shop.world.membership(MembershipKind.ORG_USER, **there)
    script = await shop.world.credential(*Privilege)
    return {
        "administrator": (shop.as_admin, "ADMINISTRATOR_MAY_NOT_ESCALATION_APPROVE"),
        "user": (shop.as_user, "ORG_MEMBER_MAY_NOT_ESCALATION_APPROVE"),
        "whoever acts": (shop.as_acting, "SUPER_ADMIN_ONLY"),
        "the partner's owner": (shop.world.boss, "SUPER_ADMIN_ONLY"),
        "a super admin of the partner's staff": (
            shop.world.being(staff["id"]),
            "PARTNER_STAFF_MAY_NOT_ESCALATION_APPROVE",
        ),
        "a script": (shop.world.being(script["id"]), "API_CREDENTIAL_NEVER_ESCALATION_APPROVE"),
    }


@pytest.mark.parametrize(
    "who",
    [
        "administrator",
        "user",
        "whoever acts",
        "the partner's owner",
        "a super admin of the partner's staff",
        "a script",
    ],
)
@decided
async def test_denies(field: str, who: str, shop: Shop, unchanged: Unchanged) -> None:
    row = await stored_escalation(shop)
    caller, rule = (await callers(shop))[who]
    async with unchanged():
        answer = await change(caller, field, id=node_id("Escalation", row))
    assert [(error["code"], error["rule"]) for error in answer.user_errors] == [("FORBIDDEN", rule)]
    assert answer.payload["escalation"] is None


@pytest.mark.parametrize("whose", ["another organisation's", "another partner's"])
@decided
async def test_answers_one_of_elsewhere_like_an_unknown_one(
    field: str, whose: str, shop: Shop, other_shop: Shop, unchanged: Unchanged
) -> None:
    sibling = await shop.world.organisation(shop.client, "sibling.example")
    access = await shop.world.access(sibling)
    rows = {
        "another organisation's": await stored_escalation(shop, child_org_id=sibling["id"], access_id=access["id"]),
        "another partner's": await stored_escalation(other_shop),
    }
    async with unchanged():
        answer = await change(shop.as_super_admin, field, id=node_id("Escalation", rows[whose]))
    assert answer.user_codes == ["NOT_FOUND"]


async def test_approves_for_one_hour(shop: Shop) -> None:
    before = await asked(shop.as_acting, "USER_RESET_PASSWORD", shop.user)
    made = await answered(shop.as_super_admin, "escalationApprove", before["id"], note=" Once. ", expectedVersion=1)
    assert (made["state"], made["version"], made["usedAt"]) == ("APPROVED", 2, None)
    assert (made["decidedByName"], made["decisionNote"]) == ("Super_Admin", "Once.")
    assert instant(made["usableUntil"]) - instant(made["decidedAt"]) == USABLE == timedelta(minutes=60)


async def test_declines_and_says_why(shop: Shop) -> None:
    before = await asked(shop.as_acting, "USER_RESET_PASSWORD", shop.user)
    made = await answered(shop.as_super_admin, "escalationDecline", before["id"], note="She is here.")
    assert (made["state"], made["version"], made["usableUntil"]) == ("DECLINED", 2, None)
    assert (made["decidedByName"], made["decisionNote"]) == ("Super_Admin", "She is here.")


@decided
async def test_tells_the_trail_and_mails_whoever_asked(field: str, shop: Shop) -> None:
    row = await stored_escalation(shop)
    await answered(shop.as_super_admin, field, node_id("Escalation", row), note="Because.")
    word = DECISIONS[field].lower()
    trail = await trail_of(shop.world)
    assert trail.types == [f"escalation.{word}"]
    (entry,) = trail.entries
    assert (entry["privilege"], entry["reason"], entry["target_version"]) == ("ESCALATION_APPROVE", "Because.", 2)
    assert (entry["actor_membership_id"], entry["actor_kind"]) == (shop.super_admin["membership_id"], "ORG_USER")
    assert (entry["before"]["state"], entry["after"]["state"]) == ("REQUESTED", DECISIONS[field])
    assert (entry["org_internal"], entry["child_org_id"]) == (False, shop.organisation["id"])
    assert await mails(shop.world) == [(f"mail.escalation_{word}", {"escalation_id": str(row["id"])})]


@pytest.mark.parametrize("state", [state for state in EscalationState if state is not EscalationState.REQUESTED])
@decided
async def test_refuses_what_waits_for_no_answer(
    field: str, state: EscalationState, shop: Shop, unchanged: Unchanged
) -> None:
    row = await stored_escalation(shop, state=state)
    async with unchanged():
        answer = await change(shop.as_super_admin, field, id=node_id("Escalation", row))
    assert answer.user_codes == ["ILLEGAL_TRANSITION"]
    said = f"An escalation that is {state} cannot be {DECISIONS[field].lower()}."
    assert answer.user_errors[0]["message"] == said


@decided
async def test_refuses_a_note_that_is_too_long(field: str, shop: Shop, unchanged: Unchanged) -> None:
    row = await stored_escalation(shop)
    async with unchanged():
        answer = await change(shop.as_super_admin, field, id=node_id("Escalation", row), note="x" * 1_001)
    assert answer.user_codes == ["TOO_LONG"]
    assert answer.user_errors[0]["path"] == ["input", "note"]


async def test_does_not_approve_what_was_asked_too_long_ago(shop: Shop, unchanged: Unchanged) -> None:
    row = await stored_escalation(shop, created_at=now() - ANSWERABLE - timedelta(seconds=1))
    async with unchanged():
        answer = await change(shop.as_super_admin, "escalationApprove", id=node_id("Escalation", row))
    assert answer.user_codes == ["ESCALATION_LAPSED"]
    assert answer.user_errors[0]["path"] == ["input", "id"]
    assert timedelta(days=7) == ANSWERABLE


async def test_approves_and_declines_until_then(shop: Shop) -> None:
    nearly = await stored_escalation(shop, created_at=now() - ANSWERABLE + timedelta(hours=1))
    await answered(shop.as_super_admin, "escalationApprove", node_id("Escalation", nearly))
    lapsed = await stored_escalation(shop, created_at=now() - 2 * ANSWERABLE)
    await answered(shop.as_super_admin, "escalationDecline", node_id("Escalation", lapsed))


@pytest.mark.parametrize(
    ("over", "said"),
    [
        ({"state": AccessState.ENDED}, "ENDED"),
        ({"state": AccessState.EXPIRED}, "EXPIRED"),
        ({"expires_at": now() - timedelta(hours=1)}, "EXPIRED"),
    ],
    ids=["ended", "expired", "run out"],
)
async def test_does_not_approve_what_was_asked_under_an_access_that_is_over(
    over: dict[str, Any], said: str, shop: Shop, unchanged: Unchanged
) -> None:
    row = await stored_escalation(shop)
    await shop.world.change(partner_access, shop.access["id"], **over)
    if "state" in over:
        await shop.world.access(shop.organisation)
    async with unchanged():
        answer = await change(shop.as_super_admin, "escalationApprove", id=node_id("Escalation", row))
    assert answer.user_codes == ["ILLEGAL_TRANSITION"]
    assert answer.user_errors[0]["message"].startswith(f"An access that is {said} cannot be used.")
    await answered(shop.as_super_admin, "escalationDecline", node_id("Escalation", row))


async def test_takes_one_of_two_answers_at_once(shop: Shop) -> None:
    row = await stored_escalation(shop)
    answers = await asyncio.gather(
        *(change(shop.as_super_admin, field, id=node_id("Escalation", row)) for field in DECISIONS)
    )
    assert sorted(answer.user_codes for answer in answers) in ([[], ["ILLEGAL_TRANSITION"]], [[], ["BUSY"]])
    kept: Row = await shop.world.row(escalation, row["id"])
    assert kept["version"] == 2
