"""Change requests: what an organisation or a client asks of the partner that sells to it."""

from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import Column, ForeignKey, Index, Uuid

from storage.base import (
    ABSENT,
    ORG_ROWS,
    SCHEMA,
    Rows,
    TenantRecord,
    ident,
    moment,
    tenant_table,
    text,
    whole,
    within_partner,
    word,
)


class ChangeRequestKind(StrEnum):
    """What is asked for."""

    UPGRADE = "UPGRADE"
    DOWNGRADE = "DOWNGRADE"
    STORAGE = "STORAGE"


class ChangeRequestState(StrEnum):
    """What became of it."""

    REQUESTED = "REQUESTED"
    APPROVED = "APPROVED"
    DECLINED = "DECLINED"
    WITHDRAWN = "WITHDRAWN"


change_request: Final = tenant_table(
    "change_request",
    ident("client_id"),
    ident("child_org_id"),
    ident("subscription_id"),
    word("kind", ChangeRequestKind),
    Column("plan_id", Uuid, ForeignKey(f"{SCHEMA}.plan.id"), nullable=True),
    whole("storage_gb", null=True),
    text("note", null=True),
    word("state", ChangeRequestState),
    ident("requested_by"),
    text("requested_by_name"),
    moment("decided_at", null=True),
    text("decided_by_name", null=True),
    text("decision_note", null=True),
    Index(None, "partner_id", "created_at", "id"),
    Index(None, "partner_id", "state", "created_at", "id"),
    Index(None, "partner_id", "client_id", "created_at", "id"),
    Index(None, "partner_id", "child_org_id", "created_at", "id"),
    Index(None, "partner_id", "subscription_id", "created_at", "id"),
    within_partner("client_id", "client"),
    within_partner("child_org_id", "child_org"),
    within_partner("subscription_id", "subscription"),
    rows=Rows(ORG_ROWS),
)


class ChangeRequestRecord(TenantRecord, frozen=True, kw_only=True):
    """One change that was asked for."""

    client_id: UUID = ABSENT
    child_org_id: UUID = ABSENT
    subscription_id: UUID = ABSENT
    kind: str = ABSENT
    plan_id: UUID | None = ABSENT
    storage_gb: int | None = ABSENT
    note: str | None = ABSENT
    state: str = ABSENT
    requested_by: UUID = ABSENT
    requested_by_name: str = ABSENT
    decided_at: datetime | None = ABSENT
    decided_by_name: str | None = ABSENT
    decision_note: str | None = ABSENT
