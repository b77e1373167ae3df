"""Attacks on hidden teams: what is published, totals, other months and marts must not tell them."""

from __future__ import annotations

import random
import re
from collections import defaultdict
from datetime import date, timedelta
from typing import NamedTuple

import duckdb
import numpy as np
import pytest
from harness import NO_TESTS, Project, keys_of_employees
from hypothesis import given, settings
from hypothesis import strategies as st

K = 5


class Team(NamedTuple):
    """A team of one month: its parent, how many answered, whether it is hidden."""

    parent: str
    respondents: int
    hidden: bool


Month = dict[str, Team]


def recoverable(month: Month, knows_parents: bool = True) -> list[frozenset[str]]:
    """Hidden groups that somebody can tell who knows the true total of the company, and of parents.

    Each total, less the teams that are shown, is one equation over the hidden teams. No team alone
    may follow from any combination of them, and no group of fewer than K people from any of them.
    A parent of which nothing is shown is left out: who knows its total was told it elsewhere.
    """
    hidden = sorted(name for name, team in month.items() if team.hidden)
    groups: dict[str, set[str]] = defaultdict(set)
    if any(not team.hidden for team in month.values()):
        groups["company"] = set(hidden)
    unshown = {team.parent for team in month.values()} - {
        team.parent for team in month.values() if not team.hidden
    }
    for name in hidden if knows_parents else ():
        groups[f"parent {month[name].parent}"].add(name)
    beyond_help = [set(groups[f"parent {parent}"]) for parent in unshown]
    equations = np.array([[float(name in each) for name in hidden] for each in groups.values()])
    told = [
        frozenset({name})
        for name, unit in zip(hidden, np.eye(len(hidden)), strict=True)
        if groups
        and np.linalg.matrix_rank(np.vstack([equations, unit])) == np.linalg.matrix_rank(equations)
    ]
    told += [
        frozenset(each)
        for each in groups.values()
        if each and sum(month[name].respondents for name in each) < K
    ]
    return [each for each in told if each not in beyond_help]


class Suppression:
    """The model int_employee__engagement_shown, as built, over any teams."""

    def __init__(self, demo: Project) -> None:
        sql = demo.value(
            "select sql from duckdb_views() where view_name = 'int_employee__engagement_shown'"
        )
        self.select = sql.split(" AS ", 1)[1].rstrip("; \n")
        self.select = re.sub(r"(\w+\.)?(intermediate|marts)\.", "", self.select)
        self.connection = duckdb.connect()

    def months(self, worlds: list[dict[str, tuple[str, int]]]) -> list[Month]:
        """Hide what has to be hidden in worlds of {team: (parent, respondents)}, one a month."""
        run = self.connection.execute
        run(
            "create or replace table dim_teams"
            " (team_id varchar, parent_team_id varchar, department varchar)"
        )
        run(
            "create or replace table int_employee__engagement (period_end date, team_id varchar,"
            " respondents bigint, engagement_score double)"
        )
        parents: dict[str, str] = {}
        rows = []
        for number, world in enumerate(worlds):
            for name, (parent, respondents) in world.items():
                parents[f"{number}/{name}"] = f"{number}/{parent}" if parent else ""
                rows.append(
                    (date(2000, 1, 1) + timedelta(days=number), f"{number}/{name}", respondents)
                )
        self.connection.executemany(
            "insert into dim_teams values (?, nullif(?, ''), null)",
            list(parents.items()),
        )
        self.connection.executemany(
            "insert into int_employee__engagement values (?, ?, ?, 50.0)", rows
        )
        months: list[Month] = [{} for _ in worlds]
        for day, team, parent, respondents, hidden in run(
            f"select period_end, team_id, family_key, respondents, is_hidden from ({self.select})"
        ).fetchall():
            months[(day - date(2000, 1, 1)).days][team] = Team(parent, respondents, hidden)
        return months


@pytest.fixture(scope="module")
def suppression(demo: Project) -> Suppression:
    return Suppression(demo)


def random_world(draw: random.Random) -> dict[str, tuple[str, int]]:
    teams = draw.randint(1, 12)
    parents = ["", *(f"P{number}" for number in range(draw.randint(1, 4)))]
    return {
        f"T{number:02}": (draw.choice(parents), draw.choice([1, 2, 3, 4, 4, 5, 5, 6, 7, 9]))
        for number in range(teams)
    }


def test_no_hidden_team_follows_from_the_totals_of_parents_and_company(
    suppression: Suppression,
) -> None:
    draw = random.Random(5)
    worlds = [random_world(draw) for _ in range(3000)]
    for month in suppression.months(worlds):
        assert not recoverable(month), month
        assert not recoverable(month, knows_parents=False), month
        for team in month.values():
            assert team.hidden or team.respondents >= K


def test_without_complementary_suppression_the_attack_succeeds(suppression: Suppression) -> None:
    """The attack is a real one: where only small teams are hidden it tells many of them."""
    draw = random.Random(5)
    told = 0
    for month in suppression.months([random_world(draw) for _ in range(300)]):
        naive = {name: team._replace(hidden=team.respondents < K) for name, team in month.items()}
        told += bool(recoverable(naive))
    assert told > 50


@settings(max_examples=60)
@given(sizes=st.lists(st.integers(1, 9), min_size=1, max_size=8))
def test_the_smallest_siblings_are_the_hidden_ones(
    suppression: Suppression, sizes: list[int]
) -> None:
    (month,) = suppression.months(
        [{f"T{number}": ("P", size) for number, size in enumerate(sizes)}]
    )
    shown = [team.respondents for team in month.values() if not team.hidden]
    hidden = [team.respondents for team in month.values() if team.hidden]
    assert not shown or not hidden or max(hidden) <= min(shown)
    assert bool(hidden) == any(size < K for size in sizes)


