"""The page of results: tables and plots from results/*.json, between two marks of README.md."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

PAGE = Path(__file__).with_name("README.md")
RESULTS = Path(__file__).with_name("results")
BEGIN, END = "<!-- results -->", "<!-- end of results -->"

Result = dict[str, Any]


def write_report() -> None:
    """Write what there are results of into the page, and the plots beside them."""
    sections = []
    for name, section in SECTIONS.items():
        file = RESULTS / f"{name}.json"
        if file.exists():
            sections.append(section(json.loads(file.read_text(encoding="utf-8"))))
    page = PAGE.read_text(encoding="utf-8")
    inner = "\n\n".join([BEGIN, *sections, END])
    page = re.sub(f"{BEGIN}.*{END}", lambda _: inner, page, flags=re.DOTALL)
    PAGE.write_text(page, encoding="utf-8")


def _full(result: Result) -> str:
    models = result["slowest_models"]
    _bars("full", [(name, seconds) for name, seconds in models.items()], "seconds", "model")
    return "\n".join(
        [
            f"### Full run, {_size(result)}",
            f"{result['landed_rows'] / 1e6:.1f} million landed rows; the database holds {result['database_gib']} GiB afterwards.",
            "",
            _costs([("`dbt run`", result["run"]), ("data tests", result["tests"])]),
            "",
            "![Seconds of the slowest models](results/full.svg)",
        ]
    )


def _checks(result: Result) -> str:
    return "\n".join(
        [
            f"### Data tests alone, {_size(result)}",
            f"{result['landed_rows'] / 1e6:.1f} million landed rows.",
            "",
            _costs([("data tests", result["tests"])]),
        ]
    )


def _limit(result: Result) -> str:
    return "\n".join(
        [
            f"### Against one script without dbt, {_size(result)}",
            f"`dbt run` of {_names(result['marts'])} with all they stand on, and `limit.sql`, which makes the same rows "
            "(compared mart by mart, column by column, doubles to 1e-9).",
            "",
            _costs([("dbt", result["dbt"]), ("`limit.sql`", result["script"])]),
            "",
            f"dbt takes **{result['ratio_wall']} times** the time of the script ({result['ratio_cpu']} times its CPU); the target is 1.3.",
        ]
    )


def _growth(result: Result) -> str:
    rows = result["sizes"]
    _line(
        "growth",
        [(row["million_rows"], row["cpu_s_per_million"]) for row in rows],
        "million landed rows",
        "CPU seconds per million",
    )
    table = _table(
        [
            "accounts",
            "million rows",
            "wall s",
            "CPU s",
            "peak GiB",
            "wall s per million",
            "CPU s per million",
        ],
        [
            [
                f"{row['accounts']:,}",
                row["million_rows"],
                f"{row['wall_s']:.0f}",
                f"{row['cpu_s']:.0f}",
                f"{row['peak_gib']:.1f}",
                f"{row['wall_s_per_million']:.2f}",
                f"{row['cpu_s_per_million']:.2f}",
            ]
            for row in rows
        ],
    )
    return (
        f"### Growth\n{table}\n\n![CPU seconds per million landed rows by size](results/growth.svg)"
    )


def _tickets(result: Result) -> str:
    landed = result["landed"]
    return "\n".join(
        [
            "### Tickets alone, against the open packages",
            f"{landed['zendesk.ticket']:,} tickets, {landed['zendesk.ticket_comment']:,} comments, "
            f"{landed['zendesk.ticket_field_history']:,} changes to `fct_tickets`: first reply, resolution, business minutes, reopens, "
            "first contact resolution, targets. On DuckDB the median of three runs, dbt's start and staging included.",
            "",
            _costs([("DuckDB", result["duckdb"]), ("PostgreSQL", result["postgres"])]),
            "",
            f"The open packages took 37 CPU seconds on DuckDB and 952 s on PostgreSQL for figures with business hours on data of this size: "
            f"here it is **{result['share_of_peer_cpu']:.0%}** and **{result['share_of_peer_postgres']:.0%}** of that "
            "(theirs measured on a like machine, not side by side).",
        ]
    )


def _postgres(result: Result) -> str:
    room = result["room_mib"]
    slowest = max(result["account_ms"], key=result["account_ms"].get)
    return "\n".join(
        [
            f"### PostgreSQL beside DuckDB, {_size(result)}",
            f"All models over {result['landed_rows'] / 1e6:.1f} million landed rows.",
            "",
            _costs(
                [
                    ("DuckDB", result["duckdb"]),
                    ("PostgreSQL", result["postgres"]),
                    *(
                        (f"publish, time {number}", cost)
                        for number, cost in enumerate(result["publishes"], 1)
                    ),
                ]
            ),
            "",
            f"PostgreSQL takes **{result['ratio_wall']} times** the wall time of DuckDB; the target is 1.5. "
            f"After the last publishing the published marts take {room['published']} MiB where those that were built take {room['marts']}. "
            f"One account's rows of a mart take at most {result['account_ms'][slowest]} ms (`{slowest}`).",
        ]
    )


def _incremental(result: Result) -> str:
    return "\n".join(
        [
            f"### The next day, {_size(result)}",
            f"{result['new_rows']:,} new landed rows.",
            "",
            _costs(
                [
                    ("full run as of the day before", result["full"]),
                    ("`dbt run` a day later", result["daily"]),
                ]
            ),
            "",
            f"The daily run takes **{result['share_wall']:.1%}** of the time of the full one ({result['share_cpu']:.1%} of its CPU). Target: 5 %.",
        ]
    )


def _overhead(result: Result) -> str:
    return "\n".join(
        [
            "### dbt itself, on the demo",
            _costs(
                [
                    ("parse, everything anew", result["parse"]),
                    ("parse, nothing changed", result["parse_again"]),
                    ("`make build` after set-up", result["build"]),
                    ("`dbt run`", result["run"]),
                ]
            ),
            "",
            f"A run of {result['models']} models costs {result['run_s_per_model'] * 1000:.0f} ms a model beyond the parse; "
            f"the median model takes {result['median_model_s'] * 1000:.0f} ms.",
        ]
    )


def _weighting(result: Result) -> str:
    return (
        "### The weighting layer in Python\n"
        f"Role-weighted NPS with interval, bounds and alternatives of {result['accounts']:,} accounts: {result['cpu_s']} s on one core, "
        f"**{result['accounts_a_second'] / 1e6:.1f} million a second**."
    )


SECTIONS: dict[str, Callable[[Result], str]] = {
    "full": _full,
    "checks": _checks,
    "limit": _limit,
    "growth": _growth,
    "incremental": _incremental,
    "tickets": _tickets,
    "postgres": _postgres,
    "overhead": _overhead,
    "weighting": _weighting,
}


def _size(result: Result) -> str:
    return f"{result['accounts']:,} accounts"


def _names(marts: Sequence[str]) -> str:
    return ", ".join(f"`{mart}`" for mart in marts)


def _costs(rows: Sequence[tuple[str, dict[str, float]]]) -> str:
    return _table(
        ["", "wall s", "CPU s", "peak GiB"],
        [
            [name, f"{cost['wall_s']:.1f}", f"{cost['cpu_s']:.1f}", f"{cost['peak_gib']:.1f}"]
            for name, cost in rows
        ],
    )


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(str(cell) for cell in line)} |" for line in lines)


def _bars(name: str, values: Sequence[tuple[str, float]], measure: str, what: str) -> None:
    import altair as alt

    data = alt.Data(values=[{what: key, measure: round(value, 1)} for key, value in values])
    chart = alt.Chart(data, width=520).mark_bar(color="#4c78a8")
    chart = chart.encode(x=alt.X(f"{measure}:Q"), y=alt.Y(f"{what}:N", sort="-x", title=None))
    chart.save(RESULTS / f"{name}.svg")


def _line(name: str, points: Sequence[tuple[float, float]], x: str, y: str) -> None:
    import altair as alt

    data = alt.Data(values=[{"x": a, "y": b} for a, b in points])
    chart = alt.Chart(data, width=520, height=220).mark_line(point=True, color="#4c78a8")
    chart = chart.encode(
        x=alt.X("x:Q", title=x), y=alt.Y("y:Q", title=y, scale=alt.Scale(zero=True))
    )
    chart.save(RESULTS / f"{name}.svg")


if __name__ == "__main__":
    write_report()
