"""Every table, imported once, so that the metadata is whole wherever it is read."""

from storage import (
    accesses,
    cards,
    clients,
    events,
    identity,
    invoices,
    organisations,
    partners,
    plans,
    subscriptions,
)
from storage.base import metadata

NOUNS = (identity, partners, clients, organisations, accesses, plans, subscriptions, cards, invoices, events)

__all__ = ["NOUNS", "metadata"]
