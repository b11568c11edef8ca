"""What is served beside GraphQL: the probes, and in development the explorer."""

from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import asyncpg
import httpx2
import pytest

from gateway.http import pages
from storage.connections import Connections
from storage.engine import connect
from storage.seeding import Account
from tests.factories.clients import GatewayClient

DIST: Final = Path(pages.__file__).with_name("explorer") / "dist"
VIEWER: Final = "{ viewer { role } }"
MEDIA: Final = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".ttf": "font/",
    ".md": "text/",
}


async def test_lives_without_asking_the_database(gateway: GatewayClient, statements: list[str]) -> None:
    response = await gateway.get("/livez")
    assert (response.status_code, response.text) == (200, "alive\n")
    assert statements == []


async def test_is_ready_while_the_database_answers(gateway: GatewayClient) -> None:
    response = await gateway.get("/readyz")
    assert (response.status_code, response.text) == (200, "ready\n")


async def test_is_not_ready_at_another_revision(fresh_database: str, elsewhere: Any) -> None:
    async with elsewhere(fresh_database) as client:
        assert (await client.get("/readyz")).status_code == 200
        connection = await connect(fresh_database)
        await connection.execute("UPDATE gateway.alembic_version SET version_num = 'another'")
        await connection.close()
        response = await client.get("/readyz")
        assert (response.status_code, "another revision" in response.text) == (503, True)
        assert (await client.get("/livez")).status_code == 200


async def test_lives_but_is_not_ready_once_the_database_is_gone(
    fresh_database: str, server_url: str, elsewhere: Any, alder: GatewayClient
) -> None:
    async with elsewhere(fresh_database) as client:
        assert (await client.bearing(alder.token).run(VIEWER)).data == {"viewer": {"role": "OWNER"}}
        connection = await connect(server_url)
        await connection.execute(f'DROP DATABASE "{urlsplit(fresh_database).path.strip("/")}" WITH (FORCE)')
        await connection.close()
        response = await client.get("/readyz")
        assert (response.status_code, response.text) == (503, "the database does not answer\n")
        assert (await client.get("/livez")).status_code == 200
        assert (await client.run("{ __typename }")).status == 200


@pytest.mark.parametrize(
    "gone",
    [
        ConnectionRefusedError(),
        TimeoutError(),
        asyncpg.ConnectionDoesNotExistError(),
        asyncpg.InterfaceError("the connection is closed"),
        asyncpg.AdminShutdownError(),
        asyncpg.CannotConnectNowError(),
    ],
    ids=repr,
)
async def test_tells_that_the_database_is_out_of_reach(
    gone: Exception, fresh_database: str, elsewhere: Any, alder: GatewayClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_arguments: Any, **_more: Any) -> Any:
        raise gone

    change = 'mutation { resellerCardAttach(input: {token: "tok_visa"}) { userErrors { code retryable } } }'
    async with elsewhere(fresh_database) as client:
        caller = client.bearing(alder.token)
        monkeypatch.setattr(asyncpg, "connect", refused)
        monkeypatch.setattr(Connections, "acquire", refused)
        answer = await caller.run(VIEWER)
        assert (answer.status, answer.codes, answer.headers["retry-after"]) == (503, ["UNAVAILABLE"], "1")
        assert answer.errors[0]["extensions"]["retryable"] is True
        changed = await caller.run(change)
        monkeypatch.undo()
        assert changed.user_errors == [{"code": "UNAVAILABLE", "retryable": True}]
        assert (await caller.run(VIEWER)).data == {"viewer": {"role": "OWNER"}}


async def test_leads_to_the_explorer(gateway: GatewayClient) -> None:
    response = await gateway.get("/")
    assert response.status_code in {302, 307}
    assert response.headers["location"] == "/explorer/"
    page = await gateway.get("/explorer/")
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert page.headers["cache-control"] == "no-cache"


async def test_gives_each_file_its_type_and_a_policy_that_lets_nothing_else_in(gateway: GatewayClient) -> None:
    files = [file for file in DIST.rglob("*") if file.is_file()]
    assert {file.suffix for file in files} <= set(MEDIA)
    for file in files:
        response = await gateway.get(f"/explorer/{file.relative_to(DIST).as_posix()}")
        assert response.status_code == 200
        assert response.content == file.read_bytes()
        assert response.headers["content-type"].startswith(MEDIA[file.suffix]), file.name
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["referrer-policy"] == "no-referrer"
        policy = dict(part.strip().split(" ", 1) for part in response.headers["content-security-policy"].split(";"))
        assert policy["default-src"] == policy["script-src"] == policy["connect-src"] == "'self'"
        assert policy["frame-ancestors"] == "'none'"
        assert "http" not in response.headers["content-security-policy"]
        kept = "immutable" if file.parent.name == "assets" else "no-cache"
        assert kept in response.headers["cache-control"]


