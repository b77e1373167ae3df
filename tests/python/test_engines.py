"""The demo on every engine: the same marts, row by row, as on DuckDB."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date, datetime

import pytest
from harness import DICTIONARY, NO_RULES, RULES_AT_ONCE, RUN_LOG, PostgresServer, Project, Row
from spark_warehouse import SparkWarehouse

Query = Callable[[str], list[Row]]
BAND_LOG = "select * from intermediate.int_health__band_changes"


@pytest.mark.slow
def test_postgres_builds_the_same_marts(
    demo: Project, postgres: PostgresServer, project: Project
) -> None:
    database = postgres.new_database(DICTIONARY)
    outcome = project.dbt(
        *("build", *NO_RULES),
        target="postgres",
        environment={**database.environment, **RULES_AT_ONCE},
    )
    assert outcome.ok, outcome.output
    assert_same_marts(demo.query, database.execute)

    # the one model with a state: a second run of the day adds nothing, a log that lacks the day gets it
    def noticed() -> list[Counter]:
        actions = "select action_id, opened_at, due_at, closed_at from marts.health_actions"
        return [rows_of(database.execute, sql) for sql in (BAND_LOG, actions)]

    before = noticed()
    for unlearn in (
        None,
        "delete from intermediate.int_health__band_changes where noticed_on = '2026-06-30'",
    ):
        if unlearn:
            database.execute(unlearn)
            assert noticed() != before
        outcome = project.dbt(
            *("run", "--select", "int_health__band_changes", "health_actions"),
            target="postgres",
            environment=database.environment,
        )
        assert outcome.ok, outcome.output
        assert noticed() == before


def test_spark_builds_the_same_marts(demo: Project, spark: SparkWarehouse) -> None:
    assert_same_marts(demo.query, spark.query)


def test_spark_shared_the_work_among_processes(spark: SparkWarehouse) -> None:
    tasks = spark.executors()
    assert len(tasks) == 2
    assert min(tasks.values()) > 1000, tasks


def test_spark_publishes_the_marts(spark: SparkWarehouse) -> None:
    for _ in range(2):
        outcome = spark.dbt("run-operation", "publish")
        assert outcome.ok, outcome.output
    for mart in marts_in(spark.query, "marts"):
        published = rows_of(spark.query, f"select * from published.{mart}")
        assert published == rows_of(spark.query, f"select * from marts.{mart}"), mart
    assert marts_in(spark.query, "published") == marts_in(spark.query, "marts")


def test_a_second_run_of_the_day_on_spark_changes_nothing(spark: SparkWarehouse) -> None:
    kept = (BAND_LOG, "select * from marts.quarantine_by_day")
    runs = f"select run_id, run_status from marts.{RUN_LOG}"
    before, runs_before = [rows_of(spark.query, sql) for sql in kept], len(spark.query(runs))
    outcome = spark.dbt("run", "--select", "int_health__band_changes", "quarantine_by_day")
    assert outcome.ok, outcome.output
    assert [rows_of(spark.query, sql) for sql in kept] == before
    found = spark.query(runs)
    assert len(found) == runs_before + 1
    assert {row["run_status"] for row in found} == {"success"}
    # One mart is of another run than the others.
    refused = spark.dbt("run-operation", "publish")
    assert not refused.ok
    assert "not all made by one complete build: quarantine_by_day" in refused.output


def marts_in(query: Query, schema: str) -> set[str]:
    """The marts in a schema of Spark, the log of runs apart."""
    tables = query(f"show tables in {schema}")
    return {row["tableName"] for row in tables if not row["isTemporary"]} - {RUN_LOG}


def assert_same_marts(expected: Query, query: Query) -> None:
    """Every mart has the same rows on both engines, doubles to nine decimals."""
    columns: dict[str, list[str]] = {}
    for row in expected(
        "select table_name, column_name from information_schema.columns"
        " where table_schema = 'marts' order by table_name, ordinal_position"
    ):
        columns.setdefault(row["table_name"], []).append(row["column_name"])
    del columns[RUN_LOG]
    assert len(columns) > 25
    different = {}
    for mart, names in columns.items():
        sql = f"select {', '.join(names)} from marts.{mart}"
        ours, theirs = rows_of(expected, sql), rows_of(query, sql)
        assert ours, mart
        if ours != theirs:
            missing, more = ours - theirs, theirs - ours
            different[mart] = (
                f"{missing.total()} of {ours.total()} rows are not among {theirs.total()}, such as"
                f" {sorted(missing, key=repr)[:2]}, but {sorted(more, key=repr)[:2]}"
            )
    assert not different, "\n".join(f"{mart}: {said}" for mart, said in different.items())


def rows_of(query: Query, sql: str) -> Counter:
    """The rows of a query, in no order, with values that are the same on every engine."""
    return Counter(tuple(map(comparable, row.values())) for row in query(sql))


def comparable(value: object) -> object:
    """A value as every engine gives it: doubles to nine decimals, times as text."""
    if isinstance(value, float):
        return round(value, 9) + 0.0
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value
