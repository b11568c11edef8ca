"""What a denial says: a rule with a stable code, why, who can, and how to ask for it."""

from collections.abc import Iterable
from typing import Final

import msgspec

from storage.identity import ContactPermission
from storage.org_users import OrgRole
from storage.partners import PartnerRole
from tenancy.conditions import Condition
from tenancy.policy import ABOUT_A_USER, INSIDE, ORG_ROLE_NAMES, ROLE_NAMES, TEN, Cell, Denied, Inside
from tenancy.principal import Principal
from tenancy.privileges import MEANINGS, Privilege


class Deny(msgspec.Struct, frozen=True):
    """The privilege is not held: a stable rule, and three sentences for people.

    `escalable` says that an approved escalation lifts it, once.
    """

    rule: str
    because: str
    who_can: str | None = None
    how_to_request: str | None = None
    escalable: bool = False


RELATIONS: Final = {
    OrgRole.SUPER_ADMIN: "SUPER_ADMIN",
    OrgRole.ADMIN: "ADMINISTRATOR",
    OrgRole.MEMBER: "ORG_MEMBER",
}
_OF: Final = {
    Condition.SELF: ("ANOTHER", "of anybody but oneself"),
    Condition.NOT_SUPER_ADMIN: ("SUPER_ADMIN", "where the super admin is concerned"),
    Condition.NOT_ADMINISTRATOR: ("ADMINISTRATOR", "where the super admin or an administrator is concerned"),
}


def listed(names: Iterable[str]) -> str:
    """Join names as a sentence does."""
    *most, last = names
    return f"{', '.join(most)} or {last}" if most else last


def _a(name: str) -> str:
    return f"An {name}" if name[0] in "aeiou" else f"A {name}"


def stranger(kind: str, privilege: Privilege) -> Deny:
    """Deny somebody whom no table names."""
    return Deny(f"{kind}_MAY_NOT_{privilege}", f"Only members of a partner may {MEANINGS[privilege]}.")


def role_lacks(role: PartnerRole, privilege: Privilege, holders: Iterable[PartnerRole]) -> Deny:
    """Deny what other roles of the partner hold."""
    names = listed([ROLE_NAMES[holder] for holder in PartnerRole if holder in set(holders)])
    return Deny(
        f"{role}_MAY_NOT_{privilege}",
        f"{_a(ROLE_NAMES[role])} may not {MEANINGS[privilege]}.",
        f"The {names} of your company can.",
        f"Ask the {names} of your company to do it, or to change your role.",
    )


def not_of_this_target(role: PartnerRole, privilege: Privilege, condition: Condition) -> Deny:
    """Deny what hangs on the state of what it is about."""
    return Deny(
        f"{role}_MAY_NOT_{privilege}_UNTIL_{condition}",
        "An organisation is managed only once one of its domains is shown to be its own.",
        "Whoever runs the domain's DNS can show it.",
        "Have the organisation's domain verified, then try again.",
    )


def denied_to_partners(privilege: Privilege, denied: Denied, *, acting: bool) -> Deny:
    """Deny one of the tasks that are the customer's own."""
    about = " about the user with userId" if privilege in ABOUT_A_USER else ""
    first = "" if acting else "Act in the organisation with organisationManage, then "
    ask = (
        f"file an escalation with escalationRequest (task {privilege}){about}; its super admin approves it for one use."
    )
    return Deny(
        denied.rule,
        denied.because,
        f"{_holders(privilege)} of the organisation can.",
        (first + ask) if first else ask[0].upper() + ask[1:],
        escalable=acting,
    )


def _holders(privilege: Privilege) -> str:
    row = INSIDE[privilege]
    return "The super admin" if row.administrator is Cell.NO else "The super admin or an administrator"


def super_admin_only(privilege: Privilege) -> Deny:
    """Deny a partner what only the super admin answers."""
    return Deny(
        "SUPER_ADMIN_ONLY",
        f"Only the organisation's super admin may {MEANINGS[privilege]}.",
        "The super admin of the organisation can.",
        "Wait for the super admin's answer, or ask in person.",
    )


def ends_its_own() -> Deny:
    """Tell a partner that it ends its access itself."""
    return Deny(
        "PARTNER_ENDS_ITS_OWN_ACCESS",
        "To revoke an access is the organisation's part; a partner ends its own.",
        "The super admin or an administrator of the organisation can.",
        "End the access with partnerAccessEnd, as an owner or administrator of your company.",
    )


def not_acting(privilege: Privilege) -> Deny:
    """Tell a member of a partner to act in the organisation first."""
    return Deny(
        f"PARTNER_NOT_ACTING_{privilege}",
        f"To {MEANINGS[privilege]}, one acts in the organisation, for a reason that its super admin can read.",
        "A member of your company who may act in organisations can.",
        "Start with organisationManage and use the token that is given for the session.",
    )


def not_a_partners(privilege: Privilege) -> Deny:
    """Deny a partner what is the customer's part."""
    return Deny(
        f"PARTNER_MAY_NOT_{privilege}",
        f"To {MEANINGS[privilege]} is the part of the organisation or the client, not of its partner.",
        "The super admin or an administrator of the organisation can.",
    )


