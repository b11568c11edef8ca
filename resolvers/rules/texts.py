"""Texts that people write: trimmed, said where something must be said, and no longer than their field takes."""

from typing import Final

from resolvers.errors import RequiredError, TooLongError

LONGEST_NOTE: Final = 1_000
"""Characters of what is written to be answered."""
LONGEST_REASON: Final = 500
"""Characters of why somebody does something."""


def demanded(field: str, text: str, *, most: int = LONGEST_NOTE) -> str:
    """Return a text that must say something, trimmed.

    Raises:
        RequiredError: it says nothing.
        TooLongError: it is longer than the field takes.
    """
    tidy = noted(field, text, most=most)
    if tidy is None:
        raise RequiredError(field)
    return tidy


def noted(field: str, text: str | None, *, most: int = LONGEST_NOTE) -> str | None:
    """Return a text that need not be given, trimmed; None where it says nothing.

    Raises:
        TooLongError: it is longer than the field takes.
    """
    tidy = (text or "").strip()
    if len(tidy) > most:
        raise TooLongError(field, most=most)
    return tidy or None


def because(reason: str | None) -> str | None:
    """Return why somebody does something, trimmed; None where nothing is said.

    Raises:
        TooLongError: it is longer than the field takes.
    """
    return noted("reason", reason, most=LONGEST_REASON)
