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
    ├── PlanNotOnSaleError     PLAN_NOT_ON_SALE
    ├── NoPriceError           NO_PRICE
    ├── SeatsOutOfRangeError   SEATS_OUT_OF_RANGE
    ├── SeatsBelowAssignedError SEATS_BELOW_ASSIGNED
    ├── CardNotUsableError     CARD_NOT_USABLE
    └── IllegalTransitionError ILLEGAL_TRANSITION
"""

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


class PlanNotOnSaleError(InvalidInputError):
    """A plan can no longer be bought."""

    code = "PLAN_NOT_ON_SALE"

    def __init__(self) -> None:
        super().__init__("This plan is no longer sold; choose another.", path=("planId",))


class NoPriceError(InvalidInputError):
    """A plan has no price in the client's currency and the chosen cycle."""

    code = "NO_PRICE"

    def __init__(self, currency: str, cycle: str) -> None:
        super().__init__(f"This plan has no {cycle.lower()} price in {currency}.", path=("cycle",))


class SeatsOutOfRangeError(InvalidInputError):
    """A plan does not sell that many seats."""

    code = "SEATS_OUT_OF_RANGE"

    def __init__(self, least: int, most: int) -> None:
        super().__init__(f"This plan sells {least} to {most} seats.", path=("seats",))


class SeatsBelowAssignedError(InvalidInputError):
    """More seats are assigned than would be left."""

    code = "SEATS_BELOW_ASSIGNED"

    def __init__(self, assigned: int) -> None:
        super().__init__(f"{assigned} seats are assigned; free some first.", path=("seats",))


class CardNotUsableError(InvalidInputError):
    """A card is removed, expired or another client's."""

    code = "CARD_NOT_USABLE"

    def __init__(self) -> None:
        super().__init__("This card cannot be used here: it is removed, expired or another client's.", path=("cardId",))


class IllegalTransitionError(InvalidInputError):
    """The thing is in a state that does not allow this."""

    code = "ILLEGAL_TRANSITION"

    def __init__(self, what: str, state: str, wanted: str) -> None:
        super().__init__(f"A {what} that is {state} cannot be {wanted}.")


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
