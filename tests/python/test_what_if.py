"""`voc-weights what-if`: the right accounts change, and nothing else does.

The warehouses here are small and made by hand: their published numbers come from a second, plain
computation with fractions (`Account.expected`), which also says what the new weights must give.
"""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import duckdb
import pytest
from harness import REPOSITORY, PostgresServer, Project
from small_warehouse import BANDS, statements, write_duckdb

from voc_weighting.cli import main

LATEST, BEFORE = date(2026, 6, 30), date(2026, 5, 31)
BEGINNING = date(2000, 1, 1)
ROLES = ("decision_maker", "manager", "user")
SCHEMES = {"default": (0.5, 0.3, 0.2), "small_business": (0.6, 0.2, 0.2)}
PILLARS = ("usage", "voc", "commercial", "service")
SCORECARDS = {"default": (0.3, 0.25, 0.25, 0.2), "small_business": (0.4, 0.2, 0.25, 0.15)}
# signal: (pillar, weight, score_0_at, score_100_at)
SIGNALS = {
    "active_seat_rate": ("usage", 0.6, 0.0, 1.0),
    "breadth": ("usage", 0.4, 0.0, 1.0),
    "account_nps": ("voc", 1.0, -100.0, 100.0),
    "payment_timeliness": ("commercial", 1.0, 0.0, 1.0),
    "bug_share": ("service", 1.0, 1.0, 0.0),
}


def exact(number: float) -> Fraction:
    return Fraction(str(number))


def rounded(number: Fraction | None) -> Fraction | None:
    if number is None:
        return None
    micro = abs(number) * 10**6
    result = Fraction(int(micro + Fraction(1, 2)), 10**6)
    return result if number >= 0 else -result


def mean(parts: Mapping[str, Fraction | None], weights: Mapping[str, Fraction]) -> tuple:
    heard = {name: value for name, value in parts.items() if value is not None}
    weight = sum((weights[name] for name in heard), Fraction(0))
    if not weight:
        return None, weight
    return sum(weights[name] * value for name, value in heard.items()) / weight, weight


@dataclass(frozen=True)
class Weights:
    """Weights of every scheme and scorecard; the defaults are those the warehouse is built with."""

    schemes: Mapping[str, tuple[float, ...]] = field(default_factory=lambda: SCHEMES)
    scorecards: Mapping[str, tuple[float, ...]] = field(default_factory=lambda: SCORECARDS)


@dataclass(frozen=True)
class Account:
    """One account: votes by role as (promoters, passives, detractors), and its other signals."""

    name: str
    segment: str = "enterprise"
    arr: float | None = None
    is_customer: bool = True
    votes: Mapping[str, tuple[int, int, int]] = field(default_factory=dict)
    signals: Mapping[str, float] = field(default_factory=dict)
    override: str | None = None

    @property
    def own(self) -> str:
        return self.segment if self.segment in SCHEMES else "default"

    def expected(self, weights: Weights) -> dict[str, Any]:
        """All figures of the account, exact."""
        role_nps = {
            role: Fraction(100 * (p - d), p + q + d) for role, (p, q, d) in self.votes.items()
        }
        scheme = dict(zip(ROLES, map(exact, weights.schemes[self.own]), strict=True))
        nps, voice = mean(role_nps, scheme)
        values = {name: exact(value) for name, value in self.signals.items()}
        values["account_nps"] = nps
        scores: dict[str, dict[str, Fraction]] = {pillar: {} for pillar in PILLARS}
        for name, (pillar, _, low, high) in SIGNALS.items():
            if values.get(name) is not None:
                share = (values[name] - exact(low)) / (exact(high) - exact(low))
                scores[pillar][name] = 100 * min(max(share, Fraction(0)), Fraction(1))
        inside = {name: exact(weight) for name, (_, weight, _, _) in SIGNALS.items()}
        pillars = {pillar: rounded(mean(scores[pillar], inside)[0]) for pillar in PILLARS}
        scorecard = dict(zip(PILLARS, map(exact, weights.scorecards[self.own]), strict=True))
        score, coverage = mean(pillars, scorecard)
        score = rounded(score)
        band = "red" if score is not None and score < 60 else "yellow"
        if score is not None and score >= 85:
            band = "green"
        if score is None or coverage < Fraction(1, 2):
            band = "insufficient_signal"
        return {
            "account_nps": nps,
            "role_weight_coverage": voice,
            "is_reportable": voice >= Fraction(1, 2),
            **{f"{pillar}_score": pillars[pillar] for pillar in PILLARS},
            "score_coverage": coverage,
            "health_score": score,
            "health_band": band,
        }


