"""Who reads the audit trail, and what an entry tells; what holds for every list is in test_lists."""

from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from graphql import GraphQLObjectType

from schema.audit import GUARDED
from schema.specs import Kind, describe, describe_type
from storage.audit import audit_entry
from storage.identity import ContactPermission, MembershipKind
from storage.partners import PartnerRole
from tenancy.privileges import Privilege
from tests.factories.clients import GatewayClient
from tests.operations.audit.trail import entries, read, stored_entry
from tests.operations.changes import ERRORS, SCHEMA, Shop
from tests.operations.escalations.steps import approved
from tests.operations.escalations.test_use import reset
from tests.operations.worlds import Row, node_id

CHANGE_SEATS = f"""
mutation($input: SubscriptionChangeSeatsInput!) {{
  subscriptionChangeSeats(input: $input) {{ subscription {{ id }} {ERRORS} }}
}}"""
EDIT = f"mutation($input: ClientEditInput!) {{ clientEdit(input: $input) {{ client {{ id }} {ERRORS} }} }}"
CREATE = f"""
mutation($input: OrganisationCreateInput!) {{
  organisationCreate(input: $input) {{ organisation {{ id }} {ERRORS} }}
}}"""


async def callers(shop: Shop) -> dict[str, tuple[GatewayClient, str]]:
    """Return who may not read the trail, and by which rule."""
    contact = await shop.world.contact(shop.client, *ContactPermission)
    script, fenced = await shop.world.credential(), await shop.world.credential(*Privilege, fence=[shop.client])
    operator = await shop.world.membership(MembershipKind.OPERATOR, partner_id=None)
    return {
        "billing": (shop.world.acting(PartnerRole.BILLING), "BILLING_MAY_NOT_AUDIT_READ"),
        "support": (shop.world.acting(PartnerRole.SUPPORT), "SUPPORT_MAY_NOT_AUDIT_READ"),
        "viewer": (shop.world.viewer, "VIEWER_MAY_NOT_AUDIT_READ"),
        "acting": (shop.as_acting, "PARTNER_MAY_NOT_AUDIT_READ"),
        "administrator": (shop.as_admin, "ADMINISTRATOR_MAY_NOT_AUDIT_READ"),
        "member": (shop.as_user, "ORG_MEMBER_MAY_NOT_AUDIT_READ"),
        "contact": (shop.world.being(contact["id"]), "CONTACT_MAY_NOT_AUDIT_READ"),
        "script": (shop.world.being(script["id"]), "API_CREDENTIAL_LACKS_AUDIT_READ"),
        "fenced script": (shop.world.being(fenced["id"]), "API_CREDENTIAL_FENCED_AUDIT_READ"),
        "operator": (shop.world.being(operator["id"]), "OPERATOR_MAY_NOT_AUDIT_READ"),
    }


@pytest.mark.parametrize(
    "who",
    [
        "billing",
        "support",
        "viewer",
        "acting",
        "administrator",
        "member",
        "contact",
        "script",
        "fenced script",
        "operator",
    ],
)
async def test_denies(who: str, shop: Shop) -> None:
    await stored_entry(shop.world, client_id=shop.client["id"], child_org_id=shop.organisation["id"])
    caller, rule = (await callers(shop))[who]
    answer = await read(caller, "id")
    assert (answer.codes, answer.partial) == (["FORBIDDEN"], {"audit": None})
    assert answer.errors[0]["extensions"]["rule"] == rule


async def three_kinds(shop: Shop) -> dict[str, str]:
    """Store an entry about the client, one about the organisation and one of the organisation's inside."""
    client, organisation = {"client_id": shop.client["id"]}, {"child_org_id": shop.organisation["id"]}
    rows = {
        "of the client": await stored_entry(shop.world, **client),
        "of the organisation": await stored_entry(shop.world, **client, **organisation),
        "of its inside": await stored_entry(shop.world, **organisation, org_internal=True),
    }
    return {node_id("AuditEntry", row): name for name, row in rows.items()}


@pytest.mark.parametrize("who", ["owner", "admin", "script"])
async def test_shows_the_partner_all_but_the_inside_of_organisations(who: str, shop: Shop) -> None:
    names = await three_kinds(shop)
    script = await shop.world.credential(Privilege.AUDIT_READ)
    caller = {
        "owner": shop.world.boss,
        "admin": shop.world.acting(PartnerRole.ADMIN),
        "script": shop.world.being(script["id"]),
    }[who]
    assert {names[found["id"]] for found in await entries(caller, "id")} == {"of the client", "of the organisation"}
    (inside,) = (identifier for identifier, name in names.items() if name == "of its inside")
    answer = await caller.run("query($id: ID!) { node(id: $id) { id } }", id=inside)
    assert answer.codes == ["NOT_FOUND"]


