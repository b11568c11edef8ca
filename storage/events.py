"""What happened: events, audit entries and the outcomes kept for idempotency keys."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Boolean, Column, Index, LargeBinary, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB

from storage.base import (
    ABSENT,
    PARTNER_ROWS,
    TRAIL_ROWS,
    Rows,
    TenantRecord,
    ident,
    moment,
    tenant_table,
    text,
    whole,
)

_APPEND_ONLY: Final = ("SELECT", "INSERT")

event: Final = tenant_table(
    "event",
    whole("seq", null=True),
    text("type"),
    Column("org_internal", Boolean, nullable=False),
    ident("client_id", null=True),
    ident("child_org_id", null=True),
    text("target_kind"),
    ident("target_id"),
    whole("target_version"),
    Column("payload", JSONB, nullable=False),
    UniqueConstraint("partner_id", "seq"),
    Index(None, "partner_id", "created_at", "id"),
    Index(None, "partner_id", "target_id", "created_at", "id"),
    rows=Rows(TRAIL_ROWS, verbs=_APPEND_ONLY),
)

audit_entry: Final = tenant_table(
    "audit_entry",
    whole("seq", null=True),
    Column("hash", LargeBinary, nullable=True),
    Column("org_internal", Boolean, nullable=False),
    ident("client_id", null=True),
    ident("child_org_id", null=True),
    ident("actor_membership_id", null=True),
    text("actor_kind"),
    text("privilege"),
    text("operation"),
    text("target_kind"),
    ident("target_id"),
    whole("target_version"),
    Column("before", JSONB(none_as_null=True), nullable=True),
    Column("after", JSONB(none_as_null=True), nullable=True),
    text("reason", null=True),
    text("request_id"),
    UniqueConstraint("partner_id", "seq"),
    Index(None, "partner_id", "created_at", "id"),
    Index(None, "partner_id", "target_id", "target_version"),
    rows=Rows(TRAIL_ROWS, verbs=_APPEND_ONLY),
)

idempotency_record: Final = tenant_table(
    "idempotency_record",
    text("operation"),
    text("key"),
    Column("input_hash", LargeBinary, nullable=False),
    text("outcome_kind", null=True),
    ident("outcome_id", null=True),
    moment("expires_at"),
    UniqueConstraint("partner_id", "operation", "key"),
    Index(None, "partner_id", "expires_at"),
    rows=Rows(PARTNER_ROWS),
)


class AuditEntryRecord(TenantRecord, frozen=True, kw_only=True):
    """One line of the audit trail."""

    target_version: int = ABSENT
    before: dict[str, Any] | None = ABSENT
    after: dict[str, Any] | None = ABSENT
    request_id: str = ABSENT


class IdempotencyRecord(TenantRecord, frozen=True, kw_only=True):
    """The outcome of a change that was asked for with an idempotency key."""

    operation: str = ABSENT
    key: str = ABSENT
    input_hash: bytes = ABSENT
    outcome_kind: str | None = ABSENT
    outcome_id: UUID | None = ABSENT
    expires_at: datetime = ABSENT
