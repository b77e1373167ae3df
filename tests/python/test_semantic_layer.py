"""What MetricFlow answers is what the marts say, however it is grouped."""

from __future__ import annotations

import csv
import math
import sys
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pytest
from harness import PostgresServer, Project, Row
from metricflow.engine.metricflow_engine import MetricFlowEngine, MetricFlowQueryRequest
from metricflow.protocols.sql_client import SqlEngine
from metricflow.sql.render.duckdb_renderer import DuckDbSqlPlanRenderer
from metricflow.sql.render.postgres import PostgresSQLSqlPlanRenderer
from metricflow.sql.render.sql_plan_renderer import SqlPlanRenderer
from metricflow_semantics.model.dbt_manifest_parser import (
    parse_manifest_from_dbt_generated_manifest,
)
from metricflow_semantics.model.semantic_manifest_lookup import SemanticManifestLookup

Key = tuple[Any, ...]
Figures = dict[Key, tuple[Any, ...]]
MONTH, DAY = "metric_time__month", "metric_time__day"


class Dialect(NamedTuple):
    """All that MetricFlow wants to know of an engine to write its SQL, which the tests then run."""

    sql_engine_type: SqlEngine
    sql_plan_renderer: SqlPlanRenderer


DUCKDB = Dialect(SqlEngine.DUCKDB, DuckDbSqlPlanRenderer())
POSTGRES = Dialect(SqlEngine.POSTGRES, PostgresSQLSqlPlanRenderer())


class SemanticLayer:
    """The metrics of a built project, asked through MetricFlow's own planner."""

    def __init__(self, project: Project) -> None:
        assert project.dbt("parse", "--write-json").ok
        text = (project.root / "target" / "semantic_manifest.json").read_text(encoding="utf-8")
        self.project = project
        self.manifest = parse_manifest_from_dbt_generated_manifest(manifest_json_string=text)
        self.engine = self.engine_of(DUCKDB)

    def engine_of(self, dialect: Dialect) -> MetricFlowEngine:
        return MetricFlowEngine(SemanticManifestLookup(self.manifest), dialect)

    def ask(
        self,
        metrics: Sequence[str] | None = None,
        by: Sequence[str] | None = None,
        **request: Any,
    ) -> list[Row]:
        """Return the rows of one question."""
        asked = MetricFlowQueryRequest.create(metric_names=metrics, group_by_names=by, **request)
        return self.project.query(self.engine.explain(asked).sql_statement.sql)

    def figures(self, metrics: Sequence[str], by: Sequence[str] = (), **request: Any) -> Figures:
        """Return {groups: figures}; groups that nobody can name (null) are left out."""
        rows = self.ask(metrics, by or None, **request)
        return {
            key: tuple(row[metric] for metric in metrics)
            for row in rows
            if None not in (key := tuple(_day(row[name]) for name in by))
        }


def _day(value: Any) -> Any:
    return value.date() if isinstance(value, datetime) else value


def in_order(rows: Sequence[Row]) -> list[list[Any]]:
    """Rows by their texts and days, which tell them apart."""
    plain = [[_day(value) for value in row.values()] for row in rows]
    return sorted(plain, key=lambda row: [str(it) for it in row if isinstance(it, str | date)])


def in_mart(project: Project, keys: int, sql: str) -> Figures:
    """The same from SQL: the first columns are the key."""
    found: Figures = {}
    for row in project.query(sql):
        values = tuple(row.values())
        found[values[:keys]] = values[keys:]
    return found


def assert_same(answered: Figures, expected: Figures) -> None:
    assert expected
    assert answered.keys() == expected.keys()
    different = {
        key: (answered[key], values)
        for key, values in expected.items()
        if not all(map(_is_same, answered[key], values))
    }
    assert not different


def _is_same(answered: Any, expected: Any) -> bool:
    if answered is None or expected is None or isinstance(expected, str | date):
        return answered == expected
    return math.isclose(answered, expected, rel_tol=1e-9, abs_tol=1e-9)


@pytest.fixture(scope="module")
def layer(demo: Project) -> SemanticLayer:
    return SemanticLayer(demo)


class Claim(NamedTuple):
    """These metrics by these groups are this SQL on the marts: keys first, then the figures."""

    metrics: tuple[str, ...]
    by: tuple[str, ...]
    sql: str
    where: tuple[str, ...] = ()


