"""What test_experience_recomputed.py stands on: random companies whose customers complain, and
what they and the demo landed, under one set of names."""

from __future__ import annotations

import csv
import random
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from calendars import Calendar
from harness import HASH_SALT, NO_TESTS, Project, Row

DOMAINS = ("survey", "crm", "support", "billing", "employee")
MARTS = (
    *("feedback_cases", "case_worklist", "closed_loop_kpis", "root_cause_timeliness"),
    *("service_kpis", "touchpoint_experience", "team_voe_csat", "voe_csat_lead_lag"),
    *("retention_by_voice", "team_csat_differences"),
)


@dataclass(frozen=True)
class Rules(Calendar):
    """The variables of a run."""

    follow_up_sla_hours: int = 48
    closure_sla_days: int = 30
    recovery_days: int = 180
    closed_loop_window_days: int = 365
    root_cause_target_days: int = 30
    anonymity_min_n: int = 5
    lead_lag_months: int = 6
    retention_months: int = 12
    min_reportable_responses: int = 5

    def variables(self) -> dict[str, Any]:
        own = {name: getattr(self, name) for name in Rules.__annotations__}
        return {
            "voc_demo": False,
            **{f"{domain}_vendors": ["generic"] for domain in DOMAINS},
            "usage_vendors": [],
            "as_of_date": self.as_of.isoformat(),
            "reporting_timezone": self.zone,
            "history_months": self.history_months,
            **own,
        }


# metric, lowest, highest, is high good, top box, touchpoints
SCALES = {
    "stars": ("csat", 1, 5, True, 4, ("qbr", "training", "odd moment", None)),
    "thumbs": ("csat", 0, 1, True, 1, ("ticket_solved",)),
    "ten": ("csat", 1, 10, True, 9, ("training",)),
    "grades": ("csat", 1, 6, False, 2, ("qbr", None)),
    "yes or no": ("csat", 1, 2, False, 1, ("ticket_solved",)),
    "effort 1.0": ("ces", 1, 5, False, 2, ("onboarding_completed", "renewal_completed")),
    "effort 2.0": ("ces", 1, 7, True, 5, ("ticket_solved", "odd moment", None)),
}
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SECOND = timedelta(seconds=1)


