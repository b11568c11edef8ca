"""Filling an empty database with a demo of any size, and finding its accounts again."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import asyncpg
import msgspec

from storage import rls
from storage.base import SCHEMA
from storage.engine import connect
from storage.identity import MembershipKind
from storage.seeding.clients import add_client
from storage.seeding.draft import Draft, Taken
from storage.seeding.invoices import Drafted, add_invoices, draft_invoices
from storage.seeding.loading import load
from storage.seeding.memberships import add_operator
from storage.seeding.organisations import add_organisations
from storage.seeding.partners import add_partner
from storage.seeding.plans import Plan, add_plans
from storage.seeding.subscriptions import add_subscriptions

_RICH: Final = 100
"""How many clients of the first partner, by name, are never thinned out: a dashboard shows that many."""

_FEWEST_CLIENTS: Final = 3
_OPERATING_DAYS: Final = 1_000
_EMPTY: Final = " AND ".join(
    f"NOT EXISTS (SELECT FROM {SCHEMA}.{table})" for table in ("partner_org", "login", "plan", "client")
)
_ACCOUNTS: Final = f"""
    SELECT coalesce(child_org.name, first.name) AS organisation, first.domain, membership.name, membership.kind,
           membership.role, membership.client_ids, membership.id, membership.epoch, login.email
    FROM (
        SELECT id, name, created_at, split_part(support_email, '@', 2) AS domain
        FROM {SCHEMA}.partner_org WHERE support_email LIKE 'support@%.example' ORDER BY created_at, id LIMIT 3
    ) AS first
    JOIN {SCHEMA}.membership ON membership.partner_id = first.id
    JOIN {SCHEMA}.login ON login.id = membership.login_id
    LEFT JOIN {SCHEMA}.child_org ON child_org.partner_id = first.id AND child_org.id = membership.child_org_id
    WHERE membership.valid_until > statement_timestamp()
      AND (membership.kind = 'ORG_USER' OR split_part(login.email, '@', 2) = first.domain)
    ORDER BY first.created_at, first.id, membership.created_at, membership.id
"""
_OPERATORS: Final = f"""
    SELECT membership.id, membership.name, membership.epoch, login.email
    FROM {SCHEMA}.membership JOIN {SCHEMA}.login ON login.id = membership.login_id
    WHERE membership.kind = 'OPERATOR' AND login.email = 'operator@platform.example'
