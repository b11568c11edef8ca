"""What a document selects: fragments, conditions, aliases, merged fields and the order of keys; by both engines."""

import asyncio
from typing import Any, Final

import pytest

from tests.execution.conftest import Ask

SCHEMA: Final = """
interface Node { id: Int }
type Thing implements Node { id: Int name: String next: Thing nodes: [Node] twice(of: Int): Int }
type Other implements Node { id: Int }
type Query { a: String b: String c: Int d: Int e: Int thing: Thing things: [Thing] node: Node }
"""
THING: Final[dict[str, Any]] = {"id": 1, "name": "one", "next": {"id": 2, "name": "two", "next": {"id": 3}}}
ROOT: Final[dict[str, Any]] = {
    "a": "a",
    "b": "b",
    "thing": THING,
    "things": [THING, THING["next"]],
    "node": {"__typename": "Thing", **THING},
}


@pytest.mark.parametrize(
    ("selections", "keys"),
    [
        ("a b", "a b"),
        ("a b @include(if: true)", "a b"),
        ("a b @include(if: false)", "a"),
        ("a b @skip(if: false)", "a b"),
        ("a b @skip(if: true)", "a"),
        ("a @skip(if: true)", ""),
        ("a b @include(if: true) @skip(if: false)", "a b"),
        ("a b @include(if: true) @skip(if: true)", "a"),
        ("a b @include(if: false) @skip(if: true)", "a"),
        ("a b @include(if: false) @skip(if: false)", "a"),
        ("a ...F @include(if: false)", "a"),
        ("a ...F @include(if: true)", "a b"),
        ("a ...F @skip(if: true)", "a"),
        ("a ...F @skip(if: false)", "a b"),
        ("a ... on Query @include(if: false) { b }", "a"),
        ("a ... on Query @include(if: true) { b }", "a b"),
        ("a ... on Query @skip(if: true) { b }", "a"),
        ("a ... @include(if: false) { b }", "a"),
        ("a ... @include(if: true) { b }", "a b"),
        ("a ... @skip(if: true) { b }", "a"),
        ("b ...F a", "b a"),
        ("...F a ...F", "b a"),
        ("a ...F @skip(if: true) ...F", "a b"),
        ("a @skip(if: true) b a", "b a"),
        ("a @include(if: $yes) b @include(if: $no)", "a"),
        ("a @skip(if: $yes) b @skip(if: $no)", "b"),
        ("a @include(if: $left) b @skip(if: $left)", "a"),
        ("...G", "a b"),
        ("a ...G", "a b"),
        ("... on Query { ... on Query { ... { b } } a }", "b a"),
        ("a other: a __typename", "a other __typename"),
        ("kind: __typename ... { __typename }", "kind __typename"),
        ("a nothing b", "a b"),
        ("a ...Missing b", "a b"),
    ],
    ids=str,
)
async def test_what_is_selected_is_answered_in_order(ask: Ask, selections: str, keys: str) -> None:
    document = f"""
    query($yes: Boolean!, $no: Boolean!, $left: Boolean = true) {{ {selections} }}
    fragment F on Query {{ b }}
    fragment G on Query {{ a ...F b ...F }}
    """
    answer = await ask(SCHEMA, document, ROOT, variables={"yes": True, "no": False})
    assert (list(answer.data), answer.errors) == (keys.split(), [])


async def test_one_document_is_asked_with_one_condition_and_the_other(ask: Ask) -> None:
    document = "query($if: Boolean!) { a @skip(if: $if) thing { id @include(if: $if) name @skip(if: $if) } }"
    for met, data in ((True, {"thing": {"id": 1}}), (False, {"a": "a", "thing": {"name": "one"}})):
        assert (await ask(SCHEMA, document, ROOT, variables={"if": met})).said == (data, {})


@pytest.mark.parametrize(
    ("document", "data", "path"),
    [
        ("{ a b @skip(if: $no) }", None, ""),
        ("{ a thing { id name @include(if: $no) } }", {"a": "a", "thing": None}, "thing"),
        ("{ a node { ... on Node { id @skip(if: $no) } } }", {"a": "a", "node": None}, "node"),
        ("{ things { ... @skip(if: $no) { id } } }", {"things": [None, None]}, "things.0 things.1"),
    ],
)
async def test_a_condition_that_is_null_is_an_error_where_it_stands(
    ask: Ask, document: str, data: Any, path: str
) -> None:
    answer = await ask(SCHEMA, f"query($no: Boolean = true) {document}", ROOT, variables={"no": None})
    message = (
        "Argument 'if' has invalid value: Expected variable '$no' provided to non-null type 'Boolean!' not to be None."
    )
    assert answer.said == (data, dict.fromkeys(path.split() or [""], message))


