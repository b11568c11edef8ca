"""Fields that the engine is told of: what is asked, how often and for which columns, and what is denied."""

import asyncio
from typing import Any

import pytest
from graphql import GraphQLError

from gateway.execution import plan
from gateway.execution import run as running
from tests.execution.library import BOOKS, COMPUTED, Asked, Question, World, run


async def answered(document: str, **variables: Any) -> tuple[Any, World]:
    world = World()
    result = await run(world, document, **variables)
    assert result.errors is None
    return result.data, world


async def test_a_question_is_asked_once_for_a_level_and_for_what_is_selected() -> None:
    data, world = await answered("{ writers { name books { title writer { name } } other: books { pages } } }")
    one, two, three = (
        {"title": BOOKS[name]["title"], "writer": {"name": writer}}
        for name, writer in (("b1", "Ann"), ("b2", "Ann"), ("b3", "Cem"))
    )
    assert data == {
        "writers": [
            {"name": "Ann", "books": [one, two], "other": [{"pages": 100}, {"pages": None}]},
            {"name": "Bob", "books": [], "other": []},
            {"name": "Cem", "books": [three], "other": [{"pages": 30}]},
        ]
    }
    assert world.asked == [
        Asked("writers", [None], {"name", "id"}, None),
        Asked("books", ["w1", "w2", "w3"], {"title", "writer", "pages"}, None),
        Asked("writer", ["w1", "w3"], {"name"}, None),
    ]


async def test_a_question_with_other_arguments_is_another() -> None:
    document = """
    query($two: Int) {
      books(most: 1) { books { a: shelf(most: 2) { total } b: shelf(most: $two) { total } c: shelf { total } } }
    }
    """
    _, world = await answered(document, two=2)
    assert [(asked.name, len(asked.keys), asked.args) for asked in world.asked] == [
        ("all books", 1, (1, ())),
        ("shelf", 4, (2, ())),
        ("shelf", 4, (3, ())),
    ]


async def test_a_variable_inside_an_argument_is_read_for_each_request() -> None:
    document = "query($n: Int!) { books(where: { most: $n }) { total } }"
    asked = [(await answered(document, n=number))[1].asked[0].args for number in (1, 2)]
    assert asked == [(1, ()), (2, ())]


async def test_no_key_is_no_question() -> None:
    data, world = await answered('{ writer(id: "w2") { name editor { name } } }')
    assert data == {"writer": {"name": "Bob", "editor": None}}
    assert world.asked == []


async def test_some_keys_are_asked_about_without_the_others() -> None:
    data, world = await answered("{ writers { editor { name } } }")
    assert data == {"writers": [{"editor": {"name": "Bob"}}, {"editor": None}, {"editor": {"name": "Bob"}}]}
    assert world.asked[1:] == [Asked("writer", ["w2"], {"name"}, None)]


async def test_a_row_that_is_gone_is_null() -> None:
    data, world = await answered("{ books { books { writer { id } } } }")
    assert [book["writer"] for book in data["books"]["books"]] == [{"id": "w1"}, {"id": "w1"}, {"id": "w3"}, None]
    assert world.asked[1].keys == ["w1", "w3", "gone"]


async def test_what_wraps_rows_asks_for_the_columns_of_its_parts() -> None:
    document = "{ books { total edges { cursor node { id ...F } } } } fragment F on Book { price { amount } }"
    data, world = await answered(document)
    assert data["books"]["total"] == 4
    assert data["books"]["edges"][2] == {"cursor": "Three", "node": {"id": "b3", "price": {"amount": 7}}}
    assert world.asked == [Asked("all books", [None], {"id", "title", "pages", "cents", "currency"}, (3, ()))]


async def test_an_interface_asks_for_the_columns_of_every_type() -> None:
    data, world = await answered("{ named { __typename name ... on Writer { label editor { id } } } }")
    assert data == {"named": {"__typename": "Writer", "name": "Ann", "label": "w1:Ann", "editor": {"id": "w2"}}}
    assert "named ['editor', 'id', 'name']" in world.seen


async def test_what_is_computed_of_many_is_computed_once_for_the_same_values(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "MANY", 4)
    COMPUTED.clear()
    data, _ = await answered("{ books { books { price { amount currency } } } }")
    assert [book["price"]["amount"] for book in data["books"]["books"]] == [5, 5, 7, 5]
    assert COMPUTED == [(500, "EUR"), (700, "EUR")]


async def test_what_is_judged_is_given_who_asks_and_with_what() -> None:
    data, _ = await answered('{ books(most: 1) { books { may a: may(what: "x") } } }')
    assert data["books"]["books"][1] == {"may": "1 None b2", "a": "1 {'what': 'x'} b2"}


async def test_a_record_is_read_by_its_attributes() -> None:
    data, world = await answered('{ writer(id: "w1") { id name born label loud editor { label } books { title } } }')
    assert data["writer"] == {
        "id": "w1",
        "name": "Ann",
        "born": 1901,
        "label": "w1:Ann",
        "loud": "ANN",
        "editor": {"label": "w2:Bob"},
        "books": [{"title": "One"}, {"title": "Two"}],
    }
    assert {asked.name for asked in world.asked} == {"writer", "books"}


async def test_a_root_is_given_its_arguments_and_what_it_is_asked_for() -> None:
    data, world = await answered('{ hello a: hello(name: "Ann") }')
    assert data == {"hello": "Hello you", "a": "Hello Ann"}
    assert world.seen.count("hello []") == 2


