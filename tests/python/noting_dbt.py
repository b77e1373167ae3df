"""dbt that notes which variables its unit tests read without pinning them.

`test_unit_tests.py` puts this file into a copy of the project and runs it there in place of dbt. When
dbt ends, the file `NOTES` holds, by the name of a unit test, each variable that its model or a macro
asked for and that is not among the test's `overrides: vars`. dbt has no such list: what a model reads
is known only once its macros have run.
"""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

NOTES = "unpinned_variables.json"


def main() -> None:
    """Be `dbt <arguments>`, with notes."""
    # Not above: the test imports this file for its names, and dbt takes seconds to import.
    from dbt.cli.main import cli
    from dbt.context.providers import UnitTestVar

    unpinned: dict[str, set[str]] = defaultdict(set)
    look_up = UnitTestVar.__call__

    def noting(self: UnitTestVar, name: str, *default: Any) -> Any:
        test = self._node
        if name not in (test.overrides.vars if test.overrides else {}):
            unpinned[test.name].add(name)
        return look_up(self, name, *default)

    UnitTestVar.__call__ = noting
    try:
        cli(prog_name="dbt")
    finally:
        notes = {test: sorted(names) for test, names in sorted(unpinned.items())}
        Path(NOTES).write_text(json.dumps(notes), encoding="utf-8")


if __name__ == "__main__":
    main()