ACCOUNTS = (
    # the worked examples of the rulebook: -15 by role, and exactly 60 from 57, 40, 70 and 77
    Account(
        "Worked",
        arr=100_000,
        votes={"decision_maker": (0, 1, 0), "manager": (0, 0, 1), "user": (3, 1, 0)},
        signals={
            "active_seat_rate": 0.9,
            "breadth": 0.9,
            "payment_timeliness": 0.9,
            "bug_share": 0.1,
        },
    ),
    Account(
        "Edge",
        arr=50_000,
        votes={"decision_maker": (2, 0, 3)},
        signals={
            "active_seat_rate": 0.57,
            "breadth": 0.57,
            "payment_timeliness": 0.7,
            "bug_share": 0.23,
        },
    ),
    Account(
        "Silent boss",
        arr=75_000,
        votes={"manager": (1, 0, 0), "user": (0, 0, 1)},
        signals={"active_seat_rate": 0.2, "payment_timeliness": 1.0},
    ),
    Account(
        "Only boss",
        segment="small_business",
        votes={"decision_maker": (1, 0, 0)},
        signals={"active_seat_rate": 0.5, "payment_timeliness": 0.5, "bug_share": 0.5},
    ),
    Account(
        "Overridden",
        arr=60_000,
        votes={"decision_maker": (2, 0, 3)},
        signals={
            "active_seat_rate": 0.57,
            "breadth": 0.57,
            "payment_timeliness": 0.7,
            "bug_share": 0.23,
        },
        override="green",
    ),
    Account(
        "Former",
        arr=500_000,
        is_customer=False,
        votes={"decision_maker": (2, 0, 3)},
        signals={
            "active_seat_rate": 0.57,
            "breadth": 0.57,
            "payment_timeliness": 0.7,
            "bug_share": 0.23,
        },
    ),
    Account("Unheard", arr=10_000, signals={"bug_share": 0.0}),
    Account("Unknown", arr=20_000),
)


def policy_rows() -> dict[str, list[dict[str, Any]]]:
    dated = {"valid_from": BEGINNING}
    return {
        "policy.role_weights": [
            {
                **dated,
                "weight_scheme": name,
                "contact_role": role,
                "seniority": rank,
                "weight": weight,
            }
            for name, weights in SCHEMES.items()
            for rank, (role, weight) in enumerate(zip(ROLES, weights, strict=True), start=1)
        ],
        "policy.health_scorecards": [
            {**dated, "scorecard": name, "pillar": pillar, "weight": weight}
            for name, weights in SCORECARDS.items()
            for pillar, weight in zip(PILLARS, weights, strict=True)
        ],
        "policy.health_signals": [
            {**dated, "scorecard": "default", "pillar": pillar, "signal": name, "weight": weight}
            | {"score_0_at": low, "score_100_at": high}
            for name, (pillar, weight, low, high) in SIGNALS.items()
        ],
        "policy.health_bands": BANDS,
    }


