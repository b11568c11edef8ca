"""The custom scalars and Money: what each accepts, how it is sent, and what is said of a value it refuses.

A value to be sent may be output-ready text already, which is trusted; one that comes in is checked and made canonical.
"""

import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Context, Decimal, Inexact, InvalidOperation, Overflow
from functools import lru_cache
from typing import Final, NamedTuple, NewType, TypeAlias

import idna
import phonenumbers
import strawberry
from babel import Locale, UnknownLocaleError
from babel.core import get_global
from email_validator import EmailNotValidError, validate_email
from graphql import GraphQLError, IntValueNode, Node, StringValueNode, ValueNode
from strawberry.types.scalar import ScalarDefinition

from resolvers.rules.card_numbers import contains_card_number
from resolvers.rules.currencies import MINOR_DIGITS

DateTime: TypeAlias = datetime
Date: TypeAlias = date
CountryCode = NewType("CountryCode", str)
CurrencyCode = NewType("CurrencyCode", str)
LanguageTag = NewType("LanguageTag", str)
EmailAddress = NewType("EmailAddress", str)
PhoneNumber = NewType("PhoneNumber", str)
DomainName = NewType("DomainName", str)

LONGEST_ECHO: Final = 60
"""Characters of a refused value that its error may repeat."""
LONGEST_INPUT: Final = 320
"""Characters that the longest acceptable value of any scalar has; what is longer is refused unread."""
LONGEST_DOMAIN: Final = 253
LARGEST_MINOR_UNITS: Final = 2**63 - 1
"""The database's bigint."""


class InvalidScalarError(GraphQLError):
    """A value that its scalar refuses, in one sentence for people that is safe to log."""

    def __init__(self, value: object, wanted: str, node: Node | None = None) -> None:
        """Say that the value is not what was wanted, which reads as in "a date, such as 2026-01-31"."""
        echo = _echo(value)
        message = f"This value is not {wanted}." if echo is None else f"'{echo}' is not {wanted}."
        # An error with a node prints its line of the document, and with it a card number that the message withholds.
        super().__init__(message, None if echo is None else node, extensions={"code": "BAD_USER_INPUT"})


def _echo(value: object) -> str | None:
    """Return what may be repeated of a refused value: printable, short, and nothing of what may hold a card number."""
    if not isinstance(value, str) or contains_card_number(value[:LONGEST_INPUT]):
        return None
    short = value if len(value) <= LONGEST_ECHO else f"{value[: LONGEST_ECHO - 1]}…"
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in short)


def _digits_of(value: object) -> object:
    if type(value) is int and value.bit_length() <= LONGEST_INPUT:
        return str(value)
    return value


_RFC_3339: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_FULL_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DIGITS_OF_TIME: Final = len("2026-01-31T09:30:00.000000")
_FIRST: Final = datetime.min.replace(tzinfo=UTC)
_LAST: Final = datetime.max.replace(tzinfo=UTC)


def _serialize_datetime(value: object) -> str:
    """Return the form that PostgreSQL's ``to_char`` gives with ``YYYY-MM-DD"T"HH24:MI:SS.US"Z"``."""
    if isinstance(value, str):
        return value
    if not isinstance(value, datetime):
        raise _unsendable(value, "DateTime")
    return f"{_in_utc(value).isoformat(timespec='microseconds')[:_DIGITS_OF_TIME]}Z"


def _in_utc(value: datetime) -> datetime:
    """Move a time to UTC; the driver's naive ends of the calendar, which stand for infinity, are taken as UTC."""
    if value.tzinfo is None:
        value = value.replace(tzinfo=UTC)
        if value not in {_FIRST, _LAST}:
            message = "a time without an offset cannot be sent as DateTime"
            raise TypeError(message)
    try:
        return value.astimezone(UTC)
    except OverflowError:
        return _FIRST if value.year == _FIRST.year else _LAST


def _parse_datetime(text: str) -> datetime | None:
    if _RFC_3339.fullmatch(text) is None:
        return None
    try:
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _serialize_date(value: object) -> str:
    if isinstance(value, str):
        return value
    if not isinstance(value, date) or isinstance(value, datetime):
        raise _unsendable(value, "Date")
    return value.isoformat()


def _parse_date(text: str) -> date | None:
    if _FULL_DATE.fullmatch(text) is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


