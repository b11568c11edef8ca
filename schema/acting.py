"""Acting in a customer's organisation: who did, when and why."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from resolvers import organisations
from schema.guarded import column, computed, edge, entity
from schema.nodes import Node
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
        lambda session: f"You are managing your customer {session.organisation_domain}",
        needs=("organisation_domain",),
        doc="What to show for as long as the session's token is used.",
    )
    organisation: Annotated["ChildOrg", strawberry.lazy("schema.organisations")] | None = edge(
        organisations.organisation_by_id,
        key="child_org_id",
        guard=Privilege.ORGANISATION_READ,
        doc="The organisation.",
    )
