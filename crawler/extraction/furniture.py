"""What a source's template knows to be the site's within a text: slots by their element, notices by their wording.
Nothing that has the form of an official document's own line is dropped, however often it repeats."""

from __future__ import annotations

import hashlib
import re

from lxml import etree

from crawler.extraction import dates, number
from crawler.extraction.lines import Reading, has_file, plain
from crawler.extraction.locate import NUMBERED, Fit, weigh
from crawler.extraction.render import Line
from crawler.extraction.template import Template
from crawler.extraction.tree import select

EDGE = 6
"""How many lines at either end of a text may be notices."""
SLOT_SHARE = 0.25
"""Most of a text's prose that an element may hold and still be taken for the site's."""
_OFFICIAL = re.compile(
    r"(?:附\s*件|附\s*表|抄送|抄报|主送|联系|电话|传真|地址|邮箱|特此|此[件复致]|各[^。；]{2,80}[:：]$)"
    r"|.{0,80}(?:印发|转发|遵照|贯彻|执行|参照|落实|施行|解释|废止)"
    r"|[（(].{0,30}(?:公开|印发|发布)[^。]{0,10}[)）]$"
    r"|[^。；，,：:]{2,40}(?:厅|局|委|委员会|政府|办公室|部|院|会|组|中心|校|学院|大学|小学|中学|党组|党委|公司)$"
)
"""Standard sentences of official documents (GB/T 9704): many documents share them word for word."""


def without_slots(reading: Reading, fitted: Fit | None, root: etree._Element) -> Reading:
    """The reading without the lines of the layout's slots, each as long as it looks like the site's."""
    if fitted is None or not fitted.layout.slots:
        return reading
    total = sum(weigh(line) for line in reading.body) or 1.0
    dropped: set[etree._Element] = set()
    for slot in fitted.layout.slots:
        for element in select(root, slot):
            parts = set(element.iter(etree.Element))
            own = [line for line in reading.body if line.block in parts]
            if sum(weigh(line) for line in own) <= SLOT_SHARE * total and not any(map(is_documents, own)):
                dropped |= parts
    body = [line for line in reading.body if line.block not in dropped]
    if not body:
        return reading
    gone = [line for line in reading.body if line.block in dropped]
    return Reading(reading.above, body, reading.below, [*reading.dropped, *gone])


def without_notices(body: list[Line], template: Template | None) -> list[Line]:
    """The text without the known notices at its two ends. They are known word for word, so that they are dropped
    from a page whose layout is not known, too."""
    known = {notice for layout in template.layouts for notice in layout.notices} if template else set()
    if not known:
        return body
    start, end = 0, len(body)
    for i, line in enumerate(body[:EDGE]):
        if digest(line.text) in known:
            start = i + 1
    for i in range(len(body) - 1, max(start, len(body) - EDGE) - 1, -1):
        if digest(body[i].text) in known:
            end = i
    kept = [line for i, line in enumerate(body) if start <= i < end or digest(line.text) not in known]
    return kept or body


def digest(text: str) -> str:
    """A line by its wording: counts and dates in it may change."""
    masked = re.sub(r"\d+", "0", plain(text))
    return hashlib.blake2b(masked.encode(), digest_size=8).hexdigest()


def is_documents(line: Line) -> bool:
    """Whether a line has the form of an official document's own: nothing that repeats makes it furniture."""
    text = line.text
    return bool(
        has_file(line)
        or NUMBERED.match(text)
        or _OFFICIAL.match(text)
        or number.NUMBER.search(text)
        or dates.SIGNED.fullmatch(text)
    )
