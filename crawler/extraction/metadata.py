"""What a page says of its document, each field from the most trusted place that speaks of it, and which that was.

The <meta> set of 《政府网站发展指引》 names title, source and date, but its PubDate is often the day on which a system
was moved or a page rebuilt: a printed date wins, and against the day in the address the earlier one."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from crawler.extraction import dates, labels, number, place, plan, signature
from crawler.extraction.lines import Reading
from crawler.extraction.render import Line
from store.flow import Metadata, Node, Place

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
    r"\s+(?:(?:19|20)\d{2}[-/.年]|作者|编辑|点击|浏览|阅读|时间|日期|【|\[|字体|字号|分享|打印|有人参与|在线咨询).*$"
    r"|\s*(?:(?:浏览|阅读|点击|访问)(?:次数|人数|数|量)?\s*[:：]|本文已影响).*$"
)
_NO_SOURCE = frozenset(["本站", "本网", "原创", "未知", "网络", "互联网", "-", "无", "null"])


@dataclass(slots=True)
class _Found:
    """What was found so far: the values by the names of `Metadata`, and where each was."""

    values: dict[str, Any] = field(default_factory=dict)
    origins: dict[str, Place] = field(default_factory=dict)

    def take(self, name: str, *candidates: tuple[Any, Place] | None) -> None:
        """The first candidate that has a value."""
        for candidate in candidates:
            if candidate is not None and candidate[0] is not None and name not in self.values:
                self.values[name], self.origins[name] = candidate


def describe(
    url: str,
    root: etree._Element,
    meta: dict[str, str],
    reading: Reading,
    title: str | None,
    outline: tuple[Node, ...],
    published: str | None,
) -> tuple[Metadata, dict[str, Place]]:
    """The metadata, and where each field that has a value was found; `published` is what the source's own selector
    found."""
    head = [line.text for line in reading.above[-NEAR:]]
    boxed = labels.locate(head)
    below = labels.locate(line.text for line in reading.below[:12])
    body = [line.text for line in reading.body]
    found = _Found()
    _issued(found, boxed, body)
    _publisher(found, boxed, body, title)
    found.take("document_number", number.choose(_value(boxed, "document_number"), head[-12:], body, title))
    found.take("index_number", boxed.get("index_number"))
    found.take(
        "published_at",
        (dates.find(published), "source"),
        _published(boxed, below, reading, title),
        _declared(url, root, meta, found.values.get("issued_on")),
    )
    found.take("source_label", _source(boxed, below, reading, meta))
    _planned(found, title, "\n".join(body), outline)
    _region(found, meta, title, "\n".join(body))
    found.take("addressees", (signature.addressees(body), "cover"))
    return Metadata(**found.values), found.origins


def _value(found: dict[str, tuple[str, Place]], name: str) -> str | None:
    return found[name][0] if name in found else None


def _date(
    found: dict[str, tuple[str, Place]], name: str
) -> tuple[dt.date | dt.datetime | None, Place] | None:
    return (dates.find(found[name][0]), found[name][1]) if name in found else None


def _issued(found: _Found, boxed: dict[str, tuple[str, Place]], body: list[str]) -> None:
    printed = _date(boxed, "issued_on")
    signed = signature.find(body)
    found.take(
        "issued_on",
        (dates.day(printed[0]), printed[1]) if printed else None,
        (signed.date, "cover") if signed else None,
        (signature.closing_date(body), "text"),
    )


def _publisher(
    found: _Found, boxed: dict[str, tuple[str, Place]], body: list[str], title: str | None
) -> None:
    signed = signature.find(body)
    found.take(
        "publisher",
        boxed.get("publisher"),
        (signed.publisher if signed else signature.heads_cover(body), "cover"),
        (_issuer(title), "title"),
    )


def _planned(found: _Found, title: str | None, text: str, outline: tuple[Node, ...]) -> None:
    """Kind, and the years that a plan covers: a notice of 2020 or a speech covers none."""
    kind = plan.kind_of(title)
    found.take("kind", (kind, "title"))
    if kind:
        found.take("period", (plan.period_of(title), "title"))
    # a text without a title may be a plan too, if it is built like one
    built = any((node.label and node.children) or node.label == "一、" for node in outline)
    if kind or (title is None and built):
        found.take("period", (plan.opening_period(text), "text"))


def _region(found: _Found, meta: dict[str, str], title: str | None, text: str) -> None:
    publisher = found.values.get("publisher")
    found.take(
        "region",
        (place.of_site(meta.get("siteidcode")), "meta"),
        (place.named(publisher), found.origins.get("publisher", "text")),
        (place.named(title), "title"),
        (place.spoken_of(text, publisher, title), "text"),
    )


def _published(
    boxed: dict[str, tuple[str, Place]],
    below: dict[str, tuple[str, Place]],
    reading: Reading,
    title: str | None,
) -> tuple[dt.date | dt.datetime, Place] | None:
    """The printed date: labelled in the head, bare between heading and text, or labelled under the text."""
    for name in ("published_at", "time"):
        printed = _date(boxed, name)
        if printed and printed[0]:
            return printed[0], printed[1]
    for line in _under_heading(reading.above, title):
        text = line.text
        if len(text) <= 100 and line.linked * 2 <= len(text) and "成文" not in text and "生成" not in text:
            found = dates.find(text)
            if found:
                return found, "info"
    under = dates.find(_value(below, "published_at") or _value(below, "time"))
    return (under, "info") if under else None


def _under_heading(above: list[Line], title: str | None) -> list[Line]:
    """Lines from the heading (its last print) down to the text; without a heading the last few."""
    wanted = re.sub(r"\s", "", title or "")
    for i in range(len(above) - 1, max(-1, len(above) - NEAR), -1):
        if wanted and wanted in re.sub(r"\s", "", above[i].text):
            return above[i + 1 :] or above[-4:]
    return above[-6:]


def _declared(
    url: str, root: etree._Element, meta: dict[str, str], issued: dt.date | None
) -> tuple[dt.date | dt.datetime, Place] | None:
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
        return (told, "meta") if told else (posted, "url") if posted else None
    day = dates.day(told)
    if day is not None and posted < day and (issued is None or posted >= issued):
        return posted, "url"
    return told, "meta"


def _source(
    boxed: dict[str, tuple[str, Place]],
    below: dict[str, tuple[str, Place]],
    reading: Reading,
    meta: dict[str, str],
) -> tuple[str, Place] | None:
    inner = labels.locate(line.text for line in reading.dropped if labels.is_info(line.text))
    declared = meta.get("contentsource")
    for candidate in (
        boxed.get("source_label"),
        inner.get("source_label"),
        below.get("source_label"),
        (declared, "meta") if declared else None,
    ):
        text = _SOURCE_END.sub("", candidate[0]).strip(" ：:　") if candidate else ""
        if candidate and text and text.lower() not in _NO_SOURCE and len(text) <= 60:
            return text, candidate[1]
    return None


def _issuer(title: str | None) -> str | None:
    """The offices that a title names before 关于, 印发, 《 or the year; a bare “教育局” is nobody's name."""
    match = _ISSUER.match(title or "")
    name = match[1].strip() if match else ""
    if _ABOUT.search(name) or _MASKED.search(name):
        return None
    return name if len(name) > 3 or name in ("教育部", "国务院") else None
