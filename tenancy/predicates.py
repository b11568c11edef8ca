"""The query scope: the keys that every statement on a tenant table carries, and the guard that demands them.

The values are bound by `tenancy.scope`, under names reserved here; a statement that lacks them does not run.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, Protocol, TypeAlias

from sqlalchemy import ARRAY, ClauseElement, ColumnElement, Table, Uuid, and_, any_, bindparam, func, true
from sqlalchemy.sql import operators, visitors
from sqlalchemy.sql.dml import Delete, Insert, Update
from sqlalchemy.sql.elements import (
    BinaryExpression,
    BindParameter,
    BooleanClauseList,
    ColumnClause,
    TextClause,
    UnaryExpression,
)
from sqlalchemy.sql.functions import Function
from sqlalchemy.sql.selectable import (
    CTE,
    AliasedReturnsRows,
    FromClause,
    Join,
    Lateral,
    Select,
    Subquery,
    TableClause,
)

from storage.base import Key, Reach, metadata, rows_of
from tenancy import conditions
from tenancy.conditions import MEMBER, Condition
from tenancy.principal import Principal

PARTNER: Final = "scope_partner"
CLIENTS: Final = "scope_clients"
ORG: Final = "scope_org"

Bounds: TypeAlias = Callable[[FromClause], ColumnElement[bool]]
"""Makes the condition that holds a table, or an alias of one, inside the scope."""


class UnscopedStatementError(RuntimeError):
    """A statement touches a tenant table without the scope's keys; it was not run."""


class OutOfReachError(UnscopedStatementError):
    """A statement touches a table of which this reach sees no row."""


class QueryScope(Protocol):
    """The predicate builder and its guard, as one replaceable layer."""

    def bounds(self, reach: Reach) -> Bounds:
        """Return the maker of conditions for a reach."""
        ...

    def check(self, statement: Any, reach: Reach) -> None:
        """Refuse a statement that is not inside the scope."""
        ...

    def check_row(self, table: Table, row: Mapping[str, Any], principal: Principal) -> None:
        """Refuse a new row that belongs outside the scope."""
        ...


def values(principal: Principal) -> dict[str, Any]:
    """Return what the reserved names are bound to for a principal."""
    return {
        PARTNER: principal.partner_id,
        CLIENTS: list(principal.client_ids),
        ORG: principal.child_org_id,
        MEMBER: principal.membership_id,
    }


def narrowed(bounds: Bounds, seen: Mapping[str, Condition]) -> Bounds:
    """Add to the scope's condition what decides which of some tables' rows the caller sees."""
    if not seen:
        return bounds

    def condition(source: FromClause) -> ColumnElement[bool]:
        table = _table_of(source)
        hangs_on = seen.get(table.name) if table is not None else None
        more = conditions.predicate(hangs_on, table.name, source) if hangs_on and table is not None else None
        return bounds(source) if more is None else and_(bounds(source), more)

    return condition


def partner_value() -> BindParameter[Any]:
    """Return the bound parameter that an INSERT takes its `partner_id` from."""
    return bindparam(PARTNER, type_=Uuid())


class DeclaredScope:
    """The query scope that production runs: built from, and checked against, what the tables declare."""

    def bounds(self, reach: Reach) -> Bounds:
        """Return the maker of conditions for a reach."""

        def condition(source: FromClause) -> ColumnElement[bool]:
            return and_(true(), *(_comparison(source, key, reach) for key in _keys(source, reach)))

        return condition

    def check(self, statement: Any, reach: Reach) -> None:
        """Refuse a statement on tenant tables that lacks a key of the reach, or that carries raw text.

        Raises:
            UnscopedStatementError: a key is missing; nothing was run.
            OutOfReachError: the reach sees no row of a table.
        """
        _check(statement, reach, visible=frozenset(), outside=frozenset())

    def check_row(self, table: Table, row: Mapping[str, Any], principal: Principal) -> None:
        """Refuse a new row of another client or organisation than those that the scope is confined to.

        Raises:
            UnscopedStatementError: the row belongs outside; nothing was run.
        """
        rows = rows_of(table)
        for key in _keys(table, principal.reach):
            if key not in {Key.CLIENTS, Key.ORG} or rows is None:
                continue
            inside = principal.client_ids if key is Key.CLIENTS else (principal.child_org_id,)
            if row.get(rows.column(key)) not in inside:
                message = f"a new row of {table} is outside the scope's key {key.value}"
                raise UnscopedStatementError(message)


def _table_of(source: Any) -> Table | None:
    while isinstance(source, AliasedReturnsRows):
        source = source.element
    return source if isinstance(source, Table) and rows_of(source) is not None else None


def _keys(source: Any, reach: Reach) -> tuple[Key, ...]:
    table = _table_of(source)
    rows = rows_of(table) if table is not None else None
    if rows is None:
        return ()
    keys = rows.keys[reach]
    if keys is None:
        message = f"the reach {reach.value} sees no row of {table}"
        raise OutOfReachError(message)
    return keys


def _column(source: Any, key: Key) -> Any:
    table = _table_of(source)
    rows = rows_of(table) if table is not None else None
    if rows is None:  # pragma: no cover - callers ask for tenant tables only
        raise UnscopedStatementError(str(source))
    return source.c[rows.column(key)]


