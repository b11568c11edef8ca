"""The audit trail: who did or was denied what, and what changed."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any, Final
from uuid import UUID

import msgspec
import orjson
import strawberry
from strawberry.utils.str_converters import to_camel_case, to_snake_case

from resolvers import acting, audit, escalations
from resolvers.paging import Order, PageArgs
from schema import node_ids
from schema.connections import Connection, Direction, paged
from schema.escalations import Escalation
from schema.guarded import column, computed, edge, entity, judged, listing, node_id
from schema.nodes import Node
from storage.audit import AuditEntryRecord, AuditOutcome
from tenancy.audit import REDACTED
from tenancy.decide import Deny
from tenancy.privileges import Privilege

if TYPE_CHECKING:
    from schema.acting import ActingSession

GUARDED: Final[Mapping[str, Privilege]] = {
    "admin_notes": Privilege.CLIENT_NOTES_READ,
    "referral_member": Privilege.ORG_REFERRAL_USE,
    "referral_code": Privilege.ORG_REFERRAL_USE,
}
"""Columns that take a privilege of their own to read, in the trail as elsewhere."""

_KINDS: Final = {to_snake_case(kind): kind for kind in node_ids.KINDS}
_TABLES: Final = {kind: table for table, kind in _KINDS.items()}


@strawberry.type(description="What became of one field.")
class AuditChange:
    """What became of one field."""

    field: str = strawberry.field(description="The field's name.")
    before: str | None = strawberry.field(description="What it held before, as JSON; null where it held nothing.")
    after: str | None = strawberry.field(description="What it holds since, as JSON; null where that is nothing.")


def _changes() -> Any:
    """Make the field that tells what changed; what the caller could not read elsewhere is redacted."""

    def answer(request: Any, _args: None, was: Any, since: Any) -> list[AuditChange]:
        scope = request.scope
        hidden = {name for name, privilege in GUARDED.items() if isinstance(scope.verdict(privilege), Deny)}
        before, after = was or {}, since or {}
        return [
            AuditChange(
                field=to_camel_case(name),
                before=_json(REDACTED if name in hidden else before.get(name)),
                after=_json(REDACTED if name in hidden else after.get(name)),
            )
            for name in dict.fromkeys((*before, *after))
        ]

    return judged(
        answer,
        needs=("before", "after"),
        doc="What changed, field by field; secrets, and what the caller may not read, are redacted.",
    )


def _json(value: Any) -> str | None:
    return None if value is None else orjson.dumps(value).decode()


def _target(table: str | None, identifier: UUID | str | None) -> str | None:
    kind = _KINDS.get(table or "")
    return None if kind is None or identifier is None else node_ids.encode(kind, identifier)


@entity(
    read=Privilege.AUDIT_READ,
    record=AuditEntryRecord,
    doc="One line of the audit trail: something that was done, or was denied. It never changes.",
)
class AuditEntry(Node):
    """One line of the audit trail."""

    seq: int | None = column(doc="Its number in the partner's trail; null for the first moments after its commit.")
    hash: str | None = computed(
        lambda made: None if made is None else made.hex(),
        needs=("hash",),
        doc="Its hash in hexadecimal, made of all that it tells and of the hash before; null as long as `seq` is.",
    )
    outcome: AuditOutcome = column(doc="Whether it was done or denied.")
    actor_kind: str = column(doc="What the actor was signed in as; SYSTEM where nobody was.")
    actor_name: str | None = column(doc="The actor's name at the time.")
    operation: str = column(doc="What was asked for: the mutation, `query`, or the job.")
    privilege: str = column(doc="The privilege that it took.")
    rule: str | None = column(doc="Of a denial: the rule, by its stable code.")
    target_kind: str | None = column(doc="What kind of thing it was about.")
    target_id: strawberry.ID | None = computed(
        _target, needs=("target_kind", "target_id"), doc="What it was about, where that is a node."
    )
    target_version: int | None = column(doc="The version that what it was about has since.")
    changes: list[AuditChange] = _changes()
    reason: str | None = column(doc="Why, where a reason was given.")
    address: str | None = column(doc="The network address that it came from.")
    request_id: str = column(doc="The request that it was asked in, as the header X-Request-Id told.")
    created_at: datetime = column(doc="When it happened.")
    acting_session: Annotated["ActingSession", strawberry.lazy("schema.acting")] | None = edge(
        acting.session_by_id,
        key="acting_session_id",
        guard=Privilege.ACTING_READ,
        doc="The session of acting that it happened in; null where the actor acted for nobody.",
    )
    escalation: Escalation | None = edge(
        escalations.escalation_by_id,
        key="escalation_id",
        guard=Privilege.ESCALATION_READ,
        doc="The escalation that it used, if it did.",
    )


@strawberry.enum(description="What the audit trail is sorted by.")
class AuditOrderField(Enum):
    """What the audit trail is sorted by."""

    CREATED_AT = strawberry.enum_value("created_at", description="By when it happened.")


@strawberry.input(description="How the audit trail is sorted.")
class AuditOrder:
    """How the audit trail is sorted."""

    field: AuditOrderField = strawberry.field(default=AuditOrderField.CREATED_AT, description="By what.")
    direction: Direction = strawberry.field(default=Direction.DESC, description="Which way.")


@strawberry.input(description="Which entries of the audit trail to list.")
class AuditFilter:
    """Which entries of the audit trail to list."""

    outcome: AuditOutcome | None = strawberry.field(default=strawberry.UNSET, description="Only of this outcome.")
    target_id: strawberry.ID | None = node_id("Node", default=None, doc="Only about this thing, of whatever kind.")
    client_id: strawberry.ID | None = node_id("Client", default=None, doc="Only of this client.")
    child_org_id: strawberry.ID | None = strawberry.field(
        default=None,
        name="organisationId",
        description="Only of this organisation.",
        metadata={"node": "ChildOrg"},
    )
    acting_session_id: strawberry.ID | None = node_id(
        "ActingSession", default=None, doc="Only what happened in this session of acting."
    )
    since: datetime | None = strawberry.field(default=strawberry.UNSET, description="Only at this moment or later.")
    until: datetime | None = strawberry.field(default=strawberry.UNSET, description="Only before this moment.")


_page = paged(where=AuditFilter, order=AuditOrder, default=Order("created_at", descending=True))


def audit_page(**asked: Any) -> PageArgs:
    """Read the arguments of a page; the target can be any kind of node, so its kind is compared as well.

    Raises:
        PageSizeError: the size is outside 1 to 100.
    """
    where = asked.get("where")
    target = where.target_id if isinstance(where, AuditFilter) else None
    if not isinstance(where, AuditFilter) or target is None:
        made: PageArgs = _page(**asked)
        return made
    kind, identifier = node_ids.decode(target) or ("", node_ids.NEVER)
    made = _page(**{**asked, "where": replace(where, target_id=None)})
    about = (("target_id", identifier), ("target_kind", _TABLES.get(kind, "")))
    return msgspec.structs.replace(made, filters=tuple(sorted((*made.filters, *about))))


audit_page.__signature__ = _page.__signature__  # type: ignore[attr-defined]  # what inspect reads


@strawberry.type
class AuditQuery:
    """The audit trail of the root."""

    audit: Connection[AuditEntry] | None = listing(
        audit.entries,
        guard=Privilege.AUDIT_READ,
        args=audit_page,
        doc="What was done and denied in the caller's scope; a partner sees nothing of an organisation's inside.",
    )
