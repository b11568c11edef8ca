"""What follows from a change and is done later: one handler for each kind of job, run once for each row of the outbox.

A handler looks at the rows as they are now: what was extended or taken back since the job was left has nothing to do,
and whoever did that left a job of its own where one is needed.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import bindparam, func, select

from storage.accesses import AccessState, partner_access
from storage.base import fold
from storage.org_users import OrgUserStatus, org_user
from storage.organisations import child_org
from tenancy.audit import REDACTED, Change
from tenancy.relay import Handler
from tenancy.writing import WriteScope

ACCESS_EXPIRE: Final = "access.expire"
USER_PURGE: Final = "user.purge"
KEPT_AFTER_DELETION: Final = timedelta(days=30)
"""How long a deleted user can be brought back."""

_NAMELESS: Final = ""


async def expire_access(db: WriteScope, payload: Mapping[str, Any]) -> None:
    """End an access whose time is up, as of the moment that it was granted until."""
    found = await db.fetch(
        lambda bounds: (
            select(partner_access)
            .where(
                bounds(partner_access),
                partner_access.c.id == bindparam("access"),
                partner_access.c.state == AccessState.ACTIVE,
                partner_access.c.expires_at <= func.statement_timestamp(),
            )
            .with_for_update()
        ),
        access=UUID(payload["access_id"]),
    )
    for access in found:
        organisation = await db.get(child_org, access["child_org_id"], what="organisation")
        await db.update(child_org, organisation, {"partner_sees_until": access["expires_at"]})
        expired = await db.update(partner_access, access, {"state": AccessState.EXPIRED})
        await db.announce(Change("access.expired", partner_access, expired, before=access))


async def purge_user(db: WriteScope, payload: Mapping[str, Any]) -> None:
    """Take from a user who was deleted long enough ago all that tells who it was."""
    found = await db.fetch(
        lambda bounds: (
            select(org_user)
            .where(
                bounds(org_user),
                org_user.c.id == bindparam("user"),
                org_user.c.status == OrgUserStatus.DELETED,
                org_user.c.deleted_at <= func.statement_timestamp() - KEPT_AFTER_DELETION,
            )
            .with_for_update()
        ),
        user=UUID(payload["user_id"]),
    )
    for user in found:
        nobody = {
            "name": _NAMELESS,
            "name_sort": fold(_NAMELESS),
            "email": f"deleted-{user['id'].hex}@invalid.example",
            **dict.fromkeys(("department", "phone", "profile_image")),
        }
        purged = await db.update(org_user, user, nobody)
        if purged is not user:
            # What is forgotten is not to be remembered by the trail.
            before = {**user, **{name: REDACTED for name in nobody if user[name] is not None}}
            await db.announce(Change("org_user.purged", org_user, purged, before=before))


HANDLERS: Final[Mapping[str, Handler]] = {ACCESS_EXPIRE: expire_access, USER_PURGE: purge_user}
"""Every kind of job that the worker runs; a row of the outbox of another kind waits for somebody else."""
