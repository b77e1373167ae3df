"""The project installed as a package into another one: nothing in it assumes that it is the root project."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml
from harness import NO_TESTS, NO_UNIT_TESTS, REPOSITORY, PostgresServer, Project, marts_in
from test_engines import assert_same_marts

DBT = Path(sys.executable).with_name("dbt")
#: A policy seed that the other project brings itself.
OWN_SEED = "health_bands"
PROJECT = {
    "name": "acme",
    "config-version": 2,
    "profile": "acme",
    "vars": {"least_arr": 0, "voc_warehouse": {"voc_demo": True}},
    "seeds": {
        "acme": {"policy": {"+schema": "policy"}},
        "voc_warehouse": {"policy": {OWN_SEED: {"+enabled": False}}},
    },
}
OWN_MODEL = """\
select account_id, health_band
from {{ ref('voc_warehouse', 'account_health') }}
where coalesce(arr, 0) >= {{ var('least_arr') }}
"""
OWN_RULES = """\
models:
  - name: our_accounts
    columns:
      - {name: account_id, data_tests: [not_null]}
"""


@pytest.fixture
def acme(tmp_path: Path) -> Project:
    """A project of another name with a profile, a policy seed, a variable and a model of its own."""
    project = Project(tmp_path / "acme")
    project.write("dbt_project.yml", yaml.safe_dump(PROJECT))
    project.write("packages.yml", yaml.safe_dump({"packages": [{"local": str(REPOSITORY)}]}))
    (example,) = yaml.safe_load((REPOSITORY / "profiles.example.yml").read_text()).values()
    # the functions in DuckDB lie in a clone, and no model needs them
    for setting in ("module_paths", "plugins"):
        del example["outputs"]["duckdb"][setting]
    project.write("profiles.yml", yaml.safe_dump({"acme": example}))
    project.write("models/our_accounts.sql", OWN_MODEL)
    project.write("models/our_accounts.yml", OWN_RULES)
    (project.root / "seeds/policy").mkdir(parents=True)
    shutil.copy(REPOSITORY / f"seeds/policy/{OWN_SEED}.csv", project.root / "seeds/policy")
    installed = project.run([str(DBT), "deps"])
    assert installed.ok, installed.output
    return project


def build(project: Project, *arguments: str, environment: Mapping[str, str] | None = None) -> None:
    outcome = project.run([str(DBT), "build", *arguments], environment)
    assert outcome.ok, outcome.output[-6000:]


@pytest.mark.slow
def test_a_project_that_installs_it_builds_the_same_marts(demo: Project, acme: Project) -> None:
    build(acme, *NO_UNIT_TESTS)
    assert marts_in(acme.database) == marts_in(demo.database)
    # our policy was read: the package's own was never loaded
    tables = acme.query(
        "select table_schema as place from information_schema.tables where table_name = ?",
        [OWN_SEED],
    )
    assert [row["place"] for row in tables] == ["main_policy"]
    count = "select count(*) from {}"
    assert acme.value(count.format("main.our_accounts")) == demo.value(
        count.format("marts.account_health")
    )
    (run,) = acme.query("select run_status, is_whole_project from marts.run_history")
    assert run == {"run_status": "success", "is_whole_project": True}


@pytest.mark.slow
def test_it_does_so_on_postgres(demo: Project, acme: Project, postgres: PostgresServer) -> None:
    database = postgres.new_database()
    build(acme, *NO_TESTS, "--target", "postgres", environment=database.environment)
    assert_same_marts(demo.query, database.execute)
