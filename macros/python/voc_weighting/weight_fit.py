"""Weights that predict renewal: a fit that is drawn to given weights, and its honest judgement.

Model: P(renewed) = 1 / (1 + exp(-(a + b * z))), z the health score centred and scaled, b >= 0. The
score is the project's own: weighted means over the signals, then the pillars, that are there. The
weights are found by maximum likelihood with a Gaussian prior of standard deviation `spread` around
the given ones (ridge regression towards a target instead of towards zero), under the constraints
that none is negative and each set sums to 1 (SLSQP, Kraft 1988).

How far from the given weights the outcomes may lead is chosen by cross-validation with the one
standard error rule (Breiman et al. 1984; Hastie, Tibshirani, Friedman, "The Elements of Statistical
Learning", 7.10), and what is left is judged on accounts that neither choice nor fit has seen.
Nothing is drawn at random: the same rows give the same weights.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedGroupKFold
from threadpoolctl import threadpool_limits

from voc_weighting.arithmetic import Flags, Floats
from voc_weighting.health import health_score, pillar_scores
from voc_weighting.outcomes import Outcomes
from voc_weighting.policy_sets import Scorecard

Positions = NDArray[np.intp]

FOLDS = 5
INNER_FOLDS = 4
#: Standard deviations of the prior that are tried; 0 keeps the given weights.
SPREADS = (0.0, 0.05, 0.1, 0.2, 0.4)
#: 95 % of a normal distribution.
_Z = 1.96
# Keeps the mean over the signals that are there defined when all of them are worth nothing.
_FLOOR = 1e-6
_CENTER, _SCALE = 50.0, 25.0
# Prior of the slope: a variance of 1 keeps it finite where a score tells all outcomes apart.
_SLOPE_VARIANCE = 1.0


class Weights(NamedTuple):
    """Weights of the pillars, (P,), and of the signals inside them, (S,); each set sums to 1."""

    pillars: Floats
    signals: Floats


def smooth_score(
    scores: Floats, home: Positions, weights: Weights
) -> tuple[Floats, Floats, Floats]:
    """The health score without rounding, and how it moves with each weight.

    Args:
        scores: (R, S) signal scores, NaN where missing; at least one in every row.
        home: (S,) position of each signal's pillar.
        weights: all above 0.

    Returns:
        Score (R,), and its derivatives by the pillar weights (R, P) and signal weights (R, S).
    """
    members = (home[:, np.newaxis] == np.arange(len(weights.pillars))).astype(np.float64)
    heard = ~np.isnan(scores)
    x = np.where(heard, scores, 0.0)
    signal_weights = np.where(heard, weights.signals, 0.0)
    in_pillar = signal_weights @ members
    is_there = in_pillar > 0
    divisor = np.where(is_there, in_pillar, 1.0)
    pillars = ((signal_weights * x) @ members) / divisor
    pillar_weights = np.where(is_there, weights.pillars, 0.0)
    total = pillar_weights.sum(axis=1, keepdims=True)
    score = (pillar_weights * pillars).sum(axis=1) / total[:, 0]
    by_pillar = np.where(is_there, pillars - score[:, np.newaxis], 0.0) / total
    share = pillar_weights / total / divisor
    by_signal = np.where(heard, (x - pillars[:, home]) * share[:, home], 0.0)
    return score, by_pillar, by_signal


class Curve(NamedTuple):
    """Logistic curve from a health score to the probability of renewal.

    A missing score counts as `middle`, the mean of the scores that the curve was fitted to.
    """

    intercept: float
    slope: float
    middle: float

    def logit(self, score: Floats) -> Floats:
        """Log-odds of renewal (R,) for scores (R,), 0 to 100 or NaN."""
        return self.intercept + self.slope * _standard(self.filled(score))

    def probability(self, score: Floats) -> Floats:
        """Probability of renewal (R,), 0 to 1, for scores (R,), 0 to 100 or NaN."""
        return expit(self.logit(score))

    def filled(self, score: Floats) -> Floats:
        """The scores (R,) without a gap."""
        return np.where(np.isnan(score), self.middle, score)


def fit_curve(score: Floats, renewed: Flags) -> Curve:
    """Fit a curve that never falls: a higher score must not mean less renewal.

    Args:
        score: (R,) health scores, NaN where there is none.
        renewed: (R,) outcomes.
    """
    middle = float(np.nanmean(score)) if not np.isnan(score).all() else _CENTER
    z = _standard(np.where(np.isnan(score), middle, score))

    def loss(point: Floats) -> tuple[float, Floats]:
        value, slope = _logistic_loss(point[0] + point[1] * z, renewed)
        value += 0.5 * point[1] ** 2 / _SLOPE_VARIANCE
        return value, np.array([slope.sum(), slope @ z + point[1] / _SLOPE_VARIANCE])

    found = minimize(
        loss, np.array([0.0, 1.0]), jac=True, method="L-BFGS-B", bounds=[(None, None), (0.0, None)]
    )
    return Curve(float(found.x[0]), float(found.x[1]), middle)


def fit_weights(outcomes: Outcomes, home: Positions, given: Weights, spread: float) -> Weights:
    """The most likely weights under a prior of standard deviation `spread` around the given ones.

    Args:
        home: (S,) position of each signal's pillar.
        given: the weights that the prior is centred on.
        spread: above 0; 0.1 says that a weight is expected within 0.1 of its given value two times
            in three.
    """
    pillars, signals = len(given.pillars), len(given.signals)
    target = np.concatenate(given)
    count, rows = len(target), len(outcomes.renewed)

    def loss(point: Floats) -> tuple[float, Floats]:
        weights = Weights(point[:pillars], point[pillars:count])
        score, by_pillar, by_signal = smooth_score(outcomes.scores, home, weights)
        intercept, slope = point[count:]
        z = _standard(score)
        value, residual = _logistic_loss(intercept + slope * z, outcomes.renewed)
        moved = (point[:count] - target) / spread
        value += 0.5 * (moved @ moved + slope**2 / _SLOPE_VARIANCE)
        by_score = residual * slope / _SCALE
        gradient = np.concatenate(
            [
                np.concatenate([by_score @ by_pillar, by_score @ by_signal]) + moved / spread,
                [residual.sum(), residual @ z + slope / _SLOPE_VARIANCE],
            ]
        )
        return value / rows, gradient / rows

    sums = np.zeros((1 + pillars, count + 2))
    sums[0, :pillars] = 1.0
    sums[1 + home, pillars + np.arange(signals)] = 1.0
    # A slope of 0 would hide from the fit in which direction the weights should move.
    curve = fit_curve(smooth_score(outcomes.scores, home, given)[0], outcomes.renewed)
    found = minimize(
        loss,
        np.concatenate([target, [curve.intercept, max(curve.slope, 0.5)]]),
        jac=True,
        method="SLSQP",
        bounds=[(_FLOOR, 1.0)] * count + [(None, None), (0.0, None)],
        constraints={"type": "eq", "fun": lambda x: sums @ x - 1.0, "jac": lambda _: sums},
        options={"maxiter": 300, "ftol": 1e-8},
    )
    best = np.clip(found.x[:count], 0.0, 1.0)
    return Weights(best[:pillars], best[pillars:])


def _logistic_loss(logit: Floats, renewed: Flags) -> tuple[float, Floats]:
    """Negative log-likelihood, and its derivative by each logit (R,)."""
    return float(_row_loss(logit, renewed).sum()), expit(logit) - renewed


def _row_loss(logit: Floats, renewed: Flags) -> Floats:
    return np.logaddexp(0.0, np.where(renewed, -logit, logit))


def _standard(score: Floats) -> Floats:
    return (score - _CENTER) / _SCALE


# ---------------------------------------------------------------------------------------------
# From weights to a scorecard
# ---------------------------------------------------------------------------------------------


def rounded_shares(shares: Floats, digits: int) -> list[Decimal]:
    """Shares as decimals of so many digits that sum to exactly 1 (largest remainders).

    Args:
        shares: (N,) not negative, summing to 1; among equal remainders the first is rounded up.
    """
    units = 10**digits
    exact = np.asarray(shares, dtype=np.float64) * units
    whole = np.floor(exact + 1e-9).astype(int)
    # Remainders are compared after rounding, so that noise does not decide between equal ones.
    order = np.argsort(-np.round(exact - whole, 6), kind="stable")
    whole[order[: units - int(whole.sum())]] += 1
    return [Decimal(int(number)).scaleb(-digits) for number in whole]


def as_scorecard(weights: Weights, given: Scorecard, digits: int) -> Scorecard:
    """The scorecard with these weights, rounded; what is worth nothing then leaves it."""
    pillars = dict(zip(given.pillar_names, rounded_shares(weights.pillars, digits), strict=True))
    signals: dict[str, Decimal] = {}
    names = np.array(given.signal_names)
    for pillar in range(len(given.pillar_names)):
        members = given.signal_pillars == pillar
        shares = rounded_shares(weights.signals[members], digits)
        signals |= dict(zip(names[members].tolist(), shares, strict=True))
    return Scorecard.of(
        [
            row.model_copy(update={"weight": pillars[row.pillar]})
            for row in given.pillars
            if pillars[row.pillar] > 0
        ],
        [
            row.model_copy(update={"weight": signals[row.signal]})
            for row in given.signals
            if signals[row.signal] > 0
        ],
    )


def fit_scorecard(outcomes: Outcomes, given: Scorecard, spread: float, digits: int) -> Scorecard:
    """The scorecard with weights fitted to outcomes and rounded; for a spread of 0 the given one."""
    if spread == 0:
        return given
    weights = Weights(given.pillar_weights, given.signal_weights)
    return as_scorecard(fit_weights(outcomes, given.signal_pillars, weights, spread), given, digits)


def scores_by(scorecard: Scorecard, given: Scorecard, scores: Floats) -> Floats:
    """Health scores (R,) by a scorecard, from signal scores (R, S) in the order of `given`."""
    own = [given.signal_names.index(name) for name in scorecard.signal_names]
    pillars = pillar_scores(scores[:, own], scorecard)
    return health_score(pillars, scorecard.pillar_weights)[0]


# ---------------------------------------------------------------------------------------------
# Choosing and judging
# ---------------------------------------------------------------------------------------------


def folds(outcomes: Outcomes, wanted: int) -> Iterator[tuple[Positions, Positions]]:
    """Parts (training rows, test rows) that share no account and have both outcomes alike.

    As many as `wanted`, or as accounts with the rarer outcome; none where that is below 2.
    """
    count = min(wanted, fewest_accounts(outcomes))
    if count >= 2:
        splitter = StratifiedGroupKFold(n_splits=count)
        yield from splitter.split(outcomes.scores, outcomes.renewed, outcomes.accounts)


def fewest_accounts(outcomes: Outcomes) -> int:
    """Number of accounts with the rarer of the two outcomes."""
    return min(
        len(set(outcomes.accounts[outcomes.renewed == is_renewed])) for is_renewed in (True, False)
    )


def choose_spread(outcomes: Outcomes, given: Scorecard, digits: int) -> float:
    """The spread of `SPREADS` to fit with: the smallest that is about as good as the best.

    Good is a low loss of the rounded scorecard on accounts left out of the fit; about as good is
    within one standard error of the difference to the best. 0 where the accounts are too few to
    leave some out.
    """
    losses: list[list[Floats]] = [[] for _ in SPREADS]
    rows: list[Positions] = []
    for train, test in folds(outcomes, INNER_FOLDS):
        seen, unseen = outcomes.rows(train), outcomes.rows(test)
        rows.append(test)
        for position, spread in enumerate(SPREADS):
            fitted = fit_scorecard(seen, given, spread, digits)
            curve = fit_curve(scores_by(fitted, given, seen.scores), seen.renewed)
            logit = curve.logit(scores_by(fitted, given, unseen.scores))
            losses[position].append(_row_loss(logit, unseen.renewed))
    if not rows:
        return SPREADS[0]
    loss = np.array([np.concatenate(parts) for parts in losses])
    accounts = outcomes.accounts[np.concatenate(rows)]
    best = int(np.argmin(loss.mean(axis=1)))
    for position, spread in enumerate(SPREADS):
        excess = loss[position] - loss[best]
        if excess.mean() <= _standard_error(excess, accounts):
            return spread
    raise AssertionError("the best is as good as itself")


def _standard_error(values: Floats, accounts: NDArray[np.object_]) -> float:
    """Standard error of a mean whose rows belong together by account."""
    _, group = np.unique(accounts.astype(str), return_inverse=True)
    sums = np.bincount(group, weights=values - values.mean())
    return float(np.sqrt((sums**2).sum()) / len(values))


@dataclass(frozen=True)
class Judged:
    """How a way to score does on accounts it has not seen: (R,) arrays in the order of the rows."""

    score: Floats
    probability: Floats
    auc: float
    brier: float


@dataclass(frozen=True)
class Comparison:
    """Given and fitted weights on the same unseen accounts.

    `auc` counts pairs of one renewed and one churned row inside a fold (0.5: coin, 1: all right);
    `brier` is the mean squared error of the probability (0 is best). `brier_change` is fitted minus
    given, with a 95 % interval that knows that rows of one account belong together.
    """

    given: Judged
    fitted: Judged
    folds: int
    brier_change: float
    brier_change_low: float
    brier_change_high: float

    @property
    def is_better(self) -> bool:
        """The fitted weights win beyond chance, and do not order the accounts worse."""
        return self.brier_change_high < 0 and self.fitted.auc >= self.given.auc


class Proposal(NamedTuple):
    """A scorecard with fitted weights, the spread they were fitted with, and how it compares."""

    scorecard: Scorecard
    spread: float
    comparison: Comparison


def propose(outcomes: Outcomes, given: Scorecard, digits: int) -> Proposal:
    """Fit weights to all outcomes, and judge the way they were found on accounts left out of it.

    Args:
        outcomes: rows with signal scores in the order of `given.signal_names`.
        given: the scorecard to compare with and to draw the weights to.
        digits: decimals of the proposed weights.

    Raises:
        ValueError: fewer than two accounts have one of the outcomes.
    """
    with _one_thread():
        spread = choose_spread(outcomes, given, digits)
        fitted = fit_scorecard(outcomes, given, spread, digits)
    return Proposal(fitted, spread, compare(outcomes, given, digits))


def _one_thread() -> threadpool_limits:
    # Threads cost far more than they give on matrices of this size, and may change a last digit.
    return threadpool_limits(limits=1)


def compare(outcomes: Outcomes, given: Scorecard, digits: int) -> Comparison:
    """Judge the whole way from outcomes to rounded weights against the given scorecard.

    In every fold spread, weights and both curves come from the training rows alone. Arguments and
    errors as in `propose`.
    """
    parts = list(folds(outcomes, FOLDS))
    if not parts:
        raise ValueError("Each outcome must have come to at least two accounts.")
    shape = (2, len(outcomes.renewed))
    scores, filled, chances = (np.full(shape, np.nan) for _ in range(3))
    for train, test in parts:
        seen = outcomes.rows(train)
        with _one_thread():
            fitted = fit_scorecard(seen, given, choose_spread(seen, given, digits), digits)
        for position, scorecard in enumerate((given, fitted)):
            curve = fit_curve(scores_by(scorecard, given, seen.scores), seen.renewed)
            score = scores_by(scorecard, given, outcomes.scores[test])
            scores[position, test] = score
            filled[position, test] = curve.filled(score)
            chances[position, test] = curve.probability(score)
    tests = [test for _, test in parts]
    errors = (chances - outcomes.renewed) ** 2
    change = errors[1] - errors[0]
    margin = _Z * _standard_error(change, outcomes.accounts)
    mean = float(change.mean())
    in_force, fitted_ones = (
        Judged(
            scores[position],
            chances[position],
            _auc(filled[position], outcomes.renewed, tests),
            float(errors[position].mean()),
        )
        for position in range(2)
    )
    return Comparison(in_force, fitted_ones, len(parts), mean, mean - margin, mean + margin)


def _auc(score: Floats, renewed: Flags, tests: Sequence[Positions]) -> float:
    """Share of the pairs of one renewed and one churned row, inside a fold, in the right order."""
    pairs = right = 0.0
    for test in tests:
        count = float(renewed[test].sum() * (~renewed[test]).sum())
        if count:
            pairs += count
            right += count * roc_auc_score(renewed[test], score[test])
    return right / pairs if pairs else float("nan")


class Alone(NamedTuple):
    """What one signal by itself says about the outcomes that it is known for.

    `heard` counts them; `auc` is how well the signal's score orders them, None without both
    outcomes; `is_opposed`: lower than 0.5 beyond chance, so high scores went before churn.
    """

    heard: int
    auc: float | None
    is_opposed: bool


def each_alone(outcomes: Outcomes) -> list[Alone]:
    """Every signal by itself, in the order of the scores.

    The standard error of an AUC without meaning is that of the rank-sum test (Mann, Whitney 1947).
    """
    result = []
    for score in outcomes.scores.T:
        known = ~np.isnan(score)
        renewed = outcomes.renewed[known]
        yes, no = int(renewed.sum()), int((~renewed).sum())
        if not (yes and no):
            result.append(Alone(yes + no, None, False))
            continue
        auc = float(roc_auc_score(renewed, score[known]))
        chance = _Z * np.sqrt((yes + no + 1) / (12 * yes * no))
        result.append(Alone(yes + no, auc, bool(auc < 0.5 - chance)))
    return result
