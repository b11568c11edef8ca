"""What `tests.operations.changes` tells of delegated administration, with an input that each change accepts."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from storage.accesses import AccessState, partner_access
from storage.acting import acting_session
from storage.base import new_id, now
from storage.partners import PartnerRole
from tests.operations.worlds import Row, node_id

_ASKED: Final[Mapping[str, Any]] = {
    "full_administration": False,
    "privileges": ["ORG_READ"],
    "reason": "The mail moves to us",
    "days": 90,
}
_BY_PARTNER: Final[Mapping[str, Any]] = {
    "entity": "access",
    "table": partner_access,
    "roles": frozenset({PartnerRole.OWNER, PartnerRole.ADMIN}),
    "repeats": False,
}
_BY_SUPER_ADMIN: Final[Mapping[str, Any]] = {
    "entity": "access",
    "table": partner_access,
    "roles": frozenset(),
    "by": lambda shop: shop.as_super_admin,
    "actor": lambda shop: (shop.super_admin["membership_id"], "ORG_USER"),
    "target": "id",
    "repeats": False,
}


def _named(access: Row) -> dict[str, Any]:
    return {"id": node_id("PartnerAccess", access)}


async def _requested(shop: Any) -> dict[str, Any]:
    """Store a request where no access is active."""
    await shop.world.change(partner_access, shop.access["id"], state=AccessState.ENDED)
    return _named(await shop.world.access(shop.organisation, state=AccessState.REQUESTED, **_ASKED))


async def _of_another_organisation(shop: Any) -> dict[str, Any]:
    """Store an access that can be extended and ended while nobody needs it."""
    ends = now() + timedelta(days=10)
    domain = f"{new_id().hex}.example"
    organisation = await shop.world.organisation(shop.client, domain, partner_sees_until=ends)
    return _named(await shop.world.access(organisation, expires_at=ends, **{**_ASKED, "extendable": True}))


async def _request_elsewhere(shop: Any) -> dict[str, Any]:
    organisation = await shop.world.organisation(shop.client, f"{new_id().hex}.example")
    return _named(await shop.world.access(organisation, state=AccessState.REQUESTED, **_ASKED))


DELEGATED: Final[tuple[Mapping[str, Any], ...]] = (
    {
        **_BY_PARTNER,
        "field": "partnerAccessRequest",
        "example": lambda shop: {
            "subscriptionId": node_id("Subscription", shop.subscription),
            "privileges": ["ORG_READ"],
            "days": 90,
            "reason": "The mail moves to us",
        },
        "other": {"days": 91},
    },
    {
        **_BY_PARTNER,
        "field": "partnerAccessWithdraw",
        "target": "id",
        "example": _request_elsewhere,
        "other": {"expectedVersion": 1},
    },
    {**_BY_SUPER_ADMIN, "field": "partnerAccessApprove", "example": _requested, "other": {"note": "For the move."}},
    {**_BY_SUPER_ADMIN, "field": "partnerAccessDecline", "example": _requested, "other": {"note": "Not now."}},
    {
        **_BY_SUPER_ADMIN,
        "field": "partnerAccessRevoke",
        "example": lambda shop: _named(shop.access),
        "other": {"reason": "The move is done."},
    },
    {
        **_BY_PARTNER,
        "field": "partnerAccessEnd",
        "target": "id",
        "example": _of_another_organisation,
        "other": {"reason": "The move is done."},
    },
    {
        **_BY_PARTNER,
        "field": "partnerAccessExtend",
        "target": "id",
        "example": _of_another_organisation,
        "other": {"expectedVersion": 1},
    },
    {
        "field": "organisationManage",
        "entity": "session",
        "table": acting_session,
        "roles": frozenset({PartnerRole.OWNER, PartnerRole.ADMIN, PartnerRole.SUPPORT}),
        "example": lambda shop: {
            "organisationId": node_id("ChildOrg", shop.organisation),
            "reason": "A user cannot sign in",
        },
        "other": {"reason": "Setting up mail"},
    },
)
