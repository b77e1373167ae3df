"""Customer health over many builds: the log of bands, policy that changes, signals that join.

A company of a few accounts whose only signal is the renewal status in the CRM, so that a band is
read off the table below: renewed 100 is green, open 60 yellow, at_risk 20 red.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
from datetime import date, datetime
from pathlib import Path

import duckdb
import pytest
from harness import REPOSITORY, Outcome, Project, Row

DOMAINS = ("survey", "crm", "support", "usage", "billing", "employee")
VARIABLES = {
    "voc_demo": False,
    "history_months": 3,
    **{f"{domain}_vendors": ["generic"] for domain in DOMAINS},
}
NO_TESTS = ["--exclude-resource-type", "test", "--exclude-resource-type", "unit_test"]
HEALTH = ["account_health", "account_health_latest", "account_health_signals", "health_actions"]
# What a day changes in this company.
DAILY = [
    *("int_periods", "int_crm__account_versions_checked", "int_crm__account_periods"),
    *("int_policy__*", "int_health__*", "account_health*", "health_actions"),
]

SCORECARDS = """scorecard,valid_from,pillar,weight
default,2000-01-01,commercial,1
small_business,2000-01-01,commercial,1
"""
SIGNALS = """scorecard,valid_from,pillar,signal,weight,score_0_at,score_100_at
default,2000-01-01,commercial,renewal_status,1,0,{score_100_at}
small_business,2000-01-01,commercial,renewal_status,1,0,100
"""
NEW_DATED_VERSION = "small_business,2026-06-30,commercial,renewal_status,1,0,60\n"
OVERRIDES = """account_ref,band,author,reason,starts_at,expires_at
Judged,green,LK,The new sponsor signed,2026-06-01 00:00:00,2026-06-20 00:00:00
Nobody,green,LK,A typing error,2026-06-01 00:00:00,2026-06-20 00:00:00
"""

# Several builds in one process: dbt reads the project once, which is most of a small build's time.
BUILDS = """
import json, shutil, sys
from pathlib import Path
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner

steps = json.loads(Path("steps.json").read_text())
quiet = ["--quiet", "--no-use-colors"]
variables = lambda step: ["--vars", json.dumps(step["variables"])]
manifest = dbtRunner().invoke(["parse", *quiet, *variables(steps[0])]).result
for step in steps:
    for path, text in step["files"].items():
        Path(path).write_text(text)
    print("## " + step["name"], flush=True)
    done = dbtRunner(manifest=manifest).invoke([*step["arguments"], *quiet, *variables(step)])
    if done.success != step["succeeds"]:
        sys.exit(f"{step['name']}: success was {done.success}: {done.exception}")
    if done.exception:
        print(done.exception)
    DuckDBConnectionManager.close_all_connections()
    shutil.copy("voc.duckdb", f"{step['name']}.duckdb")
