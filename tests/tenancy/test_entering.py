"""The first statement of a transaction: who is asking, read live, and how far that reaches."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import pytest
import pytest_asyncio

from schema import node_ids
from storage.accesses import AccessState, partner_access
from storage.acting import acting_session
from storage.base import Reach, new_id
from storage.engine import Database
from storage.identity import MembershipKind
from storage.partners import PartnerRole
from storage.rls import REACH_ROLES
from tenancy.decide import decide
from tenancy.entering import LeftoverSettingError, principal_of
from tenancy.errors import UnauthenticatedError
from tenancy.predicates import DeclaredScope
from tenancy.principal import NO_PARTNER, Identity, Principal, reach_of
from tenancy.scope import Boundary, Scope
from tests.conftest import as_login
from tests.factories.layers import UNDECIDED
from tests.factories.principals import FULL, SIGNED_IN, Asker
from tests.tenancy.conftest import Ground, attempt
from tests.tenancy.contention import count_clients

PAST: Final = datetime(2020, 1, 1, tzinfo=UTC)
SETTINGS: Final = """
    SELECT current_user AS role, current_setting('app.partner') AS partner, current_setting('app.clients') AS clients,
           current_setting('app.org') AS organisation
"""
REACHES: Final = {
    MembershipKind.PARTNER_MEMBER: Reach.STAFF,
    MembershipKind.ORG_USER: Reach.ORG,
    MembershipKind.CONTACT: Reach.CLIENT,
    MembershipKind.OPERATOR: Reach.PLATFORM,
}
every = pytest.mark.parametrize("asker", SIGNED_IN, ids=str)
CLIENTS: Final = "{ clients(first: 100) { nodes { id } } }"
ORGANISATIONS: Final = "{ organisations(first: 100) { nodes { id } } }"


@pytest_asyncio.fixture(autouse=True)
async def as_it_was(ground: Ground) -> AsyncIterator[None]:
    """Undo what a test ends."""
    yield
    await ground.kept.restore()


def reach_expected(asker: Asker) -> Reach:
    """Return how far a kind of asker reaches."""
    if asker.acts is not None:
        return Reach.ORG
    if asker.kind is MembershipKind.API_CREDENTIAL:
        return Reach.FENCE if asker.fenced else Reach.STAFF
    assert asker.kind is not None
    return REACHES[asker.kind]


def keys_expected(ground: Ground, asker: Asker) -> tuple[UUID, tuple[UUID, ...], UUID | None]:
    """Return the partner, clients and organisation that a kind of asker is confined to."""
    house = ground.mine.houses[asker.house]
    bought = asker.acts is not None or asker.fenced or asker.kind is MembershipKind.CONTACT
    inside = asker.acts is not None or asker.kind is MembershipKind.ORG_USER
    return (
        NO_PARTNER if asker.kind is MembershipKind.OPERATOR else ground.mine.partner_id,
        (house.client_id,) if bought else (),
        house.organisation_id if inside else None,
    )


def check(ground: Ground, asker: Asker, found: Principal, settings: Mapping[str, Any]) -> None:
    """Hold a principal and the settings of its transaction against what its kind should be."""
    partner, clients, organisation = keys_expected(ground, asker)
    assert found.reach is reach_expected(asker)
    assert (found.partner_id, found.client_ids, found.child_org_id) == (partner, clients, organisation)
    assert settings["role"] == REACH_ROLES[found.reach]
    assert settings["partner"] == ("" if partner == NO_PARTNER else str(partner))
    assert settings["clients"] == (f"{{{','.join(map(str, clients))}}}" if clients else "")
    assert settings["organisation"] == str(organisation or "")
    assert (found.membership_id, found.kind) == (ground.joined[asker.name].membership_id, asker.kind)
    assert (found.role, found.permissions, found.privileges) == (asker.role, asker.permissions, asker.privileges)
    assert found.creator_role == asker.maker
    assert found.works_for_the_partner == (asker.works_for_the_partner or asker.acts is not None)
    _check_acting(ground, asker, found)


def _check_acting(ground: Ground, asker: Asker, found: Principal) -> None:
    joined = ground.joined[asker.name]
    assert found.acting_session_id == joined.session
    assert (found.acting is None) == (asker.acts is None)
    assert bool(found.staff_logins) == (asker.acts is not None or asker.kind is MembershipKind.ORG_USER)
    if found.acting is not None:
        assert found.acting.access_id == joined.access
        assert found.acting.full_administration == (asker.acts is FULL)
        assert found.acting.privileges == (frozenset() if asker.acts is FULL else asker.acts)


@every
async def test_a_read_is_entered_with_what_the_live_rows_say(ground: Ground, asker: Asker) -> None:
    scope = ground.scope(asker.name)
    reading = await scope.read()
    settings = await reading._connection.fetchrow(SETTINGS)  # noqa: SLF001 - past the query scope, to see the settings
    await scope.end_read()
    check(ground, asker, reading.principal, settings)


@every
async def test_a_change_is_entered_with_what_the_live_rows_say(ground: Ground, asker: Asker) -> None:
    async with ground.scope(asker.name).write(attempt(privilege=None)) as db:
        settings = dict((await db._connection.exec_driver_sql(SETTINGS)).mappings().one())  # noqa: SLF001 - as above
        assert db.principal is not None
        check(ground, asker, db.principal, settings)


# What ends somebody ends it for reads and changes alike.


async def refused(ground: Ground, identity: Identity) -> None:
    """Prove that an identity neither reads nor changes anything."""
    scope, before = Scope(ground.boundary, identity), await ground.all_sums()
    with pytest.raises(UnauthenticatedError):
        await scope.read()
    with pytest.raises(UnauthenticatedError):
        async with scope.write(attempt(privilege=None)):
            pytest.fail("a transaction was opened")
    assert scope.principal is None
    assert await ground.all_sums() == before


async def entered(ground: Ground, identity: Identity) -> Principal:
    """Enter as an identity and leave."""
    scope = Scope(ground.boundary, identity)
    principal = (await scope.read()).principal
    await scope.end_read()
    return principal


async def _set(ground: Ground, identifier: UUID | None, **columns: Any) -> None:
    given = ", ".join(f"{name} = ${number}" for number, name in enumerate(columns, start=2))
    await ground.owner.execute(f"UPDATE gateway.membership SET {given} WHERE id = $1", identifier, *columns.values())


MAKERS: Final[dict[str, dict[str, Any]]] = {
    "dismissed": {"valid_until": PAST},
    "no longer a member": {"kind": "CONTACT", "client_ids": []},
    "of another partner": {"partner_id": None},
}


@pytest.mark.parametrize("ending", MAKERS.values(), ids=MAKERS)
async def test_a_script_ends_with_the_member_who_made_it(ground: Ground, ending: dict[str, Any]) -> None:
    script = ground.identity("script of a demoted member")
    maker = ground.mine.world.memberships[PartnerRole.SUPPORT]
    assert (await entered(ground, script)).creator_role == "SUPPORT"
    moved = {name: ground.theirs.partner_id if name == "partner_id" else value for name, value in ending.items()}
    await _set(ground, maker, **moved)
    await refused(ground, script)


async def test_a_script_has_the_role_that_its_maker_has_now(ground: Ground) -> None:
    await _set(ground, ground.mine.world.memberships[PartnerRole.SUPPORT], role="VIEWER", epoch=7)
    assert (await entered(ground, ground.identity("script of a demoted member"))).creator_role == "VIEWER"


async def _access(ground: Ground, **values: Any) -> None:
    access = ground.joined["admin acting"].access
    assert access is not None
    await ground.mine.world.change(partner_access, access, **values)


async def _session(ground: Ground, **values: Any) -> None:
    session = ground.joined["admin acting"].session
    assert session is not None
    await ground.mine.world.change(acting_session, session, **values)


ENDS: Final[Mapping[str, Callable[[Ground], Awaitable[None]]]] = {
    "the session has expired": lambda ground: _session(ground, expires_at=PAST),
    "the session is another member's": lambda ground: _session(
        ground, membership_id=ground.mine.world.memberships[PartnerRole.OWNER]
    ),
    "the access has ended": lambda ground: _access(ground, state=AccessState.ENDED),
    "the access has expired": lambda ground: _access(ground, state=AccessState.EXPIRED),
    "the access is only requested": lambda ground: _access(ground, state=AccessState.REQUESTED),
    "the access has run out of time": lambda ground: _access(ground, expires_at=PAST),
    "the member was dismissed": lambda ground: _set(
        ground, ground.joined["admin acting"].membership_id, valid_until=PAST
    ),
    "the member is at another epoch": lambda ground: _set(ground, ground.joined["admin acting"].membership_id, epoch=2),
    "the member is none any more": lambda ground: _set(
        ground, ground.joined["admin acting"].membership_id, kind="CONTACT", client_ids=[]
    ),
}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
async def test_acting_ends_with_all_that_it_stands_on(ground: Ground, end: Callable[[Ground], Awaitable[None]]) -> None:
    acting = ground.identity("admin acting")
    assert (await entered(ground, acting)).acting is not None
    await end(ground)
    await refused(ground, acting)


async def test_a_session_that_is_not_ones_own_is_nobodys(ground: Ground) -> None:
    acting = ground.identity("admin acting")
    theirs = ground.theirs_joined["admin acting"]
    for membership, session in (
        (acting.membership_id, new_id()),
        (acting.membership_id, theirs.session),
        (acting.membership_id, ground.joined["owner acting"].session),
        (theirs.membership_id, acting.acting_session),
        (ground.joined["super admin"].membership_id, acting.acting_session),
        (ground.joined["script"].membership_id, acting.acting_session),
        (ground.joined["operator"].membership_id, acting.acting_session),
    ):
        assert membership is not None
        await refused(ground, Identity(membership, 1, session))


async def test_a_member_who_acted_is_itself_again_with_its_own_token(ground: Ground) -> None:
    await _access(ground, state=AccessState.ENDED)
    assert (await entered(ground, ground.identity("admin"))).acting is None


async def test_an_access_that_will_run_out_is_alive_until_then(ground: Ground) -> None:
    await _access(ground, expires_at=datetime(2999, 1, 1, tzinfo=UTC))
    assert (await entered(ground, ground.identity("admin acting"))).acting is not None


async def test_who_works_for_a_partner_above_is_known_inside_the_organisation(ground: Ground) -> None:
    await ground.owner.execute(
        "UPDATE gateway.partner_org SET parent_partner_id = $2 WHERE partner_id = $1",
        ground.mine.partner_id,
        ground.theirs.partner_id,
    )
    super_admin = ground.joined["super admin"].membership_id
    above = ground.theirs.world.memberships[PartnerRole.VIEWER]
    login = await ground.owner.fetchval("SELECT login_id FROM gateway.membership WHERE id = $1", above)
    assert not (await entered(ground, ground.identity("super admin"))).works_for_the_partner
    await _set(ground, super_admin, login_id=login)
    assert (await entered(ground, ground.identity("super admin"))).works_for_the_partner
    await _set(ground, above, valid_until=PAST)
    assert not (await entered(ground, ground.identity("super admin"))).works_for_the_partner


async def test_two_partners_above_each_other_are_read_to_an_end(ground: Ground) -> None:
    for one, other in ((ground.mine, ground.theirs), (ground.theirs, ground.mine)):
        await ground.owner.execute(
            "UPDATE gateway.partner_org SET parent_partner_id = $2 WHERE partner_id = $1",
            one.partner_id,
            other.partner_id,
        )
    assert not (await entered(ground, ground.identity("super admin"))).works_for_the_partner


# Kinds and reaches.


def test_nobody_is_nobody() -> None:
    with pytest.raises(UnauthenticatedError):
        principal_of(None)


@pytest.mark.parametrize("kind", ["SOMETHING_NEW", "", "partner_member"])
def test_a_kind_that_is_not_known_is_nobody(kind: str) -> None:
    assert reach_of(kind, fenced=False) is None
    with pytest.raises(UnauthenticatedError):
        principal_of({"kind": kind, "client_ids": None, "session_id": None})


async def _script(ground: Ground, fence: list[UUID]) -> UUID:
    world = ground.mine.world
    made = await world.membership(
        MembershipKind.API_CREDENTIAL,
        privileges=["CLIENT_READ", "ORGANISATION_READ"],
        created_by=world.memberships[PartnerRole.OWNER],
        client_ids=fence,
    )
    identifier: UUID = made["id"]
    return identifier


def _nodes(answer: Any, name: str) -> set[str]:
    return {node["id"] for node in answer.data[name]["nodes"]}


async def test_a_script_reaches_each_client_of_its_fence_and_no_organisation_that_left_its_partner(
    ground: Ground,
) -> None:
    houses = ground.mine.houses
    fence = [houses["home"].client_id, houses["cottage"].client_id]
    asking = ground.being(await _script(ground, fence))
    assert _nodes(await asking.run(CLIENTS), "clients") == {node_ids.encode("Client", one) for one in fence}
    organisations = _nodes(await asking.run(ORGANISATIONS), "organisations")
    assert organisations == {house.chosen["ChildOrg"] for name, house in houses.items() if name != "ruin"}


@pytest.mark.parametrize("weakness", UNDECIDED.values(), ids=UNDECIDED)
async def test_a_script_with_a_fence_around_nothing_of_its_partners_reaches_nothing(
    ground: Ground, weakness: Any
) -> None:
    for fence in ([], [ground.theirs.home.client_id]):
        asking = ground.being(await _script(ground, fence), weakness)
        assert _nodes(await asking.run(CLIENTS), "clients") == set()
        assert _nodes(await asking.run(ORGANISATIONS), "organisations") == set()


# A setting that outlived its transaction.


@pytest_asyncio.fixture
async def narrow(ground: Ground) -> AsyncIterator[Boundary]:
    """The boundary over one connection of each kind."""
    database = Database(as_login(ground.url), size=1)
    await database.open()
    yield Boundary(database, decide=decide, query_scope=DeclaredScope())
    await database.close()


LEFT: Final = "SELECT set_config('{}', gen_random_uuid()::text, false)"
leftovers = pytest.mark.parametrize("setting", ["app.partner", "app.clients", "app.org"])


@leftovers
async def test_a_leftover_setting_is_noticed_by_a_read(ground: Ground, narrow: Boundary, setting: str) -> None:
    async with narrow.database.reads.borrowed() as connection:
        await connection.execute(LEFT.format(setting))
    scope = Scope(narrow, ground.identity("owner"))
    with pytest.raises(LeftoverSettingError):
        await scope.read()
    assert (await (await scope.read()).fetch("count", count_clients))[0][0]
    await scope.end_read()


@leftovers
async def test_a_leftover_setting_is_noticed_by_a_change(ground: Ground, narrow: Boundary, setting: str) -> None:
    before = await ground.all_sums()
    async with narrow.database.writes.connect() as connection:
        raw: Any = (await connection.get_raw_connection()).driver_connection
        await raw.execute(LEFT.format(setting))
    scope = Scope(narrow, ground.identity("owner"))
    with pytest.raises(LeftoverSettingError):
        async with scope.write(attempt()):
            pytest.fail("a transaction was opened")
    assert await ground.all_sums() == before
    async with scope.write(attempt()) as db:
        assert await db.fetch(count_clients)
