"""A client that knows nothing of this gateway but its address: the Python package gql, schema and all."""

import json
import urllib.request
from typing import Any

import pytest
from gql import Client, GraphQLRequest, gql
from gql.transport.exceptions import TransportQueryError
from gql.transport.httpx import HTTPXTransport

EXPLORED = "{ clients(first: 2) { nodes { id displayName } pageInfo { hasNextPage endCursor } } }"
EDIT = """
mutation Edit($input: ClientEditInput!) {
  clientEdit(input: $input) { client { id version address { city } } userErrors { code path message } }
}
"""


def session(explorer_url: str, account: str) -> Client:
    with urllib.request.urlopen(f"{explorer_url}accounts.json", timeout=30) as response:
        accounts: list[dict[str, Any]] = json.load(response)["accounts"]
    token = next(found["token"] for found in accounts if found["id"] == account)
    url = explorer_url.replace("/explorer/", "/graphql")
    transport = HTTPXTransport(url=url, headers={"Authorization": f"Bearer {token}"})
    return Client(transport=transport, fetch_schema_from_transport=True)


def test_reads_pages_and_changes_with_the_schema_it_fetched(explorer_url: str) -> None:
    with session(explorer_url, "alder-owner") as gateway:
        listed = gateway.execute(gql(EXPLORED))["clients"]
        assert listed["pageInfo"]["hasNextPage"] is True
        first = listed["nodes"][0]["id"]
        answer = gateway.execute(GraphQLRequest(EDIT, variable_values={"input": {"id": first, "city": "Ávila"}}))
        assert answer["clientEdit"]["client"]["address"] == {"city": "Ávila"}
        assert answer["clientEdit"]["userErrors"] == []


def test_is_told_what_is_wrong(explorer_url: str) -> None:
    with session(explorer_url, "alder-viewer") as gateway:
        with pytest.raises(TransportQueryError) as denied:
            gateway.execute(gql("{ members { nodes { id } } }"))
        (error,) = denied.value.errors or []
        assert error["extensions"]["code"] == "FORBIDDEN"
        assert error["extensions"]["rule"] == "VIEWER_MAY_NOT_MEMBER_READ"
