"""Query and Mutation, and the schema that does not build while a field of tenant data lacks a privilege."""

from collections.abc import Iterator
from typing import Annotated, Any, Final

import strawberry
from graphql import (
    GraphQLError,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_abstract_type,
    is_introspection_type,
    is_non_null_type,
)
from strawberry.schema.config import StrawberryConfig

from resolvers import (
    accesses,
    acting,
    audit,
    cards,
    change_requests,
    clients,
    escalations,
    invoices,
    org_settings,
    org_users,
    organisations,
    partners,
    plans,
    subscriptions,
)
from schema import enums
from schema.accesses import AccessMutation, AccessQuery, PartnerAccess
from schema.acting import ActingMutation, ActingQuery, ActingSession
from schema.audit import AuditEntry, AuditQuery
from schema.cards import CardMutation, CardQuery, PaymentCard
from schema.change_requests import ChangeRequest, ChangeRequestMutation, ChangeRequestQuery
from schema.clients import Client, ClientMutation, ClientQuery
from schema.escalations import Escalation, EscalationMutation, EscalationQuery
from schema.guarded import root, spec_of
from schema.invoices import Invoice, InvoiceQuery
from schema.nodes import Node, NodeQuestions
from schema.org_settings import OrgSettings, OrgSettingsMutation
from schema.org_users import OrgUser, OrgUserMutation, OrgUserQuery, UserBackup
from schema.organisations import ChildOrg, OrganisationMutation, OrganisationQuery
from schema.partners import PartnerMember, PartnerOrg, PartnerQuery
from schema.plans import Plan, PlanQuery
from schema.scalars import SCALARS
from schema.specs import FieldSpec, Kind, describe, describe_type, inherits_entity
from schema.subscriptions import Subscription, SubscriptionMutation, SubscriptionQuery
from schema.verdicts import AskedPrivilege, Verdict
from tenancy.privileges import Privilege

ENTITIES: Final = (
    PartnerOrg,
    PartnerMember,
    Client,
    ChildOrg,
    OrgSettings,
    OrgUser,
    UserBackup,
    PartnerAccess,
    ActingSession,
    Plan,
    Subscription,
    PaymentCard,
    Invoice,
    Escalation,
    ChangeRequest,
    AuditEntry,
)
_QUESTIONS: Final = (
    partners.partner_by_id,
    partners.member_by_id,
    clients.client_by_id,
    organisations.organisation_by_id,
    org_settings.settings_by_id,
    org_users.user_by_id,
    org_users.backup_by_id,
    accesses.access_by_id,
    acting.session_by_id,
    plans.plan_by_id,
    subscriptions.subscription_by_id,
    cards.card_by_id,
    invoices.invoice_by_id,
    escalations.escalation_by_id,
    change_requests.change_request_by_id,
    audit.entry_by_id,
)
_NODES: Final = NodeQuestions({spec_of(question.record): question for question in _QUESTIONS})


class Schema(strawberry.Schema):
    """Strawberry's schema, which leaves it to the process to log what went wrong: an error may hold tenant data."""

    def process_errors(self, errors: list[GraphQLError], execution_context: Any = None) -> None:
        """Log nothing."""


class UnguardedFieldError(TypeError):
    """A field of tenant data names no privilege; the schema is not built."""


_NodeId = Annotated[strawberry.ID, strawberry.argument(description="The id, as any field `id` gives it.")]


_Target = Annotated[strawberry.ID | None, strawberry.argument(description="What it would be done to, by its id.")]


def _verdict_args(privilege: AskedPrivilege, target_id: _Target = None) -> tuple[Privilege, str | None]:
    return privilege, target_id


def _node_args(id: _NodeId) -> str:  # noqa: A002 - the argument's name in the API
    return id


