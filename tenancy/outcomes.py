"""What the database says of contention and absence, as errors that a caller can act on."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import asyncpg
from sqlalchemy.exc import DBAPIError

from tenancy.errors import AlreadyExistsError, BusyError, UnavailableError

_BUSY: Final = frozenset({"55P03", "40001", "40P01", "57014"})
_UNIQUE: Final = "23505"
_GONE: Final = frozenset({"57P01", "57P02", "57P03", "53300"})
UNREACHABLE: Final = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.InvalidAuthorizationSpecificationError,
)
"""What the driver raises when the database is gone."""


def sqlstate(error: DBAPIError) -> str | None:
    """Return the five characters that PostgreSQL names an error by."""
    return getattr(error.orig, "sqlstate", None)


@contextmanager
def expected_outcomes() -> Iterator[None]:
    """Turn what the database says of contention and absence into errors that a caller can act on.

    Raises:
        BusyError: a lock, a deadlock or a time-out; nothing was changed.
        AlreadyExistsError: another transaction was first.
        UnavailableError: the database cannot be reached.
    """
    try:
        yield
    except DBAPIError as error:
        if sqlstate(error) in _BUSY:
            raise BusyError from error
        if sqlstate(error) == _UNIQUE:
            raise AlreadyExistsError from error
        if error.connection_invalidated or sqlstate(error) in _GONE:
            raise UnavailableError from error
        raise
    except UNREACHABLE as error:
        raise UnavailableError from error
