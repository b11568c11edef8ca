"""Changes that a customer asks for: which plan is an upgrade or a downgrade, and how much storage is added at once."""

from typing import Final
from uuid import UUID

import msgspec

from resolvers.errors import (
    NotADowngradeError,
    NotAnUpgradeError,
    SamePlanError,
    SeatsOutOfRangeError,
    StorageOutOfRangeError,
)

LEAST_STORAGE: Final = 1
MOST_STORAGE: Final = 10_000
"""Gigabytes that one request adds at most."""


class Held(msgspec.Struct, frozen=True):
    """What a subscription holds: its plan, the price of a seat, its seats, and what changes at the renewal."""

    plan_id: UUID
    unit_price_minor: int
    seats: int
    plan_id_at_renewal: UUID | None = None
    seats_at_renewal: int | None = None

    @property
    def seats_then(self) -> int:
        """The seats from the renewal on."""
        return self.seats if self.seats_at_renewal is None else self.seats_at_renewal


class Offer(msgspec.Struct, frozen=True):
    """What a plan offers a subscription today: the price of a seat in its currency and cycle, and how many are sold."""

    plan_id: UUID
    unit_price_minor: int
    seats_min: int
    seats_max: int


def demand_upgrade(held: Held, offer: Offer) -> None:
    """Refuse a plan that is no upgrade; it applies at once, and so does what it says of seats.

    Raises:
        SamePlanError: it is the present plan.
        SeatsOutOfRangeError: it does not sell as many seats as there are, or as there will be at the renewal.
        NotAnUpgradeError: it costs no more per seat.
    """
    if offer.plan_id == held.plan_id:
        raise SamePlanError
    _demand_sold(offer, held.seats, held.seats_then)
    if offer.unit_price_minor <= held.unit_price_minor:
        raise NotAnUpgradeError


def demand_downgrade(held: Held, offer: Offer) -> None:
    """Refuse a plan that is no downgrade; it applies from the renewal on.

    Raises:
        SamePlanError: it is the present plan, or will be from the renewal on.
        SeatsOutOfRangeError: it does not sell as many seats as there will be.
        NotADowngradeError: it costs no less per seat.
    """
    if offer.plan_id in {held.plan_id, held.plan_id_at_renewal}:
        raise SamePlanError
    _demand_sold(offer, held.seats_then)
    if offer.unit_price_minor >= held.unit_price_minor:
        raise NotADowngradeError


def demand_storage(gigabytes: int) -> None:
    """Refuse more or less storage than one request adds.

    Raises:
        StorageOutOfRangeError: it is outside 1 to 10,000.
    """
    if not LEAST_STORAGE <= gigabytes <= MOST_STORAGE:
        raise StorageOutOfRangeError(LEAST_STORAGE, MOST_STORAGE)


def _demand_sold(offer: Offer, *seats: int) -> None:
    if not all(offer.seats_min <= count <= offer.seats_max for count in seats):
        raise SeatsOutOfRangeError(offer.seats_min, offer.seats_max, path=("planId",))
