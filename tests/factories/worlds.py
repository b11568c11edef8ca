"""What the schema lets one ask and change, every place in it that takes an id, and valid values for all of it.

Everything is read from the schema, so that a new list, filter or change is tested without being named here; a new
scalar needs a sample value.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any, Final

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    get_named_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_required_argument,
)
from strawberry.utils.str_converters import to_camel_case

from schema import node_ids
from schema.changing import NODE
from schema.root import build_schema
from schema.specs import describe, describe_type
from storage.base import SCHEMA, TableClass
from storage.tables import metadata

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
    "CurrencyCode": lambda _number: "EUR",
    "DateTime": lambda _number: "2030-01-31T09:30:00Z",
    "DomainName": lambda number: f"sample{number}.example",
    "EmailAddress": lambda number: f"sample{number}@mail.example",
    "Int": lambda _number: 7,
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


def _object(name: str) -> GraphQLObjectType:
    found = GRAPHQL.type_map[name]
    assert isinstance(found, GraphQLObjectType)
    return found


def query_fields() -> Mapping[str, Any]:
    """Return the fields of Query."""
    found: Mapping[str, Any] = _object("Query").fields
    return found


def mutation_fields() -> Mapping[str, Any]:
    """Return the fields of Mutation."""
    found: Mapping[str, Any] = _object("Mutation").fields
    return found


def guard_of(field: Any) -> str | None:
    """Return the privilege that a field demands beside that of its entity, if any."""
    spec = describe(field)
    return spec.guard.value if spec is not None and spec.guard is not None else None


def read_privilege(kind: str) -> str:
    """Return the privilege that reading a kind of node takes."""
    spec = describe_type(_object(kind))
    assert spec is not None
    return spec.read.value


KINDS: Final = tuple(kind for kind in node_ids.KINDS if kind in GRAPHQL.type_map)
"""The kinds of node that can be asked for."""
TENANT_KINDS: Final = tuple(kind for kind in KINDS if of_a_tenant(kind))
LISTS: Final = tuple(
    name for name, field in query_fields().items() if get_named_type(field.type).name.endswith("Connection")
)
MUTATIONS: Final = tuple(mutation_fields())


def item_of(listed: Any) -> GraphQLObjectType:
    """Return the type of the items of a field that is a list."""
    connection = get_named_type(listed.type)
    assert isinstance(connection, GraphQLObjectType)
    item = get_named_type(connection.fields["nodes"].type)
    assert isinstance(item, GraphQLObjectType)
    return item


def filter_of(listed: Any) -> GraphQLInputObjectType:
    """Return the filter input of a field that is a list."""
    found = get_named_type(listed.args["filter"].type)
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


def mutation_document(mutation: str) -> str:
    """Write the document of a mutation: what was changed, and everything that the user errors tell."""
    payload = get_named_type(mutation_fields()[mutation].type)
    assert isinstance(payload, GraphQLObjectType)
    changed = " ".join(_changed(name, field) for name, field in payload.fields.items() if name != "userErrors")
    errors = " ".join(_object("UserError").fields)
    return (
        f"mutation($input: {input_of(mutation).name}!) "
        f"{{ {mutation}(input: $input) {{ {changed} userErrors {{ {errors} }} }} }}"
    )


def _changed(name: str, field: Any) -> str:
    named = get_named_type(field.type)
    return name if is_leaf_type(named) else f"{name} {{ {selection(named, 0)} }}"


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


def shown(field: Any) -> str:
    """Write what is asked of a field: nothing of a leaf, else the ids of what it leads to, or its own leaves."""
    named = get_named_type(field.type)
    if is_leaf_type(named):
        return ""
    if named.name.endswith("Connection"):
        return "{ nodes { id } }"
    if isinstance(named, GraphQLInterfaceType):
        return "{ id }"
    leaves = [name for name, inner in named.fields.items() if is_leaf_type(get_named_type(inner.type))]
    return f"{{ {selection(named, 0) or ' '.join(leaves)} }}"


def _wraps(named: Any) -> bool:
    return str(named.name).endswith(("Connection", "Edge"))


@dataclass(frozen=True)
class Place:
    """Somewhere that the schema takes an id: of one kind of node, or of any where `kind` is None.

    `path` is where among the document's variables it stands, `guards` are what it takes to get there; `of` is the kind
    of node that is asked, by its id in the variable `own`, where the place is nested.
    """

    name: str
    document: str
    path: tuple[str, ...]
    guards: tuple[str, ...]
    kind: str | None = None
    mutation: str | None = None
    of: str | None = None

    def __str__(self) -> str:
        """Name it in a test's report."""
        return self.name

    @property
    def filters(self) -> bool:
        """Whether it chooses among the rows of a list."""
        return self.path[0] == "filter"


