"""Every change that the API offers, with an input that is accepted: for the tests that hold for all of them."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from graphql import GraphQLInputObjectType, GraphQLNamedType, get_named_type
from sqlalchemy import Table

from schema.root import build_schema
from storage.audit import audit_entry
from storage.cards import payment_card
from storage.clients import client
from storage.events import event
from storage.org_users import OrgRole
from storage.organisations import DomainStatus, child_org
from storage.partners import PartnerRole
from storage.subscriptions import subscription
from tests.factories.clients import Answer, GatewayClient
from tests.factories.worlds import node_kinds
from tests.operations.accesses.examples import DELEGATED
from tests.operations.change_requests.examples import CHANGE_REQUESTS
from tests.operations.escalations.examples import ESCALATIONS
from tests.operations.org_users.examples import INSIDE
from tests.operations.worlds import Row, World, node_id

SCHEMA: Final = build_schema()._schema  # noqa: SLF001 - Strawberry's public face hides the types

ERRORS: Final = "userErrors { code path message retryable rule whoCan howToRequest currentVersion changedFields }"

_OWNER_ADMIN: Final = frozenset({PartnerRole.OWNER, PartnerRole.ADMIN})
_MONEY: Final = _OWNER_ADMIN | {PartnerRole.BILLING}


@dataclass(frozen=True)
class Shop:
    """A partner with one client, its organisation, that one's people and its subscription to a plan.

    The partner has full access to the organisation, and its administrator a session of acting there.
    """

    world: World
    client: Row
    organisation: Row
    subscription: Row
    plan: Row
    super_admin: Row
    admin: Row
    user: Row
    access: Row
    session: Row

    @property
    def as_super_admin(self) -> GatewayClient:
        """Ask as the organisation's super admin."""
        return self.world.being(self.super_admin["membership_id"])

    @property
    def as_admin(self) -> GatewayClient:
        """Ask as an administrator of the organisation."""
        return self.world.being(self.admin["membership_id"])

    @property
    def as_user(self) -> GatewayClient:
        """Ask as a member of the organisation."""
        return self.world.being(self.user["membership_id"])

    @property
    def as_acting(self) -> GatewayClient:
        """Ask as the partner's administrator, acting in the organisation."""
        return self.world.acting_in(self.session)


async def open_shop(world: World, plan: Row) -> Shop:
    """Fill a partner: 10 seats of a plan, everybody who has a part in it."""
    buyer = await world.client()
    organisation = await world.organisation(buyer, domain_status=DomainStatus.VERIFIED)
    access = await world.access(organisation)
    super_admin, admin, user = await world.users(organisation, OrgRole.SUPER_ADMIN, OrgRole.ADMIN, OrgRole.MEMBER)
    return Shop(
        world,
        buyer,
        organisation,
        await world.subscription(organisation, plan),
        plan,
        super_admin,
        admin,
        user,
        access,
        session=await world.session(access),
    )


Example = dict[str, Any] | Awaitable[dict[str, Any]]


@dataclass(frozen=True)
class Change:
    """One mutation: what it changes, who may, an accepted input, and what makes that another accepted one.

    `roles` are the partner's who may without acting, `by` is somebody who may and `lesser` somebody who may not.
    The example may store first what the change is about. `repeats` says that the same again is accepted and changes
    nothing, `acts` that the caller acts in the organisation, `lasts` that the caller's token outlives the change.
    """

    field: str
    entity: str
    table: Table
    roles: frozenset[PartnerRole]
    example: Callable[[Shop], Example]
    other: Mapping[str, Any]
    target: str | None = None
    by: Callable[[Shop], GatewayClient] = lambda shop: shop.world.boss
    lesser: Callable[[Shop], GatewayClient] = lambda shop: shop.world.viewer
    actor: Callable[[Shop], tuple[UUID, str]] = lambda shop: (
        shop.world.memberships[PartnerRole.OWNER],
        "PARTNER_MEMBER",
    )
    repeats: bool = True
    lasts: bool = True
    acts: bool = False

    async def given(self, shop: Shop) -> dict[str, Any]:
        """Return an accepted input, having stored what it needs."""
        made = self.example(shop)
        return made if isinstance(made, dict) else await made

    @property
    def adds(self) -> bool:
        """Whether the change makes a row, instead of changing one."""
        return self.target is None

    @property
    def keyed(self) -> bool:
        """Whether it takes an idempotency key, and its caller can come again with it."""
        return self.lasts and "idempotencyKey" in self.takes.fields

    @property
    def kinds(self) -> dict[str, str]:
        """Which kind of node each ID field of its input takes."""
        return node_kinds(self.takes)

    @property
    def takes(self) -> GraphQLInputObjectType:
        """The type of its input."""
        mutation = SCHEMA.mutation_type
        assert mutation is not None
        named = get_named_type(mutation.fields[self.field].args["input"].type)
        assert isinstance(named, GraphQLInputObjectType)
        return named

    @property
    def shows(self) -> str:
        """What is read of the changed entity: its id, and its version where it has one."""
        mutation = SCHEMA.mutation_type
        assert mutation is not None
        payload: Any = get_named_type(mutation.fields[self.field].type)
        entity: Any = get_named_type(payload.fields[self.entity].type)
        return "id version" if "version" in entity.fields else "id"

    def fence(self, shop: Shop) -> dict[str, UUID]:
        """Return whose idempotency keys its caller uses: those of the organisation, or the partner's."""
        if self.actor(shop)[0] in set(shop.world.memberships.values()) and self.roles:
            return {}
        client = {"client_id": shop.client["id"]} if self.acts else {}
        return {"child_org_id": shop.organisation["id"], **client}

    @property
    def document(self) -> str:
        """The document that asks for it."""
        return (
            f"mutation($input: {self.takes.name}!) {{ {self.field}(input: $input) "
            f"{{ {self.entity} {{ {self.shows} }} {ERRORS} }} }}"
        )

    def fields_of(self, named: str) -> Iterator[tuple[str, ...]]:
        """Walk the paths of the input's fields of a type, those of nested inputs too."""
        return _paths(self.takes, lambda found: found.name == named)


