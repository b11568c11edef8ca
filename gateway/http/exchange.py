"""One HTTP request and its answer, as ASGI hands them over: what the endpoint needs of both, and no more."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl


class TooLargeError(Exception):
    """A body is longer than was to be read."""


class Exchange:
    """A request; `answer` ends it."""

    def __init__(self, scope: Any, receive: Any, send: Any) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self._headers: dict[bytes, bytes] = dict(scope["headers"])
        self.method: str = scope["method"]

    def header(self, name: bytes) -> str | None:
        """Return a header, its name in lower case."""
        found = self._headers.get(name)
        return None if found is None else found.decode("latin-1")

    @property
    def address(self) -> str | None:
        """Where it came from."""
        client = self._scope.get("client")
        return client[0] if client else None

    def query(self) -> dict[str, str]:
        """Return the parameters of the query string."""
        return dict(parse_qsl(self._scope["query_string"].decode("latin-1"), keep_blank_values=True))

    async def body(self, longest: int) -> bytes:
        """Read the body.

        Raises:
            TooLargeError: it is longer than this many bytes.
            ConnectionResetError: the client went before all of it was sent.
        """
        read = bytearray()
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise ConnectionResetError
            read += message.get("body", b"")
            if len(read) > longest:
                raise TooLargeError
            if not message.get("more_body", False):
                return bytes(read)

    async def answer(self, status: int, body: bytes, headers: Mapping[bytes, bytes]) -> None:
        """Send the answer; to HEAD without its body."""
        length = (b"content-length", str(len(body)).encode())
        await self._send({"type": "http.response.start", "status": status, "headers": [length, *headers.items()]})
        await self._send({"type": "http.response.body", "body": b"" if self.method == "HEAD" else body})
