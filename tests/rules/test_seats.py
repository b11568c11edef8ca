"""Seats: more at once, fewer at the renewal or soon after an increase, never under the assigned."""

from datetime import UTC, datetime, timedelta
from typing import Final

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from resolvers.errors import SeatsBelowAssignedError, SeatsOutOfRangeError
from resolvers.rules.seats import GRACE, Seats, change_seats

NOW: Final = datetime(2026, 3, 31, 9, 30, tzinfo=UTC)
LEAST: Final = 1
MOST: Final = 60

numbers = st.integers(LEAST, MOST)
ages = st.none() | st.timedeltas(timedelta(), GRACE) | st.timedeltas(GRACE, timedelta(days=30))


@st.composite
def seats(draw: st.DrawFn) -> Seats:
    """Make the seats of a subscription as some history may have left them."""
    now = draw(numbers)
    age = draw(ages)
    at_renewal = draw(st.none() | st.integers(LEAST, now))
    if age is None:
        return Seats(now, at_renewal=at_renewal)
    return Seats(now, at_renewal=at_renewal, before_increase=draw(st.integers(LEAST, now)), increased_at=NOW - age)


def change(current: Seats, wanted: int, assigned: int = 0, now: datetime = NOW) -> Seats:
    return change_seats(current, wanted, assigned=assigned, least=LEAST, most=MOST, now=now)


def graced(current: Seats) -> bool:
    return current.increased_at is not None and NOW - current.increased_at <= GRACE


@given(current=seats(), wanted=numbers)
def test_adds_seats_at_once_and_forgets_a_smaller_renewal(current: Seats, wanted: int) -> None:
    assume(wanted > current.seats)
    after = change(current, wanted)
    assert (after.seats, after.at_renewal, after.increased_at) == (wanted, None, NOW)
    assert after.before_increase == current.seats


@given(current=seats(), wanted=numbers)
def test_takes_seats_away_at_once_only_soon_after_an_increase_and_no_more_than_it_added(
    current: Seats, wanted: int
) -> None:
    assume(wanted < current.seats)
    after = change(current, wanted)
    added = current.before_increase is not None and wanted >= current.before_increase
    if graced(current) and added:
        assert (after.seats, after.at_renewal) == (wanted, None)
    else:
        assert (after.seats, after.at_renewal) == (current.seats, wanted)
    assert (after.before_increase, after.increased_at) == (current.before_increase, current.increased_at)


@given(current=seats())
def test_keeps_what_is_asked_for_and_forgets_a_smaller_renewal(current: Seats) -> None:
    after = change(current, current.seats)
    assert (after.seats, after.at_renewal) == (current.seats, None)
    assert (after.before_increase, after.increased_at) == (current.before_increase, current.increased_at)


@given(current=seats(), wanted=numbers)
def test_changes_nothing_the_second_time(current: Seats, wanted: int) -> None:
    once = change(current, wanted)
    assert change(once, wanted) == once


@given(current=seats(), wanted=numbers)
def test_never_forgets_what_was_wanted(current: Seats, wanted: int) -> None:
    after = change(current, wanted)
    assert wanted in {after.seats, after.at_renewal}
    assert after.seats >= wanted
    assert after.at_renewal is None or after.at_renewal < after.seats


@given(current=seats(), wanted=st.integers(-100, 200))
def test_sells_only_what_the_plan_sells(current: Seats, wanted: int) -> None:
    assume(not LEAST <= wanted <= MOST)
    with pytest.raises(SeatsOutOfRangeError) as refused:
        change(current, wanted)
    assert refused.value.message == f"This plan sells {LEAST} to {MOST} seats."


@given(current=seats(), wanted=numbers, assigned=numbers)
def test_never_goes_under_the_assigned(current: Seats, wanted: int, assigned: int) -> None:
    if wanted < assigned:
        with pytest.raises(SeatsBelowAssignedError, match=f"^{assigned} seats are assigned"):
            change(current, wanted, assigned)
    else:
        after = change(current, wanted, assigned)
        assert min(after.seats, after.at_renewal or after.seats) >= assigned


@pytest.mark.parametrize(
    ("age", "after"),
    [
        (timedelta(), Seats(15, before_increase=10, increased_at=NOW)),
        (GRACE, Seats(15, before_increase=10, increased_at=NOW - GRACE)),
        (
            GRACE + timedelta(microseconds=1),
            Seats(20, at_renewal=15, before_increase=10, increased_at=NOW - GRACE - timedelta(microseconds=1)),
        ),
    ],
)
def test_takes_an_increase_back_for_seven_days_to_the_microsecond(age: timedelta, after: Seats) -> None:
    assert change(Seats(20, before_increase=10, increased_at=NOW - age), 15) == after


class Life(RuleBasedStateMachine):
    """A subscription's seats through many changes and days."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.seats = Seats(10)
        self.assigned = 4

    @rule(wanted=st.integers(LEAST - 2, MOST + 2))
    def change(self, wanted: int) -> None:
        """Ask for a number of seats."""
        try:
            self.seats = change(self.seats, wanted, self.assigned, self.now)
        except SeatsOutOfRangeError:
            assert not LEAST <= wanted <= MOST
        except SeatsBelowAssignedError:
            assert wanted < self.assigned

    @rule(days=st.integers(0, 20))
    def wait(self, days: int) -> None:
        """Let some days pass."""
        self.now += timedelta(days=days)

    @rule()
    def renew(self) -> None:
        """Renew: what was to shrink shrinks."""
        self.seats = Seats(self.seats.at_renewal or self.seats.seats)

    @invariant()
    def holds(self) -> None:
        """Look at the seats as the database would."""
        assert LEAST <= self.seats.seats <= MOST
        assert self.seats.seats >= self.assigned
        assert self.seats.at_renewal is None or self.assigned <= self.seats.at_renewal < self.seats.seats
        assert (self.seats.before_increase is None) == (self.seats.increased_at is None)
        assert self.seats.increased_at is None or self.seats.increased_at <= self.now


TestLife = Life.TestCase
