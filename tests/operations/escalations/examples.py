"""What `tests.operations.changes` tells of the changes of escalations, with an input that each accepts."""

from collections.abc import Mapping
from typing import Any, Final

from storage.base import now
from storage.escalations import escalation
from storage.partners import PartnerRole
from tests.operations.worlds import Row, node_id

WHY: Final = "She lost her phone and called."
_ACTING: Final[Mapping[str, Any]] = {
    "entity": "escalation",
    "table": escalation,
    "roles": frozenset(),
    "by": lambda shop: shop.as_acting,
    "actor": lambda shop: (shop.world.memberships[PartnerRole.ADMIN], "PARTNER_MEMBER"),
    "acts": True,
    "repeats": False,
}
_BY_SUPER_ADMIN: Final[Mapping[str, Any]] = {
    "entity": "escalation",
    "table": escalation,
    "roles": frozenset(),
    "by": lambda shop: shop.as_super_admin,
    "actor": lambda shop: (shop.super_admin["membership_id"], "ORG_USER"),
    "repeats": False,
    "target": "id",
}


async def stored_escalation(shop: Any, **values: Any) -> Row:
    """Store an escalation of the partner's acting administrator that was asked for a moment ago."""
    row: Row = await shop.world.add(
        escalation,
        **{
            "created_at": now(),
            "client_id": shop.client["id"],
            "child_org_id": shop.organisation["id"],
            "access_id": shop.access["id"],
            "requested_by": shop.world.memberships[PartnerRole.ADMIN],
            "requested_by_name": "Admin",
            "task": "USER_RESET_PASSWORD",
            "user_id": shop.user["id"],
            "reason": WHY,
            "state": "REQUESTED",
            **values,
        },
    )
    return row


async def _requested(shop: Any) -> dict[str, Any]:
    return {"id": node_id("Escalation", await stored_escalation(shop))}


ESCALATIONS: Final[tuple[Mapping[str, Any], ...]] = (
    {
        **_ACTING,
        "field": "escalationRequest",
        "example": lambda shop: {
            "task": "USER_RESET_PASSWORD",
            "userId": node_id("OrgUser", shop.user),
            "reason": WHY,
        },
        "other": {"reason": "He lost his."},
    },
    {
        **_ACTING,
        "field": "escalationWithdraw",
        "target": "id",
        "example": _requested,
        "other": {"expectedVersion": 1},
    },
    {**_BY_SUPER_ADMIN, "field": "escalationApprove", "example": _requested, "other": {"note": "Once."}},
    {**_BY_SUPER_ADMIN, "field": "escalationDecline", "example": _requested, "other": {"note": "No."}},
)
