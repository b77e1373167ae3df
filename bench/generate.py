"""Landed tables of any size, in Parquet: `python -m bench.generate FOLDER --accounts 20000`.

Two kinds of customers stand beside each other. Tiles are the demo's landed rows as they are, and
again under other keys, so that what is planted in the demo is planted here. The bulk is made by
hashes of row numbers (landed/*.sql). A log is written in chunks of days by when its rows landed,
so a later day can be added to the folder; the other tables say how things stand on the last day,
and are written anew.
"""

from __future__ import annotations

import argparse
import calendar
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import duckdb

LANDED = Path(__file__).with_name("landed")
DEMO = Path(__file__).resolve().parents[1] / "seeds" / "demo"
START = date(2023, 7, 1)
LAST_DAY = date(2026, 6, 30)
DAYS = (LAST_DAY - START).days + 1

SIZES = {"S": 1_000, "M": 20_000, "L": 100_000}
DEMO_ACCOUNTS = 150

#: How landed/*.sql marks what comes next.
KINDS = r"^-- (table|log|shared): (\S+)\n"

#: Columns that hold keys of the demo's customers, teams or employees.
KEYS = {
    *("id", "account_id", "contact_id", "contact_lookup_id", "distribution_id", "response_id"),
    *("parent_distribution_id", "survey_response_id", "ext_ref", "external_id", "organization_id"),
    *("requester_id", "assignee_id", "group_id", "user_id", "ticket_id", "visitor_id", "who_id"),
    *("owner_id", "parent_id", "master_record_id", "account_number", "manager_id", "account_c"),
    *("opportunity_id", "customer_id", "subscription_id", "response_id_c", "employee_id"),
    *("team_id", "parent_team_id", "support_team_ref", "metadata_crm_account_id"),
}
MAILS = {"email", "metadata_email", "recipient_email"}
#: Columns that hold keys in some rows, and in which.
SOMETIMES_KEYS = {
    "qualtrics.survey_embedded_data": ("value", "true"),
    "zendesk.ticket_field_history": ("value", "field_name in ('assignee_id', 'group_id')"),
}
#: Columns that hold keys among other text.
KEYS_IN_TEXT = {"metadata", "merged_ticket_ids"}

# A key of the demo in a tile: numbers and Salesforce's keep their form.
TILED = """
create macro tiled(x, tile) as case
    when tile = 0 or x like '-%' then x
    when regexp_full_match(x, '[0-9]+') then (100 + tile) || x
    when x like '___Vw000%' then replace(x, 'Vw000', 'Vw' || (100 + tile))
    else x || '-' || tile
end;
create macro tiled_mail(x, tile) as case when tile = 0 then x else replace(x, '@', '@t' || tile || '.') end;
create macro tiled_text(x, tile) as case when tile = 0 then x else
    regexp_replace(replace(x, 'Vw000', 'Vw' || (100 + tile)), '\\b([0-9]{5})\\b', (100 + tile) || '\\1', 'g')
end;
"""


