"""What customers said, and what was done about it, before any vendor writes it down."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from demo.clock import END, MONTHS, month_start
from demo.stream import Stream
from demo.support import Ticket
from demo.world import (
    MOVED_FROM,
    NEGLECTED,
    NEW_ACCOUNTS,
    NO_ANSWERS,
    ONE_RESPONDENT,
    ROLE_CHANGER,
    SCRIPTED,
    Account,
    Contact,
    World,
    renewals,
)

WAVES = {2: datetime(2025, 3, 10, 8), 8: datetime(2025, 9, 8, 8), 14: datetime(2026, 3, 9, 8)}
FOLLOW_UP_SLA = timedelta(hours=48)


@dataclass
class Answer:
    """One answered survey. ``mood`` runs from 0 to 1 whatever the scale, and picks the comment."""

    survey: str
    contact: Contact | None
    at: datetime
    score: int
    mood: float
    sent: datetime | None = None
    ticket: Ticket | None = None
    follow_up: datetime | None = None
    follow_kind: str = ""
    id: str = ""
    embeds_account: bool = True


@dataclass
class Invitation:
    survey: str
    contact: Contact
    sent: datetime
    answer: Answer | None = None
    ticket: Ticket | None = None


@dataclass
class Meeting:
    """A quarterly business review."""

    account: Account
    at: datetime
    rating: int | None


@dataclass
class Voices:
    answers: list[Answer] = field(default_factory=list)
    invitations: list[Invitation] = field(default_factory=list)
    meetings: list[Meeting] = field(default_factory=list)

    def invite(self, invitation: Invitation) -> Invitation:
        self.invitations.append(invitation)
        if invitation.answer:
            invitation.answer.sent = invitation.sent
            self.answers.append(invitation.answer)
        return invitation


def contact_who(world: World, number: int, role: str) -> Contact:
    return next(
        contact
        for contact in world.account(number).contacts
        if contact.role == role and not contact.opted_out
    )


def _plan_follow_up(answer: Answer, stream: Stream, willing: float = 0.82) -> None:
    """About 70 % are called back within two days, some later, some never."""
    assert answer.contact
    draw = 1.0 if answer.contact.account.number in NEGLECTED else stream.uniform(0, 1)
    wait: timedelta | None = None
    if draw < willing:
        wait = timedelta(minutes=stream.integer(90, 44 * 60))
    elif draw < willing + 0.12:
        wait = timedelta(hours=stream.integer(80, 380))
    moment = answer.at + wait if wait else None
    if moment is not None and moment <= END:
        answer.follow_up = moment
        answer.follow_kind = "in_sla" if wait and wait <= FOLLOW_UP_SLA else "late"
    else:
        answer.follow_kind = "pending" if END - answer.at < FOLLOW_UP_SLA else "never"


def _nps_score(contact: Contact, at: datetime, stream: Stream) -> int:
    expected = (
        1.9
        + 8.9 * contact.account.health_at(at)
        + contact.leaning
        + contact.lift
        + stream.normal(0, 1.1)
    )
    return min(max(round(expected), 0), 10)


def _relationship(world: World, voices: Voices) -> None:
    """Half-yearly waves, a trickle in between, and second answers after a follow-up."""
    queue: list[tuple[datetime, int, Contact, bool]] = []
    reserved = {
        contact_who(world, ROLE_CHANGER, "user").number,
        contact_who(world, MOVED_FROM, "user").number,
    }
    ordinary = [
        contact
        for contact in world.contacts
        if contact.account.profile not in SCRIPTED and contact.number not in reserved
    ]
    order = 0
    for month in range(MONTHS):
        sent = WAVES.get(month, month_start(month) + timedelta(days=11, hours=8))
        asked = [contact for contact in ordinary if contact.can_be_asked(sent)]
        stream = Stream("wave", month)
        chosen = (
            [c for c in asked if stream.chance(0.28)]
            if month in WAVES
            else stream.sample(asked, 11)
        )
        for contact in chosen:
            order += 1
            heapq.heappush(queue, (sent + timedelta(seconds=order % 600), order, contact, False))
    while queue:
        sent, _, contact, again = heapq.heappop(queue)
        if sent > END or not contact.can_be_asked(sent):
            continue
        stream = Stream("relationship", contact.number, sent.isoformat())
        silent = contact.account.number in NO_ANSWERS or (
            contact.account.number in ONE_RESPONDENT and contact is not contact.account.contacts[0]
        )
        at = sent + timedelta(minutes=stream.integer(30, 14 * 1440))
        if silent or at > END or not (again or stream.chance(0.5)):
            voices.invite(Invitation("SV_relationship", contact, sent))
            continue
        score = _nps_score(contact, at, stream)
        answer = Answer("SV_relationship", contact, at, score, score / 10)
        voices.invite(Invitation("SV_relationship", contact, sent, answer))
        if score <= 6:
            _plan_follow_up(answer, stream)
            lifted = {"in_sla": 0.6, "late": 0.35}.get(answer.follow_kind, 0.0)
            unheard = -2.0 if answer.follow_kind == "never" else 0.0
            contact.lift = 3.0 if stream.chance(lifted) else unheard
            if stream.chance(0.5 if answer.follow_up else 0.9):
                order += 1
                wait = timedelta(days=stream.integer(45, 140))
                heapq.heappush(queue, ((answer.follow_up or at) + wait, order, contact, True))


def _scripted_scores(account: Account) -> list[tuple[int, datetime, int]]:
    """(contact, sent, score) of the accounts whose NPS must come out exactly."""
    spring, autumn, before = WAVES[14], WAVES[8], WAVES[2]
    if account.profile == "worked_example":
        return [(0, before, 9), (1, before, 7)] + [
            (who, spring, score) for who, score in enumerate([8, 4, 9, 10, 7, 9])
        ]
    if account.profile == "buyer_silent":
        return [(0, before, 8), (3, before, 9)] + [
            (who + 1, spring, score) for who, score in enumerate([4, 9, 10, 7, 9])
        ]
    if account.profile == "mover":
        june = datetime(2026, 6, 9, 8)
        happy, sour = [9, 10, 9, 10, 9], [2, 3, 1, 4, 3]
        return [
            (who, sent, score)
            for sent, scores in ((autumn, happy), (spring, happy), (june, sour))
            for who, score in enumerate(scores)
        ]
    turn = account.number % 2
    scores = {
        "buyer_unhappy": [3 + turn, 7, 9, 10, 9],
        "buyer_happy": [9 + turn, 8, 4, 2 + turn, 5],
        "healthy": [9, 10, 9 + turn, 10, 9],
        "sick": [2 + turn, 3, 1, 4, 0],
    }[account.profile]
    return [(who, sent, score) for sent in (autumn, spring) for who, score in enumerate(scores)]


def _scripted(world: World, voices: Voices) -> None:
    for account in world.accounts:
        if account.profile not in SCRIPTED:
            continue
        for who, sent, score in _scripted_scores(account):
            contact = account.contacts[who]
            at = sent + timedelta(days=1 + who, hours=3, minutes=account.number)
            answer = Answer("SV_relationship", contact, at, score, score / 10)
            voices.invite(Invitation("SV_relationship", contact, sent, answer))
            if score <= 6:
                willing = 0.5 if account.profile == "sick" else 0.82
                _plan_follow_up(
                    answer, Stream("follow", account.number, who, sent.isoformat()), willing
                )
    # One person who became a decision maker between two answers, one who went to another customer.
    for number, first, second in ((ROLE_CHANGER, 9, 8), (MOVED_FROM, 8, 9)):
        contact = contact_who(world, number, "user")
        for sent, score in ((WAVES[2], first), (WAVES[14], second)):
            at = sent + timedelta(days=8, hours=2)
            answer = Answer("SV_relationship", contact, at, score, score / 10, embeds_account=False)
            voices.invite(Invitation("SV_relationship", contact, sent, answer))


def _anonymous(voices: Voices) -> None:
    stream = Stream("anonymous")
    for month in range(MONTHS):
        for _ in range(7 if month in WAVES else 1):
            at = month_start(month) + timedelta(
                days=stream.integer(10, 26), minutes=stream.integer(400, 1100)
            )
            score = min(max(round(stream.normal(7.2, 2.2)), 0), 10)
            voices.answers.append(Answer("SV_relationship", None, at, score, score / 10))


def _transactional(
    voices: Voices,
    survey: str,
    contact: Contact,
    sent: datetime,
    score: int,
    mood: float,
    answered: bool,
    ticket: Ticket | None = None,
) -> None:
    stream = Stream(survey, contact.number, sent.isoformat(), ticket.id if ticket else "")
    at = sent + timedelta(minutes=stream.integer(60, 3600))
    if sent > END or contact.account.number in NO_ANSWERS:
        return
    answer = (
        Answer(survey, contact, at, score, mood, ticket=ticket) if answered and at <= END else None
    )
    if answer and mood < 0.35:
        _plan_follow_up(answer, stream, 0.6)
    voices.invite(Invitation(survey, contact, sent, answer, ticket))


def _step(mood: float, low: int, high: int) -> int:
    return min(max(round(low + (high - low) * mood), low), high)


def _ticket_effort(voices: Voices, tickets: list[Ticket]) -> None:
    for ticket in tickets:
        solved = ticket.last_solved
        # Deleted, merged and hand-written tickets ask nobody.
        if solved is None or ticket.name or not ticket.requester.can_be_asked(solved):
            continue
        stream = Stream("ticket effort", ticket.id)
        account = ticket.account
        clear_cut = account.profile in ("healthy", "sick") and solved >= datetime(2026, 3, 25)
        if not clear_cut and not stream.chance(0.4):
            continue
        mood = (
            0.58
            + 0.23 * ticket.team.csat_mood(solved)
            + 0.2 * (account.health_at(solved) - 0.6)
            + stream.normal(0, 0.12)
        )
        if clear_cut:
            mood = 1.0 if account.profile == "healthy" else 0.08
        score = _step(mood, 1, 7)
        _transactional(
            voices,
            "SV_ticket_ces",
            ticket.requester,
            solved + timedelta(hours=1),
            score,
            (score - 1) / 6,
            clear_cut or stream.chance(0.6),
            ticket,
        )


def _milestones(world: World, voices: Voices) -> None:
    for account in world.accounts:
        stream = Stream("milestones", account.number)
        people = [
            contact
            for contact in account.contacts
            if not contact.opted_out and contact.left_at is None
        ]
        if not people or account.no_nps_form:
            continue
        if account.number in NEW_ACCOUNTS:
            for contact in people[:4]:
                sent = account.created + timedelta(days=45, hours=2)
                ease = account.health_at(sent) + stream.normal(0, 0.15)
                score = 6 - _step(ease, 1, 5)
                _transactional(
                    voices,
                    "SV_onboarding_ces",
                    contact,
                    sent,
                    score,
                    (5 - score) / 4,
                    stream.chance(0.7),
                )
        for day, won in renewals(account):
            sent = datetime(day.year, day.month, day.day, 9) + timedelta(days=3)
            if won and stream.chance(0.6):
                score = _step(account.health_at(sent) + stream.normal(0, 0.12), 1, 7)
                _transactional(
                    voices,
                    "SV_renewal_ces",
                    people[0],
                    sent,
                    score,
                    (score - 1) / 6,
                    stream.chance(0.75),
                )
        if account.number not in (ROLE_CHANGER, MOVED_FROM) and stream.chance(0.5):
            for contact in people[-2:]:
                sent = datetime(2025, 2, 3, 15) + timedelta(days=stream.integer(0, 490))
                if account.is_customer(sent):
                    score = _step(
                        0.3 + 0.6 * account.health_at(sent) + stream.normal(0, 0.15), 1, 5
                    )
                    _transactional(
                        voices,
                        "SV_training_csat",
                        contact,
                        sent,
                        score,
                        (score - 1) / 4,
                        stream.chance(0.75),
                    )


def _reviews(world: World, voices: Voices) -> None:
    """Business reviews: enterprise half-yearly, key accounts quarterly, clear-cut ones twice."""
    for account in world.accounts:
        stream = Stream("reviews", account.number)
        clear_cut = account.profile in ("healthy", "sick")
        if not clear_cut and account.segment != "enterprise":
            continue
        if clear_cut:
            dates = [datetime(2026, 2, 17, 10), datetime(2026, 5, 19, 10)]
        else:
            quarters = (
                range(6)
                if account.number in (1, 2, 61, 62, 63, 64, 65, 66)
                else range(account.number % 2, 6, 2)
            )
            dates = [
                month_start(3 * quarter + 1) + timedelta(days=stream.integer(3, 20), hours=10)
                for quarter in quarters
            ]
        for at in dates:
            if not account.is_customer(at) or account.number in NO_ANSWERS:
                continue
            mood = (
                1.0
                if account.profile == "healthy"
                else 0.05
                if account.profile == "sick"
                else account.health_at(at)
            )
            rating = _step(mood if clear_cut else mood + stream.normal(0, 0.1), 1, 5)
            voices.meetings.append(
                Meeting(
                    account,
                    at,
                    rating if clear_cut or account.no_nps_form or stream.chance(0.5) else None,
                )
            )
            if not account.no_nps_form and (clear_cut or stream.chance(0.7)):
                contact = account.contacts[0]
                if not contact.opted_out and (contact.left_at is None or contact.left_at > at):
                    _transactional(
                        voices,
                        "SV_qbr_csat",
                        contact,
                        at + timedelta(hours=3),
                        rating,
                        (rating - 1) / 4,
                        clear_cut or stream.chance(0.7),
                    )


def build(world: World, tickets: list[Ticket]) -> Voices:
    voices = Voices()
    _relationship(world, voices)
    _scripted(world, voices)
    _anonymous(voices)
    _ticket_effort(voices, tickets)
    _milestones(world, voices)
    _reviews(world, voices)
    voices.answers.sort(
        key=lambda answer: (
            answer.at,
            answer.survey,
            answer.contact.number if answer.contact else 0,
        )
    )
    for number, answer in enumerate(voices.answers):
        answer.id = f"R_demo{number + 1:05d}"
    voices.invitations.sort(
        key=lambda each: (
            each.sent,
            each.survey,
            each.contact.number,
            each.ticket.id if each.ticket else 0,
        )
    )
    return voices
