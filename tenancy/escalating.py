"""Finding the escalation that lifts a denial: one task, one target, one person, one access, one hour, one use."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Uuid, bindparam, func, select
from sqlalchemy.sql.selectable import Select

from storage.escalations import EscalationState, escalation
from tenancy.policy import ABOUT_A_USER
from tenancy.predicates import Bounds
from tenancy.principal import Acting, Principal
from tenancy.privileges import Privilege


def usable(bounds: Bounds, task: Privilege) -> Select[Any]:
    """Make the statement that finds and locks an approved escalation that can still be used for a task."""
    table = escalation
    about: ColumnElement[bool] = table.c.user_id.is_(None)
    if task in ABOUT_A_USER:
        about = table.c.user_id == bindparam("about", type_=Uuid())
    return (
        select(table)
        .where(
            bounds(table),
            about,
            table.c.task == bindparam("task"),
            table.c.requested_by == bindparam("asker", type_=Uuid()),
            table.c.access_id == bindparam("access", type_=Uuid()),
            table.c.state == EscalationState.APPROVED,
            table.c.usable_until > func.statement_timestamp(),
        )
        .order_by(table.c.usable_until, table.c.id)
        .limit(1)
        .with_for_update()
    )


def parameters(principal: Principal, acting: Acting, task: Privilege, target: UUID | None) -> dict[str, Any]:
    """Return what that statement is bound to."""
    made = {"task": task.value, "asker": principal.membership_id, "access": acting.access_id}
    return {**made, "about": target} if task in ABOUT_A_USER else made
