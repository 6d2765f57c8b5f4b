"""`yaodian demo`: four days on the sample web, crawled day by day, and the weekly digest that they make."""

from __future__ import annotations

import datetime as dt
import multiprocessing
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import select

from crawler.run import Terms, Unwatched
from crawler.run import crawl as run
from crawler.sources import catalogue
from demo.web import DemoWeb
from notify import mail, making, sending, subscriptions
from notify.filters import Filter
from notify.post import Post
from notify.subscriptions import Rhythm
from notify.tokens import Tokens, load_secret
from scheduler.due import next_due
from store import models as rows
from store.archive import Archive
from store.database import Database
from store.errors import OperatorError
from store.safe_files import write_private
from store.shapes import change_to_json

TIMEZONE = "Asia/Shanghai"
MORNING, EVENING = dt.time(9), dt.time(21)
READER = "reader@example.org"
SENDER = "要点 Yaodian <yaodian@example.org>"
MARK = ".yaodian-demo"


@dataclass(frozen=True, slots=True)
class Clock:
    """The machine's clock, set to another day: the demo's days go by in seconds."""

    shift: dt.timedelta

    @classmethod
    def at(cls, day: dt.date, time: dt.time) -> Clock:
        moment = dt.datetime.combine(day, time, ZoneInfo(TIMEZONE)).astimezone(dt.UTC)
        return cls(moment - dt.datetime.now(dt.UTC))

    def __call__(self) -> dt.datetime:
        return dt.datetime.now(dt.UTC) + self.shift


@dataclass(frozen=True, slots=True)
class Day:
    """What one day brought: the changes as in the contract's JSON."""

    number: int
    date: dt.date
    note: str
    changes: list[dict[str, object]]


@dataclass(frozen=True, slots=True)
class Tour:
    """Where everything is that the demo wrote."""

    data: Path
    mail: Path
    html: Path


def tour(data: Path, tell: Callable[[Day], None], url: str | None = None) -> Tour:
    """Crawl the sample web day by day into a fresh data directory; `tell` hears of each day as it ends.

    `url` is that of an empty database, where it shall not be the data directory's own.
    """
    _fresh(data)
    url = url or f"sqlite:///{data / 'yaodian.db'}"
    database = Database(url)
    database.upgrade()
    with DemoWeb() as web:
        for source_id, text in web.sources().items():
            (data / "sources" / f"{source_id}.yaml").write_text(text, encoding="utf-8")
        _subscribe(database, web.content.day(1).date)
        seen = 0
        for number, day in sorted(web.content.timeline.days.items()):
            web.day = number
            _look(data, url, Clock.at(day.date, MORNING))
            if _awaits_second_look(database):
                _look(data, url, Clock.at(day.date, EVENING))
            found, seen = _changes_since(database, seen)
            tell(Day(number, day.date, day.note, found))
        last = day.date
    written = _digest(database, data, Clock.at(last + dt.timedelta(days=7 - last.weekday()), MORNING))
    database.close()
    return written


def _fresh(data: Path) -> None:
    """An empty directory of the demo's own; what it did not make it does not remove."""
    if data.exists() and any(data.iterdir()):
        if not (data / MARK).exists():
            raise OperatorError(
                f"{data} holds something else than a demo; name another directory with --data"
            )
        shutil.rmtree(data)
    try:
        (data / "sources").mkdir(parents=True, exist_ok=True)
        (data / MARK).touch()
    except OSError as error:
        raise OperatorError(f"{data}: {error.strerror}; name another directory with --data") from error


def _look(data: Path, url: str, clock: Clock) -> None:
    """One crawl in a process of its own: Scrapy's reactor starts only once in a process."""
    context = multiprocessing.get_context("spawn")
    child = context.Process(target=_crawl, args=(data, url, clock))
    child.start()
    child.join()
    if child.exitcode != 0:
        raise OperatorError(f"the demo's crawl failed; {data / 'logs' / 'crawl.log'} tells why")


def _crawl(data: Path, url: str, clock: Clock) -> None:
    sources = catalogue.load(data / "sources").sources.values()
    terms = Terms(
        data=data,
        archive=Archive(data / "warc"),
        contact="",
        allow_private=True,
        everything=True,
        full=False,
        next_due=lambda source, at: next_due(source, at, TIMEZONE),
    )
    database = Database(url)
    crawled = run(sources, database, clock, terms, Unwatched())
    if any(one.outcome != "done" for one in crawled):
        raise SystemExit("\n".join(problem for one in crawled for problem in one.problems))


def _awaits_second_look(database: Database) -> bool:
    missing = select(rows.Document.id).where(
        rows.Document.missing_since.is_not(None), rows.Document.state == "live"
    )
    with database.read() as session:
        return session.scalars(missing.limit(1)).first() is not None


def _changes_since(database: Database, seen: int) -> tuple[list[dict[str, object]], int]:
    with database.read() as session:
        found = sorted(
            session.scalars(select(rows.Change).where(rows.Change.id > seen)),
            key=lambda change: (change.document.source_id, change.type, change.document.listed_title),
        )
        shapes = [
            change_to_json(change)
            | {"role": change.document.role, "source_name": change.document.source.name}
            for change in found
        ]
    return shapes, max([seen, *(shape["id"] for shape in shapes)])


def _subscribe(database: Database, first_day: dt.date) -> None:
    before = Clock.at(first_day, dt.time(0))()
    made = subscriptions.subscribe(database, READER, Filter(), Rhythm(), before)
    subscriptions.confirm(database, made.id, before)


def _digest(database: Database, data: Path, clock: Clock) -> Tour:
    now = clock()
    due = sending.chosen(database, now, only=None, everyone=False)
    issue, edition = making.preview(database, due[0], now)
    html = data / "digest.html"
    write_private(html, mail.html(issue, edition).encode())
    post = Post(SENDER, Tokens(load_secret(data)), data / "outbox")
    making.make(database, due, post, now)
    written: list[Path] = []
    sending.deliver(database, post, clock, lambda handed: written.append(Path(handed.answer.said)))
    return Tour(data, written[0], html)
