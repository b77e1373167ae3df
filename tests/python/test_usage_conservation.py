"""Use of the product that is lost, doubled or changed on its way from the landed tables is found."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from harness import Project

CHECKED = "assert_every_landed_usage_row_is_checked"
PUBLISHED = "assert_every_usage_event_reaches_the_mart_or_quarantine"
STAGED = "assert_everything_known_to_pendo_is_staged"
CLAIMS = (STAGED, CHECKED, PUBLISHED)

ROWS = "intermediate.int_usage__usage_days_checked"
MART = "marts.fct_account_usage_days"
#: A day of use by somebody of whom events landed, one on which only clicks did, a click, and what is set aside.
KINDS = {
    "a visit": "feature_id is null and surplus_events = 0 and events > 0",
    "a visit without an event of its own": "feature_id is null and landed_mark = 0",
    "a feature": "feature_id is not null and quarantine_reason is null",
    "a click without a number": "feature_id is not null and events = 0",
    "a row set aside": "quarantine_reason is not null",
}
#: Before the build: clicks by somebody who did nothing else that day, and clicks that count none.
LANDED_BEFORE = (
    "update pendo.feature_event set num_events = 0 where _fivetran_id in (select _fivetran_id from pendo.feature_event order by 1 limit 3)",
    'delete from pendo.event where (visitor_id, cast("timestamp" as date)) in'
    ' (select (visitor_id, cast("timestamp" as date)) from pendo.feature_event where num_events > 0 order by all limit 1)',
    # a copy, and another click of the day: several clicks become one row
    "insert into pendo.feature_event select * from pendo.feature_event where num_events > 1 order by _fivetran_id limit 5",
    "insert into pendo.feature_event"
    ' select * replace (_fivetran_id || \' again\' as _fivetran_id, "timestamp" + interval 1 second as "timestamp")'
    " from pendo.feature_event where num_events > 1 order by _fivetran_id desc limit 5",
)
STAGING = "stg_pendo__usage_days stg_pendo__usage_marks int_usage__usage_days_checked"


def one(kind: str) -> str:
    return f"rowid = (select min(rowid) from {ROWS} where {KINDS[kind]})"


#: What happens to what was built, or lands after it, and the claims that it breaks.
LOSSES: dict[str, tuple[str, set[str]]] = {
    **{f"{kind} is lost": (f"delete from {ROWS} where {one(kind)}", {CHECKED}) for kind in KINDS},
    **{
        f"{kind} is there twice": (f"insert into {ROWS} from {ROWS} where {one(kind)}", {CHECKED})
        for kind in KINDS
    },
    "events of a row are more": (
        f"update {ROWS} set events = events + 1 where {one('a feature')}",
        {CHECKED},
    ),
    "events move to another day": (
        f"update {ROWS} set usage_date = usage_date - 1 where {one('a feature')}",
        {CHECKED},
    ),
    "a row takes the vendor of another feed": (
        f"update {ROWS} set source_vendor = 'other' where {one('a visit')}",
        {CHECKED},
    ),
    "clicks of a feature become clicks of none": (
        f"update {ROWS} set feature_id = null where {one('a feature')}",
        {CHECKED},
    ),
    "a sound row is taken for one set aside": (
        f"update {ROWS} set quarantine_reason = 'unknown_account' where {one('a feature')}",
        {PUBLISHED},
    ),
    "a published row is lost": (
        f"delete from {MART} where rowid = (select min(rowid) from {MART} where events > 0)",
        {PUBLISHED},
    ),
    "a published row is there twice": (
        f"insert into {MART} from {MART} where events > 0 limit 1",
        {PUBLISHED},
    ),
    "published events move to another day": (
        f"update {MART} set usage_date = usage_date - 1 where rowid = (select min(rowid) from {MART} where events > 0)",
        {PUBLISHED},
    ),
    "an event landed that no row has": (
        "insert into pendo.event from pendo.event where num_events > 0 limit 1",
        {CHECKED},
    ),
    "a click is gone from what landed": (
        "delete from pendo.feature_event where _fivetran_id in (select max(_fivetran_id) from pendo.feature_event)",
        {CHECKED},
    ),
    "what landed is of another visitor": (
        "update pendo.event set visitor_id = 'another' where rowid = (select min(rowid) from pendo.event)",
        {CHECKED},
    ),
}

#: What the SQL of a build could do wrong: file, text and the text in its place, and the claims that it breaks.
THEFTS: dict[str, tuple[str, str, str, set[str]]] = {
    "a group is dropped": (
        "models/staging/pendo/stg_pendo__usage_days.sql",
        "from rolled_up\n",
        "from rolled_up\nwhere feature_id is distinct from (select min(feature_id) from rolled_up)\n",
        {CHECKED},
    ),
    "clicks are lost where they are grouped": (
        "models/staging/pendo/stg_pendo__usage_days.sql",
        "        feature_id,\n        parse_errors,\n        sum(events) as events,",
        "        feature_id,\n        parse_errors,\n        max(events) as events,",
        {CHECKED},
    ),
    "clicks stay in the visit": (
        "models/staging/pendo/stg_pendo__usage_days.sql",
        "-events as events",
        "0 as events",
        {CHECKED},
    ),
    "clicks without events of their own are taken back": (
        "models/staging/pendo/stg_pendo__usage_days.sql",
        "case when sum(events) > 0 then sum(events) else 0 end as events",
        "case when sum(events) > 0 then sum(events) else 1 end as events",
        {CHECKED},
    ),
    "buckets of a day are read by nobody": (
        "macros/staging/pendo.sql",
        "and {{ stream.condition }}",
        "and {{ stream.condition }} and {{ stream.day }} <> (select max({{ stream.day }}) from {{ landed_from(stream.table) }})",
        {STAGED},
    ),
}


@pytest.fixture(scope="module")
def used(demo: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The demo with some odd clicks, built again as far as usage goes; its claims hold."""
    project = demo.fork(tmp_path_factory.mktemp("usage_conservation") / "project")
    with duckdb.connect(project.database) as connection:
        for sql in LANDED_BEFORE:
            connection.execute(sql)
    mart = "int_usage__user_days int_usage__module_days fct_account_usage_days"
    outcome = project.dbt("run", "--select", f"{STAGING} {mart}")
    assert outcome.ok, outcome.output[-4000:]
    outcome = project.dbt("test", "--select", *CLAIMS)
    assert outcome.ok, outcome.output[-4000:]
    return project


