"""The token of a session: who is given one, what of it is believed, and when it ends."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import httpx2
import pytest
from joserfc import jwt

from gateway.app import Layers, compose
from gateway.identity.keys import Keys
from gateway.identity.tokens import ALGORITHM
from gateway.settings import Settings
from storage.accesses import AccessState, partner_access
from storage.acting import acting_session
from storage.base import FOREVER, new_id
from storage.identity import membership
from storage.partners import PartnerRole
from tests.factories.clients import GatewayClient
from tests.operations.changes import Shop
from tests.operations.conftest import Unchanged
from tests.operations.worlds import LONG_AGO, UNKNOWN, Row, node_id

PATH: Final = "/explorer/token"
ACTING_AS: Final = "{ viewer { actingAs { id } organisation { id } } }"
A_MINUTE: Final = timedelta(minutes=1)


async def asked(caller: GatewayClient, session: Any, **more: Any) -> httpx2.Response:
    headers = {"Authorization": f"Bearer {caller.token}"} if caller.token else {}
    return await caller.http.post(PATH, json={"session": session}, headers=headers, **more)


def member(shop: Shop) -> GatewayClient:
    return shop.world.acting(PartnerRole.ADMIN)


def signed(shop: Shop, row: Row, /, **claims: Any) -> GatewayClient:
    """Ask with a token that is signed as ours are, and tells what a test would have it tell."""
    told = {
        "membership": row["membership_id"],
        "session": row["id"],
        "access": row["access_id"],
        "organisation": row["child_org_id"],
        **claims,
    }
    bearer = shop.world.signer.sign_acting(told.pop("membership"), 1, until=FOREVER, **told)
    return shop.world.gateway.bearing(bearer)


async def assert_out(caller: GatewayClient) -> None:
    answer = await caller.run(ACTING_AS)
    assert (answer.status, answer.codes) == (401, ["UNAUTHENTICATED"])
    assert answer.partial is None


async def test_is_refused_to_those_who_are_not_signed_in(shop: Shop) -> None:
    session = node_id("ActingSession", shop.session)
    for caller in (shop.world.gateway, shop.world.gateway.bearing("nonsense"), shop.world.being(new_id())):
        response = await asked(caller, session)
        assert (response.status_code, set(response.json())) == (401, {"error"})
        assert response.headers["www-authenticate"] == "Bearer"


async def test_is_refused_to_whoever_acts_already(shop: Shop) -> None:
    response = await asked(shop.as_acting, node_id("ActingSession", shop.session))
    assert (response.status_code, set(response.json())) == (401, {"error"})


async def test_is_given_for_one_s_own_session_alone(shop: Shop, other_shop: Shop) -> None:
    colleague = await shop.world.session(shop.access, PartnerRole.OWNER)
    strangers = {
        "a colleague's": node_id("ActingSession", colleague),
        "another partner's": node_id("ActingSession", other_shop.session),
        "unknown": node_id("ActingSession", UNKNOWN),
        "another kind's": node_id("PartnerAccess", shop.access),
        "malformed": "no id at all",
        "empty": "",
    }
    told = set()
    for session in strangers.values():
        response = await asked(member(shop), session)
        assert response.status_code == 404
        told.add(response.text)
    assert len(told) == 1
    for caller in (shop.as_super_admin, shop.as_admin, shop.world.being((await shop.world.contact(shop.client))["id"])):
        assert (await asked(caller, node_id("ActingSession", shop.session))).text in told


@pytest.mark.parametrize(
    ("table", "ending"),
    [
        (acting_session, {"expires_at": LONG_AGO}),
        (partner_access, {"expires_at": LONG_AGO}),
        (partner_access, {"state": AccessState.ENDED}),
        (partner_access, {"state": AccessState.EXPIRED}),
    ],
    ids=str,
)
async def test_is_refused_for_what_is_over(table: Any, ending: dict[str, Any], shop: Shop) -> None:
    over = shop.session if table is acting_session else shop.access
    await shop.world.change(table, over["id"], **ending)
    assert (await asked(member(shop), node_id("ActingSession", shop.session))).status_code == 404
    await assert_out(shop.as_acting)


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b"[]", b'{"session": 7}', b'{"session": null}', b"\xff", b'{"session": "' + b"x" * 2_000 + b'"}'],
    ids=len,
)
async def test_refuses_what_is_no_question(content: bytes, shop: Shop) -> None:
    caller = member(shop)
    headers = {"Authorization": f"Bearer {caller.token}"}
    response = await caller.http.post(PATH, content=content, headers=headers)
    assert (response.status_code, set(response.json())) == (400, {"error"})


async def test_is_served_in_development_alone(shop: Shop, settings: Settings, layers: Layers) -> None:
    production = compose(settings.model_copy(update={"environment": "production"}), layers)
    transport = httpx2.ASGITransport(app=production)
    async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as http:
        caller = replace(member(shop), http=http)
        assert (await asked(caller, node_id("ActingSession", shop.session))).status_code == 404
    assert (await asked(member(shop), node_id("ActingSession", shop.session))).status_code == 200


async def test_ends_with_the_session_and_names_it(shop: Shop, settings: Settings) -> None:
    ends = datetime.now(UTC).replace(microsecond=999_999) + 15 * A_MINUTE
    session = await shop.world.session(shop.access, expires_at=ends)
    response = await asked(member(shop), node_id("ActingSession", session))
    assert (response.status_code, response.headers["cache-control"]) == (200, "no-store")
    bearer = response.json()["token"]
    claims = jwt.decode(bearer, Keys(settings.data_dir).verifying_keys(), algorithms=[ALGORITHM]).claims
    assert claims["exp"] == int(ends.replace(microsecond=0).timestamp())
    place = str(session["membership_id"])
    assert (claims["sub"], claims["membership"], claims["epoch"], claims["act"]) == (place, place, 1, {"sub": place})
    assert (claims["acting"], claims["access"], claims["organisation"]) == (
        str(session["id"]),
        str(shop.access["id"]),
        str(shop.organisation["id"]),
    )
    acting = shop.world.gateway.bearing(bearer)
    assert (await acting.run(ACTING_AS)).data["viewer"] == {
        "actingAs": {"id": node_id("ActingSession", session)},
        "organisation": {"id": node_id("ChildOrg", shop.organisation)},
    }


async def test_names_the_epoch_that_the_member_signed_in_with(shop: Shop) -> None:
    bearer = (await asked(member(shop), node_id("ActingSession", shop.session))).json()["token"]
    place = shop.session["membership_id"]
    await shop.world.owner.execute(f"UPDATE {membership} SET epoch = epoch + 1 WHERE id = $1", place)
    await assert_out(shop.world.gateway.bearing(bearer))
    assert (await asked(member(shop), node_id("ActingSession", shop.session))).status_code == 401


async def test_lets_nobody_act_in_another_s_session(shop: Shop, other_shop: Shop, unchanged: Unchanged) -> None:
    colleague = await shop.world.session(shop.access, PartnerRole.OWNER)
    async with unchanged():
        for session in (colleague["id"], other_shop.session["id"], UNKNOWN):
            await assert_out(signed(shop, shop.session, session=session))
        for place in (shop.super_admin, shop.admin, shop.user):
            await assert_out(signed(shop, shop.session, membership=place["membership_id"]))
        await assert_out(signed(shop, shop.session, membership=other_shop.session["membership_id"]))


async def test_believes_nothing_that_a_token_tells_of_access_and_organisation(shop: Shop, other_shop: Shop) -> None:
    sibling = await shop.world.organisation(shop.client, "sibling.example")
    access = await shop.world.access(sibling)
    for row, reach in ((sibling, access), (other_shop.organisation, other_shop.access)):
        forged = signed(shop, shop.session, access=reach["id"], organisation=row["id"])
        assert (await forged.run(ACTING_AS)).data["viewer"]["organisation"] == {
            "id": node_id("ChildOrg", shop.organisation)
        }
        found = await forged.run("query($id: ID!) { node(id: $id) { id } }", id=node_id("ChildOrg", row))
        assert (found.partial, found.codes) == ({"node": None}, ["NOT_FOUND"])
    await shop.world.change(partner_access, shop.access["id"], state=AccessState.ENDED)
    await assert_out(signed(shop, shop.session, access=access["id"], organisation=sibling["id"]))


async def test_reads_the_role_live(shop: Shop, unchanged: Unchanged) -> None:
    place = shop.session["membership_id"]
    await shop.world.owner.execute(f"UPDATE {membership} SET role = 'VIEWER' WHERE id = $1", place)
    async with unchanged():
        answer = await shop.as_acting.run("{ subscriptions { nodes { id } } }")
    assert answer.errors[0]["extensions"]["rule"] == "VIEWER_MAY_NOT_ORGANISATION_ACT"
    assert (await shop.as_acting.run("{ viewer { role } }")).data == {"viewer": {"role": "VIEWER"}}


async def test_ends_with_the_membership(shop: Shop, unchanged: Unchanged) -> None:
    place = shop.session["membership_id"]
    await shop.world.owner.execute(f"UPDATE {membership} SET valid_until = $2 WHERE id = $1", place, LONG_AGO)
    async with unchanged():
        await assert_out(shop.as_acting)
