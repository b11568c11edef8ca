"""What will stand in the place of values: lists as long as the values, to be had once the level below is made."""

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any, Final, Protocol

from gateway.execution.plan import Layout, Selection
from gateway.execution.positions import Positions


class _Failed:
    """Stands where a null may not, until a position that may be null is reached."""


FAILED: Final = _Failed()


class Slot(Protocol):
    """What stands in the place of some values."""

    def take(self) -> list[Any]:
        """Return it; FAILED where an error has to be told further up."""
        ...


class Group:
    """Objects of one type that are made together, from one source each; `built` is set when they are."""

    __slots__ = ("built", "layout", "positions", "selection", "slots", "sources")

    def __init__(self, selection: Selection, sources: Sequence[Any], positions: Positions, layout: Layout) -> None:
        self.selection = selection
        self.sources = sources
        self.positions = positions
        self.layout = layout
        self.slots: list[Slot] = []
        self.built: list[Any] = []


class Made:
    """Values that are complete."""

    def __init__(self, outputs: list[Any]) -> None:
        self._outputs = outputs

    def take(self) -> list[Any]:
        """Return them."""
        return self._outputs


class Objects:
    """The objects of a group."""

    def __init__(self, group: Group, *, nullable: bool) -> None:
        self._group = group
        self._nullable = nullable

    def take(self) -> list[Any]:
        """Return the objects, null in the place of one that failed where it may be."""
        return absorbed(self._group.built, nullable=self._nullable)


class Lists:
    """Lists of what an inner slot holds one after another."""

    def __init__(self, inner: Slot, lengths: Sequence[int], *, nullable: bool) -> None:
        self._inner = inner
        self._lengths = lengths
        self._nullable = nullable

    def take(self) -> list[Any]:
        """Return the lists; one with an item that failed has failed."""
        items = self._inner.take()
        following = iter(items)
        lists: list[Any] = [list(islice(following, length)) for length in self._lengths]
        if FAILED not in items:
            return lists
        failed = None if self._nullable else FAILED
        return [failed if FAILED in made else made for made in lists]


class Gapped:
    """What an inner slot holds, and at some places something else."""

    def __init__(self, inner: Slot, gaps: Mapping[int, Any], length: int) -> None:
        self._inner = inner
        self._gaps = gaps
        self._length = length

    def take(self) -> list[Any]:
        """Return both, in order."""
        following, gaps = iter(self._inner.take()), self._gaps
        return [gaps[place] if place in gaps else next(following) for place in range(self._length)]


class Spread:
    """What an inner slot holds, at as many places as it belongs to: the same object, not a copy of it."""

    def __init__(self, inner: Slot, index: Sequence[int]) -> None:
        self._inner = inner
        self._index = index

    def take(self) -> list[Any]:
        """Return, for each place, what belongs there."""
        return list(map(self._inner.take().__getitem__, self._index))


class Merged:
    """What several slots hold, put back in order: objects of several types in one list."""

    def __init__(self, parts: Sequence[tuple[Sequence[int], Slot]], length: int) -> None:
        self._parts = parts
        self._length = length

    def take(self) -> list[Any]:
        """Return what all of them hold."""
        made: list[Any] = [None] * self._length
        for places, slot in self._parts:
            for place, value in zip(places, slot.take(), strict=True):
                made[place] = value
        return made


class Later:
    """A slot that is known once something was awaited."""

    def __init__(self) -> None:
        self.slot: Slot | None = None

    def take(self) -> list[Any]:
        """Return what it came to hold."""
        return self.slot.take() if self.slot else []


def absorbed(outputs: list[Any], *, nullable: bool) -> list[Any]:
    """Put null where something failed, if it may stand there."""
    if not nullable or FAILED not in outputs:
        return outputs
    return [None if output is FAILED else output for output in outputs]
