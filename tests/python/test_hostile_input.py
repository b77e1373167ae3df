"""Hostile and broken input, landed and built: a right number, a row set aside with a reason, or one clear error.

docs/reliability.md lists the cases. Cases of single rows share one landed world, with accounts of
their own; it is built on DuckDB and, its rows in reverse, on PostgreSQL, and both give the same.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pytest
from harness import NO_TESTS, Outcome, PostgresServer, Project, Row
from test_bad_input import ONLY_GENERIC, assert_stopped

USED = ("survey", "crm", "support", "billing")
SCHEMA = "my-landed tables"
# One set for all builds, for dbt reads the whole project again for another.
VARIABLES = {
    **ONLY_GENERIC,
    **{f"{domain}_vendors": ["generic"] for domain in USED},
    "generic_schema": SCHEMA,
    "landed_aliases": {"generic__accounts": {"arr": 'it\'s "the" arr'}},
    # half of the world is broken on purpose
    "quarantine_threshold": {"rows": 20, "share": 1, "survey.responses": 0.6},
}
# The landed column of `arr`, as it stands between quotes in SQL.
ARR = 'it\'s ""the"" arr'
MEGABYTES = "ten megabytes " * 750_000

Cells = dict[str, Any]


class Landed(NamedTuple):
    """A landed table: {column: type}, and its rows in the order of landing."""

    columns: Mapping[str, str]
    rows: list[Cells]


def _text(*columns: str, **typed: str) -> Landed:
    return Landed(dict.fromkeys(columns, "varchar") | typed, [])


TABLES = {
    "accounts": _text(
        *("account_id", "account_name", "external_id", "parent_account_id"),
        *("merged_into_account_id", "segment", ARR, "seats", "renewal_date", "is_active"),
        loaded_at="timestamp",
    ),
    "contacts": _text(
        *("contact_id", "account_id", "email", "title", "merged_into_contact_id", "left_at"),
    ),
    "survey_responses": _text(
        *("response_id", "metric", "raw_score", "responded_at", "account_ref"),
        *("crm_contact_ref", "respondent_email", "verbatim"),
        loaded_at="timestamp",
    ),
    # numbers where times and truths should be
    "survey_invitations": _text(
        *("invitation_id", "account_ref", "respondent_email", "survey_family"),
        sent_at="bigint",
        is_delivered="integer",
    ),
    # doubles and times of the engine, with all that they can hold
    "activities": _text(
        *("activity_id", "account_ref", "activity_type", "body"),
        occurred_at="timestamp with time zone",
        rating="double precision",
    ),
    "opportunities": _text(
        *("opportunity_id", "account_ref"), amount="double precision", close_date="date"
    ),
    "tickets": _text(
        *("ticket_id", "account_ref", "status", "description", "reopens"),
        created_at="timestamp",
        solved_at="timestamp",
    ),
    "ticket_events": _text(
        *("event_id", "ticket_id", "event_type", "value", "body"), occurred_at="timestamp"
    ),
    "billing_customers": _text("customer_id", "account_ref", "currency"),
    "invoices": _text(
        *("invoice_id", "customer_id", "status", "amount", "currency", "issued_at", "due_date"),
        loaded_at="timestamp",
    ),
}


def add(table: str, **cells: Any) -> None:
    """Put one row in the world."""
    TABLES[table].rows.append(cells)


def add_account(account_id: str, **cells: Any) -> None:
    """Put an account in the world."""
    add("accounts", account_id=account_id, **cells)


def add_answer(response_id: str, account_ref: str, raw_score: Any = "10", **cells: Any) -> None:
    """Put an NPS answer of 1 June in the world; a person of its own unless one is named."""
    asked = {"metric": "nps", "responded_at": "2026-06-01 09:00:00"}
    if "crm_contact_ref" not in cells:
        asked["respondent_email"] = f"{len(TABLES['survey_responses'].rows)}@who.example"
    cells = asked | cells
    add(
        "survey_responses",
        response_id=response_id,
        account_ref=account_ref,
        raw_score=raw_score,
        **cells,
    )


# What a score may look like: kept as this number, or set aside for this reason.
SCORES: dict[str, float | str] = {
    " 9 ": 9.0,
    "9.0": 9.0,
    "+9": 9.0,
    "10.": 10.0,
    "1e1": 10.0,
    "\u00a07\u00a0": 7.0,
    "9 - very likely": 9.0,
    "8 (rather)": 8.0,
    "10: Ja": 10.0,
    "7=neutral": 7.0,
    "8,5": "score_not_a_number",
    "8-9": "score_not_a_number",
    "9 - 10": "score_not_a_number",
    "9 -": "score_not_a_number",
    "9-Oct": "score_not_a_number",
    "4 -> 5": "score_not_a_number",
    "9 -.5": "score_not_a_number",
    "9:30": "score_not_a_number",
    "very likely - 9": "score_not_a_number",
    "9,0": "score_not_a_number",
    "1,200": "score_not_a_number",
    "1.200,50": "score_not_a_number",
    "1,200.50": "score_not_a_number",
    "1_0": "score_not_a_number",
    "0x9": "score_not_a_number",
    "1 0": "score_not_a_number",
    "\uff19": "score_not_a_number",
    "٩": "score_not_a_number",
    "9%": "score_not_a_number",
    "9/10": "score_not_a_number",
    "nine": "score_not_a_number",
    "true": "score_not_a_number",
    "1e309": "score_not_a_number",
    "Infinity": "score_not_a_number",
    "-inf": "score_not_a_number",
    "9;drop": "score_not_a_number",
    "NaN": "missing_score",
    "": "missing_score",
    "11": "score_out_of_scale",
    "-1": "score_out_of_scale",
    "8.5": "score_out_of_scale",
    "1e20": "score_out_of_scale",
}

# What a time may look like: kept as this UTC time, or set aside for this reason.
TIMES: dict[str, str | datetime] = {
    "2026-06-01T00:30:00+02:00": datetime(2026, 5, 31, 22, 30),
    "2026-06-01 00:30:00-0700": datetime(2026, 6, 1, 7, 30),
    "2026-06-01T00:30:00Z": datetime(2026, 6, 1, 0, 30),
    "2026-06-01 00:30:00": datetime(2026, 6, 1, 0, 30),
    "2026-06-01T00:30:00.250000+00": datetime(2026, 6, 1, 0, 30, 0, 250_000),
    "2026-06-01": datetime(2026, 6, 1),
    # the hour that clocks in Berlin skip, and the one they show twice: the offset says which
    "2026-03-29T02:30:00+01:00": datetime(2026, 3, 29, 1, 30),
    "2026-03-29T02:30:00": datetime(2026, 3, 29, 2, 30),
    "2025-10-26T02:30:00+02:00": datetime(2025, 10, 26, 0, 30),
    "2025-10-26T02:30:00+01:00": datetime(2025, 10, 26, 1, 30),
    # 30 June in New York is 1 July here
    "2026-06-30T22:00:00-04:00": "after_as_of_date",
    "1767225600": datetime(2026, 1, 1),
    "1767225600000": datetime(2026, 1, 1),
    "1767225600000000": datetime(2026, 1, 1),
    "1767225600000000000": "unparseable_value",
    "1.7672256e9": "unparseable_value",
    "20260601": "unparseable_value",
    "46174": "unparseable_value",
    "2026-06-01 00:30:00 Europe/Berlin": "unparseable_value",
    "2026-06-01 00:30:00 CEST": "unparseable_value",
    "2026-06-01 00:30:00+99:00": "unparseable_value",
    "12/31/2025": "unparseable_value",
    "03/04/2026": "unparseable_value",
    "31.12.2025": "unparseable_value",
    "2026-6-1": datetime(2026, 6, 1),
    "2026/6/1 00:30": datetime(2026, 6, 1, 0, 30),
    "2026-02-30": "unparseable_value",
    "2026-13-01": "unparseable_value",
    "2026-06-01T25:00:00": "unparseable_value",
    "0000-01-01": "unparseable_value",
    "infinity": "unparseable_value",
    "now": "unparseable_value",
    "yesterday": "unparseable_value",
    "0000-00-00 00:00:00": "unparseable_value",
    "1900-01-01": "implausible_time",
    "1970-01-01": "implausible_time",
    "9999-12-31": "after_as_of_date",
    "9999-12-31T23:59:59.999999": "after_as_of_date",
    "": "missing_time",
}

# Texts that are ids, names and keys of rows all the same.
TEXTS = [
    "'; drop table marts.account_nps; --",
    "{{ 1/0 }}",
    "{% raise %}",
    '"quoted"',
    'O\'Neill & "Sons", Ltd.',
    "back\\slash\\",
    "100 %s %(name)s",
    "${x} $1 $$",
    "a>b",
    "x#2",
    "<script>alert(1)</script>",
    "line\nbreak\tand tab",
    "客户公司有限责任公司",
    "😀👩‍👩‍👧 emoji",
    "Zażółć gęślą jaźń",
    "\u202eright to left",
    "null",
    "N/A",
    "=cmd|'/c calc'!A1",
]


def _fill() -> None:
    for number, text in enumerate(SCORES):
        add_account(f"score {number}", account_name=text)
        add_answer(f"score {number}", f"score {number}", text)
    for number, text in enumerate(TIMES):
        add_account(f"time {number}")
        add_answer(f"time {number}", f"time {number}", responded_at=text)
    for text in TEXTS:
        add_account(text, account_name=text, segment=text)
        add_answer(text, text, "10", verbatim=text)
        add_answer(text + "!", text, "0", verbatim=text)
        # what is set aside is named and quoted just as well
        add_answer(f"{text} lost", text, "ten")
        add(
            "tickets",
            ticket_id=text,
            account_ref=text,
            status=text,
            created_at=datetime(2026, 6, 1),
        )
    _fill_amounts()
    _fill_sizes()
    _fill_duplicates()
    _fill_hierarchies()
    _fill_merges()
    _fill_typed_times()
    _fill_reload()


AMOUNTS: dict[str, float | str | None] = {
    "1200.50": 1200.5,
    "1200": 1200.0,
    "": None,
    "nan": None,
    "1,200": "unparseable_value",
    "1.200": 1.2,
    "1.200,50": "unparseable_value",
    "1,200.50": "unparseable_value",
    "1 200": "unparseable_value",
    "$1200": "unparseable_value",
    "1200 EUR": "unparseable_value",
    "1e309": "unparseable_value",
    "99999999999999999999": "unparseable_value",
    "-5": "negative_amount",
}


def _fill_amounts() -> None:
    for number, text in enumerate(AMOUNTS):
        add_account(f"arr {number}", **{ARR: text})
    for name, cells in {
        "seats 12,0": {"seats": "12,0"},
        "renewal TBD": {"renewal_date": "TBD"},
        "renewal 03/04/2026": {"renewal_date": "03/04/2026"},
        "active perhaps": {"is_active": "perhaps"},
    }.items():
        add_account(name, **cells)


def _fill_sizes() -> None:
    add_account("10 MB", account_name=MEGABYTES + "A")
    add_answer("10 MB", "10 MB", verbatim=MEGABYTES)
    add_answer("10 MB score", "10 MB", MEGABYTES)
    # two long keys that differ at the very end are two accounts
    for end, score in (("A", "10"), ("B", "0")):
        add_account("long " * 500 + end, account_name=f"long {end}")
        add_answer(f"long {end}", "long " * 500 + end, score)
    add(
        "tickets",
        ticket_id="10 MB",
        account_ref="10 MB",
        status="open",
        description=MEGABYTES,
        created_at=datetime(2026, 6, 1),
    )
    add(
        "tickets",
        ticket_id="10 MB status",
        account_ref="10 MB",
        status=MEGABYTES,
        created_at=datetime(2026, 6, 1),
    )
    add(
        "tickets",
        ticket_id="10 MB nowhere",
        account_ref=MEGABYTES,
        status="open",
        created_at=datetime(2026, 6, 1),
    )
    add(
        "ticket_events",
        event_id="10 MB",
        ticket_id="10 MB",
        event_type="comment",
        body=MEGABYTES,
        occurred_at=datetime(2026, 6, 2),
    )
    add(
        "activities",
        activity_id="10 MB",
        account_ref="10 MB",
        activity_type="call",
        body=MEGABYTES,
        occurred_at=datetime(2026, 6, 2),
    )


def _fill_duplicates() -> None:
    older, newer = datetime(2026, 6, 1), datetime(2026, 6, 2)
    add_account("twice", account_name="newer", **{ARR: "2"}, loaded_at=newer)
    add_account("twice", account_name="older", **{ARR: "1"}, loaded_at=older)
    add_answer("twice", "twice", "0", loaded_at=older)
    add_answer("twice", "twice", "10", loaded_at=newer)
    # nothing says which is later: the same one counts, whatever the order of the rows
    for name in ("north", "south"):
        add_account("tied", account_name=name, segment=name, loaded_at=newer)
    for score in ("3", "9"):
        add_answer("tied", "tied", score, respondent_email="tied@who.example", loaded_at=newer)
    add("billing_customers", customer_id="C", account_ref="twice", currency="USD")
    for currency in ("USD", "EUR"):
        add(
            "invoices",
            invoice_id="tied",
            customer_id="C",
            status="open",
            amount="100",
            currency=currency,
            issued_at="2026-06-01",
            due_date="2026-07-01",
            loaded_at=newer,
        )
    # a copy that is numbered, and a key that looks like one
    add_answer("copy", "twice", "10", loaded_at=newer)
    add_answer("copy", "twice", "10", loaded_at=older)
    add_answer("copy#2", "twice", "ten", loaded_at=newer)


def _fill_hierarchies() -> None:
    for ring in (1, 2, 5):
        for place in range(ring):
            add_account(
                f"ring {ring} {place}", parent_account_id=f"ring {ring} {(place + 1) % ring}"
            )
            add_answer(f"ring {ring} {place}", f"ring {ring} {place}")
    add_account("tail 1", parent_account_id="tail 2")
    add_account("tail 2", parent_account_id="ring 5 0")
    add_account("own child", parent_account_id="no such account")
    # ids that hold what separates the steps of a chain
    add_account("p>q", parent_account_id="q")
    add_account("q", parent_account_id="p")
    add_account("p", parent_account_id="top")
    add_account("top")


def _fill_merges() -> None:
    for step in range(10):
        add_account(f"chain {step}", merged_into_account_id=f"chain {step + 1}")
        add(
            "contacts",
            contact_id=f"person {step}",
            account_id="chain 10",
            merged_into_contact_id=f"person {step + 1}",
        )
    add_account("chain 10", account_name="the last of the chain")
    add("contacts", contact_id="person 10", account_id="chain 10", title="CEO")
    add_answer(
        "before ten merges", "chain 0", "10", crm_contact_ref="person 0", responded_at="2026-05-01"
    )
    add_answer(
        "after ten merges", "chain 10", "0", crm_contact_ref="person 10", responded_at="2026-05-02"
    )
    add_account("two in a ring")
    for one, other in (("a", "b"), ("b", "a")):
        add("contacts", contact_id=one, account_id="two in a ring", merged_into_contact_id=other)
    add("contacts", contact_id="c", account_id="two in a ring", merged_into_contact_id="a")
    add_answer("of c", "two in a ring", "0", crm_contact_ref="c")
    add_account("into the ring", merged_into_account_id="merged 1")
    add_account("merged 1", merged_into_account_id="merged 2")
    add_account("merged 2", merged_into_account_id="merged 1")
    add_answer("into the ring", "into the ring", "0")
    add_account("into nothing", merged_into_account_id="no such account")
    add_answer("into nothing", "into nothing", "0")


SENT: dict[int, str | None] = {
    1767225600: None,
    1767225600000: None,
    1767225600000000: None,
    1767225600000000000: "unparseable_value",
    20260601: "unparseable_value",
    46174: "unparseable_value",
    4102444800: "after_as_of_date",
    253402300799: "after_as_of_date",
    500000000: "implausible_time",
}


def _fill_typed_times() -> None:
    add_account("typed")
    for number in SENT:
        add(
            "survey_invitations",
            invitation_id=f"sent {number}",
            account_ref="typed",
            survey_family="transactional",
            sent_at=number,
            is_delivered=1,
        )
    add(
        "survey_invitations",
        invitation_id="delivered 2",
        account_ref="typed",
        survey_family="transactional",
        sent_at=1767225600,
        is_delivered=2,
    )
    for name, at, rating in (
        ("sound", "2026-06-01 00:00:00+02", 4.0),
        ("nan", "2026-06-01 00:00:00+00", float("nan")),
        ("inf", "2026-06-01 00:00:00+00", float("inf")),
        ("for ever", "infinity", 4.0),
        ("since ever", "-infinity", 4.0),
        ("1900", "1900-01-01 00:00:00+00", 4.0),
        ("9999", "9999-12-31 00:00:00+00", 4.0),
    ):
        add(
            "activities",
            activity_id=name,
            account_ref="typed",
            activity_type="qbr",
            occurred_at=at,
            rating=rating,
        )
    for name, amount, day in (
        ("sound", 100.0, "2026-06-01"),
        ("nan", float("nan"), "9999-12-31"),
        ("inf", float("-inf"), "2026-06-01"),
        ("huge", 1e300, "2026-06-01"),
        ("for ever", 1.0, "infinity"),
    ):
        add(
            "opportunities", opportunity_id=name, account_ref="typed", amount=amount, close_date=day
        )
    for name, created, solved, reopens in (
        ("sound", "2026-06-01 00:00:00", "2026-06-02 00:00:00", "1"),
        ("never solved", "2026-06-01 00:00:00", "infinity", "0"),
        ("always there", "-infinity", None, "0"),
        ("solved 9999", "2026-06-01 00:00:00", "9999-12-31 00:00:00", "0"),
        ("reopened often", "2026-06-01 00:00:00", "2026-06-02 00:00:00", "99999999999999999999"),
    ):
        add(
            "tickets",
            ticket_id=name,
            account_ref="typed",
            status="solved" if solved else "open",
            created_at=created,
            solved_at=solved,
            reopens=reopens,
        )


def _fill_reload() -> None:
    # the child tables are loaded, their parents not yet
    add_answer("of no account", "not loaded yet")
    add_answer("of no contact", "typed", crm_contact_ref="not loaded yet")
    add(
        "tickets",
        ticket_id="of no account",
        account_ref="not loaded yet",
        status="open",
        created_at=datetime(2026, 6, 1),
    )
    add(
        "ticket_events",
        event_id="of no ticket",
        ticket_id="not loaded yet",
        event_type="status",
        value="solved",
        occurred_at=datetime(2026, 6, 1),
    )
    add("contacts", contact_id="of no account", account_id="not loaded yet")
    add(
        "invoices",
        invoice_id="of no customer",
        customer_id="not loaded yet",
        status="open",
        amount="1",
        issued_at="2026-06-01",
    )
    # both copies of a row whose reload is under way
    for loaded in (datetime(2026, 6, 1), datetime(2026, 6, 2)):
        add_answer(
            "reloaded", "typed", "10", respondent_email="reloaded@who.example", loaded_at=loaded
        )


_fill()


class World(NamedTuple):
    """What the builds made of the world: of each mart the rows by their key."""

    query: Callable[[str], list[Row]]

    def rows(self, sql: str) -> list[tuple]:
        return [tuple(row.values()) for row in self.query(sql)]

    @property
    def answers(self) -> dict[str, Row]:
        return {
            row["response_id"]: row
            for row in self.query("select * from marts.fct_survey_responses")
        }

    @property
    def accounts(self) -> dict[str, Row]:
        return {row["account_id"]: row for row in self.query("select * from marts.dim_accounts")}

    @property
    def votes(self) -> dict[str, tuple]:
        """account_id -> (votes, pooled NPS) of the accounts that anybody spoke for."""
        sql = (
            "select account_id, responses, pooled_nps from marts.account_nps"
            " where responses > 0 and period_end = '2026-06-30'"
        )
        return {account: (votes, nps) for account, votes, nps in self.rows(sql)}

    def set_aside(self, entity: str) -> dict[str, str]:
        sql = f"select record_id, reason from marts.quarantined_records where entity = '{entity}'"
        return dict(self.rows(sql))


@pytest.fixture(scope="module")
def on_duckdb(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The world, landed and built with every data test."""
    project = Project.copy_of_repository(tmp_path_factory.mktemp("hostile") / "project")
    for name, landed in TABLES.items():
        project.land(SCHEMA, name, landed.columns, landed.rows)
    outcome = project.build(variables=VARIABLES)
    assert outcome.ok, outcome.output[-6000:]
    return project


