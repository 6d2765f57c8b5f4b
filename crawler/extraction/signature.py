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
_SENTENCE = re.compile(
    r"如下|下列|以下|下述|应当|本次|欢迎|今天|《|^(?:现将|现就|根据|按照|依据|为了?[^，,]{2,40}[，,]|经(?![济开贸])[^，,]{1,30}[，,]|第[一二三四五六七八九十\d]+条)"
)
"""What opens a text or a list and ends with a colon too; a line of addressees names offices and says nothing."""
_COUNTED = re.compile(r"\d{1,2}\s?[.．、]")
_AFTER_DATE = re.compile(
    r"(?:[（(].{0,30}[)）]$|附\s*[件表]|抄送|抄报|联\s*系\s*[人电方]|电\s*话|邮\s*箱|[^。；]{0,80}\.(?:docx?|xlsx?|pdf|wps|ofd|zip|rar|et)$)"
)
"""Lines that may stand under the date that closes a text."""
_SALUTED = re.compile(r"(?:尊敬|敬爱|亲爱)的|(?:同志|同学|朋友|家长|老师|来宾|代表|乡亲|师生)们?[:：]$")
"""Whom a speech or a letter speaks to; no office."""
SIGNERS = 10
TOP = 14
LAST = 12
"""How many lines from the end the closing date may stand."""


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
        undated = _DAMAGED.fullmatch(line) or (i >= len(body) - LAST and dates.MONTH.fullmatch(line))
        if i == 0 or not (undated or dates.SIGNED.fullmatch(line)):
            continue
        signers = _signers(body[max(0, i - SIGNERS) : i])
        if signers:
            return Signature(" ".join(signers), None if undated else dates.day(dates.find(line)))
    return None


def _signers(above: list[str]) -> list[str]:
    """The organisations directly above a date, in their order."""
    first = len(above)
    while first and _BODY.fullmatch(above[first - 1]) and not above[first - 1].endswith("文件"):
        first -= 1
    return above[first:]


def closing_date(body: list[str]) -> dt.date | None:
    """The date, in words, that closes a text nobody signed; under it at most attachments, notes and contacts."""
    counted = False
    for line in reversed(body[-LAST:]):
        if "年" in line and dates.SIGNED.fullmatch(line):
            return None if counted else dates.day(dates.find(line))
        # “1.…”, “2.…” stand there only below “附件：”
        counted = _COUNTED.match(line) is not None or (counted and not line.lstrip().startswith("附"))
        if not counted and not (len(line) <= 120 and _AFTER_DATE.match(line)):
            return None
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
            and not _SENTENCE.search(line)
            and not _SALUTED.search(line)
        ):
            if re.match(r"附件|联系|[一二三四五六七八九十]+、|\d", line):
                continue
            return line
        if len(line) > 60 and "。" in line:
            return None
    return None
