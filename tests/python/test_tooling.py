"""The command line, the Makefile and the files around them do what they say."""

from __future__ import annotations

import json
import os
import re
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from harness import NO_RULES, NO_UNIT_TESTS, REPOSITORY, RULES_AT_ONCE, PostgresServer, Project

from voc_cli.summary import (
    CLOSED_LOOP,
    COMPANY,
    DELIVERY_GAP,
    GAPS,
    HEALTH,
    LOWEST_ACCOUNTS,
    MISSED_TABLES,
    QUARANTINE,
    render,
)

# dbt 1.11 checks for misplaced and unknown properties only for adapters that it lists.
STRICT_PARSE = """
import sys, dbt.jsonschemas.jsonschemas as schemas
schemas._JSONSCHEMA_SUPPORTED_ADAPTERS.update({"duckdb", "postgres"})
from dbt.cli.main import dbtRunner
arguments = ["parse", "--no-partial-parse", "--show-all-deprecations"]
sys.exit(0 if dbtRunner().invoke(arguments).success else 1)
"""


# The command line


def test_check_accepts_the_settings_as_shipped(project: Project) -> None:
    outcome = project.cli("check")
    assert outcome.ok, outcome.output
    assert "survey_vendors: qualtrics, zendesk" in outcome.output


def test_check_names_variable_vendor_and_remedy(project: Project) -> None:
    outcome = project.cli(
        "check", "--vars", "{survey_vendors: [qualtrix], crm_vendors: [delighted]}"
    )
    assert outcome.exit_code == 2
    assert "survey_vendors names 'qualtrix'" in outcome.output
    assert "Did you mean 'qualtrics'?" in outcome.output
    assert "crm_vendors names 'delighted'" in outcome.output
    assert "models/staging/delighted/" in outcome.output
    known = re.search(r"Known vendors: (.*)\.", outcome.output)
    assert known
    assert known[1].split(", ") == sorted(
        path.name for path in (project.root / "models" / "staging").iterdir() if path.is_dir()
    )
    assert "Traceback" not in outcome.output


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ("{survey_vendors: qualtrics}", "survey_vendors must be a list"),
        ("{survey_vendors: [1]}", "survey_vendors must be a list"),
        ("survey_vendors", "--vars must hold"),
        ("{survey_vendors: [", "--vars is not readable YAML"),
    ],
)
def test_check_refuses_settings_of_the_wrong_shape(
    project: Project, variables: str, expected: str
) -> None:
    outcome = project.cli("check", "--vars", variables)
    assert outcome.exit_code == 2
    assert expected in outcome.output
    assert "Traceback" not in outcome.output


def test_build_stops_at_the_check(project: Project) -> None:
    outcome = project.cli("build", "--vars", "{usage_vendors: [mixpanel]}")
    assert outcome.exit_code == 2
    assert "usage_vendors names 'mixpanel'" in outcome.output
    assert "Running with dbt" not in outcome.output
    assert not project.database.exists()


def test_a_locked_database_is_said_in_words(project: Project) -> None:
    holder = "import duckdb, subprocess, sys; held = duckdb.connect('voc.duckdb'); "
    command = "sys.exit(subprocess.run([sys.executable, '-m', 'voc_cli', 'build']).returncode)"
    outcome = project.run([sys.executable, "-c", holder + command])
    assert outcome.exit_code == 2
    assert "Another program has the DuckDB file open" in outcome.output
    assert "Traceback" not in outcome.output


def test_an_unreachable_server_is_said_in_words(project: Project) -> None:
    nowhere = {"VOC_PG_HOST": str(project.root)}
    outcome = project.cli("build", "--target", "postgres", environment=nowhere)
    assert outcome.exit_code == 2
    assert "The warehouse cannot be reached" in outcome.output
    assert "profiles.yml" in outcome.output
    assert "Traceback" not in outcome.output


