"""Child organisations."""

from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Annotated

import strawberry

from resolvers import accesses, acting, clients, org_settings, org_users, organisations, subscriptions
from resolvers.paging import Order
from schema.accesses import PartnerAccess, access_page
from schema.acting import ActingSession, session_page
from schema.connections import Connection, Direction, paged
from schema.guarded import column, edge, entity, listing, mutation, node_id
from schema.nodes import Node, Versioned
from schema.org_settings import OrgSettings
from schema.org_user_inputs import given, retried, why
from schema.org_users import OrgUser, user_page
from schema.payloads import UserError, user_errors
from schema.scalars import DomainName, EmailAddress
from schema.subscriptions import Subscription, subscription_page
from storage.organisations import ChildOrgRecord, DomainStatus, OrganisationStatus
from tenancy.privileges import Privilege

if TYPE_CHECKING:
    from schema.clients import Client


@entity(
    read=Privilege.ORGANISATION_READ,
    record=ChildOrgRecord,
    doc="An organisation that a client's users work in; its own super admin runs it.",
)
class ChildOrg(Node, Versioned):
    """An organisation that a client's users work in."""

    name: str = column(doc="The organisation's name.")
    domain: DomainName = column(doc="Its domain, in ASCII form.")
    domain_status: DomainStatus = column(doc="Whether the domain was shown to be its own.")
    domain_verified_at: datetime | None = column(doc="When that was shown.")
    status: OrganisationStatus = column(doc="Whether it is in use.")
    client: Annotated["Client", strawberry.lazy("schema.clients")] | None = edge(
        clients.client_by_id, key="client_id", guard=Privilege.CLIENT_READ, doc="The client that it belongs to."
    )
    subscriptions: Connection[Subscription] | None = edge(
        subscriptions.subscriptions_by_organisation,
        key="id",
        guard=Privilege.SUBSCRIPTION_READ,
        args=subscription_page,
        doc="What it is subscribed to.",
        cost=25,
    )
    accesses: Connection[PartnerAccess] | None = edge(
        accesses.accesses_by_organisation,
        key="id",
        guard=Privilege.ACCESS_READ,
        args=access_page,
        doc="The partner's accesses to it.",
        cost=25,
    )
    acting_sessions: Connection[ActingSession] | None = edge(
        acting.sessions_by_organisation,
        key="id",
        guard=Privilege.ACTING_READ,
        args=session_page,
        doc="Who of the partner acted in it, when and why.",
        cost=25,
    )
    users: Connection[OrgUser] | None = edge(
        org_users.users_by_organisation,
        key="id",
        guard=Privilege.ORG_READ,
        args=user_page,
        doc="Those who work in it; a member sees itself.",
        cost=25,
    )
    settings: OrgSettings | None = edge(
        org_settings.settings_by_organisation,
        key="id",
        guard=Privilege.ORG_SETTINGS_READ,
        doc="What it decided for itself; null while nobody has changed anything, and the defaults hold: the second "
        "factor is optional, contacts are not synchronised, every widget is shown, no part is taken in referrals.",
    )


@strawberry.enum(description="What organisations are sorted by.")
class ChildOrgOrderField(Enum):
    """What organisations are sorted by."""

    NAME = strawberry.enum_value("name_sort", description="By name.")
    CREATED_AT = strawberry.enum_value("created_at", description="By when they were made.")


@strawberry.input(description="How organisations are sorted.")
class ChildOrgOrder:
    """How organisations are sorted."""

    field: ChildOrgOrderField = strawberry.field(default=ChildOrgOrderField.NAME, description="By what.")
    direction: Direction = strawberry.field(default=Direction.ASC, description="Which way.")


@strawberry.input(description="Which organisations to list.")
class ChildOrgFilter:
    """Which organisations to list."""

    status: OrganisationStatus | None = strawberry.field(default=strawberry.UNSET, description="Only of this status.")
    domain_status: DomainStatus | None = strawberry.field(
        default=strawberry.UNSET, description="Only whose domain stands so."
    )
    domain: DomainName | None = strawberry.field(default=strawberry.UNSET, description="Only the one of this domain.")
    client_id: strawberry.ID | None = node_id("Client", default=None, doc="Only of this client.")


organisation_page = paged(where=ChildOrgFilter, order=ChildOrgOrder, default=Order("name_sort"))


