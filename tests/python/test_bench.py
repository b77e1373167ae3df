"""The generator of bench/: the same rows in whatever chunks, the demo's truths, a build over it."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest
from harness import REPOSITORY, Project

from bench.generate import LAST_DAY, Size, generate, tables
from bench.limit import differences, run
from bench.warehouse import land_views

# Two tiles of 150 accounts, and 50 of the bulk.
TINY = Size(accounts=350, accounts_a_tile=175, tickets_an_account=40)
LAST_WEEKS = LAST_DAY - timedelta(days=9)
LOGS = ("zendesk.ticket_comment", "qualtrics.survey_response", "pendo.feature_event")


def rows(folder: Path, table: str) -> list[tuple]:
    """All rows of a landed table, in one order."""
    with duckdb.connect() as connection:
        files = f"'{folder}/{table.replace('.', '/')}/*.parquet'"
        return connection.execute(f"from {files} order by all").fetchall()


@pytest.fixture(scope="module")
def landed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The last days of a tiny company, in one chunk."""
    folder = tmp_path_factory.mktemp("bench") / "landed"
    generate(folder, TINY, first_day=LAST_WEEKS, days_a_chunk=10, only=set(LOGS))
    return folder


def test_rows_do_not_depend_on_the_chunks(landed: Path, tmp_path: Path) -> None:
    """Days that are added one after another give the rows of all days at once."""
    middle = LAST_WEEKS + timedelta(days=4)
    generate(tmp_path, TINY, LAST_WEEKS, middle, days_a_chunk=3, only=set(LOGS))
    generate(tmp_path, TINY, middle + timedelta(days=1), LAST_DAY, only=set(LOGS))
    for table in LOGS:
        assert rows(tmp_path, table) == rows(landed, table) != []


def test_another_seed_gives_other_rows(landed: Path, tmp_path: Path) -> None:
    """The bulk follows the seed, and the tiles stay the demo's."""
    other = Size(accounts=350, accounts_a_tile=175, tickets_an_account=40, seed=2)
    generate(tmp_path, other, first_day=LAST_WEEKS, days_a_chunk=10, only={LOGS[0]})
    assert rows(tmp_path, LOGS[0]) != rows(landed, LOGS[0])
    tiles = [set(map(str, rows_of_tiles(folder, LOGS[0]))) for folder in (tmp_path, landed)]
    assert tiles[0] == tiles[1] != set()


def rows_of_tiles(folder: Path, table: str) -> list[tuple]:
    """The rows that are the demo's."""
    with duckdb.connect() as connection:
        files = f"'{folder}/{table.replace('.', '/')}/*_tiles.parquet'"
        return connection.execute(f"from {files}").fetchall()


def test_every_landed_table_of_the_demo_that_staging_needs_is_made() -> None:
    """A table is left out only if the demo itself has more than staging reads."""
    made = {table.name for table in tables()}
    demo = {
        file.stem.replace("__", ".", 1) for file in (REPOSITORY / "seeds" / "demo").glob("*/*.csv")
    }
    unread = {
        *("qualtrics.survey_version", "qualtrics.contact_mailing_list_membership"),
        *("stripe.product", "zendesk.daylight_time", "zendesk.time_zone", "pendo.page_event"),
        "pendo.page_history",
    }
    assert made == demo - unread


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The project built and tested over a tiny company of 36 months."""
    folder = tmp_path_factory.mktemp("bench-built")
    generate(folder / "landed", TINY)
    project = Project.copy_of_repository(folder / "project")
    land_views(project.database, folder / "landed")
    outcome = project.dbt(
        "build",
        *("--exclude-resource-type", "unit_test"),
        variables={"voc_demo": False, "as_of_date": str(LAST_DAY)},
    )
    assert outcome.ok, outcome.output
    return project


@pytest.mark.slow
def test_the_planted_accounts_are_as_in_the_demo(built: Project) -> None:
    """In every tile the worked examples and the clear cases come out as truths.json says."""
    truths = json.loads((REPOSITORY / "demo" / "truths.json").read_text(encoding="utf-8"))["truths"]

    def accounts(truth: str) -> list[str]:
        own = truths[truth]["rows"]["salesforce__account.id"]
        return own + [account.replace("Vw000", "Vw101") for account in own]

    def latest(mart: str, column: str, truth: str) -> set:
        ids = "', '".join(accounts(truth))
        found = built.query(
            f"select {column} as value from marts.{mart} "
            f"where account_id in ('{ids}') and period_end = date '{LAST_DAY}'"
        )
        assert len(found) == len(accounts(truth))
        return {row["value"] for row in found}

    for truth in ("worked_example", "decision_maker_silent"):
        for column in ("account_nps", "role_weight_coverage"):
            (value,) = latest("account_nps", f"round({column}, 6)", truth)
            assert value == truths[truth]["expected"][column]
    for truth in ("role_conflict_buyer_unhappy", "role_conflict_buyer_happy"):
        assert latest("account_nps", "has_role_conflict", truth) == {True}
    assert latest("account_health", "health_band", "healthy_accounts") == {"green"}
    assert latest("account_health", "health_band", "sick_accounts") == {"red"}


@pytest.mark.slow
def test_a_tile_is_as_healthy_as_the_demo(built: Project) -> None:
    """Another tile has the scores of the first, account by account and month by month."""
    assert built.query(
        """
        select count(*) as accounts
        from marts.account_health as first
        inner join marts.account_health as other
            on other.account_id = replace(first.account_id, 'Vw000', 'Vw101')
            and first.period_end = other.period_end
        where first.account_id like '001Vw000%' and first.health_score is not distinct from other.health_score
        having count(*) = (select count(*) from marts.account_health where account_id like '001Vw000%')
        """
    ), "some account of the second tile has another score"


@pytest.mark.slow
def test_the_script_without_dbt_gives_the_same_marts(
    built: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """limit.sql is a yardstick only if it gives what dbt gives."""
    monkeypatch.setenv("VOC_HASH_SALT", built.environment()["VOC_HASH_SALT"])
    script = tmp_path / "limit.duckdb"
    run(built.root.parent / "landed", script)
    assert differences(built.database, script) == {}


def test_the_last_day_is_the_demo_s() -> None:
    """What is planted for a period end has to be planted for the last one here."""
    truths = json.loads((REPOSITORY / "demo" / "truths.json").read_text(encoding="utf-8"))["truths"]
    assert date.fromisoformat(truths["movers"]["expected"]["period_end"]) == LAST_DAY
