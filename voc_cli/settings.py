"""Checks that come before dbt is even imported: variables, vendors, salt, policy."""

from __future__ import annotations

import ast
import contextlib
import difflib
import os
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

import yaml

from voc_weighting.errors import WeightingError
from voc_weighting.policy import PolicyError
from voc_weighting.settings import AS_OF_DATE, PROJECT_FILE, check_project, read_variables

LANDED_ALIASES = "landed_aliases"
VENDOR_LIST_SUFFIX = "_vendors"
NEVER_EMPTY = ("survey_vendors", "crm_vendors")
HASH_SALT, SALT_CHARACTERS = "VOC_HASH_SALT", 16
SCHEMA_PREFIX = "VOC_SCHEMA_PREFIX"

#: What a variable takes: the name of a kind, or the keys of one that holds several whole numbers.
Kind = str | list[str]


class UserError(Exception):
    """A mistake that the user can mend; its text is shown as it is, without a traceback."""


def load_variables(root: Path, cli_vars: str | None = None) -> dict[str, Any]:
    """Return dbt's variables: those of dbt_project.yml, overlaid with the text given to `--vars`.

    Raises UserError when either is not readable YAML or not a mapping.
    """
    try:
        variables = read_variables(root)
    except WeightingError as error:
        raise UserError(str(error)) from error
    if cli_vars:
        variables.update(_mapping(cli_vars, "--vars"))
    return variables


def known_vendors(root: Path) -> list[str]:
    """Return the names of the vendor folders in models/staging, sorted."""
    return sorted(path.name for path in (root / "models" / "staging").glob("*/") if path.is_dir())


def known_settings(root: Path) -> dict[str, Kind]:
    """Every variable and what it takes, as macros/settings/known_settings.sql lists them."""
    text = (root / "macros" / "settings" / "known_settings.sql").read_text(encoding="utf-8")
    known = ast.literal_eval(text.partition("return(")[2].partition(") }}")[0])
    return {**known, **{f"{vendor}_schema": "text" for vendor in known_vendors(root)}}


def check_settings(variables: dict[str, Any], root: Path) -> dict[str, list[str]]:
    """Check names and values of dbt's variables, and return {variable: vendors} of each domain.

    Raises UserError, naming every mistake at once. `check_settings` in macros/ does the same for
    whoever starts dbt by hand; here it takes no second.
    """
    known = known_settings(root)
    problems = [_unknown_variable(name, list(known)) for name in variables if name not in known]
    for name, kind in known.items():
        if isinstance(kind, list) or kind != "vendors":
            problems += _faults(name, kind, variables.get(name))
    problems += _unknown_landed_tables(variables.get(LANDED_ALIASES), root)
    if AS_OF_DATE in os.environ and not variables.get("as_of_date"):
        problems += _faults(f"{AS_OF_DATE} in the environment", "date", os.environ[AS_OF_DATE])
    if not re.fullmatch("([a-z][a-z0-9_]*)?", prefix := os.environ.get(SCHEMA_PREFIX, "")):
        problems.append(
            f"{SCHEMA_PREFIX} is '{prefix}': it takes small letters, digits and underscores, a letter"
            " first, for engines differ in what they make of others."
        )
    if problems:
        raise UserError("\n".join(problems))
    lists = check_vendors(variables, root)
    _check_salt(variables)
    return lists


def check_target(root: Path, target: str | None, profiles_dir: str | None) -> None:
    """Raise UserError when the profile has no such target; where it cannot be read, dbt says why."""
    if target is None:
        return
    folder = Path(profiles_dir or os.environ.get("DBT_PROFILES_DIR") or root)
    profile = yaml.safe_load((root / PROJECT_FILE).read_text(encoding="utf-8"))["profile"]
    with contextlib.suppress(OSError, yaml.YAMLError, KeyError, TypeError):
        text = (folder / "profiles.yml").read_text(encoding="utf-8")
        outputs = list(yaml.safe_load(text)[profile]["outputs"])
        if target not in outputs:
            close = difflib.get_close_matches(target, outputs, n=1)
            hint = f"Did you mean '{close[0]}'?" if close else "Name one of these, or add yours."
            raise UserError(
                f"profiles.yml in {folder} has no target '{target}'; it has {', '.join(outputs)}. {hint}"
            )


