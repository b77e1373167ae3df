"""The Python weighting layer: the rulebook's worked examples, its properties, its policy checks.

That it agrees with the SQL is tested on built warehouses elsewhere; here nothing is built.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from pathlib import Path

import duckdb
import numpy as np
import pytest
import yaml
from dbt.adapters.duckdb.plugins import BasePlugin
from harness import REPOSITORY, Project
from hypothesis import given
from hypothesis import strategies as st

from voc_weighting import (
    PolicyError,
    WeightingError,
    check_policy,
    health,
    load_policy,
    nps,
    reference,
    role_weighted,
)
from voc_weighting.arithmetic import round_score, weighted_mean
from voc_weighting.cli import main
from voc_weighting.duckdb_functions import register
from voc_weighting.policy import (
    Band,
    Bands,
    PillarWeight,
    RoleWeight,
    Scorecard,
    Signal,
    WeightScheme,
    first_period,
    known_signals,
)
from voc_weighting.policy_sets import share_out

DAY = date(2026, 6, 30)
WEIGHTS = (0.5, 0.3, 0.2)
SILENT = (0, 0, 0)
USERS = (3, 1, 0)  # 9, 10, 7, 9


def weigh(*accounts: tuple, weights=WEIGHTS, **options) -> nps.RoleWeightedNps:
    """role_weighted of accounts given as one (promoters, passives, detractors) per role."""
    votes = np.array(accounts, dtype=float)
    return role_weighted(votes[..., 0], votes[..., 1], votes[..., 2], weights, **options)


def make_bands(*bands: tuple[str, int | None, int | None]) -> Bands:
    """Bands given as (name, score_from, score_below)."""
    return Bands.of(
        [
            Band(valid_from=DAY, band=name, score_from=low, score_below=high)
            for name, low, high in bands
        ]
    )


def make_scorecard(
    pillars: dict[str, str], signals: dict[str, list[tuple[str, str, float, float]]]
) -> Scorecard:
    """A scorecard of pillar weights, and (signal, weight, score_0_at, score_100_at) by pillar."""
    return Scorecard.of(
        [
            PillarWeight(scorecard="default", valid_from=DAY, pillar=pillar, weight=Decimal(weight))
            for pillar, weight in pillars.items()
        ],
        [
            Signal(
                scorecard="default",
                valid_from=DAY,
                pillar=pillar,
                signal=name,
                weight=Decimal(weight),
                score_0_at=low,
                score_100_at=high,
            )
            for pillar, members in signals.items()
            for name, weight, low, high in members
        ],
    )


BANDS = make_bands(("red", None, 60), ("yellow", 60, 85), ("green", 85, None))
# One signal a pillar whose value is its score, so that pillars can be given as they are.
PLAIN = make_scorecard(
    {"usage": "0.30", "voc": "0.25", "commercial": "0.25", "service": "0.20"},
    {
        "usage": [("depth", "1", 0, 100)],
        "voc": [("account_nps", "1", -100, 100)],
        "commercial": [("renewal_status", "1", 0, 100)],
        "service": [("sla_attainment", "1", 0, 100)],
    },
)


def score_pillars(*accounts: tuple) -> health.Health:
    """Health of accounts given as pillar scores, None where a pillar is missing."""
    values = np.array(accounts, dtype=float)
    values[:, 1] = 2 * values[:, 1] - 100
    return health.health(values, PLAIN, BANDS)


# ---------------------------------------------------------------------------------------------
# NPS: worked examples
# ---------------------------------------------------------------------------------------------


# detractors, passives, promoters, and the ends of their interval
PUBLISHED_INTERVALS = [
    (0, 0, 1, -58.6913, 100),
    (1, 0, 0, -100, 58.6913),
    (0, 1, 0, -79.3457, 79.3457),
    (0, 1, 3, -10.7325, 95.4414),
    (0, 0, 5, 13.1017, 100),
    (1, 2, 7, 4.8913, 85.8861),
    (3, 7, 0, -60.3227, 6.0802),
    (20, 30, 50, 14.0509, 44.2016),
]


def test_published_scores_and_intervals() -> None:
    detractors, passives, promoters, low, high = zip(*PUBLISHED_INTERVALS, strict=True)
    found = nps.interval(promoters, passives, detractors)
    assert found[0] == pytest.approx(low, abs=5e-5)
    assert found[1] == pytest.approx(high, abs=5e-5)
    assert nps.nps([50, 7], [30, 2], [20, 1]) == pytest.approx([30, 60])
    with pytest.raises(ValueError, match="whole"):
        nps.interval(0.5, 0, 0)


@given(votes=st.tuples(*[st.integers(0, 60)] * 3).filter(any))
def test_an_interval_contains_its_score_and_mirrors(votes: tuple[int, int, int]) -> None:
    promoters, passives, detractors = votes
    low, high = nps.interval(promoters, passives, detractors)
    assert -100 <= low <= nps.nps(promoters, passives, detractors) <= high <= 100
    other_low, other_high = nps.interval(detractors, passives, promoters)
    assert (low, high) == pytest.approx((-other_high, -other_low), abs=2e-6)


def test_the_reference_tables_are_those_of_the_formulas() -> None:
    folder = REPOSITORY / "seeds" / "reference"
    assert {file.stem for file in folder.glob("*.csv")} == set(reference.TABLES)
    for table in reference.TABLES:
        text = (folder / f"{table}.csv").read_text(encoding="utf-8")
        assert text == reference.text_of(table), table
    assert len(reference.text_of("nps_score_intervals").splitlines()) == 1 + 5455


def test_nobody_has_no_score_and_everybody_stays_on_the_scale() -> None:
    promoters, detractors = [0, 5, 0], [0, 0, 5]
    low, high = nps.interval(promoters, [0, 0, 0], detractors)
    assert np.isnan([nps.nps(0, 0, 0), low[0], high[0], nps.squared_error(0, 0, 0)]).all()
    assert (high[1], low[2]) == (100, -100)
    with pytest.raises(ValueError, match="negative"):
        nps.nps(-1, 0, 0)


def test_two_people_who_turn_move_the_score_by_400_over_n() -> None:
    assert nps.nps(50, 30, 20) - nps.nps(48, 30, 22) == pytest.approx(400 / 100)


# People by account: -1, 0 and 1 are detractor, passive and promoter.
TEN_ACCOUNTS = [[1, 1], [1, 1, 0], [-1, -1], [0], [1], [-1, 0], [1, 1], [0, 0], [-1], [1, 0]]


def votes_of(accounts: list[list[int]]) -> list[list[int]]:
    """Promoters, passives and detractors of each account."""
    return [[votes.count(kind) for votes in accounts] for kind in (1, 0, -1)]


def test_people_of_one_account_agree() -> None:
    found = nps.scope_nps(*votes_of(TEN_ACCOUNTS))
    assert found.nps == pytest.approx(100 * 4 / 18)
    assert found.design_effect == pytest.approx(1.637037, abs=5e-7)
    assert found.effective_responses == pytest.approx(10.995475, abs=5e-7)
    assert (found.ci_low, found.ci_high) == pytest.approx((-33.5919, 68.8136), abs=5e-5)
    alone = nps.scope_nps(*votes_of([[vote] for votes in TEN_ACCOUNTS for vote in votes]))
    assert alone.design_effect == pytest.approx(1)
    nine, same = votes_of(TEN_ACCOUNTS[:9]), votes_of([[1]] * 12)
    assert math.isnan(nps.scope_nps(*nine).design_effect)
    assert math.isnan(nps.scope_nps(*same).design_effect)
    assert nps.scope_nps(*same).effective_responses == 12
    assert math.isnan(nps.scope_nps(*votes_of([])).nps)


def test_a_change_knows_the_votes_that_both_windows_share() -> None:
    # a +1 b +1 c 0 | d -1 e +1 becomes a -1 b +1 c +1 | f -1 | g 0 h +1
    older, newer = ([2, 0, 0, 0], [3, 2, 0, 0]), ([1, 0, -1, 1], [3, 0, 1, 2])
    assert nps.change_contributions(older, newer).sum() == pytest.approx(-70 / 3)
    assert nps.change_z(older, newer) == pytest.approx(-0.717240, abs=5e-7)
    people = ([1, 1, 0, -1, 1, 0, 0, 0], [1] * 5 + [0] * 3)
    later = ([-1, 1, 1, 0, 0, -1, 0, 1], [1, 1, 1, 0, 0, 1, 1, 1])
    assert nps.change_z(people, later) == pytest.approx(-0.420532, abs=5e-7)
    assert math.isnan(nps.change_z(older, older))
    assert math.isnan(nps.change_z(([0], [0]), ([1], [1])))


def test_one_in_twenty_discoveries_may_be_false() -> None:
    # p 0.001, 0.02, 0.03, 0.04, 0.2: the fourth is at its limit of 0.04
    z = [-3.2905, 2.3263, 2.1701, -2.0538, 1.2816]
    assert nps.discoveries(z).tolist() == [True, True, True, True, False]
    # alone, 0.03 of five is above 0.01
    assert not nps.discoveries([2.1701, 1, 1, 1, 1]).any()
    assert nps.discoveries([]).tolist() == []


def test_who_asked_everybody_has_no_margin() -> None:
    left = nps.finite_population_correction([100, 101, 1, np.nan, 4], [100, 1, 1, 1, 9])
    assert left[:3] == pytest.approx([0, 1, 0])
    assert np.isnan(left[3])
    assert left[4] == 0


def test_accounts_weigh_as_much_as_their_revenue() -> None:
    assert nps.revenue_weighted([100, -100, 50, np.nan], [300, 100, 0, 900]) == 50
    assert math.isnan(nps.revenue_weighted([np.nan, 10], [5, 0]))


def test_the_buyer_is_not_outvoted_by_users() -> None:
    dm_eight, manager_four = (0, 1, 0), (0, 0, 1)
    result = weigh((dm_eight, manager_four, USERS), (SILENT, manager_four, USERS))
    assert result.account_nps == pytest.approx([-15, -30])
    assert result.pooled_nps == pytest.approx([100 / 3, 40])
    assert result.respondent_weighted_nps == pytest.approx([100 * 0.3 / 1.6, 100 * 0.3 / 1.1])
    assert result.waterfall_nps == pytest.approx([0, -100])
    assert result.nps_low_bound == pytest.approx([-15, -65])
    assert result.nps_high_bound == pytest.approx([-15, 35])
    assert result.role_weight_coverage == pytest.approx([1, 0.5])
    assert result.role_spread == pytest.approx([175, 175])
    assert result.responses.tolist() == [6, 5]
    assert result.has_role_conflict.all()
    assert result.definitions_disagree_in_sign.all()
    assert result.is_reportable.all()


def test_the_interval_of_an_account_is_recovered_from_its_roles() -> None:
    dm_eight, manager_four = (0, 1, 0), (0, 0, 1)
    result = weigh(
        (dm_eight, manager_four, USERS),
        (SILENT, manager_four, USERS),
        ((0, 0, 1), (0, 0, 1), (0, 0, 3)),
    )
    assert result.account_nps == pytest.approx([-15, -30, -100])
    assert result.ci_low == pytest.approx([-58.2196, -64.2930, -100], abs=5e-5)
    assert result.ci_high == pytest.approx([47.1057, 65.5652, -4.7810], abs=5e-5)


def test_a_silent_account_has_bounds_and_nothing_else() -> None:
    result = weigh((SILENT, SILENT, SILENT))
    unheard = (result.account_nps, result.ci_low, result.ci_high, result.pooled_nps)
    assert np.isnan([*unheard, result.waterfall_nps, result.role_spread]).all()
    assert (result.nps_low_bound[0], result.nps_high_bound[0]) == (-100, 100)
    assert result.role_weight_coverage[0] == 0
    assert not result.is_reportable[0]
    assert not result.definitions_disagree_in_sign[0]


def test_an_unknown_role_counts_in_the_pool_only() -> None:
    result = weigh(((1, 0, 0), SILENT, SILENT, (0, 0, 3)), weights=(*WEIGHTS, np.nan))
    assert result.account_nps[0] == 100
    assert result.pooled_nps[0] == -50
    assert result.responses[0] == 4
    assert result.role_spread[0] == 0
    assert not result.has_role_conflict[0]
    assert result.definitions_disagree_in_sign[0]


def test_where_no_role_is_known_the_votes_are_pooled() -> None:
    weights = (*WEIGHTS, np.nan)
    unknown = (SILENT, SILENT, SILENT, (3, 1, 1))
    few = (SILENT, SILENT, SILENT, (1, 0, 0))
    nobody = (SILENT, SILENT, SILENT, SILENT)
    result = weigh(unknown, few, nobody, weights=weights, min_responses=5)
    low, high = nps.interval([3, 1], [1, 0], [1, 0])
    for found, expected in (
        (result.account_nps, [40, 100, np.nan]),
        (result.respondent_weighted_nps, [40, 100, np.nan]),
        (result.ci_low, [*low, np.nan]),
        (result.ci_high, [*high, np.nan]),
        (result.nps_low_bound, [-100, -100, -100]),
        (result.nps_high_bound, [100, 100, 100]),
        (result.role_weight_coverage, [np.nan, np.nan, 0]),
        (result.waterfall_nps, [np.nan] * 3),
    ):
        assert found == pytest.approx(expected, nan_ok=True)
    assert result.is_reportable.tolist() == [True, False, False]


def test_a_role_that_the_scheme_leaves_out_is_known_all_the_same() -> None:
    """Its votes are not the account's, or whoever weighs nothing would weigh all."""
    votes, weights = (SILENT, SILENT, (5, 0, 0), SILENT), (0.5, 0.5, np.nan, np.nan)
    assert weigh(votes, weights=weights).account_nps[0] == 100
    result = weigh(votes, weights=weights, unknown=(False, False, False, True))
    assert np.isnan(result.account_nps[0])
    assert (result.role_weight_coverage[0], result.is_reportable[0]) == (0, False)
    with pytest.raises(ValueError, match="unknown of"):
        weigh(votes, weights=weights, unknown=(True,))


