"""The rows of the policy seeds, and the rules that row sets of one seed must keep."""

from __future__ import annotations

import itertools
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

INSUFFICIENT_SIGNAL = "insufficient_signal"
POOLED = "pooled"
UNKNOWN_ROLE = "unknown"
PILLARS = ("usage", "voc", "commercial", "service")
_ONE = Decimal(1)


def fold_case(text: str) -> str:
    """A text in small letters, as the macro of this name makes them on every engine."""
    return text.replace("İ", "i").lower().replace("\u03c2", "\u03c3")


# The description of a type is what a finding says the field takes.


def _pattern(expression: str) -> BeforeValidator:
    def check(value: Any) -> Any:
        if isinstance(value, str) and not re.fullmatch(expression, value):
            raise ValueError
        return value

    return BeforeValidator(check)


Name = Annotated[str, Field(description="a name")]
Day = Annotated[date, _pattern(r"\d{4}-\d{2}-\d{2}"), Field(description="a date like 2026-06-30")]
Moment = Annotated[
    datetime,
    _pattern(r"\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}:\d{2}(\.\d+)?Z?)?"),
    AfterValidator(lambda moment: moment.replace(tzinfo=None)),
    Field(description="a UTC time like 2026-06-30 12:00:00"),
]
Share = Annotated[
    Decimal,
    Field(ge=0, le=1, decimal_places=12, description="a number from 0 to 1 of at most 12 decimals"),
]
PositiveShare = Annotated[
    Decimal,
    Field(
        gt=0,
        le=1,
        decimal_places=12,
        description="a number above 0, up to 1, of at most 12 decimals",
    ),
]
Edge = Annotated[
    Decimal | None,
    Field(
        gt=0,
        le=100,
        decimal_places=6,
        description="nothing, or a number above 0, up to 100, of at most 6 decimals",
    ),
]
Number = Annotated[float, Field(allow_inf_nan=False, description="a number")]
Percentage = Annotated[float, Field(ge=0, le=100, description="a number from 0 to 100")]
WholeNumber = Annotated[int, Field(description="a whole number")]
Hours = Annotated[int, Field(gt=0, description="a whole number of hours above 0")]
Priority = Annotated[str, Field(pattern=r"^P[0-9]$", description="P0 to P9")]
Pillar = Annotated[
    Literal["usage", "voc", "commercial", "service"], Field(description=", ".join(PILLARS))
]
OwnerRole = Annotated[Literal["csm", "csm_lead"], Field(description="csm or csm_lead")]


class Row(BaseModel):
    """A row of a seed."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    seed: ClassVar[str]


class RoleWeight(Row):
    """What one role's voice weighs in one scheme. Seniority 1 is the most senior."""

    seed = "role_weights"
    weight_scheme: Name
    valid_from: Day
    contact_role: Name
    seniority: WholeNumber
    weight: Share


class TitleRole(Row):
    """A rule that turns a title into a role; the layer needs only which role."""

    seed = "title_roles"
    contact_role: Name


class PillarWeight(Row):
    """What one pillar weighs in the health score of one scorecard."""

    seed = "health_scorecards"
    scorecard: Name
    valid_from: Day
    pillar: Pillar
    weight: PositiveShare


class Signal(Row):
    """A signal of a pillar: its weight there, and the values that score 0 and 100."""

    seed = "health_signals"
    scorecard: Name
    valid_from: Day
    pillar: Pillar
    signal: Name
    weight: PositiveShare
    score_0_at: Number
    score_100_at: Number


class Band(Row):
    """Scores from `score_from` (inclusive) to below `score_below`; None is no end."""

    seed = "health_bands"
    valid_from: Day
    band: Name
    score_from: Edge
    score_below: Edge


class Playbook(Row):
    """What is to be done when a customer enters a band."""

    seed = "playbooks"
    band: Name
    valid_from: Day
    playbook: Name
    priority: Priority
    owner_role: OwnerRole
    due_hours: Hours


class RenewalScore(Row):
    """How well a renewal status of the CRM speaks for an account, 0 to 100."""

    seed = "renewal_status_scores"
    renewal_status: Name
    valid_from: Day
    score: Percentage


