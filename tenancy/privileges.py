"""The words of the privilege table: a verb on a kind of thing."""

from enum import StrEnum
from typing import Final


class Privilege(StrEnum):
    """Each field and mutation of tenant data names exactly one of these."""

    VIEWER_READ = "VIEWER_READ"
    PARTNER_READ = "PARTNER_READ"
    MEMBER_READ = "MEMBER_READ"
    CLIENT_READ = "CLIENT_READ"
    CLIENT_NOTES_READ = "CLIENT_NOTES_READ"
    CLIENT_CREATE = "CLIENT_CREATE"
    CLIENT_EDIT = "CLIENT_EDIT"
    ORGANISATION_READ = "ORGANISATION_READ"
    ORGANISATION_CREATE = "ORGANISATION_CREATE"
    ACCESS_READ = "ACCESS_READ"
    PLAN_READ = "PLAN_READ"
    SUBSCRIPTION_READ = "SUBSCRIPTION_READ"
    SUBSCRIPTION_CREATE = "SUBSCRIPTION_CREATE"
    SUBSCRIPTION_CHANGE = "SUBSCRIPTION_CHANGE"
    CARD_READ = "CARD_READ"
    RESELLER_CARD_ATTACH = "RESELLER_CARD_ATTACH"
    INVOICE_READ = "INVOICE_READ"


MEANINGS: Final = {
    Privilege.VIEWER_READ: "see who one is signed in as",
    Privilege.PARTNER_READ: "see the own partner's record",
    Privilege.MEMBER_READ: "see the partner's members",
    Privilege.CLIENT_READ: "see clients",
    Privilege.CLIENT_NOTES_READ: "see the staff's notes on a client",
    Privilege.CLIENT_CREATE: "create clients",
    Privilege.CLIENT_EDIT: "edit clients",
    Privilege.ORGANISATION_READ: "see the directory of organisations",
    Privilege.ORGANISATION_CREATE: "create child organisations",
    Privilege.ACCESS_READ: "see the partner's accesses to organisations",
    Privilege.PLAN_READ: "see plans and their prices",
    Privilege.SUBSCRIPTION_READ: "see subscriptions",
    Privilege.SUBSCRIPTION_CREATE: "create subscriptions",
    Privilege.SUBSCRIPTION_CHANGE: "change subscriptions",
    Privilege.CARD_READ: "see cards by brand, last four digits and expiry",
    Privilege.RESELLER_CARD_ATTACH: "add the partner's own cards",
    Privilege.INVOICE_READ: "see invoices",
}
"""What each privilege lets one do, as the end of a sentence that starts with "may"."""
