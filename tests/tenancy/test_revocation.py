"""A revocation and a change at the same moment: one is before the other."""

import asyncio
from typing import Final

import asyncpg
import pytest

from storage.clients import client
from tenancy.audit import Change
from tenancy.errors import (
    BusyError,
    UnauthenticatedError,
)
from tenancy.principal import Principal
from tenancy.scope import Scope
from tests.factories.worlds import (
    mutation_document,
)
from tests.tenancy.conftest import Ground, attempt
from tests.tenancy.contention import ENDINGS, a_client, blocked, holding, member, until

VIEWER: Final = "{ viewer { kind } }"
CREATE: Final = mutation_document("clientCreate")


# A revocation and a change at the same moment.


async def test_a_revocation_waits_for_a_change_that_began_before_it(ground: Ground) -> None:
    identity = await member(ground)
    revoking = await asyncpg.connect(ground.url)
    await revoking.execute("SET ROLE gateway_owner")
    async with Scope(ground.boundary, identity).write(attempt()) as db:
        row = await db.insert(client, await a_client(ground))
        await db.announce(Change("client.created", client, row))
        revoked = asyncio.create_task(revoking.execute(ENDINGS["at another epoch"], identity.membership_id))
        await until(ground.owner, "SELECT pg_blocking_pids($1) <> '{}'", revoking.get_server_pid())
        assert not revoked.done()
    await revoked
    await revoking.close()
    assert await ground.owner.fetchval("SELECT true FROM gateway.client WHERE id = $1", row["id"])
    with pytest.raises(UnauthenticatedError):
        async with Scope(ground.boundary, identity).write(attempt()):
            pytest.fail("a transaction was opened")


async def _open(scope: Scope) -> Principal:
    async with scope.write(attempt()) as db:
        assert db.principal is not None
        return db.principal


async def test_a_change_that_began_after_a_revocation_is_refused_when_that_commits(ground: Ground) -> None:
    identity = await member(ground)
    async with holding(ground, ENDINGS["at another epoch"], identity.membership_id) as revocation:
        writing = asyncio.create_task(_open(Scope(ground.boundary, identity)))
        await blocked(ground.owner, revocation.pid)
        await revocation.commit()
        with pytest.raises(UnauthenticatedError):
            await writing


async def test_a_change_goes_on_when_a_revocation_is_taken_back(ground: Ground) -> None:
    identity = await member(ground)
    async with holding(ground, ENDINGS["at another epoch"], identity.membership_id) as revocation:
        writing = asyncio.create_task(_open(Scope(ground.boundary, identity)))
        await blocked(ground.owner, revocation.pid)
        await revocation.rollback()
        assert (await writing).membership_id == identity.membership_id


async def test_a_change_runs_with_the_role_that_a_member_was_given_meanwhile(ground: Ground) -> None:
    identity = await member(ground)
    demotion = "UPDATE gateway.membership SET role = 'BILLING' WHERE id = $1"
    async with holding(ground, demotion, identity.membership_id) as change:
        writing = asyncio.create_task(_open(Scope(ground.boundary, identity)))
        await blocked(ground.owner, change.pid)
        await change.commit()
        assert (await writing).role == "BILLING"


async def test_a_change_that_waits_too_long_for_the_membership_may_be_tried_again(ground: Ground) -> None:
    identity = await member(ground)
    async with holding(ground, ENDINGS["at another epoch"], identity.membership_id):
        with pytest.raises(BusyError):
            await _open(Scope(ground.boundary, identity))
