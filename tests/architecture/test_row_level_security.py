"""The policies of row-level security, held against the declarations and against the catalogue."""

import re
from typing import Any, Final

import pytest
from sqlalchemy import Table

from storage import rls
from storage.accesses import partner_access
from storage.base import SCHEMA, Key, Reach, Rows, metadata, rows_of
from storage.events import outbox
from storage.identity import membership
from storage.rls import IDENTITY, OWNER, REACH_ROLES, RELAY
from tests.architecture.declared import PEEKED, RELAYED, SECURED
from tests.conftest import LOGIN

CALLS: Final = frozenset({"current_setting", "nullif", "any", "statement_timestamp"})


async def test_row_level_security_is_enabled_and_forced_on_the_tenant_tables_and_the_memberships(owner: Any) -> None:
    found = await owner.fetch(
        "SELECT relname, relrowsecurity, relforcerowsecurity FROM pg_class"
        " WHERE relkind = 'r' AND relnamespace = $1::regnamespace",
        SCHEMA,
    )
    secured = {table.name for table in SECURED}
    assert {row["relname"] for row in found if row["relrowsecurity"]} == secured
    assert {row["relname"] for row in found if row["relforcerowsecurity"]} == secured


async def _security(owner: Any) -> list[Any]:
    """Return every policy and grant of the catalogue, as the server writes them."""
    return [
        await owner.fetch("SELECT * FROM pg_policies WHERE schemaname = $1 ORDER BY tablename, policyname", SCHEMA),
        await owner.fetch(
            "SELECT table_name, grantee, privilege_type FROM information_schema.table_privileges"
            " WHERE table_schema = $1 ORDER BY 1, 2, 3",
            SCHEMA,
        ),
        await owner.fetch(
            "SELECT table_name, column_name, grantee, privilege_type FROM information_schema.column_privileges"
            " WHERE table_schema = $1 ORDER BY 1, 2, 3, 4",
            SCHEMA,
        ),
    ]


async def test_policies_and_grants_are_those_that_the_declarations_generate(owner: Any) -> None:
    before = await _security(owner)
    transaction = owner.transaction()
    await transaction.start()
    await owner.execute(rls.drop_policy_statement())
    assert not await owner.fetchval("SELECT count(*) FROM pg_policies WHERE schemaname = $1", SCHEMA)
    for statement in rls.security_statements(LOGIN):
        await owner.execute(statement)
    assert await _security(owner) == before
    await transaction.rollback()


def _others(table: Table) -> dict[str, tuple[str, str, str, str | None]]:
    """Return the policies beside the reaches': role, verb, what is seen, what may be written."""
    found: dict[str, tuple[str, str, str, str | None]] = {"owner": (OWNER, "ALL", "true", "true")}
    if table in RELAYED:
        waiting = "(done_at IS NULL)" if table is outbox else "(seq IS NULL)"
        found["relay_reads"] = (RELAY, "SELECT", "true", None)
        found["relay_marks"] = (RELAY, "UPDATE", waiting, "true")
    if table in PEEKED:
        alive = "(state = 'ACTIVE'::text)" if table is partner_access else "true"
        found["login_reads"] = (LOGIN, "SELECT", alive, None)
        if table is partner_access:
            found["login_locks"] = (LOGIN, "UPDATE", alive, "false")
    if table is membership:
        found["identity"] = (IDENTITY, "ALL", "true", "true")
        found["login"] = (LOGIN, "ALL", "true", "true")
    return found


@pytest.mark.parametrize("table", SECURED, ids=lambda table: str(table.name))
async def test_a_policy_is_a_conjunction_of_plain_comparisons(owner: Any, table: Table) -> None:
    found = await owner.fetch("SELECT * FROM pg_policies WHERE schemaname = $1 AND tablename = $2", SCHEMA, table.name)
    rows = rows_of(table)
    assert rows is not None
    reaches = {reach.value for reach in Reach if rows.keys[reach] is not None}
    others = _others(table)
    assert {row["policyname"] for row in found} == {*reaches, *others}
    for row in found:
        assert row["permissive"] == "PERMISSIVE"
        if row["policyname"] in others:
            assert (*row["roles"], row["cmd"], row["qual"], row["with_check"]) == others[row["policyname"]]
            continue
        condition = row["qual"]
        assert not re.search(r"\b(SELECT|OR|EXISTS)\b", condition), condition
        assert {call.lower() for call in re.findall(r"(\w+) ?\(", condition)} - {"and", "not"} <= CALLS, condition
        assert row["roles"] == [REACH_ROLES[Reach(row["policyname"])]]
        assert row["cmd"] == "ALL"
        assert row["qual"] == row["with_check"]
        assert re.search(r"\(partner_id = \(NULLIF\(current_setting\('app\.partner'", row["qual"])


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("partner_member", {"staff": ["partner"], "client": None, "fence": None, "org": None, "system": ["partner"]}),
        (
            "client",
            {
                "staff": ["partner"],
                "client": ["partner", "clients"],
                "fence": ["partner", "clients"],
                "org": ["partner", "clients"],
                "system": ["partner"],
            },
        ),
        (
            "org_user",
            {"staff": None, "client": None, "fence": None, "org": ["partner", "org"], "system": ["partner"]},
        ),
        (
            "membership",
            {"staff": None, "client": None, "fence": None, "org": ["partner", "org"], "system": ["partner"]},
        ),
        (
            "child_org",
            {
                "staff": ["partner", "partner_sees"],
                "client": ["partner", "clients"],
                "fence": ["partner", "clients", "partner_sees"],
                "org": ["partner", "org"],
                "system": ["partner"],
            },
        ),
        (
            "subscription",
            {
                "staff": ["partner"],
                "client": ["partner", "clients"],
                "fence": ["partner", "clients"],
                "org": ["partner", "org"],
                "system": ["partner"],
            },
        ),
        (
            "event",
            {
                "staff": ["partner", "not_org_internal"],
                "client": ["partner", "clients"],
                "fence": ["partner", "clients", "not_org_internal"],
                "org": ["partner", "org"],
                "system": ["partner"],
            },
        ),
    ],
)
def test_the_reaches_of_a_table_are_those_of_the_specification(name: str, keys: dict[str, list[str] | None]) -> None:
    rows = rows_of(metadata.tables[f"{SCHEMA}.{name}"])
    assert rows is not None
    for reach, expected in {**keys, "platform": None}.items():
        found = rows.keys[Reach(reach)]
        assert (None if found is None else [key.value for key in found]) == expected


def test_every_key_has_a_comparison_and_no_keys_mean_no_policy() -> None:
    rows = Rows({reach: tuple(Key) for reach in Reach})
    rendered = rls.predicate_sql(rows, Reach.STAFF)
    assert rendered is not None
    assert rendered.count(" AND ") == len(Key) - 1
    assert rls.predicate_sql(Rows(dict.fromkeys(Reach)), Reach.STAFF) is None
