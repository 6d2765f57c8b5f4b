"""Labelled values as pages print them over and under a text: “发布日期：2022-05-19”, “索 引 号 | 000014349/2022”.
One place knows the labels; reading a box and recognising its lines as no text of the document both come from it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from store.flow import Place

FIELDS = {
    "publisher": "发布机构 发文机关 发文机构 发布单位 公开主体 发布部门 制发机关 发文单位 公开责任部门 公开单位 发布机关 信息提供单位 发布主体",
    "document_number": "文号 发文字号 文件编号 文件号 发文文号 公文文号 文件文号 发布文号 发文号",
    "index_number": "索引号 信息索引 信息索引号 索取号",
    "issued_on": "成文日期 生成日期 发文日期 成文时间 发文时间 制发日期 签发日期 生成时间",
    "published_at": "发布日期 发布时间 发表时间 发布于 公开日期 公布日期 发稿时间 公开时间 上传时间 添加时间 录入时间 发表日期 加入时间 上传日期 信息时间",
    "time": "时间 日期 更新时间 更新日期",
    "source_label": "来源 信息来源 文章来源 稿源 稿件来源 内容来源 出处 资料来源 新闻来源",
    "title": "信息名称 名称 标题 文件名称",
    "": "主题分类 信息分类 信息类别 组配分类 公文种类 主题词 体裁分类 体裁 服务对象 有效性 公开方式 公开类别 公开形式 公开范围 "
    "公开时限 公开程序 关键词 关键字 内容概述 效力状态 生效日期 失效日期 废止日期 实施日期 浏览次数 阅读次数 点击数 点击率 点击量 "
    "访问量 浏览量 阅读量 访问次数 点击次数 浏览数 浏览 点击 阅读 作者 编辑 责任编辑 责编 审核 审核人 发布人 发布者 字体 字号 分类 主题 语种 信息状态 载体类型 "
    "记录形式 所属栏目 栏目 文件类型 效力 字体大小 分享 分享到 保护视力色 文字大小 视力保护色 人气 供稿 供稿单位 撰稿 撰稿人 通讯员 状态 公文时效 信息有效性 发布日期起 文件状态 性质 生成单位",
}
LABELS = {label: name for name, words in FIELDS.items() for label in words.split()}
_WORDS = "|".join(r"\s*".join(label) for label in sorted(LABELS, key=len, reverse=True))
_LABEL = re.compile(
    # spans without a blank between them run together (“2020-11-06来源：”, “某局发布日期：”)
    rf"(?:(?<=^)|(?<=[\s【\[|｜（(，,;；)\]】\d日次])|(?=发布日期|发布时间|浏览次数|点击次数|阅读次数|成文日期|字体|作者\s*[:：]|来源\s*[:：]))({_WORDS})\s*"
    r"(?:[:：]\s*|(?=(?:19|20)\d{2}\s?[-/.年]\s?\d{1,2}\s?[-/.月]))"
)
_BOX_WORDS = """索引号 发文字号 文件编号 成文日期 生成日期 发文日期 发布日期 发布机构 发文机关 主题分类 组配分类 体裁分类
信息分类 公文种类 有效性 信息名称 公开方式 公开类别 服务对象"""
_BOX = "|".join(r"\s*".join(label) for label in _BOX_WORDS.split())
_SPACED = re.compile(rf"({_BOX})(?:\s+(\S.{{0,80}}))?")
"""A box made of label and value beside each other, without a colon: only whole lines, only words of such boxes."""
_START = re.compile(
    r"[\s【\[（(|｜]*(?:(?:19|20)\d{2}\s?[-/.年]\s?\d{1,2}\s?[-/.月]\s?\d{1,2}\s?日?|\d{1,2}:\d{2}(?::\d{2})?|[:：\s|｜])*"
)
_VIEWED = re.compile(
    r"[\[【]?(?:19|20)\d{2}\s?[-/.年]\s?\d{1,2}\s?[-/.月]\s?\d{1,2}\s?日?[\s\d:：]{0,12}\s*次?\s*(?:浏览|阅读|点击).{0,3}"
)
"""A date and a count of views, alone on a line."""
_CELL = re.compile(rf"[【\[]?\s*({_WORDS})\s*[:：】\]]*")
_BOXED = frozenset(_BOX_WORDS.split()) - {"发布日期"} | {
    label
    for label, name in LABELS.items()
    if name in ("publisher", "document_number", "index_number", "issued_on")
}
LIMIT = 300
"""A line with labels is short; a longer one is prose in which a label's word occurs."""


