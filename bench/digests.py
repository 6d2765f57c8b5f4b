"""Digests for many readers: 10 000 subscriptions with 200 distinct filters, a week of 500 changes.

`python -m bench.digests [SUBSCRIBERS] [FILTERS] [CHANGES] [URL]` fills a database (SQLite; or the empty one at URL), makes the
digests and hands them over to an SMTP server in a process of its own. It tells statements, seconds, memory and what was made.
"""

from __future__ import annotations

import datetime as dt
import random
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from sqlalchemy import event, func, insert, select
from sqlalchemy.orm import Session

from bench import mailserver
from bench.table import beside
from notify import making, sending
from notify.filters import Filter
from notify.links import Pages
from notify.post import Post
from notify.smtp import Relay
from notify.subscriptions import Rhythm
from notify.tokens import Tokens
from store import models as rows
from store.database import Database
from store.diff import diff
from store.flow import Difference, Metadata, Node, Page, Period
from store.shapes import difference_to_json, page_to_json

WEEK_AGO = dt.datetime(2026, 11, 16, 0, tzinfo=dt.UTC)
NOW = dt.datetime(2026, 11, 23, 0, tzinfo=dt.UTC)
KINDS = ("工作要点", "工作计划", "发展规划", "实施方案")
REGIONS = (
    "000000",
    *(f"{province}{city:02d}00" for province in (15, 21, 33, 44, 51, 62) for city in range(4)),
)
SUBJECTS = (
    "课后服务",
    "学前教育",
    "县域高中",
    "教师队伍",
    "职业教育",
    "校园安全",
    "劳动教育",
    "心理健康",
    "数字化",
    "特殊教育",
)
ITEMS = 40
SAMPLE = 50


@dataclass
class Counted:
    """Statements by what they begin with."""

    statements: Counter[str] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        return sum(self.statements.values())


@contextmanager
def counting(database: Database) -> Iterator[Counted]:
    counted = Counted()

    def note(_c: object, _k: object, statement: str, *_: object) -> None:
        counted.statements[" ".join(statement.split()[:3])[:30]] += 1

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield counted
    finally:
        event.remove(database.engine, "before_cursor_execute", note)


def page(number: int, figure: int) -> Page:
    """A plan of 6 000 characters; another figure changes one item."""
    nodes = []
    for at in range(1, ITEMS + 1):
        subject = SUBJECTS[(number * 7 + at) % len(SUBJECTS)]
        amount = figure if at == 5 else number % 90 + at
        text = (
            f"推进{subject}。"
            + f"面向全市第{number}批学校推进{subject}，年内完成{amount}所，覆盖率达到{60 + at % 40}%，" * 3
        )
        nodes.append(Node(f"{at}.", 1, f"推进{subject}", text))
    metadata = Metadata(
        publisher=f"第{number}市教育局", document_number=f"教发〔2026〕{number}号", period=Period(2026, 2026)
    )
    text = "\n".join(f"{node.label}{node.text}" for node in nodes)
    return Page(
        f"https://edu{number}.example.cn/",
        f"第{number}市教育局2026年{KINDS[number % 4]}",
        text,
        metadata,
        tuple(nodes),
        (),
    )


def fill(database: Database, changes: int) -> None:
    """Of ten changes seven are new plans, one of them a reprint; two are changed and one is withdrawn."""
    with database.write() as session:
        for kind in ("official", "mirror"):
            session.add(
                rows.Source(id=kind, name=f"{kind} 示例", publisher="某市教育局", region="150000", kind=kind)
            )
        session.flush()
        for number in range(1, changes + 1):
            _change(session, number)


def subscribe(database: Database, subscribers: int, filters: int) -> None:
    """So many readers, each filter wanted by as many; two rhythms, two zones, one of twenty in English."""
    wanted = _distinct(filters)
    rhythms = [Rhythm(), Rhythm(every="daily"), Rhythm(timezone="Asia/Urumqi")]
    with database.write() as session:
        session.execute(
            insert(rows.Subscription),
            [
                {
                    "address": f"r{number}@mail{number % 50}.example.org",
                    "mailbox": f"r{number}@mail{number % 50}.example.org",
                    "filter": wanted[number % len(wanted)].model_dump(mode="json"),
                    "rhythm": rhythms[number % 11 % 3].model_dump(mode="json"),
                    "language": "en" if number % 20 == 0 else "zh",
                    "state": "active",
                    "created_at": WEEK_AGO,
                    "confirmed_at": WEEK_AGO,
                    "next_due_at": NOW,
                }
                for number in range(subscribers)
            ],
        )


def _filters(chance: random.Random) -> Iterator[Filter]:
    """Everything, and then one wish after another; some of them equal."""
    yield Filter()
    while True:
        yield Filter(
            regions=tuple(chance.sample(REGIONS, chance.choice((0, 1, 1, 2, 3)))),
            kinds=tuple(chance.sample(KINDS, chance.choice((0, 0, 1, 2)))),
            keywords=tuple(chance.sample(SUBJECTS, chance.choice((0, 0, 0, 1)))),
            official=chance.random() < 0.3,
        ).canonical()


def _distinct(count: int) -> list[Filter]:
    found: dict[Filter, None] = {}
    for wanted in _filters(random.Random(1)):
        found[wanted] = None
        if len(found) == count:
            break
    return list(found)


