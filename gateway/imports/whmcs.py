"""The columns of a WHMCS client export and the words in them.

Both the names of WHMCS's table `tblclients` and the headings of its exports are known.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from schema.scalars import (
    SCALARS,
    CountryCode,
    CurrencyCode,
    EmailAddress,
    InvalidScalarError,
    LanguageTag,
    PhoneNumber,
)
from storage.clients import ClientStatus, PaymentMethod

SOURCE: Final = "whmcs"

_LANGUAGES: Final = {
    "arabic": "ar", "azerbaijani": "az", "catalan": "ca", "chinese": "zh", "croatian": "hr", "czech": "cs",
    "danish": "da", "dutch": "nl", "english": "en", "estonian": "et", "farsi": "fa", "french": "fr", "german": "de",
    "hebrew": "he", "hungarian": "hu", "italian": "it", "macedonian": "mk", "norwegian": "nb",
    "portuguese-br": "pt-BR", "portuguese-pt": "pt-PT", "romanian": "ro", "russian": "ru", "spanish": "es",
    "swedish": "sv", "turkish": "tr", "ukrainian": "uk", "ukranian": "uk",
}  # fmt: skip
"""WHMCS's names of languages; it misspells Ukrainian."""

_METHODS: Final = {
    **dict.fromkeys(("banktransfer", "bank transfer", "bank_transfer"), PaymentMethod.BANK_TRANSFER),
    **dict.fromkeys(("mailin", "mail in payment", "cash", "cheque", "offline"), PaymentMethod.OFFLINE),
    **dict.fromkeys(("stripe", "authorize", "creditcard", "credit card", "card"), PaymentMethod.CARD),
}
_SWITCHES: Final = {
    **dict.fromkeys(("1", "on", "yes", "true", "enabled"), True),
    **dict.fromkeys(("0", "off", "no", "false", "disabled"), False),
}
_STATUSES: Final = {status.value.casefold(): status for status in ClientStatus}
_ESCAPES: Final = (("&quot;", '"'), ("&#039;", "'"), ("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))
"""WHMCS stores what people type with these five escaped for HTML."""

_REFERENCE: Final = re.compile(r"[0-9A-Za-z._-]{1,64}")
_NO_GROUP: Final = frozenset({"0", "none"})
_NO_AMOUNT: Final = re.compile(r"-?[0.,]+")


class Column(NamedTuple):
    """One column: the heading it goes by, the field it fills, and how its text is read.

    A client has no field `id`, `userid`, `marketing_opt_in`, `group` or `credit`: `gateway.imports.rows` knows
    what becomes of them. What reads as None is not taken over.
    """

    heading: str
    field: str
    read: Callable[[str], Any]


def _scalar(kind: object, spelt: Callable[[str], str] = str) -> Callable[[str], Any]:
    """Read as the API does, once the text is spelt as the API wants it."""
    definition = SCALARS[kind]
    return lambda text: definition.parse_value(spelt(text))  # type: ignore[misc]  # every scalar of ours has one


def _one_of(words: Mapping[str, Any], wanted: str) -> Callable[[str], Any]:
    def read(text: str) -> Any:
        word = text.casefold()
        if word not in words:
            raise InvalidScalarError(text, wanted)
        return words[word]

    return read


def _reference(text: str) -> str:
    if _REFERENCE.fullmatch(text) is None:
        raise InvalidScalarError(text, "an id of at most 64 letters, digits, dots, dashes and underscores")
    return text


_switch: Final = _one_of(_SWITCHES, "1 or 0")

COLUMNS: Final[Mapping[str, Column]] = {
    "id": Column("ID", "id", _reference),
    "userid": Column("User ID", "userid", _reference),
    "firstname": Column("First Name", "first_name", str),
    "lastname": Column("Last Name", "last_name", str),
    "companyname": Column("Company Name", "company_name", str),
    "email": Column("Email", "email", _scalar(EmailAddress)),
    "address1": Column("Address 1", "address_line1", str),
    "address2": Column("Address 2", "address_line2", str),
    "city": Column("City", "city", str),
    "state": Column("State", "region", str),
    "postcode": Column("Postcode", "postcode", str),
    "country": Column("Country", "country", _scalar(CountryCode, str.upper)),
    "phonenumber": Column("Phone Number", "phone", _scalar(PhoneNumber)),
    "taxid": Column("Tax ID", "vat_number", str),
    "currency": Column("Currency", "currency", _scalar(CurrencyCode, str.upper)),
    "language": Column(
        "Language", "language", _scalar(LanguageTag, lambda text: _LANGUAGES.get(text.casefold(), text))
    ),
    "status": Column("Status", "status", _one_of(_STATUSES, "Active, Inactive or Closed")),
    "taxexempt": Column("Tax Exempt", "tax_exempt", _switch),
    "latefeeoveride": Column("Late Fees Override", "late_fee_exempt", _switch),
    "overideduenotices": Column("Overdue Notices", "overdue_notices_off", _switch),
    "separateinvoices": Column("Separate Invoices", "separate_invoices", _switch),
    "disableautocc": Column("Disable Auto CC", "card_processing_disabled", _switch),
    "emailoptout": Column("Marketing Emails Opt-out", "marketing_opt_out", _switch),
    "marketingemailsoptin": Column("Marketing Emails Opt-in", "marketing_opt_in", _switch),
    "overrideautoclose": Column("Auto Close", "automatic_status_disabled", _switch),
    "allowsso": Column("Allow Single Sign On", "single_sign_on_allowed", _switch),
    "notes": Column("Notes", "admin_notes", str),
    "defaultgateway": Column(
        "Default Payment Method", "default_payment_method", lambda text: _METHODS.get(text.casefold())
    ),
    "groupid": Column("Client Group", "group", lambda text: None if text.casefold() in _NO_GROUP else text),
    "credit": Column("Credit", "credit", lambda text: None if _NO_AMOUNT.fullmatch(text) else text),
}


def _bare(heading: str) -> str:
    return re.sub(r"[\W_]", "", heading.casefold())


_NAMES: Final = {
    **{name: name for name in COLUMNS},
    **{_bare(column.heading): name for name, column in COLUMNS.items()},
    "clientid": "id",
    "company": "companyname",
    "emailaddress": "email",
    "phone": "phonenumber",
    "vatnumber": "taxid",
    "latefeeoverride": "latefeeoveride",
    "latefeesoveride": "latefeeoveride",
    "overrideduenotices": "overideduenotices",
    "disableccprocessing": "disableautocc",
    "allowsinglesignon": "allowsso",
    "gateway": "defaultgateway",
    "defaultpaymentgateway": "defaultgateway",
    "paymentmethod": "defaultgateway",
    "clientgroupid": "groupid",
}


def column_of(heading: str) -> Column | None:
    """Return the column that a heading stands for, case, blanks and punctuation aside; None for an unknown one."""
    name = _NAMES.get(_bare(heading))
    return COLUMNS[name] if name else None


def unescaped(text: str) -> str:
    """Undo what WHMCS does to `O'Brien & Sons`, which it stores as `O&#039;Brien &amp; Sons`."""
    for escape, letter in _ESCAPES:
        text = text.replace(escape, letter)
    return text