NPS_COUNTS = (
    *("nps_responses", "nps_promoters", "nps_passives", "nps_detractors", "nps_points"),
    *("nps_eligible_contacts", "nps_reach_rate", "nps_asked_contacts", "nps_response_rate"),
)
COMPANY_NPS = """
    select period_end {key}, nps, responses, promoters, passives, detractors,
        100 * (promoters - detractors), eligible_contacts, reach_rate,
        asked_contacts, response_rate
    from marts.company_nps where scope_type = '{scope}'"""
RETENTION = ("grr", "nrr", "logo_churn_rate", "start_mrr", "end_mrr", "kept_mrr")
RETENTION += ("retained_from_accounts", "churned_accounts")
RETENTION_BY_VOICE = """
    select period_end {key}, grr, nrr, churn_rate, start_mrr, end_mrr, kept_mrr, accounts, churned_accounts
    from marts.retention_by_voice where scope_type = '{scope}'"""
SERVICE = (
    *("tickets", "sla_attainment", "first_contact_resolution_rate", "repeat_contact_rate"),
    *("tickets_judged_for_first_contact", "tickets_judged_for_repeat_contact", "sla_promises_due"),
)
TODAY = "period_end = (select max(period_end) from marts.account_health)"

CLAIMS = {
    "company NPS": Claim(("nps", *NPS_COUNTS), (DAY,), COMPANY_NPS.format(key="", scope="company")),
    **{
        f"NPS by {scope}": Claim(
            ("nps", *NPS_COUNTS),
            (DAY, f"nps_vote__{column}"),
            COMPANY_NPS.format(key=", scope_value", scope=scope),
            # who is anonymous belongs to no group
            ("not {{ Dimension('nps_vote__is_anonymous') }}",),
        )
        for scope, column in (
            ("segment", "segment"),
            ("region", "region"),
            ("role", "contact_role"),
        )
    },
    "people who answered": Claim(
        ("nps_eligible_respondents", "nps_asked_respondents"),
        (DAY,),
        """
        select period_end, sum(eligible_respondents), sum(asked_respondents)
        from marts.nps_counts group by 1""",
    ),
    "account NPS": Claim(
        ("account_nps", "role_weight_heard"),
        (DAY, "account"),
        """
        select period_end, account_id, account_nps,
            case when account_nps is not null then coalesce(role_weight_coverage, 1) end
        from marts.account_nps""",
    ),
    "role-weighted points": Claim(
        ("role_weighted_points", "revenue_points", "revenue_heard"),
        (DAY,),
        """
        select period_end, sum(account_nps * coalesce(role_weight_coverage, 1)), sum(arr * account_nps),
            sum(case when account_nps is not null then arr end)
        from marts.account_nps group by 1""",
    ),
    **{
        f"revenue-weighted NPS by {scope}": Claim(
            ("revenue_weighted_nps",),
            (DAY, f"account_nps_period__{scope}"),
            f"""
            select period_end, scope_value, revenue_weighted_nps
            from marts.company_nps where scope_type = '{scope}'""",
        )
        for scope in ("segment", "region")
    },
    "revenue-weighted NPS": Claim(
        ("revenue_weighted_nps",),
        (DAY,),
        "select period_end, revenue_weighted_nps from marts.company_nps where scope_type = 'company'",
    ),
    "health score": Claim(
        ("health_score",),
        (DAY, "account"),
        "select period_end, account_id, health_score from marts.account_health",
    ),
    "customers and revenue by band, now": Claim(
        ("health_accounts", "health_arr"),
        ("account_health_period__reported_band",),
        """
        select reported_band, count(*), sum(arr)
        from marts.account_health_latest where is_customer group by 1""",
        ("{{ Dimension('account_health_period__is_customer') }}",),
    ),
    "health of the accounts below a parent": Claim(
        ("revenue_weighted_health_score", "health_arr_scored"),
        (),
        f"""
        select sum(arr * health_score) / sum(arr), sum(arr)
        from marts.account_health where {TODAY} and arr > 0 and health_score is not null""",
    ),
    "sums behind health": Claim(
        ("health_points", "health_accounts_scored", "health_revenue_points"),
        (),
        f"""
        select sum(health_score), count(health_score), sum(arr * health_score)
        from marts.account_health where {TODAY}""",
    ),
    "CSAT by touchpoint": Claim(
        ("csat_rate", "csat_responses"),
        (MONTH, "response__touchpoint"),
        """
        select period_start, touchpoint, csat_rate, responses
        from marts.touchpoint_experience where metric = 'csat' and touchpoint <> 'unknown'""",
    ),
    "effort by touchpoint": Claim(
        ("ces_score", "easy_rate", "ces_responses"),
        (MONTH, "response__touchpoint"),
        """
        select period_start, touchpoint, mean_score_pomp, easy_rate, responses
        from marts.touchpoint_experience where metric = 'ces' and touchpoint <> 'unknown'""",
    ),
    "CSAT by team": Claim(
        ("csat_rate", "csat_responses"),
        (MONTH, "team"),
        """
        select period_start, team_id, csat_rate, csat_responses
        from marts.service_kpis where csat_responses > 0 and team_id <> 'unknown'""",
    ),
    "effort by team": Claim(
        ("ces_score", "easy_rate", "ces_responses"),
        (MONTH, "team"),
        """
        select period_start, team_id, ces_score_pomp, easy_rate, ces_responses
        from marts.service_kpis where ces_responses > 0 and team_id <> 'unknown'""",
    ),
    "sums behind CSAT and CES": Claim(
        ("csat_top_box", "ces_top_box", "ces_points"),
        (),
        """
        select count(*) filter (where metric = 'csat' and is_top_box),
            count(*) filter (where metric = 'ces' and is_top_box), sum(score_pomp) filter (where metric = 'ces')
        from marts.fct_survey_responses where survey_family = 'transactional'""",
    ),
    "service by team": Claim(
        SERVICE,
        (MONTH, "team"),
        """
        select period_start, team_id, tickets, sla_attainment, first_contact_resolution_rate,
            repeat_contact_rate, first_contact_judged_tickets, repeat_contact_judged_tickets,
            first_reply_sla_tickets + resolution_sla_tickets
        from marts.service_kpis where tickets > 0 and team_id <> 'unknown'""",
        ("{{ Dimension('ticket__is_merged') }} = false",),
    ),
    "sums behind service": Claim(
        ("tickets_resolved_at_first_contact", "repeat_contacts", "sla_promises_kept"),
        (),
        """
        select count(*) filter (where is_first_contact_resolution),
            count(*) filter (where is_repeat_contact),
            count(*) filter (where is_first_reply_sla_met) + count(*) filter (where is_resolution_sla_met)
        from marts.fct_tickets where not is_merged""",
    ),
    "retention": Claim(RETENTION, (DAY,), RETENTION_BY_VOICE.format(key="", scope="company")),
    **{
        f"retention by {scope}": Claim(
            RETENTION,
            (DAY, f"account_year__{scope}"),
            RETENTION_BY_VOICE.format(key=", scope_value", scope=scope),
        )
        for scope in ("segment", "nps_class", "health_band")
    },
}

