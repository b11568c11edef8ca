"""Migrations: up from nothing, down to nothing, up again, and by several processes at once."""

import asyncio
import sys
from collections.abc import AsyncIterator
from typing import Any, Final

import asyncpg
import pytest
import pytest_asyncio

from storage import migrate
from storage.base import SCHEMA, metadata
from storage.engine import DatabaseUnreachableError, connect
from storage.migrate import UnsupportedServerError, current_revision, downgrade, drift, head_revision, upgrade
from tests.conftest import PASSWORD

PROCESS: Final = """
import asyncio, sys
from storage.migrate import upgrade
asyncio.run(upgrade(sys.argv[1], login=sys.argv[2], password=sys.argv[3]))
"""


@pytest_asyncio.fixture
async def own_login(empty_database: str, worker_id: str) -> AsyncIterator[str]:
    """The name of a login of this test's own: roles belong to the whole server."""
    name = f"gateway_test_migrating_{worker_id}"
    yield name
    connection = await connect(empty_database)
    if await connection.fetchval("SELECT true FROM pg_roles WHERE rolname = $1", name):
        await connection.execute(f"DROP OWNED BY {name}")
        await connection.execute(f"DROP ROLE {name}")
    await connection.close()


async def relations(url: str) -> set[str]:
    """Return the tables and sequences of the schema."""
    connection = await connect(url)
    try:
        found = await connection.fetch(
            "SELECT relname FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace"
            " WHERE n.nspname = $1 AND relkind IN ('r', 'S', 'v', 'm', 'p')",
            SCHEMA,
        )
    finally:
        await connection.close()
    return {row["relname"] for row in found}


def declared() -> set[str]:
    """Return the tables that are declared, and Alembic's own."""
    return {table.name for table in metadata.sorted_tables} | {"alembic_version"}


async def test_up_from_empty_down_to_base_and_up_again(empty_database: str, own_login: str) -> None:
    assert await current_revision(empty_database) is None
    await upgrade(empty_database, login=own_login, password=PASSWORD)
    assert await current_revision(empty_database) == head_revision()
    assert await drift(empty_database) == []
    assert await relations(empty_database) == declared()

    await downgrade(empty_database, revision="base")
    assert await current_revision(empty_database) is None
    assert await relations(empty_database) == {"alembic_version"}

    await upgrade(empty_database, login=own_login, password=PASSWORD)
    assert await drift(empty_database) == []
    assert await relations(empty_database) == declared()


async def test_upgrading_what_is_up_to_date_changes_nothing(empty_database: str, own_login: str) -> None:
    await upgrade(empty_database, login=own_login, password=PASSWORD)
    before = await relations(empty_database)
    await upgrade(empty_database, login=own_login, password=PASSWORD)
    assert await relations(empty_database) == before
    assert await drift(empty_database) == []


async def test_a_difference_from_the_declarations_is_drift(empty_database: str, own_login: str) -> None:
    await upgrade(empty_database, login=own_login, password=PASSWORD)
    connection = await connect(empty_database)
    await connection.execute(f"ALTER TABLE {SCHEMA}.client ADD COLUMN stray text")
    await connection.close()
    assert [found[0] for found in await drift(empty_database)] == ["remove_column"]


async def test_processes_that_upgrade_at_once_all_succeed(empty_database: str, own_login: str) -> None:
    started = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", PROCESS, empty_database, own_login, PASSWORD, stderr=asyncio.subprocess.PIPE
        )
        for _ in range(2)
    ]
    ends = await asyncio.gather(*(process.communicate() for process in started))
    assert [process.returncode for process in started] == [0, 0], [error.decode() for _, error in ends]
    assert await current_revision(empty_database) == head_revision()
    assert await relations(empty_database) == declared()


async def test_one_upgrade_waits_for_another(
    empty_database: str, own_login: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited = asyncio.Event()
    holder = await connect(empty_database)
    await holder.execute("SELECT pg_advisory_lock($1)".replace("$1", str(migrate._LOCK)))  # noqa: SLF001 - the lock itself
    pause = asyncio.sleep

    async def noticed(seconds: float) -> None:
        waited.set()
        await pause(seconds)

    monkeypatch.setattr("storage.migrate.asyncio.sleep", noticed)
    upgrading = asyncio.create_task(upgrade(empty_database, login=own_login, password=PASSWORD))
    await waited.wait()
    assert await relations(empty_database) == set()
    await holder.close()
    await upgrading
    assert await relations(empty_database) == declared()


async def test_an_old_server_is_refused_before_anything_is_made(
    empty_database: str, own_login: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = asyncpg.types.ServerVersion(14, 9, 0, "final", 0)
    monkeypatch.setattr(asyncpg.Connection, "get_server_version", lambda _self: old)
    with pytest.raises(UnsupportedServerError, match="the server is 14"):
        await upgrade(empty_database, login=own_login, password=PASSWORD)
    monkeypatch.undo()
    assert await relations(empty_database) == set()


@pytest.mark.parametrize("work", [current_revision, drift])
async def test_an_unreachable_server_is_named_without_its_password(work: Any) -> None:
    with pytest.raises((DatabaseUnreachableError, OSError)) as caught:
        await work("postgresql://someone:hidden-word@127.0.0.1:1/none")
    assert "hidden-word" not in str(caught.value)