def published(demo: Project) -> dict[date, Month]:
    """The months of the demo with the true respondents of hidden teams, which only we know."""
    months: dict[date, Month] = defaultdict(dict)
    for row in demo.query(
        """
        select truth.period_end, truth.team_id, truth.family_key, truth.respondents, mart.is_suppressed
        from intermediate.int_employee__engagement_shown as truth
        inner join marts.team_voe_csat as mart
            on truth.period_end = mart.period_end and truth.team_id = mart.team_id
        """
    ):
        months[row["period_end"]][row["team_id"]] = Team(
            row["family_key"], row["respondents"], row["is_suppressed"]
        )
    return months


def test_the_demo_cannot_be_attacked_by_totals_or_by_other_months(demo: Project) -> None:
    """Each month is an equation system of its own: no figure spans months, so none is their difference."""
    months = published(demo)
    assert len(months) >= 10
    assert any(team.hidden for month in months.values() for team in month.values())
    assert not [recoverable(month) for month in months.values() if recoverable(month)]
    # The lags pool what is shown and nothing else: as many pairs as the mart itself gives.
    pairs = demo.value(
        """
        select count(*) from marts.team_voe_csat as a inner join marts.team_voe_csat as b
            on a.team_id = b.team_id and last_day(a.period_end + interval 2 month) = b.period_end
        where a.engagement_score is not null and b.csat_rate is not null
        """
    )
    assert pairs == demo.value("select pairs from marts.voe_csat_lead_lag where lag_months = 2")


def test_no_mart_has_a_row_of_an_employees_answer(demo: Project) -> None:
    """No value of a public mart is a key of an employee, an answer or an invitation of one."""
    keys = keys_of_employees(demo)
    assert len(keys) > 1000
    with duckdb.connect(demo.database, read_only=True) as connection:
        connection.execute("create temp table keys as select unnest(?) as key", [sorted(keys)])
        columns = connection.execute(
            "select table_name, column_name from information_schema.columns"
            " where table_schema = 'marts' and data_type = 'VARCHAR'"
        ).fetchall()
        assert len(columns) > 100
        for mart, column in columns:
            words = (
                f"select distinct unnest(string_split_regex(\"{column}\", '[^\\w:.-]+')) as key"
                f' from marts.{mart} union select distinct "{column}" from marts.{mart}'
            )
            found = connection.execute(f"select key from ({words}) semi join keys using (key)")
            assert found.fetchall() == [], (mart, column)
    surveys = demo.query("select distinct survey_id from restricted.employee_responses")
    for mart in ("fct_survey_responses", "fct_survey_invitations"):
        assert (
            demo.value(f"select count(*) from marts.{mart} where survey_family = 'employee'") == 0
        )
        for survey in surveys:
            assert (
                demo.value(
                    f"select count(*) from marts.{mart} where survey_id = ?", [survey["survey_id"]]
                )
                == 0
            )
    # Employees' figures by team are in one mart; the columns of all others that name engagement:
    elsewhere = demo.query(
        "select table_name, column_name from information_schema.columns where table_schema = 'marts'"
        " and (column_name like '%engagement%' or column_name = 'respondents')"
    )
    assert {row["table_name"] for row in elsewhere} == {"team_voe_csat"}


def test_two_days_of_a_running_month_have_no_difference(
    demo: Project, forked_demo: Project
) -> None:
    """A build in mid-month shows the completed months as they are, and nothing of the one that runs."""
    outcome = forked_demo.dbt(
        "build",
        *NO_TESTS,
        "--select",
        "int_periods+1 +int_employee__engagement_shown team_voe_csat int_employee__team_months int_service__team_voice",
        variables={"as_of_date": "2026-06-15"},
    )
    assert outcome.ok, outcome.output[-4000:]
    figures = (
        "select period_end, team_id, respondents, engagement_score, is_suppressed"
        " from marts.team_voe_csat where period_end between date '2024-07-31' and date '2026-05-31' order by all"
    )
    assert forked_demo.value("select max(period_end) from marts.team_voe_csat") == date(2026, 5, 31)
    assert forked_demo.query(figures) == demo.query(figures)


def test_a_late_answer_is_not_told_by_the_difference_of_two_builds(
    demo: Project, forked_demo: Project
) -> None:
    """One more answer in a month that was shown changes nothing; as many as hide one do, in that month."""
    shown = (
        "select period_end, team_id, engagement_score from marts.team_voe_csat"
        " where engagement_score is not null order by all"
    )
    before = demo.query(shown)
    month, team, _ = before[0].values()

    def after(late: int) -> list[dict[str, object]]:
        with duckdb.connect(forked_demo.database) as connection:
            connection.execute(
                "insert into restricted.employee_responses select * exclude (n) replace ('late ' || n as response_id,"
                " 'late ' || n as survey_response_id, null as employee_id, ? as team_id, 0 as score_pomp)"
                " from (select * from restricted.employee_responses semi join"
                " (select response_id from intermediate.int_employee__engagement_answers"
                " where period_end = ? and team_id = ? order by response_id limit 1) using (response_id)),"
                " range(?) as numbers(n)",
                [team, month, team, late],
            )
        outcome = forked_demo.dbt(
            "run",
            "--select",
            "int_employee__engagement_log team_voe_csat",
            variables={"as_of_date": "2026-06-30"},
        )
        assert outcome.ok, outcome.output[-4000:]
        return forked_demo.query(shown)

    assert after(1) == before
    changed = [row for row in after(K) if row not in before]
    assert {row["period_end"] for row in changed} == {month}
    assert team in {row["team_id"] for row in changed}
