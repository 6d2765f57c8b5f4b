"""Every example page reads as its expected file says; every rule takes and leaves what stands beside it."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from crawler.extraction import (
    blocked,
    decode,
    parse,
    read,
    rules,
)
from crawler.extraction.render import render
from crawler.extraction.tree import body_of
from crawler.sources.schema import DocumentRules
from store.errors import Blocked, Unreadable
from store.flow import Capture, Page

EXAMPLES = Path(__file__).parent / "examples" / "pages"
URL = "http://jyj.example.gov.cn/tzgg/202403/t20240301_1.html"
WHEN = dt.datetime(2024, 3, 2, tzinfo=dt.UTC)
PROSE = "全市各级各类学校要把安全放在首位，逐校排查、逐项整改，确保师生平安。" * 4


def capture(body: str | bytes, content_type: str | None = "text/html", url: str = URL) -> Capture:
    headers = (("content-type", content_type),) if content_type else ()
    return Capture(url, 200, headers, body.encode() if isinstance(body, str) else body, WHEN)


def page(inner: str, head: str = "") -> Capture:
    return capture(f"<html><head><meta charset=utf-8>{head}</head><body>{inner}</body></html>")


def as_json(got: Page) -> dict[str, Any]:
    return TypeAdapter(Page).dump_python(got, mode="json")


@pytest.mark.parametrize("folder", sorted(EXAMPLES.iterdir()), ids=lambda folder: folder.name)
def test_example_pages(folder: Path) -> None:
    """`url` in the expected file says where the page stood."""
    expected = folder / "expected.json"
    known = json.loads(expected.read_text(encoding="utf-8")) if expected.exists() else {}
    got = as_json(read(capture((folder / "page.html").read_bytes(), url=known.get("url", URL))))
    if not known:
        expected.write_text(json.dumps(got, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        pytest.fail(f"wrote {expected}: look at it, then run again")
    assert got == known


ALL_RULES = [*rules.NOISE.all, *rules.CLOSING.all, *rules.TEASER.all, *blocked.SIGNS.all]


@pytest.mark.parametrize("rule", ALL_RULES, ids=lambda rule: rule.takes)
def test_rules_take_and_leave_their_examples(rule: rules.Rule) -> None:
    assert rule.fits(rule.takes)
    assert not (rule.leaves and rule.fits(rule.leaves))


@pytest.mark.parametrize(
    "line",
    [
        "2022年5月18日",
        "一、加强组织领导",
        "1.完善机制。建立台账。",
        "附件：1.任务分工表.xlsx",
        "（此件公开发布）",
        "上下一心抓落实",
        "来源渠道要拓宽，资金管理要规范。",
        "打印机、投影仪等设备配备到班。",
        "返回生源地就业的毕业生予以补贴。",
        "版面编排：",
        "首页改版方案",
        "云教发〔2024〕7号",
    ],
)
def test_no_rule_takes_a_documents_line(line: str) -> None:
    assert not rules.NOISE.fit(line)
    assert not rules.CLOSING.fit(line)


TEXT = "镕镇中学与堃、喆两所小学二〇二六年的教育工作计划"


@pytest.mark.parametrize(
    ("header", "meta", "encoding", "name"),
    [
        ("utf-8", "", "utf-8", "utf-8"),
        (None, "gb2312", "utf-8", "utf-8"),
        ("iso-8859-1", "gb2312", "gb18030", "gb18030"),
        ("utf-8", "utf-8", "gb18030", "gb18030"),
        (None, "", "gb18030", "gb18030"),
        (None, "", "utf-16", "utf-16-le"),
        (None, "", "utf-16-le", "utf-16-le"),
        (None, "", "utf-8-sig", "utf-8"),
    ],
)
def test_charsets(header: str | None, meta: str, encoding: str, name: str) -> None:
    html = f"<html><head><meta charset='{meta}'></head><body>{TEXT}</body></html>"
    text, used = decode(html.encode(encoding), header, None)
    assert (TEXT in text, used) == (True, name)


def test_traditional_pages_and_damaged_bytes() -> None:
    assert decode("臺灣學校的教育工作計畫與國家發展".encode("big5"))[0].startswith("臺灣學校")
    torn = TEXT.encode()[:-1]
    assert decode(torn) == (TEXT[:-1] + "\ufffd", "utf-8")
    assert decode(TEXT.encode("gb18030"), "utf-8", "gbk")[0] == TEXT
    assert decode(b"x", "rot13", "no-such-charset") == ("x", "utf-8")


def lines_of(html: str) -> list[str]:
    return [line.text for line in render(body_of(parse(html)))]


def test_lines_are_what_a_reader_sees() -> None:
    assert lines_of("<p>　　一、<span>2</span><span>0</span>24&nbsp;年<br>二、x</p>后") == [
        "一、2024 年",
        "二、x",
        "后",
    ]
    assert lines_of(
        "a<!-- no -->b<script>c</script>d<style>e</style><div hidden>f</div><p style='display: none'>g</p>"
    ) == ["abd"]
    assert lines_of("<pre>一、甲\n二、乙</pre>") == ["一、甲", "二、乙"]


def test_a_table_row_is_a_line_but_layout_is_not() -> None:
    row = "<table><tr><td><p>1</p></td><td><p>甲</p><p>乙</p></td></tr></table>"
    assert lines_of(row) == ["1\t甲 乙"]
    assert lines_of(f"<table><tr><td>左</td><td>{row}</td></tr></table>") == ["左", "1\t甲 乙"]
    assert lines_of(f"<table><tr><td><p>{PROSE}</p><p>{PROSE}</p></td><td>b</td></tr></table>") == [
        PROSE,
        PROSE,
        "b",
    ]


def test_a_tree_of_any_depth_and_a_page_of_any_size() -> None:
    deep = read(page("<div>" * 5000 + f"<p>{PROSE}</p>" + "</div>" * 5000))
    assert deep.text == PROSE
    many = "".join(f"<a href='/{i}'>第{i}条</a>" for i in range(20_000))
    assert read(page(f"<div>{many}</div><div><p>{PROSE}</p><p>{PROSE}</p></div>")).text == f"{PROSE}\n{PROSE}"


def test_source_rules_win() -> None:
    html = f"<h1>甲校计划</h1><b id=t>乙校工作计划</b><i id=d>2020-01-02</i><div id=a><p>{PROSE}</p></div><div id=b><p>短文</p><p class=x>广告</p></div>"
    own = DocumentRules(content="#b", title="//b[@id='t']", published="i#d::text", remove=(".x",))
    got = read(page(html), own)
    assert (got.title, got.text, got.metadata.published_at) == ("乙校工作计划", "短文", dt.date(2020, 1, 2))


def test_a_cover_and_its_plan_in_two_boxes_stay_together() -> None:
    cover = "<div><p>云教发〔2024〕9号</p><p>各学校：</p><p>现印发给你们，请执行。</p></div>"
    body = "".join(f"<p>{n}、第{n}部分</p><p>{PROSE}</p>" for n in "一二三")
    assert read(
        page(f"<div><ul><li><a href=/>首页</a></li></ul><div class=m>{cover}<div>{body}</div></div></div>")
    ).text.startswith("云教发")


def test_names_of_furniture_are_not_believed_of_a_whole_document() -> None:
    text = "".join(f"<p>{PROSE}{i}</p>" for i in range(3))
    assert (
        read(
            page(
                f"<div id=zoom><div class=share>{text}</div><div class=share><p>分享给好友们看看</p></div></div>"
            )
        ).text.count("\n")
        == 2
    )


@pytest.mark.parametrize(
    "html",
    [
        "<title>502</title><h1>抱歉</h1><p>您的IP: 192.0.2.1</p><p>源站异常</p>",
        "<title>安全验证</title><p>请完成安全验证后继续访问</p>",
        "<script>var $_ts=window['$_ts'];</script>",
        "<p>请开启JavaScript并刷新该页</p>",
        "<title>404 Not Found</title><center>nginx</center>",
        "<title>用户登录</title><p>账号 密码 登录</p>",
        "<p>您访问的页面不存在或已删除！</p>",
    ],
)
def test_blocked(html: str) -> None:
    with pytest.raises(Blocked):
        read(page(html))


def test_a_document_may_speak_of_errors() -> None:
    assert read(
        page(f"<title>网络安全通知</title><p>安全验证要求：</p><p>{PROSE}</p><p>{PROSE}系统错误须上报。</p>")
    )


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"%PDF-1.7 x", "application/pdf"),
        (b"\x89PNG", None),
        (b"", "text/html"),
        ("<p></p>", "text/html"),
        ("{}", "image/png"),
    ],
)
def test_unreadable(body: str | bytes, kind: str | None) -> None:
    with pytest.raises(Unreadable, match=r"jyj\.example"):
        read(capture(body, kind))


def test_plain_text_is_read() -> None:
    assert read(capture(f"一、甲<乙\n{PROSE}", "text/plain")).text == f"一、甲<乙\n{PROSE}"


def test_a_moved_pages_meta_date_loses() -> None:
    head = '<title>云溪市教育工作计划</title><meta name=PubDate content="2020-09-26 02:47:19">'
    printed = read(
        page(f"<h1>云溪市教育工作计划</h1><p>发布时间：2019-05-10</p><div><p>{PROSE}</p></div>", head)
    )
    assert printed.metadata.published_at == dt.date(2019, 5, 10)
    silent = page(f"<h1>云溪市教育工作计划</h1><div><p>{PROSE}</p></div>", head)
    moved = Capture("http://x.gov.cn/c1/2019/5/10/7.shtml", 200, silent.headers, silent.body, WHEN)
    assert read(moved).metadata.published_at == dt.date(2019, 5, 10)


@pytest.mark.parametrize(
    ("head", "inner", "title"),
    [
        ("<title>云溪市教育工作计划_规划计划_云溪市政府门户网站</title>", "", "云溪市教育工作计划"),
        (
            "<title>云溪市政府 规划计划 云溪市2024年教育工作计划</title>",
            "<h3>云溪市2024年教育工作计划</h3>",
            "云溪市2024年教育工作计划",
        ),
        (
            "<title>云溪市教育局</title>",
            "<h1>关于印发工作<br>计划的通知</h1><p>2024-01-02 09:00</p>",
            "关于印发工作 计划的通知",
        ),
        (
            "<title>关于印发云溪市教育工作...</title>",
            "<b>关于印发云溪市教育工作计划的通知</b>",
            "关于印发云溪市教育工作计划的通知",
        ),
        (f"<title>{PROSE}</title>", "", None),
    ],
)
def test_titles(head: str, inner: str, title: str | None) -> None:
    assert read(page(f"<div>{inner}</div><div><p>{PROSE}</p><p>{PROSE}</p></div>", head)).title == title


PLAN = "".join(f"<p>{n}、第{n}项任务</p><p>{PROSE}</p>" for n in "一二三四")


def test_text_behind_tabs_is_read_and_other_hidden_text_is_not() -> None:
    assert read(page(f"<div id=js_content style='visibility: hidden'>{PLAN}</div>")).text.startswith("一、")
    assert read(page(f"<p>点击展开</p><div style='display:none'>{PLAN}</div>")).text.startswith("一、")
    assert (
        "登录"
        not in read(page(f"<div>{PLAN}</div><div hidden><p>请登录后发表评论，文明上网。</p></div>")).text
    )


@pytest.mark.parametrize(
    "after",
    [
        "<div class=related><h3>相关阅读</h3><ul><li><a href=/1>全区召开例会</a></li><li><a href=/2>开学通知</a></li></ul></div>",
        "<p>相关新闻：</p><p><a href=/1>全区召开教育例会</a></p>",
        "<p>责任编辑：张三</p><p>【打印】【关闭】</p>",
        "<p>上一篇：<a href=/1>通知</a></p><p>下一篇：没有了</p>",
        "<div><p>扫一扫在手机打开当前页</p></div><div>分享到：<a>微信</a></div>",
        "<p>阅读次数：12</p><p>版权所有：某市教育局 地址：书院路 邮编：000000</p>",
        "<div class=comment><p>网友评论</p><p>说得真好，支持！</p></div>",
    ],
)
@pytest.mark.parametrize("inside", [True, False])
def test_what_stands_under_the_text_is_left_out(after: str, inside: bool) -> None:
    inner = f"<div>{PLAN}{after}</div>" if inside else f"<div><div>{PLAN}</div>{after}</div>"
    got = read(page(f"<div><h1>云溪市2024年教育工作计划</h1>{inner}</div>"))
    assert got.text.split("\n")[-1] == PROSE


@pytest.mark.parametrize("views", ["12", "3456"])
def test_counters_and_clocks_change_nothing(views: str) -> None:
    html = f"<p>今天是2026年{views[:1]}月1日 星期一</p><h1>云溪市工作计划</h1><p>发布时间：2024-01-02 浏览次数：{views}次</p><div>{PLAN}<p>浏览量：{views}</p></div>"
    got = as_json(read(page(html)))
    assert views not in json.dumps(got, ensure_ascii=False)
    assert got["metadata"]["published_at"] == "2024-01-02"