class Override(Row):
    """A band that a person set by judgement, from `starts_at` until before `expires_at` (UTC)."""

    seed = "health_overrides"
    account_ref: Name
    band: Name
    author: Name
    reason: Name
    starts_at: Moment
    expires_at: Moment


R = TypeVar("R", bound=Row)


# ---------------------------------------------------------------------------------------------
# Rules of row sets: each yields (position in the set, what is wrong)
# ---------------------------------------------------------------------------------------------

Problems = Iterator[tuple[int, str]]


def weight_scheme_problems(roles: Sequence[RoleWeight]) -> Problems:
    """The roles of one scheme and date."""
    if roles[0].weight_scheme == POOLED:
        yield 0, f"the name {POOLED} is reserved for accounts none of whose roles is known"
    yield from _sum_problem([role.weight for role in roles])
    yield from repeated(roles, lambda role: role.contact_role, "the role {} stands more than once")
    yield from repeated(
        roles,
        lambda role: role.seniority,
        "two roles share the seniority {}, so neither is the senior one",
    )


def pillar_problems(pillars: Sequence[PillarWeight]) -> Problems:
    """The pillars of one scorecard and date."""
    yield from _sum_problem([pillar.weight for pillar in pillars])
    yield from repeated(pillars, lambda row: row.pillar, "the pillar {} stands more than once")


def signal_problems(signals: Sequence[Signal]) -> Problems:
    """The signals of one scorecard and date."""
    positions: dict[str, list[int]] = defaultdict(list)
    for position, signal in enumerate(signals):
        positions[signal.pillar].append(position)
        if signal.score_0_at == signal.score_100_at:
            yield position, f"the anchors of {signal.signal} are equal, so it tells nothing apart"
    for pillar, members in positions.items():
        for _, problem in _sum_problem([signals[position].weight for position in members]):
            yield members[0], f"{problem} inside the pillar {pillar}"
    homes: dict[str, str] = {}
    for position, signal in enumerate(signals):
        home = homes.setdefault(signal.signal, signal.pillar)
        if home != signal.pillar:
            text = f"the signal {signal.signal} stands in two pillars, {home} and {signal.pillar}"
            yield position, text
    yield from repeated(
        signals,
        lambda signal: (signal.pillar, signal.signal),
        "the signal {0[1]} stands more than once in the pillar {0[0]}",
    )


def band_problems(bands: Sequence[Band]) -> Problems:
    """The bands of one date: together they must hold every score exactly once."""
    yield from repeated(bands, lambda band: band.band, "the band {} stands more than once")
    is_sound = True
    for position, band in enumerate(bands):
        low, high = band.score_from, band.score_below
        if band.band == INSUFFICIENT_SIGNAL:
            yield (
                position,
                f"the name {band.band} is reserved for scores that too little speaks for",
            )
        if low is not None and high is not None and low >= high:
            is_sound = False
            yield position, f"{band.band} goes from {low} to below {high}, so no score is in it"
    for which, edges, side in (
        ("score_from", [band.score_from for band in bands], "lower"),
        ("score_below", [band.score_below for band in bands], "upper"),
    ):
        if edges.count(None) != 1:
            is_sound = False
            text = f"{edges.count(None)} bands have an empty {which}; exactly one has no {side} end"
            yield 0, text
    if not is_sound:
        return
    ordered = sorted(range(len(bands)), key=lambda i: bands[i].score_from or Decimal("-Infinity"))
    for below, above in itertools.pairwise(ordered):
        end, start = bands[below].score_below, bands[above].score_from
        if end is None or (start is not None and start < end):
            until = end if end is not None else "100"
            text = f"{bands[below].band} and {bands[above].band} overlap from {start} to {until}"
            yield above, text
        elif start is not None and end < start:
            yield above, f"no band holds the scores from {end} to below {start}"


def _sum_problem(weights: Sequence[Decimal]) -> Problems:
    total = sum(weights, Decimal(0))
    if total != _ONE:
        yield 0, f"the weights sum to {total.normalize():f} and must sum to exactly 1"


def repeated(rows: Sequence[R], key: Callable[[R], Hashable], problem: str) -> Problems:
    """`problem`, filled with the key, at the second row of every key."""
    seen: Counter[Hashable] = Counter()
    for position, row in enumerate(rows):
        seen[key(row)] += 1
        if seen[key(row)] == 2:
            yield position, problem.format(key(row))
