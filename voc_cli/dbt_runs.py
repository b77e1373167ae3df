"""dbt commands run in this process, and what to tell the user when one of them fails."""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from dbt.cli.main import dbtRunner, dbtRunnerResult
from dbt.contracts.graph.manifest import Manifest
from dbt_common.events.base_types import EventMsg

from voc_cli.arguments import AT_ONCE, EXCLUDED_TYPES, RULES, read_arguments
from voc_cli.progress import Progress
from voc_cli.settings import UserError

MAX_NODES_SHOWN = 5
MAX_MESSAGE_CHARACTERS = 800
SILENT = ("--log-level", "none", "--no-write-json")
FAILED_STATUSES = {"error", "fail", "runtime error", "partial success"}
PARSE_OPTIONS = ("--no-partial-parse", "--partial-parse")
TYPE_OPTIONS = {"--resource-type", "--resource-types"}
#: Where dbt keeps what it says.
LOG = "logs/dbt.log"
#: What dbt made of the project, by its folder and the arguments that choose the warehouse.
_manifests: dict[tuple[str, ...], Manifest] = {}

# What a warehouse says when it cannot be written, and what its user is to do.
CAUSES = {
    "set lock": "Another program has the DuckDB file open: close it and try again."
    " One process may write; dashboards and notebooks read the published marts instead.",
    "No space left|File too large|disk is full|could not extend file": "The disk is full. Free some"
    " space and build again: it begins anew, and until then readers have the marts published last.",
    "server closed the connection|terminating connection": "The connection to the server was lost. What"
    " was to be done in one transaction is done as a whole or not at all: run it again.",
    "due to lock timeout": "Another session holds what is to be written in an open transaction"
    " (pg_locks and pg_stat_activity name it). Let it end, then run it again.",
    "Permission denied|Read-only file system|read-only": "The warehouse cannot be written: its file"
    " or folder is read-only. Change that, or set VOC_DUCKDB_PATH to another file.",
}


def read_manifest(arguments: Sequence[str]) -> Manifest:
    """Parse the project in the working directory, once for all commands on the same warehouse.

    `arguments` are dbt's, of any command. Raises UserError when the project cannot be parsed.
    """
    key = _manifest_key(arguments)
    if key not in _manifests:
        anew = [option for option in PARSE_OPTIONS if option in arguments]
        parsed = _invoke(["parse", *anew, *SILENT, *read_arguments(arguments).connection])
        if not parsed.success:
            raise UserError(f"The project cannot be read. {failure_text(parsed)}")
        _manifests[key] = parsed.result
    return _manifests[key]


def keep_manifest(arguments: Sequence[str], manifest: Manifest) -> None:
    """Take what somebody parsed already for what dbt would make of the project in the working directory."""
    _manifests[_manifest_key(arguments)] = manifest


def _manifest_key(arguments: Sequence[str]) -> tuple[str, ...]:
    return str(Path.cwd()), *read_arguments(arguments).connection


def run_dbt(
    arguments: Sequence[str], listener: Callable[[EventMsg], None] | None = None
) -> dbtRunnerResult:
    """Run one dbt command in the working directory; UserError when the project cannot be parsed.

    `listener` hears every event of the run, whatever is printed.
    """
    return _invoke(arguments, listener, read_manifest(arguments))


def _invoke(
    arguments: Sequence[str],
    listener: Callable[[EventMsg], None] | None = None,
    manifest: Manifest | None = None,
) -> dbtRunnerResult:
    # A log that cannot be written, as on a full disk, is no reason to print a stack trace.
    logging.raiseExceptions = False
    callbacks = [listener] if listener else []
    return dbtRunner(manifest=manifest, callbacks=callbacks).invoke(list(arguments))


def build(arguments: Sequence[str]) -> dbtRunnerResult:
    """`dbt build` with one line of progress; what dbt says goes to LOG, and here with VERBOSE=1.

    Unit tests say whether the models are right, not whether the data is: they run with CHECK=1, or
    where the arguments say which types of nodes to build. Where they say nothing of what to build,
    and without CHECK=1, RULES are judged at once.
    """
    command = ["build", *arguments]
    given = {argument.partition("=")[0] for argument in arguments}
    if not os.environ.get("CHECK") and not TYPE_OPTIONS & given:
        command += ["--exclude-resource-type", "unit_test"]
        if not {"--selector", *EXCLUDED_TYPES} & given and not read_arguments(arguments).is_partial:
            command += ["--exclude", *(f"test_name:{rule}" for rule in RULES)]
            os.environ[AT_ONCE] = "1"
    if os.environ.get("VERBOSE"):
        return run_dbt(command)
    quiet = ["--log-level", "none", "--no-use-colors-file"]
    if "DBT_LOG_LEVEL_FILE" not in os.environ:
        quiet += ["--log-level-file", "info"]
    with Progress() as progress:
        result = run_dbt([*command, *quiet], progress.hear)
    if result.success and AT_ONCE in os.environ:
        tests = (
            getattr(node, "test_metadata", None) for node in read_manifest(arguments).nodes.values()
        )
        print(
            f"  {sum(bool(test) and test.name in RULES for test in tests):,} rules of rows and keys hold."
        )
    for warning in progress.warnings:
        print(f"  Warning: {warning}. {LOG} says more.")
    return result


def run_operation(macro: str, arguments: Mapping[str, str], connection: Sequence[str]) -> None:
    """Run a macro of the project; UserError with what it says when it fails."""
    said: list[str] = []

    def listen(event: EventMsg) -> None:
        if event.info.level == "error":
            said.append(event.info.msg)

    command = ["run-operation", macro, "--args", json.dumps(arguments)]
    if not run_dbt([*command, *SILENT, *connection], listen).success:
        raise UserError(f"{macro} failed: {what_to_do(' '.join(said))}")


def check_with_dbt(connection: Sequence[str]) -> None:
    """Ask the warehouse that these dbt arguments choose for one row; UserError when it fails."""
    result = _invoke(["show", "--inline-direct", "select 1 as one", *SILENT, *connection])
    if not result.success:
        raise UserError(
            "The warehouse cannot be reached: "
            + what_to_do(str(result.exception), "Look at profiles.yml and the variables it reads.")
        )


def failure_text(result: dbtRunnerResult) -> str:
    """Say in one short paragraph which nodes of a failed run failed, and with what message.

    Of a cause that lies in the warehouse, such as a full disk, every later node only says that it
    cannot go on: then it is the cause that is told, once.
    """
    if result.exception is not None:
        return f"dbt stopped: {what_to_do(str(result.exception))}"
    nodes = list(getattr(result.result, "results", []))
    failed = [node for node in nodes if node.status in FAILED_STATUSES]
    for node in failed:
        if _advice(node.message or ""):
            return what_to_do(node.message)
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


def what_to_do(message: str, otherwise: str | None = None) -> str:
    """What went wrong, and below it what its user is to do, where that is known."""
    known = _advice(message) or otherwise
    return "\n".join(filter(None, [_shorten(message), known]))


def _advice(message: str) -> str | None:
    return next((advice for said, advice in CAUSES.items() if re.search(said, message)), None)


def _shorten(message: str) -> str:
    # What follows is dbt's list of the macros it was in, which says nothing about the cause.
    text = " ".join(message.split("> in macro")[0].split())
    return (
        text if len(text) <= MAX_MESSAGE_CHARACTERS else text[: MAX_MESSAGE_CHARACTERS - 3] + "..."
    )
