"""Clients: the billing accounts of a partner's customers, and the words they are found by."""

from enum import StrEnum
from typing import Any, Final, NewType
from uuid import UUID

from sqlalchemy import Boolean, Column, Index, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB

from storage.base import (
    ABSENT,
    CLIENT_ROWS,
    Rows,
    TenantRecord,
    ident,
    sort_key,
    tenant_link_table,
    tenant_table,
    text,
    within_partner,
    word,
)

ClientId = NewType("ClientId", UUID)


class ClientStatus(StrEnum):
    """Whether a client buys."""

    ACTIVE = "ACTIVE"
    INACTIVE = "INACTIVE"
    CLOSED = "CLOSED"


class PaymentMethod(StrEnum):
    """How a client pays unless an invoice says otherwise."""

    CARD = "CARD"
    BANK_TRANSFER = "BANK_TRANSFER"
    OFFLINE = "OFFLINE"


def _switch(name: str) -> Column[Any]:
    return Column(name, Boolean, nullable=False)


client: Final = tenant_table(
    "client",
    text("display_name"),
    sort_key("name_sort"),
    text("first_name", null=True),
    text("last_name", null=True),
    text("company_name", null=True),
    text("email"),
    text("address_line1", null=True),
    text("address_line2", null=True),
    text("city", null=True),
    text("region", null=True),
    text("postcode", null=True),
    text("country", null=True),
    text("phone", null=True),
    text("vat_number", null=True),
    text("website", null=True),
    text("language"),
    text("currency"),
    word("status", ClientStatus),
    word("default_payment_method", PaymentMethod),
    _switch("late_fee_exempt"),
    _switch("overdue_notices_off"),
    _switch("tax_exempt"),
    _switch("separate_invoices"),
    _switch("card_processing_disabled"),
    _switch("marketing_opt_out"),
    _switch("automatic_status_disabled"),
    _switch("single_sign_on_allowed"),
    Column("billing_address", JSONB(none_as_null=True), nullable=True),
    Column("shipping_address", JSONB(none_as_null=True), nullable=True),
    text("admin_notes", null=True),
    ident("default_card_id", null=True),
    text("import_source", null=True),
    text("import_ref", null=True),
    UniqueConstraint("partner_id", "import_source", "import_ref"),
    Index(None, "partner_id", "name_sort", "id"),
    Index(None, "partner_id", "created_at", "id"),
    Index(None, "partner_id", "status", "name_sort", "id"),
    Index(None, "partner_id", "status", "created_at", "id"),
    Index(None, "partner_id", "email", "name_sort", "id"),
    Index(None, "partner_id", "default_card_id"),
    within_partner("default_card_id", "payment_card"),
    rows=Rows(CLIENT_ROWS, client="id"),
)

client_word: Final = tenant_link_table(
    "client_word",
    ident("client_id"),
    Column("word", Text(collation="C"), nullable=False),
    Index(None, "partner_id", "word", "client_id"),
    within_partner("client_id", "client"),
    rows=Rows(CLIENT_ROWS, verbs=("SELECT", "INSERT", "DELETE")),
    key=("client_id", "word"),
)


class ClientRecord(TenantRecord, frozen=True, kw_only=True):
    """One client."""

    display_name: str = ABSENT
    name_sort: str = ABSENT
    first_name: str | None = ABSENT
    last_name: str | None = ABSENT
    company_name: str | None = ABSENT
    email: str = ABSENT
    address_line1: str | None = ABSENT
    address_line2: str | None = ABSENT
    city: str | None = ABSENT
    region: str | None = ABSENT
    postcode: str | None = ABSENT
    country: str | None = ABSENT
    phone: str | None = ABSENT
    vat_number: str | None = ABSENT
    website: str | None = ABSENT
    language: str = ABSENT
    currency: str = ABSENT
    status: str = ABSENT
    default_payment_method: str = ABSENT
    late_fee_exempt: bool = ABSENT
    overdue_notices_off: bool = ABSENT
    tax_exempt: bool = ABSENT
    separate_invoices: bool = ABSENT
    card_processing_disabled: bool = ABSENT
    marketing_opt_out: bool = ABSENT
    automatic_status_disabled: bool = ABSENT
    single_sign_on_allowed: bool = ABSENT
    billing_address: dict[str, Any] | None = ABSENT
    shipping_address: dict[str, Any] | None = ABSENT
    admin_notes: str | None = ABSENT
    default_card_id: UUID | None = ABSENT
    import_source: str | None = ABSENT
    import_ref: str | None = ABSENT
