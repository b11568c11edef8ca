"""Execution alone: the dashboard's rows are read once, and both executors then answer from memory, in turns."""

import asyncio
import gc
import statistics
import sys
import time
from collections.abc import Awaitable, Callable, Hashable
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

from graphql import ExecutionResult, parse

from bench import data, database, people
from bench.setting import QUERIES
from connectors.cards_sandbox import SandboxCards
from gateway import starting
from gateway.app import production_layers
from gateway.execution.executor import executor
from gateway.operations import HttpCaller
from gateway.settings import Settings
from schema.root import build_schema
from schema.specs import describe
from tenancy.principal import Identity, Principal
from tenancy.scope import Boundary, ReadScope, Scope

ROUNDS: Final = 7
RUNS: Final = {"compiled": 30, "reference": 1}
"""How often each executor runs in a round: about as long as the other."""


class Recorded:
    """The rows of each statement, as they were read; it answers in the place of a snapshot."""

    def __init__(self) -> None:
        self.principal: Principal | None = None
        self._rows: dict[Hashable, list[Any]] = {}

    def keep(self, untouched: Callable[..., Awaitable[list[Any]]]) -> Callable[..., Awaitable[list[Any]]]:
        """Return what reads a statement's rows, and keeps them."""

        async def fetch(scope: ReadScope, key: Hashable, build: Any, **parameters: Any) -> list[Any]:
            rows = await untouched(scope, key, build, **parameters)
            self.principal = scope.principal
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


async def measure(alone: Alone, recorded: Recorded) -> dict[str, list[float]]:
    """Read the rows once, and execute in turns."""
    with patch.object(ReadScope, "fetch", recorded.keep(ReadScope.fetch)):
        answers = [await alone.run(name) for name in RUNS]
    if answers[0].errors or answers[0] != answers[1]:
        message = "The executors answer differently."
        raise database.BenchError(message)

    async def read(scope: Scope) -> Recorded:
        scope._entered(recorded.principal)  # type: ignore[arg-type]  # noqa: SLF001 - it was read with the rows
        return recorded

    taken: dict[str, list[float]] = {name: [] for name in RUNS}
    with patch.object(Scope, "read", read):
        gc.freeze()  # as serving does
        for _ in range(ROUNDS):
            for name in RUNS:
                gc.collect()
                taken[name].append(await alone.seconds(name))
    return taken


async def main(directory: Path) -> dict[str, list[float]]:
    """Seed, unless that was done, and measure."""
    settings = Settings(data_dir=directory)
    with database.running(settings) as (owner_url, _pid):
        await database.create(owner_url)
        await starting.migrate(settings, owner_url)
        await data.fill(owner_url, data.Shape(clients=200, small_partners=1))
        found = await people.find(owner_url, clients=1, subscriptions=1)
        layers = production_layers(settings, login_url=starting.login_url(settings, owner_url))
        await layers.database.open()
        boundary = Boundary(layers.database, decide=layers.decide, query_scope=layers.query_scope)
        try:
            return await measure(Alone(boundary, Identity(found.large.membership_id, found.large.epoch)), Recorded())
        finally:
            await layers.database.close()


def told(taken: dict[str, list[float]]) -> str:
    """Tell the figures in a line."""
    compiled, reference = (statistics.median(taken[name]) for name in RUNS)
    return (
        f"Execution alone, the dashboard from memory: {1000 * compiled:.2f} ms, by graphql-core "
        f"{1000 * reference:.0f} ms: {reference / compiled:.0f} times as long."
    )


if __name__ == "__main__":
    from bench.cli import _directory as directory

    with directory(Path(sys.argv[1]) if len(sys.argv) > 1 else None) as place:
        print(told(asyncio.run(main(place))))  # noqa: T201 - the command's answer
