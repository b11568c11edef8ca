"""An escalation that is good but for one thing lifts nothing; a good one lifts its task once, for whoever asked."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import pytest

from schema import node_ids
from storage.base import new_id, now
from storage.escalations import EscalationState
from tenancy.policy import ABOUT_A_USER, DENIED_TO_PARTNERS
from tenancy.privileges import Privilege
from tests.factories.principals import ACTING, Asker
from tests.factories.worlds import MUTATIONS, guard_of, mutation_document, mutation_fields
from tests.tenancy.conftest import Ground
from tests.tenancy.expectations import expected
from tests.tenancy.inputs import accepted, target_of
from tests.tenancy.stages import escalated
from tests.tenancy.test_matrix_changes import nothing_given, rule_of
from tests.tenancy.visibility import house_of

GUARDS: Final = {mutation: Privilege(str(guard_of(mutation_fields()[mutation]))) for mutation in MUTATIONS}
TASKS: Final = [mutation for mutation in MUTATIONS if GUARDS[mutation] in DENIED_TO_PARTNERS]
actors = pytest.mark.parametrize("asker", ACTING, ids=str)
tasks = pytest.mark.parametrize("mutation", TASKS)


def may_act(asker: Asker) -> bool:
    """Tell whether somebody's role acts at all."""
    return expected(asker, "ESCALATION_REQUEST").held


async def wanted(ground: Ground, asker: Asker, mutation: str) -> tuple[dict[str, Any], UUID | None]:
    """Return an accepted input under no key, and the user that it is about."""
    given = await accepted(mutation, house_of(asker, ground.mine), ground.joined[asker.name])
    given.pop("idempotencyKey", None)
    if GUARDS[mutation] not in ABOUT_A_USER:
        return given, None
    decoded = node_ids.decode(given[target_of(mutation, "OrgUser")])
    assert decoded is not None
    return given, decoded[1]


def good(ground: Ground, asker: Asker, mutation: str, about: UUID | None) -> dict[str, Any]:
    """Return what makes an escalation usable for a change."""
    return {
        "task": GUARDS[mutation],
        "user_id": about,
        "requested_by": ground.joined[asker.name].membership_id,
        "state": EscalationState.APPROVED,
        "usable_until": now() + timedelta(minutes=30),
    }


def wrong(ground: Ground, asker: Asker, mutation: str, about: UUID | None) -> Iterator[dict[str, Any]]:
    """Walk what makes it useless, one thing at a time."""
    places = ground.mine.world.memberships
    yield {"requested_by": next(place for role, place in places.items() if role != asker.role)}
    yield {"requested_by": house_of(asker, ground.mine).shop.super_admin["membership_id"]}
    yield {"usable_until": now() - timedelta(milliseconds=1)}
    yield {"usable_until": None}
    yield {"access_id": ground.mine.houses["ruin"].shop.access["id"]}
    yield {"task": next(task for task in sorted(DENIED_TO_PARTNERS) if task != GUARDS[mutation])}
    yield {"user_id": new_id()}
    yield {"user_id": house_of(asker, ground.mine).shop.super_admin["id"] if about is None else None}
    yield from ({"state": state} for state in EscalationState if state is not EscalationState.APPROVED)


@actors
@tasks
async def test_one_that_is_wrong_in_one_thing_lifts_nothing(ground: Ground, asker: Asker, mutation: str) -> None:
    await ground.kept.restore()
    house = house_of(asker, ground.mine)
    given, about = await wanted(ground, asker, mutation)
    for fault in wrong(ground, asker, mutation, about):
        await escalated(house.shop, **{**good(ground, asker, mutation, about), **fault})
    await escalated(ground.mine.houses["cottage"].shop, **good(ground, asker, mutation, about))
    before = await ground.all_sums()
    answer = await ground.ask(asker).run(mutation_document(mutation), input=given)
    assert rule_of(answer) == expected(asker, GUARDS[mutation]).rule
    assert nothing_given(answer)
    assert await ground.all_sums() == before
    await ground.kept.restore()


@actors
@tasks
async def test_a_good_one_lifts_its_task_once_for_a_role_that_acts(ground: Ground, asker: Asker, mutation: str) -> None:
    await ground.kept.restore()
    given, about = await wanted(ground, asker, mutation)
    await escalated(house_of(asker, ground.mine).shop, **good(ground, asker, mutation, about))
    before = await ground.all_sums()
    head, _, rest = mutation_document(mutation).partition("{")
    body = rest.rpartition("}")[0]
    answer = await ground.ask(asker).run(f"{head} {{ first: {body} second: {body} }}", input=given)
    made = [not payload["userErrors"] for payload in answer.data.values()]
    assert made == [may_act(asker), False]
    assert (await ground.all_sums() != before) is may_act(asker)
    used = "SELECT count(*) FROM gateway.escalation WHERE partner_id = $1 AND state = 'USED'"
    assert await ground.owner.fetchval(used, ground.mine.partner_id) == may_act(asker)
    await ground.kept.restore()


def test_there_is_somebody_whose_role_acts_and_somebody_whose_does_not() -> None:
    assert {may_act(asker) for asker in ACTING} == {True, False}
