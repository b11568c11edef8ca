"""Client exports as WHMCS makes them, with rows that must be refused, and what an import left in the database."""

import csv
import io
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from pydantic import SecretStr

from gateway.imports import Report, import_file
from gateway.settings import Settings
from storage.engine import connect

HEADER: Final = (
    "ID", "First Name", "Last Name", "Company Name", "Email", "Address 1", "Address 2", "City", "State", "Postcode",
    "Country", "Phone Number", "Currency", "Client Group ID", "Credit", "Creation Date", "Notes", "Status", "Language",
    "Tax Exempt", "Late Fees Overide", "Overdue Notices", "Separate Invoices", "Disable Auto CC",
    "Marketing Emails Opt-in", "Tax ID", "Default Payment Method",
)  # fmt: skip
CARD: Final = "4111 1111 1111 1111"

_WRONG: Final[tuple[tuple[str, str, str], ...]] = (
    ("Email", "", "Email: This must not be empty."),
    ("Email", "nobody at example", "Email: 'nobody at example' is not an e-mail address."),
    ("Country", "UK", "Country: 'UK' is not an ISO 3166-1 country code."),
    ("Phone Number", "020 7946 0000", "Phone Number: '020 7946 0000' is not a phone number"),
    ("Currency", "1", "Currency: '1' is not an ISO 4217 currency code in use."),
    ("Status", "Deleted", "Status: 'Deleted' is not Active, Inactive or Closed."),
    ("Notes", f"pays by {CARD}, 12/29", "Notes: this looks like a card number"),
    ("Notes", "a\0b", "this row holds a NUL byte."),
    ("Postcode", "9" * 41, "Postcode: This takes at most 40 characters."),
    ("Language", "klingonish", "Language: 'klingonish' is not a BCP 47 language tag"),
)
"""A column, what is wrong in it, and how the reason begins."""


def person(number: int, **cells: str) -> dict[str, str]:
    """Make a row by its headings."""
    row = {
        "ID": str(number),
        "First Name": "Zoë",
        "Last Name": f"O&#039;Brien {number}",
        "Company Name": f"Imported {number} Ltd" if number % 3 else "",
        "Email": f"Zoe.{number}@Imported.example",
        "Address 1": f"{number} High Street, Flat 2",
        "City": "Bristol",
        "Postcode": "BS1 4DJ",
        "Country": "gb",
        "Phone Number": "+44.2079460000",
        "Client Group ID": "0",
        "Credit": "0.00",
        "Creation Date": "2019-05-01",
        "Notes": f"Met at a fair.\nLikes {number}." if number % 7 == 0 else "",
        "Status": ("Active", "Inactive", "Closed")[number % 3],
        "Language": ("", "english", "spanish", "portuguese-br")[number % 4],
        "Tax Exempt": str(number % 2),
        "Late Fees Overide": "on" if number % 5 == 0 else "",
        "Marketing Emails Opt-in": "1",
        "Default Payment Method": "banktransfer",
    }
    return {**dict.fromkeys(HEADER, ""), **row, **cells}


