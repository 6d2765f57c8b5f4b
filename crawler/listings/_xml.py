"""XML of feeds and sitemaps as a tree without namespaces, read with the same selectors as pages."""

from __future__ import annotations

import datetime as dt
import re
from email.utils import parsedate_to_datetime

from lxml import etree
from parsel import Selector

from crawler.extraction.charset import decode, header_charset
from crawler.extraction.limits import check_markup
from crawler.extraction.tree import FORBIDDEN
from crawler.listings import _dates
from crawler.listings._lines import CHINA
from store.errors import Unreadable
from store.flow import Capture
from store.said import said

_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")


def parse(capture: Capture, charset: str | None) -> Selector:
    """The document. Entities are not resolved, so nothing grows and nothing is fetched. Raises Unreadable."""
    text, _ = decode(capture.body, header_charset(capture.header("Content-Type")), charset)
    check_markup(capture.url, text)
    text = FORBIDDEN.sub("", _DECLARATION.sub("", text)).strip()
    parser = etree.XMLParser(
        encoding="utf-8",
        recover=True,
        resolve_entities=False,
        no_network=True,
        remove_comments=True,
        remove_pis=True,
    )
    root = etree.fromstring(text.encode(), parser) if text.startswith("<") else None
    if root is None:
        raise Unreadable(said("this is no XML; see `type` in the source file"), capture.url)
    for element in root.iter(etree.Element):
        element.tag = etree.QName(element).localname
    return Selector(root=root, type="xml")


def day(text: str | None) -> _dates.Printed | None:
    """The day of a feed's or a sitemap's moment, where the sites are: RFC 822, ISO 8601, or as lists print it."""
    moment = _moment(text or "")
    if moment is None:
        return _dates.find([text]) if text else None
    there = moment.astimezone(CHINA) if moment.tzinfo else moment
    return _dates.Printed(there.year, there.month, there.day)


def _moment(text: str) -> dt.datetime | None:
    for read in (parsedate_to_datetime, dt.datetime.fromisoformat):
        try:
            return read(text.strip())
        except (ValueError, TypeError, OverflowError):
            continue
    return None
