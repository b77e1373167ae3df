"""The demo seeds: what the generator writes, and that what is planted in them is really there."""

from __future__ import annotations

import csv
import json
from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from functools import cache
from itertools import pairwise
from math import sqrt
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from harness import REPOSITORY

from demo.company import make

SEEDS = REPOSITORY / "seeds" / "demo"
TRUTHS: dict[str, dict[str, Any]] = json.loads((REPOSITORY / "demo" / "truths.json").read_text())
PLANTED = [(book, name) for book, entries in TRUTHS.items() for name in entries]
END = datetime(2026, 6, 30, 23, 59, 59)
WINDOW = timedelta(days=365)
VALID = {str(score) for score in range(11)}
MAX_ROWS, MAX_BYTES = 30_000, 4 * 1024 * 1024

Row = dict[str, str]


@cache
def rows(table: str) -> list[Row]:
    """All rows of a seed, by its name (vendor__table)."""
    path = SEEDS / table.split("__")[0] / f"{table}.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def values(column: str) -> list[str]:
    """The filled values of vendor__table.column."""
    table, name = column.split(".")
    return [row[name] for row in rows(table) if row[name]]


def truth(name: str) -> dict[str, Any]:
    return TRUTHS["truths"][name]


def dirt(name: str) -> dict[str, Any]:
    return TRUTHS["dirt"][name]


def only_id(entry: dict[str, Any]) -> str:
    """The one id an entry is about."""
    (ids,) = entry["rows"].values()
    (key,) = ids
    return str(key)


def account_ids(name: str) -> list[str]:
    return truth(name)["rows"]["salesforce__account.id"]


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def by(table: str, column: str) -> dict[str, Row]:
    """Rows by a column; of several, the last landed."""
    return {row[column]: row for row in rows(table)}


@cache
def scores() -> dict[str, list[str]]:
    """The answers to the first question, by response."""
    found: dict[str, list[str]] = defaultdict(list)
    for row in rows("qualtrics__question_response"):
        if row["question_id"] == "QID1":
            found[row["response_id"]].append(row["value"])
    return found


@cache
def respondents() -> dict[str, str]:
    """The Salesforce contact of each response, by the address it came from."""
    contacts = {
        row["email"].strip().lower(): row["id"] for row in reversed(rows("salesforce__contact"))
    }
    return {
        row["id"]: contacts[row["recipient_email"].strip().lower()]
        for row in rows("qualtrics__survey_response")
        if row["recipient_email"].strip().lower() in contacts
    }


def nps_answers(account: str, period_end: date) -> dict[str, int]:
    """The latest NPS answer of each contact of an account in the window of 365 days."""
    until = datetime(period_end.year, period_end.month, period_end.day) + timedelta(days=1)
    contacts = {row["id"] for row in rows("salesforce__contact") if row["account_id"] == account}
    latest: dict[str, tuple[str, int]] = {}
    for row in rows("qualtrics__survey_response"):
        contact = respondents().get(row["id"])
        if row["survey_id"] != "SV_relationship" or contact not in contacts:
            continue
        at = row["recorded_date"]
        inside = until - WINDOW <= moment(at) < until
        score = scores().get(row["id"], [""])[0]
        if inside and score in VALID and at > latest.get(contact, ("", 0))[0]:
            latest[contact] = (at, int(score))
    return {contact: score for contact, (_, score) in latest.items()}


def nps(answers: list[int]) -> float:
    return 100 * sum((score >= 9) - (score <= 6) for score in answers) / len(answers)


def scores_by_role(account: str) -> dict[str, list[int]]:
    roles = {row["id"]: row["contact_role_c"] for row in rows("salesforce__contact")}
    found: dict[str, list[int]] = defaultdict(list)
    for contact, score in sorted(nps_answers(account, END.date()).items()):
        found[roles[contact].lower().replace(" ", "_")].append(score)
    return found


# The files


def test_regeneration_is_byte_identical(tmp_path: Path) -> None:
    landing, truths = make()
    landing.write(tmp_path / "seeds")
    truths.write(tmp_path / "truths.json")
    made = {path.relative_to(tmp_path / "seeds") for path in (tmp_path / "seeds").rglob("*.csv")}
    assert made == {path.relative_to(SEEDS) for path in SEEDS.rglob("*.csv")}
    changed = [
        str(p) for p in made if (tmp_path / "seeds" / p).read_bytes() != (SEEDS / p).read_bytes()
    ]
    assert changed == [], "run `python -m demo` and commit what it wrote"
    committed = (REPOSITORY / "demo" / "truths.json").read_bytes()
    assert (tmp_path / "truths.json").read_bytes() == committed


def test_two_runs_in_one_process_do_not_influence_each_other() -> None:
    first, second = make()[0], make()[0]
    assert [table.text() for table in first.tables] == [table.text() for table in second.tables]


