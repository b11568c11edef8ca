"""What looks like a card number, and what does not."""

from typing import Final

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from resolvers.rules.card_numbers import (
    LONGEST,
    SHORTEST,
    contains_card_number,
    looks_like_card_number,
    mentions_card_number,
)

WELL_KNOWN: Final = (
    "4242424242424242",
    "5555555555554444",
    "378282246310005",
    "6011111111111117",
    "3056930009020004",
    "3566002020360505",
    "6200000000000005",
    "4222222222222",
    "6304000000000000000",
)
SEPARATORS: Final = ("", " ", "-", "\u00a0", "\u2009", "\u2010", "\u2013", "\u2212", "\u00ad", "\t", "\n")
SCRIPTS: Final = {"full width": 0xFF10, "Arabic": 0x660, "Devanagari": 0x966}


def check_digit(digits: str) -> str:
    """Return the digit that makes the others a card number, reckoned the long way."""
    total = 0
    for position, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if position % 2 == 0 else 1)
        total += value // 10 + value % 10
    return str(-total % 10)


bodies = st.text("0123456789", min_size=SHORTEST - 1, max_size=LONGEST - 1)
numbers = bodies.map(lambda body: body + check_digit(body))
letters = st.text(st.characters(categories=["L"]), max_size=8)


@given(number=numbers, separator=st.sampled_from(SEPARATORS), every=st.integers(1, 6))
def test_knows_a_number_however_it_is_spaced(number: str, separator: str, every: int) -> None:
    spaced = separator.join(number[start : start + every] for start in range(0, len(number), every))
    assert looks_like_card_number(spaced)
    assert contains_card_number(spaced)


@given(number=numbers, other=st.integers(1, 9))
def test_knows_no_number_whose_check_digit_is_wrong(number: str, other: int) -> None:
    wrong = number[:-1] + str((int(number[-1]) + other) % 10)
    assert not looks_like_card_number(wrong)


@given(number=numbers, zero=st.sampled_from(sorted(SCRIPTS.values())))
def test_knows_the_digits_of_every_script(number: str, zero: int) -> None:
    assert looks_like_card_number("".join(chr(zero + int(digit)) for digit in number))


@given(number=numbers, before=letters, after=letters)
def test_finds_a_number_within_a_text(number: str, before: str, after: str) -> None:
    text = f"{before}. {number} {after}"
    assert contains_card_number(text)
    if before:
        assert not looks_like_card_number(text)


@given(number=numbers, before=st.text("0123456789", max_size=6), after=st.text("0123456789", max_size=6))
def test_finds_a_number_within_a_longer_run_of_digits(number: str, before: str, after: str) -> None:
    assert contains_card_number(before + number + after)


@pytest.mark.parametrize(
    "identifier",
    [
        "cli1_019616338582764bb12143398fb14f77",
        "sub1_4242424242424242bb12143398fb14f7",
        "550e8400-e29b-41d4-a716-446655440000",
        "01961633-8582-764b-b121-43398fb14f77",
        "tok_visa:01a20439-c069-7373-abba-562d3a3ff651",
    ],
)
def test_takes_an_id_for_an_id(identifier: str) -> None:
    assert not mentions_card_number(f"Moved from {identifier}, see there.")


@pytest.mark.parametrize("text", ["Visa4242424242424242", "4242424242424242, 12/34", "(4242 4242 4242 4242)"])
def test_finds_a_number_that_stands_close_to_something(text: str) -> None:
    assert mentions_card_number(text)


@given(text=st.text("0123456789", max_size=SHORTEST - 1))
def test_knows_no_number_that_is_too_short(text: str) -> None:
    assert not looks_like_card_number(text)
    assert not contains_card_number(text)


@given(text=st.text("0123456789", min_size=LONGEST + 1, max_size=40))
def test_knows_no_number_that_is_too_long(text: str) -> None:
    assert not looks_like_card_number(text)


@given(text=st.text())
def test_finds_wherever_it_knows(text: str) -> None:
    if looks_like_card_number(text):
        assert contains_card_number(text)


@given(number=st.text("0123456789", min_size=7, max_size=15))
def test_takes_a_phone_number_for_a_phone_number(number: str) -> None:
    assume(number[0] != "0")
    assert not looks_like_card_number(f"+{number}")
    assert not contains_card_number(f"+{number}")


@given(number=numbers)
def test_takes_no_number_for_a_phone_number_that_is_too_long_for_one(number: str) -> None:
    assert looks_like_card_number(f"+{number}") is (len(number) > 15)


@pytest.mark.parametrize("number", WELL_KNOWN)
def test_knows_the_well_known_numbers(number: str) -> None:
    assert looks_like_card_number(number)
    assert contains_card_number(f"My card is {number}, thanks.")


@pytest.mark.parametrize(
    "text", ["", " ", "tok_visa", "4242", "2026-03-31T09:30:00", "+34 911 234 567", "ES9121000418450200051332x", "١٢٣"]
)
def test_knows_what_is_no_number(text: str) -> None:
    assert not looks_like_card_number(text)
