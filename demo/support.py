"""Tickets as they happened, before any vendor writes them down."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from demo import words
from demo.clock import END, MONTHS, days_in_month, month_start
from demo.stream import Stream
from demo.world import NO_TICKETS, Account, Contact, Employee, Team, World

FIRST_TICKET_ID = 20001
LATELY = datetime(2026, 6, 12)


@dataclass
class Ticket:
    account: Account
    requester: Contact
    team: Team
    agent: Employee
    topic: str
    kind: str
    priority: str
    channel: str
    created: datetime
    assigned: datetime | None
    replied: datetime | None
    solved: datetime | None
    reopened: datetime | None = None
    solved_again: datetime | None = None
    id: int = 0
    status: str = "open"
    organization_external_id: str = ""
    merged_into: Ticket | None = None
    is_deleted: bool = False
    has_auto_reply: bool = False
    has_internal_note: bool = False
    schedule: str = ""
    tags: list[str] = field(default_factory=list)
    rating: str = ""
    rated: datetime | None = None
    name: str = ""

    @property
    def last_solved(self) -> datetime | None:
        return self.solved_again or self.solved

    @property
    def updated(self) -> datetime:
        moments = [
            self.created,
            self.assigned,
            self.replied,
            self.solved,
            self.reopened,
            self.solved_again,
            self.rated,
        ]
        return max(moment for moment in moments if moment)


def minutes(count: float) -> timedelta:
    return timedelta(minutes=round(count))


def _pick_team(world: World, account: Account, topic: str, stream: Stream) -> Team:
    teams = world.support_teams
    special = {"billing": teams[6], "integration": teams[7]}.get(topic)
    if special and stream.chance(0.25):
        return special
    if stream.chance(0.45):
        return stream.pick(teams[:6])
    local = [team for team in teams[:6] if team.region == account.region]
    return stream.pick(local)


def _open(
    world: World, account: Account, created: datetime, stream: Stream, topic: str = ""
) -> Ticket:
    """A ticket that is assigned and answered at the pace its team and account know."""
    topic = topic or stream.pick(words.TOPICS)
    team = _pick_team(world, account, topic, stream)
    agent = stream.pick(world.members(team, created))
    calm = account.health_at(created)
    kind = stream.pick(
        ["incident", "problem", "incident", "question"]
        if stream.chance(1 - calm)
        else ["question", "question", "task", "incident"]
    )
    pace = 1.8 - calm
    assigned = created + minutes(stream.integer(2, 50) * pace)
    replied = assigned + minutes(stream.pick([6, 15, 35, 70, 140, 300, 700, 1500]) * pace)
    solved = replied + minutes(
        stream.pick([30, 120, 400, 1200, 2600, 4500, 9000, 22000]) * pace + 5
    )
    contacts = [
        contact for contact in account.contacts if contact.created <= created
    ] or account.contacts
    ticket = Ticket(
        account,
        stream.pick(contacts[-3:]),
        team,
        agent,
        topic,
        kind,
        stream.pick(["low", "normal", "normal", "normal", "high", "high", "urgent"]),
        stream.pick(["email", "email", "web", "web", "api", "chat"]),
        created,
        assigned,
        replied,
        solved,
    )
    if stream.chance(0.06 + 0.12 * (1 - calm)):
        ticket.reopened = solved + minutes(stream.integer(200, 6000))
        ticket.solved_again = ticket.reopened + minutes(stream.integer(100, 8000))
    if created > LATELY and stream.chance(0.6):
        # What came in lately is mostly still on the desk.
        ticket.solved = ticket.reopened = ticket.solved_again = None
        ticket.replied = ticket.replied if stream.chance(0.7) else None
        ticket.assigned = ticket.assigned if ticket.replied or stream.chance(0.5) else None
    ticket.has_internal_note = stream.chance(0.09)
    ticket.has_auto_reply = stream.chance(0.12)
    return ticket


def _calm_ticket(
    world: World, account: Account, created: datetime, number: int, stream: Stream
) -> Ticket:
    """A healthy account's ticket: a question, answered in 12 minutes, solved in two hours."""
    ticket = _open(world, account, created, stream, words.TOPICS[number % len(words.TOPICS)])
    ticket.kind, ticket.priority, ticket.reopened, ticket.solved_again = (
        "question",
        "normal",
        None,
        None,
    )
    ticket.assigned, ticket.replied = created + minutes(3), created + minutes(12)
    ticket.solved = created + minutes(95)
    ticket.rating, ticket.rated = "good", created + minutes(300)
    return ticket


