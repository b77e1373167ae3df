"""Shares of answers and their 95 % interval, where people of one account answer alike.

Sources: Wilson 1927, "Probable inference, the law of succession, and statistical inference", Journal
of the American Statistical Association 22; the design effect of clusters is Kish 1965, "Survey
Sampling". The SQL beside it is in `macros/statistics/`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from voc_weighting.arithmetic import Floats, floats
from voc_weighting.nps import Z_SCORE, design_effect


def effective_cases(successes: ArrayLike, cases: ArrayLike) -> float:
    """As many independent cases say as much about a share; never more than there are.

    Cases by the design effect of the accounts, see `nps.design_effect`; all of them below 10 accounts
    and where all are successes or none is.

    Args:
        successes: (accounts,) successes of each account; who has no account is one of their own.
        cases: (accounts,) cases of each account; accounts without one do not count.

    Returns:
        NaN without cases.
    """
    s, n = floats(successes, "successes"), floats(cases, "cases")
    s, n = s[n > 0], n[n > 0]
    if not len(n):
        return float("nan")
    return float(n.sum() / np.fmax(design_effect(s, n, s), 1.0))


def interval(
    successes: ArrayLike, cases: ArrayLike, effective: ArrayLike | None = None
) -> tuple[Floats, Floats]:
    """Ends of the Wilson interval of shares, 0 to 1, NaN without cases.

    Args:
        successes: (n,) successes.
        cases: (n,) cases.
        effective: (n,) independent cases that say as much; all cases where it is left out.
    """
    n = floats(cases, "cases")
    with np.errstate(divide="ignore", invalid="ignore"):
        share = floats(successes, "successes") / n
        n = n if effective is None else floats(effective, "effective cases")
        centre = share + Z_SCORE**2 / (2 * n)
        half = Z_SCORE * np.sqrt(share * (1 - share) / n + Z_SCORE**2 / (4 * n**2))
        grown = 1 + Z_SCORE**2 / n
        return np.clip((centre - half) / grown, 0, 1), np.clip((centre + half) / grown, 0, 1)
