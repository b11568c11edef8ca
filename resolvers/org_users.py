"""The users of an organisation: how they are found, created, changed, deleted and brought back."""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import bindparam, select

from resolvers.context import Request, asked_by, insider
from resolvers.errors import (
    AddressTakenError,
    BackupPendingError,
    PartnerStaffRefusedError,
)
from resolvers.jobs import KEPT_AFTER_DELETION, USER_PURGE
from resolvers.loading import ById, PageBy, equals
from resolvers.rules import org_users as rules
from resolvers.rules.images import image_address
from resolvers.rules.texts import because, demanded, noted
from storage.base import FOREVER, fold
from storage.identity import membership
from storage.org_users import (
    BackupState,
    OrgRole,
    OrgUserId,
    OrgUserRecord,
    OrgUserStatus,
    UserBackupRecord,
    org_user,
    user_backup,
)
from tenancy.audit import Change
from tenancy.privileges import Privilege
from tenancy.scope import WriteScope

LONGEST_NAME: Final = 200
_FILTERS: Final = {"role": equals("role"), "status": equals("status")}
_BACKUP_FILTERS: Final = {"state": equals("state")}

user_by_id: Final = ById(org_user, OrgUserRecord)
users: Final = PageBy(org_user, OrgUserRecord, filters=_FILTERS)
users_by_organisation: Final = PageBy(org_user, OrgUserRecord, by="child_org_id", filters=_FILTERS)
backup_by_id: Final = ById(user_backup, UserBackupRecord)
backups: Final = PageBy(user_backup, UserBackupRecord, filters=_BACKUP_FILTERS)
backups_by_user: Final = PageBy(user_backup, UserBackupRecord, by="user_id", filters=_BACKUP_FILTERS)


async def create(  # noqa: PLR0913 - what a user starts with
    request: Request,
    *,
    name: str,
    email: str,
    department: str | None = None,
    phone: str | None = None,
    administrator: bool = False,
) -> OrgUserRecord:
    """Invite somebody into the organisation; whether the address signs in anywhere is neither asked nor told.

    Raises:
        ForbiddenError: an administrator is asked for, and the caller may not make one.
        RequiredError: the name is empty.
        TooLongError: a text is longer than its field takes.
        AddressTakenError: the organisation has a user with this address.
    """
    async with request.write() as db:
        if administrator:
            db.demand(Privilege.USER_ROLE_SET_ADMIN)
        _asker, organisation = insider(db)
        given = _named({"name": name, "department": department})
        await _demand_free_address(db, email)
        row = await db.insert(
            org_user,
            {
                **given,
                "child_org_id": organisation,
                "membership_id": None,
                "email": email,
                "phone": phone,
                "role": OrgRole.ADMIN if administrator else OrgRole.MEMBER,
                "status": OrgUserStatus.INVITED,
                **dict.fromkeys(("profile_image", "password_invalid_before", "deleted_at")),
            },
        )
        await db.enqueue("mail.invitation", {"user_id": str(row["id"])}, about=row)
        await db.announce(Change("org_user.created", org_user, row))
    return OrgUserRecord(**row)


async def edit(
    request: Request, target: OrgUserId, *, expected_version: int | None = None, **values: Any
) -> OrgUserRecord:
    """Change what was given of a user; what was not given stays.

    Raises:
        NotFoundError: the scope has no such user.
        StaleVersionError: it changed since the caller read it.
        RequiredError: the name is empty.
        TooLongError: a text is longer than its field takes.
        IllegalTransitionError: the user is deleted.
    """
    async with request.write() as db:
        before = await _expected(db, target, expected_version)
        rules.demand_kept(before["status"], "edited")
        row = await db.update(org_user, before, _named(values))
        if row is not before:
            await db.announce(Change("org_user.edited", org_user, row, before=before))
    return OrgUserRecord(**row)


async def suspend(
    request: Request, target: OrgUserId, *, expected_version: int | None = None, reason: str | None = None
) -> OrgUserRecord:
    """Keep a user out, from its next request on.

    Raises:
        NotFoundError: the scope has no such user.
        StaleVersionError: it changed since the caller read it.
        IllegalTransitionError: it is suspended already, or deleted.
    """
    async with request.write() as db:
        before = await _expected(db, target, expected_version)
        row = await db.update(org_user, before, {"status": rules.suspended(before["status"])})
        await db.steer(row["membership_id"], valid_until=db.now)
        await db.announce(Change("org_user.suspended", org_user, row, before=before, reason=because(reason)))
    return OrgUserRecord(**row)


