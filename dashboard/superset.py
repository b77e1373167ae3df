"""`python -m voc_cli superset`: the overview of the dashboard as assets that Superset imports.

Panels, queries and words are those of the site. A chart asks for rows of its query as they are:
where Superset wants an aggregate, it is the maximum of the one row that there is.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import yaml

from dashboard.charts import BAR_COLORS, DOMAINS
from dashboard.data import HEADER, query_text, read_labels, read_pages
from voc_cli.arguments import own_parser, pick_out, read_arguments
from voc_cli.publishing import credentials_of, published_file, published_schema
from voc_cli.settings import UserError
from voc_weighting.warehouse import sql_text

ASSETS = "target/superset"
PAGE = "overview"
URI = "VOC_SUPERSET_URI"
DATABASE = "voc_marts"
#: The same ids every time, so that an import replaces what the one before brought.
NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "voc-warehouse")
#: Superset asks for the rows of a query without its order, so each row says its place, and the
#: last one, which has the figures, that it is the last.
PLACE, IS_LAST = "row_place", "is_last_row"
ITEM = "item"
LINES, POINTS, BARS = (f"echarts_timeseries_{kind}" for kind in ("line", "scatter", "bar"))
MARKS = {"history": LINES, "intervals": POINTS, "bars": BARS}
#: Formats of site.yml as Superset has them; what is not here is text.
NUMBERS = {
    "nps": "+,.1f",
    "points": "+,.1f",
    "hundredths": "+,.2f",
    "share": ",.0%",
    "number": ",.0f",
}
TIMES = {"date": "%Y-%m-%d", "time": "%Y-%m-%d %H:%M"}
SMALL = {"width": 3, "height": 20}
COLOR_SCHEME = "supersetColors"
BANDS = list(BAR_COLORS["band"])
#: Values that readers are shown in words: {query: {column: values}}.
WORDS = {
    "nps_scopes": {"item": ["decision_maker", "manager", "user", "unknown"]},
    "health_bands": {"item": BANDS},
    "closed_loop_rates": {"measure": ["detractor_follow_up", "ever_followed_up", "closed_loop"]},
    "band_changes": {"previous_band": BANDS, "reported_band": BANDS},
    "alerts": {"status": ["open", "past_due"]},
}
LABELS = read_labels()["en"]


@dataclass(frozen=True)
class Column:
    """A column of a chart: its name in the dataset, the reader's word for it, and its format."""

    name: str
    label: str | None
    format: str
    expression: str | None = None

    @property
    def type(self) -> str:
        """What Superset is told: enough to know numbers and times from texts."""
        if self.format in TIMES:
            return {"date": "DATE", "time": "TIMESTAMP"}[self.format]
        return "DOUBLE PRECISION" if self.format in NUMBERS else "VARCHAR"


@dataclass(frozen=True)
class Chart:
    """One chart: a table of its columns, or marks of its measures by its first column."""

    name: str
    title: str
    data: str
    viz: str
    columns: tuple[Column, ...]
    note: str = ""
    where: tuple[tuple[str, str], ...] = ()
    domain: str | None = None
    only_last: bool = False
    newest_first: bool = False
    width: int = 12
    height: int = 50


def make_superset(root: Path, arguments: Sequence[str]) -> int:
    """Write the folder that Superset imports, and the same as a zip."""
    parser = own_parser()
    parser.add_argument("--uri", default=os.environ.get(URI))
    known, for_dbt = pick_out(parser, arguments)
    uri = known.uri or _published_uri(root, for_dbt)
    folder = root / ASSETS
    shutil.rmtree(folder, ignore_errors=True)
    for name, content in assets(uri).items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        text = yaml.dump(content, Dumper=_Dumper, sort_keys=False, allow_unicode=True)
        file.write_text(text, encoding="utf-8")
    shutil.make_archive(str(folder), "zip", folder.parent, folder.name)
    print(f"The overview for Superset: superset import-directory --overwrite {folder}")
    return 0


def _published_uri(root: Path, for_dbt: Sequence[str]) -> str:
    credentials = credentials_of(read_arguments(for_dbt), root)
    if credentials.type != "duckdb":
        raise UserError(
            f"Name the database as Superset reaches it, with --uri or in {URI}, for example"
            " postgresql://voc_reader@host/voc."
        )
    file = published_file(Path(credentials.path).absolute())
    return f"duckdb:///{file}?access_mode=read_only"


