"""Starting to act in an organisation; what holds for every change is in test_changes."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from storage.accesses import AccessState, partner_access
from storage.acting import acting_session
from storage.organisations import DomainStatus, child_org
from storage.partners import PartnerRole
from tenancy.privileges import Privilege
from tests.factories.clients import Answer, GatewayClient
from tests.operations.changes import ERRORS, Shop, assert_told, trail_of
from tests.operations.conftest import Unchanged
from tests.operations.worlds import LONG_AGO, node_id

MANAGE: Final = f"""
mutation($input: OrganisationManageInput!) {{
  organisationManage(input: $input) {{
    session {{ id memberName reason organisationDomain createdAt expiresAt banner organisation {{ id }} }}
    {ERRORS}
  }}
}}"""
LONGEST: Final = 500


async def manage(shop: Shop, caller: GatewayClient, **values: Any) -> Answer:
    given = {"organisationId": node_id("ChildOrg", shop.organisation), "reason": "A user cannot sign in", **values}
    return await caller.run(MANAGE, input=given)


async def test_is_denied_to_those_who_may_not_act(shop: Shop, unchanged: Unchanged) -> None:
    script = await shop.world.credential(*Privilege)
    askers = {
        "BILLING_MAY_NOT_ORGANISATION_ACT": shop.world.acting(PartnerRole.BILLING),
        "VIEWER_MAY_NOT_ORGANISATION_ACT": shop.world.viewer,
        "SUPER_ADMIN_MAY_NOT_ORGANISATION_ACT": shop.as_super_admin,
        "ADMINISTRATOR_MAY_NOT_ORGANISATION_ACT": shop.as_admin,
        "ORG_MEMBER_MAY_NOT_ORGANISATION_ACT": shop.as_user,
        "PARTNER_ACTING_MAY_NOT_ORGANISATION_ACT": shop.as_acting,
        "API_CREDENTIAL_NEVER_ORGANISATION_ACT": shop.world.being(script["id"]),
    }
    async with unchanged():
        for rule, caller in askers.items():
            answer = await manage(shop, caller)
            assert answer.user_errors[0]["rule"] == rule
            assert answer.payload["session"] is None


async def test_is_denied_until_a_domain_is_verified(shop: Shop, unchanged: Unchanged) -> None:
    await shop.world.change(child_org, shop.organisation["id"], domain_status=DomainStatus.UNVERIFIED)
    async with unchanged():
        answer = await manage(shop, shop.world.boss)
    (error,) = answer.user_errors
    assert (error["code"], error["rule"]) == ("FORBIDDEN", "OWNER_MAY_NOT_ORGANISATION_ACT_UNTIL_DOMAIN_VERIFIED")
    assert "verified" in error["howToRequest"]


@pytest.mark.parametrize("role", [PartnerRole.OWNER, PartnerRole.ADMIN, PartnerRole.SUPPORT])
async def test_starts_a_session_of_15_minutes_under_the_access(role: PartnerRole, shop: Shop) -> None:
    answer = await manage(shop, shop.world.acting(role), reason=" A user cannot sign in ")
    made = answer.payload["session"]
    (row,) = [row for row in await shop.world.rows(acting_session) if row["id"] != shop.session["id"]]
    assert made["id"] == node_id("ActingSession", row)
    assert (made["memberName"], made["reason"]) == (role.title(), "A user cannot sign in")
    assert made["organisationDomain"] == "harbour.example"
    assert made["banner"] == "You are managing your customer harbour.example"
    assert made["organisation"] == {"id": node_id("ChildOrg", shop.organisation)}
    assert row["expires_at"] - row["created_at"] == timedelta(minutes=15)
    assert abs(row["created_at"] - datetime.now(UTC)) < timedelta(days=1)
    assert (row["membership_id"], row["access_id"]) == (shop.world.memberships[role], shop.access["id"])
    assert (row["client_id"], row["child_org_id"]) == (shop.client["id"], shop.organisation["id"])
    trail = await trail_of(shop.world)
    assert_told(trail, shop.world, answer, "organisationManage", role)
    assert (trail.types, trail.entries[0]["reason"]) == (["acting.started"], "A user cannot sign in")
    acting = await shop.world.acting_in(row).run("{ viewer { actingAs { id } } }")
    assert acting.data["viewer"]["actingAs"] == {"id": made["id"]}


@pytest.mark.parametrize(
    ("reason", "code"), [("", "REQUIRED"), (" \t", "REQUIRED"), ("x" * (LONGEST + 1), "TOO_LONG")], ids=len
)
async def test_refuses_a_reason_that_is_none(reason: str, code: str, shop: Shop, unchanged: Unchanged) -> None:
    async with unchanged():
        answer = await manage(shop, shop.world.boss, reason=reason)
    assert (answer.user_codes, answer.user_errors[0]["path"]) == ([code], ["input", "reason"])


async def test_takes_the_longest_reason(shop: Shop) -> None:
    made = (await manage(shop, shop.world.boss, reason="x" * LONGEST)).payload["session"]
    assert made["reason"] == "x" * LONGEST


@pytest.mark.parametrize(
    "ending",
    [
        *({"state": state} for state in AccessState if state is not AccessState.ACTIVE),
        {"expires_at": LONG_AGO},
    ],
    ids=str,
)
async def test_finds_no_organisation_without_an_access_that_is_active(
    ending: dict[str, Any], shop: Shop, unchanged: Unchanged
) -> None:
    await shop.world.change(partner_access, shop.access["id"], **ending)
    for until in (shop.organisation["partner_sees_until"], LONG_AGO):
        await shop.world.change(child_org, shop.organisation["id"], partner_sees_until=until)
        async with unchanged():
            answer = await manage(shop, shop.world.boss)
        assert (answer.user_codes, answer.user_errors[0]["path"]) == (["NOT_FOUND"], ["input", "organisationId"])


async def test_finds_no_organisation_of_another_partner(shop: Shop, other_shop: Shop, unchanged: Unchanged) -> None:
    async with unchanged():
        answer = await manage(other_shop, shop.world.boss)
    assert answer.user_codes == ["NOT_FOUND"]


@pytest.mark.parametrize("role", [PartnerRole.OWNER, PartnerRole.SUPPORT])
async def test_gives_a_retry_the_same_session_to_whoever_started_it(role: PartnerRole, shop: Shop) -> None:
    caller = shop.world.acting(role)
    first = await manage(shop, caller, idempotencyKey="once")
    again = await manage(shop, caller, idempotencyKey="once")
    assert again.payload == first.payload
    assert len(await shop.world.rows(acting_session)) == 2


async def test_gives_nobody_a_retry_who_may_neither_act_nor_read_sessions(shop: Shop, unchanged: Unchanged) -> None:
    await manage(shop, shop.world.boss, idempotencyKey="once")
    colleague = shop.world.acting(PartnerRole.SUPPORT)
    async with unchanged():
        answer = await manage(shop, colleague, idempotencyKey="once")
    assert answer.user_errors[0]["rule"] == "SUPPORT_MAY_NOT_ACTING_READ"
    assert answer.payload["session"] is None
    place = shop.world.memberships[PartnerRole.OWNER]
    await shop.world.owner.execute("UPDATE gateway.membership SET role = 'VIEWER' WHERE id = $1", place)
    denied = await manage(shop, shop.world.boss, idempotencyKey="once")
    assert denied.user_errors[0]["rule"] == "VIEWER_MAY_NOT_ORGANISATION_ACT"
