"""The NPS marts against a second computation of them: plain Python, written from the rulebook.

The reference below shares no code and no SQL with the project. It reads the landed rows, sorts out
who answered when, as whom and for which account, and counts with exact fractions; every row and
every column of the four marts is then compared with what dbt built.
"""

from __future__ import annotations

import calendar
import csv
import itertools
import math
import random
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pytest
from calendars import Calendar
from harness import Project, Row
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.optimize import brentq

Z = 1.96
Tables = dict[str, list[Row]]


# ---------------------------------------------------------------------------------------------
# The reference: settings and policy
# ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Rules(Calendar):
    """The variables of a run."""

    window_days: int = 365
    min_coverage: Fraction = Fraction(1, 2)
    min_responses: int = 5
    has_billing: bool = False

    def variables(self) -> dict[str, Any]:
        return {
            "voc_demo": False,
            "survey_vendors": ["generic"],
            "crm_vendors": ["generic"],
            "support_vendors": [],
            "usage_vendors": [],
            "billing_vendors": ["generic"] if self.has_billing else [],
            "employee_vendors": [],
            "as_of_date": self.as_of.isoformat(),
            "reporting_timezone": self.zone,
            "history_months": self.history_months,
            "nps_window_days": self.window_days,
            "min_role_weight_coverage": float(self.min_coverage),
            "min_reportable_responses": self.min_responses,
        }


class Weight(NamedTuple):
    role: str
    seniority: int
    weight: Fraction


@dataclass(frozen=True)
class Policy:
    """role_weights and title_roles of a copy of the project."""

    weights: list[Row]
    role_rules: list[Row]

    @classmethod
    def of(cls, root: Path) -> Policy:
        def read(name: str) -> list[Row]:
            with (root / f"seeds/policy/{name}.csv").open(encoding="utf-8", newline="") as file:
                return list(csv.DictReader(file))

        rules = sorted(read("title_roles"), key=lambda rule: int(rule["rule_order"]))
        return cls(read("role_weights"), rules)

    def scheme(self, segment: str, day: date) -> tuple[str, list[Weight]]:
        """The segment's scheme on a day, or the default one where it has none by then."""
        for name in ((segment or "").lower(), "default"):
            begun = [
                row
                for row in self.weights
                if row["weight_scheme"] == name and row["valid_from"] <= day.isoformat()
            ]
            if begun:
                last = max(row["valid_from"] for row in begun)
                return name, [
                    Weight(row["contact_role"], int(row["seniority"]), Fraction(row["weight"]))
                    for row in begun
                    if row["valid_from"] == last
                ]
        raise AssertionError("no default scheme")

    def role(self, applies_to: str, text: str | None) -> str | None:
        """The role of the first rule that matches a title or a CRM role field."""
        if text is None:
            return None
        parts = [words(part) for part in (text.split(";") if applies_to == "crm_role" else [text])]
        for rule in self.role_rules:
            if rule["applies_to"] != applies_to:
                continue
            pattern = words(rule["pattern"])
            for part in parts:
                if (
                    (rule["match_type"] == "equals" and part == pattern)
                    or (rule["match_type"] == "word" and f" {pattern} " in f" {part} ")
                    or (rule["match_type"] == "contains" and pattern in part)
                ):
                    return rule["contact_role"]
        return None


def words(text: str) -> str:
    """Lower case, one space for whatever is no letter or digit."""
    return re.sub(r"[\W_]+", " ", text.lower()).strip()


# ---------------------------------------------------------------------------------------------
# The reference: from landed rows to votes
# ---------------------------------------------------------------------------------------------


class Answer(NamedTuple):
    """A sound relationship NPS answer, everything about it as it was when it was given."""

    order: tuple
    day: date
    person: str | None
    account: str | None
    role: str
    segment: str | None
    region: str | None
    score: int


@dataclass
class World:
    """What the CRM, billing and the answers come down to."""

    rules: Rules
    policy: Policy
    tables: Tables
    accounts: dict[str, Row] = field(init=False)
    account_keys: dict[str, str] = field(init=False)
    account_versions: dict[str, list[Row]] = field(init=False)
    contacts: dict[str, Row] = field(init=False)
    contact_versions: dict[str, list[Row]] = field(init=False)

    def __post_init__(self) -> None:
        self.tables = {
            name: [
                dict.fromkeys((*COLUMNS[name], "loaded_at"))
                | {column: cleaned(value) for column, value in row.items()}
                for row in rows
            ]
            for name, rows in self.tables.items()
        }
        self._find_accounts()
        self._find_contacts()

    def rows(self, table: str) -> list[Row]:
        return self.tables.get(table, [])

    # accounts

    def _find_accounts(self) -> None:
        landed = last_of_each(self.rows("accounts"), "account_id")
        links = {key: row.get("merged_into_account_id") for key, row in landed.items()}
        survivor = {key: end_of_chain(key, links) for key in landed}
        self.accounts = {key: row for key, row in landed.items() if survivor[key] == key}
        named: dict[str, set[str]] = defaultdict(set)
        for key, row in landed.items():
            if survivor[key] in self.accounts and row.get("external_id"):
                named[row["external_id"]].add(survivor[key])
        self.account_keys = {key: ids.pop() for key, ids in named.items() if len(ids) == 1}
        self.account_keys |= {key: end for key, end in survivor.items() if end in self.accounts}
        self.account_versions = versions(self.rows("account_versions"), "account_id", landed)

    def account_at(self, account: str, moment: datetime, inclusive: bool = True) -> Row:
        """Segment and region then: what the version says, be it nothing, where any version says it."""
        now = self.accounts[account]
        then = version_at(self.account_versions[account], moment, inclusive)
        told = {
            column
            for versions in self.account_versions.values()
            for version in versions
            for column in ("segment", "region")
            if version.get(column)
        }
        return {
            column: then.get(column)
            if then is not None and column in told
            else now.get(column) or "unknown"
            for column in ("segment", "region")
        }

    def existed(self, account: str, day: date) -> bool:
        created = self.accounts[account].get("created_at")
        return created is None or self.rules.day(created) <= day

    def arr(self, account: str, day: date) -> Fraction | None:
        """What billing says is paid that day; the CRM's figure where billing says nothing."""
        if self.rules.has_billing:
            customers = {
                row["customer_id"]: row.get("account_ref") or row["customer_id"]
                for row in self.rows("billing_customers")
            }
            known = [
                row
                for row in self.rows("subscriptions")
                if self.account_keys.get(customers.get(row["customer_id"], row["customer_id"]))
                == account
                and self.rules.day(row["valid_from"]) <= day
            ]
            paid = [
                row
                for row in known
                if row.get("is_paying") is not False
                and (row.get("valid_to") is None or day < self.rules.day(row["valid_to"]))
            ]
            prices = [Fraction(row["mrr"]) for row in paid if row.get("mrr") is not None]
            if known and (prices or not paid):
                return 12 * sum(prices, Fraction())
        arr = self.accounts[account].get("arr")
        return None if arr is None else Fraction(arr)

    # contacts

    def _find_contacts(self) -> None:
        landed = last_of_each(self.rows("contacts"), "contact_id")
        self.contacts = {}
        for key, row in landed.items():
            account = row.get("account_id")
            if account is not None and account not in self.account_keys:
                continue  # quarantined: unknown_account
            self.contacts[key] = {**row, "account": self.account_keys.get(account)}
        links = {key: row.get("merged_into_contact_id") for key, row in self.contacts.items()}
        self.contact_survivor = {key: end_of_chain(key, links) for key in self.contacts}
        self.contact_versions = versions(
            [
                {**row, "account": self.account_keys.get(row.get("account_id"))}
                for row in self.rows("contact_versions")
                if row.get("account_id") is None or row["account_id"] in self.account_keys
            ],
            "contact_id",
            self.contacts,
        )
        self.people: dict[str, list[str]] = defaultdict(list)
        self.by_external_id: dict[str, str] = {}
        self.by_email: dict[str, str] = {}
        for key, row in self.contacts.items():
            if row.get("external_id"):
                self.by_external_id[row["external_id"]] = self.contact_survivor[key]
            if self.contact_survivor[key] == key:
                self.people[self.person(key)].append(key)
        for contacts in self.people.values():
            contacts.sort(key=self._standing)
            for key in contacts:
                if email := self.contacts[key].get("email"):
                    self.by_email[email.lower()] = contacts[-1]
        for key, row in self.contacts.items():
            if self.contact_survivor[key] != key and row.get("email"):
                self.by_email.setdefault(row["email"].lower(), self.contact_survivor[key])

    def _standing(self, contact: str) -> tuple:
        """Of several contacts of a person the one who has not left, then the newest, answers."""
        row = self.contacts[contact]
        return (not self.is_gone(row, self.rules.as_of), row.get("created_at") or datetime.min)

    def person(self, contact: str) -> str:
        survivor = self.contacts[self.contact_survivor[contact]]
        return (survivor.get("email") or survivor["contact_id"]).lower()

    def is_gone(self, contact: Row, day: date) -> bool:
        if contact.get("left_at") is not None:
            return self.rules.day(contact["left_at"]) <= day
        return bool(contact.get("has_left"))

    def role_and_account(
        self, contact: str, moment: datetime, inclusive: bool = True
    ) -> tuple[str, str | None]:
        """Role and account that were valid then, today's where no history says."""
        now = self.contacts[contact]
        then = version_at(self.contact_versions[contact], moment, inclusive) or now
        return self.role_of(contact, then), then["account"]

    def role_of(self, contact: str, then: Row) -> str:
        role = self.policy.role("crm_role", then.get("crm_role"))
        role = role or self.played_role(contact, then["account"])
        return role or self.policy.role("title", then.get("title")) or "unknown"

    def played_role(self, contact: str, account: str | None) -> str | None:
        """The part on an account: on the account itself before a deal, primary before others."""
        parts = [
            row
            for row in self.rows("contact_roles")
            if row["contact_id"] == contact
            and account is not None
            and self.account_keys.get(row.get("account_id")) == account
            and self.policy.role("crm_role", row["role_name"])
        ]
        parts.sort(key=lambda row: (row.get("role_origin") != "account", not row.get("is_primary")))
        return self.policy.role("crm_role", parts[0]["role_name"]) if parts else None

    def role_there(self, contact: str, account: str, moment: datetime) -> str | None:
        """Role of a person at an account that is not the contact's own.

        As a contact there then, else as one today, else by a part played there.
        """
        found: list[tuple[int, int, bool, str, str]] = []
        for key in self.people[self.person(contact)]:
            states = version_at(self.contact_versions[key], moment, True), self.contacts[key]
            for order, state in enumerate(states):
                if state is not None and state["account"] == account:
                    role = self.role_of(key, state)
                    found.append((order, 1, role == "unknown", key, role))
            if role := self.played_role(key, account):
                found.append((1, 2, False, key, role))
        return min(found)[-1] if found else None

    def find_contact(self, refs: Row) -> str | None:
        by_id, external = refs.get("crm_contact_ref"), refs.get("external_contact_ref")
        if by_id in self.contacts:
            return self.contact_survivor[by_id]
        if external in self.by_external_id:
            return self.by_external_id[external]
        if external in self.contacts:
            return self.contact_survivor[external]
        return self.by_email.get((refs.get("respondent_email") or "").lower())

    # people asked

    def asked_at(self, day: date) -> dict[str, tuple[str | None, str]]:
        """Whom a delivered relationship survey reached in the window: account and role then."""
        found: dict[str, tuple[tuple, str | None, str]] = {}
        for key, row in last_of_each(self.rows("survey_invitations"), "invitation_id").items():
            sent = row.get("sent_at")
            if row.get("survey_family") != "relationship" or row.get("is_delivered") is False:
                continue
            asked_on = self.rules.day(sent)
            if not day - timedelta(days=self.rules.window_days) < asked_on <= day:
                continue
            contact = self.find_contact(row)
            role, account = "unknown", None
            if contact is not None:
                person = self.person(contact)
                role, account = self.role_and_account(contact, sent)
            elif (person := stranger(row)) is None:
                continue
            if row.get("account_ref") is not None:
                account = self.account_keys[row["account_ref"]]
            # of several sends of a day the later, then the smaller key
            order = (asked_on, sent, [-ord(letter) for letter in key])
            if person not in found or order > found[person][0]:
                found[person] = (order, account, role)
        return {person: (account, role) for person, (_, account, role) in found.items()}

    # answers

    def answers(self) -> list[Answer]:
        invitations = last_of_each(self.rows("survey_invitations"), "invitation_id")
        by_session = {
            row["response_ref"]: row for row in invitations.values() if row.get("response_ref")
        }
        found = []
        # a copy that is a test, or only comes later, gives way to one that counts now
        by_standing: tuple[list[Row], list[Row]] = ([], [])
        for row in self.rows("survey_responses"):
            moment = row.get("responded_at")
            is_later = moment is not None and self.rules.day(moment) > self.rules.as_of
            by_standing[not (row.get("is_test") or is_later)].append(row)
        landed: dict[str, Row] = {}
        for rows in by_standing:
            landed |= last_of_each(rows, "response_id", "responded_at")
        for key, row in landed.items():
            score, moment = sound_score(row.get("raw_score")), row.get("responded_at")
            if (
                row.get("metric") != "nps"
                or row.get("survey_family") not in (None, "relationship")
                or row.get("is_test")
                or score is None
                or moment is None
                or moment.year < 1990
                or self.rules.day(moment) > self.rules.as_of
            ):
                continue
            invitation = invitations.get(row.get("invitation_ref")) or by_session.get(
                row.get("survey_response_id"), {}
            )
            if invitation.get("sent_at") and moment < invitation["sent_at"]:
                continue
            refs = {column: row.get(column) or invitation.get(column) for column in PERSON_REFS}
            account_ref = row.get("account_ref") or invitation.get("account_ref")
            if account_ref is not None and account_ref not in self.account_keys:
                continue
            contact = self.find_contact(refs)
            role, account, person = "unknown", None, None
            if contact is not None:
                role, account = self.role_and_account(contact, moment)
                person = self.person(contact)
            else:
                person = stranger(refs)
            own, account = account, self.account_keys.get(account_ref, account)
            if contact is not None and None not in (own, account) and own != account:
                role = self.role_there(contact, account, moment) or role
            then = self.account_at(account, moment) if account else {}
            found.append(
                Answer(
                    order=(moment, row.get("loaded_at") or datetime.min, key),
                    day=self.rules.day(moment),
                    person=person,
                    account=account if person else None,
                    role=role,
                    segment=then.get("segment") if person else None,
                    region=then.get("region") if person else None,
                    score=score,
                )
            )
        return found


