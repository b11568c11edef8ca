"""The words of states and roles, with what each means."""

from enum import Enum
from typing import TypeVar

import strawberry

from storage.accesses import AccessState
from storage.audit import AuditOutcome
from storage.cards import CardHolder, CardStatus
from storage.change_requests import ChangeRequestKind, ChangeRequestState
from storage.clients import ClientStatus, PaymentMethod
from storage.escalations import EscalationState
from storage.identity import ContactPermission, MembershipKind
from storage.invoices import InvoiceState
from storage.org_settings import DashboardWidget, TfaPolicy
from storage.org_users import BackupState, OrgRole, OrgUserStatus
from storage.organisations import DomainStatus, OrganisationStatus
from storage.partners import MemberStatus, PartnerRole, PartnerStatus
from storage.plans import BillingCycle, PlanStatus
from storage.subscriptions import SubscriptionStatus
from tenancy.holders import told
from tenancy.privileges import MEANINGS, Privilege

_Enum = TypeVar("_Enum", bound=type[Enum])


def _told(kind: _Enum, doc: str, **meanings: str) -> _Enum:
    """Publish an enum of the tables; every member must be given its meaning."""
    made: _Enum = strawberry.enum(kind, description=doc)
    values = {value.value: value for value in made.__strawberry_definition__.values}  # type: ignore[attr-defined]
    if set(values) != set(meanings):
        message = f"{kind.__name__}: say what {sorted(set(values) ^ set(meanings))} means"
        raise TypeError(message)
    for name, meaning in meanings.items():
        values[name].description = meaning
    return made