@pytest.fixture(scope="module")
def on_postgres(tmp_path_factory: pytest.TempPathFactory, postgres: PostgresServer) -> World:
    """The same rows in reverse order, landed in PostgreSQL and built."""
    project = Project.copy_of_repository(tmp_path_factory.mktemp("hostile") / "project")
    database = postgres.new_database()
    database.execute(f'create schema "{SCHEMA}"')
    for name, landed in TABLES.items():
        declared = ", ".join(f'"{column}" {kind}' for column, kind in landed.columns.items())
        database.execute(f'create table "{SCHEMA}"."{name}" ({declared})')
        marks = ", ".join([f"({', '.join(['%s'] * len(landed.columns))})"] * len(landed.rows))
        values = [row.get(column) for row in reversed(landed.rows) for column in landed.columns]
        database.execute(f'insert into "{SCHEMA}"."{name}" values {marks}', values)
    outcome = project.dbt(
        "build", *NO_TESTS, variables=VARIABLES, target="postgres", environment=database.environment
    )
    assert outcome.ok, outcome.output[-6000:]
    return World(database.execute)


@pytest.fixture(
    params=["duckdb", pytest.param("postgres", marks=pytest.mark.postgres)], scope="module"
)
def world(request: pytest.FixtureRequest) -> World:
    """The world as one engine built it."""
    built = request.getfixturevalue(f"on_{request.param}")
    return World(built.query) if isinstance(built, Project) else built


