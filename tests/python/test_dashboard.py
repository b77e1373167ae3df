"""The dashboard in a real browser: what it shows, for whom, and what it never does.

Every page that a test opens is watched: an error on its console, or a request for anything but a
file of the site, fails the test.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from signal import SIGKILL
from typing import Any

import duckdb
import pytest
import yaml
from axe_playwright_python.sync_playwright import Axe
from harness import REPOSITORY, PostgresServer, Project, files_of_marts, keys_of_employees, words_of
from playwright.sync_api import Browser, Page, sync_playwright

from dashboard.charts import DOMAINS
from dashboard.command import _bring_back, page_file
from dashboard.data import (
    ACCOUNT_PAGE,
    HEADER,
    LANGUAGES,
    queries_of,
    query_text,
    read_labels,
    read_pages,
)

PAGES = read_pages()
#: What stands where there is no value.
NONE = read_labels()["en"]["ui.none"]
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
#: Names that a page made of text would run, end or turn around.
HOSTILE = (
    "<script>window.hacked = 1</script>",
    "</script><img src=x onerror='window.hacked = 1'>",
    '"><svg onload="window.hacked = 1">',
    "\u202eevil\u2028{{7*7}}${7*7}`",
)
HOSTILE_ID = "a#b?c&d%2F</script>\"'é"
NOT_SHOWN = ("NaN", "undefined", "null", "[object", "Infinity")

Open = Callable[..., Page]
Site = Callable[..., Path]


@pytest.fixture(scope="module")
def project(demo: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A copy of the demo with its marts published."""
    project = demo.fork(tmp_path_factory.mktemp("dashboard") / "project")
    outcome = project.cli("publish")
    assert outcome.ok, outcome.output
    return project


@pytest.fixture(scope="module")
def make_site(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A function that makes the site of a copy of the marts, changed by SQL, and returns it."""

    def make(*changes: str, arguments: tuple[str, ...] = (), **environment: str) -> Path:
        folder = tmp_path_factory.mktemp("site")
        marts = shutil.copy(project.published, folder / "marts.duckdb")
        if changes:
            with duckdb.connect(marts) as connection:
                connection.execute("set schema = 'marts'")
                for change in changes:
                    connection.execute(change)
        environment = {"VOC_PUBLISHED_PATH": str(marts), **environment}
        outcome = project.cli("dashboard", *arguments, environment=environment)
        assert outcome.ok, outcome.output
        return shutil.move(project.root / "target" / "dashboard", folder / "site")

    return make


@pytest.fixture(scope="module")
def site(make_site: Site) -> Path:
    return make_site()


@pytest.fixture(scope="module")
def empty_site(make_site: Site, project: Project) -> Path:
    """The site of marts without a row."""
    return make_site(*(f"delete from {mart}" for mart in _marts(project)))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if not program:
        pytest.fail(
            "The dashboard's tests need Chromium: `make browser`, or apt-get install chromium."
        )
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=program, args=list(FLAGS))
        yield launched
        launched.close()


@pytest.fixture
def open_page(browser: Browser, site: Path) -> Iterator[Open]:
    """A function that opens a page of a site and waits until it is drawn; it watches the page."""
    wrong: list[str] = []
    contexts = []

    def open_it(
        name: str, of: Path | None = None, account: str = "", width: int = 1200, **settings: Any
    ) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 900}, **{"locale": "en-US", **settings}
        )
        contexts.append(context)
        page = context.new_page()
        folder = (of or site).as_uri()
        page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("dialog", lambda dialog: wrong.append(dialog.message))
        page.on(
            "request",
            lambda asked: (
                None if asked.url.startswith((f"{folder}/", "data:")) else wrong.append(asked.url)
            ),
        )
        page.goto(f"{folder}/{page_file(name)}")
        _drawn(page)
        if account:
            _go_to_account(page, account)
        return page

    yield open_it
    for context in contexts:
        context.close()
    assert not wrong


def _drawn(page: Page) -> None:
    page.wait_for_selector("html[data-drawn]", state="attached", timeout=20_000)


def _go_to_account(page: Page, account: str) -> None:
    page.evaluate(
        "id => { delete document.documentElement.dataset.drawn;"
        " location.hash = encodeURIComponent(id); }",
        account,
    )
    _drawn(page)


def _table(page: Page, name: str) -> list[dict[str, str]]:
    """The rows that a table shows, by the column's name."""
    return page.eval_on_selector(
        f'[data-table="{name}"] table',
        """table => {
          const names = [...table.querySelectorAll('thead button')].map(b => b.dataset.column);
          return [...table.tBodies[0].rows].map(row => Object.fromEntries(
            [...row.cells].map((cell, place) => [names[place], cell.textContent])));
        }""",
    )


def _figure(page: Page, name: str) -> str:
    return page.text_content(f"#figure-{name} .number") or ""


def _marts(project: Project) -> list[str]:
    with duckdb.connect(project.published, read_only=True) as connection:
        return [
            name
            for (name,) in connection.execute(
                "select table_name from information_schema.tables where table_schema = 'marts'"
            ).fetchall()
        ]


def _signed(value: float | None, digits: int = 1) -> str:
    if value is None:
        return NONE
    shown = _round(value, digits)
    return f"{shown:+,.{digits}f}" if shown else f"{abs(shown):.{digits}f}"


def _share(value: float | None) -> str:
    if value is None:
        return NONE
    is_small = 0 < abs(value) < 0.01
    return f"{_round(100 * value, 2 if is_small else 0)}%"


def _number(value: Any) -> str:
    return NONE if value is None else f"{_round(float(value), 0):,}"


def _round(value: float, digits: int) -> Decimal:
    """As a browser rounds: a half goes away from zero."""
    return Decimal(repr(value)).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)


