"""Which columns a field's selection needs, so that a loader selects those and no others."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLObjectType,
    GraphQLSchema,
    SelectionNode,
    get_named_type,
)

from schema.specs import FieldSpec, describe, describe_type


def columns(info: Any) -> frozenset[str]:
    """Return the columns that a field's answer needs, over all its selections."""
    named = get_named_type(info.return_type)
    walk = _Walk(info.schema, info.fragments)
    return frozenset(name for node in info.field_nodes for name in walk.needed(named, _selections(node)))


def _selections(node: Any) -> Iterable[SelectionNode]:
    return node.selection_set.selections if node.selection_set else ()


class _Walk:
    """One walk over selections; each fragment is entered once for each type."""

    def __init__(self, schema: GraphQLSchema, fragments: Mapping[str, FragmentDefinitionNode]) -> None:
        self._schema = schema
        self._fragments = fragments
        self._entered: set[tuple[str, str]] = set()

    def needed(self, named: Any, selections: Iterable[SelectionNode]) -> Iterator[str]:
        for node in selections:
            if isinstance(node, FieldNode):
                yield from self._field(named, node)
            else:
                yield from self._fragment(named, node)

    def _field(self, named: Any, node: FieldNode) -> Iterator[str]:
        field = getattr(named, "fields", {}).get(node.name.value)
        if field is None:
            return
        spec = describe(field)
        if spec is not None:
            yield from spec.needs
        if spec is None or not _ends_here(named, spec):
            yield from self.needed(get_named_type(field.type), _selections(node))

    def _fragment(self, named: Any, node: Any) -> Iterator[str]:
        fragment = node
        if isinstance(node, FragmentSpreadNode):
            name = node.name.value
            if (name, named.name) in self._entered or name not in self._fragments:
                return
            self._entered.add((name, named.name))
            fragment = self._fragments[name]
        condition = fragment.type_condition
        inside = self._schema.get_type(condition.name.value) if condition else named
        if isinstance(named, GraphQLObjectType) and isinstance(inside, GraphQLObjectType) and inside is not named:
            return
        yield from self.needed(inside, _selections(fragment))


def _ends_here(named: Any, spec: FieldSpec) -> bool:
    """Tell whether a field's own selection is somebody else's business: that of the question it asks."""
    return spec.question is not None or describe_type(named) is not None
