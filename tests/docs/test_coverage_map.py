"""docs/coverage.md tells the truth: what it calls done is in the schema and has a test that exists."""

import re
from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import pytest
from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLInterfaceType, GraphQLObjectType, GraphQLSchema

from schema.root import build_schema
from tests.docs.pages import ROOT

PAGE: Final = ROOT / "docs" / "coverage.md"
COUNTS: Final = {"A": 45, "B": 26, "D": 40, "E": 20}
"""How many capabilities each source states; those of C are those of B."""
FORM_FIELDS: Final = 29
"""How many fields the form of A has, both lines of the address being one."""
NOT_YET: Final = "**not yet**: "
ROW: Final = re.compile(
    r"^\| (?P<id>[A-Z]-\d\d) \| (?P<says>[^|]+) \| (?P<where>[^|]+) \| (?P<proof>[^|]+) \|$", re.MULTILINE
)
TEST: Final = re.compile(r"`(?P<path>tests/[\w/]+\.py)(?:::(?P<name>\w+))?`")
COORDINATE: Final = re.compile(r"`(?P<type>\w+)(?:\.(?P<member>\w+)(?:\((?P<argument>\w+):\))?)?`")


@dataclass(frozen=True)
class Row:
    """One capability."""

    id: str
    says: str
    where: str
    proof: str

    @property
    def missing(self) -> bool:
        """Whether it is not there yet."""
        return self.proof.startswith(NOT_YET)

    def __str__(self) -> str:
        """Name the row in a test's report."""
        return self.id


ROWS: Final = [Row(**found.groupdict()) for found in ROW.finditer(PAGE.read_text(encoding="utf-8"))]
DONE: Final = [row for row in ROWS if not row.missing]
MISSING: Final = [row for row in ROWS if row.missing]


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    """The schema as graphql-core has it."""
    return build_schema()._schema  # noqa: SLF001 - Strawberry's public face hides the types


def test_every_line_of_a_table_is_a_row() -> None:
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if re.match(r"\| [A-Z]-", line)]
    assert len(lines) == len(ROWS)


def test_ids_are_complete_and_in_order() -> None:
    numbers = defaultdict(list)
    for row in ROWS:
        source, _, number = row.id.partition("-")
        numbers[source].append(int(number))
    assert {source: list(range(1, count + 1)) for source, count in COUNTS.items()} == numbers


def test_no_capability_is_told_twice() -> None:
    said = sorted(row.says for row in ROWS)
    assert not [one for one, other in pairwise(said) if one == other]


def test_the_whole_form_is_there() -> None:
    form = PAGE.read_text(encoding="utf-8").partition("### The form")[2].partition("### ")[0]
    assert [found["id"] for found in ROW.finditer(form)] == [f"A-{number:02}" for number in range(1, FORM_FIELDS + 1)]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_each_is_one_short_sentence(row: Row) -> None:
    assert re.fullmatch(r"[A-Z][^.]{5,110}\.", row.says), row.says


@pytest.mark.parametrize("row", DONE, ids=str)
def test_what_is_done_is_in_the_schema(row: Row, schema: GraphQLSchema) -> None:
    found = list(COORDINATE.finditer(row.where))
    assert found, row.where
    assert re.sub(r"[\s,]", "", COORDINATE.sub("", row.where)) == ""
    for one in found:
        assert exists(schema, one["type"], one["member"], one["argument"]), one[0]


@pytest.mark.parametrize("row", DONE, ids=str)
def test_what_is_done_has_a_test(row: Row) -> None:
    found = list(TEST.finditer(row.proof))
    assert found, row.proof
    assert re.sub(r"[\s,]", "", TEST.sub("", row.proof)) == ""
    for one in found:
        path = ROOT / one["path"]
        assert path.is_file(), one["path"]
        defined = re.findall(r"^\s*(?:async )?def (test_\w+)\(", path.read_text(encoding="utf-8"), re.MULTILINE)
        assert defined if one["name"] is None else one["name"] in defined, one[0]


@pytest.mark.parametrize("row", MISSING, ids=str)
def test_what_is_missing_says_what_and_names_no_test(row: Row) -> None:
    assert len(row.proof) > len(NOT_YET)
    assert "tests/" not in row.proof
    assert row.where == "\N{EN DASH}"


def exists(schema: GraphQLSchema, name: str, member: str | None, argument: str | None) -> bool:
    """Tell whether the schema has a type, its member and the member's argument."""
    named = schema.type_map.get(name)
    if named is None or member is None:
        return named is not None
    if isinstance(named, GraphQLEnumType):
        return member in named.values and argument is None
    if isinstance(named, GraphQLInputObjectType):
        return member in named.fields and argument is None
    if not isinstance(named, GraphQLObjectType | GraphQLInterfaceType) or member not in named.fields:
        return False
    return argument is None or argument in named.fields[member].args


def test_what_is_not_in_the_schema_is_found_out(schema: GraphQLSchema) -> None:
    assert exists(schema, "Query", "clients", "first")
    for name, member, argument in (
        ("Nothing", None, None),
        ("Client", "shoeSize", None),
        ("Query", "clients", "shoeSize"),
        ("CardHolder", "NOBODY", None),
        ("ClientCreateInput", "shoeSize", None),
        ("EmailAddress", "domain", None),
    ):
        assert not exists(schema, name, member, argument)
