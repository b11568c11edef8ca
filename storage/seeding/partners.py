"""The demo's partners: five members each, with a login and a membership, and the partner's own cards."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from storage.base import fold
from storage.identity import MembershipKind
from storage.partners import MemberStatus, PartnerRole, PartnerStatus, partner_member, partner_org
from storage.seeding.cards import add_reseller_cards
from storage.seeding.countries import COUNTRIES, Country
from storage.seeding.draft import Draft
from storage.seeding.memberships import add_membership

_TREES: Final = (
    "Alder", "Birch", "Cedar", "Dogwood", "Elm", "Fir", "Ginkgo", "Hazel", "Ironwood", "Juniper", "Katsura", "Linden",
    "Maple", "Nutmeg", "Olive", "Pine", "Quince", "Rowan", "Spruce", "Tamarack", "Ulmus", "Viburnum", "Willow", "Yew",
)  # fmt: skip
_TRADES: Final = ("Hosting", "Cloud", "Online", "Networks", "Digital", "Webworks", "Systems")
_COUNTRIES: Final = ("GB", "DE", "US", "ES", "FR", "IE", "AT", "BE", "JP")
_GIVEN: Final = (
    "Ada", "Ben", "Cora", "Dev", "Edith", "Frank", "Greta", "Hugo", "Iris", "Jonas", "Klara", "Leo", "Mona", "Nils",
    "Olga", "Paul", "Rosa", "Sven", "Tilda", "Uma", "Viktor", "Wanda",
)  # fmt: skip
_OPENED_DAYS_AGO: Final = 730


class Partner(msgspec.Struct, frozen=True):
    """What the rows of a partner's clients need to know of it."""

    id: UUID
    country: Country
    created_at: datetime
    cards: tuple[UUID, ...]
    owner: UUID
    domain: str


def add_partner(draft: Draft, position: int) -> Partner:
    """Add the partner at a position, the first being 0; earlier ones were there earlier."""
    tree = _TREES[position % len(_TREES)]
    again = position // len(_TREES)
    domain = f"{fold(tree)}{again + 1 if again else ''}.example"
    country = COUNTRIES[_COUNTRIES[position % len(_COUNTRIES)]]
    created_at = draft.ago(_OPENED_DAYS_AGO) + timedelta(minutes=position)
    identifier = draft.id_at(created_at)
    draft.add(
        partner_org,
        {
            "partner_id": identifier,
            "id": identifier,
            "version": 1,
            "created_at": created_at,
            "updated_at": created_at,
            "name": " ".join((tree, _TRADES[position % len(_TRADES)], str(again + 1) if again else "")).rstrip(),
            "status": PartnerStatus.ACTIVE,
            "country": country.code,
            "currency": country.currency,
            "language": country.language,
            "support_email": f"support@{domain}",
        },
    )
    members = []
    for number, role in enumerate(PartnerRole):
        given = _GIVEN[(position * len(PartnerRole) + number) % len(_GIVEN)]
        members.append(_add_member(draft, identifier, created_at, role, f"{given} {tree}", domain))
    cards = add_reseller_cards(draft, identifier, created_at, tree)
    return Partner(identifier, country, created_at, cards, owner=members[0], domain=domain)


def _add_member(  # noqa: PLR0913, PLR0917 - one row's worth of facts
    draft: Draft, partner_id: UUID, created_at: datetime, role: PartnerRole, name: str, domain: str
) -> UUID:
    email = f"{role.lower()}@{domain}"
    kind = MembershipKind.PARTNER_MEMBER
    place = add_membership(draft, kind, created_at, name=name, email=email, role=role, partner_id=partner_id)
    shown = {"name": name, "name_sort": fold(name), "email": email, "role": role, "status": MemberStatus.ACTIVE}
    draft.add_tenant(partner_member, partner_id, created_at, {"membership_id": place, **shown})
    return place
