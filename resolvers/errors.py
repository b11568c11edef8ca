"""The tree of expected errors: outcomes with a stable code, which a caller can act on.

ExpectedError
├── UnauthenticatedError       UNAUTHENTICATED
├── ForbiddenError             FORBIDDEN
├── NotFoundError              NOT_FOUND
├── StaleVersionError          STALE_VERSION
├── IdempotencyMismatchError   IDEMPOTENCY_MISMATCH
├── IdempotencyInFlightError   IDEMPOTENCY_IN_FLIGHT
├── AlreadyExistsError         ALREADY_EXISTS
├── BusyError                  BUSY
├── UnavailableError           UNAVAILABLE
├── DeadlineExceededError      DEADLINE_EXCEEDED
└── InvalidInputError          INVALID
    ├── RequiredError          REQUIRED
    ├── TooLongError           TOO_LONG
    ├── BadCursorError         BAD_CURSOR
    ├── PageSizeError          BAD_PAGE_SIZE
    ├── CardNumberRefusedError CARD_NUMBER_REFUSED
    ├── CardTokenUnknownError  CARD_TOKEN_UNKNOWN
    ├── CurrencyFixedError     CURRENCY_FIXED
    ├── DomainTakenError       DOMAIN_TAKEN
    ├── AddressTakenError      EMAIL_TAKEN
    ├── ImageRefusedError      IMAGE_REFUSED
    ├── RepeatedError          REPEATED
    ├── PartnerStaffRefusedError PARTNER_STAFF_REFUSED
    ├── BackupPendingError     BACKUP_PENDING
    ├── RestoreTooLateError    RESTORE_TOO_LATE
    ├── PlanNotOnSaleError     PLAN_NOT_ON_SALE
    ├── NoPriceError           NO_PRICE
    ├── SeatsOutOfRangeError   SEATS_OUT_OF_RANGE
    ├── SeatsBelowAssignedError SEATS_BELOW_ASSIGNED
    ├── SamePlanError          SAME_PLAN
    ├── NotAnUpgradeError      NOT_AN_UPGRADE
    ├── NotADowngradeError     NOT_A_DOWNGRADE
    ├── StorageOutOfRangeError STORAGE_OUT_OF_RANGE
    ├── OutOfPlaceError        OUT_OF_PLACE
    ├── AlreadyRequestedError  ALREADY_REQUESTED
    ├── NotYoursError          NOT_YOURS
    ├── NotEscalableError      NOT_ESCALABLE
    ├── EscalationLapsedError  ESCALATION_LAPSED
    ├── PrivilegeNotGrantableError PRIVILEGE_NOT_GRANTABLE
    ├── DaysOutOfRangeError    DAYS_OUT_OF_RANGE
    ├── AccessActiveError      ACCESS_ACTIVE
    ├── AccessNotExtendableError ACCESS_NOT_EXTENDABLE
    ├── CardNotUsableError     CARD_NOT_USABLE
    └── IllegalTransitionError ILLEGAL_TRANSITION
"""

from collections.abc import Iterable

from tenancy.errors import (
    AlreadyExistsError,
    BusyError,
    ExpectedError,
    ForbiddenError,
    IdempotencyInFlightError,
    IdempotencyMismatchError,
    NotFoundError,
    StaleVersionError,
    UnauthenticatedError,
    UnavailableError,
)


class DeadlineExceededError(ExpectedError):
    """The operation took longer than it may; it was stopped."""

    code = "DEADLINE_EXCEEDED"
    retryable = True

    def __init__(self, seconds: float) -> None:
        super().__init__(f"This took longer than {seconds:g} seconds and was stopped; ask for less at once.")


class InvalidInputError(ExpectedError):
    """An input cannot be accepted as it is."""

    code = "INVALID"


class RequiredError(InvalidInputError):
    """A field that must hold something is empty."""

    code = "REQUIRED"

    def __init__(self, *path: str, says: str = "This must not be empty.") -> None:
        super().__init__(says, path=path)


class TooLongError(InvalidInputError):
    """A text is longer than the field takes."""

    code = "TOO_LONG"

    def __init__(self, *path: str, most: int) -> None:
        super().__init__(f"This takes at most {most} characters.", path=path)


class BadCursorError(InvalidInputError):
    """A cursor was not made for this list, order, filter and parent."""

    code = "BAD_CURSOR"

    def __init__(self, argument: str) -> None:
        super().__init__(
            "This cursor was not given for this list with this order and filter; start again without it.",
            path=(argument,),
        )


