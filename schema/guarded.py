"""The ways to declare a field. Each names a privilege, or is a column of an entity, whose privilege it shares.

A type of tenant data that is declared otherwise does not build: see `schema.root`.
"""

import inspect
from collections.abc import Awaitable, Callable
from types import MappingProxyType
from typing import Any, Final, TypeVar

import strawberry
from strawberry.types.field import StrawberryField

from resolvers.loading import ById, Question
from schema import changing, lookahead, node_ids
from schema.specs import SPEC, EntitySpec, FieldSpec, Kind, Requires, Route
from schema.verdicts import Verdict, values, viewer_can
from storage.base import Record
from tenancy.holders import told
from tenancy.privileges import Privilege

_Type = TypeVar("_Type", bound=type)
_RECORDS: Final[dict[type[Record], EntitySpec]] = {}


def entity(*, read: Privilege, record: type[Record], doc: str) -> Callable[[_Type], _Type]:
    """Declare a kind of thing that is answered from a record; reading it takes one privilege."""

    def declare(cls: _Type) -> _Type:
        spec = EntitySpec(name=cls.__name__, record=record, read=read)
        _RECORDS[record] = spec
        cls.__entity__ = spec  # type: ignore[attr-defined]  # read back by describe_type
        cls.viewer_can = viewer_can(spec)  # type: ignore[attr-defined]  # every entity carries it
        cls.__annotations__["viewer_can"] = Verdict
        if _is_node(cls):
            cls.id = _node_id(spec)  # type: ignore[attr-defined]  # tagged with what kind of node it is
            cls.__annotations__["id"] = strawberry.ID
        cls.is_type_of = staticmethod(lambda value, _info: isinstance(value, record))  # type: ignore[attr-defined]
        made: _Type = strawberry.type(cls, description=doc, directives=[Requires(privilege=read.value)])
        return made

    return declare


def spec_of(record: type[Record]) -> EntitySpec:
    """Return the entity that is answered from a kind of record."""
    return _RECORDS[record]


def column(name: str | None = None, *, doc: str, guard: Privilege | None = None) -> Any:
    """Declare a field that is a column of the entity's record, of the same name unless another is given."""
    if name is None and guard is None:
        return _Column(doc)
    return computed(_same, needs=(str(name),), doc=doc, guard=guard)


def computed(answer: Callable[..., Any], *, needs: tuple[str, ...], doc: str, guard: Privilege | None = None) -> Any:
    """Declare a field that is worked out from columns of the record, whose values it is given in the order of `needs`.

    The function is pure and synchronous: what it is given decides what it answers. Ids and times may be given as the
    text that they are sent as.
    """
    spec = FieldSpec(Kind.COMPUTED, guard=guard, needs=needs, resolve=answer)
    if guard is None:
        return _field(lambda root: answer(*values(root, needs)), spec, doc)

    def guarded(root: Any, info: strawberry.Info) -> Any:
        info.context.scope.demand(guard)
        return answer(*values(root, needs))

    return _field(guarded, spec, doc)


def judged(answer: Callable[..., Any], *, needs: tuple[str, ...], doc: str) -> Any:
    """Declare a field that hangs on who asks: it is worked out from the request, and columns of the record.

    `answer` is given the request, None, and the values of `needs` in their order.
    """
    spec = FieldSpec(Kind.JUDGED, needs=needs, resolve=answer)

    def resolve(root: Any, info: strawberry.Info) -> Any:
        return answer(info.context, None, *values(root, needs))

    return _field(resolve, spec, doc)


def part(answer: Callable[[Any], Any], *, doc: str, needs: tuple[str, ...] = ()) -> Any:
    """Declare a field of a wrapper that holds no tenant data of its own: a connection, an edge, a page's facts."""
    return _field(lambda root: answer(root), FieldSpec(Kind.PART, needs=needs, resolve=answer), doc)  # noqa: PLW0108 - as above


def edge(  # noqa: PLR0913 - the contract of an edge
    question: Question,
    *,
    key: str,
    guard: Privilege,
    doc: str,
    args: Callable[..., Any] | None = None,
    cost: int = 1,
) -> Any:
    """Declare a way from one entity to others: the question is asked for the whole set of parents at once."""
    spec = FieldSpec(Kind.EDGE, guard=guard, needs=(key,), question=question, key=key, args=args, cost=cost)

    async def load(root: Any, info: strawberry.Info, **given: Any) -> Any:
        request = info.context
        request.scope.demand(guard)
        identifier = getattr(root, key)
        if identifier is None:
            return None
        made = args(**given) if args else None
        wanted = lookahead.columns(info._raw_info)  # noqa: SLF001 - Strawberry's face hides the selection
        return await request.loaders.load(question, identifier, columns=wanted, args=made)

    return _field(_with_arguments(load, args), spec, doc)