def not_while_acting(privilege: Privilege) -> Deny:
    """Tell a member of a partner that this is not done in the name of a customer."""
    return Deny(
        f"PARTNER_ACTING_MAY_NOT_{privilege}",
        f"While acting in an organisation one may not {MEANINGS[privilege]}.",
        "A member of your company whose role allows it can, without acting.",
        "Leave the organisation and use your own token.",
    )


def not_in_access(privilege: Privilege) -> Deny:
    """Deny what the access does not hold."""
    return Deny(
        f"ACCESS_LACKS_{privilege}",
        f"Your company's access to this organisation does not let it {MEANINGS[privilege]}.",
        "The organisation's own administrators can.",
        f"Request an access that holds {privilege} with partnerAccessRequest.",
    )


def not_of_this_person(relation: str, privilege: Privilege, condition: Condition) -> Deny:
    """Deny what is allowed towards others."""
    code, whom = _OF[condition]
    spared = INSIDE[privilege].super_admin is Condition.NOT_SUPER_ADMIN and condition is Condition.NOT_SUPER_ADMIN
    who = None if spared else "The super admin of the organisation can."
    return Deny(f"{relation}_MAY_NOT_{privilege}_OF_{code}", f"You may not {MEANINGS[privilege]} {whom}.", who)


def works_for_the_partner(privilege: Privilege) -> Deny:
    """Deny administration to those who manage the organisation for the partner."""
    return Deny(
        f"PARTNER_STAFF_MAY_NOT_{privilege}",
        "Who works for the partner that manages an organisation, or for one above it, does not administer it.",
        "A super admin or an administrator who does not work for the partner can.",
    )


def partner_managed(principal: Principal, privilege: Privilege) -> Deny:
    """The mirror rule: tell an organisation's people which partner to turn to."""
    partner = principal.partner_name or "Your partner"
    contact = f" ({principal.partner_email})" if principal.partner_email else ""
    return Deny(
        "PARTNER_MANAGED_SUBSCRIPTION",
        f"{partner} manages this organisation's subscriptions: you may not {MEANINGS[privilege]}.",
        f"{partner}{contact} can.",
        "Ask for an upgrade, a downgrade or storage with changeRequestCreate.",
    )


def org_role_lacks(role: OrgRole, privilege: Privilege, row: Inside | None) -> Deny:
    """Deny what others in the organisation, or nobody there, may do."""
    rule = f"{RELATIONS[role]}_MAY_NOT_{privilege}"
    because = f"{_a(ORG_ROLE_NAMES[role])} of an organisation may not {MEANINGS[privilege]}."
    if row is None:
        return Deny(rule, because)
    if row.super_admin is not Cell.NO and role is not OrgRole.SUPER_ADMIN:
        wider = row.administrator is not Cell.NO and role is OrgRole.MEMBER
        who = "super admin or an administrator" if wider else "super admin"
        return Deny(rule, because, f"The {who} of your organisation can.", f"Ask the {who} to do it.")
    return Deny(rule, because)


def not_a_contacts(privilege: Privilege) -> Deny:
    """Deny what is no part of the client area."""
    return Deny(f"CONTACT_MAY_NOT_{privilege}", f"In the client area one may not {MEANINGS[privilege]}.")


def contact_needs(permission: ContactPermission, privilege: Privilege) -> Deny:
    """Deny what the contact's permissions do not hold."""
    return Deny(
        f"CONTACT_NEEDS_{permission}_TO_{privilege}",
        f"To {MEANINGS[privilege]}, a contact needs the permission {permission}.",
        f"A contact of your company with the permission {permission} can.",
        "Ask a contact who may manage contacts, or your provider, for the permission.",
    )


def never_by_credential(privilege: Privilege) -> Deny:
    """Deny what no script ever does."""
    return Deny(
        f"API_CREDENTIAL_NEVER_{privilege}",
        f"An API credential may never {MEANINGS[privilege]}.",
        "A person who is signed in and whose role allows it can.",
    )


def beyond_the_fence(privilege: Privilege) -> Deny:
    """Deny what is not about the clients that a script is fenced to."""
    return Deny(
        f"API_CREDENTIAL_FENCED_{privilege}",
        f"An API credential that is fenced to chosen clients may not {MEANINGS[privilege]}.",
        "An API credential without a fence can.",
        "Have an owner or administrator make one.",
    )


def credential_lacks(privilege: Privilege) -> Deny:
    """Deny what is not named on a script's credential."""
    return Deny(
        f"API_CREDENTIAL_LACKS_{privilege}",
        f"This API credential does not hold {privilege}: it may not {MEANINGS[privilege]}.",
        f"An API credential that holds {privilege} can.",
        "Have an owner or administrator make one that does.",
    )


def creator_lacks(privilege: Privilege) -> Deny:
    """Deny what the member who made a script's credential no longer holds."""
    return Deny(
        f"API_CREDENTIAL_CREATOR_MAY_NOT_{privilege}",
        f"The member who made this API credential may not {MEANINGS[privilege]}, so neither may it.",
        "An API credential made by a member whose role allows it can.",
        "Have an owner or administrator make one.",
    )


def not_an_operators(privilege: Privilege) -> Deny:
    """Deny the platform's staff what is a tenant's."""
    denied = f"OPERATOR_DENIED_{privilege}" if privilege in TEN else f"OPERATOR_MAY_NOT_{privilege}"
    return Deny(
        denied,
        f"The platform's staff may not {MEANINGS[privilege]}: that is the tenant's own.",
        "The tenant's own people can.",
    )
