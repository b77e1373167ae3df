"""Zendesk Support tables."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

from demo import words
from demo.clock import START, synced
from demo.landing import Landing, Table
from demo.stream import Stream
from demo.support import Ticket, minutes
from demo.world import MERGE_SURVIVORS, Contact, World

SYSTEM_USER = -1
SCHEDULES = {
    "new_york": (
        8001,
        "New York office hours",
        "Eastern Time (US & Canada)",
        -5,
        datetime(2023, 1, 2, 9),
    ),
    "around_the_clock": (8002, "24x7", "UTC", 0, datetime(2023, 3, 1, 9)),
    "berlin": (8003, "Berlin office hours", "Berlin", 1, datetime(2023, 4, 3, 9)),
}


def end_user_id(contact: Contact) -> int:
    return 100000 + contact.number


def organization_id(account_number: int) -> int:
    return 70000 + account_number


def _schedules(landing: Landing) -> None:
    table = landing.table("zendesk", "schedule")

    def add(key: str, start: int, end: int) -> None:
        number, name, zone, offset, created = SCHEDULES[key]
        table.add(
            id=number,
            name=name,
            start_time=start,
            end_time=end,
            start_time_utc=(start - offset * 60) % 10080,
            end_time_utc=(end - offset * 60) % 10080 or 10080,
            time_zone=zone,
            created_at=created,
            _fivetran_deleted=False,
            _fivetran_synced=START,
        )

    for day in range(1, 6):
        add("new_york", day * 1440 + 540, day * 1440 + 1020)
    add("around_the_clock", 0, 10080)
    for day in range(1, 6):
        add("berlin", day * 1440 + 540, day * 1440 + 1020)
    table.add(
        id=8004,
        name="Retired weekend shift",
        start_time=0,
        end_time=720,
        start_time_utc=0,
        end_time_utc=720,
        time_zone="UTC",
        created_at=datetime(2022, 6, 1, 9),
        _fivetran_deleted=True,
        _fivetran_synced=START,
    )
    holidays = landing.table("zendesk", "schedule_holiday")
    days = [
        (8001, "Independence Day", "2025-07-04", "2025-07-04"),
        (8001, "Thanksgiving", "2025-11-27", "2025-11-28"),
        (8001, "Christmas", "2025-12-25", "2025-12-25"),
        (8001, "New Year", "2026-01-01", "2026-01-01"),
        (8003, "Labour Day", "2025-05-01", "2025-05-01"),
        (8003, "German Unity Day", "2025-10-03", "2025-10-03"),
        (8003, "Christmas", "2025-12-25", "2025-12-26"),
        (8003, "Labour Day", "2026-05-01", "2026-05-01"),
    ]
    for number, (schedule, name, first, last) in enumerate(days):
        holidays.add(
            id=8101 + number,
            schedule_id=schedule,
            name=name,
            start_date=first,
            end_date=last,
            _fivetran_deleted=False,
            _fivetran_synced=START,
        )
    holidays.add(
        id=8199,
        schedule_id=8001,
        name="Entered by mistake",
        start_date="2026-03-09",
        end_date="2026-03-09",
        _fivetran_deleted=True,
        _fivetran_synced=START,
    )
    zones = landing.table("zendesk", "time_zone")
    for zone, offset_text in (
        ("Eastern Time (US & Canada)", "-05:00"),
        ("UTC", "+00:00"),
        ("Berlin", "+01:00"),
    ):
        zones.add(time_zone=zone, standard_offset=offset_text, _fivetran_synced=START)
    daylight = landing.table("zendesk", "daylight_time")
    for zone, year, start, end in (
        ("Eastern Time (US & Canada)", 2025, datetime(2025, 3, 9, 7), datetime(2025, 11, 2, 6)),
        ("Eastern Time (US & Canada)", 2026, datetime(2026, 3, 8, 7), datetime(2026, 11, 1, 6)),
        ("Berlin", 2025, datetime(2025, 3, 30, 1), datetime(2025, 10, 26, 1)),
        ("Berlin", 2026, datetime(2026, 3, 29, 1), datetime(2026, 10, 25, 1)),
    ):
        daylight.add(
            time_zone=zone,
            year=year,
            daylight_start_utc=start,
            daylight_end_utc=end,
            daylight_offset=1,
            _fivetran_synced=START,
        )


def _policies(landing: Landing) -> None:
    table = landing.table("zendesk", "sla_policy_metric_history")
    targets = {
        "first_reply_time": {"urgent": 60, "high": 240, "normal": 480, "low": 1440},
        "requester_wait_time": {"urgent": 480, "high": 1440, "normal": 4320, "low": 10080},
    }
    for metric, by_priority in targets.items():
        for index, (priority, target) in enumerate(by_priority.items()):
            table.add(
                index=index,
                sla_policy_id=8501,
                sla_policy_updated_at=datetime(2024, 1, 8, 10),
                metric=metric,
                priority=priority,
                target=target,
                business_hours=metric == "first_reply_time",
                _fivetran_synced=START,
            )


def _people(landing: Landing, world: World, tickets: list[Ticket]) -> None:
    groups = landing.table("zendesk", "group")
    for team in world.support_teams:
        groups.add(
            id=team.group_id,
            name=team.name,
            created_at=datetime(2022, 1, 3, 9),
            updated_at=datetime(2022, 1, 3, 9),
            _fivetran_deleted=False,
            _fivetran_synced=START,
        )
    organizations = landing.table("zendesk", "organization")
    for account in world.accounts:
        organizations.add(
            id=organization_id(account.number),
            name=account.name,
            created_at=account.created,
            updated_at=account.created,
            external_id=account.external_id if account.number % 10 in (3, 6, 9) else account.id,
            _fivetran_deleted=False,
            _fivetran_synced=synced(account.created),
        )
    users = landing.table("zendesk", "user")
    for person in world.employees:
        if person.team.group_id or (person.earlier_team and person.earlier_team.group_id):
            users.add(
                id=person.agent_id,
                name=person.name,
                email=person.email,
                role="agent",
                active=person.left is None,
                suspended=False,
                time_zone="UTC",
                created_at=person.hired,
                updated_at=person.left or person.hired,
                _fivetran_synced=synced(person.left or person.hired),
            )
    requesters = {ticket.requester.number: ticket.requester for ticket in tickets}
    for number in sorted(requesters):
        contact = requesters[number]
        by_mail_only = number % 5 in (2, 4)
        users.add(
            id=end_user_id(contact),
            name=f"{contact.first_name} {contact.last_name}",
            email=contact.email.upper() if number % 23 == 4 else contact.email,
            role="end-user",
            external_id="" if by_mail_only else contact.id,
            organization_id=organization_id(contact.account.number),
            active=True,
            suspended=False,
            time_zone="UTC",
            created_at=contact.created,
            updated_at=contact.created,
            _fivetran_synced=synced(contact.created),
        )


def _history(table: Table, ticket: Ticket) -> None:
    def change(moment: datetime, field_name: str, value: object, by: int) -> None:
        table.add(
            ticket_id=ticket.id,
            field_name=field_name,
            updated=moment,
            value=str(value),
            user_id=by,
            _fivetran_synced=synced(moment),
        )

    requester = end_user_id(ticket.requester)
    fully_logged = ticket.id % 12 == 0 or ticket.name != ""
    if fully_logged or not ticket.solved or ticket.status == "new":
        change(ticket.created, "status", "new", requester)
    if fully_logged:
        change(ticket.created, "priority", ticket.priority, requester)
    if ticket.assigned:
        change(ticket.assigned, "assignee_id", ticket.agent.agent_id, ticket.agent.agent_id)
        if fully_logged or (not ticket.solved and ticket.status != "new"):
            change(ticket.assigned, "group_id", ticket.team.group_id, ticket.agent.agent_id)
            change(ticket.assigned, "status", "open", ticket.agent.agent_id)
    if ticket.replied and not ticket.solved and ticket.status in ("pending", "hold"):
        change(ticket.replied, "status", ticket.status, ticket.agent.agent_id)
    if ticket.solved:
        change(ticket.solved, "status", "solved", ticket.agent.agent_id)
    if ticket.reopened:
        change(ticket.reopened, "status", "open", requester)
    if ticket.solved_again:
        change(ticket.solved_again, "status", "solved", ticket.agent.agent_id)
    if ticket.status in ("closed", "deleted"):
        closing = (
            timedelta(days=28)
            if ticket.status == "closed" and not ticket.merged_into
            else timedelta(minutes=1)
        )
        change(
            (ticket.last_solved or ticket.updated) + closing, "status", ticket.status, SYSTEM_USER
        )


def _comments(table: Table, ticket: Ticket, number: int) -> int:
    def say(
        moment: datetime, by: int, body: str, public: bool = True, channel: str = "web"
    ) -> None:
        nonlocal number
        number += 1
        table.add(
            id=number,
            ticket_id=ticket.id,
            user_id=by,
            body=body,
            public=public,
            created=moment,
            voice_comment=False,
            via_channel=channel,
            _fivetran_synced=synced(moment),
        )

    requester, agent = end_user_id(ticket.requester), ticket.agent.agent_id
    say(
        ticket.created,
        requester,
        words.SUBJECTS[ticket.topic] + ". Please help.",
        channel=ticket.channel,
    )
    if ticket.has_auto_reply:
        say(
            ticket.created + timedelta(seconds=40),
            SYSTEM_USER,
            "Automated reply: we have received your request.",
            channel="rule",
        )
    if ticket.has_internal_note:
        say(
            ticket.created + minutes(2), agent, "Internal: seen, looking for the log.", public=False
        )
    if ticket.replied:
        say(ticket.replied, agent, "Hello, we are looking into it.")
    if ticket.reopened:
        say(ticket.reopened, requester, "It is back. Please look again.", channel="email")
    if ticket.solved_again:
        say(ticket.solved_again, agent, "Mended for good.")
    if ticket.merged_into:
        say(
            ticket.updated,
            agent,
            f"This request was closed and merged into request #{ticket.merged_into.id}.",
            public=False,
        )
    return number


def write(
    landing: Landing, world: World, tickets: list[Ticket], merged_accounts: list[tuple[int, str]]
) -> None:
    """``merged_accounts``: number and id of merged-away accounts that organisations still name."""
    _schedules(landing)
    _policies(landing)
    _people(landing, world, tickets)
    organizations = landing["zendesk.organization"]
    merged_organizations = {
        external: organization_id(number) for number, external in merged_accounts
    }
    for number, external in merged_accounts:
        organizations.add(
            id=organization_id(number),
            name=f"{world.account(MERGE_SURVIVORS[number]).name} (old)",
            external_id=external,
            created_at=datetime(2022, 5, 2, 9),
            updated_at=datetime(2022, 5, 2, 9),
            _fivetran_deleted=False,
            _fivetran_synced=START,
        )
    table = landing.table("zendesk", "ticket")
    history = landing.table("zendesk", "ticket_field_history")
    comments = landing.table("zendesk", "ticket_comment")
    ratings = landing.table("zendesk", "satisfaction_rating")
    schedules = landing.table("zendesk", "ticket_schedule")
    applied = landing.table("zendesk", "ticket_sla_policy")
    tags = landing.table("zendesk", "ticket_tag")
    merged: dict[int, list[int]] = {}
    for ticket in tickets:
        if ticket.merged_into:
            merged.setdefault(ticket.merged_into.id, []).append(ticket.id)
    comment_id = 900000
    for ticket in tickets:
        organization: int = organization_id(ticket.account.number)
        if ticket.organization_external_id:
            organization = merged_organizations.get(ticket.organization_external_id, 79999)
        requester = end_user_id(ticket.requester)
        table.add(
            id=ticket.id,
            subject=words.SUBJECTS[ticket.topic],
            description=words.SUBJECTS[ticket.topic] + ". Please help.",
            status=ticket.status,
            priority=ticket.priority,
            type=ticket.kind,
            via_channel=ticket.channel,
            requester_id=requester,
            submitter_id=requester,
            assignee_id=ticket.agent.agent_id if ticket.assigned else None,
            group_id=ticket.team.group_id,
            organization_id=organization,
            custom_topic=ticket.topic,
            is_public=True,
            has_incidents=False,
            merged_ticket_ids=json.dumps(merged.get(ticket.id, [])),
            created_at=ticket.created,
            updated_at=ticket.updated,
            _fivetran_deleted=ticket.is_deleted,
            _fivetran_synced=synced(ticket.updated),
        )
        _history(history, ticket)
        comment_id = _comments(comments, ticket, comment_id)
        if ticket.rating and ticket.rated:
            low = ticket.rating == "bad" and Stream("rating", ticket.id).chance(0.4)
            ratings.add(
                id=600000 + ticket.id,
                ticket_id=ticket.id,
                requester_id=requester,
                assignee_id=ticket.agent.agent_id,
                group_id=ticket.team.group_id,
                score=ticket.rating,
                comment="Took too long." if low else "",
                reason="The issue took too long to resolve" if low else "",
                created_at=ticket.last_solved or ticket.rated,
                updated_at=ticket.rated,
                _fivetran_synced=synced(ticket.rated),
            )
        if ticket.schedule or (ticket.team.group_id in (4101, 4102) and ticket.id % 3 == 0):
            moment = ticket.created + timedelta(seconds=3)
            schedules.add(
                ticket_id=ticket.id,
                schedule_id=SCHEDULES[ticket.schedule or "berlin"][0],
                created_at=moment,
                _fivetran_synced=synced(moment),
            )
        if ticket.id % 8 == 0:
            moment = ticket.created + timedelta(seconds=2)
            applied.add(
                ticket_id=ticket.id,
                sla_policy_id=8501,
                policy_applied_at=moment,
                _fivetran_synced=synced(moment),
            )
        for tag in ticket.tags + ([ticket.topic] if ticket.id % 7 == 0 else []):
            tags.add(tag=tag, ticket_id=ticket.id, _fivetran_synced=synced(ticket.updated))