_told(
    MembershipKind,
    "What a person or a script is signed in as.",
    OPERATOR="The platform's staff.",
    PARTNER_MEMBER="A member of a partner.",
    API_CREDENTIAL="A script of a partner.",
    ORG_USER="A user of a child organisation.",
    CONTACT="A contact of a client, in the client area.",
)
_told(
    PartnerRole,
    "What a member may do in its partner.",
    OWNER="Everything that a partner may do.",
    ADMIN="Everything but the partner's own cards and its owners.",
    BILLING="Clients, subscriptions, cards and money.",
    SUPPORT="Tickets, contacts and acting for customers.",
    VIEWER="Reading only.",
)
_told(
    MemberStatus,
    "Whether a member can sign in.",
    ACTIVE="Can sign in.",
    DISMISSED="Cannot sign in any more.",
)
_told(
    PartnerStatus,
    "Whether a partner trades.",
    ACTIVE="Trades.",
    SUSPENDED="Is suspended by the operator.",
)
_told(
    ClientStatus,
    "Whether a client buys.",
    ACTIVE="Has, or is expected to have, a live subscription.",
    INACTIVE="Has no live subscription.",
    CLOSED="Is closed; nothing is sold to it.",
)
_told(
    PaymentMethod,
    "How a client pays unless an invoice says otherwise.",
    CARD="By a stored card.",
    BANK_TRANSFER="By bank transfer.",
    OFFLINE="In another way, recorded by staff.",
)
_told(
    OrganisationStatus,
    "Whether an organisation is in use.",
    ACTIVE="In use.",
    ARCHIVED="No longer in use.",
)
_told(
    DomainStatus,
    "Whether an organisation has shown that its domain is its own.",
    UNVERIFIED="Not shown yet.",
    VERIFIED="Shown.",
)
_told(
    AccessState,
    "The life of a partner's access to an organisation; an ended one is never revived.",
    REQUESTED="Asked for by the partner.",
    ACTIVE="The partner may act in the organisation.",
    DECLINED="Declined by the super admin.",
    WITHDRAWN="Taken back by the partner before an answer.",
    EXPIRED="Ran out.",
    ENDED="Ended by either side.",
)
_told(
    PlanStatus,
    "Whether a plan can be bought.",
    ON_SALE="Can be bought.",
    WITHDRAWN="Can no longer be bought; subscriptions to it go on.",
)
_told(
    BillingCycle,
    "How often a subscription renews.",
    MONTHLY="Every month.",
    YEARLY="Every year.",
)
_told(
    SubscriptionStatus,
    "Where a subscription is in its life.",
    PENDING="Waits for activation or payment.",
    TRIALING="In its trial.",
    ACTIVE="Runs.",
    PAST_DUE="Runs, but a payment failed.",
    SUSPENDED="Stopped until every reason is cleared.",
    CANCELLED="Cancelled.",
    TERMINATED="Ended for good.",
)
_told(
    CardHolder,
    "Whose card it is.",
    RESELLER="The partner's own.",
    CUSTOMER="A client's.",
)
_told(
    CardStatus,
    "Whether a card can be chosen.",
    ACTIVE="Can be chosen.",
    REMOVED="Was removed.",
)
_told(
    InvoiceState,
    "Where an invoice is in its life; overdue is derived from the due date.",
    DRAFT="Not issued; it has no number.",
    OPEN="Issued and not paid.",
    PARTIALLY_PAID="Paid in part.",
    PAID="Paid.",
    VOID="Declared void before any payment.",
    CREDITED="Credited.",
    WRITTEN_OFF="Given up.",
    REFUNDED="Paid back, wholly or in part.",
)
_told(
    OrgRole,
    "What a user may do in its organisation.",
    SUPER_ADMIN="Runs it; there is exactly one.",
    ADMIN="Administers it.",
    MEMBER="Uses it.",
)
_told(
    OrgUserStatus,
    "Whether an organisation's user can sign in.",
    INVITED="Was invited and has not signed in yet.",
    ACTIVE="Can sign in.",
    SUSPENDED="Cannot sign in until reactivated.",
    DELETED="Was deleted; it can be restored for 30 days.",
)
_told(
    BackupState,
    "What became of a backup that was asked for.",
    REQUESTED="Waits to be made.",
    READY="Can be fetched.",
    FAILED="Could not be made.",
)
_told(
    TfaPolicy,
    "Whether an organisation's users sign in with a second factor.",
    OFF="Nobody does.",
    OPTIONAL="Whoever wants to.",
    REQUIRED="Everybody must.",
)
_told(
    DashboardWidget,
    "What an organisation's dashboard can show.",
    USERS="Its users.",
    DOMAINS="Its domains.",
    MAIL="The flow of mail.",
    STORAGE="The storage in use.",
    SUBSCRIPTIONS="What it is subscribed to.",
    ACTIVITY="What happened last.",
    NEWS="Announcements.",
)
_told(
    EscalationState,
    "The life of an escalation.",
    REQUESTED="Waits for the super admin's answer.",
    APPROVED="May be used once, by whoever asked, until it runs out.",
    DECLINED="Declined by the super admin.",
    WITHDRAWN="Taken back by whoever asked.",
    USED="Was used.",
)
_told(
    ChangeRequestKind,
    "What is asked of the partner.",
    UPGRADE="A bigger plan, at once.",
    DOWNGRADE="A smaller plan, from the renewal on.",
    STORAGE="More storage.",
)
_told(
    ChangeRequestState,
    "What became of a change request.",
    REQUESTED="Waits for the partner's answer.",
    APPROVED="Approved and applied.",
    DECLINED="Declined by the partner.",
    WITHDRAWN="Taken back by whoever asked.",
)
_told(
    AuditOutcome,
    "What came of what somebody wanted.",
    DONE="It was done.",
    DENIED="It was denied, and nothing was done.",
)
_told(
    ContactPermission,
    "What a contact may use in its client's area.",
    PROFILE="The client's profile.",
    INVOICES="Invoices, paying them and statements.",
    ESTIMATES="Estimates.",
    SUBSCRIPTIONS="Subscriptions and requests to change them.",
    CARDS="The client's cards.",
    SUPPORT="Tickets.",
    CONTACTS="The client's contacts.",
    ORGANISATIONS="The client's organisations and their state.",
)
_told(
    Privilege,
    "What one may be entitled to do. New ones may be added.",
    **{name.value: f"To {meaning}. {told(name)}" for name, meaning in MEANINGS.items()},
)
