"""Scalars and enums, as they are sent and as they arrive; by both engines."""

from enum import Enum
from typing import Any, Final

import pytest
from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLError,
    GraphQLField,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLString,
    specified_scalar_types,
)
from graphql.pyutils import Undefined

from tests.execution.conftest import Ask


class Dimension(Enum):
    """What an enum may stand for."""

    SMALL = "s"
    LARGE = "l"


def sent(value: Any) -> Any:
    if value == "bad":
        message = "cannot be sent"
        raise GraphQLError(message, extensions={"code": "BAD"})
    return {"nothing": None, "undefined": Undefined, "many": [1, {"a": 2}]}.get(value, f"sent {value}")


def arrived(value: Any) -> Any:
    if value == "bad":
        message = "cannot arrive"
        raise ValueError(message)
    return f"arrived {value}"


MADE: Final = GraphQLScalarType("Made", coerce_output_value=sent, coerce_input_value=arrived)
COLOUR: Final = GraphQLEnumType("Colour", {"RED": 1, "GREEN": "grün", "BLUE": (0, 0, 255), "GREY": [5]})
SIZE: Final = GraphQLEnumType("Size", Dimension, names_as_values=None)
NAMED: Final = GraphQLEnumType("Named", dict.fromkeys(("ONE", "TWO")))


def schema(kind: Any) -> GraphQLSchema:
    field = GraphQLField(kind)
    return GraphQLSchema(GraphQLObjectType("Query", {"a": field, "b": field, "same": GraphQLField(kind)}))


def built(name: str) -> GraphQLSchema:
    kinds: dict[str, Any] = {kind.name: kind for kind in (MADE, COLOUR, SIZE, NAMED)}
    return schema(kinds[name] if name in kinds else specified_scalar_types[name])


@pytest.mark.parametrize(
    ("kind", "value", "data"),
    [
        ("Int", 1, 1),
        ("Int", -2_147_483_648, -2_147_483_648),
        ("Int", 3.0, 3),
        ("Int", "7", 7),
        ("Int", True, 1),
        ("Float", 1.5, 1.5),
        ("Float", 2, 2.0),
        ("Float", "0.5", 0.5),
        ("Float", True, 1),
        ("String", "text", "text"),
        ("String", 1.5, "1.5"),
        ("String", True, "true"),
        ("Boolean", True, True),
        ("Boolean", 0, False),
        ("ID", "a", "a"),
        ("ID", 5, "5"),
        ("Made", "x", "sent x"),
        ("Made", "many", [1, {"a": 2}]),
        ("Colour", 1, "RED"),
        ("Colour", True, "RED"),
        ("Colour", "grün", "GREEN"),
        ("Colour", (0, 0, 255), "BLUE"),
        ("Colour", [5], "GREY"),
        ("Size", Dimension.LARGE, "LARGE"),
        ("Named", "ONE", "ONE"),
        ("Int", Undefined, None),
        ("ID", Undefined, None),
        ("Made", Undefined, None),
        ("Colour", Undefined, None),
    ],
)
async def test_a_value_is_sent(ask: Ask, kind: str, value: Any, data: Any) -> None:
    answer = await ask(built(kind), "{ a b: a }", {"a": value})
    assert answer.errors == []
    assert repr(answer.data) == repr({"a": data, "b": data})


