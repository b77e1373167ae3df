"""Support metrics against a plain recomputation, landed in the generic shape and as Zendesk."""

from __future__ import annotations

import csv
import json
import random
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from harness import NO_TESTS, REPOSITORY, PostgresServer, Project

AS_OF = date(2026, 6, 30)
CLOSE = datetime(2026, 7, 1)
FIRST = datetime(2024, 6, 1)
MINUTE = timedelta(minutes=1)
LIFE = ["new", "open", "pending", "hold", "solved", "closed"]
SEVERITIES = ["low", "normal", "high", "urgent"]
# models and the policy seeds they need, without their tests
BUILD = ("build", *NO_TESTS, "--select")
COLUMNS = [
    "account_id",
    "status",
    "is_solved",
    "is_merged",
    "first_assigned_at",
    "first_replied_at",
    "agent_replies",
    "first_solved_at",
    "solved_at",
    "reopens",
    "queue_minutes",
    "first_reply_minutes",
    "first_reply_business_minutes",
    "resolution_minutes",
    "resolution_business_minutes",
    "is_first_contact_resolution",
    "is_repeat_contact",
    "is_first_reply_sla_met",
    "is_resolution_sla_met",
]

# Opening hours, recomputed minute by minute.


@dataclass(frozen=True)
class Schedule:
    """Opening intervals in minutes from Sunday 00:00 local time, and closed days."""

    id: str
    landed_zone: str
    zone: str | None
    intervals: tuple[tuple[int, int], ...]
    holidays: tuple[tuple[date, date], ...] = ()


def weekly(opens: int, closes: int, days: range = range(1, 6)) -> tuple[tuple[int, int], ...]:
    return tuple((day * 1440 + opens, day * 1440 + closes) for day in days)


OFFICE = (540, 1020)
SCHEDULES = [
    Schedule(
        "1",
        "Eastern Time (US & Canada)",
        "America/New_York",
        weekly(*OFFICE),
        ((date(2025, 12, 24), date(2025, 12, 26)), (date(2025, 12, 25), date(2025, 12, 25))),
    ),
    Schedule("2", "UTC", "UTC", ((0, 10080),)),
    Schedule(
        "3", "Berlin", "Europe/Berlin", ((0, 10080),), ((date(2025, 5, 1), date(2025, 5, 1)),)
    ),
    Schedule("4", "New Delhi", "Asia/Kolkata", weekly(615, 780) + weekly(825, 1185, range(7))),
    # Clocks change by half an hour; intervals overlap and meet the change; the week ends open.
    Schedule(
        "5",
        "Australia/Lord_Howe",
        "Australia/Lord_Howe",
        ((0, 105), (100, 115), (125, 400), (9000, 10080), (3000, 3000 + 2 * 1440)),
    ),
    # Clocks change at midnight.
    Schedule("6", "Santiago", "America/Santiago", ((0, 30), (8640 + 1380, 10080), (2880, 4320))),
    Schedule("7", "Olympus Mons", None, weekly(*OFFICE)),
]


@cache
def opening_minutes(schedule: Schedule) -> list[int]:
    """Opening minutes from the first day up to each minute: a minute is open by its wall clock."""
    assert schedule.zone
    zone = ZoneInfo(schedule.zone)
    closed = {
        first + timedelta(days=day)
        for first, last in schedule.holidays
        for day in range((last - first).days + 1)
    }
    week = [False] * 10080
    for opens, closes in schedule.intervals:
        week[opens:closes] = [True] * (closes - opens)
    is_open = []
    start = FIRST - timedelta(days=2)
    for quarter in range(((CLOSE - start).days + 2) * 96):
        moment = start + timedelta(minutes=15 * quarter)
        local = moment.replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None)
        minute = (local.isoweekday() % 7) * 1440 + local.hour * 60 + local.minute
        shut = local.date() in closed
        is_open += [not shut and week[(minute + step) % 10080] for step in range(15)]
    return [0, *accumulate(is_open)]


def business_minutes(schedule: Schedule | None, start: datetime, end: datetime) -> float | None:
    if schedule is None or schedule.zone is None:
        return None
    opened = opening_minutes(schedule)

    def up_to(moment: datetime) -> float:
        whole, rest = divmod(moment - (FIRST - timedelta(days=2)), MINUTE)
        return opened[whole] + (opened[whole + 1] - opened[whole]) * (rest / MINUTE)

    return up_to(end) - up_to(start)


# Tickets and what the rulebook says about them.


@dataclass
class Event:
    at: datetime
    kind: str
    actor: str | None
    actor_type: str | None
    value: str | None = None
    is_public: bool = False
    is_automated: bool = False


@dataclass
class Ticket:
    id: str
    created: datetime
    requester: str
    account: str | None
    topic: str | None
    severity: str | None
    schedule: Schedule | None
    is_merged: bool = False
    is_deleted: bool = False
    events: list[Event] = field(default_factory=list)
    # metric: (target minutes, in business hours)
    targets: dict[str, tuple[float, bool]] = field(default_factory=dict)

    @property
    def landed_status(self) -> str:
        statuses = [event for event in self.events if event.kind == "status"]
        return max(statuses, key=status_order).value or "" if statuses else "new"


