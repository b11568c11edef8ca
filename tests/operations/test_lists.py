"""What holds for every list: its pages, their sizes, and what is counted."""

from collections.abc import AsyncIterator
from typing import Any, Final

import pytest
from graphql import GraphQLObjectType, get_named_type
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from resolvers.paging import COUNTED, DEFAULT_SIZE, MOST
from storage.invoices import InvoiceState
from storage.plans import plan
from tests.operations.changes import SCHEMA
from tests.operations.listings import LISTINGS, Listing, ids_of
from tests.operations.lists import FEW, Crowd
from tests.operations.worlds import Row, World, node_id

COUNTS: Final = "totalCount totalCountAtLeast"
MOST_PAGES: Final = 8
"""How many pages a walk through a list has at most; with a filter that few rows pass there is one row on each."""

every = pytest.mark.parametrize("listing", LISTINGS, ids=str)
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
        self.size = data.draw(st.integers(max(1, -(-len(self.wanted) // MOST_PAGES)), MOST), "size")


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


@every
@patient
@given(data=st.data())
async def test_yields_each_row_once_and_in_order_whichever_way_one_goes(
    listing: Listing, crowd: Crowd, data: st.DataObject
) -> None:
    of = crowd.parent(listing)
    walk = Walk(listing, await crowd.rows(listing, of), data)
    onward = [ids_of(page) async for page in forward(crowd, listing, of, walk)]
    assert [node for page in onward for node in page] == walk.wanted
    assert all(len(page) == walk.size for page in onward[:-1])
    back = [ids_of(page) async for page in backward(crowd, listing, of, walk)]
    assert [node for page in reversed(back) for node in page] == walk.wanted
    assert all(len(page) == walk.size for page in back[:-1])


@every
@patient
@given(data=st.data())
async def test_yields_what_lies_between_two_cursors(listing: Listing, crowd: Crowd, data: st.DataObject) -> None:
    of = crowd.parent(listing)
    walk = Walk(listing, await crowd.rows(listing, of), data)
    cursors = [edge["cursor"] async for page in forward(crowd, listing, of, walk) for edge in page["edges"]]
    marks = st.none() | st.integers(0, len(cursors) - 1) if cursors else st.none()
    low, high = data.draw(marks, "after"), data.draw(marks, "before")
    between = walk.wanted[0 if low is None else low + 1 : high]
    places: dict[str, Any] = {
        "after": low if low is None else cursors[low],
        "before": high if high is None else cursors[high],
    }
    started = await listing.page(crowd.caller(listing), of=of, first=walk.size, **places, **walk.arguments)
    assert ids_of(started) == between[: walk.size]
    assert started["pageInfo"]["hasNextPage"] is (len(between) > walk.size)
    ended = await listing.page(crowd.caller(listing), of=of, last=walk.size, **places, **walk.arguments)
    assert ids_of(ended) == between[-walk.size :]
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
    assert ids_of(await listing.page(crowd.caller(listing), of=of)) == wanted[:DEFAULT_SIZE]
    nothing: dict[str, Any] = dict.fromkeys(("first", "last", "after", "before", "filter", "orderBy"))
    assert ids_of(await listing.page(crowd.caller(listing), of=of, **nothing)) == wanted[:DEFAULT_SIZE]


@every
async def test_shows_nothing_of_another_partner(listing: Listing, crowd: Crowd, world: World) -> None:
    if listing.table is plan:
        return
    if listing.by is None:
        theirs = {node_id(listing.kind, row) for row in await crowd.rows(listing, None)}
        page = await listing.page(await listing.stranger(world), first=MOST)
        assert not theirs & set(ids_of(page))
        return
    answer = await listing.ask(await listing.stranger(world), of=crowd.parent(listing))
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
            assert len(ids_of(page)) == min(size, there)


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
