"""What `tests.operations.changes` tells of the changes inside an organisation, with an input that each accepts."""

from collections.abc import Awaitable, Mapping
from typing import Any, Final

from storage.base import now
from storage.org_settings import DEFAULT_SETTINGS, org_settings
from storage.org_users import OrgUserStatus, org_user, user_backup
from storage.organisations import OrganisationStatus, child_org
from tests.operations.worlds import node_id

_BY_SUPER_ADMIN: Final[Mapping[str, Any]] = {
    "roles": frozenset(),
    "by": lambda shop: shop.as_super_admin,
    "actor": lambda shop: (shop.super_admin["membership_id"], "ORG_USER"),
}
_OF_A_USER: Final[Mapping[str, Any]] = {**_BY_SUPER_ADMIN, "entity": "user", "table": org_user, "target": "id"}
_OF_SETTINGS: Final[Mapping[str, Any]] = {
    **_BY_SUPER_ADMIN,
    "entity": "settings",
    "table": org_settings,
    "target": "the organisation's own",
}
_WHY: Final = {"reason": "Because."}


def _user(shop: Any) -> dict[str, Any]:
    return {"id": node_id("OrgUser", shop.user)}


async def _after(storing: Awaitable[Any], example: dict[str, Any]) -> dict[str, Any]:
    """Return an input, having stored what it needs."""
    await storing
    return example


def _standing(shop: Any, status: OrgUserStatus) -> Awaitable[dict[str, Any]]:
    values = {"status": status, "deleted_at": now() if status is OrgUserStatus.DELETED else None}
    return _after(shop.world.change(org_user, shop.user["id"], **values), _user(shop))


def _decided(shop: Any, example: dict[str, Any]) -> Awaitable[dict[str, Any]]:
    own = {"child_org_id": shop.organisation["id"], **DEFAULT_SETTINGS}
    return _after(shop.world.add(org_settings, **own), example)


INSIDE: Final[tuple[Mapping[str, Any], ...]] = (
    {
        **_OF_A_USER,
        "field": "orgUserCreate",
        "example": lambda _shop: {"name": "Ada Quay", "email": "ada@quay.example"},
        "other": {"email": "bob@quay.example"},
        "target": None,
    },
    {
        **_OF_A_USER,
        "field": "orgUserEdit",
        "example": lambda shop: {**_user(shop), "department": "Sales"},
        "other": {"department": "Support"},
    },
    {**_OF_A_USER, "field": "orgUserSuspend", "example": _user, "other": _WHY, "repeats": False},
    {
        **_OF_A_USER,
        "field": "orgUserReactivate",
        "example": lambda shop: _standing(shop, OrgUserStatus.SUSPENDED),
        "other": _WHY,
        "repeats": False,
    },
    {
        **_OF_A_USER,
        "field": "orgUserSetAdministrator",
        "example": lambda shop: {**_user(shop), "administrator": True},
        "other": {"administrator": False},
    },
    {
        **_OF_A_USER,
        "field": "orgUserSetProfileImage",
        "example": lambda shop: {**_user(shop), "image": "https://images.example/ada.png"},
        "other": {"image": "https://images.example/bob.png"},
    },
    {
        **_OF_A_USER,
        "field": "orgUserResetPassword",
        "example": _user,
        "other": {"expectedVersion": 1},
        "repeats": False,
    },
    {**_OF_A_USER, "field": "orgUserDelete", "example": _user, "other": _WHY, "repeats": False},
    {
        **_OF_A_USER,
        "field": "orgUserRestore",
        "example": lambda shop: _standing(shop, OrgUserStatus.DELETED),
        "other": _WHY,
        "repeats": False,
    },
    {
        **_BY_SUPER_ADMIN,
        "field": "orgUserBackup",
        "entity": "backup",
        "table": user_backup,
        "example": _user,
        "other": {"id": "another's"},
    },
    {
        **_OF_SETTINGS,
        "field": "organisationSetTfaPolicy",
        "example": lambda shop: _decided(shop, {"policy": "REQUIRED"}),
        "other": {"policy": "OFF"},
    },
    {
        **_OF_SETTINGS,
        "field": "organisationSetDashboard",
        "example": lambda shop: _decided(shop, {"widgets": ["NEWS"]}),
        "other": {"widgets": ["MAIL"]},
    },
    {
        **_OF_SETTINGS,
        "field": "organisationSetReferral",
        "example": lambda shop: _decided(shop, {"member": True}),
        "other": {"member": False},
    },
    {
        **_OF_SETTINGS,
        "field": "organisationSetContactSync",
        "example": lambda shop: _decided(shop, {"enabled": True}),
        "other": {"enabled": False},
    },
    {
        **_BY_SUPER_ADMIN,
        "field": "organisationArchive",
        "entity": "organisation",
        "table": child_org,
        "target": "the own",
        "example": lambda _shop: {},
        "other": _WHY,
        "repeats": False,
    },
    {
        **_BY_SUPER_ADMIN,
        "field": "organisationUnarchive",
        "entity": "organisation",
        "table": child_org,
        "target": "the own",
        "example": lambda shop: _after(
            shop.world.change(child_org, shop.organisation["id"], status=OrganisationStatus.ARCHIVED), {}
        ),
        "other": _WHY,
        "repeats": False,
    },
    {
        **_BY_SUPER_ADMIN,
        "field": "organisationChangeSuperAdmin",
        "entity": "organisation",
        "table": org_user,
        "target": "userId",
        "example": lambda shop: {"userId": node_id("OrgUser", shop.user)},
        "other": _WHY,
        "repeats": False,
        "lasts": False,
    },
)
