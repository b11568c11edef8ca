"""Reading the audit trail, and entries to be found in it."""

from typing import Any, Final

from storage.audit import audit_entry
from storage.base import new_id
from tests.factories.clients import Answer, GatewayClient
from tests.operations.worlds import Row, World

LIST: Final = """
query($filter: AuditFilter, $first: Int, $after: String) {
  audit(filter: $filter, first: $first, after: $after) {
    nodes { %s } pageInfo { endCursor hasNextPage }
  }
}"""
PLAIN: Final = """
  id seq hash outcome actorKind actorName operation privilege rule targetKind targetId targetVersion
  changes { field before after } reason address requestId createdAt
"""


async def read(caller: GatewayClient, shown: str = PLAIN, **given: Any) -> Answer:
    """Ask for a page of the trail."""
    return await caller.run(LIST % shown, **given)


async def entries(caller: GatewayClient, shown: str = PLAIN, **where: Any) -> Any:
    """Return the entries that match a filter, the latest first."""
    return (await read(caller, shown, filter=where)).data["audit"]["nodes"]


async def stored_entry(world: World, **values: Any) -> Row:
    """Store an entry: a change that nobody in particular made, unless told otherwise."""
    return await world.add(
        audit_entry,
        **{
            "org_internal": False,
            "actor_kind": "SYSTEM",
            "outcome": "DONE",
            "privilege": "SYSTEM",
            "operation": "test",
            "request_id": str(new_id()),
            **values,
        },
    )
