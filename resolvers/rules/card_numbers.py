"""What a payment card number looks like, so that none is stored, logged or echoed.

Digits of any script count, and so does any kind of space or dash between them: people paste what they see.
"""

import re
from itertools import chain
from typing import Final

SHORTEST: Final = 13
LONGEST: Final = 19
LONGEST_PHONE: Final = 15
"""Digits of the longest E.164 phone number; a longer one after a plus sign is no phone."""

_SEPARATOR: Final = r"[\s\-\u00ad\u2010-\u2015\u2212]"
_SEPARATORS: Final = re.compile(f"{_SEPARATOR}+")
_WHOLE: Final = re.compile(rf"\d{{{SHORTEST},{LONGEST}}}")
_STRETCH: Final = re.compile(rf"\+?\d(?:{_SEPARATOR}*\d){{{SHORTEST - 1},}}")
_ALONE: Final = re.compile(rf"(?:(?<![^\W_])\+?\d(?:{_SEPARATOR}*\d){{{SHORTEST - 1},}}|\d{{{SHORTEST},}})(?![^\W_])")
"""A stretch that no letter follows and, where it is spaced, none precedes: not part of a hexadecimal id."""
_DOUBLED: Final = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)


def looks_like_card_number(text: str) -> bool:
    """Tell whether the whole text is 13 to 19 digits that pass the Luhn check and are not an E.164 phone number."""
    digits = _digits(text)
    return _WHOLE.fullmatch(digits) is not None and _passes_luhn(digits)


def contains_card_number(text: str) -> bool:
    """Tell whether a card number may be anywhere in the text, even within a longer run of digits."""
    return any(_hides_card_number(_digits(stretch)) for stretch in _STRETCH.findall(text))


def mentions_card_number(text: str) -> bool:
    """Tell whether a text for people mentions a card number; ids of digits and letters are not looked into."""
    return any(_hides_card_number(_digits(stretch)) for stretch in _ALONE.findall(text))


def _digits(text: str) -> str:
    """Drop the separators, and the plus sign unless a phone number follows it."""
    bare = _SEPARATORS.sub("", text)
    return bare[1:] if bare.startswith("+") and len(bare) > LONGEST_PHONE + 1 else bare


def _hides_card_number(digits: str) -> bool:
    return not digits.startswith("+") and any(
        looks_like_card_number(digits[start:end])
        for start in range(len(digits) - SHORTEST + 1)
        for end in range(start + SHORTEST, min(start + LONGEST, len(digits)) + 1)
    )


def _passes_luhn(digits: str) -> bool:
    """Check the digits as ISO/IEC 7812-1, annex B, says."""
    values = [int(digit) for digit in reversed(digits)]
    return sum(chain(values[::2], (_DOUBLED[value] for value in values[1::2]))) % 10 == 0