def pairs(line: str) -> list[tuple[str, str]]:
    """(label without blanks, value) of each labelled value in a line; the value may be empty."""
    return [] if len(line) > LIMIT else [*_pairs(line)]


@lru_cache(maxsize=1024)
def _pairs(line: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    cells = [cell.strip() for cell in line.split("\t")]
    spaced = _SPACED.fullmatch(line) if len(cells) == 1 else None
    if spaced:
        return [(_bare(spaced[1]), _trim(spaced[2] or ""))]
    skip = False
    for here, after in zip(cells, [*cells[1:], ""], strict=True):
        if skip:
            skip = False
            continue
        alone = _CELL.fullmatch(here)
        if alone and len(cells) > 1:
            found.append((_bare(alone[1]), _trim(after)))
            skip = True
        else:
            found.extend(_in_cell(here))
    return found


def _in_cell(text: str) -> list[tuple[str, str]]:
    marks = list(_LABEL.finditer(text))
    ends = [*(m.start() for m in marks[1:]), len(text)][: len(marks)]
    return [(_bare(m[1]), _trim(text[m.end() : end])) for m, end in zip(marks, ends, strict=True)]


def alone(line: str) -> str | None:
    """The label, if the line is nothing else: its value stands in the next line."""
    match = _CELL.fullmatch(line) if len(line) <= 20 else None
    return _bare(match[1]) if match and (line[-1] in ":：】]") else None


def expects_value(line: str) -> bool:
    """A label alone that a box prints over its value; “分享到：” or “字体：” is followed by buttons or nothing."""
    label = alone(line)
    return label is not None and (LABELS[label] != "" or label in _BOX_WORDS.split())


def is_info(line: str) -> bool:
    """A line of labelled values and nothing before them: it starts with a label or with a date."""
    if len(line) > LIMIT:
        return False
    if _VIEWED.fullmatch(line):
        return True
    found = pairs(line)
    if not found:
        return False
    if _SPACED.fullmatch(line):
        return True
    start = _START.match(line)
    rest = line[start.end() :] if start else line
    first = _LABEL.match(rest) or _CELL.match(rest)
    return first is not None and ("\t" in line or _LABEL.search(line) is not None)


def read(lines: Iterable[str]) -> dict[str, str]:
    """field → first value that is not empty, over the lines of a page's head."""
    return {name: value for name, (value, _) in locate(lines).items()}


def locate(lines: Iterable[str]) -> dict[str, tuple[str, Place]]:
    """As `read`, and with each value whether a metadata box or an info line has it."""
    found: dict[str, tuple[str, Place]] = {}
    pending: str | None = None
    read_lines = [(line, pairs(line)) for line in lines]
    has_box = any(label in _BOXED for _, here in read_lines for label, _ in here)
    for line, here in read_lines:
        if pending is not None and not here and alone(line) is None:
            found.setdefault(LABELS[pending], (line.strip(), "box"))
        pending = alone(line)
        # the date of publication stands in both
        boxed = any(label in _BOXED for label, _ in here) or (
            has_box and ("\t" in line or _SPACED.fullmatch(line) is not None)
        )
        for label, value in here:
            if value and LABELS[label]:
                found.setdefault(LABELS[label], (value, "box" if boxed else "info"))
    return found


def _bare(label: str) -> str:
    return re.sub(r"\s", "", label)


def _trim(value: str) -> str:
    return value.strip(" \t|｜【】[]，,；;、·").strip()