def test_a_score_of_exactly_zero_has_no_sign() -> None:
    result = weigh(((0, 10, 20), (5, 4, 0), (5, 1, 0)))
    assert result.account_nps == pytest.approx([0], abs=1e-9)
    assert not result.definitions_disagree_in_sign[0]


def test_coverage_of_exactly_the_minimum_is_enough() -> None:
    votes = (SILENT, (1, 0, 0), (1, 0, 0))
    assert weigh(votes, weights=(0.3, 0.1, 0.6), min_coverage=0.7).is_reportable[0]
    assert not weigh(votes, weights=(0.31, 0.09, 0.6), min_coverage=0.7).is_reportable[0]


def test_schemes_and_seniority_may_differ_by_account() -> None:
    votes = ((1, 0, 0), (0, 0, 1), SILENT)
    result = weigh(
        votes, votes, weights=[WEIGHTS, (0.2, 0.3, 0.5)], seniority=[(1, 2, 3), (3, 2, 1)]
    )
    assert result.account_nps == pytest.approx([100 * (0.5 - 0.3) / 0.8, 100 * (0.2 - 0.3) / 0.5])
    assert result.waterfall_nps.tolist() == [100, -100]


@pytest.mark.parametrize(
    ("votes", "weights", "message"),
    [
        ([[1, 1, 1]], (0.5, 0.3, 0.1), "sum to 1"),
        ([[1, 1, 1]], (1.2, 0, -0.2), "negative"),
        ([[1, 1, -1]], WEIGHTS, "negative or missing"),
        ([[1, 1, math.nan]], WEIGHTS, "negative or missing"),
        ([[1, 1]], WEIGHTS, "do not fit"),
        ([1, 1, 1], WEIGHTS, r"\(accounts, roles\)"),
    ],
)
def test_impossible_votes_and_weights_are_refused(votes, weights, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        role_weighted(votes, votes, votes, weights)


# ---------------------------------------------------------------------------------------------
# NPS: properties
# ---------------------------------------------------------------------------------------------

COUNT = st.one_of(st.integers(0, 4), st.integers(0, 10_000))
VOTES = st.one_of(st.just(SILENT), st.tuples(COUNT, COUNT, COUNT))
SHARES = st.tuples(st.integers(0, 50), st.integers(0, 50)).map(
    lambda w: (w[0] / 100, w[1] / 100, (100 - sum(w)) / 100)
)
ACCOUNTS = st.lists(st.tuples(VOTES, VOTES, VOTES), min_size=1, max_size=20)


@given(ACCOUNTS, SHARES)
def test_account_scores_are_means_of_role_scores(accounts: list, weights: tuple) -> None:
    result = weigh(*accounts, weights=weights)
    exact = [Fraction(str(weight)) for weight in weights]
    for number, roles in enumerate(accounts):
        heard = [(w, r) for w, r in zip(exact, roles, strict=True) if sum(r) and w]
        coverage = sum(w for w, _ in heard)
        assert result.role_weight_coverage[number] == pytest.approx(float(coverage))
        if not coverage:
            assert math.isnan(result.account_nps[number])
            continue
        expected = sum(w * 100 * Fraction(r[0] - r[2], sum(r)) for w, r in heard) / coverage
        score = result.account_nps[number]
        assert score == pytest.approx(float(expected), abs=1e-9)
        assert result.nps_low_bound[number] <= score + 1e-9
        assert score <= result.nps_high_bound[number] + 1e-9
        assert -100 <= result.ci_low[number] <= result.ci_high[number] <= 100


@given(ACCOUNTS, SHARES, st.permutations([0, 1, 2]), st.randoms(use_true_random=False))
def test_the_order_of_accounts_and_roles_does_not_matter(accounts, weights, order, dice) -> None:
    shuffled = list(range(len(accounts)))
    dice.shuffle(shuffled)
    first = weigh(*accounts, weights=weights)
    moved = weigh(
        *([accounts[i][role] for role in order] for i in shuffled),
        weights=[weights[role] for role in order],
        seniority=order,
    )
    for name, values in vars(first).items():
        other = getattr(moved, name)
        np.testing.assert_allclose(values[shuffled].astype(float), other.astype(float), atol=1e-9)


@given(ACCOUNTS, SHARES, st.integers(0, 2))
def test_one_more_promoter_never_lowers_a_score(accounts, weights, role: int) -> None:
    better = [list(account) for account in accounts]
    for account in better:
        account[role] = (account[role][0] + 1, *account[role][1:])
    before, after = weigh(*accounts, weights=weights), weigh(*better, weights=weights)
    for name in ("account_nps", "pooled_nps", "respondent_weighted_nps", "nps_low_bound"):
        old, new = getattr(before, name), getattr(after, name)
        assert (np.isnan(old) | (new >= old - 1e-9)).all(), name


# ---------------------------------------------------------------------------------------------
# Health: worked examples
# ---------------------------------------------------------------------------------------------


def test_the_worked_example_is_yellow_at_exactly_60() -> None:
    assert 0.3 * 57 + 0.25 * 40 + 0.25 * 70 + 0.2 * 77 < 60  # in doubles it would be red
    result = score_pillars((57, 40, 70, 77))
    assert result.health_score[0] == 60
    assert result.health_band[0] == "yellow"
    assert result.pillar_contributions[0] == pytest.approx([17.1, 10, 17.5, 15.4])


def test_bands_hold_their_lower_edge_only() -> None:
    scores = [59.999999, 60, 84.99, 84.999999, 85, 0, 100, 59.9999999]
    bands = health.band_of(scores, np.ones(8), BANDS).tolist()
    assert bands == ["red", "yellow", "yellow", "yellow", "green", "red", "green", "yellow"]


def test_a_shown_score_never_contradicts_its_band() -> None:
    scores = [84.99, 84.999999, 59.999999, 85, 0.3, 99.95, math.nan]
    assert health.shown(scores)[:-1].tolist() == [84.9, 84.9, 59.9, 85, 0.3, 99.9]
    assert math.isnan(health.shown(scores)[-1])


def test_signals_are_linear_between_anchors_and_clipped() -> None:
    up = health.signal_scores([0.2, 0.5, 0.8, 0, 2, math.nan], 0.2, 0.8)
    assert up[:-1] == pytest.approx([0, 50, 100, 0, 100])
    assert math.isnan(up[-1])
    assert health.signal_scores([3, 2, 1, 0, 9], 3, 1).tolist() == [0, 50, 100, 100, 0]
    with pytest.raises(ValueError, match="must differ"):
        health.signal_scores([1], 2, 2)


def test_a_missing_signal_is_left_out_of_its_pillar() -> None:
    card = make_scorecard({"usage": "1"}, {"usage": [("a", "0.75", 0, 1), ("b", "0.25", 1, 0)]})
    values = [(0.5, 0.5), (0.5, math.nan), (math.nan, 0.2), (math.nan, math.nan)]
    result = health.health(values, card, BANDS)
    assert result.pillar_scores[:3, 0] == pytest.approx([50, 50, 80])
    assert result.signal_coverage.tolist() == [1, 0.75, 0.25, 0]
    assert result.score_coverage.tolist() == [1, 1, 1, 0]
    assert np.isnan(result.health_score[3])
    assert np.isnan(result.signal_contributions[3]).all()
    assert result.signal_contributions[0] == pytest.approx([37.5, 12.5])


def test_a_missing_pillar_is_renormalised_and_bounded() -> None:
    result = score_pillars((57, None, 70, 77), (None, None, 70, 77), (None, 40, 70, None))
    assert result.health_score[0] == pytest.approx((17.1 + 17.5 + 15.4) / 0.75, abs=1e-6)
    assert result.score_coverage == pytest.approx([0.75, 0.45, 0.5])
    assert result.score_low_bound == pytest.approx([50, 32.9, 27.5])
    assert result.score_high_bound == pytest.approx([75, 87.9, 77.5])
    assert result.health_score[1] == pytest.approx(32.9 / 0.45, abs=1e-6)
    assert result.health_band.tolist() == ["yellow", "insufficient_signal", "red"]
    assert np.isnan(result.pillar_contributions[0, 1])


def test_nothing_heard_is_insufficient_signal_and_no_figure() -> None:
    result = score_pillars((None, None, None, None))
    assert math.isnan(result.health_score[0])
    assert math.isnan(result.health_score_shown[0])
    assert (result.score_low_bound[0], result.score_high_bound[0]) == (0, 100)
    assert result.health_band[0] == "insufficient_signal"


def test_values_must_fit_the_scorecard() -> None:
    with pytest.raises(ValueError, match="do not fit 4 signals"):
        health.health([[1, 2, 3]], PLAIN, BANDS)


def change_band(result: health.Health, account_nps, *votes) -> tuple[list, list]:
    """Answers to change band and the band behind, of accounts given as votes per role."""
    counts = np.array(votes, dtype=float)
    change = health.answers_to_change_band(
        result, PLAIN, BANDS, account_nps, counts[..., 0], counts[..., 1], counts[..., 2], WEIGHTS
    )
    return change.answers.tolist(), change.nearest_band.tolist()


def test_where_no_role_is_known_each_answer_is_one_of_all() -> None:
    """60 falls to 20 with one answer, which is on the edge, and to -20 with the second."""
    result = health.health([(60, 60, 60, 60)], PLAIN, BANDS)
    votes, weights = np.array([[SILENT, SILENT, SILENT, (4, 0, 1)]]), (*WEIGHTS, np.nan)
    change = health.answers_to_change_band(
        result, PLAIN, BANDS, [60], votes[..., 0], votes[..., 1], votes[..., 2], weights
    )
    assert (change.answers.tolist(), change.nearest_band.tolist()) == ([2], ["red"])


def test_one_decision_maker_from_9_to_6_may_change_the_band() -> None:
    votes = ((1, 0, 0), (0, 1, 0), USERS)
    before = weigh(votes)
    after = weigh(((0, 0, 1), (0, 1, 0), USERS))
    assert (before.account_nps[0], after.account_nps[0]) == (65, -35)
    result = health.health(
        [(60, before.account_nps[0], 60, 60), (60, after.account_nps[0], 60, 60)], PLAIN, BANDS
    )
    assert result.health_band.tolist() == ["yellow", "red"]
    assert change_band(result, [65, -35], votes, ((0, 0, 1), (0, 1, 0), USERS)) == (
        [1, 1],
        ["red", "yellow"],
    )


def test_band_changes_that_voice_cannot_make_have_no_answer() -> None:
    silent = (SILENT, SILENT, SILENT)
    happy = ((1, 0, 0), (1, 0, 0), (1, 0, 0))
    values = [(100, 100, 100, 100), (80, math.nan, 80, 80), (math.nan, 100, math.nan, 50)]
    result = health.health(values, PLAIN, BANDS)
    assert result.health_band.tolist() == ["green", "yellow", "insufficient_signal"]
    answers, behind = change_band(result, [100, math.nan, 100], happy, silent, happy)
    # 25 points of voice are enough to leave green: three steps of 12.5, 7.5 and 5 points
    assert answers[0] == 2
    assert behind == ["yellow", None, None]
    assert np.isnan(answers[1:]).all()


# ---------------------------------------------------------------------------------------------
# Health: properties
# ---------------------------------------------------------------------------------------------

SCORE = st.one_of(st.none(), st.integers(0, 100), st.floats(0, 100))
FOUR = st.lists(st.tuples(SCORE, SCORE, SCORE, SCORE), min_size=1, max_size=20)


@given(st.decimals(min_value=-100, max_value=100, places=8))
def test_scores_are_rounded_as_decimals_are(score: Decimal) -> None:
    expected = score.quantize(Decimal("0.000001"), ROUND_HALF_UP)
    assert float(round_score(float(score))) == float(expected)


@given(FOUR)
def test_scores_stay_in_bounds_and_contributions_sum_to_them(accounts: list) -> None:
    result = score_pillars(*accounts)
    heard = ~np.isnan(result.health_score)
    assert (heard == (result.score_coverage > 0)).all()
    score = result.health_score[heard]
    for points in (result.pillar_contributions, result.signal_contributions):
        np.testing.assert_allclose(np.nansum(points, axis=1)[heard], score, atol=1.1e-6)
    assert (result.score_low_bound[heard] <= score + 1e-6).all()
    assert (score <= result.score_high_bound[heard] + 1e-6).all()
    assert ((score >= 0) & (score <= 100)).all()
    assert (result.health_score_shown[heard] <= score).all()
    lowest, highest = (f(result.pillar_scores[heard], axis=1) for f in (np.nanmin, np.nanmax))
    assert ((lowest - 1e-6 <= score) & (score <= highest + 1e-6)).all()


@given(FOUR, st.integers(0, 3), st.floats(0, 50))
def test_a_higher_signal_never_lowers_the_score(accounts: list, signal: int, more: float) -> None:
    better = [list(account) for account in accounts]
    for account in better:
        if account[signal] is not None:
            account[signal] += more
    old, new = score_pillars(*accounts).health_score, score_pillars(*better).health_score
    assert (np.isnan(old) | (new >= old - 1e-9)).all()


@given(
    st.lists(st.tuples(*[st.tuples(*[st.integers(0, 6)] * 3)] * 3), min_size=1, max_size=8),
    st.tuples(*[st.integers(20, 100)] * 3),
    st.sampled_from([(-100, 100), (-50, 60), (80, -90)]),
)
def test_that_many_answers_change_the_band_and_fewer_do_not(accounts, others, anchors) -> None:
    card = make_scorecard(
        {"usage": "0.30", "voc": "0.25", "commercial": "0.25", "service": "0.20"},
        {
            "usage": [("depth", "1", 0, 100)],
            "voc": [("account_nps", "0.6", *anchors), ("effort", "0.4", 0, 100)],
            "commercial": [("renewal_status", "1", 0, 100)],
            "service": [("sla_attainment", "1", 0, 100)],
        },
    )

    def score(votes: np.ndarray) -> tuple[np.ndarray, health.Health]:
        account_nps = role_weighted(*votes, WEIGHTS).account_nps
        rest = np.broadcast_to(others, (len(account_nps), 3)).astype(float)
        values = np.column_stack((rest[:, 0], account_nps, rest[:, 1], rest[:, 2], rest[:, 0]))
        return account_nps, health.health(values, card, BANDS)

    votes = np.moveaxis(np.array(accounts, dtype=float), 2, 0)
    account_nps, before = score(votes)
    change = health.answers_to_change_band(before, card, BANDS, account_nps, *votes, WEIGHTS)
    rank = {name: position for position, name in enumerate(BANDS.names)}
    raises = [
        behind is not None and rank[behind] > rank[band]
        for behind, band in zip(change.nearest_band, before.health_band, strict=True)
    ]
    raises_nps = [up == (anchors[1] > anchors[0]) for up in raises]
    for made in range(1, int(np.nanmax([0, *change.answers])) + 1):
        for number, up in enumerate(raises_nps):
            turn_the_strongest(votes[:, number], up)
        band = score(votes)[1].health_band
        fewer, enough = made < change.answers, made == change.answers
        assert (band[fewer] == before.health_band[fewer]).all()
        assert (band[enough] == change.nearest_band[enough]).all()


def turn_the_strongest(votes: np.ndarray, up: bool) -> None:
    """Turn the answer that moves an account's NPS most from one end of the scale to the other."""
    worst, best = (2, 0) if up else (0, 2)
    n = votes.sum(axis=0)
    strengths = {
        (kind, role): WEIGHTS[role] / n[role] * (2 if kind == worst else 1)
        for kind in (worst, 1)
        for role in range(3)
        if votes[kind, role]
    }
    if strengths:
        kind, role = max(strengths, key=lambda key: strengths[key])
        votes[kind, role] -= 1
        votes[best, role] += 1


# ---------------------------------------------------------------------------------------------
# Weights
# ---------------------------------------------------------------------------------------------


@given(
    st.lists(st.integers(1, 10**6), min_size=2, max_size=6),
    st.decimals(min_value=0, max_value=1, places=4),
)
def test_weights_always_sum_to_exactly_1(parts: list[int], changed: Decimal) -> None:
    names = [f"role_{number}" for number in range(len(parts))]
    even = dict.fromkeys(names[1:], Decimal(0)) | {names[0]: Decimal(1)}
    raw = {name: Decimal(part) / sum(parts) for name, part in zip(names, parts, strict=True)}
    old = {name: weight.quantize(Decimal("1e-12")) for name, weight in raw.items()}
    old[names[0]] += 1 - sum(old.values())
    new = share_out(old, {names[1]: changed}, "role")
    assert sum(new.values()) == 1
    assert new[names[1]] == changed
    assert all(weight >= 0 for weight in new.values())
    assert sum(share_out(even, {names[0]: Decimal(1)}, "role").values()) == 1


def test_new_weights_leave_the_others_their_proportions() -> None:
    scheme = load_policy(REPOSITORY / "seeds" / "policy").weight_scheme(None, DAY)
    assert scheme.role_names == ("decision_maker", "manager", "user")
    assert scheme.weights.tolist() == list(WEIGHTS)
    new = scheme.reweighted({"decision_maker": Decimal("0.6")})
    assert new.weights.tolist() == [0.6, 0.24, 0.16]
    card = PLAIN.reweighted({"usage": Decimal("0.4"), "voc": Decimal(0)})
    assert card.pillar_names == ("usage", "commercial", "service")
    assert sum(pillar.weight for pillar in card.pillars) == 1
    assert "account_nps" not in card.signal_names


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"boss": "0.5"}, "Unknown role boss. Known: decision_maker, manager, user"),
        ({"user": "1.5"}, "The weight of user is 1.5; it takes 0 to 1"),
        ({"user": "0.6", "manager": "0.5"}, "sum to 0.6 [+] 0.5 = 1.1: more than 1"),
        (
            {"user": "0.2", "manager": "0.2", "decision_maker": "0.2"},
            "= 0.6: less than 1, and no other weight",
        ),
    ],
)
def test_new_weights_that_cannot_be_are_refused(changes: dict[str, str], message: str) -> None:
    scheme = load_policy(REPOSITORY / "seeds" / "policy").weight_scheme(None, DAY)
    with pytest.raises(WeightingError, match=message):
        scheme.reweighted({name: Decimal(weight) for name, weight in changes.items()})


