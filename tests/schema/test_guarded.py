"""The ways to declare a field: each decides before it answers, and says what it needs."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import pytest
import strawberry

from resolvers.errors import BadCursorError, ForbiddenError
from resolvers.loading import ById
from schema import node_ids
from schema.changing import NODE
from schema.guarded import (
    column,
    computed,
    edge,
    entity,
    judged,
    listing,
    mutation,
    node_id,
    part,
    root,
    spec_of,
)
from schema.lookahead import columns
from schema.nodes import Node
from schema.payloads import UserError, user_errors
from schema.specs import EntitySpec, FieldSpec, Kind, describe, describe_type
from storage.base import Record, new_id
from storage.clients import ClientRecord, client
from tenancy.decide import Deny
from tenancy.errors import BusyError, UnauthenticatedError
from tenancy.privileges import Privilege

READ: Final = Privilege.CLIENT_READ
NOTES: Final = Privilege.CLIENT_NOTES_READ
OTHER: Final = Privilege.INVOICE_READ
DENIAL: Final = Deny(rule="NOBODY_MAY", because="Nobody may.")


class ThingRecord(Record, frozen=True, kw_only=True):
    """Something to answer from."""

    name: str = "a name"
    other_id: UUID | None = None
    notes: str | None = "hidden"


class Trace:
    """A request that writes down what is asked of it, and denies what it is told to."""

    def __init__(self, *denied: Privilege) -> None:
        self.denied = denied
        self.seen: list[Any] = []
        self.scope = self
        self.loaders = self
        self.request_id = "request"
        self.address = None
        self.attempt: Any = None
        self.records: list[ThingRecord] = []

    async def read(self) -> "Trace":
        """Open the snapshot."""
        self.seen.append("read")
        return self

    def demand(self, privilege: Privilege) -> None:
        """Decide."""
        self.seen.append(privilege)
        if privilege in self.denied:
            raise ForbiddenError(DENIAL)

    async def load(self, question: Any, key: Any, **asked: Any) -> Any:
        """Load one answer."""
        self.seen.append((question, key, asked))
        return ThingRecord(id=key, name="loaded")


class Question:
    """A question that finds nothing out."""

    def __init__(self, answer: Any = None) -> None:
        self.answer = answer

    async def __call__(self, db: Any, keys: Sequence[Any], columns: frozenset[str], args: Any, *, wire: bool) -> Any:
        """Answer."""
        db.seen.append((keys, columns, args, wire))
        return [self.answer for _ in keys]

    def layout(self, columns: frozenset[str], args: Any) -> tuple[str, ...]:
        """Name the columns of a row."""
        return tuple(sorted(columns))


ASKED: Final = Question()
FAILING: Final = Question(BadCursorError("after"))


def _args(*, size: int = 7) -> int:
    return size


async def _one(request: Any, made: Any, wanted: frozenset[str]) -> ThingRecord:
    request.seen.append(("resolved", made, wanted))
    return ThingRecord(id=node_ids.NEVER, other_id=new_id())


async def _change(request: Any, target: UUID, *, name: str = "unsaid") -> ThingRecord:
    request.seen.append(("changed", target, name, request.attempt.privilege))
    if name == "busy":
        raise BusyError
    if name == "nobody":
        raise UnauthenticatedError
    return ThingRecord(id=target, name=name)


@entity(read=READ, record=ThingRecord, doc="A thing.")
class Client(Node):
    """A thing, under a name that node ids know."""

    name: str = column(doc="Its name.")
    alias: str | None = column("name", doc="Its name again.", guard=NOTES)
    again: str = column("name", doc="Its name by another name.")
    shout: str = computed(lambda name: name.upper(), needs=("name",), doc="Its name, louder.")
    notes: str | None = computed(lambda notes: notes, needs=("notes",), doc="Notes.", guard=NOTES)
    judge: str = judged(lambda request, _, name: f"{len(request.denied)} {name}", needs=("name",), doc="Who asks.")
    other: "Client | None" = edge(ASKED, key="other_id", guard=OTHER, doc="Another thing.")
    some: "Client | None" = edge(ASKED, key="other_id", guard=OTHER, args=_args, doc="Another thing of a size.", cost=3)


@strawberry.type
class Page:
    """A wrapper."""

    name: str = part(lambda thing: thing.name, doc="A name.", needs=("name",))


@strawberry.type
class Query:
    """What can be asked."""

    thing: Client | None = root(_one, guard=READ, doc="A thing.", cost=2)
    sized: Client | None = root(_one, guard=READ, args=_args, doc="A thing of a size.")
    listed: Client | None = listing(Question(ThingRecord(id=node_ids.NEVER)), guard=READ, args=_args, doc="Things.")
    failing: Client | None = listing(FAILING, guard=READ, args=_args, doc="Things that fail.")
    page: Page | None = root(_one, guard=READ, doc="A page.")


@strawberry.input
class ClientRenameInput:
    """How a thing shall be called."""

    id: strawberry.ID = node_id("Client", doc="The thing.")
    parent: strawberry.ID | None = node_id("Client", default=None, doc="Its parent.")
    name: str


@strawberry.type
class ClientRenamePayload:
    """The thing as it is now."""

    client: Client | None
    user_errors: list[UserError] = user_errors()


async def _rename(request: Any, target: UUID, *, name: str, parent: UUID | None) -> ThingRecord:
    request.seen.append(("parent", parent))
    return await _change(request, target, name=name)


@strawberry.type
class Mutation:
    """What can be changed."""

    client_rename: ClientRenamePayload = mutation(
        _rename,
        privilege=Privilege.CLIENT_EDIT,
        takes=ClientRenameInput,
        gives=ClientRenamePayload,
        outcome=ById(client, ThingRecord),
        target="id",
        doc="Rename a thing.",
    )


SCHEMA: Final = strawberry.Schema(query=Query, mutation=Mutation)
FIELDS: Final[Any] = SCHEMA._schema.type_map  # noqa: SLF001 - Strawberry's public face hides the types
RENAME: Final = (
    "mutation($id: ID!, $name: String!) { clientRename(input: {id: $id, name: $name})"
    " { client { id name } userErrors { code } } }"
)


def spec(name: str, of: str = "Client") -> FieldSpec:
    """Return what a field was declared as."""
    found = describe(FIELDS[of].fields[name])
    assert found is not None
    return found


async def ask(document: str, *denied: Privilege, **variables: Any) -> tuple[Any, list[Any], Trace]:
    """Execute a document and return data, errors and what was asked of the request."""
    trace = Trace(*denied)
    result = await SCHEMA.execute(document, variable_values=variables, context_value=trace)
    return result.data, [error.original_error for error in result.errors or ()], trace


@pytest.mark.parametrize("field", ["thing", "sized", "listed", "failing"])
async def test_a_denied_root_field_is_decided_before_it_is_resolved(field: str) -> None:
    data, errors, trace = await ask(f"{{ {field} {{ id }} }}", READ)
    assert data == {field: None}
    assert [type(error) for error in errors] == [ForbiddenError]
    assert trace.seen == ["read", READ]


@pytest.mark.parametrize(("field", "privilege"), [("notes", NOTES), ("alias", NOTES), ("other { id }", OTHER)])
async def test_a_denied_field_is_null_alone_and_nothing_is_loaded(field: str, privilege: Privilege) -> None:
    data, errors, trace = await ask(f"{{ thing {{ name {field} }} }}", privilege)
    assert data == {"thing": {"name": "a name", field.partition(" ")[0]: None}}
    assert [type(error) for error in errors] == [ForbiddenError]
    assert trace.seen[-1] is privilege


async def test_a_held_field_is_answered_from_the_record() -> None:
    data, errors, trace = await ask("{ thing { id name again alias shout notes } }")
    assert not errors
    assert data["thing"] == {
        "id": node_ids.encode("Client", node_ids.NEVER),
        "name": "a name",
        "again": "a name",
        "alias": "a name",
        "shout": "A NAME",
        "notes": "hidden",
    }
    assert trace.seen == ["read", READ, ("resolved", None, frozenset({"id", "name", "notes"})), NOTES, NOTES]


async def test_a_judged_field_hangs_on_who_asks() -> None:
    asked = "{ thing { judge } }"
    assert [(await ask(asked, *denied))[0]["thing"]["judge"] for denied in ((), (NOTES,))] == ["0 a name", "1 a name"]


async def test_an_edge_asks_its_question_for_the_columns_that_are_wanted() -> None:
    data, errors, trace = await ask("{ thing { other { name } some(size: 9) { id } } }")
    assert not errors
    assert data["thing"]["other"] == {"name": "loaded"}
    loads = [seen for seen in trace.seen if isinstance(seen, tuple) and seen[0] is ASKED]
    assert [(asked["columns"], asked["args"]) for _question, _key, asked in loads] == [
        (frozenset({"name"}), None),
        (frozenset({"id"}), 9),
    ]
    assert trace.seen.count(OTHER) == 2


async def test_an_edge_from_nothing_leads_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    data, errors, trace = await ask("{ listed { other { name } } }")
    assert not errors
    assert data == {"listed": {"other": None}}
    assert trace.seen[-1] is OTHER


async def test_arguments_are_read_by_what_declares_them() -> None:
    _data, errors, trace = await ask("{ sized(size: 3) { id } again: sized { id } }")
    assert not errors
    assert [seen[1] for seen in trace.seen if isinstance(seen, tuple)] == [3, 7]


async def test_a_list_is_asked_once_about_the_whole_scope() -> None:
    data, errors, trace = await ask("{ listed(size: 2) { name } }")
    assert not errors
    assert data == {"listed": {"name": "a name"}}
    assert trace.seen == ["read", READ, "read", ([None], frozenset({"name"}), 2, False)]


async def test_a_list_whose_answer_is_an_error_raises_it() -> None:
    data, errors, _trace = await ask("{ failing { name } }")
    assert data == {"failing": None}
    assert [type(error) for error in errors] == [BadCursorError]


async def test_a_wrappers_part_is_answered_by_its_function() -> None:
    data, errors, trace = await ask("{ page { name } }")
    assert not errors
    assert data == {"page": {"name": "a name"}}
    assert ("resolved", None, frozenset({"name"})) in trace.seen


async def test_a_change_is_given_plain_values_and_an_attempt() -> None:
    target = new_id()
    data, errors, trace = await ask(RENAME, id=node_ids.encode("Client", target), name="new")
    assert not errors
    assert data["clientRename"] == {
        "client": {"id": node_ids.encode("Client", target), "name": "new"},
        "userErrors": [],
    }
    assert trace.seen == [("parent", None), ("changed", target, "new", Privilege.CLIENT_EDIT)]
    assert trace.attempt is None


async def test_an_expected_error_of_a_change_is_part_of_its_payload() -> None:
    data, errors, trace = await ask(RENAME, id="nonsense", name="busy")
    assert not errors
    assert data["clientRename"] == {"client": None, "userErrors": [{"code": "BUSY"}]}
    assert trace.seen[-1] == ("changed", node_ids.NEVER, "busy", Privilege.CLIENT_EDIT)


async def test_nobody_changes_anything() -> None:
    data, errors, trace = await ask(RENAME, id="nonsense", name="nobody")
    assert data is None
    assert [type(error) for error in errors] == [UnauthenticatedError]
    assert trace.attempt is None


@pytest.mark.parametrize(
    ("name", "kind", "guard", "needs"),
    [
        ("id", Kind.COMPUTED, None, {"id"}),
        ("name", Kind.COLUMN, None, {"name"}),
        ("again", Kind.COMPUTED, None, {"name"}),
        ("alias", Kind.COMPUTED, NOTES, {"name"}),
        ("shout", Kind.COMPUTED, None, {"name"}),
        ("judge", Kind.JUDGED, None, {"name"}),
        ("notes", Kind.COMPUTED, NOTES, {"notes"}),
        ("other", Kind.EDGE, OTHER, {"other_id"}),
    ],
)
def test_a_field_says_how_it_is_answered_and_what_it_needs(
    name: str, kind: Kind, guard: Privilege | None, needs: set[str]
) -> None:
    found = spec(name)
    assert (found.kind, found.guard, found.needs) == (kind, guard, tuple(needs))


def test_a_field_counts_what_it_adds() -> None:
    assert (spec("other").cost, spec("some").cost) == (1, 3)
    assert (spec("thing", "Query").cost, spec("listed", "Query").cost) == (2, 25)
    assert spec("clientRename", "Mutation").cost == 10


def test_an_entity_is_found_by_its_record_and_by_its_type() -> None:
    found = spec_of(ThingRecord)
    assert found == EntitySpec("Client", ThingRecord, READ)
    assert describe_type(FIELDS["Client"]) is found
    assert describe_type(FIELDS["Page"]) is None
    assert describe_type(FIELDS["String"]) is None
    resolve = spec("id").resolve
    assert resolve
    assert resolve(node_ids.NEVER) == resolve(str(node_ids.NEVER)) == node_ids.encode("Client", node_ids.NEVER)


def test_a_privilege_is_printed_where_it_is_demanded() -> None:
    printed = SCHEMA.as_str()
    assert 'type Client implements Node @requires(privilege: "CLIENT_READ")' in printed
    assert 'notes: String @requires(privilege: "CLIENT_NOTES_READ")' in printed
    assert "name: String!\n" in printed
    assert (
        'clientRename(input: ClientRenameInput!): ClientRenamePayload! @requires(privilege: "CLIENT_EDIT")' in printed
    )


def test_an_input_says_which_kind_of_node_it_takes() -> None:
    said = {
        field.name: field.metadata.get(NODE)
        for field in FIELDS["ClientRenameInput"].extensions["strawberry-definition"].fields
    }
    assert said == {"id": "Client", "parent": "Client", "name": None}


def test_a_value_is_of_the_type_that_its_record_says() -> None:
    check = FIELDS["Client"].is_type_of
    assert check(ThingRecord(id=node_ids.NEVER), None)
    assert not check(ClientRecord(id=node_ids.NEVER), None)


def test_columns_are_not_wanted_where_nothing_is_selected() -> None:
    class Info:
        """What a field is told that selects nothing."""

        return_type = FIELDS["String"]
        schema = SCHEMA._schema  # noqa: SLF001 - as above
        fragments: dict[str, Any] = {}  # noqa: RUF012 - nothing changes it
        field_nodes: list[Any] = []  # noqa: RUF012 - as above

    assert columns(Info()) == frozenset()
