"""Entry point: `python -m voc_cli build|summary|check [dbt arguments]`, from the project's root."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
USAGE = """usage: python -m voc_cli COMMAND [dbt arguments]

commands:
  build    check the settings, run `dbt build`, print the headline figures
  summary  print the headline figures of the warehouse that is there
  check    check the vendor lists only

Everything after the command goes to dbt, for example: build --target postgres"""


def main(arguments: list[str]) -> int:
    """Run one command and return the exit code: 0 done, 1 dbt failed, 2 a mistake in the settings."""
    try:
        import dbt.cli.main  # noqa: F401
        import yaml  # noqa: F401
    except ImportError as error:
        return _complain(f"{error.name} is not installed in this Python. Run `make env`, then use .venv/bin/python.")

    from voc_cli.settings import UserError

    commands = {"build": _build, "summary": _summary, "check": _check}
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
    except Exception as error:  # the last line of defence: a user sees a sentence, never a traceback
        if os.environ.get("VOC_DEBUG"):
            raise
        return _complain(
            f"An error that nobody foresaw: {type(error).__name__}: {error}\n"
            "Run again with VOC_DEBUG=1 for the details, and please report it."
        )


def _check(arguments: list[str]) -> int:
    from voc_cli.dbt_runs import read_arguments
    from voc_cli.settings import check_vendors, load_variables

    lists = check_vendors(load_variables(ROOT, read_arguments(arguments).variables), ROOT)
    for name, vendors in lists.items():
        print(f"  {name}: {', '.join(vendors) or 'none'}")
    return 0


def _summary(arguments: list[str]) -> int:
    from voc_cli.dbt_runs import read_arguments
    from voc_cli.summary import read_figures, render

    print(render(read_figures(read_arguments(arguments).connection)))
    return 0


def _build(arguments: list[str]) -> int:
    from voc_cli.dbt_runs import advice_text, failure_text, read_arguments, run_dbt

    started = time.monotonic()
    dbt_arguments = read_arguments(arguments)
    print("[1/3] Checking the settings ...", flush=True)
    _check(arguments)
    print("[2/3] Building with dbt ...", flush=True)
    result = run_dbt(["build", *arguments])
    if not result.success:
        failure = failure_text(result)
        print(f"\nThe build failed. {failure}\n{advice_text(failure)}", file=sys.stderr)
        return 1
    if dbt_arguments.is_partial:
        print("[3/3] Only a part was built, so there is no summary. `make summary` shows what is there.")
        return 0
    print("[3/3] The warehouse in short:\n", flush=True)
    _summary(arguments)
    print(f"\nDone in {time.monotonic() - started:.0f} s.\n{_next_steps()}")
    return 0


def _next_steps() -> str:
    return (
        "Next: the marts are in schema marts, and records that were set aside, with the reason, in\n"
        "marts.quarantined_records. Look at one with:\n"
        "  .venv/bin/dbt show --inline \"select * from {{ ref('account_nps') }}\" --limit 10\n"
        "For your own data set voc_demo: false and the vendor lists in dbt_project.yml, then build again."
    )


def _complain(text: str) -> int:
    print(f"voc: {text}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
