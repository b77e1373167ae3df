"""The policy seeds: who weighs how much, what makes a score, and what follows from it.

A seed is a CSV file in `seeds/policy/`; a row set in it counts from its `valid_from` until the next
one begins. `check_policy` says everything that is wrong with them, `load_policy` returns them as
typed objects, and `Policy` answers which of them count for a segment on a day. Weights are decimals
and their sums are exact: 0.1 + 0.2 + 0.7 is 1 here, and 0.999999999999 is not.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Generic, NamedTuple

import yaml
from pydantic import ValidationError

from voc_weighting.errors import WeightingError
from voc_weighting.policy_rows import (
    INSUFFICIENT_SIGNAL,
    PILLARS,
    UNKNOWN_ROLE,
    Band,
    Override,
    PillarWeight,
    Playbook,
    Problems,
    R,
    RenewalScore,
    RoleWeight,
    Signal,
    TitleRole,
    band_problems,
    fold_case,
    pillar_problems,
    repeated,
    signal_problems,
    weight_scheme_problems,
)
from voc_weighting.policy_sets import DEFAULT, Bands, History, Policy, Scorecard, WeightScheme

__all__ = [
    "DEFAULT",
    "INSUFFICIENT_SIGNAL",
    "PILLARS",
    "Band",
    "Bands",
    "Finding",
    "Override",
    "PillarWeight",
    "Playbook",
    "Policy",
    "PolicyError",
    "RenewalScore",
    "RoleWeight",
    "Scorecard",
    "Signal",
    "WeightScheme",
    "check_policy",
    "first_period",
    "known_signals",
    "load_policy",
]

SIGNAL_MODEL = "int_health__signal_values"
POLICY_FOLDER = Path("seeds/policy")
_NOT_CSV = "the file is not readable as CSV in UTF-8 ({})"


class Finding(NamedTuple):
    """One broken rule: in which file, in which row (1 is the header), and what is wrong."""

    file: str
    row: int
    rule: str

    def __str__(self) -> str:
        return f"{self.file}, row {self.row}: {self.rule}"


class PolicyError(WeightingError):
    """The policy seeds break rules; `findings` holds every one of them."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.findings = tuple(findings)
        lines = "".join(f"\n  {finding}." for finding in self.findings)
        super().__init__(f"The policy seeds break {len(self.findings)} rule(s):{lines}")


def load_policy(
    folder: Path, signals: Collection[str] | None = None, first_day: date | None = None
) -> Policy:
    """Return the policy in a folder of seeds.

    Arguments as in `check_policy`. Raises PolicyError, with every finding, when a rule is broken.
    """
    seeds = _Seeds(folder)
    findings = _find(seeds, signals, first_day)
    if findings:
        raise PolicyError(findings)
    return seeds.policy()


def check_policy(
    folder: Path, signals: Collection[str] | None = None, first_day: date | None = None
) -> list[Finding]:
    """Return every broken rule of the seeds in a folder, by file and row; none is a sound policy.

    Args:
        folder: where the CSV files are, usually `seeds/policy`.
        signals: the signals there are (`known_signals`); without it their names are not checked.
        first_day: the first day that is scored (`first_period`); default must be valid by then.
            Without it, default must be there at all.
    """
    seeds = _Seeds(folder)
    return _find(seeds, signals, first_day) + _unreadable(folder, seeds)


def known_signals(project: Path) -> dict[str, str] | None:
    """Return {signal: domain} of a dbt project, or None where its model is not found.

    The signals are the columns of `int_health__signal_values` with the meta key `signal_of`.
    WeightingError when the yml cannot be read.
    """
    for file in sorted((project / "models" / "marts" / "health").rglob("*.yml")):
        try:
            content = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
        except yaml.YAMLError as error:
            raise WeightingError(f"{file} is not readable YAML: {error}") from error
        for model in content.get("models") or []:
            if model.get("name") == SIGNAL_MODEL:
                columns = {
                    column["name"]: ((column.get("config") or {}).get("meta") or {})
                    for column in model.get("columns") or []
                }
                return {n: meta["signal_of"] for n, meta in columns.items() if "signal_of" in meta}
    return None


