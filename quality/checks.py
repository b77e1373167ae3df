"""Checks as SQL. Every query has one row per broken rule: rule, broken_rows, examples (keys)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from quality.catalog import Table
from quality.engine import as_day, as_number, quoted
from quality.limits import Conservation, Mean, Share, Volume
from voc_weighting.warehouse import sql_date, sql_text

EXAMPLES = 3
Range = tuple[float | None, float | None]


@dataclass(frozen=True)
class Check:
    """One query that has no rows when all is well, in words for people."""

    words: str
    sql: str


@dataclass
class Suite:
    """What is checked of one table; without a table, of several together."""

    name: str
    table: Table | None = None
    #: Columns that must be there; `exactly` when there may be no other.
    columns: tuple[str, ...] = ()
    exactly: bool = False
    checks: list[Check] = field(default_factory=list)

    def add(self, *checks: Check | None) -> None:
        """Add those that there are."""
        self.checks += [check for check in checks if check is not None]


@dataclass(frozen=True)
class Rule:
    """A condition that no row may meet."""

    words: str
    broken: str


def key_text(columns: Sequence[str]) -> str:
    """A row's key as text; a key that holds an e-mail is not told."""
    parts = " || ' / ' || ".join(f"coalesce(cast({quoted(c)} as varchar), '?')" for c in columns)
    parts = parts or "'?'"
    return f"case when position('@' in {parts}) > 0 then '(hidden: an e-mail)' else {parts} end"


def row_rules(table: Table, key: Sequence[str], rules: Sequence[Rule]) -> Check | None:
    """All rules of a table's rows, in one scan."""
    if not rules:
        return None
    flags = ", ".join(
        f"case when {rule.broken} then 1 else 0 end as rule_{place}"
        for place, rule in enumerate(rules)
    )
    anything = " or ".join(f"({rule.broken})" for rule in rules)
    broken = f"select {key_text(key)} as row_key, {flags} from {table.sql} where {anything}"
    found = " union all ".join(
        _found(rule.words, f"rule_{place} = 1") for place, rule in enumerate(rules)
    )
    words = "; ".join(rule.words for rule in rules)
    return Check(f"rows: {words}", f"with broken as ({broken}) {found}")


def grain(
    table: Table, key: Sequence[str], filled: Sequence[str] = (), repeated: float = 0.0
) -> Check:
    """One row per key, but for a share `repeated`; rows without a `filled` column do not count."""
    columns = ", ".join(quoted(column) for column in key)
    where = " and ".join(f"{quoted(column)} is not null" for column in filled) or "1 = 1"
    twice = (
        f"select {key_text(key)} as row_key from {table.sql} where {where}"
        f" group by {columns} having count(*) > 1"
    )
    words = f"one row per {', '.join(key)}"
    least = "0"
    if repeated:
        words += f" (but for {repeated:.0%} of them)"
        least = f"{repeated} * (select count(*) from {table.sql})"
    return Check(words, f"with broken as ({twice}) {_found(words, '1 = 1', least)}")


def missing(column: str) -> Rule:
    """The column has a value."""
    return Rule(f"{column} is filled", f"{quoted(column)} is null")


def outside(dialect: str, column: str, kind: str, limits: Range) -> Rule:
    """The column, if it has a value, lies within limits; text that is no number is none."""
    low, high = limits
    number = as_number(dialect, quoted(column), kind)
    sides = [
        f"{number} {sign} {bound}" for sign, bound in (("<", low), (">", high)) if bound is not None
    ]
    if low is None or high is None:
        words = (
            f"{column} is at {'least' if high is None else 'most'} {low if high is None else high}"
        )
    else:
        words = f"{column} is between {low} and {high}"
    return Rule(words, " or ".join(sides))


def not_among(column: str, values: Sequence[object]) -> Rule:
    """The column, if it has a value, is one of these."""
    listed = ", ".join(sql_text(str(value)) for value in values)
    return Rule(
        f"{column} is one of {', '.join(map(str, values))}",
        f"cast({quoted(column)} as varchar) not in ({listed})",
    )


def news(
    dialect: str, table: Table, column: str, stale_days: int, volume: Volume | None, as_of: date
) -> list[Check]:
    """The newest row is not stale, and the newest full window has about as many as those before."""
    day = as_day(dialect, quoted(column), table.columns[column])
    days = (
        f"select day from (select {day} as day from {table.sql}) as dated"
        f" where day <= {sql_date(as_of)}"
    )
    checks = [_stale(f"{column}", days, stale_days, as_of)]
    if volume is not None:
        ago = f"floor(({sql_date(as_of)} - day) / {volume.days:.1f})"
        words = (
            f"rows of the last {volume.days} days by {column}: {volume.low:g} to {volume.high:g}"
            f" times the mean of the {volume.windows_before} windows before"
        )
        checks.append(
            Check(
                words,
                f"with windows as (select {ago} as ago, count(*) as row_count from ({days}) as d"
                f" where {ago} <= {volume.windows_before} group by 1),"
                " counted as (select coalesce(sum(case when ago = 0 then row_count end), 0) as now,"
                " avg(case when ago > 0 then row_count end) as usual from windows)"
                f" select {sql_text(words)} as rule, now as broken_rows,"
                " cast(now as varchar) || ' rows, usually ' || cast(round(usual) as varchar)"
                f" as examples from counted where usual >= {volume.min_expected}"
                f" and (now < {volume.low} * usual or now > {volume.high} * usual)",
            )
        )
    return checks