def assets(uri: str) -> dict[str, Any]:
    """{file: content} of the export format; UserError for a URI that cannot be."""
    engine = re.match(r"(duckdb|postgresql)(\+\w+)?://", uri)
    if not engine:
        raise UserError("The URI begins with duckdb:/// or postgresql://.")
    if re.search(r"://[^@]*:[^@]*@|[?&]password=", uri):
        raise UserError(
            "The URI has a password in it, which would stand in the files. Leave it out and give it"
            " to the server that runs Superset, in its password file (docs/bi.md)."
        )
    if engine[1] == "duckdb" and "access_mode=read_only" not in uri:
        raise UserError("The URI of a DuckDB file ends with ?access_mode=read_only.")
    made = list(charts())
    database = {
        "database_name": DATABASE,
        "sqlalchemy_uri": uri,
        "expose_in_sqllab": True,
        "allow_ctas": False,
        "allow_cvas": False,
        "allow_dml": False,
        "allow_csv_upload": False,
        "extra": {"allows_virtual_table_explore": True},
        "uuid": _id("database"),
        "version": "1.0.0",
    }
    files = {
        "metadata.yaml": {"version": "1.0.0", "type": "Dashboard"},
        f"databases/{DATABASE}.yaml": database,
        f"dashboards/{PAGE}.yaml": _dashboard(made),
    }
    for query in dict.fromkeys(chart.data for chart in made):
        of_query = [chart for chart in made if chart.data == query]
        files[f"datasets/{DATABASE}/{query}.yaml"] = _dataset(query, of_query, engine[1])
    for chart in made:
        files[f"charts/{chart.name}.yaml"] = _chart(chart)
    return files


def charts() -> Iterator[Chart]:
    """The charts of the page, in its order."""
    as_of = Column("as_of_date", LABELS["column.as_of_date"], "date")
    yield Chart("as_of", as_of.label, HEADER, "table", (as_of,), **SMALL)
    panels = read_pages()[PAGE]["panels"]
    # Numbers without an interval stand beside the date, in a row.
    for name, panel in sorted(panels.items(), key=lambda item: item[0] != "alert_figures"):
        if "figures" in panel:
            yield from _figures(name, panel)
        elif "table" in panel:
            yield _table(name, panel, tuple(_table_columns(panel)))
        else:
            yield from _drawn(name, panel)


def _figures(name: str, panel: dict[str, Any]) -> Iterator[Chart]:
    """Figures with an interval are a table, so that nobody sees one without the other."""
    figures = panel["figures"]
    if not any("low" in figure for figure in figures.values()):
        for key, figure in figures.items():
            column = Column(figure["value"], LABELS[f"figure.{key}"], figure["format"])
            title = f"{LABELS[f'panel.{name}']}: {column.label}"
            note = LABELS[f"note.{name}"]
            yield Chart(key, title, panel["data"], "big_number_total", (column,), note, **SMALL)
        return
    columns = [Column("period_end", LABELS["column.period_end"], "date")]
    for key, figure in figures.items():
        columns.append(Column(figure["value"], LABELS[f"figure.{key}"], figure["format"]))
        for end in ("low", "high"):
            if end in figure:
                columns.append(Column(figure[end], LABELS[f"column.{end}"], figure["format"]))
        if "n" in figure:
            word = LABELS.get(f"column.{figure['n']}", LABELS["column.n"])
            columns.append(Column(figure["n"], word, "number"))
        if "few" in figure:
            columns.append(_few(figure["few"]))
        if "note" in figure:
            word = LABELS["ui.significant"].split(" (")[0]
            columns.append(_yes_or_no("significant", word, figure["note"]))
    yield _table(name, panel, tuple(columns), only_last=True, height=24)


def _table(name: str, panel: dict[str, Any], columns: tuple[Column, ...], **look: Any) -> Chart:
    title, note = LABELS[f"panel.{name}"], LABELS[f"note.{name}"]
    return Chart(name, title, panel["data"], "table", columns, note, **look)


def _table_columns(panel: dict[str, Any]) -> Iterator[Column]:
    for name, form in panel["table"].items():
        yield _in_words(panel["data"], name, LABELS[f"column.{name}"], form)


def _drawn(name: str, panel: dict[str, Any]) -> Iterator[Chart]:
    """A chart of marks, and beside it a table of its numbers with n."""
    look, data, title = panel["chart"], panel["data"], LABELS[f"panel.{name}"]
    is_history, is_bar = look["kind"] == "history", look["kind"] == "bars"
    column = "period_end" if is_history else look.get("item", ITEM)
    by = _in_words(data, column, LABELS[f"column.{column}"], "date" if is_history else "label")
    words = {"value": look["title"]} | ({} if is_bar else {"low": "low", "high": "high"})
    words |= {"target": "target"} if look.get("target") else {}
    measures = [
        Column(measure, LABELS[f"column.{word}"], look["number"]) for measure, word in words.items()
    ]
    n = [Column("n", LABELS["column.n"], "number")]
    n += [] if is_bar else [_few("is_reportable")]
    # Notes that say how the site draws a target or an interval are not true of Superset.
    note = "" if is_history or look.get("target") else LABELS[f"note.{name}"]
    common = {
        "data": data,
        "note": note,
        "where": tuple({**panel.get("where", {}), **panel.get("choose", {})}.items()),
        "width": 6,
    }
    viz, drawn = MARKS[look["kind"]], (by, *measures)
    yield Chart(name, title, viz=viz, columns=drawn, domain=look.get("domain"), **common)
    of_numbers = LABELS["ui.numbers_of"].replace("{panel}", title)
    told = {"columns": (*drawn, *n), "newest_first": is_history}
    yield Chart(f"{name}_numbers", of_numbers, viz="table", **told, **common)


