"""The web application in this process, for attacks on it.

Browsers may have any address, and the archive is filled without a crawl.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import httpx
from fastapi import FastAPI
from fastapi.testclient import TestClient

from bench.attacks import Ground
from crawler.extraction import outline
from notify.post import Post
from notify.tokens import Tokens
from store import operators
from store.archive import Archive
from store.database import Database
from store.flow import Attachment, Capture, Entry, Listing, Metadata, Origin, Page, Period, Visit
from store.keep import Keeper
from web.app import create
from web.hashing import hashed
from web.terms import Terms

NAME, PASSWORD = "operator", "the operator's long password"
BASE_URL = "http://testserver"
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


class Clock:
    """The time, which an attack may move."""

    def __init__(self) -> None:
        self.ahead = dt.timedelta()

    def __call__(self) -> dt.datetime:
        return dt.datetime.now(dt.UTC) + self.ahead


@dataclass
class Pages:
    """The application on a ground, with one operator."""

    ground: Ground
    database: Database
    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        post = Post(
            "Yaodian <yaodian@example.org>",
            Tokens("secret of the attacks, long enough"),
            self.ground.data / "outbox",
            BASE_URL,
        )
        self.terms = Terms(
            self.database,
            self.ground.data,
            Archive(self.ground.data / "warc"),
            "Asia/Shanghai",
            post,
            "secret of the attacks, long enough",
            program=("false",),
            requests_per_minute=0,
            clock=self.clock,
        )
        self.set_password(PASSWORD)

    def set_password(self, password: str) -> None:
        with self.database.write() as session:
            operators.put(session, NAME, hashed(password), self.clock())

    def start(self, **terms: object) -> FastAPI:
        """Create an application that shares no failed attempts with another."""
        return create(replace(self.terms, **terms))  # type: ignore[arg-type]


@contextmanager
def opened(ground: Ground) -> Iterator[Pages]:
    database = Database(ground.database_url)
    try:
        yield Pages(ground, database)
    finally:
        database.close()


def browser(app: FastAPI, address: str = "192.0.2.1") -> TestClient:
    """Return a browser without cookies, to which an exception in the application is a status 500."""
    return TestClient(
        app, BASE_URL, client=(address, 40000), follow_redirects=False, raise_server_exceptions=False
    )


def sign_in(visitor: TestClient, password: str = PASSWORD, name: str = NAME) -> int:
    return visitor.post("/operator/login", data={"name": name, "password": password}).status_code


def is_in(visitor: TestClient, cookies: Mapping[str, str] | None = None) -> bool:
    """Return True if the operator's page opens, with the browser's own cookies or with the given ones."""
    if cookies is None:
        return visitor.get("/operator").status_code == 200
    sent = "; ".join(f"{name}={value}" for name, value in cookies.items())
    return visitor.get("/operator", headers={"Cookie": sent}).status_code == 200


# ── many at once ──


@dataclass(frozen=True, slots=True)
class Storm:
    """What came of many requests at once: their statuses, how many MB the process grew by, and the longest that
    /healthz took meanwhile."""

    statuses: tuple[int, ...]
    grown_mb: float
    health_s: float


def storm(app: FastAPI, requests: Iterable[tuple[str, httpx.Request]]) -> Storm:
    """Send all requests at once, each from an address, in one event loop as the server has it."""
    return asyncio.run(_storm(app, list(requests)))


async def _storm(app: FastAPI, requests: list[tuple[str, httpx.Request]]) -> Storm:
    slowest = 0.0

    async def look() -> None:
        nonlocal slowest
        async with _client(app, "192.0.2.250") as ask:
            while True:
                began = time.perf_counter()
                await ask(httpx.Request("GET", f"{BASE_URL}/healthz"))
                slowest = max(slowest, time.perf_counter() - began)
                await asyncio.sleep(0.01)

    async def one(address: str, request: httpx.Request) -> int:
        async with _client(app, address) as ask:
            return (await ask(request)).status_code

    with _memory() as grown:
        looking = asyncio.create_task(look())
        await asyncio.sleep(0.05)
        statuses = await asyncio.gather(*(one(*request) for request in requests))
        looking.cancel()
    return Storm(tuple(statuses), grown(), slowest)


@asynccontextmanager
async def _client(
    app: FastAPI, address: str
) -> AsyncIterator[Callable[[httpx.Request], Awaitable[httpx.Response]]]:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=(address, 40000))
    async with httpx.AsyncClient(transport=transport) as client:
        yield client.send


@contextmanager
def _memory() -> Iterator[Callable[[], float]]:
    """Watch what this process takes from a thread, which the event loop can't hold up."""
    first = most = _resident_mb()
    ended = threading.Event()

    def watch() -> None:
        nonlocal most
        while not ended.wait(0.005):
            most = max(most, _resident_mb())

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        yield lambda: most - first
    finally:
        ended.set()
        watching.join()


def _resident_mb() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE_BYTES / 1e6


# ── an archive ──


def fill(pages: Pages, texts: Iterable[str], source: str = "example") -> None:
    """Keep a document for each text: its title, its first item, its publisher, an attachment's name say it."""
    at = dt.datetime(2026, 8, 19, 1, tzinfo=dt.UTC)
    host = f"http://{source}.example.org/"
    origin = Origin(source, "某市教育局", "某市教育局", "620000", "official")
    keeper = Keeper(pages.database, pages.terms.archive, origin, lambda: at)
    run = keeper.begin()
    known = dict(enumerate(texts))
    entries = [Entry(f"{host}{n}.html", f"{text} 2026年教育工作要点", None) for n, text in known.items()]
    listed = Capture(host, 200, (("Content-Type", "text/html"),), b"<ul></ul>", at)
    found = keeper.keep_listing(Visit(host), listed, Listing(tuple(entries), None), entries).found
    for (number, text), entry, visit in zip(known.items(), entries, found, strict=True):
        for edition in (1, 2):
            body = f"<html><body><h1>{text}</h1><p>一、{text}{edition}</p></body></html>".encode()
            capture = Capture(visit.url, 200, (("Content-Type", "text/html; charset=utf-8"),), body, at)
            words = f"{text}\n一、{text}第{number}项，完成{edition}0%。\n二、教育{text}"
            page = Page(
                visit.url,
                entry.title,
                words,
                Metadata(publisher=f"{text}教育局", document_number=text, period=Period(2026, 2026)),
                outline(words),
                (Attachment(f"{host}{number}.pdf", text, None),),
            )
            keeper.keep_page(str(visit.document), capture, page)
    run.finish("done", {"documents": len(known)}, None, None)
    pages.terms.archive.close()
