"""Asking the gateway over HTTP, in the same process, through the whole application."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from typing import Any

import httpx2
import orjson
from starlette.applications import Starlette

from gateway.app import Layers, compose
from gateway.settings import Settings
from storage.engine import Database


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: httpx2.Headers
    body: dict[str, Any]

    @property
    def data(self) -> Any:
        """The data; fails where there are errors, so that none goes unseen."""
        assert "errors" not in self.body, self.body["errors"]
        return self.body["data"]

    @property
    def partial(self) -> Any:
        """The data, errors or not."""
        return self.body.get("data")

    @property
    def errors(self) -> list[dict[str, Any]]:
        """The top-level errors."""
        found: list[dict[str, Any]] = self.body.get("errors", [])
        return found

    @property
    def codes(self) -> list[str]:
        """The codes of the top-level errors."""
        return [error["extensions"]["code"] for error in self.errors]

    @property
    def payload(self) -> dict[str, Any]:
        """The payload of the one mutation that was asked for."""
        (found,) = self.data.values()
        made: dict[str, Any] = found
        return made

    @property
    def user_errors(self) -> list[dict[str, Any]]:
        """The user errors of the one mutation that was asked for."""
        found: list[dict[str, Any]] = self.payload["userErrors"]
        return found

    @property
    def user_codes(self) -> list[str]:
        """The codes of the user errors."""
        return [error["code"] for error in self.user_errors]


@dataclass(frozen=True)
class GatewayClient:
    """One caller of the application."""

    http: httpx2.AsyncClient
    database: Database
    token: str | None = None

    def bearing(self, token: str | None) -> "GatewayClient":
        """Return the same with another token."""
        return replace(self, token=token)

    async def run(self, document: str, **variables: Any) -> Answer:
        """Ask by POST."""
        return await self.post({"query": document, "variables": variables})

    async def post(self, body: Any, *, headers: dict[str, str] | None = None) -> Answer:
        """Post a body: JSON, or bytes as they are."""
        content = body if isinstance(body, bytes) else orjson.dumps(body)
        response = await self.http.post(
            "/graphql", content=content, headers={"Content-Type": "application/json", **self._auth(), **(headers or {})}
        )
        return Answer(response.status_code, response.headers, orjson.loads(response.content))

    async def get(self, path: str, **parameters: str) -> httpx2.Response:
        """Ask by GET."""
        return await self.http.get(path, params=parameters, headers=self._auth())

    def _auth(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}

    @contextmanager
    def watched(self) -> Iterator[list[str]]:
        """Collect the statements that run on the read pool's connections."""
        with watched_reads(self.database) as seen:
            yield seen


@contextmanager
def watched_reads(database: Database) -> Iterator[list[str]]:
    """Collect the statements of the read pool, those that begin and end transactions aside."""
    seen: list[str] = []
    reads = database.reads

    def note(record: Any) -> None:
        if record.query.split(maxsplit=1)[0].rstrip(";").upper() not in {"BEGIN", "COMMIT", "ROLLBACK"}:
            seen.append(record.query)

    watched = list(reads._open)  # noqa: SLF001 - those that are lent too
    for connection in watched:
        connection.add_query_logger(note)
    try:
        yield seen
    finally:
        for connection in watched:
            connection.remove_query_logger(note)


@asynccontextmanager
async def running(settings: Settings, layers: Layers) -> AsyncIterator[GatewayClient]:
    """Run the application and ask it, without a socket between."""
    app: Starlette = compose(settings, layers)
    async with app.router.lifespan_context(app):
        transport = httpx2.ASGITransport(app=app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as http:
            yield GatewayClient(http, layers.database)