_ENGLISH: Final = Locale("en")
_NOT_ISO_3166: Final = frozenset(re.findall("..", "ACCPCQDGEAEUEZICQOTAUNXAXBXKZZ"))
"""Two-letter regions of CLDR that ISO 3166-1 does not assign to a country."""
_COUNTRIES: Final = frozenset(filter(re.compile("[A-Z]{2}").fullmatch, map(str, _ENGLISH.territories))) - _NOT_ISO_3166
_CURRENCIES: Final = frozenset(
    code
    for currencies in get_global("territory_currencies").values()
    for code, _, end, is_tender in currencies
    if end is None and is_tender
)
_LANGUAGE_ALIASES: Final = get_global("language_aliases")
_LANGUAGE_TAG: Final = re.compile(r"([A-Za-z]{2,3})(?:-([A-Za-z]{4}))?(?:-([A-Za-z]{2}|[0-9]{3}))?")
_PHONE: Final = re.compile(r"\+[0-9][0-9 ()./-]*")


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    raise _unsendable(value, "text")


def _unsendable(value: object, scalar: str) -> TypeError:
    """Return the error of a resolver that answers with the wrong type; the value itself stays out of logs."""
    return TypeError(f"{type(value).__name__} cannot be sent as {scalar}")


def _parse_country(text: str) -> str | None:
    return text if text in _COUNTRIES else None


def _parse_currency(text: str) -> str | None:
    return text if text in _CURRENCIES else None


@lru_cache(maxsize=1024)
def _parse_language(text: str) -> str | None:
    form = _LANGUAGE_TAG.fullmatch(text)
    if form is None:
        return None
    language, script, region = form[1].lower(), (form[2] or "").title(), (form[3] or "").upper()
    language = _preferred(language)
    if language == "und" or (script and script not in _ENGLISH.scripts):
        return None
    tag = "-".join(filter(None, (language, script, region)))
    return tag if _is_known_locale(tag) else None


def _preferred(language: str) -> str:
    """Replace a withdrawn or three-letter code by the preferred one, as RFC 5646 section 4.5 says."""
    preferred = _LANGUAGE_ALIASES.get(language, language)
    return preferred if preferred.isalpha() else language


def _is_known_locale(tag: str) -> bool:
    try:
        Locale.parse(tag, sep="-")
    except (UnknownLocaleError, ValueError):
        return False
    return True


def _parse_email(text: str) -> str | None:
    """Lower the case of the local part too: two accounts that differ in it alone are one person's mistake."""
    try:
        email = validate_email(text, check_deliverability=False)
    except EmailNotValidError:
        return None
    local_part = unicodedata.normalize("NFC", email.local_part.lower())
    return f"{local_part}@{email.ascii_domain.lower()}"


def _parse_phone(text: str) -> str | None:
    """Accept what has a possible length in its country: lists of the ranges in use are always out of date."""
    if _PHONE.fullmatch(text) is None:
        return None
    try:
        number = phonenumbers.parse(text)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _parse_domain(text: str) -> str | None:
    try:
        name = idna.encode(text, uts46=True, std3_rules=True).decode("ascii").removesuffix(".")
    except idna.IDNAError:
        return None
    _, dot, last = name.rpartition(".")
    return name if dot and not last.isdecimal() and len(name) <= LONGEST_DOMAIN else None


_PLAIN_DECIMAL: Final = re.compile(r"-?[0-9]{1,40}(?:\.[0-9]{1,40})?")
_EXACT: Final = Context(prec=100, traps=[Inexact, InvalidOperation, Overflow])


def _serialize_decimal(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, Decimal) and value.is_finite():
        return format(value, "f")
    if type(value) is int:
        return str(value)
    raise _unsendable(value, "Decimal")


def _parse_decimal(text: str) -> Decimal | None:
    if _PLAIN_DECIMAL.fullmatch(text) is None:
        return None
    value = Decimal(text)
    return value or value.copy_abs()


def minor_units(amount: Decimal | str, currency: str) -> int:
    """Return an amount in the currency's minor units; raises InvalidScalarError if it has no such exact number."""
    if currency not in MINOR_DIGITS:
        raise InvalidScalarError(currency, _CURRENCY_CODE.wanted)
    digits = MINOR_DIGITS[currency]
    number = _parse_decimal(amount) if isinstance(amount, str) else amount
    scaled = None if number is None else _whole(number, digits)
    if scaled is None:
        raise InvalidScalarError(str(amount), f"an amount in {currency} with at most {digits} decimals")
    return scaled


def _whole(number: Decimal, digits: int) -> int | None:
    """Shift the decimal point, or return None if digits remain behind it or the database could not hold the number."""
    if not number.is_finite() or number.adjusted() + digits > len(str(LARGEST_MINOR_UNITS)):
        return None
    try:
        scaled = int(_EXACT.to_integral_exact(_EXACT.scaleb(number, digits)))
    except (Inexact, InvalidOperation):
        return None
    return scaled if abs(scaled) <= LARGEST_MINOR_UNITS else None