CLOSED_LOOP = {
    "cases": "cases",
    "cases_due": "due_cases",
    "follow_up_rate": "follow_up_rate",
    "detractors_due": "due_detractors",
    "detractor_follow_up_rate": "detractor_follow_up_rate",
    "cases_closure_due": "closure_due_cases",
    "closed_loop_rate": "closed_loop_rate",
    "detractors_re_surveyed": "re_surveyed",
    "detractor_recovery_rate": "detractor_recovery_rate",
    "detractors_re_surveyed_unprompted": "re_surveyed_not_followed_up",
    "recovery_rate_not_followed_up": "recovery_rate_not_followed_up",
    # numerators, which the mart does not show
    "cases_followed_up_in_sla": "coalesce(round(follow_up_rate * due_cases), 0)",
    "detractors_followed_up_in_sla": "coalesce(round(detractor_follow_up_rate * due_detractors), 0)",
    "cases_closed": "coalesce(round(closed_loop_rate * closure_due_cases), 0)",
    "detractors_recovered": "coalesce(round(detractor_recovery_rate * re_surveyed), 0)",
    "detractors_recovered_unprompted": "coalesce(round(recovery_rate_not_followed_up * re_surveyed_not_followed_up), 0)",
}
WINDOW_DAYS = 365
#: Where the programs of the environment are.
VENV = Path(sys.executable).parent


