"""Pages of a list: what is asked for, the cursors that mark a place, and what comes back."""

import base64
import hashlib
from collections.abc import Hashable, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

import msgspec

from resolvers.errors import BadCursorError, PageSizeError

DEFAULT_SIZE: Final = 25
MOST: Final = 100
COUNTED: Final = 10_000
"""How far a list is counted exactly."""


class Order(msgspec.Struct, frozen=True):
    """A column to sort by; the id decides between equals."""

    column: str
    descending: bool = False


class PageArgs(msgspec.Struct, frozen=True):
    """What a page of a list is asked with; `filters` are pairs of a filter's name and its value."""

    order: Order
    first: int | None = None
    last: int | None = None
    after: str | None = None
    before: str | None = None
    filters: tuple[tuple[str, Any], ...] = ()

    @property
    def size(self) -> int:
        """How many rows the page holds at most."""
        return self.last if self.last is not None else self.first or 0

    @property
    def backward(self) -> bool:
        """Whether the page is taken from the list's end."""
        return self.last is not None

    @property
    def shape(self) -> Hashable:
        """What the page's statement depends on, values aside."""
        names = tuple([name for name, _ in self.filters]) if self.filters else ()
        return (self.order, self.backward, self.after is not None, self.before is not None, names)


class Place(msgspec.Struct, frozen=True):
    """Where a cursor points: the sort value and the id of a row."""

    value: Any
    id: UUID


class Owner(msgspec.Struct, frozen=True):
    """Whose list it is: the table, the tenant, and the parent whose rows they are."""

    table: str
    partner_id: UUID
    parent: UUID | str | None


class Listed(msgspec.Struct, frozen=True):
    """What pages that were read together have in common.

    Where there is a `layout`, their items are rows of output-ready values: it names their columns, by position.
    """

    table: str
    partner_id: UUID
    args: PageArgs
    layout: tuple[str, ...] | None

    def read(self, record: Any, name: str) -> Any:
        """Read a column of an item."""
        return getattr(record, name) if self.layout is None else record[self.layout.index(name)]


class Page(msgspec.Struct):
    """One page of a parent's records; `counted` stops one past `COUNTED`, and is None where nobody asked."""

    items: Sequence[Any]
    has_next: bool
    has_previous: bool
    parent: UUID | str | None
    listed: Listed
    counted: int | None = None

    def cursor(self, record: Any) -> str:
        """Return the cursor that marks a record of this page."""
        listed = self.listed
        value, identifier = listed.read(record, listed.args.order.column), listed.read(record, "id")
        text = value.isoformat() if isinstance(value, datetime | date) else value
        owner = Owner(listed.table, listed.partner_id, self.parent)
        return _encoded([1, binding(owner, listed.args), text, UUID(str(identifier)).bytes])


def checked_size(first: int | None, last: int | None) -> tuple[int | None, int | None]:
    """Return the page size with its default.

    Raises:
        PageSizeError: outside 1 to 100, or both are given.
    """
    if first is not None and last is not None:
        raise PageSizeError("last", "Give `first` or `last`, not both.")
    for name, size in (("first", first), ("last", last)):
        if size is not None and not 1 <= size <= MOST:
            raise PageSizeError(name, f"A page holds 1 to {MOST}.")
    return (DEFAULT_SIZE, None) if first is None and last is None else (first, last)


def binding(owner: Owner, args: PageArgs) -> bytes:
    """Tie a cursor to tenant, list, order, filter and parent."""
    return _tied(owner.table, owner.partner_id, owner.parent and str(owner.parent), args.order, args.filters)


@lru_cache(maxsize=1_000)
def _tied(
    table: str, partner_id: UUID, parent: str | None, order: Order, filters: tuple[tuple[str, Any], ...]
) -> bytes:
    about = repr((table, partner_id, order, filters, parent)).encode()
    return hashlib.blake2b(about, digest_size=8).digest()


def place(cursor: str | None, bound: bytes, *, kind: type, argument: str) -> Place | None:
    """Read a cursor; `kind` is the Python type of the sort column.

    Raises:
        BadCursorError: it was not made for this list.
    """
    if cursor is None:
        return None
    try:
        version, tied, value, identifier = msgspec.msgpack.decode(
            base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        )
        if version != 1 or tied != bound:
            raise BadCursorError(argument)
        if kind in {datetime, date}:
            value = kind.fromisoformat(value)
        if not isinstance(value, kind):
            raise BadCursorError(argument)
        return Place(value=value, id=UUID(bytes=identifier))
    except (ValueError, TypeError, RecursionError, msgspec.DecodeError) as error:
        raise BadCursorError(argument) from error


def _encoded(parts: Sequence[Any]) -> str:
    return base64.urlsafe_b64encode(msgspec.msgpack.encode(parts)).rstrip(b"=").decode()
