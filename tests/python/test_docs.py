"""The pages of docs/: links lead somewhere, marts exist, and marked queries give the results shown.

A block of SQL under the line `<!-- demo -->` runs on the built demo, and the block of text right under
it is its result, to the letter; under `<!-- demo, without result -->` it runs and shows nothing.
`PYTHONPATH=. .venv/bin/python tests/python/test_docs.py` writes the results of the demo in voc.duckdb.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from harness import NO_TESTS, Project, files_of_marts

from voc_cli.landed_tables import read_models, render_landed_tables
from voc_cli.site_pages import with_links_of_the_site, with_lists_for_mkdocs

REPOSITORY = Path(__file__).resolve().parents[2]
DOCS = sorted((REPOSITORY / "docs").rglob("*.md"))
PAGES = [*DOCS, *sorted(REPOSITORY.glob("*.md")), REPOSITORY / "bench" / "README.md"]
MARTS = {path.stem for path in files_of_marts("*.sql")}

DEMO_QUERY = re.compile(
    r"^<!-- (?P<marker>demo|demo, without result) -->\n```sql\n(?P<sql>.*?)^```\n"
    r"(?:```text\n.*?^```\n)?",
    re.M | re.S,
)
FENCED = re.compile(r"^```.*?^```", re.M | re.S)
LINK = re.compile(r"\[[^\]]*\]\((?P<target>[^)\s]+)\)")
NAMED_MART = re.compile(r"\bmarts\.([a-z_]+)(?![a-z_(])")


def shown(connection: duckdb.DuckDBPyConnection, sql: str) -> str:
    """The rows of a query as a plain table, numbers to the right."""
    cursor = connection.execute(sql)
    names = [column[0] for column in cursor.description]
    rows = cursor.fetchall()
    cells = [names, *([_text(value) for value in row] for row in rows)]
    widths = [max(len(row[place]) for row in cells) for place in range(len(names))]
    numeric = [
        any(isinstance(row[place], int | float) or _is_decimal(row[place]) for row in rows)
        and not any(isinstance(row[place], bool) for row in rows)
        for place in range(len(names))
    ]
    lines = [
        "  ".join(
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(row, widths, numeric, strict=True)
        ).rstrip()
        for row in cells
    ]
    return "".join(f"{line}\n" for line in lines)


def _is_decimal(value: Any) -> bool:
    return type(value).__name__ == "Decimal"


def _text(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) or _is_decimal(value):
        text = f"{value:,.2f}".rstrip("0").rstrip(".")
        return "0" if text == "-0" else text
    return f"{value:,}" if isinstance(value, int) else str(value)


def with_results(page: str, connection: duckdb.DuckDBPyConnection) -> str:
    """The page with the result of every marked query under it."""

    def answered(match: re.Match[str]) -> str:
        result = shown(connection, match["sql"])
        block = f"<!-- {match['marker']} -->\n```sql\n{match['sql']}```\n"
        return block if "without" in match["marker"] else f"{block}```text\n{result}```\n"

    return DEMO_QUERY.sub(answered, page)


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.stem)
def test_marked_queries_give_what_the_page_shows(path: Path, demo: Project) -> None:
    """Every query runs on the demo, and the result under it is its result."""
    text = path.read_text(encoding="utf-8")
    with duckdb.connect(demo.database, read_only=True) as connection:
        assert with_results(text, connection) == text, "run tests/python/test_docs.py as a program"


def test_there_are_marked_queries() -> None:
    """The pattern finds them, and no marker stands above anything else."""
    texts = [path.read_text(encoding="utf-8") for path in DOCS]
    found = sum(len(DEMO_QUERY.findall(text)) for text in texts)
    assert found >= 30
    assert found == sum(len(re.findall(r"^<!-- demo", text, re.M)) for text in texts)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_every_link_leads_to_a_file(path: Path) -> None:
    """Relative links name files, and an anchor names a heading of the page it is in."""
    for match in LINK.finditer(FENCED.sub("", path.read_text(encoding="utf-8"))):
        target, _, anchor = match["target"].partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        file = (path.parent / target).resolve() if target else path
        assert file.exists(), f"{path.name} links to {target}"
        if anchor:
            headings = re.findall(r"^#+ (.*)$", file.read_text(encoding="utf-8"), re.M)
            assert anchor in {_anchor(heading) for heading in headings}, match["target"]


def _anchor(heading: str) -> str:
    kept = re.sub(r"[^\w\s-]", "", heading.lower())
    return re.sub(r"\s+", "-", kept.strip())


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_every_mart_that_is_named_exists(path: Path) -> None:
    """`marts.<name>` is a mart wherever a page says it."""
    named = set(NAMED_MART.findall(path.read_text(encoding="utf-8")))
    assert named <= MARTS, f"{path.name} names {named - MARTS}"


def test_every_mart_has_a_question() -> None:
    """docs/questions.md has a query for every public mart."""
    page = (REPOSITORY / "docs" / "questions.md").read_text(encoding="utf-8")
    asked = {name for sql in DEMO_QUERY.findall(page) for name in NAMED_MART.findall(sql[1])}
    assert asked == MARTS


def test_every_mart_of_a_row_exists() -> None:
    """Names in backticks that look like a mart's are one."""
    prefixes = ("fct_", "dim_")
    for path in DOCS:
        names = re.findall(r"`([a-z_]+)`", path.read_text(encoding="utf-8"))
        wrong = {name for name in names if name.startswith(prefixes)} - MARTS
        assert not wrong, f"{path.name} names {wrong}"


def test_the_page_of_landed_tables_is_current() -> None:
    """What staging reads is in docs/landed-tables.md."""
    page = (REPOSITORY / "docs" / "landed-tables.md").read_text(encoding="utf-8")
    assert page == render_landed_tables(REPOSITORY), "run python -m voc_cli contracts"


