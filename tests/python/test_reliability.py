"""Builds that are killed, starved, locked out or read while they run: readers keep one build's marts."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb
import psycopg2
import pytest
from harness import NO_TESTS, Marts, Outcome, PostgresDatabase, PostgresServer, Project, marts_in
from test_bad_input import ONLY_GENERIC

from voc_cli.publishing import LOCK_KEY

# Builds after builds: minutes.
pytestmark = pytest.mark.slow

KILLS_A_ROUND = 5
ROUNDS = 2
YESTERDAY, TODAY = "2026-06-29", "2026-06-30"


def of_day(day: str) -> list[str]:
    """Arguments of a build without tests, as of a day."""
    return ["--vars", json.dumps({**ONLY_GENERIC, "as_of_date": day}, sort_keys=True), *NO_TESTS]


ACCOUNTS = [(f"A{n}", f"Account {n}") for n in range(50)]
#: A quarter of them given today.
ANSWERS = [
    (
        f"R{n}",
        "nps",
        str(n % 11),
        datetime(2026, 6, 30, 12) - timedelta(days=max(0, n - 75)),
        f"A{n % 50}",
        f"person{n % 90}@a.example",
    )
    for n in range(300)
]
ACCOUNT_COLUMNS = {"account_id": "varchar", "account_name": "varchar"}
ANSWER_COLUMNS = {
    "response_id": "varchar",
    "metric": "varchar",
    "raw_score": "varchar",
    "responded_at": "timestamp",
    "account_ref": "varchar",
    "respondent_email": "varchar",
}


def assert_one_error(outcome: Outcome, *words: str) -> None:
    """The command failed, and what it says to its user is one message with all the words."""
    assert not outcome.ok, outcome.output
    assert "Traceback" not in outcome.output, outcome.output
    said = outcome.output.rpartition("voc: ")[2] or outcome.output
    said = said.rpartition("The build failed")[2]
    for word in words:
        assert word in said, outcome.output


@pytest.fixture(scope="module")
def yesterday(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A warehouse built and published yesterday. Read it only, or fork it."""
    project = Project.copy_of_repository(tmp_path_factory.mktemp("yesterday") / "project")
    project.land("generic", "accounts", ACCOUNT_COLUMNS, ACCOUNTS)
    project.land("generic", "survey_responses", ANSWER_COLUMNS, ANSWERS)
    outcome = project.cli("build", *of_day(YESTERDAY))
    assert outcome.ok, outcome.output
    assert f"Published to {project.published}" in outcome.output
    return project


@pytest.fixture(scope="module")
def today(yesterday: Project, tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, float]:
    """The same warehouse after the build of today that nothing disturbed, and how long it took."""
    project = yesterday.fork(tmp_path_factory.mktemp("today") / "project")
    started = time.monotonic()
    outcome = project.cli("build", *of_day(TODAY))
    assert outcome.ok, outcome.output
    assert marts_in(project.published) == marts_in(project.database)
    assert marts_in(project.published) != marts_in(yesterday.published)
    return project, time.monotonic() - started


@pytest.mark.parametrize("round_number", range(ROUNDS))
def test_a_killed_build_leaves_the_published_marts_and_the_next_one_completes(
    yesterday: Project, today: tuple[Project, float], tmp_path: Path, round_number: int
) -> None:
    project = yesterday.fork(tmp_path / "project")
    undisturbed, seconds = today
    before, after = marts_in(yesterday.published), marts_in(undisturbed.published)
    random_moments = random.Random(round_number)
    killed = 0
    while killed < KILLS_A_ROUND:
        # One in each part of the build, the first and the last moments included.
        moment = seconds * (killed + random_moments.random()) / KILLS_A_ROUND
        outcome = project.cli("build", *of_day(TODAY), kill_after=moment)
        assert outcome.ok or outcome.exit_code == -9, outcome.output
        if outcome.ok:
            # It was done before its time: a build is faster than the one that was measured.
            seconds *= 0.9
        killed += not outcome.ok
        assert marts_in(project.published) in (before, after)
        # What the build works in can be opened and read too, if not all of one build.
        assert marts_in(project.database)
    outcome = project.cli("build", *of_day(TODAY))
    assert outcome.ok, outcome.output
    assert marts_in(project.published) == marts_in(project.database) == after
    ended = project.query("select run_status, count(*) as n from marts.run_history group by 1")
    statuses = {row["run_status"]: row["n"] for row in ended}
    assert statuses["success"] >= 2
    # A run that was killed after its start was noted, and before its end was.
    assert statuses.get("interrupted", 0) <= killed
    assert "running" not in statuses
    assert {file.name for file in project.root.glob("voc_marts*")} == {project.published.name}


