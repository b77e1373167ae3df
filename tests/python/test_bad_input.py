"""Settings, policy and landed tables that are wrong: one clear error each, and no mart touched."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from harness import NO_TESTS, Outcome, Project

ONLY_GENERIC = {
    "voc_demo": False,
    "as_of_date": "2026-06-30",
    **{
        f"{domain}_vendors": ["generic"] if domain in ("survey", "crm") else []
        for domain in ("survey", "crm", "support", "usage", "billing", "employee")
    },
}


def assert_stopped(outcome: Outcome, *words: str) -> None:
    """The run failed, says all the words, and never built a mart."""
    assert not outcome.ok, outcome.output
    for word in words:
        assert word in outcome.output, outcome.output
    assert "Traceback" not in outcome.output, outcome.output
    assert "OK created sql table model marts." not in outcome.output, outcome.output


@pytest.fixture(scope="module")
def broken(
    demo: Project, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str, Callable[[str], str]], tuple[Project, Outcome]]:
    """Change one file of the built demo and build again, all of it or what is selected."""

    def build(path: str, change: Callable[[str], str], *only: str) -> tuple[Project, Outcome]:
        project = demo.fork(tmp_path_factory.mktemp("broken") / "project")
        file = project.root / path
        text = file.read_text(encoding="utf-8")
        assert change(text) != text
        file.write_text(change(text), encoding="utf-8")
        return project, project.dbt("build", *NO_TESTS, *only)

    return build


POLICY_FAULTS = {
    "weights that sum to 0.9": (
        "role_weights.csv",
        lambda text: text.replace(
            "default,2000-01-01,manager,2,0.30", "default,2000-01-01,manager,2,0.20"
        ),
        ["seeds/policy/role_weights.csv", "default from 2000-01-01", "sum to 0.9", "exactly 1"],
    ),
    "weights that sum to a hair more than 1": (
        "role_weights.csv",
        lambda text: text.replace(
            "default,2000-01-01,manager,2,0.30", "default,2000-01-01,manager,2,0.300000001"
        ),
        ["default from 2000-01-01", "exactly 1"],
    ),
    "an unknown role in a scheme": (
        "role_weights.csv",
        lambda text: text.replace(
            "small_business,2000-01-01,user", "small_business,2000-01-01,wizard"
        ),
        ["small_business from 2000-01-01", "wizard", "unknown"],
    ),
    "an unknown role in a title rule": (
        "title_roles.csv",
        lambda text: text + "99990,title,word,zookeeper,wizard\n",
        ["seeds/policy/title_roles.csv", "rule 99990", "wizard"],
    ),
    "a title rule that an earlier one always beats": (
        "title_roles.csv",
        lambda text: text + "99990,title,word,director of zoos,decision_maker\n",
        ["rule 99990", "overlaps", "director"],
    ),
    "two title rules in one place": (
        "title_roles.csv",
        lambda text: text + "20,title,word,zookeeper,user\n",
        ["rule_order 20", "neither comes first"],
    ),
    "a question without a scale": (
        "survey_questions.csv",
        lambda text: text + "qualtrics,SV_new,QID1,csat,transactional,training,,,true,\n",
        ["seeds/policy/survey_questions.csv", "SV_new", "scale"],
    ),
    "a question of an unknown touchpoint": (
        "survey_questions.csv",
        lambda text: text + "qualtrics,SV_new,QID1,csat,transactional,moon_landing,1,5,true,4\n",
        ["SV_new", "moon_landing", "touchpoints.csv"],
    ),
    "a touchpoint of an unknown stage": (
        "touchpoints.csv",
        lambda text: text + "moon_landing,Moon landing,space,csat,Support\n",
        ["seeds/policy/touchpoints.csv", "moon_landing", "space"],
    ),
}


def test_broken_policy_stops_the_run_before_any_mart(broken: Callable) -> None:
    file, change, words = POLICY_FAULTS["weights that sum to 0.9"]
    project, outcome = broken(f"seeds/policy/{file}", change)
    assert_stopped(outcome, "The policy seeds break", *words)
    # yesterday's marts are there and can be read
    assert project.value("select count(*) from marts.account_nps") > 0


@pytest.mark.parametrize("fault", POLICY_FAULTS, ids=list(POLICY_FAULTS))
def test_each_fault_of_the_policy_is_named(broken: Callable, fault: str) -> None:
    file, change, words = POLICY_FAULTS[fault]
    _, outcome = broken(f"seeds/policy/{file}", change, "--select", "+int_policy__violations")
    assert_stopped(outcome, "The policy seeds break", *words)


SETTING_FAULTS = {
    "as_of_date that is no date": (
        {"as_of_date": "yesterday"},
        ["as_of_date", "'yesterday'", "YYYY-MM-DD"],
    ),
    "as_of_date that does not exist": ({"as_of_date": "2026-02-30"}, ["as_of_date", "2026-02-30"]),
    "unknown time zone": (
        {"reporting_timezone": "Mars/Olympus"},
        ["reporting_timezone", "Mars/Olympus"],
    ),
    "currency that is no code": ({"reporting_currency": "US'D"}, ["reporting_currency", "US'D"]),
    "no survey vendor": ({"survey_vendors": []}, ["survey_vendors is empty"]),
    "vendors that are no list": ({"usage_vendors": "pendo"}, ["usage_vendors", "takes a list"]),
    "history that is no number": ({"history_months": "two"}, ["history_months", "whole number"]),
    "look back over no day": ({"usage_lookback_days": 0}, ["usage_lookback_days", "whole number"]),
    "coverage above 1": (
        {"min_role_weight_coverage": 50},
        ["min_role_weight_coverage", "from 0 to 1"],
    ),
    "figures of one employee": (
        {"anonymity_min_n": 1},
        ["anonymity_min_n is '1'", "a whole number from 2"],
    ),
    "days in no order": ({"landed_day_order": {"generic": "dmy"}}, ["'dmy'", "day_first"]),
    "unknown vendor": ({"survey_vendors": ["qualtrix"]}, ["qualtrix"]),
}


@pytest.mark.parametrize("fault", SETTING_FAULTS, ids=list(SETTING_FAULTS))
def test_wrong_settings_stop_the_run(project: Project, fault: str) -> None:
    variables, words = SETTING_FAULTS[fault]
    assert_stopped(project.dbt("build", *NO_TESTS, variables=variables), *words)


@pytest.mark.parametrize(
    ("salt", "words"),
    [("", ["VOC_HASH_SALT is not set"]), ("too-short-a-key", ["VOC_HASH_SALT is only 15"])],
)
def test_without_a_salt_nobody_is_hashed(project: Project, salt: str, words: list[str]) -> None:
    """Not one view: the run stops before it. The message shows how to make a salt, never the salt."""
    project.land("generic", "accounts", {"account_id": "varchar"}, [("A",)])
    outcome = project.dbt(
        "build", *NO_TESTS, variables=ONLY_GENERIC, environment={"VOC_HASH_SALT": salt}
    )
    assert_stopped(outcome, *words, "secrets.token_hex(32)")
    assert not salt or salt not in outcome.output
    assert project.query("select * from duckdb_views() where schema_name = 'staging'") == []


def test_a_vendor_without_tables_is_named_with_what_to_land(project: Project) -> None:
    outcome = project.dbt("build", *NO_TESTS, variables=ONLY_GENERIC)
    assert_stopped(
        outcome,
        "'generic' is listed in survey_vendors, crm_vendors",
        "generic_schema",
        "Land at least one of",
    )


def test_a_table_without_its_key_is_named(project: Project) -> None:
    project.land("generic", "accounts", {"id": "varchar"}, [("A",)])
    outcome = project.dbt("build", *NO_TESTS, variables=ONLY_GENERIC)
    assert not outcome.ok
    assert "no column account_id" in outcome.output
    assert "landed_aliases: {generic__accounts: {account_id: your_column}}" in outcome.output
    assert "marts.account_nps" not in outcome.output.replace("SKIP relation marts.account_nps", "")
    aliases = {"landed_aliases": {"generic__accounts": {"account_id": "id"}}}
    outcome = project.dbt("build", *NO_TESTS, variables={**ONLY_GENERIC, **aliases})
    assert outcome.ok, outcome.output
    assert project.query("select account_id from marts.dim_accounts") == [{"account_id": "A"}]


def test_landed_types_and_names_may_be_odd(project: Project, tmp_path: Path) -> None:
    """Numbers as text, epochs, offsets, booleans as letters, names in any case: right or set aside."""
    project.land(
        "generic",
        "accounts",
        {
            "ACCOUNTID": "double",
            "Account Name": "varchar",
            "is_key_account": "varchar",
            "arr": "varchar",
            "created_at": "bigint",
        },
        [(1.0, "x", "Y", "1200.50", 1767225600), (2.0, "y", "no", "1.200,50", 1767225600000)],
    )
    project.land(
        "generic",
        "survey_responses",
        {
            "response_id": "integer",
            "metric": "varchar",
            "raw_score": "varchar",
            "responded_at": "varchar",
            "account_ref": "integer",
            "respondent_email": "varchar",
        },
        [
            (1, "nps", " 9 ", "2026-06-01T00:30:00+02:00", 1, "a@x.example"),
            (2, "nps", "7.0", "1767225600", 1, "b@x.example"),
            (3, "nps", "8", "1767225600000", 1, "c@x.example"),
            (4, "nps", "8", "2026-02-30", 1, "d@x.example"),
            (5, "nps", "8,5", "2026-06-01", 1, "e@x.example"),
            (6, "nps", "8", "2026-06-01 10:00:00", 2, "f@x.example"),
        ],
    )
    outcome = project.dbt("build", *NO_TESTS, variables=ONLY_GENERIC)
    assert outcome.ok, outcome.output
    assert project.query(
        "select account_id, is_key_account, cast(arr as double) as arr from marts.dim_accounts"
        " order by 1"
    ) == [
        {"account_id": "1", "is_key_account": True, "arr": 1200.5},
        {"account_id": "2", "is_key_account": False, "arr": None},
    ]
    answers = project.query(
        "select response_id, raw_score, cast(responded_at as varchar) as at from marts.fct_survey_responses order by 1"
    )
    assert answers == [
        {"response_id": "1", "raw_score": 9.0, "at": "2026-05-31 22:30:00"},
        {"response_id": "2", "raw_score": 7.0, "at": "2026-01-01 00:00:00"},
        {"response_id": "3", "raw_score": 8.0, "at": "2026-01-01 00:00:00"},
        {"response_id": "6", "raw_score": 8.0, "at": "2026-06-01 10:00:00"},
    ]
    set_aside = project.query(
        "select entity, record_id, reason from marts.quarantined_records order by 1, 2"
    )
    assert set_aside == [
        {"entity": "account_attributes", "record_id": "2", "reason": "unparseable_value"},
        {"entity": "responses", "record_id": "4", "reason": "unparseable_value"},
        {"entity": "responses", "record_id": "5", "reason": "score_not_a_number"},
    ]
