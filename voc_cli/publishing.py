"""One build at a time, and its marts shown to readers all at once.

A build works in the warehouse; readers read what was published. On DuckDB that is a file of its own,
which a finished build replaces with one rename: whoever holds the old one open goes on reading it.
On PostgreSQL it is the schema `published`, replaced in one transaction. Which marts make a whole is
asked of the marts themselves (macros/runs/run_marks.sql).
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from voc_cli.arguments import DbtArguments
from voc_cli.dbt_runs import run_operation
from voc_cli.made import note_made
from voc_cli.settings import UserError
from voc_weighting.errors import WeightingError
from voc_weighting.warehouse import connect_postgres, read_credentials

#: Key of the advisory lock on PostgreSQL; any number, the same for every build.
LOCK_KEY = 20_260_630
PUBLISHED_PATH = "VOC_PUBLISHED_PATH"
READABLE_TABLES = (
    "select format('%%I.%%I', n.nspname, c.relname) from pg_class as c"
    " join pg_namespace as n on c.relnamespace = n.oid"
    " where n.nspname = %s and c.relkind = 'r' and has_table_privilege(c.oid, 'select')"
)


def credentials_of(arguments: DbtArguments, root: Path) -> Any:
    """The credentials of the warehouse these dbt arguments choose; UserError without any."""
    folder = arguments.profiles_dir
    try:
        return read_credentials(root, arguments.target, Path(folder) if folder else None)
    except WeightingError as error:
        raise UserError(
            f"{error}\nIf there is none, copy profiles.example.yml to profiles.yml (make does); --profiles-dir"
            " names the folder of another."
        ) from error


def published_file(database: Path) -> Path:
    """Where the marts of a DuckDB warehouse are published: VOC_PUBLISHED_PATH, or beside it."""
    named = os.environ.get(PUBLISHED_PATH)
    return Path(named) if named else database.with_name(f"{database.stem}_marts{database.suffix}")


def published_schema() -> str:
    """The schema in which marts are published on a server."""
    return f"{os.environ.get('VOC_SCHEMA_PREFIX', '')}published"


@contextlib.contextmanager
def published_on_postgres(credentials: Any, application: str) -> Iterator[Any]:
    """A connection that reads what is published; UserError without one.

    All its queries see one snapshot: a build that publishes in between is not seen in part. No table
    is replaced by one of other columns before the end, which the snapshot would find empty.
    """
    try:
        connection = connect_postgres(credentials, application)
    except WeightingError as error:
        raise UserError(str(error)) from error
    with contextlib.closing(connection):
        with connection, connection.cursor() as cursor:
            cursor.execute(READABLE_TABLES, [published_schema()])
            tables = ", ".join(name for (name,) in cursor.fetchall())
        connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
        if tables:
            # A lock alone takes no snapshot: the first query does, when all tables are held.
            with connection.cursor() as cursor:
                cursor.execute(f"lock table {tables} in access share mode")
        yield connection


@contextlib.contextmanager
def only_build(credentials: Any) -> Iterator[None]:
    """Hold the lock of the warehouse; UserError when another build holds it.

    The lock goes with the process, however it ends.
    """
    if credentials.type == "duckdb" and credentials.path != ":memory:":
        with _file_lock(Path(f"{credentials.path}.lock")):
            yield
    elif credentials.type == "postgres":
        with _advisory_lock(credentials):
            yield
    else:
        yield


def publish(credentials: Any, connection: list[str]) -> str:
    """Publish the marts of the last build and say where they are; UserError when they cannot be.

    `connection` holds the dbt arguments that choose the warehouse of these credentials.
    """
    if credentials.type != "duckdb":
        run_operation("publish", {}, connection)
        return "the schema published"
    target = published_file(Path(credentials.path).absolute())
    note_made(credentials, Path.cwd(), target)
    with written_anew(target) as fresh:
        run_operation("publish", {"file": str(fresh)}, connection)
    return str(target)


@contextlib.contextmanager
def written_anew(target: Path) -> Iterator[Path]:
    """A file to write a DuckDB database to, which then takes the place of `target` in one step.

    Of a symbolic link that is the file it leads to; owner and mode stay. Nothing is left of the new file
    when the writing fails. UserError when the folder cannot be written.
    """
    place = Path(os.path.realpath(target))
    fresh = place.with_name(f"{place.name}.new")
    try:
        before = place.stat() if place.exists() else None
        _remove(fresh)
        # Nobody may read the new file who may not read the old one, not even while it is written.
        mask = os.umask(0o077) if before else None
        try:
            yield fresh
        finally:
            if mask is not None:
                os.umask(mask)
        with fresh.open("rb") as written:
            os.fsync(written.fileno())
        if before:
            _take_over(before, fresh)
        fresh.replace(place)
    except OSError as error:
        raise UserError(f"{target} could not be written anew: {error.strerror}.") from error
    finally:
        with contextlib.suppress(OSError):
            _remove(fresh)
    if before and before.st_nlink > 1:
        print(
            f"{place} had {before.st_nlink - 1} more names (hard links): those keep the old file."
        )
    # A log that was left behind would be read into the new file.
    for file in {target, place}:
        Path(f"{file}.wal").unlink(missing_ok=True)


def _take_over(before: os.stat_result, fresh: Path) -> None:
    """Give the new file owner and mode of the old one."""
    now = fresh.stat()
    if (before.st_uid, before.st_gid) != (now.st_uid, now.st_gid):
        # Only root may give a file away; the group may be one of the user's own.
        with contextlib.suppress(PermissionError):
            os.chown(fresh, -1, before.st_gid)
        with contextlib.suppress(PermissionError):
            os.chown(fresh, before.st_uid, -1)
    fresh.chmod(stat.S_IMODE(before.st_mode))


def _remove(database: Path) -> None:
    for file in (database, Path(f"{database}.wal")):
        file.unlink(missing_ok=True)


@contextlib.contextmanager
def _file_lock(path: Path) -> Iterator[None]:
    try:
        lock = path.open("a+")
    except OSError as error:
        raise UserError(
            f"{path.parent} cannot be written ({error.strerror}): the warehouse file needs a folder"
            " that you may write to. Set VOC_DUCKDB_PATH to another file."
        ) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.seek(0)
            raise UserError(
                f"Another build of {path.with_suffix('')} is running (process {lock.read().strip()})."
                " Wait until it is done, then build again."
            ) from error
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


@contextlib.contextmanager
def _advisory_lock(credentials: Any) -> Iterator[None]:
    try:
        connection = connect_postgres(credentials, "voc build lock")
    except WeightingError as error:
        raise UserError(f"The warehouse cannot be reached: {error}") from error
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("select pg_try_advisory_lock(%s)", [LOCK_KEY])
            if not cursor.fetchone()[0]:
                raise UserError(
                    f"Another build of the database {credentials.database} is running."
                    " Wait until it is done, then build again."
                )
        yield
    finally:
        connection.close()
