"""What an operation asks for, worked out once: selections by type, fields, arguments and the columns they need."""

from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from typing import Any, Final, TypeAlias

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    ListValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    OperationType,
    VariableNode,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
)
from graphql.execution.collect_fields import FieldDetails, FragmentDetails, collect_fields, collect_subfields
from graphql.execution.values import VariableValues, get_argument_values
from strawberry.types.arguments import convert_arguments
from strawberry.types.field import StrawberryField

from gateway.execution import selection as selected_fields
from gateway.execution.loading import Describe, FieldSpec
from gateway.execution.positions import Step

STRAWBERRY: Final = "strawberry-definition"

Grouped: TypeAlias = Mapping[str, list[FieldDetails]]
Layout: TypeAlias = tuple[str, ...] | None
"""The columns of rows that are read by position; None for objects that are read by attribute."""


class Access(Enum):
    """How a field's value is had from its parent."""

    TYPENAME = "typename"
    COLUMN = "column"
    COMPUTED = "computed"
    PART = "part"
    JUDGED = "judged"
    EDGE = "edge"
    ROOT = "root"
    ATTRIBUTE = "attribute"
    RESOLVER = "resolver"


_IMMEDIATE: Final = frozenset({Access.TYPENAME, Access.COLUMN, Access.COMPUTED, Access.PART})

_NOT_GIVEN: Final = object()
_SIMPLE: Final = frozenset({str, int, bool, float, type(None), object})
"""Types of variables' values that are as they were when they are met again."""
MOST_ARGUMENTS: Final = 64
"""How many arguments of one field are kept, by the values of its variables."""
_JUDGE_THEMSELVES: Final = frozenset({Access.RESOLVER, Access.ROOT})


class Shape:
    """A type as values are completed for it: whether they may be null, and what they are lists or kinds of."""

    __slots__ = ("inner", "is_abstract", "is_leaf", "named", "nullable")

    def __init__(self, kind: Any) -> None:
        self.nullable = not is_non_null_type(kind)
        bare = kind if self.nullable else kind.of_type
        self.inner = Shape(bare.of_type) if is_list_type(bare) else None
        self.named: Any = bare
        self.is_leaf = is_leaf_type(bare)
        self.is_abstract = is_abstract_type(bare)


class Field:
    """One field of a selection, of all the nodes that were merged into it."""

    def __init__(self, operation: "Plan", parent: GraphQLObjectType, key: str, order: int, details: Any) -> None:
        self.operation = operation
        self.parent = parent
        self.key = key
        self.details: list[FieldDetails] = details
        self.nodes: list[FieldNode] = [detail.node for detail in details]
        self.name = self.nodes[0].name.value
        self.definition: GraphQLField = operation.schema.get_field(parent, self.name)  # type: ignore[assignment]  # valid
        self.shape = Shape(self.definition.type)
        self.step = Step(key, order, self.shape.nullable, parent.name)
        self.spec: FieldSpec | None = operation.describe(self.definition)
        self.python_name = self.name
        self.access = self._access()
        self.begins: str = self.access.value
        self.guard = None if self.spec is None else self.spec.guard
        self.is_guarded = self.guard is not None and self.access not in _JUDGE_THEMSELVES
        self.immediate = self.access in _IMMEDIATE and self.guard is None and self.shape.is_leaf
        self._selections: dict[GraphQLObjectType, Selection] = {}
        self._columns: frozenset[str] | None = None
        self._columns_of: dict[GraphQLObjectType, frozenset[str]] = {}
        # What a resolver is given it may change: it is made anew for each call.
        named = (name for argument in self.nodes[0].arguments or () for name in _variables(argument.value))
        self._variables = tuple(dict.fromkeys(named))
        self._constant = self.access is not Access.RESOLVER and not self._variables
        self._arguments: tuple[Any, Exception | None] | None = None
        self._known: dict[tuple[Any, ...], tuple[Any, Exception | None]] = {}
        self.readers: dict[Layout, Callable[[Any], Any]] = {}

    def _access(self) -> Access:
        if self.name == "__typename":
            return Access.TYPENAME
        if self.spec is not None and (known := _ACCESS.get(self.spec.kind.value)):
            return known
        definition = self.definition.extensions.get(STRAWBERRY)
        if isinstance(definition, StrawberryField) and definition.is_basic_field and self.definition.resolve:
            self.python_name = definition.python_name
            return Access.ATTRIBUTE
        return Access.RESOLVER

    def select(self, kind: GraphQLObjectType) -> "Selection":
        """Return what is selected of this field's value where it is of this type.

        Raises:
            GraphQLError: a directive's argument is not valid.
        """
        known = self._selections.get(kind)
        if known is None:
            known = self._selections[kind] = self.operation.selected(kind, self.details)
        return known

    def columns(self) -> frozenset[str]:
        """Return the columns that are needed of the rows that this field leads to, parts of wrappers included."""
        if self._columns is None:
            named = get_named_type(self.definition.type)
            kinds = self.operation.schema.get_possible_types(named) if is_abstract_type(named) else [named]
            self._columns = frozenset(name for kind in kinds for name in self._needed(kind))
        return self._columns

    def columns_of(self, kind: GraphQLObjectType) -> frozenset[str]:
        """Return the columns that are needed of a row of this type."""
        known = self._columns_of.get(kind)
        if known is None:
            known = self._columns_of[kind] = frozenset(self._needed(kind))
        return known

    def _needed(self, kind: Any) -> Iterator[str]:
        if not isinstance(kind, GraphQLObjectType):
            return
        try:
            fields = self.select(kind).fields
        except GraphQLError:  # told where the objects are made
            return
        for field in fields:
            if field.spec is not None:
                yield from field.spec.needs
            if field.access is Access.PART:
                yield from field.columns()

    def arguments(self, variables: VariableValues, *, hide_suggestions: bool) -> tuple[Any, Exception | None]:
        """Return what is asked with, or what is wrong with it; worked out once for the same values of variables."""
        if self._arguments is not None:
            return self._arguments
        if self._constant:
            self._arguments = self._read_arguments(variables, hide_suggestions=hide_suggestions)
            return self._arguments
        if self.spec is None or self.spec.args is None:
            return self._read_arguments(variables, hide_suggestions=hide_suggestions)
        coerced = variables.coerced
        values = tuple([coerced.get(name, _NOT_GIVEN) for name in self._variables])
        if not _SIMPLE.issuperset(map(type, values)):
            return self._read_arguments(variables, hide_suggestions=hide_suggestions)
        key = (*values, *map(type, values))
        known = self._known.get(key)
        if known is None:
            known = self._read_arguments(variables, hide_suggestions=hide_suggestions)
            if known[1] is None:
                if len(self._known) >= MOST_ARGUMENTS:
                    self._known.clear()
                self._known[key] = known
        return known

    def _read_arguments(self, variables: VariableValues, *, hide_suggestions: bool) -> tuple[Any, Exception | None]:
        try:
            given = get_argument_values(self.definition, self.nodes[0], variables, None, hide_suggestions)
            if self.spec is None or self.access is Access.RESOLVER:
                return given, None
            converted = self.operation.convert(self.definition, given)
            return (self.spec.args(**converted) if self.spec.args else converted or None), None
        except Exception as error:  # noqa: BLE001 - whatever it is, it is this field's error
            return None, error.with_traceback(None)


