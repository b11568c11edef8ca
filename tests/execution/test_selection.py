"""The selection of an operation: every field that it can ask for, and none that is left out."""

from typing import Any

import pytest
from graphql import GraphQLField, OperationDefinitionNode, build_schema, parse
from graphql.execution.values import get_variable_values
from graphql.language import FragmentDefinitionNode

from gateway.execution.selection import Selection

SCHEMA = build_schema(
    """
    interface Thing { id: ID }
    type Cat implements Thing { id: ID purr: Int friend: Thing }
    type Dog implements Thing { id: ID bark: Int }
    type Query { thing: Thing cat: Cat number: Int }
    """
)


def named(document: str, **variables: Any) -> list[str]:
    """Return the names of the fields that a document selects, as the walk meets them."""
    parsed = parse(document)
    (operation,) = (node for node in parsed.definitions if isinstance(node, OperationDefinitionNode))
    fragments = {node.name.value: node for node in parsed.definitions if isinstance(node, FragmentDefinitionNode)}
    values = get_variable_values(SCHEMA, operation.variable_definitions or (), variables)
    assert not isinstance(values, list)
    return [_name(field) for field in Selection(SCHEMA, fragments, values).fields(operation)]


def _name(field: GraphQLField) -> str:
    fields = [(kind.name, name, found) for kind in SCHEMA.type_map.values() for name, found in _fields(kind)]
    return next(f"{kind}.{name}" for kind, name, found in fields if found is field)


def _fields(kind: Any) -> Any:
    return getattr(kind, "fields", {}).items()


@pytest.mark.parametrize(
    ("document", "wanted"),
    [
        ("{ number }", ["Query.number"]),
        ("{ cat { purr friend { id } } }", ["Query.cat", "Cat.purr", "Cat.friend", "Thing.id"]),
        ("{ thing { ... on Cat { purr } ... on Dog { bark } } }", ["Query.thing", "Cat.purr", "Dog.bark"]),
        ("{ thing { ... { id } } }", ["Query.thing", "Thing.id"]),
        ("{ cat { ...F ...F } } fragment F on Cat { purr }", ["Query.cat", "Cat.purr"]),
        ("{ __typename cat { __typename } }", ["Query.cat"]),
        ("{ number @skip(if: true) cat { purr @include(if: false) id @include(if: true) } }", ["Query.cat", "Cat.id"]),
        ("{ cat { ...F @skip(if: true) ... @include(if: false) { id } } } fragment F on Cat { purr }", ["Query.cat"]),
    ],
)
def test_names_what_is_asked_for(document: str, wanted: list[str]) -> None:
    assert named(document) == wanted


def test_leaves_out_what_a_variable_leaves_out() -> None:
    document = "query($no: Boolean!) { number @skip(if: $no) cat @include(if: $no) { id } }"
    assert named(document, no=True) == ["Query.cat", "Cat.id"]
    assert named(document, no=False) == ["Query.number"]


def test_enters_a_fragment_once_for_each_type() -> None:
    chain = " ".join(f"fragment F{n} on Cat {{ ...F{n + 1} ...F{n + 1} }}" for n in range(30))
    assert named(f"{{ cat {{ ...F0 }} }} {chain} fragment F30 on Cat {{ purr }}") == ["Query.cat", "Cat.purr"]