def broken(project: Project, sql: str = "") -> set[str]:
    """The claims that do not hold after this statement, which is taken back."""
    folder = project.root / "target/compiled/voc_warehouse/tests"
    with duckdb.connect(project.database) as connection:
        connection.execute("begin")
        if sql:
            changed = connection.execute(sql).fetchall()
            assert changed[0][0] > 0, "the loss found no row"
        found = {
            name
            for name in CLAIMS
            if connection.execute((folder / f"{name}.sql").read_text(encoding="utf-8")).fetchall()
        }
        connection.execute("rollback")
    return found


@pytest.mark.parametrize("loss", LOSSES)
def test_what_is_lost_doubled_or_changed_is_found(used: Project, loss: str) -> None:
    assert broken(used) == set()
    sql, claims = LOSSES[loss]
    assert claims <= broken(used, sql)


def test_what_staging_would_lose_is_found(used: Project, tmp_path: Path) -> None:
    project = used.fork(tmp_path / "project")
    found = {}
    for theft, (path, before, after, _) in THEFTS.items():
        text = (project.root / path).read_text(encoding="utf-8")
        assert text.count(before) == 1, theft
        project.write(path, text.replace(before, after))
        outcome = project.dbt("run", "--select", STAGING)
        assert outcome.ok, (theft, outcome.output[-4000:])
        found[theft] = broken(project)
        project.write(path, text)
    assert [theft for theft, (*_, claims) in THEFTS.items() if not claims <= found[theft]] == []


def test_the_failure_names_the_vendor_and_the_day(used: Project, tmp_path: Path) -> None:
    project, lost = used.fork(tmp_path / "project"), one("a visit without an event of its own")
    landed = project.query(f"select usage_date, landed_rows from {ROWS} where {lost}")
    with duckdb.connect(project.database) as connection:
        connection.execute(f"delete from {ROWS} where {lost}")
    outcome = project.dbt("test", "--store-failures", "--select", *CLAIMS)
    assert [name for name in CLAIMS if f"Failure in test {name}" in outcome.output] == [CHECKED]
    schema = project.value(
        "select table_schema from information_schema.tables where table_name = ?", [CHECKED]
    )
    assert project.query(
        "select source_vendor, usage_date, landed_rows - checked_rows as missing_rows"
        f' from "{schema}".{CHECKED}'
    ) == [
        {
            "source_vendor": "pendo",
            "usage_date": landed[0]["usage_date"],
            "missing_rows": landed[0]["landed_rows"],
        }
    ]
