"""Makes docs/landed-tables.md: which landed tables and columns the staging models read.

The models themselves are asked: each is rendered with macros that only note what they are given.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jinja2
import yaml

PAGE = "docs/landed-tables.md"
#: Its tables are the contracts, which docs/contracts.md describes.
OTHER_PAGE = "generic"
HEAD = """\
# Landed tables, vendor by vendor
Made by `python -m voc_cli contracts` from the models in `models/staging/`. How to use it: [your-data.md](your-data.md).

Names are matched whatever their case and underscores. *a / b*: the first of the names that landed is read. A **bold** column is
required where its table is there: without it the run stops and says so. Every other column, and every table, may be missing. Beside
these, the loader's own columns are read where they are there: `_fivetran_synced`, `_airbyte_extracted_at` or `loaded_at` (when the
row was loaded), `_fivetran_deleted`, `_airbyte_deleted`, `is_deleted` (a deleted record is left out with all its copies, a
deleted definition still says what it meant), `_fivetran_active`.
"""

Reads = dict[str, dict[str, Any]]


class _Silent(jinja2.Undefined):
    """Whatever else a model calls: it takes everything and says nothing."""

    def __call__(self, *_: Any, **__: Any) -> _Silent:
        return self

    def __getattr__(self, name: str) -> _Silent:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __getitem__(self, _: Any) -> _Silent:
        return self

    def __str__(self) -> str:
        return ""

    def __add__(self, _: Any) -> str:
        return ""

    __radd__ = __add__


def read_models(root: Path) -> dict[str, Reads]:
    """Return {vendor: {table: {"domains": [...], "columns": {names: required}}}}."""
    found: dict[str, Reads] = {}
    for model in sorted((root / "models" / "staging").glob("*/stg_*.sql")):
        if model.parent.name != OTHER_PAGE:
            for exists in (True, False):
                _render(root, model, found.setdefault(model.parent.name, {}), exists)
    return found


def _render(root: Path, model: Path, reads: Reads, exists: bool) -> None:
    domains: list[str] = []

    def landed(vendor: str, table: str, in_demo: bool = True) -> dict[str, Any]:
        known = reads.setdefault(table, {"domains": [], "columns": {}})
        known["domains"] += [domain for domain in domains if domain not in known["domains"]]
        return {"vendor": vendor, "table": table, "exists": exists, "columns": []}

    def field(table: Any, names: Any, type: str = "string", required: bool = False) -> str:
        wanted = (names,) if isinstance(names, str) else tuple(names)
        columns = reads[table["table"]]["columns"]
        # A column read twice, once required, is required; shorter lists of names say less.
        columns[wanted] = columns.get(wanted, False) or required
        return ""

    def is_listed(domain: str, vendor: str) -> bool:
        domains.append(domain)
        return True

    environment = jinja2.Environment(undefined=_Silent, extensions=["jinja2.ext.do"])
    environment.globals.update(landed=landed, field=field, is_listed=is_listed, execute=True)
    for file in sorted((root / "macros" / "staging").glob("*.sql")):
        if file.stem not in {"landed", "contracts", "freshness"}:
            module = environment.from_string(file.read_text(encoding="utf-8")).module
            own = {name: macro for name, macro in vars(module).items() if not name.startswith("_")}
            environment.globals.update(own)
    environment.from_string(model.read_text(encoding="utf-8")).render()


def render_landed_tables(root: Path) -> str:
    """Return the page as Markdown."""
    parts = [HEAD]
    for vendor, tables in read_models(root).items():
        sources = root / f"models/staging/{vendor}/_{vendor}__sources.yml"
        declared = yaml.safe_load(sources.read_text(encoding="utf-8"))["sources"][0]["tables"]
        parts.append(
            f"\n## {vendor}\n\n| table | what it is | for | columns |\n|---|---|---|---|\n"
        )
        for table in declared:
            if table["name"] in tables:
                read = tables[table["name"]]
                parts.append(
                    f"| `{table['name']}` | {table['description'].rstrip('.')} "
                    f"| {', '.join(sorted(read['domains']))} | {_columns(read['columns'])} |\n"
                )
    return "".join(parts)


def _columns(columns: dict[tuple[str, ...], bool]) -> str:
    ordered = sorted(columns.items(), key=lambda item: (not item[1], item[0]))
    texts = []
    for names, required in ordered:
        text = " / ".join(f"`{name}`" for name in names)
        texts.append(f"**{text}**" if required else text)
    return ", ".join(texts)


def write_landed_tables(root: Path) -> Path:
    """Write the page and return its path."""
    page = root / PAGE
    page.write_text(render_landed_tables(root), encoding="utf-8")
    return page
