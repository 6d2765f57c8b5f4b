"""Damaged copies hidden among many plans: how many are linked to their original, and how long a look-up takes.

python -m bench.linking [N] [SEED]

The originals are the sample web's plans and, where ../shared/seeds lies beside the project, real ones. N generated plans
are loaded straight into the tables: of SQLite, or of the empty database that YAODIAN_DATABASE_URL names.
"""

from __future__ import annotations

import datetime as dt
import os
import random
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from rapidfuzz import process
from rapidfuzz.distance import Indel
from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from bench import copies
from bench.table import beside
from demo.plans import load_plans
from store import models as rows
from store import plans
from store.alike import COMMON
from store.database import Database
from store.flow import Metadata, Page, Period
from store.identity import document_id, plan_id
from store.likeness import sample
from store.normal import content_hash
from store.shapes import page_from_json, page_to_json

ROOT = Path(__file__).parent.parent
SEEDS = ROOT.parent / "shared" / "seeds"
NOW = dt.datetime(2026, 11, 21, tzinfo=dt.UTC)
# Beyond that comparing with each takes minutes.
MOST_COMPARED = 2_000
BATCH = 1000
# So many clauses of a generated plan are an original's, word for word.
VERBATIM = 0.02


@dataclass(frozen=True, slots=True)
class Work:
    name: str
    title: str
    publisher: str
    period: Period
    lines: list[str]


@dataclass(slots=True)
class Result:
    documents: int
    copies: int = 0
    found: int = 0
    look_alikes: int = 0
    wrong: int = 0
    times_s: list[float] = field(default_factory=list)
    missed: Counter[str] = field(default_factory=Counter)
    glued: Counter[str] = field(default_factory=Counter)

    @property
    def recall(self) -> float:
        return self.found / self.copies

    @property
    def precision(self) -> float:
        return self.found / (self.found + self.wrong) if self.found else 0.0


def works() -> list[Work]:
    """The originals."""
    found = [
        Work(p.slug, p.title, p.publisher, Period(*p.period), list(p.body))
        for p in load_plans(ROOT / "demo" / "plans").values()
    ]
    for path in sorted(SEEDS.glob("*.txt")):
        # The first line is the beginning of what follows, as a search engine shows it.
        lines = [line for line in path.read_text(encoding="utf-8").split("\n")[1:] if line.strip()]
        years = re.findall(r"(20\d\d)年", "".join(lines))
        year = int(Counter(years).most_common(1)[0][0])
        name = path.stem[:3]
        found.append(
            Work(name, f"{year}年教育工作要点（{name}）", f"教育厅{name}", Period(year, year), lines)
        )
    return found


def measure(database: Database, count: int, seed: int, works_used: int | None = None) -> Result:
    """Copies and look-alikes of the first `works_used` originals (None: of all) among `count` generated plans."""
    chance = random.Random(seed)
    originals = works()[:works_used]
    with database.write() as session:
        _add_sources(session)
    pool = _Pool([line for work in originals for line in work.lines], chance)
    load(database, pool, count)
    result = Result(count)
    homes: dict[str, str] = {}
    for work in originals:
        page = _page(work.title, work.lines, Metadata(publisher=work.publisher, period=work.period))
        homes[work.name] = _link(database, "official", work.name, page, result)
    made: dict[str, dict[str, tuple[str, str]]] = {"copy": {}, "look-alike": {}}
    for kind, name, work, page in [*_copies(originals, chance), *_look_alikes(originals, pool)]:
        made[kind][_link(database, "mirror", f"{work}-{name}", page, result)] = (name, work)
    _judge(database, homes, made["copy"], made["look-alike"], result)
    return result


