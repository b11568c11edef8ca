"""Settings of connections: one that would last is refused, and one that was leaked is noticed."""

from typing import Any, Final

import asyncpg
import pytest

from gateway.app import Layers
from storage.engine import LastingSettingError
from tenancy.entering import LeftoverSettingError
from tests.factories.clients import GatewayClient


@pytest.mark.parametrize(
    "statement",
    [
        "SET app.partner = 'x'",
        "set role gateway_staff",
        "SET SESSION app.partner = 'x'",
        "  /* why */ SET ROLE gateway_staff",
        "-- why\nSET ROLE gateway_staff",
        "SELECT set_config('app.partner', 'x', false)",
        "SELECT set_config('app.partner', lower('X'), false)",
        "SELECT set_config('app.partner', 'x', $1)",
        "SELECT set_config('a', 'b', true), pg_catalog.set_config('app.partner', 'x', 'f')",
        "SELECT \"set_config\"('app.partner', 'x', false)",
        "SELECT set_config('app.partner', 'x', false",
    ],
)
async def test_a_setting_that_would_last_is_refused(layers: Layers, gateway: GatewayClient, statement: str) -> None:
    async with layers.database.writes.connect() as connection:
        with pytest.raises(LastingSettingError):
            await connection.exec_driver_sql(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "SET LOCAL app.partner = 'x'",
        "SET TRANSACTION READ ONLY",
        "SET CONSTRAINTS ALL DEFERRED",
        "SELECT set_config('app.partner', lower('X'), true)",
        "SELECT 'SET app.partner'",
    ],
)
async def test_a_setting_of_the_transaction_passes(layers: Layers, gateway: GatewayClient, statement: str) -> None:
    async with layers.database.writes.connect() as connection:
        await connection.exec_driver_sql(statement)


_LEFT: Final = """
    SELECT nullif(concat(current_setting('app.partner', true), current_setting('app.clients', true),
                         current_setting('app.org', true)), '') AS settings,
           current_user = session_user AS itself
"""
# By its name the client comes last: others look at the first of the same partner.
_CHANGE: Final = (
    'mutation { clientCreate(input: {companyName: "zz Left", email: "left@mail.example"}) { client { id } } }'
)


async def _left_on_connections(layers: Layers) -> list[tuple[str | None, bool]]:
    """Return the settings and roles on every idle connection of both pools."""
    reads = layers.database.reads
    taken = [await reads.acquire() for _ in reads.idle]
    rows = [await connection.fetchrow(_LEFT) for connection in taken]
    for connection in taken:
        reads.release(connection)
    async with layers.database.writes.connect() as writing:
        rows.append((await writing.exec_driver_sql(_LEFT)).mappings().one())
    return [(row["settings"], row["itself"]) for row in rows]


async def test_a_connection_returns_without_a_setting_or_a_role(alder: GatewayClient, layers: Layers) -> None:
    await alder.run("{ clients(first: 1) { nodes { id } } }")
    await alder.run(_CHANGE)
    await alder.run(
        'mutation { clientCreate(input: {companyName: "zz Left", email: "left@mail.example"}) { userErrors { code } } }'
    )
    assert set(await _left_on_connections(layers)) == {(None, True)}


async def test_a_leaked_setting_is_noticed_and_its_connection_thrown_away(
    alder: GatewayClient, layers: Layers, capsys: pytest.CaptureFixture[str]
) -> None:
    reads = layers.database.reads
    taken = [await reads.acquire() for _ in range(max(1, len(reads.idle)))]
    for connection in taken:
        await connection.execute("SELECT set_config('app.partner', gen_random_uuid()::text, false)")
    for connection in taken:
        reads.release(connection)
    for _ in taken:
        refused = await alder.run("{ clients(first: 1) { nodes { id } } }")
        assert refused.codes == ["INTERNAL"]
        assert refused.partial is None
    assert LeftoverSettingError.__name__ in capsys.readouterr().out
    assert (await alder.run("{ clients(first: 1) { nodes { id } } }")).data["clients"]["nodes"]


async def test_a_setting_leaked_on_a_writing_connection_is_noticed_too(
    alder: GatewayClient, layers: Layers, owner: Any
) -> None:
    pool: Any = layers.database.writes.sync_engine.pool
    await alder.run(_CHANGE)
    async with layers.database.writes.connect() as connection:
        raw = (await connection.get_raw_connection()).driver_connection
        assert isinstance(raw, asyncpg.Connection)
        await raw.execute("SELECT set_config('app.partner', gen_random_uuid()::text, false)")
    before = await owner.fetchval("SELECT count(*) FROM gateway.client")
    answers = [await alder.run(_CHANGE) for _ in range(pool.checkedin())]
    assert sum(answer.codes == ["INTERNAL"] for answer in answers) == 1
    made = sum("errors" not in answer.body for answer in answers)
    assert await owner.fetchval("SELECT count(*) FROM gateway.client") == before + made
    assert "errors" not in (await alder.run(_CHANGE)).body
