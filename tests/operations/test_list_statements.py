"""How many statements every list runs: as many for fifty rows as for one, and none to count what nobody asked for."""

import pytest

from tests.operations.changes import SCHEMA
from tests.operations.listings import LISTINGS, Listing
from tests.operations.lists import Crowd, everything_of, questions_of
from tests.operations.worlds import node_id

every = pytest.mark.parametrize("listing", LISTINGS, ids=str)


@every
async def test_counts_only_when_asked(listing: Listing, crowd: Crowd, statements: list[str]) -> None:
    of = crowd.parent(listing)
    await listing.page(crowd.caller(listing), of=of)
    uncounted = list(statements)
    statements.clear()
    await listing.page(crowd.caller(listing), of=of, more="totalCount totalCountAtLeast")
    assert len(statements) == len(uncounted) + 1
    assert not [text for text in uncounted if "count(" in text]
    statements.clear()
    document = listing.document("totalCount totalCountAtLeast @skip(if: true) ...More").replace(
        "totalCount t", "totalCount @skip(if: true) t"
    )
    document += f" fragment More on {listing.kind}Connection {{ pageInfo {{ hasNextPage }} }}"
    parent = {} if of is None else {"id": node_id(listing.parent, of)}
    assert "totalCount" not in str((await crowd.caller(listing).run(document, **parent)).data)


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
    monkeypatch.setattr("tenancy.reading.RECHECK_SECONDS", float("inf"))
    one, fifty = [await statements_of(listing, crowd, size, depth, statements) for size in (1, 50)]
    assert one == fifty


@every
@pytest.mark.parametrize("size", [1, 50])
async def test_runs_no_more_statements_than_a_deep_document_has_questions(
    listing: Listing, size: int, crowd: Crowd, statements: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tenancy.reading.RECHECK_SECONDS", float("inf"))
    membership_page_and_count, parent = 3, listing.by is not None
    most = membership_page_and_count + parent + questions_of(SCHEMA.get_type(listing.kind), 2)
    assert await statements_of(listing, crowd, size, 2, statements) <= most
