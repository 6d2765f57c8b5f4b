"""Our extraction beside other extractors, on the same labelled pages in the same run.

python -m bench.extraction [SHARED]

SHARED (default ../shared) has pages/ (labelled real pages with their scorer) and bench/layouts/ (made-up layouts with
exact text). CPU seconds are those of one pass in this process, after a pass over other pages.
"""

from __future__ import annotations

import datetime as dt
import importlib.util
import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

from bench import rivals, transplants
from bench.rivals import Extractor, Read, text_of
from bench.table import beside
from crawler.extraction import Template, decode, learn, read
from crawler.extraction.confidence import MISFIT
from crawler.extraction.learning import LEAST
from store.errors import SiteError
from store.flow import Capture

WHEN = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
SEED, PLACES = 20261125, 4
"""Of the texts that are moved to other layouts: which, and to how many."""
BANDS = (0.0, 0.6, 0.85, 1.01)


@dataclass(frozen=True)
class Labelled:
    """A page and what must be read out of it; `site` groups the pages of one source."""

    name: str
    site: str
    url: str
    html: str
    gold: dict[str, Any]


@dataclass(frozen=True)
class Scores:
    f1: float
    least: float
    title: float
    date: float
    number: float
    speed: float
    reads: list[Read]
    f1s: list[float]


# ── pages ──


