"""Stripe tables. Money is in minor units; the yen has none."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

from demo.clock import END, FOREVER, START, synced
from demo.landing import Landing, Table
from demo.stream import Stream
from demo.truths import Truths
from demo.world import NO_INVOICES, UNIT_PRICE, Account, World

# Units of a currency for one dollar in the price list, and minor units in one unit.
RATES = {"usd": (1.0, 100), "eur": (0.9, 100), "jpy": (150.0, 1)}
LEAVING = [
    ("cancellation_requested", "missing_features", "We missed the mobile planning board."),
    ("cancellation_requested", "too_expensive", "The price went up, the value did not."),
    ("cancellation_requested", "customer_service", "Tickets were left for days."),
    ("payment_failed", "", ""),
]


def currency(account: Account) -> str:
    if account.country == "Japan":
        return "jpy"
    return "eur" if account.country in ("Germany", "France") else "usd"


def months_billed(account: Account) -> int:
    return 1 if account.segment == "small_business" and account.number % 8 == 0 else 3


def price_id(account: Account) -> str:
    return f"price_{account.segment}_{currency(account)}_{months_billed(account)}m"


def unit_amount(account: Account) -> int:
    rate, minor = RATES[currency(account)]
    return round(UNIT_PRICE[account.segment] * rate * minor) * months_billed(account)


def customer_id(account: Account) -> str:
    return f"cus_demo{account.number:04d}"


def subscription_id(account: Account) -> str:
    return f"sub_demo{account.number:04d}"


def _prices(landing: Landing, accounts: list[Account]) -> None:
    products = landing.table("stripe", "product")
    products.add(id="prod_planner", name="Planner seats", active=True, _fivetran_synced=START)
    prices = landing.table("stripe", "price")
    listed = {price_id(account): account for account in accounts}
    for key in sorted(listed):
        account = listed[key]
        prices.add(
            id=key,
            product_id="prod_planner",
            unit_amount=unit_amount(account),
            currency=currency(account),
            recurring_interval="month",
            recurring_interval_count=months_billed(account),
            type="recurring",
            active=True,
            _fivetran_synced=START,
        )


def _subscription(history: Table, account: Account) -> None:
    """One row a version: it ends where the next begins."""
    began = max(account.seat_changes[0][0], account.created)
    changes = [
        (max(since, began), seats)
        for since, seats in account.seat_changes
        if account.is_customer(max(since, began))
    ]
    versions = [(since, seats, "active") for since, seats in changes]
    reason = feedback = comment = ""
    if account.churned_at:
        reason, feedback, comment = LEAVING[account.number % len(LEAVING)]
        versions.append((account.churned_at, versions[-1][1], "canceled"))
    for number, (since, seats, status) in enumerate(versions):
        last = number == len(versions) - 1
        ended = status == "canceled"
        history.add(
            id=subscription_id(account),
            customer_id=customer_id(account),
            status=status,
            created=began,
            start_date=began,
            current_period_start=min(
                max(since, datetime(2026, 4, 1) if last and not ended else since), END
            ),
            current_period_end=since
            if ended
            else datetime(2026, 7, 1)
            if last
            else versions[number + 1][0],
            cancel_at_period_end=False,
            canceled_at=since if ended else None,
            ended_at=since if ended else None,
            quantity=seats,
            cancellation_details_reason=reason if ended else "",
            cancellation_details_feedback=feedback if ended else "",
            cancellation_details_comment=comment if ended else "",
            _fivetran_start=since,
            _fivetran_end=FOREVER if last else versions[number + 1][0] - timedelta(seconds=1),
            _fivetran_active=last,
            _fivetran_synced=synced(max(since, START)),
        )


class Invoices:
    def __init__(self, landing: Landing) -> None:
        self.table = landing.table("stripe", "invoice")

    def add(
        self,
        customer: str,
        subscription: str,
        amount: int,
        money: str,
        created: datetime,
        months: int,
        due: datetime,
        paid: datetime | None,
        status: str = "",
    ) -> str:
        key = f"in_demo{len(self.table.rows) + 1:05d}"
        status = status or ("paid" if paid else "open")
        self.table.add(
            id=key,
            customer_id=customer,
            subscription_id=subscription,
            status=status,
            amount_due=amount,
            amount_paid=amount if paid else 0,
            subtotal=amount,
            total=amount,
            tax=0,
            currency=money,
            created=created,
            period_start=created,
            period_end=created + timedelta(days=30 * months),
            due_date=due,
            status_transitions_finalized_at=created + timedelta(hours=1),
            status_transitions_paid_at=paid,
            paid=paid is not None,
            attempt_count=1,
            billing_reason="subscription_cycle",
            is_deleted=False,
            _fivetran_synced=synced(paid or created),
        )
        return key


def _bill(invoices: Invoices, account: Account) -> None:
    step = months_billed(account)
    for month in range(account.number % step, 18, step):
        created = datetime(2025 + month // 12, month % 12 + 1, 1 + account.number % 3, 8)
        seats = account.seats(created)
        if not seats:
            continue
        stream = Stream("invoice", account.number, month)
        due = created + timedelta(days=30)
        health = account.health_at(created)
        paid: datetime | None = due - timedelta(
            days=stream.integer(1, 24), hours=-stream.integer(0, 9)
        )
        late = (
            0.95
            if account.profile == "sick"
            else 0.0
            if account.profile in ("healthy", "mover")
            else max(0.03, 0.55 - 0.6 * health)
        )
        if stream.chance(late):
            # Some late payers pay after weeks, some not at all.
            paid = (
                None
                if stream.chance(0.35)
                else due + timedelta(days=stream.integer(4, 50), hours=5)
            )
        if paid and paid > END:
            paid = None
        status = "uncollectible" if paid is None and due < datetime(2025, 12, 1) else ""
        invoices.add(
            customer_id(account),
            subscription_id(account),
            seats * unit_amount(account),
            currency(account),
            created,
            step,
            due,
            paid,
            status,
        )


def write(landing: Landing, world: World, truths: Truths) -> None:
    customers = landing.table("stripe", "customer")
    history = landing.table("stripe", "subscription_history")
    items = landing.table("stripe", "subscription_item")
    _prices(landing, world.accounts)
    invoices = Invoices(landing)
    for account in world.accounts:
        began = max(account.seat_changes[0][0], account.created)
        customers.add(
            id=customer_id(account),
            name=account.name,
            email=f"accounts@{account.domain}",
            currency=currency(account),
            created=began,
            delinquent=account.profile == "sick",
            is_deleted=False,
            livemode=True,
            metadata=json.dumps({"account_id": account.id}),
            _fivetran_synced=synced(max(began, START)),
        )
        _subscription(history, account)
        items.add(
            id=f"si_demo{account.number:04d}",
            subscription_id=subscription_id(account),
            plan_id=price_id(account),
            quantity=[seats for _, seats in account.seat_changes][-1],
            _fivetran_synced=START,
        )
        if account.number not in NO_INVOICES:
            _bill(invoices, account)
    customers.add(
        id="cus_demo_gone",
        name="Removed customer",
        email="gone@nowhere.example",
        currency="usd",
        created=datetime(2025, 2, 3, 8),
        delinquent=False,
        is_deleted=True,
        livemode=True,
        metadata="{}",
        _fivetran_synced=synced(datetime(2025, 5, 1)),
    )
    _dirt(landing, world, invoices, truths)


def _dirt(landing: Landing, world: World, invoices: Invoices, truths: Truths) -> None:
    account, day = world.account(141), datetime(2026, 3, 3, 8)
    who, money = (customer_id(account), subscription_id(account)), "usd"
    due = day + timedelta(days=30)

    def plant(name: str, note: str, key: str) -> None:
        truths.plant("dirt", name, note, {"stripe__invoice.id": [key]})

    plant(
        "invoice_of_unknown_customer",
        "Its customer is not landed.",
        invoices.add("cus_unknown", "", 120000, money, day, 1, due, day + timedelta(days=9)),
    )
    plant(
        "negative_invoice",
        "Amount below zero.",
        invoices.add(*who, -50000, money, day, 1, due, day + timedelta(days=9)),
    )
    plant(
        "invoice_paid_before_issued",
        "Paid two days before it was made.",
        invoices.add(*who, 90000, money, day, 1, due, day - timedelta(days=2)),
    )
    key = invoices.add(*who, 70000, money, day, 1, due, None, "void")
    truths.plant(
        "truths", "void_invoice", "Void: neither due nor overdue.", {"stripe__invoice.id": [key]}
    )
    # A second subscription, priced in a currency nobody has a rate for.
    other = world.account(140)
    landing["stripe.price"].add(
        id="price_odd_zzz_1m",
        product_id="prod_planner",
        unit_amount=40000,
        currency="zzz",
        recurring_interval="month",
        recurring_interval_count=1,
        type="recurring",
        active=True,
        _fivetran_synced=START,
    )
    landing["stripe.subscription_item"].add(
        id="si_demo_odd",
        subscription_id="sub_demo_odd",
        plan_id="price_odd_zzz_1m",
        quantity=2,
        _fivetran_synced=START,
    )
    since = datetime(2025, 9, 1)
    landing["stripe.subscription_history"].add(
        id="sub_demo_odd",
        customer_id=customer_id(other),
        status="active",
        created=since,
        start_date=since,
        current_period_start=since,
        current_period_end=datetime(2026, 7, 1),
        cancel_at_period_end=False,
        quantity=2,
        _fivetran_start=since,
        _fivetran_end=FOREVER,
        _fivetran_active=True,
        _fivetran_synced=synced(since),
    )
    truths.plant(
        "dirt",
        "subscription_of_unknown_currency",
        "Priced in 'zzz'.",
        {
            "stripe__subscription_history.id": ["sub_demo_odd"],
            "stripe__price.id": ["price_odd_zzz_1m"],
        },
    )
