"""Partner accesses: how they are found, asked for, granted, extended and ended."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, DateTime, bindparam, func, select

from resolvers.context import Request, actor, asked_by, decided_by
from resolvers.errors import AccessActiveError, AlreadyRequestedError
from resolvers.jobs import ACCESS_EXPIRE
from resolvers.loading import ById, PageBy, equals
from resolvers.rules.accesses import Term, demand_grantable, extended, granted, lead, notices
from resolvers.rules.texts import LONGEST_REASON, because, demanded, noted
from storage.accesses import AccessState, PartnerAccessRecord, partner_access
from storage.base import FOREVER
from storage.organisations import child_org
from storage.subscriptions import subscription
from tenancy.audit import Change
from tenancy.scope import WriteScope

_FILTERS: Final = {"state": equals("state"), "child_org_id": equals("child_org_id")}
_NOW: Final[ColumnElement[datetime]] = func.statement_timestamp(type_=DateTime(timezone=True))
_A_MOMENT: Final = timedelta(microseconds=1)
_BY_PARTNER: Final = "PARTNER"

access_by_id: Final = ById(partner_access, PartnerAccessRecord)
accesses: Final = PageBy(partner_access, PartnerAccessRecord, filters=_FILTERS)
accesses_by_organisation: Final = PageBy(partner_access, PartnerAccessRecord, by="child_org_id", filters=_FILTERS)


async def request_access(  # noqa: PLR0913 - what is asked for
    request: Request,
    *,
    subscription_id: UUID,
    days: int,
    reason: str,
    privileges: Sequence[str] | None = None,
    full_administration: bool = False,
    extendable: bool = False,
) -> PartnerAccessRecord:
    """Ask the super admin of a subscription's organisation for access to it.

    The subscription names the organisation, for one that ended the partner's access has left the partner's lists.

    Raises:
        NotFoundError: the scope has no such subscription.
        RequiredError: no reason is given, or nothing is asked for.
        TooLongError: the reason is longer than the field takes.
        OutOfPlaceError: privileges or an extension are asked for beside full administration.
        RepeatedError: a privilege is named twice.
        PrivilegeNotGrantableError: no access holds a privilege.
        DaysOutOfRangeError: it is asked for too many days, or for none.
        AlreadyRequestedError: the super admin has not answered an earlier request.
    """
    async with request.write() as db:
        bought = await db.get(subscription, subscription_id, what="subscription", path=("subscriptionId",), lock=False)
        asked = demand_grantable(
            privileges or (), full_administration=full_administration, days=days, extendable=extendable
        )
        said = demanded("reason", reason, most=LONGEST_REASON)
        await _demand_no_request(db, bought["child_org_id"])
        row = await db.insert(
            partner_access,
            {
                "client_id": bought["client_id"],
                "child_org_id": bought["child_org_id"],
                "state": AccessState.REQUESTED,
                "full_administration": full_administration,
                "privileges": list(asked),
                "reason": said,
                "days": days,
                "extendable": extendable,
                **asked_by(db),
                "starts_at": db.now,
                "share_lock": False,
            },
        )
        await db.announce(Change("access.requested", partner_access, row, reason=said))
        await db.enqueue("mail.access_requested", {"access_id": str(row["id"])}, about=row)
    return _record(row)


async def withdraw(request: Request, target: UUID, *, expected_version: int | None = None) -> PartnerAccessRecord:
    """Take a request back that is not answered yet.

    Raises:
        NotFoundError: the scope has no such access.
        StaleVersionError: it changed since the caller read it.
        IllegalTransitionError: it is answered.
    """
    async with request.write() as db:
        before = await _locked(db, target, expected_version)
        row = await db.update(partner_access, before, {"state": lead(_term(before), AccessState.WITHDRAWN, now=db.now)})
        await db.announce(Change("access.withdrawn", partner_access, row, before=before))
    return _record(row)


async def approve(
    request: Request, target: UUID, *, note: str | None = None, expected_version: int | None = None
) -> PartnerAccessRecord:
    """Grant what was asked for, from now on.

    Raises:
        NotFoundError: the scope has no such access.
        StaleVersionError: it changed since the caller read it.
        IllegalTransitionError: it is answered.
        TooLongError: the note is longer than the field takes.
        AccessActiveError: another access is active, which is ended first.
    """
    async with request.write() as db:
        before = await _locked(db, target, expected_version)
        state = lead(_term(before), AccessState.ACTIVE, now=db.now)
        said = noted("note", note, most=LONGEST_REASON)
        expired = await _expired(db, before["child_org_id"])
        expires_at = granted(before["days"], now=db.now)
        await _show(db, before, until=expires_at or FOREVER)
        values = {"state": state, "starts_at": db.now, "expires_at": expires_at}
        row = await db.update(partner_access, before, {**values, **decided_by(db)})
        await db.announce(Change("access.granted", partner_access, row, before=before, reason=said), *expired)
        await _announce_end(db, row)
    return _record(row)


async def decline(
    request: Request, target: UUID, *, note: str | None = None, expected_version: int | None = None
) -> PartnerAccessRecord:
    """Refuse what was asked for.

    Raises:
        NotFoundError: the scope has no such access.
        StaleVersionError: it changed since the caller read it.
        IllegalTransitionError: it is answered.
        TooLongError: the note is longer than the field takes.
    """
    async with request.write() as db:
        before = await _locked(db, target, expected_version)
        state = lead(_term(before), AccessState.DECLINED, now=db.now)
        said = noted("note", note, most=LONGEST_REASON)
        row = await db.update(partner_access, before, {"state": state, **decided_by(db)})
        await db.announce(Change("access.declined", partner_access, row, before=before, reason=said))
    return _record(row)


async def end(
    request: Request, target: UUID, *, reason: str | None = None, expected_version: int | None = None
) -> PartnerAccessRecord:
    """End an access from either side, at once: the organisation leaves the partner's lists, sessions of acting die.

    Raises:
        NotFoundError: the scope has no such access.
        StaleVersionError: it changed since the caller read it.
        IllegalTransitionError: it is not active.
        TooLongError: the reason is longer than the field takes.
    """
    async with request.write() as db:
        before = await _locked(db, target, expected_version)
        state = lead(_term(before), AccessState.ENDED, now=db.now)
        said = because(reason)
        await _show(db, before, until=_NOW + _A_MOMENT)
        by = actor(db)
        side = by.role if by.child_org_id is not None else _BY_PARTNER
        row = await db.update(partner_access, before, {"state": state, "ended_at": db.now, "ended_by": side})
        await db.announce(Change("access.ended", partner_access, row, before=before, reason=said))
    return _record(row)


async def extend(request: Request, target: UUID, *, expected_version: int | None = None) -> PartnerAccessRecord:
    """Lengthen an access that was granted with an extension, once.

    Raises:
        NotFoundError: the scope has no such access.
        StaleVersionError: it changed since the caller read it.
        IllegalTransitionError: it is not active.
        AccessNotExtendableError: it was granted without an extension, or was extended before.
    """
    async with request.write() as db:
        before = await _locked(db, target, expected_version)
        expires_at = extended(_term(before), now=db.now)
        await _show(db, before, until=expires_at)
        row = await db.update(partner_access, before, {"expires_at": expires_at, "extended_at": db.now})
        await db.announce(Change("access.extended", partner_access, row, before=before))
        await _announce_end(db, row)
    return _record(row)


async def _locked(db: WriteScope, target: UUID, expected_version: int | None) -> Mapping[str, Any]:
    """Lock an access: it comes before its organisation wherever both are, so that nobody waits in a circle."""
    row = await db.get(partner_access, target, what="access", path=("id",))
    await db.expect(partner_access, row, expected_version)
    return row


def _record(row: Mapping[str, Any]) -> PartnerAccessRecord:
    return PartnerAccessRecord(**{name: row[name] for name in PartnerAccessRecord.__struct_fields__})


def _term(row: Mapping[str, Any]) -> Term:
    state = AccessState(row["state"])
    return Term(state, row["expires_at"], row["extended_at"], row["extendable"], row["full_administration"])


async def _show(db: WriteScope, access: Mapping[str, Any], *, until: datetime | ColumnElement[datetime]) -> None:
    """Let the partner see the organisation until a moment.

    The partner cannot write what it would not see itself, so an end is the moment after the statement that writes it.
    """
    organisation = await db.get(child_org, access["child_org_id"], what="organisation")
    await db.update(child_org, organisation, {"partner_sees_until": until})


async def _demand_no_request(db: WriteScope, organisation_id: UUID) -> None:
    """Refuse a second open request; of two at the same moment, one waits here for the other."""
    await db.fetch(
        lambda bounds: (
            select(subscription.c.id)
            .where(bounds(subscription), subscription.c.child_org_id == bindparam("organisation"))
            .order_by(subscription.c.id)
            .with_for_update()
        ),
        organisation=organisation_id,
    )
    if await _of(db, organisation_id, AccessState.REQUESTED):
        raise AlreadyRequestedError(
            says="Access to this organisation is requested already: await the answer, or withdraw that request."
        )


async def _expired(db: WriteScope, organisation_id: UUID) -> list[Change]:
    """Expire the active access where its time is up and nobody did that yet: there is one at most.

    Raises:
        AccessActiveError: its time is not up.
    """
    changes = []
    for found in await _of(db, organisation_id, AccessState.ACTIVE):
        if _term(found).at(db.now) is AccessState.ACTIVE:
            raise AccessActiveError
        before = await db.get(partner_access, found["id"], what="access")
        if before["state"] == AccessState.ACTIVE:
            row = await db.update(partner_access, before, {"state": AccessState.EXPIRED})
            changes.append(Change("access.expired", partner_access, row, before=before))
    return changes


async def _of(db: WriteScope, organisation_id: UUID, state: AccessState) -> Sequence[Mapping[str, Any]]:
    return await db.fetch(
        lambda bounds: select(partner_access).where(
            bounds(partner_access),
            partner_access.c.child_org_id == bindparam("organisation"),
            partner_access.c.state == bindparam("state"),
        ),
        organisation=organisation_id,
        state=state,
    )


async def _announce_end(db: WriteScope, access: Mapping[str, Any]) -> None:
    """Leave what is done when an access ends by itself, and the mails that tell of it before.

    A notice holds the end that it is of: after an extension the sender finds another one there, and sends nothing.
    """
    expires_at = access["expires_at"]
    if expires_at is None:
        return
    about = {"access_id": str(access["id"])}
    await db.enqueue(ACCESS_EXPIRE, about, due_at=expires_at, about=access)
    for days, due in notices(expires_at, now=db.now):
        told = {**about, "days": days, "expires_at": expires_at.isoformat()}
        await db.enqueue("mail.access_notice", told, due_at=due, about=access)
