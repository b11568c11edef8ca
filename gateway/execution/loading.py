"""What the engine is told of a field, and what it asks of an operation: protocols by shape, importing no other room."""

from collections.abc import Awaitable, Callable, Sequence
from enum import Enum
from itertools import chain
from typing import Any, Protocol, TypeVar

from graphql import GraphQLField

Made = TypeVar("Made")


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


class Route(Protocol):
    """Where one thing is found: by asking a question about one key, to which a row of one type is the answer."""

    @property
    def question(self) -> Question:
        """What is asked."""
        ...

    @property
    def key(self) -> Any:
        """What is asked about."""
        ...

    @property
    def kind(self) -> str:
        """The name of the object type that is found."""
        ...

    @property
    def missing(self) -> Exception:
        """What is told where there is none."""
        ...


class FieldSpec(Protocol):
    """What a field is, by the words that its kind's value is one of.

    `column`, `computed` and `part` are read from the parent without waiting: a column by its name, what is computed
    from the values of `needs`, a part of a wrapper from the wrapper itself. What is `judged` hangs on who asks too. An
    `edge` asks its question about the parent's `key`; a `root` is resolved once, and is an edge without a key where
    it has a question or a route to one. Everything else is resolved as GraphQL says.
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
    def route(self) -> Callable[[Any, Any], "Route"] | None:
        """What tells, of the context and the arguments, what a root's question is; it raises where there is none."""
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

    async def within(self, kind: str, execute: Callable[[], Awaitable[Made]], *, touches_data: bool) -> Made:
        """Execute inside what a query, mutation or subscription needs to be open, and close that again."""
        ...

    async def read(self) -> Any:
        """Return what questions are asked with."""
        ...

    def denial(self, guard: Any) -> Exception | None:
        """Return the error that stands in the place of a guarded field, None where the caller may have it."""
        ...


class Caller(Protocol):
    """Who asks, over one request or one socket; every operation is its own."""

    def begin(self) -> Operation:
        """Begin one operation."""
        ...


class Ask:
    """One question with one set of arguments: what is asked about, and who waits for it."""

    def __init__(self, question: Question, args: Any) -> None:
        self._question = question
        self._args = args
        self._columns: frozenset[str] = frozenset()
        self._waiting: list[tuple[list[Any], Resume]] = []

    def add(self, columns: frozenset[str], keys: list[Any], resume: "Resume") -> None:
        """Let another field take part; each of its keys is named once."""
        self._columns = self._columns | columns if self._columns else columns
        self._waiting.append((keys, resume))

    async def answer(self, db: Any) -> None:
        """Ask, and hand to each field the answers about its keys; an error is that of every field that asked."""
        waiting = self._waiting
        keys = waiting[0][0] if len(waiting) == 1 else list(dict.fromkeys(chain(*(wanted for wanted, _ in waiting))))
        try:
            answers = list(await self._question(db, keys, self._columns, self._args, wire=True))
        except Exception as error:  # noqa: BLE001 - whatever it is, it stands in the place of the answers
            self.fail(error)
            return
        layout = self._question.layout(self._columns, self._args)
        if len(waiting) == 1:
            waiting[0][1](answers, layout)
            return
        found = dict(zip(keys, answers, strict=True))
        for wanted, resume in waiting:
            resume([found[key] for key in wanted], layout)

    def fail(self, error: Exception) -> None:
        """Hand to each field an error in the place of every answer."""
        for wanted, resume in self._waiting:
            resume([error] * len(wanted), ())


Resume = Callable[[list[Any], tuple[str, ...]], None]
"""Goes on with the answers, whose rows have this layout."""


class Asks:
    """The questions of one level: the same question with the same arguments is asked once, for every field."""

    def __init__(self) -> None:
        self._asks: dict[Any, Ask] = {}

    def __bool__(self) -> bool:
        """Tell whether anything is to be asked."""
        return bool(self._asks)

    def add(self, question: Question, args: Any, columns: frozenset[str], keys: list[Any], resume: Resume) -> None:
        """Let a field ask a question about some keys, each named once, for the columns that it needs."""
        name = (question, id(args) if type(args).__hash__ is None else args)
        ask = self._asks.get(name)
        if ask is None:
            ask = self._asks[name] = Ask(question, args)
        ask.add(columns, keys, resume)

    def begin(self) -> list[Ask]:
        """Return what is to be asked now; what is added from now on belongs to the next level."""
        asks, self._asks = self._asks, {}
        return list(asks.values())
