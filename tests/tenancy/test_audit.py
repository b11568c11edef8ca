"""What is written about a change: what changed, for whom, and no secret."""

from datetime import UTC, datetime
from enum import Enum
from typing import Any, Final

import pytest
from sqlalchemy import Table

from storage.base import FOREVER, Reach, metadata, new_id
from storage.cards import payment_card
from storage.clients import client
from storage.org_users import org_user
from storage.organisations import child_org
from storage.partners import partner_member
from storage.plans import plan
from tenancy.audit import REDACTED, SECRETS, Attempt, Change, audit_values, difference, event_values, plain
from tenancy.principal import Principal
from tenancy.privileges import Privilege

AT: Final = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
ATTEMPT: Final = Attempt("clientEdit", Privilege.CLIENT_EDIT, "request")


class Colour(Enum):
    """Something to make plain."""

    RED = "red"


def row_of(table: Table, **values: Any) -> dict[str, Any]:
    """Make a row of a table that holds nothing but what is given, an id and a version."""
    return {**dict.fromkeys(table.c.keys()), "id": new_id(), "version": 1, **values}


def test_secrets_are_never_written() -> None:
    known = {column for table in metadata.sorted_tables for column in table.c.keys()}  # noqa: SIM118 - not a dict
    assert known >= SECRETS
    row = row_of(payment_card, token="tok_1", fingerprint="f", brand="visa")
    assert difference(Change("x", payment_card, row)) == (
        None,
        {"token": REDACTED, "fingerprint": REDACTED, "brand": "visa"},
    )
    before, after = difference(Change("x", payment_card, {**row, "token": "tok_2"}, before=row))
    assert before == after == {"token": REDACTED}


def test_of_a_change_only_what_changed_is_written() -> None:
    before = row_of(client, city="Here", postcode="1", email="a@b.example")
    after = {**before, "city": "There", "postcode": None, "version": 2, "updated_at": AT, "name_sort": "x"}
    assert difference(Change("x", client, after, before=before)) == (
        {"city": "Here", "postcode": "1"},
        {"city": "There", "postcode": None},
    )


@pytest.mark.parametrize(
    ("value", "expected"),
    [(AT, "2026-01-31T09:30:00+00:00"), (Colour.RED, "red"), (7, 7), ("a", "a"), (None, None), ([1], [1])],
)
def test_a_value_is_made_plain(value: Any, expected: Any) -> None:
    assert plain(value) == expected


def test_an_id_is_made_plain() -> None:
    identifier = new_id()
    assert plain(identifier) == str(identifier)


@pytest.mark.parametrize(
    ("table", "given", "client_id", "child_org_id", "internal"),
    [
        (client, {}, "id", None, False),
        (child_org, {"client_id": new_id(), "partner_sees_until": FOREVER}, "client_id", "id", False),
        (child_org, {"client_id": new_id(), "partner_sees_until": AT}, "client_id", "id", True),
        (org_user, {"child_org_id": new_id()}, None, "child_org_id", True),
        (partner_member, {}, None, None, False),
        (plan, {}, None, None, False),
    ],
    ids=lambda value: str(getattr(value, "name", "")),
)
def test_what_happened_belongs_to_the_client_and_the_organisation_of_its_row(
    table: Table, given: dict[str, Any], client_id: str | None, child_org_id: str | None, *, internal: bool
) -> None:
    row = row_of(table, **given)
    written = event_values(Change("happened", table, row), at=AT)
    assert written["client_id"] == (row[client_id] if client_id else None)
    assert written["child_org_id"] == (row[child_org_id] if child_org_id else None)
    assert written["org_internal"] is internal
    assert (written["target_kind"], written["target_id"], written["target_version"]) == (table.name, row["id"], 1)
    assert (written["type"], written["created_at"], written["id"].version) == ("happened", AT, 7)


def test_an_entry_names_who_did_it_with_which_privilege_and_why() -> None:
    principal = Principal(new_id(), new_id(), "PARTNER_MEMBER", "OWNER", new_id(), Reach.STAFF)
    change = Change("x", client, row_of(client, city="There"), reason="moved")
    entry = audit_values(change, ATTEMPT, principal, at=AT)
    assert entry["actor_membership_id"] == principal.membership_id
    assert entry["actor_kind"] == "PARTNER_MEMBER"
    assert entry["privilege"] == "CLIENT_EDIT"
    assert (entry["operation"], entry["request_id"], entry["reason"]) == ("clientEdit", "request", "moved")
    assert (entry["before"], entry["after"]) == (None, {"city": "There"})


def test_an_entry_without_anybody_is_the_systems() -> None:
    entry = audit_values(Change("x", client, row_of(client)), Attempt("import", None, "request"), None, at=AT)
    assert (entry["actor_membership_id"], entry["actor_kind"], entry["privilege"]) == (None, "SYSTEM", "SYSTEM")