# What it shows


def test_the_overview_shows_the_company_and_who_moved_it(open_page: Open, project: Project) -> None:
    page = open_page("overview")
    newest = "select * from marts.company_nps where period_end = (select max(period_end) from marts.company_nps)"
    (company,) = project.query(f"{newest} and scope_type = 'company'")
    assert _figure(page, "nps") == _signed(company["nps"])
    low, high = _signed(company["ci_low"]), _signed(company["ci_high"])
    detail = page.text_content("#figure-nps .detail")
    assert detail == f"95% interval {low} to {high} · n = {company['responses']}"
    assert _figure(page, "nps_change") == _signed(company["nps_change"])
    said = "significant" if company["is_significant"] else "not significant"
    assert (page.text_content("#figure-nps_change .detail") or "").startswith(f"{said} (z = ")

    roles = project.query(f"{newest} and scope_type = 'role'")
    assert len(roles) == 4
    shown = {row["item"]: row for row in _table(page, "nps_scopes-numbers")}
    labels = read_labels()["en"]
    for role in roles:
        row = shown[labels[f"value.{role['scope_value']}"]]
        assert row["value"] == _signed(role["nps"])
        assert (row["low"], row["high"]) == (_signed(role["ci_low"]), _signed(role["ci_high"]))
        assert row["n"] == str(role["responses"])

    bands = project.query(
        "select reported_band, sum(arr) as arr, count(*) as n from marts.account_health_latest"
        " where is_customer group by 1"
    )
    assert {
        (row["item"], row["value"], row["n"]) for row in _table(page, "health_bands-numbers")
    } == {(row["reported_band"], _number(row["arr"]), str(row["n"])) for row in bands}

    alerts = project.value(
        "select count(*) from marts.health_actions where priority = 'P0' and closed_at is null"
    )
    assert _figure(page, "open_alerts") == str(alerts)
    assert len(_table(page, "alerts")) == alerts

    mover = project.query(
        "select * from marts.nps_movers where rank = 1"
        " and period_end = (select max(period_end) from marts.nps_movers)"
    )[0]
    first = _table(page, "movers")[0]
    assert first["contribution_change"] == _signed(mover["contribution_change"], 2)
    assert first["arr"] == _number(mover["arr"])
    changed = project.query(
        "select * from marts.account_health_latest where is_customer and is_band_entry"
    )
    moved = {row["account_name"]: row for row in _table(page, "band_changes")}
    assert len(changed) == len(moved) > 0
    for row in changed:
        assert moved[row["account_name"]]["usage_change"] == _signed(row["usage_change"])

    (rates,) = project.query(
        "select * from marts.closed_loop_kpis where scope_type = 'company'"
        " and period_end = (select max(period_end) from marts.closed_loop_kpis)"
    )
    follow_up, _, closed = _table(page, "closed_loop_rates-numbers")
    assert follow_up["value"] == _share(rates["detractor_follow_up_rate"])
    assert follow_up["target"] == "100%"
    assert closed["value"] == _share(rates["closed_loop_rate"])
    assert closed["target"] == NONE


def test_every_account_stands_in_the_table_as_in_the_marts(
    open_page: Open, project: Project
) -> None:
    page = open_page("accounts")
    shown = _table(page, "accounts")
    page.click('[data-table="accounts"] .later')
    shown += _table(page, "accounts")
    wanted = project.query(
        """
        select a.account_name, h.arr, h.health_score_shown, h.reported_band, n.account_nps,
            n.responses, a.renewal_date, n.role_weight_coverage,
            (select count(*) from marts.case_worklist as w where w.account_id = a.account_id) as cases
        from marts.dim_accounts as a
        inner join marts.account_health_latest as h using (account_id)
        inner join marts.account_nps as n on a.account_id = n.account_id
            and n.period_end = (select max(period_end) from marts.account_nps)
        """
    )
    key = ("account_name", "arr", "responses", "open_cases")
    assert sorted(tuple(row[name] for name in key) for row in shown) == sorted(
        (row["account_name"], _number(row["arr"]), str(row["responses"]), str(row["cases"]))
        for row in wanted
    )
    by_name = {row["account_name"]: row for row in shown}
    for row in wanted:
        one = by_name[row["account_name"]]
        assert one["health_score_shown"] == f"{row['health_score_shown']:.1f}"
        assert row["reported_band"].replace("_", " ") in one["reported_band"]
        assert one["account_nps"] == _signed(row["account_nps"])
        assert one["role_weight_coverage"] == _share(row["role_weight_coverage"])
        assert one["renewal_date"] == str(row["renewal_date"] or NONE)


