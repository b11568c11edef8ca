"""Generates schemas: objects, interfaces, unions and records of every make, whose resolvers ask the run what to do."""

from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import Any, Final

from graphql import (
    DirectiveLocation,
    GraphQLArgument,
    GraphQLDirective,
    GraphQLField,
    GraphQLInt,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLString,
    GraphQLUnionType,
    specified_directives,
)

from tests.execution.leaves import INPUTS, OUTPUTS, arguments
from tests.execution.playing import Mapped, Named, Source
from tests.execution.records import Records

NOTE: Final = GraphQLDirective(
    "note",
    [DirectiveLocation.FIELD, DirectiveLocation.INLINE_FRAGMENT, DirectiveLocation.FRAGMENT_SPREAD],
    args={
        "tags": GraphQLArgument(GraphQLList(GraphQLString)),
        "level": GraphQLArgument(GraphQLInt),
    },
)
"""A directive that means nothing to an executor."""


class _Maker:
    """One schema in the making."""

    def __init__(self, draw: Random) -> None:
        self._draw = draw
        self._records = Records(draw)
        self._interfaces: list[GraphQLInterfaceType] = []
        self._objects: list[GraphQLObjectType] = []
        self._unions: list[GraphQLUnionType] = []
        self._inherited: dict[str, dict[str, GraphQLField]] = {}

    def schema(self) -> GraphQLSchema:
        for number in range(self._draw.randint(1, 2)):
            self._interfaces.append(self._interface(f"I{number}"))
        for number in range(self._draw.randint(2, 4)):
            self._objects.append(self._object(f"T{number}"))
        for number in range(self._draw.randint(1, 2)):
            members = self._draw.sample(self._objects, self._draw.randint(1, len(self._objects)))
            self._unions.append(GraphQLUnionType(f"U{number}", members, resolve_type=self._resolve_type()))
        query = GraphQLObjectType("Query", lambda: {**self._fields("q", 6, 8), **self._records.roots()})
        mutation = GraphQLObjectType("Mutation", lambda: self._fields("m", 2, 4, resolved=True))
        kinds = [*self._interfaces, *self._objects, *self._unions, *self._records.kinds]
        return GraphQLSchema(query, mutation, types=kinds, directives=[*specified_directives, NOTE])

    def _interface(self, name: str) -> GraphQLInterfaceType:
        parents = [parent for parent in self._interfaces if self._draw.random() < 0.5]

        def fields() -> dict[str, GraphQLField]:
            return {**self._of(parents), **self._own(name)}

        return GraphQLInterfaceType(name, fields, interfaces=parents, resolve_type=self._resolve_type())

    def _object(self, name: str) -> GraphQLObjectType:
        chosen = [kind for kind in self._interfaces if self._draw.random() < 0.6]
        parents = [kind for kind in self._interfaces if kind in chosen or any(kind in one.interfaces for one in chosen)]

        def fields() -> dict[str, GraphQLField]:
            inherited = {key: self._narrowed(field) for key, field in self._of(parents).items()}
            return {**inherited, **self._fields(name.lower(), 1, 4)}

        judges = self._draw.random() < 0.5
        return GraphQLObjectType(
            name,
            fields,
            interfaces=parents,
            is_type_of=(lambda value, info: info.context.judge(name, value)) if judges else None,
            extensions={"makes": self._draw.choice((Source, Mapped, Named))},
        )

    def _resolve_type(self) -> Callable[..., Any] | None:
        if self._draw.random() < 0.4:
            return None
        return lambda value, info, _abstract: info.context.named(value)

    def _of(self, parents: Sequence[GraphQLInterfaceType]) -> dict[str, GraphQLField]:
        return {key: field for parent in parents for key, field in self._own(parent.name).items()}

    def _own(self, name: str) -> dict[str, GraphQLField]:
        """Return the fields that an interface declares itself."""
        if name not in self._inherited:
            self._inherited[name] = self._fields(name.lower(), 1, 2)
        return self._inherited[name]

    def _narrowed(self, field: GraphQLField) -> GraphQLField:
        """Return an interface's field as an object has it: with a resolver of its own, and perhaps never null."""
        kind = field.type
        if not isinstance(kind, GraphQLNonNull) and self._draw.random() < 0.2:
            kind = GraphQLNonNull(kind)
        return GraphQLField(kind, field.args, self._resolver())

    def _fields(self, prefix: str, least: int, most: int, *, resolved: bool = False) -> dict[str, GraphQLField]:
        return {
            f"{prefix}f{number}": GraphQLField(
                self._type(), dict(self._arguments()), _resolve if resolved else self._resolver()
            )
            for number in range(self._draw.randint(least, most))
        }

    def _resolver(self) -> Callable[..., Any] | None:
        return None if self._draw.random() < 0.4 else _resolve

    def _arguments(self) -> Iterator[tuple[str, GraphQLArgument]]:
        if self._draw.random() < 0.6:
            return
        with_defaults = arguments()
        for name in self._draw.sample(sorted(with_defaults), self._draw.randint(0, 2)):
            yield name, with_defaults[name]
        for number in range(self._draw.randint(0, 2)):
            yield f"a{number}", GraphQLArgument(self._wrapped(self._draw.choice(INPUTS), 0.2))

    def _type(self) -> Any:
        """Draw the type of a field."""
        chance = self._draw.random()
        kinds: Sequence[Any] = OUTPUTS
        if chance > 0.9:
            kinds = self._records.entities
        elif chance > 0.7:
            kinds = [*self._interfaces, *self._unions]
        elif chance > 0.45:
            kinds = self._objects
        return self._wrapped(self._draw.choice(kinds), 0.3)

    def _wrapped(self, kind: Any, chance: float) -> Any:
        while True:
            if self._draw.random() < chance:
                kind = GraphQLNonNull(kind)
            if self._draw.random() >= chance:
                return kind
            kind = GraphQLList(kind)


def _resolve(source: Any, info: Any, **given: Any) -> Any:
    return info.context.resolve(source, info, **given)


def generated(draw: Random) -> GraphQLSchema:
    """Generate a schema."""
    return _Maker(draw).schema()
