"""Tests of the demo data: it is whole, plausible, the same each time, and goes into an empty database only."""

import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import asyncpg
import pytest
from sqlalchemy import Table
from stdnum.eu import vat

from storage import seeding
from storage.accesses import partner_access
from storage.base import FOREVER, fold
from storage.cards import payment_card
from storage.clients import client, client_word
from storage.engine import connect
from storage.invoices import invoice
from storage.org_users import org_user
from storage.organisations import child_org, org_invitation
from storage.partners import PartnerRole, partner_member, partner_org
from storage.plans import plan, plan_price
from storage.search_words import client_words
from storage.seeding.demo import drafted
from storage.seeding.draft import Draft, Taken
from storage.seeding.loading import TABLES
from storage.seeding.subscriptions import add_months
from storage.subscriptions import subscription
from storage.tables import metadata

NOW: Final = datetime(2026, 3, 31, 9, 30, tzinfo=UTC)
SMALL: Final = seeding.Shape(partners=4, clients=9, organisations=2, subscriptions=1, invoices=2)
GROSS: Final = re.compile(r"\+\d{8,15}")


@pytest.fixture(scope="module")
def demo() -> Draft:
    """Return the rows of the demo in its usual shape."""
    return drafted(seeding.Shape(), NOW)


def rows(draft: Draft, table: Table) -> list[dict[str, Any]]:
    """Return drafted rows by column."""
    return [dict(zip(table.c.keys(), record, strict=True)) for record in draft.records(table)]


def per(draft: Draft, table: Table, column: str) -> Counter[Any]:
    """Count the rows of a table by one column."""
    return Counter(row[column] for row in rows(draft, table))


async def stored(owner_url: str, sql: str) -> list[asyncpg.Record]:
    """Read as the owner."""
    connection = await connect(owner_url)
    try:
        async with connection.transaction():
            await connection.execute("SET LOCAL ROLE gateway_owner")
            found: list[asyncpg.Record] = await connection.fetch(sql)
            return found
    finally:
        await connection.close()


@pytest.mark.asyncio
async def test_fills_an_empty_database_and_finds_its_accounts_again(owner_url: str) -> None:
    assert await seeding.is_empty(owner_url)
    assert await seeding.accounts(owner_url) == []

    made = await seeding.seed(owner_url, SMALL, now=NOW)

    assert not await seeding.is_empty(owner_url)
    assert await seeding.accounts(owner_url) == made
    roles = [role.lower() for role in PartnerRole]
    others = ["super-admin", "org-admin", "org-member", "contact", "script", "fenced"]
    alder = [f"alder-{who}" for who in (*roles, *others)]
    birch = [f"birch-{who}" for who in ("owner", *others)]
    assert [account.id for account in made] == [*alder, *birch, "cedar-owner", "operator"]
    assert (made[0].name, made[0].organisation, made[0].email) == ("Ada Alder", "Alder Hosting", "owner@alder.example")
    assert {account.epoch for account in made} == {1}


@pytest.mark.asyncio
async def test_stores_every_row_that_was_drafted(owner_url: str) -> None:
    heard: list[tuple[int, int]] = []
    await seeding.seed(owner_url, SMALL, now=NOW, progress=lambda done, total: heard.append((done, total)))

    draft = drafted(SMALL, NOW)
    for table in TABLES:
        found = await stored(owner_url, f"SELECT count(*) FROM {table}")
        assert found[0]["count"] == len(draft.records(table)) > 0, table.name
    assert heard[0] == (0, draft.count())
    assert heard[-1] == (draft.count(), draft.count())
    assert heard == sorted(heard)


