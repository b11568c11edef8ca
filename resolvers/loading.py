"""Questions: each is asked once for a whole set of keys, and runs one statement for the columns that are wanted."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any, Final, Protocol
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    Column,
    ColumnElement,
    DateTime,
    Table,
    Text,
    Uuid,
    any_,
    bindparam,
    case,
    cast,
    func,
    literal,
    select,
    true,
)
from sqlalchemy import tuple_ as row_of
from sqlalchemy.sql.selectable import FromClause, Select

from resolvers.errors import BadCursorError
from resolvers.paging import COUNTED, Listed, Owner, Page, PageArgs, Place, binding, place
from storage.base import FOREVER, Record
from tenancy.predicates import Bounds
from tenancy.scope import ReadScope

_FIRST: Final = itemgetter(0)
_KEY: Final = "#key"
"""The column that tells which key a row belongs to."""
COUNT: Final = "#count"
"""The name under which a list's count is asked for among its columns."""

PLACE: Final = "#place"
"""The name under which is asked for what a cursor is made of."""

Filter = Callable[[Any, Bounds], ColumnElement[bool]]
"""Makes a condition of a filter: from the table and the scope's bounds; its value is bound as `filter_<name>`."""


class Question(Protocol):
    """Something that can be asked about many keys at once; an answer may be an expected error."""

    async def __call__(
        self, db: ReadScope, keys: Sequence[Any], columns: frozenset[str], args: Any, *, wire: bool
    ) -> Sequence[Any]:
        """Answer for each key, in order; `wire` asks for rows with ids and times as text, read by position."""
        ...

    def layout(self, columns: frozenset[str], args: Any) -> tuple[str, ...]:
        """Name the columns of the rows that `wire` answers hold, by position."""
        ...


class ById:
    """One row for each id; None where the scope has none."""

    def __init__(self, table: Table, record: type[Record]) -> None:
        self.table = table
        self.record = record

    async def __call__(
        self, db: ReadScope, keys: Sequence[UUID], columns: frozenset[str], args: Any, *, wire: bool = False
    ) -> Sequence[Any]:
        """Read the rows of a set of ids."""
        names = self.layout(columns)

        def build(bounds: Bounds) -> "Select[Any]":
            table = self.table
            wanted = table.c.id == any_(_asked(wire=wire))
            return select(*_selected(table, names, wire=wire)).where(bounds(table), wanted)

        rows = await db.fetch((self, names, wire), build, asked=len(keys), keys=_bound(keys, wire=wire))
        at = names.index("id")
        found = {row[at]: row if wire else _record(self.record, names, row) for row in rows}
        return [found.get(key) for key in (map(str, keys) if wire else keys)]

    def layout(self, columns: frozenset[str], _args: None = None) -> tuple[str, ...]:
        """Name the columns of a row, by position."""
        return _names(self.table, columns)


class ManyBy:
    """All rows that belong to each key, in the order of some columns: for small, bounded sets."""

    def __init__(self, table: Table, record: type[Record], *, by: str, order: tuple[str, ...]) -> None:
        self.table = table
        self.record = record
        self.by = by
        self._order = order

    async def __call__(
        self, db: ReadScope, keys: Sequence[UUID], columns: frozenset[str], args: Any, *, wire: bool = False
    ) -> Sequence[Any]:
        """Read the rows of a set of parents."""
        names = _names(self.table, columns)

        def build(bounds: Bounds) -> "Select[Any]":
            table = self.table
            parent = table.c[self.by]
            key = (_as_text(parent) if wire else parent).label(_KEY)
            return (
                select(key, *_selected(table, names, wire=wire))
                .where(bounds(table), parent == any_(_asked(wire=wire)))
                .order_by(*(table.c[name] for name in self._order))
            )

        asked: list[Any] = list(map(str, keys)) if wire else list(keys)
        found: dict[Any, list[Any]] = {key: [] for key in asked}
        for row in await db.fetch((self, names, wire), build, asked=len(keys), keys=_bound(keys, wire=wire)):
            found[row[0]].append(row if wire else _record(self.record, names, row))
        return [found[key] for key in asked]

    def layout(self, columns: frozenset[str], _args: None = None) -> tuple[str, ...]:
        """Name the columns of a row, by position."""
        return (_KEY, *_names(self.table, columns))


Places = tuple[Place | None, Place | None]
"""Where the cursors `after` and `before` point."""