PERSON_REFS = ("crm_contact_ref", "external_contact_ref", "respondent_email")


def stranger(refs: Row) -> str | None:
    """Who is not in the CRM is still one person, by whatever names them."""
    email = (refs.get("respondent_email") or "").lower()
    return email or refs.get("crm_contact_ref") or refs.get("external_contact_ref")


def cleaned(value: Any) -> Any:
    return (value.strip() or None) if isinstance(value, str) else value


def last_of_each(rows: Iterable[Row], key: str, business_time: str = "") -> dict[str, Row]:
    """One row per key, the latest, then the one loaded last; rows without a key are nobody's."""
    ordered = sorted(
        rows,
        key=lambda row: tuple(row.get(c) or datetime.min for c in (business_time, "loaded_at")),
    )
    return {row[key]: row for row in ordered if row[key] is not None}


def end_of_chain(start: str, links: dict[str, str | None]) -> str | None:
    """Where links lead; the first member of a cycle that is reached stays where it is."""

    def is_on_cycle(node: str) -> bool:
        at, seen = links.get(node), set()
        while at is not None and at not in seen:
            if at == node:
                return True
            seen.add(at)
            at = links.get(at)
        return False

    at = start
    while links.get(at) is not None and not is_on_cycle(at):
        at = links[at]
    return at if at in links else None


def versions(rows: Iterable[Row], key: str, known: dict[str, Row]) -> dict[str, list[Row]]:
    """Sound versions of each entity in order: none overlaps the next, nor leaves it a second."""
    chosen: dict[str, dict[datetime, Row]] = defaultdict(dict)
    for row in sorted(rows, key=lambda row: row.get("loaded_at") or datetime.min):
        starts, ends = row.get("valid_from"), row.get("valid_to")
        if row[key] in known and starts is not None and (ends is None or ends >= starts):
            chosen[row[key]][starts] = dict(row)
    cut: dict[str, list[Row]] = defaultdict(list)
    for entity, by_start in chosen.items():
        cut[entity] = [by_start[start] for start in sorted(by_start)]
        for row, following in itertools.pairwise(cut[entity]):
            begins = following["valid_from"]
            if row["valid_to"] is None or row["valid_to"] >= begins - timedelta(seconds=1):
                row["valid_to"] = begins
    return cut


def version_at(found: list[Row], moment: datetime, inclusive: bool) -> Row | None:
    """The version valid at a moment, or (not inclusive) just before it."""
    for row in found:
        begun = row["valid_from"] <= moment if inclusive else row["valid_from"] < moment
        ended = row["valid_to"] is not None and (
            row["valid_to"] <= moment if inclusive else row["valid_to"] < moment
        )
        if begun and not ended:
            return row
    return None


def sound_score(text: str | None) -> int | None:
    """A whole number from 0 to 10, however it is written."""
    try:
        score = Fraction(text) if text is not None else None
    except ValueError:
        return None
    return int(score) if score is not None and score.denominator == 1 and 0 <= score <= 10 else None


# ---------------------------------------------------------------------------------------------
# The reference: from votes to the four marts
# ---------------------------------------------------------------------------------------------


@dataclass
class Count:
    """Votes, and people who could have voted."""

    promoters: int = 0
    passives: int = 0
    detractors: int = 0
    anonymous: int = 0
    eligible: int = 0
    eligible_respondents: int = 0
    asked: int = 0
    asked_respondents: int = 0

    def add(self, answer: Answer, is_eligible: bool, is_asked: bool = False) -> None:
        self.promoters += answer.score >= 9
        self.passives += 7 <= answer.score <= 8
        self.detractors += answer.score <= 6
        self.anonymous += answer.person is None
        self.eligible += is_eligible
        self.eligible_respondents += is_eligible
        self.asked += is_asked
        self.asked_respondents += is_asked

    def __add__(self, other: Count) -> Count:
        mine, others = vars(self), vars(other)
        return Count(**{name: mine[name] + others[name] for name in mine})

    @property
    def responses(self) -> int:
        return self.promoters + self.passives + self.detractors

    @property
    def nps(self) -> Fraction | None:
        if not self.responses:
            return None
        return Fraction(100 * (self.promoters - self.detractors), self.responses)

    @property
    def rates(self) -> Row:
        return {
            "reach_rate": ratio(Fraction(self.eligible_respondents), self.eligible),
            "asked_contacts": self.asked,
            "response_rate": ratio(Fraction(self.asked_respondents), self.asked),
        }

    @property
    def adjusted(self) -> tuple[Fraction, Fraction]:
        """Centre (-1 to 1) and squared standard error with three votes added."""
        n = self.responses + 3
        promoters = (self.promoters + Fraction(3, 4)) / n
        detractors = (self.detractors + Fraction(3, 4)) / n
        centre = promoters - detractors
        return centre, (promoters + detractors - centre**2) / n


def votes_at(answers: Iterable[Answer], day: date, window_days: int) -> list[Answer]:
    """The latest answer of each person in the window, and every anonymous answer in it."""
    inside = [a for a in answers if day - timedelta(days=window_days) < a.day <= day]
    latest: dict[str, Answer] = {}
    for answer in sorted(inside, key=lambda a: a.order):
        if answer.person is not None:
            latest[answer.person] = answer
    return [*latest.values(), *(a for a in inside if a.person is None)]


def interval(count: Count) -> tuple[float, float]:
    """Score interval up to 30 votes (roots by Brent, to 6 decimals), adjusted Wald above; not cut."""
    n, net = count.responses, (count.promoters - count.detractors) / count.responses
    if n > 30:
        centre, squared = count.adjusted
        margin = Z * 100 * math.sqrt(squared)
        return float(100 * centre) - margin, float(100 * centre) + margin

    def excess(value: float) -> float:
        """How much further away the score is than the score test allows."""
        b = (
            count.detractors * (1 - 3 * value)
            - 2 * count.passives * value
            + count.promoters * (1 - value)
        )
        root = math.sqrt(b * b + 8 * n * count.detractors * value * (1 - value))
        low = (b + root) / (4 * n)
        return (net - value) ** 2 * n - Z**2 * max(2 * low + value - value**2, 0)

    def end(limit: float) -> float:
        # Where all votes are one, the score itself is a root too, and not the one looked for.
        inside = net + (limit - net) * 1e-9
        return 100 * (limit if net == limit else brentq(excess, limit, inside, xtol=1e-14))

    return round(end(-1.0), 6), round(end(1.0), 6)


def cut(low: float, high: float) -> tuple[float, float]:
    return max(-100.0, low), min(100.0, high)


def vote(answer: Answer) -> int:
    return (answer.score >= 9) - (answer.score <= 6)


def whose(answer: Answer) -> tuple:
    """The person; an anonymous answer is a person of its own."""
    return ("person", answer.person) if answer.person is not None else ("answer", answer.order)


def cluster(answer: Answer) -> tuple:
    """The account; who has none is an account of their own."""
    return ("account", answer.account) if answer.account is not None else whose(answer)


def scopes_of(answer: Answer) -> list[tuple[str, str]]:
    scopes = [("company", "all")]
    if answer.person is not None:
        named = (("segment", answer.segment), ("region", answer.region), ("role", answer.role))
        scopes += [scope for scope in named if scope[1] is not None]
    return scopes


def in_scope(votes: Iterable[Answer], scope: tuple[str, str]) -> list[Answer]:
    return [answer for answer in votes if scope in scopes_of(answer)]


def design_effect(votes: Sequence[Answer]) -> Fraction | None:
    accounts: dict[tuple, list[int]] = defaultdict(list)
    for answer in votes:
        accounts[cluster(answer)].append(vote(answer))
    all_votes = list(itertools.chain.from_iterable(accounts.values()))
    if len(accounts) < 10 or len(set(all_votes)) == 1:
        return None
    n, many = len(all_votes), Fraction(len(accounts), len(accounts) - 1)
    mean = Fraction(sum(all_votes), n)
    between = sum(sum(x - mean for x in of_one) ** 2 for of_one in accounts.values())
    variance = sum((x - mean) ** 2 for x in all_votes) / (n - 1)
    return between / n**2 * many / (variance / n)


def contributions(
    older: Sequence[Answer], newer: Sequence[Answer]
) -> list[tuple[Answer, Fraction]]:
    """What each vote of either window did to the score, as a share."""
    mean = (share(older) + share(newer)) / 2
    gone = [(answer, -(vote(answer) - mean) / len(older)) for answer in older]
    return [*gone, *((answer, (vote(answer) - mean) / len(newer)) for answer in newer)]


def share(votes: Sequence[Answer]) -> Fraction:
    return Fraction(sum(map(vote, votes)), len(votes))