def warehouse_rows(accounts: tuple[Account, ...] = ACCOUNTS) -> dict[str, list[dict[str, Any]]]:
    """The tables of a warehouse with these accounts at two period ends."""
    rows: dict[str, list[dict[str, Any]]] = {
        **policy_rows(),
        "marts.dim_accounts": [],
        "marts.account_nps": [],
        "marts.account_role_nps": [],
        "marts.account_health": [],
        "marts.account_health_signals": [],
    }
    for number, account in enumerate(accounts, start=1):
        key = {"account_id": f"A{number}"}
        rows["marts.dim_accounts"].append({**key, "account_name": account.name})
        figures = {
            name: float(value) if isinstance(value, Fraction) else value
            for name, value in account.expected(Weights()).items()
        }
        for day in (BEFORE, LATEST):
            at = {"period_end": day, **key}
            rows["marts.account_nps"].append({**at, **figures, "weight_scheme": account.own})
            for role in (*ROLES, "unknown"):
                p, q, d = account.votes.get(role, (0, 0, 0))
                votes = {"promoters": p, "passives": q, "detractors": d}
                rows["marts.account_role_nps"].append({**at, "contact_role": role, **votes})
            rows["marts.account_health"].append(
                {
                    **at,
                    **figures,
                    "segment": account.segment,
                    "scorecard": account.own,
                    "arr": account.arr,
                    "is_customer": account.is_customer,
                    "reported_band": account.override or figures["health_band"],
                    "override_reason": account.override and "agreed with the customer",
                }
            )
            values = {**account.signals, "account_nps": figures["account_nps"]}
            for signal in SIGNALS:
                value = {"signal": signal, "signal_value": values.get(signal)}
                rows["marts.account_health_signals"].append({**at, **value})
    return rows


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write_duckdb(tmp_path / "voc.duckdb", warehouse_rows())


def changed(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], *arguments: str
) -> tuple[dict[str, dict[str, str]], str]:
    """The rows of the CSV by account name, and what was printed."""
    out = tmp_path / "changed.csv"
    code = main(["what-if", "--database", str(file), "--csv", str(out), *arguments])
    printed = capsys.readouterr()
    assert code == 0, printed.err
    with out.open(encoding="utf-8", newline="") as lines:
        return {row["account_name"]: row for row in csv.DictReader(lines)}, printed.out


