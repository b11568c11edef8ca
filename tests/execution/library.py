"""A library whose fields the engine is told of, and a world that writes down what it is asked."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, NamedTuple

from graphql import ExecutionResult, GraphQLError, GraphQLSchema, build_schema, execute, parse

from gateway.execution.executor import executor
from gateway.execution.loading import Made
from tests.execution.specs import Kind, Spec

TEXT: Final = """
interface Named { name: String }
type Writer implements Named {
  id: ID! name: String born: Int label: String! loud: String books: [Book!]! editor: Writer
}
type Book {
  id: ID! title: String! pages: Int price: Money
  writer: Writer shelf(most: Int, of: [Int]): Shelf may(what: String): String
}
type Money { amount: Int! currency: String! }
type Shelf { books: [Book!]! edges: [Edge!]! total: Int! }
type Edge { node: Book! cursor: String! }
input Where { most: Int }
type Query {
  writers: [Writer!]!
  writer(id: ID): Writer
  books(most: Int, where: Where): Shelf!
  named: Named
  found(name: String): Named
  hello(name: String = "you"): String
}
"""
WRITERS: Final[dict[str, dict[str, Any]]] = {
    "w1": {"id": "w1", "name": "Ann", "born": 1901, "editor": "w2"},
    "w2": {"id": "w2", "name": "Bob", "born": None, "editor": None},
    "w3": {"id": "w3", "name": "Cem", "born": 1950, "editor": "w2"},
}
BOOKS: Final[dict[str, dict[str, Any]]] = {
    "b1": {"id": "b1", "title": "One", "pages": 100, "cents": 500, "currency": "EUR", "writer": "w1"},
    "b2": {"id": "b2", "title": "Two", "pages": None, "cents": 500, "currency": "EUR", "writer": "w1"},
    "b3": {"id": "b3", "title": "Three", "pages": 30, "cents": 700, "currency": "EUR", "writer": "w3"},
    "b4": {"id": "b4", "title": "Four", "pages": 4, "cents": 500, "currency": "EUR", "writer": "gone"},
}


class Money(NamedTuple):
    """What is computed."""

    amount: int
    currency: str


class Shelf(NamedTuple):
    """What wraps rows."""

    rows: list[Any]
    layout: tuple[str, ...]

    def edges(self) -> list[Any]:
        return [(self, row) for row in self.rows]


class Asked(NamedTuple):
    """What was asked."""

    name: str
    keys: list[Any]
    columns: set[str]
    args: Any


class Question:
    """A question about rows of a table, that writes down what it was asked."""

    def __init__(
        self, name: str, table: dict[str, dict[str, Any]], by: str | None = None, *, wraps: bool = False
    ) -> None:
        self.name = name
        self.table = table
        self.by = by
        self.wraps = wraps

    async def __call__(
        self, db: "World", keys: Sequence[Any], columns: frozenset[str], args: Any, *, wire: bool
    ) -> Sequence[Any]:
        assert wire
        db.asked.append(Asked(self.name, list(keys), set(columns), args))
        if self.name in db.broken:
            raise db.broken[self.name]
        layout = self.layout(columns, args)
        return [self._answer(db, key, layout) for key in keys]

    def layout(self, columns: frozenset[str], _args: Any) -> tuple[str, ...]:
        return tuple(sorted(columns | {"id"}))

    def _answer(self, db: "World", key: Any, layout: tuple[str, ...]) -> Any:
        if key in db.broken:
            return db.broken[key]
        if self.by is None and not self.wraps:
            return _row(self.table[key], layout) if key in self.table else None
        rows = [_row(row, layout) for row in self.table.values() if self.by is None or row[self.by] == key]
        return Shelf(rows, layout) if self.wraps else rows


def _row(row: dict[str, Any], layout: tuple[str, ...]) -> tuple[Any, ...]:
    return tuple(row[name] for name in layout)


class World:
    """Caller, operation and context in one: it writes down what it is asked, and denies what it is told to deny."""

    def __init__(self, *denied: str, broken: dict[str, Exception] | None = None) -> None:
        self.denied = denied
        self.broken = broken or {}
        self.asked: list[Asked] = []
        self.seen: list[str] = []
        self.guards: frozenset[Any] = frozenset()
        self.context = self
        self.readable = 1_000

    def begin(self) -> "World":
        return self

    def expect(self, guards: frozenset[Any]) -> None:
        self.guards = guards

    async def within(self, kind: str, execute: Callable[[], Awaitable[Made]], *, touches_data: bool) -> Made:
        return await execute()

    async def read(self) -> "World":
        self.seen.append("read")
        self.readable -= 1
        if self.readable < 0:
            raise ConnectionError("Nothing can be read.")  # noqa: TRY003 - a message to look at
        return self

    def denial(self, guard: str) -> Exception | None:
        self.seen.append(f"judged {guard}")
        return GraphQLError(f"no {guard}", extensions={"code": "FORBIDDEN"}) if guard in self.denied else None


async def hello(context: World, args: Any, columns: frozenset[str]) -> str:
    context.seen.append(f"hello {sorted(columns)}")
    return f"Hello {args['name']}"


async def one_writer(context: World, args: Any, _columns: frozenset[str]) -> Any:
    found = WRITERS.get(args["id"]) if args else None
    return found and Row(**found)


async def any_named(context: World, _args: Any, columns: frozenset[str]) -> "Row":
    context.seen.append(f"named {sorted(columns)}")
    return Row(**WRITERS["w1"])


class Route(NamedTuple):
    """Where one thing is found."""

    question: Any
    key: Any
    kind: str
    missing: Exception


def found(world: World, args: Any) -> Route:
    world.seen.append(f"routed {args['name']}")
    if args["name"] == "nowhere":
        message = "Nothing has this name."
        raise LookupError(message)
    return Route(BY_ID, args["name"], "Writer", LookupError("It is gone."))


class Row:
    """A record that is read by attribute, and says what it is where graphql-core looks for that."""

    def __init__(self, **columns: Any) -> None:
        self.__dict__.update(columns, _Row__typename="Writer")


def limited(most: int = 3, of: Any = None, where: dict[str, int] | None = None) -> Any:
    most = where["most"] if where else most
    if most > 9:
        message = "Too many."
        raise ValueError(message)
    return (most, tuple(of or ()))


COMPUTED: Final[list[Any]] = []


def price(cents: int, currency: str) -> Money:
    COMPUTED.append((cents, currency))
    return Money(cents // 100, currency)


BY_ID: Final = Question("writer", WRITERS)
SPECS: Final[dict[str, Spec]] = {
    "Writer.id": Spec(Kind.COLUMN, needs=("id",)),
    "Writer.name": Spec(Kind.COLUMN, needs=("name",)),
    "Writer.born": Spec(Kind.COMPUTED, guard="born", needs=("born",), resolve=lambda born: born),
    "Writer.label": Spec(Kind.COMPUTED, needs=("id", "name"), resolve=lambda identifier, name: f"{identifier}:{name}"),
    "Writer.loud": Spec(Kind.COMPUTED, needs=("name",), resolve=str.upper),
    "Writer.books": Spec(
        Kind.EDGE, guard="books", needs=("id",), key="id", question=Question("books", BOOKS, "writer")
    ),
    "Writer.editor": Spec(Kind.EDGE, needs=("editor",), key="editor", question=BY_ID),
    "Book.id": Spec(Kind.COLUMN, needs=("id",)),
    "Book.title": Spec(Kind.COLUMN, needs=("title",)),
    "Book.pages": Spec(Kind.COLUMN, needs=("pages",)),
    "Book.price": Spec(Kind.COMPUTED, needs=("cents", "currency"), resolve=price),
    "Book.writer": Spec(Kind.EDGE, needs=("writer",), key="writer", question=BY_ID),
    "Book.shelf": Spec(
        Kind.EDGE,
        needs=("id",),
        key="id",
        args=limited,
        question=Question("shelf", BOOKS, wraps=True),
    ),
    "Book.may": Spec(
        Kind.JUDGED,
        needs=("id",),
        resolve=lambda context, args, identifier: f"{len(context.asked)} {args} {identifier}",
    ),
    "Money.amount": Spec(Kind.PART, resolve=lambda money: money.amount),
    "Money.currency": Spec(Kind.PART, resolve=lambda money: money.currency),
    "Shelf.books": Spec(Kind.PART, resolve=lambda shelf: shelf.rows),
    "Shelf.edges": Spec(Kind.PART, resolve=Shelf.edges),
    "Shelf.total": Spec(Kind.PART, needs=("pages",), resolve=lambda shelf: len(shelf.rows)),
    "Edge.node": Spec(Kind.PART, resolve=lambda edge: edge[1]),
    "Edge.cursor": Spec(Kind.PART, needs=("title",), resolve=lambda edge: edge[1][edge[0].layout.index("title")]),
    "Query.writers": Spec(Kind.ROOT, guard="writers", question=Question("writers", WRITERS, "all"), resolve=hello),
    "Query.writer": Spec(Kind.ROOT, resolve=one_writer),
    "Query.named": Spec(Kind.ROOT, resolve=any_named),
    "Query.books": Spec(
        Kind.ROOT, guard="books", args=limited, question=Question("all books", BOOKS, wraps=True), resolve=hello
    ),
    "Query.found": Spec(Kind.ROOT, resolve=any_named, route=found),
    "Query.hello": Spec(Kind.ROOT, guard="hello", resolve=hello),
}
for _row_of in WRITERS.values():
    _row_of["all"] = None


def described() -> GraphQLSchema:
    schema = build_schema(TEXT)
    for path, spec in SPECS.items():
        kind, name = path.split(".")
        owner: Any = schema.type_map[kind]
        owner.fields[name].extensions = {"spec": spec}
    return schema


SCHEMA: Final = described()
EXECUTOR: Final = executor(lambda field: field.extensions.get("spec"))


async def run(world: World, document: str, **variables: Any) -> ExecutionResult:
    made: Any = execute(SCHEMA, parse(document), None, world, variables, executor_class=EXECUTOR)
    result: ExecutionResult = await made
    return result