def _judge(
    database: Database,
    homes: dict[str, str],
    copied: dict[str, tuple[str, str]],
    look_alikes: dict[str, tuple[str, str]],
    result: Result,
) -> None:
    """Where the documents are in the end: plans may have been merged since they came."""
    with database.read() as session:
        plan_of = dict(session.execute(select(rows.Document.id, rows.Document.plan_id)).all())
    whose = {plan_of[document]: name for name, document in homes.items()}
    assert len(whose) == len(homes), "originals were linked to one another"
    for document, (name, work) in copied.items():
        home = whose.get(plan_of[document])
        result.copies += 1
        result.found += home == work
        if home != work:
            result.missed[f"{name} of {work}"] += 1
            result.wrong += home is not None
    for document, (name, work) in look_alikes.items():
        result.look_alikes += 1
        if plan_of[document] in whose:
            result.wrong += 1
            result.glued[f"{name} of {work}"] += 1


def _copies(originals: list[Work], chance: random.Random) -> Iterator[tuple[str, str, str, Page]]:
    for work in originals:
        for name, lines in copies.copies(work.lines, chance):
            title = re.sub(r"^.{2,4}?(?=市|县|区)", "**", work.title)
            yield "copy", name, work.name, _page(title, lines, Metadata())


def _look_alikes(originals: list[Work], pool: _Pool) -> Iterator[tuple[str, str, str, Page]]:
    chance = pool.chance
    for work in originals:
        for kept in (0.35, 0.5, 0.8):
            following = copies.next_year(work.lines, pool.lines(), chance, kept)
            town = copies.template_of_another_city(work.lines, pool.lines(), chance, kept)
            trials = [("next year", following), ("template", town)]
            if kept < 0.8:  # a copyist who stars all names and figures leaves nothing that could tell
                trials += [("starred template", copies.digits_starred(copies.renamed(town, chance), chance))]
            for name, lines in trials:
                page = _page(f"**教育工作要点 {name}", lines, Metadata())
                yield "look-alike", f"{name} {kept}", work.name, page
        lines = copies.patchwork([w.lines for w in originals], chance)
        yield "look-alike", "patchwork", work.name, _page("工作计划", lines, Metadata())


def _link(database: Database, source: str, name: str, page: Page, result: Result) -> str:
    """A new document with its version, as the keeper makes it; timed from there on."""
    with database.write() as session:
        key = document_id(source, name)
        session.add(_document(key, source, name, page, NOW + dt.timedelta(minutes=len(result.times_s))))
        session.flush()
        version = rows.Version(**_version_values(key, page, 1))
        session.add(version)
        session.flush()
        document = session.get_one(rows.Document, key)
        document.version_id = version.id
        session.flush()
        begun = time.process_time()
        plans.link(session, document, page)
        result.times_s.append(time.process_time() - begun)
        return key


def load(database: Database, pool: _Pool, count: int) -> None:
    """Generated plans, each under a plan of its own, with the fingerprints that the product would keep: of a hash no
    more than `COMMON`."""
    kept: Counter[int] = Counter()
    with database.write() as session:
        capture = _capture(session)
    for start in range(0, count, BATCH):
        fingerprints, documents, versions, found = [], [], [], []
        for number in range(start, min(start + BATCH, count)):
            page = _page(f"第{number}市教育工作要点", pool.lines(), Metadata())
            key = document_id("generated", str(number))
            documents.append(_values(key, number, page) | {"version_id": number + 1})
            versions.append(_version_values(key, page, capture) | {"id": number + 1})
            found.append({"id": plan_id(key), "title": page.title})
            telling = [h for h in sample(page.text).fingerprint if kept[h] < COMMON]
            kept.update(telling)
            fingerprints += [{"hash": h, "document_id": key} for h in telling]
        fingerprints.sort(key=lambda row: row["hash"])
        with database.write() as session:
            session.execute(insert(rows.Plan), found)
            session.execute(insert(rows.Document), documents)
            session.execute(insert(rows.Version), versions)
            session.execute(insert(rows.Fingerprint), fingerprints)
    if database.engine.dialect.name == "postgresql" and count:
        with database.write() as session:
            session.execute(select(func.setval("versions_id_seq", count + 1)))


