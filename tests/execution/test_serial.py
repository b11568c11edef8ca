"""Changes are made one after another, each with all that is asked of it; by both engines."""

import asyncio
from typing import Any, Final

from graphql import build_schema

from tests.execution.conftest import Ask

SCHEMA: Final = build_schema(
    """
    type Number { held: Int heldLater: Int sure: Int! }
    type Query { number: Number }
    type Mutation {
      now(to: Int): Number
      later(to: Int): Number
      failing(to: Int): Number
      failingLater(to: Int): Number
      sure(to: Int): Number!
      number: Int
    }
    """
)


class Holder:
    """Something that is changed, and that writes down in which order."""

    def __init__(self) -> None:
        self.value = 6
        self.log: list[str] = []

    def held(self, _info: Any) -> int:
        self.log.append(f"asked {self.value}")
        return self.value

    async def heldLater(self, _info: Any) -> int:  # noqa: N802 - the field's name
        seen = self.value
        for _ in range(3):
            await asyncio.sleep(0)
        self.log.append(f"asked later {seen} {self.value}")
        return self.value

    def sure(self, _info: Any) -> None:
        """Be null where nothing may."""


class Changes:
    """The root of a mutation."""

    def __init__(self) -> None:
        self.holder = Holder()

    def now(self, _info: Any, to: int) -> Holder:
        self.holder.log.append(f"changed {to}")
        self.holder.value = to
        return self.holder

    async def later(self, info: Any, to: int) -> Holder:
        self.holder.log.append(f"begun {to}")
        await asyncio.sleep(0)
        return self.now(info, to)

    def failing(self, _info: Any, to: int) -> Holder:
        self.holder.log.append(f"failed {to}")
        message = "cannot change"
        raise ValueError(message)

    async def failingLater(self, info: Any, to: int) -> Holder:  # noqa: N802 - the field's name
        await asyncio.sleep(0)
        return self.failing(info, to)

    def sure(self, info: Any, to: int) -> Holder:
        return self.failing(info, to)


async def test_each_is_made_after_the_one_before(ask: Ask) -> None:
    changes = Changes()
    document = """
    mutation {
      a: now(to: 1) { held }
      b: later(to: 2) { heldLater held }
      c: now(to: 3) { heldLater }
      d: later(to: 4) { held }
      number
    }
    """
    changes.number = lambda _info: changes.holder.value  # type: ignore[attr-defined]  # the last to be asked
    assert (await ask(SCHEMA, document, changes)).said == (
        {"a": {"held": 1}, "b": {"heldLater": 2, "held": 2}, "c": {"heldLater": 3}, "d": {"held": 4}, "number": 4},
        {},
    )
    assert changes.holder.log == [
        "changed 1",
        "asked 1",
        "begun 2",
        "changed 2",
        "asked 2",
        "asked later 2 2",
        "changed 3",
        "asked later 3 3",
        "begun 4",
        "changed 4",
        "asked 4",
    ]


async def test_one_that_fails_stops_no_other(ask: Ask) -> None:
    changes = Changes()
    document = """
    mutation {
      a: failing(to: 1) { held }
      b: now(to: 2) { held }
      c: failingLater(to: 3) { held }
      d: now(to: 4) { sure }
      e: later(to: 5) { held }
    }
    """
    assert (await ask(SCHEMA, document, changes)).said == (
        {"a": None, "b": {"held": 2}, "c": None, "d": None, "e": {"held": 5}},
        {
            "a": "cannot change",
            "c": "cannot change",
            "d.sure": "Cannot return null for non-nullable field Number.sure.",
        },
    )
    assert [line for line in changes.holder.log if "asked" not in line] == [
        "failed 1",
        "changed 2",
        "failed 3",
        "changed 4",
        "begun 5",
        "changed 5",
    ]


async def test_one_that_may_not_fail_stops_those_after_it(ask: Ask) -> None:
    changes = Changes()
    document = "mutation { a: now(to: 1) { held } b: sure(to: 2) { held } c: now(to: 3) { held } }"
    answer = await ask(SCHEMA, document, changes)
    assert answer.said == (None, {"b": "cannot change"})
    assert changes.holder.log == ["changed 1", "asked 1", "failed 2"]
    assert changes.holder.value == 1


async def test_what_is_asked_of_the_root_itself_takes_its_turn(ask: Ask) -> None:
    changes = Changes()
    document = """
    mutation { ... { a: now(to: 1) { held } } kind: __typename ...F }
    fragment F on Mutation { b: now(to: 2) { held } }
    """
    answer = await ask(SCHEMA, document, changes)
    assert answer.said == ({"a": {"held": 1}, "kind": "Mutation", "b": {"held": 2}}, {})
    assert list(answer.data) == ["a", "kind", "b"]
    assert changes.holder.log == ["changed 1", "asked 1", "changed 2", "asked 2"]


async def test_fields_of_a_query_are_resolved_together(ask: Ask) -> None:
    arrived: set[str] = set()

    async def meeting(info: Any) -> str:
        arrived.add(info.path.key)
        while len(arrived) < 4:  # noqa: ASYNC110 - what it waits for are its siblings
            await asyncio.sleep(0)
        return str(info.path.key)

    schema = "type Query { a: String nest: Query list: [Query] }"
    root = {"a": meeting, "nest": {"a": meeting}, "list": [{"a": meeting}]}
    assert (await ask(schema, "{ one: a two: a nest { three: a } list { four: a } }", root)).said == (
        {"one": "one", "two": "two", "nest": {"three": "three"}, "list": [{"four": "four"}]},
        {},
    )
