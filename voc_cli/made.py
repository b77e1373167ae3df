"""What the commands write beside a warehouse: published files, exports, sites, and what DuckDB spills.

Erasure has to find all of it again. So each folder that is ours has a marker, and the warehouse has a
register of where files of it went. Nothing without a marker, or not in the register, is ever removed.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

MARKER = ".voc-warehouse"
MARKED = "Made by voc-warehouse, which removes this folder when a newer one takes its place.\n"
#: Folders of a set of exports that lead to one of them, or hold one that is being written.
LATEST, NEXT_LATEST, UNFINISHED = "latest", ".latest", ".unfinished"
#: What DuckDB spills: the process is in the name.
SPILLED = re.compile(r"duckdb_temp_(?P<process>\d+)_")


def mark(folder: Path) -> None:
    """Say of a folder that it is ours to remove."""
    (folder / MARKER).write_text(MARKED, encoding="utf-8")


def is_ours(folder: Path) -> bool:
    """Whether one of the commands made this folder."""
    return not folder.is_symlink() and (folder / MARKER).is_file()


def register_of(credentials: Any, root: Path) -> Path | None:
    """The file that says where files of this warehouse went; None where a warehouse is in memory."""
    if credentials.type == "duckdb":
        return (
            None if credentials.path == ":memory:" else Path(f"{credentials.path}.made").absolute()
        )
    place = [credentials.type, *(str(getattr(credentials, it, "")) for it in ("host", "port"))]
    place += [str(credentials.database), os.environ.get("VOC_SCHEMA_PREFIX", "")]
    return root / f".made-{hashlib.sha256('/'.join(place).encode()).hexdigest()[:16]}"


def note_made(credentials: Any, root: Path, path: Path) -> None:
    """Remember that files of the warehouse are at `path`; say so where that cannot be written."""
    register = register_of(credentials, root)
    place = str(path.absolute())
    if register is None or Path(place) in _places(register):
        return
    try:
        with register.open("a", encoding="utf-8") as file:
            file.write(f"{register}\t{place}\n")
    except OSError as error:
        print(f"{register} cannot be written ({error.strerror}): `erase` will not know of {place}.")


def remove_made(
    credentials: Any, root: Path, *, keep: Path | None, exports: Path, sites: Iterable[Path]
) -> list[Path]:
    """Remove what was made of the warehouse before, and return what may be ours and has no marker.

    `keep` is the file that is published now, `exports` the folder that exports usually go to. `sites` have
    one place each, so that nothing else can be there.
    """
    for site in sites:
        for folder in (site, *(site.with_name(f"{site.name}.{it}") for it in ("new", "old"))):
            shutil.rmtree(folder, ignore_errors=True)
    register = register_of(credentials, root)
    places = _places(register) if register else set()
    in_use = {os.path.realpath(path) for path in (keep, getattr(credentials, "path", None)) if path}
    left: list[Path] = []
    for place in sorted(places | {exports.absolute()}):
        if place.is_dir():
            left += _remove_exports(place)
        elif place in places and os.path.realpath(place) not in in_use:
            for file in {place, Path(os.path.realpath(place))}:
                remove_database(file)
    if register is not None and register.exists():
        stays = sorted(str(it) for it in places if it.is_dir() or os.path.realpath(it) in in_use)
        register.write_text("".join(f"{register}\t{it}\n" for it in stays), encoding="utf-8")
    return left


def _places(register: Path) -> set[Path]:
    """What a register says of its own warehouse: in a copied folder it speaks of the files of another."""
    lines: list[str] = []
    with contextlib.suppress(OSError):
        lines = register.read_text(encoding="utf-8").splitlines()
    pairs = (line.partition("\t") for line in lines)
    return {Path(place) for own, _, place in pairs if own == str(register) and place}


def _remove_exports(folder: Path) -> list[Path]:
    """Remove all exports of ours in a folder; return what looks like one and is not marked."""
    children = [path for path in folder.iterdir() if path.is_dir() and not path.is_symlink()]
    for child in children:
        if is_ours(child):
            shutil.rmtree(child)
    for name in (LATEST, NEXT_LATEST):
        link = folder / name
        if link.is_symlink() and not link.exists():
            link.unlink()
    return [path for path in children if (path / "data_dictionary.md").is_file()]


def remove_database(file: Path) -> None:
    """Remove a DuckDB file, its log, and what a killed writer left of the next one."""
    for suffix in ("", ".wal", ".new", ".new.wal"):
        Path(f"{file}{suffix}").unlink(missing_ok=True)


def remove_unfinished(database: Path) -> None:
    """Remove what a killed writer left of the file that was to take the place of `database`."""
    for suffix in (".new", ".new.wal"):
        with contextlib.suppress(OSError):
            Path(f"{database.resolve()}{suffix}").unlink(missing_ok=True)


def remove_spill(credentials: Any) -> None:
    """Remove what killed processes spilled of a DuckDB warehouse, which holds rows as they landed.

    Call it as the only one who has the warehouse open. Beside the file nobody else spills then; a folder
    that the profile names may be that of others too, so there the process has to be gone.
    """
    if credentials.type != "duckdb" or credentials.path == ":memory:":
        return
    for path in {Path(credentials.path).absolute(), Path(credentials.path).resolve()}:
        shutil.rmtree(f"{path}.tmp", ignore_errors=True)
    named = {**(credentials.settings or {}), **(credentials.config_options or {})}
    if folder := named.get("temp_directory"):
        remove_spill_of_the_dead(Path(folder))


def remove_spill_of_the_dead(folder: Path) -> None:
    """Remove what processes that are gone left in a folder DuckDB spills to, and the folder if it is empty."""
    for file in folder.glob("duckdb_temp_*"):
        process = SPILLED.match(file.name)
        if process and not _is_alive(int(process["process"])):
            with contextlib.suppress(OSError):
                file.unlink()
    with contextlib.suppress(OSError):
        folder.rmdir()


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
