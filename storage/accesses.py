"""Partner accesses: a partner's delegated administration of a child organisation."""

from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import ARRAY, Boolean, Column, Index, Text

from storage.base import (
    ABSENT,
    ORG_ROWS,
    Peek,
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


class AccessState(StrEnum):
    """The life of an access; an ended one is never revived."""

    REQUESTED = "REQUESTED"
    ACTIVE = "ACTIVE"
    DECLINED = "DECLINED"
    WITHDRAWN = "WITHDRAWN"
    EXPIRED = "EXPIRED"
    ENDED = "ENDED"


partner_access: Final = tenant_table(
    "partner_access",
    ident("client_id"),
    ident("child_org_id"),
    word("state", AccessState),
    Column("full_administration", Boolean, nullable=False),
    Column("privileges", ARRAY(Text), nullable=False),
    text("reason", null=True),
    whole("days", null=True),
    Column("extendable", Boolean, nullable=False),
    moment("extended_at", null=True),
    ident("requested_by", null=True),
    text("requested_by_name", null=True),
    moment("decided_at", null=True),
    text("decided_by_name", null=True),
    moment("starts_at"),
    moment("expires_at", null=True),
    moment("ended_at", null=True),
    text("ended_by", null=True),
    # FOR SHARE needs the UPDATE privilege on some column: this one, which nothing reads.
    Column("share_lock", Boolean, nullable=False),
    Index(None, "partner_id", "child_org_id", "created_at", "id"),
    Index(None, "partner_id", "state", "created_at", "id"),
    Index(None, "partner_id", "created_at", "id"),
    Index(
        "uq_partner_access_active",
        "partner_id",
        "child_org_id",
        unique=True,
        postgresql_where="state = 'ACTIVE'",
    ),
    within_partner("client_id", "client"),
    within_partner("child_org_id", "child_org"),
    rows=Rows(ORG_ROWS),
    peek=Peek(
        (
            "SELECT (partner_id, id, client_id, child_org_id, state, full_administration, privileges, expires_at)",
            "UPDATE (share_lock)",
        ),
        when="state = 'ACTIVE'",
    ),
)


class PartnerAccessRecord(TenantRecord, frozen=True, kw_only=True):
    """One access of a partner to one organisation."""

    client_id: UUID = ABSENT
    child_org_id: UUID = ABSENT
    state: str = ABSENT
    full_administration: bool = ABSENT
    privileges: list[str] = ABSENT
    reason: str | None = ABSENT
    days: int | None = ABSENT
    extendable: bool = ABSENT
    extended_at: datetime | None = ABSENT
    requested_by: UUID | None = ABSENT
    requested_by_name: str | None = ABSENT
    decided_at: datetime | None = ABSENT
    decided_by_name: str | None = ABSENT
    starts_at: datetime = ABSENT
    expires_at: datetime | None = ABSENT
    ended_at: datetime | None = ABSENT
    ended_by: str | None = ABSENT