def test_a_build_that_was_killed_is_in_the_history(yesterday: Project, tmp_path: Path) -> None:
    project = yesterday.fork(tmp_path / "project")
    with duckdb.connect(project.database) as connection:
        connection.execute(
            "insert into marts.run_history (run_id, run_status, as_of_date, started_at)"
            " values ('killed', 'running', date '2026-06-29', timestamp '2026-06-29 22:00:00')"
        )
    assert project.dbt("run", "--select", "dim_dates", variables=ONLY_GENERIC).ok
    runs = project.query("select * from marts.run_history order by started_at")
    assert [run["run_status"] for run in runs] == ["interrupted", "success", "success"]
    whole, part = runs[1:]
    assert whole["as_of_date"] == date(2026, 6, 29)
    given_today = sum(answer[3] > datetime(2026, 6, 30) for answer in ANSWERS)
    assert whole["command"] == "build"
    assert (whole["is_whole_project"], part["is_whole_project"]) == (True, False)
    assert (whole["rows_in"], whole["rows_out"], whole["rows_quarantined"]) == (
        350,
        350 - given_today,
        given_today,
    )
    assert part["rows_in"] is None
    assert (part["models_built"], part["nodes_failed"]) == (1, 0)
    assert 0 < whole["duration_seconds"] < 600
    assert whole["finished_at"] > whole["started_at"]
    assert "role_weights" in json.loads(whole["policy_versions"])


def test_a_changed_policy_has_another_version(yesterday: Project, tmp_path: Path) -> None:
    project = yesterday.fork(tmp_path / "project")
    file = project.root / "seeds/policy/departments.csv"
    file.write_text(file.read_text().replace("Support", "Customer Support"), encoding="utf-8")
    # a seed alone would not make the harness parse
    os.utime(project.root / "dbt_project.yml")
    assert project.dbt("run", "--select", "dim_dates", variables=ONLY_GENERIC).ok
    old, new = (
        json.loads(row["policy_versions"])
        for row in project.query(
            "select policy_versions from marts.run_history order by started_at"
        )
    )
    assert {seed for seed in old if old[seed] != new[seed]} == {"departments"}


# ---- what is published --------------------------------------------------------------------------


def publish(project: Project) -> Outcome:
    """`publish` with the arguments of a build of today."""
    return project.cli("publish", *of_day(TODAY)[:2])


def assert_torn(project: Project, published: Marts) -> None:
    """Publishing is refused, and readers have what they had."""
    refused = publish(project)
    assert_one_error(refused, "not all made by one complete build", "Build again")
    assert marts_in(project.published) == published


def test_marts_of_a_killed_build_are_not_published_by_a_good_run_of_another(
    yesterday: Project, tmp_path: Path
) -> None:
    project = yesterday.fork(tmp_path / "project")
    before = marts_in(yesterday.published)
    said = ["env", "VERBOSE=1", sys.executable, "-m", "voc_cli", "build", *of_day(TODAY)]
    made = "OK created sql table model marts.account_nps"
    with project.running(said, until=made) as process:
        process.kill()
    assert process.returncode == -9
    assert marts_in(project.database)["account_nps"] != before["account_nps"]
    today = {**ONLY_GENERIC, "as_of_date": TODAY}
    outcome = project.dbt("run", "--select", "dim_dates", variables=today)
    assert outcome.ok, outcome.output
    assert_torn(project, before)
    outcome = project.cli("build", *of_day(TODAY))
    assert outcome.ok, outcome.output
    assert marts_in(project.published) == marts_in(project.database) != before


