"""Whatever is done to a trail in the database is found by checking it, and named where it was done."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

import pytest
import pytest_asyncio

from gateway.auditing import MOST_SHOWN, CannotVerifyError, Trail, verify
from gateway.starting import CannotStartError
from schema import node_ids
from storage.audit import audit_entry
from storage.base import new_id
from storage.engine import DatabaseUnreachableError
from tenancy.trail import GENESIS, Fault, Link, Report, Wrong
from tests.conftest import TEMPLATE, recreate
from tests.gateway.trails import Trails, opened
from tests.tenancy.contention import Line

LENGTH: Final = 7
PLACE: Final = 4
FORGED: Final[Mapping[str, str]] = {
    "UUID": "gen_random_uuid()",
    "CHAR(32)": "gen_random_uuid()",
    "BIGINT": "coalesce({name}, 0) + 1",
    "DATETIME": "{name} + interval '1 microsecond'",
    "BOOLEAN": "NOT {name}",
    "TEXT": "coalesce({name}, '') || ' '",
    "JSONB": """'{{"forged": true}}'""",
}
COLUMNS: Final = [str(name) for name in audit_entry.c.keys() if name not in {"partner_id", "seq", "hash"}]  # noqa: SIM118 - not a dict


@pytest_asyncio.fixture(scope="module")
async def trails(server_url: str, worker_id: str) -> AsyncIterator[Trails]:
    """Trails of the module's own: the first partner's is chained, another's as well, and one has two entries to go."""
    url = await recreate(server_url, f"gateway_test_{worker_id}_auditing", template=TEMPLATE)
    async with opened(url) as made:
        await made.write(times=LENGTH)
        await made.write(made.partners[1], times=2)
        await made.number_all()
        await made.write(times=2)
        yield made


@asynccontextmanager
async def tampered(trails: Trails, *statements: str) -> AsyncIterator[None]:
    """Change what stands there as the tables' owner, who can, and put it back afterwards."""
    tables = ("audit_entry", "trail_head")
    for table in tables:
        await trails.owner.execute(f"CREATE TEMPORARY TABLE kept_{table} AS TABLE gateway.{table}")
    try:
        for statement in statements:
            await trails.owner.execute(statement.replace("$1", f"'{trails.partner}'"))
        yield
    finally:
        for table in tables:
            await trails.owner.execute(
                f"DELETE FROM gateway.{table}; INSERT INTO gateway.{table} TABLE kept_{table}; DROP TABLE kept_{table}"
            )


async def found(trails: Trails, anchor: str | None = None) -> list[tuple[Wrong, int, int]]:
    """Check the first partner's trail."""
    (trail,) = [trail async for trail in verify(trails.url, partner=str(trails.partner), anchor=anchor)]
    return [(fault.wrong, fault.first, fault.last) for fault in trail.report.faults]


def at(seq: int, change: str) -> str:
    return f"UPDATE gateway.audit_entry SET {change} WHERE partner_id = $1 AND seq = {seq}"


@pytest.mark.parametrize("name", COLUMNS)
async def test_an_edit_of_any_column_is_found(trails: Trails, name: str) -> None:
    value = "'DENIED'" if name == "outcome" else FORGED[str(audit_entry.c[name].type)].format(name=name)
    async with tampered(trails, at(PLACE, f"{name} = {value}")):
        assert await found(trails) == [(Wrong.EDITED, PLACE, PLACE)]
    assert await found(trails) == []


_SWAP: Final = (at(2, "seq = -1"), at(6, "seq = 2"), at(-1, "seq = 6"))
_END: Final = LENGTH + 1
_CUT: Final = "DELETE FROM gateway.audit_entry WHERE partner_id = $1 AND seq > 5"
_REWOUND: Final = """
UPDATE gateway.trail_head SET audit_seq = 5, audit_hash =
       (SELECT hash FROM gateway.audit_entry WHERE partner_id = $1 AND seq = 5) WHERE id = $1
"""


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ((at(PLACE, "hash = '\\x00'"),), [(Wrong.EDITED, PLACE, PLACE)]),
        ((at(PLACE, "hash = NULL"),), [(Wrong.EDITED, PLACE, PLACE)]),
        ((at(PLACE, "after = NULL"),), [(Wrong.EDITED, PLACE, PLACE)]),
        ((at(PLACE, "partner_id = gen_random_uuid()"),), [(Wrong.MISSING, PLACE, PLACE)]),
        ((at(PLACE, "seq = NULL"),), [(Wrong.MISSING, PLACE, PLACE)]),
        (
            (at(PLACE, "seq = 99"),),
            [(Wrong.MISSING, PLACE, PLACE), (Wrong.MISSING, _END, 98), (Wrong.BEYOND, _END, 99)],
        ),
        (("DELETE FROM gateway.audit_entry WHERE partner_id = $1 AND seq = 3",), [(Wrong.MISSING, 3, 3)]),
        (_SWAP, [(Wrong.MOVED, 2, 6), (Wrong.MOVED, 6, 2)]),
        ((_CUT,), [(Wrong.TRUNCATED, 6, LENGTH)]),
        (("DELETE FROM gateway.audit_entry WHERE partner_id = $1",), [(Wrong.TRUNCATED, 1, LENGTH)]),
        (("DELETE FROM gateway.trail_head WHERE id = $1",), [(Wrong.HEAD_MISSING, LENGTH, LENGTH)]),
        (
            ("UPDATE gateway.trail_head SET audit_seq = 5 WHERE id = $1",),
            [(Wrong.HEAD_DIFFERS, 5, 5), (Wrong.BEYOND, 6, LENGTH)],
        ),
        (
            (_REWOUND,),
            [(Wrong.BEYOND, 6, LENGTH)],
        ),
        (("UPDATE gateway.trail_head SET audit_hash = '\\x00' WHERE id = $1",), [(Wrong.HEAD_DIFFERS, LENGTH, LENGTH)]),
    ],
    ids=[
        *("hash edited", "hash removed", "content removed", "given to another partner", "number removed"),
        *("renumbered", "deleted", "swapped", "truncated", "all deleted", "head deleted"),
        *("head rewound", "head rewound to an earlier link", "head's hash edited"),
    ],
)
async def test_what_was_done_to_a_trail_is_found(
    trails: Trails, statements: tuple[str, ...], expected: list[tuple[Wrong, int, int]]
) -> None:
    async with tampered(trails, *statements):
        assert sorted(await found(trails)) == sorted(expected)
    assert await found(trails) == []


