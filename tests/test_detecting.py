"""Detecting a source from a page alone: layouts of many systems, with and without their classes, and bad input."""

from __future__ import annotations

import datetime as dt
import json
import re
import sys
from contextlib import suppress
from importlib import util
from pathlib import Path
from types import ModuleType
from urllib.parse import urljoin

import layouts
import pytest
import yaml
from conftest import SHARED, Run, needs_shared

from crawler import listings
from crawler.sources import catalogue, desk
from crawler.sources.detecting import Detected, Elsewhere, as_file, detect
from crawler.sources.schema import Source
from store.errors import SourceError, Unreadable
from store.flow import Capture

URL = "https://jyj.site.example/zwgk/ghjh/index.html"
NOW = dt.datetime(2026, 11, 25, 4, 0, tzinfo=dt.UTC)
PAGES = SHARED / "pages"


def capture(text: str | bytes, url: str = URL) -> Capture:
    return Capture(url, 200, (), text.encode() if isinstance(text, str) else text, NOW)


def detected(text: str | bytes) -> Detected:
    found = detect(capture(text))
    assert isinstance(found, Detected), found
    return found


@pytest.mark.parametrize("stripped", [False, True], ids=["as made", "without classes"])
@pytest.mark.parametrize("name", layouts.LAYOUTS)
def test_a_layouts_list_is_found_whole_and_alone(name: str, stripped: bool) -> None:
    rows = layouts.rows(20)
    text = layouts.LAYOUTS[name](rows)
    found = detected(re.sub(r' (?:class|id)="[^"]*"', "", text) if stripped else text)
    assert [(e.url, e.title, e.date) for e in found.entries] == [
        (urljoin(URL, row.href), row.title, row.date) for row in rows
    ]


@pytest.mark.parametrize("name", layouts.LAYOUTS)
def test_the_rules_of_one_page_read_the_next(name: str) -> None:
    """What was written down for twenty rows holds for seven others."""
    rules = detected(layouts.LAYOUTS[name](layouts.rows(20))).listing
    others = layouts.rows(27)[20:]
    text = layouts.LAYOUTS[name](others)
    listing = listings.reader(rules.type).read(capture(text), rules, 1, None)
    assert [e.url for e in listing.entries] == [urljoin(URL, row.href) for row in others]
    assert [e.date for e in listing.entries] == [row.date for row in others]


@pytest.mark.parametrize(
    ("name", "rules"),
    [
        ("trs", {"item": "ul.gl-list li", "date": "span::text", "pages": "index_{n-1}.html"}),
        ("search_system", {"item": "#zwgk dl", "pages": "zwgklist_{n}.shtml"}),
        ("bracketed", {"item": "div.main li", "pages": "index.html?page={n}"}),
        ("undated", {"item": "div.ej_list li", "next": "a.next::attr(href)"}),
        ("reply", {"item": "data.rows", "link": "docPubUrl", "title": "docTitle", "date": "docRelTime"}),
    ],
)
def test_rules_are_such_as_a_person_writes(name: str, rules: dict[str, str]) -> None:
    found = as_file(detected(layouts.LAYOUTS[name](layouts.rows(20))))["listing"]
    assert {key: found.get(key) for key in rules} == rules


def test_a_detected_source_is_one_when_it_is_told_what_the_page_keeps_to_itself() -> None:
    head = '<meta name="SiteName" content="抚顺市教育局"><meta name="SiteIDCode" content="2104000012"><meta name="ColumnName" content="规划计划">'
    found = as_file(detected(layouts.trs(layouts.rows(9)).replace("</head>", head + "</head>")))
    assert (found["publisher"], found["region"], found["kind"]) == ("抚顺市教育局", "210400", "official")
    assert (found["id"], found["name"]) == ("jyj-example-ghjh", "抚顺市教育局 规划计划")
    assert Source.model_validate(found).listing.item == "ul.gl-list li"


