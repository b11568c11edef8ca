"""Changes of those who are confined: no row outside, no membership but the organisation's own, keys of their own."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import pytest
import pytest_asyncio
from sqlalchemy import insert, select
from sqlalchemy.exc import DBAPIError

from storage.base import SCHEMA, metadata, new_id, now
from storage.clients import client
from storage.escalations import EscalationState
from storage.events import outbox
from storage.org_settings import org_settings
from storage.org_users import org_user
from tenancy.audit import Attempt, Change
from tenancy.decide import Deny
from tenancy.errors import ForbiddenError, IdempotencyMismatchError, ReplayedError, UnauthenticatedError
from tenancy.outcomes import sqlstate
from tenancy.predicates import DeclaredScope, OutOfReachError, UnscopedStatementError
from tenancy.privileges import Privilege
from tenancy.scope import Boundary, Scope, WriteScope, system_write
from tenancy.writing import UnannouncedChangeError
from tests.tenancy.conftest import Ground, attempt
from tests.tenancy.stages import escalated

PAST: Final = datetime(2020, 1, 1, tzinfo=UTC)
ANYTHING: Final = attempt("somethingDone", privilege=None)


@pytest_asyncio.fixture(autouse=True)
async def as_it_was(ground: Ground) -> AsyncIterator[None]:
    """Undo what a test changes."""
    yield
    await ground.kept.restore()


# No row outside.

OUTSIDE: Final = (
    ("contact with everything", "invoice", "cottage"),
    ("contact with everything", "client", "cottage"),
    ("fenced script", "invoice", "cottage"),
    ("fenced script", "child_org", "cottage"),
    ("fenced script", "subscription", "cottage"),
    ("super admin", "org_user", "annexe"),
    ("super admin", "subscription", "annexe"),
    ("admin acting", "subscription", "annexe"),
    ("admin acting", "org_user", "cottage"),
    ("admin acting", "invoice", "cottage"),
)
outside = pytest.mark.parametrize(("name", "table", "house"), OUTSIDE, ids=[f"{one[0]}, {one[1]}" for one in OUTSIDE])


async def _copy(ground: Ground, table: str, house: str) -> dict[str, Any]:
    """Copy a row of another house of the partner, under an id of its own."""
    place = ground.mine.houses[house]
    column = {"client": "id", "invoice": "client_id", "child_org": "id"}.get(table, "child_org_id")
    owned = place.client_id if table in {"client", "invoice"} else place.organisation_id
    found = await ground.owner.fetchrow(f"SELECT * FROM {SCHEMA}.{table} WHERE {column} = $1 LIMIT 1", owned)
    return {**found, "id": new_id()}


@outside
async def test_a_row_outside_is_not_added(ground: Ground, name: str, table: str, house: str) -> None:
    row, before = await _copy(ground, table, house), await ground.all_sums()
    row.pop("partner_id")
    for many in (False, True):
        with pytest.raises(UnscopedStatementError, match="outside the scope's key"):
            async with ground.scope(name).write(ANYTHING) as db:
                await _add(db, table, row, many=many)
    assert await ground.all_sums() == before


async def _add(db: WriteScope, table: str, row: dict[str, Any], *, many: bool) -> None:
    declared = metadata.tables[f"{SCHEMA}.{table}"]
    if many:
        await db.insert_many(declared, [row])
    else:
        await db.insert(declared, row)


@outside
async def test_row_level_security_alone_refuses_a_row_outside(
    ground: Ground, name: str, table: str, house: str
) -> None:
    row, before = await _copy(ground, table, house), await ground.all_sums()
    statement = insert(metadata.tables[f"{SCHEMA}.{table}"]).values(**row)
    with pytest.raises(DBAPIError) as refused:
        async with ground.scope(name).write(ANYTHING) as db:
            await db._connection.execute(statement)  # noqa: SLF001 - past the query scope, as nothing of ours can
    assert sqlstate(refused.value) == "42501"
    assert "row-level security" in str(refused.value)
    assert await ground.all_sums() == before


# Memberships.


async def _place(ground: Ground, identifier: UUID) -> tuple[str, int, datetime]:
    sql = "SELECT role, epoch, valid_until FROM gateway.membership WHERE id = $1"
    return tuple(await ground.owner.fetchrow(sql, identifier))


async def test_a_membership_of_the_organisation_is_steered_and_its_tokens_end(ground: Ground) -> None:
    user = ground.mine.home.shop.user
    token = ground.scope("user")
    await token.read()
    await token.end_read()
    async with ground.scope("super admin").write(ANYTHING) as db:
        await db.steer(user["membership_id"], role="ADMIN", valid_until=datetime(2999, 1, 1, tzinfo=UTC))
        await db.announce(Change("org_user.steered", org_user, user))
    assert await _place(ground, user["membership_id"]) == ("ADMIN", 2, datetime(2999, 1, 1, tzinfo=UTC))
    with pytest.raises(UnauthenticatedError):
        await token.read()


async def test_steering_to_nothing_else_ends_the_tokens(ground: Ground) -> None:
    user = ground.mine.home.shop.user
    role, epoch, until = await _place(ground, user["membership_id"])
    async with ground.scope("super admin").write(ANYTHING) as db:
        await db.steer(user["membership_id"])
        await db.announce(Change("org_user.steered", org_user, user))
    assert await _place(ground, user["membership_id"]) == (role, epoch + 1, until)


async def test_whoever_never_signed_in_has_nothing_to_steer(ground: Ground) -> None:
    before = await ground.all_sums()
    async with ground.scope("super admin").write(ANYTHING) as db:
        await db.steer(None, role="ADMIN")
    assert await ground.all_sums() == before


async def test_steering_is_announced_or_undone(ground: Ground) -> None:
    before = await ground.all_sums()
    with pytest.raises(UnannouncedChangeError):
        async with ground.scope("super admin").write(ANYTHING) as db:
            await db.steer(ground.mine.home.shop.user["membership_id"], role="ADMIN")
    assert await ground.all_sums() == before


async def test_nobody_elses_membership_is_steered(ground: Ground) -> None:
    world, houses = ground.mine.world, ground.mine.houses
    others = (
        houses["cottage"].shop.user["membership_id"],
        ground.theirs.home.shop.user["membership_id"],
        *world.memberships.values(),
        ground.joined["contact with everything"].membership_id,
        ground.joined["operator"].membership_id,
    )
    user = ground.mine.home.shop.user
    kept = [await _place(ground, other) for other in others]
    async with ground.scope("super admin").write(ANYTHING) as db:
        for other in others:
            await db.steer(other, role="VIEWER", valid_until=PAST)
            changed = await db._connection.exec_driver_sql(  # noqa: SLF001 - past the query scope, as nothing of ours can
                "UPDATE gateway.membership SET role = 'VIEWER' WHERE id = $1", (other,)
            )
            assert changed.rowcount == 0
        await db.announce(Change("org_user.steered", org_user, user))
    assert [await _place(ground, other) for other in others] == kept


@pytest.mark.parametrize("name", ["owner", "contact with everything", "fenced script", "operator"])
async def test_who_is_in_no_organisation_steers_nobody(ground: Ground, name: str) -> None:
    user, before = ground.mine.home.shop.user, await ground.all_sums()
    with pytest.raises(OutOfReachError):
        async with ground.scope(name).write(ANYTHING) as db:
            await db.steer(user["membership_id"], role="ADMIN")
    sql = "UPDATE gateway.membership SET role = 'ADMIN' WHERE id = $1"
    with pytest.raises(DBAPIError) as refused:
        async with ground.scope(name).write(ANYTHING) as db:
            await db._connection.exec_driver_sql(sql, (user["membership_id"],))  # noqa: SLF001 - as above
    assert sqlstate(refused.value) == "42501"
    assert await ground.all_sums() == before


@pytest.mark.parametrize("column", ["child_org_id", "partner_id", "login_id", "kind", "client_ids", "permissions"])
async def test_of_a_membership_only_role_epoch_and_end_are_changed(ground: Ground, column: str) -> None:
    sql = f"UPDATE gateway.membership SET {column} = {column}"
    with pytest.raises(DBAPIError) as refused:
        async with ground.scope("super admin").write(ANYTHING) as db:
            await db._connection.exec_driver_sql(sql)  # noqa: SLF001 - as above
    assert sqlstate(refused.value) == "42501"


# What is left to be done.


async def _left(ground: Ground, kind: str) -> dict[str, Any]:
    found = await ground.owner.fetch("SELECT * FROM gateway.outbox WHERE kind = $1", kind)
    (row,) = found
    return dict(row)


@pytest.mark.parametrize("name", ["owner", "fenced script", "super admin", "admin acting"])
async def test_what_is_left_to_be_done_belongs_to_what_it_follows_from(ground: Ground, name: str) -> None:
    bought, due = ground.mine.home.shop.subscription, now() + timedelta(days=1)
    async with ground.scope(name).write(ANYTHING) as db:
        await db.enqueue("test.later", {"id": str(bought["id"])}, due_at=due, about=bought)
        await db.announce(Change("test.done", metadata.tables[f"{SCHEMA}.subscription"], bought))
    left = await _left(ground, "test.later")
    home = ground.mine.home
    assert (left["partner_id"], left["client_id"], left["child_org_id"]) == (
        ground.mine.partner_id,
        home.client_id,
        home.organisation_id,
    )
    assert (left["payload"], left["due_at"], left["attempts"]) == ({"id": str(bought["id"])}, due, 0)
    assert left["done_at"] is left["locked_until"] is left["last_error"] is None


async def test_what_follows_from_a_row_of_no_organisation_is_left_to_that_of_the_caller_and_at_once(
    ground: Ground,
) -> None:
    began, home = now(), ground.mine.home
    async with ground.scope("admin acting").write(ANYTHING) as db:
        await db.enqueue("test.now", {}, about={"client_id": home.client_id})
        await db.announce(Change("test.done", metadata.tables[f"{SCHEMA}.subscription"], home.shop.subscription))
    left = await _left(ground, "test.now")
    assert left["child_org_id"] == home.organisation_id
    assert began <= left["due_at"] <= now()


async def test_what_the_system_leaves_to_be_done_is_of_no_organisation_unless_it_says_so(ground: Ground) -> None:
    async with system_write(ground.boundary, ground.mine.partner_id, ANYTHING) as db:
        await db.enqueue("test.system", {}, about={})
        await db.announce(Change("test.done", client, ground.mine.home.shop.client))
        db.demand(Privilege.USER_DELETE)
    left = await _left(ground, "test.system")
    assert (left["partner_id"], left["child_org_id"]) == (ground.mine.partner_id, None)


async def test_nothing_is_left_to_be_done_that_nobody_announced_or_for_another_organisation(ground: Ground) -> None:
    before = await ground.all_sums()
    for about, error in (({}, UnannouncedChangeError), ({"child_org_id": new_id()}, UnscopedStatementError)):
        with pytest.raises(error):
            async with ground.scope("super admin").write(ANYTHING) as db:
                await db.enqueue("test.never", {}, about=about)
    assert await ground.all_sums() == before


@pytest.mark.parametrize("name", ["owner", "super admin"])
async def test_nobody_reads_what_is_left_to_be_done(ground: Ground, name: str) -> None:
    with pytest.raises(DBAPIError) as refused:
        async with ground.scope(name).write(ANYTHING) as db:
            await db.fetch(lambda bounds: select(outbox).where(bounds(outbox)))
    assert sqlstate(refused.value) == "42501"


# Keys.

KEYED: Final = Attempt("somethingDone", None, "request", idempotency_key="shared", input_hash=b"one")
OTHERWISE: Final = Attempt("somethingDone", None, "request", idempotency_key="shared", input_hash=b"two")


async def _take(scope: Scope, asked: Attempt) -> None:
    async with scope.write(asked):
        pass


async def test_whoever_is_confined_has_keys_of_its_own(ground: Ground) -> None:
    home = ground.mine.home
    for name in ("owner", "contact with everything", "super admin", "admin acting", "admin acting, some"):
        await _take(ground.scope(name), KEYED)
    await _take(Scope(ground.boundary, ground.their_owner), OTHERWISE)
    found = await ground.owner.fetch(
        "SELECT client_id, child_org_id FROM gateway.idempotency_record WHERE key = 'shared' AND partner_id = $1",
        ground.mine.partner_id,
    )
    annexe = ground.mine.houses["annexe"]
    assert {tuple(row) for row in found} == {
        (None, None),
        (home.client_id, None),
        (None, home.organisation_id),
        (home.client_id, home.organisation_id),
        (annexe.client_id, annexe.organisation_id),
    }


@pytest.mark.parametrize(
    ("first", "second"),
    [("owner", "admin"), ("contact with everything", "contact with nothing"), ("super admin", "administrator")],
)
async def test_a_key_is_that_of_all_who_are_confined_alike(ground: Ground, first: str, second: str) -> None:
    await _take(ground.scope(first), KEYED)
    with pytest.raises(ReplayedError):
        await _take(ground.scope(second), KEYED)
    with pytest.raises(IdempotencyMismatchError):
        await _take(ground.scope(second), OTHERWISE)


# Escalations.

TASK: Final = attempt("organisationSetTfaPolicy", privilege=Privilege.ORG_TFA_POLICY_SET, key="escalated")


async def _settings(scope: Scope, asked: Attempt) -> None:
    async with scope.write(asked) as db:
        (row,) = await db.fetch(lambda bounds: select(org_settings).where(bounds(org_settings)))
        await db.announce(Change("test.done", org_settings, row))


async def test_an_escalation_lifts_a_denial_once_and_its_retry_is_the_same_change(ground: Ground) -> None:
    shop, before = ground.mine.home.shop, await ground.all_sums()
    with pytest.raises(ForbiddenError) as refused:
        await _settings(ground.scope("admin acting"), TASK)
    assert refused.value.denial.rule == "PARTNER_DENIED_TFA_POLICY"
    assert await ground.all_sums() == before
    usable = {"state": EscalationState.APPROVED, "usable_until": now() + timedelta(hours=1)}
    given = await escalated(shop, **usable)
    with pytest.raises(ForbiddenError):
        await _settings(ground.scope("owner acting"), TASK)
    await _settings(ground.scope("admin acting"), TASK)
    row = await ground.mine.world.row(metadata.tables[f"{SCHEMA}.escalation"], given["id"])
    assert (row["state"], row["used_at"] is not None) == (EscalationState.USED, True)
    done = await ground.owner.fetchrow("SELECT * FROM gateway.audit_entry WHERE operation = $1", TASK.operation)
    assert done["escalation_id"] == given["id"]
    with pytest.raises(ReplayedError):
        await _settings(ground.scope("admin acting"), TASK)
    with pytest.raises(ForbiddenError):
        await _settings(ground.scope("admin acting"), attempt(TASK.operation, privilege=TASK.privilege, key="again"))


async def test_an_escalation_without_an_effect_stays_unused(ground: Ground) -> None:
    usable = {"state": EscalationState.APPROVED, "usable_until": now() + timedelta(hours=1)}
    given = await escalated(ground.mine.home.shop, **usable)

    async def fail() -> None:
        async with ground.scope("admin acting").write(TASK):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    row = await ground.mine.world.row(metadata.tables[f"{SCHEMA}.escalation"], given["id"])
    assert row["state"] == EscalationState.APPROVED


@pytest.mark.parametrize("name", ["owner", "super admin"])
async def test_a_denial_is_lifted_for_nobody_who_does_not_act(ground: Ground, name: str) -> None:
    denial = Deny("ASK_FIRST", "Ask first.", escalable=True)
    lenient = Boundary(
        ground.boundary.database, decide=lambda _principal, _privilege: denial, query_scope=DeclaredScope()
    )
    usable = {"state": EscalationState.APPROVED, "usable_until": now() + timedelta(hours=1)}
    await escalated(ground.mine.home.shop, **usable, requested_by=ground.identity(name).membership_id)
    before = await ground.all_sums()
    with pytest.raises(ForbiddenError) as refused:
        await _settings(Scope(lenient, ground.identity(name)), TASK)
    assert refused.value.denial is denial
    assert await ground.all_sums() == before
