"""Files to import: what is read of them, what is refused and why; nothing of them is asked of a database."""

import io
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.imports import CannotImportError
from gateway.imports.reading import LARGEST_RECORD, CsvFile
from gateway.imports.rows import Layout, Row
from gateway.imports.whmcs import COLUMNS, column_of
from resolvers import clients
from tests.factories.imports import CARD, HEADER, Imports, person, written


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
async def test_imports_nothing_of_a_file_that_cannot_be_read(tmp_path: Path, text: str | bytes, says: str) -> None:
    imports = Imports("", "", tmp_path)
    with pytest.raises(CannotImportError) as refused:
        await imports.import_text(text)

    assert says in str(refused.value)
    assert "4111" not in str(refused.value)
    assert "\n" not in str(refused.value)


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
