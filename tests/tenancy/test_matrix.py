"""Every cell of the tables over HTTP, both ways: what may be read is read, what may not is denied by its rule."""

from collections.abc import Iterator, Sequence
from typing import Any, Final, TypeVar

import pytest
from graphql import is_required_argument

from schema import node_ids
from storage.identity import MembershipKind
from tenancy.privileges import Privilege
from tests.factories.clients import Answer
from tests.factories.principals import ASKERS, SIGNED_IN, Asker
from tests.factories.worlds import (
    GRAPHQL,
    KINDS,
    guard_of,
    guarded_fields,
    query_fields,
    read_privilege,
    sample,
    shown,
)
from tests.tenancy.conftest import Ground
from tests.tenancy.expectations import NOT_AD, NOT_SA, SELF, VERIFIED, Outcome, expected
from tests.tenancy.visibility import LEVELS, every_row, house_of, seen

_Item = TypeVar("_Item")
everybody = pytest.mark.parametrize("asker", ASKERS, ids=str)
signed_in = pytest.mark.parametrize("asker", SIGNED_IN, ids=str)
MOST: Final = 12
"""How many fields of the root one document may ask for."""


def batches(items: Sequence[_Item], size: int = MOST) -> Iterator[Sequence[_Item]]:
    """Cut a sequence into parts that one document takes."""
    yield from (items[start : start + size] for start in range(0, len(items), size))


def denial(answer: Answer, path: list[Any]) -> dict[str, Any] | None:
    """Return what is told of a field that could not be read; None where it could."""
    found = [error for error in answer.errors if error["path"] == path]
    assert len(found) <= 1
    return found[0]["extensions"] if found else None


def told(extensions: dict[str, Any] | None) -> str | None:
    """Return the rule of a denial, of another error its code."""
    if extensions is None:
        return None
    if extensions["code"] != "FORBIDDEN":
        return str(extensions["code"])
    assert not extensions["retryable"]
    return str(extensions["rule"])


def wanted(outcome: Outcome) -> str | None:
    """Return what is told of a field that takes a privilege; None where it is answered."""
    return None if outcome.held else outcome.rule


# What one may, asked.


async def towards(ground: Ground, asker: Asker, condition: str | None) -> list[tuple[str, bool]]:
    """Return targets, and whether a condition holds of each."""
    house = house_of(asker, ground.mine)
    shop = house.shop
    users = {"sa": shop.super_admin, "ad": shop.admin, "me": shop.user}
    ids = {name: node_ids.encode("OrgUser", user["id"]) for name, user in users.items()}
    own = next(
        (name for name, user in users.items() if user["membership_id"] == ground.identity(asker.name).membership_id), ""
    )
    lodge = ground.mine.houses["lodge"].chosen["ChildOrg"]
    return {
        SELF: [(ids[name], name == own) for name in users],
        NOT_SA: [(ids[name], name != "sa") for name in users],
        NOT_AD: [(ids[name], name == "me") for name in users],
        VERIFIED: [(ground.mine.home.chosen["ChildOrg"], True), (lodge, False)],
    }.get(str(condition), [])


@signed_in
async def test_what_one_may_is_answered_as_the_tables_say(ground: Ground, asker: Asker) -> None:
    cases = [(privilege.value, "", expected(asker, privilege)) for privilege in Privilege]
    for privilege in Privilege:
        outcome = expected(asker, privilege)
        for target, fits in await towards(ground, asker, outcome.condition):
            cases.append((privilege.value, f', targetId: "{target}"', outcome.towards(fits=fits)))
    wrong = []
    for batch in batches(cases):
        fields = " ".join(
            f"a{n}: viewerCan(privilege: {privilege}{target}) {{ allowed rule because }}"
            for n, (privilege, target, _outcome) in enumerate(batch)
        )
        answer = await ground.ask(asker).run(f"{{ {fields} }}")
        for n, (name, target, outcome) in enumerate(batch):
            verdict = answer.partial[f"a{n}"]
            if verdict is None:  # who sees only itself learns nothing of another
                assert expected(asker, "ORG_READ").condition == SELF
                assert not outcome.held
                assert told(denial(answer, [f"a{n}"])) == "NOT_FOUND"
                continue
            rule = None if outcome.held else outcome.rule
            if (verdict["allowed"], verdict["rule"]) != (outcome.held, rule) or bool(
                verdict["because"]
            ) == outcome.held:
                wrong.append((name, target, verdict, outcome))
    assert wrong == []


