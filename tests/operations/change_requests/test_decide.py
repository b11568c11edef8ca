"""Approving, declining and withdrawing a change request; what holds for every change is in test_changes."""

import asyncio
from typing import Any

import pytest

from storage.change_requests import ChangeRequestState, change_request
from storage.events import outbox
from storage.identity import ContactPermission
from storage.partners import PartnerRole
from storage.plans import plan
from storage.subscriptions import SubscriptionStatus, subscription
from tenancy.privileges import Privilege
from tests.factories.clients import Answer, GatewayClient
from tests.operations.change_requests.asking import accepted, change, create
from tests.operations.change_requests.examples import stored_request
from tests.operations.changes import Shop, trail_of
from tests.operations.conftest import Unchanged
from tests.operations.worlds import Row, node_id, stored

DECISIONS = {"changeRequestApprove": "APPROVED", "changeRequestDecline": "DECLINED"}
DECIDERS = (PartnerRole.OWNER, PartnerRole.ADMIN, PartnerRole.BILLING)
decided = pytest.mark.parametrize("field", DECISIONS)


async def decide(caller: GatewayClient, row: Row, field: str = "changeRequestApprove", **given: Any) -> Answer:
    return await change(caller, field, id=node_id("ChangeRequest", row), **given)


async def callers(shop: Shop) -> dict[str, tuple[GatewayClient, str]]:
    """Return who may not answer, and by which rule."""
    contact, script = await shop.world.contact(shop.client, *ContactPermission), await shop.world.credential(*Privilege)
    acting = shop.world.acting_in(await shop.world.session(shop.access, PartnerRole.OWNER))
    return {
        "support": (shop.world.acting(PartnerRole.SUPPORT), "SUPPORT_MAY_NOT_CHANGE_REQUEST_DECIDE"),
        "viewer": (shop.world.viewer, "VIEWER_MAY_NOT_CHANGE_REQUEST_DECIDE"),
        "acting": (acting, "PARTNER_ACTING_MAY_NOT_CHANGE_REQUEST_DECIDE"),
        "super admin": (shop.as_super_admin, "SUPER_ADMIN_MAY_NOT_CHANGE_REQUEST_DECIDE"),
        "contact": (shop.world.being(contact["id"]), "CONTACT_MAY_NOT_CHANGE_REQUEST_DECIDE"),
        "script": (shop.world.being(script["id"]), "API_CREDENTIAL_NEVER_CHANGE_REQUEST_DECIDE"),
    }


@pytest.mark.parametrize("who", ["support", "viewer", "acting", "super admin", "contact", "script"])
@decided
async def test_denies(field: str, who: str, shop: Shop, unchanged: Unchanged) -> None:
    row = await stored_request(shop)
    caller, rule = (await callers(shop))[who]
    async with unchanged():
        answer = await decide(caller, row, field)
    assert [(error["code"], error["rule"]) for error in answer.user_errors] == [("FORBIDDEN", rule)]


@pytest.mark.parametrize("role", DECIDERS)
async def test_adds_storage_at_once(role: PartnerRole, shop: Shop) -> None:
    await shop.world.change(subscription, shop.subscription["id"], extra_storage_gb=7)
    row = await stored_request(shop)
    made = accepted(await decide(shop.world.acting(role), row, note=" Gladly. ", expectedVersion=1))
    assert (made["state"], made["version"], made["decisionNote"]) == ("APPROVED", 2, "Gladly.")
    assert (made["decidedByName"], made["subscription"]["extraStorageGb"]) == (role.title(), 57)
    kept = await shop.world.row(subscription, shop.subscription["id"])
    changed = {"extra_storage_gb": 57, "version": 2, "updated_at": kept["updated_at"]}
    assert kept == {**shop.subscription, **changed}


async def test_upgrades_at_once_at_the_price_of_today(shop: Shop, plans: dict[str, Row]) -> None:
    made = accepted(await create(shop.as_super_admin, shop, "UPGRADE", planId=plans["workplace-standard"]))
    await shop.world.change(subscription, shop.subscription["id"], plan_id_at_renewal=plans["mail-lite"]["id"])
    identifier = {"id": made["id"]}
    made = accepted(await change(shop.world.boss, "changeRequestApprove", **identifier))
    assert made["subscription"]["plan"] == {"code": "workplace-standard"}
    assert made["subscription"]["unitPrice"] == {"amount": "5.49"}
    assert made["subscription"]["planAtRenewal"] is None


