"""Health signals, computed a second time from the facts: plain Python, written from the rulebook.

The reference below shares no SQL with the project. It walks over the sound rows of the facts, day by
day and person by person, with exact fractions; every signal of every account and period end is then
compared with what dbt built.
"""

from __future__ import annotations

import csv
import json
import math
from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from statistics import fmean, variance
from zoneinfo import ZoneInfo

import pytest
from harness import REPOSITORY, Project, Row

AS_OF = date(2026, 6, 30)
TRUTHS = json.loads((REPOSITORY / "demo" / "truths.json").read_text(encoding="utf-8"))["truths"]
TOLERANCE = 1e-9
PILLARS = {
    "usage": ("active_seat_rate", "stickiness", "breadth", "depth"),
    "voc": ("account_nps", "effort", "qbr_pulse"),
    "commercial": ("payment_timeliness", "seat_change", "renewal_status"),
    "service": ("ticket_surge", "bug_share", "first_contact_resolution", "sla_attainment"),
}
SIGNALS = tuple(signal for signals in PILLARS.values() for signal in signals)
NO_TESTS = ("--exclude", "resource_type:unit_test", "resource_type:test")

Signals = dict[str, float | Fraction | None]


def mean(values: Iterable[float | bool]) -> Fraction | None:
    """The exact mean of the values; None of none."""
    known = [Fraction(value) for value in values]
    return sum(known, Fraction(0)) / len(known) if known else None


def share(part: int, whole: int | None) -> Fraction | None:
    return Fraction(part, whole) if whole else None


def period_ends(as_of: date, months: int = 24) -> list[date]:
    """The month ends of the last 24 months up to as_of, and as_of itself."""
    first = as_of.replace(day=1)
    ends = [as_of]
    for _ in range(months):
        last = first - timedelta(days=1)
        ends.append(last)
        first = last.replace(day=1)
    # 24 of them, of which as_of may be one
    whole = [day for day in ends if (day + timedelta(days=1)).day == 1]
    return sorted({as_of, *whole[:months]})


