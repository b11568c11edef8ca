"""What the dashboard and the page of a client cost, counted rather than timed: calls, statements and memory."""

import gc
import sys
import tracemalloc
from collections.abc import Awaitable, Callable
from functools import partial
from types import FrameType
from typing import Any, Final, Literal

import orjson
import pytest
from starlette.applications import Starlette

from gateway.app import Layers, compose
from gateway.settings import Settings
from tests.factories.clients import GatewayClient
from tests.operations.test_dashboard import CLIENT_PAGE, DASHBOARD

CALLS_PER_LEAF: Final = 0.3
"""Calls of Python functions for each leaf of the dashboard, all that a request runs included."""
CALLS_OF_A_CLIENT_PAGE: Final = 1_500
FEWER_CALLS: Final = 30
"""How many times as many graphql-core takes for the same answer, at least."""
MEMORY_SHARE: Final = 1 / 3
"""Of what graphql-core allocates at its peak for the same answer."""
Executor = Literal["compiled", "reference"]
Ask = Callable[[Executor], "Asker"]


@pytest.fixture(autouse=True)
def _no_second_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the statement that a read of more than half a second runs at its end."""
    monkeypatch.setattr("tenancy.reading.RECHECK_SECONDS", float("inf"))


@pytest.fixture
def asking(alder: GatewayClient, settings: Settings, layers: Layers) -> Ask:
    """Ask the same application by either executor; the database is open already."""

    def ask(executor: Executor) -> Asker:
        return Asker(compose(settings.model_copy(update={"executor": executor}), layers), alder.token or "")

    return ask


def leaves(value: Any) -> int:
    """Count the leaves of an answer."""
    if isinstance(value, dict):
        return sum(map(leaves, value.values()))
    return sum(map(leaves, value)) if isinstance(value, list) else 1


class Asker:
    """Asks an application as one request of ASGI, so that nothing of a client is counted."""

    def __init__(self, app: Starlette, token: str) -> None:
        self._app = app
        self._headers = [(b"content-type", b"application/json"), (b"authorization", f"Bearer {token}".encode())]

    async def ask(self, document: str, **variables: Any) -> bytes:
        """Ask, and return the body of the answer."""
        body = orjson.dumps({"query": document, "variables": variables})
        sent: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {"type": "http", "method": "POST", "path": "/graphql", "query_string": b"", "headers": self._headers}
        await self._app(scope, receive, send)
        answer: bytes = sent[1]["body"]
        return answer


async def calls(run: Callable[[], Awaitable[Any]]) -> int:
    """Count the Python functions that are called, those of the test aside."""
    called = 0

    def note(frame: FrameType, event: str, _argument: Any) -> None:
        nonlocal called
        if event == "call" and frame.f_code.co_filename != __file__:
            called += 1

    gc.disable()
    sys.setprofile(note)
    try:
        await run()
    finally:
        sys.setprofile(None)
        gc.enable()
    return called


async def peak(run: Callable[[], Awaitable[Any]]) -> int:
    """Return how many bytes were allocated at once, beyond those that were before."""
    gc.collect()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        await run()
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()


async def test_the_dashboard_takes_fewer_calls_than_it_has_leaves(asking: Ask) -> None:
    compiled, reference = asking("compiled"), asking("reference")
    answer = orjson.loads(await compiled.ask(DASHBOARD, clients=100))
    assert answer == orjson.loads(await reference.ask(DASHBOARD, clients=100))
    counted = leaves(answer["data"])
    assert counted > 10_000
    ours, theirs = [await calls(partial(one.ask, DASHBOARD, clients=100)) for one in (compiled, reference)]
    print(f"{ours / counted:.2f} calls a leaf, {theirs / ours:.0f} times as many by graphql-core")  # noqa: T201 - told
    assert ours / counted < CALLS_PER_LEAF
    assert theirs / ours > FEWER_CALLS


async def test_a_client_page_takes_few_calls(asking: Ask, alder: GatewayClient) -> None:
    first = (await alder.run("{ clients(first: 1) { nodes { id } } }")).data["clients"]["nodes"][0]["id"]
    compiled = asking("compiled")
    assert orjson.loads(await compiled.ask(CLIENT_PAGE, id=first))["data"]["node"]
    counted = await calls(partial(compiled.ask, CLIENT_PAGE, id=first))
    print(f"{counted} calls a client page")  # noqa: T201 - told to who asks by -s
    assert counted < CALLS_OF_A_CLIENT_PAGE


async def test_the_dashboard_takes_a_third_of_the_memory(asking: Ask) -> None:
    taken: list[int] = []
    kinds: tuple[Executor, ...] = ("compiled", "reference")
    for executor in kinds:
        ask = partial(asking(executor).ask, DASHBOARD, clients=100)
        await ask()
        taken.append(await peak(ask))
    print(f"{taken[0] / taken[1]:.2f} of {taken[1]:,} bytes")  # noqa: T201 - told to who asks by -s
    assert taken[0] < taken[1] * MEMORY_SHARE


@pytest.mark.parametrize("executor", ["compiled", "reference"])
async def test_either_executor_runs_as_many_statements(asking: Ask, statements: list[str], executor: Executor) -> None:
    await asking(executor).ask(DASHBOARD, clients=100)
    assert len(statements) == 6
