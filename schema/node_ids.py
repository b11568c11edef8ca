"""The ids of nodes: opaque to clients, tagged with the type and versioned, such as ``cli1_0193…``.

An id is the type's three letters, the version digit, an underscore and the 32 hexadecimal digits of the row's UUID.
"""

import re
from collections.abc import Mapping
from typing import Final
from uuid import UUID

KINDS: Final[Mapping[str, str]] = {
    "PartnerOrg": "prt",
    "PartnerMember": "mem",
    "Client": "cli",
    "ChildOrg": "org",
    "PartnerAccess": "acc",
    "Plan": "pln",
    "Subscription": "sub",
    "PaymentCard": "crd",
    "Invoice": "inv",
    "OrgUser": "usr",
    "OrgSettings": "set",
    "UserBackup": "bkp",
    "ActingSession": "act",
    "Escalation": "esc",
    "ChangeRequest": "chr",
    "AuditEntry": "aud",
}
"""The tag of each type that is a node."""

NEVER: Final = UUID(int=0)
"""The id of no row at all."""

_VERSION: Final = "1"
_PREFIXES: Final = {name: f"{tag}{_VERSION}_" for name, tag in KINDS.items()}
_NAMES: Final = {prefix: name for name, prefix in _PREFIXES.items()}
_FORM: Final = re.compile(r"([a-z]{3}[0-9]_)([0-9a-f]{32})")


class Encoder:
    """Encodes the ids of one type, as :func:`encode` does; the executor writes it into its code."""

    def __init__(self, type_name: str) -> None:
        self._prefix = _PREFIXES[type_name]

    def __call__(self, identifier: UUID | str) -> str:
        """Return the node id of a row; its UUID may come as the database's text, which is trusted."""
        return self._prefix + (identifier.replace("-", "") if isinstance(identifier, str) else identifier.hex)

    def written(self, identifier: str) -> str:
        """Return the expression that encodes the database's text, itself given as an expression."""
        return f"{self._prefix!r} + {identifier}.replace('-', '')"


_ENCODERS: Final = {name: Encoder(name) for name in KINDS}


def encode(type_name: str, identifier: UUID | str) -> str:
    """Return the node id of a row; its UUID may come as the database's text, which is trusted."""
    return _ENCODERS[type_name](identifier)


def encoder(type_name: str) -> Encoder:
    """Return what encodes the ids of one type."""
    return _ENCODERS[type_name]


def decode(text: str) -> tuple[str, UUID] | None:
    """Return the type's name and the row's UUID, or None for what :func:`encode` never returns."""
    form = _FORM.fullmatch(text)
    if form is None or form[1] not in _NAMES:
        return None
    return _NAMES[form[1]], UUID(hex=form[2])


def of_kind(text: str, type_name: str) -> UUID:
    """Return the row's UUID, or :data:`NEVER` for a malformed or another type's id: both answer like an unknown one."""
    decoded = decode(text)
    return decoded[1] if decoded is not None and decoded[0] == type_name else NEVER
