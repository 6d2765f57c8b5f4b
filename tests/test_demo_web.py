"""The sample web: what its three sites serve, day by day."""

from __future__ import annotations

import gzip
import io
import re
import zipfile
from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit

import pytest
from visitor import Got, listed, printed, squeezed

from demo.content import SITES, load_content
from demo.web import DemoWeb

DAYS = (1, 2, 3, 4)
WANTED = re.compile("工作要点|工作计划|工作安排|工作意见|发展规划|专项规划|行动计划|实施方案")
UNWANTED = re.compile("解读|图解|招标|公示|报道")
ABOUT = re.compile("教育|学校|教师")


@pytest.fixture(scope="module")
def web() -> Iterator[DemoWeb]:
    with DemoWeb() as running:
        yield running


@pytest.fixture(autouse=True)
def _first_day(web: DemoWeb) -> None:
    web.day = 1


# The sites


@pytest.mark.parametrize("day", DAYS)
@pytest.mark.parametrize("site", list(SITES))
def test_every_list_reaches_every_document(web: DemoWeb, site: str, day: int) -> None:
    web.day = day
    entries = listed(web, site)
    assert entries == [
        (document.path, document.heading, document.published.strftime("%Y-%m-%d"))
        for document in web.documents(site)
    ]


@pytest.mark.parametrize("day", DAYS)
@pytest.mark.parametrize("site", list(SITES))
def test_the_default_words_choose_the_plans(web: DemoWeb, site: str, day: int) -> None:
    for document in web.documents(site, day):
        chosen = bool(WANTED.search(document.heading)) and not UNWANTED.search(document.heading)
        if site == "mirror":
            chosen = chosen and bool(ABOUT.search(document.heading + "".join(document.text)))
        assert chosen == (document.plan is not None), document.heading


@pytest.mark.parametrize("day", DAYS)
@pytest.mark.parametrize("site", list(SITES))
def test_pages_print_the_whole_text_and_say_what_they_are(web: DemoWeb, site: str, day: int) -> None:
    web.day = day
    for document in web.documents(site):
        page = Got(web.url(site, document.path))
        assert page.status == 200
        text = printed(web, site, document.path, day)
        if site == "mirror":
            assert all(squeezed(line) in text for line in document.text)
        else:
            assert text == squeezed("".join(document.text))
        assert "示例站点，文字均为编写" in page.tree.get()


def test_charsets(web: DemoWeb) -> None:
    old = Got(web.url("guiling", "/news/251.htm"))
    assert old.headers["Content-Type"] == "text/html"
    assert b'http-equiv="Content-Type" content="text/html; charset=gb2312"' in old.body
    assert "黄䶮、韦𬱖" in old.body.decode("gb18030")
    with pytest.raises(UnicodeDecodeError):
        old.body.decode("utf-8")
    with pytest.raises(UnicodeDecodeError):
        old.body.decode("gbk")
    new = Got(web.column("longyuan"))
    assert new.headers["Content-Type"] == "text/html; charset=utf-8"
    # cut in the column, whole in the title attribute (test_every_list_reaches_every_document)
    assert "…</a><span>" in new.body.decode()


def test_metadata_of_an_official_page(web: DemoWeb) -> None:
    tree = Got(web.url("longyuan", "/zwgk/jyjh/202602/t20260228_1031.html")).tree
    meta = {node.attrib["name"]: node.attrib["content"] for node in tree.css("meta[name]")}
    assert meta["SiteIDCode"] == "6200000912"
    assert meta["ArticleTitle"] == "陇原市教育局关于印发《陇原市教育局2026年工作要点》的通知"
    assert meta["PubDate"].startswith("2026-02-28 ")
    assert meta["ContentSource"] == "陇原市教育局"
    cells = [
        squeezed("".join(cell.css("*::text").getall())) for cell in tree.css("table.xxgk th, table.xxgk td")
    ]
    box = dict(zip(cells[::2], cells[1::2], strict=True))
    assert box["文号："] == "陇教发〔2026〕3号"
    assert box["索引号："] == "629000012/2026-00031"
    assert box["成文日期："] == "2026-02-26"


def test_the_attachment_is_a_word_file(web: DemoWeb) -> None:
    page = web.url("longyuan", "/zwgk/jyjh/202602/t20260228_1031.html")
    link = Got(page).tree.css(".TRS_Editor a::attr(href)").get("")
    file = Got(urljoin(page, link))
    assert link.endswith(".docx")
    assert "wordprocessingml" in file.headers["Content-Type"]
    with zipfile.ZipFile(io.BytesIO(file.body)) as parts:
        assert "实施县域高中振兴行动" in parts.read("word/document.xml").decode()
    web.day = 4
    assert Got(urljoin(page, link)).body == file.body