def test_an_account_shows_roles_history_signals_actions_and_cases(
    open_page: Open, project: Project
) -> None:
    account = project.value(
        "select account_id from marts.account_nps as n"
        " inner join marts.case_worklist as w using (account_id)"
        " where period_end = (select max(period_end) from marts.account_nps)"
        " and role_weight_coverage between 0.1 and 0.9 order by account_id limit 1"
    )
    page = open_page("account", account=account)
    of_it = f"where account_id = '{account}'"
    (health,) = project.query(f"select * from marts.account_health_latest {of_it}")
    (nps,) = project.query(
        f"select * from marts.account_nps {of_it} and period_end = '{health['period_end']}'"
    )
    assert page.text_content("h1") == health["account_name"]
    assert _figure(page, "health") == f"{health['health_score_shown']:.1f}"
    assert _figure(page, "account_nps") == _signed(nps["account_nps"])
    assert _figure(page, "nps_bounds") == (
        f"{_signed(nps['nps_low_bound'])} to {_signed(nps['nps_high_bound'])}"
    )
    detail = page.text_content("#figure-account_nps .detail") or ""
    assert f"coverage {_share(nps['role_weight_coverage'])}" in detail

    roles = project.query(
        f"select * from marts.account_role_nps {of_it} and period_end = '{health['period_end']}'"
    )
    shown = {row["item"]: row for row in _table(page, "account_roles-numbers")}
    labels = read_labels()["en"]
    assert len(shown) == len(roles)
    for role in roles:
        row = shown[labels[f"value.{role['contact_role']}"]]
        assert row["value"] == _signed(role["nps"])
        assert row["n"] == str(role["responses"])
        assert (row["low"] == NONE) == (role["responses"] == 0)
    # A silent role is said to be silent in the drawing too.
    assert "insufficient signal" in (page.text_content("#account_roles svg") or "")

    history = project.query(f"select * from marts.account_health {of_it} order by period_end desc")
    rows = _table(page, "account_changes")
    assert [row["period_end"] for row in rows] == [str(row["period_end"]) for row in history]
    assert [row["service_change"] for row in rows] == [
        _signed(row["service_change"]) for row in history
    ]
    signals = project.query(
        f"select * from marts.account_health_signals {of_it} and period_end = '{health['period_end']}'"
    )
    shown = {row["item"]: row for row in _table(page, "account_signals-numbers")}
    assert len(shown) == len(signals)
    for signal in signals:
        row = shown[labels[f"value.{signal['signal']}"]]
        assert (row["value"] == NONE) == (signal["signal_score"] is None)
        assert float(row["score_100_at"]) == pytest.approx(signal["score_100_at"], abs=0.005)
    actions = project.value(f"select count(*) from marts.health_actions {of_it}")
    assert len(_table(page, "account_actions")) == actions
    cases = project.value(f"select count(*) from marts.feedback_cases {of_it}")
    assert len(_table(page, "account_cases")) == cases


def test_employees_beside_customers_and_hidden_teams_stay_hidden(
    open_page: Open, project: Project
) -> None:
    page = open_page("employees")
    month = "period_end = (select max(period_end) from marts.team_voe_csat)"
    teams = project.query(f"select * from marts.team_voe_csat where {month}")
    assert any(team["is_suppressed"] for team in teams)
    shown = {
        row["team_name"]: row
        for row in _table(page, "team_months")
        if row["period_end"] == str(teams[0]["period_end"])
    }
    numbers = _table(page, "team_month-numbers")
    drawn = page.text_content("#team_month svg") or ""
    for team in teams:
        row = shown[team["team_name"]]
        hidden = team["is_suppressed"]
        assert row["is_suppressed"] == ("hidden: small team" if hidden else "shown")
        assert (row["engagement_score"] == NONE) == (team["engagement_score"] is None)
        if hidden:
            assert row["respondents"] == NONE
        assert row["csat_rate"] == _share(team["csat_rate"])
        both = {one["measure"]: one for one in numbers if one["item"] == team["team_name"]}
        if both:
            assert both.keys() == {"Engagement", "CSAT"}
            assert (both["Engagement"]["n"] == NONE) == hidden
            assert both["CSAT"]["n"] == str(team["csat_responses"])
            assert team["team_name"] in drawn
    assert "hidden: small team" in drawn

    lags = project.query("select * from marts.voe_csat_lead_lag order by lag_months")
    assert [
        (row["item"], row["value"], row["high"], row["n"])
        for row in _table(page, "lead_lag-numbers")
    ] == [
        (
            str(lag["lag_months"]),
            _signed(lag["correlation"], 2),
            _signed(lag["threshold"], 2),
            str(lag["pairs"]),
        )
        for lag in lags
    ]


