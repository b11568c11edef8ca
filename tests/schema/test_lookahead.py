"""The look-ahead: exactly the columns that a selection needs, however it is written."""

from itertools import pairwise
from types import SimpleNamespace
from typing import Any, Final

import pytest
from graphql import FragmentDefinitionNode, OperationDefinitionNode, parse

from resolvers.loading import PLACE
from schema.lookahead import columns
from schema.root import build_schema

SCHEMA: Final = build_schema()._schema  # noqa: SLF001 - Strawberry's public face hides the types


def wanted(document: str, field: str = "clients") -> frozenset[str]:
    """Return the columns that the operation's one field needs; it may stand there more than once."""
    parsed = parse(document)
    fragments = {node.name.value: node for node in parsed.definitions if isinstance(node, FragmentDefinitionNode)}
    (operation,) = (node for node in parsed.definitions if isinstance(node, OperationDefinitionNode))
    assert SCHEMA.query_type is not None
    nodes: list[Any] = list(operation.selection_set.selections)
    info = SimpleNamespace(
        return_type=SCHEMA.query_type.fields[field].type, field_nodes=nodes, schema=SCHEMA, fragments=fragments
    )
    return columns(info)


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ("{ clients { nodes { displayName } } }", {"display_name"}),
        ("{ clients { edges { node { displayName email } cursor } } }", {"display_name", "email", PLACE}),
        ("{ clients { totalCount } }", {"#count"}),
        ("{ clients { pageInfo { hasNextPage } } }", set()),
        ("{ clients { nodes { __typename } __typename } }", set()),
        ("{ clients { nodes { a: displayName b: displayName } } }", {"display_name"}),
        ("{ clients { nodes { id } } clients { nodes { email } } }", {"id", "email"}),
        ("{ clients { ... { nodes { email } } } }", {"email"}),
        ("{ clients { ... on ClientConnection { nodes { email } } } }", {"email"}),
        ("{ clients { nodes { ... on Node { id } ... on Versioned { version } } } }", {"id", "version"}),
        ("{ clients { nodes { ... on Client { email } } } }", {"email"}),
        (
            "{ clients { nodes { ...F } } } fragment F on Client { email ...G } fragment G on Node { id }",
            {"email", "id"},
        ),
        ("{ clients { nodes { ...F ...F } edges { node { ...F } } } } fragment F on Client { email }", {"email"}),
    ],
)
def test_a_selection_needs_its_columns_however_it_is_written(document: str, expected: set[str]) -> None:
    assert wanted(document) == expected


def test_a_computed_field_needs_what_it_is_worked_out_from() -> None:
    assert wanted("{ clients { nodes { address { city } } } }") >= {"city", "country"}
    assert wanted("{ invoices { nodes { total { amount } } } }", "invoices") == {"total_minor", "currency"}


def test_an_edge_needs_its_key_and_nothing_of_what_it_leads_to() -> None:
    assert wanted("{ clients { nodes { defaultCard { brand } } } }") == {"default_card_id"}
    assert wanted("{ clients { nodes { invoices(first: 2) { totalCount nodes { number } } } } }") == {"id"}


@pytest.mark.parametrize(
    "document",
    [
        "{ clients { nodes { ... on Invoice { number } } } }",
        "{ clients { nodes { ...Unknown } } }",
        "{ clients { nodes { unknown { email } } } }",
        "{ clients { ... on Invoice { number } } }",
    ],
)
def test_what_cannot_be_there_needs_nothing(document: str) -> None:
    assert wanted(document) == frozenset()


def test_a_cycle_of_fragments_ends() -> None:
    document = "{ clients { nodes { ...F } } } fragment F on Client { email ...G } fragment G on Client { phone ...F }"
    assert wanted(document) == {"email", "phone"}


def test_many_spreads_are_walked_once() -> None:
    names = [f"F{number}" for number in range(60)]
    chained = " ".join(f"fragment {name} on Client {{ ...{after} ...{after} }}" for name, after in pairwise(names))
    document = f"{{ clients {{ nodes {{ ...F0 }} }} }} {chained} fragment F59 on Client {{ email }}"
    assert wanted(document) == {"email"}


def test_a_node_of_any_kind_needs_what_each_kind_is_asked_for() -> None:
    document = "{ node { id ... on Client { email } ... on Invoice { number client { email } } } }"
    assert wanted(document, "node") == {"id", "email", "number", "client_id"}


def test_a_payload_needs_what_its_entity_is_asked_for() -> None:
    assert SCHEMA.mutation_type is not None
    parsed = parse("mutation { clientCreate { client { email } userErrors { code } } }")
    (operation,) = parsed.definitions
    assert isinstance(operation, OperationDefinitionNode)
    info = SimpleNamespace(
        return_type=SCHEMA.mutation_type.fields["clientCreate"].type,
        field_nodes=operation.selection_set.selections,
        schema=SCHEMA,
        fragments={},
    )
    assert columns(info) == {"email"}
