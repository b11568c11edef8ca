"""The engines that are compared: graphql-core's own, and ours; the one place that knows how either is called."""

from collections.abc import Awaitable, Callable
from typing import Any

from graphql import (
    DocumentNode,
    ExecutionResult,
    Executor,
    GraphQLError,
    GraphQLField,
    GraphQLSchema,
    execute,
    is_non_null_type,
)

from gateway.execution.executor import executor
from gateway.execution.loading import FieldSpec, Made, nothing_known
from tests.execution.equal import Answer, Told


class _Told(Executor[Any]):
    """graphql-core's executor; where each of its errors lands is written down."""

    landings: dict[int, tuple[Any, ...]]

    def handle_field_error(self, raw_error: Any, return_type: Any, field_details_list: Any, path: Any) -> None:
        """Write down the path of the position that may be null."""
        super().handle_field_error(raw_error, return_type, field_details_list, path)
        if not is_non_null_type(return_type) and (errors := self.collected_errors.errors):
            self.landings.setdefault(id(errors[-1]), tuple(path.as_list()))


class Bringing:
    """The caller and the operation that ours is given: nothing is opened, and what is read is the context."""

    def __init__(self, context: Any) -> None:
        self.context = context
        self.guards: frozenset[Any] = frozenset()

    def begin(self) -> "Bringing":
        """Begin the operation."""
        return self

    def expect(self, guards: frozenset[Any]) -> None:
        """Take what will have to be held."""
        self.guards = guards

    async def within(self, kind: str, execute: Callable[[], Awaitable[Made]], *, touches_data: bool) -> Made:
        """Open nothing."""
        assert kind in {"query", "mutation"}
        assert touches_data or self.guards == frozenset()
        return await execute()

    async def read(self) -> Any:
        """Return what questions are asked with."""
        return self.context

    def denial(self, guard: Any) -> Exception | None:
        """Deny what the context denies; only what was expected is ever asked about."""
        assert guard in self.guards
        denied: Exception | None = self.context.denial(guard)
        return denied


class Engines:
    """Both engines for one schema; ours keeps what it planned, as it does between requests."""

    def __init__(
        self, schema: GraphQLSchema, describe: Callable[[GraphQLField], FieldSpec | None] | None = None
    ) -> None:
        self.schema = schema
        self._compiled = executor(describe or nothing_known)

    async def reference(
        self,
        document: DocumentNode,
        variables: dict[str, Any] | None = None,
        root: Any = None,
        context: Any = None,
        operation: str | None = None,
        **more: Any,
    ) -> Answer:
        """Execute by graphql-core."""
        landings: dict[int, tuple[Any, ...]] = {}
        kind = type("Told", (_Told,), {"landings": landings})
        made: Any = execute(
            self.schema, document, root, context, variables, operation_name=operation, executor_class=kind, **more
        )
        result: ExecutionResult = await made if hasattr(made, "__await__") else made
        errors: list[GraphQLError] = result.errors or []
        return Answer(result.data, [Told(error, landings.get(id(error), ())) for error in errors])

    async def compiled(
        self,
        document: DocumentNode,
        variables: dict[str, Any] | None = None,
        root: Any = None,
        context: Any = None,
        operation: str | None = None,
        **more: Any,
    ) -> ExecutionResult:
        """Execute by the engine that is to be proved."""
        made: Any = execute(
            self.schema,
            document,
            root,
            Bringing(context),
            variables,
            operation_name=operation,
            executor_class=self._compiled,
            **more,
        )
        result: ExecutionResult = await made if hasattr(made, "__await__") else made
        return result