def test_service_stands_side_by_side_for_the_month_that_is_chosen(
    open_page: Open, project: Project
) -> None:
    page = open_page("service")
    months = project.query("select distinct period_end from marts.service_kpis order by 1")
    for month in (months[-1]["period_end"], months[-3]["period_end"]):
        page.select_option("#service_rates-choose", str(month))
        page.select_option("#delivery_gap-choose", str(month))
        page.select_option("#touchpoints-choose", str(month))
        teams = project.query(f"select * from marts.service_kpis where period_end = '{month}'")
        rates = {
            (row["item"], row["measure"]): row for row in _table(page, "service_rates-numbers")
        }
        gaps = {row["item"]: row for row in _table(page, "delivery_gap-numbers")}
        assert len(gaps) == len(teams)
        for team in teams:
            name = team["team_name"] or team["team_id"]
            assert rates[name, "CSAT"]["value"] == _share(team["csat_rate"])
            assert rates[name, "CSAT"]["n"] == str(team["csat_responses"])
            assert rates[name, "CES: easy"]["high"] == _share(team["easy_ci_high"])
            assert rates[name, "First reply in time"]["value"] == _share(
                team["first_reply_sla_rate"]
            )
            assert gaps[name]["value"] == _signed(team["delivery_gap"])
        touchpoints = project.query(
            f"select * from marts.touchpoint_experience where period_end = '{month}'"
        )
        shown = {
            (row["item"], row["measure"]): row["value"]
            for row in _table(page, "touchpoints-numbers")
        }
        assert shown == {
            (row["touchpoint_name"], row["metric"].upper()): _share(
                row["csat_rate"] if row["metric"] == "csat" else row["easy_rate"]
            )
            for row in touchpoints
        }


def test_the_closed_loop_is_the_marts(open_page: Open, project: Project) -> None:
    page = open_page("closed_loop")
    newest = "period_end = (select max(period_end) from marts.closed_loop_kpis)"
    kpis = project.query(f"select * from marts.closed_loop_kpis where {newest}")
    (company,) = [row for row in kpis if row["scope_type"] == "company"]
    assert _figure(page, "closed_loop") == _share(company["closed_loop_rate"])
    assert _figure(page, "pending_cases") == str(company["pending_cases"])
    assert [(row["value"], row["n"]) for row in _table(page, "recovery-numbers")] == [
        (_share(company["detractor_recovery_rate"]), str(company["re_surveyed"])),
        (
            _share(company["recovery_rate_of_followed_up"]),
            str(company["recovery_due_detractors"]),
        ),
        (
            _share(company["recovery_rate_not_followed_up"]),
            str(company["re_surveyed_not_followed_up"]),
        ),
    ]
    rates = {
        (row["item"], row["measure"]): row["value"]
        for row in _table(page, "department_rates-numbers")
    }
    for row in kpis:
        if row["scope_type"] == "department":
            shown = rates[row["scope_value"], "Followed up in time"]
            assert shown == _share(row["detractor_follow_up_rate"])
    worklist = project.query("select * from marts.case_worklist order by rank")
    assert [(row["rank"], row["account_name"]) for row in _table(page, "worklist")] == [
        (str(row["rank"]), row["account_name"] or NONE) for row in worklist[:100]
    ]
    causes = project.query(
        "select * from marts.root_cause_timeliness"
        " where period_end = (select max(period_end) from marts.root_cause_timeliness)"
    )
    assert {
        (row["item"], row["value"], row["overdue_open"])
        for row in _table(page, "root_causes-numbers")
    } == {
        (row["department"], _share(row["rca_timeliness"]), str(row["overdue_open"]))
        for row in causes
    }


def test_trust_says_what_was_set_aside_and_how_fresh_it_is(
    open_page: Open, project: Project
) -> None:
    page = open_page("trust")
    reasons = project.query(
        "select reason, count(*) as records from marts.quarantined_records group by 1"
    )
    labels = read_labels()["en"]
    assert {(row["item"], row["value"]) for row in _table(page, "quarantine_reasons-numbers")} == {
        (labels[f"value.{row['reason']}"], str(row["records"])) for row in reasons
    }
    fresh = {(row["source_name"], row["source_vendor"]): row for row in _table(page, "freshness")}
    newest = project.value("select max(issued_date) from marts.fct_invoices")
    assert fresh["Billing", "stripe"]["newest_date"] == str(newest)
    (run,) = project.query("select * from marts.run_history order by started_at desc limit 1")
    first = _table(page, "runs")[0]
    assert first["rows_quarantined"] == _number(run["rows_quarantined"])
    assert first["run_status"] == run["run_status"] == "success"
    reportable = project.value(
        "select count(*) from marts.account_nps inner join marts.account_health_latest"
        " using (account_id, period_end) where is_reportable and is_customer"
    )
    assert _figure(page, "nps_reportable") == str(reportable)


# How it is used


def test_search_filter_and_sort(open_page: Open, project: Project) -> None:
    page = open_page("accounts")
    table = '[data-table="accounts"]'
    names = [row["account_name"] for row in project.query("select * from marts.dim_accounts")]
    page.fill("#accounts-search", "TEAPOT")
    found = [row["account_name"] for row in _table(page, "accounts")]
    assert sorted(found) == sorted(name for name in names if "teapot" in name.lower())
    assert page.text_content(f"{table} .count") == f"1 to {len(found)} of {len(found)}"
    page.fill("#accounts-search", "there is none")
    assert page.text_content(f"{table} tbody") == "Nothing found"
    page.fill("#accounts-search", "")

    page.select_option("#accounts-segment", "enterprise")
    page.select_option("#accounts-reported_band", "red")
    wanted = project.value(
        "select count(*) from marts.account_health_latest"
        " where segment = 'enterprise' and reported_band = 'red'"
    )
    shown = _table(page, "accounts")
    assert len(shown) == wanted > 1
    assert {(row["segment"], row["reported_band"]) for row in shown} == {("enterprise", "▼ red")}

    # What is missing stays last both ways.
    for direction in ("ascending", "descending"):
        page.click(f'{table} [data-column="account_nps"]')
        header = page.locator(f'{table} th:has([data-column="account_nps"])')
        assert header.get_attribute("aria-sort") == direction
        values = [row["account_nps"] for row in _table(page, "accounts")]
        scores = [float(value) for value in values if value != NONE]
        assert scores == sorted(scores, reverse=direction == "descending")
        assert set(values[len(scores) :]) <= {NONE}


