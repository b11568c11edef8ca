"""What is measured: the queries with their variables, and the change that each request makes anew."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID, uuid4

import msgspec
import orjson

from bench.load import http_request
from bench.setting import QUERIES
from schema import node_ids

PAGES: Final = 200
"""How many clients the client page is asked for, one after another."""


class Case(msgspec.Struct, frozen=True):
    """One query of the table; `only` names the servers that take part, all where it is None.

    `page` is the page of the list, `million` whether the partner with a million clients asks.
    """

    key: str
    title: str
    document: str
    only: frozenset[str] | None = None
    page: int = 1
    million: bool = False
    changes: bool = False

    @property
    def query(self) -> str:
        """The query that it is a case of, such as D3."""
        return self.key.split()[0]

    def concerns(self, server: str) -> bool:
        """Tell whether a server takes part."""
        return self.only is None or server in self.only


DEEP_PAGE: Final = 1_000
_OURS: Final = frozenset({"gateway", "stock"})
_DEEP: Final = _OURS | {"limit"}
CASES: Final = (
    Case("D1", "dashboard: 100 clients × 5 organisations × 2 subscriptions", "dashboard"),
    Case("D2", "client page: organisations, subscriptions, card, last invoices", "client_page"),
    Case("D3", "list page: 25 clients, the first page", "list_page"),
    Case("D3 next", "list page: the page after it", "list_page", page=2),
    Case("D4", "viewer: the partner's id and name", "viewer"),
    Case("D5", "change: the seats of a subscription", "change_seats", only=_OURS, changes=True),
    Case("D3 first of a million", "list page of a million clients: the first", "list_page", only=_DEEP, million=True),
    Case(
        "D3 deep in a million",
        f"list page of a million clients: page {DEEP_PAGE:,}",
        "list_page",
        only=_DEEP,
        page=DEEP_PAGE,
        million=True,
    ),
)


class Reading:
    """A query with one or more sets of variables, asked in turn; each answer is the one that was verified."""

    def __init__(self, requests: Sequence[bytes], answers: Sequence[bytes]) -> None:
        self._requests = requests
        self._answers = answers

    def request(self, connection: int, turn: int) -> bytes:
        """Return the request; connections begin at different places."""
        return self._requests[self._place(connection, turn)]

    def accepts(self, connection: int, turn: int, body: bytes) -> bool:
        """Compare the whole body."""
        return body == self._answers[self._place(connection, turn)]

    def _place(self, connection: int, turn: int) -> int:
        return (connection * 25 + turn) % len(self._requests)


class Changing:
    """One seat more, one seat less: each connection has subscriptions of its own, each request a key of its own.

    It remembers what it changed, so that every request of every server is a change.
    """

    def __init__(self, token: str, subscriptions: Sequence[tuple[UUID, int]], connections: int) -> None:
        self._token = token
        self._of = [subscriptions[number::connections] for number in range(connections)]
        self._raised: set[UUID] = set()

    def request(self, connection: int, turn: int) -> bytes:
        """Return the request: up where the subscription was lowered last, else down again."""
        identifier, seats = self._chosen(connection, turn)
        self._raised ^= {identifier}
        variables: dict[str, Any] = {
            "id": node_ids.encode("Subscription", identifier),
            "seats": seats + (identifier in self._raised),
            "key": str(uuid4()),
        }
        return http_request(self._token, QUERIES["change_seats"], variables)

    def accepts(self, connection: int, turn: int, body: bytes) -> bool:
        """Demand that the change was made."""
        identifier, seats = self._chosen(connection, turn)
        changed = orjson.loads(body)["data"]["subscriptionChangeSeats"]
        wanted = seats + (identifier in self._raised)
        return not changed["userErrors"] and changed["subscription"]["seats"] == wanted

    def _chosen(self, connection: int, turn: int) -> tuple[UUID, int]:
        of = self._of[connection]
        return of[turn % len(of)]
