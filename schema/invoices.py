"""Invoices."""

from datetime import date
from enum import Enum
from typing import TYPE_CHECKING, Annotated

import strawberry

from resolvers import clients, invoices
from resolvers.paging import Order
from schema.connections import Connection, Direction, paged
from schema.guarded import column, computed, edge, entity, listing, node_id
from schema.money import Money, money
from schema.nodes import Node, Versioned
from storage.invoices import InvoiceRecord, InvoiceState
from tenancy.privileges import Privilege

if TYPE_CHECKING:
    from schema.clients import Client


@entity(read=Privilege.INVOICE_READ, record=InvoiceRecord, doc="A numbered demand for payment.")
class Invoice(Node, Versioned):
    """A numbered demand for payment."""

    number: str | None = column(doc="Given at issue, without gaps; null while it is a draft.")
    state: InvoiceState = column(doc="Where it is in its life.")
    issued_on: date | None = column(doc="The day of issue; null while it is a draft.")
    due_on: date | None = column(doc="The day by which it is to be paid.")
    total: Money = computed(
        money,
        needs=("total_minor", "currency"),
        doc="What is to be paid, tax included.",
    )
    client: Annotated["Client", strawberry.lazy("schema.clients")] | None = edge(
        clients.client_by_id, key="client_id", guard=Privilege.CLIENT_READ, doc="Who is to pay it."
    )


@strawberry.enum(description="What invoices are sorted by.")
class InvoiceOrderField(Enum):
    """What invoices are sorted by."""

    CREATED_AT = strawberry.enum_value("created_at", description="By when they were made.")


@strawberry.input(description="How invoices are sorted.")
class InvoiceOrder:
    """How invoices are sorted."""

    field: InvoiceOrderField = strawberry.field(default=InvoiceOrderField.CREATED_AT, description="By what.")
    direction: Direction = strawberry.field(default=Direction.DESC, description="Which way.")


@strawberry.input(description="Which invoices to list.")
class InvoiceFilter:
    """Which invoices to list."""

    state: InvoiceState | None = strawberry.field(default=strawberry.UNSET, description="Only in this state.")
    number: str | None = strawberry.field(default=strawberry.UNSET, description="Only the one with this number.")
    client_id: strawberry.ID | None = node_id("Client", default=None, doc="Only of this client.")


invoice_page = paged(where=InvoiceFilter, order=InvoiceOrder, default=Order("created_at", descending=True))


@strawberry.type
class InvoiceQuery:
    """The invoices of the root."""

    invoices: Connection[Invoice] | None = listing(
        invoices.invoices, guard=Privilege.INVOICE_READ, args=invoice_page, doc="Invoices to the partner's clients."
    )
