"""Partners (resellers) and their members."""

from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint

from storage.base import ABSENT, PARTNER_ROWS, Peek, Rows, TenantRecord, ident, sort_key, tenant_table, text, word


class PartnerStatus(StrEnum):
    """Whether a partner trades."""

    ACTIVE = "ACTIVE"
    SUSPENDED = "SUSPENDED"


class PartnerRole(StrEnum):
    """What a member may do in its partner: the columns of the privilege table."""

    OWNER = "OWNER"
    ADMIN = "ADMIN"
    BILLING = "BILLING"
    SUPPORT = "SUPPORT"
    VIEWER = "VIEWER"


class MemberStatus(StrEnum):
    """Whether a member can sign in."""

    ACTIVE = "ACTIVE"
    DISMISSED = "DISMISSED"


partner_org: Final = tenant_table(
    "partner_org",
    text("name"),
    word("status", PartnerStatus),
    text("country"),
    text("currency"),
    text("language"),
    text("support_email"),
    ident("parent_partner_id", null=True),
    CheckConstraint("id = partner_id", name="own_partner"),
    rows=Rows(PARTNER_ROWS),
    # A denial names the partner to turn to; who works for one, or for one above it, administers no customer of it.
    peek=Peek(("SELECT (partner_id, id, name, support_email, parent_partner_id)",), when="true"),
)

partner_member: Final = tenant_table(
    "partner_member",
    ident("membership_id"),
    text("name"),
    sort_key("name_sort"),
    text("email"),
    word("role", PartnerRole),
    word("status", MemberStatus),
    UniqueConstraint("partner_id", "membership_id"),
    Index(None, "partner_id", "name_sort", "id"),
    Index(None, "partner_id", "email"),
    rows=Rows(PARTNER_ROWS),
)


class PartnerOrgRecord(TenantRecord, frozen=True, kw_only=True):
    """One partner."""

    name: str = ABSENT
    status: str = ABSENT
    country: str = ABSENT
    currency: str = ABSENT
    language: str = ABSENT
    support_email: str = ABSENT


class PartnerMemberRecord(TenantRecord, frozen=True, kw_only=True):
    """One person who works for a partner."""

    membership_id: UUID = ABSENT
    name: str = ABSENT
    name_sort: str = ABSENT
    email: str = ABSENT
    role: str = ABSENT
    status: str = ABSENT
