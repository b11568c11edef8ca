"""Child organisations: how they are found and created."""

from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, select

from resolvers.context import Request
from resolvers.errors import DomainTakenError, RequiredError, TooLongError
from resolvers.loading import ById, PageBy, equals
from storage.accesses import AccessState, partner_access
from storage.base import FOREVER, fold
from storage.clients import client
from storage.organisations import (
    ChildOrgRecord,
    DomainStatus,
    InvitationState,
    OrganisationStatus,
    child_org,
    org_invitation,
)
from tenancy.audit import Change
from tenancy.scope import WriteScope

LONGEST_NAME: Final = 200
_FILTERS: Final = {
    "status": equals("status"),
    "domain_status": equals("domain_status"),
    "domain": equals("domain"),
    "client_id": equals("client_id"),
}

organisation_by_id: Final = ById(child_org, ChildOrgRecord)
organisations: Final = PageBy(child_org, ChildOrgRecord, filters=_FILTERS)
organisations_by_client: Final = PageBy(child_org, ChildOrgRecord, by="client_id", filters=_FILTERS)


async def create(  # noqa: PLR0913 - what an organisation starts with
    request: Request, *, client_id: UUID, name: str, domain: str, super_admin_name: str, super_admin_email: str
) -> ChildOrgRecord:
    """Create an organisation with the invitation of its super admin and the partner's access to it.

    Raises:
        NotFoundError: the scope has no such client.
        RequiredError: the name is empty.
        DomainTakenError: the partner has another organisation with this domain.
    """
    async with request.write() as db:
        name, super_admin_name = _name("name", name), _name("superAdminName", super_admin_name)
        await db.get(client, client_id, what="client", path=("clientId",), lock=False)
        await _demand_free_domain(db, domain)
        row = await db.insert(
            child_org,
            {
                "client_id": client_id,
                "name": name,
                "name_sort": fold(name),
                "domain": domain,
                "domain_status": DomainStatus.UNVERIFIED,
                "domain_verified_at": None,
                "status": OrganisationStatus.ACTIVE,
                "partner_sees_until": FOREVER,
            },
        )
        invitation = await db.insert(
            org_invitation,
            {
                "client_id": client_id,
                "child_org_id": row["id"],
                "email": super_admin_email,
                "name": super_admin_name,
                "state": InvitationState.OPEN,
            },
        )
        access = await db.insert(partner_access, _first_access(client_id, row["id"], db))
        await db.announce(
            Change("organisation.created", child_org, row),
            Change("invitation.created", org_invitation, invitation),
            Change("access.granted", partner_access, access, reason="the partner created the organisation"),
        )
    return ChildOrgRecord(**row)


def _name(field: str, value: str) -> str:
    tidy = value.strip()
    if not tidy:
        raise RequiredError(field)
    if len(tidy) > LONGEST_NAME:
        raise TooLongError(field, most=LONGEST_NAME)
    return tidy


async def _demand_free_domain(db: WriteScope, domain: str) -> None:
    taken = await db.fetch(
        lambda bounds: select(child_org.c.id).where(bounds(child_org), child_org.c.domain == bindparam("domain")),
        domain=domain,
    )
    if taken:
        raise DomainTakenError


def _first_access(client_id: UUID, organisation_id: UUID, db: WriteScope) -> dict[str, object]:
    return {
        "client_id": client_id,
        "child_org_id": organisation_id,
        "state": AccessState.ACTIVE,
        "full_administration": True,
        "privileges": [],
        "starts_at": db.now,
        "expires_at": None,
        "ended_at": None,
        "ended_by": None,
    }
