"""What a digest says: true, whole, in bounds, harmless whatever the page said, in both languages. No database."""

from __future__ import annotations

import datetime as dt
import email
import email.policy
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html as lxml_html

from notify import composing, mail, making, plain
from notify.digests import Issue, build
from notify.filters import Filter
from notify.links import Pages
from notify.mail import Edition
from notify.news import Happening, news
from notify.parcels import Parcel
from notify.post import Post
from notify.tokens import Tokens
from store.diff import diff
from store.flow import (
    Attachment,
    AttachmentChange,
    Difference,
    FieldChange,
    ItemChange,
    Metadata,
    Node,
    Page,
    Period,
)

NOW = dt.datetime(2026, 11, 23, 0, tzinfo=dt.UTC)
PAGES = Pages("https://yaodian.example.org")
EDITION = Edition(pages=PAGES)


def page(title: str, *items: str, number: str | None = None) -> Page:
    outline = tuple(Node(f"{at}.", 1, text.split("。")[0][:20], text) for at, text in enumerate(items, 1))
    text = "\n".join(f"{at}.{text}" for at, text in enumerate(items, 1))
    metadata = Metadata(publisher="青山市教育局", document_number=number, published_at=dt.date(2026, 11, 20))
    return Page("https://edu.example.cn/1", title, text, metadata, outline, ())


OLD = page(
    "青山市教育局2026年工作要点",
    "课后服务覆盖率。课后服务覆盖率达到95%以上。",
    "办好学前教育。新建8所幼儿园。",
)
NEW = page(
    "青山市教育局2026年工作要点",
    "课后服务覆盖率。课后服务覆盖率达到98%以上。",
    "办好学前教育。新建8所幼儿园。",
)


def happening(number: int = 1, **other: object) -> Happening:
    known: dict[str, object] = {
        "id": number,
        "type": "changed",
        "detected_at": NOW - dt.timedelta(days=3, minutes=-number),
        "document": f"d{number:012d}",
        "plan": f"p{number:012d}",
        "plan_title": "青山市教育局2026年工作要点",
        "region": "210400",
        "kind": "工作要点",
        "publisher": "青山市教育局",
        "title": "青山市教育局2026年工作要点",
        "url": f"https://edu.example.cn/{number}",
        "source": "青山市教育局",
        "is_official": True,
        "is_reprint": False,
        "similarity": None,
        "listed_on": None,
        "from_version": 1,
        "to_version": 2,
        "page": NEW,
        "difference": diff(OLD, NEW),
    }
    return Happening(**(known | other))  # type: ignore[arg-type]


def issue(*these: Happening) -> Issue:
    return build(map(news, these), NOW)


def new(number: int, **other: object) -> Happening:
    return happening(
        number, **({"type": "new", "from_version": None, "to_version": 1, "difference": Difference()} | other)
    )


def both(*these: Happening, edition: Edition = EDITION) -> tuple[str, str]:
    made = issue(*these)
    return mail.html(made, edition), mail.text(made, edition)


def test_the_first_sentence_names_the_figure_that_changed() -> None:
    made = issue(happening(1), new(2))
    assert mail.opening(made, EDITION) == (
        "本周新发布 1 份、修改 1 份，其中青山市教育局“课后服务覆盖率”由 95% 调为 98%。"
    )
    assert mail.subject(made, EDITION) == "教育要点摘要 2026-11-23：新发布 1 份、修改 1 份"
    assert mail.opening(made, replace(EDITION, language="en")) == (
        "This week: 1 new, 1 changed; 青山市教育局 changed “课后服务覆盖率” from 95% to 98%."
    )


@pytest.mark.parametrize(
    ("every", "days", "begins"),
    [
        ("weekly", 3, "本周"),
        ("weekly", 20, "本期"),
        ("monthly", 20, "本月"),
        ("daily", 1, "近一日"),
        ("daily", 3, "本期"),
        ("instant", 0, "本期"),
    ],
)
def test_the_first_sentence_calls_no_month_a_week(every: str, days: int, begins: str) -> None:
    made = issue(happening(detected_at=NOW - dt.timedelta(days=days)))
    assert mail.opening(made, replace(EDITION, every=every)).startswith(begins)


def test_another_unit_is_no_figure_that_changed() -> None:
    before, after = page("a", "建设8所学校。"), page("a", "建设8年学校。")
    made = issue(happening(difference=diff(before, after)))
    assert mail.opening(made, EDITION) == "本周修改 1 份。"


def test_nothing_to_report_is_said_in_a_line() -> None:
    made = issue()
    assert mail.opening(made, EDITION) == "本周没有您订阅的变化。"
    assert "没有变化" in mail.subject(made, EDITION)
    assert "本周没有您订阅的变化。" in mail.text(made, EDITION)


