"""Where a field's value comes from, and what a resolver is told and given; by both engines."""

import asyncio
from collections.abc import Generator, Mapping
from types import SimpleNamespace, coroutine
from typing import Any, Final

import pytest
from graphql import (
    GraphQLArgument,
    GraphQLField,
    GraphQLInt,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLString,
    build_schema,
)

from tests.execution.conftest import Ask

SCHEMA: Final = 'type Query { a(x: Int, y: String = "why"): String next: Query list: [Query] }'


class Slotted:
    """An object whose attributes are computed."""

    __slots__ = ()

    @property
    def a(self) -> str:
        """Answer."""
        return "a property"

    @property
    def next(self) -> None:
        """Fail in a way that looks like having no such attribute."""
        message = "looks missing"
        raise AttributeError(message)


class Lazy(Mapping[str, Any]):
    """A mapping that is no dictionary."""

    def __getitem__(self, key: str) -> Any:
        """Answer."""
        return {"a": "a lazy value"}[key]

    def __iter__(self) -> Any:
        """Name the keys."""
        return iter(["a"])

    def __len__(self) -> int:
        """Count them."""
        return 1


class Method:
    """An object with a method."""

    def a(self, info: Any, x: int | None = None, *, y: str) -> str:
        """Answer with what is given."""
        return f"{info.field_name} {x} {y}"


class Moment:
    """An awaitable that is no coroutine."""

    def __await__(self) -> Generator[Any, None, str]:
        """Take a turn of the loop."""
        yield from asyncio.sleep(0).__await__()
        return "a moment"


@coroutine
def old_coroutine() -> Generator[Any, None, str]:
    """Return an awaitable that is a generator."""
    yield from asyncio.sleep(0).__await__()
    return "an old coroutine"


async def future() -> Any:
    made = asyncio.get_running_loop().create_future()
    made.set_result("a future")
    return made


@pytest.mark.parametrize(
    ("make", "data"),
    [
        (lambda: {"a": "an item"}, "an item"),
        (dict, None),
        (lambda: SimpleNamespace(a="an attribute"), "an attribute"),
        (SimpleNamespace, None),
        (Slotted, "a property"),
        (Lazy, "a lazy value"),
        (lambda: 5, None),
        (lambda: {"a": lambda _info, **given: repr(given)}, "{'y': 'why'}"),
        (Method, "a None why"),
        (lambda: {"a": Moment()}, "a moment"),
        (lambda: {"a": lambda _info, **_given: old_coroutine()}, "an old coroutine"),
        (lambda: {"a": asyncio.ensure_future(asyncio.sleep(0, "a task"))}, "a task"),
    ],
)
async def test_a_field_without_a_resolver_is_read_from_its_object(ask: Ask, make: Any, data: str | None) -> None:
    document = "{ a next { a } list { a } }"
    said: Any = ({"a": data, "next": {"a": data}, "list": [{"a": data}]}, {})
    assert (await ask(SCHEMA, document, Nested(make))).said == said


class Nested(dict[str, Any]):
    """An object that stands beside itself in a field and in a list."""

    def __init__(self, make: Any) -> None:
        super().__init__(next=make, list=make)
        self.make = make

    def get(self, key: str, default: Any = None) -> Any:
        """Read a field; what has to be awaited is made anew."""
        made = self.make()
        if key == "a":
            return made.get(key, default) if isinstance(made, Mapping) else getattr(made, key, default)
        return made if key == "next" else [made]


async def test_an_attribute_that_looks_missing_is_null(ask: Ask) -> None:
    assert (await ask(SCHEMA, "{ next { a } }", Slotted())).said == ({"next": None}, {})


async def test_a_future_may_be_shared(ask: Ask) -> None:
    shared = await future()
    root = {"a": shared, "next": {"a": shared}}
    assert (await ask(SCHEMA, "{ a b: a next { a } }", root)).said == (
        {"a": "a future", "b": "a future", "next": {"a": "a future"}},
        {},
    )


