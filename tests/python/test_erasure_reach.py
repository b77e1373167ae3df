"""Whom an erasure reaches: all that is the person's, and nobody who only carries the same value."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import duckdb
import pytest
from harness import Outcome, PostgresServer, Project, Row
from spark_warehouse import SparkWarehouse

VARIABLES = {
    "voc_demo": False,
    "as_of_date": "2026-06-30",
    **{f"{domain}_vendors": ["generic"] for domain in ("survey", "crm", "support", "usage")},
    **{f"{domain}_vendors": [] for domain in ("billing", "employee")},
    # On Spark all tests share one warehouse, and what the demo landed names people too.
    **{
        f"{vendor}_schema": "not_landed"
        for vendor in ("salesforce", "zendesk", "qualtrics", "pendo", "stripe")
    },
}
#: A column whose name holds quotes.
QUOTED = "<quoted>"
#: Landed tables of the inventory: columns, and rows of texts.
TABLES = {
    "generic.accounts": ("account_id", [("A",)]),
    "generic.contacts": (
        f"contact_id, email, external_id, {QUOTED}",
        [
            # One person under three ids, and two strangers with the same that means nothing.
            ("C1", "ada@x.example", "N/A", "q1"),
            ("C2", "ben@x.example", "N/A", "q2"),
            ("C3", "cleo@x.example", "N/A", "q3"),
            ("C4", "ADA@x.example", "CRM-1", None),
            ("C5", None, "CRM-1", None),
            # A mailbox of three, each with one of their own.
            ("C6", "dora@x.example", None, None),
            ("C6", "desk@x.example", None, None),
            ("C7", "emil@x.example", None, None),
            ("C7", "desk@x.example", None, None),
            ("C8", "fay@x.example", None, None),
            ("C8", "desk@x.example", None, None),
            # One person with four mails, one after the other.
            ("C9", "gus1@x.example", None, None),
            ("C9", "gus2@x.example", None, None),
            ("C9", "gus3@x.example", None, None),
            ("C9", "gus4@x.example", None, None),
            # Nobody says by a mail who these are.
            ("D1", None, "0", None),
            ("D2", None, "0", None),
            ("D3", None, "0", None),
            ("U1", " MÜLLER@x.example", None, None),
        ],
    ),
    "generic.survey_responses": (
        "response_id, survey_response_id, respondent_email, crm_contact_ref, external_contact_ref",
        [
            ("R1", "none", "ada@x.example", None, None),
            ("R2", "none", "ben@x.example", None, None),
            ("R3", "NONE", "cleo@x.example", None, None),
            ("R4", "none", "cleo@x.example", None, None),
            ("R5", "S5", "ada@x.example", None, None),
            ("R6", "S5", None, None, None),
            ("R7", "S7", None, "C4", None),
            # Answers of strangers that name somebody's contact.
            ("R8", "S8", "hugo@x.example", "C1", None),
            ("R9", "S9", "ida@x.example", "C1", None),
            ("R11", "S11", "gus4@x.example", None, None),
        ],
    ),
    "generic.product_users": (
        "product_user_id, user_email",
        [("P1", "ada@x.example"), ("P2", "ben@x.example"), ("P3", "gus1@x.example")],
    ),
    "generic.tickets": (
        "ticket_id, requester_ref, subject",
        [("T1", "C4", "mine"), ("T2", "C2", "hers"), ("T3", "N/A", "whose")],
    ),
    "generic.erasure_requests": (
        "email, contact_id",
        [
            ("ada@x.example", None),
            (None, "D1"),
            ("dora@x.example", None),
            ("gus1@x.example", None),
            ("müller@x.example", None),
            ("nobody@x.example", None),
        ],
    ),
}
LEFT = {
    "contacts": {"C2", "C3", "C7", "C8", "D2", "D3"},
    "survey_responses": {"R2", "R3", "R4", "R8", "R9"},
    "product_users": {"P2"},
    "tickets": {"T1", "T2", "T3"},
}
KEYS = {
    "contacts": "contact_id",
    "survey_responses": "response_id",
    "product_users": "product_user_id",
    "tickets": "ticket_id",
}
MODELS = "+int_privacy__erased_people " + " ".join(f"stg_generic__{table}" for table in KEYS)


class Engine(NamedTuple):
    """A warehouse with the landed tables: statements, and commands of dbt in a copy of the project."""

    execute: Callable[[str], list[Row]]
    dbt: Callable[..., Outcome]
    quoted: str = '"a ""quoted"" name"'

    def land(self, tables: dict[str, tuple[str, list[tuple[str | None, ...]]]]) -> None:
        """The tables of a world, all columns texts."""
        self.execute("create schema if not exists generic")
        for table, (columns, rows) in tables.items():
            names = columns.replace(QUOTED, self.quoted)
            values = ", ".join(
                "(" + ", ".join("null" if it is None else f"'{it}'" for it in row) + ")"
                for row in rows
            )
            casts = ", ".join(
                f"cast({name} as varchar(99)) as {name}" for name in names.split(", ")
            )
            self.execute(
                f"create table {table} as select {casts} from (values {values}) as landed ({names})"
            )

    def ids(self, schema: str, table: str) -> set[str]:
        """The keys of the rows of a table."""
        return {
            row["id"] for row in self.execute(f"select {KEYS[table]} as id from {schema}{table}")
        }


@pytest.fixture
def on_duckdb(project: Project) -> Engine:
    def execute(sql: str) -> list[Row]:
        with duckdb.connect(project.database) as connection:
            result = connection.execute(sql)
            names = [column[0] for column in result.description]
            return [dict(zip(names, row, strict=True)) for row in result.fetchall()]

    return Engine(execute, project.dbt)


@pytest.fixture
def on_postgres(postgres: PostgresServer, project: Project) -> Engine:
    database = postgres.new_database(locale="C")
    run = partial(project.dbt, target="postgres", environment=database.environment)
    return Engine(database.execute, run)


@pytest.fixture
def on_spark(unbuilt_spark: SparkWarehouse) -> Engine:
    """The one Spark of the session, without what other tests landed and whom they erased."""
    unbuilt_spark.query("drop schema if exists generic cascade")
    unbuilt_spark.query("drop schema if exists restricted cascade")
    return Engine(unbuilt_spark.query, unbuilt_spark.dbt, '`a "quoted" name`')


@pytest.mark.slow
@pytest.mark.parametrize(
    "engine",
    [
        "duckdb",
        pytest.param("postgres", marks=pytest.mark.postgres),
        pytest.param("spark", marks=pytest.mark.spark),
    ],
)
def test_a_value_of_many_ties_nobody(engine: str, request: pytest.FixtureRequest) -> None:
    warehouse: Engine = request.getfixturevalue(f"on_{engine}")
    warehouse.land(TABLES)
    outcome = warehouse.dbt("run", "--select", MODELS, variables=VARIABLES)
    assert outcome.ok, outcome.output[-4000:]
    shared = {
        (row["person_kind"], row["person_value"], row["people"])
        for row in warehouse.execute("select * from restricted.int_privacy__shared_values")
    }
    assert shared == {
        ("contact", "N/A", 3),
        ("contact", "0", 3),
        ("contact", "C1", 3),
        ("email", "desk@x.example", 3),
        ("generic_response", "none", 3),
    }
    assert {table: warehouse.ids("staging.stg_generic__", table) for table in KEYS} == LEFT
    outcome = warehouse.dbt("run-operation", "erase_landed", variables=VARIABLES)
    assert outcome.ok, outcome.output[-4000:]
    assert {table: warehouse.ids("generic.", table) for table in KEYS} == LEFT
    # Fewer carry the values now, and they still tie nobody: neither who was erased before nor whoever asks next.
    warehouse.execute("insert into generic.erasure_requests values ('ben@x.example', null)")
    outcome = warehouse.dbt("run", "--select", MODELS, variables=VARIABLES)
    assert outcome.ok, outcome.output[-4000:]
    left = {table: warehouse.ids("staging.stg_generic__", table) for table in KEYS}
    ben = {
        "contacts": {"C2"},
        "survey_responses": {"R2"},
        "product_users": {"P2"},
        "tickets": set(),
    }
    assert left == {table: LEFT[table] - ben[table] for table in KEYS}
    names = f"select distinct {warehouse.quoted} as name from generic.contacts"
    assert {row["name"] for row in warehouse.execute(names)} == {"q2", "q3", None}


@pytest.fixture
def landed(on_duckdb: Engine) -> Engine:
    on_duckdb.land(TABLES)
    return on_duckdb


ERASE = ("erase", "--landed", "--vars", json.dumps(VARIABLES))


@pytest.mark.slow
def test_who_is_erased_is_shown_and_asked(landed: Engine, project: Project) -> None:
    """What is shown stands in no log, and whoever does not say yes has erased nobody."""
    logged = {"DBT_LOG_LEVEL_FILE": "debug"}
    shown = project.cli(*ERASE, environment=logged)
    assert shown.exit_code == 2
    for said in (
        "Requests that are landed: 6.",
        "ada@x.example: contact C1, C4, C5, CRM-1; email ada@x.example;",
        "ties nobody: contact N/A; generic_response none",
        "MORE PEOPLE THAN REQUESTS, perhaps: 4 mails go for this one request",
        "MORE PEOPLE THAN REQUESTS: 7 mails for 6 requests.",
        "NOBODY IS FOUND for the request nobody@x.example",
        "müller@x.example: contact U1;",
        "generic.contacts: 11 deleted",
        "generic.tickets: 1 cut",
        "Nothing was erased",
    ):
        assert said in shown.output
    for file in (project.root / "logs").glob("*"):
        assert "gus4@x.example" not in file.read_text(encoding="utf-8")
    controller, terminal = pty.openpty()
    os.write(controller, b"no\n")
    answered = subprocess.run(
        [sys.executable, "-m", "voc_cli", *ERASE],
        cwd=project.root,
        env=project.environment(),
        stdin=terminal,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert "Type yes:" in answered.stdout
    assert "Nothing was erased." in answered.stderr
    assert answered.returncode == 2
    assert landed.ids("generic.", "contacts") == {row[0] for row in TABLES["generic.contacts"][1]}
    lists = "select table_name from information_schema.tables where table_name like '%erasure_list'"
    assert landed.execute(lists) == []


@pytest.mark.slow
def test_an_erasure_that_was_killed_is_finished_by_the_next(
    landed: Engine, project: Project
) -> None:
    """Killed after landed rows went and before anything is built, and with the new file written and not in place."""
    for place in ("voc_cli.erase.build", "voc_cli.publishing._take_over"):
        outcome = project.killed_at(place, *ERASE, "--yes")
        assert outcome.exit_code == -signal.SIGKILL, outcome.output
    assert (project.root / "voc.duckdb.new").exists()
    spilled = project.write("voc.duckdb.tmp/duckdb_temp_storage-0.tmp", "gus4@x.example")
    outcome = project.cli(*ERASE, "--yes")
    assert outcome.ok, outcome.output
    # The ticket stays without the person, and strangers name the contact: both stay known.
    assert "Asked for before, and landed still: contact C1; generic_ticket T1" in outcome.output
    assert not spilled.exists()
    assert {table: landed.ids("generic.", table) for table in KEYS} == LEFT
    for file in project.root.glob("*duckdb*"):
        assert b"gus4@x.example" not in file.read_bytes(), file
    assert not list(project.root.glob("*.new"))
