"""Outcomes of what is sold: plans, seats, storage, prices and cards."""

from resolvers.errors.inputs import InvalidInputError


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


class CardNotUsableError(InvalidInputError):
    """A card is removed, expired or another client's."""

    code = "CARD_NOT_USABLE"

    def __init__(self) -> None:
        super().__init__("This card cannot be used here: it is removed, expired or another client's.", path=("cardId",))
