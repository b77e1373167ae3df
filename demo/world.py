"""The latent world: accounts, contacts, health, teams, employees. Vendors only report it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from demo import words
from demo.clock import END, MONTHS, PULSE_LIVE_MONTH, START, month_index, month_start
from demo.stream import Stream

ACCOUNTS = 150
# What is special about an account, by its number (ACC-0001 is 1).
PROFILES: dict[str, range] = {
    "mover": range(1, 3),
    "worked_example": range(3, 4),
    "buyer_silent": range(4, 5),
    "buyer_unhappy": range(5, 9),
    "buyer_happy": range(9, 13),
    "healthy": range(13, 21),
    "sick": range(21, 29),
    "churned": range(29, 43),
    "renewed": range(43, 61),
    "no_form": range(61, 64),
}
# Accounts whose NPS answers are written out one by one (demo.voices), never drawn.
SCRIPTED = {
    "mover",
    "worked_example",
    "buyer_silent",
    "buyer_unhappy",
    "buyer_happy",
    "healthy",
    "sick",
}
KEY_ACCOUNTS = {1, 2, 61, 62, 63, 64, 65, 66}
NO_USAGE, NO_ANSWERS, NO_TICKETS, NO_INVOICES = {67, 71}, {68, 72}, {69, 73}, {70, 74}
CHAMPION_LEFT = {75, 76}
ONE_CONTACT = {77, 78}
ONE_RESPONDENT = {79}
# Nobody calls them back, whatever they answer.
NEGLECTED = {*range(110, 125)}
MERGE_SURVIVORS = {151: 80, 152: 80, 153: 80, 154: 81}
PARENT_CYCLE = (83, 84)
PARENTS = {
    86: 85,
    87: 85,
    88: 86,
    89: 86,
    91: 90,
    92: 90,
    93: 90,
    95: 94,
    96: 94,
    98: 97,
    99: 97,
    100: 97,
    101: 1,
    102: 1,
    83: 84,
    84: 83,
}
ROLE_CHANGER, MOVED_FROM, MOVED_TO = 105, 106, 107
CRM_ROLE_FIELD = {"decision_maker": "Decision Maker", "manager": "Manager", "user": "User"}
NEW_ACCOUNTS = range(109, 119)
NO_HISTORY = range(120, 130)
TWICE_LANDED = (130, 131)
# The one employee who changed team went from Berlin to New York on this day.
TRANSFER_AT = datetime(2026, 1, 1)
UNIT_PRICE = {"enterprise": 2000, "mid_market": 800, "small_business": 400}


def salesforce_id(prefix: str, number: int) -> str:
    """An 18-character id: 15 case-sensitive characters and the checksum of their case."""
    base = f"{prefix}Vw{number:010d}"
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
    sums = [
        sum(1 << i for i, char in enumerate(base[at : at + 5]) if char.isupper())
        for at in (0, 5, 10)
    ]
    return base + "".join(letters[value] for value in sums)


@dataclass
class Contact:
    number: int
    account: Account
    first_name: str
    last_name: str
    email: str
    title: str
    role: str
    leaning: float
    created: datetime
    contact_role: str = ""
    is_champion: bool = False
    left_at: datetime | None = None
    opted_out: bool = False
    is_deleted: bool = False
    lift: float = 0.0

    @property
    def id(self) -> str:
        return salesforce_id("003", self.number)

    def can_be_asked(self, at: datetime) -> bool:
        gone = (
            self.is_deleted or self.opted_out or (self.left_at is not None and self.left_at <= at)
        )
        return (
            not gone
            and self.created <= at
            and self.account.is_customer(at)
            and not self.account.no_nps_form
        )


@dataclass
class Account:
    number: int
    name: str
    domain: str
    industry: str
    profile: str
    segment: str
    region: str
    country: str
    owner: int
    created: datetime
    renewal: datetime
    health: list[float]
    seat_changes: list[tuple[datetime, int]]
    churned_at: datetime | None = None
    contacts: list[Contact] = field(default_factory=list)

    @property
    def id(self) -> str:
        return salesforce_id("001", self.number)

    @property
    def external_id(self) -> str:
        return f"ACC-{self.number:04d}"

    @property
    def no_nps_form(self) -> bool:
        return self.profile == "no_form"

    @property
    def parent(self) -> int | None:
        return PARENTS.get(self.number)

    def is_customer(self, at: datetime) -> bool:
        return self.created <= at and (self.churned_at is None or at < self.churned_at)

    def seats(self, at: datetime) -> int:
        if not self.is_customer(at):
            return 0
        return [count for since, count in self.seat_changes if since <= max(at, self.created)][-1]

    def health_at(self, at: datetime) -> float:
        return self.health[min(max(month_index(at), 0), MONTHS - 1)]

    def arr(self, at: datetime) -> int:
        return self.seats(at) * UNIT_PRICE[self.segment] * 12


@dataclass
class Team:
    id: str
    name: str
    department: str
    parent: str
    size: int = 0
    group_id: int | None = None
    region: str = ""
    mood: list[float] = field(default_factory=list)

    def csat_mood(self, at: datetime) -> float:
        """Customers feel today what the team felt two months ago."""
        index = month_index(at) - 2
        return self.mood[index] if 0 <= index < MONTHS else 0.0


@dataclass
class Employee:
    number: int
    team: Team
    name: str
    title: str
    hired: datetime
    left: datetime | None = None
    earlier_team: Team | None = None

    @property
    def id(self) -> str:
        return f"EMP-{self.number:04d}"

    def team_at(self, at: datetime) -> Team:
        return self.earlier_team if self.earlier_team and at < TRANSFER_AT else self.team

    @property
    def email(self) -> str:
        return f"{self.name.lower().replace(' ', '.')}@voc-demo.example"

    @property
    def agent_id(self) -> int:
        return 5000 + self.number

    def works(self, at: datetime) -> bool:
        return self.hired <= at and (self.left is None or at < self.left)


@dataclass
class World:
    accounts: list[Account]
    contacts: list[Contact]
    teams: list[Team]
    employees: list[Employee]

    def account(self, number: int) -> Account:
        return self.accounts[number - 1]

    def of_profile(self, profile: str) -> list[Account]:
        return [account for account in self.accounts if account.profile == profile]

    @property
    def support_teams(self) -> list[Team]:
        return [team for team in self.teams if team.group_id]

    def members(self, team: Team, at: datetime) -> list[Employee]:
        return [
            person for person in self.employees if person.team_at(at) is team and person.works(at)
        ]


def profile_of(number: int) -> str:
    return next((name for name, numbers in PROFILES.items() if number in numbers), "ordinary")


def _segment(number: int, profile: str) -> str:
    if profile in ("mover", "no_form") or number in KEY_ACCOUNTS or number % 10 in (0, 5):
        return "enterprise"
    # The mid market has no weight scheme of its own: the worked example needs the default one.
    return (
        "mid_market"
        if profile == "worked_example" or profile.startswith("buyer") or number % 10 in (1, 2, 3, 7)
        else "small_business"
    )


def _health(number: int, profile: str, milestone: datetime, stream: Stream) -> list[float]:
    """AR(1) around the account's own level; churning accounts slide for half a year before."""
    levels = {"healthy": 0.94, "sick": 0.1, "mover": 0.9, "renewed": stream.uniform(0.62, 0.92)}
    level = levels.get(profile, 0.55 if profile in SCRIPTED else stream.uniform(0.4, 0.93))
    spread = 0.02 if profile in ("healthy", "sick", "mover") else 0.05
    deviation, path = stream.normal(0, spread), []
    for month in range(MONTHS):
        deviation = 0.7 * deviation + stream.normal(0, spread)
        value = level + deviation
        if profile == "churned":
            months_left = month_index(milestone) - month
            value = min(value, max(0.12, 0.2 + 0.09 * (months_left - 3))) + 0.3 * deviation
        if profile == "renewed":
            value = max(value, 0.52)
        if profile == "mover" and month == MONTHS - 1:
            value = 0.3
        path.append(round(min(max(value, 0.03), 0.98), 4))
    return path


