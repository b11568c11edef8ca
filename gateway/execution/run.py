"""Runs a plan level by level: what a level needs is asked at once, and objects are made from the leaves upwards."""

from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from types import NoneType
from typing import Any, ClassVar, Final, Protocol

from graphql import GraphQLError
from graphql.execution.values import VariableValues
from graphql.pyutils import Path

from gateway.execution import compile as compiling
from gateway.execution import waiting
from gateway.execution.completion import Completion, Values
from gateway.execution.loading import Ask, Asks, Operation, Route
from gateway.execution.plan import Access, Field, Layout, Plan, Selection
from gateway.execution.positions import Fault, Kept, Positions, Shared, Top, Under, as_path, reported
from gateway.execution.slots import FAILED, Group, Later, Merged, Slot, Spread

MANY: Final = 8
"""From how many values on it pays to look for equal ones."""


_NEVER_EQUAL: Final = frozenset({str, int, NoneType})
"""Types of which no value equals one of another."""


class Host(Protocol):
    """What executes: graphql-core's executor, of which a run takes what resolvers are given."""

    context_value: Any
    field_resolver: Any
    hide_suggestions: bool
    root_value: Any
    type_resolver: Any
    variable_values: VariableValues

    def build_resolve_info(self, field_def: Any, field_nodes: Any, parent_type: Any, path: Path) -> Any:
        """Make what a resolver is told of its field."""
        ...


