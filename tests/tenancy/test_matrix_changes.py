"""Every cell of the tables over HTTP for what changes something: made, or denied by its rule with nothing changed."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pytest

from schema import node_ids
from storage.base import new_id
from tests.factories.clients import Answer
from tests.factories.principals import ASKERS, SIGNED_IN, Asker
from tests.factories.worlds import MUTATIONS, guard_of, input_of, mutation_document, mutation_fields, samples
from tests.tenancy.conftest import Ground
from tests.tenancy.expectations import NOT_AD, NOT_SA, SELF, VERIFIED, expected
from tests.tenancy.inputs import accepted, at_once, said, target_of
from tests.tenancy.stages import House
from tests.tenancy.test_matrix import batches
from tests.tenancy.visibility import house_of

GUARDS: Final = {mutation: str(guard_of(mutation_fields()[mutation])) for mutation in MUTATIONS}
everybody = pytest.mark.parametrize("asker", ASKERS, ids=str)
signed_in = pytest.mark.parametrize("asker", SIGNED_IN, ids=str)


def rule_of(answer: Answer) -> str | None:
    """Return the rule by which a change was denied; None where it was made, otherwise what stood in its way."""
    return ", ".join(answer.codes) if answer.errors else told(answer.payload)


def told(payload: Mapping[str, Any]) -> str | None:
    """Return the same of one change of several that were asked for at once."""
    errors = payload["userErrors"]
    if not errors:
        return None
    codes = ", ".join(error["code"] for error in errors)
    if codes == "NOT_FOUND":
        return codes
    return errors[0]["rule"] if codes == "FORBIDDEN" else f"{codes}: {errors[0]['message']}"


def nothing_given(answer: Answer) -> bool:
    """Tell whether an answer holds nothing of what should have been changed."""
    return holds_nothing(answer.payload)


def holds_nothing(payload: Mapping[str, Any]) -> bool:
    """Tell the same of one change of several that were asked for at once."""
    return all(value is None for name, value in payload.items() if name != "userErrors")


@everybody
async def test_a_change_that_is_denied_changes_nothing_and_says_the_same_of_everything(
    ground: Ground, asker: Asker
) -> None:
    unknown = {kind: node_ids.encode(kind, new_id()) for kind in node_ids.KINDS}
    strange = {**unknown, "Node": unknown["ChildOrg"]}
    denied = [mutation for mutation in MUTATIONS if not expected(asker, GUARDS[mutation]).held]
    before, wrong = await ground.all_sums(), {}
    for batch in batches(denied):
        answer, other = [
            await ask_at_once(ground, asker, [(mutation, samples(input_of(mutation), ids)) for mutation in batch])
            for ids in (house_of(asker, ground.mine).chosen, strange)
        ]
        assert said(answer) == said(other)
        if asker.kind is None:
            assert (answer.status, answer.codes, answer.partial) == (401, ["UNAUTHENTICATED"], None)
            continue
        for mutation, payload in zip(batch, answer.data.values(), strict=True):
            if told(payload) != expected(asker, GUARDS[mutation]).rule or not holds_nothing(payload):
                wrong[mutation] = (told(payload), expected(asker, GUARDS[mutation]).rule)
    assert wrong == {}
    assert await ground.all_sums() == before


async def ask_at_once(ground: Ground, asker: Asker, asks: Sequence[tuple[str, Mapping[str, Any]]]) -> Answer:
    document, inputs = at_once(asks)
    return await ground.ask(asker).run(document, **inputs)


def targets(ground: Ground, asker: Asker, condition: str, house: House) -> tuple[list[str | None], list[str]]:
    """Return ids of whom a condition holds, None standing for the example's own, and of whom it does not."""
    shop = house.shop
    sa, ad, me = (node_ids.encode("OrgUser", user["id"]) for user in (shop.super_admin, shop.admin, shop.user))
    if condition == SELF:
        own = next(
            user
            for user in (shop.super_admin, shop.admin, shop.user)
            if user["membership_id"] == ground.identity(asker.name).membership_id
        )
        return [node_ids.encode("OrgUser", own["id"])], [
            identifier for identifier in (sa, ad, me) if identifier != node_ids.encode("OrgUser", own["id"])
        ]
    if condition == VERIFIED:
        return [None], [ground.mine.houses["lodge"].chosen["ChildOrg"]]
    return [None], {NOT_SA: [sa], NOT_AD: [sa, ad]}[condition]


