"""Forget the people on the erasure list: in what dbt builds and publishes, in the bytes of files, in exports and sites."""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunnerResult
from dbt_common.events.base_types import EventMsg

from voc_cli.arguments import DbtArguments
from voc_cli.dbt_runs import SILENT, build, failure_text, run_dbt
from voc_cli.made import remove_made, remove_spill, remove_spill_of_the_dead, remove_unfinished
from voc_cli.publishing import publish, published_file, written_anew
from voc_cli.settings import UserError
from voc_weighting.warehouse import sql_text

LANDED, YES = "--landed", "--yes"
#: Which values several people carry; which are one person's; the list; what the landed tables say of who is on it. The landed tables lose who is on
#: the list before anything is built from them.
TIES = ("int_privacy__shared_values", "int_privacy__links")
ERASURE_MODELS = (*TIES, "int_privacy__erasure_list", "int_privacy__erased_people")
#: What stands before the JSON that the macro preview_erasure tells.
TOLD = "erasure "
#: Where exports usually go, and where the sites are.
EXPORTS, SITES = "exports", ("target/dashboard", "target/quality")

ON_A_SERVER = """\
The server keeps what was deleted until it reuses the space. To be rid of it now, as the owner of the tables:
  vacuum full;
Write-ahead logs, replicas and backups keep their own copies until they expire."""
STILL_LANDED = """\
The landed tables still hold what their loaders wrote: erase it at the source, or run `erase --landed` to delete it
from the landed tables of this database."""
BEYOND = "Copies elsewhere are not touched: backups, what others copied, logs/ and target/ (`make clean` removes both)."
MADE_ANEW = (
    "Exports and sites of before are gone: run `make export`, `make dashboard` and `make quality` again. The next"
    " export tells everything, as with --full."
)

Told = Mapping[str, Any]


def erase(
    arguments: DbtArguments,
    credentials: Any,
    root: Path,
    *,
    landed: bool = False,
    agreed: bool = False,
) -> None:
    """Build and publish the warehouse without the people on the erasure list, and leave no trace.

    `credentials` are those of the warehouse that `arguments` choose; with `landed` people are
    deleted from the landed tables of the same database too. Who it is, is shown and asked first,
    unless that is `agreed`. Raises UserError when a step fails; the steps can be run again.
    """
    told = _preview(arguments)
    print(render(told, landed=landed), flush=True)
    if told["tables"] and not agreed:
        _ask()
    if landed:
        for step in (["run", "--select", *ERASURE_MODELS], ["run-operation", "erase_landed"]):
            _done(step[0], run_dbt([*step, *arguments.connection]))
    _done("build", build(arguments.all))
    print(f"Published without them to {publish(credentials, arguments.connection)}")
    if credentials.type == "duckdb":
        DuckDBConnectionManager.env().close()
        DuckDBConnectionManager.close_all_connections()
        rewrite(Path(credentials.path))
        print(f"{credentials.path} is written anew: no block of it holds what was deleted.")
    else:
        print(ON_A_SERVER)
    _remove_copies(credentials, root)
    if not landed:
        print(STILL_LANDED)
    for line in _unmatched(told):
        print(line)
    print(BEYOND)


def _preview(arguments: DbtArguments) -> Told:
    """What the erasure would forget. It goes to no log, and nobody is remembered by it."""
    _done("run", run_dbt(["run", "--select", *TIES, *SILENT, *arguments.connection]))
    said: list[str] = []

    def listen(event: EventMsg) -> None:
        said.append(event.info.msg)

    quiet = ("--log-level", "none", "--log-level-file", "none", "--no-write-json")
    _done(
        "preview_erasure",
        run_dbt(["run-operation", "preview_erasure", *quiet, *arguments.connection], listen),
    )
    return json.loads(next(it for it in said if it.startswith(TOLD)).removeprefix(TOLD))