"""


def build(
    name: str,
    as_of_date: str,
    arguments: list[str],
    files: dict[str, str] | None = None,
    succeeds: bool = True,
    **variables: object,
) -> dict[str, object]:
    """One step: files are written, dbt runs, and the database is kept as <name>.duckdb."""
    return {
        "name": name,
        "arguments": arguments,
        "variables": {**VARIABLES, "as_of_date": as_of_date, **variables},
        "files": {f"seeds/policy/{path}": text for path, text in (files or {}).items()},
        "succeeds": succeeds,
    }


def land(project: Project) -> None:
    """Land the company: its accounts, and how their renewals went."""
    created = datetime(2026, 4, 10)
    statuses = {
        "Steady": [(created, "open")],
        "Falls": [
            (created, "Open"),
            (datetime(2026, 6, 10), "at_risk"),
            (datetime(2026, 6, 20), "open"),
            (datetime(2026, 6, 25), "at_risk"),
        ],
        "Judged": [(created, "at_risk")],
        "Leaves": [(created, "at_risk"), (datetime(2026, 6, 18), "churned")],
        "Small": [(created, "open")],
        "Parent": [(created, "open")],
        "Child": [(created, "renewed")],
        "Grandchild": [(created, "at_risk")],
        "Ring1": [(created, "renewed")],
        "Ring2": [(created, "renewed")],
        "Silent": [],
    }
    parents = {"Child": "Parent", "Grandchild": "Child", "Ring1": "Ring2", "Ring2": "Ring1"}
    arr = {"Child": 300, "Grandchild": 100}
    project.land(
        "generic",
        "accounts",
        {
            **dict.fromkeys(
                ("account_id", "account_name", "parent_account_id", "segment", "owner_id"),
                "varchar",
            ),
            **{"arr": "double", "seats": "bigint"},
            **{"renewal_status": "varchar", "created_at": "timestamp"},
        },
        [
            {
                "account_id": name,
                "account_name": name,
                "parent_account_id": parents.get(name),
                "segment": "Small_Business" if name == "Small" else "enterprise",
                "owner_id": "csm",
                "arr": arr.get(name, 50),
                "seats": 10,
                "renewal_status": versions[-1][1] if versions else None,
                "created_at": created,
            }
            for name, versions in statuses.items()
        ],
    )
    project.land(
        "generic",
        "account_versions",
        {
            **{"account_id": "varchar", "valid_from": "timestamp", "valid_to": "timestamp"},
            "renewal_status": "varchar",
        },
        [
            (name, moment, following[0] if following else None, status)
            for name, versions in statuses.items()
            for (moment, status), following in zip(versions, [*versions[1:], None], strict=False)
        ],
    )
    project.land(
        "generic",
        "crm_users",
        {"user_id": "varchar", "manager_id": "varchar"},
        [("csm", "lead"), ("lead", None)],
    )


class Days:
    """The company after each build."""

    def __init__(self, project: Project, outcome: Outcome) -> None:
        self.project = project
        self.outcome = outcome

    def query(self, name: str, sql: str) -> list[Row]:
        """Rows of a query on the database as the build of that name left it."""
        with duckdb.connect(self.project.root / f"{name}.duckdb", read_only=True) as connection:
            result = connection.execute(sql)
            names = [column[0] for column in result.description]
            return [dict(zip(names, row, strict=True)) for row in result.fetchall()]

    def actions(self, name: str, account: str | None = None) -> list[Row]:
        """The actions after a build, oldest first."""
        rows = self.query(
            name, "select * from marts.health_actions order by opened_at, account_id, action_id"
        )
        return [row for row in rows if account in (None, row["account_id"])]

    def health(self, name: str, account: str) -> list[Row]:
        """The history of an account's health after a build."""
        return self.query(
            name,
            f"select * from marts.account_health where account_id = '{account}' order by period_end",
        )

    def printed(self, name: str) -> str:
        """What dbt printed in that build, its line ends made blanks."""
        return " ".join(self.outcome.output.split(f"## {name}\n")[1].split("\n## ")[0].split())


BROKEN_SCORECARDS = """scorecard,valid_from,pillar,weight
default,2026-06-01,usage,0.5
default,2026-06-01,loyalty,0.4
default,2026-06-01,service,0
Startup,2000-01-01,voc,0.5
Startup,2000-01-01,voc,0.5
startup ,2000-01-01,voc,1
"""
BROKEN_SIGNALS = """scorecard,valid_from,pillar,signal,weight,score_0_at,score_100_at
default,2026-06-01,usage,depth,0.5,1,1
default,2026-06-01,usage,karma,0.4,0,1
default,2026-06-01,voc,depth,1,0,
nobody,2000-01-01,voc,effort,1,0,100
"""
BROKEN_BANDS = """valid_from,band,score_from,score_below
2026-06-01,red,,60
2026-06-01,yellow,61,85
2026-06-01,green,85,101
2026-06-01,insufficient_signal,101,
"""
BROKEN_PLAYBOOKS = """band,valid_from,playbook,priority,owner_role,due_hours
purple,2000-01-01,call,P0,csm,24
red,2000-01-01,call,P0,boss,0
"""
BROKEN_RENEWALS = """renewal_status,valid_from,score
open,2000-01-01,60
Open,2000-01-01,61
lost,2000-01-01,-1
"""
BROKEN_OVERRIDES = """account_ref,band,author,reason,starts_at,expires_at
A,mauve,LK,Because,2026-06-01,2026-07-01
A,green,LK,,2026-06-15,2026-07-15
B,green,LK,Because,2026-06-15,2026-06-01
"""


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> Days:
    """The company's builds of two months, one after the other."""
    project = Project.copy_of_repository(tmp_path_factory.mktemp("health") / "project")
    land(project)
    run = ["run", "--select", *DAILY]
    everything = ["build", "--select", *(f"+{mart}" for mart in HEALTH), *NO_TESTS]
    log = ["run", "--select", "int_health__band_changes", "health_actions"]
    policy = {
        "health_scorecards.csv": SCORECARDS,
        "health_signals.csv": SIGNALS.format(score_100_at=100),
        "health_overrides.csv": OVERRIDES,
    }
    # at_risk becomes yellow, by an edit that should have been a new version
    edited = {"health_signals.csv": SIGNALS.format(score_100_at=25) + NEW_DATED_VERSION}
    broken = {
        "health_scorecards.csv": BROKEN_SCORECARDS,
        "health_signals.csv": BROKEN_SIGNALS,
        "health_bands.csv": BROKEN_BANDS,
        "playbooks.csv": BROKEN_PLAYBOOKS,
        "renewal_status_scores.csv": BROKEN_RENEWALS,
        "health_overrides.csv": BROKEN_OVERRIDES,
    }
    claims = ["assert_*health*", "assert_*band*"]
    steps = [
        build("may", "2026-05-31", everything, policy),
        build("june_15", "2026-06-15", run),
        build("june_15_again", "2026-06-15", log),
        build("june_22", "2026-06-22", run),
        build("june_30", "2026-06-30", run),
        build("back_to_june_15", "2026-06-15", run),
        build(
            "edited",
            "2026-06-30",
            ["build", "--select", "health_signals", *DAILY, *NO_TESTS],
            edited,
        ),
        build("edited_again", "2026-06-30", log),
        build("claims", "2026-06-30", ["test", "--select", *claims]),
        build("rebuilt", "2026-06-30", [*log, "--full-refresh"]),
        build("no_window", "2026-06-30", log, succeeds=False, signal_window_days={"usage": 7}),
        build(
            "broken",
            "2026-06-30",
            ["build", "--select", "+int_policy__violations", *NO_TESTS],
            broken,
            succeeds=False,
        ),
    ]
    project.write("steps.json", json.dumps(steps))
    outcome = project.run([sys.executable, "-c", BUILDS])
    if not outcome.ok:
        pytest.fail(f"The builds failed:\n{outcome.output[-8000:]}", pytrace=False)
    return Days(project, outcome)


