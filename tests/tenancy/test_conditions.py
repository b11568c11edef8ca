"""What a decision hangs on in a target: as a predicate in the database and of a row at hand it is one judgement."""

from enum import StrEnum
from typing import Any, Final
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import cast, literal, select, true, union_all

from storage.base import SCHEMA, metadata, new_id
from storage.engine import Database
from storage.org_users import OrgRole
from storage.organisations import DomainStatus
from tenancy.conditions import MEMBER, TESTS, Condition, holds, judged_columns, predicate
from tests.tenancy.conftest import Ground

ME: Final = UUID(int=1)
ANOTHER: Final = UUID(int=2)
WORDS: Final[dict[str, type[StrEnum]]] = {"role": OrgRole, "domain_status": DomainStatus}
PAIRS: Final = [(condition, table) for condition, tests in TESTS.items() for table in tests]
pairs = pytest.mark.parametrize(("condition", "table"), PAIRS, ids=[f"{one} of {table}" for one, table in PAIRS])


def test_every_condition_compares_a_column_that_there_is() -> None:
    assert set(TESTS) == set(Condition)
    for condition, table in PAIRS:
        test = TESTS[condition][table]
        assert test.column in metadata.tables[f"{SCHEMA}.{table}"].c
        assert sum((test.own, bool(test.among), bool(test.without))) == 1


@pytest.fixture(scope="session")
def database(ground: Ground) -> Database:
    """The database, as the unprivileged login."""
    return ground.boundary.database


@pairs
@settings(max_examples=20)
@given(drawn=st.lists(st.integers(0, 3), min_size=1, max_size=20))
async def test_the_predicate_and_the_row_agree(
    database: Database, condition: Condition, table: str, drawn: list[int]
) -> None:
    test = TESTS[condition][table]
    possible: list[Any] = [ME, ANOTHER, None] if test.own else [*WORDS[test.column], "SOMETHING_NEW"]
    found = [possible[number % len(possible)] for number in drawn]
    kind = metadata.tables[f"{SCHEMA}.{table}"].c[test.column].type
    each = (
        select(literal(place).label("place"), cast(value, kind).label(test.column)) for place, value in enumerate(found)
    )
    rows = union_all(*each).subquery()
    made = predicate(condition, table, rows)
    assert made is not None
    async with database.writes.connect() as connection:
        kept = await connection.execute(select(rows.c.place).where(made), {MEMBER: ME} if test.own else {})
        places = {row.place for row in kept}
    judged = (holds(condition, table, {test.column: value}, membership_id=ME) for value in found)
    assert places == {place for place, held in enumerate(judged) if held}


@pytest.mark.parametrize(
    ("condition", "table", "row", "held"),
    [
        (Condition.SELF, "org_user", {"membership_id": ME}, True),
        (Condition.SELF, "org_user", {"membership_id": ANOTHER}, False),
        (Condition.SELF, "org_user", {"membership_id": None}, False),
        (Condition.SELF, "user_backup", {"requested_by": ME}, True),
        (Condition.SELF, "user_backup", {"requested_by": ANOTHER}, False),
        (Condition.NOT_SUPER_ADMIN, "org_user", {"role": "SUPER_ADMIN"}, False),
        (Condition.NOT_SUPER_ADMIN, "org_user", {"role": "ADMIN"}, True),
        (Condition.NOT_ADMINISTRATOR, "org_user", {"role": "SUPER_ADMIN"}, False),
        (Condition.NOT_ADMINISTRATOR, "org_user", {"role": "ADMIN"}, False),
        (Condition.NOT_ADMINISTRATOR, "org_user", {"role": "MEMBER"}, True),
        (Condition.DOMAIN_VERIFIED, "child_org", {"domain_status": "VERIFIED"}, True),
        (Condition.DOMAIN_VERIFIED, "child_org", {"domain_status": "UNVERIFIED"}, False),
    ],
)
def test_a_row_is_judged_by_its_own_columns(
    condition: Condition, table: str, row: dict[str, Any], *, held: bool
) -> None:
    assert holds(condition, table, row, membership_id=ME) is held


@pytest.mark.parametrize("condition", Condition)
def test_a_condition_says_nothing_about_other_tables(condition: Condition) -> None:
    assert holds(condition, "invoice", {}, membership_id=new_id()) is None
    assert predicate(condition, "invoice", select(true()).subquery()) is None


def test_the_judged_columns_of_a_table_are_known() -> None:
    assert judged_columns("org_user") == {"membership_id", "role"}
    assert judged_columns("user_backup") == {"requested_by"}
    assert judged_columns("child_org") == {"domain_status"}
    assert judged_columns("invoice") == frozenset()
