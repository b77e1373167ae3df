"""Vendors that stop bringing anything, or nearly: seen at the source, by the build and in the marts."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from harness import NO_TESTS, Outcome, Project
from test_bad_input import ONLY_GENERIC

ALL_GENERIC = {**ONLY_GENERIC, "support_vendors": ["generic"]}


def freshness(project: Project, **variables: object) -> Outcome:
    return project.dbt("source", "freshness", variables=variables or None)


def verdicts(outcome: Outcome) -> dict[str, str]:
    """Table -> PASS, WARN, ERROR STALE or ERROR."""
    found = {}
    for line in outcome.output.splitlines():
        if " freshness of " in line and " START " not in line:
            verdict, table = line.split(" of ", 1)[1].split(" ", 1)[1].split(" freshness of ")
            found[table.split()[0]] = verdict
    return found


def test_every_vendor_of_the_demo_is_fresh_on_its_last_day(demo: Project) -> None:
    outcome = freshness(demo)
    assert outcome.ok, outcome.output
    found = verdicts(outcome)
    assert set(found.values()) == {"PASS"}
    vendors = {table.split(".")[0] for table in found}
    assert vendors == {"generic", "pendo", "qualtrics", "salesforce", "stripe", "zendesk"}


def test_a_vendor_that_stopped_loading_is_stale(demo: Project) -> None:
    outcome = freshness(demo, as_of_date="2026-07-12")
    assert not outcome.ok
    found = verdicts(outcome)
    assert found["pendo.event"] == found["zendesk.ticket"] == "ERROR STALE"
    assert found["qualtrics.survey_response"] == found["stripe.invoice"] == "WARN"


def test_freshness_takes_the_column_that_the_loader_has(project: Project) -> None:
    day = "2026-06-29 08:00:00"
    project.land(
        "generic", "tickets", {"ticket_id": "int", "_AIRBYTE_EXTRACTED_AT": "varchar"}, [(1, day)]
    )
    project.land("generic", "invoices", {"invoice_id": "int", "issued_at": "varchar"}, [(1, day)])
    project.land("generic", "survey_responses", {"response_id": "int"}, [(1,)])
    project.land("generic", "usage_days", {"usage_date": "date", "loaded_at": "bigint"})
    outcome = freshness(project, **{**ALL_GENERIC, "as_of_date": "2026-06-30"})
    found = verdicts(outcome)
    assert found["generic.tickets"] == found["generic.invoices"] == "PASS"
    # Empty, and so never loaded.
    assert found["generic.usage_days"] == "ERROR STALE"
    assert found["generic.survey_responses"] == "ERROR"
    assert "has none of the columns _fivetran_synced" in outcome.output
    assert "when it was loaded cannot be told" in outcome.output
    assert '"generic"."activities" did not land: its freshness is not watched' in outcome.output
    assert "Traceback" not in outcome.output


def test_a_vendor_that_collapsed_is_warned_of(forked_demo: Project) -> None:
    select = ("test", "--select", "assert_no_vendor_has_collapsed")
    assert "WARN=0" in forked_demo.dbt(*select).output
    with duckdb.connect(forked_demo.database) as connection:
        connection.execute(
            "delete from intermediate.int_audit__daily_volumes"
            " where domain = 'support' and news_date > date '2026-06-02'"
        )
    outcome = forked_demo.dbt(*select)
    assert outcome.ok
    assert "Got 1 result, configured to warn" in outcome.output
    retired = {"volume_threshold": {"rows": 20, "share": 0.2, "zendesk": 0}}
    assert "WARN=0" in forked_demo.dbt(*select, variables=retired).output
    too_few = {"volume_threshold": {"rows": 10_000, "share": 0.2}}
    assert "WARN=0" in forked_demo.dbt(*select, variables=too_few).output


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"volume_threshold": {"rows": 20}}, ["volume_threshold has no share"]),
        (
            {"quarantine_threshold": {"rows": 20, "share": 0.5, "crm.accounts": 5}},
            ["quarantine_threshold has crm.accounts: '5'", "a share from 0 to 1"],
        ),
    ],
)
def test_thresholds_of_the_wrong_shape_are_named(
    demo: Project, variables: dict, words: list[str]
) -> None:
    outcome = demo.dbt("run", "--select", "int_periods", variables=variables)
    assert not outcome.ok
    for word in words:
        assert word in outcome.output, outcome.output


def test_a_stale_vendor_is_flagged_in_account_health(forked_demo: Project, tmp_path: Path) -> None:
    with duckdb.connect(forked_demo.database) as connection:
        connection.execute("delete from pendo.event where timestamp > timestamp '2026-06-20'")
        for table in ("feature_event", "page_event"):
            connection.execute(
                f"delete from pendo.{table} where timestamp > timestamp '2026-06-20'"
            )
    built = ("build", *NO_TESTS, "seed", "--select", "+account_health")
    before = health(forked_demo)
    outcome = forked_demo.dbt(*built)
    assert outcome.ok, outcome.output
    after = health(forked_demo)
    with_usage = {account for account, row in before.items() if row["usage_score"] is not None}
    assert with_usage
    assert not any(row["has_stale_signals"] for row in before.values())
    assert all(after[account]["has_stale_signals"] for account in with_usage)
    # What is quiet is flagged, not taken for customers who left.
    active = "select count(*) as n from marts.account_health_signals where period_end = date '2026-06-30'"
    gone = forked_demo.value(f"{active} and signal = 'active_seat_rate' and signal_value = 0")
    assert gone == sum(row["is_zero"] for row in before.values())


def health(project: Project) -> dict[str, dict]:
    rows = project.query(
        "select account_id, usage_score, has_stale_signals,"
        " exists(select 1 from marts.account_health_signals as s where s.account_id = h.account_id"
        " and s.period_end = h.period_end and signal = 'active_seat_rate' and signal_value = 0) as is_zero"
        " from marts.account_health as h where period_end = date '2026-06-30'"
    )
    return {row["account_id"]: row for row in rows}
