"""What arguments and variables arrive as, their defaults, and what is said of those that do not; by both engines."""

from typing import Any, Final

import pytest
from graphql import GraphQLError, build_schema

from tests.execution.conftest import Ask

SCHEMA: Final = build_schema(
    """
    scalar Made
    scalar Faulty
    input Given { a: String b: [String] c: String! d: Made e: Faulty }
    input Choice @oneOf { a: String b: Int }
    type Query {
      object(input: Given): String
      maybe(input: String): String
      sure(input: String!): String
      defaulted(input: String = "Hello"): String
      sureDefaulted(input: String! = "Hello"): String
      list(input: [String]): String
      sureList(input: [String]!): String
      listSure(input: [String!]): String
      sureListSure(input: [String!]!): String
      nested(input: [[Int]]): String
      choice(input: Choice): String
    }
    """
)


def faulty(_value: Any) -> None:
    """Refuse everything."""
    message = "faulty"
    raise GraphQLError(message, extensions={"code": "FAULTY"})


def tell(_source: Any, _info: Any, **given: Any) -> str:
    """Tell what arrived."""
    return repr(given)


_types: dict[str, Any] = dict(SCHEMA.type_map)
_types["Made"].coerce_input_value = lambda value: f"made of {value}"
_types["Faulty"].coerce_input_value = faulty
for _field in _types["Query"].fields.values():
    _field.resolve = tell

BAD: Final = "Argument 'input' has invalid value"
ONE: Final = (
    "Within OneOf Input Object type 'Choice', exactly one field must be specified, "
    "and the value for that field must be non-null."
)

NO_CHOICE: Final = (
    "Expected variable '$v' provided to field 'a' for OneOf Input Object type 'Choice' to provide a runtime value."
)


@pytest.mark.parametrize(
    ("field", "arrives"),
    [
        ('object(input: {a: "foo", b: ["bar"], c: "baz"})', {"input": {"a": "foo", "b": ["bar"], "c": "baz"}}),
        ('object(input: {a: "foo", b: "bar", c: "baz"})', {"input": {"a": "foo", "b": ["bar"], "c": "baz"}}),
        (
            'object(input: {a: null, b: null, c: "C", d: null})',
            {"input": {"a": None, "b": None, "c": "C", "d": None}},
        ),
        ('object(input: {b: ["A", null, "C"], c: "C"})', {"input": {"b": ["A", None, "C"], "c": "C"}}),
        (
            'object(input: ["foo"])',
            f"{BAD}: Expected value of type 'Given' to be an object, found: [\"foo\"].",
        ),
        ("maybe", {}),
        ("maybe(input: null)", {"input": None}),
        ("sure", "Argument 'input' of required type 'String!' was not provided."),
        ("sure(input: null)", f"{BAD}: Expected value of non-null type 'String!' not to be None."),
        ("sure(input: 5)", f"{BAD}: String cannot represent a non string value: 5"),
        ("defaulted", {"input": "Hello"}),
        ("defaulted(input: null)", {"input": None}),
        ("defaulted(input: WRONG)", f"{BAD}: String cannot represent a non string value: WRONG"),
        ("sureDefaulted", {"input": "Hello"}),
        ("nested(input: 1)", {"input": [[1]]}),
        ("nested(input: [1, [2, null], null])", {"input": [[1], [2, None], None]}),
        ('choice(input: {a: "x"})', {"input": {"a": "x"}}),
        ('choice(input: {a: "x", b: 1})', f"{BAD}: {ONE}"),
        ("choice(input: {})", f"{BAD}: {ONE}"),
        ("choice(input: {a: null})", f"{BAD} at .a: {ONE}"),
    ],
)
async def test_what_is_written_arrives(ask: Ask, field: str, arrives: Any) -> None:
    name = field.partition("(")[0]
    said: Any = ({name: None}, {name: arrives}) if isinstance(arrives, str) else ({name: repr(arrives)}, {})
    assert (await ask(SCHEMA, f"{{ {field} }}")).said == said


