"""The chain: whatever is done to a trail that was chained is found, and named where it was done."""

import hashlib
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final
from uuid import UUID

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.audit import audit_entry
from tenancy.trail import COLUMNS, GENESIS, MOST_TRACED, Fault, Link, Report, Walk, Wrong, canonical, chained, verify

Entry = dict[str, Any]

AT: Final = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
PARTNER: Final = UUID("019354e0-6278-7afb-87ea-6b2a8cba1d8e")
FORGED: Final = bytes(range(32))
_NEVER_NULL: Final = frozenset(column.name for column in audit_entry.c if not column.nullable) | {"seq"}


def an_entry(**said: Any) -> Entry:
    """Make an entry that says nothing but what it must and what is given."""
    return {
        **dict.fromkeys(COLUMNS),
        "partner_id": PARTNER,
        "id": PARTNER,
        "version": 1,
        "created_at": AT,
        "updated_at": AT,
        "org_internal": False,
        "actor_kind": "SYSTEM",
        "outcome": "DONE",
        "privilege": "SYSTEM",
        "operation": "test",
        "request_id": "request",
        **said,
    }


def chain(said: Sequence[Entry]) -> list[Entry]:
    """Number and chain entries as they stand."""
    made: list[Entry] = []
    for seq, entry in enumerate(said, 1):
        numbered = {**entry, "seq": seq}
        made.append({**numbered, "hash": chained(made[-1]["hash"] if made else GENESIS, numbered)})
    return made


def head_of(entries: Sequence[Entry]) -> Link:
    """Return the head of a chain."""
    return Link(entries[-1]["seq"], entries[-1]["hash"]) if entries else Link(0, GENESIS)


def a_chain(length: int) -> list[Entry]:
    """Chain as many entries, each of which says something else."""
    return chain([an_entry(operation=f"operation {number}") for number in range(1, length + 1)])


def faults(entries: Sequence[Entry], head: Link | None, *, anchor: Link | None = None) -> list[tuple[Wrong, int, int]]:
    """Return what is wrong with entries, walked in the order of their numbers."""
    walked = verify(sorted(entries, key=lambda entry: int(entry["seq"])), head, anchor=anchor)
    return [(fault.wrong, fault.first, fault.last) for fault in walked.faults]


texts: Final = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
moments: Final = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)).map(lambda at: at.replace(tzinfo=UTC))  # noqa: DTZ001 - Hypothesis bounds moments without a zone
_leaves: Final = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | texts
documents: Final = st.dictionaries(
    texts, st.recursive(_leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3))
)
_BY_TYPE: Final[dict[str, st.SearchStrategy[Any]]] = {
    "UUID": st.uuids(),
    "BIGINT": st.integers(1, 2**62),
    "DATETIME": moments,
    "BOOLEAN": st.booleans(),
    "TEXT": texts,
    "JSONB": documents,
}


def values_of(name: str) -> st.SearchStrategy[Any]:
    """Make values that a column can hold."""
    column = audit_entry.c[name]
    kind = {"CHAR(32)": "UUID"}.get(str(column.type), str(column.type))
    return _BY_TYPE[kind] if name in _NEVER_NULL else st.none() | _BY_TYPE[kind]


def entries_said() -> st.SearchStrategy[Entry]:
    return st.fixed_dictionaries({name: values_of(name) for name in COLUMNS})


said_chains: Final = st.lists(entries_said(), min_size=1, max_size=4).map(chain)
chains: Final = st.integers(1, 6).map(a_chain)


# The bytes that outsiders recompute.


def test_an_entry_is_written_as_the_description_says() -> None:
    madrid = timezone(timedelta(hours=1))
    entry = an_entry(
        seq=7,
        created_at=AT.astimezone(madrid),
        reason='é "quoted" \\ \n \x1f \x7f \u2028 \U0001f600',
        before={"b": None, "a": {"z": [True, 1], "é": -2}},
        after=None,
        hash=FORGED,
    )
    assert canonical(entry).decode() == (
        '{"actor_kind":"SYSTEM","before":{"a":{"z":[true,1],"é":-2},"b":null},'
        '"created_at":"2026-01-31T09:30:00.000000Z","id":"019354e0-6278-7afb-87ea-6b2a8cba1d8e","operation":"test",'
        '"org_internal":false,"outcome":"DONE","partner_id":"019354e0-6278-7afb-87ea-6b2a8cba1d8e",'
        '"privilege":"SYSTEM","reason":"é \\"quoted\\" \\\\ \\n \\u001f \x7f \u2028 \U0001f600","request_id":"request",'
        '"seq":7,"updated_at":"2026-01-31T09:30:00.000000Z","version":1}'
    )
    assert chained(FORGED, entry) == hashlib.sha256(FORGED + canonical(entry)).digest()


