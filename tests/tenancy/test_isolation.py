"""Nothing of another scope through anything that the schema offers: generated, so what is new joins by itself.

As every principal, ids of every other scope stand in every place that takes an id. A run takes some of each;
`scripts/isolation` takes them all.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import pytest
from sqlalchemy import Text
from structlog.testing import capture_logs

from storage.base import SCHEMA
from storage.tables import metadata
from tenancy import reading
from tests.factories.clients import GatewayClient
from tests.factories.layers import HELD, LEAKING, UNDECIDED, WHOLE, Weakness
from tests.factories.principals import SIGNED_IN, Asker
from tests.factories.worlds import (
    LISTS,
    MUTATIONS,
    PLACES,
    TENANT_KINDS,
    Place,
    guard_of,
    input_of,
    item_of,
    mutation_document,
    mutation_fields,
    put,
    query_fields,
    samples,
    selection,
    table_name,
)
from tests.tenancy.conftest import Ground
from tests.tenancy.expectations import expected
from tests.tenancy.inputs import RECIPES, accepted, another, ids_in, mistyped, said
from tests.tenancy.test_matrix import batches
from tests.tenancy.visibility import LEVELS, elsewhere, every_row, house_of, named, reached, seen
from tests.tenancy.watching import watched

SOME: Final = frozenset(
    {
        "owner",
        "viewer",
        "admin acting",
        "admin acting, some",
        "super admin",
        "administrator",
        "user",
        "super admin who is staff",
        "contact with everything",
        "script",
        "fenced script",
        "operator",
    }
)
"""One principal of each kind that reaches something of its own."""
EVERY: Final = {**HELD, **UNDECIDED}
FEW: Final = {name: weakness for name, weakness in EVERY.items() if name == "whole" or "," in name}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Take some principals, or every one where the whole product is asked for."""
    if "asker" in metafunc.fixturenames:
        whole = metafunc.config.getoption("--whole-product")
        askers = [asker for asker in SIGNED_IN if whole or asker.name in SOME]
        metafunc.parametrize("asker", askers, ids=str)


@pytest.fixture
def whole(request: pytest.FixtureRequest) -> bool:
    """Whether the whole product is asked for."""
    return bool(request.config.getoption("--whole-product"))


