"""Listing clients: filters, search and whose clients one sees; what holds for every list is in test_lists."""

from typing import Any, Final

import pytest

from storage.clients import ClientStatus, client
from storage.partners import PartnerRole
from tests.factories.clients import GatewayClient
from tests.operations.lists import Crowd
from tests.operations.worlds import World, node_id

LIST: Final = """
query($filter: ClientFilter, $first: Int) {
  clients(filter: $filter, first: $first) { totalCount nodes { displayName } }
}"""


PEOPLE: Final = {
    "Åkerö Snickeri": "bo@akero.example",
    "Ópera Café Bar": "hola@opera.example",
    "Straße 12 GmbH": "post@strasse.example",
    "O'Brien & Söhne": "jane.o-brien@harbour.example",
    "東京 Trading": "tokyo@trading.example",
    "100% Bio_Shop": "a+b@bio.example",
}
EVERYBODY: Final = [*PEOPLE, "Lund"]


async def names(caller: GatewayClient, **where: Any) -> list[str]:
    answer = await caller.run(LIST, filter=where, first=100)
    return [node["displayName"] for node in answer.data["clients"]["nodes"]]


@pytest.fixture
async def found_by_words(world: World) -> World:
    """A partner with clients whose names and addresses are hard to find."""
    for name, email in PEOPLE.items():
        await world.client(name, email=email)
    await world.client("Lund", first_name="Ása", last_name="Lund", company_name=None, email="asa@lund.example")
    return world


@pytest.mark.parametrize(
    ("search", "wanted"),
    [
        ("åker", ["Åkerö Snickeri"]),
        ("AKERO", ["Åkerö Snickeri"]),
        ("snick ake", ["Åkerö Snickeri"]),
        ("opera", ["Ópera Café Bar"]),
        ("CAFÉ", ["Ópera Café Bar"]),
        ("bar caf óp", ["Ópera Café Bar"]),
        ("caf snick", []),
        ("STRASSE", ["Straße 12 GmbH"]),
        ("o'bri", ["O'Brien & Söhne"]),
        ("brien sohne", ["O'Brien & Söhne"]),
        ("rien", []),
        ("東", ["東京 Trading"]),
        ("jane.o-brien@h", ["O'Brien & Söhne"]),
        ("JANE.O-BRIEN@HARBOUR.example", ["O'Brien & Söhne"]),
        ("@harb", ["O'Brien & Söhne"]),
        ("harbour.example", ["O'Brien & Söhne"]),
        ("a+b@bio", ["100% Bio_Shop"]),
        ("100%", ["100% Bio_Shop"]),
        (
            "%",
            EVERYBODY,
        ),
        (
            "_",
            EVERYBODY,
        ),
        ("ása lu", ["Lund"]),
        ("one two three four five", []),
        ("bio shop 100 a b nothinglikethat", ["100% Bio_Shop"]),
        ("x' OR '1'='1", []),
        (
            "\\",
            EVERYBODY,
        ),
        ("z" * 5_000, []),
    ],
)
async def test_finds_by_the_beginnings_of_words(search: str, wanted: list[str], found_by_words: World) -> None:
    assert sorted(await names(found_by_words.boss, search=search)) == sorted(wanted)


@pytest.mark.parametrize("search", ["", "   ", "'", None])
async def test_lists_all_where_there_is_nothing_to_search_for(search: str | None, found_by_words: World) -> None:
    assert len(await names(found_by_words.boss, search=search)) == 7


async def test_counts_and_pages_what_a_search_finds(crowd: Crowd) -> None:
    rows = [row for row in await crowd.world.rows(client) if row["name_sort"].startswith("zurich")]
    page = 'clients(filter: {search: "zur"}, first: 3, after: $after) '
    document = (
        f"query($after: String) {{ {page} {{ totalCount nodes {{ id }} pageInfo {{ endCursor hasNextPage }} }} }}"
    )
    found, after, more = [], None, True
    while more:
        data = (await crowd.world.boss.run(document, after=after)).data["clients"]
        assert data["totalCount"] == len(rows)
        found += [node["id"] for node in data["nodes"]]
        after, more = data["pageInfo"]["endCursor"], data["pageInfo"]["hasNextPage"]
    rows.sort(key=lambda row: (row["name_sort"], row["id"]))
    assert found == [node_id("Client", row) for row in rows]


