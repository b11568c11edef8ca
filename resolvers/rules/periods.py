"""Billing periods: where one ends, in UTC, to the second."""

import calendar
from datetime import datetime
from typing import Final

_MONTHS: Final = {"MONTHLY": 1, "YEARLY": 12}


def period_end(start: datetime, cycle: str) -> datetime:
    """Return when a period that starts now ends: the same day of a later month, or that month's last day."""
    months = start.month - 1 + _MONTHS[cycle]
    year, month = start.year + months // 12, months % 12 + 1
    day = min(start.day, calendar.monthrange(year, month)[1])
    return start.replace(year=year, month=month, day=day)
