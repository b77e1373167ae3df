"""Quarantine: every landed row that breaks a rule is found again, with vendor, key and reason."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from harness import HASH_SALT, NO_TESTS, Project

VARIABLES = {
    "voc_demo": False,
    "as_of_date": "2026-06-30",
    "survey_vendors": ["qualtrics", "zendesk"],
    "crm_vendors": ["salesforce"],
    "support_vendors": ["zendesk", "salesforce"],
    "usage_vendors": ["pendo"],
    "billing_vendors": ["stripe"],
    "employee_vendors": ["generic"],
}
DAY = "2026-06-02 00:00:00"
LATER = "2026-06-03 00:00:00"

#: Schema -> table -> rows as text; what a row leaves out is null. Rows that are set aside stand in
#: SET_ASIDE; the others are sound, or are no records of their own.
LANDED: Mapping[str, Mapping[str, Sequence[Mapping[str, str]]]] = {
    "salesforce": {
        "account": [
            {"id": "A", "is_deleted": "false"},
            {"id": "in the bin", "is_deleted": "true"},
        ],
        "contact": [
            {"id": "C1", "account_id": "A"},
            {"id": "C2", "account_id": "A", "master_record_id": "nobody", "is_deleted": "true"},
            {"id": "C3", "account_id": "A", "master_record_id": "C4", "is_deleted": "true"},
            {"id": "C4", "account_id": "A", "master_record_id": "C3", "is_deleted": "true"},
        ],
        "opportunity": [
            {"id": "O1", "account_id": "A", "created_date": DAY},
            {"id": "O1", "account_id": "A", "created_date": DAY},
        ],
        "opportunity_contact_role": [
            {"contact_id": "C1", "opportunity_id": "O1", "role": "Buyer"},
            {"contact_id": "C1", "opportunity_id": "O1"},
        ],
        "task": [
            {"id": "with a lead", "who_id": "00Q1", "status": "Completed", "created_date": DAY},
            {"id": "planned", "account_id": "A", "status": "Open"},
            {"id": "a stranger", "who_id": "0031", "status": "Completed", "created_date": DAY},
            {"id": "done some day", "account_id": "A", "status": "Completed"},
        ],
        "root_cause_analysis_c": [
            {"id": "of an answer", "response_id_c": "S1:Q1", "created_date": DAY},
            {"id": "of none", "response_id_c": "S405", "created_date": DAY},
        ],
        "case": [{"id": "K1", "created_date": DAY, "is_deleted": "true"}],
        "case_history": [
            {"id": "h1", "case_id": "K1", "field": "Status", "created_date": LATER},
            {"id": "h2", "case_id": "K404", "field": "Status", "created_date": LATER},
            {"id": "h3", "case_id": "K1", "created_date": LATER},
        ],
    },
    "zendesk": {
        "ticket": [
            {"id": "1", "priority": "normal", "created_at": DAY},
            {"id": "2", "priority": "normal", "created_at": DAY},
        ],
        "ticket_field_history": [
            {"ticket_id": "1", "field_name": "status", "value": "open", "updated": LATER},
            {"ticket_id": "1", "field_name": "subject", "value": "x", "updated": LATER},
            {"ticket_id": "1", "value": "open", "updated": LATER},
        ],
        "sla_policy_metric_history": [
            {
                **{"sla_policy_id": "p1", "sla_policy_updated_at": DAY},
                **{"metric": "first_reply_time", "priority": "normal", "target": "60"},
            }
        ],
        "ticket_sla_policy": [
            {"ticket_id": "1", "sla_policy_id": "p1", "policy_applied_at": DAY},
            {"ticket_id": "1", "sla_policy_id": "p404", "policy_applied_at": LATER},
            {"ticket_id": "404", "sla_policy_id": "p1", "policy_applied_at": DAY},
            {"ticket_id": "2", "sla_policy_id": "p1"},
        ],
        "satisfaction_rating": [
            {"id": "5", "ticket_id": "1", "score": "good", "created_at": LATER},
            {"id": "6", "ticket_id": "1", "score": "unoffered", "created_at": LATER},
            {"id": "7", "ticket_id": "1", "created_at": LATER},
        ],
        "ticket_csat_survey": [{"survey_response_id": "s1", "ticket_id": "2", "created_at": DAY}],
        "csat_survey_answer": [
            {"survey_response_id": "s1", "question_id": "q", "rating": "5", "created_at": LATER},
            {"survey_response_id": "s404", "question_id": "q", "rating": "5", "created_at": LATER},
            {"survey_response_id": "s1", "question_id": "r", "rating": "?", "created_at": LATER},
        ],
        "schedule": [{"id": "1", "time_zone": "UTC", "start_time": "0", "end_time": "60"}],
        "schedule_holiday": [
            {"id": "h", "schedule_id": "1", "start_date": "2026-06-05"},
            {"id": "h", "schedule_id": "404", "start_date": "2026-06-05"},
        ],
        "user": [{"id": "9", "role": "agent"}, {"role": "agent"}, {"id": "8", "role": "end-user"}],
        "group": [{"id": "g", "name": "Desk"}, {"name": "Nameless"}, {"name": "Lost"}],
    },
    "qualtrics": {
        "survey_response": [
            {"id": "S1", "survey_id": "SV", "end_date": LATER},
            {"id": "S2", "survey_id": "SV", "end_date": LATER, "_fivetran_deleted": "true"},
        ],
        "question": [{"id": "Q1", "survey_id": "SV", "selector": "NPS"}],
        "question_response": [
            {"response_id": "S1", "question_id": "Q1", "value": "9"},
            {"response_id": "S1", "question_id": "QTEXT", "text": "fine"},
            {"response_id": "S2", "question_id": "Q1", "value": "9"},
            {"response_id": "S404", "question_id": "Q1", "value": "9"},
            {"response_id": "S1", "value": "9"},
        ],
        "distribution": [{"id": "d1", "survey_id": "SV", "send_date": DAY}],
        "distribution_contact": [
            {"distribution_id": "d1", "contact_id": "p1"},
            {"distribution_id": "d1"},
            {"distribution_id": "d1"},
        ],
        "directory_contact": [{"id": "p1"}],
        "core_contact": [{"id": "p1"}],
    },
    "pendo": {
        "feature_history": [
            {"id": "f1", "last_updated_at": DAY},
            {"id": "f1", "last_updated_at": LATER, "name": "copy"},
            {"id": "f1", "last_updated_at": LATER, "name": "copy"},
            {"id": "f2", "last_updated_at": DAY},
            {"id": "f2", "last_updated_at": "soon"},
        ],
        "account_history": [{"id": "A", "last_updated_at": DAY}],
        "visitor_history": [{"id": "v", "account_id": "A", "last_updated_at": DAY}],
        "event": [
            {"account_id": "A", "visitor_id": "v", "timestamp": DAY, "num_events": "10"},
            {"account_id": "A404", "visitor_id": "v", "timestamp": DAY, "num_events": "1"},
        ],
        "feature_event": [
            {
                **{"account_id": "A", "visitor_id": "v", "timestamp": DAY},
                **{"feature_id": "f1", "num_events": "3"},
            },
            {"account_id": "A", "visitor_id": "v", "timestamp": DAY, "num_events": "2"},
        ],
    },
    "stripe": {
        "customer": [{"id": "cus", "metadata_account_id": "A"}],
        "subscription_history": [
            {"id": "sub1", "customer_id": "cus", "status": "active", "start_date": DAY},
            {"id": "sub2", "customer_id": "cus", "status": "active", "start_date": DAY},
        ],
        "subscription_item": [
            {"id": "si1", "subscription_id": "sub1", "price_id": "pr1", "quantity": "1"},
            {"id": "si2", "subscription_id": "sub2", "price_id": "pr2", "quantity": "1"},
            {"id": "si3", "subscription_id": "sub404", "price_id": "pr1", "quantity": "1"},
        ],
        "price": [
            {"id": "pr1", "unit_amount": "1000", "currency": "usd", "recurring_interval": "month"},
            {"id": "pr2", "unit_amount": "free", "currency": "usd", "recurring_interval": "month"},
        ],
    },
    "generic": {
        "teams": [
            {"team_id": "T1", "team_name": "Head", "parent_team_id": "Nowhere"},
            {"team_id": "T2", "team_name": "Desk", "parent_team_id": "head"},
        ],
        "employees": [
            {"employee_id": "E1", "team_id": "T1", "valid_from": DAY},
            {"team_id": "T1", "valid_from": DAY},
            {"team_id": "T2", "valid_from": DAY},
        ],
    },
}

#: (vendor, domain, entity, key) -> reason: nothing more and nothing less is set aside.
SET_ASIDE = {
    ("salesforce", "crm", "contact_merges", "C2"): "unknown_contact",
    ("salesforce", "crm", "contact_merges", "C3"): "merge_cycle",
    ("salesforce", "crm", "contact_merges", "C4"): "merge_cycle",
    ("salesforce", "crm", "opportunities", "O1#2"): "duplicate_key",
    ("salesforce", "crm", "activities", "done some day"): "missing_time",
    ("salesforce", "crm", "root_cause_analyses", "of none"): "unknown_response",
    ("salesforce", "support", "ticket_events", "h2"): "unknown_ticket",
    ("salesforce", "support", "ticket_events", "h3"): "missing_key",
    ("zendesk", "support", "ticket_events", "(missing)#1"): "missing_key",
    (
        *("zendesk", "support", "ticket_sla_targets"),
        f"1 (missing) {LATER}",
    ): "unknown_sla_policy",
    ("zendesk", "support", "ticket_sla_targets", f"404 (missing) {DAY}"): "unknown_ticket",
    ("zendesk", "support", "ticket_sla_targets", "2 (missing) (missing)"): "missing_time",
    ("zendesk", "survey", "responses", "7"): "missing_score",
    ("zendesk", "survey", "responses", "s404-q"): "unknown_survey",
    ("zendesk", "survey", "responses", "s1-r"): "score_not_a_number",
    ("zendesk", "support", "schedule_holidays", "h of 404"): "unknown_schedule",
    ("zendesk", "support", "agents", "(missing)#1"): "missing_key",
    ("zendesk", "support", "support_teams", "(missing)#1"): "missing_key",
    ("zendesk", "support", "support_teams", "(missing)#2"): "missing_key",
    ("qualtrics", "survey", "responses", "S404:Q1"): "unknown_survey",
    ("qualtrics", "survey", "responses", "(missing)#1"): "missing_key",
    ("qualtrics", "survey", "invitations", "(missing)#1"): "missing_key",
    ("qualtrics", "survey", "invitations", "(missing)#2"): "missing_key",
    ("pendo", "usage", "features", "f1#2"): "duplicate_key",
    ("pendo", "usage", "features", "f2#2"): "duplicate_key",
    ("pendo", "usage", "usage_days", "(missing) on 2026-06-02"): "missing_key",
    ("pendo", "usage", "usage_days", "A404|v|2026-06-02|"): "unknown_account",
    ("stripe", "billing", "subscriptions", "sub2##1##si2"): "unparseable_value",
    ("stripe", "billing", "subscriptions", "sub404##0##si3"): "unknown_subscription",
    ("generic", "employee", "team_parents", "T1"): "unknown_employee_team",
    ("generic", "employee", "employees", f"(missing) in T1 from {DAY}"): "missing_key",
    ("generic", "employee", "employees", f"(missing) in T2 from {DAY}"): "missing_key",
}


#: Entities whose keys name persons.
OF_PEOPLE = {"contact_merges", "usage_days", "employees"}


def hashed(value: str) -> str:
    """The key of a person as the public may see it."""
    inner = hashlib.sha256((HASH_SALT + value).encode()).hexdigest()
    return hashlib.sha256((HASH_SALT + inner).encode()).hexdigest()[:32]


def public(key: tuple[str, str, str, str]) -> tuple[str, str, str, str]:
    """A key of SET_ASIDE as the mart has it."""
    *where, entity, record = key
    names_somebody = entity in OF_PEOPLE and not record.startswith("(missing)#")
    return (*where, entity, hashed(record) if names_somebody else record)


#: The claims that nothing is lost or doubled, from the landed tables to the marts.
CLAIMS = [
    "test_name:stages_every_landed_row",
    "test_name:conserves_rows",
    "assert_every_answer_of_qualtrics_is_staged",
    "assert_everybody_asked_by_qualtrics_is_staged",
    "assert_every_satisfaction_survey_is_staged",
    "assert_every_applied_sla_policy_is_staged",
    "assert_every_merged_row_of_salesforce_is_staged",
    "assert_every_subscription_and_item_of_stripe_is_staged",
    "assert_everything_known_to_pendo_is_staged",
    "assert_every_landed_usage_row_is_checked",
    "assert_every_parent_link_is_checked",
    "assert_every_sound_row_reaches_its_mart",
    "assert_every_usage_event_reaches_the_mart_or_quarantine",
    "assert_every_invoice_is_published_set_aside_or_not_billed",
    "assert_quarantine_conserves_rows",
]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The landed tables above, and what the core marts stand on, built once."""
    project = Project.copy_of_repository(tmp_path_factory.mktemp("quarantine") / "project")
    for schema, tables in LANDED.items():
        for table, rows in tables.items():
            columns = dict.fromkeys((name for row in rows for name in row), "varchar")
            project.land(schema, table, columns, rows)
    core = (
        "+path:models/core/public",
        "+path:models/audit/public",
        "+path:models/restricted",
        "int_crm__activities",
    )
    outcome = project.dbt("build", *NO_TESTS, "--select", *core, variables=VARIABLES)
    assert outcome.ok, outcome.output
    return project


