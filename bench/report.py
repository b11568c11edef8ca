"""What was found: tables for the terminal, and the page of the documentation with its chart."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from string import Template
from typing import Final

import msgspec
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from bench import chart
from bench.benchmark import Plan
from bench.cases import Case
from bench.chart import Bars
from bench.in_memory import Times
from bench.machine import machine
from bench.measuring import Figure, Figures, Pace, middle, ratio
from bench.servers import KINDS, ROOT

PAGE: Final = ROOT / "docs" / "benchmarks.md"
CHART: Final = ROOT / "docs" / "images" / "benchmarks.svg"
_HEADINGS: Final = (
    "server",
    "req/s",
    "lowest–highest",
    "p50",
    "p99",
    "CPU server",
    "CPU PostgreSQL",
    "CPU load",
    "RSS MB",
)
_WIDTH: Final = 128
_US: Final = "gateway"
_DEEP: Final = ("D3 first of a million", "D3 deep in a million")


class Found(msgspec.Struct, frozen=True):
    """All that a run found, and under which circumstances."""

    machine: str
    versions: Mapping[str, str]
    pace: Pace
    figures: Figures
    alone: Times | None
    """The dashboard on both executors without a database; None where it was not asked for."""


def show(plan: Plan, found: Found) -> None:
    """Print a table for each query."""
    figures = found.figures
    console = Console(highlight=False, width=_WIDTH)
    for case in plan.cases:
        table = Table(title=f"{case.key}: {case.title}", title_justify="left", box=SIMPLE_HEAD)
        for number, heading in enumerate(_HEADINGS):
            table.add_column(heading, justify="right" if number else "left", no_wrap=True)
        for row in _rows(case, figures):
            table.add_row(*row)
        console.print(table)
    console.print("\n".join(_summary(found)), markup=False)


def save(found: Found, file: Path) -> None:
    """Write the figures of every round as JSON."""
    file.write_bytes(msgspec.json.format(msgspec.json.encode(found)) + b"\n")


def write(plan: Plan, found: Found) -> None:
    """Write the page and its chart."""
    figures = found.figures
    PAGE.write_text(
        Template(Path(__file__).with_name("page.md").read_text()).substitute(
            summary="\n".join(_summary(found)),
            tables="\n".join(_markdown(case, figures) for case in plan.cases),
            date=datetime.now(UTC).date(),
            machine=found.machine,
            node=found.versions["Node"],
            versions=", ".join(f"{name} {number}" for name, number in found.versions.items()) + ".",
            rounds=found.pace.rounds,
            seconds=f"{found.pace.seconds:g}",
            connections=found.pace.connections,
        )
    )
    bars = [
        Bars(case.key, _multiples(figures[case.key]))
        for case in plan.cases
        if case.key == case.query and case.only is None
    ]
    titles = {kind.name: kind.title for kind in plan.kinds}
    CHART.write_text(chart.draw([group for group in bars if group.heights], titles))


def _rows(case: Case, figures: Figures) -> Iterator[list[str]]:
    for name, measured in figures.get(case.key, {}).items():
        rates = [figure.rate for figure in measured]
        found = middle(measured)
        yield [
            KINDS[name].title,
            _short(found.rate),
            f"{_short(min(rates))}–{_short(max(rates))}",
            *(_short(value) for value in (found.p50, found.p99, found.server_cpu)),
            "" if found.postgres_cpu is None else _short(found.postgres_cpu),
            _short(found.load_cpu),
            f"{found.resident:.0f}",
        ]


def _markdown(case: Case, figures: Figures) -> str:
    head = f"| {' | '.join(_HEADINGS)} |\n|---|{'---:|' * (len(_HEADINGS) - 1)}\n"
    return f"### {case.key}: {case.title}\n\n{head}" + "".join(
        f"| {' | '.join(row)} |\n" for row in _rows(case, figures)
    )


def _summary(found: Found) -> list[str]:
    """Compare us with the others, query by query; what did not take part is left out."""
    figures = found.figures
    lines = ["| requests a second | against stock | against the best peer | against the limit |", "|---|---|---|---|"]
    for key, by_server in figures.items():
        if _US not in by_server or len(by_server) < 2:  # noqa: PLR2004 - nobody to compare with
            continue
        best = _best_peer(by_server)
        cells = [
            "" if name not in by_server else f"{ratio(by_server[_US], by_server[name]):.2f} ×"
            for name in ("stock", best, "limit")
        ]
        cells[1] += f" ({KINDS[best].title})" if best else ""
        lines.append(f"| {key} | {' | '.join(cells)} |")
    first, deep = (figures.get(key, {}).get(_US) for key in _DEEP)
    if first and deep:
        lines += ["", f"Page 1,000 of a million clients takes {ratio(first, deep):.2f} times as long as the first."]
    if found.alone is not None:
        ours, theirs = (_short(value) for value in (found.alone.compiled, found.alone.reference))
        alone = f"Execution alone, D1 from rows in memory: {ours} ms of processor time, by graphql-core {theirs} ms"
        lines += ["", f"{alone}: {found.alone.ratio:.0f} times as much."]
    return lines


def _multiples(by_server: Mapping[str, Sequence[Figure]]) -> dict[str, float]:
    best = _best_peer(by_server)
    if best is None:
        return {}
    return {name: ratio(measured, by_server[best]) for name, measured in by_server.items()}


def _best_peer(by_server: Mapping[str, Sequence[Figure]]) -> str | None:
    """Return the peer whose median rate is the highest."""
    peers = [name for name in by_server if KINDS[name].peer]
    return max(peers, key=lambda name: middle(by_server[name]).rate, default=None)


def _short(value: float) -> str:
    digits = 0 if value >= 100 else 1 if value >= 10 else 2  # noqa: PLR2004 - three figures are enough
    return f"{value:,.{digits}f}"


def describe(pace: Pace, versions: Mapping[str, str], figures: Figures, alone: Times | None) -> Found:
    """Put a run's figures and circumstances together."""
    return Found(machine(), versions, pace, {key: dict(by_server) for key, by_server in figures.items()}, alone)
