"""Bringing a database up to date: roles, revisions, grants and policies, by one process at a time."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import asyncpg
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine

from storage import rls
from storage.base import SCHEMA
from storage.engine import connect, dsn_for_asyncpg
from storage.tables import metadata

_LOCK: Final = 7_310_553_201_962_211
_POLL_SECONDS: Final = 0.05
_PATIENCE: Final = 40


class UnsupportedServerError(Exception):
    """The server is older than PostgreSQL 15."""


class PrivilegedLoginError(Exception):
    """The role that the serving process connects as could pass over row-level security."""


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def head_revision() -> str:
    """Return the revision that this code is written for."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    if head is None:  # pragma: no cover - the first revision is always there
        message = "there is no revision"
        raise RuntimeError(message)
    return head


async def current_revision(url: str) -> str | None:
    """Return the revision that a database is at, None where it was never migrated.

    Raises:
        DatabaseUnreachableError: the server cannot be reached.
    """
    connection = await connect(url)
    try:
        revision: str | None = await connection.fetchval(f"SELECT version_num FROM {SCHEMA}.alembic_version")
    except (asyncpg.UndefinedTableError, asyncpg.InvalidSchemaNameError):
        return None
    else:
        return revision
    finally:
        await connection.close()


async def upgrade(owner_url: str, *, login: str, password: str, revision: str = "head") -> None:
    """Migrate as the owner and renew the login role; safe when several processes start at once.

    Raises:
        DatabaseUnreachableError: the server cannot be reached.
        UnsupportedServerError: the server is older than PostgreSQL 15.
        PrivilegedLoginError: the login role is there and may do too much.
    """
    async with _alone(owner_url) as connection:
        await _patiently(lambda: _prepare_roles(connection, login=login, password=password))
        await _run(owner_url, lambda synchronous: _upgrade(synchronous, revision, login))


async def downgrade(owner_url: str, *, revision: str) -> None:
    """Take revisions back; data of the tables that go is lost."""
    async with _alone(owner_url):
        await _run(owner_url, lambda synchronous: command.downgrade(_config(synchronous), revision))


async def drift(owner_url: str) -> list[Any]:
    """List how the catalogue differs from the declared tables; empty when it does not."""
    found: list[Any] = []

    def compare(connection: Connection) -> None:
        context = MigrationContext.configure(
            connection, opts={"include_schemas": True, "version_table_schema": SCHEMA, "include_name": _only_ours}
        )
        found.extend(compare_metadata(context, metadata))

    await _run(owner_url, compare)
    return found


def _only_ours(name: str | None, kind: str, _parents: Any) -> bool:
    return kind != "schema" or name == SCHEMA


def _upgrade(connection: Connection, revision: str, login: str) -> None:
    command.upgrade(_config(connection), revision)
    connection.exec_driver_sql(rls.drop_policy_statement())
    for statement in rls.security_statements(login):
        connection.exec_driver_sql(statement)


async def _run(owner_url: str, work: Any) -> None:
    engine = create_async_engine(
        "postgresql+asyncpg://", async_creator=lambda: asyncpg.connect(dsn_for_asyncpg(owner_url))
    )
    try:
        async with engine.begin() as connection:
            await connection.exec_driver_sql(f"SET LOCAL ROLE {rls.OWNER}")
            await connection.run_sync(work)
    finally:
        await engine.dispose()


@asynccontextmanager
async def _alone(owner_url: str) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """Hold the migration lock; it is polled for, because waiting for it inside a statement can deadlock."""
    connection = await connect(owner_url)
    try:
        if connection.get_server_version() < (15,):
            message = f"PostgreSQL 15 or newer is needed; the server is {connection.get_server_version().major}."
            raise UnsupportedServerError(message)
        while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", _LOCK):  # noqa: ASYNC110 - see above
            await asyncio.sleep(_POLL_SECONDS)
        yield connection
    finally:
        await connection.close()


async def _patiently(work: Callable[[], Awaitable[None]]) -> None:
    """Do what touches roles, again where a migration of another database of the same server was in the way.

    Roles belong to the whole server, and PostgreSQL does not queue those who change one at the same time.
    """
    for _ in range(_PATIENCE):
        try:
            return await work()
        except (asyncpg.InternalServerError, asyncpg.UniqueViolationError):
            await asyncio.sleep(_POLL_SECONDS)
    return await work()


async def _prepare_roles(connection: Any, *, login: str, password: str) -> None:
    for statement in rls.role_statements():
        await connection.execute(statement)
    literal = await connection.fetchval("SELECT quote_literal($1::text)", password)
    known = await connection.fetchrow(
        "SELECT rolsuper OR rolbypassrls AS mighty FROM pg_roles WHERE rolname = $1", login
    )
    if known is not None and known["mighty"]:
        message = f"The role {login} passes over row-level security; name another with DATABASE_LOGIN_ROLE."
        raise PrivilegedLoginError(message)
    for statement in rls.login_statements(login, "ALTER" if known else "CREATE", literal):
        await connection.execute(statement)
    await connection.execute(f"GRANT {rls.OWNER} TO CURRENT_USER")
    await connection.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA} AUTHORIZATION {rls.OWNER}")