def test_pages_of_a_table(open_page: Open) -> None:
    page = open_page("accounts")
    table = '[data-table="accounts"]'
    first = _table(page, "accounts")
    assert len(first) == 100
    assert page.is_disabled(f"{table} .earlier")
    page.click(f"{table} .later")
    assert page.text_content(f"{table} .count") == "101 to 150 of 150"
    assert len(_table(page, "accounts")) == 50
    assert page.is_disabled(f"{table} .later")
    page.click(f"{table} .earlier")
    assert _table(page, "accounts") == first


@pytest.mark.parametrize("start", ["accounts", "overview", "closed_loop"])
def test_an_account_is_reached_by_keyboard_alone(open_page: Open, start: str) -> None:
    page = open_page(start)
    for _ in range(60):
        page.keyboard.press("Tab")
        link = page.evaluate(
            "() => document.activeElement.matches('td a, th a')"
            " ? document.activeElement.textContent : null"
        )
        if link:
            break
    assert link, "no link to an account within 60 steps"
    outline = page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    page.keyboard.press("Enter")
    page.wait_for_url("**/account.html#*")
    _drawn(page)
    assert page.text_content("h1") == link
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.className") == "skip"


def test_numbers_of_a_chart_open_by_keyboard(open_page: Open) -> None:
    page = open_page("overview")
    page.focus("#nps_trend summary")
    page.keyboard.press("Enter")
    assert page.is_visible('[data-table="nps_trend-numbers"] table')


def test_the_theme_follows_the_system_until_it_is_chosen(open_page: Open) -> None:
    page = open_page("overview", color_scheme="dark")
    background = "() => getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(background)
    page.click("#theme")
    page.wait_for_selector('html[data-drawn="en light"]', state="attached")
    light = page.evaluate(background)
    assert light != dark
    page.reload()
    _drawn(page)
    assert page.evaluate(background) == light


def test_an_account_that_is_not_there(open_page: Open) -> None:
    for account in ("nobody", "zzz"):
        page = open_page("account", account=account)
        assert "There is no such account." in (page.text_content("main") or "")
    # What nobody could have encoded.
    page.evaluate(
        "() => { delete document.documentElement.dataset.drawn; location.hash = '%'; }",
    )
    _drawn(page)
    assert "There is no such account." in (page.text_content("main") or "")


def test_a_switch_keeps_what_was_searched_and_chosen(open_page: Open) -> None:
    page = open_page("accounts")
    page.fill("#accounts-search", "teapot")
    page.select_option("#accounts-segment", "enterprise")
    found = [row["account_name"] for row in _table(page, "accounts")]
    assert found
    page.click("#language")
    page.wait_for_selector('html[data-drawn^="zh "]', state="attached")
    assert [row["account_name"] for row in _table(page, "accounts")] == found
    assert page.input_value("#accounts-search") == "teapot"


# For everybody


@pytest.mark.parametrize("name", PAGES)
def test_no_page_has_a_barrier(open_page: Open, project: Project, name: str) -> None:
    account = project.value("select min(account_id) from marts.case_worklist")
    # axe would fetch the style sheet again, which no browser allows a file. What is dark differs in
    # its colors alone.
    rules = {"light": {}, "dark": {"runOnly": ["color-contrast"]}}
    for scheme, only in rules.items():
        page = open_page(name, account=account if name == ACCOUNT_PAGE else "", color_scheme=scheme)
        options = {"preload": False, "resultTypes": ["violations"], **only}
        found = Axe().run(page, options=options)
        assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("name", PAGES)
def test_every_page_fits_a_phone(open_page: Open, project: Project, name: str) -> None:
    account = project.value("select min(account_id) from marts.case_worklist")
    page = open_page(name, account=account if name == ACCOUNT_PAGE else "", width=360)
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 360
    # A drawing is as wide as its card, with room left to see something in it.
    for width, card in page.evaluate(
        "() => [...document.querySelectorAll('.chart')].map(chart =>"
        " [chart.querySelector('svg .background').getBoundingClientRect().width,"
        " chart.clientWidth])"
    ):
        assert card / 3 < width <= card