class PageSizeError(InvalidInputError):
    """A page size is outside what a list gives at once."""

    code = "BAD_PAGE_SIZE"

    def __init__(self, argument: str, says: str) -> None:
        super().__init__(says, path=(argument,))


class CardNumberRefusedError(InvalidInputError):
    """An input looks like a card number, which must never reach this service."""

    code = "CARD_NUMBER_REFUSED"

    def __init__(self, *path: str) -> None:
        super().__init__(
            "This looks like a card number. Send the card processor's token; the number was not stored or logged.",
            path=path,
        )


class CardTokenUnknownError(InvalidInputError):
    """The card processor knows no card behind a token."""

    code = "CARD_TOKEN_UNKNOWN"

    def __init__(self) -> None:
        super().__init__("The card processor knows no card behind this token.", path=("token",))


class CurrencyFixedError(InvalidInputError):
    """A client's currency cannot change any more."""

    code = "CURRENCY_FIXED"

    def __init__(self, *, invoices: int, subscriptions: int) -> None:
        super().__init__(
            f"The currency is fixed: there are {invoices} invoices and {subscriptions} live subscriptions.",
            path=("currency",),
        )


class DomainTakenError(InvalidInputError):
    """The partner has another organisation with this domain."""

    code = "DOMAIN_TAKEN"

    def __init__(self) -> None:
        super().__init__("You have another organisation with this domain.", path=("domain",))


class AddressTakenError(InvalidInputError):
    """The organisation has a user with this e-mail address."""

    code = "EMAIL_TAKEN"

    def __init__(self) -> None:
        super().__init__("The organisation has a user with this e-mail address.", path=("email",))


class ImageRefusedError(InvalidInputError):
    """An image is not given as the address of one."""

    code = "IMAGE_REFUSED"

    def __init__(self) -> None:
        super().__init__(
            "Give the image's address: one that begins with https:// and holds no user name or password.",
            path=("image",),
        )


class RepeatedError(InvalidInputError):
    """A list names the same thing twice."""

    code = "REPEATED"

    def __init__(self, *path: str) -> None:
        super().__init__("This names something twice.", path=path)


class PartnerStaffRefusedError(InvalidInputError):
    """Somebody who works for the managing partner, or for one above it, does not administer an organisation."""

    code = "PARTNER_STAFF_REFUSED"

    def __init__(self, *path: str) -> None:
        super().__init__(
            "This person works for the partner that manages the organisation, or for one above it, "
            "and can be no more than a member.",
            path=path,
        )


class BackupPendingError(InvalidInputError):
    """A backup of the user's data was asked for and is not made yet."""

    code = "BACKUP_PENDING"

    def __init__(self) -> None:
        super().__init__("A backup of this user's data is being made already.", path=("id",))


class RestoreTooLateError(InvalidInputError):
    """A user was deleted too long ago to be brought back."""

    code = "RESTORE_TOO_LATE"

    def __init__(self, days: int) -> None:
        super().__init__(f"A deleted user can be restored for {days} days; those are over.", path=("id",))


class PlanNotOnSaleError(InvalidInputError):
    """A plan can no longer be bought."""

    code = "PLAN_NOT_ON_SALE"

    def __init__(self) -> None:
        super().__init__("This plan is no longer sold; choose another.", path=("planId",))


class NoPriceError(InvalidInputError):
    """A plan has no price in the client's currency and the chosen cycle."""

    code = "NO_PRICE"

    def __init__(self, currency: str, cycle: str, *, path: tuple[str, ...] = ("cycle",)) -> None:
        super().__init__(f"This plan has no {cycle.lower()} price in {currency}.", path=path)


class SeatsOutOfRangeError(InvalidInputError):
    """A plan does not sell that many seats."""

    code = "SEATS_OUT_OF_RANGE"

    def __init__(self, least: int, most: int, *, path: tuple[str, ...] = ("seats",)) -> None:
        super().__init__(f"This plan sells {least} to {most} seats.", path=path)


class SeatsBelowAssignedError(InvalidInputError):
    """More seats are assigned than would be left."""

    code = "SEATS_BELOW_ASSIGNED"

    def __init__(self, assigned: int) -> None:
        super().__init__(f"{assigned} seats are assigned; free some first.", path=("seats",))


class SamePlanError(InvalidInputError):
    """A subscription has, or will have, the plan that is asked for."""

    code = "SAME_PLAN"

    def __init__(self) -> None:
        super().__init__("The subscription has this plan, or will have it from the renewal on.", path=("planId",))