def status_order(event: Event) -> tuple[datetime, int]:
    return event.at, LIFE.index(event.value) if event.value in LIFE else -1


def minutes(start: datetime, end: datetime | None) -> float | None:
    return None if end is None else (end - start) / MINUTE


def expected(
    tickets: list[Ticket], targets: dict[tuple[str, str], tuple[float, bool]]
) -> dict[str, dict[str, Any]]:
    counted = {
        ticket.id: lifecycle(ticket, targets)
        for ticket in tickets
        if not ticket.is_deleted
        and ticket.account != "nobody"
        and not any(
            event.kind == "status"
            and event.value in ("solved", "closed")
            and event.at < ticket.created
            for event in ticket.events
        )
    }
    by_id = {ticket.id: ticket for ticket in tickets}
    compared = [
        (by_id[key], row)
        for key, row in counted.items()
        if not row["is_merged"] and row["account_id"] and by_id[key].topic
    ]
    for ticket, row in ((by_id[key], row) for key, row in counted.items()):
        alike = [
            (other, found)
            for other, found in compared
            if other.id != ticket.id
            and (other.account, other.topic) == (ticket.account, ticket.topic)
        ]
        comparable = any(other.id == ticket.id for other, _ in compared)
        first = row["first_solved_at"]
        if first is None or row["is_merged"] or first + timedelta(days=7) >= CLOSE:
            row["is_first_contact_resolution"] = None
        elif row["reopens"]:
            row["is_first_contact_resolution"] = False
        elif not comparable:
            row["is_first_contact_resolution"] = None
        else:
            row["is_first_contact_resolution"] = not any(
                first < other.created <= first + timedelta(days=7) for other, _ in alike
            )
        row["is_repeat_contact"] = (
            any(
                found["solved_at"]
                and found["solved_at"] < ticket.created <= found["solved_at"] + timedelta(days=30)
                for _, found in alike
            )
            if comparable
            else None
        )
    return counted


def lifecycle(ticket: Ticket, targets: dict[tuple[str, str], tuple[float, bool]]) -> dict[str, Any]:
    events = [event for event in ticket.events if ticket.created <= event.at < CLOSE]
    steps = sorted((event for event in events if event.kind == "status"), key=status_order)
    solves, reopens, solved = [], 0, False
    for step in steps:
        now_solved = step.value in ("solved", "closed")
        if now_solved and not solved:
            solves.append(step.at)
        reopens += solved and not now_solved
        solved = now_solved
    replies = [
        event.at
        for event in events
        if event.kind == "comment"
        and event.is_public
        and not event.is_automated
        and event.at > ticket.created
        and event.actor not in (None, ticket.requester)
        and event.actor_type in ("agent", None)
    ]
    assigned = [event.at for event in events if event.kind == "assignee" and event.value]
    first_assigned, first_replied = min(assigned, default=None), min(replies, default=None)
    first_solved = solves[0] if solves else None
    last_solved = solves[-1] if solved else None
    schedule = ticket.schedule or SCHEDULES[0]

    def business(end: datetime | None) -> float | None:
        return None if end is None else business_minutes(schedule, ticket.created, end)

    def is_met(metric: str, reached: datetime | None, called_off: datetime | None) -> bool | None:
        target = ticket.targets.get(metric) or targets.get((ticket.severity or "", metric))
        if target is None:
            return None
        end = reached or called_off or CLOSE
        elapsed = business(end) if target[1] else minutes(ticket.created, end)
        if elapsed is None:
            return None
        return False if round(elapsed, 6) > target[0] else (True if reached else None)

    return {
        "account_id": ticket.account,
        "status": steps[-1].value if steps else "open" if ticket.events else ticket.landed_status,
        "is_solved": solved,
        "is_merged": ticket.is_merged,
        "first_assigned_at": first_assigned,
        "first_replied_at": first_replied,
        "agent_replies": len(replies),
        "first_solved_at": first_solved,
        "solved_at": last_solved,
        "reopens": reopens,
        "queue_minutes": minutes(ticket.created, first_assigned),
        "first_reply_minutes": minutes(ticket.created, first_replied),
        "first_reply_business_minutes": business(first_replied),
        "resolution_minutes": minutes(ticket.created, last_solved),
        "resolution_business_minutes": business(last_solved),
        "is_first_reply_sla_met": is_met("first_reply", first_replied, first_solved),
        "is_resolution_sla_met": is_met("resolution", last_solved, None),
    }


def policy_targets() -> dict[tuple[str, str], tuple[float, bool]]:
    with (REPOSITORY / "seeds" / "policy" / "sla_targets.csv").open(encoding="utf-8") as file:
        return {
            (row["severity"], row["metric"]): (
                float(row["target_minutes"]),
                row["is_business_hours"] == "true",
            )
            for row in csv.DictReader(file)
        }


# Random tickets. Users: 1-5 agents, 6 an admin, 100 and up customers, 999 somebody without a row.


def role(user: str | None, requester: str) -> str | None:
    if user is None or user == "999":
        return None
    if user == "-1":
        return "system"
    return "agent" if user != requester and int(user) < 100 else "end_user"


