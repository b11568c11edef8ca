"""The completeness check: a schema with a field of tenant data that nobody thought about does not build."""

from enum import Enum
from typing import Annotated, Any, Final

import pytest
import strawberry
from strawberry.schema.config import StrawberryConfig

from resolvers.clients import client_by_id
from schema import root
from schema.guarded import column, computed, edge, entity, mutation, part
from schema.guarded import root as root_field
from schema.nodes import Node
from schema.root import ENTITIES, UnguardedFieldError, build_schema, interfaces, unguarded
from schema.scalars import SCALARS
from schema.specs import FieldSpec, Kind, describe, describe_type
from storage.base import Record
from tenancy.privileges import Privilege

READ: Final = Privilege.CLIENT_READ
NOTES: Final = Privilege.CLIENT_NOTES_READ


class OneRecord(Record, frozen=True, kw_only=True):
    """A record of the tests' own entities."""

    name: str = ""


@entity(read=READ, record=OneRecord, doc="Complete.")
class Thing:
    """An entity that nothing is missing of."""

    name: str = column(doc="Its name.")


async def _never(*_given: Any) -> Any:
    raise AssertionError


def guarded_root(**more: Any) -> Any:
    """Declare a root field."""
    return root_field(_never, **{"guard": READ, "doc": "A thing.", **more})


def problems(query: type, *types: type, change: type | None = None) -> list[str]:
    """Return what the check finds in a schema."""
    made = strawberry.Schema(
        query=strawberry.type(query),
        mutation=change and strawberry.type(change),
        types=types,
        config=StrawberryConfig(scalar_map=SCALARS),
    )
    return list(unguarded(made._schema))  # noqa: SLF001 - the schema's types, which Strawberry hides


def test_a_plain_field_of_query_does_not_build() -> None:
    class Query:
        """What can be asked."""

        name: str

    assert problems(Query) == ["Query.name is not declared by a guarded field"]


def test_a_resolver_of_query_does_not_build() -> None:
    class Query:
        """What can be asked."""

        @strawberry.field
        def thing(self) -> Thing | None:
            """Return a thing."""
            raise AssertionError

    assert problems(Query) == ["Query.thing is not declared by a guarded field"]


def test_a_root_field_without_a_privilege_does_not_build() -> None:
    class Query:
        """What can be asked."""

        thing: Thing | None = guarded_root(guard=None)

    assert problems(Query) == ["Query.thing names no privilege"]


def test_a_root_field_that_cannot_be_null_does_not_build() -> None:
    class Query:
        """What can be asked."""

        thing: Thing = guarded_root()

    assert problems(Query) == ["Query.thing has a privilege of its own and must be nullable"]


def test_a_plain_field_of_an_entity_does_not_build() -> None:
    @entity(read=READ, record=OneRecord, doc="Incomplete.")
    class Other:
        """An entity with a field that nobody thought about."""

        forgotten: str

        @strawberry.field
        def computed_elsewhere(self) -> str:
            """Return something."""
            raise AssertionError

    class Query:
        """What can be asked."""

        other: Other | None = guarded_root()

    assert problems(Query) == [
        "Other.forgotten is not declared by a guarded field",
        "Other.computedElsewhere is not declared by a guarded field",
    ]


def test_an_edge_without_a_privilege_does_not_build() -> None:
    @entity(read=READ, record=OneRecord, doc="Incomplete.")
    class Other:
        """An entity with an edge that nobody guards."""

        thing: Thing | None = edge(client_by_id, key="id", guard=None, doc="A thing.")  # type: ignore[arg-type]  # the mistake

    class Query:
        """What can be asked."""

        other: Other | None = guarded_root()

    assert problems(Query) == ["Other.thing names no privilege"]


@pytest.mark.parametrize("guard", [NOTES, Privilege.INVOICE_READ])
def test_a_field_with_a_privilege_of_its_own_that_cannot_be_null_does_not_build(guard: Privilege) -> None:
    @entity(read=READ, record=OneRecord, doc="Incomplete.")
    class Other:
        """An entity that one field of could take down."""

        notes: str = computed(lambda other: other.name, needs=("name",), doc="Notes.", guard=guard)
        thing: Thing = edge(client_by_id, key="id", guard=guard, doc="A thing.")

    class Query:
        """What can be asked."""

        other: Other | None = guarded_root()

    assert problems(Query) == [
        "Other.notes has a privilege of its own and must be nullable",
        "Other.thing has a privilege of its own and must be nullable",
    ]


def test_a_field_with_its_entitys_privilege_need_not_be_nullable() -> None:
    @entity(read=READ, record=OneRecord, doc="Complete.")
    class Other:
        """An entity whose field shares its privilege."""

        name: str = computed(lambda other: other.name, needs=("name",), doc="Its name.", guard=READ)

    class Query:
        """What can be asked."""

        other: Other | None = guarded_root()

    assert problems(Query) == []


def test_a_wrapper_that_leads_to_an_entity_unguarded_does_not_build() -> None:
    @strawberry.type
    class Corner:
        """Something that is neither a page nor a payload."""

        thing: Thing | None
        things: list[Thing]
        part: Thing | None = part(lambda corner: corner, doc="A part.")

    class Query:
        """What can be asked."""

        corner: Corner | None = guarded_root()

    assert problems(Query) == [
        "Corner.thing leads to an entity unguarded",
        "Corner.things leads to an entity unguarded",
        "Corner.part leads to an entity unguarded",
    ]


