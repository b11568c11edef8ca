"""Importing clients: what is created, what is refused and why, and that nothing is lost or doubled whatever happens."""

import asyncio
import io
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.imports import CannotImportError, Report
from gateway.imports import clients as importing
from gateway.imports.reading import LARGEST_RECORD, CsvFile
from gateway.imports.rows import Layout, Row
from gateway.imports.whmcs import COLUMNS, column_of
from gateway.starting import CannotStartError
from resolvers import clients
from schema import node_ids
from storage.base import new_id
from storage.engine import Database, connect
from tests.conftest import LOGIN, as_login
from tests.factories.imports import CARD, HEADER, Imports, export, person, written

GOOD, WRONG = 4_950, 50
COMPLETE = {"clients": GOOD, "different": GOOD, "events": GOOD, "entries": GOOD, "found": GOOD}
TABLES = ("client", "client_word", "event", "audit_entry")
PATIENCE = 60.0


@pytest.fixture
def imports(fresh_database: str, tmp_path: Path) -> Imports:
    """Imports into a seeded database of the test's own."""
    return Imports(fresh_database, as_login(fresh_database), tmp_path)


async def start(imports: Imports, *, partner: str = "Alder Hosting") -> asyncio.subprocess.Process:
    """Run the command."""
    return await asyncio.create_subprocess_exec(
        *imports.command(partner=partner),
        env=imports.environment(),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def end(process: asyncio.subprocess.Process) -> tuple[int | None, str, list[str]]:
    """Return the exit code, what it printed, and the lines of what it complained of."""
    out, errors = await asyncio.wait_for(process.communicate(), PATIENCE)
    return process.returncode, out.decode(), errors.decode().splitlines()


def read(text: str | bytes, *, currency: str = "GBP") -> list[Row]:
    """Read a file's rows."""
    stream = io.BytesIO(text.encode() if isinstance(text, str) else text)
    source = CsvFile(stream, known=lambda heading: column_of(heading) is not None)
    layout = Layout(source.header)
    rows = [layout.read(record, currency=currency) for record in source.records()]
    assert len(rows) == source.rows
    return rows


def problems(text: str | bytes) -> dict[int, str]:
    """Return what is wrong with a file's rows by their lines."""
    return {row.line: " ".join(row.problems) for row in read(text) if row.problems}


def values(heading: str, cell: str) -> dict[str, Any]:
    """Return what one cell makes of an otherwise plain row."""
    (row,) = read(written([["1", "a@b.example", "A", cell]], header=["ID", "Email", "Company Name", heading]))
    assert row.problems == []
    return dict(row.values)


async def test_imports_the_good_rows_and_names_the_others(imports: Imports) -> None:
    wrong = export(imports.file)
    before = await imports.checksums("Birch Cloud")
    told: list[tuple[int, int]] = []

    report = await imports.run(progress=lambda done, total: told.append((done, total)))

    assert (report.created, report.known, len(report.bad)) == (GOOD, 0, WRONG)
    assert [bad.line for bad in report.bad] == sorted(wrong)
    assert [bad for bad in report.bad if not bad.reason.startswith(wrong[bad.line])] == []
    assert len(set(wrong.values())) == 13
    assert not any("4111" in bad.reason for bad in report.bad)
    assert await imports.imported() == COMPLETE
    assert told == [(done, 5_000) for done in range(500, 5_001, 500)]
    assert await imports.checksums("Birch Cloud") == before

    after = await imports.checksums("Alder Hosting")
    again = await imports.run()

    assert (again.created, again.known, again.bad) == (0, GOOD, report.bad)
    assert await imports.checksums("Alder Hosting") == after
    assert await imports.checksums("Birch Cloud") == before


async def test_takes_over_every_column(imports: Imports) -> None:
    row = person(2, **{"Overdue Notices": "1", "Separate Invoices": "yes", "Tax ID": "GB 123 4567 82"})
    await imports.import_text(written([row, person(3), person(5, Notes='Says "hello".\r\nTwice.')]))

    made = await imports.client("2")

    assert (made["display_name"], made["first_name"], made["last_name"]) == ("Imported 2 Ltd", "Zoë", "O'Brien 2")
    assert (made["email"], made["phone"]) == ("zoe.2@imported.example", "+442079460000")
    assert (made["address_line1"], made["city"], made["region"]) == ("2 High Street, Flat 2", "Bristol", None)
    assert (made["postcode"], made["country"], made["vat_number"]) == ("BS1 4DJ", "GB", "GB 123 4567 82")
    assert (made["status"], made["language"], made["currency"]) == ("CLOSED", "es", "GBP")
    assert (made["default_payment_method"], made["import_source"], made["version"]) == ("BANK_TRANSFER", "whmcs", 1)
    on = {name for name, value in made.items() if value is True}
    assert on == {"overdue_notices_off", "separate_invoices", "single_sign_on_allowed"}
    assert (await imports.client("3"))["display_name"] == "Zoë O'Brien 3"
    assert (await imports.client("5"))["admin_notes"] == 'Says "hello".\r\nTwice.'
    assert (await imports.client("5"))["late_fee_exempt"]


async def test_writes_what_the_api_writes_about_a_client(imports: Imports) -> None:
    await imports.import_text(written([person(2)]))
    made = await imports.client("2")

    (event,) = await imports.fetch("SELECT * FROM gateway.event WHERE target_id = $1", made["id"])
    (entry,) = await imports.fetch("SELECT * FROM gateway.audit_entry WHERE target_id = $1", made["id"])

    assert (event["type"], event["client_id"], event["partner_id"]) == (
        "client.created",
        made["id"],
        made["partner_id"],
    )
    assert (entry["operation"], entry["actor_kind"], entry["privilege"]) == ("importClients", "SYSTEM", "SYSTEM")
    assert (entry["reason"], entry["target_version"], entry["before"]) == ("Imported from WHMCS.", 1, None)
    assert event["payload"] == entry["after"]
    assert entry["after"]["email"] == "zoe.2@imported.example"
    found = await imports.fetch("SELECT word FROM gateway.client_word WHERE client_id = $1", made["id"])
    assert {"zoe", "brien", "imported", "zoe.2@imported.example"} <= {row["word"] for row in found}


@pytest.mark.parametrize(("seen", "delay"), [(1, 0.0), (1_400, 0.06), (3_400, 0.13)])
async def test_loses_and_doubles_nothing_when_killed(imports: Imports, seen: int, delay: float) -> None:
    export(imports.file)
    process = await start(imports)
    committed = await _wait_until_imported(imports, seen)
    await asyncio.sleep(delay)
    with suppress(ProcessLookupError):  # the last moment may be past the end
        process.kill()
    await end(process)
    await _wait_until_gone(imports)

    left = await imports.imported()

    assert len(set(left.values())) == 1, left
    assert committed <= left["clients"]
    code, out, errors = await end(await start(imports))
    assert code == 1
    assert out == f"{GOOD - left['clients']} created, {left['clients']} known already, {WRONG} refused\n"
    assert len([line for line in errors if line.startswith("line ")]) == WRONG
    assert await imports.imported() == COMPLETE


async def _wait_until_imported(imports: Imports, least: int) -> int:
    async with asyncio.timeout(PATIENCE):
        while True:
            count = (await imports.imported())["clients"]
            if count >= least:
                return count
            await asyncio.sleep(0.01)


async def _wait_until_gone(imports: Imports) -> None:
    query = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND usename = $1"
    async with asyncio.timeout(PATIENCE):
        while await imports.fetch(query, LOGIN):  # noqa: ASYNC110 - only the server knows
            await asyncio.sleep(0.01)


async def test_doubles_nothing_when_run_side_by_side(imports: Imports) -> None:
    export(imports.file)

    outcomes = [await end(process) for process in [await start(imports), await start(imports), await start(imports)]]

    assert [code for code, _out, _errors in outcomes] == [1, 1, 1]
    numbers = [[int(part.split()[0]) for part in out.split(", ")] for _code, out, _errors in outcomes]
    assert sum(created for created, _known, _bad in numbers) == GOOD
    assert all(created + known == GOOD for created, known, _bad in numbers)
    assert await imports.imported() == COMPLETE


async def test_reads_anew_what_is_known_when_another_import_was_first(
    imports: Imports, monkeypatch: pytest.MonkeyPatch
) -> None:
    await imports.import_text(written([person(1), person(2)]))
    look = clients.imported
    blind = iter([True])

    async def imported(db: Any, source: str, references: Sequence[str]) -> frozenset[str]:
        return frozenset() if next(blind, False) else await look(db, source, references)

    monkeypatch.setattr(clients, "imported", imported)
    report = await imports.import_text(written([person(1), person(2), person(3)]))

    assert (report.created, report.known) == (1, 2)
    assert next(blind, None) is None
    assert set((await imports.imported()).values()) == {3}


async def test_stops_when_the_table_stays_locked(imports: Imports, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "ATTEMPTS", 2)
    holder = await connect(imports.owner_url)
    async with holder.transaction():
        await holder.execute("LOCK TABLE gateway.client IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(CannotImportError, match="run the same command again"):
            await imports.import_text(written([person(1)]))
    await holder.close()

    assert set((await imports.imported()).values()) == {0}


async def test_writes_as_the_unprivileged_login(imports: Imports, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []

    class Watched(Database):
        async def open(self) -> None:
            opened.append(self.url)
            await super().open()

    monkeypatch.setattr(importing, "Database", Watched)
    await imports.import_text(written([person(1)]))

    assert opened == [imports.login_url]
    connection = await connect(imports.login_url)
    role = await connection.fetchrow("SELECT * FROM pg_roles WHERE rolname = session_user")
    may = await connection.fetchval("SELECT has_table_privilege('gateway.client', 'INSERT')")
    await connection.close()
    assert role is not None
    assert role["rolname"] == LOGIN
    assert not any(role[right] for right in ("rolsuper", "rolbypassrls", "rolinherit", "rolcreaterole"))
    assert not may


async def test_leaves_an_edited_client_as_it_is(imports: Imports) -> None:
    await imports.import_text(written([person(1)]))
    await imports.fetch("UPDATE gateway.client SET city = 'Bath' WHERE import_ref = '1'")

    report = await imports.import_text(written([person(1, City="London")]))

    assert (report.created, report.known) == (0, 1)
    assert (await imports.client("1"))["city"] == "Bath"


async def test_takes_the_same_file_for_another_partner(imports: Imports) -> None:
    text = written([person(1, Currency="USD"), person(2)])
    await imports.import_text(text)
    before = await imports.checksums("Alder Hosting")

    report = await imports.import_text(text, partner="birch cloud")

    assert report.created == 2
    assert await imports.checksums("Alder Hosting") == before
    made = await imports.fetch(
        "SELECT partner_id, import_ref, currency FROM gateway.client WHERE email LIKE '%@imported.example'"
    )
    alder, birch = await imports.partner_id(), await imports.partner_id("Birch Cloud")
    assert {tuple(row) for row in made} == {
        (alder, "1", "USD"), (alder, "2", "GBP"), (birch, "1", "USD"), (birch, "2", "EUR"),
    }  # fmt: skip


async def test_finds_the_partner_by_id_and_by_name(imports: Imports) -> None:
    alder = await imports.partner_id()
    text = written([person(1)])
    for name in (str(alder), node_ids.encode("PartnerOrg", alder), "Alder Hosting", " ALDER hosting "):
        report = await imports.import_text(text, partner=name)
        assert report.created + report.known == 1


@pytest.mark.parametrize(
    "name",
    ["Alder", "", str(new_id()), node_ids.encode("PartnerOrg", new_id())],
    ids=["part of a name", "nothing", "a UUID", "a node id"],
)
async def test_names_no_other_partner_when_there_is_none(imports: Imports, name: str) -> None:
    with pytest.raises(CannotImportError) as refused:
        await imports.import_text(written([person(1)]), partner=name)

    assert str(refused.value) == f"No partner is '{name}'."
    assert set((await imports.imported()).values()) == {0}


async def test_exits_with_2_when_there_is_no_such_partner(imports: Imports) -> None:
    imports.file.write_text(written([person(1)]))

    assert await end(await start(imports, partner="[/bold] x")) == (2, "", ["gateway: No partner is '[/bold] x'."])


async def test_does_not_guess_between_partners_of_one_name(imports: Imports) -> None:
    await imports.fetch("UPDATE gateway.partner_org SET name = 'ALDER hosting' WHERE name = 'Birch Cloud'")

    with pytest.raises(CannotImportError, match="Several partners"):
        await imports.import_text(written([person(1)]))


async def test_refuses_a_database_that_was_not_migrated(empty_database: str, tmp_path: Path) -> None:
    with pytest.raises(CannotStartError, match="gateway migrate"):
        await Imports(empty_database, as_login(empty_database), tmp_path).import_text(written([person(1)]))


async def test_reports_on_the_command_line(imports: Imports) -> None:
    rows = [person(1, Credit="12.50"), person(2, Notes=CARD), person(3)]
    imports.file.write_text(written([[*row.values(), "x"] for row in rows], header=[*HEADER, "Favourite Colour"]))

    code, out, errors = await end(await start(imports))

    assert (code, out) == (1, "2 created, 0 known already, 1 refused\n")
    assert errors == [
        "These columns are not imported: Creation Date, Favourite Colour.",
        "line 2: credit not imported",
        "line 3: Notes: this looks like a card number, which must not be stored here.",
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "The file is empty"),
        ("\ufeff\r\n\r\n", "The file is empty"),
        ("ID,First Name\n1,Zoë\n", "names no Email and Company Name (or First Name and Last Name)."),
        ("Email,First Name\na@b.example,Zoë\n", "names no Company Name"),
        ("Company Name\nA\n", "names no Email."),
        (f"1,{CARD},a@b.example,A\n", "must name its columns"),
        ("Email,Company,companyname\na@b.example,A,A\n", "Two columns of the file mean Company Name"),
        ("Email,Company\na@b.example,A\nb@b.example,Zo\xeb\n".encode("latin-1"), "Line 3: this is not UTF-8."),
        ("Email,Company\na@b.example,A\n".encode("utf-16"), "Line 1: this is not UTF-8."),
        ('Email,Company\na@b.example,A\nb@b.example,"B\nc@b.example,C\n', "Line 3: it cannot be told where"),
        ('Email,Company\na@b.example,"A" B\n', "Line 2: it cannot be told where"),
        ("Email,Company\ra@b.example,A\r", "Line 1: it cannot be told where"),
        (f'Email,Company\na@b.example,"{"x" * LARGEST_RECORD}"\n', "Line 2: this row is longer than 1 MiB"),
        ('Email,Company\na@b.example,"' + "x\n" * LARGEST_RECORD, "Line 2: this row is longer than 1 MiB"),
    ],
)
async def test_imports_nothing_of_a_file_that_cannot_be_read(imports: Imports, text: str | bytes, says: str) -> None:
    with pytest.raises(CannotImportError) as refused:
        await imports.import_text(text)

    assert says in str(refused.value)
    assert "4111" not in str(refused.value)
    assert "\n" not in str(refused.value)


async def test_exits_with_2_for_a_file_that_cannot_be_read(imports: Imports) -> None:
    rows = written([person(number) for number in range(1, 900)])
    imports.file.write_bytes(rows.encode() + b"\xff\xfe\n")

    code, out, errors = await end(await start(imports))

    assert (code, out, len(errors)) == (2, "", 1)
    assert "this is not UTF-8" in errors[0]
    assert set((await imports.imported()).values()) == {0}


async def test_wants_a_file_that_can_be_read_twice(tmp_path: Path) -> None:
    imports = Imports("", "", tmp_path)
    with pytest.raises(CannotImportError, match="cannot be read: No such file"):
        await imports.run()
    reading, writing = os.pipe()
    imports.file = Path(f"/dev/fd/{reading}")
    with pytest.raises(CannotImportError, match="not a pipe"):
        await imports.run()
    os.close(reading)
    os.close(writing)


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_reads_every_common_form(newline: str, delimiter: str, mark: str) -> None:
    lines = ["", 'email,"First Name",LASTNAME,Notes,id', "", 'a@b.example,Zoë,B,"a,b;c\td', 'e",1', ",,,,", "  ", ""]
    lines += ["b@b.example,C,D,,2,", "nobody,E,F,,3"]
    text = newline.join(lines).replace(",", delimiter)

    first, second, third = read(mark + text)

    assert (first.line, first.reference, first.problems) == (4, "1", [])
    assert first.values["admin_notes"] == f"a{delimiter}b;c\td{newline}e"
    assert (second.line, second.problems) == (9, ["this row has 6 cells, the first line has 5."])
    assert (third.line, third.problems) == (10, ["Email: 'nobody' is not an e-mail address."])


def test_knows_the_names_of_the_table_and_the_headings_in_any_case_and_order() -> None:
    for name, column in COLUMNS.items():
        for spelling in (name, name.upper(), column.heading, column.heading.lower(), f" {column.heading} "):
            assert column_of(spelling) is column
    for spelling, name in {
        "tax_id": "taxid", "Late Fees Overide": "latefeeoveride", "latefeeoveride": "latefeeoveride",
        "marketing_emails_opt_in": "marketingemailsoptin", "allow_sso": "allowsso", "Client Group ID": "groupid",
        "Gateway": "defaultgateway", "Disable CC Processing": "disableautocc", "Address_1": "address1",
    }.items():  # fmt: skip
        assert column_of(spelling) is COLUMNS[name]
    for unknown in ("password", "cardnum", "datecreated", "uuid", ""):
        assert column_of(unknown) is None


@pytest.mark.parametrize(
    ("heading", "cell", "field", "value"),
    [
        ("phonenumber", "+44.2079460000", "phone", "+442079460000"),
        ("phonenumber", "+1.212 555-0123", "phone", "+12125550123"),
        ("country", "de", "country", "DE"),
        ("currency", "eur", "currency", "EUR"),
        ("currency", "", "currency", "GBP"),
        ("language", "Ukranian", "language", "uk"),
        ("language", "portuguese-br", "language", "pt-BR"),
        ("language", "zh-Hant-TW", "language", "zh-Hant-TW"),
        ("status", "closed", "status", "CLOSED"),
        ("latefeeoveride", "on", "late_fee_exempt", True),
        ("overideduenotices", "1", "overdue_notices_off", True),
        ("disableautocc", "Yes", "card_processing_disabled", True),
        ("overrideautoclose", "1", "automatic_status_disabled", True),
        ("allow_sso", "0", "single_sign_on_allowed", False),
        ("marketing_emails_opt_in", "0", "marketing_opt_out", True),
        ("emailoptout", "1", "marketing_opt_out", True),
        ("notes", " Tom &amp; &quot;Jerry&quot; &lt;3 ", "admin_notes", 'Tom & "Jerry" <3'),
        ("defaultgateway", "mailin", "default_payment_method", "OFFLINE"),
    ],
)
def test_understands_the_words_of_whmcs(heading: str, cell: str, field: str, value: object) -> None:
    assert values(heading, cell)[field] == value


@pytest.mark.parametrize(("opted_in", "opted_out", "out"), [("1", "0", False), ("0", "0", True), ("1", "1", True)])
def test_opts_out_where_either_column_says_so(opted_in: str, opted_out: str, *, out: bool) -> None:
    header = ["email", "companyname", "marketing_emails_opt_in", "emailoptout"]
    (row,) = read(written([["a@b.example", "A", opted_in, opted_out]], header=header))

    assert row.values["marketing_opt_out"] is out


def test_notes_what_is_not_taken_over() -> None:
    header = ["email", "companyname", "credit", "groupid", "defaultgateway", "password", "\x1b[1m", CARD]
    stream = io.BytesIO(written([], header=header).encode())
    layout = Layout(CsvFile(stream, known=lambda heading: column_of(heading) is not None).header)
    noted, quiet = read(
        written(
            [
                ["a@b.example", "A", "-0.01", "4", "paypal", "x", "", ""],
                ["b@b.example", "B", "0.00", "0", "stripe", "", "", ""],
            ],
            header=header,
        )
    )

    assert layout.unknown == ["password", "[1m", "(looks like a card number)"]
    assert noted.problems == []
    assert list(noted.notes) == [
        "credit not imported",
        "client group not imported",
        "payment method not imported: it is not one of ours",
    ]
    assert list(quiet.notes) == []


def test_names_every_problem_of_a_row_at_once() -> None:
    row = person(7, **{"Company Name": "", "Last Name": "", "Email": "x", "City": "y" * 201, "Tax Exempt": "maybe"})

    (reason,) = problems(written([row])).values()

    assert reason == (
        "Email: 'x' is not an e-mail address. Tax Exempt: 'maybe' is not 1 or 0. City: This takes at most 200 "
        "characters. Last Name: Give a company name, or a first name and a last name."
    )


@pytest.mark.parametrize("heading", HEADER)
@pytest.mark.parametrize("number", [CARD, CARD.replace(" ", "-"), "5555555555554444", "378282246310005"])
def test_refuses_and_never_repeats_a_card_number(heading: str, number: str) -> None:
    (reason,) = problems(written([person(1, **{heading: number})])).values()

    assert "looks like a card number" in reason
    assert not any(part in reason for part in ("4111", "5555", "3782"))


def test_refuses_a_card_number_in_a_column_that_is_not_imported() -> None:
    text = written([["a@b.example", "A", CARD]], header=["email", "company", "cardnum"])

    assert problems(text) == {
        2: "A column that is not imported: this looks like a card number, which must not be stored here."
    }


def test_takes_a_long_cell_for_one_row_s_mistake() -> None:
    text = written([person(1, Notes="x" * 200_000), person(2)])

    assert problems(text) == {2: "Notes: This takes at most 20000 characters."}


async def test_tells_clients_apart_by_id_and_those_without_by_address(imports: Imports) -> None:
    rows = [["7", "a@b.example"], ["8", "a@b.example"], ["", "A@B.example"], ["7", "c@b.example"], ["", "a@b.example"]]
    text = written([[*row, "A"] for row in rows] + [["x y", "d@b.example", "A"]], header=["id", "email", "company"])

    report = await imports.import_text(text)
    again = await imports.import_text(text)

    assert _outcome(report) == (3, 0, [(5, 2), (6, 4), (7, None)])
    assert _outcome(again) == (0, 3, [(5, 2), (6, 4), (7, None)])
    assert (await imports.client("email:a@b.example"))["email"] == "a@b.example"


def _outcome(report: Report) -> tuple[int, int, list[tuple[int, int | None]]]:
    """Return the counts, and for each refused row its line and that of the row it repeats."""
    repeats = [(bad.line, bad.reason.rpartition(" line ")[2].rstrip(".")) for bad in report.bad]
    return (
        report.created,
        report.known,
        [(line, int(first) if first.isdigit() else None) for line, first in repeats],
    )


_cells = st.text() | st.sampled_from(["", "\0", '"', "'", CARD, "+44.2079460000", "&amp;", "a@b.example", "é" * 400])


@settings(deadline=None)
@given(data=st.binary() | st.text().map(str.encode))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with_header = ",".join(HEADER).encode() + b"\n" + data
    for content in (data, with_header):
        with suppress(CannotImportError):
            read(content)


@settings(deadline=None)
@given(rows=st.lists(st.lists(_cells, min_size=len(COLUMNS), max_size=len(COLUMNS))))
def test_any_cells_are_read_or_refused_by_row(rows: list[list[str]]) -> None:
    for row in read(written(rows, header=[*COLUMNS])):
        assert row.problems or row.reference
        if not row.problems:
            clients.new_row(row.values)
