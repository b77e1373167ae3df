"""Copies are the commonest accident of a loader: one of them counts, always the same."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
import yaml
from harness import REPOSITORY, Marts, Project, marts_in

pytestmark = pytest.mark.slow

SEEDS = REPOSITORY / "seeds" / "demo"
DOMAINS = ("survey", "crm", "support", "usage", "billing", "employee")
#: Of every vendor what the demo lands of it.
VENDORS = {
    **{"survey_vendors": ["qualtrics", "zendesk"], "crm_vendors": ["salesforce"]},
    **{"support_vendors": ["zendesk"], "usage_vendors": ["pendo"], "billing_vendors": ["stripe"]},
    "employee_vendors": ["generic"],
}
#: Marts that say how many rows landed, and how many copies were set aside.
OF_COPIES = ("landed_tables", "quarantined_records", "quarantine_by_day")
#: What staging adds to what generic lands.
NOT_LANDED = (
    "source_vendor",
    "parse_errors",
    "landed_mark",
    "landed_rows",
    "surplus_events",
    "copied_events",
    "is_grouped",
)
#: What the hashed columns of a contract are called where they land: `(model, column) -> name`.
MAILS = {
    (model["name"], column["name"]): column["config"]["meta"]["hash_of"]
    for file in (REPOSITORY / "models" / "contracts").glob("*/_int_*__contracts.yml")
    for model in yaml.safe_load(file.read_text(encoding="utf-8"))["models"]
    for column in model["columns"]
    if "hash_of" in column.get("config", {}).get("meta", {})
}


def settings(vendors: dict[str, list[str]]) -> dict[str, object]:
    return {"voc_demo": False, "as_of_date": "2026-06-30", **vendors}


def marts(project: Project, vendors: dict[str, list[str]], threads: int) -> Marts:
    """All marts of a run with so many threads, those about copies apart."""
    outcome = project.dbt(
        "run", "--threads", str(threads), "--full-refresh", variables=settings(vendors)
    )
    assert outcome.ok, outcome.output[-8000:]
    return {
        name: found for name, found in marts_in(project.database).items() if name not in OF_COPIES
    }


def doubled(base: Project, root: Path) -> Project:
    """A copy in which every row of every landed table is there twice."""
    project = base.fork(root)
    tables = project.query(
        "select table_schema, table_name from information_schema.tables"
        " where table_schema in ('qualtrics', 'zendesk', 'salesforce', 'pendo', 'stripe', 'generic')"
    )
    assert tables
    with duckdb.connect(project.database) as connection:
        for table in tables:
            name = '"{table_schema}"."{table_name}"'.format(**table)
            connection.execute(f"insert into {name} from {name}")
    return project


class World:
    """Landed tables, and the marts that they give when each row is there once."""

    def __init__(self, base: Project, vendors: dict[str, list[str]], folder: Path) -> None:
        self.base, self.vendors, self.folder = base, vendors, folder
        self.right = marts(base, vendors, threads=2)

    def wrong(self, threads: int) -> list[str]:
        """Marts that are others when every landed table is doubled."""
        project = doubled(self.base, self.folder / f"{threads}")
        found = marts(project, self.vendors, threads)
        project.database.unlink()
        return sorted(name for name, figures in found.items() if figures != self.right[name])


@pytest.fixture(scope="module")
def of_vendors(tmp_path_factory: pytest.TempPathFactory) -> World:
    """What the demo lands, as landed tables of its vendors."""
    folder = tmp_path_factory.mktemp("copies")
    base = Project.copy_of_repository(folder / "base")
    with duckdb.connect(base.database) as connection:
        for file in sorted(SEEDS.glob("*/*.csv")):
            schema, table = file.stem.split("__", 1)
            connection.execute(f'create schema if not exists "{schema}"')
            connection.execute(
                f'create table "{schema}"."{table}" as from read_csv(?, header = true, sample_size = -1)',
                [str(file)],
            )
    outcome = base.dbt("seed", variables=settings(VENDORS))
    assert outcome.ok, outcome.output[-8000:]
    return World(base, VENDORS, folder)


@pytest.fixture(scope="module")
def of_generic(of_vendors: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """The same company in tables of one's own: what the contracts hold, as it would land."""
    folder = tmp_path_factory.mktemp("generic copies")
    base = Project.copy_of_repository(folder / "base")
    with duckdb.connect(base.database) as connection:
        connection.execute(f"attach '{of_vendors.base.database}' as built (read_only)")
        connection.execute("create schema generic")
        for (model,) in connection.execute(
            "select table_name from information_schema.tables where table_catalog = 'built'"
            " and table_schema = 'intermediate' and table_name like '%\\_unioned' escape '\\' order by 1"
        ).fetchall():
            table = model.split("__")[1].removesuffix("_unioned")
            relation = f"built.intermediate.{model}"
            names = [row[0] for row in connection.execute(f"describe {relation}").fetchall()]
            # The key of a mail is as good a mail as any.
            columns = [
                f'"{name}" as "{MAILS.get((model, name), name)}"'
                for name in names
                if name not in NOT_LANDED
            ]
            connection.execute(
                f'create table generic."{table}" as select {", ".join(columns)} from {relation}'
            )
    vendors = {f"{domain}_vendors": ["generic"] for domain in DOMAINS}
    outcome = base.dbt("seed", variables=settings(vendors))
    assert outcome.ok, outcome.output[-8000:]
    return World(base, vendors, folder)


@pytest.mark.parametrize("threads", [1, 8])
def test_no_mart_counts_a_copy_of_a_vendor(of_vendors: World, threads: int) -> None:
    """Every landed table doubled at once."""
    assert of_vendors.wrong(threads) == []


def test_no_mart_counts_a_copy_of_a_table_of_ones_own(of_generic: World) -> None:
    assert of_generic.wrong(threads=2) == []
