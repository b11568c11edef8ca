"""An organisation's users: what can become of one, and from where."""

from datetime import datetime, timedelta
from typing import Final

from resolvers.errors import IllegalTransitionError, RestoreTooLateError
from storage.org_users import OrgRole, OrgUserStatus

_ABLE: Final = frozenset({OrgUserStatus.INVITED, OrgUserStatus.ACTIVE})
_HAS_PASSWORD: Final = frozenset({OrgUserStatus.ACTIVE, OrgUserStatus.SUSPENDED})


def suspended(status: str) -> OrgUserStatus:
    """Return what becomes of a user who is suspended.

    Raises:
        IllegalTransitionError: the user is suspended already, or deleted.
    """
    if status not in _ABLE:
        raise IllegalTransitionError("user", status, "suspended")
    return OrgUserStatus.SUSPENDED


def reactivated(status: str, *, signed_in: bool) -> OrgUserStatus:
    """Return what becomes of a user who may sign in again; `signed_in` says whether it ever did.

    Raises:
        IllegalTransitionError: the user is not suspended.
    """
    if status != OrgUserStatus.SUSPENDED:
        raise IllegalTransitionError("user", status, "reactivated")
    return _back(signed_in=signed_in)


def deleted(status: str, role: str) -> OrgUserStatus:
    """Return what becomes of a user who is deleted.

    Raises:
        IllegalTransitionError: the user is deleted already, or is the super admin.
    """
    if role == OrgRole.SUPER_ADMIN:
        raise IllegalTransitionError("user", role, "deleted", first="Make another user the super admin first.")
    if status == OrgUserStatus.DELETED:
        raise IllegalTransitionError("user", status, "deleted")
    return OrgUserStatus.DELETED


def restored(
    status: str, *, deleted_at: datetime | None, kept: timedelta, signed_in: bool, now: datetime
) -> OrgUserStatus:
    """Return what becomes of a deleted user who is brought back; `signed_in` says whether it ever signed in.

    Raises:
        IllegalTransitionError: the user is not deleted.
        RestoreTooLateError: it was deleted too long ago.
    """
    if status != OrgUserStatus.DELETED or deleted_at is None:
        raise IllegalTransitionError("user", status, "restored")
    if now - deleted_at >= kept:
        raise RestoreTooLateError(kept.days)
    return _back(signed_in=signed_in)


def ranked(status: str, role: str, *, administrator: bool) -> OrgRole:
    """Return the role of a user who is made an administrator, or a member again.

    Raises:
        IllegalTransitionError: the user is deleted, or is the super admin.
    """
    wanted = "made an administrator" if administrator else "made a member"
    if role == OrgRole.SUPER_ADMIN:
        raise IllegalTransitionError("user", role, wanted, first="Make another user the super admin first.")
    demand_kept(status, wanted)
    return OrgRole.ADMIN if administrator else OrgRole.MEMBER


def demand_successor(status: str, role: str, *, signed_in: bool) -> None:
    """Refuse a user who cannot become the super admin.

    Raises:
        IllegalTransitionError: the user is the super admin already, is not active, or has never signed in.
    """
    wanted = "made the super admin"
    if role == OrgRole.SUPER_ADMIN:
        raise IllegalTransitionError("user", role, wanted)
    if status != OrgUserStatus.ACTIVE:
        raise IllegalTransitionError("user", status, wanted)
    if not signed_in:
        raise IllegalTransitionError("user", "not signed up", wanted)


def demand_password(status: str) -> None:
    """Refuse to reset the password of somebody who has none.

    Raises:
        IllegalTransitionError: the user was only invited so far, or is deleted.
    """
    if status not in _HAS_PASSWORD:
        raise IllegalTransitionError("user", status, "given a new password")


def demand_kept(status: str, wanted: str) -> None:
    """Refuse to change a user who is deleted.

    Raises:
        IllegalTransitionError: the user is deleted; it can be restored first.
    """
    if status == OrgUserStatus.DELETED:
        raise IllegalTransitionError("user", status, wanted)


def _back(*, signed_in: bool) -> OrgUserStatus:
    return OrgUserStatus.ACTIVE if signed_in else OrgUserStatus.INVITED
