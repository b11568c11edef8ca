"""Every list that the API offers, and what a page of it must hold by a naive sort over all rows."""

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from graphql import GraphQLInterfaceType, GraphQLObjectType, get_named_type, is_leaf_type, is_required_argument
from sqlalchemy import Table

from storage.accesses import AccessState, partner_access
from storage.acting import acting_session
from storage.base import fold
from storage.cards import CardStatus, payment_card
from storage.clients import ClientStatus, client
from storage.invoices import InvoiceState, invoice
from storage.org_users import BackupState, OrgRole, OrgUserStatus, org_user, user_backup
from storage.organisations import DomainStatus, OrganisationStatus, child_org
from storage.partners import MemberStatus, PartnerRole, partner_member
from storage.plans import plan
from storage.subscriptions import SubscriptionStatus, subscription
from tests.factories.clients import Answer, GatewayClient
from tests.operations.audit.asked import ASKED, Corner, furnish
from tests.operations.changes import SCHEMA
from tests.operations.worlds import LONG_AGO, Row, World, node_id

FEW: Final = 60
"""How many clients a crowd has; one of them has as many more of everything that is a client's."""


@dataclass(frozen=True)
class Listing:
    """One list: its rows, its orders and filters by column, its own order, and the parent where it is nested.

    One that is `inside` an organisation is read by that organisation's super admin.
    """

    field: str
    kind: str
    table: Table
    orders: Mapping[str, str]
    order: tuple[str, bool]
    filters: Mapping[str, str] = dataclasses.field(default_factory=dict)
    kinds: Mapping[str, str] = dataclasses.field(default_factory=dict)
    parent: str = "Query"
    by: str | None = None
    inside: bool = False

    def __str__(self) -> str:
        """Name the list as the schema does."""
        return f"{self.parent}.{self.field}"

    def shown(self, column: str, value: Any) -> Any:
        """Return a filter's value as it is given to the API."""
        return node_id(self.kinds[column], value) if column in self.kinds else value

    def naive(self, rows: list[Row], order: tuple[str, bool], filters: Mapping[str, Any]) -> list[str]:
        """Return the ids of the rows that match, as a naive sort orders them."""
        column, descending = order
        found = [row for row in rows if all(row[name] == value for name, value in filters.items())]
        found.sort(key=lambda row: (row[column], row["id"]), reverse=descending)
        return [node_id(self.kind, row) for row in found]

    def document(self, more: str = "") -> str:
        """Ask for one page."""
        given = {name: str(argument.type) for name, argument in self._field.args.items()}
        page = (
            f"page: {self.field}({', '.join(f'{name}: ${name}' for name in given)}) {{"
            " nodes { id } edges { cursor node { id } }"
            f" pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} {more} }}"
        )
        variables = ", ".join(f"${name}: {kind}" for name, kind in given.items())
        if self.by is None:
            return f"query({variables}) {{ {page} }}"
        return f"query($id: ID!, {variables}) {{ node(id: $id) {{ ... on {self.parent} {{ {page} }} }} }}"

    @property
    def _field(self) -> Any:
        parent = SCHEMA.get_type(self.parent)
        assert isinstance(parent, GraphQLObjectType)
        return parent.fields[self.field]

    async def page(self, caller: GatewayClient, *, of: Row | None = None, more: str = "", **given: Any) -> Any:
        """Ask for one page, that of a parent where the list is nested."""
        return self.page_of(await self.ask(caller, of=of, more=more, **given))

    async def ask(self, caller: GatewayClient, *, of: Row | None = None, more: str = "", **given: Any) -> Answer:
        """Ask for one page and return all of the answer."""
        parent = {} if of is None else {"id": node_id(self.parent, of)}
        return await caller.run(self.document(more), **parent, **given)

    def page_of(self, answer: Answer) -> Any:
        """Return the page of an answer."""
        return answer.data["page"] if self.by is None else answer.data["node"]["page"]