def test_every_broken_row_is_found_with_its_vendor_key_and_reason(world: Project) -> None:
    rows = world.query("select * from marts.quarantined_records")
    found = {
        (row["source_vendor"], row["source_name"], row["entity"], row["record_id"]): row["reason"]
        for row in rows
    }
    assert len(found) == len(rows)
    assert found == {public(key): reason for key, reason in SET_ASIDE.items()}
    described = {
        row["reason"] for row in world.query("select reason from policy.quarantine_reasons")
    }
    assert set(found.values()) <= described
    payloads = {row["record_id"]: json.loads(row["payload"] or "null") for row in rows}
    # Whose answer it is nobody can tell, so it may be an employee's; and of a spell in a team the rest
    # would say whose it is.
    silent = {(row["entity"], row["record_id"]) for row in rows if not row["payload"]}
    employees = {(row["entity"], row["record_id"]) for row in rows if row["entity"] == "employees"}
    assert silent == employees | {
        *(("responses", "S404:Q1"), ("responses", "(missing)#1")),
        ("root_cause_analyses", "of none"),
    }
    assert payloads[hashed("C2")] == {
        "contact_id": hashed("C2"),
        "merged_into_contact_id": hashed("nobody"),
    }


def test_what_is_set_aside_leaves_the_rest_as_it_is(world: Project) -> None:
    """Links are set aside without those they link; nothing that was doubled counts twice."""
    assert world.value("select count(*) from marts.dim_contacts where is_in_crm") == 4
    assert world.value("select count(*) from intermediate.int_crm__contact_roles_checked") == 1
    assert world.value("select sum(events) from marts.fct_account_usage_days") == 10
    assert world.query("select response_id from marts.fct_survey_responses order by 1") == [
        {"response_id": "5"},
        {"response_id": "S1:Q1"},
        {"response_id": "s1-q"},
    ]
    assert world.value("select count(*) from marts.fct_survey_invitations") == 4