"""
_ORG_SLUGS: Final = {"SUPER_ADMIN": "super-admin", "ADMIN": "org-admin", "MEMBER": "org-member"}
_STAFF: Final = ("owner", "admin", "billing", "support", "viewer")
_SLUGS: Final = (*_STAFF, *_ORG_SLUGS.values(), "contact", "script", "fenced")


class Shape(msgspec.Struct, frozen=True):
    """How much a demo holds; the counts are of the richest, and `exact` gives every client and organisation all.

    `clients` is the number of the first partner, the others have a quarter of it; `organisations` and `invoices`
    are counted by client, `subscriptions` by organisation.
    """

    partners: int = 3
    clients: int = 120
    organisations: int = 5
    subscriptions: int = 2
    invoices: int = 6
    exact: bool = False


class Account(msgspec.Struct, frozen=True):
    """Somebody whom a demo can be seen as; `organisation` is the name of the partner."""

    id: str
    name: str
    organisation: str
    role: str
    membership_id: UUID
    epoch: int
    email: str


class NotEmptyError(Exception):
    """The database holds rows already; nothing was added."""


async def is_empty(owner_url: str) -> bool:
    """Tell whether a migrated database holds nothing yet.

    Raises:
        DatabaseUnreachableError: the server cannot be reached.

    """
    async with _as_owner(owner_url) as connection:
        return await _is_empty(connection)


async def seed(
    owner_url: str, shape: Shape, *, now: datetime, progress: Callable[[int, int], None] | None = None
) -> list[Account]:
    """Fill an empty database in one transaction and return its accounts; `progress` hears of rows done and in all.

    Raises:
        DatabaseUnreachableError: the server cannot be reached.
        NotEmptyError: the database holds rows already.

    """
    async with _as_owner(owner_url) as connection:
        # Of two that seed at once, the second waits here and finds the rows of the first.
        await connection.execute(f"LOCK TABLE {SCHEMA}.plan IN SHARE ROW EXCLUSIVE MODE")
        if not await _is_empty(connection):
            message = "The database is not empty; demo data goes into a new one only."
            raise NotEmptyError(message)
        await load(connection, drafted(shape, now), progress or _quiet)
        return await _accounts(connection)


async def accounts(owner_url: str) -> list[Account]:
    """List the accounts of a demo in a stable order; none where the database holds no demo.

    All five members of the first partner and the owners of the second and third; of the first two, the users of an
    organisation, a contact of its client and two scripts; and one of the platform's own staff.

    Raises:
        DatabaseUnreachableError: the server cannot be reached.

    """
    async with _as_owner(owner_url) as connection:
        return await _accounts(connection)


def drafted(shape: Shape, now: datetime) -> Draft:
    """Make the rows of a demo up; the same shape and moment give the same rows, ids included."""
    draft = Draft(now)
    plans = add_plans(draft)
    add_operator(draft, draft.ago(_OPERATING_DAYS))
    for position in range(shape.partners):
        _draft_partner(draft, shape, plans, position)
    return draft


def _draft_partner(draft: Draft, shape: Shape, plans: Sequence[Plan], position: int) -> None:
    partner = add_partner(draft, position)
    names, labels = Taken(), Taken()
    count = shape.clients if position == 0 else max(shape.clients // 4, _FEWEST_CLIENTS)
    customers = [add_client(draft, partner, names, labels) for _ in range(count)]
    by_name = sorted(customers, key=lambda customer: (customer.name_sort, customer.id))
    rich = {customer.id for customer in by_name[:_RICH]} if position == 0 else set()
    invoices: list[Drafted] = []
    for customer in customers:
        full = shape.exact or customer.id in rich
        organisations = add_organisations(
            draft, customer, _some(draft, shape.organisations, full=full), labels, all_visible=full
        )
        bought = [
            sold
            for organisation in organisations
            for sold in add_subscriptions(draft, organisation, plans, _some(draft, shape.subscriptions, full=full))
        ]
        invoices += draft_invoices(draft, customer, bought, _some(draft, shape.invoices, full=full))
    add_invoices(draft, partner.id, invoices)


def _some(draft: Draft, most: int, *, full: bool) -> int:
    """Return the full number, or a smaller one that is more often low than high."""
    return most if full or most < 1 else min(draft.chance.randint(1, most), draft.chance.randint(1, most))


@asynccontextmanager
async def _as_owner(owner_url: str) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """Open one transaction as the role that owns the tables, which row-level security shows every row."""
    connection = await connect(owner_url)
    try:
        async with connection.transaction():
            await connection.execute(f"SET LOCAL ROLE {rls.OWNER}")
            yield connection
    finally:
        await connection.close()


async def _is_empty(connection: "asyncpg.Connection[asyncpg.Record]") -> bool:
    empty: bool = await connection.fetchval(f"SELECT {_EMPTY}")
    return empty


async def _accounts(connection: "asyncpg.Connection[asyncpg.Record]") -> list[Account]:
    found = await connection.fetch(_ACCOUNTS)
    partners = list(dict.fromkeys(row["domain"] for row in found))
    made: dict[str, Account] = {}
    for row in found:
        slug = _slug(row)
        place = partners.index(row["domain"])
        if slug == "owner" or (place == 0) or (place == 1 and slug not in _STAFF):
            account = _account(row, f"{row['domain'].removesuffix('.example')}-{slug}")
            made.setdefault(account.id, account)
    order = [f"{domain.removesuffix('.example')}-{slug}" for domain in partners for slug in _SLUGS]
    operators = [
        _account({**row, "organisation": "The platform", "role": "OPERATOR"}, "operator")
        for row in await connection.fetch(_OPERATORS)
    ]
    return [made[identifier] for identifier in order if identifier in made] + (operators if made else [])


def _slug(row: Mapping[str, Any]) -> str:
    if row["kind"] == MembershipKind.ORG_USER:
        return _ORG_SLUGS[row["role"]]
    if row["kind"] == MembershipKind.API_CREDENTIAL:
        return "fenced" if row["client_ids"] else "script"
    return "contact" if row["kind"] == MembershipKind.CONTACT else str(row["role"]).lower()


def _account(row: Mapping[str, Any], identifier: str) -> Account:
    fields = {name: row[name] for name in ("name", "organisation", "epoch", "email")}
    return Account(id=identifier, role=row["role"] or row["kind"], membership_id=row["id"], **fields)


def _quiet(_done: int, _total: int) -> None:
    """Tell nobody."""
