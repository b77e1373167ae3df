"""Run limit.sql: `python -m bench.limit LANDED DATABASE`; and compare its marts with dbt's."""

from __future__ import annotations

import os
import re
import sys
import time
from pathlib import Path

import duckdb

from bench.generate import LAST_DAY
from bench.measure import REPOSITORY

SCRIPT = Path(__file__).with_name("limit.sql")
DATABASE = "limit.duckdb"
#: The marts that limit.sql makes, by name.
MARTS = re.findall(r"^create table (\w+) as", SCRIPT.read_text(encoding="utf-8"), flags=re.M)
TOLERANCE = 1e-9


def run(landed: Path, database: Path) -> dict[str, float]:
    """Make the marts in a new DuckDB file; return the seconds of each statement."""
    seconds = {}
    with duckdb.connect(database) as connection:
        connection.execute("set TimeZone = 'UTC'; set preserve_insertion_order = false")
        connection.execute("set threads = 2; set enable_progress_bar = false")
        connection.execute(f"set memory_limit = '{os.environ.get('VOC_BENCH_MEMORY', '13GB')}'")
        connection.execute(f"set temp_directory = '{database}.tmp'")
        connection.execute(f"set variable landed = '{landed}'")
        connection.execute(f"set variable seeds = '{REPOSITORY / 'seeds'}'")
        connection.execute(f"set variable salt = '{os.environ['VOC_HASH_SALT']}'")
        connection.execute(f"set variable as_of = date '{LAST_DAY}'")
        for statement in duckdb.extract_statements(SCRIPT.read_text(encoding="utf-8")):
            started = time.perf_counter()
            connection.execute(statement)
            name = re.search(r"create (?:temp )?(?:table|macro) (\w+)", statement.query)
            seconds[name[1] if name else statement.query[:30]] = time.perf_counter() - started
    return seconds


def differences(warehouse: Path, script: Path) -> dict[str, str]:
    """What of the marts is not the same in both files: {} when all is, doubles to 1e-9."""
    found = {}
    with duckdb.connect() as connection:
        connection.execute(
            f"attach '{warehouse}' as dbt (read_only); attach '{script}' as script (read_only)"
        )
        for mart in MARTS:
            columns = connection.execute(f"describe dbt.marts.{mart}").fetchall()
            key = _key(connection, mart, [name for name, *_ in columns])
            unequal = [
                f"count(*) filter (abs(a.{name} - b.{name}) > {TOLERANCE} or (a.{name} is null) <> (b.{name} is null)) as {name}"
                if kind in ("DOUBLE", "FLOAT")
                else f"count(*) filter (a.{name} is distinct from b.{name}) as {name}"
                for name, kind, *_ in columns
            ]
            rows = connection.execute(
                f"select {', '.join(unequal)}, count(*) from dbt.marts.{mart} as a "
                f"full join script.main.{mart} as b on {' and '.join(f'a.{name} = b.{name}' for name in key)}"
            )
            names = [column[0] for column in rows.description]
            counts = dict(zip(names, rows.fetchall()[0], strict=True))
            total = counts.popitem()[1]
            bad = {name: count for name, count in counts.items() if count}
            if bad:
                found[mart] = f"of {total} rows differ {bad}"
    return found


def _key(connection: duckdb.DuckDBPyConnection, mart: str, columns: list[str]) -> list[str]:
    """The first columns that tell the rows of a mart apart."""
    for width in range(1, 5):
        key = columns[:width]
        rows, distinct = connection.execute(
            f"select count(*), count(distinct ({', '.join(key)})) from dbt.marts.{mart}"
        ).fetchall()[0]
        if rows == distinct:
            return key
    raise ValueError(f"No key of {mart} in its first four columns.")


def main() -> None:
    """Read the command line, run, and print what took how long."""
    seconds = run(Path(sys.argv[1]), Path(sys.argv[2]))
    for name, taken in sorted(seconds.items(), key=lambda item: -item[1]):
        print(f"{taken:8.2f} {name}")


if __name__ == "__main__":
    main()
