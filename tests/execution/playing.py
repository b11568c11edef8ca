"""What the resolvers of a generated schema do: drawn from a run's number and from what is asked, so that it repeats."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterable, Iterator, Mapping, Sequence
from random import Random
from typing import Any, Final
from zlib import crc32

from graphql import (
    GraphQLError,
    GraphQLResolveInfo,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_nullable_type,
)
from graphql.pyutils import Path, Undefined

from tests.execution.leaves import BAD, GOOD
from tests.execution.running import Run

_STRAYS: Final = (None, 5, "Nowhere", "Int", "Query")
"""What is no name of a possible type of any abstract type."""


class OddError(Exception):
    """What a resolver fails with; `message` is what graphql-core tells of it."""

    message = "Something odd."


class Moment:
    """An awaitable that is no coroutine."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make

    def __await__(self) -> Generator[Any, None, Any]:
        """Take a turn of the loop."""
        yield from asyncio.sleep(0).__await__()
        return self._make()


class Source:
    """An object of a plain type: what its fields hold without a resolver is drawn when it is read."""

    def __init__(self, play: "Play", kind: Any, uid: str) -> None:
        self._play = play
        self._kind = kind
        self.uid = uid
        self.typename: Any = kind.name

    def __getattr__(self, name: str) -> Any:
        """Answer a field that has no resolver."""
        if name.startswith("_"):
            raise AttributeError(name)
        return self._play.held(self, self._kind, name)

    def get(self, name: str) -> Any:
        """Answer as a mapping does."""
        return self.typename if name == "__typename" else self._play.held(self, self._kind, name)


class Named(Source):
    """One that names its type itself."""

    @property
    def _Named__typename(self) -> Any:  # noqa: N802 - where graphql-core looks for it
        return self.typename


@Mapping.register
class Mapped(Source):
    """One that is read as a mapping."""


class Play:
    """One run of one document: `ordered`, everything is there at once and in order; else some of it is awaited."""

    def __init__(self, run: Run, *, ordered: bool) -> None:
        self.run = run
        self.ordered = ordered
        self.log: list[str] = []

    def draws(self, key: str) -> Random:
        """Return what decides about a thing of this name."""
        return Random(crc32(f"{self.run.salt} {key}".encode()))  # noqa: S311 - it has to repeat

    def resolve(self, source: Any, info: GraphQLResolveInfo[Any], **given: Any) -> Any:
        """Answer a field that has a resolver."""
        key = f"{getattr(source, 'uid', source)}.{info.field_name}{given or ''}"
        draw = self.draws(key)
        if is_serial(info):
            self.log.append(f"{key} begins")

        def make() -> Any:
            if is_serial(info):
                self.log.append(f"{key} ends")
            if draw.random() < self.run.rate:
                raise failure(draw)
            if str(info.return_type).strip("!") == "String" and draw.random() < 0.3:
                return told(info, given)
            return self.value(info.return_type, key)

        return self.delivered(draw, make)

    def held(self, source: Source, kind: Any, name: str) -> Any:
        """Answer a field that has no resolver: with a value, or with what makes one when it is called."""
        if name not in kind.fields:
            raise AttributeError(name)
        key = f"{source.uid}.{name}"
        draw = self.draws(key)
        wanted = kind.fields[name].type
        style = draw.randrange(4)
        if style == 0:
            return lambda info, **given: self.resolve(source, info, **given)
        return self.delivered(draw, lambda: self.value(wanted, key))

    def delivered(self, draw: Random, make: Callable[[], Any]) -> Any:
        """Make a value now or let it be awaited."""
        later = draw.random() < self.run.waiting
        style, turns = draw.randrange(3), draw.randrange(3)
        if self.ordered or not later:
            return make()
        return later_by(style, turns, make)

    def value(self, kind: Any, key: str, *, plain: bool = False) -> Any:
        """Draw what stands at a position of this type; `plain` has nothing to be awaited in it.

        Raises:
            Exception: that is what was drawn.
        """
        draw = self.draws(f"{key}:")
        bare = kind.of_type if is_non_null_type(kind) else kind
        if draw.random() < self.run.rate:
            return self._trouble(bare, key, draw)
        if bare is kind and draw.random() < 0.1:
            return draw.choice((None, None, Undefined))
        if is_list_type(bare):
            return self._listed(bare.of_type, key, draw, plain=plain)
        if is_leaf_type(bare):
            return draw.choice(GOOD[bare.name])
        return self._object(bare, key, draw)

    def _object(self, kind: Any, key: str, draw: Random) -> Any:
        if is_abstract_type(kind):
            kind = draw.choice(self.run.schema.get_possible_types(kind))
        made: Callable[..., Any] = kind.extensions["makes"]
        return made(self, kind, key)

    def _trouble(self, kind: Any, key: str, draw: Random) -> Any:
        """Draw something that does not go well, or may not."""
        style = draw.randrange(5)
        if style == 0:
            return draw.choice((None, None, Undefined))
        if style == 1:
            return failure(draw)
        if style == 2:
            raise failure(draw)
        if is_leaf_type(kind):
            return draw.choice(BAD[kind.name])
        if is_abstract_type(kind):
            stray = Mapped(self, self.run.schema.get_possible_types(kind)[0], key)
            stray.typename = draw.choice(_STRAYS)
            return stray
        return draw.choice((5, "text", {"a": 1}, 0.5))

    def _listed(self, kind: Any, key: str, draw: Random, *, plain: bool) -> Any:
        style, count = draw.randrange(8), draw.choice((0, 1, 1, 2, 3))
        breaks = not plain and style > 5 and is_nullable_type(kind) and draw.random() < self.run.rate * 4
        items = [self._item(kind, f"{key}.{number}", plain=plain or breaks) for number in range(count)]
        if plain:
            return items
        if breaks:
            return (
                _broken(items) if self.ordered or style == 6 or not self.run.waiting else _arriving(items, breaks=True)
            )
        if style == 0 and self.run.waiting and not self.ordered:
            return _arriving(items, breaks=False)
        return _CONTAINERS[style](items)

    def _item(self, kind: Any, key: str, *, plain: bool) -> Any:
        draw = self.draws(f"{key}!")
        later = draw.random() < self.run.waiting / 3
        style, turns = draw.randrange(3), draw.randrange(3)
        if not later or self.ordered or plain:
            try:
                return self.value(kind, key, plain=plain)
            except Exception as error:  # noqa: BLE001 - an item that fails is its error
                return error
        return later_by(style, turns, lambda: self.value(kind, key))

    def denial(self, guard: str | None) -> Exception | None:
        """Return the error that stands in the place of a guarded field, if any does."""
        draw = self.draws(f"guard {guard}")
        return failure(draw) if guard is not None and draw.random() < self.run.rate else None

    def judge(self, name: str, value: Any) -> Any:
        """Answer whether a value is of the type of this name; only of the one that it is, drawing may fail."""
        if getattr(value, "typename", None) != name:
            return False
        draw = self.draws(f"{value.uid} is {name}")

        def make() -> bool:
            if draw.random() < self.run.rate / 2:
                raise failure(draw)
            return draw.random() >= self.run.rate / 2

        return self.delivered(draw, make)

    def named(self, value: Any) -> Any:
        """Answer which type a value is of."""
        draw = self.draws(f"{getattr(value, 'uid', value)} is")

        def make() -> Any:
            if draw.random() < self.run.rate / 2:
                raise failure(draw)
            return getattr(value, "typename", "Nowhere")

        return self.delivered(draw, make)