class Reference:
    """The facts of a built project, and the signals that follow from them."""

    def __init__(self, project: Project, as_of: date, zone: str = "UTC") -> None:
        self.as_of, self.zone = as_of, ZoneInfo(zone)
        self.accounts = {
            row["account_id"]: row for row in project.query("from intermediate.int_crm__accounts")
        }
        self.entitled = {
            row["account_id"]: row["modules_entitled"]
            for row in project.query("from intermediate.int_usage__modules_entitled")
        }
        self.account_nps = {
            (row["period_end"], row["account_id"]): row["account_nps"]
            for row in project.query("from marts.account_nps")
        }
        self.usage = self.by_account(project.query("from intermediate.int_usage__usage_days"))
        self.subscriptions = self.by_account(
            row
            for row in project.query("from intermediate.int_billing__subscriptions")
            if row["ends_on"] is None or row["starts_on"] < row["ends_on"]
        )
        self.invoices = self.by_account(project.query("from marts.fct_invoices"))
        self.tickets = self.by_account(
            row for row in project.query("from marts.fct_tickets") if not row["is_merged"]
        )
        self.answers = self.by_account(
            row
            for row in project.query("from marts.fct_survey_responses")
            if not row["is_anonymous"]
        )
        self.ratings = self.by_account(self.landed_ratings(project))
        self.statuses = self.landed_statuses(project)
        with (REPOSITORY / "seeds/policy/renewal_status_scores.csv").open(encoding="utf-8") as file:
            self.status_scores = {
                row["renewal_status"]: float(row["score"]) for row in csv.DictReader(file)
            }
        self.first_usage = min(
            (row["usage_date"] for rows in self.usage.values() for row in rows), default=None
        )

    @staticmethod
    def by_account(rows: Iterable[Row]) -> dict[str, list[Row]]:
        found: dict[str, list[Row]] = defaultdict(list)
        for row in rows:
            if row["account_id"] is not None:
                found[row["account_id"]].append(row)
        return found

    def day(self, moment: datetime) -> date:
        """The day of a UTC time on the calendars of the reporting time zone."""
        return moment.replace(tzinfo=ZoneInfo("UTC")).astimezone(self.zone).date()

    def landed_ratings(self, project: Project) -> list[Row]:
        """What customer success managers noted after a business review, by surviving account."""
        masters = {
            row["id"]: row["master_record_id"]
            for row in project.query("from salesforce.account where master_record_id <> ''")
        }
        found = []
        for row in project.query("from salesforce.event where not is_deleted"):
            account = row["account_id"]
            while account in masters:
                account = masters[account]
            day = self.day(row["start_date_time"])
            if account in self.accounts and row["qbr_rating_c"] and day <= self.as_of:
                rating = float(row["qbr_rating_c"])
                found.append({"account_id": account, "day": day, "score": 25 * (rating - 1)})
        return found

    @staticmethod
    def landed_statuses(project: Project) -> dict[str, list[tuple[datetime, str]]]:
        found: dict[str, list[tuple[datetime, str]]] = defaultdict(list)
        for row in project.query("from salesforce.account_history order by _fivetran_start"):
            found[row["id"]].append((row["_fivetran_start"], row["renewal_status_c"]))
        return found

    def window(self, period_end: date, days: int, before: int = 0) -> tuple[date, date]:
        """First and last day of a window that ends `before` days before the period end."""
        last = period_end - timedelta(days=before)
        return last - timedelta(days=days - 1), last

    def held(self, account: str, day: date) -> list[Row]:
        """What the account pays for on a day."""
        return [
            row
            for row in self.subscriptions[account]
            if row["is_paying"]
            and row["starts_on"] <= day
            and (row["ends_on"] is None or day < row["ends_on"])
        ]

    def billed_seats(self, account: str, day: date) -> int | None:
        """0 when nothing is held any more; unknown when what is held names no seats."""
        held = self.held(account, day)
        known = [row["seats"] for row in held if row["seats"] is not None]
        return sum(known) if known or not held else None

    def seats(self, account: str, period_end: date) -> int | None:
        billed = None
        if any(row["starts_on"] <= period_end for row in self.subscriptions[account]):
            billed = self.billed_seats(account, period_end)
        return self.accounts[account]["seats"] if billed is None else billed

    def status(self, account: str, period_end: date) -> tuple[str | None, str | None]:
        """Renewal status at the end of the day, and whether history says so."""
        for since, status in reversed(self.statuses[account]):
            if self.day(since) <= period_end:
                return status, "period"
        status = self.accounts[account]["renewal_status"]
        return status, "current" if status else None

    def usage_signals(self, account: str, period_end: date) -> Signals:
        nothing: Signals = dict.fromkeys(PILLARS["usage"])
        first, last = self.window(period_end, 30)
        seen = any(row["usage_date"] <= last for row in self.usage[account])
        alive = any(
            first <= row["usage_date"] <= last for rows in self.usage.values() for row in rows
        )
        if not (seen and alive) or self.first_usage is None or self.first_usage > first:
            return nothing
        days: dict[date, set[str]] = defaultdict(set)
        modules, sticky = set(), set()
        for row in self.usage[account]:
            if first <= row["usage_date"] <= last:
                days[row["usage_date"]].add(row["product_user_key"])
                modules |= {row["module"]} - {None}
                sticky |= {row["product_user_key"]} if row["is_sticky"] else set()
        people = set().union(*days.values())
        daily = Fraction(sum(len(who) for who in days.values()), 30)
        return {
            "active_seat_rate": share(len(people), self.seats(account, period_end)),
            "stickiness": daily / len(people) if people else None,
            "breadth": share(len(modules), self.entitled.get(account)),
            "depth": share(len(sticky), len(people)),
        }

    def voice_signals(self, account: str, period_end: date) -> Signals:
        efforts, reviews = [], []
        for row in self.answers[account]:
            day = self.day(row["responded_at"])
            low, high = row["scale_min"], row["scale_max"]
            steps = row["raw_score"] - low if row["higher_is_better"] else high - row["raw_score"]
            score = Fraction(100) * Fraction(steps) / Fraction(high - low)
            first, last = self.window(period_end, 90)
            if row["metric"] == "ces" and first <= day <= last:
                efforts.append(score)
            first, last = self.window(period_end, 180)
            if (row["metric"], row["touchpoint"]) == ("csat", "qbr") and first <= day <= last:
                reviews.append(score)
        first, last = self.window(period_end, 180)
        notes = [row["score"] for row in self.ratings[account] if first <= row["day"] <= last]
        return {
            "account_nps": self.account_nps.get((period_end, account)),
            "effort": mean(efforts),
            "qbr_pulse": mean([*reviews, *notes]),
        }

    def commercial_signals(self, account: str, period_end: date) -> Signals:
        first, last = self.window(period_end, 365)
        verdicts = []
        for row in self.invoices[account]:
            paid_in_time = row["paid_date"] is not None and row["paid_date"] <= row["due_date"]
            if first <= row["due_date"] <= last and row["is_on_time"] is not None:
                verdicts.append(paid_in_time)
        seats_then = self.billed_seats(account, period_end - timedelta(days=365))
        seats_now = self.billed_seats(account, period_end)
        status, _ = self.status(account, period_end)
        return {
            "payment_timeliness": mean(verdicts),
            "seat_change": Fraction(seats_now, seats_then) - 1
            if seats_then and seats_now is not None
            else None,
            "renewal_status": self.status_scores.get((status or "").strip().lower()),
        }

    def service_signals(self, account: str, period_end: date) -> Signals:
        def made(days: int, before: int = 0) -> list[Row]:
            first, last = self.window(period_end, days, before)
            return [
                row for row in self.tickets[account] if first <= self.day(row["created_at"]) <= last
            ]

        now, baseline = made(30), made(180, before=30)
        created = self.accounts[account]["created_at"]
        starts = [
            self.day(created) if created else None,
            min((row["starts_on"] for row in self.subscriptions[account]), default=None),
        ]
        whole = all(start <= self.window(period_end, 210)[0] for start in starts if start)
        types = [row["ticket_type"].lower() for row in now if row["ticket_type"]]
        targets = [
            row[target]
            for row in made(90)
            for target in ("is_first_reply_sla_met", "is_resolution_sla_met")
            if row[target] is not None
        ]
        firsts = [row["is_first_contact_resolution"] for row in made(90)]
        surge = None
        if now and baseline and whole:
            surge = len(now) / (Fraction(len(baseline), 180) * 30)
        return {
            "ticket_surge": surge,
            "bug_share": share(sum(kind in ("bug", "incident") for kind in types), len(now))
            if types
            else None,
            "first_contact_resolution": mean(first for first in firsts if first is not None),
            "sla_attainment": mean(targets),
        }

    def signals(self, account: str, period_end: date) -> Signals:
        """All signals of an account at a period end."""
        return {
            **self.usage_signals(account, period_end),
            **self.voice_signals(account, period_end),
            **self.commercial_signals(account, period_end),
            **self.service_signals(account, period_end),
        }

    def is_customer(self, account: str, period_end: date) -> bool:
        if any(row["starts_on"] <= period_end for row in self.subscriptions[account]):
            return sum(row["mrr"] for row in self.held(account, period_end)) > 0
        told = self.accounts[account]["is_active"]
        status, _ = self.status(account, period_end)
        return told if told is not None else status not in ("churned", "lost")


