"""Labelled texts moved into page layouts that they never stood in: what a reading is worth on sites not seen.

Each layout is made after a family of content systems, with its own names, its own place for title, date and source, and
furniture of its own around the text: menus, boxes of other documents with their dates, pagers, sharing, footers.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import Any

from lxml import etree

from crawler.extraction import parse

COLUMNS = [
    "通知公告",
    "政策文件",
    "规划计划",
    "工作动态",
    "教育要闻",
    "政务公开",
    "重点领域信息公开",
    "法定主动公开内容",
]
SITES = [
    "云溪县人民政府",
    "云溪区教育局",
    "临川市教育和体育局",
    "东港大学",
    "云溪市第一中学",
    "云溪教育网",
    "南山教育信息网",
]
OTHERS = [
    "云溪区召开春季学期中小学校长会议",
    "关于做好2023年义务教育阶段学校招生入学工作的通知",
    "一图读懂：云溪区学前教育发展提升行动计划",
    "局领导带队检查校园食品安全工作",
    "云溪区2022年教育工作总结",
    "关于公布2021年度优秀教师名单的公示",
    "全区师德师风建设推进会召开",
    "云溪市教育局2023年部门预算公开",
]
MENU = ["首页", "机构概况", "新闻中心", "政务公开", "办事服务", "互动交流", "专题专栏", "招生考试"]

BEFORE = [
    "",
    '<div class="tool"><span>【字体：</span><a>大</a> <a>中</a> <a>小</a><span>】</span> <a>打印</a></div>',
    '<p>分享到：<a title="微信">微信</a> <a>新浪微博</a> <a>QQ空间</a></p>',
    '<div class="listen"><span>语音播报</span><span>听全文</span></div>',
    '<div id="tip">您访问的链接即将离开本网站，是否继续？ <a>继续访问</a> <a>放弃</a></div>',
    '<p class="src">本文已影响 1024 人</p>',
    "<p>无障碍阅读</p><p>关怀版</p>",
]
AFTER = [
    "",
    '<div class="bj">责任编辑：李四</div>',
    "<div>（责任编辑：李四 审核：王五）</div>",
    '<p>扫一扫在手机打开当前页</p><p><img src="q.png"></p>',
    '<p>本文链接：<a href="http://www.example.gov.cn/a.html">http://www.example.gov.cn/a.html</a></p>',
    "<p>免责声明：本网转载的文章，版权归原作者所有，如有侵权请联系删除。</p>",
    "<div>分享到：<a>微信</a><a>微博</a></div><div>【打印本页】 【关闭窗口】</div>",
    '<div class="xgjd"><p>相关解读：</p><p><a href="/j.html">《云溪区学前教育发展提升行动计划》政策解读</a></p></div>',
    "<div>网友评论</div><div>暂无评论</div><div>发表评论</div>",
    "<div>您觉得这篇文章：</div><div>有用(0) 没用(0)</div>",
    "<p>返回顶部</p><p>我要纠错</p>",
    "<div>版权所有：云溪区教育局 未经许可不得转载</div>",
    "<p>下一篇：没有了</p>",
]


@dataclass(frozen=True)
class Moved:
    """What a layout is filled with; `body` is HTML, `day` as YYYY-MM-DD."""

    title: str
    day: str
    source: str
    body: str
    site: str
    column: str
    chance: random.Random

    @property
    def words(self) -> str:
        """2024年3月5日"""
        year, month, day = self.day.split("-")
        return f"{year}年{int(month)}月{int(day)}日"

    @property
    def clock(self) -> str:
        return f"{self.chance.randint(8, 18):02}:{self.chance.randint(0, 59):02}"

    def other_day(self) -> str:
        return (
            f"20{self.chance.randint(18, 25)}-{self.chance.randint(1, 12):02}-{self.chance.randint(1, 28):02}"
        )

    def menu(self, tag: str = "li") -> str:
        return "".join(f'<{tag}><a href="/{i}/">{name}</a></{tag}>' for i, name in enumerate(MENU))

    def others(self, form: str = '<li><a href="{href}">{title}</a><span>{day}</span></li>') -> str:
        titles = self.chance.sample(OTHERS, 5)
        return "".join(
            form.format(href=f"/x/{i}.html", title=title, day=self.other_day())
            for i, title in enumerate(titles)
        )

    @property
    def footer(self) -> str:
        return (
            f"主办：{self.site} 承办：{self.site}办公室<br>地址：云溪区育才路1号 邮编：000000 电话：000-0000000<br>"
            "备案号：云ICP备00000000号-1 网站标识码：0000000001 云公网安备 00000000000000号"
        )


def trs(m: Moved) -> str:
    return f"""<div class="header"><div class="logo"><img src="/l.png"></div><ul class="nav">{m.menu()}</ul></div>