_CREATED: Final = {"CREATED_AT": "created_at"}
_NAMED: Final = {"NAME": "name_sort", **_CREATED}
_RENEWED: Final = {**_CREATED, "CURRENT_PERIOD_END": "current_period_end"}
_ORG_FILTERS: Final = {"status": "status", "domainStatus": "domain_status", "domain": "domain", "clientId": "client_id"}
_SUBSCRIPTION_FILTERS: Final = {
    "status": "status",
    "clientId": "client_id",
    "organisationId": "child_org_id",
    "planId": "plan_id",
}
_INVOICE_FILTERS: Final = {"state": "state", "number": "number", "clientId": "client_id"}
_CARD_FILTERS: Final = {"holder": "holder", "status": "status"}
_KINDS: Final = {"client_id": "Client", "child_org_id": "ChildOrg", "plan_id": "Plan"}
_SUBSCRIPTIONS: Final[Mapping[str, Any]] = {
    "field": "subscriptions",
    "kind": "Subscription",
    "table": subscription,
    "orders": _RENEWED,
    "order": ("created_at", False),
    "filters": _SUBSCRIPTION_FILTERS,
    "kinds": _KINDS,
}
_ORGANISATIONS: Final[Mapping[str, Any]] = {
    "field": "organisations",
    "kind": "ChildOrg",
    "table": child_org,
    "orders": _NAMED,
    "order": ("name_sort", False),
    "filters": _ORG_FILTERS,
    "kinds": _KINDS,
}
_CARDS: Final[Mapping[str, Any]] = {
    "field": "cards",
    "kind": "PaymentCard",
    "table": payment_card,
    "orders": _CREATED,
    "order": ("created_at", False),
    "filters": _CARD_FILTERS,
}
_INVOICES: Final[Mapping[str, Any]] = {
    "field": "invoices",
    "kind": "Invoice",
    "table": invoice,
    "orders": _CREATED,
    "order": ("created_at", True),
    "filters": _INVOICE_FILTERS,
    "kinds": _KINDS,
}
_ACCESSES: Final[Mapping[str, Any]] = {
    "kind": "PartnerAccess",
    "table": partner_access,
    "orders": _CREATED,
    "order": ("created_at", True),
    "filters": {"state": "state", "organisationId": "child_org_id"},
    "kinds": _KINDS,
}
_SESSIONS: Final[Mapping[str, Any]] = {
    "field": "actingSessions",
    "kind": "ActingSession",
    "table": acting_session,
    "orders": _CREATED,
    "order": ("created_at", True),
    "filters": {"organisationId": "child_org_id"},
    "kinds": _KINDS,
}
_USERS: Final[Mapping[str, Any]] = {
    "kind": "OrgUser",
    "table": org_user,
    "orders": _NAMED,
    "order": ("name_sort", False),
    "filters": {"role": "role", "status": "status"},
    "inside": True,
}
_BACKUPS: Final[Mapping[str, Any]] = {
    "kind": "UserBackup",
    "table": user_backup,
    "orders": _CREATED,
    "order": ("created_at", True),
    "filters": {"state": "state"},
    "inside": True,
}

LISTINGS: Final = (
    Listing(
        field="members",
        kind="PartnerMember",
        table=partner_member,
        orders={"NAME": "name_sort"},
        order=("name_sort", False),
        filters={"role": "role", "status": "status"},
    ),
    Listing(
        field="clients",
        kind="Client",
        table=client,
        orders=_NAMED,
        order=("name_sort", False),
        filters={"status": "status", "email": "email"},
    ),
    Listing(
        field="plans",
        kind="Plan",
        table=plan,
        orders={"CODE": "code"},
        order=("code", False),
        filters={"status": "status", "code": "code"},
    ),
    Listing(**_ORGANISATIONS),
    Listing(field="partnerAccesses", **_ACCESSES),
    Listing(**_SUBSCRIPTIONS),
    Listing(**_CARDS),
    Listing(**_INVOICES),
    Listing(**_ORGANISATIONS, parent="Client", by="client_id"),
    Listing(**_SUBSCRIPTIONS, parent="Client", by="client_id"),
    Listing(**_CARDS, parent="Client", by="client_id"),
    Listing(**_INVOICES, parent="Client", by="client_id"),
    Listing(**_SUBSCRIPTIONS, parent="ChildOrg", by="child_org_id"),
    Listing(field="accesses", **_ACCESSES, parent="ChildOrg", by="child_org_id"),
    Listing(**_SESSIONS),
    Listing(**_SESSIONS, parent="ChildOrg", by="child_org_id"),
    Listing(field="orgUsers", **_USERS),
    Listing(field="users", **_USERS, parent="ChildOrg", by="child_org_id"),
    Listing(field="userBackups", **_BACKUPS),
    Listing(field="backups", **_BACKUPS, parent="OrgUser", by="user_id"),
    *(Listing(**told) for told in ASKED),
)


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
