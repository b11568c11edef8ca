"""The mirror rule: the partner alone changes a subscription; its customer reads it, and asks for what it needs."""

from typing import Any, Final

import pytest

from storage.identity import ContactPermission
from storage.partners import PartnerRole
from storage.subscriptions import subscription
from tests.factories.clients import Answer, GatewayClient
from tests.operations.change_requests.asking import accepted, change, create
from tests.operations.changes import ERRORS, Shop, trail_of
from tests.operations.conftest import Unchanged
from tests.operations.worlds import node_id

CHANGE: Final = f"""
mutation($input: SubscriptionChangeSeatsInput!) {{
  subscriptionChangeSeats(input: $input) {{ subscription {{ seats client {{ id }} card {{ id }} }} {ERRORS} }}
}}"""
READ: Final = """{
  subscriptions {
    nodes {
      id status seats seatsAssigned seatsAtRenewal cycle unitPrice { amount currency } extraStorageGb
      organisationName organisationDomain plan { code } planAtRenewal { code } changeRequests { nodes { id } }
      card { id } organisation { id } client { id }
    }
  }
}"""


async def change_seats(caller: GatewayClient, shop: Shop, seats: int = 12) -> Answer:
    return await caller.run(CHANGE, input={"id": node_id("Subscription", shop.subscription), "seats": seats})


async def test_sends_the_super_admin_to_the_partner_who_then_grants_what_is_asked_for(
    shop: Shop, unchanged: Unchanged
) -> None:
    async with unchanged():
        denied = await change_seats(shop.as_super_admin, shop)
    (error,) = denied.user_errors
    assert (error["code"], error["rule"]) == ("FORBIDDEN", "PARTNER_MANAGED_SUBSCRIPTION")
    assert error["whoCan"] == "Throwaway (help@throwaway.test) can."
    assert "changeRequestCreate" in error["howToRequest"]
    (denial,) = (await trail_of(shop.world)).entries
    assert (denial["outcome"], denial["rule"]) == ("DENIED", "PARTNER_MANAGED_SUBSCRIPTION")

    request = accepted(await create(shop.as_super_admin, shop, storageGb=100, note="We archive more."))
    assert request["state"] == "REQUESTED"
    assert request["subscription"]["extraStorageGb"] == 0
    given = {"id": request["id"], "note": "Gladly."}
    assert accepted(await change(shop.world.boss, "changeRequestApprove", **given))["state"] == "APPROVED"

    (node,) = (await shop.as_super_admin.run("{ subscriptions { nodes { extraStorageGb seats } } }")).data[
        "subscriptions"
    ]["nodes"]
    assert node == {"extraStorageGb": 100, "seats": 10}


@pytest.mark.parametrize("who", ["administrator", "member"])
async def test_sends_everybody_else_in_the_organisation_to_the_partner(
    who: str, shop: Shop, unchanged: Unchanged
) -> None:
    caller = {"administrator": shop.as_admin, "member": shop.as_user}[who]
    async with unchanged():
        answer = await change_seats(caller, shop)
    assert answer.user_errors[0]["rule"] == "PARTNER_MANAGED_SUBSCRIPTION"


async def test_denies_a_contact(shop: Shop, unchanged: Unchanged) -> None:
    contact = await shop.world.contact(shop.client, *ContactPermission)
    async with unchanged():
        answer = await change_seats(shop.world.being(contact["id"]), shop)
    assert answer.user_errors[0]["rule"] == "CONTACT_MAY_NOT_SUBSCRIPTION_CHANGE"


@pytest.mark.parametrize("role", [PartnerRole.SUPPORT, PartnerRole.BILLING, PartnerRole.VIEWER])
async def test_denies_whoever_acts_in_a_role_that_holds_not_both(
    role: PartnerRole, shop: Shop, unchanged: Unchanged
) -> None:
    acting = shop.world.acting_in(await shop.world.session(shop.access, role))
    async with unchanged():
        answer = await change_seats(acting, shop)
    lacking = "SUBSCRIPTION_CHANGE" if role is PartnerRole.SUPPORT else "ORGANISATION_ACT"
    assert answer.user_errors[0]["rule"] == f"{role}_MAY_NOT_{lacking}"


