"""The GraphQL endpoint: a JSON request in, a JSON answer out."""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final
from uuid import uuid4

import msgspec
import orjson
import strawberry
from graphql import GraphQLError, GraphQLSyntaxError, OperationDefinitionNode, parse
from starlette.requests import Request
from starlette.responses import Response
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types.graphql import OperationType

from gateway.http.errors import codes, formatted
from gateway.identity.tokens import InvalidTokenError, TokenVerifier
from gateway.operations import HttpCaller
from tenancy.principal import Identity

LONGEST_BODY: Final = 1_000_000
"""Bytes of a request's body."""
LONGEST_DOCUMENT: Final = 15_000
"""Characters of a document."""

_METHODS: Final = ("GET", "HEAD", "POST")
_RESPONSE: Final = "application/graphql-response+json"
_JSON: Final = "application/json"
_STATUS: Final = {"UNAUTHENTICATED": 401, "UNAVAILABLE": 503, "DEADLINE_EXCEEDED": 503, "BUSY": 503, "INTERNAL": 500}
_MALFORMED: Final = (msgspec.ValidationError, msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_OPERATION: Final = re.compile(r"\b(?:query|mutation|subscription)\b")
_NUL: Final = "\x00"


class GraphQLRequest(msgspec.Struct, rename="camel"):
    """The members of a GraphQL request."""

    query: str
    variables: dict[str, Any] | None = None
    operation_name: str | None = None
    extensions: dict[str, Any] | None = None


class RefusedError(Exception):
    """A request that is answered without executing anything."""

    def __init__(self, status: int, code: str, message: str, *, headers: dict[str, str] | None = None) -> None:
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
        verifier: TokenVerifier,
        caller: Callable[[Identity | None, str, str | None], HttpCaller],
        *,
        suggestions: bool = True,
    ) -> None:
        self._schema = schema
        self._suggestions = suggestions
        self._verifier = verifier
        self._caller = caller

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        request_id = str(uuid4())
        try:
            response = await self._answer(request, request_id)
        except RefusedError as refused:
            response = _refusal(request, refused, request_id)
        response.headers["X-Request-Id"] = request_id
        response.headers["Cache-Control"] = "no-store"
        await response(scope, receive, send)

    async def _answer(self, request: Request, request_id: str) -> Response:
        if request.method not in _METHODS:
            raise RefusedError(405, "METHOD_NOT_ALLOWED", "Ask by GET or POST.", headers={"Allow": ", ".join(_METHODS)})
        _demand_acceptable(request)
        asked = await _read(request)
        identity = self._identify(request)
        allowed = {OperationType.QUERY, OperationType.MUTATION} if _posted(request) else {OperationType.QUERY}
        try:
            result = await self._schema.execute(
                asked.query,
                variable_values=asked.variables,
                operation_name=asked.operation_name,
                context_value=self._caller(identity, request_id, request.client.host if request.client else None),
                allowed_operation_types=allowed,
            )
        except InvalidOperationTypeError as error:
            if error.operation_type is OperationType.MUTATION:
                raise RefusedError(
                    405, "METHOD_NOT_ALLOWED", "A mutation is sent by POST.", headers={"Allow": "POST"}
                ) from error
            raise RefusedError(400, "BAD_REQUEST", "Subscriptions are not served here.") from error
        except CannotGetOperationTypeError as error:
            raise RefusedError(400, "BAD_REQUEST", "The document has no operation of this name.") from error
        return _response(request, result, request_id, suggestions=self._suggestions)

    def _identify(self, request: Request) -> Identity | None:
        header = request.headers.get("authorization")
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
                headers={"WWW-Authenticate": 'Bearer error="invalid_token"'},
            ) from error


def _posted(request: Request) -> bool:
    """Tell whether a body was sent; HEAD asks what GET asks."""
    return request.method == "POST"


def _demand_acceptable(request: Request) -> None:
    accepted = request.headers.get("accept", "*/*").lower()
    if not any(kind in accepted for kind in ("*/*", "application/*", _RESPONSE, _JSON)):
        raise RefusedError(406, "NOT_ACCEPTABLE", f"Answers are given as {_RESPONSE} or {_JSON}.")


async def _read(request: Request) -> GraphQLRequest:
    if not _posted(request):
        return _from_query(request)
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _JSON:
        raise RefusedError(415, "UNSUPPORTED_MEDIA_TYPE", "Send the request as application/json.")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LONGEST_BODY:
            raise RefusedError(413, "DOCUMENT_TOO_LARGE", f"A request takes at most {LONGEST_BODY} bytes.")
    return _checked(_decoded(bytes(body)))


