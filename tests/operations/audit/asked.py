"""What `tests.operations.lists` tells of what is asked for and of the trail, and rows to fill those lists with."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from storage.accesses import AccessState
from storage.audit import AuditOutcome, audit_entry
from storage.change_requests import ChangeRequestKind, ChangeRequestState, change_request
from storage.escalations import EscalationState, escalation
from storage.partners import PartnerRole
from tests.operations.worlds import Row, World

LATER: Final = datetime(2100, 1, 1, tzinfo=UTC)
"""After everything that is denied while tests run, so that these rows stay the first of the trail."""

_LATEST_FIRST: Final[Mapping[str, Any]] = {"orders": {"CREATED_AT": "created_at"}, "order": ("created_at", True)}
_CHANGE_REQUESTS: Final[Mapping[str, Any]] = {
    **_LATEST_FIRST,
    "field": "changeRequests",
    "kind": "ChangeRequest",
    "table": change_request,
    "filters": {"state": "state", "subscriptionId": "subscription_id", "clientId": "client_id"},
    "kinds": {"subscription_id": "Subscription", "client_id": "Client"},
}
_ENTRIES: Final[Mapping[str, Any]] = {
    **_LATEST_FIRST,
    "kind": "AuditEntry",
    "table": audit_entry,
    "filters": {
        "outcome": "outcome",
        "targetId": "target_id",
        "clientId": "client_id",
        "organisationId": "child_org_id",
        "actingSessionId": "acting_session_id",
    },
    "kinds": {
        "target_id": "Subscription",
        "client_id": "Client",
        "child_org_id": "ChildOrg",
        "acting_session_id": "ActingSession",
    },
}

ASKED: Final[tuple[Mapping[str, Any], ...]] = (
    {
        **_LATEST_FIRST,
        "field": "escalations",
        "kind": "Escalation",
        "table": escalation,
        "filters": {"state": "state", "organisationId": "child_org_id"},
        "kinds": {"child_org_id": "ChildOrg"},
    },
    _CHANGE_REQUESTS,
    {**_CHANGE_REQUESTS, "parent": "Subscription", "by": "subscription_id"},
    {**_ENTRIES, "field": "audit"},
    {**_ENTRIES, "field": "entries", "parent": "ActingSession", "by": "acting_session_id"},
)


@dataclass(frozen=True)
class Corner:
    """One subscription of an organisation, and a session of acting there: what rows are asked under and about."""

    subscription: Row
    session: Row


async def furnish(world: World, organisation: Row, plan: Row, *, rows: int) -> Corner:
    """Store a corner with so many rows of each kind, a few of them alike in what they are sorted by."""
    access = await world.access(organisation, state=AccessState.ENDED)
    corner = Corner(
        await world.subscription(organisation, plan, created_at=LATER + timedelta(days=30)), await world.session(access)
    )
    for number in range(rows):
        at = LATER + timedelta(days=number * 3 % 7, microseconds=number % 2)
        about = {"client_id": organisation["client_id"], "child_org_id": organisation["id"], "created_at": at}
        asker = {"requested_by": world.memberships[PartnerRole.ADMIN], "requested_by_name": "Admin"}
        lifted = await world.add(
            escalation,
            **about,
            **asker,
            access_id=access["id"],
            task="ORG_TFA_POLICY_SET",
            reason="They asked on the phone.",
            state=list(EscalationState)[number % len(EscalationState)],
        )
        await world.add(
            change_request,
            **about,
            **asker,
            subscription_id=corner.subscription["id"],
            kind=ChangeRequestKind.STORAGE,
            storage_gb=1,
            state=list(ChangeRequestState)[number % len(ChangeRequestState)],
        )
        await world.add(
            audit_entry,
            **about,
            org_internal=False,
            actor_kind="SYSTEM",
            acting_session_id=corner.session["id"],
            escalation_id=lifted["id"],
            outcome=list(AuditOutcome)[number % len(AuditOutcome)],
            privilege="SYSTEM",
            operation="test",
            target_kind="subscription",
            target_id=corner.subscription["id"],
            target_version=1,
            request_id=str(number),
        )
    return corner
