"""Tables of statistics that SQL reads instead of iterating: `python -m voc_weighting.reference`.

Every engine gives the same figures from them. They are seeds of the project, seeds/reference, and
change only when a formula does; a test makes them again and compares.
"""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from voc_weighting import lead_lag, nps

#: Comparisons of one period for which critical values are written; see `critical_changes`.
MOST_COMPARISONS = 50
#: Months of lag, either way, for which a threshold is written.
LONGEST_LAG = 120

Rows = Iterator[tuple[Any, ...]]


def score_intervals() -> Rows:
    """95 % score interval of one NPS, in points, of all counts of at most 30 votes."""
    yield "detractors", "passives", "promoters", "ci_low", "ci_high"
    table = nps.score_intervals()
    for counts in np.argwhere(~np.isnan(table[..., 0])):
        low, high = table[tuple(counts)]
        # Zero has no sign here.
        yield (*map(int, counts), f"{low + 0.0:.6f}", f"{high + 0.0:.6f}")


def t_quantiles() -> Rows:
    """0.975 quantile of t with one degree of freedom less than there are accounts."""
    yield "accounts", "t_quantile"
    for accounts, quantile in nps.t_quantiles().items():
        yield accounts, f"{quantile:.6f}"


def critical_changes() -> Rows:
    """|z| from which on the change at a rank is a discovery among so many comparisons.

    SQL takes more comparisons than `MOST_COMPARISONS` for as many, and a rank for the one before it in
    proportion: its level is then never above 5 %.
    """
    yield "comparisons", "rank", "critical_z"
    for comparisons in range(1, MOST_COMPARISONS + 1):
        for rank in range(1, comparisons + 1):
            yield comparisons, rank, f"{nps.critical_z(rank, comparisons):.6f}"


def lag_thresholds() -> Rows:
    """|z| that the largest of so many correlations reaches by chance in one of twenty cases."""
    yield "lags", "z"
    for longest in range(LONGEST_LAG + 1):
        lags = 2 * longest + 1
        yield lags, f"{lead_lag.z_of_lags(lags):.6f}"


#: The tables by the name of their seed.
TABLES: dict[str, Callable[[], Rows]] = {
    "nps_score_intervals": score_intervals,
    "t_quantiles": t_quantiles,
    "critical_changes": critical_changes,
    "lag_thresholds": lag_thresholds,
}


def text_of(table: str) -> str:
    """A table as its seed is written, with a header and a line a row."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(TABLES[table]())
    return text.getvalue()


def main(folder: Path) -> int:
    """Write all tables to a folder."""
    for table in TABLES:
        (folder / f"{table}.csv").write_text(text_of(table), encoding="utf-8")
        print(f"Wrote {folder / table}.csv")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(__file__).resolve().parents[3] / "seeds" / "reference"))
