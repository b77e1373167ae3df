"""`python -m voc_cli dashboard`: the published marts as a site that needs no server."""

from __future__ import annotations

import ctypes
import html
import os
import shutil
import string
import time
from collections.abc import Sequence
from pathlib import Path

from voc_cli.arguments import read_arguments
from voc_cli.publishing import credentials_of
from voc_cli.settings import UserError

SITE = "target/dashboard"
FILES = ("app.js", "style.css")
#: Of the call that exchanges two names: relative to the working folder, and what Linux and macOS call it.
AT_FDCWD, RENAME_EXCHANGE, RENAME_SWAP = -100, 2, 2


def make_dashboard(root: Path, arguments: Sequence[str]) -> int:
    """Write the site of the warehouse that these dbt arguments choose; UserError when it cannot."""
    started = time.monotonic()
    try:
        import altair  # noqa: F401
        import vl_convert
    except ImportError as error:
        raise UserError(f"{error.name} is not installed here. Run `make env`.") from error
    from dashboard.data import as_script, open_marts, read_site

    site = root / SITE
    _bring_back(site)
    fresh = site.with_name(f"{site.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    (fresh / "data" / "accounts").mkdir(parents=True)
    (fresh / "assets").mkdir()
    with open_marts(credentials_of(read_arguments(arguments), root)) as marts:
        content = read_site(marts)
    for name, value in content.data.items():
        _write(fresh / "data" / f"{name}.js", f"VOC.data[{as_script(name)}] = {as_script(value)};")
    for number, chunk in enumerate(content.chunks):
        _write(fresh / "data" / "accounts" / f"{number}.js", f"VOC.chunk = {as_script(chunk)};")
    _write(fresh / "data" / "site.js", f"window.VOC = {as_script(content.site)};\nVOC.data = {{}};")
    for page, queries in content.queries.items():
        _write(fresh / page_file(page), _page(page, queries, content.site["labels"]["en"]))
    for name in FILES:
        shutil.copy(Path(__file__).with_name("site") / name, fresh / "assets" / name)
    # The bundle is a module: in a scope of its own its names are not those of the page.
    _write(fresh / "assets" / "vega.js", f"(() => {{{vl_convert.javascript_bundle()}}})();")
    _replace(site, fresh)
    print(f"The dashboard: {SITE}/index.html. Done in {time.monotonic() - started:.0f} s.")
    return 0


def page_file(page: str) -> str:
    """The file of a page; the first one is what a web server shows for the folder."""
    return "index.html" if page == "overview" else f"{page}.html"


def _page(page: str, queries: Sequence[str], labels: dict[str, str]) -> str:
    template = Path(__file__).with_name("site") / "page.html"
    scripts = ["data/site.js", *(f"data/{name}.js" for name in queries)]
    return string.Template(template.read_text(encoding="utf-8")).substitute(
        page=page,
        title=html.escape(labels[f"page.{page}"]),
        needs_script=html.escape(labels["ui.needs_script"]),
        scripts="\n".join(f'<script src="{html.escape(file)}" defer></script>' for file in scripts),
    )


def _write(file: Path, text: str) -> None:
    file.write_text(text + "\n", encoding="utf-8")


def _replace(site: Path, fresh: Path) -> None:
    """Let the finished site take the place of the one before, in one step where the system can do that."""
    old = site.with_name(f"{site.name}.old")
    if site.is_dir() and _exchange(fresh, site):
        shutil.rmtree(fresh, ignore_errors=True)
        return
    shutil.rmtree(old, ignore_errors=True)
    if site.exists():
        os.rename(site, old)
    os.rename(fresh, site)
    shutil.rmtree(old, ignore_errors=True)


def _exchange(one: Path, other: Path) -> bool:
    """Give two folders each other's name at once; False where the system cannot."""
    library = ctypes.CDLL(None, use_errno=True)
    names = (os.fsencode(one), os.fsencode(other))
    if hasattr(library, "renameat2"):
        return library.renameat2(AT_FDCWD, names[0], AT_FDCWD, names[1], RENAME_EXCHANGE) == 0
    if hasattr(library, "renamex_np"):
        return library.renamex_np(*names, RENAME_SWAP) == 0
    return False


def _bring_back(site: Path) -> None:
    """The site of before, where somebody was killed after it had made room and before the new one was there."""
    old = site.with_name(f"{site.name}.old")
    if old.is_dir() and not site.exists():
        os.rename(old, site)
    shutil.rmtree(old, ignore_errors=True)