@pytest.mark.parametrize(
    ("defined", "field", "given", "arrives"),
    [
        ("$v: Given", "object(input: $v)", {"v": {"a": "x", "b": "y", "c": "z"}}, {"a": "x", "b": ["y"], "c": "z"}),
        ('$v: Given = {b: "y", c: "z"}', "object(input: $v)", {}, {"b": ["y"], "c": "z"}),
        ("$v: Given", "object(input: $v)", {"v": {"c": "foo", "d": "val"}}, {"c": "foo", "d": "made of val"}),
        ("$v: Given", "object(input: $v)", {}, ...),
        ("$v: Given", "object(input: $v)", {"v": None}, None),
        ("$v: String!, $w: String", "object(input: {c: $v, a: $w})", {"v": "see"}, {"c": "see"}),
        (
            "$v: String",
            "object(input: {c: $v})",
            {},
            f"{BAD} at .c: Expected variable '$v' provided to type 'String!' to provide a runtime value.",
        ),
        ("$v: String", "maybe(input: $v)", {}, ...),
        ("$v: String", "maybe(input: $v)", {"v": None}, None),
        ("$v: String", "maybe(input: $v)", {"v": "a"}, ["a"]),
        ("$v: String!", "sure(input: $v)", {"v": "a"}, ["a"]),
        (
            "$v: String",
            "sure(input: $v)",
            {},
            f"{BAD}: Expected variable '$v' provided to type 'String!' to provide a runtime value.",
        ),
        (
            "$v: String",
            "sure(input: $v)",
            {"v": None},
            f"{BAD}: Expected variable '$v' provided to non-null type 'String!' not to be None.",
        ),
        ('$v: String = "d"', "sure(input: $v)", {}, ["d"]),
        (
            '$v: String = "d"',
            "sure(input: $v)",
            {"v": None},
            f"{BAD}: Expected variable '$v' provided to non-null type 'String!' not to be None.",
        ),
        ("$v: String", "defaulted(input: $v)", {}, ["Hello"]),
        ("$v: String", "defaulted(input: $v)", {"v": None}, None),
        ('$v: String = "d"', "defaulted(input: $v)", {}, ["d"]),
        ("$v: String", "sureDefaulted(input: $v)", {}, ["Hello"]),
        ("$v: [String]", "list(input: $v)", {"v": None}, None),
        ("$v: [String]", "list(input: $v)", {"v": "A"}, {"list": ["A"]}),
        ("$v: [String]", "list(input: $v)", {"v": ["A", None]}, {"list": ["A", None]}),
        ("$v: String", 'list(input: [$v, "B"])', {}, {"list": [None, "B"]}),
        ("$v: String", 'list(input: [$v, "B"])', {"v": "A"}, {"list": ["A", "B"]}),
        ("$v: [String]!", "sureList(input: $v)", {"v": ["A", None]}, {"list": ["A", None]}),
        ("$v: [String!]", "listSure(input: $v)", {"v": None}, None),
        (
            "$v: String",
            'listSure(input: [$v, "B"])',
            {},
            f"{BAD} at [0]: Expected variable '$v' provided to type 'String!' to provide a runtime value.",
        ),
        ("$v: [String!]!", "sureListSure(input: $v)", {"v": ["A"]}, {"list": ["A"]}),
        ("$v: [[Int]]", "nested(input: $v)", {"v": [1, [2]]}, {"list": [[1], [2]]}),
        ("$v: String!", "choice(input: {a: $v})", {"v": "x"}, {"a": "x"}),
        (
            "$v: String",
            "choice(input: {a: $v})",
            {},
            f"{BAD}: {NO_CHOICE}",
        ),
        ("$v: Choice", "choice(input: $v)", {"v": {"b": 3}}, {"b": 3}),
    ],
)
async def test_what_is_given_arrives(ask: Ask, defined: str, field: str, given: dict[str, Any], arrives: Any) -> None:
    name = field.partition("(")[0]
    answer = await ask(SCHEMA, f"query({defined}) {{ {field} }}", variables=given)
    if isinstance(arrives, str):
        assert answer.said == ({name: None}, {name: arrives})
        return
    if isinstance(arrives, list):
        (arrives,) = arrives
    elif isinstance(arrives, dict) and "list" in arrives:
        arrives = arrives["list"]
    assert answer.said == ({name: "{}" if arrives is ... else repr({"input": arrives})}, {})


