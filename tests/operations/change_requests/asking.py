"""Asking the partner for a change of a subscription, and answering."""

from typing import Any, Final

from tests.factories.clients import Answer, GatewayClient
from tests.operations.changes import ERRORS, Shop
from tests.operations.worlds import node_id

SHOWN: Final = (
    "id version kind storageGb note state requestedByName decidedAt decidedByName decisionNote"
    " plan { id } subscription { id version extraStorageGb plan { code } planAtRenewal { code } unitPrice { amount } }"
)


async def change(caller: GatewayClient, field: str, *, shown: str = SHOWN, **given: Any) -> Answer:
    """Ask for a change of a change request."""
    takes = f"{field[0].upper()}{field[1:]}Input"
    return await caller.run(
        f"mutation($input: {takes}!) {{ {field}(input: $input) {{ changeRequest {{ {shown} }} {ERRORS} }} }}",
        input=given,
    )


async def create(caller: GatewayClient, shop: Shop, kind: str = "STORAGE", **given: Any) -> Answer:
    """Ask the partner for a change of the shop's subscription: 50 gigabytes unless told otherwise."""
    wish = {"storageGb": 50} if kind == "STORAGE" and "storageGb" not in given else {}
    if isinstance(given.get("planId"), dict):
        given["planId"] = node_id("Plan", given["planId"])
    target = {"subscriptionId": node_id("Subscription", shop.subscription)}
    return await change(caller, "changeRequestCreate", **{**target, "kind": kind, **wish, **given})


def accepted(answer: Answer) -> Any:
    """Return the change request of a change that was accepted."""
    assert answer.user_errors == []
    return answer.payload["changeRequest"]
