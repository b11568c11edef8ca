"""The scalars, enums and inputs that every generated schema is made of, and values that they take and refuse."""

from enum import Enum
from typing import Any, Final, NamedTuple

from graphql import (
    GraphQLArgument,
    GraphQLBoolean,
    GraphQLDefaultInput,
    GraphQLEnumType,
    GraphQLError,
    GraphQLFloat,
    GraphQLID,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInt,
    GraphQLList,
    GraphQLNonNull,
    GraphQLScalarType,
    GraphQLString,
)
from graphql.pyutils import Undefined


class Dimension(Enum):
    """The values of an enum that stands for members of a Python enum."""

    SMALL = "s"
    LARGE = "l"


class Spot(NamedTuple):
    """What an input is made into."""

    x: int
    y: int | None


def _even(value: Any) -> int:
    number = int(value)
    if number % 2:
        message = f"{number} is odd."
        raise GraphQLError(message, extensions={"number": number})
    return number


def _loud(value: Any) -> Any:
    if not isinstance(value, str):
        message = "Only text can be loud."
        raise TypeError(message)
    return value.upper() or None


EVEN: Final = GraphQLScalarType("Even", serialize=_even, parse_value=_even)
LOUD: Final = GraphQLScalarType("Loud", serialize=_loud)
ANYTHING: Final = GraphQLScalarType("Anything")
COLOUR: Final = GraphQLEnumType("Colour", {"RED": 1, "GREEN": "grün", "BLUE": (0, 0, 255)})
SIZE: Final = GraphQLEnumType("Size", Dimension, names_as_values=None)

SPOT: Final = GraphQLInputObjectType(
    "Spot",
    {
        "x": GraphQLInputField(GraphQLNonNull(GraphQLInt), default=GraphQLDefaultInput(0)),
        "y": GraphQLInputField(GraphQLInt),
    },
    out_type=lambda given: Spot(given["x"], given.get("y")),
)
WISH: Final[GraphQLInputObjectType] = GraphQLInputObjectType(
    "Wish",
    lambda: {
        "text": GraphQLInputField(GraphQLString, default=GraphQLDefaultInput("any")),
        "colours": GraphQLInputField(GraphQLList(GraphQLNonNull(COLOUR)), out_name="shades"),
        "spot": GraphQLInputField(SPOT, default=GraphQLDefaultInput({"y": 3})),
        "even": GraphQLInputField(EVEN),
        "grid": GraphQLInputField(GraphQLList(GraphQLList(GraphQLInt))),
        "wish": GraphQLInputField(WISH),
        "sure": GraphQLInputField(GraphQLNonNull(GraphQLBoolean)),
    },
)
CHOICE: Final = GraphQLInputObjectType(
    "Choice", {"one": GraphQLInputField(GraphQLInt), "other": GraphQLInputField(GraphQLString)}, is_one_of=True
)

OUTPUTS: Final = (
    GraphQLInt,
    GraphQLFloat,
    GraphQLString,
    GraphQLBoolean,
    GraphQLID,
    EVEN,
    LOUD,
    ANYTHING,
    COLOUR,
    SIZE,
)
INPUTS: Final = (
    GraphQLInt,
    GraphQLFloat,
    GraphQLString,
    GraphQLBoolean,
    GraphQLID,
    EVEN,
    ANYTHING,
    COLOUR,
    SIZE,
    SPOT,
    WISH,
    CHOICE,
)
GOOD: Final[dict[str, tuple[Any, ...]]] = {
    "Int": (0, 1, -5, 2_147_483_647, True, 3.0, "7"),
    "Float": (0.5, 2, -1e30, "3.25", True),
    "String": ("", "text", 'a "quoted"\n line', 5, 1.5, True),
    "Boolean": (True, False, 1, 0),
    "ID": ("a", "7", 4),
    "Even": (0, 2, "4", -6),
    "Loud": ("quiet", "ß"),
    "Anything": ("x", 0, [1, None], {"a": {"b": 2}}),
    "Colour": (1, "grün", (0, 0, 255)),
    "Size": tuple(Dimension),
}
"""Values that a resolver may return for a leaf."""
BAD: Final[dict[str, tuple[Any, ...]]] = {
    "Int": ("seven", 2_147_483_648, 1.5, [1], "", float("inf")),
    "Float": ("much", float("nan"), {}, ""),
    "String": ({"a": 1}, [], Dimension.SMALL),
    "Boolean": ("true", None, [], 0.5),
    "ID": (1.5, [], {}),
    "Even": (3, "x", "5", []),
    "Loud": ("", 3),
    "Anything": (None, Undefined),
    "Colour": ("RED", 2, [1], Dimension.SMALL),
    "Size": ("SMALL", 0, {}),
}
"""Values that a leaf refuses, or makes nothing of."""
LITERALS: Final[dict[str, tuple[str, ...]]] = {
    "Int": ("0", "7", "-3"),
    "Float": ("0.5", "3", "-1e3"),
    "String": ('"text"', '""', '"""block"""'),
    "Boolean": ("true", "false"),
    "ID": ('"a"', "7"),
    "Even": ("2", "-4"),
    "Anything": ('"x"', "1", "{a: [1, null]}", "true", "NAME"),
    "Colour": ("RED", "GREEN", "BLUE"),
    "Size": ("SMALL", "LARGE"),
}
"""What may be written for a leaf in a document."""
GIVEN: Final[dict[str, tuple[Any, ...]]] = {
    "Int": (0, 7, -3, 2.0),
    "Float": (0.5, 3),
    "String": ("text", ""),
    "Boolean": (True, False),
    "ID": ("a", 7),
    "Even": (2, -4),
    "Anything": ("x", 1, {"a": [1, None]}, []),
    "Colour": ("RED", "GREEN", "BLUE"),
    "Size": ("SMALL", "LARGE"),
}
"""What may be given for a leaf as a variable."""
REFUSED: Final[tuple[Any, ...]] = (
    None,
    "no such",
    3,
    1.5,
    [],
    {},
    {"one": 1, "other": "x"},
    {"x": None},
    [None],
    {"sure": True},
)
"""What is given for a variable whose type may refuse it."""


def arguments() -> dict[str, GraphQLArgument]:
    """Return some of the arguments that are declared with defaults, by what they are called."""
    return {
        "most": GraphQLArgument(GraphQLNonNull(GraphQLInt), default=GraphQLDefaultInput(10)),
        "wish": GraphQLArgument(WISH, default=GraphQLDefaultInput({"sure": True, "colours": ["RED"]})),
        "shade": GraphQLArgument(COLOUR, default=GraphQLDefaultInput("BLUE"), out_name="tint"),
        "words": GraphQLArgument(GraphQLList(GraphQLNonNull(GraphQLString)), default=GraphQLDefaultInput(["a"])),
        "size": GraphQLArgument(SIZE, default_value=Dimension.LARGE),
    }