def change_of(older: Sequence[Answer], newer: Sequence[Answer]) -> Row:
    """Change between two windows: points, z, and in how many accounts somebody's vote differs."""
    if not older or not newer:
        return {"change": None, "z": None, "accounts": 0}
    by_account: dict[tuple, Fraction] = defaultdict(Fraction)
    for answer, contribution in contributions(older, newer):
        by_account[cluster(answer)] += contribution
    before = {(cluster(answer), whose(answer), vote(answer)) for answer in older}
    after = {(cluster(answer), whose(answer), vote(answer)) for answer in newer}
    spread = math.sqrt(sum(c**2 for c in by_account.values()))
    change = share(newer) - share(older)
    return {
        "change": 100 * change,
        "z": float(change) / spread if spread and before != after else None,
        "accounts": len({who for who, *_ in before ^ after}),
    }


def discovered(changes: dict[tuple, Row]) -> set[tuple]:
    """Benjamini and Hochberg over the scopes with enough accounts that changed."""
    tested = {
        scope: 2 * stats.norm.sf(abs(row["z"]))
        for scope, row in changes.items()
        if scope[0] != "company" and row["z"] is not None and row["accounts"] >= 10
    }
    ordered = sorted(tested, key=tested.__getitem__)
    passing = [
        rank
        for rank, scope in enumerate(ordered, start=1)
        if tested[scope] <= 0.05 * rank / len(ordered)
    ]
    return set(ordered[: max(passing, default=0)])


def months_before(day: date, months: int) -> date:
    """Month end before month end; of another day the same day of the month."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    is_month_end = day.day == calendar.monthrange(day.year, day.month)[1]
    return date(year, month + 1, last if is_month_end else min(day.day, last))


def sign(value: Fraction | None) -> int:
    """Sign of a score, compared to six decimals."""
    rounded = round(value, 6) if value is not None else 0
    return (rounded > 0) - (rounded < 0)


def ratio(top: Fraction, bottom: Fraction) -> Fraction | None:
    return top / bottom if bottom else None


def score_account(
    counts: dict[str, Count], scheme: Sequence[Weight], rules: Rules, is_left_alone: bool = False
) -> Row:
    """account_nps of one account from the votes of its roles; of unknown roles alone, from all."""
    row = weigh_account(counts, scheme, rules.min_coverage)
    is_pooled = row["responses"] > 0 and row["unknown_role_responses"] == row["responses"]
    if is_pooled:
        row |= {
            **dict.fromkeys(("account_nps", "respondent_weighted_nps"), row["pooled_nps"]),
            **dict(zip(("ci_low", "ci_high"), cut(*interval(counts["unknown"])), strict=True)),
            **{"nps_low_bound": -100, "nps_high_bound": 100, "role_weight_coverage": None},
            "nps_status": "roles_unknown",
            "is_reportable": row["responses"] >= rules.min_responses,
        }
    if row["is_reportable"]:
        row["no_score_reason"] = None
    elif row["responses"]:
        row["no_score_reason"] = "roles_unknown" if is_pooled else "roles_silent"
    else:
        row["no_score_reason"] = "not_surveyed" if is_left_alone else "no_answers"
    return row


def weigh_account(
    counts: dict[str, Count], scheme: Sequence[Weight], min_coverage: Fraction
) -> Row:
    """The role-weighted figures of one account."""
    heard = [w for w in scheme if w.role in counts and counts[w.role].responses]
    nps = {w.role: counts[w.role].nps for w in heard}
    coverage = sum((w.weight for w in heard), Fraction())
    weighted = sum((w.weight * nps[w.role] for w in heard), Fraction())
    pooled = sum(counts.values(), Count())
    score = ratio(weighted, coverage)
    row: Row = {
        "account_nps": score,
        "ci_low": None,
        "ci_high": None,
        "nps_low_bound": weighted - 100 * (1 - coverage),
        "nps_high_bound": weighted + 100 * (1 - coverage),
        "role_weight_coverage": coverage,
        "eligible_contacts": pooled.eligible,
        "responses": pooled.responses,
        "unknown_role_responses": counts["unknown"].responses if "unknown" in counts else 0,
        "pooled_nps": pooled.nps,
        "respondent_weighted_nps": ratio(
            sum((w.weight * counts[w.role].responses * nps[w.role] for w in heard), Fraction()),
            sum((w.weight * counts[w.role].responses for w in heard), Fraction()),
        ),
        "waterfall_nps": nps[min(heard, key=lambda w: w.seniority).role] if heard else None,
        "role_spread": max(nps.values()) - min(nps.values()) if nps else None,
        "has_role_conflict": {-1, 1} <= {sign(value) for value in nps.values()},
        "is_single_threaded": pooled.responses == 1,
        "is_reportable": round(coverage, 6) >= min_coverage,
    }
    if score is not None:
        below = above = 0.0
        for w in heard:
            low, high = cut(*interval(counts[w.role]))
            portion, middle = float(w.weight / coverage), float(nps[w.role])
            below += (portion * (middle - low)) ** 2
            above += (portion * (high - middle)) ** 2
        ends = float(score) - math.sqrt(below), float(score) + math.sqrt(above)
        row["ci_low"], row["ci_high"] = cut(*ends)
    definitions = ("account_nps", "pooled_nps", "respondent_weighted_nps", "waterfall_nps")
    row["definitions_disagree_in_sign"] = {-1, 1} <= {sign(row[name]) for name in definitions}
    row["nps_status"] = "reportable" if row["is_reportable"] else "insufficient_signal"
    return row


def recompute(world: World) -> dict[str, dict[tuple, Row]]:
    """The four marts, each as {key: row}."""
    rules, answers = world.rules, world.answers()
    marts: dict[str, dict[tuple, Row]] = {name: {} for name in KEYS}
    previous: date | None = None
    for day in rules.periods():
        asked = world.asked_at(day)
        votes = votes_at(answers, day, rules.window_days)
        cells = count_cells(world, votes, day, asked)
        by_account: dict[str, dict[str, Count]] = defaultdict(dict)
        for (account, role, _, _, _), count in cells.items():
            if account is not None:
                roles = by_account[account]
                roles[role] = roles.get(role, Count()) + count
        revenue: dict[tuple, list[tuple[Fraction, Fraction]]] = defaultdict(list)
        arrs = {}
        for account in world.accounts:
            counts = by_account.get(account, {})
            if not counts and not world.existed(account, day):
                continue
            then = world.account_at(account, rules.end_of(day), inclusive=False)
            name, scheme = world.policy.scheme(then["segment"], day)
            arr = arrs[account] = world.arr(account, day)
            is_left_alone = bool(world.accounts[account].get("no_nps_form"))
            row = score_account(counts, scheme, rules, is_left_alone)
            marts["account_nps"][day, account] = row | {
                "segment": then["segment"],
                "region": then["region"],
                "weight_scheme": "pooled" if row["nps_status"] == "roles_unknown" else name,
                "arr": arr,
                "champion_left": champion_left(world, account, day),
                **{
                    f"{role}_nps": counts[role].nps if role in counts else None
                    for role in ("decision_maker", "manager", "user")
                },
            }
            if arr and row["account_nps"] is not None:
                for scope in (
                    ("company", "all"),
                    ("segment", then["segment"]),
                    ("region", then["region"]),
                ):
                    revenue[scope].append((arr, row["account_nps"]))
            weights = {w.role: w for w in scheme}
            for role in {*weights, *counts}:
                count, weight = counts.get(role, Count()), weights.get(role)
                heard = count.responses > 0
                ends = cut(*interval(count)) if heard else (None, None)
                if arr and heard:
                    revenue["role", role].append((arr, count.nps))
                marts["account_role_nps"][day, account, role] = {
                    "role_weight": weight.weight if weight else None,
                    "seniority": weight.seniority if weight else None,
                    "eligible_contacts": count.eligible,
                    "responses": count.responses,
                    "promoters": count.promoters,
                    "passives": count.passives,
                    "detractors": count.detractors,
                    "nps": count.nps,
                    "ci_low": ends[0],
                    "ci_high": ends[1],
                    **count.rates,
                }

        scopes: dict[tuple, Count] = defaultdict(Count)
        scopes["company", "all"] = sum(cells.values(), Count())
        for (_, role, segment, region, is_anonymous), count in cells.items():
            if not is_anonymous:
                for scope in (("segment", segment), ("region", region), ("role", role)):
                    if scope[1] is not None:
                        scopes[scope] += count
        changes = changes_of(answers, rules, day, previous, scopes)
        for scope, count in scopes.items():
            marts["company_nps"][day, *scope] = changes[scope] | score_scope(
                count, in_scope(votes, scope), revenue[scope], rules.min_responses
            )

        older = votes_at(answers, previous, rules.window_days) if previous else []
        for account, row in movers(older, votes, arrs).items():
            marts["nps_movers"][day, account] = row
        previous = day
    return marts


def changes_of(
    answers: Sequence[Answer],
    rules: Rules,
    day: date,
    previous: date | None,
    scopes: Iterable[tuple[str, str]],
) -> dict[tuple, Row]:
    """The columns of company_nps about changes, by scope."""
    votes = votes_at(answers, day, rules.window_days)
    rows: dict[tuple, Row] = {scope: {} for scope in scopes}
    compared = {
        "": previous,
        "_quarter": months_before(day, 3),
        "_year": months_before(day, 12),
    }
    for suffix, before in compared.items():
        older = votes_at(answers, before, rules.window_days) if before else []
        changes = {
            scope: change_of(in_scope(older, scope), in_scope(votes, scope)) for scope in rows
        }
        found = discovered(changes)
        for scope, change in changes.items():
            is_known = change["change"] is not None
            is_tested = change["accounts"] >= 10 and change["z"] is not None
            is_large = is_tested and round(abs(change["z"]), 6) >= Z
            rows[scope] |= {
                f"nps_change{suffix}": change["change"],
                f"change_z{suffix}": change["z"],
                f"is_significant{suffix}": is_large if is_known else None,
                f"is_significant_adjusted{suffix}": (
                    scope in found if is_known and scope[0] != "company" else None
                ),
            }
    return rows


def movers(
    older: Sequence[Answer], newer: Sequence[Answer], arrs: dict[str, Fraction | None]
) -> dict[str | None, Row]:
    """nps_movers of one period; nobody's votes are those of None."""
    if not older or not newer:
        return {}
    were, are = ({whose(answer) for answer in votes} for votes in (older, newer))
    moves: dict[str | None, Row] = {}
    sides = [False] * len(older) + [True] * len(newer)
    for is_newer, (answer, share_of_change) in zip(sides, contributions(older, newer), strict=True):
        row = moves.setdefault(
            answer.account,
            dict.fromkeys(
                (
                    "responses",
                    *("contribution_before", "contribution_after", "contribution_change"),
                    *("stayers", "joiners", "leavers"),
                ),
                Fraction(),
            ),
        )
        points, who = 100 * share_of_change, whose(answer)
        row["responses"] += is_newer
        row["contribution_after" if is_newer else "contribution_before"] += (
            points if is_newer else -points
        )
        row["contribution_change"] += points
        row["stayers" if who in were & are else "joiners" if is_newer else "leavers"] += points
    for account, row in moves.items():
        row["arr"] = arrs.get(account)
    ordered = sorted(
        moves,
        key=lambda account: (
            -round(abs(moves[account]["contribution_change"]), 6),
            moves[account]["arr"] is None,
            -(moves[account]["arr"] or 0),
            account is None,
            account or "",
        ),
    )
    for rank, account in enumerate(ordered, start=1):
        moves[account]["rank"] = rank
    return moves


