"""What the commands give to people: text in columns, and files in places that are theirs to write."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import pairwise
from pathlib import Path

from voc_weighting.errors import WeightingError
from voc_weighting.warehouse import Warehouse


def writable_path(path: Path, project: Path, warehouse: Warehouse) -> Path:
    """Return `path`, made absolute, if a result may be written there; WeightingError if not.

    The policy is for people to change, never for a command, and a warehouse is only read.
    """
    resolved = path.resolve()
    policy = (project / "seeds" / "policy").resolve()
    if resolved.is_relative_to(policy) or ("seeds", "policy") in pairwise(resolved.parts):
        raise WeightingError(f"{path} is in the policy folder, which only people change.")
    if warehouse.file is not None and resolved == warehouse.file.resolve():
        raise WeightingError(f"{path} is the warehouse itself, which is only read.")
    if not resolved.parent.is_dir():
        raise WeightingError(f"There is no folder {resolved.parent} to write to.")
    return resolved


def aligned(table: Sequence[Sequence[str]], right: Collection[int] = ()) -> list[str]:
    """Rows of text as lines of equally wide columns; columns in `right` end at their right."""
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    return [
        "  ".join(
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in table
    ]


def write_text(path: Path, text: str) -> None:
    """Write a file in UTF-8, line ends as they are; WeightingError where that is not allowed."""
    try:
        path.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise WeightingError(f"{path} cannot be written: {error.strerror}.") from error
