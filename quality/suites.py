"""The suites of a project: limits.py and what dbt knows, applied to the tables that are there."""

from __future__ import annotations

import re
from collections.abc import Iterator

from quality import checks
from quality.catalog import Catalog, Table
from quality.checks import Check, Rule, Suite
from quality.engine import BUILD_FIRST, is_number
from quality.landed import Names
from quality.limits import (
    CONSERVATION,
    LOADER_COLUMNS,
    MARTS,
    NAMED_RANGES,
    Mart,
)
from quality.project import MartTable, ProjectFacts
from voc_cli.settings import UserError

MAX_NAMES = 3


def make_suites(project: ProjectFacts, catalog: Catalog) -> list[Suite]:
    """Every suite; UserError when a mart that the project has is not built."""
    unbuilt = [name for name, mart in project.marts.items() if not catalog.find(mart.relation)]
    if unbuilt:
        raise UserError(
            f"{len(unbuilt)} public marts are not in the warehouse:"
            f" {', '.join(unbuilt[:5])}. {BUILD_FIRST}"
        )
    return [
        suite for vendor in project.landed for suite in _vendor_suites(project, catalog, vendor)
    ] + [*_mart_suites(project, catalog), _conservation_suite(project, catalog)]


def _vendor_suites(project: ProjectFacts, catalog: Catalog, vendor: str) -> Iterator[Suite]:
    tables = {
        name: table
        for name, landed in project.landed[vendor].items()
        if (table := catalog.find(landed.relation))
    }
    loads = [
        (table, column) for table in tables.values() if (column := table.column(LOADER_COLUMNS))
    ]
    whole = Suite(f"landed.{vendor}")
    if not tables:
        whole.add(checks.nothing_landed(vendor))
    if loads:
        limit = project.load_stale_days[vendor]
        whole.add(checks.loaded(catalog.dialect, vendor, loads, limit, project.as_of))
    yield whole
    for name, table in tables.items():
        yield _landed_suite(project, catalog.dialect, vendor, name, table)


def _landed_suite(
    project: ProjectFacts, dialect: str, vendor: str, name: str, table: Table
) -> Suite:
    limits = project.landed[vendor][name].limits
    aliases = project.variables.get("landed_aliases", {}).get(f"{vendor}__{name}", {})

    def landed(names: Names) -> str | None:
        return table.column(names, aliases.get(names[0]))

    required = [column for it in limits.required if (column := landed(it))]
    suite = Suite(
        f"landed.{vendor}.{name}",
        table,
        columns=tuple(landed(it) or aliases.get(it[0]) or it[0] for it in limits.required),
    )
    key = [column for it in limits.key if (column := landed(it))]
    # Of a key that cannot name its row, the other ids do.
    ids = [c for c in table.columns if c.lower() == "id" or c.lower().endswith("id")]
    named = list(dict.fromkeys((*key, *ids)))[: max(MAX_NAMES, len(key))]
    rules = [checks.missing(column) for column in required]
    for wanted, limit in limits.ranges.items():
        if column := landed((wanted,)):
            rules.append(checks.outside(dialect, column, table.columns[column], limit))
    suite.add(checks.row_rules(table, named, rules))
    if key and all(landed(it) for it in limits.required):
        # A row without the first part of its key is no copy of another, as in the macro landed_key.
        filled = [column for column in key if column in (*required, key[0])]
        suite.add(checks.grain(table, key, filled, limits.repeated))
    if (news := limits.news) and (column := landed(news.column)):
        suite.add(*checks.news(dialect, table, column, news.stale_days, news.volume, project.as_of))
    return suite


def _mart_suites(project: ProjectFacts, catalog: Catalog) -> Iterator[Suite]:
    for name, mart in project.marts.items():
        table = catalog.find(mart.relation)
        assert table is not None, name
        suite = Suite(f"marts.{name}", table, columns=mart.columns, exactly=True)
        key = _grain(mart)
        known = MARTS.get(name, Mart())
        own = [Rule(rule.words, rule.broken.format(**project.variables)) for rule in known.rules]
        names = key or [c for c in table.columns if c.endswith("_id")][:MAX_NAMES]
        suite.add(checks.row_rules(table, names, [*_yml_rules(mart, table, catalog.dialect), *own]))
        if key:
            suite.add(checks.grain(table, key))
        for limit in known.distributions:
            suite.add(checks.distribution(table, limit, names, project.as_of))
        yield suite


def _grain(mart: MartTable) -> list[str]:
    for test in mart.tests:
        if test.name == "unique_grain":
            return list(test.arguments["columns"])
    # `unique` may be said of an expression over the columns of the key.
    unique = next((t.arguments["column_name"] for t in mart.tests if t.name == "unique"), "")
    return [column for column in mart.columns if re.search(rf"\b{column}\b", unique)]


def _yml_rules(mart: MartTable, table: Table, dialect: str) -> Iterator[Rule]:
    ranged = set()
    for test in mart.tests:
        column = test.arguments.get("column_name")
        if column not in table.columns:
            continue
        if test.name == "not_null":
            yield checks.missing(column)
        elif test.name == "accepted_values":
            yield checks.not_among(column, test.arguments["values"])
        elif test.name == "in_range":
            ranged.add(column)
            limits = (_number(test.arguments.get("low")), _number(test.arguments.get("high")))
            if limits != (None, None):
                yield checks.outside(dialect, column, table.columns[column], limits)
    for column, kind in table.columns.items():
        if column in ranged or not is_number(kind):
            continue
        for ending, limits in NAMED_RANGES.items():
            if column == ending or column.endswith(f"_{ending.lstrip('_')}"):
                yield checks.outside(dialect, column, kind, limits)
                break


def _number(bound: object) -> float | None:
    """A bound of an in_range test; those that are expressions are for dbt only."""
    return bound if isinstance(bound, int | float) else None


def _conservation_suite(project: ProjectFacts, catalog: Catalog) -> Suite:
    found = {
        name: table.sql
        for name, relation in project.models.items()
        if (table := catalog.find(relation))
    }
    names = {**project.variables, **found}
    try:
        made: list[Check] = [checks.conservation(claim, names) for claim in CONSERVATION]
    except KeyError as missing:
        raise UserError(f"{missing.args[0]} is not in the warehouse. {BUILD_FIRST}") from missing
    return Suite("marts.conservation", checks=made)
