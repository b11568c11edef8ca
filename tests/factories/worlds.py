"""Whole worlds to test the tenant boundary in: what the schema lets one ask and change, and valid values for all of it.

Everything is read from the schema, so that a new list, filter or change is tested without being named here; a new
scalar needs a sample value.
"""

import re
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any, Final
from uuid import UUID

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    get_named_type,
    is_list_type,
    is_non_null_type,
)
from strawberry.utils.str_converters import to_camel_case

from gateway.app import Layers
from gateway.identity.tokens import TokenSigner, TokenVerifier
from gateway.settings import Settings
from schema import node_ids
from schema.changing import NODE
from schema.root import build_schema
from storage.base import SCHEMA, TableClass
from storage.engine import Database
from storage.seeding import Account
from storage.tables import metadata
from tenancy.decide import Decide, decide
from tenancy.predicates import DeclaredScope
from tests.factories.clients import GatewayClient, running
from tests.factories.layers import EverythingScope, bypass_database

GRAPHQL: Final = build_schema()._schema  # noqa: SLF001 - Strawberry's public face hides the types
TENANT_TABLES: Final = tuple(table for table in metadata.sorted_tables if table.info["class"] is TableClass.TENANT)
_DEFINITION: Final = "strawberry-definition"
_numbers: Final = count(1)
_NEVER_GIVEN: Final = frozenset({"expectedVersion"})
_BY_NAME: Final[Mapping[str, Callable[[int], Any]]] = {
    "token": lambda number: f"tok_visa:{number}",
    "idempotencyKey": lambda number: f"key {number}",
    "search": lambda number: f"sample{number}",
}
_BY_SCALAR: Final[Mapping[str, Callable[[int], Any]]] = {
    "Boolean": lambda _number: True,
    "CountryCode": lambda _number: "ES",
    "DomainName": lambda number: f"sample{number}.example",
    "EmailAddress": lambda number: f"sample{number}@mail.example",
    "LanguageTag": lambda _number: "en",
    "PhoneNumber": lambda _number: "+34911234567",
    "String": lambda number: f"Sample {number}",
}


def table_name(kind: str) -> str:
    """Return the name of the table that holds a kind of node."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", kind).lower()


def of_a_tenant(kind: str) -> bool:
    """Tell whether nodes of a kind belong to one partner."""
    return metadata.tables[f"{SCHEMA}.{table_name(kind)}"].info["class"] is TableClass.TENANT


def query_fields() -> Mapping[str, Any]:
    """Return the fields of Query."""
    found: Mapping[str, Any] = GRAPHQL.type_map["Query"].fields  # type: ignore[attr-defined]  # it is an object type
    return found


def mutation_fields() -> Mapping[str, Any]:
    """Return the fields of Mutation."""
    found: Mapping[str, Any] = GRAPHQL.type_map["Mutation"].fields  # type: ignore[attr-defined]  # as above
    return found


LISTS: Final = tuple(
    name for name, field in query_fields().items() if get_named_type(field.type).name.endswith("Connection")
)
LOOKUPS: Final = tuple(
    (name, argument)
    for name, field in query_fields().items()
    for argument, given in field.args.items()
    if get_named_type(given.type).name == "ID"
)
MUTATIONS: Final = tuple(mutation_fields())


def item_of(listed: str) -> GraphQLObjectType:
    """Return the type of a list's items."""
    connection = get_named_type(query_fields()[listed].type)
    assert isinstance(connection, GraphQLObjectType)
    item = get_named_type(connection.fields["nodes"].type)
    assert isinstance(item, GraphQLObjectType)
    return item


def filter_of(listed: str) -> GraphQLInputObjectType:
    """Return the filter input of a list."""
    found = get_named_type(query_fields()[listed].args["filter"].type)
    assert isinstance(found, GraphQLInputObjectType)
    return found


def input_of(mutation: str) -> GraphQLInputObjectType:
    """Return the input of a mutation."""
    found = get_named_type(mutation_fields()[mutation].args["input"].type)
    assert isinstance(found, GraphQLInputObjectType)
    return found


