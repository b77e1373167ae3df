"""Read-only access to the marts of a built warehouse, as Arrow tables and NumPy arrays.

A DuckDB file is opened with `read_only`, a PostgreSQL session is read-only and sees one snapshot:
nothing here can change the warehouse, whatever its callers do.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import ArrayLike, NDArray
from pydantic import ValidationError

from voc_weighting.arithmetic import Floats
from voc_weighting.errors import WeightingError
from voc_weighting.policy_rows import PILLARS, Band, PillarWeight, R, RoleWeight, Signal
from voc_weighting.policy_sets import Policy

Objects = NDArray[np.object_]
Fetch = Callable[[str, pa.Schema], pa.Table]

#: Kind of a column -> its type in SQL (DuckDB and PostgreSQL alike) and in Arrow.
KINDS: Mapping[str, tuple[str, pa.DataType]] = {
    "text": ("varchar", pa.string()),
    "number": ("double precision", pa.float64()),
    "date": ("date", pa.date32()),
    "boolean": ("boolean", pa.bool_()),
}
BUILD_FIRST = "Build it first: `make build`, or `dbt build` with the target you read."


class WarehouseError(WeightingError):
    """The warehouse cannot be read; the text says why and what to do about it."""


class Warehouse:
    """An open, read-only warehouse; make one with `open_warehouse`.

    `name` is how messages call it, `file` where it is if it is a file. Relations are named
    schema.table, the schema without the prefix of VOC_SCHEMA_PREFIX.
    """

    def __init__(
        self, name: str, fetch: Fetch, close: Callable[[], None], file: Path | None
    ) -> None:
        self.name = name
        self.file = file
        self.close = close
        self._fetch = fetch
        self._prefix = os.environ.get("VOC_SCHEMA_PREFIX", "")

    def read(
        self,
        relation: str,
        columns: Mapping[str, str],
        where: str = "true",
        order: str = "",
        distinct: bool = False,
    ) -> pa.Table:
        """Return {column: kind} of a relation as an Arrow table; kinds are those of `KINDS`.

        `where` and `order` are SQL that DuckDB and PostgreSQL both know, made of column names and
        `sql_date`. Numbers of any SQL type arrive as float64. Raises WarehouseError when the
        relation or one of the columns is not there.
        """
        schema, table = f"{self._prefix}{relation}".split(".")
        known = self._columns(schema, table)
        if not known:
            raise WarehouseError(f"{self.name} has no {relation}. {BUILD_FIRST}")
        missing = [column for column in columns if column not in known]
        if missing:
            raise WarehouseError(
                f"{self.name} has {relation} without {', '.join(missing)}: it was built by another "
                "version of the project. Build it again."
            )
        selected = ", ".join(
            f"cast({column} as {KINDS[kind][0]}) as {column}" for column, kind in columns.items()
        )
        verb = "select distinct" if distinct else "select"
        sql = f'{verb} {selected} from "{schema}"."{table}" where {where}'
        types = pa.schema([(column, KINDS[kind][1]) for column, kind in columns.items()])
        return self._fetch(f"{sql} order by {order}" if order else sql, types)

    def period_ends(self) -> list[date]:
        """The period ends that health was computed for, ascending; WarehouseError without any."""
        table = self.read("marts.account_health", {"period_end": "date"}, distinct=True)
        if not table.num_rows:
            raise WarehouseError(f"marts.account_health in {self.name} has no rows.")
        return sorted(table["period_end"].to_pylist())

    def read_policy(self) -> Policy:
        """Return the policy that the warehouse was built with, as its schema `policy` holds it.

        Weights, scorecards and bands; not what follows from a band. Pillars are in the order of
        `PILLARS`, signals by name. Raises WarehouseError when a seed is missing or a row is broken.
        """
        pillars = sorted(self._policy_rows(PillarWeight), key=lambda row: PILLARS.index(row.pillar))
        return Policy(
            role_weights=tuple(self._policy_rows(RoleWeight)),
            pillar_weights=tuple(pillars),
            signals=tuple(sorted(self._policy_rows(Signal), key=lambda row: row.signal)),
            band_rows=tuple(self._policy_rows(Band)),
        )

    def _policy_rows(self, kind: type[R]) -> list[R]:
        columns = dict.fromkeys(kind.model_fields, "text")
        table = self.read(f"policy.{kind.seed}", columns, order=", ".join(columns))
        with sound_policy():
            return [kind.model_validate(row) for row in table.to_pylist()]

    def _columns(self, schema: str, table: str) -> set[str]:
        sql = (
            "select cast(column_name as varchar) as name from information_schema.columns"
            f" where table_schema = {sql_text(schema)} and table_name = {sql_text(table)}"
        )
        return set(self._fetch(sql, pa.schema([("name", pa.string())]))["name"].to_pylist())


@contextmanager
def sound_policy() -> Iterator[None]:
    """Turn a broken rule of the policy in a warehouse into a WarehouseError for the user."""
    try:
        yield
    except ValidationError as error:
        raise WarehouseError(
            "The policy that the warehouse was built with breaks a rule:"
            f" {error.errors()[0]['msg'].removeprefix('Value error, ')}.\n"
            "Run `voc-weights check`, mend the seed, and build again."
        ) from error


def add_warehouse_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that choose a project and a warehouse; `open_warehouse` takes their values."""
    group = parser.add_argument_group("which warehouse (unless said, dbt's default target)")
    group.add_argument("--database", type=Path, metavar="FILE", help="a DuckDB file")
    group.add_argument("--target", metavar="NAME", help="a target of profiles.yml")
    group.add_argument(
        "--profiles-dir", type=Path, metavar="FOLDER", help="where profiles.yml is, as for dbt"
    )
    group.add_argument(
        "--project",
        type=Path,
        metavar="FOLDER",
        help="the dbt project (default: the one around here)",
    )


