"""Sheets (plans as data) and the page templates that print them: what the mutation suite changes and renders.

A template prints the same words as every other; what stands around them comes from `Chrome`.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from demo.content import FOLDER
from demo.plans import load_plans
from store.flow import Capture

SHARED = Path(__file__).parent.parent.parent / "shared"

Row = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class File:
    href: str
    name: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """A document's words. `body` has one paragraph a line, numbers as printed; `table` follows it, then `closing`."""

    name: str
    title: str
    publisher: str
    number: str
    issued: str
    cover: tuple[str, ...]
    body: tuple[str, ...]
    table: tuple[Row, ...] = ()
    closing: tuple[str, ...] = ()
    files: tuple[File, ...] = ()

    @property
    def lines(self) -> tuple[str, ...]:
        """What must be read out of a page, but for the names of files."""
        return (*self.cover, *self.body, *("\t".join(row) for row in self.table), *self.closing)


ARTICLES = (
    "关于做好2026年春季学期中小学开学工作的通知",
    "市教育局召开全市教育工作会议",
    "关于公布2025年度教学成果奖名单的公告",
    "市教育局开展校园安全专项检查",
    "关于举办第八届中小学生艺术展演活动的通知",
    "我市召开“双减”工作推进会",
    "关于做好教师资格认定工作的公告",
    "2025年教育统计公报发布",
    "教育系统开展警示教育活动",
    "关于进一步加强中小学作业管理的通知",
)


@dataclass(frozen=True, slots=True)
class Chrome:
    """What stands around the words and means nothing."""

    site: str = "某市教育局"
    views: int = 1234
    visitors: int = 1023456
    clock: str = "今天是2026年3月2日 星期一"
    built: str = "2026-03-02 09:15:20"
    weather: str = "晴 11～22℃"
    hour: str = "10:30"
    related: tuple[str, ...] = ARTICLES[:5]
    previous: str = ARTICLES[5]
    following: str = ARTICLES[6]
    share: tuple[str, ...] = ("微信", "微博")
    advert: str = ""
    inline_advert: str = ""
    footer: str = "版权所有：某市教育局　主办单位：某市教育局"
    icp: str = "某ICP备05000123号-1　某公网安备15010202150001号　网站标识码：6200000068"
    editor: str = ""
    meta: tuple[tuple[str, str], ...] = ()
    box_order: tuple[int, ...] = ()
    charset: str = "utf-8"


Layout = Callable[[Sheet, Chrome], str]

_META = (
    '<meta name="SiteName" content="{site}"><meta name="ArticleTitle" content="{title}">'
    '<meta name="PubDate" content="2026-03-02 {hour}"><meta name="ContentSource" content="{org}">'
)
_NAVIGATION = ("首页", "新闻中心", "政务公开", "政务服务", "互动交流", "专题专栏", "政策法规", "规划计划")


def _links(names: Sequence[str]) -> str:
    return "".join(f'<li><a href="/a/{len(name)}.html">{html.escape(name)}</a></li>' for name in names)


def _head(sheet: Sheet, chrome: Chrome, *, meta: bool = True) -> str:
    known = _META.format(site=chrome.site, title=sheet.title, org=sheet.publisher, hour=chrome.hour)
    more = "".join(f'<meta name="{name}" content="{value}">' for name, value in chrome.meta)
    return (
        f'<!DOCTYPE html><html lang="zh"><head><meta charset="{chrome.charset}"><title>{sheet.title}_{chrome.site}</title>'
        f"{known if meta else ''}{more}</head>"
    )


def _top(chrome: Chrome) -> str:
    return (
        f'<div class="header"><p class="date">{chrome.clock}　{chrome.weather}</p><ul class="nav">{_links(_NAVIGATION)}</ul></div>'
        '<div class="position">您现在的位置：<a href="/">首页</a> &gt; <a href="/gh/">规划计划</a> &gt; 正文</div>'
    )


def _info(sheet: Sheet, chrome: Chrome) -> str:
    tools = "".join(f'<a class="s" href="javascript:;">{name}</a> ' for name in chrome.share)
    return (
        f'<div class="info"><span>发布时间：2026-03-02 {chrome.hour}</span> <span>来源：{sheet.publisher}</span> '
        f'<span>浏览次数：<i id="hits">{chrome.views}</i> 次</span> <span class="tools">【字体：<a>大</a> <a>中</a> <a>小</a>】'
        f' <a href="javascript:window.print()">打印</a> 分享到：{tools}</span></div>'
    )


def _bottom(chrome: Chrome) -> str:
    editor = f"<p>{chrome.editor}</p>" if chrome.editor else ""
    return (
        f'{editor}<div class="prevnext"><p>上一篇：<a href="/1.html">{chrome.previous}</a></p>'
        f'<p>下一篇：<a href="/2.html">{chrome.following}</a></p></div>'
        f'<div class="related"><h3>相关信息</h3><ul>{_links(chrome.related)}</ul></div>{chrome.advert}'
        f'<div class="qrcode">扫一扫在手机打开当前页</div><div class="footer"><p>{chrome.footer}</p><p>{chrome.icp}</p>'
        f"<p>您是第{chrome.visitors}位访问者　页面生成时间：{chrome.built}</p></div></body></html>"
    )


