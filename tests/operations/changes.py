"""Every change that the API offers, with an input that is accepted: for the tests that hold for all of them."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from graphql import GraphQLInputObjectType, GraphQLNamedType, get_named_type
from sqlalchemy import Table

from schema.root import build_schema
from storage.cards import payment_card
from storage.clients import client
from storage.events import audit_entry, event
from storage.organisations import child_org
from storage.partners import PartnerRole
from storage.subscriptions import subscription
from tests.factories.clients import Answer
from tests.operations.worlds import Row, World, node_id

SCHEMA: Final = build_schema()._schema  # noqa: SLF001 - Strawberry's public face hides the types

ERRORS: Final = "userErrors { code path message retryable rule whoCan howToRequest currentVersion changedFields }"

_OWNER_ADMIN: Final = frozenset({PartnerRole.OWNER, PartnerRole.ADMIN})
_MONEY: Final = _OWNER_ADMIN | {PartnerRole.BILLING}


@dataclass(frozen=True)
class Shop:
    """A partner with one client, its organisation and that one's subscription to a plan."""

    world: World
    client: Row
    organisation: Row
    subscription: Row
    plan: Row


@dataclass(frozen=True)
class Change:
    """One mutation: what it changes, who may, an accepted input, and what makes that another accepted one."""

    field: str
    entity: str
    table: Table
    roles: frozenset[PartnerRole]
    example: Callable[[Shop], dict[str, Any]]
    other: Mapping[str, Any]
    target: str | None = None

    @property
    def takes(self) -> GraphQLInputObjectType:
        """The type of its input."""
        mutation = SCHEMA.mutation_type
        assert mutation is not None
        named = get_named_type(mutation.fields[self.field].args["input"].type)
        assert isinstance(named, GraphQLInputObjectType)
        return named

    @property
    def document(self) -> str:
        """The document that asks for it."""
        return (
            f"mutation($input: {self.takes.name}!) {{ {self.field}(input: $input) "
            f"{{ {self.entity} {{ id version }} {ERRORS} }} }}"
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


def assert_told(trail: Trail, world: World, answer: Answer, change: str, role: PartnerRole = PartnerRole.OWNER) -> None:
    """Prove that each event has its audit entry, and that the entries say who did what in which request."""
    named = ("target_kind", "target_id", "target_version", "client_id", "child_org_id", "org_internal", "created_at")
    assert [{name: row[name] for name in named} for row in trail.events] == [
        {name: row[name] for name in named} for row in trail.entries
    ]
    for found, entry in zip(trail.events, trail.entries, strict=True):
        assert found["payload"] == entry["after"]
        assert entry["operation"] == change
        assert entry["request_id"] == answer.headers["x-request-id"]
        assert entry["actor_membership_id"] == world.memberships[role]
        assert entry["actor_kind"] == "PARTNER_MEMBER"
        assert (found["seq"], entry["seq"], entry["hash"]) == (None, None, None)