def test_a_missing_profile_is_said_in_words(project: Project) -> None:
    (project.root / "profiles.yml").unlink()
    outcome = project.cli("check")
    assert outcome.exit_code == 2
    assert "copy profiles.example.yml to profiles.yml" in outcome.output


def test_a_failed_build_names_the_node_and_its_message(forked_demo: Project) -> None:
    forked_demo.write("tests/assert_pigs_fly.sql", "select pig from {{ ref('dim_accounts') }}\n")
    outcome = forked_demo.cli("build", "--select", "assert_pigs_fly")
    assert outcome.exit_code == 1
    assert re.search(r"The build failed.* 1 of \d+ nodes failed", outcome.output)
    said = outcome.output.split("The build failed")[1]
    assert "test assert_pigs_fly:" in said
    assert 'column "pig"' in said
    assert "The warehouse in short" not in outcome.output
    assert "Traceback" not in outcome.output


def test_a_partial_build_gives_no_summary(forked_demo: Project) -> None:
    outcome = forked_demo.cli("build", "--select", "dim_accounts")
    assert outcome.ok, outcome.output
    assert "Only a part was built" in outcome.output
    assert "Company NPS" not in outcome.output


def test_the_summary_repeats_the_marts(demo: Project) -> None:
    outcome = demo.cli("summary")
    assert outcome.ok, outcome.output
    lines = [" ".join(line.split()) for line in outcome.output.splitlines()]

    (company,) = demo.query(
        """
        select * from marts.company_nps where scope_type = 'company'
        order by period_end desc limit 1
        """
    )
    accounts = demo.value("select count(*) from marts.dim_accounts")
    responses = demo.value("select count(*) from marts.fct_survey_responses")
    assert f"Accounts {accounts:,}" in lines
    assert f"Survey responses {responses:,}" in lines
    nps, low, high = (f"{company[name]:.1f}" for name in ("nps", "ci_low", "ci_high"))
    assert (
        f"Company NPS {nps} (95 % interval {low} to {high}, {company['responses']:,} responses)"
        f" at {company['period_end']}"
    ) in lines

    customers = "from marts.account_health_latest where is_customer"
    bands = demo.query(
        f"select reported_band, count(*) as n {customers} group by 1 order by n desc, 1"
    )
    listed = ", ".join(f"{row['reported_band']} {row['n']}" for row in bands)
    assert f"Customer health {listed} (customers)" in lines
    at_risk = demo.value(f"select sum(arr) {customers} and reported_band = 'red'")
    alerts = "select count(*) from marts.health_actions where priority = 'P0'"
    still_open = demo.value(f"{alerts} and closed_at is null")
    past_due = demo.value(f"{alerts} and status = 'past_due'")
    assert (
        f"At risk {at_risk:,.0f} ARR in red, {still_open} open P0 alerts ({past_due} past due)"
    ) in lines

    (loop,) = demo.query(
        "select * from marts.closed_loop_kpis where scope_type = 'company' order by period_end desc limit 1"
    )
    assert (
        f"Closed loop {loop['detractor_follow_up_rate']:.0%} of {loop['due_detractors']} detractors followed up in time,"
        f" {loop['closed_loop_rate']:.0%} of {loop['closure_due_cases']} cases closed"
    ).replace("%", " %") in lines
    assert (
        f"Recovered {loop['detractor_recovery_rate']:.0%} of {loop['re_surveyed']} detractors asked again after a follow-up"
        f" ({loop['recovery_rate_not_followed_up']:.0%} of {loop['re_surveyed_not_followed_up']} without one)"
    ).replace("%", " %") in lines
    to_call = demo.value("select count(*) from marts.case_worklist")
    overdue = demo.value("select count(*) from marts.case_worklist where is_overdue")
    assert f"To call {to_call} open cases ({overdue} overdue)" in lines
    (gap,) = demo.query(
        """
        select * from marts.service_kpis
        where period_end = (
            select max(period_end) from marts.service_kpis
            where delivery_gap is not null and is_reportable and is_csat_reportable
        ) and delivery_gap is not null and is_reportable and is_csat_reportable
        order by delivery_gap desc, team_id limit 1
        """
    )
    assert (
        f"Delivery gap {gap['team_name']} {gap['delivery_gap']:.0f} points (SLA {gap['sla_attainment']:.0%},"
        f" CSAT {gap['csat_rate']:.0%} of {gap['csat_responses']} answers) in the month to {gap['period_end']}"
    ).replace("%", " %") in lines

    quarantined = demo.value(
        "select count(distinct (source_name, entity, record_id)) from marts.quarantined_records"
    )
    assert any(line.startswith(f"Quarantined {quarantined:,} records (") for line in lines)

    lowest = demo.query(
        """
        select
            dims.account_name, dims.segment, dims.arr, facts.responses,
            facts.account_nps, facts.ci_low, facts.ci_high
        from marts.account_nps as facts
        inner join marts.dim_accounts as dims on facts.account_id = dims.account_id
        where facts.is_reportable and facts.account_nps is not null
        and facts.period_end = (select max(period_end) from marts.account_nps)
        order by facts.account_nps, dims.arr desc nulls last, facts.account_id limit 5
        """
    )
    assert len(lowest) == 5
    table = lines[lines.index("Lowest account NPS Segment ARR Votes NPS Interval") + 1 :][:5]
    assert table == [
        f"{row['account_name']} {row['segment']} {row['arr']:,.0f} {row['responses']} {row['account_nps']:.1f}"
        f" {row['ci_low']:.1f} to {row['ci_high']:.1f}"
        for row in lowest
    ]


