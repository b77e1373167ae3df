"""The benchmarks: `python -m bench.run [NAME ...] --size M`; `bench/README.md` shows what came of them.

Every figure that is a ratio has both its sides measured here, in one run.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from bench.generate import LAST_DAY, SIZES, Size, generate, tables
from bench.measure import REPOSITORY, Cost, machine, measure, python
from bench.postgres import Postgres
from bench.warehouse import Warehouse, landed_rows, landed_vendors

RESULTS = Path(__file__).with_name("results")
WORK = Path(os.environ.get("VOC_BENCH_FOLDER", Path(tempfile.gettempdir()) / "voc-bench"))

#: What the open packages for tickets took for the same figures, on a like machine.
PEER_CPU_S = 37.1
PEER_POSTGRES_S = 952.0
#: 200,000 tickets with 1.04 million comments and 3.0 million changes.
PEER_TICKETS = Size(
    accounts=1_650,
    contacts_an_account=16.0,
    tickets_an_account=158.5,
    comments_a_ticket=4.38,
    custom_fields=7,
    sla_share=1.0,
)
#: Accounts of the benchmark of PostgreSQL.
POSTGRES_ACCOUNTS = 1_340
#: Accounts of the benchmark of data tests.
CHECKED_ACCOUNTS = 5_000
#: A mart is published so often: what one leaves, the next meets.
PUBLISHES = 3
TICKET_VENDORS = ("salesforce", "zendesk")
TICKET_VARIABLES = {
    "survey_vendors": ["zendesk"],
    "usage_vendors": [],
    "billing_vendors": [],
    "employee_vendors": [],
}

Result = dict[str, Any]


def landed(accounts: int) -> Path:
    """The folder with the landed tables of a size, made when it is not there."""
    folder = WORK / f"landed-{accounts}"
    if not folder.exists():
        part = folder.with_suffix(".part")
        shutil.rmtree(part, ignore_errors=True)
        generate(part, Size(accounts))
        part.rename(folder)
    return folder


def full(accounts: int) -> Result:
    """Full `dbt run`, and its data tests."""
    warehouse = Warehouse(WORK / f"full-{accounts}", landed(accounts))
    warehouse.create()
    warehouse.dbt("seed", name="seed")
    run = warehouse.dbt("run", name="run")
    models = warehouse.model_times()
    tests = warehouse.dbt("test", "--exclude-resource-type", "unit_test", name="test")
    return {
        "landed_rows": sum(landed_rows(warehouse.landed).values()),
        "run": run.as_row(),
        "tests": tests.as_row(),
        "slowest_models": dict(sorted(models.items(), key=lambda model: -model[1])[:15]),
        "database_gib": round(warehouse.database.stat().st_size / 2**30, 2),
    }


def checks(accounts: int) -> Result:
    """All data tests over 5,000 accounts, whatever the size asked for: a figure to watch, for it is soon had."""
    del accounts
    found = full(CHECKED_ACCOUNTS)
    return {
        "accounts": CHECKED_ACCOUNTS,
        **{name: found[name] for name in ("landed_rows", "tests")},
    }


def limit(accounts: int) -> Result:
    """The marts of limit.sql by dbt, with all they stand on, and by limit.sql alone."""
    from bench.limit import DATABASE, MARTS, differences

    warehouse = Warehouse(WORK / f"limit-{accounts}", landed(accounts))
    warehouse.create()
    warehouse.dbt("seed", name="seed")
    run = warehouse.dbt("run", "--select", *(f"+{mart}" for mart in MARTS), name="run")
    script = WORK / f"limit-{accounts}" / DATABASE
    script.unlink(missing_ok=True)
    by_hand = measure(
        python("bench.limit", str(warehouse.landed), str(script)),
        warehouse.environment,
        warehouse.folder / "logs" / "limit.log",
    )
    unequal = differences(warehouse.database, script)
    if unequal:
        raise SystemExit(f"limit.sql does not give what dbt gives: {unequal}")
    return {
        "marts": MARTS,
        "dbt": run.as_row(),
        "script": by_hand.as_row(),
        "ratio_wall": round(run.wall_s / by_hand.wall_s, 2),
        "ratio_cpu": round(run.cpu_s / by_hand.cpu_s, 2),
    }


def growth(accounts: int) -> Result:
    """Full runs of S and of a quarter, half and all of the size: time per million landed rows."""
    sizes = sorted({SIZES["S"], accounts // 4, accounts // 2, accounts})
    rows = []
    for size in sizes:
        warehouse = Warehouse(WORK / f"growth-{size}", landed(size))
        warehouse.create()
        warehouse.dbt("seed", name="seed")
        cost = warehouse.dbt("run", name="run")
        millions = sum(landed_rows(warehouse.landed).values()) / 1e6
        rows.append(
            {
                "accounts": size,
                "million_rows": round(millions, 2),
                **cost.as_row(),
                "wall_s_per_million": round(cost.wall_s / millions, 3),
                "cpu_s_per_million": round(cost.cpu_s / millions, 3),
            }
        )
        shutil.rmtree(warehouse.folder)
    return {"sizes": rows}


def tickets(accounts: int) -> Result:
    """The ticket part alone, on the data of the open packages' baseline, on both engines."""
    del accounts
    folder = WORK / "landed-tickets"
    if not folder.exists():
        own = {table.name for table in tables() if table.name.split(".")[0] in TICKET_VENDORS}
        own -= {
            "salesforce.root_cause_analysis_c"
        }  # they name answers to surveys that are not here
        generate(folder, PEER_TICKETS, only=own)
    warehouse = Warehouse(WORK / "tickets", folder, variables=TICKET_VARIABLES)
    warehouse.create()
    warehouse.dbt("seed", name="seed")
    runs = [
        warehouse.dbt("run", "--full-refresh", "--select", "+fct_tickets", name=f"run-{n}")
        for n in range(3)
    ]
    models = warehouse.model_times()
    typical = sorted(runs, key=lambda run: run.cpu_s)[1]
    counts = {
        name: rows for name, rows in landed_rows(folder).items() if name.startswith("zendesk.")
    }
    with Postgres(WORK / "tickets-postgres") as server:
        load = server.load(folder, TICKET_VENDORS)
        environment = {**warehouse.environment, **server.environment}
        selection = ("--target", "postgres", "--vars", warehouse.dbt_variables())
        measure(
            python("dbt.cli.main", "seed", *selection),
            environment,
            WORK / "tickets/logs/pg-seed.log",
        )
        on_postgres = measure(
            python("dbt.cli.main", "run", "--select", "+fct_tickets", *selection),
            environment,
            WORK / "tickets/logs/pg-run.log",
            watched=server.pid,
        )
        postgres_models = warehouse.model_times()
    return {
        "landed": counts,
        "duckdb": typical.as_row(),
        "duckdb_all": [run.as_row() for run in runs],
        "duckdb_models": dict(sorted(models.items(), key=lambda model: -model[1])[:10]),
        "share_of_peer_cpu": round(typical.cpu_s / PEER_CPU_S, 3),
        "postgres_load_s": round(load, 1),
        "postgres": on_postgres.as_row(),
        "postgres_models": dict(sorted(postgres_models.items(), key=lambda model: -model[1])[:10]),
        "share_of_peer_postgres": round(on_postgres.wall_s / PEER_POSTGRES_S, 3),
    }