def random_tickets(count: int = 420) -> list[Ticket]:
    draw = random.Random(20260630)
    accounts = [f"A{number}" for number in range(9)]
    span = int((CLOSE - FIRST).total_seconds()) - 60
    tickets = []
    for number in range(count):
        requester = "5" if draw.random() < 0.05 else str(100 + draw.randrange(60))
        ticket = Ticket(
            id=str(5000 + number),
            created=FIRST + timedelta(seconds=draw.randrange(span)),
            requester=requester,
            account="nobody"
            if draw.random() < 0.01
            else None
            if draw.random() < 0.03
            else draw.choice(accounts),
            topic=draw.choice(["login", "login", "billing", None]),
            severity=draw.choice([*SEVERITIES, None]),
            schedule=draw.choice([None, *SCHEDULES]),
            is_merged=draw.random() < 0.04,
            is_deleted=draw.random() < 0.02,
        )

        def soon(limit: float, start: datetime = ticket.created) -> datetime:
            return start + timedelta(seconds=int(draw.random() ** 3 * limit * 86400))

        def add(
            at: datetime, kind: str, actor: str | None, ticket: Ticket = ticket, **rest: Any
        ) -> None:
            ticket.events.append(Event(at, kind, actor, role(actor, ticket.requester), **rest))

        add(ticket.created, "status", requester, value="new")
        add(ticket.created, "comment", draw.choice([requester, "2"]), is_public=True)
        for _ in range(draw.randrange(3)):
            assignee = draw.choice(["1", "2", "3", "4", None])
            add(soon(3), "assignee", "1", value=assignee)
        for _ in range(draw.randrange(6)):
            author = draw.choice(["1", "2", "3", "6", requester, "150", "-1", "999", None])
            add(
                soon(12),
                "comment",
                author,
                is_public=draw.random() < 0.8,
                is_automated=author == "-1" or draw.random() < 0.1,
            )
        moment = ticket.created
        for _ in range(draw.randrange(7)):
            moment = moment if draw.random() < 0.15 else soon(draw.choice([2, 20, 400]), moment)
            add(
                moment,
                "status",
                draw.choice(["1", "-1"]),
                value=draw.choice([*LIFE, "solved", "solved"]),
            )
        if draw.random() < 0.03:
            before = ticket.created - timedelta(hours=3)
            add(before, "status", "1", value=draw.choice(["open", "solved"]))
            add(before, "assignee", "1", value="4")
        if draw.random() < 0.2:
            ticket.targets["first_reply"] = (draw.choice([30.0, 600.0, 90.0]), draw.random() < 0.5)
        tickets.append(ticket)
    # The exact edges of both windows, one second to either side.
    day = datetime(2025, 9, 1, 12)
    for number, offset in enumerate([-1, 0, 1]):
        for name, window in (("edge7", 7), ("edge30", 30)):
            solved, second = day, timedelta(seconds=offset)
            for step, created in enumerate(
                [day - timedelta(hours=5), solved + timedelta(days=window) + second]
            ):
                ticket = Ticket(
                    f"{9000 + len(tickets)}",
                    created,
                    "101",
                    f"A{number}",
                    f"{name}",
                    "normal",
                    None,
                )
                ticket.events.append(Event(created, "status", "101", "end_user", value="new"))
                if step == 0:
                    ticket.events.append(Event(solved, "status", "1", "agent", value="solved"))
                tickets.append(ticket)
    return tickets


# The two shapes in which they land.


def columns(declared: str) -> dict[str, str]:
    """{column: type} of a declaration as SQL has it."""
    return dict(column.split() for column in declared.split(", "))


def organization(account: str | None) -> int | None:
    return None if account is None else 799 if account == "nobody" else 700 + int(account[1:])


def land_accounts(project: Project) -> None:
    project.land(
        "generic",
        "accounts",
        columns("account_id varchar, account_name varchar, _loaded_at timestamp"),
        [[f"A{number}", f"Account {number}", FIRST] for number in range(9)],
    )


def land_generic(project: Project, tickets: list[Ticket]) -> None:
    land_accounts(project)
    project.land(
        "generic",
        "tickets",
        columns(
            "ticket_id varchar, account_ref varchar, requester_ref varchar, topic varchar, "
            "severity varchar, status varchar, created_at timestamp, schedule_id varchar, "
            "is_merged boolean, is_deleted_ticket boolean, solved_at timestamp"
        ),
        [
            [
                ticket.id,
                ticket.account,
                ticket.requester,
                ticket.topic,
                ticket.severity,
                ticket.landed_status,
                ticket.created,
                ticket.schedule.id if ticket.schedule else None,
                ticket.is_merged,
                False,
                # the log wins over the vendor's own word
                ticket.created + timedelta(days=1),
            ]
            for ticket in tickets
            if not ticket.is_deleted
        ],
    )
    project.land(
        "generic",
        "ticket_events",
        columns(
            "event_id varchar, ticket_id varchar, event_type varchar, "
            "occurred_at timestamp, actor_id varchar, actor_type varchar, "
            "is_public boolean, is_automated boolean, value varchar"
        ),
        [
            [
                f"{ticket.id}/{number}",
                ticket.id,
                event.kind,
                event.at,
                event.actor,
                event.actor_type,
                event.is_public,
                event.is_automated,
                event.value,
            ]
            for ticket in tickets
            if not ticket.is_deleted
            for number, event in enumerate(ticket.events)
        ],
    )
    project.land(
        "generic",
        "schedules",
        columns(
            "schedule_id varchar, time_zone varchar, starts_minute integer, "
            "ends_minute integer, created_at timestamp"
        ),
        [
            [schedule.id, schedule.landed_zone, opens, closes, FIRST + timedelta(days=number)]
            for number, schedule in enumerate(SCHEDULES)
            for opens, closes in schedule.intervals
        ],
    )
    project.land(
        "generic",
        "schedule_holidays",
        columns("holiday_id varchar, schedule_id varchar, first_date date, last_date date"),
        [
            [f"{schedule.id}/{number}", schedule.id, first, last if last != first else None]
            for schedule in SCHEDULES
            for number, (first, last) in enumerate(schedule.holidays)
        ],
    )
    project.land(
        "generic",
        "ticket_sla_targets",
        columns(
            "ticket_id varchar, metric varchar, target_minutes double, "
            "is_business_hours boolean, applied_at timestamp"
        ),
        [
            [ticket.id, metric, target, in_hours, ticket.created]
            for ticket in tickets
            if not ticket.is_deleted
            for metric, (target, in_hours) in ticket.targets.items()
        ],
    )