def test_objects_made_in_code_keep_the_rules_of_the_seeds() -> None:
    role = RoleWeight(
        weight_scheme="x", valid_from=DAY, contact_role="user", seniority=1, weight=Decimal("0.5")
    )
    with pytest.raises(ValueError, match=r"sum to 0\.5 and must sum to exactly 1"):
        WeightScheme.of([role])
    with pytest.raises(ValueError, match="has a weight but no signals"):
        make_scorecard({"usage": "1"}, {})
    with pytest.raises(ValueError, match="no band holds the scores from 60 to below 65"):
        make_bands(("red", None, 60), ("green", 65, None))


def test_a_weighted_mean_leaves_out_what_is_missing() -> None:
    mean, coverage = weighted_mean([[1, math.nan], [math.nan, math.nan], [1, 3]], [[3, 1]] * 3)
    assert coverage.tolist() == [3, 0, 4]
    assert mean[[0, 2]].tolist() == [1, 1.5]
    assert math.isnan(mean[1])


# ---------------------------------------------------------------------------------------------
# Policy seeds
# ---------------------------------------------------------------------------------------------

SEEDS = {
    "role_weights": """\
weight_scheme,valid_from,contact_role,seniority,weight
default,2000-01-01,decision_maker,1,0.50
default,2000-01-01,manager,2,0.30
default,2000-01-01,user,3,0.20
enterprise,2026-01-01,decision_maker,1,0.70
enterprise,2026-01-01,manager,2,0.20
enterprise,2026-01-01,user,3,0.10
""",
    "title_roles": """\
rule_order,applies_to,match_type,pattern,contact_role
10,title,word,ceo,decision_maker
20,title,word,analyst,user
""",
    "health_scorecards": """\
scorecard,valid_from,pillar,weight
default,2000-01-01,usage,0.30
default,2000-01-01,voc,0.70
small,2000-01-01,usage,0.40
small,2000-01-01,voc,0.60
small,2026-01-01,usage,1
""",
    "health_signals": """\
scorecard,valid_from,pillar,signal,weight,score_0_at,score_100_at
default,2000-01-01,usage,depth,0.60,0,0.6
default,2000-01-01,usage,breadth,0.40,0.1,0.8
default,2000-01-01,voc,account_nps,1,-100,100
small,2026-01-01,usage,depth,1,0,0.5
""",
    "health_bands": """\
valid_from,band,score_from,score_below
2000-01-01,red,,60
2000-01-01,yellow,60,85
2000-01-01,green,85,
2026-01-01,low,,50
2026-01-01,high,50,
""",
    "playbooks": """\
band,valid_from,playbook,priority,owner_role,due_hours
red,2000-01-01,p0_alert,P0,csm_lead,24
red,2026-01-01,p0_alert,P0,csm_lead,12
red,2026-01-01,call,P1,csm,48
insufficient_signal,2000-01-01,ask,P2,csm,720
""",
    "renewal_status_scores": """\
renewal_status,valid_from,score
renewed,2000-01-01,100
renewed,2026-01-01,95
open,2000-01-01,60
""",
    "health_overrides": """\
account_ref,band,author,reason,starts_at,expires_at
a1,red,cso,Lost the sponsor,2026-01-01 00:00:00,2026-03-01 00:00:00
a1,green,cso,"Won back, in writing",2026-03-01,2026-04-01T12:00:00Z
""",
}
SIGNALS = {"depth": "usage", "breadth": "usage", "account_nps": "survey"}
FIRST_DAY = date(2024, 6, 30)
Edit = Callable[[str, str, str], Path]


