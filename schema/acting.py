"""Acting in a customer's organisation: who did, when and why."""

from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Annotated

import strawberry

from resolvers import acting, audit, organisations
from resolvers.paging import Order
from schema.audit import AuditEntry, audit_page
from schema.changing import NODE
from schema.connections import Connection, Direction, paged
from schema.guarded import column, computed, edge, entity, listing, mutation, node_id
from schema.nodes import Node
from schema.payloads import UserError, user_errors
from schema.scalars import DomainName
from storage.acting import ActingSessionRecord
from tenancy.privileges import Privilege

if TYPE_CHECKING:
    from schema.organisations import ChildOrg


@entity(
    read=Privilege.ACTING_READ,
    record=ActingSessionRecord,
    doc="A session in which a member of the partner acted in a customer's organisation.",
)
class ActingSession(Node):
    """A session of acting in a customer's organisation."""

    member_name: str = column(doc="Who acted.")
    reason: str = column(doc="Why, as that person said at the start.")
    organisation_domain: DomainName = column(doc="The organisation's domain.")
    created_at: datetime = column(doc="When it was started.")
    expires_at: datetime = column(doc="When it ends at the latest.")
    banner: str = computed(
        lambda domain: f"You are managing your customer {domain}",
        needs=("organisation_domain",),
        doc="What to show for as long as the session's token is used.",
    )
    organisation: Annotated["ChildOrg", strawberry.lazy("schema.organisations")] | None = edge(
        organisations.organisation_by_id,
        key="child_org_id",
        guard=Privilege.ORGANISATION_READ,
        doc="The organisation.",
    )
    entries: Connection[AuditEntry] | None = edge(
        audit.entries_by_session,
        key="id",
        guard=Privilege.AUDIT_READ,
        args=audit_page,
        doc="What was done, and denied, in it.",
        cost=25,
    )


@strawberry.enum(description="What sessions of acting are sorted by.")
class ActingSessionOrderField(Enum):
    """What sessions of acting are sorted by."""

    CREATED_AT = strawberry.enum_value("created_at", description="By when they were started.")


@strawberry.input(description="How sessions of acting are sorted.")
class ActingSessionOrder:
    """How sessions of acting are sorted."""

    field: ActingSessionOrderField = strawberry.field(
        default=ActingSessionOrderField.CREATED_AT, description="By what."
    )
    direction: Direction = strawberry.field(default=Direction.DESC, description="Which way.")


@strawberry.input(description="Which sessions of acting to list.")
class ActingSessionFilter:
    """Which sessions of acting to list."""

    child_org_id: strawberry.ID | None = strawberry.field(
        default=None, name="organisationId", description="Only in this organisation.", metadata={NODE: "ChildOrg"}
    )


session_page = paged(where=ActingSessionFilter, order=ActingSessionOrder, default=Order("created_at", descending=True))


@strawberry.input(description="An organisation to manage, and why.")
class OrganisationManageInput:
    """An organisation to manage, and why."""

    organisation_id: strawberry.ID = node_id("ChildOrg", doc="The organisation.")
    reason: str = strawberry.field(description="Why; the organisation's super admin can read it.")
    idempotency_key: str | None = strawberry.field(
        default=strawberry.UNSET, description="Makes a retry safe: the same key starts one session. Kept for 30 days."
    )


@strawberry.type(description="The session that was started, or why it was not.")
class OrganisationManagePayload:
    """The session that was started, or why it was not."""

    session: ActingSession | None = strawberry.field(description="The session; a token for it acts in its name.")
    user_errors: list[UserError] = user_errors()


@strawberry.type
class ActingQuery:
    """The sessions of acting of the root."""

    acting_sessions: Connection[ActingSession] | None = listing(
        acting.sessions,
        guard=Privilege.ACTING_READ,
        args=session_page,
        doc="Who of the partner acted in customers' organisations, when and why.",
    )


@strawberry.type
class ActingMutation:
    """The way into a customer's organisation."""

    organisation_manage: OrganisationManagePayload = mutation(
        acting.manage,
        privilege=Privilege.ORGANISATION_ACT,
        takes=OrganisationManageInput,
        gives=OrganisationManagePayload,
        outcome=acting.session_by_id,
        doc="Start acting in an organisation, for 15 minutes and a reason that its super admin can read.",
    )
