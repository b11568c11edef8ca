"""What holds for every list: its pages, cursors, sizes, counts, and how many statements it runs."""

import base64
from collections.abc import AsyncIterator
from typing import Any, Final

import msgspec
import pytest
from graphql import GraphQLObjectType, get_named_type
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from resolvers.paging import COUNTED, DEFAULT_SIZE, MOST
from storage.invoices import InvoiceState
from storage.org_users import OrgRole
from storage.plans import plan
from tests.factories.clients import GatewayClient
from tests.operations.changes import SCHEMA
from tests.operations.lists import FEW, LISTINGS, Crowd, Listing, everything_of, questions_of
from tests.operations.worlds import Row, World, node_id

COUNTS: Final = "totalCount totalCountAtLeast"

every = pytest.mark.parametrize("listing", LISTINGS, ids=str)
roots = pytest.mark.parametrize("listing", [found for found in LISTINGS if found.by is None], ids=str)
nested = pytest.mark.parametrize("listing", [found for found in LISTINGS if found.by is not None], ids=str)
patient = settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))


def test_names_every_list_of_the_schema() -> None:
    named = {
        f"{kind.name}.{name}"
        for kind in SCHEMA.type_map.values()
        if isinstance(kind, GraphQLObjectType)
        for name, field in kind.fields.items()
        if get_named_type(field.type).name.endswith("Connection")
    }
    assert {str(listing) for listing in LISTINGS} == named


def test_names_every_order_and_filter_of_the_schema() -> None:
    for listing in LISTINGS:
        parent = SCHEMA.get_type(listing.parent)
        assert isinstance(parent, GraphQLObjectType)
        arguments = parent.fields[listing.field].args
        where: Any = get_named_type(arguments["filter"].type)
        order: Any = get_named_type(arguments["orderBy"].type)
        assert set(where.fields) - {"search", "since", "until"} == set(listing.filters)
        assert set(get_named_type(order.fields["field"].type).values) == set(listing.orders)


class Walk:
    """One way of going through a list: an order, a filter, a page size."""

    def __init__(self, listing: Listing, rows: list[Row], data: st.DataObject) -> None:
        self._listing = listing
        self.size = data.draw(st.integers(1, MOST), "size")
        self.arguments: dict[str, Any] = {}
        order = listing.order
        if data.draw(st.booleans(), "ordered"):
            name = data.draw(st.sampled_from(sorted(listing.orders)), "order")
            descending = data.draw(st.booleans(), "descending")
            order = (listing.orders[name], descending)
            self.arguments["orderBy"] = {"field": name, "direction": "DESC" if descending else "ASC"}
        chosen = data.draw(st.sets(st.sampled_from(sorted(listing.filters)), max_size=2), "filters")
        like = data.draw(st.sampled_from(rows), "like")
        filters = {name: like[listing.filters[name]] for name in sorted(chosen)}
        filters = {name: value for name, value in filters.items() if value is not None}
        self.arguments["filter"] = {
            name: listing.shown(listing.filters[name], value) for name, value in filters.items()
        }
        by_column = {listing.filters[name]: value for name, value in filters.items()}
        self.wanted = listing.naive(rows, order, by_column)


async def forward(crowd: Crowd, listing: Listing, of: Row | None, walk: Walk) -> AsyncIterator[Any]:
    after = None
    while True:
        page = await listing.page(crowd.caller(listing), of=of, first=walk.size, after=after, **walk.arguments)
        assert page["pageInfo"]["hasPreviousPage"] is (after is not None)
        yield page
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            return


async def backward(crowd: Crowd, listing: Listing, of: Row | None, walk: Walk) -> AsyncIterator[Any]:
    before = None
    while True:
        page = await listing.page(crowd.caller(listing), of=of, last=walk.size, before=before, **walk.arguments)
        assert page["pageInfo"]["hasNextPage"] is (before is not None)
        yield page
        before = page["pageInfo"]["startCursor"]
        if not page["pageInfo"]["hasPreviousPage"]:
            return


