"""Taking an escalation back; what holds for every change is in test_changes."""

import pytest

from storage.base import now
from storage.escalations import EscalationState
from storage.partners import PartnerRole
from tests.operations.changes import Shop, trail_of
from tests.operations.conftest import Unchanged
from tests.operations.escalations.examples import stored_escalation
from tests.operations.escalations.steps import answered, approved, asked, change, mails
from tests.operations.org_users.people import assert_denied, of
from tests.operations.org_users.people import change as change_user
from tests.operations.worlds import node_id

FIELD = "escalationWithdraw"


@pytest.mark.parametrize("who", ["super admin", "administrator", "owner"])
async def test_denies_whoever_does_not_act(who: str, shop: Shop, unchanged: Unchanged) -> None:
    row = await stored_escalation(shop)
    caller = {"super admin": shop.as_super_admin, "administrator": shop.as_admin, "owner": shop.world.boss}[who]
    async with unchanged():
        answer = await change(caller, FIELD, id=node_id("Escalation", row))
    assert answer.user_codes == ["FORBIDDEN"]


async def test_tells_a_colleague_whose_it_is(shop: Shop, unchanged: Unchanged) -> None:
    row = await stored_escalation(shop)
    colleague = shop.world.acting_in(await shop.world.session(shop.access, PartnerRole.OWNER))
    async with unchanged():
        answer = await change(colleague, FIELD, id=node_id("Escalation", row))
    assert answer.user_codes == ["NOT_YOURS"]
    assert answer.user_errors[0]["path"] == ["input", "id"]
    assert answer.user_errors[0]["message"] == "Only Admin, who asked for it, can take it back."


async def test_takes_back_what_waits_for_an_answer(shop: Shop) -> None:
    before = await asked(shop.as_acting, "USER_RESET_PASSWORD", shop.user)
    assert (await answered(shop.as_acting, FIELD, before["id"], expectedVersion=1))["state"] == "WITHDRAWN"
    trail = await trail_of(shop.world)
    assert trail.types == ["escalation.requested", "escalation.withdrawn"]
    assert [kind for kind, _payload in await mails(shop.world)] == ["mail.escalation_requested"]


async def test_takes_back_what_was_approved_so_that_it_opens_nothing(shop: Shop, unchanged: Unchanged) -> None:
    before = await approved(shop, "USER_RESET_PASSWORD", shop.user)
    assert (await answered(shop.as_acting, FIELD, before["id"]))["state"] == "WITHDRAWN"
    async with unchanged():
        answer = await change_user(shop.as_acting, "orgUserResetPassword", id=of(shop.user))
    assert_denied(answer, "PARTNER_DENIED_RESET_PASSWORD")


@pytest.mark.parametrize("state", [EscalationState.DECLINED, EscalationState.WITHDRAWN, EscalationState.USED])
async def test_refuses_what_is_over(state: EscalationState, shop: Shop, unchanged: Unchanged) -> None:
    row = await stored_escalation(shop, state=state, used_at=now())
    async with unchanged():
        answer = await change(shop.as_acting, FIELD, id=node_id("Escalation", row))
    assert answer.user_codes == ["ILLEGAL_TRANSITION"]
    assert answer.user_errors[0]["message"] == f"An escalation that is {state} cannot be withdrawn."