def test_the_demo_stays_small() -> None:
    files = list(SEEDS.rglob("*.csv"))
    assert sum(len(rows(path.stem)) for path in files) < MAX_ROWS
    assert sum(path.stat().st_size for path in files) < MAX_BYTES


def test_every_table_says_when_it_was_synced() -> None:
    for path in SEEDS.rglob("*.csv"):
        assert all(moment(row["_fivetran_synced"]) <= END for row in rows(path.stem)), path.stem


def test_every_seed_is_described() -> None:
    described = (SEEDS / "_demo__seeds.yml").read_text(encoding="utf-8")
    for path in SEEDS.rglob("*.csv"):
        assert f"- name: {path.stem}\n" in described


# Planned for later, not events: renewals, due dates, ends of periods and of validity.
PLANS = {
    *("renewal_date_c", "due_date", "close_date", "current_period_end", "period_end"),
    *(
        "survey_link_expiration_date",
        "valid_through",
        "_fivetran_end",
        "daylight_start_utc",
        "daylight_end_utc",
    ),
}


def test_nothing_happens_after_the_last_day() -> None:
    for path in SEEDS.rglob("*.csv"):
        for row in rows(path.stem):
            for column, value in row.items():
                looks_like_time = len(value) in (10, 19) and value[:2] == "20" and value[4:5] == "-"
                if looks_like_time and column not in PLANS:
                    assert moment(value) <= END, (path.stem, column, row)


# The planted rows


@pytest.mark.parametrize(("book", "name"), PLANTED, ids=[name for _, name in PLANTED])
def test_planted_rows_are_in_the_seeds(book: str, name: str) -> None:
    for column, wanted in TRUTHS[book][name]["rows"].items():
        table, field = column.split(".")
        landed = {row[field] for row in rows(table)}
        assert wanted, f"{name} names nothing in {column}"
        assert {str(value) for value in wanted} <= landed


LINKS = [
    ("salesforce__account.owner_id", "salesforce__user.id"),
    ("salesforce__account.parent_id", "salesforce__account.id"),
    ("salesforce__account.master_record_id", "salesforce__account.id"),
    ("salesforce__account_history.id", "salesforce__account.id"),
    ("salesforce__contact.account_id", "salesforce__account.id"),
    ("salesforce__contact.master_record_id", "salesforce__contact.id"),
    ("salesforce__contact_history.id", "salesforce__contact.id"),
    ("salesforce__account_contact_role.contact_id", "salesforce__contact.id"),
    ("salesforce__opportunity.account_id", "salesforce__account.id"),
    ("salesforce__opportunity_contact_role.opportunity_id", "salesforce__opportunity.id"),
    ("salesforce__opportunity_contact_role.contact_id", "salesforce__contact.id"),
    ("salesforce__task.who_id", "salesforce__contact.id"),
    ("salesforce__event.account_id", "salesforce__account.id"),
    ("qualtrics__question.survey_id", "qualtrics__survey.id"),
    ("qualtrics__survey_response.survey_id", "qualtrics__survey.id"),
    ("qualtrics__question_response.response_id", "qualtrics__survey_response.id"),
    ("qualtrics__survey_embedded_data.response_id", "qualtrics__survey_response.id"),
    ("qualtrics__distribution.parent_distribution_id", "qualtrics__distribution.id"),
    ("qualtrics__distribution_contact.distribution_id", "qualtrics__distribution.id"),
    ("qualtrics__distribution_contact.contact_id", "qualtrics__directory_contact.id"),
    ("qualtrics__distribution_contact.response_id", "qualtrics__survey_response.id"),
    ("qualtrics__directory_contact.ext_ref", "salesforce__contact.id"),
    ("qualtrics__ticket.survey_response_id", "qualtrics__survey_response.id"),
    ("zendesk__ticket.requester_id", "zendesk__user.id"),
    ("zendesk__ticket.assignee_id", "zendesk__user.id"),
    ("zendesk__ticket.group_id", "zendesk__group.id"),
    ("zendesk__ticket.organization_id", "zendesk__organization.id"),
    ("zendesk__ticket_comment.ticket_id", "zendesk__ticket.id"),
    ("zendesk__ticket_comment.user_id", "zendesk__user.id"),
    ("zendesk__ticket_field_history.ticket_id", "zendesk__ticket.id"),
    ("zendesk__satisfaction_rating.ticket_id", "zendesk__ticket.id"),
    ("zendesk__ticket_schedule.schedule_id", "zendesk__schedule.id"),
    ("zendesk__schedule_holiday.schedule_id", "zendesk__schedule.id"),
    ("zendesk__schedule.time_zone", "zendesk__time_zone.time_zone"),
    ("pendo__account_history.metadata_crm_account_id", "salesforce__account.id"),
    ("pendo__visitor_history.account_id", "pendo__account_history.id"),
    ("pendo__visitor_account_history.visitor_id", "pendo__visitor_history.id"),
    ("pendo__event.account_id", "pendo__account_history.id"),
    ("pendo__event.visitor_id", "pendo__visitor_history.id"),
    ("pendo__feature_event.feature_id", "pendo__feature_history.id"),
    ("pendo__feature_history.group_id", "pendo__group.id"),
    ("stripe__subscription_history.customer_id", "stripe__customer.id"),
    ("stripe__subscription_item.plan_id", "stripe__price.id"),
    ("stripe__price.product_id", "stripe__product.id"),
    ("stripe__invoice.customer_id", "stripe__customer.id"),
    ("generic__teams.parent_team_id", "generic__teams.team_id"),
    ("generic__teams.support_team_ref", "zendesk__group.id"),
    ("generic__employees.team_id", "generic__teams.team_id"),
    ("generic__employees.manager_id", "generic__employees.employee_id"),
]
# -1 is how Zendesk itself signs; the staff of the test mailing are in no directory.
STRANGERS = {
    "salesforce__contact.account_id": 1,
    "qualtrics__distribution_contact.contact_id": 2,
    "zendesk__ticket.organization_id": 1,
    "zendesk__ticket_comment.user_id": 1,
    "pendo__event.account_id": 1,
    "pendo__event.visitor_id": 1,
    "stripe__invoice.customer_id": 1,
}


