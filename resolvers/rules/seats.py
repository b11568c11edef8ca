"""Seats of a subscription: more at once, fewer at the renewal or soon after an increase, never under the assigned."""

from datetime import datetime, timedelta
from typing import Final

import msgspec

from resolvers.errors import SeatsBelowAssignedError, SeatsOutOfRangeError

GRACE: Final = timedelta(days=7)
"""How long after an increase it can be taken back at once; of several, the last."""


class Seats(msgspec.Struct, frozen=True):
    """The seats of a subscription: now, from the renewal on if they shrink then, and before the last increase."""

    seats: int
    at_renewal: int | None = None
    before_increase: int | None = None
    increased_at: datetime | None = None


def change_seats(  # noqa: PLR0913 - everything the rule depends on
    current: Seats, wanted: int, *, assigned: int, least: int, most: int, now: datetime
) -> Seats:
    """Return the seats after a change.

    Raises:
        SeatsOutOfRangeError: the plan does not sell that many.
        SeatsBelowAssignedError: more seats are assigned than would be left.
    """
    if not least <= wanted <= most:
        raise SeatsOutOfRangeError(least, most)
    if wanted < assigned:
        raise SeatsBelowAssignedError(assigned)
    graced = current.increased_at is not None and now - current.increased_at <= GRACE
    if wanted > current.seats:
        return Seats(wanted, before_increase=current.seats, increased_at=now)
    if wanted == current.seats:
        return Seats(wanted, before_increase=current.before_increase, increased_at=current.increased_at)
    if graced and current.before_increase is not None and wanted >= current.before_increase:
        return Seats(wanted, before_increase=current.before_increase, increased_at=current.increased_at)
    return Seats(
        current.seats,
        at_renewal=wanted,
        before_increase=current.before_increase,
        increased_at=current.increased_at,
    )
