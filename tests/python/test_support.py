"""Support metrics against a plain recomputation, landed in the generic shape and as Zendesk."""

from __future__ import annotations

import csv
import random
from collections import defaultdict
from collections.abc import Callable, Sequence
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
    # who opened it, if not the requester
    submitter: str | None = None
    # what an edge case is about
    kind: str = "random"
    events: list[Event] = field(default_factory=list)
    # metric: (target minutes, in business hours)
    targets: dict[str, tuple[float, bool]] = field(default_factory=dict)

    def add(self, at: datetime, kind: str, actor: str | None, **rest: Any) -> None:
        self.events.append(Event(at, kind, actor, role(actor, self.requester), **rest))

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
    compared: dict[tuple[str, str], list[tuple[Ticket, dict[str, Any]]]] = defaultdict(list)
    for key, row in counted.items():
        account, topic = row["account_id"], by_id[key].topic
        if not row["is_merged"] and account and topic:
            compared[account, topic].append((by_id[key], row))
    for ticket, row in ((by_id[key], row) for key, row in counted.items()):
        group = compared[ticket.account or "", ticket.topic or ""]
        comparable = any(other is ticket for other, _ in group)
        alike = [(other, found) for other, found in group if other is not ticket]
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
        and event.actor_type == "agent"
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
        # solved without an answer and back again: as long as nobody answers, in vain
        if metric == "first_reply" and not reached and reopens:
            return False
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


# Random tickets. Users: 1-5 agents, 6 an admin, 7 an agent who left, 100 and up customers, 999
# somebody without a row.


def role(user: str | None, requester: str) -> str | None:
    if user is None or user == "999":
        return None
    if user == "-1":
        return "system"
    return "agent" if user != requester and int(user) < 100 else "end_user"


def random_tickets(count: int = 1000, edges: int = 12) -> list[Ticket]:
    """So many random tickets, so many of each kind of edge case, and the edges of both windows."""
    draw = random.Random(20260630)
    tickets = [random_ticket(str(5000 + number), draw) for number in range(count)]
    for kind in EDGES:
        first = 7000 + len(tickets)
        tickets += [edge_ticket(str(first + number), kind, draw) for number in range(edges)]
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
                ticket.add(created, "status", "101", value="new")
                if step == 0:
                    ticket.add(solved, "status", "1", value="solved")
                tickets.append(ticket)
    return tickets


def random_ticket(key: str, draw: random.Random) -> Ticket:
    requester = "5" if draw.random() < 0.05 else str(100 + draw.randrange(60))
    ticket = Ticket(
        id=key,
        created=FIRST
        + timedelta(seconds=draw.randrange(int((CLOSE - FIRST).total_seconds()) - 60)),
        requester=requester,
        account="nobody"
        if draw.random() < 0.01
        else None
        if draw.random() < 0.03
        else f"A{draw.randrange(9)}",
        topic=draw.choice(["login", "login", "billing", None]),
        severity=draw.choice([*SEVERITIES, None]),
        schedule=draw.choice([None, *SCHEDULES]),
        is_merged=draw.random() < 0.04,
        is_deleted=draw.random() < 0.02,
    )

    def soon(limit: float, start: datetime = ticket.created) -> datetime:
        return start + timedelta(seconds=int(draw.random() ** 3 * limit * 86400))

    ticket.add(ticket.created, "status", requester, value="new")
    ticket.add(ticket.created, "comment", draw.choice([requester, "2"]), is_public=True)
    for _ in range(draw.randrange(3)):
        ticket.add(soon(3), "assignee", "1", value=draw.choice(["1", "2", "3", "4", None]))
    for _ in range(draw.randrange(6)):
        author = draw.choice(["1", "2", "3", "6", "7", requester, "150", "-1", "999", None])
        ticket.add(
            soon(12),
            "comment",
            author,
            is_public=draw.random() < 0.8,
            is_automated=author == "-1" or draw.random() < 0.1,
        )
    moment = ticket.created
    for _ in range(draw.randrange(7)):
        moment = moment if draw.random() < 0.15 else soon(draw.choice([2, 20, 400]), moment)
        ticket.add(
            moment,
            "status",
            draw.choice(["1", "-1"]),
            value=draw.choice([*LIFE, "solved", "solved"]),
        )
    if draw.random() < 0.03:
        before = ticket.created - timedelta(hours=3)
        ticket.add(before, "status", "1", value=draw.choice(["open", "solved"]))
        ticket.add(before, "assignee", "1", value="4")
    if draw.random() < 0.2:
        ticket.targets["first_reply"] = (draw.choice([30.0, 600.0, 90.0]), draw.random() < 0.5)
    return ticket


