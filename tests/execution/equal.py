"""When two answers are equal: the same data, and of the errors those that a client can make sense of.

The data is identical, the order of keys included. An error lands on the closest position at or above its own that may
be null. What lands below another's landing is not told, and of several that land on one position the first in document
order is: so every null that an error made has one error at or below it. graphql-core tells more, of positions that were
discarded, and our engine nothing but these, in document order.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

from graphql import ExecutionResult, GraphQLError


class Told(NamedTuple):
    """An error, and the position that is null for it."""

    error: GraphQLError
    landing: tuple[Any, ...]


class Answer(NamedTuple):
    """What graphql-core answers; its errors in the order in which they occurred."""

    data: dict[str, Any] | None
    errors: list[Told]


def normal(errors: Iterable[Told]) -> list[Told]:
    """Keep the errors that are told, of errors that occurred in document order: all where nothing was executed."""
    errors = list(errors)
    if any(told.error.path is None for told in errors):
        return errors
    kept: dict[tuple[Any, ...], Told] = {}
    for told in errors:
        kept.setdefault(told.landing, told)
    return [
        told for landing, told in kept.items() if not any(landing[:length] in kept for length in range(len(landing)))
    ]


def facts(error: GraphQLError) -> dict[str, Any]:
    """Return all that an error tells."""
    return {
        "message": error.message,
        "path": error.path,
        "locations": [(place.line, place.column) for place in error.locations or ()],
        "extensions": error.extensions,
        "cause": _cause(error.original_error),
    }


def _cause(error: Exception | None) -> str:
    """Name the class of an error, of our own the one that it is a kind of."""
    return next(kind.__name__ for kind in type(error).__mro__ if not kind.__module__.startswith("gateway"))


def difference(wanted: Answer, found: ExecutionResult) -> str | None:
    """Say how an answer differs from graphql-core's; None where it is equal."""
    if repr(wanted.data) != repr(found.data):
        return f"data\n  wanted {wanted.data!r}\n  found  {found.data!r}"
    told = [facts(one.error) for one in normal(wanted.errors)]
    errors = list(map(facts, found.errors or ()))
    if repr(told) != repr(errors):
        return f"errors\n  wanted {told!r}\n  found  {errors!r}"
    return None


def divergence(ordered: Answer, timed: Answer) -> str | None:
    """Say how two answers of graphql-core's differ that only timing may part; None where it does not.

    Which of several errors that land on one position is told hangs on which came first; where they land does not.
    """
    if repr(ordered.data) != repr(timed.data):
        return f"data\n  ordered {ordered.data!r}\n  timed   {timed.data!r}"
    first, second = ({told.landing: told.error for told in normal(one.errors)} for one in (ordered, timed))
    if first.keys() != second.keys():
        return f"landings\n  ordered {sorted(map(str, first))}\n  timed   {sorted(map(str, second))}"
    for landing, error in first.items():
        other = second[landing]
        if error.path == other.path and facts(error) != facts(other):
            return f"errors\n  ordered {facts(error)!r}\n  timed   {facts(other)!r}"
    return None