def test_numbers_written_in_many_ways(world: World) -> None:
    answers, reasons, votes = world.answers, world.set_aside("responses"), world.votes
    found = {
        text: reasons.get(f"score {number}") or answers[f"score {number}"]["raw_score"]
        for number, text in enumerate(SCORES)
    }
    assert found == SCORES
    for number, score in enumerate(SCORES.values()):
        if isinstance(score, float):
            assert votes[f"score {number}"] == (1, 100.0 if score >= 9 else 0.0)
        else:
            assert f"score {number}" not in votes


def test_times_written_in_many_ways(world: World) -> None:
    answers, reasons, votes = world.answers, world.set_aside("responses"), world.votes
    found = {
        text: reasons.get(f"time {number}") or answers[f"time {number}"]["responded_at"]
        for number, text in enumerate(TIMES)
    }
    assert found == TIMES
    for number, time in enumerate(TIMES.values()):
        assert votes.get(f"time {number}") == ((1, 100.0) if isinstance(time, datetime) else None)


def test_names_and_ids_may_be_any_text(world: World) -> None:
    accounts, votes, reasons = world.accounts, world.votes, world.set_aside("responses")
    for text in TEXTS:
        assert accounts[text]["account_name"] == accounts[text]["segment"] == text
        # 10 and 0
        assert votes[text] == (2, 0.0)
        assert reasons[f"{text} lost".replace("#", "##")] == "score_not_a_number"
    tickets = dict(world.rows("select ticket_id, account_id from marts.fct_tickets"))
    assert {text: tickets[text] for text in TEXTS} == {text: text for text in TEXTS}


