"""Roles, grants and row-level security, generated from what the tables declare.

Nothing here is written by hand for one table: a policy is the conjunction of the keys that `storage.base.Rows`
names for a reach, each a plain comparison with a transaction-local setting. With none set, nothing is visible.
"""

from collections.abc import Iterator
from typing import Final

from sqlalchemy import Table

from storage.base import SCHEMA, Key, Peek, Reach, Relayed, Rows, TableClass, rows_of
from storage.tables import metadata

OWNER: Final = "gateway_owner"
IDENTITY: Final = "gateway_identity"
RELAY: Final = "gateway_relay"
LOGIN: Final = "gateway_login"
REACH_ROLES: Final = {reach: f"gateway_{reach.value}" for reach in Reach}
APPLICATION_ROLES: Final = (*REACH_ROLES.values(), IDENTITY, RELAY)

PARTNER_SETTING: Final = "app.partner"
CLIENTS_SETTING: Final = "app.clients"
ORG_SETTING: Final = "app.org"

LOGIN_LIMITS: Final = {
    "statement_timeout": "2s",
    "lock_timeout": "500ms",
    "idle_in_transaction_session_timeout": "5s",
}

_ROLE_EXISTS: Final = "WHEN duplicate_object OR unique_violation THEN NULL"


def _setting(name: str, kind: str) -> str:
    return f"nullif(current_setting('{name}', true), '')::{kind}"


def predicate_sql(rows: Rows, reach: Reach) -> str | None:
    """Render the policy of one reach on one table; None where the reach sees nothing."""
    keys = rows.keys[reach]
    if keys is None:
        return None
    render = {
        Key.PARTNER: f"{{}} = {_setting(PARTNER_SETTING, 'uuid')}",
        Key.CLIENTS: f"{{}} = ANY ({_setting(CLIENTS_SETTING, 'uuid[]')})",
        Key.ORG: f"{{}} = {_setting(ORG_SETTING, 'uuid')}",
        Key.NOT_ORG_INTERNAL: "NOT {}",
        Key.PARTNER_SEES: "{} > statement_timestamp()",
    }
    return " AND ".join(render[key].format(rows.column(key)) for key in keys)


def role_statements() -> Iterator[str]:
    """Make the roles that own and act; every one of them is NOLOGIN."""
    for role in (OWNER, *APPLICATION_ROLES):
        yield f"DO $$ BEGIN CREATE ROLE {role} NOLOGIN NOINHERIT; EXCEPTION {_ROLE_EXISTS}; END $$"


def login_statements(login: str, verb: str, password_literal: str) -> Iterator[str]:
    """Make or renew the role that the serving process connects as: it owns nothing and inherits nothing.

    `verb` is CREATE or ALTER; `password_literal` is already quoted by the server.
    """
    yield f'{verb} ROLE "{login}" LOGIN NOINHERIT PASSWORD {password_literal}'
    for name, value in LOGIN_LIMITS.items():
        yield f"ALTER ROLE \"{login}\" SET {name} = '{value}'"
    for role in APPLICATION_ROLES:
        yield f'GRANT {role} TO "{login}"'


def security_statements(login: str) -> Iterator[str]:
    """Render every grant and policy, replacing those that are there."""
    every = ", ".join((*APPLICATION_ROLES, f'"{login}"'))
    yield f"REVOKE ALL ON ALL TABLES IN SCHEMA {SCHEMA} FROM {every}, PUBLIC"
    yield f"GRANT USAGE ON SCHEMA {SCHEMA} TO {every}"
    yield f'GRANT SELECT ON {SCHEMA}.alembic_version TO "{login}"'
    for table in metadata.sorted_tables:
        yield from _TABLE_SECURITY[table.info["class"]](table, login)


def drop_policy_statement() -> str:
    """Render the statement that drops every policy of the schema."""
    return (
        "DO $$ DECLARE p record; BEGIN FOR p IN SELECT policyname, tablename FROM pg_policies"
        f" WHERE schemaname = '{SCHEMA}' LOOP"
        f" EXECUTE format('DROP POLICY %I ON {SCHEMA}.%I', p.policyname, p.tablename);"
        " END LOOP; END $$"
    )


def _tenant(table: Table, login: str) -> Iterator[str]:
    rows = rows_of(table)
    if rows is None:  # pragma: no cover - tenant_table always declares them
        message = f"{table} declares no rows"
        raise TypeError(message)
    yield from _reaches(table, rows)
    if table.info.get("relayed"):
        yield from _relay(table, table.info["relayed"])
    if table.info.get("peek"):
        yield from _peek(table, table.info["peek"], login)


def _reaches(table: Table, rows: Rows) -> Iterator[str]:
    yield f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"
    yield f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY"
    yield f"CREATE POLICY owner ON {table} TO {OWNER} USING (true) WITH CHECK (true)"
    for reach, role in REACH_ROLES.items():
        predicate = predicate_sql(rows, reach)
        if predicate is None:
            continue
        yield f"CREATE POLICY {reach.value} ON {table} TO {role} USING ({predicate}) WITH CHECK ({predicate})"
        yield f"GRANT {', '.join(rows.may(reach))} ON {table} TO {role}"


def _relay(table: Table, relayed: Relayed) -> Iterator[str]:
    columns = ", ".join(relayed.columns)
    yield f"CREATE POLICY relay_reads ON {table} FOR SELECT TO {RELAY} USING (true)"
    yield f"CREATE POLICY relay_marks ON {table} FOR UPDATE TO {RELAY} USING ({relayed.when}) WITH CHECK (true)"
    yield f"GRANT SELECT, UPDATE ({columns}) ON {table} TO {RELAY}"


def _peek(table: Table, peek: Peek, login: str) -> Iterator[str]:
    """Let the login look at, and lock, what decides how far it will reach; it can change none of it."""
    yield f'CREATE POLICY login_reads ON {table} FOR SELECT TO "{login}" USING ({peek.when})'
    if any(verb.startswith("UPDATE") for verb in peek.verbs):
        yield f'CREATE POLICY login_locks ON {table} FOR UPDATE TO "{login}" USING ({peek.when}) WITH CHECK (false)'
    for grant in peek.verbs:
        yield f'GRANT {grant} ON {table} TO "{login}"'


def _reference(table: Table, _login: str) -> Iterator[str]:
    yield f"GRANT SELECT ON {table} TO {', '.join((*REACH_ROLES.values(), IDENTITY))}"


def _control(table: Table, login: str) -> Iterator[str]:
    yield f"GRANT SELECT, INSERT, UPDATE ON {table} TO {IDENTITY}"
    for grant in table.info["login"]:
        yield f'GRANT {grant} ON {table} TO "{login}"'
    if table.info["relay"]:
        yield f"GRANT {', '.join(table.info['relay'])} ON {table} TO {RELAY}"
    rows = rows_of(table)
    if rows is not None:
        yield from _reaches(table, rows)
        yield f"CREATE POLICY identity ON {table} TO {IDENTITY} USING (true) WITH CHECK (true)"
        yield f'CREATE POLICY login ON {table} TO "{login}" USING (true) WITH CHECK (true)'


_TABLE_SECURITY: Final = {
    TableClass.TENANT: _tenant,
    TableClass.REFERENCE: _reference,
    TableClass.CONTROL: _control,
}
