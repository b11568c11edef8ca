"""The decision: pure, from the principal and the privilege alone; what hangs on the target is a condition."""

from collections.abc import Callable
from typing import Final, TypeAlias

import msgspec

from storage.base import Reach
from storage.org_users import OrgRole
from storage.partners import PartnerRole
from tenancy import sentences
from tenancy.conditions import Condition
from tenancy.policy import (
    CONTACTS,
    DENIED_TO_PARTNERS,
    GRANTABLE,
    IMPLIED,
    IN_PARTNER,
    INSIDE,
    NEVER_BY_CREDENTIAL,
    OPERATORS,
    PARTNER_MANAGED,
    PARTNER_ROLES,
    SUPER_ADMIN_ONLY,
    WITHIN_A_FENCE,
    Cell,
)
from tenancy.principal import Principal
from tenancy.privileges import Privilege
from tenancy.sentences import Deny


class Allow(msgspec.Struct, frozen=True):
    """The privilege is held."""


class When(msgspec.Struct, frozen=True):
    """The privilege is held towards targets of which the condition holds; `otherwise` is said of the others."""

    condition: Condition
    otherwise: Deny


Decision: TypeAlias = Allow | Deny | When
Decide: TypeAlias = Callable[[Principal, Privilege], Decision]

ALLOW: Final = Allow()
_EVERY_ACTING_MEMBERS: Final = frozenset({Privilege.VIEWER_READ, Privilege.PLAN_READ, Privilege.NEWS_READ})


def decide(principal: Principal, privilege: Privilege) -> Decision:
    """Decide whether a principal holds a privilege; whatever no table names is denied."""
    if principal.acting is not None:
        return _acting(principal, privilege)
    by_kind = {
        "PARTNER_MEMBER": _member,
        "API_CREDENTIAL": _credential,
        "ORG_USER": _org_user,
        "CONTACT": _contact,
        "OPERATOR": _operator,
    }.get(principal.kind)
    return by_kind(principal, privilege) if by_kind else sentences.stranger(principal.kind, privilege)


def _partner_role(principal: Principal) -> PartnerRole | None:
    return PartnerRole.__members__.get(principal.role or "")


def _member(principal: Principal, privilege: Privilege) -> Decision:
    """Table 1; what table 2 alone names is done only while acting."""
    role = _partner_role(principal)
    if role is None:
        return sentences.stranger(principal.kind, privilege)
    holders = PARTNER_ROLES.get(privilege)
    if holders is None:
        return _outside(privilege)
    if role not in holders:
        return sentences.role_lacks(role, privilege, holders)
    condition = IN_PARTNER.get(privilege)
    return ALLOW if condition is None else When(condition, sentences.not_of_this_target(role, privilege, condition))


def _outside(privilege: Privilege) -> Deny:
    """Say why a partner's member does not do inside an organisation what it does not act for."""
    if privilege in DENIED_TO_PARTNERS:
        return sentences.denied_to_partners(privilege, DENIED_TO_PARTNERS[privilege], acting=False)
    if privilege in SUPER_ADMIN_ONLY:
        return sentences.super_admin_only(privilege)
    if privilege is Privilege.PARTNER_ACCESS_REVOKE:
        return sentences.ends_its_own()
    row = INSIDE.get(privilege)
    if row is not None and row.acting is not Cell.NO:
        return sentences.not_acting(privilege)
    return sentences.not_a_partners(privilege)


