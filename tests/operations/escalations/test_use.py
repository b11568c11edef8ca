"""An approved escalation is used once: for its task and target, by whoever asked, under the same access."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from storage.accesses import AccessState, partner_access
from storage.base import now
from storage.escalations import escalation
from storage.identity import membership
from storage.org_settings import org_settings
from storage.org_users import org_user
from storage.partners import PartnerRole
from tests.factories.clients import Answer, GatewayClient
from tests.operations.changes import ERRORS, Shop, trail_of
from tests.operations.conftest import Unchanged
from tests.operations.escalations.steps import approved, asked, change, mails
from tests.operations.org_users.people import assert_denied
from tests.operations.worlds import Row, node_id

RESET = """
mutation($input: OrgUserResetPasswordInput!) {
  orgUserResetPassword(input: $input) { user { id version } %s }
}"""
SET_POLICY = """
mutation($input: OrganisationSetTfaPolicyInput!) {
  organisationSetTfaPolicy(input: $input) { settings { id version tfaPolicy } %s }
}"""
DENIED = "PARTNER_DENIED_RESET_PASSWORD"


async def reset(caller: GatewayClient, user: Row, **given: Any) -> Answer:
    return await caller.run(RESET % ERRORS, input={"id": node_id("OrgUser", user), **given})


async def set_policy(caller: GatewayClient, policy: str = "REQUIRED", **given: Any) -> Answer:
    return await caller.run(SET_POLICY % ERRORS, input={"policy": policy, **given})


async def state_of(shop: Shop) -> list[tuple[str, int]]:
    return [(row["state"], row["version"]) for row in await shop.world.rows(escalation)]


async def epoch_of(shop: Shop, user: Row) -> int:
    found: int = (await shop.world.row(membership, user["membership_id"]))["epoch"]
    return found


async def test_is_denied_asked_for_approved_used_and_denied_again(shop: Shop, unchanged: Unchanged) -> None:
    async with unchanged():
        denied = await reset(shop.as_acting, shop.user)
    assert_denied(denied, DENIED)
    assert "super admin" in denied.user_errors[0]["whoCan"]
    assert "escalationRequest (task USER_RESET_PASSWORD)" in denied.user_errors[0]["howToRequest"]

    made = await asked(shop.as_acting, "USER_RESET_PASSWORD", shop.user)
    async with unchanged():
        assert_denied(await reset(shop.as_acting, shop.user), DENIED)
    given = {"id": made["id"]}
    assert (await change(shop.as_super_admin, "escalationApprove", **given)).user_errors == []

    answer = await reset(shop.as_acting, shop.user)
    assert answer.user_errors == []
    row = await shop.world.row(org_user, shop.user["id"])
    assert row["password_invalid_before"] == row["updated_at"]
    assert await epoch_of(shop, shop.user) == 2
    (used,) = await shop.world.rows(escalation)
    assert (used["state"], used["used_at"], used["version"]) == ("USED", row["updated_at"], 3)
    assert (await mails(shop.world))[-1] == ("mail.password_link", {"user_id": str(shop.user["id"])})

    async with unchanged():
        assert_denied(await reset(shop.as_acting, shop.user), DENIED)
        assert_denied(await reset(shop.as_acting, shop.user, idempotencyKey="another"), DENIED)


async def test_tells_the_trail_of_request_decision_use_and_effect(shop: Shop) -> None:
    await reset(shop.as_acting, shop.user)
    await approved(shop, "USER_RESET_PASSWORD", shop.user)
    answer = await reset(shop.as_acting, shop.user)
    (row,) = await shop.world.rows(escalation)
    denial, request, decision, use, effect = (await trail_of(shop.world)).entries
    assert (denial["outcome"], denial["rule"]) == ("DENIED", DENIED)
    assert [entry["escalation_id"] for entry in (denial, request, decision)] == [None] * 3
    assert [entry["escalation_id"] for entry in (use, effect)] == [row["id"]] * 2
    assert [entry["operation"] for entry in (request, decision, use, effect)] == [
        "escalationRequest",
        "escalationApprove",
        "orgUserResetPassword",
        "orgUserResetPassword",
    ]
    assert (use["target_kind"], use["target_id"]) == ("escalation", row["id"])
    assert (use["before"]["state"], use["after"]["state"]) == ("APPROVED", "USED")
    assert (effect["target_kind"], effect["target_id"]) == ("org_user", shop.user["id"])
    for entry in (use, effect):
        assert entry["privilege"] == "USER_RESET_PASSWORD"
        assert entry["actor_membership_id"] == shop.world.memberships[PartnerRole.ADMIN]
        assert entry["acting_session_id"] == shop.session["id"]
        assert entry["request_id"] == answer.headers["x-request-id"]


async def test_opens_a_task_about_the_organisation_once(shop: Shop, unchanged: Unchanged) -> None:
    async with unchanged():
        assert_denied(await set_policy(shop.as_acting), "PARTNER_DENIED_TFA_POLICY")
    await approved(shop, "ORG_TFA_POLICY_SET")
    answer = await set_policy(shop.as_acting)
    assert answer.user_errors == []
    assert answer.payload["settings"]["tfaPolicy"] == "REQUIRED"
    async with unchanged():
        assert_denied(await set_policy(shop.as_acting, "OFF"), "PARTNER_DENIED_TFA_POLICY")
    (settings,) = await shop.world.rows(org_settings)
    assert settings["tfa_policy"] == "REQUIRED"


async def test_gives_a_retry_with_the_same_key_the_result_and_no_second_effect(
    shop: Shop, unchanged: Unchanged
) -> None:
    await approved(shop, "USER_RESET_PASSWORD", shop.user)
    first = await reset(shop.as_acting, shop.user, idempotencyKey="once")
    assert first.user_errors == []
    async with unchanged():
        again = await reset(shop.as_acting, shop.user, idempotencyKey="once")
    assert again.payload == first.payload
    assert await epoch_of(shop, shop.user) == 2


async def test_opens_nothing_for_whoever_acts_in_the_same_organisation(shop: Shop, unchanged: Unchanged) -> None:
    await approved(shop, "USER_RESET_PASSWORD", shop.user)
    for role in (PartnerRole.OWNER, PartnerRole.SUPPORT):
        colleague = shop.world.acting_in(await shop.world.session(shop.access, role))
        async with unchanged():
            assert_denied(await reset(colleague, shop.user), DENIED)
    async with unchanged():
        outside = await reset(shop.world.acting(PartnerRole.ADMIN), shop.user)
    assert_denied(outside, DENIED)
    assert await state_of(shop) == [("APPROVED", 2)]


async def test_opens_no_other_target_and_no_other_task(shop: Shop, unchanged: Unchanged) -> None:
    await approved(shop, "USER_RESET_PASSWORD", shop.user)
    delete = f"mutation($input: OrgUserDeleteInput!) {{ orgUserDelete(input: $input) {{ user {{ id }} {ERRORS} }} }}"
    async with unchanged():
        assert_denied(await reset(shop.as_acting, shop.admin), DENIED)
        assert_denied(await set_policy(shop.as_acting), "PARTNER_DENIED_TFA_POLICY")
        deleted = await shop.as_acting.run(delete, input={"id": node_id("OrgUser", shop.user)})
        assert_denied(deleted, "PARTNER_DENIED_DELETE_USER")
    assert await state_of(shop) == [("APPROVED", 2)]
    assert (await reset(shop.as_acting, shop.user)).user_errors == []


async def test_of_the_same_task_one_about_a_user_opens_nothing_about_the_organisation(
    shop: Shop, unchanged: Unchanged
) -> None:
    await approved(shop, "ORG_DASHBOARD_EDIT")
    async with unchanged():
        assert_denied(await set_policy(shop.as_acting), "PARTNER_DENIED_TFA_POLICY")
        assert_denied(await reset(shop.as_acting, shop.user), DENIED)


async def anew(shop: Shop) -> GatewayClient:
    """End the access, grant one anew, and act under that one."""
    await shop.world.change(partner_access, shop.access["id"], state=AccessState.ENDED)
    return shop.world.acting_in(await shop.world.session(await shop.world.access(shop.organisation)))


async def an_hour_later(shop: Shop) -> GatewayClient:
    """Let the hour pass."""
    (row,) = await shop.world.rows(escalation)
    await shop.world.change(escalation, row["id"], usable_until=now() - timedelta(microseconds=1))
    return shop.as_acting


async def declined(shop: Shop) -> GatewayClient:
    """Decide otherwise, behind the gateway's back."""
    (row,) = await shop.world.rows(escalation)
    await shop.world.change(escalation, row["id"], state="DECLINED")
    return shop.as_acting


