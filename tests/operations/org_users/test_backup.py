"""Asking for a backup of a user's data; what holds for every change is in test_changes."""

import asyncio
from typing import Any

import pytest

from storage.events import outbox
from storage.org_users import BackupState, user_backup
from storage.partners import PartnerRole
from tests.operations.changes import Shop, trail_of
from tests.operations.conftest import Unchanged
from tests.operations.org_users.people import ACTING_ROLES, acting, assert_denied, change, made, of
from tests.operations.worlds import node_id

FIELD = "orgUserBackup"


async def asked(caller: Any, user: Any, **values: Any) -> Any:
    return await made(caller, FIELD, "backup", id=of(user), **values)


@pytest.mark.parametrize("role", ACTING_ROLES)
async def test_denies_whoever_acts_for_the_partner(role: PartnerRole, shop: Shop, unchanged: Unchanged) -> None:
    caller = await acting(shop, role)
    async with unchanged():
        answer = await change(caller, FIELD, "backup", id=of(shop.user))
    assert_denied(answer, "PARTNER_DENIED_USER_BACKUP")
    assert await shop.world.rows(outbox) == await shop.world.rows(user_backup) == []


async def test_denies_an_administrator_and_a_member_everybody_else(shop: Shop, unchanged: Unchanged) -> None:
    async with unchanged():
        for user in (shop.user, shop.admin):
            answer = await change(shop.as_admin, FIELD, "backup", id=of(user))
            assert_denied(answer, "ADMINISTRATOR_MAY_NOT_USER_BACKUP")
        assert (await change(shop.as_user, FIELD, "backup", id=of(shop.admin))).user_codes == ["NOT_FOUND"]


@pytest.mark.parametrize("who", ["super admin", "member"])
async def test_asks_in_the_name_of_the_caller(who: str, shop: Shop) -> None:
    caller, asker = {"super admin": (shop.as_super_admin, shop.super_admin), "member": (shop.as_user, shop.user)}[who]
    backup = await asked(caller, shop.user)
    (row,) = await shop.world.rows(user_backup)
    assert (backup["id"], backup["state"]) == (node_id("UserBackup", row), "REQUESTED")
    assert backup["requestedByName"] == row["requested_by_name"] == asker["name"]
    assert (row["requested_by"], row["user_id"]) == (asker["membership_id"], shop.user["id"])
    assert row["child_org_id"] == shop.organisation["id"]
    (job,) = await shop.world.rows(outbox)
    assert (job["kind"], job["child_org_id"]) == ("user.backup", shop.organisation["id"])
    assert str(row["id"]) in str(job["payload"])
    assert (await trail_of(shop.world)).types == ["user_backup.requested"]


async def test_refuses_a_second_while_one_is_made(shop: Shop, unchanged: Unchanged) -> None:
    await asked(shop.as_super_admin, shop.user)
    async with unchanged():
        answer = await change(shop.as_super_admin, FIELD, "backup", id=of(shop.user))
    assert answer.user_codes == ["BACKUP_PENDING"]
    assert answer.user_errors[0]["path"] == ["input", "id"]
    assert await asked(shop.as_super_admin, shop.admin)


@pytest.mark.parametrize("state", [BackupState.READY, BackupState.FAILED])
async def test_asks_again_once_the_last_is(state: BackupState, shop: Shop) -> None:
    await asked(shop.as_user, shop.user)
    (row,) = await shop.world.rows(user_backup)
    await shop.world.change(user_backup, row["id"], state=state)
    assert await asked(shop.as_user, shop.user)


async def test_does_not_tell_a_member_of_what_the_super_admin_asked_for(shop: Shop) -> None:
    await asked(shop.as_super_admin, shop.user)
    assert await asked(shop.as_user, shop.user)


async def test_asks_once_when_two_ask_at_the_same_time_and_for_one_key(shop: Shop) -> None:
    answers = await asyncio.gather(*(change(shop.as_super_admin, FIELD, "backup", id=of(shop.user)) for _ in range(3)))
    assert {code for answer in answers for code in answer.user_codes} <= {"BACKUP_PENDING", "BUSY"}
    assert len(await shop.world.rows(user_backup)) == 1
    first = await asked(shop.as_user, shop.user, idempotencyKey="once")
    assert await asked(shop.as_user, shop.user, idempotencyKey="once") == first
    assert len(await shop.world.rows(user_backup)) == 2
