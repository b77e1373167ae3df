"""The kinds of charts of site.yml as Vega-Lite, made by Altair; the page brings the rows.

All read the same columns: item, value, low, high, n and, where there are several series, measure.
A text that begins with @ is a key of labels.csv, one that begins with -- a color of the style
sheet: the page puts in what its language and its theme say. `label`, `item` and `shown` are its
functions.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

#: Whole scales, so that no axis is cut to make a difference look larger than it is.
DOMAINS = {
    "nps": [-100, 100],
    "score": [0, 100],
    "share": [0, 1],
    "points": [-100, 100],
    "correlation": [-1, 1],
}
SERIES = [f"--series-{place}" for place in range(1, 5)]
SHAPES = ["circle", "diamond", "square", "triangle-up"]
#: Column that colors a bar -> its values and their colors.
BAR_COLORS = {
    "band": {band: f"--band-{band}" for band in ("red", "yellow", "green", "insufficient_signal")},
    "is_beyond_threshold": {False: "--quiet", True: "--series-2"},
    "pillar": dict(zip(("usage", "voc", "commercial", "service"), SERIES, strict=True)),
}
ROWS = alt.NamedData("rows")
LABEL = "label(datum.value)"
FAINT_IF_FEW = alt.condition("datum.is_reportable === false", alt.value(0.4), alt.value(1))


def chart(kind: str, **arguments: Any) -> dict[str, Any]:
    """The Vega-Lite specification of a chart; `kind` is the name of a function below."""
    kinds = {made.__name__: made for made in (intervals, bars, history, contributions)}
    spec = kinds[kind](**arguments).properties(width="container").to_dict()
    # What Altair would have it look like; the page knows its theme.
    del spec["config"], spec["$schema"]
    return spec


def intervals(
    domain: str,
    title: str,
    number: str,
    item: str = "item",
    series: Sequence[str] = (),
    target: bool = False,
) -> alt.LayerChart:
    """A point with its interval per item, and for several series one below the other."""
    rows = alt.Chart(ROWS).encode(y=_items(item), color=_series_color(series))
    if series:
        rows = rows.encode(yOffset=alt.YOffset("measure:N", sort=list(series)))
    layers = [
        rows.mark_rule(strokeWidth=3, opacity=0.55).encode(
            x=_values(alt.X, "low", domain, title), x2="high:Q"
        ),
        rows.mark_point(filled=True, size=90).encode(
            x=_values(alt.X, "value", domain, title),
            opacity=FAINT_IF_FEW,
            shape=_series_shape(series),
        ),
        _row_end(rows, number),
    ]
    if target:
        layers.append(_limit(rows, "target", domain, title))
    lines = max(1, len(series))
    return _as_tall(layers, 10 + 22 * lines, lines, item)


def bars(
    title: str,
    number: str,
    domain: str | None = None,
    color: str | None = None,
    limits: bool = False,
) -> alt.LayerChart:
    """A bar from zero per item; `limits` draws the thresholds `low` and `high` too."""
    rows = alt.Chart(ROWS).encode(y=_items("item"))
    bar = rows.mark_bar(cornerRadius=2).encode(
        x=_values(alt.X, "value", domain, title),
        color=_bar_color(color) if color else alt.value(SERIES[0]),
        opacity=FAINT_IF_FEW,
    )
    ends = [_limit(rows, end, domain, title) for end in ("low", "high") if limits]
    return _as_tall([bar, *ends, _row_end(rows, number)], 32, 1)


def history(domain: str, title: str, number: str, series: Sequence[str] = ()) -> alt.LayerChart:
    """A line over the periods with its interval."""
    rows = alt.Chart(ROWS).encode(x=_periods(), color=_series_color(series))
    value = _values(alt.Y, "value", domain, title)
    return alt.layer(
        rows.mark_area(opacity=0.18).encode(y=_values(alt.Y, "low", domain, title), y2="high:Q"),
        rows.mark_line(strokeWidth=2).encode(y=value),
        rows.transform_calculate(text=f"shown(datum, '{number}')")
        .mark_point(filled=True, size=50)
        .encode(y=value, opacity=FAINT_IF_FEW, shape=_series_shape(series), tooltip="text:N"),
    ).properties(height=260)


def contributions(title: str) -> alt.LayerChart:
    """Health by period: what each pillar contributes, the score, and its bounds."""
    rows = alt.Chart(ROWS).encode(x=_periods())
    pillars = [f"{pillar}_contribution" for pillar in BAR_COLORS["pillar"]]
    score = {"strokeWidth": 2, "color": "--ink"}
    return alt.layer(
        rows.transform_fold(pillars, as_=["pillar", "contribution"])
        .mark_bar()
        .encode(
            y=_values(alt.Y, "contribution", "score", title),
            color=alt.Color(
                "pillar:N",
                scale=alt.Scale(domain=pillars, range=SERIES),
                legend=_legend("label(split(datum.value, '_')[0])"),
            ),
        ),
        rows.mark_rule(**score).encode(y="score_low_bound:Q", y2="score_high_bound:Q"),
        rows.mark_point(shape="diamond", filled=True, size=70, color="--ink").encode(
            y="health_score:Q"
        ),
    ).properties(height=280)


def _as_tall(
    layers: list[alt.Chart], row_height: int, lines: int, item: str = "item"
) -> alt.LayerChart:
    """As tall as its items, each of so many lines, need: the page counts them."""
    tall = {"item": item, "row_height": row_height, "lines": lines}
    return alt.layer(*layers).properties(usermeta=tall)


def _items(column: str) -> alt.Y:
    # A point at the very beginning of its scale must not cover the label.
    look = {"labelLimit": 180, "labelPadding": 8, "grid": False, "ticks": False}
    axis = alt.Axis(labelExpr="item(datum.value)", **look)
    return alt.Y(f"{column}:N", sort=None, title=None, axis=axis)


def _periods() -> alt.X:
    axis = alt.Axis(labelExpr="slice(datum.value, 0, 7)", labelAngle=-45, labelOverlap=True)
    return alt.X("period_end:O", title=None, axis=axis)


def _values(channel: Any, column: str, domain: str | None, title: str) -> Any:
    return channel(
        f"{column}:Q",
        title=f"@column.{title}",
        scale=alt.Scale(domain=DOMAINS[domain]) if domain else alt.Scale(zero=True),
        axis=alt.Axis(
            labelOverlap=True, tickCount=5, **({"format": "%"} if domain == "share" else {})
        ),
    )


def _series_color(series: Sequence[str]) -> Any:
    return _of_series(alt.Color, series, SERIES) if series else alt.value(SERIES[0])


def _series_shape(series: Sequence[str]) -> Any:
    """Who cannot tell the colors apart has the shapes."""
    return _of_series(alt.Shape, series, SHAPES) if series else alt.value(SHAPES[0])


def _of_series(channel: Any, series: Sequence[str], looks: Sequence[str]) -> Any:
    scale = alt.Scale(domain=list(series), range=looks[: len(series)])
    return channel("measure:N", scale=scale, legend=_legend())


def _legend(text: str = LABEL) -> alt.Legend:
    return alt.Legend(
        title=None, labelExpr=text, orient="top", columns=2, labelLimit=170, symbolOpacity=1
    )


def _bar_color(column: str) -> alt.Color:
    colors = BAR_COLORS[column]
    return alt.Color(
        "item:N" if column == "band" else f"{column}:N",
        scale=alt.Scale(domain=list(colors), range=list(colors.values())),
        legend=_legend() if column == "pillar" else None,
    )


def _limit(rows: alt.Chart, column: str, domain: str | None, title: str) -> alt.Chart:
    return rows.mark_tick(thickness=3, size=22).encode(
        x=_values(alt.X, column, domain, title), color=alt.value("--target")
    )


def _row_end(rows: alt.Chart, number: str) -> alt.Chart:
    """Value and n at the end of a row, or why there is no value."""
    return (
        rows.transform_calculate(text=f"shown(datum, '{number}')")
        .mark_text(align="left", dx=8)
        .encode(x=alt.value("width"), text="text:N", color=alt.value("--ink"))
    )
