"""What must stand before the first request: a database, migrated, and with a demo the first time."""

import asyncio
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote, urlsplit, urlunsplit

from gateway.identity.keys import Keys
from gateway.settings import Settings
from storage.embedded import Embedded, running_url
from storage.engine import connect
from storage.migrate import current_revision, head_revision, upgrade
from storage.seeding import Account, Shape, accounts, is_empty, seed

DATABASE: Final = "gateway"
DEMO: Final = Shape()


__all__ = ["Account", "Shape", "accounts", "is_empty", "seed"]


class CannotStartError(Exception):
    """Something stands in the way of starting; the message is one line for people."""


@contextmanager
def owner_database(settings: Settings, *, alone: bool = False) -> Iterator[str]:
    """Give the database's URL as its owner, starting the embedded server where none is configured.

    One that another process runs is shared, unless this one must be `alone`.

    Raises:
        CannotStartError: only the unprivileged login is configured.
        EmbeddedError: the embedded server cannot be started.
        DatabaseUnreachableError: the configured database cannot be reached.
    """
    if settings.database_url is not None:
        yield settings.database_url.get_secret_value()
        return
    if settings.database_login_url is not None:
        message = "DATABASE_URL is not set: this needs the owner's URL, DATABASE_LOGIN_URL is not enough."
        raise CannotStartError(message)
    running = None if alone else running_url(settings.data_dir, DATABASE)
    if running is not None:
        yield running
        return
    with Embedded(settings.data_dir) as server:
        asyncio.run(_create_database(server.url()))
        yield server.url(DATABASE)


@contextmanager
def login_database(settings: Settings) -> Iterator[str]:
    """Give the URL of a database that is up to date as the unprivileged login, sharing the embedded server.

    Raises:
        CannotStartError: the database must be migrated first.
        EmbeddedError: the embedded server cannot be started.
        DatabaseUnreachableError: the configured database cannot be reached.
    """
    if settings.database_url is None and settings.database_login_url is not None:
        url = settings.database_login_url.get_secret_value()
        asyncio.run(demand_current(url))
        yield url
        return
    with owner_database(settings) as owner_url:
        asyncio.run(demand_current(owner_url))
        yield login_url(settings, owner_url)


async def _create_database(url: str) -> None:
    connection = await connect(url)
    try:
        if not await connection.fetchval("SELECT true FROM pg_database WHERE datname = $1", DATABASE):
            await connection.execute(f"CREATE DATABASE {DATABASE} TEMPLATE template0 ENCODING 'UTF8'")
    finally:
        await connection.close()


def login_url(settings: Settings, owner_url: str) -> str:
    """Return the URL of the unprivileged login for the owner's database."""
    if settings.database_login_url is not None:
        return settings.database_login_url.get_secret_value()
    role = settings.database_login_role
    password = Keys(settings.data_dir).database_password(role)
    parts = urlsplit(owner_url)
    place = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{quote(role)}:{quote(password)}@{place}"))


async def migrate(settings: Settings, owner_url: str) -> None:
    """Bring the database to this release's revision."""
    role = settings.database_login_role
    password = Keys(settings.data_dir).database_password(role)
    await upgrade(owner_url, login=role, password=password)


async def demand_current(url: str) -> None:
    """Refuse a database at another revision.

    Raises:
        CannotStartError: it must be migrated first.
    """
    found = await current_revision(url)
    if found != head_revision():
        message = f"The database is at revision {found}, this release needs {head_revision()}: run `gateway migrate`."
        raise CannotStartError(message)


async def demo_accounts(owner_url: str, *, progress: Callable[[int, int], None] | None = None) -> list[Account]:
    """Return the demo's accounts, seeding an empty database first."""
    if await is_empty(owner_url):
        await seed(owner_url, DEMO, now=datetime.now(UTC), progress=progress)
    return await accounts(owner_url)


def demand_free_port(host: str, port: int) -> None:
    """Refuse a port that is taken.

    Raises:
        CannotStartError: somebody else listens there, or it may not be used.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        if os.name == "posix":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            message = f"Port {port} of {host} cannot be used: {error.strerror}. Choose another with --port."
            raise CannotStartError(message) from error
