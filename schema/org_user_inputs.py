"""What changes of an organisation's users take as input."""

from typing import Any

import strawberry

from schema.guarded import node_id
from schema.scalars import EmailAddress, PhoneNumber


def given(doc: str) -> Any:
    """Declare an input field that may be left out."""
    return strawberry.field(default=strawberry.UNSET, description=doc)


def why() -> Any:
    """Declare the input field that takes a reason."""
    return given("Why, for the audit trail.")


def retried(what: str) -> Any:
    """Declare the input field that takes an idempotency key; `what` is done once for it."""
    return given(f"Makes a retry safe: the same key {what} once. Kept for 30 days.")


@strawberry.input(description="Which user to change.")
class _OneUser:
    """Which user to change."""

    id: strawberry.ID = node_id("OrgUser", doc="The user.")
    expected_version: int | None = given("Refuse if the user is not at this version.")
    idempotency_key: str | None = retried("changes")


@strawberry.input(description="Which user to change, and why.")
class _OneUserAndWhy(_OneUser):
    """Which user to change, and why."""

    reason: str | None = why()


@strawberry.input(description="A user to invite into the organisation.")
class OrgUserCreateInput:
    """A user to invite."""

    name: str = strawberry.field(description="The name.")
    email: EmailAddress = strawberry.field(description="Where the invitation goes, and what the user signs in with.")
    department: str | None = given("The department.")
    phone: PhoneNumber | None = given("The phone number, in E.164.")
    administrator: bool = strawberry.field(
        default=False, description="Whether the user administers the organisation; that takes USER_ROLE_SET_ADMIN too."
    )
    idempotency_key: str | None = retried("creates")


@strawberry.input(description="What to change of a user.")
class OrgUserEditInput(_OneUser):
    """What to change of a user."""

    name: str | None = given("The name.")
    department: str | None = given("The department.")
    phone: PhoneNumber | None = given("The phone number, in E.164.")


@strawberry.input(description="Which user to suspend.")
class OrgUserSuspendInput(_OneUserAndWhy):
    """Which user to suspend."""


@strawberry.input(description="Which user to let in again.")
class OrgUserReactivateInput(_OneUserAndWhy):
    """Which user to let in again."""


@strawberry.input(description="Whether a user administers the organisation.")
class OrgUserSetAdministratorInput(_OneUserAndWhy):
    """Whether a user administers the organisation."""

    administrator: bool = strawberry.field(description="True makes an administrator, false a member.")


@strawberry.input(description="The image of a user.")
class OrgUserSetProfileImageInput(_OneUser):
    """The image of a user."""

    image: str | None = strawberry.field(description="Its https address; null takes the image away.")


@strawberry.input(description="Whose password to reset.")
class OrgUserResetPasswordInput(_OneUser):
    """Whose password to reset."""


@strawberry.input(description="Which user to delete.")
class OrgUserDeleteInput(_OneUserAndWhy):
    """Which user to delete."""


@strawberry.input(description="Which deleted user to bring back.")
class OrgUserRestoreInput(_OneUserAndWhy):
    """Which deleted user to bring back."""


@strawberry.input(description="Whose data to back up.")
class OrgUserBackupInput:
    """Whose data to back up."""

    id: strawberry.ID = node_id("OrgUser", doc="The user.")
    idempotency_key: str | None = retried("asks")
