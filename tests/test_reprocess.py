"""Reading everything anew: what another extraction makes is marked and told to nobody, without a difference nothing
changes, and being killed on the way leaves no trace."""

from __future__ import annotations

import random
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import PROGRAM, Run, clean_environment
from shelf import Shelf, page_of
from sqlalchemy import select

from bench import kills
from crawler.extraction import files, join
from notify.changes import candidates
from notify.filters import Filter
from store import models as rows
from store.database import Database
from store.errors import Unreadable
from store.flow import Capture, Page
from store.reprocess import Reread, pending, reprocess
from store.rereads import Reader

pytestmark = pytest.mark.one_database

HEAD = "一、总体要求\n1.坚持立德树人。全县32所中小学每周开设1节思政课，并建立台账。\n"
FIRST = HEAD + "2.办好劳动教育。建设8个劳动教育基地，每学期开展不少于3次集体劳动。\n浏览：11\n"
SECOND = FIRST.replace("8个", "9个").replace("11", "12")


def read_all(capture: Capture) -> Page | None:
    """The extraction of the first days: it takes everything for text."""
    return replace(page_of("某县2026年教育工作要点", capture.body.decode()), url=capture.url)


def read_well(capture: Capture) -> Page | None:
    """A better one: a view counter is no text."""
    text = capture.body.decode().split("浏览")[0]
    return replace(page_of("某县2026年教育工作要点", text), url=capture.url)


def read_little(capture: Capture) -> Page | None:
    """A worse one: the second item is lost."""
    text = capture.body.decode().split("2.办好")[0]
    return replace(page_of("某县2026年教育工作要点", text), url=capture.url)


@pytest.fixture
def shelf(data: Path) -> Shelf:
    return Shelf(data)


def put(shelf: Shelf, body: str, read: object = read_all) -> str:
    capture = Capture("http://county.example.org/1.html", 200, (), body.encode(), shelf.now)
    page = read(capture)  # type: ignore[operator]
    return shelf.put("county", "1.html", page, body=body.encode()).document


def anew(shelf: Shelf, read: object, stamp: str) -> list[Reread]:
    def read_listed(capture: Capture, _: str) -> Page | None:
        return read(capture)  # type: ignore[operator]

    readers = {"county": Reader(stamp, read_listed, join, files.joined)}
    waiting = pending(shelf.database, readers)
    return list(reprocess(shelf.database, shelf.archive, readers, waiting))


def versions(shelf: Shelf) -> list[tuple[int, int, bool]]:
    with shelf.database.read() as session:
        found = session.scalars(select(rows.Version).order_by(rows.Version.number))
        return [(v.number, v.capture_id, v.extraction) for v in found]


def changes(shelf: Shelf) -> list[tuple[str, int | None, int | None, bool]]:
    with shelf.database.read() as session:
        found = session.scalars(select(rows.Change).order_by(rows.Change.id))
        return [
            (
                c.type,
                c.from_version.number if c.from_version else None,
                c.to_version.number if c.to_version else None,
                c.extraction,
            )
            for c in found
        ]


def current(shelf: Shelf, document: str) -> int:
    with shelf.database.read() as session:
        version = session.get_one(rows.Document, document).version
        assert version is not None
        return version.number


def mailed(shelf: Shelf) -> list[int]:
    """The changes that a subscription of everything would be told."""
    with shelf.database.read() as session:
        return [change.id for change in candidates(session, [Filter()])]


def test_without_a_difference_nothing_changes(shelf: Shelf) -> None:
    put(shelf, FIRST)
    put(shelf, SECOND)
    before = versions(shelf), changes(shelf), mailed(shelf)
    assert not any(anew(shelf, read_all, "same"))
    assert (versions(shelf), changes(shelf), mailed(shelf)) == before
    assert anew(shelf, read_all, "same") == []


def test_what_a_better_reading_makes_is_marked_and_told_to_nobody(shelf: Shelf) -> None:
    document = put(shelf, FIRST)
    put(shelf, FIRST.replace("11", "12"))  # a false alarm: the counter alone
    put(shelf, SECOND.replace("12", "13"))
    assert len(mailed(shelf)) == 3
    (done,) = anew(shelf, read_well, "better")
    assert (done.versions, done.changes, done.marked) == (3, 3, 1)
    assert [extraction for _, _, extraction in versions(shelf)] == [False] * 3 + [True] * 3
    assert changes(shelf)[:3] == [
        ("new", None, 1, False),
        ("changed", 1, 2, True),
        ("changed", 2, 3, False),
    ]
    assert len(mailed(shelf)) == 2
    assert current(shelf, document) == 6
    assert not any(anew(shelf, read_well, "better, again"))
    put(shelf, SECOND.replace("12", "14"), read_well)  # the next crawl compares with what is read today
    assert len(mailed(shelf)) == 2


