"""What is a GraphQL request over HTTP, what is not, and what a client is told either way."""

from typing import Any, Final
from uuid import UUID

import httpx2
import orjson
import pytest

from gateway.http.graphql import LONGEST_BODY
from storage.clients import client
from tests.factories.clients import GatewayClient
from tests.http.conftest import Sent

VIEWER: Final = "{ viewer { role } }"
CREATE: Final = 'mutation { clientCreate(input: {companyName: "X", email: "x@y.example"}) { client { id } } }'


def code(response: httpx2.Response) -> str:
    """Return the code of the one error that was answered."""
    (error,) = response.json()["errors"]
    assert error["extensions"]["requestId"] == response.headers["x-request-id"]
    assert "data" not in response.json()
    found: str = error["extensions"]["code"]
    return found


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"{ viewer { role } }"',
        b'[{"query": "{ viewer { role } }"}]',
        b"{}",
        b'{"query": null}',
        b'{"query": 1}',
        b'{"query": ""}',
        b'{"query": "{ viewer { role } }", "variables": []}',
        b'{"query": "{ viewer { role } }", "variables": "{}"}',
        b'{"query": "{ viewer { role } }", "operationName": 1}',
        b'{"query": "{ viewer { role } }", "extensions": []}',
        b'{"query": "{ viewer { role } }"} trailing',
        b'{"query": "{ viewer { role } } #\xff"}',
        b'{"query": "{ viewer { role } } #\\ud800"}',
        b'{"query": "{ viewer { role } }", "variables": {"a": 1e999}}',
        b'{"query": "{ viewer { role } }", "extensions": {"a": ' + b"[" * 50_000 + b"]" * 50_000 + b"}}",
    ],
)
async def test_refuses_what_is_no_request(body: bytes, send: Sent, statements: list[str]) -> None:
    response = await send(body)
    assert (response.status_code, code(response)) == (400, "BAD_REQUEST")
    assert statements == []


@pytest.mark.parametrize(
    "media",
    [
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/graphql",
        "application/jsonp",
        "json",
    ],
)
async def test_refuses_what_is_not_sent_as_json(media: str, send: Sent, statements: list[str]) -> None:
    response = await send({"query": CREATE}, headers={"Content-Type": media})
    assert (response.status_code, code(response)) == (415, "UNSUPPORTED_MEDIA_TYPE")
    assert statements == []


@pytest.mark.parametrize("media", ["application/json", "APPLICATION/JSON", "application/json; charset=utf-8"])
async def test_takes_json_however_it_is_named(media: str, send: Sent) -> None:
    response = await send({"query": VIEWER}, headers={"Content-Type": media})
    assert response.json() == {"data": {"viewer": {"role": "OWNER"}}}


@pytest.mark.parametrize(
    ("accept", "given"),
    [
        ("application/graphql-response+json", "application/graphql-response+json; charset=utf-8"),
        (
            "application/graphql-response+json, application/json;q=0.9",
            "application/graphql-response+json; charset=utf-8",
        ),
        ("application/json", "application/json; charset=utf-8"),
        ("*/*", "application/json; charset=utf-8"),
    ],
)
async def test_answers_in_the_media_type_that_is_accepted(accept: str, given: str, send: Sent) -> None:
    for body in ({"query": VIEWER}, {"query": "{"}):
        assert (await send(body, headers={"Accept": accept})).headers["content-type"] == given


@pytest.mark.parametrize("accept", ["text/html", "application/xml, text/*;q=0.5", "image/png"])
async def test_refuses_to_answer_what_nobody_here_can_give(
    accept: str, send: Sent, owner: Any, statements: list[str]
) -> None:
    before = await owner.fetchval(f"SELECT count(*) FROM {client}")
    response = await send({"query": CREATE}, headers={"Accept": accept})
    assert (response.status_code, code(response)) == (406, "NOT_ACCEPTABLE")
    assert response.headers["content-type"].startswith("application/json")
    assert await owner.fetchval(f"SELECT count(*) FROM {client}") == before
    assert statements == []