<div class="main w1200"><div class="dqwz">您的位置：<a href="/">首页</a> &gt; <a href="../">{m.column}</a></div>
<div class="xl-con"><div class="xl-bt">{m.title}</div><div class="xl-xx"><span>发布时间：{m.day} {m.clock}</span><span>来源：{m.source}</span>
<span>字号：<a onclick="f(1)">大</a> <a onclick="f(2)">中</a> <a onclick="f(3)">小</a></span><span>浏览次数：<em id="cnt"></em></span></div>
<div class="view TRS_UEDITOR trs_paper_default trs_web">{m.body}</div>
<div class="xl-gn"><a href="javascript:window.print()">【打印本页】</a><a href="javascript:window.close()">【关闭窗口】</a></div></div></div>
<div class="footer">{m.footer}</div>"""


def hanweb(m: Moved) -> str:
    return f"""<table width="1000" align="center"><tr><td><table><tr>{m.menu("td")}</tr></table></td></tr>
<tr><td>当前位置：<a href="/index.html">首页</a> &gt;&gt; <a href="/col/col1/index.html">{m.column}</a></td></tr></table>
<table width="1000" align="center" id="article"><tr><td align="center" class="title"><!--<$[标题名称(html)]>begin-->{m.title}<!--<$[标题名称(html)]>end--></td></tr>
<tr><td align="center"><table width="90%"><tr><td>发布日期：{m.day}</td><td>来源：{m.source}</td><td>浏览次数：<script>document.write(1)</script></td>
<td>字号：[ <a>大</a> <a>中</a> <a>小</a> ]</td></tr></table></td></tr>
<tr><td class="bt_content"><div><!--ZJEG_RSS.content.begin--><meta name="ContentStart"/>{m.body}<meta name="ContentEnd"/><!--ZJEG_RSS.content.end--></div></td></tr>
<tr><td align="right"><a>打印本页</a> <a>关闭窗口</a></td></tr></table>
<table width="1000" align="center"><tr><td align="center">{m.footer}</td></tr></table>"""


def siteserver(m: Moved) -> str:
    return f"""<div class="top"><h1><a href="/">{m.site}</a></h1><ul>{m.menu()}</ul></div>
<div class="left"><h3>{m.column}</h3><ul>{m.others()}</ul></div>
<div class="right"><div class="curr">首页 &gt; {m.column} &gt; 正文</div><div class="bt"><p>{m.title}</p></div>
<div class="sj">时间：{m.day} 点击：<span>35</span> 作者：{m.source}</div><div class="nr">{m.body}</div>
<div class="sxp">上一篇：<a href="/a.html">{OTHERS[0]}</a><br>下一篇：<a href="/b.html">{OTHERS[1]}</a></div></div><div class="bottom">{m.footer}</div>"""


def guangdong(m: Moved) -> str:
    return f"""<header><div class="nav"><ul>{m.menu()}</ul></div></header><div class="content-box"><div class="breadcrumb"><a>首页</a> <span>&gt;</span> <a>{m.column}</a></div>
<div class="article-content"><h3 class="article-title">{m.title}</h3><div class="date-row"><span>发布日期：{m.day} {m.clock}:00</span> <span class="ly">来源：{m.source}</span>
<span>【字体：<i>大</i> <i>中</i> <i>小</i>】</span> <span class="share-box">分享到：</span></div><div class="article-body">{m.body}</div>
<div class="article-tools"><span>打印</span><span>关闭</span></div></div>
<div class="related"><h4>相关文件</h4><ul>{m.others()}</ul></div></div><footer>{m.footer}</footer>"""


def lonsun(m: Moved) -> str:
    box = "".join(
        f"<tr><th>{a}：</th><td>{b}</td><th>{c}：</th><td>{d}</td></tr>"
        for a, b, c, d in [
            ("索 引 号", "003000/202401-00012", "组配分类", m.column),
            ("发布机构", m.source, "主题分类", "科技、教育"),
            ("名    称", m.title, "文    号", ""),
            ("生成日期", m.day, "发布日期", m.day),
        ]
    )
    return f"""<div class="wrap"><div class="nav">{m.menu("span")}</div><div class="position"><a>首页</a>&gt;<a>政府信息公开</a>&gt;<a>{m.column}</a></div>