def test_a_clock_that_ran_ahead_does_not_publish_what_is_torn(
    yesterday: Project, tmp_path: Path
) -> None:
    project = yesterday.fork(tmp_path / "project")
    with duckdb.connect(project.database) as connection:
        connection.execute(
            "update marts.run_history set started_at = timestamp '2030-01-01 00:00:00'"
        )
    # It stops at the threshold, with two marts made.
    strict = {**ONLY_GENERIC, "as_of_date": TODAY, "quarantine_threshold": {"rows": 1, "share": 0}}
    with duckdb.connect(project.database) as connection:
        connection.execute("update generic.survey_responses set raw_score = 'n/a'")
    assert not project.dbt("build", *NO_TESTS, variables=strict).ok
    assert_torn(project, marts_in(yesterday.published))


def test_a_part_that_was_built_again_is_not_published(yesterday: Project, tmp_path: Path) -> None:
    project = yesterday.fork(tmp_path / "project")
    day = {**ONLY_GENERIC, "as_of_date": YESTERDAY}
    # No mart: the marts are still those of the build.
    outcome = project.dbt("run", "--select", "stg_generic__accounts", variables=day)
    assert outcome.ok, outcome.output
    outcome = publish(project)
    assert outcome.ok, outcome.output
    for mart in ("dim_dates", "quarantine_by_day"):
        outcome = project.dbt("run", "--select", mart, variables=day)
        assert outcome.ok, outcome.output
        assert_torn(project, marts_in(yesterday.published))
    # All marts by one run, and not what they are made of.
    outcome = project.dbt("run", "--select", "access:public", variables=day)
    assert outcome.ok, outcome.output
    assert_one_error(publish(project), "built only a part", "Build again")
    # All of it, without a row.
    outcome = project.dbt("run", "--empty", variables=day)
    assert outcome.ok, outcome.output
    assert_one_error(publish(project), "do not say which build made them", "Build again")


def test_descriptions_that_dbt_persists_keep_the_mark_of_the_run(
    yesterday: Project, tmp_path: Path
) -> None:
    project = yesterday.fork(tmp_path / "project")
    file = project.root / "dbt_project.yml"
    text = file.read_text(encoding="utf-8")
    more = re.sub(
        r"^( +)\+schema: marts\n", r"\g<0>\1+persist_docs: {relation: true}\n", text, flags=re.M
    )
    assert more != text
    file.write_text(more, encoding="utf-8")
    outcome = project.cli("build", *of_day(TODAY))
    assert outcome.ok, outcome.output
    comments = project.query(
        "select comment from duckdb_tables() where schema_name = 'marts'"
        " and table_name in ('dim_dates', 'quarantine_by_day')"
    )
    assert len(comments) == 2
    for row in comments:
        assert "Grain" in row["comment"]
        assert "[run " in row["comment"]


def test_a_killed_publish_leaves_one_file_or_the_other(
    yesterday: Project, today: tuple[Project, float], tmp_path: Path
) -> None:
    project = today[0].fork(tmp_path / "project")
    before, after = marts_in(yesterday.published), marts_in(today[0].published)
    random_moments = random.Random(0)
    started = time.monotonic()
    assert publish(project).ok
    seconds = time.monotonic() - started
    killed = 0
    while killed < 2 * KILLS_A_ROUND:
        shutil.copy(yesterday.published, project.published)
        # The last part is that in which it writes.
        moment = seconds * (0.5 + random_moments.random() / 2)
        outcome = project.cli("publish", *of_day(TODAY)[:2], kill_after=moment)
        assert outcome.ok or outcome.exit_code == -9, outcome.output
        seconds *= 0.95 if outcome.ok else 1
        killed += not outcome.ok
        assert marts_in(project.published) in (before, after)
    outcome = publish(project)
    assert outcome.ok, outcome.output
    assert marts_in(project.published) == after
    assert {file.name for file in project.root.glob("voc_marts*")} == {project.published.name}


# ---- readers ------------------------------------------------------------------------------------


