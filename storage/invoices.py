"""Invoices: numbered demands for payment."""

from datetime import date
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import Column, Date, Index, UniqueConstraint

from storage.base import ABSENT, CLIENT_ROWS, Rows, TenantRecord, ident, tenant_table, text, whole, within_partner, word


class InvoiceState(StrEnum):
    """Where an invoice is in its life; overdue is derived from the due date."""

    DRAFT = "DRAFT"
    OPEN = "OPEN"
    PARTIALLY_PAID = "PARTIALLY_PAID"
    PAID = "PAID"
    VOID = "VOID"
    CREDITED = "CREDITED"
    WRITTEN_OFF = "WRITTEN_OFF"
    REFUNDED = "REFUNDED"


invoice: Final = tenant_table(
    "invoice",
    ident("client_id"),
    text("number", null=True),
    word("state", InvoiceState),
    Column("issued_on", Date, nullable=True),
    Column("due_on", Date, nullable=True),
    text("currency"),
    whole("total_minor"),
    UniqueConstraint("partner_id", "number"),
    Index(None, "partner_id", "created_at", "id"),
    Index(None, "partner_id", "state", "created_at", "id"),
    Index(None, "partner_id", "client_id", "created_at", "id"),
    within_partner("client_id", "client"),
    rows=Rows(CLIENT_ROWS),
)


class InvoiceRecord(TenantRecord, frozen=True, kw_only=True):
    """One invoice; the total is in minor units."""

    client_id: UUID = ABSENT
    number: str | None = ABSENT
    state: str = ABSENT
    issued_on: date | None = ABSENT
    due_on: date | None = ABSENT
    currency: str = ABSENT
    total_minor: int = ABSENT
