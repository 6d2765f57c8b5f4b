"""A plan as an outline, and what a difference tells of it, for the tests of `store.diff`."""

from __future__ import annotations

import re
from collections.abc import Iterable

from store.diff import diff_outlines
from store.flow import ItemChange, Node

LABELS = (r"[一二三四五六七八九十]+[、.．]", r"[（(][一二三四五六七八九十]+[）)]", r"\d{1,3}[.．、](?!\d)")

PLAN = """
　　2022年是“十四五”规划的关键之年。全市教育工作坚持稳中求进，办好人民满意的教育。
一、发展基础
　　教育总体水平稳步提高。学前三年毛入园率达到89.5%，九年义务教育巩固率达到95%。
　　教育公平迈上新台阶。全市提前两年通过县域义务教育基本均衡验收；资助困难学生4万人次。
二、重点任务
（一）建设高质量基础教育体系
1.推进学前教育普及普惠。新建公办幼儿园12所，公办园在园幼儿占比达到55%以上。
2.落实“双减”任务。全面压减作业总量，学科类培训机构压减率保持在90%以上。
3.提升县域普通高中办学水平。实施县中提升计划，建立城乡结对帮扶机制。
（二）增强职业教育适应性
4.优化专业布局。对接主导产业调整专业20个，撤销招生困难专业5个。
5.深化产教融合。培育产教融合型企业10家，建设市域联合体1个。
三、组织保障
（一）加强党的领导
6.健全领导体制。推行中小学校党组织领导的校长负责制。
（二）加大投入力度
7.落实财政责任。保证一般公共预算教育支出只增不减。
　　各县区要于3月底前将实施方案报市教育局备案。
"""


def plan(text: str) -> tuple[Node, ...]:
    """Lines to an outline: 一、 / （一） / 1. / unnumbered, which hang on the last heading."""
    root: list[Node] = []
    stack: list[tuple[int, list[Node]]] = [(0, root)]
    made: list[tuple[list[Node], int, str | None, int, str, list[Node]]] = []
    for line in filter(None, map(str.strip, text.splitlines())):
        found = next(((k + 1, m) for k, p in enumerate(LABELS) if (m := re.match(p, line))), None)
        level, label, words = (found[0], found[1][0], line[found[1].end() :]) if found else (9, None, line)
        while stack[-1][0] >= min(level, 3):
            stack.pop()
        children: list[Node] = []
        made.append((stack[-1][1], len(stack[-1][1]), label, len(stack), words, children))
        stack[-1][1].append(Node(label, len(stack), None, words))
        if label:
            stack.append((level, children))
    for siblings, at, label, depth, words, children in reversed(made):
        heading = words.split("。")[0] if label else None
        siblings[at] = Node(label, depth, heading, words, tuple(children))
    return tuple(root)


def edited(*replacements: tuple[str, str], of: str = PLAN) -> str:
    for old, new in replacements:
        assert of.count(old) == 1, old
        of = of.replace(old, new)
    return of


def changes(after: str, before: str = PLAN) -> tuple[ItemChange, ...]:
    return diff_outlines(plan(before), plan(after))


def told(items: Iterable[ItemChange]) -> list[tuple[str, str | None, str | None]]:
    return [(item.op, item.old_path, item.new_path) for item in items]


def marked(item: ItemChange) -> tuple[list[str], list[str]]:
    old, new = item.old or "", item.new or ""
    return [old[s.start : s.end] for s in item.old_spans], [new[s.start : s.end] for s in item.new_spans]
