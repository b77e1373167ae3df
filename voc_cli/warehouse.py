"""What is asked of the warehouse before dbt reads the project: is it there, and is in it what a command needs?"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from voc_cli.dbt_runs import check_with_dbt, what_to_do
from voc_cli.settings import UserError, declared_tables
from voc_weighting.errors import WeightingError
from voc_weighting.warehouse import connect_postgres

Tables = set[tuple[str, str]]

#: A mart that every build of the project makes.
ANY_MART = "company_nps"
DUCKDB_TABLES = (
    "select table_schema, table_name from information_schema.tables"
    " where table_catalog = current_database()"
)
POSTGRES_TABLES = (
    "select n.nspname, c.relname from pg_class as c join pg_namespace as n on c.relnamespace = n.oid"
    " where c.relkind in ('r', 'v', 'm', 'f', 'p')"
)


def check_warehouse(
    credentials: Any, connection: list[str], *, writes: bool = True
) -> Tables | None:
    """Connect, and return the (schema, name) of every table in lower case; None on other engines.

    `connection` holds the dbt arguments that choose the warehouse of these credentials. A DuckDB
    file is made where there is none if the command `writes`. UserError when it cannot be reached.
    """
    try:
        if credentials.type == "duckdb":
            rows = _tables_of_duckdb(credentials.path, writes)
        elif credentials.type == "postgres":
            with contextlib.closing(connect_postgres(credentials, "voc check")) as opened:
                cursor = opened.cursor()
                cursor.execute(POSTGRES_TABLES)
                rows = cursor.fetchall()
        else:
            check_with_dbt(connection)
            return None
    except (duckdb.Error, WeightingError) as error:
        raise UserError(
            f"The warehouse cannot be reached: {what_to_do(str(error), 'Look at profiles.yml.')}"
        ) from error
    return {(schema.lower(), table.lower()) for schema, table in rows}


def _tables_of_duckdb(path: str, writes: bool) -> list[tuple[str, str]]:
    if path == ":memory:" or not (writes or Path(path).is_file()):
        return []
    # One folder may hold no file, or one that others read: only who writes asks to write.
    with duckdb.connect(path, read_only=not writes) as opened:
        return opened.execute(DUCKDB_TABLES).fetchall()


def check_landed(tables: Tables | None, variables: Mapping[str, Any], root: Path) -> None:
    """Raise UserError when a listed vendor landed none of its tables, naming every such vendor.

    dbt asks again, with what it alone knows; here only what is certain is refused.
    """
    if tables is None or variables["voc_demo"] or variables.get("landed_database"):
        return
    lists: dict[str, list[str]] = {}
    for name, vendors in variables.items():
        for vendor in vendors if name.endswith("_vendors") else []:
            lists.setdefault(vendor, []).append(name)
    problems = []
    for vendor, named_in in lists.items():
        schema = variables.get(f"{vendor}_schema", vendor)
        declared = list(declared_tables(root, vendor).values())
        landed = {_folded(name) for where, name in tables if where == schema.lower()}
        if landed.isdisjoint(map(_folded, declared)):
            problems.append(
                f"The vendor '{vendor}' is listed in {', '.join(named_in)} but the schema '{schema}'"
                f" holds none of its tables. Land at least one of: {', '.join(sorted(declared))};"
                f" or set {vendor}_schema to the schema they are in; or take '{vendor}' off the list."
            )
    if problems:
        raise UserError("\n".join(problems))


def _folded(name: str) -> str:
    return name.lower().replace("_", "")


def check_built(tables: Tables | None) -> None:
    """Raise UserError when there is no mart: nothing was built here."""
    schema = f"{os.environ.get('VOC_SCHEMA_PREFIX', '')}marts".lower()
    if tables is not None and (schema, ANY_MART) not in tables:
        raise UserError(
            "Nothing is built here yet. Run `make build` first, with the same arguments."
        )
