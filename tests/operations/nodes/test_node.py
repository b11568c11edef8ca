"""Finding one thing of any kind by its id."""

from typing import Any, Final

import pytest

from schema.node_ids import KINDS
from storage.partners import partner_member
from tests.factories.clients import GatewayClient
from tests.operations.changes import SCHEMA, Shop
from tests.operations.lists import everything_of
from tests.operations.worlds import UNKNOWN, Row, node_id, strange_ids

NODE: Final = "query($id: ID!) { node(id: $id) { id __typename } }"


async def rows(shop: Shop) -> dict[str, Row]:
    """Return a row of every kind of node."""
    return {
        "PartnerOrg": {"id": shop.world.partner_id},
        "PartnerMember": (await shop.world.rows(partner_member))[0],
        "Client": shop.client,
        "ChildOrg": shop.organisation,
        "PartnerAccess": shop.access,
        "Plan": shop.plan,
        "Subscription": shop.subscription,
        "PaymentCard": await shop.world.card(),
        "Invoice": await shop.world.invoice(shop.client),
        "OrgUser": shop.user,
        "OrgSettings": await shop.world.settings(shop.organisation),
        "UserBackup": await shop.world.backup(shop.user),
        "ActingSession": shop.session,
        "Escalation": await shop.world.escalation(shop.session, user=shop.user),
        "ChangeRequest": await shop.world.change_request(shop.subscription),
        "AuditEntry": await shop.world.entry(shop.organisation),
    }


INSIDE: Final = frozenset({"OrgUser", "OrgSettings", "UserBackup"})


def reader(kind: str, shop: Shop) -> GatewayClient:
    """Ask as somebody who may read a kind of node: what is inside an organisation, its super admin reads."""
    return shop.as_super_admin if kind in INSIDE else shop.world.boss


@pytest.mark.parametrize("kind", KINDS)
async def test_finds_each_kind_with_all_of_its_fields(kind: str, shop: Shop) -> None:
    identifier = node_id(kind, (await rows(shop))[kind])
    fields = everything_of(SCHEMA.get_type(kind), 1)
    document = f"query($id: ID!) {{ node(id: $id) {{ __typename ... on {kind} {{ {fields} }} }} }}"
    answer = await reader(kind, shop).run(document, id=identifier)
    found = answer.partial["node"]
    assert set(answer.codes) <= {"FORBIDDEN"}
    assert (found["__typename"], found["id"]) == (kind, identifier)
    assert len(identifier) <= 40


@pytest.mark.parametrize("kind", KINDS)
async def test_finds_nothing_by_a_strange_id(kind: str, shop: Shop, statements: list[str]) -> None:
    told = set()
    for why, identifier in strange_ids(kind).items():
        answer = await reader(kind, shop).run(NODE, id=identifier)
        assert (answer.status, answer.codes, answer.partial) == (200, ["NOT_FOUND"], {"node": None}), why
        assert answer.errors[0]["path"] == ["node"]
        told.add(answer.errors[0]["message"])
    assert told == {"There is no such node."}
    assert statements


@pytest.mark.parametrize("kind", KINDS)
async def test_answers_another_partner_s_id_like_an_unknown_one(kind: str, shop: Shop, other_shop: Shop) -> None:
    if kind == "Plan":
        return
    asking = reader(kind, shop)
    foreign = await asking.run(NODE, id=node_id(kind, (await rows(other_shop))[kind]))
    unknown = await asking.run(NODE, id=node_id(kind, UNKNOWN))

    def without_request(answer: Any) -> Any:
        errors = [{**error, "extensions": {**error["extensions"], "requestId": ""}} for error in answer.errors]
        return answer.status, answer.partial, errors

    assert without_request(foreign) == without_request(unknown)


async def test_tells_apart_what_a_selection_needs_of_each_kind(shop: Shop, statements: list[str]) -> None:
    document = """query($id: ID!) { node(id: $id) {
        id
        ... on Versioned { version updatedAt }
        ... on Client { displayName }
        ... on Subscription { plan { name } seats }
        ...Named
    } }
    fragment Named on ChildOrg { name client { displayName } }"""
    client = await shop.world.boss.run(document, id=node_id("Client", shop.client))
    assert set(client.data["node"]) == {"id", "version", "updatedAt", "displayName"}
    subscription = await shop.world.boss.run(document, id=node_id("Subscription", shop.subscription))
    assert subscription.data["node"]["plan"] == {"name": "Mail Standard"}
    organisation = await shop.world.boss.run(document, id=node_id("ChildOrg", shop.organisation))
    assert organisation.data["node"]["client"] == {"displayName": "Harbour Ltd"}
    assert len(statements) == 2 + 3 + 3


async def test_finds_several_at_once_in_one_snapshot(shop: Shop) -> None:
    answer = await shop.world.boss.run(
        "query($a: ID!, $b: ID!, $c: ID!) { a: node(id: $a) { id } b: node(id: $b) { id } c: node(id: $c) { id } }",
        a=node_id("Client", shop.client),
        b=node_id("Client", UNKNOWN),
        c=node_id("Plan", shop.plan),
    )
    assert answer.codes == ["NOT_FOUND"]
    assert answer.errors[0]["path"] == ["b"]
    assert answer.partial == {
        "a": {"id": node_id("Client", shop.client)},
        "b": None,
        "c": {"id": node_id("Plan", shop.plan)},
    }
