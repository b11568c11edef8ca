"""The decision, held against the table in the documentation: on its own, and over HTTP."""

import re
from pathlib import Path
from typing import Any, Final

import pytest
from graphql import GraphQLObjectType, get_named_type

from schema import node_ids
from schema.specs import Kind, describe
from storage.base import Reach, new_id
from storage.partners import PartnerRole
from tenancy.decide import ALLOW, Deny, decide
from tenancy.policy import PARTNER_ROLES, ROLE_NAMES
from tenancy.principal import Principal
from tenancy.privileges import MEANINGS, Privilege
from tests.factories.clients import Answer, GatewayClient
from tests.factories.worlds import (
    GRAPHQL,
    LISTS,
    MUTATIONS,
    fingerprint,
    input_of,
    item_of,
    mutation_document,
    mutation_fields,
    of_a_tenant,
    query_fields,
    selection,
)
from tests.tenancy.conftest import Ground

DOCUMENT: Final = Path(__file__).parents[2] / "docs" / "privileges-expected.md"
HELD: Final = {"✓": True, "\N{EN DASH}": False}


def expected() -> dict[str, dict[str, bool]]:
    """Read the table: privilege, role, whether it is held."""
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in DOCUMENT.read_text(encoding="utf-8").splitlines()
        if line.startswith("|") and not line.startswith("|-")
    ]
    head, *body = rows
    assert len({row[0] for row in body}) == len(body), "a privilege has two rows"
    return {row[0]: {role: HELD[cell] for role, cell in zip(head[1:], row[1:], strict=True)} for row in body}


EXPECTED: Final = expected()
CELLS: Final = [(privilege, role, held) for privilege, row in EXPECTED.items() for role, held in row.items()]
DENIED: Final = [(privilege, role) for privilege, role, held in CELLS if not held]
roles = pytest.mark.parametrize("role", list(PartnerRole))


def principal(kind: str = "PARTNER_MEMBER", role: str | None = None) -> Principal:
    """Make somebody."""
    return Principal(new_id(), new_id(), kind, role, new_id(), Reach.STAFF)


def test_every_privilege_has_a_row_and_every_row_a_privilege() -> None:
    assert set(EXPECTED) == {privilege.value for privilege in Privilege}
    assert all(set(row) == {role.value for role in PartnerRole} for row in EXPECTED.values())


def test_every_privilege_has_holders_a_meaning_and_every_role_a_name() -> None:
    assert set(PARTNER_ROLES) == set(Privilege) == set(MEANINGS)
    assert set(ROLE_NAMES) == set(PartnerRole)
    assert all(PARTNER_ROLES.values())


@pytest.mark.parametrize(("privilege", "role"), DENIED)
def test_a_denial_says_why_who_can_and_how_to_ask(privilege: str, role: str) -> None:
    decision = decide(principal(role=role), Privilege(privilege))
    assert isinstance(decision, Deny)
    assert decision.rule == f"{role}_MAY_NOT_{privilege}"
    assert decision.because.endswith(f"may not {MEANINGS[Privilege(privilege)]}.")
    holders = [ROLE_NAMES[PartnerRole(holder)] for holder, held in EXPECTED[privilege].items() if held]
    assert decision.who_can is not None
    assert decision.how_to_request is not None
    for name in holders:
        assert name in decision.who_can
        assert name in decision.how_to_request
    assert ROLE_NAMES[PartnerRole(role)] not in decision.who_can


@pytest.mark.parametrize(("privilege", "role", "held"), CELLS)
def test_the_decision_is_the_tables(privilege: str, role: str, held: bool) -> None:  # noqa: FBT001 - a cell of the table
    assert (decide(principal(role=role), Privilege(privilege)) == ALLOW) is held


@pytest.mark.parametrize("privilege", list(Privilege))
@pytest.mark.parametrize(
    ("kind", "role"),
    [
        ("OPERATOR", None),
        ("API_CREDENTIAL", "OWNER"),
        ("ORG_USER", "SUPER_ADMIN"),
        ("CONTACT", None),
        ("PARTNER_MEMBER", None),
        ("PARTNER_MEMBER", "DIRECTOR"),
        ("SOMETHING_NEW", "OWNER"),
    ],
)
def test_whoever_no_table_names_is_denied(kind: str, role: str | None, privilege: Privilege) -> None:
    decision = decide(principal(kind, role), privilege)
    assert isinstance(decision, Deny)
    assert decision.rule == f"{kind}_MAY_NOT_{privilege}"
    assert decision.because


def guard_of(field: Any) -> str:
    """Return the privilege that a field demands."""
    spec = describe(field)
    assert spec is not None
    assert spec.guard is not None
    return spec.guard.value


def told(answer: Answer, role: str, privilege: str, path: list[Any]) -> None:
    """Assert that an answer's one error is this denial."""
    (error,) = answer.errors
    assert error["path"] == path
    extensions = error["extensions"]
    assert extensions["code"] == "FORBIDDEN"
    assert extensions["rule"] == f"{role}_MAY_NOT_{privilege}"
    assert extensions["whoCan"]
    assert extensions["howToRequest"]
    assert error["message"] == decide(principal(role=role), Privilege(privilege)).because  # type: ignore[union-attr]  # a denial
    assert not extensions["retryable"]


