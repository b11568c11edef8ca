"""Invoices: how they are found."""

from typing import Final

from resolvers.loading import ById, PageBy, equals
from storage.invoices import InvoiceRecord, invoice

_FILTERS: Final = {"state": equals("state"), "number": equals("number"), "client_id": equals("client_id")}

invoice_by_id: Final = ById(invoice, InvoiceRecord)
invoices: Final = PageBy(invoice, InvoiceRecord, filters=_FILTERS)
invoices_by_client: Final = PageBy(invoice, InvoiceRecord, by="client_id", filters=_FILTERS)