def test_html_and_text_say_the_same() -> None:
    reprint = new(
        4,
        plan="p000000000002",
        is_reprint=True,
        is_official=False,
        similarity=0.91,
        source="育文范文网",
        errors=(ItemChange("edited", "1.", "1.", "课后服务", "达到95%以上。", "达到59%以上。"),),
    )
    these = (
        happening(
            1,
            difference=replace(
                diff(OLD, NEW),
                metadata=(FieldChange("period", {"start": 2025, "end": 2025}, {"start": 2026, "end": 2026}),),
                attachments=(AttachmentChange("added", "附件1.docx"),),
            ),
        ),
        new(2, title="青山市教育局2027年工作要点"),
        happening(
            3, type="withdrawn", to_version=None, difference=Difference(), region="450000", kind="发展规划"
        ),
        reprint,
    )
    html, text = both(*these)
    shown = lxml_html.document_fromstring(html)
    read = re.sub(r"\s", "", shown.text_content())
    for words in (
        "新发布1份、修改1份、撤下1份、新转载1份",
        "课后服务覆盖率达到9",
        "2025",
        "附件1.docx",
        "青山市教育局2027年工作要点",
        "与原件相同91%",
        "1处有误",
        "原网页已经打不开",
        "广西壮族自治区",
        "发展规划",
        "育文范文网",
    ):
        assert words in read
        assert words in re.sub(r"\s", "", text)
    links = {a.get("href") for a in shown.iter("a")}
    assert {
        "https://edu.example.cn/1",
        "https://yaodian.example.org/plans/p000000000001",
        "https://yaodian.example.org/documents/d000000000001/diff/1..2",
        "https://yaodian.example.org/documents/d000000000001/original/2",
        "https://yaodian.example.org/documents/d000000000003/original/1",
    } <= links
    assert all(link in text for link in links if link and link.startswith("http"))
    assert {"#r210000", "#r450000"} <= links
    assert {element.get("id") for element in shown.iter("h2")} == {"r210000", "r450000"}


def test_characters_are_marked_and_not_lines() -> None:
    html, text = both(happening())
    assert re.search(r"达到9<del[^>]*>5</del><ins[^>]*>8</ins>%以上", html)
    assert "达到9[-5-][+8+]%以上" in text


def test_a_reprint_stands_under_its_plan() -> None:
    made = issue(new(1), new(2, plan="p000000000001", is_reprint=True, is_official=False, errors=()))
    (plan,) = made.regions[0].kinds[0].plans
    assert [len(plan.events), len(plan.reprints)] == [1, 1]
    assert "没有错漏" in mail.text(made, EDITION)


def test_regions_are_grouped_as_finely_as_helps() -> None:
    def codes(*regions: str) -> list[str]:
        return [
            group.code for group in issue(*(new(at, region=r) for at, r in enumerate(regions, 1))).regions
        ]

    assert codes("210400", "210402", "450000", "000000", "") == ["000000", "210000", "450000", ""]
    assert codes("210400", "210402", "210500") == ["210400", "210500"]
    assert codes("210402", "210403") == ["210402", "210403"]


def test_without_pages_of_our_own_only_the_originals_are_linked() -> None:
    html, text = both(happening(), edition=Edition())
    assert set(re.findall(r'href="(http[^"]*)"', html)) == {"https://edu.example.cn/1"}
    assert set(re.findall(r"http\S+", text)) == {"https://edu.example.cn/1"}


def test_the_links_of_the_subscription_are_there_when_it_has_some() -> None:
    edition = replace(EDITION, manage="https://y.example/m/SLOT", unsubscribe="https://y.example/u/SLOT")
    for said in both(happening(), edition=edition):
        assert "https://y.example/m/SLOT" in said
        assert "https://y.example/u/SLOT" in said
    assert "退订" not in both(happening())[1]


def test_the_range_of_the_subscription_is_told() -> None:
    wanted = Filter(regions=("150000",), kinds=("工作要点",), keywords=("双减",), official=True)
    assert (
        "订阅范围：内蒙古自治区；工作要点；“双减”；只含官方来源。"
        in both(happening(), edition=replace(EDITION, wanted=wanted))[1]
    )
    english = replace(EDITION, wanted=wanted, language="en")
    assert (
        "You subscribed to: Inner Mongolia; Work priorities; “双减”; official sites only."
        in both(happening(), edition=english)[1]
    )


def test_english_has_no_chinese_words_of_ours() -> None:
    """What is left of Chinese is the plans' own."""
    html, text = both(happening(1, region="210000"), edition=replace(EDITION, language="en"))
    own = set("划线删去新增修改订阅范围存档原文完整对比教育要点摘要份") - set(
        "青山市教育局2026年工作要点课后服务覆盖率达到以上"
    )
    shown = lxml_html.document_fromstring(html).text_content()
    assert not own & set(shown.replace("要点 Yaodian", "")) - set("教育要点")
    assert not own & set(text.replace("要点 Yaodian", "")) - set("教育要点")
    assert '<html lang="en">' in html
    assert 'lang="zh-CN"' in html