async def test_what_is_denied_is_not_asked() -> None:
    world = World("books", "born", "hello")
    result = await run(world, '{ hello writers { name born } writer(id: "w1") { books { title } } }')
    assert result.data == {
        "hello": None,
        "writers": [{"name": name, "born": None} for name in ("Ann", "Bob", "Cem")],
        "writer": None,
    }
    assert [(error.message, error.path, error.extensions) for error in result.errors or []] == [
        ("no hello", ["hello"], {"code": "FORBIDDEN"}),
        *(("no born", ["writers", number, "born"], {"code": "FORBIDDEN"}) for number in range(3)),
        ("no books", ["writer", "books"], {"code": "FORBIDDEN"}),
    ]
    assert [asked.name for asked in world.asked] == ["writers"]
    assert world.guards == {"hello", "writers", "born", "books"}


async def test_a_root_is_judged_only_once_it_is_known_who_asks() -> None:
    world = World("books")
    result = await run(world, "{ books { total } }")
    assert result.data is None
    assert world.seen == ["read", "judged books"]
    assert world.asked == []


@pytest.mark.parametrize(
    ("broken", "data", "paths"),
    [
        ("w3", {"books": {"books": [{"writer": {"id": "w1"}}] * 2 + [{"writer": None}] * 2}}, [2]),
        ("writer", {"books": {"books": [{"writer": None}] * 4}}, [0, 1, 2, 3]),
    ],
)
async def test_an_error_stands_wherever_its_key_was_asked_about(broken: str, data: Any, paths: list[int]) -> None:
    error = GraphQLError("expected", extensions={"code": "EXPECTED"})
    result = await run(World(broken={broken: error}), "{ books { books { writer { id } } } }")
    assert result.data == data
    assert [(one.message, one.path) for one in result.errors or []] == [
        ("expected", ["books", "books", number, "writer"]) for number in paths
    ]


async def test_arguments_that_are_refused_are_the_fields_error() -> None:
    result = await run(World(), "{ books(most: 1) { total books { shelf(most: 10) { total } } } }")
    assert result.data == {"books": {"total": 4, "books": [{"shelf": None}] * 4}}
    assert {error.message for error in result.errors or []} == {"Too many."}
    result = await run(World(), "{ hello books(most: 10) { total } }")
    assert result.data is None
    assert [(error.message, error.path) for error in result.errors or []] == [("Too many.", ["books"])]


async def test_a_value_that_does_not_fit_is_told_where_it_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(BOOKS["b2"], "pages", "many")
    monkeypatch.setitem(BOOKS["b3"], "title", None)
    result = await run(World(), "{ writers { books { title pages } } }")
    assert result.data is None
    result = await run(World(), "{ writers { name } books { books { pages } } }")
    assert result.data is not None
    assert result.data["books"]["books"] == [{"pages": 100}, {"pages": None}, {"pages": 30}, {"pages": 4}]
    assert [error.path for error in result.errors or []] == [["books", "books", 1, "pages"]]


async def test_a_condition_that_is_null_is_told_where_the_rows_are() -> None:
    document = "query($no: Boolean = true) { writers { name editor { name id @skip(if: $no) } } }"
    result = await run(World(), document, no=None)
    assert result.data == {"writers": [{"name": name, "editor": None} for name in ("Ann", "Bob", "Cem")]}
    assert [error.path for error in result.errors or []] == [["writers", 0, "editor"], ["writers", 2, "editor"]]


async def test_where_one_object_stands_twice_its_error_does() -> None:
    result = await run(World(), "{ writers { editor { born books { title } } } }")
    assert result.errors is None
    world = World("born")
    result = await run(world, "{ writers { editor { born } } }")
    assert [error.path for error in result.errors or []] == [
        ["writers", 0, "editor", "born"],
        ["writers", 2, "editor", "born"],
    ]


async def test_what_arguments_lead_to_is_asked_about_and_is_of_the_type_that_they_name() -> None:
    data, world = await answered('{ found(name: "w1") { __typename name ... on Writer { label } } }')
    assert data == {"found": {"__typename": "Writer", "name": "Ann", "label": "w1:Ann"}}
    assert world.asked == [Asked("writer", ["w1"], {"id", "name"}, None)]


@pytest.mark.parametrize(("name", "told"), [("nowhere", "Nothing has this name."), ("w9", "It is gone.")])
async def test_what_arguments_do_not_lead_to_is_told(name: str, told: str) -> None:
    result = await run(World(), "query($name: String) { found(name: $name) { name } }", name=name)
    assert result.data == {"found": None}
    assert [error.message for error in result.errors or ()] == [told]


@pytest.mark.parametrize(("readable", "asked"), [(0, 0), (1, 0), (2, 1)])
async def test_what_cannot_be_read_is_the_error_of_every_field_that_reads(readable: int, asked: int) -> None:
    world = World()
    world.readable = readable
    result = await run(world, "{ writers { editor { name } } again: writers { id } }")
    assert {error.message for error in result.errors or ()} == {"Nothing can be read."}
    assert len(world.asked) == asked


async def test_arguments_are_kept_by_the_values_of_variables_and_only_so_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(plan, "MOST_ARGUMENTS", 1)
    document = "query($n: Int, $of: [Int]) { books(most: $n) { books { shelf(of: $of) { total } } } }"
    seen = [[one.args for one in (await answered(document, n=number, of=[number]))[1].asked] for number in (1, 2, 2, 1)]
    assert seen == [[(number, ()), (3, (number,))] for number in (1, 2, 2, 1)]


async def test_what_never_began_is_closed_when_all_is_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = asyncio.Event()

    async def forever(*_given: Any, **_more: Any) -> Any:
        asked.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(Question, "__call__", forever)
    running_now = asyncio.create_task(run(World(), "{ writers { id } named { name } }"))
    await asked.wait()
    running_now.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running_now