def node_kinds(given: GraphQLInputObjectType) -> dict[str, str]:
    """Return which kind of node each ID field of an input takes; fails where one does not say."""
    declared = given.extensions[_DEFINITION].fields
    said = {field.graphql_name or to_camel_case(field.python_name): field.metadata.get(NODE) for field in declared}
    found = {name: said[name] for name, field in given.fields.items() if get_named_type(field.type).name == "ID"}
    assert None not in found.values(), f"{given.name} has an ID that names no kind: {found}"
    return {name: str(kind) for name, kind in found.items()}


def id_inputs(given: GraphQLInputObjectType, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Walk the ID fields of an input, nested ones included: the path and the kind of node."""
    for name, kind in node_kinds(given).items():
        yield (*path, name), kind
    for name, field in given.fields.items():
        inner = get_named_type(field.type)
        if isinstance(inner, GraphQLInputObjectType):
            yield from id_inputs(inner, (*path, name))


ID_INPUTS: Final = tuple((name, path, kind) for name in MUTATIONS for path, kind in id_inputs(input_of(name)))
ID_FILTERS: Final = tuple(
    (listed, name, kind) for listed in LISTS for name, kind in node_kinds(filter_of(listed)).items()
)


def mutation_document(mutation: str) -> str:
    """Write the document of a mutation: the changed entity's id, and everything that the user errors tell."""
    payload = get_named_type(mutation_fields()[mutation].type)
    assert isinstance(payload, GraphQLObjectType)
    (changed,) = (name for name in payload.fields if name != "userErrors")
    errors = " ".join(GRAPHQL.type_map["UserError"].fields)  # type: ignore[attr-defined]  # it is an object type
    return (
        f"mutation($input: {input_of(mutation).name}!) "
        f"{{ {mutation}(input: $input) {{ {changed} {{ id }} userErrors {{ {errors} }} }} }}"
    )


def selection(named: Any, depth: int) -> str:
    """Write a selection of a type's ids, and of those of everything that it leads to; "" where it has none."""
    if not isinstance(named, GraphQLObjectType | GraphQLInterfaceType):
        return ""
    parts = ["id"] if "id" in named.fields else []
    for name, field in named.fields.items():
        inner = selection(get_named_type(field.type), depth - (not _wraps(named))) if depth > 0 else ""
        if inner:
            asked = "(first: 3)" if "first" in field.args else ""
            parts.append(f"{name}{asked} {{ {inner} }}")
    return " ".join(parts)


def _wraps(named: Any) -> bool:
    return str(named.name).endswith(("Connection", "Edge"))


@dataclass(frozen=True)
class World:
    """One partner: every id that it has, and one of each kind that fit together, with which every change is valid."""

    partner_id: UUID
    ids: Mapping[str, Sequence[str]]
    chosen: Mapping[str, str]
    currency: str
    seats: int

    @property
    def every_id(self) -> frozenset[str]:
        """Every node id of the partner."""
        return frozenset(identifier for found in self.ids.values() for identifier in found)

    def valid(self, given: GraphQLInputObjectType) -> dict[str, Any]:
        """Make a valid value of an input: every field given, ids of this partner's."""
        kinds = node_kinds(given)
        return {
            name: self.chosen[kinds[name]] if name in kinds else self._value(name, field.type)
            for name, field in given.fields.items()
            if name not in _NEVER_GIVEN
        }

    def _value(self, name: str, kind: Any) -> Any:
        if is_non_null_type(kind):
            return self._value(name, kind.of_type)
        if is_list_type(kind):
            return [self._value(name, kind.of_type)]
        if isinstance(kind, GraphQLInputObjectType):
            return self.valid(kind)
        if isinstance(kind, GraphQLEnumType):
            return next(iter(kind.values))
        number = next(_numbers)
        own = {"CurrencyCode": self.currency, "Int": self.seats}
        return own[kind.name] if kind.name in own else (_BY_NAME.get(name) or _BY_SCALAR[kind.name])(number)


_CHOICE: Final = """
    SELECT s.id AS "Subscription", s.child_org_id AS "ChildOrg", s.client_id AS "Client", s.plan_id AS "Plan",
           card.id AS "PaymentCard", c.currency, s.seats + 1 AS seats
      FROM gateway.subscription s
      JOIN gateway.child_org o ON o.partner_id = s.partner_id AND o.id = s.child_org_id
      JOIN gateway.client c ON c.partner_id = s.partner_id AND c.id = s.client_id
      JOIN gateway.payment_card card ON card.partner_id = s.partner_id
      JOIN gateway.plan ON plan.id = s.plan_id
      JOIN gateway.plan_price price
        ON price.plan_id = s.plan_id AND price.currency = c.currency AND price.cycle = 'MONTHLY'
     WHERE s.partner_id = $1 AND s.status IN ('ACTIVE', 'TRIALING') AND o.partner_sees_until = 'infinity'
       AND plan.status = 'ON_SALE' AND s.seats < plan.seats_max AND card.holder = 'RESELLER'
       AND card.status = 'ACTIVE' AND make_date(card.expiry_year::int, card.expiry_month::int, 1) > now()
     ORDER BY s.id, card.id LIMIT 1
"""


async def world_of(owner: Any, account: Account) -> World:
    """Read a partner's world as the owner, who sees every row."""
    partner = await owner.fetchval("SELECT partner_id FROM gateway.membership WHERE id = $1", account.membership_id)
    ids = {
        kind: [
            node_ids.encode(kind, row["id"])
            for row in await owner.fetch(
                f"SELECT id FROM {SCHEMA}.{table_name(kind)} WHERE partner_id = $1 ORDER BY id", partner
            )
        ]
        for kind in node_ids.KINDS
        if of_a_tenant(kind)
    }
    choice = await owner.fetchrow(_CHOICE, partner)
    fitting = {kind: node_ids.encode(kind, choice[kind]) for kind in node_ids.KINDS if kind in choice.keys()}  # noqa: SIM118 - a record is no dict
    first = {kind: found[0] for kind, found in ids.items() if found}
    assert set(ids) <= set(first), "the partner has nodes of every kind"
    return World(partner, ids, {**first, **fitting}, currency=choice["currency"], seats=choice["seats"])


async def fingerprint(owner: Any, partner: UUID) -> dict[str, str]:
    """Return a checksum of all rows that a partner has in each tenant table."""
    return {
        table.name: await owner.fetchval(
            f"SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM {table} AS t"
            " WHERE partner_id = $1",
            partner,
        )
        for table in TENANT_TABLES
    }


@dataclass(frozen=True)
class Weakness:
    """Which of the two layers under the decision are in place."""

    query_scope: bool = True
    rls: bool = True


WHOLE: Final = Weakness()
HELD: Final = {
    "whole": WHOLE,
    "no query scope": Weakness(query_scope=False),
    "no row-level security": Weakness(rls=False),
}
LEAKING: Final = Weakness(query_scope=False, rls=False)

Ask = Callable[[UUID, Weakness], GatewayClient]


@asynccontextmanager
async def every_weakness(  # noqa: PLR0913 - everything that an application is composed of
    settings: Settings,
    verifier: TokenVerifier,
    signer: TokenSigner,
    owner_url: str,
    *,
    login: str,
    password: str,
    login_url: Callable[[str, str], str],
    deciding: Decide = decide,
) -> AsyncIterator[Ask]:
    """Run an application on one database with each combination of the two layers, and ask as any membership."""
    bypass = await bypass_database(owner_url, login=login, password=password, login_url=login_url)
    made: dict[Weakness, GatewayClient] = {}
    async with AsyncExitStack() as stack:
        for weakness in (*HELD.values(), LEAKING):
            composed = Layers(
                verifier=verifier,
                decide=deciding,
                query_scope=DeclaredScope() if weakness.query_scope else EverythingScope(),
                database=Database(login_url(owner_url, login), size=2) if weakness.rls else bypass(),
            )
            made[weakness] = await stack.enter_async_context(running(settings, composed))
        yield lambda membership, weakness: made[weakness].bearing(signer.sign(membership, 1))
