"""A PostgreSQL of its own for the benchmarks, and landed tables in it."""

from __future__ import annotations

import contextlib
import os
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import duckdb
import psycopg2

from bench.measure import REPOSITORY

#: As somebody sets PostgreSQL up for a warehouse on a machine of this size.
SETTINGS = {
    "shared_buffers": "2GB",
    "work_mem": "256MB",
    "maintenance_work_mem": "512MB",
    "effective_cache_size": "8GB",
    "max_wal_size": "8GB",
}
TYPES = {
    "BIGINT": "bigint",
    "INTEGER": "integer",
    "DOUBLE": "double precision",
    "BOOLEAN": "boolean",
    "DATE": "date",
}


class Postgres:
    """The server of the Python tests, for as long as the `with` lasts."""

    def __init__(self, folder: Path) -> None:
        sys.path.insert(0, str(REPOSITORY / "tests" / "python"))
        from harness import PostgresServer

        self.folder = folder
        self._server: Any = PostgresServer()

    def __enter__(self) -> Postgres:
        self._server.start(**SETTINGS)
        self._database = self._server.new_database()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()

    @property
    def environment(self) -> dict[str, str]:
        return self._database.environment

    @property
    def pid(self) -> int:
        return int((self._server.data / "postmaster.pid").read_text().splitlines()[0])

    def load(self, landed: Path, vendors: tuple[str, ...]) -> float:
        """Copy landed tables into schemas named after the vendors; return the seconds it took."""
        started = time.perf_counter()
        self.folder.mkdir(parents=True, exist_ok=True)
        connection = self._connect()
        with connection, connection.cursor() as cursor, duckdb.connect() as reader:
            for vendor in vendors:
                cursor.execute(f'create schema "{vendor}"')
                for table in sorted((landed / vendor).glob("*")):
                    parquet = f"'{table}/*.parquet'"
                    columns = ", ".join(
                        f'"{name}" {TYPES.get(kind, _other_type(kind))}'
                        for name, kind, *_ in reader.execute(f"describe from {parquet}").fetchall()
                    )
                    cursor.execute(f'create table "{vendor}"."{table.name}" ({columns})')
                    file = self.folder / "part.csv"
                    reader.execute(f"copy (from {parquet}) to '{file}' (format csv, header false)")
                    with file.open() as rows:
                        cursor.copy_expert(
                            f'copy "{vendor}"."{table.name}" from stdin (format csv)', rows
                        )
                    os.unlink(file)
                    cursor.execute(f'analyze "{vendor}"."{table.name}"')
        connection.close()
        return time.perf_counter() - started

    def mebibytes(self, schema: str) -> float:
        """Room of the tables of a schema, their indexes apart, with rows that nobody sees any more."""
        (found,) = self._database.execute(
            f"select sum(pg_table_size(oid)) / 2 ^ 20 as room from pg_class"
            f" where relkind = 'r' and relnamespace = '{schema}'::regnamespace"
        )
        return round(float(found["room"]), 1)

    def milliseconds_of_accounts(self, schema: str, column: str) -> dict[str, float]:
        """The median time to read the rows of one account, of each table that has the column."""
        tables = self._database.execute(
            "select table_name as name from information_schema.columns"
            f" where table_schema = '{schema}' and column_name = '{column}' order by 1"
        )
        accounts = self._database.execute(
            f"select {column} as key from {schema}.dim_accounts order by md5({column}) limit 20"
        )
        found = {}
        with contextlib.closing(self._connect()) as connection, connection.cursor() as cursor:
            for table in tables:
                taken = []
                for account in accounts:
                    started = time.perf_counter()
                    cursor.execute(
                        f"select * from {schema}.{table['name']} where {column} = %s",
                        [account["key"]],
                    )
                    cursor.fetchall()
                    taken.append((time.perf_counter() - started) * 1000)
                found[table["name"]] = round(statistics.median(taken), 2)
        return found

    def _connect(self) -> psycopg2.extensions.connection:
        connection = psycopg2.connect(
            host=str(self._database.socket_folder),
            port=5432,
            user="voc",
            dbname=self._database.name,
        )
        connection.autocommit = True
        return connection


def _other_type(kind: str) -> str:
    if kind.startswith("DECIMAL"):
        return kind.lower()
    return "timestamp" if kind.startswith("TIMESTAMP") else "text"
