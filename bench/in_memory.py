"""Execution alone: the dashboard's rows are read once, and both executors then answer from memory, in turns."""

import gc
import statistics
import time
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, Final
from unittest.mock import patch

import msgspec
from graphql import ExecutionResult, parse

from bench import people
from bench.database import BenchError
from bench.setting import QUERIES
from connectors.cards_sandbox import SandboxCards
from gateway import starting
from gateway.app import production_layers
from gateway.execution.executor import executor
from gateway.operations import HttpCaller
from gateway.settings import Settings
from schema.root import build_schema
from schema.specs import describe
from tenancy.boundary import Boundary, Standing
from tenancy.principal import Identity, Principal
from tenancy.reading import ReadScope
from tenancy.scope import Scope

RUNS: Final = {"compiled": 30, "reference": 1}
"""How often each executor runs in a round: about as long as the other."""
_MILLISECONDS: Final = 1_000


class Times(msgspec.Struct, frozen=True):
    """Processor time of one execution in milliseconds, and how many times ours graphql-core's is: medians."""

    compiled: float
    reference: float
    ratio: float


class Recorded:
    """The rows of each statement, as they were read; it answers in the place of a snapshot."""

    def __init__(self) -> None:
        self.standing: Standing | None = None
        self.principal: Principal | None = None
        self._rows: dict[Hashable, list[Any]] = {}

    def keep(self, untouched: Callable[..., Awaitable[list[Any]]]) -> Callable[..., Awaitable[list[Any]]]:
        """Return what reads a statement's rows, and keeps them."""

        async def fetch(scope: ReadScope, key: Hashable, build: Any, **parameters: Any) -> list[Any]:
            rows = await untouched(scope, key, build, **parameters)
            self.standing, self.principal = scope.standing, scope.principal
            self._rows[key] = rows
            return rows

        return fetch

    async def fetch(self, key: Hashable, _build: Any, **_parameters: Any) -> list[Any]:
        """Return the rows that were kept."""
        return self._rows[key]


class Alone:
    """One document on both executors."""

    def __init__(self, boundary: Boundary, identity: Identity) -> None:
        self._boundary = boundary
        self._identity = identity
        self._document = parse(QUERIES["dashboard"])
        self._kinds = {name: executor(describe, compiled=name == "compiled") for name in RUNS}
        self._schema: Any = build_schema()._schema  # noqa: SLF001 - Strawberry names it nowhere else

    async def run(self, name: str) -> ExecutionResult:
        """Execute the document."""
        caller = HttpCaller(self._boundary, self._identity, "bench", SandboxCards(), 60)
        made: Any = self._kinds[name].build(self._schema, self._document, context_value=caller)
        result: ExecutionResult = await made.execute_operation()
        return result

    async def seconds(self, name: str) -> float:
        """Return the processor time of one execution."""
        began = time.process_time()
        for _ in range(RUNS[name]):
            await self.run(name)
        return (time.process_time() - began) / RUNS[name]


async def _taken(alone: Alone, recorded: Recorded, rounds: int) -> dict[str, list[float]]:
    with patch.object(ReadScope, "fetch", recorded.keep(ReadScope.fetch)):
        answers = [await alone.run(name) for name in RUNS]
    if answers[0].errors or answers[0] != answers[1]:
        message = "The executors answer differently."
        raise BenchError(message)

    async def read(scope: Scope) -> Recorded:
        scope._entered(recorded.standing)  # type: ignore[arg-type]  # noqa: SLF001 - it was read with the rows
        return recorded

    taken: dict[str, list[float]] = {name: [] for name in RUNS}
    with patch.object(Scope, "read", read):
        if [await alone.run(name) for name in RUNS] != answers:
            message = "The rows in memory give another answer than those of the database."
            raise BenchError(message)
        gc.freeze()  # as serving does
        for _ in range(rounds):
            for name in RUNS:
                gc.collect()
                taken[name].append(await alone.seconds(name))
    return taken


async def measure(settings: Settings, owner_url: str, *, rounds: int) -> Times:
    """Read the dashboard's rows once from the benchmark's database, and execute it in turns.

    Raises:
        BenchError: the executors answer differently.
    """
    found = await people.find(owner_url, clients=1, subscriptions=1)
    layers = production_layers(settings, login_url=starting.login_url(settings, owner_url))
    await layers.database.open()
    boundary = Boundary(layers.database, decide=layers.decide, query_scope=layers.query_scope)
    try:
        identity = Identity(found.large.membership_id, found.large.epoch)
        taken = await _taken(Alone(boundary, identity), Recorded(), rounds)
    finally:
        await layers.database.close()
    compiled, reference = taken["compiled"], taken["reference"]
    return Times(
        statistics.median(compiled) * _MILLISECONDS,
        statistics.median(reference) * _MILLISECONDS,
        statistics.median(theirs / ours for ours, theirs in zip(compiled, reference, strict=True)),
    )
