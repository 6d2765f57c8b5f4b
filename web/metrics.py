"""What Prometheus is told of the web: requests by route, method and answer, and how long they took."""

from __future__ import annotations

import time

from prometheus_client import Counter, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

REQUESTS = Counter("yaodian_http_requests_total", "Requests answered.", ("route", "method", "status"))
SECONDS = Histogram(
    "yaodian_http_request_seconds",
    "Time until an answer begins.",
    ("route",),
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)


class Measured:
    """Counts each request under its route's path, never under the address itself: those have no end."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = time.perf_counter()

        async def measured(message: Message) -> None:
            if message["type"] == "http.response.start":
                route = getattr(scope.get("route"), "path", "none")
                SECONDS.labels(route).observe(time.perf_counter() - begun)
                REQUESTS.labels(route, _method(scope["method"]), message["status"]).inc()
            await send(message)

        await self.app(scope, receive, measured if scope["type"] == "http" else send)


def _method(method: str) -> str:
    return method if method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS") else "other"