TOO_LATE: dict[str, Callable[[Shop], Awaitable[GatewayClient]]] = {
    "under an access that was granted anew": anew,
    "an hour later": an_hour_later,
    "once it is declined": declined,
}


@pytest.mark.parametrize("why", TOO_LATE)
async def test_opens_nothing(why: str, shop: Shop, unchanged: Unchanged) -> None:
    await approved(shop, "USER_RESET_PASSWORD", shop.user)
    caller = await TOO_LATE[why](shop)
    async with unchanged():
        assert_denied(await reset(caller, shop.user), DENIED)


async def test_opens_nothing_once_the_access_is_revoked(shop: Shop, unchanged: Unchanged) -> None:
    await approved(shop, "USER_RESET_PASSWORD", shop.user)
    await shop.world.change(partner_access, shop.access["id"], state=AccessState.ENDED)
    async with unchanged():
        answer = await reset(shop.as_acting, shop.user)
    assert (answer.status, answer.codes) == (401, ["UNAUTHENTICATED"])


async def test_is_not_used_up_by_a_change_that_fails(shop: Shop, unchanged: Unchanged) -> None:
    await approved(shop, "USER_RESET_PASSWORD", shop.user)
    async with unchanged():
        answer = await reset(shop.as_acting, shop.user, expectedVersion=9)
    assert answer.user_codes == ["STALE_VERSION"]
    assert await state_of(shop) == [("APPROVED", 2)]
    assert (await reset(shop.as_acting, shop.user, expectedVersion=1)).user_errors == []


