"""The accounts whose story is known beforehand, told to the truths file."""

from __future__ import annotations

from datetime import datetime, timedelta

from demo.support import Ticket
from demo.truths import Truths
from demo.voices import Voices
from demo.world import (
    CHAMPION_LEFT,
    KEY_ACCOUNTS,
    NO_ANSWERS,
    NO_INVOICES,
    NO_TICKETS,
    NO_USAGE,
    ONE_CONTACT,
    ONE_RESPONDENT,
    PARENT_CYCLE,
    PARENTS,
    Account,
    World,
    renewals,
)

WINDOW_START = datetime(2025, 7, 1)


def _latest_scores(account: Account, voices: Voices) -> dict[str, list[int]]:
    """Latest NPS answer of each contact in the 365 days up to the end of the data, by role."""
    latest: dict[int, tuple[str, int]] = {}
    for answer in voices.answers:
        if (
            answer.survey == "SV_relationship"
            and answer.contact
            and answer.contact.account is account
            and answer.at >= WINDOW_START
        ):
            latest[answer.contact.number] = (answer.contact.role, answer.score)
    scores: dict[str, list[int]] = {}
    for _, (role, score) in sorted(latest.items()):
        scores.setdefault(role, []).append(score)
    return scores


def _health_before(account: Account, at: datetime) -> float:
    return account.health_at(at - timedelta(days=90))


def record(truths: Truths, world: World, voices: Voices, tickets: list[Ticket]) -> None:
    def accounts(numbers: object) -> dict[str, list[object]]:
        chosen = [world.account(number) for number in sorted(numbers)]  # type: ignore[call-overload]
        return {"salesforce__account.id": [account.id for account in chosen]}

    def plant(name: str, note: str, numbers: object, expected: object = None) -> None:
        truths.plant("truths", name, note, accounts(numbers), expected)

    example, silent = world.of_profile("worked_example")[0], world.of_profile("buyer_silent")[0]
    plant(
        "worked_example",
        "The worked example of the metric rules; its segment is weighted by the default 50/30/20.",
        {example.number},
        {
            "scores": _latest_scores(example, voices),
            "account_nps": -15,
            "pooled_nps": 33.33,
            "waterfall_nps": 0,
            "role_weight_coverage": 1.0,
        },
    )
    plant(
        "decision_maker_silent",
        "The same account with a silent decision maker, who answered only before the window.",
        {silent.number},
        {
            "scores": _latest_scores(silent, voices),
            "account_nps": -30,
            "nps_low_bound": -65,
            "nps_high_bound": 35,
            "role_weight_coverage": 0.5,
        },
    )
    for name, note in (
        ("buyer_unhappy", "Decision makers are detractors, users promoters."),
        ("buyer_happy", "Decision makers are promoters, users detractors."),
    ):
        chosen = world.of_profile(name)
        plant(
            f"role_conflict_{name}",
            note,
            [a.number for a in chosen],
            {
                "scores": {a.id: _latest_scores(a, voices) for a in chosen},
                "has_role_conflict": True,
            },
        )
    movers = world.of_profile("mover")
    plant(
        "movers",
        "Highest ARR; all five contacts turned from promoter to detractor in June 2026.",
        [a.number for a in movers],
        {
            "period_end": "2026-06-30",
            "before": "2026-05-31",
            "contacts_turned": 5,
            "arr": {a.id: a.arr(datetime(2026, 6, 30)) for a in movers},
        },
    )
    for name in ("healthy", "sick"):
        plant(
            f"{name}_accounts",
            f"Clearly {name} in all four pillars at 2026-06-30.",
            [a.number for a in world.of_profile(name)],
        )
    gone, kept = world.of_profile("churned"), world.of_profile("renewed")
    plant(
        "churned_accounts",
        "Left at their renewal date; latent health is that of 90 days before.",
        [a.number for a in gone],
        {
            a.id: {
                "churned_at": str((a.churned_at or a.renewal).date()),
                "latent_health": _health_before(a, a.renewal),
            }
            for a in gone
        },
    )
    plant(
        "renewed_accounts",
        "Renewed in the same months; latent health is that of 90 days before.",
        [a.number for a in kept],
        {
            a.id: {
                "renewed_at": [str(day) for day, won in renewals(a) if won][-1],
                "latent_health": _health_before(a, a.renewal),
            }
            for a in kept
        },
    )
    plant("accounts_without_usage", "No product usage at all.", NO_USAGE)
    plant("accounts_without_answers", "Invited or not, they never answered anything.", NO_ANSWERS)
    plant("accounts_without_tickets", "No tickets.", NO_TICKETS)
    plant("accounts_without_invoices", "No invoices.", NO_INVOICES)
    champions = [
        contact
        for number in sorted(CHAMPION_LEFT)
        for contact in world.account(number).contacts
        if contact.is_champion
    ]
    truths.plant(
        "truths",
        "champion_left",
        "The champion left the customer on 2026-04-15.",
        {
            **accounts(CHAMPION_LEFT),
            "salesforce__contact.id": [contact.id for contact in champions],
        },
        {"left_date": "2026-04-15"},
    )
    plant("single_threaded_one_contact", "The CRM knows one contact only.", ONE_CONTACT)
    plant(
        "single_threaded_one_respondent", "Several contacts, one who ever answers.", ONE_RESPONDENT
    )
    plant("key_accounts", "Key accounts.", KEY_ACCOUNTS)
    plant(
        "no_form_accounts",
        "Key accounts that are never surveyed by form; their voice is the rating of QBR events.",
        [a.number for a in world.of_profile("no_form")],
    )
    tree = {child: parent for child, parent in PARENTS.items() if child not in PARENT_CYCLE}
    plant(
        "hierarchies",
        "Children and their parents; 85 has grandchildren.",
        set(tree),
        {world.account(child).id: world.account(parent).id for child, parent in tree.items()},
    )
    anonymous = [answer.id for answer in voices.answers if answer.contact is None]
    truths.plant(
        "truths",
        "anonymous_answers",
        "No e-mail and no account: company figures only.",
        {"qualtrics__survey_response.id": anonymous},
    )
    reopened = [ticket.id for ticket in tickets if ticket.reopened]
    truths.plant(
        "truths", "reopened_tickets", "Solved, then open again.", {"zendesk__ticket.id": reopened}
    )