# What the plain recomputation must say of every ticket of a kind, or the kind would prove nothing.
EDGES: dict[str, Callable[[dict[str, Any]], bool]] = {
    "solved in the second of its creation": lambda row: row["resolution_minutes"] == 0,
    "several changes in one second": lambda row: (row["status"], row["reopens"]) == ("solved", 1),
    "answered by an agent who left": lambda row: row["agent_replies"] == 1,
    "answered by somebody unknown": lambda row: row["agent_replies"] == 0,
    "an agent is the requester": lambda row: row["agent_replies"] == 0,
    "internal notes only": lambda row: row["agent_replies"] == 0,
    "automated replies only": lambda row: row["agent_replies"] == 0,
    "never answered": lambda row: row["first_reply_business_minutes"] is None,
    "reopened again and again": lambda row: row["reopens"] >= 3,
    "merged": lambda row: row["is_merged"] and row["is_first_contact_resolution"] is None,
    "deleted": lambda row: False,
    "closed without a solve": lambda row: row["resolution_minutes"] > 0 and row["reopens"] == 0,
    "answered in the gap at noon": lambda row: 0 < row["first_reply_business_minutes"] <= 60,
    "answered on a day without opening": lambda row: row["first_reply_business_minutes"] == 0,
    "in a time zone that does not exist": lambda row: (
        row["first_reply_business_minutes"] is None and row["first_reply_minutes"] > 0
    ),
    "solved after two years": lambda row: row["resolution_minutes"] > 700 * 1440,
    "open for two years": lambda row: (
        not row["is_solved"]
        and (row["is_resolution_sla_met"], row["is_first_reply_sla_met"]) == (False, False)
    ),
}


def edge_ticket(key: str, kind: str, draw: random.Random) -> Ticket:
    """A ticket of two years with the one thing that its kind says."""

    def after(start: datetime, least: int, most: int) -> datetime:
        return start + timedelta(seconds=draw.randrange(least, most))

    day, hour = 86400, 3600
    ticket = Ticket(
        key,
        created=after(FIRST, day, 690 * day),
        requester=str(100 + draw.randrange(60)),
        account=f"A{draw.randrange(9)}",
        topic=draw.choice(["login", "billing"]),
        severity=draw.choice(SEVERITIES),
        schedule=draw.choice(SCHEDULES[:6]),
        kind=kind,
    )
    answered, solved = after(ticket.created, 1, 9 * day), after(ticket.created, 9 * day, 30 * day)
    comments: list[tuple[str, bool, bool]] = []
    statuses = [(solved, "solved")]
    match kind:
        case "solved in the second of its creation":
            statuses = [(ticket.created, "solved")]
        case "several changes in one second":
            second = after(solved, 1, day)
            statuses += [(second, value) for value in ("pending", "open", "solved", "hold")]
            for value in ("3", None, "4"):
                ticket.add(second, "assignee", "1", value=value)
        case "answered by an agent who left" | "answered by somebody unknown":
            comments = [("7" if kind.endswith("left") else "999", True, False)]
        case "an agent is the requester":
            ticket.requester = "5"
            comments = [("5", True, False)] * 2
        case "internal notes only":
            comments = [("1", False, False), ("6", False, False)]
        case "automated replies only":
            comments = [("2", True, True), ("-1", True, True)]
        case "never answered":
            comments = [(ticket.requester, True, False)]
        case "reopened again and again":
            statuses = [
                (solved + timedelta(hours=step), "open" if step % 2 else "solved")
                for step in range(draw.randrange(6, 10))
            ]
        case "merged" | "deleted":
            ticket.is_merged, ticket.is_deleted = kind == "merged", kind == "deleted"
            comments = [("1", True, False)]
        case "closed without a solve":
            statuses = [(solved, "closed")]
        case "answered in the gap at noon":
            # a Tuesday, 12:15 to 12:45 and 13:05 to 13:40 in New Delhi, 5:30 ahead of UTC
            ticket.schedule = SCHEDULES[3]
            monday = datetime(2024, 6, 3) + timedelta(weeks=draw.randrange(100))
            ticket.created = after(monday + timedelta(hours=30, minutes=45), 0, hour // 2)
            answered = after(monday + timedelta(hours=31, minutes=35), 0, 35 * 60)
            solved = after(answered, 1, day)
            statuses, comments = [(solved, "solved")], [("3", True, False)]
        case "answered on a day without opening":
            # any Saturday and Sunday in New York
            ticket.schedule = SCHEDULES[0]
            saturday = datetime(2024, 6, 8, 12) + timedelta(weeks=draw.randrange(100))
            ticket.created, answered = after(saturday, 0, 9 * hour), after(saturday, day, 30 * hour)
            solved = after(answered, 1, day)
            statuses, comments = [(solved, "solved")], [("3", True, False)]
        case "in a time zone that does not exist":
            ticket.schedule = SCHEDULES[6]
            comments = [("1", True, False)]
        case "solved after two years" | "open for two years":
            ticket.created = after(FIRST, 0, 20 * day)
            solved = after(CLOSE - timedelta(days=20), 0, 20 * day)
            statuses = [(solved, "solved" if kind == "solved after two years" else "pending")]
    ticket.add(ticket.created, "status", ticket.requester, value="new")
    ticket.add(ticket.created, "comment", ticket.requester, is_public=True)
    for number, (author, is_public, is_automated) in enumerate(comments):
        ticket.add(
            answered + timedelta(seconds=number),
            "comment",
            author,
            is_public=is_public,
            is_automated=is_automated,
        )
    for at, value in statuses:
        ticket.add(at, "status", "1", value=value)
    return ticket


# The two shapes in which they land.


def columns(declared: str) -> dict[str, str]:
    """{column: type} of a declaration as SQL has it."""
    return dict(column.split() for column in declared.split(", "))


def landed_order(rows: Sequence[Any]) -> list[Any]:
    """The rows in an order that has nothing to do with time."""
    return random.Random(len(rows)).sample(rows, len(rows))


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
        landed_order(
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
            ]
        ),
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