def _decoded(body: bytes) -> GraphQLRequest:
    try:
        return msgspec.json.decode(body, type=GraphQLRequest)
    except _MALFORMED as error:
        raise _malformed(error) from error


def _from_query(request: Request) -> GraphQLRequest:
    given = request.query_params
    try:
        members = {name: msgspec.json.decode(given[name]) for name in ("variables", "extensions") if name in given}
        asked = {"query": given.get("query"), "operationName": given.get("operationName"), **members}
        return _checked(msgspec.convert(asked, type=GraphQLRequest))
    except _MALFORMED as error:
        raise _malformed(error) from error


def _checked(asked: GraphQLRequest) -> GraphQLRequest:
    if not asked.query:
        raise RefusedError(400, "BAD_REQUEST", "The document is empty.")
    if len(asked.query) > LONGEST_DOCUMENT:
        raise RefusedError(400, "DOCUMENT_TOO_LARGE", f"A document takes at most {LONGEST_DOCUMENT} characters.")
    if asked.operation_name is None and _has_several_operations(asked.query):
        raise RefusedError(400, "BAD_REQUEST", "The document has several operations; name one in operationName.")
    if _holds_nul(asked.variables):
        raise RefusedError(400, "BAD_USER_INPUT", "A text in the variables holds a NUL character.")
    return asked


def _malformed(error: Exception) -> RefusedError:
    """Tell what is wrong with a request, but not with its bytes: they are not text, or nested too deep to be read."""
    known = isinstance(error, msgspec.ValidationError | msgspec.DecodeError)
    says = str(error) if known else "its JSON is not UTF-8 or is nested too deeply"
    return RefusedError(400, "BAD_REQUEST", f"This is not a GraphQL request: {says}.")


@lru_cache(maxsize=1_000)
def _has_several_operations(document: str) -> bool:
    """Tell whether a name is needed to choose an operation: Strawberry would run the first."""
    if len(_OPERATION.findall(document)) < 2:  # noqa: PLR2004 - several
        return False
    try:
        definitions = parse(document, no_location=True, max_tokens=LONGEST_DOCUMENT).definitions
    except GraphQLSyntaxError:
        return False
    return sum(isinstance(node, OperationDefinitionNode) for node in definitions) > 1


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


def _response(request: Request, result: Any, request_id: str, *, suggestions: bool) -> Response:
    errors = [
        formatted(error, request_id=request_id, code=_default_code(error, result), suggestions=suggestions)
        for error in result.errors or ()
    ]
    body: dict[str, Any] = {"errors": errors} if errors else {}
    executed = result.data is not None or any(error.path for error in result.errors or ())
    if executed:
        body["data"] = result.data
    status = _status(codes(errors), executed=executed)
    return _json(request, body, status=status, headers=_headers(status))


def _status(found: set[str], *, executed: bool) -> int:
    if executed:
        return 401 if "UNAUTHENTICATED" in found else 200
    return next((status for code, status in _STATUS.items() if code in found), 400)


def _headers(status: int) -> dict[str, str]:
    return {401: {"WWW-Authenticate": "Bearer"}, 503: {"Retry-After": "1"}}.get(status, {})


def _default_code(error: GraphQLError, result: Any) -> str:
    if isinstance(error, GraphQLSyntaxError):
        return "GRAPHQL_PARSE_FAILED"
    inside = error.original_error is not None and not isinstance(error.original_error, GraphQLError)
    if error.path or inside:
        return "INTERNAL"
    return "GRAPHQL_VALIDATION_FAILED" if type(result).__name__ == "PreExecutionError" else "BAD_USER_INPUT"


def _refusal(request: Request, refused: RefusedError, request_id: str) -> Response:
    error = {"message": refused.message, "extensions": {"code": refused.code, "requestId": request_id}}
    return _json(request, {"errors": [error]}, status=refused.status, headers=refused.headers)


def _json(request: Request, body: dict[str, Any], *, status: int, headers: dict[str, str]) -> Response:
    media = _RESPONSE if _RESPONSE in request.headers.get("accept", "") else _JSON
    return Response(orjson.dumps(body), status_code=status, headers=headers, media_type=f"{media}; charset=utf-8")
