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

from resolvers.errors.administration import (
    AccessActiveError,
    AccessNotExtendableError,
    AddressTakenError,
    BackupPendingError,
    DaysOutOfRangeError,
    DomainTakenError,
    EscalationLapsedError,
    ImageRefusedError,
    NotEscalableError,
    PartnerStaffRefusedError,
    PrivilegeNotGrantableError,
    RestoreTooLateError,
)
from resolvers.errors.inputs import (
    AlreadyRequestedError,
    BadCursorError,
    CardNumberRefusedError,
    DeadlineExceededError,
    IllegalTransitionError,
    InvalidInputError,
    NotYoursError,
    OutOfPlaceError,
    PageSizeError,
    RepeatedError,
    RequiredError,
    TooLongError,
)
from resolvers.errors.selling import (
    CardNotUsableError,
    CardTokenUnknownError,
    CurrencyFixedError,
    NoPriceError,
    NotADowngradeError,
    NotAnUpgradeError,
    PlanNotOnSaleError,
    SamePlanError,
    SeatsBelowAssignedError,
    SeatsOutOfRangeError,
    StorageOutOfRangeError,
)
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

__all__ = [
    "AccessActiveError",
    "AccessNotExtendableError",
    "AddressTakenError",
    "AlreadyExistsError",
    "AlreadyRequestedError",
    "BackupPendingError",
    "BadCursorError",
    "BusyError",
    "CardNotUsableError",
    "CardNumberRefusedError",
    "CardTokenUnknownError",
    "CurrencyFixedError",
    "DaysOutOfRangeError",
    "DeadlineExceededError",
    "DomainTakenError",
    "EscalationLapsedError",
    "ExpectedError",
    "ForbiddenError",
    "IdempotencyInFlightError",
    "IdempotencyMismatchError",
    "IllegalTransitionError",
    "ImageRefusedError",
    "InvalidInputError",
    "NoPriceError",
    "NotADowngradeError",
    "NotAnUpgradeError",
    "NotEscalableError",
    "NotFoundError",
    "NotYoursError",
    "OutOfPlaceError",
    "PageSizeError",
    "PartnerStaffRefusedError",
    "PlanNotOnSaleError",
    "PrivilegeNotGrantableError",
    "RepeatedError",
    "RequiredError",
    "RestoreTooLateError",
    "SamePlanError",
    "SeatsBelowAssignedError",
    "SeatsOutOfRangeError",
    "StaleVersionError",
    "StorageOutOfRangeError",
    "TooLongError",
    "UnauthenticatedError",
    "UnavailableError",
]