<div class="g-xxgk"><table class="table_suoyin">{box}</table><h1 class="wztit">{m.title}</h1>
<div class="wzfbxx"><span>阅读次数：<b id="h">加载中</b></span><span>信息来源：{m.source}</span><span>发布时间：{m.day} {m.clock}</span></div>
<div class="j-fontContent newscontnet minh500">{m.body}</div><div class="wztool"><a>打印</a><a>收藏</a></div></div></div><div class="foot">{m.footer}</div>"""


def vsb(m: Moved) -> str:
    return f"""<div class="header"><a href="/">{m.site}</a></div><div class="menu"><ul>{m.menu()}</ul></div>
<div class="n_right"><div class="n_tit"><h3>{m.column}</h3><span>您的位置: <a>首页</a> &gt; <a>{m.column}</a> &gt; 正文</span></div>
<form name="_newscontent_fromname"><div class="content-c"><h2 align="center">{m.title}</h2><div align="center" style="color:#999">{m.words} {m.clock}  {m.source} 点击：[<span id="dynclicks">120</span>]</div>
<div id="vsb_content_1025_u7"><div class="w_news">{m.body}</div></div><p align="right">【<a href="javascript:window.close()">关闭</a>】</p></div></form>
<div>上一条：<a href="1.htm">{OTHERS[2]}</a></div><div>下一条：<a href="2.htm">{OTHERS[3]}</a></div></div><div class="footer">{m.footer}</div>"""


def webplus(m: Moved) -> str:
    return f"""<div id="l-header"><div class="site-name">{m.site}</div><ul class="wp-menu">{m.menu()}</ul></div>
<div class="infobox"><div class="article"><h1 class="arti-title">{m.title}</h1><p class="arti-metas"><span>发布者：{m.source}</span><span>发布时间：{m.day}</span><span>浏览次数：<i>10</i></span></p>
<div class="entry"><div class="read"><div class='wp_articlecontent'>{m.body}</div></div></div></div></div><div id="footer">{m.footer}</div>"""


def dede(m: Moved) -> str:
    return f"""<div class="nav">{m.menu("span")}</div><div class="place"><strong>当前位置:</strong> <a>主页</a> &gt; <a>{m.column}</a> &gt;</div>
<div class="viewbox"><div class="title"><h2>{m.title}</h2></div><div class="info"><small>时间:</small>{m.day} {m.clock}<small>来源:</small>{m.source}<small>作者:</small>admin<small>点击:</small>88次</div>
<div class="content"><table><tr><td>{m.body}</td></tr></table></div><div class="newdigg">顶一下 (0) 踩一下 (0)</div><div class="boxoff">------分隔线----------------------------</div></div>
<div class="sidebar"><dl><dt>热点内容</dt>{m.others('<dd><a href="{href}">{title}</a></dd>')}</dl></div><div class="footer">{m.footer}</div>"""


def ucap(m: Moved) -> str:
    return f"""<div class="header"><div class="nav">{m.menu("a")}</div></div><div class="BreadcrumbNav"><a>首页</a>&gt;<a>{m.column}</a>&gt;正文</div>
<div class="article oneColumn"><h1>{m.title}</h1><div class="pages-date">{m.day} {m.clock} <span class="font">来源： {m.source}</span>
<div class="pages_print"><span>字体：</span><span>默认</span><span>大</span><span>超大</span>|<span>打印</span>|</div></div>
<div class="pages_content mhide"><p class="share"></p>{m.body}</div><div class="editor"><span>责任编辑：张三</span></div></div><div class="footer">{m.footer}</div>"""


def aspnet(m: Moved) -> str:
    return f"""<form method="post" action="./show.aspx" id="form1"><input type="hidden" name="__VIEWSTATE" value="{"x" * 300}">
<table width="980" align="center" cellspacing="0"><tr><td colspan="2">{m.menu("span")}</td></tr>
<tr><td width="220" valign="top"><table><tr><td><b>最新公告</b></td></tr>{m.others('<tr><td>·<a href="{href}">{title}</a></td><td>{day}</td></tr>')}</table></td>
<td valign="top"><table width="100%"><tr><td align="center" style="font-size:20px"><span id="lblTitle"><b>{m.title}</b></span></td></tr>
<tr><td align="center"><span id="lblDate">{m.day.replace("-", "/")} {m.clock}:02</span>&nbsp;&nbsp;<span id="lblFrom">{m.source}</span>&nbsp;&nbsp;已阅<span>21</span>次</td></tr>
<tr><td><span id="lblContent">{m.body}</span></td></tr></table></td></tr><tr><td colspan="2" align="center">{m.footer}</td></tr></table></form>"""


def bootstrap(m: Moved) -> str:
    return f"""<nav class="navbar"><ul class="nav navbar-nav">{m.menu()}</ul></nav><div class="container"><ol class="breadcrumb"><li>首页</li><li>{m.column}</li><li class="active">{m.title}</li></ol>