def test_the_claims_of_conservation_hold_and_can_fail(world: Project, tmp_path: Path) -> None:
    command = ["test", "--select", *CLAIMS]
    outcome = world.dbt(*command, variables=VARIABLES)
    assert outcome.ok, outcome.output

    losing = world.fork(tmp_path / "losing")
    thefts = {
        "models/staging/qualtrics/stg_qualtrics__survey_responses.sql": (
            "where sessions.is_deleted is not true",
            "where sessions.is_deleted is not true and sessions.survey_response_id is not null",
        ),
        "models/staging/zendesk/stg_zendesk__schedule_holidays.sql": (
            "{{ live_rows(holiday, keep_deleted=true) }}",
            "{{ live_rows(holiday, keep_deleted=true) }} and {{ field(holiday, 'schedule_id') }} = '1'",
        ),
        "models/core/crm/int_crm__opportunities_checked.sql": (
            "\nfrom checked\n",
            "\nfrom checked where copy_number = 1\n",
        ),
        "models/core/public/fct_survey_responses.sql": (
            "from responses\nleft join touchpoints",
            "from (select * from responses where source_vendor <> 'zendesk') as responses\nleft join touchpoints",
        ),
    }
    for path, (before, after) in thefts.items():
        text = (losing.root / path).read_text(encoding="utf-8")
        assert text.count(before) == 1, path
        losing.write(path, text.replace(before, after))
    changed = [Path(path).stem for path in thefts]
    outcome = losing.dbt("run", "--select", *changed, variables=VARIABLES)
    assert outcome.ok, outcome.output
    outcome = losing.dbt(*command, variables=VARIABLES)
    assert not outcome.ok
    for name in (
        "assert_every_answer_of_qualtrics_is_staged",
        "stages_every_landed_row_stg_zendesk__schedule_holidays",
        "conserves_rows_int_crm__opportunities_checked",
        "assert_every_sound_row_reaches_its_mart",
    ):
        assert f"Failure in test {name}" in outcome.output, (name, outcome.output)


