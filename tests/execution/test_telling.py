"""What an error says: its message, path, places, extensions and cause; by both engines."""

import asyncio
from typing import Any, Final

from graphql import GraphQLError, build_schema, parse

from tests.execution.conftest import Ask

SCHEMA: Final = "type Query { a: String b: String next: Query list: [Query] words: [String] }"


class Odd(Exception):  # noqa: N818 - stands for any error
    """An error that brings a message, or extensions, of its own."""

    def __init__(self, message: str, extensions: Any = None) -> None:
        super().__init__("not this")
        self.message = message
        self.extensions = extensions


def failing(error: Exception) -> Any:
    def fail(_info: Any) -> None:
        raise error

    return fail


async def test_an_error_says_where_it_happened(ask: Ask) -> None:
    document = """{
  a
  other: a
  list { next { a } }
  words
}"""
    fail = failing(ValueError("failed"))
    root = {"a": fail, "list": [{"next": None}, {"next": {"a": fail}}], "words": ["x", ValueError("odd"), []]}
    answer = await ask(SCHEMA, document, root)
    assert answer.data == {
        "a": None,
        "other": None,
        "list": [{"next": None}, {"next": {"a": None}}],
        "words": ["x", None, None],
    }
    assert [error.formatted for error in answer.errors] == [
        {"message": "failed", "locations": [{"line": 2, "column": 3}], "path": ["a"]},
        {"message": "failed", "locations": [{"line": 3, "column": 3}], "path": ["other"]},
        {"message": "failed", "locations": [{"line": 4, "column": 17}], "path": ["list", 1, "next", "a"]},
        {"message": "odd", "locations": [{"line": 5, "column": 3}], "path": ["words", 1]},
        {"message": "String cannot represent value: []", "locations": [{"line": 5, "column": 3}], "path": ["words", 2]},
    ]


async def test_an_error_of_merged_fields_names_every_place(ask: Ask) -> None:
    document = "{ next { a } ...F } fragment F on Query { next { a b } }"
    answer = await ask(SCHEMA, document, {"next": {"a": failing(ValueError("failed"))}})
    (error,) = answer.errors
    assert [place.column for place in error.locations or ()] == [10, 50]
    assert [node.name.value for node in error.nodes or () if hasattr(node, "name")] == ["a", "a"]


async def test_an_error_keeps_what_caused_it(ask: Ask) -> None:
    cause = ValueError("the cause")
    (error,) = (await ask(SCHEMA, "{ a }", {"a": failing(cause)})).errors
    assert error.original_error is cause
    assert error.message == "the cause"


async def test_an_error_may_bring_its_message_and_extensions(ask: Ask) -> None:
    root = {"a": failing(Odd("mine", {"code": "MINE"})), "b": failing(GraphQLError("ours", extensions={"code": 5}))}
    answer = await ask(SCHEMA, "{ a b }", root)
    assert [(error.message, error.extensions) for error in answer.errors] == [
        ("mine", {"code": "MINE"}),
        ("ours", {"code": 5}),
    ]


async def test_an_error_that_knows_its_place_keeps_it(ask: Ask) -> None:
    node: Any = parse("{ elsewhere }").definitions[0]
    placed = GraphQLError("placed", [node])
    pathed = GraphQLError("pathed", path=["else", "where"])
    answer = await ask(SCHEMA, "{ a b }", {"a": failing(placed), "b": failing(pathed)})
    assert answer.data == {"a": None, "b": None}
    assert [
        (error.message, error.path, [place.column for place in error.locations or ()]) for error in answer.errors
    ] == [
        ("placed", ["a"], [1]),
        ("pathed", ["else", "where"], []),
    ]


async def test_one_error_may_stand_in_many_places(ask: Ask) -> None:
    shared = ValueError("shared")
    answer = await ask(SCHEMA, "{ a b list { a } }", {"a": shared, "b": shared, "list": [{"a": shared}]})
    assert [(error.path, error.original_error is shared) for error in answer.errors] == [
        (["a"], True),
        (["b"], True),
        (["list", 0, "a"], True),
    ]


async def test_an_error_in_place_of_a_list_or_an_object_is_told_once(ask: Ask) -> None:
    root = {
        "next": ValueError("no object"),
        "list": [ValueError("no item"), {"a": "a"}],
        "words": ValueError("no list"),
    }
    answer = await ask(SCHEMA, "{ next { a b } list { a } words }", root)
    assert answer.said == (
        {"next": None, "list": [None, {"a": "a"}], "words": None},
        {"next": "no object", "list.0": "no item", "words": "no list"},
    )


async def test_what_awaits_an_error_is_one(ask: Ask) -> None:
    async def later(_info: Any) -> Any:
        await asyncio.sleep(0)
        return ValueError("returned")

    async def fail(_info: Any) -> Any:
        await asyncio.sleep(0)
        message = "raised"
        raise ValueError(message)

    assert (await ask(SCHEMA, "{ a b next { a } }", {"a": later, "b": fail, "next": {"a": fail}})).said == (
        {"a": None, "b": None, "next": {"a": None}},
        {"a": "returned", "b": "raised", "next.a": "raised"},
    )


async def test_an_error_keeps_no_other_request_alive(ask: Ask) -> None:
    """An argument that is never valid is worked out once, and each answer has an error of its own."""
    schema = build_schema("type Query { a(x: Int!): String list: [Query] }")
    answer = await ask(schema, "{ list { a(x: null) } }", {"list": [{}, {}]})
    message = "Argument 'x' has invalid value: Expected value of non-null type 'Int!' not to be None."
    assert answer.said == (
        {"list": [{"a": None}, {"a": None}]},
        {"list.0.a": message, "list.1.a": message},
    )
    assert answer.errors[0] is not answer.errors[1]