def scorer(shared: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("page_score", shared / "pages" / "score.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def labelled(shared: Path, name: str) -> list[Labelled]:
    found = []
    for line in (shared / "pages" / name).read_text(encoding="utf-8").splitlines():
        gold = json.loads(line)
        html, _ = decode((shared / "pages" / gold["file"]).read_bytes())
        stem = Path(gold["file"]).stem
        url = gold.get("url") or f"http://a.gov.cn/a/{stem}.html"
        found.append(Labelled(stem, stem.split("_")[0], url, html, gold))
    return found


def layouts(shared: Path, folder: Path) -> list[Labelled]:
    subprocess.run(
        [sys.executable, shared / "bench" / "layouts" / "govsynth.py", folder],
        check=True,
        capture_output=True,
    )
    gold = json.loads((folder / "gold.json").read_text(encoding="utf-8"))
    return [
        Labelled(
            name,
            name.split("_")[0],
            f"http://a.gov.cn/{name}.html",
            (folder / f"{name}.html").read_text("utf-8"),
            g,
        )
        for name, g in gold.items()
    ]


# ── our own ──


def capture(page: Labelled, html: str | None = None) -> Capture:
    return Capture(
        page.url, 200, (("Content-Type", "text/html; charset=utf-8"),), (html or page.html).encode(), WHEN
    )


def ours(templates: dict[str, Template] | None = None) -> Extractor:
    """Our reader as one extractor among others; a page without text is an empty one. `templates` by address."""

    def extract(html: str, url: str) -> Read:
        body = Capture(url, 200, (("Content-Type", "text/html; charset=utf-8"),), html.encode(), WHEN)
        try:
            page = read(body, charset="utf-8", template=(templates or {}).get(url))
        except SiteError:
            return Read("", confidence=0.0)
        return Read(
            page.text,
            page.title,
            str(page.metadata.published_at or ""),
            page.metadata.document_number,
            page.confidence,
        )

    return extract


def left_out(pages: list[Labelled]) -> dict[str, Template]:
    """Address → the template learned from the other pages of its site, for sites that have enough of them and pages
    that it fits: what it does not fit is read the general way."""
    sites: dict[str, list[Labelled]] = defaultdict(list)
    for page in pages:
        sites[page.site].append(page)
    found: dict[str, Template] = {}
    for group in sites.values():
        for page in group if len(group) > LEAST else ():
            template = learn([capture(other) for other in group if other is not page], charset="utf-8")
            if template and read(capture(page), charset="utf-8", template=template).confidence > MISFIT:
                found[page.url] = template
    return found


# ── measuring ──


def measure(
    score: ModuleType, extract: Extractor, pages: list[Labelled], warm: Iterable[Labelled] = ()
) -> Scores:
    for page in warm:
        extract(page.html, page.url)
    before = time.process_time()
    reads = [extract(page.html, page.url) for page in pages]
    spent = time.process_time() - before
    f1s, titles, days, numbers = [], [], [], []
    for page, got in zip(pages, reads, strict=True):
        gold, said = page.gold, text_of(got)
        wanted, text = (
            score.norm(gold["text"]),
            score.norm(score.demark(said) if "|" in said else said),
        )
        names = {score.norm(t) for t in (gold["title"], *(gold.get("title_alt") or ()))}
        printed = max(
            (n for n in names if text.startswith(n) and not wanted.startswith(n)), key=len, default=""
        )
        f1s.append(score.prf(wanted, text.removeprefix(printed))[2])
        titles.append(score.norm(got.title) in names)
        days.append(score.same_date(gold["published_at"], got.date))
        numbers.append(score.docno(gold["document_number"]) == score.docno(got.number))
    mean = statistics.mean
    return Scores(
        mean(f1s), min(f1s), mean(titles), mean(days), mean(numbers), len(pages) / spent, reads, f1s
    )


def keeps(
    score: ModuleType, extract: Extractor, pages: list[Labelled]
) -> tuple[float, float, float, float, float]:
    """On the made-up layouts: F1; shares of numbers, of attachments and of items at the start of a line; leaks a page."""
    f1s, numbers, attached, items, leaks = [], [], [], [], 0
    for page in pages:
        gold, said = page.gold, text_of(extract(page.html, page.url))
        text = score.norm(said)
        f1s.append(score.prf(score.norm(gold["gold"]), text)[2])
        starts = [score.norm(line) for line in said.split("\n")]
        wanted = [score.norm(item) for item in gold["items"] + gold["heads"]]
        items += [any(line.startswith(item) for line in starts) for item in wanted]
        for line in gold["gold"].split("\n"):
            if re.fullmatch(r".{2,8}〔\d{4}〕\d+号|\d{4}年\d+月\d+日", line):
                numbers.append(score.norm(line) in text)
            elif re.search(r"\.(?:docx|xlsx|pdf)", line):
                attached.append(score.norm(line) in text)
        leaks += sum(leak not in gold["gold"] and score.norm(leak) in text for leak in gold["leak"])
    mean = statistics.mean
    return mean(f1s), mean(numbers), mean(attached), mean(items), leaks / len(pages)


# ── variants: what a reading must not hang on ──

_NAMES = re.compile(r"""\s(?:id|class)\s*=\s*(?:"[^"]*"|'[^']*'|[^\s>]+)""", re.I)


def nameless(html: str) -> str:
    return re.sub(r"<[a-z][^>]*>", lambda tag: _NAMES.sub("", tag[0]), html, flags=re.I)


def headless(html: str) -> str:
    """Without <meta> and <title>."""
    return re.sub(r"<title[^>]*>.*?</title>|<meta[^>]*>", "", html, flags=re.I | re.S)


def minified(html: str) -> str:
    return html if "<pre" in html.lower() else re.sub(r"\s+", " ", re.sub(r">\s+<", "><", html))


def tabled(html: str) -> str:
    """Every box a layout table, as old sites have it."""
    opened = re.sub(r"<div(\s[^>]*)?>", r"<table\1><tr><td>", html, flags=re.I)
    return re.sub(r"</div\s*>", "</td></tr></table>", opened, flags=re.I)


def wrapped(html: str) -> str:
    return re.sub(r"(<body[^>]*>)", r"\1<main><div class=a1><div class=b2>", html, flags=re.I)


VARIANTS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "no id, no class": nameless,
    "no meta, no title": headless,
    "none of these": lambda html: nameless(headless(html)),
    "minified": minified,
    "boxes as tables": tabled,
    "wrapped": wrapped,
}


# ── tables ──


def main_table(
    score: ModuleType, every: dict[str, Extractor], pages: list[Labelled], warm: list[Labelled]
) -> None:
    print(
        f"\n{len(pages)} labelled real pages".ljust(34) + "   F1   least  title   date  number  pages/CPU s"
    )
    took = {}
    for name, extract in every.items():
        s = measure(score, extract, pages, warm)
        took[name] = 1000 / s.speed
        print(
            f"  {name:<32}{s.f1:.3f}  {s.least:.3f}  {s.title:.3f}  {s.date:.3f}  {s.number:.3f}  {s.speed:8.1f}"
        )
    theirs = {name: each for name, each in took.items() if not name.startswith("yaodian")}
    beside(f"a page read, of {len(pages)}", "CPU ms", took["yaodian"], theirs)


def layout_table(score: ModuleType, every: dict[str, Extractor], pages: list[Labelled]) -> None:
    print(f"\n{len(pages)} made-up layouts".ljust(34) + "   F1   文号, 落款  附件  items  leaks/page")
    for name, extract in every.items():
        f1, numbers, attached, items, leaks = keeps(score, extract, pages)
        print(f"  {name:<32}{f1:.3f}    {numbers:.3f}  {attached:.3f}  {items:.3f}  {leaks:.2f}")


def variant_table(score: ModuleType, pages: list[Labelled], lists: list[Labelled]) -> None:
    print("\nour reader on the same pages".ljust(34) + "    F1   least  title   date")
    sure: list[tuple[float, float]] = []
    for name, change in VARIANTS.items():
        changed = [Labelled(p.name, p.site, p.url, change(p.html), p.gold) for p in pages]
        s = measure(score, ours(), changed)
        sure += [(r.confidence, f1) for r, f1 in zip(s.reads, s.f1s, strict=True)]
        print(f"  {name:<32}{s.f1:.3f}  {s.least:.3f}  {s.title:.3f}  {s.date:.3f}")
    extract = ours()
    on_lists = [extract(page.html, page.url).confidence for page in lists]
    print("\nconfidence".ljust(34) + "    documents, F1 >= .95 of them, lists")
    for low, high in pairwise(BANDS):
        band = [f1 for confidence, f1 in sure if low <= confidence < high]
        right = f"{statistics.mean(f1 >= 0.95 for f1 in band):.3f}" if band else "-"
        count = sum(low <= confidence < high for confidence in on_lists)
        print(f"  {low:.2f} to {min(high, 1.0):.2f}".ljust(34) + f"{len(band):9}  {right:>15}  {count:9}")


def moved_table(score: ModuleType, every: dict[str, Extractor], pages: list[Labelled]) -> None:
    """The labelled texts in layouts that nothing was tuned on a site of. A number that stood in the page's own box is
    not there, so numbers are not asked for."""
    made = [
        Labelled(p.name, name, f"http://a.gov.cn/zwgk/{i}{n}.html", html, p.gold)
        for i, p in enumerate(pages)
        for n, (name, html) in enumerate(transplants.moved(p.html, p.gold, SEED, PLACES))
    ]
    print(f"\n{len(made)} texts moved elsewhere".ljust(34) + "    F1   least  title   date  pages/CPU s")
    for name, extract in every.items():
        s = measure(score, extract, made)
        print(f"  {name:<32}{s.f1:.3f}  {s.least:.3f}  {s.title:.3f}  {s.date:.3f}  {s.speed:8.1f}")


def main() -> int:
    shared = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[2] / "shared"
    if not (shared / "pages" / "articles.jsonl").exists():
        print(
            f"{shared}: no labelled pages there; give their folder: python -m bench.extraction SHARED",
            file=sys.stderr,
        )
        return len(sys.argv) > 1
    score = scorer(shared)
    others, missing = rivals.installed()
    if missing:
        print(f"not installed, left out: {', '.join(missing)} (uv sync --group bench)")
    pages = labelled(shared, "articles.jsonl")
    with tempfile.TemporaryDirectory() as folder:
        made = layouts(shared, Path(folder))
    main_table(score, {"yaodian": ours(), **others}, pages, made)
    templates = left_out(pages)
    known = [page for page in pages if page.url in templates]
    learned = {"yaodian": ours(), "yaodian, template from others": ours(templates), **others}
    main_table(score, learned, known, made)
    layout_table(score, {"yaodian": ours(), **others}, made)
    moved_table(score, {"yaodian": ours(), **others}, pages)
    variant_table(score, pages, labelled(shared, "listings.jsonl"))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
