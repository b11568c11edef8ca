"""Jobs with one effect, whoever else runs them or is killed at the same time."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import pytest
import pytest_asyncio

from storage.clients import client
from tenancy import relay as relaying
from tenancy.audit import Change
from tenancy.relay import ATTEMPTS, CLAIM_SECONDS, FIRST_PAUSE_SECONDS, Outcome, Ran
from tenancy.scope import system_write
from tenancy.writing import UnannouncedChangeError, WriteScope
from tests.gateway.trails import Trails

KIND: Final = "client.rename"


async def rename(db: WriteScope, payload: Mapping[str, Any]) -> None:
    """Do something that shows how often it was done."""
    row = await db.get(client, UUID(payload["client"]), what="client")
    renamed = await db.update(client, row, {"city": f"{row['city']}!"})
    await db.announce(Change("client.renamed", client, renamed, before=row))


async def fail(_db: WriteScope, payload: Mapping[str, Any]) -> None:
    """Fail with what nobody is to read."""
    raise ZeroDivisionError(payload)


async def rename_and_fail(db: WriteScope, payload: Mapping[str, Any]) -> None:
    """Fail when all is done but the commit."""
    await rename(db, payload)
    raise ZeroDivisionError


class Renamed:
    """A client, a job that renames it, and how often that was done."""

    def __init__(self, trails: Trails, client_id: UUID, job_id: UUID) -> None:
        self.trails = trails
        self.client_id = client_id
        self.job_id = job_id

    async def times(self) -> int:
        """Count the renamings; the event and the entry of each must be there."""
        owner = self.trails.owner
        city = await owner.fetchval("SELECT city FROM gateway.client WHERE id = $1", self.client_id)
        for table in ("event", "audit_entry"):
            told = await owner.fetchval(f"SELECT count(*) FROM gateway.{table} WHERE target_id = $1", self.client_id)
            assert told == city.count("!")
        return int(city.count("!"))


@pytest_asyncio.fixture
async def renaming(trails: Trails) -> Renamed:
    """A job that is due."""
    client_id = await trails.owner.fetchval(
        "UPDATE gateway.client SET city = 'City' WHERE id = (SELECT id FROM gateway.client"
        " WHERE partner_id = $1 LIMIT 1) RETURNING id",
        trails.partner,
    )
    return Renamed(trails, client_id, await trails.leave_job(KIND, {"client": str(client_id)}))


async def test_a_job_has_its_effect_once(trails: Trails, renaming: Renamed) -> None:
    relay = trails.relay({KIND: rename})
    assert await relay.due() == [(trails.partner, KIND)]
    assert await relay.run_next(trails.partner, KIND) == Ran(renaming.job_id, KIND, 1, Outcome.DONE)
    row = await trails.job(renaming.job_id)
    assert row["done_at"] is not None
    assert (row["attempts"], row["locked_until"], row["last_error"]) == (1, None, None)
    assert await relay.due() == []
    assert await relay.run_next(trails.partner, KIND) is None
    assert await renaming.times() == 1


async def test_what_a_job_did_is_told_as_the_systems(trails: Trails, renaming: Renamed) -> None:
    await trails.relay({KIND: rename}).run_next(trails.partner, KIND)
    entry = await trails.owner.fetchrow("SELECT * FROM gateway.audit_entry")
    assert (entry["actor_kind"], entry["operation"], entry["request_id"]) == ("SYSTEM", KIND, str(renaming.job_id))


async def test_a_job_that_finds_nothing_to_do_is_done(trails: Trails, renaming: Renamed) -> None:
    async def look(_db: WriteScope, _payload: Mapping[str, Any]) -> None:
        """Find that all is as it should be."""

    ran = await trails.relay({KIND: look}).run_next(trails.partner, KIND)
    assert ran is not None
    assert ran.outcome is Outcome.DONE
    assert (await trails.job(renaming.job_id))["done_at"] is not None
    assert await renaming.times() == 0


async def test_a_job_may_not_change_rows_without_saying_so(trails: Trails, renaming: Renamed) -> None:
    async def rename_quietly(db: WriteScope, payload: Mapping[str, Any]) -> None:
        row = await db.get(client, UUID(payload["client"]), what="client")
        await db.update(client, row, {"city": "Quiet!"})

    ran = await trails.relay({KIND: rename_quietly}).run_next(trails.partner, KIND)
    assert ran is not None
    assert (ran.outcome, ran.error) == (Outcome.FAILED, UnannouncedChangeError.__name__)
    assert await renaming.times() == 0


async def test_a_job_touches_its_own_partner_only(trails: Trails) -> None:
    other = await trails.owner.fetchval(
        "SELECT id FROM gateway.client WHERE partner_id = $1 LIMIT 1", trails.partners[1]
    )
    job = await trails.leave_job(KIND, {"client": str(other)})
    ran = await trails.relay({KIND: rename}).run_next(trails.partner, KIND)
    assert ran == Ran(job, KIND, 1, Outcome.FAILED, "NotFoundError")
    assert await trails.numbers("event", trails.partners[1]) == []


async def test_kinds_without_a_handler_stay_as_they_are(trails: Trails) -> None:
    mail = await trails.leave_job("mail.welcome", {"to": "somebody@mail.example"})
    before = await trails.job(mail)
    relay = trails.relay({KIND: rename})
    assert await relay.due() == []
    assert await relay.run_next(trails.partner, KIND) is None
    assert await trails.relay().due() == []
    assert await trails.job(mail) == before


async def test_a_job_waits_until_it_is_due(trails: Trails, renaming: Renamed) -> None:
    await trails.owner.execute("UPDATE gateway.outbox SET due_at = now() + interval '1 hour'")
    relay = trails.relay({KIND: rename})
    assert await relay.due() == []
    assert await relay.run_next(trails.partner, KIND) is None
    assert (await trails.job(renaming.job_id))["attempts"] == 0


async def test_each_partner_and_kind_that_is_due_is_found_once(trails: Trails) -> None:
    for partner, kind in itertools.product(trails.partners, ("one", "two", "other")):
        for _ in range(2):
            await trails.leave_job(kind, partner_id=partner)
    relay = trails.relay({"one": fail, "two": fail})
    assert set(await relay.due()) == set(itertools.product(trails.partners, ("one", "two")))
    assert len(await relay.due()) == 2 * len(trails.partners)


async def test_jobs_are_run_in_the_order_in_which_they_are_due(trails: Trails) -> None:
    at = await trails.owner.fetchval("SELECT now() - interval '1 day'")
    jobs = [await trails.leave_job(KIND, due_at=at + timedelta(hours=hours)) for hours in (3, 1, 2)]
    relay = trails.relay({KIND: fail})
    ran = [await relay.run_next(trails.partner, KIND) for _ in jobs]
    assert [made.job_id for made in ran if made] == [jobs[1], jobs[2], jobs[0]]


# Jobs whose worker is killed, and several workers.


class Killed(BaseException):
    """The end of a process, as far as one can have it in a test."""


async def test_a_worker_killed_before_the_effect_leaves_the_job_to_others_after_a_minute(
    trails: Trails, renaming: Renamed, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: Any) -> None:
        raise Killed

    with monkeypatch.context() as dying:
        dying.setattr(relaying, "system_write", die)
        with pytest.raises(Killed):
            await trails.relay({KIND: rename}).run_next(trails.partner, KIND)
    row = await trails.job(renaming.job_id)
    assert (row["attempts"], row["done_at"], row["last_error"]) == (1, None, None)
    claimed = await trails.owner.fetchval("SELECT max(locked_until) - now() FROM gateway.outbox")
    assert timedelta(0) < claimed <= timedelta(seconds=CLAIM_SECONDS)
    relay = trails.relay({KIND: rename})
    assert await relay.due() == []
    assert await relay.run_next(trails.partner, KIND) is None
    assert await renaming.times() == 0
    await trails.let_rest_pass()
    assert await relay.due() == [(trails.partner, KIND)]
    assert await relay.run_next(trails.partner, KIND) == Ran(renaming.job_id, KIND, 2, Outcome.DONE)
    assert await renaming.times() == 1


async def test_a_worker_killed_after_the_effect_and_before_the_commit_has_had_none(
    trails: Trails, renaming: Renamed
) -> None:
    async def rename_and_die(db: WriteScope, payload: Mapping[str, Any]) -> None:
        await rename(db, payload)
        raise Killed

    with pytest.raises(Killed):
        await trails.relay({KIND: rename_and_die}).run_next(trails.partner, KIND)
    assert await renaming.times() == 0
    assert (await trails.job(renaming.job_id))["done_at"] is None
    await trails.let_rest_pass()
    await trails.relay({KIND: rename}).run_next(trails.partner, KIND)
    assert await renaming.times() == 1


async def test_a_job_that_another_finished_after_all_is_not_done_again(
    trails: Trails, renaming: Renamed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker claims, is held up for longer than its claim lasts, and goes on when another has done the job."""

    @asynccontextmanager
    async def held_up(*given: Any) -> AsyncIterator[WriteScope]:
        monkeypatch.setattr(relaying, "system_write", system_write)
        await trails.let_rest_pass()
        ran = await trails.relay({KIND: rename}).run_next(trails.partner, KIND)
        assert ran == Ran(renaming.job_id, KIND, 2, Outcome.DONE)
        async with system_write(*given) as db:
            yield db

    monkeypatch.setattr(relaying, "system_write", held_up)
    assert await trails.relay({KIND: rename}).run_next(trails.partner, KIND) == Ran(
        renaming.job_id, KIND, 1, Outcome.DONE
    )
    assert await renaming.times() == 1


