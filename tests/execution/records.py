"""Generates the described part of a schema: entities whose fields are columns, computed, parts, edges and roots.

graphql-core answers each of these fields with a resolver of its own, the engine by what it is told of it; both by way
of the same functions.
"""

from collections.abc import Iterator, Sequence
from random import Random
from typing import Any, Final

from graphql import (
    GraphQLArgument,
    GraphQLDefaultInput,
    GraphQLField,
    GraphQLID,
    GraphQLInt,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLString,
)

from tests.execution.leaves import COLOUR, OUTPUTS
from tests.execution.specs import Asked, Kind, Question, Record, Sized, Spec, Wrapper, answered, plainly

COLUMNS: Final = 4


class Records:
    """The entities of one schema, what wraps them, and the fields of Query that lead to them."""

    def __init__(self, draw: Random) -> None:
        self._draw = draw
        self.node = GraphQLInterfaceType(
            "Node",
            lambda: {"id": GraphQLField(GraphQLNonNull(GraphQLID))},
            resolve_type=(lambda value, _info, _kind: getattr(value, "typename", None))
            if draw.random() < 0.5
            else None,
        )
        self.amount = GraphQLObjectType(
            "Amount", self._amount, extensions={"makes": lambda _play, _kind, key: Sized(len(key), key)}
        )
        self.entities = [self._entity(f"E{number}") for number in range(draw.randint(1, 3))]
        self._pages = {entity.name: self._page(entity) for entity in self.entities}
        self._questions: dict[tuple[str, str], Question] = {}
        self.kinds = [self.node, *self.entities]

    def roots(self) -> dict[str, GraphQLField]:
        """Return fields of Query."""
        return {f"r{number}": self._root() for number in range(self._draw.randint(2, 4))}

    def _amount(self) -> dict[str, GraphQLField]:
        return {
            "number": _field(self._null(GraphQLInt), Spec(Kind.PART, resolve=lambda sized: sized.number)),
            "text": _field(self._null(GraphQLString), Spec(Kind.PART, resolve=lambda sized: sized.text)),
            "twice": _field(self._null(self.amount), Spec(Kind.PART, resolve=Sized.twice)),
        }

    def _entity(self, name: str) -> GraphQLObjectType:
        return GraphQLObjectType(
            name,
            lambda: dict(self._members(name)),
            interfaces=[self.node],
            is_type_of=lambda value, _info: getattr(value, "typename", None) == name,
            extensions={"makes": lambda play, _kind, key: Record(play, name, key)},
        )

    def _members(self, name: str) -> Iterator[tuple[str, GraphQLField]]:
        columns: dict[str, GraphQLOutputType] = {
            f"c{number}": self._leaf(self._draw.choice(OUTPUTS)) for number in range(COLUMNS)
        }
        identity = self._draw.choice((Spec(Kind.COLUMN, needs=("id",)), _labelled(name)))
        yield "id", _field(GraphQLNonNull(GraphQLID), identity)
        for column, kind in columns.items():
            yield column, _field(kind, Spec(Kind.COLUMN, needs=(column,)))
        for number in range(self._draw.randint(1, 3)):
            yield f"k{number}", self._computed(f"{name}.k{number}", list(columns))
        if self._draw.random() < 0.5:
            made = self._made()
            judged = Spec(Kind.JUDGED, needs=("c0",), resolve=answered(f"{name}.j", made))
            yield "j0", _field(made, judged, _arguments(self._draw, strict=True))
        for number in range(self._draw.randint(1, 2)):
            yield f"e{number}", self._edge()

    def _computed(self, name: str, columns: Sequence[str]) -> GraphQLField:
        needs = tuple(self._draw.sample(columns, self._draw.randint(1, 2)))
        kind = self._made()
        compute = answered(name, kind)
        spec = Spec(
            Kind.COMPUTED, guard=self._guard(), needs=needs, resolve=lambda *values: compute(None, None, *values)
        )
        return _field(kind, spec)

    def _edge(self) -> GraphQLField:
        question = self._question()
        key = self._draw.choice(("ref0", "ref1", "id"))
        args = self._draw.choice((None, Asked.of))
        spec = Spec(Kind.EDGE, guard=self._guard(), needs=(key,), question=question, key=key, args=args)
        return _field(self._answer(question), spec, _arguments(self._draw, strict=False))

    def _root(self) -> GraphQLField:
        args = self._draw.choice((None, Asked.of))
        if self._draw.random() < 0.5:
            question = self._question()
            spec = Spec(Kind.ROOT, guard=self._guard(), question=question, args=args, resolve=question.alone)
            return _field(self._answer(question), spec, _arguments(self._draw, strict=spec.guard is None))
        kind = self._type()
        name = f"root {self._draw.random()}"
        answer = answered(name, kind)

        async def resolve(play: Any, given: Any, _columns: frozenset[str]) -> Any:
            return answer(play, given)

        spec = Spec(Kind.ROOT, guard=self._guard(), resolve=resolve, args=args)
        return _field(kind, spec, _arguments(self._draw, strict=spec.guard is None))

    def _question(self) -> Question:
        """Return a question; some are asked by several fields."""
        entity, shape = self._draw.choice(self.entities).name, self._draw.choice(("one", "many", "page"))
        return self._questions.setdefault((entity, shape), Question(entity, shape))

    def _answer(self, question: Question) -> GraphQLOutputType:
        entity = next(entity for entity in self.entities if entity.name == question.entity)
        if question.shape == "one":
            return self._null(entity)
        if question.shape == "many":
            return self._null(GraphQLList(self._null(entity)))
        return self._null(self._pages[entity.name])

    def _page(self, entity: GraphQLObjectType) -> GraphQLObjectType:
        edge = GraphQLObjectType(
            f"{entity.name}Edge",
            lambda: {
                "node": _field(self._null(entity), Spec(Kind.PART, resolve=lambda pair: pair[1])),
                "cursor": _field(
                    GraphQLNonNull(GraphQLString), Spec(Kind.PART, resolve=lambda pair: pair[0].cursor(pair[1]))
                ),
            },
        )
        return GraphQLObjectType(
            f"{entity.name}Page",
            lambda: {
                "nodes": _field(
                    self._null(GraphQLList(self._null(entity))), Spec(Kind.PART, resolve=lambda page: page.items)
                ),
                "edges": _field(GraphQLList(GraphQLNonNull(edge)), Spec(Kind.PART, resolve=Wrapper.edges)),
                "first": _field(self._null(entity), Spec(Kind.PART, resolve=Wrapper.first)),
                "total": _field(
                    self._null(GraphQLInt),
                    Spec(Kind.PART, needs=("#total",), resolve=lambda page: page.total),
                ),
            },
            extensions={"makes": lambda play, _kind, key: Wrapper([Record(play, entity.name, f"{key}.0")], None, 1)},
        )

    def _made(self) -> Any:
        """Draw the type of what is computed."""
        if self._draw.random() < 0.2:
            return self._null(self.amount)
        return self._leaf(self._draw.choice(OUTPUTS))

    def _type(self) -> GraphQLOutputType:
        kind = self._draw.choice((*self.entities, self.node, GraphQLInt, *self._pages.values()))
        return self._null(GraphQLList(self._null(kind)) if self._draw.random() < 0.3 else kind)

    def _leaf(self, kind: Any) -> GraphQLOutputType:
        return self._null(GraphQLList(self._null(kind)) if self._draw.random() < 0.2 else kind)

    def _null(self, kind: Any) -> GraphQLOutputType:
        return GraphQLNonNull(kind) if self._draw.random() < 0.4 else kind

    def _guard(self) -> str | None:
        return self._draw.choice((None, None, "left", "right"))


def _labelled(name: str) -> Spec:
    return Spec(Kind.COMPUTED, needs=("id",), resolve=lambda identifier: f"{name}:{identifier}")


def _arguments(draw: Random, *, strict: bool) -> dict[str, GraphQLArgument]:
    """Draw arguments; a strict one refuses the null of a variable, which graphql-core sees before anything else."""
    if draw.random() < 0.5:
        return {}
    return {
        "first": GraphQLArgument(GraphQLNonNull(GraphQLInt) if strict else GraphQLInt, default=GraphQLDefaultInput(2)),
        "shade": GraphQLArgument(COLOUR),
    }


def _field(kind: Any, spec: Spec, args: dict[str, GraphQLArgument] | None = None) -> GraphQLField:
    return GraphQLField(kind, args, plainly(spec), extensions={"spec": spec})
