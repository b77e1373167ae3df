"""The macros that engines' own functions part on: every text gives the same everywhere.

A model of texts and what the macros make of them runs on DuckDB, on Spark, and on PostgreSQL in
databases of several languages; what is right is worked out here, in Python.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from types import MappingProxyType
from typing import Any

import pytest
from harness import DICTIONARY, REPOSITORY, PostgresServer, Project, Row
from spark_warehouse import SparkWarehouse

from voc_weighting.policy_rows import fold_case

#: Every letter that has a small one, as far as this Python knows.
LETTERS = [chr(code) for code in range(0x41, 0x1E944) if chr(code).lower() != chr(code)]
WORDS = [
    *(
        "MÜLLER@Example.com",
        "müller@example.com",
        "İSTANBUL",
        "istanbul",
        "ISPARTA",
        "\u0131sparta",
    ),
    *(
        "ΟΔΟΣ",
        "οδος",
        "ΣΊΣΥΦΟΣ ΣΑΣ",
        "STRASSE",
        "STRAẞE",
        "straße",
        "ŽLUŤOUČKÝ KŮŇ",
        "ПРИВЕТ",
        "DŽ",
    ),
    *(
        "é",
        "e\u0301",
        "É",
        "ﬁ",
        "中文",
        "\uff21",
        "\U0001f600",
        "ID_1",
        "id-1",
        "id 1",
        "ID1",
        "a",
        "B",
    ),
    *("_a", "-b", "Z", "z", "ä", "zz", "R_10", "R_9", "r_1", "R-1", "1", "10", "2", "~", "QID1_x"),
]

#: Text of a time, and what it says in UTC; None for what is no time.
TIMES: dict[str, str | None] = {
    "2026-06-30": "2026-06-30T00:00:00",
    "2026-06-30T10:00": "2026-06-30T10:00:00",
    "2026-06-30 10:00": "2026-06-30T10:00:00",
    "2026-06-30t10:00:01": "2026-06-30T10:00:01",
    "2026-06-30T10:00:00Z": "2026-06-30T10:00:00",
    "2026-06-30T10:00:00z": "2026-06-30T10:00:00",
    "2026-06-30T10:00Z": "2026-06-30T10:00:00",
    "2026-06-30 10:00:00 Z": "2026-06-30T10:00:00",
    "2026-06-30 10:00:00 UTC": "2026-06-30T10:00:00",
    "2026-06-30 10:00:00.25 utc": "2026-06-30T10:00:00.250000",
    "2026-06-30 10:00:00GMT": "2026-06-30T10:00:00",
    "2026-06-30 10:00:00 +02": "2026-06-30T08:00:00",
    "2026-06-30 10:00:00+02": "2026-06-30T08:00:00",
    "2026-06-30 10:00+0200": "2026-06-30T08:00:00",
    "2026-06-30T10:00:00+02:00": "2026-06-30T08:00:00",
    "2026-06-30T20:30:00-07:00": "2026-07-01T03:30:00",
    "2026-06-30T20:30:00-0330": "2026-07-01T00:00:00",
    "2026-06-30T10:00:00.5+14:59": "2026-06-29T19:01:00.500000",
    "2026-06-30T10:00:00-00:00": "2026-06-30T10:00:00",
    "2026-06-30T10:00:00.1": "2026-06-30T10:00:00.100000",
    "2026-06-30T10:00:00.123456Z": "2026-06-30T10:00:00.123456",
    "2026-06-30T10:00:00.1234567": "2026-06-30T10:00:00.123456",
    "2026-06-30T10:00:00.1234567Z": "2026-06-30T10:00:00.123456",
    "2026-06-30T10:00:00.999999999+01:00": "2026-06-30T09:00:00.999999",
    "2026-06-30T23:59:59.9999999": "2026-06-30T23:59:59.999999",
    "2026-06-30T24:00": "2026-07-01T00:00:00",
    "2026-06-30 24:00:00": "2026-07-01T00:00:00",
    "2026-12-31T24:00:00.000Z": "2027-01-01T00:00:00",
    "2026-06-30T24:00:00+02:00": "2026-06-30T22:00:00",
    "2024-02-29T12:00:00": "2024-02-29T12:00:00",
    "2000-02-29": "2000-02-29T00:00:00",
    "1969-12-31T23:59:59.5Z": "1969-12-31T23:59:59.500000",
    "1000-01-01": "1000-01-01T00:00:00",
    "9999-12-31T23:59:59": "9999-12-31T23:59:59",
    # a day on which clocks change somewhere, and an hour that they skip there
    "2026-03-29T02:30:00": "2026-03-29T02:30:00",
    "2026-11-01 01:30:00-04:00": "2026-11-01T05:30:00",
    " 2026-06-30\t": "2026-06-30T00:00:00",
    "\u00a02026-06-30T10:00:00Z\r\n": "2026-06-30T10:00:00",
    "2026-6-5 10:00": "2026-06-05T10:00:00",
    "2026-06-5": "2026-06-05T00:00:00",
    "2026-6-05T10:00:00.25Z": "2026-06-05T10:00:00.250000",
    "2026/6/5": "2026-06-05T00:00:00",
    "2026/06/30 10:00:00": "2026-06-30T10:00:00",
    "2024/2/29": "2024-02-29T00:00:00",
    "1781913600": "2026-06-20T00:00:00",
    "1781913600123": "2026-06-20T00:00:00.123000",
    "1781913600123456": "2026-06-20T00:00:00.123000",
    "2026-06-30T24:00:01": None,
    "2026-06-30T25:00:00": None,
    "2026-06-30T10:60:00": None,
    "2026-06-30T10:00:60": None,
    "2026-06-30T10": None,
    "2026-06-30T1:00": None,
    "2026-06-30T10:00:00.": None,
    "2026-06-30T10:00:00.1234567890": None,
    "2026-06-30T10:00:00,5": None,
    "2026-06-30  10:00:00": None,
    "2026-06-30T10:00:00  Z": None,
    "2026-06-30T10:00:00+2": None,
    "2026-06-30T10:00:00+15:00": None,
    "2026-06-30T10:00:00+02:60": None,
    "2026-06-30T10:00:00+02:00:00": None,
    "2026-06-30T10:00:00 CET": None,
    "2026-06-30T10:00:00 Europe/Berlin": None,
    "2026-06-30T10:00:00ZZ": None,
    "2026-06-30Z": None,
    "2026-06-30+02": None,
    "2026-06-31": None,
    "2026/6/31": None,
    "2026/13/1": None,
    "2026/6/5 10:00:00+02:00": None,
    "2026/6/5 1:00": None,
    "2026/6/5 24:00": None,
    "2026.6.5": None,
    "2026/6/5/": None,
    "26/6/5": None,
    "16/10/2026": None,
    "10/16/2026": None,
    "16.10.2026 10:00": None,
    "3-4-2026": None,
    "03/04/2026T10:00:00Z": None,
    "3/4/20266": None,
    "1/1/0000": None,
    "29/02/0000": None,
    "1/1/26": None,
    "3/4/26": None,
    "32/1/2026": None,
    "2026-02-29": None,
    "1900-02-29": None,
    "2026-00-10": None,
    "2026-13-01": None,
    "0000-01-01": None,
    "12026-06-30": None,
    "-2026-06-30": None,
    "20260630": None,
    "20260630T100000Z": None,
    "10:00:00": None,
    "2026-06": None,
    "2026-06-30\u2028": None,
    "infinity": None,
    "now": None,
    "today": None,
    "epoch": None,
    "": None,
    "nan": None,
}

#: What those say whose year stands last, where policy says in which order the others do.
DAY_FIRST = {
    "16/10/2026": "2026-10-16T00:00:00",
    "16.10.2026 10:00": "2026-10-16T10:00:00",
    "3-4-2026": "2026-04-03T00:00:00",
    "03/04/2026T10:00:00Z": "2026-04-03T10:00:00",
}
MONTH_FIRST = {
    "10/16/2026": "2026-10-16T00:00:00",
    "3-4-2026": "2026-03-04T00:00:00",
    "03/04/2026T10:00:00Z": "2026-03-04T10:00:00",
}

NUMBERS = [
    *("1.005", "-1.005", "2.675", "1.0049999999999999", "0.005", "-0.005", ".5", "5.", "+5", "1e3"),
    *("1E2", "1.5e-3", "100500e-5", "-4.9e-3", "5e-3", "1e-30", "0", "-0", "00012.50", " 7.125 "),
    *("999999999999999.99", "-999999999999999.99", "123456789012.345", "1.00500000000000000000001"),
    *(
        "1,5",
        "1_0",
        "1d",
        "1f",
        "0x10",
        "1e",
        "--1",
        "NaN",
        "inf",
        "Infinity",
        "1e15",
        "1e400",
        "٣",
    ),
    *(
        "",
        "$5",
        "5 5",
        "true",
        "1e16",
        "12345678901234567890123456789012345678901234567890",
        "1\u2028",
    ),
]
#: Doubles, with the digits that they are written with.
DOUBLES = [1.005, -1.005, 2.675, 1.0049999999999997, 0.1 + 0.2, 1e-7, 123456789012.345, 5e-3, 1e16]

MODEL = """
{{{{ config(materialized='table') }}}}
with texts as (select * from (values {texts}) as given (n, text)),