def _box(sheet: Sheet, chrome: Chrome) -> list[tuple[str, str]]:
    cells = [
        ("索 引 号", "620000000/2026-00031"),
        ("发布机构", sheet.publisher),
        ("成文日期", sheet.issued),
        ("文　　号", sheet.number),
        ("主题分类", "科技、教育/教育"),
        ("发布日期", "2026-03-02"),
    ]
    return [cells[i] for i in chrome.box_order] if chrome.box_order else cells


def _table(rows: Sequence[Row]) -> str:
    made = "".join(
        "<tr>" + "".join(f"<td><p>{html.escape(cell)}</p></td>" for cell in row) + "</tr>" for row in rows
    )
    return f'<table border="1" cellspacing="0">{made}</table>' if rows else ""


def _files(sheet: Sheet, line: str) -> str:
    return "".join(
        line.format(f'附件：<a href="{file.href}">{html.escape(file.name)}</a>') for file in sheet.files
    )


def _text(sheet: Sheet, chrome: Chrome, line: str, indent: str = "　　") -> str:
    """The words in one tag a paragraph; an advertisement stands after the fourth."""
    parts = [line.format(html.escape(text)) for text in sheet.cover]
    body = [line.format(indent + html.escape(text)) for text in sheet.body]
    body.insert(min(4, len(body)), chrome.inline_advert)
    closing = [line.format(html.escape(text)) for text in sheet.closing]
    return "\n".join([*parts, *body, _table(sheet.table), *closing, _files(sheet, line)])


def trs(sheet: Sheet, chrome: Chrome) -> str:
    cells = "".join(f"<tr><th>{key}：</th><td>{value}</td></tr>" for key, value in _box(sheet, chrome))
    return (
        f'{_head(sheet, chrome)}<body>{_top(chrome)}<table class="xxgk">{cells}</table><div class="article"><h1>{sheet.title}</h1>'
        f'{_info(sheet, chrome)}<div class="TRS_Editor">{_text(sheet, chrome, "<p>{}</p>")}</div></div>{_bottom(chrome)}'
    )


def ucap(sheet: Sheet, chrome: Chrome) -> str:
    cells = "".join(f"<li><b>{key}：</b>{value}</li>" for key, value in _box(sheet, chrome))
    line = '<p style="text-indent: 2em;"><span style="font-size: 16pt;">{}</span></p>'
    return (
        f'{_head(sheet, chrome)}<body>{_top(chrome)}<ul class="xxgk-info">{cells}</ul><div class="pages_title">{sheet.title}</div>'
        f'{_info(sheet, chrome)}<div class="pages_content" id="UCAP-CONTENT">{_text(sheet, chrome, line, "")}</div>{_bottom(chrome)}'
    )


def old(sheet: Sheet, chrome: Chrome) -> str:
    text = _text(sheet, chrome, "{}<br><br>", "&nbsp;&nbsp;&nbsp;&nbsp;")
    menu = "".join(f'<tr><td><a href="/{n}/">{name}</a></td></tr>' for n, name in enumerate(_NAVIGATION))
    return (
        f"{_head(sheet, chrome, meta=False)}<body><table width=780 align=center><tr><td>{_top(chrome)}</td></tr><tr><td><table><tr>"
        f"<td width=180><table>{menu}</table></td><td><center><b><font size=4>{sheet.title}</font></b></center>{_info(sheet, chrome)}"
        f'<font size="3" face="宋体">{text}</font></td></tr></table></td></tr></table>{_bottom(chrome)}'
    )


def divs(sheet: Sheet, chrome: Chrome) -> str:
    line = '<div style="text-indent:2em"><span style="font-size:16px">{}</span></div><div><br></div>'
    return (
        f'{_head(sheet, chrome)}<body>{_top(chrome)}<div class="xxgk-right"><div class="bt"><h2>{sheet.title}</h2></div>{_info(sheet, chrome)}'
        f'<div class="zfxxgk_zw_content">{_text(sheet, chrome, line, "")}</div></div>{_bottom(chrome)}'
    )


def word(sheet: Sheet, chrome: Chrome) -> str:
    def spans(found: re.Match[str]) -> str:
        return f'<span lang="EN-US" style="font-family:仿宋_GB2312">{found[0]}</span>'

    line = '<p class="MsoNormal" style="text-indent:32.0pt"><span style="mso-bidi-font-size:16.0pt">{}</span><o:p></o:p></p>'
    marked = replace(sheet, body=tuple(re.sub(r"\d+", "\ue000\\g<0>\ue001", text) for text in sheet.body))
    text = re.sub(
        "\ue000(\\d+)\ue001", lambda m: spans(re.match(r"\d+", m[1]) or m), _text(marked, chrome, line, "")
    )
    return (
        f'{_head(sheet, chrome)}<body>{_top(chrome)}<div class="con-title"><h3>{sheet.title}</h3></div>{_info(sheet, chrome)}'
        f'<div id="vsb_content"><div class="v_news_content">{text}</div></div>{_bottom(chrome)}'
    )


