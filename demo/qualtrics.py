"""Qualtrics tables: surveys, invitations, sessions, answers, and the employee pulse."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from demo import qualtrics_planted, words
from demo.clock import END, START, days_in_month, month_start, synced
from demo.landing import Landing
from demo.qualtrics_writer import (
    MAILING_LIST,
    OWNER,
    Writer,
    directory_email,
    directory_id,
    has_reference,
    lookup_id,
)
from demo.stream import Stream
from demo.truths import Truths
from demo.voices import Answer, Invitation, Voices
from demo.world import World, pulse_months

DIRECTORY = "POOL_demo"


@dataclass(frozen=True)
class Survey:
    id: str
    name: str
    category: str
    questions: tuple[tuple[str, str, str], ...]
    low: int
    high: int


SURVEYS = [
    Survey(
        "SV_relationship",
        "Customer relationship",
        "CX",
        (
            ("QID1", "NPS", "How likely are you to recommend us to a colleague?"),
            ("QID2", "TE", "Why this score?"),
        ),
        0,
        10,
    ),
    Survey(
        "SV_ticket_ces",
        "After a support ticket",
        "CX",
        (
            ("QID1", "MC", "It was easy to get my issue solved. (1 disagree, 7 agree)"),
            ("QID2", "TE", "What could be easier?"),
        ),
        1,
        7,
    ),
    Survey(
        "SV_onboarding_ces",
        "After onboarding",
        "CX",
        (("QID1", "MC", "How much effort did onboarding take? (1 very low, 5 very high)"),),
        1,
        5,
    ),
    Survey(
        "SV_renewal_ces",
        "After renewal",
        "CX",
        (("QID1", "MC", "Renewing was easy. (1 disagree, 7 agree)"),),
        1,
        7,
    ),
    Survey(
        "SV_qbr_csat",
        "After a business review",
        "CX",
        (("QID1", "MC", "How satisfied are you with the review? (1 to 5)"),),
        1,
        5,
    ),
    Survey(
        "SV_training_csat",
        "After a training",
        "CX",
        (("QID1", "MC", "How satisfied are you with the training? (1 to 5)"),),
        1,
        5,
    ),
    Survey(
        "SV_employee_pulse",
        "Employee pulse",
        "EX",
        (
            ("QID1", "MC", "I am proud of what my team delivers."),
            ("QID2", "MC", "I have what I need to do my work well."),
            ("QID3", "MC", "I would choose to work here again."),
        ),
        1,
        5,
    ),
]
SURVEY_BY_ID = {survey.id: survey for survey in SURVEYS}


def _definitions(landing: Landing) -> None:
    surveys = landing.table("qualtrics", "survey")
    versions = landing.table("qualtrics", "survey_version")
    questions = landing.table("qualtrics", "question")
    options = landing.table("qualtrics", "question_option")
    made = datetime(2024, 11, 4, 10)
    for number, survey in enumerate(SURVEYS):
        surveys.add(
            id=survey.id,
            survey_name=survey.name,
            survey_status="Active",
            project_category=survey.category,
            project_type="EmployeeEngagement" if survey.category == "EX" else "CoreXM",
            owner_id=OWNER,
            is_active=True,
            last_activated=made,
            last_modified=made,
            _fivetran_deleted=False,
            _fivetran_synced=START,
        )
        for version in (1, 2):
            versions.add(
                id=9000 + 10 * number + version,
                survey_id=survey.id,
                version_number=version,
                published=version == 2,
                was_published=True,
                creation_date=made - timedelta(days=2 - version),
                user_id=OWNER,
                _fivetran_deleted=False,
                _fivetran_synced=START,
            )
        for question, selector, text in survey.questions:
            free = selector == "TE"
            questions.add(
                id=question,
                survey_id=survey.id,
                question_type="TE" if free else "MC",
                selector="NPS" if selector == "NPS" else "ML" if free else "SAVR",
                sub_selector="" if free else "TX",
                question_text=text,
                data_export_tag=f"Q{question[3:]}",
                _fivetran_deleted=False,
                _fivetran_synced=START,
            )
            if free:
                continue
            for place, code in enumerate(range(survey.low, survey.high + 1), start=1):
                options.add(
                    key=place,
                    question_id=question,
                    survey_id=survey.id,
                    recode_value=code,
                    text=str(code),
                    _fivetran_deleted=False,
                    _fivetran_synced=START,
                )


def _distribution_of(writer: Writer, invitation: Invitation, seen: dict[str, datetime]) -> str:
    """Relationship invitations go out by the month, the others by the quarter."""
    sent, survey = invitation.sent, invitation.survey
    period = (
        f"{sent:%Y_%m}" if survey == "SV_relationship" else f"{sent.year}_q{(sent.month + 2) // 3}"
    )
    distribution = f"EMD_{survey[3:]}_{period}"
    if distribution not in seen:
        writer.distribute(distribution, survey, sent)
        seen[distribution] = sent
    return distribution


def _invitations(writer: Writer, voices: Voices) -> None:
    seen: dict[str, datetime] = {}
    listed: set[tuple[str, str]] = set()
    reminded: dict[str, list[Invitation]] = {}
    for invitation in voices.invitations:
        stream = Stream("delivery", invitation.contact.number, invitation.sent.isoformat())
        answer, sent = invitation.answer, invitation.sent
        distribution = _distribution_of(writer, invitation, seen)
        lookup = lookup_id(invitation.contact)
        while (distribution, lookup) in listed:
            # Written to again within one batch: the list holds another entry of the same person.
            lookup += "b"
        listed.add((distribution, lookup))
        status = (
            "SurveyFinished"
            if answer
            else stream.pick(["Success", "Success", "Opened", "Opened", "SoftBounce", "HardBounce"])
        )
        opened = (
            answer.at - timedelta(minutes=4)
            if answer
            else sent + timedelta(hours=5)
            if status == "Opened"
            else None
        )
        writer.recipients.add(
            contact_id=directory_id(invitation.contact),
            contact_lookup_id=lookup,
            distribution_id=distribution,
            status=status,
            sent_at=sent,
            opened_at=opened if not opened or opened <= END else None,
            response_started_at=answer.at - timedelta(minutes=2) if answer else None,
            response_completed_at=answer.at if answer else None,
            response_id=answer.id if answer else "",
            _fivetran_synced=synced(answer.at if answer else sent),
        )
        quiet = not answer or answer.at > sent + timedelta(days=6)
        if (
            invitation.survey == "SV_relationship"
            and sent.day in (8, 9, 10)
            and quiet
            and invitation.contact.number % 3 == 0
        ):
            reminded.setdefault(distribution, []).append(invitation)
    for parent, invitations in reminded.items():
        sent = seen[parent] + timedelta(days=6)
        if len(invitations) < 10:
            continue
        writer.distribute(f"{parent}_reminder", "SV_relationship", sent, "Reminder", parent)
        for invitation in invitations[:40]:
            writer.recipients.add(
                contact_id=directory_id(invitation.contact),
                contact_lookup_id=lookup_id(invitation.contact),
                distribution_id=f"{parent}_reminder",
                status="Success",
                sent_at=sent,
                _fivetran_synced=synced(sent),
            )
    sent = datetime(2025, 3, 7, 9)
    writer.distribute("EMD_relationship_test", "SV_relationship", sent, "TestEmail")
    for number in (1, 2):
        writer.recipients.add(
            contact_id=f"CID_demo_staff{number}",
            contact_lookup_id=f"CGC_demo_staff{number}",
            distribution_id="EMD_relationship_test",
            status="Success",
            sent_at=sent,
            _fivetran_synced=synced(sent),
        )


def _text_of(answer: Answer, stream: Stream) -> str:
    return stream.pick(words.comment(answer.mood))


def _answers(writer: Writer, voices: Voices) -> None:
    for answer in voices.answers:
        stream = Stream("session", answer.id)
        contact, at = answer.contact, answer.at
        email = directory_email(contact) if contact else ""
        language = "DE" if contact and contact.account.country == "Germany" else "EN"
        writer.respond(
            answer.id,
            answer.survey,
            at,
            "email" if contact else "anonymous",
            email,
            seconds=stream.integer(25, 400),
            language=language,
        )
        writer.answer(answer.id, "QID1", answer.score, str(answer.score), at)
        if len(SURVEY_BY_ID[answer.survey].questions) > 1 and stream.chance(
            0.36 if answer.survey == "SV_relationship" else 0.2
        ):
            writer.answer(answer.id, "QID2", None, _text_of(answer, stream), at)
        if answer.ticket:
            ticket = answer.ticket
            writer.embed(
                answer.id,
                at,
                ticket_id=ticket.id,
                agent_id=ticket.agent.agent_id,
                team_id=ticket.team.group_id,
            )
        elif (
            contact
            and answer.embeds_account
            and (answer.survey != "SV_relationship" or contact.number % 5 == 0)
        ):
            writer.embed(answer.id, at, account_id=contact.account.id)
            if answer.survey == "SV_renewal_ces":
                writer.embed(answer.id, at, contact_id=contact.id)


def _directory(landing: Landing, voices: Voices) -> None:
    people = landing.table("qualtrics", "directory_contact")
    members = landing.table("qualtrics", "contact_mailing_list_membership")
    invited = {invitation.contact.number: invitation.contact for invitation in voices.invitations}
    for number in sorted(invited):
        contact = invited[number]
        left = datetime(2026, 6, 2, 7) if number % 83 == 7 else None
        people.add(
            id=directory_id(contact),
            directory_id=DIRECTORY,
            email=directory_email(contact),
            email_domain=contact.account.domain,
            ext_ref=contact.id if has_reference(contact) else "",
            first_name=contact.first_name,
            last_name=contact.last_name,
            language="de" if contact.account.country == "Germany" else "en",
            creation_date=START,
            last_modified=left or START,
            directory_unsubscribed=left is not None,
            directory_unsubscribe_date=left,
            _fivetran_synced=synced(left or START),
        )
        # A sample of the list: all of it would only repeat the directory.
        if left or number % 24 == 0:
            members.add(
                contact_lookup_id=lookup_id(contact),
                contact_id=directory_id(contact),
                directory_id=DIRECTORY,
                mailing_list_id=MAILING_LIST,
                name="Customers",
                owner_id=OWNER,
                unsubscribed=left is not None,
                unsubscribe_date=left,
                _fivetran_synced=synced(left or START),
            )


def _pulse(writer: Writer, world: World) -> None:
    """Three agreement items a month; answers follow the mood of the team."""
    number = 0
    for month in pulse_months():
        for person in world.employees:
            stream = Stream("pulse", person.id, month)
            at = month_start(month) + timedelta(
                days=stream.integer(4, min(22, days_in_month(month))), hours=stream.integer(7, 16)
            )
            team = person.team_at(at)
            if not person.works(at) or not stream.chance(0.84 if team.group_id else 0.93):
                continue
            number += 1
            response = f"R_pulse{number:05d}"
            writer.respond(response, "SV_employee_pulse", at, "gl", seconds=stream.integer(20, 90))
            leaning = stream.normal(0, 0.3)
            for question in ("QID1", "QID2", "QID3"):
                score = min(
                    max(round(3.2 + 1.05 * team.mood[month] + leaning + stream.normal(0, 0.4)), 1),
                    5,
                )
                writer.answer(response, question, score, str(score), at)
            writer.embed(response, at, employee_id=person.id, team_id=team.id)


CAUSES = [
    "product defect",
    "slow support",
    "billing error",
    "missing feature",
    "poor onboarding",
    "communication",
]
DEPARTMENTS = ["Product", "Support", "Finance", "Product", "Customer Success", "Customer Success"]


def _tickets(landing: Landing, voices: Voices) -> None:
    """Closed-loop tickets that Qualtrics opens for a bad answer."""
    table = landing.table("qualtrics", "ticket")
    for answer in voices.answers:
        low = answer.score <= 6 if answer.survey == "SV_relationship" else answer.mood < 0.35
        stream = Stream("closed loop", answer.id)
        if (
            not answer.contact
            or not low
            or stream.chance(0.1 if answer.survey == "SV_relationship" else 0.5)
        ):
            continue
        closed = None
        if answer.follow_up and stream.chance(0.85):
            closed = answer.follow_up + timedelta(hours=stream.pick([20, 70, 160, 300, 500, 1100]))
            closed = closed if closed <= END else None
        cause = stream.integer(0, len(CAUSES) - 1)
        created = answer.at + timedelta(minutes=5)
        updated = closed or answer.follow_up or created
        table.add(
            id=f"TK_{answer.id[2:]}",
            survey_response_id=answer.id,
            status="Closed" if closed else "In Progress" if answer.follow_up else "Open",
            priority="High" if answer.mood < 0.3 else "Medium",
            root_cause=CAUSES[cause] if answer.follow_up else "",
            owner_name="Customer success",
            team_name=DEPARTMENTS[cause],
            created_at=created,
            updated_at=min(max(created, updated), END),
            closed_at=closed,
            _fivetran_deleted=False,
            _fivetran_synced=synced(min(max(created, updated), END)),
        )


def write(landing: Landing, world: World, voices: Voices, truths: Truths) -> None:
    _definitions(landing)
    writer = Writer(landing)
    _invitations(writer, voices)
    _answers(writer, voices)
    _pulse(writer, world)
    qualtrics_planted.add(writer, world, truths)
    _directory(landing, voices)
    _tickets(landing, voices)