def _acting(principal: Principal, privilege: Privilege) -> Decision:  # noqa: PLR0911 - one return for each rule
    """Table 2, its first column: what the member's role, the access and the column all hold."""
    role = _partner_role(principal)
    if role is None:
        return sentences.stranger(principal.kind, privilege)
    may_act = PARTNER_ROLES[Privilege.ORGANISATION_ACT]
    if privilege in DENIED_TO_PARTNERS:
        return sentences.denied_to_partners(privilege, DENIED_TO_PARTNERS[privilege], acting=role in may_act)
    if privilege in SUPER_ADMIN_ONLY:
        return sentences.super_admin_only(privilege)
    if role not in may_act and privilege not in _EVERY_ACTING_MEMBERS:
        return sentences.role_lacks(role, Privilege.ORGANISATION_ACT, may_act)
    row = INSIDE.get(privilege)
    if row is None:
        return sentences.not_while_acting(privilege)
    if row.acting is Cell.BY_ROLE:
        holders = PARTNER_ROLES[privilege]
        return ALLOW if role in holders else sentences.role_lacks(role, privilege, holders)
    if row.acting is Cell.NO:
        return (
            sentences.ends_its_own()
            if privilege is Privilege.PARTNER_ACCESS_REVOKE
            else sentences.not_a_partners(privilege)
        )
    if not _in_access(principal, privilege):
        return sentences.not_in_access(privilege)
    if isinstance(row.acting, Condition):
        return When(row.acting, sentences.not_of_this_person("PARTNER", privilege, row.acting))
    return ALLOW


def _in_access(principal: Principal, privilege: Privilege) -> bool:
    acting, needed = principal.acting, IMPLIED.get(privilege, privilege)
    return acting is None or acting.full_administration or needed not in GRANTABLE or needed in acting.privileges


def _org_user(principal: Principal, privilege: Privilege) -> Decision:
    """Table 2, its other columns; who works for the managing partner is a member at most."""
    role = OrgRole.__members__.get(principal.role or "")
    if role is None:
        return sentences.stranger(principal.kind, privilege)
    decision = _inside(role, principal, privilege)
    if not principal.works_for_the_partner or isinstance(decision, Deny):
        return decision
    lowered = _inside(OrgRole.MEMBER, principal, privilege)
    return sentences.works_for_the_partner(privilege) if isinstance(lowered, Deny) else lowered


def _inside(role: OrgRole, principal: Principal, privilege: Privilege) -> Decision:
    row = INSIDE.get(privilege)
    cell: Cell | Condition = Cell.NO
    if row is not None:
        cell = {
            OrgRole.SUPER_ADMIN: row.super_admin,
            OrgRole.ADMIN: row.administrator,
            OrgRole.MEMBER: row.member,
        }[role]
    if isinstance(cell, Condition):
        return When(cell, sentences.not_of_this_person(sentences.RELATIONS[role], privilege, cell))
    if cell is Cell.YES:
        return ALLOW
    if privilege in PARTNER_MANAGED:
        return sentences.partner_managed(principal, privilege)
    return sentences.org_role_lacks(role, privilege, row)


def _contact(principal: Principal, privilege: Privilege) -> Decision:
    """Table 3."""
    if privilege not in CONTACTS:
        return sentences.not_a_contacts(privilege)
    needed = CONTACTS[privilege]
    return ALLOW if needed is None or needed in principal.permissions else sentences.contact_needs(needed, privilege)


def _credential(principal: Principal, privilege: Privilege) -> Decision:  # noqa: PLR0911 - one return for each sieve
    """Table 1 through three sieves: named on the credential, still held by its creator, possible within its fence."""
    if privilege is Privilege.VIEWER_READ:
        return ALLOW
    if privilege in DENIED_TO_PARTNERS:
        return sentences.denied_to_partners(privilege, DENIED_TO_PARTNERS[privilege], acting=False)
    if privilege in NEVER_BY_CREDENTIAL or privilege not in PARTNER_ROLES:
        return sentences.never_by_credential(privilege)
    if principal.reach is Reach.FENCE and privilege not in WITHIN_A_FENCE:
        return sentences.beyond_the_fence(privilege)
    if privilege not in principal.privileges:
        return sentences.credential_lacks(privilege)
    if principal.creator_role not in PARTNER_ROLES[privilege]:
        return sentences.creator_lacks(privilege)
    return ALLOW


def _operator(_principal: Principal, privilege: Privilege) -> Decision:
    """Table 4."""
    return ALLOW if privilege in OPERATORS else sentences.not_an_operators(privilege)


__all__ = ["ALLOW", "Allow", "Decide", "Decision", "Deny", "When", "decide"]