def count_cells(
    world: World, votes: Iterable[Answer], day: date, asked: dict[str, tuple[str | None, str]]
) -> dict[tuple, Count]:
    """Votes, possible voters and people asked by account, role, segment, region and anonymity."""
    cells: dict[tuple, Count] = defaultdict(Count)
    voted, silent = set(), set()
    for vote in votes:
        if vote.person is not None:
            voted.add(vote.person)
        by_form = vote.account is None or not world.accounts[vote.account].get("no_nps_form")
        role = vote.role if vote.person is not None else None
        cell = (vote.account, role, vote.segment, vote.region, vote.person is None)
        counts = by_form and vote.person is not None
        cells[cell].add(vote, is_eligible=counts, is_asked=counts and vote.person in asked)
    for person, contacts in world.people.items():
        present = [
            key
            for key in contacts
            if not world.is_gone(world.contacts[key], day)
            and (
                world.contacts[key].get("created_at") is None
                or world.rules.day(world.contacts[key]["created_at"]) <= day
            )
        ]
        if person in voted or not present or world.contacts[present[-1]].get("is_opted_out"):
            continue
        moment = world.rules.end_of(day)
        role, account = world.role_and_account(present[-1], moment, inclusive=False)
        if account is None:
            continue
        silent.add(person)
        if world.accounts[account].get("no_nps_form"):
            continue
        then = world.account_at(account, moment, inclusive=False)
        cell = cells[account, role, then["segment"], then["region"], False]
        cell.eligible += 1
        cell.asked += person in asked
    for person, (account, role) in asked.items():
        if person in voted or person in silent:
            continue
        then = {}
        if account is not None:
            if world.accounts[account].get("no_nps_form"):
                continue
            then = world.account_at(account, world.rules.end_of(day), inclusive=False)
        cells[account, role, then.get("segment"), then.get("region"), False].asked += 1
    return cells


def champion_left(world: World, account: str, day: date) -> bool:
    first = day - timedelta(days=world.rules.window_days)
    return any(
        row["account"] == account
        and world.contact_survivor[key] == key
        and bool(row.get("is_champion"))
        and row.get("left_at") is not None
        and first < world.rules.day(row["left_at"]) <= day
        for key, row in world.contacts.items()
    )


def score_scope(
    count: Count,
    votes: Sequence[Answer],
    revenue: Iterable[tuple[Fraction, Fraction]],
    min_responses: int,
) -> Row:
    """company_nps of one scope."""
    n = count.responses
    row: Row = dict.fromkeys(
        ("ci_low", "ci_high", "margin_of_error", "margin_of_error_fpc", "anonymous_share")
    )
    row |= dict.fromkeys(("design_effect", "effective_responses"))
    row |= {
        "responses": n,
        "promoters": count.promoters,
        "passives": count.passives,
        "detractors": count.detractors,
        "nps": count.nps,
        "revenue_weighted_nps": ratio(
            sum((arr * nps for arr, nps in revenue), Fraction()),
            sum((arr for arr, _ in revenue), Fraction()),
        ),
        "eligible_contacts": count.eligible,
        **count.rates,
        "is_reportable": n >= min_responses,
    }
    if n:
        effect = row["design_effect"] = design_effect(votes)
        row["effective_responses"] = n / max(1, effect or 1)
        factor, accounts = 1.0, len({cluster(answer) for answer in votes})
        if effect is not None:
            factor = math.sqrt(max(1, effect))
            if accounts < 30:
                factor *= round(stats.t.ppf(0.975, accounts - 1), 6) / Z
        low, high = interval(count)
        centre = float(count.nps if n <= 30 else 100 * count.adjusted[0])
        low, high = centre - factor * (centre - low), centre + factor * (high - centre)
        everybody = count.eligible + n - count.eligible_respondents
        left_out = Fraction(everybody - n, everybody - 1) if everybody > 1 else 0
        row["ci_low"], row["ci_high"] = cut(low, high)
        row["margin_of_error"] = (high - low) / 2
        row["margin_of_error_fpc"] = (high - low) / 2 * math.sqrt(left_out)
        row["anonymous_share"] = Fraction(count.anonymous, n)
    return row


KEYS = {
    "account_role_nps": ("period_end", "account_id", "contact_role"),
    "account_nps": ("period_end", "account_id"),
    "company_nps": ("period_end", "scope_type", "scope_value"),
    "nps_movers": ("period_end", "account_id"),
}


def assert_same(project: Project, world: World) -> dict[str, dict[tuple, Row]]:
    """Compare every row and column of the four marts with the reference; return the latter."""
    expected = recompute(world)
    problems = []
    for mart, key in KEYS.items():
        built = {
            tuple(row.pop(column) for column in key): row
            for row in project.query(f"select * from marts.{mart}")
        }
        problems += [
            f"{mart} {k}: only in the mart: {built[k]}" for k in built.keys() - expected[mart]
        ]
        problems += [
            f"{mart} {k}: only in the reference: {expected[mart][k]}"
            for k in expected[mart].keys() - built
        ]
        for k in sorted(built.keys() & expected[mart].keys(), key=repr):
            unknown = built[k].keys() ^ expected[mart][k].keys()
            assert not unknown, f"{mart}: only on one side: {unknown}"
            problems += [
                f"{mart} {k} {column}: mart {value}, reference {expected[mart][k][column]}"
                for column, value in built[k].items()
                if not same(value, expected[mart][k][column])
            ]
    shown = "\n".join(problems[:40])
    assert not problems, f"{len(problems)} differences:\n{shown}"
    return expected


def same(built: Any, expected: Any) -> bool:
    if built is None or expected is None or isinstance(expected, bool | str):
        return built is expected or built == expected
    return abs(float(built) - float(expected)) <= 1e-6


# ---------------------------------------------------------------------------------------------
# Landing a world
# ---------------------------------------------------------------------------------------------

TEXT, TIME = "varchar", "timestamp"
COLUMNS: dict[str, dict[str, str]] = {
    "accounts": {
        **dict.fromkeys(("account_id", "external_id", "merged_into_account_id"), TEXT),
        **dict.fromkeys(("parent_account_id", "segment", "region"), TEXT),
        "no_nps_form": "boolean",
        "arr": "decimal(18, 2)",
        "created_at": TIME,
    },
    "account_versions": {
        **dict.fromkeys(("account_id", "segment", "region"), TEXT),
        **dict.fromkeys(("valid_from", "valid_to"), TIME),
    },
    "contacts": {
        **dict.fromkeys(("contact_id", "account_id", "external_id", "email", "title"), TEXT),
        **dict.fromkeys(("crm_role", "merged_into_contact_id"), TEXT),
        **dict.fromkeys(("is_champion", "is_opted_out", "has_left"), "boolean"),
        **dict.fromkeys(("left_at", "created_at"), TIME),
    },
    "contact_versions": {
        **dict.fromkeys(("contact_id", "account_id", "title", "crm_role"), TEXT),
        **dict.fromkeys(("valid_from", "valid_to"), TIME),
    },
    "contact_roles": {
        **dict.fromkeys(("contact_id", "account_id", "role_name", "role_origin"), TEXT),
        "is_primary": "boolean",
        "created_at": TIME,
    },
    "survey_invitations": {
        **dict.fromkeys(("invitation_id", "respondent_email", "crm_contact_ref"), TEXT),
        **dict.fromkeys(("account_ref", "response_ref", "survey_family"), TEXT),
        "is_delivered": "boolean",
        "sent_at": TIME,
    },
    "survey_responses": {
        **dict.fromkeys(("response_id", "survey_response_id", "metric", "survey_family"), TEXT),
        **dict.fromkeys(("raw_score", "crm_contact_ref", "external_contact_ref"), TEXT),
        **dict.fromkeys(("respondent_email", "account_ref", "invitation_ref"), TEXT),
        "responded_at": TIME,
        "is_test": "boolean",
    },
    "billing_customers": dict.fromkeys(("customer_id", "account_ref"), TEXT),
    "subscriptions": {
        **dict.fromkeys(("subscription_version_id", "subscription_id", "customer_id"), TEXT),
        "is_paying": "boolean",
        "mrr": "decimal(18, 2)",
        **dict.fromkeys(("valid_from", "valid_to"), TIME),
    },
}


def land(project: Project, tables: Tables) -> None:
    for table, rows in tables.items():
        columns = {**COLUMNS[table], "_loaded_at": TIME}
        named = [{**row, "_loaded_at": row.get("loaded_at")} for row in rows]
        assert all(row.keys() <= {*columns, "loaded_at"} for row in named), table
        project.land("generic", table, columns, named)


def build(project: Project, rules: Rules, *only: str) -> None:
    outcome = project.build(*only, variables=rules.variables())
    assert outcome.ok, outcome.output[-6000:]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


# ---------------------------------------------------------------------------------------------
# A small world with every awkward case
# ---------------------------------------------------------------------------------------------

NEW_YORK = Rules(as_of=date(2026, 6, 17), zone="America/New_York")

# A fourth role, a default scheme that changes within a month, one that knows three roles only.
SMALL_WORLD_WEIGHTS = """\
weight_scheme,valid_from,contact_role,seniority,weight
default,2000-01-01,decision_maker,1,0.40
default,2000-01-01,manager,2,0.30
default,2000-01-01,champion,3,0.10
default,2000-01-01,user,4,0.20
default,2026-02-10,decision_maker,1,0.35
default,2026-02-10,manager,3,0.25
default,2026-02-10,champion,2,0.15
default,2026-02-10,user,4,0.25
enterprise,2025-06-01,decision_maker,1,0.50
enterprise,2025-06-01,manager,2,0.30
enterprise,2025-06-01,user,3,0.20
enterprise,2026-05-31,decision_maker,1,0.25
enterprise,2026-05-31,manager,2,0.25
enterprise,2026-05-31,user,3,0.50
small_business,2000-01-01,decision_maker,1,0.60
small_business,2000-01-01,manager,2,0.20
small_business,2000-01-01,user,3,0.20
"""

ACCOUNTS = [
    {"account_id": "Worked", "segment": "Enterprise", "region": "EMEA", "arr": 1000},
    {"account_id": "Silent buyer", "segment": "enterprise", "region": "EMEA", "arr": 500},
    {"account_id": "Alder", "segment": "mid", "region": "APAC", "external_id": "ACC-1", "arr": 300},
    {"account_id": "Birch", "segment": "small_business", "arr": 0},
    {"account_id": "Key", "segment": "mid", "region": "EMEA", "no_nps_form": True, "arr": 9000},
    {"account_id": "Empty", "segment": "mid", "region": "EMEA", "arr": 50},
    {"account_id": "New", "arr": None, "created_at": at("2026-04-01 03:59:59")},
    {"account_id": "Newer", "region": "EMEA", "created_at": at("2026-04-01 04:00:00")},
    # chains of merges, one ends in a cycle
    {"account_id": "M1", "merged_into_account_id": "M2", "external_id": "OLD-1"},
    {"account_id": "M2", "merged_into_account_id": "M3", "arr": 77777},
    {"account_id": "M3", "merged_into_account_id": "Alder", "segment": "enterprise"},
    {"account_id": "X1", "merged_into_account_id": "X2", "segment": "mid"},
    {"account_id": "X2", "merged_into_account_id": "X1", "segment": "mid"},
    {"account_id": "X3", "merged_into_account_id": "X1"},
    {"account_id": "Selfish", "merged_into_account_id": "Selfish", "region": "EMEA"},
    # a hierarchy that turns in a circle, one that leads nowhere
    {"account_id": "H1", "parent_account_id": "H2", "arr": 10},
    {"account_id": "H2", "parent_account_id": "H1", "arr": 20},
    {"account_id": "Orphan", "parent_account_id": "nowhere"},
    # two accounts that claim one external id
    {"account_id": "Twin 1", "external_id": "TWIN"},
    {"account_id": "Twin 2", "external_id": "TWIN"},
    # landed twice
    {"account_id": "Twice", "segment": "stale", "arr": 1, "loaded_at": at("2026-01-01")},
    {"account_id": "Twice", "segment": "fresh", "arr": 2, "loaded_at": at("2026-02-01")},
    {"account_id": " Blank ", "segment": " ", "region": ""},
    {"account_id": None, "segment": "enterprise"},
    # votes that move the score by the same amount
    {"account_id": "Tie up", "arr": 600},
    {"account_id": "Tie down", "arr": 5},
]

