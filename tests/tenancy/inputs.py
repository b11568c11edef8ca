"""Inputs that changes accept, and answers put so that they can be compared."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final, TypeAlias

from schema import node_ids
from storage.accesses import AccessState, partner_access
from storage.base import new_id, now
from storage.change_requests import ChangeRequestState
from storage.escalations import EscalationState
from storage.organisations import OrganisationStatus, child_org
from tests.factories.clients import Answer
from tests.factories.principals import Joined
from tests.factories.worlds import input_of, mutation_document, node_kinds, samples
from tests.tenancy.stages import House, escalated, requested

Recipe: TypeAlias = Callable[[House, Joined], Awaitable[dict[str, Any]]]


async def accepted(mutation: str, house: House, joined: Joined) -> dict[str, Any]:
    """Return an input that is accepted from somebody who may, having stored what it needs."""
    recipe = RECIPES.get(mutation)
    given = samples(input_of(mutation), house.chosen)
    return given if recipe is None else {**given, **await recipe(house, joined)}


def _of(user: str) -> Recipe:
    async def give(house: House, _joined: Joined) -> dict[str, Any]:
        return {"id": node_ids.encode("OrgUser", getattr(house, user)["id"])}

    return give


def _with(**values: Any) -> Recipe:
    async def give(_house: House, _joined: Joined) -> dict[str, Any]:
        return values

    return give


async def _archived(house: House, _joined: Joined) -> dict[str, Any]:
    await house.shop.world.change(child_org, house.organisation_id, status=OrganisationStatus.ARCHIVED)
    return {}


async def _waiting_access(house: House, _joined: Joined) -> dict[str, Any]:
    asked = {"state": AccessState.REQUESTED, "days": 30, "full_administration": False, "privileges": ["ORG_READ"]}
    row = await house.shop.world.access(house.shop.organisation, **asked)
    return {"id": node_ids.encode("PartnerAccess", row["id"])}


async def _approvable_access(house: House, joined: Joined) -> dict[str, Any]:
    await house.shop.world.change(partner_access, house.shop.access["id"], state=AccessState.ENDED)
    return await _waiting_access(house, joined)


async def _extendable_access(house: House, _joined: Joined) -> dict[str, Any]:
    limited = {"full_administration": False, "extendable": True, "expires_at": now() + timedelta(days=30)}
    await house.shop.world.change(partner_access, house.shop.access["id"], **limited)
    return {}


def _escalation(state: EscalationState) -> Recipe:
    async def give(house: House, joined: Joined) -> dict[str, Any]:
        asks = {"requested_by": joined.membership_id} if joined.session else {}
        row = await escalated(house.shop, state=state, created_at=now(), **asks)
        return {"id": node_ids.encode("Escalation", row["id"])}

    return give


async def _waiting_request(house: House, _joined: Joined) -> dict[str, Any]:
    row = await requested(house.shop, state=ChangeRequestState.REQUESTED)
    return {"id": node_ids.encode("ChangeRequest", row["id"])}


async def _successor(house: House, _joined: Joined) -> dict[str, Any]:
    return {"userId": node_ids.encode("OrgUser", house.shop.admin["id"])}


RECIPES: Final[Mapping[str, Recipe]] = {
    "organisationUnarchive": _archived,
    "organisationChangeSuperAdmin": _successor,
    "partnerAccessRequest": _with(days=30, privileges=["ORG_READ"], fullAdministration=False, extendable=False),
    "partnerAccessWithdraw": _waiting_access,
    "partnerAccessApprove": _approvable_access,
    "partnerAccessDecline": _waiting_access,
    "partnerAccessExtend": _extendable_access,
    "escalationRequest": _with(task="USER_BACKUP"),
    "escalationWithdraw": _escalation(EscalationState.REQUESTED),
    "escalationApprove": _escalation(EscalationState.REQUESTED),
    "escalationDecline": _escalation(EscalationState.REQUESTED),
    "orgUserCreate": _with(administrator=False),
    "orgUserReactivate": _of("suspended"),
    "orgUserRestore": _of("deleted"),
    "orgUserSetProfileImage": _with(image="https://images.example/face.png"),
    "subscriptionCreate": _with(cardId=None),
    "changeRequestCreate": _with(kind="STORAGE", planId=None),
    "changeRequestWithdraw": _waiting_request,
    "changeRequestApprove": _waiting_request,
    "changeRequestDecline": _waiting_request,
}
"""What a change needs beyond some value for each field of its input."""


def at_once(asks: Sequence[tuple[str, Mapping[str, Any]]]) -> tuple[str, dict[str, Any]]:
    """Write one document that asks for several changes under aliases, `a0` being the first, and its variables."""
    takes = ", ".join(f"$i{number}: {input_of(name).name}!" for number, (name, _given) in enumerate(asks))
    asked = [mutation_document(name).partition("{")[2].rpartition("}")[0] for name, _given in asks]
    aliased = " ".join(f"a{number}: {text.replace('$input', f'$i{number}')}" for number, text in enumerate(asked))
    inputs = {f"i{number}": given for number, (_name, given) in enumerate(asks)}
    return f"mutation({takes}) {{ {aliased} }}", inputs


def target_of(mutation: str, kind: str) -> str:
    """Return the field of a change's input that names a thing of a kind."""
    return next(name for name, of in node_kinds(input_of(mutation)).items() if of == kind)


def ids_in(value: Any) -> set[str]:
    """Return every node id in an answer."""
    if isinstance(value, dict):
        return {found for inner in value.values() for found in ids_in(inner)}
    if isinstance(value, list):
        return {found for inner in value for found in ids_in(inner)}
    return {value} if isinstance(value, str) and node_ids.decode(value) else set()


def said(answer: Answer) -> tuple[int, Any]:
    """Return an answer without what tells one request from another."""
    for error in answer.errors:
        error["extensions"].pop("requestId", None)
    return answer.status, answer.body


def spread(ids: Iterable[str], most: int) -> Sequence[str]:
    """Return at most so many of the ids, from all over."""
    every = sorted(ids)
    return every[:: max(1, len(every) // most)][:most]


def another(identifier: str) -> str:
    """Return an id of the same kind that no row has."""
    decoded = node_ids.decode(identifier)
    assert decoded is not None
    return node_ids.encode(decoded[0], new_id())


def mistyped(identifier: str) -> str:
    """Return the same row's id under the tag of another kind."""
    decoded = node_ids.decode(identifier)
    assert decoded is not None
    kind = next(kind for kind in node_ids.KINDS if kind != decoded[0])
    return node_ids.encode(kind, decoded[1])