def figures_of_nothing() -> dict[str, list[dict[str, Any]]]:
    """What a warehouse with one account and no answers says."""
    company: dict[str, Any] = {
        "account_count": 1,
        "response_count": 0,
        "period_end": None,
        "nps_responses": None,
        "nps": None,
        "ci_low": None,
        "ci_high": None,
        "is_reportable": None,
    }
    health = {
        **dict.fromkeys(("reported_band", "customers", "arr")),
        **{"lowest_band": "red", "open_alerts": 0, "past_due_alerts": 0},
    }
    nothing = (CLOSED_LOOP, DELIVERY_GAP, LOWEST_ACCOUNTS, QUARANTINE, MISSED_TABLES, GAPS)
    empty = {name: [] for name in nothing}
    return {COMPANY: [company], HEALTH: [health], **empty}


def test_the_summary_says_what_is_not_there() -> None:
    text = render(figures_of_nothing())
    assert "Closed loop       no bad answers" in text
    assert "Recovered         nobody" in text
    assert "To call           nobody" in text
    assert "Delivery gap      none yet" in text
    assert "Customer health   no customers" in text
    assert "At risk           0 ARR in red, 0 open P0 alerts (0 past due)" in text
    assert "Company NPS       none yet" in text
    assert "Quarantined       no records" in text
    assert "No account has enough responses" in text
    assert "Warning" not in text


def test_the_summary_warns_of_what_is_missed_and_cannot_be_used() -> None:
    """One line for each vendor, near-miss names, and the gaps by what holds most."""
    missed = [
        {"domain": domain, "source_vendor": vendor, "entity": entity, "table_name": table}
        | {"near_name": near}
        for domain, vendor, entity, table, near in (
            ("crm", "generic", "contacts", "contacts", None),
            ("crm", "generic", "opportunities", "opportunities", None),
            ("survey", "generic", "invitations", "survey_invitations", None),
            ("survey", "generic", "verbatims", "verbatims", None),
            ("support", "zendesk", "ticket_events", "ticket_comment", None),
            ("support", "zendesk", "tickets", "ticket", "tickets"),
        )
    ]
    gaps = [
        {"gap": "severity_without_target", "source_vendor": "z", "item": item, "records": records}
        | {"all_records": 9, "items": 4}
        for item, records in (("medium", 4), ("p1", 2), ("p2", 2))
    ]
    text = render(figures_of_nothing() | {MISSED_TABLES: missed, GAPS: gaps})
    assert text.splitlines()[-5:] == [
        "",
        "  Warning: generic landed no table for contacts, opportunities, invitations and 1 more;"
        " marts.landed_tables names them.",
        "  Warning: zendesk landed no table for ticket_events, tickets;"
        " marts.landed_tables names them.",
        "  Warning: zendesk.ticket did not land. Did you mean zendesk.tickets?",
        "  Warning: 9 tickets of a severity without an SLA target (z medium 4, z p1 2, z p2 2,"
        " 1 more);"
        " marts.data_gaps names them.",
    ]


