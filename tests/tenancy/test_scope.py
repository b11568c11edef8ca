"""Transactions inside a scope: a membership that is not alive reaches nothing, and nothing outlives a transaction."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

import pytest
from sqlalchemy import bindparam, func, select

from storage.audit import audit_entry
from storage.base import Reach, new_id
from storage.clients import client
from storage.invoices import invoice
from tenancy import boundary as remembering
from tenancy import entering, reading
from tenancy.audit import Change
from tenancy.decide import decide
from tenancy.errors import (
    ForbiddenError,
    IdempotencyMismatchError,
    NotFoundError,
    ReplayedError,
    UnauthenticatedError,
)
from tenancy.predicates import DeclaredScope, UnscopedStatementError
from tenancy.privileges import Privilege
from tenancy.scope import Boundary, ReadScope, Scope, system_write
from tests.factories.worlds import mutation_document
from tests.tenancy.conftest import Ground, attempt
from tests.tenancy.contention import ENDINGS, a_client, count_clients, member

VIEWER: Final = "{ viewer { kind } }"
LONG_AGO: Final = datetime(2020, 1, 1, tzinfo=UTC)
CREATE: Final = mutation_document("clientCreate")


@pytest.mark.parametrize("ending", ENDINGS.values(), ids=ENDINGS)
async def test_a_membership_that_ended_is_out_at_the_next_request(ground: Ground, ending: str) -> None:
    identity = await member(ground)
    asking = ground.being(identity.membership_id)
    assert (await asking.run(VIEWER)).data["viewer"]["kind"] == "PARTNER_MEMBER"
    await ground.owner.execute(ending, identity.membership_id)
    before = await ground.sums()
    for answer in (
        await asking.run(VIEWER),
        await asking.run(CREATE, input=ground.valid("clientCreate")),
    ):
        assert answer.status == 401
        assert answer.codes == ["UNAUTHENTICATED"]
        assert not answer.partial
        assert answer.headers["www-authenticate"].startswith("Bearer")
    assert await ground.sums() == before


async def test_a_membership_that_nobody_has_is_out(ground: Ground) -> None:
    answer = await ground.being(new_id()).run(VIEWER)
    assert answer.status == 401


async def test_nobody_reads_or_writes(ground: Ground) -> None:
    scope = Scope(ground.boundary, None)
    with pytest.raises(UnauthenticatedError):
        await scope.read()
    with pytest.raises(UnauthenticatedError):
        async with scope.write(attempt()):
            pytest.fail("a transaction was opened")
    with pytest.raises(UnauthenticatedError):
        scope.demand(Privilege.CLIENT_READ)


async def test_a_kind_without_a_reach_is_out(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entering, "reach_of", lambda _kind, **_more: None)
    boundary = Boundary(ground.boundary.database, decide=decide, query_scope=DeclaredScope())
    with pytest.raises(UnauthenticatedError):
        await Scope(boundary, ground.identity("owner")).read()


async def test_a_membership_that_ends_during_a_long_read_is_refused_its_answer(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "RECHECK_SECONDS", -1.0)
    identity = await member(ground)
    fetch = ReadScope.fetch

    async def ended_meanwhile(self: ReadScope, *given: Any, **more: Any) -> Any:
        rows = await fetch(self, *given, **more)
        await ground.owner.execute(ENDINGS["at another epoch"], identity.membership_id)
        return rows

    asking = ground.being(identity.membership_id)
    clients = "{ clients(first: 1) { nodes { id } } }"
    assert (await asking.run(clients)).data["clients"]["nodes"]
    monkeypatch.setattr(ReadScope, "fetch", ended_meanwhile)
    answer = await asking.run(clients)
    assert answer.status == 401
    assert answer.codes == ["UNAUTHENTICATED"]
    assert not answer.partial


async def test_a_short_read_is_not_asked_again(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "RECHECK_SECONDS", 3600.0)
    identity = await member(ground)
    scope = Scope(ground.boundary, identity)
    await scope.read()
    await ground.owner.execute(ENDINGS["run out"], identity.membership_id)
    await scope.end_read()


async def test_an_abandoned_read_tells_nobody_that_the_membership_ended(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "RECHECK_SECONDS", -1.0)
    identity = await member(ground)
    scope = Scope(ground.boundary, identity)
    await scope.read()
    await ground.owner.execute(ENDINGS["run out"], identity.membership_id)
    await scope.abandon()
    await scope.abandon()


async def test_a_query_sees_one_snapshot(ground: Ground) -> None:
    scope = ground.scope("owner")
    first, second = await asyncio.gather(scope.read(), scope.read())
    assert first is second
    before = (await first.fetch("count", count_clients))[0][0]
    async with ground.scope("owner").write(attempt()) as db:
        row = await db.insert(client, await a_client(ground))
        await db.announce(Change("client.created", client, row))
    assert (await first.fetch("count", count_clients))[0][0] == before
    await scope.end_read()
    assert (await (await scope.read()).fetch("count", count_clients))[0][0] == before + 1
    await scope.end_read()


async def test_a_read_cannot_choose_its_scope(ground: Ground) -> None:
    other = ground.theirs.partner_id
    scope = ground.scope("owner")
    db = await scope.read()
    mine = (await db.fetch("count", count_clients))[0][0]
    chosen = (await db.fetch("count", count_clients, scope_partner=other))[0][0]
    assert chosen == mine
    await scope.end_read()
    async with ground.scope("owner").write(attempt()) as writing:
        (row,) = await writing.fetch(
            lambda bounds: select(func.count(client.c.id).label("n")).where(bounds(client)), scope_partner=other
        )
    assert row["n"] == mine


async def test_a_statement_outside_the_scope_is_not_run(ground: Ground) -> None:
    scope = ground.scope("owner")
    db = await scope.read()
    with pytest.raises(UnscopedStatementError):
        await db.fetch("unscoped", lambda _bounds: select(client))
    with pytest.raises(UnscopedStatementError):
        await db.fetch("unscoped", lambda _bounds: select(client))
    await scope.end_read()
    with pytest.raises(UnscopedStatementError):
        async with scope.write(attempt()) as writing:
            await writing.fetch(lambda _bounds: select(client))


async def test_a_denied_change_opens_nothing(ground: Ground) -> None:
    before = await ground.sums()
    with pytest.raises(ForbiddenError):
        async with ground.scope("viewer").write(attempt()):
            pytest.fail("a transaction was opened")
    assert await ground.sums() == before


async def test_a_change_without_a_privilege_of_its_own_is_anybodys_who_is_alive(ground: Ground) -> None:
    async with ground.scope("viewer").write(attempt(privilege=None)) as db:
        assert db.principal is not None
        assert db.principal.role == "VIEWER"


# The system.


async def test_the_system_writes_within_one_partner(ground: Ground) -> None:
    named = attempt("import", privilege=None, key="the system's")
    async with system_write(ground.boundary, ground.mine.partner_id, named) as db:
        with pytest.raises(NotFoundError):
            await db.get(client, ground.theirs.home.client_id, what="client")
        row = await db.insert(client, await a_client(ground))
        await db.announce(Change("client.created", client, row))
    assert row["partner_id"] == ground.mine.partner_id
    entry = await ground.owner.fetchrow("SELECT * FROM gateway.audit_entry WHERE target_id = $1", row["id"])
    assert (entry["actor_kind"], entry["actor_membership_id"], entry["privilege"]) == ("SYSTEM", None, "SYSTEM")
    with pytest.raises(ReplayedError) as replayed:
        async with system_write(ground.boundary, ground.mine.partner_id, named):
            pytest.fail("it was made twice")
    assert replayed.value.identifier == row["id"]
    other = attempt("import", privilege=None, key="the system's", input_hash=b"other")
    with pytest.raises(IdempotencyMismatchError):
        async with system_write(ground.boundary, ground.mine.partner_id, other):
            pytest.fail("it was made with another input")


async def test_a_question_is_compiled_once_for_each_reach(ground: Ground) -> None:
    boundary = Boundary(ground.boundary.database, decide=decide, query_scope=DeclaredScope())
    built: list[Any] = []

    def build(bounds: Callable[[Any], Any]) -> Any:
        built.append(bounds)
        return select(invoice.c.id).where(bounds(invoice), invoice.c.total_minor > bindparam("least", 7))

    first = boundary.compiled(Reach.STAFF, "question", build)
    assert boundary.compiled(Reach.STAFF, "question", build) is first
    assert boundary.compiled(Reach.CLIENT, "question", build) is not first
    assert len(built) == 2
    assert first[2]["least"] == 7


async def test_what_happened_is_not_shown_before_it_is_committed(ground: Ground) -> None:
    before = await ground.owner.fetchval("SELECT count(*) FROM gateway.audit_entry")

    async def fail() -> None:
        async with ground.scope("owner").write(attempt()) as db:
            row = await db.insert(client, await a_client(ground))
            await db.announce(Change("client.created", client, row))
            found = await db.fetch(
                lambda bounds: select(audit_entry.c.id).where(bounds(audit_entry), audit_entry.c.target_id == row["id"])
            )
            assert len(found) == 1
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert await ground.owner.fetchval("SELECT count(*) FROM gateway.audit_entry") == before


def test_only_so_many_statements_are_remembered(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembering, "REMEMBERED", 2)
    boundary = Boundary(ground.boundary.database, decide=decide, query_scope=DeclaredScope())
    made = [boundary.compiled(Reach.STAFF, number, count_clients) for number in range(3)]
    assert boundary.compiled(Reach.STAFF, 2, count_clients) is made[2]
    assert boundary.compiled(Reach.STAFF, 0, count_clients) is not made[0]


async def test_only_so_many_people_are_remembered(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembering, "REMEMBERED", 1)
    boundary = Boundary(ground.boundary.database, decide=decide, query_scope=DeclaredScope())

    async def standing(name: str) -> object:
        scope = Scope(boundary, ground.identity(name))
        found = (await scope.read()).standing
        await scope.end_read()
        return found

    owner = await standing("owner")
    assert await standing("owner") is owner
    assert await standing("viewer") is not owner
    assert await standing("owner") is not owner


async def test_whoever_changed_is_not_who_is_remembered(ground: Ground) -> None:
    identity = await member(ground)

    async def role() -> str | None:
        scope = Scope(ground.boundary, identity)
        found = (await scope.read()).principal.role
        await scope.end_read()
        return found

    before = await role()
    assert before != "VIEWER"
    await ground.owner.execute("UPDATE gateway.membership SET role = 'VIEWER' WHERE id = $1", identity.membership_id)
    assert await role() == "VIEWER"
