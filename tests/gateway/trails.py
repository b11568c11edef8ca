"""A database of one test's own whose trails are numbered: what is written, and what stands there afterwards."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select

from storage.audit import audit_entry
from storage.base import new_id
from storage.clients import client
from storage.engine import Database, connect
from tenancy.audit import Attempt, Change
from tenancy.decide import decide
from tenancy.predicates import DeclaredScope
from tenancy.relay import Handler, Relay
from tenancy.scope import Boundary, system_write
from tenancy.trail import Link, Report, verify
from tests.conftest import as_login


@dataclass(frozen=True)
class Trails:
    """One database of three partners: `owner` sees every row of it, `boundary` is what production composes over it."""

    url: str
    owner: Any
    boundary: Boundary
    partners: Sequence[UUID]

    @property
    def partner(self) -> UUID:
        """One of the partners."""
        return self.partners[0]

    def relay(self, handlers: Mapping[str, Handler] | None = None) -> Relay:
        """Make a relay."""
        return Relay(self.boundary, handlers or {})

    @asynccontextmanager
    async def held_write(
        self, partner_id: UUID | None = None, *, times: int = 1
    ) -> AsyncIterator[Callable[[], Awaitable[None]]]:
        """Tell of changes in one transaction, so many events and as many entries; what is given commits it."""
        attempt = Attempt("clientTouch", None, "request")
        async with AsyncExitStack() as stack:
            db = await stack.enter_async_context(system_write(self.boundary, partner_id or self.partner, attempt))
            (row,) = await db.fetch(lambda bounds: select(client).where(bounds(client)).limit(1))
            await db.announce(*[Change("client.touched", client, row) for _ in range(times)])
            yield stack.aclose

    async def write(self, partner_id: UUID | None = None, *, times: int = 1) -> None:
        """Tell of changes and commit."""
        async with self.held_write(partner_id, times=times) as commit:
            await commit()

    async def number_all(self) -> int:
        """Number everything that is committed."""
        relay, numbered = self.relay(), 0
        while found := await relay.unnumbered():
            numbered += sum([await relay.number(partner_id) for partner_id in found])
        return numbered

    async def numbers(self, table: str, partner_id: UUID | None = None) -> list[int | None]:
        """Return the numbers of a partner's rows, in the order in which they are to be numbered."""
        rows = await self.owner.fetch(
            f"SELECT seq FROM gateway.{table} WHERE partner_id = $1 ORDER BY created_at, id", partner_id or self.partner
        )
        return [row["seq"] for row in rows]

    async def head(self, partner_id: UUID | None = None) -> Any:
        """Return the row of a partner's head."""
        return await self.owner.fetchrow("SELECT * FROM gateway.trail_head WHERE id = $1", partner_id or self.partner)

    async def verified(self, partner_id: UUID | None = None) -> Report:
        """Verify a partner's chain as it stands."""
        head = await self.head(partner_id)
        rows = await self.owner.fetch(
            f"SELECT * FROM {audit_entry} WHERE partner_id = $1 AND seq IS NOT NULL ORDER BY seq",
            partner_id or self.partner,
        )
        return verify(map(dict, rows), head and Link(head["audit_seq"], head["audit_hash"]))

    async def leave_job(self, kind: str, payload: Any = None, **columns: Any) -> UUID:
        """Leave a job that is due; its columns may be given."""
        identifier = columns.setdefault("id", new_id())
        made = {"partner_id": self.partner, "version": 1, "kind": kind, "payload": payload or {}, "attempts": 0}
        given = {**made, **columns}
        places = ", ".join(f"${number}" for number, _ in enumerate(given, 1))
        due = "" if "due_at" in given else ", due_at"
        await self.owner.execute(
            f"INSERT INTO gateway.outbox ({', '.join(given)}, created_at, updated_at{due})"
            f" VALUES ({places}, now(), now(){due and ', now()'})",
            *given.values(),
        )
        return UUID(str(identifier))

    async def job(self, identifier: UUID) -> Any:
        """Return a job's row."""
        return await self.owner.fetchrow("SELECT * FROM gateway.outbox WHERE id = $1", identifier)

    async def let_rest_pass(self) -> None:
        """Let every pause and every claim be over."""
        await self.owner.execute("UPDATE gateway.outbox SET locked_until = now() - interval '1 second'")


@asynccontextmanager
async def opened(url: str, *, size: int = 4, login_url: str | None = None) -> AsyncIterator[Trails]:
    """Open a migrated and seeded database, as its owner and as the unprivileged login."""
    owner = await connect(url)
    await owner.execute("SET ROLE gateway_owner")
    database = Database(login_url or as_login(url), size=size)
    await database.open()
    try:
        boundary = Boundary(database, decide=decide, query_scope=DeclaredScope())
        found = await owner.fetch("SELECT id FROM gateway.partner_org ORDER BY id")
        yield Trails(url, owner, boundary, [row["id"] for row in found])
    finally:
        await database.close()
        await owner.close()
