"""An organisation's users: every way from one state to another that there is, and no other."""

from datetime import UTC, datetime, timedelta
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolvers.errors import IllegalTransitionError, RestoreTooLateError
from resolvers.rules import org_users as rules
from storage.org_users import OrgRole, OrgUserStatus

NOW: Final = datetime(2026, 3, 31, 9, 30, tzinfo=UTC)
KEPT: Final = timedelta(days=30)

statuses = st.sampled_from(OrgUserStatus)
roles = st.sampled_from(OrgRole)


def restored(status: str, *, signed_in: bool = True, deleted_at: datetime | None = NOW) -> OrgUserStatus:
    return rules.restored(status, deleted_at=deleted_at, kept=KEPT, signed_in=signed_in, now=NOW)


@given(status=statuses)
def test_suspends_whoever_may_sign_in_or_was_asked_to(status: OrgUserStatus) -> None:
    if status in {OrgUserStatus.INVITED, OrgUserStatus.ACTIVE}:
        assert rules.suspended(status) is OrgUserStatus.SUSPENDED
    else:
        with pytest.raises(IllegalTransitionError, match=f"A user that is {status} cannot be suspended"):
            rules.suspended(status)


@given(status=statuses, signed_in=st.booleans())
def test_reactivates_whoever_is_suspended(status: OrgUserStatus, *, signed_in: bool) -> None:
    if status is OrgUserStatus.SUSPENDED:
        back = OrgUserStatus.ACTIVE if signed_in else OrgUserStatus.INVITED
        assert rules.reactivated(status, signed_in=signed_in) is back
    else:
        with pytest.raises(IllegalTransitionError):
            rules.reactivated(status, signed_in=signed_in)


@given(status=statuses, role=roles)
def test_deletes_anybody_once_but_the_super_admin(status: OrgUserStatus, role: OrgRole) -> None:
    if role is OrgRole.SUPER_ADMIN:
        with pytest.raises(IllegalTransitionError, match="Make another user the super admin first"):
            rules.deleted(status, role)
    elif status is OrgUserStatus.DELETED:
        with pytest.raises(IllegalTransitionError):
            rules.deleted(status, role)
    else:
        assert rules.deleted(status, role) is OrgUserStatus.DELETED


@given(status=statuses, signed_in=st.booleans(), since=st.timedeltas(timedelta(), 2 * KEPT))
def test_restores_whoever_was_deleted_not_too_long_ago(
    status: OrgUserStatus, since: timedelta, *, signed_in: bool
) -> None:
    deleted_at = NOW - since
    if status is not OrgUserStatus.DELETED:
        with pytest.raises(IllegalTransitionError):
            restored(status, deleted_at=deleted_at)
    elif since >= KEPT:
        with pytest.raises(RestoreTooLateError, match="30 days"):
            restored(status, deleted_at=deleted_at)
    else:
        back = OrgUserStatus.ACTIVE if signed_in else OrgUserStatus.INVITED
        assert restored(status, deleted_at=deleted_at, signed_in=signed_in) is back


def test_restores_nobody_of_whom_it_is_not_known_when_it_was_deleted() -> None:
    with pytest.raises(IllegalTransitionError):
        restored(OrgUserStatus.DELETED, deleted_at=None)


@given(status=statuses, role=roles, administrator=st.booleans())
def test_ranks_anybody_who_is_there_but_the_super_admin(
    status: OrgUserStatus, role: OrgRole, *, administrator: bool
) -> None:
    if role is OrgRole.SUPER_ADMIN or status is OrgUserStatus.DELETED:
        with pytest.raises(IllegalTransitionError):
            rules.ranked(status, role, administrator=administrator)
    else:
        wanted = OrgRole.ADMIN if administrator else OrgRole.MEMBER
        assert rules.ranked(status, role, administrator=administrator) is wanted


@given(status=statuses, role=roles, signed_in=st.booleans())
def test_lets_an_active_user_who_signed_in_succeed_the_super_admin(
    status: OrgUserStatus, role: OrgRole, *, signed_in: bool
) -> None:
    if role is not OrgRole.SUPER_ADMIN and status is OrgUserStatus.ACTIVE and signed_in:
        rules.demand_successor(status, role, signed_in=signed_in)
    else:
        with pytest.raises(IllegalTransitionError):
            rules.demand_successor(status, role, signed_in=signed_in)


@given(status=statuses)
def test_resets_a_password_where_there_is_one(status: OrgUserStatus) -> None:
    if status in {OrgUserStatus.ACTIVE, OrgUserStatus.SUSPENDED}:
        rules.demand_password(status)
    else:
        with pytest.raises(IllegalTransitionError):
            rules.demand_password(status)


@given(status=statuses)
def test_keeps_what_is_deleted_as_it_is(status: OrgUserStatus) -> None:
    if status is OrgUserStatus.DELETED:
        with pytest.raises(IllegalTransitionError, match="cannot be edited"):
            rules.demand_kept(status, "edited")
    else:
        rules.demand_kept(status, "edited")
