"""What the jobs do: an access ends with its time, a deleted user is forgotten, and neither when things changed."""

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import pytest

from resolvers.jobs import ACCESS_EXPIRE, HANDLERS, KEPT_AFTER_DELETION, USER_PURGE
from storage.base import new_id
from tenancy.relay import Outcome
from tests.gateway.trails import Trails

PERSONAL: Final = {
    "name": "Somebody Somewhere",
    "email": "somebody@somewhere.example",
    "department": "The Fourth Floor",
    "phone": "+34911234567",
    "profile_image": "https://somewhere.example/somebody.png",
}


async def run(trails: Trails, kind: str, payload: Any) -> None:
    """Run one job, which must be done afterwards."""
    job = await trails.leave_job(kind, payload)
    ran = await trails.relay(HANDLERS).run_next(trails.partner, kind)
    assert ran is not None
    assert (ran.job_id, ran.outcome, ran.error) == (job, Outcome.DONE, None)
    assert (await trails.job(job))["done_at"] is not None


async def told(trails: Trails, target: UUID) -> list[Any]:
    """Return the events about a row; each must have its audit entry."""
    found = await trails.owner.fetch("SELECT * FROM gateway.event WHERE target_id = $1 ORDER BY created_at", target)
    entries = await trails.owner.fetchval("SELECT count(*) FROM gateway.audit_entry WHERE target_id = $1", target)
    assert entries == len(found)
    return list(found)


# An access whose time is up.


async def an_access(trails: Trails, change: str) -> Any:
    """Change an active access, and let its organisation be seen without an end."""
    access = await trails.owner.fetchrow(
        f"UPDATE gateway.partner_access SET {change} WHERE id = (SELECT id FROM gateway.partner_access"
        " WHERE partner_id = $1 AND state = 'ACTIVE' ORDER BY id LIMIT 1) RETURNING *",
        trails.partner,
    )
    await trails.owner.execute(
        "UPDATE gateway.child_org SET partner_sees_until = 'infinity' WHERE id = $1", access["child_org_id"]
    )
    return access


async def both(trails: Trails, access: Any) -> tuple[Any, Any]:
    """Return an access and its organisation as they now are."""
    return (
        await trails.owner.fetchrow("SELECT * FROM gateway.partner_access WHERE id = $1", access["id"]),
        await trails.owner.fetchrow("SELECT * FROM gateway.child_org WHERE id = $1", access["child_org_id"]),
    )


@pytest.mark.parametrize(
    "meanwhile",
    [
        "expires_at = now() + interval '1 hour', extended_at = now()",
        "expires_at = NULL",
        "expires_at = now() - interval '1 hour', state = 'ENDED', ended_at = now()",
        "expires_at = now() - interval '1 hour', state = 'WITHDRAWN'",
    ],
    ids=["extended", "granted without an end", "ended", "withdrawn"],
)
async def test_an_access_that_something_else_became_of_stays_as_it_is(trails: Trails, meanwhile: str) -> None:
    access = await an_access(trails, meanwhile)
    before = await both(trails, access)
    await run(trails, ACCESS_EXPIRE, {"access_id": str(access["id"])})
    assert await both(trails, access) == before
    assert await told(trails, access["id"]) == []


async def test_an_access_of_another_partner_is_not_touched(trails: Trails) -> None:
    access = await trails.owner.fetchrow(
        "UPDATE gateway.partner_access SET expires_at = now() - interval '1 hour' WHERE id ="
        " (SELECT id FROM gateway.partner_access WHERE partner_id = $1 AND state = 'ACTIVE' LIMIT 1) RETURNING *",
        trails.partners[1],
    )
    before = await both(trails, access)
    for unknown in (access["id"], new_id()):
        await run(trails, ACCESS_EXPIRE, {"access_id": str(unknown)})
    assert await both(trails, access) == before


async def test_an_access_ends_as_of_its_expiry(trails: Trails) -> None:
    access = await an_access(trails, "expires_at = now() - interval '1 hour'")
    await run(trails, ACCESS_EXPIRE, {"access_id": str(access["id"])})
    expired, organisation = await both(trails, access)
    assert (expired["state"], expired["version"]) == ("EXPIRED", access["version"] + 1)
    assert organisation["partner_sees_until"] == access["expires_at"]
    (event,) = await told(trails, access["id"])
    assert (event["type"], event["payload"]) == ("access.expired", {"state": "EXPIRED"})
    assert (event["client_id"], event["child_org_id"]) == (access["client_id"], access["child_org_id"])
    await run(trails, ACCESS_EXPIRE, {"access_id": str(access["id"])})
    assert len(await told(trails, access["id"])) == 1


