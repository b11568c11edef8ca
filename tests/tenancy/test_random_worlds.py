"""Five thousand askings in random worlds: what is decided live is what a naive reading of the specification says."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final
from uuid import UUID

import pytest
import pytest_asyncio

from storage.accesses import AccessState
from storage.acting import acting_session
from storage.base import new_id
from storage.engine import connect
from storage.identity import ContactPermission, MembershipKind, login, membership
from storage.org_users import OrgRole
from storage.partners import PartnerRole, partner_org
from storage.rls import REACH_ROLES
from tenancy import entering
from tenancy.decide import Deny, When, decide
from tenancy.errors import UnauthenticatedError
from tenancy.principal import Identity, Principal
from tenancy.privileges import Privilege
from tests.conftest import TEMPLATE, as_login, recreate
from tests.factories.principals import FULL, Asker
from tests.operations.worlds import World, stored
from tests.tenancy.expectations import TABLES, VERIFIED, YES, expected

ASKINGS: Final = 1_000
BATCHES: Final = 5
PRIVILEGES: Final = 8
"""How many of the privileges are decided for each asking."""
GRANTABLE: Final = sorted(name for name, row in TABLES["Table 2"].items() if row["access"] == YES)
WORDS: Final = {
    "SELF": "self",
    "NOT_SUPER_ADMIN": "not SA",
    "NOT_ADMINISTRATOR": "not SA or AD",
    "DOMAIN_VERIFIED": VERIFIED,
}


@dataclass(frozen=True)
class Partner:
    """A partner, and the one above it."""

    id: UUID
    parent: "Partner | None" = None


@dataclass(frozen=True)
class Access:
    """A partner's access to an organisation."""

    id: UUID
    partner: Partner
    client: UUID
    organisation: UUID
    state: AccessState
    expires: datetime | None
    full: bool
    privileges: frozenset[str]


@dataclass(frozen=True)
class Member:
    """A membership of any kind; what is of no use to a kind stays empty."""

    id: UUID
    login: UUID
    kind: MembershipKind
    epoch: int
    valid_until: datetime
    partner: Partner | None = None
    role: str | None = None
    clients: tuple[UUID, ...] | None = None
    organisation: UUID | None = None
    permissions: frozenset[str] = frozenset()
    privileges: frozenset[str] = frozenset()
    maker: "Member | None" = None


@dataclass(frozen=True)
class Session:
    """A session of acting: whose it is said to be, under which access, until when."""

    id: UUID
    member: Member
    access: Access
    expires: datetime


@dataclass
class Everything:
    """All worlds of one database, at one moment."""

    now: datetime
    members: list[Member] = field(default_factory=list)
    sessions: list[Session] = field(default_factory=list)


@dataclass(frozen=True)
class Asking:
    """What a validly signed token names."""

    member: Member
    epoch: int
    session: Session | None


def naive(everything: Everything, asking: Asking) -> Asker | None:
    """Read the specification naively: who is it that asks, or is it nobody any more?"""
    member, now = asking.member, everything.now
    if asking.epoch != member.epoch or member.valid_until <= now:
        return None
    if asking.session is not None:
        return _naively_acting(member, asking.session, now)
    if member.kind is MembershipKind.API_CREDENTIAL:
        maker = member.maker
        if maker is None or maker.kind is not MembershipKind.PARTNER_MEMBER or maker.partner is not member.partner:
            return None
        if maker.valid_until <= now:
            return None
        fenced = member.clients is not None
        made_by = PartnerRole(str(maker.role))
        return Asker("", member.kind, privileges=member.privileges, fenced=fenced, maker=made_by)
    staff = member.kind is MembershipKind.ORG_USER and _is_staff(everything, member)
    return Asker("", member.kind, member.role, permissions=member.permissions, works_for_the_partner=staff)


def _naively_acting(member: Member, session: Session, now: datetime) -> Asker | None:
    access = session.access
    own = member.kind is MembershipKind.PARTNER_MEMBER and session.member is member and access.partner is member.partner
    alive = session.expires > now and access.state is AccessState.ACTIVE
    if not own or not alive or (access.expires is not None and access.expires <= now):
        return None
    return Asker("", member.kind, member.role, acts=FULL if access.full else access.privileges)


def _is_staff(everything: Everything, user: Member) -> bool:
    above, partner = [], user.partner
    while partner is not None:
        above.append(partner)
        partner = partner.parent
    return any(
        found.login == user.login
        for found in everything.members
        if found.kind is MembershipKind.PARTNER_MEMBER and found.partner in above and found.valid_until > everything.now
    )