doubles as (select * from (values {doubles}) as given (n, number)),

labelled as (
    select
        n,
        text,
        {{{{ to_type('text', 'text', 'string') }}}} as label
    from texts
),

ordered as (
    select
        n,
        text,
        label,
        row_number() over (order by label nulls first, n) as label_place,
        row_number() over (order by {{{{ byte_order('text') }}}}, n) as place,
        row_number() over (order by {{{{ byte_order(fold_case('text')) }}}} desc, n) as folded_place
    from labelled
),

whole as (
    select
        {{{{ sorted_list('text') }}}} as listed,
        min({{{{ byte_order('text') }}}}) as first_text,
        max({{{{ byte_order('text') }}}}) as last_text
    from texts
    where n < {words}
)

select
    ordered.n,
    ordered.text,
    ordered.place,
    ordered.folded_place,
    {{{{ fold_case('ordered.text') }}}} as folded,
    {{{{ upper_code('ordered.text') }}}} as code,
    {{{{ to_type('ordered.text', 'text', 'timestamp') }}}} as moment,
    {{{{ to_type('ordered.text', 'text', 'timestamp', 'day_first') }}}} as moment_day_first,
    {{{{ to_type('ordered.text', 'text', 'timestamp', 'month_first') }}}} as moment_month_first,
    {{{{ to_type('ordered.text', 'text', 'date') }}}} as day,
    {{{{ to_type('ordered.text', 'text', 'numeric(18,2)') }}}} as money,
    {{{{ to_type('ordered.text', 'text', 'double precision') }}}} as number,
    {{{{ to_type('ordered.text', 'text', 'bigint') }}}} as whole_number,
    {{{{ to_type('ordered.text', 'text', 'boolean') }}}} as truth,
    ordered.label,
    ordered.label_place,
    {{{{ normalised_email('ordered.text') }}}} as email,
    {{{{ identity_value('ordered.text') }}}} as person,
    {{{{ to_type('doubles.number', 'double precision', 'numeric(18,2)') }}}} as money_of_double,
    {{{{ to_type('doubles.number', 'double precision', 'bigint') }}}} as whole_of_double,
    whole.listed,
    whole.first_text,
    whole.last_text
