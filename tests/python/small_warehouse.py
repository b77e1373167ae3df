"""Small hand-made warehouses: the marts and policy tables that the weighting commands read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

Rows = Mapping[str, Iterable[Mapping[str, Any]]]

_TEXT, _NUMBER = "varchar", "double precision"

#: Relation -> {column: SQL type of DuckDB and PostgreSQL}; the types that the project builds.
TABLES: Mapping[str, Mapping[str, str]] = {
    "policy.role_weights": {
        **dict.fromkeys(("weight_scheme", "contact_role"), _TEXT),
        **{"valid_from": "date", "seniority": "integer", "weight": "numeric(18,12)"},
    },
    "policy.health_scorecards": {
        **dict.fromkeys(("scorecard", "pillar"), _TEXT),
        **{"valid_from": "date", "weight": "numeric(18,12)"},
    },
    "policy.health_signals": {
        **dict.fromkeys(("scorecard", "pillar", "signal"), _TEXT),
        **{"valid_from": "date", "weight": "numeric(18,12)"},
        **dict.fromkeys(("score_0_at", "score_100_at"), _NUMBER),
    },
    "policy.health_bands": {
        **{"valid_from": "date", "band": _TEXT},
        **dict.fromkeys(("score_from", "score_below"), "numeric(18,6)"),
    },
    "marts.dim_accounts": {"account_id": _TEXT, "account_name": _TEXT},
    "marts.account_nps": {
        **{"period_end": "date", "account_id": _TEXT, "weight_scheme": _TEXT},
        **dict.fromkeys(("account_nps", "role_weight_coverage"), _NUMBER),
        "is_reportable": "boolean",
    },
    "marts.account_role_nps": {
        **{"period_end": "date", "account_id": _TEXT, "contact_role": _TEXT},
        **dict.fromkeys(("promoters", "passives", "detractors"), "bigint"),
    },
    "marts.account_health": {
        **{"period_end": "date", "account_id": _TEXT, "segment": _TEXT, "scorecard": _TEXT},
        **{"arr": "numeric(18,2)", "is_customer": "boolean"},
        **{f"{pillar}_score": _NUMBER for pillar in ("usage", "voc", "commercial", "service")},
        **dict.fromkeys(("score_coverage", "health_score"), _NUMBER),
        **dict.fromkeys(("health_band", "reported_band", "override_reason"), _TEXT),
    },
    "marts.account_health_signals": {
        **{"period_end": "date", "account_id": _TEXT, "signal": _TEXT},
        **{"signal_value": _NUMBER, "value_as_of": _TEXT},
    },
    "marts.account_outcomes": {"account_id": _TEXT, "outcome_date": "date", "outcome": _TEXT},
}

BANDS = [
    {"valid_from": date(2000, 1, 1), "band": "red", "score_from": None, "score_below": 60},
    {"valid_from": date(2000, 1, 1), "band": "yellow", "score_from": 60, "score_below": 85},
    {"valid_from": date(2000, 1, 1), "band": "green", "score_from": 85, "score_below": None},
]


def statements(rows: Rows) -> Iterator[str]:
    """SQL that makes the tables of `rows` and fills them; columns left out are null."""
    for schema in sorted({relation.split(".")[0] for relation in rows}):
        yield f"create schema {schema}"
    for relation, records in rows.items():
        columns = TABLES[relation]
        declared = ", ".join(f"{column} {kind}" for column, kind in columns.items())
        yield f"create table {relation} ({declared})"
        values = [
            "(" + ", ".join(_literal(record.get(column)) for column in columns) + ")"
            for record in records
        ]
        if values:
            yield f"insert into {relation} values {', '.join(values)}"


def write_duckdb(file: Path, rows: Rows) -> Path:
    """Make a DuckDB file of these tables and return its path."""
    with duckdb.connect(file) as connection:
        for statement in statements(rows):
            connection.execute(statement)
    return file


def _literal(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return repr(value)
    return "'" + str(value).replace("'", "''") + "'"
