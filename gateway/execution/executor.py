"""The executor that Strawberry is given: each operation runs inside what its caller opens for it."""

from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from graphql import FieldNode, GraphQLField
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from gateway.execution.selection import Selection


class Operation(Protocol):
    """What one operation brings: the context of its resolvers, and what is open while they run."""

    context: Any

    def expect(self, fields: Iterable[GraphQLField]) -> None:
        """Take the fields that will be asked for, before anything runs."""
        ...

    def scope(self, kind: str, *, touches_data: bool) -> AbstractAsyncContextManager[None]:
        """Open what a query, mutation or subscription needs; leaving it closes that."""
        ...


class Caller(Protocol):
    """Who asks, over one request or one socket; every operation is its own."""

    def begin(self) -> Operation:
        """Begin one operation."""
        ...


class Executor(StrawberryGraphQLCoreExecutionContext):
    """Runs each operation inside its scope; the context value that it is built with is a `Caller`."""

    def execute_operation(self, serially: bool | None = None) -> Any:  # noqa: FBT001 - the signature is graphql-core's
        """Execute the operation."""
        return self._run(serially=serially)

    async def _run(self, *, serially: bool | None) -> Any:
        operation: Operation = self.context_value.begin()
        self.context_value = operation.context
        fragments = {name: details.definition for name, details in self.fragments.items()}
        operation.expect(Selection(self.schema, fragments, self.variable_values).fields(self.operation))
        async with operation.scope(self.operation.operation.value, touches_data=self._touches_data()):
            result = super().execute_operation(serially)
            return await result if self.is_awaitable(result) else result

    def _touches_data(self) -> bool:
        """Tell whether anything but introspection is asked for."""
        selections = self.operation.selection_set.selections
        return not all(isinstance(node, FieldNode) and node.name.value.startswith("__") for node in selections)
