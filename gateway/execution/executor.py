"""The executor that Strawberry is given: each operation runs inside what its caller opens for it."""

from collections import OrderedDict
from typing import Any, ClassVar, Final

from graphql import ExecutionResult, GraphQLError
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from gateway.execution.loading import Caller, Describe, Operation, nothing_known
from gateway.execution.plan import Operations
from gateway.execution.run import Run

MOST_OPERATIONS: Final = 1_000
"""How many planned operations are kept: the oldest go."""


class Plans:
    """What was planned of each operation, by its node, which is kept so that no other takes its place."""

    def __init__(self, describe: Describe) -> None:
        self._describe = describe
        self._known: OrderedDict[int, Operations] = OrderedDict()

    def of(self, executor: "Compiled") -> Operations:
        """Return an operation's plans."""
        operation = executor.operation
        known = self._known.get(id(operation))
        if known is None:
            known = Operations(executor.schema, operation, executor.fragments, self._describe)
            self._known[id(operation)] = known
            if len(self._known) > MOST_OPERATIONS:
                self._known.popitem(last=False)
        return known


class Compiled(StrawberryGraphQLCoreExecutionContext):
    """Executes a plan of each operation, level by level; what cannot be planned is graphql-core's."""

    plans: ClassVar = Plans(nothing_known)

    def execute_operation(self, serially: bool | None = None) -> Any:  # noqa: FBT001 - the signature is graphql-core's
        """Execute the operation."""
        return self.execute_within(None, serially=serially)

    async def execute_within(self, operation: Operation | None, *, serially: bool | None) -> ExecutionResult:
        """Execute the operation, and ask of another what its fields need to be asked."""
        plans = self.plans.of(self)
        if not plans.plannable or serially is not None or self.abort_signal is not None or self._has_middleware():
            return await self._by_graphql_core(serially=serially)
        try:
            plan = plans.plan(self.variable_values)
        except GraphQLError as error:
            return ExecutionResult(None, [error])
        run = Run(self, plan, operation)
        data = await run.data()
        return ExecutionResult(data, run.errors())

    def _has_middleware(self) -> bool:
        return self.middleware_manager is not None and bool(self.middleware_manager.middlewares)

    async def _by_graphql_core(self, *, serially: bool | None) -> ExecutionResult:
        result: Any = super().execute_operation(serially)
        return await result if self.is_awaitable(result) else result  # type: ignore[no-any-return]  # one or the other


class Executor(Compiled):
    """Runs each operation inside its scope; the context value that it is built with is a `Caller`."""

    compiled: ClassVar = True

    def execute_operation(self, serially: bool | None = None) -> Any:  # noqa: FBT001 - the signature is graphql-core's
        """Execute the operation."""
        return self._run(serially=serially)

    async def _run(self, *, serially: bool | None) -> Any:
        caller: Caller = self.context_value
        operation = caller.begin()
        self.context_value = operation.context
        planned = self.plans.of(self)
        operation.expect(planned.guards(self.variable_values))

        async def execute() -> ExecutionResult:
            if self.compiled:
                return await self.execute_within(operation, serially=serially)
            return await self._by_graphql_core(serially=serially)

        return await operation.within(planned.kind, execute, touches_data=planned.touches_data)


def executor(describe: Describe, *, compiled: bool = True) -> type[Executor]:
    """Make the executor of a schema whose fields are described so; or the one that leaves all to graphql-core."""
    return type("Executor", (Executor,), {"plans": Plans(describe), "compiled": compiled})
