"""The rules of tables, held against the declarations and against the catalogue of a migrated database."""

import importlib
import inspect
import re
from typing import Any, Final

import pytest
from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, Index, Table, UniqueConstraint

from schema.root import ENTITIES
from schema.specs import EntitySpec, describe
from storage.base import SCHEMA, Record, TableClass, metadata, new_id, rows_of
from storage.engine import DIALECT, dsn_for_asyncpg
from storage.migrate import drift
from storage.tables import NOUNS
from tests.architecture.declared import PEEKED, RELAYED, SECURED
from tests.factories.worlds import GRAPHQL, TENANT_TABLES

INDEXABLE: Final = frozenset({"TEXT", "BIGINT", "UUID", "DATE", "TIMESTAMP WITH TIME ZONE", "BOOLEAN"})
tenant = pytest.mark.parametrize("table", TENANT_TABLES, ids=lambda table: str(table.name))


async def test_the_catalogue_is_what_is_declared(owner_url: str, owner: Any) -> None:
    assert await drift(owner_url) == []
    found = await owner.fetch("SELECT tablename FROM pg_tables WHERE schemaname = $1", SCHEMA)
    assert {row["tablename"] for row in found} == {table.name for table in metadata.tables.values()} | {
        "alembic_version"
    }


async def test_the_checks_of_the_catalogue_are_those_declared(owner: Any) -> None:
    found = await owner.fetch(
        "SELECT conname FROM pg_constraint WHERE contype = 'c' AND connamespace = $1::regnamespace", SCHEMA
    )
    declared = {
        str(check.name)
        for table in metadata.sorted_tables
        for check in (*table.constraints, *(check for column in table.c for check in column.constraints))
        if isinstance(check, CheckConstraint)
    }
    assert {row["conname"] for row in found} == {name[:63] for name in declared}


def test_every_table_is_declared_in_one_class() -> None:
    assert {table.info.get("class") for table in metadata.sorted_tables} == set(TableClass)
    for table in metadata.sorted_tables:
        assert (rows_of(table) is not None) == (table in SECURED), table
        assert (table.info.get("peek") is not None) == (table in PEEKED), table
        assert (table.info.get("relayed") is not None) == (table in RELAYED), table


@tenant
def test_a_tenant_tables_key_starts_with_the_partner(table: Table) -> None:
    assert not table.c.partner_id.nullable
    key = [column.name for column in table.primary_key.columns]
    assert key[0] == "partner_id"
    assert key == ["partner_id", "id"] or table.info.get("link")


@tenant
def test_every_unique_foreign_key_and_index_starts_with_the_partner(table: Table) -> None:
    for constraint in table.constraints:
        if isinstance(constraint, UniqueConstraint):
            assert next(iter(constraint.columns)).name == "partner_id", constraint
        if isinstance(constraint, ForeignKeyConstraint):
            target = constraint.elements[0].column.table
            if target.info["class"] is TableClass.TENANT:
                assert constraint.column_keys[0] == "partner_id", constraint
            assert target.info["class"] is not TableClass.CONTROL, constraint
    for index in table.indexes:
        assert next(iter(index.columns)).name == "partner_id", index


async def test_the_catalogue_has_no_other_index_or_foreign_key(owner: Any) -> None:
    names = [table.name for table in TENANT_TABLES]
    loose = await owner.fetch(
        "SELECT i.indexrelid::regclass::text AS name FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid"
        " LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]"
        " WHERE c.relnamespace = $1::regnamespace AND c.relname = ANY ($2) AND a.attname IS DISTINCT FROM 'partner_id'",
        SCHEMA,
        names,
    )
    assert loose == []
    foreign = await owner.fetch(
        "SELECT k.conname FROM pg_constraint k JOIN pg_class t ON t.oid = k.confrelid"
        " JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1]"
        " WHERE k.contype = 'f' AND t.relnamespace = $1::regnamespace AND t.relname = ANY ($2)"
        " AND a.attname <> 'partner_id'",
        SCHEMA,
        names,
    )
    assert foreign == []


async def test_no_serial_trigger_enum_or_volatile_default(owner: Any) -> None:
    assert not await owner.fetchval(
        "SELECT count(*) FROM pg_class WHERE relkind = 'S' AND relnamespace = $1::regnamespace", SCHEMA
    )
    assert not await owner.fetchval(
        "SELECT count(*) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
        " WHERE NOT t.tgisinternal AND c.relnamespace = $1::regnamespace",
        SCHEMA,
    )
    assert not await owner.fetchval(
        "SELECT count(*) FROM pg_type WHERE typtype = 'e' AND typnamespace = $1::regnamespace", SCHEMA
    )
    assert not await owner.fetchval(
        "SELECT count(*) FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
        " WHERE c.relkind = 'r' AND c.relnamespace = $1::regnamespace"
        " AND (a.atthasdef OR a.attidentity <> '' OR a.attgenerated <> '')",
        SCHEMA,
    )
    assert not await owner.fetchval("SELECT count(*) FROM pg_proc WHERE pronamespace = $1::regnamespace", SCHEMA)


def _indexed(table: Table) -> set[str]:
    keyed: set[Any] = {*table.indexes, *(c for c in table.constraints if isinstance(c, UniqueConstraint))}
    return {column.name for index in keyed for column in index.columns}


@tenant
def test_what_lists_filter_and_sort_by_can_be_an_index_condition(table: Table) -> None:
    for name in _indexed(table):
        kind = str(table.c[name].type.compile(dialect=DIALECT)).partition(" COLLATE")[0]
        assert kind in INDEXABLE, f"{table}.{name} is {kind}"


@tenant
def test_indexes_compare_plain_columns(table: Table) -> None:
    for index in table.indexes:
        assert isinstance(index, Index)
        assert all(isinstance(expression, Column) for expression in index.expressions), index


def _records() -> list[type[Record]]:
    return [
        found
        for noun in NOUNS
        for _name, found in inspect.getmembers(importlib.import_module(noun.__name__), inspect.isclass)
        if issubclass(found, Record) and found.__module__ == noun.__name__
    ]


@pytest.mark.parametrize("record", _records(), ids=lambda record: str(record.__name__))
def test_a_records_fields_are_columns_of_its_table(record: type[Record]) -> None:
    whole = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", record.__name__).lower()
    name = next(name for name in (whole.removesuffix("_record"), whole) if f"{SCHEMA}.{name}" in metadata.tables)
    table = metadata.tables[f"{SCHEMA}.{name}"]
    shared = set(Record.__struct_fields__)
    assert set(record.__struct_fields__) - shared <= set(table.c.keys())


@pytest.mark.parametrize("entity", ENTITIES, ids=lambda entity: str(entity.__name__))
def test_what_an_entity_shows_is_in_its_record(entity: Any) -> None:
    spec: EntitySpec = entity.__entity__
    shown: Any = GRAPHQL.type_map[spec.name]
    for name, field in shown.fields.items():
        described = describe(field)
        assert described is not None
        assert set(described.needs) <= set(spec.record.__struct_fields__), name


def test_an_id_is_a_uuid_of_version_7_made_by_the_application() -> None:
    made = [new_id() for _ in range(1000)]
    assert {identifier.version for identifier in made} == {7}
    assert len(set(made)) == len(made)
    assert made == sorted(made)


def test_the_drivers_url_is_that_of_the_engine_without_its_driver() -> None:
    assert dsn_for_asyncpg("postgresql+asyncpg://a@b/c") == "postgresql://a@b/c"