def land_zendesk(project: Project, tickets: list[Ticket]) -> None:
    land_accounts(project)
    survivor = "4999999"
    project.land(
        "zendesk",
        "ticket",
        columns(
            "id bigint, requester_id bigint, organization_id bigint, custom_topic varchar, "
            "priority varchar, status varchar, created_at timestamp, "
            "merged_ticket_ids varchar, _fivetran_deleted boolean"
        ),
        [
            [
                int(ticket.id),
                int(ticket.requester),
                organization(ticket.account),
                ticket.topic,
                ticket.severity,
                {"hold": "on-hold"}.get(ticket.landed_status, ticket.landed_status),
                ticket.created,
                "[]",
                ticket.is_deleted,
            ]
            for ticket in tickets
        ]
        + [
            [
                int(survivor),
                101,
                None,
                None,
                None,
                "deleted",
                FIRST,
                str(
                    [
                        int(ticket.id)
                        for ticket in tickets
                        if ticket.is_merged and int(ticket.id) % 2
                    ]
                ),
                False,
            ]
        ],
    )
    project.land(
        "zendesk",
        "ticket_tag",
        columns("ticket_id bigint, tag varchar"),
        [
            [int(ticket.id), "closed_by_merge"]
            for ticket in tickets
            if ticket.is_merged and not int(ticket.id) % 2
        ],
    )
    project.land(
        "zendesk",
        "organization",
        columns("id bigint, external_id varchar"),
        [[700 + number, f"A{number}"] for number in range(9)],
    )
    users = {*range(1, 7), *(int(ticket.requester) for ticket in tickets), 150}
    project.land(
        "zendesk",
        "user",
        columns("id bigint, role varchar, email varchar, external_id varchar"),
        [
            [
                user,
                "admin" if user == 6 else "agent" if user < 100 else "end-user",
                f"u{user}@example.com",
                None,
            ]
            for user in sorted(users)
        ],
    )
    fields = {"status": "status", "assignee": "assignee_id"}
    project.land(
        "zendesk",
        "ticket_field_history",
        columns(
            "ticket_id bigint, field_name varchar, updated timestamp, user_id bigint, value varchar"
        ),
        [
            [
                int(ticket.id),
                fields[event.kind],
                event.at,
                int(event.actor) if event.actor else None,
                "on-hold" if event.value == "hold" else event.value,
            ]
            for ticket in tickets
            for event in ticket.events
            if event.kind in fields
        ],
    )
    comments = [
        (ticket, event) for ticket in tickets for event in ticket.events if event.kind == "comment"
    ]
    project.land(
        "zendesk",
        "ticket_comment",
        columns(
            "id bigint, ticket_id bigint, created timestamp, user_id bigint, "
            "public boolean, via_channel varchar"
        ),
        [
            [
                number,
                int(ticket.id),
                event.at,
                int(event.actor) if event.actor else None,
                event.is_public,
                "rule" if event.is_automated else "web",
            ]
            for number, (ticket, event) in enumerate(comments)
        ],
    )
    project.land(
        "zendesk",
        "schedule",
        columns(
            "id bigint, time_zone varchar, start_time bigint, end_time bigint, "
            "created_at timestamp, start_time_utc bigint"
        ),
        [
            [
                int(schedule.id),
                schedule.landed_zone,
                opens,
                closes,
                FIRST + timedelta(days=number),
                0,
            ]
            for number, schedule in enumerate(SCHEDULES)
            for opens, closes in schedule.intervals
        ],
    )
    project.land(
        "zendesk",
        "schedule_holiday",
        columns("id bigint, schedule_id bigint, start_date varchar, end_date varchar"),
        [
            [number, int(schedule.id), str(first), str(last)]
            for schedule in SCHEDULES
            for number, (first, last) in enumerate(schedule.holidays)
        ],
    )
    project.land(
        "zendesk",
        "ticket_schedule",
        columns("ticket_id bigint, schedule_id bigint, created_at timestamp"),
        [
            [int(ticket.id), int(schedule.id), ticket.created + timedelta(seconds=age)]
            for ticket in tickets
            if ticket.schedule
            for age, schedule in ((1, SCHEDULES[1]), (2, ticket.schedule))
        ],
    )
    # One policy per target; its second version is the one that was valid when it was applied.
    wanted = sorted({target for ticket in tickets for target in ticket.targets.values()})
    project.land(
        "zendesk",
        "sla_policy_metric_history",
        columns(
            "sla_policy_id bigint, sla_policy_updated_at timestamp, metric varchar, "
            "priority varchar, target bigint, business_hours boolean"
        ),
        [
            [policy, version, metric, severity, target + change, in_hours]
            for policy, (target, in_hours) in enumerate(wanted)
            for version, change in (
                (FIRST - timedelta(days=90), 7),
                (FIRST - timedelta(days=9), 0),
                (CLOSE, 9),
            )
            for metric in ("first_reply_time", "requester_wait_time")
            for severity in SEVERITIES
        ],
    )
    project.land(
        "zendesk",
        "ticket_sla_policy",
        columns("ticket_id bigint, sla_policy_id bigint, policy_applied_at timestamp"),
        [
            [int(ticket.id), wanted.index(target), ticket.created + timedelta(seconds=2)]
            for ticket in tickets
            for target in ticket.targets.values()
        ],
    )


