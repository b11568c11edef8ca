"""Who is asking: what a token names, and what the live membership row says of it."""

from uuid import UUID

import msgspec

from storage.base import Reach


class Identity(msgspec.Struct, frozen=True):
    """What a verified token names: one membership at one epoch. Nothing else in a token is believed."""

    membership_id: UUID
    epoch: int


class Principal(msgspec.Struct, frozen=True):
    """The live membership behind a token, as the first statement of the transaction read it."""

    membership_id: UUID
    login_id: UUID | None
    kind: str
    role: str | None
    partner_id: UUID
    reach: Reach
    client_ids: tuple[UUID, ...] = ()
    child_org_id: UUID | None = None


def reach_of(kind: str, *, fenced: bool) -> Reach | None:
    """Return how far a kind of membership reaches, None for one that reaches no tenant."""
    if kind == "API_CREDENTIAL":
        return Reach.CLIENT if fenced else Reach.STAFF
    return {
        "PARTNER_MEMBER": Reach.STAFF,
        "CONTACT": Reach.CLIENT,
        "ORG_USER": Reach.ORG,
    }.get(kind)
