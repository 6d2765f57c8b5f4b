"""What keeps a browser from doing more than showing our pages, and other sites from writing through it."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers as Received
from starlette.datastructures import MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "script-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "frame-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'self'",
        "base-uri 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


class Headers:
    """Sets the headers on every answer that does not set its own, as archived pages do."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, guarded if scope["type"] == "http" else send)


SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


class SameOrigin:
    """Refuses what another site's page would write with a reader's cookies: browsers say in `Sec-Fetch-Site`, older
    ones in `Origin`, whose page a request comes from (OWASP, Cross-Site Request Forgery Prevention: Fetch Metadata).
    Programs say neither and have no cookies."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if (
            scope["type"] == "http"
            and scope["method"] not in SAFE_METHODS
            and not _is_own(Received(scope=scope))
        ):
            refusal = PlainTextResponse("this request comes from another site's page", 403)
            await refusal(scope, receive, send)
            return
        await self.app(scope, receive, send)


def _is_own(headers: Received) -> bool:
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None:
        return site in ("same-origin", "none")
    if origin is None:
        return True
    try:
        place = urlsplit(origin)
    except ValueError:  # such as http://[
        return False
    # An extension's pages have an origin, too, whose host is whatever it is called.
    return place.scheme in ("http", "https") and place.netloc == headers.get("host")
