"""Floods of the subscription form: from one client, to one person, to one domain, to one webhook host, from everywhere."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import closing

from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from bench.attacks import Attempt, Ground
from notify.post import Post
from notify.request_limits import RequestLimits
from notify.requests import MOST_LETTERS
from notify.tokens import Tokens
from store import models as rows
from store.archive import Archive
from store.database import Database
from web.app import create
from web.terms import Terms

TITLE = "floods of subscription requests"
BOTH_DATABASES = True

ONE_CLIENT = {
    "IPv4": lambda n: "192.0.2.7",
    "IPv4 in IPv6": lambda n: ("192.0.2.8", "::ffff:192.0.2.8", "::ffff:c000:208")[n % 3],
    "a /64": lambda n: f"2001:db8:1:2:{n:x}:{n * 7919 % 65536:x}::{n:x}",
}
LIMITS = RequestLimits(per_client=10, per_domain=12, per_host=5, overall=70)
# Requests that fail; each is to be counted for its client.
BROKEN = (
    {"address": "nobody"},
    {"address": "a@example.org", "region": "火星"},
    {"address": "a@e.org", "language": "xx"},
    {},
)


def attempt(ground: Ground) -> Iterator[Attempt]:
    """Try each flood; a breach is one letter above the limit, or a refusal without the time to try again."""
    with closing(Database(ground.database_url)) as database:
        post = Post(
            "y <y@example.org>", Tokens("t" * 40), ground.data / "outbox", base_url="http://testserver"
        )
        terms = Terms(
            database, ground.data, Archive(ground.data / "warc"), "Asia/Shanghai", post, "s" * 40,
            public_channels=("webhook",), request_limits=LIMITS,
        )  # fmt: skip
        flood = Flood(create(terms), database)
        many = 25 if ground.is_short else 400
        for name, client in ONE_CLIENT.items():
            asked = [flood.ask(f"{name[-2:].strip('/ ')}{n}@client{n}.org", client(n)) for n in range(many)]
            yield Attempt(f"{many} addresses from one client ({name})", _at_most(asked, LIMITS.per_client))
        asked = [flood.post(BROKEN[n % len(BROKEN)], "192.0.2.9") for n in range(many)]
        yield Attempt(
            "requests that fail", "" if asked.count(429) == many - LIMITS.per_client else str(asked)
        )
        before = flood.letters()
        for n in range(many):
            flood.ask(
                ("victim@school.example", "Victim+a@school.example", "VICTIM+b@SCHOOL.example")[n % 3],
                f"10.1.{n % 250}.1",
                keyword=f"k{n}",
            )
        grown = flood.letters() - before
        yield Attempt("one person from many clients", "" if grown <= MOST_LETTERS else f"{grown} letters")
        asked = [
            flood.ask(f"u{n}@{'abc'[n % 3]}.town.example", f"10.2.{n % 250}.{n // 250}") for n in range(many)
        ]
        yield Attempt("one domain by its subdomains from many clients", _at_most(asked, LIMITS.per_domain))
        asked = [
            flood.ask(f"webhook+https://h{n % 9}.hooks.example/{n}", f"10.3.{n % 250}.{n // 250}")
            for n in range(many)
        ]
        yield Attempt("one webhook host from many clients", _at_most(asked, LIMITS.per_host))
        for n in range(LIMITS.overall + 20):
            flood.ask(f"u{n}@everybody{n}.org", f"10.4.{n % 250}.{n // 250}")
        total = flood.letters()
        yield Attempt("everything from everywhere", "" if total <= LIMITS.overall else f"{total} letters")
        yield Attempt("a refusal says when to come back", "" if not flood.mute else f"{flood.mute} did not")


def _at_most(answers: list[int], most: int) -> str:
    taken = answers.count(200)
    return "" if 0 < taken <= most else f"{taken} of {len(answers)} were taken"


class Flood:
    """Asks the form from any client's address."""

    def __init__(self, app: FastAPI, database: Database) -> None:
        self.app, self.database = app, database
        self.mute = 0
        self._ports = itertools.count(1024)

    def ask(self, address: str, client: str, **more: str) -> int:
        return self.post({"address": address, **more}, client)

    def post(self, given: dict[str, str], client: str) -> int:
        reader = TestClient(self.app, client=(client, next(self._ports)))
        answer = reader.post("/subscribe", data=given)
        if answer.status_code == 429 and not answer.headers.get("Retry-After", "").isdigit():
            self.mute += 1
        return answer.status_code

    def letters(self) -> int:
        with self.database.read() as session:
            return session.scalar(select(func.count()).select_from(rows.Delivery)) or 0
