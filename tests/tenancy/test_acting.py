"""Acting and its end at the same moment: one is before the other, and nothing is written after the end.

Each change is held where it stands by a lock on a row that it needs, and the other is started once the server says
that the first one waits; nobody sleeps, and nobody's patience runs out but where that is what is tested.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit
from uuid import UUID

import asyncpg
import pytest
import pytest_asyncio

from gateway.app import Layers
from gateway.identity.tokens import TokenSigner
from gateway.settings import Settings
from storage.accesses import partner_access
from storage.engine import Database, connect
from storage.organisations import child_org
from storage.partners import PartnerRole
from storage.subscriptions import subscription
from tests.conftest import TEMPLATE, as_login, recreate
from tests.factories.checksums import everything
from tests.factories.clients import Answer, GatewayClient, running
from tests.operations.changes import Shop, open_shop
from tests.operations.worlds import found, node_id

LONG: Final = 120
"""Seconds: longer than any test takes, so that no time-out decides one."""
WAITING: Final = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pg_blocking_pids(pid) <> '{}'"
)
CHANGE: Final = """mutation($input: SubscriptionChangeSeatsInput!) {
  subscriptionChangeSeats(input: $input) { subscription { seats } userErrors { code rule } }
}"""
REVOKE: Final = """mutation($input: PartnerAccessRevokeInput!) {
  partnerAccessRevoke(input: $input) { access { state endedBy } userErrors { code } }
}"""
END: Final = """mutation($input: PartnerAccessEndInput!) {
  partnerAccessEnd(input: $input) { access { state endedBy } userErrors { code } }
}"""
ENDS: Final[dict[str, tuple[str, Callable[[Shop], GatewayClient]]]] = {
    "SUPER_ADMIN": (REVOKE, lambda shop: shop.as_super_admin),
    "ADMIN": (REVOKE, lambda shop: shop.as_admin),
    "PARTNER": (END, lambda shop: shop.world.boss),
}
OF_THE_ACCESS: Final = {
    "ended": f"UPDATE {partner_access} SET state = 'ENDED' WHERE id = $1",
    "expired": f"UPDATE {partner_access} SET state = 'EXPIRED' WHERE id = $1",
    "out of time": f"UPDATE {partner_access} SET expires_at = '2020-01-01' WHERE id = $1",
}
OF_THE_MEMBER: Final = {
    "dismissed": "UPDATE gateway.membership SET valid_until = '2020-01-01' WHERE id = $1",
    "at another epoch": "UPDATE gateway.membership SET epoch = epoch + 1 WHERE id = $1",
}
DEMOTED: Final = "UPDATE gateway.membership SET role = 'VIEWER' WHERE id = $1"

by_either_side = pytest.mark.parametrize("by", ENDS)


@dataclass(frozen=True)
class Stage:
    """A shop on a database of its own, whose callers wait as long as they must; `hurried` wait for nobody."""

    url: str
    owner: Any
    shop: Shop
    hurried: GatewayClient

    @asynccontextmanager
    async def holding(self, statement: str, *arguments: Any) -> AsyncIterator[Any]:
        """Hold what a statement locks, as the owner, until the transaction is ended."""
        connection = await asyncpg.connect(self.url)
        await connection.execute("SET ROLE gateway_owner")
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute(statement, *arguments)
        try:
            yield transaction
        finally:
            await connection.close()

    async def waiting(self, *callers: asyncio.Task[Any]) -> None:
        """Return once all of these wait for a lock; fail where one has an answer instead."""
        while await self.owner.fetchval(WAITING) < len(callers):
            for caller in callers:
                assert not caller.done(), caller.result()

    def ending(self, name: str) -> tuple[str, UUID]:
        """Return the statement that ends what acting stands on, and the id of the row that it ends."""
        if name in OF_THE_ACCESS:
            return OF_THE_ACCESS[name], self.shop.access["id"]
        return OF_THE_MEMBER[name], self.shop.session["membership_id"]

    async def ended(self, statement: str, row: UUID) -> None:
        """End it behind the gateway's back, as soon as whoever holds it lets go."""
        async with self.holding(statement, row) as transaction:
            await transaction.commit()

    async def seats(self) -> int:
        """Return how many seats are stored."""
        seats: int = (await self.shop.world.row(subscription, self.shop.subscription["id"]))["seats"]
        return seats

    async def change(self) -> Answer:
        """Change the seats while acting."""
        given = {"id": node_id("Subscription", self.shop.subscription), "seats": 12}
        return await self.shop.as_acting.run(CHANGE, input=given)

    async def end(self, by: str) -> Answer:
        """End the access."""
        document, caller = ENDS[by]
        return await caller(self.shop).run(document, input={"id": node_id("PartnerAccess", self.shop.access)})