def test_what_is_set_aside_is_json_that_can_be_read(world: World) -> None:
    found = {
        json.loads(payload)["response_id"]
        for (payload,) in world.rows(
            "select payload from marts.quarantined_records where entity = 'responses'"
        )
    }
    assert {f"{text} lost" for text in TEXTS} <= found


def test_amounts_written_in_many_ways(world: World) -> None:
    accounts, reasons = world.accounts, world.set_aside("account_attributes")
    found = {
        text: reasons.get(f"arr {number}") or accounts[f"arr {number}"]["arr"]
        for number, text in enumerate(AMOUNTS)
    }
    assert {
        text: float(value) if hasattr(value, "is_nan") else value for text, value in found.items()
    } == AMOUNTS
    for name in ("seats 12,0", "renewal TBD", "renewal 03/04/2026", "active perhaps"):
        assert reasons[name] == "unparseable_value"
        # the account stays with its people and answers
        assert accounts[name]["attributes_set_aside"]


def test_ten_megabytes_reach_no_mart(world: World) -> None:
    assert world.votes["10 MB"] == (1, 100.0)
    assert world.accounts["10 MB"]["account_name"].startswith(MEGABYTES[:200])
    assert world.set_aside("responses")["10 MB score"] == "score_not_a_number"
    assert world.set_aside("tickets")["10 MB nowhere"] == "unknown_account"
    tables: dict[str, list[str]] = {}
    for table, column in world.rows(
        "select table_name, column_name from information_schema.columns where table_schema = 'marts'"
        " and data_type in ('VARCHAR', 'text', 'character varying')"
    ):
        tables.setdefault(table, []).append(column)
    assert sum(map(len, tables.values())) > 150
    for table, columns in tables.items():
        longest = ", ".join(f'max(length("{column}")) as "{column}"' for column in columns)
        (sizes,) = world.query(f'select {longest} from marts."{table}"')
        assert {column: size for column, size in sizes.items() if (size or 0) > 3000} == {}, table


