"""Child organisations, their settings, and the invitation of their first super admin."""

from datetime import datetime
from enum import StrEnum
from typing import Final, NewType
from uuid import UUID

from sqlalchemy import ARRAY, Boolean, Column, Index, Text, UniqueConstraint

from storage.base import (
    ABSENT,
    ORG_INTERNAL_ROWS,
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


class TfaPolicy(StrEnum):
    """Whether an organisation's users sign in with a second factor."""

    OFF = "OFF"
    OPTIONAL = "OPTIONAL"
    REQUIRED = "REQUIRED"


class DashboardWidget(StrEnum):
    """What an organisation's dashboard can show."""

    USERS = "USERS"
    DOMAINS = "DOMAINS"
    MAIL = "MAIL"
    STORAGE = "STORAGE"
    SUBSCRIPTIONS = "SUBSCRIPTIONS"
    ACTIVITY = "ACTIVITY"
    NEWS = "NEWS"


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

org_settings: Final = tenant_table(
    "org_settings",
    ident("child_org_id"),
    word("tfa_policy", TfaPolicy),
    Column("contact_sync", Boolean, nullable=False),
    Column("dashboard", ARRAY(Text), nullable=False),
    Column("referral_member", Boolean, nullable=False),
    text("referral_code", null=True),
    UniqueConstraint("partner_id", "child_org_id"),
    within_partner("child_org_id", "child_org"),
    rows=Rows(ORG_INTERNAL_ROWS),
)
"""What an organisation decides for itself; where it has no row, everything stands as `DEFAULT_SETTINGS` says."""

DEFAULT_SETTINGS: Final = {
    "tfa_policy": TfaPolicy.OPTIONAL,
    "contact_sync": False,
    "dashboard": [widget.value for widget in DashboardWidget],
    "referral_member": False,
    "referral_code": None,
}


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


class OrgSettingsRecord(TenantRecord, frozen=True, kw_only=True):
    """What one organisation decided for itself."""

    child_org_id: UUID = ABSENT
    tfa_policy: str = ABSENT
    contact_sync: bool = ABSENT
    dashboard: list[str] = ABSENT
    referral_member: bool = ABSENT
    referral_code: str | None = ABSENT
