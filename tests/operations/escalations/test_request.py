"""Asking the super admin for one use of a denied task; what holds for every change is in test_changes."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from resolvers.escalations import ANSWERABLE
from storage.accesses import AccessState, partner_access
from storage.base import now
from storage.escalations import EscalationState, escalation
from storage.org_users import OrgUserStatus, org_user
from storage.partners import PartnerRole
from tenancy.policy import ABOUT_A_USER, DENIED_TO_PARTNERS
from tenancy.privileges import Privilege
from tests.operations.changes import Shop, trail_of
from tests.operations.conftest import Unchanged
from tests.operations.escalations.examples import WHY, stored_escalation
from tests.operations.escalations.steps import asked, change, mails
from tests.operations.worlds import node_id

RESET = "USER_RESET_PASSWORD"
ABOUT_THE_ORGANISATION = sorted(set(DENIED_TO_PARTNERS) - ABOUT_A_USER)


async def ask(shop: Shop, **given: Any) -> Any:
    return await change(shop.as_acting, "escalationRequest", **{"task": RESET, "reason": WHY, **given})


@pytest.mark.parametrize("who", ["super admin", "administrator", "user", "owner"])
async def test_denies_whoever_does_not_act(who: str, shop: Shop, unchanged: Unchanged) -> None:
    caller, rule = {
        "super admin": (shop.as_super_admin, "SUPER_ADMIN_MAY_NOT_ESCALATION_REQUEST"),
        "administrator": (shop.as_admin, "ADMINISTRATOR_MAY_NOT_ESCALATION_REQUEST"),
        "user": (shop.as_user, "ORG_MEMBER_MAY_NOT_ESCALATION_REQUEST"),
        "owner": (shop.world.boss, "PARTNER_NOT_ACTING_ESCALATION_REQUEST"),
    }[who]
    given = {"task": RESET, "reason": WHY, "userId": node_id("OrgUser", shop.user)}
    async with unchanged():
        answer = await change(caller, "escalationRequest", **given)
    assert [(error["code"], error["rule"]) for error in answer.user_errors] == [("FORBIDDEN", rule)]


async def test_denies_whoever_acts_in_a_role_that_may_not(shop: Shop, unchanged: Unchanged) -> None:
    acting = shop.world.acting_in(await shop.world.session(shop.access, PartnerRole.BILLING))
    given = {"task": RESET, "reason": WHY, "userId": node_id("OrgUser", shop.user)}
    async with unchanged():
        answer = await change(acting, "escalationRequest", **given)
    assert answer.user_errors[0]["rule"] == "BILLING_MAY_NOT_ORGANISATION_ACT"


async def test_lets_a_support_member_who_acts_ask(shop: Shop) -> None:
    acting = shop.world.acting_in(await shop.world.session(shop.access, PartnerRole.SUPPORT))
    assert (await asked(acting, RESET, shop.user))["requestedByName"] == "Support"


async def test_waits_for_the_super_admin_s_answer(shop: Shop) -> None:
    made = await asked(shop.as_acting, RESET, shop.user, reason=f"  {WHY} ")
    assert (made["task"], made["state"], made["reason"], made["version"]) == (RESET, "REQUESTED", WHY, 1)
    assert (made["requestedByName"], made["user"]) == ("Admin", {"id": node_id("OrgUser", shop.user)})
    assert made["organisation"] == {"id": node_id("ChildOrg", shop.organisation)}
    undecided = ("decidedAt", "decidedByName", "decisionNote", "usableUntil", "usedAt")
    assert [made[name] for name in undecided] == [None] * 5
    (row,) = await shop.world.rows(escalation)
    assert (row["access_id"], row["requested_by"]) == (shop.access["id"], shop.world.memberships[PartnerRole.ADMIN])
    assert (row["client_id"], row["child_org_id"]) == (shop.client["id"], shop.organisation["id"])


async def test_tells_the_trail_and_mails_the_super_admin(shop: Shop) -> None:
    await asked(shop.as_acting, RESET, shop.user)
    (row,) = await shop.world.rows(escalation)
    trail = await trail_of(shop.world)
    assert trail.types == ["escalation.requested"]
    (entry,) = trail.entries
    assert (entry["privilege"], entry["target_id"], entry["reason"]) == ("ESCALATION_REQUEST", row["id"], WHY)
    assert (entry["acting_session_id"], entry["child_org_id"]) == (shop.session["id"], shop.organisation["id"])
    assert (entry["after"]["task"], entry["after"]["user_id"]) == (RESET, str(shop.user["id"]))
    assert await mails(shop.world) == [("mail.escalation_requested", {"escalation_id": str(row["id"])})]


@pytest.mark.parametrize("task", sorted(set(Privilege) - set(DENIED_TO_PARTNERS)))
async def test_refuses_what_is_no_task_to_ask_for(task: Privilege, shop: Shop, unchanged: Unchanged) -> None:
    async with unchanged():
        answer = await ask(shop, task=task, userId=node_id("OrgUser", shop.user))
    assert answer.user_codes == ["NOT_ESCALABLE"]
    assert answer.user_errors[0]["path"] == ["input", "task"]


@pytest.mark.parametrize("task", sorted(ABOUT_A_USER))
async def test_needs_the_user_whom_a_task_is_about(task: Privilege, shop: Shop, unchanged: Unchanged) -> None:
    async with unchanged():
        answer = await ask(shop, task=task)
    assert answer.user_codes == ["REQUIRED"]
    assert answer.user_errors[0]["path"] == ["input", "userId"]
    assert (await asked(shop.as_acting, task, shop.user))["user"] == {"id": node_id("OrgUser", shop.user)}


@pytest.mark.parametrize("task", ABOUT_THE_ORGANISATION)
async def test_takes_no_user_where_a_task_is_about_the_organisation(
    task: Privilege, shop: Shop, unchanged: Unchanged
) -> None:
    async with unchanged():
        answer = await ask(shop, task=task, userId=node_id("OrgUser", shop.user))
    assert answer.user_codes == ["OUT_OF_PLACE"]
    assert answer.user_errors[0]["path"] == ["input", "userId"]
    assert (await asked(shop.as_acting, task))["user"] is None


@pytest.mark.parametrize("whose", ["another organisation's", "another partner's"])
async def test_answers_a_user_elsewhere_like_an_unknown_one(
    whose: str, shop: Shop, other_shop: Shop, unchanged: Unchanged
) -> None:
    sibling = await shop.world.organisation(shop.client, "sibling.example")
    strangers = {"another organisation's": await shop.world.user(sibling), "another partner's": other_shop.user}
    async with unchanged():
        answer = await ask(shop, userId=node_id("OrgUser", strangers[whose]))
    assert answer.user_codes == ["NOT_FOUND"]
    assert answer.user_errors[0]["path"] == ["input", "userId"]


@pytest.mark.parametrize("task", sorted(ABOUT_A_USER))
async def test_refuses_a_user_who_is_deleted(task: Privilege, shop: Shop, unchanged: Unchanged) -> None:
    await shop.world.change(org_user, shop.user["id"], status=OrgUserStatus.DELETED, deleted_at=now())
    async with unchanged():
        answer = await ask(shop, task=task, userId=node_id("OrgUser", shop.user))
    assert answer.user_codes == ["ILLEGAL_TRANSITION"]
    assert answer.user_errors[0]["message"].startswith("A user that is DELETED cannot be ")


async def test_refuses_to_have_the_super_admin_deleted(shop: Shop, unchanged: Unchanged) -> None:
    async with unchanged():
        answer = await ask(shop, task="USER_DELETE", userId=node_id("OrgUser", shop.super_admin))
    assert answer.user_codes == ["ILLEGAL_TRANSITION"]
    assert answer.user_errors[0]["message"].startswith("A user that is SUPER_ADMIN cannot be deleted.")


@pytest.mark.parametrize(("reason", "code"), [("", "REQUIRED"), (" \n", "REQUIRED"), ("x" * 1_001, "TOO_LONG")])
async def test_needs_a_reason_of_a_bearable_length(reason: str, code: str, shop: Shop, unchanged: Unchanged) -> None:
    async with unchanged():
        answer = await ask(shop, userId=node_id("OrgUser", shop.user), reason=reason)
    assert answer.user_codes == [code]
    assert answer.user_errors[0]["path"] == ["input", "reason"]
    assert (await asked(shop.as_acting, RESET, shop.user, reason="x" * 1_000))["reason"] == "x" * 1_000


@pytest.mark.parametrize(
    "still_good",
    [
        {"state": EscalationState.REQUESTED},
        {"state": EscalationState.REQUESTED, "created_at": now() - ANSWERABLE + timedelta(hours=1)},
        {"state": EscalationState.APPROVED, "usable_until": now() + timedelta(hours=1)},
    ],
    ids=["open", "nearly lapsed", "usable"],
)
async def test_refuses_to_ask_for_the_same_twice(still_good: dict[str, Any], shop: Shop, unchanged: Unchanged) -> None:
    await stored_escalation(shop, **still_good)
    async with unchanged():
        answer = await ask(shop, userId=node_id("OrgUser", shop.user))
    assert answer.user_codes == ["ALREADY_REQUESTED"]


@pytest.mark.parametrize(
    "over",
    [
        {"state": EscalationState.REQUESTED, "created_at": now() - ANSWERABLE - timedelta(hours=1)},
        {"state": EscalationState.APPROVED, "usable_until": now() - timedelta(hours=1)},
        *({"state": state} for state in (EscalationState.DECLINED, EscalationState.WITHDRAWN, EscalationState.USED)),
    ],
    ids=["lapsed", "run out", "declined", "withdrawn", "used"],
)
async def test_lets_the_same_be_asked_for_again_once_it_is_over(over: dict[str, Any], shop: Shop) -> None:
    await stored_escalation(shop, **over)
    await asked(shop.as_acting, RESET, shop.user)


async def test_lets_something_else_be_asked_for(shop: Shop) -> None:
    await asked(shop.as_acting, RESET, shop.user)
    await asked(shop.as_acting, RESET, shop.admin)
    await asked(shop.as_acting, "USER_DELETE", shop.user)
    await asked(shop.as_acting, "ORG_TFA_POLICY_SET")
    await asked(shop.as_acting, "ORG_DASHBOARD_EDIT")
    other = shop.world.acting_in(await shop.world.session(shop.access, PartnerRole.OWNER))
    await asked(other, RESET, shop.user)
    assert len(await shop.world.rows(escalation)) == 6


async def test_lets_the_same_be_asked_for_under_another_access(shop: Shop) -> None:
    await asked(shop.as_acting, RESET, shop.user)
    await shop.world.change(partner_access, shop.access["id"], state=AccessState.ENDED)
    fresh = await shop.world.access(shop.organisation)
    await asked(shop.world.acting_in(await shop.world.session(fresh)), RESET, shop.user)


@pytest.mark.parametrize("task", [RESET, "ORG_TFA_POLICY_SET"])
async def test_takes_one_of_two_that_are_asked_for_at_once(task: str, shop: Shop) -> None:
    target = {"userId": node_id("OrgUser", shop.user)} if task == RESET else {}
    answers = await asyncio.gather(*(ask(shop, task=task, **target) for _ in range(2)))
    assert sorted(answer.user_codes for answer in answers) in ([[], ["ALREADY_REQUESTED"]], [[], ["BUSY"]])
    assert len(await shop.world.rows(escalation)) == 1
