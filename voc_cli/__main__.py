"""Entry point: `python -m voc_cli COMMAND [dbt arguments]`; USAGE lists the commands."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
USAGE = """usage: python -m voc_cli COMMAND [dbt arguments]

commands:
  build      check the settings, run `dbt build`, publish the marts, print the headline figures
  publish    show readers the marts of the last build (`build` does it by itself)
  summary    print the headline figures of the warehouse that is there
  export     write the published marts as Parquet and CSV, with a dictionary and what a CRM is to be told;
             --to FOLDER instead of exports/, --full tells everything again (docs/exports.md)
  dashboard  write the published marts as a site to read in a browser (docs/dashboard.md)
  superset   write the dashboard's overview as assets to import into Superset; --uri names the database
             as Superset reaches it (docs/bi.md)
  quality    check the landed tables and the public marts that are there (docs/quality.md)
  check      check the settings only: vendor lists, policy seeds and connection
  contracts  remake docs/contracts.md and docs/landed-tables.md from the domain contracts and the staging models
  erase      build without the people in erasure_requests and leave no trace of them in the DuckDB file;
             --landed deletes them from the landed tables of the same database too (docs/privacy.md)

Everything after the command goes to dbt, for example: build --target postgres"""

NEXT_STEPS = """\
Next: read the marts (schema marts); marts.quarantined_records says what was set aside, and why.
  .venv/bin/dbt show --inline "select * from {{ ref('account_health_latest') }}" --limit 10
  .venv/bin/dbt show --inline "select * from {{ ref('case_worklist') }} order by rank" --limit 10
  .venv/bin/voc-weights what-if --pillar voc=0.4    # who would change band if voice weighed more
For your own data set voc_demo: false and the vendor lists in dbt_project.yml, then build again."""


def main(arguments: list[str]) -> int:
    """Run one command and return its exit code: 0 done, 1 dbt or a check failed, 2 settings to mend."""
    try:
        import dbt.cli.main  # noqa: F401
        import yaml  # noqa: F401

        import voc_weighting  # noqa: F401
    except ImportError as error:
        return _complain(
            f"{error.name} is not installed here. Run `make env`, then use .venv/bin/python."
        )

    from voc_cli.settings import UserError

    commands = {
        "build": _build,
        "publish": _publish,
        "summary": _summary,
        "export": _export,
        "dashboard": _dashboard,
        "superset": _superset,
        "quality": _quality,
        "check": _check,
        "contracts": _contracts,
        "erase": _erase,
    }
    if not arguments or arguments[0] not in commands:
        asked_for_help = bool(arguments) and arguments[0] in {"help", "-h", "--help"}
        print(USAGE, file=sys.stdout if asked_for_help else sys.stderr)
        return 0 if asked_for_help else 2
    os.chdir(ROOT)
    try:
        return commands[arguments[0]](arguments[1:])
    except UserError as error:
        return _complain(str(error))
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130
    except Exception as error:  # a user sees a sentence, never a traceback
        if os.environ.get("VOC_DEBUG"):
            raise
        return _complain(
            f"An error that nobody foresaw: {type(error).__name__}: {error}\n"
            "Run again with VOC_DEBUG=1 for the details, and please report it."
        )


def _check(arguments: list[str]) -> int:
    from voc_cli.dbt_runs import check_connection, read_arguments
    from voc_cli.settings import check_policy_seeds, check_vendors, load_variables

    dbt_arguments = read_arguments(arguments)
    variables = load_variables(ROOT, dbt_arguments.variables)
    lists = check_vendors(variables, ROOT)
    check_policy_seeds(variables, ROOT)
    check_connection(dbt_arguments.connection)
    for name, vendors in lists.items():
        print(f"  {name}: {', '.join(vendors) or 'none'}")
    print("  policy seeds: every rule kept")
    return 0


def _summary(arguments: list[str]) -> int:
    from voc_cli.dbt_runs import check_connection, read_arguments
    from voc_cli.summary import read_figures, render

    connection = read_arguments(arguments).connection
    check_connection(connection)
    print(render(read_figures(connection)))
    return 0


def _quality(arguments: list[str]) -> int:
    from quality.command import check_quality

    return check_quality(ROOT, arguments)


def _export(arguments: list[str]) -> int:
    from voc_cli.export import export

    return export(ROOT, arguments)


def _dashboard(arguments: list[str]) -> int:
    from dashboard.command import make_dashboard

    return make_dashboard(ROOT, arguments)


def _superset(arguments: list[str]) -> int:
    from dashboard.superset import make_superset

    return make_superset(ROOT, arguments)


def _contracts(arguments: list[str]) -> int:
    from voc_cli.contracts import write_contracts
    from voc_cli.landed_tables import write_landed_tables

    for page in (write_contracts(ROOT), write_landed_tables(ROOT)):
        print(f"Wrote {page.relative_to(ROOT)}")
    return 0


def _publish(arguments: list[str]) -> int:
    from voc_cli.dbt_runs import check_connection, read_arguments
    from voc_cli.publishing import credentials_of, only_build, publish

    dbt_arguments = read_arguments(arguments)
    credentials = credentials_of(dbt_arguments, ROOT)
    with only_build(credentials):
        check_connection(dbt_arguments.connection)
        print(f"Published the marts to {publish(credentials, dbt_arguments.connection)}")
    return 0


def _erase(arguments: list[str]) -> int:
    from voc_cli.dbt_runs import read_arguments
    from voc_cli.erase import LANDED, erase
    from voc_cli.publishing import credentials_of, only_build
    from voc_cli.settings import UserError

    for_dbt = [argument for argument in arguments if argument != LANDED]
    dbt_arguments = read_arguments(for_dbt)
    if dbt_arguments.is_partial:
        raise UserError("erase takes no selection: who is forgotten is forgotten everywhere.")
    credentials = credentials_of(dbt_arguments, ROOT)
    with only_build(credentials):
        _check(for_dbt)
        erase(dbt_arguments, credentials, landed=LANDED in arguments)
    return 0


def _build(arguments: list[str]) -> int:
    from voc_cli.dbt_runs import failure_text, read_arguments, run_dbt
    from voc_cli.publishing import credentials_of, only_build, publish
    from voc_cli.summary import read_figures, render

    started = time.monotonic()
    dbt_arguments = read_arguments(arguments)
    connection = dbt_arguments.connection
    credentials = credentials_of(dbt_arguments, ROOT)
    with only_build(credentials):
        print("[1/4] Checking the settings ...", flush=True)
        _check(arguments)
        print("[2/4] Building with dbt ...", flush=True)
        result = run_dbt(["build", *arguments])
        if not result.success:
            print(
                f"\nThe build failed, and what was published before stays. {failure_text(result)}\n"
                "Mend the cause and build again. The messages in full are above.",
                file=sys.stderr,
            )
            return 1
        if dbt_arguments.is_partial:
            print("[3/4] Only a part was built: nothing is published (`make publish` would).")
            print("[4/4] No summary either: `make summary` shows what is there.")
            return 0
        print("[3/4] Publishing the marts ...", flush=True)
        published = publish(credentials, connection)
        print("[4/4] The warehouse in short:\n", flush=True)
        print(render(read_figures(connection)))
    print(f"\nDone in {time.monotonic() - started:.0f} s. Published to {published}.\n{NEXT_STEPS}")
    return 0


def _complain(text: str) -> int:
    print(f"voc: {text}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
