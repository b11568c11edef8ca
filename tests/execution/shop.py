"""A schema as anybody writes one with Strawberry: types, interfaces, unions, enums, scalars, inputs and resolvers."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Final, Generic, NewType, TypeVar
from uuid import UUID

import strawberry
from strawberry.schema.config import StrawberryConfig

T = TypeVar("T")
Percent = NewType("Percent", float)


@strawberry.enum
class Size(Enum):
    """How large something is."""

    SMALL = "s"
    LARGE = "l"


@strawberry.interface
class Priced:
    """What has a price."""

    price: Decimal

    @strawberry.field
    def label(self) -> str:
        """Name the price."""
        return f"{self.price} euros"


@strawberry.type
class Book(Priced):
    """A thing to read."""

    id: strawberry.ID
    title: str
    size: Size = Size.SMALL
    written: date | None = None
    hidden: strawberry.Private[str] = "hidden"

    @strawberry.field
    async def author(self, info: strawberry.Info) -> "Author | None":
        """Find who wrote it."""
        await asyncio.sleep(0)
        found: Author | None = info.context["authors"].get(self.title)
        return found

    @strawberry.field
    def is_long(self, than: int = 10) -> bool:
        """Tell whether it is long."""
        return len(self.title) > than


@strawberry.type
class Toy(Priced):
    """A thing to play with."""

    sizes: list[Size]
    discount: Percent = Percent(0.5)
    parts: list["Toy | None"] = strawberry.field(default_factory=list)


@strawberry.type
class Author:
    """Somebody who writes."""

    name: str
    born: datetime = datetime(1901, 2, 3, tzinfo=UTC)
    uuid: UUID = UUID(int=5)

    @strawberry.field
    def books(self, info: strawberry.Info, size: Size | None = None) -> list[Book]:
        """Return what was written."""
        return [
            book
            for book in info.context["books"]
            if info.context["authors"].get(book.title) is self and size in {None, book.size}
        ]

    @strawberry.field
    def fails(self) -> int:
        """Fail."""
        message = f"{self.name} fails"
        raise ValueError(message)

    @strawberry.field
    async def fails_later(self) -> int | None:
        """Fail, after a while."""
        await asyncio.sleep(0)
        message = f"{self.name} fails later"
        raise ValueError(message)


@strawberry.type
class Page(Generic[T]):
    """Some of many."""

    items: list[T]
    total: int


Thing = Annotated[Book | Toy, strawberry.union("Thing")]


@strawberry.input
class Place:
    """Where something is."""

    x: int
    y: int = 7
    label: str | None = strawberry.UNSET


@strawberry.input
class Search:
    """What is looked for."""

    text: str | None = None
    sizes: list[Size] = strawberry.field(default_factory=lambda: [Size.SMALL])
    place: Place | None = None
    since: date | None = None


@strawberry.input(one_of=True)
class Choice:
    """One thing or another."""

    id: strawberry.Maybe[strawberry.ID]
    title: strawberry.Maybe[str]


@strawberry.type
class Query:
    """What can be asked."""

    @strawberry.field
    def books(self, info: strawberry.Info) -> Page[Book]:
        """Return all books."""
        return Page(items=info.context["books"], total=len(info.context["books"]))

    @strawberry.field
    async def things(self, info: strawberry.Info) -> list[Thing]:
        """Return all there is."""
        await asyncio.sleep(0)
        return [*info.context["books"], *info.context["toys"]]

    @strawberry.field
    def priced(self, info: strawberry.Info) -> list[Priced | None]:
        """Return all there is, and a gap."""
        return [*info.context["toys"], None, *info.context["books"]]

    @strawberry.field
    def search(self, by: Search, most: int | None = None) -> str:
        """Tell what arrived."""
        return f"{by} {most}"

    @strawberry.field
    def choose(self, choice: Choice) -> str:
        """Tell what arrived."""
        return f"{choice}"

    @strawberry.field
    def half(self, of: Percent = Percent(1)) -> Percent:
        """Halve."""
        return Percent(of / 2)

    @strawberry.field
    def identify(self, id: strawberry.ID) -> strawberry.ID:  # noqa: A002 - as APIs name it
        """Return what was given."""
        return id

    @strawberry.field
    def told(self, info: strawberry.Info) -> str:
        """Tell what a resolver is told."""
        selected = [getattr(field, "name", None) for field in info.selected_fields]
        return f"{info.field_name} {info.python_name} {selected} {info.path.key} {sorted(info.variable_values)}"

    @strawberry.field
    def nobody(self) -> Author | None:
        """Return nobody."""
        return None

    @strawberry.field
    def wrong(self) -> Book:
        """Return what is no book."""
        wrong: Any = Toy(price=Decimal(1), sizes=[])
        made: Book = wrong
        return made

    @strawberry.field
    async def stream(self) -> list[int]:
        """Return numbers."""
        return [number async for number in _numbers()]


async def _numbers() -> AsyncIterator[int]:
    for number in range(3):
        await asyncio.sleep(0)
        yield number


@strawberry.type
class Mutation:
    """What can be changed."""

    @strawberry.mutation
    async def rename(self, info: strawberry.Info, id: strawberry.ID, title: str) -> Book | None:  # noqa: A002 - as above
        """Rename a book."""
        info.context["log"].append(f"{title} begins")
        await asyncio.sleep(0)
        info.context["log"].append(f"{title} ends")
        for book in info.context["books"]:
            if book.id == id:
                book.title = title
                return Book(id=book.id, title=title, price=book.price)
        message = "There is no such book."
        raise LookupError(message)


SCALARS: Final[dict[object, Any]] = {
    Percent: strawberry.scalar(
        name="Percent",
        serialize=lambda value: f"{value * 100:g} %",
        parse_value=lambda value: Percent(float(value.rstrip(" %")) / 100),
    )
}


def shop(**more: Any) -> strawberry.Schema:
    """Make the schema, perhaps with an executor of its own."""
    return strawberry.Schema(
        query=Query,
        mutation=Mutation,
        types=[Book, Toy],
        config=StrawberryConfig(scalar_map=SCALARS),
        **more,
    )


def stock() -> dict[str, Any]:
    """Return the context: what there is."""
    books = [
        Book(id=strawberry.ID("1"), title="Short", price=Decimal("5.00"), written=date(2000, 1, 2)),
        Book(id=strawberry.ID("2"), title="A long, long title", price=Decimal("5.0"), size=Size.LARGE),
    ]
    ann = Author(name="Ann")
    toys = [Toy(price=Decimal("1.5"), sizes=[Size.LARGE, Size.SMALL], parts=[None, Toy(price=Decimal(0), sizes=[])])]
    return {"books": books, "toys": toys, "authors": {"Short": ann, "A long, long title": ann}, "log": []}
