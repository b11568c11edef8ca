"""Tests of the custom scalars and Money: what is accepted, what is sent, and that a refusal gives nothing away."""

import json
import re
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, NamedTuple, cast

import pytest
import strawberry
from graphql import parse_value
from hypothesis import assume, example, given
from hypothesis import strategies as st
from strawberry.schema.config import StrawberryConfig
from strawberry.types.scalar import ScalarDefinition

from resolvers.rules.card_numbers import contains_card_number, looks_like_card_number
from schema.money import Money, money
from schema.scalars import (
    LONGEST_ECHO,
    SCALARS,
    CountryCode,
    CurrencyCode,
    Date,
    DateTime,
    DomainName,
    EmailAddress,
    InvalidScalarError,
    LanguageTag,
    PhoneNumber,
    minor_units,
)

COUNTRIES_OF_ISO_3166_1 = 249
CARD = "4242424242424242"


@strawberry.type
class Query:
    """One field a scalar, which answers with its argument."""

    @strawberry.field
    def date_time(self, value: DateTime) -> DateTime:
        """Answer with the argument."""
        return value

    @strawberry.field
    def date(self, value: Date) -> Date:
        """Answer with the argument."""
        return value

    @strawberry.field
    def decimal(self, value: Decimal) -> Decimal:
        """Answer with the argument."""
        return value

    @strawberry.field
    def country_code(self, value: CountryCode) -> CountryCode:
        """Answer with the argument."""
        return value

    @strawberry.field
    def currency_code(self, value: CurrencyCode) -> CurrencyCode:
        """Answer with the argument."""
        return value

    @strawberry.field
    def language_tag(self, value: LanguageTag) -> LanguageTag:
        """Answer with the argument."""
        return value

    @strawberry.field
    def email_address(self, value: EmailAddress) -> EmailAddress:
        """Answer with the argument."""
        return value

    @strawberry.field
    def phone_number(self, value: PhoneNumber) -> PhoneNumber:
        """Answer with the argument."""
        return value

    @strawberry.field
    def domain_name(self, value: DomainName) -> DomainName:
        """Answer with the argument."""
        return value

    @strawberry.field
    def money(self, minor: int, currency: CurrencyCode) -> Money:
        """Answer with an amount."""
        return cast("Money", money(minor, currency))


schema = strawberry.Schema(Query, config=StrawberryConfig(scalar_map=SCALARS))
DEFINITIONS = {definition.name: definition for definition in SCALARS.values()}
scalars = pytest.mark.parametrize("definition", DEFINITIONS.values(), ids=DEFINITIONS)


class Accepted(NamedTuple):
    """A value, and what is sent for it."""

    scalar: str
    value: object
    sent: str


class Refused(NamedTuple):
    """A value that is not accepted."""

    scalar: str
    value: object


