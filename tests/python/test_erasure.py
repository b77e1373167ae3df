"""Somebody asks to be forgotten: before and after, the whole database file is searched for them."""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import duckdb
import pytest
from harness import HASH_SALT, NO_TESTS, Outcome, PostgresServer, Project, Row
from spark_warehouse import SparkWarehouse

pytestmark = pytest.mark.slow

LANDED = {"voc_demo": False, "as_of_date": "2026-06-30"}
EMAIL = "hawthorn.traceable@amber-teapot-machines.example"
EMPLOYEE_EMAIL = "indigo.traceable@voc-demo.example"
ZENDESK_USER = 990_077_123_457
TEXT_TRACES = {
    "e-mail": "hawthorn.traceable",
    "name": "Traceable",
    "telephone": "+1 202-555-0143",
    "address": "203.0.113.77",
    "survey comment": "The teapot of my office sings at night",
    "rating comment": "Ask for me at the third door",
    "subject": "My own teapot ticket",
    "ticket text": "I sit beside the window",
    "tag": "vip_of_the_teapots",
    "task note": "She likes to be called early",
    "contact": "003VwTRACEABLE1IAA",
    "survey contact": "CID_traceable",
    "look-up": "CGC_traceable",
    "response": "R_traceable",
    "visitor": "V-traceable",
    "employee": "EMP-TRACEABLE",
    "employee mail": "indigo.traceable",
}

HISTORY = """
{{ config(materialized='incremental', incremental_strategy='append') }}
select contact_key, account_id, {{ as_of_date_sql() }} as noted_on from {{ ref('dim_contacts') }}
{% if is_incremental() %}where contact_key not in (select contact_key from {{ this }}){% endif %}
"""
SNAPSHOT = """
{% snapshot contact_snapshot %}
{{ config(schema='intermediate', unique_key='contact_key', strategy='check', check_cols='all',
    post_hook='{{ forget_erased() }}') }}
select contact_key, account_id, contact_role from {{ ref('dim_contacts') }}
{% endsnapshot %}
"""
PROPERTIES = """
models: [{name: contact_log, columns: [{name: contact_key}]}]
snapshots: [{name: contact_snapshot, columns: [{name: contact_key}]}]
"""
KEPT_HISTORY = ("intermediate.contact_log", "intermediate.contact_snapshot")


def key_of(value: str) -> str:
    """The contact_key of an e-mail or id, by the definition in the docs."""
    inner = hashlib.sha256((HASH_SALT + value).encode()).hexdigest()
    return hashlib.sha256((HASH_SALT + inner).encode()).hexdigest()[:32]


def traces() -> dict[str, str]:
    """All that must be gone: what was landed, and the keys that were made of it."""
    keys = {f"key of {value}": key_of(value) for value in (EMAIL, EMPLOYEE_EMAIL)}
    return TEXT_TRACES | keys


def found_in_tables(database: Path) -> set[tuple[str, str]]:
    """(trace, table) of every table and view of every schema whose columns hold a trace."""
    searched = {**traces(), "user": str(ZENDESK_USER)}
    found = set()
    with duckdb.connect(database, read_only=True) as connection:
        relations = connection.execute(
            "select table_schema, table_name from information_schema.tables"
        ).fetchall()
        counts = ", ".join("count(*) filter (contains(text, lower(?)))" for _ in searched)
        for schema, table in relations:
            rows = (
                f'select lower(cast(whole as varchar)) as text from "{schema}"."{table}" as whole'
            )
            hits = connection.execute(f"select {counts} from ({rows})", list(searched.values()))
            pairs = zip(searched, hits.fetchone(), strict=True)
            found |= {(name, f"{schema}.{table}") for name, rows_found in pairs if rows_found}
    return found


def found_in_bytes(database: Path) -> set[str]:
    """The traces that the bytes of the file, or of its log, hold."""
    log = database.with_name(f"{database.name}.wal")
    data = database.read_bytes() + (log.read_bytes() if log.exists() else b"")
    lower = data.lower()
    found = {name for name, trace in traces().items() if trace.lower().encode() in lower}
    return found | ({"user"} if struct.pack("<q", ZENDESK_USER) in data else set())


