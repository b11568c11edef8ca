"""Tasks that are denied to partners, done by an approved escalation: once, by who asked, for what was asked."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from storage.base import now
from storage.escalations import EscalationState, escalation
from storage.events import outbox
from storage.org_settings import org_settings
from storage.partners import PartnerRole
from tenancy.privileges import Privilege
from tests.operations.changes import Shop, trail_of
from tests.operations.conftest import Unchanged
from tests.operations.org_users.people import acting, approved, assert_denied, change, made, now_of, of, seen_as

RESET = "orgUserResetPassword"
RESET_RULE = "PARTNER_DENIED_RESET_PASSWORD"
POLICY = "organisationSetTfaPolicy"
POLICY_RULE = "PARTNER_DENIED_TFA_POLICY"


async def test_resets_a_password_once(shop: Shop, unchanged: Unchanged) -> None:
    asked = await approved(shop, Privilege.USER_RESET_PASSWORD, shop.user)
    await made(shop.as_acting, RESET, id=of(shop.user))
    assert await seen_as(shop.as_user) is None
    assert [job["kind"] for job in await shop.world.rows(outbox)] == ["mail.password_link"]
    used = await shop.world.row(escalation, asked["id"])
    assert (used["state"], used["version"]) == (EscalationState.USED, 2)
    assert used["used_at"]
    async with unchanged():
        assert_denied(await change(shop.as_acting, RESET, id=of(shop.user)), RESET_RULE)


async def test_tells_the_trail_by_which_escalation_and_session(shop: Shop) -> None:
    asked = await approved(shop, Privilege.USER_RESET_PASSWORD, shop.user)
    await made(shop.as_acting, RESET, id=of(shop.user))
    trail = await trail_of(shop.world)
    assert trail.types == ["escalation.used", "org_user.password_reset"]
    assert {entry["escalation_id"] for entry in trail.entries} == {asked["id"]}
    assert {entry["acting_session_id"] for entry in trail.entries} == {shop.session["id"]}


async def test_sets_the_policy_of_the_organisation_once(shop: Shop, unchanged: Unchanged) -> None:
    await approved(shop, Privilege.ORG_TFA_POLICY_SET)
    settings = await made(shop.as_acting, POLICY, "settings", policy="REQUIRED")
    assert settings["tfaPolicy"] == "REQUIRED"
    async with unchanged():
        assert_denied(await change(shop.as_acting, POLICY, "settings", policy="OFF"), POLICY_RULE)
    (row,) = await shop.world.rows(org_settings)
    assert row["tfa_policy"] == "REQUIRED"


async def test_is_for_no_other_user_and_no_other_task(shop: Shop, unchanged: Unchanged) -> None:
    await approved(shop, Privilege.USER_RESET_PASSWORD, shop.user)
    await approved(shop, Privilege.USER_DELETE, shop.admin)
    async with unchanged():
        assert_denied(await change(shop.as_acting, RESET, id=of(shop.admin)), RESET_RULE)
        assert_denied(await change(shop.as_acting, "orgUserDelete", id=of(shop.user)), "PARTNER_DENIED_DELETE_USER")
        assert_denied(await change(shop.as_acting, POLICY, "settings", policy="OFF"), POLICY_RULE)


async def test_is_for_no_other_member_of_the_partner(shop: Shop, unchanged: Unchanged) -> None:
    await approved(shop, Privilege.USER_RESET_PASSWORD, shop.user)
    await approved(shop, Privilege.ORG_TFA_POLICY_SET)
    owner, itself = await acting(shop, PartnerRole.OWNER), shop.world.acting(PartnerRole.ADMIN)
    async with unchanged():
        for caller in (owner, itself):
            assert_denied(await change(caller, RESET, id=of(shop.user)), RESET_RULE)
            assert_denied(await change(caller, POLICY, "settings", policy="OFF"), POLICY_RULE)


async def test_is_for_the_access_under_which_it_was_asked_for(shop: Shop, unchanged: Unchanged) -> None:
    other = await shop.world.access(shop.organisation, state="ENDED")
    for task, about in ((Privilege.USER_RESET_PASSWORD, shop.user), (Privilege.ORG_TFA_POLICY_SET, None)):
        await approved(shop, task, about, access_id=other["id"])
    async with unchanged():
        assert_denied(await change(shop.as_acting, RESET, id=of(shop.user)), RESET_RULE)
        assert_denied(await change(shop.as_acting, POLICY, "settings", policy="OFF"), POLICY_RULE)


@pytest.mark.parametrize(
    "values",
    [
        {"usable_until": now() - timedelta(seconds=1)},
        {"state": EscalationState.REQUESTED},
        {"state": EscalationState.DECLINED},
        {"state": EscalationState.WITHDRAWN},
        {"state": EscalationState.USED},
    ],
    ids=["too late", "requested", "declined", "withdrawn", "used"],
)
async def test_is_usable_while_it_is_approved_and_not_later(
    values: dict[str, Any], shop: Shop, unchanged: Unchanged
) -> None:
    await approved(shop, Privilege.USER_RESET_PASSWORD, shop.user, **values)
    await approved(shop, Privilege.ORG_TFA_POLICY_SET, **values)
    async with unchanged():
        assert_denied(await change(shop.as_acting, RESET, id=of(shop.user)), RESET_RULE)
        assert_denied(await change(shop.as_acting, POLICY, "settings", policy="OFF"), POLICY_RULE)


async def test_is_not_used_up_by_a_change_that_is_refused(shop: Shop, unchanged: Unchanged) -> None:
    await approved(shop, Privilege.USER_RESET_PASSWORD, shop.user)
    async with unchanged():
        answer = await change(shop.as_acting, RESET, id=of(shop.user), expectedVersion=7)
    assert answer.user_codes == ["STALE_VERSION"]
    assert await made(shop.as_acting, RESET, id=of(shop.user), expectedVersion=1)


async def test_answers_a_retry_with_the_same_key_and_uses_nothing_again(shop: Shop, unchanged: Unchanged) -> None:
    await approved(shop, Privilege.USER_RESET_PASSWORD, shop.user)
    given = {"id": of(shop.user), "idempotencyKey": "once"}
    first = await made(shop.as_acting, RESET, **given)
    await approved(shop, Privilege.USER_RESET_PASSWORD, shop.user)
    async with unchanged():
        assert await made(shop.as_acting, RESET, **given) == first


async def test_is_used_once_when_two_ask_at_the_same_time(shop: Shop) -> None:
    await approved(shop, Privilege.USER_RESET_PASSWORD, shop.user)
    answers = await asyncio.gather(*(change(shop.as_acting, RESET, id=of(shop.user)) for _ in range(3)))
    codes = [code for answer in answers for code in answer.user_codes]
    assert len(codes) == 2
    assert set(codes) <= {"FORBIDDEN", "BUSY"}
    assert (await now_of(shop, shop.user))["version"] == 2


async def test_does_not_delete_the_super_admin(shop: Shop, unchanged: Unchanged) -> None:
    await approved(shop, Privilege.USER_DELETE, shop.super_admin)
    async with unchanged():
        answer = await change(shop.as_acting, "orgUserDelete", id=of(shop.super_admin))
    assert answer.user_codes == ["ILLEGAL_TRANSITION"]
