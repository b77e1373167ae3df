"""What dbt knows of the public marts: columns, types, descriptions, grain. The data dictionary is made of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from voc_cli.dbt_runs import read_manifest

#: Columns that stand for a person without naming anybody (docs/privacy.md).
STAND_FOR_A_PERSON = {
    "contact_key": "pseudonym",
    **dict.fromkeys(("owner_id", "agent_id", "actor_id", "next_action_owner_id"), "id of staff"),
}
FIELDS = ("mart", "column", "position", "type", "is_key", "pii", "description")


@dataclass(frozen=True)
class Column:
    """One column of a mart; `pii` is no, yes, or what it is instead of a person's name."""

    name: str
    type: str
    description: str
    pii: str


@dataclass(frozen=True)
class Mart:
    """A public mart; `sync_key` is set where another system is told of its rows by their key."""

    name: str
    description: str
    owner: str
    grain: tuple[str, ...]
    columns: tuple[Column, ...]
    sync_key: str | None


def read_marts(arguments: Sequence[str]) -> list[Mart]:
    """Return the public marts of the project in the working directory, by name.

    `arguments` are dbt's. Raises UserError when the project cannot be parsed.
    """
    manifest = read_manifest(arguments)
    owners = {group.name: group.owner.name for group in manifest.groups.values()}
    return [
        Mart(
            name=node.name,
            description=_one_line(node.description),
            owner=owners.get(node.group) or "nobody named",
            grain=_grain(node, manifest.nodes.values()),
            columns=tuple(_column(column) for column in node.columns.values()),
            sync_key=node.config.meta.get("sync_key"),
        )
        for node in sorted(manifest.nodes.values(), key=lambda node: node.name)
        if node.resource_type == "model" and node.access == "public"
    ]


def dictionary_rows(marts: Iterable[Mart]) -> list[dict[str, Any]]:
    """Return one row of `FIELDS` per column of the marts."""
    return [
        {
            "mart": mart.name,
            "column": column.name,
            "position": position,
            "type": column.type,
            "is_key": column.name in mart.grain,
            "pii": column.pii,
            "description": column.description,
        }
        for mart in marts
        for position, column in enumerate(mart.columns, start=1)
    ]


def render_dictionary(marts: Iterable[Mart]) -> str:
    """Return the dictionary as a page of Markdown."""
    parts = ["# Data dictionary\n"]
    for mart in marts:
        parts.append(
            f"\n## {mart.name}\n{mart.description}\n\nOwner: {mart.owner}."
            f" Grain: {', '.join(mart.grain) or 'not said'}.\n\n"
            "| column | type | personal | description |\n|---|---|---|---|\n"
        )
        for column in mart.columns:
            described = column.description.replace("|", "\\|")
            parts.append(f"| `{column.name}` | {column.type} | {column.pii} | {described} |\n")
    return "".join(parts)


def _column(column: Any) -> Column:
    tagged = column.config.meta.get("contains_pii")
    return Column(
        name=column.name,
        type=column.data_type,
        description=_one_line(column.description),
        pii="yes" if tagged else STAND_FOR_A_PERSON.get(column.name, "no"),
    )


def _grain(mart: Any, nodes: Iterable[Any]) -> tuple[str, ...]:
    """The columns that tell rows apart, by the tests of the mart: the first column that is unique."""
    unique = set()
    for node in nodes:
        if getattr(node, "attached_node", None) != mart.unique_id or not node.test_metadata:
            continue
        arguments = node.test_metadata.kwargs
        if node.test_metadata.name == "unique_grain":
            return tuple(arguments["columns"])
        if node.test_metadata.name == "unique":
            unique.add(arguments["column_name"])
    return next(((name,) for name in mart.columns if name in unique), ())


def _one_line(text: str) -> str:
    return " ".join(text.split())
