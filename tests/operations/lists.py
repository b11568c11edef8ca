"""A partner with many rows of every kind, and documents that ask for everything that its rows lead to."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from graphql import GraphQLInterfaceType, GraphQLObjectType, get_named_type, is_leaf_type, is_required_argument

from storage.accesses import AccessState
from storage.base import fold
from storage.cards import CardStatus
from storage.clients import ClientStatus, client
from storage.invoices import InvoiceState
from storage.org_users import BackupState, OrgRole, OrgUserStatus, user_backup
from storage.organisations import DomainStatus, OrganisationStatus
from storage.partners import MemberStatus, PartnerRole
from storage.plans import plan
from storage.subscriptions import SubscriptionStatus
from tests.factories.clients import GatewayClient
from tests.operations.audit.asked import Corner, furnish
from tests.operations.listings import Listing
from tests.operations.worlds import LONG_AGO, Row, World

FEW: Final = 60
"""How many clients a crowd has; one of them has as many more of everything that is a client's."""


@dataclass(frozen=True)
class Crowd:
    """A partner with many rows of every kind, and many of them alike in what they are sorted by."""

    world: World
    rich: Row
    rich_org: Row
    super_admin: Row
    user: Row
    others: tuple[Row, Row]
    other_orgs: tuple[Row, Row]
    corner: Corner
    other_corner: Corner

    def caller(self, listing: Listing) -> GatewayClient:
        """Ask as somebody who may read a list."""
        return self.world.being(self.super_admin["membership_id"]) if listing.inside else self.world.boss

    def parent(self, listing: Listing) -> Row | None:
        """Return a parent with many rows; None for a list of the root."""
        rich = {
            "client_id": self.rich,
            "child_org_id": self.rich_org,
            "user_id": self.super_admin,
            "subscription_id": self.corner.subscription,
            "acting_session_id": self.corner.session,
        }
        return rich[listing.by] if listing.by else None

    def other_parent(self, listing: Listing) -> Row | None:
        """Return another parent that the caller sees; None where there is none, or for a list of the root."""
        others = {
            "client_id": self.others[0],
            "child_org_id": None if listing.inside else self.other_orgs[0],
            "user_id": self.user,
            "subscription_id": self.other_corner.subscription,
            "acting_session_id": self.other_corner.session,
        }
        return others[listing.by] if listing.by else None

    async def rows(self, listing: Listing, of: Row | None) -> list[Row]:
        """Read every row that a list may show."""
        if listing.table is plan:
            return [dict(row) for row in await self.world.owner.fetch("SELECT * FROM gateway.plan")]
        return [
            row
            for row in await self.world.rows(listing.table)
            if (listing.by is None or of is None or row[listing.by] == of["id"])
            and (not listing.inside or row["child_org_id"] == self.rich_org["id"])
            and (listing.inside or not row.get("org_internal"))
            and ("partner_sees_until" not in row or row["partner_sees_until"].replace(tzinfo=UTC) > datetime.now(UTC))
        ]


_NAMES: Final = ("Åkerö", "Akero", "Zürich Käse", "zurich kase", "Ópera", "Straße", "Œuvre", "東京", "O'Brien", "Nn")