@pytest.mark.parametrize("role", [PartnerRole.OWNER, PartnerRole.ADMIN])
async def test_lets_whoever_acts_change_what_the_own_role_holds(role: PartnerRole, shop: Shop) -> None:
    session = await shop.world.session(shop.access, role)
    card = await shop.world.card(shop.client)
    await shop.world.change(subscription, shop.subscription["id"], card_id=card["id"])
    answer = await change_seats(shop.world.acting_in(session), shop)
    assert answer.payload["subscription"] == {
        "seats": 12,
        "client": {"id": node_id("Client", shop.client)},
        "card": {"id": node_id("PaymentCard", card)},
    }
    trail = await trail_of(shop.world)
    assert trail.types == ["subscription.seats_changed"]
    (entry,) = trail.entries
    assert (entry["acting_session_id"], entry["privilege"]) == (session["id"], "SUBSCRIPTION_CHANGE")
    assert entry["actor_membership_id"] == shop.world.memberships[role]


async def test_finds_no_subscription_beside_the_organisation_that_one_acts_in(shop: Shop, unchanged: Unchanged) -> None:
    sibling = await shop.world.organisation(shop.client, "sibling.example")
    other = await shop.world.subscription(sibling, shop.plan)
    async with unchanged():
        answer = await shop.as_acting.run(CHANGE, input={"id": node_id("Subscription", other), "seats": 12})
    assert answer.user_codes == ["NOT_FOUND"]


async def denied_and_seen(caller: GatewayClient, shop: Shop) -> tuple[set[str], Any]:
    """Read the subscription; return the names of its denied fields, and what is seen of the others."""
    answer = await caller.run(READ)
    assert set(answer.codes) <= {"FORBIDDEN"}
    (node,) = answer.partial["subscriptions"]["nodes"]
    assert (node["id"], node["seats"]) == (node_id("Subscription", shop.subscription), 10)
    assert (node["unitPrice"], node["plan"]) == ({"amount": "2.99", "currency": "EUR"}, {"code": "mail-standard"})
    denied = {error["path"][-1] for error in answer.errors}
    assert [node[name] for name in denied] == [None] * len(denied)
    return denied, node


@pytest.mark.parametrize("who", ["super admin", "administrator"])
async def test_lets_the_organisation_read_all_but_cards_and_client(who: str, shop: Shop) -> None:
    caller = {"super admin": shop.as_super_admin, "administrator": shop.as_admin}[who]
    denied, node = await denied_and_seen(caller, shop)
    assert denied == {"card", "client"}
    assert node["organisation"] == {"id": node_id("ChildOrg", shop.organisation)}


async def test_lets_a_contact_read_what_its_permissions_hold(shop: Shop) -> None:
    some = await shop.world.contact(shop.client, ContactPermission.SUBSCRIPTIONS)
    denied, _node = await denied_and_seen(shop.world.being(some["id"]), shop)
    assert denied == {"card", "client", "organisation"}
    every = await shop.world.contact(shop.client, *ContactPermission)
    denied, node = await denied_and_seen(shop.world.being(every["id"]), shop)
    assert denied == set()
    assert node["client"] == {"id": node_id("Client", shop.client)}


@pytest.mark.parametrize("who", ["member", "contact"])
async def test_shows_no_subscription_to(who: str, shop: Shop) -> None:
    others = [permission for permission in ContactPermission if permission is not ContactPermission.SUBSCRIPTIONS]
    contact = await shop.world.contact(shop.client, *others)
    caller = {"member": shop.as_user, "contact": shop.world.being(contact["id"])}[who]
    answer = await caller.run("{ subscriptions { nodes { id } } }")
    assert (answer.codes, answer.partial) == (["FORBIDDEN"], {"subscriptions": None})
