"""What dbt knows of the project: its marts with their tests, and the tables its vendors land."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from dbt.adapters.factory import FACTORY

from quality.landed import Limits, Names, load_stale_days, read_limits
from quality.limits import LOAD_STALE_DAYS
from voc_cli.arguments import read_arguments
from voc_cli.contracts import read_contracts
from voc_cli.dbt_runs import read_manifest
from voc_cli.landed_tables import read_models
from voc_cli.settings import UserError, check_vendors, load_variables
from voc_weighting.errors import WeightingError
from voc_weighting.settings import Settings


@dataclass(frozen=True)
class Relation:
    """Where a table is; its columns and their types come from the warehouse."""

    database: str | None
    schema: str
    name: str


@dataclass(frozen=True)
class MartTest:
    """One generic data test of a mart: its name and arguments."""

    name: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True)
class MartTable:
    """A public mart with what its yml says of it."""

    relation: Relation
    columns: tuple[str, ...]
    tests: tuple[MartTest, ...]


@dataclass(frozen=True)
class LandedTable:
    """A table that a vendor lands, and what it must hold to."""

    relation: Relation
    limits: Limits


@dataclass(frozen=True)
class ProjectFacts:
    """Everything that decides which checks there are."""

    variables: Mapping[str, Any]
    as_of: date
    marts: Mapping[str, MartTable]
    models: Mapping[str, Relation]
    landed: Mapping[str, Mapping[str, LandedTable]]
    load_stale_days: Mapping[str, int]
    credentials: Any


def read_project(root: Path, arguments: Sequence[str]) -> ProjectFacts:
    """Parse the project in the working directory with these dbt arguments; UserError if it fails."""
    chosen = read_arguments(arguments)
    variables = load_variables(root, chosen.variables)
    vendors = {name for names in check_vendors(variables, root).values() for name in names}
    manifest = read_manifest(arguments)
    nodes = [*manifest.nodes.values(), *manifest.sources.values()]
    by_id = {node.unique_id: node for node in nodes}
    models = {node.name: node for node in nodes if node.resource_type == "model"}
    sources = {(it.source_name, it.name): it for it in manifest.sources.values()}
    required = _required(root)
    return ProjectFacts(
        variables=variables,
        as_of=_as_of(variables),
        marts={
            name: _mart(node, nodes)
            for name, node in sorted(models.items())
            if node.config.get("access") == "public"
        },
        models={name: _relation(node) for name, node in models.items()},
        landed={
            vendor: {
                table: LandedTable(
                    relation,
                    read_limits(sources[vendor, table], required.get((vendor, table), ())),
                )
                for table, relation in _landed(vendor, models.values(), by_id).items()
            }
            for vendor in sorted(vendors)
        },
        load_stale_days=_load_stale_days(sources.values()),
        credentials=next(iter(FACTORY.adapters.values())).config.credentials,
    )


def _as_of(variables: Mapping[str, Any]) -> date:
    try:
        return Settings.of(variables).as_of
    except WeightingError as error:
        raise UserError(str(error)) from error


def _relation(node: Any) -> Relation:
    name = node.identifier if node.resource_type == "source" else node.alias
    return Relation(node.database or None, node.schema, name)


def _mart(model: Any, nodes: Sequence[Any]) -> MartTable:
    tests = [
        MartTest(node.test_metadata.name, node.test_metadata.kwargs)
        for node in nodes
        if getattr(node, "attached_node", None) == model.unique_id and node.test_metadata
    ]
    return MartTable(_relation(model), tuple(model.columns), tuple(tests))


def _landed(vendor: str, models: Any, by_id: Mapping[str, Any]) -> dict[str, Relation]:
    """The tables that the staging models of a vendor read: sources, or seeds in the demo."""
    found = {}
    for model in models:
        if model.fqn[1:3] != ["staging", vendor]:
            continue
        for parent in (by_id[it] for it in model.depends_on.nodes if it in by_id):
            if parent.resource_type == "source":
                found[parent.name] = _relation(parent)
            elif parent.resource_type == "seed" and parent.name.startswith(f"{vendor}__"):
                found[parent.name.removeprefix(f"{vendor}__")] = _relation(parent)
    return dict(sorted(found.items()))


def _load_stale_days(sources: Iterable[Any]) -> dict[str, int]:
    return {source.source_name: load_stale_days(source) or LOAD_STALE_DAYS for source in sources}


def _required(root: Path) -> dict[tuple[str, str], tuple[Names, ...]]:
    """The columns without which a landed table cannot be read: those that staging models, and contracts, require."""
    found = {
        (vendor, table): tuple(
            names for names, is_required in read["columns"].items() if is_required
        )
        for vendor, tables in read_models(root).items()
        for table, read in tables.items()
    }
    for entities in read_contracts(root).values():
        for entity, model in entities.items():
            metas = {c["name"]: c.get("config", {}).get("meta", {}) for c in model["columns"]}
            found["generic", entity] = tuple(
                (meta.get("hash_of", name),) for name, meta in metas.items() if meta.get("required")
            )
    return found
