"""Landed tables: fixed columns, rows in the order they were made, one way to spell each value."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime
from pathlib import Path

from demo.shapes import SHAPES

Value = None | bool | int | float | str | date | datetime


def spell(value: Value) -> str:
    """The text of a value as a connector's CSV export would have it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        return f"{value:.2f}"
    return str(value)


class Table:
    def __init__(self, vendor: str, name: str) -> None:
        self.vendor = vendor
        self.name = name
        self.columns = [*SHAPES[f"{vendor}.{name}"].split(), "_fivetran_synced"]
        self.rows: list[dict[str, Value]] = []

    def add(self, **values: Value) -> None:
        unknown = set(values) - set(self.columns)
        if unknown:
            raise KeyError(f"{self.vendor}.{self.name} has no column {sorted(unknown)}")
        self.rows.append(values)

    def text(self) -> str:
        buffer = io.StringIO()
        writer = csv.writer(buffer, lineterminator="\n")
        writer.writerow(self.columns)
        for row in self.rows:
            writer.writerow([spell(row.get(column)) for column in self.columns])
        return buffer.getvalue()


class Landing:
    """All landed tables of the demo."""

    def __init__(self) -> None:
        self.tables: list[Table] = []

    def __getitem__(self, name: str) -> Table:
        return next(table for table in self.tables if f"{table.vendor}.{table.name}" == name)

    def table(self, vendor: str, name: str) -> Table:
        """A new table: the files are written in the order in which tables are made."""
        made = Table(vendor, name)
        self.tables.append(made)
        return made

    def write(self, folder: Path) -> None:
        for table in self.tables:
            path = folder / table.vendor / f"{table.vendor}__{table.name}.csv"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(table.text(), encoding="utf-8", newline="")
