"""The GraphQL endpoint: a JSON request in, a JSON answer out."""

from collections.abc import Callable, Iterable, Mapping
from secrets import token_hex
from typing import Any, Final, TypeAlias

import msgspec
import orjson
import strawberry
from graphql import ExecutionResult, GraphQLError, GraphQLSchema, OperationType
from strawberry.execution import optimized_is_awaitable

from gateway.execution.documents import Document, Documents, NoSuchOperationError
from gateway.http.errors import codes, formatted
from gateway.http.exchange import Exchange, TooLargeError
from gateway.identity.tokens import InvalidTokenError, TokenVerifier
from gateway.operations import HttpCaller
from tenancy.principal import Identity

Headers: TypeAlias = dict[bytes, bytes]
LONGEST_BODY: Final = 1_000_000
"""Bytes of a request's body."""
LONGEST_DOCUMENT: Final = 15_000
"""Characters of a document."""

_METHODS: Final = ("GET", "HEAD", "POST")
_RESPONSE: Final = "application/graphql-response+json"
_JSON: Final = "application/json"
_RESPONSE_SENT: Final = f"{_RESPONSE}; charset=utf-8".encode()
_JSON_SENT: Final = f"{_JSON}; charset=utf-8".encode()
_STATUS: Final = {"UNAUTHENTICATED": 401, "UNAVAILABLE": 503, "DEADLINE_EXCEEDED": 503, "BUSY": 503, "INTERNAL": 500}
_MALFORMED: Final = (msgspec.ValidationError, msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_NUL: Final = "\x00"
_NUL_IN_JSON: Final = rb"\u0000"
"""How JSON has to write it: as it is, it makes a document malformed."""
_ANYTHING: Final = "*/*"
_ACCEPTABLE: Final = (_ANYTHING, "application/*", _RESPONSE, _JSON)


class GraphQLRequest(msgspec.Struct, rename="camel"):
    """The members of a GraphQL request."""

    query: str
    variables: dict[str, Any] | None = None
    operation_name: str | None = None
    extensions: dict[str, Any] | None = None


class RefusedError(Exception):
    """A request that is answered without executing anything."""

    def __init__(self, status: int, code: str, message: str, *, headers: Headers | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers or {}


class GraphQLEndpoint:
    """Answers GraphQL requests as an ASGI application."""

    def __init__(
        self,
        schema: strawberry.Schema,
        documents: Documents,
        verifier: TokenVerifier,
        caller: Callable[[Identity | None, str, str | None], HttpCaller],
        *,
        suggestions: bool = True,
    ) -> None:
        self._schema: GraphQLSchema = schema._schema  # noqa: SLF001 - Strawberry names it nowhere else
        self._executor = schema.execution_context_class
        self._documents = documents
        self._suggestions = suggestions
        self._verifier = verifier
        self._caller = caller

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        exchange = Exchange(scope, receive, send)
        request_id = token_hex(16)
        try:
            status, body, headers = await self._answer(exchange, request_id)
        except RefusedError as refused:
            status, body, headers = refused.status, _refusal(refused, request_id), refused.headers
        except ConnectionResetError:
            return
        sent = {b"content-type": _media(exchange), b"x-request-id": request_id.encode(), b"cache-control": b"no-store"}
        await exchange.answer(status, orjson.dumps(body), sent | headers)

    async def _answer(self, exchange: Exchange, request_id: str) -> tuple[int, dict[str, Any], Headers]:
        if exchange.method not in _METHODS:
            allowed = {b"allow": ", ".join(_METHODS).encode()}
            raise RefusedError(405, "METHOD_NOT_ALLOWED", "Ask by GET or POST.", headers=allowed)
        _demand_acceptable(exchange)
        asked = await _read(exchange)
        identity = self._identify(exchange)
        document = self._documents.read(asked.query)
        if document.node is None:
            return self._refused(document.errors, request_id, code="GRAPHQL_PARSE_FAILED")
        _demand_allowed(exchange, document, asked.operation_name)
        if document.errors:
            return self._refused(document.errors, request_id, code="GRAPHQL_VALIDATION_FAILED")
        executor = self._executor.build(
            self._schema,
            document.node,
            context_value=self._caller(identity, request_id, exchange.address),
            raw_variable_values=asked.variables,
            operation_name=asked.operation_name,
            is_awaitable=optimized_is_awaitable,  # type: ignore[arg-type]  # it is as Strawberry passes it
            hide_suggestions=not self._suggestions,
        )
        if isinstance(executor, list):
            return self._refused(executor, request_id, code="BAD_USER_INPUT")
        return await self._executed(executor, request_id)

    async def _executed(self, executor: Any, request_id: str) -> tuple[int, dict[str, Any], Headers]:
        try:
            result: ExecutionResult = await executor.execute_operation()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told as an error of the answer
            return self._refused([GraphQLError(str(error), original_error=error)], request_id, code="BAD_USER_INPUT")
        if not result.errors:
            return 200, {"data": result.data}, {}
        if result.data is None and not any(error.path for error in result.errors):
            return self._refused(result.errors, request_id, code="BAD_USER_INPUT")
        errors = self._formatted(result.errors, request_id, code="INTERNAL")
        status = 401 if "UNAUTHENTICATED" in codes(errors) else 200
        return status, {"errors": errors, "data": result.data}, _headers(status)

    def _refused(
        self, found: Iterable[GraphQLError], request_id: str, *, code: str
    ) -> tuple[int, dict[str, Any], Headers]:
        """Answer what was not executed."""
        errors = self._formatted(found, request_id, code=code)
        known = codes(errors)
        status = next((status for code, status in _STATUS.items() if code in known), 400)
        return status, {"errors": errors}, _headers(status)

    def _formatted(self, errors: Iterable[GraphQLError], request_id: str, *, code: str) -> list[dict[str, Any]]:
        return [
            formatted(error, request_id=request_id, code=_default_code(error, code), suggestions=self._suggestions)
            for error in errors
        ]

    def _identify(self, exchange: Exchange) -> Identity | None:
        header = exchange.header(b"authorization")
        if header is None:
            return None
        kind, _, token = header.partition(" ")
        try:
            return self._verifier.verify(token.strip() if kind.lower() == "bearer" else "")
        except InvalidTokenError as error:
            raise RefusedError(
                401,
                "UNAUTHENTICATED",
                "The access token is not valid; sign in again.",
                headers={b"www-authenticate": b'Bearer error="invalid_token"'},
            ) from error


def _posted(exchange: Exchange) -> bool:
    """Tell whether a body was sent; HEAD asks what GET asks."""
    return exchange.method == "POST"


def _demand_acceptable(exchange: Exchange) -> None:
    accepted = exchange.header(b"accept") or _ANYTHING
    if accepted in _ACCEPTABLE:
        return
    accepted = accepted.lower()
    if not any(kind in accepted for kind in _ACCEPTABLE):
        raise RefusedError(406, "NOT_ACCEPTABLE", f"Answers are given as {_RESPONSE} or {_JSON}.")


def _demand_allowed(exchange: Exchange, document: Document, name: str | None) -> None:
    """Refuse an operation that does not exist, or that this method cannot carry."""
    try:
        kind = document.operation(name).operation
    except NoSuchOperationError as error:
        raise RefusedError(400, "BAD_REQUEST", str(error)) from error
    if kind is OperationType.SUBSCRIPTION:
        raise RefusedError(400, "BAD_REQUEST", "Subscriptions are not served here.")
    if kind is OperationType.MUTATION and not _posted(exchange):
        raise RefusedError(405, "METHOD_NOT_ALLOWED", "A mutation is sent by POST.", headers={b"allow": b"POST"})


async def _read(exchange: Exchange) -> GraphQLRequest:
    if not _posted(exchange):
        return _from_query(exchange.query())
    kind = exchange.header(b"content-type") or ""
    if kind != _JSON and kind.partition(";")[0].strip().lower() != _JSON:
        raise RefusedError(415, "UNSUPPORTED_MEDIA_TYPE", "Send the request as application/json.")
    try:
        return _decoded(await exchange.body(LONGEST_BODY))
    except TooLargeError as error:
        message = f"A request takes at most {LONGEST_BODY} bytes."
        raise RefusedError(413, "DOCUMENT_TOO_LARGE", message) from error


def _decoded(body: bytes) -> GraphQLRequest:
    try:
        asked = msgspec.json.decode(body, type=GraphQLRequest)
    except _MALFORMED as error:
        raise _malformed(error) from error
    return _checked(asked, may_hold_nul=_NUL_IN_JSON in body)


def _from_query(given: Mapping[str, str]) -> GraphQLRequest:
    try:
        members = {name: msgspec.json.decode(given[name]) for name in ("variables", "extensions") if name in given}
        asked = {"query": given.get("query"), "operationName": given.get("operationName"), **members}
        return _checked(msgspec.convert(asked, type=GraphQLRequest), may_hold_nul=True)
    except _MALFORMED as error:
        raise _malformed(error) from error


def _checked(asked: GraphQLRequest, *, may_hold_nul: bool) -> GraphQLRequest:
    if not asked.query:
        raise RefusedError(400, "BAD_REQUEST", "The document is empty.")
    if len(asked.query) > LONGEST_DOCUMENT:
        raise RefusedError(400, "DOCUMENT_TOO_LARGE", f"A document takes at most {LONGEST_DOCUMENT} characters.")
    if may_hold_nul and _holds_nul(asked.variables):
        raise RefusedError(400, "BAD_USER_INPUT", "A text in the variables holds a NUL character.")
    return asked


def _malformed(error: Exception) -> RefusedError:
    """Tell what is wrong with a request, but not with its bytes: they are not text, or nested too deep to be read."""
    known = isinstance(error, msgspec.ValidationError | msgspec.DecodeError)
    says = str(error) if known else "its JSON is not UTF-8 or is nested too deeply"
    return RefusedError(400, "BAD_REQUEST", f"This is not a GraphQL request: {says}.")


def _holds_nul(variables: dict[str, Any] | None) -> bool:
    """Tell whether a text anywhere in the variables holds the one character that PostgreSQL stores in no text."""
    pending: list[Any] = [variables]
    while pending:
        value = pending.pop()
        if isinstance(value, str) and _NUL in value:
            return True
        if isinstance(value, dict | list):
            pending += value.values() if isinstance(value, dict) else value
    return False


def _headers(status: int) -> Headers:
    return {401: {b"www-authenticate": b"Bearer"}, 503: {b"retry-after": b"1"}}.get(status, {})


def _default_code(error: GraphQLError, code: str) -> str:
    inside = error.original_error is not None and not isinstance(error.original_error, GraphQLError)
    return "INTERNAL" if inside else code


def _refusal(refused: RefusedError, request_id: str) -> dict[str, Any]:
    error = {"message": refused.message, "extensions": {"code": refused.code, "requestId": request_id}}
    return {"errors": [error]}


def _media(exchange: Exchange) -> bytes:
    accepted = exchange.header(b"accept") or ""
    return _RESPONSE_SENT if _RESPONSE in accepted else _JSON_SENT