def _comparison(source: Any, key: Key, _reach: Reach) -> ColumnElement[bool]:
    column = _column(source, key)
    made: Mapping[Key, Callable[[], ColumnElement[bool]]] = {
        Key.PARTNER: lambda: column == bindparam(PARTNER, type_=Uuid()),
        Key.CLIENTS: lambda: column == any_(bindparam(CLIENTS, type_=ARRAY(Uuid()))),
        Key.ORG: lambda: column == bindparam(ORG, type_=Uuid()),
        Key.NOT_ORG_INTERNAL: lambda: ~column,
        Key.PARTNER_SEES: lambda: column > func.statement_timestamp(),
    }
    return made[key]()


def _check(element: Any, reach: Reach, *, visible: frozenset[Any], outside: frozenset[Any]) -> None:
    """Check an element and all inside it.

    `visible` are the sources of the enclosing statements that a subquery may correlate to, `outside` those that one
    in a FROM clause may, which does not see its neighbours.
    """
    if _is_raw(element):
        message = "a statement inside a scope carries no raw SQL, no undeclared table and no setting"
        raise UnscopedStatementError(message)
    if isinstance(element, Insert):
        _check_insert(element, reach)
    elif isinstance(element, Update | Delete):
        _check_kept(element)
        own = _sources_of_change(element)
        _check_where(element, own, reach)
        visible, outside = visible | own, visible
    elif isinstance(element, Select):
        own = frozenset(_sources(element, visible))
        _check_where(element, own, reach)
        visible, outside = visible | own, visible
    elif isinstance(element, CTE):
        visible = outside = frozenset()
    elif isinstance(element, Lateral):
        outside = visible
    elif isinstance(element, Subquery):
        visible = outside
    for child in element.get_children():
        _check(child, reach, visible=visible, outside=outside)


def _is_raw(element: Any) -> bool:
    if isinstance(element, TableClause):
        return not isinstance(element, Table) or element.metadata is not metadata
    if isinstance(element, ColumnClause):
        return element.is_literal
    return isinstance(element, TextClause) or (isinstance(element, Function) and element.name.lower() == "set_config")


def _check_insert(statement: Insert, reach: Reach) -> None:
    if not _keys(statement.table, reach):
        return
    value = _given(statement).get("partner_id")
    if not (isinstance(value, BindParameter) and value.key == PARTNER):
        message = f"an INSERT into {statement.table} does not take its partner from the scope"
        raise UnscopedStatementError(message)


def _check_kept(statement: Update | Delete) -> None:
    """Refuse to move a row to another partner."""
    if isinstance(statement, Update) and _table_of(statement.table) is not None and "partner_id" in _given(statement):
        message = f"an UPDATE of {statement.table} gives rows to another partner"
        raise UnscopedStatementError(message)


def _given(statement: Insert | Update) -> dict[str, Any]:
    """Return the values of a statement by the names of their columns."""
    pairs = [*(statement._values or {}).items(), *(getattr(statement, "_ordered_values", None) or ())]  # noqa: SLF001 - SQLAlchemy shows them nowhere else
    return {str(getattr(column, "name", column)): value for column, value in pairs}


def _check_where(statement: Any, sources: frozenset[Any], reach: Reach) -> None:
    found = set(_signatures(statement._where_criteria))  # noqa: SLF001 - SQLAlchemy shows them nowhere else
    for source in sources:
        for key in _keys(source, reach):
            if next(_signatures((_comparison(source, key, reach),))) not in found:
                message = f"a statement on {_table_of(source)} lacks the scope's key {key.value}"
                raise UnscopedStatementError(message)


def _sources(statement: Select[Any], visible: frozenset[Any]) -> Iterator[Any]:
    """Walk what a SELECT reads from, but for what it takes from an enclosing statement."""
    outer = visible & set(statement._correlate or ())  # noqa: SLF001 - SQLAlchemy shows them nowhere else
    pending = [source for source in statement.get_final_froms() if source not in outer]
    while pending:
        source = pending.pop()
        if isinstance(source, Join):
            pending += [source.left, source.right]
        elif _table_of(source) is not None:
            yield source


def _sources_of_change(statement: Update | Delete) -> frozenset[Any]:
    """Return what an UPDATE or DELETE changes, and what else its conditions and values name."""
    values = _given(statement).values() if isinstance(statement, Update) else ()
    named = [*statement._where_criteria, *(value for value in values if isinstance(value, ClauseElement))]  # noqa: SLF001 - as above
    found = {source for clause in named for source in clause._from_objects}  # noqa: SLF001 - as above
    return frozenset({statement.table, *(source for source in found if _table_of(source) is not None)})


def _signatures(criteria: Any) -> Iterator[tuple[Any, ...]]:
    """Name each conjunct by what it compares, so that two equal ones have one name; others are passed over."""
    for clause in criteria:
        if isinstance(clause, BooleanClauseList) and clause.operator is operators.and_:
            yield from _signatures(clause.clauses)
        elif isinstance(clause, BinaryExpression):
            yield ("compare", id(clause.left), clause.operator, _right(clause.right))
        elif isinstance(clause, UnaryExpression):
            yield ("not", id(clause.element), clause.operator)
        else:
            yield ("other", id(clause))


def _right(side: Any) -> tuple[tuple[str, str | None], ...]:
    """Name a side of a comparison by all that it is made of: a function around the scope's value is not its value."""
    return tuple(
        (type(element).__name__, getattr(element, "key", None) or getattr(element, "name", None))
        for element in visitors.iterate(side)
    )
