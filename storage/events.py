"""What happened and what is still to be done: events, the outbox, outcomes of idempotency keys."""

from datetime import datetime
from typing import Final
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
    Index("ix_event_unnumbered", "partner_id", "created_at", "id", postgresql_where="seq IS NULL"),
    rows=Rows(TRAIL_ROWS, verbs=_APPEND_ONLY),
    relayed=Relayed(("seq",), when="seq IS NULL"),
)

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


class IdempotencyRecord(TenantRecord, frozen=True, kw_only=True):
    """The outcome of a change that was asked for with an idempotency key."""

    operation: str = ABSENT
    key: str = ABSENT
    input_hash: bytes = ABSENT
    outcome_kind: str | None = ABSENT
    outcome_id: UUID | None = ABSENT
    expires_at: datetime = ABSENT
