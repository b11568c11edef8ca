"""The rules of storage, held against the declarations and against the catalogue of a migrated database."""

import importlib
import inspect
import re
from typing import Any, Final

import asyncpg
import pytest
from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, Index, Table, UniqueConstraint
from sqlalchemy.ext.asyncio import create_async_engine

from gateway.app import Layers
from schema.root import ENTITIES, build_schema
from schema.specs import EntitySpec, describe
from storage import rls
from storage.accesses import partner_access
from storage.acting import acting_session
from storage.audit import audit_entry
from storage.base import SCHEMA, Key, Reach, Record, Rows, TableClass, metadata, new_id, rows_of
from storage.engine import LastingSettingError, connect, dsn_for_asyncpg
from storage.events import event, outbox
from storage.identity import membership
from storage.migrate import drift
from storage.partners import partner_org
from storage.rls import APPLICATION_ROLES, IDENTITY, LOGIN_LIMITS, OWNER, REACH_ROLES, RELAY
from storage.tables import NOUNS
from tenancy.entering import LeftoverSettingError
from tests.conftest import LOGIN, as_login
from tests.factories.clients import GatewayClient
from tests.factories.worlds import TENANT_TABLES

INDEXABLE: Final = frozenset({"TEXT", "BIGINT", "UUID", "DATE", "TIMESTAMP WITH TIME ZONE", "BOOLEAN"})
CALLS: Final = frozenset({"current_setting", "nullif", "any", "statement_timestamp"})
SECURED: Final = (*TENANT_TABLES, membership)
"""The tables that row-level security holds: a tenant's own, and who may reach them."""
PEEKED: Final = frozenset({partner_access, acting_session, partner_org})
"""Of these the login itself sees some columns, to find out how far a token reaches."""
RELAYED: Final = frozenset({event, audit_entry, outbox})
tenant = pytest.mark.parametrize("table", TENANT_TABLES, ids=lambda table: str(table.name))


def tables_of(kind: TableClass) -> list[Table]:
    """Return the tables of a class."""
    return [table for table in metadata.sorted_tables if table.info["class"] is kind]


async def test_the_catalogue_is_what_is_declared(owner_url: str, owner: Any) -> None:
    assert await drift(owner_url) == []
    found = await owner.fetch("SELECT tablename FROM pg_tables WHERE schemaname = $1", SCHEMA)
    assert {row["tablename"] for row in found} == {table.name for table in metadata.tables.values()} | {
        "alembic_version"
    }


async def test_the_checks_of_the_catalogue_are_those_declared(owner: Any) -> None:
    found = await owner.fetch(
        "SELECT conname FROM pg_constraint WHERE contype = 'c' AND connamespace = $1::regnamespace", SCHEMA
    )
    declared = {
        str(check.name)
        for table in metadata.sorted_tables
        for check in (*table.constraints, *(check for column in table.c for check in column.constraints))
        if isinstance(check, CheckConstraint)
    }
    assert {row["conname"] for row in found} == {name[:63] for name in declared}


def test_every_table_is_declared_in_one_class() -> None:
    assert {table.info.get("class") for table in metadata.sorted_tables} == set(TableClass)
    for table in metadata.sorted_tables:
        assert (rows_of(table) is not None) == (table in SECURED), table
        assert (table.info.get("peek") is not None) == (table in PEEKED), table
        assert (table.info.get("relayed") is not None) == (table in RELAYED), table


@tenant
def test_a_tenant_tables_key_starts_with_the_partner(table: Table) -> None:
    assert not table.c.partner_id.nullable
    key = [column.name for column in table.primary_key.columns]
    assert key[0] == "partner_id"
    assert key == ["partner_id", "id"] or table.info.get("link")


@tenant
def test_every_unique_foreign_key_and_index_starts_with_the_partner(table: Table) -> None:
    for constraint in table.constraints:
        if isinstance(constraint, UniqueConstraint):
            assert next(iter(constraint.columns)).name == "partner_id", constraint
        if isinstance(constraint, ForeignKeyConstraint):
            target = constraint.elements[0].column.table
            if target.info["class"] is TableClass.TENANT:
                assert constraint.column_keys[0] == "partner_id", constraint
            assert target.info["class"] is not TableClass.CONTROL, constraint
    for index in table.indexes:
        assert next(iter(index.columns)).name == "partner_id", index