def with_patience(url: str, **milliseconds: int) -> str:
    """Return the URL of a login that waits as long for locks and statements."""
    parts = urlsplit(as_login(url))
    return urlunsplit(parts._replace(query=urlencode([*parse_qsl(parts.query), *milliseconds.items()])))


@pytest_asyncio.fixture(scope="module")
async def patient(
    server_url: str, worker_id: str, settings: Settings, layers: Layers
) -> AsyncIterator[tuple[str, GatewayClient, GatewayClient]]:
    """A database with two applications over it: one that waits as long as it must, one that does not."""
    url = await recreate(server_url, f"gateway_test_{worker_id}_acting", template=TEMPLATE)
    limits = dict.fromkeys(("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout"), LONG * 1_000)
    slow = settings.model_copy(update={"deadline_seconds": LONG})
    async with AsyncExitStack() as stack:
        made = [
            await stack.enter_async_context(running(slow, replace(layers, database=Database(made_url, size=4))))
            for made_url in (with_patience(url, **limits), with_patience(url, **{**limits, "lock_timeout": 1}))
        ]
        yield url, made[0], made[1]


@pytest_asyncio.fixture
async def stage(patient: tuple[str, GatewayClient, GatewayClient], signer: TokenSigner) -> AsyncIterator[Stage]:
    """A shop of the test's own."""
    url, gateway, hurried = patient
    owner = await connect(url)
    await owner.execute("SET ROLE gateway_owner")
    plan = dict(await owner.fetchrow("SELECT * FROM gateway.plan WHERE code = 'mail-standard'"))
    shop = await open_shop(await found(owner, gateway, signer), plan)
    yield Stage(url, owner, shop, hurried.bearing(shop.as_acting.token))
    await owner.close()


async def assert_out(shop: Shop) -> None:
    answer = await shop.as_acting.run("{ viewer { kind } }")
    assert (answer.status, answer.codes) == (401, ["UNAUTHENTICATED"])


@by_either_side
async def test_an_end_waits_for_a_change_that_began_before_it(by: str, stage: Stage) -> None:
    row = stage.shop.subscription["id"]
    async with stage.holding(f"SELECT FROM {subscription} WHERE id = $1 FOR UPDATE", row) as held:
        changing = asyncio.create_task(stage.change())
        await stage.waiting(changing)
        ending = asyncio.create_task(stage.end(by))
        await stage.waiting(changing, ending)
        await held.commit()
        changed, ended = await changing, await ending
    assert changed.payload == {"subscription": {"seats": 12}, "userErrors": []}
    assert ended.payload == {"access": {"state": "ENDED", "endedBy": by}, "userErrors": []}
    assert await stage.seats() == 12
    await assert_out(stage.shop)


@by_either_side
async def test_a_change_that_began_after_an_end_is_refused_when_that_commits(by: str, stage: Stage) -> None:
    row = stage.shop.organisation["id"]
    async with stage.holding(f"SELECT FROM {child_org} WHERE id = $1 FOR UPDATE", row) as held:
        ending = asyncio.create_task(stage.end(by))
        await stage.waiting(ending)
        changing = asyncio.create_task(stage.change())
        await stage.waiting(ending, changing)
        await held.commit()
        ended, refused = await ending, await changing
    assert ended.payload == {"access": {"state": "ENDED", "endedBy": by}, "userErrors": []}
    assert (refused.status, refused.codes, refused.partial) == (401, ["UNAUTHENTICATED"], None)
    assert await stage.seats() == 10
    await assert_out(stage.shop)


