"""Interfaces and unions: how the type of a value is found, and what is said where it is not; by both engines."""

import asyncio
from collections.abc import Callable
from typing import Any, Final

import pytest
from graphql import GraphQLSchema, build_schema

from tests.execution.conftest import Ask

TEXT: Final = """
interface Named { name: String }
interface Pet implements Named { name: String friend: Named }
type Cat implements Named & Pet { name: String friend: Named meows: Boolean }
type Dog implements Named & Pet { name: String friend: Named barks: Boolean }
type Rock { weight: Int }
union Any = Cat | Dog | Rock
input Shape { size: Int }
type Query { pet: Pet pets: [Pet] sure: Pet! any: Any anything: [Any] cat: Cat cats: [Cat] named: [Named] }
"""


class Animal:
    """Something that is of the type that it says."""

    def __init__(self, kind: Any, **fields: Any) -> None:
        self.kind = kind
        self.name = fields.get("name", kind)
        self.friend = fields.get("friend")
        self.meows = self.barks = True
        self.weight = 3


class Own(Animal):
    """One that knows the name of its type, where graphql-core looks for it."""

    @property
    def _Own__typename(self) -> Any:  # noqa: N802 - as it is looked for
        return self.kind


def now(made: Any) -> Any:
    return made


async def later(made: Any) -> Any:
    await asyncio.sleep(0)
    return made


def by_judging(way: Callable[[Any], Any]) -> GraphQLSchema:
    """Return a schema whose types are asked whether a value is theirs."""
    schema = build_schema(TEXT)
    for name in ("Cat", "Dog", "Rock"):
        judged: Any = schema.type_map[name]
        judged.is_type_of = lambda value, _info, name=name: way(getattr(value, "kind", None) == name)
    return schema


def by_naming(way: Callable[[Any], Any]) -> GraphQLSchema:
    """Return a schema whose interfaces and unions name the type of a value."""
    schema = build_schema(TEXT)
    for name in ("Named", "Pet", "Any"):
        naming: Any = schema.type_map[name]
        naming.resolve_type = lambda value, _info, _abstract: way(value.kind)
    return schema


SCHEMAS: Final = {
    "judged": by_judging(now),
    "judged later": by_judging(later),
    "named": by_naming(now),
    "named later": by_naming(later),
}
ALL: Final = """
{
  pets { __typename name ... on Cat { meows } ...Barking }
  any { __typename ... on Rock { weight } ... on Named { name } }
  named { name ... on Pet { friend { __typename name } } }
}
fragment Barking on Dog { barks }
"""


@pytest.mark.parametrize("schema", SCHEMAS.values(), ids=SCHEMAS)
async def test_a_value_is_of_the_type_that_it_is(ask: Ask, schema: GraphQLSchema) -> None:
    friend = Animal("Dog", name="Rex")
    root = {
        "pets": [Animal("Cat"), None, Animal("Dog"), Animal("Cat", name="Tom")],
        "any": Animal("Rock"),
        "named": [Animal("Cat", friend=friend), Animal("Dog", friend=friend)],
    }
    assert (await ask(schema, ALL, root)).said == (
        {
            "pets": [
                {"__typename": "Cat", "name": "Cat", "meows": True},
                None,
                {"__typename": "Dog", "name": "Dog", "barks": True},
                {"__typename": "Cat", "name": "Tom", "meows": True},
            ],
            "any": {"__typename": "Rock", "weight": 3},
            "named": [
                {"name": "Cat", "friend": {"__typename": "Dog", "name": "Rex"}},
                {"name": "Dog", "friend": {"__typename": "Dog", "name": "Rex"}},
            ],
        },
        {},
    )


@pytest.mark.parametrize("value", [{"__typename": "Cat", "name": "Cat"}, Own("Cat")], ids=["mapping", "attribute"])
async def test_a_value_may_name_its_type_itself(ask: Ask, value: Any) -> None:
    document = "{ pet { __typename name } anything { ... on Cat { name } } }"
    assert (await ask(TEXT, document, {"pet": value, "anything": [value]})).said == (
        {"pet": {"__typename": "Cat", "name": "Cat"}, "anything": [{"name": "Cat"}]},
        {},
    )


NONE: Final = (
    "Abstract type 'Pet' must resolve to an Object type at runtime for field 'Query.pet'. Either the 'Pet' type should "
    "provide a 'resolve_type' function or each possible type should provide an 'is_type_of' function."
)

ODD: Final = (
    "Abstract type 'Pet' must resolve to an Object type at runtime for field 'Query.pet' with value <Animal instance>, "
    "received '{}', which is not a valid Object type name."
)


@pytest.mark.parametrize("way", [now, later])
@pytest.mark.parametrize(
    ("named", "message"),
    [
        (None, NONE),
        (5, ODD.format("5")),
        ("Bird", "Abstract type 'Pet' was resolved to a type 'Bird' that does not exist inside the schema."),
        ("Shape", "Abstract type 'Pet' was resolved to a non-object type 'Shape'."),
        ("Named", "Abstract type 'Pet' was resolved to a non-object type 'Named'."),
        ("Rock", "Runtime Object type 'Rock' is not a possible type for 'Pet'."),
    ],
    ids=str,
)
async def test_what_names_no_possible_type_is_an_error(
    ask: Ask, way: Callable[[Any], Any], named: Any, message: str
) -> None:
    root = {"pet": Animal(named), "sure": Animal(named)}
    assert (await ask(by_naming(way), "{ pet { name } }", root)).said == ({"pet": None}, {"pet": message})
    assert (await ask(by_naming(way), "{ sure { name } }", root)).said == (
        None,
        {"sure": message.replace("Query.pet", "Query.sure")},
    )