async def test_the_catalogue_has_no_other_index_or_foreign_key(owner: Any) -> None:
    names = [table.name for table in TENANT_TABLES]
    loose = await owner.fetch(
        "SELECT i.indexrelid::regclass::text AS name FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid"
        " LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]"
        " WHERE c.relnamespace = $1::regnamespace AND c.relname = ANY ($2) AND a.attname IS DISTINCT FROM 'partner_id'",
        SCHEMA,
        names,
    )
    assert loose == []
    foreign = await owner.fetch(
        "SELECT k.conname FROM pg_constraint k JOIN pg_class t ON t.oid = k.confrelid"
        " JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1]"
        " WHERE k.contype = 'f' AND t.relnamespace = $1::regnamespace AND t.relname = ANY ($2)"
        " AND a.attname <> 'partner_id'",
        SCHEMA,
        names,
    )
    assert foreign == []


async def test_no_serial_trigger_enum_or_volatile_default(owner: Any) -> None:
    assert not await owner.fetchval(
        "SELECT count(*) FROM pg_class WHERE relkind = 'S' AND relnamespace = $1::regnamespace", SCHEMA
    )
    assert not await owner.fetchval(
        "SELECT count(*) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
        " WHERE NOT t.tgisinternal AND c.relnamespace = $1::regnamespace",
        SCHEMA,
    )
    assert not await owner.fetchval(
        "SELECT count(*) FROM pg_type WHERE typtype = 'e' AND typnamespace = $1::regnamespace", SCHEMA
    )
    assert not await owner.fetchval(
        "SELECT count(*) FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
        " WHERE c.relkind = 'r' AND c.relnamespace = $1::regnamespace"
        " AND (a.atthasdef OR a.attidentity <> '' OR a.attgenerated <> '')",
        SCHEMA,
    )
    assert not await owner.fetchval("SELECT count(*) FROM pg_proc WHERE pronamespace = $1::regnamespace", SCHEMA)


def _indexed(table: Table) -> set[str]:
    keyed: set[Any] = {*table.indexes, *(c for c in table.constraints if isinstance(c, UniqueConstraint))}
    return {column.name for index in keyed for column in index.columns}


@tenant
def test_what_lists_filter_and_sort_by_can_be_an_index_condition(table: Table) -> None:
    for name in _indexed(table):
        kind = str(table.c[name].type.compile(dialect=_dialect())).partition(" COLLATE")[0]
        assert kind in INDEXABLE, f"{table}.{name} is {kind}"


@tenant
def test_indexes_compare_plain_columns(table: Table) -> None:
    for index in table.indexes:
        assert isinstance(index, Index)
        assert all(isinstance(expression, Column) for expression in index.expressions), index


def _dialect() -> Any:
    return create_async_engine("postgresql+asyncpg://").dialect


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


def _records() -> list[type[Record]]:
    return [
        found
        for noun in NOUNS
        for _name, found in inspect.getmembers(importlib.import_module(noun.__name__), inspect.isclass)
        if issubclass(found, Record) and found.__module__ == noun.__name__
    ]


@pytest.mark.parametrize("record", _records(), ids=lambda record: str(record.__name__))
def test_a_records_fields_are_columns_of_its_table(record: type[Record]) -> None:
    whole = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", record.__name__).lower()
    name = next(name for name in (whole.removesuffix("_record"), whole) if f"{SCHEMA}.{name}" in metadata.tables)
    table = metadata.tables[f"{SCHEMA}.{name}"]
    shared = set(Record.__struct_fields__)
    assert set(record.__struct_fields__) - shared <= set(table.c.keys())


@pytest.mark.parametrize("entity", ENTITIES, ids=lambda entity: str(entity.__name__))
def test_what_an_entity_shows_is_in_its_record(entity: Any) -> None:
    spec: EntitySpec = entity.__entity__
    fields = build_schema()._schema.type_map[spec.name].fields  # type: ignore[attr-defined]  # noqa: SLF001 - the types
    for name, field in fields.items():
        described = describe(field)
        assert described is not None
        assert set(described.needs) <= set(spec.record.__struct_fields__), name


def test_an_id_is_a_uuid_of_version_7_made_by_the_application() -> None:
    made = [new_id() for _ in range(1000)]
    assert {identifier.version for identifier in made} == {7}
    assert len(set(made)) == len(made)
    assert made == sorted(made)


