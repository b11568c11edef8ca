"""One database server for the whole run, one database for each worker, and clients that ask over HTTP.

The controller starts the server (or takes `DATABASE_URL`), migrates and seeds a template; every worker clones it.
What a test asks goes through the composed application as the unprivileged login.
"""

import asyncio
import gc
import os
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlsplit, urlunsplit

import hypothesis
import pytest
import pytest_asyncio

from gateway.app import Layers
from gateway.identity.keys import Keys
from gateway.identity.tokens import JwtVerifier, TokenSigner
from gateway.serving import GARBAGE_THRESHOLDS
from gateway.settings import Settings
from storage.embedded import Embedded
from storage.engine import Database, connect
from storage.migrate import upgrade
from storage.seeding import Account, Shape, accounts, seed
from tenancy.decide import decide
from tenancy.predicates import DeclaredScope
from tests.factories.clients import GatewayClient, running

LOGIN: Final = "gateway_test_login"
PASSWORD: Final = "for tests only"
TEMPLATE: Final = "gateway_test_template"
SHAPE: Final = Shape(partners=3, clients=120)
NOW: Final = datetime.now(UTC)

_started: list[Embedded] = []

# A slow machine is no failure.
hypothesis.settings.register_profile("gateway", hypothesis.settings.default, deadline=None)
hypothesis.settings.load_profile("gateway")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the isolation of every principal from every id be proved whole, which takes its time."""
    parser.addoption("--whole-product", action="store_true", help="take every principal and every id")


def pytest_configure(config: pytest.Config) -> None:
    """Start the server in the controller, before any worker."""
    gc.disable()  # what is collected stays: `pytest_collection_finish` sees to the rest
    if hasattr(config, "workerinput") or config.option.collectonly:
        return
    config.stash[_SERVER] = _server_url()
    asyncio.run(_make_template(config.stash[_SERVER]))


def pytest_collection_finish() -> None:
    """Look for garbage as serving does: not in what stays for the whole run."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GARBAGE_THRESHOLDS)
    gc.enable()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop what was started."""
    for server in _started:
        server.stop()
        for file in sorted(server.root.rglob("*"), reverse=True):
            file.rmdir() if file.is_dir() and not file.is_symlink() else file.unlink()
        server.root.rmdir()
    _started.clear()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker where the server is."""
    node.workerinput["server_url"] = node.config.stash[_SERVER]


_SERVER: Final = pytest.StashKey[str]()


def _server_url() -> str:
    given = os.environ.get("DATABASE_URL")
    if given:
        return given
    root = Path(tempfile.mkdtemp(prefix="gateway-tests-"))
    root.chmod(0o755)
    server = Embedded(root / "server", durable=False)
    server.start()
    _started.append(server)
    return server.url()


def database_url(server_url: str, name: str) -> str:
    """Return the URL of one database of the server, as its owner."""
    return urlunsplit(urlsplit(server_url)._replace(path=f"/{name}"))


def as_login(owner_url: str, role: str = LOGIN) -> str:
    """Return the same database's URL as another role."""
    parts = urlsplit(owner_url)
    place = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{role}:{quote(PASSWORD)}@{place}"))


async def _make_template(server_url: str) -> None:
    await recreate(server_url, TEMPLATE)
    url = database_url(server_url, TEMPLATE)
    await upgrade(url, login=LOGIN, password=PASSWORD)
    await seed(url, SHAPE, now=NOW)


async def recreate(server_url: str, name: str, *, template: str = "template0") -> str:
    """Make a database anew and return its URL."""
    connection = await connect(server_url)
    try:
        await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        await connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    finally:
        await connection.close()
    return database_url(server_url, name)


@pytest.fixture(scope="session")
def server_url(request: pytest.FixtureRequest) -> str:
    """The database server's URL, as its owner."""
    worker = getattr(request.config, "workerinput", None)
    return str(worker["server_url"]) if worker else request.config.stash[_SERVER]


@pytest_asyncio.fixture(scope="session")
async def owner_url(server_url: str, worker_id: str) -> str:
    """The worker's own database, seeded, as its owner."""
    return await recreate(server_url, f"gateway_test_{worker_id}", template=TEMPLATE)


