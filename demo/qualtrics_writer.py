"""How a Qualtrics session, its answers and its invitation are written down."""

from __future__ import annotations

from datetime import datetime, timedelta

from demo.clock import synced
from demo.landing import Landing
from demo.world import Contact

OWNER, MAILING_LIST = "UR_demo_owner", "CG_demo_customers"


def directory_id(contact: Contact) -> str:
    return f"CID_demo{contact.number:05d}"


def lookup_id(contact: Contact) -> str:
    return f"CGC_demo{contact.number:05d}"


def directory_email(contact: Contact) -> str:
    """The directory spells some addresses its own way, where the address is all there is."""
    if not has_reference(contact) and contact.number % 3 == 0:
        return f" {contact.email.title()} " if contact.number % 2 else contact.email.title()
    return contact.email


def has_reference(contact: Contact) -> bool:
    return contact.number % 10 < 7


class Writer:
    def __init__(self, landing: Landing) -> None:
        table = landing.table
        self.responses = table("qualtrics", "survey_response")
        self.answers = table("qualtrics", "question_response")
        self.embedded = table("qualtrics", "survey_embedded_data")
        self.distributions = table("qualtrics", "distribution")
        self.recipients = table("qualtrics", "distribution_contact")
        self.answer_number = 0

    def respond(
        self,
        response: str,
        survey: str,
        at: datetime,
        channel: str = "email",
        email: str = "",
        status: int = 0,
        finished: bool = True,
        seconds: int = 75,
        end_text: str = "",
        recorded: datetime | None = None,
        language: str = "EN",
    ) -> None:
        recorded = recorded or at + timedelta(seconds=1)
        self.responses.add(
            id=response,
            survey_id=survey,
            start_date=at - timedelta(seconds=seconds),
            end_date=end_text or at,
            recorded_date=recorded,
            last_modified_date=recorded,
            finished=int(finished),
            progress=100 if finished else 40,
            duration_in_seconds=seconds,
            status=status,
            distribution_channel=channel,
            recipient_email=email,
            user_language=language,
            _fivetran_synced=synced(recorded),
        )

    def answer(
        self,
        response: str,
        question: str,
        value: int | str | None,
        text: str,
        at: datetime,
        option: str = "",
        key: str = "",
    ) -> str:
        self.answer_number += 1
        key = key or f"demo{self.answer_number:06d}="
        self.answers.add(
            _fivetran_id=key,
            response_id=response,
            question_id=question,
            question=f"Q{question[3:]}",
            question_option_key=option,
            value=value,
            text=text,
            _fivetran_synced=synced(at),
        )
        return key

    def embed(self, response: str, at: datetime, **values: object) -> None:
        for key, value in values.items():
            self.embedded.add(
                import_id=key,
                key=key,
                response_id=response,
                value=str(value),
                _fivetran_synced=synced(at),
            )

    def distribute(
        self, distribution: str, survey: str, sent: datetime, kind: str = "Invite", parent: str = ""
    ) -> None:
        self.distributions.add(
            id=distribution,
            survey_link_survey_id=survey,
            request_type=kind,
            request_status="Done",
            parent_distribution_id=parent,
            recipient_mailing_list_id=MAILING_LIST,
            owner_id=OWNER,
            header_subject="Your opinion, please",
            send_date=sent,
            created_date=sent - timedelta(hours=2),
            modified_date=sent,
            survey_link_expiration_date=sent + timedelta(days=60),
            _fivetran_deleted=False,
            _fivetran_synced=synced(sent),
        )
