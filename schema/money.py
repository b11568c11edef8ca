"""Amounts of money as they are sent: exact, as text, in one currency."""

from decimal import Decimal
from typing import NamedTuple

import strawberry

from resolvers.rules.currencies import MINOR_DIGITS
from schema.guarded import part
from schema.scalars import CurrencyCode


class Amount(NamedTuple):
    """An amount ready to be sent. Reckon in minor units, not with this."""

    amount: str
    currency: str


@strawberry.type(description="An exact amount of money in one currency.")
class Money:
    """What is sent of an :class:`Amount`, which :func:`money` makes."""

    amount: Decimal = part(lambda money: money.amount, doc="The amount in the currency's major unit, such as 12.50.")
    currency: CurrencyCode = part(lambda money: money.currency, doc="The currency of the amount.")


def money(minor: int, currency: str) -> Amount:
    """Return the amount that the currency's minor units make, such as 1250 cents; raises KeyError for no currency."""
    digits = MINOR_DIGITS[currency]
    if not digits:
        return Amount(str(minor), currency)
    whole, rest = divmod(abs(minor), 10**digits)
    return Amount(f"{'-' if minor < 0 else ''}{whole}.{rest:0{digits}}", currency)
