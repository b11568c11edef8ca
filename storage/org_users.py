"""The users of child organisations, and the backups of their data that were asked for."""

from datetime import datetime
from enum import StrEnum
from typing import Final, NewType
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint

from storage.base import (
    ABSENT,
    ORG_INTERNAL_ROWS,
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

OrgUserId = NewType("OrgUserId", UUID)


class OrgRole(StrEnum):
    """What a user may do in its organisation; each organisation has exactly one super admin."""

    SUPER_ADMIN = "SUPER_ADMIN"
    ADMIN = "ADMIN"
    MEMBER = "MEMBER"


class OrgUserStatus(StrEnum):
    """Whether an organisation's user can sign in."""

    INVITED = "INVITED"
    ACTIVE = "ACTIVE"
    SUSPENDED = "SUSPENDED"
    DELETED = "DELETED"


class BackupState(StrEnum):
    """What became of a backup that was asked for."""

    REQUESTED = "REQUESTED"
    READY = "READY"
    FAILED = "FAILED"


org_user: Final = tenant_table(
    "org_user",
    ident("child_org_id"),
    ident("membership_id", null=True),
    text("name"),
    sort_key("name_sort"),
    text("email"),
    word("role", OrgRole),
    word("status", OrgUserStatus),
    text("department", null=True),
    text("phone", null=True),
    text("profile_image", null=True),
    # A password that was set before this moment opens nothing any more.
    moment("password_invalid_before", null=True),
    moment("deleted_at", null=True),
    UniqueConstraint("partner_id", "child_org_id", "email"),
    Index(None, "partner_id", "child_org_id", "name_sort", "id"),
    Index(None, "partner_id", "child_org_id", "created_at", "id"),
    Index(None, "partner_id", "child_org_id", "membership_id"),
    Index(
        "uq_org_user_super_admin",
        "partner_id",
        "child_org_id",
        unique=True,
        postgresql_where="role = 'SUPER_ADMIN'",
    ),
    within_partner("child_org_id", "child_org"),
    rows=Rows(ORG_INTERNAL_ROWS),
)

user_backup: Final = tenant_table(
    "user_backup",
    ident("child_org_id"),
    ident("user_id"),
    word("state", BackupState),
    ident("requested_by"),
    text("requested_by_name"),
    Index(None, "partner_id", "child_org_id", "created_at", "id"),
    Index(None, "partner_id", "user_id", "created_at", "id"),
    within_partner("child_org_id", "child_org"),
    within_partner("user_id", "org_user"),
    rows=Rows(ORG_INTERNAL_ROWS),
)


class OrgUserRecord(TenantRecord, frozen=True, kw_only=True):
    """One user of an organisation."""

    child_org_id: UUID = ABSENT
    membership_id: UUID | None = ABSENT
    name: str = ABSENT
    name_sort: str = ABSENT
    email: str = ABSENT
    role: str = ABSENT
    status: str = ABSENT
    department: str | None = ABSENT
    phone: str | None = ABSENT
    profile_image: str | None = ABSENT
    password_invalid_before: datetime | None = ABSENT
    deleted_at: datetime | None = ABSENT


class UserBackupRecord(TenantRecord, frozen=True, kw_only=True):
    """One backup of a user's data that was asked for."""

    child_org_id: UUID = ABSENT
    user_id: UUID = ABSENT
    state: str = ABSENT
    requested_by: UUID = ABSENT
    requested_by_name: str = ABSENT