@pytest.mark.parametrize(
    "statement",
    [
        "SET app.partner = 'x'",
        "set role gateway_staff",
        "SET SESSION app.partner = 'x'",
        "  /* why */ SET ROLE gateway_staff",
        "-- why\nSET ROLE gateway_staff",
        "SELECT set_config('app.partner', 'x', false)",
        "SELECT set_config('app.partner', lower('X'), false)",
        "SELECT set_config('app.partner', 'x', $1)",
        "SELECT set_config('a', 'b', true), pg_catalog.set_config('app.partner', 'x', 'f')",
        "SELECT \"set_config\"('app.partner', 'x', false)",
        "SELECT set_config('app.partner', 'x', false",
    ],
)
async def test_a_setting_that_would_last_is_refused(layers: Layers, gateway: GatewayClient, statement: str) -> None:
    async with layers.database.writes.connect() as connection:
        with pytest.raises(LastingSettingError):
            await connection.exec_driver_sql(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "SET LOCAL app.partner = 'x'",
        "SET TRANSACTION READ ONLY",
        "SET CONSTRAINTS ALL DEFERRED",
        "SELECT set_config('app.partner', lower('X'), true)",
        "SELECT 'SET app.partner'",
    ],
)
async def test_a_setting_of_the_transaction_passes(layers: Layers, gateway: GatewayClient, statement: str) -> None:
    async with layers.database.writes.connect() as connection:
        await connection.exec_driver_sql(statement)


_LEFT: Final = """
    SELECT nullif(concat(current_setting('app.partner', true), current_setting('app.clients', true),
                         current_setting('app.org', true)), '') AS settings,
           current_user = session_user AS itself
"""
_CHANGE: Final = 'mutation { clientCreate(input: {companyName: "Left", email: "left@mail.example"}) { client { id } } }'


async def _left_on_connections(layers: Layers) -> list[tuple[str | None, bool]]:
    """Return the settings and roles on every idle connection of both pools."""
    reads = layers.database.reads
    taken = [await reads.acquire() for _ in range(reads.get_idle_size())]
    rows = [await connection.fetchrow(_LEFT) for connection in taken]
    for connection in taken:
        await reads.release(connection)
    async with layers.database.writes.connect() as writing:
        rows.append((await writing.exec_driver_sql(_LEFT)).mappings().one())
    return [(row["settings"], row["itself"]) for row in rows]


async def test_a_connection_returns_without_a_setting_or_a_role(alder: GatewayClient, layers: Layers) -> None:
    await alder.run("{ clients(first: 1) { nodes { id } } }")
    await alder.run(_CHANGE)
    await alder.run('mutation { clientCreate(input: {email: "left@mail.example"}) { userErrors { code } } }')
    assert set(await _left_on_connections(layers)) == {(None, True)}


async def test_a_leaked_setting_is_noticed_and_its_connection_thrown_away(
    alder: GatewayClient, layers: Layers, capsys: pytest.CaptureFixture[str]
) -> None:
    reads = layers.database.reads
    taken = [await reads.acquire() for _ in range(max(1, reads.get_idle_size()))]
    for connection in taken:
        await connection.execute("SELECT set_config('app.partner', gen_random_uuid()::text, false)")
    for connection in taken:
        await reads.release(connection)
    for _ in taken:
        refused = await alder.run("{ clients(first: 1) { nodes { id } } }")
        assert refused.codes == ["INTERNAL"]
        assert refused.partial is None
    assert LeftoverSettingError.__name__ in capsys.readouterr().out
    assert (await alder.run("{ clients(first: 1) { nodes { id } } }")).data["clients"]["nodes"]


async def test_a_setting_leaked_on_a_writing_connection_is_noticed_too(
    alder: GatewayClient, layers: Layers, owner: Any
) -> None:
    pool: Any = layers.database.writes.sync_engine.pool
    await alder.run(_CHANGE)
    async with layers.database.writes.connect() as connection:
        raw = (await connection.get_raw_connection()).driver_connection
        assert isinstance(raw, asyncpg.Connection)
        await raw.execute("SELECT set_config('app.partner', gen_random_uuid()::text, false)")
    before = await owner.fetchval("SELECT count(*) FROM gateway.client")
    answers = [await alder.run(_CHANGE) for _ in range(pool.checkedin())]
    assert sum(answer.codes == ["INTERNAL"] for answer in answers) == 1
    made = sum("errors" not in answer.body for answer in answers)
    assert await owner.fetchval("SELECT count(*) FROM gateway.client") == before + made
    assert "errors" not in (await alder.run(_CHANGE)).body


def test_the_drivers_url_is_that_of_the_engine_without_its_driver() -> None:
    assert dsn_for_asyncpg("postgresql+asyncpg://a@b/c") == "postgresql://a@b/c"
