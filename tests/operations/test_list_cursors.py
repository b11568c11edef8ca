"""What holds for the cursors of every list: what is none is refused, and so is one of something else."""

import base64
from typing import Final

import msgspec
import pytest

from tests.operations.listings import LISTINGS, Listing, ids_of
from tests.operations.lists import Crowd
from tests.operations.worlds import World, node_id

every = pytest.mark.parametrize("listing", LISTINGS, ids=str)
roots = pytest.mark.parametrize("listing", [found for found in LISTINGS if found.by is None], ids=str)
nested = pytest.mark.parametrize("listing", [found for found in LISTINGS if found.by is not None], ids=str)

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
        assert (await listing.ask(await listing.stranger(world), after=after)).codes == ["BAD_CURSOR"]
    same = {"field": named[column], "direction": "DESC" if descending else "ASC"}
    assert len(ids_of(await listing.page(boss, of=of, after=after, orderBy=same, first=2))) == 2


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
