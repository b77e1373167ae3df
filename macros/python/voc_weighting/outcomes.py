"""What became of customers, and what their signals said some time before."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from voc_weighting.arithmetic import Flags, Floats
from voc_weighting.errors import WeightingError
from voc_weighting.health import signal_scores
from voc_weighting.policy_rows import fold_case
from voc_weighting.policy_sets import Policy, Scorecard
from voc_weighting.warehouse import Warehouse, objects, sound_policy, sql_date

Positions = NDArray[np.intp]


class Outcomes(NamedTuple):
    """What became of accounts, and their signals before it; R rows, S signals of the scorecard.

    `scores` is (R, S), 0 to 100, NaN where a signal was missing; `renewed` (R,), `accounts` (R,).
    A row must have at least one score.
    """

    scores: Floats
    renewed: Flags
    accounts: NDArray[np.object_]

    def rows(self, positions: Positions) -> Outcomes:
        """Some of the rows."""
        return Outcomes(self.scores[positions], self.renewed[positions], self.accounts[positions])


@dataclass(frozen=True)
class OutcomeHistory:
    """What became of accounts, and what was known some time before; see `read_outcome_history`.

    `found` counts the outcomes of the mart, `too_early` those among them without a period end that
    long before, `silent` those without any signal then. `hindsight` counts, by signal, the values
    left out because they are today's.
    """

    outcomes: Outcomes
    scorecard: Scorecard
    days_before: int
    found: Counter[str]
    too_early: int
    silent: int
    hindsight: Counter[str]

    @property
    def renewed(self) -> int:
        """Number of renewals that can be learnt from."""
        return int(self.outcomes.renewed.sum())

    @property
    def churned(self) -> int:
        """Number of churns that can be learnt from."""
        return int((~self.outcomes.renewed).sum())


def read_outcome_history(
    warehouse: Warehouse, policy: Policy, days_before: int, scorecard: str | None = None
) -> OutcomeHistory:
    """Read the outcomes, and the signals at the last period end at least so many days before.

    Signals are scored by the anchors in force at the latest period end, so that one scorecard is
    compared with another on the same scores. Values that are only today's are left out: they may
    know the outcome.

    Args:
        scorecard: learn from the accounts scored by it only; None is all accounts, for default.

    Raises:
        WeightingError: marts are missing, or there is no such scorecard.
    """
    with sound_policy():
        given = policy.scorecard(scorecard, warehouse.period_ends()[-1])
    if scorecard is not None and fold_case(given.name) != fold_case(scorecard):
        names = sorted({row.scorecard for row in policy.pillar_weights})
        raise WeightingError(f"There is no scorecard {scorecard}. Known: {', '.join(names)}.")
    table = warehouse.read(
        "marts.account_outcomes",
        {"account_id": "text", "outcome_date": "date", "outcome": "text"},
        where="outcome in ('renewed', 'churned')",
        order="account_id, outcome_date",
    )
    found = Counter(objects(table, "outcome").tolist())
    periods = _scored_periods(warehouse, None if scorecard is None else given.name)
    rows = []
    for account, day, outcome in zip(
        *(table[it].to_pylist() for it in table.column_names), strict=True
    ):
        period = _last_by(periods.get(account, ()), day - timedelta(days=days_before))
        if period is not None:
            rows.append((account, period, outcome == "renewed"))
    values, hindsight = _read_values(warehouse, given, [(row[0], row[1]) for row in rows])
    is_heard = ~np.isnan(values).all(axis=1)
    outcomes = Outcomes(
        scores=signal_scores(values, *given.anchors),
        renewed=np.array([row[2] for row in rows], dtype=bool),
        accounts=np.array([row[0] for row in rows], dtype=object),
    )
    return OutcomeHistory(
        outcomes=outcomes.rows(np.flatnonzero(is_heard)),
        scorecard=given,
        days_before=days_before,
        found=found,
        too_early=table.num_rows - len(rows),
        silent=int((~is_heard).sum()),
        hindsight=hindsight,
    )


def _scored_periods(warehouse: Warehouse, scorecard: str | None) -> dict[str, list[date]]:
    """The period ends of each account, ascending; only those scored by a scorecard if one is named."""
    table = warehouse.read(
        "marts.account_health",
        {"account_id": "text", "period_end": "date", "scorecard": "text"},
        order="account_id, period_end",
    )
    periods: dict[str, list[date]] = defaultdict(list)
    for row in table.to_pylist():
        if scorecard is None or row["scorecard"] == scorecard:
            periods[row["account_id"]].append(row["period_end"])
    return periods


def _last_by(days: Sequence[date], day: date) -> date | None:
    position = bisect_right(days, day)
    return days[position - 1] if position else None


def _read_values(
    warehouse: Warehouse, scorecard: Scorecard, rows: Sequence[tuple[str, date]]
) -> tuple[Floats, Counter[str]]:
    """Signal values (rows, signals of the scorecard), NaN where missing; and the hindsight left out."""
    if not rows:
        return np.empty((0, len(scorecard.signal_names))), Counter()
    days = ", ".join(sql_date(day) for day in sorted({day for _, day in rows}))
    table = warehouse.read(
        "marts.account_health_signals",
        {
            "account_id": "text",
            "period_end": "date",
            "signal": "text",
            "signal_value": "number",
            "value_as_of": "text",
        },
        where=f"signal_value is not null and period_end in ({days})",
    )
    # Two outcomes of an account may rest on one period, so what is read once is spread over rows.
    keys = {key: position for position, key in enumerate(dict.fromkeys(rows))}
    columns = {name: position for position, name in enumerate(scorecard.signal_names)}
    values = np.full((len(keys), len(columns)), np.nan)
    hindsight: Counter[str] = Counter()
    for cell in table.to_pylist():
        row, column = (
            keys.get((cell["account_id"], cell["period_end"])),
            columns.get(cell["signal"]),
        )
        if row is None or column is None:
            continue
        if cell["value_as_of"] == "current":
            hindsight[cell["signal"]] += 1
        else:
            values[row, column] = cell["signal_value"]
    return values[[keys[key] for key in rows]], hindsight


def check_enough(history: OutcomeHistory, min_outcomes: int) -> None:
    """Refuse, with the counts found and needed, where there is too little to learn from."""
    renewed, churned = history.renewed, history.churned
    if min(renewed, churned) < min_outcomes:
        left_out = [
            f"{count} of them {reason}"
            for count, reason in (
                (history.too_early, f"with no period end {history.days_before} days before"),
                (history.silent, "with no signal then"),
            )
            if count
        ]
        raise WeightingError(
            f"Too few outcomes to learn weights from: {renewed} renewed and {churned} churned with"
            f" signals {history.days_before} days before, and {min_outcomes} of each are needed.\n"
            f"marts.account_outcomes holds {history.found['renewed']} renewed and"
            f" {history.found['churned']} churned{''.join(f', {text}' for text in left_out)}."
            " Keep the weights you have until there are more."
        )
    for is_renewed, what in ((True, "renewals"), (False, "churns")):
        if len(set(history.outcomes.accounts[history.outcomes.renewed == is_renewed])) < 2:
            raise WeightingError(
                f"All {what} are of one account: there is nothing to compare it with."
            )