def _in_words(data: str, name: str, label: str, form: str) -> Column:
    values = WORDS.get(data, {}).get(name)
    if not values:
        return Column(name, label, form)
    words = {value: LABELS[f"value.{value}"] for value in values}
    whens = " ".join(
        f"when {sql_text(value)} then {sql_text(word)}" for value, word in words.items()
    )
    return Column(f"{name}_word", label, "label", f"case {name} {whens} else {name} end")


def _few(is_reportable: str) -> Column:
    return _yes_or_no("few", LABELS["ui.few"], is_reportable, yes="false", no="true")


def _yes_or_no(name: str, label: str, flag: str, yes: str = "true", no: str = "false") -> Column:
    yes, no = (sql_text(LABELS[f"value.{value}"]) for value in (yes, no))
    expression = f"case when {flag} then {yes} when not {flag} then {no} end"
    return Column(name, label, "label", expression)


def dataset_sql(query: str, schema: str) -> str:
    """A query of the site on the marts of a schema, each row with its place in its order."""
    marts = "|".join(duckdb.get_table_names(query_text(query)))
    sql = re.sub(rf"\b(from|join) ({marts})\b", rf"\1 {schema}.\2", query_text(query).strip())
    # Both engines number rows in the order of the query inside; tests hold them to it.
    return (
        f"select\n    ordered.*,\n    row_number() over () as {PLACE},\n"
        f"    row_number() over () = count(*) over () as {IS_LAST}\nfrom (\n{sql}\n) as ordered"
    )


def _dataset(query: str, of_query: Sequence[Chart], engine: str) -> dict[str, Any]:
    schema = published_schema() if engine == "postgresql" else "marts"
    columns = {column.name: column for chart in of_query for column in chart.columns}
    unnamed = {name for chart in of_query for name, _ in chart.where}
    unnamed |= {ITEM for chart in of_query if chart.viz == BARS}
    columns |= {name: Column(name, None, "label") for name in sorted(unnamed - columns.keys())}
    columns |= {PLACE: Column(PLACE, None, "number"), IS_LAST: Column(IS_LAST, None, "label")}
    return {
        "table_name": query,
        "main_dttm_col": "period_end" if "period_end" in columns else None,
        "sql": dataset_sql(query, schema),
        # Superset translates what is of another engine; this is SQL that both have.
        "source_db_engine": engine,
        "schema": schema,
        "columns": [
            {
                "column_name": column.name,
                "verbose_name": column.label,
                "type": column.type,
                "is_dttm": column.format in TIMES,
                "groupby": True,
                "filterable": True,
                "expression": column.expression,
            }
            for column in columns.values()
        ],
        "metrics": [],
        "uuid": _id(f"dataset/{query}"),
        "database_uuid": _id("database"),
        "version": "1.0.0",
    }


def _chart(chart: Chart) -> dict[str, Any]:
    draw = {"table": _as_table, "big_number_total": _as_number}.get(chart.viz, _as_marks)
    filters = [_filter(column, "==", value) for column, value in chart.where]
    if chart.only_last:
        filters.append(_filter(IS_LAST, "IS TRUE", None))
    return {
        "slice_name": chart.title,
        "description": chart.note or None,
        "viz_type": chart.viz,
        "params": {
            "viz_type": chart.viz,
            "adhoc_filters": filters,
            "time_range": "No filter",
            "row_limit": 10_000,
            **draw(chart),
        },
        "cache_timeout": None,
        "uuid": _id(f"chart/{chart.name}"),
        "dataset_uuid": _id(f"dataset/{chart.data}"),
        "version": "1.0.0",
    }


def _filter(column: str, operator: str, value: str | None) -> dict[str, Any]:
    return {
        "expressionType": "SIMPLE",
        "clause": "WHERE",
        "subject": column,
        "operator": operator,
        "comparator": value,
    }


def _as_table(chart: Chart) -> dict[str, Any]:
    numbers = {
        column.name: {"d3NumberFormat": NUMBERS[column.format]}
        for column in chart.columns
        if column.format in NUMBERS
    }
    times = {
        column.name: {"d3TimeFormat": TIMES[column.format]}
        for column in chart.columns
        if column.format in TIMES
    }
    return {
        "query_mode": "raw",
        "all_columns": [column.name for column in chart.columns],
        "order_by_cols": [json.dumps([PLACE, not chart.newest_first])],
        "column_config": numbers | times,
        "table_timestamp_format": TIMES["date"],
        "show_cell_bars": False,
        "color_pn": False,
    }


