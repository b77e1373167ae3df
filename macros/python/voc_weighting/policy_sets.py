"""What the policy seeds add up to: schemes, scorecards and bands, and which of them counts when."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Generic, Self, TypeVar, cast

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, model_validator

from voc_weighting.arithmetic import Floats
from voc_weighting.errors import WeightingError
from voc_weighting.policy_rows import (
    Band,
    Override,
    PillarWeight,
    Playbook,
    Problems,
    R,
    RenewalScore,
    RoleWeight,
    Signal,
    band_problems,
    fold_case,
    pillar_problems,
    signal_problems,
    weight_scheme_problems,
)

T = TypeVar("T")
DEFAULT = "default"
_ONE = Decimal(1)
_WEIGHT_STEP = Decimal("1e-12")


class _RowSet(BaseModel):
    model_config = ConfigDict(frozen=True)

    def _problems(self) -> Problems:
        raise NotImplementedError

    @model_validator(mode="after")
    def _check(self) -> Self:
        problems = [problem for _, problem in self._problems()]
        if problems:
            raise ValueError("; ".join(problems))
        return self


class WeightScheme(_RowSet):
    """The roles of one scheme as of one date, most senior first.

    Raises pydantic's ValidationError (a ValueError) when a rule of a scheme is broken.
    """

    name: str
    valid_from: date
    roles: tuple[RoleWeight, ...]

    @classmethod
    def of(cls, rows: Sequence[RoleWeight]) -> WeightScheme:
        """The scheme that these rows of one scheme and date make."""
        roles = tuple(sorted(rows, key=lambda role: role.seniority))
        return cls(name=rows[0].weight_scheme, valid_from=rows[0].valid_from, roles=roles)

    def _problems(self) -> Problems:
        return weight_scheme_problems(self.roles)

    @property
    def role_names(self) -> tuple[str, ...]:
        """Names of the roles, most senior first."""
        return tuple(role.contact_role for role in self.roles)

    @property
    def weights(self) -> Floats:
        """(roles,) shares of 1, in the order of `role_names`."""
        return np.array([float(role.weight) for role in self.roles])

    def reweighted(self, changes: Mapping[str, Decimal]) -> WeightScheme:
        """The scheme with new weights for some roles; the others share the rest as before.

        WeightingError for an unknown role, or weights that leave nothing to share or too much.
        """
        old = {role.contact_role: role.weight for role in self.roles}
        new = share_out(old, changes, "role")
        roles = tuple(r.model_copy(update={"weight": new[r.contact_role]}) for r in self.roles)
        return WeightScheme(name=self.name, valid_from=self.valid_from, roles=roles)


class Scorecard(_RowSet):
    """What makes the health score of a segment on a day: pillars, and the signals of each.

    `signals` are those of the pillars that the scorecard weighs, in the order of the pillars; they
    may come from the scorecard default. Raises pydantic's ValidationError (a ValueError) when a
    rule is broken.
    """

    name: str
    pillars: tuple[PillarWeight, ...]
    signals: tuple[Signal, ...]

    @classmethod
    def of(cls, pillars: Sequence[PillarWeight], signals: Sequence[Signal]) -> Scorecard:
        """The scorecard that these rows of one scorecard and date make."""
        order = {pillar.pillar: position for position, pillar in enumerate(pillars)}
        kept = sorted((s for s in signals if s.pillar in order), key=lambda s: order[s.pillar])
        return cls(name=pillars[0].scorecard, pillars=tuple(pillars), signals=tuple(kept))

    def _problems(self) -> Problems:
        yield from pillar_problems(self.pillars)
        yield from signal_problems(self.signals)
        heard = {signal.pillar for signal in self.signals}
        for position, pillar in enumerate(self.pillars):
            if pillar.pillar not in heard:
                yield position, f"the pillar {pillar.pillar} has a weight but no signals"

    @property
    def pillar_names(self) -> tuple[str, ...]:
        """Names of the pillars."""
        return tuple(pillar.pillar for pillar in self.pillars)

    @property
    def pillar_weights(self) -> Floats:
        """(pillars,) shares of 1, in the order of `pillar_names`."""
        return np.array([float(pillar.weight) for pillar in self.pillars])

    @property
    def signal_names(self) -> tuple[str, ...]:
        """Names of the signals."""
        return tuple(signal.signal for signal in self.signals)

    @property
    def signal_weights(self) -> Floats:
        """(signals,) shares of 1 inside each pillar, in the order of `signal_names`."""
        return np.array([float(signal.weight) for signal in self.signals])

    @property
    def signal_pillars(self) -> NDArray[np.intp]:
        """(signals,) position of each signal's pillar in `pillar_names`."""
        return np.array([self.pillar_names.index(s.pillar) for s in self.signals], dtype=np.intp)

    @property
    def anchors(self) -> tuple[Floats, Floats]:
        """Two arrays (signals,): the values that score 0, and those that score 100."""
        at_0, at_100 = zip(*((s.score_0_at, s.score_100_at) for s in self.signals), strict=True)
        return np.array(at_0, dtype=np.float64), np.array(at_100, dtype=np.float64)

    def reweighted(self, changes: Mapping[str, Decimal]) -> Scorecard:
        """The scorecard with new weights for some pillars; the others share the rest as before.

        A pillar that ends at 0 leaves the scorecard. WeightingError as in `WeightScheme`.
        """
        old: dict[str, Decimal] = {pillar.pillar: pillar.weight for pillar in self.pillars}
        new = share_out(old, changes, "pillar")
        pillars = [
            pillar.model_copy(update={"weight": new[pillar.pillar]})
            for pillar in self.pillars
            if new[pillar.pillar] > 0
        ]
        return Scorecard.of(pillars, self.signals)