async def test_refuses_a_body_that_is_too_large_before_reading_all_of_it(
    send: Sent, alder: GatewayClient, statements: list[str]
) -> None:
    filler = b" " * (LONGEST_BODY + 1)
    response = await send(b'{"query": "{ viewer { role } }"}' + filler)
    assert (response.status_code, code(response)) == (413, "DOCUMENT_TOO_LARGE")
    read = []

    async def chunks() -> Any:
        for _ in range(100):
            read.append(1)
            yield b" " * (LONGEST_BODY // 10)

    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {alder.token}"}
    response = await alder.http.post("/graphql", content=chunks(), headers=headers)
    assert response.status_code == 413
    assert statements == []


async def test_takes_a_body_of_the_largest_size(send: Sent) -> None:
    start, end = b'{"query": "{ viewer { role } }", "extensions": {"filler": "', b'"}}'
    response = await send(start + b"x" * (LONGEST_BODY - len(start) - len(end)) + end)
    assert response.status_code == 200


async def test_gives_every_answer_an_id_of_its_own_and_keeps_none(send: Sent) -> None:
    answers = [await send(body) for body in ({"query": VIEWER}, {"query": VIEWER}, {"query": "{"}, b"")]
    assert len({str(UUID(answer.headers["x-request-id"])) for answer in answers}) == len(answers)
    assert {answer.headers["cache-control"] for answer in answers} == {"no-store"}


async def test_answers_a_query_by_get(alder: GatewayClient) -> None:
    plain = await alder.get("/graphql", query=VIEWER)
    assert (plain.status_code, plain.json()) == (200, {"data": {"viewer": {"role": "OWNER"}}})
    document = "query A($n: Int) { clients(first: $n) { nodes { id } } } query B { viewer { role } }"
    named = await alder.get("/graphql", query=document, operationName="A", variables='{"n": 2}')
    assert len(named.json()["data"]["clients"]["nodes"]) == 2
    empty = await alder.get("/graphql", query=VIEWER, variables="null", extensions="{}")
    assert empty.status_code == 200


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"query": ""},
        {"query": VIEWER, "variables": "[]"},
        {"query": VIEWER, "variables": "{"},
        {"query": VIEWER, "variables": "[" * 5_000},
        {"query": VIEWER, "extensions": "1"},
    ],
)
async def test_refuses_a_get_that_is_no_request(parameters: dict[str, str], alder: GatewayClient) -> None:
    response = await alder.get("/graphql", **parameters)
    assert (response.status_code, code(response)) == (400, "BAD_REQUEST")


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_refuses_a_mutation_by_get_and_changes_nothing(method: str, alder: GatewayClient, owner: Any) -> None:
    before = await owner.fetchval(f"SELECT count(*) FROM {client}")
    headers = {"Authorization": f"Bearer {alder.token}", "Content-Type": "application/json"}
    response = await alder.http.request(method, "/graphql", params={"query": CREATE}, headers=headers)
    assert (response.status_code, response.headers["allow"]) == (405, "POST")
    if method == "GET":
        assert code(response) == "METHOD_NOT_ALLOWED"
    body = orjson.dumps({"query": CREATE})
    with_body = await alder.http.request(method, "/graphql", content=body, headers=headers)
    assert with_body.status_code == 400
    assert await owner.fetchval(f"SELECT count(*) FROM {client}") == before


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"])
async def test_refuses_every_other_method(method: str, send: Sent, statements: list[str]) -> None:
    response = await send({"query": VIEWER}, method=method)
    assert response.status_code == 405
    assert {"GET", "POST"} <= set(response.headers["allow"].split(", "))
    assert statements == []


async def test_asks_for_the_name_of_one_of_several_operations(alder: GatewayClient, statements: list[str]) -> None:
    for document in (
        "query A { viewer { role } } query B { viewer { kind } }",
        f"query A {{ viewer {{ role }} }} {CREATE.replace('mutation', 'mutation B')}",
        "query A{viewer{role}}query B{viewer{kind}}",
    ):
        answer = await alder.run(document)
        assert (answer.status, answer.codes) == (400, ["BAD_REQUEST"])
        assert "operationName" in answer.errors[0]["message"]
    assert statements == []
    chosen = await alder.post(
        {"query": "query A { viewer { role } } query B { viewer { kind } }", "operationName": "B"}
    )
    assert chosen.data == {"viewer": {"kind": "PARTNER_MEMBER"}}


async def test_takes_the_words_of_operations_as_names_of_fields(alder: GatewayClient) -> None:
    document = "query query { query: viewer { mutation: role subscription: kind } }"
    assert (await alder.run(document)).data == {"query": {"mutation": "OWNER", "subscription": "PARTNER_MEMBER"}}


@pytest.mark.parametrize("name", ["C", "", "a", "__proto__"])
async def test_refuses_the_name_of_no_operation(name: str, alder: GatewayClient, statements: list[str]) -> None:
    answer = await alder.post({"query": "query A { viewer { role } }", "operationName": name})
    assert (answer.status, answer.codes) == (400, ["BAD_REQUEST"])
    assert statements == []


async def test_refuses_a_document_without_an_operation(alder: GatewayClient) -> None:
    answer = await alder.run("fragment A on Query { viewer { role } }")
    assert answer.status == 400
    assert set(answer.codes) <= {"BAD_REQUEST", "GRAPHQL_VALIDATION_FAILED"}


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_serves_no_subscriptions_here(method: str, alder: GatewayClient, send: Sent) -> None:
    document = "subscription { viewer { role } }"
    response = await send({"query": document}) if method == "POST" else await alder.get("/graphql", query=document)
    assert (response.status_code, code(response)) == (400, "BAD_REQUEST")