def _seat_changes(
    number: int, profile: str, segment: str, health: list[float], stream: Stream
) -> list[tuple[datetime, int]]:
    start = START - timedelta(days=365)
    if profile == "mover":
        return [(start, 30 - number)]
    if profile == "healthy":
        return [(start, 2), (datetime(2025, 9, 1), 3)]
    if profile == "sick":
        return [(start, 9), (datetime(2025, 11, 1), 6)]
    low, high = {"enterprise": (6, 11), "mid_market": (4, 7), "small_business": (2, 4)}[segment]
    seats = stream.integer(low, high)
    changes = [(start, seats)]
    mood = sum(health) / len(health)
    for month in (3, 6, 9, 12, 15):
        if stream.chance(0.22):
            step = stream.integer(1, 2) * (1 if stream.chance(mood + 0.1) else -1)
            if seats + step >= 2:
                seats += step
                changes.append((month_start(month), seats))
    return changes


def _account(number: int) -> Account:
    stream = Stream("account", number)
    profile = profile_of(number)
    name, domain, industry = words.company(number - 1)
    segment = _segment(number, profile)
    region = list(words.COUNTRIES)[(number * 7 + number // 5) % 4]
    created = datetime(2021 + number % 4, 1 + number % 12, 1 + number % 27, 9)
    if number in NEW_ACCOUNTS:
        created = month_start(1 + 3 * (number - NEW_ACCOUNTS.start) // 2) + timedelta(
            days=4, hours=9
        )
    renewal = datetime(2026, 7, 15) if number % 12 < 6 else datetime(2027, 1, 15)
    renewal = renewal.replace(month=renewal.month + number % 6)
    if profile in ("churned", "renewed"):
        step = number - PROFILES[profile].start
        renewal = datetime(2025, 10, 20) + timedelta(
            days=(18 if profile == "churned" else 14) * step
        )
    if profile == "sick":
        renewal = datetime(2026, 7, 20) + timedelta(days=5 * (number - 21))
    health = _health(number, profile, renewal, stream)
    return Account(
        number,
        name,
        domain,
        industry,
        profile,
        segment,
        region,
        stream.pick(words.COUNTRIES[region]),
        number % 10,
        created,
        renewal,
        health,
        _seat_changes(number, profile, segment, health, stream),
        churned_at=renewal if profile == "churned" else None,
    )


def _roster(account: Account) -> list[str]:
    """Roles of an account's contacts; 'odd' ones carry a title that is a trap or says nothing."""
    number = account.number
    if number in ONE_CONTACT:
        return ["decision_maker"]
    if account.profile in ("worked_example", "buyer_silent"):
        return ["decision_maker", "manager"] + ["user"] * 4
    if account.profile in SCRIPTED:
        return ["decision_maker", "manager"] + ["user"] * 3
    plan = {"enterprise": (2, 2, 5), "mid_market": (1, 2, 3), "small_business": (1, 1, 2)}[
        account.segment
    ]
    roles = [role for role, count in zip(words.TITLES, plan, strict=True) for _ in range(count)]
    return roles + ["odd"] * (1 if number % 3 == 0 else 0) + (["user"] if number % 4 == 1 else [])


def _contacts(accounts: list[Account]) -> list[Contact]:
    contacts: list[Contact] = []
    odd = 0
    for account in accounts:
        stream = Stream("contacts", account.number)
        taken: set[str] = set()
        for role in _roster(account):
            first, last = stream.pick(words.FIRST_NAMES), stream.pick(words.LAST_NAMES)
            while f"{first}.{last}" in taken:
                first, last = stream.pick(words.FIRST_NAMES), stream.pick(words.LAST_NAMES)
            taken.add(f"{first}.{last}")
            scripted = account.profile in SCRIPTED
            title = (
                words.TITLES[role][
                    stream.integer(0, 3 if scripted else len(words.TITLES[role]) - 1)
                ]
                if role != "odd"
                else ""
            )
            if role == "odd":
                title = words.TRAP_TITLES[odd % len(words.TRAP_TITLES)]
                odd += 1
            contact = Contact(
                len(contacts) + 1,
                account,
                first,
                last,
                f"{first}.{last}@{account.domain}".lower(),
                title,
                role,
                stream.normal(0, 0.8),
                account.created + timedelta(days=stream.integer(1, 40)),
            )
            conflict = account.profile in (
                "worked_example",
                "buyer_silent",
                "buyer_unhappy",
                "buyer_happy",
            )
            if account.number in (ROLE_CHANGER, MOVED_FROM):
                # Their stories are told by titles alone.
                contact.title = "Analyst" if role == "user" else title
            elif conflict or (role in CRM_ROLE_FIELD and stream.chance(0.09)):
                contact.contact_role = CRM_ROLE_FIELD[role]
            contact.is_champion = role != "odd" and not account.contacts and account.number % 4 != 2
            if not scripted and account.number not in ONE_CONTACT | ONE_RESPONDENT:
                contact.opted_out = stream.chance(0.02)
                if stream.chance(0.03) and not contact.is_champion:
                    contact.left_at = START + timedelta(days=stream.integer(120, 540))
            if account.number in CHAMPION_LEFT and contact.is_champion:
                contact.left_at = datetime(2026, 4, 15, 12)
            account.contacts.append(contact)
            contacts.append(contact)
    return contacts


def _teams() -> list[Team]:
    support = [
        ("TEAM-111", "Berlin Support A", "TEAM-110", 7, 4101, "EMEA"),
        ("TEAM-112", "Berlin Support B", "TEAM-110", 7, 4102, "EMEA"),
        ("TEAM-121", "New York Support A", "TEAM-120", 7, 4103, "North America"),
        ("TEAM-122", "New York Support B", "TEAM-120", 7, 4104, "North America"),
        ("TEAM-123", "Sao Paulo Support", "TEAM-120", 7, 4105, "LATAM"),
        ("TEAM-124", "Singapore Support", "TEAM-110", 7, 4106, "APAC"),
        ("TEAM-131", "Billing Support", "TEAM-130", 3, 4107, ""),
        ("TEAM-132", "Implementation", "TEAM-130", 2, 4108, ""),
    ]
    parents = [
        Team("TEAM-100", "Customer Support", "Support", ""),
        Team("TEAM-110", "Support East", "Support", "TEAM-100"),
        Team("TEAM-120", "Support West", "Support", "TEAM-100"),
        Team("TEAM-130", "Support Specialists", "Support", "TEAM-100"),
        Team("TEAM-200", "Customer Success", "Customer Success", ""),
        Team("TEAM-300", "Back Office", "Back Office", ""),
    ]
    departments = {"TEAM-131": "Finance", "TEAM-132": "Customer Success"}
    teams = [
        Team(i, name, departments.get(i, "Support"), parent, size, group, region)
        for i, name, parent, size, group, region in support
    ]
    others = [
        Team("TEAM-202", "Success Managers", "Customer Success", "TEAM-200", 6),
        Team("TEAM-301", "Accounting", "Finance", "TEAM-300", 2),
        Team("TEAM-302", "Product", "Product", "TEAM-300", 6),
    ]
    steps = [-1.4, -0.8, -0.2, 0.2, 0.8, 1.4]
    for team in teams + others:
        stream = Stream("team mood", team.id)
        # Shuffled blocks: every team sees good and bad months, and no month foretells the next.
        team.mood = [value for _ in range(3) for value in stream.sample(steps, 6)]
    return parents + teams + others


def _employees(teams: list[Team]) -> list[Employee]:
    people: list[Employee] = []
    stream = Stream("employees")
    names = stream.sample(
        [f"{first} {last}" for first in words.FIRST_NAMES for last in words.LAST_NAMES], 90
    )

    def hire(team: Team, title: str, hired: datetime, left: datetime | None = None) -> Employee:
        person = Employee(len(people) + 1, team, names[len(people)], title, hired, left)
        people.append(person)
        return person

    for team in teams:
        for seat in range(team.size):
            title = (
                "Team Lead" if seat == 0 else ("Support Agent" if team.group_id else "Specialist")
            )
            hire(team, title, datetime(2022, 1, 10) + timedelta(days=stream.integer(0, 900)))
    by_id = {team.id: team for team in teams}
    # Leavers and their successors, so that attrition and headcount move.
    for number, team_id in enumerate(
        ["TEAM-111", "TEAM-122", "TEAM-123", "TEAM-124", "TEAM-202", "TEAM-302"]
    ):
        hire(
            by_id[team_id],
            "Support Agent" if number < 4 else "Specialist",
            datetime(2023, 5, 2),
            datetime(2025, 8, 1) + timedelta(days=41 * number),
        )
    transferred = next(
        person for person in people if person.team.id == "TEAM-121" and person.title != "Team Lead"
    )
    transferred.earlier_team = by_id["TEAM-112"]
    return people


def pulse_months() -> range:
    return range(PULSE_LIVE_MONTH, MONTHS)


def build() -> World:
    accounts = [_account(number) for number in range(1, ACCOUNTS + 1)]
    contacts = _contacts(accounts)
    teams = _teams()
    employees = _employees(teams)
    return World(accounts, contacts, teams, employees)


def renewals(account: Account) -> list[tuple[date, bool]]:
    """Past renewals of an account: (date, won)."""
    dates = [account.renewal.replace(year=year) for year in (2025, 2026)]
    return [
        (at.date(), not (account.profile == "churned" and at == account.renewal))
        for at in dates
        if START <= at <= END
        and at > account.created + timedelta(days=200)
        and at <= (account.churned_at or END)
    ]
