"""`voc-weights calibrate`: it finds the truth where there is one, and says so where there is none."""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
import yaml
from harness import REPOSITORY, PostgresServer, Project
from hypothesis import given
from hypothesis import strategies as st
from small_warehouse import BANDS, statements, write_duckdb

from voc_weighting import weight_fit
from voc_weighting.calibrate import FIRST_LINE, calibration_table, verdict
from voc_weighting.cli import main
from voc_weighting.health import health
from voc_weighting.outcomes import Outcomes, read_outcome_history
from voc_weighting.policy import check_policy, load_policy
from voc_weighting.policy_rows import PillarWeight, Signal
from voc_weighting.policy_sets import Scorecard
from voc_weighting.warehouse import open_warehouse
from voc_weighting.weight_fit import Weights

BEGINNING = date(2000, 1, 1)
PERIODS = [date(2025, month, day) for month, day in ((1, 31), (2, 28), (3, 31), (4, 30), (5, 31))]
PILLARS = {"usage": 0.3, "voc": 0.25, "commercial": 0.25, "service": 0.2}
# signal: (pillar, weight, score_0_at, score_100_at)
SIGNALS = {
    "active_seat_rate": ("usage", 0.6, 0.0, 1.0),
    "breadth": ("usage", 0.4, 0.0, 1.0),
    "account_nps": ("voc", 1.0, -100.0, 100.0),
    "payment_timeliness": ("commercial", 1.0, 0.5, 1.0),
    "bug_share": ("service", 1.0, 1.0, 0.0),
}
NAMES = tuple(SIGNALS)


def scorecard() -> Scorecard:
    """The scorecard in force in these tests."""
    return Scorecard.of(
        [PillarWeight.model_validate(row) for row in policy_rows()["policy.health_scorecards"]],
        [Signal.model_validate(row) for row in policy_rows()["policy.health_signals"]],
    )


def policy_rows() -> dict[str, list[dict[str, Any]]]:
    dated: dict[str, Any] = {"scorecard": "default", "valid_from": BEGINNING}
    role = {
        "weight_scheme": "default",
        "contact_role": "decision_maker",
        "seniority": 1,
        "weight": 1,
    }
    return {
        "policy.role_weights": [{**dated, **role}],
        "policy.health_scorecards": [
            {**dated, "pillar": pillar, "weight": str(weight)} for pillar, weight in PILLARS.items()
        ],
        "policy.health_signals": [
            {**dated, "pillar": pillar, "signal": name, "weight": str(weight)}
            | {"score_0_at": low, "score_100_at": high}
            for name, (pillar, weight, low, high) in SIGNALS.items()
        ],
        "policy.health_bands": BANDS,
    }


Chance = Callable[[np.ndarray], np.ndarray]


def decided_by(signal: str) -> Chance:
    """One signal decides: almost nobody renews below 40, almost everybody above 60."""
    return lambda scores: 1 / (1 + np.exp(-(scores[:, NAMES.index(signal)] - 50) / 5))


def decided_by_nothing(scores: np.ndarray) -> np.ndarray:
    """Two in three renew, whoever they are."""
    return np.full(len(scores), 2 / 3)


def decided_by_the_scorecard(scores: np.ndarray) -> np.ndarray:
    """The scorecard in force is the truth."""
    home = scorecard()
    own = Weights(home.pillar_weights, home.signal_weights)
    score = weight_fit.smooth_score(scores, home.signal_pillars, own)[0]
    return 1 / (1 + np.exp(-(score - 50) / 4))


def outcomes(chance: Chance, rows: int = 240, seed: int = 1, per_account: int = 1) -> Outcomes:
    """Random scores, a fifth of them missing, and what became of the accounts."""
    random = np.random.default_rng(seed)
    scores = random.uniform(0, 100, (rows, len(NAMES)))
    renewed = random.uniform(size=rows) < chance(scores)
    scores[random.uniform(size=scores.shape) < 0.2] = np.nan
    scores[np.isnan(scores).all(axis=1), 0] = 50.0
    accounts = np.array([f"A{row // per_account}" for row in range(rows)], dtype=object)
    return Outcomes(scores, renewed, accounts)