class Making:
    """Makes the worlds up and stores them, as the owner of the database."""

    def __init__(self, owner: Any, now: datetime, chance: Random) -> None:
        self.owner = owner
        self.made = Everything(now)
        self.chance = chance
        self.logins: list[UUID] = []

    def moment(self, *, alive: float = 0.75) -> datetime:
        """Pick a moment well before or well after now."""
        days = timedelta(days=self.chance.randint(1, 400))
        return self.made.now + days if self.chance.random() < alive else self.made.now - days

    def some(self, words: Any) -> frozenset[str]:
        """Pick some of some words."""
        return frozenset(word for word in words if self.chance.random() < 0.5)

    async def fill(self) -> Everything:
        """Make twelve partners, some below others, with everything and everybody."""
        for number in range(40):
            email = f"random{number}@worlds.example"
            self.logins.append((await stored(self.owner, login, email=email, display_name="Somebody"))["id"])
        partners: list[Partner] = []
        for _ in range(12):
            partners.append(await self._partner(self.chance.choice([None, *partners[-4:]])))
        for partner in partners:
            for _ in range(4):
                await self._member(MembershipKind.PARTNER_MEMBER, partner, role=self.chance.choice(list(PartnerRole)))
        for partner in partners:
            await self._customers(partner)
        for _ in range(4):
            await self._member(MembershipKind.OPERATOR, None)
        return self.made

    async def _partner(self, parent: Partner | None) -> Partner:
        identifier = new_id()
        said = {"name": "Random", "status": "ACTIVE", "country": "ES", "currency": "EUR", "language": "en"}
        await stored(
            self.owner,
            partner_org,
            id=identifier,
            partner_id=identifier,
            support_email="help@random.test",
            parent_partner_id=parent and parent.id,
            **said,
        )
        return Partner(identifier, parent)

    async def _member(self, kind: MembershipKind, partner: Partner | None, **has: Any) -> Member:
        made = Member(
            new_id(), self.chance.choice(self.logins), kind, self.chance.randint(1, 3), self.moment(), partner, **has
        )
        await stored(
            self.owner,
            membership,
            id=made.id,
            login_id=made.login,
            kind=kind,
            name="Somebody",
            role=made.role,
            partner_id=partner and partner.id,
            client_ids=None if made.clients is None else list(made.clients),
            child_org_id=made.organisation,
            permissions=sorted(made.permissions),
            privileges=sorted(made.privileges),
            created_by=made.maker and made.maker.id,
            epoch=made.epoch,
            valid_until=made.valid_until,
            share_lock=False,
        )
        self.made.members.append(made)
        return made

    async def _customers(self, partner: Partner) -> None:
        world = World(self.owner, None, None, partner.id)  # type: ignore[arg-type]  # nobody asks through it
        buyers = [await world.client() for _ in range(2)]
        for number, buyer in enumerate(buyers):
            organisation = await world.organisation(buyer, f"random{number}.example")
            await self._inside(world, partner, organisation)
            await self._member(
                MembershipKind.CONTACT,
                partner,
                clients=(buyer["id"],),
                permissions=self.some(permission.value for permission in ContactPermission),
            )
        for fence in (None, (buyers[0]["id"],), ()):
            await self._member(
                MembershipKind.API_CREDENTIAL,
                partner,
                clients=fence,
                privileges=self.some(privilege.value for privilege in Privilege),
                maker=self._maker(partner),
            )

    def _maker(self, partner: Partner) -> Member:
        """Pick a member of the partner, seldom of another."""
        staff = [found for found in self.made.members if found.kind is MembershipKind.PARTNER_MEMBER]
        own = [found for found in staff if found.partner is partner]
        return self.chance.choice(own if self.chance.random() < 0.85 else staff)

    async def _inside(self, world: World, partner: Partner, organisation: dict[str, Any]) -> None:
        for role in OrgRole:
            await self._member(MembershipKind.ORG_USER, partner, role=role, organisation=organisation["id"])
        access = Access(
            new_id(),
            partner,
            organisation["client_id"],
            organisation["id"],
            self.chance.choice([*AccessState, *[AccessState.ACTIVE] * 6]),
            self.chance.choice([None, self.moment()]),
            full=self.chance.random() < 0.5,
            privileges=self.some(GRANTABLE),
        )
        await world.access(
            organisation,
            id=access.id,
            state=access.state,
            expires_at=access.expires,
            full_administration=access.full,
            privileges=sorted(access.privileges),
        )
        for _ in range(4):
            session = Session(new_id(), self._maker(partner), access, self.moment())
            said = {"member_name": "Somebody", "organisation_domain": "random.example", "reason": "A reason"}
            await world.add(
                acting_session,
                id=session.id,
                client_id=access.client,
                child_org_id=access.organisation,
                access_id=access.id,
                membership_id=session.member.id,
                expires_at=session.expires,
                **said,
            )
            self.made.sessions.append(session)

    def asking(self) -> Asking:
        """Pick what a token names: mostly what is so, sometimes what is not, or not any more."""
        if self.chance.random() < 0.4:
            session = self.chance.choice(self.made.sessions)
            member = session.member if self.chance.random() < 0.9 else self.chance.choice(self.made.members)
        else:
            session, member = None, self.chance.choice(self.made.members)
        return Asking(member, member.epoch - (self.chance.random() < 0.05), session)