def test_a_day_is_replaced_and_the_days_before_it_stay(world: Project) -> None:
    """The same run again changes nothing; what is mended the next day is still in the day before."""
    days = "select * from marts.quarantine_by_day order by all"
    first = world.query(days)
    totals = world.value("select sum(records) from marts.quarantine_by_day")
    assert totals == len(SET_ASIDE)
    assert {
        (row["records"], row["share_of_landed"]) for row in first if row["reason"] == "none"
    } == {(0, 0.0)}
    assert [row for row in first if row["entity"] == "opportunities"] == [
        {
            **{"quarantined_on": first[0]["quarantined_on"], "source_vendor": "salesforce"},
            **{"source_name": "crm", "entity": "opportunities", "reason": "duplicate_key"},
            **{"records": 1, "landed_records": 2, "share_of_landed": 0.5},
        }
    ]
    again = ["run", "--select", "int_audit__quarantine_counts", "quarantine_by_day"]
    assert world.dbt(*again, variables=VARIABLES).ok
    assert world.query(days) == first

    world.land(
        "zendesk",
        "schedule_holiday",
        dict.fromkeys(("id", "schedule_id", "start_date"), "varchar"),
        LANDED["zendesk"]["schedule_holiday"][:1],
    )
    mended = {**VARIABLES, "as_of_date": "2026-07-01"}
    assert world.dbt(*again, "--full-refresh", variables=mended).ok
    rows = world.query(days)
    assert [row for row in rows if str(row["quarantined_on"]) == "2026-06-30"] == first
    holidays = [
        (str(row["quarantined_on"]), row["reason"], row["records"], row["landed_records"])
        for row in rows
        if row["entity"] == "schedule_holidays"
    ]
    assert holidays == [
        ("2026-06-30", "unknown_schedule", 1, 2),
        ("2026-07-01", "none", 0, 1),
    ]
