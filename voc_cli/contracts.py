"""The domain contracts as a page for people: docs/contracts.md, made from the models' yml."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

CONTRACTS = "models/contracts/*/_int_*__contracts.yml"
PAGE = "docs/contracts.md"
DOMAINS = ("survey", "crm", "support", "usage", "billing", "employee")
#: Columns that staging adds by itself.
NOT_LANDED = (
    "source_vendor",
    "parse_errors",
    "landed_mark",
    "landed_rows",
    "surplus_events",
    "is_grouped",
)
HEAD = """\
# The domain contracts
Made by `python -m voc_cli contracts` from the contracts in `models/contracts/<domain>/`.

These are the tables of the vendor `generic`: to bring any source, land a table or write a view of this name and these columns in the
schema `generic`, and list `generic` in `<domain>_vendors`. Leave out the tables and columns you do not have, except those marked
*required*; order and case do not matter. Text is read as the type where it can be (times: ISO 8601,
without an offset UTC, or epoch; [every spelling](reliability.md#hostile-and-broken-input));
what cannot be read sets the row aside. `loaded_at` (or `_fivetran_synced`, `_airbyte_extracted_at`), when it is there, breaks ties.
"""


def read_contracts(root: Path) -> dict[str, dict[str, dict[str, Any]]]:
    """Return {domain: {entity: model}} in the order of DOMAINS; a model is its yml mapping."""
    found: dict[str, dict[str, dict[str, Any]]] = {domain: {} for domain in DOMAINS}
    for file in sorted(root.glob(CONTRACTS)):
        for model in yaml.safe_load(file.read_text(encoding="utf-8"))["models"]:
            domain, entity = model["name"].removeprefix("int_").removesuffix("_unioned").split("__")
            found[domain][entity] = model
    return found


def render_contracts(root: Path) -> str:
    """Return the page as Markdown."""
    parts = [HEAD]
    for domain, entities in read_contracts(root).items():
        parts.append(f"\n## {domain}\n")
        for entity, model in entities.items():
            description = model["description"].removeprefix("Contract. ").strip()
            parts.append(
                f"\n### generic.{entity}\n{description}\n\n| column | type | meaning |\n|---|---|---|\n"
            )
            for column in model["columns"]:
                if column["name"] in NOT_LANDED:
                    continue
                meta = column.get("config", {}).get("meta", {})
                name = meta.get("hash_of", column["name"])
                mark = " *(required)*" if meta.get("required") else ""
                parts.append(
                    f"| `{name}` | {column['data_type']} | {column['description']}{mark} |\n"
                )
    return "".join(parts)


def write_contracts(root: Path) -> Path:
    """Write the page and return its path."""
    page = root / PAGE
    page.parent.mkdir(exist_ok=True)
    page.write_text(render_contracts(root), encoding="utf-8")
    return page