def test_an_article_leads_to_its_column() -> None:
    text = "".join(
        f"<p>各县区教育局要认真落实第{n}项工作，按时完成各项任务，切实提高教育质量。</p>" for n in range(30)
    )
    page = f'<html><head><meta name="ArticleTitle" content="要点"><meta name="PubDate" content="2026-03-04"></head><body>{layouts.CRUMBS}<h1>云台市2026年教育工作要点</h1><div>{text}</div></body></html>'
    found = detect(capture(page, "https://jyj.site.example/zwgk/ghjh/202603/t20260304_1.html"))
    assert isinstance(found, Elsewhere)
    assert found.urls == ("https://jyj.site.example/zwgk/ghjh/202603/",)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "is empty"),
        (b"%PDF-1.7 \x00\x01", "binary"),
        (b"\x00" * 5000, "binary"),
        (b"<html><body><p>hello</p></body></html>", "no list found"),
        (b'{"a": [1, 2], "rows": [{"x": 1}]}', "no rows with a title"),
        (
            (
                "<ul class=x><!--" + "<li><a href=/a/1.html>云台市教育工作要点</a></li>" * 9 + "--></ul>"
            ).encode(),
            "within a comment",
        ),
        (
            ("<ul>" + '<li><a href="javascript:;">云台市教育工作要点通知</a></li>' * 9 + "</ul>").encode(),
            "lead nowhere",
        ),
    ],
    ids=["empty", "pdf", "nul", "no list", "no rows", "comment", "dead links"],
)
def test_what_is_no_listing_says_what_it_is(body: bytes, told: str) -> None:
    with pytest.raises(Unreadable, match=told):
        detect(capture(body))


def test_hostile_pages_cost_a_bounded_time() -> None:
    links = "".join(f'<li><a href="/a/{n}.html">云台市教育局第{n}号通知公告</a></li>' for n in range(20_000))
    assert len(detected(f"<ul>{links}</ul>").entries) <= 2000
    nested = "<table><tr><td>" * 25 + links[:60_000] + "</td></tr></table>" * 25
    assert detected(nested).entries
    with suppress(Unreadable):
        detected("<div>" * 3000 + links[:60_000] + "</div>" * 3000)


def _scorer() -> ModuleType:
    spec = util.spec_from_file_location("score", PAGES / "score.py")
    assert spec
    assert spec.loader
    module = util.module_from_spec(spec)
    sys.modules["score"] = module
    spec.loader.exec_module(module)
    return module


@needs_shared("pages")
def test_labelled_listings_of_real_sites(tmp_path: Path) -> None:
    score, said = _scorer(), tmp_path / "said.jsonl"
    labels = [json.loads(line) for line in (PAGES / "listings.jsonl").read_text("utf-8-sig").splitlines()]
    with said.open("w", encoding="utf-8") as out:
        for label in labels:
            found = detected((PAGES / label["file"]).read_bytes())
            entries = [{"url": e.url, "title": e.title, "date": str(e.date)} for e in found.entries]
            out.write(json.dumps({"file": label["file"], "entries": entries}) + "\n")
    given = score.argparse.Namespace(
        set=str(PAGES), predictions=str(said), cmd=None, file=None, only=None, quiet=True, timeout=9
    )
    rows = score.listings(given)["rows"]
    right = [row for row in rows if row["P_live"] >= 0.99 and row["R_live"] >= 0.99]
    assert len(right) >= 0.9 * len(rows)
    assert min(row["date"] for row in rows) >= 0.95


COLUMNS = {"gzyw": "工作要闻", "tzgg": "通知公告", "ghjh": "规划计划", "zcwj": "政策文件"}