ACCOUNT_VERSIONS = [
    # Alder was enterprise, then nobody knows, then mid; the middle version does not say the region
    {
        "account_id": "Alder",
        "segment": "enterprise",
        "region": "LATAM",
        "valid_from": at("2024-01-01"),
        "valid_to": at("2025-09-30 23:59:59.999"),
    },
    {
        "account_id": "Alder",
        "segment": "Small_Business",
        "valid_from": at("2025-10-01"),
        "valid_to": at("2026-01-31"),
    },
    {"account_id": "Alder", "segment": "mid", "region": "APAC", "valid_from": at("2026-03-01")},
    # overlapping versions, one that ends before it starts, one of an account that merged away
    {"account_id": "Birch", "segment": "mid", "valid_from": at("2024-01-01")},
    {"account_id": "Birch", "segment": "small_business", "valid_from": at("2026-01-15 05:00:00")},
    {
        "account_id": "Birch",
        "segment": "wrong",
        "valid_from": at("2026-05-01"),
        "valid_to": at("2026-04-01"),
    },
    {"account_id": "M1", "segment": "wrong", "valid_from": at("2020-01-01")},
    {"account_id": "nowhere", "segment": "wrong", "valid_from": at("2020-01-01")},
]

CONTACTS = [
    # the worked example, and the same without a decision maker
    {"contact_id": "w_dm", "account_id": "Worked", "crm_role": "Decision Maker"},
    {"contact_id": "w_mgr", "account_id": "Worked", "title": "Director, Engineering"},
    *({"contact_id": f"w_u{i}", "account_id": "Worked", "title": "Analyst"} for i in range(4)),
    {"contact_id": "s_mgr", "account_id": "Silent buyer", "title": "Head of IT"},
    *(
        {"contact_id": f"s_u{i}", "account_id": "Silent buyer", "title": "Analyst"}
        for i in range(4)
    ),
    # another role and account in the middle of the window
    {"contact_id": "mover", "account_id": "Birch", "title": "CEO", "email": "Mover@Mail.example"},
    {"contact_id": "gap", "account_id": "Alder", "title": "Analyst"},
    # a role field wins over a part played, that over the title; a fourth role; no role
    {"contact_id": "field", "account_id": "Alder", "title": "CEO", "crm_role": "end-user"},
    {"contact_id": "part", "account_id": "M1", "title": "CEO", "crm_role": "gardener"},
    {"contact_id": "elsewhere", "account_id": "Alder", "title": "Head gardener"},
    {"contact_id": "champ", "account_id": "Alder", "crm_role": "User; Champion"},
    {"contact_id": "champ e", "account_id": "Worked", "crm_role": "CHAMPION"},
    {"contact_id": "roleless", "account_id": "Alder", "title": "Gardener"},
    # one person, several contacts; merged contacts
    {
        "contact_id": "ada old",
        "account_id": "Alder",
        "email": " ADA@mail.example",
        "title": "Analyst",
        "created_at": at("2024-01-01"),
    },
    {
        "contact_id": "ada new",
        "account_id": "Birch",
        "email": "ada@mail.example ",
        "title": "Director",
        "created_at": at("2025-02-01"),
    },
    {"contact_id": "bob", "account_id": "Alder", "email": "bob@mail.example", "title": "CFO"},
    {
        "contact_id": "bob copy",
        "account_id": "Alder",
        "email": "robert@mail.example",
        "merged_into_contact_id": "bob",
        "external_id": "EXT-BOB",
    },
    # who could have answered
    {"contact_id": "opted out", "account_id": "Alder", "title": "CFO", "is_opted_out": True},
    {"contact_id": "opted answers", "account_id": "Alder", "title": "CFO", "is_opted_out": True},
    {
        "contact_id": "left",
        "account_id": "Alder",
        "title": "CFO",
        "is_champion": True,
        "left_at": at("2025-07-01 03:59:59"),
    },
    {
        "contact_id": "left later",
        "account_id": "Key",
        "title": "CFO",
        "is_champion": True,
        "left_at": at("2026-05-01 04:00:00"),
    },
    {"contact_id": "left some day", "account_id": "Alder", "title": "CFO", "has_left": True},
    {"contact_id": "newcomer", "account_id": "Alder", "created_at": at("2026-02-28 23:00:00")},
    {"contact_id": "key dm", "account_id": "Key", "title": "CEO"},
    {"contact_id": "key silent", "account_id": "Key", "title": "CFO"},
    {"contact_id": "homeless", "title": "CEO", "email": "homeless@mail.example"},
    {"contact_id": "lost", "account_id": "nowhere", "title": "CEO", "email": "lost@mail.example"},
    {"contact_id": "twin", "account_id": "TWIN", "title": "CEO"},
    {"contact_id": "cyclic", "account_id": "X3", "title": "CEO"},
    {"contact_id": "h", "account_id": "H1", "title": "CEO"},
    {"contact_id": "twice", "account_id": "Alder", "title": "CEO", "loaded_at": at("2026-01-01")},
    {"contact_id": "twice", "account_id": "Twice", "title": "CEO", "loaded_at": at("2026-02-01")},
    {"contact_id": None, "account_id": "Alder", "title": "CEO"},
    *({"contact_id": f"t_up{i}", "account_id": "Tie up", "title": "CEO"} for i in range(3)),
    *({"contact_id": f"t_down{i}", "account_id": "Tie down", "title": "CEO"} for i in range(3)),
]

CONTACT_VERSIONS = [
    {
        "contact_id": "mover",
        "account_id": "M2",
        "title": "Analyst",
        "valid_from": at("2025-01-01"),
        "valid_to": at("2025-12-01 09:00:00"),
    },
    {
        "contact_id": "mover",
        "account_id": "Birch",
        "title": "CEO",
        "valid_from": at("2025-12-01 09:00:00"),
    },
    {
        "contact_id": "gap",
        "account_id": "Birch",
        "crm_role": "Influencer",
        "valid_from": at("2025-01-01"),
        "valid_to": at("2025-08-01"),
    },
    {
        "contact_id": "gap",
        "account_id": "nowhere",
        "crm_role": "Decider",
        "valid_from": at("2025-08-01"),
        "valid_to": at("2026-06-01"),
    },
    {"contact_id": "nobody", "account_id": "Alder", "valid_from": at("2025-01-01")},
]

CONTACT_ROLES = [
    {
        "contact_id": "part",
        "account_id": "OLD-1",
        "role_name": "Business User",
        "role_origin": "account",
        "created_at": at("2024-01-01"),
    },
    {
        "contact_id": "part",
        "account_id": "Alder",
        "role_name": "Economic Buyer",
        "role_origin": "opportunity",
        "is_primary": True,
        "created_at": at("2024-01-01"),
    },
    {
        "contact_id": "elsewhere",
        "account_id": "Birch",
        "role_name": "Economic Buyer",
        "role_origin": "account",
        "created_at": at("2024-01-01"),
    },
]

INVITATIONS = [
    {
        "invitation_id": "I1",
        "respondent_email": "ADA@MAIL.EXAMPLE",
        "sent_at": at("2026-03-01"),
        "response_ref": "session 1",
        "survey_family": "relationship",
    },
    {
        "invitation_id": "I2",
        "crm_contact_ref": "field",
        "sent_at": at("2026-03-01"),
        "survey_family": "relationship",
        "is_delivered": True,
    },
    {
        "invitation_id": "I3",
        "respondent_email": "bounced@mail.example",
        "sent_at": at("2026-03-01"),
        "survey_family": "relationship",
        "is_delivered": False,
    },
    {
        "invitation_id": "I4",
        "respondent_email": "stranger@mail.example",
        "sent_at": at("2026-03-01"),
        "survey_family": "relationship",
    },
]