def variables(vendor: str, **more: Any) -> dict[str, Any]:
    return {
        "voc_demo": False, "as_of_date": str(AS_OF), "survey_vendors": ["generic"], "crm_vendors": ["generic"],
        "support_vendors": [vendor], "usage_vendors": [], "billing_vendors": [], "employee_vendors": [], **more,
    }  # fmt: skip


def build(project: Project, settings: dict[str, Any]) -> dict[str, dict[str, Any]]:
    outcome = project.dbt(*BUILD, "+fct_tickets", variables=settings)
    if not outcome.ok:
        pytest.fail(outcome.output[-6000:], pytrace=False)
    rows = project.query("select * from marts.fct_tickets")
    return {row["ticket_id"]: row for row in rows}


def differences(found: dict[str, dict[str, Any]], wanted: dict[str, dict[str, Any]]) -> list[str]:
    told = [f"missing {key}" for key in wanted.keys() - found.keys()]
    told += [f"too many {key}" for key in found.keys() - wanted.keys()]
    for key in sorted(wanted.keys() & found.keys()):
        for column in COLUMNS:
            is_value, should = found[key][column], wanted[key][column]
            same = is_value == should
            if isinstance(should, float) and isinstance(is_value, float):
                same = abs(is_value - should) < 1e-6
            if not same:
                told.append(f"{key} {column}: {is_value} and not {should}")
    return told


@pytest.mark.parametrize("vendor", ["generic", "zendesk"])
def test_every_ticket_metric_matches_a_plain_recomputation(project: Project, vendor: str) -> None:
    tickets = random_tickets()
    if vendor == "zendesk":
        for ticket in tickets:
            ticket.targets = ticket.targets if ticket.severity else {}
    land: Callable[[Project, list[Ticket]], None] = (
        land_generic if vendor == "generic" else land_zendesk
    )
    land(project, tickets)
    found = build(project, variables(vendor))
    wanted = expected(tickets, policy_targets())
    assert differences(found, wanted) == []
    # The samples would prove nothing if one side of a rule never came up.
    for column in COLUMNS[-4:]:
        assert {row[column] for row in wanted.values()} == {True, False, None}, column
    assert sum(row["reopens"] > 0 for row in wanted.values()) > 20
    assert sum(row["is_solved"] and not row["agent_replies"] for row in wanted.values()) > 10
    reasons = project.query(
        "select quarantine_reason as reason, count(*) as n from intermediate.int_support__schedules_checked"
        " where quarantine_reason is not null group by all"
    )
    assert reasons == [{"reason": "unknown_time_zone", "n": 5}]
    kept = project.value(
        "select count(*) from intermediate.int_support__tickets_checked"
        " where quarantine_reason is null and is_deleted is not true"
    )
    assert kept == len(found)


@pytest.mark.postgres
def test_the_same_tickets_on_postgres(project: Project, postgres: PostgresServer) -> None:
    tickets = random_tickets(150)
    land_generic(project, tickets)
    database = postgres.new_database()
    database.execute("create schema generic")
    for table in (
        "accounts",
        "tickets",
        "ticket_events",
        "schedules",
        "schedule_holidays",
        "ticket_sla_targets",
    ):
        rows = project.query(f'select * from generic."{table}"')
        types = project.query(
            "select column_name as name, data_type as type from information_schema.columns"
            " where table_schema = 'generic' and table_name = ? order by ordinal_position",
            [table],
        )
        declared = ", ".join(
            f'"{column["name"]}" {column["type"].replace("DOUBLE", "DOUBLE PRECISION")}'
            for column in types
        )
        database.execute(f'create table generic."{table}" ({declared})')
        for row in rows:
            marks = ", ".join(["%s"] * len(row))
            database.execute(f'insert into generic."{table}" values ({marks})', list(row.values()))
    outcome = project.dbt(
        *BUILD,
        "+fct_tickets",
        variables=variables("generic"),
        target="postgres",
        environment=database.environment,
    )
    assert outcome.ok, outcome.output[-6000:]
    found = {
        str(row["ticket_id"]): row for row in database.execute("select * from marts.fct_tickets")
    }
    assert differences(found, expected(tickets, policy_targets())) == []