@pytest.fixture
def policy_folder(tmp_path: Path) -> Path:
    """A folder of small policy seeds that keep every rule."""
    folder = tmp_path / "seeds" / "policy"
    folder.mkdir(parents=True)
    for name, text in SEEDS.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def edit(policy_folder: Path) -> Edit:
    """A function that replaces one text in one seed and returns the folder."""

    def replace(seed: str, old: str, new: str) -> Path:
        file = policy_folder / f"{seed}.csv"
        text = file.read_text(encoding="utf-8")
        assert old in text
        file.write_text(text.replace(old, new, 1), encoding="utf-8")
        return policy_folder

    return replace


def test_the_seeds_as_shipped_keep_every_rule() -> None:
    signals = known_signals(REPOSITORY)
    assert signals
    assert signals["account_nps"] == "survey"
    first_day = first_period(DAY, 24)
    assert check_policy(REPOSITORY / "seeds" / "policy", signals, first_day) == []


def test_the_scheme_of_a_segment_counts_from_its_day(policy_folder: Path) -> None:
    policy = load_policy(policy_folder, SIGNALS, FIRST_DAY)
    assert policy.weight_scheme("Enterprise", date(2025, 12, 31)).name == "default"
    assert policy.weight_scheme("Enterprise", date(2026, 1, 1)).weights.tolist() == [0.7, 0.2, 0.1]
    assert policy.weight_scheme(None, DAY).name == "default"
    assert policy.weight_scheme("Enterprise", DAY) is policy.weight_scheme("enterprise", DAY)
    with pytest.raises(WeightingError, match="No schemes of default are valid on 1999-12-31"):
        policy.weight_scheme(None, date(1999, 12, 31))


