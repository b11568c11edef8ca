"""What a child organisation decides for itself."""

from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import ARRAY, Boolean, Column, Text, UniqueConstraint

from storage.base import ABSENT, ORG_INTERNAL_ROWS, Rows, TenantRecord, ident, tenant_table, text, within_partner, word


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


class OrgSettingsRecord(TenantRecord, frozen=True, kw_only=True):
    """What one organisation decided for itself."""

    child_org_id: UUID = ABSENT
    tfa_policy: str = ABSENT
    contact_sync: bool = ABSENT
    dashboard: list[str] = ABSENT
    referral_member: bool = ABSENT
    referral_code: str | None = ABSENT