async def gather_crowd(world: World, plans: list[Row]) -> Crowd:
    """Fill a partner: names and times repeat, so that ids must decide."""
    for number in range(FEW):
        role, status = _turn(PartnerRole, number), _turn(MemberStatus, number // 5)
        name = _NAMES[number % 7]
        await world.member(role, name, name_sort=fold(name), status=status)
    buyers = [await _buyer(world, number, plans) for number in range(FEW)]
    rich, rich_org = buyers[17]
    for number in range(FEW, 2 * FEW):
        await _belongings(world, rich, number, plans)
        charged = {"card_id": rich["default_card_id"], **_subscription(number)}
        await world.subscription(rich_org, plans[number % len(plans)], **charged)
        access = await world.access(rich_org, **_access(number), state=AccessState.ENDED)
        await world.session(access, created_at=_at(number))
    for number in range(5):
        await world.card(created_at=_at(number), status=_turn(CardStatus, number))
    super_admin = await world.user(rich_org, OrgRole.SUPER_ADMIN)
    users = [await _user(world, rich_org, super_admin, number) for number in range(FEW)]
    left = await world.organisation(rich, "left.example", partner_sees_until=LONG_AGO)
    await world.access(left, state=AccessState.ENDED)
    return Crowd(
        world,
        rich,
        rich_org,
        super_admin,
        users[0],
        others=(buyers[18][0], buyers[19][0]),
        other_orgs=(buyers[18][1], buyers[19][1]),
        corner=await furnish(world, rich_org, plans[0], rows=FEW),
        other_corner=await furnish(world, buyers[18][1], plans[0], rows=3),
    )


async def _buyer(world: World, number: int, plans: list[Row]) -> tuple[Row, Row]:
    name = _NAMES[number * 7 % len(_NAMES)]
    email = f"desk{number % 11}@crowd.example"
    buyer = await world.client(name, email=email, created_at=_at(number), status=_turn(ClientStatus, number // 2))
    return buyer, await _belongings(world, buyer, number, plans)


async def _belongings(world: World, buyer: Row, number: int, plans: list[Row]) -> Row:
    card = await world.card(buyer, created_at=_at(number), status=_turn(CardStatus, number // 3))
    await world.change(client, buyer["id"], default_card_id=card["id"])
    buyer["default_card_id"] = card["id"]
    organisation = await world.organisation(
        buyer,
        f"crowd{number}.example",
        name_sort=fold(_NAMES[number % 4]),
        created_at=_at(number),
        status=_turn(OrganisationStatus, number),
        domain_status=_turn(DomainStatus, number // 2),
    )
    access = await world.access(organisation, **_access(number), state=_turn(AccessState, number))
    await world.session(access, created_at=_at(number))
    named = await world.card(buyer, created_at=_at(number + 1), status=CardStatus.ACTIVE)
    await world.subscription(organisation, plans[number % len(plans)], card_id=named["id"], **_subscription(number))
    state = _turn(InvoiceState, number)
    issued = f"2026-{number:06}" if state is not InvoiceState.DRAFT else None
    await world.invoice(buyer, state=state, number=issued, created_at=_at(number))
    return organisation


async def _user(world: World, organisation: Row, super_admin: Row, number: int) -> Row:
    """Store a user of an organisation, a backup of its data, and one of the super admin's."""
    user = await world.user(
        organisation,
        (OrgRole.ADMIN, OrgRole.MEMBER)[number % 2],
        name_sort=fold(_NAMES[number % 7]),
        created_at=_at(number),
        status=_turn(OrgUserStatus, number // 2),
    )
    for whose in (user, super_admin):
        await world.add(
            user_backup,
            child_org_id=organisation["id"],
            user_id=whose["id"],
            state=_turn(BackupState, number),
            requested_by=super_admin["membership_id"],
            requested_by_name=super_admin["name"],
            created_at=_at(number),
        )
    return user


def _at(number: int) -> datetime:
    return LONG_AGO + timedelta(days=number * 3 % 7, microseconds=number % 2)


def _access(number: int) -> Row:
    return {"created_at": _at(number)}


def _subscription(number: int) -> Row:
    ends = LONG_AGO + timedelta(days=31 + number % 5)
    return {"created_at": _at(number), "current_period_end": ends, "status": _turn(SubscriptionStatus, number)}


def _turn(words: Any, number: int) -> Any:
    return list(words)[number % len(words)]


def everything_of(named: Any, depth: int) -> str:
    """Select every field of a type, and of what it leads to down to a depth."""
    return " ".join(_fields(named, depth))


def _fields(named: GraphQLObjectType | GraphQLInterfaceType, depth: int) -> Iterator[str]:
    for name, found in named.fields.items():
        inner: Any = get_named_type(found.type)
        if any(is_required_argument(argument) for argument in found.args.values()):
            continue  # what is asked about with a word is no field of a row
        if is_leaf_type(inner):
            yield name
        elif inner.name.endswith("Connection"):
            if depth:
                nodes = get_named_type(inner.fields["nodes"].type)
                yield f"{name}(first: 3) {{ totalCount nodes {{ {everything_of(nodes, depth - 1)} }} }}"
        elif "id" not in inner.fields or depth:
            yield f"{name} {{ {everything_of(inner, depth - ('id' in inner.fields))} }}"


def questions_of(named: Any, depth: int) -> int:
    """Count what is asked of the database for all that `everything_of` selects of a type."""
    asked = 0
    for found in named.fields.values():
        inner: Any = get_named_type(found.type)
        if depth and inner.name.endswith("Connection"):
            page_and_count = 2
            asked += page_and_count + questions_of(get_named_type(inner.fields["nodes"].type), depth - 1)
        elif depth and "id" in getattr(inner, "fields", {}):
            asked += 1 + questions_of(inner, depth - 1)
        elif inner.name == "PlanPrice":
            asked += 1
    return asked
