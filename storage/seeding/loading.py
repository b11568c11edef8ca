"""Storing a draft: each table is filled through a temporary one, as COPY refuses tables under row-level security."""

from collections.abc import Callable
from typing import Any, Final

import asyncpg
from sqlalchemy import Table

from storage.accesses import partner_access
from storage.base import SCHEMA
from storage.cards import payment_card
from storage.clients import client, client_word
from storage.identity import login, membership
from storage.invoices import invoice
from storage.org_settings import org_settings
from storage.org_users import org_user
from storage.organisations import child_org, org_invitation
from storage.partners import partner_member, partner_org
from storage.plans import plan, plan_price
from storage.seeding.draft import Draft
from storage.subscriptions import subscription

TABLES: Final = (
    plan,
    plan_price,
    login,
    membership,
    partner_org,
    partner_member,
    client,
    client_word,
    payment_card,
    child_org,
    org_settings,
    org_user,
    org_invitation,
    partner_access,
    subscription,
    invoice,
)
"""Every table that a demo fills, each after those that it refers to."""

_BATCH: Final = 10_000
_DEFAULT_CARDS: Final = (
    f"UPDATE {SCHEMA}.client SET default_card_id = chosen.card_id"
    " FROM unnest($1::uuid[], $2::uuid[], $3::uuid[]) AS chosen (partner_id, client_id, card_id)"
    " WHERE client.partner_id = chosen.partner_id AND client.id = chosen.client_id"
)


async def load(
    connection: "asyncpg.Connection[asyncpg.Record]", draft: Draft, progress: Callable[[int, int], None]
) -> None:
    """Store every row inside the caller's transaction, and tell the planner about them."""
    # COPY is binary and our codec for jsonb is not; the driver's own takes JSON as text.
    await connection.reset_type_codec("jsonb", schema="pg_catalog")
    done, total = 0, draft.count()
    progress(done, total)
    for table in TABLES:
        records = draft.records(table)
        await connection.execute(f"CREATE TEMPORARY TABLE new_{table.name} (LIKE {table}) ON COMMIT DROP")
        for start in range(0, len(records), _BATCH):
            batch = records[start : start + _BATCH]
            await _store(connection, table, batch)
            done += len(batch)
            progress(done, total)
    # A client's card refers to the client, so the client can refer to its card only now.
    await connection.execute(_DEFAULT_CARDS, *_columns(draft.default_cards))
    await connection.execute(f"ANALYZE {', '.join(map(str, TABLES))}")


async def _store(
    connection: "asyncpg.Connection[asyncpg.Record]", table: Table, records: list[tuple[Any, ...]]
) -> None:
    columns = table.c.keys()
    names = ", ".join(columns)
    staged = f"new_{table.name}"
    await connection.copy_records_to_table(staged, schema_name="pg_temp", columns=columns, records=records)
    await connection.execute(f"INSERT INTO {table} ({names}) SELECT {names} FROM pg_temp.{staged}")
    await connection.execute(f"TRUNCATE pg_temp.{staged}")


def _columns(rows: list[tuple[Any, ...]]) -> tuple[list[Any], ...]:
    return tuple(map(list, zip(*rows, strict=True))) or ([], [], [])