def first_period(as_of: date, history_months: int) -> date:
    """The first period end of a history: month ends, and the day itself (models/.../int_periods)."""
    is_month_end = (as_of + timedelta(days=1)).day == 1
    months_back = history_months - is_month_end
    if months_back == 0:
        return as_of
    month = as_of.year * 12 + as_of.month - months_back
    return date(month // 12, month % 12 + 1, 1) - timedelta(days=1)


Record = dict[str, str | None]


class _Seed(Generic[R]):
    """One file: its rows as text, those that are sound as objects, and what is wrong with it."""

    def __init__(self, folder: Path, kind: type[R]) -> None:
        path = folder / f"{kind.seed}.csv"
        self.file = _shown(path)
        self.findings: list[Finding] = []
        self.records: dict[int, Record] = {}
        self.rows: dict[int, R] = {}
        self.is_readable = False
        self.is_whole = True
        columns = list(kind.model_fields)
        try:
            self._read(path, columns)
        except FileNotFoundError:
            self.find(1, "the file is missing")
        except (UnicodeDecodeError, csv.Error) as error:
            self.find(1, _NOT_CSV.format(error))
        for number, record in self.records.items():
            try:
                self.rows[number] = kind.model_validate(record)
            except ValidationError as error:
                for problem in error.errors():
                    column = str(problem["loc"][0])
                    takes = kind.model_fields[column].description
                    given = record[column]
                    is_what = "is empty" if given is None else f"is '{given}'"
                    self.find(number, f"{column} {is_what}: it takes {takes}")

    def _read(self, path: Path, columns: list[str]) -> None:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            header = next(reader, [])
            missing = [column for column in columns if column not in header]
            if missing:
                hint = ""
                if len(header) == 1 and ";" in header[0]:
                    hint = ": semicolons stand between the fields, and it takes commas"
                elif any(name != name.strip() for name in header):
                    hint = ": there is white space around a name of the header"
                self.find(1, f"the column {', '.join(missing)} is missing{hint}")
                return
            self.is_readable = True
            start = reader.line_num + 1
            for values in reader:
                number, start = start, reader.line_num + 1
                if not values:
                    continue
                if len(values) != len(header):
                    text = f"it has {len(values)} fields, and the header has {len(header)}"
                    self.find(number, text)
                    self.is_whole = False
                    continue
                filled = (_filled(value) for value in values)
                self.records[number] = dict(zip(header, filled, strict=True))

    def find(self, row: int, rule: str) -> None:
        """Note a broken rule."""
        self.findings.append(Finding(self.file, row, rule))

    def texts(self, column: str, where: Callable[[Record], bool] = lambda _: True) -> set[str]:
        """What stands in a column, in broken rows too: one mistake should not make others."""
        return {record[column] or "" for record in self.records.values() if where(record)}

    def check_sets(
        self,
        keys: Sequence[str],
        name: Callable[[R], str],
        problems: Callable[[Sequence[R]], Problems],
    ) -> None:
        """Apply the rules of row sets; a set with a broken row is left until that is mended."""
        if not self.is_whole:
            return
        sets: dict[tuple[str | None, ...], list[int]] = defaultdict(list)
        for number, record in self.records.items():
            sets[tuple(record[key] for key in keys)].append(number)
        for numbers in sets.values():
            if all(number in self.rows for number in numbers):
                rows = [self.rows[number] for number in numbers]
                for position, problem in problems(rows):
                    self.find(numbers[position], f"{name(rows[position])}: {problem}")


def _shown(path: Path) -> str:
    is_usual = path.parts[-3:-1] == POLICY_FOLDER.parts
    return (POLICY_FOLDER / path.name).as_posix() if is_usual else str(path)


def _unreadable(folder: Path, seeds: _Seeds) -> list[Finding]:
    """The files whose rules are those of dbt alone, where dbt could not even read them."""
    found = []
    with_rules = {seed.file for seed in seeds.all()}
    for path in sorted(folder.glob("*.csv")):
        if _shown(path) in with_rules:
            continue
        try:
            with path.open(encoding="utf-8-sig", newline="") as file:
                for _ in csv.reader(file, strict=True):
                    pass
        except (UnicodeDecodeError, csv.Error) as error:
            found.append(Finding(_shown(path), 1, _NOT_CSV.format(error)))
    return found


def _filled(value: str) -> str | None:
    # Seeds are read so by dbt, too: without white space around it, and null is nothing.
    text = value.strip()
    return None if text.lower() in ("", "null") else text


class _Seeds:
    """All files of a policy folder."""

    def __init__(self, folder: Path) -> None:
        self.role_weights = _Seed(folder, RoleWeight)
        self.title_roles = _Seed(folder, TitleRole)
        self.scorecards = _Seed(folder, PillarWeight)
        self.signals = _Seed(folder, Signal)
        self.bands = _Seed(folder, Band)
        self.playbooks = _Seed(folder, Playbook)
        self.renewals = _Seed(folder, RenewalScore)
        self.overrides = _Seed(folder, Override)

    def all(self) -> list[_Seed[Any]]:
        """The files in the order in which findings are told."""
        return list(vars(self).values())

    def policy(self) -> Policy:
        """The policy that the sound rows make."""
        return Policy(
            role_weights=tuple(self.role_weights.rows.values()),
            pillar_weights=tuple(self.scorecards.rows.values()),
            signals=tuple(self.signals.rows.values()),
            band_rows=tuple(self.bands.rows.values()),
            playbook_rows=tuple(self.playbooks.rows.values()),
            renewal_rows=tuple(self.renewals.rows.values()),
            overrides=tuple(self.overrides.rows.values()),
        )


def _find(seeds: _Seeds, signals: Collection[str] | None, first_day: date | None) -> list[Finding]:
    _check_roles(seeds, first_day)
    _check_scorecards(seeds, signals, first_day)
    _check_bands(seeds, first_day)
    _check_what_follows(seeds)
    return [finding for seed in seeds.all() for finding in sorted(seed.findings)]


def _check_roles(seeds: _Seeds, first_day: date | None) -> None:
    seed = seeds.role_weights
    known = seed.texts("contact_role", lambda record: record["weight_scheme"] == DEFAULT)
    seed.check_sets(
        ("weight_scheme", "valid_from"),
        lambda role: f"{role.weight_scheme} from {role.valid_from}",
        weight_scheme_problems,
    )
    for number, role in seed.rows.items():
        if role.contact_role == UNKNOWN_ROLE:
            seed.find(number, f"the role {UNKNOWN_ROLE} is for people of no role: it has no weight")
        elif role.contact_role not in known:
            text = f"the role {role.contact_role} is unknown: the scheme default does not weigh it"
            seed.find(number, text)
    for number, rule in seeds.title_roles.rows.items():
        if known and rule.contact_role not in known:
            text = f"the role {rule.contact_role} is unknown: role_weights.csv does not weigh it"
            seeds.title_roles.find(number, text)
    _check_names(seed, "weight_scheme", "scheme", first_day)


def _check_scorecards(
    seeds: _Seeds, signals: Collection[str] | None, first_day: date | None
) -> None:
    seeds.scorecards.check_sets(
        ("scorecard", "valid_from"),
        lambda pillar: f"{pillar.scorecard} from {pillar.valid_from}",
        pillar_problems,
    )
    seeds.signals.check_sets(
        ("scorecard", "valid_from"),
        lambda signal: f"{signal.scorecard} from {signal.valid_from}",
        signal_problems,
    )
    known = seeds.scorecards.texts("scorecard")
    for number, signal in seeds.signals.rows.items():
        if signals is not None and signal.signal not in signals:
            text = f"the signal {signal.signal} is unknown: {SIGNAL_MODEL} has no such signal"
            seeds.signals.find(number, text)
        if known and signal.scorecard not in known:
            text = f"the scorecard {signal.scorecard} is not in health_scorecards.csv"
            seeds.signals.find(number, text)
    _check_names(seeds.scorecards, "scorecard", "scorecard", first_day)
    _check_names(seeds.signals, "scorecard", "scorecard", first_day)
    _check_every_pillar_has_signals(seeds)


def _check_every_pillar_has_signals(seeds: _Seeds) -> None:
    """On every day on which a row set begins, each weighted pillar must have a signal."""
    if len(seeds.signals.rows) < len(seeds.signals.records):
        return
    pillars = History(seeds.scorecards.rows.values(), lambda row: row.scorecard)
    signals = History(seeds.signals.rows.values(), lambda row: row.scorecard)
    numbers = {id(row): number for number, row in seeds.scorecards.rows.items()}
    told: set[int] = set()
    default_from = min(signals.first_days(DEFAULT), default=date.max)
    for name in pillars:
        days = {
            *pillars.first_days(name),
            *signals.first_days(name),
            *signals.first_days(DEFAULT),
        }
        for day in sorted(day for day in days if day >= default_from):
            heard = {row.pillar for row in signals.at(name, day) or signals.at(DEFAULT, day)}
            for row in pillars.at(name, day):
                if row.pillar not in heard and id(row) not in told:
                    told.add(id(row))
                    text = (
                        f"{row.scorecard} from {row.valid_from}: the pillar {row.pillar} has"
                        f" a weight, but no signals in health_signals.csv on {day}"
                    )
                    seeds.scorecards.find(numbers[id(row)], text)


def _check_bands(seeds: _Seeds, first_day: date | None) -> None:
    seed = seeds.bands
    seed.check_sets(("valid_from",), lambda band: f"bands from {band.valid_from}", band_problems)
    if seed.is_readable and not seed.records:
        seed.find(1, "there are no bands")
    _check_begin(seed, seed.records, "bands", first_day)


def _check_what_follows(seeds: _Seeds) -> None:
    bands = seeds.bands.texts("band")
    reserved = {INSUFFICIENT_SIGNAL}
    seeds.playbooks.check_sets(
        ("band", "valid_from"),
        lambda row: f"{row.band} from {row.valid_from}",
        lambda rows: repeated(
            rows, lambda row: row.playbook, "the playbook {} stands more than once"
        ),
    )
    for number, playbook in seeds.playbooks.rows.items():
        if bands and playbook.band not in bands | reserved:
            seeds.playbooks.find(number, f"the band {playbook.band} is not in health_bands.csv")
    seeds.renewals.check_sets(
        ("valid_from",),
        lambda row: f"from {row.valid_from}",
        lambda rows: repeated(
            rows, lambda row: fold_case(row.renewal_status), "the status {} stands more than once"
        ),
    )
    for number, override in seeds.overrides.rows.items():
        if bands and override.band not in bands:
            seeds.overrides.find(number, f"the band {override.band} is not in health_bands.csv")
        if override.expires_at <= override.starts_at:
            seeds.overrides.find(number, "expires_at must be after starts_at")
    _check_overlapping_overrides(seeds.overrides)


def _check_overlapping_overrides(seed: _Seed[Override]) -> None:
    latest: dict[str, tuple[int, Override]] = {}
    for number, row in sorted(seed.rows.items(), key=lambda item: item[1].starts_at):
        before = latest.get(row.account_ref)
        if before is not None and row.starts_at < before[1].expires_at:
            text = f"{row.account_ref}: it begins before the override of row {before[0]} expires"
            seed.find(number, text)
        if before is None or row.expires_at > before[1].expires_at:
            latest[row.account_ref] = (number, row)


def _check_names(seed: _Seed[Any], column: str, what: str, first_day: date | None) -> None:
    spellings: dict[str, str] = {}
    told: set[str] = set()
    for number, record in seed.records.items():
        name = record[column] or ""
        first = spellings.setdefault(fold_case(name), name)
        if first != name and name not in told:
            told.add(name)
            text = f"the {what} {name} is written {first} elsewhere: case does not count"
            seed.find(number, text)
    defaults = {n: record for n, record in seed.records.items() if record[column] == DEFAULT}
    if seed.is_readable and not defaults:
        seed.find(1, f"the {what} {DEFAULT} is missing")
    _check_begin(seed, defaults, f"the {what} {DEFAULT}", first_day)


def _check_begin(
    seed: _Seed[Any], records: dict[int, Record], what: str, first_day: date | None
) -> None:
    begins = [record["valid_from"] or "" for record in records.values()]
    if first_day is not None and begins and min(begins) > first_day.isoformat():
        seed.find(min(records), f"{what} must be valid from the first period on, {first_day}")
