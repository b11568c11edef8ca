"""Clients: how they are found, created and edited."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Text, and_, any_, bindparam, func, select

from resolvers.context import Request
from resolvers.errors import CurrencyFixedError, InvalidInputError, RequiredError, TooLongError
from resolvers.loading import ById, Filter, PageBy, equals
from storage.base import fold, new_id
from storage.clients import ClientId, ClientRecord, ClientStatus, PaymentMethod, client, client_word
from storage.invoices import invoice
from storage.partners import partner_org
from storage.search_words import client_words
from storage.subscriptions import SubscriptionStatus, subscription
from tenancy.audit import Change
from tenancy.predicates import Bounds
from tenancy.scope import WriteScope

LONGEST_NAME: Final = 200
LONGEST_LINE: Final = 500
LONGEST_NOTES: Final = 20_000
_LONGEST: Final = {
    **dict.fromkeys(("first_name", "last_name", "company_name", "city", "region"), LONGEST_NAME),
    **dict.fromkeys(("address_line1", "address_line2", "website"), LONGEST_LINE),
    **dict.fromkeys(("postcode", "vat_number"), 40),
    "admin_notes": LONGEST_NOTES,
}
_ENDED: Final = (SubscriptionStatus.CANCELLED, SubscriptionStatus.TERMINATED)
SEARCH_WORDS: Final = 5
DEFAULTS: Final[Mapping[str, Any]] = {
    **{name: None for name in client.c.keys() if client.c[name].nullable},  # noqa: SIM118 - not a dict
    "language": "en",
    "status": ClientStatus.ACTIVE,
    "default_payment_method": PaymentMethod.CARD,
    "late_fee_exempt": False,
    "overdue_notices_off": False,
    "tax_exempt": False,
    "separate_invoices": False,
    "card_processing_disabled": False,
    "marketing_opt_out": False,
    "automatic_status_disabled": False,
    "single_sign_on_allowed": True,
}
_NEEDED: Final = ("email", "currency", *(name for name, value in DEFAULTS.items() if value is not None))


def _search(words: int, number: int) -> Filter:
    def condition(table: Any, bounds: Bounds) -> ColumnElement[bool]:
        word = client_word.alias(f"word_{number}")
        low: ColumnElement[str] = bindparam(f"filter_search_{words}_{2 * number}")
        high: ColumnElement[str] = bindparam(f"filter_search_{words}_{2 * number + 1}")
        found = select(word.c.client_id).where(
            bounds(word), word.c.client_id == table.c.id, word.c.word >= low, word.c.word < high
        )
        return found.correlate(table).exists()

    return condition


def _searches(words: int) -> Filter:
    return lambda table, bounds: and_(*(_search(words, number)(table, bounds) for number in range(words)))


def search_filter(prefixes: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """Return the filter that finds clients by the beginnings of words: its name and its value.

    Each prefix is a range of the word's index: comparisons that row-level security lets an index answer.
    """
    return f"search_{len(prefixes)}", tuple(edge for prefix in prefixes for edge in (prefix, prefix + "\U0010ffff"))


client_by_id: Final = ById(client, ClientRecord)
clients: Final = PageBy(
    client,
    ClientRecord,
    filters={
        "status": equals("status"),
        "email": equals("email"),
        **{f"search_{words}": _searches(words) for words in range(1, SEARCH_WORDS + 1)},
    },
)


async def create(request: Request, **values: Any) -> ClientRecord:
    """Create a client.

    Raises:
        RequiredError: neither a company name nor a first and last name is given.
        TooLongError: a text is longer than its field takes.
    """
    async with request.write() as db:
        if values.get("currency") is None:
            values["currency"] = await _partner_currency(db)
        row = await db.insert(client, new_row(values))
        await _index(db, row)
        await db.announce(Change("client.created", client, row))
    return ClientRecord(**row)


async def create_many(db: WriteScope, given: Sequence[Mapping[str, Any]], *, because: str) -> None:
    """Create clients at once, each with its words, its event and its audit entry.

    Raises:
        InvalidInputError: one of them cannot be created; `faults` tells which beforehand.
    """
    if not given:
        return
    stamps = {"version": 1, "created_at": db.now, "updated_at": db.now}
    rows = [{**new_row(values), "id": new_id(), **stamps} for values in given]
    await db.insert_many(client, rows)
    await db.insert_many(client_word, [word for row in rows for word in word_rows(row)])
    await db.announce(*(Change("client.created", client, row, reason=because) for row in rows))


async def imported(db: WriteScope, source: str, references: Sequence[str]) -> frozenset[str]:
    """Return which of the references were imported from a source before."""
    rows = await db.fetch(
        lambda bounds: select(client.c.import_ref).where(
            bounds(client),
            client.c.import_source == bindparam("source"),
            client.c.import_ref == any_(bindparam("references", type_=ARRAY(Text))),
        ),
        source=source,
        references=list(references),
    )
    return frozenset(row["import_ref"] for row in rows)


async def edit(
    request: Request, target: ClientId, *, expected_version: int | None = None, **values: Any
) -> ClientRecord:
    """Change what was given of a client; what was not given stays.

    Raises:
        NotFoundError: the scope has no such client.
        StaleVersionError: it changed since the caller read it.
        CurrencyFixedError: there are invoices or live subscriptions in the old currency.
    """
    async with request.write() as db:
        before = await db.get(client, target, what="client", path=("id",))
        await db.expect(client, before, expected_version)
        fresh = _checked({**before, **tidy(values)}, given=values)
        if fresh["currency"] != before["currency"]:
            await _demand_free_currency(db, target)
        row = await db.update(client, before, {name: fresh[name] for name in (*values, "display_name", "name_sort")})
        if row is not before:
            await _index(db, row, anew=True)
            await db.announce(Change("client.edited", client, row, before=before))
    return ClientRecord(**row)


async def _partner_currency(db: WriteScope) -> str:
    rows = await db.fetch(lambda bounds: select(partner_org.c.currency).where(bounds(partner_org)))
    currency: str = rows[0]["currency"]
    return currency


def new_row(values: Mapping[str, Any]) -> dict[str, Any]:
    """Make a client's row of what was given: tidied, checked and completed with the defaults.

    Raises:
        RequiredError: neither a company name nor a first and last name is given.
        TooLongError: a text is longer than its field takes.
    """
    given = _given(values)
    return _checked({**DEFAULTS, **given}, given=given)


def faults(values: Mapping[str, Any]) -> list[InvalidInputError]:
    """List everything for which `new_row` would refuse the values; it raises the first."""
    given = _given(values)
    return list(_faults({**DEFAULTS, **given}, given=given))


def _given(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in tidy(values).items() if value is not None}


def tidy(values: Mapping[str, Any]) -> dict[str, Any]:
    """Trim the texts; one of nothing but blanks becomes None."""
    made: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            made[name] = tidy(value)
        else:
            made[name] = (value.strip() or None) if isinstance(value, str) else value
    return made


def _checked(row: dict[str, Any], *, given: Mapping[str, Any]) -> dict[str, Any]:
    fault = next(_faults(row, given=given), None)
    if fault is not None:
        raise fault
    person = " ".join(part for part in (row["first_name"], row["last_name"]) if part)
    row["display_name"] = row["company_name"] or person
    row["name_sort"] = fold(row["display_name"])
    return row


def _faults(row: Mapping[str, Any], *, given: Mapping[str, Any]) -> Iterator[InvalidInputError]:
    for name, most in _LONGEST.items():
        if name in given and len(row[name] or "") > most:
            yield TooLongError(name, most=most)
    for name in ("billing_address", "shipping_address"):
        for part, value in (given.get(name) or {}).items():
            if len(value or "") > LONGEST_LINE:
                yield TooLongError(name, part, most=LONGEST_LINE)
    for name in _NEEDED:
        if row.get(name) is None:
            yield RequiredError(name)
    if not row["company_name"] and not (row["first_name"] and row["last_name"]):
        missing = next(name for name in ("first_name", "last_name") if not row[name])
        yield RequiredError(missing, says="Give a company name, or a first name and a last name.")


async def _demand_free_currency(db: WriteScope, target: UUID) -> None:
    invoices = await db.fetch(
        lambda bounds: select(func.count(invoice.c.id).label("n")).where(
            bounds(invoice), invoice.c.client_id == bindparam("target")
        ),
        target=target,
    )
    subscriptions = await db.fetch(
        lambda bounds: select(func.count(subscription.c.id).label("n")).where(
            bounds(subscription),
            subscription.c.client_id == bindparam("target"),
            subscription.c.status.not_in(_ENDED),
        ),
        target=target,
    )
    if invoices[0]["n"] or subscriptions[0]["n"]:
        raise CurrencyFixedError(invoices=invoices[0]["n"], subscriptions=subscriptions[0]["n"])


async def _index(db: WriteScope, row: Mapping[str, Any], *, anew: bool = False) -> None:
    if anew:
        await db.delete_links(client_word, "client_id", row["id"])
    await db.insert_many(client_word, word_rows(row))


def word_rows(row: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the rows by whose words a client is found."""
    words = client_words(row["display_name"], row["email"], row["company_name"], row["first_name"], row["last_name"])
    return [{"client_id": row["id"], "word": word} for word in sorted(words)]
