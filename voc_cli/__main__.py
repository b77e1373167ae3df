"""Entry point: `python -m voc_cli COMMAND [dbt arguments]`; USAGE lists the commands."""

from __future__ import annotations

import gc
import importlib.util
import os
import sys
import time
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from voc_cli.arguments import DbtArguments

ROOT = Path(__file__).resolve().parent.parent
USAGE = """usage: python -m voc_cli COMMAND [dbt arguments]

commands:
  build      check the settings, run `dbt build`, publish the marts, print the headline figures
  publish    show readers the marts, if one complete build made them all (`build` does it by itself)
  summary    print the headline figures of the warehouse that is there
  export     write the published marts as Parquet and CSV, with a dictionary and what a CRM is to be told;
             --to FOLDER instead of exports/, --full tells everything again, --excel adds CSV for spreadsheets
             (docs/exports.md)
  dashboard  write the published marts as a site to read in a browser (docs/dashboard.md)
  superset   write the dashboard's overview as assets to import into Superset; --uri names the database
             as Superset reaches it (docs/bi.md)
  quality    check the landed tables and the public marts that are there (docs/quality.md)
  check      check the settings only: vendor lists, policy seeds and connection
  contracts  remake docs/contracts.md and docs/landed-tables.md from the domain contracts and the staging models
  erase      show whom erasure_requests reach, ask, build without them and leave no trace of them in the DuckDB file,
             exports and sites; --landed deletes them from the landed tables of the same database too, --yes does
             not ask (docs/privacy.md)

Everything after the command goes to dbt, for example: build --target postgres

in the environment:
  CHECK=1           build runs dbt's unit tests too, and every data test by itself
  VERBOSE=1         everything dbt says, not one line of progress (it is in logs/dbt.log in any case)
  VOC_AS_OF_DATE    the day as of which to build, where the variable as_of_date is not set"""

NEXT_STEPS = """\
Next: read the marts (schema marts); marts.quarantined_records says what was set aside, and why.
  .venv/bin/dbt show --inline "select * from {{ ref('account_health_latest') }}" --limit 10
  .venv/bin/dbt show --inline "select * from {{ ref('case_worklist') }} order by rank" --limit 10
  .venv/bin/voc-weights what-if --pillar voc=0.4    # who would change band if voice weighed more"""
OWN_DATA = "For your own data set voc_demo: false and the vendor lists in dbt_project.yml, then build again."


def main(arguments: list[str]) -> int:
    """Run one command and return its exit code: 0 done, 1 dbt or a check failed, 2 settings to mend."""
    # Looked for, not imported: dbt takes seconds, and a wrong setting is told in the first of them.
    for package in ("dbt", "yaml", "voc_weighting"):
        if importlib.util.find_spec(package) is None:
            return _complain(
                f"{package} is not installed here. Run `make env`, then use .venv/bin/python."
            )
    # What dbt makes lives until its end: looking for garbage takes a fifth of the time it needs.
    gc.set_threshold(200_000, 50, 50)

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
    chosen = _check_settings(arguments)
    with _lock(chosen):
        _check_landed(chosen)
    for name, vendors in chosen.vendors.items():
        print(f"  {name}: {', '.join(vendors) or 'none'}")
    print("  policy seeds: every rule kept")
    return 0


@dataclass(frozen=True)
class _Chosen:
    """What a command works on: sound settings, and the warehouse they choose."""

    dbt: DbtArguments
    variables: dict[str, Any]
    vendors: dict[str, list[str]]
    credentials: Any


def _check_settings(arguments: list[str]) -> _Chosen:
    """Settings and policy, before dbt is imported; then where the warehouse is."""
    from voc_cli.arguments import read_arguments
    from voc_cli.settings import (
        check_policy_seeds,
        check_settings,
        check_target,
        load_variables,
    )

    dbt_arguments = read_arguments(arguments)
    variables = load_variables(ROOT, dbt_arguments.variables)
    vendors = check_settings(variables, ROOT)
    check_target(ROOT, dbt_arguments.target, dbt_arguments.profiles_dir)
    check_policy_seeds(variables, ROOT)

    from voc_cli.publishing import credentials_of

    return _Chosen(dbt_arguments, variables, vendors, credentials_of(dbt_arguments, ROOT))