@pytest.mark.parametrize(
    ("document", "named"),
    [
        ("{ viewer { role }", "GRAPHQL_PARSE_FAILED"),
        ("hello", "GRAPHQL_PARSE_FAILED"),
        ("{ viewer { role } } \x07", "GRAPHQL_PARSE_FAILED"),
        ("{" + "a{" * 600 + "b" + "}" * 600 + "}", "GRAPHQL_PARSE_FAILED"),
        ("{ plans(first: " + "[" * 600 + "]" * 600 + ") { nodes { id } } }", "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ viewer }", "GRAPHQL_VALIDATION_FAILED"),
        ('{ clients(first: "two") { nodes { id } } }', "GRAPHQL_VALIDATION_FAILED"),
        ("query($a: Int) { viewer { role } }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ viewer { ...Unknown } }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }", "GRAPHQL_VALIDATION_FAILED"),
        ("query($a: Int!) { clients(first: $a) { nodes { id } } }", "BAD_USER_INPUT"),
        ('{ organisations(filter: {domain: "x"}) { nodes { id } } }', "BAD_USER_INPUT"),
        ('{ invoices(filter: {number: "\\u0000"}) { nodes { id } } }', "BAD_USER_INPUT"),
    ],
)
async def test_tells_what_is_wrong_with_a_document(
    document: str, named: str, alder: GatewayClient, statements: list[str]
) -> None:
    answer = await alder.run(document)
    assert answer.status == 400
    assert set(answer.codes) == {named}
    assert answer.partial is None
    assert statements == []
    assert all(error["extensions"]["requestId"] == answer.headers["x-request-id"] for error in answer.errors)


async def test_tells_which_part_of_a_variable_is_wrong(alder: GatewayClient) -> None:
    document = "query($f: ClientFilter) { clients(filter: $f) { nodes { id } } }"
    for value, path in (
        ({"status": "GONE"}, ["f", "status"]),
        ({"email": "x"}, ["f", "email"]),
        ({"nothing": 1}, ["f"]),
        (3, ["f"]),
    ):
        answer = await alder.run(document, f=value)
        assert (answer.status, answer.codes) == (400, ["BAD_USER_INPUT"])
        assert answer.errors[0]["extensions"]["inputPath"][: len(path)] == path


async def test_repeats_no_long_number_that_it_refuses(alder: GatewayClient) -> None:
    for document in (
        '{ organisations(filter: {domain: "4242424242424242"}) { nodes { id } } }',
        "{ clients(first: 4242424242424242) { nodes { id } } }",
        '{ clients(filter: {status: "4242-4242 4242 4242"}) { nodes { id } } }',
    ):
        answer = await alder.run(document)
        assert answer.status == 400
        assert "4242" not in str(answer.body)


async def test_masks_what_nobody_expected(
    alder: GatewayClient, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def broken(_request: Any) -> Any:
        message = "password=hunter2 host=10.0.0.7"
        raise ZeroDivisionError(message)

    monkeypatch.setattr("resolvers.partners.viewer", broken)
    answer = await alder.run("{ viewer { role } clients(first: 1) { nodes { id } } }")
    assert (answer.status, answer.codes) == (200, ["INTERNAL"])
    (error,) = answer.errors
    identifier = answer.headers["x-request-id"]
    assert error["message"] == f"Something went wrong here. Tell support the request id {identifier}."
    assert set(error["extensions"]) == {"code", "requestId"}
    assert error["path"] == ["viewer"]
    assert answer.partial["viewer"] is None
    assert len(answer.partial["clients"]["nodes"]) == 1
    body = orjson.dumps(answer.body).decode()
    assert not [word for word in ("hunter2", "10.0.0.7", "ZeroDivision", "Traceback", ".py") if word in body]
    assert identifier in capsys.readouterr().out


async def test_masks_what_nobody_expected_before_anything_ran(
    alder: GatewayClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(_scope: Any) -> Any:
        message = "password=hunter2"
        raise ZeroDivisionError(message)

    monkeypatch.setattr("tenancy.scope.Scope.read", broken)
    answer = await alder.run(VIEWER)
    assert (answer.status, answer.codes) == (500, ["INTERNAL"])
    assert "hunter2" not in str(answer.body)


async def test_answers_the_same_document_alike_whoever_asks(alder: GatewayClient, birch: GatewayClient) -> None:
    document = "{ viewer { partner { name } } }"
    for _ in range(2):
        assert (await alder.run(document)).data == {"viewer": {"partner": {"name": "Alder Hosting"}}}
        assert (await birch.run(document)).data != (await alder.run(document)).data