@pytest.mark.parametrize(("child", "parent"), LINKS, ids=[child for child, _ in LINKS])
def test_links_lead_somewhere_but_for_the_planted_ones(child: str, parent: str) -> None:
    strangers = set(values(child)) - set(values(parent))
    assert len(strangers) == STRANGERS.get(child, 0), sorted(strangers)[:5]


KEYS = [
    *("salesforce__opportunity.id", "salesforce__task.id", "salesforce__event.id"),
    *("qualtrics__survey.id", "qualtrics__distribution.id", "qualtrics__directory_contact.id"),
    *(
        "zendesk__ticket.id",
        "zendesk__user.id",
        "zendesk__organization.id",
        "zendesk__ticket_comment.id",
    ),
    *(
        "pendo__event._fivetran_id",
        "pendo__visitor_history.id",
        "stripe__customer.id",
        "stripe__invoice.id",
    ),
]


@pytest.mark.parametrize("column", KEYS)
def test_keys_are_unique(column: str) -> None:
    assert max(Counter(values(column)).values()) == 1


@pytest.mark.parametrize(
    ("column", "name"),
    [
        ("salesforce__account.id", "accounts_landed_twice"),
        ("salesforce__contact.id", "contact_landed_twice"),
        ("qualtrics__survey_response.id", "response_landed_twice"),
        ("qualtrics__question_response._fivetran_id", "answer_landed_twice"),
    ],
)
def test_only_planted_keys_landed_twice_and_with_other_content(column: str, name: str) -> None:
    twice = {key for key, count in Counter(values(column)).items() if count > 1}
    assert twice == set(dirt(name)["rows"][column])
    table, field = column.split(".")
    for key in twice:
        first, second = (row for row in rows(table) if row[field] == key)
        assert first != second
        assert first["_fivetran_synced"] != second["_fivetran_synced"]


def test_an_invitation_lands_once_per_batch() -> None:
    keys = Counter(
        (row["contact_id"], row["contact_lookup_id"], row["distribution_id"])
        for row in rows("qualtrics__distribution_contact")
    )
    assert max(keys.values()) == 1


# The truths


def test_the_worked_example_is_what_the_window_holds() -> None:
    entry = truth("worked_example")
    found = scores_by_role(account_ids("worked_example")[0])
    assert found == {"decision_maker": [8], "manager": [4], "user": [9, 10, 7, 9]}
    assert entry["expected"]["scores"] == found
    weighted = (
        0.5 * nps(found["decision_maker"]) + 0.3 * nps(found["manager"]) + 0.2 * nps(found["user"])
    )
    assert weighted == entry["expected"]["account_nps"] == -15
    pooled = nps([score for answers in found.values() for score in answers])
    assert round(pooled, 2) == entry["expected"]["pooled_nps"] == 33.33


def test_the_silent_decision_maker_leaves_half_the_weight() -> None:
    found = scores_by_role(account_ids("decision_maker_silent")[0])
    assert found == {"manager": [4], "user": [9, 10, 7, 9]}
    seen = 0.3 * nps(found["manager"]) + 0.2 * nps(found["user"])
    expected = truth("decision_maker_silent")["expected"]
    assert seen / 0.5 == expected["account_nps"] == -30
    assert (
        (seen - 50, seen + 50)
        == (expected["nps_low_bound"], expected["nps_high_bound"])
        == (-65, 35)
    )


@pytest.mark.parametrize("name", ["role_conflict_buyer_unhappy", "role_conflict_buyer_happy"])
def test_roles_of_conflict_accounts_disagree_in_sign(name: str) -> None:
    sign = 1 if name.endswith("buyer_happy") else -1
    assert len(account_ids(name)) == 4
    for account in account_ids(name):
        found = scores_by_role(account)
        assert found == truth(name)["expected"]["scores"][account]
        assert sign * nps(found["decision_maker"]) > 0 > sign * nps(found["user"])