def warehouse_rows(data: Outcomes, as_of: Mapping[str, str] | None = None) -> dict[str, Any]:
    """A warehouse in which these scores are the signals of the accounts' first period end."""
    rows: dict[str, Any] = {
        **policy_rows(),
        "marts.account_health": [],
        "marts.account_health_signals": [],
        "marts.account_outcomes": [],
    }
    for account, scores, renewed in zip(data.accounts, data.scores, data.renewed, strict=True):
        at = {"account_id": account, "period_end": PERIODS[0]}
        rows["marts.account_health"].append({**at, "scorecard": "default"})
        for name, score in zip(NAMES, scores, strict=True):
            _, _, low, high = SIGNALS[name]
            value = None if np.isnan(score) else float(low + score / 100 * (high - low))
            said = None if value is None else (as_of or {}).get(name, "period")
            signal = {"signal": name, "signal_value": value, "value_as_of": said}
            rows["marts.account_health_signals"].append({**at, **signal})
        rows["marts.account_outcomes"].append(
            {
                "account_id": account,
                "outcome_date": PERIODS[0] + timedelta(days=90),
                "outcome": "renewed" if renewed else "churned",
            }
        )
    return rows


@pytest.fixture
def calibrate(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[str, dict]]:
    """A function that runs the command on a warehouse and returns what it printed and wrote."""

    def run(rows: Mapping[str, Any], *arguments: str) -> tuple[str, dict]:
        file = tmp_path / "voc.duckdb"
        if not file.exists():
            write_duckdb(file, rows)
        out = tmp_path / "proposal.yml"
        code = main(["calibrate", "--database", str(file), "--out", str(out), *arguments])
        printed = capsys.readouterr()
        assert code == 0, printed.err
        return printed.out, yaml.safe_load(out.read_text())

    return run


def refusal(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["calibrate", *arguments]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "Traceback" not in printed.err
    return printed.err


def seed_rows(proposal: dict, seed: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(proposal["rows"][f"{seed}.csv"])))


# The truth is known


def test_the_signal_that_decides_gets_the_weight_and_noise_none(
    calibrate: Callable[..., tuple[str, dict]],
) -> None:
    printed, proposal = calibrate(warehouse_rows(outcomes(decided_by("bug_share"), rows=400)))
    assert printed.startswith("BETTER than the scorecard default on accounts left out of the fit")
    assert proposal["verdict"] == printed.splitlines()[0]
    weights = {name: weight["proposal"] for name, weight in proposal["weights"].items()}
    assert weights["service"] >= 0.85
    assert weights["bug_share"] == 1
    assert max(weights[pillar] for pillar in ("usage", "voc", "commercial")) <= 0.08
    judged = proposal["on_accounts_left_out_of_the_fit"]
    assert judged["auc"]["proposal"] > judged["auc"]["in_force"] + 0.1
    assert judged["brier_score"]["proposal"] < judged["brier_score"]["in_force"] - 0.03
    assert judged["brier_score_change"]["high"] < 0


def test_inside_a_pillar_too_noise_gets_no_weight() -> None:
    data = outcomes(decided_by("active_seat_rate"), rows=400)
    proposal = weight_fit.propose(data, scorecard(), digits=2)
    shares = {row.signal: row.weight for row in proposal.scorecard.signals}
    assert shares["active_seat_rate"] >= Decimal("0.95")
    assert proposal.comparison.is_better


@pytest.mark.parametrize("seed", range(6))
def test_shuffled_outcomes_give_no_improvement_and_it_says_so(seed: int) -> None:
    data = outcomes(decided_by("bug_share"), rows=120, seed=seed)
    shuffled = data._replace(renewed=np.random.default_rng(seed).permutation(data.renewed))
    proposal = weight_fit.propose(shuffled, scorecard(), digits=2)
    assert not proposal.comparison.is_better
    assert verdict(proposal, scorecard()).startswith(("NO BETTER WEIGHTS FOUND", "NOT BETTER"))


