"""Contacts, fenced credentials and organisations' users, confined inside the partner."""

from collections.abc import AsyncIterator
from typing import Any, Final
from uuid import UUID

import pytest
import pytest_asyncio

from gateway.app import Layers
from gateway.identity.tokens import TokenSigner
from gateway.settings import Settings
from schema import node_ids
from storage.base import Key, Reach, metadata, rows_of
from tenancy.decide import ALLOW, Decision
from tenancy.principal import Principal
from tenancy.privileges import Privilege
from tests.conftest import LOGIN, PASSWORD, as_login
from tests.factories.worlds import (
    HELD,
    LISTS,
    Ask,
    Weakness,
    every_weakness,
    item_of,
    mutation_document,
    of_a_tenant,
    table_name,
)
from tests.tenancy.conftest import Ground

VIEWER: Final = "{ viewer { kind } }"
CREATE: Final = mutation_document("clientCreate")


# Confined inside the partner.


def everybody_may(_principal: Principal, _privilege: Privilege) -> Decision:
    """Decide nothing, so that only query scope and row-level security hold."""
    return ALLOW


@pytest_asyncio.fixture(scope="module")
async def undecided(ground: Ground, settings: Settings, layers: Layers, signer: TokenSigner) -> AsyncIterator[Ask]:
    """Ask an application that denies nobody."""
    opened = every_weakness(
        settings,
        layers.verifier,
        signer,
        ground.url,
        login=LOGIN,
        password=PASSWORD,
        login_url=as_login,
        deciding=everybody_may,
    )
    async with opened as ask:
        yield ask


async def _visible(ground: Ground, kind: str, reach: Reach, keys: dict[Key, Any]) -> set[str]:
    """Return the ids that a reach sees of a kind, from the declaration and as the owner."""
    rows = rows_of(metadata.tables[f"gateway.{table_name(kind)}"])
    assert rows is not None
    needed = rows.keys[reach]
    if needed is None:
        return set()
    tests = {Key.PARTNER: "{} = ${}", Key.CLIENTS: "{} = ANY (${}::uuid[])", Key.ORG: "{} = ${}"}
    where = " AND ".join(tests[key].format(rows.column(key), place) for place, key in enumerate(needed, 1))
    found = await ground.owner.fetch(
        f"SELECT id FROM gateway.{table_name(kind)} WHERE {where}",
        *(keys[key] for key in needed),
    )
    return {node_ids.encode(kind, row["id"]) for row in found}


async def _confined(ground: Ground, kind: str) -> tuple[UUID, Reach, dict[Key, Any]]:
    chosen = {name: node_ids.decode(identifier) for name, identifier in ground.alder.chosen.items()}
    one, org = chosen["Client"], chosen["ChildOrg"]
    assert one is not None
    assert org is not None
    if kind == "ORG_USER":
        identity = await ground.join(kind, child_org_id=org[1])
        return (
            identity.membership_id,
            Reach.ORG,
            {Key.PARTNER: ground.alder.partner_id, Key.CLIENTS: [], Key.ORG: org[1]},
        )
    identity = await ground.join(kind, client_ids=[one[1]])
    return (
        identity.membership_id,
        Reach.CLIENT,
        {Key.PARTNER: ground.alder.partner_id, Key.CLIENTS: [one[1]], Key.ORG: None},
    )


@pytest.mark.parametrize("weakness", HELD.values(), ids=HELD)
@pytest.mark.parametrize("kind", ["CONTACT", "API_CREDENTIAL", "ORG_USER"])
async def test_who_is_confined_sees_what_is_declared_and_nothing_beside(
    ground: Ground, undecided: Ask, kind: str, weakness: Weakness
) -> None:
    membership, reach, keys = await _confined(ground, kind)
    asking = undecided(membership, weakness)
    for listed in LISTS:
        named = item_of(listed).name
        if not of_a_tenant(named):
            continue
        visible = await _visible(ground, named, reach, keys)
        answer = await asking.run(f"{{ {listed}(first: 100) {{ nodes {{ id }} }} }}")
        nodes = (answer.partial or {}).get(listed) or {"nodes": []}
        assert {node["id"] for node in nodes["nodes"]} == visible, listed
        sibling = next(identifier for identifier in ground.alder.ids[named] if identifier not in visible)
        found = await asking.run("query($id: ID!) { node(id: $id) { id } }", id=sibling)
        assert found.partial == {"node": None}


async def test_a_credential_without_a_fence_reaches_the_partner_and_no_other(ground: Ground, undecided: Ask) -> None:
    identity = await ground.join("API_CREDENTIAL")
    answer = await undecided(identity.membership_id, HELD["whole"]).run("{ clients(first: 100) { nodes { id } } }")
    found = {node["id"] for node in answer.data["clients"]["nodes"]}
    assert found
    assert found <= set(ground.alder.ids["Client"]) | {
        node_ids.encode("Client", row["id"])
        for row in await ground.owner.fetch(
            "SELECT id FROM gateway.client WHERE partner_id = $1", ground.alder.partner_id
        )
    }


@pytest.mark.parametrize("kind", ["CONTACT", "API_CREDENTIAL", "ORG_USER"])
async def test_who_no_table_names_is_denied_everything(ground: Ground, kind: str) -> None:
    membership, _reach, _keys = await _confined(ground, kind)
    answer = await ground.ask(membership, HELD["whole"]).run("{ clients(first: 1) { nodes { id } } }")
    assert answer.codes == ["FORBIDDEN"]
    assert answer.errors[0]["extensions"]["rule"] == f"{kind}_MAY_NOT_CLIENT_READ"