def test_without_a_log_the_ticket_speaks_for_itself(project: Project) -> None:
    land_accounts(project)
    created = datetime(2026, 1, 5, 15)
    project.land(
        "generic",
        "tickets",
        columns(
            "ticket_id varchar, account_ref varchar, topic varchar, status varchar, "
            "severity varchar, created_at timestamp, first_assigned_at timestamp, "
            "first_replied_at timestamp, solved_at timestamp, reopens integer"
        ),
        [
            ["whole", "A1", "login", "solved", "urgent", created, created + 5 * MINUTE, created + 30 * MINUTE,
             created + 600 * MINUTE, 0],
            ["backwards", "A1", "login", "solved", "urgent", created, None, None, created - 5 * MINUTE, 0],
            ["solved later", "A2", "login", "solved", "urgent", created, None, None, CLOSE + MINUTE, 0],
            ["reopens unknown", "A3", "login", "solved", "urgent", created, None, None, created + MINUTE, None],
        ],
    )  # fmt: skip
    found = build(project, variables("generic"))
    assert set(found) == {"whole", "solved later", "reopens unknown"}
    whole, later, unknown = found["whole"], found["solved later"], found["reopens unknown"]
    assert (whole["queue_minutes"], whole["first_reply_minutes"], whole["resolution_minutes"]) == (
        5,
        30,
        600,
    )
    assert whole["is_first_contact_resolution"] is True
    assert whole["is_resolution_sla_met"] is True
    # no schedule is landed: the urgent target in business hours cannot be judged
    assert whole["first_reply_business_minutes"] is None
    assert whole["is_first_reply_sla_met"] is None
    assert (later["status"], later["is_solved"], later["is_resolution_sla_met"]) == (
        "open",
        False,
        False,
    )
    assert unknown["is_first_contact_resolution"] is None
    reason = "select quarantine_reason from intermediate.int_support__tickets_checked where ticket_id = 'backwards'"
    assert project.value(reason) == "impossible_order"


def test_an_earlier_as_of_date_shows_the_tickets_as_they_were(project: Project) -> None:
    land_zendesk(project, [])
    moments = {
        "created": datetime(2026, 1, 1),
        "solved": datetime(2026, 1, 10),
        "late": datetime(2026, 2, 1),
    }
    project.land(
        "zendesk", "ticket",
        columns(
            "id bigint, requester_id bigint, organization_id bigint, status varchar, "
            "priority varchar, assignee_id bigint, created_at timestamp"
        ),
        [[1, 100, 701, "closed", "urgent", 2, moments["created"]]],
    )  # fmt: skip
    project.land(
        "zendesk", "ticket_field_history",
        columns(
            "ticket_id bigint, field_name varchar, updated timestamp, user_id bigint, "
            "value varchar"
        ),
        [
            [1, "assignee_id", moments["created"], 1, "1"],
            [1, "priority", moments["created"], 1, "low"],
            [1, "status", moments["solved"], 1, "solved"],
            [1, "assignee_id", moments["late"], 1, "2"],
            [1, "priority", moments["late"], 1, "urgent"],
            [1, "status", moments["late"], 1, "open"],
        ],
    )  # fmt: skip
    settings = variables("zendesk", as_of_date="2026-01-05")
    (before,) = build(project, settings).values()
    assert (before["status"], before["solved_at"], before["agent_id"], before["severity"]) == (
        "open",
        None,
        "1",
        "low",
    )
    (then,) = build(project, variables("zendesk", as_of_date="2026-01-31")).values()
    assert (then["status"], then["solved_at"], then["agent_id"]) == (
        "solved",
        moments["solved"],
        "1",
    )
    (after,) = build(project, variables("zendesk", as_of_date="2026-03-31")).values()
    assert (after["status"], after["reopens"], after["agent_id"], after["severity"]) == (
        "open",
        1,
        "2",
        "urgent",
    )


def test_the_planted_tickets_of_the_demo_come_out_as_planted(demo: Project) -> None:
    books = json.loads((demo.root / "demo" / "truths.json").read_text(encoding="utf-8"))
    planted = {**books["truths"], **books["dirt"]}
    found = {row["ticket_id"]: row for row in demo.query("select * from marts.fct_tickets")}

    def ids(name: str) -> list[str]:
        return [str(number) for number in planted[name]["rows"]["zendesk__ticket.id"]]

    riddles = [
        name
        for name in planted
        if "first_reply_business_minutes" in planted[name].get("expected", {})
    ]
    assert len(riddles) >= 5
    for name in riddles:
        (key,) = ids(name)
        for column in ("first_reply_minutes", "first_reply_business_minutes"):
            assert found[key][column] == planted[name]["expected"][column], name
    for key, target in planted["merged_tickets"]["expected"]["merged_into"].items():
        assert found[key]["merged_into_ticket_id"] == str(target)
        assert (found[key]["is_merged"], found[key]["is_first_contact_resolution"]) == (True, None)
    assert not set(ids("deleted_tickets")) & found.keys()
    reopened = {key for key, row in found.items() if row["reopens"]}
    assert set(ids("reopened_tickets")) == reopened
    (ancient,) = ids("ticket_open_400_days")
    assert (found[ancient]["is_solved"], found[ancient]["is_resolution_sla_met"]) == (False, False)
    assert set(ids("tickets_of_merged_accounts")) <= found.keys()
    reasons = demo.query(
        "select ticket_id, quarantine_reason from intermediate.int_support__tickets_checked"
        " where quarantine_reason is not null"
    )
    assert {row["ticket_id"]: row["quarantine_reason"] for row in reasons} == {
        ids("ticket_solved_before_created")[0]: "impossible_order",
        ids("ticket_of_unknown_organization")[0]: "unknown_account",
    }


