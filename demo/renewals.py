"""What the CRM said about each account's renewal, and when its owner changed it."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from demo.clock import END
from demo.stream import Stream
from demo.world import Account, renewals

# A renewal is news for this long; then the next one is looked at.
NEWS_DAYS = 200


class Standing(NamedTuple):
    """From `since` on the CRM showed this status and this next renewal."""

    since: datetime
    status: str
    renewal: date


def renewal_status(account: Account) -> str:
    if account.profile == "churned":
        return "churned"
    if account.profile == "sick":
        return "at_risk"
    if any(won and (END.date() - day).days <= NEWS_DAYS for day, won in renewals(account)):
        return "renewed"
    if account.profile == "healthy":
        return "committed"
    mood = account.health[-1]
    return "committed" if mood > 0.8 else "open" if mood > 0.45 else "at_risk"


def next_renewal(account: Account) -> datetime:
    at = account.renewal
    while at <= END and account.profile != "churned":
        at = at.replace(year=at.year + 1)
    return at


def standings(account: Account) -> list[Standing]:
    """The current standing and, where its story is told, those before it; oldest first.

    A customer who leaves is open until the owner sees it coming, mostly within three months of the
    end. Who renews is open, then perhaps committed, and renewed from that day on. Of the other
    accounts the CRM kept no change.
    """
    stream = Stream("renewal standings", account.number)
    status, due = renewal_status(account), next_renewal(account).date()
    told = [Standing(account.created, status, due)]
    won = [day for day, kept in renewals(account) if kept]
    if account.profile == "churned":
        early = stream.chance(0.25)
        warned = account.renewal - timedelta(
            days=stream.integer(95, 120) if early else stream.integer(20, 80)
        )
        told = [
            Standing(account.created, "open", due),
            Standing(warned, "at_risk", due),
            Standing(account.renewal, status, due),
        ]
    elif status == "at_risk":
        worse = datetime(2025, 11, 3) if account.profile == "sick" else datetime(2026, 5, 4)
        if account.profile == "mover":
            worse = datetime(2026, 6, 22)
        worse += timedelta(days=stream.integer(0, 6))
        told = [Standing(account.created, "open", due), Standing(worse, status, due)]
    elif account.profile == "renewed" or status == "renewed":
        at = datetime.combine(won[-1], time())
        told = [Standing(account.created, "open", won[-1])]
        if account.profile == "renewed":
            promised = at - timedelta(days=stream.integer(20, 70))
            told.append(Standing(promised, "committed", won[-1]))
        told.append(Standing(at, "renewed", due))
        if status != "renewed":
            told.append(Standing(at + timedelta(days=NEWS_DAYS + 1), status, due))
    return told
