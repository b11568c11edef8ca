"""What this product asks of a card processor, whichever it is."""

from typing import Protocol

import msgspec


class CardDetails(msgspec.Struct, frozen=True):
    """What a processor tells of a card behind a token; the number stays with the processor."""

    token: str
    brand: str
    last_four: str
    expiry_month: int
    expiry_year: int
    fingerprint: str


class UnknownTokenError(Exception):
    """The processor knows no card behind this token."""


class CardProcessor(Protocol):
    """One card processor."""

    name: str

    async def describe(self, token: str) -> CardDetails:
        """Look a token up.

        Raises:
            UnknownTokenError: the processor knows no such token.
        """
        ...