def small_world_responses() -> tuple[list[Row], dict[str, str]]:
    """Answers, and the reason for which each broken one is set aside."""
    rows: list[Row] = []
    reasons: dict[str, str] = {}

    def add(key: str | None, score: object, moment: str | None, **more: Any) -> None:
        rows.append(
            {
                "response_id": key,
                "metric": "nps",
                "raw_score": None if score is None else str(score),
                "responded_at": at(moment) if moment else None,
                **more,
            }
        )

    def add_broken(reason: str, key: str | None, *values: Any, **more: Any) -> None:
        add(key, *values, **more)
        reasons[key or "(missing)#1"] = reason

    day = "2026-03-10 12:00:00"
    for contact, score in zip(
        ("w_dm", "w_mgr", "w_u0", "w_u1", "w_u2", "w_u3"), (8, 4, 9, 10, 7, 9), strict=True
    ):
        add(f"r {contact}", score, day, crm_contact_ref=contact)
        if contact != "w_dm":
            add(f"r {contact} s", score, day, crm_contact_ref=contact.replace("w_", "s_"))

    # the mover answers as a user of one account, at the very moment of the change, and later
    add("mover 1", 0, "2025-11-30 12:00:00", crm_contact_ref="mover")
    add("mover 2", 5, "2025-12-01 08:59:59", respondent_email="MOVER@mail.EXAMPLE")
    add("mover 3", 9, "2025-12-01 09:00:00", external_contact_ref="mover")
    add("gap 1", 3, "2025-07-31 23:59:59", crm_contact_ref="gap")
    add("gap 2", 7, "2025-09-01 00:00:00", crm_contact_ref="gap")

    # first and last second of the window, and one second beyond, in New York
    add("edge out", 10, "2025-06-18 03:59:59", crm_contact_ref="field")
    add("edge in", 10, "2025-06-18 04:00:00", crm_contact_ref="part")
    add("edge end", 2, "2026-06-18 03:59:59", crm_contact_ref="elsewhere")
    add_broken("after_as_of_date", "tomorrow", 10, "2026-06-18 04:00:00", crm_contact_ref="champ")
    add("month end", 9, "2026-04-01 03:59:59", crm_contact_ref="champ")
    add("month begins", 1, "2026-04-01 04:00:00", crm_contact_ref="champ e")
    add("leap", 9, "2024-02-29 12:00:00", crm_contact_ref="roleless")
    add("roleless", 8, "2026-01-31 12:00:00", crm_contact_ref="roleless")

    # one person, one vote: same day, same second, several contacts, several spellings
    add("same day a", 9, "2026-02-02 09:00:00", crm_contact_ref="bob")
    add("same day b", 6, "2026-02-02 10:00:00", external_contact_ref="EXT-BOB")
    late, later = at("2026-02-03"), at("2026-02-04")
    add("same second b", 0, "2026-02-03 10:00:00", crm_contact_ref="bob", loaded_at=late)
    add("same second a", 10, "2026-02-03 10:00:00", crm_contact_ref="bob copy", loaded_at=later)
    for key, score in (("key a", 0), ("key c", 10), ("key b", 0)):
        add(key, score, "2026-02-05 10:00:00", crm_contact_ref="opted answers", loaded_at=late)
    add("ada 1", 9, "2025-12-24 12:00:00", crm_contact_ref="ada old")
    add("ada 2", 3, "2026-03-02 12:00:00", survey_response_id="session 1")
    add("ada 3", 10, "2026-01-02 12:00:00", respondent_email="Ada@Mail.example ")
    add("old mail", 7, "2024-12-01 12:00:00", respondent_email="robert@mail.example")

    # nobody, strangers, people without account
    add("anonymous 1", 10, day)
    add("anonymous 2", 0, day, account_ref="Alder")
    add("anonymous 3", 7, "2025-06-17 12:00:00")
    add("stranger 1", 0, day, respondent_email="Who@else.example")
    add("stranger 2", 10, "2026-03-11 12:00:00", respondent_email=" who@ELSE.example")
    add("stranger 3", 9, day, crm_contact_ref="deleted", account_ref="Birch")
    add("stranger 4", 4, day, external_contact_ref="E-99", account_ref="ACC-1")
    add("homeless", 6, day, crm_contact_ref="homeless")
    add("lost", 6, day, crm_contact_ref="lost")
    add("twin", 9, day, crm_contact_ref="twin")
    add_broken("ambiguous_account", "twin account", 9, day, account_ref="TWIN")
    add_broken("unknown_account", "no account", 9, day, crm_contact_ref="bob", account_ref="no")

    # merged accounts, cycles, accounts named outright
    add("chain", 9, day, crm_contact_ref="field", account_ref="OLD-1")
    add("cycle", 2, day, crm_contact_ref="cyclic")
    add("cycle 2", 9, day, respondent_email="two@x.example", account_ref="X2")
    add("selfish", 9, day, respondent_email="me@x.example", account_ref="Selfish")
    add("hierarchy", 9, day, crm_contact_ref="h")
    add("orphan", 1, day, respondent_email="or@x.example", account_ref="Orphan")
    add("twice", 8, day, crm_contact_ref="twice")
    add("blank", 8, day, respondent_email="b@x.example", account_ref="Blank")
    add("key", 10, day, crm_contact_ref="key dm")
    add("left", 0, "2025-06-30 12:00:00", crm_contact_ref="left")
    add("new", 9, "2026-03-31 12:00:00", respondent_email="n@x.example", account_ref="Newer")

    # broken
    add_broken("score_out_of_scale", "eleven", 11, day, crm_contact_ref="newcomer")
    add_broken("score_out_of_scale", "minus", -1, day, crm_contact_ref="newcomer")
    add_broken("score_out_of_scale", "half", 8.5, day, crm_contact_ref="newcomer")
    add_broken("score_not_a_number", "word", "ten", day, crm_contact_ref="newcomer")
    add_broken("missing_score", "none", None, day, crm_contact_ref="newcomer")
    add_broken("missing_time", "timeless", 9, None, crm_contact_ref="newcomer")
    add_broken("implausible_time", "ancient", 9, "1970-01-01", crm_contact_ref="newcomer")
    add_broken("test_answer", "test", 9, day, crm_contact_ref="newcomer", is_test=True)
    add_broken("unknown_metric", "agent", 9, day, survey_family="transactional")
    add_broken("missing_key", None, 9, day, crm_contact_ref="newcomer")
    add_broken("impossible_order", "hasty", 9, "2026-02-28 23:59:59", invitation_ref="I2")
    add("invited", 9, "2026-03-01 00:00:00", invitation_ref="I2")
    add("landed twice", 0, day, crm_contact_ref="newcomer", loaded_at=late)
    add("landed twice", 9.0, day, crm_contact_ref="newcomer", loaded_at=later)
    reasons["landed twice#2"] = "duplicate_key"
    add("csat", 1, day, crm_contact_ref="newcomer", metric="csat")
    reasons["csat"] = "missing_scale"

    # 3 of 7 votes instead of 1, and none instead of 2: equal moves, though not as doubles
    for i, before, after in ((0, 9, 9), (1, 7, 9), (2, 7, 9)):
        add(f"up before {i}", before, "2024-08-01 12:00:00", crm_contact_ref=f"t_up{i}")
        add(f"up after {i}", after, "2024-09-10 12:00:00", crm_contact_ref=f"t_up{i}")
    for i, before, after in ((0, 7, 0), (1, 7, 0), (2, 7, 7)):
        add(f"down before {i}", before, "2024-08-02 12:00:00", crm_contact_ref=f"t_down{i}")
        add(f"down after {i}", after, "2024-09-11 12:00:00", crm_contact_ref=f"t_down{i}")
    return rows, reasons


@pytest.fixture(scope="module")
def small_world(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Project, World, dict[str, str]]:
    project = Project.copy_of_repository(tmp_path_factory.mktemp("small") / "project")
    project.write("seeds/policy/role_weights.csv", SMALL_WORLD_WEIGHTS)
    rules_file = "seeds/policy/title_roles.csv"
    rules = (project.root / rules_file).read_text(encoding="utf-8")
    assert "equals,champion,manager" in rules
    project.write(rules_file, rules.replace("equals,champion,manager", "equals,champion,champion"))
    responses, reasons = small_world_responses()
    tables: Tables = {
        "accounts": ACCOUNTS,
        "account_versions": ACCOUNT_VERSIONS,
        "contacts": CONTACTS,
        "contact_versions": CONTACT_VERSIONS,
        "contact_roles": CONTACT_ROLES,
        "survey_invitations": INVITATIONS,
        "survey_responses": responses,
    }
    land(project, tables)
    build(project, NEW_YORK)
    return project, World(NEW_YORK, Policy.of(project.root), tables), reasons


def test_every_awkward_case_is_counted_as_the_rulebook_says(small_world: tuple) -> None:
    project, world, _ = small_world
    expected = assert_same(project, world)
    # the reference itself, against numbers worked by hand
    worked = expected["account_nps"][date(2026, 4, 30), "Worked"]
    assert (worked["account_nps"], worked["waterfall_nps"]) == (-15, 0)


def test_every_broken_answer_is_set_aside_with_its_reason(small_world: tuple) -> None:
    project, _, reasons = small_world
    found = project.query(
        "select record_id, reason from marts.quarantined_records where entity = 'responses'"
    )
    assert {row["record_id"]: row["reason"] for row in found} == reasons


# ---------------------------------------------------------------------------------------------
# Random worlds
# ---------------------------------------------------------------------------------------------

RANDOM_WORLDS = {
    1: Rules(as_of=date(2026, 2, 14)),
    2: Rules(
        as_of=date(2025, 11, 11),
        zone="Asia/Kolkata",
        history_months=13,
        window_days=90,
        min_responses=12,
        has_billing=True,
    ),
    # 0.1 + 0.7 is less than 0.8 among doubles
    3: Rules(as_of=date(2026, 3, 15), zone="America/Los_Angeles", min_coverage=Fraction(4, 5)),
}
RANDOM_WEIGHTS = {
    2: {"default": (25, 25, 50), "enterprise": (60, 40, 0), "mid": (34, 33, 33)},
    3: {"default": (10, 70, 20), "enterprise": (70, 20, 10), "mid": (20, 10, 70)},
}
TITLES = ("CEO", "Chief of Staff", "VP, Sales", "Head of IT", "Director", "Data Analyst", "Clerk")
TITLES += ("Gardener", "销售经理", "总经理", None)
CRM_ROLES = ("Decision Maker", "economic_buyer", "Influencer", "END-USER", "Gardener", None, None)


def random_world(number: int, rules: Rules) -> Tables:
    """A company with some hundred answers and every kind of disorder, the same for each number."""
    dice = random.Random(number)
    first = datetime.combine(rules.as_of, time()) - timedelta(days=31 * rules.history_months + 400)
    last = datetime.combine(rules.as_of, time()) + timedelta(days=20)
    loads = itertools.count()

    def chance(percent: int) -> bool:
        return dice.randrange(100) < percent

    def moment() -> datetime:
        """Any second, often one next to midnight in the reporting time zone."""
        found = first + timedelta(seconds=dice.randrange(int((last - first).total_seconds())))
        if chance(30):
            found = rules.end_of(found.date()) + timedelta(seconds=dice.choice((-1, 0, 1)))
        if chance(10):
            found = rules.end_of(found.date().replace(day=1) - timedelta(days=1))
        return found

    def loaded() -> datetime:
        return datetime(2027, 1, 1) + timedelta(seconds=next(loads))

    def spelt(email: str) -> str:
        return dice.choice((email, email.upper(), f" {email.title()} "))

    def history(key: str, entity: str, values: Callable[[], Row]) -> list[Row]:
        """One to four versions, some with gaps or overlaps."""
        starts = sorted({moment() for _ in range(dice.randint(1, 4))})
        rows = []
        for start, following in itertools.zip_longest(starts, starts[1:]):
            ends = following and following + dice.choice(
                (timedelta(), timedelta(milliseconds=-1), timedelta(days=-9), timedelta(days=9))
            )
            if ends and ends < start:
                ends = following
            row = {key: entity, "valid_from": start, "valid_to": ends, "loaded_at": loaded()}
            rows.append(row | values())
        return rows

    segments, regions = ("Enterprise", "mid", "small", None), ("EMEA", "APAC", None)
    account_ids = [f"acc {i}" for i in range(26)]
    accounts = [
        {
            "account_id": account_id,
            "external_id": f"X-{account_id}" if chance(50) else None,
            "merged_into_account_id": dice.choice(account_ids) if chance(15) else None,
            "parent_account_id": dice.choice(account_ids) if chance(30) else None,
            "segment": dice.choice(segments),
            "region": dice.choice(regions),
            "no_nps_form": dice.choice((True, False, False, False, None)),
            "arr": dice.choice((None, 0, dice.randrange(10**6), dice.randrange(10**9))),
            "created_at": first - timedelta(days=dice.randrange(99)) if chance(50) else None,
            "loaded_at": loaded(),
        }
        for account_id in account_ids
    ]
    account_versions = [
        row
        for account_id in dice.sample(account_ids, 13)
        for row in history(
            "account_id",
            account_id,
            lambda: {"segment": dice.choice(segments), "region": dice.choice(regions)},
        )
    ]
    named = [*account_ids, *(row["external_id"] for row in accounts if row["external_id"])]
    contact_ids = [f"c{i}" for i in range(80)]
    emails = [f"person{i}@mail.example" for i in range(50)]

    def person() -> Row:
        return {
            "account_id": dice.choice((*named, "nowhere", None)),
            "title": dice.choice(TITLES),
            "crm_role": dice.choice(CRM_ROLES),
        }

    contacts = []
    for contact_id in contact_ids:
        merged = chance(6)
        left = chance(20)
        contacts.append(
            {
                **person(),
                "contact_id": contact_id,
                "external_id": f"E-{contact_id}" if chance(30) else None,
                "email": (
                    f"{contact_id}@merged.example"
                    if merged
                    else dice.choice((None, spelt(dice.choice(emails))))
                ),
                "merged_into_contact_id": dice.choice(contact_ids) if merged else None,
                "is_champion": chance(40),
                "is_opted_out": chance(10),
                "left_at": moment() if left and chance(70) else None,
                "has_left": left or None,
                "created_at": moment() - timedelta(days=400),
                "loaded_at": loaded(),
            }
        )
    contacts += [row | person() | {"loaded_at": loaded()} for row in dice.sample(contacts, 5)]
    contact_versions = [
        row
        for contact_id in dice.sample(contact_ids, 40)
        for row in history("contact_id", contact_id, person)
    ]
    contact_roles = [
        {
            "contact_id": contact_id,
            "account_id": dice.choice(named),
            "role_name": dice.choice(
                ("Executive Sponsor", "Business User", "Evaluator", "Pianist")
            ),
            "role_origin": origin,
            "is_primary": chance(50),
            "created_at": first,
            "loaded_at": loaded(),
        }
        for contact_id in dice.sample(contact_ids, 40)
        for origin in dice.choice((("account",), ("opportunity",), ("account", "opportunity")))
    ]
    invitations = [
        {
            "invitation_id": f"I{i}",
            "respondent_email": spelt(dice.choice(emails)),
            "crm_contact_ref": dice.choice((None, dice.choice(contact_ids))),
            "account_ref": dice.choice((None, None, dice.choice(account_ids))),
            "response_ref": f"s{i}" if chance(50) else None,
            "sent_at": moment() - timedelta(days=200),
            "survey_family": "relationship" if i % 8 else None,
            "is_delivered": (None, True, True, True, False)[i % 5],
            "loaded_at": loaded(),
        }
        for i in range(40)
    ]
    # an invitation that the reference would have to judge is left out
    gone = World(rules, Policy([], []), {"accounts": accounts}).account_keys
    invitations = [
        row
        for row in invitations
        if (row["account_ref"] is None or row["account_ref"] in gone)
        and rules.day(row["sent_at"]) <= rules.as_of
    ]
    responses = []
    for i in range(400):
        who = dice.choice(
            ("id", "id", "email", "email", "external", "nobody", "invited", "stranger")
        )
        key = dice.choice(contact_ids)
        responses.append(
            {
                "response_id": f"r{i}" if chance(97) else f"r{i // 2}",
                "survey_response_id": f"s{i}" if who == "invited" else None,
                "metric": "nps" if chance(97) else "csat",
                "survey_family": dice.choice((None, "relationship")),
                "raw_score": str(dice.randrange(11))
                if chance(95)
                else dice.choice(("11", "8.5", "ten", None, "-1", "1e1", " 7 ", "9.0")),
                "crm_contact_ref": dice.choice((key, key, "c999")) if who == "id" else None,
                "external_contact_ref": dice.choice((f"E-{key}", key, "E-?"))
                if who == "external"
                else None,
                "respondent_email": spelt(dice.choice(emails))
                if who == "email"
                else (f"stranger{dice.randrange(20)}@x.example" if who == "stranger" else None),
                "account_ref": dice.choice((*named, "nowhere")) if chance(20) else None,
                "invitation_ref": f"I{dice.randrange(40)}" if chance(5) else None,
                "responded_at": moment(),
                "is_test": chance(2),
                "loaded_at": loaded(),
            }
        )
    for older, newer in itertools.pairwise(responses):
        if chance(5):
            newer["responded_at"] = older["responded_at"]
    tables: Tables = {
        "accounts": accounts,
        "account_versions": account_versions,
        "contacts": contacts,
        "contact_versions": contact_versions,
        "contact_roles": contact_roles,
        "survey_invitations": invitations,
        "survey_responses": responses,
    }
    if rules.has_billing:
        tables["billing_customers"] = [
            {"customer_id": f"b{i}", "account_ref": dice.choice(named), "loaded_at": loaded()}
            for i in range(20)
        ]
        tables["subscriptions"] = [
            {
                "subscription_version_id": f"v{i}",
                "subscription_id": f"sub{i}",
                "customer_id": dice.choice((f"b{i % 20}", dice.choice(account_ids))),
                "is_paying": dice.choice((True, True, None, False)),
                "mrr": dice.choice((None, dice.randrange(10**4), dice.randrange(10**4))),
                "valid_from": (start := moment()),
                "valid_to": dice.choice((None, start + timedelta(days=dice.randint(1, 400)))),
                "loaded_at": loaded(),
            }
            for i in range(40)
        ]
    return tables