@contextmanager
def open_warehouse(
    project: Path,
    database: Path | None = None,
    target: str | None = None,
    profiles_dir: Path | None = None,
) -> Iterator[Warehouse]:
    """Open the DuckDB file `database`, or else what a dbt project would connect to.

    Raises WarehouseError, in words for the user, when there is nothing to open.
    """
    if database is not None:
        if target or profiles_dir:
            raise WarehouseError("Give --database, or --target and --profiles-dir, not both.")
        opened = _open_duckdb(database)
    else:
        try:
            credentials = read_credentials(project, target, profiles_dir)
        except WarehouseError as error:
            raise WarehouseError(
                f"{error}\nName a DuckDB file with --database, or a target of profiles.yml with --target."
            ) from error
        if credentials.type == "duckdb":
            opened = _open_duckdb(Path(credentials.path))
        elif credentials.type == "postgres":
            opened = _open_postgres(credentials)
        else:
            raise WarehouseError(
                f"The target is a {credentials.type} warehouse; this command reads DuckDB and"
                " PostgreSQL. Name another with --target, or a DuckDB file with --database."
            )
    try:
        yield opened
    finally:
        opened.close()


def _open_duckdb(path: Path) -> Warehouse:
    # DuckDB calls ":memory:" and an empty path a database too, one that holds nothing.
    if not path.is_file():
        raise WarehouseError(f"There is no DuckDB file {path}. {BUILD_FIRST}")
    try:
        connection = duckdb.connect(path, read_only=True)
    except duckdb.Error as error:
        text = str(error)
        if "set lock" in text or "different configuration" in text:
            raise WarehouseError(
                f"Another program is writing to {path}: wait until it is done (a dbt run) or close"
                " it, then try again. While nobody writes, any number of readers may read."
            ) from error
        raise WarehouseError(f"{path} cannot be opened: {_first_line(error)}") from error

    def fetch(sql: str, schema: pa.Schema) -> pa.Table:
        return connection.sql(sql).to_arrow_table().cast(schema)

    return Warehouse(str(path), fetch, connection.close, path)


def connect_postgres(credentials: Any, application: str) -> Any:
    """Return a psycopg2 connection of dbt's PostgreSQL credentials; WarehouseError without one.

    `application` is how the server's list of sessions names it.
    """
    import psycopg2

    settings = {
        "host": credentials.host,
        "port": credentials.port,
        "user": credentials.user,
        "password": credentials.password,
        "dbname": credentials.database,
        "connect_timeout": credentials.connect_timeout,
        "sslmode": credentials.sslmode,
        "sslcert": credentials.sslcert,
        "sslkey": credentials.sslkey,
        "sslrootcert": credentials.sslrootcert,
        "application_name": application,
    }
    try:
        connection = psycopg2.connect(**{k: v for k, v in settings.items() if v not in (None, "")})
        if credentials.role:
            with connection.cursor() as cursor:
                cursor.execute("select set_config('role', %s, false)", [credentials.role])
            connection.commit()
    except psycopg2.Error as error:
        raise WarehouseError(
            f"PostgreSQL cannot be reached: {_first_line(error)}\n"
            "Look at profiles.yml and the variables it reads (profiles.example.yml explains)."
        ) from error
    return connection