async def reactivate(
    request: Request, target: OrgUserId, *, expected_version: int | None = None, reason: str | None = None
) -> OrgUserRecord:
    """Let a suspended user in again; it signs in anew.

    Raises:
        NotFoundError: the scope has no such user.
        StaleVersionError: it changed since the caller read it.
        IllegalTransitionError: it is not suspended.
    """
    async with request.write() as db:
        before = await _expected(db, target, expected_version)
        status = rules.reactivated(before["status"], signed_in=before["membership_id"] is not None)
        row = await db.update(org_user, before, {"status": status})
        await db.steer(row["membership_id"], valid_until=FOREVER)
        await db.announce(Change("org_user.reactivated", org_user, row, before=before, reason=because(reason)))
    return OrgUserRecord(**row)


async def set_administrator(
    request: Request,
    target: OrgUserId,
    *,
    administrator: bool,
    expected_version: int | None = None,
    reason: str | None = None,
) -> OrgUserRecord:
    """Make a user an administrator, or a member again.

    Raises:
        NotFoundError: the scope has no such user.
        StaleVersionError: it changed since the caller read it.
        IllegalTransitionError: it is the super admin, or deleted.
        PartnerStaffRefusedError: it works for the managing partner or one above it.
    """
    async with request.write() as db:
        before = await _expected(db, target, expected_version)
        role = rules.ranked(before["status"], before["role"], administrator=administrator)
        if administrator:
            await demand_no_staff(db, before, path=("id",))
        row = await db.update(org_user, before, {"role": role})
        if row is not before:
            await db.steer(row["membership_id"], role=role)
            await db.announce(Change("org_user.role_changed", org_user, row, before=before, reason=because(reason)))
    return OrgUserRecord(**row)


async def set_profile_image(
    request: Request, target: OrgUserId, *, image: str | None, expected_version: int | None = None
) -> OrgUserRecord:
    """Set the address of a user's image, or take it away.

    Raises:
        NotFoundError: the scope has no such user.
        StaleVersionError: it changed since the caller read it.
        TooLongError: the address is longer than the field takes.
        ImageRefusedError: it is no https address, or holds a user name or a password.
        IllegalTransitionError: the user is deleted.
    """
    async with request.write() as db:
        before = await _expected(db, target, expected_version)
        rules.demand_kept(before["status"], "given an image")
        row = await db.update(org_user, before, {"profile_image": image_address(image)})
        if row is not before:
            await db.announce(Change("org_user.image_set", org_user, row, before=before))
    return OrgUserRecord(**row)


async def reset_password(request: Request, target: OrgUserId, *, expected_version: int | None = None) -> OrgUserRecord:
    """Make a user's password worthless, end its sessions and mail it a link; nobody else sees or sets a password.

    Raises:
        NotFoundError: the scope has no such user.
        StaleVersionError: it changed since the caller read it.
        IllegalTransitionError: it was only invited so far, or is deleted.
    """
    async with request.write() as db:
        before = await _expected(db, target, expected_version)
        rules.demand_password(before["status"])
        row = await db.update(org_user, before, {"password_invalid_before": db.now})
        await db.steer(row["membership_id"])
        await db.enqueue("mail.password_link", {"user_id": str(row["id"])}, about=row)
        await db.announce(Change("org_user.password_reset", org_user, row, before=before))
    return OrgUserRecord(**row)


async def delete(
    request: Request, target: OrgUserId, *, expected_version: int | None = None, reason: str | None = None
) -> OrgUserRecord:
    """Delete a user: it is out at once, and what is known of it goes after 30 days.

    Raises:
        NotFoundError: the scope has no such user.
        StaleVersionError: it changed since the caller read it.
        IllegalTransitionError: it is deleted already, or is the super admin.
    """
    async with request.write() as db:
        before = await _expected(db, target, expected_version)
        status = rules.deleted(before["status"], before["role"])
        row = await db.update(org_user, before, {"status": status, "deleted_at": db.now})
        await db.steer(row["membership_id"], valid_until=db.now)
        due = db.now + KEPT_AFTER_DELETION
        await db.enqueue(USER_PURGE, {"user_id": str(row["id"])}, due_at=due, about=row)
        await db.announce(Change("org_user.deleted", org_user, row, before=before, reason=because(reason)))
    return OrgUserRecord(**row)


