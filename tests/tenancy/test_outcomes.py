"""What the database says of contention and absence, told as errors that a caller can act on."""

import asyncpg
import pytest
from sqlalchemy.exc import DBAPIError, IntegrityError

from tenancy.errors import AlreadyExistsError, BusyError, UnavailableError
from tenancy.outcomes import UNREACHABLE, expected_outcomes, sqlstate


class _Said(Exception):  # noqa: N818 - stands for what the driver raises
    def __init__(self, code: str | None) -> None:
        super().__init__(code)
        self.sqlstate = code


@pytest.mark.parametrize(
    ("code", "gone", "outcome"),
    [
        ("55P03", False, BusyError),
        ("40001", False, BusyError),
        ("40P01", False, BusyError),
        ("57014", False, BusyError),
        ("57014", True, BusyError),
        ("23505", False, AlreadyExistsError),
        ("57P01", False, UnavailableError),
        ("57P02", False, UnavailableError),
        ("57P03", False, UnavailableError),
        ("53300", False, UnavailableError),
        (None, True, UnavailableError),
        ("23503", False, IntegrityError),
        ("42501", False, IntegrityError),
        (None, False, IntegrityError),
    ],
)
def test_what_the_database_says_is_told_so(code: str | None, outcome: type[Exception], *, gone: bool) -> None:
    with pytest.raises(outcome) as told, expected_outcomes():
        raise IntegrityError("", {}, _Said(code), connection_invalidated=gone)
    assert outcome is IntegrityError or isinstance(told.value.__cause__, IntegrityError)


@pytest.mark.parametrize("kind", UNREACHABLE, ids=lambda kind: str(kind.__name__))
def test_what_the_driver_says_of_a_lost_connection_is_unavailable(kind: type[Exception]) -> None:
    with pytest.raises(UnavailableError) as told, expected_outcomes():
        raise kind("lost")
    assert isinstance(told.value.__cause__, kind)
    assert "lost" not in told.value.message


@pytest.mark.parametrize("raised", [ZeroDivisionError(), asyncpg.UniqueViolationError("x"), BusyError()], ids=repr)
def test_everything_else_is_passed_on(raised: Exception) -> None:
    with pytest.raises(type(raised)) as told, expected_outcomes():
        raise raised
    assert told.value is raised


def test_nothing_said_is_nothing_told() -> None:
    with expected_outcomes():
        pass


def test_an_error_of_no_server_has_no_state() -> None:
    assert sqlstate(DBAPIError("", {}, ValueError())) is None
    assert sqlstate(DBAPIError("", {}, _Said("23505"))) == "23505"


def test_what_may_be_tried_again_says_so() -> None:
    assert [error.retryable for error in (BusyError(), UnavailableError(), AlreadyExistsError())] == [True, True, False]
