"""What a source's pages have in common is learned, believed as far as a page bears it out, and never makes a change."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from crawler import templates as crawling
from crawler.extraction import Template, learn, read
from crawler.extraction.confidence import MISFIT
from crawler.extraction.template import from_json, to_json
from crawler.sources.schema import DocumentRules, Source
from store import export, templates
from store.archive import Archive
from store.database import Database
from store.errors import Unreadable
from store.flow import Capture, Entry, Listing, Visit
from store.keep import Keeper

DAY = dt.timedelta(days=1)
START = dt.datetime(2026, 3, 2, 8, tzinfo=dt.UTC)
TOPICS = ["课程", "体育", "美育", "劳动", "安全", "食堂", "阅读", "科学", "心理", "教研", "师训", "学籍"]
VERBS = ["完善", "推进", "检查", "总结", "评估", "改进", "部署", "落实", "督促", "公布"]
NOTICE = "如需本栏目往年材料的纸质复制件，请到办事大厅三楼窗口领取登记表。"
SHARED = "请各单位结合实际认真贯彻落实，重要情况及时报告。"

Build = Callable[..., str]


def paragraphs(number: int) -> list[str]:
    """A plan of its own for each number."""
    chance = random.Random(number)
    topic = TOPICS[number % len(TOPICS)]
    texts = []
    for i, count in enumerate("一二三四五六", 1):
        words = "，".join(
            f"{chance.choice(VERBS)}{chance.choice(TOPICS)}工作第{chance.randint(2, 99)}项" for _ in range(6)
        )
        texts += [f"{count}、{topic}工作{i}", f"围绕{topic}，{words}。"]
    return texts


def plan(number: int, *, slot: str = "", notice: str = NOTICE, shared: str = SHARED, day: str = "") -> str:
    """A page as the site prints it: a slot between the paragraphs, a notice at the end of each text."""
    lines = [f"<p>{text}</p>" for text in paragraphs(number)]
    if slot:
        lines.insert(5, f'<div class="txt-insert">{slot}</div>')
    title = f"某市2026年{TOPICS[number % len(TOPICS)]}工作要点"
    return f"""<html><head><meta charset=utf-8><title>{title}</title></head><body>
