"""The weighting layer as DuckDB functions, for what-if questions in SQL.

| function | gives |
|---|---|
| `voc_nps(promoters, passives, detractors)` | NPS points |
| `voc_nps_interval(promoters, passives, detractors)` | its interval, `.low` and `.high` |
| `voc_signal_score(value, score_0_at, score_100_at)` | a signal's score, 0 to 100 |
| `voc_account_nps(nps, weights)` | NPS of an account from lists of its roles, silent ones null |
| `voc_weighted_score(scores, weights)` | pillar from signals, or score from pillars, 6 decimals |
| `voc_health_band(score, coverage)` | name of the band, by today's policy |

The two that take lists give the mean by weight of what is not null; only scores of health are
rounded. A null argument gives null, except that a score of null has the band `insufficient_signal`.
With dbt: the profile names this module as a plugin. With DuckDB alone: `register(connection)`.
Never in a public mart: other engines do not have them.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from voc_weighting import arithmetic, health, nps
from voc_weighting.arithmetic import Floats

try:
    from dbt.adapters.duckdb.plugins import BasePlugin
except ImportError:  # the functions work without dbt
    BasePlugin = object  # type: ignore[assignment, misc]

OWN_POLICY = Path(__file__).resolve().parents[3] / "seeds" / "policy"
_THREE = ["DOUBLE", "DOUBLE", "DOUBLE"]
_LISTS = ["DOUBLE[]", "DOUBLE[]"]
Column: TypeAlias = pa.Array | pa.ChunkedArray


def register(
    connection: duckdb.DuckDBPyConnection,
    policy_folder: Path | None = None,
    min_coverage: float = 0.5,
) -> None:
    """Create the functions on an open connection (and on its cursors); nothing is stored.

    Args:
        policy_folder: the policy seeds that `voc_health_band` reads when it is first called;
            without it, those of the project that this package is part of.
        min_coverage: weight of pillars below which the band is `insufficient_signal`.

    Raises:
        duckdb.NotImplementedException: the functions are there already.
    """
    bands = cache(lambda: _bands_of_today(policy_folder or OWN_POLICY))

    def health_band(score: Column, coverage: Column) -> pa.Array:
        names = health.band_of(_floats(score), _floats(coverage), bands(), min_coverage)
        return pa.array(names, pa.string())

    functions: list[tuple[str, Callable[..., pa.Array], list[str], str]] = [
        ("voc_nps", _nps, _THREE, "DOUBLE"),
        ("voc_nps_interval", _interval, _THREE, "STRUCT(low DOUBLE, high DOUBLE)"),
        ("voc_signal_score", _signal_score, _THREE, "DOUBLE"),
        ("voc_account_nps", _weighted_mean, _LISTS, "DOUBLE"),
        ("voc_weighted_score", _weighted_score, _LISTS, "DOUBLE"),
        ("voc_health_band", health_band, ["DOUBLE", "DOUBLE"], "VARCHAR"),
    ]
    for name, function, takes, gives in functions:
        # DuckDB's own null handling forbids a null result without a null argument.
        connection.create_function(
            name, function, takes, gives, type="arrow", null_handling="special"
        )


class Plugin(BasePlugin):
    """dbt-duckdb plugin: `plugins: [{module: voc_weighting.duckdb_functions}]` in the profile.

    Its `config` may hold `policy_folder` and `min_score_coverage`.
    """

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        """Read the configuration of the profile."""
        folder = plugin_config.get("policy_folder")
        self._policy_folder = Path(folder) if folder else None
        self._min_coverage = float(plugin_config.get("min_score_coverage", 0.5))

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        """Register the functions on the connection that dbt opened."""
        register(conn, self._policy_folder, self._min_coverage)


def _bands_of_today(policy_folder: Path) -> Any:
    # Only now: a broken policy must not keep dbt from connecting, and from saying what is broken.
    from voc_weighting.policy import load_policy

    return load_policy(policy_folder).bands(date.today())


def _nps(promoters: Column, passives: Column, detractors: Column) -> pa.Array:
    return _column(nps.nps(_floats(promoters), _floats(passives), _floats(detractors)))


def _interval(promoters: Column, passives: Column, detractors: Column) -> pa.Array:
    low, high = nps.interval(_floats(promoters), _floats(passives), _floats(detractors))
    mask = pa.array(np.isnan(low))
    return pa.StructArray.from_arrays([_column(low), _column(high)], ["low", "high"], mask=mask)


def _signal_score(value: Column, score_0_at: Column, score_100_at: Column) -> pa.Array:
    scores = health.signal_scores(_floats(value), _floats(score_0_at), _floats(score_100_at))
    return _column(scores)


def _weighted_mean(values: Column, weights: Column) -> pa.Array:
    return _column(_means(values, weights))


def _weighted_score(scores: Column, weights: Column) -> pa.Array:
    return _column(arithmetic.round_score(_means(scores, weights)))


def _means(values: Column, weights: Column) -> Floats:
    """Mean by weight of the lists of each row; NaN where a list, or all there is in it, is null."""
    pairs = pa.table({"values": values, "weights": weights})
    is_there = pc.and_(pc.is_valid(values), pc.is_valid(weights))
    present = pairs.filter(is_there).combine_chunks()
    parts, lengths = _lists(present["values"])
    shares, share_lengths = _lists(present["weights"])
    if (lengths != share_lengths).any():
        raise ValueError("The lists need as many weights as values in every row.")
    means = np.full(pairs.num_rows, np.nan)
    present_means, _ = arithmetic.weighted_mean(_matrix(parts, lengths), _matrix(shares, lengths))
    means[is_there.to_numpy()] = present_means
    return means


def _column(values: Floats) -> pa.Array:
    return pa.array(values, pa.float64(), mask=np.isnan(values))


def _floats(column: Column) -> Floats:
    """A column of doubles, null as NaN."""
    return np.asarray(column.to_numpy(zero_copy_only=False), dtype=np.float64)


def _lists(column: pa.ChunkedArray) -> tuple[Floats, NDArray[np.int64]]:
    """The elements of a column of lists, one list after the other, and the length of each."""
    return _floats(pc.list_flatten(column)), pc.list_value_length(column).to_numpy()


def _matrix(values: Floats, lengths: NDArray[np.int64]) -> Floats:
    """Lists as the rows of a matrix as wide as the longest, filled up with NaN."""
    matrix = np.full((len(lengths), int(lengths.max(initial=0))), np.nan)
    matrix[np.arange(matrix.shape[1]) < lengths[:, np.newaxis]] = values
    return matrix
