"""The overview for Superset: well formed and on the marts; with `make test-superset`, in Superset.

Superset has an environment of its own, whose Python is VOC_SUPERSET_PYTHON, and is asked through
its API; the marts are asked in SQL.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import psycopg2
import pytest
import yaml
from harness import REPOSITORY, PostgresDatabase, PostgresServer, Project

from dashboard.data import HEADER, queries_of, query_text, read_labels, read_pages
from dashboard.superset import BARS, PAGE, WORDS, Chart, assets, charts
from voc_cli.settings import UserError

LABELS = read_labels()["en"]
CHARTS = {chart.title: chart for chart in charts()}
MARTS = sorted(
    {mart for chart in CHARTS.values() for mart in duckdb.get_table_names(query_text(chart.data))}
)
ADMIN = ("admin", "for-the-test-alone")

Rows = list[dict[str, Any]]
Query = Callable[[str], Rows]


@pytest.fixture(scope="module")
def project(demo: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A copy of the demo with its marts published and the assets written."""
    project = demo.fork(tmp_path_factory.mktemp("superset") / "project")
    for command in ("publish", "superset"):
        outcome = project.cli(command)
        assert outcome.ok, outcome.output
    return project


def _files(project: Project, kind: str) -> list[dict[str, Any]]:
    folder = project.root / "target" / "superset" / kind
    return [yaml.safe_load(file.read_text(encoding="utf-8")) for file in folder.rglob("*.yaml")]


def _on_duckdb(project: Project) -> Query:
    def run(sql: str) -> Rows:
        with duckdb.connect(project.published, read_only=True) as connection:
            connection.execute("set TimeZone = 'UTC'; set schema = 'marts'")
            result = connection.execute(sql)
            names = [column[0] for column in result.description]
            return [dict(zip(names, row, strict=True)) for row in result.fetchall()]

    return run


def _wanted(chart: Chart, query: Query) -> Rows:
    """What a chart has to show, from the rows of the site's query."""
    rows = query(query_text(chart.data))
    rows = [row for row in rows if all(row[name] == value for name, value in chart.where)]
    if chart.only_last:
        rows = rows[-1:]
    if chart.newest_first:
        rows.reverse()
    return [
        {column.name: _shown(column.name, row, chart) for column in chart.columns} for row in rows
    ]


def _shown(name: str, row: dict[str, Any], chart: Chart) -> Any:
    if name == "few":
        return LABELS["value.false" if row["is_reportable"] else "value.true"]
    if name == "significant":
        flag = row["is_significant"]
        return None if flag is None else LABELS[f"value.{str(flag).lower()}"]
    if name.endswith("_word"):
        value = row[name.removesuffix("_word")]
        is_known = value in WORDS[chart.data][name.removesuffix("_word")]
        return LABELS[f"value.{value}"] if is_known else value
    return row[name]


def _plain(value: Any) -> Any:
    """As JSON has it: numbers to a few digits, times in milliseconds."""
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time())
    if isinstance(value, datetime):
        return round(value.replace(tzinfo=UTC).timestamp() * 1000)
    return round(float(value), 6) if isinstance(value, float | int | Decimal) else value


# The files


def test_every_panel_and_every_query_of_the_page_is_there() -> None:
    panels = read_pages()[PAGE]["panels"]
    assert {chart.data for chart in CHARTS.values()} == {*queries_of(read_pages()[PAGE]), HEADER}
    for name, panel in panels.items():
        titles = [chart for chart in CHARTS if LABELS[f"panel.{name}"] in chart]
        assert titles, name
        if "chart" in panel:
            assert len(titles) == 2, name


def test_nobody_sees_a_rate_without_its_interval_and_n() -> None:
    panels = read_pages()[PAGE]["panels"]
    for name in ("company", "nps_trend", "nps_scopes", "closed_loop_rates"):
        assert panels[name]
        tables = [
            chart
            for chart in CHARTS.values()
            if LABELS[f"panel.{name}"] in chart.title and chart.viz == "table"
        ]
        (table,) = tables
        assert {"value", "low", "high", "n", "few"} <= {column.name for column in table.columns}
    assert "target" in {c.name for c in CHARTS[LABELS["panel.closed_loop_rates"]].columns}