def ids(page: Any) -> list[str]:
    """Return the ids of a page, which its nodes, edges and page facts must agree on."""
    cursors = [edge["cursor"] for edge in page["edges"]]
    first_and_last = (cursors[0], cursors[-1]) if cursors else (None, None)
    assert (page["pageInfo"]["startCursor"], page["pageInfo"]["endCursor"]) == first_and_last
    assert len(set(cursors)) == len(cursors)
    assert [edge["node"] for edge in page["edges"]] == page["nodes"]
    return [node["id"] for node in page["nodes"]]


@every
@patient
@given(data=st.data())
async def test_yields_each_row_once_and_in_order_whichever_way_one_goes(
    listing: Listing, crowd: Crowd, data: st.DataObject
) -> None:
    of = crowd.parent(listing)
    walk = Walk(listing, await crowd.rows(listing, of), data)
    onward = [ids(page) async for page in forward(crowd, listing, of, walk)]
    assert [node for page in onward for node in page] == walk.wanted
    assert all(len(page) == walk.size for page in onward[:-1])
    back = [ids(page) async for page in backward(crowd, listing, of, walk)]
    assert [node for page in reversed(back) for node in page] == walk.wanted
    assert all(len(page) == walk.size for page in back[:-1])


@every
@patient
@given(data=st.data())
async def test_yields_what_lies_between_two_cursors(listing: Listing, crowd: Crowd, data: st.DataObject) -> None:
    of = crowd.parent(listing)
    walk = Walk(listing, await crowd.rows(listing, of), data)
    cursors = []
    async for page in forward(crowd, listing, of, walk):
        cursors += [edge["cursor"] for edge in page["edges"]]
    marks = st.none() | st.integers(0, len(cursors) - 1) if cursors else st.none()
    low, high = data.draw(marks, "after"), data.draw(marks, "before")
    between = walk.wanted[0 if low is None else low + 1 : high]
    places: dict[str, Any] = {
        "after": low if low is None else cursors[low],
        "before": high if high is None else cursors[high],
    }
    started = await listing.page(crowd.caller(listing), of=of, first=walk.size, **places, **walk.arguments)
    assert ids(started) == between[: walk.size]
    assert started["pageInfo"]["hasNextPage"] is (len(between) > walk.size)
    ended = await listing.page(crowd.caller(listing), of=of, last=walk.size, **places, **walk.arguments)
    assert ids(ended) == between[-walk.size :]
    assert ended["pageInfo"]["hasPreviousPage"] is (len(between) > walk.size)


@every
@patient
@given(data=st.data())
async def test_counts_what_matches(listing: Listing, crowd: Crowd, data: st.DataObject) -> None:
    of = crowd.parent(listing)
    walk = Walk(listing, await crowd.rows(listing, of), data)
    page = await listing.page(crowd.caller(listing), of=of, first=1, more=COUNTS, **walk.arguments)
    assert (page["totalCount"], page["totalCountAtLeast"]) == (len(walk.wanted), len(walk.wanted))


@every
async def test_gives_a_first_page_of_its_own_order_where_nothing_is_said(listing: Listing, crowd: Crowd) -> None:
    of = crowd.parent(listing)
    wanted = listing.naive(await crowd.rows(listing, of), listing.order, {})
    assert ids(await listing.page(crowd.caller(listing), of=of)) == wanted[:DEFAULT_SIZE]
    nothing: dict[str, Any] = dict.fromkeys(("first", "last", "after", "before", "filter", "orderBy"))
    assert ids(await listing.page(crowd.caller(listing), of=of, **nothing)) == wanted[:DEFAULT_SIZE]


async def stranger(listing: Listing, world: World) -> GatewayClient:
    """Ask as somebody of another partner who may read such a list of its own."""
    if not listing.inside:
        return world.boss
    organisation = await world.organisation(await world.client())
    return world.being((await world.user(organisation, OrgRole.SUPER_ADMIN))["membership_id"])


@every
async def test_shows_nothing_of_another_partner(listing: Listing, crowd: Crowd, world: World) -> None:
    if listing.table is plan:
        return
    if listing.by is None:
        theirs = {node_id(listing.kind, row) for row in await crowd.rows(listing, None)}
        page = await listing.page(await stranger(listing, world), first=MOST)
        assert not theirs & set(ids(page))
        return
    answer = await listing.ask(await stranger(listing, world), of=crowd.parent(listing))
    assert (answer.codes, answer.partial) == (["NOT_FOUND"], {"node": None})


