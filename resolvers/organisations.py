"""Child organisations: how they are found, created and archived, and who runs one."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import bindparam, select

from resolvers.context import Request, insider
from resolvers.errors import DomainTakenError, IllegalTransitionError
from resolvers.loading import ById, PageBy, equals
from resolvers.org_users import demand_no_staff
from resolvers.rules.org_users import demand_successor
from resolvers.rules.texts import because, demanded
from storage.accesses import AccessState, partner_access
from storage.base import FOREVER, fold
from storage.clients import client
from storage.org_users import OrgRole, OrgUserId, org_user
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
        RequiredError: a name is empty.
        TooLongError: a name is longer than its field takes.
        DomainTakenError: the partner has another organisation with this domain.
    """
    async with request.write() as db:
        name = demanded("name", name, most=LONGEST_NAME)
        super_admin_name = demanded("superAdminName", super_admin_name, most=LONGEST_NAME)
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


async def archive(
    request: Request, *, expected_version: int | None = None, reason: str | None = None
) -> ChildOrgRecord:
    """Take the organisation out of use.

    Raises:
        StaleVersionError: it changed since the caller read it.
        IllegalTransitionError: it is archived already.
    """
    async with request.write() as db:
        before = await _own(db)
        await db.expect(child_org, before, expected_version)
        if before["status"] == OrganisationStatus.ARCHIVED:
            raise IllegalTransitionError("organisation", before["status"], "archived")
        row = await db.update(child_org, before, {"status": OrganisationStatus.ARCHIVED})
        await db.announce(Change("organisation.archived", child_org, row, before=before, reason=because(reason)))
    return ChildOrgRecord(**row)


async def unarchive(
    request: Request, *, expected_version: int | None = None, reason: str | None = None
) -> ChildOrgRecord:
    """Take an archived organisation into use again.

    Raises:
        StaleVersionError: it changed since the caller read it.
        IllegalTransitionError: it is not archived.
    """
    async with request.write() as db:
        before = await _own(db)
        await db.expect(child_org, before, expected_version)
        if before["status"] != OrganisationStatus.ARCHIVED:
            raise IllegalTransitionError("organisation", before["status"], "taken out of the archive")
        row = await db.update(child_org, before, {"status": OrganisationStatus.ACTIVE})
        await db.announce(Change("organisation.unarchived", child_org, row, before=before, reason=because(reason)))
    return ChildOrgRecord(**row)


async def change_super_admin(request: Request, target: OrgUserId, *, reason: str | None = None) -> ChildOrgRecord:
    """Make another user the super admin; whoever was it administers the organisation from then on.

    Both sign in anew. Of several who do this at once, each finds the super admin whom the one before made.

    Raises:
        NotFoundError: the scope has no such user.
        IllegalTransitionError: it is the super admin already, is not active, or has never signed in.
        PartnerStaffRefusedError: it works for the managing partner or one above it.
    """
    async with request.write() as db:
        organisation = await _own(db)
        successor = await db.get(org_user, target, what="user", path=("userId",))
        demand_successor(successor["status"], successor["role"], signed_in=successor["membership_id"] is not None)
        await demand_no_staff(db, successor, path=("userId",))
        # There is never more than one, so the former goes first.
        changes = [await _ranked(db, former, OrgRole.ADMIN, reason) for former in await _super_admins(db)]
        changes.insert(0, await _ranked(db, successor, OrgRole.SUPER_ADMIN, reason))
        # What a retry is answered with is the organisation.
        await db.update(child_org, organisation, {})
        await db.announce(*changes)
    return ChildOrgRecord(**organisation)


async def _own(db: WriteScope) -> Mapping[str, Any]:
    """Lock the organisation that the scope is confined to."""
    _asker, organisation = insider(db)
    return await db.get(child_org, organisation, what="organisation")


async def _super_admins(db: WriteScope) -> Sequence[Mapping[str, Any]]:
    return await db.fetch(
        lambda bounds: (
            select(org_user).where(bounds(org_user), org_user.c.role == OrgRole.SUPER_ADMIN).with_for_update()
        )
    )


async def _ranked(db: WriteScope, before: Mapping[str, Any], role: OrgRole, reason: str | None) -> Change:
    row = await db.update(org_user, before, {"role": role})
    await db.steer(row["membership_id"], role=role)
    return Change("org_user.role_changed", org_user, row, before=before, reason=because(reason))


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
        "extendable": False,
        "share_lock": False,
        "starts_at": db.now,
        "expires_at": None,
        "ended_at": None,
        "ended_by": None,
    }