def root(  # noqa: PLR0913 - the contract of a root field
    resolve: Callable[..., Awaitable[Any]],
    *,
    guard: Privilege,
    doc: str,
    args: Callable[..., Any] | None = None,
    cost: int = 1,
    question: Question | None = None,
    route: Callable[[Any, Any], Route] | None = None,
) -> Any:
    """Declare a field of Query: `resolve` is given the request, the arguments and the columns that are wanted.

    `question` is named where resolving asks that about None and does nothing else, `route` where it asks the question
    to which the request and the arguments lead, and nothing else.
    """
    spec = FieldSpec(Kind.ROOT, guard=guard, resolve=resolve, args=args, cost=cost, question=question, route=route)

    async def answer(root: Any, info: strawberry.Info, **given: Any) -> Any:  # noqa: ARG001 - Query has no parent
        request = info.context
        await request.scope.read()
        request.scope.demand(guard)
        made = args(**given) if args else None
        return await resolve(request, made, lookahead.columns(info._raw_info))  # noqa: SLF001 - as in edge

    return _field(_with_arguments(answer, args), spec, doc)


def listing(question: Question, *, guard: Privilege, doc: str, args: Callable[..., Any]) -> Any:
    """Declare a field of Query that is a page of everything of a kind in the caller's scope."""

    async def page(request: Any, made: Any, wanted: frozenset[str]) -> Any:
        db = await request.scope.read()
        (found,) = await question(db, [None], wanted, made, wire=False)
        if isinstance(found, Exception):
            raise found
        return found

    return root(page, guard=guard, args=args, doc=doc, cost=25, question=question)


def mutation(  # noqa: PLR0913 - the contract of a mutation
    resolve: Callable[..., Awaitable[Record]],
    *,
    privilege: Privilege,
    takes: type,
    gives: type,
    outcome: ById,
    doc: str,
    target: str | None = None,
) -> Any:
    """Declare a change: one input, one payload with the changed entity and the caller's errors.

    `target` names the input's field that holds the id of what is changed, `outcome` reads it again for a retry.
    """
    change = changing.Mutation(
        resolve=resolve, privilege=privilege, gives=gives, outcome=outcome, target=target, entity_of=spec_of
    )

    async def answer(root: Any, info: strawberry.Info, input: Any) -> Any:  # noqa: A002, ARG001 - the API's word
        return await change.run(info.context, info.field_name, input)

    answer.__annotations__["input"] = takes
    spec = FieldSpec(Kind.MUTATION, guard=privilege, resolve=resolve, cost=10)
    return _field(answer, spec, f"{doc} {told(privilege)}")


def node_id(of: str, *, doc: str, default: Any = strawberry.UNSET) -> Any:
    """Declare an input field that takes the id of one kind of node; another kind's id answers like an unknown one."""
    given = {} if default is strawberry.UNSET else {"default": default}
    return strawberry.field(description=doc, metadata={changing.NODE: of}, **given)


def _is_node(cls: type) -> bool:
    """Tell whether a class has an id by what it inherits."""
    inherited = getattr(cls, "__strawberry_definition__", None)
    return inherited is not None and any(field.python_name == "id" for field in inherited.fields)


def _node_id(spec: EntitySpec) -> Any:
    return computed(node_ids.encoder(spec.name), needs=("id",), doc=ID_DOC)


ID_DOC: Final = "Opaque and stable; use it with `node`."


class _Column(StrawberryField):
    """A plain column; which one is known when the class gives it its name."""

    def __init__(self, doc: str) -> None:
        super().__init__(description=doc, metadata={})

    def __set_name__(self, owner: type, name: str) -> None:
        """Take the column's name from the attribute."""
        self.metadata = MappingProxyType({SPEC: FieldSpec(Kind.COLUMN, needs=(name,))})


def _same(value: Any) -> Any:
    return value


def _field(resolver: Any, spec: FieldSpec, doc: str) -> Any:
    if spec.kind is Kind.MUTATION and spec.guard is None:
        message = "a change names its privilege"
        raise TypeError(message)
    directives = [Requires(privilege=spec.guard.value)] if spec.guard else []
    made: Any = strawberry.field(resolver=resolver, description=doc, metadata={SPEC: spec}, directives=directives)
    return made


def _with_arguments(resolver: Any, args: Callable[..., Any] | None) -> Any:
    """Give a resolver the arguments that `args` declares, so that they stand in the schema."""
    own = [p for p in inspect.signature(resolver).parameters.values() if p.kind is not p.VAR_KEYWORD]
    more = list(inspect.signature(args).parameters.values()) if args else []
    keyword = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in more]
    resolver.__signature__ = inspect.Signature([*own, *keyword])
    return resolver
