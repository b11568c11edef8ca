"""What a decision can hang on in a target: comparisons of its own columns, as data.

One declaration serves a list, where it becomes a predicate, and a locked row, which is judged.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import ARRAY, ColumnElement, Text, Uuid, all_, any_, bindparam, literal
from sqlalchemy.sql.selectable import FromClause

from storage.org_users import OrgRole
from storage.organisations import DomainStatus

MEMBER: Final = "scope_member"
"""The name that the caller's membership is bound to in a predicate."""


class Condition(StrEnum):
    """What must hold of a target."""

    SELF = "SELF"
    NOT_SUPER_ADMIN = "NOT_SUPER_ADMIN"
    NOT_ADMINISTRATOR = "NOT_ADMINISTRATOR"
    DOMAIN_VERIFIED = "DOMAIN_VERIFIED"


class Test(msgspec.Struct, frozen=True):
    """One comparison of a column: with the caller's membership, or with words that it must be or must not be."""

    column: str
    own: bool = False
    among: tuple[str, ...] = ()
    without: tuple[str, ...] = ()


TESTS: Final[Mapping[Condition, Mapping[str, Test]]] = {
    Condition.SELF: {
        "org_user": Test("membership_id", own=True),
        "user_backup": Test("requested_by", own=True),
    },
    Condition.NOT_SUPER_ADMIN: {"org_user": Test("role", without=(OrgRole.SUPER_ADMIN,))},
    Condition.NOT_ADMINISTRATOR: {"org_user": Test("role", without=(OrgRole.SUPER_ADMIN, OrgRole.ADMIN))},
    Condition.DOMAIN_VERIFIED: {"child_org": Test("domain_status", among=(DomainStatus.VERIFIED,))},
}
"""What each condition compares, by the table of the target; it says nothing about other tables."""


def judged_columns(table: str) -> frozenset[str]:
    """Return the columns of a table that some condition compares."""
    return frozenset(tests[table].column for tests in TESTS.values() if table in tests)


def holds(condition: Condition, table: str, row: Mapping[str, Any], *, membership_id: UUID) -> bool | None:
    """Judge a row, whose ids may be text; None where the condition says nothing about its table."""
    test = TESTS[condition].get(table)
    if test is None:
        return None
    value = row[test.column]
    if test.own:
        return str(value) == str(membership_id)
    return value in test.among if test.among else value not in test.without


def predicate(condition: Condition, table: str, source: FromClause) -> ColumnElement[bool] | None:
    """Make the same judgement a predicate; None where the condition says nothing about the table."""
    test = TESTS[condition].get(table)
    if test is None:
        return None
    column = source.c[test.column]
    if test.own:
        mine: ColumnElement[bool] = column == bindparam(MEMBER, type_=Uuid())
        return mine
    words = literal(list(test.among or test.without), ARRAY(Text))
    made: ColumnElement[bool] = column == any_(words) if test.among else column != all_(words)
    return made
