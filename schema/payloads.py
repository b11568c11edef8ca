"""What every mutation answers with besides the changed entity: errors that the caller can act on."""

import inspect
from collections.abc import Iterator
from enum import Enum
from typing import Any, Final, Self

import strawberry
from strawberry.types.enum import EnumValueDefinition
from strawberry.utils.str_converters import to_camel_case

from resolvers import errors
from resolvers.errors import ExpectedError


def expected_errors(kind: type[ExpectedError] = ExpectedError) -> Iterator[type[ExpectedError]]:
    """Walk the tree of expected errors that have a code."""
    for child in kind.__subclasses__():
        if child.code and child.__module__.startswith((errors.__name__, "tenancy.errors")):
            yield child
        yield from expected_errors(child)


def says(kind: type[ExpectedError]) -> str:
    """Return the sentence that an error's class says of itself."""
    return (inspect.getdoc(kind) or "").splitlines()[0]


_CODES: Final = {kind.code: says(kind) for kind in sorted(expected_errors(), key=lambda kind: kind.code)}


def _code_enum() -> type[Enum]:
    members = {code: EnumValueDefinition(code, description=meaning) for code, meaning in _CODES.items()}
    listed: Any = Enum("UserErrorCode", members)  # type: ignore[misc]  # the members are known when the process runs
    made: type[Enum] = strawberry.enum(
        listed,
        description="Why a change was not made. New codes may be added.",
    )
    return made


UserErrorCode = _code_enum()


@strawberry.type(description="Why a change was not made, in a form that the caller can act on.")
class UserError:
    """One expected error of a mutation."""

    code: UserErrorCode = strawberry.field(description="The stable code.")  # type: ignore[valid-type]
    path: list[str] = strawberry.field(description="The input field that it is about, outermost first.")
    message: str = strawberry.field(description="A sentence for the person who made the change.")
    retryable: bool = strawberry.field(description="Whether the same change may succeed a moment later.")
    rule: str | None = strawberry.field(default=None, description="Of a denial: the rule, by its stable code.")
    who_can: str | None = strawberry.field(default=None, description="Of a denial: who may do this.")
    how_to_request: str | None = strawberry.field(default=None, description="Of a denial: how to ask for it.")
    current_version: int | None = strawberry.field(
        default=None, description="Of a stale version: the version that stands now."
    )
    changed_fields: list[str] | None = strawberry.field(
        default=None, description="Of a stale version: what changed since the expected one."
    )

    @classmethod
    def of(cls, error: ExpectedError) -> Self:
        """Tell an expected error."""
        details = dict(error.details)
        changed = details.pop("changed_fields", None)
        if isinstance(changed, list):
            details["changed_fields"] = [to_camel_case(name) for name in changed]
        return cls(
            code=error.code,
            path=["input", *(to_camel_case(name) for name in error.path)] if error.path else [],
            message=error.message,
            retryable=error.retryable,
            **details,  # type: ignore[arg-type]  # the error's own details, by the names of these fields
        )


def user_errors() -> list[UserError]:
    """Declare the errors of a payload."""
    made: list[UserError] = strawberry.field(
        default_factory=list, description="Why the change was not made; empty when it was."
    )
    return made
