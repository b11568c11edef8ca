"""The command line's way into a customer's organisation: a session, started as over HTTP, and the token for it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Final, TypeAlias
from uuid import uuid4

from connectors.cards_sandbox import SandboxCards
from gateway.app import Layers, production_layers
from gateway.execution.executor import Executor
from gateway.identity.acting import acting_token
from gateway.identity.keys import Keys
from gateway.identity.tokens import TokenSigner
from gateway.operations import HttpCaller
from gateway.settings import Settings
from resolvers.errors import ExpectedError
from schema import node_ids
from schema.root import build_schema
from tenancy.principal import Identity
from tenancy.scope import Boundary, Scope

_FIND: Final = """query($domain: DomainName!) {
  organisations(first: 1, filter: {domain: $domain}) { nodes { id } }
}"""
_MANAGE: Final = """mutation($input: OrganisationManageInput!) {
  organisationManage(input: $input) { session { id } userErrors { message howToRequest } }
}"""

Ask: TypeAlias = Callable[..., Awaitable[Any]]


class CannotActError(Exception):
    """A session cannot be started or used; the message is one line for people."""


async def start_session(
    settings: Settings, login_url: str, identity: Identity, *, organisation: str, reason: str
) -> str:
    """Start a session in an organisation, given by its domain or id, and return the session's id.

    Raises:
        CannotActError: there is no such organisation, or the member may not act in it.
        DatabaseUnreachableError: the database cannot be reached.
    """
    async with _boundary(settings, login_url) as boundary:
        ask = _asking(settings, boundary, identity)
        named = organisation if node_ids.decode(organisation) else await _by_domain(ask, organisation)
        payload = (await ask(_MANAGE, input={"organisationId": named, "reason": reason}))["organisationManage"]
    for error in payload["userErrors"]:
        raise CannotActError(" ".join(filter(None, (error["message"], error["howToRequest"]))))
    session: str = payload["session"]["id"]
    return session


async def session_token(settings: Settings, login_url: str, identity: Identity, *, session: str) -> str:
    """Return the token of a session, which ends with it.

    Raises:
        CannotActError: it is not the member's own, or it is over.
        DatabaseUnreachableError: the database cannot be reached.
    """
    signer = TokenSigner(Keys(settings.data_dir).signing_key(), issuer=settings.issuer)
    async with _boundary(settings, login_url) as boundary:
        try:
            return await acting_token(signer, Scope(boundary, identity), session)
        except ExpectedError as error:
            raise CannotActError(error.message) from error


@asynccontextmanager
async def _boundary(settings: Settings, login_url: str) -> AsyncIterator[Boundary]:
    layers: Layers = production_layers(settings, login_url=login_url)
    await layers.database.open()
    try:
        yield Boundary(layers.database, decide=layers.decide, query_scope=layers.query_scope)
    finally:
        await layers.database.close()


def _asking(settings: Settings, boundary: Boundary, identity: Identity) -> Ask:
    """Ask as a member, through the schema and its executor."""
    schema = build_schema(execution_context_class=Executor)
    caller = HttpCaller(boundary, identity, str(uuid4()), SandboxCards(), settings.deadline_seconds)

    async def ask(document: str, **variables: Any) -> Any:
        result = await schema.execute(document, variable_values=variables, context_value=caller)
        for error in result.errors or ():
            raise CannotActError(error.message)
        return result.data

    return ask


async def _by_domain(ask: Ask, domain: str) -> str:
    nodes = (await ask(_FIND, domain=domain))["organisations"]["nodes"]
    if not nodes:
        message = f"You see no organisation with the domain {domain}."
        raise CannotActError(message)
    found: str = nodes[0]["id"]
    return found
