"""The demo calendar. Nothing here reads the real clock."""

from __future__ import annotations

from datetime import datetime, timedelta

START = datetime(2025, 1, 1)
END = datetime(2026, 6, 30, 23, 59, 59)
MONTHS = 18
FOREVER = datetime(9999, 12, 31, 23, 59, 59)
# Product analytics and the employee pulse went live half a year in: before that they are missing.
USAGE_LIVE = datetime(2025, 7, 1)
PULSE_LIVE_MONTH = 6


def month_start(index: int) -> datetime:
    """First moment of month ``index``, 0 being January 2025."""
    year, month = divmod(index, 12)
    return datetime(2025 + year, month + 1, 1)


def month_index(moment: datetime) -> int:
    return (moment.year - 2025) * 12 + moment.month - 1


def days_in_month(index: int) -> int:
    return (month_start(index + 1) - month_start(index)).days


def synced(moment: datetime) -> datetime:
    """When the connector fetched a row that last changed at ``moment``: it runs every six hours."""
    slot = moment.replace(hour=moment.hour // 6 * 6, minute=12, second=9) + timedelta(hours=6)
    return min(max(slot, START), END)