@pytest.mark.parametrize("number", RANDOM_WORLDS)
def test_random_worlds_are_counted_as_the_rulebook_says(
    number: int, new_project: Callable[[], Project]
) -> None:
    project, rules = new_project(), RANDOM_WORLDS[number]
    if number in RANDOM_WEIGHTS:
        lines = ["weight_scheme,valid_from,contact_role,seniority,weight"]
        for scheme, weights in RANDOM_WEIGHTS[number].items():
            roles = ("decision_maker", "manager", "user")
            for seniority, (role, weight) in enumerate(zip(roles, weights, strict=True), start=1):
                lines.append(f"{scheme},2000-01-01,{role},{seniority},{weight / 100:.2f}")
        project.write("seeds/policy/role_weights.csv", "\n".join(lines) + "\n")
    tables = random_world(number, rules)
    land(project, tables)
    only = ("--select", *(f"+{mart}" for mart in KEYS), "--indirect-selection", "buildable")
    build(project, rules, *only)
    assert_same(project, World(rules, Policy.of(project.root), tables))


# ---------------------------------------------------------------------------------------------
# The demo, from its own facts
# ---------------------------------------------------------------------------------------------


def test_the_demo_adds_up_from_its_own_answers(demo: Project) -> None:
    """Who could have answered is not in the facts; everything that rests on votes alone is."""
    policy, rules = Policy.of(demo.root), Rules(as_of=date(2026, 6, 30))
    answers = [
        Answer(
            order=(row["responded_at"], row["response_id"]),
            day=row["responded_date"],
            person=row["contact_key"],
            account=None if row["is_anonymous"] else row["account_id"],
            role=row["contact_role"],
            segment=None if row["is_anonymous"] else row["segment"],
            region=None if row["is_anonymous"] else row["region"],
            score=int(row["raw_score"]),
        )
        for row in demo.query("select * from marts.fct_survey_responses where metric = 'nps'")
    ]
    assert len(answers) > 500
    scored = {
        (row["period_end"], row["account_id"]): row
        for row in demo.query("select * from marts.account_nps")
    }
    roles = {
        (row["period_end"], row["account_id"], row["contact_role"]): row
        for row in demo.query("select * from marts.account_role_nps where responses > 0")
    }
    company = {
        (row["period_end"], row["scope_type"], row["scope_value"]): row
        for row in demo.query("select * from marts.company_nps where responses > 0")
    }
    left_alone = {
        row["account_id"]
        for row in demo.query("select account_id from marts.dim_accounts where no_nps_form")
    }
    problems, found_roles, found_scopes = [], set(), set()

    def compare(key: tuple, built: Row, expected: Row, *left_out: str) -> None:
        problems.extend(
            f"{key} {column}: mart {built[column]}, recomputed {value}"
            for column, value in expected.items()
            if column not in left_out and not same(built[column], value)
        )

    previous: date | None = None
    moved = {
        (row["period_end"], row["account_id"]): row
        for row in demo.query("select * from marts.nps_movers")
    }
    found_movers = set()
    for day in rules.periods():
        votes = votes_at(answers, day, rules.window_days)
        by_account: dict[str, dict[str, Count]] = defaultdict(lambda: defaultdict(Count))
        scopes: dict[tuple, Count] = defaultdict(Count)
        for answer in votes:
            if answer.account is not None:
                by_account[answer.account][answer.role].add(answer, is_eligible=False)
            for scope in scopes_of(answer):
                scopes[scope].add(answer, is_eligible=False)
        revenue: dict[tuple, list[tuple[Fraction, Fraction]]] = defaultdict(list)
        for (period_end, account), built in scored.items():
            if period_end != day:
                continue
            counts = by_account.get(account, {})
            scheme_name, scheme = policy.scheme(built["segment"], day)
            expected = score_account(counts, scheme, rules, account in left_alone)
            compare((day, account), built, expected, "eligible_contacts")
            is_pooled = expected["nps_status"] == "roles_unknown"
            assert built["weight_scheme"] == ("pooled" if is_pooled else scheme_name)
            if built["arr"] and expected["account_nps"] is not None:
                for scope in (("company", "all"), ("segment", built["segment"])):
                    revenue[scope].append((Fraction(built["arr"]), expected["account_nps"]))
        for account, counts in by_account.items():
            for role, count in counts.items():
                found_roles.add((day, account, role))
                built = roles[day, account, role]
                names = ("responses", "promoters", "passives", "detractors", "nps")
                compare((day, account, role), built, {name: getattr(count, name) for name in names})
        changes = changes_of(answers, rules, day, previous, scopes)
        for scope, count in scopes.items():
            found_scopes.add((day, *scope))
            expected = changes[scope] | score_scope(
                count, in_scope(votes, scope), revenue[scope], rules.min_responses
            )
            left_out = ["eligible_contacts", *Count().rates, "margin_of_error_fpc"]
            if scope[0] in ("role", "region"):
                left_out.append("revenue_weighted_nps")
            compare((day, *scope), company[day, *scope], expected, *left_out)
        older = votes_at(answers, previous, rules.window_days) if previous else []
        for account, expected in movers(older, votes, {}).items():
            found_movers.add((day, account))
            compare((day, account), moved[day, account], expected, "arr", "rank")
        previous = day
    assert not problems, "\n".join(problems[:40])
    assert found_roles == roles.keys()
    assert found_scopes == company.keys()
    assert found_movers == moved.keys()


# ---------------------------------------------------------------------------------------------
# Properties of the statistics: the compiled marts on random counts, without dbt
# ---------------------------------------------------------------------------------------------

ROLES = ("decision_maker", "manager", "user")
DAYS = (date(2026, 5, 31), date(2026, 6, 30))
Votes = tuple[int, int, int]  # promoters, passives, detractors


class Vector(NamedTuple):
    """An account: weights in hundredths, and the votes of its roles, of unknown role last."""

    weights: tuple[int, int, int]
    votes: tuple[Votes, Votes, Votes, Votes]

    @property
    def counts(self) -> dict[str, Count]:
        named = zip((*ROLES, "unknown"), self.votes, strict=True)
        return {role: Count(*votes) for role, votes in named if any(votes)}

    @property
    def scheme(self) -> list[Weight]:
        return [
            Weight(role, seniority, Fraction(weight, 100))
            for seniority, (role, weight) in enumerate(
                zip(ROLES, self.weights, strict=True), start=1
            )
        ]

    def with_one_more(self, role: int, kind: int) -> Vector:
        votes = [list(counts) for counts in self.votes]
        votes[role][kind] += 1
        return Vector(self.weights, tuple(tuple(counts) for counts in votes))