@pytest.mark.parametrize(
    ("kind", "value", "message"),
    [
        ("Int", 2_147_483_648, "Int cannot represent non 32-bit signed integer value: 2147483648"),
        ("Int", -2_147_483_649, "Int cannot represent non 32-bit signed integer value: -2147483649"),
        ("Int", 1.5, "Int cannot represent non-integer value: 1.5"),
        ("Int", "x", "Int cannot represent non-integer value: 'x'"),
        ("Int", [1], "Int cannot represent non-integer value: [1]"),
        ("Float", "x", "Float cannot represent non numeric value: 'x'"),
        ("Float", float("nan"), "Float cannot represent non numeric value: nan"),
        ("Float", float("inf"), "Float cannot represent non numeric value: inf"),
        ("String", [1], "String cannot represent value: [1]"),
        ("Boolean", "true", "Boolean cannot represent a non boolean value: 'true'"),
        ("ID", 1.5, "ID cannot represent value: 1.5"),
        ("Made", "bad", "cannot be sent"),
        (
            "Made",
            "nothing",
            "Expected `Made.coerce_output_value('nothing')` to return non-nullable value, returned: None",
        ),
        (
            "Made",
            "undefined",
            "Expected `Made.coerce_output_value('undefined')` to return non-nullable value, returned: Undefined",
        ),
        ("Colour", "RED", "Enum 'Colour' cannot represent value: 'RED'"),
        ("Colour", [1], "Enum 'Colour' cannot represent value: [1]"),
        ("Size", "s", "Enum 'Size' cannot represent value: 's'"),
    ],
)
async def test_a_value_that_cannot_be_sent_is_an_error(ask: Ask, kind: str, value: Any, message: str) -> None:
    answer = await ask(built(kind), "{ a b }", {"a": value, "b": None})
    assert answer.said == ({"a": None, "b": None}, {"a": message})


async def test_an_error_of_a_scalar_brings_its_extensions(ask: Ask) -> None:
    (error,) = (await ask(built("Made"), "{ a }", {"a": "bad"})).errors
    assert error.extensions == {"code": "BAD"}


async def test_equal_values_of_different_types_are_sent_as_what_they_are(ask: Ask) -> None:
    root = {"a": True, "b": 1, "same": 1.0}
    assert repr((await ask(built("String"), "{ a b same }", root)).data) == repr({"a": "true", "b": "1", "same": "1.0"})


@pytest.mark.parametrize(
    ("kind", "written", "given", "arrives"),
    [
        ("Colour", "RED", "RED", 1),
        ("Colour", "BLUE", "BLUE", (0, 0, 255)),
        ("Size", "LARGE", "LARGE", Dimension.LARGE),
        ("Named", "TWO", "TWO", None),
        ("Made", '"x"', "x", "arrived x"),
    ],
)
async def test_a_value_arrives(ask: Ask, kind: str, written: str, given: Any, arrives: Any) -> None:
    kinds: dict[str, Any] = {found.name: found for found in (MADE, COLOUR, SIZE, NAMED)}
    field = GraphQLField(GraphQLString, {"x": GraphQLArgument(kinds[kind])}, lambda *_given, x: repr(x))
    asked = GraphQLSchema(GraphQLObjectType("Query", {"a": field}))
    document = f"query($v: {kind}) {{ a(x: {written}) b: a(x: $v) }}"
    answer = await ask(asked, document, variables={"v": given})
    assert answer.said == ({"a": repr(arrives), "b": repr(arrives)}, {})


@pytest.mark.parametrize(
    ("kind", "given", "message"),
    [
        ("Colour", "PINK", "Value 'PINK' does not exist in 'Colour' enum."),
        ("Colour", 1, "Enum 'Colour' cannot represent non-string value: 1."),
        ("Made", "bad", "Expected value of type 'Made', but encountered error 'cannot arrive'; found: 'bad'."),
    ],
)
async def test_a_value_that_cannot_arrive_is_an_error(ask: Ask, kind: str, given: Any, message: str) -> None:
    kinds: dict[str, Any] = {found.name: found for found in (MADE, COLOUR)}
    field = GraphQLField(GraphQLString, {"x": GraphQLArgument(kinds[kind])})
    asked = GraphQLSchema(GraphQLObjectType("Query", {"a": field}))
    answer = await ask(asked, f"query($v: {kind}) {{ a(x: $v) }}", variables={"v": given})
    assert answer.said == (None, {"": f"Variable '$v' has invalid value: {message}"})
