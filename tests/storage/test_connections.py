"""The connections that reads borrow: so many and no more, in turn, and none that is in doubt."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest
import pytest_asyncio

from storage import connections as pooling
from storage.connections import Connection, Connections
from storage.engine import connect


class Server:
    """Opens connections to the server, or fails to; counts them."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.opened = 0
        self.broken: Exception | None = None
        self.gate: asyncio.Event | None = None

    async def connect(self) -> Connection:
        """Open one."""
        if self.gate is not None:
            await self.gate.wait()
        if self.broken is not None:
            raise self.broken
        self.opened += 1
        return await connect(self.url)


@pytest.fixture
def server(server_url: str) -> Server:
    """The server."""
    return Server(server_url)


@pytest_asyncio.fixture
async def two(server: Server) -> AsyncIterator[Connections]:
    """At most two connections."""
    made = Connections(server.connect, size=2)
    yield made
    await made.close()


async def turns() -> None:
    """Let everybody who can go on do so."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_connection_is_lent_again(server: Server, two: Connections) -> None:
    first = await two.acquire()
    two.release(first)
    assert await two.acquire() is first
    two.release(first)
    assert two.idle == [first]
    assert server.opened == 1


async def test_whoever_finds_none_is_served_in_turn(server: Server, two: Connections) -> None:
    lent = [await two.acquire(), await two.acquire()]
    waiting = [asyncio.create_task(two.acquire()) for _ in range(3)]
    await turns()
    assert not any(task.done() for task in waiting)
    for number, connection in enumerate((*lent, lent[0])):
        two.release(connection)
        await turns()
        assert [task.done() for task in waiting].count(True) == number + 1
        assert waiting[number].result() is connection
    assert server.opened == 2


async def test_who_stops_waiting_loses_nothing(two: Connections) -> None:
    lent = [await two.acquire(), await two.acquire()]
    leaving, served, patient = [asyncio.create_task(two.acquire()) for _ in range(3)]
    await turns()
    leaving.cancel()
    two.release(lent[0])
    served.cancel()
    await turns()
    assert leaving.cancelled()
    assert served.cancelled()
    assert patient.result() is lent[0]


async def test_who_stops_waiting_passes_room_on(server: Server, two: Connections) -> None:
    lent = [await two.acquire(), await two.acquire()]
    served, patient = [asyncio.create_task(two.acquire()) for _ in range(2)]
    await turns()
    two.release(lent[0], clean=False)
    served.cancel()
    assert await patient not in lent
    assert served.cancelled()
    assert server.opened == 3


async def test_what_was_closed_is_not_lent(server: Server, two: Connections) -> None:
    first = await two.acquire()
    two.release(first)
    first.terminate()
    assert two.idle == []
    second = await two.acquire()
    assert second is not first
    second.terminate()
    two.release(second)
    assert not (await two.acquire()).is_closed()
    assert server.opened == 3


async def test_what_is_in_doubt_is_thrown_away(two: Connections) -> None:
    async with two.borrowed() as sound:
        await sound.execute("SELECT 1")
    async with two.borrowed() as same:
        await same.execute("BEGIN")
    assert same is sound
    assert sound.is_closed()
    assert two.idle == []


async def test_what_was_begun_for_the_next_is_his(two: Connections) -> None:
    lent = await two.acquire()
    await lent.execute("BEGIN READ ONLY")
    await lent.execute("COMMIT AND CHAIN")
    two.release(lent)
    again = await two.acquire()
    assert again is lent
    assert again.is_in_transaction()
    assert await again.fetchval("SHOW transaction_read_only") == "on"
    two.release(again, clean=False)


async def test_what_was_begun_for_nobody_is_ended(two: Connections) -> None:
    early, late = await two.acquire(), await two.acquire()
    await early.execute("BEGIN")
    two.release(early)
    await asyncio.sleep(pooling.BEGUN_SECONDS / 2)
    await late.execute("BEGIN")
    two.release(late)
    while early.is_in_transaction() or late.is_in_transaction():  # noqa: ASYNC110 - nobody is told of it
        await asyncio.sleep(0.001)
    await turns()
    assert {*two.idle} == {early, late}


async def test_what_is_being_ended_is_waited_for(
    server: Server, two: Connections, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pooling, "BEGUN_SECONDS", 0.0)
    lent = await two.acquire()
    await lent.execute("BEGIN")
    two.release(lent)
    while two.idle:  # noqa: ASYNC110 - nobody is told of it
        await asyncio.sleep(0)
    first, second = await asyncio.gather(two.acquire(), two.acquire())
    assert first is lent
    assert not first.is_in_transaction()
    assert second is not lent
    assert server.opened == 2


async def test_what_is_borrowed_is_in_no_transaction(two: Connections) -> None:
    lent = await two.acquire()
    await lent.execute("BEGIN")
    two.release(lent)
    async with two.borrowed() as same:
        assert same is lent
        assert not same.is_in_transaction()
    assert two.idle == [lent]


async def test_what_was_begun_and_is_gone_is_not_kept(two: Connections, server: Server) -> None:
    lent = await two.acquire()
    await lent.execute("BEGIN")
    two.release(lent)
    ended = asyncio.get_running_loop().create_future()
    lent.add_termination_listener(lambda _connection: ended.set_result(None))
    other = await connect(server.url)
    await other.execute("SELECT pg_terminate_backend($1)", lent.get_server_pid())
    await other.close()
    await ended
    assert two.idle == []
    assert await two.acquire() is not lent


async def test_a_transaction_that_cannot_be_ended_takes_its_connection_along(
    two: Connections, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pooling, "_END", "no SQL")
    lent = await two.acquire()
    await lent.execute("BEGIN")
    two.release(lent)
    while not lent.is_closed():  # noqa: ASYNC110 - nobody is told of it
        await asyncio.sleep(0.001)
    assert two.idle == []


async def test_a_server_that_is_gone_takes_no_room(server: Server, two: Connections) -> None:
    server.broken, server.gate = ConnectionRefusedError(), asyncio.Event()
    failing = [asyncio.create_task(two.acquire()) for _ in range(2)]
    waiting = asyncio.create_task(two.acquire())
    await turns()
    server.gate.set()
    refused = await asyncio.gather(*failing, waiting, return_exceptions=True)
    assert all(isinstance(one, ConnectionRefusedError) for one in refused)
    server.broken = None
    assert await two.acquire()
    assert await two.acquire()


async def test_what_nobody_needs_is_closed_but_one(two: Connections, monkeypatch: pytest.MonkeyPatch) -> None:
    lent = [await two.acquire(), await two.acquire()]
    monkeypatch.setattr(pooling, "IDLE_SECONDS", -1.0)
    two.release(lent[0])
    monkeypatch.undo()
    assert lent[0].is_closed()
    two.release(lent[1])
    assert two.idle == [lent[1]]


async def test_closing_ends_what_is_lent_and_who_waits(server: Server) -> None:
    made = Connections(server.connect, size=2)
    free = await made.acquire()
    lent = await made.acquire()
    waiting = asyncio.create_task(made.acquire())
    await turns()
    made.release(lent)
    assert await waiting is lent
    made.release(free)
    later = asyncio.create_task(made.acquire())
    assert await later is free
    made.release(free)
    await made.close()
    assert free.is_closed()
    assert lent.is_closed()
    made.release(lent)
    with pytest.raises(asyncpg.InterfaceError, match="closed"):
        await made.acquire()


async def test_who_waits_when_all_is_closed_is_told(server: Server) -> None:
    made = Connections(server.connect, size=1)
    await made.acquire()
    waiting = asyncio.create_task(made.acquire())
    await turns()
    await made.close()
    with pytest.raises(asyncpg.InterfaceError, match="closed"):
        await waiting


async def test_what_opens_after_all_is_closed_is_closed(server: Server) -> None:
    made = Connections(server.connect, size=1)
    server.gate = asyncio.Event()
    opening = asyncio.create_task(made.acquire())
    await turns()
    await made.close()
    server.gate.set()
    with pytest.raises(asyncpg.InterfaceError, match="closed"):
        await opening