ACCEPTED = [
    Accepted("DateTime", "2026-01-31T09:30:00Z", "2026-01-31T09:30:00.000000Z"),
    Accepted("DateTime", "2026-01-31t09:30:00.1234567+02:00", "2026-01-31T07:30:00.123456Z"),
    Accepted("DateTime", "0001-01-01T00:00:00z", "0001-01-01T00:00:00.000000Z"),
    Accepted("Date", "2028-02-29", "2028-02-29"),
    Accepted("Decimal", "12.50", "12.50"),
    Accepted("Decimal", "-0.00", "0.00"),
    Accepted("Decimal", 12, "12"),
    Accepted("Decimal", "0.00000000001", "0.00000000001"),
    Accepted("CountryCode", "ES", "ES"),
    Accepted("CurrencyCode", "JPY", "JPY"),
    Accepted("LanguageTag", "en", "en"),
    Accepted("LanguageTag", "ES-mx", "es-MX"),
    Accepted("LanguageTag", "zh-hant-tw", "zh-Hant-TW"),
    Accepted("LanguageTag", "es-419", "es-419"),
    Accepted("LanguageTag", "iw", "he"),
    Accepted("LanguageTag", "spa-ES", "es-ES"),
    Accepted("EmailAddress", "Ana.Gil@Acme.Example", "ana.gil@acme.example"),
    Accepted("EmailAddress", "José@bücher.example", "josé@xn--bcher-kva.example"),
    Accepted("PhoneNumber", "+34 600 12-34-56", "+34600123456"),
    Accepted("PhoneNumber", "+1 (202) 555-0123", "+12025550123"),
    Accepted("DomainName", "Shop.EXAMPLE", "shop.example"),
    Accepted("DomainName", "bücher.example.", "xn--bcher-kva.example"),
]
REFUSED = [
    Refused("DateTime", "2026-01-31T09:30:00"),
    Refused("DateTime", "2026-02-30T09:30:00Z"),
    Refused("DateTime", "2026-01-31"),
    Refused("DateTime", "0001-01-01T00:00:00+01:00"),
    Refused("DateTime", 1769848200),
    Refused("Date", "2026-02-29"),
    Refused("Date", "20260131"),
    Refused("Date", "2026-W05-6"),
    Refused("Decimal", "1e5"),
    Refused("Decimal", "NaN"),
    Refused("Decimal", "\u0661"),
    Refused("Decimal", 12.5),
    Refused("Decimal", value=True),
    Refused("Decimal", 10**50),
    Refused("CountryCode", "XX"),
    Refused("CountryCode", "EU"),
    Refused("CountryCode", "UK"),
    Refused("CountryCode", "es"),
    Refused("CountryCode", "419"),
    Refused("CurrencyCode", "eur"),
    Refused("CurrencyCode", "ESP"),
    Refused("CurrencyCode", "XAU"),
    Refused("CurrencyCode", ["EUR", "USD"]),
    Refused("LanguageTag", "en_US"),
    Refused("LanguageTag", "und"),
    Refused("LanguageTag", "root"),
    Refused("LanguageTag", "xx"),
    Refused("LanguageTag", "english"),
    Refused("LanguageTag", "en-Abcd"),
    Refused("LanguageTag", "sh"),
    Refused("LanguageTag", "en-u-ca-gregory"),
    Refused("EmailAddress", "ana"),
    Refused("EmailAddress", "ana@localhost"),
    Refused("EmailAddress", "ana@acme.example\n"),
    Refused("PhoneNumber", "600123456"),
    Refused("PhoneNumber", "+34600123456 ext. 7"),
    Refused("PhoneNumber", "+999123"),
    Refused("PhoneNumber", "+34"),
    Refused("PhoneNumber", "+346001234"),
    Refused("DomainName", "localhost"),
    Refused("DomainName", "192.168.0.1"),
    Refused("DomainName", "-a.example"),
    Refused("DomainName", "*.example.com"),
    Refused("DomainName", "a..example"),
    Refused("DomainName", ".".join(["a" * 60] * 5)),
]


def _field(scalar: str) -> str:
    return scalar[0].lower() + scalar[1:]


def _ask(scalar: str, value: object) -> list[Any]:
    """Send the value as a literal and as a variable."""
    literal = schema.execute_sync(f"{{ {_field(scalar)}(value: {json.dumps(value, ensure_ascii=False)}) }}")
    document = f"query ($value: {scalar}!) {{ {_field(scalar)}(value: $value) }}"
    return [literal, schema.execute_sync(document, variable_values={"value": value})]


def _read(definition: ScalarDefinition, value: object) -> object:
    assert definition.parse_value is not None
    return definition.parse_value(value)


def _send(definition: ScalarDefinition, value: object) -> object:
    assert definition.serialize is not None
    return definition.serialize(value)


def _luhn_digit(digits: str) -> str:
    doubled = "".join(str(int(digit) * (2 - index % 2)) for index, digit in enumerate(reversed(digits)))
    return str(-sum(map(int, doubled)) % 10)


cards = st.from_regex(r"[1-9][0-9]{11,17}", fullmatch=True).map(lambda digits: digits + _luhn_digit(digits))


