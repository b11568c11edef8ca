"""Who can sign in to the demo: logins and memberships of every kind."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from storage.base import FOREVER
from storage.identity import ContactPermission, MembershipKind, login, membership
from storage.seeding.draft import Draft

SCRIPT_PRIVILEGES: Final = (
    "VIEWER_READ", "CLIENT_READ", "CLIENT_EDIT", "CLIENT_CREATE", "ORGANISATION_READ", "PLAN_READ",
    "SUBSCRIPTION_READ", "SUBSCRIPTION_CREATE", "SUBSCRIPTION_CHANGE", "INVOICE_READ",
)  # fmt: skip
"""What the demo's scripts were given."""
_OPERATOR: Final = "operator@platform.example"


def add_membership(
    draft: Draft, kind: MembershipKind, created_at: datetime, *, name: str, email: str, **columns: Any
) -> UUID:
    """Add a login and what it is in one place; return the membership's id."""
    person = draft.id_at(created_at)
    draft.add(login, {"id": person, "email": email, "display_name": name, "created_at": created_at})
    return _place(draft, kind, created_at, {"login_id": person, "name": name, **columns})


def _place(draft: Draft, kind: MembershipKind, created_at: datetime, columns: Mapping[str, Any]) -> UUID:
    place = draft.id_at(created_at)
    lasting = {"epoch": 1, "valid_until": FOREVER, "created_at": created_at, "share_lock": False}
    draft.add(membership, {"id": place, "kind": kind, **lasting, **columns})
    return place


def add_operator(draft: Draft, created_at: datetime) -> None:
    """Add one of the platform's own staff."""
    add_membership(draft, MembershipKind.OPERATOR, created_at, name="Platform operator", email=_OPERATOR)


def add_client_area(draft: Draft, partner_id: UUID, client_id: UUID, domain: str) -> None:
    """Add a contact of a client, who may use everything there."""
    add_membership(
        draft,
        MembershipKind.CONTACT,
        draft.now,
        name="Casey Brook",
        email=f"contact@{domain}",
        partner_id=partner_id,
        client_ids=[client_id],
        permissions=[permission.value for permission in ContactPermission],
    )


def add_scripts(draft: Draft, partner_id: UUID, owner: UUID, client_id: UUID, domain: str) -> None:
    """Add two scripts of a partner, made by its owner: one for all of its clients, one fenced to a single one."""
    for name, fence in (("script", None), ("fenced-script", [client_id])):
        add_membership(
            draft,
            MembershipKind.API_CREDENTIAL,
            draft.now,
            name="One client's sync" if fence else "Nightly sync",
            email=f"{name}@{domain}",
            partner_id=partner_id,
            client_ids=fence,
            privileges=list(SCRIPT_PRIVILEGES),
            created_by=owner,
        )
