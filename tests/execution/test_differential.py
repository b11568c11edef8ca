"""Generated schemas, documents, variables and failures: the compiled executor answers as graphql-core does."""

import gc
import os
from random import Random
from typing import Any, Final

import pytest
from graphql import ExecutionResult, validate, validate_schema

from tests.execution.differential import CASES, batch
from tests.execution.documents import written
from tests.execution.engines import Engines
from tests.execution.schemas import generated

BATCHES: Final = 100
"""How many batches a test run compares: 10,000 cases; `scripts/differential` compares as many as it is told."""
SEED: Final = int(os.environ.get("DIFFERENTIAL_SEED", "0"))


def test_there_are_ten_thousand_cases() -> None:
    assert BATCHES * CASES >= 10_000


@pytest.mark.parametrize("number", range(SEED, SEED + BATCHES))
async def test_a_batch_of_cases_is_answered_alike(number: int) -> None:
    found = await batch(number)
    assert found is None, str(found)


@pytest.mark.parametrize("number", range(5))
def test_what_is_generated_is_valid(number: int) -> None:
    draw = Random(number)  # noqa: S311 - it has to repeat
    schema = generated(draw)
    assert validate_schema(schema) == []
    for _ in range(20):
        assert validate(schema, written(schema, draw).node) == []


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::RuntimeWarning")
async def test_graphql_core_parts_from_itself_by_timing_alone() -> None:
    """It leaves coroutines behind, which are collected here."""
    found = await batch(SEED, timed=True)
    gc.collect()
    assert found is None, str(found)


async def test_an_engine_that_answers_otherwise_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """What it is found out by is made small, and says how to repeat it."""

    async def forgetful(engines: Engines, *given: Any) -> ExecutionResult:
        answer = await compiled(engines, *given)
        return ExecutionResult(answer.data and dict(reversed(answer.data.items())), answer.errors)

    compiled = Engines.compiled
    monkeypatch.setattr(Engines, "compiled", forgetful)
    found = await batch(SEED)
    assert found is not None
    assert f"scripts/differential --seed {SEED}" in str(found)
    assert found.what.startswith("data")