def test_entering_a_band_opens_its_playbook(days: Days) -> None:
    (plan,) = days.actions("may", "Steady")
    # the history begins with the account
    assert plan["opened_at"] == datetime(2026, 4, 30)
    assert (plan["band"], plan["playbook"], plan["owner_id"]) == (
        "yellow",
        "health_improvement_plan",
        "csm",
    )
    assert (plan["due_at"], plan["status"]) == (datetime(2026, 5, 7), "past_due")

    plan, alert = days.actions("june_15", "Falls")
    assert (plan["status"], plan["closed_at"]) == ("closed", datetime(2026, 6, 15))
    assert (alert["playbook"], alert["priority"], alert["owner_id"]) == ("p0_alert", "P0", "lead")
    assert (alert["opened_at"], alert["due_at"]) == (datetime(2026, 6, 15), datetime(2026, 6, 16))
    assert (alert["status"], alert["closed_at"]) == ("open", None)


def test_a_day_built_twice_opens_nothing_twice(days: Days) -> None:
    log = "select * from intermediate.int_health__band_changes order by all"
    assert days.query("june_15_again", log) == days.query("june_15", log)
    assert days.actions("june_15_again") == days.actions("june_15")


def test_what_was_opened_stays_opened_on_its_day(days: Days) -> None:
    fixed = ("account_id", "band", "playbook", "opened_at", "due_at")
    seen: dict[str, list[object]] = {}
    for name in ("may", "june_15", "june_22", "june_30", "edited", "edited_again"):
        actions = {
            row["action_id"]: [row[column] for column in fixed] for row in days.actions(name)
        }
        assert seen.items() <= actions.items(), name
        seen = actions
    (still,) = (row for row in days.actions("june_30", "Steady"))
    assert (still["opened_at"], still["status"]) == (datetime(2026, 4, 30), "past_due")


def test_leaving_closes_and_coming_back_opens_another_action(days: Days) -> None:
    first = next(row for row in days.actions("june_22", "Falls") if row["band"] == "red")
    assert (first["status"], first["closed_at"]) == ("closed", datetime(2026, 6, 22))
    alerts = [row for row in days.actions("june_30", "Falls") if row["band"] == "red"]
    assert [row["opened_at"] for row in alerts] == [datetime(2026, 6, 15), datetime(2026, 6, 30)]
    assert len({row["action_id"] for row in alerts}) == 2
    assert [row["status"] for row in alerts] == ["closed", "open"]

    (left,) = days.actions("june_22", "Leaves")
    assert (left["band"], left["status"], left["closed_at"]) == (
        "red",
        "closed",
        datetime(2026, 6, 22),
    )


def test_a_build_of_an_earlier_day_notices_nothing(days: Days) -> None:
    log = "select * from intermediate.int_health__band_changes order by all"
    assert days.query("back_to_june_15", log) == days.query("june_30", log)
    assert days.actions("back_to_june_15") == days.actions("june_15")


