"""Finding the partner that somebody names on the command line: by its node id, its UUID or its name."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from schema import node_ids


class UnknownPartnerError(Exception):
    """A name is no partner's, or several have it; the message is one line for people."""


def named(partners: Sequence[Any], wanted: str) -> Any:
    """Return the one of some rows, each with an `id` and a `name`, that is meant; its name may be in any case.

    Raises:
        UnknownPartnerError: none of them is meant, or it cannot be told which.
    """
    text = wanted.strip()
    identifier = _identifier(text)
    called = [row for row in partners if row["name"].strip().casefold() == text.casefold()]
    found = [row for row in partners if row["id"] == identifier] or called
    if len(found) != 1:
        message = f"Several partners are called '{wanted}': give the id." if found else f"No partner is '{wanted}'."
        raise UnknownPartnerError(message)
    return found[0]


def _identifier(text: str) -> UUID | None:
    decoded = node_ids.decode(text)
    if decoded is not None:
        return decoded[1] if decoded[0] == "PartnerOrg" else None
    try:
        return UUID(text)
    except ValueError:
        return None
