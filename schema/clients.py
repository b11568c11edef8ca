"""Clients: the billing accounts of a partner's customers."""

from collections.abc import Mapping
from enum import Enum
from typing import Any

import strawberry

from resolvers import cards, clients, invoices, organisations, subscriptions
from resolvers.paging import Order
from schema.cards import PaymentCard, card_page
from schema.client_inputs import ClientCreateInput, ClientEditInput
from schema.connections import Connection, Direction, paged
from schema.guarded import column, computed, edge, entity, listing, mutation
from schema.invoices import Invoice, invoice_page
from schema.nodes import Node, Versioned
from schema.organisations import ChildOrg, organisation_page
from schema.payloads import UserError, user_errors
from schema.scalars import CountryCode, CurrencyCode, EmailAddress, LanguageTag, PhoneNumber
from schema.subscriptions import Subscription, subscription_page
from storage.clients import ClientRecord, ClientStatus, PaymentMethod
from tenancy.privileges import Privilege


@strawberry.type(description="A postal address.")
class PostalAddress:
    """A postal address."""

    line1: str | None = strawberry.field(description="The first line.")
    line2: str | None = strawberry.field(description="The second line.")
    city: str | None = strawberry.field(description="The city.")
    region: str | None = strawberry.field(description="The state or region.")
    postcode: str | None = strawberry.field(description="The postcode.")
    country: CountryCode | None = strawberry.field(description="The country.")


_PARTS = ("line1", "line2", "city", "region", "postcode", "country")
_OWN = ("address_line1", "address_line2", "city", "region", "postcode", "country")


def _own_address(*parts: str | None) -> PostalAddress:
    return _made(dict(zip(_PARTS, parts, strict=True)))


def _address(stored: dict[str, str | None] | None) -> PostalAddress | None:
    return None if stored is None else _made(stored)


def _made(parts: Mapping[str, Any]) -> PostalAddress:
    return PostalAddress(**{name: parts.get(name) for name in _PARTS})


@entity(
    read=Privilege.CLIENT_READ,
    record=ClientRecord,
    doc="The billing account of a customer, a person or a company.",
)
class Client(Node, Versioned):
    """The billing account of a customer."""

    display_name: str = column(doc="The company's name, or the person's where there is none.")
    first_name: str | None = column(doc="The person's first name.")
    last_name: str | None = column(doc="The person's last name.")
    company_name: str | None = column(doc="The company's name.")
    email: EmailAddress = column(doc="Where bills go.")
    phone: PhoneNumber | None = column(doc="The phone number, in E.164.")
    address: PostalAddress = computed(_own_address, needs=_OWN, doc="Where the client is at home.")
    billing_address: PostalAddress | None = computed(
        _address,
        needs=("billing_address",),
        doc="What new invoices and estimates bill to, where it differs.",
    )
    shipping_address: PostalAddress | None = computed(
        _address,
        needs=("shipping_address",),
        doc="What new invoices and estimates ship to, where it differs.",
    )
    vat_number: str | None = column(doc="The VAT number.")
    website: str | None = column(doc="The website.")
    language: LanguageTag = column(doc="The language of its portal, mails and PDFs.")
    currency: CurrencyCode = column(doc="What it is billed in.")
    status: ClientStatus = column(doc="Whether it buys.")
    default_payment_method: PaymentMethod = column(doc="How it pays unless an invoice says otherwise.")
    late_fee_exempt: bool = column(doc="Whether it pays no late fees.")
    overdue_notices_off: bool = column(doc="Whether it gets no notices of overdue invoices.")
    tax_exempt: bool = column(doc="Whether no tax is added to its invoices.")
    separate_invoices: bool = column(doc="Whether each of its subscriptions gets an invoice of its own.")
    card_processing_disabled: bool = column(doc="Whether its cards are never charged automatically.")
    marketing_opt_out: bool = column(doc="Whether it gets no marketing mails.")
    automatic_status_disabled: bool = column(doc="Whether its status is only changed by hand.")
    single_sign_on_allowed: bool = column(doc="Whether it may sign in by single sign-on.")
    admin_notes: str | None = column(
        "admin_notes", doc="What the partner's staff noted; nobody else sees it.", guard=Privilege.CLIENT_NOTES_READ
    )
    default_card: PaymentCard | None = edge(
        cards.card_by_id, key="default_card_id", guard=Privilege.CARD_READ, doc="The card that is charged by default."
    )
    cards: Connection[PaymentCard] | None = edge(
        cards.cards_by_client, key="id", guard=Privilege.CARD_READ, args=card_page, doc="Its own cards.", cost=25
    )
    organisations: Connection[ChildOrg] | None = edge(
        organisations.organisations_by_client,
        key="id",
        guard=Privilege.ORGANISATION_READ,
        args=organisation_page,
        doc="The organisations that its users work in.",
        cost=25,
    )
    subscriptions: Connection[Subscription] | None = edge(
        subscriptions.subscriptions_by_client,
        key="id",
        guard=Privilege.SUBSCRIPTION_READ,
        args=subscription_page,
        doc="What its organisations are subscribed to.",
        cost=25,
    )
    invoices: Connection[Invoice] | None = edge(
        invoices.invoices_by_client,
        key="id",
        guard=Privilege.INVOICE_READ,
        args=invoice_page,
        doc="What it was billed.",
        cost=25,
    )