def _lock(chosen: _Chosen) -> AbstractContextManager[None]:
    from voc_cli.publishing import only_build

    return only_build(chosen.credentials)


def _check_landed(chosen: _Chosen) -> None:
    """Is there what is to be built from? Who asks is the only one who writes here, so what killed ones left goes."""
    from voc_cli.made import remove_spill, remove_unfinished
    from voc_cli.publishing import published_file
    from voc_cli.warehouse import check_landed, check_warehouse

    tables = check_warehouse(chosen.credentials, chosen.dbt.connection)
    remove_spill(chosen.credentials)
    if chosen.credentials.type == "duckdb":
        database = Path(chosen.credentials.path).absolute()
        for file in (database, published_file(database)):
            remove_unfinished(file)
    check_landed(tables, chosen.variables, ROOT)


def _check_built(chosen: _Chosen) -> None:
    from voc_cli.warehouse import check_built, check_warehouse

    check_built(check_warehouse(chosen.credentials, chosen.dbt.connection, writes=False))


def _summary(arguments: list[str]) -> int:
    chosen = _check_settings(arguments)
    _check_built(chosen)

    from voc_cli.summary import read_figures, render

    print(render(read_figures(chosen.dbt.connection)))
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
    from voc_cli.publishing import publish

    chosen = _check_settings(arguments)
    with _lock(chosen):
        _check_built(chosen)
        published = publish(chosen.credentials, chosen.dbt.connection)
        print(f"Published the marts to {published}")
    return 0


def _erase(arguments: list[str]) -> int:
    from voc_cli.erase import LANDED, YES, erase
    from voc_cli.settings import UserError

    chosen = _check_settings([it for it in arguments if it not in (LANDED, YES)])
    if chosen.dbt.is_partial:
        raise UserError("erase takes no selection: who is forgotten is forgotten everywhere.")
    with _lock(chosen):
        _check_landed(chosen)
        erase(
            chosen.dbt,
            chosen.credentials,
            ROOT,
            landed=LANDED in arguments,
            agreed=YES in arguments,
        )
    return 0


def _build(arguments: list[str]) -> int:
    started = time.monotonic()
    print("[1/5] Checking the settings ...", flush=True)
    chosen = _check_settings(arguments)
    with _lock(chosen):
        _check_landed(chosen)

        from voc_cli.dbt_runs import LOG, build, failure_text, read_manifest
        from voc_cli.publishing import publish
        from voc_cli.summary import read_figures, render

        print("[2/5] Reading the project ...", flush=True)
        read_manifest(arguments)
        print("[3/5] Building with dbt ...", flush=True)
        result = build(arguments)
        if not result.success:
            print(
                f"\nThe build failed, and what was published before stays. {failure_text(result)}\n"
                f"Mend the cause and build again. {LOG} has the messages in full.",
                file=sys.stderr,
            )
            return 1
        if chosen.dbt.is_partial:
            print("[4/5] Only a part was built: nothing is published before all is built again.")
            print("[5/5] No summary either: `make summary` shows what is there.")
            return 0
        print("[4/5] Publishing the marts ...", flush=True)
        published = publish(chosen.credentials, chosen.dbt.connection)
        print("[5/5] The warehouse in short:\n", flush=True)
        print(render(read_figures(chosen.dbt.connection)))
    print(f"\nDone in {time.monotonic() - started:.0f} s. Published to {published}.\n{NEXT_STEPS}")
    if chosen.variables["voc_demo"]:
        print(OWN_DATA)
    return 0


def _complain(text: str) -> int:
    print(f"voc: {text}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
