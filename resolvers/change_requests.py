"""Change requests: how they are found, made by a customer, and decided by the partner that sells to it."""

from collections.abc import Mapping
from typing import Any, Final, TypeAlias
from uuid import UUID

from sqlalchemy import bindparam, select

from resolvers.context import Request, asked_by, decided_by
from resolvers.errors import (
    AlreadyRequestedError,
    IllegalTransitionError,
    InvalidInputError,
    OutOfPlaceError,
    RequiredError,
)
from resolvers.loading import ById, PageBy, equals
from resolvers.rules.plan_changes import Held, Offer, demand_downgrade, demand_storage, demand_upgrade
from resolvers.rules.texts import noted
from resolvers.subscriptions import demand_live, demand_plan, demand_price
from storage.change_requests import ChangeRequestKind, ChangeRequestRecord, ChangeRequestState, change_request
from storage.subscriptions import subscription
from tenancy.audit import Change
from tenancy.privileges import Privilege
from tenancy.scope import WriteScope

_FILTERS: Final = {
    "state": equals("state"),
    "subscription_id": equals("subscription_id"),
    "client_id": equals("client_id"),
}
_APPLIED: Final[Mapping[str, str]] = {
    ChangeRequestKind.UPGRADE: "subscription.plan_changed",
    ChangeRequestKind.DOWNGRADE: "subscription.plan_change_scheduled",
    ChangeRequestKind.STORAGE: "subscription.storage_added",
}
_Row: TypeAlias = Mapping[str, Any]

change_request_by_id: Final = ById(change_request, ChangeRequestRecord)
change_requests: Final = PageBy(change_request, ChangeRequestRecord, filters=_FILTERS)
change_requests_by_subscription: Final = PageBy(
    change_request, ChangeRequestRecord, by="subscription_id", filters=_FILTERS
)


async def create(  # noqa: PLR0913 - what is asked for
    request: Request,
    *,
    subscription_id: UUID,
    kind: str,
    plan_id: UUID | None = None,
    storage_gb: int | None = None,
    note: str | None = None,
) -> ChangeRequestRecord:
    """Ask the partner for another plan or more storage.

    Raises:
        NotFoundError: the scope has no such subscription, or there is no such plan.
        RequiredError: the plan, or the storage, that the kind of request is for is not given.
        OutOfPlaceError: a plan is given for storage, or storage for another plan.
        IllegalTransitionError: the subscription is cancelled or terminated.
        AlreadyRequestedError: the subscription has an open request of this kind.
        InvalidInputError: the plan is not sold to this subscription, or is no upgrade or downgrade.
    """
    async with request.write() as db:
        note = noted("note", note)
        _demand_fitting(kind, plan_id=plan_id, storage_gb=storage_gb)
        asked = {"kind": kind, "plan_id": plan_id, "storage_gb": storage_gb}
        held = await db.get(subscription, subscription_id, what="subscription", path=("subscriptionId",))
        demand_live(held, "changed")
        await _demand_none_open(db, held, kind)
        await _applied(db, asked, held)
        row = await db.insert(
            change_request,
            {
                "client_id": held["client_id"],
                "child_org_id": held["child_org_id"],
                "subscription_id": held["id"],
                **asked,
                "note": note,
                "state": ChangeRequestState.REQUESTED,
                **asked_by(db),
                "decided_at": None,
                "decided_by_name": None,
                "decision_note": None,
            },
        )
        await db.announce(Change("change_request.created", change_request, row, reason=note))
        await db.enqueue("mail.change_requested", {"change_request_id": str(row["id"])}, about=row)
    return ChangeRequestRecord(**row)


async def withdraw(request: Request, target: UUID, *, expected_version: int | None = None) -> ChangeRequestRecord:
    """Take a request back: whoever may make one for the organisation or the client may.

    Raises:
        NotFoundError: the scope has no such request.
        StaleVersionError: it changed since the caller read it.
        IllegalTransitionError: it was decided or taken back already.
    """
    async with request.write() as db:
        before = await _waiting(db, target, "withdrawn", expected_version=expected_version)
        row = await db.update(change_request, before, {"state": ChangeRequestState.WITHDRAWN})
        await db.announce(Change("change_request.withdrawn", change_request, row, before=before))
    return ChangeRequestRecord(**row)