def postgres(accounts: int) -> Result:
    """All models on DuckDB and on PostgreSQL, and the published marts, at a size that both soon build."""
    del accounts
    warehouse = Warehouse(WORK / "postgres", landed(POSTGRES_ACCOUNTS))
    warehouse.create()
    warehouse.dbt("seed", name="seed")
    on_duckdb = warehouse.dbt("run", "--full-refresh", name="run")
    with Postgres(WORK / "postgres-load") as server:
        server.load(warehouse.landed, landed_vendors(warehouse.landed))

        def dbt(name: str, *arguments: str) -> Cost:
            return warehouse.dbt(
                *(*arguments, "--target", "postgres"),
                name=f"pg-{name}",
                environment=server.environment,
                watched=server.pid,
            )

        dbt("seed", "seed")
        on_postgres = dbt("run", "run")
        models = warehouse.model_times()
        publishes = [dbt("publish", "run-operation", "publish") for _ in range(PUBLISHES)]
        room = {schema: server.mebibytes(schema) for schema in ("marts", "published")}
        account = server.milliseconds_of_accounts("published", "account_id")
    return {
        "accounts": POSTGRES_ACCOUNTS,
        "landed_rows": sum(landed_rows(warehouse.landed).values()),
        "duckdb": on_duckdb.as_row(),
        "postgres": on_postgres.as_row(),
        "ratio_wall": round(on_postgres.wall_s / on_duckdb.wall_s, 2),
        "postgres_models": dict(sorted(models.items(), key=lambda model: -model[1])[:15]),
        "publishes": [cost.as_row() for cost in publishes],
        "room_mib": room,
        "account_ms": account,
    }


