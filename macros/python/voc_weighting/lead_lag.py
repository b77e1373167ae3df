"""Lead and lag of two series of several teams: which moves first, and is it more than chance?

Pearson's r of one series and the other some months later, within teams, all teams pooled. Series that
drift or persist are alike at many lags by chance alone, so each is taken from its team's mean and
linear trend, the variance of r is Bartlett's (1946), and the threshold is for all lags together
(Sidak 1967). Everything is vectorised over companies; NaN is missing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import norm

from voc_weighting.arithmetic import Flags, Floats

CONFIDENCE = 0.95
Z_ONE_LAG = 1.96
#: Pairs less what means and trends took, below which nothing is said.
FEWEST_PAIRS = 10
#: Months up to which a series may be like itself.
LONGEST_MEMORY = 11
#: What is left of a straight line is nothing.
_DECIMALS = 12


@dataclass(frozen=True)
class LeadLag:
    """What `lead_lag` returns: the last axis is the lag, those before it are the companies'.

    `correlation` is NaN where one side never moves, the thresholds are where too few pairs are.
    """

    lags: NDArray[np.int64]
    pairs: NDArray[np.int64]
    correlation: Floats
    threshold: Floats
    threshold_one_lag: Floats
    is_beyond_threshold: Flags


def z_of_lags(lags: int) -> float:
    """|z| that one of so many lags reaches by chance in one of twenty cases (Sidak); 13: 2.883097."""
    return float(norm.isf((1 - CONFIDENCE ** (1 / lags)) / 2))


def lead_lag(first: ArrayLike, second: ArrayLike, months: int) -> LeadLag:
    """Correlate `first` with `second` up to so many months later, and as many earlier.

    Args:
        first, second: (..., teams, months) values, NaN where a team has none that month.
        months: the longest lag.

    Raises:
        ValueError: shapes that differ, or fewer than two dimensions.
    """
    x, y = (detrended(np.asarray(side, dtype=np.float64)) for side in (first, second))
    if x.shape != y.shape or x.ndim < 2:
        raise ValueError(f"first {x.shape} and second {y.shape} must be (..., teams, months).")
    lags = np.arange(-months, months + 1)
    found = [_at_lag(x, y, int(lag)) for lag in lags]
    pairs, teams, r = (np.stack(part, axis=-1) for part in zip(*found, strict=True))
    free = (pairs - 2 * teams).astype(np.float64)
    memory = min(x.shape[-1] // 3, LONGEST_MEMORY)
    alike = sum(
        (_memory(x, month) * _memory(y, month) for month in range(1, memory + 1)),
        np.zeros(x.shape[:-2]),
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        error = np.sqrt(np.maximum(1 + 2 * np.asarray(alike)[..., None], 1) / free)
    error = np.where(free >= FEWEST_PAIRS, error, np.nan)
    threshold = z_of_lags(len(lags)) * error
    return LeadLag(
        lags=lags,
        pairs=pairs,
        correlation=r,
        threshold=threshold,
        threshold_one_lag=Z_ONE_LAG * error,
        is_beyond_threshold=np.abs(r) >= threshold,
    )


def detrended(series: Floats) -> Floats:
    """Each series (last axis) less its mean and its linear trend over the months it has."""
    there = ~np.isnan(series)
    count = np.maximum(there.sum(axis=-1, keepdims=True), 1)
    month = np.where(there, np.arange(series.shape[-1], dtype=np.float64), 0.0)
    value = np.where(there, series, 0.0)
    month = np.where(there, month - month.sum(axis=-1, keepdims=True) / count, 0.0)
    value = np.where(there, value - value.sum(axis=-1, keepdims=True) / count, 0.0)
    spread = (month * month).sum(axis=-1, keepdims=True)
    slope = (month * value).sum(axis=-1, keepdims=True) / np.where(spread > 0, spread, 1.0)
    return np.where(there, (value - slope * month).round(_DECIMALS), np.nan)


def _shifted(x: Floats, y: Floats, lag: int) -> tuple[Floats, Floats]:
    """The months of x, and those of y so much later, that have both."""
    months = x.shape[-1]
    keep = max(months - abs(lag), 0)
    x = x[..., max(-lag, 0) : max(-lag, 0) + keep]
    y = y[..., max(lag, 0) : max(lag, 0) + keep]
    both = ~(np.isnan(x) | np.isnan(y))
    return np.where(both, x, np.nan), np.where(both, y, np.nan)


def _at_lag(x: Floats, y: Floats, lag: int) -> tuple[NDArray, NDArray, Floats]:
    """Pairs, teams that have some, and Pearson's r over them, of each company."""
    x, y = _shifted(x, y, lag)
    both = ~np.isnan(x)
    pairs, teams = both.sum(axis=(-2, -1)), both.any(axis=-1).sum(axis=-1)
    return pairs, teams, _correlation(x, y)


def _memory(x: Floats, months: int) -> Floats:
    """How much a series is like itself so many months later; 0 without pairs."""
    return np.nan_to_num(_correlation(*_shifted(x, x, months)))


def _correlation(x: Floats, y: Floats) -> Floats:
    products, xx, yy = (np.nansum(part, axis=(-2, -1)) for part in (x * y, x * x, y * y))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where((xx > 0) & (yy > 0), np.clip(products / np.sqrt(xx * yy), -1, 1), np.nan)