@pytest.mark.parametrize("claim", CLAIMS.values(), ids=CLAIMS.keys())
def test_metrics_equal_the_marts(layer: SemanticLayer, claim: Claim) -> None:
    history = layer.project.value("select min(period_start) from marts.service_kpis")
    answered = layer.figures(
        claim.metrics,
        claim.by,
        where_constraints=claim.where or None,
        # the marts by month hold the months of the history
        time_constraint_start=datetime.combine(history, datetime.min.time())
        if MONTH in claim.by
        else None,
    )
    assert_same(answered, in_mart(layer.project, len(claim.by), claim.sql))


@pytest.mark.parametrize("scope", ["company", "segment", "department", "team"])
def test_the_closed_loop_of_the_window_is_that_of_the_mart(
    layer: SemanticLayer, scope: str
) -> None:
    as_of = layer.project.value("select max(period_end) from marts.closed_loop_kpis")
    by = {"company": (), "segment": ("case__segment",), "department": ("case__department",)}
    answered = layer.figures(
        tuple(CLOSED_LOOP),
        by.get(scope, ("team",)),
        time_constraint_start=_at(as_of - timedelta(days=WINDOW_DAYS - 1)),
        time_constraint_end=_at(as_of),
    )
    keys = "" if scope == "company" else "scope_value, "
    sql = (
        f"select {keys}{', '.join(CLOSED_LOOP.values())} from marts.closed_loop_kpis"
        f" where scope_type = '{scope}' and period_end = date '{as_of}'"
    )
    assert_same(answered, in_mart(layer.project, int(scope != "company"), sql))


def _at(day: date) -> datetime:
    return datetime.combine(day, datetime.min.time())


def test_every_metric_is_compared_with_a_mart(layer: SemanticLayer) -> None:
    compared = {metric for claim in CLAIMS.values() for metric in claim.metrics} | set(CLOSED_LOOP)
    assert compared == {metric.name for metric in layer.manifest.metrics}


def test_without_time_the_newest_period_end_speaks(layer: SemanticLayer) -> None:
    """Votes, scores and revenue of many period ends are never added up."""
    by_day = {
        metric: layer.figures((metric,), (DAY,))
        for metric in ("nps_responses", "nps", "health_accounts", "role_weight_heard", "grr")
    }
    for metric, figures in by_day.items():
        ((answered,),) = layer.figures((metric,)).values()
        assert answered == pytest.approx(figures[max(figures)][0]), metric
        by_year = layer.figures((metric,), ("metric_time__year",))
        for (year,), (of_year,) in by_year.items():
            newest = max(key for key in figures if key[0].year == year.year)
            assert of_year == pytest.approx(figures[newest][0]), (metric, year)


# An additive metric of every semantic model that has measures: its groups must add up to the whole.
WHOLES = {
    "nps_counts": "nps_responses",
    "account_nps": "role_weight_heard",
    "account_health": "health_arr",
    "account_retention": "start_mrr",
    "survey_responses": "csat_responses",
    "feedback_cases": "cases",
    "tickets": "tickets",
}


def test_every_model_with_measures_has_its_whole(layer: SemanticLayer) -> None:
    with_measures = {model.name for model in layer.manifest.semantic_models if model.measures}
    assert with_measures == WHOLES.keys()


@pytest.mark.parametrize("model", WHOLES)
def test_every_dimension_can_be_asked_for_and_splits_the_whole(
    layer: SemanticLayer, model: str
) -> None:
    metric = WHOLES[model]
    ((whole,),) = layer.figures((metric,)).values()
    (own,) = (found for found in layer.manifest.semantic_models if found.name == model)
    asked = {
        dimension.dunder_name: dimension.type.value
        for dimension in layer.engine.simple_dimensions_for_metrics([metric])
    }
    assert {name.split("__")[-1] for name in asked} >= {it.name for it in own.dimensions}
    joined = {entity.name for entity in own.entities} & {"account", "team"}
    assert {name.split("__")[0] for name in asked} >= joined
    for entity in joined:
        asked[entity] = "categorical"
    for name, kind in asked.items():
        rows = layer.ask((metric,), (name,))
        assert rows, name
        # the same vote, account or revenue is there at every period end, and no sum over time is its whole
        if kind == "categorical":
            total = sum(row[metric] or 0 for row in rows)
            assert float(total) == pytest.approx(float(whole)), name


