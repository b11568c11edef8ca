"""The layers of the tenant boundary with one of them taken out."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

from sqlalchemy import ColumnElement, Table, true
from sqlalchemy.sql.selectable import FromClause

from gateway.app import Layers
from gateway.identity.tokens import TokenVerifier
from gateway.settings import Settings
from storage.base import Reach
from storage.engine import Database, connect
from storage.rls import REACH_ROLES
from tenancy.decide import ALLOW, Decide, Decision, decide
from tenancy.predicates import Bounds, DeclaredScope
from tenancy.principal import Principal
from tenancy.privileges import Privilege
from tests.factories.clients import GatewayClient, running


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


def everybody_may(_principal: Principal, _privilege: Privilege) -> Decision:
    """Decide nothing, so that only query scope and row-level security hold."""
    return ALLOW


async def bypass_database(
    owner_url: str, *, login: str, password: str, login_url: Callable[[str, str], str]
) -> Callable[[], Database]:
    """Make roles that are granted what the reaches are, but that row-level security does not hold."""
    # Roles are the server's, advisory locks a database's: all who make these meet in the same one.
    connection = await connect(urlunsplit(urlsplit(owner_url)._replace(path="/postgres")))
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


@dataclass(frozen=True)
class Weakness:
    """Which of the layers are in place."""

    query_scope: bool = True
    rls: bool = True
    decided: bool = True


WHOLE: Final = Weakness()
HELD: Final = {
    "whole": WHOLE,
    "no query scope": Weakness(query_scope=False),
    "no row-level security": Weakness(rls=False),
}
"""With these the boundary holds."""
UNDECIDED: Final = {
    "no decision": Weakness(decided=False),
    "no decision, no query scope": Weakness(query_scope=False, decided=False),
    "no decision, no row-level security": Weakness(rls=False, decided=False),
}
"""With these nobody leaves its scope, whatever the decision says."""
LEAKING: Final = Weakness(query_scope=False, rls=False)

Asking = Callable[[Weakness], GatewayClient]


@asynccontextmanager
async def every_weakness(  # noqa: PLR0913 - everything that an application is composed of
    settings: Settings,
    verifier: TokenVerifier,
    owner_url: str,
    *,
    login: str,
    password: str,
    login_url: Callable[[str, str], str],
) -> AsyncIterator[Asking]:
    """Run an application on one database with each combination of the layers."""
    bypass = await bypass_database(owner_url, login=login, password=password, login_url=login_url)
    made: dict[Weakness, GatewayClient] = {}
    async with AsyncExitStack() as stack:
        for weakness in (*HELD.values(), *UNDECIDED.values(), LEAKING):
            deciding: Decide = decide if weakness.decided else everybody_may
            composed = Layers(
                verifier=verifier,
                decide=deciding,
                query_scope=DeclaredScope() if weakness.query_scope else EverythingScope(),
                database=Database(login_url(owner_url, login), size=2) if weakness.rls else bypass(),
            )
            made[weakness] = await stack.enter_async_context(running(settings, composed))
        yield lambda weakness: made[weakness]
