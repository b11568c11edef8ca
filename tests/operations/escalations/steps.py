"""The steps of an escalation: asked for by whoever acts, answered by the super admin, used once."""

from typing import Any, Final

from storage.events import outbox
from tests.factories.clients import Answer, GatewayClient
from tests.operations.changes import ERRORS, Shop
from tests.operations.escalations.examples import WHY
from tests.operations.worlds import Row, World, node_id

SHOWN: Final = (
    "id version task reason state requestedByName decidedAt decidedByName decisionNote usableUntil usedAt createdAt"
    " user { id } organisation { id }"
)


async def change(caller: GatewayClient, field: str, *, shown: str = SHOWN, **given: Any) -> Answer:
    """Ask for a change of an escalation."""
    takes = f"{field[0].upper()}{field[1:]}Input"
    return await caller.run(
        f"mutation($input: {takes}!) {{ {field}(input: $input) {{ escalation {{ {shown} }} {ERRORS} }} }}", input=given
    )


async def asked(caller: GatewayClient, task: str, about: Row | None = None, **given: Any) -> Any:
    """Ask for an escalation that is accepted, and return it."""
    target = {} if about is None else {"userId": node_id("OrgUser", about)}
    answer = await change(caller, "escalationRequest", **{"task": task, "reason": WHY, **target, **given})
    assert answer.user_errors == []
    return answer.payload["escalation"]


async def answered(caller: GatewayClient, field: str, identifier: str, **given: Any) -> Any:
    """Change an escalation in a way that is accepted, and return it."""
    answer = await change(caller, field, id=identifier, **given)
    assert answer.user_errors == []
    return answer.payload["escalation"]


async def approved(shop: Shop, task: str, about: Row | None = None) -> Any:
    """Have an escalation asked for by the acting administrator and approved by the super admin."""
    made = await asked(shop.as_acting, task, about)
    return await answered(shop.as_super_admin, "escalationApprove", made["id"])


async def mails(world: World) -> list[tuple[str, Any]]:
    """Return the kinds and contents of the mails that wait for their sender."""
    return [(row["kind"], row["payload"]) for row in await world.rows(outbox) if row["kind"].startswith("mail.")]
