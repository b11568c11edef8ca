"""Where in an answer a value stands: worked out only for the errors, which are few."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import NamedTuple, Protocol

from graphql import FieldNode, GraphQLError, located_error
from graphql.pyutils import Path


class Step(NamedTuple):
    """One step of a path: its key, its place among its siblings, whether it may be null, and what it is asked of."""

    key: str | int
    order: int
    nullable: bool
    typename: str | None


Steps = tuple[Step, ...]


class Positions(Protocol):
    """A flat list of positions; what was loaded once for several places stands at all of them."""

    def paths(self, index: int, /) -> list[Steps]:
        """Return every path at which the value of this index stands."""
        ...


class Top:
    """The operation's root."""

    def paths(self, index: int) -> list[Steps]:  # noqa: ARG002 - there is one
        """Return the empty path."""
        return [()]


class Under:
    """One field of each of some objects."""

    def __init__(self, objects: Positions, step: Step) -> None:
        self._objects = objects
        self._step = step

    def paths(self, index: int) -> list[Steps]:
        """Return the object's paths, a step longer."""
        return [(*path, self._step) for path in self._objects.paths(index)]


class Items:
    """The items of some lists, one after another."""

    def __init__(self, lists: Positions, lengths: Sequence[int], *, nullable: bool) -> None:
        self._lists = lists
        self._lengths = lengths
        self._nullable = nullable
        self._ends: list[int] = []

    def paths(self, index: int) -> list[Steps]:
        """Return the list's paths, longer by the item's number."""
        self._ends = self._ends or list(accumulate(self._lengths))
        owner = bisect_right(self._ends, index)
        number = index - (self._ends[owner - 1] if owner else 0)
        step = Step(number, number, self._nullable, None)
        return [(*path, step) for path in self._lists.paths(owner)]


class Kept:
    """Those of some positions that were kept."""

    def __init__(self, all_of_them: Positions, kept: Sequence[int]) -> None:
        self._all = all_of_them
        self._kept = kept

    def paths(self, index: int) -> list[Steps]:
        """Return the paths of the position that was kept."""
        return self._all.paths(self._kept[index])


class Shared:
    """Values that stand at several positions each; `index` names, for each position, its value."""

    def __init__(self, places: Positions, index: Sequence[int]) -> None:
        self._places = places
        self._index = index

    def paths(self, index: int) -> list[Steps]:
        """Return the paths of every position that the value stands at."""
        owners = (place for place, value in enumerate(self._index) if value == index)
        return [path for owner in owners for path in self._places.paths(owner)]


def as_path(steps: Steps) -> Path | None:
    """Return a path as resolvers are given it."""
    path: Path | None = None
    for step in steps:
        path = Path(path, step.key, step.typename)
    return path


class Fault(NamedTuple):
    """Something that went wrong at a position."""

    positions: Positions
    place: int
    error: Exception
    nodes: list[FieldNode]


class _Located(NamedTuple):
    order: tuple[int, ...]
    landing: Steps
    error: GraphQLError


def reported(faults: Iterable[Fault]) -> list[GraphQLError]:
    """Return the errors of an answer in document order: one for each null that one of them made.

    An error lands on the closest position at or above its own that may be null. Of those that land on one
    position the first in document order is told; what lies below a null is not (GraphQL, section 6.4.4).
    """
    located = sorted((one for fault in faults for one in _located(fault)), key=lambda one: one.order)
    landings = {_keys(one.landing) for one in located}
    told: set[tuple[str | int, ...]] = set()
    errors = []
    for one in located:
        keys = _keys(one.landing)
        if keys in told or any(keys[:length] in landings for length in range(len(keys))):
            continue
        told.add(keys)
        errors.append(one.error)
    return errors


def _keys(steps: Steps) -> tuple[str | int, ...]:
    return tuple(step.key for step in steps)


def _located(fault: Fault) -> Iterable[_Located]:
    for steps in fault.positions.paths(fault.place):
        length = len(steps)
        while length and not steps[length - 1].nullable:
            length -= 1
        order = tuple(step.order for step in steps)
        yield _Located(order, steps[:length], located_error(fault.error, fault.nodes, list(_keys(steps))))