@signed_in
async def test_a_change_that_is_held_is_made_towards_whom_the_table_says(ground: Ground, asker: Asker) -> None:
    house, wrong = house_of(asker, ground.mine), {}
    blind = expected(asker, "ORG_READ").condition == SELF  # who sees only itself is told of nobody else
    for mutation in MUTATIONS:
        outcome = expected(asker, GUARDS[mutation])
        if not outcome.held:
            continue
        fits, other = targets(ground, asker, outcome.condition, house) if outcome.condition else ([None], [])
        for identifier in (*fits, *other):
            given = await accepted(mutation, house, ground.joined[asker.name])
            if identifier is not None:
                given[target_of(mutation, str((node_ids.decode(identifier) or ("",))[0]))] = identifier
            before, beyond = await ground.all_sums(), await ground.outside(asker)
            answer = await ground.ask(asker).run(mutation_document(mutation), input=given)
            changed = await ground.all_sums() != before
            assert await ground.outside(asker) == beyond, mutation
            await ground.kept.restore()
            due = outcome.towards(fits=identifier in fits)
            rule = None if due.held else "NOT_FOUND" if outcome.condition == SELF and blind else due.rule
            if (rule_of(answer), changed) != (rule, due.held):
                wrong[mutation, identifier] = (rule_of(answer), changed, due)
            assert due.held or nothing_given(answer)
    assert wrong == {}


def test_every_change_is_made_by_somebody_and_denied_to_somebody() -> None:
    for mutation, privilege in GUARDS.items():
        outcomes: set[Any] = {expected(asker, privilege).held for asker in SIGNED_IN}
        assert outcomes == {True, False}, mutation


async def _administrator(_ground: Ground) -> dict[str, Any]:
    return {"administrator": True}


async def _own_card(ground: Ground) -> dict[str, Any]:
    return {"cardId": node_ids.encode("PaymentCard", (await ground.mine.world.card())["id"])}


async def _their_card(ground: Ground) -> dict[str, Any]:
    return {"cardId": ground.mine.home.chosen["PaymentCard"]}


async def _nothing_more(_ground: Ground) -> dict[str, Any]:
    return {}


FURTHER: Final = (
    ("orgUserCreate", "USER_ROLE_SET_ADMIN", _administrator),
    ("subscriptionCreate", "RESELLER_CARD_CHOOSE", _own_card),
    ("subscriptionCreate", "CUSTOMER_CARD_CHOOSE", _their_card),
    ("changeRequestApprove", "SUBSCRIPTION_CHANGE", _nothing_more),
)
"""Changes that take a further privilege when their input asks for more."""


@pytest.mark.parametrize(("mutation", "further", "more"), FURTHER, ids=[f"{case[0]}-{case[1]}" for case in FURTHER])
@signed_in
async def test_what_an_input_implies_takes_its_own_privilege(
    ground: Ground, asker: Asker, mutation: str, further: str, more: Any
) -> None:
    first, second = expected(asker, GUARDS[mutation]), expected(asker, further)
    given = await accepted(mutation, house_of(asker, ground.mine), ground.joined[asker.name])
    given.update(await more(ground))
    before = await ground.all_sums()
    answer = await ground.ask(asker).run(mutation_document(mutation), input=given)
    changed = await ground.all_sums() != before
    await ground.kept.restore()
    held = first.held and second.held
    # Of a card that is not one of its clients' a fenced script knows nothing.
    hidden = first.held and asker.fenced and further == "RESELLER_CARD_CHOOSE"
    due = None if held else "NOT_FOUND" if hidden else second.rule if first.held else first.rule
    assert (rule_of(answer), changed) == (due, held)


def test_every_principal_of_a_partner_lacks_some_of_what_an_input_implies() -> None:
    for mutation, further, _more in FURTHER:
        both = {(expected(asker, GUARDS[mutation]).held, expected(asker, further).held) for asker in SIGNED_IN}
        assert (True, True) in both
