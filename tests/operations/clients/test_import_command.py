"""Importing clients by the command: what it prints, and that nothing is lost or doubled whatever happens to it."""

import asyncio
from contextlib import suppress
from typing import Final

import pytest

from storage.engine import connect
from tests.conftest import LOGIN
from tests.factories.imports import CARD, HEADER, Imports, export, person, written

ROWS: Final = 2_500
"""Five batches, of which one row in a hundred is wrong."""
WRONG: Final = ROWS // 100
GOOD: Final = ROWS - WRONG
COMPLETE: Final = dict.fromkeys(("clients", "different", "events", "entries", "found"), GOOD)
PATIENCE: Final = 120.0
_COUNT: Final = "SELECT count(*) FROM gateway.client WHERE email LIKE '%@imported.example'"


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


@pytest.mark.parametrize(("seen", "delay"), [(1, 0.0), (700, 0.06), (1_700, 0.13)])
async def test_loses_and_doubles_nothing_when_killed(imports: Imports, seen: int, delay: float) -> None:
    export(imports.file, rows=ROWS)
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
    connection = await connect(imports.owner_url)  # one for all the time: the command needs the processor
    await connection.execute("SET ROLE gateway_owner")
    try:
        async with asyncio.timeout(PATIENCE):
            while (count := await connection.fetchval(_COUNT)) < least:  # noqa: ASYNC110 - only the server knows
                await asyncio.sleep(0.01)
    finally:
        await connection.close()
    return int(count)


async def _wait_until_gone(imports: Imports) -> None:
    query = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND usename = $1"
    async with asyncio.timeout(PATIENCE):
        while await imports.fetch(query, LOGIN):  # noqa: ASYNC110 - only the server knows
            await asyncio.sleep(0.01)


async def test_doubles_nothing_when_run_side_by_side(imports: Imports) -> None:
    export(imports.file, rows=ROWS)

    outcomes = [await end(process) for process in [await start(imports), await start(imports), await start(imports)]]

    assert [code for code, _out, _errors in outcomes] == [1, 1, 1]
    numbers = [[int(part.split()[0]) for part in out.split(", ")] for _code, out, _errors in outcomes]
    assert sum(created for created, _known, _bad in numbers) == GOOD
    assert all(created + known == GOOD for created, known, _bad in numbers)
    assert await imports.imported() == COMPLETE


async def test_exits_with_2_when_there_is_no_such_partner(imports: Imports) -> None:
    imports.file.write_text(written([person(1)]))

    assert await end(await start(imports, partner="[/bold] x")) == (2, "", ["gateway: No partner is '[/bold] x'."])


async def test_exits_with_2_for_a_file_that_cannot_be_read(imports: Imports) -> None:
    rows = written([person(number) for number in range(1, 900)])
    imports.file.write_bytes(rows.encode() + b"\xff\xfe\n")

    code, out, errors = await end(await start(imports))

    assert (code, out, len(errors)) == (2, "", 1)
    assert "this is not UTF-8" in errors[0]
    assert set((await imports.imported()).values()) == {0}


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
