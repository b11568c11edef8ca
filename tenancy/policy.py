"""The privilege tables as data: who holds what, on what it hangs, and what is said where it is denied.

`tenancy.decide` reads nothing else; so do the reference in `docs/` and the descriptions in the schema.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

import msgspec

from storage.identity import ContactPermission
from storage.org_users import OrgRole
from storage.partners import PartnerRole
from tenancy.conditions import Condition
from tenancy.privileges import Privilege as P  # noqa: N817 - a table's cells are read, not its words

_ALL: Final = frozenset(PartnerRole)
_OWNER_ADMIN: Final = frozenset({PartnerRole.OWNER, PartnerRole.ADMIN})
_MONEY: Final = _OWNER_ADMIN | {PartnerRole.BILLING}
_SUPPORT: Final = _OWNER_ADMIN | {PartnerRole.SUPPORT}
_NOTES: Final = _MONEY | {PartnerRole.SUPPORT}
_REPORTS: Final = _MONEY | {PartnerRole.VIEWER}
_OWNER_BILLING: Final = frozenset({PartnerRole.OWNER, PartnerRole.BILLING})

PARTNER_ROLES: Final[Mapping[P, frozenset[PartnerRole]]] = {
    P.VIEWER_READ: _ALL,
    P.OWN_SIGN_IN_MANAGE: _ALL,
    P.PLAN_READ: _ALL,
    P.NEWS_READ: _ALL,
    P.PARTNER_READ: _ALL,
    P.MEMBER_READ: _OWNER_ADMIN,
    P.MEMBER_MANAGE: _OWNER_ADMIN,
    P.API_CREDENTIAL_MANAGE: _OWNER_ADMIN,
    P.WEBHOOK_MANAGE: _OWNER_ADMIN,
    P.SETTINGS_MANAGE: _OWNER_ADMIN,
    P.RETAIL_PRICE_SET: _OWNER_ADMIN,
    P.MAIL_TEMPLATE_EDIT: _OWNER_ADMIN,
    P.AUDIT_READ: _OWNER_ADMIN,
    P.REPORT_READ: _REPORTS,
    P.MARGIN_READ: _MONEY,
    P.RESELLER_READ: _ALL,
    P.CLIENT_READ: _ALL,
    P.CLIENT_NOTES_READ: _NOTES,
    P.CLIENT_CREATE: _MONEY,
    P.CLIENT_EDIT: _MONEY,
    P.CLIENT_GROUP_MANAGE: _MONEY,
    P.CONTACT_EDIT: _NOTES,
    P.SUBSCRIPTION_READ: _ALL,
    P.SUBSCRIPTION_CREATE: _MONEY,
    P.SUBSCRIPTION_CHANGE: _MONEY,
    P.SUBSCRIPTION_SUSPEND: _MONEY,
    P.SUBSCRIPTION_CANCEL: _MONEY,
    P.LICENCE_CHANGE: _MONEY,
    P.CHANGE_REQUEST_READ: _ALL,
    P.CHANGE_REQUEST_DECIDE: _MONEY,
    P.CARD_READ: _ALL,
    P.CARD_CHANGE: _MONEY,
    P.RESELLER_CARD_ATTACH: _OWNER_BILLING,
    P.RESELLER_CARD_REMOVE: _OWNER_BILLING,
    P.RESELLER_CARD_CHOOSE: _OWNER_BILLING,
    P.CUSTOMER_CARD_CHOOSE: _MONEY,
    P.INVOICE_READ: _ALL,
    P.INVOICE_MANAGE: _MONEY,
    P.ESTIMATE_READ: _ALL,
    P.ESTIMATE_MANAGE: _MONEY,
    P.CREDIT_MANAGE: _MONEY,
    P.REFUND_MAKE: _MONEY,
    P.CHARGE_MAKE: _MONEY,
    P.STATEMENT_READ: _ALL,
    P.TICKET_MANAGE: _NOTES,
    P.ANNOUNCEMENT_MANAGE: _SUPPORT,
    P.KNOWLEDGE_BASE_MANAGE: _SUPPORT,
    P.ORGANISATION_READ: _ALL,
    P.ORGANISATION_CREATE: _OWNER_ADMIN,
    P.ORGANISATION_ACT: _SUPPORT,
    P.ACCESS_READ: _ALL,
    P.ACTING_READ: _OWNER_ADMIN,
    P.PARTNER_ACCESS_REQUEST: _OWNER_ADMIN,
    P.PARTNER_ACCESS_EXTEND: _OWNER_ADMIN,
    P.PARTNER_ACCESS_END: _OWNER_ADMIN,
    P.ESCALATION_READ: _ALL,
}
"""Table 1: partner members towards their own partner's clients and organisations."""

