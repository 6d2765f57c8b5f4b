"""Pages of a site as monitors meet it: lists with twenty links each, articles of some 28 KB of which 12 KB are text."""

from __future__ import annotations

import random
from pathlib import Path

from bench.corpus import ENDS, THINGS, VERBS

ON_A_LIST = 20
# Ten thousand clauses with the verbs and the things: two plans share some phrases, as real ones do, and no more.
MEANS = [
    "长效机制",
    "责任清单",
    "年度台账",
    "操作指南",
    "评估办法",
    "结对帮扶",
    "专家指导",
    "数据平台",
    "试点项目",
    "经费保障",
    "专题研修",
    "联席会议",
    "典型案例",
    "督查制度",
    "资源库",
    "家校协作",
    "安全预案",
    "达标行动",
    "教研共同体",
    "档案管理",
]
LISTED = '<li><a href="/a/{n}.html" title="{title}">{title}</a><span>{date}</span></li>\n'


def write(www: Path, count: int) -> list[str]:
    """The whole site; returns the paths of its articles."""
    (www / "a").mkdir()
    (www / "list").mkdir()
    for n in range(count):
        (www / "a" / f"{n}.html").write_text(article(n), encoding="utf-8")
    pages = range(0, count, ON_A_LIST)
    for number, first in enumerate(pages, 1):
        lines = "".join(
            LISTED.format(n=n, title=title(n), date=date(n))
            for n in range(first, min(first + ON_A_LIST, count))
        )
        following = (
            f'<a class="next" href="/list/{number + 1}.html">下一页</a>' if number < len(pages) else ""
        )
        html = f"{HEAD.format(title='教育工作计划')}<ul class='list'>{lines}</ul>{following}{FOOT}"
        (www / "list" / f"{number}.html").write_text(html, encoding="utf-8")
    return [f"/a/{n}.html" for n in range(count)]


def change(www: Path, count: int) -> int:
    """One in a hundred articles gets another figure; returns how many."""
    changed = range(0, count, 100)
    for n in changed:
        (www / "a" / f"{n}.html").write_text(article(n, edited=True), encoding="utf-8")
    return len(changed)


def title(n: int) -> str:
    return f"云溪市教育局{2016 + n % 10}年第{n + 1}号工作计划"


def date(n: int) -> str:
    return f"{2016 + n % 10}-{1 + n % 12:02}-{1 + n % 28:02}"


def article(n: int, *, edited: bool = False) -> str:
    chance = random.Random(n)
    lines = [f"<p>（{at}）{_item(chance)}</p>" for at in range(1, 29)]
    if edited:
        lines[5] = lines[5].replace("个，", "1个，", 1)
    return (
        f"{HEAD.format(title=title(n))}<h1>{title(n)}</h1><div class='meta'>发布日期：{date(n)}　来源：办公室</div>"
        f"<div id='article'>{''.join(lines)}</div>{FOOT}"
    )


def _item(chance: random.Random) -> str:
    clauses = (
        f"{chance.choice(VERBS)}{chance.choice(THINGS)}{chance.choice(MEANS)}，投入{chance.randrange(1, 9000)}个，"
        f"{chance.choice(ENDS)}"
        for _ in range(6)
    )
    return "；".join(clauses) + "。"


_STYLE = "".join(
    f".c{k}{{margin:{k % 9}px;padding:{k % 7}px;color:#{k * 97 % 4096:03x}}}\n" for k in range(90)
)
_MENU = "".join(
    f'<li class="c{k % 90}"><a href="/channel/{k}/">{thing}</a></li>\n' for k, thing in enumerate(THINGS)
)
_ASIDE = "".join(
    f'<li class="c{k}"><a href="/other/{k}.html">关于{THINGS[k % 25]}的通知（{k}）</a><span>2026-0{k % 9 + 1}-11</span></li>\n'
    for k in range(50)
)
HEAD = (
    '<!DOCTYPE html>\n<html lang="zh-CN"><head><meta charset="utf-8"><title>{title}</title><style>'
    + _STYLE.replace("{", "{{").replace("}", "}}")
    + f"</style></head><body><div class='header'><ul>{_MENU}</ul></div>"
)
FOOT = (
    f"<div class='side'><h3>相关信息</h3><ul>{_ASIDE}</ul></div><div class='footer'>主办单位：云溪市教育局　版权所有　"
    "联系电话：000-00000000</div></body></html>\n"
)