def _faults(name: str, kind: Kind, value: Any) -> list[str]:
    """What is wrong with the value of one variable: nothing, or a sentence each."""
    if isinstance(kind, list):
        if not isinstance(value, dict) or not set(kind) <= set(value):
            keys = ", ".join(key for key in kind if not isinstance(value, dict) or key not in value)
            return [_replaced_whole(name, keys)]
        return [it for key in kind for it in _faults(f"{name}, {key},", "whole_number", value[key])]
    if kind == "threshold":
        if not isinstance(value, dict) or not {"rows", "share"} <= set(value):
            return [_replaced_whole(name, "rows or no share")]
        shares = [key for key in value if key != "rows"]
        return _faults(f"{name}, rows,", "whole_number", value["rows"]) + [
            it for key in shares for it in _faults(f"{name}, {key},", "share", value[key])
        ]
    if value is None and kind in OPTIONAL_KINDS:
        return []
    is_right, takes = KINDS[kind]
    return [] if is_right(value) else [f"The variable {name} is {str(value)!r}: it takes {takes}."]


def _replaced_whole(name: str, keys: str) -> str:
    return (
        f"The variable {name} has no {keys}: a variable is replaced whole, so copy all its keys from"
        " dbt_project.yml."
    )


def _unknown_variable(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name.lower(), known, n=1)
    hint = f" Did you mean '{close[0]}'?" if close else " README.md lists those there are."
    return f"There is no variable '{name}'.{hint}"


def declared_tables(root: Path, vendor: str) -> dict[str, str]:
    """The landed tables of a vendor, {name: as it lands}."""
    file = root / f"models/staging/{vendor}/_{vendor}__sources.yml"
    (source,) = yaml.safe_load(file.read_text(encoding="utf-8"))["sources"]
    return {table["name"]: table.get("identifier", table["name"]) for table in source["tables"]}


def _unknown_landed_tables(aliases: Any, root: Path) -> list[str]:
    """A sentence for each table of landed_aliases that no vendor lands."""
    if not isinstance(aliases, dict) or not aliases:
        return []
    known = [
        f"{vendor}__{table}"
        for vendor in known_vendors(root)
        for table in declared_tables(root, vendor)
    ]
    problems = []
    for table in aliases:
        if table not in known:
            close = difflib.get_close_matches(str(table).lower(), known, n=1)
            hint = f"Did you mean '{close[0]}'?" if close else "docs/landed-tables.md lists them."
            problems.append(
                f"{LANDED_ALIASES} names {table}, which no vendor lands: write <vendor>__<table>. {hint}"
            )
    return problems


def _is_date(value: Any) -> bool:
    text = str(value).strip()
    try:
        return not text or (len(text) == 10 and date.fromisoformat(text) >= date(1970, 1, 1))
    except ValueError:
        return False


