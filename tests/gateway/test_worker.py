"""The worker at work: beside a failing partner, without its database, and when it is told to stop."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
from structlog.testing import capture_logs

from gateway import worker as working
from gateway.app import Layers, compose
from gateway.identity.keys import Keys
from gateway.identity.tokens import JwtVerifier
from gateway.serving import with_worker
from gateway.settings import Settings
from gateway.worker import Worker
from resolvers.jobs import HANDLERS
from storage.base import new_id
from storage.engine import Database, connect
from tenancy.relay import ATTEMPTS
from tenancy.writing import WriteScope
from tests.conftest import as_login
from tests.factories.clients import running
from tests.gateway.trails import Trails, opened
from tests.tenancy.contention import Line, blocked, until

ALL_NUMBERED: Final = "SELECT count(*) = count(seq) AND count(*) > 0 FROM gateway.audit_entry WHERE partner_id = $1"
SECRET: Final = "of somebody"


async def fail(_db: WriteScope, payload: Mapping[str, Any]) -> None:
    """Fail with what no log is to repeat."""
    raise ZeroDivisionError(payload)


def workers() -> int:
    """Count the workers that run in this process."""
    return sum("Worker.run " in repr(task.get_coro()) for task in asyncio.all_tasks())


async def test_numbers_what_is_written_and_runs_jobs_as_they_come(trails: Trails) -> None:
    async with Worker(trails.boundary).running():
        for _ in range(3):
            for partner in trails.partners:
                await trails.write(partner)
                await until(trails.owner, ALL_NUMBERED, partner)
            job = await trails.leave_job("access.expire", {"access_id": str(new_id())})
            await until(trails.owner, "SELECT done_at IS NOT NULL FROM gateway.outbox WHERE id = $1", job)
    assert workers() == 0
    for partner in trails.partners:
        assert (await trails.verified(partner)).faults == ()
    await trails.write()
    assert (await trails.numbers("event"))[-1] is None


async def test_more_jobs_than_are_run_at_a_time_are_all_run(trails: Trails) -> None:
    for _ in range(2 * working.JOBS_AT_A_TIME + 1):
        await trails.leave_job("access.expire", {"access_id": str(new_id())})
    async with Worker(trails.boundary).running():
        await until(trails.owner, "SELECT count(*) = count(done_at) FROM gateway.outbox")


async def test_one_partners_trouble_holds_up_no_other(trails: Trails) -> None:
    stuck, *others = trails.partners
    await trails.write(stuck)
    await trails.number_all()
    await trails.owner.execute("DELETE FROM gateway.trail_head")
    for partner in trails.partners:
        await trails.write(partner)
    with capture_logs() as logged:
        async with Worker(trails.boundary).running():
            for partner in others:
                await until(trails.owner, ALL_NUMBERED, partner)
            while not logged:  # noqa: ASYNC110 - the worker tells nobody but its log
                await asyncio.sleep(0)
    assert logged[0] == {
        "event": "worker.trail_stuck",
        "log_level": "error",
        "partner_id": str(stuck),
        "error": "AlreadyExistsError",
    }
    assert await trails.numbers("audit_entry", stuck) == [1, None]


@asynccontextmanager
async def entries_held(trails: Trails) -> AsyncIterator[Any]:
    """Hold the rows that are to be numbered, until the transaction is ended."""
    connection = await connect(trails.url)
    await connection.execute("SET ROLE gateway_owner; BEGIN; SELECT FROM gateway.audit_entry FOR UPDATE")
    try:
        yield connection
    finally:
        await connection.close()


def with_lock_timeout(trails: Trails, limit: str) -> str:
    """Return the login's URL with another time-out."""
    url = as_login(trails.url)
    return f"{url}{'&' if urlsplit(url).query else '?'}lock_timeout={limit}&statement_timeout=0"


async def test_what_somebody_holds_is_numbered_later(trails: Trails) -> None:
    first, second, _third = trails.partners
    await trails.write(first)
    async with opened(trails.url, login_url=with_lock_timeout(trails, "1ms")) as hasty, entries_held(trails) as holder:
        with capture_logs() as logged:
            async with Worker(hasty.boundary).running():
                await trails.write(second)
                await until(trails.owner, ALL_NUMBERED, second)
                assert await trails.numbers("audit_entry", first) == [None]
                await holder.execute("COMMIT")
                await until(trails.owner, ALL_NUMBERED, first)
    assert logged == []


