"""Setting a user's image; what holds for every change is in test_changes."""

import pytest

from storage.org_users import OrgUserStatus, org_user
from storage.partners import PartnerRole
from tests.operations.changes import Shop, trail_of
from tests.operations.conftest import Unchanged
from tests.operations.org_users.people import ACTING_ROLES, acting, assert_denied, change, made, now_of, of

FIELD = "orgUserSetProfileImage"
IMAGE = "https://images.example/ada.png?size=2"


@pytest.mark.parametrize("role", ACTING_ROLES)
@pytest.mark.parametrize("image", [IMAGE, None], ids=["an image", "none"])
async def test_denies_whoever_acts_for_the_partner(
    role: PartnerRole, image: str | None, shop: Shop, unchanged: Unchanged
) -> None:
    caller = await acting(shop, role)
    await shop.world.change(org_user, shop.user["id"], profile_image="https://images.example/before.png")
    async with unchanged():
        answer = await change(caller, FIELD, id=of(shop.user), image=image)
    assert_denied(answer, "PARTNER_DENIED_PROFILE_IMAGE")


async def test_denies_a_member_everybody_else_as_if_nobody_were_there(shop: Shop, unchanged: Unchanged) -> None:
    async with unchanged():
        for user in (shop.admin, shop.super_admin):
            answer = await change(shop.as_user, FIELD, id=of(user), image=IMAGE)
            assert answer.user_codes == ["NOT_FOUND"]


@pytest.mark.parametrize("who", ["super admin", "administrator", "member"])
async def test_sets_and_takes_away_the_image(who: str, shop: Shop) -> None:
    caller = {"super admin": shop.as_super_admin, "administrator": shop.as_admin, "member": shop.as_user}[who]
    user = await made(caller, FIELD, id=of(shop.user), image=f" {IMAGE} ")
    assert (user["profileImage"], user["version"]) == (IMAGE, 2)
    user = await made(caller, FIELD, id=of(shop.user), image=None, expectedVersion=2)
    assert (user["profileImage"], user["version"]) == (None, 3)
    trail = await trail_of(shop.world)
    assert trail.types == ["org_user.image_set"] * 2
    assert trail.entries[0]["after"] == {"profile_image": IMAGE}


async def test_lets_an_administrator_set_the_super_admin_s(shop: Shop) -> None:
    assert (await made(shop.as_admin, FIELD, id=of(shop.super_admin), image=IMAGE))["profileImage"] == IMAGE


@pytest.mark.parametrize(
    "image",
    [
        "http://images.example/a.png",
        "https://",
        "https:///a.png",
        "//images.example/a.png",
        "javascript:alert(1)",
        "data:image/png;base64,AAAA",
        "https://ada@images.example/a.png",
        "https://ada:secret@images.example/a.png",
        "https://images.example\\@evil.example/a.png",
        "https://images.example/a b.png",
        "https://[images.example/a.png",
        "ada.png",
    ],
)
async def test_refuses_what_is_no_plain_https_address(image: str, shop: Shop, unchanged: Unchanged) -> None:
    async with unchanged():
        answer = await change(shop.as_admin, FIELD, id=of(shop.user), image=image)
    assert answer.user_codes == ["IMAGE_REFUSED"]
    assert answer.user_errors[0]["path"] == ["input", "image"]
    assert "secret" not in str(answer.body)


async def test_takes_500_characters_and_no_more(shop: Shop, unchanged: Unchanged) -> None:
    longest = "https://images.example/".ljust(500, "x")
    assert (await made(shop.as_admin, FIELD, id=of(shop.user), image=longest))["profileImage"] == longest
    async with unchanged():
        answer = await change(shop.as_admin, FIELD, id=of(shop.user), image=f"{longest}x")
    assert answer.user_codes == ["TOO_LONG"]


async def test_refuses_somebody_who_is_deleted(shop: Shop, unchanged: Unchanged) -> None:
    await shop.world.change(org_user, shop.user["id"], status=OrgUserStatus.DELETED)
    async with unchanged():
        answer = await change(shop.as_admin, FIELD, id=of(shop.user), image=IMAGE)
    assert answer.user_codes == ["ILLEGAL_TRANSITION"]
    assert (await now_of(shop, shop.user))["profile_image"] is None