def written(
    rows: Sequence[Mapping[str, str] | Sequence[str]], *, delimiter: str = ",", header: Sequence[str] = HEADER
) -> str:
    """Write rows as CSV under a header."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter)
    writer.writerow(header)
    writer.writerows([row[name] for name in HEADER] if isinstance(row, Mapping) else row for row in rows)
    return text.getvalue()


def export(path: Path, *, rows: int = 5_000, wrong_every: int = 100) -> dict[int, str]:
    """Write an export and return how the reason of each wrong row begins, by the line the row starts on."""
    made: list[Mapping[str, str] | Sequence[str]] = []
    wrong: dict[int, str] = {}
    line = 2
    for number in range(1, rows + 1):
        row: Mapping[str, str] | Sequence[str] = person(number)
        if number % wrong_every == 0:
            row, wrong[line] = _wrong(number, number // wrong_every)
        made.append(row)
        cells = row.values() if isinstance(row, Mapping) else row
        line += 1 + sum(cell.count("\n") for cell in cells)
    path.write_bytes(written(made).encode())
    return wrong


def _wrong(number: int, turn: int) -> tuple[Mapping[str, str] | Sequence[str], str]:
    kinds = len(_WRONG) + 3
    if turn % kinds < len(_WRONG):
        heading, cell, reason = _WRONG[turn % kinds]
        return person(number, **{heading: cell}), reason
    if turn % kinds == len(_WRONG):
        return [*person(number).values(), "one more"], "this row has 28 cells, the first line has 27."
    if turn % kinds == len(_WRONG) + 1:
        return person(number, ID="1"), "this is the same client as on line 2."
    nameless = {"First Name": "", "Company Name": "", "Country": "Wales"}
    return person(number, **nameless), "Country: 'WALES' is not an ISO 3166-1 country code. First Name: Give a company"


class Imports:
    """Imports of one file into one database."""

    def __init__(self, owner_url: str, login_url: str, directory: Path) -> None:
        self.owner_url = owner_url
        self.login_url = login_url
        self.directory = directory
        self.file = directory / "clients.csv"

    @property
    def settings(self) -> Settings:
        """Settings that have the import write as the unprivileged login."""
        return Settings(data_dir=self.directory, database_login_url=SecretStr(self.login_url))

    async def run(
        self, *, partner: str = "Alder Hosting", progress: Callable[[int, int], None] | None = None
    ) -> Report:
        """Import the file."""
        return await import_file(self.settings, self.owner_url, self.file, partner=partner, progress=progress)

    async def import_text(self, text: str | bytes, *, partner: str = "Alder Hosting") -> Report:
        """Import a file of this content."""
        self.file.write_bytes(text.encode() if isinstance(text, str) else text)
        return await self.run(partner=partner)

    def command(self, *, partner: str = "Alder Hosting") -> list[str]:
        """Return the command line that imports the file."""
        return [sys.executable, "-m", "gateway", "import", "clients", str(self.file), "--partner", partner]

    def environment(self) -> dict[str, str]:
        """Return the environment of the command."""
        return {
            **os.environ,
            "DATABASE_URL": self.owner_url,
            "DATABASE_LOGIN_URL": self.login_url,
            "GATEWAY_DATA_DIR": str(self.directory),
        }

    async def fetch(self, statement: str, *arguments: Any) -> list[Any]:
        """Ask as the owner, which sees every row."""
        connection = await connect(self.owner_url)
        try:
            await connection.execute("SET ROLE gateway_owner")
            rows: list[Any] = await connection.fetch(statement, *arguments)
            return rows
        finally:
            await connection.close()

    async def partner_id(self, name: str = "Alder Hosting") -> UUID:
        """Return a partner's id."""
        ((found,),) = await self.fetch("SELECT id FROM gateway.partner_org WHERE name = $1", name)
        identifier: UUID = found
        return identifier

    async def client(self, reference: str) -> dict[str, Any]:
        """Return one imported client."""
        (row,) = await self.fetch("SELECT * FROM gateway.client WHERE import_ref = $1", reference)
        return dict(row)

    async def imported(self) -> dict[str, int]:
        """Count the clients that `person` makes, the different ones, and what was written about them."""
        (counts,) = await self.fetch("""
            WITH made AS (SELECT * FROM gateway.client WHERE email LIKE '%@imported.example')
            SELECT count(*) AS clients, count(DISTINCT import_ref) AS different,
                (SELECT count(*) FROM gateway.event WHERE target_id IN (SELECT id FROM made)) AS events,
                (SELECT count(*) FROM gateway.audit_entry WHERE target_id IN (SELECT id FROM made)) AS entries,
                (SELECT count(DISTINCT client_id) FROM gateway.client_word WHERE word = 'imported.example'
                    AND client_id IN (SELECT id FROM made)) AS found
            FROM made""")
        return dict(counts)

    async def checksums(self, partner: str) -> dict[str, str]:
        """Return a checksum of every row of a partner in the tables that an import writes."""
        identifier = await self.partner_id(partner)
        made = {}
        for table in ("client", "client_word", "event", "audit_entry"):
            ((made[table],),) = await self.fetch(
                f"SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM gateway.{table} t WHERE partner_id = $1",
                identifier,
            )
        return made