def test_every_dataset_runs_on_the_marts_in_the_order_of_its_query(project: Project) -> None:
    query = _on_duckdb(project)
    datasets = _files(project, "datasets")
    assert len(datasets) == len({chart.data for chart in CHARTS.values()})
    for dataset in datasets:
        plain = query(query_text(dataset["table_name"]))
        assert plain, dataset["table_name"]
        selected = ", ".join(
            f"{column['expression'] or column['column_name']} as {column['column_name']}"
            for column in dataset["columns"]
        )
        made = query(f"select {selected} from ({dataset['sql']}) as dataset order by row_place")
        assert [row["is_last_row"] for row in made] == [False] * (len(plain) - 1) + [True]
        for column in dataset["columns"]:
            name = column["column_name"]
            if name in plain[0]:
                assert [row[name] for row in made] == [row[name] for row in plain], name
            values = [row[name] for row in made if row[name] is not None]
            assert column["is_dttm"] == isinstance(values[0], date) if values else True, name
            if column["type"] == "DOUBLE PRECISION":
                assert all(isinstance(value, int | float | Decimal) for value in values), name


def test_every_chart_asks_for_columns_of_its_dataset(project: Project) -> None:
    datasets = {dataset["uuid"]: dataset for dataset in _files(project, "datasets")}
    databases = {database["uuid"] for database in _files(project, "databases")}
    assert {dataset["database_uuid"] for dataset in datasets.values()} == databases
    found = _files(project, "charts")
    assert {chart["slice_name"] for chart in found} == CHARTS.keys()
    for chart in found:
        form = chart["params"]
        asked = {*form.get("all_columns", []), *form.get("groupby", [])}
        asked |= {json.loads(order)[0] for order in form.get("order_by_cols", [])}
        asked |= {one["subject"] for one in form["adhoc_filters"]}
        metrics = [*form.get("metrics", []), *filter(None, [form.get("metric")])]
        asked |= {metric["column"]["column_name"] for metric in metrics}
        asked |= {form["x_axis"]} if "x_axis" in form else set()
        columns = datasets[chart["dataset_uuid"]]["columns"]
        assert asked
        assert asked <= {column["column_name"] for column in columns}, chart["slice_name"]
    (dashboard,) = _files(project, "dashboards")
    placed = [
        part["meta"]["uuid"]
        for part in dashboard["position"].values()
        if part != "v2" and part["type"] == "CHART"
    ]
    assert sorted(placed) == sorted(chart["uuid"] for chart in found)


def test_words_are_those_of_the_site(project: Project) -> None:
    known = set(LABELS.values())
    for dataset in _files(project, "datasets"):
        for column in dataset["columns"]:
            word = column["verbose_name"]
            is_cut = word == LABELS["ui.significant"].split(" (")[0]
            assert word is None or word in known or is_cut, word
            for said in re.findall(r"then '(.*?)'", column["expression"] or ""):
                assert said in known
    for chart in _files(project, "charts"):
        parts = chart["slice_name"].removeprefix(LABELS["ui.numbers_of"].split("{")[0]).split(": ")
        assert set(parts) <= known
        assert chart["description"] is None or chart["description"] in known


def test_bands_have_the_colors_of_the_site_and_a_word(project: Project) -> None:
    (dashboard,) = _files(project, "dashboards")
    colors = dashboard["metadata"]["label_colors"]
    style = (REPOSITORY / "dashboard" / "site" / "style.css").read_text(encoding="utf-8")
    bands = WORDS["health_bands"]["item"]
    for band in bands:
        assert f"--band-{band}: light-dark({colors[band]}," in style
    assert len({colors[band] for band in bands}) == len(bands) == 4
    (bars,) = (chart for chart in CHARTS.values() if chart.viz == BARS)
    assert bars.columns[0].name == "item_word"


def test_files_are_the_same_every_time_and_in_the_zip(project: Project) -> None:
    folder = project.root / "target" / "superset"
    before = {file: file.read_bytes() for file in folder.rglob("*.yaml")}
    assert project.cli("superset").ok
    assert {file: file.read_bytes() for file in folder.rglob("*.yaml")} == before
    with zipfile.ZipFile(f"{folder}.zip") as bundle:
        zipped = {name: bundle.read(name) for name in bundle.namelist() if name.endswith(".yaml")}
    assert zipped == {f"superset/{file.relative_to(folder)}": text for file, text in before.items()}