def test_noise_leads_to_no_proposal_and_that_is_said_first(
    calibrate: Callable[..., tuple[str, dict]],
) -> None:
    printed, proposal = calibrate(warehouse_rows(outcomes(decided_by_nothing)))
    assert printed.startswith("NO BETTER WEIGHTS FOUND")
    assert all(weight["proposal"] == weight["in_force"] for weight in proposal["weights"].values())
    assert proposal["on_accounts_left_out_of_the_fit"]["auc"]["in_force"] == pytest.approx(
        0.5, abs=0.1
    )


def test_a_scorecard_that_is_right_already_is_not_beaten() -> None:
    for seed in range(2):
        data = outcomes(decided_by_the_scorecard, rows=160, seed=seed)
        proposal = weight_fit.propose(data, scorecard(), digits=2)
        assert proposal.comparison.given.auc > 0.8
        assert not proposal.comparison.is_better


def test_a_signal_that_points_the_wrong_way_gets_nothing(
    calibrate: Callable[..., tuple[str, dict]],
) -> None:
    data = outcomes(decided_by("bug_share"))
    data.scores[:, NAMES.index("account_nps")] = np.where(data.renewed, 20.0, 80.0)
    printed, proposal = calibrate(warehouse_rows(data))
    assert proposal["weights"]["voc"]["proposal"] == 0
    assert (
        "account_nps: by itself it scored higher before churn than before renewal (AUC 0.00)"
        in printed
    )
    assert "voc: proposed at 0, so it has no row in health_scorecards" in printed
    assert "voc" not in {row["pillar"] for row in seed_rows(proposal, "health_scorecards")}
    # other scorecards may weigh it
    assert "voc" in {row["pillar"] for row in seed_rows(proposal, "health_signals")}


# The proposal


@pytest.mark.parametrize("digits", [2, 3])
def test_the_rows_are_sound_policy_once_a_date_is_chosen(
    calibrate: Callable[..., tuple[str, dict]], tmp_path: Path, digits: int
) -> None:
    data = outcomes(decided_by("active_seat_rate"))
    _, proposal = calibrate(warehouse_rows(data), "--digits", str(digits))
    folder = tmp_path / "seeds" / "policy"
    shutil.copytree(REPOSITORY / "seeds" / "policy", folder)
    for seed in ("health_scorecards", "health_signals"):
        rows = seed_rows(proposal, seed)
        assert {row["valid_from"] for row in rows} == {"YYYY-MM-DD"}
        decimals = [len(row["weight"].partition(".")[2]) for row in rows]
        assert max(decimals) <= digits
        file = folder / f"{seed}.csv"
        header = proposal["rows"][file.name].splitlines()[0]
        assert file.read_text().splitlines()[0] == header
        added = proposal["rows"][file.name].removeprefix(f"{header}\n")
        file.write_text(file.read_text() + added)
    assert any("YYYY-MM-DD" in finding.rule for finding in check_policy(folder))
    for seed in ("health_scorecards", "health_signals"):
        file = folder / f"{seed}.csv"
        file.write_text(file.read_text().replace("YYYY-MM-DD", "2026-07-01"))
    assert check_policy(folder) == []
    policy = load_policy(folder)
    assert policy.scorecard("small_business", date(2026, 7, 1)).pillar_names == tuple(PILLARS)
    new = policy.scorecard("default", date(2026, 7, 1))
    assert sum(row.weight for row in new.pillars) == 1
    old = policy.scorecard("default", date(2026, 6, 30))
    assert [row.weight for row in old.pillars] == [Decimal(str(it)) for it in PILLARS.values()]
    anchors = {row.signal: (row.score_0_at, row.score_100_at) for row in new.signals}
    assert anchors == {name: SIGNALS[name][2:] for name in anchors}


def test_the_same_outcomes_give_the_same_file(
    calibrate: Callable[..., tuple[str, dict]], tmp_path: Path
) -> None:
    rows = warehouse_rows(outcomes(decided_by("breadth"), rows=120))
    printed, _ = calibrate(rows)
    content, database = ((tmp_path / name).read_bytes() for name in ("proposal.yml", "voc.duckdb"))
    for part in rows.values():
        part.reverse()
    (tmp_path / "voc.duckdb").unlink()
    assert calibrate(rows)[0] == printed
    assert (tmp_path / "proposal.yml").read_bytes() == content
    database = (tmp_path / "voc.duckdb").read_bytes()
    calibrate(rows)
    assert (tmp_path / "voc.duckdb").read_bytes() == database


