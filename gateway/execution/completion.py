"""Completes the values of a field, all of a level at once: nulls, lists, leaves and the types of objects."""

from collections.abc import Callable, Mapping, Sequence
from inspect import iscoroutine
from itertools import chain
from types import NoneType
from typing import Any, Final, NamedTuple, Protocol

from graphql import GraphQLError, GraphQLObjectType, is_object_type
from graphql.pyutils import Undefined, inspect, is_iterable

from gateway.execution import waiting
from gateway.execution.compile import NullError, complete_leaf
from gateway.execution.plan import Field, Layout, Selection, Shape
from gateway.execution.positions import Fault, Items, Kept, Positions
from gateway.execution.slots import FAILED, Gapped, Group, Lists, Made, Merged, Objects, Slot
from gateway.execution.waiting import Waits

_NO_VALUES: Final = (NoneType, type(Undefined), Exception)
_VALUES: Final[set[type]] = {str, int, bool, float, dict, list}
"""Types that are neither errors nor empty; those that are met join."""


class Begin(Protocol):
    """Begins the objects of a selection."""

    def __call__(self, selection: Selection, sources: Sequence[Any], positions: Positions, layout: Layout) -> Group:
        """Return the group that they are."""
        ...


class Values(NamedTuple):
    """Values of one field that stand at some positions, and what they are to be: of `shape`, read as `layout` says."""

    field: Field
    shape: Shape
    values: list[Any]
    positions: Positions
    layout: Layout = None

    def at(self, places: Sequence[int]) -> "Values":
        """Return some of them."""
        kept = [self.values[place] for place in places]
        return self._replace(values=kept, positions=Kept(self.positions, places))


class Completion:
    """Completes values; what went wrong is added to its faults."""

    def __init__(
        self,
        faults: list[Fault],
        begin: Begin,
        waits: Waits,
        info: Callable[[Field, Positions, int], Any],
        type_resolver: Callable[..., Any],
    ) -> None:
        self._faults = faults
        self._begin = begin
        self._waits = waits
        self._info = info
        self._type_resolver = type_resolver

    def settle(self, given: Values) -> Slot:
        """Complete values of which some may have to be awaited first."""
        if given.layout is None and waiting.holds_awaitable(given.values):
            return self._waits.add(given.values, lambda awaited: self.complete(given._replace(values=awaited)))
        return self.complete(given)

    def raw(self, given: Values) -> Slot:
        """Leave leaves as they are, for those who make the objects to complete; what has to be awaited is."""
        if waiting.holds_awaitable(given.values):
            return self._waits.add(given.values, Made)
        return Made(given.values)

    def complete(self, given: Values) -> Slot:
        """Complete values that are there: an error or a null in the place of one is told, or passes."""
        gaps = self._gaps(given)
        return self._around(gaps, given, self._whole) if gaps else self._whole(given)

    def of_kind(self, given: Values, kind: GraphQLObjectType) -> Slot:
        """Complete rows that are known to be of one object type."""
        return self._around(self._gaps(given), given, lambda kept: self._objects(kept, kind))

    def _around(self, gaps: Mapping[int, Any], given: Values, complete: Callable[[Values], Slot]) -> Slot:
        """Complete the values that no gap stands for."""
        if not gaps:
            return complete(given)
        length = len(given.values)
        return Gapped(complete(given.at([place for place in range(length) if place not in gaps])), gaps, length)

    def _gaps(self, given: Values) -> dict[int, Any]:
        """Find the values that are null or errors, and tell those that may not be."""
        unknown = set(map(type, given.values)) - _VALUES
        if not unknown:
            return {}
        if not any(issubclass(kind, _NO_VALUES) for kind in unknown):
            _VALUES.update(unknown)
            return {}
        gaps: dict[int, Any] = {}
        for place, value in enumerate(given.values):
            if isinstance(value, Exception):
                gaps[place] = self._fault(given, place, value)
            elif isinstance(value, _NO_VALUES):
                gaps[place] = None if given.shape.nullable else self._fault(given, place, NullError(given.field))
        return gaps

    def _fault(self, given: Values, place: int, error: Exception) -> Any:
        """Keep what went wrong, and return what stands in the place of the value."""
        self._faults.append(Fault(given.positions, place, error, given.field.nodes))
        return None if given.shape.nullable else FAILED

    def _without(self, given: Values, errors: Mapping[int, Exception], complete: Callable[[Values], Slot]) -> Slot:
        """Complete the values that have no error, and tell those that have."""
        return self._around(
            {place: self._fault(given, place, error) for place, error in errors.items()}, given, complete
        )

    def _whole(self, given: Values) -> Slot:
        if not given.values:
            return Made([])
        shape = given.shape
        if shape.inner is not None:
            return self._lists(given)
        if shape.is_leaf:
            return self._leaves(given)
        return self._abstract(given) if shape.is_abstract else self._objects(given, shape.named)

    def _leaves(self, given: Values) -> Slot:
        outputs: list[Any] = []
        for place, value in enumerate(given.values):
            try:
                outputs.append(complete_leaf(given.shape, value))
            except Exception as error:  # noqa: BLE001 - whatever a serialiser raises is this value's error
                outputs.append(self._fault(given, place, error))
        return Made(outputs)

    def _lists(self, given: Values) -> Slot:
        kinds = set(map(type, given.values))
        if kinds == {list}:
            return self._flat(given)
        if any(hasattr(kind, "__aiter__") for kind in kinds):
            begun = [waiting.collected(value) if hasattr(value, "__aiter__") else value for value in given.values]
            return self._waits.add(begun, lambda made: self.complete(given._replace(values=made)))
        lists, errors = _each(lambda value: _items(given.field, value), given.values)
        return self._without(given._replace(values=lists), errors, self._flat)

    def _flat(self, given: Values) -> Slot:
        inner: Any = given.shape.inner
        lengths = list(map(len, given.values))
        flat = list(chain.from_iterable(given.values))
        at = Items(given.positions, lengths, nullable=inner.nullable)
        items = self.settle(Values(given.field, inner, flat, at, given.layout))
        return Lists(items, lengths, nullable=given.shape.nullable)

    def _abstract(self, given: Values) -> Slot:
        abstract = given.shape.named
        resolve = abstract.resolve_type or self._type_resolver
        kinds = [
            _tried(resolve, value, self._info(given.field, given.positions, place), abstract)
            for place, value in enumerate(given.values)
        ]
        if waiting.holds_awaitable(kinds):
            return self._waits.add(kinds, lambda known: self._by_kind(given, known))
        return self._by_kind(given, kinds)

    def _by_kind(self, given: Values, named: list[Any]) -> Slot:
        """Complete objects of several types, each type's together."""
        kinds, errors = _each(lambda pair: _valid_kind(given, *pair), list(zip(given.values, named, strict=True)))
        return self._without(
            given,
            errors,
            lambda kept: self._sorted(kept, [kind for place, kind in enumerate(kinds) if place not in errors]),
        )

    def _sorted(self, given: Values, kinds: list[GraphQLObjectType]) -> Slot:
        places: dict[GraphQLObjectType, list[int]] = {}
        for place, kind in enumerate(kinds):
            places.setdefault(kind, []).append(place)
        parts = [(at, self._objects(given.at(at), kind)) for kind, at in places.items()]
        return Merged(parts, len(kinds))

    def _objects(self, given: Values, kind: GraphQLObjectType) -> Slot:
        """Begin objects of one type; rows that are read by position are taken for what they were asked for."""
        if kind.is_type_of is None or given.layout is not None:
            return self._begun(given, kind)
        judged = [
            _tried(kind.is_type_of, value, self._info(given.field, given.positions, place))
            for place, value in enumerate(given.values)
        ]
        if waiting.holds_awaitable(judged):
            return self._waits.add(judged, lambda known: self._judged(given, kind, known))
        return self._judged(given, kind, judged)

    def _judged(self, given: Values, kind: GraphQLObjectType, judged: list[Any]) -> Slot:
        errors: dict[int, Exception] = {}
        for place, verdict in enumerate(judged):
            if isinstance(verdict, Exception):
                errors[place] = verdict
            elif not verdict:
                message = f"Expected value of type '{kind}' but got: {inspect(given.values[place])}."
                errors[place] = GraphQLError(message, given.field.nodes)
        return self._without(given, errors, lambda kept: self._begun(kept, kind))

    def _begun(self, given: Values, kind: GraphQLObjectType) -> Slot:
        try:
            selection = given.field.select(kind)
        except GraphQLError as error:
            return self._without(given, dict.fromkeys(range(len(given.values)), error), self._whole)
        group = self._begin(selection, given.values, given.positions, given.layout)
        return Objects(group, nullable=given.shape.nullable)


