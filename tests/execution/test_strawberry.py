"""A schema as anybody writes one with Strawberry answers by the compiled executor as it does without."""

import logging
from typing import Any, Final

import pytest
import strawberry
from strawberry.extensions import SchemaExtension

from gateway.execution.executor import Compiled, Plans
from gateway.execution.loading import nothing_known
from tests.execution.shop import shop, stock

EXECUTORS: Final = {"strawberry": None, "compiled": Compiled}


@pytest.fixture(params=EXECUTORS)
def schema(request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture) -> strawberry.Schema:
    caplog.set_level(logging.CRITICAL, "strawberry.execution")
    kind = EXECUTORS[request.param]
    return shop(execution_context_class=kind and type("Kept", (kind,), {"plans": Plans(nothing_known)}))


CASES: Final[dict[str, Any]] = {
    "{ books { total items { id title size written price label } } }": {
        "books": {
            "total": 2,
            "items": [
                {
                    "id": "1",
                    "title": "Short",
                    "size": "SMALL",
                    "written": "2000-01-02",
                    "price": "5.00",
                    "label": "5.00 euros",
                },
                {
                    "id": "2",
                    "title": "A long, long title",
                    "size": "LARGE",
                    "written": None,
                    "price": "5.0",
                    "label": "5.0 euros",
                },
            ],
        }
    },
    "{ books { items { author { name born uuid books { title } } isLong longer: isLong(than: 4) } } }": {
        "books": {
            "items": [
                {
                    "author": {
                        "name": "Ann",
                        "born": "1901-02-03T00:00:00+00:00",
                        "uuid": "00000000-0000-0000-0000-000000000005",
                        "books": [{"title": "Short"}, {"title": "A long, long title"}],
                    },
                    "isLong": long,
                    "longer": True,
                }
                for long in (False, True)
            ]
        }
    },
    "{ books { items { author { books(size: LARGE) { id } } } } }": {
        "books": {"items": [{"author": {"books": [{"id": "2"}]}}] * 2}
    },
    "{ things { __typename ... on Book { title } ... on Toy { sizes discount parts { price parts { price } } } } }": {
        "things": [
            {"__typename": "Book", "title": "Short"},
            {"__typename": "Book", "title": "A long, long title"},
            {
                "__typename": "Toy",
                "sizes": ["LARGE", "SMALL"],
                "discount": "50 %",
                "parts": [None, {"price": "0", "parts": []}],
            },
        ]
    },
    "{ priced { price label ...B } } fragment B on Book { title }": {
        "priced": [
            {"price": "1.5", "label": "1.5 euros"},
            None,
            {"price": "5.00", "label": "5.00 euros", "title": "Short"},
            {"price": "5.0", "label": "5.0 euros", "title": "A long, long title"},
        ]
    },
    '{ search(by: {text: "x", sizes: LARGE, place: {x: 1}, since: "2020-02-03"}) }': {
        "search": "Search(text='x', sizes=[<Size.LARGE: 'l'>], place=Place(x=1, y=7, label=UNSET), "
        "since=datetime.date(2020, 2, 3)) None"
    },
    "{ search(by: {}, most: 3) }": {"search": "Search(text=None, sizes=[<Size.SMALL: 's'>], place=None, since=None) 3"},
    '{ choose(choice: {title: "x"}) }': {"choose": "Choice(id=None, title=Some('x'))"},
    '{ half full: half(of: "30 %") }': {"half": "50 %", "full": "15 %"},
    '{ identify(id: 5) other: identify(id: "a") }': {"identify": "5", "other": "a"},
    "{ nobody { name } stream __typename }": {"nobody": None, "stream": [0, 1, 2], "__typename": "Query"},
    "{ mine: told }": {"mine": "told told ['told'] mine []"},
    '{ __type(name: "Thing") { possibleTypes { name } } }': {
        "__type": {"possibleTypes": [{"name": "Book"}, {"name": "Toy"}]}
    },
}


@pytest.mark.parametrize("document", CASES)
async def test_a_document_is_answered(schema: strawberry.Schema, document: str) -> None:
    for _ in range(2):  # planned, and planned already
        result = await schema.execute(document, context_value=stock())
        assert result.errors is None
        assert repr(result.data) == repr(CASES[document])


SEARCH: Final = "Search(text=None, sizes=[<Size.SMALL: 's'>, <Size.LARGE: 'l'>]"


