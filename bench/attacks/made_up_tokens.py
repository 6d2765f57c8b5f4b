"""Made-up API tokens, one by one and in storms.

The answer must be 401, 429 or 503, within bounds of memory and time, and the holder of a real token is still
served.
"""

from __future__ import annotations

from collections.abc import Iterator

import httpx
from argon2 import PasswordHasher
from sqlalchemy import update

from bench.attacks import Attempt, Ground
from bench.in_process import BASE_URL, Pages, browser, opened, storm
from store import models as rows
from web.tokens import made

TITLE = "made-up tokens, one by one and in storms"
BOTH_DATABASES = True

LIST = "/api/v1/subscriptions"
A, E_ACUTE = "A" * 43, "\xe9" * 43
FORMS = (
    "", " ", "yaodian", "yaodian_", "yaodian__", "yaodian_1_", f"yaodian_0_{A}", f"yaodian_-1_{A}", f"yaodian_01_{A}",
    f"yaodian_1_{A}", f"yaodian_1_{A}A", f"yaodian_1_{A[1:]}", f"yaodian_999999999_{A}", f"yaodian_9999999999_{A}",
    f"yaodian_1_{E_ACUTE}", f"yaodian_\xb2_{A}", f"yaodian_1_{'/' * 43}", f"yaodian_1_{'.' * 43}", f"YAODIAN_1_{A}",
    f"yaodian_1_{A}\t", f" yaodian_1_{A}", f"yaodian_1 or 1=1_{A}", f"yaodian_1'--_{A}", f"yaodian_1_{A},yaodian_2_{A}",
    "null", "undefined", "None", "\xff\xfe", "$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA", "0" * 64, "x" * 100_000,
)  # fmt: skip
SCHEMES = ("Bearer", "bearer", "BEARER", "Basic", "Token", "", "Bearer Bearer")
MOST_MB, SLOWEST_S = 400, 3.0


def attempt(ground: Ground) -> Iterator[Attempt]:
    """Send every form, then storms for an id that is unknown, one of SHA-256 and one that is still argon2's."""
    with opened(ground) as pages:
        with pages.database.write() as session:
            token = made(session, "holder", pages.clock())[1]
            old = made(session, "since 0.1", pages.clock())[1]
        _store_as_before(pages, old)
        schemes = SCHEMES[:1] if ground.is_short else SCHEMES
        visitor = browser(pages.start())
        for form in FORMS:
            for scheme in schemes:
                value = f"{scheme} {form}".encode("latin-1")
                status = visitor.get(LIST, headers={b"Authorization": value}).status_code
                yield Attempt(
                    f"{scheme} {form[:40]!r}", "" if status in (400, 401, 431) else f"answered {status}"
                )
        yield from _replay_hashes(pages)
        count = 16 if ground.is_short else 60
        for identity, of in ((7, "an unknown id"), (1, "an id"), (2, "an id whose hash is argon2's")):
            for clients in (1, count):
                yield from _storms(pages, identity, of, count, clients)
        app = pages.start()
        for number in range(20):
            _ask(browser(app, "203.0.113.9"), f"yaodian_2_{number:043}")
        for holder in (token, old):
            status = _ask(browser(app), holder)
            yield Attempt(
                f"holder of {holder[:9]} beside a forger", "" if status == 200 else f"answered {status}"
            )


def _replay_hashes(pages: Pages) -> Iterator[Attempt]:
    """Send stored token hashes as tokens: reading the table must not give access."""
    with pages.database.read() as session:
        stored = [(row.id, row.token_hash) for row in session.query(rows.Token)]
    for identity, token_hash in stored:
        for form in (
            token_hash,
            f"yaodian_{identity}_{token_hash}",
            f"yaodian_{identity}_{token_hash[-43:]}",
        ):
            status = _ask(browser(pages.start()), form)
            yield Attempt(f"the hash of token {identity} as a token", "" if status == 401 else str(status))


def _storms(pages: Pages, identity: int, of: str, count: int, clients: int) -> Iterator[Attempt]:
    name = f"{count} tokens of {of} from {clients} addresses"
    requests = [
        (
            f"198.51.100.{number % clients}",
            httpx.Request(
                "GET", BASE_URL + LIST, headers={"Authorization": f"Bearer yaodian_{identity}_{number:043}"}
            ),
        )
        for number in range(count)
    ]
    came = storm(pages.start(), requests)
    wrong = set(came.statuses) - {401, 429, 503}
    yield Attempt(f"{name}: answers", f"answered {sorted(wrong)}" if wrong else "")
    yield Attempt(f"{name}: memory", f"{came.grown_mb:.0f} MB" if came.grown_mb > MOST_MB else "")
    yield Attempt(f"{name}: /healthz", f"{came.health_s:.1f} s" if came.health_s > SLOWEST_S else "")


def _store_as_before(pages: Pages, token: str) -> None:
    with pages.database.write() as session:
        session.execute(
            update(rows.Token).where(rows.Token.id == 2).values(token_hash=PasswordHasher().hash(token))
        )


def _ask(visitor: httpx.Client, token: str) -> int:
    return visitor.get(LIST, headers={"Authorization": f"Bearer {token}"}).status_code
