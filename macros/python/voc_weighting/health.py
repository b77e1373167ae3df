"""The customer health score: signals, pillars, score, bands, and what would change them.

Scores go from 0 to 100. A signal's score is linear between its two anchors and clipped beyond; a
pillar's score is the mean of its signals by weight, the health score the mean of the pillars by
weight. What is missing is left out of a mean and lowers the coverage beside it: it is never zero.
Pillars and scores are rounded to 6 decimals, as decimals are, before anything is compared.

Source: this project's rulebook; the policy seeds hold every weight, anchor and edge. Everything is
vectorised over accounts; NaN is missing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from voc_weighting.arithmetic import (
    DECIMALS,
    Flags,
    Floats,
    checked_weights,
    floats,
    round_score,
    truncate_score,
    weighted_mean,
)
from voc_weighting.policy_rows import INSUFFICIENT_SIGNAL
from voc_weighting.policy_sets import Bands, Scorecard

Names = NDArray[np.object_]
_HALF_STEP = 0.5 * 10.0**-DECIMALS
# NPS points that doubles may lose on the way.
_NOTHING = 1e-9


def signal_scores(values: ArrayLike, score_0_at: ArrayLike, score_100_at: ArrayLike) -> Floats:
    """0 to 100 between the anchors, clipped beyond, to 12 decimals; NaN where the value is.

    Args:
        values: signal values in their own units, (accounts, signals) or any other shape.
        score_0_at, score_100_at: the values that score 0 and 100, in the same units and of a shape
            that fits, such as (signals,). The first may be the higher one: then low is good.

    Raises:
        ValueError: anchors that are equal.
    """
    low = np.asarray(score_0_at, dtype=np.float64)
    high = np.asarray(score_100_at, dtype=np.float64)
    if (low == high).any():
        raise ValueError("The two anchors of a signal must differ.")
    line = 100.0 * (np.asarray(values, dtype=np.float64) - low) / (high - low)
    # The middle of 0.2 and 0.8 scores 50, not 49.99999999999999.
    return np.clip(line, 0.0, 100.0).round(12)


@dataclass(frozen=True)
class Health:
    """What `health` returns: one row per account; scores are 0 to 100, coverages shares of 1.

    `signal_scores` and `signal_contributions` are (accounts, signals), `pillar_scores` and
    `pillar_contributions` (accounts, pillars), all in the order of the scorecard; the rest is
    (accounts,). Contributions are points of the health score: those of an account sum to it.
    """

    signal_scores: Floats
    signal_contributions: Floats
    pillar_scores: Floats
    pillar_contributions: Floats
    score_coverage: Floats
    signal_coverage: Floats
    health_score: Floats
    health_score_shown: Floats
    score_low_bound: Floats
    score_high_bound: Floats
    health_band: Names


def health(
    values: ArrayLike, scorecard: Scorecard, bands: Bands, *, min_coverage: float = 0.5
) -> Health:
    """Health of many accounts by one scorecard.

    Pillars 57, 40, 70 and 77 at 0.30, 0.25, 0.25 and 0.20 make exactly 60: yellow.

    Args:
        values: (accounts, signals) signal values in the order of `scorecard.signal_names`.
        scorecard: pillars, signals, weights and anchors.
        bands: the bands of the day.
        min_coverage: weight of the pillars heard from which on an account gets a band.

    Raises:
        ValueError: values of another shape.
    """
    x = floats(values, "values", (2,))
    weights = scorecard.signal_weights
    if x.shape[1] != len(weights):
        raise ValueError(f"values of {x.shape} do not fit {len(weights)} signals.")
    scores = signal_scores(x, *scorecard.anchors)
    pillars = pillar_scores(scores, scorecard)
    score, coverage = health_score(pillars, scorecard.pillar_weights)
    low, high = score_bounds(pillars, scorecard.pillar_weights)
    home = scorecard.signal_pillars
    pillar_shares = _shares(pillars, scorecard.pillar_weights)
    signal_shares = np.empty_like(scores)
    for pillar in range(len(scorecard.pillars)):
        members = home == pillar
        signal_shares[:, members] = _shares(scores[:, members], weights[members])
    heard = ~np.isnan(scores)
    return Health(
        signal_scores=scores,
        signal_contributions=pillar_shares[:, home] * signal_shares * scores,
        pillar_scores=pillars,
        pillar_contributions=pillar_shares * pillars,
        score_coverage=coverage,
        signal_coverage=heard @ (weights * scorecard.pillar_weights[home]),
        health_score=score,
        health_score_shown=shown(score),
        score_low_bound=low,
        score_high_bound=high,
        health_band=band_of(score, coverage, bands, min_coverage),
    )


def pillar_scores(scores: ArrayLike, scorecard: Scorecard) -> Floats:
    """(accounts, pillars) means of the signals that are there, by weight, rounded to 6 decimals.

    Args:
        scores: (accounts, signals) signal scores in the order of `scorecard.signal_names`.
    """
    x = floats(scores, "scores", (2,))
    home, weights = scorecard.signal_pillars, scorecard.signal_weights
    pillars = [
        weighted_mean(x[:, home == pillar], weights[home == pillar])[0]
        for pillar in range(len(scorecard.pillars))
    ]
    return round_score(np.column_stack(pillars))


def health_score(pillars: ArrayLike, weights: ArrayLike) -> tuple[Floats, Floats]:
    """Mean of the pillars that are there, by weight, rounded to 6 decimals; and their weight.

    Args:
        pillars: (accounts, pillars) scores from 0 to 100, NaN where a pillar is missing.
        weights: (pillars,) or (accounts, pillars) shares of 1.

    Returns:
        Score (accounts,), NaN where every pillar is missing, and coverage (accounts,), 0 to 1.
    """
    mean, coverage = weighted_mean(pillars, weights)
    return round_score(mean), coverage


def score_bounds(pillars: ArrayLike, weights: ArrayLike) -> tuple[Floats, Floats]:
    """The score if every missing pillar scored 0, and if it scored 100; arguments as there."""
    x = floats(pillars, "pillars", (2,))
    ends = (weighted_mean(np.where(np.isnan(x), end, x), weights)[0] for end in (0.0, 100.0))
    low, high = (round_score(end) for end in ends)
    return low, high


def shown(scores: ArrayLike) -> Floats:
    """The score as people see it: cut, not rounded, to one decimal, so 84.99 does not read 85."""
    return truncate_score(scores, 1)


def band_of(
    scores: ArrayLike, coverage: ArrayLike, bands: Bands, min_coverage: float = 0.5
) -> Names:
    """Name of each score's band, compared after rounding to 6 decimals.

    Args:
        scores: (accounts,) health scores, NaN where there is none.
        coverage: (accounts,) weight of the pillars that are there, 0 to 1.
        bands: the bands of the day. A score on an edge is in the higher band.
        min_coverage: below it, and without a score, the band is `insufficient_signal`.
    """
    score = round_score(scores)
    names = np.array([*bands.names, INSUFFICIENT_SIGNAL], dtype=object)
    position = np.searchsorted(bands.edges, score, side="right")
    is_heard = ~np.isnan(score) & (round_score(coverage) >= min_coverage)
    return names[np.where(is_heard, position, len(bands.names))]


@dataclass(frozen=True)
class BandChange:
    """What `answers_to_change_band` returns, (accounts,) each; NaN and None where nothing can."""

    answers: Floats
    nearest_band: Names


def answers_to_change_band(
    result: Health,
    scorecard: Scorecard,
    bands: Bands,
    account_nps: ArrayLike,
    promoters: ArrayLike,
    passives: ArrayLike,
    detractors: ArrayLike,
    role_weights: ArrayLike,
    signal: str = "account_nps",
) -> BandChange:
    """Fewest single NPS answers that would carry each account over its nearest edge.

    An answer turns from one end of the scale to the other: a promoter into a detractor moves the
    NPS of its role by 200 / n_r, a passive by 100 / n_r, and upwards likewise; the role moves
    account_nps by its renormalised weight, and account_nps moves the score by the weight that its
    signal and pillar have there, until it reaches an anchor. The answers that move most are turned
    first. Of two edges equally near the lower one counts; down means strictly below it.

    Args:
        result: health of the accounts, by `scorecard` and `bands`.
        account_nps: (accounts,) NPS points, the value of `signal`.
        promoters, passives, detractors: (accounts, roles) counts of votes.
        role_weights: (roles,) or (accounts, roles) shares of 1, NaN outside the scheme. Where no
            role that is weighed has votes, `account_nps` is taken to be the pooled NPS.
        signal: the signal that account_nps is.

    Returns:
        No answer where there is no score, no NPS voice, too little coverage for a band, or where
        voice alone cannot do it.
    """
    score, edges = result.health_score, bands.edges
    none = BandChange(np.full(len(score), np.nan), np.full(len(score), None, dtype=object))
    if signal not in scorecard.signal_names or not len(edges):
        return none
    down, target, nearest = _nearest_edge(score, bands)
    voice = _signal_gain(result, scorecard, signal)
    needed = _needed_nps(
        np.where(down, score - target + _HALF_STEP, target - score - _HALF_STEP),
        down,
        floats(account_nps, "account_nps"),
        voice,
        scorecard,
        signal,
    )
    anchors = scorecard.signals[scorecard.signal_names.index(signal)]
    lowers_nps = down == (anchors.score_100_at > anchors.score_0_at)
    steps, counts = _turns(lowers_nps, promoters, passives, detractors, role_weights)
    answers = _fewest(needed, steps, counts)
    answers[result.health_band == INSUFFICIENT_SIGNAL] = np.nan
    nearest[np.isnan(answers)] = None
    return BandChange(answers, nearest)


def _nearest_edge(score: Floats, bands: Bands) -> tuple[Flags, Floats, Names]:
    """Whether the nearest edge is below, that edge, and the band behind it."""
    edges, names = bands.edges, np.array(bands.names, dtype=object)
    position = np.searchsorted(edges, round_score(score), side="right")
    below = np.concatenate(([-np.inf], edges))[position]
    above = np.concatenate((edges, [np.inf]))[position]
    down = round_score(score - below) <= round_score(above - score)
    behind = np.clip(np.where(down, position - 1, position + 1), 0, len(names) - 1)
    return down, np.where(down, below, above), names[behind]


def _signal_gain(result: Health, scorecard: Scorecard, signal: str) -> Floats:
    """Points of the health score that one point of the signal's score is worth; NaN: not heard."""
    position = scorecard.signal_names.index(signal)
    pillar = scorecard.signal_pillars[position]
    members = scorecard.signal_pillars == pillar
    weights = scorecard.signal_weights
    in_pillar = _shares(result.signal_scores[:, members], weights[members])
    in_score = _shares(result.pillar_scores, scorecard.pillar_weights)
    share = in_pillar[:, np.flatnonzero(members) == position][:, 0] * in_score[:, pillar]
    return np.where(np.isnan(result.signal_scores[:, position]), np.nan, share)