async def test_shows_the_super_admin_the_whole_trail_of_its_organisation(shop: Shop, other_shop: Shop) -> None:
    names = await three_kinds(shop)
    sibling = await shop.world.organisation(shop.client, "sibling.example")
    await stored_entry(shop.world, client_id=shop.client["id"], child_org_id=sibling["id"])
    await three_kinds(other_shop)
    found = await entries(shop.as_super_admin, "id")
    assert {names[entry["id"]] for entry in found} == {"of the organisation", "of its inside"}


async def test_tells_who_did_what_and_what_changed(shop: Shop) -> None:
    given = {"id": node_id("Subscription", shop.subscription), "seats": 25}
    done = await shop.world.boss.run(CHANGE_SEATS, input=given)
    (row,) = await shop.world.rows(audit_entry)
    (entry,) = await entries(shop.world.boss)
    changes = {change["field"]: (change["before"], change["after"]) for change in entry.pop("changes")}
    assert changes["seats"] == ("10", "25")
    assert changes["seatsBeforeIncrease"] == (None, "10")
    assert changes["seatsIncreasedAt"][1] == orjson.dumps(row["after"]["seats_increased_at"]).decode()
    assert len(changes) == 3
    assert entry.pop("createdAt")
    assert entry == {
        "id": node_id("AuditEntry", row),
        "seq": None,
        "hash": None,
        "outcome": "DONE",
        "actorKind": "PARTNER_MEMBER",
        "actorName": "Owner",
        "operation": "subscriptionChangeSeats",
        "privilege": "SUBSCRIPTION_CHANGE",
        "rule": None,
        "targetKind": "subscription",
        "targetId": node_id("Subscription", shop.subscription),
        "targetVersion": 2,
        "reason": None,
        "address": "127.0.0.1",
        "requestId": done.headers["x-request-id"],
    }


async def test_tells_what_was_denied_to_whom_by_which_rule(shop: Shop) -> None:
    given = {"id": node_id("Subscription", shop.subscription), "seats": 25}
    await shop.as_super_admin.run(CHANGE_SEATS, input=given)
    (entry,) = await entries(shop.as_super_admin)
    assert (entry["outcome"], entry["rule"]) == ("DENIED", "PARTNER_MANAGED_SUBSCRIPTION")
    assert (entry["actorKind"], entry["actorName"]) == ("ORG_USER", "Super_Admin")
    assert (entry["targetKind"], entry["targetId"], entry["targetVersion"]) == (None, None, None)
    assert entry["changes"] == []
    assert await entries(shop.world.boss) == []


async def test_gives_number_and_hash_once_they_are_there(shop: Shop) -> None:
    row = await stored_entry(shop.world)
    await shop.world.change(audit_entry, row["id"], seq=7, hash=bytes(range(32)))
    (entry,) = await entries(shop.world.boss, "seq hash")
    assert entry == {"seq": 7, "hash": bytes(range(32)).hex()}


async def test_names_as_a_node_only_what_is_one(shop: Shop) -> None:
    given = {
        "clientId": node_id("Client", shop.client),
        "name": "Quay",
        "domain": "quay.example",
        "superAdminName": "Ada Quay",
        "superAdminEmail": "ada@quay.example",
    }
    await shop.world.boss.run(CREATE, input=given)
    found = {entry["targetKind"]: entry["targetId"] for entry in await entries(shop.world.boss)}
    rows = {row["target_kind"]: row["target_id"] for row in await shop.world.rows(audit_entry)}
    assert found == {
        "child_org": node_id("ChildOrg", rows["child_org"]),
        "org_invitation": None,
        "partner_access": node_id("PartnerAccess", rows["partner_access"]),
    }


def notes_of(found: list[dict[str, Any]]) -> list[tuple[str | None, str | None]]:
    return [
        (change["before"], change["after"])
        for entry in found
        for change in entry["changes"]
        if change["field"] == "adminNotes"
    ]


async def test_redacts_notes_for_whoever_may_not_read_them(shop: Shop) -> None:
    for notes, city in (("Pays late", "Hull"), (None, "York")):
        given = {"id": node_id("Client", shop.client), "adminNotes": notes, "city": city}
        assert (await shop.world.boss.run(EDIT, input=given)).user_errors == []
    blind = shop.world.being((await shop.world.credential(Privilege.AUDIT_READ))["id"])
    both = (Privilege.AUDIT_READ, Privilege.CLIENT_NOTES_READ)
    seeing = shop.world.being((await shop.world.credential(*both))["id"])
    read_blind = await entries(blind)
    assert notes_of(read_blind) == [('"[redacted]"', '"[redacted]"')] * 2
    assert "Pays late" not in str(read_blind)
    assert {"field": "city", "before": '"Hull"', "after": '"York"'} in read_blind[0]["changes"]
    for caller in (seeing, shop.world.boss, shop.world.acting(PartnerRole.ADMIN)):
        assert notes_of(await entries(caller)) == [('"Pays late"', None), (None, '"Pays late"')]
    (denials,) = await shop.world.owner.fetchrow(
        "SELECT count(*) FROM gateway.audit_entry WHERE partner_id = $1 AND outcome = 'DENIED'", shop.world.partner_id
    )
    assert denials == 0


