"""The benchmark's rows: one large partner, many small ones, and on demand one with a million clients."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import asyncpg
import msgspec

from bench.database import BenchError
from storage import rls
from storage.base import SCHEMA
from storage.engine import connect
from storage.seeding.clients import add_client
from storage.seeding.draft import Draft, Taken
from storage.seeding.invoices import Drafted, add_invoices, draft_invoices
from storage.seeding.loading import load
from storage.seeding.organisations import add_organisations
from storage.seeding.partners import Partner, add_partner
from storage.seeding.plans import Plan, add_plans
from storage.seeding.subscriptions import add_subscriptions

NOW: Final = datetime(2026, 11, 1, tzinfo=UTC)
"""The moment that the rows are made up for: a constant, so that every run compares the same rows."""

_ORGANISATIONS: Final = 5
_SUBSCRIPTIONS: Final = 2
_INVOICES: Final = 6
# The seeding gives a client no card, one or two, as in life: here each has one, and it is the default. No
# subscription was resized yet: the changes that are measured put back what they find resized.
_ADJUSTED: Final = (
    f"""DELETE FROM {SCHEMA}.payment_card AS card WHERE holder = 'CUSTOMER' AND NOT EXISTS (
        SELECT FROM {SCHEMA}.client WHERE client.partner_id = card.partner_id AND default_card_id = card.id)""",
    f"""INSERT INTO {SCHEMA}.payment_card
        (partner_id, id, version, created_at, updated_at, holder, client_id, processor, token, fingerprint, brand,
         last_four, expiry_month, expiry_year, holder_name, status)
        SELECT partner_id, md5(id::text)::uuid, 1, created_at, created_at, 'CUSTOMER', id, 'sandbox',
               'tok_visa:' || md5(id::text), left(md5(id::text), 16), 'visa', '4242', 7, 2030, display_name, 'ACTIVE'
          FROM {SCHEMA}.client WHERE default_card_id IS NULL""",
    f"UPDATE {SCHEMA}.client SET default_card_id = md5(id::text)::uuid WHERE default_card_id IS NULL",
    f"""UPDATE {SCHEMA}.subscription
        SET seats_before_increase = NULL, seats_increased_at = NULL, seats_at_renewal = NULL
        WHERE seats_before_increase IS NOT NULL OR seats_at_renewal IS NOT NULL""",
)
_FOUND: Final = f"""
    SELECT count(*) FILTER (WHERE clients < $1) AS small, count(*) FILTER (WHERE clients = $1) AS large
      FROM (SELECT partner_id, count(*) AS clients FROM {SCHEMA}.client GROUP BY 1) AS counted
"""


class Shape(msgspec.Struct, frozen=True):
    """How much there is: a large partner, and small ones."""

    clients: int = 2_000
    small_partners: int = 199
    small_clients: int = 20


async def fill(owner_url: str, shape: Shape) -> None:
    """Fill a migrated, empty database; one that was filled before stays as it is.

    Raises:
        BenchError: the database holds other rows.
    """
    connection = await connect(owner_url)
    try:
        async with connection.transaction():
            await connection.execute(f"SET LOCAL ROLE {rls.OWNER}")
            found = await connection.fetchrow(_FOUND, shape.clients)
            if not found["small"] and not found["large"]:
                await load(connection, drafted(shape), lambda _done, _total: None)
                for statement in _ADJUSTED:
                    await connection.execute(statement)
            elif (found["small"], found["large"]) != (shape.small_partners, 1):
                message = "The database holds rows that the benchmark did not make; give it an empty one."
                raise BenchError(message)
    finally:
        await connection.close()


async def settle(owner_url: str) -> None:
    """Tell the planner about the rows, and leave the housekeeping nothing to do during the measurement."""
    connection = await connect(owner_url)
    try:
        await connection.execute("VACUUM (ANALYZE)")
        await _checkpoint(connection)
    finally:
        await connection.close()


async def _checkpoint(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    try:
        await connection.execute("CHECKPOINT")
    except asyncpg.InsufficientPrivilegeError:  # a server of somebody else's makes its own
        return


def drafted(shape: Shape) -> Draft:
    """Make the rows up."""
    draft = Draft(NOW)
    plans, labels = add_plans(draft), Taken()
    for position, clients in enumerate((shape.clients, *[shape.small_clients] * shape.small_partners)):
        _draft_partner(draft, plans, labels, add_partner(draft, position), clients)
    return draft


def _draft_partner(draft: Draft, plans: Sequence[Plan], labels: Taken, partner: Partner, clients: int) -> None:
    names = Taken()
    invoices: list[Drafted] = []
    for _ in range(clients):
        customer = add_client(draft, partner, names, labels)
        bought = [
            sold
            for organisation in add_organisations(draft, customer, _ORGANISATIONS, labels, all_visible=True)
            for sold in add_subscriptions(draft, organisation, plans, _SUBSCRIPTIONS)
        ]
        invoices += draft_invoices(draft, customer, bought, _INVOICES)
    add_invoices(draft, partner.id, invoices)
