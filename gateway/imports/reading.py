"""A CSV file as records that know the line they start on; one that cannot be cut into records is refused whole.

Nothing here knows what the columns mean. A file is read twice, a record at a time: once to see that it can be read
to its end, so that nothing is imported of a file that breaks off, and once for its rows.
"""

import csv
from collections.abc import Callable, Iterator, Sequence
from typing import BinaryIO, Final, NamedTuple

DELIMITERS: Final = (",", ";", "\t")
LARGEST_RECORD: Final = 1 << 20
"""Bytes of the longest record; a quotation mark that nobody closed would otherwise swallow the rest of the file."""


class CannotImportError(Exception):
    """Something stands in the way of the import; the message is one line for people."""


class Record(NamedTuple):
    """The cells of one row, and the line of the file that it starts on, from 1."""

    line: int
    cells: list[str]


class CsvFile:
    """A file that was read to its end once: its delimiter, its header and the number of its rows."""

    def __init__(self, stream: BinaryIO, known: Callable[[str], bool]) -> None:
        """Read the file through; `known` tells a column's name, and so which delimiter the header is cut by.

        Raises:
            CannotImportError: it is not UTF-8, or its quotation marks do not match, or it is empty.
        """
        self._stream = stream
        self._delimiter = max(DELIMITERS, key=lambda delimiter: _score(_header(stream, delimiter), known))
        records = _records(stream, self._delimiter)
        header = next(records, None)
        if header is None:
            message = "The file is empty; its first line must name the columns."
            raise CannotImportError(message)
        self.header: Sequence[str] = header.cells
        self.rows = sum(1 for _ in records)

    def records(self) -> Iterator[Record]:
        """Read the rows, the header aside."""
        records = _records(self._stream, self._delimiter)
        next(records, None)
        yield from records


def _header(stream: BinaryIO, delimiter: str) -> list[str]:
    try:
        first = next(_records(stream, delimiter), None)
    except CannotImportError:
        return []
    return first.cells if first else []


def _score(cells: Sequence[str], known: Callable[[str], bool]) -> int:
    return sum(map(known, cells))


def _records(stream: BinaryIO, delimiter: str) -> Iterator[Record]:
    """Cut a file into its records; lines that are empty, or hold nothing but delimiters, are passed over."""
    # The module's own limit is lower; a long cell is one row's mistake, and LARGEST_RECORD bounds the memory.
    csv.field_size_limit(LARGEST_RECORD)
    lines = _Lines(stream)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        lines.begin()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            message = f"Line {lines.first}: it cannot be told where this row ends ({error}). Nothing was imported."
            raise CannotImportError(message) from error
        if any(cell.strip() for cell in cells):
            yield Record(lines.first, cells)


class _Lines:
    """The lines of a file as text, counted as an editor counts them."""

    def __init__(self, stream: BinaryIO) -> None:
        stream.seek(0)
        self.first = 1
        self._stream = stream
        self._number = 0
        self._taken = 0

    def begin(self) -> None:
        """Note that the next line begins a record."""
        self.first = self._number + 1
        self._taken = 0

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        raw = self._stream.readline(LARGEST_RECORD + 1)
        if not raw:
            raise StopIteration
        self._number += 1
        self._taken += len(raw)
        if self._taken > LARGEST_RECORD:
            message = f"Line {self.first}: this row is longer than 1 MiB; is a quotation mark not closed?"
            raise CannotImportError(message)
        try:
            return raw.decode("utf-8-sig" if self._number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            message = f"Line {self._number}: this is not UTF-8. Save the file as UTF-8; nothing was imported."
            raise CannotImportError(message) from error
