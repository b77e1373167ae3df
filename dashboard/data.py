"""What the site shows: pages, labels and the rows of every query, read from the published marts."""

from __future__ import annotations

import contextlib
import csv
import json
import math
from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import yaml

from dashboard.charts import chart
from voc_cli.publishing import published_file, published_on_postgres, published_schema
from voc_cli.settings import UserError

HERE = Path(__file__).parent
LANGUAGES = ("en", "zh")
#: Accounts of one file: with two years of history about 300 kB, whatever the number of accounts.
ACCOUNTS_A_CHUNK = 25
#: The page whose rows come by account, and the query of every page's header.
ACCOUNT_PAGE, HEADER = "account", "site"

#: Column names and rows of a query.
Table = dict[str, list[Any]]
Marts = Callable[[str], Table]


class Content(NamedTuple):
    """Everything that the site's files hold."""

    site: dict[str, Any]
    queries: dict[str, list[str]]
    data: dict[str, Table]
    chunks: list[dict[str, Table]]


def read_pages() -> dict[str, Any]:
    """The pages as site.yml has them."""
    return yaml.safe_load((HERE / "site.yml").read_text(encoding="utf-8"))


def read_labels() -> dict[str, dict[str, str]]:
    """{language: {key: text}} of labels.csv."""
    with (HERE / "labels.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {language: {row["key"]: row[language] for row in rows} for language in LANGUAGES}


def queries_of(page: dict[str, Any]) -> list[str]:
    """The queries of a page, each once."""
    return list(dict.fromkeys(panel["data"] for panel in page["panels"].values()))


def query_text(name: str) -> str:
    """The SQL of a query; marts stand in it without their schema."""
    return (HERE / "queries" / f"{name}.sql").read_text(encoding="utf-8")


def read_site(marts: Marts) -> Content:
    """Run every query and put the site's content together."""
    pages = read_pages()
    queries = {
        name: [] if name == ACCOUNT_PAGE else queries_of(page) for name, page in pages.items()
    }
    for page in pages.values():
        for panel in page["panels"].values():
            if "chart" in panel:
                panel["spec"] = chart(**panel["chart"])
    shared = sorted({name for names in queries.values() for name in names})
    data = {name: marts(query_text(name)) for name in shared}
    starts, chunks = _by_account(
        {name: marts(query_text(name)) for name in queries_of(pages[ACCOUNT_PAGE])}
    )
    header = marts(query_text(HEADER))
    site = {
        "built": dict(zip(header["columns"], header["rows"][0], strict=True)),
        "labels": read_labels(),
        "pages": pages,
        "chunk_starts": starts,
    }
    return Content(site, queries, data, chunks)


def _by_account(tables: dict[str, Table]) -> tuple[list[str], list[dict[str, Table]]]:
    """Cut tables that have an account_id into chunks of accounts, and say where each begins."""
    place = {name: table["columns"].index("account_id") for name, table in tables.items()}
    # In the order in which JavaScript compares texts, for the page looks its chunk up.
    ids = sorted(
        {row[place[name]] for name, table in tables.items() for row in table["rows"]},
        key=lambda name: name.encode("utf-16-be"),
    )
    parts = [ids[at : at + ACCOUNTS_A_CHUNK] for at in range(0, len(ids), ACCOUNTS_A_CHUNK)]
    chunk_of = {account: number for number, part in enumerate(parts) for account in part}
    chunks = [
        {name: {"columns": table["columns"], "rows": []} for name, table in tables.items()}
        for _ in parts
    ]
    for name, table in tables.items():
        for row in table["rows"]:
            chunks[chunk_of[row[place[name]]]][name]["rows"].append(row)
    return [part[0] for part in parts], chunks


@contextlib.contextmanager
def open_marts(credentials: Any) -> Iterator[Marts]:
    """A function that runs SQL on the published marts of a warehouse, read-only."""
    if credentials.type == "duckdb":
        opened = _open_duckdb(published_file(Path(credentials.path).absolute()))
    elif credentials.type == "postgres":
        opened = _open_postgres(credentials)
    else:
        raise UserError(
            f"The target is a {credentials.type} warehouse; the dashboard reads DuckDB and"
            " PostgreSQL. Publish the marts to one of them."
        )
    with opened as (cursor, failure):

        def run(sql: str) -> Table:
            try:
                cursor.execute(sql)
                rows = cursor.fetchall()
            except failure as error:
                raise UserError(
                    f"The published marts cannot be read: {str(error).splitlines()[0]}\n"
                    "They may be of another version of the project: run `make build`."
                ) from error
            return {
                "columns": [column[0] for column in cursor.description],
                "rows": [[_plain(value) for value in row] for row in rows],
            }

        yield run


@contextlib.contextmanager
def _open_duckdb(file: Path) -> Iterator[tuple[Any, type[Exception]]]:
    if not file.is_file():
        raise UserError(f"There are no published marts at {file}. Run `make build` first.")
    try:
        connection = duckdb.connect(file, read_only=True)
    except duckdb.Error as error:
        raise UserError(f"{file} cannot be opened: {str(error).splitlines()[0]}") from error
    with connection:
        connection.execute("set TimeZone = 'UTC'; set enable_progress_bar = false")
        connection.execute("set schema = 'marts'")
        yield connection, duckdb.Error


@contextlib.contextmanager
def _open_postgres(credentials: Any) -> Iterator[tuple[Any, type[Exception]]]:
    import psycopg2

    with (
        published_on_postgres(credentials, "voc dashboard") as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute("select set_config('search_path', %s, false)", [published_schema()])
        yield cursor, psycopg2.Error


def as_script(value: Any) -> str:
    """JSON that is JavaScript too, and that no HTML around it can be ended by."""
    text = json.dumps(value, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c")


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        value = float(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, datetime):
        return value.isoformat(" ", "minutes")
    return value.isoformat() if isinstance(value, date) else value