@strawberry.enum(description="What clients are sorted by.")
class ClientOrderField(Enum):
    """What clients are sorted by."""

    NAME = strawberry.enum_value("name_sort", description="By name, accents and case aside.")
    CREATED_AT = strawberry.enum_value("created_at", description="By when they were made.")


@strawberry.input(description="How clients are sorted.")
class ClientOrder:
    """How clients are sorted."""

    field: ClientOrderField = strawberry.field(default=ClientOrderField.NAME, description="By what.")
    direction: Direction = strawberry.field(default=Direction.ASC, description="Which way.")


@strawberry.input(description="Which clients to list.")
class ClientFilter:
    """Which clients to list."""

    status: ClientStatus | None = strawberry.field(default=strawberry.UNSET, description="Only of this status.")
    email: EmailAddress | None = strawberry.field(default=strawberry.UNSET, description="Only with this address.")
    search: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="Only with words in name or e-mail address that begin so; up to five beginnings are used.",
    )


client_page = paged(where=ClientFilter, order=ClientOrder, default=Order("name_sort"))


@strawberry.type(description="The client that was created, or why it was not.")
class ClientCreatePayload:
    """The client that was created, or why it was not."""

    client: Client | None = strawberry.field(description="The client as it now is.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="The client that was changed, or why it was not.")
class ClientEditPayload:
    """The client that was changed, or why it was not."""

    client: Client | None = strawberry.field(description="The client as it now is.")
    user_errors: list[UserError] = user_errors()


@strawberry.type
class ClientQuery:
    """The clients of the root."""

    clients: Connection[Client] | None = listing(
        clients.clients, guard=Privilege.CLIENT_READ, args=client_page, doc="The partner's clients."
    )


@strawberry.type
class ClientMutation:
    """Changes of clients."""

    client_create: ClientCreatePayload = mutation(
        clients.create,
        privilege=Privilege.CLIENT_CREATE,
        takes=ClientCreateInput,
        gives=ClientCreatePayload,
        outcome=clients.client_by_id,
        doc="Create a client.",
    )
    client_edit: ClientEditPayload = mutation(
        clients.edit,
        privilege=Privilege.CLIENT_EDIT,
        takes=ClientEditInput,
        gives=ClientEditPayload,
        outcome=clients.client_by_id,
        target="id",
        doc="Change what is given of a client; what is not given stays, and null empties a field.",
    )