@pytest.mark.asyncio
async def test_stores_what_only_the_database_knows(owner_url: str) -> None:
    await seeding.seed(owner_url, seeding.Shape(partners=1, clients=30), now=NOW)

    open_ended = await stored(owner_url, "SELECT 1 FROM gateway.child_org WHERE partner_sees_until = 'infinity'")
    assert open_ended
    addresses = await stored(owner_url, "SELECT billing_address FROM gateway.client WHERE billing_address IS NOT NULL")
    assert set(addresses[0]["billing_address"]) == {"line1", "line2", "city", "region", "postcode", "country"}
    astray = await stored(
        owner_url,
        "SELECT 1 FROM gateway.client JOIN gateway.payment_card AS card ON card.id = default_card_id"
        " WHERE card.client_id <> client.id OR card.holder <> 'CUSTOMER' OR card.status <> 'ACTIVE'",
    )
    assert astray == []
    cards = await stored(owner_url, "SELECT count(default_card_id), count(*) AS every FROM gateway.client")
    assert 0 < cards[0]["count"] < cards[0]["every"]


@pytest.mark.asyncio
async def test_refuses_a_database_with_rows_and_adds_nothing(owner_url: str) -> None:
    await seeding.seed(owner_url, SMALL, now=NOW)
    before = await stored(owner_url, "SELECT count(*) FROM gateway.client")

    with pytest.raises(seeding.NotEmptyError):
        await seeding.seed(owner_url, SMALL, now=NOW)

    assert await stored(owner_url, "SELECT count(*) FROM gateway.client") == before


@pytest.mark.asyncio
async def test_does_not_offer_an_account_whose_membership_has_ended(owner_url: str) -> None:
    made = await seeding.seed(owner_url, SMALL, now=NOW)
    await stored(
        owner_url, f"UPDATE gateway.membership SET valid_until = now() WHERE id = '{made[1].membership_id}' RETURNING 1"
    )

    assert await seeding.accounts(owner_url) == [made[0], *made[2:]]


def test_the_same_moment_makes_the_same_rows() -> None:
    first, second = drafted(SMALL, NOW), drafted(SMALL, NOW)
    assert all(first.records(table) == second.records(table) for table in TABLES)


def test_an_exact_shape_gives_every_client_all() -> None:
    shape = seeding.Shape(partners=2, clients=16, organisations=3, subscriptions=2, invoices=4, exact=True)
    draft = drafted(shape, NOW)
    assert sorted(per(draft, client, "partner_id").values()) == [4, 16]
    assert Counter(per(draft, child_org, "client_id").values()) == {3: 20}
    assert Counter(per(draft, subscription, "child_org_id").values()) == {2: 60}
    assert Counter(per(draft, invoice, "client_id").values()) == {4: 20}
    assert set(per(draft, child_org, "partner_sees_until")) == {FOREVER}


@pytest.mark.parametrize(
    ("shape", "clients"),
    [
        (seeding.Shape(partners=0), 0),
        (seeding.Shape(partners=2, clients=0), 3),
        (seeding.Shape(partners=1, clients=2, organisations=0), 2),
        (seeding.Shape(partners=1, clients=2, subscriptions=0, invoices=0), 2),
        (seeding.Shape(partners=1, clients=2, organisations=40, subscriptions=8), 2),
    ],
)
def test_draws_edge_shapes(shape: seeding.Shape, clients: int) -> None:
    assert len(drafted(shape, NOW).records(client)) == clients


def test_the_first_hundred_clients_by_name_are_full_and_others_vary(demo: Draft) -> None:
    alder = rows(demo, partner_org)[0]["id"]
    by_name = sorted(
        (row for row in rows(demo, client) if row["partner_id"] == alder), key=lambda row: row["name_sort"]
    )
    organisations, invoices = per(demo, child_org, "client_id"), per(demo, invoice, "client_id")
    assert {organisations[row["id"]] for row in by_name[:100]} == {5}
    assert {invoices[row["id"]] for row in by_name[:100]} == {6}
    assert len({organisations[row["id"]] for row in by_name[100:]}) > 1


