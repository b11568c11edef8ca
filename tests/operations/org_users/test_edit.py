"""Editing an organisation's user; what holds for every change is in test_changes."""

from typing import Any

import pytest

from storage.org_users import OrgUserStatus, org_user
from storage.partners import PartnerRole
from tests.operations.changes import Shop, trail_of
from tests.operations.conftest import Unchanged
from tests.operations.org_users.people import ACTING_ROLES, acting, assert_denied, change, made, now_of, of


@pytest.mark.parametrize("role", ACTING_ROLES)
async def test_denies_whoever_acts_for_the_partner_the_organisation_s_administrators(
    role: PartnerRole, shop: Shop, unchanged: Unchanged
) -> None:
    caller = await acting(shop, role)
    async with unchanged():
        for user in (shop.admin, shop.super_admin):
            answer = await change(caller, "orgUserEdit", id=of(user), name="Mallory")
            assert_denied(answer, "PARTNER_MAY_NOT_USER_EDIT_OF_ADMINISTRATOR")


async def test_denies_everybody_the_super_admin_and_a_member_everybody(shop: Shop, unchanged: Unchanged) -> None:
    async with unchanged():
        for caller, relation in ((shop.as_admin, "ADMINISTRATOR"), (shop.as_super_admin, "SUPER_ADMIN")):
            answer = await change(caller, "orgUserEdit", id=of(shop.super_admin), name="Mallory")
            assert_denied(answer, f"{relation}_MAY_NOT_USER_EDIT_OF_SUPER_ADMIN")
        answer = await change(shop.as_user, "orgUserEdit", id=of(shop.user), name="Mallory")
        assert_denied(answer, "ORG_MEMBER_MAY_NOT_USER_EDIT")


async def test_knows_no_user_of_another_organisation(shop: Shop, other_shop: Shop, unchanged: Unchanged) -> None:
    other = await shop.world.organisation(shop.client, "other.example")
    sibling = await shop.world.user(other)
    async with unchanged():
        for user in (sibling, other_shop.user):
            for caller in (shop.as_admin, shop.as_acting):
                answer = await change(caller, "orgUserEdit", id=of(user), name="Mallory")
                assert answer.user_codes == ["NOT_FOUND"]
                assert answer.user_errors[0]["path"] == ["input", "id"]


async def test_changes_what_is_given_and_nothing_else(shop: Shop) -> None:
    for caller, version in ((shop.as_super_admin, 2), (shop.as_admin, 3), (shop.as_acting, 4)):
        before = await now_of(shop, shop.user)
        given = {"name": f" Zoë {version} ", "phone": f"+3460012345{version}"}
        user = await made(caller, "orgUserEdit", id=of(shop.user), **given)
        assert (user["version"], user["name"]) == (version, f"Zoë {version}")
        after = await now_of(shop, shop.user)
        changed = {name for name in after if after[name] != before[name]}
        assert changed == {"version", "updated_at", "name", "name_sort", "phone"}
        assert after["name_sort"] == f"zoe {version}"


async def test_empties_a_field_by_null_or_blanks(shop: Shop) -> None:
    await shop.world.change(org_user, shop.user["id"], department="Sales", phone="+34600123456")
    user = await made(shop.as_admin, "orgUserEdit", id=of(shop.user), department="  ", phone=None)
    assert (user["department"], user["phone"]) == (None, None)


async def test_tells_the_trail_what_stood_before_and_after(shop: Shop) -> None:
    await made(shop.as_admin, "orgUserEdit", id=of(shop.user), department="Sales")
    trail = await trail_of(shop.world)
    assert trail.types == ["org_user.edited"]
    (entry,) = trail.entries
    assert (entry["before"], entry["after"]) == ({"department": None}, {"department": "Sales"})
    assert (entry["child_org_id"], entry["org_internal"]) == (shop.organisation["id"], True)


@pytest.mark.parametrize(
    ("given", "code"),
    [({"name": None}, "REQUIRED"), ({"name": " "}, "REQUIRED"), ({"department": "x" * 201}, "TOO_LONG")],
    ids=["null", "blanks", "too long"],
)
async def test_refuses_a_text_that_is_none(given: dict[str, Any], code: str, shop: Shop, unchanged: Unchanged) -> None:
    async with unchanged():
        answer = await change(shop.as_admin, "orgUserEdit", id=of(shop.user), **given)
    assert answer.user_codes == [code]
    assert answer.user_errors[0]["path"] == ["input", *given]


@pytest.mark.parametrize("phone", ["600", "none"])
async def test_refuses_what_is_no_phone_number(phone: str, shop: Shop, unchanged: Unchanged) -> None:
    async with unchanged():
        answer = await shop.as_admin.run(
            "mutation($input: OrgUserEditInput!) { orgUserEdit(input: $input) { user { id } } }",
            input={"id": of(shop.user), "phone": phone},
        )
    assert (answer.status, answer.codes) == (400, ["BAD_USER_INPUT"])


async def test_refuses_somebody_who_is_deleted(shop: Shop, unchanged: Unchanged) -> None:
    await shop.world.change(org_user, shop.user["id"], status=OrgUserStatus.DELETED)
    async with unchanged():
        answer = await change(shop.as_admin, "orgUserEdit", id=of(shop.user), name="Ada")
    assert answer.user_codes == ["ILLEGAL_TRANSITION"]
    assert answer.user_errors[0]["message"] == "A user that is DELETED cannot be edited."


async def test_takes_no_address_no_role_and_no_password(shop: Shop) -> None:
    answer = await shop.as_super_admin.run('{ __type(name: "OrgUserEditInput") { inputFields { name } } }')
    assert {field["name"] for field in answer.data["__type"]["inputFields"]} == {
        "id", "expectedVersion", "idempotencyKey", "name", "department", "phone",
    }  # fmt: skip


async def test_names_what_changed_since(shop: Shop, unchanged: Unchanged) -> None:
    await made(shop.as_admin, "orgUserEdit", id=of(shop.user), department="Sales")
    async with unchanged():
        answer = await change(shop.as_admin, "orgUserEdit", id=of(shop.user), name="Ada", expectedVersion=1)
    (error,) = answer.user_errors
    assert (error["code"], error["currentVersion"], error["changedFields"]) == ("STALE_VERSION", 2, ["department"])
    assert await made(shop.as_admin, "orgUserEdit", id=of(shop.user), name="Ada", expectedVersion=2)