@every
@pytest.mark.parametrize(
    ("given_size", "argument"),
    [
        ({"first": 0}, "first"),
        ({"first": -1}, "first"),
        ({"first": MOST + 1}, "first"),
        ({"first": 2**31 - 1}, "first"),
        ({"last": 0}, "last"),
        ({"last": -1}, "last"),
        ({"last": MOST + 1}, "last"),
        ({"first": 1, "last": 1}, "last"),
    ],
)
async def test_refuses_a_page_size_and_reads_nothing(
    listing: Listing, given_size: dict[str, Any], argument: str, crowd: Crowd, statements: list[str]
) -> None:
    answer = await listing.ask(crowd.caller(listing), of=crowd.parent(listing), **given_size)
    assert (answer.status, answer.codes) == (200, ["BAD_PAGE_SIZE"])
    assert answer.errors[0]["extensions"]["argument"] == [argument]
    assert answer.errors[0]["path"][-1] == "page"
    assert not [text for text in statements if "LIMIT" in text]


@every
async def test_takes_the_smallest_and_the_largest_page(listing: Listing, crowd: Crowd) -> None:
    of = crowd.parent(listing)
    there = len(await crowd.rows(listing, of))
    for name in ("first", "last"):
        for size in (1, MOST):
            asked: dict[str, Any] = {name: size}
            page = await listing.page(crowd.caller(listing), of=of, **asked)
            assert len(ids(page)) == min(size, there)


GARBAGE: Final = (
    "",
    "%%%",
    "ä",
    "A",
    "null",
    "kQ",
    base64.urlsafe_b64encode(b"\x91" * 5_000).decode(),
    base64.urlsafe_b64encode(msgspec.msgpack.encode([2, b"", "x", b"0" * 16])).decode(),
    base64.urlsafe_b64encode(msgspec.msgpack.encode([1, b"", "x"])).decode(),
    base64.urlsafe_b64encode(msgspec.msgpack.encode({"a": 1})).decode(),
    "x" * 10_000,
)


@every
async def test_refuses_what_is_no_cursor(listing: Listing, crowd: Crowd) -> None:
    for name in ("after", "before"):
        for cursor in GARBAGE:
            answer = await listing.ask(crowd.caller(listing), of=crowd.parent(listing), **{name: cursor})
            assert (answer.status, answer.codes) == (200, ["BAD_CURSOR"]), cursor
            assert answer.errors[0]["extensions"]["argument"] == [name]
            assert answer.errors[0]["path"][-1] == "page"


@every
async def test_refuses_a_cursor_whose_place_was_forged(listing: Listing, crowd: Crowd) -> None:
    of = crowd.parent(listing)
    page = await listing.page(crowd.caller(listing), of=of, first=1)
    cursor = page["pageInfo"]["endCursor"]
    version, tied, _value, identifier = msgspec.msgpack.decode(
        base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    )
    for value, place in ((7, identifier), (None, identifier), ([], identifier), ("x", b"short"), ("x", 5), ("x", "y")):
        forged = base64.urlsafe_b64encode(msgspec.msgpack.encode([version, tied, value, place])).decode()
        assert (await listing.ask(crowd.caller(listing), of=of, after=forged)).codes == ["BAD_CURSOR"], (value, place)