@pytest.mark.parametrize(
    ("document", "given", "data"),
    [
        (
            "query($by: Search!, $most: Int = 4) { search(by: $by, most: $most) }",
            {"by": {"sizes": ["SMALL", "LARGE"], "place": {"x": 1, "label": None}}},
            f"{SEARCH}, place=Place(x=1, y=7, label=None), since=None) 4",
        ),
        ("query($half: Percent!) { search: half(of: $half) }", {"half": "10 %"}, "5 %"),
        ("query($x: Int!) { search(by: {place: {x: $x}}) }", {"x": 3}, ...),
        (
            "query($c: Choice!) { search: choose(choice: $c) }",
            {"c": {"id": "i"}},
            "Choice(id=Some('i'), title=None)",
        ),
    ],
)
async def test_variables_arrive(schema: strawberry.Schema, document: str, given: dict[str, Any], data: Any) -> None:
    if data is ...:
        data = "Search(text=None, sizes=[<Size.SMALL: 's'>], place=Place(x=3, y=7, label=UNSET), since=None) None"
    result = await schema.execute(document, variable_values=given, context_value=stock())
    assert result.errors is None
    assert result.data == {"search": data}


async def test_errors_stand_where_they_happened(schema: strawberry.Schema) -> None:
    document = "{ books { items { title author { name failsLater } other: author { name fails } } } nobody { name } }"
    context = stock()
    context["authors"].pop("Short")
    result = await schema.execute(document, context_value=context)
    assert result.data == {
        "books": {
            "items": [
                {"title": "Short", "author": None, "other": None},
                {"title": "A long, long title", "author": {"name": "Ann", "failsLater": None}, "other": None},
            ]
        },
        "nobody": None,
    }
    told = {tuple(error.path or ()): (error.message, type(error.original_error)) for error in result.errors or ()}
    assert told == {
        ("books", "items", 1, "author", "failsLater"): ("Ann fails later", ValueError),
        ("books", "items", 1, "other", "fails"): ("Ann fails", ValueError),
    }


async def test_a_value_of_another_type_is_an_error(schema: strawberry.Schema) -> None:
    result = await schema.execute("{ wrong { title } }", context_value=stock())
    assert result.data is None
    assert [(error.path, error.message) for error in result.errors or ()] == [
        (["wrong", "title"], "'Toy' object has no attribute 'title'")
    ]


@pytest.mark.parametrize("document", ["{ books", "{ nothing }", "{ search(by: 5) }"])
async def test_what_is_not_valid_is_not_executed(schema: strawberry.Schema, document: str) -> None:
    result = await schema.execute(document, context_value=stock())
    assert result.data is None
    assert result.errors


async def test_changes_are_made_one_after_another(schema: strawberry.Schema) -> None:
    context = stock()
    document = """
    mutation {
      a: rename(id: "1", title: "A") { title label }
      b: rename(id: "9", title: "B") { title }
      c: rename(id: "2", title: "C") { id isLong }
    }
    """
    result = await schema.execute(document, context_value=context)
    assert result.data == {
        "a": {"title": "A", "label": "5.00 euros"},
        "b": None,
        "c": {"id": "2", "isLong": False},
    }
    assert [(error.path, error.message) for error in result.errors or ()] == [(["b"], "There is no such book.")]
    assert context["log"] == [f"{name} {what}" for name in "ABC" for what in ("begins", "ends")]
    assert [book.title for book in context["books"]] == ["A", "C"]


class Louder(SchemaExtension):
    """An extension that stands between every resolver and its value."""

    async def resolve(self, _next: Any, root: Any, info: Any, *given: Any, **named: Any) -> Any:
        made = _next(root, info, *given, **named)
        made = await made if hasattr(made, "__await__") else made
        return made.upper() if isinstance(made, str) else made


@pytest.mark.parametrize("kind", EXECUTORS.values(), ids=EXECUTORS)
async def test_an_extension_that_resolves_is_asked(kind: Any) -> None:
    schema = shop(extensions=[Louder], execution_context_class=kind)
    result = await schema.execute("{ books { items { title } } }", context_value=stock())
    assert result.errors is None
    assert result.data == {"books": {"items": [{"title": "SHORT"}, {"title": "A LONG, LONG TITLE"}]}}
