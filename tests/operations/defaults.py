"""What a stored row says where a test says nothing of it."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from storage.accesses import AccessState
from storage.audit import AuditOutcome
from storage.base import FOREVER
from storage.cards import CardStatus
from storage.change_requests import ChangeRequestKind, ChangeRequestState
from storage.clients import ClientStatus, PaymentMethod
from storage.escalations import EscalationState
from storage.invoices import InvoiceState
from storage.organisations import DomainStatus, OrganisationStatus
from storage.plans import BillingCycle
from storage.subscriptions import SubscriptionStatus
from tenancy.privileges import Privilege

LONG_AGO: Final = datetime(2025, 1, 1, tzinfo=UTC)
_SWITCHES: Final = (
    "late_fee_exempt",
    "overdue_notices_off",
    "tax_exempt",
    "separate_invoices",
    "card_processing_disabled",
    "marketing_opt_out",
    "automatic_status_disabled",
    "single_sign_on_allowed",
)
CLIENT: Final[Mapping[str, Any]] = {
    "email": "desk@harbour.example",
    "language": "en",
    "currency": "EUR",
    "status": ClientStatus.ACTIVE,
    "default_payment_method": PaymentMethod.CARD,
    **dict.fromkeys(_SWITCHES, False),
}
ORGANISATION: Final[Mapping[str, Any]] = {
    "domain_status": DomainStatus.UNVERIFIED,
    "status": OrganisationStatus.ACTIVE,
    "partner_sees_until": FOREVER,
}
ACCESS: Final[Mapping[str, Any]] = {
    "state": AccessState.ACTIVE,
    "full_administration": True,
    "privileges": [],
    "extendable": False,
    "share_lock": False,
    "starts_at": LONG_AGO,
}
CARD: Final[Mapping[str, Any]] = {
    "processor": "sandbox",
    "fingerprint": "f",
    "brand": "visa",
    "last_four": "4242",
    "expiry_month": 12,
    "expiry_year": 2099,
    "status": CardStatus.ACTIVE,
}
SUBSCRIPTION: Final[Mapping[str, Any]] = {
    "status": SubscriptionStatus.ACTIVE,
    "seats": 10,
    "seats_assigned": 4,
    "extra_storage_gb": 0,
    "cycle": BillingCycle.MONTHLY,
    "currency": "EUR",
    "unit_price_minor": 299,
    "started_at": LONG_AGO,
    "current_period_start": LONG_AGO,
    "current_period_end": LONG_AGO + timedelta(days=31),
}
INVOICE: Final[Mapping[str, Any]] = {"state": InvoiceState.DRAFT, "currency": "EUR", "total_minor": 4900}
SESSION: Final[Mapping[str, Any]] = {
    "organisation_domain": "harbour.example",
    "reason": "Setting up mail",
    "expires_at": FOREVER,
}
ESCALATION: Final[Mapping[str, Any]] = {
    "task": Privilege.USER_RESET_PASSWORD,
    "reason": "The user asked us by phone",
    "state": EscalationState.REQUESTED,
}
CHANGE_REQUEST: Final[Mapping[str, Any]] = {
    "kind": ChangeRequestKind.STORAGE,
    "storage_gb": 10,
    "state": ChangeRequestState.REQUESTED,
    "requested_by_name": "Somebody",
}
ENTRY: Final[Mapping[str, Any]] = {
    "org_internal": False,
    "actor_kind": "SYSTEM",
    "outcome": AuditOutcome.DONE,
    "privilege": "SYSTEM",
    "operation": "import",
    "target_kind": "child_org",
    "target_version": 1,
    "request_id": "request",
}