def test_the_copy_is_starred_and_keeps_what_it_copied(web: DemoWeb) -> None:
    web.day = 3
    text = printed(web, "mirror", "/gongzuoyaodian/46012.html", 3)
    assert "投入1.26亿元" in text
    assert "学习" not in text
    assert "陇原市" not in text
    for mark in ("相关热词搜索", "推荐访问"):
        assert mark in text
    page = Got(web.url("mirror", "/gongzuoyaodian/46012.html")).tree.get()
    assert "下面是小编为大家整理的【工作要点】*市教育局2026年工作要点，供大家参考。" in page
    moved = {document.slug: document for document in web.documents("mirror")}["longyuan-plan-2030"]
    assert moved.text.index("二、总体要求") > 0
    assert any(line.startswith("5.完善学生心理健康服务网络") for line in moved.text)


# The days


@pytest.mark.parametrize("site", list(SITES))
def test_the_second_day_is_noise_only_and_steady(web: DemoWeb, site: str) -> None:
    paths = [SITES[site].COLUMN, "/", *(document.path for document in web.documents(site))]
    entries, bodies = [], []
    for day in (1, 2, 1, 2):
        web.day = day
        entries.append(listed(web, site))
        bodies.append([Got(web.url(site, path)).body for path in paths])
    assert all(found == entries[0] for found in entries)
    assert all(first != second for first, second in zip(bodies[0], bodies[1], strict=True))
    assert bodies[:2] == bodies[2:]
    again = load_content().replies(site, 2)
    assert bodies[1] == [again[path].body for path in paths]
    assert web.documents(site, 1) == web.documents(site, 2)


def test_the_redesign_leaves_text_addresses_and_list_rules(web: DemoWeb) -> None:
    assert web.documents("longyuan", 3) == web.documents("longyuan", 4)
    web.day = 3
    before, old = listed(web, "longyuan"), Got(web.url("longyuan", "/zwgk/jyjh/202602/t20260228_1031.html"))
    web.day = 4
    after, new = listed(web, "longyuan"), Got(web.url("longyuan", "/zwgk/jyjh/202602/t20260228_1031.html"))
    assert before == after
    classes = [
        {name for names in page.tree.css("body *::attr(class)").getall() for name in names.split()}
        for page in (old, new)
    ]
    assert not classes[0] & classes[1]


def test_the_third_day_as_a_visitor_sees_it(web: DemoWeb) -> None:
    web.day = 3
    for change in web.expected(3):
        path = urlsplit(change.url).path
        entry = {listed_path: title for listed_path, title, _ in listed(web, change.site)}.get(path)
        if change.type == "withdrawn":
            assert (Got(change.url).status, entry) == (404, None)
            continue
        assert entry == change.heading
        text = printed(web, change.site, path, 3)
        for item in change.items:
            assert (squeezed(item.new) in text) if item.new else (squeezed(item.old or "") not in text)


# The server


def test_conditional_requests(web: DemoWeb) -> None:
    for url in (
        web.column("longyuan"),
        web.url("guiling", "/news/231.htm"),
        web.url("mirror", "/robots.txt"),
    ):
        seen = Got(url)
        etag, modified = seen.headers["ETag"], seen.headers["Last-Modified"]
        assert etag.startswith('"')
        unchanged = Got(url, If_None_Match=f'"other", {etag}')
        assert (unchanged.status, unchanged.body, unchanged.headers["ETag"]) == (304, b"", etag)
        assert Got(url, If_Modified_Since=modified).status == 304
        # RFC 9110 §13.2.2: the date counts only when no tag was sent
        assert Got(url, If_None_Match='"other"', If_Modified_Since=modified).status == 200
        assert Got(url, If_Modified_Since="yesterday").status == 200
    page, list_page = web.url("guiling", "/news/231.htm"), web.column("guiling")
    tags = {url: Got(url).headers for url in (page, list_page)}
    web.day = 2
    for url, headers in tags.items():
        assert Got(url, If_None_Match=headers["ETag"]).status == 200
        assert Got(url, If_Modified_Since=headers["Last-Modified"]).status == 200


def test_gzip_has_its_own_tag(web: DemoWeb) -> None:
    url = web.column("longyuan")
    plain, packed = Got(url), Got(url, Accept_Encoding="br, gzip;q=0.8")
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body
    assert packed.headers["ETag"] != plain.headers["ETag"]
    assert Got(url, Accept_Encoding="gzip", If_None_Match=packed.headers["ETag"]).status == 304
    assert "Content-Encoding" not in Got(url, Accept_Encoding="gzip;q=0").headers


def test_head_and_missing_pages(web: DemoWeb) -> None:
    url = web.column("guiling")
    head = Got(url, method="HEAD")
    assert (head.status, head.body) == (200, b"")
    assert int(head.headers["Content-Length"]) == len(Got(url).body)
    missing = Got(web.url("guiling", "/news/9999.htm"))
    assert missing.status == 404
    assert "找不到该页" in missing.body.decode("gb18030")
    assert "ETag" not in missing.headers


def test_robots_and_the_record_of_requests(web: DemoWeb) -> None:
    web.requests.clear()
    rules = Got(web.url("mirror", "/robots.txt")).body.decode()
    assert "Disallow: /admin/" in rules
    assert "Crawl-delay" not in rules
    Got(web.url("longyuan", "/none?x=1"))
    assert [(request.site, request.path, request.status) for request in web.requests] == [
        ("mirror", "/robots.txt", 200),
        ("longyuan", "/none", 404),
    ]