async def test_a_failure_says_nothing_about_a_job_that_another_claimed_meanwhile(
    trails: Trails, renaming: Renamed, monkeypatch: pytest.MonkeyPatch
) -> None:
    @asynccontextmanager
    async def overtaken(*given: Any) -> AsyncIterator[WriteScope]:
        await trails.owner.execute("UPDATE gateway.outbox SET attempts = 2, locked_until = 'infinity'")
        async with system_write(*given) as db:
            yield db

    monkeypatch.setattr(relaying, "system_write", overtaken)
    await trails.relay({KIND: fail}).run_next(trails.partner, KIND)
    row = await trails.job(renaming.job_id)
    assert (row["attempts"], row["last_error"], row["locked_until"].year) == (2, None, 9999)


async def test_workers_at_once_share_the_jobs(trails: Trails, renaming: Renamed) -> None:
    jobs = [await trails.leave_job(KIND, {"client": str(renaming.client_id)}) for _ in range(19)]
    relay = trails.relay({KIND: rename})
    found = await asyncio.gather(*(relay.run_next(trails.partner, KIND) for _ in range(4) for _ in jobs))
    done = [ran for ran in found if ran is not None and ran.outcome is Outcome.DONE]
    busy = [ran for ran in found if ran is not None and ran.outcome is Outcome.FAILED]
    assert {ran.error for ran in busy} <= {"BusyError"}
    assert len({ran.job_id for ran in done}) == len(done)
    assert await renaming.times() == len(done)
    await trails.let_rest_pass()
    while await relay.run_next(trails.partner, KIND):
        pass
    assert await renaming.times() == 20


