"""Child organisations, and the invitation of their first super admin."""

from datetime import datetime
from enum import StrEnum
from typing import Final, NewType
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint

from storage.base import (
    ABSENT,
    ORG_ROWS,
    ORGANISATION_ROWS,
    Rows,
    TenantRecord,
    ident,
    moment,
    sort_key,
    tenant_table,
    text,
    within_partner,
    word,
)

ChildOrgId = NewType("ChildOrgId", UUID)


class OrganisationStatus(StrEnum):
    """Whether an organisation is in use."""

    ACTIVE = "ACTIVE"
    ARCHIVED = "ARCHIVED"


class DomainStatus(StrEnum):
    """Whether an organisation has shown that its domain is its own."""

    UNVERIFIED = "UNVERIFIED"
    VERIFIED = "VERIFIED"


class InvitationState(StrEnum):
    """What became of the first super admin's invitation."""

    OPEN = "OPEN"
    ACCEPTED = "ACCEPTED"


child_org: Final = tenant_table(
    "child_org",
    ident("client_id"),
    text("name"),
    sort_key("name_sort"),
    text("domain"),
    word("domain_status", DomainStatus),
    moment("domain_verified_at", null=True),
    word("status", OrganisationStatus),
    moment("partner_sees_until"),
    UniqueConstraint("partner_id", "domain"),
    Index(None, "partner_id", "name_sort", "id"),
    Index(None, "partner_id", "created_at", "id"),
    Index(None, "partner_id", "client_id", "name_sort", "id"),
    Index(None, "partner_id", "client_id", "created_at", "id"),
    Index(None, "partner_id", "domain_status", "name_sort", "id"),
    within_partner("client_id", "client"),
    rows=Rows(ORGANISATION_ROWS, org="id"),
)

org_invitation: Final = tenant_table(
    "org_invitation",
    ident("client_id"),
    ident("child_org_id"),
    text("email"),
    text("name"),
    word("state", InvitationState),
    UniqueConstraint("partner_id", "child_org_id"),
    within_partner("child_org_id", "child_org"),
    rows=Rows(ORG_ROWS),
)


class ChildOrgRecord(TenantRecord, frozen=True, kw_only=True):
    """One child organisation."""

    client_id: UUID = ABSENT
    name: str = ABSENT
    name_sort: str = ABSENT
    domain: str = ABSENT
    domain_status: str = ABSENT
    domain_verified_at: datetime | None = ABSENT
    status: str = ABSENT
    partner_sees_until: datetime = ABSENT
