"""What other people's bug reports describe, as small landed tables (tests/faults/README.md)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from harness import REPOSITORY, Project

FAULTS = REPOSITORY / "tests" / "faults"
#: Policy that the worlds name beside the project's own.
POLICY = {
    "exchange_rates": [
        "KWD,2000-01-01,3.25",
        "ISK,2000-01-01,0.007",
        "CLP,2000-01-01,0.001",
    ],
    "survey_questions": ["qualtrics,SV_19,QID1,csat,transactional,qbr,1,5,true,4"],
}


def in_camel_case(name: str) -> str:
    """The name as some loaders spell it: case_comment is CaseComment."""
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


#: Worlds whose tables and columns land in the spelling of another loader.
SPELLINGS: dict[str, Callable[[str], str]] = {"C": str.upper, "D": in_camel_case}

World = Callable[[str], Project]


def cases() -> list[Any]:
    """Every case that says what is right, as `(world, case)`."""
    return [
        pytest.param(
            file.parents[1].name, file.parent, id=f"{file.parents[1].name} {file.parent.name}"
        )
        for file in sorted(FAULTS.glob("*/*/case.yml"))
    ]


def land(project: Project, world: Path, spelled: Callable[[str], str] = str) -> None:
    """Land the tables of all cases of a world: files of one name are one table, its names spelled so."""
    tables: dict[tuple[str, str], list[str]] = defaultdict(list)
    for file in sorted(world.glob("*/*.csv")):
        schema, table = file.stem.split(".")
        tables[schema, table].append(str(file))
    with duckdb.connect(project.database) as connection:
        for (schema, table), files in tables.items():
            connection.execute(f'create schema if not exists "{schema}"')
            rows = "read_csv(?, header = true, union_by_name = true, sample_size = -1)"
            names = [
                row[0] for row in connection.execute(f"describe from {rows}", [files]).fetchall()
            ]
            columns = ", ".join(f'"{name}" as "{spelled(name)}"' for name in names)
            connection.execute(
                f'create table "{schema}"."{spelled(table)}" as select {columns} from {rows}',
                [files],
            )


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A function that gives a world, built once, with every data test passed."""
    built: dict[str, Project | str] = {}

    def build(name: str) -> Project:
        if name not in built:
            project = Project.copy_of_repository(tmp_path_factory.mktemp(name) / "project")
            for seed, rows in POLICY.items():
                with (project.root / f"seeds/policy/{seed}.csv").open(
                    "a", encoding="utf-8"
                ) as file:
                    file.writelines(f"{row}\n" for row in rows)
            folder = FAULTS / name
            land(project, folder, SPELLINGS.get(name, str))
            variables = yaml.safe_load((folder / "vars.yml").read_text(encoding="utf-8"))
            outcome = project.build(variables=variables)
            built[name] = project if outcome.ok else outcome.output[-8000:]
        result = built[name]
        if isinstance(result, str):
            pytest.fail(f"dbt build of world {name} failed:\n{result}", pytrace=False)
        return result

    return build


def plain(value: Any) -> Any:
    """A value of the warehouse as YAML writes it."""
    if isinstance(value, (date, datetime)):
        return str(value)
    return float(value) if isinstance(value, Decimal) else value


@pytest.mark.slow
@pytest.mark.parametrize(("name", "folder"), cases())
def test_case(world: World, name: str, folder: Path) -> None:
    """The marts say what is right."""
    project = world(name)
    case = yaml.safe_load((folder / "case.yml").read_text(encoding="utf-8"))
    for question in case["expect"]:
        rows = [[plain(value) for value in row.values()] for row in project.query(question["sql"])]
        expected = question["rows"]
        assert len(rows) == len(expected), f"{case['essence']}\n{question['sql']}\n{rows}"
        for row, right in zip(rows, expected, strict=True):
            assert row == pytest.approx(right, abs=1e-6), f"{case['essence']}\n{question['sql']}"
