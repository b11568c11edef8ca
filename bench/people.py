"""Who asks, and about which rows: read from the database, so that one that was filled before serves as well."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

import msgspec

from bench.million import MILLION
from storage.base import SCHEMA
from storage.engine import connect

_OWNERS: Final = f"""
    SELECT membership.id, membership.epoch, membership.partner_id, count(*) AS clients
      FROM {SCHEMA}.membership JOIN {SCHEMA}.client ON client.partner_id = membership.partner_id
     WHERE membership.kind = 'PARTNER_MEMBER' AND membership.role = 'OWNER'
     GROUP BY 1 ORDER BY membership.created_at, membership.id
"""
_CLIENTS: Final = f"SELECT id FROM {SCHEMA}.client WHERE partner_id = $1 ORDER BY md5(id::text) LIMIT $2"
# What an earlier run left half changed is put back, so that each run begins alike.
_PUT_BACK: Final = f"""
    UPDATE {SCHEMA}.subscription
       SET seats = coalesce(seats_before_increase, seats), seats_before_increase = NULL, seats_increased_at = NULL,
           seats_at_renewal = NULL
     WHERE partner_id = $1
"""
_RESIZABLE: Final = f"""
    SELECT subscription.id, seats FROM {SCHEMA}.subscription JOIN {SCHEMA}.plan ON plan.id = plan_id
     WHERE partner_id = $1 AND subscription.status = 'ACTIVE' AND seats < seats_max
     ORDER BY subscription.id LIMIT $2
"""


class Owner(msgspec.Struct, frozen=True):
    """The owner of a partner, as a token names it."""

    membership_id: UUID
    epoch: int
    partner_id: UUID
    clients: int


class People(msgspec.Struct, frozen=True):
    """The partners that take part, and rows of theirs; `million` is None where that one was not made."""

    large: Owner
    changing: Owner
    million: Owner | None
    clients: Sequence[UUID]
    subscriptions: Sequence[tuple[UUID, int]]


async def find(owner_url: str, *, clients: int, subscriptions: int) -> People:
    """Find the partners by how many clients they have, and as many rows as asked for."""
    connection = await connect(owner_url)
    try:
        owners = [Owner(*row) for row in await connection.fetch(_OWNERS)]
        by_size = sorted(owners, key=lambda owner: owner.clients)
        million = by_size.pop() if by_size[-1].clients >= MILLION else None
        large, changing = by_size[-1], by_size[0]
        await connection.execute(_PUT_BACK, changing.partner_id)
        pages = await connection.fetch(_CLIENTS, large.partner_id, clients)
        resizable = await connection.fetch(_RESIZABLE, changing.partner_id, subscriptions)
    finally:
        await connection.close()
    return People(
        large, changing, million, [row["id"] for row in pages], [(row["id"], row["seats"]) for row in resizable]
    )
