"""Requests that another site's page makes a reader's browser send: nothing is written, and nothing is fetched."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from fastapi.routing import APIRoute
from sqlalchemy import func, select

from bench.attacks import Attempt, Ground
from bench.in_process import Pages, browser, is_in, opened, sign_in
from store import models as rows
from web.pages import operator, operator_mail, operator_plans, operator_sources, subscriptions

TITLE = "requests of other sites' pages (CSRF)"
BOTH_DATABASES = False

# What browsers say of a request that another site's page sends; old ones say the origin only.
HEADERS: tuple[dict[str, str], ...] = (
    {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Sec-Fetch-Site": "CROSS-SITE"},
    {"Sec-Fetch-Site": ""}, {"Sec-Fetch-Site": "same-origin, cross-site"}, {"Sec-Fetch-Site": "x"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "http://testserver"},
    {"Sec-Fetch-Site": "same-site", "Origin": "http://sub.testserver"},
    {"Origin": "https://evil.test"}, {"Origin": "null"}, {"Origin": ""}, {"Origin": "http://testserver.evil.test"},
    {"Origin": "http://eviltestserver"}, {"Origin": "http://testserver:8080"}, {"Origin": "http://testserver@evil.test"},
    {"Origin": "http://evil.test/testserver"}, {"Origin": "http://evil.test#testserver"}, {"Origin": "testserver"},
    {"Origin": "http://sub.testserver"}, {"Origin": "file://"}, {"Origin": "chrome-extension://testserver/x"},
    {"Origin": "http://testserver http://evil.test"}, {"Origin": "http://xn--testserver"},
    {"Origin": "http://["}, {"Origin": "http://testserver]"},
)  # fmt: skip
BODIES: tuple[tuple[str, bytes], ...] = (
    ("application/x-www-form-urlencoded", b"id=1&name=operator&password=x&text=x&url=http://e.org/&one=a&other=b&address=a@b.org"),
    ("text/plain", b'{"address": "a@b.org"}'),
    ("application/json", b'{"address": "a@b.org"}'),
    ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="id"\r\n\r\n1\r\n--x--\r\n'),
)  # fmt: skip
FETCHING = ("http://e.org/", "https://evil.test/list", "http://127.0.0.1:1/", "file:///etc/passwd", "x")


def attempt(ground: Ground) -> Iterator[Attempt]:
    """Send every form of ours from another site, with the operator's cookies; then open what a link can open."""
    with opened(ground) as pages:
        app = pages.start()
        visitor = browser(app)
        sign_in(visitor)
        before = _state(pages)
        bodies = BODIES[:1] if ground.is_short else BODIES
        for path in sorted(_writing_paths()):
            for headers in HEADERS:
                for media, body in bodies:
                    answer = visitor.post(path, content=body, headers={**headers, "Content-Type": media})
                    breach = "" if answer.status_code == 403 else f"answered {answer.status_code}"
                    yield Attempt(f"POST {path} {headers} {media}", breach)
        yield Attempt("the session", "" if is_in(visitor) else "was ended")
        yield Attempt("the rows", "" if _state(pages) == before else "were changed")
        yield from _follow_links(pages)


def _follow_links(pages: Pages) -> Iterator[Attempt]:
    """Send every GET that a link or a picture can cause; none may make the service fetch or write."""
    started = pages.ground.data / "started"
    app = pages.start(program=("touch", str(started)))
    visitor = browser(app)
    sign_in(visitor)
    before = _state(pages)
    for url in FETCHING:
        for name in ("url", "text", "address"):
            for headers in ({}, *HEADERS[:2], {"Sec-Fetch-Site": "none"}):
                visitor.get("/operator/sources/new", params={name: url}, headers=headers)
                breach = "a child was started" if started.exists() else ""
                yield Attempt(f"GET /operator/sources/new?{name}={url} {headers}", breach)
                started.unlink(missing_ok=True)
    for path in sorted(_writing_paths()):
        visitor.get(
            path, params={"id": "1", "enabled": "true", "address": "a@b.org", "name": "x", "password": "x"}
        )
        visitor.request("HEAD", path)
        breach = "writes" if _state(pages) != before or started.exists() else ""
        yield Attempt(f"GET {path}", breach)
    yield Attempt("the session", "" if is_in(visitor) else "was ended by a GET")


def _writing_paths() -> set[str]:
    modules = (operator, operator_mail, operator_plans, operator_sources, subscriptions)
    routes = [route for module in modules for route in module.router.routes if isinstance(route, APIRoute)]
    return {
        route.path.replace("{token}", "x").replace("{id}", "x") for route in routes if "POST" in route.methods
    } | {"/api/v1/subscriptions"}


def _state(pages: Pages) -> list[object]:
    tables = (rows.OperatorSession, rows.Subscription, rows.Delivery, rows.Plan, rows.Source)
    with pages.database.read() as session:
        counts: list[object] = [session.scalar(select(func.count()).select_from(table)) for table in tables]
    return [*counts, sorted(path.name for path in Path(pages.ground.data / "sources").iterdir())]