@pytest.mark.parametrize("ending", [*OF_THE_ACCESS, *OF_THE_MEMBER])
async def test_a_change_that_waits_for_an_end_is_refused_and_leaves_nothing(ending: str, stage: Stage) -> None:
    statement, row = stage.ending(ending)
    async with stage.holding(statement, row) as held:
        changing = asyncio.create_task(stage.change())
        await stage.waiting(changing)
        await held.commit()
        before = await everything(stage.owner)
        refused = await changing
    assert (refused.status, refused.codes, refused.partial) == (401, ["UNAUTHENTICATED"], None)
    assert await everything(stage.owner) == before


@pytest.mark.parametrize("ending", [*OF_THE_ACCESS, *OF_THE_MEMBER])
async def test_an_end_of_whatever_kind_waits_for_a_change_that_began_before_it(ending: str, stage: Stage) -> None:
    statement, row = stage.ending(ending)
    bought = stage.shop.subscription["id"]
    async with stage.holding(f"SELECT FROM {subscription} WHERE id = $1 FOR UPDATE", bought) as held:
        changing = asyncio.create_task(stage.change())
        await stage.waiting(changing)
        written = asyncio.create_task(stage.ended(statement, row))
        await stage.waiting(changing, written)
        await held.commit()
        assert (await changing).payload["userErrors"] == []
        await written
    assert await stage.seats() == 12
    await assert_out(stage.shop)


@pytest.mark.parametrize("ending", [*OF_THE_ACCESS, *OF_THE_MEMBER])
async def test_a_change_goes_on_when_an_end_is_taken_back(ending: str, stage: Stage) -> None:
    statement, row = stage.ending(ending)
    async with stage.holding(statement, row) as held:
        changing = asyncio.create_task(stage.change())
        await stage.waiting(changing)
        await held.rollback()
        assert (await changing).payload["userErrors"] == []
    assert await stage.seats() == 12


async def test_a_change_is_denied_with_the_role_that_the_member_was_given_meanwhile(stage: Stage) -> None:
    async with stage.holding(DEMOTED, stage.shop.session["membership_id"]) as held:
        changing = asyncio.create_task(stage.change())
        await stage.waiting(changing)
        await held.commit()
        before = await everything(stage.owner)
        denied = await changing
    rule = "VIEWER_MAY_NOT_ORGANISATION_ACT"
    assert denied.payload == {"subscription": None, "userErrors": [{"code": "FORBIDDEN", "rule": rule}]}
    assert await everything(stage.owner) == before
    again = await stage.change()
    assert again.payload["userErrors"] == [{"code": "FORBIDDEN", "rule": rule}]


@pytest.mark.parametrize("ending", [*OF_THE_ACCESS, *OF_THE_MEMBER])
async def test_a_change_that_cannot_wait_for_an_end_may_be_tried_again(ending: str, stage: Stage) -> None:
    statement, row = stage.ending(ending)
    given = {"id": node_id("Subscription", stage.shop.subscription), "seats": 12}
    async with stage.holding(statement, row) as held:
        before = await everything(stage.owner)
        busy = await stage.hurried.run(CHANGE, input=given)
        assert await everything(stage.owner) == before
        assert busy.user_codes == ["BUSY"]
        await held.commit()
    assert (await stage.hurried.run(CHANGE, input=given)).status == 401
    assert await stage.seats() == 10


async def test_a_session_is_started_before_an_end_or_not_at_all(stage: Stage) -> None:
    start = """mutation($input: OrganisationManageInput!) {
      organisationManage(input: $input) { session { id } userErrors { code } }
    }"""
    given = {"organisationId": node_id("ChildOrg", stage.shop.organisation), "reason": "A user cannot sign in"}
    caller = stage.shop.world.acting(PartnerRole.SUPPORT)
    async with stage.holding(OF_THE_ACCESS["ended"], stage.shop.access["id"]) as held:
        starting = asyncio.create_task(caller.run(start, input=given))
        await stage.waiting(starting)
        await held.commit()
        before = await everything(stage.owner)
        refused = await starting
    assert refused.payload == {"session": None, "userErrors": [{"code": "NOT_FOUND"}]}
    assert await everything(stage.owner) == before