from ordered
cross join whole
left join doubles on ordered.n = doubles.n
"""

TEXTS = list(dict.fromkeys([*WORDS, *TIMES, *NUMBERS, *LETTERS]))
MODEL_FILE = "models/core/same_everywhere.sql"
QUERY = "select * from intermediate.same_everywhere order by n"
TRUTHS = {
    **dict.fromkeys(("true", "t", "1", "1.0", "yes", "y"), True),
    **dict.fromkeys(("false", "f", "0", "0.0", "no", "n"), False),
}
SPACES = " \t\r\n\u00a0"


def test_duckdb(project: Project) -> None:
    build(project)
    assert_right(project.query(QUERY))


@pytest.mark.parametrize("locale", ["C", "C.utf8", DICTIONARY])
def test_postgres(project: Project, postgres: PostgresServer, locale: str) -> None:
    database = postgres.new_database(locale)
    build(project, target="postgres", environment=database.environment)
    assert_right(database.execute(QUERY))


def test_spark(unbuilt_spark: SparkWarehouse) -> None:
    unbuilt_spark.project.write(MODEL_FILE, model())
    try:
        outcome = unbuilt_spark.dbt("run", "--select", "same_everywhere")
    finally:
        (unbuilt_spark.project.root / MODEL_FILE).unlink()
    assert outcome.ok, outcome.output
    assert_right(unbuilt_spark.query(QUERY))


def test_a_database_that_cannot_fold_case_says_so(
    project: Project, postgres: PostgresServer
) -> None:
    database = postgres.new_database("C", encoding="SQL_ASCII")
    project.write(MODEL_FILE, model())
    outcome = project.dbt(
        *("run", "--select", "same_everywhere"),
        target="postgres",
        environment=database.environment,
    )
    assert not outcome.ok
    assert "cannot fold case beyond ASCII" in outcome.output
    assert "create database <name> encoding 'UTF8'" in outcome.output


def test_no_sql_folds_case_in_its_own_way() -> None:
    own_words = re.compile(r"\b(lower|upper|initcap)\(|\bilike\b", re.IGNORECASE)
    for folder in ("models", "macros", "tests", "analyses"):
        for file in sorted((REPOSITORY / folder).rglob("*.sql")):
            if file.name != "fold_case.sql":
                assert not own_words.search(file.read_text(encoding="utf-8")), file


def build(project: Project, **settings: Any) -> None:
    """Build the model, and nothing else, in a database that holds nothing."""
    project.write(MODEL_FILE, model())
    outcome = project.dbt("run", "--select", "same_everywhere", **settings)
    assert outcome.ok, outcome.output


def model() -> str:
    """The model with every text as a literal; white space as its codes, for files change it."""

    def literal(text: str) -> str:
        parts = re.findall(f"[{SPACES[1:]}]|[^{SPACES[1:]}]+", text)
        shown = [f"chr({ord(part)})" if part in SPACES else f"'{part}'" for part in parts]
        return " || ".join(shown) or "''"

    doubles = [f"cast('{value!r}' as {{{{ sql_type('double precision') }}}})" for value in DOUBLES]
    return MODEL.format(
        texts=", ".join(f"({n}, {literal(text)})" for n, text in enumerate(TEXTS)),
        doubles=", ".join(f"({n}, {value})" for n, value in enumerate(doubles)),
        words=len(WORDS),
    )


def assert_right(found: list[Row]) -> None:
    """Every row is what Python says."""
    assert [row["text"] for row in found] == TEXTS
    wrong = {}
    for row, right in zip(found, expected(), strict=True):
        different = {
            name: (row[name], value) for name, value in right.items() if row[name] != value
        }
        if different:
            wrong[row["text"]] = different
    assert not wrong, "\n".join(f"{text!r}: {said}" for text, said in wrong.items())


def expected() -> list[Row]:
    """What the model is to hold, by n."""
    place = {text: n for n, text in enumerate(sorted(TEXTS, key=str.encode), 1)}
    in_order = sorted(range(len(TEXTS)), key=lambda n: fold_case(TEXTS[n]).encode(), reverse=True)
    labels = [(text.strip(SPACES).encode(), n) for n, text in enumerate(TEXTS)]
    label_place = {n: place for place, (_, n) in enumerate(sorted(labels), 1)}
    words = sorted(WORDS, key=str.encode)
    return [
        {
            "place": place[text],
            "folded_place": in_order.index(n) + 1,
            "folded": fold_case(text),
            "code": re.sub("[a-z]", lambda letter: letter[0].upper(), text),
            "moment": moment(text),
            "moment_day_first": moment(text, DAY_FIRST),
            "moment_month_first": moment(text, MONTH_FIRST),
            "day": moment(text) and moment(text).date(),
            "truth": TRUTHS.get(fold_case(text).strip(SPACES)),
            "listed": ";".join(words),
            "first_text": words[0],
            "last_text": words[-1],
            "label_place": label_place[n],
            "label": text.strip(SPACES) or None,
            "person": fold_case(text) if "@" in text else text,
            "email": fold_case(text).strip(SPACES),
            **numbers(text),
            **doubles(DOUBLES[n] if n < len(DOUBLES) else None),
        }
        for n, text in enumerate(TEXTS)
    ]


def moment(text: str, in_order: Mapping[str, str] = MappingProxyType({})) -> datetime | None:
    """The time that a text says, of the texts above, where a vendor's days come in an order."""
    said = in_order.get(text, TIMES.get(text))
    if text.strip().isdecimal() and text.isascii() and 9 <= len(text) <= 16:
        seconds = int(text) / 10 ** (len(text) - 10)
        said = (datetime(1970, 1, 1) + timedelta(milliseconds=round(1000 * seconds))).isoformat()
    return datetime.fromisoformat(said) if said else None


def numbers(text: str) -> Row:
    """What a text is as a number of each type."""
    digits = text.strip(SPACES)
    is_number = re.fullmatch(
        r"[-+]?([0-9]{1,30}([.][0-9]{0,30})?|[.][0-9]{1,30})([eE][-+]?[0-9]{1,2})?", digits
    )
    exact = Decimal(digits) if is_number else None
    return {
        "money": decimal(exact, 2),
        "number": float(exact) if exact is not None else None,
        "whole_number": whole(float(exact) if exact is not None else None),
    }


def doubles(number: float | None) -> Row:
    """What a double is as a number of other types."""
    exact = Decimal(repr(number)) if number is not None else None
    return {"money_of_double": decimal(exact, 2), "whole_of_double": whole(number)}


def decimal(number: Decimal | None, places: int) -> Decimal | None:
    """With so many decimals, halves away from zero, where the type has room."""
    if number is None or abs(float(number)) >= 1e15:
        return None
    return number.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def whole(number: float | None) -> int | None:
    """The nearest whole number, halves up, where the type has room."""
    return math.floor(number + 0.5) if number is not None and abs(number) < 9e18 else None
