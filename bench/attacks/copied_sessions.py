"""Operator cookies that are copied, forged, planted or expired: none opens the operator's pages."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Iterator

from bench.attacks import Attempt, Ground
from bench.in_process import NAME, PASSWORD, Pages, browser, is_in, opened, sign_in
from store import models as rows
from store import operators
from web.sessions import COOKIE

TITLE = "copied, forged and planted session cookies"
BOTH_DATABASES = True

PAGES = ("/operator", "/operator/login", "/operator/sources", "/operator/mail", "/operator/plans", "/operator/nothing",
         "/", "/search?q=a", "/plans", "/feeds/changes.atom", "/api/v1/plans", "/healthz", "/?lang=en")  # fmt: skip


def attempt(ground: Ground) -> Iterator[Attempt]:
    with opened(ground) as pages:
        yield from _end_sessions(pages)
        yield from _forge(pages)
        yield from _plant(pages, is_short=ground.is_short)
        yield from _look_into_caches(pages)


def _end_sessions(pages: Pages) -> Iterator[Attempt]:
    """Copy the cookies, end the session in each way, and come with the copy, from the same address and another."""

    def sign_out() -> None:
        visitor.post("/operator/logout")

    def sign_in_again() -> None:
        sign_in(visitor)

    def change_password() -> None:
        pages.set_password(PASSWORD)

    def remove() -> None:
        with pages.database.write() as session:
            operators.remove(session, NAME)

    def let_time_pass() -> None:
        pages.clock.ahead += dt.timedelta(hours=12, seconds=1)

    def set_clock_back() -> None:
        pages.clock.ahead -= dt.timedelta(days=400)

    for end in (sign_out, sign_in_again, change_password, let_time_pass, set_clock_back, remove):
        app = pages.start()
        visitor = browser(app)
        sign_in(visitor)
        copy = dict(visitor.cookies)
        if not is_in(browser(app, "203.0.113.9"), copy):
            yield Attempt(end.__name__, "the attack does not bite: the copy never opened anything")
        end()
        for address in ("192.0.2.1", "203.0.113.9"):
            breach = "opens" if is_in(browser(app, address), copy) else ""
            yield Attempt(f"a copy after: {end.__name__}, from {address}", breach)
        if end is remove:
            pages.set_password(PASSWORD)
            yield Attempt("the name is given again", "opens" if is_in(browser(app), copy) else "")
    pages.clock.ahead = dt.timedelta()


def _forge(pages: Pages) -> Iterator[Attempt]:
    app = pages.start()
    visitor = browser(app)
    sign_in(visitor)
    true = visitor.cookies[COOKIE]
    with pages.database.read() as session:
        stored = session.query(rows.OperatorSession.id_hash).all()
    forged = [
        "", "x", true[:-1], true + "A", f" {true[1:]}", true.swapcase(), true[::-1], "%00", "\xe9", "null", "1", "' OR '1'='1",
        "*", "%", "_" * 43, secrets.token_urlsafe(32), "x" * 50_000, NAME, "eyJvcGVyYXRvciI6ICJvcGVyYXRvciJ9.aaaa.bbbb",
        *(row[0] for row in stored), f"{true}\\",
    ]  # fmt: skip
    for value in forged:
        answer = browser(app).get("/operator", headers={b"Cookie": f"{COOKIE}={value}".encode("latin-1")})
        yield Attempt(
            f"{value[:24]!r}",
            "" if answer.status_code in (303, 400, 431) else f"answered {answer.status_code}",
        )
    for name in (f"__Host-{COOKIE}", COOKIE.upper(), f"{COOKIE}2", "session"):
        yield Attempt(f"the id as {name}", "opens" if is_in(browser(app), {name: true}) else "")


def _plant(pages: Pages, *, is_short: bool) -> Iterator[Attempt]:
    """Sign in from a browser that already has a cookie known to the attacker (session fixation)."""
    app = pages.start()
    for planted in ("known", secrets.token_urlsafe(32), "x" * 1000)[: 1 if is_short else 3]:
        visitor = browser(app)
        visitor.cookies.set(COOKIE, planted)
        sign_in(visitor)
        opens = is_in(browser(app, "203.0.113.9"), {COOKIE: planted})
        yield Attempt(f"planted {planted[:12]!r}", "opens" if opens else "")
    ids = set()
    for _ in range(2):
        visitor = browser(app)
        sign_in(visitor)
        ids.add(visitor.cookies[COOKIE])
    yield Attempt("the same id twice", "" if len(ids) == 2 else "ids repeat")


def _look_into_caches(pages: Pages) -> Iterator[Attempt]:
    app = pages.start()
    visitor = browser(app)
    sign_in(visitor)
    for page in PAGES:
        cached = visitor.get(page).headers.get("Cache-Control")
        yield Attempt(f"{page} out of a cache", "" if cached == "no-store" else f"Cache-Control: {cached}")
    answer = browser(app).post("/operator/login", data={"name": NAME, "password": PASSWORD})
    yield Attempt(
        "the cookie out of a cache", "" if answer.headers.get("Cache-Control") == "no-store" else "cached"
    )
    for cookie in answer.headers.get_list("Set-Cookie"):
        lacking = {"httponly", "samesite=lax"} - set(cookie.lower().split("; "))
        yield Attempt(
            f"the cookie {cookie.partition('=')[0]} read by a script",
            ", ".join(lacking) and f"lacks {lacking}",
        )
