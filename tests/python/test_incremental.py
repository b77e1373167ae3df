"""A month of daily runs gives what one whole build gives: late, corrected and deleted rows included."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any

import duckdb
import pytest
from harness import REPOSITORY, PostgresServer, Project

LAST_DAY = date(2026, 6, 30)
DAYS = [LAST_DAY - timedelta(days=back) for back in range(29, -1, -1)]
FIRST_DAY = DAYS[0] - timedelta(days=1)

#: Landed tables that grow: when a row happened, and what tells its rows apart.
GROWING = {
    "pendo.event": ('"timestamp"', "_fivetran_id"),
    "pendo.feature_event": ('"timestamp"', "_fivetran_id"),
    "zendesk.ticket": ("created_at", "cast(id as varchar)"),
    "zendesk.ticket_comment": ("created", "cast(id as varchar)"),
    "zendesk.ticket_field_history": (
        "updated",
        "cast(ticket_id as varchar) || field_name || cast(updated as varchar)",
    ),
}
#: One row in sixteen is late, by up to two weeks.
ARRIVAL = "cast({time} as date) + case when md5({key}) like '0%' then ascii(substr(md5({key}), 2, 1)) % 15 else 0 end"

#: What every day does to some rows of any age: `chance` is another text for each row and day.
CORRECTIONS = (
    "update pendo.event set num_events = num_events + 3 where {chance} like '00%'",
    "update pendo.feature_event set num_events = 77, feature_id = 'FEAT_unknown' where {chance} like '000%'",
    "delete from pendo.event where {chance} like 'ab%'",
    "delete from pendo.feature_event where {chance} like 'abc%'",
    "update zendesk.ticket_comment set public = not public where {chance} like '00%'",
    "update zendesk.ticket_comment set user_id = -1 where {chance} like '01%'",
    "delete from zendesk.ticket_comment where {chance} like 'abc%'",
    "delete from zendesk.ticket_field_history where {chance} like 'abc%'",
    "update zendesk.ticket_field_history set value = 'pending' where field_name = 'status' and {chance} like '00%'",
    "update zendesk.ticket set _fivetran_deleted = true where {chance} like '00f%'",
    "update zendesk.ticket set created_at = created_at - interval '40' day where {chance} like '00e%'",
    "update zendesk.ticket set requester_id = 1 where {chance} like '00d%'",
)
#: What happens once, on a day of the month.
CHANGES_OF_MEANING = {
    3: "update pendo.account_history set metadata_crm_account_id = (select min(metadata_crm_account_id) from pendo.account_history)"
    " where id = (select max(account_id) from pendo.event)",
    7: "update pendo.feature_history set group_id = null where id = (select min(id) from pendo.feature_history)",
    11: "update pendo.feature_history set is_core_event = not is_core_event where id = (select max(id) from pendo.feature_history)",
    13: "update pendo.visitor_history set account_id = 'elsewhere' where account_id = (select min(account_id) from pendo.event)",
    # a column that the loader had not landed before; every click has it from then on
    15: "alter table pendo.feature_event add column num_minutes integer default 7",
    17: "update zendesk.user set role = 'agent' where id in (select max(user_id) from zendesk.ticket_comment)",
    # the same comment under two tickets, and under none
    19: "insert into zendesk.ticket_comment select * from zendesk.ticket_comment where id in (select min(id) from zendesk.ticket_comment)",
    20: "update zendesk.ticket_comment set ticket_id = (select max(id) from zendesk.ticket) where id in"
    " (select min(id) from zendesk.ticket_comment) and user_id < 0",
    22: "insert into zendesk.ticket_comment select * from zendesk.ticket_comment where id in (select max(id) from zendesk.ticket_comment)",
    23: "update zendesk.ticket_comment set ticket_id = null where id in (select max(id) from zendesk.ticket_comment)",
    # a clock that runs ahead of the day
    25: 'update pendo.event set "timestamp" = "timestamp" + interval \'3\' day where _fivetran_id in'
    " (select max(_fivetran_id) from pendo.event)",
}

#: Models that build only what changed, and the marts that stand on them.
INCREMENTAL = (
    "int_usage__usage_days_checked",
    "int_usage__user_days",
    "int_usage__module_days",
    "int_usage__account_windows",
    "int_support__ticket_events_checked",
    "int_support__ticket_lifecycles",
)
COMPARED = (
    *(f"intermediate.{name}" for name in INCREMENTAL),
    "intermediate.int_usage__account_periods",
    "marts.fct_account_usage_days",
    "marts.fct_tickets",
)
WHOLE = " ".join(f"+{name.split('.')[1]}" for name in COMPARED)
#: What a day changes: neither the CRM nor the policy.
DAILY = (
    "int_periods int_policy__window_days int_audit__daily_volumes stg_pendo__* int_usage__* int_support__* int_survey__*,+fct_tickets"
    " fct_account_usage_days fct_tickets"
)

Execute = Callable[[str], Any]


def hold_back(execute: Execute) -> None:
    """Take out of the landed tables what has not arrived on the evening of FIRST_DAY."""
    execute("create schema later")
    for table, (time, key) in GROWING.items():
        arrival = ARRIVAL.format(time=time, key=key)
        later = table.replace(".", "_")
        execute(
            f"create table later.{later} as select *, {arrival} as arrives_on from {table}"
            f" where {arrival} > date '{FIRST_DAY}'"
        )
        execute(f"delete from {table} where {arrival} > date '{FIRST_DAY}'")


def columns_of(execute: Execute, table: str) -> str:
    schema, name = table.split(".")
    rows = execute(
        "select column_name as name from information_schema.columns"
        f" where table_schema = '{schema}' and table_name = '{name}' order by ordinal_position"
    )
    return ", ".join(f'"{row["name"]}"' for row in rows)


def live_through(execute: Execute, day: date) -> None:
    """What the loaders do on one day: new rows, late rows, corrections and deletions."""
    for table in GROWING:
        later = f"later.{table.replace('.', '_')}"
        columns = columns_of(execute, later).removesuffix(', "arrives_on"')
        execute(
            f"insert into {table} ({columns}) select {columns} from {later}"
            f" where arrives_on = date '{day}'"
        )
    for correction in CORRECTIONS:
        table = next(word for word in correction.split() if word in GROWING)
        execute(correction.format(chance=f"md5({GROWING[table][1]} || '{day} {correction[:20]}')"))
    if change := CHANGES_OF_MEANING.get(day.day):
        execute(change)


def run(
    project: Project,
    day: date,
    selected: str,
    *arguments: str,
    look_back: int | None = None,
    **options: Any,
) -> None:
    variables: dict[str, Any] = {"as_of_date": str(day)}
    if look_back:
        variables["usage_lookback_days"] = look_back
    outcome = project.dbt("run", "-s", selected, *arguments, variables=variables, **options)
    assert outcome.ok, outcome.output[-6000:]


def month_of_days(project: Project, execute: Execute, every: int = 1, **options: Any) -> None:
    """A whole build, a run every so many days of 30, and a whole build that has to give the same rows."""
    execute("alter table pendo.feature_event drop column num_minutes")
    hold_back(execute)
    run(project, FIRST_DAY, WHOLE, "--full-refresh", **options)
    for number, day in enumerate(DAYS, 1):
        live_through(execute, day)
        if number % every == 0:
            run(project, day, DAILY, **options)
    # the month was built by parts, not anew each day
    last = (project.root / "target/compiled/voc_warehouse/models/core/usage").glob("*.sql")
    conditions = [
        text.split("/* parts ")[1].split(" */")[0]
        for text in map(read, last)
        if "/* parts " in text
    ]
    assert len(conditions) == 4
    assert "1 = 1" not in conditions
    execute("create schema by_days")
    for table in COMPARED:
        execute(f"create table by_days.{table.split('.')[1]} as select * from {table}")
    run(project, LAST_DAY, WHOLE, "--full-refresh", **options)
    different = {}
    for table in COMPARED:
        columns, kept = columns_of(execute, table), f"by_days.{table.split('.')[1]}"
        missing = execute(f"select {columns} from {table} except all select {columns} from {kept}")
        surplus = execute(f"select {columns} from {kept} except all select {columns} from {table}")
        if missing or surplus:
            different[table] = (len(missing), len(surplus), missing[:2], surplus[:2])
    assert different == {}


def read(file: Any) -> str:
    return file.read_text(encoding="utf-8")


def on_duckdb(project: Project) -> Execute:
    def execute(sql: str) -> Sequence[dict[str, Any]]:
        with duckdb.connect(project.database) as connection:
            result = connection.execute(sql)
            names = [column[0] for column in result.description or ()]
            return [dict(zip(names, row, strict=True)) for row in result.fetchall()]

    return execute


@pytest.mark.slow
def test_a_month_of_daily_runs_gives_what_a_whole_build_gives(forked_demo: Project) -> None:
    month_of_days(forked_demo, on_duckdb(forked_demo))


@pytest.mark.slow
def test_a_month_of_runs_every_fifth_day_gives_what_a_whole_build_gives_on_postgres(
    project: Project, postgres: PostgresServer
) -> None:
    database = postgres.new_database()
    options = {"target": "postgres", "environment": database.environment}
    assert project.dbt("seed", **options).ok
    # a scheduler that misses days has more to catch up with
    month_of_days(project, database.execute, every=5, **options)


@pytest.mark.slow
def test_a_limited_look_back_leaves_older_days_to_the_next_run_without_it(
    forked_demo: Project,
) -> None:
    execute = on_duckdb(forked_demo)
    day, usage = LAST_DAY, "+int_usage__user_days"
    run(forked_demo, day, usage, "--full-refresh")
    recent, old = day - timedelta(days=5), day - timedelta(days=60)

    def events(of: date) -> int:
        rows = execute(
            f"select sum(events) as n from intermediate.int_usage__user_days where usage_date = date '{of}'"
        )
        return int(rows[0]["n"])

    before = {of: events(of) for of in (recent, old)}
    execute(
        "update pendo.event set num_events = num_events + 1000"
        f" where cast(\"timestamp\" as date) in (date '{recent}', date '{old}')"
    )

    def everything_is_checked(**variables: int) -> bool:
        claim = "assert_every_landed_usage_row_is_checked"
        outcome = forked_demo.dbt(
            "test", "-s", claim, variables={"as_of_date": str(day), **variables}
        )
        assert f"{'PASS' if outcome.ok else 'Failure in test'} {claim}" in outcome.output
        return outcome.ok

    assert not everything_is_checked(usage_lookback_days=30)
    run(forked_demo, day, usage, look_back=30)
    assert events(recent) > before[recent]
    assert events(old) == before[old]
    assert everything_is_checked(usage_lookback_days=30)
    assert not everything_is_checked()
    run(forked_demo, day, usage)
    assert events(old) > before[old]
    assert everything_is_checked()


#: What happens to landed rows on one of ten days; {chance} is another text for each row and day.
EDITS = {
    "an answer is corrected": "update qualtrics.question_response set value = '3' where {chance} like '00%'",
    "a session is deleted": "delete from qualtrics.survey_response where {chance} like '00%'",
    "a session was earlier": "update qualtrics.survey_response set end_date ="
    " cast(cast(end_date as timestamp) - interval 45 day as varchar) where {chance} like '0%'",
    "a contact is merged": "update salesforce.contact set is_deleted = true, master_record_id ="
    " (select min(id) from salesforce.contact) where {chance} like '00%'",
    "a role of the past is corrected": "update salesforce.contact_history set contact_role_c = 'Decision Maker'"
    " where {chance} like '0%'",
    "an account is merged": "update salesforce.account set is_deleted = true, master_record_id ="
    " (select max(id) from salesforce.account) where id in (select min(id) from salesforce.account"
    " where not is_deleted) and {chance} is not null",
    "an invoice is taken back": "delete from stripe.invoice where {chance} like '0%'",
    "a price of the past is corrected": "update stripe.subscription_history set quantity = quantity + 1"
    " where {chance} like '0%'",
    "a ticket is deleted": "update zendesk.ticket set _fivetran_deleted = true where {chance} like '00%'",
    "a comment comes late": "insert into zendesk.ticket_comment select * replace (id + 900000000 as id,"
    " created + interval 3 hour as created) from zendesk.ticket_comment where {chance} like '00%'",
    "clicks are taken back": "delete from pendo.event where {chance} like '0%'",
    "somebody changes teams": "update generic.employees set team_id = (select max(team_id) from generic.teams)"
    " where {chance} like '0%'",
    "policy is edited": "update policy.sla_targets set target_minutes = target_minutes + 30 where {chance} is not null",
    "a signal is edited": "update policy.health_signals set score_100_at = score_100_at * 1.1 where signal = 'stickiness'"
    " and {chance} is not null",
}
#: What remembers one run in the next, and so need not be what one whole build gives.
LOGS = {
    "int_health__band_changes",
    "int_employee__engagement_log",
    "quarantine_by_day",
    "run_history",
}


def resting_on_logs(manifest: dict[str, Any]) -> set[str]:
    """Marts that are a log or read one, however many models lie between."""
    children = manifest["child_map"]
    found, open_ends = set(), [f"model.voc_warehouse.{name}" for name in LOGS]
    while open_ends:
        name = open_ends.pop()
        if name not in found:
            found.add(name)
            open_ends += [child for child in children[name] if child.startswith("model.")]
    marts = {
        node["name"]
        for name, node in manifest["nodes"].items()
        if name in found and node["access"] == "public"
    }
    return marts


@pytest.mark.slow
def test_ten_days_of_random_edits_give_what_one_whole_build_gives(
    forked_demo: Project, manifest: dict[str, Any]
) -> None:
    """Late, deleted, corrected and merged rows, roles of the past, policy, one more vendor and a clock that goes
    back: but for what rests on a log the marts are those of one build of what is left."""
    execute, chance = on_duckdb(forked_demo), random.Random(16)
    told = [
        "create schema if not exists generic",
        "create table generic.survey_responses (response_id varchar, survey_id varchar, metric varchar, raw_score varchar,"
        " responded_at varchar, account_ref varchar)",
        "insert into generic.survey_responses select 'G' || row_number() over (order by id), 'calls', 'nps', '9',"
        " '2026-06-15 10:00:00', id from salesforce.account",
    ]
    variables: dict[str, Any] = {"voc_demo": False}
    done: set[str] = set()
    for number, day in enumerate(DAYS[-10:]):
        left = sorted(EDITS.keys() - done) or sorted(EDITS)
        for name in chance.sample(left, min(3, len(left))):
            done.add(name)
            sql = EDITS[name]
            execute(sql.format(chance=f"md5(cast(rowid as varchar) || '{day} {name}')"))
        if number == 4:
            for statement in told:
                execute(statement)
            variables |= {"survey_vendors": ["qualtrics", "zendesk", "generic"]}
        if number % 2:
            clock = day - timedelta(days=9 if number == 7 else 0)
            outcome = forked_demo.dbt("run", variables={**variables, "as_of_date": str(clock)})
            assert outcome.ok, outcome.output[-6000:]
    assert done == EDITS.keys()
    logs = resting_on_logs(manifest)
    pages = (REPOSITORY / "docs/operations.md").read_text(encoding="utf-8")
    assert [mart for mart in sorted(logs) if f"`{mart}`" not in pages] == []
    marts = [
        row["name"]
        for row in execute(
            "select table_name as name from duckdb_tables() where schema_name = 'marts' order by 1"
        )
        if row["name"] not in logs
    ]
    execute("create schema by_days")
    for mart in marts:
        execute(f"create table by_days.{mart} as select * from marts.{mart}")
    outcome = forked_demo.dbt(
        "run", "--full-refresh", variables={**variables, "as_of_date": str(LAST_DAY)}
    )
    assert outcome.ok, outcome.output[-6000:]
    different = {}
    for mart in marts:
        missing = execute(f"from marts.{mart} except all from by_days.{mart}")
        surplus = execute(f"from by_days.{mart} except all from marts.{mart}")
        if missing or surplus:
            different[mart] = (len(missing), len(surplus), missing[:2], surplus[:2])
    assert different == {}
