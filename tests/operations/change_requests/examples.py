"""What `tests.operations.changes` tells of the changes of change requests, with an input that each accepts."""

from collections.abc import Mapping
from typing import Any, Final

from storage.base import now
from storage.change_requests import change_request
from storage.partners import PartnerRole
from tests.operations.worlds import Row, node_id

_OURS: Final[Mapping[str, Any]] = {"entity": "changeRequest", "table": change_request, "repeats": False}
_BY_CUSTOMER: Final[Mapping[str, Any]] = {
    **_OURS,
    "roles": frozenset(),
    "by": lambda shop: shop.as_super_admin,
    "actor": lambda shop: (shop.super_admin["membership_id"], "ORG_USER"),
}
_BY_PARTNER: Final[Mapping[str, Any]] = {
    **_OURS,
    "roles": frozenset({PartnerRole.OWNER, PartnerRole.ADMIN, PartnerRole.BILLING}),
    "target": "id",
}


async def _upgrade(shop: Any) -> dict[str, Any]:
    """Ask for a plan that costs more."""
    plan = await shop.world.owner.fetchval("SELECT id FROM gateway.plan WHERE code = 'workplace-standard'")
    return {
        "subscriptionId": node_id("Subscription", shop.subscription),
        "kind": "UPGRADE",
        "planId": node_id("Plan", plan),
    }


async def stored_request(shop: Any, **values: Any) -> Row:
    """Store a request of the organisation's super admin for 50 gigabytes, a moment old."""
    row: Row = await shop.world.add(
        change_request,
        **{
            "created_at": now(),
            "client_id": shop.client["id"],
            "child_org_id": shop.organisation["id"],
            "subscription_id": shop.subscription["id"],
            "kind": "STORAGE",
            "storage_gb": 50,
            "state": "REQUESTED",
            "requested_by": shop.super_admin["membership_id"],
            "requested_by_name": "Super_Admin",
            **values,
        },
    )
    return row


async def _waiting(shop: Any) -> dict[str, Any]:
    return {"id": node_id("ChangeRequest", await stored_request(shop))}


CHANGE_REQUESTS: Final[tuple[Mapping[str, Any], ...]] = (
    {**_BY_CUSTOMER, "field": "changeRequestCreate", "example": _upgrade, "other": {"note": "We grow."}},
    {
        **_BY_CUSTOMER,
        "field": "changeRequestWithdraw",
        "target": "id",
        "example": _waiting,
        "other": {"expectedVersion": 1},
    },
    {**_BY_PARTNER, "field": "changeRequestApprove", "example": _waiting, "other": {"note": "Gladly."}},
    {**_BY_PARTNER, "field": "changeRequestDecline", "example": _waiting, "other": {"note": "Not now."}},
)
