"""The audit trail: how its entries are found."""

from typing import Any, Final

from sqlalchemy import ColumnElement, bindparam

from resolvers.loading import ById, PageBy, equals
from storage.audit import AuditEntryRecord, audit_entry
from tenancy.predicates import Bounds


def _since(table: Any, _bounds: Bounds) -> ColumnElement[bool]:
    made: ColumnElement[bool] = table.c.created_at >= bindparam("filter_since", type_=table.c.created_at.type)
    return made


def _until(table: Any, _bounds: Bounds) -> ColumnElement[bool]:
    made: ColumnElement[bool] = table.c.created_at < bindparam("filter_until", type_=table.c.created_at.type)
    return made


_FILTERS: Final = {
    "outcome": equals("outcome"),
    "target_kind": equals("target_kind"),
    "target_id": equals("target_id"),
    "client_id": equals("client_id"),
    "child_org_id": equals("child_org_id"),
    "acting_session_id": equals("acting_session_id"),
    "since": _since,
    "until": _until,
}

entry_by_id: Final = ById(audit_entry, AuditEntryRecord)
entries: Final = PageBy(audit_entry, AuditEntryRecord, filters=_FILTERS)
entries_by_session: Final = PageBy(audit_entry, AuditEntryRecord, by="acting_session_id", filters=_FILTERS)
