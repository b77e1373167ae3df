"""What the layer needs to know of the dbt project that it belongs to: where it is, and its variables."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml

from voc_weighting.errors import WeightingError
from voc_weighting.policy import Finding, check_policy, first_period, known_signals

PROJECT_FILE = "dbt_project.yml"
AS_OF_DATE = "VOC_AS_OF_DATE"
#: The last day of the demo, and its day where nobody sets one.
DEMO_ENDS = "2026-06-30"


@dataclass(frozen=True)
class Settings:
    """The variables that weighting reads, with the defaults of dbt_project.yml."""

    as_of: date
    history_months: int = 24
    min_role_weight_coverage: float = 0.5
    min_score_coverage: float = 0.5
    min_reportable_responses: int = 5

    @classmethod
    def of(cls, variables: Mapping[str, Any]) -> Settings:
        """Read dbt's variables. As dbt does, take the day from `as_of_date`, else from VOC_AS_OF_DATE,
        else the last day of the demo, else today in `reporting_timezone`.

        WeightingError for a value that is none; dbt refuses it, too.
        """
        try:
            given = given_as_of_date(variables) or (DEMO_ENDS if variables.get("voc_demo") else "")
            zone = ZoneInfo(str(variables.get("reporting_timezone") or "UTC"))
            months = int(variables.get("history_months", cls.history_months))
            if months < 1:
                raise ValueError(f"history_months is {months}")
            return cls(
                _day(given) if given else datetime.now(zone).date(),
                months,
                float(variables.get("min_role_weight_coverage", cls.min_role_weight_coverage)),
                float(variables.get("min_score_coverage", cls.min_score_coverage)),
                int(variables.get("min_reportable_responses", cls.min_reportable_responses)),
            )
        except (TypeError, ValueError, ZoneInfoNotFoundError) as error:
            raise WeightingError(
                f"A variable of {PROJECT_FILE} has no usable value: {error}"
            ) from error


def given_as_of_date(variables: Mapping[str, Any]) -> str:
    """The day that somebody set, in dbt's variables or in the environment; empty where nobody did."""
    return str(variables.get("as_of_date") or os.environ.get(AS_OF_DATE) or "").strip()


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"as_of_date is '{text}', and is a day such as 2026-06-30") from error


def find_project(start: Path | None = None) -> Path:
    """Return the dbt project that a folder (the working directory) lies in.

    Outside of any, the project that this package is part of. WeightingError when there is none.
    """
    folder = (start or Path.cwd()).resolve()
    own = Path(__file__).resolve().parents[3]
    for candidate in (folder, *folder.parents, own):
        if (candidate / PROJECT_FILE).is_file():
            return candidate
    raise WeightingError(f"There is no {PROJECT_FILE} in {folder} or above it: name the --project.")


def read_variables(project: Path) -> dict[str, Any]:
    """Return the `vars` of a project's dbt_project.yml. WeightingError when it is not readable."""
    try:
        content = yaml.safe_load((project / PROJECT_FILE).read_text(encoding="utf-8"))
    # A date that is none (2026-02-30) is a ValueError of the parser's own.
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise WeightingError(f"{project / PROJECT_FILE} cannot be read: {error}") from error
    if not isinstance(content, dict):
        raise WeightingError(f"{project / PROJECT_FILE} must hold `name: value` pairs.")
    variables = dict(content.get("vars") or {})
    return variables | (variables.pop(content.get("name"), None) or {})


def check_project(project: Path, variables: Mapping[str, Any]) -> list[Finding]:
    """Return every broken rule of a project's policy seeds, given its variables."""
    settings = Settings.of(variables)
    return check_policy(
        project / "seeds" / "policy",
        known_signals(project),
        first_period(settings.as_of, settings.history_months),
    )
