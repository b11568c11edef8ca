"""A read that is stopped, and a database that is gone."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final
from urllib.parse import urlsplit

import pytest
import pytest_asyncio

from gateway.app import Layers
from gateway.identity.tokens import TokenSigner
from gateway.settings import Settings
from storage.engine import Database
from tenancy.decide import decide
from tenancy.errors import (
    BusyError,
    UnavailableError,
)
from tenancy.predicates import DeclaredScope
from tests.conftest import LOGIN, as_login
from tests.factories.clients import GatewayClient, running
from tests.factories.worlds import mutation_document
from tests.tenancy.conftest import Ground
from tests.tenancy.contention import Line, blocked, count_clients, holding, until

QUERY: Final = "{ clients(first: 1) { nodes { id } } }"
CHANGE: Final = 'mutation { clientCreate(input: {email: "a@b.example"}) { userErrors { code } } }'
VIEWER: Final = "{ viewer { kind } }"
CREATE: Final = mutation_document("clientCreate")


# A read that is stopped, and a database that is gone.


async def test_abandoning_a_read_stops_what_runs_and_what_waits(ground: Ground) -> None:
    scope = ground.scope("owner")
    db = await scope.read()
    async with holding(ground, "LOCK TABLE gateway.client IN ACCESS EXCLUSIVE MODE") as held:
        running_now = asyncio.create_task(db.fetch("count", count_clients))
        waiting = asyncio.create_task(db.fetch("count", count_clients))
        await blocked(ground.owner, held.pid)
        await scope.abandon()
        assert running_now.cancelled()
        assert waiting.cancelled()
    assert (await (await scope.read()).fetch("count", count_clients))[0][0]
    await scope.end_read()


async def test_a_read_that_waits_too_long_may_be_tried_again(ground: Ground) -> None:
    async with holding(ground, "LOCK TABLE gateway.client IN ACCESS EXCLUSIVE MODE"):
        answer = await ground.ask("owner").run("{ clients(first: 1) { nodes { id } } viewer { kind } }")
    assert answer.partial["clients"] is None
    assert answer.codes == ["BUSY"]
    assert answer.errors[0]["extensions"]["retryable"]


async def test_a_read_after_one_that_failed_may_be_tried_again(ground: Ground) -> None:
    scope = ground.scope("owner")
    db = await scope.read()
    async with holding(ground, "LOCK TABLE gateway.client IN ACCESS EXCLUSIVE MODE"):
        with pytest.raises(BusyError):
            await db.fetch("count", count_clients)
    with pytest.raises(BusyError):
        await db.fetch("count", count_clients)
    await scope.end_read()
    assert (await (await scope.read()).fetch("count", count_clients))[0][0]
    await scope.end_read()


@pytest_asyncio.fixture
async def hasty(
    ground: Ground, settings: Settings, layers: Layers, signer: TokenSigner
) -> AsyncIterator[GatewayClient]:
    """An application with one connection of each kind, whose deadline ends before the server's own limits."""
    url = as_login(ground.url)
    patient = f"{url}{'&' if urlsplit(url).query else '?'}lock_timeout=60s&statement_timeout=60s"
    composed = Layers(layers.verifier, decide, DeclaredScope(), Database(patient, size=1))
    async with running(settings.model_copy(update={"deadline_seconds": 1.0}), composed) as made:
        yield made.bearing(signer.sign(ground.identity("owner").membership_id, 1))


async def _settled(ground: Ground) -> None:
    """Return once no statement of the login runs in this database."""
    await until(
        ground.owner,
        "SELECT count(*) = 0 FROM pg_stat_activity"
        " WHERE usename = $1 AND datname = current_database() AND state <> 'idle'",
        LOGIN,
    )