# The Makefile


def test_make_creates_profiles_once_and_never_overwrites(project: Project) -> None:
    example = (project.root / "profiles.example.yml").read_text()
    profiles = project.root / "profiles.yml"
    profiles.unlink()
    assert project.run(["make", "profiles.yml"]).ok
    assert profiles.read_text() == example
    profiles.write_text("mine: true\n")
    os.utime(profiles, (0, 0))
    assert project.run(["make", "profiles.yml"]).ok
    assert profiles.read_text() == "mine: true\n"


def test_make_says_what_to_do_about_an_unfit_python(project: Project) -> None:
    old = project.write("old_python", "#!/bin/sh\necho 3.9\n")
    old.chmod(0o755)
    outcome = project.run(["make", "env", f"PYTHON={old}"])
    assert not outcome.ok
    assert "is Python 3.9, and this project needs 3.11, 3.12 or 3.13" in outcome.output
    outcome = project.run(["make", "env", "PYTHON=/nowhere/python3"])
    assert not outcome.ok
    assert "'/nowhere/python3' does not run" in outcome.output
    assert not (project.root / ".venv").exists()


def test_make_test_ends_with_pytest(project: Project) -> None:
    outcome = project.run(["make", "--dry-run", "test"])
    assert outcome.ok
    commands = outcome.output.splitlines()
    assert (
        commands[-1].strip().endswith('-m "not slow and not spark and not clouds and not superset"')
    )
    assert any("sqlfluff" in command and " lint " in command for command in commands)


def test_make_without_a_target_lists_the_targets(project: Project) -> None:
    outcome = project.run(["make"])
    assert outcome.ok
    build, check = (
        ("build", "publish", "dashboard"),
        ("env", "lint", "test", "test-slow", "test-all", "browser"),
    )
    for target in (*build, *check, "slim", "docs", "site"):
        assert re.search(rf"^  {target} +\w", outcome.output, re.MULTILINE), target


# The files around the project


@pytest.mark.parametrize(
    "lock",
    [
        "requirements.lock",
        "requirements-clouds.lock",
        "requirements-docs.lock",
        "requirements-superset.lock",
    ],
)
def test_locks_name_packages_and_hashes_only(lock: str) -> None:
    marker = r"[a-z_]+ (<|>=|==|!=) '[0-9A-Za-z_.]+'"
    requirement = re.compile(
        rf"[a-z0-9-]+(\[[a-z-]+(, [a-z-]+)*\])?==[0-9a-z.]+( ; {marker}( (and|or) {marker})*)? \\"
    )
    fingerprint = re.compile(r"    --hash=sha256:[0-9a-f]{64}( \\)?")
    lines = (REPOSITORY / lock).read_text().splitlines()
    assert "make lock" in "".join(line for line in lines if line.startswith("#"))
    for line in lines:
        assert line.startswith("#") or requirement.fullmatch(line) or fingerprint.fullmatch(line), (
            line
        )
        assert "://" not in line
        assert "/" not in line


