"""Asking the partner for a change of a subscription; what holds for every change is in test_changes."""

import asyncio
from typing import Any

import pytest

from storage.change_requests import ChangeRequestKind, ChangeRequestState, change_request
from storage.events import outbox
from storage.identity import ContactPermission
from storage.plans import plan, plan_price
from storage.subscriptions import SubscriptionStatus, subscription
from tenancy.privileges import Privilege
from tests.factories.clients import GatewayClient
from tests.operations.change_requests.asking import accepted, create
from tests.operations.change_requests.examples import stored_request
from tests.operations.changes import Shop, trail_of
from tests.operations.conftest import Unchanged
from tests.operations.worlds import Row, node_id, stored


async def callers(shop: Shop) -> dict[str, tuple[GatewayClient, str]]:
    """Return who may not ask, and by which rule."""
    others = [permission for permission in ContactPermission if permission is not ContactPermission.SUBSCRIPTIONS]
    contact, script = await shop.world.contact(shop.client, *others), await shop.world.credential(*Privilege)
    return {
        "owner": (shop.world.boss, "PARTNER_MAY_NOT_CHANGE_REQUEST_CREATE"),
        "viewer": (shop.world.viewer, "PARTNER_MAY_NOT_CHANGE_REQUEST_CREATE"),
        "acting": (shop.as_acting, "PARTNER_MAY_NOT_CHANGE_REQUEST_CREATE"),
        "member": (shop.as_user, "ORG_MEMBER_MAY_NOT_CHANGE_REQUEST_CREATE"),
        "contact": (
            shop.world.being(contact["id"]),
            "CONTACT_NEEDS_SUBSCRIPTIONS_TO_CHANGE_REQUEST_CREATE",
        ),
        "script": (shop.world.being(script["id"]), "API_CREDENTIAL_NEVER_CHANGE_REQUEST_CREATE"),
    }


@pytest.mark.parametrize("who", ["owner", "viewer", "acting", "member", "contact", "script"])
async def test_denies(who: str, shop: Shop, unchanged: Unchanged) -> None:
    caller, rule = (await callers(shop))[who]
    async with unchanged():
        answer = await create(caller, shop)
    assert [(error["code"], error["rule"]) for error in answer.user_errors] == [("FORBIDDEN", rule)]
    assert answer.payload["changeRequest"] is None


@pytest.mark.parametrize("who", ["super admin", "administrator", "contact"])
async def test_asks_for_storage(who: str, shop: Shop) -> None:
    contact = await shop.world.contact(shop.client, ContactPermission.SUBSCRIPTIONS)
    callers = {
        "super admin": (shop.as_super_admin, shop.super_admin["membership_id"], "Super_Admin"),
        "administrator": (shop.as_admin, shop.admin["membership_id"], "Admin"),
        "contact": (shop.world.being(contact["id"]), contact["id"], "Somebody"),
    }
    caller, membership, name = callers[who]
    made = accepted(await create(caller, shop, note=" We grow. "))
    assert (made["kind"], made["storageGb"], made["plan"]) == ("STORAGE", 50, None)
    assert (made["state"], made["note"], made["requestedByName"]) == ("REQUESTED", "We grow.", name)
    assert (made["decidedAt"], made["decidedByName"], made["decisionNote"]) == (None, None, None)
    assert made["subscription"]["extraStorageGb"] == 0
    (row,) = await shop.world.rows(change_request)
    assert (row["requested_by"], row["subscription_id"]) == (membership, shop.subscription["id"])
    assert (row["client_id"], row["child_org_id"]) == (shop.client["id"], shop.organisation["id"])
    assert await shop.world.rows(subscription) == [shop.subscription]


async def test_tells_the_trail_and_mails_the_partner(shop: Shop) -> None:
    await create(shop.as_super_admin, shop, note="We grow.")
    (row,) = await shop.world.rows(change_request)
    trail = await trail_of(shop.world)
    assert trail.types == ["change_request.created"]
    (entry,) = trail.entries
    assert (entry["privilege"], entry["target_id"], entry["reason"]) == ("CHANGE_REQUEST_CREATE", row["id"], "We grow.")
    assert (entry["org_internal"], entry["child_org_id"]) == (False, shop.organisation["id"])
    (mail,) = await shop.world.rows(outbox)
    assert (mail["kind"], mail["payload"]) == ("mail.change_requested", {"change_request_id": str(row["id"])})
    assert (mail["client_id"], mail["child_org_id"]) == (shop.client["id"], shop.organisation["id"])


