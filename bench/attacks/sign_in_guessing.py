"""Guesses of an operator's password, and attempts to lock the operator out.

Only few guesses are checked, and the right password always opens.
"""

from __future__ import annotations

from collections.abc import Iterator

import httpx

from bench.attacks import Attempt, Ground
from bench.in_process import BASE_URL, NAME, PASSWORD, Pages, browser, opened, sign_in, storm
from web.sign_ins import DEVICE_COOKIE

TITLE = "guessing passwords and locking operators out"
BOTH_DATABASES = True

A_MINUTE = 5
# Addresses of one client each, however they are written.
ONE_CLIENT = {
    "one IPv4 address": ["203.0.113.9"] * 12,
    "addresses of one /64": [f"2001:db8:1:2:{n:x}::{n:x}" for n in range(1, 13)],
    "one IPv4 address, mapped into IPv6": ["203.0.113.9", "::ffff:203.0.113.9", "::ffff:cb00:7109"] * 4,
    "zones of one link": [f"fe80::{n:x}%eth{n}" for n in range(1, 13)],
}
NAMES = (
    "", " ", NAME.upper(), f" {NAME}", f"{NAME} ", f"{NAME}\x00", f"{NAME}\n", "operator' OR '1'='1", "*", "%", "_" * 8,
    "nobody", "admin", "ｏｐｅｒａｔｏｒ", "opera\u200btor", "\ufeffoperator", "o" * 200, "o" * 100_000, "{{7*7}}", "../operator",
)  # fmt: skip
PASSWORDS = (
    "", " ", PASSWORD.upper(), f"{PASSWORD} ", f" {PASSWORD}", f"{PASSWORD}\x00", f"{PASSWORD}\x00tail", PASSWORD[:-1],
    PASSWORD + "x", "\x00", "\ufffd", "密码" * 50, "x" * 200, "x" * 100_000, "$argon2id$v=19$", "' OR 1=1 --",
    "the operator\u2019s long password",
)  # fmt: skip


def attempt(ground: Ground) -> Iterator[Attempt]:
    with opened(ground) as pages:
        yield from _count_guesses(pages, is_short=ground.is_short)
        yield from _use_odd_words(pages, is_short=ground.is_short)
        yield from _lock_out(pages, is_short=ground.is_short)
        yield from _forge_devices(pages)
        yield from _storm(pages, is_short=ground.is_short)


def _count_guesses(pages: Pages, *, is_short: bool) -> Iterator[Attempt]:
    """Check that one client gets no more than A_MINUTE guesses, however it varies address, name and password."""
    ways = list(ONE_CLIENT.items())[1:3] if is_short else ONE_CLIENT.items()
    for name, addresses in ways:
        several = [f"{NAME}{number}" for number in range(12)]
        for names in [several] if is_short else [[NAME] * 12, several]:
            app = pages.start()
            checked = sum(
                sign_in(browser(app, address), f"guess {address} {number}", who) == 401
                for number, (address, who) in enumerate(zip(addresses, names, strict=True))
            )
            yield Attempt(
                f"{name}, {len(set(names))} names", "" if checked <= A_MINUTE else f"{checked} guesses"
            )


def _use_odd_words(pages: Pages, *, is_short: bool) -> Iterator[Attempt]:
    """Try odd names and passwords: each must be answered with a 4xx."""
    pairs = [(name, PASSWORD) for name in NAMES] + [(NAME, password) for password in PASSWORDS]
    for name, password in pairs[:: 6 if is_short else 1]:
        status = sign_in(browser(pages.start()), password, name)
        yield Attempt(f"{name[:20]!r} {password[:20]!r}", "" if 400 <= status < 500 else f"answered {status}")


def _lock_out(pages: Pages, *, is_short: bool) -> Iterator[Attempt]:
    """Check that failures from elsewhere, however many, lock out nobody who knows the password."""
    for count, addresses in ((20, 1),) if is_short else ((40, 1), (40, 8)):
        app = pages.start()
        for number in range(count):
            sign_in(browser(app, f"198.51.100.{number % addresses}"), "wrong")
        yield _gets_in(f"{count} failures at {addresses} addresses", sign_in(browser(app)))
    app = pages.start()
    visitor = browser(app)
    sign_in(visitor)
    for _ in range(A_MINUTE):
        sign_in(browser(app), "wrong")
    yield _gets_in("failures at the operator's own address, from a browser that signed in", sign_in(visitor))


def _forge_devices(pages: Pages) -> Iterator[Attempt]:
    """Check that a forged device cookie, or another operator's, gives no further guesses."""
    app = pages.start()
    visitor = browser(app)
    sign_in(visitor)
    true = visitor.cookies[DEVICE_COOKIE]
    forged = (
        "", "x", true[:-1], true + "x", true.upper(), true.partition(".")[0], "." + true, true[::-1], "\xe9", "W10.a.b",
        f"{true}, {true}", "x" * 100_000, "eyJhIjoxfQ.aaaa.bbbb", true.replace(".", ".."),
    )  # fmt: skip
    for number in range(A_MINUTE):
        sign_in(browser(app, "203.0.113.9"), f"guess {number}")
    for value in forged:
        answer = browser(app, "203.0.113.9").post(
            "/operator/login",
            data={"name": NAME, "password": "wrong"},
            headers={b"Cookie": f"{DEVICE_COOKIE}={value}".encode("latin-1")},
        )
        yield Attempt(
            f"device cookie {value[:20]!r}",
            "" if answer.status_code in (429, 431) else f"{answer.status_code}",
        )
    other = browser(app, "203.0.113.9")
    other.cookies.set(DEVICE_COOKIE, true)
    status = sign_in(other, "wrong", "another")
    yield Attempt("the device cookie of another operator", "" if status == 429 else f"answered {status}")
    checked = sum(sign_in(other, f"guess {number}") == 401 for number in range(12))
    yield Attempt("a copied device cookie", "" if checked <= A_MINUTE else f"{checked} guesses")


def _storm(pages: Pages, *, is_short: bool) -> Iterator[Attempt]:
    count = 12 if is_short else 60
    form = {"name": NAME, "password": "wrong"}
    requests = [
        (f"198.51.100.{number}", httpx.Request("POST", f"{BASE_URL}/operator/login", data=form))
        for number in range(count)
    ]
    came = storm(pages.start(), requests)
    wrong = set(came.statuses) - {401, 429, 503}
    yield Attempt(f"{count} log-ins at once: answers", f"answered {sorted(wrong)}" if wrong else "")
    yield Attempt(
        f"{count} log-ins at once: memory", f"{came.grown_mb:.0f} MB" if came.grown_mb > 400 else ""
    )
    yield Attempt(f"{count} log-ins at once: /healthz", f"{came.health_s:.1f} s" if came.health_s > 3 else "")


def _gets_in(name: str, status: int) -> Attempt:
    return Attempt(name, "" if status == 303 else f"the right password is answered {status}")
