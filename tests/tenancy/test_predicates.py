"""The query scope: a statement on tenant tables that lacks a key of the reach is not run."""

from typing import Any, Final

import pytest
from sqlalchemy import (
    Column,
    MetaData,
    Table,
    Uuid,
    bindparam,
    column,
    delete,
    exists,
    func,
    insert,
    literal_column,
    or_,
    select,
    table,
    tablesample,
    text,
    true,
    union,
    update,
)
from sqlalchemy import values as listed
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import insert as upsert

from storage.base import SCHEMA, Key, Reach, new_id, rows_of
from storage.clients import client, client_word
from storage.events import event
from storage.identity import login, membership
from storage.invoices import invoice
from storage.org_users import org_user, user_backup
from storage.organisations import child_org
from storage.partners import partner_member
from storage.plans import plan
from storage.subscriptions import subscription
from tenancy import predicates
from tenancy.conditions import Condition
from tenancy.predicates import DeclaredScope, OutOfReachError, UnscopedStatementError
from tenancy.principal import Principal, reach_of
from tests.factories.layers import EverythingScope
from tests.factories.worlds import TENANT_TABLES

SCOPE: Final = DeclaredScope()
STAFF: Final = SCOPE.bounds(Reach.STAFF)
OTHER_ID: Final = new_id()


def words_of_client() -> Any:
    """Return a subquery that finds a client's words and names no key."""
    return select(client_word.c.word).where(client_word.c.client_id == client.c.id)


SELECTS: Final = {
    "no condition at all": select(client),
    "another condition": select(client).where(client.c.id == bindparam("id")),
    "the key beside an alternative": select(client).where(or_(STAFF(client), client.c.id == client.c.id)),
    "a partner that the caller chose": select(client).where(client.c.partner_id == bindparam("mine")),
    "a partner written out": select(client).where(client.c.partner_id == OTHER_ID),
    "a partner that differs": select(client).where(client.c.partner_id != bindparam("scope_partner", type_=Uuid())),
    "a partner that a function chooses": select(client).where(
        client.c.partner_id == func.coalesce(predicates.partner_value(), client.c.partner_id)
    ),
    "a joined table": select(client).join(invoice, invoice.c.client_id == client.c.id).where(STAFF(client)),
    "the outer side of a join": select(client)
    .outerjoin(invoice, invoice.c.client_id == client.c.id)
    .where(STAFF(invoice)),
    "a join's condition is no filter": select(client).join(invoice, STAFF(invoice)).where(STAFF(client)),
    "a second table": select(client.c.id, invoice.c.id).where(STAFF(client)),
    "an alias, where the table is bounded": select(client.alias("a").c.id).where(STAFF(client)),
    "an alias of an alias": select(client.alias("a").alias("b").c.id),
    "the same table twice": select(client.c.id, client.alias("a").c.id).where(STAFF(client)),
    "a sample": select(tablesample(client, 10).c.id),
    "a subquery": select(select(client).subquery().c.id),
    "a lateral": select(client.c.id, select(invoice.c.id).lateral().c.id).where(STAFF(client)),
    "an exists": select(client).where(STAFF(client), words_of_client().correlate(client).exists()),
    "a scalar": select(select(client.c.city).limit(1).scalar_subquery()),
    "an in": select(invoice).where(STAFF(invoice), invoice.c.client_id.in_(select(client.c.id))),
    "a part of a union": union(select(client.c.id).where(STAFF(client)), select(client.c.id)),
    "a common table expression": select(select(client).cte().c.id),
    "correlated to nothing": select(client).correlate(client),
    "correlated to a neighbour": select(
        client.c.id, select(client.c.id.label("n")).correlate(client).subquery().c.n
    ).where(STAFF(client)),
    "correlated in an expression that sees nothing": select(
        client.c.id, select(client.c.id.label("n")).correlate(client).cte().c.n
    ).where(STAFF(client)),
    "correlated in a part of a union": union(
        select(client.c.id).where(STAFF(client)), select(client.c.id).correlate(client)
    ),
    "text": text("SELECT * FROM gateway.client"),
    "text inside": select(client).where(STAFF(client), text("true")),
    "text as a source": select(text("*")).select_from(text("gateway.client")),
    "a literal column": select(literal_column("(SELECT count(*) FROM gateway.client)")),
    "an undeclared table": select(table("client", column("id"), schema=SCHEMA)),
    "a table declared elsewhere": select(Table("client", MetaData(), Column("id", Uuid), schema=SCHEMA)),
    "a setting": select(func.set_config("app.partner", str(OTHER_ID), True)),  # noqa: FBT003 - as SQL has it
    "a lasting setting": select(func.SET_CONFIG("app.partner", str(OTHER_ID), False)),  # noqa: FBT003 - as SQL has it
}

