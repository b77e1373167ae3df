"""Fixtures for the Python tests; harness.py holds the classes behind them."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from harness import NO_RULES, NO_UNIT_TESTS, REPOSITORY, PostgresServer, Project
from hypothesis import settings
from spark_warehouse import SparkWarehouse
from xdist.scheduler import LoadScopeScheduling

# The same examples on every run, so that a red build can be repeated; dbt keeps no deadline.
settings.register_profile("voc", deadline=None, derandomize=True)
settings.load_profile("voc")


#: Fixtures that start an engine, with the marker of whatever uses one.
ENGINES = {"postgres": "postgres", "unbuilt_spark": "spark"}
#: A worker takes the next group when it is done with one: what takes longest goes first, what is short fills up the end. Of the first two
#: only one needs the demo at once, for the other worker would wait until it is built.
FIRST = (
    *("spark", "test_support.py", "test_incremental.py", "test_reliability.py", "test_faults.py"),
    *("test_scenarios.py", "test_hostile_input.py", "test_unit_tests.py", "test_engines.py"),
)
LAST = ("test_tooling.py", "test_demo_data.py")
#: Files whose tests share no fixture but the demo.
OF_SINGLE_TESTS = ("test_incremental.py", "test_scenarios.py")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs an engine, and put the groups in the order in which the workers take them."""
    for item in items:
        for fixture in ENGINES.keys() & set(getattr(item, "fixturenames", ())):
            item.add_marker(ENGINES[fixture])
        assert not item.get_closest_marker("spark") or group_of(item.nodeid) == "spark", (
            f"{item.nodeid} uses Spark: say so in its name, or a second Spark starts for it"
        )
    order = {name: place for place, name in enumerate((*FIRST, "", *LAST))}
    places = {
        item: order.get(group_of(item.nodeid), order.get(item.path.name, order[""]))
        for item in items
    }
    items.sort(key=places.__getitem__)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """Deal out groups."""
    return Groups(config, log)


class Groups(LoadScopeScheduling):
    """Gives each group of tests to one worker."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)


def group_of(nodeid: str) -> str:
    """The group of a test: what runs on Spark, a world of faults, a test that shares nothing, else its file."""
    file, _, test = nodeid.partition("::")
    file = Path(file).name
    if "spark" in test:
        return "spark"
    if file in OF_SINGLE_TESTS:
        return nodeid
    return test.split(" ")[0] if file == "test_faults.py" else file


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The project with its demo built and tested. Read it only; change a `forked_demo`.

    The first worker that needs it builds it, and each has its own copy.
    """
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "built_demo"
    folder.mkdir(exist_ok=True)
    built, failure = Project(folder / "project"), folder / "failure"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not built.root.exists():
            # Unit tests have a test of their own, under other settings.
            outcome = Project.copy_of_repository(built.root).dbt("build", *NO_UNIT_TESTS)
            failure.write_text("" if outcome.ok else outcome.output[-8000:], encoding="utf-8")
    if said := failure.read_text(encoding="utf-8"):
        pytest.fail(f"dbt build of the demo failed:\n{said}", pytrace=False)
    return built.fork(tmp_path_factory.mktemp("demo") / "project")


@pytest.fixture
def forked_demo(demo: Project, tmp_path: Path) -> Project:
    """A copy of the built demo for one test: change a file, a seed or a row, and build a part."""
    return demo.fork(tmp_path / "forked_demo")


@pytest.fixture(scope="session")
def manifest(demo: Project, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What dbt knows of the project: models, tests, sources and how they hang together."""
    project = demo.fork(tmp_path_factory.mktemp("manifest") / "project")
    outcome = project.dbt("parse", "--write-json")
    assert outcome.ok, outcome.output
    return json.loads((project.root / "target" / "manifest.json").read_text(encoding="utf-8"))


@pytest.fixture
def new_project(tmp_path: Path) -> Callable[[], Project]:
    """A function that returns a fresh copy of the project with nothing built."""
    made = 0

    def make() -> Project:
        nonlocal made
        made += 1
        return Project.copy_of_repository(tmp_path / f"project_{made}")

    return make


@pytest.fixture
def project(new_project: Callable[[], Project]) -> Project:
    """One fresh copy of the project with nothing built."""
    return new_project()


@pytest.fixture(scope="session")
def landed_samples() -> Path:
    """The folder of landed sample tables (<vendor>/<table>.csv); it is not in the repository."""
    folder = Path(
        os.environ.get("VOC_LANDED_SAMPLES", REPOSITORY.parent / "shared" / "landed_samples")
    )
    if not folder.is_dir():
        pytest.skip(f"no landed samples at {folder} (set VOC_LANDED_SAMPLES)")
    return folder


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server for the session; `new_database()` gives each test its own database."""
    server = PostgresServer()
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def unbuilt_spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkWarehouse]:
    """A cluster of Spark for the session, on which nothing is built yet."""
    folder = tmp_path_factory.mktemp("spark")
    warehouse = SparkWarehouse(Project.copy_of_repository(folder / "project"), folder / "cluster")
    try:
        yield warehouse
    finally:
        warehouse.stop()


@pytest.fixture(scope="session")
def spark(unbuilt_spark: SparkWarehouse) -> SparkWarehouse:
    """The cluster with the demo built and tested on it."""
    outcome = unbuilt_spark.dbt("build", *NO_RULES)
    if not outcome.ok:
        pytest.fail(f"dbt build on Spark failed:\n{outcome.output[-8000:]}", pytrace=False)
    return unbuilt_spark
