"""`voc-weights what-if`: which customers change when weights change, without touching the warehouse."""

from __future__ import annotations

import argparse
import csv
import io
from collections import Counter
from collections.abc import Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from voc_weighting.arithmetic import Floats
from voc_weighting.errors import WeightingError
from voc_weighting.health import shown
from voc_weighting.policy_rows import INSUFFICIENT_SIGNAL
from voc_weighting.policy_sets import Scorecard, WeightScheme
from voc_weighting.results import aligned, writable_path, write_text
from voc_weighting.scenario import Answer, Question, Weights, ask, read_period
from voc_weighting.settings import Settings, find_project, read_variables
from voc_weighting.warehouse import add_warehouse_arguments, open_warehouse


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command `what-if`."""
    parser = subparsers.add_parser(
        "what-if",
        help="which customers change their NPS sign or band when weights change",
        description=(
            "Which customers change the sign or reportability of their NPS, or their health band,"
            " when weights change. Weights given are fixed; the others of the same scheme, scorecard"
            " or pillar are scaled so that the sum stays 1. The warehouse is only read."
        ),
    )
    for option, what in (
        ("role", "a role's weight in account_nps"),
        ("pillar", "a pillar's weight in the health score"),
        ("signal", "a signal's weight in its pillar"),
    ):
        parser.add_argument(
            f"--{option}",
            action="append",
            default=[],
            metavar="NAME=WEIGHT",
            help=f"{what}, 0 to 1; repeat it for several",
        )
    parser.add_argument("--scheme", metavar="NAME", help="new role weights for this scheme only")
    parser.add_argument(
        "--scorecard", metavar="NAME", help="new pillar and signal weights for this scorecard only"
    )
    parser.add_argument("--period", metavar="YYYY-MM-DD", help="a period end (default: the latest)")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write the customers there, too")
    add_warehouse_arguments(parser)
    parser.add_argument(
        "--vars",
        metavar="YAML",
        help="dbt variables, if the build was given other ones than the project's",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Answer the question of the command line; WeightingError, for the user, when that fails."""
    question = read_question(args)
    day = _day(args.period)
    project = find_project(args.project)
    settings = Settings.of(read_variables(project) | _variables(args.vars))
    with open_warehouse(project, args.database, args.target, args.profiles_dir) as warehouse:
        csv_path = writable_path(args.csv, project, warehouse) if args.csv else None
        period = read_period(warehouse, day)
        answer = ask(period, warehouse.read_policy(), question, settings)
    print(render(answer))
    if csv_path:
        write_text(csv_path, csv_text(answer))
        print(f"Written to {args.csv}.")
    return 0


def read_question(args: argparse.Namespace) -> Question:
    """The question that the options ask; WeightingError when it is none."""
    question = Question(
        roles=_read_weights("--role", args.role),
        pillars=_read_weights("--pillar", args.pillar),
        signals=_read_weights("--signal", args.signal),
        scheme=args.scheme,
        scorecard=args.scorecard,
    )
    if not (question.roles or question.pillars or question.signals):
        raise WeightingError("What if what? Give at least one --role, --pillar or --signal.")
    if question.scheme and not question.roles:
        raise WeightingError("--scheme is about roles: give a --role with it.")
    if question.scorecard and not (question.pillars or question.signals):
        raise WeightingError("--scorecard is about pillars and signals: give one with it.")
    return question


def _read_weights(option: str, texts: Sequence[str]) -> Weights:
    weights: dict[str, Decimal] = {}
    for text in texts:
        name, equals, number = (part.strip() for part in text.partition("="))
        if not name or not equals:
            raise WeightingError(f"{option} {text}: it takes a name and a weight, like name=0.4.")
        try:
            weight = Decimal(number)
        except InvalidOperation:
            weight = Decimal("NaN")
        if not weight.is_finite():
            raise WeightingError(f"{option} {text}: '{number}' is no number (write 0.4).")
        if name in weights:
            raise WeightingError(f"{option} {name} is given more than once.")
        weights[name] = weight
    return weights


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise WeightingError(f"--period {text}: it takes a day like 2026-06-30.") from error


def _variables(text: str | None) -> dict[str, Any]:
    try:
        value = yaml.safe_load(text) if text else {}
    except yaml.YAMLError:
        value = None
    if not isinstance(value, dict):
        raise WeightingError(f"--vars {text}: it takes what dbt takes, like '{{name: value}}'.")
    return value


# ---------------------------------------------------------------------------------------------
# Telling
# ---------------------------------------------------------------------------------------------


def render(answer: Answer) -> str:
    """The answer as text: weights before and after, the customers that change, and a summary."""
    period, positions = answer.period, answer.changed_customers()
    lines = [
        f"At {period.period_end}. The published numbers were computed again and agree.",
        "Weights given are fixed; the others beside them are scaled so that the sum stays 1.",
    ]
    for what, pairs in (("scheme", answer.schemes), ("scorecard", answer.scorecards)):
        for name, (old, new) in pairs.items():
            lines.append(f"  {what} {name}: {_weights_text(old, new)}")
    lines.append("")
    if positions.size:
        rows = [_table_row(answer, row) for row in positions]
        lines += aligned([("Account", "ARR", "NPS", "Score", "Band", "Changes"), *rows], {1})
        lines.append("")
    return "\n".join([*lines, *_summary(answer, positions)])