class _Returned(NamedTuple):
    """An error that was returned, and not raised: a value like another."""

    value: Exception


def _tried(call: Callable[..., Any], *given: Any) -> Any:
    """Call, and return what it raises instead of raising it."""
    try:
        made = call(*given)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the error of the value that is completed
        return error
    return _Returned(made) if isinstance(made, Exception) else made


def _each(call: Callable[[Any], Any], values: list[Any]) -> tuple[list[Any], dict[int, Exception]]:
    """Call with each value; the errors are returned by the places of the values that they are about."""
    made = [_tried(call, value) for value in values]
    return made, {place: found for place, found in enumerate(made) if isinstance(found, Exception)}


def _items(field: Field, value: Any) -> list[Any]:
    if not is_iterable(value):
        message = f"Expected Iterable, but did not find one for field '{field.parent}.{field.name}'."
        raise GraphQLError(message)
    made: list[Any] = []
    try:
        for item in value:
            made.append(item)  # noqa: PERF402 - what was made is looked at where the next cannot be
    except Exception:
        for item in filter(iscoroutine, made):
            item.close()
        raise
    return made


def _valid_kind(given: Values, value: Any, kind: Any) -> GraphQLObjectType:
    """Return the object type of this name, as graphql-core makes sure of it, and with its messages."""
    if isinstance(kind, Exception):
        raise kind
    if isinstance(kind, _Returned):
        kind = kind.value
    field, abstract = given.field, given.shape.named
    schema = field.operation.schema
    if kind is None:
        message = (
            f"Abstract type '{abstract}' must resolve to an Object type at runtime for field "
            f"'{field.parent}.{field.name}'. Either the '{abstract}' type should provide a 'resolve_type' function "
            "or each possible type should provide an 'is_type_of' function."
        )
        raise GraphQLError(message, field.nodes)
    if not isinstance(kind, str):
        message = (
            f"Abstract type '{abstract}' must resolve to an Object type at runtime for field "
            f"'{field.parent}.{field.name}' with value {inspect(value)}, received '{inspect(kind)}', "
            "which is not a valid Object type name."
        )
        raise GraphQLError(message, field.nodes)
    found: Any = schema.get_type(kind)
    if found is None:
        message = f"Abstract type '{abstract}' was resolved to a type '{kind}' that does not exist inside the schema."
        raise GraphQLError(message, field.nodes)
    if not is_object_type(found):
        message = f"Abstract type '{abstract}' was resolved to a non-object type '{kind}'."
        raise GraphQLError(message, field.nodes)
    if not schema.is_sub_type(abstract, found):
        message = f"Runtime Object type '{found}' is not a possible type for '{abstract}'."
        raise GraphQLError(message, field.nodes)
    return found