# Satisfaction of Zendesk tickets.


def satisfaction(project: Project) -> dict[str, dict[str, Any]]:
    settings = variables("zendesk", survey_vendors=["zendesk"])
    models = ["+stg_zendesk__survey_responses", "+stg_zendesk__survey_invitations"]
    outcome = project.dbt(*BUILD, *models, variables=settings)
    assert outcome.ok, outcome.output[-4000:]
    rows = project.query("select * from staging.stg_zendesk__survey_responses order by response_id")
    return {row["response_id"]: row for row in rows}


def land_rated_tickets(project: Project) -> None:
    tickets = [
        Ticket(str(number), FIRST, "101", "A1", "login", None, None) for number in range(1, 6)
    ]
    land_zendesk(project, tickets)
    project.land("zendesk", "user", columns("id bigint, role varchar, email varchar, external_id varchar"),
                 [[101, "end-user", "ann@example.com", "C-1"]])  # fmt: skip


RATING = columns(
            "id bigint, ticket_id bigint, requester_id bigint, assignee_id bigint, "
            "group_id bigint, score varchar, comment varchar, created_at timestamp, "
            "updated_at timestamp"
        )  # fmt: skip


def test_good_is_good_and_bad_is_bad(project: Project) -> None:
    land_rated_tickets(project)
    sent, answered = datetime(2026, 1, 1), datetime(2026, 1, 2)
    scores = ["good", "bad", "good_with_comment", "bad_with_comment", "offered", "unoffered"]
    ratings = []
    for number, score in enumerate(scores, start=1):
        # ticket 6 and requester 555 are not landed: their answers stay
        requester, comment = 101 if number < 4 else 555, "Took long" if "comment" in score else None
        ratings.append([number, number, requester, 7, 8, score, comment, sent, answered])
    project.land("zendesk", "satisfaction_rating", RATING, ratings)
    found = satisfaction(project)
    assert {key: row["raw_score"] for key, row in found.items()} == {"1": 1, "2": 0, "3": 1, "4": 0}
    assert {
        (row["scale_min"], row["scale_max"], row["top_box_from"]) for row in found.values()
    } == {(0, 1, 1)}
    assert (found["4"]["comment_text"], found["4"]["respondent_email"]) == ("Took long", None)
    one = found["1"]
    assert (one["ticket_ref"], one["agent_ref"], one["team_ref"], one["account_ref"]) == (
        "1",
        "7",
        "8",
        "A1",
    )
    assert (one["external_contact_ref"], one["respondent_email"]) == ("C-1", "ann@example.com")
    assert (one["responded_at"], one["metric"], one["touchpoint"]) == (
        answered,
        "csat",
        "ticket_solved",
    )
    invited = project.query(
        "select * from staging.stg_zendesk__survey_invitations order by invitation_id"
    )
    assert [row["invitation_id"] for row in invited] == ["1", "2", "3", "4", "5"]
    assert {row["sent_at"] for row in invited} == {sent}
    assert [row["response_ref"] for row in invited] == ["1", "2", "3", "4", None]


def test_the_newer_survey_replaces_the_older_one_of_the_same_ticket(project: Project) -> None:
    land_rated_tickets(project)
    at = datetime(2026, 1, 2)
    project.land("zendesk", "satisfaction_rating", RATING, [
        [1, 1, 101, 7, 8, "bad", None, at, at], [2, 2, 101, 7, 8, "good", None, at, at],
    ])  # fmt: skip
    project.land(
        "zendesk", "ticket_csat_survey",
        columns(
            "survey_response_id varchar, ticket_id bigint, survey_id varchar, "
            "responder_id bigint"
        ),
        [["R1", 1, "S", 101], ["R3", 3, "S", 101], ["R4", 4, "S", 101]],
    )  # fmt: skip
    project.land(
        "zendesk", "csat_survey_answer",
        columns(
            "survey_response_id varchar, question_id varchar, type varchar, "
            "rating integer, value varchar, created_at timestamp, updated_at timestamp"
        ),
        [
            ["R1", "Q1", "rating_scale", 4, None, at, at + MINUTE], ["R1", "Q2", "open_ended", None, "Quick", at, at],
            ["R4", "Q2", "open_ended", None, "No stars, only words", at, at],
        ],
    )  # fmt: skip
    found = satisfaction(project)
    assert set(found) == {"2", "R1-Q1", "R4-open_ended"}
    newer = found["R1-Q1"]
    assert (newer["raw_score"], newer["scale_min"], newer["scale_max"], newer["top_box_from"]) == (
        4,
        1,
        5,
        4,
    )
    assert (newer["comment_text"], newer["responded_at"]) == ("Quick", at + MINUTE)
    assert (found["R4-open_ended"]["metric"], found["R4-open_ended"]["raw_score"]) == (None, None)
    assert project.value("select count(*) from staging.stg_zendesk__survey_invitations") == 4