def test_the_movers_move_most_and_earn_most() -> None:
    before, after = date(2026, 5, 31), date(2026, 6, 30)
    accounts = {row["id"]: float(row["arr_c"]) for row in rows("salesforce__account")}
    shift: dict[str, float] = {}
    sizes = {end: sum(len(nps_answers(each, end)) for each in accounts) for end in (before, after)}
    for account in accounts:
        then, now = (nps_answers(account, end) for end in (before, after))
        shift[account] = (
            sum(nps([s]) for s in now.values()) / sizes[after]
            - sum(nps([s]) for s in then.values()) / sizes[before]
        )
    movers = set(account_ids("movers"))
    assert set(sorted(shift, key=lambda each: abs(shift[each]))[-2:]) == movers
    assert all(shift[account] < 0 for account in movers)
    assert set(sorted(accounts, key=lambda each: accounts[each])[-2:]) == movers


def test_churned_accounts_were_clearly_worse_off_than_renewed_ones() -> None:
    churned, renewed = truth("churned_accounts"), truth("renewed_accounts")
    assert len(churned["expected"]) >= 12
    assert len(renewed["expected"]) >= 12
    worst = min(each["latent_health"] for each in renewed["expected"].values())
    assert max(each["latent_health"] for each in churned["expected"].values()) < worst - 0.1
    accounts = by("salesforce__account", "id")
    assert {accounts[key]["renewal_status_c"] for key in churned["expected"]} == {"churned"}
    customers = {
        json.loads(row["metadata"]).get("account_id"): row["id"] for row in rows("stripe__customer")
    }
    cancelled = {
        row["customer_id"]: row
        for row in rows("stripe__subscription_history")
        if row["status"] == "canceled"
    }
    for key, facts in churned["expected"].items():
        assert cancelled[customers[key]]["canceled_at"].startswith(facts["churned_at"])


def _since(account: str, days: int) -> list[tuple[int, str]]:
    """(score, survey) of an account's transactional answers of the last days."""
    start = END - timedelta(days=days)
    contacts = {row["id"] for row in rows("salesforce__contact") if row["account_id"] == account}
    return [
        (int(scores()[row["id"]][0]), row["survey_id"])
        for row in rows("qualtrics__survey_response")
        if respondents().get(row["id"]) in contacts and moment(row["recorded_date"]) > start
    ]


@pytest.mark.parametrize(
    ("name", "promoters"), [("healthy_accounts", True), ("sick_accounts", False)]
)
def test_clear_cut_accounts_are_clear_cut_in_every_pillar(name: str, promoters: bool) -> None:
    accounts = by("salesforce__account", "id")
    organizations = {
        account: row["id"]
        for row in rows("zendesk__organization")
        for account in (
            row["external_id"],
            next((a for a, r in accounts.items() if r["account_number"] == row["external_id"]), ""),
        )
    }
    users = defaultdict(set)
    product = {row["metadata_crm_account_id"]: row["id"] for row in rows("pendo__account_history")}
    for row in rows("pendo__event"):
        if moment(row["timestamp"]) > END - timedelta(days=30):
            users[row["account_id"]].add(row["visitor_id"])
    assert len(account_ids(name)) == 8
    for account in account_ids(name):
        answers = nps_answers(account, END.date())
        assert nps(list(answers.values())) == (100 if promoters else -100)
        efforts = [score for score, survey in _since(account, 90) if survey == "SV_ticket_ces"]
        assert efforts
        assert min(efforts) == 7 if promoters else max(efforts) <= 2
        seats = int(accounts[account]["seats_c"])
        share = len(users[product[account]]) / seats
        assert share == 1 if promoters else share < 0.2
        recent = [
            row
            for row in rows("zendesk__ticket")
            if row["organization_id"] == organizations[account]
            and moment(row["created_at"]) > END - timedelta(days=30)
        ]
        assert len(recent) == (1 if promoters else 5)
        assert {row["type"] for row in recent} == ({"question"} if promoters else {"incident"})
        ratings = [
            int(row["qbr_rating_c"])
            for row in rows("salesforce__event")
            if row["account_id"] == account
            and row["is_deleted"] == "false"
            and moment(row["start_date_time"]) > END - timedelta(days=180)
        ]
        assert set(ratings) == ({5} if promoters else {1})
        assert accounts[account]["renewal_status_c"] in (
            ("renewed", "committed") if promoters else ("at_risk",)
        )


