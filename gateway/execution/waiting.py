"""What a level waits for besides questions: all of it runs at once, and is handed back in order."""

import asyncio
from collections.abc import AsyncIterable, Awaitable, Callable, Sequence
from contextlib import suppress
from types import CoroutineType, GeneratorType, NoneType
from typing import Any, Final

from graphql.pyutils import is_awaitable

from gateway.execution.slots import Later, Slot

_READY: Final[set[type]] = {NoneType, str, int, bool, float, bytes, dict, list, tuple, set, frozenset}
"""Types whose values have not to be awaited; those that are met join."""


class _Wait:
    def __init__(self, values: list[Any], resume: Callable[[list[Any]], Slot], later: Later) -> None:
        self.values = values
        self.resume = resume
        self.later = later
        self.awaited = [number for number, value in enumerate(values) if is_awaitable(value)]


class Waits:
    """Lists of values of which some have to be awaited."""

    def __init__(self) -> None:
        self._waits: list[_Wait] = []

    def __bool__(self) -> bool:
        """Tell whether anything is waited for."""
        return bool(self._waits)

    def add(self, values: list[Any], resume: Callable[[list[Any]], Slot]) -> Later:
        """Await what is awaitable among some values; `resume` is then given all of them, errors in their places."""
        later = Later()
        self._waits.append(_Wait(values, resume, later))
        return later

    def begin(self) -> "Round":
        """Begin to await everything that was added; what is added from now on belongs to the next round."""
        waits, self._waits = self._waits, []
        return Round(waits)


class Round:
    """One level's waiting."""

    def __init__(self, waits: Sequence[_Wait]) -> None:
        self._waits = waits
        self._running: list[asyncio.Future[Any]] = []
        pending = [wait.values[number] for wait in waits for number in wait.awaited]
        self._only: Awaitable[Any] | None = pending[0] if len(pending) == 1 else None
        if len(pending) > 1:
            self._running = [asyncio.ensure_future(one) for one in pending]

    async def finish(self) -> None:
        """Wait for all, and go on with each."""
        answers = iter(await self._answers())
        for wait in self._waits:
            for number in wait.awaited:
                wait.values[number] = next(answers)
            wait.later.slot = wait.resume(wait.values)

    async def _answers(self) -> list[Any]:
        if self._only is not None:
            only, self._only = self._only, None
            try:
                return [await only]
            except Exception as error:  # noqa: BLE001 - whatever it is, it is this value's error
                return [error]
        await asyncio.wait(self._running)
        return [_outcome(done) for done in self._running]

    def cancel(self) -> None:
        """End what still runs, and what never began."""
        for running in self._running:
            running.cancel()
        if self._only is not None:
            with suppress(AttributeError):
                self._only.close()  # type: ignore[attr-defined]  # not everything that is awaited can be closed


def _outcome(done: "asyncio.Future[Any]") -> Any:
    try:
        return done.result()
    except Exception as error:  # noqa: BLE001 - whatever it is, it is this value's error
        return error


def holds_awaitable(values: Sequence[Any]) -> bool:
    """Tell whether any of some values has to be awaited, by their types."""
    unknown = set(map(type, values)) - _READY
    if not unknown:
        return False
    maybe = {kind for kind in unknown if hasattr(kind, "__await__") or issubclass(kind, CoroutineType | GeneratorType)}
    _READY.update(unknown - maybe)
    return bool(maybe) and any(is_awaitable(value) for value in values)


async def collected(items: AsyncIterable[Any]) -> list[Any]:
    """Read an asynchronous list to its end, or raise what reading it raises."""
    iterator = aiter(items)
    try:
        return [item async for item in iterator]
    except Exception:
        await _close(iterator)
        raise


async def _close(iterator: Any) -> None:
    with suppress(Exception):  # what closing says is not what went wrong
        await iterator.aclose()