@every
async def test_ties_a_cursor_to_order_filter_and_partner(listing: Listing, crowd: Crowd, world: World) -> None:
    of, boss = crowd.parent(listing), crowd.caller(listing)
    after = (await listing.page(boss, of=of, first=1))["pageInfo"]["endCursor"]
    column, descending = listing.order
    named = {column: name for name, column in listing.orders.items()}
    orders = [(named[column], "ASC" if descending else "DESC")]
    orders += [(name, way) for name in listing.orders if name != named[column] for way in ("ASC", "DESC")]
    for name, way in orders:
        answer = await listing.ask(boss, of=of, after=after, orderBy={"field": name, "direction": way})
        assert answer.codes == ["BAD_CURSOR"], (name, way)
    (like, *_rows) = await crowd.rows(listing, of)
    for name, filtered in listing.filters.items():
        where = {name: listing.shown(filtered, like[filtered])}
        if like[filtered] is not None:
            assert (await listing.ask(boss, of=of, after=after, filter=where)).codes == ["BAD_CURSOR"], name
    if listing.by is None:
        assert (await listing.ask(await stranger(listing, world), after=after)).codes == ["BAD_CURSOR"]
    same = {"field": named[column], "direction": "DESC" if descending else "ASC"}
    assert len(ids(await listing.page(boss, of=of, after=after, orderBy=same, first=2))) == 2


@roots
async def test_ties_a_cursor_to_its_list(listing: Listing, crowd: Crowd) -> None:
    after = (await listing.page(crowd.caller(listing), first=1))["pageInfo"]["endCursor"]
    for other in LISTINGS:
        if other.table is not listing.table or other.by is not None:
            answer = await other.ask(crowd.caller(other), of=crowd.parent(other), after=after)
            assert answer.codes == ["BAD_CURSOR"], other


@nested
async def test_ties_a_cursor_to_its_parent_and_goes_on_at_that_one_only(listing: Listing, crowd: Crowd) -> None:
    of, other = crowd.parent(listing), crowd.other_parent(listing)
    assert of is not None
    if other is None:
        return  # whoever is inside an organisation sees no other
    wanted = listing.naive(await crowd.rows(listing, of), listing.order, {})
    first = await listing.page(crowd.caller(listing), of=of, first=3)
    mark = first["edges"][1]["cursor"]
    ask = (
        "query($mine: ID!, $other: ID!, $mark: String) {"
        + " ".join(
            f"{name}: node(id: ${name}) {{ ... on {listing.parent} {{ "
            f"after: {listing.field}(first: 2, after: $mark) {{ nodes {{ id }} }} "
            f"before: {listing.field}(last: 2, before: $mark) {{ nodes {{ id }} }} }} }}"
            for name in ("mine", "other")
        )
        + "}"
    )
    variables = {"mine": node_id(listing.parent, of), "other": node_id(listing.parent, other), "mark": mark}
    answer = await crowd.caller(listing).run(ask, **variables)
    assert answer.codes == ["BAD_CURSOR", "BAD_CURSOR"]
    assert sorted(error["path"] for error in answer.errors) == [["other", "after"], ["other", "before"]]
    assert answer.partial["other"] == {"after": None, "before": None}
    assert [node["id"] for node in answer.partial["mine"]["after"]["nodes"]] == wanted[2:4]
    assert [node["id"] for node in answer.partial["mine"]["before"]["nodes"]] == wanted[:1]


async def test_pages_each_parent_of_a_list_on_its_own(crowd: Crowd) -> None:
    answer = await crowd.world.boss.run(
        "{ clients(first: 100) { nodes { id"
        " invoices(first: 2) { totalCount nodes { id } pageInfo { hasNextPage } } } } }"
    )
    listing = next(found for found in LISTINGS if str(found) == "Client.invoices")
    nodes = answer.data["clients"]["nodes"]
    assert len(nodes) == FEW
    everyone = await crowd.rows(listing, None)
    for found in nodes:
        rows = [row for row in everyone if node_id("Client", row["client_id"]) == found["id"]]
        wanted = listing.naive(rows, listing.order, {})
        assert [node["id"] for node in found["invoices"]["nodes"]] == wanted[:2]
        assert found["invoices"]["totalCount"] == len(wanted)
        assert found["invoices"]["pageInfo"]["hasNextPage"] is (len(wanted) > 2)


@every
async def test_counts_only_when_asked(listing: Listing, crowd: Crowd, statements: list[str]) -> None:
    of = crowd.parent(listing)
    await listing.page(crowd.caller(listing), of=of)
    uncounted = list(statements)
    statements.clear()
    await listing.page(crowd.caller(listing), of=of, more=COUNTS)
    assert len(statements) == len(uncounted) + 1
    assert not [text for text in uncounted if "count(" in text]
    statements.clear()
    document = listing.document(COUNTS + " @skip(if: true) ...More").replace(
        "totalCount t", "totalCount @skip(if: true) t"
    )
    document += f" fragment More on {listing.kind}Connection {{ pageInfo {{ hasNextPage }} }}"
    parent = {} if of is None else {"id": node_id(listing.parent, of)}
    assert "totalCount" not in str((await crowd.caller(listing).run(document, **parent)).data)