@given(entries_said())
def test_python_alone_writes_the_same_bytes(entry: Entry) -> None:
    said = {
        name: value.isoformat(timespec="microseconds").replace("+00:00", "Z")
        if isinstance(value, datetime)
        else str(value)
        if isinstance(value, UUID)
        else value
        for name, value in entry.items()
        if value is not None
    }
    plain = json.dumps(said, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    assert canonical(entry) == plain.encode()


def test_a_column_that_no_entry_has_yet_changes_no_bytes() -> None:
    assert canonical(an_entry(seq=1)) == canonical({**an_entry(seq=1), "column_of_a_later_release": "x"})
    assert b"null" not in canonical(an_entry(seq=1))


def test_bytes_have_no_form() -> None:
    with pytest.raises(TypeError):
        canonical(an_entry(seq=1, reason=b"bytes"))


def test_everything_but_the_hash_is_covered() -> None:
    assert set(COLUMNS) == set(audit_entry.c.keys()) - {"hash"}


# What is wrong, and where.


@hypothesis.settings(max_examples=25)
@given(said_chains, st.integers(0, 5))
def test_a_chain_that_nobody_touched_is_whole(entries: list[Entry], waiting: int) -> None:
    head = head_of(entries)
    for anchor in (None, Link(0, GENESIS), *(Link(entry["seq"], entry["hash"]) for entry in entries)):
        assert verify(entries, head, anchor=anchor, waiting=waiting) == Report(len(entries), waiting, head, ())


@pytest.mark.parametrize("name", [name for name in COLUMNS if name != "seq"])
@hypothesis.settings(max_examples=10)
@given(data=st.data())
def test_any_edit_is_found_where_it_was_made(name: str, data: st.DataObject) -> None:
    entries = data.draw(said_chains)
    place = data.draw(st.integers(0, len(entries) - 1))
    edited = data.draw(values_of(name).filter(lambda value: value != entries[place][name]))
    touched = [*entries[:place], {**entries[place], name: edited}, *entries[place + 1 :]]
    assert faults(touched, head_of(entries)) == [(Wrong.EDITED, place + 1, place + 1)]


@given(chains, st.data())
def test_an_edited_hash_is_found_where_it_was_edited(entries: list[Entry], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(entries) - 1))
    for forged in (FORGED, None):
        touched = [*entries[:place], {**entries[place], "hash": forged}, *entries[place + 1 :]]
        assert faults(touched, head_of(entries)) == [(Wrong.EDITED, place + 1, place + 1)]


@given(chains, st.data())
def test_an_edit_that_was_chained_anew_is_found_at_the_next_entry(entries: list[Entry], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(entries) - 1))
    edited = {**entries[place], "operation": entries[place]["operation"] + "!"}
    edited["hash"] = chained(entries[place - 1]["hash"] if place else GENESIS, edited)
    touched = [*entries[:place], edited, *entries[place + 1 :]]
    last = place + 1 == len(entries)
    expected = (Wrong.HEAD_DIFFERS, place + 1, place + 1) if last else (Wrong.EDITED, place + 2, place + 2)
    assert faults(touched, head_of(entries)) == [expected]


@given(chains, st.data())
def test_a_deleted_entry_is_missing(entries: list[Entry], data: st.DataObject) -> None:
    first = data.draw(st.integers(0, len(entries) - 1))
    last = data.draw(st.integers(first, len(entries) - 1))
    rest = [*entries[:first], *entries[last + 1 :]]
    wrong = Wrong.TRUNCATED if last + 1 == len(entries) else Wrong.MISSING
    assert faults(rest, head_of(entries)) == [(wrong, first + 1, last + 1)]


