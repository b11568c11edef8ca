"""Images: only the address of one is kept, and nobody's name or password in it."""

import re
from typing import Final
from urllib.parse import urlsplit

from resolvers.errors import ImageRefusedError, TooLongError

LONGEST: Final = 500
_PRINTED: Final = re.compile(r"[!-~]+")


def image_address(text: str | None) -> str | None:
    """Return an image's address, trimmed; None where there is none.

    Raises:
        TooLongError: it is longer than the field takes.
        ImageRefusedError: it is no https address, or it holds a user name or a password.
    """
    tidy = (text or "").strip()
    if not tidy:
        return None
    if len(tidy) > LONGEST:
        raise TooLongError("image", most=LONGEST)
    if not _PRINTED.fullmatch(tidy) or "\\" in tidy or not _is_bare(tidy):
        raise ImageRefusedError
    return tidy


def _is_bare(address: str) -> bool:
    try:
        parts = urlsplit(address)
        return parts.scheme == "https" and bool(parts.hostname) and "@" not in parts.netloc and parts.port != 0
    except ValueError:
        return False