def test_a_scorecard_without_signals_of_its_own_uses_those_of_default(policy_folder: Path) -> None:
    policy = load_policy(policy_folder, SIGNALS, FIRST_DAY)
    before, after = policy.scorecard("SMALL", date(2025, 12, 31)), policy.scorecard("small", DAY)
    assert before.name == after.name == "small"
    assert before.signal_names == ("depth", "breadth", "account_nps")
    assert before.pillar_weights.tolist() == [0.4, 0.6]
    assert after.signal_names == ("depth",)
    assert after.anchors[1].tolist() == [0.5]
    assert policy.scorecard("unheard of", DAY).name == "default"


def test_bands_playbooks_and_renewal_scores_have_their_days(policy_folder: Path) -> None:
    policy = load_policy(policy_folder)
    old = date(2025, 12, 31)
    assert policy.bands(old).names == ("red", "yellow", "green")
    assert policy.bands(DAY).edges.tolist() == [50]
    assert [row.due_hours for row in policy.playbooks("red", old)] == [24]
    assert [row.playbook for row in policy.playbooks("red", DAY)] == ["p0_alert", "call"]
    assert policy.playbooks("green", DAY) == ()
    assert policy.renewal_score("Renewed", old) == 100
    assert policy.renewal_score("renewed", DAY) == 95
    assert policy.renewal_score("unheard of", DAY) is None
    assert policy.renewal_score(None, DAY) is None
    assert [row.expires_at.hour for row in policy.overrides] == [0, 12]


