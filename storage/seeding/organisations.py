"""The demo's child organisations: a domain, users, the first super admin's invitation, the partner's accesses."""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec

from storage.accesses import AccessState, partner_access
from storage.base import FOREVER, fold
from storage.identity import MembershipKind
from storage.org_settings import DEFAULT_SETTINGS, org_settings
from storage.org_users import OrgRole, OrgUserStatus, org_user
from storage.organisations import DomainStatus, InvitationState, OrganisationStatus, child_org, org_invitation
from storage.seeding.clients import Customer
from storage.seeding.companies import parts
from storage.seeding.countries import slug
from storage.seeding.draft import Draft, Taken
from storage.seeding.memberships import add_client_area, add_membership, add_scripts

_VERIFIED_PERCENT: Final = 80
_ENDED_PERCENT: Final = 10
_USERS: Final = {3: 40, 4: 35, 5: 17, 6: 8}
_ROLES: Final = (OrgRole.SUPER_ADMIN, OrgRole.ADMIN, *[OrgRole.MEMBER] * 4)


class Organisation(msgspec.Struct, frozen=True):
    """What a subscription needs to know of its organisation; `users` are those who can hold a seat."""

    customer: Customer
    id: UUID
    created_at: datetime
    name: str
    domain: str
    users: int


def add_organisations(
    draft: Draft, customer: Customer, count: int, labels: Taken, *, all_visible: bool
) -> list[Organisation]:
    """Add a client's organisations; unless all shall be visible, some have ended the partner's access."""
    names = parts(draft, customer.country, customer.base, count)
    first, *others = names or [""]
    domains = [customer.label, *(labels.take(slug(name)) for name in others)]
    return [
        _add(draft, customer, name, f"{label}.example", ends=name != first and not all_visible)
        for name, label in zip(names, domains, strict=False)
    ]


def _add(draft: Draft, customer: Customer, name: str, domain: str, *, ends: bool) -> Organisation:
    partner_id = customer.partner.id
    latest = min(customer.created_at + timedelta(days=60), draft.now)
    created_at = draft.between(customer.created_at, latest)
    ended_at = draft.between(created_at, draft.now) if ends and draft.happens(_ENDED_PERCENT) else None
    verified = draft.happens(_VERIFIED_PERCENT)
    organisation_id = draft.add_tenant(
        child_org,
        partner_id,
        created_at,
        {
            "client_id": customer.id,
            "name": name,
            "name_sort": fold(name),
            "domain": domain,
            "domain_status": DomainStatus.VERIFIED if verified else DomainStatus.UNVERIFIED,
            "domain_verified_at": draft.between(created_at, latest) if verified else None,
            "status": OrganisationStatus.ACTIVE,
            "partner_sees_until": ended_at or FOREVER,
        },
    )
    organisation = Organisation(customer, organisation_id, created_at, name, domain, _users(draft))
    draft.add_tenant(org_settings, partner_id, created_at, {"child_org_id": organisation_id, **DEFAULT_SETTINGS})
    first = verified and ended_at is None and partner_id not in draft.signing_in
    _add_users(draft, organisation, signing_in=first)
    if first:
        draft.signing_in.add(partner_id)
        add_client_area(draft, partner_id, customer.id, customer.partner.domain)
        add_scripts(draft, partner_id, customer.partner.owner, customer.id, customer.partner.domain)
    _add_accesses(draft, organisation, ended_at)
    return organisation


def _users(draft: Draft) -> int:
    return draft.chance.choices(tuple(_USERS), tuple(_USERS.values()))[0]


def _add_users(draft: Draft, organisation: Organisation, *, signing_in: bool) -> None:
    """Add the users; those of one organisation of each partner can sign in, the others were not asked to yet."""
    country = organisation.customer.country
    partner_id = organisation.customer.partner.id
    # Distinct given names make distinct addresses.
    for role, given in zip(_ROLES, draft.chance.sample(country.given, organisation.users), strict=False):
        name = f"{given} {draft.one(country.family)}"
        email = f"{slug(name).replace('-', '.')}@{organisation.domain}"
        suspended = role is OrgRole.MEMBER and draft.happens(4) and not signing_in
        status = OrgUserStatus.SUSPENDED if suspended else OrgUserStatus.ACTIVE
        joined_at = organisation.created_at
        if role is not OrgRole.SUPER_ADMIN:
            joined_at = draft.between(joined_at, draft.now)
        values = {"child_org_id": organisation.id, "name": name, "email": email}
        personal: dict[str, Any] = {"name_sort": fold(name), "role": role, "status": status}
        if signing_in:
            personal["membership_id"] = add_membership(
                draft,
                MembershipKind.ORG_USER,
                joined_at,
                name=name,
                email=email,
                role=role,
                partner_id=partner_id,
                child_org_id=organisation.id,
            )
        draft.add_tenant(org_user, partner_id, joined_at, {**values, **personal})
        if role is OrgRole.SUPER_ADMIN:
            accepted = {"client_id": organisation.customer.id, "state": InvitationState.ACCEPTED}
            draft.add_tenant(org_invitation, partner_id, joined_at, {**values, **accepted})


def _add_accesses(draft: Draft, organisation: Organisation, ended_at: datetime | None) -> None:
    """Add the access that came with the organisation and, after some ends, the request for a new one."""
    of = {"client_id": organisation.customer.id, "child_org_id": organisation.id}
    partner_id = organisation.customer.partner.id
    unasked = {"extendable": False, "share_lock": False}
    full = {**of, **unasked, "full_administration": True, "privileges": [], "starts_at": organisation.created_at}
    if ended_at is None:
        draft.add_tenant(partner_access, partner_id, organisation.created_at, {**full, "state": AccessState.ACTIVE})
        return
    ended = {"state": AccessState.ENDED, "ended_at": ended_at, "ended_by": "SUPER_ADMIN"}
    draft.add_tenant(partner_access, partner_id, organisation.created_at, {**full, **ended})
    if draft.happens(50):
        asked_at = draft.between(ended_at, draft.now)
        wanted = ["ORG_READ", "DOMAIN_ADD", "MAIL_POLICY_MANAGE", "USER_CREATE"][: draft.chance.randint(1, 4)]
        limited = {"full_administration": False, "privileges": wanted, "state": AccessState.REQUESTED}
        asked = {"reason": "The mail of a department is moving to us.", "days": 90, "extendable": True}
        by = {"requested_by": organisation.customer.partner.owner, "requested_by_name": "The owner"}
        draft.add_tenant(
            partner_access, partner_id, asked_at, {**of, **unasked, **limited, **asked, **by, "starts_at": asked_at}
        )
