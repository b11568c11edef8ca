"""Lists of every kind, however they arrive, with items that are null or fail; by both engines."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any, Final

import pytest

from tests.execution.conftest import Ask

NULL: Final = "Cannot return null for non-nullable field Query.a."


class Failing:
    """An item, or a list, that fails."""


def now(value: Any) -> Any:
    if value is Failing:
        message = "failed"
        raise ValueError(message)
    return value


async def later(value: Any) -> Any:
    await asyncio.sleep(0)
    return now(value)


def told(value: Any) -> Any:
    return ValueError("failed") if value is Failing else value


def kept(container: Callable[[list[Any]], Any]) -> Callable[[Any], Any]:
    return lambda value: container(list(map(told, value))) if isinstance(value, list) else now(value)


async def arriving(value: list[Any]) -> AsyncIterator[Any]:
    for item in value:
        yield item


async def all_later(value: Any) -> Any:
    made = await later(value)
    return [later(item) for item in made] if isinstance(made, list) else made


WAYS: Final[dict[str, Callable[[Any], Any]]] = {
    "list": kept(list),
    "tuple": kept(tuple),
    "iterator": kept(iter),
    "values": kept(lambda items: dict(enumerate(items)).values()),
    "async iterator": kept(arriving),
    "awaited list": lambda value: later(WAYS["list"](value)) if value is not Failing else later(value),
    "list of awaited": lambda value: [later(item) for item in value] if isinstance(value, list) else now(value),
    "awaited list of awaited": all_later,
    "async iterator of awaited": lambda value: (
        arriving([later(item) for item in value]) if isinstance(value, list) else now(value)
    ),
}
CASES: Final[list[tuple[Any, dict[str, Any]]]] = [
    ([1, 2], dict.fromkeys(("[Int]", "[Int]!", "[Int!]", "[Int!]!"), ({"a": [1, 2]}, {}))),
    ([], dict.fromkeys(("[Int]", "[Int]!", "[Int!]", "[Int!]!"), ({"a": []}, {}))),
    (
        [1, None, 2],
        {
            "[Int]": ({"a": [1, None, 2]}, {}),
            "[Int]!": ({"a": [1, None, 2]}, {}),
            "[Int!]": ({"a": None}, {"a.1": NULL}),
            "[Int!]!": (None, {"a.1": NULL}),
        },
    ),
    (
        None,
        {
            "[Int]": ({"a": None}, {}),
            "[Int]!": (None, {"a": NULL}),
            "[Int!]": ({"a": None}, {}),
            "[Int!]!": (None, {"a": NULL}),
        },
    ),
    (
        Failing,
        {
            "[Int]": ({"a": None}, {"a": "failed"}),
            "[Int]!": (None, {"a": "failed"}),
            "[Int!]": ({"a": None}, {"a": "failed"}),
            "[Int!]!": (None, {"a": "failed"}),
        },
    ),
    (
        [1, Failing, 2],
        {
            "[Int]": ({"a": [1, None, 2]}, {"a.1": "failed"}),
            "[Int]!": ({"a": [1, None, 2]}, {"a.1": "failed"}),
            "[Int!]": ({"a": None}, {"a.1": "failed"}),
            "[Int!]!": (None, {"a.1": "failed"}),
        },
    ),
    (
        [1, "x", None],
        {
            "[Int]": ({"a": [1, None, None]}, {"a.1": "Int cannot represent non-integer value: 'x'"}),
            "[Int!]": ({"a": None}, {"a.1": "Int cannot represent non-integer value: 'x'"}),
        },
    ),
]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("value", "kind", "said"),
    [
        pytest.param(value, kind, said, id=f"{kind} of {getattr(value, '__name__', value)}")
        for value, wanted in CASES
        for kind, said in wanted.items()
    ],
)
async def test_a_list_is_completed(ask: Ask, way: str, value: Any, kind: str, said: Any) -> None:
    root = {"a": lambda _info: WAYS[way](value)}
    assert (await ask(f"type Query {{ a: {kind} }}", "{ a }", root)).said == said


@pytest.mark.parametrize(
    ("kind", "value", "said"),
    [
        ("[[Int]]", [[1], [], None, [None]], ({"a": [[1], [], None, [None]]}, {})),
        ("[[Int!]]", [[1], [None], [2]], ({"a": [[1], None, [2]]}, {"a.1.0": NULL})),
        ("[[Int!]!]", [[1], [None], [2]], ({"a": None}, {"a.1.0": NULL})),
        ("[[Int!]!]!", [[1], [None], [2]], (None, {"a.1.0": NULL})),
        ("[[Int!]!]!", [[1], None, [2]], (None, {"a.1": NULL})),
        ("[[[Int!]]]", [[[1], [None]], [[2, 3]]], ({"a": [[[1], None], [[2, 3]]]}, {"a.0.1.0": NULL})),
    ],
    ids=str,
)
async def test_lists_of_lists(ask: Ask, kind: str, value: Any, said: Any) -> None:
    assert (await ask(f"type Query {{ a: {kind} }}", "{ a }", {"a": value})).said == said


async def test_lists_of_lists_that_arrive_in_different_ways(ask: Ask) -> None:
    value = [(1,), iter([2]), later([3]), arriving([4])]
    assert (await ask("type Query { a: [[Int]] }", "{ a }", {"a": value})).said == ({"a": [[1], [2], [3], [4]]}, {})


@pytest.mark.parametrize("value", [5, "text", b"x", {"a": 1}, bytearray(b"x"), memoryview(b"x"), object()], ids=type)
async def test_what_is_no_list_is_an_error(ask: Ask, value: Any) -> None:
    message = "Expected Iterable, but did not find one for field 'Query.a'."
    assert (await ask("type Query { a: [String] }", "{ a }", {"a": value})).said == ({"a": None}, {"a": message})
    assert (await ask("type Query { a: [[String]] }", "{ a }", {"a": [value, ["b"]]})).said == (
        {"a": [None, ["b"]]},
        {"a.0": message},
    )


async def test_a_list_that_breaks_off_is_an_error_of_its_own(ask: Ask) -> None:
    def broken(_info: Any) -> Iterator[int]:
        yield 1
        message = "broken"
        raise ValueError(message)

    async def broken_later(_info: Any) -> AsyncIterator[int]:
        yield 1
        message = "broken"
        raise ValueError(message)

    for breaks in (broken, broken_later):
        root = {"a": breaks, "b": breaks, "c": [breaks(None), [2]]}
        for kind in ("[Int]", "[Int!]"):
            said = ({"a": None}, {"a": "broken"})
            assert (await ask(f"type Query {{ a: {kind} }}", "{ a }", root)).said == said
        assert (await ask("type Query { b: [Int!]! }", "{ b }", root)).said == (None, {"b": "broken"})
        assert (await ask("type Query { c: [[Int]] }", "{ c }", root)).said == ({"c": [None, [2]]}, {"c.0": "broken"})


class Counted:
    """An asynchronous list of its own kind, which may fail to begin, to go on and to be closed."""

    def __init__(self, *, begins: bool = True, closes: bool = True) -> None:
        self.begins = begins
        self.closes = closes
        self.closed = False
        self.number = 0

    def __aiter__(self) -> "Counted":
        """Begin."""
        if not self.begins:
            message = "cannot begin"
            raise ValueError(message)
        return self

    def __anext__(self) -> Awaitable[int]:
        """Go on, once."""
        self.number += 1
        return later(self.number if self.number < 2 else Failing)

    async def aclose(self) -> None:
        """Be closed."""
        self.closed = True
        if not self.closes:
            message = "cannot close"
            raise ValueError(message)


async def test_an_asynchronous_list_that_fails_is_closed(ask: Ask) -> None:
    items = Counted()
    assert (await ask("type Query { a: [Int] }", "{ a }", {"a": items})).said == ({"a": None}, {"a": "failed"})
    assert items.closed


async def test_what_fails_while_closing_hides_nothing(ask: Ask) -> None:
    said = ({"a": None}, {"a": "failed"})
    assert (await ask("type Query { a: [Int] }", "{ a }", {"a": Counted(closes=False)})).said == said


async def test_an_asynchronous_list_that_cannot_begin_is_an_error(ask: Ask) -> None:
    said = ({"a": None}, {"a": "cannot begin"})
    assert (await ask("type Query { a: [Int] }", "{ a }", {"a": Counted(begins=False)})).said == said


async def test_objects_in_lists_have_their_own_errors(ask: Ask) -> None:
    schema = "type Query { a: [Thing] b: [Thing!] } type Thing { sure: Int! maybe: Int }"
    things = [{"sure": 1, "maybe": "x"}, {"maybe": 2}, None, {"sure": 3}]
    message = "Cannot return null for non-nullable field Thing.sure."
    odd = "Int cannot represent non-integer value: 'x'"
    assert (await ask(schema, "{ a { sure maybe } }", {"a": things})).said == (
        {"a": [{"sure": 1, "maybe": None}, None, None, {"sure": 3, "maybe": None}]},
        {"a.0.maybe": odd, "a.1.sure": message},
    )
    assert (await ask(schema, "{ b { sure maybe } }", {"b": things})).said == ({"b": None}, {"b.1.sure": message})


async def test_items_are_awaited_together(ask: Ask) -> None:
    arrived: list[int] = []

    async def item(number: int) -> int:
        arrived.append(number)
        while len(arrived) < 3:  # noqa: ASYNC110 - what it waits for are its siblings
            await asyncio.sleep(0)
        return number

    items = [item(1), item(2), item(3)]
    assert (await ask("type Query { a: [Int] }", "{ a }", {"a": items})).said == ({"a": [1, 2, 3]}, {})
