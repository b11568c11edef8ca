"""How a server is asked: in our schema's words, or in those of a schema that cannot be made equal to ours."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from bench.setting import QUERIES
from schema import node_ids
from schema.money import money

_KINDS: Final = {
    "clients": "Client",
    "node": "Client",
    "organisations": "ChildOrg",
    "subscriptions": "Subscription",
    "invoices": "Invoice",
    "partner": "PartnerOrg",
}
"""What the rows of a field are."""
_NUMBERS: Final = frozenset({"seats", "expiryMonth", "expiryYear"})
_TIMES: Final = frozenset({"createdAt", "currentPeriodEnd"})
_AMOUNTS: Final = {"unitPriceMinor": "unitPrice", "totalMinor": "total"}


class Dialect:
    """Our schema, which most servers serve."""

    def text(self, document: str) -> str:
        """Return the text of a document."""
        return QUERIES[document]

    def variables(self, ours: dict[str, Any], _partner: UUID) -> dict[str, Any]:
        """Return the variables of a request."""
        return ours

    def as_ours(self, data: Any) -> Any:
        """Return an answer's data as our schema would give it."""
        return data


class PostGraphile(Dialect):
    """PostGraphile's schema: aliases give its fields our names, and here its values take our forms.

    The values are the same ones: ids without our tag, times with a numerical offset, bigints as text, and an amount of
    money in minor units beside its currency.
    """

    def __init__(self) -> None:
        files = (Path(__file__).parent / "queries" / "postgraphile").glob("*.graphql")
        self._documents: Mapping[str, str] = {file.stem: file.read_text() for file in files}

    def text(self, document: str) -> str:
        """Return the text of a document."""
        return self._documents[document]

    def variables(self, ours: dict[str, Any], partner: UUID) -> dict[str, Any]:
        """Return the variables of a request: a row is named by its partner and its id."""
        named = node_ids.decode(ours.get("id", ""))
        return ours if named is None else {"partner": str(partner), "id": str(named[1])}

    def as_ours(self, data: Any) -> Any:
        """Return an answer's data as our schema would give it."""
        if "viewer" in data:
            data = {"viewer": {"partner": data["viewer"]["nodes"][0]}}
        return _as_ours(data, "")


def _as_ours(value: Any, kind: str) -> Any:
    if isinstance(value, list):
        return [_as_ours(inner, kind) for inner in value]
    if not isinstance(value, dict):
        return value
    made: dict[str, Any] = {}
    for name, inner in value.items():
        if name in _AMOUNTS:
            amount = money(int(inner), value["currency"])
            made[_AMOUNTS[name]] = {"amount": amount.amount, "currency": amount.currency}
        elif name != "currency" or not _AMOUNTS.keys() & value.keys():
            made[name] = (
                _scalar(name, inner, kind) if isinstance(inner, str) else _as_ours(inner, _KINDS.get(name, kind))
            )
    return made


def _scalar(name: str, value: str, kind: str) -> Any:
    if name == "id":
        return node_ids.encode(kind, value)
    if name in _NUMBERS:
        return int(value)
    return value.replace("+00:00", "Z") if name in _TIMES else value