@pytest_asyncio.fixture
async def empty_database(server_url: str, worker_id: str) -> str:
    """A database of one test's own, not migrated, as its owner; the next test that wants one does away with it."""
    return await recreate(server_url, f"gateway_test_{worker_id}_own")


@pytest_asyncio.fixture
async def fresh_database(server_url: str, worker_id: str) -> str:
    """A seeded database of one test's own, as its owner; the next test that wants one does away with it."""
    return await recreate(server_url, f"gateway_test_{worker_id}_fresh", template=TEMPLATE)


class Lending:
    """One connection to a database for one test after the other: to connect costs more than most tests ask for."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._kept: Any = None

    @asynccontextmanager
    async def lent(self) -> AsyncIterator[Any]:
        """Lend it as the owner; what the borrower began is ended, what it set is as before."""
        if self._kept is None or self._kept.is_closed():
            self._kept = await connect(self._url)
        await self._kept.execute("SET ROLE gateway_owner")
        yield self._kept
        if not self._kept.is_closed():
            await self._kept.reset()

    async def close(self) -> None:
        """Close it."""
        if self._kept is not None:
            await self._kept.close()


@pytest_asyncio.fixture(scope="session")
async def lending(owner_url: str) -> AsyncIterator[Lending]:
    """The connection of all tests to the worker's own database."""
    made = Lending(owner_url)
    yield made
    await made.close()


@pytest_asyncio.fixture
async def owner(lending: Lending) -> AsyncIterator[Any]:
    """A connection as the owner, which sees every row: to look at what a test did."""
    async with lending.lent() as connection:
        yield connection


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The settings of the tested application, whose deadline is no matter of how busy the machine is."""
    data_dir = tmp_path_factory.mktemp("data")
    return Settings(data_dir=data_dir, environment="development", pool_size=4, deadline_seconds=60)


@pytest.fixture(scope="session")
def signer(settings: Settings) -> TokenSigner:
    """Signs the tokens that tests ask with."""
    return TokenSigner(Keys(settings.data_dir).signing_key(), issuer=settings.issuer)


@pytest.fixture(scope="session")
def layers(settings: Settings, owner_url: str) -> Layers:
    """The four layers as production composes them, but for the database's login."""
    return Layers(
        verifier=JwtVerifier(Keys(settings.data_dir).verifying_keys(), issuer=settings.issuer),
        decide=decide,
        query_scope=DeclaredScope(),
        database=Database(as_login(owner_url), size=4),
    )


@pytest_asyncio.fixture(scope="session")
async def known(owner_url: str) -> dict[str, Account]:
    """The demo accounts by id: alder-owner, alder-viewer, birch-owner, …."""
    return {account.id: account for account in await accounts(owner_url)}


@pytest_asyncio.fixture(scope="session")
async def gateway(settings: Settings, layers: Layers, signer: TokenSigner) -> AsyncIterator[GatewayClient]:
    """The running application, asked by nobody yet."""
    async with running(settings, layers) as client:
        yield client


@pytest.fixture(scope="session")
def acting(gateway: GatewayClient, signer: TokenSigner, known: dict[str, Account]) -> Callable[[str], GatewayClient]:
    """Ask as a demo account: `acting("alder-viewer")`."""

    def become(account: str) -> GatewayClient:
        found = known[account]
        return gateway.bearing(signer.sign(found.membership_id, found.epoch))

    return become


@pytest.fixture(scope="session")
def alder(acting: Callable[[str], GatewayClient]) -> GatewayClient:
    """The owner of the first partner."""
    return acting("alder-owner")


@pytest.fixture(scope="session")
def birch(acting: Callable[[str], GatewayClient]) -> GatewayClient:
    """The owner of another partner."""
    return acting("birch-owner")


@pytest.fixture
def statements(gateway: GatewayClient) -> Iterator[list[str]]:
    """The statements that the read pool runs while the test has this, BEGIN and COMMIT aside."""
    with gateway.watched() as seen:
        yield seen