@pytest.mark.parametrize("name", PAGES)
def test_in_chinese_all_that_is_latin_is_data_or_an_abbreviation(
    open_page: Open, project: Project, name: str
) -> None:
    account = project.value("select min(account_id) from marts.case_worklist")
    page = open_page(name, account=account if name == ACCOUNT_PAGE else "", locale="zh-CN")
    assert page.get_attribute("html", "lang") == "zh-CN"
    said = page.evaluate(
        """() => [...document.querySelectorAll('body *')].flatMap(one =>
             [one.closest('[aria-hidden]') ? '' : one.getAttribute('aria-label') ?? '', ...[...one.childNodes]
               .filter(part => part.nodeType === 3).map(part => part.data)]).concat(document.title)"""
    )
    data = page.evaluate("() => JSON.stringify([VOC.data, VOC.chunk ?? null, VOC.built])")
    known = _words(" ".join(read_labels()["zh"].values())) | _words(data)
    unknown = _words(" ".join(said)) - known
    assert not unknown
    labels = read_labels()
    assert page.text_content(".brand") == labels["zh"]["ui.brand"]

    page.click("#language")
    page.wait_for_selector('html[data-drawn^="en "]', state="attached")
    assert page.get_attribute("html", "lang") == "en"
    assert page.text_content(".brand") == labels["en"]["ui.brand"]
    assert page.evaluate("() => document.activeElement.id") == "language"


def _words(text: str) -> set[str]:
    return set(re.findall(r"[A-Za-z]{2,}", text))


def test_labels_are_complete_in_both_languages_and_all_in_use(project: Project) -> None:
    labels = read_labels()
    for language in LANGUAGES:
        assert all(text.strip() for text in labels[language].values()), language
    named = {
        key: {name: set(re.findall(r"\{\w+\}", labels[name][key])) for name in LANGUAGES}
        for key in labels["en"]
    }
    assert all(holes["en"] == holes["zh"] for holes in named.values())

    code = (REPOSITORY / "dashboard" / "site" / "app.js").read_text(encoding="utf-8")
    code += (REPOSITORY / "dashboard" / "command.py").read_text(encoding="utf-8")
    asked = set(re.findall(r"ui\.\w+", code))
    for name, page in PAGES.items():
        asked |= {f"page.{name}", f"question.{name}"}
        for panel, content in page["panels"].items():
            asked |= {f"panel.{panel}", f"note.{panel}"}
            asked |= {f"figure.{figure}" for figure in content.get("figures", {})}
            for columns in ("table", "columns", "choose"):
                asked |= {f"column.{column}" for column in content.get(columns, {})}
            asked |= {f"column.{column}" for column in content.get("filters", [])}
            if "chart" in content:
                asked |= {f"column.{content['chart']['title']}"}
                asked |= {f"value.{value}" for value in content["chart"].get("series", [])}
    numbers = {"item", "measure", "value", "low", "high", "target", "n", "period_end"}
    numbers |= {f"{pillar}_contribution" for pillar in ("usage", "voc", "commercial", "service")}
    numbers |= {"health_score", "score_low_bound", "score_high_bound"}
    asked |= {f"column.{column}" for column in numbers}
    assert asked <= labels["en"].keys()
    assert {key for key in labels["en"] if not key.startswith("value.")} <= asked


def test_every_category_of_the_marts_has_a_label(project: Project) -> None:
    """Of those that the project sets; segments, departments and touchpoints are a company's own."""
    known = read_labels()["en"].keys()
    for file in files_of_marts("*.yml"):
        for model in yaml.safe_load(file.read_text(encoding="utf-8")).get("models", []):
            if model["name"] not in {mart for name in PAGES for mart in _marts_of(name)}:
                continue
            for column in model["columns"]:
                for test in column.get("data_tests", []):
                    if isinstance(test, dict) and "accepted_values" in test:
                        for value in test["accepted_values"]["arguments"]["values"]:
                            if column["name"] in _selected():
                                assert f"value.{value}" in known, (model["name"], column["name"])
    reasons = (REPOSITORY / "seeds/policy/quarantine_reasons.csv").read_text(encoding="utf-8")
    for line in reasons.splitlines()[1:]:
        assert f"value.{line.split(',')[0]}" in known


def _selected() -> set[str]:
    """Columns that tables show as labels."""
    return {
        column
        for page in PAGES.values()
        for panel in page["panels"].values()
        for column, kind in {**panel.get("table", {}), **panel.get("columns", {})}.items()
        if kind in ("label", "band")
    }


# What it never does


