"""One row of an export: read and checked by what the API reads and checks its inputs by."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from gateway.imports.reading import CannotImportError, Record
from gateway.imports.whmcs import COLUMNS, SOURCE, Column, column_of, unescaped
from resolvers import clients
from resolvers.rules.card_numbers import contains_card_number, looks_like_card_number, mentions_card_number
from schema.scalars import InvalidScalarError

_CARD_NUMBER: Final = "this looks like a card number, which must not be stored here."
_HEADINGS: Final = {column.field: column.heading for column in COLUMNS.values()}
_LONGEST_SHOWN: Final = 40


class Row(msgspec.Struct, frozen=True):
    """One row as far as it could be read: `problems` keep it from being imported, `notes` do not.

    `reference` names the client where it comes from; None where it cannot be told.
    """

    line: int
    reference: str | None
    values: Mapping[str, Any]
    problems: Sequence[str]
    notes: Sequence[str] = ()


class Layout:
    """The columns of one file."""

    def __init__(self, header: Sequence[str]) -> None:
        """Recognise the header.

        Raises:
            CannotImportError: a column that every client needs is missing, or one is there twice.
        """
        self._columns = [column_of(heading) for heading in header]
        fields = [column.field for column in self._columns if column]
        twice = next((field for field in fields if fields.count(field) > 1), None)
        if twice is not None:
            message = f"Two columns of the file mean {_HEADINGS[twice]}; remove one of them."
            raise CannotImportError(message)
        lacking = " and ".join(_lacking(frozenset(fields)))
        if lacking:
            message = f"The first line of the file must name its columns; it names no {lacking}."
            raise CannotImportError(message)
        pairs = zip(header, self._columns, strict=True)
        self.unknown = [_shown(heading) for heading, column in pairs if column is None]

    def read(self, record: Record, *, currency: str) -> Row:
        """Read one row; `currency` is taken where it names none."""
        if len(record.cells) != len(self._columns):
            problem = f"this row has {len(record.cells)} cells, the first line has {len(self._columns)}."
            return Row(record.line, None, {}, [problem])
        if any("\0" in cell for cell in record.cells):
            return Row(record.line, None, {}, ["this row holds a NUL byte."])
        draft = _Draft()
        for column, cell in zip(self._columns, record.cells, strict=True):
            draft.take(column, unescaped(cell).strip())
        return draft.row(record.line, currency=currency)


def _lacking(fields: frozenset[str]) -> list[str]:
    names = "Company Name (or First Name and Last Name)"
    named = "company_name" in fields or fields.issuperset({"first_name", "last_name"})
    return [heading for heading, found in (("Email", "email" in fields), (names, named)) if not found]


def _shown(heading: str) -> str:
    """Return what may be shown of an unknown heading: a file without a header has data in its place."""
    if contains_card_number(heading):
        return "(looks like a card number)"
    printable = "".join(letter for letter in heading if letter.isprintable()).strip()
    return printable[:_LONGEST_SHOWN] or "(without a name)"


class _Draft:
    """A row while its cells are read."""

    def __init__(self) -> None:
        self._values: dict[str, Any] = {}
        self._problems: list[str] = []
        self._notes: list[str] = []
        self._broken: set[str] = set()

    def take(self, column: Column | None, text: str) -> None:
        """Read one cell; of a column that is not imported, only that it holds no card number."""
        if column is None:
            if looks_like_card_number(text):
                self._problems.append(f"A column that is not imported: {_CARD_NUMBER}")
        elif mentions_card_number(text[: clients.LONGEST_NOTES]):  # what is longer is refused, or not stored
            self._refuse(column, _CARD_NUMBER)
        elif text:
            try:
                self._values[column.field] = column.read(text)
            except InvalidScalarError as error:
                self._refuse(column, error.message)

    def _refuse(self, column: Column, problem: str) -> None:
        self._problems.append(f"{column.heading}: {problem}")
        self._broken.add(column.field)

    def row(self, line: int, *, currency: str) -> Row:
        """Return what the cells make, checked as a whole."""
        reference = self._reference()
        self._settle()
        values = {"currency": currency, **self._values, "import_source": SOURCE, "import_ref": reference}
        faults = [fault for fault in clients.faults(values) if fault.path[0] not in self._broken]
        problems = [*self._problems, *(f"{_HEADINGS[fault.path[0]]}: {fault.message}" for fault in faults)]
        return Row(line, reference, values, problems, self._notes)

    def _reference(self) -> str | None:
        """Name the client by its id, or by its e-mail address where it has none."""
        identifier, user = self._values.pop("id", None), self._values.pop("userid", None)
        if self._broken & {"id", "userid"}:
            return None
        email = self._values.get("email")
        return identifier or user or (f"email:{email}" if email else None)

    def _settle(self) -> None:
        """Turn what a client has no field for into the fields it has, or into notes."""
        values = self._values
        if "marketing_opt_in" in values:
            values["marketing_opt_out"] = not values.pop("marketing_opt_in") or values.get("marketing_opt_out", False)
        if values.pop("credit", None) is not None:
            self._notes.append("credit not imported")
        if values.pop("group", None) is not None:
            self._notes.append("client group not imported")
        if values.get("default_payment_method", "") is None:
            self._notes.append("payment method not imported: it is not one of ours")
