"""Subscription months and usage days, computed a second time in plain Python, row by row."""

from __future__ import annotations

import csv
import random
from collections import defaultdict
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import duckdb
import pytest
from harness import NO_TESTS, REPOSITORY, Project, Row

AS_OF = date(2026, 6, 15)
GENERIC_ONLY = {
    "voc_demo": False,
    "as_of_date": AS_OF.isoformat(),
    **{
        f"{domain}_vendors": ["generic"]
        for domain in ("survey", "crm", "support", "usage", "billing", "employee")
    },
}
NO_USAGE_IS_LOST = (
    "assert_every_landed_usage_row_is_checked",
    "assert_every_usage_event_reaches_the_mart_or_quarantine",
)
CENT = Decimal("0.01")


def month_ends(first: date, last: date) -> list[date]:
    """The last days of the months that are over by `last`."""
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return [day for day in days if (day + timedelta(days=1)).day == 1]


def rate(currency: str, day: date) -> Decimal | None:
    """The exchange rate of the policy seed that holds on a day."""
    with (REPOSITORY / "seeds/policy/exchange_rates.csv").open(
        encoding="utf-8", newline=""
    ) as file:
        known = [
            (row["valid_from"], Decimal(row["rate"]))
            for row in csv.DictReader(file)
            if row["from_currency"] == currency and row["valid_from"] <= day.isoformat()
        ]
    return max(known)[1] if known else None


def subscription_months(
    versions: list[Row], as_of: date
) -> dict[tuple[str, date], tuple[str, Decimal, int]]:
    """Movement, MRR and seats by account and month end, asking each day which version began last."""
    items = defaultdict(list)
    for version in versions:
        if version["valid_to"] is None or version["valid_to"] > version["valid_from"]:
            items[version["subscription_id"], version["item_id"]].append(version)

    def held_on(day: date) -> dict[str, tuple[Decimal, int]]:
        held: dict[str, tuple[Decimal, int]] = {}
        for known in items.values():
            begun = [version for version in known if version["valid_from"].date() <= day]
            if not begun:
                continue
            last = max(begun, key=lambda version: version["valid_from"])
            if last["is_paying"] and (last["valid_to"] is None or last["valid_to"].date() > day):
                mrr, seats = held.get(last["account_id"], (Decimal(0), 0))
                held[last["account_id"]] = (mrr + last["mrr"], seats + last["seats"])
        return {account: value for account, value in held.items() if value[0] > 0}

    months: dict[tuple[str, date], tuple[str, Decimal, int]] = {}
    before: dict[str, tuple[Decimal, int]] = {}
    for day in month_ends(min(version["valid_from"].date() for version in versions), as_of):
        now = held_on(day)
        for account in before.keys() | now.keys():
            mrr, seats = now.get(account, (Decimal(0), 0))
            was = before[account][0] if account in before else None
            if account not in now:
                movement = "churn"
            elif was is None:
                movement = "new"
            else:
                movement = "expansion" if mrr > was else "contraction" if mrr < was else "flat"
            months[account, day] = (movement, mrr, seats)
        before = now
    return months


def usage_days(rows: list[Row]) -> dict[tuple[str, date], tuple[int, int, int, int, int]]:
    """Users, visits, events, modules and sticky users by account and day."""
    days = defaultdict(list)
    for row in rows:
        days[row["account_id"], row["usage_date"]].append(row)
    return {
        key: (
            len({row["user_id"] for row in found}),
            sum(row["logins"] for row in found),
            sum(row["events"] for row in found),
            len({row["module"] for row in found} - {None}),
            len({row["user_id"] for row in found if row["is_sticky"]}),
        )
        for key, found in days.items()
    }


def published_months(project: Project) -> dict[tuple[str, date], tuple[str, Decimal, int]]:
    rows = project.query(
        "select account_id, month_end, movement, mrr, seats, arr from marts.fct_subscription_months"
    )
    assert all(row["arr"] == 12 * row["mrr"] for row in rows)
    return {
        (row["account_id"], row["month_end"]): (row["movement"], row["mrr"], row["seats"])
        for row in rows
    }


