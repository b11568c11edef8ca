"""Outcomes of administering an organisation, and of being let in to do so."""

from collections.abc import Iterable

from resolvers.errors.inputs import InvalidInputError


class DomainTakenError(InvalidInputError):
    """The partner has another organisation with this domain."""

    code = "DOMAIN_TAKEN"

    def __init__(self) -> None:
        super().__init__("You have another organisation with this domain.", path=("domain",))


class AddressTakenError(InvalidInputError):
    """The organisation has a user with this e-mail address."""

    code = "EMAIL_TAKEN"

    def __init__(self) -> None:
        super().__init__("The organisation has a user with this e-mail address.", path=("email",))


class ImageRefusedError(InvalidInputError):
    """An image is not given as the address of one."""

    code = "IMAGE_REFUSED"

    def __init__(self) -> None:
        super().__init__(
            "Give the image's address: one that begins with https:// and holds no user name or password.",
            path=("image",),
        )


class PartnerStaffRefusedError(InvalidInputError):
    """Somebody who works for the managing partner, or for one above it, does not administer an organisation."""

    code = "PARTNER_STAFF_REFUSED"

    def __init__(self, *path: str) -> None:
        super().__init__(
            "This person works for the partner that manages the organisation, or for one above it, "
            "and can be no more than a member.",
            path=path,
        )


class BackupPendingError(InvalidInputError):
    """A backup of the user's data was asked for and is not made yet."""

    code = "BACKUP_PENDING"

    def __init__(self) -> None:
        super().__init__("A backup of this user's data is being made already.", path=("id",))


class RestoreTooLateError(InvalidInputError):
    """A user was deleted too long ago to be brought back."""

    code = "RESTORE_TOO_LATE"

    def __init__(self, days: int) -> None:
        super().__init__(f"A deleted user can be restored for {days} days; those are over.", path=("id",))


class NotEscalableError(InvalidInputError):
    """A task is not one that an escalation lifts the denial of."""

    code = "NOT_ESCALABLE"

    def __init__(self) -> None:
        super().__init__("This is no task that partners ask a super admin for; name one of those.", path=("task",))


class EscalationLapsedError(InvalidInputError):
    """An escalation was asked for too long ago to be approved."""

    code = "ESCALATION_LAPSED"

    def __init__(self, days: int) -> None:
        super().__init__(f"This was asked for more than {days} days ago; have it asked for anew.", path=("id",))


class PrivilegeNotGrantableError(InvalidInputError):
    """A privilege is asked for that no access to an organisation holds."""

    code = "PRIVILEGE_NOT_GRANTABLE"

    def __init__(self, privilege: str, place: int, *, by_escalation: bool, holds: Iterable[str]) -> None:
        instead = (
            "it is asked for by escalation, for one use at a time."
            if by_escalation
            else f"what an access can hold is {', '.join(holds)}."
        )
        super().__init__(f"No access holds {privilege}: {instead}", path=("privileges", str(place)))


class DaysOutOfRangeError(InvalidInputError):
    """Something is asked for that is given for fewer or more days."""

    code = "DAYS_OUT_OF_RANGE"

    def __init__(self, least: int, most: int) -> None:
        super().__init__(f"This is given for {least} to {most} days.", path=("days",))


class AccessActiveError(InvalidInputError):
    """The partner has an access to the organisation that is active."""

    code = "ACCESS_ACTIVE"

    def __init__(self) -> None:
        super().__init__("The partner has active access already; end that first.", path=("id",))


class AccessNotExtendableError(InvalidInputError):
    """An access cannot be extended, or not any more."""

    code = "ACCESS_NOT_EXTENDABLE"

    def __init__(self, *, says: str) -> None:
        super().__init__(says, path=("id",))