def same(built: float | None, expected: float | Fraction | None) -> bool:
    if built is None or expected is None:
        return built is None and expected is None
    return abs(built - float(expected)) <= TOLERANCE


def assert_recomputed(project: Project, reference: Reference) -> dict[str, int]:
    """Compare every row; return how many values of each signal there were."""
    built = {
        (row["period_end"], row["account_id"]): row
        for row in project.query("from intermediate.int_health__signal_values")
    }
    assert {period for period, _ in built} == set(period_ends(reference.as_of))
    counted = dict.fromkeys(SIGNALS, 0)
    for period in period_ends(reference.as_of):
        for account, facts in reference.accounts.items():
            expected = reference.signals(account, period)
            row = built.get((period, account))
            existed = facts["created_at"] is None or reference.day(facts["created_at"]) <= period
            if row is None:
                measured = {
                    key: value for key, value in expected.items() if key != "renewal_status"
                }
                assert not existed, (period, account)
                assert not any(value is not None for value in measured.values()), (period, account)
                continue
            for signal, value in expected.items():
                assert same(row[signal], value), (period, account, signal, row[signal], value)
                counted[signal] += value is not None
            assert row["seats"] == reference.seats(account, period), (period, account)
            assert row["is_customer"] == reference.is_customer(account, period), (period, account)
            assert row["renewal_status_as_of"] == reference.status(account, period)[1]
    return counted


@pytest.fixture(scope="module")
def reference(demo: Project) -> Reference:
    return Reference(demo, AS_OF)


def test_every_signal_is_that_of_the_reference(demo: Project, reference: Reference) -> None:
    counted = assert_recomputed(demo, reference)
    assert min(counted.values()) > 100, counted