BROKEN = [
    # role_weights
    ("role_weights", "manager,2,0.30", "manager,2,0.25", 2, "default from 2000-01-01: the weights sum to 0.95 and must sum to exactly 1"),
    ("role_weights", "manager,2,0.30", "manager,2,0.300000000001", 2, "the weights sum to 1.000000000001 and must sum to exactly 1"),
    ("role_weights", "user,3,0.20", "user,3,1.20", 4, "weight is '1.20': it takes a number from 0 to 1"),
    ("role_weights", "user,3,0.20", "user,3,", 4, "weight is empty: it takes a number"),
    ("role_weights", "user,3,0.20", "user,3,nan", 4, "weight is 'nan'"),
    ("role_weights", "user,3,0.20", "user,3,0.2000000000001", 4, "of at most 12 decimals"),
    ("role_weights", "user,3,0.20", "user,2,0.20", 4, "two roles share the seniority 2, so neither is the senior one"),
    ("role_weights", "user,3,0.20", "manager,3,0.20", 4, "the role manager stands more than once"),
    ("role_weights", "user,3,0.10", "intern,3,0.10", 7, "the role intern is unknown: the scheme default does not weigh it"),
    ("role_weights", "user,3,0.10", "unknown,3,0.10", 7, "the role unknown is for people of no role"),
    ("role_weights", "2000-01-01,user", "2000-13-01,user", 4, "valid_from is '2000-13-01': it takes a date like 2026-06-30"),
    ("role_weights", "2000-01-01,user", "01.01.2000,user", 4, "valid_from is '01.01.2000': it takes a date"),
    ("role_weights", "user,3,0.20", "user,3", 4, "it has 4 fields, and the header has 5"),
    ("role_weights", "seniority,weight", "seniority,wieght", 1, "the column weight is missing"),
    ("role_weights", "enterprise,2026-01-01,user", "Enterprise,2026-01-01,user", 7, "the scheme Enterprise is written enterprise elsewhere"),
    ("role_weights", "enterprise,2026-01-01,user", "pooled,2026-01-01,user", 7, "the name pooled is reserved"),
    ("title_roles", "analyst,user", "analyst,worker", 3, "the role worker is unknown: role_weights.csv does not weigh it"),
    # health_scorecards
    ("health_scorecards", "small,2000-01-01,voc,0.60", "small,2000-01-01,voc,0.50", 4, "small from 2000-01-01: the weights sum to 0.9"),
    ("health_scorecards", "small,2000-01-01,voc,0.60", "small,2000-01-01,usage,0.60", 5, "the pillar usage stands more than once"),
    ("health_scorecards", "small,2000-01-01,voc", "small,2000-01-01,people", 5, "pillar is 'people': it takes usage, voc, commercial, service"),
    ("health_scorecards", "default,2000-01-01,voc,0.70", "default,2000-01-01,voc,0", 3, "weight is '0': it takes a number above 0"),
    ("health_scorecards", "small,2000-01-01,voc,0.60", "small,2000-01-01,service,0.60", 5, "the pillar service has a weight, but no signals in"),
    # health_signals
    ("health_signals", "breadth,0.40", "breadth,0.30", 2, "the weights sum to 0.9 and must sum to exactly 1 inside the pillar usage"),
    ("health_signals", "breadth,0.40", "width,0.40", 3, "the signal width is unknown: int_health__signal_values has no such signal"),
    ("health_signals", "voc,account_nps", "voc,depth", 4, "the signal depth stands in two pillars, usage and voc"),
    ("health_signals", "breadth,0.40", "depth,0.40", 3, "the signal depth stands more than once in the pillar usage"),
    ("health_signals", "0.1,0.8", "0.8,0.8", 3, "the anchors of breadth are equal"),
    ("health_signals", "0.1,0.8", "0.1,", 3, "score_100_at is empty: it takes a number"),
    ("health_signals", "0.1,0.8", "0.1,inf", 3, "score_100_at is 'inf': it takes a number"),
    ("health_signals", "small,2026-01-01,usage", "smal,2026-01-01,usage", 5, "the scorecard smal is not in health_scorecards.csv"),
    ("health_signals", "default,2000-01-01,voc,account_nps,1,-100,100\n", "", 3, None),
    # health_bands
    ("health_bands", "yellow,60,85", "yellow,65,85", 3, "bands from 2000-01-01: no band holds the scores from 60 to below 65"),
    ("health_bands", "yellow,60,85", "yellow,55,85", 3, "red and yellow overlap from 55 to 60"),
    ("health_bands", "yellow,60,85", "yellow,85,60", 3, "yellow goes from 85 to below 60, so no score is in it"),
    ("health_bands", "red,,60", "red,10,60", 2, "0 bands have an empty score_from; exactly one has no lower end"),
    ("health_bands", "yellow,60,85", "yellow,60,", 2, "2 bands have an empty score_below; exactly one has no upper end"),
    ("health_bands", "yellow,60,85", "red,60,85", 3, "the band red stands more than once"),
    ("health_bands", "2026-01-01,low", "2026-01-01,insufficient_signal", 5, "the name insufficient_signal is reserved"),
    ("health_bands", "green,85,", "green,850,", 4, "score_from is '850': it takes nothing, or a number above 0, up to 100"),
    # what follows from a band
    ("playbooks", "call,P1,csm,48", "p0_alert,P1,csm,48", 4, "red from 2026-01-01: the playbook p0_alert stands more than once"),
    ("playbooks", "red,2000", "rot,2000", 2, "the band rot is not in health_bands.csv"),
    ("playbooks", "csm,48", "boss,48", 4, "owner_role is 'boss': it takes csm or csm_lead"),
    ("playbooks", "csm,48", "csm,0", 4, "due_hours is '0': it takes a whole number of hours above 0"),
    ("playbooks", "P1,csm", "urgent,csm", 4, "priority is 'urgent': it takes P0 to P9"),
    ("renewal_status_scores", "open,2000-01-01,60", "open,2000-01-01,160", 4, "score is '160': it takes a number from 0 to 100"),
    ("renewal_status_scores", "open,2000-01-01", "Renewed,2000-01-01", 4, "from 2000-01-01: the status renewed stands more than once"),
    ("health_overrides", "a1,red", "a1,rot", 2, "the band rot is not in health_bands.csv"),
    ("health_overrides", "a1,red", "a1,insufficient_signal", 2, "the band insufficient_signal is not in health_bands.csv"),
    ("health_overrides", "Lost the sponsor", "", 2, "reason is empty: it takes a name"),
    ("health_overrides", "2026-03-01 00:00:00", "2026-01-01 00:00:00", 2, "expires_at must be after starts_at"),
    ("health_overrides", "2026-03-01 00:00:00", "2026-03-02 00:00:00", 3, "a1: it begins before the override of row 2 expires"),
    ("health_overrides", "2026-03-01 00:00:00", "2026-03-01 00:00:00+02:00", 2, "expires_at is '2026-03-01 00:00:00+02:00': it takes a UTC time"),
]  # fmt: skip


