"""What the tests of the tenant boundary stand on: a database with two partners, asked as anybody."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest_asyncio

from gateway.app import Layers
from gateway.identity.tokens import TokenSigner
from gateway.settings import Settings
from storage.base import FOREVER, new_id, now
from storage.engine import Database, connect
from storage.identity import MembershipKind
from storage.partners import PartnerRole
from tenancy.audit import Attempt
from tenancy.decide import decide
from tenancy.predicates import DeclaredScope
from tenancy.principal import Identity
from tenancy.privileges import Privilege
from tenancy.scope import Boundary, Scope
from tests.conftest import LOGIN, PASSWORD, TEMPLATE, as_login, recreate
from tests.factories.checksums import Kept, Sums, sums, sums_outside
from tests.factories.clients import GatewayClient
from tests.factories.layers import WHOLE, Asking, Weakness, every_weakness
from tests.factories.principals import Asker, Joined
from tests.factories.worlds import input_of, samples
from tests.gateway.trails import Trails, opened
from tests.tenancy.stages import Plot, everybody, lay_out


@dataclass(frozen=True)
class Ground:
    """One database: `owner` sees every row of it, `boundary` is what production composes over it.

    Whoever `joined` is one of `mine`; of `theirs`, which is another partner, nothing must be seen.
    """

    url: str
    owner: Any
    asking: Asking
    signer: TokenSigner
    boundary: Boundary
    mine: Plot
    theirs: Plot
    joined: Mapping[str, Joined]
    theirs_joined: Mapping[str, Joined]
    kept: Kept

    def ask(self, asker: Asker | str, weakness: Weakness = WHOLE) -> GatewayClient:
        """Ask over HTTP as a principal."""
        name = asker if isinstance(asker, str) else asker.name
        return self.asking(weakness).bearing(self.joined[name].token(self.signer))

    def other(self, asker: Asker) -> GatewayClient:
        """Ask over HTTP as a principal of the other partner."""
        return self.asking(WHOLE).bearing(self.theirs_joined[asker.name].token(self.signer))

    def being(self, membership: UUID, weakness: Weakness = WHOLE) -> GatewayClient:
        """Ask over HTTP as a membership."""
        return self.asking(weakness).bearing(self.signer.sign(membership, 1))

    def identity(self, name: str) -> Identity:
        """Return what a token of a principal names."""
        found = self.joined[name]
        assert found.membership_id is not None
        return Identity(found.membership_id, 1, found.session)

    def scope(self, name: str) -> Scope:
        """Return a scope of one operation of a principal."""
        return Scope(self.boundary, self.identity(name))

    @property
    def their_owner(self) -> Identity:
        """What a token of the other partner's owner names."""
        return Identity(self.theirs.world.memberships[PartnerRole.OWNER], 1)

    def valid(self, mutation: str) -> dict[str, Any]:
        """Make a valid input of a change that needs nothing but what there is."""
        return samples(input_of(mutation), self.mine.home.chosen)

    async def sums(self) -> Sums:
        """Sum up what my partner has, the entries of denials aside."""
        return await sums(self.owner, self.mine.partner_id)

    async def all_sums(self) -> Sums:
        """Sum up what both partners have, the entries of denials aside."""
        return await sums(self.owner, self.mine.partner_id, self.theirs.partner_id)

    async def outside(self, asker: Asker) -> Sums:
        """Sum up what lies outside a principal's scope, the entries of denials aside."""
        house = self.mine.houses[asker.house]
        confined = asker.acts is not None or asker.kind is MembershipKind.ORG_USER
        within = confined or asker.fenced or asker.kind is MembershipKind.CONTACT
        bought = asker.kind is not MembershipKind.ORG_USER
        return await sums_outside(
            self.owner,
            partner=self.mine.partner_id,
            others=[self.theirs.partner_id],
            client=house.client_id if within and bought else None,
            organisation=house.organisation_id if confined else None,
        )

    async def join(self, kind: str, **columns: Any) -> Identity:
        """Add a membership of my partner's, and return what a token of it names."""
        identifier = new_id()
        row = {
            "id": identifier,
            "login_id": await self.owner.fetchval("SELECT id FROM gateway.login ORDER BY id LIMIT 1"),
            "kind": kind,
            "name": "Somebody",
            "role": None,
            "partner_id": self.mine.partner_id,
            "client_ids": None,
            "child_org_id": None,
            "epoch": 1,
            "valid_until": FOREVER,
            "created_at": now(),
            "share_lock": False,
            **columns,
        }
        places = ", ".join(f"${number}" for number, _ in enumerate(row, 1))
        await self.owner.execute(
            f"INSERT INTO gateway.membership ({', '.join(row)}) VALUES ({places})",
            *row.values(),
        )
        return Identity(identifier, 1)


def attempt(
    operation: str = "clientCreate",
    *,
    privilege: Privilege | None = Privilege.CLIENT_CREATE,
    key: str | None = None,
    input_hash: bytes = b"",
) -> Attempt:
    """Make what a mutation asks for."""
    return Attempt(operation, privilege, "request", idempotency_key=key, input_hash=input_hash)


@pytest_asyncio.fixture(scope="session")
async def ground(
    server_url: str, worker_id: str, settings: Settings, layers: Layers, signer: TokenSigner
) -> AsyncIterator[Ground]:
    """A database with two partners."""
    url = await recreate(server_url, f"gateway_test_{worker_id}_ground", template=TEMPLATE)
    owner = await connect(url)
    await owner.execute("SET ROLE gateway_owner")
    database = Database(as_login(url), size=4)
    await database.open()
    opened = every_weakness(settings, layers.verifier, url, login=LOGIN, password=PASSWORD, login_url=as_login)
    async with opened as asking:
        boundary = Boundary(database, decide=decide, query_scope=DeclaredScope())
        async with owner.transaction():
            mine = await lay_out(owner, asking(WHOLE), signer, "Fir Hosting")
            theirs = await lay_out(owner, asking(WHOLE), signer, "Elm Hosting")
            joined, others = await everybody(mine), await everybody(theirs)
        kept = Kept(owner, (mine.partner_id, theirs.partner_id))
        await kept.keep()
        yield Ground(url, owner, asking, signer, boundary, mine, theirs, joined, others, kept)
    await database.close()
    await owner.close()


@pytest_asyncio.fixture
async def trails(fresh_database: str) -> AsyncIterator[Trails]:
    """Trails that nobody has written to."""
    async with opened(fresh_database) as made:
        yield made