<div class="row"><div class="col-md-9"><div class="panel"><div class="panel-heading text-center"><h4>{m.title}</h4><p class="text-muted">{m.source} | {m.day} | 阅读 128</p></div>
<div class="panel-body">{m.body}</div></div></div><div class="col-md-3"><div class="panel"><div class="panel-heading">推荐阅读</div><ul class="list-group">{m.others()}</ul></div></div></div></div>
<footer class="container text-center">{m.footer}</footer>"""


def hashed(m: Moved) -> str:
    names = [f"_{m.chance.getrandbits(28):07x}" for _ in range(9)]
    return f"""<div id="app"><div class="{names[0]}"><ul class="{names[1]}">{m.menu()}</ul></div><div class="{names[2]}"><div class="{names[3]}">{m.title}</div>
<div class="{names[4]}"><span>{m.day}</span><span>{m.source}</span></div><div class="{names[5]}">{m.body}</div></div>
<div class="{names[6]}"><div class="{names[7]}">热门资讯</div><ul>{m.others()}</ul></div><div class="{names[8]}">{m.footer}</div></div>"""


def wordpress(m: Moved) -> str:
    return f"""<header class="site-header"><p class="site-title"><a href="/" rel="home">{m.site}</a></p><ul id="menu">{m.menu()}</ul></header>
<main id="main"><article class="post type-post hentry"><header class="entry-header"><h1 class="entry-title">{m.title}</h1><div class="entry-meta">由 <a>{m.source}</a> 发布于 <time datetime="{m.day}T{m.clock}:00+08:00">{m.words}</time></div></header>
<div class="entry-content">{m.body}</div><footer class="entry-footer">发表在 <a>{m.column}</a></footer></article>
<nav class="post-navigation"><a href="/1">上一篇 {OTHERS[1]}</a> <a href="/2">下一篇 {OTHERS[2]}</a></nav></main>
<aside id="secondary"><section><h2>近期文章</h2><ul>{m.others('<li><a href="{href}">{title}</a></li>')}</ul></section></aside><footer>{m.footer}</footer>"""


def mobile(m: Moved) -> str:
    return f"""<div class="m-top"><a class="back" href="/">返回</a><span>{m.column}</span></div><div class="m-article"><div class="tt">{m.title}</div>
<div class="tm"><span>{m.source}</span>&nbsp;<span>{m.words}</span></div><div class="txt" id="txt">{m.body}</div><div class="m-share">扫一扫在手机打开当前页</div></div><div class="m-foot">{m.footer}</div>"""


def info_below(m: Moved) -> str:
    return f"""<div class="hd"><ul>{m.menu()}</ul></div><div class="bd"><div class="pos">当前位置：{m.site} &gt; {m.column}</div><div class="det"><h2>{m.title}</h2><div class="c">{m.body}</div>
<div class="inf"><p>来源：{m.source}</p><p>发布日期：{m.day}</p></div><div class="lk"><span>相关链接</span><ul>{m.others()}</ul></div></div></div><div class="ft">{m.footer}</div>"""


def labelled_rows(m: Moved) -> str:
    rows = "".join(
        f'<li><b>{label}：</b><span>{value}</span></li>'
        for label, value in [
            ("信息名称", m.title), ("信息索引", "360A05-07-2024-0003-1"), ("生成日期", m.day), ("发布日期", m.day), ("发文机构", m.source),
            ("信息类别", m.column), ("内容概述", m.title),
        ]
    )  # fmt: skip
    return f"""<div class="nav">{m.menu("a")}</div><div class="wz">首页&gt;公开&gt;{m.column}</div><div class="xxgk-info"><ul>{rows}</ul></div>
<div class="xxgk-cont"><h1>{m.title}</h1><div class="xxgk-text">{m.body}</div></div><div class="copyright">{m.footer}</div>"""


def calendar(m: Moved) -> str:
    year, month, day = m.day.split("-")
    return f"""<div class="top">{m.menu("span")}</div><div class="news"><div class="date"><b>{day}</b><i>{year}-{month}</i></div><div class="head"><h3>{m.title}</h3>
