"""A null where none may be, or an error, makes the closest position null that may be; by both engines."""

import asyncio
from collections.abc import Iterator
from typing import Any, Final

import pytest
from graphql import build_schema

from tests.execution.conftest import Ask

SCHEMA: Final = build_schema(
    """
    type Query {
      now: String
      later: String
      nowSure: String!
      laterSure: String!
      nest: Query
      laterNest: Query
      nestSure: Query!
      laterNestSure: Query!
    }
    """
)


def nest(*, fails: bool) -> dict[str, Any]:
    """Return an object whose leaves all fail, or are all null."""

    def now(info: Any) -> None:
        if fails:
            message = f"{info.field_name} failed"
            raise ValueError(message)

    async def later(info: Any) -> None:
        await asyncio.sleep(0)
        now(info)

    async def later_nest(_info: Any) -> dict[str, Any]:
        await asyncio.sleep(0)
        return made

    made: dict[str, Any] = dict.fromkeys(("now", "nowSure"), now) | dict.fromkeys(("later", "laterSure"), later)
    made |= dict.fromkeys(("laterNest", "laterNestSure"), later_nest)
    made |= {"nest": lambda _info: made, "nestSure": lambda _info: made}
    return made


CHAIN: Final = ["nestSure", "laterNestSure"] * 3


def chained(names: list[str], leaf: str) -> str:
    return " { ".join([*names, leaf]) + " }" * len(names)


@pytest.mark.parametrize("fails", [True, False], ids=["fails", "null"])
@pytest.mark.parametrize(
    ("document", "data", "paths"),
    [
        ("{ nowSure }", None, ["nowSure"]),
        ("{ laterSure }", None, ["laterSure"]),
        ("{ nest { nowSure } }", {"nest": None}, ["nest.nowSure"]),
        ("{ nest { laterSure } }", {"nest": None}, ["nest.laterSure"]),
        ("{ laterNest { nowSure } }", {"laterNest": None}, ["laterNest.nowSure"]),
        ("{ laterNest { laterSure } }", {"laterNest": None}, ["laterNest.laterSure"]),
        ("{ nestSure { nowSure } }", None, ["nestSure.nowSure"]),
        ("{ laterNestSure { laterSure } }", None, ["laterNestSure.laterSure"]),
        ("{ nowSure nestSure { nowSure } }", None, ["nowSure"]),
        (
            "{ nest { nest { nowSure } laterNest { laterSure } } }",
            {"nest": {"nest": None, "laterNest": None}},
            ["nest.nest.nowSure", "nest.laterNest.laterSure"],
        ),
        (
            f"{{ nest {{ {chained(CHAIN, 'nowSure')} }} laterNest {{ {chained(CHAIN, 'laterSure')} }} }}",
            {"nest": None, "laterNest": None},
            [".".join(["nest", *CHAIN, "nowSure"]), ".".join(["laterNest", *CHAIN, "laterSure"])],
        ),
        (f"{{ {chained(CHAIN, 'nowSure')} }}", None, [".".join([*CHAIN, "nowSure"])]),
    ],
    ids=str,
)
async def test_a_null_that_may_not_be_moves_up(
    ask: Ask, document: str, data: Any, paths: list[str], *, fails: bool
) -> None:
    said = "{} failed" if fails else "Cannot return null for non-nullable field Query.{}."
    errors = {path: said.format(path.rpartition(".")[2]) for path in paths}
    assert (await ask(SCHEMA, document, nest(fails=fails))).said == (data, errors)


@pytest.mark.parametrize(
    ("document", "data"),
    [
        ("{ now }", {"now": None}),
        ("{ later }", {"later": None}),
        ("{ nest { now later } }", {"nest": {"now": None, "later": None}}),
        (
            "{ now later nest { now nest { later } } laterNest { now later } }",
            {
                "now": None,
                "later": None,
                "nest": {"now": None, "nest": {"later": None}},
                "laterNest": {"now": None, "later": None},
            },
        ),
    ],
    ids=str,
)
async def test_a_null_that_may_be_stays(ask: Ask, document: str, data: Any) -> None:
    assert (await ask(SCHEMA, document, nest(fails=False))).said == (data, {})
    failed = await ask(SCHEMA, document, nest(fails=True))
    assert failed.said == (data, {path: f"{path.rpartition('.')[2]} failed" for path in leaves(data)})


def leaves(data: dict[str, Any], above: str = "") -> Iterator[str]:
    for key, value in data.items():
        if value is None:
            yield f"{above}{key}"
        else:
            yield from leaves(value, f"{above}{key}.")


async def test_the_first_in_document_order_is_told_and_nothing_below_a_null(ask: Ask) -> None:
    root = {**nest(fails=True), "nest": {**nest(fails=True), "laterSure": "fine"}}
    assert (await ask(SCHEMA, "{ nest { now laterSure nowSure nest { now } } now }", root)).said == (
        {"nest": None, "now": None},
        {"nest.nowSure": "nowSure failed", "now": "now failed"},
    )


async def test_an_error_that_is_returned_is_an_error(ask: Ask) -> None:
    root = {"now": ValueError("given"), "nest": {"nowSure": ValueError("given, too")}}
    assert (await ask(SCHEMA, "{ now nest { nowSure } }", root)).said == (
        {"now": None, "nest": None},
        {"now": "given", "nest.nowSure": "given, too"},
    )


async def test_what_may_not_be_null_and_is_not_is_answered(ask: Ask) -> None:
    async def later(_info: Any) -> str:
        await asyncio.sleep(0)
        return "there"

    root = {"nowSure": "here", "laterSure": later, "nestSure": {"nowSure": ""}}
    assert (await ask(SCHEMA, "{ nowSure laterSure nestSure { nowSure } }", root)).said == (
        {"nowSure": "here", "laterSure": "there", "nestSure": {"nowSure": ""}},
        {},
    )