def test_without_survey_tables_the_score_changes_stand_in(project: Project) -> None:
    land_rated_tickets(project)
    day = datetime(2026, 1, 1)
    changes = [
        (1, 0, "offered"), (1, 1, "good"), (1, 2, "bad"),
        # reopened, solved and asked again
        (1, 9, "offered"), (1, 10, "good_with_comment"),
        (2, 0, "offered"),
        # in one second
        (3, 0, "good"), (3, 0, "offered"),
    ]  # fmt: skip
    project.land(
        "zendesk", "ticket_field_history",
        columns(
            "ticket_id bigint, field_name varchar, updated timestamp, user_id bigint, "
            "value varchar"
        ),
        [[ticket, "satisfaction_score", day + timedelta(days=age), 101, value] for ticket, age, value in changes],
    )  # fmt: skip
    found = satisfaction(project)
    assert {
        (row["ticket_ref"], row["raw_score"], row["responded_at"]) for row in found.values()
    } == {
        ("1", 0, day + timedelta(days=2)),
        ("1", 1, day + timedelta(days=10)),
        ("3", 1, day),
    }
    assert project.value("select count(*) from staging.stg_zendesk__survey_invitations") == 4


# The public samples, ticket by ticket.


@pytest.mark.parametrize("all_text", [False, True])
def test_the_landed_sample_is_digested_unchanged(
    project: Project, landed_samples: Path, all_text: bool
) -> None:
    project.land_csv_folder(landed_samples / "zendesk", "zendesk", all_varchar=all_text)
    # the CRM knows the organisations of the sample by their Zendesk ids
    organizations = project.query(
        "select distinct cast(organization_id as varchar) as id from zendesk.ticket where organization_id is not null"
    )
    project.land(
        "generic", "accounts", columns("account_id varchar"), [[row["id"]] for row in organizations]
    )
    settings = variables("zendesk", as_of_date="2026-06-30")
    found = build(project, settings)
    # deleted at the source
    assert not {"1595", "11013"} & found.keys()
    assert set(found) == {"16988", "14173", "11071", "1966", "1404", "4721", "6171", "6605"}
    # no event of theirs is in the sample, and Zendesk tickets carry no times of their own
    for key in found.keys() - {"11071"}:
        assert found[key]["is_solved"]
        assert (
            found[key]["solved_at"],
            found[key]["first_replied_at"],
            found[key]["severity"],
        ) == (None, None, None)
        assert found[key]["account_id"] is not None
    # its log begins before it was created; the solve is after
    one = found["11071"]
    assert (one["status"], one["severity"], one["account_id"]) == ("closed", "urgent", None)
    assert one["created_at"] == datetime(2020, 8, 28, 18, 6, 36)
    assert one["solved_at"] == datetime(2020, 11, 14, 11, 1, 27)
    assert (one["reopens"], one["first_assigned_at"], one["agent_id"]) == (0, None, "1111")
    # policy 1002, version of 2020-01-01: 120 minutes of calendar time, never answered
    assert (one["first_reply_target_minutes"], one["is_first_reply_sla_met"]) == (120, False)
    assert (one["resolution_target_minutes"], one["is_resolution_sla_met"]) == (1440, False)
    # SupportCA: Monday to Friday 8:00 to 20:00 in California
    pacific = Schedule("ca", "", "America/Los_Angeles", weekly(480, 1200))
    assert one["resolution_business_minutes"] == business_minutes_between(
        pacific, one["created_at"], one["solved_at"]
    )
    set_aside = project.query(
        "select quarantine_reason as reason, count(*) as n from intermediate.int_support__ticket_events_checked"
        " where quarantine_reason is not null group by all order by all"
    )
    # two of its changes and its assignment come before it; all other events are of other tickets
    assert set_aside == [
        {"reason": "duplicate_key", "n": 3},
        {"reason": "impossible_order", "n": 3},
        {"reason": "unknown_ticket", "n": 36},
    ]


def business_minutes_between(schedule: Schedule, start: datetime, end: datetime) -> float:
    """Opening minutes of any years, walked second by second at the ends and by minutes between."""
    assert schedule.zone
    zone, opened = ZoneInfo(schedule.zone), 0.0
    starts = [opens for opens, _ in sorted(schedule.intervals)]
    moment = start
    while moment < end:
        step = min(MINUTE - timedelta(seconds=moment.second), end - moment)
        local = moment.replace(tzinfo=UTC).astimezone(zone)
        minute = (local.isoweekday() % 7) * 1440 + local.hour * 60 + local.minute
        index = bisect_right(starts, minute) - 1
        if index >= 0 and minute < sorted(schedule.intervals)[index][1]:
            opened += step / MINUTE
        moment += step
    return round(opened, 6)
