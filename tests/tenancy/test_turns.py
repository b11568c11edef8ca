"""Statements about many keys take turns, and the slow ones hold nobody up for long."""

import asyncio

import pytest

from tenancy import turns
from tenancy.errors import BusyError
from tenancy.reading import MANY_KEYS
from tenancy.turns import Turns
from tests.tenancy.conftest import Ground
from tests.tenancy.contention import count_clients, holding, until

# Databases that are copies of one template have the same object ids, and all locks of the server are listed.
WAITING = (
    "SELECT count(*) >= $1 FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database"
    " WHERE datname = current_database() AND relation = 'gateway.client'::regclass AND NOT granted"
)


@pytest.fixture(autouse=True)
def _in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "AT_ONCE", 1)
    monkeypatch.setattr(turns, "PATIENCE_SECONDS", 30.0)


async def test_turns_are_taken_one_after_another() -> None:
    taking, seen = Turns(), []

    async def take(name: str) -> None:
        async with taking.turn():
            seen.append(f"{name} begins")
            await asyncio.sleep(0)
            seen.append(f"{name} ends")

    await asyncio.gather(take("one"), take("two"))
    assert seen == ["one begins", "one ends", "two begins", "two ends"]


async def test_a_turn_is_given_back_whatever_happens() -> None:
    taking = Turns()

    async def fail() -> None:
        async with taking.turn():
            raise ZeroDivisionError

    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            await fail()


async def test_who_waited_long_enough_goes_without_a_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "PATIENCE_SECONDS", 0.0)
    taking = Turns()
    async with taking.turn(), taking.turn():
        pass
    async with taking.turn():
        pass


@pytest.mark.parametrize(("patience", "asked", "running"), [(30.0, MANY_KEYS, 1), (0.0, MANY_KEYS, 2), (30.0, 1, 2)])
async def test_statements_about_many_keys_run_in_turn(
    ground: Ground, monkeypatch: pytest.MonkeyPatch, patience: float, asked: int, running: int
) -> None:
    monkeypatch.setattr(turns, "PATIENCE_SECONDS", patience)
    monkeypatch.setattr(ground.boundary, "turns", Turns())
    scopes = [ground.scope("owner"), ground.scope("owner")]
    reads = [await scope.read() for scope in scopes]
    async with holding(ground, "LOCK TABLE gateway.client IN ACCESS EXCLUSIVE MODE"):
        fetching = [asyncio.create_task(db.fetch("count", count_clients, asked=asked)) for db in reads]
        await until(ground.owner, WAITING, running)
        assert not await ground.owner.fetchval(WAITING, running + 1)
        answers = await asyncio.gather(*fetching, return_exceptions=True)
    assert isinstance(answers[0], BusyError)
    assert len(answers) == len(scopes)
    for scope in scopes:
        await scope.abandon()
