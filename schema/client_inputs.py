"""What a client is made of, as an input: the same fields to create one and to edit one."""

from typing import Any

import strawberry

from schema.guarded import node_id
from schema.scalars import CountryCode, CurrencyCode, EmailAddress, LanguageTag, PhoneNumber
from storage.clients import PaymentMethod


def _given(doc: str) -> Any:
    return strawberry.field(default=strawberry.UNSET, description=doc)


@strawberry.input(description="A postal address.")
class PostalAddressInput:
    """A postal address."""

    line1: str | None = _given("The first line.")
    line2: str | None = _given("The second line.")
    city: str | None = _given("The city.")
    region: str | None = _given("The state or region.")
    postcode: str | None = _given("The postcode.")
    country: CountryCode | None = _given("The country.")


@strawberry.input(description="What creating and editing a client share.")
class _ClientFields:
    """The fields that creating and editing share."""

    first_name: str | None = _given("The person's first name; needed where there is no company name.")
    last_name: str | None = _given("The person's last name; needed where there is no company name.")
    company_name: str | None = _given("The company's name.")
    phone: PhoneNumber | None = _given("The phone number, in E.164.")
    address_line1: str | None = _given("The first line of the address.")
    address_line2: str | None = _given("The second line of the address.")
    city: str | None = _given("The city.")
    region: str | None = _given("The state or region.")
    postcode: str | None = _given("The postcode.")
    country: CountryCode | None = _given("The country.")
    billing_address: PostalAddressInput | None = _given("What to bill to, where it differs.")
    shipping_address: PostalAddressInput | None = _given("What to ship to, where it differs.")
    vat_number: str | None = _given("The VAT number.")
    website: str | None = _given("The website.")
    language: LanguageTag | None = _given("The language of portal, mails and PDFs; English unless given.")
    default_payment_method: PaymentMethod | None = _given(
        "How it pays unless an invoice says otherwise; CARD unless given."
    )
    late_fee_exempt: bool | None = _given("Whether it pays no late fees.")
    overdue_notices_off: bool | None = _given("Whether it gets no notices of overdue invoices.")
    tax_exempt: bool | None = _given("Whether no tax is added to its invoices.")
    separate_invoices: bool | None = _given("Whether each subscription gets an invoice of its own.")
    card_processing_disabled: bool | None = _given("Whether its cards are never charged automatically.")
    marketing_opt_out: bool | None = _given("Whether it gets no marketing mails.")
    automatic_status_disabled: bool | None = _given("Whether its status is only changed by hand.")
    single_sign_on_allowed: bool | None = _given("Whether it may sign in by single sign-on; true unless given.")
    admin_notes: str | None = _given("Notes that only the partner's staff sees.")


@strawberry.input(description="A client to create.")
class ClientCreateInput(_ClientFields):
    """A client to create."""

    email: EmailAddress = strawberry.field(description="Where bills go.")
    currency: CurrencyCode | None = _given("What it is billed in; the partner's currency unless given.")
    idempotency_key: str | None = _given("Makes a retry safe: the same key creates once. Kept for 30 days.")


@strawberry.input(description="What to change of a client.")
class ClientEditInput(_ClientFields):
    """What to change of a client."""

    id: strawberry.ID = node_id("Client", doc="The client.")
    email: EmailAddress | None = _given("Where bills go.")
    currency: CurrencyCode | None = _given("What it is billed in; fixed once there are invoices or live subscriptions.")
    expected_version: int | None = _given("Refuse if the client is not at this version.")
    idempotency_key: str | None = _given("Makes a retry safe: the same key changes once. Kept for 30 days.")