def _is_whole_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def _is_share(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1


#: What a value of each kind is, and how a sentence about it ends.
KINDS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "flag": (lambda value: isinstance(value, bool), "true or false"),
    "text": (lambda value: isinstance(value, str), "a text"),
    "mapping": (lambda value: isinstance(value, dict), "`name: value` pairs"),
    "day_order": (
        lambda value: isinstance(value, dict) and {*value.values()} <= {"day_first", "month_first"},
        "`vendor: day_first` (16/10/2026) or `vendor: month_first` (10/16/2026) pairs",
    ),
    "date": (_is_date, "a date, written as YYYY-MM-DD, for example 2026-06-30"),
    "time_zone": (
        lambda value: value in available_timezones(),
        "an IANA name of a time zone, such as UTC or Europe/Berlin",
    ),
    "currency": (
        lambda value: re.fullmatch("[A-Z]{3}", str(value)),
        "the code of a currency, such as USD",
    ),
    "whole_number": (_is_whole_number, "a whole number from 1"),
    "number_of_people": (
        lambda value: _is_whole_number(value) and value > 1,
        "a whole number from 2, for a figure of one employee is that employee's",
    ),
    "whole_number_or_none": (_is_whole_number, "a whole number from 1, or nothing"),
    "share": (_is_share, "a share from 0 to 1"),
}
#: Kinds of variables that dbt_project.yml need not have.
OPTIONAL_KINDS = ("text", "flag", "date", "whole_number_or_none")


def _check_salt(variables: dict[str, Any]) -> None:
    salt = os.environ.get(HASH_SALT, "")
    if (salt or not variables["voc_demo"]) and len(salt) < SALT_CHARACTERS:
        found = f"only {len(salt)} characters long" if salt else "not set"
        raise UserError(
            f"{HASH_SALT} is {found}: people would be known by keys that anybody can guess. Set it to"
            f" a secret of at least {SALT_CHARACTERS} characters and keep it, for another salt makes"
            ' other keys. To make one: python -c "import secrets; print(secrets.token_hex(32))"'
        )


def check_vendors(variables: dict[str, Any], root: Path) -> dict[str, list[str]]:
    """Return {variable: vendors} for every `<domain>_vendors` variable.

    Raises UserError, naming every mistake at once, when a variable is not a list of names or a
    named vendor has no folder models/staging/<vendor>/.
    """
    known = known_vendors(root)
    lists: dict[str, list[str]] = {}
    problems: list[str] = []
    for name, vendors in variables.items():
        if not name.endswith(VENDOR_LIST_SUFFIX):
            continue
        if not isinstance(vendors, list) or not all(isinstance(item, str) for item in vendors):
            problems.append(
                f"{name} must be a list of vendors, like [qualtrics]; it is {vendors!r}."
            )
            continue
        lists[name] = vendors
        if not vendors and name in NEVER_EMPTY:
            problems.append(
                f"{name} is empty: there is no voice of the customer without answers (survey_vendors) and"
                " accounts (crm_vendors). List a vendor, or generic to bring your own tables."
            )
        problems += [_unknown_vendor(name, item, known) for item in vendors if item not in known]
    if problems:
        raise UserError(
            "\n".join(problems)
            + f"\nKnown vendors: {', '.join(known) or 'none'}."
            + "\nCorrect the list in dbt_project.yml (under vars) or in --vars,"
            + " or add the vendor's folder under models/staging/."
        )
    return lists


def check_policy_seeds(variables: dict[str, Any], root: Path) -> None:
    """Raise UserError when a policy seed breaks a rule, naming file, row and rule of every one."""
    try:
        findings = check_project(root, variables)
        if findings:
            raise PolicyError(findings)
    except WeightingError as error:
        raise UserError(f"{error}\nNothing was built. Mend the files and run again.") from error


def _unknown_vendor(name: str, vendor: str, known: list[str]) -> str:
    close = difflib.get_close_matches(vendor.lower(), known, n=1)
    hint = f" Did you mean '{close[0]}'?" if close else ""
    return f"{name} names '{vendor}', but there is no folder models/staging/{vendor}/.{hint}"


def _mapping(text: str, origin: str) -> dict[str, Any]:
    try:
        value = yaml.safe_load(text)
    # A date that is none (2026-02-30) is a ValueError of the parser's own.
    except (ValueError, yaml.YAMLError) as error:
        raise UserError(f"{origin} is not readable YAML: {error}") from error
    if not isinstance(value, dict):
        raise UserError(f"{origin} must hold `name: value` pairs; it holds {value!r}.")
    return value
