"""Rounds: one server is loaded at a time, the others rest, and each query goes round all servers before the next."""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from statistics import median, quantiles
from typing import Any, Final

import msgspec

from bench import load
from bench.cases import Case
from bench.database import BenchError
from bench.load import Work
from bench.processes import cpu_seconds, resident_megabytes
from bench.servers import Running
from storage.engine import connect

_BUSY: Final = """
    SELECT count(*) FROM pg_stat_activity
     WHERE datname = current_database() AND pid <> pg_backend_pid()
       AND backend_type = 'client backend' AND state <> 'idle'
"""
_TRIES: Final = 200
_MILLISECONDS: Final = 1_000


class Pace(msgspec.Struct, frozen=True):
    """How long and how often is measured, and of how many requests at least, however slow a server is.

    The first round warms up longer, for what compiles while it runs.
    """

    rounds: int
    seconds: float
    first_warm_up: float
    warm_up: float
    fewest: int
    connections: int = 8


class Figure(msgspec.Struct, frozen=True):
    """One measurement: times in milliseconds, processor time a request; None where PostgreSQL is out of sight."""

    rate: float
    p50: float
    p99: float
    server_cpu: float
    postgres_cpu: float | None
    load_cpu: float
    resident: float
    requests: int


Figures = dict[str, dict[str, list[Figure]]]
"""The measurements of each round, by the case's key and the server's name."""


class Rounds:
    """Measures servers that all run, of which all but one rest."""

    def __init__(self, owner_url: str, postgres: int | None, pace: Pace) -> None:
        self._owner_url = owner_url
        self._postgres = postgres
        self.pace = pace

    async def measure(
        self,
        cases: Sequence[Case],
        servers: Sequence[Running],
        works: Mapping[tuple[str, str], Work],
        tell: Callable[[str], None],
    ) -> Figures:
        """Measure every case on every server that it concerns, in every round.

        Raises:
            BenchError: a server ended, or gave a wrong answer.
        """
        figures: Figures = defaultdict(lambda: defaultdict(list))
        for number in range(self.pace.rounds):
            for case in cases:
                # Each round begins with another server: none is always the first, or always after the same one.
                turned = number % len(servers)
                for server in (*servers[turned:], *servers[:turned]):
                    work = works.get((case.key, server.kind.name))
                    if work is None:
                        continue
                    tell(f"round {number + 1} of {self.pace.rounds}: {case.key} on {server.kind.name}")
                    figures[case.key][server.kind.name].append(await self._one(server, work, first=number == 0))
        return figures

    async def _one(self, server: Running, work: Work, *, first: bool) -> Figure:
        connections = self.pace.connections
        async with self.awake(server):
            warm_up = self.pace.first_warm_up if first else self.pace.warm_up
            await load.run(server.port, work, connections=connections, seconds=warm_up, fewest=0)
            before = self._spent(server)
            sample = await load.run(
                server.port, work, connections=connections, seconds=self.pace.seconds, fewest=self.pace.fewest
            )
            after = self._spent(server)
            resident = resident_megabytes(server.child.pid)
        return _figure(sample, [later - earlier for earlier, later in zip(before, after, strict=True)], resident)

    @asynccontextmanager
    async def awake(self, server: Running) -> AsyncIterator[None]:
        """Let one server run as long as it is asked something.

        Raises:
            BenchError: it ended meanwhile.
        """
        server.child.wake()
        try:
            yield
        except (ConnectionError, BenchError):
            server.child.demand_alive()
            raise
        await self.put_to_rest(server)

    def _spent(self, server: Running) -> list[float]:
        watched = [server.child.pid, *([] if self._postgres is None else [self._postgres])]
        return [cpu_seconds(pid) for pid in watched]

    async def put_to_rest(self, server: Running) -> None:
        """Stop a server, but never inside a transaction: what it does beside answering could be under way.

        Raises:
            BenchError: it never was between two transactions.
        """
        connection: Any = await connect(self._owner_url)
        try:
            for _ in range(_TRIES):
                server.child.rest()
                time.sleep(0.005)  # noqa: ASYNC251 - nothing else may go on meanwhile
                if not await connection.fetchval(_BUSY):
                    return
                server.child.wake()
                await asyncio.sleep(0.01)
        finally:
            await connection.close()
        message = f"The server {server.kind.name} does not come to rest."
        raise BenchError(message)


def _figure(sample: load.Sample, spent: Sequence[float], resident: float) -> Figure:
    cuts = quantiles(sample.latencies, n=100, method="inclusive")
    each = _MILLISECONDS / sample.requests
    server, *postgres = spent
    return Figure(
        rate=sample.requests / sample.seconds,
        p50=cuts[49] * _MILLISECONDS,
        p99=cuts[98] * _MILLISECONDS,
        server_cpu=server * each,
        postgres_cpu=postgres[0] * each if postgres else None,
        load_cpu=sample.cpu_seconds * each,
        resident=resident,
        requests=sample.requests,
    )


def ratio(ours: Sequence[Figure], other: Sequence[Figure]) -> float:
    """Return how many times the other's requests a second ours are: the median over the rounds.

    Within a round the two are measured a few seconds apart, so that a machine that becomes faster or slower for a
    minute does so for both; the ratio of two medians would compare different minutes.
    """
    return median(mine.rate / its.rate for mine, its in zip(ours, other, strict=True))


def middle(figures: Sequence[Figure]) -> Figure:
    """Return the median of each figure over the rounds."""
    made: dict[str, Any] = {
        name: median(values) if None not in (values := [getattr(figure, name) for figure in figures]) else None
        for name in Figure.__struct_fields__
    }
    return Figure(**made)
