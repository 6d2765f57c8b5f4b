"""The cover of a 公文 (GB/T 9704): whom it is addressed to, who signed it and when."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from itertools import pairwise

from crawler.extraction import dates

_BODY = re.compile(
    r"(?!文[、字稿/|]|图[、/片|]|摄影|撰稿|供稿|来源|作者|制表)[^。；！？，,:：/|｜\t]{1,60}(?:厅|局|委|委员会|政府|办公室|办|部|院|会|组|中心|校|大学|学院|学校|中学|小学|馆|处|室|党组|党委|工委|团委|总站|站|所|社|公司|法院|银行|分行|支行|队|基金会|幼儿园|部门)\s?(?:[（(][^（）()]{1,20}[)）])?(?:\s?文件)?"
)
_WITH_DATE = re.compile(rf"({_BODY.pattern})\s+({dates.SIGNED.pattern})")
_DAMAGED = re.compile(r"(?:19|20)\d{4,6}日?印发")
"""年 and 月 got lost: still a signature's date line, but no date (2014122 is January 22 or December 2)."""
_ADDRESSED = re.compile(r"各|局|厅|委|政府|单位|学校|部门|大学|学院|司|处|院|办|公司|中心")
SIGNERS = 10
TOP = 14


@dataclass(frozen=True, slots=True)
class Signature:
    publisher: str | None
    date: dt.date | None


def find(body: list[str]) -> Signature | None:
    """The first signature: organisations, one a line, directly above a date. Of a cover and its plan, the cover's."""
    for i, line in enumerate(body):
        if len(line) > 90:
            continue
        both = _WITH_DATE.fullmatch(line)
        if both:
            return Signature(both[1].strip(), dates.day(dates.find(both[2])))
        damaged = _DAMAGED.fullmatch(line)
        if i == 0 or not (damaged or dates.SIGNED.fullmatch(line)):
            continue
        signers: list[str] = []
        for above in reversed(body[max(0, i - SIGNERS) : i]):
            if not _BODY.fullmatch(above) or above.endswith("文件"):
                break
            signers.insert(0, above)
        if signers:
            return Signature(" ".join(signers), None if damaged else dates.day(dates.find(line)))
    return None


def heads_cover(body: list[str]) -> str | None:
    """The offices on a line of their own over the work's title: “某市教育局” over “《2022年教育工作要点》”."""
    for line, title in pairwise(body[:5]):
        if (
            re.fullmatch(r"《[^《》]{4,80}》(?:的?通知)?", title)
            and len(line) <= 90
            and _BODY.fullmatch(line)
        ):
            return line.removesuffix("文件").strip()
    return None


def addressees(body: list[str]) -> str | None:
    """主送机关: the line near the top that names offices and ends with a colon."""
    for line in body[:TOP]:
        if (
            line.endswith(("：", ":"))
            and 4 <= len(line) <= 400
            and _ADDRESSED.search(line)
            and "。" not in line
        ):
            if re.match(r"附件|联系|[一二三四五六七八九十]+、|\d", line):
                continue
            return line
        if len(line) > 60 and "。" in line:
            return None
    return None
