"""The demo's payment cards, each behind a test token of the sandbox processor."""

import hashlib
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from storage.cards import CardHolder, CardStatus, payment_card
from storage.seeding.draft import Draft

_TOKENS: Final = {
    "tok_visa": ("visa", "4242"),
    "tok_mastercard": ("mastercard", "4444"),
    "tok_visa_debit": ("visa", "5556"),
    "tok_amex": ("amex", "8431"),
    "tok_jcb": ("jcb", "0505"),
}
"""The brand and last digits that the sandbox tells of a token."""

_WEIGHTS: Final = {"tok_visa": 45, "tok_mastercard": 30, "tok_visa_debit": 12, "tok_amex": 9, "tok_jcb": 4}


def add_reseller_cards(draft: Draft, partner_id: UUID, created_at: datetime, holder_name: str) -> tuple[UUID, ...]:
    """Add a partner's own two cards."""
    return tuple(
        draft.add_tenant(
            payment_card,
            partner_id,
            created_at,
            {**_card(draft, token), "holder": CardHolder.RESELLER, "holder_name": holder_name},
        )
        for token in ("tok_visa", "tok_mastercard")
    )


def add_customer_cards(
    draft: Draft, partner_id: UUID, client_id: UUID, *, since: datetime, holder_name: str
) -> UUID | None:
    """Add a client's cards, oldest first, and return the one to charge; a client may have none."""
    how = draft.weighted({"none": 18, "one": 60, "one and a removed": 8, "two": 14})
    if how == "none":
        return None
    default = _add_customer(draft, partner_id, client_id, since, holder_name, CardStatus.ACTIVE)
    if how != "one":
        status = CardStatus.ACTIVE if how == "two" else CardStatus.REMOVED
        _add_customer(draft, partner_id, client_id, draft.between(since, draft.now), holder_name, status)
    draft.default_cards.append((partner_id, client_id, default))
    return default


def _add_customer(  # noqa: PLR0913, PLR0917 - one row's worth of facts
    draft: Draft, partner_id: UUID, client_id: UUID, at: datetime, holder_name: str, status: CardStatus
) -> UUID:
    values = {**_card(draft, draft.weighted(_WEIGHTS)), "holder": CardHolder.CUSTOMER, "client_id": client_id}
    return draft.add_tenant(payment_card, partner_id, at, {**values, "holder_name": holder_name, "status": status})


def _card(draft: Draft, test_token: str) -> dict[str, Any]:
    token = f"{test_token}:{draft.chance.getrandbits(64):016x}"
    brand, last_four = _TOKENS[test_token]
    return {
        "processor": "sandbox",
        "token": token,
        "fingerprint": hashlib.sha256(token.encode()).hexdigest()[:16],
        "brand": brand,
        "last_four": last_four,
        "expiry_month": draft.chance.randint(1, 12),
        "expiry_year": draft.now.year + draft.chance.randint(1, 5),
        "status": CardStatus.ACTIVE,
    }
