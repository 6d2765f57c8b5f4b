"""What a listing's page says of itself: its publisher, region, name. None where it is silent; nothing is guessed but the
id, which is made of the address, and the kind."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from urllib.parse import urlsplit

from lxml import etree

from crawler.extraction.tree import metas, page_title
from crawler.listings._addresses import absolute
from crawler.listings._text import pieces, squeeze
from store import regions
from store.flow import SourceKind

Element = etree._Element
_SITE = re.compile(
    r"(?:公众信息网|信息公开网|门户网站?|政府网站?|官方网站|政务网|信息网|网站|官网|首页|网)+$"
)
_BODY = re.compile(
    r"[\u4e00-\u9fff（）]{2,30}?(?:教育部|教育厅|教育局|教育委员会|教委|教育体育局|教体局|人民政府(?:办公厅|办公室)?|委员会|办公室|厅|局|部|院|大学|学院|中学|小学|学校|幼儿园|考试院)"
)
_HOST = re.compile(r"(?:主\s*办(?:单位)?|版权所有|Copyright|承办(?:单位)?)\s*[:：©\s]*", re.I)
_PLACE = re.compile(r"(?:当前|您的|你的|现在|所在)?(?:的)?位置|首页\s*[>›»/|-]|您现在")
_SEPARATORS = re.compile(r"\s*[_|｜>›»]\s*|\s+[-–—]\s+|-(?=[\u4e00-\u9fff])|—+")
_EDUCATION = re.compile(r"教育|教委|教体|学校|学院|大学|中学|小学|幼儿园|考试院")
_PLAIN = frozenset(
    [
        "www",
        "gov",
        "com",
        "cn",
        "org",
        "net",
        "edu",
        "index",
        "html",
        "htm",
        "shtml",
        "list",
        "m",
        "web",
        "site",
        "channels",
        "col",
    ]
)


@dataclass(frozen=True, slots=True)
class About:
    id: str
    name: str | None
    publisher: str | None
    region: str | None
    kind: SourceKind

    @property
    def is_education(self) -> bool:
        return _EDUCATION.search(self.publisher or "") is not None


def read(root: Element, url: str) -> About:
    meta = metas(root)
    site = _bare(meta.get("sitename", ""))
    publisher = _body(site) or _hosted(root) or _titled(root) or site or None
    column = meta.get("columnname") or _crumb(root) or _column(root)
    name = " ".join(dict.fromkeys(part for part in (publisher, column) if part)) or None
    code = meta.get("siteidcode", "").strip()
    is_official = bool(code) or _host(url).endswith((".gov.cn", ".edu.cn", "moe.gov.cn"))
    return About(_id(url), name, publisher, _region(code, publisher), "official" if is_official else "mirror")


def column_url(root: Element, url: str, base: str) -> str | None:
    """The column that an article stands in: the last link of its 当前位置 that is not the article or the site."""
    for element in _crumbs(root):
        links = [absolute(base, a.get("href") or "") for a in element.iter("a")]
        found = [
            link
            for link in links
            if link and link.rstrip("/") != url.rstrip("/") and urlsplit(link).path.strip("/")
        ]
        if found:
            return found[-1]
    return None


def _crumbs(root: Element) -> list[Element]:
    """The smallest boxes with a 当前位置 and links."""
    found = []
    for element in root.iter("div", "p", "td", "span", "ul", "section", "nav", "dl"):
        said = "".join(pieces(element)[:4])
        if _PLACE.search(said[:20]) and 0 < len(list(element.iter("a"))) <= 10:
            found.append(element)
    return found[::-1]


def _crumb(root: Element) -> str | None:
    for element in _crumbs(root):
        parts = [p for p in re.split(r"[>›»/|\s]+", " ".join(pieces(element))) if p and not _PLACE.search(p)]
        if parts and 2 <= len(parts[-1]) <= 20 and parts[-1] not in ("首页", "正文"):
            return parts[-1].strip("：:")
    return None


def _column(root: Element) -> str | None:
    parts = [p for p in _SEPARATORS.split(page_title(root)) if p]
    return parts[0] if len(parts) > 1 and len(parts[0]) <= 20 and not _body(parts[0]) else None


def _titled(root: Element) -> str | None:
    return next(
        (b for part in reversed(_SEPARATORS.split(page_title(root))) if (b := _body(_bare(part)))), None
    )


def _hosted(root: Element) -> str | None:
    """主办单位：… or 版权所有：… in the footer."""
    texts = pieces(root)
    for index in range(len(texts) - 1, max(-1, len(texts) - 80), -1):
        if match := _HOST.search(texts[index]):
            after = texts[index][match.end() :] or (texts[index + 1] if index + 1 < len(texts) else "")
            if found := _body(_bare(re.split(r"[\s,，|]", after.strip())[0])):
                return found
    return None


def _bare(name: str) -> str:
    return _SITE.sub("", squeeze(name))


def _body(name: str) -> str | None:
    """The name, if it is that of a body that publishes."""
    match = _BODY.match(name)
    return name if match and len(name) <= 40 else None


def _region(code: str, publisher: str | None) -> str | None:
    """By the SiteIDCode, which begins with the region's code, else by the publisher's name."""
    if code.lower().startswith("bm"):
        return regions.NATIONAL
    if len(code) >= 10 and regions.is_region(code[:6]):
        return code[:6]
    name = publisher or ""
    if name.startswith(("教育部", "中华人民共和国", "国务院")):
        return regions.NATIONAL
    return _named_region(name)


@cache
def _by_name() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for code, name in regions.names().items():
        found.setdefault(name, []).append(code)
    return found


def _named_region(name: str) -> str | None:
    """The division that a name begins with: “辽宁省抚顺市…”, “抚顺市…”; None for one that several divisions have."""
    within = ""
    rest = name
    found = None
    for _ in range(3):
        for length in range(min(12, len(rest)), 1, -1):
            codes = [c for c in _by_name().get(rest[:length], ()) if c.startswith(within)]
            if len(codes) == 1:
                found, rest = codes[0], rest[length:]
                within = regions.prefix(found)
                break
        else:
            break
    return found


def _host(url: str) -> str:
    return (urlsplit(url).hostname or "").lower()


def _id(url: str) -> str:
    host = [p for p in _host(url).split(".") if p not in _PLAIN] or ["site"]
    folders = [
        p
        for p in re.split(r"[/.]", urlsplit(url).path.lower())
        if p and p not in _PLAIN and not re.fullmatch(r"index.*", p)
    ]
    words = [*host, *folders[-1:]]
    text = "-".join(re.sub(r"[^a-z0-9]+", "-", word).strip("-") for word in words)
    return re.sub(r"-+", "-", text)[:60].strip("-") or "source"
