"""Estimators keep what they promise: simulations of the Python layer, each with a seed of its own.

A 95 % interval holds the true score in 95 of 100 worlds, and a change is significant in 5 of 100
where nothing changed. Of few people no interval does so exactly in every world; the mean over random
worlds may not be far from it.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from voc_weighting import nps, shares

pytestmark = pytest.mark.slow

ROLE_WEIGHTS = np.array([0.5, 0.3, 0.2])
WORLDS = 200
ACCOUNTS = 500


def coverage_of_accounts(
    people: tuple[int, int, int], rng: np.random.Generator, one_mind: bool
) -> float:
    """Share of accounts whose interval holds the true role-weighted score of one random world."""
    if one_mind:
        loud = rng.uniform(0.8, 0.97)
        shares = np.full((3, 3), (1 - loud) / 2)
        shares[:, rng.integers(3)] = loud
    else:
        shares = rng.dirichlet([1, 1, 1], size=3)
    truth = 100 * ROLE_WEIGHTS @ (shares[:, 0] - shares[:, 2])
    votes = np.stack(
        [rng.multinomial(n, share, size=ACCOUNTS) for n, share in zip(people, shares, strict=True)]
    )
    found = nps.role_weighted(*np.moveaxis(votes, -1, 0).swapaxes(1, 2), ROLE_WEIGHTS)
    assert (found.ci_low <= found.account_nps).all()
    assert (found.account_nps <= found.ci_high).all()
    return float(np.mean((found.ci_low <= truth) & (truth <= found.ci_high)))


@pytest.mark.parametrize(
    ("people", "one_mind"),
    [((1, 1, 3), False), ((1, 1, 3), True), ((1, 2, 4), True), ((3, 5, 20), True)],
)
def test_the_interval_of_an_account_holds_the_true_score(
    people: tuple[int, int, int], one_mind: bool
) -> None:
    rng = np.random.default_rng(20260630)
    covered = [coverage_of_accounts(people, rng, one_mind) for _ in range(WORLDS)]
    assert 0.92 <= np.mean(covered) <= 0.985


# Latent satisfaction is normal; these are the limits between detractor, passive and promoter.
LIMITS = np.array([-1.28, 0.385])


def true_nps(shift: float = 0.0) -> float:
    return float(100 * (norm.sf(LIMITS[1] - shift) - norm.cdf(LIMITS[0] - shift)))


def votes_of(latent: np.ndarray) -> np.ndarray:
    """-1, 0 or 1 of each person."""
    return np.searchsorted(LIMITS, latent) - 1


def by_account(values: np.ndarray, account: np.ndarray, accounts: int) -> np.ndarray:
    return np.bincount(account, weights=values, minlength=accounts)


@pytest.mark.parametrize(
    ("accounts", "most_people", "between", "least"),
    [(130, 6, 0.3, 0.93), (130, 6, 0.6, 0.93), (30, 12, 0.6, 0.91), (12, 12, 0.6, 0.90)],
)
def test_the_interval_of_a_company_holds_the_true_score(
    accounts: int, most_people: int, between: float, least: float
) -> None:
    """People of one account agree: `between` is the share of variance between accounts."""
    rng = np.random.default_rng(accounts)
    held = as_independent = 0
    rounds = 1500
    for _ in range(rounds):
        account = np.repeat(np.arange(accounts), rng.integers(1, most_people + 1, accounts))
        common, own = rng.normal(size=accounts), rng.normal(size=len(account))
        vote = votes_of(np.sqrt(between) * common[account] + np.sqrt(1 - between) * own)
        counts = [by_account(vote == kind, account, accounts) for kind in (1, 0, -1)]
        found = nps.scope_nps(*counts)
        low, high = nps.interval(*(count.sum() for count in counts))
        held += found.ci_low <= true_nps() <= found.ci_high
        as_independent += low <= true_nps() <= high
    assert least <= held / rounds <= 0.985
    # what it is for: independent people would be believed too much
    assert as_independent / rounds < held / rounds - 0.05


@pytest.mark.parametrize(
    ("accounts", "most_people", "between", "least"),
    [(130, 6, 0.3, 0.93), (130, 6, 0.6, 0.93), (30, 12, 0.6, 0.91), (12, 12, 0.6, 0.88)],
)
def test_the_interval_of_a_share_holds_the_true_share(
    accounts: int, most_people: int, between: float, least: float
) -> None:
    """Four of five are satisfied, and people of one account agree."""
    rng = np.random.default_rng(accounts + 1)
    held = as_independent = 0
    rounds = 1500
    for _ in range(rounds):
        account = np.repeat(np.arange(accounts), rng.integers(1, most_people + 1, accounts))
        common, own = rng.normal(size=accounts), rng.normal(size=len(account))
        latent = np.sqrt(between) * common[account] + np.sqrt(1 - between) * own
        cases = by_account(np.ones(len(account)), account, accounts)
        good = by_account(latent < norm.ppf(0.8), account, accounts)
        effective = [shares.effective_cases(good, cases)]
        (low,), (high,) = shares.interval([good.sum()], [cases.sum()], effective)
        held += low <= 0.8 <= high
        (low,), (high,) = shares.interval([good.sum()], [cases.sum()])
        as_independent += low <= 0.8 <= high
    assert least <= held / rounds <= 0.985
    assert as_independent / rounds < held / rounds - 0.05


def alarms(months: int, shift: float, people: int, rounds: int, agreement: float) -> float:
    """Share of rounds in which the change after so many months is called significant.

    408 people answer once a year, each in a month of their own, so that two windows share the votes of
    whoever has not answered again. `shift` is what the later answers are moved by, `agreement` the
    share of variance that people of one account have in common in one wave of answers.
    """
    rng = np.random.default_rng(months)
    account = np.arange(408) // people
    accounts = int(account[-1]) + 1
    found = 0
    for _ in range(rounds):
        waves = rng.normal(size=(2, accounts))[:, account]
        own = rng.normal(size=(2, 408))
        latent = np.sqrt(agreement) * waves + np.sqrt(1 - agreement) * own
        older = votes_of(latent[0])
        is_again = rng.integers(12, size=408) < months
        newer = np.where(is_again, votes_of(latent[1] + shift), older)
        sums = [
            (by_account(votes, account, accounts), by_account(np.ones(408), account, accounts))
            for votes in (older, newer)
        ]
        found += abs(nps.change_z(*sums)) >= nps.Z_SCORE
    return found / rounds


@pytest.mark.parametrize("months", [1, 3, 6, 12])
@pytest.mark.parametrize(("people", "agreement"), [(1, 0.0), (4, 0.5)])
def test_where_nothing_changed_one_in_twenty_is_a_false_alarm(
    months: int, people: int, agreement: float
) -> None:
    assert 0.02 <= alarms(months, 0.0, people, 2000, agreement) <= 0.07


@pytest.mark.parametrize(("months", "least"), [(1, 0.15), (3, 0.5), (6, 0.85), (12, 0.97)])
def test_a_change_is_found(months: int, least: float) -> None:
    """New answers are 20 points worse."""
    shift = -0.359
    assert true_nps(shift) - true_nps() == pytest.approx(-20, abs=0.5)
    assert alarms(months, shift, 1, 600, 0.0) >= least