# Jobs that fail.


async def test_a_job_that_failed_says_only_by_what_and_rests_twice_as_long_each_time(trails: Trails) -> None:
    job = await trails.leave_job(KIND, {"secret": "of somebody"})
    relay = trails.relay({KIND: fail})
    for attempt in range(1, ATTEMPTS):
        before = await trails.owner.fetchval("SELECT clock_timestamp()")
        ran = await relay.run_next(trails.partner, KIND)
        after = await trails.owner.fetchval("SELECT clock_timestamp()")
        assert ran == Ran(job, KIND, attempt, Outcome.FAILED, "ZeroDivisionError")
        row = await trails.job(job)
        assert (row["attempts"], row["done_at"], row["last_error"]) == (attempt, None, "ZeroDivisionError")
        assert before <= row["locked_until"] - timedelta(seconds=FIRST_PAUSE_SECONDS * 2 ** (attempt - 1)) <= after
        assert await relay.due() == []
        await trails.let_rest_pass()
    assert await relay.dead() == 0
    assert await relay.run_next(trails.partner, KIND) == Ran(job, KIND, ATTEMPTS, Outcome.DEAD, "ZeroDivisionError")
    dead = await trails.job(job)
    assert (dead["attempts"], dead["done_at"]) == (ATTEMPTS, None)
    await trails.let_rest_pass()
    assert await relay.due() == []
    assert await relay.run_next(trails.partner, KIND) is None
    assert await relay.dead() == 1


async def test_a_failure_takes_back_what_the_job_changed(trails: Trails, renaming: Renamed) -> None:
    await trails.relay({KIND: rename_and_fail}).run_next(trails.partner, KIND)
    assert await renaming.times() == 0
    await trails.let_rest_pass()
    await trails.relay({KIND: rename}).run_next(trails.partner, KIND)
    assert await renaming.times() == 1


async def test_one_failing_job_holds_up_no_other(trails: Trails, renaming: Renamed) -> None:
    at = await trails.owner.fetchval("SELECT now() - interval '1 day'")
    bad = await trails.leave_job(KIND, {"client": "no id"}, due_at=at)
    relay = trails.relay({KIND: rename})
    ran = [await relay.run_next(trails.partner, KIND) for _ in range(3)]
    assert ran == [
        Ran(bad, KIND, 1, Outcome.FAILED, "ValueError"),
        Ran(renaming.job_id, KIND, 1, Outcome.DONE),
        None,
    ]