def swapped_numbers(one: Entry, other: Entry) -> tuple[Entry, Entry]:
    return {**one, "seq": other["seq"]}, {**other, "seq": one["seq"]}


def swapped_contents(one: Entry, other: Entry) -> tuple[Entry, Entry]:
    """Swap what two entries say and leave number and hash where they are."""
    places = ("seq", "hash")
    return (
        {**other, **{name: one[name] for name in places}},
        {**one, **{name: other[name] for name in places}},
    )


@pytest.mark.parametrize("swap", [swapped_numbers, swapped_contents])
@given(length=st.integers(2, 9), data=st.data())
def test_two_entries_that_changed_places_are_both_named(
    swap: Callable[[Entry, Entry], tuple[Entry, Entry]], length: int, data: st.DataObject
) -> None:
    entries = a_chain(length)
    one = data.draw(st.integers(0, length - 2))
    other = data.draw(st.integers(one + 1, length - 1))
    touched = list(entries)
    touched[one], touched[other] = swap(entries[one], entries[other])
    low, high = one + 1, other + 1
    assert faults(touched, head_of(entries)) == [(Wrong.MOVED, high, low), (Wrong.MOVED, low, high)][::-1]


def test_entries_that_moved_in_a_circle_are_named() -> None:
    entries = a_chain(9)
    numbers = {3: 5, 5: 8, 8: 3}
    touched = [{**entry, "seq": numbers.get(entry["seq"], entry["seq"])} for entry in entries]
    assert faults(touched, head_of(entries)) == [(Wrong.MOVED, 3, 8), (Wrong.MOVED, 5, 3), (Wrong.MOVED, 8, 5)]


def test_the_last_two_that_changed_places_leave_the_head_in_peace() -> None:
    entries = a_chain(4)
    touched = [*entries[:2], *swapped_numbers(entries[2], entries[3])]
    anchor = head_of(entries)
    assert faults(touched, head_of(entries), anchor=anchor) == [(Wrong.MOVED, 3, 4), (Wrong.MOVED, 4, 3)]


def test_entries_that_moved_up_into_a_gap_are_named_from_there() -> None:
    entries = a_chain(6)
    touched = [*entries[:2], *({**entry, "seq": entry["seq"] - 1} for entry in entries[3:])]
    assert faults(touched, head_of(entries)) == [(Wrong.EDITED, 3, 5), (Wrong.TRUNCATED, 6, 6)]


def test_an_entry_with_another_number_leaves_a_gap_and_makes_one() -> None:
    entries = a_chain(4)
    touched = [*entries[:1], {**entries[1], "seq": 9}, *entries[2:]]
    assert faults(touched, head_of(entries)) == [
        (Wrong.MISSING, 2, 2),
        (Wrong.MISSING, 5, 8),
        (Wrong.BEYOND, 5, 9),
    ]


@pytest.mark.parametrize("seq", [-1, 0, 2])
def test_an_entry_too_many_is_named(seq: int) -> None:
    entries = a_chain(3)
    assert faults([*entries, {**entries[0], "seq": seq}], head_of(entries)) == [(Wrong.STRAY, seq, seq)]


def test_what_follows_several_edits_is_still_checked() -> None:
    entries = a_chain(8)
    touched = [{**entry, "reason": "edited"} if entry["seq"] in {2, 3, 5, 8} else entry for entry in entries]
    assert faults(touched, head_of(entries)) == [(Wrong.EDITED, 2, 3), (Wrong.EDITED, 5, 5), (Wrong.EDITED, 8, 8)]


def test_more_edits_than_are_traced_are_named_as_well() -> None:
    entries = a_chain(MOST_TRACED + 3)
    touched = [{**entry, "reason": "edited"} for entry in entries]
    assert faults(touched, head_of(entries)) == [(Wrong.EDITED, 1, len(entries))]


# The head.


@given(chains)
def test_a_missing_head_is_a_fault_where_there_are_entries(entries: list[Entry]) -> None:
    assert faults(entries, None) == [(Wrong.HEAD_MISSING, len(entries), len(entries))]
    assert faults([], None) == []


@given(chains, st.data())
def test_entries_beyond_a_rewound_head_are_named(entries: list[Entry], data: st.DataObject) -> None:
    seq = data.draw(st.integers(0, len(entries) - 1))
    rewound = head_of(entries[:seq])
    assert faults(entries, rewound) == [(Wrong.BEYOND, seq + 1, len(entries))]