def incremental(accounts: int) -> Result:
    """A full build as of a day, then the rows of the next day and a run on top."""
    before = LAST_DAY - timedelta(days=1)
    folder = WORK / f"landed-{accounts}-days"
    if folder.exists():
        shutil.rmtree(folder)
    generate(folder, Size(accounts), last_day=before)
    warehouse = Warehouse(WORK / f"incremental-{accounts}", folder)
    warehouse.create()
    warehouse.dbt("seed", name="seed")
    whole = warehouse.dbt("run", name="full", as_of=str(before))
    rows_before = sum(landed_rows(folder).values())
    generate(folder, Size(accounts), first_day=LAST_DAY)
    daily = warehouse.dbt("run", name="daily")
    models = warehouse.model_times()
    result = {
        "new_rows": sum(landed_rows(folder).values()) - rows_before,
        "full": whole.as_row(),
        "daily": daily.as_row(),
        "share_wall": round(daily.wall_s / whole.wall_s, 4),
        "share_cpu": round(daily.cpu_s / whole.cpu_s, 4),
        "slowest_daily_models": dict(sorted(models.items(), key=lambda model: -model[1])[:15]),
    }
    shutil.rmtree(folder)
    shutil.rmtree(warehouse.folder)
    return result


def overhead(accounts: int) -> Result:
    """What dbt costs before a row is read: parsing, a run of the demo by model, and a whole build."""
    del accounts
    folder = WORK / "demo"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    warehouse = Warehouse(folder, folder)
    environment = {**warehouse.environment, "VOC_PUBLISHED_PATH": str(folder / "voc_marts.duckdb")}

    def timed(name: str, command: list[str]) -> Cost:
        return measure(command, environment, folder / "logs" / f"{name}.log")

    parse = timed("parse", python("dbt.cli.main", "parse", "--no-partial-parse"))
    parse_again = timed("parse-again", python("dbt.cli.main", "parse"))
    build = timed("build", python("voc_cli", "build"))
    run = timed("run", python("dbt.cli.main", "run"))
    models = warehouse.model_times()
    return {
        "parse": parse.as_row(),
        "parse_again": parse_again.as_row(),
        "build": build.as_row(),
        "run": run.as_row(),
        "models": len(models),
        "median_model_s": round(statistics.median(models.values()), 3),
        "run_s_per_model": round((run.wall_s - parse_again.wall_s) / len(models), 3),
    }


def weighting(accounts: int) -> Result:
    """Role-weighted NPS with intervals, a million accounts, on one core."""
    del accounts
    folder = WORK / "weighting"
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "result.json"
    one_thread = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")}
    measure(python("bench.weighting", str(file)), one_thread, folder / "log")
    return json.loads(file.read_text())


BENCHMARKS: dict[str, Callable[[int], Result]] = {
    "overhead": overhead,
    "weighting": weighting,
    "tickets": tickets,
    "postgres": postgres,
    "full": full,
    "checks": checks,
    "limit": limit,
    "growth": growth,
    "incremental": incremental,
}


def main() -> None:
    """Run benchmarks, keep what came of them, and write the page of results."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", choices=[[], *BENCHMARKS], default=[])
    parser.add_argument("--size", default="M", help="S, M, L or a number of accounts")
    arguments = parser.parse_args()
    accounts = SIZES.get(arguments.size) or int(arguments.size)
    RESULTS.mkdir(exist_ok=True)
    for name in arguments.names or BENCHMARKS:
        print(f"{name} ...", flush=True)
        started = time.monotonic()
        result = BENCHMARKS[name](accounts)
        document = {
            "benchmark": name,
            "accounts": accounts,
            "on": str(date.today()),
            "machine": machine(),
            **result,
        }
        file = RESULTS / f"{name}.json"
        file.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
        print(
            f"  {time.monotonic() - started:.0f} s, written to {file.relative_to(REPOSITORY)}",
            flush=True,
        )
    from bench.report import write_report

    write_report()


if __name__ == "__main__":
    sys.exit(main())