class _Scalar(NamedTuple):
    """One scalar: what is said of it, how its values are sent, and how they are read from a variable or a literal."""

    name: str
    description: str
    url: str | None
    wanted: str
    parse: Callable[[str], object | None]
    serialize: Callable[[object], str] = _text
    integers: bool = False

    def definition(self) -> ScalarDefinition:
        return strawberry.scalar(
            name=self.name,
            description=self.description,
            specified_by_url=self.url,
            serialize=self.serialize,
            parse_value=self.read,
            parse_literal=self.read_literal,
        )

    def read_literal(self, node: ValueNode, _variables: object = None) -> object:
        accepted = (StringValueNode, IntValueNode) if self.integers else StringValueNode
        return self.read(node.value if isinstance(node, accepted) else None, node)

    def read(self, value: object, node: ValueNode | None = None) -> object:
        text = _digits_of(value) if self.integers else value
        parsed = self.parse(text) if isinstance(text, str) and len(text) <= LONGEST_INPUT else None
        if parsed is None:
            raise InvalidScalarError(value, self.wanted, node)
        return parsed


_DATE_TIME: Final = _Scalar(
    "DateTime",
    "A moment as RFC 3339 writes it. It is sent in UTC with six digits of a second, such as "
    "`2026-01-31T09:30:00.000000Z`, and accepted with any offset; digits after the sixth are dropped.",
    "https://www.rfc-editor.org/rfc/rfc3339",
    "a date and time with an offset, such as 2026-01-31T09:30:00Z",
    _parse_datetime,
    _serialize_datetime,
)
_DATE: Final = _Scalar(
    "Date",
    "A day of the calendar as RFC 3339 writes it, such as `2026-01-31`.",
    "https://www.rfc-editor.org/rfc/rfc3339#section-5.6",
    "a date, such as 2026-01-31",
    _parse_date,
    _serialize_date,
)
_DECIMAL: Final = _Scalar(
    "Decimal",
    "An exact decimal number as text without an exponent, such as `12.50`. Integers are accepted as numbers, "
    "fractions as text only, because JSON's numbers do not keep them exact.",
    None,
    "a decimal number written as text, such as 12.50",
    _parse_decimal,
    _serialize_decimal,
    integers=True,
)
_COUNTRY_CODE: Final = _Scalar(
    "CountryCode",
    "A country as the two capital letters of ISO 3166-1, such as `ES`.",
    "https://www.iso.org/iso-3166-country-codes.html",
    "an ISO 3166-1 country code",
    _parse_country,
)
_CURRENCY_CODE: Final = _Scalar(
    "CurrencyCode",
    "A currency in use as the three capital letters of ISO 4217, such as `EUR`.",
    "https://www.iso.org/iso-4217-currency-codes.html",
    "an ISO 4217 currency code in use",
    _parse_currency,
)
_LANGUAGE: Final = _Scalar(
    "LanguageTag",
    "A language as BCP 47 writes it, with a script and region if needed, such as `en`, `es-MX` or `zh-Hant-TW`.",
    "https://www.rfc-editor.org/info/bcp47",
    "a BCP 47 language tag, such as es-MX",
    _parse_language,
)
_EMAIL_ADDRESS: Final = _Scalar(
    "EmailAddress",
    "An e-mail address as RFC 5321 writes it, in lower case, its domain in ASCII form.",
    "https://www.rfc-editor.org/rfc/rfc5321#section-4.1.2",
    "an e-mail address",
    _parse_email,
)
_PHONE_NUMBER: Final = _Scalar(
    "PhoneNumber",
    "A phone number as E.164 writes it, such as `+34600123456`. Spaces, dashes and brackets are accepted.",
    "https://www.itu.int/rec/T-REC-E.164",
    "a phone number with a plus sign and country code, such as +34600123456",
    _parse_phone,
)
_DOMAIN_NAME: Final = _Scalar(
    "DomainName",
    "A domain name of two labels or more, in lower case and the ASCII form of IDNA 2008, such as "
    "`xn--bcher-kva.example`. The Unicode form is accepted.",
    "https://www.rfc-editor.org/rfc/rfc5890",
    "a domain name, such as shop.example",
    _parse_domain,
)

SCALARS: Final[dict[object, ScalarDefinition]] = {
    datetime: _DATE_TIME.definition(),
    date: _DATE.definition(),
    Decimal: _DECIMAL.definition(),
    CountryCode: _COUNTRY_CODE.definition(),
    CurrencyCode: _CURRENCY_CODE.definition(),
    LanguageTag: _LANGUAGE.definition(),
    EmailAddress: _EMAIL_ADDRESS.definition(),
    PhoneNumber: _PHONE_NUMBER.definition(),
    DomainName: _DOMAIN_NAME.definition(),
}
"""The definition of each Python type that is a scalar, for ``StrawberryConfig(scalar_map=SCALARS)``."""
