"""Equality: what every server answers to a query is compared before anything is measured."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson

from bench.database import BenchError
from bench.dialects import Dialect
from bench.load import Answer, connect

_CURSORS: Final = frozenset({"endCursor", "startCursor", "cursor"})
_SHOWN: Final = 160


def canonical(body: bytes, dialect: Dialect) -> bytes:
    """Return the data of an answer as ours, with its keys sorted and each cursor, which is opaque, made a constant.

    Raises:
        BenchError: the answer holds errors or no data.
    """
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        message = f"An answer is not JSON, {error}: {body[:300]!r}"
        raise BenchError(message) from error
    if answer.get("errors") or not answer.get("data"):
        message = f"An answer without data: {body[:300]!r}"
        raise BenchError(message)
    return orjson.dumps(_without_cursors(dialect.as_ours(answer["data"])), option=orjson.OPT_SORT_KEYS)


def _without_cursors(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: "a cursor" if name in _CURSORS and isinstance(inner, str) else _without_cursors(inner)
            for name, inner in value.items()
        }
    return [_without_cursors(inner) for inner in value] if isinstance(value, list) else value


async def answers(port: int, requests: Sequence[bytes]) -> list[bytes]:
    """Ask a server one request after another.

    Raises:
        BenchError: one was refused.
    """
    connection = await connect(port)
    try:
        given: list[Answer] = [await connection.ask(request) for request in requests]
    finally:
        connection.close()
    for answer in given:
        if answer.status != b"200":
            message = f"The server says {answer.status.decode()}: {answer.body[:300]!r}"
            raise BenchError(message)
    return [answer.body for answer in given]


def demand_equal(title: str, given: Mapping[str, Sequence[bytes]]) -> None:
    """Refuse to compare servers that do not say the same; `given` are their canonical answers.

    Raises:
        BenchError: two differ; the message shows where.
    """
    first, *others = given
    for other in others:
        for wanted, found in zip(given[first], given[other], strict=True):
            if found != wanted:
                message = f"{title}: {first} and {other} differ. {_difference(wanted, found)}"
                raise BenchError(message)


def _difference(one: bytes, other: bytes) -> str:
    at = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    start = max(at - _SHOWN // 2, 0)
    return f"… {one[start : start + _SHOWN]!r} … is … {other[start : start + _SHOWN]!r} …"
