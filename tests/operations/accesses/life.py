"""What an access goes through: the changes of it, asked for over HTTP, and the rows that they leave."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from storage.accesses import AccessState, partner_access
from storage.base import FOREVER
from storage.events import outbox
from storage.organisations import child_org
from tests.factories.clients import Answer, GatewayClient
from tests.operations.changes import ERRORS, Shop
from tests.operations.worlds import LONG_AGO, Row, World, node_id

SHOWN: Final = (
    "id version state fullAdministration privileges reason days extendable extendedAt requestedByName decidedAt"
    " decidedByName startsAt expiresAt endedAt endedBy organisation { id }"
)
A_DAY: Final = timedelta(days=1)


def document(change: str) -> str:
    """Return the document that asks for a change of an access."""
    kind = f"P{change[1:]}Input"
    return f"mutation($input: {kind}!) {{ {change}(input: $input) {{ access {{ {SHOWN} }} {ERRORS} }} }}"


async def make(caller: GatewayClient, change: str, access: Row, **values: Any) -> Answer:
    """Ask for a change of one access."""
    return await caller.run(document(change), input={"id": node_id("PartnerAccess", access), **values})


async def ask(shop: Shop, *, by: GatewayClient | None = None, **values: Any) -> Answer:
    """Ask for access: to read for 90 days, unless told otherwise; None leaves a value out."""
    given = {
        "subscriptionId": node_id("Subscription", shop.subscription),
        "privileges": ["ORG_READ"],
        "days": 90,
        "reason": "The mail moves to us",
        **values,
    }
    asked = {name: value for name, value in given.items() if value is not None}
    return await (by or shop.world.boss).run(document("partnerAccessRequest"), input=asked)


async def requested(shop: Shop, **values: Any) -> Row:
    """Store a request that is not answered yet: to read for 90 days."""
    return await shop.world.access(
        shop.organisation,
        **{
            "state": AccessState.REQUESTED,
            "full_administration": False,
            "privileges": ["ORG_READ"],
            "reason": "The mail moves to us",
            "days": 90,
            **values,
        },
    )


async def limited(shop: Shop, *, left: timedelta = 10 * A_DAY, **values: Any) -> Row:
    """Make the shop's access one that ends by itself, in some days, and can be extended."""
    expires_at = datetime.now(UTC) + left
    given = {"full_administration": False, "privileges": ["ORG_READ"], "days": 90, "extendable": True}
    await shop.world.change(partner_access, shop.access["id"], expires_at=expires_at, **{**given, **values})
    await shop.world.change(child_org, shop.organisation["id"], partner_sees_until=expires_at)
    return await shop.world.row(partner_access, shop.access["id"])


async def ended(shop: Shop) -> Row:
    """End the shop's access behind the gateway's back: the organisation has left the partner's lists."""
    over = {"state": AccessState.ENDED, "ended_at": LONG_AGO, "ended_by": "SUPER_ADMIN"}
    await shop.world.change(partner_access, shop.access["id"], **over)
    await shop.world.change(child_org, shop.organisation["id"], partner_sees_until=LONG_AGO)
    return await shop.world.row(partner_access, shop.access["id"])


async def stored(shop: Shop, access: Row | str) -> Row:
    """Read an access as it now is, by its row or its node id."""
    rows = await shop.world.rows(partner_access)
    wanted = access if isinstance(access, str) else node_id("PartnerAccess", access)
    (found,) = [row for row in rows if node_id("PartnerAccess", row) == wanted]
    return found


async def seen_until(shop: Shop) -> datetime:
    """Return until when the partner sees the organisation."""
    until: datetime = (await shop.world.row(child_org, shop.organisation["id"]))["partner_sees_until"]
    return FOREVER if until.replace(tzinfo=UTC) == FOREVER else until


async def left_to_do(world: World) -> list[tuple[str, datetime, Any]]:
    """Return what the outbox holds: kinds, when they are due, and what about."""
    return [(row["kind"], row["due_at"], row["payload"]) for row in await world.rows(outbox)]


async def domains(caller: GatewayClient) -> list[str]:
    """List the domains of the organisations that somebody sees."""
    answer = await caller.run("{ organisations { totalCount nodes { domain } } }")
    found = answer.data["organisations"]
    assert found["totalCount"] == len(found["nodes"])
    return [node["domain"] for node in found["nodes"]]