def test_a_front_page_names_its_columns_and_the_likeliest_first() -> None:
    def box(folder: str, name: str) -> str:
        lines = "".join(
            f'<li><a href="/{folder}/{n}.html">云台市{name}第{n}号关于做好有关工作的通知</a><i>2026-0{n}-10</i></li>'
            for n in range(1, 7)
        )
        more = f'<a class="more" href="/{folder}/">更多&gt;&gt;</a>'
        return f'<div class="box"><h3><a href="/{folder}/">{name}</a></h3>{more}<ul>{lines}</ul></div>'

    home = "<title>云台市教育局</title>" + "".join(box(*column) for column in COLUMNS.items())
    with pytest.raises(Unreadable, match="shows 4 columns and is the list of none") as told:
        detect(capture(home, "https://jyj.site.example/"))
    assert "give the address of one: 规划计划 https://jyj.site.example/ghjh/; 通知公告 https" in str(
        told.value
    )


def test_a_menu_names_the_columns_that_it_leads_to() -> None:
    names = {
        "jgzn": "机构职能",
        "ghjh": "规划计划",
        "tjxx": "统计信息",
        "zcfg": "政策法规",
        "rsrm": "人事任免",
    }
    lines = "".join(f'<li><a href="/xxgk/{folder}/">{name}</a></li>' for folder, name in names.items())
    with pytest.raises(Unreadable) as told:
        detect(capture(f"<title>政府信息公开目录</title><ul>{lines}</ul>"))
    assert str(told.value).endswith(
        "give the address of one: 规划计划 https://jyj.site.example/xxgk/ghjh/; "
        "政策法规 https://jyj.site.example/xxgk/zcfg/"
    )


@pytest.mark.one_database
def test_detect_of_a_file_needs_nothing_and_gives_json(yaodian: Run, tmp_path: Path) -> None:
    (tmp_path / "list.html").write_text(layouts.trs(layouts.rows(6)), encoding="utf-8")
    said = yaodian("sources", "detect", str(tmp_path / "list.html"), "--url", URL, "--format", "json")
    assert said.returncode == 0, said.stderr
    got = json.loads(said.stdout)
    assert got["source"]["listing"]["urls"] == [URL]
    assert set(got["entries"][0]) == {"url", "title", "date"}
    assert got["entries"][0]["date"] == "2026-11-20"


@pytest.mark.one_database
def test_add_asks_for_what_is_missing_and_never_overwrites(yaodian: Run, data: Path, tmp_path: Path) -> None:
    (tmp_path / "list.html").write_text(layouts.trs(layouts.rows(6)), encoding="utf-8")
    words = ("sources", "add", str(tmp_path / "list.html"), "--url", URL, "--id", "mine", "--yes")
    refused = yaodian(*words)
    assert (refused.returncode, "give --region" in refused.stderr) == (1, True)
    assert not list((data / "sources").iterdir())
    added = yaodian(*words, "--region", "620000")
    assert added.returncode == 0, added.stderr
    path = data / "sources" / "mine.yaml"
    assert yaml.safe_load(path.read_text(encoding="utf-8"))["publisher"] == "云台市教育局"
    before = path.read_bytes()
    again = yaodian(*words, "--region", "620000")
    assert "there is a source 'mine' already" in again.stderr
    assert path.read_bytes() == before
    assert yaodian("sources", "remove", "mine", "--yes").returncode == 0
    assert not path.exists()


def test_switching_changes_one_line_and_leaves_comments(tmp_path: Path) -> None:
    path = desk.change(tmp_path, "moe-gzyd", enabled=True)  # ships with Yaodian: copied first
    shipped = (catalogue.bundled() / "moe-gzyd.yaml").read_text(encoding="utf-8")
    assert path.read_text(encoding="utf-8") == shipped.replace("enabled: false", "enabled: true")
    desk.change(tmp_path, "moe-gzyd", enabled=False)
    assert path.read_text(encoding="utf-8") == shipped
    with pytest.raises(SourceError, match="ships with Yaodian"):
        desk.remove(tmp_path, "gd-jyfzgh")
