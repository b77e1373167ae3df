"""An export is what was published, in one piece, and tells other systems what changed."""

from __future__ import annotations

import os
import re
import shutil
import signal
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest
from harness import Outcome, PostgresServer, Project, keys_of_employees, words_of

SYNC = "crm_account_sync"
MAIL = re.compile(rb"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+\.[A-Za-z]")
EXPORT = [sys.executable, "-m", "voc_cli", "export"]


class Exports:
    """The exports of one project to one folder, from a published file that a test may change."""

    def __init__(self, project: Project, folder: Path) -> None:
        self.project = project
        self.folder = folder / "exports"
        self.latest = self.folder / "latest"
        self.published = folder / "published.duckdb"
        shutil.copy(project.published, self.published)

    @property
    def environment(self) -> dict[str, str]:
        return {"VOC_PUBLISHED_PATH": str(self.published)}

    def run(self, *arguments: str, environment: dict[str, str] | None = None) -> Outcome:
        command = ("export", "--to", str(self.folder), *arguments)
        return self.project.cli(*command, environment={**self.environment, **(environment or {})})

    def change(self, *statements: str) -> None:
        """Publish something else."""
        with duckdb.connect(self.published) as connection:
            for statement in statements:
                connection.execute(statement)

    def marts(self) -> dict[str, list[tuple[str, str]]]:
        """Columns and types of every published mart."""
        with duckdb.connect(self.published, read_only=True) as connection:
            return {
                name: [row[:2] for row in connection.execute(f"describe marts.{name}").fetchall()]
                for (name,) in connection.execute(
                    "select table_name from duckdb_tables() where schema_name = 'marts'"
                ).fetchall()
            }

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows of a query on files of the latest export, and on `published.marts`."""
        with duckdb.connect() as connection:
            connection.execute(f"attach '{self.published}' as published (read_only)")
            return connection.execute(sql.replace("'latest/", f"'{self.latest}/")).fetchall()

    def changes(self) -> list[tuple[Any, ...]]:
        """Operation and account of every change that is told."""
        return self.rows(f"select operation, account_id from 'latest/changes/{SYNC}.parquet'")


def csv_file(file: str, columns: list[tuple[str, str]]) -> str:
    """A CSV of an export as a relation, in these types; of nothing else is anything guessed."""
    return (
        f"read_csv('{file}', columns = {dict(columns)}, header = true, auto_detect = false,"
        " delim = ',', quote = '\"', escape = '\"', allow_quoted_nulls = false)"
    )


@pytest.fixture(scope="module")
def published(demo: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = demo.fork(tmp_path_factory.mktemp("published") / "project")
    assert project.cli("publish").ok
    return project


@pytest.fixture
def exports(published: Project, tmp_path: Path) -> Exports:
    return Exports(published, tmp_path)


@pytest.fixture(scope="module")
def exported(published: Project, tmp_path_factory: pytest.TempPathFactory) -> Exports:
    """One export to read; a test that changes something makes its own."""
    exports = Exports(published, tmp_path_factory.mktemp("exported"))
    outcome = exports.run()
    assert outcome.ok, outcome.output
    return exports


def test_files_hold_what_was_published(exported: Exports) -> None:
    marts = exported.marts()
    files = {file.name for file in (exported.latest / "marts").iterdir()}
    assert files == {f"{mart}.{kind}" for mart in marts for kind in ("parquet", "csv")}
    for mart, columns in marts.items():
        parquet, table = f"'latest/marts/{mart}.parquet'", f"published.marts.{mart}"
        assert [row[:2] for row in exported.rows(f"describe from {parquet}")] == columns, mart
        for copy in (parquet, csv_file(f"latest/marts/{mart}.csv", columns)):
            counts = exported.rows(
                f"select count(*) from {table} union select count(*) from {copy}"
            )
            assert len(counts) == 1, (mart, copy)
            assert not exported.rows(f"from {table} except all from {copy}"), (mart, copy)


def test_the_dictionary_describes_every_column(exported: Exports) -> None:
    dictionary = "'latest/data_dictionary.parquet'"
    described = exported.rows(f'select mart, "column" from {dictionary} order by mart, position')
    marts = exported.marts()
    assert described == [(mart, name) for mart in sorted(marts) for name, _ in marts[mart]]
    assert not exported.rows(
        f"from {dictionary} where coalesce(description, '') = '' or coalesce(type, '') = ''"
    )
    without_key = exported.rows(
        f"select mart from {dictionary} group by 1 having not bool_or(is_key)"
    )
    assert without_key == []
    personal = dict(
        exported.rows(f"""select distinct "column", pii from {dictionary} where pii <> 'no'""")
    )
    assert personal["contact_key"] == "pseudonym"
    assert set(personal.values()) == {"pseudonym", "id of staff"}
    page = (exported.latest / "data_dictionary.md").read_text(encoding="utf-8")
    for mart, columns in marts.items():
        section = page.split(f"\n## {mart}\n")[1].split("\n## ")[0]
        assert re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE) == [name for name, _ in columns]
    csv = (exported.latest / "data_dictionary.csv").read_text(encoding="utf-8")
    assert csv.startswith("mart,column,position,type,is_key,pii,description\n")


def test_nothing_personal_is_exported(exported: Exports) -> None:
    people = {
        text.lower().encode()
        for row in exported.project.query("select name, email from salesforce.contact")
        for text in row.values()
        if text
    }
    assert len(people) > 1000
    for file in exported.latest.rglob("*.csv"):
        text = file.read_bytes()
        assert not MAIL.search(text), file
        cells = {cell.strip(b'"').lower() for cell in re.split(rb"[,\n]", text)}
        assert not cells & people, file
    employees = keys_of_employees(exported.project)
    assert len(employees) > 1000
    assert not words_of(exported.latest, "*.csv") & employees


def test_only_what_changed_is_told(exports: Exports) -> None:
    accounts = [
        row[0] for row in exports.rows(f"select account_id from published.marts.{SYNC} order by 1")
    ]
    first, last = accounts[0], accounts[-1]
    assert "to upsert" in exports.run().output
    assert exports.changes() == [("upsert", account) for account in accounts]

    outcome = exports.run()
    assert f"{SYNC}: nothing changed" in outcome.output
    assert exports.changes() == []
    assert (
        (exports.latest / "changes" / f"{SYNC}.csv").read_text().startswith("operation,account_id,")
    )

    exports.change(
        f"update marts.{SYNC} set health_band = 'purple' where account_id = '{first}'",
        f"delete from marts.{SYNC} where account_id = '{last}'",
    )
    outcome = exports.run()
    assert f"{SYNC}: 1 to upsert, 1 to delete" in outcome.output
    assert exports.rows(
        f"select operation, account_id, health_band from 'latest/changes/{SYNC}.parquet'"
    ) == [("delete", last, None), ("upsert", first, "purple")]

    # what is null is compared too, and what was told is not told again
    exports.change(f"update marts.{SYNC} set account_nps = null")
    news = exports.rows(
        f"select account_id from published.marts.{SYNC} except"
        f" select account_id from (from published.marts.{SYNC} intersect from 'latest/marts/{SYNC}.parquet')"
        " order by 1"
    )
    assert 0 < len(news) < len(accounts) - 1
    assert exports.run().ok
    assert exports.changes() == [("upsert", account) for (account,) in news]

    assert exports.run("--full").ok
    assert exports.changes() == [("upsert", account) for account in accounts[:-1]]


def test_a_new_column_is_news_of_every_row(exports: Exports) -> None:
    assert exports.run().ok
    file = exports.latest / "marts" / f"{SYNC}.parquet"
    with duckdb.connect() as connection:
        connection.execute(f"create table sent as select * exclude (open_cases) from '{file}'")
        connection.execute(f"copy sent to '{file}'")
    assert exports.run().ok
    accounts = exports.rows(f"select 'upsert', account_id from published.marts.{SYNC} order by 2")
    assert exports.changes() == accounts


def test_two_exports_stay(exports: Exports) -> None:
    for _ in range(3):
        assert exports.run().ok
    folders = sorted(path for path in exports.folder.iterdir() if path.name[0] != ".")
    assert len(folders) == 3
    assert folders[-1] == exports.latest
    assert exports.latest.resolve() == folders[-2].resolve()


def test_programs_find_texts_as_they_are_and_spreadsheets_no_formula(exports: Exports) -> None:
    texts = ["=1+1", "+1", "-A3", "@sum", "\tx", 'Zoë "Ö", \n=2', "", None]
    with duckdb.connect(exports.published) as connection:
        ids = [
            row[0]
            for row in connection.execute(
                "select account_id from marts.dim_accounts order by 1"
            ).fetchall()
        ]
        for account, text in zip(ids, texts, strict=False):
            connection.execute(
                "update marts.dim_accounts set account_name = ? where account_id = ?",
                [text, account],
            )
    assert exports.run().ok
    assert not (exports.latest / "excel").exists()
    assert exports.run("--excel").ok
    columns = exports.marts()["dim_accounts"]
    guarded = ["'=1+1", "'+1", "'-A3", "'@sum", "'\tx", *texts[5:]]
    for file, expected in (("marts", texts), ("excel", guarded)):
        csv = csv_file(f"latest/{file}/dim_accounts.csv", columns)
        found = exports.rows(f"select account_name from {csv} order by account_id")
        assert [row[0] for row in found[: len(texts)]] == expected
    exact = exports.rows(
        "select account_name from 'latest/marts/dim_accounts.parquet' order by account_id"
    )
    assert [row[0] for row in exact[: len(texts)]] == texts
    for mart in exports.marts():
        file = exports.latest / "excel" / f"{mart}.csv"
        assert file.read_bytes().startswith(b"\xef\xbb\xbf"), mart
    text = (exports.latest / "marts" / "fct_tickets.csv").read_text(encoding="utf-8")
    assert re.search(r",\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z,", text)


def test_what_others_put_beside_stays(exports: Exports) -> None:
    """Names that look like ours, a copy that somebody keeps, a link of theirs."""
    assert exports.run().ok
    theirs = [exports.folder / name for name in ("2024-backup-Tape-Z", "000000_2020-01-01T000000Z")]
    for folder in theirs:
        folder.mkdir()
        (folder / "only.copy").write_text("of somebody")
    kept = exports.folder / "kept"
    shutil.copytree(exports.latest.resolve(), kept)
    link = exports.folder / "000000_2020-01-02T000000Z"
    link.symlink_to(kept)
    for _ in range(3):
        assert exports.run().ok
    assert [(folder / "only.copy").read_text() for folder in theirs] == ["of somebody"] * 2
    assert link.is_symlink()
    assert (kept / "marts" / f"{SYNC}.parquet").is_file()
    assert len(numbers(exports)) == 2


def numbers(exports: Exports) -> list[int]:
    """The numbers of our exports in the folder, in order."""
    names = (
        path.name
        for path in exports.folder.iterdir()
        if not path.is_symlink() and (path / ".voc-warehouse").is_file()
    )
    return sorted(int(name.partition("_")[0]) for name in names if re.match(r"\d{6}_", name))


def test_older_and_newer_are_counted_whatever_the_clock_says(exports: Exports) -> None:
    assert exports.run().ok
    first = exports.latest.resolve()
    ahead = first.with_name("000001_2099-01-01T000000Z")
    first.rename(ahead)
    exports.latest.unlink()
    exports.latest.symlink_to(ahead.name)
    for number in (2, 3):
        assert exports.run().ok
        assert numbers(exports) == [number - 1, number]
        assert exports.latest.resolve().name.startswith(f"{number:06d}_")
    assert not ahead.exists()


@pytest.mark.slow
@pytest.mark.parametrize("place", ["symlink_to", "rename", "replace"])
def test_an_export_killed_at_its_end_is_cleared_by_the_next(exports: Exports, place: str) -> None:
    """Before its link, before its name, and between its name and `latest`: what was the latest stays it."""
    for _ in range(2):
        assert exports.run().ok
    before, files = exports.latest.resolve(), snapshot(exports.latest)
    command = (f"pathlib:Path.{place}", "export", "--to", str(exports.folder))
    outcome = exports.project.killed_at(*command, environment=exports.environment)
    assert outcome.exit_code == -signal.SIGKILL
    assert exports.latest.resolve() == before
    assert exports.run().ok
    assert snapshot(before) == files
    assert len(numbers(exports)) == 2
    assert exports.latest.resolve() != before
    assert not list(exports.folder.glob(".latest")) + list(exports.folder.glob(".unfinished"))


@pytest.mark.slow
def test_the_first_export_killed_is_cleared_by_the_next(exports: Exports) -> None:
    command = ("pathlib:Path.replace", "export", "--to", str(exports.folder))
    outcome = exports.project.killed_at(*command, environment=exports.environment)
    assert outcome.exit_code == -signal.SIGKILL
    assert len(numbers(exports)) == 1
    assert exports.run().ok
    assert len(numbers(exports)) == 1
    assert exports.latest.resolve().is_dir()


def test_empty_marts_are_files_with_headers(exports: Exports) -> None:
    marts = exports.marts()
    exports.change(*(f"delete from marts.{mart}" for mart in marts))
    assert exports.run().ok
    for mart, columns in marts.items():
        header = ",".join(name for name, _ in columns)
        assert (exports.latest / "marts" / f"{mart}.csv").read_text() == f"{header}\n"
        assert [
            row[:2] for row in exports.rows(f"describe from 'latest/marts/{mart}.parquet'")
        ] == columns
        assert exports.rows(f"select count(*) from 'latest/marts/{mart}.parquet'") == [(0,)]
    assert exports.changes() == []


def test_a_killed_export_leaves_the_last_one(exports: Exports) -> None:
    assert exports.run().ok
    before, files = exports.latest.resolve(), snapshot(exports.latest)
    exports.change(f"update marts.{SYNC} set health_band = 'purple'")
    command = ["env", *(f"{k}={v}" for k, v in exports.environment.items()), *EXPORT]
    with exports.project.running([*command, "--to", str(exports.folder)], "[2/3]") as process:
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    assert (exports.folder / ".unfinished").exists()
    assert exports.latest.resolve() == before
    assert snapshot(exports.latest) == files
    # nothing of it was sent, so all of it is news
    assert exports.run().ok
    assert {operation for operation, _ in exports.changes()} == {"upsert"}
    assert (
        len(exports.changes()) == exports.rows(f"select count(*) from published.marts.{SYNC}")[0][0]
    )
    assert not (exports.folder / ".unfinished").exists()


def snapshot(folder: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file()
    }


def test_two_exports_at_once_are_refused(exports: Exports) -> None:
    exports.folder.mkdir()
    hold = "import fcntl, subprocess, sys; held = open(sys.argv[1], 'a'); fcntl.flock(held, fcntl.LOCK_EX); "
    then = "sys.exit(subprocess.run(sys.argv[2:], close_fds=True).returncode)"
    command = [sys.executable, "-c", hold + then, str(exports.folder / ".lock"), *EXPORT]
    outcome = exports.project.run([*command, "--to", str(exports.folder)], exports.environment)
    assert_one_error(outcome, "Another export", "is running")


def test_a_read_only_folder_is_one_clear_error(exports: Exports) -> None:
    assert exports.run().ok
    before = snapshot(exports.latest)
    exports.folder.chmod(0o555)
    # root may write anything, unless it gives up just that.
    giving_up = ["setpriv", "--bounding-set", "-dac_override", "--inh-caps", "-dac_override"]
    command = [*EXPORT, "--to", str(exports.folder)]
    outcome = exports.project.run(
        [*giving_up, *command] if os.geteuid() == 0 else command, exports.environment
    )
    exports.folder.chmod(0o755)
    assert_one_error(outcome, "cannot be written (Permission denied)", "--to FOLDER")
    assert snapshot(exports.latest) == before


def test_what_cannot_be_exported_is_said_in_words(exports: Exports) -> None:
    assert_one_error(exports.run("--select", "dim_accounts"), "export takes no selection")
    assert_one_error(exports.run("--ful"), "No such option", "--ful")
    nowhere = {"VOC_PUBLISHED_PATH": str(exports.folder / "nothing.duckdb")}
    assert_one_error(exports.run(environment=nowhere), "Nothing is published", "make publish")
    exports.change("alter table marts.dim_teams drop column department")
    assert_one_error(exports.run(), "does not hold the mart dim_teams", "make publish")
    assert not exports.latest.exists()


def assert_one_error(outcome: Outcome, *said: str) -> None:
    assert outcome.exit_code == 2, outcome.output
    for text in said:
        assert text in outcome.output
    assert outcome.output.count("voc: ") == 1
    assert "Traceback" not in outcome.output


@pytest.mark.postgres
def test_marts_published_on_postgres_are_the_same_files(
    exported: Exports, postgres: PostgresServer, tmp_path: Path
) -> None:
    database = postgres.new_database()
    database.execute("create schema published")
    marts = exported.marts()
    for mart, columns in marts.items():
        database.load(f"published.{mart}", columns, exported.latest / "marts" / f"{mart}.csv")
    other = Exports(exported.project, tmp_path)
    outcome = other.run("--target", "postgres", environment=database.environment)
    assert outcome.ok, outcome.output
    assert not (other.latest / "copies").exists()
    for mart in marts:
        there, here = (f"'{it.latest}/marts/{mart}.parquet'" for it in (exported, other))
        assert other.rows(f"describe from {there}") == other.rows(f"describe from {here}"), mart
        assert not other.rows(f"from {there} except all from {here}"), mart
        assert not other.rows(f"from {here} except all from {there}"), mart
    database.execute("drop table published.dim_teams")
    outcome = other.run("--target", "postgres", environment=database.environment)
    assert_one_error(outcome, "does not hold the mart dim_teams", "make publish")
