"""What the relay may do, and numbers without gaps, whoever else writes or numbers at the same time."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

import asyncpg
import pytest

from storage.audit import audit_entry
from storage.events import event, outbox
from storage.tables import metadata
from tenancy import relay as relaying
from tenancy.errors import AlreadyExistsError, BusyError, UnavailableError
from tenancy.relay import BATCH, NumberedByAnotherError
from tenancy.trail import GENESIS
from tests.conftest import as_login
from tests.gateway.trails import Trails, opened
from tests.tenancy.contention import Line, blocked

KIND: Final = "client.rename"
MAY_SET: Final = {
    event: {"seq"},
    audit_entry: {"seq", "hash"},
    outbox: {"attempts", "locked_until", "last_error", "done_at"},
}
DENIED: Final = "42501"


@asynccontextmanager
async def session(trails: Trails, role: str | None = None) -> AsyncIterator[Any]:
    """Open a transaction beside the relay's, as the login in a role or as the owner; it is rolled back."""
    connection = await asyncpg.connect(as_login(trails.url) if role else trails.url)
    transaction = connection.transaction()
    await transaction.start()
    await connection.execute(f"SET LOCAL ROLE {role or 'gateway_owner'}")
    try:
        yield connection
    finally:
        await connection.close()


# What the relay may do.


async def test_the_relay_sets_its_columns_and_nothing_else(trails: Trails) -> None:
    await trails.write()
    await trails.leave_job("any")
    tables = [table for table in metadata.sorted_tables if table.name != "trail_head"]
    async with session(trails, "gateway_relay") as relay:
        for table in tables:
            allowed = MAY_SET.get(table, set())
            attempts = [f"UPDATE {table} SET {name} = {name}" for name in set(table.c.keys()) - allowed]
            for statement in (*attempts, f"DELETE FROM {table}", f"INSERT INTO {table} DEFAULT VALUES"):
                with pytest.raises(asyncpg.InsufficientPrivilegeError) as denied:
                    async with relay.transaction():
                        await relay.execute(statement)
                assert denied.value.sqlstate == DENIED
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with relay.transaction():
                await relay.execute("DELETE FROM gateway.trail_head")
        for table, allowed in MAY_SET.items():
            for name in allowed:
                assert await relay.execute(f"UPDATE {table} SET {name} = {name}") == "UPDATE 1"


async def test_what_is_numbered_is_not_numbered_again_and_what_is_done_not_marked_again(trails: Trails) -> None:
    await trails.write()
    await trails.number_all()
    await trails.leave_job("any", done_at=(await trails.head())["updated_at"])
    async with session(trails, "gateway_relay") as relay:
        for table, allowed in MAY_SET.items():
            assert await relay.fetchval(f"SELECT count(*) FROM {table}") == 1
            for name in allowed:
                assert await relay.execute(f"UPDATE {table} SET {name} = NULL") == "UPDATE 0"


