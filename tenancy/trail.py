r"""The chain of a partner's audit trail: an entry's bytes, the hash that ties it to the last, and what breaks it.

An entry's hash is the SHA-256 of the hash of the entry before it, as 32 bytes, and the entry's canonical bytes.
Before a partner's first entry stand 32 zero bytes. The canonical bytes are one JSON object, UTF-8, no white space:

- Its keys are the columns of `audit_entry` without `hash`. A column that is NULL is left out, so that a column which is
  added later changes no hash of before. A `before` or `after` that holds JSON's null counts as NULL.
- Keys are sorted by code point, those inside `before` and `after` as well.
- Ids are lower-case with hyphens: `"019354e0-6278-7afb-87ea-6b2a8cba1d8e"`.
- Times are in UTC with six decimals: `"2026-01-31T09:30:00.000000Z"`.
- Whole numbers, booleans and nulls are written as JSON has them.
- Texts are escaped only where JSON demands it: `\"`, `\\`, `\b`, `\t`, `\n`, `\f`, `\r`, and other characters below
  U+0020 as `\u001f`, in lower case. Everything else stands for itself.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from itertools import groupby
from typing import Any, Final, Self
from uuid import UUID

import msgspec
import orjson

from storage.audit import audit_entry

GENESIS: Final = bytes(32)
"""What the first entry is chained to."""
COLUMNS: Final = tuple(str(column.name) for column in audit_entry.c if column.name != "hash")
"""What an entry's hash covers."""
MOST_TRACED: Final = 100
"""Of how many entries that do not fit the walk still finds out whether they only changed places."""

_LINK: Final = re.compile(r"(?P<seq>[0-9]{1,18}):(?P<hash>[0-9a-fA-F]{64})")


def canonical(entry: Mapping[str, Any]) -> bytes:
    """Write an entry as the bytes that are hashed.

    Raises:
        TypeError: a column holds what JSON has no form for.
    """
    said = {name: _plain(entry[name]) for name in COLUMNS if entry[name] is not None}
    return orjson.dumps(said, option=orjson.OPT_SORT_KEYS)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
    return str(value) if isinstance(value, UUID) else value


def chained(previous: bytes, entry: Mapping[str, Any]) -> bytes:
    """Return the hash of an entry that follows one with the hash `previous`."""
    return hashlib.sha256(previous + canonical(entry)).digest()


class Link(msgspec.Struct, frozen=True):
    """A place in a chain and the hash that stands there: the head, or an anchor that was kept outside the database."""

    seq: int
    hash: bytes

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `SEQ:HASH`, the hash in hexadecimal.

        Raises:
            ValueError: it is something else.
        """
        found = _LINK.fullmatch(text.strip())
        if found is None:
            message = "An anchor is a number, a colon and 64 hexadecimal digits."
            raise ValueError(message)
        return cls(int(found["seq"]), bytes.fromhex(found["hash"]))

    def __str__(self) -> str:
        """Write it as `parse` reads it."""
        return f"{self.seq}:{self.hash.hex()}"


class Wrong(StrEnum):
    """What can be wrong with a chain; a fault's text is its form with the places filled in."""

    EDITED = "{span} not what was chained"
    MISSING = "{span} missing, so that entry {next} cannot be checked"
    TRUNCATED = "{span} missing at the end"
    MOVED = "what was entry {last} is numbered {first}"
    STRAY = "one entry too many is numbered {first}"
    BEYOND = "{span} numbered beyond the head"
    HEAD_MISSING = "the head is missing, so that entries after {last} may be as well"
    HEAD_DIFFERS = "the head does not hold the hash of entry {first}"
    ANCHOR = "entry {first} does not have the anchor's hash: it or one before it was rewritten, or it is gone"


class Fault(msgspec.Struct, frozen=True):
    """One thing that is wrong, with the numbers of the entries from `first` to `last`.

    Of an entry that was moved, `first` is the number that it bears and `last` the one that it was chained with.
    """

    wrong: Wrong
    first: int
    last: int

    def __str__(self) -> str:
        """Say it to the person who checks."""
        one = self.first == self.last
        span = f"entry {self.first} is" if one else f"entries {self.first} to {self.last} are"
        return self.wrong.value.format(span=span, first=self.first, last=self.last, next=self.last + 1)


class Report(msgspec.Struct, frozen=True):
    """What a walk found: how many entries are chained, how many wait for it, and every fault by its place."""

    entries: int
    waiting: int
    head: Link | None
    faults: tuple[Fault, ...]


class _Unfit(msgspec.Struct, frozen=True):
    """An entry whose hash does not follow from any of the hashes that may stand `before` it."""

    entry: Mapping[str, Any]
    before: tuple[bytes, ...]

    @property
    def seq(self) -> int:
        return int(self.entry["seq"])

    @property
    def hash(self) -> bytes:
        return self.entry["hash"] or b""