async def test_downgrades_from_the_renewal_on(shop: Shop, plans: dict[str, Row]) -> None:
    made = accepted(await create(shop.as_super_admin, shop, "DOWNGRADE", planId=plans["mail-lite"]))
    identifier = {"id": made["id"]}
    made = accepted(await change(shop.world.boss, "changeRequestApprove", **identifier))
    assert made["subscription"]["plan"] == {"code": "mail-standard"}
    assert made["subscription"]["unitPrice"] == {"amount": "2.99"}
    assert made["subscription"]["planAtRenewal"] == {"code": "mail-lite"}


@pytest.mark.parametrize(
    ("kind", "code", "told", "after"),
    [
        ("UPGRADE", "workplace-standard", "subscription.plan_changed", {"plan_id", "unit_price_minor"}),
        ("DOWNGRADE", "mail-lite", "subscription.plan_change_scheduled", {"plan_id_at_renewal"}),
        ("STORAGE", None, "subscription.storage_added", {"extra_storage_gb"}),
    ],
)
async def test_tells_the_trail_of_both_rows(  # noqa: PLR0913, PLR0917 - what is asked for and what is told
    kind: str, code: str | None, told: str, after: set[str], shop: Shop, plans: dict[str, Row]
) -> None:
    wish = {"plan_id": plans[code]["id"], "storage_gb": None} if code else {}
    row = await stored_request(shop, kind=kind, **wish)
    accepted(await decide(shop.world.boss, row, note="Gladly."))
    trail = await trail_of(shop.world)
    assert trail.types == ["change_request.approved", told]
    request, effect = trail.entries
    assert (request["target_id"], effect["target_id"]) == (row["id"], shop.subscription["id"])
    assert (request["after"]["state"], set(effect["after"])) == ("APPROVED", after)
    for entry in (request, effect):
        assert (entry["privilege"], entry["reason"]) == ("CHANGE_REQUEST_DECIDE", "Gladly.")
        assert (entry["client_id"], entry["child_org_id"]) == (shop.client["id"], shop.organisation["id"])
    assert await shop.world.rows(outbox) == []


@pytest.mark.parametrize("role", DECIDERS)
async def test_declines_and_changes_nothing_else(role: PartnerRole, shop: Shop) -> None:
    row = await stored_request(shop)
    made = accepted(await decide(shop.world.acting(role), row, "changeRequestDecline", note="Not now."))
    assert (made["state"], made["decidedByName"], made["decisionNote"]) == ("DECLINED", role.title(), "Not now.")
    assert await shop.world.rows(subscription) == [shop.subscription]
    assert (await trail_of(shop.world)).types == ["change_request.declined"]


@pytest.mark.parametrize(
    ("meanwhile", "code"),
    [
        ("withdrawn", "PLAN_NOT_ON_SALE"),
        ("cheaper", "NOT_AN_UPGRADE"),
        ("priceless", "NO_PRICE"),
        ("grown", "SEATS_OUT_OF_RANGE"),
        ("changed", "SAME_PLAN"),
        ("ended", "ILLEGAL_TRANSITION"),
    ],
)
async def test_applies_nothing_that_is_not_sold_any_more(
    meanwhile: str, code: str, shop: Shop, unchanged: Unchanged
) -> None:
    wanted = await stored(
        shop.world.owner,
        plan,
        code=f"wanted-{shop.world.partner_id}",
        name="Wanted",
        features=[],
        seats_min=1,
        seats_max=20,
        storage_gb=1,
        trial_days=0,
        status="WITHDRAWN" if meanwhile == "withdrawn" else "ON_SALE",
    )
    if meanwhile != "priceless":
        amount = 1 if meanwhile == "cheaper" else 999
        await shop.world.owner.execute(
            "INSERT INTO gateway.plan_price VALUES (gen_random_uuid(), $1, 'EUR', 'MONTHLY', $2)", wanted["id"], amount
        )
    row = await stored_request(shop, kind="UPGRADE", plan_id=wanted["id"], storage_gb=None)
    change_of: dict[str, Row] = {
        "grown": {"seats": 21},
        "changed": {"plan_id": wanted["id"]},
        "ended": {"status": SubscriptionStatus.CANCELLED},
    }
    if meanwhile in change_of:
        await shop.world.change(subscription, shop.subscription["id"], **change_of[meanwhile])
    async with unchanged():
        answer = await decide(shop.world.boss, row)
    assert answer.user_codes == [code]
    assert answer.user_errors[0]["path"] == ([] if meanwhile == "ended" else ["input", "id"])
    assert answer.payload["changeRequest"] is None
    accepted(await decide(shop.world.boss, row, "changeRequestDecline"))


