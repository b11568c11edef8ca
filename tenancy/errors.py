"""Outcomes that a caller can expect and act on, as far as the tenant boundary raises them.

`resolvers.errors` continues the tree and draws it whole.
"""

from typing import ClassVar
from uuid import UUID

from tenancy.privileges import Privilege
from tenancy.sentences import Deny


class ExpectedError(Exception):
    """An outcome with a stable code; its message is written for the person who reads it.

    `path` names the input field it is about, outermost first.
    """

    code: ClassVar[str] = ""
    retryable: ClassVar[bool] = False

    def __init__(self, message: str, *, path: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.path = path

    @property
    def details(self) -> dict[str, object]:
        """What the answer carries besides code, path and message."""
        return {}


class UnauthenticatedError(ExpectedError):
    """Nobody is signed in, or the membership behind the token has ended."""

    code = "UNAUTHENTICATED"

    def __init__(self) -> None:
        super().__init__("Sign in: this needs a valid access token.")


class ForbiddenError(ExpectedError):
    """The caller can see the thing but may not do this; the decision says why, who can and how to ask."""

    code = "FORBIDDEN"

    def __init__(self, denial: Deny, *, privilege: Privilege | None = None) -> None:
        super().__init__(denial.because)
        self.denial = denial
        self.privilege = privilege

    @property
    def details(self) -> dict[str, object]:
        """The decision."""
        return {
            "rule": self.denial.rule,
            "who_can": self.denial.who_can,
            "how_to_request": self.denial.how_to_request,
        }


class NotFoundError(ExpectedError):
    """No such thing in the caller's scope: the answer is the same for an id that never existed."""

    code = "NOT_FOUND"

    def __init__(self, what: str, *, path: tuple[str, ...] = ()) -> None:
        super().__init__(f"There is no such {what}.", path=path)


class StaleVersionError(ExpectedError):
    """Somebody changed the thing since the caller read it."""

    code = "STALE_VERSION"

    def __init__(self, current: int, changed: tuple[str, ...]) -> None:
        super().__init__(f"It has changed since you read it: the version is now {current}.", path=("expectedVersion",))
        self.current = current
        self.changed = changed

    @property
    def details(self) -> dict[str, object]:
        """The version that stands, and the fields that changed since the expected one."""
        return {"current_version": self.current, "changed_fields": list(self.changed)}


class IdempotencyMismatchError(ExpectedError):
    """The key was used before with another input."""

    code = "IDEMPOTENCY_MISMATCH"

    def __init__(self) -> None:
        super().__init__(
            "This idempotency key was used with another input; use a new key for a new change.",
            path=("idempotencyKey",),
        )


class IdempotencyInFlightError(ExpectedError):
    """The change with this key is still being made."""

    code = "IDEMPOTENCY_IN_FLIGHT"
    retryable = True

    def __init__(self) -> None:
        super().__init__("A change with this idempotency key is still being made; try again.", path=("idempotencyKey",))


class AlreadyExistsError(ExpectedError):
    """Another change made the same thing a moment before."""

    code = "ALREADY_EXISTS"

    def __init__(self) -> None:
        super().__init__("This exists already; nothing was changed.")


class BusyError(ExpectedError):
    """Somebody else is changing the same thing, or the database is briefly out of reach."""

    code = "BUSY"
    retryable = True

    def __init__(self) -> None:
        super().__init__("Somebody else is changing this just now; nothing was changed, try again.")


class UnavailableError(ExpectedError):
    """The database cannot be reached."""

    code = "UNAVAILABLE"
    retryable = True

    def __init__(self) -> None:
        super().__init__("The service cannot reach its database; try again shortly.")


class ReplayedError(Exception):
    """A change with this idempotency key was made before; carries what it changed."""

    def __init__(self, kind: str, identifier: UUID) -> None:
        super().__init__(kind)
        self.kind = kind
        self.identifier = identifier
