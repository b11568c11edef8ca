"""The words that clients are found by, and how what a person types becomes prefixes of them.

Both sides fold and cut a text in the same way, so a prefix that is typed always meets the words that were stored.
A word is a run of letters and digits of a folded text: `O'Brien & Söhne` gives `o`, `brien` and `sohne`. An e-mail
address gives, besides its runs, the whole address, its local part and its domain.
"""

import re
from typing import Final

from storage.base import fold

LONGEST: Final = 128
"""How many letters of a word are kept: an index row must stay under a third of a page."""

_RUN: Final = re.compile(r"[^\W_]+")


def client_words(display_name: str, email: str, *names: str | None) -> frozenset[str]:
    """Return the words that find a client; `names` are its further names: company, first and last name."""
    texts = (fold(text) for text in (display_name, email, *names) if text)
    runs = (run for text in texts for run in _RUN.findall(text))
    address = fold(email)
    local, _at, domain = address.rpartition("@")
    return frozenset(word[:LONGEST] for word in (*runs, address, local, domain) if word)


def search_prefixes(text: str, most: int = 5) -> tuple[str, ...]:
    """Return the prefixes that a client's words must all meet, at most `most` of them, in the order typed.

    A part with an `@` stays whole: `jane@harb` is the beginning of an address, `@harb` of a domain. Nothing to
    search for gives an empty tuple.
    """
    prefixes = (prefix[:LONGEST] for part in fold(text).split() for prefix in _prefixes(part))
    return tuple(dict.fromkeys(prefixes))[:most]


def _prefixes(part: str) -> list[str]:
    address = part.strip("<>()[],;\"'")
    if "@" in address.strip("@"):
        return [address]
    if address.startswith("@"):
        return [address.strip("@")] if address.strip("@") else []
    return _RUN.findall(part)