class Walk:
    """A walk along one partner's entries in the order of their numbers, against its head and somebody's anchor.

    After an entry that does not fit, both its stored hash and the one that its content gives may stand before the next:
    where the content was edited the chain goes on from the former, where the hash was, from the latter.
    """

    def __init__(self, head: Link | None, anchor: Link | None = None) -> None:
        self._head = head
        self._anchor = anchor
        self._entries = 0
        self._last = 0
        self._may_precede: tuple[bytes, ...] = (GENESIS,)
        self._at: dict[int, tuple[bytes, ...]] = {0: self._may_precede}
        self._marked = {link.seq for link in (head, anchor) if link is not None}
        self._unfit: list[_Unfit] = []
        self._edited: list[int] = []
        self._faults: list[Fault] = []

    def see(self, entry: Mapping[str, Any]) -> None:
        """Take the next entry: every column of it, its number set."""
        seq = entry["seq"]
        self._entries += 1
        if seq <= self._last:
            self._faults.append(Fault(Wrong.STRAY, seq, seq))
            return
        if seq > self._last + 1:
            self._faults.append(Fault(Wrong.MISSING, self._last + 1, seq - 1))
            self._may_precede = ()
        self._last = seq
        self._may_precede = self._followed_by(entry)
        if seq in self._marked:
            self._at[seq] = self._may_precede

    def _followed_by(self, entry: Mapping[str, Any]) -> tuple[bytes, ...]:
        """Check one entry, and return the hashes that may stand before the next."""
        stored = entry["hash"] or b""
        given = [chained(previous, entry) for previous in self._may_precede]
        if not given or stored in given:
            return (stored,)
        if len(self._unfit) < MOST_TRACED:
            self._unfit.append(_Unfit(entry, self._may_precede))
        else:
            self._edited.append(entry["seq"])
        return stored, given[0]

    def report(self, *, waiting: int = 0) -> Report:
        """End the walk; `waiting` is how many entries of the partner have no number yet."""
        moved, hashes = self._trace()
        edited = [Fault(Wrong.EDITED, first, last) for first, last in _spans(sorted(self._edited))]
        found = (*self._faults, *moved, *edited, *self._at_the_end(hashes), *self._at_the_anchor(hashes))
        return Report(self._entries, waiting, self._head, tuple(sorted(found, key=lambda fault: fault.first)))

    def _trace(self) -> tuple[list[Fault], dict[int, bytes]]:
        """Tell entries that changed places from those that were edited, and find the hashes of their places."""
        moved: list[Fault] = []
        hashes: dict[int, bytes] = {}
        for place in self._unfit:
            before = (hashes[place.seq - 1],) if place.seq - 1 in hashes else place.before
            rightful, digest = self._rightful(place, before)
            if rightful is None:
                self._edited.append(place.seq)
                continue
            hashes[place.seq] = digest
            if rightful is not place:
                moved.append(Fault(Wrong.MOVED, rightful.seq, place.seq))
        return moved, hashes

    def _rightful(self, place: _Unfit, before: Sequence[bytes]) -> tuple[_Unfit | None, bytes]:
        """Find the entry that was chained at a place: its own where only what stands before it was moved."""
        for found in (place, *self._unfit):
            here = {**found.entry, "seq": place.seq}
            for previous in before:
                digest = chained(previous, here)
                if digest in {place.hash, found.hash}:
                    return found, digest
        return None, b""

    def _at_the_end(self, hashes: Mapping[int, bytes]) -> Iterator[Fault]:
        if self._head is None:
            if self._last:
                yield Fault(Wrong.HEAD_MISSING, self._last, self._last)
            return
        counted = self._head.seq
        if counted > self._last:
            yield Fault(Wrong.TRUNCATED, self._last + 1, counted)
        if counted < self._last:
            yield Fault(Wrong.BEYOND, counted + 1, self._last)
        if counted in self._at and not self._holds(self._head, hashes):
            yield Fault(Wrong.HEAD_DIFFERS, counted, counted)

    def _at_the_anchor(self, hashes: Mapping[int, bytes]) -> Iterator[Fault]:
        if self._anchor is not None and not self._holds(self._anchor, hashes):
            yield Fault(Wrong.ANCHOR, self._anchor.seq, self._anchor.seq)

    def _holds(self, link: Link, hashes: Mapping[int, bytes]) -> bool:
        return link.hash in {*self._at.get(link.seq, ()), hashes.get(link.seq)}


def verify(
    entries: Iterable[Mapping[str, Any]], head: Link | None, *, anchor: Link | None = None, waiting: int = 0
) -> Report:
    """Walk one partner's numbered entries, in the order of their numbers, and tell everything that is wrong."""
    walk = Walk(head, anchor)
    for entry in entries:
        walk.see(entry)
    return walk.report(waiting=waiting)


def _spans(numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Draw neighbours together: 1, 2, 3, 7 are 1 to 3 and 7 to 7."""
    for _, neighbours in groupby(enumerate(numbers), lambda place: place[1] - place[0]):
        span = [number for _, number in neighbours]
        yield span[0], span[-1]
