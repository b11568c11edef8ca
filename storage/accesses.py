"""Partner accesses: a partner's delegated administration of a child organisation."""

from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import ARRAY, Boolean, Column, Index, Text

from storage.base import (
    ABSENT,
    ORG_ROWS,
    Rows,
    TenantRecord,
    ident,
    moment,
    tenant_table,
    text,
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
    moment("starts_at"),
    moment("expires_at", null=True),
    moment("ended_at", null=True),
    text("ended_by", null=True),
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
)


class PartnerAccessRecord(TenantRecord, frozen=True, kw_only=True):
    """One access of a partner to one organisation."""

    client_id: UUID = ABSENT
    child_org_id: UUID = ABSENT
    state: str = ABSENT
    full_administration: bool = ABSENT
    privileges: list[str] = ABSENT
    starts_at: datetime = ABSENT
    expires_at: datetime | None = ABSENT
    ended_at: datetime | None = ABSENT
    ended_by: str | None = ABSENT
