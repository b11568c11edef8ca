"""What the tests of HTTP share: raw requests, and applications that are composed in another way."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import httpx2
import orjson
import pytest
import pytest_asyncio

from gateway.app import Layers, compose
from gateway.settings import Settings
from storage.engine import Database
from storage.seeding import Account
from tests.conftest import as_login
from tests.factories.clients import GatewayClient, running

Sent = Callable[..., Awaitable[httpx2.Response]]


@pytest.fixture
def send(alder: GatewayClient) -> Sent:
    """Send a request to `/graphql` as somebody who is signed in: `body` is JSON, or bytes as they are."""

    async def sent(
        body: Any = None, *, method: str = "POST", path: str = "/graphql", headers: dict[str, str] | None = None
    ) -> httpx2.Response:
        content = body if isinstance(body, bytes | None) else orjson.dumps(body)
        given = {"Content-Type": "application/json", "Authorization": f"Bearer {alder.token}", **(headers or {})}
        return await alder.http.request(method, path, content=content, headers=given)

    return sent


@pytest_asyncio.fixture(scope="module")
async def production(settings: Settings, layers: Layers, owner_url: str) -> AsyncIterator[GatewayClient]:
    """The application as it runs in production."""
    own = replace(layers, database=Database(as_login(owner_url), size=2))
    async with running(settings.model_copy(update={"environment": "production"}), own) as client:
        yield client


@pytest_asyncio.fixture(scope="module")
async def with_accounts(
    settings: Settings, layers: Layers, owner_url: str, known: dict[str, Account]
) -> AsyncIterator[httpx2.AsyncClient]:
    """The application that knows the demo's accounts."""
    own = replace(layers, database=Database(as_login(owner_url), size=2))
    app = compose(settings, own, accounts=list(known.values()))
    async with app.router.lifespan_context(app):
        transport = httpx2.ASGITransport(app=app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as http:
            yield http


@pytest.fixture
def elsewhere(settings: Settings, layers: Layers) -> Callable[[str], Any]:
    """Run the application on another database, given by its URL as the owner."""

    @asynccontextmanager
    async def composed(owner_url: str) -> AsyncIterator[GatewayClient]:
        own = replace(layers, database=Database(as_login(owner_url), size=2))
        async with running(settings, own) as client:
            yield client

    return composed