async def test_ties_a_cursor_to_what_is_searched_for(crowd: Crowd) -> None:
    document = (
        "query($search: String, $after: String) "
        "{ clients(filter: {search: $search}, after: $after, first: 1) { pageInfo { endCursor } } }"
    )
    after = (await crowd.world.boss.run(document, search="zur")).data["clients"]["pageInfo"]["endCursor"]
    assert (await crowd.world.boss.run(document, search="ZÜR", after=after)).errors == []
    for search in ("zuri", "zur kase", "ake", None):
        assert (await crowd.world.boss.run(document, search=search, after=after)).codes == ["BAD_CURSOR"], search


async def test_runs_one_statement_more_for_no_number_of_words(crowd: Crowd, statements: list[str]) -> None:
    ran = set()
    for search in ("zur", "zur kas", "z k a b c"):
        statements.clear()
        await crowd.world.boss.run("query($s: String) { clients(filter: {search: $s}) { nodes { id } } }", s=search)
        ran.add(len(statements))
    assert ran == {2}


async def test_filters_by_all_that_is_given(found_by_words: World) -> None:
    boss = found_by_words.boss
    await found_by_words.client("Closed Café", status=ClientStatus.CLOSED, email="bo@akero.example")
    assert await names(boss, search="caf", status="CLOSED") == ["Closed Café"]
    assert await names(boss, email="BO@akero.example") == ["Åkerö Snickeri", "Closed Café"]
    assert await names(boss, email="bo@akero.example", status="ACTIVE") == ["Åkerö Snickeri"]
    assert await names(boss, email="bo@akero.example", search="opera") == []


async def test_finds_nobody_of_another_partner(found_by_words: World, alder: GatewayClient) -> None:
    assert await names(found_by_words.boss, search="bo@akero.example") == ["Åkerö Snickeri"]
    assert await names(alder, search="bo@akero.example") == []
    assert await names(alder, email="bo@akero.example") == []


@pytest.mark.parametrize("role", PartnerRole)
async def test_is_seen_by_every_role(role: PartnerRole, found_by_words: World) -> None:
    assert len(await names(found_by_words.acting(role))) == 7


@pytest.mark.parametrize("role", PartnerRole)
async def test_shows_notes_to_whom_they_are_for_and_the_rest_to_everybody(role: PartnerRole, world: World) -> None:
    await world.client("First", admin_notes="Between us.")
    await world.client("Second", admin_notes="Between us.")
    answer = await world.acting(role).run("{ clients { nodes { displayName adminNotes } } }")
    shown = None if role is PartnerRole.VIEWER else "Between us."
    assert answer.partial["clients"]["nodes"] == [
        {"displayName": name, "adminNotes": shown} for name in ("First", "Second")
    ]
    assert answer.codes == (["FORBIDDEN"] * 2 if shown is None else [])
    for number, error in enumerate(answer.errors):
        assert error["path"] == ["clients", "nodes", number, "adminNotes"]
        assert error["extensions"]["rule"] == "VIEWER_MAY_NOT_CLIENT_NOTES_READ"
        assert error["extensions"]["whoCan"]


async def test_selects_the_columns_that_are_asked_for_and_no_others(crowd: Crowd, statements: list[str]) -> None:
    await crowd.world.boss.run("{ clients { nodes { displayName ...Mail } } } fragment Mail on Client { email }")
    listed = statements[-1]
    assert "display_name" in listed
    assert "email" in listed
    assert "admin_notes" not in listed
    assert "billing_address" not in listed
