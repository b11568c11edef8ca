"""The tables by what holds them, as the tests of the catalogue name them."""

from typing import Final

from sqlalchemy import Table

from storage.accesses import partner_access
from storage.acting import acting_session
from storage.audit import audit_entry
from storage.base import TableClass, metadata
from storage.events import event, outbox
from storage.identity import membership
from storage.partners import partner_org
from tests.factories.worlds import TENANT_TABLES

SECURED: Final = (*TENANT_TABLES, membership)
"""The tables that row-level security holds: a tenant's own, and who may reach them."""
PEEKED: Final = frozenset({partner_access, acting_session, partner_org})
"""Of these the login itself sees some columns, to find out how far a token reaches."""
RELAYED: Final = frozenset({event, audit_entry, outbox})


def tables_of(kind: TableClass) -> list[Table]:
    """Return the tables of a class."""
    return [table for table in metadata.sorted_tables if table.info["class"] is kind]
