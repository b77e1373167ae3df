"""What was planted, said so that a test can look for it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


class Truths:
    """Two books: ``truths`` (what to find) and ``dirt`` (what not to stumble over)."""

    def __init__(self) -> None:
        self.books: dict[str, dict[str, dict[str, Any]]] = {"truths": {}, "dirt": {}}

    def plant(
        self, book: str, name: str, note: str, rows: dict[str, list[Any]], expected: Any = None
    ) -> None:
        """``rows`` maps ``vendor__table.column`` to the values that stand there."""
        if name in self.books[book]:
            raise KeyError(f"{name} is planted twice")
        entry: dict[str, Any] = {"note": note, "rows": rows}
        if expected is not None:
            entry["expected"] = expected
        self.books[book][name] = entry

    def write(self, path: Path) -> None:
        path.write_text(
            json.dumps(self.books, indent=1, ensure_ascii=False) + "\n",
            encoding="utf-8",
            newline="",
        )