CHANGES: Final = {
    "update without a key": update(client).values(city="x"),
    "update by id": update(client).where(client.c.id == bindparam("id")).values(city="x"),
    "update from another table": update(client)
    .where(STAFF(client), client.c.id == invoice.c.client_id)
    .values(city="x"),
    "update to another table's value": update(client).where(STAFF(client)).values(city=invoice.c.number),
    "update to a subquery's value": update(client)
    .where(STAFF(client))
    .values(city=select(invoice.c.number).scalar_subquery()),
    "update of the partner": update(client).where(STAFF(client)).values(partner_id=OTHER_ID),
    "update of the partner, in order": update(client)
    .where(STAFF(client))
    .ordered_values((client.c.partner_id, OTHER_ID), (client.c.city, "x")),
    "delete without a key": delete(client_word),
    "delete by another table": delete(client_word).where(STAFF(client_word), client_word.c.client_id == client.c.id),
    "insert without a partner": insert(client).values(id=OTHER_ID),
    "insert without values": insert(client),
    "insert with a partner written out": insert(client).values(partner_id=OTHER_ID),
    "insert with a partner that the caller chose": insert(client).values(partner_id=bindparam("mine")),
    "insert of many": insert(client).values([{"partner_id": OTHER_ID}, {"partner_id": OTHER_ID}]),
    "insert from a query": insert(client_word).from_select(["client_id"], select(invoice.c.client_id)),
    "insert or else": upsert(client).values(partner_id=OTHER_ID).on_conflict_do_nothing(),
}

INSIDE: Final = {
    "a table": select(client).where(STAFF(client)),
    "with more conditions": select(client).where(STAFF(client), client.c.id == bindparam("id"), ~client.c.tax_exempt),
    "an alias": select((found := client.alias("a")).c.id).where(STAFF(found)),
    "a join": select(client).join(invoice, invoice.c.client_id == client.c.id).where(STAFF(client), STAFF(invoice)),
    "an exists": select(client).where(
        STAFF(client), words_of_client().where(STAFF(client_word)).correlate(client).exists()
    ),
    "an exists in an exists": select(invoice).where(
        STAFF(invoice),
        exists(
            select(client.c.id)
            .where(
                STAFF(client),
                select(client_word.c.word)
                .where(STAFF(client_word), client_word.c.client_id == invoice.c.client_id)
                .correlate(client, invoice)
                .exists(),
            )
            .correlate(invoice)
        ),
    ),
    "a lateral": select(
        client.c.id,
        select(invoice.c.id).where(STAFF(invoice), invoice.c.client_id == client.c.id).correlate(client).lateral().c.id,
    ).where(STAFF(client)),
    "a common table expression": select(select(client).where(STAFF(client)).cte().c.id),
    "a list of values": select(listed(column("n"), name="v").data([(1,)]).c.n),
    "a reference table": select(plan),
    "a control table that no reach sees": select(login),
    "no table": select(func.now()),
    "an update": update(client).where(STAFF(client)).values(city="x"),
    "an update by another table": update(client)
    .where(STAFF(client), STAFF(invoice), client.c.id == invoice.c.client_id)
    .values(city=invoice.c.number),
    "a delete": delete(client_word).where(STAFF(client_word)),
    "an insert": insert(client).values(partner_id=predicates.partner_value(), id=OTHER_ID),
    "an insert into a reference table": insert(plan).values(id=OTHER_ID),
    "an update of a reference table": update(plan).values(name="x"),
}


@pytest.mark.parametrize("statement", SELECTS.values(), ids=SELECTS)
def test_a_query_outside_the_scope_is_refused(statement: Any) -> None:
    with pytest.raises(UnscopedStatementError):
        SCOPE.check(statement, Reach.STAFF)


