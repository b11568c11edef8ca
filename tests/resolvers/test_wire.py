"""Questions asked for output-ready text: ids and times as the database writes them."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from gateway.app import Layers
from resolvers.clients import client_by_id, clients
from resolvers.loading import ById, ManyBy, PageBy
from resolvers.organisations import organisations_by_client
from resolvers.paging import Order, PageArgs
from resolvers.plans import plan_by_id, plans, prices_by_plan
from schema import scalars
from storage.seeding import Account
from tenancy.decide import decide
from tenancy.predicates import DeclaredScope
from tenancy.principal import Identity
from tenancy.scope import Boundary, ReadScope, Scope
from tests.factories.clients import GatewayClient

_COLUMNS = frozenset({"id", "display_name", "created_at", "default_card_id", "version"})


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
    assert [item.id for item in wire.items] == [str(item.id) for item in plain.items]
    for ready, record in zip(wire.items, plain.items, strict=True):
        assert ready.created_at == scalars._serialize_datetime(record.created_at)  # noqa: SLF001 - what is compared
        assert ready.default_card_id == (record.default_card_id and str(record.default_card_id))
        assert (ready.version, ready.display_name) == (record.version, record.display_name)


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
    wire = await question(db, keys, columns, args, wire=True)  # type: ignore[arg-type]  # as above
    assert len(plain) == len(keys)
    assert _ids(wire) == _ids(plain)
    assert any(_ids(plain))


def _ids(answers: object) -> list[list[str]]:
    found: list[list[str]] = []
    for answer in answers:  # type: ignore[attr-defined]  # a sequence of records, lists or pages
        items = getattr(answer, "items", answer if isinstance(answer, list) else [answer])
        found.append([str(item.id) for item in items])
    return found
