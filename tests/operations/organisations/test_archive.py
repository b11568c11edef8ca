"""Archiving an organisation; what holds for every change is in test_changes."""

import pytest

from storage.organisations import OrganisationStatus, child_org
from storage.partners import PartnerRole
from tenancy.privileges import Privilege
from tests.operations.changes import Shop, trail_of
from tests.operations.conftest import Unchanged
from tests.operations.org_users.people import ACTING_ROLES, acting, approved, assert_denied, change, made

FIELD = "organisationArchive"
ENTITY = "organisation"


@pytest.mark.parametrize("role", ACTING_ROLES)
async def test_denies_whoever_acts_for_the_partner(role: PartnerRole, shop: Shop, unchanged: Unchanged) -> None:
    caller = await acting(shop, role)
    async with unchanged():
        assert_denied(await change(caller, FIELD, ENTITY), "PARTNER_MUST_ASK_ORG_ARCHIVE")


async def test_denies_an_administrator_a_member_and_who_does_not_act(shop: Shop, unchanged: Unchanged) -> None:
    async with unchanged():
        for caller, relation in ((shop.as_admin, "ADMINISTRATOR"), (shop.as_user, "ORG_MEMBER")):
            assert_denied(await change(caller, FIELD, ENTITY), f"{relation}_MAY_NOT_ORG_ARCHIVE")
        assert_denied(await change(shop.world.boss, FIELD, ENTITY), "PARTNER_MUST_ASK_ORG_ARCHIVE")


async def test_archives_the_organisation_that_one_works_in(shop: Shop) -> None:
    other = await shop.world.organisation(shop.client, "other.example")
    organisation = await made(shop.as_super_admin, FIELD, ENTITY, reason=" Closed down ", expectedVersion=1)
    assert (organisation["status"], organisation["version"]) == ("ARCHIVED", 2)
    statuses = {row["id"]: row["status"] for row in await shop.world.rows(child_org)}
    assert statuses == {shop.organisation["id"]: "ARCHIVED", other["id"]: "ACTIVE"}
    trail = await trail_of(shop.world)
    assert (trail.types, trail.entries[0]["reason"]) == (["organisation.archived"], "Closed down")


async def test_archives_by_an_escalation_once(shop: Shop) -> None:
    await approved(shop, Privilege.ORG_ARCHIVE)
    assert (await made(shop.as_acting, FIELD, ENTITY))["status"] == "ARCHIVED"
    answer = await change(shop.as_acting, "organisationUnarchive", ENTITY)
    assert_denied(answer, "PARTNER_MUST_ASK_ORG_ARCHIVE")


async def test_refuses_one_that_is_archived_and_a_stale_version(shop: Shop, unchanged: Unchanged) -> None:
    await shop.world.change(child_org, shop.organisation["id"], status=OrganisationStatus.ARCHIVED)
    async with unchanged():
        answer = await change(shop.as_super_admin, FIELD, ENTITY)
        assert answer.user_codes == ["ILLEGAL_TRANSITION"]
        assert answer.user_errors[0]["message"] == "An organisation that is ARCHIVED cannot be archived."
        assert (await change(shop.as_super_admin, FIELD, ENTITY, expectedVersion=2)).user_codes == ["STALE_VERSION"]


async def test_refuses_a_reason_that_is_too_long(shop: Shop, unchanged: Unchanged) -> None:
    async with unchanged():
        answer = await change(shop.as_super_admin, FIELD, ENTITY, reason="x" * 501)
    assert answer.user_codes == ["TOO_LONG"]