def test_the_lock_holds_what_pyproject_pins() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    pins = project["dependencies"] + project["optional-dependencies"]["dev"]
    pins += [pin for pin in project["optional-dependencies"]["quality"] if "<" not in pin]
    locked = set(re.findall(r"^\S+==\S+", (REPOSITORY / "requirements.lock").read_text(), re.M))
    assert all("==" in pin for pin in pins)
    assert set(pins) <= locked


@pytest.mark.parametrize("group", ["clouds", "superset"])
def test_the_lock_of_an_environment_of_its_own_holds_what_pyproject_pins(group: str) -> None:
    pins = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["dependency-groups"][group]
    lock = (REPOSITORY / f"requirements-{group}.lock").read_text()
    assert set(pins) <= set(re.findall(r"^\S+==\S+", lock, re.M))


def test_ci_runs_make_test_and_nothing_clever() -> None:
    script = REPOSITORY / ".ci" / "run"
    assert os.access(script, os.X_OK)
    commands = [line for line in script.read_text().splitlines() if not line.startswith("#")]
    assert commands == [
        "set -euo pipefail",
        'cd "$(dirname "${BASH_SOURCE[0]}")/.."',
        "exec make browser site test-all",
    ]


def test_the_workflow_runs_what_runs_here_and_needs_no_secret() -> None:
    text = (REPOSITORY / ".github" / "workflows" / "ci.yml").read_text()
    jobs = yaml.safe_load(text)["jobs"]
    assert jobs["duckdb"]["strategy"]["matrix"]["python"] == ["3.11", "3.13"]
    assert jobs["postgres"]["strategy"]["matrix"]["server"] == ["15", "18"]
    makefile = (REPOSITORY / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z-]+):.*##", makefile, re.MULTILINE))
    ran = set()
    for job in jobs.values():
        for command in [step["run"] for step in job["steps"] if "run" in step]:
            for line in command.splitlines():
                program, _, rest = line.partition(" ")
                assert program in ("make", ".ci/run", "mkdir", "cp"), line
                if program == "make":
                    ran.add(rest.split()[0])
    assert ran <= targets
    assert {"build", "quality", "slim", "docs"} <= ran
    assert "secrets" not in text


def test_slim_builds_what_changed_and_reads_the_rest(forked_demo: Project) -> None:
    model = forked_demo.root / "models/marts/service/touchpoint_experience.sql"
    assert forked_demo.dbt("parse", "--write-json").ok
    state = forked_demo.root / "state"
    state.mkdir()
    (forked_demo.root / "target" / "manifest.json").rename(state / "manifest.json")
    model.write_text(model.read_text() + "\n-- changed\n", encoding="utf-8")
    arguments = ("--selector", "changed", "--defer", "--state", str(state))
    outcome = forked_demo.dbt("build", *arguments, environment={"VOC_SCHEMA_PREFIX": "ci_"})
    assert outcome.ok, outcome.output
    built = forked_demo.query(
        "select table_schema, table_name from information_schema.tables where table_schema like 'ci%'"
    )
    assert built == [{"table_schema": "ci_marts", "table_name": "touchpoint_experience"}]
    count = "select count(*) from {}.touchpoint_experience"
    assert forked_demo.value(count.format("ci_marts")) == forked_demo.value(count.format("marts"))


def test_slim_asks_for_a_state(project: Project) -> None:
    outcome = project.run(["make", "-o", ".venv/.installed", "slim"])
    assert not outcome.ok
    assert "make slim needs STATE=folder" in outcome.output


def test_every_mart_waits_for_the_threshold(demo: Project) -> None:
    """But those that say why a run stopped."""
    assert demo.dbt("parse", "--write-json").ok
    manifest = json.loads((demo.root / "target" / "manifest.json").read_text())
    gate = "model.voc_warehouse.int_audit__over_threshold"
    free = {
        node["name"]
        for key, node in manifest["nodes"].items()
        if node["resource_type"] == "model"
        and (node["access"] == "public" or node["config"]["materialized"] == "incremental")
        # what is built by parts is what the threshold counts, and keeps nothing that its sources do not hold
        and node["config"]["incremental_strategy"] != "parts"
        and gate not in manifest["parent_map"][key]
    }
    # The erasure list comes before everything.
    reports = {"quarantined_records", "quarantine_by_day", "landed_tables", "run_history"}
    assert free <= {*reports, "int_privacy__erasure_list"}


