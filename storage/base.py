"""The declarations that every table starts from: its class, its keys, and which reach sees which rows.

Row-level security (`storage.rls`) and the query scope (`tenancy.predicates`) are both generated from what is
declared here, so the two layers cannot disagree about whose rows these are.
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

import msgspec
import uuid_utils.compat
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKeyConstraint,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.sql.schema import SchemaItem

SCHEMA: Final = "gateway"

metadata: Final = MetaData(
    schema=SCHEMA,
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    },
)


class TableClass(StrEnum):
    """What a table is to the tenant boundary."""

    TENANT = "tenant"
    REFERENCE = "reference"
    CONTROL = "control"


class Reach(StrEnum):
    """How far a transaction sees: one database role each.

    A partner's script that is fenced to chosen clients sees what their contacts see, but only organisations that the
    partner still sees; the platform's staff sees no tenant's row.
    """

    STAFF = "staff"
    CLIENT = "client"
    FENCE = "fence"
    ORG = "org"
    SYSTEM = "system"
    PLATFORM = "platform"


class Key(StrEnum):
    """One comparison of a policy: a column of the row against a setting of the transaction."""

    PARTNER = "partner"
    CLIENTS = "clients"
    ORG = "org"
    NOT_ORG_INTERNAL = "not_org_internal"
    PARTNER_SEES = "partner_sees"


Keys = tuple[Key, ...] | None
"""The comparisons a reach must pass; None where the reach sees no row at all."""


@dataclass(frozen=True)
class Rows:
    """Which rows of a tenant table each reach sees, and what it may do to them.

    `client` and `org` name the columns that hold the client's and the organisation's id; the clients' own
    table holds the former in `id`. `system` is what the system may do where that is more than the others may.
    """

    keys: Mapping[Reach, Keys]
    client: str = "client_id"
    org: str = "child_org_id"
    verbs: tuple[str, ...] = ("SELECT", "INSERT", "UPDATE")
    system: tuple[str, ...] = ()

    def may(self, reach: Reach) -> tuple[str, ...]:
        """List what a reach may do to the rows that it sees."""
        return self.system if reach is Reach.SYSTEM and self.system else self.verbs

    def column(self, key: Key) -> str:
        """Name the column that a key compares."""
        return {
            Key.PARTNER: "partner_id",
            Key.CLIENTS: self.client,
            Key.ORG: self.org,
            Key.NOT_ORG_INTERNAL: "org_internal",
            Key.PARTNER_SEES: "partner_sees_until",
        }[key]


_PARTNER: Final = (Key.PARTNER,)
_CLIENTS: Final = (Key.PARTNER, Key.CLIENTS)
_ORG: Final = (Key.PARTNER, Key.ORG)


def _keys(*, staff: Keys, client: Keys, org: Keys, fence: Keys = ()) -> Mapping[Reach, Keys]:
    return {
        Reach.STAFF: staff,
        Reach.CLIENT: client,
        Reach.FENCE: fence or client,
        Reach.ORG: org,
        Reach.SYSTEM: _PARTNER,
        Reach.PLATFORM: None,
    }


PARTNER_ROWS: Final = _keys(staff=_PARTNER, client=None, org=None)
CLIENT_ROWS: Final = _keys(staff=_PARTNER, client=_CLIENTS, org=_CLIENTS)
ORG_INTERNAL_ROWS: Final = _keys(staff=None, client=None, org=_ORG)
ORG_ROWS: Final = _keys(staff=_PARTNER, client=_CLIENTS, org=_ORG)
ORGANISATION_ROWS: Final = _keys(
    staff=(Key.PARTNER, Key.PARTNER_SEES), client=_CLIENTS, org=_ORG, fence=(*_CLIENTS, Key.PARTNER_SEES)
)
TRAIL_ROWS: Final = _keys(
    staff=(Key.PARTNER, Key.NOT_ORG_INTERNAL),
    client=_CLIENTS,
    org=_ORG,
    fence=(*_CLIENTS, Key.NOT_ORG_INTERNAL),
)


@dataclass(frozen=True)
class Peek:
    """What the login role itself may do to some rows, before any scope is set: to find out how far a token reaches."""

    verbs: tuple[str, ...]
    when: str


@dataclass(frozen=True)
class Relayed:
    """What the relay may do to the rows of every partner: read them, and set some columns while a condition holds."""

    columns: tuple[str, ...]
    when: str


def tenant_table(
    name: str, *items: SchemaItem, rows: Rows, peek: Peek | None = None, relayed: Relayed | None = None
) -> Table:
    """Declare a tenant table: `partner_id` first in its key, an id made by the application, a version."""
    return Table(
        name,
        metadata,
        Column("partner_id", Uuid, nullable=False),
        Column("id", Uuid, nullable=False),
        Column("version", BigInteger, nullable=False),
        moment("created_at"),
        moment("updated_at"),
        *items,
        PrimaryKeyConstraint("partner_id", "id"),
        info={"class": TableClass.TENANT, "rows": rows, "peek": peek, "relayed": relayed},
    )


def tenant_link_table(name: str, *items: SchemaItem, rows: Rows, key: tuple[str, ...]) -> Table:
    """Declare a tenant table without an identity of its own; its key still starts with `partner_id`."""
    return Table(
        name,
        metadata,
        Column("partner_id", Uuid, nullable=False),
        *items,
        PrimaryKeyConstraint("partner_id", *key),
        info={"class": TableClass.TENANT, "rows": rows, "link": True},
    )


def reference_table(name: str, *items: SchemaItem) -> Table:
    """Declare a small table that is the same for every tenant and read-only to the application."""
    return Table(
        name,
        metadata,
        Column("id", Uuid, primary_key=True),
        *items,
        info={"class": TableClass.REFERENCE},
    )


def control_table(
    name: str, *items: SchemaItem, login: tuple[str, ...] = (), relay: tuple[str, ...] = (), rows: Rows | None = None
) -> Table:
    """Declare a control-plane table.

    `login` lists the grants of the login role, which is given nothing else, `relay` those of the relay. `rows` says
    which of its rows the reaches may change, where a tenant's own change ends or alters what somebody may do.
    """
    return Table(
        name,
        metadata,
        Column("id", Uuid, primary_key=True),
        *items,
        info={"class": TableClass.CONTROL, "login": login, "relay": relay, **({"rows": rows} if rows else {})},
    )


def rows_of(table: Table) -> Rows | None:
    """Return the row declaration of a table that the tenant boundary holds, None for the others."""
    rows = table.info.get("rows")
    return rows if isinstance(rows, Rows) else None


def text(name: str, *, null: bool = False) -> Column[Any]:
    """Declare a text column."""
    return Column(name, Text, nullable=null)


def sort_key(name: str) -> Column[Any]:
    """Declare a folded text column, compared by code point so that every server sorts alike."""
    return Column(name, Text(collation="C"), nullable=False)


def whole(name: str, *, null: bool = False) -> Column[Any]:
    """Declare a bigint column."""
    return Column(name, BigInteger, nullable=null)


def moment(name: str, *, null: bool = False) -> Column[Any]:
    """Declare a timestamptz column."""
    return Column(name, DateTime(timezone=True), nullable=null)


def ident(name: str, *, null: bool = False) -> Column[Any]:
    """Declare a uuid column."""
    return Column(name, Uuid, nullable=null)


def word(name: str, allowed: type[StrEnum], *, null: bool = False) -> Column[Any]:
    """Declare a text column that takes the members of an enum; a database enum could never be indexed under RLS."""
    members = ", ".join(f"'{member.value}'" for member in allowed)
    return Column(name, Text, CheckConstraint(f"{name} IN ({members})", name=name), nullable=null)


def within_partner(column: str, table: str) -> ForeignKeyConstraint:
    """Declare a foreign key inside one partner: a plain one would ignore row-level security."""
    return ForeignKeyConstraint(
        ["partner_id", column],
        [f"{SCHEMA}.{table}.partner_id", f"{SCHEMA}.{table}.id"],
        use_alter=table == "payment_card",
    )


ABSENT: Final[Any] = msgspec.UNSET
"""The value of a record's field that the statement did not select."""


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """One row as plain data; a field that was not selected holds `ABSENT`."""

    id: UUID
    version: int = ABSENT
    created_at: datetime = ABSENT
    updated_at: datetime = ABSENT


class TenantRecord(Record, frozen=True, kw_only=True):
    """One row of a tenant table."""

    partner_id: UUID = ABSENT


def new_id() -> UUID:
    """Make an id: UUIDv7, so that rows made together lie together."""
    return uuid_utils.compat.uuid7()


FOREVER: Final = datetime.max.replace(tzinfo=UTC)
"""What PostgreSQL's `infinity` reads as."""


def now() -> datetime:
    """Return the moment in UTC."""
    return datetime.now(UTC)


_UNDECOMPOSED: Final = str.maketrans(
    dict(zip("øØłŁđĐħĦðÐı", "oOlLdDhHdDi", strict=True))
    | {"æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "þ": "th", "Þ": "TH"}
)
"""Letters with marks that Unicode does not take apart."""


def fold(value: str) -> str:
    """Fold a text for sorting and searching: compatibility-decomposed, without marks, case-folded, trimmed."""
    decomposed = unicodedata.normalize("NFKD", value.translate(_UNDECOMPOSED))
    bare = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return " ".join(bare.casefold().split())
