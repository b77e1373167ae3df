"""Root-cause analyses in Salesforce, a custom object: who finds out in time why customers were let down."""

from __future__ import annotations

from datetime import timedelta
from itertools import chain, repeat

from demo.clock import END, synced
from demo.landing import Landing
from demo.stream import Stream
from demo.truths import Truths
from demo.voices import Voices
from demo.world import salesforce_id

TARGET_DAYS = 21
# (in time, too late, closed in time without a verified fix, still open) among the analyses that are due.
OUTCOMES = {
    "Support": (10, 2, 0, 2),
    "Customer Success": (8, 2, 0, 2),
    "Product": (4, 0, 2, 4),
    "Finance": (5, 0, 0, 0),
}
CAUSES = {
    "Support": "slow support",
    "Customer Success": "poor onboarding",
    "Product": "product defect",
    "Finance": "billing error",
}
PENDING = 3


def write(landing: Landing, voices: Voices, truths: Truths) -> None:
    table = landing.table("salesforce", "root_cause_analysis_c")
    plan = [
        (department, outcome)
        for department, counts in OUTCOMES.items()
        for outcome in chain.from_iterable(
            map(repeat, ("in_time", "late", "unverified", "open"), counts)
        )
    ]
    plan += [("Support", "pending")] * PENDING
    detractors = [
        answer
        for answer in voices.answers
        if answer.survey == "SV_relationship" and answer.contact and answer.score <= 6
    ]
    old = [
        answer
        for answer in detractors
        if timedelta(days=TARGET_DAYS + 4) < END - answer.at < timedelta(days=330)
    ]
    recent = [answer for answer in detractors if END - answer.at < timedelta(days=TARGET_DAYS - 2)]
    chosen = old[:: len(old) // (len(plan) - PENDING)][: len(plan) - PENDING] + recent[-PENDING:]
    for number, (answer, (department, outcome)) in enumerate(
        zip(chosen, plan, strict=True), start=1
    ):
        assert answer.contact
        stream = Stream("analysis", number)
        opened = answer.at + timedelta(hours=stream.integer(4, 30))
        days = {
            "in_time": stream.integer(3, TARGET_DAYS - 1),
            "unverified": stream.integer(3, TARGET_DAYS - 1),
            "late": TARGET_DAYS + 1,
        }.get(outcome)
        closed = opened + timedelta(days=days) if days else None
        table.add(
            id=salesforce_id("a0R", number),
            name=f"RCA-{number:04d}",
            account_c=answer.contact.account.id,
            response_id_c=answer.id,
            department_c=department,
            root_cause_c=CAUSES[department] if closed else "",
            opened_date_c=opened,
            target_days_c=TARGET_DAYS,
            closed_date_c=closed,
            fix_verified_c=outcome in ("in_time", "late"),
            is_deleted=False,
            created_date=opened,
            _fivetran_synced=synced(closed or opened),
        )
    truths.plant(
        "truths",
        "root_cause_timeliness",
        "Analyses closed with a verified fix within 21 days; open ones past their day count against.",
        {},
        {
            department: {
                "analyses_due": sum(counts),
                "closed_in_target": counts[0],
                "overdue_open": counts[3],
            }
            for department, counts in OUTCOMES.items()
        },
    )