class Bands(_RowSet):
    """The bands of one date, lowest first. Raises ValidationError when they do not fit together."""

    bands: tuple[Band, ...]

    @classmethod
    def of(cls, rows: Sequence[Band]) -> Bands:
        """The bands that these rows of one date make."""
        lowest = Decimal("-Infinity")
        return cls(
            bands=tuple(
                sorted(rows, key=lambda b: lowest if b.score_from is None else b.score_from)
            )
        )

    def _problems(self) -> Problems:
        return band_problems(self.bands)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the bands, lowest first."""
        return tuple(band.band for band in self.bands)

    @property
    def edges(self) -> Floats:
        """(bands - 1,) scores at which the next band begins, ascending."""
        return np.array([float(b.score_from) for b in self.bands if b.score_from is not None])


def share_out(
    weights: Mapping[str, Decimal], changes: Mapping[str, Decimal], what: str
) -> dict[str, Decimal]:
    """New weights that sum to exactly 1: those given, and the rest in its old proportions.

    Args:
        weights: the weights before, summing to 1.
        changes: some of them anew, each from 0 to 1.
        what: what is weighed, for messages (role, pillar).

    Raises:
        WeightingError: an unknown name, a weight outside 0 to 1, or a sum that cannot be 1.
    """
    unknown = [name for name in changes if name not in weights]
    if unknown:
        raise WeightingError(f"Unknown {what} {unknown[0]}. Known: {', '.join(weights)}.")
    wrong = [name for name, weight in changes.items() if not 0 <= weight <= 1]
    if wrong:
        raise WeightingError(f"The weight of {wrong[0]} is {changes[wrong[0]]}; it takes 0 to 1.")
    left = _ONE - sum(changes.values(), Decimal(0))
    others = {name: weight for name, weight in weights.items() if name not in changes}
    before = sum(others.values(), Decimal(0))
    if left < 0 or (left > 0 and before == 0):
        given = " + ".join(str(weight) for weight in changes.values())
        reason = "more than 1" if left < 0 else "less than 1, and no other weight can take the rest"
        raise WeightingError(f"The weights given sum to {given} = {_ONE - left}: {reason}.")
    new = dict(changes)
    for name, weight in others.items():
        new[name] = (left * weight / before if before else Decimal(0)).quantize(_WEIGHT_STEP)
    if others:
        # What rounding took or added goes to the largest, where it matters least.
        largest = max(others, key=lambda name: new[name])
        new[largest] += _ONE - sum(new.values(), Decimal(0))
    return {name: new[name] for name in weights}


# ---------------------------------------------------------------------------------------------
# Which row set counts when
# ---------------------------------------------------------------------------------------------


class History(Generic[R]):
    """Row sets by key (case does not count) and the day from which each counts."""

    def __init__(self, rows: Iterable[R], key: Callable[[R], str]) -> None:
        sets: dict[str, dict[date, list[R]]] = defaultdict(lambda: defaultdict(list))
        for row in rows:
            sets[fold_case(key(row))][row.valid_from].append(row)  # type: ignore[attr-defined]
        self._sets = {name: dict(sorted(dated.items())) for name, dated in sets.items()}

    def at(self, key: str, day: date) -> list[R]:
        """The rows of a key that count on a day; none where it begins later or is not there."""
        begun = [rows for first, rows in self._sets.get(fold_case(key), {}).items() if first <= day]
        return begun[-1] if begun else []

    def first_days(self, key: str) -> set[date]:
        """The days on which a row set of the key begins to count."""
        return set(self._sets.get(fold_case(key), {}))

    def __iter__(self) -> Iterator[str]:
        """The keys, in lower case."""
        return iter(self._sets)


@dataclass(frozen=True)
class Policy:
    """All that the seeds say, and what of it counts for a segment on a day.

    The one resolver rule: the scheme or scorecard named as the segment, whatever the case; where
    there is none by that day, default. Signals of a scorecard that lists none: those of default.
    """

    role_weights: tuple[RoleWeight, ...]
    pillar_weights: tuple[PillarWeight, ...]
    signals: tuple[Signal, ...]
    band_rows: tuple[Band, ...]
    playbook_rows: tuple[Playbook, ...] = ()
    renewal_rows: tuple[RenewalScore, ...] = ()
    overrides: tuple[Override, ...] = ()
    _made: dict[Hashable, Any] = field(default_factory=dict, repr=False, compare=False)

    def weight_scheme(self, segment: str | None, day: date) -> WeightScheme:
        """The role weights of a segment on a day. WeightingError where not even default counts."""
        rows = self._named("schemes", self.role_weights, lambda r: r.weight_scheme, segment, day)
        return self._once(("scheme", id(rows)), lambda: WeightScheme.of(rows))

    def scorecard(self, segment: str | None, day: date) -> Scorecard:
        """The pillars and signals of a segment on a day. WeightingError as in `weight_scheme`."""
        pillars = self._named("pillars", self.pillar_weights, lambda r: r.scorecard, segment, day)
        name = pillars[0].scorecard
        signals = self._named("signals", self.signals, lambda r: r.scorecard, name, day)
        key = ("scorecard", id(pillars), id(signals))
        return self._once(key, lambda: Scorecard.of(pillars, signals))

    def bands(self, day: date) -> Bands:
        """The bands that count on a day. WeightingError where none do."""
        rows = self._history("bands", self.band_rows, lambda _: "").at("", day)
        if not rows:
            raise WeightingError(f"No bands are valid on {day}.")
        return self._once(("bands", id(rows)), lambda: Bands.of(rows))

    def playbooks(self, band: str, day: date) -> tuple[Playbook, ...]:
        """The playbooks of a band that count on a day; often one, maybe none."""
        history = self._history("playbooks", self.playbook_rows, lambda row: row.band)
        return tuple(history.at(band, day))

    def renewal_score(self, renewal_status: str | None, day: date) -> float | None:
        """The score of a renewal status on a day, 0 to 100; None where it is not mapped."""
        history = self._history("renewals", self.renewal_rows, lambda row: row.renewal_status)
        rows = history.at((renewal_status or "").strip(), day)
        return rows[0].score if rows else None

    def _named(
        self, what: str, rows: Sequence[R], key: Callable[[R], str], name: str | None, day: date
    ) -> list[R]:
        history = self._history(what, rows, key)
        found = history.at(name or DEFAULT, day) or history.at(DEFAULT, day)
        if not found:
            raise WeightingError(f"No {what} of {DEFAULT} are valid on {day}.")
        return found

    def _history(self, what: str, rows: Sequence[R], key: Callable[[R], str]) -> History[R]:
        return self._once(("history", what), lambda: History(rows, key))

    def _once(self, key: Hashable, make: Callable[[], T]) -> T:
        if key not in self._made:
            self._made[key] = make()
        return cast(T, self._made[key])
