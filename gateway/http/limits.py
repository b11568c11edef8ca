"""What a document may hold: measured by one walk that enters each fragment once."""

from typing import Any, Final, NamedTuple

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    OperationDefinitionNode,
    SelectionSetNode,
    StringValueNode,
    ValidationContext,
    ValidationRule,
)

MOST: Final = {"depth": 15, "aliases": 15, "directives": 50, "root fields": 12}
_MANY: Final = 1_000_000


class Size(NamedTuple):
    """The measures of a selection, fragments expanded."""

    depth: int = 0
    aliases: int = 0
    directives: int = 0
    roots: int = 0


class DocumentLimits(ValidationRule):
    """Refuses an operation that is deeper or wider than is accepted; introspection's depth is not counted.

    Neither may a text hold a NUL character, which PostgreSQL stores in no text.
    """

    def __init__(self, context: ValidationContext) -> None:
        super().__init__(context)
        self._fragments: dict[str, FragmentDefinitionNode] = {
            node.name.value: node for node in context.document.definitions if isinstance(node, FragmentDefinitionNode)
        }
        self._known: dict[str, Size] = {}

    def enter_operation_definition(self, node: OperationDefinitionNode, *_args: Any) -> None:
        """Measure one operation."""
        size = self._measure(node.selection_set)
        for (name, most), found in zip(MOST.items(), size, strict=True):
            if found > most:
                message = f"The operation has {name} {min(found, _MANY)}; at most {most} is accepted."
                self.report_error(GraphQLError(message, node, extensions={"code": "DOCUMENT_TOO_LARGE"}))

    def enter_string_value(self, node: StringValueNode, *_args: Any) -> None:
        """Check one text."""
        if "\x00" in node.value:
            message = "A text holds a NUL character."
            self.report_error(GraphQLError(message, node, extensions={"code": "BAD_USER_INPUT"}))

    def _measure(self, selections: SelectionSetNode | None) -> Size:
        depth = aliases = directives = roots = 0
        for node in selections.selections if selections else ():
            inner = self._of(node)
            depth = max(depth, inner.depth)
            aliases = min(aliases + inner.aliases, _MANY)
            directives = min(directives + inner.directives + len(node.directives or ()), _MANY)
            roots = min(roots + inner.roots, _MANY)
        return Size(depth, aliases, directives, roots)

    def _of(self, node: Any) -> Size:
        if isinstance(node, FieldNode):
            inner = self._measure(node.selection_set)
            counted = 0 if node.name.value.startswith("__") else 1 + inner.depth
            return Size(counted, inner.aliases + (node.alias is not None), inner.directives, 1)
        if isinstance(node, FragmentSpreadNode):
            return self._fragment(node.name.value)
        return self._measure(node.selection_set)

    def _fragment(self, name: str) -> Size:
        if name not in self._known:
            self._known[name] = Size()  # a cycle is another rule's to report
            definition = self._fragments.get(name)
            self._known[name] = self._measure(definition.selection_set) if definition else Size()
        return self._known[name]
