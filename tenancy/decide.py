"""The decision: pure, from the principal and the privilege alone."""

from collections.abc import Callable
from typing import Final, TypeAlias

import msgspec

from storage.partners import PartnerRole
from tenancy.policy import PARTNER_ROLES, ROLE_NAMES
from tenancy.principal import Principal
from tenancy.privileges import MEANINGS, Privilege


class Allow(msgspec.Struct, frozen=True):
    """The privilege is held."""


class Deny(msgspec.Struct, frozen=True):
    """The privilege is not held: a stable rule, and three sentences for people."""

    rule: str
    because: str
    who_can: str | None = None
    how_to_request: str | None = None


Decision: TypeAlias = Allow | Deny
Decide: TypeAlias = Callable[[Principal, Privilege], Decision]

ALLOW: Final = Allow()


def decide(principal: Principal, privilege: Privilege) -> Decision:
    """Decide whether a principal holds a privilege; whatever no table names is denied."""
    if principal.kind != "PARTNER_MEMBER" or principal.role is None or principal.role not in PartnerRole.__members__:
        return Deny(
            rule=f"{principal.kind}_MAY_NOT_{privilege}",
            because=f"Only members of a partner may {MEANINGS[privilege]}.",
        )
    role = PartnerRole(principal.role)
    holders = PARTNER_ROLES[privilege]
    if role in holders:
        return ALLOW
    names = _listed([ROLE_NAMES[holder] for holder in PartnerRole if holder in holders])
    return Deny(
        rule=f"{role}_MAY_NOT_{privilege}",
        because=f"A {ROLE_NAMES[role]} may not {MEANINGS[privilege]}.",
        who_can=f"The {names} of your company can.",
        how_to_request=f"Ask the {names} of your company to do it, or to change your role.",
    )


def _listed(names: list[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} or {last}" if most else last
