"""How a listing goes on: a link to the next page, a script that counts, or numbered links."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from lxml import etree

from crawler.listings import _addresses
from crawler.listings._text import squeeze, text_of
from crawler.sources.detecting import wording

Element = etree._Element
NEXT = re.compile(r"[\[【(（<‹«\s]*(?:下\s*一?\s*页|后一页|下页|next(?:\s*page)?)[\]】)）>›»\s]*", re.I)
# TRS: pages, current from 0, name, suffix; a search system: the box's id, pages, current from 1, name, suffix
_SCRIPT = re.compile(
    r"""createPageHTML\s*\(\s*(?P<box>["'][\w-]{1,40}["']\s*,\s*)?(?P<count>\d{1,5}|[A-Za-z_]\w{0,40})\s*,\s*(?P<current>\d{1,5}|[A-Za-z_]\w{0,40})\s*,"""
    r"""\s*["'](?P<name>[\w.-]{1,100})["']\s*,\s*["'](?P<suffix>\w{2,6})["']""",
    re.I,
)
_NUMBER = re.compile(r"\d+")
_JPAGE_URL = re.compile(r"url\s*:\s*['\"]([^'\"]*dataproxy\.jsp[^'\"]*)['\"]", re.I)
_JPAGE_PARAM = re.compile(r"(?<!\w)param\s*:\s*\{([^}]*)\}|dataproxy\.jsp\?([^'\"]+)", re.I)
_JPAGE_ROWS = re.compile(r"perpage\s*:\s*['\"]?(\d{1,3})", re.I)


@dataclass(frozen=True, slots=True)
class Paging:
    """What a source file says of its pages: `next` or `pages`, or neither."""

    next: str | None = None
    pages: str | None = None


def find(root: Element, base: str, url: str) -> Paging:
    pages = _by_script(root)
    if pages:
        return Paging(pages=pages)
    following = _by_link(root, base, url)
    if following:
        return Paging(next=following)
    return Paging(pages=_by_numbers(root, base, url))


def _by_script(root: Element) -> str | None:
    for script in root.iter("script"):
        match = _SCRIPT.search((script.text or "")[:200_000])
        if match and (not match["count"].isdigit() or int(match["count"]) > 1):
            return f"{match['name']}_{'{n}' if match['box'] else '{n-1}'}.{match['suffix']}"
    return None


def _by_link(root: Element, base: str, url: str) -> str | None:
    for anchor in root.iter("a"):
        texts = (text_of(anchor), squeeze(anchor.get("title") or ""))
        if any(NEXT.fullmatch(text) for text in texts):
            target = _addresses.absolute(base, anchor.get("href") or "")
            if target and target != url:
                return _named(root, anchor, texts)
    return None


def _named(root: Element, anchor: Element, texts: tuple[str, str]) -> str:
    """The selector of the link to the next page."""
    for name in wording.named(anchor):
        if name.lower().endswith(("next", "xyy")) and wording.select(root, name)[:1] == [anchor]:
            return f"{name}::attr(href)"
    printed, given = texts
    if NEXT.fullmatch(printed):
        word = re.sub(r"[\[\]【】()（）<>‹›«»\s]", "", printed)
        exact = printed == word and text_of(anchor) == (anchor.text or "")
        return (
            f'//a[text()="{word}"]/@href'
            if exact
            else f'//a[contains(., "{printed.strip("[]【】()（）<>‹›«» ")}")]/@href'
        )
    return f'//a[@title="{given}"]/@href'


def _by_numbers(root: Element, base: str, url: str) -> str | None:
    """Numbered links: what the second page's address and the third's differ in is the number."""
    found: dict[int, str] = {}
    for anchor in root.iter("a"):
        text = text_of(anchor).strip("[]【】 ")
        if text in ("2", "3", "4") and (target := _addresses.absolute(base, anchor.get("href") or "")):
            found.setdefault(int(text), target)
    if 2 not in found or 3 not in found:
        return None
    for match in reversed(list(_NUMBER.finditer(found[2]))):
        start, end = match.span()
        offset = int(match[0]) - 2
        place = "{n}" if offset == 0 else f"{{n{offset:+d}}}"
        pattern = found[2][:start] + place + found[2][end:]
        if abs(offset) <= 1 and _addresses.numbered(pattern, 3) == found[3]:
            return _relative(pattern, url)
    return None


def _relative(pattern: str, url: str) -> str:
    """Without the folder that it shares with the listing."""
    folder = urljoin(url, ".")
    short = pattern.removeprefix(folder)
    parts = urlsplit(url)
    if short == pattern:
        short = pattern.removeprefix(f"{parts.scheme}://{parts.netloc}")
    return short or pattern


def jpage(text: str) -> str | None:
    """The pattern of a hanweb page's own requests for rows; such scripts fetch three pages of rows at a time."""
    url, param, rows = (pattern.search(text) for pattern in (_JPAGE_URL, _JPAGE_PARAM, _JPAGE_ROWS))
    if url is None or param is None:
        return None
    given = re.findall(r"['\"]?(\w+)['\"]?\s*:\s*['\"]?([^,'\"}]*)['\"]?", param[1] or "")
    pairs = [(key, value.strip()) for key, value in given] or [
        tuple(pair.split("=", 1)) for pair in (param[2] or "").split("&") if "=" in pair
    ]
    count = int(rows[1]) if rows else 25
    query = "&".join(
        f"{key}={value}" for key, value in pairs if key not in ("startrecord", "endrecord", "perpage")
    )
    whole = 3 * count
    return (
        f"{url[1].split('?')[0]}?startrecord={{n*{whole}-{whole - 1}}}&endrecord={{n*{whole}}}&perpage={count}"
        + (f"&{query}" if query else "")
    )
