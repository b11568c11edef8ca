"""The rows of a demo before they are stored: chance, time and ids that are the same for the same moment."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from random import Random
from typing import Any, Final, TypeAlias, TypeVar
from uuid import UUID

from sqlalchemy import Table

Word = TypeVar("Word", bound=str)

_SEED: Final = 20_240_229
_NOISE_BITS: Final = 62


_RowShape: TypeAlias = tuple[dict[str, None], Callable[[Mapping[str, Any]], tuple[Any, ...]]]
"""The row of nulls that a row starts from, and what puts its values in order."""


class Draft:
    """Rows by table, and where their chance comes from: one source, so the same moment makes the same demo."""

    def __init__(self, now: datetime) -> None:
        """Begin without rows; `now` carries its time zone."""
        self.now = now.astimezone(UTC)
        self.chance = Random(_SEED)
        self.default_cards: list[tuple[UUID, UUID, UUID]] = []
        self.signing_in: set[UUID] = set()
        self._records: dict[str, list[tuple[Any, ...]]] = {}
        self._shapes: dict[str, _RowShape] = {}

    def add(self, table: Table, values: Mapping[str, Any]) -> None:
        """Add a row; columns that it does not name are null.

        Raises:
            KeyError: a name is no column of the table, or a column that cannot be null is missing.

        """
        empty, ordered = self._shapes.get(table.name) or self._learn(table)
        row = {**empty, **values}
        record = ordered(row)
        if len(row) != len(record):
            raise KeyError(table.name, *(row.keys() - table.c.keys()))
        self._records[table.name].append(record)

    def add_tenant(self, table: Table, partner_id: UUID, created_at: datetime, values: Mapping[str, Any]) -> UUID:
        """Add a row of a tenant table, new at a moment, and return its id."""
        identifier = self.id_at(created_at)
        stamp = {"partner_id": partner_id, "id": identifier, "version": 1}
        self.add(table, {**stamp, "created_at": created_at, "updated_at": created_at, **values})
        return identifier

    def records(self, table: Table) -> list[tuple[Any, ...]]:
        """Return the rows of a table, their values in the order of its columns."""
        return self._records.get(table.name, [])

    def count(self) -> int:
        """Return how many rows there are in all tables."""
        return sum(map(len, self._records.values()))

    def id_at(self, moment: datetime) -> UUID:
        """Make the UUIDv7 of a moment, so that ids and creation times sort alike."""
        milliseconds = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
        head = milliseconds << 16 | 7 << 12 | self.chance.getrandbits(12)
        return UUID(int=head << 64 | 2 << _NOISE_BITS | self.chance.getrandbits(_NOISE_BITS))

    def between(self, start: datetime, end: datetime) -> datetime:
        """Pick a moment; the start when the end is not after it."""
        return start + max(end - start, timedelta()) * self.chance.random()

    def ago(self, days: float) -> datetime:
        """Return the moment some days ago."""
        return self.now - timedelta(days=days)

    def happens(self, percent: float) -> bool:
        """Tell whether something happens that does so in some percent of the cases."""
        return self.chance.random() * 100 < percent

    def weighted(self, options: Mapping[Word, int]) -> Word:
        """Pick one of some words by weight."""
        return self.chance.choices(tuple(options), tuple(options.values()))[0]

    def one(self, options: Sequence[str]) -> str:
        """Pick one of some words."""
        return options[int(self.chance.random() * len(options))]

    def _learn(self, table: Table) -> _RowShape:
        empty = {column.name: None for column in table.c if column.nullable}
        self._records[table.name] = []
        return self._shapes.setdefault(table.name, (empty, itemgetter(*table.c.keys())))


class Taken:
    """The names that are in use somewhere; a second use of one gets a number."""

    def __init__(self) -> None:
        """Begin with every name free."""
        self._uses: Counter[str] = Counter()

    def __contains__(self, name: str) -> bool:
        """Tell whether a name is in use."""
        return name in self._uses

    def take(self, name: str, joint: str = "-") -> str:
        """Return the name, with a number where it is taken."""
        chosen = name
        while chosen in self._uses:
            self._uses[name] += 1
            chosen = f"{name}{joint}{self._uses[name]}"
        self._uses[chosen] = 1
        return chosen
