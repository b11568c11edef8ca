"""Sessions of acting: a partner's member at work in a customer's organisation, under an access and for a reason."""

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import Index

from storage.base import ABSENT, ORG_ROWS, Peek, Rows, TenantRecord, ident, moment, tenant_table, text, within_partner

acting_session: Final = tenant_table(
    "acting_session",
    ident("client_id"),
    ident("child_org_id"),
    ident("access_id"),
    ident("membership_id"),
    text("member_name"),
    text("organisation_domain"),
    text("reason"),
    moment("expires_at"),
    Index(None, "partner_id", "created_at", "id"),
    Index(None, "partner_id", "child_org_id", "created_at", "id"),
    within_partner("client_id", "client"),
    within_partner("child_org_id", "child_org"),
    within_partner("access_id", "partner_access"),
    rows=Rows(ORG_ROWS, verbs=("SELECT", "INSERT")),
    peek=Peek(("SELECT (partner_id, id, access_id, membership_id, expires_at)",), when="true"),
)
"""A member of a partner at work in a customer's organisation, for a reason, until the session's end."""


class ActingSessionRecord(TenantRecord, frozen=True, kw_only=True):
    """One session of a partner's member in a customer's organisation."""

    client_id: UUID = ABSENT
    child_org_id: UUID = ABSENT
    access_id: UUID = ABSENT
    membership_id: UUID = ABSENT
    member_name: str = ABSENT
    organisation_domain: str = ABSENT
    reason: str = ABSENT
    expires_at: datetime = ABSENT
