"""What a page says of its document, each field from the most trusted place that speaks of it.

The <meta> set of 《政府网站发展指引》 names title, source and date, but its PubDate is often the day on which a system
was moved or a page rebuilt: a printed date wins, and against the day in the address the earlier one."""

from __future__ import annotations

import datetime as dt
import re

from lxml import etree

from crawler.extraction import dates, labels, number, place, plan, signature
from crawler.extraction.lines import Reading
from crawler.extraction.render import Line
from store.flow import Metadata, Node

NEAR = 60
"""Lines above the text that can be its head."""
_SCRIPTED = re.compile(
    r"(?:pub_?da(?:te|ta)|publish_?(?:date|time)|pubtime|releasedate|fbsj)[\"']?\s*[:=]\s*[\"']([^\"']{8,25})[\"']",
    re.I,
)
_META_DATES = (
    "pubdate", "publishdate", "article:published_time", "publish_time", "pub_date", "firstpublishedtime", "_pubtime",
    "publication_date", "datepublished", "date", "createdate",
)  # fmt: skip
_ISSUER = re.compile(
    r"((?:教育部|国务院(?:办公厅)?|[\u4e00-\u9fff（）()]{2,40}?(?:委员会|厅|局|政府|办公室|部|委|工委|党委|党组|学院|大学|学校|中学|小学))"
    r"(?:[、\s]+[\u4e00-\u9fff]{2,30}?(?:委员会|厅|局|委|政府|办公室|部|会))*)\s*(?:等\d?部门)?(?=关于|印发|转发|《|(?:19|20)\d{2}年)"
)
_ABOUT = re.compile(r"关于|印发|转发")
_MASKED = re.compile(r"[某Xx*×]")
_SOURCE_END = re.compile(
    # a count of views follows without a blank where spans stand side by side
    r"\s+(?:(?:19|20)\d{2}[-/.年]|作者|编辑|点击|浏览|阅读|时间|日期|【|\[|字体|字号|分享|打印).*$"
    r"|\s*(?:(?:浏览|阅读|点击|访问)(?:次数|人数|数|量)?\s*[:：]|本文已影响).*$"
)
_NO_SOURCE = frozenset(["本站", "本网", "原创", "未知", "网络", "互联网", "-", "无", "null"])


def describe(
    url: str,
    root: etree._Element,
    meta: dict[str, str],
    reading: Reading,
    title: str | None,
    outline: tuple[Node, ...],
    published: str | None,
) -> Metadata:
    """`published` is what the source's own selector found."""
    head = [line.text for line in reading.above[-NEAR:]]
    foot = [line.text for line in reading.below[:12]]
    boxed = labels.read(head)
    below = labels.read(foot)
    body = [line.text for line in reading.body]
    signed = signature.find(body)
    issued = dates.day(dates.find(boxed.get("issued_on"))) or (signed.date if signed else None)
    signer = signed.publisher if signed else signature.heads_cover(body)
    publisher = boxed.get("publisher") or signer or _issuer(title)
    text = "\n".join(body)
    kind = plan.kind_of(title)
    planned = any((node.label and node.children) or node.label == "一、" for node in outline)
    return Metadata(
        publisher=publisher,
        document_number=number.choose(boxed.get("document_number"), head[-12:], body, title),
        index_number=boxed.get("index_number"),
        issued_on=issued,
        published_at=dates.find(published)
        or _published(boxed, below, reading, title)
        or _declared(url, root, meta, issued),
        source_label=_source(boxed, below, reading, meta),
        kind=kind,
        period=plan.period_of(title, text, planned) if kind or planned else None,
        region=place.region_of(meta.get("siteidcode"), publisher, title, text),
        addressees=signature.addressees(body),
    )


def _published(
    boxed: dict[str, str], below: dict[str, str], reading: Reading, title: str | None
) -> dt.date | dt.datetime | None:
    """The printed date: labelled in the head, bare between heading and text, or labelled under the text."""
    for place_, name in ((boxed, "published_at"), (boxed, "time")):
        found = dates.find(place_.get(name))
        if found:
            return found
    near = _under_heading(reading.above, title)
    for line in near:
        text = line.text
        if len(text) <= 100 and line.linked * 2 <= len(text) and "成文" not in text and "生成" not in text:
            found = dates.find(text)
            if found:
                return found
    return dates.find(below.get("published_at") or below.get("time"))


def _under_heading(above: list[Line], title: str | None) -> list[Line]:
    """Lines from the heading (its last print) down to the text; without a heading the last few."""
    wanted = re.sub(r"\s", "", title or "")
    for i in range(len(above) - 1, max(-1, len(above) - NEAR), -1):
        if wanted and wanted in re.sub(r"\s", "", above[i].text):
            return above[i + 1 :] or above[-4:]
    return above[-6:]


def _declared(
    url: str, root: etree._Element, meta: dict[str, str], issued: dt.date | None
) -> dt.date | dt.datetime | None:
    """The date that only the head, a script or the address knows."""
    told = next((found for name in _META_DATES if (found := dates.find(meta.get(name)))), None)
    if told is None:
        for script in root.iter("script"):
            match = _SCRIPTED.search((script.text or "")[:20_000])
            told = dates.find(match[1]) if match else None
            if told:
                break
    posted = dates.in_url(url)
    if told is None or posted is None:
        return told or posted
    day = dates.day(told)
    if day is not None and posted < day and (issued is None or posted >= issued):
        return posted
    return told


def _source(
    boxed: dict[str, str], below: dict[str, str], reading: Reading, meta: dict[str, str]
) -> str | None:
    inner = labels.read(line.text for line in reading.dropped if labels.is_info(line.text))
    for value in (
        boxed.get("source_label"),
        inner.get("source_label"),
        below.get("source_label"),
        meta.get("contentsource"),
    ):
        text = _SOURCE_END.sub("", value or "").strip(" ：:　")
        if text and text.lower() not in _NO_SOURCE and len(text) <= 60:
            return text
    return None


def _issuer(title: str | None) -> str | None:
    """The offices that a title names before 关于, 印发, 《 or the year; a bare “教育局” is nobody's name."""
    match = _ISSUER.match(title or "")
    name = match[1].strip() if match else ""
    if _ABOUT.search(name) or _MASKED.search(name):
        return None
    return name if len(name) > 3 or name in ("教育部", "国务院") else None
