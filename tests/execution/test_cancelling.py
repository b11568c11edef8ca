"""An operation that is cancelled ends what it waits for; one that goes on leaves nothing behind."""

import asyncio
import gc
import warnings
from collections.abc import AsyncIterator
from typing import Any, Final

import pytest

from tests.execution.conftest import Ask

SCHEMA: Final = "type Query { a: String b: String list: [String] next: Query }"


class Waiting:
    """Resolvers that wait for ever, and write down that they were ended."""

    def __init__(self) -> None:
        self.begun = 0
        self.ended = 0

    async def a(self, _info: Any) -> str:
        self.begun += 1
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            self.ended += 1
        return "never"

    b = a

    async def list(self, info: Any) -> AsyncIterator[str]:
        yield await self.a(info)

    def next(self, _info: Any) -> "Waiting":
        return self


async def cancelled(ask: Ask, document: str, waiting: Waiting, most: int) -> None:
    asked = asyncio.ensure_future(ask(SCHEMA, document, waiting))
    while waiting.begun < most:  # noqa: ASYNC110 - the resolvers themselves are what is waited for
        await asyncio.sleep(0)
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    for _ in range(3):
        await asyncio.sleep(0)


@pytest.mark.parametrize(
    ("document", "most"),
    [("{ a }", 1), ("{ a b }", 2), ("{ a next { b next { a } } }", 3), ("{ list }", 1), ("{ list a }", 2)],
)
async def test_a_cancelled_operation_ends_its_resolvers(ask: Ask, document: str, most: int) -> None:
    waiting = Waiting()
    await cancelled(ask, document, waiting, most)
    assert (waiting.begun, waiting.ended) == (most, most)


async def test_a_resolver_that_is_cancelled_cancels_the_operation(ask: Ask) -> None:
    async def cancelled_itself(_info: Any) -> str:
        await asyncio.sleep(0)
        raise asyncio.CancelledError

    for document in ("{ a }", "{ a b }"):
        with pytest.raises(asyncio.CancelledError):
            await ask(SCHEMA, document, {"a": cancelled_itself, "b": cancelled_itself})


@pytest.mark.parametrize("ask", ["compiled"], indirect=True)
@pytest.mark.parametrize(
    "document", ["{ a b }", "{ sure a }", "{ a sure }", "{ list { sure a } }", "{ words }", "{ sureList { sure a } a }"]
)
async def test_nothing_is_left_behind(ask: Ask, document: str) -> None:
    """graphql-core leaves coroutines behind where something fails, so it is not asked."""

    async def later(_info: Any) -> str:
        await asyncio.sleep(0)
        return "later"

    schema = "type Query { a: String b: String sure: String! list: [Query!] sureList: [Query!]! words: [String!] }"
    root: dict[str, Any] = {
        "a": later,
        "b": later,
        "words": lambda info: [None, later(info), ValueError(), later(info)],
    }
    root |= {"list": [{**root}, {**root}], "sureList": [{**root}, {**root}]}
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        await ask(schema, document, root)
        gc.collect()
    assert [str(one.message) for one in warned] == []
    assert len(asyncio.all_tasks()) == 1


@pytest.mark.parametrize("ask", ["compiled"], indirect=True)
async def test_a_list_that_breaks_off_leaves_nothing_behind(ask: Ask) -> None:
    async def later() -> str:
        await asyncio.sleep(0)
        return "later"

    def broken(_info: Any) -> Any:
        yield later()
        message = "broken"
        raise ValueError(message)

    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        answer = await ask(SCHEMA, "{ list }", {"list": broken})
        gc.collect()
    assert answer.said == ({"list": None}, {"list": "broken"})
    assert [str(one.message) for one in warned] == []
