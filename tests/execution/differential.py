"""Proves that the engine answers as graphql-core does: on as many generated cases as are asked for.

A batch is one schema with some documents, each of which is run several times by the same engine; its number is all that
has to be known to repeat it. What differs is made as small as it can be, and shown.
"""

import asyncio
import logging
import sys
import warnings
from collections.abc import Iterator
from random import Random
from typing import Any, Final, NamedTuple

import typer
from graphql import DocumentNode, GraphQLField, GraphQLSchema, print_ast, print_schema

from tests.execution.documents import Document, given, written
from tests.execution.engines import Engines
from tests.execution.equal import difference, divergence
from tests.execution.playing import Play, Source
from tests.execution.running import Run
from tests.execution.schemas import generated
from tests.execution.shrinking import shrunk

DOCUMENTS: Final = 10
RUNS: Final = 10
CASES: Final = DOCUMENTS * RUNS
"""How many cases a batch is."""


class Mismatch(NamedTuple):
    """A case whose answers differ."""

    number: int
    run: Run
    what: str

    def __str__(self) -> str:
        """Show all that is needed to repeat it."""
        run = self.run
        return "\n".join(
            (
                f"Batch {self.number} differs: scripts/differential --seed {self.number} --cases {CASES}",
                print_schema(run.schema),
                print_ast(run.document),
                f"operation {run.operation}, variables {run.variables!r}",
                f"salt {run.salt}, rate {run.rate}, waiting {run.waiting}",
                self.what,
            )
        )


def describe(field: GraphQLField) -> Any:
    """Return what the engine is told of a generated field."""
    return field.extensions.get("spec")


async def compare(engines: Engines, run: Run, *, timed: bool) -> str | None:
    """Execute a run by both engines, and say how the answers differ; `timed` asks graphql-core twice.

    Its answer in document order is what ours is compared with: nothing is awaited there. The other time what ours has
    to await graphql-core has to as well, and its answer may differ by nothing but timing.
    """
    ordered, found = Play(run, ordered=True), Play(run, ordered=False)
    wanted = await engines.reference(*_asked(ordered))
    try:
        answer = await engines.compiled(*_asked(found))
    except Exception as error:  # noqa: BLE001 - an executor raises nothing
        return f"raised {error!r}"
    differs = difference(wanted, answer) or _log_difference(ordered, found)
    if differs is None and timed:
        timely = Play(run, ordered=False)
        differs = divergence(wanted, await engines.reference(*_asked(timely))) or _log_difference(ordered, timely)
        return differs and f"graphql-core parts from itself: {differs}"
    return differs


def _asked(play: Play) -> tuple[Any, ...]:
    run = play.run
    return run.document, dict(run.variables), Source(play, run.schema.query_type, "root"), play, run.operation


def _log_difference(wanted: Play, found: Play) -> str | None:
    return None if wanted.log == found.log else f"side effects\n  wanted {wanted.log}\n  found  {found.log}"


def runs(schema: GraphQLSchema, document: Document, draw: Random) -> Iterator[Run]:
    """Draw runs of a document: the first goes well, and half of them wait for nothing."""
    for number in range(RUNS):
        operation = draw.choice(list(document.operations))
        variables = given(document.operations[operation], draw)
        rate = draw.choice((0.0, 0.02, 0.05, 0.2)) if number else 0.0
        waiting = draw.choice((0.0, 0.0, 0.3, 1.0))
        yield Run(schema, document.node, operation, variables, draw.randrange(2**32), rate, waiting)


async def batch(number: int, *, timed: bool = False) -> Mismatch | None:
    """Compare the answers to a batch of cases; the first that differs is returned, made small."""
    draw = Random(number)  # noqa: S311 - it has to repeat
    schema = generated(draw)
    engines = Engines(schema, describe)
    for _ in range(DOCUMENTS):
        document = written(schema, draw)
        for run in runs(schema, document, draw):
            what = await compare(engines, run, timed=timed)
            if what is not None:
                return Mismatch(number, *await _smallest(run, what, timed=timed))
    return None


async def _smallest(run: Run, what: str, *, timed: bool) -> tuple[Run, str]:
    async def differs(node: DocumentNode) -> str | None:
        return await compare(Engines(run.schema, describe), run._replace(document=node), timed=timed)

    node, smaller = await shrunk(run.schema, run.document, differs)
    return run._replace(document=node), smaller or what


def main(*, cases: int = 200_000, seed: int = 0) -> None:
    """Compare the answers to this many cases; the seed is the number of the first batch."""
    warnings.simplefilter("ignore", RuntimeWarning)  # graphql-core leaves coroutines behind
    sys.unraisablehook = lambda _found: None  # as above
    logging.getLogger("asyncio").disabled = True  # and errors that nobody asks for
    for number in range(seed, seed + -(-cases // CASES)):
        found = asyncio.run(batch(number, timed=True))
        if found is not None:
            typer.echo(str(found))
            raise typer.Exit(1)
    typer.echo(f"{cases:,} cases from seed {seed} on are answered alike.")


if __name__ == "__main__":
    typer.run(main)
