"""Fixtures for the Python tests; harness.py holds the classes behind them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from harness import REPOSITORY, PostgresServer, Project
from hypothesis import settings

# The same examples on every run, so that a red build can be repeated; dbt keeps no deadline.
settings.register_profile("voc", deadline=None, derandomize=True)
settings.load_profile("voc")


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The project with its demo built. Shared: read it only, and `fork` it to change anything."""
    project = Project.copy_of_repository(tmp_path_factory.mktemp("demo") / "project")
    outcome = project.dbt("build")
    if not outcome.ok:
        pytest.fail(f"dbt build of the demo failed:\n{outcome.output[-8000:]}", pytrace=False)
    return project


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
