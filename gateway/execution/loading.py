"""What the engine is told of a field, and what it asks of an operation: protocols by shape, importing no other room."""

from collections.abc import Callable, Hashable, Sequence
from contextlib import AbstractAsyncContextManager
from enum import Enum
from typing import Any, Protocol

from graphql import GraphQLField


class Question(Protocol):
    """Something that can be asked about many keys at once; an answer may be an expected error."""

    async def __call__(
        self, db: Any, keys: Sequence[Any], columns: frozenset[str], args: Any, *, wire: bool
    ) -> Sequence[Any]:
        """Answer for each key, in order; `wire` asks for rows of output-ready values, read by position."""
        ...

    def layout(self, columns: frozenset[str], args: Any) -> tuple[str, ...]:
        """Name the columns of the rows that `wire` answers hold, by position."""
        ...


class FieldSpec(Protocol):
    """What a field is, by the words that its kind's value is one of.

    `column`, `computed` and `part` are read from the parent without waiting: a column by its name, what is computed
    from the values of `needs`, a part of a wrapper from the wrapper itself. What is `judged` hangs on who asks too. An
    `edge` asks its question about the parent's `key`; a `root` is resolved once, and is an edge without a key where
    it has a question. Everything else is resolved as GraphQL says.
    """

    @property
    def kind(self) -> Enum:
        """How the field is answered."""
        ...

    @property
    def guard(self) -> Any:
        """What has to be held to be answered; None where nothing has."""
        ...

    @property
    def needs(self) -> tuple[str, ...]:
        """The columns of the parent's row that the field is made of."""
        ...

    @property
    def question(self) -> Question | None:
        """What is asked."""
        ...

    @property
    def key(self) -> str | None:
        """The parent's column that the question is asked about."""
        ...

    @property
    def args(self) -> Callable[..., Any] | None:
        """What makes the question's arguments of the field's."""
        ...

    @property
    def resolve(self) -> Callable[..., Any] | None:
        """What answers a field that is no column and asks no question."""
        ...


Describe = Callable[[GraphQLField], FieldSpec | None]
"""Tells what a field is; None for a field that is resolved as GraphQL says."""


def nothing_known(_field: GraphQLField) -> None:
    """Describe no field at all."""


class Operation(Protocol):
    """What one operation brings: the context of its resolvers, and what is open while they run."""

    context: Any

    def expect(self, guards: frozenset[Any]) -> None:
        """Take what has to be held for the fields that will be asked for, before anything runs."""
        ...

    def scope(self, kind: str, *, touches_data: bool) -> AbstractAsyncContextManager[None]:
        """Open what a query, mutation or subscription needs; leaving it closes that."""
        ...

    async def read(self) -> Any:
        """Return what questions are asked with."""
        ...

    def denial(self, guard: Any) -> Exception | None:
        """Return the error that stands in the place of a guarded field, None where the caller may have it."""
        ...


class Asking(Protocol):
    """A field that asks a question."""

    @property
    def spec(self) -> FieldSpec | None:
        """What the field is."""
        ...

    def columns(self) -> frozenset[str]:
        """Return the columns that its answers have to hold."""
        ...


class Caller(Protocol):
    """Who asks, over one request or one socket; every operation is its own."""

    def begin(self) -> Operation:
        """Begin one operation."""
        ...


class _Ask:
    """One question with one set of arguments: what is asked about, and who waits for it."""

    def __init__(self, question: Question, args: Any) -> None:
        self._question = question
        self._args = args
        self._columns: frozenset[str] = frozenset()
        self._keys: dict[Any, None] = {}
        self._waiting: list[tuple[list[Any], Resume]] = []

    def add(self, columns: frozenset[str], keys: list[Any], resume: "Resume") -> None:
        """Let another field take part."""
        self._columns = self._columns | columns if self._columns else columns
        self._keys.update(dict.fromkeys(keys))
        self._waiting.append((keys, resume))

    async def answer(self, operation: Any) -> None:
        """Ask, and hand to each field the answers about its keys."""
        keys = list(self._keys)
        layout = self._question.layout(self._columns, self._args)
        answers = await self._answers(operation, keys)
        if len(self._waiting) == 1:
            ((_, resume),) = self._waiting
            resume(answers, layout)
            return
        found = dict(zip(keys, answers, strict=True))
        for wanted, resume in self._waiting:
            resume([found[key] for key in wanted], layout)

    async def _answers(self, operation: Any, keys: list[Any]) -> list[Any]:
        try:
            db = await operation.read()
            return list(await self._question(db, keys, self._columns, self._args, wire=True))
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the error of every field that asked
            return [error] * len(keys)


Resume = Callable[[list[Any], tuple[str, ...]], None]
"""Goes on with the answers, whose rows have this layout."""


class Asks:
    """The questions of one level: the same question with the same arguments is asked once, for every field."""

    def __init__(self) -> None:
        self._asks: dict[Any, _Ask] = {}

    def __bool__(self) -> bool:
        """Tell whether anything is to be asked."""
        return bool(self._asks)

    def add(self, field: Asking, args: Any, keys: list[Any], resume: Resume) -> None:
        """Let a field ask its question about some keys."""
        question: Any = field.spec and field.spec.question
        name = (question, args if isinstance(args, Hashable) else id(args))
        ask = self._asks.get(name)
        if ask is None:
            ask = self._asks[name] = _Ask(question, args)
        ask.add(field.columns(), keys, resume)

    def begin(self) -> list[_Ask]:
        """Return what is to be asked now; what is added from now on belongs to the next level."""
        asks, self._asks = self._asks, {}
        return list(asks.values())