async def test_is_used_by_one_of_two_at_once(shop: Shop) -> None:
    await approved(shop, "USER_RESET_PASSWORD", shop.user)
    answers = await asyncio.gather(*(reset(shop.as_acting, shop.user) for _ in range(2)))
    assert sorted(answer.user_codes for answer in answers) in ([[], ["FORBIDDEN"]], [[], ["BUSY"]])
    assert await epoch_of(shop, shop.user) == 2
    assert await state_of(shop) == [("USED", 3)]


async def test_waits_for_another_use_and_is_denied_once_that_is_done(shop: Shop, unchanged: Unchanged) -> None:
    await approved(shop, "USER_RESET_PASSWORD", shop.user)
    (row,) = await shop.world.rows(escalation)
    owner = shop.world.owner
    await (first := owner.transaction()).start()
    await owner.execute("SELECT FROM gateway.escalation WHERE id = $1 FOR UPDATE", row["id"])
    blocked = await reset(shop.as_acting, shop.user)
    await first.rollback()
    assert blocked.user_codes == ["BUSY"]
    assert blocked.user_errors[0]["retryable"] is True
    assert await state_of(shop) == [("APPROVED", 2)]
    await shop.world.change(escalation, row["id"], state="USED")
    async with unchanged():
        assert_denied(await reset(shop.as_acting, shop.user), DENIED)


async def test_is_used_up_by_a_change_that_finds_nothing_to_do(shop: Shop) -> None:
    assert (await set_policy(shop.as_super_admin)).user_errors == []
    await approved(shop, "ORG_TFA_POLICY_SET")
    answer = await set_policy(shop.as_acting, idempotencyKey="once")
    assert answer.user_errors == []
    assert await state_of(shop) == [("USED", 3)]
    assert (await trail_of(shop.world)).types[-1] == "escalation.used"
    assert (await set_policy(shop.as_acting, idempotencyKey="once")).payload == answer.payload