def _guards(field: Any) -> tuple[str, ...]:
    guard = guard_of(field)
    return () if guard is None else (guard,)


def _lookups() -> Iterator[Place]:
    for name, field in query_fields().items():
        for argument, given in field.args.items():
            if get_named_type(given.type).name == "ID":
                others = {other: taken for other, taken in field.args.items() if other != argument}
                demanded = {other: taken for other, taken in others.items() if is_required_argument(taken)}
                literal = "".join(f", {other}: {sample(other, taken.type)}" for other, taken in demanded.items())
                document = f"query($id: ID!) {{ it: {name}({argument}: $id{literal}) {shown(field)} }}"
                yield Place(f"{name}({argument})", document, ("id",), _guards(field))


def _filters() -> Iterator[Place]:
    for name in LISTS:
        field = query_fields()[name]
        given = filter_of(field)
        document = f"query($filter: {given.name}) {{ it: {name}(first: 100, filter: $filter) {shown(field)} }}"
        for path, kind in id_inputs(given):
            yield Place(f"{name}({'.'.join(path)})", document, ("filter", *path), _guards(field), kind)


def _nested_filters() -> Iterator[Place]:
    for parent in KINDS:
        for name, field in _object(parent).fields.items():
            if "filter" not in field.args:
                continue
            given = filter_of(field)
            asked = f"{name}(first: 100, filter: $filter) {shown(field)}"
            document = (
                f"query($own: ID!, $filter: {given.name}) {{ node(id: $own) {{ ... on {parent} {{ it: {asked} }} }} }}"
            )
            for path, kind in id_inputs(given):
                there = f"{parent}.{name}({'.'.join(path)})"
                guards = (read_privilege(parent), *_guards(field))
                yield Place(there, document, ("filter", *path), guards, kind, of=parent)


def _inputs() -> Iterator[Place]:
    for name in MUTATIONS:
        for path, kind in id_inputs(input_of(name)):
            there, guards = f"{name}({'.'.join(path)})", _guards(mutation_fields()[name])
            yield Place(there, mutation_document(name), ("input", *path), guards, kind, mutation=name)


def put(values: Mapping[str, Any], path: tuple[str, ...], value: Any) -> dict[str, Any]:
    """Return values with one more, somewhere inside."""
    first, *rest = path
    return {**values, first: put(values.get(first) or {}, tuple(rest), value) if rest else value}


def sample(name: str, kind: Any, ids: Mapping[str, str] | None = None) -> Any:
    """Make a value of an input type; an input object holds every field, its ids are taken from `ids` by kind."""
    if is_non_null_type(kind):
        return sample(name, kind.of_type, ids)
    if is_list_type(kind):
        return [sample(name, kind.of_type, ids)]
    if isinstance(kind, GraphQLInputObjectType):
        return samples(kind, ids or {})
    if isinstance(kind, GraphQLEnumType):
        return next(iter(kind.values))
    return (_BY_NAME.get(name) or _BY_SCALAR[kind.name])(next(_numbers))


def samples(given: GraphQLInputObjectType, ids: Mapping[str, str]) -> dict[str, Any]:
    """Make a value of an input with every field that it has, but for the version that is expected."""
    kinds = node_kinds(given)
    return {
        name: ids[kinds[name]] if name in kinds else sample(name, field.type, ids)
        for name, field in given.fields.items()
        if name not in _NEVER_GIVEN
    }


PLACES: Final = (*_lookups(), *_filters(), *_nested_filters(), *_inputs())
"""Every place of the schema that takes an id."""


def guarded_fields(kind: str) -> dict[str, str]:
    """Return the fields of a kind of node that demand a privilege of their own, and which."""
    return {
        name: guard
        for name, field in _object(kind).fields.items()
        if (guard := guard_of(field)) is not None and not any(is_required_argument(a) for a in field.args.values())
    }