@contextmanager
def reader_of(file: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process with the file open; for each line it is sent it says what it reads."""
    code = (
        "import sys, duckdb\n"
        "from harness import marts_of\n"
        "with duckdb.connect(sys.argv[1], read_only=True) as connection:\n"
        "    for _ in sys.stdin:\n"
        "        print(marts_of(connection), flush=True)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(file)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as reader:
        try:
            yield reader
        finally:
            reader.communicate()


def read_by(reader: subprocess.Popen[str]) -> str:
    assert reader.stdin
    assert reader.stdout
    print("read", file=reader.stdin, flush=True)
    return reader.stdout.readline().strip()


def test_a_reader_who_holds_the_file_open_sees_one_build(
    yesterday: Project, today: tuple[Project, float], tmp_path: Path
) -> None:
    project = yesterday.fork(tmp_path / "project")
    before, after = marts_in(yesterday.published), marts_in(today[0].published)
    with reader_of(project.published) as reader:
        assert read_by(reader) == str(before)
        outcome = project.cli("build", *of_day(TODAY))
        assert outcome.ok, outcome.output
        assert read_by(reader) == str(before)
        assert marts_in(project.published) == after


def test_a_reader_of_the_working_file_is_named_and_nothing_happens(
    yesterday: Project, tmp_path: Path
) -> None:
    project = yesterday.fork(tmp_path / "project")
    with reader_of(project.database) as reader:
        read_by(reader)
        outcome = project.cli("build", *of_day(TODAY))
    assert_one_error(outcome, "Another program has the DuckDB file open", "published marts")
    assert marts_in(project.database) == marts_in(yesterday.database)


# ---- two at once --------------------------------------------------------------------------------


def test_of_two_builds_at_once_the_second_says_so(yesterday: Project, tmp_path: Path) -> None:
    project = yesterday.fork(tmp_path / "project")
    command = [sys.executable, "-m", "voc_cli", "build", *of_day(TODAY)]
    with project.running(command, until="[3/5]") as first:
        second = project.cli("build", *of_day(TODAY))
        assert_one_error(
            second, "Another build of", f"process {first.pid}", "Wait until it is done"
        )
        plain = project.dbt("build", *NO_TESTS, variables=ONLY_GENERIC)
        assert not plain.ok
        assert "Could not set lock on file" in plain.output
    assert first.returncode == 0


# ---- nowhere to write ---------------------------------------------------------------------------


def test_a_full_disk_is_one_clear_error(yesterday: Project, tmp_path: Path) -> None:
    project = yesterday.fork(tmp_path / "project")
    with duckdb.connect(project.database) as connection:
        connection.execute(
            "insert into generic.survey_responses"
            " select uuid(), 'nps', '9', timestamp '2026-06-30 12:00:00', 'A1', uuid() || '@a.example'"
            " from range(300_000)"
        )
    # A limit for every file: only the warehouse comes to it, as soon as it has to grow.
    limit = 2 * (project.database.stat().st_size // 1024 + 1024)
    command = f'ulimit -f {limit}; exec "$0" -m voc_cli build "$@"'
    outcome = project.run(["sh", "-c", command, sys.executable, *of_day(TODAY)])
    assert_one_error(outcome, "The disk is full", "Free some space and build again")
    assert marts_in(project.published) == marts_in(yesterday.published)
    outcome = project.cli("build", *of_day(TODAY))
    assert outcome.ok, outcome.output
    assert marts_in(project.published) == marts_in(project.database)
    assert marts_in(project.published)["fct_survey_responses"][0] == 300_300


@pytest.mark.parametrize("place", ["file", "folder"])
def test_a_read_only_place_is_one_clear_error(
    yesterday: Project, tmp_path: Path, place: str
) -> None:
    project = yesterday.fork(tmp_path / "project")
    folder = tmp_path / "warehouse"
    folder.mkdir()
    database = folder / "voc.duckdb"
    # Opening it takes in what the log beside it holds.
    duckdb.connect(project.database).close()
    project.database.rename(database)
    (database if place == "file" else folder).chmod(0o444 if place == "file" else 0o555)
    # root may write anything, unless it gives up just that.
    giving_up = ["setpriv", "--bounding-set", "-dac_override", "--inh-caps", "-dac_override"]
    command = [sys.executable, "-m", "voc_cli", "build", *of_day(TODAY)]
    outcome = project.run(
        [*giving_up, *command] if os.geteuid() == 0 else command,
        environment={"VOC_DUCKDB_PATH": str(database)},
    )
    folder.chmod(0o755)
    assert_one_error(outcome, "cannot be written", "VOC_DUCKDB_PATH")
    assert marts_in(database) == marts_in(yesterday.database)


# ---- the threshold ------------------------------------------------------------------------------


def test_too_much_set_aside_stops_the_run_before_the_marts(
    yesterday: Project, tmp_path: Path
) -> None:
    project = yesterday.fork(tmp_path / "project")
    with duckdb.connect(project.database) as connection:
        connection.execute(
            "update generic.survey_responses set raw_score = 'n/a' where raw_score <> '3'"
        )
    outcome = project.cli("build", *of_day(TODAY))
    assert not outcome.ok
    assert "Traceback" not in outcome.output
    assert "Too many landed rows were set aside" in outcome.output
    assert "generic, survey.responses: " in outcome.output
    assert "of 300 rows (score_not_a_number " in outcome.output
    assert marts_in(project.published) == marts_in(yesterday.published)
    changed = {
        mart
        for mart, rows in marts_in(project.database).items()
        if rows != marts_in(yesterday.database)[mart]
    }
    # They say why.
    assert changed <= {"quarantined_records", "quarantine_by_day", "landed_tables"}
    assert "quarantined_records" in changed
    (last,) = project.query("select * from marts.run_history order by started_at desc limit 1")
    assert last["run_status"] == "failed"
    refused = project.cli("publish", "--vars", json.dumps(ONLY_GENERIC))
    assert_one_error(refused, "did not succeed", "Build again")

    allowed = {**ONLY_GENERIC, "quarantine_threshold": {"rows": 20, "share": 0.5}}
    allowed["quarantine_threshold"]["survey.responses"] = 1
    outcome = project.cli("build", "--vars", json.dumps(allowed, sort_keys=True), *NO_TESTS)
    assert outcome.ok, outcome.output
    assert marts_in(project.published) != marts_in(yesterday.published)


# ---- PostgreSQL ---------------------------------------------------------------------------------


def published_rows(database: PostgresDatabase) -> list[tuple]:
    """What a reader of the schema published finds there."""
    return database.execute(
        "select account_id, period_end, account_nps, responses from published.account_nps"
        " order by account_id, period_end"
    )


def test_postgres_readers_see_one_build_and_two_do_not_run_at_once(
    postgres: PostgresServer, project: Project
) -> None:
    database = postgres.new_database()
    database.execute("create schema generic")
    for table, columns, rows in (
        ("accounts", ACCOUNT_COLUMNS, ACCOUNTS),
        ("survey_responses", ANSWER_COLUMNS, ANSWERS),
    ):
        declared = ", ".join(f"{column} {kind}" for column, kind in columns.items())
        database.execute(f"create table generic.{table} ({declared})")
        marks = "(" + ", ".join(["%s"] * len(columns)) + ")"
        database.execute(
            f"insert into generic.{table} values {', '.join([marks] * len(rows))}",
            [value for row in rows for value in row],
        )

    def build(day: str, kill_after: float | None = None) -> Outcome:
        return project.cli(
            "build",
            "--target",
            "postgres",
            *of_day(day),
            environment=database.environment,
            kill_after=kill_after,
        )

    started = time.monotonic()
    outcome = build(YESTERDAY)
    assert outcome.ok, outcome.output
    assert "Published to the schema published" in outcome.output
    seconds = time.monotonic() - started
    before = published_rows(database)
    assert len(before) > 50

    for part in (0.3, 0.6, 0.9):
        killed = build(TODAY, kill_after=part * seconds / 2)
        assert killed.ok or killed.exit_code == -9, killed.output
        assert killed.ok or published_rows(database) == before

    with psycopg2.connect(
        host=str(database.socket_folder), port=5432, user="voc", dbname=database.name
    ) as reader:
        reader.set_session(isolation_level="REPEATABLE READ", readonly=True)
        with reader.cursor() as cursor:
            counted = "select count(*), sum(account_nps) from published.account_nps"
            cursor.execute(counted)
            first_reading = cursor.fetchone()
            outcome = build(TODAY)
            assert outcome.ok, outcome.output
            cursor.execute(counted)
            assert cursor.fetchone() == first_reading
    reader.close()
    assert published_rows(database) != before
    working = "select account_id, period_end, account_nps, responses from marts.account_nps"
    assert published_rows(database) == database.execute(f"{working} order by 1, 2")

    holder = psycopg2.connect(
        host=str(database.socket_folder), port=5432, user="voc", dbname=database.name
    )
    try:
        with holder.cursor() as cursor:
            cursor.execute("select pg_advisory_lock(%s)", [LOCK_KEY])
        assert_one_error(build(TODAY), "Another build of the database", "Wait until it is done")
    finally:
        holder.close()