@pytest.mark.parametrize("how", ["stopped", "cancelled"])
async def test_a_worker_told_to_stop_finishes_the_transaction_in_hand(trails: Trails, how: str) -> None:
    await trails.write()
    async with opened(trails.url, login_url=with_lock_timeout(trails, "0")) as patient, entries_held(trails) as holder:
        worker = Worker(patient.boundary)
        working_on = asyncio.create_task(worker.run())
        await blocked(trails.owner, holder.get_server_pid())
        worker.stop() if how == "stopped" else working_on.cancel()
        await asyncio.sleep(0)
        await holder.execute("COMMIT")
        await asyncio.wait({working_on})
    assert working_on.cancelled() is (how == "cancelled")
    assert await trails.numbers("audit_entry") == [1]
    assert (await trails.verified()).faults == ()


async def test_a_transaction_in_hand_that_does_not_end_is_given_up(
    trails: Trails, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(working, "GRACE_SECONDS", 0.01)
    await trails.write()
    async with opened(trails.url, login_url=with_lock_timeout(trails, "0")) as patient, entries_held(trails) as holder:
        with capture_logs() as logged:
            async with Worker(patient.boundary).running():
                await blocked(trails.owner, holder.get_server_pid())
    assert logged == [{"event": "worker.abandoned", "log_level": "warning"}]
    assert await trails.numbers("audit_entry") == [None]
    assert await trails.number_all() == 2


async def test_a_database_that_goes_and_comes_back_is_worked_on_again(
    trails: Trails, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(working, "FIRST_PAUSE_SECONDS", 0.01)
    line = Line(as_login(trails.url))
    await line.mend()
    async with opened(trails.url, login_url=line.url) as far:
        with capture_logs() as logged:
            async with Worker(far.boundary).running():
                await trails.write()
                await until(trails.owner, ALL_NUMBERED, trails.partner)
                await line.cut()
                await trails.write()
                while len(logged) < 2:  # noqa: ASYNC110 - the worker tells nobody but its log
                    await asyncio.sleep(0)
                await line.mend()
                await until(trails.owner, ALL_NUMBERED, trails.partner)
                while len(logged) < 4:  # noqa: ASYNC110 - as above
                    await asyncio.sleep(0)
    await line.remove()
    assert {(line["event"], line["what"], line.get("error")) for line in logged} == {
        ("worker.interrupted", "numbering", "UnavailableError"),
        ("worker.interrupted", "jobs", "UnavailableError"),
        ("worker.resumed", "numbering", None),
        ("worker.resumed", "jobs", None),
    }


async def test_a_worker_is_stopped_while_it_waits_for_its_database(trails: Trails) -> None:
    line = Line(as_login(trails.url))
    await line.mend()
    async with opened(trails.url, login_url=line.url) as far:
        await line.cut()
        with capture_logs() as logged:
            async with Worker(far.boundary).running():
                while not logged:  # noqa: ASYNC110 - the worker tells nobody but its log
                    await asyncio.sleep(0)
    await line.remove()
    assert workers() == 0


async def test_the_log_names_jobs_and_nothing_that_they_hold(trails: Trails, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(working, "HANDLERS", {"fails": fail, "dies": fail, "access.expire": HANDLERS["access.expire"]})
    jobs = {
        "fails": await trails.leave_job("fails", {"secret": SECRET}),
        "dies": await trails.leave_job("dies", {"secret": SECRET}, attempts=ATTEMPTS - 1),
        "access.expire": await trails.leave_job("access.expire", {"access_id": str(new_id()), "secret": SECRET}),
    }
    with capture_logs() as logged:
        async with Worker(trails.boundary).running():
            while len(logged) < len(jobs):  # noqa: ASYNC110 - the worker tells nobody but its log
                await asyncio.sleep(0)
    failed = {"error": "ZeroDivisionError"}
    expected: dict[str, dict[str, Any]] = {
        "fails": {"event": "job.failed", "log_level": "warning", "attempt": 1, **failed},
        "dies": {"event": "job.dead", "log_level": "error", "attempt": ATTEMPTS, "dead": 1, **failed},
        "access.expire": {"event": "job.done", "log_level": "info", "attempt": 1},
    }
    assert {line["kind"]: line for line in logged} == {
        kind: {**said, "kind": kind, "job_id": str(jobs[kind])} for kind, said in expected.items()
    }


async def test_an_application_runs_a_worker_only_where_it_is_asked_to(trails: Trails, settings: Settings) -> None:
    layers = Layers(
        verifier=JwtVerifier(Keys(settings.data_dir).verifying_keys(), issuer=settings.issuer),
        decide=trails.boundary.decide,
        query_scope=trails.boundary.query_scope,
        database=Database(as_login(trails.url), size=2),
    )
    before = workers()
    async with running(settings, layers):
        assert workers() == before
    app = with_worker(compose(settings, layers), layers)
    async with app.router.lifespan_context(app):
        assert workers() == before + 1
        await trails.write()
        await until(trails.owner, ALL_NUMBERED, trails.partner)
    assert workers() == before
