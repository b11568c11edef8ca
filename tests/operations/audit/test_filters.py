"""What the audit trail is narrowed by."""

from datetime import timedelta

import pytest

from storage.audit import AuditOutcome
from tests.operations.audit.trail import entries, read, stored_entry
from tests.operations.changes import Shop
from tests.operations.worlds import LONG_AGO, UNKNOWN, node_id, strange_ids


async def ids(shop: Shop, **where: object) -> list[str]:
    return [entry["id"] for entry in await entries(shop.world.boss, "id", **where)]


async def test_by_outcome(shop: Shop) -> None:
    done, denied = [await stored_entry(shop.world, outcome=outcome) for outcome in AuditOutcome]
    assert await ids(shop, outcome="DONE") == [node_id("AuditEntry", done)]
    assert await ids(shop, outcome="DENIED") == [node_id("AuditEntry", denied)]


async def test_by_a_target_of_any_kind(shop: Shop) -> None:
    rows = {
        kind: await stored_entry(shop.world, target_kind=table, target_id=row["id"], target_version=1)
        for kind, table, row in (
            ("Client", "client", shop.client),
            ("ChildOrg", "child_org", shop.organisation),
            ("PartnerAccess", "partner_access", shop.access),
        )
    }
    targets = {"Client": shop.client, "ChildOrg": shop.organisation, "PartnerAccess": shop.access}
    for kind, row in rows.items():
        identifier = node_id(kind, targets[kind])
        assert await ids(shop, targetId=identifier) == [node_id("AuditEntry", row)]
        (entry,) = await entries(shop.world.boss, "targetId", targetId=identifier)
        assert entry == {"targetId": identifier}
    assert await ids(shop, targetId=node_id("Client", shop.organisation)) == []
    assert len(await ids(shop, targetId=None)) == 3


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("targetId", "Subscription"),
        ("clientId", "Client"),
        ("organisationId", "ChildOrg"),
        ("actingSessionId", "ActingSession"),
    ],
)
async def test_finds_nothing_by_a_strange_id(name: str, kind: str, shop: Shop, other_shop: Shop) -> None:
    for mine in (shop, other_shop):
        await stored_entry(
            mine.world,
            target_kind="subscription",
            target_id=mine.subscription["id"],
            target_version=1,
            client_id=mine.client["id"],
            child_org_id=mine.organisation["id"],
            acting_session_id=mine.session["id"],
        )
    foreign = {
        "targetId": other_shop.subscription,
        "clientId": other_shop.client,
        "organisationId": other_shop.organisation,
        "actingSessionId": other_shop.session,
    }[name]
    for why, identifier in {**strange_ids(kind), "foreign": node_id(kind, foreign)}.items():
        assert await ids(shop, **{name: identifier}) == [], why


async def test_by_client_organisation_and_session(shop: Shop) -> None:
    await stored_entry(shop.world)
    row = await stored_entry(
        shop.world,
        client_id=shop.client["id"],
        child_org_id=shop.organisation["id"],
        acting_session_id=shop.session["id"],
    )
    found = [node_id("AuditEntry", row)]
    assert await ids(shop, clientId=node_id("Client", shop.client)) == found
    assert await ids(shop, organisationId=node_id("ChildOrg", shop.organisation)) == found
    assert await ids(shop, actingSessionId=node_id("ActingSession", shop.session)) == found
    assert await ids(shop, actingSessionId=node_id("ActingSession", UNKNOWN)) == []


async def test_by_time_the_start_included_and_the_end_left_out(shop: Shop) -> None:
    moments = [LONG_AGO + timedelta(days=day) for day in range(4)]
    rows = [await stored_entry(shop.world, created_at=moment) for moment in moments]
    latest_first = [node_id("AuditEntry", row) for row in reversed(rows)]
    assert await ids(shop) == latest_first
    assert await ids(shop, since=moments[2].isoformat()) == latest_first[:2]
    assert await ids(shop, until=moments[2].isoformat()) == latest_first[2:]
    both = {"since": moments[1].isoformat(), "until": moments[3].isoformat()}
    assert await ids(shop, **both) == latest_first[1:3]


async def test_by_several_at_once_and_page_by_page(shop: Shop) -> None:
    target = {"target_kind": "client", "target_id": shop.client["id"], "target_version": 1}
    for day in range(5):
        await stored_entry(shop.world, created_at=LONG_AGO + timedelta(days=day), **target)
        await stored_entry(shop.world, created_at=LONG_AGO + timedelta(days=day), outcome="DENIED")
    where = {
        "targetId": node_id("Client", shop.client),
        "outcome": "DONE",
        "since": (LONG_AGO + timedelta(days=1)).isoformat(),
    }
    every = await ids(shop, **where)
    assert len(every) == 4
    seen: list[str] = []
    after = None
    for _page in range(2):
        page = (await read(shop.world.boss, "id", filter=where, first=2, after=after)).data["audit"]
        seen += [entry["id"] for entry in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
    assert seen == every
    other = {**where, "targetId": node_id("ChildOrg", shop.organisation)}
    assert (await read(shop.world.boss, "id", filter=other, after=after)).codes == ["BAD_CURSOR"]


@pytest.mark.parametrize("moment", ["yesterday", "2025-13-01T00:00:00Z", "2025-01-01"])
async def test_refuses_what_is_no_moment(moment: str, shop: Shop) -> None:
    answer = await read(shop.world.boss, "id", filter={"since": moment})
    assert (answer.status, answer.codes) == (400, ["BAD_USER_INPUT"])
