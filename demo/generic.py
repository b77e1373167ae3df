"""Generic tables: employees and teams, in the shape of the domain contract."""

from __future__ import annotations

from demo.clock import END, START, synced
from demo.landing import Landing
from demo.truths import Truths
from demo.world import TRANSFER_AT, World


def write(landing: Landing, world: World, truths: Truths) -> None:
    teams = landing.table("generic", "teams")
    for team in world.teams:
        teams.add(
            team_id=team.id,
            team_name=team.name,
            department=team.department,
            parent_team_id=team.parent,
            support_team_ref=team.group_id,
            _fivetran_synced=START,
        )
    employees = landing.table("generic", "employees")
    for person in world.employees:
        lead = next(
            each
            for each in world.employees
            if each.team is person.team and each.title == "Team Lead"
        )
        spells = [(person.team, person.hired, person.left)]
        if person.earlier_team:
            spells = [
                (person.earlier_team, person.hired, TRANSFER_AT),
                (person.team, TRANSFER_AT, person.left),
            ]
            truths.plant(
                "truths",
                "employee_in_two_teams",
                "Changed team.",
                {"generic__employees.employee_id": [person.id]},
                {"at": str(TRANSFER_AT), "from": person.earlier_team.id, "to": person.team.id},
            )
        for team, since, until in spells:
            employees.add(
                employee_id=person.id,
                team_id=team.id,
                email=person.email,
                job_title=person.title,
                manager_id="" if lead is person else lead.id,
                hired_at=person.hired,
                left_at=person.left,
                valid_from=since,
                valid_to=until,
                _fivetran_synced=synced(max(START, min(person.left or since, END))),
            )
    small = [team for team in world.teams if 0 < team.size < 5]
    truths.plant(
        "truths",
        "teams_too_small_to_show",
        "Two or three people: never shown. Under Back Office the only small team takes the "
        "next smallest with it.",
        {"generic__teams.team_id": [team.id for team in small]},
        {"hidden_with_them": ["TEAM-302"]},
    )
    truths.plant(
        "truths",
        "engagement_leads_csat",
        "Ticket CSAT and effort of a team follow its engagement by two months.",
        {"generic__teams.team_id": [team.id for team in world.support_teams]},
        {"lag_months": 2, "mood": {team.id: team.mood for team in world.support_teams}},
    )
