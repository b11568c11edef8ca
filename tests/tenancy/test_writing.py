"""One change in one transaction: together with its event and audit entry and once for its key, or not at all."""

import asyncio
from typing import Any, Final

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import DBAPIError

from storage.audit import audit_entry
from storage.base import new_id
from storage.clients import client, client_word
from storage.events import event, idempotency_record
from tenancy import predicates
from tenancy.audit import Attempt, Change, input_hash
from tenancy.errors import (
    IdempotencyInFlightError,
    IdempotencyMismatchError,
    NotFoundError,
    ReplayedError,
    StaleVersionError,
)
from tenancy.outcomes import sqlstate
from tenancy.predicates import UnscopedStatementError
from tenancy.scope import Scope, WriteScope
from tenancy.writing import UnannouncedChangeError
from tests.factories.worlds import mutation_document
from tests.tenancy.conftest import Ground, attempt
from tests.tenancy.contention import a_client, blocked, holding

EDIT: Final = mutation_document("clientEdit")
ATTACH: Final = mutation_document("resellerCardAttach")


async def make(ground: Ground, asked: Attempt) -> Any:
    """Create a client and say so."""
    values = await a_client(ground)
    async with ground.scope("owner").write(asked) as db:
        row = await db.insert(client, values)
        await db.announce(Change("client.created", client, row))
    return row


async def test_a_change_that_nobody_announced_is_rolled_back(ground: Ground) -> None:
    before = await ground.sums()
    values = await a_client(ground)

    async def keep_quiet(change: Any) -> None:
        async with ground.scope("owner").write(attempt(key="quiet")) as db:
            await change(db)

    async def adding(db: WriteScope) -> None:
        await db.insert(client, values)

    async def adding_many(db: WriteScope) -> None:
        known = await db.fetch(lambda bounds: select(client.c.id).where(bounds(client)).limit(1))
        await db.insert_many(client_word, [{"client_id": known[0]["id"], "word": "quiet"}])

    async def changing(db: WriteScope) -> None:
        (row,) = await db.fetch(lambda bounds: select(client).where(bounds(client)).limit(1))
        await db.update(client, row, {"city": "Quiet"})

    async def deleting(db: WriteScope) -> None:
        known = await db.fetch(lambda bounds: select(client.c.id).where(bounds(client)).limit(1))
        await db.delete_links(client_word, "client_id", known[0]["id"])

    for change in (adding, adding_many, changing, deleting):
        with pytest.raises(UnannouncedChangeError, match="clientCreate"):
            await keep_quiet(change)
    assert await ground.sums() == before


async def test_a_change_writes_its_event_its_entry_and_its_outcome(ground: Ground) -> None:
    row = await make(ground, attempt(key="told"))
    owner, target = ground.owner, row["id"]
    happened = await owner.fetchrow("SELECT * FROM gateway.event WHERE target_id = $1", target)
    entry = await owner.fetchrow("SELECT * FROM gateway.audit_entry WHERE target_id = $1", target)
    kept = await owner.fetchrow("SELECT * FROM gateway.idempotency_record WHERE key = 'told'")
    assert (happened["type"], happened["partner_id"]) == ("client.created", ground.mine.partner_id)
    assert happened["seq"] is entry["seq"] is entry["hash"] is None
    assert (entry["operation"], entry["privilege"], entry["request_id"]) == ("clientCreate", "CLIENT_CREATE", "request")
    assert entry["actor_membership_id"] == ground.identity("owner").membership_id
    assert (kept["outcome_kind"], kept["outcome_id"]) == ("client", target)
    assert {identifier.version for identifier in (target, happened["id"], entry["id"], kept["id"])} == {7}


async def test_nothing_changed_is_nothing_written(ground: Ground) -> None:
    before = await ground.sums()
    async with ground.scope("owner").write(attempt()) as db:
        (row,) = await db.fetch(lambda bounds: select(client).where(bounds(client)).limit(1))
        assert await db.update(client, row, {"city": row["city"]}) is row
        await db.insert_many(client_word, [])
        await db.announce()
    assert await ground.sums() == before


async def test_a_retry_of_what_changed_nothing_finds_the_row(ground: Ground) -> None:
    asked = attempt(key="no change")
    async with ground.scope("owner").write(asked) as db:
        (row,) = await db.fetch(lambda bounds: select(client).where(bounds(client)).limit(1))
        await db.update(client, row, {"city": row["city"]})
    with pytest.raises(ReplayedError) as replayed:
        await make(ground, asked)
    assert (replayed.value.kind, replayed.value.identifier) == ("client", row["id"])