def test_a_plain_mutation_does_not_build() -> None:
    class Query:
        """What can be asked."""

        thing: Thing | None = guarded_root()

    class Mutation:
        """What can be changed."""

        @strawberry.mutation
        def change(self) -> str:
            """Change something."""
            raise AssertionError

    assert problems(Query, change=Mutation) == ["Mutation.change is not declared by a guarded field"]


def test_what_leads_through_pages_and_payloads_builds() -> None:
    @strawberry.type
    class ThingEdge:
        """An entry."""

        node: Thing = part(lambda edge: edge, doc="A thing.")

    @strawberry.type
    class ThingConnection:
        """A page."""

        edges: list[ThingEdge] = part(lambda page: page, doc="Its entries.")

    @strawberry.type
    class ThingPayload:
        """An outcome."""

        thing: Thing | None

    @strawberry.input
    class ThingInput:
        """An input."""

        name: str

    class Query:
        """What can be asked."""

        things: ThingConnection | None = guarded_root()

    class Mutation:
        """What can be changed."""

        thing_change: ThingPayload = mutation(
            _never,
            privilege=Privilege.CLIENT_EDIT,
            takes=ThingInput,
            gives=ThingPayload,
            outcome=client_by_id,
            doc="Change a thing.",
        )

    assert problems(Query, change=Mutation) == []


def test_a_computed_field_that_leads_to_an_entity_does_not_build() -> None:
    @entity(read=NOTES, record=OneRecord, doc="Incomplete.")
    class Other:
        """An entity that hands another out."""

        thing: Thing | None = computed(lambda other: other, needs=("name",), doc="A thing.")

    class Query:
        """What can be asked."""

        other: Other | None = guarded_root()

    assert problems(Query)


def test_a_plain_field_that_leads_to_an_interface_of_entities_does_not_build() -> None:
    @strawberry.type
    class Corner:
        """Something that is neither a page nor a payload."""

        node: Node | None

    class Query:
        """What can be asked."""

        corner: Corner | None = guarded_root()

    assert problems(Query, *ENTITIES)


def test_a_plain_field_that_leads_to_a_union_of_entities_does_not_build() -> None:
    @entity(read=READ, record=OneRecord, doc="Complete.")
    class Other:
        """Another."""

        name: str = column(doc="Its name.")

    @strawberry.type
    class Corner:
        """Something that is neither a page nor a payload."""

        either: Annotated[Thing | Other, strawberry.union("Either")] | None

    class Query:
        """What can be asked."""

        corner: Corner | None = guarded_root()

    assert problems(Query)


def test_a_plain_field_that_leads_to_a_page_of_entities_does_not_build() -> None:
    @strawberry.type
    class ThingConnection:
        """A page."""

        nodes: list[Thing] = part(lambda page: page, doc="Its entries.")

    @strawberry.type
    class Corner:
        """Something that is neither a page nor a payload."""

        things: ThingConnection | None

    class Query:
        """What can be asked."""

        corner: Corner | None = guarded_root()

    assert problems(Query)


def test_an_heir_of_an_entity_that_is_none_itself_does_not_build() -> None:
    @strawberry.type
    class Heir(Thing):
        """A thing under another name."""

    @strawberry.type
    class Corner:
        """Something that is neither a page nor a payload."""

        heir: Heir | None

    class Query:
        """What can be asked."""

        corner: Corner | None = guarded_root()

    assert problems(Query)


def test_a_change_without_a_privilege_is_not_even_declared() -> None:
    with pytest.raises(TypeError, match="names its privilege"):
        mutation(
            _never,
            privilege=None,  # type: ignore[arg-type]  # the mistake
            takes=Thing,
            gives=Thing,
            outcome=client_by_id,
            doc="Change a thing.",
        )


def test_the_schema_is_not_built_with_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(root, "unguarded", lambda _schema: iter(["Query.a is wrong", "Query.b is wrong"]))
    with pytest.raises(UnguardedFieldError, match=r"Query\.a is wrong; Query\.b is wrong"):
        build_schema()


def test_the_schema_is_complete() -> None:
    built = build_schema()._schema  # noqa: SLF001 - the schema's types, which Strawberry hides
    assert list(unguarded(built)) == []
    assert {named.name for named in interfaces(built)} >= {"Node", "Versioned"}
    entities = {named.name for named in built.type_map.values() if describe_type(named)}
    assert entities >= {entity.__name__ for entity in ENTITIES}


def test_every_field_of_an_entity_says_how_it_is_answered() -> None:
    built = build_schema()._schema  # noqa: SLF001 - the schema's types, which Strawberry hides
    for named in built.type_map.values():
        owner = describe_type(named)
        for field in getattr(named, "fields", {}).values() if owner else ():
            found = describe(field)
            assert isinstance(found, FieldSpec)
            assert found.kind in {Kind.COLUMN, Kind.COMPUTED, Kind.JUDGED, Kind.EDGE}
            assert isinstance(found.kind, Enum)


def test_an_error_of_an_operation_is_not_logged_by_the_schema(caplog: pytest.LogCaptureFixture) -> None:
    build_schema().process_errors([])
    assert not caplog.records