def test_every_partner_has_its_five_members_and_unlike_slugs() -> None:
    draft = drafted(seeding.Shape(partners=60, clients=1, organisations=1), NOW)
    assert len(per(draft, partner_org, "support_email")) == len(per(draft, partner_org, "name")) == 60
    assert set(per(draft, partner_member, "role").values()) == {60}
    assert len(per(draft, partner_member, "email")) == 300


def test_ids_and_times_sort_alike(demo: Draft) -> None:
    for table in (client, child_org, org_user, subscription, invoice, payment_card, partner_access):
        found = sorted(rows(demo, table), key=lambda row: row["id"])
        times = [row["created_at"].replace(microsecond=row["created_at"].microsecond // 1000 * 1000) for row in found]
        assert times == sorted(times)
        assert times[0] >= NOW - timedelta(days=731)
        assert times[-1] <= NOW
        assert {row["id"].version for row in found} == {7}


def test_clients_can_be_reached_and_found(demo: Draft) -> None:
    words: dict[Any, set[str]] = {}
    for row in rows(demo, client_word):
        words.setdefault(row["client_id"], set()).add(row["word"])
    for row in rows(demo, client):
        assert row["name_sort"] == fold(row["display_name"])
        names = (row["company_name"], row["first_name"], row["last_name"])
        assert words[row["id"]] == client_words(row["display_name"], row["email"], *names)
        assert row["phone"] is None or GROSS.fullmatch(row["phone"])
        assert row["vat_number"] is None or vat_passes(row["vat_number"])
    assert {row["currency"] for row in rows(demo, client)} == {"GBP", "EUR", "USD", "JPY"}
    assert {row["language"] for row in rows(demo, client)} == {"en", "de", "es", "fr"}


def vat_passes(number: str) -> bool:
    """Check a VAT number; Britain has left the Union's."""
    if number.startswith("GB"):
        digits = [int(digit) for digit in number[2:]]
        return sum(map(int.__mul__, digits, (8, 7, 6, 5, 4, 3, 2, 10, 1))) % 97 == 0
    return vat.is_valid(number)


def test_every_address_is_under_the_reserved_domain(demo: Draft) -> None:
    for table in (client, org_user, org_invitation, partner_member):
        assert all(re.fullmatch(r"[a-z0-9.-]+@[a-z0-9-]+\.example", row["email"]) for row in rows(demo, table))
    assert all(re.fullmatch(r"[a-z0-9-]+\.example", row["domain"]) for row in rows(demo, child_org))


def test_subscriptions_keep_to_their_plan_and_time(demo: Draft) -> None:
    plans = {row["id"]: row for row in rows(demo, plan)}
    prices = {(row["plan_id"], row["currency"], row["cycle"]): row["amount_minor"] for row in rows(demo, plan_price)}
    organisations = {row["id"]: row for row in rows(demo, child_org)}
    for row in rows(demo, subscription):
        of, organisation = plans[row["plan_id"]], organisations[row["child_org_id"]]
        assert of["seats_min"] <= row["seats"] <= of["seats_max"]
        assert row["seats_assigned"] <= (row["seats_at_renewal"] or row["seats"])
        assert row["unit_price_minor"] == prices[row["plan_id"], row["currency"], row["cycle"]]
        assert (row["organisation_name"], row["organisation_domain"]) == (organisation["name"], organisation["domain"])
        assert organisation["created_at"] <= row["started_at"] <= row["current_period_start"] <= NOW
        assert row["status"] == "CANCELLED" or row["current_period_end"] > NOW
        assert (row["status"] == "TRIALING") == (row["trial_ends_at"] is not None)


def test_a_plan_is_sold_once_to_an_organisation_while_there_are_others(demo: Draft) -> None:
    sold = Counter((row["child_org_id"], row["plan_id"]) for row in rows(demo, subscription))
    assert set(sold.values()) == {1}


def test_every_state_is_there(demo: Draft) -> None:
    statuses = per(demo, subscription, "status")
    assert set(statuses) == {"ACTIVE", "TRIALING", "PAST_DUE", "SUSPENDED", "CANCELLED"}
    assert statuses["ACTIVE"] > sum(statuses.values()) / 2
    assert set(per(demo, partner_access, "state")) == {"ACTIVE", "REQUESTED", "ENDED"}
    assert {"PAID", "OPEN", "DRAFT", "VOID"} <= set(per(demo, invoice, "state"))
    assert 0.7 < per(demo, child_org, "domain_status")["VERIFIED"] / len(demo.records(child_org)) < 0.9
    assert set(per(demo, plan, "status")) == {"ON_SALE", "WITHDRAWN"}


def test_the_partner_sees_an_organisation_until_its_access_ends(demo: Draft) -> None:
    ended = {row["child_org_id"]: row["ended_at"] for row in rows(demo, partner_access) if row["state"] == "ENDED"}
    for row in rows(demo, child_org):
        assert row["partner_sees_until"] == ended.get(row["id"], FOREVER)


def test_an_organisation_has_one_super_admin_who_accepted(demo: Draft) -> None:
    super_admins = {row["child_org_id"]: row["email"] for row in rows(demo, org_user) if row["role"] == "SUPER_ADMIN"}
    assert super_admins == {row["child_org_id"]: row["email"] for row in rows(demo, org_invitation)}
    assert len(super_admins) == len(demo.records(child_org))
    assert set(per(demo, org_user, "child_org_id").values()) == {3, 4, 5, 6}


def test_invoices_are_numbered_without_a_gap_in_the_order_of_issue(demo: Draft) -> None:
    for partner in rows(demo, partner_org):
        own = [row for row in rows(demo, invoice) if row["partner_id"] == partner["id"]]
        issued = sorted((row for row in own if row["state"] != "DRAFT"), key=lambda row: row["created_at"])
        numbers = [f"{row['issued_on'].year}-{place:06}" for place, row in enumerate(issued, start=1)]
        assert [row["number"] for row in issued] == numbers
        assert all(row["due_on"] > row["issued_on"] <= NOW.date() for row in issued)
        drafts = [row for row in own if row["state"] == "DRAFT"]
        assert {(row["number"], row["issued_on"], row["due_on"]) for row in drafts} <= {(None, None, None)}
        assert all(row["total_minor"] > 0 for row in own)


def test_who_owes_has_an_open_invoice(demo: Draft) -> None:
    owing = {row["client_id"] for row in rows(demo, subscription) if row["status"] == "PAST_DUE"}
    assert owing <= {row["client_id"] for row in rows(demo, invoice) if row["state"] == "OPEN"}


def test_a_draft_refuses_a_row_that_does_not_fit() -> None:
    draft = Draft(NOW)
    price = {"id": draft.id_at(NOW), "plan_id": draft.id_at(NOW), "currency": "EUR", "cycle": "MONTHLY"}
    with pytest.raises(KeyError, match="amount_minor"):
        draft.add(plan_price, price)
    with pytest.raises(KeyError, match="colour"):
        draft.add(plan_price, {**price, "amount_minor": 1, "colour": "red"})
    assert draft.count() == 0


def test_a_name_that_is_taken_gets_a_number() -> None:
    taken = Taken()
    assert [taken.take(name) for name in ("a", "a-2", "a", "a")] == ["a", "a-2", "a-3", "a-4"]


def test_a_month_later_is_the_last_day_of_a_shorter_month() -> None:
    assert add_months(NOW, 1).date().isoformat() == "2026-04-30"
    assert add_months(NOW, 11).date().isoformat() == "2027-02-28"
    assert add_months(NOW, 12) == NOW.replace(year=2027)


def test_tables_are_filled_after_those_that_they_refer_to() -> None:
    for place, table in enumerate(TABLES):
        targets = {key.column.table for key in table.foreign_keys} - {payment_card, table}
        assert targets <= set(TABLES[:place])
    assert set(TABLES) <= set(metadata.sorted_tables)
