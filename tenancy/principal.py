"""Who is asking: what a token names, and what the live rows behind it say of it."""

from typing import Final
from uuid import UUID

import msgspec

from storage.base import Reach

NO_PARTNER: Final = UUID(int=0)
"""The partner of somebody who belongs to none: the platform's own staff."""


class Identity(msgspec.Struct, frozen=True):
    """What a verified token names: one membership at one epoch, and the session of acting where it is for one.

    Nothing else in a token is believed.
    """

    membership_id: UUID
    epoch: int
    acting_session: UUID | None = None


class Acting(msgspec.Struct, frozen=True):
    """A partner's member at work in a customer's organisation, under an access that is alive."""

    session_id: UUID
    access_id: UUID
    full_administration: bool
    privileges: frozenset[str]


class Principal(msgspec.Struct, frozen=True):
    """The live membership behind a token, as the first statement of the transaction read it.

    `client_ids` and `child_org_id` are those that the scope is confined to. `creator_role` is that of the member who
    made an API credential, `staff_logins` those of the people of the managing partner and the partners above it,
    which are known inside an organisation only.
    """

    membership_id: UUID
    login_id: UUID | None
    kind: str
    role: str | None
    partner_id: UUID
    reach: Reach
    client_ids: tuple[UUID, ...] = ()
    child_org_id: UUID | None = None
    name: str = ""
    partner_name: str | None = None
    partner_email: str | None = None
    permissions: frozenset[str] = frozenset()
    privileges: frozenset[str] = frozenset()
    creator_role: str | None = None
    acting: Acting | None = None
    staff_logins: frozenset[UUID] = frozenset()

    @property
    def acting_session_id(self) -> UUID | None:
        """The session of acting; None where one is oneself."""
        return self.acting.session_id if self.acting else None

    @property
    def works_for_the_partner(self) -> bool:
        """Whether an organisation's user is also one of the people who manage the organisation for the partner."""
        return self.login_id in self.staff_logins


def reach_of(kind: str, *, fenced: bool, acting: bool = False) -> Reach | None:
    """Return how far a kind of membership reaches, None for one that is not known."""
    if acting:
        return Reach.ORG
    if kind == "API_CREDENTIAL":
        return Reach.FENCE if fenced else Reach.STAFF
    return {
        "PARTNER_MEMBER": Reach.STAFF,
        "CONTACT": Reach.CLIENT,
        "ORG_USER": Reach.ORG,
        "OPERATOR": Reach.PLATFORM,
    }.get(kind)
