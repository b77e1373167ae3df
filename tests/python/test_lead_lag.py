"""Lead and lag in the Python layer: by hand, against the mart, and by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from harness import Project

from voc_weighting.lead_lag import detrended, lead_lag, z_of_lags

LONGEST_LAG = 6
COMPANIES = 1000
# Teams and months; how much of a month stays in the next; how far a team drifts, in its own deviations.
SHAPES = ((4, 13), (4, 24), (10, 13), (10, 24))
PERSISTENCE = (0.0, 0.6)
DRIFT = (0.0, 2.0)


def series(
    dice: np.random.Generator, teams: int, months: int, persistence: float, drift: float
) -> np.ndarray:
    """A series of each team of each company, which knows of no other."""
    burn_in = 20
    shocks = dice.standard_normal((COMPANIES, teams, months + burn_in))
    for month in range(1, months + burn_in):
        shocks[..., month] *= np.sqrt(1 - persistence**2)
        shocks[..., month] += persistence * shocks[..., month - 1]
    slopes = drift * dice.standard_normal((COMPANIES, teams, 1))
    return shocks[..., burn_in:] + slopes * np.linspace(-1, 1, months)


@pytest.mark.slow
@pytest.mark.parametrize(("teams", "months"), SHAPES)
@pytest.mark.parametrize("persistence", PERSISTENCE)
@pytest.mark.parametrize("drift", DRIFT)
def test_companies_where_nothing_is_linked_seldom_show_a_lead(
    teams: int, months: int, persistence: float, drift: float
) -> None:
    dice = np.random.default_rng(20261130)
    engagement = series(dice, teams, months, persistence, drift)
    csat = series(dice, teams, months, persistence, drift)
    found = lead_lag(engagement, csat, LONGEST_LAG)
    assert found.is_beyond_threshold.any(axis=-1).mean() <= 0.07
    # what the threshold of one lag would have said of thirteen
    one_by_one = np.abs(found.correlation) >= found.threshold_one_lag
    assert one_by_one.any(axis=-1).mean() > 0.12


@pytest.mark.slow
@pytest.mark.parametrize("drift", DRIFT)
@pytest.mark.parametrize(("teams", "months"), [(6, 18), (10, 24)])
def test_a_lead_of_two_months_is_found(teams: int, months: int, drift: float) -> None:
    dice = np.random.default_rng(20261130)
    engagement = series(dice, teams, months, 0.3, drift)
    csat = series(dice, teams, months, 0.3, drift)
    csat[..., 2:] = 0.7 * (csat[..., 2:] + engagement[..., :-2])
    found = lead_lag(engagement, csat, LONGEST_LAG)
    assert found.is_beyond_threshold[:, LONGEST_LAG + 2].mean() >= 0.96


def test_the_mart_of_the_demo_is_what_the_python_layer_says(demo: Project) -> None:
    rows = demo.query("select * from marts.team_voe_csat")
    month_of = [12 * row["period_end"].year + row["period_end"].month for row in rows]
    has_figure = [
        row["engagement_score"] is not None or row["csat_rate"] is not None for row in rows
    ]
    first = min(month for month, has in zip(month_of, has_figure, strict=True) if has)
    last = max(month for month, has in zip(month_of, has_figure, strict=True) if has)
    teams = sorted({row["team_id"] for row in rows})
    engagement = np.full((len(teams), last - first + 1), np.nan)
    csat = engagement.copy()
    for row, month, has in zip(rows, month_of, has_figure, strict=True):
        if has:
            place = teams.index(row["team_id"]), month - first
            for table, name in ((engagement, "engagement_score"), (csat, "csat_rate")):
                table[place] = np.nan if row[name] is None else row[name]
    found = lead_lag(engagement, csat, LONGEST_LAG)
    built = demo.query("select * from marts.voe_csat_lead_lag order by lag_months")
    assert [row["lag_months"] for row in built] == list(found.lags)
    assert [row["pairs"] for row in built] == list(found.pairs)
    for name in ("correlation", "threshold", "threshold_one_lag"):
        assert [row[name] for row in built] == pytest.approx(list(getattr(found, name)), abs=1e-6)
    assert [row["is_beyond_threshold"] for row in built] == list(found.is_beyond_threshold)
    (lead,) = np.flatnonzero(found.is_beyond_threshold)
    assert found.lags[lead] == 2


def test_thirteen_lags_need_more_than_one() -> None:
    assert z_of_lags(13) == pytest.approx(2.883097, abs=1e-6)
    assert z_of_lags(1) == pytest.approx(1.959964, abs=1e-6)


def test_a_straight_line_leaves_nothing() -> None:
    line = np.array([[1.0, 3.0, np.nan, 7.0], [5.0, np.nan, np.nan, np.nan]])
    left = detrended(line)
    assert np.array_equal(left[~np.isnan(line)], np.zeros(4))
    assert np.isnan(left[np.isnan(line)]).all()


def test_too_few_pairs_have_no_threshold_and_a_still_series_no_correlation() -> None:
    dice = np.random.default_rng(1)
    moving, still = dice.standard_normal((2, 8)), np.ones((2, 8))
    found = lead_lag(moving, still, 3)
    assert np.isnan(found.correlation).all()
    # pairs at lag 0, less two of each team: 12; at lag 1 there are 14 pairs, at lag 2 there are 12
    free = found.pairs - 4
    assert list(free) == [6, 8, 10, 12, 10, 8, 6]
    assert np.array_equal(np.isnan(found.threshold), free < 10)
    assert not found.is_beyond_threshold.any()
    with pytest.raises(ValueError, match="must be"):
        lead_lag(moving, still[:, :7], 3)