def test_signals_hold_in_another_time_zone_and_in_the_middle_of_a_month(
    demo: Project, tmp_path: Path
) -> None:
    project = demo.fork(tmp_path / "project")
    as_of, zone = date(2026, 4, 17), "Asia/Tokyo"
    outcome = project.dbt(
        *("build", "--select", "+int_health__signal_values", *NO_TESTS, "resource_type:seed"),
        variables={"as_of_date": as_of.isoformat(), "reporting_timezone": zone},
    )
    assert outcome.ok, outcome.output[-4000:]
    counted = assert_recomputed(project, Reference(project, as_of, zone))
    assert min(counted.values()) > 80, counted


def test_a_domain_that_nobody_lands_leaves_its_signals_null(demo: Project, tmp_path: Path) -> None:
    project = demo.fork(tmp_path / "project")
    outcome = project.dbt(
        "build",
        "--select",
        *("+int_health__signal_values", "+int_health__source_freshness", "+account_outcomes"),
        *(*NO_TESTS, "resource_type:seed"),
        variables={f"{domain}_vendors": [] for domain in ("usage", "support", "billing")},
    )
    assert outcome.ok, outcome.output[-4000:]
    unknown = [*PILLARS["usage"], *PILLARS["service"], "payment_timeliness", "seat_change"]
    values = project.query("from intermediate.int_health__signal_values")
    assert {row[signal] for row in values for signal in unknown} == {None}
    assert any(row["account_nps"] is not None for row in values)
    assert any(row["effort"] is not None for row in values)
    domains = project.query("select distinct domain from intermediate.int_health__source_freshness")
    assert [row["domain"] for row in domains] == ["survey"]
    # the CRM alone says who is a customer, and who was lost
    gone = set(TRUTHS["churned_accounts"]["expected"])
    latest = [row for row in values if row["period_end"] == AS_OF]
    assert {row["account_id"] for row in latest if not row["is_customer"]} == gone
    outcomes = project.query("from marts.account_outcomes where outcome = 'churned'")
    assert {row["account_id"] for row in outcomes} == gone
    assert {row["outcome_source"] for row in outcomes} == {"crm"}
    assert {row["arr_before"] for row in outcomes} == {None}


def test_seats_are_those_of_the_subscription_months(demo: Project) -> None:
    wrong = demo.query(
        """
        select months.account_id, months.month_end, months.seats, months.arr, health.seats, health.arr
        from marts.fct_subscription_months as months
        inner join intermediate.int_health__signal_values as health
            on months.account_id = health.account_id and months.month_end = health.period_end
        where months.movement <> 'churn' and (months.seats <> health.seats or months.arr <> health.arr)
        """
    )
    assert wrong == []


# What is planted in the demo


def account_ids(name: str) -> list[str]:
    return TRUTHS[name]["rows"]["salesforce__account.id"]


@pytest.fixture(scope="module")
def latest(demo: Project) -> dict[str, Row]:
    rows = demo.query("from intermediate.int_health__signal_values where period_end = ?", [AS_OF])
    return {row["account_id"]: row for row in rows}


@pytest.mark.parametrize(
    ("name", "signals"),
    [
        ("accounts_without_usage", PILLARS["usage"]),
        ("accounts_without_answers", ("account_nps", "effort")),
        ("accounts_without_tickets", PILLARS["service"]),
        ("accounts_without_invoices", ("payment_timeliness",)),
    ],
)
def test_what_was_never_measured_is_null_and_not_zero(
    latest: dict[str, Row], name: str, signals: tuple[str, ...]
) -> None:
    assert len(account_ids(name)) == 2
    for account in account_ids(name):
        assert {latest[account][signal] for signal in signals} == {None}
        others = [latest[account][signal] for signal in SIGNALS if signal not in signals]
        assert any(value is not None for value in others)


def test_healthy_and_sick_accounts_lie_at_the_ends(latest: dict[str, Row]) -> None:
    healthy = [latest[account] for account in account_ids("healthy_accounts")]
    sick = [latest[account] for account in account_ids("sick_accounts")]
    assert len(healthy) == len(sick) == 8
    low_is_good = {"ticket_surge", "bug_share"}
    for signal in SIGNALS:
        best, worst = (sick, healthy) if signal in low_is_good else (healthy, sick)
        assert None not in {row[signal] for row in healthy + sick}, signal
        assert min(row[signal] for row in best) > max(row[signal] for row in worst), signal


def test_qbr_ratings_are_the_voice_of_accounts_without_forms(latest: dict[str, Row]) -> None:
    for account in account_ids("no_form_accounts"):
        assert latest[account]["account_nps"] is None
        assert latest[account]["qbr_pulse"] is not None