def test_the_file_says_what_a_reviewer_must_know(
    calibrate: Callable[..., tuple[str, dict]], tmp_path: Path
) -> None:
    data = outcomes(decided_by("bug_share"), rows=60, per_account=2)
    data.scores[:, NAMES.index("breadth")] = np.nan
    data.scores[20:, NAMES.index("payment_timeliness")] = np.nan
    rows = warehouse_rows(data, {"account_nps": "current"})
    for kind in ("marts.account_health", "marts.account_health_signals"):
        rows[kind] = list({(r["account_id"], r.get("signal")): r for r in rows[kind]}.values())
    for position, row in enumerate(rows["marts.account_outcomes"]):
        row["outcome_date"] += timedelta(days=position % 2)
    rows["marts.account_outcomes"].append(
        {"account_id": "A0", "outcome_date": date(2025, 2, 1), "outcome": "renewed"}
    )
    printed, proposal = calibrate(rows)
    heard = int((~np.isnan(data.scores[1::2, NAMES.index("account_nps")])).sum())
    told = "\n".join(proposal["warnings"])
    assert "Few outcomes" in told
    assert "1 of 61 outcomes have no signals that early." in told
    assert f"account_nps: {heard} values are left out, because they are today's" in told
    assert "No value before any outcome, so nothing was learnt about: breadth, account_nps." in told
    assert "A value before fewer than half of the 60 outcomes: payment_timeliness (" in told
    assert all(warning in printed for warning in proposal["warnings"])
    assert proposal["outcomes"]["accounts"] == 30
    text = (tmp_path / "proposal.yml").read_text()
    assert text.splitlines()[0] == FIRST_LINE
    assert "  health_scorecards.csv: |\n    scorecard,valid_from,pillar,weight\n" in text


# What it learns from


def test_hindsight_is_left_out_and_named(calibrate: Callable[..., tuple[str, dict]]) -> None:
    data = outcomes(decided_by_nothing)
    data.scores[:, NAMES.index("payment_timeliness")] = np.where(data.renewed, 90.0, 10.0)
    printed, proposal = calibrate(warehouse_rows(data, {"payment_timeliness": "current"}))
    assert printed.startswith("NO BETTER WEIGHTS FOUND")
    assert "payment_timeliness: 240 values are left out, because they are today's" in printed
    assert proposal["weights"]["commercial"]["proposal"] == PILLARS["commercial"]


def test_signals_are_those_of_the_last_period_end_early_enough(tmp_path: Path) -> None:
    rows: dict[str, Any] = {
        **policy_rows(),
        "marts.account_health": [],
        "marts.account_health_signals": [],
        "marts.account_outcomes": [],
    }
    for position, period in enumerate(PERIODS):
        for account in ("A", "B"):
            at = {"account_id": account, "period_end": period}
            rows["marts.account_health"].append(
                {**at, "scorecard": "default" if account == "A" else "vip"}
            )
            value = {"signal": "active_seat_rate", "signal_value": position / 10}
            rows["marts.account_health_signals"].append({**at, **value, "value_as_of": "period"})
    march = PERIODS[2]
    for account, day, outcome in (
        ("A", march + timedelta(days=90), "renewed"),
        ("A", march + timedelta(days=89), "churned"),
        ("A", PERIODS[0] + timedelta(days=89), "churned"),
        ("B", march + timedelta(days=100), "renewed"),
        ("C", march, "renewed"),
    ):
        row = {"account_id": account, "outcome_date": day, "outcome": outcome}
        rows["marts.account_outcomes"].append(row)
    rows["policy.health_scorecards"] += [
        {**row, "scorecard": "vip"} for row in rows["policy.health_scorecards"]
    ]
    file = write_duckdb(tmp_path / "voc.duckdb", rows)
    with open_warehouse(REPOSITORY, file) as warehouse:
        policy = warehouse.read_policy()
        history = read_outcome_history(warehouse, policy, days_before=90)
        vip = read_outcome_history(warehouse, policy, days_before=90, scorecard="VIP")
    used = zip(*(column.tolist() for column in history.outcomes), strict=True)
    first = history.scorecard.signal_names.index("active_seat_rate")
    assert [(account, scores[first], renewed) for scores, renewed, account in used] == [
        ("A", 10.0, False),
        ("A", 20.0, True),
        ("B", 20.0, True),
    ]
    assert (history.found["renewed"], history.found["churned"], history.too_early) == (3, 2, 2)
    assert vip.scorecard.name == "vip"
    assert vip.outcomes.accounts.tolist() == ["B"]


