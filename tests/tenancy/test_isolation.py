"""Nothing of another partner through anything that the schema offers: generated, so what is new joins by itself."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import asyncpg
import pytest
import pytest_asyncio
from graphql import GraphQLEnumType, get_named_type

from gateway.app import Layers
from gateway.identity.tokens import TokenSigner
from gateway.settings import Settings
from schema import node_ids
from storage.base import new_id
from storage.engine import connect
from storage.rls import REACH_ROLES
from storage.seeding import Account
from tests.conftest import LOGIN, PASSWORD, TEMPLATE, as_login, recreate
from tests.factories.clients import Answer, GatewayClient
from tests.factories.worlds import (
    HELD,
    ID_FILTERS,
    ID_INPUTS,
    LEAKING,
    LISTS,
    LOOKUPS,
    MUTATIONS,
    TENANT_TABLES,
    WHOLE,
    Ask,
    Weakness,
    World,
    every_weakness,
    filter_of,
    fingerprint,
    input_of,
    item_of,
    mutation_document,
    of_a_tenant,
    query_fields,
    selection,
    world_of,
)

NODE: Final = "query($id: ID!) { node(id: $id) { id } }"
COUNT: Final = "SELECT count(*) FROM {}"
held = pytest.mark.parametrize("weakness", HELD.values(), ids=HELD)


@dataclass(frozen=True)
class Pair:
    """Two partners in one database: mine asks, theirs must not be seen; `owner` looks at what happened."""

    mine: World
    theirs: World
    ask: Ask
    me: UUID
    them: UUID
    owner: Any

    def acting(self, weakness: Weakness = WHOLE) -> GatewayClient:
        """Ask as the owner of my partner."""
        return self.ask(self.me, weakness)

    def other(self) -> GatewayClient:
        """Ask as the owner of the other partner."""
        return self.ask(self.them, WHOLE)


@asynccontextmanager
async def pair_in(
    url: str, settings: Settings, layers: Layers, signer: TokenSigner, known: dict[str, Account]
) -> AsyncIterator[Pair]:
    """Open two partners of one database."""
    me, them = known["alder-owner"], known["birch-owner"]
    connection = await connect(url)
    await connection.execute("SET ROLE gateway_owner")
    mine, theirs = await world_of(connection, me), await world_of(connection, them)
    opened = every_weakness(settings, layers.verifier, signer, url, login=LOGIN, password=PASSWORD, login_url=as_login)
    async with opened as ask:
        yield Pair(mine, theirs, ask, me.membership_id, them.membership_id, connection)
    await connection.close()


@pytest_asyncio.fixture(scope="module")
async def pair(  # noqa: PLR0913, PLR0917 - everything that an application is composed of
    server_url: str,
    worker_id: str,
    settings: Settings,
    layers: Layers,
    signer: TokenSigner,
    known: dict[str, Account],
) -> AsyncIterator[Pair]:
    """Two partners in a database of this module's own."""
    url = await recreate(server_url, f"gateway_test_{worker_id}_isolation", template=TEMPLATE)
    async with pair_in(url, settings, layers, signer, known) as made:
        yield made


async def every_page(client: GatewayClient, listed: str, *, where: dict[str, Any] | None = None) -> set[str]:
    """Read all pages of a list, and what one page of it leads to; return every id."""
    given = filter_of(listed).name
    document = (
        f"query($after: String, $filter: {given}) {{ {listed}(first: 100, after: $after, filter: $filter)"
        " { nodes { id } pageInfo { hasNextPage endCursor } } }"
    )
    found: set[str] = set()
    after = None
    while True:
        page = (await client.run(document, after=after, filter=where)).data[listed]
        found |= {node["id"] for node in page["nodes"]}
        if not page["pageInfo"]["hasNextPage"]:
            return found
        after = page["pageInfo"]["endCursor"]


def ids_in(value: Any) -> set[str]:
    """Return every node id in an answer."""
    if isinstance(value, dict):
        return {found for inner in value.values() for found in ids_in(inner)}
    if isinstance(value, list):
        return {found for inner in value for found in ids_in(inner)}
    return {value} if isinstance(value, str) and node_ids.decode(value) else set()


