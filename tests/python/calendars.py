"""The days of a run, counted without the project: what the recomputations of its marts stand on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class Calendar:
    """The variables that say which days there are and where they begin."""

    as_of: date
    zone: str = "UTC"
    history_months: int = 24

    def day(self, moment: datetime) -> date:
        """The day of a UTC moment in the reporting time zone."""
        return moment.replace(tzinfo=ZoneInfo("UTC")).astimezone(ZoneInfo(self.zone)).date()

    def end_of(self, day: date) -> datetime:
        """The first UTC moment after a day."""
        midnight = datetime.combine(day + timedelta(days=1), time(), ZoneInfo(self.zone))
        return midnight.astimezone(ZoneInfo("UTC")).replace(tzinfo=None)

    def periods(self) -> list[date]:
        """The month ends of the history, and the day itself."""
        first_of_month = (self.as_of + timedelta(days=1)).replace(day=1)
        ends = []
        for _ in range(self.history_months):
            ends.append(first_of_month - timedelta(days=1))
            first_of_month = ends[-1].replace(day=1)
        return sorted({*ends, self.as_of})