def _needed_nps(
    points: Floats,
    down: Flags,
    account_nps: Floats,
    gain: Floats,
    scorecard: Scorecard,
    signal: str,
) -> Floats:
    """NPS points that account_nps must move to move the score by `points`; inf: it cannot.

    Counted from where account_nps is, which may be beyond an anchor; positive in the direction
    that moves the score as wanted.
    """
    row = scorecard.signals[scorecard.signal_names.index(signal)]
    slope = 100.0 / (row.score_100_at - row.score_0_at)
    now = np.clip((account_nps - row.score_0_at) * slope, 0.0, 100.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        wanted = now + np.where(down, -points, points) / gain
    out_of_reach = (wanted < 0.0) | (wanted > 100.0)
    goal = row.score_0_at + wanted / slope
    distance = np.where(down == (slope > 0), account_nps - goal, goal - account_nps)
    return np.where(out_of_reach, np.inf, distance)


def _turns(
    lowers_nps: Flags,
    promoters: ArrayLike,
    passives: ArrayLike,
    detractors: ArrayLike,
    role_weights: ArrayLike,
) -> tuple[Floats, Floats]:
    """Two arrays (accounts, 2 * roles): NPS points that turning one answer gives, and how many."""
    p, q, d = (
        floats(votes, "counts of votes", (2,)) for votes in (promoters, passives, detractors)
    )
    n = p + q + d
    role_nps = np.where(n > 0, 0.0, np.nan)
    share = _shares(role_nps, checked_weights(role_weights, n.shape))
    with np.errstate(invalid="ignore", divide="ignore"):
        # no role weighed: a score that there is all the same is pooled, each answer one of all
        is_pooled = ~(np.nan_to_num(share) > 0).any(axis=1, keepdims=True)
        share = np.where(is_pooled, n / n.sum(axis=1, keepdims=True), share)
        whole = np.nan_to_num(200.0 * share / n)
    ends = np.where(lowers_nps[:, np.newaxis], p, d)
    return np.hstack((whole, whole / 2.0)), np.hstack((ends, q))


def _fewest(needed: Floats, steps: Floats, counts: Floats) -> Floats:
    """How many of the largest steps add up to `needed`; NaN where all of them do not."""
    order = np.argsort(-steps, axis=1, kind="stable")
    steps = np.take_along_axis(steps, order, axis=1)
    counts = np.take_along_axis(counts, order, axis=1)
    answers = np.zeros(len(needed))
    left = needed.copy()
    for group in range(steps.shape[1]):
        step, count = steps[:, group], counts[:, group]
        with np.errstate(invalid="ignore", divide="ignore"):
            wanted = np.where(step > 0, np.ceil(left / step), 0.0)
        taken = np.where(left > _NOTHING, np.clip(wanted, 0.0, count), 0.0)
        answers += taken
        left -= taken * step
    return np.where(left <= _NOTHING, answers, np.nan)


def _shares(values: Floats, weights: ArrayLike) -> Floats:
    """Weights renormalised over the values that are there: each row sums to 1, NaN if missing."""
    heard = np.where(np.isnan(values), np.nan, checked_weights(weights, values.shape))
    with np.errstate(invalid="ignore"):
        shares: Floats = heard / np.nansum(heard, axis=1, keepdims=True)
    return shares
