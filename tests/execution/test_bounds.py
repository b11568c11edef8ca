"""What is kept between requests is bounded, and what cannot be planned is still answered."""

import asyncio
from typing import Any, Final

import pytest
from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLEnumType,
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    build_schema,
    execute,
    parse,
)
from graphql.execution.values import VariableValues

from gateway.execution import documents, executor, plan
from gateway.execution.documents import Documents, NoSuchOperationError
from gateway.execution.executor import Compiled, Plans
from gateway.execution.loading import nothing_known
from gateway.http.limits import DocumentLimits

SCHEMA: Final = build_schema("type Query { one: String two: [String] deep: Query }")
ROOT: Final[dict[str, Any]] = {"one": "1", "two": ["a"], "deep": {"one": "2"}}


class Kept(Compiled):
    """An executor whose plans can be looked at."""

    plans = Plans(nothing_known)


async def run(document: str | DocumentNode, root: Any = None, kind: Any = Kept, **variables: Any) -> ExecutionResult:
    node = parse(document) if isinstance(document, str) else document
    made: Any = execute(SCHEMA, node, ROOT if root is None else root, variable_values=variables, executor_class=kind)
    result: ExecutionResult = await made
    return result


async def test_the_plans_asked_for_least_lately_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executor, "MOST_OPERATIONS", 2)
    kind: Any = type("Two", (Compiled,), {"plans": Plans(nothing_known)})
    nodes = [parse(f"{{ a{number}: one }}") for number in range(4)]
    for number, node in enumerate(nodes):
        assert (await run(node, kind=kind)).data == {f"a{number}": "1"}
    assert len(kind.plans._known) == 2  # noqa: SLF001 - what is bounded


async def test_a_million_outcomes_are_not_all_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "MOST_OUTCOMES", 1)
    node = parse("query($a: Boolean!) { one @skip(if: $a) deep { one } }")
    kind: Any = type("One", (Compiled,), {"plans": Plans(nothing_known)})
    for skipped in (True, False, True):
        data = (await run(node, kind=kind, a=skipped)).data
        assert data == ({} if skipped else {"one": "1"}) | {"deep": {"one": "2"}}
    (kept,) = kind.plans._known.values()  # noqa: SLF001 - what is bounded
    assert len(kept._plans) == 1  # noqa: SLF001 - as above
    values = VariableValues({}, {})
    kept.guards(values)
    kept.guards(VariableValues({}, {"a": True}))
    assert len(kept._guards) == 1  # noqa: SLF001 - as above


async def test_the_documents_asked_for_least_lately_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "MOST_DOCUMENTS", 2)
    known = Documents(SCHEMA)
    first = known.read("{ one }")
    known.read("{ two }")
    assert known.read("{ one }") is first
    known.read("{ deep { one } }")
    assert known.read("{ one }") is first
    assert len(known._known) == 2  # noqa: SLF001 - what is bounded


def test_what_fragments_nest_too_deeply_is_refused() -> None:
    known = Documents(SCHEMA, rules=[DocumentLimits])
    inner, outer = "fragment inner on Query", "fragment outer on Query"
    nested = [f"{name}{'{deep' * 190}{what}{'}' * 190}" for name, what in ((outer, "{...inner}"), (inner, "{one}"))]
    assert known.read("\n".join(["{ ...outer }", *nested])).errors


def test_a_document_is_what_it_is() -> None:
    known = Documents(SCHEMA, most_tokens=2_000)
    assert known.read("{").node is None
    assert known.read("{ no }").errors
    assert known.read("{deep" * 900).node is None
    named = known.read("query A { one } query B { two }")
    assert named.operation("B").name
    with pytest.raises(NoSuchOperationError, match="several"):
        named.operation(None)
    with pytest.raises(NoSuchOperationError, match="of this name"):
        named.operation("C")
    with pytest.raises(NoSuchOperationError, match="no operation"):
        known.read("fragment F on Query { one }").operation(None)


async def test_a_directive_on_an_operation_is_graphql_cores() -> None:
    assert (await run("query @note { one }")).data == {"one": "1"}
    assert (await run('{ __type(name: "Query") { name } }')).data == {"__type": {"name": "Query"}}


async def test_the_only_awaited_value_may_fail() -> None:
    async def failing(_info: Any) -> None:
        await asyncio.sleep(0)
        raise ValueError

    result = await run("{ one }", {"one": failing})
    assert result.data == {"one": None}
    assert [error.path for error in result.errors or []] == [["one"]]


async def test_what_never_began_is_closed_when_the_operation_ends() -> None:
    async def endless(_info: Any) -> str:
        await asyncio.get_running_loop().create_future()
        return ""

    asked = [asyncio.create_task(run("{ one deep { one } }", {"one": endless, "deep": {"one": endless}}))]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    asked[0].cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked[0]


class Arriving:
    """An asynchronous list without an end of its own to close."""

    def __init__(self) -> None:
        self.left = 1

    def __aiter__(self) -> "Arriving":
        """Begin."""
        return self

    async def __anext__(self) -> str:
        """Give one item, and fail."""
        if not self.left:
            raise ValueError
        self.left -= 1
        return "a"


async def test_an_asynchronous_list_may_have_nothing_to_close() -> None:
    result = await run("{ two }", {"two": Arriving()})
    assert result.data == {"two": None}
    assert [error.path for error in result.errors or []] == [["two"]]


class Lenient(GraphQLEnumType):
    """An enum that makes a name of whatever it is given."""

    def coerce_output_value(self, output_value: Any) -> str:
        """Make the one name there is."""
        return "A"


async def test_only_an_enums_own_values_are_kept() -> None:
    kind = Lenient("Odd", {"A": "a"})
    schema = GraphQLSchema(GraphQLObjectType("Query", {"odd": GraphQLField(kind, resolve=lambda *_: "b")}))
    made: Any = execute(schema, parse("{ odd again: odd }"), {}, executor_class=Kept)
    assert (await made).data == {"odd": "A", "again": "A"}
