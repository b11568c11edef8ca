"""Billing periods: the same day of a later month, or that month's last."""

import calendar
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolvers.rules.periods import period_end

MONTHS: Final = {"MONTHLY": 1, "YEARLY": 12}

starts = st.datetimes(
    min_value=datetime(2000, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
    max_value=datetime(2200, 1, 1),  # noqa: DTZ001 - as above
    timezones=st.just(UTC),
)
cycles = st.sampled_from(sorted(MONTHS))


@given(start=starts, cycle=cycles)
def test_ends_in_the_month_that_follows_by_the_cycle_at_the_same_time_of_day(start: datetime, cycle: str) -> None:
    end = period_end(start, cycle)
    assert (end.year - start.year) * 12 + end.month - start.month == MONTHS[cycle]
    assert end.timetz() == start.timetz()


@given(start=starts, cycle=cycles)
def test_ends_on_the_same_day_or_the_last_of_a_shorter_month(start: datetime, cycle: str) -> None:
    end = period_end(start, cycle)
    last = calendar.monthrange(end.year, end.month)[1]
    assert end.day == min(start.day, last)


@given(start=starts, cycle=cycles)
def test_lasts_as_long_as_a_month_or_a_year_can(start: datetime, cycle: str) -> None:
    shortest, longest = {"MONTHLY": (28, 31), "YEARLY": (365, 366)}[cycle]
    assert timedelta(days=shortest) <= period_end(start, cycle) - start <= timedelta(days=longest)


@given(start=starts, later=st.timedeltas(min_value=timedelta(), max_value=timedelta(days=400)), cycle=cycles)
def test_ends_no_earlier_when_it_starts_later(start: datetime, later: timedelta, cycle: str) -> None:
    if start.day <= 28:
        assert period_end(start + timedelta(days=31) + later, cycle) > period_end(start, cycle)


@pytest.mark.parametrize(
    ("start", "cycle", "end"),
    [
        ("2026-01-31T09:30:00+00:00", "MONTHLY", "2026-02-28T09:30:00+00:00"),
        ("2028-01-31T09:30:00+00:00", "MONTHLY", "2028-02-29T09:30:00+00:00"),
        ("2028-02-29T23:59:59+00:00", "YEARLY", "2029-02-28T23:59:59+00:00"),
        ("2026-12-15T00:00:00+00:00", "MONTHLY", "2027-01-15T00:00:00+00:00"),
        ("2026-12-31T00:00:00+00:00", "YEARLY", "2027-12-31T00:00:00+00:00"),
        ("2026-11-30T00:00:00+00:00", "MONTHLY", "2026-12-30T00:00:00+00:00"),
    ],
)
def test_ends_where_the_calendar_says(start: str, cycle: str, end: str) -> None:
    assert period_end(datetime.fromisoformat(start), cycle) == datetime.fromisoformat(end)


def test_knows_no_other_cycle() -> None:
    with pytest.raises(KeyError):
        period_end(datetime(2026, 1, 1, tzinfo=UTC), "WEEKLY")
