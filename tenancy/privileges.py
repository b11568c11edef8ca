"""The words of the privilege tables: a verb on a kind of thing."""

from enum import StrEnum
from typing import Final


class Privilege(StrEnum):
    """Each field and mutation of tenant data names exactly one of these."""

    # Oneself, and what everybody sees.
    VIEWER_READ = "VIEWER_READ"
    OWN_SIGN_IN_MANAGE = "OWN_SIGN_IN_MANAGE"
    PLAN_READ = "PLAN_READ"
    NEWS_READ = "NEWS_READ"
    # A partner and its business.
    PARTNER_READ = "PARTNER_READ"
    MEMBER_READ = "MEMBER_READ"
    MEMBER_MANAGE = "MEMBER_MANAGE"
    API_CREDENTIAL_MANAGE = "API_CREDENTIAL_MANAGE"
    WEBHOOK_MANAGE = "WEBHOOK_MANAGE"
    SETTINGS_MANAGE = "SETTINGS_MANAGE"
    RETAIL_PRICE_SET = "RETAIL_PRICE_SET"
    MAIL_TEMPLATE_EDIT = "MAIL_TEMPLATE_EDIT"
    AUDIT_READ = "AUDIT_READ"
    REPORT_READ = "REPORT_READ"
    MARGIN_READ = "MARGIN_READ"
    RESELLER_READ = "RESELLER_READ"
    # Clients and what they buy.
    CLIENT_READ = "CLIENT_READ"
    CLIENT_NOTES_READ = "CLIENT_NOTES_READ"
    CLIENT_CREATE = "CLIENT_CREATE"
    CLIENT_EDIT = "CLIENT_EDIT"
    CLIENT_PROFILE_EDIT = "CLIENT_PROFILE_EDIT"
    CLIENT_GROUP_MANAGE = "CLIENT_GROUP_MANAGE"
    CONTACT_EDIT = "CONTACT_EDIT"
    CONTACT_MANAGE = "CONTACT_MANAGE"
    SUBSCRIPTION_READ = "SUBSCRIPTION_READ"
    SUBSCRIPTION_CREATE = "SUBSCRIPTION_CREATE"
    SUBSCRIPTION_CHANGE = "SUBSCRIPTION_CHANGE"
    SUBSCRIPTION_SUSPEND = "SUBSCRIPTION_SUSPEND"
    SUBSCRIPTION_CANCEL = "SUBSCRIPTION_CANCEL"
    LICENCE_CHANGE = "LICENCE_CHANGE"
    PLAN_CHANGE_USE = "PLAN_CHANGE_USE"
    CHANGE_REQUEST_READ = "CHANGE_REQUEST_READ"
    CHANGE_REQUEST_CREATE = "CHANGE_REQUEST_CREATE"
    CHANGE_REQUEST_DECIDE = "CHANGE_REQUEST_DECIDE"
    CARD_READ = "CARD_READ"
    CARD_CHANGE = "CARD_CHANGE"
    RESELLER_CARD_ATTACH = "RESELLER_CARD_ATTACH"
    RESELLER_CARD_REMOVE = "RESELLER_CARD_REMOVE"
    RESELLER_CARD_CHOOSE = "RESELLER_CARD_CHOOSE"
    CUSTOMER_CARD_CHOOSE = "CUSTOMER_CARD_CHOOSE"
    CUSTOMER_CARD_MANAGE = "CUSTOMER_CARD_MANAGE"
    INVOICE_READ = "INVOICE_READ"
    INVOICE_MANAGE = "INVOICE_MANAGE"
    INVOICE_PAY = "INVOICE_PAY"
    STATEMENT_READ = "STATEMENT_READ"
    ESTIMATE_READ = "ESTIMATE_READ"
    ESTIMATE_MANAGE = "ESTIMATE_MANAGE"
    ESTIMATE_DECIDE = "ESTIMATE_DECIDE"
    CREDIT_MANAGE = "CREDIT_MANAGE"
    REFUND_MAKE = "REFUND_MAKE"
    CHARGE_MAKE = "CHARGE_MAKE"
    TICKET_USE = "TICKET_USE"
    TICKET_MANAGE = "TICKET_MANAGE"
    ANNOUNCEMENT_MANAGE = "ANNOUNCEMENT_MANAGE"
    KNOWLEDGE_BASE_MANAGE = "KNOWLEDGE_BASE_MANAGE"
    # Organisations, as their partner sees them, and the way in.
    ORGANISATION_READ = "ORGANISATION_READ"
    ORGANISATION_CREATE = "ORGANISATION_CREATE"
    ORGANISATION_ACT = "ORGANISATION_ACT"
    ACCESS_READ = "ACCESS_READ"
    PARTNER_ACCESS_REQUEST = "PARTNER_ACCESS_REQUEST"
    PARTNER_ACCESS_EXTEND = "PARTNER_ACCESS_EXTEND"
    PARTNER_ACCESS_END = "PARTNER_ACCESS_END"
    PARTNER_ACCESS_REVOKE = "PARTNER_ACCESS_REVOKE"
    PARTNER_ACCESS_APPROVE = "PARTNER_ACCESS_APPROVE"
    ACTING_READ = "ACTING_READ"
    ESCALATION_READ = "ESCALATION_READ"
    ESCALATION_REQUEST = "ESCALATION_REQUEST"
    ESCALATION_APPROVE = "ESCALATION_APPROVE"
    # Inside an organisation.
    ORG_READ = "ORG_READ"
    ORG_SETTINGS_READ = "ORG_SETTINGS_READ"
    DOMAIN_ADD = "DOMAIN_ADD"
    DOMAIN_REMOVE = "DOMAIN_REMOVE"
    MAIL_POLICY_MANAGE = "MAIL_POLICY_MANAGE"
    USER_GROUP_MANAGE = "USER_GROUP_MANAGE"
    USER_CREATE = "USER_CREATE"
    USER_EDIT = "USER_EDIT"
    ALIAS_MANAGE = "ALIAS_MANAGE"
    USER_SUSPEND = "USER_SUSPEND"
    ORG_ARCHIVE = "ORG_ARCHIVE"
    ORG_CHANGE_SUPER_ADMIN = "ORG_CHANGE_SUPER_ADMIN"
    ORG_TFA_POLICY_SET = "ORG_TFA_POLICY_SET"
    USER_ROLE_SET_ADMIN = "USER_ROLE_SET_ADMIN"
    USER_PROFILE_IMAGE_SET = "USER_PROFILE_IMAGE_SET"
    USER_RESET_PASSWORD = "USER_RESET_PASSWORD"  # noqa: S105 - a privilege, no password
    USER_DELETE = "USER_DELETE"
    USER_BACKUP = "USER_BACKUP"
    ORG_DASHBOARD_EDIT = "ORG_DASHBOARD_EDIT"
    ORG_REFERRAL_USE = "ORG_REFERRAL_USE"
    ORG_CONTACT_SYNC_SET = "ORG_CONTACT_SYNC_SET"
    # The platform's own.
    PARTNER_CREATE = "PARTNER_CREATE"
    PARTNER_SUSPEND = "PARTNER_SUSPEND"
    PLAN_MANAGE = "PLAN_MANAGE"
    WHOLESALE_PRICE_SET = "WHOLESALE_PRICE_SET"
    PLATFORM_SUSPENSION_SET = "PLATFORM_SUSPENSION_SET"
    PLATFORM_SETTINGS_MANAGE = "PLATFORM_SETTINGS_MANAGE"
    PLATFORM_REPORT_READ = "PLATFORM_REPORT_READ"


