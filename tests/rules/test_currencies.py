"""Minor units are counted by ISO 4217, not by what is customary in print."""

import pytest

from resolvers.rules.currencies import MINOR_DIGITS
from schema.money import money
from schema.scalars import minor_units


@pytest.mark.parametrize(
    ("code", "digits"), [("EUR", 2), ("USD", 2), ("JPY", 0), ("BHD", 3), ("RSD", 2), ("MGA", 2), ("IQD", 3)]
)
def test_counts_the_decimals_of(code: str, digits: int) -> None:
    assert MINOR_DIGITS[code] == digits


def test_takes_and_gives_what_an_accountant_writes() -> None:
    assert minor_units("12.50", "RSD") == 1250
    assert str(money(1250, "RSD").amount) == "12.50"