def land_zendesk(
    project: Project, tickets: list[Ticket], schedules: Sequence[Schedule] = SCHEDULES
) -> None:
    land_accounts(project)
    survivor = "4999999"
    project.land(
        "zendesk",
        "ticket",
        columns(
            "id bigint, requester_id bigint, submitter_id bigint, organization_id bigint, custom_topic varchar, "
            "priority varchar, status varchar, created_at timestamp, "
            "merged_ticket_ids varchar, _fivetran_deleted boolean"
        ),
        [
            [
                int(ticket.id),
                int(ticket.requester),
                int(ticket.submitter or ticket.requester),
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
    users = {*range(1, 8), *(int(ticket.requester) for ticket in tickets), 150} - {999}
    project.land(
        "zendesk",
        "user",
        columns(
            "id bigint, role varchar, email varchar, external_id varchar, _fivetran_deleted boolean"
        ),
        [
            [
                user,
                "admin" if user == 6 else "agent" if user < 100 else "end-user",
                f"u{user}@example.com",
                None,
                user == 7,
            ]
            for user in sorted(users)
        ],
    )
    fields = {
        "status": "status",
        "assignee": "assignee_id",
        "satisfaction": "satisfaction_score",
    }
    project.land(
        "zendesk",
        "ticket_field_history",
        columns(
            "ticket_id bigint, field_name varchar, updated timestamp, user_id bigint, value varchar"
        ),
        landed_order(
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
            ]
        ),
    )
    comments = landed_order(
        [
            (ticket, event)
            for ticket in tickets
            for event in ticket.events
            if event.kind == "comment"
        ]
    )
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
            for number, schedule in enumerate(schedules)
            for opens, closes in schedule.intervals
        ],
    )
    project.land(
        "zendesk",
        "schedule_holiday",
        columns("id bigint, schedule_id bigint, start_date varchar, end_date varchar"),
        [
            [number, int(schedule.id), str(first), str(last)]
            for schedule in schedules
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
            for age, schedule in ((1, schedules[1]), (2, ticket.schedule))
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
        "voc_demo": False, "as_of_date": str(AS_OF), "survey_vendors": [vendor], "crm_vendors": ["generic"],
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
    assert len(tickets) >= 1000
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
    for kind, is_shown in EDGES.items():
        rows = [wanted.get(ticket.id) for ticket in tickets if ticket.kind == kind]
        assert len(rows) >= 10, kind
        assert all(row is None if kind == "deleted" else row and is_shown(row) for row in rows), (
            kind
        )
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
    tickets = random_tickets(100, edges=4)
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
        marks = ", ".join([f"({', '.join(['%s'] * len(types))})"] * len(rows))
        values = [value for row in rows for value in row.values()]
        database.execute(f'insert into generic."{table}" values {marks}', values)
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
    # Three tickets landed with all that ever happened to them: as_of_date is before the solve of
    # the first, between the solve and the change of heart of the second, and after the third.
    lives = {
        1: [datetime(2026, 6, 26), datetime(2026, 7, 5), datetime(2026, 7, 27)],
        2: [datetime(2026, 6, 1), datetime(2026, 6, 10), datetime(2026, 7, 2)],
        3: [datetime(2026, 4, 1), datetime(2026, 4, 10), datetime(2026, 5, 2)],
    }
    project.land(
        "zendesk", "ticket",
        columns(
            "id bigint, requester_id bigint, organization_id bigint, status varchar, "
            "priority varchar, assignee_id bigint, created_at timestamp"
        ),
        [[key, 100, 701, "closed", "urgent", 2, created] for key, (created, _, _) in lives.items()],
    )  # fmt: skip
    project.land(
        "zendesk", "ticket_field_history",
        columns(
            "ticket_id bigint, field_name varchar, updated timestamp, user_id bigint, "
            "value varchar"
        ),
        [
            [key, field_name, at, 1, value]
            for key, (created, solved, late) in lives.items()
            for at, field_name, value in [
                (created, "assignee_id", "1"),
                (created, "priority", "low"),
                (solved, "status", "solved"),
                (late, "assignee_id", "2"),
                (late, "priority", "urgent"),
                (late, "status", "open"),
            ]
        ],
    )  # fmt: skip
    found = build(project, variables("zendesk"))
    assert {
        key: [row[name] for name in ("status", "solved_at", "reopens", "agent_id", "severity")]
        for key, row in found.items()
    } == {
        # what comes later had not happened: open, and never reopened
        "1": ["open", None, 0, "1", "low"],
        "2": ["solved", lives[2][1], 0, "1", "low"],
        "3": ["open", None, 1, "2", "urgent"],
    }


# Satisfaction of Zendesk tickets.


def satisfaction(project: Project) -> dict[str, dict[str, Any]]:
    settings = variables("zendesk")
    models = [
        f"+stg_zendesk__{name}" for name in ("survey_responses", "survey_invitations", "verbatims")
    ]
    outcome = project.dbt(*BUILD, *models, variables=settings)
    assert outcome.ok, outcome.output[-4000:]
    rows = project.query("select * from staging.stg_zendesk__survey_responses order by response_id")
    return {row["response_id"]: row for row in rows}


def verbatim(project: Project, response_id: str) -> Any:
    return project.value(
        "select comment_text from restricted.stg_zendesk__verbatims where response_id = ?",
        [response_id],
    )


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
    assert (verbatim(project, "4"), found["4"]["respondent_email"]) == ("Took long", None)
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
    assert (verbatim(project, "R1-Q1"), newer["responded_at"]) == ("Quick", at + MINUTE)
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


# The public sample, ticket by ticket.

SAMPLE_COLUMNS = [
    "status",
    "agent_id",
    "severity",
    "first_replied_at",
    "agent_replies",
    "first_reply_minutes",
    "first_reply_business_minutes",
    "solved_at",
    "resolution_minutes",
    "resolution_business_minutes",
    "reopens",
    "is_first_contact_resolution",
    "csat_score_pomp",
    "first_reply_target_minutes",
    "is_first_reply_sla_met",
    "resolution_target_minutes",
    "is_resolution_sla_met",
]
# No row of ticket_comment or ticket_field_history is about these tickets, and a row of ticket has
# no times but its creation: the status says that they are solved, and nothing says when, by which
# reply or how often. Null, for 0 replies and 0 reopens would be claims. Their priority is empty,
# and both ticket_sla_policy's targets (1001, 1002) and the policy seed go by priority: no target.
# No satisfaction_rating, no csat table and no satisfaction_score change is landed: no score.
UNKNOWN = [None] * (len(SAMPLE_COLUMNS) - 2)
SAMPLE = {
    # solved and not closed yet; assignee_id of its own row
    "16988": ["solved", "418284131934", *UNKNOWN],
    "14173": ["closed", "396371699653", *UNKNOWN],
    # merged_ticket_ids names 1967: this one survived, and 1967 is not in the sample
    "1966": ["closed", "396315360434", *UNKNOWN],
    # merged_ticket_ids is empty, not even []
    "1404": ["closed", "396371699653", *UNKNOWN],
    # policy 1002 applies to 4721 and 6605, in vain without a priority
    "4721": ["closed", "396371706773", *UNKNOWN],
    "6171": ["closed", "396334400494", *UNKNOWN],
    # its chat is known, and the one message of it is a bot's: no reply, 0 of them
    "6605": ["closed", "396315360434", None, None, 0, *UNKNOWN[3:]],
    "11071": [
        # last status change: closed on 2020-11-15; assignee_id and priority of the ticket
        *("closed", "1111", "urgent"),
        # its log is known and none of the 20 comments is its own: no reply, 0 of them
        *(None, 0, None, None),
        # the one change to solved; closed a day later is no second solve
        datetime(2020, 11, 14, 11, 1, 27),
        # 28 August 18:06:36 to 14 November 11:01:27: 78 days less 7:05:09, so 112,320 - 425.15
        111894.85,
        # no row of ticket_schedule is its own, so the one schedule, SupportCA, 8:00 to 20:00 from
        # Monday to Friday in California (720 minutes a day): Friday 28 August 11:06:36 PDT to 20:00
        # is 533.4, then 55 weekdays (31 August to 13 November); the solve is on a Saturday, 3:01 PST.
        # 533.4 + 55 x 720
        40133.4,
        # open, pending and on-hold come and go before the solve, only closed after it
        0,
        # neither organization_id nor the requester (user 2222 is no contact) names an account
        *(None, None),
        # policy 1002 in its version of 2020-01-01: 120 calendar minutes for urgent; solved without
        # a reply after that
        *(120, False),
        # requester_wait_time is no resolution target: the policy seed's 1,440 calendar minutes
        *(1440, False),
    ],
}
# The status of 1595 and 11013 is deleted: they are no tickets any more. They have targets in
# ticket_sla_policy, which lead nowhere.
SAMPLE_DELETED = {"1595", "11013"}


@pytest.mark.parametrize("all_text", [False, pytest.param(True, marks=pytest.mark.slow)])
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
    landed = {
        row["id"]: row
        for row in project.query(
            "select cast(id as varchar) as id, cast(created_at as timestamp) as created_at,"
            " cast(organization_id as varchar) as organization_id from zendesk.ticket"
        )
    }
    found = build(project, variables("zendesk"))
    assert landed.keys() - found.keys() == SAMPLE_DELETED
    assert {key: [row[column] for column in SAMPLE_COLUMNS] for key, row in found.items()} == SAMPLE
    for key, row in found.items():
        assert row["is_solved"]
        assert (row["is_merged"], row["merged_into_ticket_id"]) == (False, None)
        assert row["created_at"] == landed[key]["created_at"]
        assert row["account_id"] == landed[key]["organization_id"]
        # the one assignment in the log comes before the creation of its ticket
        assert (row["first_assigned_at"], row["queue_minutes"]) == (None, None)
        # no topic, and no account for 11071
        assert (row["topic"], row["is_repeat_contact"]) == (None, None)
    # both targets of 11071 are in calendar minutes
    one = found["11071"]
    assert not one["is_first_reply_target_in_business_hours"]
    assert not one["is_resolution_target_in_business_hours"]
    checked = "from intermediate.int_support__tickets_checked"
    assert project.value(f"select count(*) {checked} where quarantine_reason is not null") == 0
    deleted = project.query(f"select ticket_id {checked} where is_deleted")
    assert {row["ticket_id"] for row in deleted} == SAMPLE_DELETED
    set_aside = project.query(
        "select quarantine_reason as reason, event_type as kind, count(*) as n"
        " from intermediate.int_support__ticket_events_checked"
        " where quarantine_reason is not null group by all order by all"
    )
    assert set_aside == [
        # ticket 102 was solved four times in one second
        {"reason": "duplicate_key", "kind": "status", "n": 3},
        # the log of 11071 begins at 11:01:27, seven hours before its creation at 18:06:36
        {"reason": "impossible_order", "kind": "assignee", "n": 1},
        {"reason": "impossible_order", "kind": "severity", "n": 1},
        {"reason": "impossible_order", "kind": "status", "n": 1},
        # two messages are of chats that no row of ticket_chat names
        {"reason": "missing_key", "kind": "comment", "n": 2},
        # 16 changes, all 20 comments and the messages of five other chats, one of which has two, are
        # of tickets that are not in the sample; chats that are joined or handed on are no messages
        {"reason": "unknown_ticket", "kind": "assignee", "n": 1},
        {"reason": "unknown_ticket", "kind": "comment", "n": 26},
        {"reason": "unknown_ticket", "kind": "severity", "n": 1},
        {"reason": "unknown_ticket", "kind": "status", "n": 14},
    ]
