"""Conditional requests: ask whether what we have is still so, with the server's own validators (RFC 9110 §13)."""

from __future__ import annotations

from scrapy import Request

from crawler.browser import is_rendered
from store.flow import Visit


class ConditionalRequests:
    """Sends `If-None-Match` and `If-Modified-Since` for a request that carries a Visit with validators.

    Both are echoes of what the server sent: nginx answers 304 only to its own Last-Modified, to the second.
    """

    def process_request(self, request: Request) -> None:
        visit = request.meta.get("visit")
        if not isinstance(visit, Visit) or is_rendered(request):
            # What scripts make of a page has no validators, and a browser can show no 304.
            return
        if visit.etag:
            # As bytes: text would be sent as UTF-8, and would not be what the server sent.
            request.headers["If-None-Match"] = visit.etag.encode("latin-1", "replace")
        if visit.last_modified:
            request.headers["If-Modified-Since"] = visit.last_modified