def land_people(project: Project) -> None:
    """Copies of rows of the demo, with what names the person changed: an account keeps its rows."""
    with duckdb.connect(project.database) as connection:
        connection.execute("set force_compression = 'uncompressed'")

        def copy(table: str, where: str, **changes: object) -> None:
            replaced = ", ".join(f"? as {column}" for column in changes)
            connection.execute(
                f"insert into {table} select * replace ({replaced}) from {table} where {where} limit 1",
                list(changes.values()),
            )

        connection.execute("alter table salesforce.contact add column phone varchar")
        connection.execute("alter table salesforce.task add column description varchar")
        connection.execute("alter table qualtrics.survey_response add column ip_address varchar")
        for table, column in (
            *(("user", "id"), ("ticket", "requester_id"), ("ticket", "submitter_id")),
            *(("ticket_comment", "user_id"), ("ticket_field_history", "user_id")),
            ("satisfaction_rating", "requester_id"),
        ):
            connection.execute(f"alter table zendesk.{table} alter {column} set data type bigint")
        contact, account = TEXT_TRACES["contact"], "account_id = '001Vw0000000001IAA'"
        copy(
            "salesforce.contact",
            f"{account} and master_record_id is null",
            id=contact,
            email=f" {EMAIL.title()} ",
            name="Hawthorn Traceable",
            last_name="Traceable",
            phone=TEXT_TRACES["telephone"],
        )
        copy("salesforce.contact_history", "true", id=contact, email=EMAIL.upper())
        copy("salesforce.account_contact_role", "true", contact_id=contact)
        copy("salesforce.opportunity_contact_role", "true", contact_id=contact)
        copy(
            "salesforce.task",
            account,
            id="00T-kept",
            who_id=contact,
            description=TEXT_TRACES["task note"],
        )
        copy("salesforce.event", account, id="00U-kept", who_id=contact)
        copy(
            "qualtrics.directory_contact",
            "true",
            id=TEXT_TRACES["survey contact"],
            email=EMAIL.upper(),
            ext_ref=contact,
            last_name="Traceable",
        )
        copy(
            "qualtrics.contact_mailing_list_membership",
            "true",
            contact_id=TEXT_TRACES["survey contact"],
            contact_lookup_id=TEXT_TRACES["look-up"],
        )
        for response, recipient in (("R_traceable_1", EMAIL.title()), ("R_traceable_2", None)):
            copy(
                "qualtrics.survey_response",
                "survey_id in (select survey_id from qualtrics.question where selector = 'NPS')"
                " and id in (select response_id from qualtrics.question_response where value is not null)",
                id=response,
                recipient_email=recipient,
                ip_address=TEXT_TRACES["address"],
                recorded_date="2026-06-01 10:00:00",
                end_date="2026-06-01 10:00:00",
            )
            nps = (
                "question_id in (select id from qualtrics.question where selector = 'NPS' and survey_id"
                f" = (select survey_id from qualtrics.survey_response where id = '{response}'))"
            )
            copy("qualtrics.question_response", nps, _fivetran_id=response, response_id=response)
            copy(
                "qualtrics.question_response",
                "text is not null and value is null",
                _fivetran_id=f"{response}-text",
                response_id=response,
                text=TEXT_TRACES["survey comment"],
            )
        # The second answer names the person in a field of the survey alone.
        copy(
            "qualtrics.survey_embedded_data",
            "true",
            key="contact_id",
            response_id="R_traceable_2",
            value=contact,
        )
        copy(
            "qualtrics.distribution_contact",
            "true",
            contact_id=TEXT_TRACES["survey contact"],
            contact_lookup_id=TEXT_TRACES["look-up"],
            response_id="R_traceable_1",
        )
        copy(
            "zendesk.user",
            "role = 'end-user'",
            id=ZENDESK_USER,
            name="Hawthorn Traceable",
            email=EMAIL.upper(),
            external_id=contact,
        )
        solved = "status in ('solved', 'closed') and merged_ticket_ids = '[]'"
        copy(
            "zendesk.ticket",
            solved,
            id=88_000_001,
            requester_id=ZENDESK_USER,
            submitter_id=ZENDESK_USER,
            subject=TEXT_TRACES["subject"],
            description=TEXT_TRACES["ticket text"],
        )
        connection.execute("alter table zendesk.ticket add column if not exists tags varchar")
        connection.execute(
            "update zendesk.ticket set tags = ? where id = 88000001",
            [f'["{TEXT_TRACES["tag"]}", "closed_by_merge"]'],
        )
        for tag in (TEXT_TRACES["tag"], "closed_by_merge"):
            copy("zendesk.ticket_tag", "true", ticket_id=88_000_001, tag=tag)
        for number, author in ((88_000_011, ZENDESK_USER), (88_000_012, 5035)):
            copy(
                "zendesk.ticket_comment",
                "user_id > 0",
                id=number,
                ticket_id=88_000_001,
                user_id=author,
                body=TEXT_TRACES["ticket text"],
            )
        copy(
            "zendesk.ticket_field_history",
            "field_name = 'status' and value = 'solved'",
            ticket_id=88_000_001,
            user_id=ZENDESK_USER,
        )
        copy(
            "zendesk.satisfaction_rating",
            "score = 'bad'",
            id=88_000_021,
            ticket_id=88_000_001,
            requester_id=ZENDESK_USER,
            comment=TEXT_TRACES["rating comment"],
        )
        visitor = TEXT_TRACES["visitor"]
        copy("pendo.visitor_history", "true", id=visitor, metadata_email=EMAIL.upper())
        copy("pendo.visitor_account_history", "true", visitor_id=visitor)
        for table in ("event", "page_event", "feature_event"):
            copy(f"pendo.{table}", "true", _fivetran_id=f"kept-{table}", visitor_id=visitor)
        copy("stripe.customer", "true", id="cus_kept", email=EMAIL, name="Hawthorn Traceable")
        copy(
            "generic.employees",
            "true",
            employee_id=TEXT_TRACES["employee"],
            email=EMPLOYEE_EMAIL.title(),
        )
        copy(
            "qualtrics.survey_response",
            "survey_id in (select id from qualtrics.survey where project_category = 'EX')",
            id="R_traceable_3",
            recipient_email=None,
        )
        copy(
            "qualtrics.survey_embedded_data",
            "true",
            key="employee_id",
            response_id="R_traceable_3",
            value=TEXT_TRACES["employee"],
        )
        connection.execute("checkpoint")


