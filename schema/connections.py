"""Lists in pages: Relay connections with keyset cursors, and the arguments that ask for them."""

import inspect
from collections.abc import Callable
from enum import Enum
from typing import Annotated, Any, Final, Generic, TypeAlias, TypeVar

import msgspec
import strawberry

from resolvers.clients import search_filter
from resolvers.loading import COUNT, PLACE
from resolvers.paging import COUNTED, DEFAULT_SIZE, MOST, Order, Page, PageArgs, checked_size
from schema.changing import plain
from schema.guarded import part
from storage.search_words import search_prefixes

_Node = TypeVar("_Node")

First: TypeAlias = Annotated[
    int | None, strawberry.argument(description=f"How many from the start: 1 to {MOST}, {DEFAULT_SIZE} if not said.")
]
Last: TypeAlias = Annotated[int | None, strawberry.argument(description=f"How many from the end: 1 to {MOST}.")]
After: TypeAlias = Annotated[str | None, strawberry.argument(description="Only what comes after this cursor.")]
Before: TypeAlias = Annotated[str | None, strawberry.argument(description="Only what comes before this cursor.")]
FILTER: Final = strawberry.argument(name="filter", description="Only what matches all that is given.")
ORDER: Final = strawberry.argument(description="What to sort by; equals are sorted by id.")


@strawberry.enum(description="Which way a list is sorted.")
class Direction(Enum):
    """Which way a list is sorted."""

    ASC = strawberry.enum_value("ASC", description="Smallest, earliest or first letter first.")
    DESC = strawberry.enum_value("DESC", description="Largest, latest or last letter first.")


class _Edge(msgspec.Struct):
    page: Page
    node: Any


def _edges(page: Page) -> list[_Edge]:
    return [_Edge(page, item) for item in page.items]


def _exact(page: Page) -> int | None:
    return page.counted if page.counted is not None and page.counted <= COUNTED else None


def _at_least(page: Page) -> int | None:
    return None if page.counted is None else min(page.counted, COUNTED)


@strawberry.type(description="Where a page stands in its list.")
class PageInfo:
    """Where a page stands in its list."""

    has_next_page: bool = part(lambda page: page.has_next, doc="Whether more comes after this page.")
    has_previous_page: bool = part(lambda page: page.has_previous, doc="Whether something comes before this page.")
    start_cursor: str | None = part(
        lambda page: page.cursor(page.items[0]) if page.items else None,
        needs=(PLACE,),
        doc="The cursor of the page's first entry.",
    )
    end_cursor: str | None = part(
        lambda page: page.cursor(page.items[-1]) if page.items else None,
        needs=(PLACE,),
        doc="The cursor of the page's last entry.",
    )


@strawberry.type(description="One entry of a list, with the cursor that marks its place.")
class Edge(Generic[_Node]):
    """One entry of a list."""

    cursor: str = part(
        lambda edge: edge.page.cursor(edge.node),
        needs=(PLACE,),
        doc="Marks this place, for this list, order and filter only.",
    )
    node: _Node = part(lambda edge: edge.node, doc="The entry itself.")


@strawberry.type(description="A page of a list.")
class Connection(Generic[_Node]):
    """A page of a list."""

    nodes: list[_Node] = part(lambda page: page.items, doc="The entries of the page.")
    edges: list[Edge[_Node]] = part(_edges, doc="The entries with their cursors.")
    page_info: PageInfo = part(lambda page: page, doc="Where the page stands.")
    total_count: int | None = part(
        _exact, needs=(COUNT,), doc=f"How many there are in all; null above {COUNTED}. Counted only when asked for."
    )
    total_count_at_least: int | None = part(
        _at_least, needs=(COUNT,), doc=f"How many there are at least, counted up to {COUNTED}."
    )


def paged(*, where: type, order: type, default: Order) -> Callable[..., PageArgs]:
    """Make the arguments of a connection: page, filter and order, read into plain values.

    The function that is made raises PageSizeError where the size is outside 1 to 100.
    """

    def read(**asked: Any) -> PageArgs:
        given = {name: value for name, value in asked.items() if value is not strawberry.UNSET}
        first, last = checked_size(given.get("first"), given.get("last"))
        return PageArgs(
            order=_ordered(given.get("order_by"), default=default),
            first=first,
            last=last,
            after=given.get("after"),
            before=given.get("before"),
            filters=_filtered(given.get("where")),
        )

    kinds = {
        "first": First,
        "last": Last,
        "after": After,
        "before": Before,
        "where": Annotated[where | None, FILTER],
        "order_by": Annotated[order | None, ORDER],
    }
    read.__signature__ = inspect.Signature(  # type: ignore[attr-defined]  # what inspect reads
        [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=strawberry.UNSET, annotation=kind)
            for name, kind in kinds.items()
        ]
    )
    return read


def _ordered(given: Any, *, default: Order) -> Order:
    """Read an order input: its field's value names the column."""
    if given is None:
        return default
    return Order(given.field.value, descending=given.direction is Direction.DESC)


def _filtered(given: Any) -> tuple[tuple[str, Any], ...]:
    """Read a filter input: pairs of a filter's name and its value, in a stable order."""
    found = plain(given) if given is not None else {}
    text = found.pop("search", None)
    if text is not None and (prefixes := search_prefixes(text)):
        found |= dict([search_filter(prefixes)])
    return tuple(sorted((name, value) for name, value in found.items() if value is not None))
