"""The executor: each operation runs inside what its caller opens for it, and that is closed whatever happens."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import strawberry

from gateway.execution.executor import executor
from gateway.execution.loading import Made, nothing_known


class Refused(Exception):  # noqa: N818 - stands for any error
    """Nothing is opened."""


class Caller:
    """A caller that writes down what its operations open and close."""

    def __init__(self, *, refuses: bool = False) -> None:
        self.seen: list[Any] = []
        self.begun = 0
        self.refuses = refuses

    def begin(self) -> "Operation":
        """Begin one operation."""
        self.begun += 1
        return Operation(self)


class Operation:
    """One operation of the caller."""

    def __init__(self, caller: Caller) -> None:
        self.caller = caller
        self.context = self
        self.open = False

    def expect(self, guards: frozenset[Any]) -> None:
        """Nothing here is guarded."""
        assert not guards

    async def read(self) -> None:
        """Nothing is read."""

    def denial(self, guard: Any) -> None:
        """Deny nothing."""

    async def within(self, kind: str, execute: Callable[[], Awaitable[Made]], *, touches_data: bool) -> Made:
        """Open it."""
        self.caller.seen.append(("open", kind, touches_data))
        if self.caller.refuses:
            raise Refused
        self.open = True
        try:
            return await execute()
        finally:
            self.open = False
            self.caller.seen.append("closed")


@strawberry.type
class Query:
    """What can be asked."""

    @strawberry.field
    def now(self, info: strawberry.Info) -> bool:
        """Tell at once whether the scope is open."""
        return bool(info.context.open)

    @strawberry.field
    async def later(self, info: strawberry.Info) -> bool:
        """Tell after a turn of the loop whether the scope is open."""
        await asyncio.sleep(0)
        return bool(info.context.open)

    @strawberry.field
    def broken(self) -> str | None:
        """Fail."""
        raise Refused


@strawberry.type
class Mutation:
    """What can be changed."""

    @strawberry.mutation
    async def change(self, info: strawberry.Info, name: str) -> str:
        """Change something, and write down in which order."""
        info.context.caller.seen.append(f"{name} begins")
        await asyncio.sleep(0)
        info.context.caller.seen.append(f"{name} ends")
        return name


@pytest.fixture(params=["compiled", "reference"])
def schema(request: pytest.FixtureRequest) -> strawberry.Schema:
    kind = executor(nothing_known, compiled=request.param == "compiled")
    return strawberry.Schema(query=Query, mutation=Mutation, execution_context_class=kind)


async def test_nothing_is_resolved_where_the_scope_refuses(schema: strawberry.Schema) -> None:
    caller = Caller(refuses=True)
    result = await schema.execute("{ now later }", context_value=caller)
    assert result.data is None
    assert [type(error.original_error) for error in result.errors or ()] == [Refused]
    assert caller.seen == [("open", "query", True)]


async def test_the_scope_is_closed_after_an_error(schema: strawberry.Schema) -> None:
    caller = Caller()
    result = await schema.execute("{ broken now }", context_value=caller)
    assert result.data == {"broken": None, "now": True}
    assert [type(error.original_error) for error in result.errors or ()] == [Refused]
    assert caller.seen == [("open", "query", True), "closed"]


@pytest.mark.parametrize("document", ["{ now }", "{ later }", "{ now later }"])
async def test_an_operation_runs_inside_its_scope(schema: strawberry.Schema, document: str) -> None:
    caller = Caller()
    result = await schema.execute(document, context_value=caller)
    assert result.errors is None
    assert result.data is not None
    assert set(result.data.values()) == {True}
    assert caller.seen == [("open", "query", True), "closed"]


async def test_the_changes_of_one_operation_are_made_one_after_another(schema: strawberry.Schema) -> None:
    caller = Caller()
    result = await schema.execute('mutation { a: change(name: "a") b: change(name: "b") }', context_value=caller)
    assert result.data == {"a": "a", "b": "b"}
    assert caller.seen == [("open", "mutation", True), "a begins", "a ends", "b begins", "b ends", "closed"]


@pytest.mark.parametrize(
    ("document", "touches"),
    [
        ("{ __typename }", False),
        ("{ __typename __schema { queryType { name } } }", False),
        ('{ __type(name: "Query") { name } }', False),
        ("{ __typename now }", True),
        ("{ __typename: now }", True),
        ("{ ...F } fragment F on Query { now }", True),
        ("{ ... { now } }", True),
        ("{ ... { __typename } }", True),
        ("mutation { __typename }", False),
    ],
)
async def test_only_introspection_touches_no_data(schema: strawberry.Schema, document: str, *, touches: bool) -> None:
    caller = Caller()
    result = await schema.execute(document, context_value=caller)
    assert result.errors is None
    assert caller.seen == [("open", document.partition(" ")[0].replace("{", "query"), touches), "closed"]


async def test_operations_of_one_caller_share_nothing(schema: strawberry.Schema) -> None:
    caller = Caller()
    await asyncio.gather(*(schema.execute("{ later }", context_value=caller) for _ in range(3)))
    assert caller.begun == 3
    assert caller.seen.count("closed") == 3


@pytest.mark.parametrize("document", ["{ unknown }", "{", "query A { now } query A { later }"])
async def test_what_is_not_valid_opens_nothing(schema: strawberry.Schema, document: str) -> None:
    caller = Caller()
    result = await schema.execute(document, context_value=caller)
    assert result.errors
    assert caller.begun == 0


async def test_a_cancelled_operation_closes_its_scope(schema: strawberry.Schema) -> None:
    caller = Caller()
    asked = asyncio.create_task(schema.execute("{ later }", context_value=caller))
    while not caller.seen:  # noqa: ASYNC110 - the scope itself is what is waited for
        await asyncio.sleep(0)
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    assert caller.seen[-1] == "closed"