@pytest.fixture(scope="module")
def built(demo: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The demo's tables as landed ones, with two more people in them, built twice."""
    project = demo.fork(tmp_path_factory.mktemp("erasure") / "project")
    profiles = (project.root / "profiles.yml").read_text(encoding="utf-8")
    plain = profiles.replace(
        "        TimeZone: UTC\n",
        "        TimeZone: UTC\n        force_compression: uncompressed\n",
    )
    assert plain != profiles
    project.write("profiles.yml", plain)
    project.write("models/core/contact_log.sql", HISTORY)
    project.write("models/core/contact_log.yml", PROPERTIES)
    project.write("snapshots/contact_snapshot.sql", SNAPSHOT)
    land_people(project)
    for only in ((), ("--select", "int_health__band_changes", "contact_log", "contact_snapshot")):
        outcome = project.dbt("build", *NO_TESTS, *only, variables=LANDED)
        assert outcome.ok, outcome.output[-6000:]
    outcome = project.cli("publish", "--vars", json.dumps(LANDED))
    assert outcome.ok, outcome.output
    return project


def leave_copies(project: Project) -> None:
    """What builds, exports and sites of before left, and what a killed process did; the files are links, for one owner."""
    real = project.root / "disk"
    real.mkdir()
    with duckdb.connect(project.database) as connection:
        connection.execute("checkpoint")
    for file in (project.database, project.published):
        file.rename(real / file.name)
        file.symlink_to(real / file.name)
        (real / file.name).chmod(0o600)
    variables = ("--vars", json.dumps(LANDED))
    elsewhere = {"VOC_PUBLISHED_PATH": str(project.root / "elsewhere.duckdb")}
    assert project.cli("publish", *variables, environment=elsewhere).ok
    for folder in ("exports", "sent"):
        outcome = project.cli("export", "--to", str(project.root / folder))
        assert outcome.ok, outcome.output
    ahead = (project.root / "exports" / "latest").resolve()
    ahead.rename(ahead.with_name("000001_2099-01-01T000000Z"))
    for place in (
        *("voc.duckdb.tmp/duckdb_temp_1_0_storage_DEFAULT-0.tmp", "target/dashboard/index.html"),
        *("target/dashboard.old/index.html", "disk/voc.duckdb.new", "disk/voc_marts.duckdb.new"),
    ):
        project.write(place, f"{EMAIL} {key_of(EMAIL)}")


@pytest.fixture(scope="module")
def erased(built: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """After one asked by e-mail, in letters of their own choice, and the other by id."""
    project = built.fork(tmp_path_factory.mktemp("erased") / "project")
    leave_copies(project)
    project.land(
        "generic",
        "erasure_requests",
        {"email": "varchar", "contact_id": "varchar", "requested_at": "timestamp"},
        [(f"{EMAIL.upper()} ", None, None), (None, TEXT_TRACES["employee"], None)],
    )
    command = ("erase", "--landed", "--exclude-resource-type", "unit_test")
    outcome = project.cli(*command, "--vars", json.dumps(LANDED))
    assert not outcome.ok
    for said in (
        f"{EMAIL.upper()}: contact 003VwTRACEABLE1IAA; ",
        "salesforce.contact: 1 deleted",
        "--yes",
    ):
        assert said in outcome.output
    assert "MORE PEOPLE" not in outcome.output
    assert len(found_in_tables(project.database)) > 20
    outcome = project.cli(*command, "--yes", "--vars", json.dumps(LANDED))
    assert outcome.ok, outcome.output[-6000:]
    assert "is written anew" in outcome.output
    return project


def test_before_the_erasure_the_search_finds_everything(built: Project) -> None:
    """The search is one that finds: every trace in tables and in bytes, keys in marts and history."""
    found = found_in_tables(built.database)
    assert {name for name, _ in found} == {*traces(), "user"} - {f"key of {EMPLOYEE_EMAIL}"}
    key = f"key of {EMAIL}"
    assert {(key, "marts.fct_survey_responses"), (key, "marts.dim_contacts")} <= found
    assert {(key, table) for table in KEPT_HISTORY} <= found
    assert found_in_bytes(built.database) == {name for name, _ in found}
    # The marts have keys and the vendor's ids of answers, which hold the word of the name here.
    assert found_in_bytes(built.published) == {key, "response", "look-up", "name"}


def test_after_the_erasure_nothing_is_found(erased: Project) -> None:
    assert found_in_tables(erased.database) == set()
    assert found_in_bytes(erased.database) == set()
    assert found_in_tables(erased.published) == set()
    assert found_in_bytes(erased.published) == set()


def test_no_file_of_before_is_left(built: Project, erased: Project) -> None:
    """Exports, sites, other published files, what was spilled: whatever their dates and names say."""
    files = [
        file
        for file in erased.root.rglob("*")
        if file.is_file()
        and not {"logs", "tests", "docs"} & set(file.relative_to(erased.root).parts)
    ]
    gone = ("elsewhere.duckdb", "target/dashboard", "target/dashboard.old", "voc.duckdb.tmp")
    assert [name for name in gone if (erased.root / name).exists()] == []
    left = {"exports": [".lock"], "sent": [".lock"]}
    found = {name: [path.name for path in (erased.root / name).iterdir()] for name in left}
    assert found == left
    compiled = {erased.root / "target" / it for it in ("compiled", "run")}
    for file in files:
        if not compiled & set(file.parents):
            assert EMAIL.encode() not in file.read_bytes().lower(), file
    # The register went with the copied folder, and speaks of the files of the other one.
    assert built.published.exists()


def test_links_lead_where_they_led_and_nobody_else_may_read(erased: Project) -> None:
    for file in (erased.database, erased.published):
        assert file.is_symlink()
        real = erased.root / "disk" / file.name
        assert file.resolve() == real
        assert real.stat().st_mode & 0o777 == 0o600


def test_the_tags_of_their_ticket_go_but_for_the_merge(erased: Project) -> None:
    tags = "select tag from zendesk.ticket_tag where ticket_id = 88000001"
    assert erased.query(tags) == [{"tag": "closed_by_merge"}]
    kept = "select tags from zendesk.ticket where id = 88000001"
    assert erased.value(kept) == '["closed_by_merge"]'


def test_deletion_alone_leaves_the_bytes(built: Project, tmp_path: Path) -> None:
    """Why the file is written anew: what is deleted and checkpointed is still in its free blocks."""
    project = built.fork(tmp_path / "project")
    with duckdb.connect(project.database) as connection:
        connection.execute("delete from salesforce.task where id = '00T-kept'")
        connection.execute("drop table salesforce.contact cascade")
        connection.execute("checkpoint")
    assert "telephone" in found_in_bytes(project.database)


def test_business_records_stay_without_the_person(built: Project, erased: Project) -> None:
    """Answers, uses and the person go; the ticket, its agent's work and the call stay, nameless."""
    gone = {
        "marts.fct_survey_responses": 3,
        "marts.dim_contacts": 1,
        "marts.fct_tickets": 0,
        "staging.stg_salesforce__activities": 0,
        "staging.stg_zendesk__ticket_events": 0,
        "staging.stg_stripe__billing_customers": 0,
        "staging.stg_generic__employees": 1,
        "staging.stg_qualtrics__survey_invitations": 1,
    }
    for table, rows in gone.items():
        count = f"select count(*) from {table}"
        assert built.value(count) - erased.value(count) == rows, table
    ticket = "select contact_key, agent_id is not null as has_agent from marts.fct_tickets where ticket_id = '88000001'"
    assert built.query(ticket) == [{"contact_key": key_of(EMAIL), "has_agent": True}]
    assert erased.query(ticket)[0]["has_agent"]
    assert erased.query(ticket)[0]["contact_key"] is None
    authors = (
        "select actor_id, actor_type from staging.stg_zendesk__ticket_events"
        " where ticket_id = '88000001' and event_type = 'comment' order by event_id"
    )
    assert erased.query(authors) == [
        {"actor_id": None, "actor_type": None},
        {"actor_id": "5035", "actor_type": "agent"},
    ]


def test_who_lands_again_stays_out(erased: Project, tmp_path: Path) -> None:
    """The request is gone and the list kept, so a loader that lands the person again lands in vain."""
    project = erased.fork(tmp_path / "project")
    assert project.value("select count(*) from generic.erasure_requests") == 0
    with duckdb.connect(project.database) as connection:
        connection.execute(
            "insert into salesforce.contact (id, email, is_deleted) values (?, ?, false)",
            ["003-new", EMAIL],
        )
    only = ("--select", "+int_privacy__erasure_list+1", "stg_salesforce__contacts")
    outcome = project.dbt("run", "--full-refresh", *only, variables=LANDED)
    assert outcome.ok, outcome.output[-4000:]
    assert (
        project.value(
            "select count(*) from staging.stg_salesforce__contacts where contact_id = '003-new'"
        )
        == 0
    )
    people = project.query("select * from restricted.int_privacy__erased_people order by all")
    assert people == [
        {"person_kind": "contact", "person_value": "003-new"},
        {"person_kind": "email", "person_value": EMAIL},
        # The ticket stays, and stays cut whatever is landed of it later.
        {"person_kind": "zendesk_ticket", "person_value": "88000001"},
    ]


def test_another_salt_does_not_bring_the_erased_back(erased: Project, tmp_path: Path) -> None:
    project = erased.fork(tmp_path / "project")
    outcome = project.dbt(
        "run",
        "--select",
        "int_privacy__erasure_list+1",
        variables=LANDED,
        environment={"VOC_HASH_SALT": "quite another salt"},
    )
    assert not outcome.ok
    assert "was made with another VOC_HASH_SALT" in outcome.output


class Engine(NamedTuple):
    """A warehouse that is not DuckDB: statements, and commands of dbt in a copy of the project."""

    project: Project
    execute: Callable[[str], list[Row]]
    dbt: Callable[..., Outcome]


@pytest.fixture
def on_postgres(postgres: PostgresServer, project: Project) -> Engine:
    database = postgres.new_database()
    run = partial(project.dbt, target="postgres", environment=database.environment)
    return Engine(project, database.execute, run)


@pytest.fixture
def on_spark(spark: SparkWarehouse) -> Engine:
    return Engine(spark.project, spark.query, spark.dbt)


@pytest.mark.parametrize(
    "engine",
    [pytest.param(name, marks=getattr(pytest.mark, name)) for name in ("postgres", "spark")],
)
def test_on_other_engines_too(engine: str, request: pytest.FixtureRequest) -> None:
    """The list, what staging reads, history and landed tables, in the SQL of the other engines."""
    project, execute, dbt = request.getfixturevalue(f"on_{engine}")
    for statement in (
        "create schema if not exists generic",
        "create table generic.accounts as select 'A' as account_id",
        "create table generic.contacts as select * from (values"
        f" ('C1', 'A', ' {EMAIL.title()} '), ('C2', 'A', 'other@x.example'), ('C3', 'A', null)"
        ") as rows (contact_id, account_id, email)",
        "create table generic.tickets as select * from (values ('T1', 'C1'), ('T2', 'C2'))"
        " as rows (ticket_id, requester_ref)",
        "create table generic.survey_responses as select * from (values"
        " ('R1', 'S1', 'C1'), ('R2', 'S2', 'C2'), ('R3', 'S1', null))"
        " as rows (response_id, survey_response_id, crm_contact_ref)",
        "create table generic.verbatims as select 'R3' as response_id, 'mine' as comment_text",
        f"create table generic.erasure_requests as select '{EMAIL}' as email, cast(null as varchar(99)) as contact_id",
    ):
        execute(statement)
    variables = {
        "voc_demo": False,
        "as_of_date": "2026-06-30",
        **{f"{domain}_vendors": ["generic"] for domain in ("survey", "crm", "support")},
        **{f"{domain}_vendors": [] for domain in ("usage", "billing", "employee")},
    }
    project.write("models/core/contact_log.sql", HISTORY)
    project.write("models/core/contact_log.yml", PROPERTIES.split("\nsnapshots")[0])
    staged = "stg_generic__contacts stg_generic__tickets stg_generic__survey_responses stg_generic__verbatims"
    outcome = dbt("run", "--select", f"+int_privacy__erased_people {staged}", variables=variables)
    assert outcome.ok, outcome.output[-4000:]
    ids = {
        table: [
            row["id"]
            for row in execute(f"select {column} as id from {table} order by 1 nulls last")
        ]
        for table, column in (
            ("staging.stg_generic__contacts", "contact_id"),
            ("staging.stg_generic__tickets", "requester_ref"),
            ("staging.stg_generic__survey_responses", "response_id"),
            ("restricted.stg_generic__verbatims", "response_id"),
        )
    }
    assert list(ids.values()) == [["C2", "C3"], ["C2", None], ["R2"], []]
    outcome = dbt("run-operation", "erase_landed", variables=variables)
    assert outcome.ok, outcome.output[-4000:]
    left = {
        table: execute(f"select count(*) as n from generic.{table}")[0]["n"]
        for table in ("contacts", "tickets", "survey_responses", "verbatims", "erasure_requests")
    }
    assert left == {
        **{"contacts": 2, "tickets": 2, "survey_responses": 1, "verbatims": 0},
        "erasure_requests": 0,
    }
    execute("create schema if not exists intermediate")
    log, text = "intermediate.contact_log", "varchar(99)"
    execute(f"create table {log} (contact_key {text}, account_id {text}, noted_on date)")
    gone, kept = key_of(EMAIL), key_of("C3")
    execute(f"insert into {log} values ('{gone}', 'A', null), ('{kept}', 'A', null)")
    execute("create schema if not exists marts")
    execute(
        f"create table if not exists marts.dim_contacts (contact_key {text}, account_id {text})"
    )
    outcome = dbt("run", "--select", "contact_log", variables=variables)
    assert outcome.ok, outcome.output[-4000:]
    found = execute(f"select contact_key from {log} where contact_key in ('{gone}', '{kept}')")
    assert found == [{"contact_key": kept}]