class Company:
    """A disorderly company: the same rows for the same number."""

    def __init__(self, number: int, rules: Rules) -> None:
        self.dice = random.Random(number)
        self.rules = rules
        self.tables: dict[str, list[Row]] = defaultdict(list)
        self.start = rules.periods()[0].replace(day=1) - 60 * DAY
        self.add_accounts()
        self.add_teams()
        self.add_subscriptions()
        self.add_tickets()
        self.add_answers()
        self.add_engagement()
        self.add_analyses()
        self.add_edges()

    # small things

    def add(self, table: str, **row: Any) -> Row:
        self.tables[table].append(row)
        return row

    def key(self, table: str) -> str:
        return f"{table[:2]}{len(self.tables[table]):04}"

    def chance(self, percent: int) -> bool:
        return self.dice.randrange(100) < percent

    def moment(self, days_after: int = 3) -> datetime:
        """Any second; often one beside midnight of the reporting time zone."""
        days = (self.rules.as_of - self.start).days + days_after
        day = self.start + self.dice.randrange(days) * DAY
        if self.chance(25):  # around a period end
            day = day.replace(day=1) - DAY
        if self.chance(30):
            return self.rules.end_of(day) + self.dice.randint(-3, 3) * SECOND
        return datetime.combine(day, time()) + self.dice.randrange(86400) * SECOND

    def loaded(self, moment: datetime | None) -> datetime | None:
        return moment + self.dice.choice((1, 1, 6)) * HOUR if moment and self.chance(80) else None

    # who there is

    def add_accounts(self, count: int = 26) -> None:
        dice = self.dice
        for number in range(count):
            account = f"acc {number:02}"
            self.add(
                "accounts",
                account_id=account,
                account_name=f"Company {number}",
                external_id=f"X-{number}",
                merged_into_account_id="acc 02" if number == count - 1 else None,
                segment=dice.choice(("enterprise", "mid", "small", None)),
                region=dice.choice(("north", "south", None)),
                owner_id=dice.choice(("u1", "u2", None)),
                arr=dice.choice((None, 1000, 1000, dice.randrange(10**6))),
                is_active=dice.choice((None, None, True, True, False)),
                renewal_status=dice.choice((None, "open", "churned")),
                # some pay before the CRM knows them
                created_at=self.rules.end_of(self.rules.periods()[-3]) if number % 9 == 4 else None,
            )
            if self.chance(40) and number % 9 != 4:
                self.add(
                    "account_versions",
                    account_id=account,
                    valid_from=self.moment(),
                    segment=dice.choice(("enterprise", "mid", "small")),
                )
            for _ in range(dice.randint(1, 4)):
                contact = self.key("contacts")
                self.add(
                    "contacts",
                    contact_id=contact,
                    account_id=account,
                    external_id=f"x-{contact}",
                    # now and then two contacts are one person
                    email=f"{dice.randrange(300)}@mail.example" if self.chance(80) else None,
                    title=dice.choice(("CEO", "Head of IT", "Analyst")),
                    merged_into_contact_id="co0000" if contact == "co0009" else None,
                )
        self.contacts = self.tables["contacts"]
        self.accounts = [row["account_id"] for row in self.tables["accounts"]]

    def add_teams(self) -> None:
        """Families of four, three and one, lone teams, one of the support tool alone, empty ones."""
        dice = self.dice
        # a parent may go by any key: its id, its name in small letters, its id in the support tool
        parents = ("", "t00", "t00", "team 0", "t00", "t01", "s01", "t01", "", "", "t99", "t12", "")
        for number, parent in enumerate(parents):
            team = f"t{number:02}"
            self.add(
                "teams",
                team_id=team,
                team_name=f"Team {number}",
                department=dice.choice(("Support", "Success", None)),
                parent_team_id=parent or None,
                support_team_ref=f"s{number:02}" if number % 3 else None,
            )
        for number in (1, 2, 4, 5, 30):
            self.add("support_teams", team_id=f"s{number:02}", team_name=f"Helpers {number}")
        self.teams = [row["team_id"] for row in self.tables["teams"]]
        self.any_team = (*self.teams, "s01", "s02", "s30", "nobody's", None, None)
        sizes = (0, 9, 8, 7, 8, 8, 7, 9, 8, 9, 8, 8, 0)
        people = 0
        for team, size in zip(self.teams, sizes, strict=True):
            for _ in range(size):
                self.add_employee(f"e{people:03}", team)
                people += 1
        self.add("employees", employee_id="e900", team_id="none such", valid_from=self.moment())
        self.add("employees", employee_id="e901", team_id="t01", valid_from=None)
        self.employees = [f"e{number:03}" for number in range(people)]

    def add_employee(self, employee: str, team: str) -> None:
        """Most stay; some leave (at midnight too), move, or are in two teams at once."""
        dice = self.dice
        joined = datetime.combine(self.start, time(9)) - dice.randrange(400) * DAY
        if self.chance(20):
            joined = self.moment()
        left = moved = None
        if self.chance(30):
            left = max(self.moment(40), joined + DAY)
        if self.chance(20):
            left = self.rules.end_of(dice.choice(self.rules.periods()))  # with the month
            left = left if left > joined else None
        if self.chance(30):
            moved = joined + dice.randrange(1, 300) * DAY
            if self.chance(50):  # with the month
                moved = max(self.rules.end_of(dice.choice(self.rules.periods())), joined + DAY)
            moved = moved if left is None or moved < left else None
        row = {"employee_id": employee, "hired_at": joined, "left_at": left}
        self.add("employees", **row, team_id=team, valid_from=joined, valid_to=moved)
        if moved:
            other = dice.choice([name for name in self.teams[1:12] if name != team])
            end = left if self.chance(50) else None
            self.add("employees", **row, team_id=other, valid_from=moved, valid_to=end)
        if self.chance(12):
            other = dice.choice([name for name in ("t02", "t05", "t09") if name != team])
            since = joined if self.chance(50) else joined + DAY
            if left is None or since < left:
                self.add("employees", **row, team_id=other.upper(), valid_from=since)
                self.tables["employees"][-1]["team_id"] = f"Team {int(other[1:])}"

    def add_subscriptions(self) -> None:
        """Some expand, contract, end, return, are free or have no price; one is paid by nobody."""
        dice = self.dice
        for account in self.accounts:
            self.add("billing_customers", customer_id=f"cus {account}", account_ref=account)
            for line in range(dice.choice((0, 1, 1, 1, 2))):
                at = datetime.combine(self.start, time(7)) - dice.randrange(200) * DAY
                for version in range(dice.randint(1, 4)):
                    end = at + dice.randrange(20, 200) * DAY
                    is_last = self.chance(30)
                    self.add(
                        "subscriptions",
                        subscription_version_id=f"{account} {line} {version}",
                        subscription_id=f"{account} {line}",
                        customer_id=f"cus {account}",
                        is_paying=dice.choice((True, True, True, None, False)),
                        mrr=dice.choice((None, 0, 100, 100, 150, 60, dice.randrange(99999) / 100)),
                        seats=5,
                        valid_from=at,
                        valid_to=None if is_last else end,
                    )
                    if is_last:
                        break
                    at = end if self.chance(60) else end + 45 * DAY

    # tickets and their comments

    def add_tickets(self, count: int = 220) -> None:
        dice = self.dice
        for day in range(5):
            opens = (24 * day + 33) * 60
            self.add("schedules", schedule_id="h", starts_minute=opens, ends_minute=opens + 480)
        for _ in range(count):
            ticket, created = self.key("tickets"), self.moment(0)
            contact = dice.choice(self.contacts) if self.chance(70) else None
            requester = contact and dice.choice((contact["contact_id"], contact["external_id"]))
            account = dice.choice(
                (contact and contact["account_id"], None, dice.choice(self.accounts))
            )
            if contact is None and self.chance(80):
                account = dice.choice(self.accounts)
            solved = created + dice.choice((1, 20, dice.randrange(400))) * HOUR
            self.add(
                "tickets",
                ticket_id=ticket,
                account_ref="none such" if self.chance(4) else account,
                requester_ref=requester,
                requester_email=f"{ticket}@mail.example" if self.chance(4) else None,
                agent_id=dice.choice(("a1", "a2", None)),
                team_id=dice.choice(self.any_team),
                topic=dice.choice(("login", "billing", None)),
                severity=dice.choice(("urgent", "high", "normal", "low", None)),
                status=dice.choice(("solved", "closed", "open", "pending")),
                created_at=created,
                first_assigned_at=created + dice.randrange(9000) * SECOND
                if self.chance(60)
                else None,
                solved_at=solved if self.chance(70) else None,
                reopens=dice.choice((0, 0, 0, 1, 2, None)),
                is_merged=dice.choice((None, False, False, False, True)),
                is_deleted=self.chance(6),
            )
            if self.chance(40):
                self.add(
                    "ticket_sla_targets",
                    ticket_id=ticket,
                    metric=dice.choice(("first_reply", "resolution")),
                    target_minutes=dice.choice((60, 700, 6000)),
                    is_business_hours=self.chance(50),
                )
            if self.chance(50):  # an agent opened it
                self.comment(ticket, requester, created)
            for _ in range(dice.randint(0, 4)):
                offset = dice.choice((1, 3600, dice.randrange(400000))) * SECOND
                self.comment(ticket, requester, created + offset)

    def comment(self, ticket: str, requester: str | None, at: datetime) -> None:
        dice = self.dice
        event = self.key("ticket_events")
        if self.tables["ticket_events"] and self.chance(3):  # landed again
            event = self.tables["ticket_events"][-1]["event_id"]
        author, kind = dice.choice(
            (
                *(("a1", "agent"), ("a1", "agent"), ("a2", "agent"), ("ex", None)),
                *(("bot", "system"), ("someone", "end_user")),
                *((requester, "end_user"), (requester, "agent"), (requester, None)),
            )
        )
        self.add(
            "ticket_events",
            event_id=event,
            ticket_id="none such" if self.chance(2) else ticket,
            event_type="comment",
            occurred_at=at - HOUR if self.chance(3) else at,
            actor_id=author,
            actor_type=kind,
            is_public=dice.choice((True, True, True, True, False, None)),
            is_automated=dice.choice((False, None, None, None, True)),
            # of an event that landed twice the later row counts
            loaded_at=at + len(self.tables["ticket_events"]) * SECOND,
        )

    # customers' answers, and what follows them

    def add_answers(self, people: int = 150, ratings: int = 420) -> None:
        dice = self.dice
        for _ in range(people):
            who, at = self.somebody(), self.moment()
            for _ in range(dice.choice((1, 1, 2, 3, 4))):
                self.answer("nps", dice.choice((0, 3, 5, 6, 6, 7, 8, 9, 10)), at, who)
                at += dice.choice((0, 0, 1, 86400, 20 * 86400, 95 * 86400)) * SECOND
        for _ in range(ratings):
            scale = dice.choice(list(SCALES))
            _, low, high, *_, moments = SCALES[scale]
            ticket = dice.choice(self.tables["tickets"]) if self.chance(50) else None
            at = self.moment()
            if ticket:
                at = ticket["created_at"] + dice.choice((1, 30, 200)) * HOUR
            self.answer(
                scale,
                dice.randint(low, high),
                at,
                self.somebody(),
                touchpoint=dice.choice(moments),
                ticket_ref=ticket and ticket["ticket_id"],
                team_ref=dice.choice(self.any_team),
            )
        for _ in range(12):  # with nobody in particular
            self.activity(self.moment(), account=dice.choice(self.accounts))

    def somebody(self) -> Row:
        """Whom an answer names: a contact in three ways, somebody unknown, or nobody."""
        contact = self.dice.choice(self.contacts)
        account = contact["account_id"] if self.chance(30) else None
        ways = [
            {"crm_contact_ref": contact["contact_id"]},
            {"crm_contact_ref": contact["contact_id"]},
            {"external_contact_ref": contact["external_id"]},
            {"respondent_email": contact["email"]},
            {"external_contact_ref": f"ghost {self.dice.randrange(20)}"},
            {},
        ]
        return {**self.dice.choice(ways), "account_ref": account}

    def answer(
        self,
        scale: str,
        score: float,
        at: datetime,
        who: Row,
        is_reacted_to: bool = True,
        **more: Any,
    ) -> None:
        dice = self.dice
        row = self.add(
            "survey_responses",
            response_id=self.key("survey_responses"),
            survey_response_id=f"session {dice.randrange(900)}" if self.chance(80) else None,
            survey_id="s",
            metric="nps",
            survey_family="relationship" if scale == "nps" else "transactional",
            raw_score=score,
            scale_min=0,
            scale_max=10,
            higher_is_better=True,
            top_box_from=9,
            responded_at=at,
            loaded_at=self.loaded(at),
            **who,
            **more,
        )
        is_bad = score <= 6
        if scale != "nps":
            metric, low, high, is_up, top, _ = SCALES[scale]
            row |= {"metric": metric, "scale_min": low, "scale_max": high}
            row |= {"higher_is_better": is_up, "top_box_from": top}
            is_bad = score < top if is_up else score > top
        if is_reacted_to and (is_bad or self.chance(5)):
            self.react(row)

    def react(self, answer: Row) -> None:
        """A call or mail after the answer (or just not after it), and a record of the case."""
        dice, at, rules = self.dice, answer["responded_at"], self.rules
        limit = rules.follow_up_sla_hours * HOUR
        for _ in range(dice.choice((0, 1, 1, 2))):
            offsets = (0 * HOUR, -HOUR, SECOND, 5 * HOUR, 5 * HOUR, limit, limit + SECOND)
            after = dice.choice((*offsets, 4 * DAY, 30 * DAY))
            contact = answer.get("crm_contact_ref") or answer.get("external_contact_ref")
            account = answer.get("account_ref")
            if self.chance(25):
                known = [row for row in self.contacts if row["contact_id"] == contact]
                account, contact = known[0]["account_id"] if known else account, None
            self.activity(at + after, contact=contact, account=account)
            again = at + after + rules.recovery_days * DAY
            if self.chance(10):  # at the very end of the time in which an answer counts
                last = again + dice.choice((0, 0, 1)) * SECOND
                who = {k: answer.get(k) for k in ("crm_contact_ref", "external_contact_ref")}
                if answer["metric"] == "nps":
                    self.answer("nps", dice.choice((5, 8)), last, {**who, "account_ref": None})
        if self.chance(60):
            for _ in range(dice.choice((1, 1, 2))):
                self.case_record(answer)

    def activity(
        self, at: datetime, contact: str | None = None, account: str | None = None
    ) -> None:
        dice = self.dice
        is_planned = self.chance(6)
        self.add(
            "activities",
            activity_id=self.key("activities"),
            account_ref="none such" if self.chance(2) else account,
            contact_ref=f"ghost {dice.randrange(20)}" if self.chance(5) else contact,
            activity_type=dice.choice(("call", "email", "meeting", "qbr", "other")),
            is_outbound=dice.choice((True, True, True, True, False, None)),
            is_automated=dice.choice((False, False, None, None, True)),
            occurred_at=None if is_planned else at,
            # a meeting with a time that did not take place; of most nobody says
            has_happened=(False, None, None, True, None)[len(self.tables["activities"]) % 5],
            rating=9 if self.chance(2) else None,
        )

    def case_record(self, answer: Row) -> None:
        dice, at = self.dice, answer["responded_at"]
        record = self.key("case_records")
        if self.tables["case_records"] and self.chance(5):  # landed again
            record = self.tables["case_records"][-1]["case_record_id"]
        reference = answer["response_id"]
        if self.chance(40):
            reference = answer["survey_response_id"] or reference
        opened = at + dice.choice((0, 0, 1, 26, 1000)) * HOUR
        limit = at + self.rules.closure_sla_days * DAY
        closed = dice.choice((opened, opened + DAY, opened + 9 * DAY, limit, limit + SECOND, None))
        if self.chance(4):
            closed = opened - SECOND
        elif self.chance(10):
            closed = self.rules.end_of(self.rules.as_of) + dice.choice((-1, 0, 999)) * SECOND
        self.add(
            "case_records",
            case_record_id=record,
            response_ref="none such" if self.chance(3) else reference,
            team_ref=dice.choice((*self.any_team, "TEAM 3", "Team 11", "Legal")),
            root_cause=dice.choice(("price", "speed", None)),
            opened_at=None if self.chance(5) else opened,
            closed_at=closed,
            loaded_at=opened + len(self.tables["case_records"]) * SECOND,
        )

    # employees' answers, analyses

    def add_engagement(self) -> None:
        """Each month a good part of each team; of one or two teams only few answer."""
        dice = self.dice
        moods = {team: dice.uniform(2, 4) for team in self.teams}
        where = {row["employee_id"]: row["team_id"] for row in self.tables["employees"]}
        for period in self.rules.periods():
            quiet = dice.sample(self.teams, dice.choice((0, 1, 2))) + ["t11"] * self.chance(60)
            for employee in self.employees:
                if self.chance(75 if where[employee] in quiet else 10):
                    continue
                day = period - dice.randrange(25) * DAY
                at = self.rules.end_of(day) - dice.choice((1, 3600, 50000, 86400)) * SECOND
                session = self.key("survey_responses")
                is_named = self.chance(92)
                for _ in range(2):
                    is_wide = self.chance(10)
                    mood = moods.get(where[employee], 3) + dice.uniform(-1, 1)
                    score = round(min(max(mood, 1), 5)) * (2 if is_wide else 1)
                    self.add(
                        "survey_responses",
                        response_id=self.key("survey_responses"),
                        survey_response_id=session,
                        survey_id="pulse",
                        metric="engagement",
                        survey_family="employee",
                        raw_score=score,
                        scale_min=0 if is_wide else 1,
                        scale_max=10 if is_wide else 5,
                        higher_is_better=True,
                        top_box_from=4,
                        responded_at=at,
                        employee_ref=employee if is_named else None,
                        team_ref=dice.choice((*self.teams[1:12], "none such"))
                        if self.chance(8) or not is_named
                        else None,
                    )

    def add_analyses(self, count: int = 90) -> None:
        dice = self.dice
        answers = [row for row in self.tables["survey_responses"] if row["metric"] == "nps"]
        for _ in range(count):
            opened = self.moment()
            days = dice.choice((None, 7, 21, 60, -1 if self.chance(20) else 14))
            target = opened + (self.rules.root_cause_target_days if days is None else days) * DAY
            closed = dice.choice((None, None, opened + DAY, target, target + SECOND, target + DAY))
            key = self.key("root_cause_analyses")
            if self.tables["root_cause_analyses"] and self.chance(4):
                key = self.tables["root_cause_analyses"][-1]["analysis_id"]
            self.add(
                "root_cause_analyses",
                analysis_id=key,
                response_ref=dice.choice(answers)[dice.choice(ANSWER_KEYS)],
                root_cause=dice.choice(("people", "process", None)),
                account_ref=dice.choice((None, *self.accounts, "none such")),
                department=dice.choice(("Support", "Product", "Finance", None)),
                opened_at=None if self.chance(4) else opened,
                target_days=days,
                closed_at=opened - DAY if self.chance(4) else closed,
                is_fix_verified=dice.choice((True, True, True, False, None)),
                loaded_at=opened + len(self.tables["root_cause_analyses"]) * SECOND,
            )

    def add_edges(self) -> None:
        """Clocks that run out with a period, a window that begins with one; cases due at once."""
        rules, dice = self.rules, self.dice
        for period in rules.periods()[-4:]:
            close = rules.end_of(period)
            opens = rules.end_of(period - rules.closed_loop_window_days * DAY)
            for days in (rules.closure_sla_days * DAY, rules.follow_up_sla_hours * HOUR):
                self.answer("nps", 3, close - days, {"crm_contact_ref": "co0003"})
            for due in (close, opens):
                self.add(
                    "root_cause_analyses",
                    analysis_id=self.key("root_cause_analyses"),
                    department="Edge",
                    opened_at=due - 7 * DAY,
                    target_days=7,
                    closed_at=due - DAY,
                    is_fix_verified=True,
                )
        at = rules.end_of(rules.as_of) - 3 * DAY
        for contact in dice.sample(self.contacts, 25):
            who = {"crm_contact_ref": contact["contact_id"]}
            self.answer("nps", 0, at, who, is_reacted_to=False)
        for ticket in self.tables["tickets"][:40]:  # a comment older than its ticket
            requester, created = ticket["requester_ref"], ticket["created_at"]
            if requester and requester.startswith("co"):
                who = {"crm_contact_ref": requester}
                self.answer("stars", 1, created - 3 * HOUR, who, is_reacted_to=False)
                self.comment(ticket["ticket_id"], requester, created - HOUR)