def test_the_status_of_a_renewal_is_that_of_the_time(demo: Project, reference: Reference) -> None:
    told = TRUTHS["renewals_that_were_seen_coming"]["expected"]
    assert set(told) == {*account_ids("churned_accounts"), *account_ids("renewed_accounts")}
    built = {
        (row["account_id"], row["period_end"].isoformat()): row
        for row in demo.query("from intermediate.int_crm__account_periods")
    }
    for account, changes in told.items():
        for period in period_ends(AS_OF):
            row = built[account, period.isoformat()]
            if not row["existed"]:
                continue
            since = max(day for day in changes if day <= period.isoformat())
            assert row["renewal_status"] == changes[since], (account, period)
            assert row["renewal_status_as_of"] == "period"
    for account in account_ids("accounts_without_history"):
        assert built[account, AS_OF.isoformat()]["renewal_status_as_of"] == "current"


# What became of customers


def test_outcomes_are_the_departures_and_renewals_of_the_demo(demo: Project) -> None:
    outcomes = demo.query("from marts.account_outcomes")
    churned = {
        row["account_id"]: row["outcome_date"].isoformat()
        for row in outcomes
        if row["outcome"] == "churned"
    }
    assert churned == {
        account: facts["churned_at"]
        for account, facts in TRUTHS["churned_accounts"]["expected"].items()
    }
    renewed = {
        (row["account_id"], row["outcome_date"].isoformat())
        for row in outcomes
        if row["outcome"] == "renewed"
    }
    deals = demo.query(
        "select account_id, cast(close_date as date) as day from salesforce.opportunity "
        "where type = 'Renewal' and is_won and not is_deleted"
    )
    assert renewed == {(row["account_id"], row["day"].isoformat()) for row in deals}
    assert all(row["arr_before"] > 0 for row in outcomes if row["outcome"] == "churned")


def effect_size(lower: list[float], higher: list[float]) -> float:
    """Cohen's d: difference of the means in pooled standard deviations."""
    spread = (len(lower) - 1) * variance(lower) + (len(higher) - 1) * variance(higher)
    return (fmean(higher) - fmean(lower)) / math.sqrt(spread / (len(lower) + len(higher) - 2))


def area_under_curve(lower: list[float], higher: list[float]) -> float:
    """How often a random one of `higher` lies above a random one of `lower`; ties count half."""
    pairs = [(low < high) + (low == high) / 2 for low in lower for high in higher]
    return sum(pairs) / len(pairs)


def rank_sum_z(lower: list[float], higher: list[float]) -> float:
    """Mann-Whitney's U in standard deviations of chance."""
    n, m = len(lower), len(higher)
    return (area_under_curve(lower, higher) - 0.5) * n * m / math.sqrt(n * m * (n + m + 1) / 12)


def scores_before(demo: Project, name: str, days: int = 90) -> list[float]:
    """Health scores at the last period end that lies at least so many days before the outcome."""
    found = []
    for account, facts in TRUTHS[name]["expected"].items():
        outcome = date.fromisoformat(facts.get("churned_at") or facts["renewed_at"])
        found.append(
            demo.value(
                "select health_score from marts.account_health where account_id = ? and period_end <= ? "
                "order by period_end desc limit 1",
                [account, outcome - timedelta(days=days)],
            )
        )
    return found


def test_who_churned_scored_far_lower_ninety_days_before_than_who_renewed(demo: Project) -> None:
    churned, renewed = (scores_before(demo, f"{name}_accounts") for name in ("churned", "renewed"))
    assert (len(churned), len(renewed)) == (14, 18)
    assert None not in churned + renewed
    # A large effect begins at 0.8; 2.58 standard deviations happen by chance once in a hundred.
    assert effect_size(churned, renewed) > 1.2
    assert area_under_curve(churned, renewed) > 0.8
    assert rank_sum_z(churned, renewed) > 2.58


def test_published_signals_are_those_of_the_reference(demo: Project, reference: Reference) -> None:
    published = demo.query(
        "select period_end, account_id, pillar, signal, signal_value, value_as_of "
        "from marts.account_health_signals"
    )
    accounts = {(row["period_end"], row["account_id"]) for row in published}
    expected = {key: reference.signals(key[1], key[0]) for key in accounts}
    assert len(published) == len(accounts) * len(SIGNALS)
    for row in published:
        key, signal = (row["period_end"], row["account_id"]), row["signal"]
        assert signal in PILLARS[row["pillar"]]
        assert same(row["signal_value"], expected[key][signal]), row