@given(chains, st.data())
def test_a_head_with_another_hash_is_named(entries: list[Entry], data: st.DataObject) -> None:
    seq = data.draw(st.integers(0, len(entries)))
    beyond = [(Wrong.BEYOND, seq + 1, len(entries))] if seq < len(entries) else []
    assert sorted(faults(entries, Link(seq, FORGED))) == sorted([(Wrong.HEAD_DIFFERS, seq, seq), *beyond])


def test_a_head_without_entries_counts_what_is_gone() -> None:
    assert faults([], head_of(a_chain(5))) == [(Wrong.TRUNCATED, 1, 5)]


# The anchor.


@given(st.integers(2, 8), st.data())
def test_a_chain_forged_with_its_head_is_found_by_an_anchor(length: int, data: st.DataObject) -> None:
    entries = a_chain(length)
    place = data.draw(st.integers(0, length - 1))
    forged = chain([*entries[:place], {**entries[place], "reason": "forged"}, *entries[place + 1 :]])
    assert faults(forged, head_of(forged)) == []
    for kept in entries:
        anchor = Link(kept["seq"], kept["hash"])
        found = [(Wrong.ANCHOR, kept["seq"], kept["seq"])] if kept["seq"] > place else []
        assert faults(forged, head_of(forged), anchor=anchor) == found


def test_a_tail_cut_with_its_head_is_found_by_an_anchor() -> None:
    entries = a_chain(5)
    cut = entries[:3]
    assert faults(cut, head_of(cut)) == []
    assert faults(cut, head_of(cut), anchor=head_of(entries)) == [(Wrong.ANCHOR, 5, 5)]
    assert faults([], None, anchor=head_of(entries)) == [(Wrong.ANCHOR, 5, 5)]


@pytest.mark.parametrize("text", ["", "7", "7:", ":" + "0" * 64, "-1:" + "0" * 64, "7:" + "0" * 63, "7:" + "g" * 64])
def test_what_is_no_anchor_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="64 hexadecimal digits"):
        Link.parse(text)


@given(st.integers(0, 10**17), st.binary(min_size=32, max_size=32))
def test_an_anchor_is_read_as_it_was_written(seq: int, digest: bytes) -> None:
    link = Link(seq, digest)
    assert Link.parse(str(link)) == link
    assert Link.parse(f" {str(link).upper()}\n") == link


# What people are told.


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Fault(Wrong.EDITED, 7, 7), "entry 7 is not what was chained"),
        (Fault(Wrong.EDITED, 7, 9), "entries 7 to 9 are not what was chained"),
        (Fault(Wrong.MISSING, 7, 7), "entry 7 is missing, so that entry 8 cannot be checked"),
        (Fault(Wrong.MISSING, 7, 8), "entries 7 to 8 are missing, so that entry 9 cannot be checked"),
        (Fault(Wrong.TRUNCATED, 7, 9), "entries 7 to 9 are missing at the end"),
        (Fault(Wrong.MOVED, 7, 9), "what was entry 9 is numbered 7"),
        (Fault(Wrong.STRAY, 7, 7), "one entry too many is numbered 7"),
        (Fault(Wrong.BEYOND, 7, 7), "entry 7 is numbered beyond the head"),
        (Fault(Wrong.HEAD_MISSING, 7, 7), "the head is missing, so that entries after 7 may be as well"),
        (Fault(Wrong.HEAD_DIFFERS, 7, 7), "the head does not hold the hash of entry 7"),
        (
            Fault(Wrong.ANCHOR, 7, 7),
            "entry 7 does not have the anchor's hash: it or one before it was rewritten, or it is gone",
        ),
    ],
    ids=lambda value: value.wrong.name if isinstance(value, Fault) else "",
)
def test_a_fault_is_said_with_its_place(fault: Fault, said: str) -> None:
    assert str(fault) == said


def test_a_walk_may_be_made_step_by_step() -> None:
    entries = a_chain(3)
    walk = Walk(head_of(entries))
    for entry in entries:
        walk.see(entry)
    assert walk.report(waiting=2) == verify(entries, head_of(entries), waiting=2)