@strawberry.type(description="What can be asked.")
class Query(
    PartnerQuery,
    ClientQuery,
    OrganisationQuery,
    OrgUserQuery,
    AccessQuery,
    ActingQuery,
    EscalationQuery,
    SubscriptionQuery,
    ChangeRequestQuery,
    CardQuery,
    InvoiceQuery,
    AuditQuery,
    PlanQuery,
):
    """What can be asked."""

    node: Node | None = root(
        _NODES.find,
        route=_NODES.route,
        guard=Privilege.VIEWER_READ,
        args=_node_args,
        doc="One thing of any kind by its id; reading it takes the privilege of its kind.",
    )
    viewer_can: Verdict | None = root(
        _NODES.verdict,
        guard=Privilege.VIEWER_READ,
        args=_verdict_args,
        doc="Whether the caller may do something, to one thing where its id is given; and if not, why, and who can.",
    )


@strawberry.type(description="What can be changed; the fields of one request are changed one after another.")
class Mutation(
    ClientMutation,
    OrganisationMutation,
    AccessMutation,
    ActingMutation,
    EscalationMutation,
    OrgUserMutation,
    OrgSettingsMutation,
    SubscriptionMutation,
    ChangeRequestMutation,
    CardMutation,
):
    """What can be changed."""


def build_schema(*, suggestions: bool = True, **options: Any) -> strawberry.Schema:
    """Build the schema; `suggestions` tells who mistypes a name which one may be meant.

    Raises:
        UnguardedFieldError: a field of tenant data names no privilege, or could not be denied without its parent.
    """
    made = Schema(
        query=Query,
        mutation=Mutation,
        types=ENTITIES,
        config=StrawberryConfig(scalar_map=SCALARS, disable_field_suggestions=not suggestions),
        **options,
    )
    found = list(unguarded(made._schema))  # noqa: SLF001 - Strawberry's public face hides the types
    if found:
        raise UnguardedFieldError("; ".join(found))
    return made


def unguarded(schema: GraphQLSchema) -> Iterator[str]:
    """Name what is wrong with the guards of a schema; nothing where it is complete."""
    for named in schema.type_map.values():
        if isinstance(named, GraphQLObjectType) and not is_introspection_type(named):
            if inherits_entity(named):
                yield f"{named.name} inherits from an entity and is not declared as one"
            for name, field in named.fields.items():
                problem = _problem(schema, named, field)
                if problem:
                    yield f"{named.name}.{name} {problem}"


def _problem(schema: GraphQLSchema, named: GraphQLObjectType, field: GraphQLField) -> str | None:
    spec, owner, given = describe(field), describe_type(named), get_named_type(field.type)
    top = named in {schema.query_type, schema.mutation_type}
    if (top or owner) and spec is None:
        return "is not declared by a guarded field"
    if _holds_entities(schema, given) and not _wrapper(schema, named) and not _asks(spec):
        return "leads to an entity unguarded"
    if spec is None or spec.kind in {Kind.COLUMN, Kind.PART, Kind.MUTATION}:
        return None
    if spec.guard is None and (top or spec.question is not None):
        return "names no privilege"
    if spec.guard and is_non_null_type(field.type) and (owner is None or spec.guard is not owner.read):
        return "has a privilege of its own and must be nullable"
    return None


def _asks(spec: FieldSpec | None) -> bool:
    return spec is not None and spec.kind in {Kind.EDGE, Kind.ROOT}


def _holds_entities(schema: GraphQLSchema, given: GraphQLNamedType) -> bool:
    """Tell whether a type is an entity, or abstract with an entity among its kinds."""
    if is_abstract_type(given):
        return any(describe_type(kind) for kind in schema.get_possible_types(given))
    if isinstance(given, GraphQLObjectType) and given.name.endswith(("Connection", "Edge")):
        return any(_holds_entities(schema, get_named_type(field.type)) for field in given.fields.values())
    return describe_type(given) is not None


def _wrapper(schema: GraphQLSchema, named: GraphQLObjectType) -> bool:
    """Tell whether a type only wraps entities that a guarded field led to: pages, their entries and payloads."""
    return named.name.endswith(("Connection", "Edge", "Payload")) or named is schema.mutation_type


def interfaces(schema: GraphQLSchema) -> list[GraphQLInterfaceType]:
    """List the interfaces of a schema."""
    return [named for named in schema.type_map.values() if isinstance(named, GraphQLInterfaceType)]


__all__ = ["ENTITIES", "Mutation", "Query", "UnguardedFieldError", "build_schema", "enums", "unguarded"]
