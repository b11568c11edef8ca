"""Importing the clients of one partner: batch by batch, each written whole or not at all, and none of them twice."""

import asyncio
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Final
from uuid import UUID, uuid4

import msgspec

from gateway import partners, starting
from gateway.imports.reading import CannotImportError, CsvFile
from gateway.imports.rows import Layout, Row
from gateway.imports.whmcs import SOURCE, column_of
from gateway.settings import Settings
from resolvers import clients
from resolvers.errors import AlreadyExistsError, BusyError, ExpectedError
from storage import rls
from storage.base import SCHEMA
from storage.engine import Database, connect
from tenancy.audit import Attempt
from tenancy.decide import decide
from tenancy.predicates import DeclaredScope
from tenancy.scope import Boundary, system_write

BATCH: Final = 500
"""Rows that are written in one transaction."""
ATTEMPTS: Final = 30
_PAUSE_SECONDS: Final = 0.1
_LONGEST_PAUSE: Final = 1.0

Progress = Callable[[int, int], None]


class Bad(msgspec.Struct, frozen=True):
    """A row that was refused: the line it starts on and everything that is wrong with it."""

    line: int
    reason: str


class Note(msgspec.Struct, frozen=True):
    """Something worth knowing that refused nothing; without a line it is about the whole file."""

    line: int | None
    text: str


class Report(msgspec.Struct):
    """What an import did: clients created, clients known already, rows refused, and notes."""

    created: int = 0
    known: int = 0
    bad: list[Bad] = []
    notes: list[Note] = []


class _Partner(msgspec.Struct, frozen=True):
    id: UUID
    currency: str


async def import_file(
    settings: Settings, owner_url: str, file: Path, *, partner: str, progress: Progress | None = None
) -> Report:
    """Import a file's clients for a partner, which is named by its id or its name.

    The owner's login only finds the partner; all writing is done as the unprivileged one. `progress` is told how
    many rows are done, and of how many.

    Raises:
        CannotImportError: the file or the partner cannot be used, or the database went away; run it again.
        CannotStartError: the database must be migrated first.
        DatabaseUnreachableError: the database cannot be reached.
    """
    with _opened(file) as stream:
        source = CsvFile(stream, known=lambda heading: column_of(heading) is not None)
        layout = Layout(source.header)
        await starting.demand_current(owner_url)
        found = await _find_partner(owner_url, partner)
        database = Database(starting.login_url(settings, owner_url), size=1)
        try:
            await database.open()
            boundary = Boundary(database, decide=decide, query_scope=DeclaredScope())
            return await _Import(boundary, found, progress or _quiet).run(source, layout)
        except ExpectedError as error:
            message = f"{error.message} What was imported so far stays: run the same command again to go on."
            raise CannotImportError(message) from error
        finally:
            await database.close()


class _Import:
    """One run over one file for one partner."""

    def __init__(self, boundary: Boundary, partner: _Partner, progress: Progress) -> None:
        self._boundary = boundary
        self._partner = partner
        self._progress = progress
        self._attempt = Attempt(operation="importClients", privilege=None, request_id=str(uuid4()))
        self._report = Report()
        self._lines: dict[str, int] = {}

    async def run(self, source: CsvFile, layout: Layout) -> Report:
        """Import every row that can be."""
        if layout.unknown:
            self._report.notes.append(Note(None, f"These columns are not imported: {', '.join(layout.unknown)}."))
        rows = (layout.read(record, currency=self._partner.currency) for record in source.records())
        done = 0
        while batch := list(islice(rows, BATCH)):
            good = [row for row in batch if self._is_good(row)]
            created = await self._write(good) if good else 0
            self._report.created += created
            self._report.known += len(good) - created
            done += len(batch)
            self._progress(done, source.rows)
        return self._report

    def _is_good(self, row: Row) -> bool:
        """Tell whether a row can be imported, and report what there is to say of it."""
        problems = list(row.problems)
        if row.reference is not None:
            first = self._lines.setdefault(row.reference, row.line)
            if first != row.line:
                problems.append(f"this is the same client as on line {first}.")
        if problems:
            self._report.bad.append(Bad(row.line, " ".join(problems)))
            return False
        self._report.notes += [Note(row.line, note) for note in row.notes]
        return True

    async def _write(self, rows: Sequence[Row]) -> int:
        """Write those of a batch that are not known and return how many they were; another import may run as well."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return await self._write_once(rows)
            except (AlreadyExistsError, BusyError):
                if attempt == ATTEMPTS:
                    raise
                await asyncio.sleep(min(_PAUSE_SECONDS * attempt, _LONGEST_PAUSE))
        raise AssertionError  # pragma: no cover - the last attempt returned or raised

    async def _write_once(self, rows: Sequence[Row]) -> int:
        async with system_write(self._boundary, self._partner.id, self._attempt) as db:
            known = await clients.imported(db, SOURCE, [row.values["import_ref"] for row in rows])
            fresh = [row.values for row in rows if row.reference not in known]
            await clients.create_many(db, fresh, because="Imported from WHMCS.")
        return len(fresh)


def _opened(file: Path) -> BinaryIO:
    try:
        stream = file.open("rb")
    except OSError as error:
        message = f"The file cannot be read: {error.strerror}."
        raise CannotImportError(message) from error
    if not stream.seekable():
        stream.close()
        message = "The file is read twice; give a file on a disk, not a pipe."
        raise CannotImportError(message)
    return stream


async def _find_partner(owner_url: str, wanted: str) -> _Partner:
    connection = await connect(owner_url)
    try:
        async with connection.transaction(readonly=True):
            await connection.execute(f"SET LOCAL ROLE {rls.OWNER}")
            rows = await connection.fetch(f"SELECT id, name, currency FROM {SCHEMA}.partner_org")  # noqa: S608 - a constant
    finally:
        await connection.close()
    try:
        found = partners.named(rows, wanted)
    except partners.UnknownPartnerError as error:
        raise CannotImportError(str(error)) from error
    return _Partner(found["id"], found["currency"])


def _quiet(_done: int, _total: int) -> None:
    """Tell nobody."""