async def test_an_error_in_place_of_a_name_is_no_name(ask: Ask) -> None:
    root = {"pet": Animal(ValueError("odd"))}
    said = ({"pet": None}, {"pet": ODD.format("<exception ValueError>")})
    assert (await ask(by_naming(now), "{ pet { name } }", root)).said == said


async def test_a_value_that_nobody_claims_is_an_error(ask: Ask) -> None:
    assert (await ask(TEXT, "{ pet { name } }", {"pet": {"name": "Tom"}})).said == ({"pet": None}, {"pet": NONE})
    for way in (now, later):
        answer = await ask(by_judging(way), "{ pet { name } }", {"pet": Animal("Bird")})
        assert answer.said == ({"pet": None}, {"pet": NONE})


@pytest.mark.parametrize("way", [now, later])
async def test_an_object_that_is_of_another_type_is_an_error(ask: Ask, way: Callable[[Any], Any]) -> None:
    message = "Expected value of type 'Cat' but got: <Animal instance>."
    root = {"cat": Animal("Dog"), "cats": [Animal("Cat"), Animal("Dog")]}
    assert (await ask(by_judging(way), "{ cat { name } cats { name } }", root)).said == (
        {"cat": None, "cats": [{"name": "Cat"}, None]},
        {"cat": message, "cats.1": message},
    )


async def test_a_type_that_fails_to_tell_is_an_error(ask: Ask) -> None:
    def failing(*_given: Any) -> Any:
        message = "cannot tell"
        raise ValueError(message)

    async def failing_later(*given: Any) -> Any:
        await asyncio.sleep(0)
        failing(*given)

    for fails in (failing, failing_later):
        judged, naming = by_judging(now), by_naming(now)
        cat: Any = judged.type_map["Cat"]
        cat.is_type_of = fails
        pet: Any = naming.type_map["Pet"]
        pet.resolve_type = fails
        root = {"pet": Animal("Cat"), "cat": Animal("Cat"), "cats": [Animal("Cat")]}
        answer = await ask(judged, "{ pet { name } cat { name } cats { name } }", root)
        assert answer.said == (
            {"pet": None, "cat": None, "cats": [None]},
            {"pet": "cannot tell", "cat": "cannot tell", "cats.0": "cannot tell"},
        )
        answer = await ask(naming, "{ pet { name } cat { name } }", root)
        assert answer.said == ({"pet": None, "cat": {"name": "Cat"}}, {"pet": "cannot tell"})


async def test_an_error_that_is_returned_as_a_verdict_is_one_that_is_true(ask: Ask) -> None:
    schema = by_judging(now)
    cat: Any = schema.type_map["Cat"]
    cat.is_type_of = lambda _value, _info: ValueError("odd")
    assert (await ask(schema, "{ cat { name } }", {"cat": Animal("Cat")})).said == ({"cat": {"name": "Cat"}}, {})


async def test_who_tells_a_type_is_told_where(ask: Ask) -> None:
    seen: list[Any] = []
    schema = build_schema(TEXT)
    pet: Any = schema.type_map["Pet"]
    cat: Any = schema.type_map["Cat"]

    def name(value: Any, info: Any, abstract: Any) -> str:
        seen.append(
            (value.name, info.context, info.field_name, str(info.parent_type), info.path.as_list(), abstract.name)
        )
        return "Cat"

    def judge(value: Any, info: Any) -> bool:
        seen.append((value.name, info.context, info.field_name, info.root_value is root))
        return True

    pet.resolve_type = name
    cat.is_type_of = judge
    root = {"pet": Animal("Cat")}
    answer = await ask(schema, "{ mine: pet { name } }", root, "the context")
    assert answer.said == ({"mine": {"name": "Cat"}}, {})
    assert seen == [
        ("Cat", "the context", "pet", "Query", ["mine"], "Pet"),
        ("Cat", "the context", "pet", True),
    ]


async def test_a_resolver_of_types_may_be_brought(ask: Ask) -> None:
    def kind(value: Any, _info: Any, _abstract: Any) -> str:
        return str(value.kind)

    answer = await ask(TEXT, "{ pet { __typename } any { __typename } }", CATS, type_resolver=kind)
    assert answer.said == ({"pet": {"__typename": "Cat"}, "any": {"__typename": "Cat"}}, {})


CATS: Final = {"pet": Animal("Cat"), "any": Animal("Cat")}


async def test_an_objects_own_field_is_stricter_than_its_interfaces(ask: Ask) -> None:
    schema = """
    interface Named { name: String }
    type Sure implements Named { name: String! }
    type Unsure implements Named { name: String }
    type Query { named: [Named] }
    """
    root = {"named": [{"__typename": "Sure"}, {"__typename": "Unsure"}]}
    assert (await ask(schema, "{ named { name } }", root)).said == (
        {"named": [None, {"name": None}]},
        {"named.0.name": "Cannot return null for non-nullable field Sure.name."},
    )