def test_too_few_outcomes_are_refused_with_the_counts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = outcomes(decided_by("bug_share"), rows=14)
    data.renewed[:] = np.arange(14) < 9
    file = write_duckdb(tmp_path / "voc.duckdb", warehouse_rows(data))
    out = tmp_path / "proposal.yml"
    question = ("--database", str(file), "--out", str(out))
    said = refusal(capsys, *question)
    assert "9 renewed and 5 churned with signals 90 days before, and 10 of each are needed" in said
    assert "marts.account_outcomes holds 9 renewed and 5 churned." in said
    said = refusal(capsys, *question, "--days-before", "91")
    assert "0 renewed and 0 churned" in said
    assert "14 of them with no period end 91 days before" in said
    assert not out.exists()
    assert main(["calibrate", *question, "--min-outcomes", "5"]) == 0
    capsys.readouterr()
    assert "--min-outcomes 2 or more" in refusal(capsys, *question, "--min-outcomes", "1")
    assert "There is no scorecard vip. Known: default." in refusal(
        capsys, *question, "--scorecard", "vip"
    )


def test_churns_of_one_account_are_no_comparison(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = warehouse_rows(outcomes(decided_by_nothing, rows=20))
    for position, row in enumerate(rows["marts.account_outcomes"]):
        row["outcome"] = "churned" if position < 10 else "renewed"
        row["account_id"] = "A0" if position < 10 else row["account_id"]
    file = write_duckdb(tmp_path / "voc.duckdb", rows)
    said = refusal(capsys, "--database", str(file), "--out", str(tmp_path / "proposal.yml"))
    assert "All churns are of one account" in said


def test_a_warehouse_without_outcomes_says_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = warehouse_rows(outcomes(decided_by_nothing, rows=20))
    del rows["marts.account_outcomes"]
    file = write_duckdb(tmp_path / "voc.duckdb", rows)
    assert "has no marts.account_outcomes. Build it first" in refusal(
        capsys, "--database", str(file)
    )


# Where it writes


def test_the_policy_and_other_files_are_never_written_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write_duckdb(
        tmp_path / "voc.duckdb", warehouse_rows(outcomes(decided_by_nothing, rows=60))
    )
    question = ("calibrate", "--database", str(file))
    policy = REPOSITORY / "seeds" / "policy"
    before = {path.name: path.read_bytes() for path in policy.iterdir()}
    for path in (policy, policy / "health_signals.csv", policy / "new.yml"):
        assert "is in the policy folder" in refusal(capsys, *question[1:], "--out", str(path))
    assert {path.name: path.read_bytes() for path in policy.iterdir()} == before
    notes = tmp_path / "notes.yml"
    notes.write_text("mine: true\n")
    assert "is there already, and is no proposal" in refusal(
        capsys, *question[1:], "--out", str(notes)
    )
    assert notes.read_text() == "mine: true\n"
    folder = tmp_path / "proposals"
    assert "There is no folder" in refusal(capsys, *question[1:], "--out", str(folder))
    folder.mkdir()
    monkeypatch.chdir(folder)
    assert main([*question, "--project", str(REPOSITORY)]) == 0
    written = (folder / "weights_proposal.yml").read_bytes()
    assert main([*question, "--out", str(folder)]) == 0
    assert (folder / "weights_proposal.yml").read_bytes() == written


# The arithmetic


def random_scores(seed: int, rows: int = 60) -> np.ndarray:
    return outcomes(decided_by_nothing, rows=rows, seed=seed).scores


def random_weights(seed: int) -> Weights:
    random = np.random.default_rng(seed)
    pillars, signals = random.uniform(0.05, 1, 4), random.uniform(0.05, 1, len(NAMES))
    home = scorecard().signal_pillars
    sums = np.bincount(home, weights=signals)
    return Weights(pillars / pillars.sum(), signals / sums[home])


def test_the_fitted_score_is_the_health_score_whatever_is_missing() -> None:
    card, scores = scorecard(), random_scores(3)
    weights = Weights(card.pillar_weights, card.signal_weights)
    low, high = card.anchors
    bands = load_policy(REPOSITORY / "seeds" / "policy").bands(date(2026, 6, 30))
    expected = health(low + scores / 100 * (high - low), card, bands).health_score
    smooth = weight_fit.smooth_score(scores, card.signal_pillars, weights)[0]
    assert np.isnan(scores).any(axis=1).sum() > 20
    np.testing.assert_allclose(smooth, expected, rtol=0, atol=1e-6)
    np.testing.assert_allclose(
        weight_fit.scores_by(card, card, scores), expected, rtol=0, atol=1e-9
    )


def test_the_gradient_is_that_of_the_score() -> None:
    home, scores, weights = scorecard().signal_pillars, random_scores(4), random_weights(5)
    _, by_pillar, by_signal = weight_fit.smooth_score(scores, home, weights)
    step = 1e-6
    for part, gradient in ((0, by_pillar), (1, by_signal)):
        for position in range(len(weights[part])):
            ends = []
            for sign in (1, -1):
                moved = [array.copy() for array in weights]
                moved[part][position] += sign * step
                ends.append(weight_fit.smooth_score(scores, home, Weights(*moved))[0])
            slope = (ends[0] - ends[1]) / (2 * step)
            np.testing.assert_allclose(gradient[:, position], slope, rtol=1e-4, atol=1e-4)


def test_the_fit_is_the_best_of_all_weights() -> None:
    rows = [{"scorecard": "default", "valid_from": BEGINNING, "pillar": "usage", "weight": "1"}]
    signals = [
        {**rows[0], "signal": name, "weight": weight, "score_0_at": 0, "score_100_at": 100}
        for name, weight in (("a", "0.5"), ("b", "0.5"))
    ]
    card = Scorecard.of(
        [PillarWeight.model_validate(row) for row in rows],
        [Signal.model_validate(row) for row in signals],
    )
    random = np.random.default_rng(7)
    scores = random.uniform(0, 100, (80, 2))
    truth = 1 / (1 + np.exp(-(scores @ [0.7, 0.3] - 50) / 8))
    data = Outcomes(scores, random.uniform(size=80) < truth, np.arange(80).astype(object))
    spread, home = 0.2, card.signal_pillars
    start = Weights(card.pillar_weights, card.signal_weights)

    def loss(share: float) -> float:
        mixed = scores @ [share, 1 - share]
        curve = weight_fit.fit_curve(mixed, data.renewed)
        logit = curve.intercept + curve.slope * (mixed - 50) / 25
        misses = np.logaddexp(0, np.where(data.renewed, -logit, logit)).sum()
        prior = 2 * (share - 0.5) ** 2 / spread**2 + curve.slope**2
        return float(misses + 0.5 * prior)

    grid = np.linspace(0, 1, 101)
    best = grid[int(np.argmin([loss(share) for share in grid]))]
    found = weight_fit.fit_weights(data, home, start, spread)
    assert found.signals[0] == pytest.approx(best, abs=0.01)
    assert found.signals.sum() == pytest.approx(1)
    assert weight_fit.fit_scorecard(data, card, 0.0, digits=2) is card
    near = weight_fit.fit_weights(data, home, start, 0.01).signals[0]
    assert 0.5 < near < found.signals[0]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=9), st.sampled_from([2, 3]))