class Run:
    """One execution of a plan."""

    def __init__(self, host: Host, plan: Plan, operation: Operation | None) -> None:
        self._host = host
        self._plan = plan
        self._operation = operation
        self._groups: list[Group] = []
        self._asks = Asks()
        self._waits = waiting.Waits()
        self._faults: list[Fault] = []
        self._completion = Completion(self._faults, self._group, self._waits, self._info, host.type_resolver)
        self._unread: Exception | None = None

    async def data(self) -> dict[str, Any] | None:
        """Execute once, and return the data; what it was made of is let go."""
        try:
            return await self._data()
        finally:
            # What completes knows the run and the run knows it: left to the garbage collector, the rows and objects
            # of a hundred answers would wait for it.
            self._groups.clear()
            del self._completion

    async def _data(self) -> dict[str, Any] | None:
        """Execute the root fields together, those of a mutation one after another."""
        selection = self._plan.root
        parts = [selection.only(field) for field in selection.fields] if self._plan.serial else [selection]
        data: dict[str, Any] = {}
        for part in parts:
            made = await self._whole(part)
            if made is FAILED:
                return None
            data.update(made)
        return data

    def errors(self) -> list[GraphQLError] | None:
        """Return what went wrong, None where nothing did."""
        return reported(self._faults) if self._faults else None

    async def _whole(self, selection: Selection) -> Any:
        self._groups.clear()
        if selection.reads and self._operation is not None:
            await self._open(self._operation)
        top = self._group(selection, [self._host.root_value], Top(), None)
        while self._asks or self._waits:
            asks = self._asks.begin()
            if self._waits:
                await self._level(asks, self._waits.begin())
            else:
                await self._answer(asks)
        for group in reversed(self._groups):
            self._make(group)
        return top.built[0]

    async def _open(self, operation: Operation) -> None:
        """Open the operation's snapshot: only then it is known who asks, and so what may be had."""
        try:
            await operation.read()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the error of every field that reads
            self._unread = error

    async def _level(self, asks: list[Ask], waits: waiting.Round) -> None:
        try:
            await self._answer(asks)
            await waits.finish()
        finally:
            waits.cancel()

    async def _answer(self, asks: list[Ask]) -> None:
        if not asks:
            return
        operation: Any = self._operation
        try:
            db = await operation.read()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the error of every field that asks
            for ask in asks:
                ask.fail(error)
            return
        for ask in asks:
            await ask.answer(db)

    def _group(self, selection: Selection, sources: Sequence[Any], positions: Positions, layout: Any) -> Group:
        """Begin the objects of a selection: their branches are read, or are asked for with the rest of the level."""
        group = Group(selection, sources, positions, layout)
        if sources:
            self._groups.append(group)
            group.slots = [self._branch(group, field) for field in selection.branches]
        return group

    def _make(self, group: Group) -> None:
        columns = [slot.take() for slot in group.slots]
        if not self._faults or not any(FAILED in column for column in columns):
            try:
                group.built = compiling.quick(group.selection, group.layout)(group.sources, *columns)
            except Exception:  # noqa: BLE001 - the careful way finds it again, and says where
                group.built = []
            else:
                return
        group.built = self._carefully(group, columns)

    def _carefully(self, group: Group, columns: list[list[Any]]) -> list[Any]:
        """Make a group's objects one by one, so that it is known of each value whether it failed."""
        branches = iter(columns)
        members = []
        for field in group.selection.fields:
            column = None if field.immediate else next(branches)
            members.append((field.key, self._leaves(group, field, column) if field.shape.is_leaf else column or []))
        built: list[Any] = []
        for number in range(len(group.sources)):
            made = {key: column[number] for key, column in members}
            built.append(FAILED if any(value is FAILED for value in made.values()) else made)
        return built

    def _leaves(self, group: Group, field: Field, values: list[Any] | None) -> list[Any]:
        if values is None:
            values = _read_each(compiling.reader(field, group.layout), group.sources)
        return self._completion.complete(Values(field, field.shape, values, Under(group.positions, field.step))).take()

    def _branch(self, group: Group, field: Field) -> Slot:
        positions = Under(group.positions, field.step)
        if field.is_guarded and self._operation is not None:
            denied = self._operation.denial(field.guard)
            if denied is not None:
                return self._fill(group, field, positions, denied)
        begin = self._begin.get(field.begins)
        if begin is not None:
            return begin(self, group, field, positions)
        values = _read_all(compiling.reader(field, group.layout), group.sources)
        layout = group.layout if field.access is Access.PART else None
        return self._settled(field, values, positions, layout)

    def _settled(self, field: Field, values: list[Any], positions: Positions, layout: Layout = None) -> Slot:
        """Complete a field's values; leaves are completed with the objects that they are of."""
        given = Values(field, field.shape, values, positions, layout)
        return self._completion.raw(given) if field.shape.is_leaf else self._completion.settle(given)

    def _fill(self, group: Group, field: Field, positions: Positions, value: Any) -> Slot:
        return self._settled(field, [value] * len(group.sources), positions)

    def _arguments(self, field: Field) -> tuple[Any, Exception | None]:
        return field.arguments(self._host.variable_values, hide_suggestions=self._host.hide_suggestions)

    def _computed(self, group: Group, field: Field, positions: Positions) -> Slot:
        """Compute a field once for each combination of the values that it is made of: it is made of nothing else."""
        if len(group.sources) < MANY:
            return self._settled(field, _read_all(compiling.reader(field, group.layout), group.sources), positions)
        spec: Any = field.spec
        read = compiling.values_of(spec.needs, group.layout)
        keys = _read_all(read, group.sources)
        try:
            numbers = {key: number for number, key in enumerate(dict.fromkeys(keys))} if _are_alike(keys) else None
        except TypeError:  # a value that cannot be a key
            numbers = None
        if numbers is None:
            values = _read_all(compiling.reader(field, group.layout), group.sources)
            return self._settled(field, values, positions)
        values = _read_each(lambda key: spec.resolve(*key), list(numbers))
        index = [numbers[key] for key in keys]
        return Spread(self._settled(field, values, Shared(positions, index)), index)

    def _judged(self, group: Group, field: Field, positions: Positions) -> Slot:
        arguments, error = self._arguments(field)
        if error is not None:
            return self._fill(group, field, positions, error)
        spec: Any = field.spec
        read = compiling.values_of(spec.needs, group.layout)
        context = self._host.context_value
        values = _read_each(lambda source: spec.resolve(context, arguments, *read(source)), group.sources)
        return self._settled(field, values, positions)

    def _edge(self, group: Group, field: Field, positions: Positions) -> Slot:
        spec: Any = field.spec
        keys = _read_all(compiling.getter(spec.key, group.layout), group.sources)
        if None not in keys:
            return self._asked(field, positions, keys)
        kept = [place for place, key in enumerate(keys) if key is not None]
        nulls = dict.fromkeys(place for place, key in enumerate(keys) if key is None)
        missing = self._settled(field, list(nulls.values()), Kept(positions, list(nulls)))
        asked = self._asked(field, Kept(positions, kept), [keys[place] for place in kept])
        return Merged([(kept, asked), (list(nulls), missing)], len(keys))

    def _asked(self, field: Field, positions: Positions, keys: list[Any]) -> Slot:
        """Ask a field's question about some keys, each once."""
        arguments, error = self._arguments(field)
        if error is not None or not keys:
            return self._settled(field, [error] * len(keys), positions)
        unique = list(dict.fromkeys(keys))
        shared = len(unique) < len(keys)
        numbers = {key: number for number, key in enumerate(unique)} if shared else {}
        index = [numbers[key] for key in keys] if shared else []
        later = Later()

        def resume(values: list[Any], layout: Any) -> None:
            places = Shared(positions, index) if shared else positions
            slot = self._settled(field, values, places, layout)
            later.slot = Spread(slot, index) if shared else slot

        spec: Any = field.spec
        self._asks.add(spec.question, arguments, field.columns(), unique, resume)
        return later

    def _root(self, _top: Group, field: Field, positions: Positions) -> Slot:
        operation: Any = self._operation
        error = self._unread or (operation.denial(field.guard) if field.guard is not None else None)
        if error is not None:
            return self._settled(field, [error], positions)
        spec: Any = field.spec
        if spec.question is not None:
            return self._asked(field, positions, [None])
        arguments, error = self._arguments(field)
        if error is not None:
            return self._settled(field, [error], positions)
        if spec.route is not None:
            return self._routed(field, positions, arguments)
        context, columns = self._host.context_value, field.columns()
        values = _read_each(lambda resolve: resolve(context, arguments, columns), [spec.resolve])
        return self._settled(field, values, positions)

    def _routed(self, field: Field, positions: Positions, arguments: Any) -> Slot:
        """Ask the one question that the arguments lead to; the answer is of the type that they name."""
        spec: Any = field.spec
        try:
            route: Route = spec.route(self._host.context_value, arguments)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is this field's error
            return self._settled(field, [error], positions)
        kind: Any = field.operation.schema.get_type(route.kind)
        later = Later()

        def resume(values: list[Any], layout: Any) -> None:
            found = [route.missing if value is None else value for value in values]
            later.slot = self._completion.of_kind(Values(field, field.shape, found, positions, layout), kind)

        self._asks.add(route.question, None, field.columns_of(kind), [route.key], resume)
        return later

    def _resolved(self, group: Group, field: Field, positions: Positions) -> Slot:
        """Resolve a field of each object as GraphQL says: by its resolver, which is told where it stands."""
        resolve = field.definition.resolve or self._host.field_resolver
        values: list[Any] = []
        for number, source in enumerate(group.sources):
            arguments, error = self._arguments(field)
            try:
                values.append(error or resolve(source, self._info(field, positions, number), **arguments))
            except Exception as failed:  # noqa: BLE001 - whatever it is, it is this field's error
                values.append(failed)
        return self._settled(field, values, positions)

    def _info(self, field: Field, positions: Positions, number: int) -> Any:
        path: Any = as_path(positions.paths(number)[0])
        return self._host.build_resolve_info(field.definition, field.nodes, field.parent, path)

    _begin: ClassVar[Mapping[str, Callable[["Run", Group, Field, Positions], Slot]]] = {
        Access.EDGE.value: _edge,
        Access.ROOT.value: _root,
        Access.JUDGED.value: _judged,
        Access.RESOLVER.value: _resolved,
        Access.COMPUTED.value: _computed,
    }


def _are_alike(keys: list[Any]) -> bool:
    """Tell whether equal keys are the same: True, 1 and 1.0 are equal, and are not."""
    if _NEVER_EQUAL.issuperset(map(type, chain.from_iterable(keys))):
        return True
    return all(len({*map(type, column)} - {NoneType}) <= 1 for column in zip(*keys, strict=True))


def _read_all(read: Callable[[Any], Any], sources: Sequence[Any]) -> list[Any]:
    try:
        return list(map(read, sources))
    except Exception:  # noqa: BLE001 - told for each, below
        return _read_each(read, sources)


def _read_each(read: Callable[[Any], Any], sources: Sequence[Any]) -> list[Any]:
    """Read one by one; an error stands in the place of the value that could not be read."""
    values: list[Any] = []
    for source in sources:
        try:
            values.append(read(source))
        except Exception as error:  # noqa: BLE001 - whatever it is, it is this value's error
            values.append(error)
    return values