def test_git_ignores_what_is_built_or_private(project: Project) -> None:
    paths = [
        *(".venv/x", "target/x", "logs/x", "dbt_packages/x", "profiles.yml", ".user.yml"),
        *("voc.duckdb", "voc.duckdb.wal", "voc_cli/__pycache__/x", ".pytest_cache/x"),
        *(".hypothesis/x", ".ruff_cache/x"),
    ]
    assert project.run(["git", "init", "--quiet"]).ok
    assert project.run(["git", "check-ignore", *paths]).output.split() == paths


def test_dbt_sees_no_deprecated_or_misplaced_property(project: Project) -> None:
    outcome = project.run([sys.executable, "-c", STRICT_PARSE])
    assert outcome.ok, outcome.output
    assert "Deprecat" not in outcome.output, outcome.output


# The harness that other tests stand on


def test_what_a_model_made_stays_until_the_next_is_whole(forked_demo: Project) -> None:
    """On DuckDB, where a table or view is replaced under its own name: a failure leaves the one before, and one kind follows the other."""
    path, text = (
        "models/marts/replaced.sql",
        "{{{{ config(materialized='{}', contract={{'enforced': false}}) }}}} select {} as n",
    )
    for kind, value, ok in (
        *(("table", "1", True), ("table", "cast('none' as integer)", False), ("view", "2", True)),
        *(("view", "nowhere", False), ("table", "3", True)),
    ):
        forked_demo.write(path, text.format(kind, value))
        before = forked_demo.value("select n from marts.replaced") if value != "1" else None
        outcome = forked_demo.dbt("run", "--select", "replaced")
        assert outcome.ok == ok, outcome.output
        assert forked_demo.value("select n from marts.replaced") == (int(value) if ok else before)
    left = forked_demo.query(
        "select 1 from information_schema.tables where table_name like 'replaced_%'"
    )
    assert not left


#: A rule of each kind that rows of the demo break, one of them only where it is asked, one that only warns, among those that they keep.
BROKEN_RULES = """\
models:
  - name: company_nps
    description: As in the demo, with rules that it breaks.
    config: {contract: {enforced: false}}
    columns:
      - name: nps
        data_tests:
          - in_range: {name: broken_low, arguments: {low: 0}}
          - in_range: {name: broken_high, arguments: {high: "{{ 10 * 2 }}"}}
          - in_range: {name: kept_range, arguments: {low: -100, high: 100}}
      - name: scope_type
        data_tests:
          - accepted_values: {name: broken_values, arguments: {values: [company, region]}}
          - accepted_values: {name: kept_values, arguments: {values: [company]}, config: {where: "scope_type = 'company'"}}
          - unique: {name: broken_unique, config: {where: "scope_value is not null"}}
          - not_null: {name: kept_not_null}
  - name: fct_survey_invitations
    description: As in the demo, with rules that it breaks.
    config: {contract: {enforced: false}}
    data_tests:
      - unique_grain: {name: broken_grain, arguments: {columns: [survey_id, team_id]}}
      - unique_grain: {name: kept_grain, arguments: {columns: [invitation_id]}}
    columns:
      - name: team_id
        data_tests:
          - relationships: {name: broken_link, arguments: {to: ref('company_nps'), field: scope_value}, config: {where: "team_id is not null"}}
          - relationships: {name: kept_link, arguments: {to: ref('dim_teams'), field: team_id}}
          - not_null: {name: broken_not_null, config: {severity: warn}}
          - not_null: {name: broken_more_than_once, config: {error_if: "> 1"}}
          - not_null: {name: kept_few, config: {error_if: "> 100000", warn_if: "> 100000"}}
"""