_ACCESS: Final = {access.value: access for access in Access if access not in {Access.ATTRIBUTE, Access.RESOLVER}}


class Selection:
    """What is selected of one object type; `built` keeps the code that makes its objects, by layout.

    It `reads` where a field of it needs the operation's snapshot to be open.
    """

    def __init__(self, operation: "Plan", kind: GraphQLObjectType, grouped: Grouped) -> None:
        self.kind = kind
        self.fields = [
            Field(operation, kind, key, order, details)
            for order, (key, details) in enumerate(grouped.items())
            if operation.schema.get_field(kind, details[0].node.name.value)
        ]
        self.branches = [field for field in self.fields if not field.immediate]
        self.reads = any(field.access is Access.ROOT for field in self.fields)
        self.built: dict[Layout, Callable[..., list[Any]]] = {}

    def only(self, field: Field) -> "Selection":
        """Return the selection of one of these fields alone."""
        made = object.__new__(Selection)
        made.kind = self.kind
        made.fields = [field]
        made.branches = [] if field.immediate else [field]
        made.reads = field.access is Access.ROOT
        made.built = {}
        return made


class Plan:
    """One operation under one outcome of its conditions: what `@skip` and `@include` leave out is left out."""

    def __init__(
        self,
        schema: GraphQLSchema,
        operation: OperationDefinitionNode,
        fragments: dict[str, FragmentDetails],
        conditions: VariableValues,
        describe: Describe,
    ) -> None:
        self.schema = schema
        self.describe = describe
        self._operation = operation
        self._fragments = fragments
        self._conditions = conditions
        self._known: dict[Any, Selection] = {}
        root: GraphQLObjectType = schema.get_root_type(operation.operation)  # type: ignore[assignment]  # it was checked
        collected = collect_fields(schema, fragments, conditions, root, operation)
        self.root = Selection(self, root, collected.grouped_field_set)
        self.serial = operation.operation is OperationType.MUTATION

    def selected(self, kind: GraphQLObjectType, details: list[FieldDetails]) -> Selection:
        """Return what some nodes select of a type; the same fields, by whatever way, are one selection."""
        collected = collect_subfields(
            self.schema, self._fragments, self._conditions, self._operation, kind, details
        ).grouped_field_set
        key = (kind, tuple((name, *(id(detail.node) for detail in merged)) for name, merged in collected.items()))
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = Selection(self, kind, collected)
        return known

    def convert(self, definition: GraphQLField, given: dict[str, Any]) -> dict[str, Any]:
        """Convert arguments as Strawberry hands them to a resolver."""
        found = definition.extensions.get(STRAWBERRY)
        if not given or not isinstance(found, StrawberryField):
            return given
        owner: Any = getattr(self.schema, "_strawberry_schema", None)
        return convert_arguments(given, found.arguments, owner.schema_converter.scalar_registry, owner.config)