def _weights_text(old: WeightScheme | Scorecard, new: WeightScheme | Scorecard) -> str:
    before, after = _weights(old), _weights(new)
    moved = [
        f"{name} {weight:.4g} -> {after.get(name, 0.0):.4g}"
        for name, weight in before.items()
        if weight != after.get(name, 0.0)
    ]
    return ", ".join(moved) or "the weights it has already"


def _weights(weighed: WeightScheme | Scorecard) -> dict[str, float]:
    if isinstance(weighed, WeightScheme):
        return dict(zip(weighed.role_names, weighed.weights, strict=True))
    pillars = dict(zip(weighed.pillar_names, weighed.pillar_weights, strict=True))
    return pillars | dict(zip(weighed.signal_names, weighed.signal_weights, strict=True))


def _table_row(answer: Answer, row: int) -> tuple[str, ...]:
    period, before, after = answer.period, answer.before, answer.after
    band = _turned(before.health_band[row], after.health_band[row])
    if period.override_reason[row] is not None:
        band += f" (reported: {period.reported_band[row]})"
    scores = (shown(it.health_score[row : row + 1])[0] for it in (before, after))
    return (
        str(period.account_name[row] or period.account_ids[row]),
        _amount(period.arr[row]),
        _turned(*(_one_decimal(it.account_nps[row]) for it in (before, after))),
        _turned(*(_one_decimal(score) for score in scores)),
        band,
        ", ".join(_changes(answer, row)),
    )


def _changes(answer: Answer, row: int) -> list[str]:
    is_reportable = answer.after.is_reportable[row]
    changes = {
        "NPS sign": answer.has_new_sign[row],
        "NPS reportable" if is_reportable else "NPS not reportable": (
            answer.has_new_reportability[row]
        ),
        "band": answer.has_new_band[row],
    }
    return [text for text, has_changed in changes.items() if has_changed]


def _summary(answer: Answer, positions: NDArray[np.intp]) -> list[str]:
    period = answer.period
    customers = np.flatnonzero(period.is_customer)
    lines = [
        f"{positions.size} of {customers.size} customers change, with ARR"
        f" {_amount(_total(period.arr[positions]))} of {_amount(_total(period.arr[customers]))}:"
    ]
    for text, flags in (
        ("sign of the NPS", answer.has_new_sign),
        ("NPS reportable or not", answer.has_new_reportability),
        ("band", answer.has_new_band),
    ):
        rows = positions[flags[positions]]
        lines.append(f"  {text}: {rows.size}, with ARR {_amount(_total(period.arr[rows]))}")
    counts = [Counter(it.health_band[customers]) for it in (answer.before, answer.after)]
    bands = [
        f"{band} {counts[0][band]} -> {counts[1][band]}"
        for band in (*answer.bands.names, INSUFFICIENT_SIGNAL)
    ]
    lines.append(f"Bands as computed: {', '.join(bands)}.")
    overridden = sum(reason is not None for reason in period.override_reason[customers])
    if overridden:
        keep = "customer keeps" if overridden == 1 else "customers keep"
        lines.append(f"{overridden} {keep} the band that a person has set.")
    others = len(period.account_ids) - customers.size
    if others:
        are = "account that is no customer" if others == 1 else "accounts that are no customers"
        lines.append(f"Left out: {others} {are} on that day.")
    return lines


def _turned(before: str, after: str) -> str:
    return before if before == after else f"{before} -> {after}"


def _one_decimal(value: float) -> str:
    return "-" if np.isnan(value) else f"{value:.1f}"


def _amount(value: float) -> str:
    return "-" if np.isnan(value) else f"{value:,.0f}"


def _total(values: Floats) -> float:
    return float(np.nansum(values))


def csv_text(answer: Answer) -> str:
    """One row per customer that changes, in full precision; empty is no value."""
    period = answer.period
    texts = ("account_name", "segment", "weight_scheme", "scorecard", "arr")
    compared = (
        "account_nps",
        "is_reportable",
        "role_weight_coverage",
        "health_score",
        "health_band",
    )
    header = ["account_id", *texts]
    header += [f"{column}_{when}" for column in compared for when in ("before", "after")]
    header += ["reported_band", "override_reason", "changes"]
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(header)
    for row in answer.changed_customers():
        values = [period.account_ids[row], *(getattr(period, it)[row] for it in texts)]
        for column in compared:
            values += [getattr(it, column)[row] for it in (answer.before, answer.after)]
        values += [period.reported_band[row], period.override_reason[row]]
        writer.writerow([*map(_csv_value, values), "; ".join(_changes(answer, row))])
    return file.getvalue()


def _csv_value(value: Any) -> str:
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return ""
    return str(value).lower() if isinstance(value, bool | np.bool_) else str(value)