def test_rounded_weights_sum_to_exactly_one(parts: Sequence[float], digits: int) -> None:
    total = sum(parts)
    shares = np.array(parts) / total if total > 0 else np.full(len(parts), 1 / len(parts))
    rounded = weight_fit.rounded_shares(shares, digits)
    assert sum(rounded) == Decimal(1)
    unit = Decimal(1).scaleb(-digits)
    for share, weight in zip(shares, rounded, strict=True):
        assert weight >= 0
        assert weight % unit == 0
        assert abs(float(weight) - share) < float(unit) + 1e-9


def test_folds_never_share_an_account() -> None:
    data = outcomes(decided_by("bug_share"), rows=90, per_account=3)
    parts = list(weight_fit.folds(data, 5))
    assert len(parts) == 5
    assert sorted(np.concatenate([test for _, test in parts])) == list(range(90))
    for train, test in parts:
        assert not set(data.accounts[train]) & set(data.accounts[test])
        assert 0 < data.renewed[test].sum() < len(test)
        assert 0 < data.renewed[train].sum() < len(train)


def test_rows_of_one_account_are_not_taken_for_many() -> None:
    data = outcomes(decided_by("bug_share"), rows=100)
    copied = Outcomes(*(np.repeat(column, 3, axis=0) for column in data))
    once, thrice = (weight_fit.compare(it, scorecard(), digits=2) for it in (data, copied))
    widths = [it.brier_change_high - it.brier_change_low for it in (once, thrice)]
    # taken for 300 accounts, the interval would shrink to 58 %
    assert widths[1] > 0.8 * widths[0]


