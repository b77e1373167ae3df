"""The marts of one period end, computed again: with the weights they were built with, or others.

The published numbers come first: only where they come out as the marts have them is the same
arithmetic run with new weights. New role weights change account_nps, which is a signal of the
health score; new pillar and signal weights change the score itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from voc_weighting.arithmetic import Flags, Floats, round_score
from voc_weighting.errors import WeightingError
from voc_weighting.health import health
from voc_weighting.nps import role_weighted
from voc_weighting.policy_rows import PILLARS, POOLED, UNKNOWN_ROLE, fold_case
from voc_weighting.policy_sets import Bands, Policy, Scorecard, WeightScheme, share_out
from voc_weighting.settings import Settings
from voc_weighting.warehouse import (
    Grid,
    Objects,
    Warehouse,
    numbers,
    objects,
    sound_policy,
    sql_date,
)

NPS_SIGNAL = "account_nps"
TOLERANCE = 1e-6
Weights = Mapping[str, Decimal]


class Question(NamedTuple):
    """The weights asked about, by name, and the one scheme or scorecard they are for (None: all)."""

    roles: Weights
    pillars: Weights
    signals: Weights
    scheme: str | None = None
    scorecard: str | None = None


@dataclass(frozen=True)
class Figures:
    """What weights lead to; one value per account, NaN where there is none.

    `account_nps` is in NPS points, scores are 0 to 100, coverages shares of 1; `pillar_scores` is
    (accounts, pillars) in the order of `PILLARS`.
    """

    account_nps: Floats
    role_weight_coverage: Floats
    is_reportable: Flags
    pillar_scores: Floats
    score_coverage: Floats
    health_score: Floats
    health_band: Objects


@dataclass(frozen=True)
class Period:
    """The marts of one period end, one value or row per account, in the order of `account_ids`.

    `votes` holds promoters, passives and detractors, (accounts, roles) each; `values` is
    (accounts, signals) in the signals' own units, NaN where a signal is missing. `weight_scheme`
    is None for an account without a row in account_nps and `POOLED` where no voter's role is known,
    `scorecard` is None without a row in account_health.
    """

    period_end: date
    account_ids: Objects
    account_name: Objects
    segment: Objects
    arr: Floats
    is_customer: Flags
    weight_scheme: Objects
    scorecard: Objects
    reported_band: Objects
    override_reason: Objects
    roles: Sequence[str]
    votes: tuple[Floats, Floats, Floats]
    signals: Sequence[str]
    values: Floats
    published: Figures


@dataclass(frozen=True)
class Answer:
    """A period before and after; the schemes and scorecards that change as (before, after)."""

    period: Period
    bands: Bands
    before: Figures
    after: Figures
    schemes: Mapping[str, tuple[WeightScheme, WeightScheme]]
    scorecards: Mapping[str, tuple[Scorecard, Scorecard]]

    @property
    def has_new_sign(self) -> Flags:
        """(accounts,) the NPS changes its sign; no NPS at all counts as a sign of its own."""
        return _sign(self.before.account_nps) != _sign(self.after.account_nps)

    @property
    def has_new_reportability(self) -> Flags:
        """(accounts,) the NPS becomes reportable, or is so no more."""
        return self.before.is_reportable != self.after.is_reportable

    @property
    def has_new_band(self) -> Flags:
        """(accounts,) the computed band changes, whatever band is reported."""
        return self.before.health_band != self.after.health_band

    @property
    def has_changed(self) -> Flags:
        """(accounts,) any of the three."""
        return self.has_new_sign | self.has_new_reportability | self.has_new_band

    def changed_customers(self) -> NDArray[np.intp]:
        """Positions of the customers that change: highest ARR first, unknown ARR last, then id."""
        positions = np.flatnonzero(self.has_changed & self.period.is_customer)
        arr = np.nan_to_num(self.period.arr[positions], nan=-1.0)
        return positions[np.argsort(-arr, kind="stable")]


# ---------------------------------------------------------------------------------------------
# Reading
# ---------------------------------------------------------------------------------------------


def read_period(warehouse: Warehouse, day: date | None = None) -> Period:
    """Read the marts at a period end, by default the latest; WarehouseError when they lack it."""
    known = warehouse.period_ends()
    day = day or known[-1]
    if day not in known:
        latest = ", ".join(str(it) for it in reversed(known[-6:]))
        raise WeightingError(f"{day} is no period end of this warehouse. The latest are: {latest}.")
    where = f"period_end = {sql_date(day)}"
    scores = {f"{pillar}_score": "number" for pillar in PILLARS}
    healths = warehouse.read(
        "marts.account_health",
        {
            **dict.fromkeys(("account_id", "segment", "scorecard", "health_band"), "text"),
            **dict.fromkeys(("reported_band", "override_reason"), "text"),
            **dict.fromkeys(("arr", "score_coverage", "health_score"), "number"),
            **scores,
            "is_customer": "boolean",
        },
        where,
    )
    voices = warehouse.read(
        "marts.account_nps",
        {
            **dict.fromkeys(("account_id", "weight_scheme"), "text"),
            **dict.fromkeys(("account_nps", "role_weight_coverage"), "number"),
            "is_reportable": "boolean",
        },
        where,
    )
    votes = warehouse.read(
        "marts.account_role_nps",
        {
            **dict.fromkeys(("account_id", "contact_role"), "text"),
            **dict.fromkeys(("promoters", "passives", "detractors"), "number"),
        },
        where,
    )
    signals = warehouse.read(
        "marts.account_health_signals",
        {"account_id": "text", "signal": "text", "signal_value": "number"},
        where,
    )
    names = warehouse.read("marts.dim_accounts", {"account_id": "text", "account_name": "text"})

    ids = sorted({*healths["account_id"].to_pylist(), *voices["account_id"].to_pylist()})
    from_health, from_nps = _Aligned(ids, healths), _Aligned(ids, voices)
    role_names = sorted(set(votes["contact_role"].to_pylist()))
    by_role = Grid(ids, role_names, objects(votes, "account_id"), objects(votes, "contact_role"))
    signal_names = sorted(set(signals["signal"].to_pylist()))
    by_signal = Grid(ids, signal_names, objects(signals, "account_id"), objects(signals, "signal"))
    promoters, passives, detractors = (
        by_role.fill(numbers(votes, votes_of), empty=0.0)
        for votes_of in ("promoters", "passives", "detractors")
    )
    return Period(
        period_end=day,
        account_ids=np.array(ids, dtype=object),
        account_name=_Aligned(ids, names).objects("account_name"),
        segment=from_health.objects("segment"),
        arr=from_health.numbers("arr"),
        is_customer=from_health.flags("is_customer"),
        weight_scheme=from_nps.objects("weight_scheme"),
        scorecard=from_health.objects("scorecard"),
        reported_band=from_health.objects("reported_band"),
        override_reason=from_health.objects("override_reason"),
        roles=role_names,
        votes=(promoters, passives, detractors),
        signals=signal_names,
        values=by_signal.fill(numbers(signals, "signal_value")),
        published=Figures(
            account_nps=from_nps.numbers("account_nps"),
            role_weight_coverage=from_nps.numbers("role_weight_coverage"),
            is_reportable=from_nps.flags("is_reportable"),
            pillar_scores=np.column_stack([from_health.numbers(column) for column in scores]),
            score_coverage=from_health.numbers("score_coverage"),
            health_score=from_health.numbers("health_score"),
            health_band=from_health.objects("health_band"),
        ),
    )


class _Aligned:
    """Columns of a table with one row per account, brought into the order of `ids`."""

    def __init__(self, ids: Sequence[str], table: pa.Table) -> None:
        self._table = table
        row_of = {key: row for row, key in enumerate(objects(table, "account_id"))}
        self._rows = np.array([row_of.get(key, -1) for key in ids], dtype=np.intp)

    def numbers(self, column: str) -> Floats:
        """float64, NaN where there is no value."""
        return np.append(numbers(self._table, column), np.nan)[self._rows]

    def objects(self, column: str) -> Objects:
        """Python objects, None where there is no value."""
        return np.append(objects(self._table, column), [None])[self._rows]

    def flags(self, column: str) -> Flags:
        """Booleans, false where there is no value."""
        return self.objects(column).astype(bool)


# ---------------------------------------------------------------------------------------------
# Computing
# ---------------------------------------------------------------------------------------------


def figures(
    period: Period,
    schemes: Mapping[str, WeightScheme],
    scorecards: Mapping[str, Scorecard],
    bands: Bands,
    settings: Settings,
) -> Figures:
    """Compute every account of a period with these weights, by the scheme's and scorecard's name."""
    weights = np.full((len(period.account_ids), len(period.roles)), np.nan)
    for name, scheme in schemes.items():
        members = period.weight_scheme == name
        for role, weight in zip(scheme.role_names, scheme.weights, strict=True):
            weights[members, _position(period.roles, role)] = weight
    voice = role_weighted(
        *period.votes,
        weights,
        unknown=[role == UNKNOWN_ROLE for role in period.roles],
        min_coverage=settings.min_role_weight_coverage,
        min_responses=settings.min_reportable_responses,
    )
    values = period.values.copy()
    if NPS_SIGNAL in period.signals:
        # Only where the scorecard has the signal: elsewhere the table has no row, and no reader.
        values[:, period.signals.index(NPS_SIGNAL)] = voice.account_nps
    count = len(period.account_ids)
    result = Figures(
        account_nps=voice.account_nps,
        role_weight_coverage=voice.role_weight_coverage,
        is_reportable=voice.is_reportable,
        pillar_scores=np.full((count, len(PILLARS)), np.nan),
        score_coverage=np.full(count, np.nan),
        health_score=np.full(count, np.nan),
        health_band=np.full(count, None, dtype=object),
    )
    for name, scorecard in scorecards.items():
        members = np.flatnonzero(period.scorecard == name)
        own = np.array([_position(period.signals, it) for it in scorecard.signal_names], np.intp)
        scored = health(
            values[np.ix_(members, own)], scorecard, bands, min_coverage=settings.min_score_coverage
        )
        pillars = np.array([PILLARS.index(it) for it in scorecard.pillar_names], np.intp)
        result.pillar_scores[np.ix_(members, pillars)] = scored.pillar_scores
        result.score_coverage[members] = scored.score_coverage
        result.health_score[members] = scored.health_score
        result.health_band[members] = scored.health_band
    return result


def _position(names: Sequence[str], name: str) -> int:
    if name not in names:
        raise WeightingError(
            f"The policy in the warehouse weighs {name}, and the marts do not have it: build again."
        )
    return names.index(name)


def check_agreement(period: Period, computed: Figures) -> None:
    """Compare with what the marts say; WeightingError, naming an account, where they differ.

    Numbers may differ by `TOLERANCE`; what one side lacks, the other must lack, too.
    """
    has_voice, has_health = period.weight_scheme.astype(bool), period.scorecard.astype(bool)
    published = period.published
    pairs: list[tuple[str, NDArray[Any], NDArray[Any], Flags]] = [
        ("account_nps", published.account_nps, computed.account_nps, has_voice),
        (
            "role_weight_coverage",
            published.role_weight_coverage,
            computed.role_weight_coverage,
            has_voice,
        ),
        ("is_reportable", published.is_reportable, computed.is_reportable, has_voice),
    ]
    for position, pillar in enumerate(PILLARS):
        both = (it.pillar_scores[:, position] for it in (published, computed))
        pairs.append((f"{pillar}_score", *both, has_health))
    for column in ("score_coverage", "health_score", "health_band"):
        both = (getattr(it, column) for it in (published, computed))
        pairs.append((column, *both, has_health))
    differences = []
    for column, expected, actual, counts in pairs:
        agrees = expected == actual
        if expected.dtype == np.float64:
            agrees = np.isclose(actual, expected, rtol=0.0, atol=TOLERANCE, equal_nan=True)
        for row in np.flatnonzero(~agrees & counts):
            name = period.account_ids[row]
            differences.append(f"{column} of {name} is {expected[row]}, and {actual[row]} here")
    if differences:
        raise WeightingError(
            f"The published numbers at {period.period_end} cannot be computed again with the weights "
            f"they were built with, so no what-if is answered. {len(differences)} differ; the first:"
            f"\n  {differences[0]}\n"
            "Build again, so that marts, policy seeds and this version of the project are of one "
            "piece. If the build was given --vars, give the same --vars here."
        )


def ask(period: Period, policy: Policy, question: Question, settings: Settings) -> Answer:
    """Compute a period with the published weights, check them, and compute it with the new ones.

    Raises WeightingError when the published numbers do not come out, or for a question that names
    what is not there or whose weights cannot sum to 1.
    """
    day = period.period_end
    with sound_policy():
        in_use = [name for name in _names(period.weight_scheme) if name != POOLED]
        schemes = {name: policy.weight_scheme(name, day) for name in in_use}
        scorecards = {name: policy.scorecard(name, day) for name in _names(period.scorecard)}
        bands = policy.bands(day)
    before = figures(period, schemes, scorecards, bands, settings)
    check_agreement(period, before)
    new_schemes, new_scorecards = {}, {}
    if question.roles:
        for name in _chosen("scheme", schemes, question.scheme):
            with _naming(f"scheme {name}"):
                new_schemes[name] = schemes[name].reweighted(question.roles)
    if question.pillars or question.signals:
        for name in _chosen("scorecard", scorecards, question.scorecard):
            with _naming(f"scorecard {name}"):
                reweighted = _with_signal_weights(scorecards[name], question.signals)
                new_scorecards[name] = reweighted.reweighted(question.pillars)
    return Answer(
        period=period,
        bands=bands,
        before=before,
        after=figures(
            period, {**schemes, **new_schemes}, {**scorecards, **new_scorecards}, bands, settings
        ),
        schemes={name: (schemes[name], new) for name, new in new_schemes.items()},
        scorecards={name: (scorecards[name], new) for name, new in new_scorecards.items()},
    )


def _with_signal_weights(scorecard: Scorecard, changes: Weights) -> Scorecard:
    """New weights for some signals; the others of the same pillar share the rest as before."""
    unknown = [name for name in changes if name not in scorecard.signal_names]
    if unknown:
        known = ", ".join(scorecard.signal_names)
        raise WeightingError(f"Unknown signal {unknown[0]}. Known: {known}.")
    weights: dict[str, Decimal] = {}
    for pillar in scorecard.pillar_names:
        old = {row.signal: row.weight for row in scorecard.signals if row.pillar == pillar}
        weights |= share_out(old, {n: w for n, w in changes.items() if n in old}, "signal")
    rows = [
        row.model_copy(update={"weight": weights[row.signal]})
        for row in scorecard.signals
        if weights[row.signal] > 0
    ]
    return Scorecard.of(scorecard.pillars, rows)


def _names(column: Objects) -> list[str]:
    return sorted({name for name in column if name is not None})


def _chosen(what: str, known: Mapping[str, Any], wanted: str | None) -> list[str]:
    names = [name for name in known if wanted is None or fold_case(name) == fold_case(wanted)]
    if not names:
        raise WeightingError(
            f"No account is weighed by the {what} {wanted}. In use: {', '.join(known) or 'none'}."
        )
    return names


@contextmanager
def _naming(what: str) -> Iterator[None]:
    try:
        yield
    except WeightingError as error:
        raise WeightingError(f"{what}: {error}") from error


def _sign(nps: Floats) -> Floats:
    """-1, 0, 1 after rounding to 6 decimals, and 2 where there is no NPS."""
    return np.nan_to_num(np.sign(round_score(nps)), nan=2.0)
