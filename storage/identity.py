"""The control plane: logins and memberships, the only tables with uniqueness across partners."""

from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import ARRAY, Boolean, CheckConstraint, Column, ForeignKey, Index, Text, UniqueConstraint, Uuid

from storage.base import ABSENT, SCHEMA, Key, Reach, Record, Rows, control_table, ident, moment, text, whole, word


class MembershipKind(StrEnum):
    """What a token can name."""

    OPERATOR = "OPERATOR"
    PARTNER_MEMBER = "PARTNER_MEMBER"
    API_CREDENTIAL = "API_CREDENTIAL"
    ORG_USER = "ORG_USER"
    CONTACT = "CONTACT"


class ContactPermission(StrEnum):
    """What a contact may use in its client's area."""

    PROFILE = "PROFILE"
    INVOICES = "INVOICES"
    ESTIMATES = "ESTIMATES"
    SUBSCRIPTIONS = "SUBSCRIPTIONS"
    CARDS = "CARDS"
    SUPPORT = "SUPPORT"
    CONTACTS = "CONTACTS"
    ORGANISATIONS = "ORGANISATIONS"


login: Final = control_table(
    "login",
    text("email"),
    text("display_name"),
    moment("created_at"),
    UniqueConstraint("email"),
)

membership: Final = control_table(
    "membership",
    Column("login_id", Uuid, ForeignKey(f"{SCHEMA}.login.id"), nullable=False),
    word("kind", MembershipKind),
    text("name"),
    text("role", null=True),
    ident("partner_id", null=True),
    Column("client_ids", ARRAY(Uuid), nullable=True),
    ident("child_org_id", null=True),
    Column("permissions", ARRAY(Text), nullable=True),
    Column("privileges", ARRAY(Text), nullable=True),
    Column("created_by", Uuid, ForeignKey(f"{SCHEMA}.membership.id"), nullable=True),
    whole("epoch"),
    moment("valid_until"),
    moment("created_at"),
    # FOR SHARE needs the UPDATE privilege on some column: this one, which nothing reads.
    Column("share_lock", Boolean, nullable=False),
    Index(None, "login_id"),
    Index(None, "partner_id", "kind"),
    CheckConstraint("kind = 'OPERATOR' OR partner_id IS NOT NULL", name="partner_id"),
    CheckConstraint("kind <> 'ORG_USER' OR child_org_id IS NOT NULL", name="child_org_id"),
    CheckConstraint("kind <> 'CONTACT' OR client_ids IS NOT NULL", name="client_ids"),
    CheckConstraint("kind <> 'API_CREDENTIAL' OR (created_by IS NOT NULL AND privileges IS NOT NULL)", name="creator"),
    login=("SELECT", "UPDATE (share_lock)"),
    rows=Rows(
        {
            Reach.STAFF: None,
            Reach.CLIENT: None,
            Reach.FENCE: None,
            Reach.ORG: (Key.PARTNER, Key.ORG),
            Reach.SYSTEM: (Key.PARTNER,),
            Reach.PLATFORM: None,
        },
        verbs=("SELECT", "UPDATE (role, epoch, valid_until)"),
    ),
)


class LoginRecord(Record, frozen=True, kw_only=True):
    """One person's way in."""

    email: str = ABSENT
    display_name: str = ABSENT


class MembershipRecord(Record, frozen=True, kw_only=True):
    """What one login is in one place."""

    login_id: UUID = ABSENT
    kind: str = ABSENT
    name: str = ABSENT
    role: str | None = ABSENT
    partner_id: UUID | None = ABSENT
    epoch: int = ABSENT
