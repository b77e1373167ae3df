"""NPS, its uncertainty, and the role-weighted NPS of an account.

Counts are of votes: one person, one vote. Scores are in NPS points, -100 to 100. Everything is
vectorised: each function takes arrays and returns arrays, NaN where nobody answered.

Sources: up to 30 votes the interval of one NPS is the score interval (Tango 1998, "Equivalence test
and confidence interval for the difference in proportions for the paired-sample design", Statistics
in Medicine 17; the "iterative score" of Rocks 2016, "Interval Estimation for the Net Promoter
Score", The American Statistician 70), above it the adjusted Wald interval (Rocks 2016). Intervals of
roles are combined by MOVER (Zou and Donner 2008, "Construction of confidence limits about effect
measures", Statistics in Medicine 27). People of one account are clusters (Kish 1965, "Survey
Sampling"); the finite population correction is the textbook one (Cochran 1977). Rates found among
many are controlled as Benjamini and Hochberg (1995) do. The weighting by roles is this project's
rulebook: first a score per role, then the mean of the roles, so that many users cannot outvote one
buyer.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike

from voc_weighting.arithmetic import DECIMALS, Flags, Floats, floats, round_score

Z_SCORE = 1.96
#: Most votes of which the interval is the score interval.
SCORE_INTERVAL_VOTES = 30
#: Accounts from which on their votes say how much people of one account agree.
MIN_CLUSTERS = 10
#: Accounts from which on the normal quantile stands for the t quantile.
MANY_CLUSTERS = 30
#: Share of false alarms among the changes that are called significant.
FALSE_DISCOVERY_RATE = 0.05
#: Decimals of the intervals and quantiles that SQL reads from seeds/reference.
REFERENCE_DECIMALS = 6
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
    """Interval (low, high) of one NPS in NPS points, within the scale; it contains the score.

    Up to `SCORE_INTERVAL_VOTES` votes the score interval, to 6 decimals as in the reference table of
    the SQL, above them the adjusted Wald interval. Shapes and errors as `nps`; ValueError for counts
    that are not whole. (7, 2, 1) gives 4.8913 to 85.8861, (50, 30, 20) gives 14.05 to 44.20.
    """
    low, high = _unclipped_interval(promoters, passives, detractors, z)
    return np.clip(low, -100.0, 100.0), np.clip(high, -100.0, 100.0)


def _unclipped_interval(
    promoters: ArrayLike, passives: ArrayLike, detractors: ArrayLike, z: float
) -> tuple[Floats, Floats]:
    promoters, passives, detractors = _counts(promoters, passives, detractors)
    if any((count % 1 > 0).any() for count in (promoters, passives, detractors)):
        raise ValueError("Counts of votes are whole numbers.")
    responses = promoters + passives + detractors
    is_few = responses <= SCORE_INTERVAL_VOTES
    few = [
        np.where(is_few, count, 0).astype(np.intp) for count in (detractors, passives, promoters)
    ]
    scored = score_intervals(z)[few[0], few[1], few[2]]
    center = nps_adjusted(promoters, passives, detractors)
    margin = half_width(squared_error(promoters, passives, detractors), z)
    return (
        np.where(is_few, scored[..., 0], center - margin),
        np.where(is_few, scored[..., 1], center + margin),
    )


@cache
def score_intervals(z: float = Z_SCORE) -> Floats:
    """Score intervals of all counts of at most 30 votes, to 6 decimals.

    Returns:
        (31, 31, 31, 2) NPS points by detractors, passives and promoters, low and high; NaN without
        votes and above 30 of them.
    """
    side = np.arange(SCORE_INTERVAL_VOTES + 1)
    counts = np.stack(np.meshgrid(side, side, side, indexing="ij"))
    n = counts.sum(axis=0)
    is_scored = (n >= 1) & (n <= SCORE_INTERVAL_VOTES)
    table = np.full((*n.shape, 2), np.nan)
    table[is_scored] = np.round(
        np.stack(_score_interval(*counts[:, is_scored].astype(np.float64), z), axis=-1),
        REFERENCE_DECIMALS,
    )
    table.setflags(write=False)
    return table


def _score_interval(
    detractors: Floats, passives: Floats, promoters: Floats, z: float
) -> tuple[Floats, Floats]:
    """All values that the score test does not reject, by halving; arrays (n,) of counts, n > 0."""
    n = detractors + passives + promoters
    net = (promoters - detractors) / n

    def is_rejected(value: Floats) -> Flags:
        """Whether the score is further away than z standard errors at the likeliest such shares."""
        b = detractors * (1 - 3 * value) - 2 * passives * value + promoters * (1 - value)
        root = np.sqrt(np.maximum(b * b + 8 * n * detractors * value * (1 - value), 0.0))
        low = (b + root) / (4 * n)
        variance = np.maximum(2 * low + value - value * value, 0.0)
        return (net - value) ** 2 * n > z * z * variance

    def end(limit: float) -> Floats:
        inside, outside = net.copy(), np.full_like(net, limit)
        # At an end of the scale that the votes reach, there is nothing to leave out.
        for _ in range(60):
            middle = (inside + outside) / 2
            rejected = is_rejected(middle)
            outside = np.where(rejected, middle, outside)
            inside = np.where(rejected, inside, middle)
        return 100.0 * inside

    return end(-1.0), end(1.0)


def design_effect(net: ArrayLike, responses: ArrayLike, ends: ArrayLike) -> float:
    """How often the variance of an NPS is that of independent people, as people of one account agree.

    (sum over accounts of (net - m * responses)^2 / n^2 * G / (G - 1)) / (var / n), m the mean vote
    of -1, 0 or 1, var its sample variance, G accounts. Accounts of one person each give 1.

    Args:
        net: (accounts,) promoters minus detractors; an anonymous vote is an account of its own.
        responses: (accounts,) votes, more than 0.
        ends: (accounts,) promoters plus detractors.

    Returns:
        NaN below 10 accounts, and where all votes are the same.
    """
    s, n_a, extremes = (floats(values, "votes") for values in (net, responses, ends))
    n, accounts = n_a.sum(), len(n_a)
    if accounts < MIN_CLUSTERS:
        return float("nan")
    mean = s.sum() / n
    variance = (extremes.sum() - n * mean**2) / (n - 1)
    if variance <= 0 or extremes.sum() == 0 or abs(s.sum()) == n:
        return float("nan")
    between = np.sum((s - mean * n_a) ** 2) / n**2 * accounts / (accounts - 1)
    return float(between / (variance / n))


def cluster_factor(effect: float, accounts: int) -> float:
    """By how much an interval widens: sqrt(max(1, design effect)), with few accounts times t / 1.96.

    1 where the design effect is NaN.
    """
    if np.isnan(effect):
        return 1.0
    few = t_quantiles().get(accounts, Z_SCORE) / Z_SCORE
    return float(np.sqrt(max(1.0, effect)) * few)


@cache
def t_quantiles() -> dict[int, float]:
    """t(0.975, accounts - 1) for 10 to 29 accounts, to 6 decimals."""
    # Only here: scipy takes as long to import as dbt takes for ten models.
    from scipy.special import stdtrit

    return {
        accounts: round(float(stdtrit(accounts - 1, 0.975)), REFERENCE_DECIMALS)
        for accounts in range(MIN_CLUSTERS, MANY_CLUSTERS)
    }


@dataclass(frozen=True)
class ScopeNps:
    """NPS of a company, segment, region or role over people who sit in accounts, in NPS points."""

    nps: float
    ci_low: float
    ci_high: float
    margin_of_error: float
    design_effect: float
    effective_responses: float


def scope_nps(promoters: ArrayLike, passives: ArrayLike, detractors: ArrayLike) -> ScopeNps:
    """NPS of a scope with the interval that knows that people of one account agree.

    Ten accounts 1 1 | 1 1 0 | -1 -1 | 0 | 1 | -1 0 | 1 1 | 0 0 | -1 | 1 0 give 22.22, -33.5919 to
    68.8136, design effect 1.637037.

    Args:
        promoters, passives, detractors: (accounts,) votes; an anonymous vote is an account.
    """
    p, q, d = _counts(promoters, passives, detractors)
    has_voted = p + q + d > 0
    p, q, d = (count[has_voted] for count in (p, q, d))
    totals = float(p.sum()), float(q.sum()), float(d.sum())
    n = sum(totals)
    effect = design_effect(p - d, p + q + d, p + d)
    factor = cluster_factor(effect, len(p))
    score = float(nps(*totals))
    low, high = (float(end) for end in _unclipped_interval(*totals, Z_SCORE))
    center = score if n <= SCORE_INTERVAL_VOTES else float(nps_adjusted(*totals))
    low, high = center - factor * (center - low), center + factor * (high - center)
    return ScopeNps(
        nps=score,
        ci_low=max(low, -100.0),
        ci_high=min(high, 100.0),
        margin_of_error=(high - low) / 2,
        design_effect=effect,
        effective_responses=n / max(1.0, np.nan_to_num(effect, nan=1.0)) if n else float("nan"),
    )


def finite_population_correction(population: ArrayLike, responses: ArrayLike) -> Floats:
    """Share of a margin that is left when n of N could answer and did: sqrt((N - n) / (N - 1)).

    Any one shape. 0 where everybody answered; NaN where the population is.
    """
    size, n = np.broadcast_arrays(
        np.asarray(population, dtype=np.float64), np.asarray(responses, dtype=np.float64)
    )
    left = np.sqrt(np.maximum(size - n, 0.0) / np.maximum(size - 1.0, 1.0))
    return np.where(np.isnan(size), np.nan, np.where(size > 1, left, 0.0))


def change_contributions(
    before: tuple[ArrayLike, ArrayLike], after: tuple[ArrayLike, ArrayLike]
) -> Floats:
    """What each account did to the NPS from one window to another, in NPS points.

    100 * ((net2 - m * n2) / N2 - (net1 - m * n1) / N1), m the mean of the two NPS as shares. Votes
    that are in both windows hardly count, and the contributions sum to the change.

    Args:
        before, after: (net, responses) of the two windows, each (accounts,): promoters minus
            detractors, and votes; 0 where an account is silent. An anonymous vote is an account.

    Returns:
        (accounts,) NPS points; NaN where a window is empty.
    """
    (s1, n1), (s2, n2) = (
        (floats(net, "net"), floats(n, "responses")) for net, n in (before, after)
    )
    if not n1.sum() or not n2.sum():
        return np.full(len(n1), np.nan)
    mean = (s1.sum() / n1.sum() + s2.sum() / n2.sum()) / 2
    return 100.0 * ((s2 - mean * n2) / n2.sum() - (s1 - mean * n1) / n1.sum())


def change_z(before: tuple[ArrayLike, ArrayLike], after: tuple[ArrayLike, ArrayLike]) -> float:
    """Standard score of a change between windows that may share votes: change / sqrt(sum(c^2)).

    Arguments as `change_contributions`, whose values c are. Significant where its absolute value is
    `Z_SCORE` or more and somebody's vote differs in at least `MIN_CLUSTERS` accounts. NaN where a
    window is empty or nothing differs.
    """
    contributions = change_contributions(before, after)
    spread = np.sqrt(np.sum(contributions**2))
    return float(contributions.sum() / spread) if spread > 0 else float("nan")


def critical_z(rank: int, comparisons: int) -> float:
    """|z| from which on the rank-th largest of so many is a discovery, to 6 decimals.

    Benjamini and Hochberg: p <= 0.05 * rank / comparisons, two-sided.
    """
    tail = FALSE_DISCOVERY_RATE * rank / comparisons / 2
    return round(-NormalDist().inv_cdf(tail), REFERENCE_DECIMALS)


def discoveries(z: ArrayLike) -> Flags:
    """Which of many changes are significant when one in twenty of those may be a false alarm.

    Args:
        z: (comparisons,) standard scores, none NaN.
    """
    size = np.abs(floats(z, "z"))
    order = np.argsort(-size, kind="stable")
    critical = np.array([critical_z(rank, len(size)) for rank in range(1, len(size) + 1)])
    passing = np.flatnonzero(size[order] >= critical)
    found = np.zeros(len(size), dtype=np.bool_)
    if len(passing):
        found[order[: passing[-1] + 1]] = True
    return found


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
    unknown: ArrayLike | None = None,
    min_coverage: float = 0.5,
    min_responses: int = 5,
    z: float = Z_SCORE,
) -> RoleWeightedNps:
    """Role-weighted NPS of many accounts, with interval, bounds, coverage and alternatives.

    account_nps = sum(w * nps_r) / sum(w) over the roles that answered. The bounds put the silent
    roles at -100 and 100. The interval recovers the variance from those of the roles (MOVER):
    account_nps - sqrt(sum(w'^2 * (nps_r - low_r)^2)) and + sqrt(sum(w'^2 * (high_r - nps_r)^2)), w'
    the renormalised weights; it contains the score.

    Decision-maker 8, manager 4, users 9, 10, 7, 9 at 0.5, 0.3, 0.2 give -15, -58.2196 to 47.1057
    (pooled 33.33, waterfall 0); with a silent decision-maker -30, bounds -65 and 35, coverage 0.5.

    Args:
        promoters, passives, detractors: (accounts, roles) counts of votes, 0 where a role is silent.
        weights: (roles,) or (accounts, roles) shares of 1. NaN: the role is outside the scheme
            (unknown): its votes count in `responses` and `pooled_nps` only.
        seniority: (roles,) or (accounts, roles), 1 the most senior; without it, roles are given in
            order of seniority. Whoever is most senior among those who spoke is the waterfall.
        unknown: (roles,) true for a role that stands for not knowing it; without it, the roles that
            no account weighs. Where only such voters spoke, account_nps is the pooled NPS with its
            interval, bounds of -100 and 100 and no coverage.
        min_coverage: weight of the roles heard from which on a score is reportable.
        min_responses: votes from which on the pooled score of such an account is reportable.
        z: standard score of the interval.

    Raises:
        ValueError: shapes that do not fit, a count that is negative or not whole, or weights that
            do not sum to 1.
    """
    votes = [np.asarray(counts) for counts in (promoters, passives, detractors)]
    shape = votes[0].shape
    if len(shape) != 2 or any(counts.shape != shape for counts in votes):
        raise ValueError("promoters, passives and detractors must share a shape (accounts, roles).")
    accounts, roles = shape
    w = _per_role(weights, shape, "weights")
    _check_weights(w)
    order = _per_role(np.arange(roles) if seniority is None else seniority, shape, "seniority")
    nobody = np.isnan(w).all(axis=0) if unknown is None else np.asarray(unknown, dtype=np.bool_)
    if nobody.shape != (roles,):
        raise ValueError(f"unknown of {nobody.shape} does not fit counts of {shape}.")
    result = RoleWeightedNps.empty(accounts)
    for start in range(0, accounts, _BLOCK):
        part = slice(start, start + _BLOCK)
        _weigh(
            [counts[part] for counts in votes],
            w if len(w) == 1 else w[part],
            order if len(order) == 1 else order[part],
            nobody,
            RoleWeightedNps(**{f.name: getattr(result, f.name)[part] for f in fields(result)}),
            min_coverage,
            min_responses,
            z,
        )
    return result


def _weigh(
    votes: list[np.ndarray],
    weights: Floats,
    seniority: Floats,
    unknown: Flags,
    out: RoleWeightedNps,
    min_coverage: float,
    min_responses: int,
    z: float,
) -> None:
    accounts, roles = votes[0].shape
    zeros = (np.zeros(accounts) for _ in range(9))
    net_all, weight_all, weighted_net, weighted_n, score, below, above, coverage, n_all = zeros
    highest, lowest = np.full(accounts, -np.inf), np.full(accounts, np.inf)
    is_known = np.zeros(accounts, dtype=np.bool_)
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
        is_known |= has_spoken & ~unknown[role]
        role_nps = 100.0 * net / np.maximum(n, 1.0)
        low, high = interval(p, q, d, z)
        heard = w * has_spoken
        coverage += heard
        weight_all += w
        score += heard * role_nps
        below += np.where(has_spoken, heard * heard * (role_nps - low) ** 2, 0.0)
        above += np.where(has_spoken, heard * heard * (high - role_nps) ** 2, 0.0)
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
        np.clip(out.account_nps - np.sqrt(below) / coverage, -100.0, 100.0, out=out.ci_low)
        np.clip(out.account_nps + np.sqrt(above) / coverage, -100.0, 100.0, out=out.ci_high)
        out.nps_low_bound[:] = (score - 100.0 * (weight_all - coverage)) / weight_all
        out.nps_high_bound[:] = (score + 100.0 * (weight_all - coverage)) / weight_all
        out.pooled_nps[:] = 100.0 * net_all / n_all
        out.respondent_weighted_nps[:] = 100.0 * weighted_net / weighted_n
        out.role_spread[:] = highest - lowest
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
    _pool(votes, ~is_known & (n_all > 0), out, min_responses, z)


def _pool(
    votes: list[np.ndarray],
    accounts: Flags,
    out: RoleWeightedNps,
    min_responses: int,
    z: float,
) -> None:
    """Where no voter's role is known the pooled score stands, reportable by number of votes."""
    pooled = [counts[accounts].sum(axis=1) for counts in votes]
    out.account_nps[accounts] = out.pooled_nps[accounts]
    out.ci_low[accounts], out.ci_high[accounts] = interval(*pooled, z)
    out.nps_low_bound[accounts], out.nps_high_bound[accounts] = -100.0, 100.0
    out.respondent_weighted_nps[accounts] = out.pooled_nps[accounts]
    out.role_weight_coverage[accounts] = np.nan
    out.is_reportable[accounts] = out.responses[accounts] >= min_responses


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
