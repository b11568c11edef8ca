"""A partner's access to an organisation: what it can hold, which state follows which, and until when it lasts."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

from resolvers.errors import (
    AccessNotExtendableError,
    DaysOutOfRangeError,
    IllegalTransitionError,
    OutOfPlaceError,
    PrivilegeNotGrantableError,
    RepeatedError,
    RequiredError,
)
from storage.accesses import AccessState
from tenancy.policy import DENIED_TO_PARTNERS, GRANTABLE

FEWEST_DAYS: Final = 1
MOST_DAYS: Final = 730
EXTENSION: Final = timedelta(days=180)
"""What the one extension of an access adds to it."""
NOTICES: Final = (30, 7, 1)
"""How many days before its end both sides are told of it."""
SESSION: Final = timedelta(minutes=15)
"""How long a session of acting lasts."""

_LEADS_TO: Final[Mapping[AccessState, frozenset[AccessState]]] = {
    AccessState.REQUESTED: frozenset({AccessState.ACTIVE, AccessState.DECLINED, AccessState.WITHDRAWN}),
    AccessState.ACTIVE: frozenset({AccessState.EXPIRED, AccessState.ENDED}),
}
_SAID: Final = {
    AccessState.REQUESTED: "requested again",
    AccessState.ACTIVE: "approved",
    AccessState.DECLINED: "declined",
    AccessState.WITHDRAWN: "withdrawn",
    AccessState.EXPIRED: "expired",
    AccessState.ENDED: "ended",
}


class Term(msgspec.Struct, frozen=True):
    """How far an access has come in its life; null where it never expires or was never extended."""

    state: AccessState
    expires_at: datetime | None = None
    extended_at: datetime | None = None
    extendable: bool = False
    full_administration: bool = False

    def at(self, now: datetime) -> AccessState:
        """Return where it stands: what ran out is expired, whether or not that is written down yet."""
        over = self.expires_at is not None and self.expires_at <= now
        return AccessState.EXPIRED if over and self.state is AccessState.ACTIVE else self.state


def lead(term: Term, to: AccessState, *, now: datetime) -> AccessState:
    """Return the state that follows; nothing that is over is revived.

    Raises:
        IllegalTransitionError: the access is in no state that leads there.
    """
    stands = term.at(now)
    if to not in _LEADS_TO.get(stands, frozenset()):
        raise IllegalTransitionError("access", stands, _SAID[to])
    return to


def granted(days: int | None, *, now: datetime) -> datetime | None:
    """Return until when an access lasts that is granted now for some days; null where it was asked for without end."""
    return None if days is None else now + timedelta(days=days)


def extended(term: Term, *, now: datetime) -> datetime:
    """Return until when an access lasts once it is extended.

    Raises:
        IllegalTransitionError: it is not active.
        AccessNotExtendableError: it was granted without an extension, or was extended before.
    """
    stands = term.at(now)
    if stands is not AccessState.ACTIVE:
        raise IllegalTransitionError("access", stands, "extended")
    if term.expires_at is None:
        raise AccessNotExtendableError(says="This access does not end by itself.")
    if term.full_administration:
        raise AccessNotExtendableError(says="Full administration is not extended; request it anew.")
    if not term.extendable:
        raise AccessNotExtendableError(says="This access was granted without an extension; request a new one.")
    if term.extended_at is not None:
        raise AccessNotExtendableError(says="This access was extended already, which is done once; request a new one.")
    return term.expires_at + EXTENSION


def notices(expires_at: datetime, *, now: datetime) -> Iterator[tuple[int, datetime]]:
    """Walk the days before an end on which notice of it is given, as far as they are still to come."""
    for days in NOTICES:
        due = expires_at - timedelta(days=days)
        if due > now:
            yield days, due


def demand_grantable(
    privileges: Sequence[str], *, full_administration: bool, days: int, extendable: bool
) -> Sequence[str]:
    """Return the privileges of a request that can be granted.

    Raises:
        RequiredError: neither privileges nor full administration is asked for.
        OutOfPlaceError: both are, or an extension of full administration.
        RepeatedError: a privilege is named twice.
        PrivilegeNotGrantableError: no access holds it.
        DaysOutOfRangeError: it is for too many days, or for none.
    """
    if not privileges and not full_administration:
        raise RequiredError("privileges", says="Name the privileges that are needed, or ask for full administration.")
    if privileges and full_administration:
        raise OutOfPlaceError("privileges", says="Full administration holds them all: name none beside it.")
    for place, privilege in enumerate(privileges):
        if privilege not in GRANTABLE:
            by_escalation = privilege in DENIED_TO_PARTNERS
            raise PrivilegeNotGrantableError(privilege, place, by_escalation=by_escalation, holds=sorted(GRANTABLE))
        if privilege in privileges[:place]:
            raise RepeatedError("privileges", str(place))
    if not FEWEST_DAYS <= days <= MOST_DAYS:
        raise DaysOutOfRangeError(FEWEST_DAYS, MOST_DAYS)
    if full_administration and extendable:
        raise OutOfPlaceError("extendable", says="Full administration cannot be extended.")
    return privileges