@pytest.mark.parametrize(
    ("document", "data"),
    [
        ("{ thing { id } thing { name } }", {"thing": {"id": 1, "name": "one"}}),
        ("{ thing { name } thing { id name } }", {"thing": {"name": "one", "id": 1}}),
        (
            "{ thing { next { id } } ...F thing { next { next { id } } } } fragment F on Query {thing {next {name}}}",
            {"thing": {"next": {"id": 2, "name": "two", "next": {"id": 3}}}},
        ),
        ("{ thing { id } other: thing { name } }", {"thing": {"id": 1}, "other": {"name": "one"}}),
        ("{ thing { id @skip(if: true) } thing { name } }", {"thing": {"name": "one"}}),
        ("{ thing @skip(if: true) { id } thing { name } }", {"thing": {"name": "one"}}),
        ("{ node { id ... on Thing { name } ... on Other { odd: id } } }", {"node": {"id": 1, "name": "one"}}),
        (
            "{ things { id ...F } } fragment F on Node { id ... on Thing { id name } ... on Other { id } }",
            {"things": [{"id": 1, "name": "one"}, {"id": 2, "name": "two"}]},
        ),
        (
            "{ node { ...N } thing { ...N } } fragment N on Node { __typename id }",
            {"node": {"__typename": "Thing", "id": 1}, "thing": {"__typename": "Thing", "id": 1}},
        ),
        ("{ thing { ...F } } fragment F on Thing { id next { ...F } }", None),
        ("{ thing }", {"thing": {}}),
        ("{ thing { ... on Other { id } } }", {"thing": {}}),
        ("{ thing { ... on Node { id } } }", {"thing": {"id": 1}}),
    ],
    ids=str,
)
async def test_what_is_selected_twice_is_answered_once(ask: Ask, document: str, data: Any) -> None:
    if data is None:  # a fragment within itself is not valid, and ends where the data does
        data = {"thing": {"id": 1, "next": {"id": 2, "next": {"id": 3, "next": None}}}}
    assert repr((await ask(SCHEMA, document, ROOT)).said) == repr((data, {}))


async def test_keys_stand_in_the_documents_order_whatever_arrives_first(ask: Ask) -> None:
    def arriving(turns: int) -> Any:
        async def later(_info: Any) -> int:
            for _ in range(turns):
                await asyncio.sleep(0)
            return turns

        return later

    root = {"a": "a", "b": "b", "c": arriving(3), "d": 0, "e": arriving(1)}
    answer = await ask(SCHEMA, "{ c a ... { e } d b }", root)
    assert answer.errors == []
    assert list(answer.data.items()) == [("c", 3), ("a", "a"), ("e", 1), ("d", 0), ("b", "b")]


async def test_introspection_is_answered_beside_data(ask: Ask) -> None:
    document = '{ a __schema { queryType { name } } __type(name: "Node") { kind possibleTypes { name } } }'
    assert (await ask(SCHEMA, document, ROOT)).said == (
        {
            "a": "a",
            "__schema": {"queryType": {"name": "Query"}},
            "__type": {"kind": "INTERFACE", "possibleTypes": [{"name": "Thing"}, {"name": "Other"}]},
        },
        {},
    )


async def test_introspection_in_a_fragment_is_answered(ask: Ask) -> None:
    document = "{ ...F } fragment F on Query { ... { __schema { queryType { name } } } a }"
    assert (await ask(SCHEMA, document, ROOT)).said == (
        {"__schema": {"queryType": {"name": "Query"}}, "a": "a"},
        {},
    )


@pytest.mark.parametrize(
    ("document", "operation", "said"),
    [
        ("query A { a } query B { b }", "B", ({"b": "b"}, {})),
        ("query A { a } mutation B { b }", "A", ({"a": "a"}, {})),
        ("query A { a }", None, ({"a": "a"}, {})),
        ("query A { a } query B { b }", None, "Must provide operation name if query contains multiple operations."),
        ("query A { a }", "C", "Unknown operation named 'C'."),
        ("fragment F on Query { a }", None, "Must provide an operation."),
        ("mutation { a }", None, "Schema is not configured to execute mutation operation."),
    ],
)
async def test_one_operation_is_chosen(ask: Ask, document: str, operation: str | None, said: Any) -> None:
    answer = await ask(SCHEMA, document, ROOT, operation=operation)
    assert answer.said == (said if isinstance(said, tuple) else (None, {"": said}))


async def test_directives_of_others_change_nothing(ask: Ask) -> None:
    schema = """
    directive @note(tags: [String], on: Place) on FIELD | FRAGMENT_SPREAD
    input Place { x: Int }
    type Query { a: String b: String }
    """
    document = """
    query($tags: [String], $on: Place) { a @note(tags: $tags) ...F @note(on: $on) b @note(tags: ["x"]) }
    fragment F on Query { b @note(tags: $tags) }
    """
    for tags in (["a"], None, []):
        answer = await ask(schema, document, ROOT, variables={"tags": tags, "on": {"x": 1}})
        assert answer.said == ({"a": "a", "b": "b"}, {})


async def test_an_operations_own_directive_changes_what_it_says(ask: Ask) -> None:
    schema = "directive @experimental_disableErrorPropagation on QUERY type Query { sure: String! b: String }"
    document = "query @experimental_disableErrorPropagation { sure b }"
    assert (await ask(schema, document, {"b": "b"})).said == (
        {"sure": None, "b": "b"},
        {"sure": "Cannot return null for non-nullable field Query.sure."},
    )
