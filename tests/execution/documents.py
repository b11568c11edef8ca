"""Generates documents: fragments of every kind, aliases, merged fields, directives, variables and their values."""

from collections.abc import Iterator
from random import Random
from typing import Any, Final, NamedTuple
from zlib import crc32

from graphql import (
    DocumentNode,
    GraphQLBoolean,
    GraphQLInt,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    GraphQLString,
    OverlappingFieldsCanBeMergedRule,
    VariablesInAllowedPositionRule,
    get_named_type,
    get_nullable_type,
    is_abstract_type,
    is_composite_type,
    is_input_object_type,
    is_list_type,
    is_nullable_type,
    is_required_argument,
    is_required_input_field,
    parse,
    validate,
)
from graphql.pyutils import Undefined

from tests.execution.leaves import GIVEN, LITERALS, REFUSED

_CHANCES: Final = (OverlappingFieldsCanBeMergedRule, VariablesInAllowedPositionRule)
_TAGS: Final = GraphQLList(GraphQLString)


class Variable(NamedTuple):
    """A variable that any operation may define."""

    name: str
    kind: Any
    default: str | None

    def __str__(self) -> str:
        """Write its definition."""
        return f"${self.name}: {self.kind}" + (f" = {self.default}" if self.default is not None else "")


class Fragment(NamedTuple):
    """A named fragment, and the variables that it uses, also by way of others."""

    name: str
    kind: Any
    body: str
    uses: frozenset[str]


class Document(NamedTuple):
    """A valid document, and the variables that each of its operations defines."""

    node: DocumentNode
    text: str
    operations: dict[str, list[Variable]]


class Writer:
    """Writes one document."""

    def __init__(self, schema: GraphQLSchema, draw: Random) -> None:
        self._schema = schema
        self._draw = draw
        self._variables: dict[str, Variable] = {}
        self._fragments: list[Fragment] = []
        self._uses: set[str] = set()

    def document(self) -> tuple[str, dict[str, list[Variable]]]:
        """Write a document of one or two operations."""
        operations: dict[str, list[Variable]] = {}
        texts: list[str] = []
        spread: set[str] = set()
        for number in range(1 if self._chance(0.7) else 2):
            mutates = self._chance(0.15)
            root = self._schema.mutation_type if mutates else self._schema.query_type
            self._uses = set()
            body = self._selections(root, self._draw.randint(2, 4))
            name = f"O{number}"
            operations[name] = [self._variables[used] for used in sorted(self._uses)]
            given = ", ".join(map(str, operations[name]))
            texts.append(f"{'mutation' if mutates else 'query'} {name}{given and f'({given})'} {body}")
            spread.update(part for part in body.split() if part.startswith("...F"))
        return "\n".join([*texts, *self._used_fragments(spread)]), operations

    def _used_fragments(self, spread: set[str]) -> Iterator[str]:
        """Write the fragments that are used: unused ones are not valid."""
        for fragment in reversed(self._fragments):
            if f"...{fragment.name}" in spread:
                spread.update(part for part in fragment.body.split() if part.startswith("...F"))
                yield f"fragment {fragment.name} on {fragment.kind} {fragment.body}"

    def _chance(self, share: float) -> bool:
        return self._draw.random() < share

    def _selections(self, kind: Any, depth: int) -> str:
        parts = [part for _ in range(self._draw.randint(1, 4)) for part in self._selection(kind, depth)]
        return f"{{ {' '.join(parts)} }}"

    def _selection(self, kind: Any, depth: int) -> Iterator[str]:
        chance = self._draw.random()
        if chance < 0.12 and depth:
            condition = self._overlapping(kind) if self._chance(0.7) else None
            on = f" on {condition}" if condition else ""
            yield f"...{on}{self._directives()} {self._selections(condition or kind, depth - 1)}"
        elif chance < 0.24 and depth:
            yield f"...{self._fragment(kind, depth).name} {self._directives()}"
        else:
            yield from self._field(kind, depth)

    def _field(self, kind: Any, depth: int) -> Iterator[str]:
        fields = {
            name: field
            for name, field in getattr(kind, "fields", {}).items()
            if depth or not is_composite_type(get_named_type(field.type))
        }
        if not fields or self._chance(0.08):
            yield self._draw.choice(("__typename", "kind: __typename")) + self._directives()
            return
        name = self._draw.choice(list(fields))
        field = fields[name]
        given = self._arguments(field.args)
        alias = self._draw.choice(("", "", "x", "y"))
        key = f"{alias}{name}_{crc32(given.encode()) % 1000}: " if alias or given else ""
        inner = get_named_type(field.type)
        for _ in range(2 if self._chance(0.12) else 1):
            body = f" {self._selections(inner, depth - 1)}" if is_composite_type(inner) else ""
            yield f"{key}{name}{given}{self._directives()}{body}"

    def _overlapping(self, kind: Any) -> Any:
        """Draw a type that something of this type may also be."""
        possible = set(self._possible(kind))
        others = [
            other
            for name, other in sorted(self._schema.type_map.items())
            if is_composite_type(other) and not name.startswith("__") and possible & set(self._possible(other))
        ]
        return self._draw.choice(others) if others else kind

    def _possible(self, kind: Any) -> list[Any]:
        return list(self._schema.get_possible_types(kind)) if is_abstract_type(kind) else [kind]

    def _fragment(self, kind: Any, depth: int) -> Fragment:
        possible = set(self._possible(kind))
        known = [one for one in self._fragments if possible & set(self._possible(one.kind))]
        if known and self._chance(0.6):
            made = self._draw.choice(known)
        else:
            condition = self._overlapping(kind)
            outer, self._uses = self._uses, set()
            body = self._selections(condition, depth - 1)
            made = Fragment(f"F{len(self._fragments)}", condition, body, frozenset(self._uses))
            self._fragments.append(made)
            self._uses = outer
        self._uses |= made.uses
        return made

    def _directives(self) -> str:
        chance = self._draw.random()
        if chance < 0.85:
            return ""
        if chance < 0.88:
            return f" @note(tags: {self._value(_TAGS)}, level: {self._value(GraphQLInt)})"
        flag = self._flag() if self._chance(0.6) else self._draw.choice(("true", "false"))
        return f" @{self._draw.choice(('skip', 'include'))}(if: {flag})"

    def _flag(self) -> str:
        """Use a variable of a condition: one that has to be given, or one that has a default and may be null."""
        number = self._draw.randrange(4)
        strict = Variable(f"if{number}", GraphQLNonNull(GraphQLBoolean), None)
        return self._use(
            strict if number < 2 else Variable(f"if{number}", GraphQLBoolean, ("true", "false")[number - 2])
        )

    def _use(self, variable: Variable) -> str:
        self._variables[variable.name] = variable
        self._uses.add(variable.name)
        return f"${variable.name}"

    def _arguments(self, declared: dict[str, Any]) -> str:
        given = [
            f"{name}: {self._value(argument.type, defaulted=_has_default(argument))}"
            for name, argument in declared.items()
            if is_required_argument(argument) or self._chance(0.6)
        ]
        return f"({', '.join(given)})" if given else ""

    def _value(self, kind: Any, *, defaulted: bool = False, depth: int = 2) -> str:
        """Write a value for an input position: a variable, null or a literal."""
        if self._chance(0.35):
            return self._variable(kind, defaulted=defaulted)
        if is_nullable_type(kind) and self._chance(0.08):
            return "null"
        return self._literal(kind, depth)

    def _literal(self, kind: Any, depth: int, *, constant: bool = False) -> str:
        kind = get_nullable_type(kind)
        if is_list_type(kind):
            inner = kind.of_type
            if self._chance(0.25):
                return self._literal(inner, depth, constant=constant)
            count = self._draw.randrange(3)
            return f"[{', '.join(self._inside(inner, depth, constant=constant) for _ in range(count))}]"
        if not is_input_object_type(kind):
            return self._draw.choice(LITERALS[kind.name])
        if kind.is_one_of:
            name = self._draw.choice(list(kind.fields))
            return f"{{{name}: {self._literal(kind.fields[name].type, depth, constant=True)}}}"
        return f"{{{', '.join(self._members(kind.fields, depth, constant=constant))}}}"

    def _members(self, fields: dict[str, Any], depth: int, *, constant: bool) -> Iterator[str]:
        for name, field in fields.items():
            if is_required_input_field(field) or (depth and self._chance(0.4)):
                defaulted = _has_default(field)
                yield f"{name}: {self._inside(field.type, depth - 1, constant=constant, defaulted=defaulted)}"

    def _inside(self, kind: Any, depth: int, *, constant: bool, defaulted: bool = False) -> str:
        if constant:
            return self._literal(kind, depth, constant=True)
        return self._value(kind, defaulted=defaulted, depth=depth)

    def _variable(self, kind: Any, *, defaulted: bool) -> str:
        """Use a variable whose type fits: the position's own, a stricter one, or a looser one with a default."""
        default = None
        bare = get_nullable_type(kind)
        if self._chance(0.4):
            default = self._literal(bare, 1, constant=True)
            kind = self._draw.choice((kind, bare))
        elif defaulted:
            kind = self._draw.choice((kind, bare))
        elif self._chance(0.2):
            kind = GraphQLNonNull(bare)
        elif is_nullable_type(kind) and self._chance(0.1):
            default = "null"
        name = f"v{self._draw.randrange(2)}_{crc32(f'{kind} {default}'.encode())}"
        return self._use(Variable(name, kind, default))