@st.composite
def spaced_cards(draw: st.DrawFn) -> str:
    """Return a card number with spaces and dashes where people put them."""
    digits = draw(cards)
    gaps = draw(st.lists(st.sampled_from(["", " ", "-", "  "]), min_size=len(digits), max_size=len(digits)))
    return "".join(digit + gap for digit, gap in zip(digits, gaps, strict=True)).strip(" -")


@pytest.mark.parametrize("case", ACCEPTED, ids=str)
def test_accepts_as_literal_and_as_variable(case: Accepted) -> None:
    """Both ways in give the canonical form."""
    for answer in _ask(case.scalar, case.value):
        assert answer.errors is None
        assert answer.data == {_field(case.scalar): case.sent}


@pytest.mark.parametrize("case", REFUSED, ids=str)
def test_refuses_as_literal_and_as_variable(case: Refused) -> None:
    """Both ways in are refused by one sentence with the code for bad input and the place in the document."""
    for answer in _ask(case.scalar, case.value):
        assert answer.data is None
        [error] = answer.errors
        assert error.extensions == {"code": "BAD_USER_INPUT"}
        assert re.search(r"('.*'|This value) is not an? .*\.$", error.message)
        assert not isinstance(case.value, str) or error.locations


def test_a_refusal_is_one_sentence_for_people() -> None:
    """The message names the value and what it should have been."""
    literal, variable = _ask("CountryCode", "XX")
    assert literal.errors[0].message == "'XX' is not an ISO 3166-1 country code."
    assert variable.errors[0].message == "Variable '$value' has invalid value: 'XX' is not an ISO 3166-1 country code."


@pytest.mark.parametrize("scalar", [name for name in DEFINITIONS if name != "Decimal"])
@pytest.mark.parametrize("value", [CARD, f"{CARD} ", "4242 4242-4242 4242"])
def test_a_card_number_is_echoed_nowhere(scalar: str, value: str) -> None:
    """Neither the answer nor the text that logs make of the error holds it."""
    for answer in _ask(scalar, value):
        text = f"{answer.errors[0].formatted} {answer.errors[0].original_error}"
        assert value.strip() not in text
        assert "This value is not" in text


@scalars
@given(card=spaced_cards(), before=st.sampled_from(["", "card ", "a", "12"]), after=st.text(max_size=80))
def test_no_refusal_echoes_a_card_number(definition: ScalarDefinition, card: str, before: str, after: str) -> None:
    """Wherever it stands in the text, a card number is not repeated."""
    try:
        _read(definition, f"{before}{card}{after}")
    except InvalidScalarError as error:
        assert card not in str(error)  # noqa: PT017 - most values are refused, some are not


@scalars
@given(value=st.text() | st.text("0123456789+-.:@ TZabES", max_size=40) | st.integers() | st.none() | st.floats())
@example(value="\ud800")
@example(value="a" * 100_000)
@example(value="9" * 5000)
@example(value=10**5000)
@example(value="9999-12-31T23:59:59-23:59")
def test_reading_raises_nothing_but_a_refusal(definition: ScalarDefinition, value: object) -> None:
    """Whatever comes in is accepted and then sent canonically, or refused in few and printable words."""
    try:
        parsed = _read(definition, value)
    except InvalidScalarError as error:
        echo = error.message.rpartition(" is not ")[0]
        assert len(echo) <= LONGEST_ECHO + len("''")
        assert echo.isprintable()
    else:
        sent = _send(definition, parsed)
        assert _send(definition, _read(definition, sent)) == sent


@scalars
@given(text=st.text())
def test_output_ready_text_is_sent_as_it_is(definition: ScalarDefinition, text: str) -> None:
    """What the database has formatted is not looked at again."""
    assert _send(definition, text) is text