def refusal(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What is said when the command refuses, with exit code 2 and without a traceback."""
    assert main(["what-if", *arguments]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("voc-weights: ")
    assert "Traceback" not in printed.err
    return printed.err


def check(rows: Mapping[str, Mapping[str, str]], new: Weights) -> None:
    """Every account that must change is in `rows` with the right figures, and no other one is."""
    wanted = {}
    for account in ACCOUNTS:
        before, after = account.expected(Weights()), account.expected(new)
        signs = [
            None if it["account_nps"] is None else sign(it["account_nps"]) for it in (before, after)
        ]
        others = [(it["is_reportable"], it["health_band"]) for it in (before, after)]
        if account.is_customer and (signs[0] != signs[1] or others[0] != others[1]):
            wanted[account.name] = (before, after)
    assert set(rows) == set(wanted)
    for name, pair in wanted.items():
        for when, figures in zip(("before", "after"), pair, strict=True):
            for column in ("account_nps", "role_weight_coverage", "health_score"):
                text, value = rows[name][f"{column}_{when}"], figures[column]
                assert (text == "") == (value is None), (name, column, when)
                if value is not None:
                    assert float(text) == pytest.approx(float(value), abs=1e-6), (name, column)
            assert rows[name][f"is_reportable_{when}"] == str(figures["is_reportable"]).lower()
            assert rows[name][f"health_band_{when}"] == figures["health_band"]


def sign(number: Fraction) -> int:
    return (number > 0) - (number < 0)


# The answer


def test_new_role_weights_change_the_sign_and_flow_into_the_score(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows, printed = changed(file, tmp_path, capsys, "--role", "user=0.8")
    check(
        rows, Weights(schemes={"default": (0.125, 0.075, 0.8), "small_business": (0.15, 0.05, 0.8)})
    )
    worked = rows["Worked"]
    assert float(worked["account_nps_before"]) == pytest.approx(-15)
    assert float(worked["account_nps_after"]) == pytest.approx(52.5)
    # a quarter of 33.75 points of the voice pillar
    gain = float(worked["health_score_after"]) - float(worked["health_score_before"])
    assert gain == pytest.approx(0.25 * 67.5 / 2)
    assert (
        "scheme default: decision_maker 0.5 -> 0.125, manager 0.3 -> 0.075, user 0.2 -> 0.8"
        in printed
    )
    assert "scaled so that the sum stays 1" in printed


def test_new_pillar_weights_change_the_band(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows, printed = changed(file, tmp_path, capsys, "--pillar", "usage=0.4")
    others = (0.4, *(float(Fraction(6, 7) * exact(weight)) for weight in (0.25, 0.25, 0.2)))
    check(
        rows,
        Weights(scorecards={"default": others, "small_business": SCORECARDS["small_business"]}),
    )
    edge = rows["Edge"]
    assert edge["health_score_before"] == "60.0"
    assert (edge["health_band_before"], edge["health_band_after"]) == ("yellow", "red")
    assert edge["account_nps_before"] == edge["account_nps_after"]
    assert edge["changes"] == "band"
    assert "scorecard small_business: the weights it has already" in printed


def test_new_signal_weights_scale_the_others_of_their_pillar(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows, printed = changed(
        file, tmp_path, capsys, "--signal", "breadth=1", "--scorecard", "DEFAULT"
    )
    assert "scorecard default: active_seat_rate 0.6 -> 0, breadth 0.4 -> 1" in printed
    # usage was the only bad pillar of this account, and nothing measures its breadth
    assert list(rows) == ["Silent boss"]
    assert rows["Silent boss"]["health_band_after"] == "yellow"


def test_weights_that_sum_to_one_leave_nothing_for_the_rest(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows, _ = changed(file, tmp_path, capsys, "--role", "manager=0.6", "--role", "user=0.4")
    check(rows, Weights(schemes=dict.fromkeys(SCHEMES, (0.0, 0.6, 0.4))))
    boss = rows["Only boss"]
    assert boss["account_nps_after"] == ""
    assert boss["changes"].startswith("NPS sign; NPS not reportable")


def test_roles_and_pillars_together(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ("--role", "decision_maker=0.6", "--pillar", "voc=0.4", "--pillar", "usage=0.3")
    rows, _ = changed(file, tmp_path, capsys, *arguments)
    schemes = {"default": (0.6, 0.24, 0.16), "small_business": (0.6, 0.2, 0.2)}
    scorecards = {
        "default": (0.3, 0.4, float(Fraction(1, 6)), float(Fraction(2, 15))),
        "small_business": (0.3, 0.4, 0.1875, 0.1125),
    }
    check(rows, Weights(schemes, scorecards))
    assert "NPS not reportable" in rows["Silent boss"]["changes"]


def test_a_scheme_or_scorecard_can_be_singled_out(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows, printed = changed(
        file, tmp_path, capsys, "--role", "user=1", "--scheme", "small_business"
    )
    check(rows, Weights(schemes={**SCHEMES, "small_business": (0.0, 0.0, 1.0)}))
    assert list(rows) == ["Only boss"]
    assert "scheme default" not in printed
    rows, _ = changed(
        file, tmp_path, capsys, "--pillar", "usage=1", "--scorecard", "small_business"
    )
    check(rows, Weights(scorecards={**SCORECARDS, "small_business": (1.0, 0.0, 0.0, 0.0)}))


def test_an_override_stays_and_is_shown(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows, printed = changed(file, tmp_path, capsys, "--pillar", "usage=0.4")
    row = rows["Overridden"]
    assert (row["health_band_before"], row["health_band_after"]) == ("yellow", "red")
    assert (row["reported_band"], row["override_reason"]) == ("green", "agreed with the customer")
    assert "yellow -> red (reported: green)" in printed
    assert "1 customer keeps the band that a person has set" in printed


def test_the_answer_is_sorted_by_arr_and_summed_up(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows, printed = changed(file, tmp_path, capsys, "--pillar", "usage=0.4")
    assert list(rows) == ["Overridden", "Edge"]
    assert "2 of 7 customers change, with ARR 110,000 of 315,000" in printed
    assert "band: 2, with ARR 110,000" in printed
    assert "sign of the NPS: 0, with ARR 0" in printed
    assert "Left out: 1 account that is no customer on that day." in printed
    (bands,) = (line for line in printed.splitlines() if line.startswith("Bands as computed"))
    assert "red 1 -> 3" in bands
    assert "yellow 4 -> 2" in bands
    assert "insufficient_signal 2 -> 2" in bands
    lines = printed.splitlines()
    table = lines[lines.index(next(line for line in lines if line.startswith("Account"))) :][:3]
    assert (
        len(
            {line.index("Band") for line in table[:1]}
            | {line.index("yellow ->") for line in table[1:]}
        )
        == 1
    )


def test_unchanged_weights_change_nobody(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows, printed = changed(
        file, tmp_path, capsys, "--role", "decision_maker=0.5", "--scheme", "default"
    )
    assert rows == {}
    assert "0 of 7 customers change" in printed


def test_another_period_can_be_asked_about(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, printed = changed(file, tmp_path, capsys, "--role", "user=0.8", "--period", "2026-05-31")
    assert printed.startswith("At 2026-05-31.")
    arguments = ("--database", str(file), "--role", "user=0.8", "--period")
    said = refusal(capsys, *arguments, "2026-05-30")
    assert (
        "2026-05-30 is no period end of this warehouse. The latest are: 2026-06-30, 2026-05-31."
        in said
    )
    assert "it takes a day" in refusal(capsys, *arguments, "yesterday")


# Mistakes


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "Give at least one --role, --pillar or --signal."),
        (["--role", "decision_maker"], "it takes a name and a weight"),
        (["--role", "=0.5"], "it takes a name and a weight"),
        (["--role", "decision_maker=half"], "'half' is no number"),
        (["--role", "decision_maker=0,6"], "'0,6' is no number (write 0.4)"),
        (["--role", "decision_maker=nan"], "'nan' is no number"),
        (["--role", "user=0.1", "--role", "user=0.2"], "--role user is given more than once"),
        (["--role", "boss=0.6"], "Unknown role boss. Known: decision_maker, manager, user."),
        (
            ["--pillar", "sales=0.6"],
            "Unknown pillar sales. Known: usage, voc, commercial, service.",
        ),
        (["--signal", "logins=0.6"], "Unknown signal logins. Known: active_seat_rate, breadth"),
        (["--role", "user=1.5"], "The weight of user is 1.5; it takes 0 to 1."),
        (["--role", "user=-0.5"], "The weight of user is -0.5; it takes 0 to 1."),
        (["--role", "user=0.7", "--role", "manager=0.6"], "sum to 0.7 + 0.6 = 1.3: more than 1"),
        (
            [f"--role={role}=0.3" for role in ROLES],
            "sum to 0.3 + 0.3 + 0.3 = 0.9: less than 1, and no other weight can take the rest",
        ),
        (["--signal", "account_nps=0.5"], "less than 1, and no other weight can take the rest"),
        (
            ["--role", "user=0.5", "--scheme", "vip"],
            "by the scheme vip. In use: default, small_business.",
        ),
        (["--pillar", "voc=0.5", "--scorecard", "vip"], "by the scorecard vip. In use: default"),
        (["--pillar", "voc=0.5", "--scheme", "default"], "--scheme is about roles"),
        (
            ["--role", "user=0.5", "--scorecard", "default"],
            "--scorecard is about pillars and signals",
        ),
        (["--role", "user=0.5", "--vars", "[1"], "it takes what dbt takes"),
        (["--role", "user=0.5", "--target", "postgres"], "Give --database, or --target"),
    ],
)
def test_a_mistake_is_one_clear_sentence(
    file: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    assert said in refusal(capsys, "--database", str(file), *arguments)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("marts.account_nps set account_nps = account_nps + 0.001", "account_nps of A1 is -14.999"),
        (
            "marts.account_nps set is_reportable = false",
            "is_reportable of A1 is False, and True here",
        ),
        ("marts.account_role_nps set promoters = promoters + 1", "account_nps of A1"),
        ("marts.account_health set voc_score = voc_score + 0.00001", "voc_score of A1"),
        ("marts.account_health set health_score = null", "health_score of A1 is nan"),
        (
            "marts.account_health set health_band = 'green' where account_id = 'A2'",
            "health_band of A2",
        ),
        (
            "marts.account_health_signals set signal_value = 0.1 where signal = 'breadth'",
            "usage_score",
        ),
        (
            "policy.role_weights set weight = 0.5 - weight"
            " where contact_role <> 'decision_maker' and weight_scheme = 'default'",
            "account_nps of A1",
        ),
        ("policy.role_weights set weight = 0.5", "breaks a rule: the weights sum to 1.5"),
        (
            "policy.health_bands set score_below = 80 where band = 'yellow'",
            "breaks a rule: no band",
        ),
        ("policy.health_scorecards set pillar = 'sales' where pillar = 'voc'", "breaks a rule"),
    ],
)
def test_numbers_that_do_not_come_out_again_are_refused(
    file: Path, capsys: pytest.CaptureFixture[str], change: str, said: str
) -> None:
    with duckdb.connect(file) as connection:
        connection.execute(f"update {change}")
    refused = refusal(capsys, "--database", str(file), "--role", "user=0.8")
    assert said in refused
    assert "cannot be computed again" in refused or "breaks a rule" in refused


def test_a_build_with_other_variables_needs_the_same_here(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = warehouse_rows()
    for row in rows["marts.account_health"]:
        if row["account_id"] == "A7":
            row["health_band"] = "green"
    file = write_duckdb(tmp_path / "voc.duckdb", rows)
    arguments = ("--database", str(file), "--role", "user=0.8")
    assert "give the same --vars here" in refusal(capsys, *arguments)
    changed(file, tmp_path, capsys, *arguments[2:], "--vars", "{min_score_coverage: 0.2}")


@pytest.mark.parametrize(
    ("part", "name"),
    [("role_nps where contact_role = ", "user"), ("health_signals where signal = ", "breadth")],
)
def test_marts_older_than_the_policy_are_refused(
    file: Path, capsys: pytest.CaptureFixture[str], part: str, name: str
) -> None:
    with duckdb.connect(file) as connection:
        connection.execute(f"delete from marts.account_{part} '{name}'")
    refused = refusal(capsys, "--database", str(file), "--role", "manager=0.8")
    assert f"weighs {name}, and the marts do not have it: build again." in refused


# The warehouse


def test_the_warehouse_is_only_read(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    os.utime(file, (1_000_000_000, 1_000_000_000))
    content, names = file.read_bytes(), sorted(path.name for path in tmp_path.iterdir())
    changed(file, tmp_path, capsys, "--role", "user=0.8", "--pillar", "usage=0.4")
    assert file.read_bytes() == content
    assert file.stat().st_mtime == 1_000_000_000
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*names, "changed.csv"])
    file.chmod(0o444)
    changed(file, tmp_path, capsys, "--role", "user=0.8")


def test_other_readers_do_not_disturb(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with duckdb.connect(file, read_only=True):
        changed(file, tmp_path, capsys, "--role", "user=0.8")


@pytest.fixture
def writer(file: Path) -> Iterator[None]:
    """Another process that has the file open for writing."""
    code = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('open', flush=True); input()"
    command = [sys.executable, "-c", code, str(file)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        yield
        process.communicate("\n")


@pytest.mark.usefixtures("writer")
def test_a_file_that_is_written_to_says_so(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = refusal(capsys, "--database", str(file), "--role", "user=0.8")
    assert "Another program is writing to" in said
    assert "then try again" in said


def test_what_cannot_be_read_says_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    question = ("--role", "user=0.8", "--database")
    missing = tmp_path / "missing.duckdb"
    assert f"There is no DuckDB file {missing}. Build it first" in refusal(
        capsys, *question, str(missing)
    )
    assert not missing.exists()
    text = tmp_path / "text.duckdb"
    text.write_text("no database")
    assert "not a valid DuckDB database file" in refusal(capsys, *question, str(text))
    rows = warehouse_rows()
    bare = write_duckdb(
        tmp_path / "bare.duckdb", {"marts.dim_accounts": rows["marts.dim_accounts"]}
    )
    assert "has no marts.account_health. Build it first" in refusal(capsys, *question, str(bare))
    old = write_duckdb(tmp_path / "old.duckdb", rows)
    with duckdb.connect(old) as connection:
        connection.execute("alter table marts.account_health drop column override_reason")
    assert "marts.account_health without override_reason" in refusal(capsys, *question, str(old))
    empty = write_duckdb(tmp_path / "empty.duckdb", {relation: [] for relation in rows})
    assert "marts.account_health in" in refusal(capsys, *question, str(empty))


def test_a_result_is_never_written_over_policy_or_warehouse(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    question = ("--database", str(file), "--role", "user=0.8", "--csv")
    policy = REPOSITORY / "seeds" / "policy" / "role_weights.csv"
    content = policy.read_bytes()
    link = tmp_path / "link"
    link.symlink_to(policy.parent)
    elsewhere = tmp_path / "seeds" / "policy"
    elsewhere.mkdir(parents=True)
    for path in (policy, link / "new.csv", elsewhere / "new.csv"):
        assert "is in the policy folder" in refusal(capsys, *question, str(path))
    assert policy.read_bytes() == content
    assert "is the warehouse itself" in refusal(capsys, *question, str(file))
    assert "There is no folder" in refusal(capsys, *question, str(tmp_path / "no" / "where.csv"))


@pytest.mark.postgres
def test_postgres_gives_the_same_answer(
    postgres: PostgresServer,
    file: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    database = postgres.new_database()
    database.execute("; ".join(statements(warehouse_rows())))
    for name, value in database.environment.items():
        monkeypatch.setenv(name, value)
    profiles = tmp_path / "profiles"
    profiles.mkdir()
    (profiles / "profiles.yml").write_text((REPOSITORY / "profiles.example.yml").read_text())
    question = ["--role", "user=0.8", "--pillar", "usage=0.4"]
    rows, printed = changed(file, tmp_path, capsys, *question)
    out = tmp_path / "postgres.csv"
    place = ["--target", "postgres", "--profiles-dir", str(profiles)]
    assert main(["what-if", *question, *place, "--csv", str(out)]) == 0
    assert capsys.readouterr().out == printed.replace("changed.csv", "postgres.csv")
    with out.open(encoding="utf-8", newline="") as lines:
        assert {row["account_name"]: row for row in csv.DictReader(lines)} == rows
    assert "does not have a target named 'nowhere'" in refusal(
        capsys, *question, "--target", "nowhere", "--profiles-dir", str(profiles)
    )
    monkeypatch.setenv("VOC_PG_DBNAME", "not_there")
    assert "PostgreSQL cannot be reached" in refusal(capsys, *question, *place)


# The demo


def test_the_demo_is_computed_again_at_every_period(
    demo: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    periods = demo.query("select distinct period_end from marts.account_health order by 1")
    assert len(periods) > 12
    before = demo.database.read_bytes()
    for row in periods:
        place = ["--database", str(demo.database), "--project", str(demo.root)]
        code = main(
            ["what-if", "--role", "decision_maker=0.6", "--period", str(row["period_end"]), *place]
        )
        assert code == 0, capsys.readouterr().err
    assert demo.database.read_bytes() == before
