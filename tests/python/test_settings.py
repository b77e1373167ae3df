"""Settings that cannot give a right answer are told at once, by the command line and by dbt alike."""

from __future__ import annotations

import sys
from io import StringIO
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from harness import REPOSITORY, Project
from test_bad_input import SETTING_FAULTS

from voc_cli.progress import Progress
from voc_cli.settings import (
    UserError,
    check_settings,
    check_target,
    known_settings,
    load_variables,
)
from voc_weighting.settings import Settings

#: Known, and not in dbt_project.yml: what is only set by whoever needs it.
NOT_SHIPPED = {"landed_database", "offline_incremental"}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """None of the variables that whoever runs the tests may have set."""
    for name in ("VOC_AS_OF_DATE", "VOC_HASH_SALT", "VOC_SCHEMA_PREFIX"):
        monkeypatch.delenv(name, raising=False)


def checked(**variables: Any) -> dict[str, list[str]]:
    """What `voc_cli check` finds of the shipped settings with these in their place."""
    return check_settings({**load_variables(REPOSITORY), **variables}, REPOSITORY)


def test_the_list_of_settings_is_that_of_the_project() -> None:
    shipped = yaml.safe_load((REPOSITORY / "dbt_project.yml").read_text(encoding="utf-8"))["vars"]
    known = known_settings(REPOSITORY)
    schemas = {name for name in known if name.endswith("_schema")}
    assert known.keys() - NOT_SHIPPED - schemas == shipped.keys()
    assert {"qualtrics_schema", "generic_schema"} <= schemas
    assert checked()["crm_vendors"] == ["salesforce"]


@pytest.mark.parametrize("fault", SETTING_FAULTS, ids=list(SETTING_FAULTS))
def test_what_dbt_refuses_is_refused_before_it_starts(fault: str) -> None:
    variables, words = SETTING_FAULTS[fault]
    with pytest.raises(UserError) as refused:
        checked(**variables)
    assert words[0] in str(refused.value)


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"as_of_dat": "2026-06-30"}, ["no variable 'as_of_dat'", "mean 'as_of_date'"]),
        ({"nps_window_dys": 90}, ["no variable 'nps_window_dys'", "mean 'nps_window_days'"]),
        ({"frobnicate": 1}, ["no variable 'frobnicate'", "README.md"]),
        ({"voc_demo": "false"}, ["voc_demo is 'false'", "true or false"]),
        ({"signal_window_days": {"usage": 30}}, ["signal_window_days has no tickets", "whole"]),
        ({"stale_after_days": 7}, ["stale_after_days has no usage"]),
        ({"volume_threshold": {"rows": 1}}, ["volume_threshold has no", "share"]),
        ({"volume_threshold": {"rows": 1, "share": 2}}, ["volume_threshold, share", "0 to 1"]),
        ({"landed_aliases": []}, ["landed_aliases", "pairs"]),
        (
            {"landed_aliases": {"salesforce__acount": {"segment_c": "tier"}}},
            ["names salesforce__acount, which no vendor lands", "mean 'salesforce__account'"],
        ),
        ({"landed_aliases": {"nowhere": {"a": "b"}}}, ["names nowhere", "landed-tables.md"]),
        ({"landed_day_order": "day_first"}, ["landed_day_order", "pairs"]),
        ({"generic_schema": 5}, ["generic_schema", "a text"]),
    ],
)
def test_wrong_names_and_values_say_what_to_do(variables: Any, words: list[str]) -> None:
    with pytest.raises(UserError) as refused:
        checked(**variables)
    for word in words:
        assert word in str(refused.value)


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(UserError) as refused:
        checked(as_of_dat=1, history_months="two", reporting_currency="usd")
    assert len(str(refused.value).splitlines()) == 3


def test_a_day_that_does_not_exist_is_told_as_such() -> None:
    with pytest.raises(UserError, match="--vars is not readable YAML: day is out of range"):
        load_variables(REPOSITORY, "{as_of_date: 2026-02-30}")


def test_the_day_may_stand_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOC_AS_OF_DATE", "2026-03-31")
    shipped = load_variables(REPOSITORY)
    assert str(Settings.of(shipped).as_of) == "2026-03-31"
    assert str(Settings.of({**shipped, "as_of_date": "2026-01-31"}).as_of) == "2026-01-31"
    monkeypatch.setenv("VOC_AS_OF_DATE", "soon")
    with pytest.raises(UserError, match="VOC_AS_OF_DATE in the environment is 'soon'"):
        checked()


def test_dbt_takes_the_day_from_the_environment_too(demo: Project) -> None:
    query = ["show", "--inline", "select {{ as_of_date_sql() }} as day", "--output", "json"]

    def day(given: str, **variables: str) -> str:
        outcome = demo.dbt(*query, variables=variables, environment={"VOC_AS_OF_DATE": given})
        return outcome.output

    assert "2026-03-31" in day("2026-03-31")
    assert "2026-01-31" in day("2026-03-31", as_of_date="2026-01-31")
    assert "VOC_AS_OF_DATE in the environment is 'soon', which is no date" in day("soon")
    assert "2026-06-30" in day("")