def test_an_edited_weight_is_another_version_and_mutes_its_run(days: Days) -> None:
    before, after = days.health("june_30", "Falls"), days.health("edited", "Falls")
    assert before[-1]["health_band"] == "red"
    assert after[-1]["health_band"] == "yellow"
    assert {row["scorecard_version"] for row in before}.isdisjoint(
        row["scorecard_version"] for row in after
    )

    ids = {row["action_id"] for row in days.actions("june_30")}
    for name in ("edited", "edited_again"):
        actions = days.actions(name)
        assert {row["action_id"] for row in actions} == ids
        assert not [row for row in actions if row["band"] == "red" and row["status"] != "closed"]
    muted = days.query(
        "edited",
        "select account_id, noticed_on from intermediate.int_health__band_changes where is_muted",
    )
    assert {row["noticed_on"] for row in muted} == {date(2026, 6, 30)}
    assert {"Falls", "Judged", "Small"} <= {row["account_id"] for row in muted}


def test_a_dated_version_restates_no_earlier_period(days: Days) -> None:
    before, after = days.health("june_30", "Small"), days.health("edited", "Small")
    assert after[:-1] == before[:-1]
    assert len(after) > 1
    assert (before[-1]["health_score"], after[-1]["health_score"]) == (60, 100)
    assert after[-1]["scorecard_version"].startswith("2026-06-30 ")
    assert after[-1]["scorecard"] == "small_business"
    assert after[-1]["is_version_change"]
    assert not after[-1]["is_band_entry"]


def test_full_refresh_writes_the_log_from_the_period_ends(days: Days) -> None:
    periods = {row["period_end"] for row in days.query("rebuilt", "from intermediate.int_periods")}
    log = days.query("rebuilt", "from intermediate.int_health__band_changes")
    assert {row["noticed_on"] for row in log} <= periods
    assert {row["account_id"] for row in log} == {
        row["account_id"] for row in days.query("edited", "from marts.account_health_latest")
    }


def test_an_override_counts_beside_the_score_until_it_expires(days: Days) -> None:
    judged = days.health("june_15", "Judged")[-1]
    assert (judged["health_score"], judged["health_band"]) == (20, "red")
    assert (judged["reported_band"], judged["override_reason"]) == (
        "green",
        "The new sponsor signed",
    )
    expired = days.health("june_22", "Judged")[-1]
    assert (expired["reported_band"], expired["override_reason"]) == ("red", None)
    assert [(row["band"], row["status"]) for row in days.actions("june_22", "Judged")] == [
        ("red", "closed"),
        ("green", "closed"),
        ("red", "open"),
    ]
    assert days.query(
        "may",
        "select account_ref, quarantine_reason from intermediate.int_health__overrides_checked",
    ) == [
        {"account_ref": "Judged", "quarantine_reason": None},
        {"account_ref": "Nobody", "quarantine_reason": "unknown_account"},
    ]


def test_parents_see_their_children_and_rings_see_nobody(days: Days) -> None:
    parent = days.health("june_15", "Parent")[-1]
    assert (parent["child_accounts"], parent["children_arr"]) == (2, 400)
    assert parent["children_health_score"] == pytest.approx((300 * 100 + 100 * 20) / 400)
    assert (parent["worst_child_account_id"], parent["worst_child_score"]) == ("Grandchild", 20)
    assert parent["health_score"] == 60
    for ring in ("Ring1", "Ring2"):
        assert days.health("june_15", ring)[-1]["child_accounts"] == 0


def test_an_account_nobody_knows_anything_about_has_no_score(days: Days) -> None:
    silent = days.health("june_15", "Silent")[-1]
    assert (silent["health_score"], silent["score_low_bound"], silent["score_high_bound"]) == (
        None,
        0,
        100,
    )
    assert silent["reported_band"] == "insufficient_signal"
    assert days.actions("june_30", "Silent") == []


def test_a_window_that_is_missing_is_named(days: Days) -> None:
    assert "signal_window_days has no tickets" in days.printed("no_window")


