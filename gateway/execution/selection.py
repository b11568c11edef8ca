"""What an operation selects: the fields that its selection names, over every type that they can be asked of."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLField,
    GraphQLIncludeDirective,
    GraphQLSchema,
    GraphQLSkipDirective,
    OperationDefinitionNode,
    SelectionNode,
    get_directive_values,
    get_named_type,
)
from graphql.execution.values import VariableValues


class Selection:
    """One walk over an operation; each fragment is entered once for each type."""

    def __init__(
        self,
        schema: GraphQLSchema,
        fragments: Mapping[str, FragmentDefinitionNode],
        variables: VariableValues,
    ) -> None:
        self._schema = schema
        self._fragments = fragments
        self._variables = variables
        self._entered: set[tuple[str, str]] = set()

    def fields(self, operation: OperationDefinitionNode) -> Iterator[GraphQLField]:
        """Walk the fields that an operation selects; what `@skip` and `@include` leave out is left out."""
        root = self._schema.get_root_type(operation.operation)
        yield from self._walk(root, operation.selection_set.selections)

    def _walk(self, named: Any, selections: Iterable[SelectionNode]) -> Iterator[GraphQLField]:
        for node in selections:
            if not self._wanted(node):
                continue
            if isinstance(node, FieldNode):
                yield from self._field(named, node)
            else:
                yield from self._fragment(named, node)

    def _field(self, named: Any, node: FieldNode) -> Iterator[GraphQLField]:
        field = getattr(named, "fields", {}).get(node.name.value)
        if field is None:
            return
        yield field
        if node.selection_set:
            yield from self._walk(get_named_type(field.type), node.selection_set.selections)

    def _fragment(self, named: Any, node: Any) -> Iterator[GraphQLField]:
        fragment = node
        if isinstance(node, FragmentSpreadNode):
            name = node.name.value
            if (name, named.name) in self._entered or name not in self._fragments:
                return
            self._entered.add((name, named.name))
            fragment = self._fragments[name]
        condition = fragment.type_condition
        inside = self._schema.get_type(condition.name.value) if condition else named
        yield from self._walk(inside, fragment.selection_set.selections)

    def _wanted(self, node: SelectionNode) -> bool:
        """Tell whether a node is left in; one whose condition is not valid is, and executing it tells so."""
        with suppress(GraphQLError):
            return self._is_wanted(node)
        return True

    def _is_wanted(self, node: SelectionNode) -> bool:
        skip = get_directive_values(GraphQLSkipDirective, node, self._variables)
        if skip and skip["if"]:
            return False
        include = get_directive_values(GraphQLIncludeDirective, node, self._variables)
        return not include or bool(include["if"])
