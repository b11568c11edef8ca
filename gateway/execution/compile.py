"""From a selection to Python: one function that makes the objects of a whole level, and its careful twin.

The quick function is generated source, and takes for granted that all goes well: no null where none may be, every leaf
of the kind that it should be. Where something does not, it raises, and the careful one makes the same objects one by
one and says what went wrong where.
"""

import math
from collections.abc import Callable, Iterator
from operator import attrgetter, itemgetter
from typing import Any, Final, Protocol, runtime_checkable

from graphql import GraphQLBoolean, GraphQLEnumType, GraphQLFloat, GraphQLID, GraphQLInt, GraphQLString
from graphql.pyutils import Undefined, inspect

from gateway.execution.plan import Access, Field, Layout, Selection, Shape

LARGEST_INT: Final = 2**31
_TEXTS: Final = (GraphQLString, GraphQLID)


@runtime_checkable
class Written(Protocol):
    """What computes a field, and can write itself as an expression of output-ready columns, which spares its call."""

    def written(self, *columns: str) -> str:
        """Return Python source that makes of some expressions what a call would make of their values."""
        ...


class NullError(TypeError):
    """A null stands where none may."""

    def __init__(self, field: Field) -> None:
        super().__init__(f"Cannot return null for non-nullable field {field.parent}.{field.name}.")


class _NotQuickError(Exception):
    """The quick function cannot make this; the careful one will say why."""


def quick(selection: Selection, layout: Layout) -> Callable[..., list[Any]]:
    """Return the function that makes a selection's objects: from their sources, and a list for each branch.

    It raises whatever it meets when something is wrong; its caller then asks the careful way.
    """
    known = selection.built.get(layout)
    if known is None:
        known = selection.built[layout] = _Writer(layout).function(selection)
    return known


def complete_leaf(shape: Shape, value: Any) -> Any:
    """Complete a leaf as GraphQL says: a scalar or enum, neither None nor an exception.

    Raises:
        TypeError: the type made nothing of it.
        Exception: whatever its serialiser raises.
    """
    made = shape.named.coerce_output_value(value)
    if made is Undefined or made is None:
        wanted = inspect(shape.named)
        message = (
            f"Expected `{wanted}.coerce_output_value({inspect(value)})` to return non-nullable value, "
            f"returned: {inspect(made)}"
        )
        raise TypeError(message)
    return made


def reader(field: Field, layout: Layout) -> Callable[[Any], Any]:
    """Return what reads a field from its parent where that needs no waiting."""
    known = field.readers.get(layout)
    if known is None:
        known = field.readers[layout] = _reader(field, layout)
    return known


def _reader(field: Field, layout: Layout) -> Callable[[Any], Any]:
    spec: Any = field.spec
    if field.access is Access.TYPENAME:
        name = field.parent.name
        return lambda _source: name
    if field.access is Access.ATTRIBUTE:
        return attrgetter(field.python_name)
    if field.access is Access.COLUMN:
        return getter(spec.needs[0], layout)
    resolve: Callable[..., Any] = spec.resolve
    return resolve if field.access is Access.PART else _computing(resolve, spec.needs, layout)


def getter(name: str, layout: Layout) -> Callable[[Any], Any]:
    """Return what reads a column: by its place in a row, or by its name."""
    return attrgetter(name) if layout is None else itemgetter(layout.index(name))


def values_of(names: tuple[str, ...], layout: Layout) -> Callable[[Any], tuple[Any, ...]]:
    """Return what reads several columns at once."""
    getters = [getter(name, layout) for name in names]
    if len(getters) == 1:
        (only,) = getters
        return lambda source: (only(source),)
    if layout is None:
        return attrgetter(*names)
    return itemgetter(*(layout.index(name) for name in names))


def _computing(resolve: Callable[..., Any], names: tuple[str, ...], layout: Layout) -> Callable[[Any], Any]:
    read = values_of(names, layout)
    return lambda source: resolve(*read(source))