@pytest.mark.parametrize("state", [state for state in ChangeRequestState if state is not ChangeRequestState.REQUESTED])
@pytest.mark.parametrize("field", [*DECISIONS, "changeRequestWithdraw"])
async def test_refuses_what_waits_for_no_answer(
    field: str, state: ChangeRequestState, shop: Shop, unchanged: Unchanged
) -> None:
    row = await stored_request(shop, state=state)
    caller = shop.as_super_admin if field == "changeRequestWithdraw" else shop.world.boss
    async with unchanged():
        answer = await decide(caller, row, field)
    assert answer.user_codes == ["ILLEGAL_TRANSITION"]
    wanted = {**DECISIONS, "changeRequestWithdraw": "WITHDRAWN"}[field].lower()
    assert answer.user_errors[0]["message"] == f"A request that is {state} cannot be {wanted}."


@decided
async def test_refuses_a_note_that_is_too_long(field: str, shop: Shop, unchanged: Unchanged) -> None:
    row = await stored_request(shop)
    async with unchanged():
        answer = await decide(shop.world.boss, row, field, note="x" * 1_001)
    assert answer.user_codes == ["TOO_LONG"]
    assert answer.user_errors[0]["path"] == ["input", "note"]


async def test_applies_one_of_two_approvals_at_once(shop: Shop) -> None:
    row = await stored_request(shop)
    both = (shop.world.boss, shop.world.acting(PartnerRole.BILLING))
    answers = await asyncio.gather(*(decide(caller, row) for caller in both))
    assert sorted(answer.user_codes for answer in answers) in ([[], ["ILLEGAL_TRANSITION"]], [[], ["BUSY"]])
    assert (await shop.world.row(subscription, shop.subscription["id"]))["extra_storage_gb"] == 50


async def test_waits_for_whoever_changes_the_subscription(shop: Shop, unchanged: Unchanged) -> None:
    row = await stored_request(shop)
    owner = shop.world.owner
    await (holding := owner.transaction()).start()
    await owner.execute("SELECT FROM gateway.subscription WHERE id = $1 FOR UPDATE", shop.subscription["id"])
    async with unchanged():
        answer = await decide(shop.world.boss, row)
    await holding.rollback()
    assert answer.user_codes == ["BUSY"]
    accepted(await decide(shop.world.boss, row))


@pytest.mark.parametrize("who", ["owner", "acting", "member"])
async def test_denies_the_partner_and_members_to_withdraw(who: str, shop: Shop, unchanged: Unchanged) -> None:
    row = await stored_request(shop)
    caller = {"owner": shop.world.boss, "acting": shop.as_acting, "member": shop.as_user}[who]
    async with unchanged():
        answer = await decide(caller, row, "changeRequestWithdraw")
    assert answer.user_codes == ["FORBIDDEN"]


@pytest.mark.parametrize("who", ["super admin", "administrator", "contact"])
async def test_is_withdrawn_by_anybody_on_the_customer_s_side(who: str, shop: Shop) -> None:
    contact = await shop.world.contact(shop.client, ContactPermission.SUBSCRIPTIONS)
    callers = {
        "super admin": shop.as_super_admin,
        "administrator": shop.as_admin,
        "contact": shop.world.being(contact["id"]),
    }
    row = await stored_request(shop)
    made = accepted(await decide(callers[who], row, "changeRequestWithdraw", expectedVersion=1))
    assert (made["state"], made["version"], made["decidedByName"]) == ("WITHDRAWN", 2, None)
    assert (await trail_of(shop.world)).types == ["change_request.withdrawn"]
    assert (await shop.world.row(change_request, row["id"]))["state"] == "WITHDRAWN"


async def test_answers_one_of_elsewhere_like_an_unknown_one(shop: Shop, other_shop: Shop, unchanged: Unchanged) -> None:
    buyer = await shop.world.client("Neighbour Ltd")
    sibling = await shop.world.organisation(buyer, "neighbour.example")
    bought = await shop.world.subscription(sibling, shop.plan)
    there = {"client_id": buyer["id"], "child_org_id": sibling["id"], "subscription_id": bought["id"]}
    theirs, foreign = await stored_request(shop, **there), await stored_request(other_shop)
    contact = await shop.world.contact(shop.client, ContactPermission.SUBSCRIPTIONS)
    async with unchanged():
        answers = [
            await decide(caller, row, "changeRequestWithdraw")
            for caller in (shop.as_super_admin, shop.world.being(contact["id"]))
            for row in (theirs, foreign)
        ]
        answers += [await decide(shop.world.boss, foreign, field) for field in DECISIONS]
    assert [answer.user_codes for answer in answers] == [["NOT_FOUND"]] * len(answers)
