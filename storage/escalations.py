"""Escalations: one use of a task that partners are denied, asked for by a member and approved by the super admin."""

from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import Index

from storage.base import ABSENT, ORG_ROWS, Rows, TenantRecord, ident, moment, tenant_table, text, within_partner, word


class EscalationState(StrEnum):
    """The life of an escalation; an approved one is used once, until `usable_until`."""

    REQUESTED = "REQUESTED"
    APPROVED = "APPROVED"
    DECLINED = "DECLINED"
    WITHDRAWN = "WITHDRAWN"
    USED = "USED"


escalation: Final = tenant_table(
    "escalation",
    ident("client_id"),
    ident("child_org_id"),
    ident("access_id"),
    ident("requested_by"),
    text("requested_by_name"),
    text("task"),
    # The organisation's user that it is about; the organisation itself where there is none.
    ident("user_id", null=True),
    text("reason"),
    word("state", EscalationState),
    moment("decided_at", null=True),
    text("decided_by_name", null=True),
    text("decision_note", null=True),
    moment("usable_until", null=True),
    moment("used_at", null=True),
    Index(None, "partner_id", "created_at", "id"),
    Index(None, "partner_id", "state", "created_at", "id"),
    Index(None, "partner_id", "child_org_id", "created_at", "id"),
    Index(None, "partner_id", "child_org_id", "state", "created_at", "id"),
    within_partner("client_id", "client"),
    within_partner("child_org_id", "child_org"),
    within_partner("access_id", "partner_access"),
    rows=Rows(ORG_ROWS),
)


class EscalationRecord(TenantRecord, frozen=True, kw_only=True):
    """One escalation."""

    client_id: UUID = ABSENT
    child_org_id: UUID = ABSENT
    access_id: UUID = ABSENT
    requested_by: UUID = ABSENT
    requested_by_name: str = ABSENT
    task: str = ABSENT
    user_id: UUID | None = ABSENT
    reason: str = ABSENT
    state: str = ABSENT
    decided_at: datetime | None = ABSENT
    decided_by_name: str | None = ABSENT
    decision_note: str | None = ABSENT
    usable_until: datetime | None = ABSENT
    used_at: datetime | None = ABSENT