def loaded(
    dialect: str, vendor: str, tables: Sequence[tuple[Table, str]], stale_days: int, as_of: date
) -> Check:
    """Some table of the vendor was loaded lately."""
    newest = " union all ".join(
        f"select max({as_day(dialect, quoted(column), table.columns[column])}) as day"
        f" from {table.sql}"
        for table, column in tables
    )
    return _stale(
        f"{vendor} was loaded:", f"select day from ({newest}) as loads", stale_days, as_of
    )


def _stale(what: str, days: str, stale_days: int, as_of: date) -> Check:
    words = f"{what} newest at most {stale_days} days before {as_of}"
    return Check(
        words,
        f"select {sql_text(words)} as rule, 1 as broken_rows,"
        f" coalesce('newest: ' || cast(max(day) as varchar), 'no day at all') as examples"
        f" from ({days}) as news having max(day) is null"
        f" or max(day) < {sql_date(as_of)} - {stale_days}",
    )


def distribution(table: Table, limit: Share | Mean, key: Sequence[str], as_of: date) -> Check:
    """A share or a mean of the newest window, beside that of the year before."""
    now = f"cast({limit.time} as date) > {sql_date(as_of)} - {limit.days}"
    value = (
        f"cast(case when {limit.rows} then 1 else 0 end as double precision)"
        if isinstance(limit, Share)
        else f"cast({limit.value} as double precision)"
    )
    sides = (
        f"select {now} as is_now, {value} as value, {key_text(key)} as row_key from {table.sql}"
        f" where {limit.of} and cast({limit.time} as date) <= {sql_date(as_of)}"
        f" and cast({limit.time} as date) > {sql_date(as_of)} - {limit.days + 365}"
    )
    if isinstance(limit, Share):
        words = (
            f"{limit.words} in {limit.days} days: at most {limit.high:g},"
            f" and at most {limit.jump:g} above the year before"
        )
        breach = f"now > {limit.high} or now - before > {limit.jump}"
        examples = ", " + _few("select row_key from sides where is_now and value = 1", "row_key")
    else:
        words = f"{limit.words} in {limit.days} days: within {limit.max_shift:g} of the year before"
        breach = f"abs(now - before) > {limit.max_shift}"
        examples = ""
    figures = (
        "cast(round(cast(now as numeric), 2) as varchar) || ', before '"
        " || coalesce(cast(round(cast(before as numeric), 2) as varchar), 'none')"
    )
    if examples:
        figures += f" || ': ' || coalesce({examples.removeprefix(', ')}, '')"
    return Check(
        words,
        f"with sides as ({sides}), compared as (select"
        " avg(case when is_now then value end) as now, count(case when is_now then value end) as n,"
        " avg(case when not is_now then value end) as before_any,"
        " count(case when not is_now then value end) as n_before from sides),"
        " judged as (select now, n, case when n_before >= "
        f"{limit.min_rows} then before_any end as before from compared)"
        f" select {sql_text(words)} as rule, n as broken_rows, {figures} as examples"
        f" from judged where n >= {limit.min_rows} and ({breach})",
    )


def conservation(claim: Conservation, names: Mapping[str, object]) -> Check:
    """Both sides hold the same amount for each key."""
    left, right = claim.left.format(**names), claim.right.format(**names)
    difference = (
        "select coalesce(l.key, r.key) as row_key"
        f" from ({left}) as l full outer join ({right}) as r on l.key = r.key"
        " where l.key is null or r.key is null"
        " or abs(cast(coalesce(l.amount, 0) as double precision)"
        " - cast(coalesce(r.amount, 0) as double precision)) > 0.000001"
    )
    return Check(claim.words, f"with broken as ({difference}) {_found(claim.words, '1 = 1')}")


def nothing_landed(vendor: str) -> Check:
    """A listed vendor without a table: always broken."""
    words = f"{vendor} is listed and lands at least one table"
    return Check(words, f"select {sql_text(words)} as rule, 1 as broken_rows, 'none' as examples")


def _found(words: str, condition: str, least: str = "0") -> str:
    few = _few(f"select row_key from broken where {condition}", "row_key")
    return (
        f"select {sql_text(words)} as rule, count(*) as broken_rows, {few} as examples"
        f" from broken where {condition} having count(*) > {least}"
    )


def _few(keys: str, column: str) -> str:
    few = f"{keys} order by {column} limit {EXAMPLES}"
    return f"(select string_agg({column}, ', ') from ({few}) as few)"