@scalars
@pytest.mark.parametrize("literal", ["{ a: 1 }", "[1]", "EUR", "true", "1.5", "null", "9" * 6000], ids=lambda v: v[:9])
def test_other_literals_are_refused(definition: ScalarDefinition, literal: str) -> None:
    """A literal of another kind is a refusal like any other."""
    assert definition.parse_literal is not None
    with pytest.raises(InvalidScalarError):
        definition.parse_literal(parse_value(literal), None)


@scalars
@pytest.mark.parametrize("value", [{}, b"", datetime(2026, 1, 1), Decimal("NaN")], ids=repr)  # noqa: DTZ001
def test_a_resolvers_mistake_is_no_answer(definition: ScalarDefinition, value: object) -> None:
    """A value of the wrong type is a fault of ours and says nothing of the value."""
    with pytest.raises(TypeError, match="cannot be sent"):
        _send(definition, value)


@scalars
def test_every_scalar_is_described(definition: ScalarDefinition) -> None:
    """Clients read what a scalar is, and where it is specified if it is anywhere."""
    assert definition.description
    assert definition.specified_by_url or definition.name == "Decimal"


@given(st.datetimes(timezones=st.timezones() | st.just(UTC)))
def test_times_are_sent_in_utc(value: datetime) -> None:
    """The same moment comes back, in the one form that the database formats too."""
    try:
        in_utc = value.astimezone(UTC)
    except OverflowError:
        assume(False)  # noqa: FBT003 - Hypothesis takes the condition by position
    sent = _send(DEFINITIONS["DateTime"], value)
    assert sent == in_utc.strftime(f"{in_utc.year:04d}-%m-%dT%H:%M:%S.%fZ")
    assert _read(DEFINITIONS["DateTime"], sent) == in_utc


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        (datetime.max, "9999-12-31T23:59:59.999999Z"),  # noqa: DTZ901 - what the driver gives for infinity
        (datetime.min, "0001-01-01T00:00:00.000000Z"),  # noqa: DTZ901 - what the driver gives for -infinity
        (datetime.max.replace(tzinfo=UTC), "9999-12-31T23:59:59.999999Z"),
        (datetime.max.replace(tzinfo=timezone(timedelta(hours=-1))), "9999-12-31T23:59:59.999999Z"),
        (datetime.min.replace(tzinfo=timezone(timedelta(hours=1))), "0001-01-01T00:00:00.000000Z"),
    ],
)
def test_infinity_is_the_end_of_the_calendar(value: datetime, sent: str) -> None:
    """A time beyond the calendar is sent as its end, which can be read back."""
    assert _send(DEFINITIONS["DateTime"], value) == sent
    assert _read(DEFINITIONS["DateTime"], sent)


@given(st.dates())
def test_dates_make_the_round_trip(value: date) -> None:
    """A day is sent as ISO 8601 writes it."""
    assert _read(DEFINITIONS["Date"], _send(DEFINITIONS["Date"], value)) == value


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**30), max_value=10**30, places=6))
def test_decimals_make_the_round_trip(value: Decimal) -> None:
    """A decimal number is sent exactly and without an exponent."""
    sent = _send(DEFINITIONS["Decimal"], value)
    assert re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", str(sent))
    assert _read(DEFINITIONS["Decimal"], sent) == value


def test_a_whole_number_is_sent_as_a_decimal() -> None:
    """A resolver may answer with an integer."""
    assert _send(DEFINITIONS["Decimal"], 12) == "12"


def test_countries_are_those_of_iso_3166_1() -> None:
    """There are 249 of them; CLDR has more regions of two letters."""
    letters = [chr(code) for code in range(ord("A"), ord("Z") + 1)]
    accepted = 0
    for code in (first + second for first in letters for second in letters):
        try:
            accepted += _read(DEFINITIONS["CountryCode"], code) == code
        except InvalidScalarError:
            continue
    assert accepted == COUNTRIES_OF_ISO_3166_1


