"""The stairs of the house go one way: which room of models reads which (layers.toml)."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Manifest = dict[str, Any]
Read = tuple[str, str]

LAYERS = tomllib.loads(Path(__file__).with_name("layers.toml").read_text(encoding="utf-8"))


def room_of(path: str) -> str:
    """The room of a model's file: of the rooms that are folders above it, the innermost."""
    inside = path.removeprefix("models/")
    return max((room for room in LAYERS["rooms"] if inside.startswith(f"{room}/")), key=len)


def reads_upwards(manifest: Manifest) -> Iterator[Read]:
    """(reader, what it reads) of models that read a room above their own."""
    models = {
        name: node for name, node in manifest["nodes"].items() if node["resource_type"] == "model"
    }
    floor = {
        name: LAYERS["rooms"].index(room_of(node["original_file_path"]))
        for name, node in models.items()
    }
    for name, node in models.items():
        for read in node["depends_on"]["nodes"]:
            is_gate = read in models and models[read]["name"] in LAYERS["gates"]
            if read in models and not is_gate and floor[read] > floor[name]:
                yield node["name"], models[read]["name"]


def test_no_room_reads_upwards(manifest: Manifest) -> None:
    assert list(reads_upwards(manifest)) == [], "move one of the two, or what both need"


def test_a_read_upwards_is_found(manifest: Manifest) -> None:
    accounts = "model.voc_warehouse.int_crm__accounts"
    node = manifest["nodes"][accounts]
    reads = {
        **node["depends_on"],
        "nodes": [*node["depends_on"]["nodes"], "model.voc_warehouse.account_health"],
    }
    changed = {
        **manifest,
        "nodes": {**manifest["nodes"], accounts: {**node, "depends_on": reads}},
    }
    assert set(reads_upwards(changed)) - set(reads_upwards(manifest)) == {
        ("int_crm__accounts", "account_health")
    }
