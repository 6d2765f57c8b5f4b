"""Against reference data outside the project: five documents field by field, labelled pages, made-up layouts."""

from __future__ import annotations

import datetime as dt
import html
import importlib.util
import json
import re
import statistics
import subprocess
import sys
import unicodedata
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from pydantic import TypeAdapter

from crawler.extraction import read
from store.errors import Blocked, Unreadable
from store.flow import Capture, Page, walk

SHARED = Path(__file__).parents[2] / "shared"
SEEDS = sorted((SHARED / "seeds").glob("*.txt"))
needs_shared = pytest.mark.skipif(not SEEDS, reason="needs the reference data in ../shared")


def read_page(body: bytes, url: str = "http://www.example.gov.cn/zwgk/1.html") -> dict[str, Any]:
    capture = Capture(
        url, 200, (("Content-Type", "text/html"),), body, dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    )
    return TypeAdapter(Page).dump_python(read(capture), mode="json")


def norm(text: str | None) -> str:
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text or ""))


@needs_shared
@pytest.mark.parametrize("seed", SEEDS, ids=lambda seed: seed.stem[:3])
def test_seeds(seed: Path) -> None:
    expected = json.loads((SHARED / "seeds" / "expected" / f"{seed.stem}.json").read_text(encoding="utf-8"))
    lines = seed.read_text(encoding="utf-8").splitlines()
    title = expected["page_title"] or next(line for line in lines if line.strip())
    paragraphs = "\n".join(f"<p>{html.escape(line)}</p>" for line in lines)
    body = f"<html><head><meta charset=utf-8><title>{html.escape(title)}</title></head><body><div class=content>{paragraphs}</div></body></html>"
    got = read_page(body.encode())
    metadata = got["metadata"]
    titles = {
        norm(t) for t in (expected["title"], expected.get("notice_title"), *expected.get("title_alt", ()))
    }
    assert norm(got["title"]) in titles
    assert norm(metadata["publisher"]) == norm(expected.get("publisher_field") or expected["issuer"])
    assert norm(metadata["document_number"]) == norm(expected["document_number"])
    assert metadata["issued_on"] == expected["date_issued"]
    assert metadata["published_at"] == expected["date_published"]
    assert metadata["kind"] == expected["kind"]
    assert metadata["source_label"] == expected["source_label"]
    assert norm(metadata["addressees"]) == norm(expected["addressees"])
    year = expected["plan_year"]
    years = expected["period"] or (f"{year}-{year}" if year else None)
    assert metadata["period"] == (
        dict(zip(("start", "end"), map(int, years.split("-")), strict=True)) if years else None
    )
    _same_outline(read_outline(body), expected)


def read_outline(body: str) -> list[tuple[str, str | None]]:
    capture = Capture("http://a.gov.cn/", 200, (), body.encode(), dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    return [(norm(node.label), node.heading) for _, node in walk(read(capture).outline) if node.label]


def _same_outline(got: list[tuple[str, str | None]], expected: dict[str, Any]) -> None:
    wanted = []
    for section in expected["sections"]:
        wanted.append(section)
        wanted += section["items"]
        for sub in section["subsections"]:
            wanted += [sub, *sub["items"]]
    assert [(label.rstrip(".、"), norm(heading)) for label, heading in got] == [
        (norm(node["label"]).rstrip(".、"), norm(node["heading"]).rstrip("。")) for node in wanted
    ]


def _scorer() -> ModuleType:
    spec = importlib.util.spec_from_file_location("page_score", SHARED / "pages" / "score.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _labels(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (SHARED / "pages" / name).read_text(encoding="utf-8").splitlines()]


@needs_shared
def test_labelled_pages() -> None:
    score = _scorer()
    f1s, titles, days, numbers, files = [], [], [], [], []
    fields: dict[str, list[bool]] = {"source_label": [], "publisher": [], "issued_on": [], "index_number": []}
    for label in _labels("articles.jsonl"):
        got = read_page(
            (SHARED / "pages" / label["file"]).read_bytes(), label.get("url") or "http://a.gov.cn/a/b.html"
        )
        metadata = got["metadata"]
        gold, text = score.norm(label["text"]), score.norm(got["text"])
        names = {score.norm(t) for t in (label["title"], *(label.get("title_alt") or ()))}
        printed = max(
            (n for n in names if text.startswith(n) and not gold.startswith(n)), key=len, default=""
        )
        f1s.append(score.prf(gold, text.removeprefix(printed))[2])
        titles.append(score.norm(got["title"]) in names)
        days.append(score.same_date(label["published_at"], metadata["published_at"]))
        numbers.append(score.docno(label["document_number"]) == score.docno(metadata["document_number"]))
        # by name: a file whose link is dead is an attachment too
        named = {score.norm(attachment["name"]) for attachment in got["attachments"]}
        files += [score.norm(gold["name"]) in named for gold in label["attachments"] or ()]
        for name, held in fields.items():
            if label.get(name):
                held.append(score.norm(metadata[name]) == score.norm(label[name]))
    assert statistics.mean(files) > 0.98
    assert {name: statistics.mean(held) > 0.96 for name, held in fields.items()} == dict.fromkeys(
        fields, True
    )
    assert min(f1s) > 0.9
    assert statistics.mean(f1s) > 0.98
    assert min(statistics.mean(titles), statistics.mean(days), statistics.mean(numbers)) > 0.98


@needs_shared
def test_blocked_pages_and_no_others() -> None:
    for label in _labels("blocked.jsonl"):
        with pytest.raises(Blocked):
            read_page((SHARED / "pages" / label["file"]).read_bytes())
    for label in _labels("listings.jsonl"):
        try:
            read_page((SHARED / "pages" / label["file"]).read_bytes())
        except Unreadable:  # a list has no text of its own
            continue


@needs_shared
def test_layouts(tmp_path: Path) -> None:
    generator = SHARED / "bench" / "layouts" / "govsynth.py"
    subprocess.run([sys.executable, generator, str(tmp_path)], check=True, capture_output=True)
    score = _scorer()
    f1s = []
    for name, gold in json.loads((tmp_path / "gold.json").read_text(encoding="utf-8")).items():
        got = read_page((tmp_path / f"{name}.html").read_bytes())
        f1s.append(score.prf(norm(gold["gold"]), norm(got["text"]))[2])
        lines = [norm(line) for line in got["text"].split("\n")]
        for item in gold["items"] + gold["heads"]:
            assert any(line.startswith(norm(item)) for line in lines), (name, item)
        for leak in gold["leak"]:
            assert leak in gold["gold"] or norm(leak) not in norm(got["text"]), (name, leak)
    assert statistics.mean(f1s) > 0.98
