"""Puts the world, its tickets, its voices and the vendors together."""

from __future__ import annotations

from demo import (
    generic,
    pendo,
    planted_tickets,
    qualtrics,
    salesforce,
    salesforce_activity,
    salesforce_analyses,
    stripe,
    support,
    voices,
    world,
    zendesk,
)
from demo.landing import Landing
from demo.planted_accounts import record
from demo.truths import Truths


def make() -> tuple[Landing, Truths]:
    """All landed tables and what is planted in them."""
    landing, truths = Landing(), Truths()
    company = world.build()
    tickets = support.build(company)
    planted = planted_tickets.add(company, tickets)
    support.finish(tickets)
    said = voices.build(company, tickets)
    record(truths, company, said, tickets)
    planted_tickets.record(truths, planted)
    salesforce.write(landing, company, truths)
    salesforce_activity.write(landing, company, said, tickets, truths)
    salesforce_analyses.write(landing, said, truths)
    qualtrics.write(landing, company, said, truths)
    zendesk.write(landing, company, tickets, planted_tickets.MERGED_ACCOUNTS)
    pendo.write(landing, company, truths)
    stripe.write(landing, company, truths)
    generic.write(landing, company, truths)
    return landing, truths
