"""The privilege table as data: which role of a partner holds which privilege."""

from typing import Final

from storage.partners import PartnerRole
from tenancy.privileges import Privilege

_ALL: Final = frozenset(PartnerRole)
_OWNER_ADMIN: Final = frozenset({PartnerRole.OWNER, PartnerRole.ADMIN})
_MONEY: Final = _OWNER_ADMIN | {PartnerRole.BILLING}
_NOTES: Final = _MONEY | {PartnerRole.SUPPORT}
_OWNER_BILLING: Final = frozenset({PartnerRole.OWNER, PartnerRole.BILLING})

PARTNER_ROLES: Final = {
    Privilege.VIEWER_READ: _ALL,
    Privilege.PARTNER_READ: _ALL,
    Privilege.MEMBER_READ: _OWNER_ADMIN,
    Privilege.CLIENT_READ: _ALL,
    Privilege.CLIENT_NOTES_READ: _NOTES,
    Privilege.CLIENT_CREATE: _MONEY,
    Privilege.CLIENT_EDIT: _MONEY,
    Privilege.ORGANISATION_READ: _ALL,
    Privilege.ORGANISATION_CREATE: _OWNER_ADMIN,
    Privilege.ACCESS_READ: _ALL,
    Privilege.PLAN_READ: _ALL,
    Privilege.SUBSCRIPTION_READ: _ALL,
    Privilege.SUBSCRIPTION_CREATE: _MONEY,
    Privilege.SUBSCRIPTION_CHANGE: _MONEY,
    Privilege.CARD_READ: _ALL,
    Privilege.RESELLER_CARD_ATTACH: _OWNER_BILLING,
    Privilege.INVOICE_READ: _ALL,
}
"""Table 1 of the specification: partner members towards their own partner's clients and organisations."""

ROLE_NAMES: Final = {
    PartnerRole.OWNER: "owner",
    PartnerRole.ADMIN: "administrator",
    PartnerRole.BILLING: "billing member",
    PartnerRole.SUPPORT: "support member",
    PartnerRole.VIEWER: "viewer",
}