def test_rules_are_judged_as_dbt_judges_them(forked_demo: Project) -> None:
    """All of a model at once, and each as a test of its own: as many rows break the same rules."""
    for mart in ("company_nps", "fct_survey_invitations"):
        (file,) = (forked_demo.root / "models").rglob(f"{mart}.yml")
        file.unlink()
    forked_demo.write("models/marts/rules.yml", BROKEN_RULES)
    chosen = ("--select", "company_nps", "fct_survey_invitations")
    chosen += ("--indirect-selection", "cautious")
    alone = forked_demo.dbt("build", *NO_UNIT_TESTS, *chosen)
    found = re.findall(
        r"(?:Failure|Warning) in test (\w+).*?Got (\d+) result", alone.output, re.DOTALL
    )
    assert {name for name, _ in found} == {*re.findall("broken_[a-z_]+", BROKEN_RULES)}
    together = forked_demo.build(*chosen)
    assert not together.ok
    broken = dict(re.findall(r"(\w+) \((\d+)\)", together.output))
    broken |= {name: rows for rows, name in re.findall(r"(\d+) rows break (\w+)", together.output)}
    # of values dbt counts those that are not accepted, not the rows that hold them
    assert int(broken.pop("broken_values")) >= int(dict(found)["broken_values"])
    assert broken == {name: rows for name, rows in found if name != "broken_values"}
    (run,) = forked_demo.query(
        "select run_status, nodes_failed from marts.run_history order by started_at desc limit 1"
    )
    assert run == {"run_status": "failed", "nodes_failed": len(found) - 1}
    told = forked_demo.cli("build", *chosen, *NO_RULES, environment=RULES_AT_ONCE)
    assert told.exit_code == 1
    assert "The build failed, and what was published before stays." in told.output
    assert f"break {len(found) - 1} rules: broken_" in told.output
    assert "broken_not_null" in told.output
    assert "Traceback" not in told.output


def test_landed_tables_keep_their_types(project: Project, tmp_path: Path) -> None:
    columns = {"id": "varchar", "score": "integer", "sent_at": "timestamp"}
    rows = [("a", 9, "2026-06-30 12:00:00"), {"id": "b", "score": 3}]
    project.land("qualtrics", "answer", columns, rows)
    assert project.query("select id, score, sent_at is null as is_open from qualtrics.answer") == [
        {"id": "a", "score": 9, "is_open": False},
        {"id": "b", "score": 3, "is_open": True},
    ]
    folder = tmp_path / "landed"
    folder.mkdir()
    (folder / "survey.csv").write_text("id,score\n1,9\n2,\n")
    types = "select typeof(id) || ' ' || typeof(score) from {}.survey limit 1"
    assert project.land_csv_folder(folder, "detected") == ["survey"]
    assert project.land_csv_folder(folder, "text", all_varchar=True) == ["survey"]
    assert project.value(types.format("detected")) == "BIGINT BIGINT"
    assert project.value(types.format("text")) == "VARCHAR VARCHAR"
    assert project.value("select count(*) from text.survey where score is null") == 1


@pytest.mark.postgres
def test_the_postgres_target_reaches_a_server(postgres: PostgresServer, project: Project) -> None:
    database = postgres.new_database()
    assert database.execute("select 1 as one") == [{"one": 1}]
    outcome = project.cli("check", "--target", "postgres", environment=database.environment)
    assert outcome.ok, outcome.output


def test_the_database_file_opens_in_duckdb_1_4(demo: Project) -> None:
    # Bytes 12 to 20 of the file hold its storage version, and 1.4 reads up to 67.
    header = demo.database.read_bytes()[:20]
    assert header[8:12] == b"DUCK"
    assert int.from_bytes(header[12:20], "little") <= 67
