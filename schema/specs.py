"""What a field is, as data: the executor, the look-ahead and the completeness check all read this."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, NamedTuple
from uuid import UUID

from graphql import GraphQLField, GraphQLNamedType
from strawberry.schema_directive import Location, schema_directive
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.field import StrawberryField
from strawberry.utils.str_converters import to_snake_case

from resolvers.loading import Question
from storage.base import Record
from tenancy.errors import ExpectedError
from tenancy.privileges import Privilege

SPEC: Final = "spec"
_STRAWBERRY: Final = "strawberry-definition"


class Kind(Enum):
    """How a field is answered."""

    COLUMN = "column"
    COMPUTED = "computed"
    JUDGED = "judged"
    EDGE = "edge"
    ROOT = "root"
    MUTATION = "mutation"
    PART = "part"


class Route(NamedTuple):
    """Where one thing is found: a question, the key that it is asked about, and the type that is its answer.

    `missing` is told where there is none.
    """

    question: Question
    key: UUID
    kind: str
    missing: ExpectedError


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One field: how it is answered, what it needs of its parent's row, and which privilege it demands.

    `guard` is None where the privilege of the entity is enough. `cost` counts objects a parent adds. What `resolve`
    is given depends on the kind: the values of `needs`, in their order, for what is computed; the request, the
    arguments and then these values for what is judged; the wrapper for a part; the request, the arguments and the
    wanted columns for a root. `route` tells of a root's arguments what its question is.
    """

    kind: Kind
    guard: Privilege | None = None
    needs: tuple[str, ...] = ()
    question: Question | None = None
    route: Callable[[Any, Any], "Route"] | None = None
    key: str | None = None
    args: Callable[..., Any] | None = None
    resolve: Callable[..., Any] | None = None
    cost: int = 0


@dataclass(frozen=True, slots=True)
class EntitySpec:
    """One kind of thing: the record it is answered from and the privilege to read it."""

    name: str
    record: type[Record]
    read: Privilege

    @property
    def table_name(self) -> str:
        """The table that its records are rows of, which is named as it is."""
        return to_snake_case(self.name)


@schema_directive(
    locations=[Location.OBJECT, Location.FIELD_DEFINITION],
    name="requires",
    description="The privilege that reading this type or field, or making this change, demands.",
)
class Requires:
    """Print the privilege of a type or a field into the schema."""

    privilege: str


def describe(field: GraphQLField) -> FieldSpec | None:
    """Return what a field is; None for the parts of wrappers such as connections and for introspection."""
    definition = field.extensions.get(_STRAWBERRY)
    found = definition.metadata.get(SPEC) if isinstance(definition, StrawberryField) else None
    return found if isinstance(found, FieldSpec) else None


def describe_type(named: GraphQLNamedType) -> EntitySpec | None:
    """Return what kind of thing a type is; None for every type that is no entity."""
    found = _entity(named)
    return found if found is not None and found.name == named.name else None


def inherits_entity(named: GraphQLNamedType) -> bool:
    """Tell whether a type is a subclass of an entity without being declared as one."""
    found = _entity(named)
    return found is not None and found.name != named.name


def _entity(named: GraphQLNamedType) -> EntitySpec | None:
    definition = named.extensions.get(_STRAWBERRY)
    if not isinstance(definition, StrawberryObjectDefinition):
        return None
    found = getattr(definition.origin, "__entity__", None)
    return found if isinstance(found, EntitySpec) else None