async def approve(
    request: Request, target: UUID, *, note: str | None = None, expected_version: int | None = None
) -> ChangeRequestRecord:
    """Approve a request and apply it: an upgrade and storage at once, a downgrade from the renewal on.

    Raises:
        NotFoundError: the scope has no such request.
        StaleVersionError: it changed since the caller read it.
        IllegalTransitionError: it was decided or taken back already, or the subscription has ended.
        InvalidInputError: what was asked for is no longer sold to this subscription; nothing was applied.
    """
    async with request.write() as db:
        asked = await _waiting(db, target, "approved", expected_version=expected_version)
        db.demand(Privilege.SUBSCRIPTION_CHANGE)
        held = await db.get(subscription, asked["subscription_id"], what="subscription")
        demand_live(held, "changed")
        try:
            values = await _applied(db, asked, held)
        except InvalidInputError as error:
            error.path = ("id",)  # the plan was named when it was asked for, not now
            raise
        row = await db.update(change_request, asked, _decided(db, ChangeRequestState.APPROVED, note))
        changed = await db.update(subscription, held, values)
        await db.announce(
            Change("change_request.approved", change_request, row, before=asked, reason=row["decision_note"]),
            Change(_APPLIED[asked["kind"]], subscription, changed, before=held, reason=row["decision_note"]),
        )
    return ChangeRequestRecord(**row)


async def decline(
    request: Request, target: UUID, *, note: str | None = None, expected_version: int | None = None
) -> ChangeRequestRecord:
    """Decline a request.

    Raises:
        NotFoundError: the scope has no such request.
        StaleVersionError: it changed since the caller read it.
        IllegalTransitionError: it was decided or taken back already.
    """
    async with request.write() as db:
        before = await _waiting(db, target, "declined", expected_version=expected_version)
        row = await db.update(change_request, before, _decided(db, ChangeRequestState.DECLINED, note))
        because = row["decision_note"]
        await db.announce(Change("change_request.declined", change_request, row, before=before, reason=because))
    return ChangeRequestRecord(**row)


def _demand_fitting(kind: str, *, plan_id: UUID | None, storage_gb: int | None) -> None:
    if kind == ChangeRequestKind.STORAGE:
        if storage_gb is None:
            raise RequiredError("storageGb", says="Say how many gigabytes.")
        if plan_id is not None:
            raise OutOfPlaceError("planId", says="A request for storage names no plan.")
        demand_storage(storage_gb)
        return
    if plan_id is None:
        raise RequiredError("planId", says="Say which plan.")
    if storage_gb is not None:
        raise OutOfPlaceError("storageGb", says="A request for another plan names no storage.")


async def _demand_none_open(db: WriteScope, held: _Row, kind: str) -> None:
    """Refuse a second request of a kind; the subscription is locked, so that no other is made meanwhile."""
    table = change_request
    found = await db.fetch(
        lambda bounds: (
            select(table.c.id)
            .where(
                bounds(table),
                table.c.subscription_id == bindparam("target"),
                table.c.kind == bindparam("kind"),
                table.c.state == ChangeRequestState.REQUESTED,
            )
            .limit(1)
        ),
        target=held["id"],
        kind=kind,
    )
    if found:
        raise AlreadyRequestedError(says="This was asked for already and waits for the partner's answer.")


async def _applied(db: WriteScope, asked: _Row, held: _Row) -> dict[str, Any]:
    """Return what becomes of the subscription.

    An upgrade takes back a downgrade that waits for the renewal.

    Raises:
        InvalidInputError: the plan is not sold to this subscription, or is no upgrade or downgrade.
    """
    if asked["kind"] == ChangeRequestKind.STORAGE:
        return {"extra_storage_gb": held["extra_storage_gb"] + asked["storage_gb"]}
    offer = await _offer(db, asked["plan_id"], held)
    now = Held(**{name: held[name] for name in Held.__struct_fields__})
    if asked["kind"] == ChangeRequestKind.DOWNGRADE:
        demand_downgrade(now, offer)
        return {"plan_id_at_renewal": offer.plan_id}
    demand_upgrade(now, offer)
    return {"plan_id": offer.plan_id, "unit_price_minor": offer.unit_price_minor, "plan_id_at_renewal": None}


async def _offer(db: WriteScope, plan_id: UUID, held: _Row) -> Offer:
    bought = await demand_plan(db, plan_id)
    price = await demand_price(db, bought, currency=held["currency"], cycle=held["cycle"], path=("planId",))
    return Offer(plan_id, price, bought["seats_min"], bought["seats_max"])


async def _waiting(db: WriteScope, target: UUID, wanted: str, *, expected_version: int | None) -> _Row:
    row = await db.get(change_request, target, what="change request", path=("id",))
    await db.expect(change_request, row, expected_version)
    if row["state"] != ChangeRequestState.REQUESTED:
        raise IllegalTransitionError("request", row["state"], wanted)
    return row


def _decided(db: WriteScope, state: ChangeRequestState, note: str | None) -> dict[str, Any]:
    return {
        "state": state,
        **decided_by(db),
        "decision_note": noted("note", note),
    }
