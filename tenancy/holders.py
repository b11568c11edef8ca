"""Who holds a privilege, in words: what the reference and the schema's descriptions say of the tables."""

from collections.abc import Iterator
from typing import Final

from storage.partners import PartnerRole
from tenancy.conditions import Condition
from tenancy.policy import (
    CONTACTS,
    DENIED_TO_PARTNERS,
    IN_PARTNER,
    INSIDE,
    NEVER_BY_CREDENTIAL,
    OPERATORS,
    PARTNER_MANAGED,
    PARTNER_ROLES,
    Cell,
)
from tenancy.privileges import Privilege

TOWARDS: Final = {
    Condition.SELF: "self",
    Condition.NOT_SUPER_ADMIN: "not SA",
    Condition.NOT_ADMINISTRATOR: "not SA, AD",
    Condition.DOMAIN_VERIFIED: "with a verified domain",
}
"""What a condition is called in a table's cell."""

_IN_WORDS: Final = {
    Condition.SELF: "for oneself",
    Condition.NOT_SUPER_ADMIN: "but not towards the super admin",
    Condition.NOT_ADMINISTRATOR: "but not towards the super admin or an administrator",
    Condition.DOMAIN_VERIFIED: "once a domain is verified",
}
_CELLS: Final = {Cell.YES: "✓", Cell.NO: "\N{EN DASH}", Cell.BY_ROLE: "by table 1", Cell.ASKS: "✗"}


def cell(said: Cell | Condition) -> str:
    """Return what stands in a cell of table 2."""
    return TOWARDS[said] if isinstance(said, Condition) else _CELLS[said]


def by_credential(privilege: Privilege) -> bool:
    """Tell whether an API credential can hold a privilege."""
    barred = privilege in NEVER_BY_CREDENTIAL or privilege in DENIED_TO_PARTNERS
    return privilege in PARTNER_ROLES and not barred


def told(privilege: Privilege) -> str:
    """Say in a sentence or two who holds a privilege."""
    held = "; ".join(_holders(privilege))
    sentences = [f"Held by {held}." if held else "Held by nobody yet."]
    if privilege in DENIED_TO_PARTNERS:
        sentences.append(
            f"Denied to partners ({DENIED_TO_PARTNERS[privilege].rule}) unless the super admin approves an escalation."
        )
    if privilege in PARTNER_MANAGED:
        sentences.append("Denied to the organisation's own people (PARTNER_MANAGED_SUBSCRIPTION).")
    return " ".join(sentences)


def _holders(privilege: Privilege) -> Iterator[str]:
    roles = [role.value for role in PartnerRole if role in PARTNER_ROLES.get(privilege, ())]
    if roles:
        condition = IN_PARTNER.get(privilege)
        yield f"the partner's {', '.join(roles)}{f' {_IN_WORDS[condition]}' if condition else ''}"
    row = INSIDE.get(privilege)
    if row is not None:
        named = {
            "a partner's member who acts": row.acting,
            "the organisation's super admin": row.super_admin,
            "its administrators": row.administrator,
            "its members": row.member,
        }
        for name, said in named.items():
            if isinstance(said, Condition):
                yield f"{name} {_IN_WORDS[said]}"
            elif said is Cell.YES:
                yield name
            elif said is Cell.BY_ROLE:
                yield f"{name}, if the role holds it"
    if privilege in CONTACTS:
        needed = CONTACTS[privilege]
        yield f"contacts with the permission {needed}" if needed else "every contact"
    if privilege in OPERATORS:
        yield "the platform's staff"