# A user who was deleted.


async def a_user(trails: Trails, *, status: str = "DELETED", deleted: timedelta | None = KEPT_AFTER_DELETION) -> Any:
    """Change a user of an organisation: its status, and how long ago it was deleted."""
    return await trails.owner.fetchrow(
        "UPDATE gateway.org_user SET status = $2, deleted_at = now() - $3::interval, name = $4, name_sort = $4,"
        " email = $5, department = $6, phone = $7, profile_image = $8 WHERE id = (SELECT id FROM gateway.org_user"
        " WHERE partner_id = $1 AND role = 'MEMBER' ORDER BY id LIMIT 1) RETURNING *",
        trails.partner,
        status,
        deleted,
        *PERSONAL.values(),
    )


async def now_is(trails: Trails, user: Any) -> Any:
    """Return a user as it now is."""
    return await trails.owner.fetchrow("SELECT * FROM gateway.org_user WHERE id = $1", user["id"])


@pytest.mark.parametrize(
    ("status", "deleted"),
    [
        ("ACTIVE", None),
        ("SUSPENDED", KEPT_AFTER_DELETION),
        ("DELETED", KEPT_AFTER_DELETION - timedelta(hours=1)),
        ("DELETED", None),
    ],
    ids=["restored", "restored and suspended", "deleted again", "deleted nobody knows when"],
)
async def test_a_user_who_is_to_be_kept_stays_as_it_is(trails: Trails, status: str, deleted: timedelta | None) -> None:
    user = await a_user(trails, status=status, deleted=deleted)
    await run(trails, USER_PURGE, {"user_id": str(user["id"])})
    assert await now_is(trails, user) == user
    assert await told(trails, user["id"]) == []


async def test_a_deleted_user_is_forgotten_after_thirty_days(trails: Trails) -> None:
    user = await a_user(trails)
    await run(trails, USER_PURGE, {"user_id": str(user["id"])})
    purged = await now_is(trails, user)
    assert (purged["name"], purged["name_sort"], purged["email"]) == (
        "",
        "",
        f"deleted-{user['id'].hex}@invalid.example",
    )
    assert purged["department"] is purged["phone"] is purged["profile_image"] is None
    assert (purged["status"], purged["deleted_at"], purged["role"]) == ("DELETED", user["deleted_at"], user["role"])
    (event,) = await told(trails, user["id"])
    assert event["type"] == "org_user.purged"
    assert (event["org_internal"], event["child_org_id"]) == (True, user["child_org_id"])
    await run(trails, USER_PURGE, {"user_id": str(user["id"])})
    assert len(await told(trails, user["id"])) == 1


async def test_what_is_forgotten_stands_nowhere_in_the_trail(trails: Trails) -> None:
    user = await a_user(trails)
    await run(trails, USER_PURGE, {"user_id": str(user["id"])})
    (entry,) = await trails.owner.fetch("SELECT * FROM gateway.audit_entry")
    assert set(entry["before"]) == set(PERSONAL)
    assert set(entry["before"].values()) == {"[redacted]"}
    for table in ("event", "audit_entry", "outbox", "org_user"):
        rows = "\n".join(
            row["text"] for row in await trails.owner.fetch(f"SELECT t::text AS text FROM gateway.{table} t")
        )
        for said in PERSONAL.values():
            assert said not in rows, table


@pytest.mark.parametrize("kind", HANDLERS)
@pytest.mark.parametrize("payload", [{}, {"access_id": "x", "user_id": "x"}], ids=["nothing", "no id"])
async def test_a_payload_that_says_nothing_fails_and_changes_nothing(trails: Trails, kind: str, payload: Any) -> None:
    job = await trails.leave_job(kind, payload)
    ran = await trails.relay(HANDLERS).run_next(trails.partner, kind)
    assert ran is not None
    assert ran.outcome is Outcome.FAILED
    assert (await trails.job(job))["last_error"] in {"KeyError", "ValueError"}
    assert await trails.owner.fetchval("SELECT count(*) FROM gateway.event") == 0
