"""Payment cards as a processor's tokens: a card number never reaches this product."""

from enum import StrEnum
from typing import Final, NewType
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint

from storage.base import (
    ABSENT,
    CLIENT_ROWS,
    Rows,
    TenantRecord,
    ident,
    tenant_table,
    text,
    whole,
    within_partner,
    word,
)

PaymentCardId = NewType("PaymentCardId", UUID)


class CardHolder(StrEnum):
    """Whose card it is: the partner's own, or its client's."""

    RESELLER = "RESELLER"
    CUSTOMER = "CUSTOMER"


class CardStatus(StrEnum):
    """Whether a card can be chosen."""

    ACTIVE = "ACTIVE"
    REMOVED = "REMOVED"


payment_card: Final = tenant_table(
    "payment_card",
    word("holder", CardHolder),
    ident("client_id", null=True),
    text("processor"),
    text("token"),
    text("fingerprint"),
    text("brand"),
    text("last_four"),
    whole("expiry_month"),
    whole("expiry_year"),
    text("holder_name", null=True),
    word("status", CardStatus),
    CheckConstraint("(holder = 'CUSTOMER') = (client_id IS NOT NULL)", name="holder_client"),
    CheckConstraint("expiry_month BETWEEN 1 AND 12", name="expiry_month"),
    UniqueConstraint("partner_id", "processor", "token"),
    Index(None, "partner_id", "holder", "created_at", "id"),
    Index(None, "partner_id", "client_id", "created_at", "id"),
    Index(None, "partner_id", "created_at", "id"),
    within_partner("client_id", "client"),
    rows=Rows(CLIENT_ROWS),
)


class PaymentCardRecord(TenantRecord, frozen=True, kw_only=True):
    """One card."""

    holder: str = ABSENT
    client_id: UUID | None = ABSENT
    processor: str = ABSENT
    token: str = ABSENT
    fingerprint: str = ABSENT
    brand: str = ABSENT
    last_four: str = ABSENT
    expiry_month: int = ABSENT
    expiry_year: int = ABSENT
    holder_name: str | None = ABSENT
    status: str = ABSENT
