"""Outcomes of any input, whatever it is about."""

from tenancy.errors import ExpectedError


class DeadlineExceededError(ExpectedError):
    """The operation took longer than it may; it was stopped."""

    code = "DEADLINE_EXCEEDED"
    retryable = True

    def __init__(self, seconds: float) -> None:
        super().__init__(f"This took longer than {seconds:g} seconds and was stopped; ask for less at once.")


class InvalidInputError(ExpectedError):
    """An input cannot be accepted as it is."""

    code = "INVALID"


class RequiredError(InvalidInputError):
    """A field that must hold something is empty."""

    code = "REQUIRED"

    def __init__(self, *path: str, says: str = "This must not be empty.") -> None:
        super().__init__(says, path=path)


class TooLongError(InvalidInputError):
    """A text is longer than the field takes."""

    code = "TOO_LONG"

    def __init__(self, *path: str, most: int) -> None:
        super().__init__(f"This takes at most {most} characters.", path=path)


class BadCursorError(InvalidInputError):
    """A cursor was not made for this list, order, filter and parent."""

    code = "BAD_CURSOR"

    def __init__(self, argument: str) -> None:
        super().__init__(
            "This cursor was not given for this list with this order and filter; start again without it.",
            path=(argument,),
        )


class PageSizeError(InvalidInputError):
    """A page size is outside what a list gives at once."""

    code = "BAD_PAGE_SIZE"

    def __init__(self, argument: str, says: str) -> None:
        super().__init__(says, path=(argument,))


class CardNumberRefusedError(InvalidInputError):
    """An input looks like a card number, which must never reach this service."""

    code = "CARD_NUMBER_REFUSED"

    def __init__(self, *path: str) -> None:
        super().__init__(
            "This looks like a card number. Send the card processor's token; the number was not stored or logged.",
            path=path,
        )


class RepeatedError(InvalidInputError):
    """A list names the same thing twice."""

    code = "REPEATED"

    def __init__(self, *path: str) -> None:
        super().__init__("This names something twice.", path=path)


class OutOfPlaceError(InvalidInputError):
    """A field is given that has no meaning beside the others."""

    code = "OUT_OF_PLACE"

    def __init__(self, *path: str, says: str) -> None:
        super().__init__(says, path=path)


class AlreadyRequestedError(InvalidInputError):
    """The same was requested before, and that request is still good."""

    code = "ALREADY_REQUESTED"

    def __init__(self, *, says: str) -> None:
        super().__init__(says)


class NotYoursError(InvalidInputError):
    """Only whoever asked for something takes it back."""

    code = "NOT_YOURS"

    def __init__(self, name: str) -> None:
        super().__init__(f"Only {name}, who asked for it, can take it back.", path=("id",))


class IllegalTransitionError(InvalidInputError):
    """The thing is in a state that does not allow this.

    `first` is a sentence that says what to do first.
    """

    code = "ILLEGAL_TRANSITION"

    def __init__(self, what: str, state: str, wanted: str, *, first: str = "") -> None:
        article = "An" if what[0] in "aeio" else "A"
        super().__init__(f"{article} {what} that is {state} cannot be {wanted}. {first}".strip())