class _Pool:
    """Clauses cut in two and put together anew: the words of plans, in sentences that none of them has."""

    def __init__(self, lines: list[str], chance: random.Random) -> None:
        clauses = [c for line in lines for c in re.split("[，。；]", line) if len(c) >= 8]
        self.whole = clauses
        self.heads = [c[: len(c) // 2] for c in clauses]
        self.tails = [c[len(c) // 2 :] for c in clauses]
        self.chance = chance

    def lines(self) -> list[str]:
        size = self.chance.randint(25, 45)
        return [
            f"{number}." + "，".join(self._clause() for _ in range(4)) + "。" for number in range(1, size)
        ]

    def _clause(self) -> str:
        if self.chance.random() < VERBATIM:
            return self.chance.choice(self.whole)
        return self.chance.choice(self.heads) + self.chance.choice(self.tails)


def _page(title: str, lines: list[str], metadata: Metadata) -> Page:
    return Page(f"http://www.example.org/{title}", title, "\n".join(lines), metadata, (), ())


def _add_sources(session: Session) -> None:
    for name, kind in (("official", "official"), ("mirror", "mirror"), ("generated", "mirror")):
        session.add(rows.Source(id=name, name=name, publisher=name, region="620000", kind=kind))
    session.flush()


def _capture(session: Session) -> int:
    capture = rows.Capture(
        url="http://www.example.org/", fetched_at=NOW, status=200, digest="", file="", offset=0, length=0
    )
    session.add(capture)
    session.flush()
    return capture.id


def _document(key: str, source: str, name: str, page: Page, found_at: dt.datetime) -> rows.Document:
    return rows.Document(
        id=key, source_id=source, url=name, listed_title=page.title, found_at=found_at, state="live"
    )


def _version_values(key: str, page: Page, capture: int) -> dict[str, object]:
    return {
        "document_id": key,
        "number": 1,
        "capture_id": capture,
        "captured_at": NOW,
        "title": page.title,
        "content_hash": content_hash(page),
        "page": page_to_json(page),
    }


def _values(key: str, number: int, page: Page) -> dict[str, object]:
    return {
        "id": key,
        "source_id": "generated",
        "url": str(number),
        "listed_title": page.title,
        "found_at": NOW,
        "state": "live",
        "plan_id": plan_id(key),
        "role": "original",
        "similarity": 1.0,
    }


def _told(result: Result) -> Iterator[str]:
    times = sorted(result.times_s)
    yield f"{result.documents} generated documents; {result.copies} copies, {result.look_alikes} look-alikes"
    yield f"recall {result.recall:.4f}, precision {result.precision:.4f}"
    mean, p95 = sum(times) / len(times), times[int(len(times) * 0.95)]
    yield f"CPU for a new document: mean {mean * 1e3:.1f} ms, p95 {p95 * 1e3:.1f} ms, most {times[-1] * 1e3:.1f} ms"
    for words, counts in (("missed", result.missed), ("glued", result.glued)):
        if counts:
            yield f"{words}: " + ", ".join(f"{count} {name}" for name, count in counts.most_common())


def compared_with_each(database: Database, trials: int = 3) -> float:
    """CPU seconds for a document when its text is compared with that of each other, as who has no fingerprints must."""
    with database.read() as session:
        texts = [page_from_json(page).text for page in session.scalars(select(rows.Version.page))]
    begun = time.process_time()
    for text in texts[-trials:]:
        process.extractOne(text, texts[:-trials], scorer=Indel.normalized_similarity, score_cutoff=0.5)
    return (time.process_time() - begun) / trials


def main() -> int:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 20261121
    with tempfile.TemporaryDirectory() as folder:
        database = Database(os.environ.get("YAODIAN_DATABASE_URL") or f"sqlite:///{folder}/linking.db")
        database.upgrade()
        with database.read() as session:
            if session.scalar(select(func.count()).select_from(rows.Document)):
                print("the database holds documents; name an empty one", file=sys.stderr)
                return 2
        result = measure(database, count, seed)
        print(*_told(result), sep="\n")
        if count <= MOST_COMPARED:
            ours = 1000 * sum(result.times_s) / len(result.times_s)
            theirs = {"rapidfuzz, each with each": 1000 * compared_with_each(database)}
            beside(f"a document linked among {count}", "CPU ms", ours, theirs)
        database.close()
    return 0 if result.recall >= 0.99 and result.precision >= 0.99 else 1


if __name__ == "__main__":
    sys.exit(main())