@strawberry.input(description="A child organisation to create.")
class OrganisationCreateInput:
    """A child organisation to create."""

    client_id: strawberry.ID = node_id("Client", doc="The client that it belongs to.")
    name: str = strawberry.field(description="Its name.")
    domain: DomainName = strawberry.field(description="Its domain; one that it can show to be its own.")
    super_admin_name: str = strawberry.field(description="The name of the person who will run it.")
    super_admin_email: EmailAddress = strawberry.field(description="Where that person's invitation goes.")
    idempotency_key: str | None = strawberry.field(
        default=strawberry.UNSET, description="Makes a retry safe: the same key creates once. Kept for 30 days."
    )


@strawberry.type(description="The organisation that was created, or why it was not.")
class OrganisationCreatePayload:
    """The organisation that was created, or why it was not."""

    organisation: ChildOrg | None = strawberry.field(description="The organisation as it now is.")
    user_errors: list[UserError] = user_errors()


@strawberry.input(description="What archiving the organisation, and taking it out of the archive, have in common.")
class _OwnOrganisation:
    """What archiving and unarchiving have in common."""

    expected_version: int | None = given("Refuse if the organisation is not at this version.")
    reason: str | None = why()
    idempotency_key: str | None = retried("changes")


@strawberry.input(description="The organisation that one works in, to archive.")
class OrganisationArchiveInput(_OwnOrganisation):
    """The organisation that one works in, to archive."""


@strawberry.input(description="The organisation that one works in, to take out of the archive.")
class OrganisationUnarchiveInput(_OwnOrganisation):
    """The organisation that one works in, to take out of the archive."""


@strawberry.input(description="Who shall run the organisation that one works in.")
class OrganisationChangeSuperAdminInput:
    """Who shall run the organisation that one works in."""

    user_id: strawberry.ID = node_id("OrgUser", doc="The user who becomes the super admin.")
    reason: str | None = why()
    idempotency_key: str | None = retried("changes")


@strawberry.type(description="The organisation that was archived, or why it was not.")
class OrganisationArchivePayload:
    """The organisation that was archived, or why it was not."""

    organisation: ChildOrg | None = strawberry.field(description="The organisation as it now is.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="The organisation that is in use again, or why it is not.")
class OrganisationUnarchivePayload:
    """The organisation that is in use again, or why it is not."""

    organisation: ChildOrg | None = strawberry.field(description="The organisation as it now is.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="The organisation that has another super admin, or why it has not.")
class OrganisationChangeSuperAdminPayload:
    """The organisation that has another super admin, or why it has not."""

    organisation: ChildOrg | None = strawberry.field(description="The organisation as it now is.")
    user_errors: list[UserError] = user_errors()


@strawberry.type
class OrganisationQuery:
    """The organisations of the root."""

    organisations: Connection[ChildOrg] | None = listing(
        organisations.organisations,
        guard=Privilege.ORGANISATION_READ,
        args=organisation_page,
        doc="The organisations of the partner's clients.",
    )


@strawberry.type
class OrganisationMutation:
    """Changes of organisations."""

    organisation_create: OrganisationCreatePayload = mutation(
        organisations.create,
        privilege=Privilege.ORGANISATION_CREATE,
        takes=OrganisationCreateInput,
        gives=OrganisationCreatePayload,
        outcome=organisations.organisation_by_id,
        doc="Create a child organisation: its super admin is invited, and the partner gets access to it.",
    )
    organisation_archive: OrganisationArchivePayload = mutation(
        organisations.archive,
        privilege=Privilege.ORG_ARCHIVE,
        takes=OrganisationArchiveInput,
        gives=OrganisationArchivePayload,
        outcome=organisations.organisation_by_id,
        doc="Take the organisation that one works in out of use.",
    )
    organisation_unarchive: OrganisationUnarchivePayload = mutation(
        organisations.unarchive,
        privilege=Privilege.ORG_ARCHIVE,
        takes=OrganisationUnarchiveInput,
        gives=OrganisationUnarchivePayload,
        outcome=organisations.organisation_by_id,
        doc="Take the organisation that one works in into use again.",
    )
    organisation_change_super_admin: OrganisationChangeSuperAdminPayload = mutation(
        organisations.change_super_admin,
        privilege=Privilege.ORG_CHANGE_SUPER_ADMIN,
        takes=OrganisationChangeSuperAdminInput,
        gives=OrganisationChangeSuperAdminPayload,
        outcome=organisations.organisation_by_id,
        target="user_id",
        doc="Make another user the super admin; whoever was it becomes an administrator, and both sign in anew.",
    )