def test_every_saved_query_answers(layer: SemanticLayer) -> None:
    names = {saved.name for saved in layer.manifest.saved_queries}
    assert len(names) >= 8
    for name in names:
        rows = layer.ask(saved_query_name=name)
        assert rows, name
        assert all(len(column) for column in zip(*(row.values() for row in rows), strict=True))


def test_semantic_models_read_what_is_published_and_say_what_they_mean(
    layer: SemanticLayer,
) -> None:
    marts = {
        row["table_name"]
        for row in layer.project.query(
            "select table_name from information_schema.tables where table_schema = 'marts'"
        )
    }
    for model in layer.manifest.semantic_models:
        assert model.node_relation.schema_name == "marts", model.name
        assert model.node_relation.alias in marts, model.name
        assert model.description, model.name
        assert all(part.description for part in (*model.dimensions, *model.measures)), model.name
    for metric in layer.manifest.metrics:
        assert metric.description, metric.name
        assert metric.label, metric.name
        # a mean of means is what no metric may be
        assert metric.type.value in {"simple", "ratio"}, metric.name
    aggregations = {m.agg.value for model in layer.manifest.semantic_models for m in model.measures}
    # to MetricFlow, a count of what is true is a sum too
    assert aggregations == {"sum"}
    (spine,) = layer.manifest.project_configuration.time_spines
    assert spine.node_relation.alias == "dim_dates"


@pytest.mark.postgres
def test_metrics_on_postgres_are_the_same(
    layer: SemanticLayer, postgres: PostgresServer, tmp_path: Path
) -> None:
    database = postgres.new_database()
    database.execute("create schema marts")
    relations = {model.node_relation for model in layer.manifest.semantic_models}
    relations |= {it.node_relation for it in layer.manifest.project_configuration.time_spines}
    with duckdb.connect(layer.project.database, read_only=True) as connection:
        for table in {f"marts.{relation.alias}" for relation in relations}:
            columns = [row[:2] for row in connection.execute(f"describe {table}").fetchall()]
            connection.execute(f"copy {table} to '{tmp_path}/{table}.csv' (header)")
            database.load(table, columns, tmp_path / f"{table}.csv")
    engine = layer.engine_of(POSTGRES)
    questions = [{"saved_query_name": saved.name} for saved in layer.manifest.saved_queries]
    questions += [
        {"metric_names": [metric.name], "group_by_names": [MONTH]}
        for metric in layer.manifest.metrics
    ]
    for question in questions:
        sql = engine.explain(MetricFlowQueryRequest.create(**question)).sql_statement.sql
        # the one part of a name that is another there
        answered = in_order(database.execute(sql.replace('"voc"."marts"', '"marts"')))
        expected = in_order(
            layer.ask(
                question.get("metric_names"),
                question.get("group_by_names"),
                saved_query_name=question.get("saved_query_name"),
            )
        )
        assert len(answered) == len(expected) > 0, question
        for here, there in zip(answered, expected, strict=True):
            assert all(map(_is_same, here, there)), (question, here, there)


def test_mf_reads_the_published_marts(
    forked_demo: Project, tmp_path: Path, layer: SemanticLayer
) -> None:
    assert forked_demo.cli("publish").ok
    published = {"VOC_DUCKDB_PATH": str(forked_demo.published)}
    forked_demo.database.unlink()
    assert forked_demo.dbt("parse", "--write-json", environment=published).ok
    found = tmp_path / "answer.csv"
    query = ["mf", "query", "--saved-query", "company_nps_by_month", "--csv", str(found)]
    outcome = forked_demo.run([str(VENV / query[0]), *query[1:]], environment=published)
    assert outcome.ok, outcome.output
    with found.open(newline="", encoding="utf-8") as file:
        answered = {
            (date.fromisoformat(row["metric_time__month"][:10]),): (float(row["nps_responses"]),)
            for row in csv.DictReader(file)
        }
    assert_same(answered, layer.figures(("nps_responses",), (MONTH,)))