async def test_loads_nothing_from_elsewhere() -> None:
    page = (DIST / "index.html").read_text(encoding="utf-8")
    assert "//" not in page.replace("<!doctype", "").replace("http://www.w3.org", "")


@pytest.mark.parametrize(
    "path",
    [
        "/explorer/../pages.py",
        "/explorer/%2e%2e/pages.py",
        "/explorer/..%2f..%2fpages.py",
        "/explorer/assets/%2e%2e/%2e%2e/%2e%2e/pages.py",
        "/explorer/%2e%2e%2f%2e%2e%2f%2e%2e%2f%2e%2e%2f%2e%2e%2f%2e%2e%2fetc/passwd",
        "/explorer//etc/passwd",
        "/explorer/..%5c..%5cpages.py",
        "/explorer/%00",
        "/explorer/source/package.json",
        "/explorer/../source/package.json",
        "/explorer/assets",
        "/explorer/assets/",
        "/explorer/nothing",
    ],
)
async def test_gives_nothing_from_outside_its_files(path: str, gateway: GatewayClient) -> None:
    raw = httpx2.URL("http://127.0.0.1:8000").copy_with(raw_path=path.encode())
    response = await gateway.http.get(raw)
    assert response.status_code in {404, 307}
    assert not [word for word in ("import", "root:", "dependencies") if word in response.text]


async def test_signs_the_accounts_of_the_demo_in(
    with_accounts: httpx2.AsyncClient, known: dict[str, Account], gateway: GatewayClient
) -> None:
    response = await with_accounts.get("/explorer/accounts.json")
    assert (response.status_code, response.headers["cache-control"]) == (200, "no-store")
    listed = response.json()["accounts"]
    assert [account["id"] for account in listed] == list(known)
    for account in listed:
        assert set(account) == {"id", "name", "organisation", "role", "email", "token"}
        answer = await gateway.bearing(account["token"]).run("{ viewer { name } }")
        assert answer.data["viewer"] == {"name": account["name"]}


async def test_knows_no_accounts_where_there_is_no_demo(gateway: GatewayClient) -> None:
    response = await gateway.get("/explorer/accounts.json")
    assert (response.status_code, response.json()) == (404, {"accounts": []})


@pytest.mark.parametrize("path", ["/", "/explorer", "/explorer/", "/explorer/accounts.json", "/explorer/index.html"])
async def test_serves_no_explorer_in_production(path: str, production: GatewayClient) -> None:
    assert (await production.get(path)).status_code == 404


async def test_tells_nothing_of_the_schema_in_production(production: GatewayClient, alder: GatewayClient) -> None:
    for caller in (production, production.bearing(alder.token)):
        for document in ("{ __schema { types { name } } }", '{ __type(name: "Query") { name } }'):
            answer = await caller.run(document)
            assert (answer.status, set(answer.codes)) == (400, {"GRAPHQL_VALIDATION_FAILED"})
            assert answer.partial is None
        assert (await caller.run("{ __typename }")).data == {"__typename": "Query"}


async def test_suggests_no_names_in_production(production: GatewayClient, alder: GatewayClient) -> None:
    for document in (
        "{ viewr { role } }",
        "{ viewer { roll } }",
        "{ clients(frist: 1) { nodes { id } } }",
        "{ clients(filter: {statuss: ACTIVE}) { nodes { id } } }",
        "{ clients(filter: {status: ACTIV}) { nodes { id } } }",
        '{ node(id: "x") { ... on Clientt { id } } }',
    ):
        answer = await production.bearing(alder.token).run(document)
        assert answer.status == 400
        assert "Did you mean" not in str(answer.body), document


async def test_answers_data_in_production(production: GatewayClient, alder: GatewayClient) -> None:
    assert (await production.bearing(alder.token).run(VIEWER)).data == {"viewer": {"role": "OWNER"}}
    assert (await production.get("/livez")).status_code == (await production.get("/readyz")).status_code == 200