def published_days(project: Project) -> dict[tuple[str, date], tuple[int, ...]]:
    rows = project.query(
        "select account_id, usage_date, active_users, logins, events, modules_used, sticky_feature_users"
        " from marts.fct_account_usage_days"
    )
    return {(row.pop("account_id"), row.pop("usage_date")): tuple(row.values()) for row in rows}


@pytest.fixture(scope="module")
def random_world(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Project, Random]:
    """A project built on random generic tables, and the tables."""
    project = Project.copy_of_repository(tmp_path_factory.mktemp("billing_usage") / "project")
    tables = Random(random.Random("billing and usage"))
    tables.land(project)
    outcome = project.dbt(
        "build",
        *NO_TESTS,
        "--select",
        "+fct_subscription_months +fct_account_usage_days +fct_invoices",
        variables=GENERIC_ONLY,
    )
    assert outcome.ok, outcome.output[-4000:]
    return project, tables


class Random:
    """Random landed tables with gaps, overlaps, returns, rows out of order, and broken rows."""

    def __init__(self, chance: random.Random) -> None:
        self.accounts = [f"A{number:02d}" for number in range(30)]
        self.subscriptions = [
            row for account in self.accounts for row in self._subscription(chance, account)
        ]
        self.usage = [self._usage(chance, number) for number in range(4000)]
        chance.shuffle(self.subscriptions)
        self.features = [
            (
                f"f{number}",
                f"feature {number}",
                f"module {number % 4}" if number else None,
                number % 3 == 1,
            )
            for number in range(9)
        ]

    @staticmethod
    def _subscription(chance: random.Random, account: str) -> list[Row]:
        rows = []
        for item in range(chance.randint(1, 3)):
            start = datetime(2024, 1, 1) + timedelta(hours=chance.randint(0, 12000))
            currency = chance.choice(["USD", "usd", "EUR", "GBP", None, "ZZZ"])
            for number in range(chance.randint(1, 7)):
                length = timedelta(hours=chance.choice([0, 5, 30, 700, 1500, 3000]))
                end = chance.choice([start + length, start + length, start + 2 * length, None])
                if chance.random() < 0.04:
                    end = start - timedelta(days=1)
                # Round prices, so that months are flat now and then; odd ones; a few below zero.
                cents = chance.choice([0, 10000, 20000, 30000, chance.randint(-300, 20000)])
                rows.append({
                    "subscription_version_id": f"{account}-{item}-{number}",
                    "subscription_id": f"S-{account}-{item // 2}",
                    "subscription_item_id": str(item % 2) if item else None,
                    "customer_id": account if chance.random() > 0.03 else "nobody",
                    "status": "active",
                    "is_paying": chance.choice([True, True, True, False, None]),
                    "seats": chance.randint(1, 50),
                    "mrr": Decimal(cents) / 100,
                    "currency": currency,
                    "valid_from": start,
                    "valid_to": end,
                })  # fmt: skip
                start += length + timedelta(hours=chance.choice([0, 0, 0, 1500]), minutes=1)
        return rows

    def _usage(self, chance: random.Random, number: int) -> Row:
        account = f"P-{chance.choice(self.accounts)}"
        day = AS_OF + timedelta(days=chance.randint(-60, 2))
        return {
            "usage_day_id": f"u{number - (chance.random() < 0.02)}",
            "product_account_id": chance.choice([account] * 40 + [None, "A05", "P-none"]),
            "product_user_id": f"user {chance.randint(1, 6)}",
            "usage_date": day if chance.random() > 0.02 else None,
            "feature_id": chance.choice([None, "f99", *(f"f{n}" for n in range(9))]),
            "events": chance.randint(0 if chance.random() > 0.02 else -5, 40),
            "logins": chance.randint(0, 2),
            "minutes": chance.random() * 10,
        }

    def land(self, project: Project) -> None:
        text = "varchar"
        project.land(
            "generic", "accounts", {"account_id": text}, [(account,) for account in self.accounts]
        )
        project.land(
            "generic", "subscriptions",
            {
                "subscription_version_id": text, "subscription_id": text, "subscription_item_id": text,
                "customer_id": text, "status": text, "is_paying": "boolean", "seats": "bigint", "mrr": "decimal(18,2)", "currency": text,
                "valid_from": "timestamp", "valid_to": "timestamp",
            },
            self.subscriptions,
        )  # fmt: skip
        project.land(
            "generic", "usage_days",
            {
                "usage_day_id": text, "product_account_id": text, "product_user_id": text, "usage_date": "date",
                "feature_id": text, "events": "bigint", "logins": "bigint", "minutes": "double",
            },
            self.usage,
        )  # fmt: skip
        project.land(
            "generic", "product_accounts", {"product_account_id": text, "account_ref": text},
            [(f"P-{account}", account) for account in self.accounts],
        )  # fmt: skip
        project.land(
            "generic",
            "features",
            {"feature_id": text, "feature_name": text, "module": text, "is_sticky": "boolean"},
            self.features,
        )

    def sound_versions(self) -> list[Row]:
        began: dict[str, date] = {}
        for row in self.subscriptions:
            day = row["valid_from"].date()
            began[row["subscription_id"]] = min(day, began.get(row["subscription_id"], day))
        sound = []
        for row in self.subscriptions:
            exchange = rate((row["currency"] or "USD").upper(), began[row["subscription_id"]])
            if (
                exchange is not None
                and row["mrr"] >= 0
                and row["customer_id"] in self.accounts
                and row["valid_from"].date() <= AS_OF
                and (row["valid_to"] is None or row["valid_to"] >= row["valid_from"])
            ):
                sound.append(
                    {
                        **row,
                        "item_id": row["subscription_item_id"],
                        "account_id": row["customer_id"],
                        "is_paying": row["is_paying"] is not False,
                        "mrr": (row["mrr"] * exchange).quantize(CENT, ROUND_HALF_UP),
                    }
                )
        return sound

    def sound_usage(self) -> list[Row]:
        features = {key: (module, sticky) for key, _, module, sticky in self.features}
        latest: dict[str, Row] = {}
        # Of copies the one with more events counts, then the one with more visits and fewer minutes.
        for row in sorted(
            self.usage, key=lambda row: (row["events"], row["logins"], -row["minutes"])
        ):
            latest[row["usage_day_id"]] = row
        return [
            {
                **row,
                "account_id": row["product_account_id"].removeprefix("P-"),
                "user_id": row["product_user_id"],
                "module": features.get(row["feature_id"], (None, False))[0],
                "is_sticky": features.get(row["feature_id"], (None, False))[1],
            }
            for row in latest.values()
            if row["product_account_id"] not in (None, "P-none")
            and row["usage_date"] is not None
            and row["usage_date"] <= AS_OF
            and row["events"] >= 0
        ]


