"""What happened and what is still to be done: events, the audit trail, the outbox, outcomes of idempotency keys."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Boolean, Column, Index, LargeBinary, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB

from storage.base import (
    ABSENT,
    ORG_ROWS,
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

_APPEND_ONLY: Final = ("SELECT", "INSERT")


class AuditOutcome(StrEnum):
    """What came of what somebody wanted."""

    DONE = "DONE"
    DENIED = "DENIED"


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
    Index("ix_event_unnumbered", "partner_id", "created_at", "id", postgresql_where="seq IS NULL"),
    rows=Rows(TRAIL_ROWS, verbs=_APPEND_ONLY),
    relayed=Relayed(("seq",), when="seq IS NULL"),
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
    rows=Rows(TRAIL_ROWS, verbs=_APPEND_ONLY),
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

outbox: Final = tenant_table(
    "outbox",
    ident("client_id", null=True),
    ident("child_org_id", null=True),
    text("kind"),
    Column("payload", JSONB, nullable=False),
    moment("due_at"),
    whole("attempts"),
    moment("locked_until", null=True),
    moment("done_at", null=True),
    text("last_error", null=True),
    Index("ix_outbox_waiting", "partner_id", "kind", "due_at", postgresql_where="done_at IS NULL"),
    rows=Rows(ORG_ROWS, verbs=("INSERT",), system=("SELECT", "INSERT", "UPDATE")),
    relayed=Relayed(("attempts", "locked_until", "last_error", "done_at"), when="done_at IS NULL"),
)
"""What follows from a change and is done after it: jobs, each once, and mails."""

idempotency_record: Final = tenant_table(
    "idempotency_record",
    # Who is confined has keys of its own, so that nobody learns of another's.
    ident("client_id", null=True),
    ident("child_org_id", null=True),
    text("operation"),
    text("key"),
    Column("input_hash", LargeBinary, nullable=False),
    text("outcome_kind", null=True),
    ident("outcome_id", null=True),
    moment("expires_at"),
    UniqueConstraint(
        "partner_id",
        "operation",
        "key",
        "client_id",
        "child_org_id",
        name="uq_idempotency_record_key",
        postgresql_nulls_not_distinct=True,
    ),
    Index(None, "partner_id", "expires_at"),
    rows=Rows(ORG_ROWS),
)


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


class IdempotencyRecord(TenantRecord, frozen=True, kw_only=True):
    """The outcome of a change that was asked for with an idempotency key."""

    operation: str = ABSENT
    key: str = ABSENT
    input_hash: bytes = ABSENT
    outcome_kind: str | None = ABSENT
    outcome_id: UUID | None = ABSENT
    expires_at: datetime = ABSENT