def test_a_missed_change_is_recorded_at_its_captures_time(shelf: Shelf) -> None:
    document = put(shelf, FIRST, read_little)
    put(shelf, SECOND, read_little)
    missed_at = shelf.now
    assert len(versions(shelf)) == 1
    anew(shelf, read_well, "better")
    assert changes(shelf) == [
        ("new", None, 1, False),
        ("changed", 1, 2, True),
        ("changed", 2, 3, True),
    ]
    with shelf.database.read() as session:
        last = session.scalars(select(rows.Change).order_by(rows.Change.id.desc())).first()
        assert last is not None
        assert last.detected_at == missed_at
        assert last.difference["items"][0]["new"].startswith("办好劳动教育。建设9个")
    assert current(shelf, document) == 3
    assert len(mailed(shelf)) == 1


def test_a_mistaken_reading_can_be_taken_back(shelf: Shelf) -> None:
    put(shelf, FIRST)
    put(shelf, SECOND)
    told = mailed(shelf)
    anew(shelf, read_little, "worse")
    assert len(mailed(shelf)) == 1
    anew(shelf, read_all, "as before")
    assert mailed(shelf) == told


def test_what_cannot_be_read_today_stays_as_it_was(shelf: Shelf) -> None:
    put(shelf, FIRST)

    def refuse(capture: Capture) -> Page | None:
        raise Unreadable(f"{capture.url}: nothing there")

    before = versions(shelf), changes(shelf)
    (done,) = anew(shelf, refuse, "none")
    assert done.unreadable == 1
    assert (versions(shelf), changes(shelf)) == before


def test_a_document_that_was_taken_for_something_else_is_found(shelf: Shelf) -> None:
    keeper = shelf.keeper("county")
    put(shelf, FIRST)
    with shelf.database.write() as session:
        document = session.scalars(select(rows.Document)).one()
        other = rows.Document(
            id="daaaaaaaaaaaa",
            source_id="county",
            url="http://county.example.org/2.html",
            listed_title="计划",
            found_at=shelf.now,
        )
        session.add(other)
        assert document.id != other.id
    body = "二、另一份计划\n1.建设智慧校园。年内为20所学校更换多媒体设备。\n".encode()
    keeper.keep_unmatched("daaaaaaaaaaaa", shelf.capture("http://county.example.org/2.html", body))
    anew(shelf, read_all, "other words")
    with shelf.database.read() as session:
        found = session.get_one(rows.Document, "daaaaaaaaaaaa")
        assert found.state == "live"
        assert found.plan is not None
    assert changes(shelf)[-1] == ("new", None, 1, True)
    assert len(mailed(shelf)) == 1


# ── the program ──

RULE = "document:\n  remove: [\"//p[contains(., '实施县域高中振兴行动')]\"]\n"


def narrowed(data: Path) -> None:
    """From today on, item 12 is no part of the document."""
    path = data / "sources" / "demo-longyuan.yaml"
    text = path.read_text(encoding="utf-8")
    assert "\ndocument:" not in text
    path.write_text(f"{text}\n{RULE}", encoding="utf-8")


def state(data: Path) -> dict[str, list[tuple[object, ...]]]:
    database = Database(f"sqlite:///{data / 'yaodian.db'}")
    with database.read() as session:
        found: dict[str, list[tuple[object, ...]]] = {
            "versions": sorted(
                (v.document_id, v.number, v.content_hash, v.extraction)
                for v in session.scalars(select(rows.Version))
            ),
            "changes": sorted(
                (c.document_id, c.detected_at, c.type, c.to_version_id or 0, c.extraction)
                for c in session.scalars(select(rows.Change))
            ),
            "documents": sorted((d.id, d.plan_id) for d in session.scalars(select(rows.Document))),
            "stamps": sorted((r.document_id,) for r in session.scalars(select(rows.Rereading))),
        }
    database.close()
    return found


def test_reprocess_marks_and_mails_nothing(archive: Database, data: Path, yaodian: Run) -> None:
    before = state(data)
    first = yaodian("reprocess")
    assert "0 versions and 0 changes added, 0 changes marked" in first.stdout, first.stdout + first.stderr
    assert state(data) | {"stamps": []} == before
    narrowed(data)
    second = yaodian("reprocess", "demo-longyuan")
    assert second.returncode == 0, second.stderr
    assert "2 versions and 2 changes added, 1 changes marked" in second.stdout
    after = state(data)
    assert set(before["versions"]) < set(after["versions"])
    assert len([c for c in after["changes"] if c[-1]]) == 3
    exported = yaodian("export", "changes").stdout
    assert exported.count('"extraction": true') == 3


def test_killed_at_any_moment_and_run_again_it_is_as_undisturbed(
    archive: Database, data: Path, tmp_path: Path
) -> None:
    narrowed(data)
    calm, disturbed = tmp_path / "calm", tmp_path / "disturbed"
    for folder in (calm, disturbed):
        shutil.copytree(data, folder)

    def run(folder: Path, killed_after_s: float | None = None) -> None:
        process = subprocess.Popen(
            [*PROGRAM, "--data", str(folder), "reprocess"],
            env=clean_environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            process.wait(timeout=killed_after_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    run(calm)
    chance = random.Random(20261121)
    for _ in range(3):
        run(disturbed, chance.uniform(0.8, 2.5))
    run(disturbed)
    assert state(disturbed) == state(calm)
    assert kills.unreadable(disturbed) == 0
