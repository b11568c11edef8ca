"""What the tests of operations share: a partner of one's own, and the proof that nothing was written."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest
import pytest_asyncio

from gateway.app import Layers
from gateway.identity.tokens import TokenSigner
from gateway.settings import Settings
from storage.engine import Database, connect
from tests.conftest import as_login
from tests.factories.clients import GatewayClient, running
from tests.operations.changes import Shop, open_shop
from tests.operations.lists import Crowd, gather_crowd
from tests.operations.worlds import Row, World, everything, found

Unchanged = Callable[[], AbstractAsyncContextManager[None]]


@pytest_asyncio.fixture
async def world(owner: Any, gateway: GatewayClient, signer: TokenSigner) -> World:
    """A partner of the test's own, with a member of each role and nothing else."""
    return await found(owner, gateway, signer)


@pytest.fixture
def unchanged(owner: Any) -> Unchanged:
    """Prove that no row of any table is added, changed or removed while the context that this makes is open.

    A denial's own entry in the audit trail is the one exception.
    """

    @asynccontextmanager
    async def proving() -> AsyncIterator[None]:
        before = await everything(owner)
        yield
        assert await everything(owner) == before

    return proving


@pytest_asyncio.fixture
async def plans(owner: Any) -> dict[str, Row]:
    """The demo's plans by their short names."""
    return {row["code"]: dict(row) for row in await owner.fetch("SELECT * FROM gateway.plan")}


@pytest_asyncio.fixture
async def shop(world: World, plans: dict[str, Row]) -> Shop:
    """A partner of the test's own with a client, its organisation and a subscription of 10 seats to Mail Standard."""
    return await open_shop(world, plans["mail-standard"])


@pytest_asyncio.fixture
async def other_shop(owner: Any, gateway: GatewayClient, signer: TokenSigner, plans: dict[str, Row]) -> Shop:
    """The same under another partner."""
    return await open_shop(await found(owner, gateway, signer), plans["mail-standard"])


@pytest_asyncio.fixture(scope="session")
async def hasty(settings: Settings, layers: Layers, owner_url: str) -> AsyncIterator[GatewayClient]:
    """The application, which gives up at once what somebody else holds; production waits for half a second."""
    url = as_login(owner_url)
    own = replace(layers, database=Database(f"{url}{'&' if urlsplit(url).query else '?'}lock_timeout=20ms", size=2))
    async with running(settings, own) as client:
        yield client


@pytest.fixture
def hasty_shop(shop: Shop, hasty: GatewayClient) -> Shop:
    """The shop, whose people ask the application that gives up at once."""
    return replace(shop, world=replace(shop.world, gateway=hasty))


@pytest_asyncio.fixture(scope="session")
async def crowd(owner_url: str, gateway: GatewayClient, signer: TokenSigner) -> AsyncIterator[Crowd]:
    """A partner with many rows of every kind, which no test changes."""
    connection = await connect(owner_url)
    async with connection.transaction():
        await connection.execute("SET LOCAL ROLE gateway_owner")
        plans = [dict(row) for row in await connection.fetch("SELECT * FROM gateway.plan ORDER BY code")]
        made = await gather_crowd(await found(connection, gateway, signer), plans)
    await connection.execute("SET ROLE gateway_owner")
    yield made
    await connection.close()