def test_the_database_is_read_only_and_named_without_a_password(project: Project) -> None:
    (database,) = _files(project, "databases")
    assert database["sqlalchemy_uri"] == f"duckdb:///{project.published}?access_mode=read_only"
    assert not database["allow_dml"]
    for wrong, said in {
        "postgresql://voc:secret@host/voc": "password",
        "postgresql+psycopg2://voc:se/cret@host/voc": "password",
        "postgresql://host/voc?user=voc&password=secret": "password",
        "duckdb:////data/voc_marts.duckdb": "access_mode=read_only",
        "sqlite:////data/voc.db": "begins with",
    }.items():
        with pytest.raises(UserError, match=said):
            assets(wrong)
    outcome = project.cli("superset", "--target", "postgres")
    assert outcome.exit_code == 2
    assert "--uri" in outcome.output
    uri = {"VOC_SUPERSET_URI": "postgresql://voc_reader@warehouse:5432/voc"}
    assert project.cli("superset", environment=uri).ok
    (database,) = _files(project, "databases")
    assert database["sqlalchemy_uri"] == uri["VOC_SUPERSET_URI"]
    assert {dataset["schema"] for dataset in _files(project, "datasets")} == {"published"}
    assert project.cli("superset").ok


# The role of docs/bi.md


def _reader(database: PostgresDatabase) -> None:
    """Make the role as docs/bi.md says it."""
    page = (REPOSITORY / "docs" / "bi.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```sql\n(create role voc_reader.*?)```", page, re.DOTALL)
    if not database.execute("select 1 from pg_roles where rolname = 'voc_reader'"):
        database.execute(block.split(";")[0])
    for statement in filter(str.strip, block.split(";")[1:]):
        database.execute(statement)


def test_the_reader_of_the_page_reads_what_is_published_and_no_more(
    postgres: PostgresServer,
) -> None:
    database = postgres.new_database()
    for schema in ("published", "marts"):
        database.execute(f"create schema {schema}")
        database.execute(f"create table {schema}.old as select 1 as a")
    _reader(database)
    # The next build publishes a mart anew.
    database.execute("create table published.fresh as select 2 as a")
    reader = psycopg2.connect(
        host=str(database.socket_folder), user="voc_reader", dbname=database.name
    )
    reader.autocommit = True
    try:
        with reader.cursor() as cursor:
            cursor.execute("select old.a + fresh.a from published.old, published.fresh")
            assert cursor.fetchall() == [(3,)]
            for wrong in (
                "select * from marts.old",
                "delete from published.old",
                "create table published.mine (a int)",
            ):
                with pytest.raises(
                    (psycopg2.errors.InsufficientPrivilege, psycopg2.errors.ReadOnlySqlTransaction)
                ):
                    cursor.execute(wrong)
    finally:
        reader.close()


# In Superset itself


