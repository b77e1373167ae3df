"""The stairs of the house go one way: which room of models reads which (layers.toml)."""

from __future__ import annotations

import itertools
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from harness import REPOSITORY

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


def test_the_page_walks_where_the_models_read(manifest: Manifest) -> None:
    """docs/walk.md: each model reads the one above it, and stands in the room that is named, as a table where it says so."""
    models = {
        node["name"]: node
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model"
    }
    picture = (REPOSITORY / "docs" / "walk.md").read_text(encoding="utf-8").split("```")[1]
    steps = [
        (words[0], "*" in words)
        for line in picture.splitlines()
        if (words := [word for word in line[12:].split() if word != "|"]) and words[0] in models
    ]
    assert len(steps) >= 14
    assert steps[-1][0] == "account_health"
    for (above, _), (below, _) in itertools.pairwise(steps):
        assert models[above]["unique_id"] in models[below]["depends_on"]["nodes"], (above, below)
    for name, is_table in steps:
        assert (models[name]["config"]["materialized"] != "view") == is_table, name
