"""Questions asked for output-ready text: ids and times as the database writes them."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio

from gateway.app import Layers
from resolvers.clients import client_by_id, clients
from resolvers.loading import PLACE, ById, ManyBy, PageBy
from resolvers.organisations import organisations_by_client
from resolvers.paging import Order, Page, PageArgs
from resolvers.plans import plan_by_id, plans, prices_by_plan
from schema import scalars
from storage.seeding import Account
from tenancy.decide import decide
from tenancy.predicates import DeclaredScope
from tenancy.principal import Identity
from tenancy.scope import Boundary, ReadScope, Scope
from tests.factories.clients import GatewayClient

_COLUMNS = frozenset({"id", "display_name", "created_at", "default_card_id", "version", PLACE})


@pytest_asyncio.fixture
async def db(gateway: GatewayClient, layers: Layers, known: dict[str, Account]) -> AsyncIterator[ReadScope]:
    boundary = Boundary(layers.database, decide=decide, query_scope=DeclaredScope())
    account = known["alder-owner"]
    scope = Scope(boundary, Identity(account.membership_id, account.epoch))
    yield await scope.read()
    await scope.end_read()


def page(column: str, *, first: int = 10) -> PageArgs:
    return PageArgs(order=Order(column), first=first)


async def test_a_page_holds_what_the_records_would_be_written_as(db: ReadScope) -> None:
    (plain,) = await clients(db, [None], _COLUMNS, page("name_sort"), wire=False)
    (wire,) = await clients(db, [None], _COLUMNS, page("name_sort"), wire=True)
    names = clients.layout(_COLUMNS, page("name_sort"))
    ready = [dict(zip(names, row, strict=True)) for row in wire.items]
    assert [row["id"] for row in ready] == [str(item.id) for item in plain.items]
    for row, record in zip(ready, plain.items, strict=True):
        assert row["created_at"] == scalars._serialize_datetime(record.created_at)  # noqa: SLF001 - what is compared
        assert row["default_card_id"] == (record.default_card_id and str(record.default_card_id))
        assert (row["version"], row["display_name"]) == (record.version, record.display_name)
    cursors = [[found.cursor(item) for item in found.items] for found in (plain, wire)]
    assert cursors[0] == cursors[1]


@pytest.mark.parametrize(
    ("question", "root", "column", "columns"),
    [
        (client_by_id, clients, "name_sort", _COLUMNS),
        (organisations_by_client, clients, "name_sort", frozenset({"id", "name", "client_id", "created_at"})),
        (plan_by_id, plans, "code", frozenset({"id", "code", "created_at"})),
        (prices_by_plan, plans, "code", frozenset({"id", "amount_minor"})),
    ],
)
async def test_answers_belong_to_the_same_keys_either_way(
    db: ReadScope, question: ById | ManyBy | PageBy, root: PageBy, column: str, columns: frozenset[str]
) -> None:
    (parents,) = await root(db, [None], frozenset({"id"}), page(column))
    keys = [parent.id for parent in parents.items]
    args = page("name_sort", first=3) if isinstance(question, PageBy) else None
    plain = await question(db, keys, columns, args, wire=False)  # type: ignore[arg-type]  # of its own kind
    texts: Any = [str(key) for key in keys]
    wire = await question(db, texts, columns, args, wire=True)  # type: ignore[arg-type]  # as above
    at = question.layout(columns, args).index("id")  # type: ignore[arg-type]  # as above
    assert len(plain) == len(keys)
    assert _ids(wire, lambda row: row[at]) == _ids(plain, lambda record: record.id)
    assert any(_ids(plain, lambda record: record.id))


def _ids(answers: Any, read: Callable[[Any], Any]) -> list[list[str]]:
    """Return the ids of the rows or records that each answer is or holds."""
    found: list[list[str]] = []
    for answer in answers:
        items = answer.items if isinstance(answer, Page) else answer if isinstance(answer, list) else [answer]
        found.append([str(read(item)) for item in items])
    return found
