"""The audit trail: what was done and what was denied, and how far each partner's entries are chained."""

from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Boolean, Column, Index, LargeBinary, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB

from storage.base import (
    ABSENT,
    TRAIL_ROWS,
    Relayed,
    Rows,
    TenantRecord,
    control_table,
    ident,
    moment,
    tenant_table,
    text,
    whole,
    word,
)


class AuditOutcome(StrEnum):
    """What came of what somebody wanted."""

    DONE = "DONE"
    DENIED = "DENIED"


audit_entry: Final = tenant_table(
    "audit_entry",
    whole("seq", null=True),
    Column("hash", LargeBinary, nullable=True),
    Column("org_internal", Boolean, nullable=False),
    ident("client_id", null=True),
    ident("child_org_id", null=True),
    ident("actor_membership_id", null=True),
    text("actor_kind"),
    text("actor_name", null=True),
    text("address", null=True),
    ident("acting_session_id", null=True),
    ident("escalation_id", null=True),
    word("outcome", AuditOutcome),
    text("rule", null=True),
    text("privilege"),
    text("operation"),
    text("target_kind", null=True),
    ident("target_id", null=True),
    whole("target_version", null=True),
    Column("before", JSONB(none_as_null=True), nullable=True),
    Column("after", JSONB(none_as_null=True), nullable=True),
    text("reason", null=True),
    text("request_id"),
    UniqueConstraint("partner_id", "seq"),
    Index(None, "partner_id", "created_at", "id"),
    Index(None, "partner_id", "outcome", "created_at", "id"),
    Index(None, "partner_id", "target_id", "target_version"),
    Index(None, "partner_id", "target_id", "created_at", "id"),
    Index(None, "partner_id", "actor_membership_id", "created_at", "id"),
    Index(None, "partner_id", "client_id", "created_at", "id"),
    Index(None, "partner_id", "child_org_id", "created_at", "id"),
    Index(None, "partner_id", "acting_session_id", "created_at", "id"),
    Index("ix_audit_entry_unnumbered", "partner_id", "created_at", "id", postgresql_where="seq IS NULL"),
    rows=Rows(TRAIL_ROWS, verbs=("SELECT", "INSERT")),
    relayed=Relayed(("seq", "hash"), when="seq IS NULL"),
)

trail_head: Final = control_table(
    "trail_head",
    whole("event_seq"),
    whole("audit_seq"),
    Column("audit_hash", LargeBinary, nullable=False),
    moment("updated_at"),
    relay=("SELECT", "INSERT", "UPDATE"),
)
"""How far a partner's events and audit entries are numbered, and the last entry's hash; its id is the partner's."""


class AuditEntryRecord(TenantRecord, frozen=True, kw_only=True):
    """One line of the audit trail; `seq` and `hash` are given within a second of its commit."""

    seq: int | None = ABSENT
    hash: bytes | None = ABSENT
    org_internal: bool = ABSENT
    client_id: UUID | None = ABSENT
    child_org_id: UUID | None = ABSENT
    actor_membership_id: UUID | None = ABSENT
    actor_kind: str = ABSENT
    actor_name: str | None = ABSENT
    address: str | None = ABSENT
    acting_session_id: UUID | None = ABSENT
    escalation_id: UUID | None = ABSENT
    outcome: str = ABSENT
    rule: str | None = ABSENT
    privilege: str = ABSENT
    operation: str = ABSENT
    target_kind: str | None = ABSENT
    target_id: UUID | None = ABSENT
    target_version: int | None = ABSENT
    before: dict[str, Any] | None = ABSENT
    after: dict[str, Any] | None = ABSENT
    reason: str | None = ABSENT
    request_id: str = ABSENT