class Once(Iterable[Any]):
    """An iterable that is no collection."""

    def __init__(self, items: Sequence[Any]) -> None:
        self._items = items

    def __iter__(self) -> Iterator[Any]:
        """Iterate."""
        return iter(self._items)


_CONTAINERS: Final[Sequence[Callable[[list[Any]], Iterable[Any]]]] = (list, list, list, tuple, iter, Once, list, list)


def is_serial(info: GraphQLResolveInfo[Any]) -> bool:
    """Tell whether a field is one of those that are answered one after another."""
    return info.parent_type.name == "Mutation"


def failure(draw: Random) -> Exception:
    """Draw an error of one of the kinds that resolvers fail with."""
    number = draw.randrange(100)
    return draw.choice(
        (
            ValueError(f"value {number}"),
            OddError(),
            GraphQLError(f"told {number}"),
            GraphQLError(f"told {number}", extensions={"code": number}),
        )
    )


def later_by(style: int, turns: int, make: Callable[[], Any]) -> Awaitable[Any]:
    """Return an awaitable of one of three kinds."""
    if style == 0:
        return Moment(make)
    if style == 1:
        return asyncio.ensure_future(_after(turns, make))
    return _after(turns, make)


async def _after(turns: int, make: Callable[[], Any]) -> Any:
    for _ in range(turns):
        await asyncio.sleep(0)
    return make()


def _broken(items: Sequence[Any]) -> Iterator[Any]:
    yield from items
    raise OddError


async def _arriving(items: Sequence[Any], *, breaks: bool) -> AsyncIterator[Any]:
    for item in items:
        await asyncio.sleep(0)
        yield item
    if breaks:
        raise OddError


def told(info: GraphQLResolveInfo[Any], given: Mapping[str, Any]) -> str:
    """Write down all that a resolver is told."""
    variables: Any = info.variable_values
    return repr(
        (
            info.field_name,
            [node.loc and node.loc.start for node in info.field_nodes],
            str(info.return_type),
            str(info.parent_type),
            _steps(info.path),
            sorted(info.fragments),
            info.operation.loc and info.operation.loc.start,
            getattr(info.root_value, "uid", None),
            getattr(variables, "coerced", variables),
            given,
        )
    )


def _steps(path: Path | None) -> list[Any]:
    return [] if path is None else [*_steps(path.prev), path.key, path.typename]