IN_PARTNER: Final[Mapping[P, Condition]] = {P.ORGANISATION_ACT: Condition.DOMAIN_VERIFIED}
"""What table 1 hangs on in the target."""


class Cell(StrEnum):
    """What a cell of table 2 says; a condition in its place is a tick that hangs on the target."""

    YES = "YES"
    NO = "NO"
    BY_ROLE = "BY_ROLE"
    ASKS = "ASKS"


class Inside(msgspec.Struct, frozen=True):
    """A row of table 2: the partner's member who acts, the super admin, an administrator, a member."""

    acting: Cell | Condition
    super_admin: Cell | Condition
    administrator: Cell | Condition
    member: Cell | Condition


_YES, _NO, _BY_ROLE, _ASKS = Cell.YES, Cell.NO, Cell.BY_ROLE, Cell.ASKS
_SELF: Final = Condition.SELF
_NOT_SA: Final = Condition.NOT_SUPER_ADMIN
_NOT_AD: Final = Condition.NOT_ADMINISTRATOR

INSIDE: Final[Mapping[P, Inside]] = {
    P.VIEWER_READ: Inside(_YES, _YES, _YES, _YES),
    P.OWN_SIGN_IN_MANAGE: Inside(_NO, _YES, _YES, _YES),
    P.PLAN_READ: Inside(_YES, _YES, _YES, _YES),
    P.NEWS_READ: Inside(_YES, _YES, _YES, _YES),
    P.CLIENT_READ: Inside(_BY_ROLE, _NO, _NO, _NO),
    P.INVOICE_READ: Inside(_BY_ROLE, _NO, _NO, _NO),
    P.CARD_READ: Inside(_BY_ROLE, _NO, _NO, _NO),
    P.SUBSCRIPTION_READ: Inside(_BY_ROLE, _YES, _YES, _NO),
    P.SUBSCRIPTION_CHANGE: Inside(_BY_ROLE, _NO, _NO, _NO),
    P.CARD_CHANGE: Inside(_BY_ROLE, _NO, _NO, _NO),
    P.LICENCE_CHANGE: Inside(_BY_ROLE, _NO, _NO, _NO),
    P.CHANGE_REQUEST_READ: Inside(_YES, _YES, _YES, _NO),
    P.CHANGE_REQUEST_CREATE: Inside(_NO, _YES, _YES, _NO),
    P.ORGANISATION_READ: Inside(_YES, _YES, _YES, _YES),
    P.ACCESS_READ: Inside(_YES, _YES, _YES, _NO),
    P.PARTNER_ACCESS_REVOKE: Inside(_NO, _YES, _YES, _NO),
    P.PARTNER_ACCESS_APPROVE: Inside(_NO, _YES, _NO, _NO),
    P.ACTING_READ: Inside(_NO, _YES, _YES, _NO),
    P.AUDIT_READ: Inside(_NO, _YES, _NO, _NO),
    P.ESCALATION_READ: Inside(_YES, _YES, _YES, _NO),
    P.ESCALATION_REQUEST: Inside(_YES, _NO, _NO, _NO),
    P.ESCALATION_APPROVE: Inside(_NO, _YES, _NO, _NO),
    P.ORG_READ: Inside(_YES, _YES, _YES, _SELF),
    P.ORG_SETTINGS_READ: Inside(_YES, _YES, _YES, _NO),
    P.DOMAIN_ADD: Inside(_YES, _YES, _YES, _NO),
    P.MAIL_POLICY_MANAGE: Inside(_YES, _YES, _YES, _NO),
    P.USER_GROUP_MANAGE: Inside(_YES, _YES, _YES, _NO),
    P.USER_CREATE: Inside(_YES, _YES, _YES, _NO),
    P.USER_EDIT: Inside(_NOT_AD, _NOT_SA, _NOT_SA, _NO),
    P.ALIAS_MANAGE: Inside(_NOT_AD, _NOT_SA, _NOT_SA, _NO),
    P.USER_SUSPEND: Inside(_NOT_AD, _NOT_SA, _NOT_SA, _NO),
    P.DOMAIN_REMOVE: Inside(_ASKS, _YES, _NO, _NO),
    P.ORG_ARCHIVE: Inside(_ASKS, _YES, _NO, _NO),
    P.ORG_CHANGE_SUPER_ADMIN: Inside(_ASKS, _YES, _NO, _NO),
    P.ORG_TFA_POLICY_SET: Inside(_ASKS, _YES, _NO, _NO),
    P.USER_ROLE_SET_ADMIN: Inside(_ASKS, _YES, _NO, _NO),
    P.USER_PROFILE_IMAGE_SET: Inside(_ASKS, _YES, _YES, _SELF),
    P.USER_RESET_PASSWORD: Inside(_ASKS, _YES, _NOT_SA, _SELF),
    P.USER_DELETE: Inside(_ASKS, _YES, _NOT_AD, _NO),
    P.USER_BACKUP: Inside(_ASKS, _YES, _NO, _SELF),
    P.ORG_DASHBOARD_EDIT: Inside(_ASKS, _YES, _YES, _NO),
    P.ORG_REFERRAL_USE: Inside(_ASKS, _YES, _YES, _NO),
    P.ORG_CONTACT_SYNC_SET: Inside(_ASKS, _YES, _NO, _NO),
}
"""Table 2: inside a child organisation. "Asks" is a denial that an approved escalation lifts, once."""