@pytest.mark.parametrize(
    "message",
    [
        "health_scorecards.csv, default from 2026-06-01: the weights sum to 0.900000000000 and must sum to exactly 1",
        "health_scorecards.csv, default from 2026-06-01: the pillar loyalty is unknown",
        "health_scorecards.csv, default from 2026-06-01: the weight of service is missing or not above 0",
        "health_scorecards.csv, default: the scorecard default must be valid from the first period on",
        "health_scorecards.csv, Startup from 2000-01-01: the pillar voc stands more than once",
        "differs from Startup by case or blanks only",
        "health_scorecards.csv, default from 2026-06-01: the pillar service has no signal in health_signals.csv",
        "health_signals.csv, default from 2026-06-01 usage: the weights inside the pillar sum to 0.9",
        "health_signals.csv, default from 2026-06-01 karma: the signal is unknown",
        "health_signals.csv, default from 2026-06-01 depth: the signal stands more than once",
        "score_0_at (1.0) and score_100_at (1.0) are needed and must differ",
        "score_0_at (0.0) and score_100_at ((empty)) are needed and must differ",
        "the scorecard nobody is not in health_scorecards.csv",
        "health_signals.csv, default: the signals of default must be valid from the first period on",
        "health_bands.csv, red from 2026-06-01: it ends at 60.000000 and the next band, yellow, begins at 61.000000",
        "health_bands.csv, green from 2026-06-01: score_from must be below score_below, and edges lie above 0",
        "insufficient_signal is what an account without a band is called",
        "health_bands.csv, all: bands must be valid from the first period on",
        "playbooks.csv, purple call from 2000-01-01: the band is not in health_bands.csv",
        "playbooks.csv, red call: no field can be empty, owner_role takes csm or csm_lead",
        "renewal_status_scores.csv, open: two scores begin on 2000-01-01",
        "renewal_status_scores.csv, lost: renewal_status, valid_from and a score from 0 to 100 are needed",
        "health_overrides.csv, A 2026-06-01 00:00:00: the band mauve is not in health_bands.csv",
        "health_overrides.csv, A 2026-06-15 00:00:00: no field of an override can be empty",
        "health_overrides.csv, A 2026-06-15 00:00:00: it overlaps the one of 2026-06-01 00:00:00",
        "health_overrides.csv, B 2026-06-15 00:00:00: it expires at 2026-06-01 00:00:00, before it starts",
    ],
)
def test_a_broken_health_policy_is_named(days: Days, message: str) -> None:
    assert message in days.printed("broken")


def test_a_new_signal_is_one_row_and_one_column(days: Days, tmp_path: Path) -> None:
    """The steps of CONTRIBUTING.md, as it gives them."""
    guide = (REPOSITORY / "CONTRIBUTING.md").read_text()
    section = guide.split("## A new health signal")[1].split("\n## ")[0]
    column, described, row = (
        re.search(rf"```{kind}\n(.*?) *```", section, re.S)[1] for kind in ("sql", "yaml", "csv")
    )
    project = Project(tmp_path / "project")
    shutil.copytree(days.project.root, project.root, ignore=shutil.ignore_patterns("*.duckdb"))
    shutil.copy(days.project.root / "june_30.duckdb", project.database)

    folder = "models/marts/health/workings"
    model = project.root / folder / "int_health__signal_values.sql"
    project.write(
        f"{folder}/int_health__signal_values.sql",
        model.read_text().replace(
            "    service.ticket_surge,\n", f"{column}    service.ticket_surge,\n", 1
        ),
    )
    contract = project.root / folder / "_int_health__signals.yml"
    first = "      - name: active_seat_rate\n"
    project.write(
        f"{folder}/_int_health__signals.yml",
        contract.read_text().replace(first, described + first, 1),
    )
    for seed in ("health_bands", "playbooks", "renewal_status_scores"):
        shutil.copy(REPOSITORY / "seeds/policy" / f"{seed}.csv", project.root / "seeds/policy")
    project.write("seeds/policy/health_overrides.csv", OVERRIDES)
    project.write("seeds/policy/health_scorecards.csv", SCORECARDS)
    project.write(
        "seeds/policy/health_signals.csv",
        SIGNALS.format(score_100_at=100).replace(",renewal_status,1,", ",renewal_status,0.9,", 1)
        + row,
    )
    changed = ["health_scorecards", "health_signals", "health_overrides"]
    outcome = project.dbt(
        *("build", "--select", *changed, "int_policy__*", "int_health__*", *HEALTH, *NO_TESTS),
        variables={**VARIABLES, "as_of_date": "2026-06-30"},
    )
    assert outcome.ok, outcome.output
    name = row.split(",")[3]
    (signal,) = project.query(
        "select * from marts.account_health_signals"
        f" where account_id = 'Steady' and signal = '{name}' and period_end = date '2026-06-30'"
    )
    assert signal["signal_value"] is not None
    assert signal["contribution"] == pytest.approx(0.1 * signal["signal_score"])
