"""Acting from the command line: the same session and the same token as over HTTP."""

import pytest

from gateway.acting import CannotActError, session_token, start_session
from gateway.settings import Settings
from storage.acting import acting_session
from storage.organisations import DomainStatus, child_org
from storage.partners import PartnerRole
from tenancy.principal import Identity
from tests.conftest import as_login
from tests.operations.changes import Shop, trail_of
from tests.operations.conftest import Unchanged
from tests.operations.worlds import UNKNOWN, node_id


def member(shop: Shop, role: PartnerRole = PartnerRole.SUPPORT) -> Identity:
    return Identity(shop.world.memberships[role], 1)


@pytest.mark.parametrize(
    ("role", "organisation", "reason", "says"),
    [
        (PartnerRole.VIEWER, "harbour.example", "Mail", "A viewer may not act in an organisation.*Ask the owner"),
        (PartnerRole.SUPPORT, "elsewhere.example", "Mail", "You see no organisation with the domain elsewhere.example"),
        (PartnerRole.SUPPORT, node_id("ChildOrg", UNKNOWN), "Mail", "There is no such organisation"),
        (PartnerRole.SUPPORT, "harbour.example", " ", "must not be empty"),
        (PartnerRole.SUPPORT, "no domain", "Mail", "'no domain' is not a domain"),
    ],
    ids=["denied", "no such domain", "no such id", "no reason", "no domain"],
)
async def test_says_why_a_session_is_not_started(  # noqa: PLR0913, PLR0917 - a case and its place
    role: PartnerRole,
    organisation: str,
    reason: str,
    says: str,
    shop: Shop,
    settings: Settings,
    owner_url: str,
    unchanged: Unchanged,
) -> None:
    async with unchanged():
        with pytest.raises(CannotActError, match=says):
            await start_session(
                settings, as_login(owner_url), member(shop, role), organisation=organisation, reason=reason
            )


async def test_says_to_have_a_domain_verified(shop: Shop, settings: Settings, owner_url: str) -> None:
    await shop.world.change(child_org, shop.organisation["id"], domain_status=DomainStatus.UNVERIFIED)
    with pytest.raises(CannotActError, match="domain verified, then try again"):
        await start_session(settings, as_login(owner_url), member(shop), organisation="harbour.example", reason="Mail")


@pytest.mark.parametrize("by", ["domain", "id"])
async def test_starts_a_session_and_signs_its_token(by: str, shop: Shop, settings: Settings, owner_url: str) -> None:
    organisation = {"domain": "harbour.example", "id": node_id("ChildOrg", shop.organisation)}[by]
    url, who = as_login(owner_url), member(shop)
    session = await start_session(settings, url, who, organisation=organisation, reason="A user cannot sign in")
    (row,) = [row for row in await shop.world.rows(acting_session) if row["id"] != shop.session["id"]]
    assert session == node_id("ActingSession", row)
    assert (row["reason"], row["membership_id"]) == ("A user cannot sign in", who.membership_id)
    assert (await trail_of(shop.world)).types == ["acting.started"]
    bearer = await session_token(settings, url, who, session=session)
    told = await shop.world.gateway.bearing(bearer).run("{ viewer { actingAs { id } } }")
    assert told.data == {"viewer": {"actingAs": {"id": session}}}


async def test_signs_nothing_for_another_s_session(shop: Shop, settings: Settings, owner_url: str) -> None:
    for session in (node_id("ActingSession", shop.session), "no id at all"):
        with pytest.raises(CannotActError, match="There is no such session"):
            await session_token(settings, as_login(owner_url), member(shop), session=session)