async def test_a_row_outside_the_scope_is_not_found_to_be_changed(ground: Ground) -> None:
    async with ground.scope("owner").write(attempt()) as db:
        for unknown in (ground.theirs.home.client_id, new_id()):
            assert await db.find(client, unknown) is None
            assert await db.find(client, unknown, lock=False) is None
            with pytest.raises(NotFoundError) as missing:
                await db.get(client, unknown, what="client", path=("id",))
            assert (missing.value.message, missing.value.path) == ("There is no such client.", ("id",))


async def test_many_rows_are_added_to_ones_own_partner_only(ground: Ground) -> None:
    async with ground.scope("owner").write(attempt()) as db:
        (row,) = await db.fetch(lambda bounds: select(client).where(bounds(client)).limit(1))
        other = ground.theirs.partner_id
        await db.insert_many(
            client_word, [{"partner_id": other, "client_id": row["id"], "word": f"many{n}"} for n in range(3)]
        )
        await db.announce(Change("client.indexed", client, row))
    found = await ground.owner.fetch("SELECT partner_id FROM gateway.client_word WHERE word LIKE 'many_'")
    assert [row["partner_id"] for row in found] == [ground.mine.partner_id] * 3


async def test_a_change_outside_the_scope_is_not_run(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    values = await a_client(ground)
    before = await ground.sums()
    monkeypatch.setattr(predicates, "partner_value", new_id)

    async def change(*, many: bool) -> None:
        async with ground.scope("owner").write(attempt()) as db:
            if many:
                await db.insert_many(client_word, [{"client_id": new_id(), "word": "x"}])
            else:
                await db.insert(client, values)

    for many in (False, True):
        with pytest.raises(UnscopedStatementError):
            await change(many=many)
    assert await ground.sums() == before


async def test_announcing_nothing_announces_no_change(ground: Ground) -> None:
    values = await a_client(ground)
    before = await ground.sums()

    async def change() -> None:
        async with ground.scope("owner").write(attempt()) as db:
            await db.insert(client, values)
            await db.announce()

    with pytest.raises(UnannouncedChangeError):
        await change()
    assert await ground.sums() == before


async def test_a_stale_version_names_what_changed_since(ground: Ground) -> None:
    row = await make(ground, attempt())
    async with ground.scope("owner").write(attempt("clientEdit")) as db:
        before = await db.get(client, row["id"], what="client")
        await db.expect(client, before, None)
        await db.expect(client, before, 1)
        fresh = await db.update(client, before, {"city": "Elsewhere", "tax_exempt": not row["tax_exempt"]})
        await db.announce(Change("client.edited", client, fresh, before=before))
    assert fresh["version"] == 2
    async with ground.scope("owner").write(attempt("clientEdit")) as db:
        after = await db.get(client, row["id"], what="client")
        with pytest.raises(StaleVersionError) as stale:
            await db.expect(client, after, 1)
    assert stale.value.details == {"current_version": 2, "changed_fields": ["city", "tax_exempt"]}


async def test_a_key_is_used_once(ground: Ground) -> None:
    row = await make(ground, attempt(key="once", input_hash=input_hash(b"input")))
    before = await ground.sums()
    with pytest.raises(ReplayedError) as replayed:
        await make(ground, attempt(key="once", input_hash=input_hash(b"input")))
    assert (replayed.value.kind, replayed.value.identifier) == ("client", row["id"])
    with pytest.raises(IdempotencyMismatchError):
        await make(ground, attempt(key="once", input_hash=input_hash(b"another")))
    assert await ground.sums() == before


async def test_of_two_that_ask_at_once_one_makes_it(ground: Ground) -> None:
    client_asking = ground.ask("owner")
    given = {**ground.valid("clientCreate"), "idempotencyKey": "at once"}
    answers = await asyncio.gather(
        *(client_asking.run(mutation_document("clientCreate"), input=given) for _ in range(3))
    )
    assert {code for answer in answers for code in answer.user_codes} <= {"IDEMPOTENCY_IN_FLIGHT"}
    made = {answer.payload["client"]["id"] for answer in answers if not answer.user_errors}
    assert len(made) == 1
    assert await ground.owner.fetchval("SELECT count(*) FROM gateway.client WHERE email = $1", given["email"]) == 1


async def test_a_key_whose_change_is_still_being_made_is_in_flight(ground: Ground) -> None:
    asked = attempt(key="in flight")
    values = await a_client(ground)
    async with ground.scope("owner").write(asked) as db:
        row = await db.insert(client, values)
        with pytest.raises(IdempotencyInFlightError) as waiting:
            await make(ground, asked)
        await db.announce(Change("client.created", client, row))
    assert waiting.value.retryable
    with pytest.raises(ReplayedError):
        await make(ground, asked)


async def test_a_key_whose_change_failed_is_free(ground: Ground) -> None:
    asked = attempt(key="failed")
    with pytest.raises(ZeroDivisionError):
        async with ground.scope("owner").write(asked):
            raise ZeroDivisionError
    assert await make(ground, asked)


async def test_a_key_that_is_no_longer_kept_is_free_again(ground: Ground) -> None:
    first = await make(ground, attempt(key="kept no longer", input_hash=b"first"))
    await ground.owner.execute(
        "UPDATE gateway.idempotency_record SET expires_at = '2020-01-01' WHERE key = 'kept no longer'"
    )
    second = await make(ground, attempt(key="kept no longer", input_hash=b"second"))
    assert second["id"] != first["id"]
    kept = await ground.owner.fetchrow("SELECT * FROM gateway.idempotency_record WHERE key = 'kept no longer'")
    assert (kept["outcome_id"], kept["input_hash"]) == (second["id"], b"second")
    with pytest.raises(ReplayedError):
        await make(ground, attempt(key="kept no longer", input_hash=b"second"))


async def test_claiming_fails_as_the_database_says(ground: Ground) -> None:
    with pytest.raises(DBAPIError) as failed:
        await make(ground, attempt(key="nul \0 nul"))
    assert sqlstate(failed.value) == "22021"


async def test_what_somebody_else_holds_is_busy_and_nothing_changes(ground: Ground) -> None:
    before = await ground.sums()
    given = ground.valid("clientEdit")
    async with holding(ground, "SELECT FROM gateway.client FOR UPDATE"):
        answer = await ground.ask("owner").run(EDIT, input=given)
    (error,) = answer.user_errors
    assert (error["code"], error["retryable"]) == ("BUSY", True)
    assert answer.payload["client"] is None
    assert await ground.sums() == before


async def test_the_second_of_two_that_add_the_same_is_told_that_it_exists(ground: Ground) -> None:
    given = {**ground.valid("resellerCardAttach"), "token": "tok_visa:race"}
    copied = (
        "INSERT INTO gateway.payment_card SELECT (jsonb_populate_record(c, jsonb_build_object("
        "'id', gen_random_uuid(), 'holder', 'RESELLER', 'client_id', NULL, 'processor', 'sandbox',"
        " 'token', 'tok_visa:race'))).* FROM gateway.payment_card c WHERE partner_id = $1 LIMIT 1"
    )
    async with holding(ground, copied, ground.mine.partner_id) as first:
        second = asyncio.create_task(ground.ask("owner").run(ATTACH, input=given))
        await blocked(ground.owner, first.pid)
        await first.commit()
        answer = await second
    assert answer.user_codes == ["ALREADY_EXISTS"]
    assert answer.payload["card"] is None
    assert (
        await ground.owner.fetchval("SELECT count(*) FROM gateway.payment_card WHERE token = $1", given["token"]) == 1
    )


def test_an_outcome_has_the_hash_of_its_input() -> None:
    assert len(input_hash(b"")) == 32
    assert input_hash(b"a") != input_hash(b"b")


@pytest.mark.parametrize("table", [event, audit_entry], ids=str)
async def test_the_trail_is_not_changed_or_deleted(ground: Ground, table: Any) -> None:
    await make(ground, attempt())
    for verb in ("UPDATE {} SET version = 2 WHERE partner_id = $1", "DELETE FROM {} WHERE partner_id = $1"):
        with pytest.raises(DBAPIError) as refused:
            async with ground.scope("owner").write(attempt()) as db:
                await db._connection.exec_driver_sql(verb.format(table), (ground.mine.partner_id,))  # noqa: SLF001 - past the query scope, as nothing of ours can
        assert sqlstate(refused.value) == "42501"


async def test_row_level_security_alone_refuses_a_row_for_another_partner(ground: Ground) -> None:
    values = {**await a_client(ground), "partner_id": ground.theirs.partner_id, "id": new_id(), "import_source": None}
    with pytest.raises(DBAPIError) as refused:
        async with ground.scope("owner").write(attempt()) as db:
            await db._connection.execute(insert(client).values(**values))  # noqa: SLF001 - past the query scope, as nothing of ours can
    assert sqlstate(refused.value) == "42501"
    assert not await ground.owner.fetchval("SELECT count(*) FROM gateway.client WHERE id = $1", values["id"])


async def test_an_outcome_is_kept_for_the_partner_alone(ground: Ground) -> None:
    await make(ground, attempt(key="apart"))
    async with Scope(ground.boundary, ground.their_owner).write(attempt(key="apart")) as db:
        found = await db.fetch(lambda bounds: select(idempotency_record.c.partner_id).where(bounds(idempotency_record)))
    assert ground.mine.partner_id not in {row["partner_id"] for row in found}
