"""Extending an access; what holds for every change is in test_changes."""

from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from storage.accesses import AccessState, partner_access
from storage.partners import PartnerRole
from tests.operations.accesses.life import A_DAY, domains, left_to_do, limited, make, seen_until, stored
from tests.operations.changes import Shop, assert_told, trail_of
from tests.operations.conftest import Unchanged

EXTEND: Final = "partnerAccessExtend"


async def test_is_denied_to_the_organisation_and_to_lesser_roles(shop: Shop, unchanged: Unchanged) -> None:
    access = await limited(shop)
    askers = {
        "SUPER_ADMIN_MAY_NOT_PARTNER_ACCESS_EXTEND": shop.as_super_admin,
        "PARTNER_ACTING_MAY_NOT_PARTNER_ACCESS_EXTEND": shop.as_acting,
        **{
            f"{role}_MAY_NOT_PARTNER_ACCESS_EXTEND": shop.world.acting(role)
            for role in (PartnerRole.BILLING, PartnerRole.SUPPORT, PartnerRole.VIEWER)
        },
    }
    async with unchanged():
        for rule, caller in askers.items():
            assert (await make(caller, EXTEND, access)).user_errors[0]["rule"] == rule
    assert await seen_until(shop) == access["expires_at"]


async def test_adds_180_days_and_lets_the_partner_see_the_organisation_for_as_long(shop: Shop) -> None:
    access = await limited(shop)
    answer = await make(shop.world.boss, EXTEND, access)
    row = await stored(shop, access)
    assert answer.payload["access"]["state"] == "ACTIVE"
    assert row["expires_at"] - access["expires_at"] == timedelta(days=180)
    assert row["extended_at"] == row["updated_at"]
    assert await seen_until(shop) == row["expires_at"]
    assert await domains(shop.world.boss) == ["harbour.example"]
    trail = await trail_of(shop.world)
    assert_told(trail, shop.world, answer, EXTEND)
    assert trail.types == ["access.extended"]


async def test_leaves_the_new_end_and_its_notices_to_be_done(shop: Shop) -> None:
    access = await limited(shop)
    await make(shop.world.boss, EXTEND, access)
    ends = (await stored(shop, access))["expires_at"]
    expiry, *mails = await left_to_do(shop.world)
    assert expiry == ("access.expire", ends, {"access_id": str(access["id"])})
    assert [(ends - due, about["days"]) for _kind, due, about in mails] == [(days * A_DAY, days) for days in (30, 7, 1)]


async def test_does_so_once(shop: Shop, unchanged: Unchanged) -> None:
    access = await limited(shop)
    assert (await make(shop.world.boss, EXTEND, access)).user_errors == []
    async with unchanged():
        answer = await make(shop.world.boss, EXTEND, access)
    assert (answer.user_codes, answer.user_errors[0]["path"]) == (["ACCESS_NOT_EXTENDABLE"], ["input", "id"])
    assert "already" in answer.user_errors[0]["message"]


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"extendable": False}, "without an extension"),
        ({"full_administration": True}, "Full administration"),
        ({"expires_at": None}, "does not end"),
    ],
    ids=str,
)
async def test_refuses_what_was_not_granted_so(
    values: dict[str, object], says: str, shop: Shop, unchanged: Unchanged
) -> None:
    access = await limited(shop)
    await shop.world.change(partner_access, access["id"], **values)
    async with unchanged():
        answer = await make(shop.world.boss, EXTEND, access)
    assert answer.user_codes == ["ACCESS_NOT_EXTENDABLE"]
    assert says in answer.user_errors[0]["message"]


@pytest.mark.parametrize("state", [state for state in AccessState if state is not AccessState.ACTIVE])
async def test_extends_only_what_is_active(state: AccessState, shop: Shop, unchanged: Unchanged) -> None:
    access = await limited(shop)
    await shop.world.change(partner_access, access["id"], state=state)
    async with unchanged():
        answer = await make(shop.world.boss, EXTEND, access)
    assert answer.user_codes == ["ILLEGAL_TRANSITION"]


async def test_revives_nothing_whose_time_is_up(shop: Shop, unchanged: Unchanged) -> None:
    access = await limited(shop, left=-A_DAY)
    async with unchanged():
        answer = await make(shop.world.boss, EXTEND, access)
    assert answer.user_codes == ["ILLEGAL_TRANSITION"]
    assert "EXPIRED" in answer.user_errors[0]["message"]
    assert (await stored(shop, access))["expires_at"] < datetime.now(UTC)
