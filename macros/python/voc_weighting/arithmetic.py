"""The two operations that every score rests on: the mean of what is there, and exact rounding."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Texts = NDArray[np.str_]

DECIMALS = 6
_MICRO = 10.0**DECIMALS
# In units of the last decimal: far above what doubles lose, far below anything that is meant.
_SLACK = 1e-6


def floats(values: ArrayLike, what: str, dimensions: tuple[int, ...] = (1,)) -> Floats:
    """Return `values` as float64, None as NaN. ValueError when it has other dimensions."""
    array = np.asarray(values, dtype=np.float64)
    if array.ndim not in dimensions:
        allowed = " or ".join(str(number) for number in dimensions)
        raise ValueError(f"{what} must have {allowed} dimension(s); it has {array.ndim}.")
    return array


def round_score(values: ArrayLike) -> Floats:
    """Round to 6 decimals, halves away from zero, as decimals do; NaN stays NaN.

    Any shape. Every comparison of a score with a band edge or with zero is made on this: weights of
    30, 25, 25 and 20 on 57, 40, 70 and 77 give 59.99999999999999 in doubles, and 60 here.
    """
    array = np.asarray(values, dtype=np.float64)
    return np.copysign(np.floor(np.abs(array) * _MICRO + (0.5 + _SLACK)) / _MICRO, array)


def truncate_score(values: ArrayLike, decimals: int = 1) -> Floats:
    """Cut a rounded score to fewer decimals, towards zero; NaN stays NaN. Any shape."""
    millionths = np.rint(round_score(values) * _MICRO)
    return np.trunc(millionths / 10.0 ** (DECIMALS - decimals)) / 10.0**decimals


def weighted_mean(values: ArrayLike, weights: ArrayLike) -> tuple[Floats, Floats]:
    """Mean by weight over the values that are there: sum(w * x) / sum(w), and sum(w).

    Args:
        values: (rows, parts); NaN is missing.
        weights: (parts,) or (rows, parts), not negative; NaN: the part has no weight at all.

    Returns:
        The mean, (rows,), NaN where no part that is there has weight; and the weight that is there,
        (rows,), in the units of `weights`. A missing part is never counted as zero.

    Raises:
        ValueError: shapes that do not fit, or a negative weight.
    """
    x = floats(values, "values", (2,))
    w = checked_weights(weights, x.shape)
    total, coverage = np.zeros(x.shape[0]), np.zeros(x.shape[0])
    for part in range(x.shape[1]):
        value = x[:, part]
        weight = np.where(np.isnan(value), 0.0, w[:, part])
        coverage += weight
        total += weight * np.nan_to_num(value)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(coverage > 0, total / coverage, np.nan), coverage


def checked_weights(weights: ArrayLike, shape: tuple[int, ...]) -> Floats:
    """Return weights of (parts,) or (rows, parts) as (rows, parts), NaN as 0.

    ValueError when the shape does not fit or a weight is negative.
    """
    given = floats(weights, "weights", (1, 2))
    if (given < 0).any():
        raise ValueError("A weight cannot be negative.")
    try:
        return np.broadcast_to(np.nan_to_num(given), shape)
    except ValueError as error:
        raise ValueError(f"weights of {given.shape} do not fit values of {shape}.") from error