@pytest.fixture(autouse=True)
def calm(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let no read be so slow that it asks again who is there, and nobody render what a missing layer makes fail."""
    monkeypatch.setattr(reading, "RECHECK_SECONDS", 3_600.0)
    with capture_logs():
        yield


async def page_of_each(client: GatewayClient, names: Sequence[str], *, at_once: int = 1) -> dict[str, set[str] | None]:
    """Read a page of some lists; None where a list is not answered."""
    found: dict[str, set[str] | None] = {}
    for batch in batches(names, at_once):
        asked = " ".join(f"{name}(first: 100) {{ nodes {{ id }} }}" for name in batch)
        answer = (await client.run(f"{{ {asked} }}")).partial or {}
        for name in batch:
            page = answer.get(name)
            found[name] = {node["id"] for node in page["nodes"]} if page else None
    return found


# Lists.


@pytest.mark.parametrize("weakness", EVERY.values(), ids=EVERY)
async def test_a_list_holds_what_the_scope_holds_and_nothing_beside(
    ground: Ground, asker: Asker, weakness: Weakness
) -> None:
    await ground.kept.restore()
    rows = await every_row(ground.owner, ground.mine, ground.theirs)
    lists = {name: item_of(query_fields()[name]).name for name in LISTS}
    names = [name for name, kind in lists.items() if kind in LEVELS]
    found = await page_of_each(ground.ask(asker, weakness), names, at_once=6 if weakness.decided else 1)
    known = {row.id for row in rows}
    for name, answered in found.items():
        # What was denied meanwhile has entries of its own.
        page = answered and (answered & known if name == "audit" else answered)
        mine = [row for row in rows if row.kind == lists[name] and reached(asker, ground.mine, row)]
        guard = str(guard_of(query_fields()[name]))
        if weakness.decided:
            held = expected(asker, guard).held
            due = {row.id for row in mine if seen(ground.joined[asker.name], ground.mine, row, guard)} if held else None
            assert page == due, name
        else:
            assert (page or set()) == {row.id for row in mine}, name


@pytest.mark.parametrize("weakness", FEW.values(), ids=FEW)
async def test_nothing_that_anything_leads_to_is_outside_the_scope(
    ground: Ground, asker: Asker, weakness: Weakness
) -> None:
    rows = await every_row(ground.owner, ground.mine, ground.theirs)
    outside = {row.id for row in rows if not reached(asker, ground.mine, row)}
    client = ground.ask(asker, weakness)
    for name in LISTS:
        inner = selection(item_of(query_fields()[name]), 2)
        answer = await client.run(
            f"{{ {name}(first: 20) {{ nodes {{ {inner} }} }} viewer {{ kind partner {{ id }} }} }}"
        )
        assert not ids_in(answer.partial) & outside, name


# Ids.


def places_of(kind: str, asker: Asker, *, everywhere: bool) -> list[Place]:
    """Return the places that take a kind of node; where somebody is denied whatever it is about, ids are not read."""
    return [
        place
        for place in PLACES
        if place.kind in {kind, None, "Node"}
        and (everywhere or all(expected(asker, guard).held for guard in place.guards))
    ]


async def _variables(ground: Ground, asker: Asker, place: Place) -> dict[str, Any]:
    house = house_of(asker, ground.mine)
    if place.mutation is None:
        return {} if place.of is None else {"own": house.chosen[place.of]}
    if all(expected(asker, guard).held for guard in place.guards):
        return {"input": await accepted(place.mutation, house, ground.joined[asker.name])}
    return {"input": samples(input_of(place.mutation), house.chosen)}


@pytest.mark.parametrize("kind", TENANT_KINDS)
async def test_an_id_of_another_scope_is_an_id_that_nothing_has(
    ground: Ground, asker: Asker, kind: str, *, whole: bool
) -> None:
    rows = await every_row(ground.owner, ground.mine, ground.theirs)
    foreign = list(elsewhere(asker, (ground.mine, ground.theirs), rows, kind))
    some = foreign if whole else [foreign[0], foreign[-1]]
    outside = {row.id for row in rows if not reached(asker, ground.mine, row)}
    known = {identifier for _where, identifier in some if named(asker, ground.mine, rows, identifier)}
    clients = {weakness: ground.ask(asker, weakness) for weakness in HELD.values()}
    before = await ground.all_sums()
    for place in places_of(kind, asker, everywhere=whole):
        given = await _variables(ground, asker, place)
        if place.mutation in RECIPES:
            before = await ground.all_sums()
        await _compare(clients, place, given, some, outside, known if place.filters else set())
        if place.mutation is not None:
            assert await ground.all_sums() == before, place
        if place.mutation in RECIPES:
            await ground.kept.restore()
            before = await ground.all_sums()
    assert await ground.all_sums() == before


async def _compare(  # noqa: PLR0913, PLR0917 - everything that one comparison is of
    clients: Mapping[Weakness, GatewayClient],
    place: Place,
    given: dict[str, Any],
    foreign: Sequence[tuple[str, str]],
    outside: set[str],
    known: set[str],
) -> None:
    """Ask with ids of other scopes and with one that nothing has: the same answer from the same statements.

    Without one of the layers the answer is still that. A filter by what rows of one's own name, as an invoice names its
    client, may find those rows: `known`.
    """

    async def ask(identifier: str, weakness: Weakness = WHOLE) -> tuple[Any, list[str]]:
        with watched(clients[weakness].database) as statements:
            answer = await clients[weakness].run(place.document, **put(given, place.path, identifier))
        assert not ids_in(answer.partial) & outside, (place, identifier)
        assert statements, place
        return said(answer), statements

    unknown = await ask(another(foreign[0][1]))
    for where, identifier in foreign:
        assert (await ask(identifier))[identifier in known :] == unknown[identifier in known :], (place, where)
    for weakness, (where, identifier) in zip(list(clients)[1:], (foreign[0], foreign[-1]), strict=True):
        answer, _statements = await ask(identifier, weakness)
        assert answer == unknown[0] or identifier in known, (place, where, weakness)
    if place.kind not in {None, "Node"}:
        assert (await ask(mistyped(foreign[0][1])))[0] == unknown[0], place


async def test_a_filter_by_an_unknown_id_finds_nothing_and_by_ones_own_something(ground: Ground) -> None:
    client, house = ground.ask("owner"), ground.mine.home
    for place in PLACES:
        if place.mutation is not None or place.kind in {None, "Node"}:
            continue
        own = {"own": house.chosen[place.of]} if place.of else {}
        answers = [
            await client.run(place.document, **put(own, place.path, identifier))
            for identifier in (house.chosen[place.kind], another(house.chosen[place.kind]))
        ]
        known, strange = [(answer.data["node"] if place.of else answer.data)["it"]["nodes"] for answer in answers]
        assert known, place
        assert not strange, place


# Values, cursors and keys.


@pytest.mark.parametrize("name", LISTS)
async def test_a_filter_by_another_scopes_values_finds_none_of_its_rows(
    ground: Ground, asker: Asker, name: str
) -> None:
    rows = await every_row(ground.owner, ground.mine, ground.theirs)
    outside = {row.id for row in rows if not reached(asker, ground.mine, row)}
    for document, values in await _foreign_values(ground, name):
        answer = await ground.ask(asker).run(document, **values)
        assert answer.status == 200, values
        assert not ids_in(answer.partial) & outside, values


async def _foreign_values(ground: Ground, name: str) -> list[tuple[str, dict[str, Any]]]:
    """Return the questions that filter a list by what is no id, each by every value that rows of other scopes hold."""
    given: Any = query_fields()[name].args.get("filter")
    made = []
    for field, found in (given.type.fields if given is not None else {}).items():
        held = await _held(ground, item_of(query_fields()[name]).name, field)
        values = {f"v{number}": value for number, value in enumerate(held)}
        takes = ", ".join(f"${value}: {found.type}" for value in values)
        asked = " ".join(
            f"of_{value}: {name}(first: 100, filter: {{ {field}: ${value} }}) {{ nodes {{ id }} }}" for value in values
        )
        if values:
            made.append((f"query({takes}) {{ {asked} }}", values))
    return made


async def _held(ground: Ground, kind: str, field: str) -> list[Any]:
    """Return what the rows of other scopes hold in a column, if there is one of the filter's name."""
    known = {"search": "display_name"}
    column = known.get(field, "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in field))
    table = metadata.tables[f"{SCHEMA}.{table_name(kind)}"]
    if column not in table.c or not isinstance(table.c[column].type, Text):
        return []
    found = await ground.owner.fetch(
        f"SELECT DISTINCT {column} AS held FROM {table} WHERE {column} IS NOT NULL ORDER BY 1 LIMIT 8"
    )
    return [row["held"] for row in found]


@pytest.mark.parametrize("argument", ["after", "before"])
@pytest.mark.parametrize("name", LISTS)
async def test_another_partners_cursor_is_refused(ground: Ground, name: str, argument: str) -> None:
    page = f"{{ {name}(first: 1) {{ nodes {{ id }} pageInfo {{ endCursor }} }} }}"
    asked = f"query($cursor: String) {{ {name}({argument}: $cursor) {{ nodes {{ id }} }} }}"
    asker = next(asker for asker in SIGNED_IN if expected(asker, str(guard_of(query_fields()[name]))).held)
    cursor = (await ground.other(asker).run(page)).data[name]["pageInfo"]["endCursor"]
    assert cursor
    refused = await ground.ask(asker).run(asked, cursor=cursor)
    assert refused.codes == ["BAD_CURSOR"]
    assert refused.partial == {name: None}
    assert (await ground.other(asker).run(asked, cursor=cursor)).data[name] is not None


@pytest.mark.parametrize("mutation", [name for name in MUTATIONS if "idempotencyKey" in input_of(name).fields])
async def test_another_partners_idempotency_key_is_a_key_like_any_other(ground: Ground, mutation: str) -> None:
    await ground.kept.restore()
    asker = next(asker for asker in SIGNED_IN if expected(asker, str(guard_of(mutation_fields()[mutation]))).held)
    document = mutation_document(mutation)
    theirs = await accepted(mutation, house_of(asker, ground.theirs), ground.theirs_joined[asker.name])
    mine = await accepted(mutation, house_of(asker, ground.mine), ground.joined[asker.name])
    done = await ground.other(asker).run(document, input={**theirs, "idempotencyKey": "the same"})
    assert done.user_errors == []
    answer = await ground.ask(asker).run(document, input={**mine, "idempotencyKey": "the same"})
    assert answer.user_errors == []
    assert not ids_in(answer.data) & ids_in(done.data)
    await ground.kept.restore()


# The control: without the layers it leaks, so that the tests above can fail.


async def test_without_both_layers_the_boundary_leaks(ground: Ground) -> None:
    client, theirs = ground.ask("owner", LEAKING), ground.theirs.home
    for kind in ("Client", "ChildOrg", "Subscription", "PartnerAccess", "Invoice", "AuditEntry"):
        answer = await client.run("query($id: ID!) { node(id: $id) { id } }", id=theirs.chosen[kind])
        assert answer.data["node"]["id"] == theirs.chosen[kind], kind
    pages = await page_of_each(client, ["clients", "organisations", "invoices", "changeRequests"])
    mine = {row.id for row in await every_row(ground.owner, ground.mine)}
    for name, page in pages.items():
        assert (page or set()) - mine, name


async def test_without_both_layers_a_change_reaches_another_partner(ground: Ground) -> None:
    changed = set()
    for mutation in MUTATIONS:
        for name in ("owner", "super admin", "admin acting"):
            asker = next(asker for asker in SIGNED_IN if asker.name == name)
            if not expected(asker, str(guard_of(mutation_fields()[mutation]))).held:
                continue
            given = await accepted(mutation, ground.theirs.home, ground.joined[asker.name])
            before = await ground.outside(asker)
            await ground.ask(asker, LEAKING).run(mutation_document(mutation), input=given)
            if await ground.outside(asker) != before:
                changed.add(mutation)
            await ground.kept.restore()
    # Foreign keys inside one partner still refuse what adds rows; what only changes one goes through.
    assert changed >= {"subscriptionChangeSeats", "orgUserEdit", "orgUserDelete", "escalationApprove"}


def test_a_row_belongs_somewhere_for_everybody() -> None:
    assert {asker.name for asker in SIGNED_IN} >= SOME
