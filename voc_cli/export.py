"""The published marts as files for others, and what changed for systems that are told of rows by key.

An export is a folder of its own. It is written beside the others and becomes the one that `latest`
leads to in one step, so a reader has a whole export and a killed one leaves no trace. Changes are
counted from the export that `latest` led to: its copy of the mart is what was sent. Exports are counted:
which one is newer does not depend on the clock. What has no marker of ours is somebody else's and stays.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from voc_cli.arguments import (
    DbtArguments,
    connection_alone,
    own_parser,
    pick_out,
    read_arguments,
)
from voc_cli.dictionary import Mart, dictionary_rows, read_marts, render_dictionary
from voc_cli.made import (
    LATEST,
    NEXT_LATEST,
    UNFINISHED,
    is_ours,
    mark,
    note_made,
)
from voc_cli.publishing import (
    credentials_of,
    published_file,
    published_on_postgres,
    published_schema,
)
from voc_cli.settings import UserError
from voc_weighting.warehouse import sql_text

DEFAULT_FOLDER = "exports"
#: Name of an export: its number, and for people when it was made.
NAME, STAMP = re.compile(r"(?P<number>\d{6,})_.*Z"), "%Y-%m-%dT%H%M%SZ"
PUBLISH_FIRST = "Build and publish first: `make build`, or `make publish` after a dbt build."
OPTIONS = {
    "parquet": "format parquet, compression zstd",
    # What is null is empty, an empty text is "".
    "csv": "format csv, header, timestampformat '%Y-%m-%dT%H:%M:%S.%fZ'",
}
#: What makes a spreadsheet take a text for a formula, and what tells Excel that a text is UTF-8.
FORMULA = r"^[=+\-@\t\r]"
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
#: Types of contracts that DuckDB calls otherwise.
TYPES = {"string": "varchar"}

Changes = list[tuple[str, int]]


@dataclass(frozen=True)
class ExportArguments:
    """What the user asked for."""

    folder: Path
    full: bool
    excel: bool
    dbt: DbtArguments


def export(root: Path, arguments: Sequence[str]) -> int:
    """Write an export and say what is in it."""
    chosen = _read_arguments(root, arguments)
    credentials, folder = credentials_of(chosen.dbt, root), chosen.folder
    _check_published(credentials)
    print("[1/3] Reading the project ...", flush=True)
    marts = read_marts(chosen.dbt.all)
    note_made(credentials, root, folder)
    with _own_folder(folder) as unfinished:
        print(f"[2/3] Writing {len(marts)} marts to {folder} ...", flush=True)
        with _published(credentials, marts, unfinished) as connection:
            _write_marts(connection, marts, unfinished)
            if chosen.excel:
                _write_for_spreadsheets(connection, marts, unfinished / "excel")
            print("[3/3] Comparing with what was sent before ...", flush=True)
            changes = {
                mart.name: _write_changes(connection, mart, unfinished, folder, chosen.full)
                for mart in marts
                if mart.sync_key
            }
        finished = _finish(folder, unfinished)
    for name, counts in changes.items():
        listed = ", ".join(f"{rows:,} to {operation}" for operation, rows in counts)
        print(f"  {name}: {listed or 'nothing changed'}")
    print(f"Exported to {finished}; {folder / LATEST} leads to it.")
    return 0


def _read_arguments(root: Path, arguments: Sequence[str]) -> ExportArguments:
    parser = own_parser()
    parser.add_argument("--to", type=Path, default=root / DEFAULT_FOLDER)
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--excel", action="store_true")
    known, others = pick_out(parser, arguments)
    if read_arguments(others).is_partial:
        raise UserError("export takes no selection: an export holds every public mart.")
    return ExportArguments(known.to.absolute(), known.full, known.excel, connection_alone(others))


def _check_published(credentials: Any) -> None:
    """Raise UserError before dbt reads the project, where there is nothing to export."""
    if credentials.type == "duckdb":
        file = published_file(Path(credentials.path).absolute())
        if not file.is_file():
            raise UserError(f"Nothing is published: there is no file {file}. {PUBLISH_FIRST}")
    elif credentials.type == "postgres":
        schema = published_schema()
        with published_on_postgres(credentials, "voc export") as server, server.cursor() as cursor:
            cursor.execute("select to_regnamespace(%s)", [f'"{schema}"'])
            if cursor.fetchone()[0] is None:
                raise UserError(
                    f"Nothing is published: there is no schema {schema}. {PUBLISH_FIRST}"
                )
    else:
        raise UserError(
            f"The target is a {credentials.type} warehouse; export reads DuckDB and PostgreSQL."
            " Name another with --target, or export the schema `published` with the engine."
        )


@contextlib.contextmanager
def _own_folder(folder: Path) -> Iterator[Path]:
    """An empty folder to write in, which nobody else has; UserError when there cannot be one."""
    unfinished = folder / UNFINISHED
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / ".lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _clear(folder)
            unfinished.mkdir()
            mark(unfinished)
            try:
                yield unfinished
            finally:
                shutil.rmtree(unfinished, ignore_errors=True)
    except BlockingIOError as error:
        raise UserError(f"Another export to {folder} is running. Wait until it is done.") from error
    except OSError as error:
        raise UserError(
            f"{folder} cannot be written ({error.strerror}), and the last export is as it was."
            " Mend that, or name another folder: export --to FOLDER."
        ) from error
    except duckdb.Error as error:
        raise UserError(
            f"The export was not finished, and the last one is as it was: {_first_line(error)}"
        ) from error


def _clear(folder: Path) -> None:
    """Remove what exports that were killed left: one that was being written, and one that `latest` never led to."""
    if (folder / UNFINISHED).exists():
        shutil.rmtree(folder / UNFINISHED)
    latest, intended = (_led_to(folder / name) for name in (LATEST, NEXT_LATEST))
    for export_ in _exports(folder):
        is_newer = latest is not None and _number(export_) > _number(latest)
        if export_ != latest and (is_newer or export_ == intended):
            shutil.rmtree(export_)
    (folder / NEXT_LATEST).unlink(missing_ok=True)


def _exports(folder: Path) -> list[Path]:
    """The exports in a folder that are ours, in the order in which they were made."""
    named = [path for path in folder.iterdir() if NAME.fullmatch(path.name) and is_ours(path)]
    return sorted(named, key=_number)


def _number(path: Path) -> int:
    named = NAME.fullmatch(path.name)
    return int(named["number"]) if named else 0


def _led_to(link: Path) -> Path | None:
    """The export beside a link that it leads to, or would if there was one."""
    return link.parent / os.readlink(link) if link.is_symlink() else None


@contextlib.contextmanager
def _published(
    credentials: Any, marts: Sequence[Mart], scratch: Path
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB connection with a view of every published mart, all of one build."""
    with duckdb.connect() as connection:
        # What is spilled goes with the export, even if it is killed.
        connection.execute(f"set temp_directory = {sql_text(str(scratch / 'spilled'))}")
        if credentials.type == "duckdb":
            _see_duckdb(connection, published_file(Path(credentials.path).absolute()), marts)
            yield connection
        else:
            copies = scratch / "copies"
            _see_postgres(connection, credentials, marts, copies)
            yield connection
            shutil.rmtree(copies)