@pytest.mark.parametrize(("kind", "code"), [("UPGRADE", "workplace-standard"), ("DOWNGRADE", "mail-lite")])
async def test_asks_for_another_plan(kind: str, code: str, shop: Shop, plans: dict[str, Row]) -> None:
    made = accepted(await create(shop.as_super_admin, shop, kind, planId=plans[code]))
    assert (made["kind"], made["plan"]) == (kind, {"id": node_id("Plan", plans[code])})
    assert made["subscription"]["plan"] == {"code": "mail-standard"}
    assert made["subscription"]["planAtRenewal"] is None


@pytest.mark.parametrize(
    ("kind", "given", "code", "field"),
    [
        ("UPGRADE", {}, "REQUIRED", "planId"),
        ("DOWNGRADE", {"storageGb": 5}, "REQUIRED", "planId"),
        ("UPGRADE", {"planId": "workplace-standard", "storageGb": 5}, "OUT_OF_PLACE", "storageGb"),
        ("DOWNGRADE", {"planId": "mail-lite", "storageGb": 5}, "OUT_OF_PLACE", "storageGb"),
        ("STORAGE", {"storageGb": None}, "REQUIRED", "storageGb"),
        ("STORAGE", {"planId": "mail-lite"}, "OUT_OF_PLACE", "planId"),
        ("STORAGE", {"storageGb": 0}, "STORAGE_OUT_OF_RANGE", "storageGb"),
        ("STORAGE", {"storageGb": -1}, "STORAGE_OUT_OF_RANGE", "storageGb"),
        ("STORAGE", {"storageGb": 10_001}, "STORAGE_OUT_OF_RANGE", "storageGb"),
        ("STORAGE", {"note": "x" * 1_001}, "TOO_LONG", "note"),
        ("UPGRADE", {"planId": "mail-lite"}, "NOT_AN_UPGRADE", "planId"),
        ("DOWNGRADE", {"planId": "workplace-standard"}, "NOT_A_DOWNGRADE", "planId"),
        ("UPGRADE", {"planId": "mail-standard"}, "SAME_PLAN", "planId"),
        ("DOWNGRADE", {"planId": "mail-standard"}, "SAME_PLAN", "planId"),
        ("DOWNGRADE", {"planId": "archive-basic"}, "PLAN_NOT_ON_SALE", "planId"),
    ],
)
async def test_refuses(  # noqa: PLR0913, PLR0917 - what is asked for and what is said
    kind: str,
    given: dict[str, Any],
    code: str,
    field: str,
    shop: Shop,
    plans: dict[str, Row],
    unchanged: Unchanged,
) -> None:
    chosen = {"planId": plans[given["planId"]]} if "planId" in given else {}
    async with unchanged():
        answer = await create(shop.as_super_admin, shop, kind, **{**given, **chosen})
    assert answer.user_codes == [code]
    assert answer.user_errors[0]["path"] == ["input", field]


async def test_refuses_a_plan_that_does_not_sell_as_many_seats(
    shop: Shop, plans: dict[str, Row], unchanged: Unchanged
) -> None:
    await shop.world.change(subscription, shop.subscription["id"], seats=51)
    async with unchanged():
        answer = await create(shop.as_super_admin, shop, "DOWNGRADE", planId=plans["mail-lite"])
    assert answer.user_codes == ["SEATS_OUT_OF_RANGE"]
    assert answer.user_errors[0]["path"] == ["input", "planId"]
    await shop.world.change(subscription, shop.subscription["id"], seats_at_renewal=50)
    accepted(await create(shop.as_super_admin, shop, "DOWNGRADE", planId=plans["mail-lite"]))


