"""The one place for what dbt does not know already: rules and distributions of marts, claims between them.

Grain, columns, ranges, sets and references of a mart come from its yml. Of a landed table its key, its
ranges and its news are meta of its source, and what it requires is what its staging models require.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

#: The columns by which loaders say when a row came in, as in macros/staging/landed.sql.
LOADER_COLUMNS = ("_fivetran_synced", "_airbyte_extracted_at", "_loaded_at", "loaded_at")


@dataclass(frozen=True)
class Volume:
    """Rows of the newest full window against the mean of the windows before it.

    With fewer than `min_expected` rows expected nothing is said: small tables would flap.
    """

    days: int = 30
    windows_before: int = 6
    min_expected: float = 20
    low: float = 0.3
    high: float = 5.0


#: What `volume` of a source's meta may name. Surveys and bills come in waves, so there a window holds a quarter.
VOLUMES: Mapping[str, Volume] = {
    "events": Volume(),
    "waves": Volume(days=90, windows_before=3, low=0.2),
}
#: Days since the newest row of a table that has `news`, and since a vendor's newest load over all its
#: tables, where the source's meta says nothing else.
STALE_DAYS = 45
LOAD_STALE_DAYS = 3


@dataclass(frozen=True)
class RowRule:
    """A condition that no row of a mart may meet; {anonymity_min_n} and its like are variables."""

    words: str
    broken: str


@dataclass(frozen=True)
class Share:
    """A share of a mart's newest window: at most `high`, and at most `jump` above the year before.

    Windows of fewer than `min_rows` rows say nothing.
    """

    words: str
    rows: str
    of: str
    time: str
    high: float = 1.0
    jump: float = 1.0
    days: int = 90
    min_rows: int = 30


@dataclass(frozen=True)
class Mean:
    """The mean of a score in the newest window: its distance from that of the year before."""

    words: str
    value: str
    of: str
    time: str
    max_shift: float
    days: int = 90
    min_rows: int = 30


@dataclass(frozen=True)
class Mart:
    """What is known of a mart beyond its yml."""

    rules: tuple[RowRule, ...] = ()
    distributions: tuple[Share | Mean, ...] = ()


VOTES = RowRule("votes add up", "promoters + passives + detractors <> responses")
ALL_ROWS = "1 = 1"
MARTS: Mapping[str, Mart] = {
    "fct_survey_responses": Mart(
        rules=(
            RowRule("a score lies in its scale", "raw_score < scale_min or raw_score > scale_max"),
        ),
        distributions=(
            Share(
                "share of unknown roles among known people",
                "contact_role = 'unknown'",
                "contact_key is not null and metric <> 'engagement'",
                "responded_at",
                high=0.4,
                jump=0.15,
            ),
            Share(
                "share of answers at the lowest score",
                "score_pomp = 0",
                "metric <> 'engagement'",
                "responded_at",
                high=0.6,
                jump=0.3,
            ),
            *(
                Mean(
                    f"mean {metric} score", "score_pomp", f"metric = '{metric}'", "responded_at", 25
                )
                for metric in ("nps", "csat", "ces")
            ),
        ),
    ),
    "account_health": Mart(
        distributions=(
            Mean("mean health score", "health_score", ALL_ROWS, "period_end", 15),
            Share(
                "share of customers without a score",
                "health_score_shown is null",
                "is_customer",
                "period_end",
                high=0.5,
                jump=0.25,
            ),
        ),
    ),
    "company_nps": Mart(rules=(VOTES,)),
    "account_role_nps": Mart(rules=(VOTES,)),
    "team_voe_csat": Mart(
        rules=(
            RowRule(
                "engagement of a team below anonymity_min_n is hidden",
                "engagement_score is not null and coalesce(respondents, 0) < {anonymity_min_n}",
            ),
        ),
    ),
    "voe_csat_lead_lag": Mart(
        rules=(RowRule("a correlation is between -1 and 1", "abs(correlation) > 1"),)
    ),
}

#: Ranges by name, where the yml of a mart says none.
NAMED_RANGES: Mapping[str, tuple[float, float]] = {
    "_rate": (0, 1),
    "_share": (0, 1),
    "_coverage": (0, 1),
    "_score": (0, 100),
    "_score_pomp": (0, 100),
    "nps": (-100, 100),
}


@dataclass(frozen=True)
class Conservation:
    """Two relations that hold the same amount for each key: nothing is lost on the way.

    `left` and `right` give the columns `key` and `amount`; {name} is a model of the project, or
    one of its variables.
    """

    words: str
    left: str
    right: str


CONSERVATION: tuple[Conservation, ...] = (
    Conservation(
        "every scored answer of a customer that was not set aside is in fct_survey_responses",
        "select source_vendor as key, count(*) as amount from {int_survey__responses_checked}"
        " where is_scored and quarantine_reason is null and survey_family <> 'employee'"
        " group by source_vendor",
        "select source_vendor as key, count(*) as amount from {fct_survey_responses}"
        " group by source_vendor",
    ),
    Conservation(
        "the responses of an account are those of its roles",
        "select cast(period_end as varchar) || ' ' || account_id as key, responses as amount"
        " from {account_nps}",
        "select cast(period_end as varchar) || ' ' || account_id as key, sum(responses) as amount"
        " from {account_role_nps} group by period_end, account_id",
    ),
    Conservation(
        "account_health_latest is the last period of account_health",
        "select account_id as key, health_score as amount from {account_health}"
        " where period_end = (select max(period_end) from {account_health})",
        "select account_id as key, health_score as amount from {account_health_latest}",
    ),
    Conservation(
        "every account has its latest health",
        "select account_id as key, 1 as amount from {dim_accounts}",
        "select account_id as key, 1 as amount from {account_health_latest}",
    ),
    Conservation(
        "every low answer of a customer opens a case",
        "select response_id as key, 1 as amount from {fct_survey_responses} where is_low_score",
        "select case_id as key, 1 as amount from {feedback_cases}",
    ),
    Conservation(
        "every billed invoice is in fct_invoices or set aside",
        "select source_vendor as key, count(*) as amount from {int_billing__invoices_checked}"
        " where quarantine_reason is null and is_billed group by source_vendor",
        "select source_vendor as key, count(*) as amount from {fct_invoices}"
        " group by source_vendor",
    ),
)