async def restore(
    request: Request, target: OrgUserId, *, expected_version: int | None = None, reason: str | None = None
) -> OrgUserRecord:
    """Bring a deleted user back; it signs in anew.

    Raises:
        NotFoundError: the scope has no such user.
        StaleVersionError: it changed since the caller read it.
        IllegalTransitionError: it is not deleted.
        RestoreTooLateError: it was deleted more than 30 days ago.
    """
    async with request.write() as db:
        before = await _expected(db, target, expected_version)
        status = rules.restored(
            before["status"],
            deleted_at=before["deleted_at"],
            kept=KEPT_AFTER_DELETION,
            signed_in=before["membership_id"] is not None,
            now=db.now,
        )
        row = await db.update(org_user, before, {"status": status, "deleted_at": None})
        await db.steer(row["membership_id"], valid_until=FOREVER)
        await db.announce(Change("org_user.restored", org_user, row, before=before, reason=because(reason)))
    return OrgUserRecord(**row)


async def back_up(request: Request, target: OrgUserId) -> UserBackupRecord:
    """Ask for a backup of a user's data.

    Raises:
        NotFoundError: the scope has no such user.
        BackupPendingError: the caller can see one that was asked for and is not made yet.
    """
    async with request.write() as db:
        user = await db.get(org_user, target, what="user", path=("id",))
        await _demand_no_pending(db, user)
        row = await db.insert(
            user_backup,
            {
                "child_org_id": user["child_org_id"],
                "user_id": user["id"],
                "state": BackupState.REQUESTED,
                **asked_by(db),
            },
        )
        await db.enqueue("user.backup", {"backup_id": str(row["id"])}, about=row)
        await db.announce(Change("user_backup.requested", user_backup, row))
    return UserBackupRecord(**row)


async def demand_no_staff(db: WriteScope, user: Mapping[str, Any], *, path: tuple[str, ...]) -> None:
    """Refuse somebody who works for the managing partner, or for one above it, as an administrator.

    Somebody who was only invited has no login to know by; a partner's member who acts knows no login but its own.

    Raises:
        PartnerStaffRefusedError: the user's login works there.
    """
    asker, _organisation = insider(db)
    rows = await db.fetch(
        lambda bounds: select(membership.c.login_id).where(
            bounds(membership), membership.c.id == bindparam("place", type_=membership.c.id.type)
        ),
        place=user["membership_id"],
    )
    staff = asker.staff_logins | ({asker.login_id} if asker.acting else set())
    if any(row["login_id"] in staff for row in rows):
        raise PartnerStaffRefusedError(*path)


async def _expected(db: WriteScope, target: OrgUserId, version: int | None) -> Mapping[str, Any]:
    row = await db.get(org_user, target, what="user", path=("id",))
    await db.expect(org_user, row, version)
    return row


def _named(values: Mapping[str, Any]) -> dict[str, Any]:
    """Trim what was given; a name is needed where one is given, and is what the user is sorted by."""
    made = dict(values)
    if "name" in made:
        made["name"] = demanded("name", made["name"] or "", most=LONGEST_NAME)
        made["name_sort"] = fold(made["name"])
    if "department" in made:
        made["department"] = noted("department", made["department"], most=LONGEST_NAME)
    return made


async def _demand_free_address(db: WriteScope, email: str) -> None:
    taken = await db.fetch(
        lambda bounds: select(org_user.c.id).where(bounds(org_user), org_user.c.email == bindparam("email")),
        email=email,
    )
    if taken:
        raise AddressTakenError


async def _demand_no_pending(db: WriteScope, user: Mapping[str, Any]) -> None:
    """Refuse a second backup while one is made; whoever sees its own requests only is not told of another's."""
    pending = await db.fetch(
        lambda bounds: select(user_backup.c.id).where(
            bounds(user_backup),
            user_backup.c.user_id == bindparam("user"),
            user_backup.c.state == BackupState.REQUESTED,
        ),
        user=user["id"],
    )
    if pending:
        raise BackupPendingError
