"""Creating a child organisation; what holds for every change is in test_changes."""

import asyncio
from typing import Any, Final

import pytest

from schema import node_ids
from storage.accesses import partner_access
from storage.organisations import child_org, org_invitation
from tests.factories.clients import Answer
from tests.operations.changes import ERRORS, Shop, assert_told, trail_of
from tests.operations.conftest import Unchanged
from tests.operations.worlds import LONG_AGO, node_id

CREATE: Final = f"""
mutation($input: OrganisationCreateInput!) {{
  organisationCreate(input: $input) {{
    organisation {{
      id version name domain domainStatus domainVerifiedAt status
      client {{ id }} subscriptions {{ totalCount }}
      accesses {{ nodes {{ state fullAdministration privileges expiresAt endedAt organisation {{ name }} }} }}
    }}
    {ERRORS}
  }}
}}"""


async def create(shop: Shop, **values: Any) -> Answer:
    given = {
        "clientId": node_id("Client", shop.client),
        "name": " Quay Trust ",
        "domain": "Quay.example",
        "superAdminName": " Ada Quay ",
        "superAdminEmail": "Ada@Quay.example",
        **values,
    }
    return await shop.world.boss.run(CREATE, input=given)


async def test_gives_the_partner_access_and_invites_the_super_admin(shop: Shop) -> None:
    answer = await create(shop)
    made = answer.payload["organisation"]
    row = await shop.world.row(child_org, node_ids.of_kind(made["id"], "ChildOrg"))
    assert made == {
        "id": node_id("ChildOrg", row),
        "version": 1,
        "name": "Quay Trust",
        "domain": "quay.example",
        "domainStatus": "UNVERIFIED",
        "domainVerifiedAt": None,
        "status": "ACTIVE",
        "client": {"id": node_id("Client", shop.client)},
        "subscriptions": {"totalCount": 0},
        "accesses": {
            "nodes": [
                {
                    "state": "ACTIVE",
                    "fullAdministration": True,
                    "privileges": [],
                    "expiresAt": None,
                    "endedAt": None,
                    "organisation": {"name": "Quay Trust"},
                }
            ]
        },
    }
    assert (row["name_sort"], row["client_id"]) == ("quay trust", shop.client["id"])
    (invitation,) = await shop.world.rows(org_invitation)
    assert (invitation["child_org_id"], invitation["client_id"]) == (row["id"], shop.client["id"])
    assert (invitation["name"], invitation["email"]) == ("Ada Quay", "ada@quay.example")
    assert invitation["state"] == "OPEN"


async def test_tells_the_trail_of_all_three_rows(shop: Shop) -> None:
    answer = await create(shop)
    trail = await trail_of(shop.world)
    assert_told(trail, shop.world, answer, "organisationCreate")
    assert sorted(trail.types) == ["access.granted", "invitation.created", "organisation.created"]
    entries = {entry["target_kind"]: entry for entry in trail.entries}
    organisation = next(row for row in await shop.world.rows(child_org) if row["domain"] == "quay.example")
    for kind, table in (("org_invitation", org_invitation), ("partner_access", partner_access)):
        (row,) = [row for row in await shop.world.rows(table) if row["child_org_id"] == organisation["id"]]
        assert entries[kind]["target_id"] == row["id"]
        assert entries[kind]["child_org_id"] == organisation["id"]
    assert entries["child_org"]["target_id"] == organisation["id"]
    assert {entry["client_id"] for entry in trail.entries} == {shop.client["id"]}
    assert {entry["privilege"] for entry in trail.entries} == {"ORGANISATION_CREATE"}
    assert entries["partner_access"]["reason"] == "the partner created the organisation"
    assert entries["child_org"]["after"]["domain"] == "quay.example"
    assert entries["child_org"]["before"] is None


@pytest.mark.parametrize("name", ["name", "superAdminName"])
@pytest.mark.parametrize(("text", "code"), [("", "REQUIRED"), (" \t", "REQUIRED"), ("x" * 201, "TOO_LONG")])
async def test_refuses_a_name_that_is_none(name: str, text: str, code: str, shop: Shop, unchanged: Unchanged) -> None:
    async with unchanged():
        answer = await create(shop, **{name: text})
    assert answer.user_codes == [code]
    assert answer.user_errors[0]["path"] == ["input", name]
    assert answer.payload["organisation"] is None


@pytest.mark.parametrize("domain", ["harbour.example", "HARBOUR.Example", "harbour.example."])
async def test_refuses_a_domain_that_the_partner_has(domain: str, shop: Shop, unchanged: Unchanged) -> None:
    async with unchanged():
        answer = await create(shop, domain=domain)
    assert answer.user_codes == ["DOMAIN_TAKEN"]
    assert answer.user_errors[0]["path"] == ["input", "domain"]


async def test_lets_two_partners_have_the_same_domain(shop: Shop, other_shop: Shop) -> None:
    assert (await create(shop)).user_errors == (await create(other_shop)).user_errors == []


async def test_tells_nothing_of_an_organisation_that_left_but_that_its_domain_is_taken(
    shop: Shop, unchanged: Unchanged
) -> None:
    await shop.world.change(child_org, shop.organisation["id"], partner_sees_until=LONG_AGO)
    async with unchanged():
        answer = await create(shop, domain="harbour.example")
    assert answer.user_codes == ["ALREADY_EXISTS"]
    assert answer.payload["organisation"] is None


async def test_gives_a_domain_to_one_of_two_that_ask_at_the_same_time(shop: Shop) -> None:
    answers = await asyncio.gather(*(create(shop) for _ in range(3)))
    codes = sorted(code for answer in answers for code in answer.user_codes)
    assert len(codes) == 2
    assert set(codes) <= {"ALREADY_EXISTS", "DOMAIN_TAKEN", "BUSY"}
    assert [row["domain"] for row in await shop.world.rows(child_org)] == ["harbour.example", "quay.example"]
    assert len(await shop.world.rows(org_invitation)) == 1
    assert len(await shop.world.rows(partner_access)) == 2


@pytest.mark.parametrize(
    ("name", "value"),
    [("domain", "localhost"), ("domain", "no domain"), ("domain", "a" * 300), ("superAdminEmail", "ada")],
)
async def test_refuses_a_bad_value_wherever_it_stands(name: str, value: str, shop: Shop, unchanged: Unchanged) -> None:
    async with unchanged():
        answer = await create(shop, **{name: value})
        literal = await shop.world.boss.run(
            f'mutation {{ organisationCreate(input: {{{name}: "{value}"}}) {{ organisation {{ id }} }} }}'
        )
    assert (answer.status, answer.codes) == (400, ["BAD_USER_INPUT"])
    assert answer.errors[0]["extensions"]["inputPath"] == ["input", name]
    assert literal.status == 400
    assert "BAD_USER_INPUT" in literal.codes