def sections(sheet: Sheet, chrome: Chrome) -> str:
    line = '<section style="margin:0 8px"><section><p style="text-align:justify"><span>{}</span></p></section></section>'
    return (
        f'{_head(sheet, chrome)}<body>{_top(chrome)}<div class="news-detail"><h1 class="title">{sheet.title}</h1>{_info(sheet, chrome)}'
        f'<div class="detail-text">{_text(sheet, chrome, line, "")}</div></div>{_bottom(chrome)}'
    )


def mill(sheet: Sheet, chrome: Chrome) -> str:
    return (
        f'{_head(sheet, chrome)}<body>{_top(chrome)}<div class="wrap"><div class="article"><h1>{sheet.title}</h1>'
        f'<div class="info">来源：网友投稿 发布时间：2026-03-02 {chrome.hour} 点击：{chrome.views}</div>'
        f'<div class="content" id="content">{_text(sheet, chrome, "<p>{}</p>")}</div>'
        f'<div class="tags">推荐访问：<a href="/t/1">教育</a> <a href="/t/2">工作要点</a></div></div>'
        f'<div class="sidebar"><h3>热门文章</h3><ul>{_links(chrome.related[::-1])}</ul></div></div>{_bottom(chrome)}'
    )


LAYOUTS: Mapping[str, Layout] = {made.__name__: made for made in (trs, ucap, old, divs, word, sections, mill)}


@dataclass(frozen=True, slots=True)
class Print:
    """How a sheet is printed: its template, what stands around it, and what is done to the markup and the bytes."""

    layout: str
    chrome: Chrome = field(default_factory=Chrome)
    markup: tuple[Callable[[str], str], ...] = ()
    encoding: str = "utf-8"
    bom: bool = False


def capture(sheet: Sheet, printed: Print, at: Capture) -> Capture:
    """The page as a server sends it; `at` gives address and time."""
    page = LAYOUTS[printed.layout](sheet, printed.chrome)
    for change in printed.markup:
        page = change(page)
    body = page.encode(printed.encoding, "xmlcharrefreplace")
    return replace(at, body=b"\xef\xbb\xbf" + body if printed.bom else body)


# ── where sheets come from ──

_ROWS = (
    ("序号", "重点任务", "牵头科室", "完成时限"),
    ("甲", "新建公办幼儿园12所", "基础教育科", "2026年9月"),
    ("乙", "改造教学楼34栋", "规划财务科", "2026年11月"),
    ("丙", "培训校长150人", "教师工作科", "2026年7月"),
    ("丁", "检查食堂和宿舍240处", "学校安全科", "2026年4月"),
)


def sheets() -> tuple[Sheet, ...]:
    """The demo's plans; with ../shared beside the project, the five seeds too."""
    return (*_from_demo(), *_from_seeds())


def _from_demo() -> list[Sheet]:
    made = []
    for at, plan in enumerate(load_plans(FOLDER / "plans").values()):
        cover = [line for line in (plan.number, plan.addressees, plan.notice) if line]
        files = (
            File(f"/files/P0{at}7311.docx", "1.重点任务分工表.docx"),
            File(f"/files/P0{at}7312.xlsx", "2.主要指标.xlsx"),
        )
        made.append(
            Sheet(
                plan.slug,
                plan.title,
                plan.publisher,
                plan.number or "某教发〔2026〕3号",
                str(plan.issued),
                tuple(cover if at % 3 else ()),
                plan.body,
                _ROWS if at % 2 else (),
                (plan.publisher, f"{plan.issued.year}年{plan.issued.month}月{plan.issued.day}日"),
                files if at % 2 == 0 else (),
            )
        )
    return made


_SEEDS = {
    "000": ("自治区教育厅2014年工作要点", 3, 48),
    "001": ("2014年天津市教育工作要点", 13, 105),
    "002": ("北京市教育委员会年度工作计划", 7, 109),
    "003": ("自治区教育厅2022年教育工作要点", 22, 130),
    "004": ("抚顺市“十四五”教育发展规划", 47, 235),
}


def _from_seeds() -> list[Sheet]:
    made = []
    for path in sorted((SHARED / "seeds").glob("*.txt")):
        title, first, last = _SEEDS[path.name[:3]]
        lines = path.read_text(encoding="utf-8").split("\n")[first - 1 : last]
        body = tuple(_wide(line.strip()) for line in lines if line.strip())
        made.append(
            Sheet(f"seed-{path.name[:3]}", title, "某市教育局", "某教发〔2022〕9号", "2022-03-02", (), body)
        )
    return made


def _wide(line: str) -> str:
    """The seeds came half-normalised; pages print Chinese marks full width."""
    line = re.sub(r",(?!\d{3}\b)", "，", line).replace(";", "；").replace(":", "：")
    return line.replace("(", "（").replace(")", "）")