def _sore_ticket(world: World, account: Account, created: datetime, stream: Stream) -> Ticket:
    """A sick account's ticket: an incident on the same topic, answered after days, reopened."""
    ticket = _open(world, account, created, stream, "export")
    ticket.kind, ticket.priority = "incident", "high"
    ticket.assigned = created + minutes(2000)
    ticket.replied = created + minutes(4 * 1440 + stream.integer(0, 600))
    ticket.solved = created + minutes(12 * 1440 + stream.integer(0, 900))
    ticket.reopened = ticket.solved + minutes(400)
    ticket.solved_again = ticket.reopened + minutes(3 * 1440)
    ticket.rating, ticket.rated = "bad", ticket.solved_again + minutes(300)
    return ticket


def _office_moment(month: int, stream: Stream) -> datetime:
    """A moment in working hours somewhere on earth, now and then at the weekend."""
    day = month_start(month) + timedelta(days=stream.integer(0, days_in_month(month) - 1))
    while day.weekday() > 4 and not stream.chance(0.15):
        day = month_start(month) + timedelta(days=stream.integer(0, days_in_month(month) - 1))
    return day + timedelta(
        hours=stream.integer(6, 21), minutes=stream.integer(0, 59), seconds=stream.integer(0, 59)
    )


def _rate(ticket: Ticket, stream: Stream) -> None:
    solved = ticket.last_solved
    if solved is None or ticket.rating or not stream.chance(0.72):
        return
    ticket.rated = solved + minutes(stream.integer(60, 2400))
    if not stream.chance(0.9):
        ticket.rating = "offered"
        return
    # The team's mood of two months before decides far more than the single ticket.
    liking = (
        0.62
        + 0.26 * ticket.team.csat_mood(ticket.rated)
        + 0.12 * (ticket.account.health_at(solved) - 0.6)
    )
    ticket.rating = "good" if stream.chance(liking) else "bad"


def _cut_off(ticket: Ticket) -> None:
    """Forget what had not happened by the end of the data."""
    for name in ("assigned", "replied", "solved", "reopened", "solved_again", "rated"):
        moment = getattr(ticket, name)
        if moment is not None and moment > END:
            setattr(ticket, name, None)
    if ticket.rated is None:
        ticket.rating = ""
    reopened = ticket.reopened and not ticket.solved_again
    if ticket.solved and not reopened:
        ticket.status = (
            "closed" if END - (ticket.last_solved or END) > timedelta(days=400) else "solved"
        )
    elif ticket.assigned is None:
        ticket.status = "new"
    elif ticket.replied is None or reopened:
        ticket.status = "open"
    else:
        ticket.status = ["open", "pending", "hold"][ticket.created.day % 3]


def build(world: World) -> list[Ticket]:
    """All ordinary tickets, by time of creation. Planted ones are added by demo.planted_tickets."""
    tickets: list[Ticket] = []
    for account in world.accounts:
        if account.number in NO_TICKETS:
            continue
        for month in range(MONTHS):
            stream = Stream("tickets", account.number, month)
            if account.profile in ("healthy", "sick") and month >= 10:
                tickets += _clear_cut(world, account, month, stream)
                continue
            wanted = 0.07 + 0.56 * (1 - account.health[month]) * (
                0.6 + 0.07 * account.seats(month_start(month))
            )
            for _ in range(int(wanted + stream.uniform(0, 1))):
                created = _office_moment(month, stream)
                if account.is_customer(created):
                    ticket = _open(world, account, created, stream)
                    _rate(ticket, stream)
                    tickets.append(ticket)
    return tickets


def _clear_cut(world: World, account: Account, month: int, stream: Stream) -> list[Ticket]:
    """Tickets of the accounts whose service pillar must be beyond doubt."""
    first = month_start(month)
    if account.profile == "healthy":
        # One a month, but two at a time before spring: June is calm against the half year before.
        days = [(5, 0), (17, 1)] if month < 16 else [(8, 2)]
        return [
            _calm_ticket(
                world,
                account,
                first + timedelta(days=day, hours=14, minutes=account.number),
                month * 2 + turn,
                stream,
            )
            for day, turn in days
        ]
    days_sick = [3, 6, 9, 11, 13] if month == MONTHS - 1 else [8]
    return [
        _sore_ticket(
            world, account, first + timedelta(days=day, hours=15, minutes=account.number), stream
        )
        for day in days_sick
    ]


def finish(tickets: list[Ticket]) -> None:
    """Cut at the end of the data and number by creation time."""
    tickets.sort(key=lambda ticket: (ticket.created, ticket.account.number, ticket.topic))
    for number, ticket in enumerate(tickets):
        if not ticket.name:
            _cut_off(ticket)
        ticket.id = FIRST_TICKET_ID + number
