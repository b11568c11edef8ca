"""The load: a few connections that each ask, wait for the answer and ask again; as light as can be."""

import asyncio
import re
import time
from collections.abc import Sequence
from typing import Any, Final, Protocol

import msgspec
import orjson

from bench.database import HOST, BenchError

_LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CHUNKED: Final = re.compile(rb"\r\ntransfer-encoding: *chunked", re.IGNORECASE)
_PATIENCE_SECONDS: Final = 30
_OK: Final = b"200"


class Work(Protocol):
    """What is asked, and which answers are right."""

    def request(self, connection: int, turn: int) -> bytes:
        """Return the HTTP request of a connection's turn."""
        ...

    def accepts(self, connection: int, turn: int, body: bytes) -> bool:
        """Tell whether a body is the right answer to it."""
        ...


class Sample(msgspec.Struct, frozen=True):
    """What was measured: `seconds` until the last answer, the load's own processor time in `cpu_seconds`."""

    requests: int
    seconds: float
    cpu_seconds: float
    latencies: list[float]


class Answer(msgspec.Struct, frozen=True):
    """One HTTP answer."""

    status: bytes
    body: bytes


class Connection(asyncio.Protocol):
    """One connection that stays open: one request at a time."""

    def __init__(self) -> None:
        self._transport: Any = None
        self._buffer = bytearray()
        self._wanted: int | None = None
        self._head = 0
        self._answer: asyncio.Future[Answer] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Take bytes, and hand the answer over once it is whole."""
        self._buffer += data
        if self._wanted is None and not self._read_head():
            return
        if self._wanted == 0:
            self._read_chunked()
        elif len(self._buffer) >= (self._wanted or 0):
            self._hand_over(bytes(self._buffer[self._head : self._wanted]))

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail the request that waits."""
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(exc or ConnectionError("The server closed the connection."))

    async def ask(self, request: bytes) -> Answer:
        """Send a request and return its answer."""
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._answer

    def close(self) -> None:
        """Close the connection."""
        self._transport.close()

    def _read_head(self) -> bool:
        """Find out how long the answer is, 0 for one in chunks; False while its head is not whole."""
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return False
        self._head = end + 4
        head = bytes(self._buffer[:end])
        length = _LENGTH.search(head)
        if length is not None:
            self._wanted = self._head + int(length[1])
        elif _CHUNKED.search(head):
            self._wanted = 0
        else:
            message = "An answer has neither a length nor chunks."
            raise BenchError(message)
        return True

    def _read_chunked(self) -> None:
        if not self._buffer.endswith(b"0\r\n\r\n"):
            return
        body, at = bytearray(), self._head
        while True:
            line = self._buffer.find(b"\r\n", at)
            size = int(self._buffer[at:line], 16)
            if size == 0:
                break
            body += self._buffer[line + 2 : line + 2 + size]
            at = line + 4 + size
        self._hand_over(bytes(body))

    def _hand_over(self, body: bytes) -> None:
        answer = Answer(bytes(self._buffer[9:12]), body)
        self._buffer.clear()
        self._wanted = None
        if self._answer is not None:
            self._answer.set_result(answer)


async def connect(port: int) -> Connection:
    """Open one connection."""
    _transport, made = await asyncio.get_running_loop().create_connection(Connection, HOST, port)
    return made


def http_request(token: str, document: str, variables: dict[str, Any]) -> bytes:
    """Return a GraphQL request by POST."""
    body = orjson.dumps({"query": document, "variables": variables})
    head = (
        f"POST /graphql HTTP/1.1\r\nHost: {HOST}\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def run(port: int, work: Work, *, connections: int, seconds: float, fewest: int) -> Sample:
    """Load a server for some seconds, and with the fewest requests that are enough,, and wait for the last answers.

    Raises:
        BenchError: an answer was wrong, or did not come.
    """
    opened = [await connect(port) for _ in range(connections)]
    latencies: list[float] = []
    cpu, began = time.process_time(), time.perf_counter()

    async def repeat(number: int, connection: Connection) -> None:
        turn = 0
        while time.perf_counter() - began < seconds or len(latencies) < fewest:
            sent = time.perf_counter()
            answer = await connection.ask(work.request(number, turn))
            latencies.append(time.perf_counter() - sent)
            if answer.status != _OK or not work.accepts(number, turn, answer.body):
                message = f"A wrong answer, {answer.status.decode()}: {answer.body[:300]!r}"
                raise BenchError(message)
            turn += 1

    try:
        async with asyncio.timeout(seconds + _PATIENCE_SECONDS):
            await _all([repeat(number, connection) for number, connection in enumerate(opened)])
    except TimeoutError:
        message = f"Answers did not come for {_PATIENCE_SECONDS} seconds."
        raise BenchError(message) from None
    finally:
        for connection in opened:
            connection.close()
    return Sample(len(latencies), time.perf_counter() - began, time.process_time() - cpu, latencies)


async def _all(repeating: Sequence[Any]) -> None:
    try:
        async with asyncio.TaskGroup() as group:
            for each in repeating:
                group.create_task(each)
    except BaseExceptionGroup as failed:
        raise failed.exceptions[0] from None