@pytest.mark.parametrize("statement", CHANGES.values(), ids=CHANGES)
def test_a_change_outside_the_scope_is_refused(statement: Any) -> None:
    with pytest.raises(UnscopedStatementError):
        SCOPE.check(statement, Reach.STAFF)


@pytest.mark.parametrize("statement", INSIDE.values(), ids=INSIDE)
def test_a_statement_inside_the_scope_passes(statement: Any) -> None:
    SCOPE.check(statement, Reach.STAFF)


@pytest.mark.parametrize("reach", Reach)
@pytest.mark.parametrize("table", TENANT_TABLES, ids=lambda table: str(table.name))
def test_every_key_of_a_reach_is_demanded(table: Table, reach: Reach) -> None:
    rows = rows_of(table)
    assert rows is not None
    keys = rows.keys[reach]
    bounds = SCOPE.bounds(reach)
    if keys is None:
        with pytest.raises(OutOfReachError):
            bounds(table)
        with pytest.raises(OutOfReachError):
            SCOPE.check(select(table), reach)
        return
    SCOPE.check(select(table).where(bounds(table)), reach)
    whole: Any = bounds(table)
    parts = [whole] if len(keys) == 1 else list(whole.clauses)
    assert len(parts) == len(keys)
    for missing in range(len(keys)):
        kept = [part for number, part in enumerate(parts) if number != missing]
        with pytest.raises(UnscopedStatementError, match=keys[missing].value):
            SCOPE.check(select(table).where(*kept), reach)


def test_memberships_are_the_organisations_and_the_systems_alone() -> None:
    changed = update(membership).values(epoch=membership.c.epoch + 1)
    for reach in Reach:
        if reach not in {Reach.ORG, Reach.SYSTEM}:
            with pytest.raises(OutOfReachError):
                SCOPE.check(select(membership), reach)
            continue
        SCOPE.check(changed.where(SCOPE.bounds(reach)(membership)), reach)
        with pytest.raises(UnscopedStatementError):
            SCOPE.check(changed, reach)


@pytest.mark.parametrize(
    ("reach", "table", "outside"),
    [
        (Reach.CLIENT, invoice, {"client_id": OTHER_ID}),
        (Reach.CLIENT, client, {"id": OTHER_ID}),
        (Reach.FENCE, invoice, {"client_id": OTHER_ID}),
        (Reach.FENCE, child_org, {"client_id": OTHER_ID}),
        (Reach.FENCE, child_org, {}),
        (Reach.ORG, org_user, {"child_org_id": OTHER_ID}),
        (Reach.ORG, subscription, {"child_org_id": OTHER_ID}),
        (Reach.ORG, invoice, {"client_id": OTHER_ID}),
    ],
)
def test_a_new_row_outside_a_confined_scope_is_refused(reach: Reach, table: Table, outside: dict[str, Any]) -> None:
    buyer, organisation = new_id(), new_id()
    inside = {"id": buyer, "client_id": buyer, "child_org_id": organisation}
    asking = Principal(
        new_id(), None, "KIND", None, new_id(), reach, client_ids=(new_id(), buyer), child_org_id=organisation
    )
    SCOPE.check_row(table, inside, asking)
    with pytest.raises(UnscopedStatementError, match="is outside the scope's key"):
        SCOPE.check_row(table, outside and {**inside, **outside}, asking)


def test_a_new_row_of_a_table_that_a_reach_does_not_see_is_refused() -> None:
    asking = Principal(new_id(), None, "KIND", None, new_id(), Reach.CLIENT, client_ids=(OTHER_ID,))
    with pytest.raises(OutOfReachError):
        SCOPE.check_row(org_user, {"client_id": OTHER_ID}, asking)
    staff = Principal(new_id(), None, "KIND", None, new_id(), Reach.STAFF)
    SCOPE.check_row(invoice, {"client_id": OTHER_ID}, staff)
    SCOPE.check_row(plan, {}, staff)