class _Names(dict[Any, str]):
    """The name of each value of an enum, which the type itself is asked for once."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self._shape = shape

    def __missing__(self, value: Any) -> str:
        name: str = complete_leaf(self._shape, value)
        if value in self._known():
            self[value] = name
        return name

    def _known(self) -> list[Any]:
        return [known.value for known in self._shape.named.values.values()]


class _Writer:
    """Writes the source of one quick function, and keeps what it refers to."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._names: dict[str, Any] = {"math": math}

    def function(self, selection: Selection) -> Callable[..., list[Any]]:
        branches = [f"b{number}" for number in range(len(selection.branches))]
        values = iter(branches)
        members = [f"{field.key!r}: {self._member(field, values)}" for field in selection.fields]
        given = ", ".join(["sources", *(f"of_{name}" for name in branches)])
        source = f"""def make({given}):
    made = []
    add = made.append
    for {", ".join(["s", *branches])} in {f"zip({given})" if branches else given}:
        add({{{", ".join(members)}}})
    return made
"""
        exec(compile(source, f"<{selection.kind.name}>", "exec"), self._names)  # noqa: S102 - of names and places only
        made: Callable[..., list[Any]] = self._names["make"]
        return made

    def _refer(self, value: Any) -> str:
        name = f"k{len(self._names)}"
        self._names[name] = value
        return name

    def _member(self, field: Field, branches: Iterator[str]) -> str:
        if field.access is Access.TYPENAME:
            return repr(field.parent.name)
        value = self._value(field) if field.immediate else next(branches)
        ready = field.access is Access.COLUMN and self._layout is not None
        return self._leaf(field.shape, value, ready=ready) if field.shape.is_leaf else value

    def _leaf(self, shape: Shape, value: str, *, ready: bool) -> str:
        if shape.nullable:
            return f"(None if (v := {value}) is None else {self._checked('v', shape, ready=ready)})"
        return self._checked(value, shape, ready=ready)

    def _value(self, field: Field) -> str:
        spec: Any = field.spec
        if field.access is Access.COLUMN:
            return self._column(spec.needs[0])
        if self._layout is not None and isinstance(spec.resolve, Written):
            return spec.resolve.written(*map(self._column, spec.needs))
        given = "s" if field.access is Access.PART else ", ".join(self._column(name) for name in spec.needs)
        return f"{self._refer(spec.resolve)}({given})"

    def _column(self, name: str) -> str:
        return f"s.{name}" if self._layout is None else f"s[{self._layout.index(name)}]"

    def _checked(self, value: str, shape: Shape, *, ready: bool) -> str:
        """Write what completes a value: what is as it should be passes, everything else is for the type to judge.

        Text of a row that is `ready` is what the type's serialiser made, or would make, of it.
        """
        careful = self._refer(_strictly(shape))
        named = shape.named
        if isinstance(named, GraphQLEnumType):
            return f"{self._refer(_Names(shape))}[{value}]"
        if named is GraphQLInt:
            return f"(w if type(w := {value}) is int and {-LARGEST_INT} <= w < {LARGEST_INT} else {careful}(w))"
        if named is GraphQLBoolean:
            return f"(w if type(w := {value}) is bool else {careful}(w))"
        if named is GraphQLFloat:
            return f"(w if type(w := {value}) is float and math.isfinite(w) else {careful}(w))"
        if ready or any(named is text for text in _TEXTS):
            return f"(w if type(w := {value}) is str else {careful}(w))"
        sent = f"{self._refer(named.coerce_output_value)}(w)"
        return f"(x if type(w := {value}) is str and type(x := {sent}) is str else {careful}(w))"


def _strictly(shape: Shape) -> Callable[[Any], Any]:
    def complete(value: Any) -> Any:
        if value is None or value is Undefined or isinstance(value, Exception):
            raise _NotQuickError
        return complete_leaf(shape, value)

    return complete
