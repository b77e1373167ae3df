"""dbt commands run in this process, and what to tell the user when one of them fails."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

from dbt.cli.main import dbtRunner, dbtRunnerResult

from voc_cli.settings import UserError

MAX_NODES_SHOWN = 5
MAX_MESSAGE_CHARACTERS = 300
FAILED_STATUSES = {"error", "fail", "runtime error", "partial success"}

# They decide which warehouse a command works on, so the summary repeats what the build was given.
CONNECTION_OPTIONS = {"--vars": [], "--target": ["-t"], "--profile": [], "--profiles-dir": []}
PARTIAL_OPTIONS = {
    *("--select", "-s", "--models", "--model", "-m", "--exclude", "--selector"),
    *("--resource-type", "--resource-types", "--exclude-resource-type", "--exclude-resource-types"),
    *("--empty", "--sample"),
}


@dataclass(frozen=True)
class DbtArguments:
    """What the user passed on to dbt, and the parts of it that matter here."""

    all: list[str]
    connection: list[str]
    variables: str | None
    target: str | None
    is_partial: bool


def read_arguments(arguments: Sequence[str]) -> DbtArguments:
    """Pick out of dbt's arguments what this package must know; UserError when a value is missing."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    for option, short_forms in CONNECTION_OPTIONS.items():
        parser.add_argument(option, *short_forms)
    try:
        known, others = parser.parse_known_args(list(arguments))
    except argparse.ArgumentError as error:
        raise UserError(str(error)) from error
    values = {option: getattr(known, option[2:].replace("-", "_")) for option in CONNECTION_OPTIONS}
    return DbtArguments(
        all=list(arguments),
        connection=[part for item in values.items() if item[1] is not None for part in item],
        variables=known.vars,
        target=known.target,
        is_partial=any(part.split("=")[0] in PARTIAL_OPTIONS for part in others),
    )


def run_dbt(arguments: Sequence[str]) -> dbtRunnerResult:
    """Run one dbt command; it prints its own progress and never raises."""
    return dbtRunner().invoke(list(arguments))


def failure_text(result: dbtRunnerResult) -> str:
    """Say in one short paragraph which nodes of a failed run failed, and with what message."""
    if result.exception is not None:
        return f"dbt stopped before it built anything: {_shorten(str(result.exception))}"
    nodes = getattr(result.result, "results", [])
    failed = [node for node in nodes if node.status in FAILED_STATUSES]
    skipped = sum(node.status == "skipped" for node in nodes)
    lines = [f"{len(failed)} of {len(nodes)} nodes failed, and {skipped} were skipped because of them:"]
    for node in failed[:MAX_NODES_SHOWN]:
        lines.append(f"  {node.node.resource_type} {node.node.name}: {_shorten(node.message or '')}")
    if len(failed) > MAX_NODES_SHOWN:
        lines.append(f"  and {len(failed) - MAX_NODES_SHOWN} more: see logs/dbt.log")
    return "\n".join(lines)


def advice_text(failure: str) -> str:
    """Say what to do about a failure, given its text."""
    if "Could not set lock" in failure or "Conflicting lock" in failure:
        return (
            "Another program has the DuckDB file open. Close it, or let it read a copy: one process"
            " may write, and readers open the file read-only after the build."
        )
    if "Profile" in failure and "not" in failure:
        return "Look at profiles.yml (profiles.example.yml shows what it should hold), then try again."
    return "Mend the cause and run the build again; the full messages are in logs/dbt.log."


def _shorten(message: str) -> str:
    text = " ".join(message.split())
    return text if len(text) <= MAX_MESSAGE_CHARACTERS else text[: MAX_MESSAGE_CHARACTERS - 3] + "..."