class PageBy:
    """A page of the rows that belong to each key, or of all rows of the scope where `by` is None.

    The key of such a whole list is None.
    """

    def __init__(
        self, table: Table, record: type[Record], *, by: str | None = None, filters: Mapping[str, Filter] | None = None
    ) -> None:
        self.table = table
        self.record = record
        self.by = by
        self.filters = filters or {}

    async def __call__(
        self, db: ReadScope, keys: Sequence[UUID | None], columns: frozenset[str], args: PageArgs, *, wire: bool = False
    ) -> Sequence[Any]:
        """Read one page for each parent, each named once; a cursor of another list is an error in its place."""
        if args.after is None and args.before is None:
            return await self._counted(db, list(keys), columns, args, (None, None), wire=wire)
        answers: dict[Any, Any] = dict.fromkeys(keys)
        asked, places = self._placed(db, answers, args)
        if asked:
            pages = await self._counted(db, asked, columns, args, places, wire=wire)
            answers.update(zip(asked, pages, strict=True))
        return [answers[key] for key in keys]

    def layout(self, columns: frozenset[str], args: PageArgs) -> tuple[str, ...]:
        """Name the columns of a page's row, by position."""
        names = self._names(columns, args)
        return names if self.by is None else (_KEY, *names)

    def _names(self, columns: frozenset[str], args: PageArgs) -> tuple[str, ...]:
        return _names(self.table, columns | {args.order.column} if PLACE in columns else columns)

    async def _counted(  # noqa: PLR0913 - as _pages
        self,
        db: ReadScope,
        keys: list[Any],
        columns: frozenset[str],
        args: PageArgs,
        places: Places,
        *,
        wire: bool,
    ) -> list[Page]:
        pages = await self._pages(db, keys, columns, args, places, wire=wire)
        if COUNT in columns:
            await self._count(db, keys, pages, args, wire=wire)
        return pages

    def _placed(self, db: ReadScope, answers: dict[Any, Any], args: PageArgs) -> tuple[list[Any], Places]:
        """Return the keys whose cursors are theirs, and where these point; the others are answered by an error."""
        kind = self.table.c[args.order.column].type.python_type
        asked: list[Any] = []
        places: Places = (None, None)
        for key in answers:
            bound = binding(Owner(self.table.name, db.principal.partner_id, key), args)
            try:
                places = (
                    place(args.after, bound, kind=kind, argument="after"),
                    place(args.before, bound, kind=kind, argument="before"),
                )
            except BadCursorError as error:
                answers[key] = error
            else:
                asked.append(key)
        return asked, places

    async def _pages(  # noqa: PLR0913 - one statement's whole shape
        self,
        db: ReadScope,
        keys: list[Any],
        columns: frozenset[str],
        args: PageArgs,
        places: Places,
        *,
        wire: bool,
    ) -> list[Page]:
        names = self._names(columns, args)

        def build(bounds: Bounds) -> "Select[Any]":
            if self.by is None:
                return self._window(self.table, names, args, bounds, wire=wire)
            keys = _keys(wire=wire)
            table = self.table.alias("page")
            mine = table.c[self.by] == keys.c.id
            inner = self._window(table, names, args, bounds, wire=wire).where(mine).lateral("found")
            columns_of = [inner.c[name] for name in names]
            return select(keys.c.n.label(_KEY), *columns_of).select_from(keys.join(inner, true())).order_by(keys.c.n)

        bound: dict[str, Any] = {"page_limit": args.size + 1}
        if args.filters:
            bound |= _filter_values(args)
        for name, at in zip(("after", "before"), places, strict=True):
            if at is not None:
                bound |= {f"{name}_value": at.value, f"{name}_id": at.id}
        if self.by is not None:
            bound["keys"] = _bound(keys, wire=wire)
        rows = await db.fetch((self, "page", names, wire, args.shape), build, asked=len(keys), **bound)
        items: Sequence[Any] = rows if wire else [_record(self.record, names, row) for row in rows]
        listed = Listed(self.table.name, db.principal.partner_id, args, self.layout(columns, args) if wire else None)
        shares = [items] if self.by is None else _shares(rows, items, len(keys))
        return _cut(shares, keys, listed)

    def _window(self, table: Any, names: tuple[str, ...], args: PageArgs, bounds: Bounds, *, wire: bool) -> Select[Any]:
        sort, identifier = table.c[args.order.column], table.c.id
        found = select(*_selected(table, names, wire=wire)).where(*self._conditions(table, args, bounds))
        for name, cursor, forward in (("after", args.after, True), ("before", args.before, False)):
            if cursor is not None:
                here = row_of(sort, identifier)
                there = row_of(bindparam(f"{name}_value", type_=sort.type), bindparam(f"{name}_id", type_=Uuid()))
                found = found.where(here > there if forward is not args.order.descending else here < there)
        ordering = [sort, identifier]
        if args.order.descending is not args.backward:
            ordering = [sort.desc(), identifier.desc()]
        return found.order_by(*ordering).limit(bindparam("page_limit"))

    def _conditions(self, table: Any, args: PageArgs, bounds: Bounds) -> list[ColumnElement[bool]]:
        return [bounds(table), *(self.filters[name](table, bounds) for name, _value in args.filters)]

    async def _count(self, db: ReadScope, keys: list[Any], pages: list[Page], args: PageArgs, *, wire: bool) -> None:
        def build(bounds: Bounds) -> "Select[Any]":
            table = self.table.alias("counted")
            rows = select(table.c.id).where(*self._conditions(table, args, bounds)).limit(COUNTED + 1)
            if self.by is None:
                return select(func.count(rows.subquery("some").c.id))
            keys = _keys(wire=wire)
            some = rows.where(table.c[self.by] == keys.c.id).lateral("some")
            return (
                select(keys.c.n.label(_KEY), func.count(some.c.id))
                .select_from(keys.outerjoin(some, true()))
                .group_by(keys.c.n)
            )

        bound = {**_filter_values(args), **({} if self.by is None else {"keys": _bound(keys, wire=wire)})}
        names = tuple(name for name, _value in args.filters)
        for row in await db.fetch((self, "count", names, wire), build, asked=len(keys), **bound):
            place, counted = (1, row[0]) if self.by is None else row
            pages[place - 1].counted = counted


