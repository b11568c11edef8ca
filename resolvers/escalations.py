"""Escalations: how they are found, asked for by an acting member, and decided by the super admin.

An approved one is used by the change that it was asked for: see `tenancy.escalating`.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final, TypeAlias
from uuid import UUID

from sqlalchemy import ColumnElement, and_, bindparam, or_, select

from resolvers.context import Request, actor, asked_by, decided_by
from resolvers.errors import (
    AlreadyRequestedError,
    EscalationLapsedError,
    IllegalTransitionError,
    NotEscalableError,
    NotYoursError,
    OutOfPlaceError,
    RequiredError,
    UnauthenticatedError,
)
from resolvers.loading import ById, PageBy, equals
from resolvers.rules.accesses import Term
from resolvers.rules.org_users import deleted, demand_kept
from resolvers.rules.texts import demanded, noted
from storage.accesses import AccessState, partner_access
from storage.escalations import EscalationRecord, EscalationState, escalation
from storage.org_users import org_user
from storage.organisations import child_org
from tenancy.audit import Change
from tenancy.policy import ABOUT_A_USER, DENIED_TO_PARTNERS
from tenancy.privileges import Privilege
from tenancy.scope import WriteScope

USABLE: Final = timedelta(minutes=60)
"""How long after its approval an escalation can be used."""
ANSWERABLE: Final = timedelta(days=7)
"""How long after it was asked for an escalation can be approved."""

_FILTERS: Final = {"state": equals("state"), "child_org_id": equals("child_org_id")}
_Row: TypeAlias = Mapping[str, Any]

escalation_by_id: Final = ById(escalation, EscalationRecord)
escalations: Final = PageBy(escalation, EscalationRecord, filters=_FILTERS)


async def ask(request: Request, *, task: str, reason: str, user_id: UUID | None = None) -> EscalationRecord:
    """Ask the super admin for one use of a task that is denied to partners.

    Raises:
        NotEscalableError: the task is not one of those.
        RequiredError: no reason is given, or no user where the task is about one.
        TooLongError: the reason is longer than the field takes.
        OutOfPlaceError: a user is given where the task is about the organisation.
        NotFoundError: the scope has no such user.
        IllegalTransitionError: the user is deleted, or is the super admin, who cannot be.
        AlreadyRequestedError: the caller has an escalation for this that is open or can still be used.
    """
    async with request.write() as db:
        reason = demanded("reason", reason)
        await _demand_target(db, Privilege(task), user_id)
        asker = _asker(db)
        await _demand_none_good(db, asker, task=task, user_id=user_id)
        row = await db.insert(
            escalation,
            {
                **asker,
                "task": task,
                "user_id": user_id,
                "reason": reason,
                "state": EscalationState.REQUESTED,
                **dict.fromkeys(("decided_at", "decided_by_name", "decision_note", "usable_until", "used_at")),
            },
        )
        await db.announce(Change("escalation.requested", escalation, row, reason=reason))
        await _mail(db, "mail.escalation_requested", row)
    return EscalationRecord(**row)


async def withdraw(request: Request, target: UUID, *, expected_version: int | None = None) -> EscalationRecord:
    """Take an escalation back that was not used: only whoever asked for it does.

    Raises:
        NotFoundError: the scope has no such escalation.
        StaleVersionError: it changed since the caller read it.
        NotYoursError: somebody else asked for it.
        IllegalTransitionError: it was declined, used or taken back already.
    """
    async with request.write() as db:
        before = await _found(db, target, expected_version=expected_version)
        if before["requested_by"] != actor(db).membership_id:
            raise NotYoursError(before["requested_by_name"])
        if before["state"] not in {EscalationState.REQUESTED, EscalationState.APPROVED}:
            raise IllegalTransitionError("escalation", before["state"], "withdrawn")
        row = await db.update(escalation, before, {"state": EscalationState.WITHDRAWN})
        await db.announce(Change("escalation.withdrawn", escalation, row, before=before))
    return EscalationRecord(**row)


async def approve(
    request: Request, target: UUID, *, note: str | None = None, expected_version: int | None = None
) -> EscalationRecord:
    """Approve an escalation: for 60 minutes, whoever asked for it can use it once.

    Raises:
        NotFoundError: the scope has no such escalation.
        StaleVersionError: it changed since the caller read it.
        IllegalTransitionError: it does not wait for an answer, or the access that it was asked under has ended.
        EscalationLapsedError: it was asked for more than 7 days ago.
    """
    async with request.write() as db:
        before = await _found(db, target, expected_version=expected_version)
        _demand_waiting(before, "approved")
        if db.now - before["created_at"] > ANSWERABLE:
            raise EscalationLapsedError(ANSWERABLE.days)
        await _demand_live_access(db, before["access_id"])
        decision = _decided(db, EscalationState.APPROVED, note)
        row = await db.update(escalation, before, {**decision, "usable_until": db.now + USABLE})
        await db.announce(Change("escalation.approved", escalation, row, before=before, reason=row["decision_note"]))
        await _mail(db, "mail.escalation_approved", row)
    return EscalationRecord(**row)


async def decline(
    request: Request, target: UUID, *, note: str | None = None, expected_version: int | None = None
) -> EscalationRecord:
    """Decline an escalation.

    Raises:
        NotFoundError: the scope has no such escalation.
        StaleVersionError: it changed since the caller read it.
        IllegalTransitionError: it does not wait for an answer.
    """
    async with request.write() as db:
        before = await _found(db, target, expected_version=expected_version)
        _demand_waiting(before, "declined")
        row = await db.update(escalation, before, _decided(db, EscalationState.DECLINED, note))
        await db.announce(Change("escalation.declined", escalation, row, before=before, reason=row["decision_note"]))
        await _mail(db, "mail.escalation_declined", row)
    return EscalationRecord(**row)


async def _demand_target(db: WriteScope, task: Privilege, user_id: UUID | None) -> None:
    """Check what a task is about, and lock it, so that the same is not asked for twice at once."""
    if task not in DENIED_TO_PARTNERS:
        raise NotEscalableError
    if task not in ABOUT_A_USER:
        if user_id is not None:
            raise OutOfPlaceError("userId", says="This task is about the organisation itself; name no user.")
        asker = _asker(db)
        await db.get(child_org, asker["child_org_id"], what="organisation")
        return
    if user_id is None:
        raise RequiredError("userId", says="This task is about a user; say which.")
    user = await db.get(org_user, user_id, what="user", path=("userId",))
    if task is Privilege.USER_DELETE:
        deleted(user["status"], user["role"])
    demand_kept(user["status"], "asked about")


def _asker(db: WriteScope) -> dict[str, Any]:
    principal = actor(db)
    if principal.acting is None:  # pragma: no cover - the privilege is an acting member's
        raise UnauthenticatedError
    return {
        "client_id": principal.client_ids[0],
        "child_org_id": principal.child_org_id,
        "access_id": principal.acting.access_id,
        **asked_by(db),
    }


async def _demand_none_good(db: WriteScope, asker: _Row, *, task: str, user_id: UUID | None) -> None:
    """Refuse what the same person asked for before under this access, while that is open or can still be used."""
    table = escalation
    about: ColumnElement[bool] = table.c.user_id.is_not_distinct_from(bindparam("about", type_=table.c.user_id.type))
    found = await db.fetch(
        lambda bounds: (
            select(table.c.id)
            .where(
                bounds(table),
                table.c.requested_by == bindparam("asker"),
                table.c.access_id == bindparam("access"),
                table.c.task == bindparam("task"),
                about,
                or_(
                    and_(table.c.state == EscalationState.REQUESTED, table.c.created_at >= db.now - ANSWERABLE),
                    and_(table.c.state == EscalationState.APPROVED, table.c.usable_until > db.now),
                ),
            )
            .limit(1)
        ),
        asker=asker["requested_by"],
        access=asker["access_id"],
        task=task,
        about=user_id,
    )
    if found:
        raise AlreadyRequestedError(says="You asked for this already: it waits for an answer or can still be used.")


async def _demand_live_access(db: WriteScope, access_id: UUID) -> None:
    access = await db.get(partner_access, access_id, what="access", lock=False)
    stands = Term(AccessState(access["state"]), expires_at=access["expires_at"]).at(db.now)
    if stands is not AccessState.ACTIVE:
        raise IllegalTransitionError("access", stands, "used", first="The partner has to request a new one.")


async def _found(db: WriteScope, target: UUID, *, expected_version: int | None) -> _Row:
    row = await db.get(escalation, target, what="escalation", path=("id",))
    await db.expect(escalation, row, expected_version)
    return row


def _demand_waiting(row: _Row, wanted: str) -> None:
    if row["state"] != EscalationState.REQUESTED:
        raise IllegalTransitionError("escalation", row["state"], wanted)


def _decided(db: WriteScope, state: EscalationState, note: str | None) -> dict[str, Any]:
    return {
        "state": state,
        **decided_by(db),
        "decision_note": noted("note", note),
    }


async def _mail(db: WriteScope, kind: str, row: _Row) -> None:
    await db.enqueue(kind, {"escalation_id": str(row["id"])}, about=row)