class Denied(msgspec.Struct, frozen=True):
    """What a partner is told of a task that is the customer's own."""

    rule: str
    because: str


DENIED_TO_PARTNERS: Final[Mapping[P, Denied]] = {
    P.ORG_CHANGE_SUPER_ADMIN: Denied(
        "PARTNER_DENIED_CHANGE_SUPER_ADMIN", "Who runs an organisation is decided in the organisation itself."
    ),
    P.ORG_TFA_POLICY_SET: Denied(
        "PARTNER_DENIED_TFA_POLICY", "How its people sign in is the organisation's own decision."
    ),
    P.USER_ROLE_SET_ADMIN: Denied(
        "PARTNER_DENIED_ADMIN_ROLE", "Whom it trusts to administer it, an organisation decides for itself."
    ),
    P.USER_PROFILE_IMAGE_SET: Denied(
        "PARTNER_DENIED_PROFILE_IMAGE", "A profile image belongs to the person and to the organisation."
    ),
    P.USER_RESET_PASSWORD: Denied(
        "PARTNER_DENIED_RESET_PASSWORD", "A password belongs to its user and to the organisation's own administrators."
    ),
    P.USER_DELETE: Denied(
        "PARTNER_DENIED_DELETE_USER", "Whether a person and all of their data go, the organisation decides."
    ),
    P.USER_BACKUP: Denied("PARTNER_DENIED_USER_BACKUP", "A copy of a person's data is the organisation's own affair."),
    P.ORG_DASHBOARD_EDIT: Denied("PARTNER_DENIED_DASHBOARD", "The dashboard is arranged by those who work with it."),
    P.ORG_REFERRAL_USE: Denied("PARTNER_DENIED_REFERRAL", "The referral programme is between the organisation and us."),
    P.ORG_CONTACT_SYNC_SET: Denied(
        "PARTNER_DENIED_CONTACT_SYNC", "Where its contacts are copied to, the organisation decides."
    ),
    P.ORG_ARCHIVE: Denied(
        "PARTNER_MUST_ASK_ORG_ARCHIVE", "An organisation is archived only when its super admin agrees."
    ),
    P.DOMAIN_REMOVE: Denied(
        "PARTNER_MUST_ASK_DOMAIN_REMOVE", "A verified domain is removed only when the super admin agrees."
    ),
}
"""The ten tasks that are denied to partners, and the two that they must ask for."""

TEN: Final = frozenset(DENIED_TO_PARTNERS) - {P.ORG_ARCHIVE, P.DOMAIN_REMOVE}
"""What no partner does in a customer's organisation, whatever its role or access."""

ABOUT_A_USER: Final = frozenset(
    {
        P.ORG_CHANGE_SUPER_ADMIN,
        P.USER_ROLE_SET_ADMIN,
        P.USER_PROFILE_IMAGE_SET,
        P.USER_RESET_PASSWORD,
        P.USER_DELETE,
        P.USER_BACKUP,
    }
)
"""The tasks whose target is a user of the organisation; that of the others is the organisation itself."""

PARTNER_MANAGED: Final = frozenset(
    {
        P.SUBSCRIPTION_CREATE,
        P.SUBSCRIPTION_CHANGE,
        P.SUBSCRIPTION_SUSPEND,
        P.SUBSCRIPTION_CANCEL,
        P.CARD_CHANGE,
        P.LICENCE_CHANGE,
        P.CUSTOMER_CARD_CHOOSE,
    }
)
"""The mirror rule: what the partner alone does for its customer's organisation."""

SUPER_ADMIN_ONLY: Final = frozenset({P.PARTNER_ACCESS_APPROVE, P.ESCALATION_APPROVE})
"""Approvals of what a partner asks for; no partner gives them to itself."""

GRANTABLE: Final = frozenset(
    {
        P.ORG_READ,
        P.DOMAIN_ADD,
        P.MAIL_POLICY_MANAGE,
        P.USER_GROUP_MANAGE,
        P.USER_CREATE,
        P.USER_EDIT,
        P.ALIAS_MANAGE,
        P.USER_SUSPEND,
    }
)
"""What an access can hold: the ticks of the acting member that are about the organisation's inside."""

