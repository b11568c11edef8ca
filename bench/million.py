"""One further partner with a million clients, and nothing else: a list so long that a page far into it shows."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final

import asyncpg

from bench.data import NOW
from storage import rls
from storage.base import SCHEMA, fold
from storage.clients import ClientStatus, PaymentMethod, client
from storage.engine import connect
from storage.identity import login, membership
from storage.partners import partner_member, partner_org
from storage.seeding.draft import Draft
from storage.seeding.partners import add_partner

MILLION: Final = 1_000_000
_BATCH: Final = 50_000
_POSITION: Final = 1_000
"""A place behind those of the partners that are there already."""
_PARTNER_TABLES: Final = (login, membership, partner_org, partner_member)
_WORDS: Final = (
    "Amber", "Beacon", "Cobalt", "Dover", "Ember", "Fjord", "Garnet", "Harbour", "Indigo", "Jasper", "Kestrel",
    "Lantern", "Meadow", "North", "Orchid", "Pioneer", "Quarry", "River", "Summit", "Tidal", "Umber", "Vista",
    "Willow", "Yarrow", "Zephyr",
)  # fmt: skip
_SWITCHES: Final = (
    "late_fee_exempt", "overdue_notices_off", "tax_exempt", "separate_invoices", "card_processing_disabled",
    "marketing_opt_out", "automatic_status_disabled", "single_sign_on_allowed",
)  # fmt: skip


async def fill(owner_url: str) -> None:
    """Add the partner by COPY, where it is not there yet."""
    connection = await connect(owner_url)
    try:
        if await connection.fetchval(f"SELECT count(*) >= $1 FROM {SCHEMA}.client", MILLION):
            return
        draft = Draft(NOW)
        partner = add_partner(draft, _POSITION)
        async with connection.transaction():
            await connection.execute(f"SET LOCAL ROLE {rls.OWNER}")
            await connection.reset_type_codec("jsonb", schema="pg_catalog")
            for table in _PARTNER_TABLES:
                await _copy(connection, table, draft.records(table))
            rows = _rows(partner.id, draft)
            for _ in range(0, MILLION, _BATCH):
                await _copy(connection, client, [next(rows) for _ in range(_BATCH)])
    finally:
        await connection.close()


async def _copy(connection: "asyncpg.Connection[asyncpg.Record]", table: Any, records: list[tuple[Any, ...]]) -> None:
    """Go through a temporary table: COPY refuses those under row-level security."""
    names = ", ".join(table.c.keys())
    await connection.execute(f"CREATE TEMPORARY TABLE staged (LIKE {table}) ON COMMIT DROP")
    await connection.copy_records_to_table("staged", schema_name="pg_temp", columns=table.c.keys(), records=records)
    await connection.execute(f"INSERT INTO {table} ({names}) SELECT {names} FROM pg_temp.staged")
    await connection.execute("DROP TABLE pg_temp.staged")


def _rows(partner_id: Any, draft: Draft) -> Iterator[tuple[Any, ...]]:
    """Make the clients up, in no order of their names."""
    chance = Random(MILLION)
    columns = client.c.keys()
    empty: dict[str, Any] = dict.fromkeys(columns)
    empty |= dict.fromkeys(_SWITCHES, False)
    empty |= {"language": "en", "currency": "GBP", "country": "GB", "version": 1, "partner_id": partner_id}
    empty |= {"status": ClientStatus.ACTIVE, "default_payment_method": PaymentMethod.CARD}
    for number in range(MILLION):
        made = {**empty, **_client(chance, number, draft)}
        yield tuple(made[name] for name in columns)


def _client(chance: Random, number: int, draft: Draft) -> dict[str, Any]:
    name = f"{chance.choice(_WORDS)} {chance.choice(_WORDS)} {number:07}"
    created_at: datetime = NOW - timedelta(days=700) + timedelta(seconds=number)
    return {
        "id": draft.id_at(created_at),
        "created_at": created_at,
        "updated_at": created_at,
        "display_name": name,
        "name_sort": fold(name),
        "company_name": name,
        "email": f"office@client-{number:07}.example",
    }
