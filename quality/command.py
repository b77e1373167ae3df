"""`python -m voc_cli quality`: everything above, in order, for people."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path

from voc_cli.arguments import connection_alone
from voc_cli.publishing import credentials_of
from voc_cli.settings import UserError


def check_quality(root: Path, arguments: Sequence[str]) -> int:
    """Check the warehouse that these dbt arguments choose: 0 all is well, 1 something broke."""
    started = time.monotonic()
    print("[1/3] Reading the project and the tables ...", flush=True)
    try:
        # Great Expectations takes seconds to import, and may not be installed.
        from quality.run import SITE, render, run_suites
    except ImportError as error:
        raise UserError(f"{error.name} is not installed here. Run `make env`.") from error
    from quality.catalog import Catalog
    from quality.engine import connection_url, open_engine
    from quality.project import read_project
    from quality.suites import make_suites

    # A file that is not there is told before dbt reads the project.
    connection_url(credentials_of(connection_alone(arguments), root))
    project = read_project(root, arguments)
    engine = open_engine(project.credentials)
    try:
        suites = make_suites(project, Catalog(engine))
    finally:
        engine.dispose()
    print(f"[2/3] Checking {len(suites)} suites as of {project.as_of} ...", flush=True)
    shown = _progress if sys.stdout.isatty() else lambda text: None
    outcome = run_suites(project.credentials, suites, root / SITE, shown)
    print("[3/3] What broke:\n" if outcome.breaches else "[3/3] The result:\n", flush=True)
    print(render(outcome))
    print(f"\nThe site: {SITE}/index.html. Done in {time.monotonic() - started:.0f} s.")
    return 1 if outcome.breaches else 0


def _progress(text: str) -> None:
    print(f"\r  {text:<70.70}", end="" if text.startswith("[") else "\n", flush=True)