def test_random_subscriptions_give_the_months_that_plain_python_gives(
    random_world: tuple[Project, Random],
) -> None:
    project, tables = random_world
    expected = subscription_months(tables.sound_versions(), AS_OF)
    assert {movement for movement, _, _ in expected.values()} == {
        "new",
        "expansion",
        "contraction",
        "churn",
        "flat",
    }
    assert published_months(project) == expected


def test_random_usage_gives_the_days_that_plain_python_gives(
    random_world: tuple[Project, Random],
) -> None:
    project, tables = random_world
    assert published_days(project) == usage_days(tables.sound_usage())


def test_every_random_row_is_sound_or_set_aside_with_a_reason(
    random_world: tuple[Project, Random],
) -> None:
    project, tables = random_world
    for model, landed, sound in [
        (
            "int_billing__subscriptions_checked",
            len(tables.subscriptions),
            len(tables.sound_versions()),
        ),
        ("int_usage__usage_days_checked", len(tables.usage), len(tables.sound_usage())),
    ]:
        counts = project.query(
            f"select count(*) as landed, count(quarantine_reason) as set_aside from intermediate.{model}"
        )
        assert counts == [{"landed": landed, "set_aside": landed - sound}]


def test_usage_that_landed_otherwise_is_built_again_by_its_days(
    random_world: tuple[Project, Random], tmp_path: Path
) -> None:
    built, tables = random_world
    project, chance = built.fork(tmp_path / "project"), random.Random("what loaders do")
    features, usage = tables.features, tables.usage
    try:
        for _ in range(4):
            kept = [dict(row) for row in tables.usage if chance.random() > 0.005]
            for row in chance.sample(kept, 12):
                row["events"] = (row["events"] or 0) + chance.choice((1, 5, -90))
            for row in chance.sample(kept, 8):
                row["usage_date"] = chance.choice(kept)["usage_date"]
            # copies on other days, which win or lose, and whose originals may go in a later round
            for row in chance.sample(kept, 8):
                other = chance.choice(kept)
                kept.append(
                    {**row, "usage_date": other["usage_date"], "minutes": row["minutes"] + 1}
                )
            tables.usage = kept
            (key, name, module, sticky), *others = tables.features
            tables.features = [*others, (key, name, "another" if module is None else None, sticky)]
            tables.land(project)
            outcome = project.dbt(
                *("build", "--exclude-resource-type", "unit_test", "--indirect-selection"),
                *("cautious", "--select", "int_usage__*,+fct_account_usage_days"),
                *("fct_account_usage_days", *NO_USAGE_IS_LOST),
                variables=GENERIC_ONLY,
            )
            assert outcome.ok, outcome.output[-4000:]
            assert all(f"PASS {claim}" in outcome.output for claim in NO_USAGE_IS_LOST)
            assert published_days(project) == usage_days(tables.sound_usage())
            compiled = next(
                project.root.glob("target/compiled/**/int_usage__usage_days_checked.sql")
            )
            assert "/* parts usage_date in (" in compiled.read_text(encoding="utf-8")
    finally:
        tables.features, tables.usage = features, usage