async def test_refuses_a_plan_without_a_price_in_the_subscription_s_currency_and_cycle(
    shop: Shop, unchanged: Unchanged
) -> None:
    yearly = await stored(
        shop.world.owner,
        plan,
        code=f"yearly-{shop.world.partner_id}",
        name="Yearly",
        features=[],
        seats_min=1,
        seats_max=100,
        storage_gb=1,
        trial_days=0,
        status="ON_SALE",
    )
    price = {"plan_id": yearly["id"], "currency": "EUR", "amount_minor": 999}
    await stored(shop.world.owner, plan_price, **price, cycle="YEARLY")
    async with unchanged():
        answer = await create(shop.as_super_admin, shop, "UPGRADE", planId=yearly)
    assert answer.user_codes == ["NO_PRICE"]
    assert answer.user_errors[0]["path"] == ["input", "planId"]
    assert answer.user_errors[0]["message"] == "This plan has no monthly price in EUR."


@pytest.mark.parametrize("status", [SubscriptionStatus.CANCELLED, SubscriptionStatus.TERMINATED])
async def test_refuses_what_has_ended(status: str, shop: Shop, unchanged: Unchanged) -> None:
    await shop.world.change(subscription, shop.subscription["id"], status=status)
    async with unchanged():
        answer = await create(shop.as_super_admin, shop)
    assert answer.user_codes == ["ILLEGAL_TRANSITION"]
    assert answer.user_errors[0]["message"] == f"A subscription that is {status} cannot be changed."


@pytest.mark.parametrize("who", ["super admin", "contact"])
async def test_answers_a_subscription_elsewhere_like_an_unknown_one(
    who: str, shop: Shop, other_shop: Shop, unchanged: Unchanged
) -> None:
    contact = await shop.world.contact(shop.client, ContactPermission.SUBSCRIPTIONS)
    caller = {"super admin": shop.as_super_admin, "contact": shop.world.being(contact["id"])}[who]
    sibling = await shop.world.organisation(await shop.world.client("Neighbour Ltd"), "neighbour.example")
    theirs = await shop.world.subscription(sibling, shop.plan)
    for row in (theirs, other_shop.subscription):
        async with unchanged():
            answer = await create(caller, shop, subscriptionId=node_id("Subscription", row))
        assert answer.user_codes == ["NOT_FOUND"]
        assert answer.user_errors[0]["path"] == ["input", "subscriptionId"]


async def test_takes_one_open_request_of_a_kind_for_each_subscription(
    shop: Shop, plans: dict[str, Row], unchanged: Unchanged
) -> None:
    first = await stored_request(shop)
    async with unchanged():
        answer = await create(shop.as_admin, shop)
    assert answer.user_codes == ["ALREADY_REQUESTED"]
    accepted(await create(shop.as_admin, shop, ChangeRequestKind.UPGRADE, planId=plans["workplace-standard"]))
    other = await shop.world.subscription(shop.organisation, shop.plan)
    accepted(await create(shop.as_admin, shop, subscriptionId=node_id("Subscription", other)))
    await shop.world.change(change_request, first["id"], state=ChangeRequestState.DECLINED)
    accepted(await create(shop.as_admin, shop))


async def test_takes_one_of_two_that_are_asked_for_at_once(shop: Shop) -> None:
    contact = await shop.world.contact(shop.client, ContactPermission.SUBSCRIPTIONS)
    both = (shop.as_super_admin, shop.world.being(contact["id"]))
    answers = await asyncio.gather(*(create(caller, shop) for caller in both))
    assert sorted(answer.user_codes for answer in answers) in ([[], ["ALREADY_REQUESTED"]], [[], ["BUSY"]])
    assert len(await shop.world.rows(change_request)) == 1


async def test_keeps_the_keys_of_client_and_organisation_apart(shop: Shop) -> None:
    contact = await shop.world.contact(shop.client, ContactPermission.SUBSCRIPTIONS)
    accepted(await create(shop.as_super_admin, shop, idempotencyKey="once"))
    answer = await create(shop.world.being(contact["id"]), shop, idempotencyKey="once")
    assert answer.user_codes == ["ALREADY_REQUESTED"]
