"""An archived page shown so that it can do nothing: sanitised, and under a policy of its own that forbids the rest."""

from __future__ import annotations

import nh3
from fastapi import Response

from crawler.extraction.charset import decode, header_charset
from store.flow import Capture

POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'"
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Robots-Tag": "noindex, noarchive",
    "Cross-Origin-Resource-Policy": "same-origin",
}
# Tables and alignments are part of what a page says; whatever loads, links or runs is not shown.
TAGS = nh3.ALLOWED_TAGS - {"img", "a", "map", "area"} | {"font", "center", "section", "article"}
ATTRIBUTES = {"*": {"align", "title", "lang"}, "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"}}
STYLE = (
    "body{font:16px/1.8 serif;max-width:46em;margin:1em auto;padding:0 1em;background:#fff;color:#1d1b18}"
    "table{border-collapse:collapse}td,th{border:1px solid #999;padding:.2em .5em}"
)


def shown_safely(capture: Capture) -> Response:
    """A page as HTML without anything active; any other file as a download that no browser opens by itself."""
    media = (capture.header("Content-Type") or "").split(";")[0].strip().lower()
    if media and media not in ("text/html", "application/xhtml+xml"):
        return Response(
            capture.body,
            media_type="application/octet-stream",
            headers=HEADERS | {"Content-Disposition": "attachment"},
        )
    html, _ = decode(capture.body, header_charset(capture.header("Content-Type")))
    clean = nh3.clean(html, tags=TAGS, attributes=ATTRIBUTES, link_rel=None)
    whole = f'<!DOCTYPE html><html lang="zh-CN"><meta charset="utf-8"><title>archived</title><style>{STYLE}</style>{clean}'
    return Response(whole, media_type="text/html; charset=utf-8", headers=HEADERS)
