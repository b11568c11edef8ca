"""Every table, imported once, so that the metadata is whole wherever it is read."""

from storage import (
    accesses,
    acting,
    audit,
    cards,
    change_requests,
    clients,
    escalations,
    events,
    identity,
    invoices,
    org_settings,
    org_users,
    organisations,
    partners,
    plans,
    subscriptions,
)
from storage.base import metadata

NOUNS = (
    identity,
    partners,
    clients,
    organisations,
    org_users,
    org_settings,
    accesses,
    acting,
    escalations,
    plans,
    subscriptions,
    change_requests,
    cards,
    invoices,
    events,
    audit,
)

__all__ = ["NOUNS", "metadata"]
