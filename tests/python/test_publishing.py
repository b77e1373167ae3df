"""Publishing on PostgreSQL: one transaction, whoever reads, holds, kills or writes meanwhile."""

from __future__ import annotations

import contextlib
import json
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator
from types import SimpleNamespace
from typing import NamedTuple

import psycopg2
import pytest
from harness import NO_TESTS, RUN_LOG, Outcome, PostgresDatabase, PostgresServer, Project
from test_bad_input import ONLY_GENERIC
from test_reliability import (
    ACCOUNT_COLUMNS,
    ACCOUNTS,
    ANSWER_COLUMNS,
    ANSWERS,
    TODAY,
    YESTERDAY,
    assert_one_error,
    of_day,
)

from voc_cli.publishing import published_on_postgres

# Builds on a server: minutes.
pytestmark = pytest.mark.slow

LAND = {"accounts": (ACCOUNT_COLUMNS, ACCOUNTS), "survey_responses": (ANSWER_COLUMNS, ANSWERS)}
#: Published after most others.
HELD = "quarantined_records"
CHANGED = "company_nps"
PUBLISH = (sys.executable, "-m", "voc_cli", "publish", "--target", "postgres", *of_day(TODAY)[:2])
#: How long everything waits for something that is sure to come.
PATIENCE = 120

Marts = dict[str, tuple[int, str]]


class Server(NamedTuple):
    """A project, and a database in which today is built and yesterday published."""

    server: PostgresServer
    project: Project
    database: PostgresDatabase

    def published(self, schema: str = "published") -> Marts:
        """Rows and checksum of every mart of a schema, read by one query: the log of runs apart."""
        marts = self.database.execute(
            f"select table_name as name from information_schema.tables where table_schema = '{schema}'"
            f" and table_name <> '{RUN_LOG}'"
        )
        rows = self.database.execute(
            " union all ".join(
                f"select '{mart['name']}' as name, count(*) as n,"
                f" md5(coalesce(string_agg(mart::text, ' ' order by mart::text), '')) as checksum"
                f" from {schema}.{mart['name']} as mart"
                for mart in marts
            )
        )
        return {row["name"]: (row["n"], row["checksum"]) for row in rows}

    def dbt(self, *arguments: str, variables: dict[str, object] | None = None) -> Outcome:
        """Run dbt on the database, as of today."""
        given = {**ONLY_GENERIC, "as_of_date": TODAY, **(variables or {})}
        return self.project.dbt(
            *arguments, variables=given, target="postgres", environment=self.database.environment
        )

    def publish(self) -> Outcome:
        """Publish, undisturbed."""
        return self.project.run(PUBLISH, environment=self.database.environment)

    @contextlib.contextmanager
    def waiting(self) -> Iterator[tuple[contextlib.ExitStack, object, int]]:
        """A publish in its middle: somebody holds rows of HELD until the stack is closed.

        The stack, the process, and the server's process that waits.
        """
        with contextlib.ExitStack() as held:
            holder = held.enter_context(self.session())
            with holder.cursor() as cursor:
                cursor.execute(f"select * from published.{HELD} for update")
                assert cursor.fetchall()
            command = self.project.running(PUBLISH, "", self.database.environment)
            with command as process:
                waits = (
                    "select pid from pg_stat_activity where datname = current_database()"
                    " and application_name = 'dbt' and wait_event_type = 'Lock'"
                )
                try:
                    yield held, process, self.wait_for(waits)[0]["pid"]
                finally:
                    held.close()

    def wait_for(self, sql: str) -> list[dict]:
        """The rows of a query, as soon as there are any."""
        ends = time.monotonic() + PATIENCE
        while not (rows := self.database.execute(sql)):
            assert time.monotonic() < ends, (self.project.root / "running.log").read_text()
            time.sleep(0.05)
        return rows

    @contextlib.contextmanager
    def session(self) -> Iterator[psycopg2.extensions.connection]:
        """A session of somebody else, in a transaction."""
        with contextlib.closing(
            psycopg2.connect(
                host=str(self.database.socket_folder),
                port=5432,
                user="voc",
                dbname=self.database.name,
                application_name="somebody",
            )
        ) as connection:
            yield connection

    def said(self) -> Outcome:
        """What the command of `waiting` printed."""
        return Outcome(False, (self.project.root / "running.log").read_text(), 1)