<div id="top"><a href="/">首页</a> <a href="/zwgk/">公开</a></div>
<div class="show"><h1>{title}</h1><div class="info">发布日期：2026-02-{number + 10} 来源：某市教育局</div>
<div class="words" id="post-{number}4711">{"".join(lines)}<p>{shared}</p><p>某市教育局</p><p>2026年2月{number + 10}日</p>
<p>{notice}</p></div></div>
<div class="side"><ul>{"".join(f'<li><a href="/{i}">{t}动态</a></li>' for i, t in enumerate(TOPICS))}</ul></div>
<div id="foot">{day}</div></body></html>"""


def capture(html: str, number: int = 0, at: dt.datetime = START) -> Capture:
    return Capture(
        f"http://jyj.example.cn/{number}.html", 200, (("Content-Type", "text/html"),), html.encode(), at
    )


def site(build: Build, count: int = 8) -> list[Capture]:
    return [capture(build(number), number) for number in range(count)]


def adverts(number: int) -> str:
    return ["新书上架欢迎选购，详情咨询在线客服", "暑期研学名额有限，报名从速以免错过"][number % 2]


def test_the_path_is_one_that_a_person_understands() -> None:
    template = learn(site(plan))
    assert template is not None
    assert [layout.content for layout in template.layouts] == ["div.words"]
    assert (template.layouts[0].title, template.layouts[0].info) == (
        "div.show > h1:nth-of-type(1)",
        "div.info",
    )
    assert from_json(json.loads(json.dumps(to_json(template)))) == template


def test_a_notice_and_a_slot_go_and_shared_sentences_stay() -> None:
    template = learn(site(lambda n: plan(n, slot=adverts(n))))
    assert template is not None
    new = capture(plan(9, slot="开学季文具满减，今日下单明日送达"), 9)
    before, after = read(new), read(new, template=template)
    assert "文具" in before.text
    assert NOTICE in before.text
    assert after.text.split("\n") == [*paragraphs(9), SHARED, "某市教育局", "2026年2月19日"]


def test_a_slot_that_changes_from_day_to_day_is_the_sites() -> None:
    chance = random.Random(5)

    def words() -> str:
        return "".join(chance.choice("天地玄黄宇宙洪荒日月盈昃辰宿列张") for _ in range(30))

    captures = [capture(plan(n, slot=words()), n, START + d * DAY) for n in range(6) for d in range(2)]
    template = learn(captures)
    assert template is not None
    assert template.layouts[0].slots == ("div.words div.txt-insert",)


@pytest.mark.parametrize(
    "marked", ["附件：任务分工表", "市教发〔2026〕12号", "（此件公开发布）", "各区县教育局："]
)
def test_what_officials_share_is_no_furniture(marked: str) -> None:
    template = learn(site(lambda n: plan(n, slot=marked, notice=SHARED)))
    assert template is not None
    text = read(capture(plan(9, slot=marked, notice=SHARED), 9), template=template).text
    assert marked in text
    assert text.count(SHARED) == 2


def test_weekly_plans_with_the_same_sentences_are_one_document() -> None:
    """Last week's text again is no proof that it is the site's."""
    assert learn([capture(plan(1, day=str(n)), n) for n in range(8)]) is None


def test_too_few_pages_teach_nothing() -> None:
    assert learn(site(plan, 4)) is None


def test_a_redesign_loses_no_text_and_is_doubted() -> None:
    template = learn(site(plan))
    for inner in (
        '<div class="words"><p>简介</p></div><section>{}</section>',
        '<section class="new">{}</section>',
    ):
        text = "".join(f"<p>{line}</p>" for line in paragraphs(9))
        html = f"<html><head><meta charset=utf-8><title>某市要点</title></head><body>{inner.format(text)}</body></html>"
        page = read(capture(html), template=template)
        assert page.text.endswith("\n".join(paragraphs(9)[1:]))
        assert page.confidence <= MISFIT


def test_the_operators_selector_goes_before_the_template() -> None:
    template = learn(site(plan))
    html = plan(9).replace("</body>", '<div class="own"><p>另一处的正文，由操作员指定。</p></div></body>')
    page = read(capture(html), DocumentRules(content="div.own"), template=template)
    assert page.text == "另一处的正文，由操作员指定。"


def test_confidence_tells_documents_from_lists() -> None:
    menu = "".join(f'<li><a href="/{i}.html">{t}工作动态一览</a></li>' for i, t in enumerate(TOPICS * 3))
    listed = read(
        capture(
            f"<html><head><meta charset=utf-8><title>动态</title></head><body><ul>{menu}</ul></body></html>"
        )
    )
    assert listed.confidence < 0.6
    assert read(capture(plan(3))).confidence > 0.85


# ── what a page may cost ──


@pytest.mark.parametrize(
    "body",
    ["文字。<br>" * 70_000, "<b>" * 210_000, "文" * 8_100_000],
    ids=["lines", "elements", "characters"],
)
def test_a_page_beyond_measure_is_not_read(body: str) -> None:
    with pytest.raises(Unreadable, match="too large"):
        read(capture(f"<html><head><meta charset=utf-8></head><body>{body}</body></html>"))


HOSTILE = {
    "links": lambda n: "".join(f'<a href="/x/{i}.html">链接新闻{i}</a> ' for i in range(n)),
    "boxes that call themselves adverts": lambda n: "".join(
        f'<div class="ad-{i}">文字，内容。</div>' for i in range(n)
    ),
    "a title of dashes": lambda n: "<title>" + "一-" * n + "</title>",
    "headings": lambda n: "<h1>关于印发计划的通知书</h1>" * n,
    "blanks and labels": lambda n: "<p>" + "来 源 " * n + "</p>",
    "depth": lambda n: "<x-y>" * n + "文字，内容。",
}


@pytest.mark.parametrize("make", HOSTILE.values(), ids=HOSTILE)
def test_time_grows_as_the_page_does(
    make: Callable[[int], str], count_calls: Callable[[Callable[[], object]], int]
) -> None:
    """Counted in calls, not in seconds: four times the page takes about four times the calls."""
    prose = "<p>一、全面落实立德树人根本任务，推进教育高质量发展。</p>" * 20

    def cost(size: int) -> int:
        page = capture(f"<html><head><meta charset=utf-8></head><body>{prose}{make(size)}</body></html>")
        return count_calls(lambda: read(page))

    cost(50)
    assert cost(1200) < 6 * cost(300) + 20_000


def test_articles_nested_in_one_another_cost_little(
    count_calls: Callable[[Callable[[], object]], int],
) -> None:
    """Unclosed boxes nest: readability-lxml looks at every link below each ancestor of each paragraph."""
    unit = "<div><a href='/'>首页</a> <a href='/t/'>通知公告</a><div><p>为办好人民满意的教育，制定本规划。"
    page = capture(f"<html><head><meta charset=utf-8></head><body>{unit * 70}</body></html>")
    assert count_calls(lambda: read(page)) < 200_000


@pytest.fixture
def count_calls() -> Callable[[Callable[[], object]], int]:
    import cProfile
    import pstats

    def count(work: Callable[[], object]) -> int:
        profile = cProfile.Profile()
        profile.runcall(work)
        return pstats.Stats(profile).total_calls  # type: ignore[attr-defined,no-any-return]

    return count


# ── in the crawl ──


class Crawls:
    """A source whose documents are fetched day by day, without a network."""

    def __init__(self, folder: Path) -> None:
        self.now = START
        self.database = Database(f"sqlite:///{folder / 'y.db'}")
        self.database.upgrade()
        self.archive = Archive(folder / "warc")
        self.source = Source.model_validate(
            {
                "id": "jyj",
                "name": "某市教育局",
                "publisher": "某市教育局",
                "region": "000000",
                "kind": "official",
                "listing": {"urls": ["http://jyj.example.cn/"], "item": "li"},
            }
        )
        self.keeper = Keeper(self.database, self.archive, self.source.origin, lambda: self.now)
        self.keeper.begin()

    def crawl(self, pages: dict[int, str]) -> list[tuple[int, str]]:
        """What is reported of the pages of a day: (number, change)."""
        self.now += DAY
        reading = asyncio.run(crawling.open_reading(self.keeper, self.source))
        listing = Listing(tuple(Entry(f"http://jyj.example.cn/{n}.html", str(n)) for n in pages))
        front = capture("<ul></ul>", -1, self.now)
        self.keeper.keep_listing(Visit("http://jyj.example.cn/"), front, listing, listing.entries)
        visits = {visit.url: visit for visit in self.keeper.documents(most_rechecks=None)[0]}
        told = []
        for n, html in pages.items():
            got = capture(html, n, self.now)
            document = visits[got.url].document
            assert document is not None
            page = asyncio.run(reading.read(got))
            today = asyncio.run(reading.look_back(document, page))
            outcome = self.keeper.keep_page(document, got, page, today=today)
            if outcome.change:
                told.append((n, outcome.change))
        return told

    def template(self) -> Template | None:
        known = templates.load(self.database, "jyj")
        return from_json(known.template) if known and known.template is not None else None


@pytest.fixture
def crawls(tmp_path: Path) -> Crawls:
    (tmp_path / "warc").mkdir()
    return Crawls(tmp_path)


def test_learning_a_template_between_two_crawls_of_noise_reports_nothing(crawls: Crawls) -> None:
    """The second crawl reads without notice and slot what the first read with them."""
    first = crawls.crawl({n: plan(n, slot=adverts(n), day="1") for n in range(8)})
    assert [change for _, change in first] == ["new"] * 8
    assert crawls.template() is None
    assert crawls.crawl({n: plan(n, slot=adverts(n + 1), day="2") for n in range(8)}) == []
    assert crawls.template() is not None
    assert (
        crawls.crawl({n: plan(n, slot="又一则全新的广告，与昨天的完全不同", day="3") for n in range(8)}) == []
    )


def test_an_edit_behind_a_new_template_is_reported_alone(crawls: Crawls) -> None:
    crawls.crawl({n: plan(n, slot=adverts(n)) for n in range(8)})
    edited = {n: plan(n, slot=adverts(n + 1)) for n in range(8)}
    edited[3] = edited[3].replace(paragraphs(3)[3], paragraphs(3)[3] + "新增一句。")
    assert crawls.crawl(edited) == [(3, "changed")]
    with crawls.database.read() as session:
        change = next(c for c in export.changes(session) if c["type"] == "changed")
    assert [item["op"] for item in change["items"]] == ["edited"]
    assert "新增一句" in change["items"][0]["new"]
    assert "选购" not in json.dumps(change, ensure_ascii=False)


def test_a_redesign_reports_nothing_and_is_learned(crawls: Crawls) -> None:
    def rebuilt(n: int, day: str) -> str:
        return plan(n, day=day).replace('class="words"', 'class="wz-box"').replace('class="show"', "")

    crawls.crawl({n: plan(n) for n in range(8)})
    crawls.crawl({n: plan(n, day="2") for n in range(8)})
    for day in ("3", "4", "5"):
        assert crawls.crawl({n: rebuilt(n, day) for n in range(8)}) == []
    template = crawls.template()
    assert template is not None
    assert [layout.content for layout in template.layouts] == ["div.wz-box", "div.words"]
