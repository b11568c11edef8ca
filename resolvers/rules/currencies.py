"""Currencies: how many decimals their minor units stand for, by ISO 4217.

Babel's data (CLDR) counts the decimals that are customary in print, which for some currencies are fewer; a card
processor and an accountant count by ISO 4217.
"""

from typing import Final

from babel.numbers import get_currency_precision, list_currencies

_ISO_4217: Final = {
    **dict.fromkeys(("AFN", "ALL", "IRR", "KPW", "LAK", "LBP", "MGA", "MMK", "RSD", "SOS", "SYP", "YER"), 2),
    "IQD": 3,
}

MINOR_DIGITS: Final = {code: _ISO_4217.get(code, get_currency_precision(code)) for code in list_currencies()}
"""The decimals of each currency's minor unit: EUR 2, JPY 0, BHD 3."""