CHANGES: Final = (
    Change(
        field="clientCreate",
        entity="client",
        table=client,
        roles=_MONEY,
        example=lambda _shop: {"companyName": "Quay Ltd", "email": "desk@quay.example"},
        other={"companyName": "Mole Ltd"},
    ),
    Change(
        field="clientEdit",
        entity="client",
        table=client,
        roles=_MONEY,
        example=lambda shop: {"id": node_id("Client", shop.client), "city": "Hull"},
        other={"city": "York"},
        target="id",
    ),
    Change(
        field="organisationCreate",
        entity="organisation",
        table=child_org,
        roles=_OWNER_ADMIN,
        example=lambda shop: {
            "clientId": node_id("Client", shop.client),
            "name": "Quay",
            "domain": "quay.example",
            "superAdminName": "Ada Quay",
            "superAdminEmail": "ada@quay.example",
        },
        other={"domain": "mole.example"},
    ),
    Change(
        field="subscriptionCreate",
        entity="subscription",
        table=subscription,
        roles=_MONEY,
        example=lambda shop: {
            "organisationId": node_id("ChildOrg", shop.organisation),
            "planId": node_id("Plan", shop.plan),
            "seats": 5,
            "cycle": "MONTHLY",
        },
        other={"seats": 6},
    ),
    Change(
        field="subscriptionChangeSeats",
        entity="subscription",
        table=subscription,
        roles=_MONEY,
        example=lambda shop: {"id": node_id("Subscription", shop.subscription), "seats": 12},
        other={"seats": 13},
        target="id",
    ),
    Change(
        field="resellerCardAttach",
        entity="card",
        table=payment_card,
        roles=frozenset({PartnerRole.OWNER, PartnerRole.BILLING}),
        example=lambda shop: {"token": f"tok_visa:{shop.world.partner_id}"},
        other={"token": "tok_visa:another"},
    ),
    *(Change(**told) for told in DELEGATED),
    *(Change(**told) for told in INSIDE),
    *(Change(**told) for told in ESCALATIONS),
    *(Change(**told) for told in CHANGE_REQUESTS),
)


def _paths(
    named: GraphQLInputObjectType, fits: Callable[[GraphQLNamedType], bool], prefix: tuple[str, ...] = ()
) -> Iterator[tuple[str, ...]]:
    for name, field in named.fields.items():
        inner = get_named_type(field.type)
        if isinstance(inner, GraphQLInputObjectType):
            yield from _paths(inner, fits, (*prefix, name))
        elif fits(inner):
            yield (*prefix, name)


def put(values: Mapping[str, Any], path: tuple[str, ...], value: Any) -> dict[str, Any]:
    """Return an input with one more value, somewhere inside."""
    first, *rest = path
    return {**values, first: put(values.get(first, {}), tuple(rest), value) if rest else value}


@dataclass(frozen=True)
class Trail:
    """What was written about the partner's changes, oldest first."""

    events: list[Row]
    entries: list[Row]

    @property
    def types(self) -> list[str]:
        """The types of the events."""
        return [found["type"] for found in self.events]


async def trail_of(world: World) -> Trail:
    """Read what was written about a partner's changes."""
    return Trail(events=await world.rows(event), entries=await world.rows(audit_entry))


def assert_told(  # noqa: PLR0913 - what every entry tells
    trail: Trail,
    world: World,
    answer: Answer,
    change: str,
    role: PartnerRole = PartnerRole.OWNER,
    *,
    actor: tuple[UUID, str] | None = None,
) -> None:
    """Prove that each event has its audit entry, and that the entries say who did what in which request."""
    who, kind = actor or (world.memberships[role], "PARTNER_MEMBER")
    named = ("target_kind", "target_id", "target_version", "client_id", "child_org_id", "org_internal", "created_at")
    assert [{name: row[name] for name in named} for row in trail.events] == [
        {name: row[name] for name in named} for row in trail.entries
    ]
    for found, entry in zip(trail.events, trail.entries, strict=True):
        assert found["payload"] == entry["after"]
        assert entry["operation"] == change
        assert entry["request_id"] == answer.headers["x-request-id"]
        assert entry["actor_membership_id"] == who
        assert entry["actor_kind"] == kind
        assert entry["outcome"] == "DONE"
        assert (found["seq"], entry["seq"], entry["hash"]) == (None, None, None)
