"""dbt's unit tests test the models, not the settings of whoever runs them.

The first build of a user runs them under the user's own settings. So a unit test pins every variable that its model
reads, and its rows are right under any other value.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path
from typing import Any

import msgpack
import noting_dbt
import pytest
import yaml
from harness import REPOSITORY, Project, dbt_server, is_read_by_parser

#: Every variable of dbt_project.yml at another sensible value. Lists of vendors are longer, but for
#: employees: a vendor who is taken off takes its staging tests along.
OTHER: dict[str, Any] = {
    "voc_demo": False,
    "survey_vendors": ["qualtrics", "zendesk", "generic"],
    "crm_vendors": ["salesforce", "generic"],
    "support_vendors": ["zendesk", "salesforce"],
    "usage_vendors": ["pendo", "generic"],
    "billing_vendors": ["stripe", "generic"],
    "employee_vendors": [],
    "landed_aliases": {
        "pendo__event": {"visitor_id": "who"},
        "pendo__feature_history": {"name": "label"},
        "qualtrics__ticket": {"status": "state"},
        "salesforce__task": {"type": "kind"},
        "stripe__invoice": {"amount_due": "amount"},
        "zendesk__satisfaction_rating": {"score": "stars"},
    },
    "landed_day_order": dict.fromkeys(("qualtrics", "zendesk", "generic"), "day_first"),
    "as_of_date": "2019-01-31",
    "reporting_timezone": "Asia/Shanghai",
    "history_months": 7,
    "usage_lookback_days": 3,
    "nps_window_days": 90,
    "min_role_weight_coverage": 0.9,
    "min_reportable_responses": 50,
    "first_contact_resolution_days": 2,
    "repeat_contact_days": 3,
    "follow_up_sla_hours": 5,
    "closure_sla_days": 2,
    "recovery_days": 3,
    "closed_loop_window_days": 20,
    "root_cause_target_days": 2,
    "anonymity_min_n": 50,
    "erasure_max_people": 9,
    "lead_lag_months": 1,
    "retention_months": 2,
    "min_score_coverage": 0.95,
    "signal_window_days": {
        "usage": 3,
        "tickets": 4,
        "ticket_baseline": 5,
        "effort": 6,
        "satisfaction": 6,
        "qbr_pulse": 7,
        "payment_timeliness": 8,
        "seat_change": 9,
        "first_contact_resolution": 10,
        "sla_attainment": 11,
    },
    "stale_after_days": {"usage": 2, "survey": 3, "support": 4, "billing": 5},
    "quarantine_threshold": {"rows": 1, "share": 0.01},
    "volume_threshold": {"rows": 1, "share": 0.9},
    "volume_window_days": {"usage": 2, "survey": 3, "support": 4, "billing": 5},
    "reporting_currency": "EUR",
}


def test_every_variable_has_another_value_here() -> None:
    project = yaml.safe_load((REPOSITORY / "dbt_project.yml").read_text(encoding="utf-8"))
    shipped = project["vars"]
    unnamed = sorted(shipped.keys() - OTHER.keys())
    assert not unnamed, (
        f"Give {', '.join(unnamed)} another sensible value in OTHER of {Path(__file__).name}, so that the unit tests"
        " are seen to pass under it."
    )
    gone = sorted(OTHER.keys() - shipped.keys())
    assert not gone, f"Remove {', '.join(gone)} from OTHER: dbt_project.yml has no such variable."
    for name, value in shipped.items():
        keys = value if isinstance(value, dict) else []
        same = [key for key in keys if OTHER[name].get(key) == value[key]]
        assert OTHER[name] != value, f"{name} in OTHER is what dbt_project.yml has: choose another."
        assert not same, (
            f"{name} in OTHER has {', '.join(same)} as in dbt_project.yml: choose others."
        )


def test_names_are_short_enough_for_postgres() -> None:
    """dbt makes a table of a unit test's name, and PostgreSQL takes no name of more than 63 bytes."""
    names = {
        test["name"]
        for file in (REPOSITORY / "models").rglob("*.yml")
        for test in yaml.safe_load(file.read_text(encoding="utf-8")).get("unit_tests", ())
    }
    assert names
    assert not {name for name in names if len(name.encode()) > 63}