def land(project: Project, tables: dict[str, list[Row]], folder: Path) -> None:
    """As text, by files: row by row would take longer than the build."""
    folder.mkdir()
    for table, rows in tables.items():
        columns = sorted({column for row in rows for column in row})
        with (folder / f"{table}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, columns)
            writer.writeheader()
            writer.writerows(rows)
    project.land_csv_folder(folder, "generic", all_varchar=True)


def build(project: Project, rules: Rules) -> None:
    outcome = project.dbt(
        "build",
        *NO_TESTS,
        *("--select", "fct_survey_responses", *(f"+{mart}" for mart in MARTS)),
        variables=rules.variables(),
    )
    assert outcome.ok, outcome.output[-6000:]


WORLDS = {
    1: Rules(
        as_of=date(2026, 2, 14),
        zone="America/Los_Angeles",
        history_months=9,
        recovery_days=90,
        closed_loop_window_days=200,
        retention_months=3,
        lead_lag_months=4,
    ),
    2: Rules(
        as_of=date(2025, 11, 17),
        history_months=8,
        follow_up_sla_hours=24,
        closure_sla_days=14,
        recovery_days=45,
        closed_loop_window_days=120,
        root_cause_target_days=20,
        anonymity_min_n=4,
        lead_lag_months=2,
        retention_months=5,
        min_reportable_responses=3,
    ),
}


# ---------------------------------------------------------------------------------------------
# What landed, made alike: the demo's vendors, and the vendor `generic`
# ---------------------------------------------------------------------------------------------


Rows = list[Row]
ANSWER_KEYS = ("response_id", "survey_response_id")


@dataclass
class Landed:
    """Rows as the vendors landed them, under the names of the contracts."""

    activities: Rows
    comments: Rows
    case_records: Rows
    analyses: Rows
    employees: Rows
    #: requester of each ticket, as the support tool names him
    requesters: dict[str, str | None]
    answers_landed: set[str]
    salt: str


def landed_by_generic(project: Project) -> Landed:
    def rows(table: str) -> Rows:
        return [typed(row) for row in project.query(f"select * from generic.{table}")]

    answers = rows("survey_responses")
    return Landed(
        activities=rows("activities"),
        comments=[row for row in rows("ticket_events") if row["event_type"] == "comment"],
        case_records=rows("case_records"),
        analyses=rows("root_cause_analyses"),
        employees=rows("employees"),
        requesters={row["ticket_id"]: row["requester_ref"] for row in rows("tickets")},
        answers_landed={row[name] for row in answers for name in ANSWER_KEYS} - {None},
        salt=HASH_SALT,
    )


def typed(row: Row) -> Row:
    """The text of a landed row as times, numbers and booleans."""

    def value(name: str, text: str | None) -> Any:
        if text is None:
            return None
        if name.endswith("_at") or name in ("valid_from", "valid_to"):
            return datetime.fromisoformat(text)
        if name.startswith(("is_", "has_")):
            return text == "True"
        if name in ("target_days", "rating"):
            return float(text)
        return text

    return {name: value(name, text) for name, text in row.items()}


def landed_by_the_demo(project: Project) -> Landed:
    def rows(table: str) -> Rows:
        found = project.query(f"select * from {table}")
        return [
            row for row in found if not row.get("_fivetran_deleted") and not row.get("is_deleted")
        ]

    tickets = project.query("select * from zendesk.ticket")
    agents = {row["id"] for row in rows("zendesk.user") if row["role"] in ("agent", "admin")}
    agents |= {row["assignee_id"] for row in tickets}
    known = {row["id"] for row in rows("zendesk.user")}

    def kind(author: int | None) -> str | None:
        if author is None or author in known | agents:
            return "agent" if author in agents else "end_user"
        return "system" if author < 0 else None

    return Landed(
        activities=[*map(task, rows("salesforce.task")), *map(event, rows("salesforce.event"))],
        comments=[
            {
                "event_id": row["id"],
                "ticket_id": str(row["ticket_id"]),
                "occurred_at": row["created"],
                "actor_id": str(row["user_id"]),
                "actor_type": kind(row["user_id"]),
                "is_public": row["public"],
                "is_automated": row["via_channel"] in ("rule", "trigger", "automation", "system"),
                "loaded_at": row["_fivetran_synced"],
            }
            for row in rows("zendesk.ticket_comment")
        ],
        case_records=[
            {
                "case_record_id": row["id"],
                "response_ref": row["survey_response_id"],
                "team_ref": row["team_name"],
                "root_cause": row["root_cause"],
                "opened_at": row["created_at"],
                "closed_at": row["closed_at"] if row["status"] == "Closed" else None,
                "loaded_at": row["_fivetran_synced"],
            }
            for row in rows("qualtrics.ticket")
        ],
        analyses=[
            {
                "analysis_id": row["id"],
                "response_ref": row["response_id_c"],
                "root_cause": row["root_cause_c"],
                "account_ref": row["account_c"],
                "department": row["department_c"],
                "opened_at": row["opened_date_c"],
                "target_days": row["target_days_c"],
                "closed_at": row["closed_date_c"],
                "is_fix_verified": row["fix_verified_c"],
                "loaded_at": row["_fivetran_synced"],
            }
            for row in rows("salesforce.root_cause_analysis_c")
        ],
        employees=[
            row | {"loaded_at": row["_fivetran_synced"]} for row in rows("generic.employees")
        ],
        requesters={str(row["id"]): str(row["requester_id"]) for row in tickets},
        answers_landed={row["id"] for row in rows("qualtrics.survey_response")},
        salt=HASH_SALT,
    )


def task(row: Row) -> Row:
    """A to-do of Salesforce: a contact of ours once it is done, unless they called us."""
    kind = (row["type"] or row["task_subtype"] or "").lower()
    is_contact = any(word in kind for word in ("call", "mail", "meeting", "qbr"))
    is_list_mail = (row["task_subtype"] or "").lower() in ("listemail", "cadence")
    return {
        "activity_id": row["id"],
        "account_ref": row["account_id"],
        "contact_ref": row["who_id"],
        "is_outbound": is_contact and row["call_type"] != "Inbound",
        "is_automated": row["is_automated_c"] or is_list_mail,
        "occurred_at": (row["completed_date_time"] or row["created_date"])
        if row["is_closed"]
        else None,
        "rating": None,
        "loaded_at": row["_fivetran_synced"],
    }


def event(row: Row) -> Row:
    return {
        "activity_id": row["id"],
        "account_ref": row["account_id"],
        "contact_ref": row["who_id"],
        "is_outbound": row["type"] in ("QBR", "Meeting", "Call", "Email"),
        "is_automated": False,
        "occurred_at": row["start_date_time"],
        "rating": row["qbr_rating_c"],
        "loaded_at": row["_fivetran_synced"],
    }