async def test_counts_exactly_up_to_a_number_and_tells_no_more_beyond_it(world: World) -> None:
    buyer = await world.client()
    await world.owner.execute(
        """INSERT INTO gateway.invoice
             (partner_id, id, version, created_at, updated_at, client_id, state, currency, total_minor)
           SELECT $1, gen_random_uuid(), 1, now(), now(), $2, 'DRAFT', 'EUR', 1 FROM generate_series(1, $3::int)""",
        world.partner_id,
        buyer["id"],
        COUNTED + 1,
    )
    listed = [found for found in LISTINGS if found.field == "invoices"]
    for listing in listed:
        of = buyer if listing.by else None
        page = await listing.page(world.boss, of=of, first=1, more=COUNTS)
        assert (page["totalCount"], page["totalCountAtLeast"]) == (None, COUNTED)
        assert page["pageInfo"]["hasNextPage"] is True
        draft = {"filter": {"state": InvoiceState.DRAFT}}
        page = await listing.page(world.boss, of=of, first=1, more=COUNTS, **draft)
        assert (page["totalCount"], page["totalCountAtLeast"]) == (None, COUNTED)
    await world.owner.execute(
        "DELETE FROM gateway.invoice WHERE (partner_id, id) IN"
        " (SELECT partner_id, id FROM gateway.invoice WHERE partner_id = $1 LIMIT 1)",
        world.partner_id,
    )
    for listing in listed:
        page = await listing.page(world.boss, of=buyer if listing.by else None, first=1, more=COUNTS)
        assert (page["totalCount"], page["totalCountAtLeast"]) == (COUNTED, COUNTED)
    await world.owner.execute("DELETE FROM gateway.invoice WHERE partner_id = $1", world.partner_id)


def with_all(listing: Listing, size: int, depth: int) -> str:
    """Ask for a page of a list with everything that its rows lead to."""
    kind = SCHEMA.get_type(listing.kind)
    page = f"{listing.field}(first: {size}) {{ totalCount nodes {{ {everything_of(kind, depth)} }} }}"
    return (
        f"{{ {page} }}"
        if listing.by is None
        else f"query($id: ID!) {{ node(id: $id) {{ ...on {listing.parent} {{ {page} }} }} }}"
    )


async def statements_of(listing: Listing, crowd: Crowd, size: int, depth: int, statements: list[str]) -> int:
    of = crowd.parent(listing)
    parent = {} if of is None else {"id": node_id(listing.parent, of)}
    statements.clear()
    answer = await crowd.caller(listing).run(with_all(listing, size, depth), **parent)
    assert set(answer.codes) <= {"FORBIDDEN"}
    data = answer.partial
    page = data[listing.field] if listing.by is None else data["node"][listing.field]
    assert len(page["nodes"]) == min(size, page["totalCount"])
    return len(statements)


@every
@pytest.mark.parametrize("depth", [0, 1])
async def test_runs_as_many_statements_for_fifty_rows_as_for_one(
    listing: Listing, depth: int, crowd: Crowd, statements: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tenancy.scope.RECHECK_SECONDS", float("inf"))
    one, fifty = [await statements_of(listing, crowd, size, depth, statements) for size in (1, 50)]
    assert one == fifty


@every
@pytest.mark.parametrize("size", [1, 50])
async def test_runs_no_more_statements_than_a_deep_document_has_questions(
    listing: Listing, size: int, crowd: Crowd, statements: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tenancy.scope.RECHECK_SECONDS", float("inf"))
    membership_page_and_count, parent = 3, listing.by is not None
    most = membership_page_and_count + parent + questions_of(SCHEMA.get_type(listing.kind), 2)
    assert await statements_of(listing, crowd, size, 2, statements) <= most