def test_other_variables_make_the_same_manifest(project: Project) -> None:
    """But for those of which the harness knows it: what was parsed is handed to runs with others."""
    touched = project.root / "dbt_project.yml"
    os.utime(touched)
    other = {name: value for name, value in OTHER.items() if not is_read_by_parser(name)}
    outcome = project.dbt("parse", variables=other, environment={"VOC_AS_OF_DATE": "2019-01-31"})
    assert outcome.ok, outcome.output
    parsed = msgpack.unpackb(project.parse.read_bytes(), strict_map_key=False)
    for kind in ("nodes", "sources", "unit_tests", "exposures", "metrics", "disabled"):
        expected = _without_place_and_time(dbt_server().parse_of_repository()[kind])
        assert _without_place_and_time(parsed[kind]) == expected, kind


def _without_place_and_time(parsed: Any) -> Any:
    # In which order dbt finds what a model reads is a matter of which of its two parsers it takes.
    if isinstance(parsed, list):
        return sorted((_without_place_and_time(value) for value in parsed), key=repr)
    if not isinstance(parsed, dict):
        return parsed
    return {
        name: _without_place_and_time(value)
        for name, value in parsed.items()
        if name not in ("created_at", "root_path")
    }


@pytest.mark.parametrize(
    ("variables", "time_zone"),
    [
        pytest.param({"voc_demo": True}, "Asia/Kolkata", id="demo"),
        # Without the demo, and so without the staging tests, which read its seeds.
        pytest.param(
            {
                **{f"{domain}_vendors": ["generic"] for domain in ("survey", "crm")},
                **{f"{domain}_vendors": [] for domain in ("support", "usage", "billing")},
                "as_of_date": "2031-12-30",
                "reporting_timezone": "America/St_Johns",
            },
            "America/New_York",
            id="landed",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_unit_tests_pass_under_other_settings(
    forked_demo: Project, variables: dict[str, Any], time_zone: str
) -> None:
    settings = {**OTHER, **variables}
    shutil.copy(noting_dbt.__file__, forked_demo.root)
    arguments = ["test", "--select", "test_type:unit", "--vars", json.dumps(settings)]
    outcome = dbt_server().run(
        forked_demo,
        noting_dbt.__name__,
        arguments,
        forked_demo.environment(
            {"TZ": time_zone, "VOC_HASH_SALT": "another-salt-of-whoever-builds"}
        ),
    )

    notes = forked_demo.root / noting_dbt.NOTES
    assert notes.exists(), outcome.output[-8000:]
    # First what has to be done, then what became of it.
    unpinned = json.loads(notes.read_text(encoding="utf-8"))
    assert not unpinned, "\n".join(
        f"The unit test {test} reads {', '.join(names)}: pin what it was written for in its"
        " `overrides: vars`, or replace the macro that reads it in `overrides: macros`."
        for test, names in unpinned.items()
    )
    assert outcome.ok, outcome.output[-8000:]
    assert ran(outcome.output) == written(in_demo=settings["voc_demo"])


def ran(output: str) -> int:
    """How many unit tests dbt says it ran."""
    found = re.search(r"Finished running .*?(\d+) unit tests", output)
    assert found, output[-8000:]
    return int(found[1])


def written(in_demo: bool) -> int:
    """How many unit tests the files hold, all of them or those that outlive the demo."""
    tests = [
        test
        for file in (REPOSITORY / "models").rglob("*.yml")
        for test in yaml.safe_load(file.read_text(encoding="utf-8")).get("unit_tests", [])
    ]
    return len([test for test in tests if in_demo or "voc_demo" not in str(test.get("config"))])