@given(st.integers(-(2**63) + 1, 2**63 - 1), st.sampled_from(["EUR", "JPY", "BHD", "CLF"]))
def test_money_makes_the_round_trip(minor: int, currency: str) -> None:
    """Minor units become an amount and the amount the same minor units, as text or as a number."""
    made = money(minor, currency)
    assert minor_units(made.amount, currency) == minor
    assert minor_units(Decimal(made.amount), currency) == minor


@pytest.mark.parametrize(
    ("minor", "currency", "amount"),
    [
        (1250, "EUR", "12.50"),
        (-5, "EUR", "-0.05"),
        (0, "USD", "0.00"),
        (1250, "JPY", "1250"),
        (-1, "JPY", "-1"),
        (1250, "BHD", "1.250"),
    ],
)
def test_money_has_the_digits_of_its_currency(minor: int, currency: str, amount: str) -> None:
    """The amount has exactly the decimals of its currency, also through a schema."""
    document = "query ($minor: Int!, $currency: CurrencyCode!) { money(minor: $minor, currency: $currency) { amount } }"
    answer = schema.execute_sync(document, variable_values={"minor": minor, "currency": currency})
    assert answer.data == {"money": {"amount": amount}}


@pytest.mark.parametrize(
    ("amount", "currency"),
    [
        ("12.345", "EUR"),
        (Decimal("0.5"), "JPY"),
        (Decimal("NaN"), "EUR"),
        (Decimal("Infinity"), "EUR"),
        (Decimal("1E+999999"), "EUR"),
        (Decimal("1E-999999"), "EUR"),
        (Decimal("0.00500000000000000000000000000000000000001"), "EUR"),
        ("92233720368547758.08", "EUR"),
        ("1e2", "EUR"),
        ("1", "XXL"),
        (CARD * 2, "EUR"),
    ],
)
def test_an_amount_that_is_not_whole_minor_units_is_refused(amount: Decimal | str, currency: str) -> None:
    """Nothing is rounded."""
    with pytest.raises(InvalidScalarError) as refusal:
        minor_units(amount, currency)
    assert CARD not in str(refusal.value)


def test_a_refused_amount_says_how_many_decimals_there_are() -> None:
    """The sentence tells what to change."""
    with pytest.raises(InvalidScalarError, match=r"^'12\.345' is not an amount in EUR with at most 2 decimals\.$"):
        minor_units("12.345", "EUR")


def test_money_of_no_currency_is_a_mistake() -> None:
    """A row with an unknown currency is a fault of ours."""
    with pytest.raises(KeyError):
        money(1, "XXL")


@given(spaced_cards())
def test_card_numbers_are_recognised(card: str) -> None:
    """Spaces and dashes hide nothing, nor does text around it."""
    assert looks_like_card_number(card)
    assert contains_card_number(f"card {card}, please")


@given(cards, st.integers(1, 9))
def test_another_check_digit_is_no_card_number(card: str, step: int) -> None:
    """Exactly one of ten last digits passes."""
    assert not looks_like_card_number(card[:-1] + str((int(card[-1]) + step) % 10))


@given(st.from_regex(r"\+[1-9][0-9]{7,14}", fullmatch=True))
@example("+1014901013060")
def test_a_phone_number_is_no_card_number(phone: str) -> None:
    """With its plus sign it is a phone number, whatever its digits sum to."""
    assert not looks_like_card_number(phone)
    assert not contains_card_number(f"call {phone}")


@pytest.mark.parametrize("text", ["", "424242424242", "4242424242424242 x", f"{CARD}0000"])
def test_other_text_is_no_card_number(text: str) -> None:
    """Fewer digits, more digits and other characters do not look like one."""
    assert not looks_like_card_number(text)


@pytest.mark.parametrize("text", ["+4242424242424242", "\u0664\u0662" * 8, "4242\u00a04242\u20134242\u22124242"])
def test_disguised_card_numbers_are_recognised(text: str) -> None:
    """A plus sign before too many digits, other scripts' digits and typographic dashes do not help."""
    assert looks_like_card_number(text)
    assert contains_card_number(text)
