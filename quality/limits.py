"""The one place for what dbt does not know already: keys, limits and claims between marts.

Grain, columns, ranges, sets and references of a mart come from its yml, which tables a vendor lands
from its staging models, and what a generic table requires from the domain contracts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

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


@dataclass(frozen=True)
class Landed:
    """One landed table. `key` is its grain; of it, `required` (all unless said) may not be missing.

    `repeated` is the share of keys that may come more than once: connectors deliver some rows twice,
    and staging or quarantine copes with a few. `news` is the business time: its newest may be
    `stale_days` old, and its windows have a volume.
    """

    key: tuple[str, ...]
    required: tuple[str, ...] | None = None
    ranges: Mapping[str, tuple[float | None, float | None]] = field(default_factory=dict)
    repeated: float = 0.0
    news: str | None = None
    stale_days: int = 45
    volume: Volume | None = None

    @property
    def required_columns(self) -> tuple[str, ...]:
        """The columns without which staging cannot read the table."""
        return self.key if self.required is None else self.required


NOT_NEGATIVE = (0, None)
FEW = 0.02
EVENTS = Volume()
#: Surveys and bills come in waves, so a window holds a quarter.
WAVES = Volume(days=90, windows_before=3, low=0.2)

#: By vendor, then by table as the connector names it. A table that is not here is checked for news
#: from its loader only.
LANDED: Mapping[str, Mapping[str, Landed]] = {
    "qualtrics": {
        "survey": Landed(("id",)),
        "question": Landed(("survey_id", "id"), required=("id",)),
        "question_option": Landed(
            ("survey_id", "question_id", "key"), required=("question_id", "key")
        ),
        "survey_response": Landed(("id",), repeated=FEW, news="recorded_date", volume=WAVES),
        # Any question's answer: what is its scale is decided after staging, no scale is wider.
        "question_response": Landed(
            ("response_id", "question_id", "loop_id", "sub_question_key", "question_option_key"),
            required=("response_id", "question_id"),
            repeated=FEW,
            ranges={"value": (-100, 100)},
        ),
        "survey_embedded_data": Landed(("response_id", "key")),
        "distribution": Landed(("id",), news="send_date", stale_days=120),
        "distribution_contact": Landed(
            ("distribution_id", "contact_id", "contact_lookup_id"), required=("distribution_id",)
        ),
        "directory_contact": Landed(("id",)),
        "ticket": Landed(
            ("id",), required=("id", "survey_response_id"), news="created_at", volume=WAVES
        ),
        "core_contact": Landed(("id",)),
    },
    "zendesk": {
        "ticket": Landed(("id",), news="created_at", stale_days=14, volume=EVENTS),
        "ticket_comment": Landed(
            ("id",), required=("id", "ticket_id"), news="created", volume=EVENTS
        ),
        "ticket_field_history": Landed(
            ("ticket_id", "field_name", "updated"), news="updated", volume=EVENTS
        ),
        "satisfaction_rating": Landed(("id",), news="created_at", volume=EVENTS),
        "ticket_schedule": Landed(("ticket_id", "created_at"), required=("ticket_id",)),
        "ticket_tag": Landed(("ticket_id", "tag"), required=("ticket_id",)),
        # A schedule has a row per opening hours, an answer one per question.
        "schedule": Landed((), required=("id", "start_time", "end_time")),
        "schedule_holiday": Landed((), required=("id", "schedule_id", "start_date")),
        "ticket_sla_policy": Landed((), required=("ticket_id", "sla_policy_id")),
        "ticket_csat_survey": Landed((), required=("survey_response_id", "ticket_id")),
        "csat_survey_answer": Landed((), required=("survey_response_id", "question_id")),
        "csat_survey_rating_option": Landed((), required=("question_id",)),
        "ticket_chat": Landed(("chat_id",)),
        "ticket_chat_event": Landed(("chat_id", "created_at"), required=("chat_id",)),
        "audit_log": Landed(("id",)),
        "organization": Landed(("id",)),
        "user": Landed(("id",)),
        "group": Landed(("id",)),
        "sla_policy_metric_history": Landed(
            ("sla_policy_id", "sla_policy_updated_at", "metric", "priority"),
            required=("sla_policy_id",),
            ranges={"target": NOT_NEGATIVE},
        ),
    },
    "salesforce": {
        "account": Landed(
            ("id",), repeated=FEW, ranges={"arr_c": NOT_NEGATIVE, "seats_c": NOT_NEGATIVE}
        ),
        "account_history": Landed(("id", "_fivetran_start")),
        "contact": Landed(("id",), repeated=FEW),
        "contact_history": Landed(("id", "_fivetran_start")),
        "lead": Landed(("id",), repeated=FEW),
        "account_contact_role": Landed((), required=("contact_id",)),
        "account_contact_relation": Landed((), required=("contact_id",)),
        "opportunity_contact_role": Landed((), required=("contact_id",)),
        "case_history": Landed(("id",), required=("id", "case_id")),
        "case_comment": Landed(("id",), required=("id", "parent_id")),
        "email_message": Landed(("id",), required=("id", "parent_id")),
        "user": Landed(("id",)),
        "task": Landed(("id",), news="created_date", volume=WAVES),
        "event": Landed(("id",), ranges={"qbr_rating_c": (1, 5)}),
        "opportunity": Landed(("id",), ranges={"probability": (0, 100)}),
        "root_cause_analysis_c": Landed(("id",), ranges={"target_days_c": NOT_NEGATIVE}),
        "case": Landed(("id",), news="created_date", stale_days=14, volume=EVENTS),
    },
    "pendo": {
        "event": Landed(
            ("_fivetran_id",),
            required=(),
            ranges={"num_events": NOT_NEGATIVE, "num_minutes": NOT_NEGATIVE},
            news="timestamp",
            stale_days=7,
            volume=EVENTS,
        ),
        "feature_event": Landed(
            ("_fivetran_id",),
            required=(),
            ranges={"num_events": NOT_NEGATIVE},
            news="timestamp",
            stale_days=14,
            volume=EVENTS,
        ),
        "account_history": Landed(("id", "last_updated_at"), required=("id",)),
        "visitor_history": Landed(("id", "last_updated_at"), required=("id",)),
        "group": Landed((), required=("id",)),
        "feature_history": Landed(("id", "last_updated_at"), required=("id",)),
    },
    "stripe": {
        "customer": Landed(("id",)),
        "invoice": Landed(
            ("id",), ranges={"attempt_count": NOT_NEGATIVE}, news="created", volume=WAVES
        ),
        "subscription_history": Landed(("id", "_fivetran_start"), required=("id",), repeated=FEW),
        "plan": Landed(("id",)),
        "subscription_item": Landed(("id",), ranges={"quantity": NOT_NEGATIVE}),
        "price": Landed(("id",), ranges={"recurring_interval_count": NOT_NEGATIVE}),
    },
    # What generic tables require is said by their contracts.
    "generic": {
        "teams": Landed(("team_id",)),
        "employees": Landed(("employee_id", "valid_from"), required=()),
        "survey_responses": Landed(("response_id",), news="responded_at", volume=WAVES),
        "tickets": Landed(("ticket_id",), news="created_at", stale_days=14, volume=EVENTS),
        "invoices": Landed(("invoice_id",), news="issued_date", volume=WAVES),
        "usage_days": Landed((), news="usage_date", stale_days=7, volume=EVENTS),
    },
}

#: Days since a vendor's newest load, over all its tables; people and teams change seldom.
LOAD_STALE_DAYS = 3
LOAD_STALE_DAYS_OF: Mapping[str, int] = {"stripe": 7, "generic": 400}


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