def _as_number(chart: Chart) -> dict[str, Any]:
    (column,) = chart.columns
    return {"metric": _metric(column), "y_axis_format": NUMBERS[column.format]}


def _as_marks(chart: Chart) -> dict[str, Any]:
    by, *measures = chart.columns
    is_bar = chart.viz == BARS
    form = {
        "x_axis": by.name,
        "time_grain_sqla": "P1D",
        "xAxisForceCategorical": by.format not in TIMES,
        "xAxisLabelInterval": "auto" if by.format in TIMES else "0",
        "metrics": [_metric(column) for column in measures],
        # Superset colors series, so each bar is one.
        "groupby": [ITEM] if is_bar else [],
        "stack": "Stack" if is_bar else None,
        "x_axis_sort_asc": True,
        "x_axis_time_format": "%Y-%m",
        "y_axis_title": "" if is_bar else measures[0].label,
        "y_axis_title_margin": 40,
        "y_axis_format": NUMBERS[measures[0].format],
        "tooltipTimeFormat": TIMES["date"],
        "rich_tooltip": True,
        "show_value": is_bar,
        "show_legend": not is_bar,
        "legendOrientation": "top",
        "markerEnabled": True,
        "markerSize": 10 if chart.viz == POINTS else 6,
        "color_scheme": COLOR_SCHEME,
    }
    if chart.domain:
        form |= {"truncateYAxis": True, "y_axis_bounds": DOMAINS[chart.domain]}
    return form


def _metric(column: Column) -> dict[str, Any]:
    return {
        "expressionType": "SIMPLE",
        "column": {"column_name": column.name},
        "aggregate": "MAX",
        "label": column.label,
        "hasCustomLabel": True,
    }


def _dashboard(made: Sequence[Chart]) -> dict[str, Any]:
    title = f"{LABELS['ui.brand']}: {LABELS[f'page.{PAGE}']}"
    parents = ["ROOT_ID", "GRID_ID"]
    position: dict[str, Any] = {
        "DASHBOARD_VERSION_KEY": "v2",
        "ROOT_ID": {"type": "ROOT", "id": "ROOT_ID", "children": ["GRID_ID"]},
        "HEADER_ID": {"type": "HEADER", "id": "HEADER_ID", "meta": {"text": title}},
    }
    rows: list[str] = []
    taken = 12
    for number, chart in enumerate(made, start=1):
        if taken + chart.width > 12:
            rows.append(f"ROW-{len(rows) + 1}")
            position[rows[-1]] = {
                "type": "ROW",
                "id": rows[-1],
                "children": [],
                "parents": parents,
                "meta": {"background": "BACKGROUND_TRANSPARENT"},
            }
            taken = 0
        taken += chart.width
        key = f"CHART-{chart.name}"
        position[rows[-1]]["children"].append(key)
        position[key] = {
            "type": "CHART",
            "id": key,
            "children": [],
            "parents": [*parents, rows[-1]],
            "meta": {
                "chartId": number,
                "uuid": _id(f"chart/{chart.name}"),
                "width": chart.width,
                "height": chart.height,
                "sliceName": chart.title,
            },
        }
    position["GRID_ID"] = {
        "type": "GRID",
        "id": "GRID_ID",
        "children": rows,
        "parents": ["ROOT_ID"],
    }
    return {
        "dashboard_title": title,
        "description": LABELS[f"question.{PAGE}"],
        "slug": "voc-overview",
        "published": True,
        "css": "",
        "position": position,
        "metadata": {
            "color_scheme": COLOR_SCHEME,
            "label_colors": _colors(),
            "cross_filters_enabled": False,
        },
        "uuid": _id("dashboard"),
        "version": "1.0.0",
    }


def _colors() -> dict[str, str]:
    """The site's colors, in light, by band and by the column that is measured."""
    style = (Path(__file__).parent / "site" / "style.css").read_text(encoding="utf-8")
    of_style = dict(re.findall(r"(--[\w-]+): light-dark\((#\w+),", style))
    named = BAR_COLORS["band"] | {"value": "--series-1", "target": "--series-2"}
    named |= {"low": "--quiet", "high": "--quiet"}
    return {value: of_style[name] for value, name in named.items()}


class _Dumper(yaml.SafeDumper):
    """YAML in which a query has its lines, for those who compare two versions of the assets."""


_Dumper.add_representer(
    str,
    lambda dumper, text: dumper.represent_scalar(
        "tag:yaml.org,2002:str", text, style="|" if "\n" in text else None
    ),
)


def _id(name: str) -> str:
    return str(uuid.uuid5(NAMESPACE, name))
