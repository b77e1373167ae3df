"""Hook of mkdocs: the repository's own pages become pages of the site, and links lead to them.

The pages are written to be read in the repository, so links are relative to their place there.
A link to a file that is no page of the site (a seed, a model) keeps its text and is no link.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
DOCS = "docs/"
#: Page of the site by file of the repository.
PAGES = {
    "README.md": "index.md",
    "README.zh-CN.md": "README.zh-CN.md",
    "CONTRIBUTING.md": "CONTRIBUTING.md",
    "DECISIONS.md": "DECISIONS.md",
    "CHANGELOG.md": "CHANGELOG.md",
    "bench/README.md": "bench/README.md",
}
#: What `make docs` writes, and its name in the site.
LINEAGE, LINEAGE_PAGE = "target/static_index.html", "lineage.html"
PICTURES = (".png", ".svg")
LINK = re.compile(r"(?P<picture>!?)\[(?P<text>[^\]\[]*)\]\((?P<target>[^)\s]+)\)")
ITEM = re.compile(r"(- |\d\. |\d\d\.)")
FENCE = re.compile(r"(^```.*?^```)", re.MULTILINE | re.DOTALL)


def on_config(config: Any) -> Any:
    """Show dbt's own page, with lineage and columns, when it is there."""
    if (ROOT / LINEAGE).is_file():
        config.nav.append({"Lineage and columns (dbt)": LINEAGE_PAGE})
    return config


def on_files(files: Any, config: Any) -> Any:
    """Add the pages that lie outside docs/, with the pictures they show."""
    # Only who makes the site has it.
    from mkdocs.structure.files import File

    for source, page in PAGES.items():
        text = (ROOT / source).read_text(encoding="utf-8")
        files.append(File.generated(config, page, content=text))
        for picture in sorted(pictures_of(source, text)):
            path = ROOT / picture
            files.append(File.generated(config, picture, abs_src_path=str(path)))
    if (ROOT / LINEAGE).is_file():
        files.append(File.generated(config, LINEAGE_PAGE, abs_src_path=str(ROOT / LINEAGE)))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Make links of the repository links of the site."""
    of_site = {page: source for source, page in PAGES.items()}
    source = of_site.get(page.file.src_uri, DOCS + page.file.src_uri)
    return with_lists_for_mkdocs(with_links_of_the_site(markdown, source))


def with_links_of_the_site(markdown: str, source: str) -> str:
    """The text of the file `source` of the repository with links that hold in the site."""
    here = posixpath.dirname(site_page(source) or "")

    def link(match: re.Match[str]) -> str:
        target, _, anchor = match["target"].partition("#")
        if not target or re.match(r"[a-z]+:", target):
            return match[0]
        page = site_page(posixpath.normpath(posixpath.join(posixpath.dirname(source), target)))
        if page is None:
            return match["text"]
        place = posixpath.relpath(page, here or ".") + (f"#{anchor}" if anchor else "")
        return f"{match['picture']}[{match['text']}]({place})"

    # Every second piece is a block of code.
    pieces = FENCE.split(markdown)
    pieces[::2] = [LINK.sub(link, piece) for piece in pieces[::2]]
    return "".join(pieces)


def with_lists_for_mkdocs(markdown: str) -> str:
    """The same text with lists as the site's Markdown wants them.

    It begins a list after a blank line only, and takes what is indented by four as part of an item.
    """
    lines: list[str] = []
    shift = ""
    is_code = False
    for line in markdown.split("\n"):
        item = None if is_code else ITEM.match(line)
        if line.startswith("```"):
            is_code = not is_code
            shift = ""
        elif item:
            if not shift and lines and lines[-1].strip():
                lines.append("")
            shift = " " * (4 - len(item[1]))
        elif line.startswith(" ") and not is_code:
            line = shift + line
        elif line.strip():
            shift = ""
        lines.append(line)
    return "\n".join(lines)


def site_page(path: str) -> str | None:
    """Where a file of the repository is in the site, if it is there."""
    if path.startswith(DOCS):
        return path.removeprefix(DOCS)
    if path.endswith(PICTURES):
        return path
    # What is not there stays a link, and the build refuses it.
    return PAGES.get(path) or (None if (ROOT / path).exists() else path)


def pictures_of(source: str, text: str) -> set[str]:
    """The pictures that a page shows, as paths of the repository."""
    return {
        posixpath.normpath(posixpath.join(posixpath.dirname(source), match["target"]))
        for match in LINK.finditer(text)
        if match["picture"] and match["target"].endswith(PICTURES)
    }
