"""Salesforce tables of deals and of what sales and success people did with customers."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise

from demo.clock import END, START, synced
from demo.landing import Landing
from demo.renewals import next_renewal
from demo.salesforce import user_id
from demo.stream import Stream
from demo.support import Ticket
from demo.truths import Truths
from demo.voices import FOLLOW_UP_SLA, Answer, Voices
from demo.world import (
    MOVED_FROM,
    NEGLECTED,
    ROLE_CHANGER,
    Account,
    Contact,
    World,
    renewals,
    salesforce_id,
)

CRM_ROLES = {
    "decision_maker": ["Decision Maker", "Economic Buyer", "Executive Sponsor"],
    "manager": ["Influencer", "Evaluator"],
    "user": ["Business User", "Technical User"],
}


def _deals(landing: Landing, world: World) -> None:
    roles = landing.table("salesforce", "account_contact_role")
    number = 0
    for account in world.accounts[62:]:
        if account.number in (ROLE_CHANGER, MOVED_FROM):
            continue
        for contact in account.contacts[:1] if account.number % 3 else account.contacts[:3:2]:
            number += 1
            roles.add(
                id=salesforce_id("02Z", number),
                account_id=account.id,
                contact_id=contact.id,
                is_primary=contact is account.contacts[0],
                role=Stream("crm role", contact.number).pick(
                    CRM_ROLES.get(contact.role, ["Other"])
                ),
                created_date=contact.created,
                is_deleted=number % 41 == 0,
                _fivetran_synced=synced(contact.created),
            )
    table = landing.table("salesforce", "opportunity")
    deal_roles = landing.table("salesforce", "opportunity_contact_role")
    number = 0

    def deal(account: Account, kind: str, amount: float, close: datetime, stage: str) -> None:
        nonlocal number
        number += 1
        closed = stage.startswith("Closed")
        created = max(close - timedelta(days=90), START - timedelta(days=60))
        probability = {"Closed Won": 100, "Closed Lost": 0, "Negotiation": 75}.get(stage, 50)
        updated = close if closed else END
        table.add(
            id=salesforce_id("006", number),
            account_id=account.id,
            name=f"{account.name} {kind.lower()} {close.year}",
            amount=amount,
            stage_name=stage,
            type=kind,
            probability=probability,
            forecast_category="Closed"
            if probability == 100
            else "Omitted"
            if closed
            else "Pipeline",
            is_closed=closed,
            is_won=stage == "Closed Won",
            close_date=close,
            created_date=min(created, END),
            owner_id=user_id(account.owner),
            is_deleted=number % 97 == 0,
            _fivetran_synced=synced(min(updated, END)),
        )
        if number % 4 == 1 and number % 97:
            contact = account.contacts[0]
            deal_roles.add(
                id=salesforce_id("00K", number),
                opportunity_id=salesforce_id("006", number),
                contact_id=contact.id,
                role=CRM_ROLES["decision_maker"][number % 3],
                is_primary=True,
                created_date=min(created, END),
                is_deleted=False,
                _fivetran_synced=synced(min(created, END)),
            )

    for account in world.accounts:
        for day, won in renewals(account):
            at = datetime(day.year, day.month, day.day)
            deal(
                account,
                "Renewal",
                float(account.arr(at - timedelta(days=2))),
                at,
                "Closed Won" if won else "Closed Lost",
            )
        upcoming = next_renewal(account)
        if END < upcoming < END + timedelta(days=100):
            stage = "Negotiation" if account.health[-1] > 0.5 else "Proposal"
            deal(account, "Renewal", float(account.arr(END)), upcoming.replace(hour=0), stage)
        for (_, before), (since, after) in pairwise(account.seat_changes):
            if after > before and account.is_customer(since):
                value = (account.arr(since) / max(account.seats(since), 1)) * (after - before)
                deal(account, "Expansion", float(value), since, "Closed Won")


class Activities:
    def __init__(self, landing: Landing) -> None:
        self.tasks = landing.table("salesforce", "task")
        self.number = 0
        self.outbound: list[tuple[Account, datetime]] = []

    def task(
        self,
        contact: Contact,
        at: datetime,
        kind: str,
        subject: str,
        automated: bool = False,
        inbound: bool = False,
        done: bool = True,
        deleted: bool = False,
    ) -> None:
        self.number += 1
        account = contact.account
        if done and not (automated or inbound or deleted):
            self.outbound.append((account, at))
        self.tasks.add(
            id=salesforce_id("00T", self.number),
            account_id=account.id,
            who_id=contact.id,
            what_id=account.id,
            owner_id=user_id(account.owner),
            subject=subject,
            type=kind,
            task_subtype=kind if kind in ("Call", "Email") else "Task",
            call_type=("Inbound" if inbound else "Outbound") if kind == "Call" else "",
            status="Completed" if done else "Not Started",
            priority="Normal",
            is_closed=done,
            is_automated_c=automated,
            activity_date=at.date(),
            created_date=at,
            completed_date_time=at if done else None,
            is_deleted=deleted,
            _fivetran_synced=synced(at),
        )


def _activities(
    landing: Landing, world: World, voices: Voices, tickets: list[Ticket], truths: Truths
) -> None:
    activities = Activities(landing)
    cases = [answer for answer in voices.answers if answer.follow_kind and answer.contact]
    missed: dict[int, list[datetime]] = {}
    traps: list[str] = []
    for answer in cases:
        assert answer.contact
        stream = Stream("follow up", answer.id)
        if answer.follow_up:
            kind = stream.pick(["Call", "Email", "Meeting"])
            activities.task(
                answer.contact, answer.follow_up, kind, f"{kind}: your answer to our survey"
            )
        else:
            missed.setdefault(answer.contact.account.number, []).append(answer.at)
            at = answer.at + timedelta(hours=stream.integer(2, 40))
            if at <= END and stream.chance(0.6):
                traps.append(answer.id)
                if stream.chance(0.6):
                    activities.task(
                        answer.contact, at, "Email", "Automated reminder", automated=True
                    )
                elif stream.chance(0.5):
                    activities.task(
                        answer.contact, at, "Call", "Customer called about an invoice", inbound=True
                    )
                else:
                    activities.task(
                        answer.contact, at, "Call", "Call back after survey", done=False
                    )
    for rating in (ticket for ticket in tickets if ticket.rating == "bad" and ticket.rated):
        stream = Stream("rating follow up", rating.id)
        at = (rating.rated or rating.created) + timedelta(minutes=stream.integer(100, 4000))
        watched = rating.account.number not in NEGLECTED and not _near(
            missed, rating.account.number, at
        )
        if stream.chance(0.4) and at <= END and watched:
            activities.task(rating.requester, at, "Call", "Call: after your ticket")
    for account in world.accounts:
        stream = Stream("touches", account.number)
        at = datetime(2025, 1, 20, 9) + timedelta(
            days=stream.integer(0, 510), minutes=stream.integer(0, 480)
        )
        watched = account.number not in NEGLECTED and not _near(missed, account.number, at)
        if account.is_customer(at) and watched:
            kind = stream.pick(["Call", "Email", "Meeting"])
            activities.task(
                stream.pick(account.contacts),
                at,
                kind,
                f"{kind}: regular check-in",
                deleted=stream.chance(0.03),
            )
        at = datetime(2025, 2, 3, 6) + timedelta(days=stream.integer(0, 500))
        if account.is_customer(at) and stream.chance(0.5):
            activities.task(account.contacts[0], at, "Email", "Automated reminder", automated=True)
    _events(landing, voices, activities)
    for ticket in tickets:
        # What agents write on tickets is contact too.
        for at in (ticket.replied, ticket.solved_again):
            if at:
                activities.outbound.append((ticket.account, at))
    _record_cases(cases, activities, traps, truths)


def _near(missed: dict[int, list[datetime]], account: int, at: datetime) -> bool:
    """Would a chance contact at this moment look like the follow-up somebody never got?"""
    return any(
        timedelta(0) <= at - answered <= timedelta(days=60) for answered in missed.get(account, [])
    )


def _events(landing: Landing, voices: Voices, activities: Activities) -> None:
    events = landing.table("salesforce", "event")
    for number, meeting in enumerate(
        sorted(voices.meetings, key=lambda each: (each.at, each.account.number)), start=1
    ):
        account = meeting.account
        note = (
            ""
            if meeting.rating is None
            else "Open talk, plans agreed."
            if meeting.rating >= 4
            else "Tense: asked for a plan."
        )
        is_deleted = number % 53 == 0
        if not is_deleted:
            activities.outbound.append((account, meeting.at))
        events.add(
            id=salesforce_id("00U", number),
            account_id=account.id,
            who_id=account.contacts[0].id,
            what_id=account.id,
            owner_id=user_id(account.owner),
            subject="Quarterly business review",
            type="QBR",
            event_subtype="Event",
            activity_date=meeting.at.date(),
            activity_date_time=meeting.at,
            start_date_time=meeting.at,
            end_date_time=meeting.at + timedelta(hours=1),
            description=note,
            qbr_rating_c=meeting.rating,
            is_deleted=is_deleted,
            created_date=meeting.at - timedelta(days=10),
            _fivetran_synced=synced(meeting.at),
        )


def _record_cases(
    cases: list[Answer], activities: Activities, traps: list[str], truths: Truths
) -> None:
    """Name the cases whose outcome is the same by contact and by account."""
    relationship = [answer for answer in cases if answer.survey == "SV_relationship"]
    clean: dict[str, list[str]] = {"in_sla": [], "late": [], "never": []}
    firsts: dict[str, datetime | None] = {}
    for answer in relationship:
        assert answer.contact
        later = sorted(
            at
            for account, at in activities.outbound
            if account is answer.contact.account and at > answer.at
        )
        first = firsts[answer.id] = later[0] if later else None
        if answer.follow_kind == "in_sla" and first == answer.follow_up:
            clean["in_sla"].append(answer.id)
        elif answer.follow_kind == "late" and first == answer.follow_up:
            clean["late"].append(answer.id)
        elif answer.follow_kind == "never" and first is None:
            clean["never"].append(answer.id)
    labels = {
        "in_sla": "First outbound human contact within 48 hours.",
        "late": "First outbound human contact after 48 hours.",
        "never": "No outbound human contact to the account up to the end of the data.",
    }
    for kind, ids in clean.items():
        truths.plant(
            "truths",
            f"detractors_followed_up_{kind}",
            labels[kind],
            {"qualtrics__survey_response.id": ids},
            {"is_followed_up_in_sla": kind == "in_sla", "is_followed_up": kind != "never"},
        )
    truths.plant(
        "truths",
        "detractors_with_false_follow_up",
        "Within 48 hours only an automated mail, an inbound call or an open task: no follow-up.",
        {
            "qualtrics__survey_response.id": [
                answer.id
                for answer in relationship
                if answer.id in traps and (firsts[answer.id] or END) - answer.at > FOLLOW_UP_SLA
            ]
        },
        {"is_followed_up_in_sla": False},
    )
    due = [
        answer
        for answer in relationship
        if answer.follow_kind != "pending" and END - answer.at >= FOLLOW_UP_SLA
    ]
    followed = sum(1 for answer in due if answer.follow_kind == "in_sla")
    truths.plant(
        "truths",
        "follow_up_rate",
        "Share of relationship detractors called back within 48 hours, as planned; "
        "chance contacts may add a little.",
        {},
        {"due": len(due), "in_sla": followed, "rate": round(followed / len(due), 4)},
    )


def write(
    landing: Landing, world: World, voices: Voices, tickets: list[Ticket], truths: Truths
) -> None:
    _deals(landing, world)
    _activities(landing, world, voices, tickets, truths)