def render(told: Told, *, landed: bool) -> str:
    """Whom an erasure reaches and what it takes away, for somebody who decides on it."""
    lines = [f"Requests that are landed: {len(told['requests'])}."]
    reached: dict[str, list[Told]] = defaultdict(list)
    stopped: dict[str, list[Told]] = defaultdict(list)
    for group, rows in ((reached, told["reached"]), (stopped, told["stopped"])):
        for row in rows:
            group[row["request"]].append(row)
    for request in told["requests"]:
        if reached[request]:
            lines.append(f"  {request}: {_values(reached[request])}")
        mails = _mails(reached[request])
        if len(mails) > 1:
            lines.append(
                f"    MORE PEOPLE THAN REQUESTS, perhaps: {len(mails)} mails go for this one request."
                f" Look whether they are of one person: {', '.join(mails)}"
            )
        if any(row["is_shared"] for row in reached[request]):
            shared = [row for row in reached[request] if row["is_shared"]]
            lines.append(f"    Carried by others too, who stay: {_values(shared)}")
        if stopped[request]:
            lines.append(
                f"    Carried by several people, so it ties nobody: {_values(stopped[request])}"
            )
    lines += [f"  {line}" for line in _unmatched(told)]
    named = {(row["kind"], row["value"]) for row in told["reached"] if row["request"]}
    older = [row for row in reached[""] if (row["kind"], row["value"]) not in named]
    if older:
        lines.append(f"  Asked for before, and landed still: {_values(older)}")
    mails = _mails(row for row in told["reached"] if row["request"])
    if len(mails) > len(told["requests"]):
        lines.append(
            f"MORE PEOPLE THAN REQUESTS: {len(mails)} mails for {len(told['requests'])} requests."
        )
    if not told["tables"]:
        lines.append("No landed row names anybody who is to be forgotten.")
        return "\n".join(lines)
    drop = "deleted" if landed else "left out"
    lines.append("Rows of landed tables about them:")
    for table in told["tables"]:
        action = "cut: they stay without the person" if table["action"] == "cut" else drop
        lines.append(f"  {table['table']}: {table['rows']:,} {action}")
    return "\n".join(lines)


def _unmatched(told: Told) -> list[str]:
    matched = {row["request"] for row in told["reached"]}
    return [
        f"NOBODY IS FOUND for the request {request}: no landed row names it. Look how it is written; it is remembered"
        " as it is."
        for request in told["requests"]
        if request not in matched
    ]


def _values(rows: Sequence[Told]) -> str:
    kinds: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        kinds[row["kind"]].append(row["value"])
    return "; ".join(f"{kind} {', '.join(values)}" for kind, values in kinds.items())


def _mails(rows: Any) -> list[str]:
    return sorted({row["value"] for row in rows if row["kind"] == "email"})


def _ask() -> None:
    """UserError unless whoever sits there says yes."""
    if not sys.stdin.isatty():
        raise UserError(
            f"Nothing was erased: look at the list above, and say `erase {YES}` where nobody can be asked."
        )
    if input("Forget them for good? Type yes: ").strip().lower() != "yes":
        raise UserError("Nothing was erased.")


def _remove_copies(credentials: Any, root: Path) -> None:
    """Exports, sites, other published files, and what killed processes left of this one."""
    is_file = credentials.type == "duckdb"
    published = published_file(Path(credentials.path).absolute()) if is_file else None
    left = remove_made(
        credentials,
        root,
        keep=published,
        exports=root / EXPORTS,
        sites=[root / site for site in SITES],
    )
    if published:
        remove_spill(credentials)
        remove_spill_of_the_dead(Path(f"{published}.tmp"))
        for database in (Path(credentials.path), published):
            remove_unfinished(database)
    print(MADE_ANEW)
    for folder in left:
        print(f"{folder} looks like an export, and has no marker of ours: remove it yourself.")


def _done(command: str, result: dbtRunnerResult) -> None:
    if not result.success:
        raise UserError(
            f"The erasure is not complete: dbt {command} failed. {failure_text(result)}\n"
            "Mend the cause and run it again."
        )


def rewrite(database: Path) -> None:
    """Write a DuckDB file anew, in one step for whoever opens it, so that no free block is left.

    DuckDB marks what was deleted as free and does not overwrite it.
    """
    with written_anew(database) as fresh, duckdb.connect(database) as connection:
        name, version = connection.execute(
            "select database_name, rtrim(tags['storage_version'], '+')"
            " from duckdb_databases() where database_name = current_database()"
        ).fetchone()
        quoted = sql_text(str(fresh))
        connection.execute(f"attach {quoted} as fresh (storage_version '{version}')")
        connection.execute(f'copy from database "{name}" to fresh')
        connection.execute("checkpoint fresh")
        connection.execute("detach fresh")