def test_two_keys_that_differ_at_the_end_are_two(world: World) -> None:
    names = {row["account_name"]: row["account_id"] for row in world.accounts.values()}
    assert {world.votes[names[f"long {end}"]] for end in "AB"} == {(1, 100.0), (1, -100.0)}


def test_of_two_copies_the_later_counts(world: World) -> None:
    assert world.accounts["twice"]["account_name"] == "newer"
    assert float(world.accounts["twice"]["arr"]) == 2.0
    assert world.answers["twice"]["raw_score"] == 10.0
    assert world.set_aside("accounts")["twice#2"] == "duplicate_key"
    reasons = world.set_aside("responses")
    assert reasons["twice#2"] == "duplicate_key"
    # a second copy, and a key that looks like one
    assert (reasons["copy#2"], reasons["copy##2"]) == ("duplicate_key", "score_not_a_number")


def test_a_circle_of_parents_is_cut_and_its_accounts_stay(world: World) -> None:
    accounts, reasons = world.accounts, world.set_aside("account_parents")
    rings = [f"ring {ring} {place}" for ring in (1, 2, 5) for place in range(ring)]
    assert {
        name: reason for name, reason in reasons.items() if reason == "hierarchy_cycle"
    } == dict.fromkeys(rings, "hierarchy_cycle")
    for name in rings:
        assert accounts[name]["parent_account_id"] is None
        assert world.votes[name] == (1, 100.0)
    assert accounts["tail 1"]["ultimate_parent_account_id"] == "ring 5 0"
    assert reasons["own child"] == "unknown_parent"
    assert accounts["p>q"]["ultimate_parent_account_id"] == "top"


def test_ten_merges_in_a_row_lead_to_the_last(world: World) -> None:
    accounts = world.accounts
    assert [f"chain {step}" for step in range(11) if f"chain {step}" in accounts] == ["chain 10"]
    # one person, whose two answers came before and after the merges: the later is the vote
    assert world.votes["chain 10"] == (1, -100.0)
    assert {world.answers[f"{when} ten merges"]["account_id"] for when in ("before", "after")} == {
        "chain 10"
    }
    assert world.rows("select count(*) from marts.dim_contacts where account_id = 'chain 10'") == [
        (1,)
    ]


def test_merges_into_a_circle_and_into_nothing(world: World) -> None:
    reasons = world.set_aside("account_merges")
    assert reasons == {
        "merged 1": "merge_cycle",
        "merged 2": "merge_cycle",
        "into nothing": "unknown_account",
    }
    assert {"merged 1", "merged 2"} <= world.accounts.keys()
    assert world.votes["merged 1"] == (1, -100.0)
    assert world.set_aside("responses")["into nothing"] == "unknown_account"
    # two contacts merged into each other stay two; who was merged into one of them is that one
    people = "select contact_key from marts.dim_contacts where account_id = 'two in a ring'"
    keys = [key for (key,) in world.rows(people)]
    assert len(keys) == 2
    assert world.answers["of c"]["contact_key"] in keys
    assert world.answers["of c"]["match_method"] == "id"
    assert world.votes["two in a ring"] == (1, -100.0)


def test_numbers_where_times_and_truths_should_be(world: World) -> None:
    reasons = world.set_aside("invitations")
    assert {number: reasons.get(f"sent {number}") for number in SENT} == SENT
    assert reasons["delivered 2"] == "unparseable_value"
    sent = world.rows("select distinct sent_at from marts.fct_survey_invitations")
    assert sent == [(datetime(2026, 1, 1),)]


