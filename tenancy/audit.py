"""What is written about a change: one event for those who follow, one audit entry for those who check."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import Enum
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import Table

from storage.audit import AuditOutcome
from storage.base import Key, Reach, Rows, new_id, rows_of
from tenancy.principal import Principal
from tenancy.privileges import Privilege

_HOUSEKEEPING: Final = frozenset(
    {"partner_id", "id", "version", "created_at", "updated_at", "name_sort", "import_source", "import_ref"}
)
SECRETS: Final = frozenset({"token", "fingerprint", "share_lock"})
REDACTED: Final = "[redacted]"


class Attempt(msgspec.Struct, frozen=True):
    """One change that is asked for: what it is called, what it needs, and the key that makes it happen once.

    `target` is the row that the change is about, `address` where it comes from.
    """

    operation: str
    privilege: Privilege | None
    request_id: str
    target: UUID | None = None
    address: str | None = None
    idempotency_key: str | None = None
    input_hash: bytes = b""


def input_hash(canonical: bytes) -> bytes:
    """Return what an idempotency key's input is compared by."""
    return hashlib.sha256(canonical).digest()


class Change(msgspec.Struct, frozen=True):
    """What a transaction did to one row."""

    type: str
    table: Table
    row: Mapping[str, Any]
    before: Mapping[str, Any] | None = None
    reason: str | None = None


def plain(value: Any) -> Any:
    """Turn a column's value into what JSON can hold."""
    if isinstance(value, UUID | datetime):
        return value.isoformat() if isinstance(value, datetime) else str(value)
    return value.value if isinstance(value, Enum) else value


def difference(change: Change) -> tuple[dict[str, Any] | None, dict[str, Any]]:
    """Return what stood before and what stands after, of the columns that changed; secrets are redacted."""
    names = [name for name in change.table.c.keys() if name not in _HOUSEKEEPING]  # noqa: SIM118 - not a dict
    after = {name: change.row[name] for name in names}
    if change.before is None:
        return None, _shown({name: value for name, value in after.items() if value is not None})
    changed = [name for name in names if change.before[name] != after[name]]
    return (
        _shown({name: change.before[name] for name in changed}),
        _shown({name: after[name] for name in changed}),
    )


def _shown(columns: Mapping[str, Any]) -> dict[str, Any]:
    return {str(name): REDACTED if name in SECRETS else plain(value) for name, value in columns.items()}


def event_values(change: Change, *, at: datetime) -> dict[str, Any]:
    """Make the event's row, but for its partner."""
    _before, after = difference(change)
    return {**_about(change, at=at), "type": change.type, "payload": after}


def audit_values(
    change: Change, attempt: Attempt, principal: Principal | None, *, at: datetime, escalation: UUID | None = None
) -> dict[str, Any]:
    """Make the audit entry's row, but for its partner; without a principal the actor is the system."""
    before, after = difference(change)
    return {
        **_about(change, at=at),
        **_by(principal, attempt),
        "escalation_id": escalation,
        "outcome": AuditOutcome.DONE,
        "rule": None,
        "privilege": attempt.privilege.value if attempt.privilege else "SYSTEM",
        "operation": attempt.operation,
        "before": before,
        "after": after,
        "reason": change.reason,
    }


def denial_values(  # noqa: PLR0913 - what an entry tells
    privilege: Privilege, rule: str, operation: str, *, principal: Principal, attempt: Attempt, at: datetime
) -> dict[str, Any]:
    """Make the audit entry of a denial, but for its partner: who was denied what by which rule, and nothing else."""
    return {
        **_stamp(at),
        **_by(principal, attempt),
        "org_internal": principal.kind == "ORG_USER",
        "client_id": principal.client_ids[0] if len(principal.client_ids) == 1 else None,
        "child_org_id": principal.child_org_id,
        "escalation_id": None,
        "outcome": AuditOutcome.DENIED,
        "rule": rule,
        "privilege": privilege.value,
        "operation": operation,
        **dict.fromkeys(("target_kind", "target_id", "target_version", "before", "after", "reason")),
    }


def _by(principal: Principal | None, attempt: Attempt) -> dict[str, Any]:
    return {
        "actor_membership_id": principal.membership_id if principal else None,
        "actor_kind": principal.kind if principal else "SYSTEM",
        "actor_name": principal.name if principal else None,
        "address": attempt.address,
        "acting_session_id": principal.acting.session_id if principal and principal.acting else None,
        "request_id": attempt.request_id,
    }


def _stamp(at: datetime) -> dict[str, Any]:
    return {"id": new_id(), "version": 1, "created_at": at, "updated_at": at}


def _about(change: Change, *, at: datetime) -> dict[str, Any]:
    rows = rows_of(change.table)
    client, org = (rows.client, rows.org) if rows else ("", "")
    return {
        **_stamp(at),
        "org_internal": rows is not None and _is_internal(rows, change.row, at=at),
        "client_id": change.row.get(client),
        "child_org_id": change.row.get(org) if org in change.table.c and _is_org(change.table) else None,
        "target_kind": change.table.name,
        "target_id": change.row["id"],
        "target_version": change.row["version"],
    }


def _is_internal(rows: Rows, row: Mapping[str, Any], *, at: datetime) -> bool:
    """Tell whether what happened to a row is the organisation's own: the partner sees none such, or no longer this."""
    keys = rows.keys[Reach.STAFF]
    if keys is None or Key.PARTNER_SEES not in keys:
        return keys is None
    # What never ends is read without a time zone.
    return bool(row[rows.column(Key.PARTNER_SEES)].replace(tzinfo=UTC) <= at)


def _is_org(table: Table) -> bool:
    rows = rows_of(table)
    keys = rows.keys[Reach.ORG] if rows else None
    return keys is not None and Key.ORG in keys
