"""What the login sees and locks before anybody has entered, and what the roles of the reaches see of set keys."""

from collections.abc import AsyncIterator, Mapping
from typing import Any, Final

import pytest
import pytest_asyncio
from asyncpg import InsufficientPrivilegeError, Record

from storage.accesses import AccessState, partner_access
from storage.audit import audit_entry
from storage.base import SCHEMA, Reach, metadata
from storage.engine import connect
from storage.events import event
from storage.organisations import child_org
from storage.rls import REACH_ROLES
from tests.conftest import as_login
from tests.factories.worlds import TENANT_TABLES
from tests.tenancy.conftest import Ground


@pytest_asyncio.fixture(autouse=True)
async def as_it_was(ground: Ground) -> AsyncIterator[None]:
    """Undo what a test changes behind the gateway's back."""
    yield
    await ground.kept.restore()


PEEKED: Final = {
    "partner_access": "partner_id, id, client_id, child_org_id, state, full_administration, privileges, expires_at",
    "acting_session": "partner_id, id, access_id, membership_id, expires_at",
    "partner_org": "partner_id, id, name, support_email, parent_partner_id",
}


@pytest_asyncio.fixture
async def login(ground: Ground) -> AsyncIterator[Any]:
    """A connection of the login, in no scope."""
    connection = await connect(as_login(ground.url))
    yield connection
    await connection.close()


@pytest.mark.parametrize("table", TENANT_TABLES, ids=lambda table: str(table.name))
async def test_without_a_scope_the_login_sees_of_a_table_what_entering_needs(login: Any, table: Any) -> None:
    with pytest.raises(InsufficientPrivilegeError):
        await login.fetch(f"SELECT * FROM {table}")
    for column in table.c.keys():  # noqa: SIM118 - not a dict
        if column in PEEKED.get(table.name, "").split(", "):
            assert await login.fetch(f"SELECT {column} FROM {table} LIMIT 1")
            continue
        with pytest.raises(InsufficientPrivilegeError):
            await login.fetch(f"SELECT {column} FROM {table} LIMIT 1")


async def test_without_a_scope_the_login_sees_accesses_that_are_alive(ground: Ground, login: Any) -> None:
    await ground.mine.world.change(partner_access, ground.mine.home.shop.access["id"], state=AccessState.ENDED)
    alive = await ground.owner.fetchval("SELECT count(*) FROM gateway.partner_access WHERE state = 'ACTIVE'")
    assert await login.fetchval("SELECT count(id) FROM gateway.partner_access") == alive > 0


@pytest.mark.parametrize("table", [*PEEKED, "membership"])
async def test_without_a_scope_the_login_changes_nothing(ground: Ground, login: Any, table: str) -> None:
    before = await ground.all_sums()
    columns = metadata.tables[f"{SCHEMA}.{table}"].c.keys()
    for column in columns:
        if (table, column) == ("membership", "share_lock"):
            continue
        with pytest.raises(InsufficientPrivilegeError):
            await login.execute(f"UPDATE gateway.{table} SET {column} = {column}")
    for statement in (f"DELETE FROM gateway.{table}", f"INSERT INTO gateway.{table} DEFAULT VALUES"):
        with pytest.raises(InsufficientPrivilegeError):
            await login.execute(statement)
    assert await ground.all_sums() == before


async def test_without_a_scope_the_login_locks_what_can_be_ended(login: Any) -> None:
    for table in ("partner_access", "membership"):
        assert await login.fetch(f"SELECT id FROM gateway.{table} LIMIT 1 FOR SHARE")
    for table in ("acting_session", "partner_org"):
        with pytest.raises(InsufficientPrivilegeError):
            await login.fetch(f"SELECT id FROM gateway.{table} LIMIT 1 FOR SHARE")


async def _visible(login: Any, reach: Reach, table: Any, settings: Mapping[str, str] | None = None) -> list[Record]:
    async with login.transaction():
        for name, value in (settings or {}).items():
            await login.execute("SELECT set_config($1, $2, true)", name, value)
        await login.execute(f"SET LOCAL ROLE {REACH_ROLES[reach]}")
        found: list[Record] = await login.fetch(f"SELECT * FROM {table}")
        return found


@pytest.mark.parametrize("reach", Reach)
async def test_a_role_without_settings_sees_no_row(login: Any, reach: Reach) -> None:
    for table in TENANT_TABLES:
        rows = table.info["rows"]
        if rows.keys[reach] is None or "SELECT" not in rows.may(reach):
            with pytest.raises(InsufficientPrivilegeError):
                await _visible(login, reach, table)
        else:
            assert await _visible(login, reach, table) == []


async def test_the_platforms_staff_sees_no_row_whatever_is_set(ground: Ground, login: Any) -> None:
    settings = {"app.partner": str(ground.mine.partner_id), "app.clients": f"{{{ground.mine.home.client_id}}}"}
    for table in TENANT_TABLES:
        with pytest.raises(InsufficientPrivilegeError):
            await _visible(login, Reach.PLATFORM, table, settings)


async def test_a_fence_sees_of_the_trail_nothing_that_is_the_organisations_own(ground: Ground, login: Any) -> None:
    home, world = ground.mine.home, ground.mine.world
    settings = {"app.partner": str(ground.mine.partner_id), "app.clients": f"{{{home.client_id}}}"}
    places = {"client_id": home.client_id, "child_org_id": home.organisation_id, "target_id": home.organisation_id}
    told = {**places, "type": "fence.tested", "target_kind": "child_org", "target_version": 1, "payload": {}}
    for internal in (False, True):
        await world.add(event, **told, org_internal=internal)
        await world.entry(home.shop.organisation, operation="fence.tested", org_internal=internal)
    for reach, internals in ((Reach.CLIENT, [False, True]), (Reach.FENCE, [False])):
        happened = await _visible(login, reach, event, settings)
        assert sorted(row["org_internal"] for row in happened if row["type"] == "fence.tested") == internals
        entries = await _visible(login, reach, audit_entry, settings)
        assert sorted(row["org_internal"] for row in entries if row["operation"] == "fence.tested") == internals


async def test_a_fence_sees_no_organisation_that_left_the_partner(ground: Ground, login: Any) -> None:
    houses = ground.mine.houses
    settings = {"app.partner": str(ground.mine.partner_id), "app.clients": f"{{{ground.mine.home.client_id}}}"}
    ids = {name: house.organisation_id for name, house in houses.items() if name != "cottage"}
    contacts = {row["id"] for row in await _visible(login, Reach.CLIENT, child_org, settings)}
    scripts = {row["id"] for row in await _visible(login, Reach.FENCE, child_org, settings)}
    assert contacts == set(ids.values())
    assert contacts - scripts == {ids["ruin"]}