def test_infinity_and_what_is_no_number(world: World) -> None:
    assert {
        name: reason for name, reason in world.set_aside("activities").items() if name != "10 MB"
    } == {
        "inf": "unparseable_value",
        "1900": "implausible_time",
        "9999": "after_as_of_date",
    }
    assert world.set_aside("opportunities") == {
        "inf": "unparseable_value",
        "huge": "unparseable_value",
    }
    reasons = world.set_aside("tickets")
    assert reasons["always there"] == "missing_time"
    assert reasons["reopened often"] == "unparseable_value"
    tickets = world.rows(
        "select ticket_id, solved_at, resolution_minutes from marts.fct_tickets where account_id = 'typed' order by 1"
    )
    assert tickets == [
        ("never solved", None, None),
        ("solved 9999", None, None),
        ("sound", datetime(2026, 6, 2), 1440.0),
    ]


def test_children_before_their_parents_are_set_aside(world: World) -> None:
    assert world.set_aside("responses")["of no account"] == "unknown_account"
    assert world.set_aside("tickets")["of no account"] == "unknown_account"
    assert world.set_aside("ticket_events")["of no ticket"] == "unknown_ticket"
    # the key of a person is a hash there
    assert "unknown_account" in world.set_aside("contacts").values()
    assert world.set_aside("invoices")["of no customer"] == "unknown_customer"
    # who the CRM does not know is a person all the same, of unknown role
    assert world.answers["of no contact"]["match_method"] == "unmatched"
    # two answers: that one, and the one that was loaded twice
    assert world.votes["typed"] == (2, 100.0)
    assert world.set_aside("responses")["reloaded#2"] == "duplicate_key"


@pytest.mark.postgres
def test_neither_the_engine_nor_the_order_of_rows_matters(
    on_duckdb: Project, on_postgres: World
) -> None:
    for mart in (
        "dim_accounts",
        "dim_contacts",
        "account_nps",
        "company_nps",
        "fct_survey_responses",
        "fct_invoices",
        "fct_tickets",
        "account_health",
        "quarantined_records",
    ):
        names = [row["column_name"] for row in on_duckdb.query(f"describe marts.{mart}")]
        sql = f"select {', '.join(names)} from marts.{mart}"
        ours, theirs = (
            sorted((tuple(map(_comparable, row)) for row in found.rows(sql)), key=repr)
            for found in (World(on_duckdb.query), on_postgres)
        )
        assert ours == theirs, mart


def _comparable(value: Any) -> Any:
    return (
        round(value, 9) + 0.0
        if isinstance(value, float)
        else str(value)
        if value is not None
        else None
    )


# Whole tables: a small company, built yesterday. Each test changes what landed and builds again.

MARTS = (
    "account_nps",
    "company_nps",
    "dim_accounts",
    "fct_survey_responses",
    "quarantined_records",
)
ANSWERS = {
    "response_id": "integer",
    "metric": "varchar",
    "raw_score": "integer",
    "responded_at": "varchar",
    "account_ref": "varchar",
    "crm_contact_ref": "varchar",
}
SIGHTED = [(number, 10 if number < 15 else 0, "1" if number < 20 else "2") for number in range(24)]
# 15 promoters and 5 detractors of 20; 4 detractors of 4; 15 and 9 of 24
EXPECTED = {"1": 50.0, "2": -100.0}
EXPECTED_COMPANY = 25.0


