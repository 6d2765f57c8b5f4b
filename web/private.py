"""Keep what belongs to one person out of every cache: the browser's after signing out, and a proxy's."""

from __future__ import annotations

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

OPERATOR_PAGES = "/operator"
# The same for everybody, and named anew when they change.
STATIC_FILES = "/static/"


class NoStore:
    """Sets `Cache-Control: no-store` on the operator's pages, on what is answered to a session or a token, and on every
    answer that sets a cookie."""

    def __init__(self, app: ASGIApp, session_cookie: str) -> None:
        self.app = app
        self.session_cookie = session_cookie

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(STATIC_FILES):
            await self.app(scope, receive, send)
            return
        is_private = self._is_private(scope)

        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if is_private or "Set-Cookie" in headers:
                    headers["Cache-Control"] = "no-store"
            await send(message)

        await self.app(scope, receive, marked)

    def _is_private(self, scope: Scope) -> bool:
        headers = Headers(scope=scope)
        return (
            scope["path"].startswith(OPERATOR_PAGES)
            or headers.get("Authorization", "").lower().startswith("bearer")
            or any(f"{self.session_cookie}=" in cookie for cookie in headers.getlist("Cookie"))
        )
