"""What is planted in the demo about follow-ups, teams and money is found again in the marts."""

from __future__ import annotations

import json
from typing import Any

import pytest
from harness import REPOSITORY, Project

TRUTHS = json.loads((REPOSITORY / "demo" / "truths.json").read_text(encoding="utf-8"))["truths"]


def cases_of(demo: Project, truth: str) -> list[dict[str, Any]]:
    """The relationship cases of the sessions that a truth names."""
    sessions = TRUTHS[truth]["rows"]["qualtrics__survey_response.id"]
    found = demo.query(
        """
        select cases.* from marts.feedback_cases as cases
        inner join marts.fct_survey_responses as answers on cases.case_id = answers.response_id
        where cases.metric = 'nps' and list_contains(?, answers.survey_response_id)
        """,
        [sessions],
    )
    assert len(found) == len(sessions)
    return found


@pytest.mark.parametrize("kind", ["in_sla", "late", "never"])
def test_detractors_were_called_in_time_late_or_never(demo: Project, kind: str) -> None:
    expected = TRUTHS[f"detractors_followed_up_{kind}"]["expected"]
    for case in cases_of(demo, f"detractors_followed_up_{kind}"):
        assert {name: case[name] for name in expected} == expected, case["case_id"]


def test_machines_incoming_calls_and_plans_are_no_follow_up(demo: Project) -> None:
    cases = cases_of(demo, "detractors_with_false_follow_up")
    assert len(cases) >= 10
    assert {case["is_followed_up_in_sla"] for case in cases} == {False}


def test_the_follow_up_rate_is_the_planned_one(demo: Project) -> None:
    """Chance contacts add a little; anonymous detractors, whom nobody can call, take some away."""
    expected = TRUTHS["follow_up_rate"]["expected"]
    (known, anonymous) = (
        demo.query(
            "select count(is_followed_up_in_sla) as due, count(*) filter (is_followed_up_in_sla) as in_sla"
            " from marts.feedback_cases where metric = 'nps' and is_anonymous = ?",
            [is_anonymous],
        )[0]
        for is_anonymous in (False, True)
    )
    assert expected["in_sla"] <= known["in_sla"] <= 1.05 * expected["in_sla"]
    assert expected["due"] <= known["due"] <= 1.02 * expected["due"]
    assert anonymous["due"] > 0
    assert anonymous["in_sla"] == 0


def test_detractors_who_were_called_recover_more_often(demo: Project) -> None:
    (company,) = demo.query(
        "select * from marts.closed_loop_kpis where scope_type = 'company' and period_end = date '2026-06-30'"
    )
    assert company["re_surveyed"] >= 40
    assert company["re_surveyed_not_followed_up"] >= 10
    assert company["detractor_recovery_rate"] > company["recovery_rate_not_followed_up"] + 0.2
    assert company["recovery_rate_of_followed_up"] < company["detractor_recovery_rate"]


def test_departments_find_causes_in_time_as_planned(demo: Project) -> None:
    found = {
        row.pop("department"): row
        for row in demo.query(
            "select department, analyses_due, closed_in_target, overdue_open"
            " from marts.root_cause_timeliness where period_end = date '2026-06-30'"
        )
    }
    assert found == TRUTHS["root_cause_timeliness"]["expected"]


def test_the_worklist_starts_with_what_is_due_first(demo: Project) -> None:
    rows = demo.query("select * from marts.case_worklist order by rank")
    assert [row["rank"] for row in rows] == list(range(1, len(rows) + 1))
    order = [(row["due_at"], -(row["arr"] or -1), row["case_id"]) for row in rows]
    assert order == sorted(order)
    assert {row["next_step"] for row in rows} == {"follow_up", "close"}
    assert {row["is_overdue"] for row in rows} == {True, False}
    # Neglected accounts are on it: nobody ever called them.
    neglected = {f"001Vw0000000{number:03}IAA" for number in range(110, 125)}
    assert neglected & {row["account_id"] for row in rows if row["next_step"] == "follow_up"}


def test_engagement_leads_csat_by_two_months(demo: Project) -> None:
    lags = {
        row["lag_months"]: row
        for row in demo.query("select * from marts.voe_csat_lead_lag order by lag_months")
    }
    assert sorted(lags) == list(range(-6, 7))
    lead = TRUTHS["engagement_leads_csat"]["expected"]["lag_months"]
    assert max(lags, key=lambda lag: lags[lag]["correlation"]) == lead == 2
    assert lags[lead]["correlation"] > 1.2 * lags[lead]["threshold"]
    assert [lag for lag in lags if lags[lag]["is_beyond_threshold"]] == [lead]
    others = [abs(row["correlation"]) for lag, row in lags.items() if lag != lead]
    assert max(others) < lags[lead]["correlation"] / 1.5


def test_small_teams_are_hidden_and_take_the_next_smallest_along(demo: Project) -> None:
    truth = TRUTHS["teams_too_small_to_show"]
    small = truth["rows"]["generic__teams.team_id"]
    rows = demo.query("select * from marts.team_voe_csat where engagement_score is not null")
    assert rows
    assert not {row["team_id"] for row in rows} & {*small, *truth["expected"]["hidden_with_them"]}
    assert min(row["respondents"] for row in rows) >= 5
    hidden = demo.query("select distinct team_id from marts.team_voe_csat where is_suppressed")
    assert {*small, *truth["expected"]["hidden_with_them"]} <= {row["team_id"] for row in hidden}


def test_the_employee_who_changed_teams_left_nobody(demo: Project) -> None:
    truth = TRUTHS["employee_in_two_teams"]["expected"]
    heads = {
        (row["team_id"], str(row["period_end"])): row
        for row in demo.query("select * from marts.team_voe_csat")
    }
    for team in (truth["from"], truth["to"]):
        assert heads[team, "2026-01-31"]["leavers"] == heads[team, "2025-12-31"]["leavers"] == 0
    assert heads[truth["from"], "2025-12-31"]["headcount"] == (
        heads[truth["from"], "2026-01-31"]["headcount"] + 1
    )
    assert heads[truth["to"], "2026-01-31"]["headcount"] == (
        heads[truth["to"], "2025-12-31"]["headcount"] + 1
    )


def test_those_who_left_were_lost_as_revenue(demo: Project) -> None:
    """All planted churns lie in the twelve months; promoters kept more than detractors."""
    rows = {
        (row["scope_type"], row["scope_value"]): row
        for row in demo.query(
            "select * from marts.retention_by_voice where period_end = date '2026-06-30'"
        )
    }
    churned = TRUTHS["churned_accounts"]["rows"]["salesforce__account.id"]
    assert rows["company", "all"]["churned_accounts"] == len(churned)
    assert rows["nps_class", "promoter"]["grr"] > rows["nps_class", "detractor"]["grr"]
    assert rows["health_band", "green"]["grr"] > rows["health_band", "red"]["grr"]
