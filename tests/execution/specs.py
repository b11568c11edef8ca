"""What described fields are made of: their descriptions, records, wrappers and questions, and their plain resolvers."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from enum import Enum
from random import Random
from typing import Any, Final, NamedTuple
from zlib import crc32

from graphql import get_nullable_type, is_leaf_type, is_list_type, is_non_null_type

from tests.execution.leaves import BAD, GOOD
from tests.execution.playing import Play, failure

_KEYS: Final = (None, 0, 1, 2, 3)


class Kind(Enum):
    """How a field is answered."""

    COLUMN = "column"
    COMPUTED = "computed"
    JUDGED = "judged"
    EDGE = "edge"
    ROOT = "root"
    PART = "part"


@dataclass(frozen=True)
class Spec:
    """What the engine is told of a field."""

    kind: Kind
    guard: str | None = None
    needs: tuple[str, ...] = ()
    question: Any = None
    route: Callable[[Any, Any], Any] | None = None
    key: str | None = None
    args: Callable[..., Any] | None = None
    resolve: Callable[..., Any] | None = None


class Asked(NamedTuple):
    """What a question is asked with, which refuses some of it."""

    first: int | None = None
    shade: Any = None

    @classmethod
    def of(cls, **given: Any) -> "Asked":
        """Make it of a field's arguments."""
        asked = cls(**given)
        if asked.first == 0:
            message = "Ask for something."
            raise ValueError(message)
        return asked


class Record:
    """A row as an object: what its columns hold is drawn when they are read."""

    def __init__(self, play: Play, typename: str, uid: Any) -> None:
        self._play = play
        self.typename = typename
        self.uid = self.id = uid

    def __getattr__(self, name: str) -> Any:
        """Read a column."""
        if name.startswith("_"):
            raise AttributeError(name)
        key = f"{self.typename} {self.uid}.{name}"
        if name.startswith("ref"):
            return self._play.draws(key).choice(_KEYS)
        entity: Any = self._play.run.schema.type_map[self.typename]
        kind = entity.fields[name].type
        try:
            return _ready(get_nullable_type(kind), self._play.value(kind, key, plain=True))
        except Exception as error:  # noqa: BLE001 - what was drawn is what the column holds
            return error

    def row(self, layout: Sequence[str]) -> tuple[Any, ...]:
        """Return some columns by position."""
        return tuple(None if name.startswith("#") else getattr(self, name) for name in layout)


def _ready(kind: Any, value: Any) -> Any:
    """Return text as it is sent: a row's columns hold it so, and sending it again makes no difference."""
    return kind.coerce_output_value(value) if is_leaf_type(kind) and isinstance(value, str) else value


class Wrapper:
    """A page of records, or of their rows where there is a layout."""

    def __init__(self, items: Any, layout: Sequence[str] | None, total: int | None) -> None:
        self.items = items
        self.layout = layout
        self.total = total

    def edges(self) -> list[tuple["Wrapper", Any]]:
        """Return what stands around each item."""
        return [(self, item) for item in self.items]

    def first(self) -> Any:
        """Return the first item."""
        return self.items[0] if self.items else None

    def cursor(self, item: Any) -> str:
        """Return what marks an item."""
        if item is None:
            return "nowhere"
        return f"at {item.id if self.layout is None else item[self.layout.index('id')]}"


class Sized(NamedTuple):
    """What is computed where an object is."""

    number: Any
    text: Any

    def twice(self) -> "Sized | None":
        """Return another."""
        return None if self.number == 0 else Sized(0, f"twice {self.text}")


