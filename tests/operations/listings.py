"""Every list that the API offers, and what a page of it must hold by a naive sort over all rows."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from graphql import GraphQLObjectType
from sqlalchemy import Table

from storage.accesses import partner_access
from storage.acting import acting_session
from storage.cards import payment_card
from storage.clients import client
from storage.invoices import invoice
from storage.org_users import OrgRole, org_user, user_backup
from storage.organisations import child_org
from storage.partners import partner_member
from storage.plans import plan
from storage.subscriptions import subscription
from tests.factories.clients import Answer, GatewayClient
from tests.operations.audit.asked import ASKED
from tests.operations.changes import SCHEMA
from tests.operations.worlds import Row, World, node_id


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

    async def stranger(self, world: World) -> GatewayClient:
        """Ask as somebody of another partner who may read such a list of its own."""
        if not self.inside:
            return world.boss
        organisation = await world.organisation(await world.client())
        return world.being((await world.user(organisation, OrgRole.SUPER_ADMIN))["membership_id"])


def ids_of(page: Any) -> list[str]:
    """Return the ids of a page, which its nodes, edges and page facts must agree on."""
    cursors = [edge["cursor"] for edge in page["edges"]]
    first_and_last = (cursors[0], cursors[-1]) if cursors else (None, None)
    assert (page["pageInfo"]["startCursor"], page["pageInfo"]["endCursor"]) == first_and_last
    assert len(set(cursors)) == len(cursors)
    assert [edge["node"] for edge in page["edges"]] == page["nodes"]
    return [node["id"] for node in page["nodes"]]


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