def member(ground: Ground, role: str) -> GatewayClient:
    """Ask as alder's member of a role."""
    return ground.acting(f"alder-{role.lower()}")


@roles
@pytest.mark.parametrize("name", query_fields())
async def test_a_root_field_is_denied_or_answered_as_the_table_says(ground: Ground, name: str, role: str) -> None:
    field = query_fields()[name]
    given = f'(id: "{ground.alder.chosen["Client"]}")' if "id" in field.args else ""
    inner = selection(get_named_type(field.type), 0) or "__typename"
    privilege = guard_of(field)
    shown = "nodes { id }" if name in LISTS else inner
    answer = await member(ground, role).run(f"{{ {name}{given} {{ {shown} }} }}")
    if EXPECTED[privilege][role]:
        assert answer.data[name]
    else:
        assert answer.partial == {name: None}
        told(answer, role, privilege, [name])


@roles
@pytest.mark.parametrize("kind", [kind for kind in node_ids.KINDS if of_a_tenant(kind)])
async def test_a_node_is_denied_or_found_as_its_kind_says(ground: Ground, kind: str, role: str) -> None:
    answer = await member(ground, role).run("query($id: ID!) { node(id: $id) { id } }", id=ground.alder.chosen[kind])
    privilege = str(GRAPHQL.type_map[kind].extensions["strawberry-definition"].origin.__entity__.read)
    if EXPECTED[privilege][role]:
        assert answer.data["node"]["id"] == ground.alder.chosen[kind]
    else:
        assert answer.partial == {"node": None}
        told(answer, role, privilege, ["node"])


def _guarded_fields() -> list[tuple[str, str]]:
    return [
        (listed, name)
        for listed in LISTS
        for name, field in item_of(listed).fields.items()
        if (spec := describe(field)) is not None and spec.guard is not None
    ]


@roles
@pytest.mark.parametrize(("listed", "name"), _guarded_fields())
async def test_a_field_with_a_privilege_of_its_own_is_denied_alone(
    ground: Ground, listed: str, name: str, role: str
) -> None:
    field = item_of(listed).fields[name]
    inner = selection(get_named_type(field.type), 1)
    shown = (
        f"{name} {{ {inner or '__typename'} }}" if isinstance(get_named_type(field.type), GraphQLObjectType) else name
    )
    answer = await member(ground, role).run(f"{{ {listed}(first: 1) {{ nodes {{ id {shown} }} }} }}")
    outer, privilege = guard_of(query_fields()[listed]), guard_of(field)
    if not EXPECTED[outer][role]:
        told(answer, role, outer, [listed])
    elif EXPECTED[privilege][role]:
        assert len(answer.data[listed]["nodes"]) == 1
    else:
        (node,) = answer.partial[listed]["nodes"]
        assert node["id"]
        assert node[name] is None
        told(answer, role, privilege, [listed, "nodes", 0, name])


@roles
@pytest.mark.parametrize("mutation", MUTATIONS)
async def test_a_change_is_denied_with_nothing_done_or_made_as_the_table_says(
    ground: Ground, mutation: str, role: str
) -> None:
    privilege = guard_of(mutation_fields()[mutation])
    before = await fingerprint(ground.owner, ground.alder.partner_id)
    given = ground.alder.valid(input_of(mutation))
    answer = await member(ground, role).run(mutation_document(mutation), input=given)
    after = await fingerprint(ground.owner, ground.alder.partner_id)
    if EXPECTED[privilege][role]:
        assert answer.user_errors == []
        assert after != before
    else:
        (error,) = answer.user_errors
        assert error["code"] == "FORBIDDEN"
        assert error["rule"] == f"{role}_MAY_NOT_{privilege}"
        assert error["whoCan"]
        assert error["howToRequest"]
        assert not error["retryable"]
        assert [value for name, value in answer.payload.items() if name != "userErrors"] == [None]
        assert after == before


@roles
@pytest.mark.parametrize("mutation", MUTATIONS)
async def test_a_denial_is_the_same_whatever_the_change_is_about(ground: Ground, mutation: str, role: str) -> None:
    privilege = guard_of(mutation_fields()[mutation])
    if EXPECTED[privilege][role]:
        return
    own = ground.alder.valid(input_of(mutation))
    elsewhere = {
        name: re.sub(r"_[0-9a-f]{32}$", f"_{new_id().hex}", value) if isinstance(value, str) else value
        for name, value in own.items()
    }
    first = await member(ground, role).run(mutation_document(mutation), input=own)
    second = await member(ground, role).run(mutation_document(mutation), input=elsewhere)
    assert first.body == second.body


def test_every_field_of_the_root_demands_one_privilege() -> None:
    for field in (*query_fields().values(), *mutation_fields().values()):
        spec = describe(field)
        assert spec is not None
        assert spec.kind in {Kind.ROOT, Kind.MUTATION}
        assert spec.guard in set(Privilege)


async def test_nobody_is_told_to_sign_in(ground: Ground) -> None:
    answer = await member(ground, "OWNER").bearing(None).run("{ viewer { kind } }")
    assert answer.status == 401
    assert answer.codes == ["UNAUTHENTICATED"]
    changed = (
        await member(ground, "OWNER")
        .bearing(None)
        .run(mutation_document("clientCreate"), input=ground.alder.valid(input_of("clientCreate")))
    )
    assert changed.status == 401
    assert changed.codes == ["UNAUTHENTICATED"]
