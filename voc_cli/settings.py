"""Checks that come before dbt starts: has every vendor its folder, and is the policy sound?"""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any

import yaml

from voc_weighting.errors import WeightingError
from voc_weighting.policy import PolicyError
from voc_weighting.settings import check_project, read_variables

VENDOR_LIST_SUFFIX = "_vendors"


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
    except yaml.YAMLError as error:
        raise UserError(f"{origin} is not readable YAML: {error}") from error
    if not isinstance(value, dict):
        raise UserError(f"{origin} must hold `name: value` pairs; it holds {value!r}.")
    return value
