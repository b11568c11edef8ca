"""The schema reads well: everything is described, names follow one convention, and the printed file is current."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    get_named_type,
    is_introspection_type,
    is_specified_directive,
    is_specified_scalar_type,
)
from graphql.type import is_non_null_type

from schema.node_ids import KINDS, NEVER, encode
from schema.root import build_schema
from tests.operations.changes import SCHEMA

PRINTED = Path(__file__).parents[2] / "schema.graphql"
OWN = [
    named
    for named in SCHEMA.type_map.values()
    if not is_introspection_type(named) and not is_specified_scalar_type(named)
]


def described() -> Iterator[tuple[str, str | None]]:
    """Walk everything that can be described, with its description."""
    for named in OWN:
        yield named.name, named.description
        for name, part in _parts(named).items():
            yield f"{named.name}.{name}", part.description
            for argument, declared in getattr(part, "args", {}).items():
                yield f"{named.name}.{name}({argument}:)", declared.description
    for directive in SCHEMA.directives:
        if not is_specified_directive(directive):
            yield f"@{directive.name}", directive.description
            for argument, declared in directive.args.items():
                yield f"@{directive.name}({argument}:)", declared.description


def _parts(named: GraphQLNamedType) -> Mapping[str, Any]:
    if isinstance(named, GraphQLEnumType):
        return dict(named.values)
    if isinstance(named, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
        return dict(named.fields)
    return {}


# The one argument of a mutation is described by its type.
# Strawberry cannot describe the argument of a schema directive; the directive itself says what it holds.
UNDESCRIBED = {"@requires(privilege:)"}
BY_ITS_TYPE = re.compile(r"Mutation\.\w+\(input:\)")


def test_describes_everything() -> None:
    missing = [name for name, text in described() if not (text or "").strip() and not BY_ITS_TYPE.fullmatch(name)]
    assert set(missing) <= UNDESCRIBED


def test_writes_each_description_as_a_sentence() -> None:
    odd = [name for name, text in described() if text and (not text.rstrip().endswith(".") or text[0].islower())]
    assert odd == []


def test_keeps_node_ids_short() -> None:
    nodes = {
        named.name for named in OWN if isinstance(named, GraphQLObjectType) and "Node" in map(str, named.interfaces)
    }
    assert nodes == set(KINDS)
    assert {len(encode(kind, NEVER)) for kind in KINDS} == {37}


def test_names_a_mutation_noun_first_and_its_types_after_it() -> None:
    mutation = SCHEMA.mutation_type
    assert mutation is not None
    nouns = (
        "client",
        "organisation",
        "subscription",
        "resellerCard",
        "orgUser",
        "partnerAccess",
        "escalation",
        "changeRequest",
    )
    for name, field in mutation.fields.items():
        noun = next(noun for noun in nouns if name.startswith(noun))
        assert re.fullmatch(rf"{noun}[A-Z][a-zA-Z]+", name)
        assert not name.endswith("Update")
        capital = name[0].upper() + name[1:]
        assert {argument: str(given.type) for argument, given in field.args.items()} == {"input": f"{capital}Input!"}
        assert str(field.type) == f"{capital}Payload!"


def test_answers_a_mutation_with_the_entity_and_the_user_s_errors() -> None:
    mutation = SCHEMA.mutation_type
    assert mutation is not None
    for field in mutation.fields.values():
        payload = get_named_type(field.type)
        assert isinstance(payload, GraphQLObjectType)
        (entity, errors) = payload.fields.values()
        assert not is_non_null_type(entity.type)
        assert str(errors.type) == "[UserError!]!"
        assert list(payload.fields)[1] == "userErrors"


def test_takes_an_idempotency_key_for_every_change_and_a_version_for_every_edit() -> None:
    for named in OWN:
        if isinstance(named, GraphQLInputObjectType) and re.search(
            "(Create|Edit|Attach|ChangeSeats)Input$", named.name
        ):
            assert str(named.fields["idempotencyKey"].type) == "String"
            assert ("id" in named.fields) == ("expectedVersion" in named.fields)


def test_lets_every_field_of_the_root_be_null() -> None:
    query = SCHEMA.query_type
    assert query is not None
    assert not [name for name, field in query.fields.items() if is_non_null_type(field.type)]


def test_writes_types_fields_and_words_in_one_way_each() -> None:
    for named in OWN:
        assert re.fullmatch("[A-Z][A-Za-z]+", named.name)
        if isinstance(named, GraphQLEnumType):
            assert all(re.fullmatch("[A-Z][A-Z_]*[A-Z]", name) for name in named.values)
        elif isinstance(named, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
            assert all(re.fullmatch("[a-z][A-Za-z0-9]*", name) for name in named.fields)


def test_prints_as_the_file_at_the_root_says() -> None:
    assert PRINTED.read_text(encoding="utf-8").strip() == build_schema().as_str().strip()