class Question:
    """A question about keys, of which some have no answer and some an error for one."""

    def __init__(self, entity: str, shape: str) -> None:
        self.entity = entity
        self.shape = shape

    async def __call__(
        self, play: Play, keys: Sequence[Any], columns: frozenset[str], args: Any, *, wire: bool
    ) -> Sequence[Any]:
        """Answer about each key."""
        assert len(set(keys)) == len(keys)
        if not play.ordered:
            await asyncio.sleep(0)
        draw = play.draws(f"{self.entity} {self.shape} {args}")
        if draw.random() < play.run.rate / 2:
            raise failure(draw)
        layout = self.layout(columns, args) if wire else None
        return [self._answer(play, key, args, layout, counts=not wire or "#total" in columns) for key in keys]

    def layout(self, columns: frozenset[str], _args: Any) -> tuple[str, ...]:
        """Name the columns of a row, by position."""
        return ("#key", *sorted({name for name in columns if not name.startswith("#")} | {"id"}))

    async def alone(self, play: Play, args: Any, columns: frozenset[str]) -> Any:
        """Answer where nothing is asked about."""
        (found,) = await self(play, [None], columns, args, wire=False)
        return found

    def _answer(self, play: Play, key: Any, args: Any, layout: Sequence[str] | None, *, counts: bool) -> Any:
        draw = play.draws(f"{self.entity} {self.shape} {key} {args}")
        if draw.random() < play.run.rate:
            return failure(draw)
        if draw.random() < 0.1:
            return None
        if self.shape == "one":
            return self._item(play, key, layout)
        items = [
            None if draw.random() < play.run.rate else self._item(play, f"{key}.{number}", layout)
            for number in range(draw.randrange(4))
        ]
        return items if self.shape == "many" else Wrapper(items, layout, len(items) if counts else None)

    def _item(self, play: Play, key: Any, layout: Sequence[str] | None) -> Any:
        record = Record(play, self.entity, key)
        return record if layout is None else record.row(layout)


def answered(name: str, kind: Any) -> Callable[..., Any]:
    """Return a function that is given a play or None, arguments, and values, and draws an answer from these."""

    def answer(play: Play | None, args: Any, *values: Any) -> Any:
        if play is not None:
            return play.value(kind, f"{name} {args} {values}", plain=True)
        return computed(kind, Random(crc32(f"{name} {values}".encode())))  # noqa: S311 - it has to repeat

    return answer


def computed(kind: Any, draw: Random) -> Any:
    """Draw a value without anything to be awaited; now and then one that does not fit.

    Raises:
        Exception: that is what was drawn.
    """
    bare = kind.of_type if is_non_null_type(kind) else kind
    chance = draw.random()
    if chance < 0.02:
        raise failure(draw)
    if chance < 0.04:
        return None
    if is_list_type(bare):
        return [computed(bare.of_type, draw) for _ in range(draw.randrange(3))]
    if is_leaf_type(bare):
        return draw.choice((BAD if chance < 0.06 else GOOD)[bare.name])
    return Sized(draw.choice(GOOD["Int"]), draw.choice(GOOD["String"]))


def plainly(spec: Spec) -> Callable[..., Any]:
    """Return the resolver that answers a described field for one parent."""

    def resolve(source: Any, info: Any, **given: Any) -> Any:
        play: Play = info.context
        denied = play.denial(spec.guard)
        if denied is not None:
            raise denied
        return _READ[spec.kind](play, spec, source, given)

    return resolve


def _column(_play: Play, spec: Spec, source: Any, _given: Any) -> Any:
    return getattr(source, spec.needs[0])


def _computed(_play: Play, spec: Any, source: Any, _given: Any) -> Any:
    return spec.resolve(*(getattr(source, name) for name in spec.needs))


def _judged(play: Play, spec: Any, source: Any, given: Any) -> Any:
    return spec.resolve(play, given or None, *(getattr(source, name) for name in spec.needs))


def _part(_play: Play, spec: Any, source: Any, _given: Any) -> Any:
    return spec.resolve(source)


def _edge(play: Play, spec: Any, source: Any, given: Any) -> Any:
    key = getattr(source, spec.key)
    if key is None:
        return None
    asked = spec.args(**given) if spec.args else given or None

    def make() -> Any:
        (found,) = at_once(spec.question(play, [key], frozenset(), asked, wire=False))
        return found

    return play.delivered(play.draws(f"{key} {spec.question}"), make)


def _root(play: Play, spec: Any, _source: Any, given: Any) -> Any:
    asked = spec.args(**given) if spec.args else given or None
    return play.delivered(play.draws("root"), lambda: at_once(spec.resolve(play, asked, frozenset())))


_READ: Final = {
    Kind.COLUMN: _column,
    Kind.COMPUTED: _computed,
    Kind.JUDGED: _judged,
    Kind.PART: _part,
    Kind.EDGE: _edge,
    Kind.ROOT: _root,
}


def at_once(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Return what a coroutine returns that waits for nothing but turns of the loop."""
    try:
        while True:
            coroutine.send(None)
    except StopIteration as ended:
        return ended.value
