"""dbt commands run in this process, and what to tell the user when one of them fails."""

from __future__ import annotations

import argparse
import json
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dbt.cli.main import dbtRunner, dbtRunnerResult
from dbt_common.events.base_types import EventMsg

from voc_cli.settings import UserError

MAX_NODES_SHOWN = 5
MAX_MESSAGE_CHARACTERS = 800
SILENT = ("--log-level", "none", "--no-write-json")
FAILED_STATUSES = {"error", "fail", "runtime error", "partial success"}

# They decide which warehouse a command works on, so the summary repeats what the build was given.
CONNECTION_OPTIONS = {"--vars": [], "--target": ["-t"], "--profile": [], "--profiles-dir": []}
PARTIAL_OPTIONS = {
    *("--select", "-s", "--models", "--model", "-m", "--exclude"),
    *("--resource-type", "--resource-types", "--empty", "--sample"),
}
EXCLUDED_TYPES = ("--exclude-resource-type", "--exclude-resource-types")
NO_MODELS = {"test", "unit_test"}
WHOLE_SELECTORS = {None, "full", "lean"}

# What a warehouse says when it cannot be written, and what its user is to do.
CAUSES = {
    "set lock": "Another program has the DuckDB file open: close it and try again."
    " One process may write; dashboards and notebooks read the published marts instead.",
    "No space left|File too large|disk is full|could not extend file": "The disk is full. Free some"
    " space and build again: it begins anew, and until then readers have the marts published last.",
    "Permission denied|Read-only file system|read-only": "The warehouse cannot be written: its file"
    " or folder is read-only. Change that, or set VOC_DUCKDB_PATH to another file.",
}


@dataclass(frozen=True)
class DbtArguments:
    """What the user passed on to dbt, and the parts of it that matter here."""

    all: list[str]
    connection: list[str]
    target: str | None
    profiles_dir: str | None
    variables: str | None
    is_partial: bool


def own_parser() -> argparse.ArgumentParser:
    """A parser for a command's own options, which stand among dbt's."""
    return argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)


def pick_out(
    parser: argparse.ArgumentParser, arguments: Sequence[str]
) -> tuple[argparse.Namespace, list[str]]:
    """The parser's options and all other arguments; UserError when a value is missing."""
    try:
        return parser.parse_known_args(list(arguments))
    except argparse.ArgumentError as error:
        raise UserError(str(error)) from error


def read_arguments(arguments: Sequence[str]) -> DbtArguments:
    """Pick out of dbt's arguments what matters here; UserError when a value is missing."""
    parser = own_parser()
    for option, short_forms in CONNECTION_OPTIONS.items():
        parser.add_argument(option, *short_forms)
    parser.add_argument("--selector")
    parser.add_argument(*EXCLUDED_TYPES, dest="excluded", nargs="+", action="extend", default=[])
    known, others = pick_out(parser, arguments)
    values = {option: getattr(known, option[2:].replace("-", "_")) for option in CONNECTION_OPTIONS}
    return DbtArguments(
        all=list(arguments),
        connection=[part for item in values.items() if item[1] is not None for part in item],
        target=known.target,
        profiles_dir=known.profiles_dir,
        variables=known.vars,
        is_partial=any(part.split("=")[0] in PARTIAL_OPTIONS for part in others)
        or known.selector not in WHOLE_SELECTORS
        or not NO_MODELS.issuperset(known.excluded),
    )


def run_dbt(
    arguments: Sequence[str], listener: Callable[[EventMsg], None] | None = None
) -> dbtRunnerResult:
    """Run one dbt command in the working directory; it prints its progress and does not raise.

    `listener` hears every event of the run, whatever is printed.
    """
    # A log that cannot be written, as on a full disk, is no reason to print a stack trace.
    logging.raiseExceptions = False
    return dbtRunner(callbacks=[listener] if listener else []).invoke(list(arguments))


def run_operation(macro: str, arguments: Mapping[str, str], connection: Sequence[str]) -> None:
    """Run a macro of the project; UserError with what it says when it fails."""
    said: list[str] = []

    def listen(event: EventMsg) -> None:
        if event.info.level == "error":
            said.append(event.info.msg)

    command = ["run-operation", macro, "--args", json.dumps(arguments)]
    if not run_dbt([*command, *SILENT, *connection], listen).success:
        raise UserError(f"{macro} failed: {_with_advice(' '.join(said))}")


def check_connection(connection: Sequence[str]) -> None:
    """Ask the warehouse that these dbt arguments choose for one row; UserError when it fails."""
    result = run_dbt(["show", "--inline-direct", "select 1 as one", *SILENT, *connection])
    if result.success:
        return
    cause = _shorten(str(result.exception))
    advice = "Look at profiles.yml and the variables it reads (profiles.example.yml explains)."
    if not Path("profiles.yml").exists():
        advice = "There is no profiles.yml: copy profiles.example.yml to profiles.yml (make does)."
    raise UserError(f"The warehouse cannot be reached: {cause}\n{_advice(cause) or advice}")


def failure_text(result: dbtRunnerResult) -> str:
    """Say in one short paragraph which nodes of a failed run failed, and with what message.

    Of a cause that lies in the warehouse, such as a full disk, every later node only says that it
    cannot go on: then it is the cause that is told, once.
    """
    if result.exception is not None:
        return f"dbt stopped: {_with_advice(str(result.exception))}"
    nodes = list(getattr(result.result, "results", []))
    failed = [node for node in nodes if node.status in FAILED_STATUSES]
    for node in failed:
        if _advice(node.message or ""):
            return _with_advice(node.message)
    skipped = sum(node.status == "skipped" for node in nodes)
    skipped_too = f", and {skipped} that need them were skipped" if skipped else ""
    lines = [f"{len(failed)} of {len(nodes)} nodes failed{skipped_too}:"]
    for node in failed[:MAX_NODES_SHOWN]:
        lines.append(
            f"  {node.node.resource_type} {node.node.name}: {_shorten(node.message or '')}"
        )
    if len(failed) > MAX_NODES_SHOWN:
        lines.append(f"  and {len(failed) - MAX_NODES_SHOWN} more")
    return "\n".join(lines)


def _advice(message: str) -> str | None:
    return next((advice for said, advice in CAUSES.items() if re.search(said, message)), None)


def _with_advice(message: str) -> str:
    return "\n".join(filter(None, [_shorten(message), _advice(message)]))


def _shorten(message: str) -> str:
    # What follows is dbt's list of the macros it was in, which says nothing about the cause.
    text = " ".join(message.split("> in macro")[0].split())
    return (
        text if len(text) <= MAX_MESSAGE_CHARACTERS else text[: MAX_MESSAGE_CHARACTERS - 3] + "..."
    )
