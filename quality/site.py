"""Data Docs that open without a network: no foreign script, style sheet, font, image or link."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

STYLE = "voc.css"
CSS = """\
body { font: 15px/1.45 system-ui, sans-serif; margin: 1.5rem auto; max-width: 72rem; padding: 0 1rem; color: #222; }
table { border-collapse: collapse; width: 100%; margin: .75rem 0; }
th, td { border: 1px solid #d5d9de; padding: .35rem .6rem; text-align: left; vertical-align: top; }
th { background: #f3f5f7; }
.col-12, .col-md-12, .container-fluid { overflow-x: auto; }
.badge { background: #eef1f4; border-radius: .25rem; padding: .05rem .35rem; }
.text-danger, .fa-times { color: #b3261e; } .text-success, .fa-check-circle { color: #1b7f3b; }
.fa-check-circle::before { content: "\\2713"; } .fa-times::before { content: "\\2717"; }
.breadcrumb, nav ul { list-style: none; padding: 0; } .breadcrumb li { display: inline; margin-right: .75rem; }
.d-none, .modal, button { display: none; }
pre, code { white-space: pre-wrap; overflow-wrap: anywhere; }
"""
_HOST = r"""(?:https?:)?//[^"'\s>]+"""
_REMOVED = (
    re.compile(rf"""<script\b[^>]*\bsrc\s*=\s*["']?{_HOST}[^>]*>.*?</script>""", re.I | re.S),
    # What is left of the scripts calls the libraries that were foreign.
    re.compile(r"<script\b[^>]*>.*?</script>", re.I | re.S),
    re.compile(
        rf"""<(?:link|img|iframe)\b[^>]*\b(?:href|src)\s*=\s*["']?{_HOST}[^>]*>""", re.I | re.S
    ),
    re.compile(rf"""@import\s+url\([^)]*\)\s*;?|url\(\s*["']?{_HOST}[^)]*\)""", re.I),
)
_LINK = re.compile(rf"""<a\b[^>]*\bhref\s*=\s*["']?{_HOST}[^>]*>(.*?)</a>""", re.I | re.S)


def make_self_contained(site: Path) -> None:
    """Rewrite every page of the site in place, and give it one small style sheet."""
    shutil.rmtree(site / "static", ignore_errors=True)
    (site / STYLE).write_text(CSS, encoding="utf-8")
    for page in site.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        for pattern in _REMOVED:
            text = pattern.sub("", text)
        text = _LINK.sub(r"\1", text)
        up = "../" * (len(page.relative_to(site).parts) - 1)
        link = f'<link rel="stylesheet" href="{up}{STYLE}">'
        page.write_text(text.replace("</head>", f"{link}</head>", 1), encoding="utf-8")