class Statistics:
    """The compiled SQL of the NPS marts on tables of our own, shaped like those of the demo."""

    def __init__(self, demo: Project) -> None:
        # the compiled SQL names the demo's database by its file
        self.connection = duckdb.connect()
        self.connection.execute(f"attach ':memory:' as {demo.database.stem}")
        self.connection.execute(f"use {demo.database.stem}")
        for schema in ("intermediate", "marts", "reference"):
            self.connection.execute(f"create schema {schema}")
        columns = demo.query(
            "select table_schema, table_name, string_agg(column_name || ' ' || data_type, ', ') as declared"
            " from information_schema.columns"
            " where table_schema in ('intermediate', 'marts', 'reference')"
            " group by table_schema, table_name"
        )
        for table in columns:
            self.connection.execute(
                f"create table {table['table_schema']}.{table['table_name']} ({table['declared']})"
            )
        folder = demo.root / "target/compiled/voc_warehouse/models/marts/nps"
        self.sql = {mart: (folder / f"{mart}.sql").read_text() for mart in KEYS}
        for table in ("nps_score_intervals", "t_quantiles"):
            self.insert(f"reference.{table}", demo.query(f"select * from reference.{table}"))

    def insert(self, table: str, rows: Sequence[Row]) -> None:
        if not rows:
            return
        columns = list(rows[0])
        marks = ", ".join("?" * len(columns))
        values = ", ".join(f"({marks})" for _ in rows)
        self.connection.execute(
            f"insert into {table} by name select * from (values {values})"
            f" as rows ({', '.join(columns)})",
            [row[column] for row in rows for column in columns],
        )

    def rebuild(self, mart: str) -> list[Row]:
        self.connection.execute(f"delete from marts.{mart}")
        self.connection.execute(f"insert into marts.{mart} by name {self.sql[mart]}")
        result = self.connection.execute(f"select * from marts.{mart}")
        names = [column[0] for column in result.description]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]

    def score(self, vectors: Sequence[Vector], backwards: bool = False) -> list[Row]:
        """account_nps of each vector; backwards lands the roles in the opposite order."""
        schemes, counts = [], []
        for number, vector in enumerate(vectors):
            key = {"period_end": DAYS[-1], "account_id": f"{number:06}"}
            for weight in vector.scheme:
                schemes.append(
                    key
                    | {
                        "existed": True,
                        "weight_scheme": "default",
                        "contact_role": weight.role,
                        "seniority": weight.seniority,
                        "role_weight": float(weight.weight),
                    }
                )
            for role, count in vector.counts.items():
                counts.append(key | counted(role, count))
        for table, rows in (
            ("intermediate.int_nps__account_schemes", schemes),
            ("intermediate.int_nps__counts", counts),
        ):
            self.connection.execute(f"delete from {table}")
            self.insert(table, rows[::-1] if backwards else rows)
        roles = self.rebuild("account_role_nps")
        if backwards:
            self.connection.execute(
                "create or replace table marts.account_role_nps as"
                " select * from marts.account_role_nps order by contact_role desc"
            )
        assert len(roles) >= 3 * len(vectors)
        return sorted(self.rebuild("account_nps"), key=lambda row: row["account_id"])

    def company(
        self,
        votes: Sequence[tuple[Votes, Votes, int]],
        revenue: Sequence[Sequence[tuple[int, float]]] = (),
    ) -> list[Row]:
        """company_nps of one segment, one account, per pair of periods: (before, after, silent people).

        revenue: ARR in cents and account NPS of each segment's accounts at the second period.
        """
        rows = [
            {"period_end": day, "account_id": f"a{number}", "segment": f"{number:06}"}
            | counted("user", Count(*counts, eligible=sum(counts) + silent))
            for number, (before, after, silent) in enumerate(votes)
            for day, counts in zip(DAYS, (before, after), strict=True)
        ]
        self.connection.execute("delete from intermediate.int_nps__counts")
        self.connection.execute("delete from marts.account_nps")
        self.connection.execute("delete from marts.account_role_nps")
        self.insert("intermediate.int_nps__counts", rows)
        accounts = [
            {
                "period_end": DAYS[-1],
                "account_id": f"a{number} {index}",
                "segment": f"{number:06}",
                "arr": Decimal(cents) / 100,
                "account_nps": nps,
            }
            for number, segment in enumerate(revenue)
            for index, (cents, nps) in enumerate(segment)
        ]
        self.insert("marts.account_nps", accounts)
        return sorted(
            (row for row in self.rebuild("company_nps") if row["scope_type"] == "segment"),
            key=lambda row: (row["scope_value"], row["period_end"]),
        )


def counted(role: str, count: Count) -> Row:
    return {
        "contact_role": role,
        "is_anonymous": False,
        "responses": count.responses,
        "promoters": count.promoters,
        "passives": count.passives,
        "detractors": count.detractors,
        "eligible_contacts": max(count.eligible, count.responses),
        "eligible_respondents": count.responses,
        "asked_contacts": count.asked,
        "asked_respondents": count.asked_respondents,
    }


@pytest.fixture(scope="module")
def statistics(demo: Project) -> Statistics:
    return Statistics(demo)


VOTES = st.tuples(*[st.integers(0, 7)] * 3)
WEIGHTS = st.one_of(
    st.sampled_from([(50, 30, 20), (60, 30, 10), (10, 70, 20), (34, 33, 33), (100, 0, 0)]),
    st.tuples(st.integers(0, 50), st.integers(0, 50)).map(lambda w: (*w, 100 - sum(w))),
)
VECTORS = st.lists(
    st.builds(Vector, WEIGHTS, st.tuples(VOTES, VOTES, VOTES, VOTES)), min_size=1, max_size=60
)
RULES = Rules(as_of=DAYS[-1])
MANY = settings(max_examples=50, suppress_health_check=list(HealthCheck))
TOLERANCE = 1e-6


@MANY
@given(vectors=VECTORS)
def test_account_scores_are_those_of_the_reference(
    statistics: Statistics, vectors: list[Vector]
) -> None:
    for vector, row in zip(vectors, statistics.score(vectors), strict=True):
        expected = score_account(vector.counts, vector.scheme, RULES)
        for column, value in expected.items():
            if column != "eligible_contacts":
                assert same(row[column], value), (vector, column, row[column], value)


@MANY
@given(vectors=VECTORS)
def test_the_order_of_the_rows_changes_no_bit(
    statistics: Statistics, vectors: list[Vector]
) -> None:
    assert statistics.score(vectors) == statistics.score(vectors, backwards=True)


@MANY
@given(vectors=VECTORS, role=st.integers(0, 3))
def test_scores_stay_in_range_and_follow_the_votes(
    statistics: Statistics, vectors: list[Vector], role: int
) -> None:
    better = [vector.with_one_more(role, 0) for vector in vectors]
    worse = [vector.with_one_more(role, 2) for vector in vectors]
    rows = statistics.score([*vectors, *better, *worse])
    n = len(vectors)
    for vector, row, up, down in zip(vectors, rows, rows[n:], rows[2 * n :], strict=False):
        for column in ("account_nps", "pooled_nps", "respondent_weighted_nps"):
            if row[column] is not None:
                assert down[column] - TOLERANCE <= row[column] <= up[column] + TOLERANCE, vector
        for column in ("nps_low_bound", "nps_high_bound"):
            assert down[column] - TOLERANCE <= row[column] <= up[column] + TOLERANCE, vector
        assert -100 <= row["nps_low_bound"] <= row["nps_high_bound"] <= 100, vector
        heard = [row[f"{name}_nps"] for name in ROLES if row[f"{name}_nps"] is not None]
        score = row["account_nps"]
        if score is None:
            assert row["ci_low"] is None, vector
            continue
        assert -100 <= row["ci_low"] <= score <= row["ci_high"] <= 100, vector
        assert row["nps_low_bound"] - TOLERANCE <= score <= row["nps_high_bound"] + TOLERANCE
        assert min(heard) - TOLERANCE <= score <= max(heard) + TOLERANCE, vector


@MANY
@given(
    parts=st.lists(
        st.tuples(st.integers(1, 98), st.integers(1, 98), st.randoms(use_true_random=False)),
        min_size=1,
        max_size=30,
    )
)
def test_weights_like_the_respondents_give_the_pooled_score(
    statistics: Statistics, parts: list
) -> None:
    vectors = []
    for first, second, dice in parts:
        weights = (first, max(1, second * (99 - first) // 99), 0)
        weights = (*weights[:2], 100 - sum(weights))
        votes = []
        for voters in weights:
            promoters = dice.randint(0, voters)
            detractors = dice.randint(0, voters - promoters)
            votes.append((promoters, voters - promoters - detractors, detractors))
        vectors.append(Vector(weights, (*votes, (0, 0, 0))))
    for vector, row in zip(vectors, statistics.score(vectors), strict=True):
        assert row["account_nps"] == pytest.approx(row["pooled_nps"], abs=TOLERANCE), vector
        assert row["role_weight_coverage"] == pytest.approx(1), vector


@MANY
@given(
    votes=st.lists(
        st.tuples(*[st.tuples(*[st.integers(0, 200)] * 3)] * 2, st.integers(0, 50)),
        min_size=1,
        max_size=60,
    )
)
def test_company_scores_are_those_of_the_reference(statistics: Statistics, votes: list) -> None:
    rows = statistics.company(votes)
    assert len(rows) == 2 * len(votes)
    for number, (before, after, silent) in enumerate(votes):
        counts = [
            Count(*v, eligible=sum(v) + silent, eligible_respondents=sum(v))
            for v in (before, after)
        ]
        for row, count in zip(rows[2 * number :], counts, strict=False):
            for column, value in score_scope(count, (), (), 5).items():
                assert same(row[column], value), (votes[number], column, row[column], value)
            if count.responses:
                assert -100 <= row["ci_low"] <= row["nps"] <= row["ci_high"] <= 100
                assert row["margin_of_error_fpc"] <= row["margin_of_error"]


CENTS = st.integers(1, 10**11)
SCORES = st.sampled_from((-100.0, -100 / 3, 0.0, 62.5, 100.0))
REVENUE = st.one_of(
    st.lists(st.tuples(CENTS, SCORES), min_size=1, max_size=4),
    # all at one end of the scale: no rounding may lead beyond it
    st.tuples(CENTS, st.sampled_from((-100.0, 100.0))).map(lambda account: [account]),
)


@MANY
@given(revenue=st.lists(REVENUE, min_size=1, max_size=60))
def test_revenue_weighted_scores_lie_between_those_of_the_accounts(
    statistics: Statistics, revenue: list
) -> None:
    rows = statistics.company([((1, 0, 0), (1, 0, 0), 0)] * len(revenue), revenue)[1::2]
    for accounts, row in zip(revenue, rows, strict=True):
        total = sum(cents for cents, _ in accounts)
        expected = sum(Fraction(nps) * cents for cents, nps in accounts) / total
        assert same(row["revenue_weighted_nps"], expected), accounts
        assert -100 <= row["revenue_weighted_nps"] <= 100, accounts


def test_published_examples_hold_to_two_decimals(statistics: Statistics) -> None:
    def shown(row: Row, *columns: str) -> list:
        return [round(row[column], 2) for column in columns]

    _, large, _, small = statistics.company(
        [((0, 0, 0), (50, 30, 20), 0), ((0, 0, 0), (7, 2, 1), 0)]
    )
    assert shown(large, "nps", "ci_low", "ci_high") == [30, 14.05, 44.20]
    assert shown(small, "nps", "ci_low", "ci_high") == [60, 4.89, 85.89]

    users = (3, 1, 0)  # 9, 10, 7, 9
    worked = Vector((50, 30, 20), ((0, 1, 0), (0, 0, 1), users, (0, 0, 0)))
    silent = Vector((50, 30, 20), ((0, 0, 0), (0, 0, 1), users, (0, 0, 0)))
    worked_row, silent_row = statistics.score([worked, silent])
    assert shown(worked_row, "account_nps", "ci_low", "ci_high") == [-15, -58.22, 47.11]
    assert shown(worked_row, "pooled_nps", "waterfall_nps") == [33.33, 0]
    assert worked_row["definitions_disagree_in_sign"]
    assert worked_row["has_role_conflict"]
    columns = ("account_nps", "nps_low_bound", "nps_high_bound", "role_weight_coverage")
    assert shown(silent_row, *columns) == [-30, -65, 35, 0.5]
    assert silent_row["is_reportable"]


def test_a_score_of_exactly_zero_has_no_sign(statistics: Statistics) -> None:
    """Half of -66.67, 0.3 of 55.56 and 0.2 of 83.33 cancel out; the other definitions are negative."""
    vector = Vector((50, 30, 20), ((0, 10, 20), (5, 4, 0), (5, 1, 0), (0, 0, 0)))
    (row,) = statistics.score([vector])
    assert row["account_nps"] == pytest.approx(0, abs=TOLERANCE)
    assert max(row["pooled_nps"], row["respondent_weighted_nps"], row["waterfall_nps"]) < 0
    assert not row["definitions_disagree_in_sign"]
