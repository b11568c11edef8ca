"""The composition root: settings and layers in, an ASGI application out."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import asyncpg
import structlog
from graphql import ASTValidationRule, NoSchemaIntrospectionCustomRule
from starlette.applications import Starlette
from starlette.routing import BaseRoute, Route
from starlette.types import Lifespan, Receive, Scope, Send

from connectors.cards_sandbox import SandboxCards
from gateway.execution.documents import Documents
from gateway.execution.executor import executor
from gateway.http import pages
from gateway.http.graphql import GraphQLEndpoint
from gateway.http.limits import DocumentLimits
from gateway.identity.keys import Keys
from gateway.identity.tokens import JwtVerifier, TokenSigner, TokenVerifier
from gateway.operations import HttpCaller
from gateway.settings import Settings
from schema.root import build_schema
from schema.specs import describe
from storage.engine import Database
from storage.migrate import head_revision
from storage.seeding import Account
from tenancy.decide import Decide, decide
from tenancy.predicates import DeclaredScope, QueryScope
from tenancy.principal import Identity
from tenancy.scope import Boundary

log: Final = structlog.get_logger()
MOST_TOKENS: Final = 1_500
_PATH: Final = "/graphql"


@dataclass(frozen=True, slots=True)
class Layers:
    """The four that hold the tenant boundary, each able to hold it alone against what it is there for.

    Production composes one constant set; no setting reaches it. Tests replace one at a time.
    """

    verifier: TokenVerifier
    decide: Decide
    query_scope: QueryScope
    database: Database


def production_layers(settings: Settings, *, login_url: str) -> Layers:
    """Compose the layers that production runs."""
    keys = Keys(settings.data_dir)
    return Layers(
        verifier=JwtVerifier(keys.verifying_keys(), issuer=settings.issuer),
        decide=decide,
        query_scope=DeclaredScope(),
        database=Database(login_url, size=settings.pool_size),
    )


def compose(settings: Settings, layers: Layers, *, accounts: Sequence[Account] = ()) -> Starlette:
    """Build the application; it connects to the database when it starts."""
    boundary = Boundary(layers.database, decide=layers.decide, query_scope=layers.query_scope)
    cards = SandboxCards()

    def caller(identity: Identity | None, request_id: str, address: str | None) -> HttpCaller:
        return HttpCaller(boundary, identity, request_id, cards, settings.deadline_seconds, address)

    schema = build_schema(
        suggestions=settings.development,
        execution_context_class=executor(describe, compiled=settings.executor == "compiled"),
    )
    documents = Documents(schema._schema, rules=_rules(settings), most_tokens=MOST_TOKENS)  # noqa: SLF001 - as there
    endpoint = GraphQLEndpoint(schema, documents, layers.verifier, caller, suggestions=settings.development)
    routes: list[BaseRoute] = [*pages.probes(lambda: _not_ready(layers.database))]
    if settings.development:
        signer = TokenSigner(Keys(settings.data_dir).signing_key(), issuer=settings.issuer)
        routes += pages.explorer(accounts, signer, layers.verifier, boundary)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        await layers.database.open()
        try:
            yield
        finally:
            await layers.database.close()

    return Gateway(endpoint, routes, lifespan)


class Gateway(Starlette):
    """The application: what is for the endpoint goes there at once, everything else by the routes."""

    def __init__(self, endpoint: GraphQLEndpoint, routes: Sequence[BaseRoute], lifespan: Lifespan[Starlette]) -> None:
        super().__init__(routes=[Route(_PATH, endpoint), *routes], lifespan=lifespan)
        self._endpoint = endpoint

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "http" and scope["path"] == _PATH:
            await self._endpoint(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


def _rules(settings: Settings) -> list[type[ASTValidationRule]]:
    """List what is asked of a document besides what GraphQL asks."""
    return [DocumentLimits] if settings.development else [DocumentLimits, NoSchemaIntrospectionCustomRule]


async def _not_ready(database: Database) -> str | None:
    """Say why the process cannot answer; None where it can."""
    try:
        async with asyncio.timeout(2), database.reads.borrowed() as connection:
            revision = await connection.fetchval("SELECT version_num FROM gateway.alembic_version")
    except (OSError, TimeoutError, RuntimeError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return "the database does not answer"
    return None if revision == head_revision() else "the database is at another revision than this release"
