"""How far a run of dbt is: one line that moves on a terminal, a plain line now and then in a file."""

from __future__ import annotations

import sys
import time
from collections import Counter
from types import TracebackType
from typing import TextIO

from dbt_common.events.base_types import EventMsg

#: In a file, seconds between two lines.
SECONDS_BETWEEN_LINES = 10.0
#: On a terminal, seconds between two looks of the line.
SECONDS_BETWEEN_LOOKS = 0.1
WIDTH = 78
FINISHED = "NodeFinished"
COUNTED = "ConcurrencyLine"
TESTED = "LogTestResult"
#: What a macro of the project warns of.
WARNED = "JinjaLogWarning"
KINDS = {"seed": "seeds", "model": "models", "test": "tests", "unit_test": "unit tests"}


class Progress:
    """Hears what dbt says of a run and shows how much of it is done; use it as a context manager."""

    def __init__(self, output: TextIO | None = None) -> None:
        self._output = output or sys.stdout
        self._moves = self._output.isatty()
        self._started = self._shown = time.monotonic()
        self._total = 0
        self._done: Counter[str] = Counter()
        #: What tests and macros warned of, a sentence each.
        self.warnings: list[str] = []

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._done:
            self._show(last=True)

    def hear(self, event: EventMsg) -> None:
        """Count what ended; a listener of dbt's events."""
        if event.info.name == COUNTED:
            self._total = event.data.node_count
        elif event.info.name == FINISHED:
            info = event.data.node_info
            self._done[info.resource_type] += 1
            pause = SECONDS_BETWEEN_LOOKS if self._moves else SECONDS_BETWEEN_LINES
            if time.monotonic() - self._shown >= pause:
                self._show(info.node_name)
        elif event.info.name == TESTED and event.data.status == "warn":
            self.warnings.append(f"the test {event.data.name} found something")
        elif event.info.name == WARNED:
            self.warnings.append(event.data.msg)

    def _show(self, current: str = "", last: bool = False) -> None:
        self._shown = time.monotonic()
        # Exposures and the like cost nothing: they count, and are not named.
        kinds = ", ".join(
            f"{self._done[kind]:,} {KINDS[kind]}" for kind in KINDS if self._done[kind]
        )
        done = sum(self._done.values())
        line = f"  {done:,} of {self._total:,} ({kinds}), {self._shown - self._started:.0f} s"
        if not self._moves:
            print(line, file=self._output, flush=True)
            return
        line = line if last else f"{line}: {current}"
        end = "\n" if last else ""
        print(f"\r{line:<{WIDTH}.{WIDTH}}", end=end, file=self._output, flush=True)