@pytest.mark.parametrize("document", [QUERY, CHANGE], ids=["query", "mutation"])
async def test_what_takes_too_long_is_stopped_here_and_on_the_server(
    ground: Ground, hasty: GatewayClient, document: str
) -> None:
    (pid,) = [connection.get_server_pid() for connection in hasty.database.reads.idle]
    before = await ground.sums()
    async with holding(ground, "LOCK TABLE gateway.client IN ACCESS EXCLUSIVE MODE; LOCK TABLE gateway.partner_org"):
        answer = await hasty.run(document)
        assert answer.codes == ["DEADLINE_EXCEEDED"]
        assert answer.errors[0]["extensions"]["retryable"]
        assert not answer.partial
        await _settled(ground)
    assert (await hasty.run(VIEWER)).data["viewer"]["kind"] == "PARTNER_MEMBER"
    assert [connection.get_server_pid() for connection in hasty.database.reads.idle] == [pid]
    assert await ground.sums() == before
    done = await hasty.run(CREATE, input=ground.valid("clientCreate"))
    assert done.user_errors == []


@pytest_asyncio.fixture
async def line(ground: Ground) -> AsyncIterator[Line]:
    """A line to the database as the login."""
    made = Line(as_login(ground.url))
    await made.mend()
    yield made
    await made.remove()


@pytest_asyncio.fixture
async def far(
    ground: Ground, line: Line, settings: Settings, layers: Layers, signer: TokenSigner
) -> AsyncIterator[GatewayClient]:
    """An application whose database is at the end of the line."""
    composed = Layers(layers.verifier, decide, DeclaredScope(), Database(line.url, size=2))
    async with running(settings, composed) as made:
        yield made.bearing(signer.sign(ground.identity("owner").membership_id, 1))


async def test_a_database_that_is_gone_is_unavailable_until_it_is_back(
    ground: Ground, far: GatewayClient, line: Line
) -> None:
    change = {"input": ground.valid("clientCreate")}
    assert (await far.run(VIEWER)).data
    assert (await far.run(CREATE, **change)).user_errors == []
    await line.cut()
    answer = await far.run(VIEWER)
    assert (answer.status, answer.codes) == (503, ["UNAVAILABLE"])
    assert answer.headers["retry-after"]
    assert not answer.partial
    changed = await far.run(CREATE, **change)
    assert changed.user_codes == ["UNAVAILABLE"]
    assert changed.user_errors[0]["retryable"]
    await line.mend()
    assert (await far.run(VIEWER)).data
    assert (await far.run(CREATE, input=ground.valid("clientCreate"))).user_errors == []


async def test_a_database_that_goes_in_the_middle_of_a_query_is_unavailable(
    ground: Ground, far: GatewayClient, line: Line
) -> None:
    async with holding(ground, "LOCK TABLE gateway.client IN ACCESS EXCLUSIVE MODE") as held:
        asked = asyncio.create_task(far.run("{ clients(first: 1) { nodes { id } } }"))
        await blocked(ground.owner, held.pid)
        await line.cut()
        answer = await asked
    assert (answer.status, set(answer.codes)) == (503, {"UNAVAILABLE"})


@pytest.mark.parametrize("document", ["{ clients(first: 1) { nodes { id } } }", CREATE], ids=["query", "mutation"])
async def test_a_server_that_shuts_down_is_unavailable(ground: Ground, far: GatewayClient, document: str) -> None:
    variables = {"input": ground.valid("clientCreate")} if document == CREATE else {}
    table = "partner_org" if document == CREATE else "client"
    async with holding(ground, f"LOCK TABLE gateway.{table}, gateway.client IN ACCESS EXCLUSIVE MODE") as held:
        asked = asyncio.create_task(far.run(document, **variables))
        await blocked(ground.owner, held.pid)
        await ground.owner.execute("RESET ROLE")
        await ground.owner.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE $1 = ANY (pg_blocking_pids(pid))", held.pid
        )
        await ground.owner.execute("SET ROLE gateway_owner")
        answer = await asked
    told = answer.codes or answer.user_codes
    assert set(told) == {"UNAVAILABLE"}


async def test_an_unavailable_pool_is_unavailable(ground: Ground) -> None:
    database = Database(as_login(ground.url), size=1)
    await database.open()
    await database.close()
    with pytest.raises(RuntimeError):
        _ = database.reads
    with pytest.raises(RuntimeError):
        _ = database.writes
    await database.close()


async def test_a_closed_connection_is_unavailable(ground: Ground) -> None:
    scope = ground.scope("owner")
    db = await scope.read()
    db._connection.terminate()  # noqa: SLF001 - nothing else loses one at will
    with pytest.raises(UnavailableError):
        await db.fetch("count", count_clients)
    await scope.abandon()
