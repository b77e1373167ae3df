"""Run the suites with Great Expectations, write Data Docs, and say what broke."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import shutil
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# Read by Great Expectations when it is imported.
os.environ["GX_ANALYTICS_ENABLED"] = "false"

import great_expectations as gx
import great_expectations.expectations as gxe

from quality.checks import Suite
from quality.engine import connect_arguments, connection_url, keep_duckdb_connection_open
from quality.site import make_self_contained
from voc_weighting.results import aligned

SITE = "target/quality"
# What is told of a row is the keys that the queries select, never its values.
RESULTS = {"result_format": "COMPLETE", "include_unexpected_rows": False}


@dataclass(frozen=True)
class Breach:
    """One broken rule of one table; rows is None where there is nothing to count."""

    table: str
    rule: str
    rows: int | None
    examples: str


@dataclass(frozen=True)
class Outcome:
    """How many suites and expectations there were, what broke, and where the site begins."""

    suites: int
    expectations: int
    breaches: tuple[Breach, ...]
    index: Path | None


def run_suites(
    credentials: Any,
    suites: Sequence[Suite],
    site: Path | None = None,
    progress: Callable[[str], None] = lambda text: None,
) -> Outcome:
    """Validate every suite read-only; with `site` also write Data Docs there, made anew."""
    warnings.filterwarnings("ignore", module="great_expectations|duckdb_engine|marshmallow")
    keep_duckdb_connection_open()
    with _quiet():
        context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    if site:
        _add_site(context, site)
    url = connection_url(credentials)
    source = context.data_sources.add_sql(
        "warehouse",
        connection_string=url.render_as_string(hide_password=False),
        create_temp_table=False,
        kwargs={"connect_args": connect_arguments(url.get_backend_name())},
    )
    definitions = []
    with _quiet():
        for suite in suites:
            expectations = _expectations(suite)
            if expectations:
                made = gx.ExpectationSuite(suite.name, expectations=expectations)
                definitions.append(
                    context.validation_definitions.add(
                        gx.ValidationDefinition(
                            name=suite.name,
                            data=_batch(source, suite),
                            suite=context.suites.add(made),
                        )
                    )
                )
    breaches: list[Breach] = []
    expectation_count = 0
    for place, definition in enumerate(definitions, 1):
        progress(f"[{place}/{len(definitions)}] {definition.name}")
        checkpoint = gx.Checkpoint(
            name=definition.name,
            validation_definitions=[definition],
            result_format=RESULTS,
        )
        with _quiet():
            run = context.checkpoints.add(checkpoint).run()
        for result in run.run_results.values():
            expectation_count += len(result.results)
            breaches += [it for one in result.results for it in _breaches(definition.name, one)]
    index = None
    if site:
        progress("Writing the site ...")
        with _quiet():
            context.build_data_docs(site_names=["site"])
        make_self_contained(site)
        index = site / "index.html"
    return Outcome(len(definitions), expectation_count, tuple(breaches), index)


def render(outcome: Outcome) -> str:
    """The short table of what broke."""
    total = f"{outcome.expectations} expectations in {outcome.suites} suites"
    if not outcome.breaches:
        return f"  {total}: all met."
    rows = [("table", "broken", "rows", "for example")] + [
        (it.table, it.rule, "" if it.rows is None else f"{it.rows:,}", it.examples)
        for it in outcome.breaches
    ]
    lines = [f"  {line}" for line in aligned(rows, right=(2,))]
    return "\n".join([*lines, "", f"  {len(outcome.breaches)} broken of {total}."])


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Great Expectations prints a line for every query that names its table itself, and logs."""
    logging.disable(logging.WARNING)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        logging.disable(logging.NOTSET)


def _add_site(context: Any, site: Path) -> None:
    shutil.rmtree(site, ignore_errors=True)
    context.add_data_docs_site(
        "site",
        {
            "class_name": "SiteBuilder",
            "show_how_to_buttons": False,
            "store_backend": {
                "class_name": "TupleFilesystemStoreBackend",
                "base_directory": str(site.resolve()),
            },
            "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
        },
    )


def _batch(source: Any, suite: Suite) -> Any:
    if suite.table is None:
        asset = source.add_query_asset(suite.name, query="select 1 as one")
    else:
        asset = source.add_table_asset(
            suite.name, table_name=suite.table.name, schema_name=suite.table.schema
        )
    return asset.add_batch_definition_whole_table("whole")


def _expectations(suite: Suite) -> list[Any]:
    found: list[Any] = []
    if suite.columns and suite.exactly:
        found.append(
            gxe.ExpectTableColumnsToMatchSet(column_set=list(suite.columns), exact_match=True)
        )
    elif suite.columns:
        found += [gxe.ExpectColumnToExist(column=column) for column in suite.columns]
    return found + [
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query=check.sql.replace("{", "{{").replace("}", "}}"),
            description=check.words,
        )
        for check in suite.checks
    ]


def _breaches(table: str, result: Any) -> list[Breach]:
    if result.success:
        return []
    config = result.expectation_config
    if error := result.exception_info.get("exception_message"):
        return [
            Breach(table, config.description or config.type, None, f"the check failed: {error}")
        ]
    if any(
        isinstance(it, dict) and it.get("raised_exception") for it in result.exception_info.values()
    ):
        message = next(
            it["exception_message"] for it in result.exception_info.values() if isinstance(it, dict)
        )
        first = next(iter(str(message).strip().splitlines()), "")
        return [
            Breach(table, config.description or config.type, None, f"the check failed: {first}")
        ]
    if config.type == "unexpected_rows_expectation":
        return [
            Breach(table, row["rule"], int(row["broken_rows"]), row["examples"] or "")
            for row in result.result["details"]["unexpected_rows"]
        ]
    if config.type == "expect_column_to_exist":
        return [Breach(table, f"has the column {config.kwargs['column']}", None, "")]
    details = result.result.get("details", {}).get("mismatched", {})
    lacking, extra = details.get("missing", []), details.get("unexpected", [])
    parts = [f"lacks {', '.join(lacking)}"] * bool(lacking) + [
        f"has also {', '.join(extra)}"
    ] * bool(extra)
    return [Breach(table, "has the columns of its contract", None, "; ".join(parts))]
