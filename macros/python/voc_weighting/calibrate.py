"""`voc-weights calibrate`: proposes pillar and signal weights from what became of customers.

The proposal is a file for people to review; the policy itself is never touched.
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import yaml

from voc_weighting.errors import WeightingError
from voc_weighting.outcomes import OutcomeHistory, Outcomes, check_enough, read_outcome_history
from voc_weighting.policy_rows import fold_case
from voc_weighting.policy_sets import DEFAULT, Policy, Scorecard
from voc_weighting.results import aligned, writable_path, write_text
from voc_weighting.settings import find_project
from voc_weighting.warehouse import Warehouse, add_warehouse_arguments, open_warehouse

if TYPE_CHECKING:
    from voc_weighting.weight_fit import Alone, Judged, Proposal

PROPOSAL_NAME = "weights_proposal.yml"
FIRST_LINE = (
    "# A proposal of `voc-weights calibrate`, for people to review: nothing reads this file."
)
# No date, so that rows pasted without a decision are refused by `voc-weights check`.
VALID_FROM = "YYYY-MM-DD"
BIN_EDGES = (0, 20, 40, 60, 80, 100)
# A rule of thumb of regression: outcomes of the rarer kind per free weight.
OUTCOMES_PER_WEIGHT = 10


class WeightRow(NamedTuple):
    """A pillar or a signal, with its weights; `alone` is what a signal by itself says."""

    name: str
    in_force: float
    proposed: float
    alone: Alone | None = None


@dataclass(frozen=True)
class Review:
    """All that a reviewer is told."""

    history: OutcomeHistory
    proposal: Proposal
    weights: Sequence[WeightRow]
    warnings: Sequence[str]
    verdict: str


# ---------------------------------------------------------------------------------------------
# The command
# ---------------------------------------------------------------------------------------------


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command `calibrate`."""
    parser = subparsers.add_parser(
        "calibrate",
        help="propose pillar and signal weights from renewals and churn",
        description=(
            "Propose the pillar and signal weights that best predict renewal, judged on accounts"
            " left out of the fit and compared with the scorecard in force. Writes a file for people"
            " to review; the policy and the warehouse are only read."
        ),
    )
    parser.add_argument(
        "--days-before",
        type=int,
        default=90,
        metavar="DAYS",
        help="look at the last period end at least so long before the outcome (default: 90)",
    )
    parser.add_argument(
        "--min-outcomes",
        type=int,
        default=10,
        metavar="N",
        help="refuse with fewer renewals or churns than this (default: 10)",
    )
    parser.add_argument(
        "--scorecard",
        metavar="NAME",
        help="learn from the accounts of this scorecard, for it (default: from all, for default)",
    )
    parser.add_argument(
        "--digits", type=int, choices=(2, 3), default=2, help="decimals of a weight (default: 2)"
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=Path(PROPOSAL_NAME),
        metavar="PATH",
        help=f".yml file or folder for the proposal (default: {PROPOSAL_NAME})",
    )
    add_warehouse_arguments(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Write a proposal and say how good it is; WeightingError where there is too little to learn."""
    if args.days_before < 0 or args.min_outcomes < 2:
        raise WeightingError("--days-before takes 0 or more, --min-outcomes 2 or more.")
    project = find_project(args.project)
    with open_warehouse(project, args.database, args.target, args.profiles_dir) as warehouse:
        out = _free_path(args.out, project, warehouse)
        policy = warehouse.read_policy()
        history = read_outcome_history(warehouse, policy, args.days_before, args.scorecard)
    check_enough(history, args.min_outcomes)
    result = review(history, policy, args.digits)
    print(render(result))
    write_text(out, proposal_text(result))
    print(f"\nWritten to {out}, for people to review. Nothing in seeds/policy was changed.")
    return 0


def _free_path(out: Path, project: Path, warehouse: Warehouse) -> Path:
    is_file = out.suffix in (".yml", ".yaml")
    path = writable_path(out if is_file else out / PROPOSAL_NAME, project, warehouse)
    if path.exists():
        with path.open(encoding="utf-8", errors="replace") as file:
            if file.readline().rstrip("\n") != FIRST_LINE:
                raise WeightingError(
                    f"{path} is there already, and is no proposal: name another with --out."
                )
    return path


# ---------------------------------------------------------------------------------------------
# Judging
# ---------------------------------------------------------------------------------------------


def review(history: OutcomeHistory, policy: Policy, digits: int) -> Review:
    """Fit, compare, and say what is to be said about it.

    Args:
        history: enough outcomes, see `check_enough`.
        policy: the policy in force, for its other scorecards.
        digits: decimals of the proposed weights.
    """
    # Only now: the import takes a second that other commands, and refusals, need not wait for.
    from voc_weighting.weight_fit import each_alone, propose

    proposal = propose(history.outcomes, history.scorecard, digits)
    weights = _weights(history.scorecard, proposal.scorecard, each_alone(history.outcomes))
    warnings = (
        *_about_outcomes(history),
        *_about_weights(weights, len(history.outcomes.renewed)),
        *_about_scorecards(history.scorecard, proposal.scorecard, policy),
    )
    return Review(history, proposal, weights, warnings, verdict(proposal, history.scorecard))


def verdict(proposal: Proposal, given: Scorecard) -> str:
    """One honest sentence about the proposal, to be said before anything else."""
    comparison, name = proposal.comparison, f"the scorecard {given.name}"
    if proposal.scorecard == given:
        return (
            f"NO BETTER WEIGHTS FOUND: on accounts left out of the fit, none beat {name} beyond"
            " chance, so the proposal is to keep it."
        )
    figures = (
        f"Brier score {comparison.given.brier:.4f} -> {comparison.fitted.brier:.4f},"
        f" AUC {comparison.given.auc:.3f} -> {comparison.fitted.auc:.3f}"
    )
    if comparison.is_better:
        return f"BETTER than {name} on accounts left out of the fit: {figures}."
    reason = "the gain is within chance"
    if comparison.brier_change > 0:
        reason = "its error is larger"
    elif comparison.brier_change_high < 0:
        reason = "it orders the accounts less well"
    return f"NOT BETTER than {name} on accounts left out of the fit: {reason} ({figures})."


def _weights(given: Scorecard, proposed: Scorecard, alone: Sequence[Alone]) -> list[WeightRow]:
    """Each pillar in its order, followed by its signals."""
    pillars = {row.pillar: float(row.weight) for row in proposed.pillars}
    signals = {row.signal: float(row.weight) for row in proposed.signals}
    rows = []
    for pillar in given.pillars:
        after = pillars.get(pillar.pillar, 0.0)
        rows.append(WeightRow(pillar.pillar, float(pillar.weight), after))
        for row, said in zip(given.signals, alone, strict=True):
            if row.pillar == pillar.pillar:
                after = signals.get(row.signal, 0.0)
                rows.append(WeightRow(row.signal, float(row.weight), after, said))
    return rows


def _about_outcomes(history: OutcomeHistory) -> Iterator[str]:
    free = len(history.scorecard.signal_names) - 1
    if min(history.renewed, history.churned) < OUTCOMES_PER_WEIGHT * free:
        yield (
            f"Few outcomes: {history.renewed} renewed and {history.churned} churned for {free} free"
            f" weights; a rule of thumb asks for {OUTCOMES_PER_WEIGHT * free} of each. The fewer"
            " there are, the more the proposal is drawn to the weights in force."
        )
    left_out = history.too_early + history.silent
    if left_out:
        yield f"{left_out} of {sum(history.found.values())} outcomes have no signals that early."
    for signal, count in sorted(history.hindsight.items()):
        yield (
            f"{signal}: {count} values are left out, because they are today's and may know the"
            " outcome."
        )


def _about_weights(weights: Sequence[WeightRow], outcomes: int) -> Iterator[str]:
    signals = [(row.name, row.alone) for row in weights if row.alone is not None]
    silent = [name for name, said in signals if not said.heard]
    if silent:
        yield f"No value before any outcome, so nothing was learnt about: {', '.join(silent)}."
    rare = [f"{name} ({said.heard})" for name, said in signals if 0 < said.heard < outcomes / 2]
    if rare:
        yield f"A value before fewer than half of the {outcomes} outcomes: {', '.join(rare)}."
    for name, said in signals:
        if said.is_opposed:
            yield (
                f"{name}: by itself it scored higher before churn than before renewal"
                f" (AUC {said.auc:.2f}). Are its anchors the wrong way round?"
            )
    for row in weights:
        if not row.proposed:
            which = "health_scorecards" if row.alone is None else "health_signals"
            yield f"{row.name}: proposed at 0, so it has no row in {which} (weights are above 0)."


def _about_scorecards(given: Scorecard, proposed: Scorecard, policy: Policy) -> Iterator[str]:
    others = {row.scorecard for row in policy.pillar_weights} - {given.name}
    with_own_signals = {fold_case(row.scorecard) for row in policy.signals}
    heirs = sorted(name for name in others if fold_case(name) not in with_own_signals)
    if others:
        yield f"Other scorecards keep their pillar weights: {', '.join(sorted(others))}."
    if heirs and given.name == DEFAULT and proposed.signals != given.signals:
        yield f"Without signals of their own, they take the new signal weights: {', '.join(heirs)}."


def calibration_table(judged: Judged, outcomes: Outcomes) -> list[dict[str, Any]]:
    """Predicted and actual share of renewals by score: {score, n, predicted, renewed} per bin.

    Bins are half-open, the last one includes 100; those without a row are left out. Rows without a
    score are in the bin `none`.
    """
    bins = np.where(np.isnan(judged.score), -1, np.digitize(judged.score, BIN_EDGES[1:-1]))
    names = [f"{low}-{high}" for low, high in itertools.pairwise(BIN_EDGES)]
    table = []
    for number, name in [*enumerate(names), (-1, "none")]:
        rows = bins == number
        if rows.any():
            table.append(
                {
                    "score": name,
                    "n": int(rows.sum()),
                    "predicted": round(float(judged.probability[rows].mean()), 4),
                    "renewed": round(float(outcomes.renewed[rows].mean()), 4),
                }
            )
    return table


# ---------------------------------------------------------------------------------------------
# Telling
# ---------------------------------------------------------------------------------------------


def render(result: Review) -> str:
    """The review as text: the verdict first, then figures, weights and warnings."""
    history, comparison = result.history, result.proposal.comparison
    given, fitted, name = comparison.given, comparison.fitted, history.scorecard.name
    figures = [
        ("", name, "proposal"),
        ("AUC", f"{given.auc:.3f}", f"{fitted.auc:.3f}"),
        ("Brier score", f"{given.brier:.4f}", f"{fitted.brier:.4f}"),
    ]
    bins = [("scorecard", "score", "n", "predicted", "renewed")]
    for whose, judged in ((name, given), ("proposal", fitted)):
        for bin_ in calibration_table(judged, history.outcomes):
            predicted, renewed = (f"{100 * bin_[it]:.0f} %" for it in ("predicted", "renewed"))
            bins.append((whose, bin_["score"], str(bin_["n"]), predicted, renewed))
    weights = [("", name, "proposal", "n", "AUC")]
    for row in result.weights:
        label, heard, auc = row.name, "", ""
        if row.alone is not None:
            label, heard = f"  {row.name}", str(row.alone.heard)
            auc = "" if row.alone.auc is None else f"{row.alone.auc:.2f}"
        weights.append((label, f"{row.in_force:g}", f"{row.proposed:g}", heard, auc))
    lines = [
        result.verdict,
        "",
        f"Learnt from {history.renewed} renewals and {history.churned} churns of"
        f" {len(set(history.outcomes.accounts))} accounts, and their signals at the last period end"
        f" at least {history.days_before} days before.",
        f"Judged in {comparison.folds} parts that share no account:",
        *_indented(figures),
        f"  The Brier score (0 is best) changes by {comparison.brier_change:+.4f}, 95 % interval"
        f" {comparison.brier_change_low:+.4f} to {comparison.brier_change_high:+.4f}.",
        "",
        "Calibration, on accounts left out of the fit:",
        *_indented(bins),
        "",
        "Weights (n: outcomes with a value; AUC: of the signal's score by itself):",
        *_indented(weights),
    ]
    if result.warnings:
        lines += ["", "Before you use it:", *(f"  - {warning}" for warning in result.warnings)]
    return "\n".join(lines)


def _indented(table: Sequence[Sequence[str]]) -> list[str]:
    return [f"  {line}" for line in aligned(table, range(1, len(table[0])))]


class _Dumper(yaml.SafeDumper):
    """YAML in which text of several lines stays readable."""


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represent_text)


def proposal_text(result: Review) -> str:
    """The review as a YAML file with rows for the seeds; the same outcomes give the same bytes."""
    history, comparison = result.history, result.proposal.comparison
    given = history.scorecard
    change = (
        comparison.brier_change,
        comparison.brier_change_low,
        comparison.brier_change_high,
    )
    content = {
        "verdict": result.verdict,
        "scorecard": given.name,
        "outcomes": {
            "renewed": history.renewed,
            "churned": history.churned,
            "accounts": len(set(history.outcomes.accounts)),
            "left_out": history.too_early + history.silent,
            "days_before": history.days_before,
        },
        "on_accounts_left_out_of_the_fit": {
            "folds": comparison.folds,
            "auc": _both(comparison.given.auc, comparison.fitted.auc),
            "brier_score": _both(comparison.given.brier, comparison.fitted.brier),
            "brier_score_change": {
                key: round(value, 6)
                for key, value in zip(("change", "low", "high"), change, strict=True)
            },
            "calibration_in_force": calibration_table(comparison.given, history.outcomes),
            "calibration_of_the_proposal": calibration_table(comparison.fitted, history.outcomes),
        },
        "weights": {row.name: _both(row.in_force, row.proposed) for row in result.weights},
        "warnings": list(result.warnings),
        "to_use_it": (
            f"Decide, choose the day from which it counts, put it in place of {VALID_FROM}, add the"
            " rows to the two files in seeds/policy, run `voc-weights check`, and build. Periods"
            " before that day keep their scores."
        ),
        "rows": seed_rows(result.proposal.scorecard, given),
    }
    body = yaml.dump(content, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)
    return f"{FIRST_LINE}\n{body}"


def _both(in_force: float, proposed: float) -> dict[str, float]:
    return {"in_force": round(in_force, 6), "proposal": round(proposed, 6)}


def seed_rows(proposed: Scorecard, given: Scorecard) -> dict[str, str]:
    """The proposed scorecard as CSV text by the seed it goes to, header included.

    A pillar that is proposed at 0 keeps its signals as they are: other scorecards may weigh it.
    """
    kept = [row for row in given.signals if row.pillar not in proposed.pillar_names]
    start = f"{given.name},{VALID_FROM}"
    pillars = [f"{start},{row.pillar},{row.weight.normalize():f}" for row in proposed.pillars]
    signals = [
        f"{start},{row.pillar},{row.signal},{row.weight.normalize():f},"
        f"{_short(row.score_0_at)},{_short(row.score_100_at)}"
        for row in (*proposed.signals, *kept)
    ]
    header = "scorecard,valid_from,pillar,"
    return {
        "health_scorecards.csv": "\n".join([f"{header}weight", *pillars, ""]),
        "health_signals.csv": "\n".join(
            [f"{header}signal,weight,score_0_at,score_100_at", *signals, ""]
        ),
    }


def _short(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)