def test_what_a_caller_sees_of_a_table_is_added_to_the_scopes_keys() -> None:
    bounds = predicates.narrowed(SCOPE.bounds(Reach.ORG), {"org_user": Condition.SELF, "user_backup": Condition.SELF})
    SCOPE.check(select(org_user).where(bounds(org_user)), Reach.ORG)
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]  # untyped
    assert "membership_id = %(scope_member)s" in str(bounds(org_user).compile(dialect=dialect))
    assert "org_user_1.membership_id = %(scope_member)s" in str(bounds(org_user.alias()).compile(dialect=dialect))
    assert "requested_by = %(scope_member)s" in str(bounds(user_backup).compile(dialect=dialect))
    plain = SCOPE.bounds(Reach.ORG)
    assert str(bounds(subscription)) == str(plain(subscription))
    assert str(bounds(plan)) == str(plain(plan))
    assert predicates.narrowed(plain, {}) is plain


def test_the_keys_of_one_reach_are_not_those_of_another() -> None:
    for narrow in (Reach.CLIENT, Reach.ORG):
        with pytest.raises(UnscopedStatementError):
            SCOPE.check(select(subscription).where(STAFF(subscription)), narrow)


def test_a_reach_does_not_insert_where_it_sees_nothing() -> None:
    with pytest.raises(OutOfReachError):
        SCOPE.check(insert(org_user).values(partner_id=predicates.partner_value()), Reach.STAFF)
    with pytest.raises(OutOfReachError):
        SCOPE.check(insert(partner_member).values(partner_id=predicates.partner_value()), Reach.CLIENT)


@pytest.mark.parametrize(
    ("source", "reach", "expected"),
    [
        (client, Reach.STAFF, "gateway.client.partner_id = %(scope_partner)s"),
        (client, Reach.CLIENT, "AND gateway.client.id = ANY (%(scope_clients)s"),
        (child_org, Reach.STAFF, "AND gateway.child_org.partner_sees_until > statement_timestamp()"),
        (child_org, Reach.ORG, "AND gateway.child_org.id = %(scope_org)s"),
        (event, Reach.STAFF, "AND NOT gateway.event.org_internal"),
        (plan, Reach.STAFF, "true"),
    ],
)
def test_a_key_is_a_plain_comparison_with_a_bound_value(source: Table, reach: Reach, expected: str) -> None:
    written = str(SCOPE.bounds(reach)(source).compile(dialect=postgresql.dialect()))  # type: ignore[no-untyped-call]  # untyped
    assert expected in written.replace("::UUID[]", "").replace("::UUID", "")


def test_the_reserved_names_are_bound_to_the_principal() -> None:
    principal = Principal(
        new_id(), None, "CONTACT", None, new_id(), Reach.CLIENT, client_ids=(new_id(), new_id()), child_org_id=new_id()
    )
    assert predicates.values(principal) == {
        "scope_partner": principal.partner_id,
        "scope_clients": list(principal.client_ids),
        "scope_org": principal.child_org_id,
        "scope_member": principal.membership_id,
    }


@pytest.mark.parametrize(
    ("kind", "fenced", "reach"),
    [
        ("OPERATOR", False, Reach.PLATFORM),
        ("SOMETHING_NEW", False, None),
        ("PARTNER_MEMBER", False, Reach.STAFF),
        ("PARTNER_MEMBER", True, Reach.STAFF),
        ("API_CREDENTIAL", False, Reach.STAFF),
        ("API_CREDENTIAL", True, Reach.FENCE),
        ("CONTACT", True, Reach.CLIENT),
        ("CONTACT", False, Reach.CLIENT),
        ("ORG_USER", False, Reach.ORG),
    ],
)
def test_a_kind_of_membership_reaches_so_far(kind: str, fenced: bool, reach: Reach | None) -> None:  # noqa: FBT001 - a cell of the table
    assert reach_of(kind, fenced=fenced) is reach
    assert reach_of(kind, fenced=fenced, acting=True) is Reach.ORG


def test_every_key_is_a_column_of_some_table() -> None:
    used = {
        key for table in TENANT_TABLES if (rows := rows_of(table)) for keys in rows.keys.values() for key in keys or ()
    }
    assert used == set(Key)


def test_without_the_query_scope_everything_passes() -> None:
    weak = EverythingScope()
    weak.check(select(client), Reach.STAFF)
    assert weak.bounds(Reach.STAFF)(client).compare(true())
