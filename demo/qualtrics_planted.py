"""Qualtrics sessions written by hand: those that must not count, and those that cannot be."""

from __future__ import annotations

from datetime import datetime, timedelta

from demo.qualtrics_writer import Writer, directory_id, lookup_id
from demo.stream import Stream
from demo.truths import Truths
from demo.voices import contact_who
from demo.world import MERGE_SURVIVORS, World, salesforce_id


def _not_to_count(writer: Writer, truths: Truths) -> None:
    """Previews, tests and sessions that were given up."""
    previews = []
    for number in range(6):
        response, at = f"R_preview{number}", datetime(2026, 3, 2, 9, 10 * number)
        preview = number % 2 == 0
        writer.respond(
            response,
            "SV_relationship",
            at,
            "preview" if preview else "test",
            status=1 if preview else 2,
        )
        writer.answer(response, "QID1", 0, "0", at)
        previews.append(response)
    truths.plant(
        "truths",
        "previews_and_tests",
        "Status 1 or 2: no answers of customers.",
        {"qualtrics__survey_response.id": previews},
    )
    unfinished = []
    stream = Stream("unfinished")
    for number in range(24):
        response, at = (
            f"R_givenup{number:02d}",
            datetime(2025, 3, 12, 10) + timedelta(days=stream.integer(0, 440), minutes=17 * number),
        )
        writer.respond(
            response,
            "SV_relationship",
            at,
            "email",
            finished=False,
            recorded=at + timedelta(days=7),
        )
        unfinished.append(response)
    truths.plant(
        "truths",
        "unfinished_sessions",
        "Given up before the first question, recorded a week later; no answer.",
        {"qualtrics__survey_response.id": unfinished},
    )


def _dirt(writer: Writer, world: World, truths: Truths) -> None:
    """Single answers no pipeline should swallow; none is of an account that carries a truth."""
    at = datetime(2026, 2, 20, 11)

    def nps(
        name: str, account: int, value: int | str, when: datetime = at, **session: object
    ) -> str:
        response = f"R_dirt_{name}"
        contact = contact_who(world, account, "user")
        writer.respond(response, "SV_relationship", when, email=contact.email, **session)  # type: ignore[arg-type]
        writer.answer(response, "QID1", value, str(value), when)
        return response

    def plant(name: str, note: str, response: str, expected: object = None) -> None:
        truths.plant("dirt", name, note, {"qualtrics__survey_response.id": [response]}, expected)

    plant(
        "score_eleven",
        "NPS answer 11 on a scale of 0 to 10.",
        nps("eleven", 108, 11),
        {"raw_value": "11"},
    )
    plant("score_ten_in_words", "NPS answer 'ten'.", nps("words", 119, "ten"), {"raw_value": "ten"})
    plant(
        "end_date_soon",
        "end_date is the text 'soon'; recorded_date is sound.",
        nps("soon", 145, 9, end_text="soon"),
        {"end_date": "soon"},
    )

    stray = "R_dirt_stray"
    unknown = salesforce_id("001", 99999)
    writer.respond(stray, "SV_relationship", at, "email")
    writer.answer(stray, "QID1", 2, "2", at)
    writer.embed(stray, at, account_id=unknown)
    plant(
        "answer_of_unknown_account",
        "Embedded account_id that no account has.",
        stray,
        {"account_id": unknown},
    )

    hasty = nps("hasty", 146, 8, datetime(2026, 4, 10, 9))
    person = contact_who(world, 146, "user")
    writer.distribute("EMD_relationship_late", "SV_relationship", datetime(2026, 4, 12, 8))
    writer.recipients.add(
        contact_id=directory_id(person),
        contact_lookup_id=lookup_id(person),
        distribution_id="EMD_relationship_late",
        status="SurveyFinished",
        sent_at=datetime(2026, 4, 12, 8),
        response_started_at=datetime(2026, 4, 10, 9),
        response_completed_at=datetime(2026, 4, 10, 9),
        response_id=hasty,
        _fivetran_synced=datetime(2026, 4, 12, 12),
    )
    plant(
        "answered_before_invited",
        "Recorded two days before its invitation was sent.",
        hasty,
        {"distribution_id": "EMD_relationship_late"},
    )

    twice = nps("twice", 147, 9)
    contact = contact_who(world, 147, "user")
    writer.respond(
        twice, "SV_relationship", at, email=contact.email, recorded=at + timedelta(days=3)
    )
    plant(
        "response_landed_twice",
        "The same response id twice with different content.",
        twice,
        {"rows": 2},
    )
    again = "R_dirt_answer_twice"
    writer.respond(again, "SV_relationship", at, email=contact_who(world, 148, "user").email)
    key = writer.answer(again, "QID1", 9, "9", at)
    writer.answer(again, "QID1", 4, "4", at + timedelta(days=1), key=key)
    truths.plant(
        "dirt",
        "answer_landed_twice",
        "The same question_response key twice: 9 first, 4 in a later sync.",
        {
            "qualtrics__question_response._fivetran_id": [key],
            "qualtrics__survey_response.id": [again],
        },
        {"rows": 2, "raw_scores": [9, 4]},
    )

    codes = []
    for number in range(3):
        response, when = f"R_option{number}", datetime(2026, 1, 20 + number, 15)
        contact = contact_who(world, 134 + number, "user")
        writer.respond(response, "SV_training_csat", when, email=contact.email)
        writer.answer(response, "QID1", None, "", when, option=str(3 + number))
        writer.embed(response, when, account_id=contact.account.id, contact_id=contact.id)
        codes.append(response)
    truths.plant(
        "truths",
        "code_in_option_only",
        "The value is empty, the score is the recode of the chosen option.",
        {"qualtrics__survey_response.id": codes},
        {"raw_scores": [3, 4, 5]},
    )


def _merged(writer: Writer, world: World, truths: Truths) -> None:
    responses = []
    for number, (merged, survivor_number) in enumerate(MERGE_SURVIVORS.items()):
        survivor = world.account(survivor_number)
        contact = survivor.contacts[number % 3]
        response, at = f"R_merged{merged}", datetime(2025, 10, 14 + number, 13)
        writer.respond(response, "SV_relationship", at, email=contact.email)
        writer.answer(response, "QID1", 9, "9", at)
        writer.embed(response, at, account_id=salesforce_id("001", merged))
        responses.append(response)
    truths.plant(
        "dirt",
        "answers_of_merged_accounts",
        "They carry the id of a merged-away account, up to three steps from the survivor.",
        {"qualtrics__survey_response.id": responses},
        {"account_id": [world.account(number).id for number in MERGE_SURVIVORS.values()]},
    )


def add(writer: Writer, world: World, truths: Truths) -> None:
    _not_to_count(writer, truths)
    _dirt(writer, world, truths)
    _merged(writer, world, truths)