def test_engagement_leads_team_csat_by_two_months() -> None:
    engagement: dict[tuple[str, int], list[int]] = defaultdict(list)
    people: dict[tuple[str, int], set[str]] = defaultdict(set)
    team_of = {
        row["response_id"]: row["value"]
        for row in rows("qualtrics__survey_embedded_data")
        if row["key"] == "team_id"
    }
    month_of = {
        row["id"]: moment(row["recorded_date"])
        for row in rows("qualtrics__survey_response")
        if row["survey_id"] == "SV_employee_pulse"
    }
    for row in rows("qualtrics__question_response"):
        if row["response_id"] in month_of:
            at = month_of[row["response_id"]]
            engagement[team_of[row["response_id"]], at.year * 12 + at.month].append(
                int(row["value"])
            )
            people[team_of[row["response_id"]], at.year * 12 + at.month].add(row["response_id"])
    teams = {row["support_team_ref"]: row["team_id"] for row in rows("generic__teams")}
    csat: dict[tuple[str, int], list[bool]] = defaultdict(list)
    for row in rows("zendesk__satisfaction_rating"):
        if row["score"] in ("good", "bad"):
            at = moment(row["updated_at"])
            csat[teams[row["group_id"]], at.year * 12 + at.month].append(row["score"] == "good")

    def correlation(lag: int) -> tuple[float, float]:
        pairs: dict[str, list[tuple[float, float]]] = defaultdict(list)
        for (team, month), items in engagement.items():
            rated = csat.get((team, month + lag))
            if rated and len(people[team, month]) >= 5:
                pairs[team].append((sum(items) / len(items), sum(rated) / len(rated)))
        centred = []
        for each in pairs.values():
            x, y = (sum(column) / len(each) for column in zip(*each, strict=True))
            centred += [(a - x, b - y) for a, b in each]
        xx, yy = sum(a * a for a, _ in centred), sum(b * b for _, b in centred)
        return sum(a * b for a, b in centred) / sqrt(xx * yy), 1.96 / sqrt(len(centred))

    found = {lag: correlation(lag) for lag in range(-6, 7)}
    lead = truth("engagement_leads_csat")["expected"]["lag_months"]
    assert max(found, key=lambda lag: found[lag][0]) == lead == 2
    assert found[2][0] > 2 * found[2][1]
    assert all(abs(r) < found[2][0] / 1.5 for lag, (r, _) in found.items() if lag != 2)


def test_some_teams_are_too_small_to_show() -> None:
    current = Counter(row["team_id"] for row in rows("generic__employees") if not row["valid_to"])
    small = truth("teams_too_small_to_show")["rows"]["generic__teams.team_id"]
    assert set(small) == {team for team, count in current.items() if count < 5}
    assert 60 <= len({row["employee_id"] for row in rows("generic__employees")}) <= 75


