"""Pendo tables: who used what, in buckets of one day, from 2025-07-01 on."""

from __future__ import annotations

from datetime import datetime, timedelta

from demo.clock import (
    END,
    FOREVER,
    MONTHS,
    START,
    USAGE_LIVE,
    days_in_month,
    month_index,
    month_start,
    synced,
)
from demo.landing import Landing
from demo.stream import Stream
from demo.truths import Truths
from demo.world import NO_USAGE, Account, World

MODULES = ["planning", "reporting", "integration", "billing_center", "mobile", "forecast"]
# Two features a module; the first of each module is the sticky one of the first three modules.
FEATURES = [
    (f"FEAT_{module}_{n}", f"{module} {name}", module, n == 1 and index < 3)
    for index, module in enumerate(MODULES)
    for n, name in ((1, "board"), (2, "settings"))
]


def product_account_id(account: Account) -> str:
    return f"PA-{account.number:04d}"


def _entitled(account: Account) -> int:
    return (
        3
        if account.profile in ("healthy", "sick") or account.segment == "small_business"
        else 4
        if account.segment == "mid_market"
        else 6
    )


def _catalogue(landing: Landing) -> None:
    groups = landing.table("pendo", "group")
    features = landing.table("pendo", "feature_history")
    pages = landing.table("pendo", "page_history")
    made = datetime(2025, 6, 2, 9)
    for module in MODULES:
        groups.add(
            id=f"GRP_{module}",
            name=module.replace("_", " ").title(),
            last_updated_at=made,
            _fivetran_synced=START,
        )
        pages.add(
            id=f"PAGE_{module}",
            name=f"{module} page",
            group_id=f"GRP_{module}",
            created_at=made,
            last_updated_at=made,
            valid_through=FOREVER,
            _fivetran_synced=synced(made),
        )
    for feature, name, module, sticky in FEATURES:
        if feature == "FEAT_planning_1":
            features.add(
                id=feature,
                name="planning grid",
                group_id=f"GRP_{module}",
                page_id=f"PAGE_{module}",
                is_core_event=False,
                created_at=made,
                last_updated_at=made,
                valid_through=datetime(2025, 6, 20, 9),
                _fivetran_synced=synced(made),
            )
        updated = datetime(2025, 6, 20, 9) if feature == "FEAT_planning_1" else made
        features.add(
            id=feature,
            name=name,
            group_id=f"GRP_{module}",
            page_id=f"PAGE_{module}",
            is_core_event=sticky,
            created_at=made,
            last_updated_at=updated,
            valid_through=FOREVER,
            _fivetran_synced=synced(updated),
        )