def spread(ids: list[str] | tuple[str, ...], most: int) -> list[str]:
    """Return at most so many of the ids, from all over."""
    return list(ids)[:: max(1, len(ids) // most)][:most]


def another(identifier: str) -> str:
    """Return an id of the same kind that no row has."""
    decoded = node_ids.decode(identifier)
    assert decoded is not None
    return node_ids.encode(decoded[0], new_id())


def mistyped(identifier: str) -> str:
    """Return the same row's id under the tag of another kind."""
    decoded = node_ids.decode(identifier)
    assert decoded is not None
    kind = next(kind for kind in node_ids.KINDS if kind != decoded[0])
    return node_ids.encode(kind, decoded[1])


def said(answer: Answer) -> Any:
    """Return an answer without what tells one request from another."""
    for error in answer.errors:
        error["extensions"].pop("requestId")
    return answer.status, answer.body


@held
@pytest.mark.parametrize("listed", LISTS)
async def test_a_list_holds_nothing_of_another_partner(pair: Pair, listed: str, weakness: Weakness) -> None:
    found = await every_page(pair.acting(weakness), listed)
    assert not found & pair.theirs.every_id
    assert not of_a_tenant(item_of(listed).name) or found


@held
@pytest.mark.parametrize("listed", LISTS)
async def test_nothing_that_a_list_leads_to_is_another_partners(pair: Pair, listed: str, weakness: Weakness) -> None:
    inner = selection(item_of(listed), 2)
    answer = await pair.acting(weakness).run(f"{{ {listed}(first: 20) {{ nodes {{ {inner} }} }} }}")
    found = ids_in(answer.data)
    assert not found & pair.theirs.every_id
    assert found


@held
async def test_no_root_field_leads_to_another_partner(pair: Pair, weakness: Weakness) -> None:
    plain = [name for name, field in query_fields().items() if not field.args]
    asked = " ".join(f"{name} {{ {selection(get_named_type(query_fields()[name].type), 2)} }}" for name in plain)
    found = ids_in((await pair.acting(weakness).run(f"{{ {asked} }}")).data)
    assert not found & pair.theirs.every_id
    assert found


@held
@pytest.mark.parametrize(("name", "argument"), LOOKUPS)
async def test_another_partners_id_finds_what_an_unknown_id_finds(
    pair: Pair, name: str, argument: str, weakness: Weakness
) -> None:
    client = pair.acting(weakness)
    document = f"query($id: ID!) {{ {name}({argument}: $id) {{ id }} }}"
    for kind, ids in pair.theirs.ids.items():
        own = await client.run(document, id=pair.mine.chosen[kind])
        assert own.data[name]["id"] == pair.mine.chosen[kind]
        unknown = said(await client.run(document, id=another(ids[0])))
        for foreign in spread(tuple(ids), 15):
            assert said(await client.run(document, id=foreign)) == unknown
        assert said(await client.run(document, id=mistyped(ids[0]))) == unknown
        assert unknown[1]["data"] == {name: None}


@held
@pytest.mark.parametrize(("listed", "name", "kind"), ID_FILTERS)
async def test_a_filter_by_another_partners_id_finds_nothing(
    pair: Pair, listed: str, name: str, kind: str, weakness: Weakness
) -> None:
    client = pair.acting(weakness)
    if of_a_tenant(kind):
        for foreign in spread(tuple(pair.theirs.ids[kind]), 10):
            assert not await every_page(client, listed, where={name: foreign})
    else:
        assert not await every_page(client, listed, where={name: pair.theirs.chosen[kind]}) & pair.theirs.every_id
    assert not await every_page(client, listed, where={name: another(pair.mine.chosen[kind])})
    assert await every_page(client, listed, where={name: pair.mine.chosen[kind]})


async def _values_of(pair: Pair, listed: str, name: str) -> list[Any]:
    """Return what another partner's rows hold where a filter looks."""
    kind = get_named_type(filter_of(listed).fields[name].type)
    if isinstance(kind, GraphQLEnumType):
        return list(kind.values)
    seen = "displayName" if name == "search" else name
    answer = await pair.other().run(f"{{ {listed}(first: 20) {{ nodes {{ {seen} }} }} }}")
    return [node[seen] for node in answer.data[listed]["nodes"] if node[seen] is not None]


@held
@pytest.mark.parametrize("listed", LISTS)
async def test_a_filter_by_another_partners_values_finds_none_of_its_rows(
    pair: Pair, listed: str, weakness: Weakness
) -> None:
    by_id = {name for found, name, _kind in ID_FILTERS if found == listed}
    for name in set(filter_of(listed).fields) - by_id:
        values = await _values_of(pair, listed, name)
        assert values, f"{listed} has no row to take {name} from"
        for value in values[:10]:
            assert not await every_page(pair.acting(weakness), listed, where={name: value}) & pair.theirs.every_id


@held
@pytest.mark.parametrize("argument", ["after", "before"])
@pytest.mark.parametrize("listed", LISTS)
async def test_another_partners_cursor_is_refused(pair: Pair, listed: str, argument: str, weakness: Weakness) -> None:
    page = f"{{ {listed}(first: 1) {{ nodes {{ id }} pageInfo {{ endCursor }} }} }}"
    asked = f"query($cursor: String) {{ {listed}({argument}: $cursor) {{ nodes {{ id }} }} }}"
    cursor = (await pair.other().run(page)).data[listed]["pageInfo"]["endCursor"]
    refused = await pair.acting(weakness).run(asked, cursor=cursor)
    assert refused.codes == ["BAD_CURSOR"]
    assert refused.partial == {listed: None}
    assert (await pair.other().run(asked, cursor=cursor)).data[listed] is not None


def _with(given: dict[str, Any], path: tuple[str, ...], identifier: str) -> dict[str, Any]:
    *outer, last = path
    inner = given
    for name in outer:
        inner = inner[name]
    inner[last] = identifier
    return given


@held
@pytest.mark.parametrize(("mutation", "path", "kind"), ID_INPUTS, ids=str)
async def test_a_change_by_another_partners_id_is_a_change_by_an_unknown_one(
    pair: Pair, mutation: str, path: tuple[str, ...], kind: str, weakness: Weakness
) -> None:
    client, document, takes = pair.acting(weakness), mutation_document(mutation), input_of(mutation)

    async def change(identifier: str) -> Any:
        return said(await client.run(document, input=_with(pair.mine.valid(takes), path, identifier)))

    before = await fingerprint(pair.owner, pair.theirs.partner_id)
    mine_before = await fingerprint(pair.owner, pair.mine.partner_id)
    unknown = await change(another(pair.mine.chosen[kind]))
    if of_a_tenant(kind):
        for foreign in spread(tuple(pair.theirs.ids[kind]), 4):
            assert await change(foreign) == unknown
        assert await change(pair.theirs.chosen[kind]) == unknown
    assert await change(mistyped(pair.mine.chosen[kind])) == unknown
    assert await change("nonsense") == unknown
    (payload,) = unknown[1]["data"].values()
    assert [error["code"] for error in payload["userErrors"]] == ["NOT_FOUND"]
    assert [value for name, value in payload.items() if name != "userErrors"] == [None]
    assert await fingerprint(pair.owner, pair.theirs.partner_id) == before
    assert await fingerprint(pair.owner, pair.mine.partner_id) == mine_before


@held
@pytest.mark.parametrize("mutation", MUTATIONS)
async def test_a_change_with_own_ids_succeeds_and_touches_nobody_else(
    pair: Pair, mutation: str, weakness: Weakness
) -> None:
    before = await fingerprint(pair.owner, pair.theirs.partner_id)
    mine_before = await fingerprint(pair.owner, pair.mine.partner_id)
    answer = await pair.acting(weakness).run(mutation_document(mutation), input=pair.mine.valid(input_of(mutation)))
    assert answer.user_errors == []
    assert ids_in(answer.data)
    assert not ids_in(answer.data) & pair.theirs.every_id
    assert await fingerprint(pair.owner, pair.theirs.partner_id) == before
    assert await fingerprint(pair.owner, pair.mine.partner_id) != mine_before


@held
@pytest.mark.parametrize("mutation", MUTATIONS)
async def test_another_partners_idempotency_key_is_a_key_like_any_other(
    pair: Pair, mutation: str, weakness: Weakness
) -> None:
    document, takes = mutation_document(mutation), input_of(mutation)
    theirs = pair.theirs.valid(takes)
    done = await pair.other().run(document, input=theirs)
    assert done.user_errors == []
    answer = await pair.acting(weakness).run(
        document, input={**pair.mine.valid(takes), "idempotencyKey": theirs["idempotencyKey"]}
    )
    assert answer.user_errors == []
    assert not ids_in(answer.data) & ids_in(done.data)


async def test_without_both_layers_the_boundary_leaks(
    fresh_database: str, settings: Settings, layers: Layers, signer: TokenSigner, known: dict[str, Account]
) -> None:
    async with pair_in(fresh_database, settings, layers, signer, known) as pair:
        client = pair.acting(LEAKING)
        for kind, foreign in pair.theirs.chosen.items():
            answer = await client.run(NODE, id=foreign)
            assert answer.data["node"]["id"] == foreign, kind
        for listed in LISTS:
            if of_a_tenant(item_of(listed).name):
                assert await every_page(client, listed) & pair.theirs.every_id
        changed: set[str] = set()
        for mutation in MUTATIONS:
            before = await fingerprint(pair.owner, pair.theirs.partner_id)
            await client.run(mutation_document(mutation), input=pair.theirs.valid(input_of(mutation)))
            if await fingerprint(pair.owner, pair.theirs.partner_id) != before:
                changed.add(mutation)
        # Foreign keys inside one partner still refuse what adds rows; what only changes one goes through.
        assert "subscriptionChangeSeats" in changed


@pytest.mark.parametrize("role", REACH_ROLES.values())
async def test_a_reach_without_a_scope_sees_and_changes_no_row(owner_url: str, role: str) -> None:
    connection = await connect(as_login(owner_url))
    await connection.execute(f"SET ROLE {role}")
    seen: dict[str, int] = {}
    for table in TENANT_TABLES:
        for verb in (
            COUNT,
            "WITH changed AS (UPDATE {} SET partner_id = partner_id RETURNING 1) SELECT count(*) FROM changed",
            "WITH gone AS (DELETE FROM {} RETURNING 1) SELECT count(*) FROM gone",
        ):
            statement = verb.format(table)
            try:
                seen[statement] = await connection.fetchval(statement)
            except asyncpg.InsufficientPrivilegeError:
                seen[statement] = 0
    await connection.close()
    assert not any(seen.values())


@pytest.mark.parametrize("table", TENANT_TABLES, ids=lambda table: str(table.name))
async def test_the_login_itself_may_not_even_look(owner_url: str, owner: Any, table: Any) -> None:
    connection = await connect(as_login(owner_url))
    for verb in (COUNT, "DELETE FROM {}", "UPDATE {} SET partner_id = NULL"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(verb.format(table))
    await connection.close()


@pytest.mark.parametrize("role", REACH_ROLES.values())
async def test_an_empty_setting_is_no_scope(owner_url: str, role: str) -> None:
    connection = await connect(as_login(owner_url))
    async with connection.transaction():
        await connection.execute(
            "SELECT set_config('role', $1, true), set_config('app.partner', '', true),"
            " set_config('app.clients', '', true), set_config('app.org', '', true)",
            role,
        )
        for table in TENANT_TABLES:
            if await connection.fetchval("SELECT has_table_privilege($1, 'SELECT')", str(table)):
                assert await connection.fetchval(COUNT.format(table)) == 0
    await connection.close()
