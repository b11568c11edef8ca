"""The layers of the tenant boundary with one of them taken out."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Table, true
from sqlalchemy.sql.selectable import FromClause

from storage.base import Reach
from storage.engine import Database, connect
from storage.rls import REACH_ROLES
from tenancy.predicates import Bounds
from tenancy.principal import Principal


class EverythingScope:
    """A query scope that lets every row and every statement through."""

    def bounds(self, reach: Reach) -> Bounds:
        """Return a condition that always holds."""

        def condition(_source: FromClause) -> ColumnElement[bool]:
            return true()

        return condition

    def check(self, statement: Any, reach: Reach) -> None:
        """Let it pass."""

    def check_row(self, table: Table, row: Mapping[str, Any], principal: Principal) -> None:
        """Let it pass."""


async def bypass_database(
    owner_url: str, *, login: str, password: str, login_url: Callable[[str, str], str]
) -> Callable[[], Database]:
    """Make roles that are granted what the reaches are, but that row-level security does not hold."""
    connection = await connect(owner_url)
    bypassing = f"{login}_bypass"
    roles = {reach: f"{role}_bypass" for reach, role in REACH_ROLES.items()}
    try:
        await connection.execute("SELECT pg_advisory_lock(7310553201962212)")
        for reach, role in roles.items():
            await _role(connection, role, f"NOLOGIN INHERIT BYPASSRLS IN ROLE {REACH_ROLES[reach]}")
        literal = await connection.fetchval("SELECT quote_literal($1::text)", password)
        await _role(connection, bypassing, f"LOGIN INHERIT PASSWORD {literal} IN ROLE {', '.join(roles.values())}")
        await connection.execute(f"GRANT {login} TO {bypassing}")
    finally:
        await connection.close()
    return lambda: Database(login_url(owner_url, bypassing), roles=roles, size=2)


async def _role(connection: Any, name: str, options: str) -> None:
    if not await connection.fetchval("SELECT true FROM pg_roles WHERE rolname = $1", name):
        await connection.execute(f"CREATE ROLE {name} {options}")
