"""What a client is told of an error: a code from a closed list, and nothing of the inside."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import structlog
from graphql import GraphQLError

from resolvers.errors import ExpectedError
from schema.scalars import InvalidScalarError

log: Final = structlog.get_logger()

TRANSPORT_CODES: Final = {
    "BAD_REQUEST": "The request is not a GraphQL request: its JSON or its members are malformed.",
    "BAD_USER_INPUT": "A variable or an argument has a value that its type does not take.",
    "DOCUMENT_TOO_LARGE": "The document, or the request, is larger than is accepted.",
    "GRAPHQL_PARSE_FAILED": "The document is not GraphQL.",
    "GRAPHQL_VALIDATION_FAILED": "The document does not fit the schema.",
    "INTERNAL": "Something went wrong here; the request id finds it in the log.",
    "METHOD_NOT_ALLOWED": "The method cannot carry this operation.",
    "NOT_ACCEPTABLE": "None of the accepted media types can be given.",
    "UNSUPPORTED_MEDIA_TYPE": "The body is not JSON.",
}
"""The codes of top-level errors besides those of the expected errors."""

_INPUT_PATH: Final = re.compile(r"^Variable '\$(?P<variable>\w+)' has invalid value(?: at \.?(?P<at>\S+))?:")


_SUGGESTION: Final = re.compile(r"\s*Did you mean [^?]*\?")
_LONG_NUMBER: Final = re.compile(r"\d(?:[\s\-]*\d){12,}")
"""What may be a card number; graphql-core repeats the literals that it refuses."""


def formatted(error: GraphQLError, *, request_id: str, code: str, suggestions: bool = True) -> dict[str, Any]:
    """Turn an error into what the answer carries.

    `code` is what an error without one of its own gets; without `suggestions` nothing says which name may be meant.
    """
    found = _code(error)
    masked = found is None and code == "INTERNAL"
    if masked:
        log.error("unexpected error", request_id=request_id, path=error.path, exc_info=error.original_error or error)
    told = _expected(error)
    message = _message(error, request_id=request_id, masked=masked)
    made: dict[str, Any] = {
        "message": message if suggestions else _SUGGESTION.sub("", message),
        "extensions": {"code": found or code, **(told or {}), "requestId": request_id},
    }
    if error.locations:
        made["locations"] = [location.formatted for location in error.locations]
    if error.path:
        made["path"] = error.path
    where = _INPUT_PATH.match(error.message)
    if where:
        made["extensions"]["inputPath"] = [where["variable"], *filter(None, (where["at"] or "").split("."))]
    return made


def _message(error: GraphQLError, *, request_id: str, masked: bool) -> str:
    if masked:
        return f"Something went wrong here. Tell support the request id {request_id}."
    original = error.original_error
    return original.message if isinstance(original, ExpectedError) else _LONG_NUMBER.sub("[number]", error.message)


def _code(error: GraphQLError) -> str | None:
    original = error.original_error
    if isinstance(original, ExpectedError):
        return original.code
    if isinstance(original, InvalidScalarError) or isinstance(error, InvalidScalarError):
        return "BAD_USER_INPUT"
    given = (error.extensions or {}).get("code")
    return given if isinstance(given, str) else None


def _expected(error: GraphQLError) -> dict[str, Any] | None:
    original = error.original_error
    if not isinstance(original, ExpectedError):
        return None
    names = {"who_can": "whoCan", "how_to_request": "howToRequest"}
    details = {names.get(name, name): value for name, value in original.details.items() if value is not None}
    path = {"argument": list(original.path)} if original.path else {}
    return {"retryable": original.retryable, **details, **path}


def codes(errors: Sequence[Mapping[str, Any]]) -> set[str]:
    """Return the codes of formatted errors."""
    return {error["extensions"]["code"] for error in errors}
