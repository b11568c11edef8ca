"""What the tests of the tenant boundary stand on: a database of the module's own, asked as anybody."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest_asyncio

from gateway.app import Layers
from gateway.identity.tokens import TokenSigner
from gateway.settings import Settings
from storage.base import FOREVER, new_id, now
from storage.engine import Database, connect
from storage.seeding import Account
from tenancy.audit import Attempt
from tenancy.decide import decide
from tenancy.predicates import DeclaredScope
from tenancy.principal import Identity
from tenancy.privileges import Privilege
from tenancy.scope import Boundary, Scope
from tests.conftest import LOGIN, PASSWORD, TEMPLATE, as_login, recreate
from tests.factories.clients import GatewayClient
from tests.factories.worlds import WHOLE, Ask, World, every_weakness, world_of


@dataclass(frozen=True)
class Ground:
    """One database: `owner` sees every row of it, `boundary` is what production composes over it."""

    url: str
    owner: Any
    ask: Ask
    boundary: Boundary
    known: dict[str, Account]
    alder: World

    def acting(self, account: str) -> GatewayClient:
        """Ask over HTTP as a demo account."""
        return self.ask(self.known[account].membership_id, WHOLE)

    def identity(self, account: str) -> Identity:
        """Return what a token of a demo account names."""
        return Identity(self.known[account].membership_id, 1)

    def scope(self, account: str) -> Scope:
        """Return a scope of one operation of a demo account."""
        return Scope(self.boundary, self.identity(account))

    async def join(self, kind: str, **columns: Any) -> Identity:
        """Add a membership of alder's, and return what a token of it names."""
        identifier = new_id()
        row = {
            "id": identifier,
            "login_id": await self.owner.fetchval("SELECT id FROM gateway.login ORDER BY id LIMIT 1"),
            "kind": kind,
            "name": "Somebody",
            "role": None,
            "partner_id": self.alder.partner_id,
            "client_ids": None,
            "child_org_id": None,
            "epoch": 1,
            "valid_until": FOREVER,
            "created_at": now(),
            "share_lock": False,
            **(await self._credential() if kind == "API_CREDENTIAL" else {}),
            **columns,
        }
        places = ", ".join(f"${number}" for number, _ in enumerate(row, 1))
        await self.owner.execute(
            f"INSERT INTO gateway.membership ({', '.join(row)}) VALUES ({places})",
            *row.values(),
        )
        return Identity(identifier, 1)

    async def _credential(self) -> dict[str, Any]:
        """Return what a script has: its maker, and everything that it could be given."""
        return {
            "created_by": self.known["alder-owner"].membership_id,
            "privileges": [privilege.value for privilege in Privilege],
        }


def attempt(
    operation: str = "clientCreate",
    *,
    privilege: Privilege | None = Privilege.CLIENT_CREATE,
    key: str | None = None,
    input_hash: bytes = b"",
) -> Attempt:
    """Make what a mutation asks for."""
    return Attempt(operation, privilege, "request", idempotency_key=key, input_hash=input_hash)


@pytest_asyncio.fixture(scope="module")
async def ground(  # noqa: PLR0913, PLR0917 - everything that an application is composed of
    server_url: str,
    worker_id: str,
    settings: Settings,
    layers: Layers,
    signer: TokenSigner,
    known: dict[str, Account],
) -> AsyncIterator[Ground]:
    """A seeded database of the module's own."""
    url = await recreate(server_url, f"gateway_test_{worker_id}_ground", template=TEMPLATE)
    owner = await connect(url)
    await owner.execute("SET ROLE gateway_owner")
    database = Database(as_login(url), size=4)
    await database.open()
    opened = every_weakness(settings, layers.verifier, signer, url, login=LOGIN, password=PASSWORD, login_url=as_login)
    async with opened as ask:
        boundary = Boundary(database, decide=decide, query_scope=DeclaredScope())
        yield Ground(url, owner, ask, boundary, known, await world_of(owner, known["alder-owner"]))
    await database.close()
    await owner.close()