class NotAnUpgradeError(InvalidInputError):
    """A plan that is asked for as an upgrade costs no more than the present one."""

    code = "NOT_AN_UPGRADE"

    def __init__(self) -> None:
        super().__init__("An upgrade costs more per seat than the present plan; this one does not.", path=("planId",))


class NotADowngradeError(InvalidInputError):
    """A plan that is asked for as a downgrade costs no less than the present one."""

    code = "NOT_A_DOWNGRADE"

    def __init__(self) -> None:
        super().__init__("A downgrade costs less per seat than the present plan; this one does not.", path=("planId",))


class StorageOutOfRangeError(InvalidInputError):
    """More or less storage is asked for than one request takes."""

    code = "STORAGE_OUT_OF_RANGE"

    def __init__(self, least: int, most: int) -> None:
        super().__init__(f"One request is for {least} to {most:,} gigabytes.", path=("storageGb",))


class OutOfPlaceError(InvalidInputError):
    """A field is given that has no meaning beside the others."""

    code = "OUT_OF_PLACE"

    def __init__(self, *path: str, says: str) -> None:
        super().__init__(says, path=path)


class AlreadyRequestedError(InvalidInputError):
    """The same was requested before, and that request is still good."""

    code = "ALREADY_REQUESTED"

    def __init__(self, *, says: str) -> None:
        super().__init__(says)


class NotYoursError(InvalidInputError):
    """Only whoever asked for something takes it back."""

    code = "NOT_YOURS"

    def __init__(self, name: str) -> None:
        super().__init__(f"Only {name}, who asked for it, can take it back.", path=("id",))


class NotEscalableError(InvalidInputError):
    """A task is not one that an escalation lifts the denial of."""

    code = "NOT_ESCALABLE"

    def __init__(self) -> None:
        super().__init__("This is no task that partners ask a super admin for; name one of those.", path=("task",))


class EscalationLapsedError(InvalidInputError):
    """An escalation was asked for too long ago to be approved."""

    code = "ESCALATION_LAPSED"

    def __init__(self, days: int) -> None:
        super().__init__(f"This was asked for more than {days} days ago; have it asked for anew.", path=("id",))


class PrivilegeNotGrantableError(InvalidInputError):
    """A privilege is asked for that no access to an organisation holds."""

    code = "PRIVILEGE_NOT_GRANTABLE"

    def __init__(self, privilege: str, place: int, *, by_escalation: bool, holds: Iterable[str]) -> None:
        instead = (
            "it is asked for by escalation, for one use at a time."
            if by_escalation
            else f"what an access can hold is {', '.join(holds)}."
        )
        super().__init__(f"No access holds {privilege}: {instead}", path=("privileges", str(place)))


class DaysOutOfRangeError(InvalidInputError):
    """Something is asked for that is given for fewer or more days."""

    code = "DAYS_OUT_OF_RANGE"

    def __init__(self, least: int, most: int) -> None:
        super().__init__(f"This is given for {least} to {most} days.", path=("days",))


class AccessActiveError(InvalidInputError):
    """The partner has an access to the organisation that is active."""

    code = "ACCESS_ACTIVE"

    def __init__(self) -> None:
        super().__init__("The partner has active access already; end that first.", path=("id",))


class AccessNotExtendableError(InvalidInputError):
    """An access cannot be extended, or not any more."""

    code = "ACCESS_NOT_EXTENDABLE"

    def __init__(self, *, says: str) -> None:
        super().__init__(says, path=("id",))


class CardNotUsableError(InvalidInputError):
    """A card is removed, expired or another client's."""

    code = "CARD_NOT_USABLE"

    def __init__(self) -> None:
        super().__init__("This card cannot be used here: it is removed, expired or another client's.", path=("cardId",))


class IllegalTransitionError(InvalidInputError):
    """The thing is in a state that does not allow this.

    `first` is a sentence that says what to do first.
    """

    code = "ILLEGAL_TRANSITION"

    def __init__(self, what: str, state: str, wanted: str, *, first: str = "") -> None:
        article = "An" if what[0] in "aeio" else "A"
        super().__init__(f"{article} {what} that is {state} cannot be {wanted}. {first}".strip())


__all__ = [
    "AlreadyExistsError",
    "BusyError",
    "ExpectedError",
    "ForbiddenError",
    "IdempotencyInFlightError",
    "IdempotencyMismatchError",
    "NotFoundError",
    "StaleVersionError",
    "UnauthenticatedError",
    "UnavailableError",
]
