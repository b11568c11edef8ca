"""What a test of the semantics asks: once of graphql-core, and once of ours."""

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

import pytest
from graphql import GraphQLError, GraphQLSchema, build_schema, parse

from gateway.execution import run
from tests.execution.engines import Engines
from tests.execution.equal import normal


@pytest.fixture(autouse=True)
def _two_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the few values of a test take the way of many."""
    monkeypatch.setattr(run, "MANY", 2)


class Answered(NamedTuple):
    """What an engine answers; of graphql-core's errors those that are told, as `tests.execution.equal` says."""

    data: Any
    errors: list[GraphQLError]

    @property
    def said(self) -> tuple[Any, dict[str, str]]:
        """The data, and the message of each error by its path; that their order is the document's, others show."""
        return self.data, {".".join(map(str, error.path or ())): error.message for error in self.errors}


Ask = Callable[..., Awaitable[Answered]]


@pytest.fixture(params=["graphql-core", "compiled"])
def ask(request: pytest.FixtureRequest) -> Ask:
    """Execute a document, by its text, over a schema, by its text or built; nothing is validated."""

    async def asked(
        schema: GraphQLSchema | str, document: str, root: Any = None, context: Any = None, **more: Any
    ) -> Answered:
        built = build_schema(schema) if isinstance(schema, str) else schema
        engines = Engines(built)
        variables, operation = more.pop("variables", None), more.pop("operation", None)
        given = (parse(document), variables, root, context, operation)
        if request.param == "compiled":
            result = await engines.compiled(*given, **more)
            return Answered(result.data, result.errors or [])
        answer = await engines.reference(*given, **more)
        return Answered(answer.data, [told.error for told in normal(answer.errors)])

    return asked