class Operations:
    """The plans of one operation, one for each outcome of its conditions that was met."""

    def __init__(
        self,
        schema: GraphQLSchema,
        operation: OperationDefinitionNode,
        fragments: dict[str, FragmentDetails],
        describe: Describe,
    ) -> None:
        self._given = (schema, operation, fragments)
        self._describe = describe
        self.operation = operation
        self.kind = operation.operation.value
        self.touches_data = _touches_data(operation)
        self.plannable = schema.get_root_type(operation.operation) is not None and is_plannable(operation, fragments)
        self._guards: dict[tuple[Any, ...], frozenset[Any]] = {}
        self.conditions = sorted(_conditions([operation, *(details.definition for details in fragments.values())]))
        self._plans: dict[tuple[Any, ...], Plan] = {}

    def plan(self, variables: VariableValues) -> Plan:
        """Return the plan for these variables.

        Raises:
            GraphQLError: a condition has no boolean value.
        """
        found = self._outcome(variables)
        known = self._plans.get(found)
        if known is None:
            schema, operation, fragments = self._given
            if len(self._plans) >= MOST_OUTCOMES:
                self._plans.clear()
            known = self._plans[found] = Plan(
                schema, operation, fragments, _only(variables, self.conditions), self._describe
            )
        return known

    def guards(self, variables: VariableValues) -> frozenset[Any]:
        """Return what has to be held for the fields that are selected under these variables."""
        found = self._outcome(variables)
        known = self._guards.get(found)
        if known is None:
            if len(self._guards) >= MOST_OUTCOMES:
                self._guards.clear()
            schema, operation, fragments = self._given
            definitions = {name: details.definition for name, details in fragments.items()}
            specs = map(self._describe, selected_fields.Selection(schema, definitions, variables).fields(operation))
            known = frozenset(spec.guard for spec in specs if spec is not None and spec.guard is not None)
            self._guards[found] = known
        return known

    def _outcome(self, variables: VariableValues) -> tuple[Any, ...]:
        return tuple([variables.coerced.get(name) for name in self.conditions]) if self.conditions else ()


MOST_OUTCOMES: Final = 64
"""How many outcomes of an operation's conditions are kept: twenty conditions have a million."""


def _only(variables: VariableValues, names: list[str]) -> VariableValues:
    """Keep of a request's variables the conditions: what is kept outlives the request."""
    return VariableValues(
        {name: variables.sources[name] for name in names if name in variables.sources},
        {name: variables.coerced[name] for name in names if name in variables.coerced},
    )


def _touches_data(operation: OperationDefinitionNode) -> bool:
    """Tell whether anything but introspection is asked for."""
    selections = operation.selection_set.selections
    return not all(isinstance(node, FieldNode) and node.name.value.startswith("__") for node in selections)


def is_plannable(operation: OperationDefinitionNode, fragments: Mapping[str, FragmentDetails]) -> bool:
    """Tell whether an operation can be planned; introspection and what clients may not send today is not."""
    if operation.directives or any(details.variable_signatures for details in fragments.values()):
        return False
    definitions = [operation, *(details.definition for details in fragments.values())]
    return not any(_is_introspection(node) for definition in definitions for node in _selected(definition))


def _is_introspection(node: Any) -> bool:
    return isinstance(node, FieldNode) and node.name.value in {"__schema", "__type"}


def _selected(node: Any) -> Iterator[Any]:
    """Walk what an operation or fragment selects, to the leaves; spreads are not entered."""
    for selection in node.selection_set.selections if node.selection_set else ():
        yield selection
        if not isinstance(selection, FragmentSpreadNode):
            yield from _selected(selection)


def _conditions(definitions: list[Any]) -> set[str]:
    return {
        name
        for definition in definitions
        for node in _selected(definition)
        for directive in node.directives or ()
        if directive.name.value in {"skip", "include"}
        for argument in directive.arguments or ()
        for name in _variables(argument.value)
    }


def _variables(value: Any) -> Iterator[str]:
    """Walk the variables that a value is made of."""
    if isinstance(value, VariableNode):
        yield value.name.value
    elif isinstance(value, ListValueNode):
        for item in value.values:
            yield from _variables(item)
    elif isinstance(value, ObjectValueNode):
        for field in value.fields:
            yield from _variables(field.value)
