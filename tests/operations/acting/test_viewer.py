"""Who is asking, of every kind of membership; members of a partner are in the test of partners."""

from typing import Any, Final

import pytest

from storage.identity import ContactPermission, MembershipKind
from storage.partners import PartnerRole
from storage.seeding import Account
from tenancy.privileges import Privilege
from tests.factories.clients import GatewayClient
from tests.operations.changes import Shop
from tests.operations.worlds import node_id

VIEWER: Final = (
    "{ viewer { kind name role organisationRole permissions actingAs { id banner organisation { id } }"
    " member { name } } }"
)
ORGANISATION: Final = "{ viewer { organisation { id name domain } } }"
NOTHING: Final[dict[str, Any]] = {
    "role": None,
    "organisationRole": None,
    "permissions": [],
    "actingAs": None,
    "member": None,
}


async def viewer(caller: GatewayClient) -> dict[str, Any]:
    found: dict[str, Any] = (await caller.run(VIEWER)).data["viewer"]
    return found


async def test_tells_the_users_of_an_organisation(shop: Shop) -> None:
    callers = {"SUPER_ADMIN": shop.as_super_admin, "ADMIN": shop.as_admin, "MEMBER": shop.as_user}
    organisation = {
        "id": node_id("ChildOrg", shop.organisation),
        "name": "harbour.example",
        "domain": "harbour.example",
    }
    for role, caller in callers.items():
        told = {**NOTHING, "kind": "ORG_USER", "name": role.title(), "organisationRole": role}
        assert await viewer(caller) == told
        assert (await caller.run(ORGANISATION)).data["viewer"]["organisation"] == organisation


async def test_tells_whoever_acts_whose_organisation_it_is(shop: Shop) -> None:
    organisation = node_id("ChildOrg", shop.organisation)
    session = {
        "id": node_id("ActingSession", shop.session),
        "banner": "You are managing your customer harbour.example",
        "organisation": {"id": organisation},
    }
    told = {**NOTHING, "kind": "PARTNER_MEMBER", "name": "Admin", "role": "ADMIN", "actingAs": session}
    assert await viewer(shop.as_acting) == told
    assert (await shop.as_acting.run(ORGANISATION)).data["viewer"]["organisation"]["id"] == organisation
    oneself = shop.world.acting(PartnerRole.ADMIN)
    assert (await viewer(oneself))["actingAs"] is None
    assert (await oneself.run(ORGANISATION)).data == {"viewer": {"organisation": None}}


async def test_tells_a_contact_what_it_may_use(shop: Shop) -> None:
    some = [ContactPermission.ORGANISATIONS, ContactPermission.INVOICES]
    contact = shop.world.being((await shop.world.contact(shop.client, *some))["id"])
    told = {**NOTHING, "kind": "CONTACT", "name": "Somebody", "permissions": ["INVOICES", "ORGANISATIONS"]}
    assert await viewer(contact) == told
    assert (await contact.run(ORGANISATION)).data == {"viewer": {"organisation": None}}
    other = shop.world.being((await shop.world.contact(shop.client))["id"])
    assert (await viewer(other))["permissions"] == []
    assert (await other.run(ORGANISATION)).errors[0]["extensions"]["rule"] == (
        "CONTACT_NEEDS_ORGANISATIONS_TO_ORGANISATION_READ"
    )


async def test_tells_a_script_and_the_platform_s_staff(shop: Shop) -> None:
    for fence in (None, [shop.client]):
        script = await shop.world.credential(Privilege.ORGANISATION_READ, fence=fence)
        caller = shop.world.being(script["id"])
        assert await viewer(caller) == {**NOTHING, "kind": "API_CREDENTIAL", "name": "Somebody"}
        assert (await caller.run(ORGANISATION)).data == {"viewer": {"organisation": None}}
    operator = await shop.world.membership(MembershipKind.OPERATOR, partner_id=None)
    caller = shop.world.being(operator["id"])
    assert await viewer(caller) == {**NOTHING, "kind": "OPERATOR", "name": "Somebody"}
    assert (await caller.run(ORGANISATION)).errors[0]["extensions"]["rule"] == "OPERATOR_MAY_NOT_ORGANISATION_READ"


@pytest.mark.parametrize(
    ("account", "kind"),
    [
        ("alder-owner", "PARTNER_MEMBER"),
        ("alder-viewer", "PARTNER_MEMBER"),
        ("alder-super-admin", "ORG_USER"),
        ("alder-org-admin", "ORG_USER"),
        ("alder-org-member", "ORG_USER"),
        ("alder-contact", "CONTACT"),
        ("alder-script", "API_CREDENTIAL"),
        ("alder-fenced", "API_CREDENTIAL"),
        ("operator", "OPERATOR"),
    ],
)
async def test_answers_every_account_of_the_demo(
    account: str, kind: str, acting: Any, known: dict[str, Account]
) -> None:
    told = await viewer(acting(account))
    assert (told["kind"], told["name"]) == (kind, known[account].name)
