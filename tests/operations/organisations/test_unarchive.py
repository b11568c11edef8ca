"""Taking an organisation out of the archive; what holds for every change is in test_changes."""

import pytest

from storage.organisations import OrganisationStatus, child_org
from storage.partners import PartnerRole
from tests.operations.changes import Shop, trail_of
from tests.operations.conftest import Unchanged
from tests.operations.org_users.people import ACTING_ROLES, acting, assert_denied, change, made

FIELD = "organisationUnarchive"
ENTITY = "organisation"


@pytest.mark.parametrize("role", ACTING_ROLES)
async def test_denies_whoever_acts_for_the_partner(role: PartnerRole, shop: Shop, unchanged: Unchanged) -> None:
    caller = await acting(shop, role)
    await shop.world.change(child_org, shop.organisation["id"], status=OrganisationStatus.ARCHIVED)
    async with unchanged():
        assert_denied(await change(caller, FIELD, ENTITY), "PARTNER_MUST_ASK_ORG_ARCHIVE")


async def test_denies_an_administrator_and_a_member(shop: Shop, unchanged: Unchanged) -> None:
    async with unchanged():
        for caller, relation in ((shop.as_admin, "ADMINISTRATOR"), (shop.as_user, "ORG_MEMBER")):
            assert_denied(await change(caller, FIELD, ENTITY), f"{relation}_MAY_NOT_ORG_ARCHIVE")


async def test_takes_the_organisation_into_use_again(shop: Shop) -> None:
    await made(shop.as_super_admin, "organisationArchive", ENTITY)
    organisation = await made(shop.as_super_admin, FIELD, ENTITY, expectedVersion=2, reason="It goes on")
    assert (organisation["status"], organisation["version"]) == ("ACTIVE", 3)
    trail = await trail_of(shop.world)
    assert trail.types == ["organisation.archived", "organisation.unarchived"]
    assert trail.entries[1]["reason"] == "It goes on"


async def test_refuses_one_that_is_in_use_and_a_stale_version(shop: Shop, unchanged: Unchanged) -> None:
    async with unchanged():
        assert (await change(shop.as_super_admin, FIELD, ENTITY)).user_codes == ["ILLEGAL_TRANSITION"]
        assert (await change(shop.as_super_admin, FIELD, ENTITY, expectedVersion=2)).user_codes == ["STALE_VERSION"]