def _change(session: Session, number: int) -> None:
    ten = number % 10
    is_reprint, is_changed, is_withdrawn = ten == 0, ten in (1, 2), ten == 3
    # A reprint is one of the plan that came before it, with another figure.
    of = number - 3 if is_reprint else number
    plan, document = f"p{of:012d}", f"d{number:012d}"
    old, new = page(of, 10), page(of, 11 if is_changed or is_reprint else 10)
    add = session.add
    if not is_reprint:
        add(
            rows.Plan(
                id=plan,
                title=old.title or "",
                publisher=old.metadata.publisher,
                region=REGIONS[number % len(REGIONS)],
                kind=KINDS[number % 4],
                period_start=2026,
                period_end=2026,
            )
        )
        session.flush()
    at = WEEK_AGO + dt.timedelta(minutes=number * 19)
    add(
        rows.Document(
            id=document,
            source_id="mirror" if is_reprint else "official",
            url=f"https://edu.example.cn/{number}.html",
            listed_title=old.title or "",
            found_at=at,
            plan_id=plan,
            role="reprint" if is_reprint else "original",
            similarity=0.97 if is_reprint else None,
        )
    )
    session.flush()
    capture = rows.Capture(
        document_id=document,
        url="https://edu.example.cn/",
        fetched_at=at,
        status=200,
        digest="x",
        file="x",
        offset=0,
        length=1,
    )
    add(capture)
    session.flush()
    versions = []
    for at_number, one in enumerate((old, new) if is_changed else (new,), 1):
        version = rows.Version(
            document_id=document,
            number=at_number,
            capture_id=capture.id,
            captured_at=at,
            title=one.title or "",
            content_hash="x",
            page=page_to_json(one),
        )
        add(version)
        versions.append(version)
    session.flush()
    add(
        rows.Change(
            document_id=document,
            type="changed" if is_changed else "withdrawn" if is_withdrawn else "new",
            detected_at=at,
            from_version_id=versions[0].id if is_changed or is_withdrawn else None,
            to_version_id=None if is_withdrawn else versions[-1].id,
            difference=difference_to_json(diff(old, new) if is_changed else Difference()),
        )
    )


def peak_mb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


@contextmanager
def timed(what: str) -> Iterator[None]:
    wall, cpu = time.monotonic(), time.process_time()
    yield
    print(
        f"{what}: {time.monotonic() - wall:.1f} s, {time.process_time() - cpu:.1f} s of CPU here; peak memory {peak_mb()} MB",
        flush=True,
    )


def main() -> int:
    words = sys.argv[1:]
    subscribers, filters, changes = (
        int(word) for word in (*words[:3], *("10000", "200", "500")[len(words[:3]) :])
    )
    with tempfile.TemporaryDirectory() as folder:
        database = Database(words[3] if len(words) > 3 else f"sqlite:///{folder}/yaodian.db")
        database.upgrade()
        fill(database, changes)
        subscribe(database, subscribers, filters)
        print(
            f"{subscribers} subscribers, {filters} filters, {changes} changes on {database.engine.dialect.name}; memory {peak_mb()} MB"
        )
        post = Post(
            "Yaodian <yaodian@example.org>",
            Tokens("a secret of the bench, long enough"),
            Path(folder) / "outbox",
            base_url="https://yaodian.example.org",
        )
        alone = _alone(database, range(1, subscribers + 1, max(1, subscribers // SAMPLE)), post)
        begun = time.process_time()
        with timed("made"), counting(database) as counted:
            making.make(database, range(1, subscribers + 1), post, NOW)
        made = time.process_time() - begun
        print(
            f"statements: {counted.total} ({', '.join(f'{n} {what}' for what, n in counted.statements.most_common(8))})"
        )
        told = _told(database)
        if told:
            beside(
                f"a digest for one of {subscribers}",
                "CPU ms",
                1000 * made / told,
                {"each reader by himself": alone},
            )
        with timed("handed over"):
            _deliver(database, post)
        database.close()
    return 0 if told else 1


def _alone(database: Database, readers: Sequence[int], post: Post) -> float:
    """The rival: CPU ms for a digest that shares nothing with those of other readers. It records nothing either."""
    begun = time.process_time()
    for reader in readers:
        issue, edition = making.preview(database, reader, NOW, Pages(post.base_url))
        making.written(issue, edition, post)
    return 1000 * (time.process_time() - begun) / len(readers)


def _told(database: Database) -> int:
    with database.read() as session:
        counts = [
            session.scalar(select(func.count()).select_from(table)) or 0
            for table in (rows.Digest, rows.Letter, rows.DigestChange)
        ]
        longest = max(
            (
                len(letter.content["html"].encode())
                for letter in session.scalars(select(rows.Letter).execution_options(yield_per=20))
            ),
            default=0,
        )
    digests, letters, carried = counts
    print(
        f"{digests} digests in {letters} letters carry {carried} changes; the longest HTML has {longest} bytes"
    )
    return digests


def _deliver(database: Database, post: Post) -> None:
    states: Counter[str] = Counter()
    with mailserver.running(post.outbox.parent / "taken.jsonl") as server:
        relay = Relay.parse(f"smtp://127.0.0.1:{server.port}")
        sending.deliver(
            database,
            replace(post, relay=relay),
            lambda: NOW,
            lambda handed: states.update([handed.noted.state]),
        )
    print(f"outcomes: {dict(states)}")


if __name__ == "__main__":
    sys.exit(main())