async def test_redacts_secrets(shop: Shop) -> None:
    attach = (
        f"mutation($token: String!) {{ resellerCardAttach(input: {{ token: $token }}) {{ card {{ id }} {ERRORS} }} }}"
    )
    assert (await shop.world.boss.run(attach, token="tok_visa:1")).user_errors == []
    (entry,) = await entries(shop.world.boss)
    changes = {change["field"]: change["after"] for change in entry["changes"]}
    assert (changes["token"], changes["fingerprint"]) == ('"[redacted]"', '"[redacted]"')
    assert "tok_visa" not in str(entry)


def guarded() -> Iterator[tuple[str, Privilege]]:
    """Walk the columns that a field reads under a privilege of its own."""
    for named in SCHEMA.type_map.values():
        entity = describe_type(named)
        if entity is None or not isinstance(named, GraphQLObjectType):
            continue
        for field in named.fields.values():
            spec = describe(field)
            if spec and spec.kind is Kind.COMPUTED and spec.guard and spec.guard is not entity.read:
                yield from ((name, spec.guard) for name in spec.needs)


def test_knows_every_column_that_takes_a_privilege_of_its_own() -> None:
    assert dict(guarded()) == GUARDED


async def test_leads_to_the_session_and_the_escalation_that_it_used(shop: Shop) -> None:
    await approved(shop, "USER_RESET_PASSWORD", shop.user)
    assert (await reset(shop.as_acting, shop.user)).user_errors == []
    shown = "operation targetKind actingSession { memberName reason } escalation { task state }"
    for caller, kinds in ((shop.as_super_admin, {"escalation", "org_user"}), (shop.world.boss, {"escalation"})):
        found = await entries(caller, shown)
        used: list[Row] = [entry for entry in found if entry["operation"] == "orgUserResetPassword"]
        assert {entry["targetKind"] for entry in used} == kinds
        for entry in used:
            assert entry["escalation"] == {"task": "USER_RESET_PASSWORD", "state": "USED"}
            assert entry["actingSession"] == {"memberName": "Admin", "reason": "Setting up mail"}
        (decision,) = (entry for entry in found if entry["operation"] == "escalationApprove")
        assert (decision["actingSession"], decision["escalation"]) == (None, None)


SESSION = """
query($id: ID!, $filter: AuditFilter) {
  node(id: $id) { ... on ActingSession { memberName entries(filter: $filter) { nodes { operation outcome rule } } } }
}"""


async def test_tells_the_super_admin_what_was_done_and_denied_while_acting(shop: Shop) -> None:
    given = {"id": node_id("Subscription", shop.subscription), "seats": 25}
    assert (await shop.as_acting.run(CHANGE_SEATS, input=given)).user_errors == []
    await reset(shop.as_acting, shop.user)
    await shop.world.boss.run(CHANGE_SEATS, input={**given, "seats": 30})
    other = await shop.world.session(shop.access, PartnerRole.OWNER)
    await shop.world.acting_in(other).run(CHANGE_SEATS, input={**given, "seats": 40})
    identifier = node_id("ActingSession", shop.session)
    done = {"operation": "subscriptionChangeSeats", "outcome": "DONE", "rule": None}
    denied = {"operation": "orgUserResetPassword", "outcome": "DENIED", "rule": "PARTNER_DENIED_RESET_PASSWORD"}
    for caller in (shop.as_super_admin, shop.world.boss):
        node = (await caller.run(SESSION, id=identifier)).data["node"]
        assert node == {"memberName": "Admin", "entries": {"nodes": [denied, done]}}
        node = (await caller.run(SESSION, id=identifier, filter={"outcome": "DONE"})).data["node"]
        assert node["entries"] == {"nodes": [done]}


async def test_denies_an_administrator_the_entries_of_a_session(shop: Shop) -> None:
    answer = await shop.as_admin.run(SESSION, id=node_id("ActingSession", shop.session))
    assert answer.codes == ["FORBIDDEN"]
    assert answer.partial == {"node": {"memberName": "Admin", "entries": None}}