# Reading.


def _arguments(name: str) -> str:
    demanded = {key: given for key, given in query_fields()[name].args.items() if is_required_argument(given)}
    made = ", ".join(f"{key}: {sample(key, given.type)}" for key, given in demanded.items())
    return f"({made})" if made else ""


PLAIN: Final = tuple(name for name, field in query_fields().items() if "id" not in field.args)
"""The fields of the root that ask for no one thing."""


@everybody
async def test_a_field_of_the_root_is_answered_or_denied_as_the_tables_say(ground: Ground, asker: Asker) -> None:
    wrong = {}
    for batch in batches(PLAIN):
        fields = " ".join(f"{name}{_arguments(name)} {shown(query_fields()[name])}" for name in batch)
        answer = await ground.ask(asker).run(f"{{ {fields} }}")
        if asker.kind is None:
            assert (answer.status, answer.codes, answer.partial) == (401, ["UNAUTHENTICATED"], None)
            continue
        for name in batch:
            privilege = guard_of(query_fields()[name])
            assert privilege is not None
            found = told(denial(answer, [name])), answer.partial[name] is not None
            if found != (wanted(expected(asker, privilege)), expected(asker, privilege).held):
                wrong[name] = (privilege, *found)
    assert wrong == {}


@signed_in
async def test_a_node_is_found_or_denied_as_its_kind_says(ground: Ground, asker: Asker) -> None:
    chosen = house_of(asker, ground.mine).chosen
    rows = {row.id: row for row in await every_row(ground.owner, ground.mine)}
    wrong = {}
    for batch in batches(KINDS):
        fields = " ".join(f'{kind}: node(id: "{chosen[kind]}") {{ id }}' for kind in batch)
        answer = await ground.ask(asker).run(f"{{ {fields} }}")
        for kind in batch:
            outcome = expected(asker, read_privilege(kind))
            reads = kind not in LEVELS or seen(
                ground.joined[asker.name], ground.mine, rows[chosen[kind]], read_privilege(kind)
            )
            due = wanted(outcome) or (None if reads else "NOT_FOUND")
            found = told(denial(answer, [kind])), answer.partial[kind]
            if found != (due, None if due else {"id": chosen[kind]}):
                wrong[kind] = (due, *found)
    assert wrong == {}


@signed_in
@pytest.mark.parametrize("kind", [kind for kind in KINDS if guarded_fields(kind)])
async def test_a_field_with_a_privilege_of_its_own_is_denied_alone(ground: Ground, asker: Asker, kind: str) -> None:
    chosen = house_of(asker, ground.mine).chosen[kind]
    named: Any = GRAPHQL.type_map[kind]
    fields = guarded_fields(kind)
    asked = " ".join(f"{name} {shown(named.fields[name])}" for name in fields)
    answer = await ground.ask(asker).run(f'{{ node(id: "{chosen}") {{ id ... on {kind} {{ {asked} }} }} }}')
    if answer.partial["node"] is None:  # the node itself is denied or not seen, which another test judges
        assert len(answer.errors) == 1
        return
    assert answer.partial["node"]["id"] == chosen
    wrong = {}
    for name, privilege in fields.items():
        due = wanted(expected(asker, privilege))
        found = told(denial(answer, ["node", name]))
        if found != due or (due and answer.partial["node"][name] is not None):
            wrong[name] = (privilege, found, due)
    assert wrong == {}


def test_some_principal_is_every_kind_of_membership() -> None:
    assert {asker.kind for asker in ASKERS} == {None, *MembershipKind}
