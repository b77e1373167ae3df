"""The only place that knows DuckDB from PostgreSQL: connections, and SQL that differs."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from voc_cli.settings import UserError

BUILD_FIRST = "Build it first: `make build`, with the same arguments."
NUMBER = r"^\s*[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]{1,2})?\s*$"
DAY = r"^\s*[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"


class _Dialect(StrEnum):
    DUCKDB = "duckdb"


def connection_url(credentials: Any) -> sa.URL:
    """The read-only connection for a dbt target; UserError for one that cannot be opened."""
    if credentials.type == "duckdb":
        path = Path(credentials.path)
        if not path.is_file():
            raise UserError(f"There is no DuckDB file {path}. {BUILD_FIRST}")
        return sa.URL.create("duckdb", database=str(path))
    if credentials.type == "postgres":
        query = {
            "host": credentials.host,
            "port": str(credentials.port),
            "options": "-c default_transaction_read_only=on",
            "application_name": "voc-quality",
        }
        for name in ("sslmode", "sslcert", "sslkey", "sslrootcert"):
            if value := getattr(credentials, name, None):
                query[name] = str(value)
        if role := getattr(credentials, "role", None):
            query["options"] += f" -c role={role}"
        return sa.URL.create(
            "postgresql+psycopg2",
            username=credentials.user,
            password=credentials.password or None,
            database=credentials.database,
            query=query,
        )
    raise UserError(
        f"The target is a {credentials.type} warehouse; `make quality` reads DuckDB and PostgreSQL."
    )


def connect_arguments(dialect: str) -> dict[str, Any]:
    """What the driver is told beyond the URL."""
    return {"read_only": True} if dialect == "duckdb" else {}


def open_engine(credentials: Any) -> sa.Engine:
    """Open the warehouse read-only and try it; UserError says what to do when it cannot be."""
    url = connection_url(credentials)
    dialect = url.get_backend_name()
    try:
        engine = sa.create_engine(url, connect_args=connect_arguments(dialect))
        with engine.connect() as connection:
            connection.execute(sa.text("select 1"))
    except Exception as error:
        text = " ".join(str(getattr(error, "orig", None) or error).split())[:300]
        if "set lock" in text or "different configuration" in text:
            raise UserError(
                f"Another program is writing to {url.database}: wait until it is done (a dbt run)"
                " or close it, then try again."
            ) from error
        raise UserError(
            f"The warehouse cannot be reached: {text}\n"
            "Look at profiles.yml and the variables it reads (profiles.example.yml explains)."
        ) from error
    return engine


def keep_duckdb_connection_open() -> None:
    """Make Great Expectations fetch from DuckDB before it closes the connection.

    It closes first, and DuckDB drops a result with its connection; other dialects that do so are
    in a private list. The version is pinned, and a test fails when this is no longer needed.
    """
    import great_expectations.execution_engine.sqlalchemy_execution_engine as engine

    if _Dialect.DUCKDB not in engine._PERSISTED_CONNECTION_DIALECTS:
        engine._PERSISTED_CONNECTION_DIALECTS += (_Dialect.DUCKDB,)


def is_text(kind: str) -> bool:
    """Whether a column's type (of information_schema) is text."""
    return kind.lower().startswith(("varchar", "character", "text"))


def is_number(kind: str) -> bool:
    """Whether a column's type is a number."""
    lowered = kind.lower()
    return "int" in lowered.replace("interval", "") or lowered.startswith(
        ("double", "float", "real", "numeric", "decimal")
    )


def as_number(dialect: str, column: str, kind: str) -> str:
    """The column as a number; text that is none is null."""
    if not is_text(kind):
        return f"cast({column} as double precision)"
    if dialect == "duckdb":
        return f"try_cast({column} as double precision)"
    return f"case when {column} ~ '{NUMBER}' then cast({column} as double precision) end"


def as_day(dialect: str, column: str, kind: str) -> str:
    """The column (a time, ISO text, or epoch seconds to microseconds) as a date; else null."""
    if is_number(kind):
        return _epoch_day(dialect, f"cast({column} as double precision)")
    if "with time zone" in kind.lower():
        return f"cast({column} at time zone 'UTC' as date)"
    if not is_text(kind):
        return f"cast({column} as date)"
    if dialect == "duckdb":
        epoch = _epoch_day(dialect, f"try_cast({column} as double precision)")
        return f"coalesce(try_cast(substr(trim({column}), 1, 10) as date), {epoch})"
    # not every 31st exists: a day beyond its month is counted into the next one
    first = f"to_date(substr(trim({column}), 1, 7), 'YYYY-MM')"
    day = f"cast(substr(trim({column}), 9, 2) as integer) - 1"
    epoch = _epoch_day(dialect, f"cast(trim({column}) as double precision)")
    return (
        f"case when {column} ~ '{DAY}' then {first} + {day}"
        f" when trim({column}) ~ '^[0-9]{{9,16}}$' then {epoch} end"
    )


def _epoch_day(dialect: str, number: str) -> str:
    seconds = (
        f"(case when {number} >= 1e14 then {number} / 1e6"
        f" when {number} >= 1e11 then {number} / 1e3 else {number} end)"
    )
    return f"cast(to_timestamp({seconds}) as date)"


def quoted(name: str) -> str:
    """A name as both engines quote it."""
    return '"' + name.replace('"', '""') + '"'
