"""Listing pages composed in the manners of the systems that such sites are made with: each a function of the rows.

A layout gives the whole page; what stands around the list (navigation, a side list, a footer) is the trap."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass

SUBJECTS = (
    "2026年教育工作要点",
    "“十五五”教育发展规划",
    "2026年春季学期工作安排",
    "关于开展校园安全检查的通知",
    "召开全市基础教育工作会议",
    "关于公布优质幼儿园名单的公告",
    "学前教育普及普惠行动计划（2025年—2027年）",
    "教师资格认定公告",
)


@dataclass(frozen=True)
class Row:
    title: str
    href: str
    date: dt.date


def rows(count: int, href: str = "./{ym}/t{ymd}_{n}.html", step_days: int = 9) -> list[Row]:
    found = []
    for n in range(count):
        day = dt.date(2026, 11, 20) - dt.timedelta(days=step_days * n)
        title = f"云台市教育局{SUBJECTS[n % len(SUBJECTS)]}（{n + 1}）"
        place = href.format(ym=day.strftime("%Y%m"), ymd=day.strftime("%Y%m%d"), n=4000 + n, d=day)
        found.append(Row(title, place, day))
    return found


NAV = (
    "<ul>"
    + "".join(
        f'<li><a href="/{p}/">{t}</a></li>'
        for p, t in (
            ("sy", "首页"),
            ("zwgk", "政务公开"),
            ("jyxw", "教育新闻"),
            ("bsfw", "办事服务"),
            ("hdjl", "互动交流"),
        )
    )
    + "</ul>"
)
CRUMBS = '<div>当前位置：<a href="/">首页</a> &gt; <a href="/zwgk/">政务公开</a> &gt; <a href="./">规划计划</a></div>'
SIDE = (
    "<div><h3>热点信息</h3><ul>"
    + "".join(
        f'<li><a href="/rd/{n}.html">云台市教育局发布第{n}期教育简报摘要</a><i>2026-10-0{n}</i></li>'
        for n in range(1, 8)
    )
    + "</ul></div>"
)
FOOT = '<div>友情链接：<a href="http://edu.site.example/">云台省教育厅门户网站</a><a href="http://moe.site.example/">国家教育行政部门</a></div><p>主办单位：云台市教育局 网站标识码：</p>'


def page(body: str, side_first: bool = False, head: str = "") -> str:
    parts = [SIDE, f"<div>{CRUMBS}{body}</div>"] if side_first else [f"<div>{CRUMBS}{body}</div>", SIDE]
    return f"<html><head><title>规划计划_云台市教育局</title>{head}</head><body>{NAV}{''.join(parts)}{FOOT}</body></html>"


def trs(found: Sequence[Row]) -> str:
    lines = "".join(
        f'<li><a href="{r.href}" target="_blank" title="{r.title}">{r.title[:14]}…</a><span>{r.date}</span></li>'
        for r in found
    )
    return page(f'<ul class="gl-list">{lines}</ul><script>createPageHTML(12, 0, "index", "html");</script>')


def search_system(found: Sequence[Row]) -> str:
    lines = "".join(
        f'<dl><dd><a title="{r.title}" href="{r.href}">{r.title}</a><span>{r.date:%Y年%m月%d日}</span></dd></dl>'
        for r in found
    )
    return page(
        f"<div id=\"zwgk\">{lines}</div><script>createPageHTML('page_div',10,1,'zwgklist','shtml',200);</script>",
        True,
    )


def tables(found: Sequence[Row]) -> str:
    lines = "".join(
        f'<tr><td width="10">·</td><td><a class="c1" href="{r.href}">{r.title}</a></td><td>{r.date:%Y/%m/%d}</td></tr>'
        for r in found
    )
    pager = '<tr><td colspan="3">共 30 条 当前第 1 / 2 页 <a href="18106.html">首页</a> <a href="18106_2.html">下一页</a></td></tr>'
    return page(
        f"<table><tr><td><table><tr><th></th><th>标题</th><th>日期</th></tr>{lines}{pager}</table></td></tr></table>",
        True,
    )


def bracketed(found: Sequence[Row]) -> str:
    lines = "".join(f'<li>[{r.date:%m-%d}]<a href="{r.href}">{r.title}</a></li>' for r in found)
    return page(f'<div class="main"><ul>{lines}</ul></div><a href="?page=2">2</a> <a href="?page=3">3</a>')


def split_days(found: Sequence[Row]) -> str:
    lines = "".join(
        f'<div class="item clearfix"><div class="time"><b>{r.date:%d}</b><span>{r.date:%Y-%m}</span></div><a href="{r.href}"><h4>{r.title}</h4><p>为贯彻2025年1月5日会议精神，现将有关事项通知如下……</p></a></div>'
        for r in found
    )
    return page(f'<div class="list">{lines}</div>', True)


def definition(found: Sequence[Row]) -> str:
    lines = "".join(f'<dt><a href="{r.href}">{r.title}</a></dt><dd>{r.date:%Y.%m.%d}</dd>' for r in found)
    return page(f"<dl>{lines}</dl>")


def flat(found: Sequence[Row]) -> str:
    lines = "".join(
        f'<a href="{r.href}">{r.title}</a> <font color="gray">({r.date})</font><br>' for r in found
    )
    return page(f'<div id="newsquery">{lines}</div>')


def whole_links(found: Sequence[Row]) -> str:
    lines = "".join(
        f'<a class="row" href="{r.href}"><div class="tit">{r.title}</div><div class="date">{r.date}</div></a>'
        for r in found
    )
    return page(f'<section class="news">{lines}</section>', True)


def categories(found: Sequence[Row]) -> str:
    lines = "".join(
        f'<li><a href="/zwgk/ghjh/">[规划计划]</a> <a href="{r.href}">{r.title}</a> <em>{r.date}</em></li>'
        for r in found
    )
    return page(f'<ul class="infolist">{lines}</ul>')


def by_script(found: Sequence[Row]) -> str:
    lines = "".join(
        f"<li><a href=\"javascript:void(0)\" onclick=\"openDetail('{r.href}','_blank')\">{r.title}</a><span>{r.date}</span></li>"
        for r in found
    )
    return page(
        f'<ul class="list-con">{lines}</ul><div class="pages"><a href="list-2.html">下一页&gt;</a></div>'
    )


def by_fives(found: Sequence[Row]) -> str:
    groups = [found[i : i + 5] for i in range(0, len(found), 5)]
    lists = "".join(
        "<ul>"
        + "".join(
            f'<li><i></i><a href="{r.href}">{r.title}</a><span class="right">{r.date}</span></li>' for r in g
        )
        + "</ul><hr>"
        for g in groups
    )
    return page(f'<div class="xxgk_list">{lists}</div>', True)


def pictures(found: Sequence[Row]) -> str:
    lines = "".join(
        f'<li><a href="{r.href}"><img src="/i/{n}.jpg" alt=""></a><div><a href="{r.href}">{r.title}</a><p>摘要：有关情况……</p><span>发布时间：{r.date} 来源：办公室</span><a href="{r.href}">[详细]</a></div></li>'
        for n, r in enumerate(found)
    )
    return page(f'<ul class="piclist">{lines}</ul>')


def own_tables(found: Sequence[Row]) -> str:
    lines = "".join(
        f'<table width="98%"><tr><td><img src="d.gif"></td><td><a href="{r.href}">{r.title}</a></td><td align="right">{r.date:%Y-%m-%d}</td></tr></table>'
        for r in found
    )
    return page(f"<table><tr><td>{lines}</td></tr></table>", True)


def undated(found: Sequence[Row]) -> str:
    lines = "".join(f'<li><a href="{r.href}" title="{r.title}">{r.title}</a></li>' for r in found)
    return page(
        f'<div class="ej_list"><ul>{lines}</ul></div><div class="page"><a class="next" href="index_2.html">下页</a></div>'
    ).replace(SIDE, "")


def hanweb(found: Sequence[Row]) -> str:
    records = "".join(
        f'<record><![CDATA[<li><a href="{r.href}" title="{r.title}">{r.title}</a><b>{r.date}</b></li>]]></record>'
        for r in found
    )
    return page(
        f'<div><script type="text/xml"><datastore><nextgroup></nextgroup><recordset>{records}</recordset></datastore></script></div>'
    )


def feed(found: Sequence[Row]) -> str:
    items = "".join(
        f"<item><title>{r.title}</title><link>{r.href}</link><pubDate>{r.date:%a, %d %b %Y} 08:00:00 +0800</pubDate></item>"
        for r in found
    )
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>t</title>{items}</channel></rss>'


def reply(found: Sequence[Row]) -> str:
    rows_ = ",".join(
        f'{{"id":{n},"docTitle":"{r.title}","docPubUrl":"{r.href}","docRelTime":"{r.date} 08:00:00","views":{n * 7}}}'
        for n, r in enumerate(found)
    )
    return f'{{"code":200,"data":{{"total":99,"rows":[{rows_}],"columns":[{{"name":"政务公开"}},{{"name":"教育新闻"}}]}}}}'


LAYOUTS: dict[str, Callable[[Sequence[Row]], str]] = {
    f.__name__: f
    for f in (
        trs,
        search_system,
        tables,
        bracketed,
        split_days,
        definition,
        flat,
        whole_links,
        categories,
        by_script,
        by_fives,
        pictures,
        own_tables,
        undated,
        hanweb,
        feed,
        reply,
    )
}
