"""Asking inside an organisation: its people, those who act for the partner, and escalations that were approved."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from storage.base import now
from storage.escalations import EscalationState, escalation
from storage.identity import membership
from storage.org_users import org_user
from storage.partners import PartnerRole
from tenancy.privileges import Privilege
from tests.factories.clients import Answer, GatewayClient
from tests.operations.changes import ERRORS, Shop
from tests.operations.worlds import LONG_AGO, Row, World, node_id

ACTING_ROLES: Final = (PartnerRole.OWNER, PartnerRole.ADMIN)
"""Whoever may act and holds most in the partner."""

SHOWN: Final = {
    "user": "id version name email role status department phone profileImage deletedAt passwordInvalidBefore",
    "backup": "id version state requestedByName createdAt",
    "organisation": "id version status",
    "settings": "id version tfaPolicy contactSync dashboard",
}
_VIEWER: Final = "{ viewer { kind organisationRole } }"


async def change(caller: GatewayClient, field: str, entity: str = "user", **values: Any) -> Answer:
    """Ask for a change."""
    takes = f"{field[0].upper()}{field[1:]}Input"
    return await caller.run(
        f"mutation($input: {takes}!) {{ {field}(input: $input) {{ {entity} {{ {SHOWN[entity]} }} {ERRORS} }} }}",
        input=values,
    )


async def made(caller: GatewayClient, field: str, entity: str = "user", **values: Any) -> Any:
    """Ask for a change that is accepted, and return what it changed."""
    answer = await change(caller, field, entity, **values)
    assert answer.user_errors == []
    return answer.payload[entity]


def of(user: Row) -> str:
    """Return the id by which a user is asked for."""
    return node_id("OrgUser", user)


def assert_denied(answer: Answer, rule: str) -> None:
    """Prove that a change was denied by a rule; partners are told of escalations."""
    (error,) = answer.user_errors
    assert (error["code"], error["rule"], error["path"]) == ("FORBIDDEN", rule, [])
    if rule.startswith(("PARTNER_DENIED_", "PARTNER_MUST_ASK_")):
        assert error["whoCan"]
        assert "escalationRequest" in error["howToRequest"]


async def acting(shop: Shop, role: PartnerRole) -> GatewayClient:
    """Ask as a member of the partner who acts in the organisation."""
    return shop.world.acting_in(await shop.world.session(shop.access, role))


async def seen_as(caller: GatewayClient) -> str | None:
    """Return the role in which somebody comes in; None where the token opens nothing any more."""
    answer = await caller.run(_VIEWER)
    if answer.status == 401:
        assert answer.codes == ["UNAUTHENTICATED"]
        return None
    role: str = answer.data["viewer"]["organisationRole"]
    return role


async def anew(world: World, user: Row) -> GatewayClient:
    """Ask as a user who has signed in again."""
    place = await world.row(membership, user["membership_id"])
    return world.gateway.bearing(world.signer.sign(place["id"], place["epoch"]))


async def now_of(shop: Shop, user: Row) -> Row:
    """Read a user as it now is."""
    return await shop.world.row(org_user, user["id"])


async def approved(shop: Shop, task: Privilege, about: Row | None = None, **values: Any) -> Row:
    """Store an escalation of the partner's acting administrator that the super admin has just approved."""
    return await shop.world.add(
        escalation,
        **{
            "client_id": shop.client["id"],
            "child_org_id": shop.organisation["id"],
            "access_id": shop.access["id"],
            "requested_by": shop.world.memberships[PartnerRole.ADMIN],
            "requested_by_name": "Admin",
            "task": task,
            "user_id": about and about["id"],
            "reason": "The user asked on the phone.",
            "state": EscalationState.APPROVED,
            "decided_at": LONG_AGO,
            "usable_until": now() + timedelta(minutes=60),
            **values,
        },
    )


def instant(text: str) -> datetime:
    """Read a time of an answer."""
    return datetime.fromisoformat(text).astimezone(UTC)