@pytest.fixture(scope="module")
def yesterday(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Two accounts from a Latin-1 file, with 24 people and their answers, built."""
    folder = tmp_path_factory.mktemp("company")
    project = Project.copy_of_repository(folder / "project")
    latin = folder / "accounts.csv"
    text = f'account_id,account_name,"{ARR}"\n1,M\xfcller & S\xf6hne,\n2,Fran\xe7ois,\n'
    latin.write_bytes(text.encode("latin-1"))
    with duckdb.connect(project.database) as connection:
        # the loader's error; it says what to do, and nothing lands
        with pytest.raises(duckdb.Error, match="not utf-8 encoded"):
            connection.execute("select * from read_csv(?)", [str(latin)])
        connection.execute(f'create schema "{SCHEMA}"')
        connection.execute(
            f'create table "{SCHEMA}".accounts as select * from read_csv(?, encoding = ?)',
            [str(latin), "latin-1"],
        )
    project.land(
        SCHEMA,
        "contacts",
        {"contact_id": "varchar", "account_id": "integer", "title": "varchar"},
        [(f"P{number}", account, "CEO") for number, _, account in SIGHTED],
    )
    project.land(
        SCHEMA,
        "survey_responses",
        ANSWERS,
        [
            (number, "nps", score, "2026-06-01 12:00:00", account, f"P{number}")
            for number, score, account in SIGHTED
        ],
    )
    whole = (f"+{mart}" for mart in MARTS)
    assert_right(project, project.dbt("build", *NO_TESTS, "--select", *whole, variables=VARIABLES))
    assert {
        row["account_name"] for row in project.query("select account_name from marts.dim_accounts")
    } == {
        "M\xfcller & S\xf6hne",
        "Fran\xe7ois",
    }
    return project


@pytest.fixture
def today(yesterday: Project, tmp_path: Path) -> Project:
    """The company with what was built yesterday, to be changed."""
    return yesterday.fork(tmp_path / "today")


def assert_right(project: Project, outcome: Outcome) -> None:
    """The build went well and gave the figures that follow from the company's answers."""
    assert outcome.ok, outcome.output[-6000:]
    last = "where period_end = '2026-06-30'"
    found = project.query(f"select account_id, account_nps from marts.account_nps {last}")
    assert {row["account_id"]: row["account_nps"] for row in found} == EXPECTED
    company = project.value(f"select nps from marts.company_nps {last} and scope_type = 'company'")
    assert company == EXPECTED_COMPANY


def change(project: Project, *statements: str) -> None:
    """Run SQL on the landed tables, as a loader would between two builds."""
    with duckdb.connect(project.database) as connection:
        connection.execute("set schema = ?", [SCHEMA])
        for statement in statements:
            connection.execute(statement)


def again(project: Project, *tables: str, **variables: Any) -> Outcome:
    """Build again what lies between some landed tables and the marts: all that can have changed."""
    between = (f"stg_generic__{table}+,+{mart}" for table in tables for mart in MARTS)
    return project.dbt("build", *NO_TESTS, "--select", *between, variables=VARIABLES | variables)


def stage(project: Project, table: str, **variables: Any) -> Outcome:
    """Build the staging model of one table, which is where a type or a name is met first."""
    return project.dbt("run", "--select", f"stg_generic__{table}", variables=VARIABLES | variables)


def test_types_and_columns_change_overnight(today: Project) -> None:
    # widened, and columns nobody asked for, named as ours are
    change(
        today,
        "create or replace table survey_responses as select 6 as rawscore, cast(response_id as double) as response_id, metric,"
        " cast(raw_score as decimal(4, 1)) as raw_score, cast(responded_at as timestamptz) as responded_at,"
        " cast(account_ref as double) as account_ref, crm_contact_ref, 0 as quarantine_reason, 'x' as source_vendor,"
        ' 1 as copy_number, 2 as "select", 3 as "we""ird, \'name\'", 4 as "\U0001f600 x", 5 as "raw score"'
        " from survey_responses",
        "alter table accounts add column account_name_ varchar default 'not this one'",
    )
    assert_right(today, again(today, "accounts", "survey_responses"))
    assert (
        today.value("select account_name from marts.dim_accounts where account_id = '2'")
        == "Fran\xe7ois"
    )
    # and again: JSON, text and epochs
    change(
        today,
        "create or replace table survey_responses as select to_json(cast(response_id as varchar)) as response_id, metric,"
        " to_json(raw_score) as raw_score, epoch_ms(responded_at) as responded_at,"
        " to_json(cast(cast(account_ref as integer) as varchar)) as account_ref, crm_contact_ref from survey_responses",
        "alter table accounts alter account_id type varchar",
    )
    assert_right(today, again(today, "accounts", "survey_responses"))


UNREADABLE = {
    "a score as a truth": (
        "raw_score",
        "boolean",
        "cast(raw_score as boolean)",
        "double precision",
    ),
    "a score as a time": ("raw_score", "timestamp", "timestamp '2026-06-01'", "double precision"),
    "a time as a truth": ("responded_at", "boolean", "true", "timestamp"),
    "a key as bytes": ("response_id", "blob", "encode(cast(response_id as varchar))", "string"),
}


@pytest.mark.parametrize("fault", UNREADABLE)
def test_a_type_that_cannot_be_read_stops_the_table(today: Project, fault: str) -> None:
    column, kind, value, wanted = UNREADABLE[fault]
    change(today, f"alter table survey_responses alter {column} type {kind} using {value}")
    outcome = stage(today, "survey_responses")
    assert_stopped(
        outcome,
        f"The landed column {column} of",
        kind.upper(),
        f"cannot be read as {wanted}",
        "cast it in a view",
    )


def test_a_required_column_with_another_name(today: Project) -> None:
    change(today, "alter table accounts rename account_id to id")
    outcome = again(today, "accounts")
    assert_stopped(
        outcome,
        "no column account_id",
        "landed_aliases: {generic__accounts: {account_id: your_column}}",
    )
    # what was built yesterday is there
    assert today.value("select count(*) from marts.account_nps where account_nps = 50") > 0


def test_without_a_column_for_roles_the_votes_are_pooled(today: Project) -> None:
    change(today, "alter table contacts drop title")
    outcome = again(today, "contacts")
    assert outcome.ok, outcome.output[-6000:]
    found = today.query("select * from marts.account_nps where period_end = '2026-06-30'")
    assert {(row["account_nps"], row["nps_status"], row["pooled_nps"]) for row in found} == {
        (50.0, "roles_unknown", 50.0),
        (-100.0, "roles_unknown", -100.0),
    }


RELOADS = {
    "the parents are truncated": "delete from accounts",
    "the parents are marked as deleted": "alter table accounts add column _fivetran_deleted boolean default true",
    "the parents are half filled": "delete from accounts where account_id = 1",
}


@pytest.mark.parametrize("reload", RELOADS)
def test_a_reload_half_way_is_stopped_by_the_threshold(today: Project, reload: str) -> None:
    change(today, RELOADS[reload])
    outcome = again(today, "accounts")
    assert not outcome.ok
    assert "Too many landed rows were set aside" in outcome.output
    assert "generic, survey.responses" in outcome.output
    assert "raise the variable quarantine_threshold" in outcome.output
    assert "Traceback" not in outcome.output
    # the account of yesterday is in its marts, and why it is not in today's can be read
    assert today.value("select count(*) from marts.account_nps where account_nps = 50") > 0
    reasons = today.query(
        "select distinct reason from marts.quarantined_records where entity = 'responses'"
    )
    assert reasons == [{"reason": "unknown_account"}]


def test_the_old_and_the_new_copy_side_by_side(today: Project) -> None:
    change(
        today,
        "create or replace table survey_responses as"
        " select *, timestamp '2026-06-02' as _fivetran_synced, true as _fivetran_active from survey_responses"
        " union all select * replace (5 as raw_score), timestamp '2026-06-01', true from survey_responses"
        " union all select * replace (5 as raw_score), timestamp '2026-06-03', false from survey_responses",
    )
    assert_right(today, again(today, "survey_responses"))
    copies = (
        "select count(*) as copies from marts.quarantined_records where reason = 'duplicate_key'"
    )
    assert today.value(copies) == len(SIGHTED)


def test_text_that_was_broken_on_the_way(today: Project) -> None:
    """The replacement character is text like any other; a NUL makes another text, and JSON can hold neither."""
    change(
        today,
        "update accounts set account_name = 'M\ufffdller' where account_id = 1",
        "alter table survey_responses alter account_ref type varchar",
        "update survey_responses set account_ref = '2' || chr(0) where response_id = 23",
    )
    outcome = again(today, "accounts", "survey_responses")
    assert outcome.ok, outcome.output[-6000:]
    assert (
        today.value("select account_name from marts.dim_accounts where account_id = '1'")
        == "M\ufffdller"
    )
    (row,) = today.query("select record_id, reason, payload from marts.quarantined_records")
    assert (row["record_id"], row["reason"]) == ("23", "unknown_account")
    assert json.loads(row["payload"])["account_ref"] == "2 "


@pytest.mark.parametrize("table", ["survey_responses", "accounts", "contacts"])
def test_one_empty_table(today: Project, table: str) -> None:
    change(
        today,
        f"delete from {table}",
        "delete from survey_responses" if table == "accounts" else "select 1",
    )
    outcome = again(today, "accounts", "contacts", "survey_responses")
    assert outcome.ok, outcome.output[-6000:]
    found = today.query(
        "select account_id, responses, account_nps from marts.account_nps where period_end = '2026-06-30'"
    )
    # without contacts no role is known, and all votes are pooled
    votes, nps = (0, None) if table == "survey_responses" else (20, {"contacts": 50.0}.get(table))
    if table == "accounts":
        assert found == []
    else:
        assert {row["account_id"]: (row["responses"], row["account_nps"]) for row in found}[
            "1"
        ] == (votes, nps)


@pytest.mark.slow
def test_tables_of_every_vendor_with_only_a_header(project: Project) -> None:
    """The demo's tables without their rows, every column text, as a loader lands a file of one line."""
    for folder in sorted((project.root / "seeds" / "demo").iterdir()):
        for file in sorted(folder.glob("*.csv")):
            header = file.read_text(encoding="utf-8").splitlines()[0].split(",")
            vendor, table = file.stem.split("__", 1)
            project.land(vendor, table, dict.fromkeys(header, "varchar"))
    outcome = project.dbt(
        "build", *NO_TESTS, variables={"voc_demo": False, "as_of_date": "2026-06-30"}
    )
    assert outcome.ok, outcome.output[-6000:]
    tables = project.query(
        "select table_name as name from information_schema.tables where table_schema = 'marts'"
    )
    counts = {
        row["name"]: project.value(f'select count(*) from marts."{row["name"]}"') for row in tables
    }
    # days, tables, runs, and one row for each lag between two figures that nobody has
    assert {name for name, count in counts.items() if count} == {
        "dim_dates",
        "landed_tables",
        "run_history",
        "voe_csat_lead_lag",
    }
    assert len(counts) > 25
    assert project.query(
        "select distinct pairs, correlation, threshold from marts.voe_csat_lead_lag"
    ) == [{"pairs": 0, "correlation": None, "threshold": None}]


SEEDS = {
    "semicolons": (
        "role_weights.csv",
        lambda text: text.replace(b",", b";"),
        "semicolons stand between the fields, and it takes commas",
    ),
    "white space after the lines": (
        "role_weights.csv",
        lambda text: text.replace(b"\n", b" \n"),
        "there is white space around a name of the header",
    ),
    "Latin-1": (
        "role_weights.csv",
        lambda text: text + "caf\xe9\n".encode("latin-1"),
        "not readable as CSV in UTF-8",
    ),
    "Latin-1 in a file with rules in SQL only": (
        "survey_questions.csv",
        lambda text: text + "caf\xe9\n".encode("latin-1"),
        "not readable as CSV in UTF-8",
    ),
    "UTF-16": (
        "role_weights.csv",
        lambda text: text.decode().encode("utf-16"),
        "not readable as CSV in UTF-8",
    ),
    "a quote that never ends": (
        "title_roles.csv",
        lambda text: text + b'990,title,word,"zoo\n',
        "not readable as CSV in UTF-8",
    ),
    "no line at all": ("role_weights.csv", lambda text: b"", "the column weight_scheme"),
    "a comma for a point": (
        "role_weights.csv",
        lambda text: text.replace(b"0.30", b'"0,30"'),
        "weight is '0,30': it takes a number",
    ),
}


@pytest.mark.parametrize("fault", SEEDS)
def test_a_policy_file_that_is_broken_is_named(yesterday: Project, fault: str) -> None:
    name, damage, words = SEEDS[fault]
    file = yesterday.root / "seeds" / "policy" / name
    sound = file.read_bytes()
    try:
        file.write_bytes(damage(sound))
        outcome = yesterday.cli("build")
    finally:
        file.write_bytes(sound)
    assert outcome.exit_code == 2
    assert f"seeds/policy/{name}, row" in outcome.output
    assert words in outcome.output
    assert "Traceback" not in outcome.output
    assert "Building with dbt" not in outcome.output


def test_a_policy_file_of_another_editor_is_the_same_policy(today: Project) -> None:
    weights = "select * from policy.role_weights order by weight_scheme, valid_from, seniority"
    before = today.query(weights)
    file = today.root / "seeds" / "policy" / "role_weights.csv"
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes().replace(b"\n", b"\r\n"))
    outcome = today.dbt("seed", "--select", "role_weights", variables=VARIABLES)
    assert outcome.ok, outcome.output
    assert today.query(weights) == before
    assert today.cli("check").ok


def test_policy_texts_are_never_run(today: Project) -> None:
    hostile = "'; drop table policy.title_roles; -- {{ 1/0 }} ${x} %s"
    file = today.root / "seeds" / "policy" / "title_roles.csv"
    text = file.read_text(encoding="utf-8")
    file.write_text(f'{text}9990,title,word,"{hostile} ""zoo""",{hostile}\n', encoding="utf-8")
    outcome = today.dbt(
        *(
            "build",
            *NO_TESTS,
            "--select",
            "title_roles",
            "int_policy__roles_violations",
            "int_policy__violations",
        ),
        variables=VARIABLES,
    )
    assert_stopped(
        outcome,
        "The policy seeds break 1 rule(s)",
        "seeds/policy/title_roles.csv, rule 9990",
        hostile,
    )
    assert today.value("select count(*) from policy.title_roles") == len(text.splitlines())