@dataclass(frozen=True)
class Size:
    """How many accounts, and how much happens in each; the defaults are those of M."""

    accounts: int
    seed: int = 1
    contacts_an_account: float = 10.7
    tickets_an_account: float = 210.0
    comments_a_ticket: float = 2.4
    custom_fields: int = 0
    sla_share: float = 0.5
    accounts_a_tile: int = 1_000

    @property
    def tiles(self) -> int:
        """How often the demo is in it."""
        return max(1, self.accounts // self.accounts_a_tile)

    @property
    def variables(self) -> dict[str, float]:
        """What landed/*.sql asks for."""
        bulk = max(50, self.accounts - self.tiles * DEMO_ACCOUNTS)
        return {
            "seed": self.seed,
            "accounts": bulk,
            "contacts": int(bulk * self.contacts_an_account),
            "tickets_a_day": max(1, round(bulk * self.tickets_an_account / DAYS)),
            "comments_a_ticket": self.comments_a_ticket,
            "custom_fields": self.custom_fields,
            "sla_share": self.sla_share,
        }


@dataclass(frozen=True)
class Table:
    """A landed table: its vendor and name, and the SQL of its bulk rows.

    A log is written by when rows landed. A shared table describes the one company (its surveys,
    prices, hours): it has no bulk, and the demo's rows once.
    """

    name: str
    sql: str
    is_log: bool
    is_shared: bool

    @property
    def folder(self) -> str:
        return self.name.replace(".", "/")

    @property
    def demo_file(self) -> Path:
        vendor, table = self.name.split(".")
        return DEMO / vendor / f"{vendor}__{table}.csv"


def tables() -> list[Table]:
    """The landed tables, as the files in landed/ describe them."""
    found = []
    for file in sorted(LANDED.glob("*.sql")):
        parts = re.split(KINDS, file.read_text(encoding="utf-8"), flags=re.M)
        for kind, name, text in zip(parts[1::3], parts[2::3], parts[3::3], strict=True):
            sql = text.strip().rstrip(";")
            if kind == "shared":
                columns = [column.split() for column in sql.split(",")]
                nulls = ", ".join(f'cast(null as {of}) as "{column}"' for column, of in columns)
                sql = f"select {nulls} where false"
            found.append(Table(name, sql, kind == "log", kind == "shared"))
    return found


def generate(
    folder: Path,
    size: Size,
    first_day: date = START,
    last_day: date = LAST_DAY,
    days_a_chunk: int | None = None,
    only: set[str] | None = None,
) -> None:
    """Write what landed from one day to another, both included; `only` names tables.

    Logs come in a file a month, or a chunk of so many days. What began before `first_day` is
    expected to be in the folder.
    """
    with duckdb.connect() as connection:
        connection.execute("set preserve_insertion_order = false; set TimeZone = 'UTC'")
        connection.execute("set enable_progress_bar = false")
        connection.execute("set enable_progress_bar = false")
        for name, value in size.variables.items():
            connection.execute(f"set variable {name} = {value}")
        connection.execute(f"set variable start = date '{START}'")
        connection.execute(TILED)
        _set_days(connection, first_day, last_day)
        connection.execute((LANDED / "world.sql").read_text(encoding="utf-8"))
        for table in tables():
            if only is None or table.name in only:
                _write(
                    connection,
                    table,
                    folder / table.folder,
                    size,
                    first_day,
                    last_day,
                    days_a_chunk,
                )


def _write(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    folder: Path,
    size: Size,
    first_day: date,
    last_day: date,
    days_a_chunk: int | None,
) -> None:
    if first_day == START or not table.is_log:
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    spans = _chunks(first_day, last_day, days_a_chunk) if table.is_log else [(first_day, last_day)]
    tiles = _tiles(connection, table, size)
    for first, last in spans:
        _set_days(connection, first, last)
        name = f"{first}_{last}" if table.is_log else "all"
        for part, sql in [("bulk", table.sql), ("tiles", tiles)]:
            file = folder / f"{name}_{part}.parquet"
            connection.execute(f"copy ({sql}) to '{file}' (format parquet, compression zstd)")


def _tiles(connection: duckdb.DuckDBPyConnection, table: Table, size: Size) -> str:
    """The demo's rows in the columns and types of the bulk."""
    demo = f"read_csv('{table.demo_file}', all_varchar = true, header = true)"
    landed_columns = {name for name, *_ in connection.execute(f"describe from {demo}").fetchall()}
    selected = []
    for name, kind, *_ in connection.execute(f"describe {table.sql}").fetchall():
        value = _tiled(table, name) if name in landed_columns else "null"
        selected.append(f'try_cast({value} as {kind}) as "{name}"')
    tiles = 1 if table.is_shared else size.tiles
    landed = "where is_landed(cast(_fivetran_synced as timestamp))" if table.is_log else ""
    return f"select {', '.join(selected)} from {demo}, range({tiles}) as tiles(tile) {landed}"


def _tiled(table: Table, column: str) -> str:
    sometimes, rows = SOMETIMES_KEYS.get(table.name, (None, ""))
    if column in KEYS:
        return f"tiled({column}, tile)"
    if column in MAILS:
        return f"tiled_mail({column}, tile)"
    if column in KEYS_IN_TEXT:
        return f"tiled_text({column}, tile)"
    if column == sometimes:
        return f"case when {rows} then tiled({column}, tile) else {column} end"
    return column


def _set_days(connection: duckdb.DuckDBPyConnection, first: date, last: date) -> None:
    connection.execute(f"set variable first_day = date '{first}'")
    connection.execute(f"set variable last_day = date '{last}'")


def _chunks(first: date, last: date, days: int | None) -> Iterator[tuple[date, date]]:
    while first <= last:
        until = first.replace(day=calendar.monthrange(first.year, first.month)[1])
        if days:
            until = first + timedelta(days=days - 1)
        yield first, min(until, last)
        first = until + timedelta(days=1)


def main() -> None:
    """Read the command line and generate."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--accounts", type=int, default=SIZES["M"])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first-day", type=date.fromisoformat, default=START)
    parser.add_argument("--last-day", type=date.fromisoformat, default=LAST_DAY)
    arguments = parser.parse_args()
    generate(
        arguments.folder,
        Size(arguments.accounts, arguments.seed),
        arguments.first_day,
        arguments.last_day,
    )


if __name__ == "__main__":
    main()