def test_plain_dbt_refuses_unknown_names_too(demo: Project) -> None:
    outcome = demo.dbt("run", "--select", "dim_dates", variables={"nps_window_dys": 90})
    assert not outcome.ok
    assert "There is no variable 'nps_window_dys'" in outcome.output


def test_a_wrong_target_is_told_with_those_there_are() -> None:
    folder = str(REPOSITORY / "bench")
    with pytest.raises(UserError, match=r"no target 'duckbd'; it has duckdb.*\n?.*mean 'duckdb'"):
        check_target(REPOSITORY, "duckbd", folder)
    check_target(REPOSITORY, None, folder)
    check_target(REPOSITORY, "duckdb", folder)


def test_a_mistake_is_told_before_dbt_is_imported(project: Project) -> None:
    code = (
        "import sys; from voc_cli.__main__ import main;"
        "code = main(['build', '--vars', '{as_of_dat: 1}']);"
        "print(code, any(name.split('.')[0] == 'dbt' for name in sys.modules))"
    )
    outcome = project.run([sys.executable, "-c", code])
    assert outcome.output.splitlines()[-1] == "2 False"


@pytest.mark.parametrize("command", ["summary", "publish", "export", "quality"])
def test_what_needs_a_build_says_so_before_dbt_reads_the_project(
    project: Project, command: str
) -> None:
    outcome = project.cli(command)
    assert outcome.exit_code == 2
    assert "`make build`" in outcome.output
    assert "Traceback" not in outcome.output
    assert not project.database.exists()
    assert not (project.root / "target").exists()


# What a build shows


def test_a_build_shows_little_and_runs_no_unit_tests(forked_demo: Project) -> None:
    part = ("build", "--select", "dim_dates")
    outcome = forked_demo.cli(*part, environment={"DBT_LOG_LEVEL_FILE": "info"})
    assert outcome.ok, outcome.output
    assert len(outcome.output.splitlines()) < 10
    assert "\x1b" not in outcome.output
    assert "unit tests" not in outcome.output
    assert "sql table model marts.dim_dates" in (forked_demo.root / "logs/dbt.log").read_text()
    outcome = forked_demo.cli("build", "--select", "dim_teams", environment={"CHECK": "1"})
    assert outcome.ok, outcome.output
    assert "unit tests" in outcome.output
    outcome = forked_demo.cli(*part, environment={"VERBOSE": "1"})
    assert "Running with dbt" in outcome.output


class Terminal(StringIO):
    """A text that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def hear(progress: Progress, nodes: list[tuple[str, str]], total: int) -> None:
    """Tell of the end of (type, name) of each node as dbt does."""
    info = SimpleNamespace(name="ConcurrencyLine")
    progress.hear(SimpleNamespace(info=info, data=SimpleNamespace(node_count=total)))
    for kind, name in nodes:
        node = SimpleNamespace(resource_type=kind, node_name=name)
        info = SimpleNamespace(name="NodeFinished")
        progress.hear(SimpleNamespace(info=info, data=SimpleNamespace(node_info=node)))


NODES = [("seed", "s"), ("model", "m"), ("model", "a_long_name" * 20), ("exposure", "e")]


def test_progress_in_a_file_is_plain_lines() -> None:
    output = StringIO()
    with Progress(output) as progress:
        hear(progress, NODES, 4)
    assert output.getvalue() == "  4 of 4 (1 seeds, 2 models), 0 s\n"


def test_progress_on_a_terminal_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("voc_cli.progress.SECONDS_BETWEEN_LOOKS", 0)
    output = Terminal()
    with Progress(output) as progress:
        hear(progress, NODES, 4)
    shown = output.getvalue()
    assert shown.count("\n") == 1
    assert len(shown.split("\r")) == len(NODES) + 2
    assert max(map(len, shown.splitlines()[-1].split("\r"))) <= 78
    assert shown.rstrip().endswith("4 of 4 (1 seeds, 2 models), 0 s")


def test_progress_shows_nothing_of_a_run_that_did_nothing() -> None:
    output = StringIO()
    with Progress(output):
        pass
    assert output.getvalue() == ""


@pytest.mark.parametrize("prefix", ["Dev_", "dev-", "1_", "dev.", "é_"])
def test_a_prefix_that_engines_would_spell_differently_is_refused_at_the_start(
    monkeypatch: pytest.MonkeyPatch, project: Project, prefix: str
) -> None:
    monkeypatch.setenv("VOC_SCHEMA_PREFIX", prefix)
    with pytest.raises(UserError, match=f"VOC_SCHEMA_PREFIX is '{prefix}'"):
        checked()
    if prefix == "Dev_":
        given = {"VOC_SCHEMA_PREFIX": prefix}
        outcome = project.dbt("run", "--select", "dim_dates", environment=given)
        assert not outcome.ok
        assert "VOC_SCHEMA_PREFIX is 'Dev_'" in outcome.output


def test_a_prefix_of_small_letters_is_none_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOC_SCHEMA_PREFIX", "dev2_")
    assert checked()
