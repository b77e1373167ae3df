"""A warehouse over a folder of landed tables, and dbt on it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from bench.generate import LAST_DAY
from bench.measure import REPOSITORY, Cost, measure, python

HASH_SALT = "a-salt-for-benchmarks"


def land_views(database: Path, landed: Path) -> None:
    """Show Parquet files in a DuckDB file as landed tables, in schemas named after the vendors."""
    with duckdb.connect(database) as connection:
        for table in sorted(landed.glob("*/*")):
            vendor = table.parent.name
            connection.execute(f'create schema if not exists "{vendor}"')
            connection.execute(
                f'create view "{vendor}"."{table.name}" as from \'{table}/*.parquet\''
            )


@dataclass
class Warehouse:
    """A DuckDB file in which the landed tables are views of Parquet files."""

    folder: Path
    landed: Path
    as_of: str = str(LAST_DAY)
    variables: Mapping[str, Any] = field(default_factory=dict)

    @property
    def database(self) -> Path:
        return self.folder / "voc.duckdb"

    def create(self) -> None:
        """Begin with an empty file that holds the views."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.database.unlink(missing_ok=True)
        land_views(self.database, self.landed)

    @property
    def environment(self) -> dict[str, str]:
        return {
            "VOC_DUCKDB_PATH": str(self.database),
            "VOC_HASH_SALT": HASH_SALT,
            "DBT_PROFILES_DIR": str(REPOSITORY / "bench"),
            "DBT_TARGET_PATH": str(self.folder / "target"),
            "DBT_LOG_PATH": str(self.folder / "logs"),
            "DBT_USE_COLORS": "false",
            "DBT_LOG_LEVEL_FILE": "none",
        }

    def dbt_variables(self, as_of: str | None = None) -> str:
        """What makes dbt read the landed tables as of their last day."""
        return json.dumps({"voc_demo": False, "as_of_date": as_of or self.as_of, **self.variables})

    def dbt(
        self,
        *arguments: str,
        name: str,
        as_of: str | None = None,
        environment: Mapping[str, str] | None = None,
        watched: int | None = None,
    ) -> Cost:
        """Run dbt over the landed tables and say what it took.

        `environment` and `watched` are those of a server that does the work in place of DuckDB.
        """
        command = python("dbt.cli.main", *arguments, "--vars", self.dbt_variables(as_of))
        environment = {**self.environment, **(environment or {})}
        return measure(command, environment, self.folder / "logs" / f"{name}.log", watched)

    def model_times(self) -> dict[str, float]:
        """Seconds of each model of the last dbt command."""
        results = json.loads((self.folder / "target" / "run_results.json").read_text())["results"]
        return {
            result["unique_id"].split(".")[-1]: result["execution_time"]
            for result in results
            if result["unique_id"].startswith("model.")
        }


def landed_vendors(folder: Path) -> tuple[str, ...]:
    """Whose tables are in a folder."""
    return tuple(sorted(vendor.name for vendor in folder.iterdir()))


def landed_rows(folder: Path) -> dict[str, int]:
    """Rows of every landed table."""
    with duckdb.connect() as connection:
        return {
            f"{table.parent.name}.{table.name}": connection.execute(
                f"select count(*) from '{table}/*.parquet'"
            ).fetchall()[0][0]
            for table in sorted(folder.glob("*/*"))
        }
