"""NPS, its uncertainty, and the role-weighted NPS of an account.

Counts are of votes: one person, one vote. Scores are in NPS points, -100 to 100. Everything is
vectorised: each function takes arrays and returns arrays, NaN where nobody answered.

Sources: the interval is the adjusted Wald interval for NPS (Rocks 2016, "Interval Estimation for
the Net Promoter Score", The American Statistician 70; recommended by Sauro and Lewis for small
samples); the finite population correction is the textbook one (Cochran 1977). The weighting by
roles is this project's rulebook: first a score per role, then the mean of the roles, so that many
users cannot outvote one buyer.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import ArrayLike

from voc_weighting.arithmetic import DECIMALS, Flags, Floats, floats, round_score

Z_SCORE = 1.96
# Votes added to promoters and detractors, and to passives, before an interval is computed.
_PRIOR_ENDS, _PRIOR_MIDDLE = 0.75, 1.5
_PRIOR = 2 * _PRIOR_ENDS + _PRIOR_MIDDLE
# Accounts worked on at a time: their columns stay in the processor's cache.
_BLOCK = 4096
# From here on, a score is above zero after rounding.
_ABOVE_ZERO = 0.5 * 10.0**-DECIMALS
_SUM_TOLERANCE = 1e-9


def nps(promoters: ArrayLike, passives: ArrayLike, detractors: ArrayLike) -> Floats:
    """100 * (P - D) in NPS points, P and D as shares of the answers; NaN without an answer.

    Counts of any one shape, not negative (ValueError). 50 promoters, 30 passives and 20 detractors
    give 30.
    """
    promoters, passives, detractors = _counts(promoters, passives, detractors)
    with np.errstate(invalid="ignore"):
        return 100.0 * (promoters - detractors) / (promoters + passives + detractors)


def nps_adjusted(promoters: ArrayLike, passives: ArrayLike, detractors: ArrayLike) -> Floats:
    """Centre of the interval: the score after 3/4 + 3/2 + 3/4 votes were added, so n grows by 3.

    Shapes, units and errors as `nps`.
    """
    promoters, passives, detractors = _counts(promoters, passives, detractors)
    responses = promoters + passives + detractors
    score = 100.0 * (promoters - detractors) / (responses + _PRIOR)
    return np.where(responses > 0, score, np.nan)


def squared_error(promoters: ArrayLike, passives: ArrayLike, detractors: ArrayLike) -> Floats:
    """Squared standard error of the adjusted score on the -1 to 1 scale: var' / (n + 3).

    var' = P' + D' - (P' - D')^2 with the adjusted shares. Shapes and errors as `nps`.
    """
    promoters, passives, detractors = _counts(promoters, passives, detractors)
    responses = promoters + passives + detractors
    net = (promoters - detractors) / (responses + _PRIOR)
    ends = (promoters + detractors + 2 * _PRIOR_ENDS) / (responses + _PRIOR)
    return np.where(responses > 0, (ends - net * net) / (responses + _PRIOR), np.nan)


def half_width(error: ArrayLike, z: float = Z_SCORE) -> Floats:
    """Half width of an interval in NPS points, from a squared error on the -1 to 1 scale."""
    return 100.0 * z * np.sqrt(np.asarray(error, dtype=np.float64))


def interval(
    promoters: ArrayLike, passives: ArrayLike, detractors: ArrayLike, z: float = Z_SCORE
) -> tuple[Floats, Floats]:
    """Adjusted Wald interval (low, high) in NPS points, clipped to the scale.

    Shapes and errors as `nps`. (50, 30, 20) gives 14.05 to 44.20, (7, 2, 1) gives 7.04 to 85.27.
    """
    center = nps_adjusted(promoters, passives, detractors)
    margin = half_width(squared_error(promoters, passives, detractors), z)
    return np.clip(center - margin, -100.0, 100.0), np.clip(center + margin, -100.0, 100.0)


def finite_population_correction(population: ArrayLike, responses: ArrayLike) -> Floats:
    """Share of a margin that is left when n of N could answer and did: sqrt((N - n) / (N - 1)).

    Any one shape. 0 where everybody answered; NaN where the population is.
    """
    size, n = np.broadcast_arrays(
        np.asarray(population, dtype=np.float64), np.asarray(responses, dtype=np.float64)
    )
    left = np.sqrt(np.maximum(size - n, 0.0) / np.maximum(size - 1.0, 1.0))
    return np.where(np.isnan(size), np.nan, np.where(size > 1, left, 0.0))


def change_z(
    before: tuple[ArrayLike, ArrayLike, ArrayLike], after: tuple[ArrayLike, ArrayLike, ArrayLike]
) -> Floats:
    """Standard score of a change: adjusted scores apart, over the standard error of the difference.

    Args:
        before, after: (promoters, passives, detractors) of the two periods, each of one shape.

    Returns:
        z, significant where its absolute value is `Z_SCORE` or more; NaN where a period is empty.
    """
    apart = nps_adjusted(*after) - nps_adjusted(*before)
    return apart / (100.0 * np.sqrt(squared_error(*after) + squared_error(*before)))


def revenue_weighted(scores: ArrayLike, arr: ArrayLike) -> float:
    """Company score in which every account weighs as much as its recurring revenue.

    Args:
        scores: (accounts,) NPS points, NaN where the account is silent.
        arr: (accounts,) revenue in any one currency; accounts without revenue do not count.

    Returns:
        NPS points, NaN where no account with revenue has a score.
    """
    score, revenue = floats(scores, "scores"), floats(arr, "arr")
    counts = ~np.isnan(score) & (revenue > 0)
    if not counts.any():
        return float("nan")
    mean = np.sum(score[counts] * revenue[counts]) / np.sum(revenue[counts])
    return float(np.clip(mean, -100.0, 100.0))


@dataclass(frozen=True)
class RoleWeightedNps:
    """What `role_weighted` returns: one value per account in each array.

    Scores, intervals, bounds and `role_spread` are in NPS points, NaN where nobody spoke;
    `role_weight_coverage` is a share of 1.
    """

    account_nps: Floats
    ci_low: Floats
    ci_high: Floats
    nps_low_bound: Floats
    nps_high_bound: Floats
    role_weight_coverage: Floats
    responses: Floats
    pooled_nps: Floats
    respondent_weighted_nps: Floats
    waterfall_nps: Floats
    role_spread: Floats
    has_role_conflict: Flags
    definitions_disagree_in_sign: Flags
    is_reportable: Flags

    @classmethod
    def empty(cls, accounts: int) -> RoleWeightedNps:
        """Arrays of the right length and kind, to be filled."""
        kinds = {
            field.name: np.bool_ if field.type == "Flags" else np.float64 for field in fields(cls)
        }
        return cls(**{name: np.empty(accounts, kind) for name, kind in kinds.items()})


def role_weighted(
    promoters: ArrayLike,
    passives: ArrayLike,
    detractors: ArrayLike,
    weights: ArrayLike,
    seniority: ArrayLike | None = None,
    *,
    min_coverage: float = 0.5,
    z: float = Z_SCORE,
) -> RoleWeightedNps:
    """Role-weighted NPS of many accounts, with interval, bounds, coverage and alternatives.

    account_nps = sum(w * nps_r) / sum(w) over the roles that answered. The bounds put the silent
    roles at -100 and 100. The interval is centred on the same mean of the adjusted role scores,
    with half width z * 100 * sqrt(sum(w'^2 * var'_r / (n_r + 3))), w' the renormalised weights.

    Decision-maker 8, manager 4, users 9, 10, 7, 9 at 0.5, 0.3, 0.2 give -15 (pooled 33.33,
    waterfall 0); with a silent decision-maker -30, bounds -65 and 35, coverage 0.5.

    Args:
        promoters, passives, detractors: (accounts, roles) counts of votes, 0 where a role is silent.
        weights: (roles,) or (accounts, roles) shares of 1. NaN: the role is outside the scheme
            (unknown): its votes count in `responses` and `pooled_nps` only.
        seniority: (roles,) or (accounts, roles), 1 the most senior; without it, roles are given in
            order of seniority. Whoever is most senior among those who spoke is the waterfall.
        min_coverage: weight of the roles heard from which on a score is reportable.
        z: standard score of the interval.

    Raises:
        ValueError: shapes that do not fit, a negative count, or weights that do not sum to 1.
    """
    votes = [np.asarray(counts) for counts in (promoters, passives, detractors)]
    shape = votes[0].shape
    if len(shape) != 2 or any(counts.shape != shape for counts in votes):
        raise ValueError("promoters, passives and detractors must share a shape (accounts, roles).")
    accounts, roles = shape
    w = _per_role(weights, shape, "weights")
    _check_weights(w)
    order = _per_role(np.arange(roles) if seniority is None else seniority, shape, "seniority")
    result = RoleWeightedNps.empty(accounts)
    for start in range(0, accounts, _BLOCK):
        part = slice(start, start + _BLOCK)
        _weigh(
            [counts[part] for counts in votes],
            w if len(w) == 1 else w[part],
            order if len(order) == 1 else order[part],
            RoleWeightedNps(**{f.name: getattr(result, f.name)[part] for f in fields(result)}),
            min_coverage,
            z,
        )
    return result


def _weigh(
    votes: list[np.ndarray],
    weights: Floats,
    seniority: Floats,
    out: RoleWeightedNps,
    min_coverage: float,
    z: float,
) -> None:
    accounts, roles = votes[0].shape
    zeros = (np.zeros(accounts) for _ in range(9))
    net_all, weight_all, weighted_net, weighted_n, score, center, error, coverage, n_all = zeros
    highest, lowest = np.full(accounts, -np.inf), np.full(accounts, np.inf)
    senior = np.full(accounts, np.inf)
    out.waterfall_nps[:] = np.nan
    for role in range(roles):
        p, q, d = (counts[:, role].astype(np.float64) for counts in votes)
        if not (np.minimum(np.minimum(p, q), d) >= 0).all():
            raise ValueError("A count of votes is negative or missing; a silent role has 0.")
        given = weights[:, role]
        is_weighed = ~np.isnan(given)
        w = np.where(is_weighed, given, 0.0)
        net, n = p - d, p + q + d
        has_spoken = n > 0
        role_nps = 100.0 * net / np.maximum(n, 1.0)
        m = n + _PRIOR
        adjusted = net / m
        variance = (p + d + 2 * _PRIOR_ENDS) / m - adjusted * adjusted
        heard = w * has_spoken
        coverage += heard
        weight_all += w
        score += heard * role_nps
        center += heard * adjusted
        error += heard * heard * variance / m
        net_all += net
        n_all += n
        weighted_net += w * net
        weighted_n += w * n
        speaks = has_spoken & is_weighed
        np.maximum(highest, role_nps, out=highest, where=speaks)
        np.minimum(lowest, role_nps, out=lowest, where=speaks)
        leads = speaks & (seniority[:, role] < senior)
        np.copyto(senior, seniority[:, role], where=leads)
        np.copyto(out.waterfall_nps, role_nps, where=leads)
    with np.errstate(invalid="ignore", divide="ignore"):
        out.account_nps[:] = score / coverage
        middle = 100.0 * center / coverage
        margin = half_width(error, z) / coverage
        out.nps_low_bound[:] = (score - 100.0 * (weight_all - coverage)) / weight_all
        out.nps_high_bound[:] = (score + 100.0 * (weight_all - coverage)) / weight_all
        out.pooled_nps[:] = 100.0 * net_all / n_all
        out.respondent_weighted_nps[:] = 100.0 * weighted_net / weighted_n
        out.role_spread[:] = highest - lowest
    np.clip(middle - margin, -100.0, 100.0, out=out.ci_low)
    np.clip(middle + margin, -100.0, 100.0, out=out.ci_high)
    np.copyto(out.role_spread, np.nan, where=highest < lowest)
    out.role_weight_coverage[:] = coverage
    out.responses[:] = n_all
    np.logical_and(highest > 0, lowest < 0, out=out.has_role_conflict)
    definitions = (
        out.account_nps,
        out.pooled_nps,
        out.respondent_weighted_nps,
        out.waterfall_nps,
    )
    best = np.fmax.reduce(definitions)
    worst = np.fmin.reduce(definitions)
    np.logical_and(best >= _ABOVE_ZERO, worst <= -_ABOVE_ZERO, out=out.definitions_disagree_in_sign)
    np.greater_equal(round_score(coverage), min_coverage, out=out.is_reportable)


def _per_role(values: ArrayLike, shape: tuple[int, ...], what: str) -> Floats:
    """Values per role as (1, roles) or (accounts, roles)."""
    array = floats(values, what, (1, 2))
    array = array if array.ndim == 2 else array[np.newaxis, :]
    if array.shape not in (shape, (1, shape[1])):
        raise ValueError(f"{what} of {np.shape(values)} do not fit counts of {shape}.")
    return array


def _check_weights(weights: Floats) -> None:
    sums = np.nansum(weights, axis=1)
    has_scheme = ~np.isnan(weights).all(axis=1)
    if (weights < 0).any() or (np.abs(sums[has_scheme] - 1.0) > _SUM_TOLERANCE).any():
        raise ValueError("The weights of the roles must not be negative and must sum to 1.")


def _counts(*counts: ArrayLike) -> list[Floats]:
    arrays = np.broadcast_arrays(*(np.asarray(votes, dtype=np.float64) for votes in counts))
    if any((array < 0).any() for array in arrays):
        raise ValueError("A count of votes cannot be negative.")
    return list(arrays)