async def test_a_tail_cut_off_with_its_head_is_found_by_an_anchor_alone(trails: Trails) -> None:
    head = await trails.head()
    kept = str(Link(head["audit_seq"], head["audit_hash"]))
    assert await found(trails, kept) == []
    async with tampered(trails, _REWOUND, _CUT):
        assert await found(trails) == []
        assert await found(trails, kept) == [(Wrong.ANCHOR, LENGTH, LENGTH)]


async def test_every_partner_is_checked_and_told_in_one_line(trails: Trails) -> None:
    walked = [trail async for trail in verify(trails.url)]
    assert len(walked) == len(trails.partners)
    reports = {trail.report.entries: trail for trail in walked}
    assert {entries: trail.report.waiting for entries, trail in reports.items()} == {LENGTH: 2, 2: 0, 0: 0}
    head = await trails.head()
    first = reports[LENGTH]
    assert str(first) == (
        f"{first.partner}: {LENGTH} entries, head {LENGTH}:{head['audit_hash'].hex()}, 2 not yet chained: OK"
    )
    assert str(reports[0]).endswith(": 0 entries, no head, 0 not yet chained: OK")


async def test_a_trail_whose_partner_is_gone_is_checked_as_well(trails: Trails) -> None:
    async with tampered(trails, at(PLACE, "partner_id = '00000000-0000-7000-8000-000000000000'")):
        told = [str(trail) async for trail in verify(trails.url)]
    (stray,) = [line for line in told if line.startswith("00000000-0000-7000-8000-000000000000: 1 entries, no head")]
    assert "entries 1 to 3 are missing" in stray
    assert "the head is missing" in stray


async def test_a_partner_is_named_by_its_id_or_its_name(trails: Trails) -> None:
    name = await trails.owner.fetchval("SELECT name FROM gateway.partner_org WHERE id = $1", trails.partner)
    for wanted in (str(trails.partner), node_ids.encode("PartnerOrg", trails.partner), f" {name.upper()} "):
        assert [trail.partner async for trail in verify(trails.url, partner=wanted)] == [name]


async def refusal(trails: Trails, **asked: Any) -> str:
    with pytest.raises(CannotVerifyError) as refused:
        _ = [trail async for trail in verify(trails.url, **asked)]
    return str(refused.value)


async def test_what_cannot_be_checked_is_said(trails: Trails) -> None:
    another_kind = node_ids.encode("Client", trails.partner)
    for wanted in ("Nobody", str(new_id()), another_kind):
        assert await refusal(trails, partner=wanted) == f"No partner is '{wanted}'."
    assert "name it with --partner" in await refusal(trails, anchor=f"1:{GENESIS.hex()}")
    assert "64 hexadecimal digits" in await refusal(trails, partner=str(trails.partner), anchor="1:2")
    await trails.owner.execute(
        "UPDATE gateway.partner_org SET name = 'The Same' WHERE id = ANY ($1)", trails.partners[1:]
    )
    assert await refusal(trails, partner="the same") == "Several partners are called 'the same': give the id."


async def test_a_database_that_was_never_migrated_is_refused(empty_database: str) -> None:
    with pytest.raises(CannotStartError, match="gateway migrate"):
        _ = [trail async for trail in verify(empty_database)]


async def test_a_database_that_cannot_be_reached_or_goes_away_is_refused(trails: Trails) -> None:
    line = Line(trails.url)
    with pytest.raises(DatabaseUnreachableError):
        _ = [trail async for trail in verify(line.url)]
    await line.mend()
    walk = verify(line.url)
    await anext(walk)
    await line.cut()
    with pytest.raises(CannotVerifyError, match="went away"):
        await anext(walk)
    await line.remove()


def test_of_many_faults_the_first_are_told() -> None:
    faults = tuple(Fault(Wrong.MISSING, seq, seq) for seq in range(1, 3 * MOST_SHOWN, 2))
    told = str(Trail("Alder", Report(1, 0, None, faults)))
    assert told.count("is missing") == MOST_SHOWN
    assert told.endswith(f"; and {len(faults) - MOST_SHOWN} more faults")
