"""The demo's invoices: what fell due month by month, numbered per partner in the order of issue."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from storage.clients import ClientStatus
from storage.invoices import InvoiceState, invoice
from storage.plans import BillingCycle
from storage.seeding.clients import Customer
from storage.seeding.draft import Draft
from storage.seeding.subscriptions import Bought

_INTERVAL: Final = timedelta(days=30)
_DUE_DAYS: Final = 14
_OLD: Final = {
    InvoiceState.PAID: 94,
    InvoiceState.VOID: 3,
    InvoiceState.REFUNDED: 1,
    InvoiceState.CREDITED: 1,
    InvoiceState.WRITTEN_OFF: 1,
}
_NEWEST: Final = {
    InvoiceState.PAID: 56,
    InvoiceState.OPEN: 30,
    InvoiceState.DRAFT: 9,
    InvoiceState.PARTIALLY_PAID: 3,
    InvoiceState.VOID: 2,
}
_UNPAID: Final = frozenset({InvoiceState.DRAFT, InvoiceState.OPEN, InvoiceState.PARTIALLY_PAID})
_ONCE_SOLD: Final = Bought(BillingCycle.MONTHLY, 4_900)
"""What a client without a subscription was billed for."""


class Drafted(msgspec.Struct, frozen=True):
    """An invoice that has no number yet."""

    at: datetime
    customer: Customer
    state: InvoiceState
    total_minor: int


def draft_invoices(draft: Draft, customer: Customer, bought: list[Bought], count: int) -> list[Drafted]:
    """Make a client's invoices up, a month apart and closer where the client is young."""
    interval = min(_INTERVAL, (draft.now - customer.created_at) / (count + 1))
    past_due = any(item.past_due for item in bought)
    # What is past due was issued before the day that it was due on.
    newest_at = draft.between(draft.now - interval, draft.now - interval / 2 if past_due else draft.now)
    made = [
        Drafted(
            newest_at - interval * back,
            customer,
            InvoiceState.OPEN if past_due and back == 0 else _state(draft, customer, back),
            _total(draft, bought),
        )
        for back in range(count)
    ]
    return made[::-1]


def _state(draft: Draft, customer: Customer, back: int) -> InvoiceState:
    state = draft.weighted(_NEWEST if back == 0 else _OLD)
    # Closing a client voids what it had not paid.
    closed = customer.status == ClientStatus.CLOSED
    return InvoiceState.VOID if closed and state in _UNPAID else state


def _total(draft: Draft, bought: list[Bought]) -> int:
    """Add up what is due every month, or one yearly amount where nothing is."""
    monthly = sum(item.amount_minor for item in bought if item.cycle is BillingCycle.MONTHLY)
    return monthly or draft.chance.choice(bought or [_ONCE_SOLD]).amount_minor


def add_invoices(draft: Draft, partner_id: UUID, invoices: Iterable[Drafted]) -> None:
    """Add a partner's invoices; the numbers run on without a gap, and the year stands before them."""
    number = 0
    for drafted in sorted(invoices, key=lambda drafted: drafted.at):
        issued = drafted.state is not InvoiceState.DRAFT
        number += issued
        draft.add_tenant(
            invoice,
            partner_id,
            drafted.at,
            {
                "client_id": drafted.customer.id,
                "number": f"{drafted.at.year}-{number:06}" if issued else None,
                "state": drafted.state,
                "issued_on": drafted.at.date() if issued else None,
                "due_on": drafted.at.date() + timedelta(days=_DUE_DAYS) if issued else None,
                "currency": drafted.customer.country.currency,
                "total_minor": drafted.total_minor,
            },
        )
