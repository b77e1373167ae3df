"""Tickets written by hand: working-time riddles, merges, and rows that cannot be."""

from __future__ import annotations

from datetime import datetime, timedelta

from demo.support import Ticket, minutes
from demo.truths import Truths
from demo.world import MERGE_SURVIVORS, World, salesforce_id

MERGED_ACCOUNTS = [(number, salesforce_id("001", number)) for number in MERGE_SURVIVORS]

# name, schedule, created, first reply (UTC), solved, expected business minutes to first reply, note
RIDDLES = [
    (
        "over_the_weekend",
        "new_york",
        datetime(2025, 11, 21, 21, 30),
        datetime(2025, 11, 24, 14, 30),
        60,
        "asked Friday 16:30 in New York, answered Monday 9:30",
    ),
    (
        "across_us_dst",
        "new_york",
        datetime(2026, 3, 6, 21, 0),
        datetime(2026, 3, 9, 14, 0),
        120,
        "asked Friday 16:00 EST, answered Monday 10:00 EDT",
    ),
    (
        "across_eu_dst",
        "berlin",
        datetime(2025, 10, 24, 14, 0),
        datetime(2025, 10, 27, 9, 0),
        120,
        "asked Friday 16:00 CEST, answered Monday 10:00 CET",
    ),
    (
        "over_a_holiday",
        "new_york",
        datetime(2025, 7, 3, 20, 0),
        datetime(2025, 7, 7, 14, 0),
        120,
        "asked the day before Independence Day, answered the Monday after",
    ),
    (
        "around_the_clock",
        "around_the_clock",
        datetime(2026, 2, 7, 3, 0),
        datetime(2026, 2, 8, 4, 30),
        1530,
        "asked and answered at night on a weekend, on the 24x7 schedule",
    ),
]


def _plain(
    world: World, account_number: int, team: int, created: datetime, topic: str = "reporting"
) -> Ticket:
    account = world.account(account_number)
    squad = world.support_teams[team]
    agent = world.members(squad, created)[1]
    return Ticket(
        account,
        account.contacts[0],
        squad,
        agent,
        topic,
        "question",
        "normal",
        "web",
        created,
        created + minutes(5),
        created + minutes(60),
        created + minutes(240),
        status="solved",
        name="planted",
    )


def add(world: World, tickets: list[Ticket]) -> dict[str, list[Ticket]]:
    """Append the planted tickets and return them by name."""
    planted: dict[str, list[Ticket]] = {}

    def keep(name: str, *made: Ticket) -> None:
        planted[name] = list(made)
        tickets.extend(made)

    for number, (name, schedule, created, replied, _, _) in enumerate(RIDDLES):
        ticket = _plain(world, 132 + number, 0 if schedule == "berlin" else 2, created)
        ticket.schedule, ticket.replied, ticket.solved = schedule, replied, replied + minutes(120)
        keep(name, ticket)

    ancient = _plain(world, 137, 3, datetime(2025, 4, 2, 13, 15), "integration")
    ancient.solved, ancient.status = None, "open"
    keep("open_400_days", ancient)

    backwards = _plain(world, 138, 3, datetime(2026, 1, 14, 10, 0))
    backwards.solved = datetime(2026, 1, 13, 9, 0)
    backwards.replied = None
    backwards.assigned = None
    keep("solved_before_created", backwards)

    stray = _plain(world, 139, 3, datetime(2026, 2, 18, 10, 0))
    stray.organization_external_id = "nowhere"
    keep("unknown_organization", stray)

    pairs: list[Ticket] = []
    for number in range(4):
        created = datetime(2026, 2, 3 + 5 * number, 15, 0)
        target = _plain(world, 140 + number, 4, created, "export")
        source = _plain(world, 140 + number, 4, created + minutes(50), "export")
        source.replied, source.status, source.merged_into = None, "closed", target
        source.solved, source.tags = source.created + minutes(15), ["closed_by_merge"]
        pairs += [target, source]
    keep("merged_tickets", *pairs)

    gone = []
    for number in range(5):
        ticket = _plain(world, 144 + number, 5, datetime(2025, 12, 2 + number, 9, 30), "login")
        ticket.replied = ticket.solved = None
        ticket.status, ticket.is_deleted = "deleted", True
        gone.append(ticket)
    keep("deleted_tickets", *gone)

    moved = []
    for number, (merged, external) in enumerate(MERGED_ACCOUNTS):
        ticket = _plain(
            world, MERGE_SURVIVORS[merged], 1, datetime(2025, 3 + number, 11, 10, 20), "billing"
        )
        ticket.organization_external_id = external
        moved.append(ticket)
    keep("tickets_of_merged_accounts", *moved)
    return planted


def record(truths: Truths, planted: dict[str, list[Ticket]]) -> None:
    """Tell the truths once the tickets are numbered."""

    def ids(name: str) -> dict[str, list[object]]:
        return {"zendesk__ticket.id": [ticket.id for ticket in planted[name]]}

    for name, schedule, created, replied, business, note in RIDDLES:
        truths.plant(
            "truths",
            f"ticket_{name}",
            f"Working time: {note}.",
            ids(name),
            {
                "schedule": schedule,
                "first_reply_minutes": (replied - created) // timedelta(minutes=1),
                "first_reply_business_minutes": business,
            },
        )
    truths.plant(
        "truths",
        "ticket_open_400_days",
        "Open for more than 400 days, never solved.",
        ids("open_400_days"),
    )
    pairs = planted["merged_tickets"]
    truths.plant(
        "truths",
        "merged_tickets",
        "Closed by merge into another ticket of the same account; out of first contact resolution.",
        {"zendesk__ticket.id": [ticket.id for ticket in pairs]},
        {
            "merged_into": {
                str(ticket.id): ticket.merged_into.id for ticket in pairs if ticket.merged_into
            }
        },
    )
    truths.plant(
        "truths", "deleted_tickets", "Deleted at the source: count nowhere.", ids("deleted_tickets")
    )
    truths.plant(
        "dirt",
        "ticket_solved_before_created",
        "Its solve is dated before its creation.",
        ids("solved_before_created"),
    )
    truths.plant(
        "dirt",
        "ticket_of_unknown_organization",
        "Its organisation is not landed.",
        {
            **ids("unknown_organization"),
            "zendesk__ticket.organization_id": [79999],
        },
    )
    truths.plant(
        "dirt",
        "tickets_of_merged_accounts",
        "Their organisations still carry the ids of merged-away accounts.",
        {
            **ids("tickets_of_merged_accounts"),
            "zendesk__organization.external_id": [external for _, external in MERGED_ACCOUNTS],
        },
    )
