"""Ending an access, from either side; what holds for every change is in test_changes."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

import pytest

from storage.accesses import AccessState, partner_access
from storage.base import FOREVER
from storage.partners import PartnerRole
from tenancy.privileges import Privilege
from tests.factories.clients import GatewayClient
from tests.operations.accesses.life import A_DAY, domains, limited, make, requested, seen_until, stored
from tests.operations.changes import Shop, assert_told, trail_of
from tests.operations.conftest import Unchanged
from tests.operations.worlds import UNKNOWN, node_id

REVOKE: Final = "partnerAccessRevoke"
END: Final = "partnerAccessEnd"
ENDERS: Final[dict[str, tuple[str, Callable[[Shop], GatewayClient]]]] = {
    "SUPER_ADMIN": (REVOKE, lambda shop: shop.as_super_admin),
    "ADMIN": (REVOKE, lambda shop: shop.as_admin),
    "PARTNER": (END, lambda shop: shop.world.acting(PartnerRole.ADMIN)),
}
KEPT: Final = """{
  clients { totalCount nodes { id } }
  subscriptions { totalCount nodes { id organisationName organisationDomain seats organisation { id } } }
  cards { totalCount nodes { id } }
  invoices { totalCount nodes { id } }
}"""
SEATS: Final = """mutation($input: SubscriptionChangeSeatsInput!) {
  subscriptionChangeSeats(input: $input) { userErrors { code } }
}"""

either = pytest.mark.parametrize("by", ENDERS)


async def end(shop: Shop, by: str, **values: Any) -> Any:
    change, caller = ENDERS[by]
    return await make(caller(shop), change, shop.access, **values)


async def test_revoking_is_denied_to_the_partner_and_to_members(shop: Shop, unchanged: Unchanged) -> None:
    script = await shop.world.credential(*Privilege)
    askers = {
        "PARTNER_ENDS_ITS_OWN_ACCESS": [shop.as_acting, *(shop.world.acting(role) for role in PartnerRole)],
        "ORG_MEMBER_MAY_NOT_PARTNER_ACCESS_REVOKE": [shop.as_user],
        "API_CREDENTIAL_NEVER_PARTNER_ACCESS_REVOKE": [shop.world.being(script["id"])],
    }
    async with unchanged():
        for rule, callers in askers.items():
            for caller in callers:
                assert (await make(caller, REVOKE, shop.access)).user_errors[0]["rule"] == rule
    assert await domains(shop.world.boss) == ["harbour.example"]


async def test_ending_is_denied_to_the_organisation_and_to_lesser_roles(shop: Shop, unchanged: Unchanged) -> None:
    askers: dict[str, GatewayClient] = {
        "SUPER_ADMIN_MAY_NOT_PARTNER_ACCESS_END": shop.as_super_admin,
        "ADMINISTRATOR_MAY_NOT_PARTNER_ACCESS_END": shop.as_admin,
        "ORG_MEMBER_MAY_NOT_PARTNER_ACCESS_END": shop.as_user,
        "PARTNER_ACTING_MAY_NOT_PARTNER_ACCESS_END": shop.as_acting,
        **{
            f"{role}_MAY_NOT_PARTNER_ACCESS_END": shop.world.acting(role)
            for role in (PartnerRole.BILLING, PartnerRole.SUPPORT, PartnerRole.VIEWER)
        },
    }
    async with unchanged():
        for rule, caller in askers.items():
            assert (await make(caller, END, shop.access)).user_errors[0]["rule"] == rule
    assert (await shop.as_acting.run("{ viewer { kind } }")).status == 200


@either
async def test_records_who_ended_it(by: str, shop: Shop) -> None:
    answer = await end(shop, by, reason=" We changed our minds ")
    made, row = answer.payload["access"], await stored(shop, shop.access)
    assert (made["state"], made["endedBy"], made["version"]) == ("ENDED", by, 2)
    assert row["ended_at"] == row["updated_at"]
    trail = await trail_of(shop.world)
    who = {
        "SUPER_ADMIN": (shop.super_admin["membership_id"], "ORG_USER"),
        "ADMIN": (shop.admin["membership_id"], "ORG_USER"),
        "PARTNER": (shop.world.memberships[PartnerRole.ADMIN], "PARTNER_MEMBER"),
    }
    assert_told(trail, shop.world, answer, ENDERS[by][0], actor=who[by])
    assert (trail.types, trail.entries[0]["reason"]) == (["access.ended"], "We changed our minds")


@either
async def test_takes_the_organisation_out_of_the_partner_s_lists_at_once(by: str, shop: Shop) -> None:
    boss, organisation = shop.world.boss, node_id("ChildOrg", shop.organisation)
    node = "query($id: ID!) { node(id: $id) { id } }"
    count = "query($id: ID!) { node(id: $id) { ... on Client { organisations { totalCount nodes { id } } } } }"
    assert await domains(boss) == ["harbour.example"]
    assert (await boss.run(node, id=organisation)).data == {"node": {"id": organisation}}
    assert await seen_until(shop) == FOREVER
    await end(shop, by)
    assert await domains(boss) == []
    gone, unknown = await boss.run(node, id=organisation), await boss.run(node, id=node_id("ChildOrg", UNKNOWN))
    assert gone.codes == ["NOT_FOUND"]
    assert [error["message"] for error in gone.errors] == [error["message"] for error in unknown.errors]
    found = (await boss.run(count, id=node_id("Client", shop.client))).data["node"]["organisations"]
    assert found == {"totalCount": 0, "nodes": []}
    assert await seen_until(shop) <= datetime.now(UTC) + A_DAY
    assert await domains(shop.as_super_admin) == ["harbour.example"]


@either
async def test_leaves_the_partner_its_client_subscriptions_cards_and_invoices(by: str, shop: Shop) -> None:
    card, bill = await shop.world.card(shop.client), await shop.world.invoice(shop.client)
    before = (await shop.world.boss.run(KEPT)).data
    await end(shop, by)
    after = (await shop.world.boss.run(KEPT)).data
    (kept,) = after["subscriptions"]["nodes"]
    assert kept["organisation"] is None
    assert (kept["organisationName"], kept["organisationDomain"], kept["seats"]) == (
        "harbour.example",
        "harbour.example",
        10,
    )
    before["subscriptions"]["nodes"][0]["organisation"] = None
    assert after == before
    assert [node["id"] for node in after["cards"]["nodes"]] == [node_id("PaymentCard", card)]
    assert [node["id"] for node in after["invoices"]["nodes"]] == [node_id("Invoice", bill)]


@either
async def test_ends_every_session_of_acting_at_the_next_request(by: str, shop: Shop, unchanged: Unchanged) -> None:
    other = shop.world.acting_in(await shop.world.session(shop.access, PartnerRole.SUPPORT))
    for acting in (shop.as_acting, other):
        assert (await acting.run("{ viewer { actingAs { id } } }")).status == 200
    await end(shop, by)
    seats = {"id": node_id("Subscription", shop.subscription), "seats": 12}
    async with unchanged():
        for acting in (shop.as_acting, other):
            for document, variables in (("{ viewer { kind } }", {}), (SEATS, {"input": seats})):
                answer = await acting.run(document, **variables)
                assert (answer.status, answer.codes) == (401, ["UNAUTHENTICATED"])
                assert answer.partial is None


@either
async def test_is_never_undone(by: str, shop: Shop, unchanged: Unchanged) -> None:
    await end(shop, by)
    callers = {
        "partnerAccessApprove": shop.as_super_admin,
        "partnerAccessDecline": shop.as_super_admin,
        REVOKE: shop.as_admin,
        "partnerAccessWithdraw": shop.world.boss,
        END: shop.world.boss,
        "partnerAccessExtend": shop.world.boss,
    }
    async with unchanged():
        for change, caller in callers.items():
            answer = await make(caller, change, shop.access)
            assert (change, answer.user_codes) == (change, ["ILLEGAL_TRANSITION"])


@either
@pytest.mark.parametrize("state", [state for state in AccessState if state is not AccessState.ACTIVE])
async def test_ends_only_what_is_active(by: str, state: AccessState, shop: Shop, unchanged: Unchanged) -> None:
    await shop.world.change(partner_access, shop.access["id"], state=state)
    async with unchanged():
        answer = await end(shop, by)
    assert answer.user_codes == ["ILLEGAL_TRANSITION"]


@either
async def test_does_not_end_what_expired_a_moment_ago(by: str, shop: Shop, unchanged: Unchanged) -> None:
    await limited(shop, left=-A_DAY)
    async with unchanged():
        answer = await end(shop, by)
    assert answer.user_codes == ["ILLEGAL_TRANSITION"]
    assert "EXPIRED" in answer.user_errors[0]["message"]


@either
async def test_leaves_an_open_request_to_be_answered(by: str, shop: Shop) -> None:
    access = await requested(shop)
    await end(shop, by)
    assert (await make(shop.as_super_admin, "partnerAccessApprove", access)).user_errors == []
    assert await domains(shop.world.boss) == ["harbour.example"]
    assert (await shop.as_acting.run("{ viewer { kind } }")).status == 401


@either
async def test_refuses_a_reason_that_is_too_long(by: str, shop: Shop, unchanged: Unchanged) -> None:
    async with unchanged():
        answer = await end(shop, by, reason="x" * 501)
    assert (answer.user_codes, answer.user_errors[0]["path"]) == (["TOO_LONG"], ["input", "reason"])


async def test_ends_nobody_else_s(shop: Shop, other_shop: Shop, unchanged: Unchanged) -> None:
    sibling = await shop.world.access(await shop.world.organisation(shop.client, "sibling.example"))
    async with unchanged():
        answers = [
            await make(shop.as_super_admin, REVOKE, sibling),
            await make(shop.as_super_admin, REVOKE, other_shop.access),
            await make(shop.world.boss, END, other_shop.access),
        ]
    assert [answer.user_codes for answer in answers] == [["NOT_FOUND"]] * 3
