"""Warehouses that nobody here can reach: the project compiles for each, and its SQL parses.

It runs in an environment of its own (`make test-clouds`), without conftest.py, and proves no more
than that: whether a warehouse runs what it is given, only the warehouse can say.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.clouds

REPOSITORY = Path(__file__).resolve().parents[2]
PROFILES = {
    "snowflake": {
        "type": "snowflake",
        "account": "nobody",
        "user": "nobody",
        "password": "none",
        "database": "voc",
        "warehouse": "none",
    },
    "bigquery": {"type": "bigquery", "method": "service-account-json", "project": "voc"},
    "databricks": {
        "type": "databricks",
        "host": "nowhere.invalid",
        "http_path": "/none",
        "token": "none",
        "catalog": "voc",
    },
    "redshift": {
        "type": "redshift",
        "host": "nowhere.invalid",
        "user": "nobody",
        "password": "none",
        "dbname": "voc",
        "port": 5439,
    },
}
# The demo as it is first built, and landed tables of every vendor as they are built again.
EVERY_VENDOR = {
    "voc_demo": False,
    "offline_incremental": True,
    "survey_vendors": ["qualtrics", "zendesk", "generic"],
    "crm_vendors": ["salesforce", "generic"],
    "support_vendors": ["zendesk", "salesforce", "generic"],
    "usage_vendors": ["pendo", "generic"],
    "billing_vendors": ["stripe", "generic"],
    "employee_vendors": ["generic"],
}


def service_account() -> dict[str, str]:
    """BigQuery's adapter reads a key before anything connects: one that was made just now."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return {
        "type": "service_account",
        "project_id": "voc",
        "private_key": key.decode(),
        "client_email": "nobody@nowhere.invalid",
        "token_uri": "https://nowhere.invalid",
    }


def compiled(warehouse: str, variables: Mapping[str, Any], folder: Path) -> dict[str, str | None]:
    """Compile models, tests and analyses without a connection: the SQL of each by its id."""
    profile = {**PROFILES[warehouse], "schema": "main", "threads": 1}
    if warehouse == "bigquery":
        profile["keyfile_json"] = service_account()
    profiles = {"voc_warehouse": {"target": warehouse, "outputs": {warehouse: profile}}}
    (folder / "profiles.yml").write_text(json.dumps(profiles), encoding="utf-8")
    outcome = subprocess.run(
        [
            *(str(Path(sys.executable).with_name("dbt")), "--quiet", "--no-use-colors"),
            *("compile", "--no-introspect", "--no-populate-cache"),
            *("--exclude", "resource_type:unit_test", "--vars", json.dumps(variables)),
            *("--profiles-dir", str(folder), "--target-path", str(folder / "target")),
            *("--log-path", str(folder / "logs")),
        ],
        cwd=REPOSITORY,
        env={**os.environ, "VOC_HASH_SALT": "a-salt-for-the-tests-alone"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcome.returncode == 0, (outcome.stdout + outcome.stderr)[-8000:]
    results = json.loads((folder / "target" / "run_results.json").read_text(encoding="utf-8"))
    return {
        result["unique_id"]: result["compiled_code"]
        for result in results["results"]
        if result["unique_id"].startswith(("model.", "test.", "analysis."))
    }


@pytest.mark.parametrize("variables", [{}, EVERY_VENDOR], ids=["demo", "every_vendor"])
@pytest.mark.parametrize("warehouse", PROFILES)
def test_every_statement_is_of_the_dialect(
    warehouse: str, variables: Mapping[str, Any], tmp_path: Path
) -> None:
    import sqlglot
    from sqlglot import errors, exp

    statements = compiled(warehouse, variables, tmp_path)
    assert len(statements) > 500
    refused = {}
    for name, sql in statements.items():
        try:
            parsed = sqlglot.parse(
                sql or "", dialect=warehouse, error_level=errors.ErrorLevel.RAISE
            )
        except errors.SqlglotError as error:
            refused[name] = str(error)
            continue
        # What it does not know it takes for a command of some kind.
        if not parsed or not all(isinstance(statement, exp.Query) for statement in parsed):
            refused[name] = "no query"
    assert not refused