def _has_default(declared: Any) -> bool:
    return declared.default is not None or declared.default_value is not Undefined


def written(schema: GraphQLSchema, draw: Random) -> Document:
    """Write a document that is valid; what breaks one of the rules that are left to chance is thrown away."""
    while True:
        text, operations = Writer(schema, draw).document()
        node = parse(text)
        if not validate(schema, node, _CHANCES):
            return Document(node, text, operations)


def given(variables: list[Variable], draw: Random) -> dict[str, Any]:
    """Draw values for variables: now and then one that is missing, null or not valid."""
    return {variable.name: value for variable in variables if (value := _given(variable, draw)) is not Undefined}


def _given(variable: Variable, draw: Random) -> Any:
    if draw.random() < 0.02:
        return draw.choice((*REFUSED, Undefined))
    if (variable.default is not None or is_nullable_type(variable.kind)) and draw.random() < 0.3:
        return Undefined
    return _input(variable.kind, draw, 2)


def _input(kind: Any, draw: Random, depth: int) -> Any:
    if is_nullable_type(kind) and draw.random() < 0.1:
        return None
    kind = get_nullable_type(kind)
    if is_list_type(kind):
        if draw.random() < 0.25:
            return _input(GraphQLNonNull(get_nullable_type(kind.of_type)), draw, depth)
        return [_input(kind.of_type, draw, depth) for _ in range(draw.randrange(3))]
    if not is_input_object_type(kind):
        return draw.choice(GIVEN[kind.name])
    if kind.is_one_of:
        name = draw.choice(list(kind.fields))
        return {name: _input(GraphQLNonNull(kind.fields[name].type), draw, depth)}
    return {
        name: _input(field.type, draw, depth - 1)
        for name, field in kind.fields.items()
        if is_required_input_field(field) or (depth and draw.random() < 0.4)
    }
