"""Forget the people on the erasure list: in what dbt builds and publishes, and in the bytes of the file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunnerResult

from voc_cli.arguments import DbtArguments
from voc_cli.dbt_runs import build, failure_text, run_dbt
from voc_cli.publishing import publish, written_anew
from voc_cli.settings import UserError
from voc_weighting.warehouse import sql_text

LANDED = "--landed"
# The list first, so that the landed tables lose who is on it before anything is built from them.
ERASURE_MODELS = ("int_privacy__erasure_list", "int_privacy__erased_people")

ON_A_SERVER = """\
The server keeps what was deleted until it reuses the space. To be rid of it now, as the owner of the tables:
  vacuum full;
Write-ahead logs, replicas and backups keep their own copies until they expire."""
STILL_LANDED = """\
The landed tables still hold what their loaders wrote: erase it at the source, or run `erase --landed` to delete it
from the landed tables of this database."""
BEYOND = "Copies elsewhere are not touched: backups, exports, logs/ and target/ (`make clean` removes both)."


def erase(arguments: DbtArguments, credentials: Any, landed: bool = False) -> None:
    """Build and publish the warehouse without the people on the erasure list, and leave no trace.

    `credentials` are those of the warehouse that `arguments` choose; with `landed` people are
    deleted from the landed tables of the same database too. Raises UserError when a step fails;
    the steps can be run again.
    """
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
    if not landed:
        print(STILL_LANDED)
    print(BEYOND)


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