@pytest.mark.parametrize(
    ("name", "silent"),
    [
        (
            "accounts_without_usage",
            lambda key: key not in values("pendo__account_history.metadata_crm_account_id"),
        ),
        (
            "accounts_without_tickets",
            lambda key: (
                key not in values("zendesk__organization.external_id") or not _tickets_of(key)
            ),
        ),
        ("accounts_without_answers", lambda key: not _answers_of(key)),
        ("accounts_without_invoices", lambda key: not _invoices_of(key)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_silent_accounts_are_silent(name: str, silent: Any) -> None:
    assert len(account_ids(name)) == 2
    assert all(silent(key) for key in account_ids(name))


def _tickets_of(account: str) -> list[Row]:
    number = by("salesforce__account", "id")[account]["account_number"]
    own = {
        row["id"]
        for row in rows("zendesk__organization")
        if row["external_id"] in (account, number)
    }
    assert len(own) == 1
    return [row for row in rows("zendesk__ticket") if row["organization_id"] in own]


def _answers_of(account: str) -> list[str]:
    contacts = {row["id"] for row in rows("salesforce__contact") if row["account_id"] == account}
    return [response for response, contact in respondents().items() if contact in contacts]


def _invoices_of(account: str) -> list[Row]:
    customers = {row["id"] for row in rows("stripe__customer") if account in row["metadata"]}
    assert len(customers) == 1
    return [row for row in rows("stripe__invoice") if row["customer_id"] in customers]


def test_champions_left_and_threads_are_single() -> None:
    contacts = by("salesforce__contact", "id")
    for key in truth("champion_left")["rows"]["salesforce__contact.id"]:
        assert contacts[key]["is_champion_c"] == contacts[key]["no_longer_at_company_c"] == "true"
        assert contacts[key]["left_date_c"] == "2026-04-15"
    size = Counter(row["account_id"] for row in contacts.values())
    assert all(size[key] == 1 for key in account_ids("single_threaded_one_contact"))
    for key in account_ids("single_threaded_one_respondent"):
        assert size[key] > 1
        assert len(nps_answers(key, END.date())) <= 1


def test_accounts_without_forms_are_heard_in_reviews_only() -> None:
    accounts = by("salesforce__account", "id")
    invited = {row["contact_id"] for row in rows("qualtrics__distribution_contact")}
    directory = {
        row["email"].strip().lower(): row["id"] for row in rows("qualtrics__directory_contact")
    }
    for key in account_ids("no_form_accounts"):
        assert accounts[key]["no_nps_form_c"] == accounts[key]["is_key_account_c"] == "true"
        emails = {
            row["email"].strip().lower()
            for row in rows("salesforce__contact")
            if row["account_id"] == key
        }
        assert not {directory[email] for email in emails & directory.keys()} & invited
        assert [
            row
            for row in rows("salesforce__event")
            if row["account_id"] == key and row["type"] == "QBR" and row["qbr_rating_c"]
        ]


def test_contacts_changed_role_and_account_between_answers() -> None:
    for name, field in (
        ("contact_changed_role", "title"),
        ("contact_changed_account", "account_id"),
    ):
        entry = truth(name)
        key = entry["rows"]["salesforce__contact.id"][0]
        earlier, later = (row for row in rows("salesforce__contact_history") if row["id"] == key)
        assert earlier[field] != later[field] == by("salesforce__contact", "id")[key][field]
        assert later["_fivetran_start"] == entry["expected"]["changed_at"]
        answered = sorted(
            (moment(row["recorded_date"]), int(scores()[row["id"]][0]))
            for row in rows("qualtrics__survey_response")
            if respondents().get(row["id"]) == key and row["survey_id"] == "SV_relationship"
        )
        assert [score for _, score in answered] == entry["expected"]["scores"]
        assert answered[0][0] < moment(later["_fivetran_start"]) < answered[1][0]


def test_hierarchies_have_up_to_three_levels() -> None:
    parent = {row["id"]: row["parent_id"] for row in rows("salesforce__account")}
    links = truth("hierarchies")["expected"]
    assert all(parent[child] == above for child, above in links.items())
    assert any(links.get(above) for above in links.values())


# Closed loop


@cache
def outbound() -> dict[str, list[datetime]]:
    """Moments at which a human of ours contacted somebody at the account."""
    found: dict[str, list[datetime]] = defaultdict(list)
    for row in rows("salesforce__task"):
        human = (
            row["is_automated_c"] == row["is_deleted"] == "false" and row["call_type"] != "Inbound"
        )
        if human and row["is_closed"] == "true":
            found[row["account_id"]].append(moment(row["completed_date_time"]))
    for row in rows("salesforce__event"):
        if row["is_deleted"] == "false":
            found[row["account_id"]].append(moment(row["start_date_time"]))
    return found


def first_contact_after(response: str) -> timedelta | None:
    row = by("qualtrics__survey_response", "id")[response]
    account = by("salesforce__contact", "id")[respondents()[response]]["account_id"]
    at = moment(row["recorded_date"])
    later = sorted(each for each in outbound()[account] if each > at)
    return later[0] - at if later else None


def test_named_follow_ups_came_in_time_late_or_never() -> None:
    sla = timedelta(hours=48)
    groups = {
        kind: truth(f"detractors_followed_up_{kind}")["rows"]["qualtrics__survey_response.id"]
        for kind in ("in_sla", "late", "never")
    }
    assert {kind: len(ids) >= 5 for kind, ids in groups.items()} == dict.fromkeys(groups, True)
    assert all(int(scores()[key][0]) <= 6 for ids in groups.values() for key in ids)
    assert all((first_contact_after(key) or 2 * sla) <= sla for key in groups["in_sla"])
    assert all((first_contact_after(key) or sla) > sla for key in groups["late"])
    assert all(first_contact_after(key) is None for key in groups["never"])


def test_machines_and_incoming_calls_are_no_follow_up() -> None:
    false_ones = truth("detractors_with_false_follow_up")["rows"]["qualtrics__survey_response.id"]
    assert len(false_ones) >= 10
    for key in false_ones:
        wait = first_contact_after(key)
        contact = respondents()[key]
        at = moment(by("qualtrics__survey_response", "id")[key]["recorded_date"])
        noise = [
            row
            for row in rows("salesforce__task")
            if row["who_id"] == contact
            and timedelta(0) < moment(row["created_date"]) - at < timedelta(hours=48)
        ]
        assert noise
        assert all(
            row["is_automated_c"] == "true"
            or row["call_type"] == "Inbound"
            or row["status"] != "Completed"
            for row in noise
        )
        assert wait is None or wait > timedelta(0)


def test_followed_up_detractors_recover_more_often() -> None:
    expected = truth("follow_up_rate")["expected"]
    assert 0.6 <= expected["rate"] <= 0.8
    per_contact: dict[str, list[tuple[datetime, int, str]]] = defaultdict(list)
    for row in rows("qualtrics__survey_response"):
        if (
            row["survey_id"] == "SV_relationship"
            and row["id"].startswith("R_demo")
            and row["id"] in respondents()
        ):
            per_contact[respondents()[row["id"]]].append(
                (moment(row["recorded_date"]), int(scores()[row["id"]][0]), row["id"])
            )
    contacted: dict[str, list[datetime]] = defaultdict(list)
    for row in rows("salesforce__task"):
        if row["subject"].endswith("your answer to our survey"):
            contacted[row["who_id"]].append(moment(row["completed_date_time"]))
    recovered: dict[bool, list[bool]] = {True: [], False: []}
    for contact, answers in per_contact.items():
        for (at, score, _), (then, again, _) in pairwise(sorted(answers)):
            if score <= 6 and then - at <= timedelta(days=180):
                followed = any(at < each < then for each in contacted[contact])
                recovered[followed].append(again >= 7)
    rates = {followed: sum(each) / len(each) for followed, each in recovered.items()}
    assert min(len(each) for each in recovered.values()) >= 15
    assert rates[True] > rates[False] + 0.15


# Tickets


def test_ticket_status_is_the_last_of_its_history() -> None:
    last: dict[str, tuple[str, str]] = {}
    for row in rows("zendesk__ticket_field_history"):
        if row["field_name"] == "status":
            last[row["ticket_id"]] = max(
                last.get(row["ticket_id"], ("", "")), (row["updated"], row["value"])
            )
    exempt = str(dirt("ticket_solved_before_created")["rows"]["zendesk__ticket.id"][0])
    for row in rows("zendesk__ticket"):
        if row["id"] != exempt:
            assert last[row["id"]][1] == row["status"], row["id"]


def test_first_replies_take_the_working_time_that_was_planted() -> None:
    zones = {
        "Eastern Time (US & Canada)": "America/New_York",
        "Berlin": "Europe/Berlin",
        "UTC": "UTC",
    }
    names = {
        "new_york": "New York office hours",
        "berlin": "Berlin office hours",
        "around_the_clock": "24x7",
    }
    riddles = [
        entry
        for name, entry in TRUTHS["truths"].items()
        if name.startswith("ticket_") and "expected" in entry
    ]
    assert len(riddles) == 5
    agents = {row["id"] for row in rows("zendesk__user") if row["role"] == "agent"}
    for entry in riddles:
        key = only_id(entry)
        created = moment(by("zendesk__ticket", "id")[key]["created_at"])
        replied = min(
            moment(row["created"])
            for row in rows("zendesk__ticket_comment")
            if row["ticket_id"] == key and row["user_id"] in agents and row["public"] == "true"
        )
        hours = [
            row
            for row in rows("zendesk__schedule")
            if row["name"] == names[entry["expected"]["schedule"]]
        ]
        closed = [
            row
            for row in rows("zendesk__schedule_holiday")
            if row["schedule_id"] == hours[0]["id"] and row["_fivetran_deleted"] == "false"
        ]
        zone = ZoneInfo(zones[hours[0]["time_zone"]])
        open_minutes = 0
        for number in range((replied - created) // timedelta(minutes=1)):
            local = (
                (created + timedelta(minutes=number))
                .replace(tzinfo=ZoneInfo("UTC"))
                .astimezone(zone)
            )
            of_week = local.isoweekday() % 7 * 1440 + local.hour * 60 + local.minute
            holiday = any(
                row["start_date"] <= local.date().isoformat() <= row["end_date"] for row in closed
            )
            open_minutes += not holiday and any(
                int(row["start_time"]) <= of_week < int(row["end_time"]) for row in hours
            )
        assert (replied - created) // timedelta(minutes=1) == entry["expected"][
            "first_reply_minutes"
        ]
        assert open_minutes == entry["expected"]["first_reply_business_minutes"]
        scheduled = [
            row["schedule_id"]
            for row in rows("zendesk__ticket_schedule")
            if row["ticket_id"] == key
        ]
        assert scheduled == [hours[0]["id"]]


def test_one_ticket_has_been_open_for_more_than_400_days() -> None:
    ticket = by("zendesk__ticket", "id")[only_id(truth("ticket_open_400_days"))]
    assert ticket["status"] == "open"
    assert END - moment(ticket["created_at"]) > timedelta(days=400)


def test_merged_and_reopened_tickets_say_so() -> None:
    tickets = by("zendesk__ticket", "id")
    for source, target in truth("merged_tickets")["expected"]["merged_into"].items():
        assert int(source) in json.loads(tickets[str(target)]["merged_ticket_ids"])
        assert ("closed_by_merge", source) in {
            (row["tag"], row["ticket_id"]) for row in rows("zendesk__ticket_tag")
        }
    for key in truth("reopened_tickets")["rows"]["zendesk__ticket.id"]:
        log = sorted(
            (row["updated"], row["value"])
            for row in rows("zendesk__ticket_field_history")
            if row["ticket_id"] == str(key) and row["field_name"] == "status"
        )
        assert ("solved", "open") in list(pairwise(value for _, value in log))


# The dirt


def test_dirty_scores_and_times_are_dirty() -> None:
    responses = by("qualtrics__survey_response", "id")
    assert scores()[only_id(dirt("score_eleven"))] == ["11"]
    assert scores()[only_id(dirt("score_ten_in_words"))] == ["ten"]
    assert responses[only_id(dirt("end_date_soon"))]["end_date"] == "soon"
    unreadable = [row["id"] for row in responses.values() if not row["end_date"].startswith("20")]
    assert unreadable == [only_id(dirt("end_date_soon"))]
    key = only_id(dirt("answered_before_invited"))
    (invitation,) = (
        row for row in rows("qualtrics__distribution_contact") if row["response_id"] == key
    )
    assert responses[key]["recorded_date"] < invitation["sent_at"]
    early = [
        row["response_id"]
        for row in rows("qualtrics__distribution_contact")
        if row["response_id"] and responses[row["response_id"]]["recorded_date"] < row["sent_at"]
    ]
    assert early == [key]


def test_unknown_keys_are_unknown() -> None:
    accounts = set(values("salesforce__account.id"))
    key = only_id(dirt("answer_of_unknown_account"))
    embedded = {
        row["value"] for row in rows("qualtrics__survey_embedded_data") if row["response_id"] == key
    }
    assert embedded.isdisjoint(accounts)
    assert (
        by("salesforce__contact", "id")[only_id(dirt("contact_of_unknown_account"))]["account_id"]
        not in accounts
    )
    assert "79999" not in values("zendesk__organization.id")
    assert "PA-9999" not in values("pendo__account_history.id")
    invoice = by("stripe__invoice", "id")[only_id(dirt("invoice_of_unknown_customer"))]
    assert invoice["customer_id"] not in values("stripe__customer.id")


def test_merges_chain_and_parents_circle() -> None:
    accounts = by("salesforce__account", "id")
    steps = []
    for key, survivor in dirt("merged_accounts")["expected"]["survivor"].items():
        count, at = 0, key
        while accounts[at]["master_record_id"]:
            at, count = accounts[at]["master_record_id"], count + 1
        assert at == survivor
        assert accounts[key]["is_deleted"] == "true"
        steps.append(count)
    assert sorted(steps) == [1, 1, 2, 3]
    first, second = dirt("parent_cycle")["rows"]["salesforce__account.id"]
    assert accounts[first]["parent_id"] == second
    assert accounts[second]["parent_id"] == first


def test_impossible_tickets_and_invoices_are_impossible() -> None:
    key = only_id(dirt("ticket_solved_before_created"))
    solved = [
        row["updated"]
        for row in rows("zendesk__ticket_field_history")
        if row["ticket_id"] == key and row["value"] == "solved"
    ]
    assert max(solved) < by("zendesk__ticket", "id")[key]["created_at"]
    invoices = by("stripe__invoice", "id")
    assert int(invoices[only_id(dirt("negative_invoice"))]["amount_due"]) < 0
    early = invoices[only_id(dirt("invoice_paid_before_issued"))]
    assert early["status_transitions_paid_at"] < early["created"]


def test_addresses_are_untidy_and_nobody_is_real() -> None:
    contacts = by("salesforce__contact", "id")
    untidy = dirt("untidy_emails")["expected"]
    assert any(contacts[key]["email"] != contacts[key]["email"].strip() for key in untidy)
    for key, email in untidy.items():
        assert contacts[key]["email"] != email == contacts[key]["email"].strip().lower()
    for column in (
        *(
            "salesforce__contact.email",
            "salesforce__user.email",
            "qualtrics__directory_contact.email",
        ),
        *(
            "qualtrics__survey_response.recipient_email",
            "zendesk__user.email",
            "pendo__visitor_history.metadata_email",
        ),
        *("stripe__customer.email", "generic__employees.email"),
    ):
        assert all(value.strip().lower().endswith(".example") for value in values(column))


def test_yen_have_no_minor_unit() -> None:
    prices = {
        (row["currency"], row["recurring_interval_count"]): int(row["unit_amount"])
        for row in rows("stripe__price")
        if "mid_market" in row["id"]
    }
    assert prices["usd", "3"] == 800 * 100 * 3
    assert prices["jpy", "3"] == 800 * 150 * 3


def test_shares_are_about_what_was_asked() -> None:
    accounts = [row for row in rows("salesforce__account") if row["is_deleted"] == "false"]
    assert len({row["id"] for row in accounts}) == 150
    assert {row["region_c"] for row in accounts} == {"North America", "EMEA", "APAC", "LATAM"}
    assert {row["segment_c"] for row in accounts} == {"enterprise", "mid_market", "small_business"}
    referenced = [bool(row["ext_ref"]) for row in rows("qualtrics__directory_contact")]
    assert 0.6 < sum(referenced) / len(referenced) < 0.8
    stated = [bool(row["contact_role_c"]) for row in rows("salesforce__contact")]
    assert 0.1 < sum(stated) / len(stated) < 0.2
    relationship = [
        row
        for row in rows("qualtrics__survey_response")
        if row["survey_id"] == "SV_relationship" and row["status"] == "0"
    ]
    anonymous = [row for row in relationship if row["distribution_channel"] == "anonymous"]
    assert 0.03 < len(anonymous) / len(relationship) < 0.08