def test_usage_of_the_generic_tables_that_is_lost_or_changed_is_found(
    random_world: tuple[Project, Random], tmp_path: Path
) -> None:
    built, _ = random_world
    checked = "intermediate.int_usage__usage_days_checked"
    for number, loss in enumerate(
        (
            f"delete from {checked} where rowid = (select min(rowid) from {checked} where usage_date is null)",
            f"insert into {checked} from {checked} where quarantine_reason = 'duplicate_key' limit 1",
            "update generic.usage_days set product_user_id = 'another' where usage_day_id = (select min(usage_day_id) from generic.usage_days)",
        )
    ):
        project = built.fork(tmp_path / f"project_{number}")
        with duckdb.connect(project.database) as connection:
            assert connection.execute(loss).fetchall()[0][0] > 0
        outcome = project.dbt("test", "--select", *NO_USAGE_IS_LOST, variables=GENERIC_ONLY)
        assert f"Failure in test {NO_USAGE_IS_LOST[0]}" in outcome.output, loss


def test_product_accounts_move_with_all_their_use_whatever_they_are_called(
    random_world: tuple[Project, Random], tmp_path: Path
) -> None:
    built, _ = random_world
    project, odd = built.fork(tmp_path / "project"), "o'dd ; */ (1 = 1) /* parts */ ; id"

    def accounts_with_their_days() -> list[Row]:
        outcome = project.dbt(
            "run", "--select", "int_usage__*,+fct_account_usage_days", variables=GENERIC_ONLY
        )
        assert outcome.ok, outcome.output[-4000:]
        return project.query(
            "select account_id, count(*) as days from intermediate.int_usage__usage_days"
            " where lower(product_account_id) = ? group by account_id",
            [odd.lower()],
        )

    with duckdb.connect(project.database) as connection:
        for name in (odd, odd.upper()):
            connection.execute("insert into generic.product_accounts values (?, 'A01')", [name])
            connection.execute(
                "insert into generic.usage_days select ? || day, ?, 'u', date '2026-06-01' + cast(day as integer), null, 1, 1, 1"
                " from range(3) as days (day)",
                [name, name],
            )
    assert accounts_with_their_days() == [{"account_id": "A01", "days": 6}]
    with duckdb.connect(project.database) as connection:
        connection.execute(
            "update generic.product_accounts set account_ref = 'A02' where lower(product_account_id) = ?",
            [odd.lower()],
        )
    assert accounts_with_their_days() == [{"account_id": "A02", "days": 6}]


