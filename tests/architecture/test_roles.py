"""The roles of the database and what is granted to them, held against the declarations and against the catalogue."""

from typing import Any

import pytest

from storage.base import SCHEMA, Reach, TableClass, rows_of
from storage.engine import connect
from storage.rls import APPLICATION_ROLES, IDENTITY, LOGIN_LIMITS, OWNER, REACH_ROLES, RELAY
from tests.architecture.declared import SECURED, tables_of
from tests.conftest import LOGIN, as_login
from tests.factories.worlds import TENANT_TABLES


async def test_no_application_role_can_become_the_owner_or_bypass_the_policies(owner: Any) -> None:
    for role in (*APPLICATION_ROLES, LOGIN):
        found = await owner.fetchrow(
            "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication, rolinherit,"
            " pg_has_role(oid, $2, 'MEMBER') AS owner,"
            " EXISTS (SELECT FROM pg_class WHERE relowner = pg_roles.oid) AS owns_tables,"
            " EXISTS (SELECT FROM pg_namespace WHERE nspowner = pg_roles.oid) AS owns_schemas,"
            " EXISTS (SELECT FROM pg_proc WHERE proowner = pg_roles.oid) AS owns_functions"
            " FROM pg_roles WHERE rolname = $1",
            role,
            OWNER,
        )
        assert not any(found.values()), (role, dict(found))


async def test_the_login_is_a_member_of_the_declared_roles_only_and_inherits_none(owner: Any) -> None:
    found = await owner.fetch(
        "SELECT r.rolname, m.admin_option FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.roleid"
        " JOIN pg_roles l ON l.oid = m.member WHERE l.rolname = $1",
        LOGIN,
    )
    assert {row["rolname"] for row in found} == set(APPLICATION_ROLES)
    assert not any(row["admin_option"] for row in found)
    members = await owner.fetch(
        "SELECT l.rolname FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.roleid"
        " JOIN pg_roles l ON l.oid = m.member WHERE l.rolname = ANY ($1)",
        list(APPLICATION_ROLES),
    )
    assert members == []


async def test_the_logins_limits_are_set(owner_url: str) -> None:
    connection = await connect(as_login(owner_url))
    try:
        for name, value in LOGIN_LIMITS.items():
            assert await connection.fetchval("SELECT current_setting($1)", name) == value
    finally:
        await connection.close()


async def _grants(owner: Any, role: str) -> dict[str, set[str]]:
    """Return what a role may do to each table: verbs, those on a column with its name."""
    whole = await owner.fetch(
        "SELECT table_name, privilege_type FROM information_schema.table_privileges"
        " WHERE table_schema = $1 AND grantee = $2",
        SCHEMA,
        role,
    )
    granted: dict[str, set[str]] = {}
    for row in whole:
        granted.setdefault(row["table_name"], set()).add(row["privilege_type"])
    parts = await owner.fetch(
        "SELECT table_name, column_name, privilege_type FROM information_schema.column_privileges"
        " WHERE table_schema = $1 AND grantee = $2",
        SCHEMA,
        role,
    )
    for row in parts:
        if row["privilege_type"] not in granted.get(row["table_name"], set()):
            granted.setdefault(row["table_name"], set()).add(f"{row['privilege_type']} ({row['column_name']})")
    return granted


def _columns(verb: str, *names: str) -> set[str]:
    return {f"{verb} ({name})" for name in names}


async def test_the_login_may_find_out_how_far_a_token_reaches_and_nothing_else(owner: Any) -> None:
    access = ("partner_id", "id", "client_id", "child_org_id", "state", "full_administration", "privileges")
    assert await _grants(owner, LOGIN) == {
        "membership": {"SELECT", "UPDATE (share_lock)"},
        "partner_access": _columns("SELECT", *access, "expires_at") | _columns("UPDATE", "share_lock"),
        "acting_session": _columns("SELECT", "partner_id", "id", "access_id", "membership_id", "expires_at"),
        "partner_org": _columns("SELECT", "partner_id", "id", "name", "support_email", "parent_partner_id"),
        "alembic_version": {"SELECT"},
    }


async def test_the_relay_may_number_the_trail_and_do_what_is_due_and_nothing_else(owner: Any) -> None:
    assert await _grants(owner, RELAY) == {
        "event": {"SELECT", "UPDATE (seq)"},
        "audit_entry": {"SELECT", "UPDATE (seq)", "UPDATE (hash)"},
        "outbox": {"SELECT"} | _columns("UPDATE", "attempts", "locked_until", "last_error", "done_at"),
        "trail_head": {"SELECT", "INSERT", "UPDATE"},
    }


async def test_the_identity_role_has_the_control_plane_and_the_reference_tables(owner: Any) -> None:
    expected = {table.name: {"SELECT", "INSERT", "UPDATE"} for table in tables_of(TableClass.CONTROL)}
    expected |= {table.name: {"SELECT"} for table in tables_of(TableClass.REFERENCE)}
    assert await _grants(owner, IDENTITY) == expected


@pytest.mark.parametrize("reach", Reach)
async def test_a_reach_has_the_verbs_that_its_tables_declare(owner: Any, reach: Reach) -> None:
    expected = {table.name: {"SELECT"} for table in tables_of(TableClass.REFERENCE)}
    for table in SECURED:
        rows = rows_of(table)
        assert rows is not None
        if rows.keys[reach] is not None:
            expected[table.name] = set(rows.may(reach))
    if reach in {Reach.ORG, Reach.SYSTEM}:
        expected["membership"] = {"SELECT"} | _columns("UPDATE", "role", "epoch", "valid_until")
    found = await _grants(owner, REACH_ROLES[reach])
    assert found == expected
    if reach is Reach.PLATFORM:
        assert set(found) == {table.name for table in tables_of(TableClass.REFERENCE)}
        return
    assert found["event"] == found["audit_entry"] == {"SELECT", "INSERT"}
    assert found["outbox"] == ({"SELECT", "INSERT", "UPDATE"} if reach is Reach.SYSTEM else {"INSERT"})
    assert {name for name, verbs in found.items() if "DELETE" in verbs} <= {
        table.name for table in TENANT_TABLES if table.info.get("link")
    }


async def test_nothing_is_granted_to_everybody(owner: Any) -> None:
    assert await _grants(owner, "PUBLIC") == {}