def _see_duckdb(connection: duckdb.DuckDBPyConnection, file: Path, marts: Sequence[Mart]) -> None:
    connection.execute(f"attach {sql_text(str(file))} as published (read_only)")
    for mart in marts:
        query = f'select {_selected(mart)} from published.marts."{mart.name}"'
        try:
            connection.execute(f'create view "{mart.name}" as {query}')
        except (duckdb.CatalogException, duckdb.BinderException) as error:
            raise _not_published(mart, str(file), error) from error


def _see_postgres(
    connection: duckdb.DuckDBPyConnection, credentials: Any, marts: Sequence[Mart], copies: Path
) -> None:
    """The server writes each mart as CSV, which DuckDB then reads in the types of the contract."""
    import psycopg2

    copies.mkdir()
    schema = published_schema()
    with published_on_postgres(credentials, "voc export") as server, server.cursor() as cursor:
        for mart in marts:
            copy = copies / f"{mart.name}.csv"
            query = f'select {_selected(mart)} from "{schema}"."{mart.name}"'
            try:
                with copy.open("wb") as file:
                    cursor.copy_expert(f"copy ({query}) to stdout (format csv, header)", file)
            except psycopg2.Error as error:
                raise _not_published(mart, f"The schema {schema}", error) from error
            types = {it.name: TYPES.get(it.type, it.type) for it in mart.columns}
            connection.execute(
                f'create view "{mart.name}" as from read_csv({sql_text(str(copy))},'
                f" columns = {types}, header = true, auto_detect = false, delim = ',',"
                " quote = '\"', escape = '\"', allow_quoted_nulls = false)"
            )