<p>文章来源：{m.source}&emsp;发表时间：{m.day}&emsp;【<a>打印</a>】【<a>关闭</a>】</p></div><div class="text">{m.body}</div></div><div class="list"><h3>最新动态</h3><ul>{m.others()}</ul></div><div class="bq">{m.footer}</div>"""


def font_tags(m: Moved) -> str:
    return f"""<center><font size="5">{m.site}</font></center><table width="100%"><tr>{m.menu("td")}</tr></table><table width="760" align="center"><tr><td>
<p align="center"><font size="4" color="red"><b>{m.title}</b></font></p><p align="center"><font size="2">[ 作者：{m.source}    更新时间：{m.day}    点击数：{m.chance.randint(10, 999)} ]</font></p><hr>
{m.body}<hr><p align="right"><a href="javascript:history.back()">【返回】</a></p></td></tr></table><center>{m.footer}</center>"""


def tabbed(m: Moved) -> str:
    return f"""<div class="banner"><h1 class="logo">{m.site}</h1></div><div class="tabs"><ul>{m.menu()}</ul></div><div class="hot"><h2>公告</h2><ul>{m.others()}</ul></div>
<div class="box"><div class="box-t"><h2>{m.column}</h2></div><div class="box-c"><p class="t1">{m.title}</p><p class="t2">{m.day.replace("-", ".")}　{m.source}</p><div class="t3">{m.body}</div></div></div>
<div class="xg"><h2>相关阅读</h2><ul>{m.others()}</ul></div><div class="b">{m.footer}</div>"""


LAYOUTS: tuple[Callable[[Moved], str], ...] = (
    trs, hanweb, siteserver, guangdong, lonsun, vsb, webplus, dede, ucap, aspnet, bootstrap, hashed, wordpress, mobile,
    info_below, labelled_rows, calendar, font_tags, tabbed,
)  # fmt: skip


def surrounded(body: str, chance: random.Random) -> str:
    """The text with what systems put into the same box, before and after it."""
    before = chance.sample(BEFORE, 2)
    after = chance.sample(AFTER, 3)
    return f"{''.join(before)}{body}{''.join(after)}"


def page(layout: Callable[[Moved], str], moved: Moved) -> str:
    """The whole page; what its head says of the document is a matter of chance, as it is on the web."""
    chance = moved.chance
    title = chance.choice(
        [
            f"{moved.title}-{moved.column}-{moved.site}",
            f"{moved.title}_{moved.site}",
            f"{moved.site}-{moved.title}",
            moved.title,
            moved.site,
            f"{moved.column}-{moved.site}",
            f"{moved.column} | {moved.site}",
            "",
        ]
    )
    metas = {
        "full": {
            "SiteName": moved.site, "ColumnName": moved.column, "ArticleTitle": moved.title,
            "PubDate": f"{moved.day} {moved.clock}", "ContentSource": moved.source,
        },
        "site": {"SiteName": moved.site, "ColumnName": moved.column, "Keywords": "教育,政务公开", "Description": moved.site},
        "none": {},
    }[chance.choice(["full", "site", "site", "none", "none"])]  # fmt: skip
    head = "".join(f'<meta name="{name}" content="{escape(value)}">' for name, value in metas.items())
    return f'<!DOCTYPE html><html><head><meta charset="utf-8"><title>{title}</title>{head}</head><body>{layout(moved)}</body></html>'


def moved(html: str, gold: dict[str, Any], seed: int, count: int) -> list[tuple[str, str]]:
    """(layout's name, page) of a labelled page's text in some of the layouts, each with what systems put round it; none
    where its label has no day or its container is not found. The same seed gives the same pages."""
    found = [place for path in gold["selector"].split(" + ") for place in parse(html).xpath(path)]
    day = str(gold["published_at"] or "")[:10]
    if not found or len(day) < len("2024-03-05"):
        return []
    body = "".join(
        etree.tostring(place, encoding="unicode", method="html", with_tail=False) for place in found
    )
    pages = []
    for layout in random.Random(f"{seed} {gold['file']}").sample(LAYOUTS, count):
        chance = random.Random(f"{seed} {gold['file']} {layout.__name__}")
        source = gold["source_label"] or chance.choice(["办公室", "云溪区教育局", "基础教育科"])
        filled = Moved(
            gold["title"],
            day,
            source,
            surrounded(body, chance),
            chance.choice(SITES),
            chance.choice(COLUMNS),
            chance,
        )
        pages.append((layout.__name__, page(layout, filled)))
    return pages
