"""The partner, its members, and who is asking."""

from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from resolvers import acting, organisations, partners
from resolvers.paging import Order
from schema.connections import Connection, Direction, paged
from schema.guarded import column, edge, entity, listing, part, root
from schema.nodes import Node, Versioned
from schema.scalars import CountryCode, CurrencyCode, EmailAddress, LanguageTag
from storage.identity import ContactPermission, MembershipKind
from storage.org_users import OrgRole
from storage.partners import (
    MemberStatus,
    PartnerMemberRecord,
    PartnerOrgRecord,
    PartnerRole,
    PartnerStatus,
)
from tenancy.principal import Principal
from tenancy.privileges import Privilege

if TYPE_CHECKING:
    from schema.acting import ActingSession
    from schema.organisations import ChildOrg


@entity(read=Privilege.PARTNER_READ, record=PartnerOrgRecord, doc="A partner: a reseller and its business.")
class PartnerOrg(Node, Versioned):
    """A partner."""

    name: str = column(doc="The partner's name.")
    status: PartnerStatus = column(doc="Whether it trades.")
    country: CountryCode = column(doc="Where it is at home.")
    currency: CurrencyCode = column(doc="The currency that new clients get.")
    language: LanguageTag = column(doc="The language of its own documents.")
    support_email: EmailAddress = column(doc="Where its customers write to.")


@entity(read=Privilege.MEMBER_READ, record=PartnerMemberRecord, doc="A person who works for the partner.")
class PartnerMember(Node, Versioned):
    """A person who works for the partner."""

    name: str = column(doc="The person's name.")
    email: EmailAddress = column(doc="The person's e-mail address.")
    role: PartnerRole = column(doc="What the person may do.")
    status: MemberStatus = column(doc="Whether the person can sign in.")


async def _own_partner(request: Any, _args: Any, _columns: frozenset[str]) -> Principal:
    return await partners.viewer(request)


@strawberry.type(description="Who is asking, by the membership that the access token names.")
class Viewer:
    """Who is asking."""

    kind: MembershipKind = part(lambda principal: principal.kind, doc="What kind of membership it is.")
    name: str = part(lambda principal: principal.name, doc="One's name, or that of the script.")
    role: PartnerRole | None = part(
        lambda principal: principal.role if principal.kind == "PARTNER_MEMBER" else None, doc="The role in the partner."
    )
    organisation_role: OrgRole | None = part(
        lambda principal: principal.role if principal.kind == "ORG_USER" else None, doc="The role in the organisation."
    )
    permissions: list[ContactPermission] = part(
        lambda principal: sorted(principal.permissions), doc="Of a contact: what it may use in the client area."
    )
    acting_as: Annotated["ActingSession", strawberry.lazy("schema.acting")] | None = edge(
        acting.session_by_id,
        key="acting_session_id",
        guard=Privilege.VIEWER_READ,
        doc="Whose organisation one is managing; null where one is oneself. Show its `banner` for as long.",
    )
    organisation: Annotated["ChildOrg", strawberry.lazy("schema.organisations")] | None = edge(
        organisations.organisation_by_id,
        key="child_org_id",
        guard=Privilege.ORGANISATION_READ,
        doc="The organisation that one is a user of, or that one is managing.",
    )
    partner: PartnerOrg | None = edge(
        partners.partner_by_id, key="partner_id", guard=Privilege.PARTNER_READ, doc="The partner that one works for."
    )
    member: "ViewerMember | None" = edge(
        partners.member_of_viewer, key="membership_id", guard=Privilege.VIEWER_READ, doc="One's own name and address."
    )


@strawberry.type(description="One's own name and address.")
class ViewerMember:
    """One's own name and address."""

    name: str = column(doc="One's name.")
    email: EmailAddress = column(doc="One's e-mail address.")


@strawberry.enum(description="What members are sorted by.")
class MemberOrderField(Enum):
    """What members are sorted by."""

    NAME = strawberry.enum_value("name_sort", description="By name.")


@strawberry.input(description="How members are sorted.")
class MemberOrder:
    """How members are sorted."""

    field: MemberOrderField = strawberry.field(default=MemberOrderField.NAME, description="By what.")
    direction: Direction = strawberry.field(default=Direction.ASC, description="Which way.")


@strawberry.input(description="Which members to list.")
class MemberFilter:
    """Which members to list."""

    role: PartnerRole | None = strawberry.field(default=strawberry.UNSET, description="Only of this role.")
    status: MemberStatus | None = strawberry.field(default=strawberry.UNSET, description="Only of this status.")


member_page = paged(where=MemberFilter, order=MemberOrder, default=Order("name_sort"))


@strawberry.type
class PartnerQuery:
    """Who is asking, and the members of the partner."""

    viewer: Viewer | None = root(_own_partner, guard=Privilege.VIEWER_READ, doc="Who is asking.")
    members: Connection[PartnerMember] | None = listing(
        partners.members, guard=Privilege.MEMBER_READ, args=member_page, doc="The people who work for the partner."
    )