MEANINGS: Final = {
    Privilege.VIEWER_READ: "see who one is signed in as",
    Privilege.OWN_SIGN_IN_MANAGE: "change one's own password, second factor and sessions",
    Privilege.PLAN_READ: "see plans and their prices",
    Privilege.NEWS_READ: "read announcements and the knowledge base",
    Privilege.PARTNER_READ: "see the own partner's record",
    Privilege.MEMBER_READ: "see the partner's members",
    Privilege.MEMBER_MANAGE: "invite, change and dismiss the partner's members",
    Privilege.API_CREDENTIAL_MANAGE: "make and revoke API credentials",
    Privilege.WEBHOOK_MANAGE: "manage webhooks",
    Privilege.SETTINGS_MANAGE: "change the partner's settings",
    Privilege.RETAIL_PRICE_SET: "set retail prices",
    Privilege.MAIL_TEMPLATE_EDIT: "edit mail templates",
    Privilege.AUDIT_READ: "read the audit trail",
    Privilege.REPORT_READ: "read reports",
    Privilege.MARGIN_READ: "see wholesale prices, margin and commission",
    Privilege.RESELLER_READ: "see the totals of one's resellers",
    Privilege.CLIENT_READ: "see clients",
    Privilege.CLIENT_NOTES_READ: "see the staff's notes on a client",
    Privilege.CLIENT_CREATE: "create clients",
    Privilege.CLIENT_EDIT: "edit clients",
    Privilege.CLIENT_PROFILE_EDIT: "edit the own client's profile",
    Privilege.CLIENT_GROUP_MANAGE: "manage client groups",
    Privilege.CONTACT_EDIT: "edit contacts and their permissions",
    Privilege.CONTACT_MANAGE: "add, edit and remove the own client's contacts",
    Privilege.SUBSCRIPTION_READ: "see subscriptions",
    Privilege.SUBSCRIPTION_CREATE: "create subscriptions",
    Privilege.SUBSCRIPTION_CHANGE: "change subscriptions",
    Privilege.SUBSCRIPTION_SUSPEND: "suspend and resume subscriptions",
    Privilege.SUBSCRIPTION_CANCEL: "cancel subscriptions",
    Privilege.LICENCE_CHANGE: "change licences",
    Privilege.PLAN_CHANGE_USE: "use a plan change that the partner approved beforehand",
    Privilege.CHANGE_REQUEST_READ: "see change requests",
    Privilege.CHANGE_REQUEST_CREATE: "ask for a change of a subscription",
    Privilege.CHANGE_REQUEST_DECIDE: "approve and decline change requests",
    Privilege.CARD_READ: "see cards by brand, last four digits and expiry",
    Privilege.CARD_CHANGE: "change the card of a subscription",
    Privilege.RESELLER_CARD_ATTACH: "add the partner's own cards",
    Privilege.RESELLER_CARD_REMOVE: "remove the partner's own cards",
    Privilege.RESELLER_CARD_CHOOSE: "choose the partner's own card for a subscription",
    Privilege.CUSTOMER_CARD_CHOOSE: "choose a customer's card for a subscription",
    Privilege.CUSTOMER_CARD_MANAGE: "add and remove the own client's cards and consent to automatic payment",
    Privilege.INVOICE_READ: "see invoices",
    Privilege.INVOICE_MANAGE: "issue, void and credit invoices",
    Privilege.INVOICE_PAY: "pay an invoice",
    Privilege.STATEMENT_READ: "see statements of account",
    Privilege.ESTIMATE_READ: "see estimates",
    Privilege.ESTIMATE_MANAGE: "make and send estimates",
    Privilege.ESTIMATE_DECIDE: "accept and decline estimates",
    Privilege.CREDIT_MANAGE: "book credit",
    Privilege.REFUND_MAKE: "refund payments",
    Privilege.CHARGE_MAKE: "charge cards",
    Privilege.TICKET_USE: "open and answer the own client's tickets",
    Privilege.TICKET_MANAGE: "answer tickets",
    Privilege.ANNOUNCEMENT_MANAGE: "publish announcements",
    Privilege.KNOWLEDGE_BASE_MANAGE: "edit the knowledge base",
    Privilege.ORGANISATION_READ: "see the directory of organisations",
    Privilege.ORGANISATION_CREATE: "create child organisations",
    Privilege.ORGANISATION_ACT: "act in an organisation",
    Privilege.ACCESS_READ: "see the partner's accesses to organisations",
    Privilege.PARTNER_ACCESS_REQUEST: "request access to an organisation",
    Privilege.PARTNER_ACCESS_EXTEND: "extend an access to an organisation",
    Privilege.PARTNER_ACCESS_END: "end the partner's own access to an organisation",
    Privilege.PARTNER_ACCESS_REVOKE: "revoke the partner's access to the organisation",
    Privilege.PARTNER_ACCESS_APPROVE: "approve and decline the partner's requests for access",
    Privilege.ACTING_READ: "see who acted in the organisation, when and why",
    Privilege.ESCALATION_READ: "see escalations",
    Privilege.ESCALATION_REQUEST: "request an escalation",
    Privilege.ESCALATION_APPROVE: "approve and decline escalations",
    Privilege.ORG_READ: "see the organisation's users",
    Privilege.ORG_SETTINGS_READ: "see the organisation's settings",
    Privilege.DOMAIN_ADD: "add domains",
    Privilege.DOMAIN_REMOVE: "remove a verified domain",
    Privilege.MAIL_POLICY_MANAGE: "manage mail policies",
    Privilege.USER_GROUP_MANAGE: "manage groups of users",
    Privilege.USER_CREATE: "create users",
    Privilege.USER_EDIT: "edit a user's name, department and phone",
    Privilege.ALIAS_MANAGE: "manage aliases",
    Privilege.USER_SUSPEND: "suspend and reactivate users",
    Privilege.ORG_ARCHIVE: "archive the organisation",
    Privilege.ORG_CHANGE_SUPER_ADMIN: "make another user the super admin",
    Privilege.ORG_TFA_POLICY_SET: "set the policy of the second factor",
    Privilege.USER_ROLE_SET_ADMIN: "make a user an administrator, or a member again",
    Privilege.USER_PROFILE_IMAGE_SET: "set a user's profile image",
    Privilege.USER_RESET_PASSWORD: "reset a user's password",
    Privilege.USER_DELETE: "delete users",
    Privilege.USER_BACKUP: "have a user's data backed up, and see the backups",
    Privilege.ORG_DASHBOARD_EDIT: "edit the organisation's dashboard",
    Privilege.ORG_REFERRAL_USE: "see and use the referral programme",
    Privilege.ORG_CONTACT_SYNC_SET: "switch the synchronisation of contacts",
    Privilege.PARTNER_CREATE: "create partners",
    Privilege.PARTNER_SUSPEND: "suspend partners",
    Privilege.PLAN_MANAGE: "manage plans",
    Privilege.WHOLESALE_PRICE_SET: "set wholesale prices",
    Privilege.PLATFORM_SUSPENSION_SET: "suspend subscriptions as the operator",
    Privilege.PLATFORM_SETTINGS_MANAGE: "change the platform's settings and templates",
    Privilege.PLATFORM_REPORT_READ: "read totals across partners",
}
"""What each privilege lets one do, as the end of a sentence that starts with "may"."""