def test_what_staging_reads_is_found() -> None:
    """A few columns known to be read, one of them by a macro, and what is required."""
    reads = read_models(REPOSITORY)
    assert reads["salesforce"]["account"]["columns"][("id",)] is True
    assert reads["salesforce"]["account"]["columns"][("renewal_status_c",)] is False
    assert ("sub_question_key",) in reads["qualtrics"]["question_response"]["columns"]
    assert reads["pendo"]["page_event"]["columns"][("visitor_id",)] is True
    assert reads["salesforce"]["user"]["domains"] == ["crm", "support"]


def test_every_landed_table_has_a_key_that_staging_reads() -> None:
    """Copies and deletions are told by it: `meta: key` of the source, else its id."""
    # Of loaders and of tools, where nothing but the key is read.
    unread = {"_fivetran_id", "_fivetran_start", "event_id"}
    for vendor, tables in read_models(REPOSITORY).items():
        file = REPOSITORY / f"models/staging/{vendor}/_{vendor}__sources.yml"
        for source in yaml.safe_load(file.read_text(encoding="utf-8"))["sources"][0]["tables"]:
            if source["name"] not in tables:
                continue
            read = {name for names in tables[source["name"]]["columns"] for name in names} | unread
            stated = source.get("config", {}).get("meta", {}).get("key")
            first = (stated or ["id"])[0]
            names = {first} if isinstance(first, str) else set(first)
            known = read | {"id"} if stated else read
            assert names & known, f"the key of {vendor}.{source['name']}"


def test_the_navigation_names_pages_that_exist() -> None:
    """Every page of docs/ is in mkdocs.yml, and the site's own pages are files of the repository."""
    nav = (REPOSITORY / "mkdocs.yml").read_text(encoding="utf-8").split("\nnav:\n")[1]
    listed = set(re.findall(r": (\S+\.md)$", nav, re.M))
    of_repository = {"index.md", "bench/README.md"} | {
        name for name in listed if (REPOSITORY / name).is_file()
    }
    assert listed - of_repository == {str(path.relative_to(REPOSITORY / "docs")) for path in DOCS}


def test_the_smallest_tables_of_the_page_give_a_first_health(project: Project) -> None:
    """What docs/your-data.md lands in `generic` is enough for an account NPS and a band."""
    page = (REPOSITORY / "docs" / "your-data.md").read_text(encoding="utf-8")
    statements = re.search(r"^```sql\n(create schema .*?)^```$", page, re.M | re.S)
    assert statements
    with duckdb.connect(project.database) as connection:
        connection.execute(statements[1])
    vendors = {
        f"{domain}_vendors": ["generic"] if domain in ("survey", "crm") else []
        for domain in ("survey", "crm", "support", "usage", "billing", "employee")
    }
    outcome = project.dbt("build", *NO_TESTS, variables={"voc_demo": False, **vendors})
    assert outcome.ok, outcome.output
    assert project.query(
        "select account_name, health_score, score_coverage, reported_band from marts.account_health_latest"
    ) == [
        {
            "account_name": "First customer",
            "health_score": 95.0,
            "score_coverage": 0.5,
            "reported_band": "green",
        }
    ]


def test_links_of_the_repository_are_links_of_the_site() -> None:
    """Pages lead to pages wherever they lie; what is no page of the site is text."""
    text = "[a](docs/tutorial.md#next) [b](LICENSE) [c](https://example.com) [d](bench/README.md)"
    assert with_links_of_the_site(text, "README.md") == (
        "[a](tutorial.md#next) b [c](https://example.com) [d](bench/README.md)"
    )
    text = "[a](../../README.md) [b](../rulebook.md) [c](gone.md)\n```\n[d](../x)\n```"
    assert with_links_of_the_site(text, "docs/zh-CN/tutorial.md") == (
        "[a](../index.md) [b](../rulebook.md) [c](gone.md)\n```\n[d](../x)\n```"
    )


def test_lists_are_lists_in_the_site() -> None:
    """A blank line goes before a list, and what belongs to an item is indented by four."""
    text = "Text:\n1. one\n   ```\n   code\n   ```\n2. two\n   more\nEnd\n```\n- code\n```"
    assert with_lists_for_mkdocs(text) == (
        "Text:\n\n1. one\n    ```\n    code\n    ```\n2. two\n    more\nEnd\n```\n- code\n```"
    )


def test_the_site_is_made_without_a_warning(tmp_path: Path) -> None:
    """Every link holds, search and its index are there, and nothing is fetched from elsewhere."""
    pytest.importorskip("mkdocs")
    command = ["mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path / "site")]
    made = subprocess.run(
        [sys.executable, "-m", *command], cwd=REPOSITORY, capture_output=True, text=True
    )
    assert made.returncode == 0, made.stderr
    pages = [path.read_text(encoding="utf-8") for path in (tmp_path / "site").rglob("*.html")]
    assert len(pages) > len(DOCS)
    assert (tmp_path / "site" / "search" / "search_index.js").is_file()
    fetched = re.compile(r"<(?:script|link|img)[^>]+(?:src|href)=\"?https?:")
    assert not [page for page in pages if fetched.search(page)]


if __name__ == "__main__":
    file = sys.argv[1] if len(sys.argv) > 1 else str(REPOSITORY / "voc.duckdb")
    with duckdb.connect(file, read_only=True) as warehouse:
        for document in DOCS:
            before = document.read_text(encoding="utf-8")
            if (after := with_results(before, warehouse)) != before:
                document.write_text(after, encoding="utf-8")
                print(f"wrote {document.relative_to(REPOSITORY)}")
