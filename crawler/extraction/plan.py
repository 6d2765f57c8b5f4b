"""What a title says of the plan: its kind and the years that it covers."""

from __future__ import annotations

import re

from store.flow import Period

KINDS = (
    "工作要点", "工作计划", "工作安排", "工作意见", "发展规划", "专项规划", "行动计划", "实施方案", "工作方案",
    "实施意见", "行动方案", "重点任务", "任务清单", "规划纲要", "发展纲要", "三年规划", "五年规划", "建设规划", "总体规划",
    "事业规划", "布局规划", "教育规划", "规划", "计划", "要点",
)  # fmt: skip
_BEHIND = re.compile(
    r"(?:[（(〔\[【][^（(）)]{0,20}[)）〕\]】]|的?(?:通知|公告|函|批复|通告|决定)|全文|》|\s|[.。!！”\"])+$"
)
_WORK = re.compile(r"《([^《》]{4,120})》(?:的?(?:通知|公告|函|批复|通告|决定))?(?:[（(].{0,20}[)）])?$")
"""The work that a notice hands down; a 解读 of it, or a report on it, is none."""
_NAMED = re.compile(r"[“\"「]?十[一二三四五六七]?五[”\"」]|第十[一二三四五六七]?个五年")
_SIMPLE = str.maketrans("點計劃畫規發業專項動實見務", "点计划划规发业专项动实见务")
_FIVE_YEAR = re.compile(
    r"(?<![一二三四五六七八九])(?:[“\"「]\s*)?(十[一二三四五六七]?)五(?=[”\"」期规发教时]|\s|$)"
)
_SPAN = re.compile(r"(?<!\d)((?:19|20)\d{2})\s?年?\s?(?:[-—–－~～至到]|——)+\s?((?:19|20)?\d{2})(?!\d)")
_YEAR = re.compile(r"(?<![\d*])((?:19|20)\d{2})\s?(?:年度|学年|年(?!\s?\d{1,2}\s?月))")
_OPENING = re.compile(r"((?:19|20)\d{2})年(?!\s?\d{1,2}\s?月).{0,40}工作")
LONGEST = 20
"""No plan covers more years; a longer span is a history or a misprint."""


def kind_of(title: str | None) -> str | None:
    """The word for the kind that the title, or the work that it names in 《》, ends with."""
    if not title:
        return None
    plain = title.translate(_SIMPLE)
    work = _WORK.search(plain)
    for text in (plain, work[1] if work else ""):
        found = _ending(_NAMED.sub("", text))
        if found:
            return found
    return None


def _ending(text: str) -> str | None:
    end = text.strip()
    for _ in range(4):  # brackets, 》 and 的通知 may stand behind one another
        found = next((kind for kind in KINDS if end.endswith(kind)), None)
        if found:
            return found if len(found) > 2 else None
        shorter = _BEHIND.sub("", end)
        if shorter == end:
            return None
        end = shorter
    return None


def opening_period(text: str) -> Period | None:
    """The year that opens a plan: “2024年，全市教育工作的总体要求是…”."""
    for line in text.split("\n")[:12]:
        opening = _OPENING.match(line) if len(line) > 30 else None
        if opening:
            return Period(int(opening[1]), int(opening[1]))
    return None


def period_of(title: str | None) -> Period | None:
    """The years that the title names."""
    title = title or ""
    span = _SPAN.search(title)
    if span:
        start = int(span[1])
        end = int(span[2]) if len(span[2]) == 4 else int(span[1][:2] + span[2])
        if start <= end <= start + LONGEST:
            return Period(start, end)
    plan = _FIVE_YEAR.search(title)
    if plan:
        # the first ran 1953–1957, those since the third (1966) in steps of five: the fourteenth 2021–2025
        count = 10 + "一二三四五六七".find(plan[1][1:]) + 1 if len(plan[1]) > 1 else 10
        return Period(1951 + 5 * count, 1955 + 5 * count)
    # “2022年总结和2023年工作计划”: the year next before the kind
    end = max((title.rfind(kind) for kind in KINDS[:12]), default=-1)
    years = [int(m[1]) for m in _YEAR.finditer(title) if end < 0 or m.start() < end] or [
        int(m[1]) for m in _YEAR.finditer(title)
    ]
    return Period(years[-1], years[-1]) if years else None
