"""The partner's dashboard and the page of one client, as they are really asked for: few statements, one snapshot."""

from typing import Any, Final

import pytest
import pytest_asyncio

from storage.engine import connect
from tenancy.scope import ReadScope
from tests.factories.clients import GatewayClient
from tests.operations.lists import Crowd
from tests.operations.worlds import node_id

DASHBOARD: Final = """
query Dashboard($clients: Int!) {
  clients(first: $clients) {
    nodes {
      id displayName firstName lastName companyName email status
      defaultCard { id brand lastFour expiryMonth expiryYear }
      organisations(first: 5) {
        nodes {
          id name domain status
          subscriptions(first: 2) {
            nodes {
              id status seats currentPeriodEnd
              unitPrice { amount currency }
              plan { name code }
            }
          }
        }
      }
    }
  }
}"""

CLIENT_PAGE: Final = """
query ClientPage($id: ID!) {
  node(id: $id) {
    ... on Client {
      id displayName email status
      organisations(first: 1) {
        nodes {
          id name domain
          subscriptions(first: 2) { nodes { id seats plan { name code } card { brand lastFour } } }
        }
      }
      invoices(first: 5) { nodes { id number state dueOn total { amount currency } } }
    }
  }
}"""

SUBSCRIPTIONS: Final = 1000


@pytest.fixture(autouse=True)
def _no_second_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the statement that a read of more than half a second runs at its end."""
    monkeypatch.setattr("tenancy.reading.RECHECK_SECONDS", float("inf"))


@pytest_asyncio.fixture
async def meddler(owner_url: str) -> Any:
    """A second connection, which changes rows while a request is under way."""
    connection = await connect(owner_url)
    await connection.execute("SET ROLE gateway_owner")
    yield connection
    await connection.close()


def subscriptions_of(data: Any) -> list[Any]:
    return [
        subscription
        for client in data["clients"]["nodes"]
        for organisation in client["organisations"]["nodes"]
        for subscription in organisation["subscriptions"]["nodes"]
    ]


async def test_shows_a_hundred_clients_in_six_statements(alder: GatewayClient, statements: list[str]) -> None:
    data = (await alder.run(DASHBOARD, clients=100)).data
    assert len(data["clients"]["nodes"]) == 100
    assert {len(client["organisations"]["nodes"]) for client in data["clients"]["nodes"]} == {5}
    shown = subscriptions_of(data)
    assert len(shown) == SUBSCRIPTIONS
    assert all(subscription["plan"]["code"] for subscription in shown)
    assert any(client["defaultCard"] for client in data["clients"]["nodes"])
    assert len(statements) <= 6


async def test_runs_as_many_statements_for_one_client_as_for_a_hundred(crowd: Crowd, statements: list[str]) -> None:
    ran = []
    for clients in (1, 2, 50, 100):
        statements.clear()
        await crowd.world.boss.run(DASHBOARD, clients=clients)
        ran.append(len(statements))
    assert ran == [6] * 4


async def test_agrees_with_the_rows(alder: GatewayClient, owner: Any) -> None:
    shown = subscriptions_of((await alder.run(DASHBOARD, clients=100)).data)
    rows = await owner.fetch(
        "SELECT subscription.*, plan.code, plan.name FROM gateway.subscription JOIN gateway.plan ON plan.id = plan_id"
    )
    by_id = {node_id("Subscription", row["id"]): row for row in rows}
    for found in shown:
        row = by_id[found["id"]]
        assert (found["status"], found["seats"]) == (row["status"], row["seats"])
        assert found["plan"] == {"name": row["name"], "code": row["code"]}
        assert found["unitPrice"]["currency"] == row["currency"]
        assert int(found["unitPrice"]["amount"].replace(".", "")) == row["unit_price_minor"]
    assert len({found["id"] for found in shown}) == SUBSCRIPTIONS


async def test_runs_in_one_read_only_snapshot(
    alder: GatewayClient, meddler: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    quiet = (await alder.run(DASHBOARD, clients=100)).data
    told: list[tuple[str, str]] = []
    untouched = ReadScope.fetch

    async def meddled(scope: ReadScope, *arguments: Any, **parameters: Any) -> Any:
        connection = scope._connection  # noqa: SLF001 - to ask the transaction what it is
        if not told:
            await meddler.execute("UPDATE gateway.subscription SET seats = seats + 1000")
            await meddler.execute("UPDATE gateway.plan SET name = name || ' II'")
        async with scope._lock:  # noqa: SLF001 - one statement at a time on one connection
            facts = [await connection.fetchval(f"SHOW transaction_{name}") for name in ("isolation", "read_only")]
        told.append((facts[0], facts[1]))
        return await untouched(scope, *arguments, **parameters)

    monkeypatch.setattr(ReadScope, "fetch", meddled)
    try:
        assert (await alder.run(DASHBOARD, clients=100)).data == quiet
        monkeypatch.undo()
        monkeypatch.setattr("tenancy.reading.RECHECK_SECONDS", float("inf"))
        after = (await alder.run(DASHBOARD, clients=100)).data
    finally:
        await meddler.execute("UPDATE gateway.subscription SET seats = seats - 1000")
        await meddler.execute("UPDATE gateway.plan SET name = replace(name, ' II', '')")
    assert set(told) == {("repeatable read", "on")}
    assert len(told) == 5
    assert {found["seats"] > 1000 for found in subscriptions_of(after)} == {True}
    assert {found["plan"]["name"].endswith(" II") for found in subscriptions_of(after)} == {True}
    assert (await alder.run(DASHBOARD, clients=100)).data == quiet


async def test_shows_the_page_of_one_client_in_seven_statements(crowd: Crowd, statements: list[str]) -> None:
    ran = set()
    for buyer in (crowd.rich, *crowd.others):
        statements.clear()
        page = (await crowd.world.boss.run(CLIENT_PAGE, id=node_id("Client", buyer))).data["node"]
        assert page["id"] == node_id("Client", buyer)
        (organisation,) = page["organisations"]["nodes"]
        assert organisation["subscriptions"]["nodes"][0]["plan"]["code"]
        assert organisation["subscriptions"]["nodes"][0]["card"]["lastFour"] == "4242"
        assert len(page["invoices"]["nodes"]) in {1, 5}
        ran.add(len(statements))
    assert ran == {7}


async def test_gives_the_connection_back_clean(alder: GatewayClient, statements: list[str]) -> None:
    await alder.run(DASHBOARD, clients=1)
    async with alder.database.reads.borrowed() as connection:
        settings = await connection.fetchrow(
            "SELECT current_setting('app.partner', true), current_setting('app.clients', true),"
            " current_user, session_user"
        )
    assert not settings[0]
    assert not settings[1]
    assert settings[2] == settings[3]
    assert statements