def equals(column: str) -> Filter:
    """Make a filter that compares a column with the filter's value, bound as `filter_<column>`."""

    def condition(table: Any, _bounds: Bounds) -> ColumnElement[bool]:
        made: ColumnElement[bool] = table.c[column] == bindparam(f"filter_{column}", type_=table.c[column].type)
        return made

    return condition


def _asked(*, wire: bool) -> ColumnElement[Any]:
    """Make the array of the keys: for `wire` of one text, which is bound in a fraction of the time."""
    if not wire:
        return bindparam("keys", type_=ARRAY(Uuid()))
    texts = select(func.string_to_array(bindparam("keys", type_=Text), literal(","))).scalar_subquery()
    return cast(texts, ARRAY(Uuid()))


def _bound(keys: Iterable[Any], *, wire: bool) -> Any:
    return ",".join(map(str, keys)) if wire else list(keys)


def _keys(*, wire: bool) -> Any:
    return func.unnest(_asked(wire=wire)).table_valued("id", with_ordinality="n", name="keys").render_derived()


@lru_cache(maxsize=2_000)
def _names(table: Table, columns: frozenset[str]) -> tuple[str, ...]:
    return tuple(name for name in table.c.keys() if name in columns or name == "id")  # noqa: SIM118 - not a dict


def _selected(table: FromClause, names: Sequence[str], *, wire: bool) -> list[ColumnElement[Any]]:
    return [_as_text(table.c[name]) if wire else table.c[name] for name in names]


def _as_text(column: Any) -> ColumnElement[Any]:
    if isinstance(column.type, Uuid):
        return cast(column, Text).label(column.name)
    if isinstance(column.type, DateTime):
        text = func.to_char(func.timezone("UTC", column), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
        endless = literal(FOREVER.strftime("%Y-%m-%dT%H:%M:%S.%fZ"), Text)
        return case((column == literal(FOREVER, column.type), endless), else_=text).label(column.name)
    made: Column[Any] = column
    return made


def _record(kind: type[Record], names: Sequence[str], row: Any) -> Record:
    return kind(**{name: row[name] for name in names})


def _shares(rows: Sequence[Any], items: Sequence[Any], number: int) -> list[Sequence[Any]]:
    """Give each page its items: rows are in order, and begin with their page's number, counted from 1."""
    shares: list[Sequence[Any]] = [()] * number
    start = 0
    for page, length in Counter(map(_FIRST, rows)).items():
        shares[page - 1] = items[start : start + length]
        start += length
    return shares


def _cut(shares: Sequence[Sequence[Any]], parents: Sequence[Any], listed: Listed) -> list[Page]:
    """Make the pages of what was read, which is one row more than a page where more follow."""
    size, continued = listed.args.size, listed.args.after is not None
    if not listed.args.backward:
        return [
            Page(list(found), False, continued, parent, listed)  # noqa: FBT003 - has_next
            if len(found) <= size
            else Page(list(found[:size]), True, continued, parent, listed)  # noqa: FBT003 - has_next
            for found, parent in zip(shares, parents, strict=True)
        ]
    before = listed.args.before is not None
    return [
        Page(found[:size][::-1], before, len(found) > size, parent, listed)
        for found, parent in zip(shares, parents, strict=True)
    ]


def _filter_values(args: PageArgs) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name, value in args.filters:
        if isinstance(value, tuple):
            made |= {f"filter_{name}_{number}": part for number, part in enumerate(value)}
        else:
            made[f"filter_{name}"] = value
    return made