def test_a_score_never_predicts_by_standing_on_its_head() -> None:
    score, renewed = np.array([90.0, 80.0, 20.0, 10.0]), np.array([False, False, True, True])
    curve = weight_fit.fit_curve(score, renewed)
    assert curve.slope == 0
    np.testing.assert_allclose(curve.probability(score), 0.5, atol=1e-4)


def test_the_comparison_is_told_completely() -> None:
    data = outcomes(decided_by("bug_share"), rows=100)
    comparison = weight_fit.compare(data, scorecard(), digits=2)
    for judged in (comparison.given, comparison.fitted):
        table = calibration_table(judged, data)
        assert sum(row["n"] for row in table) == 100
        renewals = sum(row["n"] * row["renewed"] for row in table)
        assert renewals == pytest.approx(data.renewed.sum(), abs=0.1)
        predicted = sum(row["n"] * row["predicted"] for row in table)
        assert predicted == pytest.approx(judged.probability.sum(), abs=0.1)
        error = np.mean((judged.probability - data.renewed) ** 2)
        assert judged.brier == pytest.approx(error)
    change = comparison.fitted.brier - comparison.given.brier
    assert comparison.brier_change == pytest.approx(change)


# Other warehouses


@pytest.mark.postgres
def test_postgres_gives_the_same_proposal(
    postgres: PostgresServer,
    calibrate: Callable[..., tuple[str, dict]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows = warehouse_rows(outcomes(decided_by("bug_share"), rows=60))
    calibrate(rows)
    database = postgres.new_database()
    database.execute("; ".join(statements(rows)))
    for name, value in database.environment.items():
        monkeypatch.setenv(name, value)
    profiles = tmp_path / "profiles"
    profiles.mkdir()
    shutil.copy(REPOSITORY / "profiles.example.yml", profiles / "profiles.yml")
    out = tmp_path / "postgres.yml"
    place = ["--target", "postgres", "--profiles-dir", str(profiles), "--out", str(out)]
    assert main(["calibrate", *place]) == 0
    assert out.read_bytes() == (tmp_path / "proposal.yml").read_bytes()


def test_the_demo_is_honestly_judged(
    demo: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = demo.database.read_bytes()
    out = tmp_path / "proposal.yml"
    place = ["--database", str(demo.database), "--project", str(demo.root), "--out", str(out)]
    code = main(["calibrate", *place])
    printed = capsys.readouterr()
    with duckdb.connect(demo.database, read_only=True) as connection:
        found = dict(
            connection.execute(
                "select outcome, count(*) from marts.account_outcomes group by 1"
            ).fetchall()
        )
    if code == 0:
        assert printed.out.startswith(("BETTER", "NOT BETTER", "NO BETTER"))
        assert "Few outcomes" in printed.out
    else:
        assert code == 2
        assert (
            f"holds {found.get('renewed', 0)} renewed and {found.get('churned', 0)} churned"
            in printed.err
        )
        assert not out.exists()
    assert demo.database.read_bytes() == before