@pytest.mark.parametrize(("seed", "old", "new", "row", "rule"), BROKEN)
def test_a_broken_rule_is_named_with_file_and_row(
    edit: Edit, seed: str, old: str, new: str, row: int, rule: str | None
) -> None:
    findings = check_policy(edit(seed, old, new), SIGNALS, FIRST_DAY)
    if rule is None:
        seed, rule = "health_scorecards", "the pillar voc has a weight, but no signals"
    told = [f for f in findings if (f.file, f.row) == (f"seeds/policy/{seed}.csv", row)]
    assert any(rule in finding.rule for finding in told), findings


@pytest.mark.parametrize(
    ("seed", "what"),
    [
        ("role_weights", "the scheme default"),
        ("health_scorecards", "the scorecard default"),
        ("health_signals", "the scorecard default"),
        ("health_bands", "bands"),
    ],
)
def test_default_must_be_there_from_the_first_period(
    policy_folder: Path, seed: str, what: str
) -> None:
    file = policy_folder / f"{seed}.csv"
    file.write_text(SEEDS[seed].replace("2000-01-01", "2025-01-01"))
    rule = f"{what} must be valid from the first period on, 2024-06-30"
    told = [f for f in check_policy(policy_folder, SIGNALS, FIRST_DAY) if f.rule == rule]
    assert [(f.file, f.row) for f in told] == [(f"seeds/policy/{seed}.csv", 2)]
    assert check_policy(policy_folder, SIGNALS, date(2026, 1, 1)) == []
    file.write_text(SEEDS[seed].splitlines()[0] + "\n")
    rules = [f.rule for f in check_policy(policy_folder, SIGNALS) if f.file.endswith(f"{seed}.csv")]
    assert any("is missing" in rule or rule == "there are no bands" for rule in rules)


def test_what_cannot_be_read_is_said_in_words(policy_folder: Path) -> None:
    (policy_folder / "playbooks.csv").unlink()
    (policy_folder / "health_bands.csv").write_bytes(b"valid_from,band\xff")
    (policy_folder / "health_signals.csv").write_text("")
    (policy_folder / "renewal_status_scores.csv").write_text(
        SEEDS["renewal_status_scores"] + '"open,2026-01-01,60\n'
    )
    rules = {Path(f.file).stem: f for f in check_policy(policy_folder)}
    assert rules["playbooks"].rule == "the file is missing"
    assert "not readable as CSV in UTF-8" in rules["health_bands"].rule
    assert "not readable as CSV" in rules["renewal_status_scores"].rule
    assert "the column scorecard, valid_from, pillar" in rules["health_signals"].rule


def test_one_mistake_is_told_once(edit: Edit) -> None:
    edit("role_weights", "user,3,0.20", "user,3,2")
    edit("health_bands", "yellow,60,85", "yellow,sixty,85")
    folder = edit("health_signals", "account_nps,1", "account_nps,one")
    assert [(Path(f.file).stem, f.row) for f in check_policy(folder, SIGNALS, FIRST_DAY)] == [
        ("role_weights", 4),
        ("health_signals", 4),
        ("health_bands", 3),
    ]


def test_rows_are_counted_as_an_editor_shows_them(policy_folder: Path) -> None:
    file = policy_folder / "health_overrides.csv"
    extra = 'a2,red,cso,"One line,\nand another",2026-01-01,2026-02-01\n\na3,blue,cso,Why,2026-01-01,2026-02-01\n'
    file.write_text("\ufeff" + SEEDS["health_overrides"] + extra, encoding="utf-8")
    assert [(f.row, f.rule) for f in check_policy(policy_folder)] == [
        (7, "the band blue is not in health_bands.csv")
    ]


def test_loading_a_broken_policy_names_every_finding(edit: Edit) -> None:
    edit("role_weights", "0.30", "0.25")
    folder = edit("health_bands", "yellow,60,85", "yellow,65,85")
    with pytest.raises(PolicyError) as caught:
        load_policy(folder, SIGNALS, FIRST_DAY)
    assert str(caught.value) == (
        "The policy seeds break 2 rule(s):\n"
        "  seeds/policy/role_weights.csv, row 2: default from 2000-01-01:"
        " the weights sum to 0.95 and must sum to exactly 1.\n"
        "  seeds/policy/health_bands.csv, row 3: bands from 2000-01-01:"
        " no band holds the scores from 60 to below 65."
    )


@pytest.mark.parametrize(
    ("as_of", "months", "expected"),
    [
        ("2026-06-30", 24, "2024-07-31"),
        ("2026-06-29", 24, "2024-06-30"),
        ("2026-01-31", 1, "2026-01-31"),
        ("2026-01-15", 1, "2025-12-31"),
        ("2024-03-01", 2, "2024-01-31"),
    ],
)
def test_the_first_period_is_that_of_the_history(as_of: str, months: int, expected: str) -> None:
    assert first_period(date.fromisoformat(as_of), months) == date.fromisoformat(expected)


# ---------------------------------------------------------------------------------------------
# The command line
# ---------------------------------------------------------------------------------------------


@pytest.fixture
def weights_project(policy_folder: Path) -> Path:
    """The folder of a project of nothing but a policy, its known signals and its variables."""
    root = policy_folder.parents[1]
    (root / "dbt_project.yml").write_text("name: small\nvars: {as_of_date: 2026-06-30}\n")
    models = root / "models" / "marts" / "health"
    models.mkdir(parents=True)
    columns = [{"name": n, "config": {"meta": {"signal_of": d}}} for n, d in SIGNALS.items()]
    model = {"name": "int_health__signal_values", "columns": [{"name": "arr"}, *columns]}
    (models / "_models.yml").write_text(yaml.safe_dump({"models": [model]}))
    return root