class Usage:
    def __init__(self, landing: Landing) -> None:
        self.events = landing.table("pendo", "event")
        self.features = landing.table("pendo", "feature_event")
        self.pages = landing.table("pendo", "page_event")

    def day(self, visitor: str, account: str, day: datetime, events: int) -> None:
        self.events.add(
            _fivetran_id=f"ev{len(self.events.rows) + 1:06d}",
            visitor_id=visitor,
            account_id=account,
            app_id="demo_app",
            timestamp=day,
            num_events=events,
            num_minutes=max(events // 2, 1),
            _fivetran_synced=synced(day),
        )

    def feature(self, visitor: str, account: str, day: datetime, feature: str, events: int) -> None:
        self.features.add(
            _fivetran_id=f"fe{len(self.features.rows) + 1:06d}",
            visitor_id=visitor,
            account_id=account,
            app_id="demo_app",
            feature_id=feature,
            timestamp=day,
            num_events=events,
            num_minutes=1,
            _fivetran_synced=synced(day),
        )

    def page(self, visitor: str, account: str, day: datetime, page: str, events: int) -> None:
        self.pages.add(
            _fivetran_id=f"pg{len(self.pages.rows) + 1:06d}",
            visitor_id=visitor,
            account_id=account,
            app_id="demo_app",
            page_id=page,
            timestamp=day,
            num_events=events,
            num_minutes=1,
            _fivetran_synced=synced(day),
        )


def _visitors(account: Account) -> list[tuple[str, str]]:
    """(visitor id, e-mail): users first, then people the CRM has never heard of."""
    wanted = {"healthy": 3, "sick": 4}.get(
        account.profile, min(max(seats for _, seats in account.seat_changes), 4)
    )
    known = [contact.email for contact in reversed(account.contacts)][:wanted]
    if wanted > 2:
        known = known[: wanted - account.number % 2]
    return [
        (
            f"V-{account.number:04d}-{n + 1}",
            known[n] if n < len(known) else f"planner{n + 1}@{account.domain}",
        )
        for n in range(wanted)
    ]


def _month(usage: Usage, account: Account, visitors: list[tuple[str, str]], month: int) -> None:
    stream = Stream("usage", account.number, month)
    health, first, length = account.health[month], month_start(month), days_in_month(month)
    entitled = _entitled(account)
    if account.profile == "healthy":
        active, days = len(visitors), 2 + (month - month_index(USAGE_LIVE)) ** 2 * 10 // 121
    elif account.profile == "sick":
        active, days = 1, 1
    else:
        active, days = (
            min(int(len(visitors) * (0.02 + 0.61 * health) + stream.uniform(0, 1)), len(visitors)),
            0,
        )
    for visitor, _ in stream.sample(visitors, active):
        count = days or 1 + int(stream.chance(0.2 * health))
        seen = sorted(stream.sample(range(length), count))
        for number in seen:
            day = first + timedelta(days=number)
            if account.is_customer(day) and day <= END:
                usage.day(visitor, product_account_id(account), day, stream.integer(4, 60))
        day = first + timedelta(days=seen[-1])
        if not account.is_customer(day) or (account.profile == "sick" and month < MONTHS - 1):
            continue
        if account.profile == "healthy":
            # The three visitors together touch all three modules, each by its sticky feature.
            usage.feature(
                visitor,
                product_account_id(account),
                day,
                FEATURES[2 * (int(visitor[-1]) - 1)][0],
                stream.integer(3, 20),
            )
        elif account.profile == "sick":
            usage.feature(visitor, product_account_id(account), day, "FEAT_planning_2", 1)
        elif stream.chance(0.15 + 0.35 * health):
            module = min(int(stream.uniform(0, entitled) * (0.4 + 0.6 * health)), entitled - 1)
            feature = FEATURES[2 * module + (0 if stream.chance(health) else 1)][0]
            usage.feature(visitor, product_account_id(account), day, feature, stream.integer(1, 20))
        if stream.chance(0.02):
            usage.page(
                visitor,
                product_account_id(account),
                day,
                f"PAGE_{stream.pick(MODULES[:entitled])}",
                stream.integer(1, 9),
            )


def write(landing: Landing, world: World, truths: Truths) -> None:
    _catalogue(landing)
    accounts = landing.table("pendo", "account_history")
    visitors = landing.table("pendo", "visitor_history")
    links = landing.table("pendo", "visitor_account_history")
    usage = Usage(landing)
    updated = datetime(2026, 6, 1, 4)
    for account in world.accounts:
        if account.number in NO_USAGE or not account.is_customer(max(USAGE_LIVE, account.created)):
            continue
        people = _visitors(account)
        start = max(USAGE_LIVE, account.created)
        stop = min(account.churned_at or END, END)
        if account.number % 16 == 0:
            accounts.add(
                id=product_account_id(account),
                last_updated_at=start,
                first_visit=start,
                last_visit=start,
                metadata_crm_account_id=account.id,
                metadata_modules_entitled=2,
                _fivetran_synced=synced(start),
            )
        accounts.add(
            id=product_account_id(account),
            last_updated_at=min(updated, stop),
            first_visit=start,
            last_visit=stop,
            metadata_crm_account_id=account.id,
            metadata_modules_entitled=_entitled(account),
            _fivetran_synced=synced(min(updated, stop)),
        )
        for visitor, email in people:
            visitors.add(
                id=visitor,
                last_updated_at=min(updated, stop),
                account_id=product_account_id(account),
                first_visit=start,
                last_visit=stop,
                metadata_email=email.title() if account.number % 19 == 3 else email,
                last_browser_name="Browser",
                _fivetran_synced=synced(start),
            )
            links.add(
                account_id=product_account_id(account),
                visitor_id=visitor,
                visitor_last_updated_at=min(updated, stop),
                _fivetran_synced=synced(start),
            )
        for month in range(month_index(USAGE_LIVE), MONTHS):
            _month(usage, account, people, month)
    # A visitor who works for a customer and its parent.
    links.add(
        account_id="PA-0085",
        visitor_id="V-0086-1",
        visitor_last_updated_at=updated,
        _fivetran_synced=synced(updated),
    )
    for number in range(3):
        day = datetime(2026, 5, 5 + number)
        usage.day("V-9999-1", "PA-9999", day, 12)
    truths.plant(
        "dirt",
        "usage_of_unknown_account",
        "Events of a product account that Pendo has no row for.",
        {"pendo__event.account_id": ["PA-9999"]},
        {"rows": 3},
    )
    usage.day("V-0087-1", "", datetime(2026, 5, 6), 7)
    truths.plant(
        "dirt",
        "usage_without_account",
        "An event without an account; its visitor has one.",
        {"pendo__event._fivetran_id": [f"ev{len(usage.events.rows):06d}"]},
        {"visitor_id": "V-0087-1"},
    )