def _open_postgres(credentials: Any) -> Warehouse:
    import psycopg2

    connection = connect_postgres(credentials, "voc-weights")
    # One snapshot for all reads: a build that commits in between is not seen in part.
    connection.set_session(isolation_level="REPEATABLE READ", readonly=True)

    def fetch(sql: str, schema: pa.Schema) -> pa.Table:
        with connection.cursor() as cursor:
            try:
                cursor.execute(sql)
            except psycopg2.Error as error:
                raise WarehouseError(f"PostgreSQL refuses: {_first_line(error)}") from error
            columns = list(zip(*cursor.fetchall(), strict=True)) or [()] * len(schema)
        arrays = [pa.array(c, type=f.type) for c, f in zip(columns, schema, strict=True)]
        return pa.table(arrays, schema=schema)

    name = f"the database {credentials.database} on {credentials.host}"
    return Warehouse(name, fetch, connection.close, None)


def read_credentials(project: Path, target: str | None, profiles_dir: Path | None) -> Any:
    """The credentials of the project's profile as dbt reads them (Jinja, env_var and all)."""
    # Importing dbt takes seconds, and whoever names a file does not need it.
    from dbt.config.runtime import load_profile
    from dbt.flags import set_from_args
    from dbt_common.context import set_invocation_context
    from dbt_common.exceptions import DbtBaseException

    named = profiles_dir or os.environ.get("DBT_PROFILES_DIR")
    places = [Path.cwd(), project, Path.home() / ".dbt"]
    folder = named or next((it for it in places if (it / "profiles.yml").exists()), project)
    set_invocation_context(os.environ)
    set_from_args(argparse.Namespace(PROFILES_DIR=str(folder), PROFILE=None, TARGET=None), None)
    try:
        return load_profile(str(project), {}, None, target).credentials
    except DbtBaseException as error:
        raise WarehouseError(
            f"profiles.yml in {folder} does not lead to a warehouse: {_one_line(error)}"
        ) from error


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())


def sql_date(day: date) -> str:
    """A day as a SQL literal."""
    return f"date '{day.isoformat()}'"


def sql_text(value: str) -> str:
    """A text as a SQL literal."""
    return "'" + value.replace("'", "''") + "'"


def numbers(table: pa.Table, column: str) -> Floats:
    """A column of kind number as float64, shape (rows,); NaN where it is null."""
    return table[column].to_numpy().astype(np.float64, copy=False)


def objects(table: pa.Table, column: str) -> Objects:
    """A column as Python objects, shape (rows,); None where it is null."""
    values = np.empty(table.num_rows, dtype=object)
    values[:] = table[column].to_pylist()
    return values


class Grid:
    """The rows of a long table as a matrix: a row per row key, a column per column key.

    Args:
        row_keys, column_keys: the keys of the matrix, in its order.
        rows, columns: (length,) the keys of each row of the long table.

    Raises:
        ValueError: a key that is not among the first two, or two rows in one cell.
    """

    def __init__(
        self,
        row_keys: Sequence[Any],
        column_keys: Sequence[Any],
        rows: Iterable[Any],
        columns: Iterable[Any],
    ) -> None:
        row_of = {key: position for position, key in enumerate(row_keys)}
        column_of = {key: position for position, key in enumerate(column_keys)}
        try:
            self._rows = np.array([row_of[key] for key in rows], dtype=np.intp)
            self._columns = np.array([column_of[key] for key in columns], dtype=np.intp)
        except KeyError as error:
            raise ValueError(f"{error.args[0]!r} is not among the keys of the grid.") from error
        self.shape = (len(row_keys), len(column_keys))
        cells = self._rows * self.shape[1] + self._columns
        if np.unique(cells).size != cells.size:
            raise ValueError("Two rows of the table fall into one cell of the grid.")

    def fill(self, values: ArrayLike, empty: float = np.nan) -> Floats:
        """Spread values of (length,) over the matrix; `empty` where the table has no row."""
        matrix = np.full(self.shape, empty, dtype=np.float64)
        matrix[self._rows, self._columns] = values
        return matrix
