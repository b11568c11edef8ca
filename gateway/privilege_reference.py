"""The reference of privileges: the four tables, what a denial says, and what demands what."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Final

from graphql import GraphQLObjectType

from schema.root import build_schema
from schema.specs import describe, describe_type
from storage.base import Reach
from storage.partners import PartnerRole
from tenancy.decide import Deny, decide
from tenancy.holders import TOWARDS, by_credential, cell
from tenancy.policy import (
    CONTACTS,
    DENIED_TO_PARTNERS,
    IN_PARTNER,
    INSIDE,
    OPERATORS,
    PARTNER_ROLES,
    SUPER_ADMIN_ONLY,
    WITHIN_A_FENCE,
)
from tenancy.principal import NO_PARTNER, Acting, Principal
from tenancy.privileges import MEANINGS, Privilege

Row = tuple[str, ...]
_DASH: Final = "\N{EN DASH}"


def meanings() -> list[Row]:
    """List every privilege with what it lets one do."""
    return [(f"`{privilege}`", MEANINGS[privilege]) for privilege in Privilege]


def partner_rows() -> list[Row]:
    """List table 1."""
    return [
        (f"`{privilege}`", *(_role(privilege, role) for role in PartnerRole))
        for privilege in Privilege
        if privilege in PARTNER_ROLES
    ]


def _role(privilege: Privilege, role: PartnerRole) -> str:
    if role not in PARTNER_ROLES[privilege]:
        return _DASH
    return f"✓ {TOWARDS[IN_PARTNER[privilege]]}" if privilege in IN_PARTNER else "✓"


def inside_rows() -> list[Row]:
    """List table 2, with the rule that a partner is told."""
    return [
        (
            f"`{privilege}`",
            cell(row.acting),
            cell(row.super_admin),
            cell(row.administrator),
            cell(row.member),
            f"`{DENIED_TO_PARTNERS[privilege].rule}`"
            if privilege in DENIED_TO_PARTNERS
            else ("`SUPER_ADMIN_ONLY`" if privilege in SUPER_ADMIN_ONLY else ""),
        )
        for privilege in Privilege
        if (row := INSIDE.get(privilege)) is not None
    ]


def contact_rows() -> list[Row]:
    """List table 3."""
    return [(f"`{privilege}`", f"`{needed}`" if needed else "none") for privilege, needed in CONTACTS.items()]


def platform_rows() -> list[Row]:
    """List table 4, with what scripts can hold."""
    return [
        (f"`{privilege}`", _tick(privilege in OPERATORS), _tick(by_credential(privilege)), _tick(_fenced(privilege)))
        for privilege in Privilege
        if privilege in OPERATORS or by_credential(privilege)
    ]


def _fenced(privilege: Privilege) -> bool:
    return by_credential(privilege) and privilege in WITHIN_A_FENCE


def _tick(held: bool) -> str:  # noqa: FBT001 - a cell
    return "✓" if held else _DASH


def denial_rows() -> list[Row]:
    """List what is said where a partner, or an organisation's own people, meet what is the other's part."""
    acting = Principal(
        membership_id=NO_PARTNER,
        login_id=None,
        kind="PARTNER_MEMBER",
        role=PartnerRole.OWNER,
        partner_id=NO_PARTNER,
        reach=Reach.ORG,
        acting=Acting(NO_PARTNER, NO_PARTNER, full_administration=True, privileges=frozenset()),
    )
    super_admin = Principal(
        membership_id=NO_PARTNER,
        login_id=None,
        kind="ORG_USER",
        role="SUPER_ADMIN",
        partner_id=NO_PARTNER,
        reach=Reach.ORG,
        partner_name="The partner",
    )
    asked = [(acting, privilege) for privilege in (*DENIED_TO_PARTNERS, *sorted(SUPER_ADMIN_ONLY))]
    asked.append((super_admin, Privilege.SUBSCRIPTION_CHANGE))
    made = [decide(principal, privilege) for principal, privilege in asked]
    return [
        (f"`{said.rule}`", said.because, said.who_can or "", said.how_to_request or "")
        for said in made
        if isinstance(said, Deny)
    ]


def demanding() -> Mapping[Privilege, set[str]]:
    """Return which types, fields and mutations demand each privilege."""
    found: defaultdict[Privilege, set[str]] = defaultdict(set)
    for named in build_schema()._schema.type_map.values():  # noqa: SLF001 - Strawberry's public face hides the types
        if not isinstance(named, GraphQLObjectType):
            continue
        owner = describe_type(named)
        if owner is not None:
            found[owner.read].add(named.name)
        for name, field in named.fields.items():
            spec = describe(field)
            if spec is not None and spec.guard is not None:
                found[spec.guard].add(f"{named.name}.{name}")
    return found