class Superset:
    """A Superset with a metadata database of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.python = Path(os.environ.get("VOC_SUPERSET_PYTHON", ""))
        if not self.python.is_file():
            pytest.fail("There is no Superset: run `make test-superset`.")
        settings = folder / "superset_config.py"
        settings.write_text(
            'SECRET_KEY = "of-the-test-alone"\n'
            f'SQLALCHEMY_DATABASE_URI = "sqlite:///{folder / "superset.db"}"\n'
            "WTF_CSRF_ENABLED = False\n",
            encoding="utf-8",
        )
        self.environment = {
            **{name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL") if name in os.environ},
            "HOME": str(folder),
            "SUPERSET_HOME": str(folder),
            "SUPERSET_CONFIG_PATH": str(settings),
            "FLASK_APP": "superset",
        }
        user, password = ADMIN
        who = ("--firstname", "A", "--lastname", "B", "--email", "a@b.invalid")
        self.run("superset", "db", "upgrade")
        self.run(
            "superset", "fab", "create-admin", "--username", user, "--password", password, *who
        )
        self.run("superset", "init")

    def run(self, program: str, *arguments: str) -> str:
        """Run a program of Superset's environment; return what it printed."""
        done = subprocess.run(
            [str(self.python.with_name(program)), *arguments],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, (done.stdout + done.stderr)[-8000:]
        return done.stdout

    def load(self, project: Project) -> None:
        """Import the assets as docs/bi.md says."""
        folder = project.root / "target" / "superset"
        self.run("superset", "import-directory", "--overwrite", str(folder))

    @contextlib.contextmanager
    def running(self) -> Iterator[Callable[[], dict[str, Any]]]:
        """A function that returns what every chart shows now, in one process of Superset."""
        session = [str(Path(__file__).with_name("superset_session.py")), *ADMIN]
        with (
            (self.folder / "session.log").open("w+") as log,
            subprocess.Popen(
                [str(self.python), *session],
                env=self.environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            ) as process,
        ):

            def ask() -> dict[str, Any]:
                print(file=process.stdin, flush=True)
                for line in process.stdout:
                    if line.startswith("{"):
                        return json.loads(line)
                log.seek(0)
                pytest.fail(f"Superset ended:\n{log.read()[-8000:]}", pytrace=False)

            try:
                yield ask
            finally:
                process.stdin.close()


@pytest.fixture(scope="module")
def superset(tmp_path_factory: pytest.TempPathFactory) -> Superset:
    return Superset(tmp_path_factory.mktemp("home"))


def _assert_shows_the_marts(shown: dict[str, Any], query: Query) -> None:
    # However often it is imported.
    assert shown["counts"] == {
        "database": 1,
        "dataset": len({chart.data for chart in CHARTS.values()}),
        "chart": len(CHARTS),
        "dashboard": 1,
    }
    assert shown["rows"].keys() == CHARTS.keys()
    for title, rows in shown["rows"].items():
        chart = CHARTS[title]
        wanted = _wanted(chart, query)
        assert wanted, title
        if chart.viz == "table":
            names = [column.name for column in chart.columns]
            assert [_values(row, names) for row in rows] == [_values(row, names) for row in wanted]
            continue
        measured = {column.name for column in chart.columns}
        if chart.viz != "big_number_total":
            measured.remove(chart.columns[0].name)
        # A measure has its word for a name in an answer.
        given = [c.label if c.name in measured else c.name for c in chart.columns]
        found = {tuple(_values(row, given)) for row in rows}
        assert found == {tuple(_values(row, [c.name for c in chart.columns])) for row in wanted}
        assert len(found) == len(rows), title


def _values(row: dict[str, Any], names: list[str]) -> list[Any]:
    return [_plain(row[name]) for name in names]


@pytest.mark.superset
def test_superset_shows_what_the_marts_say(superset: Superset, project: Project) -> None:
    query = _on_duckdb(project)
    superset.load(project)
    superset.load(project)
    with superset.running() as ask:
        shown = ask()
        _assert_shows_the_marts(shown, query)
        (company,) = shown["rows"][LABELS["panel.company"]]
        (mart,) = query(
            "select nps, ci_low, ci_high, responses from company_nps where scope_type = 'company'"
            " order by period_end desc limit 1"
        )
        assert _values(company, ["value", "low", "high", "n"]) == _values(mart, list(mart))

        # Another build takes the place of the file that Superset has read.
        other = shutil.copy(project.published, project.root / "other.duckdb")
        with duckdb.connect(other) as connection:
            connection.execute("update marts.account_health_latest set arr = arr + 1")
        os.replace(other, project.published)
        after = ask()
        _assert_shows_the_marts(after, query)
        assert after["rows"] != shown["rows"]


@pytest.mark.superset
def test_superset_shows_the_same_on_postgres(
    superset: Superset, project: Project, postgres: PostgresServer, tmp_path: Path
) -> None:
    database = postgres.new_database()
    database.execute("create schema published")
    with duckdb.connect(project.published, read_only=True) as connection:
        for mart in MARTS:
            file = tmp_path / f"{mart}.csv"
            connection.execute(f"copy marts.{mart} to '{file}' (header)")
            columns = connection.execute(f"describe marts.{mart}").fetchall()
            database.load(f"published.{mart}", columns=[c[:2] for c in columns], file=file)
    _reader(database)
    uri = f"postgresql://voc_reader@/{database.name}?host={database.socket_folder}"
    outcome = project.cli("superset", "--uri", uri)
    assert outcome.ok, outcome.output
    superset.load(project)
    with superset.running() as ask:
        _assert_shows_the_marts(ask(), _on_duckdb(project))