def test_check_accepts_a_sound_policy(
    weights_project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["check", "--project", str(weights_project)]) == 0
    assert "keep every rule" in capsys.readouterr().out
    monkeypatch.chdir(weights_project / "models")
    assert main(["check"]) == 0
    assert str(weights_project) in capsys.readouterr().out


def test_check_refuses_a_broken_policy_with_exit_code_2(
    weights_project: Path, edit: Edit, capsys: pytest.CaptureFixture[str]
) -> None:
    edit("health_signals", "breadth,0.40", "width,0.40")
    edit("health_bands", "2000-01-01,red", "2025-01-01,red")
    assert main(["check", "--project", str(weights_project)]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("voc-weights: The policy seeds break ")
    assert "  seeds/policy/health_signals.csv, row 3: the signal width is unknown" in said.err
    assert "  seeds/policy/health_bands.csv, row 2: " in said.err


def test_check_says_what_is_wrong_with_the_project(
    weights_project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = weights_project / "dbt_project.yml"
    file.write_text("vars: {history_months: soon}\n")
    assert main(["check", "--project", str(weights_project)]) == 2
    assert "A variable of dbt_project.yml has no usable value" in capsys.readouterr().err
    file.write_text("vars: [\n")
    assert main(["check", "--project", str(weights_project)]) == 2
    assert "cannot be read" in capsys.readouterr().err


def test_an_unforeseen_error_is_said_in_words(
    weights_project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (weights_project / "seeds" / "policy" / "playbooks.csv").unlink()
    (weights_project / "seeds" / "policy" / "playbooks.csv").mkdir()
    monkeypatch.delenv("VOC_DEBUG", raising=False)
    assert main(["check", "--project", str(weights_project)]) == 2
    assert "An error that nobody foresaw: IsADirectoryError" in capsys.readouterr().err
    monkeypatch.setenv("VOC_DEBUG", "1")
    with pytest.raises(IsADirectoryError):
        main(["check", "--project", str(weights_project)])


@pytest.mark.parametrize("arguments", [[], ["chekc"], ["check", "--nonsense"]])
def test_wrong_arguments_have_exit_code_2(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "usage: voc-weights" in capsys.readouterr().err


def test_a_build_stops_at_a_broken_policy(project: Project) -> None:
    seeds = project.root / "seeds" / "policy"
    for name, old, new in (
        ("health_bands", "yellow,60,85", "yellow,65,85"),
        ("role_weights", "default,2000-01-01,manager,2,0.30", "default,2000-01-01,manager,2,0.29"),
    ):
        text = (seeds / f"{name}.csv").read_text()
        assert old in text
        (seeds / f"{name}.csv").write_text(text.replace(old, new))
    outcome = project.cli("build")
    assert outcome.exit_code == 2
    assert "seeds/policy/health_bands.csv, row 3: " in outcome.output
    assert "seeds/policy/role_weights.csv, row 2: " in outcome.output
    assert "Nothing was built" in outcome.output
    assert "Traceback" not in outcome.output
    assert not project.database.exists()


# ---------------------------------------------------------------------------------------------
# DuckDB functions
# ---------------------------------------------------------------------------------------------


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB connection with the functions, registered as the example profile has dbt do it."""
    profile = yaml.safe_load((REPOSITORY / "profiles.example.yml").read_text())
    (plugin,) = profile["voc_warehouse"]["outputs"]["duckdb"]["plugins"]
    with duckdb.connect() as opened:
        BasePlugin.create(plugin["module"]).configure_connection(opened)
        yield opened


def test_sql_gives_the_worked_examples(connection: duckdb.DuckDBPyConnection) -> None:
    row = connection.execute(
        """
        select
            voc_nps(50, 30, 20),
            round(voc_nps_interval(50, 30, 20).low, 2),
            round(voc_nps_interval(50, 30, 20).high, 2),
            voc_account_nps([0, -100, 75], [0.5, 0.3, 0.2]),
            voc_account_nps([null, -100, 75], [0.5, 0.3, 0.2]),
            voc_weighted_score([57, 40, 70, 77], [0.30, 0.25, 0.25, 0.20]),
            voc_signal_score(2, 3, 1)
        """
    ).fetchone()
    assert row == (30, 14.05, 44.20, -15, -30, 60, 50)


def test_nothing_in_sql_gives_nothing(connection: duckdb.DuckDBPyConnection) -> None:
    row = connection.execute(
        """
        select
            voc_nps(0, 0, 0),
            voc_nps(null, 1, 1),
            voc_nps_interval(0, 0, 0),
            voc_nps_interval(1, null, 0),
            voc_signal_score(null, 0, 1),
            voc_signal_score(1, null, 1),
            voc_account_nps([null], [1]),
            voc_weighted_score(null, [1]),
            voc_weighted_score([1], null),
            voc_weighted_score([], []),
            voc_weighted_score([null, 5], [1, null])
        """
    ).fetchone()
    assert set(row) == {None}


def test_bands_in_sql_are_those_of_the_policy(connection: duckdb.DuckDBPyConnection) -> None:
    rows = connection.execute(
        """
        select voc_health_band(score, coverage)
        from (
            values
                (59.999999, 1), (60, 1), (84.999999, 1), (85, 1), (85, 0.5), (85, 0.49),
                (null, 1), (85, null)
        ) as scores (score, coverage)
        """
    ).fetchall()
    unheard = ["insufficient_signal"] * 3
    assert [band for (band,) in rows] == ["red", "yellow", "yellow", "green", "green", *unheard]


def test_a_broken_policy_stops_only_who_asks_for_bands(edit: Edit) -> None:
    folder = edit("health_bands", "yellow,60,85", "yellow,65,85")
    with duckdb.connect() as opened:
        register(opened, policy_folder=folder)
        assert opened.execute("select voc_nps(1, 0, 0)").fetchone() == (100,)
        with pytest.raises(duckdb.InvalidInputException, match=r"health_bands\.csv, row 3"):
            opened.execute("select voc_health_band(50, 1)").fetchone()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("voc_weighted_score([1], [1, 2])", "as many weights as values"),
        ("voc_weighted_score([1], [-1])", "cannot be negative"),
        ("voc_signal_score(1, 2, 2)", "must differ"),
        ("voc_nps(-1, 2, 2)", "cannot be negative"),
    ],
)
def test_impossible_arguments_in_sql_are_refused(
    connection: duckdb.DuckDBPyConnection, call: str, message: str
) -> None:
    with pytest.raises(duckdb.InvalidInputException, match=message):
        connection.execute(f"select {call}").fetchone()


def test_lists_of_any_length_are_weighed_row_by_row(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    connection.execute("set threads = 2")
    rows = connection.execute(
        """
        with lists as (
            select
                number,
                case
                    when number % 7 <> 0
                        then list_transform(range(number % 5), lambda i: case when (i + number) % 3 <> 0 then i * 7.5 + number end)
                end as scores,
                case
                    when number % 11 <> 0
                        then list_transform(range(number % 5), lambda i: case when (i + number) % 4 <> 0 then i + 1 end)
                end as weights
            from range(20000) as numbers (number)
        )
        select scores, weights, voc_weighted_score(scores, weights) as score from lists
        """
    ).fetchall()
    for scores, weights, score in rows:
        heard = [
            (s, w)
            for s, w in zip(scores or (), weights or (), strict=False)
            if s is not None and w is not None
        ]
        if scores is None or weights is None or not heard:
            assert score is None
        else:
            expected = sum(float(s) * w for s, w in heard) / sum(w for _, w in heard)
            assert score == pytest.approx(expected, abs=1e-6)