def test_hostile_values_are_text(make_site: Site, open_page: Open) -> None:
    quoted = [text.replace("'", "''") for text in HOSTILE]
    names = "case hash(account_id) % 4 " + " ".join(
        f"when {place} then '{text}'" for place, text in enumerate(quoted)
    )
    victim = f"(select min(account_id) from case_worklist where '{quoted[0]}' = account_name)"
    hostile_id = HOSTILE_ID.replace("'", "''")
    tables = ("dim_accounts", "account_health_latest", "health_actions", "case_worklist")
    changes = [f"update {table} set account_name = {names} end" for table in tables]
    changes += [f"create temp table victim as select {victim} as id"]
    with_accounts = (
        *tables,
        *("account_health", "account_nps", "account_role_nps", "account_health_signals"),
        *("nps_movers", "feedback_cases"),
    )
    changes += [
        f"update {table} set account_id = '{hostile_id}' where account_id = (select id from victim)"
        for table in with_accounts
    ]
    changes += [
        f"update {table} set {column} = '{quoted[1]}'"
        for table, column in (
            ("dim_accounts", "industry"),
            ("dim_accounts", "owner_id"),
            ("account_health_latest", "segment"),
            ("account_health_latest", "override_reason"),
            ("feedback_cases", "root_cause"),
            ("team_voe_csat", "team_name"),
            ("service_kpis", "team_name"),
            ("service_kpis", "department"),
            ("touchpoint_experience", "touchpoint_name"),
            ("quarantine_by_day", "reason"),
            ("run_history", "target_name"),
        )
    ]
    site = make_site(*changes)
    for name in PAGES:
        page = open_page(name, site, account=HOSTILE_ID if name == ACCOUNT_PAGE else "")
        assert page.evaluate("() => window.hacked") is None
        assert page.query_selector("main script, main img, main [onload], main [onerror]") is None
        assert "window.hacked" in (page.text_content("main") or "")
        if name == ACCOUNT_PAGE:
            assert page.text_content("h1") == HOSTILE[0]
            assert _table(page, "account_facts")[0]["override_reason"] == HOSTILE[1]
        if name == "accounts":
            assert {row["account_name"] for row in _table(page, "accounts")} == set(HOSTILE)
            page.fill("#accounts-search", HOSTILE_ID)
            page.click('[data-table="accounts"] tbody a')
            page.wait_for_url("**/account.html#*")
            _drawn(page)
            assert page.text_content("h1") == HOSTILE[0]


@pytest.mark.parametrize("name", PAGES)
def test_without_data_every_page_says_so(open_page: Open, empty_site: Path, name: str) -> None:
    page = open_page(name, empty_site)
    text = page.inner_text("body")
    for wrong in NOT_SHOWN:
        assert wrong not in text
    panels = 1 if name == ACCOUNT_PAGE else len(PAGES[name]["panels"])
    assert page.locator("main .no-data").all_text_contents() == ["No data"] * panels


def test_no_page_shows_what_is_not_a_number(open_page: Open, project: Project) -> None:
    account = project.value("select min(account_id) from marts.case_worklist")
    for name in PAGES:
        page = open_page(name, account=account if name == ACCOUNT_PAGE else "")
        text = page.text_content("body") or ""
        for wrong in NOT_SHOWN:
            assert wrong not in text, (name, wrong)


def test_no_axis_is_cut(site: Path) -> None:
    pages = _site_data(site)["pages"]
    seen = set()
    for page in pages.values():
        for name, panel in page["panels"].items():
            for layer in panel.get("spec", {}).get("layer", []):
                for channel in ("x", "y"):
                    axis = layer["encoding"].get(channel, {})
                    if axis.get("type") == "quantitative" and "scale" in axis:
                        scale = axis["scale"]
                        assert scale.get("domain") in DOMAINS.values() or scale == {"zero": True}
                        seen.add(name)
    assert seen == {
        name for page in pages.values() for name, panel in page["panels"].items() if "spec" in panel
    }
    domains = {
        name: panel["chart"].get("domain")
        for page in pages.values()
        for name, panel in page["panels"].items()
        if "chart" in panel
    }
    assert domains["nps_trend"] == domains["nps_scopes"] == domains["account_roles"] == "nps"
    assert domains["service_rates"] == domains["closed_loop_rates"] == "share"


def test_nobody_is_named(site: Path, project: Project) -> None:
    people = {
        row["contact_key"] for row in project.query("select contact_key from marts.dim_contacts")
    }
    cases = {
        row["contact_key"] for row in project.query("select contact_key from marts.case_worklist")
    }
    assert people
    files = sorted(site.rglob("data/**/*.js"))
    assert len(files) > len(PAGES)
    for file in files:
        found = set(re.findall(r'"([^"]+)"', file.read_text(encoding="utf-8"))) & (people | cases)
        assert not found, file
    for name in PAGES:
        for mart in _marts_of(name):
            assert mart not in {"dim_contacts", "fct_survey_invitations", "quarantined_records"}
    assert not words_of(site, "*.js") & keys_of_employees(project)


def _site_data(site: Path) -> dict[str, Any]:
    text = (site / "data" / "site.js").read_text(encoding="utf-8").splitlines()[0]
    return json.loads(text.removeprefix("window.VOC = ").removesuffix(";"))


# What it is made of


def _marts_of(page: str) -> set[str]:
    queries = [*queries_of(PAGES[page]), HEADER]
    return {mart for query in queries for mart in duckdb.get_table_names(query_text(query))}


def test_every_page_is_an_exposure_of_the_marts_it_reads() -> None:
    text = (REPOSITORY / "models" / "marts" / "exposures.yml").read_text(encoding="utf-8")
    exposures = {one["name"]: one for one in yaml.safe_load(text)["exposures"]}
    pages = {f"dashboard_{name}": name for name in PAGES} | {"superset_overview": "overview"}
    assert exposures.keys() == pages.keys()
    for exposure, page in pages.items():
        refs = {
            re.fullmatch(r"ref\('(\w+)'\)", one)[1] for one in exposures[exposure]["depends_on"]
        }
        assert refs == _marts_of(page), exposure


def test_every_query_is_shown() -> None:
    shown = {query for page in PAGES.values() for query in queries_of(page)} | {HEADER}
    assert shown == {file.stem for file in (REPOSITORY / "dashboard" / "queries").glob("*.sql")}


