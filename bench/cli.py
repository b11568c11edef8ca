"""The command line: what to measure, where the data is kept, and where the figures go."""

import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final, NoReturn

import msgspec
import typer
import uvloop

from bench import database, in_memory, machine, report, servers
from bench.benchmark import Bench, Plan
from bench.cases import CASES, Case
from bench.database import BenchError
from bench.measuring import Pace
from gateway.settings import Settings
from gateway.starting import CannotStartError
from gateway.terminal import errors
from storage.embedded import EmbeddedError
from storage.engine import DatabaseUnreachableError

QUICK: Final = Pace(rounds=1, seconds=1.0, first_warm_up=1.5, warm_up=0.5, fewest=8)
FULL: Final = Pace(rounds=16, seconds=0.8, first_warm_up=4.0, warm_up=0.25, fewest=8)
LOGIN: Final = "gateway_bench"
"""A login of the benchmark's own: migrating renews a login's password, and another's is nothing to renew."""
_EXPECTED: Final = (BenchError, EmbeddedError, DatabaseUnreachableError, CannotStartError)

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


def main() -> NoReturn:
    """Run the command line; what stands in the way is one line on stderr and exit code 2."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _leave)
    try:
        app()
    except _EXPECTED as error:
        errors.print(f"bench: {error}", markup=False)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(0)


def _leave(number: int, _frame: object) -> NoReturn:
    """End by unwinding, so that every process that was started is ended."""
    sys.exit(128 + number)


@app.command()
def bench(  # noqa: PLR0913 - the options of the command
    *,
    quick: Annotated[bool, typer.Option("--quick", help="One short round without the million clients.")] = False,
    with_million: Annotated[bool, typer.Option("--million", help="The million clients in a quick run too.")] = False,
    only: Annotated[str | None, typer.Option("--servers", help="Only these servers, with commas between.")] = None,
    queries: Annotated[str | None, typer.Option(help="Only these queries, such as D1,D4.")] = None,
    rounds: Annotated[int | None, typer.Option(min=1, help="How many rounds.")] = None,
    seconds: Annotated[float | None, typer.Option(min=0.1, help="How long one measurement takes.")] = None,
    data_dir: Annotated[Path | None, typer.Option(help="Keep the database here, and use it again.")] = None,
    json: Annotated[Path | None, typer.Option(help="Write the figures of every round to this file.")] = None,
    write: Annotated[bool, typer.Option("--write", help="Write docs/benchmarks.md and its chart.")] = False,
) -> None:
    """Compare this gateway with its peers over one database."""
    server_core, load_core = database.cores()
    os.sched_setaffinity(0, {load_core})
    pace = msgspec.structs.replace(QUICK if quick else FULL, **_given(rounds=rounds, seconds=seconds))
    plan = Plan(servers.chosen(only), _cases(queries, million=with_million or not quick), pace)
    servers.install(plan.kinds)
    with _directory(data_dir) as directory:
        settings = Settings(data_dir=directory / "postgresql", environment="production", database_login_role=LOGIN)
        with database.running(settings) as (owner_url, postgres):
            run = Bench(settings, owner_url, postgres, _tell)
            figures = uvloop.run(run.run(plan, core=server_core, directory=directory))
            alone = None
            if plan.compares_executors:
                _tell("the dashboard from memory, on both executors")
                alone = uvloop.run(in_memory.measure(settings, owner_url, rounds=pace.rounds))
            found = report.describe(plan.pace, uvloop.run(machine.versions(owner_url)), figures, alone)
    report.show(plan, found)
    if json is not None:
        report.save(found, json)
    if write:
        report.write(plan, found)


def _given(**values: float | None) -> dict[str, float]:
    return {name: value for name, value in values.items() if value is not None}


def _cases(keys: str | None, *, million: bool) -> list[Case]:
    wanted = None if keys is None else {key.strip() for key in keys.split(",")}
    found = [case for case in CASES if (million or not case.million) and (wanted is None or case.query in wanted)]
    if not found or (wanted is not None and wanted - {case.query for case in CASES}):
        message = f"There is no such query; there are {', '.join(sorted({case.query for case in CASES}))}."
        raise BenchError(message)
    return found


@contextmanager
def _directory(kept: Path | None) -> Iterator[Path]:
    """Give the directory of the database and of the servers' logs; one of our own is removed in the end."""
    if kept is not None:
        kept.mkdir(parents=True, exist_ok=True)
        yield kept.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="gateway-bench-") as made:
        Path(made).chmod(0o711)  # the user that PostgreSQL runs as, if we are root, passes through
        yield Path(made)


def _tell(what: str) -> None:
    errors.print(f"  {what}", markup=False)