@pytest.fixture(scope="module")
def built(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Server:
    """Copy it."""
    project = Project.copy_of_repository(tmp_path_factory.mktemp("publishing") / "project")
    database = postgres.new_database()
    land(database)
    for command in (
        lambda: project.cli(
            *("build", "--target", "postgres", *of_day(YESTERDAY)), environment=database.environment
        ),
        lambda: Server(postgres, project, database).dbt("build", *NO_TESTS),
    ):
        outcome = command()
        assert outcome.ok, outcome.output
    return Server(postgres, project, database)


@pytest.fixture
def server(built: Server) -> Server:
    """A database of one's own."""
    return built._replace(database=built.server.copy_of(built.database))


def land(database: PostgresDatabase) -> None:
    """Land what test_reliability.py builds."""
    database.execute("create schema generic")
    for table, (columns, rows) in LAND.items():
        declared = ", ".join(f"{column} {kind}" for column, kind in columns.items())
        database.execute(f"create table generic.{table} ({declared})")
        marks = "(" + ", ".join(["%s"] * len(columns)) + ")"
        database.execute(
            f"insert into generic.{table} values {', '.join([marks] * len(rows))}",
            [value for row in rows for value in row],
        )


def test_readers_with_a_snapshot_for_each_query_see_one_day(server: Server) -> None:
    before, after = server.published(), server.published("marts")
    assert before != after
    server.database.execute(f"alter database {server.database.name} set log_statement = 'all'")
    with server.waiting() as (held, process, _):
        for _ in range(5):
            assert server.published() == before
        held.close()
        seen = []
        while process.poll() is None:
            seen.append(server.published())
    assert process.returncode == 0, server.said().output
    assert all(reading in (before, after) for reading in seen)
    assert server.published() == after

    # One transaction, as the rows say, and as the server's log does.
    rows = " union ".join(f"select xmin::text from published.{mart}" for mart in after)
    assert len(server.database.execute(rows)) == 1
    log = (server.server.data / "server.log").read_text(errors="replace")
    entries = re.split(r"^\S+ \S+ \S+ \[\d+\] ", log, flags=re.MULTILINE)
    writes = f'insert into "{server.database.name}"."published"'
    (sent,) = [entry for entry in entries if writes in entry]
    assert sent.count(writes) == len(after) + 1
    assert sent.index("begin;") < sent.index(writes) < sent.rindex(writes) < sent.rindex("commit;")


def test_a_connection_lost_in_the_middle_leaves_the_marts_of_before(server: Server) -> None:
    before, after = server.published(), server.published("marts")
    with server.waiting() as (_, process, pid):
        server.database.execute(f"select pg_terminate_backend({pid})")
        process.wait(PATIENCE)
    assert process.returncode != 0
    assert_one_error(server.said(), "The connection to the server was lost", "run it again")
    assert server.published() == before
    outcome = server.publish()
    assert outcome.ok, outcome.output
    assert server.published() == after


def test_a_killed_publish_leaves_the_marts_of_one_build(server: Server) -> None:
    before, after = server.published(), server.published("marts")
    with server.waiting() as (held, process, pid):
        process.kill()
        process.wait(PATIENCE)
        assert server.published() == before
        held.close()
        gone = f"select 1 where not exists (select from pg_stat_activity where pid = {pid})"
        server.wait_for(gone)
    assert server.published() in (before, after)
    outcome = server.publish()
    assert outcome.ok, outcome.output
    assert server.published() == after


def test_a_run_that_writes_marts_while_they_are_published_stops_it(server: Server) -> None:
    before = server.published()
    with server.waiting() as (held, process, _):
        server.database.execute(f"comment on table marts.{CHANGED} is '[run another]'")
        held.close()
    assert process.returncode != 0
    assert_one_error(server.said(), "Another run wrote marts", "build again")
    assert server.published() == before


def test_a_changed_mart_waits_for_readers_and_lets_new_ones_through(server: Server) -> None:
    server.database.execute(f"alter table published.{CHANGED} drop column responses")
    whole, part = (f"{server.database.name}_{name}" for name in ("reader", "part_reader"))
    for role, right in ((whole, "select"), (part, "select (period_end)")):
        server.database.execute(f"create role {role}")
        server.database.execute(f"grant {right} on published.{CHANGED} to {role}")
    before, after = server.published(), server.published("marts")
    publish = ("run-operation", "publish", "--args", json.dumps({"wait_seconds": 4}))
    as_dbt = server.database.environment
    credentials = SimpleNamespace(
        host=as_dbt["VOC_PG_HOST"],
        port=5432,
        user="voc",
        password="",
        database=server.database.name,
        connect_timeout=10,
        role=None,
        **dict.fromkeys(("sslmode", "sslcert", "sslkey", "sslrootcert")),
    )
    # It has one snapshot of all marts, and has not looked at this one yet.
    with published_on_postgres(credentials, "voc export") as reader:
        pid = reader.info.backend_pid
        with reader.cursor() as cursor:
            cursor.execute("select count(*) from published.dim_dates")
        command = [sys.executable, "-m", "dbt.cli.main", *publish, "--target", "postgres"]
        command += ["--vars", json.dumps({**ONLY_GENERIC, "as_of_date": TODAY}, sort_keys=True)]
        longest = 0.0
        with server.project.running(command, "", as_dbt) as process, server.session() as other:
            other.autocommit = True
            while process.poll() is None:
                started = time.monotonic()
                with other.cursor() as cursor:
                    cursor.execute(f"select count(*) from published.{CHANGED}")
                    assert cursor.fetchone()[0]
                longest = max(longest, time.monotonic() - started)
                time.sleep(0.01)
        assert process.returncode != 0
        said = server.said().output
        assert "Traceback" not in said
        for word in (
            CHANGED,
            "open transaction",
            f"process {pid} (voc export of voc)",
            "4 seconds",
        ):
            assert word in said, said
        # It waited for the lock, and others behind it.
        assert 0.2 < longest < 1.5
        with reader.cursor() as cursor:
            cursor.execute(f"select count(*) from published.{CHANGED}")
            assert cursor.fetchone()[0]
    assert server.published() == before

    outcome = server.publish()
    assert outcome.ok, outcome.output
    assert server.published() == after
    (may,) = server.database.execute(
        f"select has_table_privilege('{whole}', 'published.{CHANGED}', 'select') as whole,"
        f" has_column_privilege('{part}', 'published.{CHANGED}', 'period_end', 'select') as part,"
        f" has_table_privilege('{part}', 'published.{CHANGED}', 'select') as beyond"
    )
    assert dict(may) == {"whole": True, "part": True, "beyond": False}


def test_a_number_does_not_go_into_a_column_of_another_type(server: Server) -> None:
    server.database.execute(f"alter table published.{CHANGED} alter nps type integer")
    outcome = server.publish()
    assert outcome.ok, outcome.output
    assert server.published() == server.published("marts")


def test_keys_find_rows_by_an_index(server: Server) -> None:
    def indexed() -> Counter[tuple[str, str]]:
        return Counter(
            (row["mart"], row["key"])
            for row in server.database.execute(
                "select tablename as mart, substring(indexdef from '\\(\"?([a-z_]+)\"?\\)$') as key"
                " from pg_indexes where schemaname = 'published'"
            )
        )

    found = indexed()
    keys = {"account_id", "contact_key", "response_id", "ticket_id", "team_id", "case_id"}
    columns = server.database.execute(
        "select table_name as mart, column_name as key from information_schema.columns"
        " where table_schema = 'published'"
    )
    expected = {(row["mart"], row["key"]) for row in columns if row["key"] in keys}
    assert ("account_health", "account_id") in expected
    assert expected <= set(found)
    assert set(found.values()) == {1}

    # A mart whose columns changed gets them anew; one that is there, like one of somebody's own, is not made twice.
    server.database.execute("alter table published.account_health drop column health_band")
    server.database.execute("drop index published.fct_tickets_account_id_idx")
    server.database.execute("create index of_their_own on published.fct_tickets (account_id)")
    outcome = server.publish()
    assert outcome.ok, outcome.output
    assert indexed() == found
    server.database.execute(f"alter database {server.database.name} set enable_seqscan = off")
    plan = server.database.execute(
        "explain select * from published.account_health where account_id = 'A-1'"
    )
    assert "Index Scan using account_health" in str(plan)


def test_rows_of_before_leave_room_for_those_of_the_next_time(server: Server) -> None:
    sizes = (
        "select pg_relation_size('published.dim_dates') as published,"
        " pg_relation_size('marts.dim_dates') as built"
    )
    for _ in range(4):
        outcome = server.publish()
        assert outcome.ok, outcome.output
    (size,) = server.database.execute(sizes)
    assert size["built"] > 5 * 8192
    # Readers see the old rows until the new ones are all there: both have room, and no others.
    assert size["published"] < 2.5 * size["built"]


def test_grants_stay_on_what_is_built_again_and_a_part_is_not_published(server: Server) -> None:
    before = server.published()
    role = f"{server.database.name}_of_marts"
    server.database.execute(f"create role {role}")
    relations = (f"marts.{CHANGED}", "intermediate.int_crm__accounts")
    for relation in relations:
        server.database.execute(f"grant select on {relation} to {role}")
    outcome = server.dbt("run", "--select", CHANGED, "int_crm__accounts")
    assert outcome.ok, outcome.output
    for relation in relations:
        asked = f"select has_table_privilege('{role}', '{relation}', 'select') as may"
        assert server.database.execute(asked)[0]["may"], relation
    assert_one_error(
        server.publish(), f"not all made by one complete build: {CHANGED}", "Build again"
    )
    assert server.published() == before


def test_landed_rows_are_erased_in_one_transaction(server: Server) -> None:
    database = server.database
    person = ANSWERS[0][-1]
    database.execute("create table generic.erasure_requests (email text, contact_id text)")
    database.execute("insert into generic.erasure_requests values (%s, null)", [person])
    database.execute(
        "create function refuse() returns trigger language plpgsql as"
        " $$ begin raise exception 'this row stays'; end $$"
    )
    # Of the tables that name the person it is the last.
    database.execute(
        "create trigger stays before delete on generic.erasure_requests"
        " for each row execute function refuse()"
    )
    chosen = ("run", "--select", "int_privacy__erasure_list", "int_privacy__erased_people")
    outcome = server.dbt(*chosen)
    assert outcome.ok, outcome.output
    counted = (
        "select (select count(*) from generic.erasure_requests) as requests,"
        f" (select count(*) from generic.survey_responses where respondent_email = '{person}') as answers"
    )
    before = database.execute(counted)
    assert before[0]["requests"] == 1
    assert before[0]["answers"] > 1
    outcome = server.dbt("run-operation", "erase_landed")
    assert not outcome.ok
    assert "this row stays" in outcome.output
    assert database.execute(counted) == before
    database.execute("drop trigger stays on generic.erasure_requests")
    assert server.dbt("run-operation", "erase_landed").ok
    assert set(database.execute(counted)[0].values()) == {0}