@pytest.mark.parametrize(
    ("defined", "given", "message"),
    [
        ("$v: Given", {"a": "x", "c": None}, " at .c: Expected value of non-null type 'String!' not to be None."),
        ("$v: Given", "foo", ": Expected value of type 'Given' to be an object, found: 'foo'."),
        ("$v: Given", {"c": "x", "e": 1}, " at .e: faulty"),
        (
            "$v: Given",
            {"a": "foo"},
            ": Expected value of type 'Given' to include required field 'c', found: {'a': 'foo'}.",
        ),
        (
            "$v: Given",
            {"c": "x", "other": 1},
            ": Expected value of type 'Given' not to include unknown field 'other', found: {'c': 'x', 'other': 1}.",
        ),
        ("$v: String!", None, ": Expected value of non-null type 'String!' not to be None."),
        ("$v: String!", ..., ": Expected a value of non-null type 'String!' to be provided."),
        ("$v: String", [1, 2], ": String cannot represent a non string value: [1, 2]"),
        ("$v: [String]!", None, ": Expected value of non-null type '[String]!' not to be None."),
        ("$v: [String!]", ["A", None], " at [1]: Expected value of non-null type 'String!' not to be None."),
        ("$v: Choice", {"a": "x", "b": 3}, f": {ONE}"),
        ("$v: Choice", {"a": None}, f" at .a: {ONE}"),
    ],
)
async def test_what_is_given_wrongly_is_said_before_anything_is_executed(
    ask: Ask, defined: str, given: Any, message: str
) -> None:
    called: list[Any] = []
    answer = await ask(
        SCHEMA,
        f"query({defined}) {{ maybe }}",
        variables={} if given is ... else {"v": given},
        field_resolver=lambda *_given: called.append(1),
    )
    assert answer.said == (None, {"": f"Variable '$v' has invalid value{message}"})
    assert not called


async def test_every_variable_that_is_wrong_is_said(ask: Ask) -> None:
    answer = await ask(SCHEMA, "query($v: Int, $w: Int) { maybe }", variables={"v": "x", "w": "y"})
    assert [error.message for error in answer.errors] == [
        "Variable '$v' has invalid value: Int cannot represent non-integer value: 'x'",
        "Variable '$w' has invalid value: Int cannot represent non-integer value: 'y'",
    ]


@pytest.mark.parametrize("kind", ["Unknown!", "Query"])
async def test_a_variable_of_no_input_type_is_said(ask: Ask, kind: str) -> None:
    message = f"Variable '$v' expected value of type '{kind}' which cannot be used as an input type."
    answer = await ask(SCHEMA, f"query($v: {kind}) {{ maybe(input: $v) }}", variables={"v": "x"})
    assert answer.said == (None, {"": message})


async def test_one_document_is_asked_with_one_value_and_another(ask: Ask) -> None:
    document = 'query($v: String, $w: [String] = ["d"]) { maybe(input: $v) list(input: $w) sure(input: "s") }'
    for given, maybe, listed in (
        ({"v": "a", "w": "b"}, "{'input': 'a'}", "{'input': ['b']}"),
        ({"w": None}, "{}", "{'input': None}"),
        ({"v": None}, "{'input': None}", "{'input': ['d']}"),
    ):
        data = {"maybe": maybe, "list": listed, "sure": "{'input': 's'}"}
        assert (await ask(SCHEMA, document, variables=given)).said == (data, {})