def test_many_accounts_come_in_pages_and_chunks(make_site: Site, open_page: Open) -> None:
    copies = "cross join range(1, 67) as copies(copy)"
    site = make_site(
        *(
            f"insert into {table} select t.* replace (t.account_id || '-' || copy as account_id,"
            f" t.account_name || ' ' || copy as account_name) from {table} as t {copies}"
            for table in ("dim_accounts", "account_health_latest")
        )
    )
    chunks = sorted((site / "data" / "accounts").iterdir())
    assert len(chunks) == len(_site_data(site)["chunk_starts"]) == 402
    assert max(chunk.stat().st_size for chunk in chunks) < 400_000
    page = open_page("accounts", site)
    assert page.text_content('[data-table="accounts"] .count') == "1 to 100 of 10,050"
    assert page.locator('[data-table="accounts"] tbody tr').count() == 100
    page.fill("#accounts-search", "Lilac Whistle Stores 66")
    (row,) = _table(page, "accounts")
    page.click('[data-table="accounts"] tbody a')
    page.wait_for_url("**/account.html#*")
    _drawn(page)
    assert page.text_content("h1") == row["account_name"] == "Lilac Whistle Stores 66"


def test_postgres_gives_the_same_site(
    site: Path, make_site: Site, project: Project, postgres: PostgresServer, tmp_path: Path
) -> None:
    database = postgres.new_database()
    database.execute("create schema published")
    with duckdb.connect(project.published, read_only=True) as connection:
        for mart in sorted({mart for name in PAGES for mart in _marts_of(name)}):
            columns = connection.execute(
                "select column_name, data_type from information_schema.columns"
                " where table_schema = 'marts' and table_name = ? order by ordinal_position",
                [mart],
            ).fetchall()
            types = ", ".join(
                f"{name} {kind.replace('DOUBLE', 'DOUBLE PRECISION')}" for name, kind in columns
            )
            database.execute(f"create table published.{mart} ({types})")
            file = tmp_path / f"{mart}.csv"
            connection.execute(f"copy marts.{mart} to '{file}' (header false, nullstr '\\N')")
            database.copy(f"copy published.{mart} from stdin (format csv, null '\\N')", file)
    other = make_site(arguments=("--target", "postgres"), **database.environment)
    files = sorted(file.relative_to(site) for file in site.rglob("data/**/*.js"))
    assert files == sorted(file.relative_to(other) for file in other.rglob("data/**/*.js"))
    for file in files:
        one, two = (_json_of(folder / file) for folder in (site, other))
        assert _rounded(one) == _rounded(two), file


def _json_of(file: Path) -> Any:
    text = file.read_text(encoding="utf-8").splitlines()[0]
    return json.loads(text[text.index(" = ") + 3 :].removesuffix(";"))


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _rounded(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_rounded(one) for one in value]
    return round(value, 9) if isinstance(value, float) else value


def test_without_published_marts_it_says_what_to_do(project: Project, tmp_path: Path) -> None:
    nowhere = {"VOC_PUBLISHED_PATH": str(tmp_path / "none.duckdb")}
    outcome = project.cli("dashboard", environment=nowhere)
    assert outcome.exit_code == 2
    assert "There are no published marts" in outcome.output
    assert "make build" in outcome.output


@pytest.mark.slow
def test_a_dashboard_that_is_killed_leaves_a_site(project: Project, make_site: Site) -> None:
    site = Path(shutil.move(make_site(), project.root / "target" / "dashboard"))
    before = {file.name: file.read_bytes() for file in (site / "data").glob("*.js")}
    for place in ("dashboard.command._page", "dashboard.command._exchange"):
        outcome = project.killed_at(place, "dashboard")
        assert outcome.exit_code == -SIGKILL, outcome.output
        assert {file.name: file.read_bytes() for file in (site / "data").glob("*.js")} == before


@pytest.mark.parametrize("can_exchange", [True, False])
def test_one_killed_between_two_steps_of_replacing_leaves_a_site(
    tmp_path: Path, can_exchange: bool
) -> None:
    """Where names can be exchanged there is a site at every moment; elsewhere the next run brings it back."""
    site = tmp_path / "dashboard"
    fresh, old = (tmp_path / f"dashboard.{name}" for name in ("new", "old"))
    for folder, text in ((site, "before"), (fresh, "after")):
        folder.mkdir()
        (folder / "index.html").write_text(text)
    # The second step is the one that never comes.
    code = """
import os, pathlib, signal, sys
from dashboard import command
def die(*_, **__): os.kill(os.getpid(), signal.SIGKILL)
if sys.argv[3] == "False":
    rename, command._exchange = os.rename, lambda *_: False
    os.rename = lambda one, other: die() if str(one).endswith(".new") else rename(one, other)
else:
    command.shutil.rmtree = die
command._replace(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
"""
    killed = subprocess.run(
        [sys.executable, "-c", code, str(site), str(fresh), str(can_exchange)],
        cwd=REPOSITORY,
        check=False,
    )
    assert killed.returncode == -SIGKILL
    if not can_exchange:
        assert not site.exists()
        _bring_back(site)
    assert (site / "index.html").read_text() == ("after" if can_exchange else "before")
    assert not old.exists()