@pytest.mark.parametrize(("count", "longest"), [(1, 40), (60, 400), (500, 40), (500, 3000), (2000, 40)])
def test_no_mail_is_cut_off_by_its_reader(count: int, longest: int) -> None:
    """Gmail shows the first 102 KB of a mail's HTML."""
    before = page(
        "标题", *(f"第{n}项工作。{'建设学校' * (longest // 4)}，投入{n}00万元。" for n in range(1, 9))
    )
    after = page(
        "标题", *(f"第{n}项工作。{'建设学校' * (longest // 4)}，投入{n}50万元。" for n in range(1, 9))
    )
    one = news(happening(difference=diff(before, after), title="青山市关于做好教育工作的要点" * 3))
    these = [
        replace(one, id=n, document=f"d{n:012d}", plan=f"p{n:012d}", region=f"{11 + n % 5}0{n % 9}00")
        for n in range(1, count + 1)
    ]
    made = build(these, NOW)
    html = mail.html(made, replace(EDITION, unsubscribe="https://y.example/u"))
    assert len(html.encode()) < 102_000
    assert html.rstrip().endswith("</html>")
    assert "https://y.example/u" in html
    shown = lxml_html.document_fromstring(html)
    listed = {a.get("href") for a in shown.iter("a") if "/plans/" in (a.get("href") or "")}
    left_out = sum(int(n) for n in re.findall(r"另有 (\d+) 份计划", html))
    assert len(listed) + left_out == count
    text = mail.text(made, EDITION)
    assert len(text.encode()) < max(310_000, 250 * count)
    assert len(re.findall(r"/plans/p\d{12}$", text, re.MULTILINE)) == count


HOSTILE = (
    "标题\r\nBcc: victim@example.org",
    "<script>alert(1)</script>",
    "\u202e反转\u2066隔离\u200f",
    "\x00\x1b[31m红\x07",
    "{{ 7 * 7 }}{% raw %}",
    '"><img src=x onerror=alert(1)>',
    "\ud800孤立",
    "𠮷" * 100_000,
    "\ufffe\uffff",
    "",
)


@pytest.mark.parametrize("words", HOSTILE, ids=range(len(HOSTILE)))
def test_what_a_page_says_does_no_harm(words: str) -> None:
    hostile = Page("javascript:alert(1)", words, words, Metadata(publisher=words, document_number=words),
                   (Node("1.", 1, words, words),), (Attachment("https://e.example/1", words),))  # fmt: skip
    difference = Difference(
        (
            ItemChange("edited", words, words, words, words, words + "改"),
            ItemChange("added", None, "1.", words, None, words),
        ),
        (FieldChange("title", words, words),),
        (AttachmentChange("added", words),),
    )
    these = [
        happening(1, title=words, url=f"javascript:{words}", source=words, publisher=words, kind=words, plan_title=words,
                  page=hostile, difference=difference, errors=difference.items),
        new(2, title=words, url=words, page=hostile, kind=words),
    ]  # fmt: skip
    made = issue(*these)
    post = Post(
        "Yaodian <y@example.org>", Tokens("a secret of the tests, long enough"), Path("nowhere"), PAGES.base
    )
    letter = making.written(made, EDITION, post)
    parcel = Parcel(1, "digest", "mail", "reader@example.org", "<1@example.org>", NOW, 1, 1, NOW, 2)
    raw = composing.message(letter, parcel, post)
    parsed = email.message_from_bytes(raw, policy=email.policy.default)
    assert parsed.keys().count("Bcc") == 0
    assert not parsed.defects
    html = parsed.get_body(("html",)).get_content()  # type: ignore[union-attr]
    text = parsed.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert len(html.encode()) < 102_000
    shown = lxml_html.document_fromstring(html)
    assert not list(shown.iter("script", "img", "iframe", "object", "form"))
    assert not [name for element in shown.iter() for name in element.attrib if name.startswith("on")]
    assert all(a.get("href").startswith(("https://yaodian.example.org/", "#")) for a in shown.iter("a"))
    for said in (html, text, letter.subject):
        assert not re.search(
            "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufffe\uffff]", said
        )
    assert "javascript:" not in html


@given(st.text())
def test_a_line_is_one_line_in_bounds(text: str) -> None:
    made = plain.line(text, 50)
    assert len(made) <= 50
    assert len(made.splitlines()) <= 1
    made.encode()


@pytest.mark.parametrize(
    ("url", "is_link"),
    [
        ("https://edu.example.cn/a?b=1&c=2#d", True),
        ("http://edu.example.cn/关于", True),
        ("javascript:alert(1)", False),
        ("JavaScript:alert(1)", False),
        ("data:text/html,x", False),
        ("https://e.cn/a b", False),
        ("https://e.cn/a\nb", False),
        ('https://e.cn/"onclick=', False),
        ("https://e.cn/\u202etxt", False),
        ("https://[broken", False),
        ("/relative", False),
        ("https://e.cn/" + "a" * 3000, False),
    ],
)
def test_only_the_webs_own_addresses_are_links(url: str, is_link: bool) -> None:
    assert plain.address(url) == (url if is_link else None)


def test_periods_are_years() -> None:
    assert news(
        happening(
            difference=Difference(metadata=(FieldChange("period", None, {"start": 2026, "end": 2030}),))
        )
    ).fields == (("period", "", "2026–2030"),)
    assert Period(2026, 2026)