def accounts_of(project: Project, keys: dict[str, str]) -> dict[str, str]:
    """Vendor key to surviving CRM account, by way of the CRM key that the vendor names."""
    known = {
        row["account_key"]: row["account_id"]
        for row in project.query("from intermediate.int_crm__account_keys")
    }
    return {key: known[reference] for key, reference in keys.items() if reference in known}


def test_the_demos_stripe_tables_give_its_subscription_months(demo: Project) -> None:
    named = {
        row["id"]: (row["metadata"] or "").partition('account_id": "')[2].partition('"')[0]
        for row in demo.query("select id, metadata from stripe.customer")
    }
    accounts = accounts_of(demo, named)
    prices = {row["id"]: row for row in demo.query("from stripe.price")}
    items = {row["subscription_id"]: row for row in demo.query("from stripe.subscription_item")}
    versions = []
    for row in demo.query("from stripe.subscription_history"):
        price = prices[items[row["id"]]["plan_id"]]
        assert price["recurring_interval"] == "month"
        exchange = rate(price["currency"].upper(), row["start_date"].date())
        if exchange is None or row["customer_id"] not in accounts:
            continue
        minor = 1 if price["currency"] == "jpy" else 100
        monthly = (
            Decimal(price["unit_amount"])
            * row["quantity"]
            / minor
            / price["recurring_interval_count"]
        )
        versions.append(
            {
                "subscription_id": row["id"],
                "item_id": None,
                "account_id": accounts[row["customer_id"]],
                "is_paying": row["status"] == "active",
                "mrr": (monthly.quantize(CENT, ROUND_HALF_UP) * exchange).quantize(
                    CENT, ROUND_HALF_UP
                ),
                "seats": row["quantity"],
                "valid_from": row["_fivetran_start"],
                "valid_to": row["_fivetran_end"] + timedelta(seconds=1)
                if row["_fivetran_end"].year < 9999
                else None,
            }
        )
    assert len(versions) > 300
    assert published_months(demo) == subscription_months(versions, date(2026, 6, 30))


def test_the_demos_pendo_tables_give_its_usage_days(demo: Project) -> None:
    versions = demo.query("from pendo.account_history order by last_updated_at")
    accounts = accounts_of(demo, {row["id"]: row["metadata_crm_account_id"] for row in versions})
    visitor_accounts = defaultdict(set)
    for row in demo.query("select visitor_id, account_id from pendo.visitor_account_history"):
        visitor_accounts[row["visitor_id"]].add(row["account_id"])
    for row in demo.query("select id, account_id from pendo.visitor_history"):
        visitor_accounts[row["id"]].add(row["account_id"])
    areas = {row["id"]: row["name"] for row in demo.query('from pendo."group"')}
    features = {
        row["id"]: row for row in demo.query("from pendo.feature_history order by last_updated_at")
    }

    total: dict[tuple[str, str, date], list[int]] = defaultdict(lambda: [0, 0])
    used = []
    for position, table in enumerate(["event", "feature_event"]):
        for row in demo.query(f"from pendo.{table}"):
            own = visitor_accounts[row["visitor_id"]]
            product_account = row["account_id"] or (next(iter(own)) if len(own) == 1 else None)
            if product_account not in accounts:
                continue
            key = (accounts[product_account], row["visitor_id"], row["timestamp"].date())
            total[key][position] += row["num_events"]
            feature = features[row["feature_id"]] if table == "feature_event" else None
            used.append({
                "account_id": key[0], "user_id": key[1], "usage_date": key[2], "logins": 0, "events": 0,
                "module": areas[feature["group_id"]] if feature else None,
                "is_sticky": bool(feature and feature["is_core_event"]),
            })  # fmt: skip
    # A day of use is one visit; its events are the total, or the feature clicks where those are more.
    for (account, user, day), counts in total.items():
        used.append({
            "account_id": account, "user_id": user, "usage_date": day, "logins": 1, "events": max(counts),
            "module": None, "is_sticky": False,
        })  # fmt: skip
    assert len(used) > 5000
    assert published_days(demo) == usage_days(used)
