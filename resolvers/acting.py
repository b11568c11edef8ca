"""Acting in a customer's organisation: the sessions, how they are found and started."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from sqlalchemy import bindparam, func, or_, select

from resolvers.context import Request, actor
from resolvers.errors import NotFoundError, UnauthenticatedError
from resolvers.loading import ById, PageBy, equals
from resolvers.rules.accesses import SESSION
from resolvers.rules.texts import LONGEST_REASON, demanded
from storage.accesses import AccessState, partner_access
from storage.acting import ActingSessionRecord, acting_session
from storage.organisations import child_org
from tenancy.audit import Change
from tenancy.errors import ReplayedError
from tenancy.principal import Identity
from tenancy.scope import Scope, WriteScope

_FILTERS: Final = {"child_org_id": equals("child_org_id")}

session_by_id: Final = ById(acting_session, ActingSessionRecord)
sessions: Final = PageBy(acting_session, ActingSessionRecord, filters=_FILTERS)
sessions_by_organisation: Final = PageBy(acting_session, ActingSessionRecord, by="child_org_id", filters=_FILTERS)


async def manage(request: Request, *, organisation_id: UUID, reason: str) -> ActingSessionRecord:
    """Start a session of acting in an organisation, under the partner's access to it.

    Raises:
        NotFoundError: the scope has no such organisation, or the partner no access to it.
        ForbiddenError: no domain of the organisation is verified.
        RequiredError: no reason is given.
        TooLongError: the reason is longer than the field takes.
    """
    try:
        async with request.write() as db:
            access = await _active_access(db, organisation_id)
            organisation = await db.get(child_org, organisation_id, what="organisation", path=("organisationId",))
            if access is None:
                raise NotFoundError("organisation", path=("organisationId",))
            said = demanded("reason", reason, most=LONGEST_REASON)
            member = actor(db)
            row = await db.insert(
                acting_session,
                {
                    "client_id": organisation["client_id"],
                    "child_org_id": organisation["id"],
                    "access_id": access["id"],
                    "membership_id": member.membership_id,
                    "member_name": member.name,
                    "organisation_domain": organisation["domain"],
                    "reason": said,
                    "expires_at": db.now + SESSION,
                },
            )
            await db.announce(Change("acting.started", acting_session, row, reason=said))
    except ReplayedError as replay:
        return await _own_again(request, replay)
    return ActingSessionRecord(**row)


async def own_session(scope: Scope, identifier: UUID) -> ActingSessionRecord:
    """Find a session of the caller's own that can still be used; whether it can is asked by using it.

    Raises:
        UnauthenticatedError: the caller's membership is not alive, or its token is one for acting already.
        NotFoundError: there is none, it is another's, it is over, or the access behind it is.
    """
    identity = scope.identity
    if identity is None or identity.acting_session is not None:
        raise UnauthenticatedError
    found = await _own(scope, identifier)
    await scope.end_read()
    acting = Scope(scope.boundary, Identity(identity.membership_id, identity.epoch, identifier))
    try:
        await acting.read()
    except UnauthenticatedError:
        found = None
    finally:
        await acting.abandon()
    if found is None:
        raise NotFoundError("session", path=("session",))
    return found


async def _own(scope: Scope, identifier: UUID) -> ActingSessionRecord | None:
    db = await scope.read()
    every = frozenset(ActingSessionRecord.__struct_fields__)
    (found,) = await session_by_id(db, [identifier], every, None)
    mine = found is not None and found.membership_id == db.principal.membership_id
    return found if mine else None


async def _own_again(request: Request, replay: ReplayedError) -> ActingSessionRecord:
    """Give whoever started a session the same again: one need not be among those who read the sessions of others.

    Raises:
        ReplayedError: the session is another's.
    """
    found = await _own(request.scope, replay.identifier)
    if found is None:
        raise replay
    return found


async def _active_access(db: WriteScope, organisation_id: UUID) -> Mapping[str, Any] | None:
    """Find the access that an organisation can be managed under, and keep it from ending before the change does."""
    table = partner_access
    rows = await db.fetch(
        lambda bounds: (
            select(table)
            .where(
                bounds(table),
                table.c.child_org_id == bindparam("organisation"),
                table.c.state == AccessState.ACTIVE,
                or_(table.c.expires_at.is_(None), table.c.expires_at > func.statement_timestamp()),
            )
            .with_for_update(read=True)
        ),
        organisation=organisation_id,
    )
    return rows[0] if rows else None