def _selected(mart: Mart) -> str:
    return ", ".join(f'"{column.name}"' for column in mart.columns)


def _not_published(mart: Mart, where: str, error: Exception) -> UserError:
    return UserError(
        f"{where} does not hold the mart {mart.name} as this version of the project has it"
        f" ({_first_line(error)}). {PUBLISH_FIRST}"
    )


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)


def _write_marts(
    connection: duckdb.DuckDBPyConnection, marts: Sequence[Mart], folder: Path
) -> None:
    for mart in marts:
        _write(connection, f'from "{mart.name}"', folder / "marts" / mart.name)
    connection.register("data_dictionary", pa.Table.from_pylist(dictionary_rows(marts)))
    _write(connection, "from data_dictionary", folder / "data_dictionary")
    page = folder / "data_dictionary.md"
    page.write_text(render_dictionary(marts), encoding="utf-8")


def _write_changes(
    connection: duckdb.DuckDBPyConnection, mart: Mart, unfinished: Path, folder: Path, full: bool
) -> Changes:
    """Write what to upsert and what to delete where rows of the mart are known by their key."""
    key, now = f'"{mart.sync_key}"', f'from "{mart.name}"'
    before = folder / LATEST / "marts" / f"{mart.name}.parquet"
    upserts, deletes = now, f"{now} limit 0"
    if before.is_file():
        sent = f"from read_parquet({sql_text(str(before))})"
        deletes = f'{sent} anti join "{mart.name}" using ({key})'
        # Other columns than those that were sent are news of every row.
        if not full and _columns(connection, sent) == _columns(connection, now):
            upserts = f"{now} except {sent}"
    connection.execute(
        f"""
        create or replace temp table changes as
        select 'upsert' as operation, * from ({upserts})
        union all by name
        select 'delete' as operation, {key} from ({deletes})
        order by operation, {key}
        """
    )
    _write(connection, "from changes", unfinished / "changes" / mart.name)
    counts = "select operation, count(*) from changes group by operation order by operation desc"
    return connection.execute(counts).fetchall()


def _write_for_spreadsheets(
    connection: duckdb.DuckDBPyConnection, marts: Sequence[Mart], folder: Path
) -> None:
    """CSV in which no text is run as a formula. Such a text is not what it was: programs read the other one."""
    folder.mkdir()
    for mart in marts:
        guarded = ", ".join(
            f"case when regexp_matches({name}, '{FORMULA}') then '''' || {name} else {name} end as {name}"
            for name, kind in _columns(connection, f'from "{mart.name}"')
            if kind == "VARCHAR"
        )
        replaced = f" replace ({guarded})" if guarded else ""
        plain, file = folder / f"{mart.name}.plain", folder / f"{mart.name}.csv"
        query = f'select *{replaced} from "{mart.name}"'
        connection.execute(f"copy ({query}) to {sql_text(str(plain))} ({OPTIONS['csv']})")
        with plain.open("rb") as rows, file.open("wb") as marked:
            marked.write(BYTE_ORDER_MARK)
            shutil.copyfileobj(rows, marked)
        plain.unlink()


def _write(connection: duckdb.DuckDBPyConnection, query: str, stem: Path) -> None:
    """Write a query as <stem>.parquet and <stem>.csv."""
    stem.parent.mkdir(exist_ok=True)
    for kind, options in OPTIONS.items():
        connection.execute(f"copy ({query}) to {sql_text(f'{stem}.{kind}')} ({options})")


def _columns(connection: duckdb.DuckDBPyConnection, query: str) -> list[tuple[str, str]]:
    described = connection.execute(f"describe {query}").fetchall()
    return [(f'"{name}"', kind) for name, kind, *_ in described]


def _finish(folder: Path, unfinished: Path) -> Path:
    """Make the export the latest in one step, and remove ours of before but the one that was the latest."""
    shutil.rmtree(unfinished / "spilled", ignore_errors=True)
    for path in unfinished.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())
    before, older = _led_to(folder / LATEST), _exports(folder)
    number = max(map(_number, [*older, *([before] if before else [])]), default=0) + 1
    finished = folder / f"{number:06d}_{datetime.now(UTC).strftime(STAMP)}"
    # The link is there first: whoever is killed between the two has said which export nobody was led to.
    link = folder / NEXT_LATEST
    link.unlink(missing_ok=True)
    link.symlink_to(finished.name)
    unfinished.rename(finished)
    link.replace(folder / LATEST)
    for export_before in older:
        if export_before != before:
            shutil.rmtree(export_before)
    return finished