IMPLIED: Final[Mapping[P, P]] = {P.ORG_SETTINGS_READ: P.ORG_READ}
"""What comes with another privilege of an access."""

CONTACTS: Final[Mapping[P, ContactPermission | None]] = {
    P.VIEWER_READ: None,
    P.OWN_SIGN_IN_MANAGE: None,
    P.PLAN_READ: None,
    P.NEWS_READ: None,
    P.CLIENT_READ: ContactPermission.PROFILE,
    P.CLIENT_PROFILE_EDIT: ContactPermission.PROFILE,
    P.INVOICE_READ: ContactPermission.INVOICES,
    P.INVOICE_PAY: ContactPermission.INVOICES,
    P.STATEMENT_READ: ContactPermission.INVOICES,
    P.ESTIMATE_READ: ContactPermission.ESTIMATES,
    P.ESTIMATE_DECIDE: ContactPermission.ESTIMATES,
    P.SUBSCRIPTION_READ: ContactPermission.SUBSCRIPTIONS,
    P.CHANGE_REQUEST_READ: ContactPermission.SUBSCRIPTIONS,
    P.CHANGE_REQUEST_CREATE: ContactPermission.SUBSCRIPTIONS,
    P.PLAN_CHANGE_USE: ContactPermission.SUBSCRIPTIONS,
    P.CARD_READ: ContactPermission.CARDS,
    P.CUSTOMER_CARD_MANAGE: ContactPermission.CARDS,
    P.TICKET_USE: ContactPermission.SUPPORT,
    P.CONTACT_MANAGE: ContactPermission.CONTACTS,
    P.ORGANISATION_READ: ContactPermission.ORGANISATIONS,
}
"""Table 3: contacts of a client; None where no permission is needed."""

OPERATORS: Final = frozenset(
    {
        P.VIEWER_READ,
        P.OWN_SIGN_IN_MANAGE,
        P.PLAN_READ,
        P.PARTNER_CREATE,
        P.PARTNER_SUSPEND,
        P.PLAN_MANAGE,
        P.WHOLESALE_PRICE_SET,
        P.PLATFORM_SUSPENSION_SET,
        P.PLATFORM_SETTINGS_MANAGE,
        P.PLATFORM_REPORT_READ,
    }
)
"""Table 4: the platform's own staff."""

NEVER_BY_CREDENTIAL: Final = frozenset(
    {
        P.OWN_SIGN_IN_MANAGE,
        P.ORGANISATION_ACT,
        P.PARTNER_ACCESS_REQUEST,
        P.PARTNER_ACCESS_EXTEND,
        P.ESCALATION_REQUEST,
        P.CHANGE_REQUEST_DECIDE,
        P.MEMBER_MANAGE,
        P.API_CREDENTIAL_MANAGE,
    }
)
"""A script never acts in an organisation, approves, escalates or makes others able to."""

WITHIN_A_FENCE: Final = frozenset(
    {
        P.VIEWER_READ,
        P.PLAN_READ,
        P.CLIENT_READ,
        P.CLIENT_NOTES_READ,
        P.CLIENT_EDIT,
        P.CONTACT_EDIT,
        P.ORGANISATION_READ,
        P.ORGANISATION_CREATE,
        P.ACCESS_READ,
        P.SUBSCRIPTION_READ,
        P.SUBSCRIPTION_CREATE,
        P.SUBSCRIPTION_CHANGE,
        P.SUBSCRIPTION_SUSPEND,
        P.SUBSCRIPTION_CANCEL,
        P.LICENCE_CHANGE,
        P.CHANGE_REQUEST_READ,
        P.CARD_READ,
        P.CARD_CHANGE,
        P.CUSTOMER_CARD_CHOOSE,
        P.INVOICE_READ,
        P.INVOICE_MANAGE,
        P.ESTIMATE_READ,
        P.ESTIMATE_MANAGE,
        P.STATEMENT_READ,
        P.CREDIT_MANAGE,
        P.REFUND_MAKE,
        P.CHARGE_MAKE,
        P.TICKET_MANAGE,
    }
)
"""What a credential that is fenced to chosen clients can hold: what is about one client."""

READING: Final[Mapping[str, P]] = {"org_user": P.ORG_READ, "user_backup": P.USER_BACKUP}
"""The tables of whose rows somebody may see some: by which privilege it is decided which."""

ROLE_NAMES: Final = {
    PartnerRole.OWNER: "owner",
    PartnerRole.ADMIN: "administrator",
    PartnerRole.BILLING: "billing member",
    PartnerRole.SUPPORT: "support member",
    PartnerRole.VIEWER: "viewer",
}

ORG_ROLE_NAMES: Final = {
    OrgRole.SUPER_ADMIN: "super admin",
    OrgRole.ADMIN: "administrator",
    OrgRole.MEMBER: "member",
}