@pytest_asyncio.fixture(scope="module")
async def making(server_url: str, worker_id: str) -> AsyncIterator[tuple[Making, Any]]:
    """The worlds in a database of the module's own, and a connection to it as the login."""
    url = await recreate(server_url, f"gateway_test_{worker_id}_random", template=TEMPLATE)
    owner, asking = await connect(url), await connect(as_login(url))
    await owner.execute("SET ROLE gateway_owner")
    making = Making(owner, await owner.fetchval("SELECT statement_timestamp()"), Random(20_261_122))  # noqa: S311 - repeatable
    await making.fill()
    yield making, asking
    await owner.close()
    await asking.close()


async def live(connection: Any, asking: Asking) -> Principal | None:
    """Enter as the first statement of a transaction does; None where it finds nobody."""
    identity = Identity(asking.member.id, asking.epoch, asking.session.id if asking.session else None)
    transaction = connection.transaction()
    await transaction.start()
    try:
        row = await connection.fetchrow(
            entering.ENTER, *entering.alive_parameters(identity), *entering.role_parameters(REACH_ROLES)
        )
        return entering.principal_of(row)
    except UnauthenticatedError:
        return None
    finally:
        await transaction.rollback()


def decided(principal: Principal, privilege: Privilege) -> tuple[bool, str | None, str | None]:
    """Return the decision as the tables tell it: whether it is held, the rule of its denial, on what it hangs."""
    decision = decide(principal, privilege)
    if isinstance(decision, Deny):
        return False, decision.rule, None
    if isinstance(decision, When):
        return True, decision.otherwise.rule, WORDS[decision.condition]
    return True, None, None


def within(asking: Asking) -> tuple[Any, ...]:
    """Return the keys that somebody is confined to: partner, clients, organisation."""
    member = asking.member
    partner = member.partner.id if member.partner else UUID(int=0)
    if asking.session is not None:
        return partner, (asking.session.access.client,), asking.session.access.organisation
    return partner, tuple(member.clients or ()), member.organisation


@pytest.mark.parametrize("batch", range(BATCHES))
async def test_what_is_decided_live_is_what_a_naive_reading_says(making: tuple[Making, Any], batch: int) -> None:
    worlds, connection = making
    worlds.chance.seed(batch)
    seen: set[tuple[str, bool]] = set()
    for _ in range(ASKINGS):
        asking = worlds.asking()
        asker, principal = naive(worlds.made, asking), await live(connection, asking)
        assert (asker is None) is (principal is None), asking
        seen.add((f"{asking.member.kind}{' acting' if asking.session else ''}", asker is not None))
        if asker is None or principal is None:
            continue
        assert (principal.partner_id, principal.client_ids, principal.child_org_id) == within(asking)
        for privilege in worlds.chance.sample(list(Privilege), PRIVILEGES):
            outcome = expected(asker, privilege)
            said = decided(principal, privilege)
            assert said == (outcome.held, outcome.rule, outcome.condition), (asking, privilege)
    kinds = {*MembershipKind, f"{MembershipKind.PARTNER_MEMBER} acting"}
    assert {(str(kind), alive) for kind in kinds for alive in (True, False)} <= seen


async def test_the_worlds_hold_what_makes_a_difference(making: tuple[Making, Any]) -> None:
    made = making[0].made
    users = [found for found in made.members if found.kind is MembershipKind.ORG_USER]
    assert {_is_staff(made, user) for user in users} == {True, False}
    assert any(_is_staff(made, user) and not _is_staff_of_its_own(made, user) for user in users), (
        "somebody works for a partner above"
    )
    assert {session.access.full for session in made.sessions} == {True, False}
    assert {session.member.partner is session.access.partner for session in made.sessions} == {True, False}


def _is_staff_of_its_own(everything: Everything, user: Member) -> bool:
    return any(
        found.login == user.login and found.partner is user.partner and found.valid_until > everything.now
        for found in everything.members
        if found.kind is MembershipKind.PARTNER_MEMBER
    )