async def test_a_resolver_is_told_where_it_stands(ask: Ask) -> None:
    seen: list[Any] = []

    def tell(source: Any, info: Any, **given: Any) -> Any:
        seen.append((source, info, given))
        return info.field_name

    schema = build_schema(SCHEMA)
    field: Any = schema.query_type and schema.query_type.fields["a"]
    field.resolve = tell
    document = "query Mine($x: Int) { list { one: a(x: $x) ...F } } fragment F on Query { one: a(x: $x) }"
    source = {"name": "the source"}
    root = {"list": [None, source]}
    answer = await ask(schema, document, root, "the context", variables={"x": 5}, operation="Mine")
    assert answer.said == ({"list": [None, {"one": "a"}]}, {})
    ((given_source, info, given),) = seen
    assert given_source is source
    assert given == {"x": 5, "y": "why"}
    assert info.field_name == "a"
    assert [node.loc.start for node in info.field_nodes] == [document.index("one:"), document.rindex("one:")]
    assert info.return_type is GraphQLString
    assert info.parent_type is schema.query_type
    assert info.path.as_list() == ["list", 1, "one"]
    assert [info.path.typename, info.path.prev.typename, info.path.prev.prev.typename] == ["Query", None, "Query"]
    assert info.schema is schema
    assert list(info.fragments) == ["F"]
    assert info.root_value is root
    assert info.operation.name.value == "Mine"
    assert dict(getattr(info.variable_values, "coerced", info.variable_values)) == {"x": 5}
    assert info.context == "the context"
    assert info.is_awaitable(Moment())


async def test_what_was_not_given_is_not_given(ask: Ask) -> None:
    def tell(_source: Any, _info: Any, **given: Any) -> str:
        return repr(given)

    renamed = GraphQLArgument(GraphQLInt, out_name="renamed")
    field = GraphQLField(GraphQLString, {"x": renamed, "y": GraphQLArgument(GraphQLInt)}, tell)
    schema = GraphQLSchema(GraphQLObjectType("Query", {"a": field}))
    document = "query($v: Int, $w: Int) { a b: a(x: 1) c: a(x: null) d: a(x: $v, y: $w) e: a(x: $w) }"
    assert (await ask(schema, document, variables={"v": 7})).said == (
        {"a": "{}", "b": "{'renamed': 1}", "c": "{'renamed': None}", "d": "{'renamed': 7}", "e": "{}"},
        {},
    )


async def test_the_arguments_of_one_call_are_no_others(ask: Ask) -> None:
    def spoil(_source: Any, _info: Any, **given: Any) -> int:
        given["words"].append("spoilt")
        given["place"]["x"] = -1
        return len(given["words"])

    schema = build_schema("input Place { x: Int } type Query { a(words: [String], place: Place): Int list: [Query] }")
    field: Any = schema.query_type and schema.query_type.fields["a"]
    field.resolve = spoil
    document = '{ list { a(words: ["one"], place: {x: 1}) } }'
    assert (await ask(schema, document, {"list": [{}, {}]})).said == ({"list": [{"a": 2}, {"a": 2}]}, {})


async def test_a_resolver_of_fields_may_be_brought(ask: Ask) -> None:
    def resolve(source: Any, info: Any, **_given: Any) -> Any:
        return info.field_name if info.field_name == "a" else source

    answer = await ask(SCHEMA, "{ a next { a } }", {}, field_resolver=resolve)
    assert answer.said == ({"a": "a", "next": {"a": "a"}}, {})


async def test_what_stands_between_resolvers_is_asked(ask: Ask) -> None:
    def shouting(resolve: Any, source: Any, info: Any, **given: Any) -> Any:
        return resolve(source, info, **given).upper()

    answer = await ask(SCHEMA, "{ a }", {"a": "quiet"}, middleware=[shouting])
    assert answer.said == ({"a": "QUIET"}, {})


async def test_a_root_may_be_nothing(ask: Ask) -> None:
    assert (await ask(SCHEMA, "{ a next { a } __typename }")).said == (
        {"a": None, "next": None, "__typename": "Query"},
        {},
    )
