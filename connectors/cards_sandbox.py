"""A card processor inside the process, which knows Stripe's well-known test tokens and moves no money."""

import hashlib
from typing import Final

from connectors.cards import CardDetails, UnknownTokenError

_TOKENS: Final = {
    "tok_visa": ("visa", "4242"),
    "tok_visa_debit": ("visa", "5556"),
    "tok_mastercard": ("mastercard", "4444"),
    "tok_mastercard_debit": ("mastercard", "3222"),
    "tok_amex": ("amex", "8431"),
    "tok_discover": ("discover", "9424"),
    "tok_jcb": ("jcb", "0505"),
    "tok_chargeDeclined": ("visa", "0002"),
    "tok_chargeDeclinedInsufficientFunds": ("visa", "9995"),
    "tok_chargeCustomerFail": ("visa", "0341"),
}
_EXPIRY: Final = (12, 2034)


class SandboxCards:
    """The sandbox; a test token may carry a suffix after a colon, which makes it a card of its own."""

    name = "sandbox"

    async def describe(self, token: str) -> CardDetails:
        """Look a test token up.

        Raises:
            UnknownTokenError: it is not one of the well-known test tokens.
        """
        known = _TOKENS.get(token.partition(":")[0])
        if known is None:
            raise UnknownTokenError(token)
        brand, last_four = known
        month, year = _EXPIRY
        return CardDetails(
            token=token,
            brand=brand,
            last_four=last_four,
            expiry_month=month,
            expiry_year=year,
            fingerprint=hashlib.sha256(token.encode()).hexdigest()[:16],
        )
