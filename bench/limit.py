"""The limit: an ASGI application that answers each query by one hand-written statement, which returns the JSON text.

It does for a request what every server here does: token, snapshot, live membership, role and row-level security.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import asyncpg
import orjson
from joserfc.jwk import KeySet

from bench.setting import Setting, read_setting
from gateway.identity.tokens import InvalidTokenError, JwtVerifier
from tenancy.principal import Identity

_STATEMENTS: Final = {file.stem: file.read_text() for file in Path(__file__).with_name("limit_sql").glob("*.sql")}
_POOL: Final = 10
_JSON: Final = (b"content-type", b"application/json")

Asked = tuple[str, tuple[Any, ...]]
"""A statement, and its parameters behind the partner's id."""


def _list(variables: dict[str, Any]) -> Asked:
    if variables.get("after") is None:
        return _STATEMENTS["list_first"], ()
    name_sort, _, identifier = bytes.fromhex(variables["after"]).decode().rpartition(" ")
    return _STATEMENTS["list_after"], (name_sort, UUID(identifier))


_QUERIES: Final[dict[str, Callable[[dict[str, Any]], Asked]]] = {
    "dashboard": lambda _variables: (_STATEMENTS["dashboard"], ()),
    "client_page": lambda variables: (_STATEMENTS["client_page"], (UUID(variables["id"].removeprefix("cli1_")),)),
    "list_page": _list,
    "viewer": lambda _variables: (_STATEMENTS["viewer"], ()),
}


class Limit:
    """The application; a document that it does not know is an error of the benchmark, and raises."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        keys = KeySet.import_key_set(setting.jwks)  # type: ignore[arg-type]  # a plain dictionary, as JSON gives it
        self._verifier = JwtVerifier(keys, issuer=setting.issuer)
        self._known = {text: _QUERIES[name] for name, text in setting.documents.items() if name in _QUERIES}
        self._pool: Any = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        status, body = await self._answer(scope, receive)
        headers = [_JSON, (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _answer(self, scope: Any, receive: Any) -> tuple[int, bytes]:
        if scope["method"] != "POST":
            return 200, b"ready"
        token = dict(scope["headers"]).get(b"authorization", b"").decode().removeprefix("Bearer ")
        body = bytearray()
        more = True
        while more:
            message = await receive()
            body += message["body"]
            more = message.get("more_body", False)
        try:
            identity = self._verifier.verify(token)
        except InvalidTokenError:
            return 401, b"{}"
        asked = orjson.loads(bytes(body))
        answer = await self._ask(identity, *self._known[asked["query"]](asked.get("variables") or {}))
        return (401, b"{}") if answer is None else (200, answer.encode())

    async def _ask(self, identity: Identity, statement: str, parameters: tuple[Any, ...]) -> str | None:
        """Run one snapshot: who asks, then the statement; None where the membership is not alive."""
        member = (identity.membership_id, identity.epoch, identity.acting_session)
        async with (
            self._pool.acquire() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            row = await connection.fetchrow(self._setting.enter, *member, *self._setting.roles)
            if row is None or row["stale"]:
                return None
            answer: str = await connection.fetchval(statement, row["partner_id"], *parameters)
            return answer

    async def _live(self, receive: Any, send: Any) -> None:
        await receive()
        self._pool = await asyncpg.create_pool(self._setting.login_url, min_size=_POOL, max_size=_POOL, reset=_keep)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._pool.close()
        await send({"type": "lifespan.shutdown.complete"})


async def _keep(_connection: Any) -> None:
    """Do nothing when a connection returns: settings are transaction-local."""


def app() -> Limit:
    """Make the application, for uvicorn."""
    return Limit(read_setting())