@pytest.mark.parametrize("role", ["staff", "client", "org", "system", "platform"])
async def test_nobody_who_writes_numbers_or_moves_a_head(trails: Trails, role: str) -> None:
    await trails.write()
    await trails.number_all()
    async with session(trails, f"gateway_{role}") as writer:
        await writer.execute("SELECT set_config('app.partner', $1::text, true)", str(trails.partner))
        for statement in (
            "UPDATE gateway.event SET seq = 7",
            "UPDATE gateway.audit_entry SET seq = 7",
            "UPDATE gateway.audit_entry SET hash = NULL",
            "DELETE FROM gateway.audit_entry",
            "SELECT FROM gateway.trail_head",
            "UPDATE gateway.trail_head SET audit_seq = 0",
            "DELETE FROM gateway.trail_head",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                async with writer.transaction():
                    await writer.execute(statement)
    assert (await trails.verified()).faults == ()


# Numbering.


async def sound(trails: Trails, count: int, *, partner: UUID | None = None, late: int = 0) -> None:
    """Fail unless a partner's events and entries are numbered without a gap, and chained; `late` ones are not yet."""
    for table in ("event", "audit_entry"):
        found = await trails.numbers(table, partner)
        assert sorted(seq for seq in found if seq is not None) == list(range(1, count + 1)), table
        assert found.count(None) == late
    report = await trails.verified(partner)
    assert (report.entries, report.faults) == (count, ())
    head = await trails.head(partner)
    assert (head["event_seq"], head["audit_seq"]) == (count, count)


async def test_rows_are_numbered_from_one_in_their_order(trails: Trails) -> None:
    first, second, third = trails.partners
    assert await trails.relay().unnumbered() == []
    await trails.write(first, times=3)
    await trails.write(second, times=2)
    assert set(await trails.relay().unnumbered()) == {first, second}
    assert await trails.relay().number(first) == 6
    assert await trails.relay().unnumbered() == [second]
    await trails.write(first)
    assert await trails.number_all() == 6
    for partner, count in ((first, 4), (second, 2)):
        await sound(trails, count, partner=partner)
        for table in ("event", "audit_entry"):
            assert await trails.numbers(table, partner) == list(range(1, count + 1))
    assert await trails.head(third) is None


async def test_events_and_entries_are_numbered_apart(trails: Trails) -> None:
    await trails.write(times=2)
    async with trails.owner.transaction():
        await trails.owner.execute("DELETE FROM gateway.event")
    assert await trails.number_all() == 2
    head = await trails.head()
    assert (head["event_seq"], head["audit_seq"]) == (0, 2)
    await trails.write()
    async with trails.owner.transaction():
        await trails.owner.execute("DELETE FROM gateway.audit_entry WHERE seq IS NULL")
    assert await trails.number_all() == 1
    moved = await trails.head()
    assert (moved["event_seq"], moved["audit_seq"], moved["audit_hash"]) == (1, 2, head["audit_hash"])


async def test_nothing_to_number_makes_an_empty_head_and_moves_none(trails: Trails) -> None:
    assert await trails.relay().number(trails.partner) == 0
    made = await trails.head()
    assert (made["event_seq"], made["audit_seq"], made["audit_hash"]) == (0, 0, GENESIS)
    assert await trails.relay().number(trails.partner) == 0
    assert await trails.head() == made


async def test_many_rows_are_numbered_by_batches(trails: Trails) -> None:
    await trails.write(times=2 * BATCH + 1)
    assert [await trails.relay().number(trails.partner) for _ in range(4)] == [2 * BATCH, 2 * BATCH, 2, 0]
    await sound(trails, 2 * BATCH + 1)


async def test_what_is_not_committed_waits_for_its_commit(trails: Trails) -> None:
    await trails.write()
    async with trails.held_write() as commit:
        await trails.write()
        assert await trails.number_all() == 4
        await sound(trails, 2)
        await commit()
    assert await trails.number_all() == 2
    await sound(trails, 3)
    assert await trails.numbers("audit_entry") == [1, 3, 2]


async def test_relays_at_once_number_every_row_once(trails: Trails) -> None:
    async def relaying_on() -> int:
        with suppress(BusyError):
            return await trails.number_all()
        return 0

    for _ in range(10):
        for partner in trails.partners:
            await trails.write(partner, times=2)
        await asyncio.gather(*(relaying_on() for _ in range(4)))
    await trails.number_all()
    for partner in trails.partners:
        await sound(trails, 20, partner=partner)


async def test_a_partner_whose_head_another_holds_is_passed_over(trails: Trails) -> None:
    await trails.write()
    await trails.number_all()
    await trails.write()
    async with session(trails) as other:
        await other.execute("SELECT FROM gateway.trail_head FOR UPDATE")
        assert await trails.relay().number(trails.partner) == 0
        await sound(trails, 1, late=1)
    assert await trails.relay().number(trails.partner) == 2
    await sound(trails, 2)


_MAKE_HEAD: Final = "INSERT INTO gateway.trail_head VALUES ($1, 0, 0, $2, now())"


async def test_of_two_that_make_a_head_the_second_finds_it_made(trails: Trails) -> None:
    await trails.write()
    async with session(trails) as other:
        await other.execute(_MAKE_HEAD, trails.partner, GENESIS)
        second = asyncio.create_task(trails.relay().number(trails.partner))
        await blocked(trails.owner, other.get_server_pid())
        await other.execute("COMMIT")
        assert await second == 0
    await sound(trails, 0, late=1)
    assert await trails.relay().number(trails.partner) == 2


async def test_a_head_that_another_is_slow_to_make_is_busy(trails: Trails) -> None:
    await trails.write()
    async with session(trails) as other:
        await other.execute(_MAKE_HEAD, trails.partner, GENESIS)
        with pytest.raises(BusyError):
            await trails.relay().number(trails.partner)
    assert await trails.head() is None
    assert await trails.numbers("audit_entry") == [None]


async def test_numbers_given_by_somebody_without_the_head_leave_nothing_behind(trails: Trails) -> None:
    await trails.write(times=2)
    async with session(trails) as other:
        last = await other.fetchval("SELECT id FROM gateway.audit_entry ORDER BY created_at DESC, id DESC LIMIT 1")
        await other.execute("UPDATE gateway.audit_entry SET seq = 2 WHERE id = $1", last)
        numbering = asyncio.create_task(trails.relay().number(trails.partner))
        await blocked(trails.owner, other.get_server_pid())
        await other.execute("COMMIT")
        with pytest.raises(NumberedByAnotherError):
            await numbering
    assert await trails.head() is None
    assert await trails.numbers("event") == [None, None]
    assert await trails.numbers("audit_entry") == [None, 2]


@pytest.mark.parametrize("tampering", ["DELETE FROM gateway.trail_head", "UPDATE gateway.trail_head SET audit_seq = 1"])
async def test_a_chain_whose_head_was_tampered_with_is_not_gone_on_with(trails: Trails, tampering: str) -> None:
    await trails.write(times=3)
    await trails.number_all()
    await trails.owner.execute(tampering)
    before = await trails.verified()
    assert before.faults
    await trails.write()
    with pytest.raises(AlreadyExistsError):
        await trails.relay().number(trails.partner)
    assert await trails.verified() == before
    assert await trails.numbers("audit_entry") == [1, 2, 3, None]


async def test_a_thousand_writers_wait_for_nobody_and_leave_no_gap(fresh_database: str) -> None:
    """One of them stays uncommitted the whole while, so whoever waited for it would run into the lock's time-out."""
    url = as_login(fresh_database)
    limits = f"{'&' if urlsplit(url).query else '?'}lock_timeout=2s&idle_in_transaction_session_timeout=0"
    async with opened(fresh_database, size=12, login_url=url + limits) as trails, trails.held_write() as commit:
        writing, connections = True, asyncio.Semaphore(8)

        async def write() -> None:
            async with connections:
                await trails.write()

        async def relaying_on() -> None:
            while writing:
                with suppress(BusyError):
                    await trails.number_all()
                await asyncio.sleep(0.01)

        relays = [asyncio.create_task(relaying_on()) for _ in range(2)]
        await asyncio.gather(*(write() for _ in range(1000)))
        writing = False
        await asyncio.gather(*relays)
        await trails.number_all()
        await sound(trails, 1000)
        await commit()
        assert await trails.number_all() == 2
        await sound(trails, 1001)


@pytest.mark.parametrize("statement", [relaying._UNNUMBERED, relaying._DUE], ids=["unnumbered", "due"])  # noqa: SLF001 - nothing else runs them
async def test_what_waits_is_found_by_the_partial_indexes(trails: Trails, statement: str) -> None:
    async with session(trails, "gateway_relay") as relay:
        await relay.execute("SET LOCAL enable_seqscan = off; SET LOCAL plan_cache_mode = force_generic_plan")
        kinds = ([KIND],) if "$1" in statement else ()
        plan = "\n".join(row[0] for row in await relay.fetch(f"EXPLAIN {statement}", *kinds))
    used = set(re.findall(r"Scan (?:\w+ )?using (\w+)", plan))
    assert used <= {"ix_event_unnumbered", "ix_audit_entry_unnumbered", "ix_outbox_waiting"}, plan
    assert used
    assert "Seq Scan" not in plan
    assert "Bitmap" not in plan


async def test_a_database_that_is_gone_is_unavailable_until_it_is_back(trails: Trails) -> None:
    await trails.write()
    line = Line(as_login(trails.url))
    await line.mend()
    async with opened(trails.url, login_url=line.url) as far:
        assert await far.relay().unnumbered() == [far.partner]
        await line.cut()
        for asked in (far.relay().unnumbered(), far.relay().number(far.partner), far.relay().due(), far.relay().dead()):
            with pytest.raises(UnavailableError):
                await asked
        await line.mend()
        assert await far.relay().number(far.partner) == 2
    await line.remove()
